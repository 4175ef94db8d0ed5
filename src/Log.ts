/**
 * Logs of exchanges that survive a crash: `Durable` writes and reads them.
 *
 * | log                      | for                                                  | an event is         |
 * |--------------------------|------------------------------------------------------|---------------------|
 * | `memory()`               | tests                                                | a text              |
 * | `file(folder)`           | processes of one machine                             | a line of a file    |
 * | `redis(client, name)`    | machines that share a Redis                          | an item of a list   |
 * | `postgres(client, name)` | machines that share a PostgreSQL                     | a row of a table    |
 *
 * A log has requests and replies with their secrets, in plain text unless it has a `Cipher`.
 *
 * @example
 * import { Log } from 'requests-ts'
 *
 * const log = Log.memory()
 * await log.append('order-1', 0, ['started'])()
 * const second = await log.append('order-1', 0, ['started by another'])()
 * assert.equal(second._tag === 'Left' && second.left.reason, 'Fenced')
 * assert.deepEqual(await log.read('order-1')(), { _tag: 'Right', right: ['started'] })
 */
import type { Log } from './store/Log.js'
import { inMemory, makeAt } from './store/TextLog.js'
import * as Clock from './wire/Clock.js'

export { file } from './store/FileLog.js'
export { failed, type Log, type LogError, type LogFailed, type LogOperation, type LogReason } from './store/Log.js'
export { type PostgresLogOptions, postgres } from './store/PostgresLog.js'
export type { PostgresClient } from './store/PostgresQueries.js'
export type { IoRedisClient, NodeRedisClient, RedisClient } from './store/RedisCommands.js'
export { redis } from './store/RedisLog.js'
export type { LogOptions } from './store/TextLog.js'

/**
 * Returns a log in the memory of this process.
 *
 * @since 0.2.0
 * @category constructors
 */
export const memory = (): Log =>
  makeAt('the log in memory', 'memory', {}, () => inMemory(() => Clock.system.now().getTime()))
