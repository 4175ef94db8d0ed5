/**
 * Hides in a reply what its request hides: the fields that are sensitive by name, those that `withSensitiveHeaders`
 * names, those whose value in the plan is a secret, and those that repeat a value of `withSecretQuery`.
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Echo from '../values/Echo.js'
import * as Headers from '../values/Headers.js'
import * as Query from '../values/Query.js'
import * as Secret from '../values/Secret.js'
import { SENSITIVE } from '../values/SensitiveHeaders.js'
import type { Plan } from '../wire/Plan.js'
import { isSecretField } from '../wire/Reply.js'
import * as Provenance from './prepare/Provenance.js'

const NONE: ReadonlySet<string> = new Set()

/** Lower-case names that the plan makes sensitive beyond those that always are. */
const namedBy = (plan: Plan): ReadonlySet<string> => {
  let names: Set<string> | undefined
  const inputs = Provenance.of(plan)
  if (O.isSome(inputs)) {
    for (const [name, override] of inputs.value.merged.settings.sensitive) {
      if (override._tag === 'Set') names = (names ?? new Set()).add(name.toLowerCase())
    }
  }
  for (const [name, value] of plan.headers.fields) {
    if (!Secret.is(value)) continue
    const key = name.toLowerCase()
    if (!SENSITIVE.has(key)) names = (names ?? new Set()).add(key)
  }
  return names ?? NONE
}

/** The values that `withSecretQuery` gave for a plan. */
export const secretsOf = (plan: Plan): ReadonlySet<string> => {
  const inputs = Provenance.of(plan)
  return O.isNone(inputs) ? NONE : Query.secretsOf(inputs.value.merged.settings.query)
}

/** The header fields with each value made secret that repeats one of those. The same object where none does. */
export const hideEchoes = (secrets: ReadonlySet<string>, headers: Headers.Headers): Headers.Headers => {
  if (secrets.size === 0) return headers
  const holds = Echo.containsAny(secrets)
  let isFound = false
  const fields = headers.fields.map((field): Headers.Field => {
    const [name, value] = field
    if (typeof value !== 'string' || !holds(value)) return field
    isFound = true
    return [name, Secret.make(value)]
  })
  return isFound ? { fields } : headers
}

/** The header fields of a reply to this plan, each sensitive value made secret. The same object where none has to be. */
export const hideIn = (plan: Plan, headers: Headers.Headers): Headers.Headers =>
  hideEchoes(secretsOf(plan), hideNamed(plan, headers))

const hideNamed = (plan: Plan, headers: Headers.Headers): Headers.Headers => {
  const names = namedBy(plan)
  const isExposed = ([name, value]: Headers.Field): boolean =>
    typeof value === 'string' && (isSecretField(name, value) || (names.size > 0 && names.has(name.toLowerCase())))
  if (!headers.fields.some(isExposed)) return headers
  return Headers.fromPairs(
    headers.fields.map(
      (field): Headers.Field => (isExposed(field) ? [field[0], Secret.make(Secret.reveal(field[1]))] : field),
    ),
  )
}

/** A head or a reply whose header fields are hidden as its plan says. */
export const hide = <A extends { readonly headers: Headers.Headers }>(plan: Plan, head: A): A => {
  const headers = hideIn(plan, head.headers)
  return headers === head.headers ? head : { ...head, headers }
}
