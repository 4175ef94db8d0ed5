/** Logs on real servers: the laws, and appends that a client sends again. */
import * as E from 'fp-ts/lib/Either.js'
import { Redis } from 'ioredis'
import pg from 'pg'
import { createClient } from 'redis'
import { Log } from 'requests-ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { log as rulesOf } from '../../laws/index.js'
import * as RuleSet from '../../laws/RuleSet.js'
import { type Server, startPostgres, startRedis } from './servers.js'

let redis: Server
let postgres: Server
let nodeRedis: ReturnType<typeof createClient>
let ioRedis: Redis
let pool: pg.Pool
let client: pg.Client
beforeAll(async () => {
  redis = await startRedis()
  postgres = await startPostgres()
  nodeRedis = createClient({ url: `redis://127.0.0.1:${redis.port}`, RESP: 3 })
  await nodeRedis.connect()
  ioRedis = new Redis(redis.port, '127.0.0.1')
  const settings = { host: '127.0.0.1', port: postgres.port, user: 'postgres', database: 'postgres' }
  pool = new pg.Pool(settings)
  client = new pg.Client(settings)
  await client.connect()
})
afterAll(async () => {
  await nodeRedis.quit()
  await ioRedis.quit()
  await pool.end()
  await client.end()
  await redis.kill()
  await postgres.kill()
})

let count = 0
const newName = (): string => {
  count += 1
  return `{log ${count}}`
}

const OPEN: Readonly<Record<string, () => Log.Log>> = {
  redis: () => Log.redis(nodeRedis, newName()),
  ioredis: () => Log.redis(ioRedis, newName()),
  'pg.Pool': () => Log.postgres(pool, newName()),
  'pg.Client': () => Log.postgres(client, newName()),
}

describe.each(Object.entries(OPEN))('a log with %s', (_, open) => {
  RuleSet.toTests(it, { numRuns: 25 })(rulesOf(open))
  it('acknowledges an append that was sent twice', async () => {
    const own = open()
    for (const seq of [0, 0, 2, 2]) expect(await own.append('job', seq, ['a', 'b'])()).toEqual(E.right(undefined))
    expect(await own.read('job')()).toEqual(E.right(['a', 'b', 'a', 'b']))
  })
})
