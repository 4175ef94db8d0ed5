/**
 * The idempotency key of a plan: whether one is minted, what a redirect keeps of it, and how long it stays the same. `withRetry`
 * and `Durable` read only `scopeOf` to know whether a key makes a request repeatable.
 *
 * | the header was written by                                        | `scopeOf`  | repeatable in            |
 * |------------------------------------------------------------------|------------|--------------------------|
 * | `withHeader` of the request, or `withIdempotencyKey` of the request | `Request`  | its retries, a later run |
 * | the session, or an edit of the plan                              | `Exchange` | its retries              |
 * | a signer, which may write another one for each attempt           | `Send`     | nothing                  |
 *
 * A later run of a durable exchange has the request and the seed of the first one, but the session of its own process.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Settings } from '../../session/Settings.js'
import * as IdempotencyKey from '../../session/sending/IdempotencyKey.js'
import * as Headers from '../../values/Headers.js'
import * as Secret from '../../values/Secret.js'
import type { Plan } from '../../wire/Plan.js'
import type { Merged } from '../Merge.js'
import { invalidSettings, noEntropy, type PlanError } from '../PlanError.js'
import * as Provenance from './Provenance.js'

/** How long a key stays the same. */
export type KeyScope = 'Absent' | 'Send' | 'Exchange' | 'Request'

const NO_KEY: E.Either<PlanError, undefined> = E.right(undefined)

const isSetIn = ({ headers }: Settings, key: string): boolean => headers.get(key)?._tag === 'Set'

/**
 * Returns the key that a first plan gets, or `undefined` if it gets none: the method needs none, or the user has set the header.
 * A header of the session does not replace the key of a request. Errors: `InvalidSettings`.
 */
export const minted = (
  { settings, request }: Merged,
  method: string,
  entropy: string,
): E.Either<PlanError, Provenance.MintedKey | undefined> => {
  if (settings.idempotencyKey._tag !== 'Set') return NO_KEY
  const setting = settings.idempotencyKey.value
  const problem = IdempotencyKey.problemOf(setting)
  if (problem !== undefined) return E.left(invalidSettings('idempotencyKey', problem))
  if (!IdempotencyKey.appliesTo(setting, method)) return NO_KEY
  const layer = request.settings.idempotencyKey._tag === 'Set' ? 'request' : 'session'
  if (isSetIn(layer === 'request' ? request.settings : settings, setting.header.toLowerCase())) return NO_KEY
  if (entropy === '') return E.left(noEntropy('an idempotency key'))
  return E.right({ name: setting.header, value: IdempotencyKey.mint(setting, entropy), layer })
}

/** Writes a key. */
export const withKey = (key: Provenance.MintedKey | undefined, headers: Headers.Headers): Headers.Headers =>
  key === undefined ? headers : Headers.upsertAt(key.name, key.value)(headers)

const sentAs = (headers: Headers.Headers, name: string): string | undefined => Headers.combined(headers, name)

/** Returns the key that was minted for a plan, if the plan still has it. */
export const mintedOf = (plan: Plan): Provenance.MintedKey | undefined => {
  const key = O.toUndefined(Provenance.of(plan))?.minted
  return key !== undefined && sentAs(plan.headers, key.name) === key.value ? key : undefined
}

/** Returns whether a redirect keeps a minted key: it stays at the origin, and the next method needs one. */
export const isKept = ({ idempotencyKey }: Settings, method: string, leavesOrigin: boolean): boolean =>
  !leavesOrigin && idempotencyKey._tag === 'Set' && IdempotencyKey.appliesTo(idempotencyKey.value, method)

const scopeOfName = (plan: Plan, provenance: Provenance.Provenance, name: string): KeyScope => {
  const sent = sentAs(plan.headers, name)
  if (sent === undefined || sent === '') return 'Absent'
  const { signature, minted: key, merged } = provenance
  if (signature !== undefined && sentAs(signature.before.headers, name) !== sent) return 'Send'
  if (key !== undefined && Headers.sameName(key.name, name) && key.value === sent) {
    return key.layer === 'request' ? 'Request' : 'Exchange'
  }
  const own = merged.request.settings.headers.get(name.toLowerCase())
  const [first, ...others] = own?._tag === 'Set' ? own.value.values : []
  return others.length === 0 && Secret.textOf(first) === sent ? 'Request' : 'Exchange'
}

/**
 * Returns how long the idempotency key of a plan stays the same; `Absent` if it has none. The header is that of
 * `withIdempotencyKey`, or `Idempotency-Key`.
 */
export const scopeOf = (plan: Plan): KeyScope => {
  const provenance = O.toUndefined(Provenance.of(plan))
  if (provenance === undefined) {
    const sent = sentAs(plan.headers, IdempotencyKey.STANDARD_HEADER)
    return sent === undefined || sent === '' ? 'Absent' : 'Exchange'
  }
  const { idempotencyKey } = provenance.merged.settings
  const name = idempotencyKey._tag === 'Set' ? idempotencyKey.value.header : IdempotencyKey.STANDARD_HEADER
  const scope = scopeOfName(plan, provenance, name)
  const isOnly = scope !== 'Absent' || name === IdempotencyKey.STANDARD_HEADER
  return isOnly ? scope : scopeOfName(plan, provenance, IdempotencyKey.STANDARD_HEADER)
}
