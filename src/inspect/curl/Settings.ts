/**
 * What curl's options say beside method, URL, headers, body and credentials, as settings: proxy, TLS, times, redirects.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as Settings from '../../session/Settings.js'
import * as Shell from '../Shell.js'
import { atAuthority, pairOf } from './Address.js'
import { pair, text } from './Credentials.js'
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

/** The port that is written behind the host, brackets of an IPv6 address aside. */
const HAS_PORT = /^(?:\[[^\]]*\]|[^:[\]]*):\d+$/

/** curl's proxy without a port is at 1080, ours at the port of its scheme; and `user@` has an empty password. */
const proxyUrl = (options: All): E.Either<string, string | undefined> => {
  const given = options.findLast(({ name }) => PROXIES.some((one) => one === name))
  if (given === undefined || given.value === '') return E.right(given?.value)
  const written = text(given.value)
  const isWhole = /^[a-zA-Z][\w+.-]*:\/\//.test(written)
  const [scheme, userinfo, rest] = atAuthority(isWhole ? written : `${SCHEMES[given.name] ?? 'http://'}${written}`)
  // A path says nothing to a proxy.
  const [host = ''] = rest.split(/[/?#]/, 1)
  const place = HAS_PORT.test(host) ? host : `${host.replace(/:$/, '')}:${scheme === 'https://' ? 443 : 1080}`
  const user = last(options, 'proxy-user')
  const own =
    user === undefined ? E.right(userinfo === undefined ? undefined : pairOf(userinfo)) : pair('-U', user.value)
  if (E.isLeft(own)) return own
  if (own.right === undefined) return E.right(`${scheme}${place}`)
  const [name, pass] = own.right
  return E.right(`${scheme}${encodeURIComponent(text(name))}:${encodeURIComponent(text(pass))}@${place}`)
}

const proxy = (
  options: All,
): E.Either<string, { readonly settings: Settings.Settings; readonly leftOut: ReadonlyArray<Left> }> => {
  const url = proxyUrl(options)
  if (E.isLeft(url)) return url
  const none = last(options, 'noproxy')?.value
  const lines: Array<readonly [string, string]> = []
  for (const { name, value } of options) {
    const line = name === 'proxy-header' ? ofLine(value) : undefined
    if (line !== undefined && line[1] !== null && line[0].toLowerCase() === 'proxy-authorization')
      lines.push([line[0], line[1]])
  }
  const leftOut = [
    ...(none !== undefined && none !== '' && none !== '*'
      ? [{ option: '--noproxy', why: 'NO_PROXY is the environment’s to say; without a proxy: Request.withoutProxy' }]
      : []),
    ...(options.filter(({ name }) => name === 'proxy-header').length > lines.length
      ? [{ option: '--proxy-header', why: 'only Proxy-Authorization is for a proxy here' }]
      : []),
    ...(!url.right && last(options, 'proxy-user') !== undefined
      ? [{ option: '--proxy-user', why: 'the line names no proxy; give it to the proxy of the environment' }]
      : []),
  ]
  const change: Settings.Configure =
    none === '*' || url.right === ''
      ? Settings.withoutProxy
      : url.right === undefined
        ? (same) => same
        : Settings.withProxy(url.right)
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
