/**
 * Tells an exchange hop by hop: what was sent, what was received, how the jar changed, what was decided and why.
 *
 * It reads the trace of `Exchange.simulate` as well as the outcome of a real exchange (`Http.attempt`). A plan carries
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
import { statusLine } from '../session/auth/oauth2/ServerText.js'
import type { SendError, Trace } from '../stages/Exchange.js'
import * as KeyHeader from '../stages/prepare/KeyHeader.js'
import * as Provenance from '../stages/prepare/Provenance.js'
import * as Secret from '../values/Secret.js'
import { type Plan, show } from '../wire/Plan.js'
import type { Head, Hop, Unread } from '../wire/Reply.js'
import * as Timings from '../wire/Timings.js'
import { explain } from './Explain.js'
import { bytesText } from './explain/FieldLabel.js'
import * as Layout from './Layout.js'
import * as Paint from './Paint.js'

// --- model ---------------------------------------------------------------------------------------------------------

/** A change of the jar, or a cookie that it rejected. */
export interface Change {
  /** Whether the cookie is new, was replaced, was deleted or expired, or was rejected. */
  readonly kind: 'gained' | 'changed' | 'lost' | 'refused'
  /** The name of the cookie. */
  readonly name: string
  /** The scope and lifetime of the cookie, or why it was rejected. Never its value. */
  readonly detail: string
}

/** A hop of the story. */
export interface Chapter {
  /** The plan that was sent. */
  readonly plan: Plan
  /** The head of its reply; `none` if no reply arrived. */
  readonly head: O.Option<Head>
  /** What the reply changed in the jar. */
  readonly changes: ReadonlyArray<Change>
  /** What was decided and why, one line each. */
  readonly decision: ReadonlyArray<string>
  /** Whether the exchange went on, or ended with a status below 400. */
  readonly isGood: boolean
}

/** What happened in an exchange: one chapter for each plan that was sent. */
export interface Story {
  /** One for each hop, in their order. */
  readonly chapters: ReadonlyArray<Chapter>
  /** The names of the hooks that see each reply. */
  readonly hooks: ReadonlyArray<string>
  /** Why there are no chapters. */
  readonly problem: O.Option<string>
}

/** The final response. `bytes` is absent if the body was not read into memory. */
export interface Ended extends Unread {
  /** Its length is that of the decoded body, in octets. */
  readonly bytes?: { readonly length: number }
}

type Outcome = E.Either<SendError, Ended>

// --- the jar -------------------------------------------------------------------------------------------------------

const keyOf = ({ name, domain, hostOnly, path }: Cookie.Cookie): string =>
  JSON.stringify([name, domain, hostOnly, path])

/** Returns the scope of a cookie and when it expires. */
export const scopeAndExpiry = ({ domain, hostOnly, path, expires }: Cookie.Cookie): string => {
  const until = O.isSome(expires) ? `until ${new Date(expires.value).toISOString()}` : 'until the session ends'
  return `for ${hostOnly ? '' : '.'}${domain}${path}, ${until}`
}

/** @deprecated Use `scopeAndExpiry`. */
export const placeOf = scopeAndExpiry

const live = (jar: Jar.Jar): ReadonlyMap<string, Cookie.Cookie> =>
  new Map(Jar.toArray(jar).map((cookie) => [keyOf(cookie), cookie]))

const changesBetween = (before: Jar.Jar, after: Jar.Jar): ReadonlyArray<Change> => {
  if (before === after) return []
  const [old, fresh] = [live(before), live(after)]
  const lost = [...old].flatMap(
    ([key, cookie]): ReadonlyArray<Change> =>
      fresh.has(key) ? [] : [{ kind: 'lost', name: cookie.name, detail: scopeAndExpiry(cookie) }],
  )
  const others = [...fresh].flatMap(([key, cookie]): ReadonlyArray<Change> => {
    const was = old.get(key)
    if (was !== undefined && Cookie.Eq.equals(was, cookie)) return []
    return [{ kind: was === undefined ? 'gained' : 'changed', name: cookie.name, detail: scopeAndExpiry(cookie) }]
  })
  return [...others, ...lost]
}

/**
 * Returns the cookies that the second jar gained, changed or lost compared with the first.
 * @since 0.2.0
 * @category destructors
 */
export function changes(before: Jar.Jar): (after: Jar.Jar) => ReadonlyArray<Change>
/** @deprecated Use `changes(before)(after)`. */
export function changes(before: Jar.Jar, after: Jar.Jar): ReadonlyArray<Change>
export function changes(
  before: Jar.Jar,
  after?: Jar.Jar,
): ReadonlyArray<Change> | ((after: Jar.Jar) => ReadonlyArray<Change>) {
  return after === undefined ? (later) => changesBetween(before, later) : changesBetween(before, after)
}

const refusals = ({ rejected = [] }: Hop): ReadonlyArray<Change> =>
  rejected.map(({ name, message }) => ({ kind: 'refused', name, detail: message }))

// --- decisions -----------------------------------------------------------------------------------------------------

const WHY_TOKEN: Readonly<Record<Provenance.TokenReason, string>> = {
  Missing: 'the jar has none',
  Expired: 'the one in the jar expires',
  Rejected: 'this reply rejects the one that was sent',
}

/** What the next plan has to do with a token; `undefined` if nothing. */
const aboutToken = (plan: Plan, next: Plan): string | undefined => {
  const provenance = O.toUndefined(Provenance.of(next))
  const isOfToken = Provenance.isForToken(plan)
  if (provenance?.obtains !== undefined && !isOfToken) {
    return `obtains the token of '${provenance.obtains.name}' first: ${WHY_TOKEN[provenance.obtains.reason]}`
  }
  const used = provenance?.signature?.token
  if (used === undefined || (!isOfToken && next.cause !== 'Authorize')) return undefined
  const what = isOfToken ? 'stores the token of' : 'the jar has a newer token of'
  return `${what} '${used.name}', and sends ${show(next)} with it`
}

/** The answer to a proxy is in the route of the plan. */
const answersProxy = ({ plan, head }: Hop, next: Plan): boolean =>
  head.status === 407 && plan.url.href === next.url.href && plan.route.proxy !== next.route.proxy

const following = (hop: Hop, next: Plan): ReadonlyArray<string> => {
  const { plan } = hop
  const token = aboutToken(plan, next)
  if (token !== undefined) return [token]
  if (answersProxy(hop, next)) return ['answers the challenge of the proxy, once']
  if (next.cause === 'Authorize') return [`answers the challenge of ${next.url.origin}, once`]
  const method = next.method === plan.method ? '' : `, as ${next.method}`
  const why = new Map<string, string[]>()
  for (const { layer, what, why: reason } of explain(next).dropped) {
    if (layer === 'environment' || what.startsWith('cookie')) continue
    why.set(reason, [...(why.get(reason) ?? []), what])
  }
  return [
    `follows the redirect to ${next.url.href}${method}`,
    ...[...why].map(([reason, what]) => `without ${what.join(', ')}: ${reason}`),
  ]
}

const ending = (outcome: Outcome): ReadonlyArray<string> => {
  if (E.isLeft(outcome)) return [`${outcome.left._tag}: ${outcome.left.message}`]
  const { next, bytes: content } = outcome.right
  if (O.isSome(next))
    return [`stops here because of the redirect policy; the next request would be ${show(next.value)}`]
  return [content === undefined ? 'done; the body was not read completely' : `done: ${bytesText(content.length)}`]
}

// --- the story -----------------------------------------------------------------------------------------------------

interface HopWithJar extends Hop {
  /** The jar after the hop. */
  readonly jar: Jar.Jar
}

/** The jar that a plan was made from. */
const jarOf = (plan: Plan): Jar.Jar | undefined => O.toUndefined(Provenance.of(plan))?.jar

const toStory = (hops: ReadonlyArray<HopWithJar>, hooks: ReadonlyArray<string>, outcome: Outcome): Story => {
  const chapters = hops.map((hop, i): Chapter => {
    const { plan, head, jar } = hop
    const before = hops[i - 1]?.jar ?? jarOf(plan) ?? Jar.empty
    const next = hops[i + 1]
    return {
      plan,
      head: O.some(head),
      changes: [...changesBetween(before, jar), ...refusals(hop)],
      decision: next === undefined ? last(hops, outcome) : following(hop, next.plan),
      isGood: next !== undefined || (E.isRight(outcome) && outcome.right.status < 400),
    }
  })
  const unanswered = unansweredOf(hops, outcome)
  return {
    chapters: O.isSome(unanswered) ? [...chapters, unanswered.value] : chapters,
    hooks,
    problem:
      chapters.length === 0 && O.isNone(unanswered) && E.isLeft(outcome) ? O.some(ending(outcome)[0] ?? '') : O.none,
  }
}

/** A plan without its signature or its token is not sent. */
const wasNotSent = (error: Extract<SendError, { readonly plan: Plan }>): boolean =>
  error._tag === 'SigningFailed' || (error._tag === 'TokenFailed' && !Provenance.isForToken(error.plan))

/** The plan of an error that no hop answered: it was sent, and no whole reply was received. */
const unansweredOf = (hops: ReadonlyArray<HopWithJar>, outcome: Outcome): O.Option<Chapter> => {
  if (E.isRight(outcome) || !('plan' in outcome.left) || wasNotSent(outcome.left)) return O.none
  const { plan } = outcome.left
  if (hops.at(-1)?.plan === plan) return O.none
  return O.some({ plan, head: O.none, changes: [], decision: ending(outcome), isGood: false })
}

const last = (hops: ReadonlyArray<HopWithJar>, outcome: Outcome): ReadonlyArray<string> => {
  const unanswered = unansweredOf(hops, outcome)
  const hop = hops.at(-1)
  return O.isSome(unanswered) && hop !== undefined ? following(hop, unanswered.value.plan) : ending(outcome)
}

/** Tells the trace of a simulation. */
export const ofTrace = ({ hops, hooks, outcome }: Trace): Story => toStory(hops, hooks, outcome)

/** Tells the outcome of a real exchange: the result of `Http.attempt`, or `E.right(response)`. */
export const ofOutcome = (outcome: Outcome): Story => {
  const hops: ReadonlyArray<Hop> = E.isRight(outcome)
    ? [...outcome.right.history, lastHop(outcome.right)]
    : 'history' in outcome.left
      ? outcome.left.history
      : []
  const end = E.isRight(outcome) ? outcome.right.jar : 'jar' in outcome.left ? outcome.left.jar : Jar.empty
  const unanswered = E.isLeft(outcome) && 'plan' in outcome.left ? [outcome.left.plan] : []
  const plans = [...hops.map(({ plan }) => plan), ...unanswered]
  const withJars = hops.map((hop, i): HopWithJar => {
    const next = plans[i + 1]
    return { ...hop, jar: (next === undefined || next === hop.plan ? undefined : jarOf(next)) ?? end }
  })
  return toStory(withJars, [], outcome)
}

const lastHop = (response: Ended): Hop => ({
  plan: response.plan,
  head: response,
  ...(response.rejected === undefined ? {} : { rejected: response.rejected }),
})

// --- for a terminal ------------------------------------------------------------------------------------------------

/** The sign of each kind of change. */
export const SIGN: Readonly<Record<Change['kind'], string>> = { gained: '+', changed: '~', lost: '-', refused: '!' }

/** Indents all lines but the first. */
const hanging = (sign: string, text: string, columns: number, paint: (text: string) => string): ReadonlyArray<string> =>
  Layout.wrap(text, columns - 5).map((line, i) => `   ${paint(`${i === 0 ? sign : ' '} ${line}`)}`.trimEnd())

const changeLine = ({ kind, name, detail }: Change): string =>
  kind === 'refused' ? detail : `cookie ${name}, ${detail}`

/** The phases of the attempt, and whether its connection was new. */
const timingLines = (head: O.Option<Head>, columns: number): ReadonlyArray<string> => {
  const timings = O.isSome(head) ? head.value.timings : undefined
  if (timings === undefined) return []
  const { reused, remoteAddress } = timings
  const to = remoteAddress === undefined ? '' : ` to ${remoteAddress}`
  const how = reused === undefined ? '' : reused ? `, on an open connection${to}` : `, on a new connection${to}`
  return Layout.wrap(`${Timings.show(timings)}${how}`, columns - 3)
}

const chapterLines = (chapter: Chapter, number: number, paint: Paint.Paint, columns: number): ReadonlyArray<string> => {
  const { plan, head, decision, isGood } = chapter
  const status = O.isSome(head)
    ? Layout.wrap(statusLine(plan, head.value), columns - 3).map(
        (line) => `   ${head.value.status < 400 ? paint.good(line) : paint.bad(line)}`,
      )
    : ['   no complete reply']
  const [first = '', ...others] = Layout.wrap(show(plan), columns - 3)
  const minted = KeyHeader.mintedOf(plan)
  const key = minted === undefined ? [] : Layout.wrap(`${minted.name}: ${Secret.show(minted.value)}`, columns - 3)
  return [
    `${paint.strong(String(number).padEnd(2))} ${paint.strong(first)}`,
    ...others.map((line) => `   ${paint.strong(line)}`),
    ...key.map((line) => `   ${paint.faint(line)}`),
    ...status,
    ...timingLines(head, columns).map((line) => `   ${paint.faint(line)}`),
    ...chapter.changes.flatMap((change) =>
      hanging(SIGN[change.kind], changeLine(change), columns, change.kind === 'refused' ? paint.warning : paint.name),
    ),
    ...decision.flatMap((line, i) => hanging(i === 0 ? '→' : ' ', line, columns, isGood ? paint.faint : paint.bad)),
  ]
}

/** Prints a story in at most `columns` columns. */
export const render =
  ({ paint = Paint.plain, columns = Layout.COLUMNS }: Paint.Look = {}) =>
  ({ chapters, hooks, problem }: Story): string => {
    const lines = chapters.flatMap((chapter, i) => [
      ...(i === 0 ? [] : ['']),
      ...chapterLines(chapter, i + 1, paint, columns),
    ])
    const named =
      hooks.length === 0 ? [] : ['', ...Layout.wrap(`Hooks that see each reply: ${hooks.join(', ')}`, columns)]
    const why = O.isSome(problem) ? Layout.wrap(problem.value, columns).map(paint.bad) : []
    return [...lines, ...why, ...named].join('\n')
  }
