/**
 * curl's options as a table: their names, whether a value follows, and what becomes of them here.
 *
 * | kind     | means                                                                        |
 * |----------|------------------------------------------------------------------------------|
 * | `takes`  | a part of the request                                                        |
 * | `leaves` | known, and not a part of any request: it is named in `leftOut` with the reason |
 * | `refuses` | it changes what is sent in a way that cannot be known here: no request comes of it |
 *
 * `apart` reads words as curl does: `-XPOST`, `-sSL`, `-H x`, `--header x`, `--no-location`.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Octets } from '../Shell.js'
import type { Token } from './Words.js'

type Kind = 'takes' | 'leaves' | 'refuses'

export interface Known {
  readonly kind: Kind
  readonly hasValue: boolean
  /** Why it is left or refused. */
  readonly why: string
}

/** An option as it stands in a line. */
export interface Option {
  readonly name: string
  readonly value: Octets
  /** Whether the value is the content of a file that the shell makes. */
  readonly isFile: boolean
  /** False for `--no-name`. */
  readonly isOn: boolean
}

/** The last option of that name: the one that counts. */
export const last = (options: ReadonlyArray<Option>, name: string): Option | undefined =>
  options.findLast((option) => option.name === name)

export const isOn = (options: ReadonlyArray<Option>, name: string): boolean => last(options, name)?.isOn === true

const known = (kind: Kind, hasValue: boolean, why: string, names: string): ReadonlyArray<readonly [string, Known]> =>
  names.split(' ').map((name) => [name, { kind, hasValue, why }] as const)

const TABLE: ReadonlyMap<string, Known> = new Map([
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

const SHORT: Readonly<Record<string, string>> = {
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

/** What is known of an option by its long name. */
export const lookup = (name: string): Known | undefined => TABLE.get(name)

interface Named {
  readonly name: string
  readonly isOn: boolean
  readonly known: Known
}

const named = (written: string): E.Either<string, Named> => {
  const whole = TABLE.get(written)
  if (whole !== undefined) return E.right({ name: written, isOn: true, known: whole })
  const name = written.replace(/^no-/, '')
  const positive = TABLE.get(name)
  if (positive !== undefined && !positive.hasValue && name !== written)
    return E.right({ name, isOn: false, known: positive })
  const equals = written.indexOf('=')
  const hint =
    equals > 0 && TABLE.has(written.slice(0, equals)) ? 'curl takes its value after a blank, not after =' : HINT
  return E.left(`the option --${written.slice(0, 40)} is not known; ${hint}`)
}

const HINT = 'leave it out, or write what it does with Request.with…'

const missing = (name: string): E.Either<string, never> => E.left(`the option ${name} needs a value behind it`)

/** Reads words as curl reads them; a word that is no option is a `url`. The left names the option that is wrong. */
export const apart = (
  words: ReadonlyArray<Extract<Token, { readonly _tag: 'Word' }>>,
): E.Either<string, ReadonlyArray<Option>> => {
  const options: Option[] = []
  let isPlain = false
  let isListed = false
  for (let at = 0; at < words.length; at += 1) {
    const { octets, isFile } = words[at] ?? { octets: '', isFile: false }
    if (isPlain || !octets.startsWith('-') || octets === '-') {
      options.push({ name: 'url', value: octets, isFile, isOn: true })
      continue
    }
    if (octets === '--') {
      isPlain = true
      continue
    }
    const written = octets.startsWith('--') ? [octets.slice(2)] : letters(octets.slice(1))
    if (!Array.isArray(written)) return E.left(`the option -${written} is not known; ${HINT}`)
    const [first = '', ...others] = written
    const glued = octets.startsWith('--') ? undefined : others.at(-1)
    const flags = octets.startsWith('--') ? [first] : written.slice(0, -1)
    for (const [i, name] of flags.entries()) {
      const found = named(name)
      if (E.isLeft(found)) return found
      if (!found.right.known.hasValue) {
        options.push({ name: found.right.name, value: '', isFile: false, isOn: found.right.isOn })
        continue
      }
      const isLast = i === flags.length - 1
      if (isLast && glued !== undefined && glued !== '') {
        options.push({ name, value: glued, isFile: false, isOn: true })
        continue
      }
      at += 1
      const value = words[at]
      if (value === undefined) return missing(octets.startsWith('--') ? octets : `-${octets.slice(1, 2)} (--${name})`)
      if (name === 'url' && value.octets.startsWith('@')) isListed = true
      options.push({ name, value: value.octets, isFile: value.isFile, isOn: true })
    }
  }
  return isListed ? E.left('--url @… names a file of URLs, and nothing is read here') : E.right(options)
}

/** The long names of `-sXPOST`, and last what is glued to the one that takes a value; or the letter nobody knows. */
const letters = (text: string): ReadonlyArray<string> | string => {
  const names: string[] = []
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? ''
    const name = Object.hasOwn(SHORT, letter) ? SHORT[letter] : undefined
    if (name === undefined) return letter
    names.push(name)
    if (TABLE.get(name)?.hasValue === true) return [...names, text.slice(at + 1)]
  }
  return [...names, '']
}
