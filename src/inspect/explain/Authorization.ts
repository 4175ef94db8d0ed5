/**
 * Which credentials a plan carries and whose they are, and which were there and stayed unused.
 *
 * It says what `stages/Authorization` decides, in the same order: auth of the settings, an Authorization header,
 * userinfo of the URL, netrc.
 */
import * as O from 'fp-ts/lib/Option.js'
import type { Auth } from '../../session/Auth.js'
import * as Environment from '../../session/Environment.js'
import type { Settings } from '../../session/Settings.js'
import * as Authorized from '../../stages/prepare/Credentials.js'
import * as HeadersOf from '../../values/Headers.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import { type Ground, plannedUrl } from './Ground.js'
import type { Of } from './Part.js'
import { type Dropped, from, type Layer, ofSetting, type Source, type Unasked } from './Source.js'

/** An auth in words, without what is secret in it. */
export const show = (auth: Auth): string => {
  switch (auth._tag) {
    case 'None':
      return 'none'
    case 'Basic':
    case 'Digest':
      return `${auth._tag} for the user ${auth.user}`
    case 'Bearer':
      return 'Bearer'
    case 'Custom':
      return `the scheme '${auth.name}'`
  }
}

const ofAuth = (ground: Ground, how: string): Source | undefined =>
  ofSetting(ground.layers, ({ auth }: Settings) => auth, show, how)

const setAuth = ({ merged }: Ground): Auth | undefined =>
  merged.settings.auth._tag === 'Set' ? merged.settings.auth.value : undefined

const ownHeader = ({ merged }: Ground): boolean => merged.settings.headers.get('authorization')?._tag === 'Set'

const inUrl = ({ userinfo }: Ground): boolean =>
  O.isSome(userinfo) &&
  O.isSome(userinfo.value.pass) &&
  !(userinfo.value.user === '' && Secret.reveal(userinfo.value.pass.value) === '')

/** The layer whose URL holds the credentials: the request's own, or the base URL that it is joined to. */
const urlLayer = ({ given, layers }: Ground): Layer =>
  Url.isAbsolute(given.request.url)
    ? 'request'
    : (ofSetting(layers, ({ baseUrl }) => baseUrl, String)?.layer ?? 'session')

const overridden = (ground: Ground): Source['overrode'] => {
  const setting = ground.merged.settings.headers.get('authorization')
  if (setting?._tag !== 'Set') return []
  const layer = ground.layers.request.headers.get('authorization')?._tag === 'Set' ? 'request' : 'session'
  return [{ layer, value: `Authorization: ${Secret.REDACTED}` }]
}

/** The user whom the URL names, so that only that user's netrc entry fits. */
const userOf = ({ userinfo, before }: Ground): string | undefined =>
  O.isNone(before) && O.isSome(userinfo) && O.isNone(userinfo.value.pass) ? userinfo.value.user : undefined

/** Where the Authorization header came from; none where it is like any other header. */
export const source = (ground: Ground, part: Of<'Header'>): Source | undefined => {
  const { plan, inputs, before } = ground
  const auth = setAuth(ground)
  if (plan.cause === 'Authorize') return from('challenge', `Digest: it answers the challenge of ${plan.url.origin}`)
  if (O.isSome(before)) {
    const same = HeadersOf.find(before.value.plan.headers, 'Authorization')
    if (same !== undefined && Secret.Eq.equals(same, part.value)) return undefined
    if (auth?._tag === 'Digest' && before.value.credentialsAllowed)
      return ofAuth(ground, knownChallenge(plan.url.origin))
    return from('environment', `netrc entry for ${plan.url.hostname}`)
  }
  const setting = ground.merged.settings.headers.get('authorization')
  if (setting?._tag === 'Set' && setting.value.values.some((value) => Secret.Eq.equals(value, part.value))) {
    return undefined
  }
  if (auth !== undefined) {
    const how = auth._tag === 'Digest' ? knownChallenge(plan.url.origin) : show(auth)
    const found = auth._tag === 'None' || auth._tag === 'Custom' ? undefined : ofAuth(ground, how)
    return found === undefined ? undefined : { ...found, overrode: [...found.overrode, ...overridden(ground)] }
  }
  if (ground.merged.settings.auth._tag === 'Unset' || ownHeader(ground)) return undefined
  if (inUrl(ground)) return from(urlLayer(ground), 'user and password stood in the URL')
  const found = Authorized.ambient(ground.merged, inputs, plannedUrl(ground), userOf(ground))
  if (O.isSome(found)) {
    const isIt = Secret.Eq.equals(found.value, part.value)
    return isIt ? from('environment', `netrc entry for ${plannedUrl(ground).hostname}`) : undefined
  }
  return userOf(ground) === undefined ? undefined : from(urlLayer(ground), 'the user stood in the URL')
}

const knownChallenge = (origin: string): string => `Digest: it answers the challenge of ${origin} that the jar knows`

// --- what stayed unused --------------------------------------------------------------------------------------------

const first = (ground: Ground): string | undefined => {
  const { auth } = ground.merged.settings
  const whose = ground.layers.request.auth._tag !== 'Inherit' ? 'the request' : 'the session'
  if (auth._tag === 'Unset' || (auth._tag === 'Set' && auth.value._tag === 'None')) return `${whose} says withoutAuth`
  if (O.isSome(ground.before) && !ground.before.value.credentialsAllowed) return undefined
  if (auth._tag === 'Set') return `${whose} has its own auth (${show(auth.value)})`
  if (!ownHeader(ground)) return inUrl(ground) ? 'the URL has its own user and password' : undefined
  const isOfRequest = ground.layers.request.headers.get('authorization')?._tag === 'Set'
  return `${isOfRequest ? 'the request' : 'the session'} has its own Authorization`
}

/** Whether netrc has an entry for the host, and for the user if the URL names one. */
const netrcOf = (ground: Ground): boolean => {
  const url = plannedUrl(ground)
  const find = Environment.credentialsFor(url.hostname, userOf(ground))
  return Url.isHttp(url) && O.isSome(find(ground.inputs.environment))
}

/** Why netrc gave nothing, though it had something. */
const netrcReason = (ground: Ground): string | undefined => {
  if (!ground.merged.session.ambient.netrc) return 'the session does not trust netrc'
  if (O.isSome(ground.before) && HeadersOf.has('Authorization')(ground.before.value.plan.headers)) {
    const [old, now] = [ground.before.value.plan, ground.plan].map(({ headers }) =>
      HeadersOf.find(headers, 'Authorization'),
    )
    if (old !== undefined && now !== undefined && Secret.Eq.equals(old, now))
      return 'the Authorization of the plan before goes along'
  }
  const { userinfo } = ground
  const isNamed = O.isNone(ground.before) && O.isSome(userinfo) && O.isNone(userinfo.value.pass)
  if (isNamed && !HeadersOf.has('Authorization')(ground.plan.headers)) return 'the URL names another user'
  return first(ground)
}

/** Credentials that were there and are not in the plan. */
export const dropped = (ground: Ground): ReadonlyArray<Dropped> => {
  const found: Dropped[] = []
  const reason = first(ground)
  const isOther = reason !== undefined && !reason.startsWith('the URL')
  if (O.isNone(ground.before) && isOther && (inUrl(ground) || userOf(ground) !== undefined)) {
    const what = userOf(ground) === undefined ? 'user and password of the URL' : 'user of the URL'
    found.push({ what, layer: urlLayer(ground), value: Secret.REDACTED, why: reason })
  }
  const why = netrcReason(ground)
  if (why !== undefined && netrcOf(ground)) {
    const what = `netrc entry for ${plannedUrl(ground).hostname}`
    found.push({ what, layer: 'environment', value: Secret.REDACTED, why: `not used: ${why}` })
  }
  return found
}

/** Why netrc was not looked into, where it has nothing for this host or was not asked. */
export const unasked = (ground: Ground): ReadonlyArray<Unasked> => {
  if (netrcOf(ground)) return []
  const why = netrcReason(ground)
  return why === undefined ? [] : [{ input: 'netrc', why }]
}
