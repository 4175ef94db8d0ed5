/**
 * What would go over the wire: data, and nothing that cannot be printed, compared or coded.
 *
 * A plan shows no secret: credentials, cookies and every header named sensitive are `Secret`s, the URL holds no
 * userinfo and hides what `withSecretQuery` gave, and a body prints as its length. `Plan.wire` opens it.
 */
import * as O from 'fp-ts/lib/Option.js'
import type { Payload } from '../values/Body.js'
import * as Body from '../values/Body.js'
import * as Headers from '../values/Headers.js'
import * as Proxy from '../values/Proxy.js'
import * as Secret from '../values/Secret.js'
import * as Url from '../values/Url.js'

/** A client certificate as a path or as PEM text. Private keys, passphrases and bundles are secret (`hidden`). */
export interface ClientCertificate {
  /** May hold the key too. */
  readonly cert?: string | Secret.Secret
  readonly key?: string | Secret.Secret
  /** PKCS#12, in place of `cert` and `key`: bytes or a path. */
  readonly pfx?: string | Uint8Array | Secret.SealedBytes
  readonly passphrase?: string | Secret.Secret
}

const hiddenKey = (text: string | Secret.Secret): string | Secret.Secret =>
  typeof text === 'string' && text.includes('PRIVATE KEY-----') ? Secret.make(text) : text

/** The same certificate with all that is secret in it made so; a path stays readable. */
export const hidden = ({ cert, key, pfx, passphrase }: ClientCertificate): ClientCertificate => ({
  ...(cert === undefined ? {} : { cert: hiddenKey(cert) }),
  ...(key === undefined ? {} : { key: hiddenKey(key) }),
  ...(pfx === undefined ? {} : { pfx: pfx instanceof Uint8Array ? Secret.bytes(pfx) : pfx }),
  ...(passphrase === undefined
    ? {}
    : { passphrase: typeof passphrase === 'string' ? Secret.make(passphrase) : passphrase }),
})

export interface Tls {
  /** Whether the peer's certificate is checked. */
  readonly verify: boolean
  /** PEM text, or the path of a PEM file or of a folder of them, in place of the built-in roots. */
  readonly ca: O.Option<string>
  readonly certificate: O.Option<ClientCertificate>
}

/** In milliseconds; absent means for ever. `read` is the longest silence, `total` spans all hops. */
export interface Timeouts {
  readonly connect?: number
  readonly read?: number
  readonly total?: number
}

export interface BodyLimit {
  /** The largest body that is read into memory, in octets after decoding. */
  readonly body: number
}

/** How the request travels. */
export interface Route {
  readonly proxy: O.Option<Proxy.Proxy>
  readonly tls: Tls
  readonly timeouts: Timeouts
  readonly limits: BodyLimit
}

/** Why a plan is sent: it is the first, it follows a redirect, it answers a challenge. */
export type Cause = 'Start' | 'Follow' | 'Authorize'

export interface Plan {
  readonly method: string
  readonly url: Url.Url
  readonly headers: Headers.Headers
  readonly body: Payload
  readonly route: Route
  readonly cause: Cause
  /** What it was made from, for `Plan.explain`; absent where it was put together by hand. */
  readonly inputs?: Secret.Sealed<unknown>
}

/** A plan opened: every secret revealed, nothing hidden. Handle with care. */
export interface Wire {
  readonly method: string
  /** With its fragment, which is not sent, and without userinfo. */
  readonly url: string
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  /** The bytes, where they are known before sending; none for an empty body and for a stream. */
  readonly body: O.Option<Uint8Array>
}

/** The headers as they are sent: a forwarding proxy gets its Proxy-Authorization with them (RFC 9110 11.7.2). */
export const wireHeaders = (plan: Plan): Headers.Headers => {
  const { proxy } = plan.route
  if (O.isNone(proxy) || O.isNone(proxy.value.authorization)) return plan.headers
  if (!Proxy.forwards(proxy.value, plan.url.protocol)) return plan.headers
  return Headers.append('Proxy-Authorization', proxy.value.authorization.value)(plan.headers)
}

/** Opens a plan. */
export const wire = (plan: Plan): Wire => ({
  method: plan.method,
  url: Url.sentHref(plan.url),
  headers: Headers.reveal(wireHeaders(plan)),
  body: plan.body._tag === 'Bytes' ? O.some(Secret.open(plan.body.bytes)) : O.none,
})

const PAYLOADS: ReadonlySet<unknown> = new Set<Payload['_tag']>(['Empty', 'Bytes', 'Stream', 'Once'])

/** Whether something is made as a plan is: what a scheme of auth of the user's own gives may be anything. */
export const is = (u: unknown): u is Plan => {
  if (typeof u !== 'object' || u === null) return false
  const { method, url, headers, body, route }: Partial<Record<keyof Plan, unknown>> = u
  const isPlace = typeof url === 'object' && url !== null && 'href' in url && typeof url.href === 'string'
  const isPayload = typeof body === 'object' && body !== null && '_tag' in body && PAYLOADS.has(body._tag)
  const isRoute = typeof route === 'object' && route !== null && 'timeouts' in route && 'limits' in route
  return typeof method === 'string' && isPlace && Headers.is(headers) && isPayload && isRoute
}

/** Whether the body can be sent a second time. */
export const isReplayable = (plan: Plan): boolean => plan.body._tag !== 'Once'

/** One line for people: method, URL, size of the body. */
export const show = (plan: Plan): string => {
  const size = Body.length(plan.body)
  const body = plan.body._tag === 'Empty' ? '' : ` (${O.isSome(size) ? `${size.value} bytes` : 'a stream'})`
  return `${plan.method} ${plan.url.href}${body}`
}
