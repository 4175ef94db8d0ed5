/**
 * The settings that decide about an exchange without being a field of its plan: auth, base URL, redirects, hooks,
 * progress.
 */
import type { RedirectPolicy } from '../../session/RedirectPolicy.js'
import * as Policies from '../../session/RedirectPolicy.js'
import type { Settings } from '../../session/Settings.js'
import * as Override from '../../values/Override.js'
import * as Secret from '../../values/Secret.js'
import { masked } from '../../values/Url.js'
import { type Context, showAuth } from './Context.js'
import { from, type Origin, type Overridden, ofSetting } from './Origin.js'

/** A setting and where it came from. */
export interface Decided extends Origin {
  readonly name: string
  /** Redacted. */
  readonly value: string
}

const KNOWN: ReadonlyMap<RedirectPolicy, string> = new Map([
  [Policies.follow, 'follow'],
  [Policies.none, 'not followed'],
  [Policies.sameOrigin, 'sameOrigin'],
  [Policies.httpsOnly, 'httpsOnly'],
])

const policyName = (policy: RedirectPolicy): string => KNOWN.get(policy) ?? (policy.name || 'a custom policy')
const functionName = ({ name }: { readonly name: string }): string => name || 'anonymous'

const single = <A>(
  { layers, provenance: { merged } }: Context,
  name: string,
  pick: (settings: Settings) => Override.Override<A>,
  show: (value: A) => string,
  otherwise: string,
): Decided => {
  const origin = ofSetting(layers, pick, show)
  const setting = pick(merged.settings)
  const value = setting._tag === 'Set' ? show(setting.value) : setting._tag === 'Unset' ? 'none' : otherwise
  return { name, value, ...(origin ?? from('defaults')) }
}

/** A collection that layers add to: the last layer that sets it, and what that overrides. */
const layered = <A>(
  { layers, provenance: { merged } }: Context,
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
  const under: ReadonlyArray<Overridden> = replaces
    ? [{ layer: 'session', value: ofSession.value.map(show).join(', ') }]
    : []
  const adds = ofRequest._tag === 'Extend' && ofSession._tag !== 'Inherit'
  return { name, value, ...from('request', adds ? "added to the session's" : '', under) }
}

/** Returns every such setting, once. */
export const decided = (c: Context): ReadonlyArray<Decided> => [
  single(c, 'auth', ({ auth }) => auth, showAuth, 'none'),
  single(
    c,
    'base URL',
    ({ baseUrl }) => baseUrl,
    (url) => masked(Secret.reveal(url)),
    'none',
  ),
  single(c, 'max redirects', ({ maxRedirects }) => maxRedirects, String, '30'),
  layered(c, 'redirects', ({ redirects }) => redirects, policyName, 'followed'),
  layered(c, 'hooks', ({ hooks }) => hooks, functionName, 'none'),
  single(c, 'progress', ({ progress }) => progress, functionName, 'none'),
]
