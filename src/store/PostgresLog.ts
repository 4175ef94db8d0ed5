/**
 * A log in PostgreSQL (9.5): a table with a row for each event, for any number of logs.
 *
 * | column            | type     |                                                                    |
 * |-------------------|----------|--------------------------------------------------------------------|
 * | `log`, `id`, `seq` | `text`, `text`, `integer` | the log, the exchange and the number of the event: the primary key |
 * | `stored_at`       | number   | when it was stored, by the clock of the server; of the first event: when the last one was stored |
 * | `event`           | `text`   | the event as JSON, or sealed                                       |
 *
 * The primary key is the fence: of two that append at one place, one gets a violation, and its statement stores nothing. The
 * table is created by the first operation that does not find it.
 *
 * An append changes the row of the first event, and `drop` removes that row first. So of the two at the same time, one waits for
 * the other one. Then an append does not find the row, or `drop` finds that it has changed since its statement has begun, and
 * removes nothing of the exchange: it does not see the new events.
 */
import * as E from 'fp-ts/lib/Either.js'
import { codeOf } from '../transport/download/FileSystem.js'
import * as UserInput from '../values/UserInput.js'
import type { Log } from './Log.js'
import { clientProblem, NOW, type PostgresClient, querier, quoted, type Row } from './PostgresQueries.js'
import { type LogDatabase, type LogOptions, makeNamed } from './TextLog.js'

/**
 * Options of a log in PostgreSQL.
 *
 * @since 0.2.0
 * @category model
 */
export interface PostgresLogOptions extends LogOptions {
  /** The table, with a schema if it is not the first one of the search path: `requests_ts_log` by default. */
  readonly table?: string
}

const DEFAULT_TABLE = 'requests_ts_log'

/** The first statement removes an exchange, and each later one what was appended meanwhile. */
const MAX_REMOVALS = 100

/** `23505` in the documentation of PostgreSQL, appendix A. */
const UNIQUE_VIOLATION = '23505'

const statements = (table: string) => ({
  create: `create table if not exists ${table} (log text collate "C" not null, id text collate "C" not null,
    seq integer not null, stored_at double precision not null, event text not null, primary key (log, id, seq))`,
  read: `select seq::text, event from ${table} where log = $1 and id = $2 order by ${table}.seq`,
  append: `with first as (
      update ${table} as held set stored_at = ${NOW}
      where held.log = $1 and held.id = $2 and held.seq = 0 and $3::integer > 0 returning held.seq)
    insert into ${table} (log, id, seq, event, stored_at)
    select $1, $2, $3::integer + given.i::integer - 1, given.event, ${NOW}
    from unnest($4::text[]) with ordinality as given (event, i)
    where (select count(*) from ${table} as held where held.log = $1 and held.id = $2) = $3::integer
      and ($3::integer = 0 or exists (select 1 from first))
    order by given.i
    returning seq::text`,
  drop: `with first as (
      delete from ${table} as held using ${table} as seen
      where held.log = $1 and held.seq = 0 and held.stored_at < $2
        and seen.log = $1 and seen.seq = 0 and seen.id = held.id and seen.stored_at = held.stored_at
      returning held.id),
    others as (
      delete from ${table} as held where held.log = $1 and held.seq > 0 and held.id in (select id from first))
    select id from first`,
  remove: `delete from ${table} where log = $1 and id = $2 returning id`,
})

const databaseOf = (client: PostgresClient, name: string, table: string): LogDatabase => {
  const { create, read, append, drop, remove } = statements(quoted(table))
  const query = querier(client, create)

  const rowsOf = (id: string): Promise<ReadonlyArray<Row>> => query(read, name, id)

  const isHeld = async (id: string, seq: number, texts: ReadonlyArray<string>): Promise<boolean> => {
    const rows = await rowsOf(id)
    return rows.length === seq + texts.length && texts.every((text, i) => rows[seq + i]?.['event'] === text)
  }

  return {
    read: async (id) => {
      const rows = await rowsOf(id)
      const bySeq = new Map(rows.map(({ seq, event }) => [Number(seq), String(event)]))
      // A row that was deleted by hand is an event that cannot be read.
      const last = Number(rows.at(-1)?.['seq'] ?? -1)
      return Array.from({ length: last + 1 }, (_, i) => bySeq.get(i) ?? '')
    },
    append: async (id, seq, texts) => {
      try {
        const rows = await query(append, name, id, seq, texts)
        return rows.length === texts.length || isHeld(id, seq, texts)
      } catch (cause) {
        return codeOf(cause) === UNIQUE_VIOLATION ? isHeld(id, seq, texts) : Promise.reject(cause)
      }
    },
    drop: async (before) => (await query(drop, name, before)).length,
    remove: async (id) => {
      // Again, because a statement does not see the rows of an append that has ended since the statement began.
      for (let i = 0; i < MAX_REMOVALS && (await query(remove, name, id)).length > 0; i += 1);
    },
  }
}

/**
 * Returns the log `name` in PostgreSQL. The client stays open, and is closed by the caller.
 *
 * @since 0.2.0
 * @category constructors
 */
export const postgres = (client: PostgresClient, name: string, options: PostgresLogOptions = {}): Log => {
  const { table = DEFAULT_TABLE }: PostgresLogOptions = UserInput.own(Object(options))
  const problem = clientProblem(client, table)
  const database = problem === undefined ? E.right(() => databaseOf(client, name, table)) : E.left(problem)
  return makeNamed('PostgreSQL', name, options, database)
}
