/**
 * Hides in a reply what its request hides: the fields that are sensitive by name, those that `withSensitiveHeaders`
 * names, and those whose value in the plan is a secret.
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Headers from '../values/Headers.js'
import * as Secret from '../values/Secret.js'
import { SENSITIVE } from '../values/Sensitive.js'
import type { Plan } from '../wire/Plan.js'
import { isSecretField } from '../wire/Reply.js'
import * as Inputs from './Inputs.js'

const NONE: ReadonlySet<string> = new Set()

/** Lower-case names that the plan makes sensitive beyond those that always are. */
const namedBy = (plan: Plan): ReadonlySet<string> => {
  let names: Set<string> | undefined
  const inputs = Inputs.of(plan)
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

/** The header fields of a reply to this plan, each sensitive value made secret. The same object where none has to be. */
export const hideIn = (plan: Plan, headers: Headers.Headers): Headers.Headers => {
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
