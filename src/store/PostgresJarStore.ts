/**
 * A jar store in PostgreSQL (9.5): a table with a row for each record, for any number of jars.
 *
 * | column               | type               |                                                          |
 * |----------------------|--------------------|----------------------------------------------------------|
 * | `name`, `key`        | `text`             | the jar, and the record in it: the primary key           |
 * | `ms`, `n`, `removed` | numbers, `boolean` | when the record was written, and whether it is a deletion |
 * | `record`             | `text`             | the record as JSON, or sealed                            |
 *
 * One `INSERT … ON CONFLICT … WHERE` compares and writes, so no transaction is needed and a pool can be used. The table is created
 * by the first operation that does not find it.
 */
import { codeOf } from '../transport/download/FileSystem.js'
import * as UserInput from '../values/UserInput.js'
import type { JarRecord } from './JarRecord.js'
import type { JarStore } from './JarStore.js'
import { makeNamed, type RecordDatabase, type Replacement } from './RecordStore.js'
import { isName, type StoreOptions } from './StoreOptions.js'

/**
 * A connected client of `pg` 8, or a pool of it, of which only `query` is called.
 *
 * @since 0.2.0
 * @category model
 */
export interface PostgresClient {
  /** Runs a statement with parameters, and returns its rows. */
  query(text: string, values: unknown[]): Promise<{ readonly rows: ReadonlyArray<unknown> }>
}

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

/** `42P01` in the documentation of PostgreSQL, appendix A. */
const UNDEFINED_TABLE = '42P01'

/** Two processes that create a table at the same time: one of them fails, although it says `IF NOT EXISTS`. */
const CREATED_MEANWHILE: ReadonlySet<unknown> = new Set(['23505', '42P07'])

const quoted = (table: string): string =>
  table
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.')

const statements = (table: string) => ({
  create: `create table if not exists ${table} (name text collate "C" not null, key text collate "C" not null,
    ms double precision not null, n double precision not null, removed boolean not null, record text not null,
    primary key (name, key))`,
  read: `select key, ms, n, removed, record from ${table} where name = $1`,
  // In one order, so that two processes do not wait for each other.
  write: `insert into ${table} as held (name, key, ms, n, removed, record)
    select $1, * from unnest($2::text[], $3::double precision[], $4::double precision[], $5::boolean[], $6::text[])
      as given (key, ms, n, removed, record) order by given.key collate "C"
    on conflict (name, key) do update
      set ms = excluded.ms, n = excluded.n, removed = excluded.removed, record = excluded.record
      where (held.ms, held.n, held.removed) < (excluded.ms, excluded.n, excluded.removed)
    returning key`,
  readKeys: `select key, ms, n, removed, record from ${table} where name = $1 and key = any($2::text[])`,
  replace: `update ${table} set ms = $4, n = $5, removed = $6, record = $7 where name = $1 and key = $2 and record = $3`,
  remove: `delete from ${table} where name = $1 and key = $2 and record = $3`,
})

interface Row {
  readonly key: unknown
  readonly ms: unknown
  readonly n: unknown
  readonly removed: unknown
  readonly record: unknown
}

const recordOf = (row: unknown): JarRecord => {
  const { key, ms, n, removed, record }: Partial<Row> = Object(row)
  return { key: String(key), time: { ms: Number(ms), n: Number(n) }, isRemoved: removed === true, text: String(record) }
}

const columnsOf = (records: ReadonlyArray<JarRecord>): unknown[] => [
  records.map(({ key }) => key),
  records.map(({ time }) => time.ms),
  records.map(({ time }) => time.n),
  records.map(({ isRemoved }) => isRemoved),
  records.map(({ text }) => text),
]

const databaseOf = (client: PostgresClient, name: string, table: string): RecordDatabase => {
  const { create, read, write, readKeys, replace, remove } = statements(quoted(table))

  const createTable = (): Promise<unknown> =>
    client
      .query(create, [])
      .catch((cause: unknown) => (CREATED_MEANWHILE.has(codeOf(cause)) ? undefined : Promise.reject(cause)))

  const query = async (text: string, ...values: unknown[]): Promise<ReadonlyArray<JarRecord>> => {
    const { rows } = await client.query(text, [name, ...values]).catch(async (cause: unknown) => {
      if (codeOf(cause) !== UNDEFINED_TABLE) return Promise.reject(cause)
      await createTable()
      return client.query(text, [name, ...values])
    })
    return rows.map(recordOf)
  }

  /** Returns the records of the database that have the same time as those that were not written. */
  const conflictsOf = async (given: ReadonlyArray<JarRecord>): Promise<ReadonlyArray<JarRecord>> => {
    const byKey = new Map(given.map((one) => [one.key, one]))
    const held = await query(readKeys, [...byKey.keys()])
    return held.filter((one) => {
      const mine = byKey.get(one.key)
      if (mine === undefined || one.text === mine.text) return false
      return one.time.ms === mine.time.ms && one.time.n === mine.time.n && one.isRemoved === mine.isRemoved
    })
  }

  const change = ({ old, by }: Replacement): Promise<unknown> =>
    by === undefined
      ? query(remove, old.key, old.text)
      : query(replace, old.key, old.text, by.time.ms, by.time.n, by.isRemoved, by.text)

  return {
    read: () => query(read),
    write: async (records) => {
      const written = new Set((await query(write, ...columnsOf(records))).map(({ key }) => key))
      const rest = records.filter(({ key }) => !written.has(key))
      return rest.length === 0 ? [] : conflictsOf(rest)
    },
    replace: async (replacements) => {
      for (const one of replacements) await change(one)
    },
  }
}

const problemOf = (client: unknown, table: unknown): string | undefined => {
  const { query }: Partial<PostgresClient> = Object(client)
  if (typeof query !== 'function') return 'the client must have the function query (pg)'
  return typeof table === 'string' && isName(table) ? undefined : 'the table must be a name without control characters'
}

/**
 * Returns a store of the jar `name` in PostgreSQL. The client stays open, and is closed by the caller.
 *
 * @since 0.2.0
 * @category constructors
 */
export const postgres = (client: PostgresClient, name: string, options: PostgresOptions = {}): JarStore => {
  const { table = DEFAULT_TABLE } = UserInput.own(options)
  return makeNamed('PostgreSQL', name, options, problemOf(client, table), () => databaseOf(client, name, table))
}
