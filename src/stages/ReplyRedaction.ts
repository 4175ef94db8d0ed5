/**
 * Hides in a reply what its request hides: fields that are sensitive by name, fields that `withSensitiveHeaders` names,
 * fields that are secret in the plan, and fields that repeat a secret value of its query. In the reply to a token request, any
 * field but the common ones may be a token.
 */
import * as O from 'fp-ts/lib/Option.js'
import type { Settings } from '../session/Settings.js'
import * as Headers from '../values/Headers.js'
import * as Query from '../values/Query.js'
import * as Redaction from '../values/Redaction.js'
import * as Secret from '../values/Secret.js'
import type { Plan } from '../wire/Plan.js'
import { type Head, isSecretField } from '../wire/Reply.js'
import type { Merged } from './Merge.js'
import * as Provenance from './prepare/Provenance.js'

const NONE: ReadonlySet<string> = new Set()

const settingsOf = (plan: Plan): Settings | undefined => {
  const provenance = Provenance.of(plan)
  if (O.isNone(provenance)) return undefined
  const { value } = provenance
  return (value._tag === 'First' ? value.given : value.merged).settings
}

/** The lower-case names that the plan makes sensitive, in addition to those that always are. */
const namesIn = (plan: Plan): ReadonlySet<string> => {
  let names: Set<string> | undefined
  const settings = settingsOf(plan)
  if (settings !== undefined) {
    for (const [name, override] of settings.sensitive) {
      if (override._tag === 'Set') names = (names ?? new Set()).add(name.toLowerCase())
    }
  }
  for (const [name, value] of plan.headers.fields) {
    if (!Secret.is(value)) continue
    const key = name.toLowerCase()
    if (!Redaction.SENSITIVE.has(key)) names = (names ?? new Set()).add(key)
  }
  return names ?? NONE
}

/** Returns the secret values in the query of a plan: those of `withSecretQuery`, and those of its signature. */
export const secretsOf = (plan: Plan): ReadonlySet<string> => {
  const settings = settingsOf(plan)
  if (settings === undefined) return NONE
  const own = Query.secretsOf(settings.query)
  const written = Provenance.signedOf(plan)
  return written.size === 0 ? own : new Set([...own, ...written])
}

/** Hides each header value that repeats one of these secrets. Returns the same object if there is none. */
const hideEchoes = (secrets: ReadonlySet<string>, headers: Headers.Headers): Headers.Headers => {
  if (secrets.size === 0) return headers
  const holds = Redaction.containsAny(secrets)
  let isFound = false
  const fields = headers.fields.map((field): Headers.Field => {
    const [name, value] = field
    if (typeof value !== 'string' || !holds(value)) return field
    isFound = true
    return [name, Secret.make(value)]
  })
  return isFound ? { fields } : headers
}

/** Hides every header value that repeats a value of `withSecretQuery`, as a Location often does. */
export const hideSecretQuery = (head: Head, { settings }: Merged): Head => {
  const headers = hideEchoes(Query.secretsOf(settings.query), head.headers)
  return headers === head.headers ? head : { ...head, headers }
}

/** The fields of the reply to a token request that are shown. */
const PUBLIC_BESIDE_TOKEN =
  /^(?:cache-control|content-(?:encoding|length|location|type)|date|location|pragma|(?:proxy|www)-authenticate|retry-after|server|transfer-encoding|x-(?:correlation|request)-id)$/

const hideNamed = (plan: Plan, headers: Headers.Headers): Headers.Headers => {
  const names = namesIn(plan)
  const isOfToken = Provenance.isForToken(plan)
  const isNamed = (key: string): boolean => names.has(key) || (isOfToken && !PUBLIC_BESIDE_TOKEN.test(key))
  const hasNames = isOfToken || names.size > 0
  const isExposed = ([name, value]: Headers.Field): boolean =>
    typeof value === 'string' && (isSecretField(name, value) || (hasNames && isNamed(name.toLowerCase())))
  if (!headers.fields.some(isExposed)) return headers
  return Headers.fromPairs(
    headers.fields.map(
      (field): Headers.Field => (isExposed(field) ? [field[0], Secret.make(Secret.reveal(field[1]))] : field),
    ),
  )
}

/** Hides the sensitive header fields of a reply to this plan. Returns the same object if there are none. */
export const hideFields = (plan: Plan, headers: Headers.Headers): Headers.Headers =>
  hideEchoes(secretsOf(plan), hideNamed(plan, headers))

/** Returns whether a plan makes fields of its reply sensitive that others are not. */
export const hidesMore = (plan: Plan): boolean =>
  Provenance.isForToken(plan) || namesIn(plan).size > 0 || secretsOf(plan).size > 0

/** Hides the sensitive header fields of a head or of a reply. */
export const hide = <A extends { readonly headers: Headers.Headers }>(plan: Plan, head: A): A => {
  const headers = hideFields(plan, head.headers)
  return headers === head.headers ? head : { ...head, headers }
}
