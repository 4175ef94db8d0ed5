/**
 * The settings of an exchange that stand in no plan and yet decide: auth, base URL, redirects, hooks, progress.
 */
import type { RedirectPolicy } from '../../session/RedirectPolicy.js'
import * as Policies from '../../session/RedirectPolicy.js'
import type { Settings } from '../../session/Settings.js'
import * as Override from '../../values/Override.js'
import * as Secret from '../../values/Secret.js'
import { masked } from '../../values/Url.js'
import * as Authorization from './Authorization.js'
import type { Ground } from './Ground.js'
import { from, ofSetting, type Said, type Source } from './Source.js'

/** A setting and where it came from. */
export interface Decided extends Source {
  readonly name: string
  /** Redacted. */
  readonly value: string
}

const KNOWN: ReadonlyMap<RedirectPolicy, string> = new Map([
  [Policies.follow, 'follow'],
  [Policies.none, 'none are followed'],
  [Policies.sameOrigin, 'sameOrigin'],
  [Policies.httpsOnly, 'httpsOnly'],
])

const policyName = (policy: RedirectPolicy): string => KNOWN.get(policy) ?? (policy.name || 'a policy of your own')
const functionName = ({ name }: { readonly name: string }): string => name || 'anonymous'

const single = <A>(
  { layers, merged }: Ground,
  name: string,
  pick: (settings: Settings) => Override.Override<A>,
  show: (value: A) => string,
  otherwise: string,
): Decided => {
  const source = ofSetting(layers, pick, show)
  const setting = pick(merged.settings)
  const value = setting._tag === 'Set' ? show(setting.value) : setting._tag === 'Unset' ? 'none' : otherwise
  return { name, value, ...(source ?? from('defaults')) }
}

/** A collection that layers add to: whoever said the last, and what lies under it. */
const layered = <A>(
  { layers, merged }: Ground,
  name: string,
  pick: (settings: Settings) => Override.Layer<ReadonlyArray<A>>,
  show: (value: A) => string,
  otherwise: string,
): Decided => {
  const [ofRequest, ofSession] = [pick(layers.request), pick(layers.session)]
  const all = Override.layerOrElse<ReadonlyArray<A>>([])(pick(merged.settings))
  const value = all.length === 0 ? otherwise : all.map(show).join(', ')
  if (ofRequest._tag === 'Inherit') {
    return { name, value, ...from(ofSession._tag === 'Inherit' ? 'defaults' : 'session') }
  }
  const replaces = ofRequest._tag === 'Replace' && ofSession._tag !== 'Inherit' && ofSession.value.length > 0
  const under: ReadonlyArray<Said> = replaces ? [{ layer: 'session', value: ofSession.value.map(show).join(', ') }] : []
  const adds = ofRequest._tag === 'Extend' && ofSession._tag !== 'Inherit'
  return { name, value, ...from('request', adds ? "added to the session's" : '', under) }
}

/** Every such setting, once. */
export const decided = (ground: Ground): ReadonlyArray<Decided> => [
  single(ground, 'auth', ({ auth }) => auth, Authorization.show, 'none'),
  single(
    ground,
    'base URL',
    ({ baseUrl }) => baseUrl,
    (url) => masked(Secret.reveal(url)),
    'none',
  ),
  single(ground, 'max redirects', ({ maxRedirects }) => maxRedirects, String, '30'),
  layered(ground, 'redirects', ({ redirects }) => redirects, policyName, 'all are followed'),
  layered(ground, 'hooks', ({ hooks }) => hooks, functionName, 'none'),
  single(ground, 'progress', ({ progress }) => progress, functionName, 'none'),
]
