/**
 * A jar store in Redis, or a server with its commands: one hash, with a field for each record.
 *
 * | field             | value                                                                                        |
 * |-------------------|----------------------------------------------------------------------------------------------|
 * | key of the record | milliseconds, counter, `0` or `1` if it is removed, its end or `-`, when it was stored, text |
 *
 * Lua scripts (Redis 5) compare and write at once, so no write is lost. Redis acknowledges a write
 * before it is on the disk, by default: see `appendfsync`.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { JarRecord } from './JarRecord.js'
import type { JarStore } from './JarStore.js'
import { makeNamed, type RecordDatabase, type Snapshot } from './RecordStore.js'
import type { StoreOptions } from './StoreOptions.js'

/**
 * A connected client of `redis` (node-redis 4 to 6), of which only `sendCommand` is called.
 *
 * @since 0.2.0
 * @category model
 */
export interface NodeRedisClient {
  /** Sends a command with its arguments, and returns the reply. */
  sendCommand(command: string[]): Promise<unknown>
}

/**
 * A client of `ioredis` 5, of which only `call` is called.
 *
 * @since 0.2.0
 * @category model
 */
export interface IoRedisClient {
  /** Sends a command with its arguments, and returns the reply. */
  call(command: string, ...parameters: string[]): Promise<unknown>
}

/**
 * A client of Redis.
 *
 * @since 0.2.0
 * @category model
 */
export type RedisClient = NodeRedisClient | IoRedisClient

/** Milliseconds since the epoch, of the server. */
const NOW = `local time = redis.call('TIME')
local now = time[1] .. string.sub(string.format('%06d', time[2]), 1, 3)`

/** Returns the time, and all fields and values. */
const READ = `${NOW}
return { now, redis.call('HGETALL', KEYS[1]) }`

/** ARGV: key, milliseconds, counter, removed, end, text, again and again. Returns key and value of those with the same time. */
const WRITE = `${NOW}
local same = {}
for i = 1, #ARGV, 6 do
  local ms, n, removed = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  local old = redis.call('HGET', KEYS[1], ARGV[i])
  local oldMs, oldN, oldRemoved, oldText
  if old then
    oldMs, oldN, oldRemoved, oldText = string.match(old, '^(%S+) (%S+) (%S+) %S+ %S+ (.*)$')
    oldMs, oldN, oldRemoved = tonumber(oldMs), tonumber(oldN), tonumber(oldRemoved)
  end
  local isKnown = oldMs and oldN and oldRemoved
  local isOlder = isKnown and (oldMs < ms or (oldMs == ms and (oldN < n or (oldN == n and oldRemoved < removed))))
  if not isKnown or isOlder then
    local value = { ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], now, ARGV[i + 5] }
    redis.call('HSET', KEYS[1], ARGV[i], table.concat(value, ' '))
  elseif oldMs == ms and oldN == n and oldRemoved == removed and oldText ~= ARGV[i + 5] then
    same[#same + 1] = ARGV[i]
    same[#same + 1] = old
  end
end
return same`

/** ARGV: key, old text, new value without its text and the time of storing, new text, again and again. */
const REPLACE = `${NOW}
for i = 1, #ARGV, 4 do
  local old = redis.call('HGET', KEYS[1], ARGV[i])
  if old and string.match(old, '^%S+ %S+ %S+ %S+ %S+ (.*)$') == ARGV[i + 1] then
    redis.call('HSET', KEYS[1], ARGV[i], table.concat({ ARGV[i + 2], now, ARGV[i + 3] }, ' '))
  end
end
return {}`

/** ARGV: key, text, again and again. */
const REMOVE = `
for i = 1, #ARGV, 2 do
  local old = redis.call('HGET', KEYS[1], ARGV[i])
  if old and string.match(old, '^%S+ %S+ %S+ %S+ %S+ (.*)$') == ARGV[i + 1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end
return {}`

/** Records for each script, so that it does not hold up other clients of the server for long. */
const BATCH = 500

type Command = (...command: [string, ...string[]]) => Promise<unknown>

/** Returns how a client sends a command; `undefined` if it is not a client. ioredis has another `sendCommand` too. */
const commandOf = (client: RedisClient): Command | undefined => {
  if (typeof client !== 'object' || client === null) return undefined
  if ('call' in client && typeof client.call === 'function') return (...command) => client.call(...command)
  if ('sendCommand' in client && typeof client.sendCommand === 'function')
    return (...command) => client.sendCommand(command)
  return undefined
}

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

/** Every script returns a list. Anything else is not the reply of a server. */
const listOf = async (reply: Promise<unknown>): Promise<ReadonlyArray<unknown>> => {
  const list = await reply
  return Array.isArray(list) ? list : Promise.reject(new Error('the client did not return the reply of a script'))
}

const batches = <A>(items: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(items.length / BATCH) }, (_, i) => items.slice(i * BATCH, (i + 1) * BATCH))

const databaseOf = (command: Command, name: string): RecordDatabase => {
  /** The records of the last read, with their values: most values do not change between two reads. */
  let last = new Map<string, readonly [value: string, record: JarRecord]>()

  const evaluate = (script: string, parameters: ReadonlyArray<string> = []): Promise<ReadonlyArray<unknown>> =>
    listOf(command('EVAL', script, '1', name, ...parameters))

  const inBatches = async (script: string, parameters: ReadonlyArray<ReadonlyArray<string>>): Promise<void> => {
    for (const batch of batches(parameters)) await evaluate(script, batch.flat())
  }

  const read = async (): Promise<Snapshot> => {
    const known = last
    const [now, hash] = await evaluate(READ)
    const entries = entriesOf(hash).map(([key, value]) => {
      const before = known.get(key)
      return before?.[0] === value ? before : ([value, recordOf(key, value)] as const)
    })
    last = new Map(entries.map((entry) => [entry[1].key, entry]))
    return { records: entries.map(([, record]) => record), now: Number(now) }
  }

  return {
    read,
    write: async (records) => {
      const same: JarRecord[] = []
      for (const batch of batches(records)) {
        const found = await evaluate(
          WRITE,
          batch.flatMap((one) => [one.key, ...headOf(one), one.text]),
        )
        for (const [key, value] of entriesOf(found)) same.push(recordOf(key, value))
      }
      return same
    },
    replace: (replacements) =>
      inBatches(
        REPLACE,
        replacements.map(({ old, by }) => [old.key, old.text, headOf(by).join(' '), by.text]),
      ),
    remove: (records) =>
      inBatches(
        REMOVE,
        records.map(({ key, text }) => [key, text]),
      ),
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

const NOT_A_CLIENT = 'the client must have the function sendCommand (redis) or call (ioredis)'
