/**
 * Signs a plan, as the last step before it is sent: for each hop, each answer to a challenge and each retry.
 *
 * | the function gets                           | and may return                                         |
 * |---------------------------------------------|--------------------------------------------------------|
 * | the final plan, with a `Host` field         | other header fields and another query                  |
 * | the time, and another entropy for each call | everything else unchanged, or the error `SigningFailed` |
 *
 * What it writes becomes secret, except the names that the scheme calls public. The plan keeps what was written, so that it can
 * be signed again: `unsigned` returns it without its signature, also if it was edited after it was signed.
 *
 * Laws: `unsigned(sign(plan)) = unsigned(plan)`; a plan with a new signature has nothing of the old one.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Sign, SignContext, SignerTask } from '../session/auth/Auth.js'
import * as Body from '../values/Body.js'
import * as Entropy from '../values/Entropy.js'
import * as Headers from '../values/Headers.js'
import * as PercentEncoding from '../values/PercentEncoding.js'
import * as Secret from '../values/Secret.js'
import * as Url from '../values/Url.js'
import * as Fault from '../wire/Fault.js'
import * as Plan from '../wire/Plan.js'
import { problemText, type SigningFailed, signingFailed } from './AuthError.js'
import * as Content from './prepare/Content.js'
import * as HeaderFields from './prepare/HeaderFields.js'
import * as Provenance from './prepare/Provenance.js'
import { added, piecesOf, withEscapedSpaces } from './Unsigned.js'

export { signatureOf, unsigned } from './Unsigned.js'

/** What signing a plan needs of its scheme. */
export interface Scheme {
  readonly name: string
  readonly public: ReadonlyArray<string>
}

type Outcome = E.Either<SigningFailed, Plan.Plan>

// --- what the function gets and returns ----------------------------------------------------------------------------

/** Returns the plan with the `Host` that the transport sends. */
const withHost = (plan: Plan.Plan): Plan.Plan => {
  if (Headers.has('Host')(plan.headers)) return plan
  const { hostname, port } = plan.url
  const host: Headers.Field = ['Host', port === '' ? hostname : `${hostname}:${port}`]
  return { ...plan, headers: { fields: [host, ...plan.headers.fields] } }
}

const contextOf = (plan: Plan.Plan, now: Date, entropy: string, nth: string): SignContext => ({
  now,
  entropy: entropy === '' ? '' : Entropy.draw(entropy, `signature ${plan.method} ${plan.url.href} ${nth}`),
})

const FIXED = ['protocol', 'hostname', 'port', 'hash'] as const

/** Returns what a function changed that it must not change. */
const changeOf = (shown: Plan.Plan, returned: Plan.Plan): string | undefined => {
  if (returned.method !== shown.method) return 'the method'
  if (!Body.PayloadEq.equals(returned.body, shown.body)) return 'the body'
  if (returned.route !== shown.route) return 'the route'
  const isSamePlace = FIXED.every((part) => returned.url[part] === shown.url[part])
  return isSamePlace && Url.sentPathname(returned.url) === Url.sentPathname(shown.url)
    ? undefined
    : 'the URL before its query'
}

const decoded = (text: string): string => PercentEncoding.decodeComponent(text.replaceAll('+', ' ')) ?? text

interface SignedUrl {
  readonly url: Url.Url
  readonly secrets: ReadonlySet<string>
}

const NO_SECRETS: ReadonlySet<string> = new Set()

/** Returns the URL with the query of a signed one. What was written is hidden, unless it is public. */
const signedUrl = (before: Url.Url, after: Url.Url, isPublic: (name: string) => boolean): SignedUrl => {
  if (Url.sentSearch(after) === Url.sentSearch(before)) return { url: before, secrets: NO_SECRETS }
  const [old, pieces] = [piecesOf(before), piecesOf(after)]
  const written = added(old, pieces)
  const shownBefore = before.search.slice(1).split('&')
  // Pieces that were hidden before, as they were shown.
  const hidden = new Map<string, string>()
  for (const [i, piece] of old.entries()) {
    const shown = shownBefore[i] ?? piece
    if (shown !== piece) hidden.set(withEscapedSpaces(piece), shown)
  }
  const secrets = new Set<string>()
  const shown = pieces.map((piece, i) => {
    if (!written.has(i)) return hidden.get(withEscapedSpaces(piece)) ?? piece
    const name = piece.split('=', 1)[0] ?? ''
    if (isPublic(decoded(name).toLowerCase())) return piece
    secrets.add(decoded(piece.slice(name.length + 1)))
    return `${name}=${Secret.REDACTED}`
  })
  secrets.delete('')
  return { url: Url.replaceQuery(pieces.join('&'), shown.join('&'))(before), secrets }
}

/** Checks what a function returned, and hides what it wrote. */
const accept = (
  scheme: Scheme,
  plan: Plan.Plan,
  shown: Plan.Plan,
  returned: unknown,
  token?: Provenance.TokenUse,
): Outcome => {
  const failed = (problem: string) => E.left(signingFailed(scheme.name, plan, problem))
  if (!Plan.is(returned)) {
    Fault.ignoreRejection(returned)
    return failed(`it returned ${Fault.kindOf(returned)} instead of a plan`)
  }
  const change = changeOf(shown, returned)
  if (change !== undefined) return failed(`it changed ${change}; it may change header fields and the query only`)
  const search = Url.sentSearch(returned.url)
  if (PercentEncoding.quoteQuery(search.slice(1)) !== search.slice(1)) return failed('its query is not percent-encoded')
  const names = new Set(scheme.public.map((name) => String(name).toLowerCase()))
  const isPublic = (name: string): boolean => names.has(name)
  const checked = HeaderFields.validateSigned(shown.headers, returned.headers, isPublic)
  if (E.isLeft(checked)) return failed(checked.left)
  const own = shown === plan ? checked.right : withoutHost(shown, checked.right)
  // The body is the same, so its framing is too.
  const headers = Content.withFraming(Content.decideFraming(own, plan.method, plan.body), plan.body, own)
  const { url, secrets } = signedUrl(plan.url, returned.url, isPublic)
  const before = { headers: plan.headers, url: plan.url }
  const signature = { scheme: scheme.name, before, after: { headers, url }, secrets }
  return E.right(recorded(plan, token === undefined ? signature : { ...signature, token }))
}

/** What a function of the user returned. */
type Returned = E.Either<unknown, unknown>

const isEither = (u: unknown): u is Returned => {
  const { _tag }: { readonly _tag?: unknown } = Object(u)
  return _tag === 'Left' || _tag === 'Right'
}

const acceptEither = (
  scheme: Scheme,
  plan: Plan.Plan,
  shown: Plan.Plan,
  returned: Returned,
  token?: Provenance.TokenUse,
): Outcome =>
  E.isLeft(returned)
    ? E.left(signingFailed(scheme.name, plan, problemText(returned.left), returned.left))
    : accept(scheme, plan, shown, returned.right, token)

/** Removes the `Host` that was only shown. */
const withoutHost = (shown: Plan.Plan, headers: Headers.Headers): Headers.Headers => {
  const host = Headers.find(shown.headers, 'Host')
  return Headers.find(headers, 'Host') === host ? Headers.without(headers, ['Host']) : headers
}

const recorded = (before: Plan.Plan, signature: Provenance.Signature): Plan.Plan => {
  const provenance = Provenance.of(before)
  const { headers, url } = signature.after
  if (O.isNone(provenance)) return { ...before, headers, url }
  return { ...before, headers, url, provenance: Provenance.seal({ ...provenance.value, signature }) }
}

// --- signing -------------------------------------------------------------------------------------------------------

/** What a signature is made from, besides its plan and its scheme. */
export interface SigningInputs {
  readonly now: Date
  /** The seed of the exchange. */
  readonly entropy: string
  /** Differs for each signature of an exchange, so that no two have the same entropy. */
  readonly nth: string
}

/** Signs a plan that has no signature yet. Error: `SigningFailed`. */
export const sign = (
  scheme: Scheme & { readonly sign: Sign },
  plan: Plan.Plan,
  { now, entropy, nth }: SigningInputs,
  token?: Provenance.TokenUse,
): Outcome => {
  const shown = withHost(plan)
  try {
    const returned: unknown = scheme.sign(shown, contextOf(plan, now, entropy, nth))
    return isEither(returned)
      ? acceptEither(scheme, plan, shown, returned, token)
      : accept(scheme, plan, shown, returned, token)
  } catch (cause) {
    return E.left(signingFailed(scheme.name, plan, Fault.messageOf(cause), cause))
  }
}

/** Signs a plan with an effect. Error: `SigningFailed`. */
export const signLater =
  (scheme: SignerTask, plan: Plan.Plan, { now, entropy, nth }: SigningInputs): TaskEither<SigningFailed, Plan.Plan> =>
  async () => {
    const shown = withHost(plan)
    try {
      const task: unknown = scheme.sign(shown, contextOf(plan, now, entropy, nth))
      if (typeof task !== 'function') {
        Fault.ignoreRejection(task)
        return E.left(signingFailed(scheme.name, plan, `it returned ${Fault.kindOf(task)} instead of a task`))
      }
      const outcome: { readonly _tag?: unknown; readonly left?: unknown; readonly right?: unknown } = Object(
        await task(),
      )
      if (outcome._tag !== 'Left') return accept(scheme, plan, shown, outcome.right)
      return E.left(signingFailed(scheme.name, plan, problemText(outcome.left), outcome.left))
    } catch (cause) {
      return E.left(signingFailed(scheme.name, plan, Fault.messageOf(cause), cause))
    }
  }
