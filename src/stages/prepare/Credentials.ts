/**
 * Which credentials a plan carries: the first of these that is set (D2).
 *
 * | order | source                                   | header                                              |
 * |-------|------------------------------------------|-----------------------------------------------------|
 * | 1     | auth of the request, else of the session | of its scheme; `withoutAuth` ends the search        |
 * | 2     | an Authorization header of the user's    | as it stands                                        |
 * | 3     | `user:pass@` in the URL                  | Basic; netrc may know the password of `user@`, else it is empty (D48) |
 * | 4     | netrc, where the session trusts it       | Basic                                               |
 *
 * Digest signs at once where the jar holds a challenge of the origin, and otherwise waits to be challenged.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as DigestCache from '../../cookies/DigestCache.js'
import * as Jar from '../../cookies/Jar.js'
import type { Auth, Custom, Digest as DigestAuth } from '../../session/Auth.js'
import * as Environment from '../../session/Environment.js'
import type { Settings } from '../../session/Settings.js'
import * as Digest from '../../values/Digest.js'
import * as Entropy from '../../values/Entropy.js'
import * as Headers from '../../values/Headers.js'
import { basic, credentialsOf } from '../../values/Proxy.js'
import * as Secret from '../../values/Secret.js'
import type { Located, Url } from '../../values/Url.js'
import * as UrlOf from '../../values/Url.js'
import * as Fault from '../../wire/Fault.js'
import type { Plan } from '../../wire/Plan.js'
import * as PlanOf from '../../wire/Plan.js'
import type { Merged } from '../Merge.js'
import { invalidHeader, invalidSettings, type PlanError } from '../PlanError.js'

const AUTHORIZATION = 'Authorization'

/** What signing reads. */
export interface Signing {
  readonly jar: Jar.Jar
  readonly environment: Environment.Environment
  readonly entropy: string
}

const withBasic = (user: string, pass: Secret.Secret, headers: Headers.Headers): Headers.Headers =>
  Headers.upsertAt(AUTHORIZATION, basic(user, Secret.reveal(pass)))(headers)

/** The challenge that a digest would answer unasked: the newest one for this user whose protection space holds the URL. */
export const knownChallenge = (jar: Jar.Jar, auth: DigestAuth, url: Url): O.Option<Jar.Challenge> =>
  Jar.challengeFor({ origin: url.origin, user: auth.user, url })(jar)

/** Whether the Authorization header of a plan answers a challenge that the jar holds: else the user wrote it. */
export const isAnswer = (jar: Jar.Jar, auth: DigestAuth, { url, headers }: Pick<Plan, 'url' | 'headers'>): boolean => {
  const sent = Headers.find(headers, AUTHORIZATION)
  const answered = sent === undefined ? O.none : Digest.answered(Secret.reveal(sent))
  if (O.isNone(answered)) return false
  const { realm } = answered.value
  return O.isSome(DigestCache.ofRealm({ origin: url.origin, realm, user: auth.user })(jar.challenges))
}

/** Whether planning a request draws a cnonce, which must be unpredictable. */
export const drawsCnonce = ({ settings: { auth } }: Merged, jar: Jar.Jar, url: Url): boolean =>
  auth._tag === 'Set' && auth.value._tag === 'Digest' && O.isSome(knownChallenge(jar, auth.value, url))

/** Answers a challenge for a request; the count is one above what the jar has seen. */
export const answerChallenge = (
  auth: DigestAuth,
  challenge: Jar.Challenge,
  entropy: string,
  { method, url }: Pick<Plan, 'method' | 'url'>,
): Secret.Secret => {
  const count = challenge.count + 1
  return Digest.authorization({
    user: auth.user,
    pass: auth.pass,
    challenge,
    method,
    target: UrlOf.target(url),
    count,
    cnonce: Entropy.draw(entropy, `cnonce ${challenge.nonce} ${count}`).slice(0, 16),
  })
}

const withScheme = (
  auth: Auth,
  { jar, entropy }: Signing,
  plan: Pick<Plan, 'method' | 'url'>,
  headers: Headers.Headers,
): Headers.Headers => {
  switch (auth._tag) {
    case 'None':
    case 'Custom':
      return headers
    case 'Basic':
      return withBasic(auth.user, auth.pass, headers)
    case 'Bearer':
      return Headers.upsertAt(AUTHORIZATION, Secret.make(`Bearer ${Secret.reveal(auth.token)}`))(headers)
    case 'Digest': {
      const challenge = knownChallenge(jar, auth, plan.url)
      if (O.isNone(challenge)) return headers
      return Headers.upsertAt(AUTHORIZATION, answerChallenge(auth, challenge.value, entropy, plan))(headers)
    }
  }
}

/** The netrc entry for a host, where it may be asked. */
export const ambient = (
  merged: Merged,
  { environment }: Pick<Signing, 'environment'>,
  url: Url,
  user?: string,
): O.Option<Secret.Secret> => {
  if (!merged.session.ambient.netrc || !UrlOf.isHttp(url)) return O.none
  const found = Environment.credentialsFor(url.hostname, user)(environment)
  return O.isNone(found) ? O.none : O.some(basic(Secret.reveal(found.value.user), Secret.reveal(found.value.pass)))
}

/** Adds the credentials of the first source that provides some. */
export const authorize = (
  merged: Merged,
  signing: Signing,
  method: string,
  { url, userinfo }: Located,
  headers: Headers.Headers,
): Headers.Headers => {
  const { auth } = merged.settings
  if (auth._tag === 'Set') return withScheme(auth.value, signing, { method, url }, headers)
  if (auth._tag === 'Unset' || Headers.find(headers, AUTHORIZATION) !== undefined) return headers
  const given = credentialsOf(userinfo)
  const isWhole = O.isSome(userinfo) && O.isSome(userinfo.value.pass)
  if (!isWhole) {
    const user = O.isSome(userinfo) ? userinfo.value.user : undefined
    const found = ambient(merged, signing, url, user)
    if (O.isSome(found)) return Headers.upsertAt(AUTHORIZATION, found.value)(headers)
  }
  return O.isNone(given) ? headers : withBasic(Secret.reveal(given.value.user), given.value.pass, headers)
}

/** What plain JavaScript may give and a type would not let through. */
const notText = (auth: Auth): string | undefined => {
  if (auth._tag === 'Bearer') return Secret.textOf(auth.token) === undefined ? 'its token is not text' : undefined
  if (auth._tag !== 'Basic' && auth._tag !== 'Digest') return undefined
  if (typeof auth.user !== 'string') return 'its user is not text'
  return Secret.textOf(auth.pass) === undefined ? 'its password is not text' : undefined
}

/** What no header can carry. */
const notCarried = (auth: Auth): string | undefined => {
  if (auth._tag === 'Bearer' && !Headers.isValue(`Bearer ${Secret.reveal(auth.token)}`)) {
    return 'the token of bearer auth holds a line end or another character that HTTP cannot carry; trim it'
  }
  return auth._tag === 'Digest' && /[\0-\x1f\x7f]/.test(auth.user)
    ? 'the user of digest auth holds a control character'
    : undefined
}

/** Whether the auth of the settings can be used at all. Errors: `InvalidSettings`, `InvalidHeader`. */
export const checked = ({ auth }: Settings): E.Either<PlanError, void> => {
  if (auth._tag !== 'Set') return USABLE
  const problem = notText(auth.value)
  if (problem !== undefined) return E.left(invalidSettings('auth', problem))
  const refused = notCarried(auth.value)
  return refused === undefined ? USABLE : E.left(invalidHeader(AUTHORIZATION, refused))
}

const USABLE: E.Either<PlanError, void> = E.right(undefined)

/** Lets a scheme of the user's own sign the finished plan. Error: `InvalidSettings`, where it throws or gives no plan. */
export const sign = ({ name, sign }: Custom, plan: Plan): E.Either<PlanError, Plan> => {
  const failed = (problem: string) => E.left(invalidSettings('auth', `the scheme '${name}' failed to sign: ${problem}`))
  try {
    const signed: unknown = sign(plan)
    if (PlanOf.is(signed)) return E.right(signed)
    Fault.ignoreRejection(signed)
    return failed(`it gave ${Fault.kindOf(signed)} in place of a plan; it has to give one at once`)
  } catch (cause) {
    return failed(Fault.messageOf(cause))
  }
}
