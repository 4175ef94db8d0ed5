/**
 * What curl's options say beside method, URL, headers, body and credentials, as settings: proxy, TLS, times, redirects.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as Settings from '../../session/Settings.js'
import * as Shell from '../Shell.js'
import { pair, text } from './CurlCredentials.js'
import { atAuthority, OTHER_HOSTS, pairOf, SCHEME } from './CurlUrl.js'
import { type Left, ofLine, settingsOf } from './HeaderLines.js'
import { isOn, last, type Option } from './Options.js'

type All = ReadonlyArray<Option>

// --- proxy ---------------------------------------------------------------------------------------------------------

const PROXIES = ['proxy', 'socks4', 'socks4a', 'socks5', 'socks5-hostname'] as const
const SCHEMES: Readonly<Record<string, string>> = {
  socks4: 'socks4://',
  socks4a: 'socks4a://',
  socks5: 'socks5://',
  'socks5-hostname': 'socks5h://',
}

/**
 * A proxy with its scheme and two slashes. curl reads it as it reads the URL of a request: `http:/p` is `http://p`. A
 * scheme is stronger than the option, but `--socks5 http://p` is a SOCKS proxy.
 */
const withScheme = ({ name, value }: Option): E.Either<string, string> => {
  const written = text(value)
  const [start = '', scheme = '', slashes = ''] = SCHEME.exec(written) ?? []
  if (slashes.length > 3) return E.left('its proxy has more than three slashes after the scheme, which curl refuses')
  const [, other] = start === '' ? (OTHER_HOSTS.exec(written.replace(/^[^/?#]*@/, '')) ?? []) : []
  if (other !== undefined) {
    return E.left(
      `curl refuses a proxy whose host begins with "${other}." if it has no scheme; write http:// before it`,
    )
  }
  const lower = scheme.toLowerCase()
  const own =
    lower === '' || lower === 'http' ? (SCHEMES[name] ?? 'http://') : `${lower === 'socks' ? 'socks4' : lower}://`
  return E.right(`${own}${written.slice(start.length)}`)
}

/** The port that is written behind the host, brackets of an IPv6 address aside. */
const HAS_PORT = /^(?:\[[^\]]*\]|[^:[\]]*):\d+$/

/** The Proxy-Authorization lines of `--proxy-header`; `isGiven` also where a line only removes the header. */
interface ProxyHeaders {
  readonly isGiven: boolean
  readonly lines: ReadonlyArray<readonly [name: string, value: string]>
  readonly leftOut: ReadonlyArray<Left>
}

const proxyHeaders = (options: All): ProxyHeaders => {
  const all = options.filter(({ name }) => name === 'proxy-header').map(({ value }) => ofLine(value))
  const own = all.flatMap((line) => (line?.[0].toLowerCase() === 'proxy-authorization' ? [line] : []))
  return {
    isGiven: own.length > 0,
    lines: own.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])),
    leftOut:
      all.length > own.length
        ? [{ option: '--proxy-header', why: 'only Proxy-Authorization is for a proxy here' }]
        : [],
  }
}

interface ProxyAddress {
  /** Empty for no proxy at all, undefined where the line does not say. */
  readonly url: string | undefined
  /** Credentials that are a header of their own. */
  readonly lines: ProxyHeaders['lines']
  readonly leftOut: ReadonlyArray<Left>
}

/** Whether `-H` has a Proxy-Authorization too. */
const hasHeader = (options: All): boolean =>
  options.some(({ name, value }) => name === 'header' && /^proxy-authorization:[ \t]*[^ \t]/i.test(value))

/** curl's proxy without a port is at 1080, ours at the port of its scheme; and `user@` has an empty password. */
const proxyAddress = (options: All, { isGiven }: ProxyHeaders): E.Either<string, ProxyAddress> => {
  const given = options.findLast(({ name }) => PROXIES.some((one) => one === name))
  const user = last(options, 'proxy-user')
  if (given === undefined || given.value === '') {
    const why = 'the line names no proxy; give it to the proxy of the environment'
    const leftOut = user === undefined ? [] : [{ option: '--proxy-user', why }]
    return E.right({ url: given?.value, lines: [], leftOut })
  }
  const whole = withScheme(given)
  if (E.isLeft(whole)) return whole
  const [scheme, userinfo, rest] = atAuthority(whole.right)
  // A path says nothing to a proxy.
  const [host = ''] = rest.split(/[/?#]/, 1)
  const place = HAS_PORT.test(host) ? host : `${host.replace(/:$/, '')}:${scheme === 'https://' ? 443 : 1080}`
  const pairOfUser = user === undefined ? E.right(undefined) : pair('-U', user.value)
  if (E.isLeft(pairOfUser)) return pairOfUser
  // A SOCKS proxy gets no headers, so that a header cannot stand for its credentials.
  if (isGiven && !scheme.startsWith('socks')) {
    const why = 'the Proxy-Authorization header of the line stands for it'
    const inUrl = userinfo === undefined ? [] : [{ option: 'the credentials in the proxy URL', why }]
    const leftOut = user === undefined ? inUrl : [{ option: '--proxy-user', why }, ...inUrl]
    return E.right({ url: `${scheme}${place}`, lines: [], leftOut })
  }
  const own = userinfo === undefined ? pairOfUser.right : pairOf(userinfo)
  if (own === undefined) return E.right({ url: `${scheme}${place}`, lines: [], leftOut: [] })
  const [name, pass] = own
  const why = 'the credentials in the proxy URL stand for it'
  const header = 'the credentials of the proxy stand for it; curl sends both'
  return E.right({
    url: `${scheme}${encodeURIComponent(text(name))}:${encodeURIComponent(text(pass))}@${place}`,
    // A URL cannot hold credentials that are both empty.
    lines: name === '' && pass === '' ? [['Proxy-Authorization', 'Basic Og==']] : [],
    leftOut: [
      ...(userinfo === undefined || user === undefined ? [] : [{ option: '--proxy-user', why }]),
      ...(hasHeader(options) ? [{ option: '--header Proxy-Authorization', why: header }] : []),
    ],
  })
}

const proxy = (
  options: All,
): E.Either<string, { readonly settings: Settings.Settings; readonly leftOut: ReadonlyArray<Left> }> => {
  const headers = proxyHeaders(options)
  const address = proxyAddress(options, headers)
  if (E.isLeft(address)) return address
  const { url } = address.right
  const none = last(options, 'noproxy')?.value
  const leftOut = [
    ...(none !== undefined && none !== '' && none !== '*'
      ? [{ option: '--noproxy', why: 'NO_PROXY is the environment’s to say; without a proxy: Request.withoutProxy' }]
      : []),
    ...headers.leftOut,
    ...address.right.leftOut,
  ]
  const change: Settings.Configure =
    none === '*' || url === '' ? Settings.withoutProxy : url === undefined ? (same) => same : Settings.withProxy(url)
  const lines = [...headers.lines, ...address.right.lines]
  return E.right({ settings: settingsOf(change, Settings.withHeaders(lines)), leftOut })
}

// --- TLS, times, redirects -----------------------------------------------------------------------------------------

/** `file` or `file:password`; `\:` and `\\` are the character. */
const certificatePath = (written: string): readonly [path: string, pass: string | undefined] => {
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

const certificate = (options: All): E.Either<string, Settings.Configure> => {
  const cert = last(options, 'cert')
  const key = last(options, 'key')
  if (cert === undefined) return E.right((same) => same)
  const type = (last(options, 'cert-type')?.value ?? 'PEM').toUpperCase()
  if (type !== 'PEM' && type !== 'P12') return E.left(`--cert-type ${type} is not known here; PEM and P12 are`)
  const [path, behind] = cert.isFile ? [text(cert.value), undefined] : certificatePath(text(cert.value))
  const passphrase = last(options, 'pass')?.value ?? behind
  const secret = passphrase === undefined ? {} : { passphrase: text(passphrase) }
  if (type === 'P12') {
    const pfx = cert.isFile ? Shell.toBytes(cert.value) : path
    return E.right(Settings.withClientCertificate({ pfx, ...secret }))
  }
  return E.right(
    Settings.withClientCertificate({ cert: path, ...(key === undefined ? {} : { key: text(key.value) }), ...secret }),
  )
}

/** A decimal number as C reads it: `5`, `5.`, `.5`, `1e1`, `+5`, with blanks only before it. */
const DECIMAL = /^[ \t\n\v\f\r]*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i

/** Seconds as milliseconds. curl ignores less than one millisecond. */
const seconds = (options: All, name: string): E.Either<string, number | undefined> => {
  const given = last(options, name)
  if (given === undefined) return E.right(undefined)
  const ms = Number(given.value) * 1000
  return DECIMAL.test(given.value) && ms >= 0 && Number.isFinite(ms)
    ? E.right(ms < 1 ? 0 : Math.round(ms))
    : E.left(`--${name} ${Shell.toText(given.value.slice(0, 20)) ?? ''} is no number of seconds`)
}

/** No time, for curl, is for ever. */
const timeouts = (options: All): E.Either<string, Settings.Configure> => {
  const connect = seconds(options, 'connect-timeout')
  if (E.isLeft(connect)) return connect
  const total = seconds(options, 'max-time')
  if (E.isLeft(total)) return total
  return E.right(
    Settings.withTimeouts({
      ...(connect.right === undefined || connect.right === 0 ? {} : { connect: connect.right }),
      ...(total.right === undefined || total.right === 0 ? {} : { total: total.right }),
    }),
  )
}

const redirects = (options: All): E.Either<string, Settings.Configure> => {
  const isFollowed = isOn(options, 'location') || isOn(options, 'location-trusted')
  const given = last(options, 'max-redirs')?.value
  if (given !== undefined && !/^(?:\d+|-1)$/.test(given))
    return E.left('--max-redirs needs a number, or -1 for no limit')
  const most = given === undefined ? undefined : Number(given)
  return E.right((made) =>
    pipe(
      made,
      isFollowed ? (same) => same : Settings.withoutRedirects,
      most === undefined ? (same) => same : Settings.withMaxRedirects(most < 0 ? Number.MAX_SAFE_INTEGER : most),
    ),
  )
}

/** Everything else that is a setting. The left says which option is wrong. */
export const others = (
  options: All,
): E.Either<string, { readonly settings: Settings.Settings; readonly leftOut: ReadonlyArray<Left> }> => {
  const way = proxy(options)
  if (E.isLeft(way)) return way
  const client = certificate(options)
  if (E.isLeft(client)) return client
  const times = timeouts(options)
  if (E.isLeft(times)) return times
  const following = redirects(options)
  if (E.isLeft(following)) return following
  const roots = last(options, 'cacert') ?? last(options, 'capath')
  const folder: ReadonlyArray<Left> =
    roots?.name === 'cacert' && last(options, 'capath') !== undefined
      ? [{ option: '--capath', why: 'one set of roots is asked: that of --cacert' }]
      : []
  const unused =
    last(options, 'cert') !== undefined ? [] : ['key', 'pass', 'cert-type'].filter((name) => last(options, name))
  const why = 'the line has no --cert that it would belong to'
  const settings = settingsOf(
    Settings.withSettings(way.right.settings),
    client.right,
    times.right,
    following.right,
    isOn(options, 'insecure') ? Settings.withVerify(false) : (same) => same,
    roots === undefined ? (same) => same : Settings.withCa(text(roots.value)),
  )
  const leftOut = [...way.right.leftOut, ...folder, ...unused.map((name) => ({ option: `--${name}`, why }))]
  return E.right({ settings, leftOut })
}
