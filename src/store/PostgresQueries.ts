/** The clients of PostgreSQL that stores and logs take, and how they run a statement on a table that may not exist yet. */
import { codeOf } from '../transport/download/FileSystem.js'
import * as Hash from '../values/Hash.js'
import { pause } from './Pause.js'
import { isName } from './StoreOptions.js'

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
 * A client of `pg` 8, or a pool of it, that can prepare statements.
 *
 * @since 0.2.0
 * @category model
 */
export interface PreparingClient {
  /** Runs a statement. One with a name is prepared once for each connection. */
  query(statement: {
    name?: string
    text: string
    values: unknown[]
  }): Promise<{ readonly rows: ReadonlyArray<unknown> }>
}

/** A longer one writes many records at once, which is rare: its plan is not worth the memory of the server. */
const MAX_PREPARED = 2000

/**
 * Returns a client whose statements are prepared, so that the server parses each one once for each connection: a load and a save take
 * about a fifth less time. Not for a pooler that gives each transaction another connection, unless it knows prepared statements.
 *
 * @since 0.2.0
 * @category combinators
 */
export const prepared = (client: PreparingClient): PostgresClient => {
  const names = new Map<string, string>()
  const nameOf = (text: string): string => {
    const name = names.get(text) ?? `requests_ts_${Hash.hex('sha256', text).slice(0, 16)}`
    names.set(text, name)
    return name
  }
  return {
    query: (text, values) =>
      client.query(text.length > MAX_PREPARED ? { text, values } : { name: nameOf(text), text, values }),
  }
}

/** `42P01` in the documentation of PostgreSQL, appendix A. */
const UNDEFINED_TABLE = '42P01'

/**
 * Two processes that create a table at the same time: one of them fails, although it says `IF NOT EXISTS`. It finds the name in an
 * index, the table, or the type of its rows.
 */
const CREATED_MEANWHILE: ReadonlySet<unknown> = new Set(['23505', '42P07', '42710'])

/** A failure that another attempt may not have: a deadlock, or a conflict of serializable transactions. */
const RETRIED: ReadonlySet<unknown> = new Set(['40P01', '40001'])
const MAX_RETRIES = 20
const MAX_PAUSE_MS = 20

/** Milliseconds since the epoch, of the server. */
export const NOW = "(date_part('epoch', clock_timestamp()) * 1000)"

/** Returns the name of a table, maybe with its schema, as an identifier. */
export const quoted = (table: string): string =>
  table
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.')

/** A row of a result. */
export type Row = Readonly<Record<string, unknown>>

/** Runs statements. The first that does not find its table creates it. */
export const querier = (client: PostgresClient, create: string) => {
  const createTable = (): Promise<unknown> =>
    client
      .query(create, [])
      .catch((cause: unknown) => (CREATED_MEANWHILE.has(codeOf(cause)) ? undefined : Promise.reject(cause)))

  return async (text: string, ...values: unknown[]): Promise<ReadonlyArray<Row>> => {
    for (let retries = 0; ; retries += 1) {
      try {
        const { rows } = await client.query(text, values)
        return rows.map(Object)
      } catch (cause) {
        const code = codeOf(cause)
        if (code === UNDEFINED_TABLE && retries === 0) await createTable()
        else if (RETRIED.has(code) && retries < MAX_RETRIES) await pause(MAX_PAUSE_MS)
        else return Promise.reject(cause)
      }
    }
  }
}

/** Returns why a client or the name of a table is not valid. */
export const clientProblem = (client: unknown, table: unknown): string | undefined => {
  const { query }: Partial<PostgresClient> = Object(client)
  if (typeof query !== 'function') return 'the client must have the function query (pg)'
  const isTable = isName(table) && table.split('.').every((part) => part !== '')
  return isTable ? undefined : 'the table must be a name, or a schema, a point and a name'
}
