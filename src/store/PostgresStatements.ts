/**
 * The statements of a jar in PostgreSQL (9.5). Each one is a transaction of its own.
 *
 * A read names the first transaction that had not ended at the read before (`txid_snapshot_xmin`). What earlier ones have written
 * was seen then. So the rows of this and later transactions (the column `xmin`, by `age`, because numbers have 32 bits) are all
 * that was written since, by any program and in any order of commits, and only they are returned.
 *
 * Another server, or the same one after a failure, may use a number again. So what was read before is used only if the server was
 * not started since, and the table is the same one (`oid`).
 *
 * A process of the server that crashes may take the end of the log with it, although the server was not started anew: what was
 * rolled back within a second before, and with `synchronous_commit = off` commits. Their numbers are then used again. If the
 * transaction that a read names has not begun (a negative `age`), all rows are returned. If it has begun again, a record may be up
 * to a minute old: see `ReadRecords`.
 */

import { NOW, quoted } from './PostgresQueries.js'

const COLUMNS = 'key, ms, n, removed, ends_at, record'
const RECORD = `json_build_array(${COLUMNS}, stored_at)`

/** Returns parameters for rows of `COLUMNS`, after the name, each with the time. */
const valuesOf = (rows: number): string => {
  const rowOf = (first: number) => `($1, ${Array.from({ length: 6 }, (_, i) => `$${first + i}`).join(', ')}, ${NOW})`
  return Array.from({ length: rows }, (_, i) => rowOf(2 + 6 * i)).join(', ')
}

const GIVEN = `unnest($2::text[], $3::double precision[], $4::double precision[], $5::boolean[], $6::double precision[],
      $7::text[]) as given (${COLUMNS})`

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** Returns the statements for a table. `$1` is the name of the jar. `write` has a row of parameters for each record. */
export const statements = (name: string) => {
  const table = quoted(name)
  return {
    create: `create table if not exists ${table} (name text collate "C" not null, key text collate "C" not null,
    ms double precision not null, n double precision not null, removed boolean not null, ends_at double precision,
    stored_at double precision not null, record text not null, primary key (name, key))`,
    // As one JSON text, because a program may have changed how its client parses other types.
    read: `select json_build_array(count(*), ${NOW}, txid_snapshot_xmin(txid_current_snapshot()),
      date_part('epoch', pg_postmaster_start_time()), ${literal(table)}::regclass::oid,
      json_agg(${RECORD}) filter (where $2::xid is null or age($2::xid) < 0 or age(held.xmin) <= age($2::xid)))::text as reading
    from ${table} as held where name = $1`,
    write: (rows: number) => `insert into ${table} as held (name, ${COLUMNS}, stored_at) values ${valuesOf(rows)}
    on conflict (name, key) do update set ms = excluded.ms, n = excluded.n, removed = excluded.removed,
      ends_at = excluded.ends_at, record = excluded.record, stored_at = excluded.stored_at
      where (held.ms, held.n, held.removed) < (excluded.ms, excluded.n, excluded.removed)
    returning key`,
    readKeys: `select coalesce(json_agg(${RECORD}), '[]')::text as reading from ${table} where name = $1 and key = any($2::text[])`,
    replace: `update ${table} as held set ms = given.ms, n = given.n, removed = given.removed, ends_at = given.ends_at,
      record = given.record, stored_at = ${NOW}
    from ${GIVEN} join unnest($2::text[], $8::text[]) as old (key, record) on old.key = given.key
    where held.name = $1 and held.key = given.key and held.record = old.record`,
    remove: `delete from ${table} as held using unnest($2::text[], $3::text[]) as given (key, record)
    where held.name = $1 and held.key = given.key and held.record = given.record`,
  }
}
