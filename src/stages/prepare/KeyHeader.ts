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
 * A later run of a durable exchange has the request and the seed of the first one, but the session of its own process. At another
 * origin than the one for which a key is meant, its scope is `Absent`: a header is sent there, but its server may not know keys.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Settings } from '../../session/Settings.js'
import { isSensitive } from '../../session/SettingsRecord.js'
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

/** A header of the session does not replace the key of a request. A request can remove the header that a session would mint. */
const isDecidedByUser = ({ settings, request }: Merged, layer: Provenance.MintedKey['layer'], key: string): boolean => {
  const own = request.settings.headers.get(key)?._tag
  if (layer === 'request') return own === 'Set'
  return own === 'Unset' || settings.headers.get(key)?._tag === 'Set'
}

/**
 * Returns the key that a first plan gets, or `undefined` if it gets none: the method needs none, or the user has set or removed the
 * header. Errors: `InvalidSettings`.
 */
export const minted = (
  merged: Merged,
  method: string,
  entropy: string,
): E.Either<PlanError, Provenance.MintedKey | undefined> => {
  const { settings, request } = merged
  if (settings.idempotencyKey._tag !== 'Set') return NO_KEY
  const setting = settings.idempotencyKey.value
  const problem = IdempotencyKey.problemOf(setting)
  if (problem !== undefined) return E.left(invalidSettings('idempotencyKey', problem))
  if (!IdempotencyKey.appliesTo(setting, method)) return NO_KEY
  const layer = request.settings.idempotencyKey._tag === 'Set' ? 'request' : 'session'
  const key = setting.header.toLowerCase()
  if (isDecidedByUser(merged, layer, key)) return NO_KEY
  if (entropy === '') return E.left(noEntropy('an idempotency key'))
  const value = IdempotencyKey.mint(setting, entropy)
  return E.right({
    name: setting.header,
    value: isSensitive(settings.sensitive, key) ? Secret.make(value) : value,
    layer,
  })
}

/** Writes a key. */
export const withKey = (key: Provenance.MintedKey | undefined, headers: Headers.Headers): Headers.Headers =>
  key === undefined ? headers : Headers.upsertAt(key.name, key.value)(headers)

const sentAs = (headers: Headers.Headers, name: string): string | undefined => Headers.combined(headers, name)

/** Returns the key that was minted for a plan, if the plan still has it. */
export const mintedOf = (plan: Plan): Provenance.MintedKey | undefined => {
  const key = O.toUndefined(Provenance.of(plan))?.minted
  return key !== undefined && sentAs(plan.headers, key.name) === Secret.reveal(key.value) ? key : undefined
}

/** Returns whether a redirect keeps a minted key: it stays at the origin, and the next method needs one. */
export const isKept = ({ idempotencyKey }: Settings, method: string, leavesOrigin: boolean): boolean =>
  !leavesOrigin && idempotencyKey._tag === 'Set' && IdempotencyKey.appliesTo(idempotencyKey.value, method)

const firstOf = (provenance: Provenance.Provenance): Provenance.First | undefined => {
  let one: Provenance.Provenance | undefined = provenance
  while (one?._tag === 'Redirected') one = O.toUndefined(Provenance.of(one.previous))
  return one
}

const setIn = ({ headers }: Settings, name: string): string | undefined => {
  const setting = headers.get(name.toLowerCase())
  const [first, ...others] = setting?._tag === 'Set' ? setting.value.values : []
  return others.length === 0 ? Secret.textOf(first) : undefined
}

/** Whether a redirect has left the origin of the first request. */
const hasLeftOrigin = (provenance: Provenance.Provenance): boolean =>
  provenance._tag === 'Redirected' && !provenance.credentialsAllowed

/** Whether a key that is not of the request is meant for another origin: that of the base URL. */
const isOfOtherOrigin = (provenance: Provenance.Provenance, name: string, sent: string): boolean =>
  firstOf(provenance)?.target.relation === 'OtherOrigin' && setIn(provenance.merged.session.settings, name) === sent

const scopeOfName = (plan: Plan, provenance: Provenance.Provenance, name: string): KeyScope => {
  const sent = sentAs(plan.headers, name)
  if (sent === undefined || sent === '' || hasLeftOrigin(provenance)) return 'Absent'
  const { signature, minted: key, merged } = provenance
  if (signature !== undefined && sentAs(signature.before.headers, name) !== sent) return 'Send'
  if (key !== undefined && Headers.sameName(key.name, name) && Secret.reveal(key.value) === sent) {
    return key.layer === 'request' ? 'Request' : 'Exchange'
  }
  if (setIn(merged.request.settings, name) === sent) return 'Request'
  return isOfOtherOrigin(provenance, name, sent) ? 'Absent' : 'Exchange'
}

/**
 * Returns how long the idempotency key of a plan stays the same. It reads the header of `withIdempotencyKey`, or
 * `Idempotency-Key`. Without this header the scope is `Absent`.
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
