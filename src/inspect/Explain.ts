/**
 * Where everything in a plan came from: for each field its value, its layer, what it took the place of; what was
 * dropped and why; which inputs nobody asked.
 *
 * Laws: each field of the plan has exactly one entry, and the entries rebuild the plan (`rebuild`); values are shown
 * with every secret closed. A plan carries what it was made from, so this costs nothing until it is called.
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
import type { Plan } from '../wire/Plan.js'
import { show } from '../wire/Plan.js'
import * as Address from './explain/Address.js'
import * as Authorization from './explain/Authorization.js'
import * as Content from './explain/Content.js'
import * as Cookies from './explain/Cookies.js'
import type { Explanation } from './explain/Explanation.js'
import { type Entry, type Ground, ground, otherwise } from './explain/Ground.js'
import * as Headers from './explain/Headers.js'
import * as Moved from './explain/Moved.js'
import * as Part from './explain/Part.js'
import * as Route from './explain/Route.js'
import { type Decided, decided } from './explain/Settings.js'
import { byHand, type Dropped, from, type Layer, type Said, type Source, type Unasked } from './explain/Source.js'

export type { Decided, Dropped, Entry, Explanation, Layer, Said, Source, Unasked }

// --- the entries ---------------------------------------------------------------------------------------------------

const ofBody = (g: Ground, { body }: Part.Of<'Body'>): Source => {
  if (O.isSome(g.before)) {
    const kept = g.before.value.entries.find(({ part }) => part._tag === 'Body')
    const isKept = g.before.value.plan.body === body && kept !== undefined
    return isKept ? from(kept.layer, kept.how) : from('redirect', 'the method has none')
  }
  if (!Content.isPlannedBody(g)) return otherwise(g)
  if (body._tag === 'Empty') return from(g.merged.request.body._tag === 'Empty' ? 'defaults' : 'request')
  return from('request', Content.bodyInWords(g))
}

const ofCause = (part: Part.Of<'Cause'>): Source => {
  switch (part.cause) {
    case 'Start':
      return from('prepare')
    case 'Follow':
      return from('redirect')
    case 'Authorize':
      return from('challenge')
  }
}

/** The source of one part. Query pieces and cookies are judged together, for their order tells who gave them. */
const sourceOf = (g: Ground, part: Exclude<Part.Part, Part.Of<'Query' | 'Cookie'>>): Source => {
  if (Route.isRoute(part)) return Route.ofRoute(g, part)
  switch (part._tag) {
    case 'Method':
      return Address.ofMethod(g, part)
    case 'Place':
      return Address.ofPlace(g, part)
    case 'Fragment':
      return Address.ofFragment(g, part)
    case 'Header':
      return Headers.ofHeader(g, part)
    case 'Body':
      return ofBody(g, part)
    case 'Cause':
      return ofCause(part)
  }
}

const entriesOf = (g: Ground): ReadonlyArray<Entry> => {
  const parts = Part.split(g.plan)
  const query = Address.ofQuery(g, Part.all(parts, 'Query'))[Symbol.iterator]()
  const cookies = Cookies.ofCookies(g, Part.all(parts, 'Cookie'))[Symbol.iterator]()
  return parts.map((part): Entry => {
    if (part._tag === 'Query') return { part, ...(query.next().value ?? byHand) }
    if (part._tag === 'Cookie') return { part, ...(cookies.next().value ?? byHand) }
    return { part, ...sourceOf(g, part) }
  })
}

// --- the explanation -----------------------------------------------------------------------------------------------

const unknown = (plan: Plan): Explanation => ({
  plan: show(plan),
  entries: Part.split(plan).map((part) => ({ part, ...byHand })),
  settings: [],
  dropped: [],
  unasked: [{ input: 'everything', why: 'the plan was put together by hand' }],
})

const groundOf = (plan: Plan, inputs: Provenance.Inputs): Ground => {
  if (O.isNone(inputs.after)) return ground(plan, inputs, O.none)
  const { after } = inputs
  return ground(plan, inputs, O.some({ ...after.value, entries: explain(after.value.plan).entries }))
}

/** Explains a plan. Total; one that was put together by hand says so. */
export const explain = (plan: Plan): Explanation => {
  const inputs = Provenance.of(plan)
  if (O.isNone(inputs)) return unknown(plan)
  const g = groundOf(plan, inputs.value)
  return {
    plan: show(plan),
    entries: entriesOf(g),
    settings: decided(g),
    dropped: [
      ...Moved.dropped(g),
      ...(O.isSome(g.before) ? [] : [...Headers.dropped(g), ...Address.dropped(g)]),
      ...Cookies.dropped(g),
      ...Authorization.dropped(g),
      ...Route.dropped(g),
    ],
    unasked: [...Authorization.unasked(g), ...Route.unasked(g)],
  }
}

/** The plan that the entries speak of, but for what it was made from; none where entries are missing. */
export const rebuild = ({ entries }: Pick<Explanation, 'entries'>): O.Option<Plan> =>
  Part.join(entries.map(({ part }) => part))

// --- plain data ----------------------------------------------------------------------------------------------------

/** An entry as plain data: nothing in it but text. */
export interface Row extends Part.Label, Source {}

export interface Data extends Omit<Explanation, 'entries'> {
  readonly entries: ReadonlyArray<Row>
}

/** The explanation as plain, redacted data: for JSON, tables and pages of your own. */
export const toData = ({ entries, ...rest }: Explanation): Data => ({
  ...rest,
  entries: entries.map(({ part, layer, how, overrode }) => ({ ...Part.label(part), layer, how, overrode })),
})

export { render } from './explain/Render.js'
