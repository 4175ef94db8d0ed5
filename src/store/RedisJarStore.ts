/**
 * A jar store in Redis, or a server with its commands: one hash, with a field for each record.
 *
 * | field             | value                                                                                        |
 * |-------------------|----------------------------------------------------------------------------------------------|
 * | key of the record | milliseconds, counter, `0` or `1` if it is removed, its end or `-`, when it was stored, text |
 * | `changes`         | the last writes, from the newest: a line `#ID`, and a line for each key that it has written  |
 *
 * `RedisScripts` compare and write at once, so no write is lost. Redis acknowledges a write before it is on the disk, by default:
 * see `appendfsync`.
 *
 * A change by hand that is not in `changes` is noticed at once if the number of records differs, and after a minute otherwise.
 * Deleting the field `changes` makes it noticed at once.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as RandomSource from '../wire/RandomSource.js'
import type { JarRecord } from './JarRecord.js'
import type { JarStore } from './JarStore.js'
import type { Reading } from './ReadRecords.js'
import { makeNamed, type RecordDatabase } from './RecordStore.js'
import { type Command, commandOf, evaluator, NOT_A_CLIENT, type RedisClient } from './RedisCommands.js'
import { CHANGES, READ, REMOVE, REPLACE, WRITE } from './RedisScripts.js'
import type { StoreOptions } from './StoreOptions.js'

/** Records for each script, so that it does not hold up other clients of the server for long. */
const BATCH = 500

const headOf = ({ time, isRemoved, endsAt }: JarRecord): [ms: string, n: string, removed: string, endsAt: string] => [
  String(time.ms),
  String(time.n),
  isRemoved ? '1' : '0',
  endsAt === undefined ? '-' : String(endsAt),
]

/** A value that was changed by hand is a record whose text is not valid. */
const recordOf = (key: string, value: string): JarRecord => {
  const [, ms, n, removed, end, stored, text] = /^(\S+) (\S+) ([01]) (\S+) (\d+) (.*)$/s.exec(value) ?? []
  if (text === undefined) return { key, time: { ms: 0, n: 0 }, isRemoved: false, endsAt: undefined, text: value }
  const time = { ms: Number(ms), n: Number(n) }
  const endsAt = end === '-' ? undefined : Number(end)
  return { key, time, isRemoved: removed === '1', endsAt, text, storedAt: Number(stored) }
}

/** A hash is a list of keys and values for a script, but some clients convert it. */
const entriesOf = (reply: unknown): ReadonlyArray<readonly [string, string]> => {
  if (Array.isArray(reply))
    return reply.flatMap((key, i) => (i % 2 === 0 ? [[String(key), String(reply[i + 1])] as const] : []))
  if (reply instanceof Map) return Array.from(reply, ([key, value]) => [String(key), String(value)] as const)
  return Object.entries(Object(reply)).map(([key, value]) => [key, String(value)] as const)
}

const batches = <A>(items: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(items.length / BATCH) }, (_, i) => items.slice(i * BATCH, (i + 1) * BATCH))

const readingOf = ([now, size, newest, isPartial, found]: ReadonlyArray<unknown>): Reading => ({
  records: entriesOf(found).flatMap(([key, value]) => (key === CHANGES ? [] : [recordOf(key, value)])),
  isPartial: String(isPartial) === '1',
  size: Number(size),
  mark: String(newest),
  now: Number(now),
})

const databaseOf = (command: Command, name: string): RecordDatabase => {
  const run = evaluator(command)
  const evaluate = (script: string, parameters: ReadonlyArray<string>): Promise<ReadonlyArray<unknown>> =>
    run(script, [name], parameters)

  /** 64 random bits. The time of the server is added, because a copy of this process has the same ones. */
  const origin = RandomSource.seed().slice(0, 16)
  let count = 0
  const newId = (): string => {
    count += 1
    return `${origin}.${count}`
  }

  /** Runs a script that writes, with an ID for each batch. Returns what it has found. */
  const change = async (
    script: string,
    parameters: ReadonlyArray<ReadonlyArray<string>>,
  ): Promise<ReadonlyArray<readonly [key: string, value: string]>> => {
    const found: (readonly [string, string])[] = []
    for (const batch of batches(parameters))
      found.push(...entriesOf(await evaluate(script, [newId(), ...batch.flat()])))
    return found
  }

  return {
    read: async (mark = '') => readingOf(await evaluate(READ, [mark])),
    write: async (records) => {
      const parameters = records.map((one) => [one.key, ...headOf(one), one.text])
      return (await change(WRITE, parameters)).map(([key, value]) => recordOf(key, value))
    },
    replace: async (replacements) => {
      await change(
        REPLACE,
        replacements.map(({ old, by }) => [old.key, old.text, headOf(by).join(' '), by.text]),
      )
    },
    remove: async (records) => {
      await change(
        REMOVE,
        records.map(({ key, text }) => [key, text]),
      )
    },
  }
}

/**
 * Returns a store of the jar `name` in Redis, where `name` is the key of a hash. It is made with the first record. The client
 * stays open, and is closed by the caller.
 *
 * @since 0.2.0
 * @category constructors
 */
export const redis = (client: RedisClient, name: string, options: StoreOptions = {}): JarStore => {
  const command = commandOf(client)
  const database = command === undefined ? E.left(NOT_A_CLIENT) : E.right(() => databaseOf(command, name))
  return makeNamed('Redis', name, options, database)
}
