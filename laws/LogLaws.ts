/**
 * The laws of a log of exchanges, as predicates over any implementation.
 *
 * | law              | a mistake that it finds                                                     |
 * |------------------|-----------------------------------------------------------------------------|
 * | `startsEmpty`    | a log that has something of another one                                     |
 * | `keepsEvents`    | a log that loses, changes or reorders events, or mixes exchanges            |
 * | `fences`         | a log that appends at another place than the one it was told                |
 * | `fencesAtOnce`   | a log that reads the length, and then appends                               |
 * | `fencesAgain`    | a log that acknowledges an old append, after which others have followed     |
 * | `drops`          | a log that drops an exchange that is not old, or keeps one that is          |
 * | `removes`        | a log that removes another exchange too, or does not remove all of it       |
 * | `dropsWhole`     | a log that drops the events that it has seen, but not one that was appended since |
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Log, LogError } from '../src/store/Log.js'

/** Makes an empty log. Each call returns another one. */
export type OpenLog = () => Log | Promise<Log>

/** Returns the violations of a law. */
export type Violations = ReadonlyArray<string>

/** Events that are appended to an exchange, as one. */
export interface Appended {
  /** The exchange. */
  readonly id: string
  /** The events, in order. */
  readonly events: ReadonlyArray<string>
}

const run = async <A>(operation: () => Promise<E.Either<LogError, A>>): Promise<A> => {
  const outcome = await operation()
  if (E.isLeft(outcome)) throw new Error(outcome.left.message)
  return outcome.right
}

const expected = async (log: Log, lists: ReadonlyMap<string, ReadonlyArray<string>>): Promise<Violations> => {
  const violations: string[] = []
  for (const [id, events] of lists) {
    const read = await run(log.read(id))
    if (JSON.stringify(read) !== JSON.stringify(events))
      violations.push(`${JSON.stringify(id)}: ${JSON.stringify(read)} was read, not ${JSON.stringify(events)}`)
  }
  return violations
}

/** Appends in order, and returns the lists of events that the log must have. */
const appendAll = async (
  log: Log,
  all: ReadonlyArray<Appended>,
): Promise<ReadonlyMap<string, ReadonlyArray<string>>> => {
  const lists = new Map<string, ReadonlyArray<string>>(all.map(({ id }) => [id, []]))
  for (const { id, events } of all) {
    const held = lists.get(id) ?? []
    await run(log.append(id, held.length, events))
    lists.set(id, [...held, ...events])
  }
  return lists
}

/** A log has nothing of another one. */
export const startsEmpty = async (open: OpenLog, all: ReadonlyArray<Appended>): Promise<Violations> => {
  const lists = await appendAll(await open(), all)
  return expected(await open(), new Map([...lists.keys()].map((id) => [id, []])))
}

/** What was appended is read in the same order, for each exchange alone. */
export const keepsEvents = async (log: Log, all: ReadonlyArray<Appended>): Promise<Violations> => {
  const lists = await appendAll(log, all)
  return expected(log, lists)
}

const isFenced = (outcome: E.Either<LogError, void>): boolean => E.isLeft(outcome) && outcome.left.reason === 'Fenced'

/** An append at a place that is not the end fails with `Fenced`, and stores nothing. */
export const fences = async (log: Log, all: ReadonlyArray<Appended>, distance: number): Promise<Violations> => {
  const lists = await appendAll(log, all)
  const violations: string[] = []
  for (const [id, events] of lists) {
    const seq = Math.max(0, events.length + distance)
    if (seq === events.length) continue
    const outcome = await log.append(id, seq, ['an event of another process', 'and one more'])()
    if (!isFenced(outcome)) violations.push(`an append at ${seq} after ${events.length} events was not fenced`)
  }
  return [...violations, ...(await expected(log, lists))]
}

/** Of appends at one place at the same time, one succeeds, and only its events are stored. */
export const fencesAtOnce = async (
  log: Log,
  before: ReadonlyArray<string>,
  rivals: ReadonlyArray<ReadonlyArray<string>>,
): Promise<Violations> => {
  if (before.length > 0) await run(log.append('one', 0, before))
  const named = rivals.map((events, i) => events.map((event) => `${i} ${event}`))
  const outcomes = await Promise.all(named.map((events) => log.append('one', before.length, events)()))
  const won = outcomes.flatMap((outcome, i) => (E.isRight(outcome) ? [i] : []))
  const others = outcomes.filter((outcome) => E.isLeft(outcome) && !isFenced(outcome))
  const violations = [
    ...(won.length === 1 ? [] : [`${won.length} of ${rivals.length} appends at one place succeeded`]),
    ...(others.length === 0 ? [] : [`${others.length} appends failed with another reason than Fenced`]),
  ]
  const stored = [...before, ...(named[won[0] ?? -1] ?? [])]
  return won.length === 1 ? expected(log, new Map([['one', stored]])) : violations
}

/**
 * An append that a client sends again, because its connection was lost, is fenced if another one has followed it: meanwhile
 * another process continues the exchange.
 */
export const fencesAgain = async (log: Log, first: ReadonlyArray<string>, next: ReadonlyArray<string>) => {
  await run(log.append('one', 0, first))
  await run(log.append('one', first.length, next))
  const outcome = await log.append('one', 0, first)()
  const violations = isFenced(outcome) ? [] : ['an append that was sent again, after another one, was not fenced']
  return [...violations, ...(await expected(log, new Map([['one', [...first, ...next]]])))]
}

/** `drop` removes what was stored before a time, and nothing else. Its id then starts anew. */
export const drops = async (log: Log, all: ReadonlyArray<Appended>): Promise<Violations> => {
  const lists = await appendAll(log, all)
  const none = await run(log.drop(new Date(0)))
  const kept = await expected(log, lists)
  const dropped = await run(log.drop(new Date(Date.now() + 24 * 60 * 60 * 1000)))
  const empty = new Map([...lists.keys()].map((id) => [id, []]))
  return [
    ...(none === 0 ? [] : [`${none} exchanges were dropped that are not old`]),
    ...kept,
    ...(dropped === lists.size ? [] : [`${dropped} exchanges were dropped, not ${lists.size}`]),
    ...(await expected(log, empty)),
    ...(await keepsEvents(log, all)),
  ]
}

/** `remove` removes one exchange, and nothing else. */
export const removes = async (log: Log, all: ReadonlyArray<Appended>, unknown: string): Promise<Violations> => {
  const lists = new Map(await appendAll(log, all))
  const violations: string[] = []
  for (const id of [unknown, ...lists.keys()]) {
    await run(log.remove(id))
    lists.set(id, [])
    violations.push(...(await expected(log, lists)))
  }
  return [...violations, ...(await keepsEvents(log, all))]
}

/** Of an exchange that is dropped while events are appended, all events are kept, or none. */
export const dropsWhole = async (
  log: Log,
  before: ReadonlyArray<string>,
  next: ReadonlyArray<string>,
): Promise<Violations> => {
  await run(log.append('one', 0, before))
  const dropping = log.drop(new Date(Date.now() + 24 * 60 * 60 * 1000))()
  const appended = await log.append('one', before.length, next)()
  const dropped = await run(() => dropping)
  const kept = dropped === 0 && E.isRight(appended) ? [...before, ...next] : []
  const isOther = E.isLeft(appended) && !isFenced(appended)
  const violations = isOther ? ['an append failed with another reason than Fenced'] : []
  return [...violations, ...(await expected(log, new Map([['one', kept]])))]
}
