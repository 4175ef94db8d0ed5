/**
 * A plan: one request as it will be sent, as plain data that can be printed, compared and serialized.
 *
 * Printing a plan shows no secrets. Credentials, cookies and sensitive headers are `Secret`s, the URL has no userinfo and
 * hides secret query parameters, and a body prints as its length. `wire` reveals everything.
 */
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Show as ShowOf } from 'fp-ts/lib/Show.js'
import type { Payload } from '../values/Body.js'
import * as Body from '../values/Body.js'
import { octets, same, struct } from '../values/Equality.js'
import * as Headers from '../values/Headers.js'
import * as Printable from '../values/Printable.js'
import * as Proxy from '../values/Proxy.js'
import { SENSITIVE } from '../values/Redaction.js'
import * as Secret from '../values/Secret.js'
import * as Url from '../values/Url.js'
import * as UrlQuery from '../values/UrlQuery.js'

/** A client certificate: paths or PEM text. `hideCertificate` makes private keys, passphrases and bundles secret. */
export interface ClientCertificate {
  /** May contain the private key too. */
  readonly cert?: string | Secret.Secret
  /** The private key: PEM text or a path. */
  readonly key?: string | Secret.Secret
  /** PKCS#12 bytes or a path, instead of `cert` and `key`. */
  readonly pfx?: string | Uint8Array | Secret.SealedBytes
  /** Of the key or the PKCS#12 file. */
  readonly passphrase?: string | Secret.Secret
}

/** Returns a text with a private key as a secret. What is not a text is hidden too, and planning reports it. */
const hidePrivateKey = (text: string | Secret.Secret): string | Secret.Secret => {
  if (typeof text === 'string') return text.includes('PRIVATE KEY-----') ? Secret.make(text) : text
  return Secret.is(text) ? text : Secret.make(text)
}

/** Returns the certificate with private keys, bundles and passphrases as secrets. Paths stay readable. */
export const hideCertificate = (certificate: ClientCertificate): ClientCertificate => {
  // Plain JavaScript may pass anything.
  const { cert, key, pfx, passphrase }: ClientCertificate = Object(certificate)
  return {
    ...(cert === undefined ? {} : { cert: hidePrivateKey(cert) }),
    ...(key === undefined ? {} : { key: hidePrivateKey(key) }),
    ...(pfx === undefined ? {} : { pfx: pfx instanceof Uint8Array ? Secret.bytes(pfx) : pfx }),
    ...(passphrase === undefined ? {} : { passphrase: Secret.is(passphrase) ? passphrase : Secret.make(passphrase) }),
  }
}

/** How a connection to an `https` URL or proxy is verified. */
export interface Tls {
  /** Whether the server's certificate is verified. */
  readonly verify: boolean
  /** Replaces the built-in root certificates: PEM text, or the path of a PEM file or of a folder of them. */
  readonly ca: O.Option<string>
  /** The client certificate; `none` by default. */
  readonly certificate: O.Option<ClientCertificate>
}

/** Timeouts in milliseconds. An absent one never expires. */
export interface Timeouts {
  /** Until a connection is open, with its proxy and TLS. */
  readonly connect?: number
  /** The longest time without receiving anything. */
  readonly read?: number
  /** For the whole exchange, including redirects and retries. */
  readonly total?: number
}

/** How much of a response is read into memory. */
export interface BodyLimit {
  /** The largest body in octets, after decoding. */
  readonly body: number
}

/** How a request is sent: proxy, TLS, timeouts and limits. */
export interface Route {
  /** `none`: the request goes directly to the server. */
  readonly proxy: O.Option<Proxy.Proxy>
  /** For https URLs, and for an https proxy. */
  readonly tls: Tls
  /** An absent one is not limited. */
  readonly timeouts: Timeouts
  /** The largest body that is read into memory. */
  readonly limits: BodyLimit
}

/** Why a plan is sent: it is the first one, follows a redirect, answers an authentication challenge, or obtains a token. */
export type Cause = 'Start' | 'Follow' | 'Authorize' | 'Token'

/** One request as it will be sent. */
export interface Plan {
  /** As it is sent. */
  readonly method: string
  /** Without userinfo. Its secret parts are hidden. */
  readonly url: Url.Url
  /** In the order in which they are sent. */
  readonly headers: Headers.Headers
  /** The encoded body. */
  readonly body: Payload
  /** How the server is reached. */
  readonly route: Route
  /** Why it is sent. */
  readonly cause: Cause
  /** What the plan was made from, for `Plan.explain` and to redact replies. Absent if the plan was built by hand. */
  readonly provenance?: Secret.Sealed<unknown>
}

/** A plan with every secret revealed. Do not log it. */
export interface Wire {
  /** As it is sent. */
  readonly method: string
  /** Includes the fragment, which is not sent; never has userinfo. */
  readonly url: string
  /** With secrets: do not print them. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  /** The bytes, if they are known before sending: `none` for an empty body and for a stream. */
  readonly body: O.Option<Uint8Array>
}

/** Returns the headers to send, with Proxy-Authorization if a proxy forwards the request (RFC 9110 11.7.2). */
export const wireHeaders = (plan: Plan): Headers.Headers => {
  const { proxy } = plan.route
  if (O.isNone(proxy) || O.isNone(proxy.value.authorization)) return plan.headers
  if (!Proxy.forwards(plan.url.protocol)(proxy.value)) return plan.headers
  return Headers.append('Proxy-Authorization', proxy.value.authorization.value)(plan.headers)
}

/** Reveals every secret of a plan. */
export const wire = (plan: Plan): Wire => ({
  method: plan.method,
  url: Url.sentHref(plan.url),
  headers: Headers.reveal(wireHeaders(plan)),
  body: plan.body._tag === 'Bytes' ? O.some(Secret.open(plan.body.bytes)) : O.none,
})

const PAYLOADS: ReadonlySet<unknown> = new Set<Payload['_tag']>(['Empty', 'Bytes', 'Stream', 'Once'])

/** Checks whether a value has the shape of a plan. A custom `Auth` of the user may return anything. */
export const is = (u: unknown): u is Plan => {
  if (typeof u !== 'object' || u === null) return false
  const { method, url, headers, body, route }: Partial<Record<keyof Plan, unknown>> = u
  const isUrl = typeof url === 'object' && url !== null && 'href' in url && typeof url.href === 'string'
  const isPayload = typeof body === 'object' && body !== null && '_tag' in body && PAYLOADS.has(body._tag)
  const isRoute = typeof route === 'object' && route !== null && 'timeouts' in route && 'limits' in route
  return typeof method === 'string' && isUrl && Headers.is(headers) && isPayload && isRoute
}

/**
 * Sets header fields of a plan, each as `Headers.upsertAt` does: for a signer, or a transport that
 * wraps another. `undefined` is ignored. The values of sensitive names, such as Authorization and Cookie, become secrets; make
 * others a `Secret` if they must not be printed. A transport frames the body itself, and rejects invalid fields.
 *
 * @since 0.2.0
 * @category combinators
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Plan, Request, Session } from 'requests-ts'
 *
 * const plan = pipe(Request.get('https://h.test/'), Plan.plan({ session: Session.empty }))
 * const traced = pipe(plan, E.map(Plan.withHeaders({ traceparent: '00-ab-cd-01' })), E.map((p) => Plan.wire(p).headers))
 * assert.deepEqual(traced, E.right([['traceparent', '00-ab-cd-01']]))
 */
export const withHeaders =
  (fields: Readonly<Record<string, Headers.Value | undefined>>) =>
  (plan: Plan): Plan => ({
    ...plan,
    headers: Object.entries(fields ?? {}).reduce(withField, plan.headers),
  })

/** Plain JavaScript may pass anything as a value: a number is written as text, and other values are ignored. */
const withField = (headers: Headers.Headers, [name, given]: readonly [string, unknown]): Headers.Headers => {
  const value = typeof given === 'number' ? String(given) : given
  if (typeof value !== 'string' && !Secret.is(value)) return headers
  return Headers.upsertAt(name, SENSITIVE.has(name.toLowerCase()) ? Secret.hide(value) : value)(headers)
}

const isText = (value: unknown): value is string | Secret.Secret => Secret.textOf(value) !== undefined

/**
 * Sets parameters of the query of a plan, for a signer: each replaces those with its name, and stands last. `undefined` is
 * ignored. Names and values are percent-encoded; a `Secret` is sent and not printed.
 *
 * @since 0.2.0
 * @category combinators
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Plan, Request, Secret, Session } from 'requests-ts'
 *
 * const plan = pipe(Request.get('https://h.test/?a=1'), Plan.plan({ session: Session.empty }))
 * const signed = pipe(plan, E.map(Plan.withQuery({ date: '2026 07', sig: Secret.make('s1g') })))
 * assert.deepEqual(pipe(signed, E.map((p) => Plan.wire(p).url)), E.right('https://h.test/?a=1&date=2026%2007&sig=s1g'))
 * assert.deepEqual(pipe(signed, E.map(Plan.show)), E.right('GET https://h.test/?a=1&date=2026%2007&sig=‹secret›'))
 */
export const withQuery =
  (parameters: Readonly<Record<string, string | Secret.Secret | undefined>>) =>
  (plan: Plan): Plan => {
    // Plain JavaScript may pass anything as a value: numbers are written as text, and other values are ignored.
    const given = Object.entries(parameters ?? {}).flatMap(
      ([name, value]: readonly [string, unknown]): ReadonlyArray<UrlQuery.Parameter> =>
        typeof value === 'number' ? [[name, String(value)]] : isText(value) ? [[name, value]] : [],
    )
    return given.length === 0 ? plan : { ...plan, url: UrlQuery.withParameters(given)(plan.url) }
  }

/** Returns whether the body can be sent more than once. */
export const isReplayable = (plan: Plan): boolean => plan.body._tag !== 'Once'

/** Returns the URL without query and fragment, for messages. */
export const urlWithoutQuery = ({ url: { href, search, hash } }: Plan): string =>
  href.slice(0, href.length - search.length - hash.length)

// --- instances -----------------------------------------------------------------------------------------------------

const opened = (value: unknown): unknown => (Secret.is(value) ? Secret.open<unknown>(value) : value)
const ContentEq: EqOf<unknown> = { equals: (x, y) => octets.equals(opened(x), opened(y)) }

/**
 * Compares client certificates, secrets and bundles by their content.
 * @since 0.2.0
 * @category instances
 */
export const CertificateEq: EqOf<ClientCertificate> = struct<ClientCertificate>({
  cert: ContentEq,
  key: ContentEq,
  pfx: ContentEq,
  passphrase: ContentEq,
})

const RouteEq: EqOf<Route> = struct<Route>({
  proxy: O.getEq(Proxy.Eq),
  tls: struct<Tls>({ verify: same, ca: O.getEq(same), certificate: O.getEq(CertificateEq) }),
  timeouts: struct<Timeouts>({ connect: same, read: same, total: same }),
  limits: struct<BodyLimit>({ body: same }),
})

/**
 * Compares everything that a plan sends, and how: equal plans send the same. It compares
 *
 * | field           | how                                                                            |
 * |-----------------|--------------------------------------------------------------------------------|
 * | header lines    | in order, with the spelling of names, because HTTP/1.1 sends it                |
 * | URL             | with its fragment; equal URLs hide the same values                             |
 * | secrets         | by content, and a secret header never equals a plain one                       |
 * | bytes, streams  | bytes by content, streams by reference and length                              |
 * | route and cause | every field                                                                    |
 * | provenance      | not at all                                                                     |
 *
 * Law: two plans are equal if `Plan.diff` finds no difference, and only then.
 *
 * @since 0.2.0
 * @category instances
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Plan, Request, Session } from 'requests-ts'
 *
 * const plan = Plan.plan({ session: Session.defaults })
 * const [x, y] = [plan(Request.get('https://a.test')), plan(Request.get('https://a.test/'))]
 * assert.equal(E.isRight(x) && E.isRight(y) && Plan.Eq.equals(x.right, y.right), true)
 */
export const Eq: EqOf<Plan> = struct<Omit<Plan, 'provenance'>>({
  method: same,
  url: Url.Eq,
  headers: Headers.EqStrict,
  body: Body.PayloadEq,
  route: RouteEq,
  cause: same,
})

/** Returns one line with the method, the URL and the body size. Shows no secret. */
export const show = (plan: Plan): string => {
  const size = Body.length(plan.body)
  const body = plan.body._tag === 'Empty' ? '' : ` (${O.isSome(size) ? `${size.value} bytes` : 'a stream'})`
  return Printable.escapeControls(`${plan.method} ${plan.url.href}${body}`)
}

/**
 * Prints a plan as one line, without secrets.
 * @since 0.2.0
 * @category instances
 */
export const Show: ShowOf<Plan> = { show }
