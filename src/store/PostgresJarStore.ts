/**
 * A jar store in PostgreSQL (9.5): a table with a row for each record, for any number of jars.
 *
 * | column               | type               |                                                          |
 * |----------------------|--------------------|----------------------------------------------------------|
 * | `name`, `key`        | `text`             | the jar, and the record in it: the primary key           |
 * | `ms`, `n`, `removed` | numbers, `boolean` | when the record was written, and whether it is a deletion |
 * | `ends_at`            | number             | from when on nothing is sent because of it; null: never  |
 * | `stored_at`          | number             | when it was stored, by the clock of the server           |
 * | `record`             | `text`             | the record as JSON, or sealed                            |
 *
 * One `INSERT … ON CONFLICT … WHERE` compares and writes, so no transaction is needed and a pool can be used. The table is created
 * by the first operation that does not find it.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as UserInput from '../values/UserInput.js'
import type { JarRecord } from './JarRecord.js'
import type { JarStore } from './JarStore.js'
import { clientProblem, type PostgresClient, querier, type Row } from './PostgresQueries.js'
import { statements } from './PostgresStatements.js'
import type { Reading } from './ReadRecords.js'
import { makeNamed, type RecordDatabase } from './RecordStore.js'
import type { StoreOptions } from './StoreOptions.js'

/**
 * Options of a store in PostgreSQL.
 *
 * @since 0.2.0
 * @category model
 */
export interface PostgresOptions extends StoreOptions {
  /** The table, with a schema if it is not the first one of the search path: `requests_ts_jar` by default. */
  readonly table?: string
}

const DEFAULT_TABLE = 'requests_ts_jar'

/** Records for each statement, which has at most 65,535 parameters. */
const BATCH = 500

const numberOf = (value: unknown): number | undefined =>
  value === null || value === undefined ? undefined : Number(value)

const recordOf = (row: unknown): JarRecord => {
  const [key, ms, n, removed, endsAt, record, storedAt]: ReadonlyArray<unknown> = Array.isArray(row) ? row : []
  const stored = numberOf(storedAt)
  return {
    key: String(key),
    time: { ms: Number(ms), n: Number(n) },
    isRemoved: removed === true,
    endsAt: numberOf(endsAt),
    text: String(record),
    ...(stored === undefined ? {} : { storedAt: stored }),
  }
}

/** Returns the JSON that a statement returns in its only row. */
const jsonIn = async (rows: Promise<ReadonlyArray<Row>>): Promise<ReadonlyArray<unknown>> => {
  const text = (await rows)[0]?.['reading']
  if (typeof text !== 'string') return Promise.reject(new Error('the client did not return the row of a statement'))
  const json: unknown = JSON.parse(text)
  return Array.isArray(json) ? json : []
}

/** The mark of a reading is the transaction, as 32 bits, and where it has this number. */
const markOf = (xid: unknown, ...place: ReadonlyArray<unknown>): string => `${Number(xid) % 2 ** 32} ${place.join(' ')}`
const xidOf = (mark: string): string => mark.slice(0, mark.indexOf(' '))
const placeOf = (mark: string): string => mark.slice(mark.indexOf(' '))

const compareKeys = (x: JarRecord, y: JarRecord): number => (x.key < y.key ? -1 : 1)

const columnsOf = (records: ReadonlyArray<JarRecord>): unknown[] => [
  records.map(({ key }) => key),
  records.map(({ time }) => time.ms),
  records.map(({ time }) => time.n),
  records.map(({ isRemoved }) => isRemoved),
  records.map(({ endsAt }) => endsAt ?? null),
  records.map(({ text }) => text),
]

const databaseOf = (client: PostgresClient, name: string, table: string): RecordDatabase => {
  const { create, read, write, readKeys, replace, remove } = statements(table)

  const run = querier(client, create)
  const query = (text: string, ...values: unknown[]): Promise<ReadonlyArray<Row>> => run(text, name, ...values)

  /** Returns the records of the database that have the same time as those that were not written. */
  const conflictsOf = async (given: ReadonlyArray<JarRecord>): Promise<ReadonlyArray<JarRecord>> => {
    const byKey = new Map(given.map((one) => [one.key, one]))
    const held = (await jsonIn(query(readKeys, [...byKey.keys()]))).map(recordOf)
    return held.filter((one) => {
      const mine = byKey.get(one.key)
      if (mine === undefined || one.text === mine.text) return false
      return one.time.ms === mine.time.ms && one.time.n === mine.time.n && one.isRemoved === mine.isRemoved
    })
  }

  const readSince = async (mark?: string): Promise<Reading & { readonly mark: string }> => {
    const found = await jsonIn(query(read, mark === undefined ? null : xidOf(mark)))
    const [size, now, xid, start, oid, held] = found
    return {
      records: Array.isArray(held) ? held.map(recordOf) : [],
      isPartial: mark !== undefined,
      size: Number(size),
      mark: markOf(xid, start, oid),
      now: Number(now),
    }
  }

  /** Writes records in the order of their keys, so that two processes do not wait for each other. */
  const writeSorted = async (records: ReadonlyArray<JarRecord>): Promise<ReadonlySet<string>> => {
    const values = records.flatMap(({ key, time, isRemoved, endsAt, text }) => [
      key,
      time.ms,
      time.n,
      isRemoved,
      endsAt ?? null,
      text,
    ])
    return new Set((await query(write(records.length), ...values)).map(({ key }) => String(key)))
  }

  return {
    read: async (mark) => {
      const reading = await readSince(mark)
      return mark === undefined || placeOf(mark) === placeOf(reading.mark) ? reading : readSince()
    },
    write: async (records) => {
      const sorted = [...records].sort(compareKeys)
      const rest: JarRecord[] = []
      for (let i = 0; i < sorted.length; i += BATCH) {
        const batch = sorted.slice(i, i + BATCH)
        const written = await writeSorted(batch)
        rest.push(...batch.filter(({ key }) => !written.has(key)))
      }
      return rest.length === 0 ? [] : conflictsOf(rest)
    },
    replace: async (replacements) => {
      const olds = replacements.map(({ old }) => old.text)
      await query(replace, ...columnsOf(replacements.map(({ by }) => by)), olds)
    },
    remove: async (records) => {
      await query(
        remove,
        records.map(({ key }) => key),
        records.map(({ text }) => text),
      )
    },
  }
}

/**
 * Returns a store of the jar `name` in PostgreSQL. The client stays open, and is closed by the caller.
 *
 * @since 0.2.0
 * @category constructors
 */
export const postgres = (client: PostgresClient, name: string, options: PostgresOptions = {}): JarStore => {
  const { table = DEFAULT_TABLE }: PostgresOptions = UserInput.own(Object(options))
  const problem = clientProblem(client, table)
  const database = problem === undefined ? E.right(() => databaseOf(client, name, table)) : E.left(problem)
  return makeNamed('PostgreSQL', name, options, database)
}
