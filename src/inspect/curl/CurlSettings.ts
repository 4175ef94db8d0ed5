/**
 * Converts curl's options for proxy, TLS, timeouts and redirects.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as Settings from '../../session/Settings.js'
import * as Shell from '../Shell.js'
import { parseLine, parseUser, textOf } from './CurlHeaders.js'
import { decodeUserinfo, protocolOfHost, SCHEME, splitUserinfo } from './CurlUrl.js'
import { type Converted, isOn, type LeftOut, last, type Option, settingsOf } from './Options.js'

type Options = ReadonlyArray<Option>

const unchanged: Settings.Configure = (request) => request

// --- proxy ---------------------------------------------------------------------------------------------------------

const PROXIES = ['proxy', 'socks4', 'socks4a', 'socks5', 'socks5-hostname'] as const
const SCHEMES: Readonly<Record<string, string>> = {
  socks4: 'socks4://',
  socks4a: 'socks4a://',
  socks5: 'socks5://',
  'socks5-hostname': 'socks5h://',
}

/**
 * Returns the proxy with scheme and two slashes. Like curl, accepts one to three slashes: `http:/p` is `http://p`. A
 * scheme overrides the option, except that `--socks5 http://p` is a SOCKS proxy.
 */
const withScheme = ({ name, value }: Option): E.Either<string, string> => {
  const written = textOf(value)
  const [start = '', scheme = '', slashes = ''] = SCHEME.exec(written) ?? []
  if (slashes.length > 3)
    return E.left('its proxy has more than three slashes after the scheme, which curl rejects; write two')
  const other = start === '' ? protocolOfHost(written) : undefined
  if (other !== undefined) {
    return E.left(`curl rejects a proxy without scheme whose host begins with ${other}.; write http:// before it`)
  }
  const lower = scheme.toLowerCase()
  const normalized =
    lower === '' || lower === 'http' ? (SCHEMES[name] ?? 'http://') : `${lower === 'socks' ? 'socks4' : lower}://`
  return E.right(`${normalized}${written.slice(start.length)}`)
}

/** A host with a port; an IPv6 address is in brackets. */
const HAS_PORT = /^(?:\[[^\]]*\]|[^:[\]]*):\d+$/

/** The Proxy-Authorization lines of `--proxy-header`. `isGiven` is true also if a line removes the header. */
interface ProxyHeaders {
  readonly isGiven: boolean
  readonly lines: ReadonlyArray<readonly [name: string, value: string]>
  readonly leftOut: ReadonlyArray<LeftOut>
}

const proxyHeaders = (options: Options): ProxyHeaders => {
  const all = options.filter(({ name }) => name === 'proxy-header').map(({ value }) => parseLine(value))
  const own = all.flatMap((line) => (line?.[0].toLowerCase() === 'proxy-authorization' ? [line] : []))
  return {
    isGiven: own.length > 0,
    lines: own.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])),
    leftOut:
      all.length > own.length ? [{ option: '--proxy-header', why: 'only Proxy-Authorization is supported' }] : [],
  }
}

interface ProxyAddress {
  /** Empty: no proxy; `undefined`: not set in the line. */
  readonly url: string | undefined
  /** Credentials that a URL cannot contain. */
  readonly lines: ProxyHeaders['lines']
  readonly leftOut: ReadonlyArray<LeftOut>
}

/** Whether `-H` sets Proxy-Authorization. */
const hasProxyAuthorization = (options: Options): boolean =>
  options.some(({ name, value }) => name === 'header' && /^proxy-authorization:[ \t]*[^ \t]/i.test(value))

/** Writes what differs from this library explicitly: curl's default port is 1080, and `user@` has an empty password. */
const proxyAddress = (options: Options, { isGiven }: ProxyHeaders): E.Either<string, ProxyAddress> => {
  const given = options.findLast(({ name }) => PROXIES.some((one) => one === name))
  const user = last(options, 'proxy-user')
  if (given === undefined || given.value === '') {
    const why = 'the line sets no proxy; add the credentials to the proxy variable of the environment'
    const leftOut = user === undefined ? [] : [{ option: '--proxy-user', why }]
    return E.right({ url: given?.value, lines: [], leftOut })
  }
  const url = withScheme(given)
  if (E.isLeft(url)) return url
  const [scheme, userinfo, rest] = splitUserinfo(url.right)
  // curl ignores the path of a proxy.
  const [host = ''] = rest.split(/[/?#]/, 1)
  const authority = HAS_PORT.test(host) ? host : `${host.replace(/:$/, '')}:${scheme === 'https://' ? 443 : 1080}`
  const login = user === undefined ? E.right(undefined) : parseUser('-U', user.value)
  if (E.isLeft(login)) return login
  // A SOCKS proxy receives no headers, so a header cannot override its credentials.
  if (isGiven && !scheme.startsWith('socks')) {
    const why = 'the Proxy-Authorization header of the line overrides it'
    const inUrl = userinfo === undefined ? [] : [{ option: 'the credentials in the proxy URL', why }]
    const leftOut = user === undefined ? inUrl : [{ option: '--proxy-user', why }, ...inUrl]
    return E.right({ url: `${scheme}${authority}`, lines: [], leftOut })
  }
  const credentials = userinfo === undefined ? login.right : decodeUserinfo(userinfo)
  if (credentials === undefined) return E.right({ url: `${scheme}${authority}`, lines: [], leftOut: [] })
  const [name, pass] = credentials
  const why = 'the credentials in the proxy URL override it'
  const whyHeader = 'the credentials of the proxy override it; curl sends both'
  return E.right({
    url: `${scheme}${encodeURIComponent(textOf(name))}:${encodeURIComponent(textOf(pass))}@${authority}`,
    // A URL cannot contain an empty user with an empty password.
    lines: name === '' && pass === '' ? [['Proxy-Authorization', 'Basic Og==']] : [],
    leftOut: [
      ...(userinfo === undefined || user === undefined ? [] : [{ option: '--proxy-user', why }]),
      ...(hasProxyAuthorization(options) ? [{ option: '--header Proxy-Authorization', why: whyHeader }] : []),
    ],
  })
}

const proxy = (options: Options): E.Either<string, Converted> => {
  const headers = proxyHeaders(options)
  const address = proxyAddress(options, headers)
  if (E.isLeft(address)) return address
  const { url } = address.right
  const none = last(options, 'noproxy')?.value
  const leftOut = [
    ...(none !== undefined && none !== '' && none !== '*'
      ? [{ option: '--noproxy', why: 'set NO_PROXY in the environment, or use Request.withoutProxy' }]
      : []),
    ...headers.leftOut,
    ...address.right.leftOut,
  ]
  const change: Settings.Configure =
    none === '*' || url === '' ? Settings.withoutProxy : url === undefined ? unchanged : Settings.withProxy(url)
  const lines = [...headers.lines, ...address.right.lines]
  return E.right({ settings: settingsOf(change, Settings.withHeaders(lines)), leftOut })
}

// --- TLS, timeouts, redirects -----------------------------------------------------------------------------------------

/** Splits `file:password`. In the file name, `\:` and `\\` are literal characters. */
const splitCertificate = (written: string): readonly [path: string, pass: string | undefined] => {
  let path = ''
  for (let at = 0; at < written.length; at += 1) {
    const character = written[at] ?? ''
    if (character === ':') return [path, written.slice(at + 1)]
    const next = written[at + 1]
    if (character === '\\' && (next === ':' || next === '\\')) {
      path += next
      at += 1
    } else path += character
  }
  return [path, undefined]
}

const certificate = (options: Options): E.Either<string, Settings.Configure> => {
  const cert = last(options, 'cert')
  const key = last(options, 'key')
  if (cert === undefined) return E.right(unchanged)
  const type = (last(options, 'cert-type')?.value ?? 'PEM').toUpperCase()
  if (type !== 'PEM' && type !== 'P12')
    return E.left(`--cert-type ${type} is not supported; convert the certificate to PEM or P12`)
  const [path, password] = cert.isFile ? [textOf(cert.value), undefined] : splitCertificate(textOf(cert.value))
  const passphrase = last(options, 'pass')?.value ?? password
  const secret = passphrase === undefined ? {} : { passphrase: textOf(passphrase) }
  if (type === 'P12') {
    const pfx = cert.isFile ? Shell.toBytes(cert.value) : path
    return E.right(Settings.withClientCertificate({ pfx, ...secret }))
  }
  return E.right(
    Settings.withClientCertificate({ cert: path, ...(key === undefined ? {} : { key: textOf(key.value) }), ...secret }),
  )
}

/** A decimal number as in C's `strtod`: `5`, `5.`, `.5`, `1e1`, `+5`, with blanks only before it. */
const DECIMAL = /^[ \t\n\v\f\r]*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i

/** The milliseconds of an option in seconds. curl ignores less than one millisecond. */
const milliseconds = (options: Options, name: string): E.Either<string, number | undefined> => {
  const given = last(options, name)
  if (given === undefined) return E.right(undefined)
  const ms = Number(given.value) * 1000
  return DECIMAL.test(given.value) && ms >= 0 && Number.isFinite(ms)
    ? E.right(ms < 1 ? 0 : Math.round(ms))
    : E.left(
        `--${name} ${Shell.toText(given.value.slice(0, 20)) ?? ''} is not a number of seconds; write a number such as 2.5`,
      )
}

/** For curl, 0 means no limit. */
const timeouts = (options: Options): E.Either<string, Settings.Configure> => {
  const connect = milliseconds(options, 'connect-timeout')
  if (E.isLeft(connect)) return connect
  const total = milliseconds(options, 'max-time')
  if (E.isLeft(total)) return total
  return E.right(
    Settings.withTimeouts({
      ...(connect.right === undefined || connect.right === 0 ? {} : { connect: connect.right }),
      ...(total.right === undefined || total.right === 0 ? {} : { total: total.right }),
    }),
  )
}

const redirects = (options: Options): E.Either<string, Settings.Configure> => {
  const isFollowed = isOn(options, 'location') || isOn(options, 'location-trusted')
  const given = last(options, 'max-redirs')?.value
  if (given !== undefined && !/^(?:\d+|-1)$/.test(given))
    return E.left('--max-redirs must be a number, or -1 for no limit')
  const max = given === undefined ? undefined : Number(given)
  return E.right((made) =>
    pipe(
      made,
      isFollowed ? unchanged : Settings.withoutRedirects,
      max === undefined ? unchanged : Settings.withMaxRedirects(max < 0 ? Number.MAX_SAFE_INTEGER : max),
    ),
  )
}

/** Converts the options, or returns an error message that names the wrong one. */
export const convert = (options: Options): E.Either<string, Converted> => {
  const proxied = proxy(options)
  if (E.isLeft(proxied)) return proxied
  const client = certificate(options)
  if (E.isLeft(client)) return client
  const times = timeouts(options)
  if (E.isLeft(times)) return times
  const following = redirects(options)
  if (E.isLeft(following)) return following
  const roots = last(options, 'cacert') ?? last(options, 'capath')
  const folder: ReadonlyArray<LeftOut> =
    roots?.name === 'cacert' && last(options, 'capath') !== undefined
      ? [{ option: '--capath', why: '--cacert overrides it' }]
      : []
  const unused =
    last(options, 'cert') !== undefined ? [] : ['key', 'pass', 'cert-type'].filter((name) => last(options, name))
  const why = 'the line has no --cert'
  const settings = settingsOf(
    Settings.withSettings(proxied.right.settings),
    client.right,
    times.right,
    following.right,
    isOn(options, 'insecure') ? Settings.withVerify(false) : unchanged,
    roots === undefined ? unchanged : Settings.withCa(textOf(roots.value)),
  )
  const leftOut = [...proxied.right.leftOut, ...folder, ...unused.map((name) => ({ option: `--${name}`, why }))]
  return E.right({ settings, leftOut })
}
