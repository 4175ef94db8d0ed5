/**
 * What a store has read of its jar. A database returns only the records that were written since, so a `load` costs as much as
 * what has changed:
 *
 * | a reading                                                            | then                                        |
 * |----------------------------------------------------------------------|---------------------------------------------|
 * | has each record that was written since the mark of the one before    | it is added to what was read before         |
 * | and both together do not have as many records as the jar             | some were removed: all records are read     |
 * | is partial, and all records were last read more than a minute before | all records are read                        |
 *
 * The second row is exact: what the jar has is a part of both together, so it is the same if the numbers are equal. The third one
 * limits how long a change stays unnoticed that a database cannot see, such as an edit by hand in Redis.
 *
 * A record is not opened and parsed if its text did not change, or if this store has written it. A jar in
 * which nothing changed is the same jar.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Jar from '../cookies/Jar.js'
import * as LogicalTime from '../cookies/LogicalTime.js'
import * as Printable from '../values/Printable.js'
import type { Cipher } from './Cipher.js'
import * as JarRecord from './JarRecord.js'
import { type Attempt, type Problem, problem } from './StoreOptions.js'

/** A record and its content. */
export interface ReadRecord {
  readonly record: JarRecord.JarRecord
  readonly parsed: JarRecord.Parsed
}

/** What a database returns of a jar. */
export interface Reading {
  /** All records. If the reading is partial, at least those that were written since the mark, each as it is now. */
  readonly records: ReadonlyArray<JarRecord.JarRecord>
  readonly isPartial: boolean
  /** How many records the jar has. */
  readonly size: number
  /** Names what was read, for the next reading. Undefined: that one must have all records. */
  readonly mark: string | undefined
  /** The time of the database, in epoch milliseconds. */
  readonly now: number
}

/** All records of a jar, by their key, and the jar. */
export interface ReadJar {
  readonly byKey: ReadonlyMap<string, ReadRecord>
  readonly jar: Jar.Jar
  /** The mark of the last reading. */
  readonly mark: string | undefined
  /** When all records were last read, by the clock of the database. */
  readonly completeAt: number
}

export const nothing: ReadJar = { byKey: new Map(), jar: Jar.empty, mark: undefined, completeAt: 0 }

const MAX_AGE_MS = 60_000

/** Returns whether a reading has all that is needed to know the jar, after what was read before. */
export const isSufficient = ({ byKey, completeAt }: ReadJar, { records, isPartial, size, now }: Reading): boolean => {
  if (!isPartial) return true
  const added = records.filter(({ key }) => !byKey.has(key))
  return byKey.size + added.length === size && now >= completeAt && now - completeAt <= MAX_AGE_MS
}

/** Opens the texts of one jar. */
export interface Opener {
  /** The name of the jar. */
  readonly name: string
  readonly cipher: Cipher | undefined
}

/** What a text is sealed for. */
export const contextOf = ({ name }: Opener, key: string): string => `requests-ts/jar\n${name}\n${key}`

/** A key names the cookie or the token. It may be as long as a cookie. */
const shown = (key: string): string => Printable.escapeControls(key.length > 200 ? `${key.slice(0, 200)}…` : key)

const unreadable = (key: string, reason: string): E.Either<Problem, never> => {
  const advice = 'Restore the record, or delete it: then the cookie or token is lost'
  return problem('Unreadable', `the record ${shown(key)} is not valid: ${reason}. ${advice}`)
}

const parse = (record: JarRecord.JarRecord, text: string): E.Either<Problem, ReadRecord> => {
  const parsed = JarRecord.parse({ ...record, text })
  return E.isLeft(parsed) ? unreadable(record.key, parsed.left) : E.right({ record, parsed: parsed.right })
}

const openAndParse = async (opener: Opener, cipher: Cipher, record: JarRecord.JarRecord): Attempt<ReadRecord> => {
  const text = await cipher.open(record.text, contextOf(opener, record.key))()
  return E.isLeft(text) ? unreadable(record.key, Printable.messageOf(text.left)) : parse(record, text.right)
}

const isSame = (x: JarRecord.JarRecord, y: JarRecord.JarRecord): boolean =>
  x === y ||
  (x.text === y.text && LogicalTime.Eq.equals(x.time, y.time) && x.isRemoved === y.isRemoved && x.endsAt === y.endsAt)

/** Returns the records with their content, in any order. What this store has written is not parsed either. */
export const readRecords = async (
  opener: Opener,
  { byKey }: ReadJar,
  written: ReadonlyMap<string, ReadRecord>,
  records: ReadonlyArray<JarRecord.JarRecord>,
): Attempt<ReadonlyArray<ReadRecord>> => {
  const { cipher } = opener
  const result: ReadRecord[] = []
  const sealed: Attempt<ReadRecord>[] = []
  for (const record of records) {
    const known = byKey.get(record.key)
    const own = written.get(record.key)
    if (known !== undefined && isSame(known.record, record)) result.push(known)
    else if (own !== undefined && isSame(own.record, record)) result.push({ record, parsed: own.parsed })
    else if (cipher !== undefined) sealed.push(openAndParse(opener, cipher, record))
    else {
      const parsed = parse(record, record.text)
      if (E.isLeft(parsed)) return parsed
      result.push(parsed.right)
    }
  }
  for (const parsed of sealed.length === 0 ? [] : await Promise.all(sealed)) {
    if (E.isLeft(parsed)) return parsed
    result.push(parsed.right)
  }
  return E.right(result)
}

const isLater = (x: JarRecord.JarRecord, y: JarRecord.JarRecord): boolean => LogicalTime.compare(x.time, y.time) > 0

/** Returns the jar after a reading. If records were only added or became newer, joins them with the jar that was read before. */
export const jarOf = (
  before: ReadJar,
  { isPartial, mark, now }: Reading,
  records: ReadonlyArray<ReadRecord>,
): ReadJar => {
  const completeAt = isPartial ? before.completeAt : now
  const changed = records.filter((one) => before.byKey.get(one.record.key) !== one)
  const added = changed.filter(({ record }) => !before.byKey.has(record.key))
  const keepsAll = isPartial || records.length - added.length === before.byKey.size
  if (changed.length === 0 && keepsAll) return { ...before, mark, completeAt }
  const isGrowth = changed.every(({ record }) => {
    const known = before.byKey.get(record.key)
    return known === undefined || isLater(record, known.record)
  })
  const byKey = new Map(keepsAll ? before.byKey : [])
  for (const one of keepsAll ? changed : records) byKey.set(one.record.key, one)
  const toJar = (read: Iterable<ReadRecord>) => JarRecord.jarOf(Array.from(read, ({ parsed }) => parsed))
  const jar = keepsAll && isGrowth ? Jar.join(before.jar, toJar(changed)) : toJar(byKey.values())
  return { byKey, jar, mark, completeAt }
}
