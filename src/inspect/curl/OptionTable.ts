/**
 * curl's options: their names, whether they have a value, and whether they can be converted.
 *
 * | kind          | meaning                                                                      |
 * |---------------|------------------------------------------------------------------------------|
 * | `converted`   | becomes a part of the request                                                |
 * | `leftOut`     | not part of a request: listed in `leftOut` with the reason                   |
 * | `unsupported` | changes what is sent in a way that cannot be converted: the line is an error |
 */

export interface KnownOption {
  readonly kind: 'converted' | 'leftOut' | 'unsupported'
  readonly hasValue: boolean
  /** Why the option is left out or unsupported; empty for a converted one. */
  readonly why: string
}

/** Long names by reason. As in getopt, a colon after a name means that the option has a value. */
type Names = Readonly<Record<string, string>>

const CONVERTED: Names = {
  '':
    'request: header: data: data-ascii: data-raw: data-binary: data-urlencode: json: form: form-string: user: ' +
    'oauth2-bearer: cookie: proxy: proxy-user: proxy-header: noproxy: user-agent: referer: url: url-query: range: ' +
    'cacert: capath: cert: cert-type: key: pass: max-time: connect-timeout: max-redirs: socks4: socks4a: socks5: ' +
    'socks5-hostname: proto-default: aws-sigv4: get head location insecure compressed globoff digest basic http1.1',
}

const LEFT_OUT: Names = {
  'output files are not part of a request':
    'output: write-out: dump-header: stderr: trace: trace-ascii: output-dir: create-file-mode: etag-save: libcurl:',
  'curl’s own output is not part of a request':
    'silent show-error verbose include fail fail-with-body fail-early no-progress-meter progress-meter progress-bar ' +
    'buffer remote-name remote-header-name remote-name-all styled-output trace-time raw create-dirs',
  'save the jar with Jar.encode': 'cookie-jar:',
  'the jar decides which cookies it keeps': 'junk-session-cookies',
  'set retries with Transport.withRetry': 'retry: retry-delay: retry-max-time: retry-connrefused retry-all-errors',
  'set connection options with Transport.undici':
    'interface: resolve: connect-to: unix-socket: abstract-unix-socket: limit-rate: speed-limit: speed-time: ' +
    'dns-servers: keepalive-time: local-port: happy-eyeballs-timeout-ms: doh-url: max-filesize: ipv4 ipv6 ' +
    'tcp-nodelay tcp-fastopen keepalive sessionid alpn npn parallel parallel-immediate suppress-connect-headers',
  'set the HTTP version with Transport.undici': 'http1.0 http2 http2-prior-knowledge http3 http3-only http0.9',
  'the only TLS settings of a request are verify, CA and client certificate':
    'ciphers: tls13-ciphers: tls-max: curves: crlfile: pinnedpubkey: key-type: engine: proxy-cacert: proxy-capath: ' +
    'proxy-ciphers: proxy-pinnedpubkey: proxy-crlfile: proto: proto-redir: expect100-timeout: tlsv1 tlsv1.0 tlsv1.1 ' +
    'tlsv1.2 tlsv1.3 sslv2 sslv3 ssl ssl-reqd ssl-allow-beast ssl-no-revoke ssl-revoke-best-effort ' +
    'ssl-auto-client-cert cert-status ca-native proxy-insecure false-start',
  'credentials are never sent to another origin': 'location-trusted',
  'the status decides whether a redirect keeps method and body': 'post301 post302 post303',
  'set whether the session reads netrc with Session.withAmbient': 'netrc netrc-optional',
  'set the netrc file with the NETRC variable of the environment': 'netrc-file:',
  'it only affects curl’s configuration file': 'disable',
  'dot segments are always removed (RFC 3986 5.2.4)': 'path-as-is',
  'the transport decodes transfer codings': 'tr-encoding ignore-content-length',
  'the schemes of proxy and URL decide how the proxy is used': 'proxytunnel proxy-basic',
}

const UNSUPPORTED: Names = {
  'it reads a file, and nothing is read here': 'config: upload-file: variable:',
  'it begins a second request; give each its own line': 'next',
  'only Basic, Digest and Bearer are known; write the Authorization header it gives':
    'ntlm negotiate anyauth proxy-ntlm proxy-digest proxy-negotiate proxy-anyauth',
  'only one proxy can be used': 'preproxy: proxy1.0:',
  'its date would be read by curl; write the If-Modified-Since header': 'time-cond:',
  'it asks for parts of a file; write the Range header': 'continue-at:',
  'it changes the target of the request, and cannot be planned': 'request-target:',
}

const known = (kind: KnownOption['kind'], names: Names): ReadonlyArray<readonly [string, KnownOption]> =>
  Object.entries(names).flatMap(([why, list]) =>
    list.split(' ').map((name) => [name.replace(':', ''), { kind, hasValue: name.endsWith(':'), why }] as const),
  )

export const TABLE: ReadonlyMap<string, KnownOption> = new Map([
  ...known('converted', CONVERTED),
  ...known('leftOut', LEFT_OUT),
  ...known('unsupported', UNSUPPORTED),
])

const LETTERS =
  '# progress-bar, 0 http1.0, 1 tlsv1, 4 ipv4, 6 ipv6, : next, A user-agent, b cookie, c cookie-jar, C continue-at, ' +
  'd data, D dump-header, e referer, E cert, f fail, F form, g globoff, G get, H header, i include, I head, ' +
  'j junk-session-cookies, J remote-header-name, k insecure, K config, L location, m max-time, n netrc, N no-buffer, ' +
  'o output, O remote-name, p proxytunnel, q disable, r range, s silent, S show-error, T upload-file, u user, ' +
  'U proxy-user, v verbose, w write-out, x proxy, X request, y speed-time, Y speed-limit, z time-cond, Z parallel'

export const SHORT: ReadonlyMap<string, string> = new Map(
  LETTERS.split(', ').map((pair) => [pair.slice(0, 1), pair.slice(2)] as const),
)
