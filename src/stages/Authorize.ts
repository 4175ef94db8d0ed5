/**
 * Adds the last credentials to a plan that may have credentials.
 *
 * | scheme       | result                                                                            |
 * |--------------|-----------------------------------------------------------------------------------|
 * | `Signer`     | the signed plan                                                                   |
 * | `SignerTask` | the plan, and that it still needs a signature                                      |
 * | `Renewable`  | the plan with the token of the jar; or the plan, and that it needs a token         |
 * | any other    | the plan: `Credentials` has added its header                                       |
 *
 * A token of the jar is used until it is about to expire (`Token.isFresh`).
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as Jar from '../cookies/Jar.js'
import { toEndpoint } from '../cookies/TokenStore.js'
import type { Renewable, Sign, SignerTask } from '../session/auth/Auth.js'
import * as Token from '../values/Token.js'
import type { Plan } from '../wire/Plan.js'
import type { SigningFailed } from './AuthError.js'
import type { Merged } from './Merge.js'
import type { TokenReason } from './prepare/Provenance.js'
import { targetUrl } from './prepare/TargetUrl.js'
import * as Signing from './Signing.js'

/** What a plan needs before it can be sent. */
export type Need =
  | { readonly _tag: 'Signature'; readonly scheme: SignerTask }
  | { readonly _tag: 'Token'; readonly auth: Renewable; readonly reason: TokenReason }

/** A plan, and what it still needs. */
export interface Authorized {
  /** With the credentials that are known. */
  readonly plan: Plan
  /** Absent: the plan can be sent. */
  readonly need: Need | undefined
}

/** What the last credentials of a plan depend on, besides the plan. An `Exchange` is one. */
export interface AuthorizeInputs {
  readonly merged: Merged
  readonly jar: Jar.Jar
  /** The seed of the exchange. */
  readonly entropy: string
  /** Whether the token was obtained for this hop: then it is used, however soon it expires. */
  readonly hasRenewed?: boolean | undefined
}

// --- tokens --------------------------------------------------------------------------------------------------------

interface KnownKey {
  readonly base: Merged['settings']['baseUrl']
  readonly key: Jar.TokenKey
}

const keys = new WeakMap<Renewable, KnownKey>()

/** Returns the key of a token in the jar: its name, and where it is obtained. */
export const tokenKey = ({ settings }: Merged, auth: Renewable): Jar.TokenKey => {
  const known = keys.get(auth)
  if (known !== undefined && known.base === settings.baseUrl) return known.key
  const located = targetUrl(settings, auth.endpoint)
  const endpoint = E.isRight(located) ? toEndpoint(located.right.url) : auth.endpoint
  const key = { name: auth.name, endpoint }
  keys.set(auth, { base: settings.baseUrl, key })
  return key
}

const isFor = ({ origins }: Renewable, { url }: Plan): boolean => origins === undefined || origins.includes(url.origin)

/** Returns the renewable scheme of the settings, if a plan may have its token. */
export const renewableFor = ({ settings: { auth } }: Merged, plan: Plan): Renewable | undefined =>
  auth._tag === 'Set' && auth.value._tag === 'Renewable' && isFor(auth.value, plan) ? auth.value : undefined

/** Adds a token to a plan. Error: `SigningFailed`. */
export const withToken = (
  auth: Renewable,
  token: Token.Token,
  { merged, entropy }: AuthorizeInputs,
  plan: Plan,
  now: Date,
  nth: string,
): E.Either<SigningFailed, Plan> => {
  const sign: Sign = (shown, context) => auth.apply(token)(shown, context)
  const use = { ...tokenKey(merged, auth), method: auth.method, token }
  return Signing.sign({ name: auth.name, sign, public: [] }, plan, { now, entropy, nth }, use)
}

// --- the choice ----------------------------------------------------------------------------------------------------

type Outcome = E.Either<SigningFailed, Authorized>

const ready = (signed: E.Either<SigningFailed, Plan>): Outcome =>
  E.isLeft(signed) ? signed : E.right({ plan: signed.right, need: undefined })

/** Adds the last credentials to a plan that has none of them. `nth` differs for each plan of an exchange. */
export const authorize = (x: AuthorizeInputs, plan: Plan, now: Date, nth: string): Outcome => {
  const { auth } = x.merged.settings
  if (auth._tag !== 'Set') return E.right({ plan, need: undefined })
  const scheme = auth.value
  switch (scheme._tag) {
    case 'Signer':
      return ready(Signing.sign(scheme, plan, { now, entropy: x.entropy, nth }))
    case 'SignerTask':
      return E.right({ plan, need: { _tag: 'Signature', scheme } })
    case 'Renewable': {
      if (!isFor(scheme, plan)) return E.right({ plan, need: undefined })
      const held = Jar.token(tokenKey(x.merged, scheme))(x.jar)
      if (O.isSome(held) && (x.hasRenewed === true || Token.isFresh(now, scheme.margin)(held.value))) {
        return ready(withToken(scheme, held.value, x, plan, now, nth))
      }
      return E.right({ plan, need: { _tag: 'Token', auth: scheme, reason: O.isNone(held) ? 'Missing' : 'Expired' } })
    }
    default:
      return E.right({ plan, need: undefined })
  }
}

/**
 * Signs a plan for another attempt of the same hop: with a new time, and with the current token of the jar. A plan without a
 * signature stays as it is. Error: `SigningFailed`.
 */
export const signAgain =
  (x: AuthorizeInputs, plan: Plan, now: Date, nth: string): TaskEither<SigningFailed, Plan> =>
  async () => {
    const { auth } = x.merged.settings
    const signature = Signing.signatureOf(plan)
    if (signature === undefined || auth._tag !== 'Set') return E.right(plan)
    const bare = Signing.unsigned(plan)
    const scheme = auth.value
    const inputs = { now, entropy: x.entropy, nth }
    if (scheme._tag === 'Signer') return Signing.sign(scheme, bare, inputs)
    if (scheme._tag === 'SignerTask') return Signing.signLater(scheme, bare, inputs)()
    if (scheme._tag !== 'Renewable' || signature.token === undefined) return E.right(plan)
    const held = Jar.token(signature.token)(x.jar)
    return withToken(scheme, O.isSome(held) ? held.value : signature.token.token, x, bare, now, nth)
  }

/** Returns whether a scheme adds its credentials last. */
export const isLast = ({ settings: { auth } }: Merged): boolean =>
  auth._tag === 'Set' &&
  (auth.value._tag === 'Signer' || auth.value._tag === 'SignerTask' || auth.value._tag === 'Renewable')
