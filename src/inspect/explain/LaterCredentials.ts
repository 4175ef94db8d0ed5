/** The credentials of the settings that a plan does not have yet: a signature of a task, and a token that is obtained first. */
import * as O from 'fp-ts/lib/Option.js'
import type { Renewable, SignerTask } from '../../session/auth/Auth.js'
import { renewableFor } from '../../stages/Authorize.js'
import * as Provenance from '../../stages/prepare/Provenance.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import type { Plan } from '../../wire/Plan.js'
import type { Dropped } from './Explanation.js'
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

/** Credentials that are added when the plan is sent. */
export const addedLater = (c: Context): ReadonlyArray<Dropped> => {
  const { auth } = c.merged.settings
  const isAllowed = c._tag === 'First' || c.credentialsAllowed
  if (auth._tag !== 'Set' || c.signature !== undefined || !isAllowed) return []
  const layer = c.layers.request.auth._tag === 'Inherit' ? 'session' : 'request'
  const entry = (what: string, why: string) => [{ what, layer, value: Secret.REDACTED, why } as const]
  if (auth.value._tag === 'SignerTask') {
    return entry(`signature of '${auth.value.name}'`, 'it is made when the plan is sent')
  }
  if (auth.value._tag !== 'Renewable') return []
  const { name, method, endpoint } = auth.value
  return renewableFor(c.merged, c.plan) === undefined
    ? entry(`token of '${name}'`, `it is not for ${c.plan.url.origin}`)
    : entry(`token of '${name}'`, `it is obtained before the plan is sent, by ${method} ${Url.masked(endpoint)}`)
}
