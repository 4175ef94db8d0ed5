/** Converts curl's options for proxy, TLS, timeouts and redirects. */
import * as E from 'fp-ts/lib/Either.js'
import { flow, identity, pipe } from 'fp-ts/lib/function.js'
import * as Settings from '../../session/Settings.js'
import * as Shell from '../Shell.js'
import { parseLine, parseUser, textOf } from './CurlHeaders.js'
import { decodeUserinfo, protocolOfHost, SCHEME, splitUserinfo } from './CurlUrl.js'
import { type Converted, isOn, type LeftOut, last, type Option, type Options, settingsOf } from './Options.js'

// --- proxy ---------------------------------------------------------------------------------------------------------

const PROXIES: ReadonlyMap<string, string> = new Map([
  ['proxy', 'http://'],
  ['socks4', 'socks4://'],
  ['socks4a', 'socks4a://'],
  ['socks5', 'socks5://'],
  ['socks5-hostname', 'socks5h://'],
])

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
  const lower = scheme.toLowerCase().replace(/^socks$/, 'socks4')
  const before = lower === '' || lower === 'http' ? PROXIES.get(name) : `${lower}://`
  return E.right(`${before}${written.slice(start.length)}`)
}

/** A host with a port; an IPv6 address is in brackets. */
const HAS_PORT = /^(?:\[[^\]]*\]|[^:[\]]*):\d+$/

/** The Proxy-Authorization lines of `--proxy-header`. `isGiven` is true also if a line removes the header. */
interface ProxyHeaders {
  readonly isGiven: boolean
  readonly lines: ReadonlyArray<readonly [name: string, value: string]>
  readonly leftOut: ReadonlyArray<LeftOut>
}

const proxyHeaders = ({ all }: Options): ProxyHeaders => {
  const given = all.flatMap(({ name, value }) => (name === 'proxy-header' ? [parseLine(value)] : []))
  const own = given.flatMap((line) => (line?.[0].toLowerCase() === 'proxy-authorization' ? [line] : []))
  const leftOut = [{ option: '--proxy-header', why: 'only Proxy-Authorization is supported' }]
  return {
    isGiven: own.length > 0,
    lines: own.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])),
    leftOut: given.length > own.length ? leftOut : [],
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
const hasProxyAuthorization = ({ all }: Options): boolean =>
  all.some(({ name, value }) => name === 'header' && /^proxy-authorization:[ \t]*[^ \t]/i.test(value))

/** Writes what differs from this library explicitly: curl's default port is 1080, and `user@` has an empty password. */
const proxyAddress = (options: Options, { isGiven }: ProxyHeaders): E.Either<string, ProxyAddress> => {
  const given = options.all.findLast(({ name }) => PROXIES.has(name))
  const user = last(options, 'proxy-user')
  const userLeftOut = (why: string): ReadonlyArray<LeftOut> =>
    user === undefined ? [] : [{ option: '--proxy-user', why }]
  if (given === undefined || given.value === '') {
    const why = 'the line sets no proxy; add the credentials to the proxy variable of the environment'
    return E.right({ url: given?.value, lines: [], leftOut: userLeftOut(why) })
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
    return E.right({ url: `${scheme}${authority}`, lines: [], leftOut: [...userLeftOut(why), ...inUrl] })
  }
  const credentials = userinfo === undefined ? login.right : decodeUserinfo(userinfo)
  if (credentials === undefined) return E.right({ url: `${scheme}${authority}`, lines: [], leftOut: [] })
  const [name, pass] = credentials
  const whyHeader = 'the credentials of the proxy override it; curl sends both'
  return E.right({
    url: `${scheme}${encodeURIComponent(textOf(name))}:${encodeURIComponent(textOf(pass))}@${authority}`,
    // A URL cannot contain an empty user with an empty password.
    lines: name === '' && pass === '' ? [['Proxy-Authorization', 'Basic Og==']] : [],
    leftOut: [
      ...(userinfo === undefined ? [] : userLeftOut('the credentials in the proxy URL override it')),
      ...(hasProxyAuthorization(options) ? [{ option: '--header Proxy-Authorization', why: whyHeader }] : []),
    ],
  })
}

const proxy = (options: Options): E.Either<string, Converted> => {
  const headers = proxyHeaders(options)
  const address = proxyAddress(options, headers)
  if (E.isLeft(address)) return address
  const { url, lines, leftOut } = address.right
  const none = last(options, 'noproxy')?.value ?? ''
  const why = 'set NO_PROXY in the environment, or use Request.withoutProxy'
  const change: Settings.Configure =
    none === '*' || url === '' ? Settings.withoutProxy : url === undefined ? identity : Settings.withProxy(url)
  return E.right({
    settings: settingsOf(change, Settings.withHeaders([...headers.lines, ...lines])),
    leftOut: [...(/^\*?$/.test(none) ? [] : [{ option: '--noproxy', why }]), ...headers.leftOut, ...leftOut],
  })
}

// --- TLS, timeouts, redirects -----------------------------------------------------------------------------------------

/** Splits `file:password`. In the file name, `\:` and `\\` are literal characters. */
const splitCertificate = (written: string): readonly [path: string, pass: string | undefined] => {
  const unescaped = (path: string): string => path.replace(/\\([:\\])/g, '$1')
  for (const { 0: found, index } of written.matchAll(/\\[:\\]|:/g)) {
    if (found === ':') return [unescaped(written.slice(0, index)), written.slice(index + 1)]
  }
  return [unescaped(written), undefined]
}

const certificate = (options: Options): E.Either<string, Settings.Configure> => {
  const cert = last(options, 'cert')
  const key = last(options, 'key')
  if (cert === undefined) return E.right(identity)
  const type = (last(options, 'cert-type')?.value ?? 'PEM').toUpperCase()
  if (type !== 'PEM' && type !== 'P12')
    return E.left(`--cert-type ${type} is not supported; convert the certificate to PEM or P12`)
  const [path, password] = cert.isFile ? [textOf(cert.value), undefined] : splitCertificate(textOf(cert.value))
  const passphrase = last(options, 'pass')?.value ?? password
  const secret = passphrase === undefined ? {} : { passphrase: textOf(passphrase) }
  const pem = { cert: path, ...(key === undefined ? {} : { key: textOf(key.value) }) }
  const content = type === 'PEM' ? pem : { pfx: cert.isFile ? Shell.toBytes(cert.value) : path }
  return E.right(Settings.withClientCertificate({ ...content, ...secret }))
}

/** A decimal number as in C's `strtod`: `5`, `5.`, `.5`, `1e1`, `+5`, with blanks only before it. */
const DECIMAL = /^[ \t\n\v\f\r]*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i

/** The milliseconds of an option in seconds. For curl, 0 means no limit, and less than one millisecond is 0. */
const milliseconds = (options: Options, name: string): E.Either<string, number | undefined> => {
  const given = last(options, name)
  if (given === undefined) return E.right(undefined)
  const ms = Number(given.value) * 1000
  if (DECIMAL.test(given.value) && ms >= 0 && Number.isFinite(ms)) return E.right(ms < 1 ? undefined : Math.round(ms))
  const written = Shell.toText(given.value.slice(0, 20)) ?? ''
  return E.left(`--${name} ${written} is not a number of seconds; write a number such as 2.5`)
}

const timeouts = (options: Options): E.Either<string, Settings.Configure> => {
  const connect = milliseconds(options, 'connect-timeout')
  if (E.isLeft(connect)) return connect
  const total = milliseconds(options, 'max-time')
  if (E.isLeft(total)) return total
  return E.right(
    Settings.withTimeouts({
      ...(connect.right === undefined ? {} : { connect: connect.right }),
      ...(total.right === undefined ? {} : { total: total.right }),
    }),
  )
}

export const isFollowed = (options: Options): boolean => isOn(options, 'location') || isOn(options, 'location-trusted')

const redirects = (options: Options): E.Either<string, Settings.Configure> => {
  const follow = isFollowed(options) ? identity : Settings.withoutRedirects
  const max = last(options, 'max-redirs')?.value
  if (max === undefined) return E.right(follow)
  if (!/^(?:\d+|-1)$/.test(max)) return E.left('--max-redirs must be a number, or -1 for no limit')
  return E.right(flow(follow, Settings.withMaxRedirects(max === '-1' ? Number.MAX_SAFE_INTEGER : Number(max))))
}

export const convert = (options: Options): E.Either<string, Converted> => {
  const has = (name: string): boolean => last(options, name) !== undefined
  const roots = last(options, 'cacert') ?? last(options, 'capath')
  const unused = has('cert') ? [] : ['key', 'pass', 'cert-type'].filter(has)
  return pipe(
    E.Do,
    E.bind('proxied', () => proxy(options)),
    E.bind('client', () => certificate(options)),
    E.bind('times', () => timeouts(options)),
    E.bind('following', () => redirects(options)),
    E.map(({ proxied, client, times, following }) => ({
      settings: settingsOf(
        Settings.withSettings(proxied.settings),
        client,
        times,
        following,
        isOn(options, 'insecure') ? Settings.withVerify(false) : identity,
        roots === undefined ? identity : Settings.withCa(textOf(roots.value)),
      ),
      leftOut: [
        ...proxied.leftOut,
        ...(has('cacert') && has('capath') ? [{ option: '--capath', why: '--cacert overrides it' }] : []),
        ...unused.map((name) => ({ option: `--${name}`, why: 'the line has no --cert' })),
      ],
    })),
  )
}
