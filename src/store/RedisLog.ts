/**
 * A log in Redis, or a server with its commands.
 *
 * | key         | type       | content                                                                 |
 * |-------------|------------|-------------------------------------------------------------------------|
 * | `["NAME","ID"]` | list  | the events of an exchange                                               |
 * | `NAME`      | sorted set | each id, with the milliseconds since the epoch when it was appended to   |
 *
 * A Lua script (Redis 5) compares the length and appends at once. In a cluster, a name in braces keeps all keys in one slot.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Log } from './Log.js'
import { type Command, commandOf, evaluator, NOT_A_CLIENT, NOW, type RedisClient } from './RedisCommands.js'
import { type LogDatabase, type LogOptions, makeNamed } from './TextLog.js'

/** ARGV: the length that the list must have, the id, the texts. Returns 1 if they are the last ones of the list. */
const APPEND = `${NOW}
local seq = tonumber(ARGV[1])
local count = #ARGV - 2
local length = redis.call('LLEN', KEYS[2])
if length ~= seq then
  if length ~= seq + count then return { 0 } end
  local held = redis.call('LRANGE', KEYS[2], seq, seq + count - 1)
  for i = 1, count do
    if held[i] ~= ARGV[i + 2] then return { 0 } end
  end
  return { 1 }
end
for i = 1, count do redis.call('RPUSH', KEYS[2], ARGV[i + 2]) end
redis.call('ZADD', KEYS[1], now, ARGV[2])
return { 1 }`

/** ARGV: a time or `any`, the id. Returns 1 if the list was older, and was removed. */
const REMOVE = `
local stored = redis.call('ZSCORE', KEYS[1], ARGV[2])
if not stored or (ARGV[1] ~= 'any' and tonumber(stored) >= tonumber(ARGV[1])) then return { 0 } end
redis.call('DEL', KEYS[2])
redis.call('ZREM', KEYS[1], ARGV[2])
return { 1 }`

const isOne = ([result]: ReadonlyArray<unknown>): boolean => Number(result) === 1

/** Exchanges that are removed at the same time. */
const BATCH = 100

const databaseOf = (command: Command, name: string): LogDatabase => {
  const evaluate = evaluator(command)
  // No two pairs have the same form, whatever is in the names.
  const listOf = (id: string): string => JSON.stringify([name, id])
  const keysOf = (id: string): ReadonlyArray<string> => [name, listOf(id)]
  return {
    read: async (id) => {
      const texts = await command('LRANGE', listOf(id), '0', '-1')
      return Array.isArray(texts) ? texts.map(String) : Promise.reject(new Error('the client did not return a list'))
    },
    append: async (id, seq, texts) => isOne(await evaluate(APPEND, keysOf(id), [String(seq), id, ...texts])),
    drop: async (before) => {
      const old: unknown = await command('ZRANGEBYSCORE', name, '-inf', `(${before}`)
      const ids = Array.isArray(old) ? old.map(String) : []
      let removed = 0
      for (let i = 0; i < ids.length; i += BATCH) {
        const batch = ids.slice(i, i + BATCH).map((id) => evaluate(REMOVE, keysOf(id), [String(before), id]))
        removed += (await Promise.all(batch)).filter(isOne).length
      }
      return removed
    },
    remove: async (id) => {
      await evaluate(REMOVE, keysOf(id), ['any', id])
    },
  }
}

/**
 * Returns the log `name` in Redis, where `name` begins its keys. They are made with the first event. The client stays open, and
 * is closed by the caller.
 *
 * @since 0.2.0
 * @category constructors
 */
export const redis = (client: RedisClient, name: string, options: LogOptions = {}): Log => {
  const command = commandOf(client)
  return makeNamed(
    'Redis',
    name,
    options,
    command === undefined ? E.left(NOT_A_CLIENT) : E.right(() => databaseOf(command, name)),
  )
}
