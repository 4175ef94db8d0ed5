/**
 * Chooses the credentials of a plan: the first of these sources that is set (D2).
 *
 * | order | source                                   | header                                              |
 * |-------|------------------------------------------|-----------------------------------------------------|
 * | 1     | auth of the request, else of the session | of its scheme; `withoutAuth` ends the search, and keeps an Authorization header |
 * | 2     | an Authorization header that the user set | unchanged                                          |
 * | 3     | `user:pass@` in the URL                  | Basic; for `user@`, the password is netrc's, else empty (D48) |
 * | 4     | netrc, if the session allows it          | Basic                                               |
 *
 * Digest signs every request to an origin that may receive the credentials if the jar has a challenge of it. Otherwise it
 * waits for a challenge: a 401 is answered once for each hop with the same request, signed (D24). A body that can be read
 * only once cannot be sent again: `UnrewindableBody`. The jar keeps the challenge.
 *
 * A signer, or a renewable token, adds its fields to each plan as the last step: see `Authorize`.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as DigestCache from '../../cookies/DigestCache.js'
import * as Jar from '../../cookies/Jar.js'
import type { Auth, Digest as DigestAuth, Renewable, Signer, SignerTask } from '../../session/auth/Auth.js'
import * as Environment from '../../session/Environment.js'
import type { Settings } from '../../session/Settings.js'
import * as Digest from '../../values/Digest.js'
import * as Entropy from '../../values/Entropy.js'
import * as Headers from '../../values/Headers.js'
import { basic, credentialsOf } from '../../values/Proxy.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import * as UserInput from '../../values/UserInput.js'
import type * as Plan from '../../wire/Plan.js'
import type { Head } from '../../wire/Reply.js'
import type { Merged } from '../Merge.js'
import { invalidHeader, invalidSettings, type PlanError } from '../PlanError.js'

type Target = Pick<Plan.Plan, 'method' | 'url'>

const AUTHORIZATION = 'Authorization'

/** What choosing credentials reads besides the merged settings. */
export interface CredentialInputs {
  readonly jar: Jar.Jar
  readonly environment: Environment.Environment
  readonly entropy: string
}

/**
 * The credentials of a plan and their source.
 *
 * | source      | meaning                                                                                      |
 * |-------------|----------------------------------------------------------------------------------------------|
 * | `None`      | no source has credentials                                                                    |
 * | `Disabled`  | `withoutAuth`, or auth `None`                                                                |
 * | `Setting`   | auth of the settings; no header for what is added last, and for a digest that has no challenge yet |
 * | `Header`    | the Authorization header that the user set, or that the previous hop had                     |
 * | `Url`       | user and password in the URL                                                                 |
 * | `UrlUser`   | the user in the URL, without a password                                                      |
 * | `Netrc`     | an entry of the netrc file                                                                   |
 */
export interface CredentialDecision {
  readonly source: 'None' | 'Disabled' | 'Setting' | 'Header' | 'Url' | 'UrlUser' | 'Netrc'
  readonly authorization: Secret.Secret | undefined
}

const decision = (source: CredentialDecision['source'], authorization?: Secret.Secret): CredentialDecision => ({
  source,
  authorization,
})
const NONE = decision('None')
const DISABLED = decision('Disabled')
const NOT_YET_SIGNED = decision('Setting')
const HEADER = decision('Header')

// --- checks --------------------------------------------------------------------------------------------------------

/** `Auth.renewable` has made origins of all that are URLs, and empty text of all others. */
const ORIGIN = /^https?:\/\/[^/]+$/

/** As a jar stores it. */
const NAME = /^[^\0-\x1f\x7f]+$/

/** Returns why a scheme that adds its credentials last cannot be used. */
const notUsable = (auth: Signer | SignerTask | Renewable): string | undefined => {
  if (typeof auth.name !== 'string' || !NAME.test(auth.name)) return 'its name must be text without control characters'
  if (auth._tag !== 'Renewable') {
    if (typeof auth.sign !== 'function') return 'its `sign` must be a function'
    return UserInput.isArray(auth.public) ? undefined : 'its `public` must be a list of names'
  }
  if (!(auth.margin >= 0)) return 'its margin must be 0 or more milliseconds'
  if (auth.origins !== undefined && !UserInput.isArray(auth.origins)) return 'its origins must be a list of URLs'
  const wrong = auth.origins?.findIndex((origin) => !ORIGIN.test(origin)) ?? -1
  return wrong < 0 ? undefined : `its origins[${wrong}] must be an http or https URL`
}

/** Returns why auth cannot be used at all: untyped callers may pass values that the types exclude. */
const notText = (auth: Auth): string | undefined => {
  if (auth._tag === 'Signer' || auth._tag === 'SignerTask' || auth._tag === 'Renewable') return notUsable(auth)
  if (auth._tag === 'Bearer') return Secret.textOf(auth.token) === undefined ? 'its token is not text' : undefined
  if (auth._tag !== 'Basic' && auth._tag !== 'Digest') return undefined
  if (typeof auth.user !== 'string') return 'its user is not text'
  return Secret.textOf(auth.pass) === undefined ? 'its password is not text' : undefined
}

/** Returns why a header must not contain it. */
const notSendable = (auth: Auth): string | undefined => {
  if (auth._tag === 'Bearer' && !Headers.isValue(`Bearer ${Secret.reveal(auth.token)}`)) {
    return 'the bearer token contains a line end or another character that HTTP does not allow; trim it'
  }
  const isControlled = auth._tag === 'Digest' && /[\0-\x1f\x7f]/.test(auth.user)
  return isControlled ? 'the digest user contains a control character' : undefined
}

const USABLE: E.Either<PlanError, void> = E.right(undefined)

/** Checks the auth of the settings. Errors: `InvalidSettings`, `InvalidHeader`. */
export const validate = ({ auth }: Settings): E.Either<PlanError, void> => {
  if (auth._tag !== 'Set') return USABLE
  const problem = notText(auth.value)
  if (problem !== undefined) return E.left(invalidSettings('auth', problem))
  const refused = notSendable(auth.value)
  return refused === undefined ? USABLE : E.left(invalidHeader(AUTHORIZATION, refused))
}

// --- the choice ----------------------------------------------------------------------------------------------------

/** Returns the digest authentication of the settings. */
export const digestOf = ({ settings: { auth } }: Merged): DigestAuth | undefined =>
  auth._tag === 'Set' && auth.value._tag === 'Digest' ? auth.value : undefined

/** Finds the challenge that a digest answers in advance: the newest one for this user and the URL's protection space. */
const knownChallenge = (jar: Jar.Jar, auth: DigestAuth, url: Url.Url): O.Option<Jar.Challenge> =>
  Jar.challengeFor({ origin: url.origin, user: auth.user, url })(jar)

/** Returns the challenge of the jar that the Authorization header of a plan answers. `none`: the user set the header. */
const answeredBy = (jar: Jar.Jar, auth: DigestAuth, { url, headers }: Plan.Plan): O.Option<Jar.Challenge> => {
  const sent = Headers.find(headers, AUTHORIZATION)
  const answered = sent === undefined ? O.none : Digest.answered(Secret.reveal(sent))
  if (O.isNone(answered)) return O.none
  return DigestCache.ofRealm({ origin: url.origin, realm: answered.value.realm, user: auth.user })(jar.challenges)
}

/** Returns whether planning a request draws a cnonce, which must be unpredictable. */
export const drawsCnonce = (merged: Merged, jar: Jar.Jar, url: Url.Url): boolean => {
  const auth = digestOf(merged)
  return auth !== undefined && O.isSome(knownChallenge(jar, auth, url))
}

/** Answers a challenge for a request. The nonce count is one above the count in the jar. */
const authorizationFor = (auth: DigestAuth, challenge: Jar.Challenge, entropy: string, { method, url }: Target) => {
  const count = challenge.count + 1
  return Digest.authorization({
    user: auth.user,
    pass: auth.pass,
    challenge,
    method,
    target: Url.target(url),
    count,
    cnonce: Entropy.draw(entropy, `cnonce ${challenge.nonce} ${count}`).slice(0, 16),
  })
}

/** Basic and Bearer have one header for as long as their settings live. */
const constant = new WeakMap<Auth, CredentialDecision>()

const remember = (auth: Auth, authorization: Secret.Secret): CredentialDecision => {
  const made = decision('Setting', authorization)
  constant.set(auth, made)
  return made
}

const ofAuth = (auth: Auth, { jar, entropy }: CredentialInputs, plan: Target): CredentialDecision => {
  switch (auth._tag) {
    case 'None':
      return DISABLED
    case 'Signer':
    case 'SignerTask':
    case 'Renewable':
      return NOT_YET_SIGNED
    case 'Basic':
      return constant.get(auth) ?? remember(auth, basic(auth.user, Secret.reveal(auth.pass)))
    case 'Bearer':
      return constant.get(auth) ?? remember(auth, Secret.make(`Bearer ${Secret.reveal(auth.token)}`))
    case 'Digest': {
      const challenge = knownChallenge(jar, auth, plan.url)
      return O.isNone(challenge)
        ? NOT_YET_SIGNED
        : decision('Setting', authorizationFor(auth, challenge.value, entropy, plan))
    }
  }
}

/** Returns the Basic credentials of the netrc entry for a host, if the session allows netrc. */
const ofNetrc = ({ session }: Merged, { environment }: CredentialInputs, url: Url.Url, user?: string) => {
  if (!session.ambient.netrc || !Url.isHttp(url)) return O.none
  const found = Environment.credentialsFor(url.hostname, user)(environment)
  return O.isNone(found) ? O.none : O.some(basic(Secret.reveal(found.value.user), Secret.reveal(found.value.pass)))
}

/** Chooses the credentials of a first plan. */
export const choose = (
  merged: Merged,
  inputs: CredentialInputs,
  method: string,
  url: Url.Url,
  userinfo: Url.Located['userinfo'],
  headers: Headers.Headers,
): CredentialDecision => {
  const { auth } = merged.settings
  if (auth._tag === 'Set') return ofAuth(auth.value, inputs, { method, url })
  if (auth._tag === 'Unset') return DISABLED
  if (Headers.find(headers, AUTHORIZATION) !== undefined) return HEADER
  const given = credentialsOf(userinfo)
  const hasPassword = O.isSome(userinfo) && O.isSome(userinfo.value.pass)
  if (!hasPassword) {
    const found = ofNetrc(merged, inputs, url, O.isSome(userinfo) ? userinfo.value.user : undefined)
    if (O.isSome(found)) return decision('Netrc', found.value)
  }
  if (O.isNone(given)) return NONE
  const { user, pass } = given.value
  return decision(hasPassword ? 'Url' : 'UrlUser', basic(Secret.reveal(user), Secret.reveal(pass)))
}

/** What the credentials of the next hop depend on. An `Exchange` is one. */
export interface NextHopInputs extends CredentialInputs {
  readonly merged: Merged
  readonly plan: Plan.Plan
}

/**
 * Removes an Authorization header that answered a challenge. One that the user set stays. If credentials are not allowed,
 * `Redirect` has removed every secret header.
 */
export const withoutDigestAnswer = (
  x: NextHopInputs,
  credentialsAllowed: boolean,
  headers: Headers.Headers,
): Headers.Headers => {
  const auth = credentialsAllowed ? digestOf(x.merged) : undefined
  return auth !== undefined && O.isSome(answeredBy(x.jar, auth, x.plan))
    ? Headers.deleteAt(AUTHORIZATION)(headers)
    : headers
}

/** Chooses the credentials after a redirect (requests' `rebuild_auth`): netrc's, if nothing else authenticates. */
export const chooseAfterRedirect = (
  x: NextHopInputs,
  url: Url.Url,
  method: string,
  credentialsAllowed: boolean,
  headers: Headers.Headers,
): CredentialDecision => {
  const { auth } = x.merged.settings
  if (auth._tag === 'Unset' || (auth._tag === 'Set' && auth.value._tag === 'None')) return DISABLED
  if (auth._tag === 'Set' && credentialsAllowed) {
    const { _tag } = auth.value
    return _tag === 'Basic' || _tag === 'Bearer' ? HEADER : ofAuth(auth.value, x, { method, url })
  }
  if (Headers.has(AUTHORIZATION)(headers)) return HEADER
  const found = ofNetrc(x.merged, x, url)
  return O.isNone(found) ? NONE : decision('Netrc', found.value)
}

/** Adds the Authorization header of a decision. */
export const apply = ({ authorization }: CredentialDecision, headers: Headers.Headers): Headers.Headers =>
  authorization === undefined ? headers : Headers.upsertAt(AUTHORIZATION, authorization)(headers)

// --- digest challenges -----------------------------------------------------------------------------------------------

/** Counts the nonce that a plan used: it used one if the jar has a challenge for its URL. */
export const countNonce = (merged: Merged, jar: Jar.Jar, { url }: Plan.Plan): Jar.Jar => {
  const auth = digestOf(merged)
  if (auth === undefined) return jar
  const known = knownChallenge(jar, auth, url)
  return O.isNone(known) ? jar : Jar.counted(known.value)(jar)
}

/** A challenge and the credentials that answer it. */
export interface AnswerableChallenge {
  readonly auth: DigestAuth
  readonly challenge: Digest.Challenge
}

/** What the answer to a hop depends on. An `Exchange` is one. */
interface HopState extends Pick<NextHopInputs, 'plan' | 'merged' | 'jar'> {
  readonly credentialsAllowed: boolean
}

/** Returns the digest challenge of a head, if this exchange can answer it. */
export const digestChallengeIn = (
  head: Head,
  { plan, merged, credentialsAllowed }: HopState,
): O.Option<AnswerableChallenge> => {
  if (head.status !== 401 || !credentialsAllowed || plan.cause === 'Authorize') return O.none
  const auth = digestOf(merged)
  if (auth === undefined) return O.none
  const challenge = Digest.select(Headers.valuesOf(head.headers, 'WWW-Authenticate').map(Secret.reveal))
  return O.isNone(challenge) ? O.none : O.some({ auth, challenge: challenge.value })
}

/** Stores the next nonce of a reply to a signed plan, unless the jar has a newer one (RFC 7616 3.5). */
export const withNextNonce = (head: Head, { plan, merged, jar }: HopState, now: Date): Jar.Jar => {
  const auth = digestOf(merged)
  if (auth === undefined) return jar
  const info = Headers.valuesOf(head.headers, 'Authentication-Info')
  const sent = Headers.find(plan.headers, 'Authorization')
  if (info.length === 0 || sent === undefined) return jar
  const nonce = Digest.nextNonce(info.map(Secret.reveal))
  const used = Digest.answered(Secret.reveal(sent))
  if (O.isNone(nonce) || O.isNone(used)) return jar
  const { realm } = used.value
  const known = DigestCache.ofRealm({ origin: plan.url.origin, realm, user: auth.user })(jar.challenges)
  if (O.isNone(known) || known.value.nonce !== used.value.nonce) return jar
  const { count: _, updated: __, ...challenge } = known.value
  return Jar.remember({ ...challenge, nonce: nonce.value }, now)(jar)
}

/** The header that answers a challenge, and the jar with the challenge and its use. */
export interface Answer {
  readonly authorization: Secret.Secret
  readonly jar: Jar.Jar
}

/** Answers a challenge. `none`: the jar does not keep it. */
export const answerChallenge = (
  { auth, challenge }: AnswerableChallenge,
  target: Target,
  jar: Jar.Jar,
  now: Date,
  entropy: string,
): O.Option<Answer> => {
  const asking = { ...challenge, origin: target.url.origin, user: auth.user }
  const remembered = Jar.remember(asking, now)(jar)
  // The realm decides: another realm of the origin may have a newer nonce.
  const known = DigestCache.ofRealm(asking)(remembered.challenges)
  if (O.isNone(known)) return O.none // only with a jar whose clock was changed by hand
  const authorization = authorizationFor(auth, known.value, entropy, target)
  return O.some({ authorization, jar: Jar.counted(known.value)(remembered) })
}

/** Answers the challenge of a plan that is sent again, with the next nonce count. Undefined: it does not answer one. */
export const answerAgain = ({ plan, merged, jar, entropy }: NextHopInputs): Answer | undefined => {
  const auth = digestOf(merged)
  const known = auth === undefined ? O.none : answeredBy(jar, auth, plan)
  if (auth === undefined || O.isNone(known)) return undefined
  return { authorization: authorizationFor(auth, known.value, entropy, plan), jar: Jar.counted(known.value)(jar) }
}
