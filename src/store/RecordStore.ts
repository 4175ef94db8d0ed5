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
 * `load` removes records that nothing is sent for and that were stored before the horizon, such as deletions, and records beyond the
 * limits of a jar. Both times are those of the database, so a wrong clock of a process removes nothing.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as Jar from '../cookies/Jar.js'
import * as Printable from '../values/Printable.js'
import * as JarRecord from './JarRecord.js'
import type { JarStore } from './JarStore.js'
import { pause } from './Pause.js'
import {
  contextOf,
  isSufficient,
  jarOf,
  nothing,
  type Opener,
  type Reading,
  type ReadJar,
  type ReadRecord,
  readRecords,
} from './ReadRecords.js'
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

/** A record to replace, and what it becomes. */
export interface Replacement {
  readonly old: JarRecord.JarRecord
  readonly by: JarRecord.JarRecord
}

/** What a database does. Its promises may reject. */
export interface RecordDatabase {
  /** Returns the records that were written since the reading with a mark, or all records. */
  readonly read: (mark: string | undefined) => Promise<Reading>
  /** Writes the records that are newer. Returns those of the database that have the same time and another text. */
  readonly write: (records: ReadonlyArray<JarRecord.JarRecord>) => Promise<ReadonlyArray<JarRecord.JarRecord>>
  /** Replaces each record that still has its old text. */
  readonly replace: (replacements: ReadonlyArray<Replacement>) => Promise<void>
  /** Removes each record that still has its text. */
  readonly remove: (records: ReadonlyArray<JarRecord.JarRecord>) => Promise<void>
}

/** Each round ends at least one of the conflicts with another process. The time limit of the store ends them earlier. */
const MAX_ROUNDS = 1000

/** From the second round on, others get the time to end theirs. */
const MAX_PAUSE_MS = 8

// --- records ---------------------------------------------------------------------------------------------------------

const sealed = async (
  opener: Opener,
  records: ReadonlyArray<JarRecord.JarRecord>,
): Attempt<ReadonlyArray<JarRecord.JarRecord>> => {
  const { cipher } = opener
  if (cipher === undefined) return E.right(records)
  const result: JarRecord.JarRecord[] = []
  const seal = ({ key, text }: JarRecord.JarRecord) => cipher.seal(text, contextOf(opener, key))()
  for (const [i, text] of (await Promise.all(records.map(seal))).entries()) {
    const record = records[i]
    if (E.isLeft(text)) return problem('Unwritable', Printable.messageOf(text.left))
    if (record !== undefined) result.push({ ...record, text: text.right })
  }
  return E.right(result)
}

// --- the store -------------------------------------------------------------------------------------------------------

const withContents = (
  records: ReadonlyArray<JarRecord.JarRecord>,
  contents: ReadonlyArray<JarRecord.Parsed>,
): ReadonlyMap<string, ReadRecord> =>
  new Map(
    records.flatMap((record, i) => {
      const parsed = contents[i]
      return parsed === undefined ? [] : [[record.key, { record, parsed }] as const]
    }),
  )

/** Returns the records of `mine` that win over those of the database, with what they replace. */
const winners = (
  held: ReadonlyArray<ReadRecord>,
  mine: Jar.Jar,
): E.Either<Problem, ReadonlyArray<readonly [old: JarRecord.JarRecord, by: JarRecord.JarRecord]>> => {
  // All records of the policy are equal, and a delta always has it.
  const others = held.filter(({ parsed }) => parsed._tag !== 'Nameless')
  const byKey = new Map(others.map(({ record }) => [record.key, record]))
  const records = JarRecord.recordsOf(Jar.delta(JarRecord.jarOf(held.map(({ parsed }) => parsed)))(mine))
  if (E.isLeft(records)) return problem('Unwritable', records.left.message)
  return E.right(
    records.right.flatMap((by) => {
      const old = byKey.get(by.key)
      return old === undefined ? [] : [[old, by] as const]
    }),
  )
}

const sizeOf = ({ cookies, tokens, nameless }: Jar.Jar): number => {
  let size = tokens.size + (nameless ? 1 : 0)
  for (const site of cookies.values()) size += site.length
  return size
}

/** Returns the records beyond the limits of a jar. */
const beyondLimits = ({ byKey, jar }: ReadJar): ReadonlyArray<ReadRecord> => {
  if (byKey.size === sizeOf(jar)) return []
  const held = new Set<unknown>([...Jar.records(jar), ...jar.tokens.values()])
  return [...byKey.values()].filter(({ parsed }) => {
    if (parsed._tag === 'Nameless') return false
    return !held.has(parsed._tag === 'Cookie' ? parsed.cookie : parsed.token)
  })
}

/** Returns the records that a store removes. */
const uselessIn = (read: ReadJar, now: number, horizon: number): ReadonlyArray<JarRecord.JarRecord> => {
  const useless = beyondLimits(read).map(({ record }) => record)
  for (const { record } of read.byKey.values()) if (JarRecord.isOld(record, now, horizon)) useless.push(record)
  return useless
}

/** Makes a store of the jar with a name. `store` says what it is, in messages. */
const make = (store: string, name: string, database: RecordDatabase, settings: Settings): JarStore => {
  const { cipher, horizon, timeout } = settings
  const opener: Opener = { name, cipher }
  let last = nothing
  /** What the last merge has written, by key. */
  let written: ReadonlyMap<string, ReadRecord> = new Map()

  const load = async (): Attempt<Jar.Jar> => {
    const before = last
    let reading = await database.read(before.mark)
    if (!isSufficient(before, reading)) reading = await database.read(undefined)
    const read = await readRecords(opener, before, written, reading.records)
    if (E.isLeft(read)) return read
    last = jarOf(before, reading, read.right)
    const useless = uselessIn(last, reading.now, horizon)
    // Not waited for: the jar is the same without them. If it fails, the next `load` tries it again.
    if (useless.length > 0) database.remove(useless).catch(() => {})
    return E.right(last.jar)
  }

  const merge = async (delta: Jar.Jar): Attempt<void> => {
    const records = JarRecord.recordsOf(delta)
    if (E.isLeft(records)) return problem('Unwritable', records.left.message)
    let rest = records.right
    for (let round = 0; round < MAX_ROUNDS && rest.length > 0; round += 1) {
      if (round > 1) await pause(MAX_PAUSE_MS)
      const ready = await sealed(opener, rest)
      if (E.isLeft(ready)) return ready
      const writing = database.write(ready.right)
      // While the database works.
      if (round === 0) written = withContents(ready.right, JarRecord.contentsOf(delta))
      const same = await writing
      if (same.length === 0) return E.right(undefined)
      const held = await readRecords(opener, last, written, same)
      if (E.isLeft(held)) return held
      const won = winners(held.right, delta)
      if (E.isLeft(won)) return won
      rest = won.right.map(([, by]) => by)
      const replaced = await sealed(opener, rest)
      if (E.isLeft(replaced)) return replaced
      if (rest.length > 0) await database.replace(won.right.flatMap(([old], i) => byOf(old, replaced.right[i])))
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

const byOf = (old: JarRecord.JarRecord, by: JarRecord.JarRecord | undefined): ReadonlyArray<Replacement> =>
  by === undefined ? [] : [{ old, by }]

/** Makes a store of a named jar, unless what it is made of is not valid. The left of `database` says why. */
export const makeNamed = (
  place: string,
  name: string,
  options: StoreOptions,
  database: E.Either<string, IO<RecordDatabase>>,
): JarStore => {
  if (!isName(name))
    return invalid(`a jar in ${place}`, 'its name must be text of at most 255 characters, without control characters')
  const store = `the jar ${Printable.quoted(name)} in ${place}`
  if (E.isLeft(database)) return invalid(store, database.left)
  const settings = settingsOf(options)
  return E.isLeft(settings) ? invalid(store, settings.left) : make(store, name, database.right(), settings.right)
}
