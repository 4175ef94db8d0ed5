/** The entries of a tape, and their redaction: an entry may be printed. The table in `Tape.ts` lists what is hidden. */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RequestSecrets from '../session/auth/oauth2/RequestSecrets.js'
import * as KeyHeader from '../stages/prepare/KeyHeader.js'
import { codingOf, isForToken } from '../stages/prepare/Provenance.js'
import * as Body from '../values/Body.js'
import * as Headers from '../values/Headers.js'
import * as Multipart from '../values/Multipart.js'
import * as Octets from '../values/Octets.js'
import * as Printable from '../values/Printable.js'
import * as Redaction from '../values/Redaction.js'
import * as Secret from '../values/Secret.js'
import * as Url from '../values/Url.js'
import * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'

/** Header fields as names and values, in the order of the message. */
export type Pairs = ReadonlyArray<readonly [name: string, value: string]>

/** Returns the first value of a field, whose name is in lower case; empty without it. */
export const valueOf = (headers: Pairs, key: string): string =>
  headers.find(([name]) => name.toLowerCase() === key)?.[1] ?? ''

/** The body of a request. */
export interface Payload {
  /** Octets; none for a stream of unknown length. */
  readonly length: O.Option<number>
  /** None unless it was recorded with `requestBody: 'Content'` and sent completely. */
  readonly content: O.Option<Uint8Array>
}

/** A redacted plan. */
export interface Asked {
  /** As it was sent. */
  readonly method: string
  /** Without userinfo and fragment. */
  readonly url: string
  /** Values of sensitive fields are `redacted`. */
  readonly headers: Pairs
  /** None if the request had no body. */
  readonly body: O.Option<Payload>
}

/** How a response body ended: `Whole` (read to its end), `Left` (its reader stopped early), or the fault that cut it. */
export type End = 'Whole' | 'Left' | Fault.Fault

/** A redacted reply. Content codings of its body are decoded. */
export interface Answered {
  /** 100 to 599. */
  readonly status: number
  /** Empty for HTTP/2. */
  readonly reason: string
  /** Values of sensitive fields are `redacted`. */
  readonly headers: Pairs
  /** Milliseconds. */
  readonly elapsed: number
  /** Present if the reply did not use HTTP/1.1. */
  readonly httpVersion?: 'HTTP/2'
  /** What was read of the decoded body. */
  readonly bytes: Uint8Array
  /** How the reading of the body ended. */
  readonly end: End
}

/** One plan and its outcome. */
export interface Entry {
  /** When the plan was sent. */
  readonly started: Date
  /** Numbers the entries of one recording in the order in which they began. */
  readonly order: number
  /** The redacted plan. */
  readonly asked: Asked
  /** The redacted reply, or the fault. */
  readonly outcome: E.Either<Fault.Fault, Answered>
}

/** Entries in the order in which they began. */
export interface Tape {
  /** In the order in which they began. */
  readonly entries: ReadonlyArray<Entry>
}

/** The text that replaces a secret. */
export const REDACTED = 'redacted'

// A jar rejects a cookie because of its size or its control characters. The replayed cookie must be rejected too.
const redactedValue = (value: string): string => {
  if (value === '') return ''
  const controls = value.replace(/[^\0-\x08\x0a-\x1f\x7f]/g, '')
  return value.length < 2000 ? REDACTED + controls : (REDACTED + controls).padEnd(value.length, '.')
}

/** Redacts the value of a Set-Cookie line. Without a `=`, the whole name-value pair may be a value, and is redacted. */
const redactedCookie = (line: string): string =>
  line.replace(/^([^;=]*=)?([^;]*)/, (_, name: string = '', value: string) => name + redactedValue(value.trim()))

const USERINFO = /^((?:[a-z][a-z\d+.-]*:)?\/\/)([^/?#]*)@/i

const redactedLocation = (location: string): string =>
  location.replace(USERINFO, (_, start: string, info: string) =>
    info.includes(':') ? `${start}${REDACTED}:${REDACTED}@` : `${start}${REDACTED}@`,
  )

/** Hides secrets in the Path attribute. A replay needs the other attributes unchanged. */
const withHiddenPath = (cookie: string, hide: (reference: string) => string): string =>
  cookie.replace(/(;[ \t]*path[ \t]*=)([^;]*)/gi, (_, start: string, path: string) => start + hide(path))

const redactedField = ([name, value]: Headers.Field, hide: (reference: string) => string): Pairs[number] => {
  const key = name.toLowerCase()
  if (key === 'set-cookie') return [name, withHiddenPath(redactedCookie(Secret.reveal(value)), hide)]
  // A Location with userinfo is a Secret as a whole, but a replay needs everything except the userinfo.
  if (key === 'location' || key === 'content-location') return [name, hide(redactedLocation(Secret.reveal(value)))]
  return Secret.is(value) || Redaction.SENSITIVE_IN_REPLY.has(key) ? [name, REDACTED] : [name, value]
}

const NO_SECRETS: ReadonlySet<string> = new Set()

// Percent-encoded, because a header field cannot hold other characters, and a replay must read a Location as it was.
const ENCODED_MARK = encodeURIComponent(Secret.REDACTED)
const encodeMark = Redaction.redact(new Set([Secret.REDACTED]))

/** Returns redacted header fields. `secrets` are the values of `withSecretQuery` that the fields may repeat. */
export const redacted = ({ fields }: Headers.Headers, secrets: ReadonlySet<string> = NO_SECRETS): Pairs => {
  const hide = Redaction.redactReference(secrets, ENCODED_MARK)
  return fields.map((field) => redactedField(field, hide))
}

/** Returns a URL for a tape. A replayed redirect requests the hidden mark itself, which must read as it was recorded. */
const redactedUrl = (url: Url.Url): string => {
  const { href } = Url.withHash('')(url)
  return href.includes('%B9secret') || href.includes('%25') ? encodeMark(href) : href
}

/** A minted idempotency key differs in each run, so that a replay could not find it. */
const withoutKey = (plan: Plan, headers: Pairs): Pairs => {
  const minted = KeyHeader.mintedOf(plan)
  if (minted === undefined) return headers
  return headers.map((pair) => (pair[1] === minted.value ? [pair[0], REDACTED] : pair))
}

/** The boundary of a multipart body is random, and cannot be recognized in what is compressed. */
const hasRandomBytes = (plan: Plan): boolean =>
  codingOf(plan)?._tag === 'Compressed' &&
  Multipart.isMultipart(Secret.reveal(Headers.find(plan.headers, 'Content-Type') ?? ''))

const redactedPlan = (plan: Plan, content: O.Option<Uint8Array>): Asked => {
  const headers = withoutKey(plan, redacted(plan.headers))
  const asked = { method: plan.method, url: redactedUrl(plan.url), headers }
  if (plan.body._tag === 'Empty') return { ...asked, body: O.none }
  const isStable = !isForToken(plan) && !hasRandomBytes(plan)
  if (isStable) return { ...asked, body: O.some({ length: Body.length(plan.body), content }) }
  // A replay renews a token with a redacted one, which has another length.
  return { ...asked, headers: asked.headers.map(redactedLength), body: O.some({ length: O.none, content: O.none }) }
}

const redactedLength = (pair: Pairs[number]): Pairs[number] =>
  pair[0].toLowerCase() === 'content-length' ? [pair[0], REDACTED] : pair

/** The texts of the reply to a token request that are recorded. Any other text may be a token. */
const PUBLIC_TEXTS: ReadonlySet<string> = new Set([
  ...['token_type', 'issued_token_type', 'expires_in', 'expires_at', 'scope'],
  ...['error', 'error_code', 'error_description', 'error_uri', 'verification_uri', 'verification_url'],
])
/** The numbers that are recorded, because a replay needs them: times. */
const TIME = /^(?:exp|iat|nbf|ttl|interval|lifetime|expires|expiry|expiration|timestamp)$|(?:_in|_at|In|At)$/

const redactedJson =
  (hide: (text: string) => string) =>
  (key: string, value: unknown): unknown => {
    if (typeof value === 'string') return PUBLIC_TEXTS.has(key) ? hide(value) : REDACTED
    return typeof value === 'number' && !TIME.test(key) ? 0 : value
  }

/** Returns the body of a reply. That of a token request has no token: a JSON body keeps its known texts and its times. */
export const redactedBody = (plan: Plan, bytes: Uint8Array): Uint8Array => {
  if (bytes.length === 0 || !isForToken(plan)) return bytes
  const json = Printable.parseJson(Octets.toText(bytes).replace(/^\uFEFF/, ''))
  // A server may repeat a secret of the request in its error.
  const secrets = RequestSecrets.secretsOf({ plan, history: [] })
  const hide = secrets === undefined ? () => REDACTED : Redaction.redact(secrets, REDACTED)
  return Octets.fromText(E.isLeft(json) ? REDACTED : written(json.right, redactedJson(hide)))
}

/** JSON that is nested deeper than the stack is redacted as a whole. */
const written = (json: unknown, replace: (key: string, value: unknown) => unknown): string => {
  try {
    return JSON.stringify(json, replace)
  } catch {
    return REDACTED
  }
}

/**
 * Returns the redacted form of a plan, with the content of its body if it is given. The content is not redacted.
 * @since 0.2.0
 * @category destructors
 */
export function asked(content: O.Option<Uint8Array>): (plan: Plan) => Asked
/** A plan without the content of its body. With a content it is deprecated: use `asked(content)(plan)`. */
export function asked(plan: Plan, content?: O.Option<Uint8Array>): Asked
export function asked(
  first: Plan | O.Option<Uint8Array>,
  content: O.Option<Uint8Array> = O.none,
): Asked | ((plan: Plan) => Asked) {
  return '_tag' in first ? (plan) => redactedPlan(plan, first) : redactedPlan(first, content)
}

/** Returns a fault without its cause, which may hold anything. */
export const withoutCause = ({ _tag, message, status, unsent }: Fault.Fault): Fault.Fault => ({
  ...Fault.make(_tag, message),
  ...(status === undefined ? {} : { status }),
  ...(unsent === undefined ? {} : { unsent }),
})
