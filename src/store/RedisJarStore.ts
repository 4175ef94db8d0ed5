/**
 * A jar store in Redis, or a server with its commands: one hash, with a field for each record.
 *
 * | field             | value                                                     |
 * |-------------------|-----------------------------------------------------------|
 * | key of the record | milliseconds, counter, `0` or `1` if it is removed, text  |
 *
 * Two Lua scripts (Redis 2.6) compare and write at once, so no write is lost and none is repeated. Redis acknowledges a write
 * before it is on the disk, by default: see `appendfsync`.
 */
import type { JarRecord } from './JarRecord.js'
import type { JarStore } from './JarStore.js'
import { makeNamed, type RecordDatabase, type Replacement } from './RecordStore.js'
import type { StoreOptions } from './StoreOptions.js'

/**
 * A connected client of `redis` (node-redis 4 to 6), of which only `sendCommand` is called.
 *
 * @since 0.2.0
 * @category model
 */
export interface NodeRedisClient {
  /** Sends a command with its arguments, and returns the reply. */
  sendCommand(command: ReadonlyArray<string>): Promise<unknown>
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

/** ARGV: key, milliseconds, counter, removed, text, again and again. Returns key and value of those with the same time. */
const WRITE = `
local same = {}
for i = 1, #ARGV, 5 do
  local ms, n, removed = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  local value = table.concat({ ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4] }, ' ')
  local old = redis.call('HGET', KEYS[1], ARGV[i])
  local oldMs, oldN, oldRemoved
  if old then
    oldMs, oldN, oldRemoved = string.match(old, '^(%S+) (%S+) (%S+) ')
    oldMs, oldN, oldRemoved = tonumber(oldMs), tonumber(oldN), tonumber(oldRemoved)
  end
  if not oldMs or not oldN or not oldRemoved or oldMs < ms or (oldMs == ms and (oldN < n or (oldN == n and oldRemoved < removed))) then
    redis.call('HSET', KEYS[1], ARGV[i], value)
  elseif oldMs == ms and oldN == n and oldRemoved == removed and old ~= value then
    same[#same + 1] = ARGV[i]
    same[#same + 1] = old
  end
end
return same`

/** ARGV: key, old value, new value or nothing, again and again. */
const REPLACE = `
for i = 1, #ARGV, 3 do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then
    if ARGV[i + 2] == '' then redis.call('HDEL', KEYS[1], ARGV[i]) else redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 2]) end
  end
end
return 0`

/** Records for each script, so that it does not hold up other clients of the server for long. */
const BATCH = 500

const commandOf = (client: RedisClient): ((...command: [string, ...string[]]) => Promise<unknown>) =>
  'call' in client ? (...command) => client.call(...command) : (...command) => client.sendCommand(command)

const rankOf = ({ time, isRemoved }: JarRecord): [ms: string, n: string, removed: string] => [
  String(time.ms),
  String(time.n),
  isRemoved ? '1' : '0',
]

const valueOf = (record: JarRecord): string => [...rankOf(record), record.text].join(' ')

/** A value that was changed by hand is a record whose text is not valid. */
const recordOf = (key: string, value: string): JarRecord => {
  const [, ms, n, removed, text] = /^(\S+) (\S+) ([01]) (.*)$/s.exec(value) ?? []
  return text === undefined
    ? { key, time: { ms: 0, n: 0 }, isRemoved: false, text: value }
    : { key, time: { ms: Number(ms), n: Number(n) }, isRemoved: removed === '1', text }
}

/** A hash is a list of keys and values in RESP 2, and a map in RESP 3, which clients return in their own way. */
const entriesOf = (reply: unknown): ReadonlyArray<readonly [string, string]> => {
  if (Array.isArray(reply)) return pairs(reply)
  const entries: ReadonlyArray<readonly [unknown, unknown]> =
    reply instanceof Map ? [...reply] : Object.entries(Object(reply))
  return entries.map(([key, value]) => [String(key), String(value)])
}

const pairs = (list: ReadonlyArray<unknown>): ReadonlyArray<readonly [string, string]> =>
  list.flatMap((key, i) => (i % 2 === 0 ? [[String(key), String(list[i + 1])] as const] : []))

const batches = <A>(items: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(items.length / BATCH) }, (_, i) => items.slice(i * BATCH, (i + 1) * BATCH))

const databaseOf = (client: RedisClient, name: string): RecordDatabase => {
  const command = commandOf(client)
  /** The records of the last read, with their values: most values do not change between two reads. */
  let last = new Map<string, readonly [value: string, record: JarRecord]>()

  const read = async (): Promise<ReadonlyArray<JarRecord>> => {
    const known = last
    const entries = entriesOf(await command('HGETALL', name)).map(([key, value]) => {
      const before = known.get(key)
      return before?.[0] === value ? before : ([value, recordOf(key, value)] as const)
    })
    last = new Map(entries.map((entry) => [entry[1].key, entry]))
    return entries.map(([, record]) => record)
  }

  const evaluate = (script: string, parameters: ReadonlyArray<string>): Promise<unknown> =>
    command('EVAL', script, '1', name, ...parameters)
  return {
    read,
    write: async (records) => {
      const same: JarRecord[] = []
      for (const batch of batches(records)) {
        const found = await evaluate(
          WRITE,
          batch.flatMap((one) => [one.key, ...rankOf(one), one.text]),
        )
        for (const [key, value] of entriesOf(found)) same.push(recordOf(key, value))
      }
      return same
    },
    replace: async (replacements) => {
      const changeOf = ({ old, by }: Replacement) => [old.key, valueOf(old), by === undefined ? '' : valueOf(by)]
      for (const batch of batches(replacements)) await evaluate(REPLACE, batch.flatMap(changeOf))
    },
  }
}

const isClient = (client: unknown): boolean => {
  const { call, sendCommand }: Partial<IoRedisClient & NodeRedisClient> = Object(client)
  return typeof call === 'function' || typeof sendCommand === 'function'
}

/**
 * Returns a store of the jar `name` in Redis, where `name` is the key of a hash. It is made with the first record. The client
 * stays open, and is closed by the caller.
 *
 * @since 0.2.0
 * @category constructors
 */
export const redis = (client: RedisClient, name: string, options: StoreOptions = {}): JarStore =>
  makeNamed('Redis', name, options, isClient(client) ? undefined : NOT_A_CLIENT, () => databaseOf(client, name))

const NOT_A_CLIENT = 'the client must have the function sendCommand (redis) or call (ioredis)'
