/**
 * curl's options as a table: their names, whether a value follows, and what becomes of them here.
 *
 * | kind     | means                                                                        |
 * |----------|------------------------------------------------------------------------------|
 * | `takes`  | a part of the request                                                        |
 * | `leaves` | known, and not a part of any request: it is named in `leftOut` with the reason |
 * | `refuses` | it changes what is sent in a way that cannot be known here: no request comes of it |
 */

type Kind = 'takes' | 'leaves' | 'refuses'

export interface Known {
  readonly kind: Kind
  readonly hasValue: boolean
  /** Why it is left or refused. */
  readonly why: string
}

const known = (kind: Kind, hasValue: boolean, why: string, names: string): ReadonlyArray<readonly [string, Known]> =>
  names.split(' ').map((name) => [name, { kind, hasValue, why }] as const)

/** By the long name. */
export const TABLE: ReadonlyMap<string, Known> = new Map([
  ...known(
    'takes',
    true,
    '',
    'request header data data-ascii data-raw data-binary data-urlencode json form form-string user oauth2-bearer ' +
      'cookie proxy proxy-user proxy-header noproxy user-agent referer url url-query range cacert capath cert ' +
      'cert-type key pass max-time connect-timeout max-redirs socks4 socks4a socks5 socks5-hostname ' +
      'proto-default',
  ),
  ...known('takes', false, '', 'get head location insecure compressed globoff digest basic http1.1'),
  ...known(
    'leaves',
    true,
    'where the output goes is not the request’s to say',
    'output write-out dump-header stderr trace trace-ascii output-dir create-file-mode etag-save libcurl',
  ),
  ...known(
    'leaves',
    false,
    'what curl prints is not the request’s to say',
    'silent show-error verbose include fail fail-with-body fail-early no-progress-meter progress-meter progress-bar ' +
      'buffer remote-name remote-header-name remote-name-all styled-output trace-time raw create-dirs',
  ),
  ...known('leaves', true, 'a jar is saved with Jar.encode', 'cookie-jar'),
  ...known('leaves', false, 'a jar keeps them by its own rules', 'junk-session-cookies'),
  ...known('leaves', true, 'retries are for Transport.withRetry', 'retry retry-delay retry-max-time'),
  ...known('leaves', false, 'retries are for Transport.withRetry', 'retry-connrefused retry-all-errors'),
  ...known(
    'leaves',
    true,
    'connections are for the options of Transport.undici',
    'interface resolve connect-to unix-socket abstract-unix-socket limit-rate speed-limit speed-time dns-servers ' +
      'keepalive-time local-port happy-eyeballs-timeout-ms doh-url max-filesize',
  ),
  ...known(
    'leaves',
    false,
    'connections are for the options of Transport.undici',
    'ipv4 ipv6 tcp-nodelay tcp-fastopen keepalive sessionid alpn npn parallel parallel-immediate suppress-connect-headers',
  ),
  ...known(
    'leaves',
    false,
    'the version of HTTP is an option of Transport.undici',
    'http1.0 http2 http2-prior-knowledge http3 http3-only http0.9',
  ),
  ...known(
    'leaves',
    true,
    'only verify, roots and the client certificate are settings of a request',
    'ciphers tls13-ciphers tls-max curves crlfile pinnedpubkey key-type engine proxy-cacert proxy-capath ' +
      'proxy-ciphers proxy-pinnedpubkey proxy-crlfile proto proto-redir expect100-timeout',
  ),
  ...known(
    'leaves',
    false,
    'only verify, roots and the client certificate are settings of a request',
    'tlsv1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 sslv2 sslv3 ssl ssl-reqd ssl-allow-beast ssl-no-revoke ' +
      'ssl-revoke-best-effort ssl-auto-client-cert cert-status ca-native proxy-insecure false-start',
  ),
  ...known('leaves', false, 'credentials never follow to another origin', 'location-trusted'),
  ...known('leaves', false, 'a redirect keeps method and body by its status', 'post301 post302 post303'),
  ...known('leaves', false, 'a session trusts netrc or not: Session.withTrust', 'netrc netrc-optional'),
  ...known('leaves', true, 'the netrc of the environment is the one that is asked', 'netrc-file'),
  ...known('leaves', false, 'it speaks of curl’s own files', 'disable'),
  ...known('leaves', false, 'dot segments are always removed (RFC 3986 5.2.4)', 'path-as-is'),
  ...known('leaves', false, 'codings of the connection are for the transport', 'tr-encoding ignore-content-length'),
  ...known('leaves', false, 'the proxy is used as its scheme asks', 'proxytunnel proxy-basic'),
  ...known('refuses', true, 'it reads a file, and nothing is read here', 'config upload-file variable'),
  ...known('refuses', false, 'it begins a second request; give each its own line', 'next'),
  ...known(
    'refuses',
    false,
    'only Basic, Digest and Bearer are known; write the Authorization header it gives',
    'ntlm negotiate anyauth proxy-ntlm proxy-digest proxy-negotiate proxy-anyauth',
  ),
  ...known('refuses', true, 'sign with Auth.custom', 'aws-sigv4'),
  ...known('refuses', true, 'only one proxy can be used', 'preproxy proxy1.0'),
  ...known('refuses', true, 'its date would be read by curl; write the If-Modified-Since header', 'time-cond'),
  ...known('refuses', true, 'it asks for parts of a file; write the Range header', 'continue-at'),
  ...known('refuses', true, 'it changes the target of the request, and cannot be planned', 'request-target'),
])

const LETTERS: Readonly<Record<string, string>> = {
  '#': 'progress-bar',
  '0': 'http1.0',
  '1': 'tlsv1',
  '4': 'ipv4',
  '6': 'ipv6',
  ':': 'next',
  A: 'user-agent',
  b: 'cookie',
  c: 'cookie-jar',
  C: 'continue-at',
  d: 'data',
  D: 'dump-header',
  e: 'referer',
  E: 'cert',
  f: 'fail',
  F: 'form',
  g: 'globoff',
  G: 'get',
  H: 'header',
  i: 'include',
  I: 'head',
  j: 'junk-session-cookies',
  J: 'remote-header-name',
  k: 'insecure',
  K: 'config',
  L: 'location',
  m: 'max-time',
  n: 'netrc',
  N: 'no-buffer',
  o: 'output',
  O: 'remote-name',
  p: 'proxytunnel',
  q: 'disable',
  r: 'range',
  s: 'silent',
  S: 'show-error',
  T: 'upload-file',
  u: 'user',
  U: 'proxy-user',
  v: 'verbose',
  w: 'write-out',
  x: 'proxy',
  X: 'request',
  y: 'speed-time',
  Y: 'speed-limit',
  z: 'time-cond',
  Z: 'parallel',
}

/** Long names by their letter. */
export const SHORT: ReadonlyMap<string, string> = new Map(Object.entries(LETTERS))
