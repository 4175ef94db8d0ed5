/**
 * The records that a store has read last. A record whose text did not change is not opened and parsed again, and a jar in which
 * nothing changed is the same jar.
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

/** All records of a jar, by their key, and the jar. */
export interface ReadJar {
  readonly byKey: ReadonlyMap<string, ReadRecord>
  readonly jar: Jar.Jar
}

export const nothing: ReadJar = { byKey: new Map(), jar: Jar.empty }

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
  x === y || (x.text === y.text && LogicalTime.Eq.equals(x.time, y.time) && x.isRemoved === y.isRemoved)

/** Returns the records with their content, in any order. */
export const readRecords = async (
  opener: Opener,
  { byKey }: ReadJar,
  records: ReadonlyArray<JarRecord.JarRecord>,
): Attempt<ReadonlyArray<ReadRecord>> => {
  const { cipher } = opener
  const result: ReadRecord[] = []
  const sealed: Attempt<ReadRecord>[] = []
  for (const record of records) {
    const known = byKey.get(record.key)
    if (known !== undefined && isSame(known.record, record)) result.push(known)
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

/** Returns the jar of all records. If records were only added or became newer, joins them with the jar that was read before. */
export const jarOf = (before: ReadJar, records: ReadonlyArray<ReadRecord>): ReadJar => {
  const changed = records.filter((one) => before.byKey.get(one.record.key) !== one)
  const added = changed.filter(({ record }) => !before.byKey.has(record.key))
  const isComplete = records.length - added.length === before.byKey.size
  if (changed.length === 0 && isComplete) return before
  const isGrowth = changed.every(({ record }) => {
    const known = before.byKey.get(record.key)
    return known === undefined || isLater(record, known.record)
  })
  const byKey = new Map(records.map((one) => [one.record.key, one]))
  const toJar = (read: ReadonlyArray<ReadRecord>) => JarRecord.jarOf(read.map(({ parsed }) => parsed))
  return { byKey, jar: isComplete && isGrowth ? Jar.join(before.jar, toJar(changed)) : toJar(records) }
}
