/**
 * Explains a plan: for each field its value, the layer that decided it, and what that overrode; which inputs were
 * dropped, and why; which inputs were not read.
 *
 * It reads what the stages recorded (`stages/prepare/Provenance`), and works only when it is called.
 *
 * Laws: each field of the plan has exactly one entry; the entries rebuild the plan (`rebuild`); an entry names the layer
 * that decided the field; values are shown with every secret hidden.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Explain, Plan, Request, Session } from 'requests-ts'
 *
 * const session = pipe(Session.defaults, Session.withHeader('Accept', 'text/plain'))
 * const explained = pipe(
 *   Request.get('https://example.com/'), Request.withHeader('accept', 'text/html'),
 *   Plan.plan({ session }),
 *   E.map(Plan.explain),
 *   E.map(Explain.toData))
 * if (E.isLeft(explained)) assert.fail()
 * const accept = explained.right.entries.find(({ name }) => name === 'accept')
 * assert.equal(accept?.layer, 'request')
 * assert.deepEqual(accept?.overrode, [
 *   { layer: 'session', value: 'text/plain' }, { layer: 'defaults', value: '*' + '/*' }])
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Provenance from '../stages/prepare/Provenance.js'
import { type Plan, show } from '../wire/Plan.js'
import { byHand, type Explanation, type FieldOrigin, type Origin, type Overridden } from './explain/Explanation.js'
import { type Label, label } from './explain/FieldLabel.js'
import { origins } from './explain/FieldOrigins.js'
import { omitted } from './explain/Omitted.js'
import { join, split } from './explain/PlanField.js'
import { type Context, context, decided } from './explain/SettingOrigins.js'

export {
  type Consulted,
  type Decided,
  type Dropped,
  type Explanation,
  type FieldOrigin,
  type Later,
  type Layer,
  type Origin,
  type Overridden,
  render,
  type Unasked,
} from './explain/Explanation.js'
export type { Label } from './explain/FieldLabel.js'
export type { Contents as FieldContents, Of as FieldOf, PlanField, Tag as FieldTag } from './explain/PlanField.js'
/** @deprecated Use `FieldOrigin`. */
export type Entry = FieldOrigin
/** @deprecated Use `Overridden`. */
export type Said = Overridden
/** @deprecated Use `Origin`. */
export type Source = Origin

const contextOf = (plan: Plan): O.Option<Context> => {
  const provenance = Provenance.of(plan)
  if (O.isNone(provenance)) return O.none
  const { value } = provenance
  return O.some(context(plan, value, value._tag === 'First' ? [] : entriesOf(value.previous)))
}

const entriesOf = (plan: Plan): ReadonlyArray<FieldOrigin> => {
  const c = contextOf(plan)
  return O.isSome(c) ? origins(c.value) : split(plan).map((part) => ({ part, ...byHand }))
}

/** Explains a plan. It never fails: a plan that was built by hand is explained as such. */
export const explain = (plan: Plan): Explanation => {
  const c = contextOf(plan)
  if (O.isSome(c))
    return { plan: show(plan), entries: origins(c.value), settings: decided(c.value), ...omitted(c.value) }
  const unasked = [{ input: 'everything', why: 'the plan was built by hand' }]
  return { plan: show(plan), entries: entriesOf(plan), settings: [], dropped: [], later: [], unasked, consulted: [] }
}

/** Returns the plan that the entries describe, without its provenance; `none` if entries are missing. */
export const rebuild = ({ entries }: Pick<Explanation, 'entries'>): O.Option<Plan> =>
  join(entries.map(({ part }) => part))

/** An entry as plain data: it contains only text. */
export interface Row extends Label, Origin {}

/** An explanation as plain data. Its entries are rows of text. */
export interface Data extends Omit<Explanation, 'entries'> {
  /** One row for each field of the plan. */
  readonly entries: ReadonlyArray<Row>
}

/** Returns the explanation as plain, redacted data: for JSON, tables and pages. */
export const toData = ({ entries, ...rest }: Explanation): Data => ({
  ...rest,
  entries: entries.map(({ part, layer, how, overrode }) => ({ ...label(part), layer, how, overrode })),
})
