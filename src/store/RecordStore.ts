/**
 * A jar store on top of a database that keeps records. It is the same for every database: the database only decides which of two
 * records is newer.
 *
 * | step of `merge`                                                   | where                    |
 * |-------------------------------------------------------------------|--------------------------|
 * | write each record whose time is later, or that is missing          | database, at once        |
 * | of two records with one time and other texts, find the winner     | here: `Jar.delta`        |
 * | replace the other, if it has not changed meanwhile                | database, at once        |
 *
 * Two processes that start from one jar often write at the same logical time. Their order is that of `Jar.join`, which depends on
 * the content, and a database cannot read a sealed content.
 *
 * `load` drops records that nothing is sent for and that were written before the horizon, such as deletions.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as Jar from '../cookies/Jar.js'
import * as LogicalTime from '../cookies/LogicalTime.js'
import * as Printable from '../values/Printable.js'
import type { Cipher } from './Cipher.js'
import * as JarRecord from './JarRecord.js'
import type { JarStore } from './JarStore.js'
import {
  type Attempt,
  attempt,
  invalid,
  isName,
  type Problem,
  problem,
  type Settings,
  type StoreOptions,
  settingsOf,
} from './StoreOptions.js'

/** A record to replace, and what it becomes; absent: it is removed. */
export interface Replacement {
  readonly old: JarRecord.JarRecord
  readonly by?: JarRecord.JarRecord
}

/** What a database does. Its promises may reject. */
export interface RecordDatabase {
  /** Returns all records. */
  readonly read: () => Promise<ReadonlyArray<JarRecord.JarRecord>>
  /** Writes the records that are newer. Returns those of the database that have the same time and another text. */
  readonly write: (records: ReadonlyArray<JarRecord.JarRecord>) => Promise<ReadonlyArray<JarRecord.JarRecord>>
  /** Replaces or removes each record that still has its old text. */
  readonly replace: (replacements: ReadonlyArray<Replacement>) => Promise<void>
}

/** Each round ends at least one of the conflicts with another process. */
const MAX_ROUNDS = 32

// --- records ---------------------------------------------------------------------------------------------------------

const contextOf = (jar: string, key: string): string => `requests-ts/jar\n${jar}\n${key}`

const sealed = async (
  jar: string,
  cipher: Cipher | undefined,
  records: ReadonlyArray<JarRecord.JarRecord>,
): Attempt<ReadonlyArray<JarRecord.JarRecord>> => {
  if (cipher === undefined) return E.right(records)
  const texts = await Promise.all(records.map(({ key, text }) => cipher.seal(text, contextOf(jar, key))()))
  const result: JarRecord.JarRecord[] = []
  for (const [i, record] of records.entries()) {
    const text = texts[i] ?? E.left(NOT_SEALED)
    if (E.isLeft(text)) return problem('Unwritable', Printable.messageOf(text.left))
    result.push({ ...record, text: text.right })
  }
  return E.right(result)
}

const NOT_SEALED = { message: 'the cipher did not return a text' }

/** A record that was read before. */
interface Known {
  readonly record: JarRecord.JarRecord
  readonly parsed: JarRecord.Parsed
}

/** A key names the cookie or the token. It may be as long as a cookie. */
const shown = (key: string): string => Printable.escapeControls(key.length > 200 ? `${key.slice(0, 200)}…` : key)

const unreadable = (key: string, reason: string): E.Either<Problem, never> => {
  const advice = 'Restore the record, or delete it: then the cookie or token is lost'
  return problem('Unreadable', `the record ${shown(key)} is not valid: ${reason}. ${advice}`)
}

const parseSealed = async (
  jar: string,
  cipher: Cipher | undefined,
  record: JarRecord.JarRecord,
): Attempt<JarRecord.Parsed> => {
  const text =
    cipher === undefined ? E.right(record.text) : await cipher.open(record.text, contextOf(jar, record.key))()
  if (E.isLeft(text)) return unreadable(record.key, Printable.messageOf(text.left))
  const parsed = JarRecord.parse({ ...record, text: text.right })
  return E.isLeft(parsed) ? unreadable(record.key, parsed.left) : parsed
}

/** Parses records, or finds them among those that were read before and have not changed. */
const readAll = async (
  jar: string,
  cipher: Cipher | undefined,
  records: ReadonlyArray<JarRecord.JarRecord>,
  known: ReadonlyMap<string, Known>,
): Attempt<ReadonlyArray<Known>> => {
  const read = await Promise.all(
    records.map(async (record): Attempt<Known> => {
      const before = known.get(record.key)
      if (before?.record.text === record.text && isSameRank(before.record, record)) return E.right(before)
      const parsed = await parseSealed(jar, cipher, record)
      return E.isLeft(parsed) ? parsed : E.right({ record, parsed: parsed.right })
    }),
  )
  const result: Known[] = []
  for (const one of read) {
    if (E.isLeft(one)) return one
    result.push(one.right)
  }
  return E.right(result)
}

const isSameRank = (x: JarRecord.JarRecord, y: JarRecord.JarRecord): boolean =>
  LogicalTime.Eq.equals(x.time, y.time) && x.isRemoved === y.isRemoved

// --- the store -------------------------------------------------------------------------------------------------------

/** Returns the records of `mine` that win over those of the database, with what they replace. */
const winners = (
  held: ReadonlyArray<Known>,
  mine: Jar.Jar,
): E.Either<Problem, ReadonlyArray<readonly [old: JarRecord.JarRecord, by: JarRecord.JarRecord]>> => {
  const byKey = new Map(held.map(({ record }) => [record.key, record]))
  const records = JarRecord.recordsOf(Jar.delta(JarRecord.jarOf(held.map(({ parsed }) => parsed)))(mine))
  if (E.isLeft(records)) return problem('Unwritable', records.left.message)
  return E.right(
    records.right.flatMap((by) => {
      const old = byKey.get(by.key)
      return old === undefined ? [] : [[old, by] as const]
    }),
  )
}

/** What a store has read last, so that records that did not change are not parsed again. */
interface Memo {
  readonly known: ReadonlyMap<string, Known>
  readonly jar: Jar.Jar
}

/** Makes a store of the jar with a name. `store` says what it is, in messages. */
const make = (store: string, name: string, database: RecordDatabase, settings: Settings): JarStore => {
  const { cipher, horizon, timeout, now } = settings
  let memo: Memo = { known: new Map(), jar: Jar.empty }

  const load = async (): Attempt<Jar.Jar> => {
    const { known, jar } = memo
    const read = await readAll(name, cipher, await database.read(), known)
    if (E.isLeft(read)) return read
    const time = now()
    const [old, kept] = partition(read.right, ({ parsed }) => JarRecord.isOld(parsed, time, horizon))
    // If this fails, the next `load` tries it again.
    if (old.length > 0) await database.replace(old.map(({ record }) => ({ old: record }))).catch(() => {})
    if (kept.length === known.size && kept.every((one) => known.get(one.record.key) === one)) return E.right(jar)
    memo = {
      known: new Map(kept.map((one) => [one.record.key, one])),
      jar: JarRecord.jarOf(kept.map(({ parsed }) => parsed)),
    }
    return E.right(memo.jar)
  }

  const merge = async (delta: Jar.Jar): Attempt<void> => {
    const mine = JarRecord.withoutOld(delta, now(), horizon)
    const records = JarRecord.recordsOf(mine)
    if (E.isLeft(records)) return problem('Unwritable', records.left.message)
    let rest = records.right
    for (let round = 0; round < MAX_ROUNDS && rest.length > 0; round += 1) {
      const written = await sealed(name, cipher, rest)
      if (E.isLeft(written)) return written
      const held = await readAll(name, cipher, await database.write(written.right), memo.known)
      if (E.isLeft(held)) return held
      const won = winners(held.right, mine)
      if (E.isLeft(won)) return won
      rest = won.right.map(([, by]) => by)
      const replaced = await sealed(name, cipher, rest)
      if (E.isLeft(replaced)) return replaced
      await database.replace(won.right.flatMap(([old], i) => byOf(old, replaced.right[i])))
    }
    return rest.length === 0
      ? E.right(undefined)
      : problem('Unavailable', 'other processes write all the time; try again')
  }

  return {
    load: attempt(store, 'load', timeout)(load),
    merge: (delta) => attempt(store, 'merge', timeout)(() => merge(delta)),
  }
}

/** Makes a store of a named jar, unless what it is made of is not valid. */
export const makeNamed = (
  place: string,
  name: string,
  options: StoreOptions,
  problem: string | undefined,
  database: IO<RecordDatabase>,
): JarStore => {
  const store = `the jar ${Printable.quoted(String(name))} in ${place}`
  if (!isName(name)) return invalid(store, 'its name must be text without control characters')
  if (problem !== undefined) return invalid(store, problem)
  const settings = settingsOf(options)
  return E.isLeft(settings) ? invalid(store, settings.left) : make(store, name, database(), settings.right)
}

const byOf = (old: JarRecord.JarRecord, by: JarRecord.JarRecord | undefined): ReadonlyArray<Replacement> =>
  by === undefined ? [] : [{ old, by }]

const partition = <A>(items: ReadonlyArray<A>, isFirst: (item: A) => boolean): readonly [A[], A[]] => {
  const [first, second]: [A[], A[]] = [[], []]
  for (const item of items) (isFirst(item) ? first : second).push(item)
  return [first, second]
}
