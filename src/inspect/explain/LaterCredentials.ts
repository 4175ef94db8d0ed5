/** The credentials of the settings that a plan does not have yet: a signature of a task, and a token that is obtained first. */
import * as O from 'fp-ts/lib/Option.js'
import type { Renewable, SignerTask } from '../../session/auth/Auth.js'
import { renewableFor } from '../../stages/Authorize.js'
import * as Provenance from '../../stages/prepare/Provenance.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import type { Plan } from '../../wire/Plan.js'
import type { Dropped, Later } from './Explanation.js'
import type { Context } from './SettingOrigins.js'

/** Returns the scheme that adds its credentials when the plan is sent; `undefined` if none does, or the plan has them. */
export const schemeAddedLater = (plan: Plan): SignerTask | Renewable | undefined => {
  const provenance = O.toUndefined(Provenance.of(plan))
  if (provenance === undefined || provenance.signature !== undefined) return undefined
  if (provenance._tag === 'Redirected' && !provenance.credentialsAllowed) return undefined
  const { auth } = provenance.merged.settings
  if (auth._tag === 'Set' && auth.value._tag === 'SignerTask') return auth.value
  return renewableFor(provenance.merged, plan)
}

/** Returns the credentials that are added when the plan is sent. */
export const addedLater = (c: Context): ReadonlyArray<Later> => {
  const { auth } = c.merged.settings
  if (auth._tag !== 'Set' || schemeAddedLater(c.plan) === undefined) return []
  const layer = layerOf(c)
  if (auth.value._tag === 'SignerTask') {
    return [{ what: `signature of '${auth.value.name}'`, layer, how: 'it is made when the plan is sent' }]
  }
  if (auth.value._tag !== 'Renewable') return []
  const { name, method, endpoint } = auth.value
  return [{ what: `token of '${name}'`, layer, how: `it is obtained before, by ${method} ${Url.masked(endpoint)}` }]
}

/** Returns the token of the settings that is not for this plan. */
export const tokenForOthers = (c: Context): ReadonlyArray<Dropped> => {
  const { auth } = c.merged.settings
  const isAllowed = c._tag === 'First' || c.credentialsAllowed
  if (auth._tag !== 'Set' || auth.value._tag !== 'Renewable' || !isAllowed) return []
  if (renewableFor(c.merged, c.plan) !== undefined) return []
  const why = `it is not for ${c.plan.url.origin}`
  return [{ what: `token of '${auth.value.name}'`, layer: layerOf(c), value: Secret.REDACTED, why }]
}

const layerOf = (c: Context): 'session' | 'request' =>
  c.layers.request.auth._tag === 'Inherit' ? 'session' : 'request'
