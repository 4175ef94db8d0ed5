/**
 * Stores of a cookie jar that several processes share: one login for many workers.
 *
 * | store                    | for                                                                | a record is        |
 * |--------------------------|--------------------------------------------------------------------|--------------------|
 * | `memory()`               | several clients of one process, and tests                          | a value            |
 * | `file(path)`             | processes of one machine                                           | in a JSON file     |
 * | `redis(client, name)`    | machines that share a Redis                                        | a field of a hash  |
 * | `postgres(client, name)` | machines that share a PostgreSQL                                   | a row of a table   |
 *
 * A client with the option `jarStore` loads the jar before each program of `Client.runIn`, and merges what has changed after it,
 * also if the program fails. A store has secrets in plain text unless it has a `Cipher`.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import { Client, Http, Jar, JarStore, Transport } from 'requests-ts'
 *
 * const jarStore = JarStore.memory()
 * const transport = Transport.memory({ 'POST /login': { status: 204, headers: { 'set-cookie': 'sid=1' } } })
 * const worker = () => Client.open({ jarStore, transport })()
 * await pipe(Http.post('http://h.test/login'), Client.runIn(worker()))()
 * const names = await pipe(Http.jar, Client.runIn(worker()), TE.map((jar) => Jar.toArray(jar).map(({ name }) => name)))()
 * assert.deepEqual(names, { _tag: 'Right', right: ['sid'] })
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Jar from './cookies/Jar.js'
import type { JarStore } from './store/JarStore.js'

export { type FileOptions, file } from './store/FileJarStore.js'
export {
  failed,
  type JarStore,
  type JarStoreError,
  type JarStoreFailed,
  type JarStoreReason,
} from './store/JarStore.js'
export { type PostgresOptions, postgres } from './store/PostgresJarStore.js'
export { type PostgresClient, type PreparingClient, prepared } from './store/PostgresQueries.js'
export type { IoRedisClient, NodeRedisClient, RedisClient } from './store/RedisCommands.js'
export { redis } from './store/RedisJarStore.js'
export type { StoreOptions } from './store/StoreOptions.js'

/**
 * Returns a store in the memory of this process, which starts with a jar: empty by default.
 *
 * @since 0.2.0
 * @category constructors
 */
export const memory = (initial: Jar.Jar = Jar.empty): JarStore => {
  // Plain JavaScript may pass null.
  let stored = Jar.withoutChallenges(initial ?? Jar.empty)
  return {
    load: async () => E.right(stored),
    merge: (delta) => async () => {
      stored = Jar.join(stored, Jar.withoutChallenges(delta))
      return E.right(undefined)
    },
  }
}
