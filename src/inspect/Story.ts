/**
 * What happened, hop by hop: what was sent, what came back, what the jar gained or lost, what was decided and why.
 *
 * It reads the trace of `Exchange.simulate` and the outcome of a real exchange (`Http.attempt`) alike: a plan carries
 * the jar that it was made from, so the jar between two hops is known.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Exchange, Request, Session, Story } from 'requests-ts'
 *
 * const story = pipe(
 *   Request.get('http://h.test/a'),
 *   Exchange.simulate({ session: Session.empty })({
 *     'GET /a': { status: 302, headers: { location: '/b', 'set-cookie': 'sid=1' } },
 *     'GET /b': { status: 200, body: 'welcome' } }),
 *   Story.ofTrace,
 *   Story.render())
 * assert.equal(story, [
 *   '1  GET http://h.test/a',
 *   '   302 Found',
 *   '   + cookie sid, for h.test/, until the session ends',
 *   '   → follows the redirect to http://h.test/b',
 *   '',
 *   '2  GET http://h.test/b',
 *   '   200 OK',
 *   '   → done: 7 bytes'].join('\n'))
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Cookie from '../cookies/Cookie.js'
import * as Jar from '../cookies/Jar.js'
import type { SendError } from '../stages/Exchange.js'
import * as Provenance from '../stages/prepare/Provenance.js'
import type { Trace } from '../stages/Simulate.js'
import * as Headers from '../values/Headers.js'
import { type Plan, show } from '../wire/Plan.js'
import type { Head, Hop } from '../wire/Reply.js'
import type { Unread } from '../wire/Response.js'
import { explain } from './Explain.js'
import * as Layout from './Layout.js'
import * as Paint from './Paint.js'

// --- model ---------------------------------------------------------------------------------------------------------

/** What became of a cookie between two hops. */
export interface Change {
  readonly kind: 'gained' | 'changed' | 'lost' | 'refused'
  readonly name: string
  /** Where it is for and how long, or why it was refused. Never its value. */
  readonly detail: string
}

/** A hop as it is told. */
export interface Chapter {
  readonly plan: Plan
  readonly head: O.Option<Head>
  readonly changes: ReadonlyArray<Change>
  /** What was decided, and why: one line each. */
  readonly decision: ReadonlyArray<string>
  readonly isGood: boolean
}

export interface Story {
  readonly chapters: ReadonlyArray<Chapter>
  /** Names of the hooks that see each reply. */
  readonly hooks: ReadonlyArray<string>
  /** Why there is no chapter at all. */
  readonly problem: O.Option<string>
}

/** What answered in the end: a response, or one whose body went elsewhere; its size in octets where it is known. */
export interface Ended extends Unread {
  readonly bytes?: { readonly length: number }
}

type Outcome = E.Either<SendError, Ended>

// --- the jar -------------------------------------------------------------------------------------------------------

const keyOf = ({ name, domain, hostOnly, path }: Cookie.Cookie): string =>
  JSON.stringify([name, domain, hostOnly, path])

/** Where a cookie is for, and until when. */
export const placeOf = ({ domain, hostOnly, path, expires }: Cookie.Cookie): string => {
  const until = O.isSome(expires) ? `until ${new Date(expires.value).toISOString()}` : 'until the session ends'
  return `for ${hostOnly ? '' : '.'}${domain}${path}, ${until}`
}

const live = (jar: Jar.Jar): ReadonlyMap<string, Cookie.Cookie> =>
  new Map(Jar.toArray(jar).map((cookie) => [keyOf(cookie), cookie]))

/** What one jar has and the other had not, and the other way round. */
export const changes = (before: Jar.Jar, after: Jar.Jar): ReadonlyArray<Change> => {
  if (before === after) return []
  const [old, fresh] = [live(before), live(after)]
  const lost = [...old].flatMap(
    ([key, cookie]): ReadonlyArray<Change> =>
      fresh.has(key) ? [] : [{ kind: 'lost', name: cookie.name, detail: placeOf(cookie) }],
  )
  const others = [...fresh].flatMap(([key, cookie]): ReadonlyArray<Change> => {
    const was = old.get(key)
    if (was !== undefined && Cookie.Eq.equals(was, cookie)) return []
    return [{ kind: was === undefined ? 'gained' : 'changed', name: cookie.name, detail: placeOf(cookie) }]
  })
  return [...others, ...lost]
}

/** The Set-Cookie lines that the jar did not take, and why. */
const refusals = (plan: Plan, head: Head, before: Jar.Jar, now: Date): ReadonlyArray<Change> =>
  Jar.receive(
    plan.url,
    Headers.valuesOf(head.headers, 'Set-Cookie'),
    now,
  )(before).rejected.map(({ name, message }) => ({
    kind: 'refused',
    name,
    detail: message,
  }))

// --- decisions -----------------------------------------------------------------------------------------------------

const bytes = (n: number): string => (n === 1 ? '1 byte' : `${n} bytes`)

const following = (plan: Plan, next: Plan): ReadonlyArray<string> => {
  if (next.cause === 'Authorize') return [`answers the challenge of ${next.url.origin}, once`]
  const method = next.method === plan.method ? '' : `, as ${next.method}`
  const behind = explain(next).dropped.filter(
    ({ layer, what }) => layer !== 'environment' && !what.startsWith('cookie'),
  )
  const why = new Map<string, string[]>()
  for (const { what, why: reason } of behind) why.set(reason, [...(why.get(reason) ?? []), what])
  return [
    `follows the redirect to ${next.url.href}${method}`,
    ...[...why].map(([reason, what]) => `without ${what.join(', ')}: ${reason}`),
  ]
}

const ending = (outcome: Outcome): ReadonlyArray<string> => {
  if (E.isLeft(outcome)) return [`${outcome.left._tag}: ${outcome.left.message}`]
  const { next, bytes: content } = outcome.right
  if (O.isSome(next)) return [`stops here, as the policy says; next would be ${show(next.value)}`]
  return [content === undefined ? 'done; the body was not read to its end' : `done: ${bytes(content.length)}`]
}

// --- telling -------------------------------------------------------------------------------------------------------

interface Told extends Hop {
  /** The jar after it. */
  readonly jar: Jar.Jar
}

const inputsOf = (plan: Plan): O.Option<{ readonly jar: Jar.Jar; readonly now: Date }> => Provenance.of(plan)

const isAnswered = (outcome: Outcome): boolean => E.isRight(outcome) && outcome.right.status < 400

const tell = (hops: ReadonlyArray<Told>, hooks: ReadonlyArray<string>, outcome: Outcome): Story => {
  const chapters = hops.map(({ plan, head, jar }, i): Chapter => {
    const inputs = inputsOf(plan)
    const before = hops[i - 1]?.jar ?? (O.isSome(inputs) ? inputs.value.jar : Jar.empty)
    const next = hops[i + 1]
    const refused = O.isSome(inputs) ? refusals(plan, head, before, inputs.value.now) : []
    return {
      plan,
      head: O.some(head),
      changes: [...changes(before, jar), ...refused],
      decision: next === undefined ? last(hops, outcome) : following(plan, next.plan),
      isGood: next !== undefined || isAnswered(outcome),
    }
  })
  const unanswered = unansweredOf(hops, outcome)
  return {
    chapters: O.isSome(unanswered) ? [...chapters, unanswered.value] : chapters,
    hooks,
    problem: E.isLeft(outcome) && !('plan' in outcome.left) ? O.some(ending(outcome)[0] ?? '') : O.none,
  }
}

/** The plan that an error names and no hop answers: it was sent, and nothing came back. */
const unansweredOf = (hops: ReadonlyArray<Told>, outcome: Outcome): O.Option<Chapter> => {
  if (E.isRight(outcome) || !('plan' in outcome.left)) return O.none
  const { plan } = outcome.left
  if (hops.at(-1)?.plan === plan) return O.none
  return O.some({ plan, head: O.none, changes: [], decision: ending(outcome), isGood: false })
}

const last = (hops: ReadonlyArray<Told>, outcome: Outcome): ReadonlyArray<string> => {
  const unanswered = unansweredOf(hops, outcome)
  const plan = hops.at(-1)?.plan
  return O.isSome(unanswered) && plan !== undefined ? following(plan, unanswered.value.plan) : ending(outcome)
}

/** The trace of a simulation. */
export const ofTrace = ({ hops, hooks, outcome }: Trace): Story => tell(hops, hooks, outcome)

/** The outcome of a real exchange: what `Http.attempt` gives, or `E.right(response)`. */
export const ofOutcome = (outcome: Outcome): Story => {
  const hops: ReadonlyArray<Hop> = E.isRight(outcome)
    ? [...outcome.right.history, { plan: outcome.right.plan, head: outcome.right }]
    : 'history' in outcome.left
      ? outcome.left.history
      : []
  const end = E.isRight(outcome) ? outcome.right.jar : 'jar' in outcome.left ? outcome.left.jar : Jar.empty
  const unanswered = E.isLeft(outcome) && 'plan' in outcome.left ? [outcome.left.plan] : []
  const plans = [...hops.map(({ plan }) => plan), ...unanswered]
  const told = hops.map((hop, i): Told => {
    const next = plans[i + 1]
    const inputs = next === undefined ? O.none : inputsOf(next)
    return { ...hop, jar: O.isSome(inputs) && next !== hop.plan ? inputs.value.jar : end }
  })
  return tell(told, [], outcome)
}

// --- for a terminal ------------------------------------------------------------------------------------------------

const SIGN: Readonly<Record<Change['kind'], string>> = { gained: '+', changed: '~', lost: '-', refused: '!' }

/** Lines that hang under their first word. */
const hanging = (sign: string, text: string, columns: number, paint: (text: string) => string): ReadonlyArray<string> =>
  Layout.wrap(text, columns - 5).map((line, i) => `   ${paint(`${i === 0 ? sign : ' '} ${line}`)}`.trimEnd())

const changeLine = ({ kind, name, detail }: Change): string =>
  kind === 'refused' ? detail : `cookie ${name}, ${detail}`

const chapterLines = (chapter: Chapter, number: number, paint: Paint.Paint, columns: number): ReadonlyArray<string> => {
  const { plan, head, decision, isGood } = chapter
  const status = O.isSome(head)
    ? Layout.wrap(`${head.value.status} ${head.value.reason}`.trim(), columns - 3).map(
        (line) => `   ${head.value.status < 400 ? paint.good(line) : paint.bad(line)}`,
      )
    : ['   no whole reply']
  const [first = '', ...others] = Layout.wrap(show(plan), columns - 3)
  return [
    `${paint.strong(String(number).padEnd(2))} ${paint.strong(first)}`,
    ...others.map((line) => `   ${paint.strong(line)}`),
    ...status,
    ...chapter.changes.flatMap((change) =>
      hanging(SIGN[change.kind], changeLine(change), columns, change.kind === 'refused' ? paint.warning : paint.name),
    ),
    ...decision.flatMap((line, i) => hanging(i === 0 ? '→' : ' ', line, columns, isGood ? paint.faint : paint.bad)),
  ]
}

/** The story as text of at most so many columns. */
export const render =
  ({ paint = Paint.plain, columns = Layout.COLUMNS }: Paint.Look = {}) =>
  ({ chapters, hooks, problem }: Story): string => {
    const told = chapters.flatMap((chapter, i) => [
      ...(i === 0 ? [] : ['']),
      ...chapterLines(chapter, i + 1, paint, columns),
    ])
    const named =
      hooks.length === 0 ? [] : ['', ...Layout.wrap(`Hooks that see each reply: ${hooks.join(', ')}`, columns)]
    const why = O.isSome(problem) ? Layout.wrap(problem.value, columns).map(paint.bad) : []
    return [...told, ...why, ...named].join('\n')
  }
