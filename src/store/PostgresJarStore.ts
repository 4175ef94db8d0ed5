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
import { codeOf } from '../transport/download/FileSystem.js'
import * as UserInput from '../values/UserInput.js'
import type { JarRecord } from './JarRecord.js'
import type { JarStore } from './JarStore.js'
import { pause } from './Pause.js'
import { makeNamed, type RecordDatabase } from './RecordStore.js'
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

/** A failure that another attempt may not have: a deadlock, or a conflict of serializable transactions. */
const RETRIED: ReadonlySet<unknown> = new Set(['40P01', '40001'])
const MAX_RETRIES = 20
const MAX_PAUSE_MS = 20

const quoted = (table: string): string =>
  table
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.')

const NOW = '(extract(epoch from clock_timestamp()) * 1000)::double precision'

// As text, because a program may have changed how its client parses numbers and booleans.
const COLUMNS = 'key, ms::text, n::text, removed::text, ends_at::text, record'

const GIVEN = `unnest($2::text[], $3::double precision[], $4::double precision[], $5::boolean[], $6::double precision[],
      $7::text[]) as given (key, ms, n, removed, ends_at, record)`

const statements = (table: string) => ({
  create: `create table if not exists ${table} (name text collate "C" not null, key text collate "C" not null,
    ms double precision not null, n double precision not null, removed boolean not null, ends_at double precision,
    stored_at double precision not null, record text not null, primary key (name, key))`,
  read: `select ${COLUMNS}, stored_at::text, ${NOW}::text as now from ${table} where name = $1`,
  // In one order, so that two processes do not wait for each other.
  write: `insert into ${table} as held (name, key, ms, n, removed, ends_at, record, stored_at)
    select $1, given.*, ${NOW} from ${GIVEN} order by given.key collate "C"
    on conflict (name, key) do update set ms = excluded.ms, n = excluded.n, removed = excluded.removed,
      ends_at = excluded.ends_at, record = excluded.record, stored_at = excluded.stored_at
      where (held.ms, held.n, held.removed) < (excluded.ms, excluded.n, excluded.removed)
    returning key`,
  readKeys: `select ${COLUMNS} from ${table} where name = $1 and key = any($2::text[])`,
  replace: `update ${table} as held set ms = given.ms, n = given.n, removed = given.removed, ends_at = given.ends_at,
      record = given.record, stored_at = ${NOW}
    from ${GIVEN} join unnest($2::text[], $8::text[]) as old (key, record) on old.key = given.key
    where held.name = $1 and held.key = given.key and held.record = old.record`,
  remove: `delete from ${table} as held using unnest($2::text[], $3::text[]) as given (key, record)
    where held.name = $1 and held.key = given.key and held.record = given.record`,
})

type Row = Readonly<Record<string, unknown>>

const numberOf = (value: unknown): number | undefined =>
  value === null || value === undefined ? undefined : Number(value)

const recordOf = ({ key, ms, n, removed, ends_at: endsAt, record, stored_at: storedAt }: Row): JarRecord => {
  const stored = numberOf(storedAt)
  return {
    key: String(key),
    time: { ms: Number(ms), n: Number(n) },
    isRemoved: removed === 'true',
    endsAt: numberOf(endsAt),
    text: String(record),
    ...(stored === undefined ? {} : { storedAt: stored }),
  }
}

const columnsOf = (records: ReadonlyArray<JarRecord>): unknown[] => [
  records.map(({ key }) => key),
  records.map(({ time }) => time.ms),
  records.map(({ time }) => time.n),
  records.map(({ isRemoved }) => isRemoved),
  records.map(({ endsAt }) => endsAt ?? null),
  records.map(({ text }) => text),
]

const databaseOf = (client: PostgresClient, name: string, table: string): RecordDatabase => {
  const { create, read, write, readKeys, replace, remove } = statements(quoted(table))

  const createTable = (): Promise<unknown> =>
    client
      .query(create, [])
      .catch((cause: unknown) => (CREATED_MEANWHILE.has(codeOf(cause)) ? undefined : Promise.reject(cause)))

  const query = async (text: string, ...values: unknown[]): Promise<ReadonlyArray<Row>> => {
    for (let retries = 0; ; retries += 1) {
      try {
        const { rows } = await client.query(text, [name, ...values])
        return rows.map(Object)
      } catch (cause) {
        const code = codeOf(cause)
        if (code === UNDEFINED_TABLE && retries === 0) await createTable()
        else if (RETRIED.has(code) && retries < MAX_RETRIES) await pause(MAX_PAUSE_MS)
        else return Promise.reject(cause)
      }
    }
  }

  /** Returns the records of the database that have the same time as those that were not written. */
  const conflictsOf = async (given: ReadonlyArray<JarRecord>): Promise<ReadonlyArray<JarRecord>> => {
    const byKey = new Map(given.map((one) => [one.key, one]))
    const held = (await query(readKeys, [...byKey.keys()])).map(recordOf)
    return held.filter((one) => {
      const mine = byKey.get(one.key)
      if (mine === undefined || one.text === mine.text) return false
      return one.time.ms === mine.time.ms && one.time.n === mine.time.n && one.isRemoved === mine.isRemoved
    })
  }

  return {
    read: async () => {
      const rows = await query(read)
      return { records: rows.map(recordOf), now: Number(rows[0]?.['now'] ?? 0) }
    },
    write: async (records) => {
      const written = new Set((await query(write, ...columnsOf(records))).map(({ key }) => String(key)))
      const rest = records.filter(({ key }) => !written.has(key))
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

const problemOf = (client: unknown, table: unknown): string | undefined => {
  const { query }: Partial<PostgresClient> = Object(client)
  if (typeof query !== 'function') return 'the client must have the function query (pg)'
  const isTable = isName(table) && table.split('.').every((part) => part !== '')
  return isTable ? undefined : 'the table must be a name, or a schema, a point and a name'
}

/**
 * Returns a store of the jar `name` in PostgreSQL. The client stays open, and is closed by the caller.
 *
 * @since 0.2.0
 * @category constructors
 */
export const postgres = (client: PostgresClient, name: string, options: PostgresOptions = {}): JarStore => {
  const { table = DEFAULT_TABLE }: PostgresOptions = UserInput.own(Object(options))
  const problem = problemOf(client, table)
  const database = problem === undefined ? E.right(() => databaseOf(client, name, table)) : E.left(problem)
  return makeNamed('PostgreSQL', name, options, database)
}
