/**
 * Parses proxy URLs: `http`, `https`, `socks4`, `socks4a`, `socks5` or `socks5h`, with or without credentials.
 *
 * | scheme               | how the target is reached                            | host names are resolved by |
 * |----------------------|------------------------------------------------------|----------------------------|
 * | `http`, `https`      | `http:` in absolute form, `https:` through CONNECT   | the proxy                  |
 * | `socks4`, `socks5`   | through a tunnel                                     | the client                 |
 * | `socks4a`, `socks5h` | through a tunnel                                     | the proxy                  |
 *
 * A proxy without a scheme is an `http` proxy, as in requests. A user without a password and a password without a user
 * count as credentials (D48).
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Proxy } from 'requests-ts'
 *
 * const read = pipe(Proxy.parse('proxy.test:3128'), E.map((proxy) => Proxy.show(proxy)))
 * assert.deepEqual(read, E.right('http://proxy.test:3128'))
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'
import * as O from 'fp-ts/lib/Option.js'
import { same, struct } from './Equality.js'
import * as Octets from './Octets.js'
import { trimmed } from './PercentEncoding.js'
import * as Secret from './Secret.js'
import * as Url from './Url.js'

/** The schemes of a proxy URL, with their colon. `socks4a` and `socks5h` resolve host names at the proxy. */
export type ProxyProtocol = 'http:' | 'https:' | 'socks4:' | 'socks4a:' | 'socks5:' | 'socks5h:'

/** The user name and the password of a proxy URL, decoded. */
export interface Credentials {
  /** A secret if the password is empty, because the user is then the credential, such as an API key. */
  readonly user: string | Secret.Secret
  /** Empty if the URL has none. */
  readonly pass: Secret.Secret
}

/** A proxy server. */
export interface Proxy {
  /** With its colon. */
  readonly protocol: ProxyProtocol
  /** Canonical. An IPv6 address has brackets. */
  readonly hostname: string
  /** The port of the URL, or the default port of its scheme. */
  readonly port: number
  /** The credentials of the URL, decoded. */
  readonly credentials: O.Option<Credentials>
  /** The value of Proxy-Authorization, for an `http` or `https` proxy. */
  readonly authorization: O.Option<Secret.Secret>
}

const DEFAULT_PORT: Readonly<Record<ProxyProtocol, number>> = {
  'http:': 80,
  'https:': 443,
  'socks4:': 1080,
  'socks4a:': 1080,
  'socks5:': 1080,
  'socks5h:': 1080,
}

const isProxyProtocol = (text: string): text is ProxyProtocol => Object.hasOwn(DEFAULT_PORT, text)

/** Returns the value of a `Basic` authorization, in UTF-8 (RFC 7617 2.1, D29). */
export const basic = (user: string, pass: string): Secret.Secret =>
  Secret.make(`Basic ${Octets.toBase64(Octets.fromText(`${user}:${pass}`))}`)

const SCHEME = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\//

/** Detects `http:/host` and `http:`, which are mistyped URLs and not a host called `http`. */
const hasNoSlashes = (given: string): boolean =>
  /^[a-zA-Z][a-zA-Z0-9+.-]*:\/(?!\/)/.test(given) || isProxyProtocol(given.toLowerCase())

/** Parses a proxy URL. The left is a message for display, without the credentials. */
export const parse = (untrimmed: string): E.Either<string, Proxy> => {
  const given = trimmed(untrimmed)
  if (hasNoSlashes(given)) return E.left('it has no host; write two slashes after the scheme, as in http://proxy:3128')
  const text = SCHEME.test(given) ? given : `http://${given}`
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase() ?? ''
  const protocol = `${scheme}:`
  if (!isProxyProtocol(protocol))
    return E.left(`the scheme '${scheme}' is not supported; use http, https, socks4, socks4a, socks5 or socks5h`)
  const located = Url.parse(text.replace(SCHEME, 'http://'))
  if (E.isLeft(located)) return E.left(located.left.message)
  const { url, userinfo } = located.right
  const credentials = credentialsOf(userinfo)
  return E.right({
    protocol,
    hostname: url.hostname,
    port: url.port === '' ? DEFAULT_PORT[protocol] : Number(url.port),
    credentials,
    authorization: protocol.startsWith('socks') ? O.none : O.map(authorizationOf)(credentials),
  })
}

const authorizationOf = ({ user, pass }: Credentials): Secret.Secret => basic(Secret.reveal(user), Secret.reveal(pass))
const NO_PASSWORD = Secret.make('')

/** Returns the credentials of a URL. A missing half is empty (`apikey@`, `:token@`). If both are empty there are none. */
export const credentialsOf = (userinfo: O.Option<Url.Userinfo>): O.Option<Credentials> => {
  if (O.isNone(userinfo)) return O.none
  const { user, pass } = userinfo.value
  const password = O.isSome(pass) ? pass.value : NO_PASSWORD
  if (Secret.reveal(password) !== '') return O.some({ user, pass: password })
  return user === '' ? O.none : O.some({ user: Secret.make(user), pass: password })
}

/** Returns whether a proxy speaks SOCKS. */
export const isSocks = (proxy: Proxy): boolean => proxy.protocol.startsWith('socks')

/**
 * Returns whether a URL of a scheme (`http:`) is sent to the proxy in absolute form instead of through a tunnel.
 * @since 0.2.0
 * @category predicates
 */
export function forwards(protocol: string): (proxy: Proxy) => boolean
/** @deprecated Use `forwards(protocol)(proxy)`. */
export function forwards(proxy: Proxy, protocol: string): boolean
export function forwards(first: string | Proxy, protocol?: string): boolean | ((proxy: Proxy) => boolean) {
  if (typeof first !== 'string') return protocol === 'http:' && !isSocks(first)
  return (proxy) => first === 'http:' && !isSocks(proxy)
}

/** Returns whether two proxies are the same server, whatever their credentials. */
export const sameServer = (x: Proxy, y: Proxy): boolean =>
  x.protocol === y.protocol && x.hostname === y.hostname && x.port === y.port

/**
 * Compares server and credentials, secrets by their content.
 * @since 0.2.0
 * @category instances
 */
export const Eq: EqOf<Proxy> = struct<Proxy>({
  protocol: same,
  hostname: same,
  port: same,
  credentials: O.getEq(struct<Credentials>({ user: Secret.Eq, pass: Secret.Eq })),
  authorization: O.getEq(Secret.Eq),
})

/** Returns the proxy as a URL with redacted credentials. */
export const show = (proxy: Proxy): string => {
  const credentials = O.isSome(proxy.credentials) ? `${Secret.REDACTED}@` : ''
  return `${proxy.protocol}//${credentials}${proxy.hostname}:${proxy.port}`
}
