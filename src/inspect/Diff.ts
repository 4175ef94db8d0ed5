/**
 * Compares two plans field by field. Values are shown with every secret hidden.
 *
 * Laws: a plan does not differ from itself; two plans without a difference are equal, except for their provenance.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Diff, Plan, Request, Session } from 'requests-ts'
 *
 * const plan = Plan.plan({ session: Session.empty })
 * const request = Request.get('https://example.com/')
 * const [before, after] = [plan(request), plan(pipe(request, Request.withHeader('X-A', '1')))]
 * if (E.isLeft(before) || E.isLeft(after)) assert.fail()
 * assert.equal(Diff.render()(Plan.diff(before.right)(after.right)), '+ header X-A: 1')
 */
import * as Tagged from '../values/Tagged.js'
import type { Plan } from '../wire/Plan.js'
import { Eq } from './explain/FieldContent.js'
import { label } from './explain/FieldLabel.js'
import { type PlanField, split } from './explain/PlanField.js'
import * as Layout from './Layout.js'
import * as Paint from './Paint.js'

/**
 * The field of a plan that differs.
 *
 * @since 0.2.0
 * @category model
 */
export interface Named {
  /** The kind of the field, such as `header`. */
  readonly field: string
  /** The name within its kind; empty if there is only one. */
  readonly name: string
}

/** One difference between two plans, as text. Never shows a secret. */
export type Difference =
  | (Named & { readonly _tag: 'Added'; readonly after: string })
  | (Named & { readonly _tag: 'Removed'; readonly before: string })
  | (Named & { readonly _tag: 'Changed'; readonly before: string; readonly after: string })
  /** The same lines in another order. */
  | (Named & { readonly _tag: 'Moved' })

/**
 * Folds a difference with one handler for each tag.
 * @since 0.2.0
 * @category destructors
 */
export const match = Tagged.match<Difference>()

/** Groups fields by name; fields with the same name keep their order. */
const keyed = (plan: Plan): ReadonlyMap<string, ReadonlyArray<PlanField>> => {
  const byKey = new Map<string, PlanField[]>()
  for (const part of split(plan)) {
    const { field, name } = label(part)
    const key = `${field} ${field === 'header' ? name.toLowerCase() : name}`
    const held = byKey.get(key)
    if (held === undefined) byKey.set(key, [part])
    else held.push(part)
  }
  return byKey
}

const changed = (before: PlanField, after: PlanField): ReadonlyArray<Difference> => {
  if (Eq.equals(before, after)) return []
  const [old, fresh] = [label(before), label(after)]
  const value = fresh.value === old.value ? `another ${fresh.value}` : fresh.value
  return [{ _tag: 'Changed', field: fresh.field, name: fresh.name, before: old.value, after: value }]
}

const added = (part: PlanField): Difference => {
  const { value: after, ...named } = label(part)
  return { _tag: 'Added', ...named, after }
}

const removed = (part: PlanField): Difference => {
  const { value: before, ...named } = label(part)
  return { _tag: 'Removed', ...named, before }
}

const compared = (before: ReadonlyArray<PlanField>, after: ReadonlyArray<PlanField>): ReadonlyArray<Difference> => {
  const both = Math.min(before.length, after.length)
  return [
    ...before.slice(0, both).flatMap((part, i) => changed(part, after[i] ?? part)),
    ...before.slice(both).map(removed),
    ...after.slice(both).map(added),
  ]
}

/** Returns the names of the fields in order, with the spelling of header names. */
const order = (plan: Plan, field: string): ReadonlyArray<string> =>
  split(plan).flatMap((part) => {
    const { field: kind, name } = label(part)
    if (part._tag === 'Cookie' && field === 'header') {
      return [`${part.name} ${part.line} ${part.separator ?? ''}${name}`]
    }
    return kind === field ? [name] : []
  })

const moved = (before: Plan, after: Plan): ReadonlyArray<Difference> =>
  ['query', 'header'].flatMap((field): ReadonlyArray<Difference> => {
    const [x, y] = [order(before, field), order(after, field)]
    const isSame = x.length === y.length && x.every((name, i) => name === y[i])
    return isSame ? [] : [{ _tag: 'Moved', field, name: 'order or spelling' }]
  })

/** Returns what the second plan changes, adds or removes compared with the first. */
export const diff =
  (before: Plan) =>
  (after: Plan): ReadonlyArray<Difference> => {
    const [old, fresh] = [keyed(before), keyed(after)]
    const differences = [...new Set([...old.keys(), ...fresh.keys()])].flatMap((key) =>
      compared(old.get(key) ?? [], fresh.get(key) ?? []),
    )
    return differences.length > 0 ? differences : moved(before, after)
  }

const lineOf = (difference: Difference): readonly [sign: '+' | '-' | '~', text: string] => {
  const what = `${difference.field} ${difference.name}`.trim()
  switch (difference._tag) {
    case 'Added':
      return ['+', `${what}: ${difference.after}`]
    case 'Removed':
      return ['-', `${what}: ${difference.before}`]
    case 'Changed':
      return ['~', `${what}: ${difference.before} → ${difference.after}`]
    case 'Moved':
      return ['~', what]
  }
}

/** Prints the differences, one per line. */
export const render =
  ({ paint = Paint.plain, columns = Layout.COLUMNS }: Paint.Look = {}) =>
  (differences: ReadonlyArray<Difference>): string => {
    if (differences.length === 0) return 'no difference'
    const colour = { '+': paint.good, '-': paint.bad, '~': paint.warning }
    return differences
      .flatMap((difference) => {
        const [sign, text] = lineOf(difference)
        return Layout.wrap(text, columns - 2).map((line, i) => colour[sign](`${i === 0 ? sign : ' '} ${line}`))
      })
      .join('\n')
  }
