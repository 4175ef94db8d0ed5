/** What a store reads that reads only what has changed, on real servers: the same as a new store, which reads everything. */
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { Redis } from 'ioredis'
import pg from 'pg'
import { Jar, JarStore, Secret, Token } from 'requests-ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Hands, history, runHistory } from './histories.js'
import { type Server, startPostgres, startRedis } from './servers.js'

const NUM_RUNS = 150

let redisServer: Server
let postgresServer: Server
let redis: Redis
let pool: pg.Pool
const settings = () => ({ host: '127.0.0.1', port: postgresServer.port, user: 'postgres' })
beforeAll(async () => {
  redisServer = await startRedis()
  postgresServer = await startPostgres()
  redis = new Redis(redisServer.port)
  pool = new pg.Pool({ ...settings(), max: 4 })
})
afterAll(async () => {
  redis.disconnect()
  await pool.end()
  await redisServer.kill()
  await postgresServer.kill()
})

let count = 0
const newName = (): string => {
  count += 1
  return `jar ${count}`
}

const NOW = new Date(1_800_000_000_000)
const jarWith = (...lines: ReadonlyArray<string>): Jar.Jar =>
  Jar.absorb(new URL('https://shop.example/'), lines, NOW)(Jar.empty)[0]

const namesIn = async (store: JarStore.JarStore): Promise<ReadonlyArray<string>> => {
  const loaded = await store.load()
  if (E.isLeft(loaded)) throw new Error(loaded.left.message)
  return Jar.toArray(loaded.right)
    .map(({ name, value }) => `${name}=${Secret.reveal(value)}`)
    .sort()
}

/** The cookies are of another time than that of the servers: no store must drop them. */
const options = { horizon: Number.POSITIVE_INFINITY }

const handsOnRedis = (name: string): Hands => {
  let saved: Buffer | null = null
  const nth = async (index: number): Promise<string> => {
    const fields = (await redis.hkeys(name)).filter((field) => field !== 'changes').sort()
    return fields[index % Math.max(fields.length, 1)] ?? ''
  }
  return {
    edit: async (index, change) => {
      const field = await nth(index)
      const value = await redis.hget(name, field)
      if (value !== null) await redis.hset(name, field, change(value))
      await redis.hdel(name, 'changes')
    },
    remove: async (index) => redis.hdel(name, await nth(index)),
    clear: () => redis.del(name),
    copy: async () => {
      saved = await redis.dumpBuffer(name)
    },
    restore: () => (saved === null ? redis.del(name) : redis.restore(name, 0, saved, 'REPLACE')),
  }
}

const handsOnPostgres = (name: string): Hands => {
  const copy = `copy_${count}`
  const nth = 'key = (select key from requests_ts_jar where name = $1 order by key offset $2 limit 1)'
  return {
    edit: async (index, change) => {
      const { rows } = await pool.query(`select key, record from requests_ts_jar where name = $1 and ${nth}`, [
        name,
        index,
      ])
      for (const { key, record } of rows)
        await pool.query('update requests_ts_jar set record = $3 where name = $1 and key = $2', [
          name,
          key,
          change(record),
        ])
    },
    remove: (index) => pool.query(`delete from requests_ts_jar where name = $1 and ${nth}`, [name, index % 4]),
    clear: () => pool.query('delete from requests_ts_jar where name = $1', [name]),
    copy: async () => {
      await pool.query(`drop table if exists ${copy}`)
      await pool.query(`create table ${copy} as select * from requests_ts_jar where name = '${name}'`)
    },
    restore: async () => {
      const exists = await pool.query('select to_regclass($1)::text as it', [copy])
      if (exists.rows[0].it === null) return
      await pool.query('delete from requests_ts_jar where name = $1', [name])
      await pool.query(`insert into requests_ts_jar select * from ${copy}`)
    },
  }
}

describe('a store that reads only what has changed has what a new store reads', () => {
  it('in Redis, whatever others write, change by hand or lose', () =>
    fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const name = newName()
        await runHistory(() => JarStore.redis(redis, name, options), handsOnRedis(name), steps)
      }),
      { numRuns: NUM_RUNS },
    ))

  it('in PostgreSQL, whatever others write, or change by hand', async () => {
    await JarStore.postgres(pool, newName()).merge(jarWith('a=1'))() // creates the table
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const name = newName()
        await runHistory(() => JarStore.postgres(pool, name, options), handsOnPostgres(name), steps)
      }),
      { numRuns: NUM_RUNS },
    )
  })

  it('in Redis, after more writes than it remembers, and of more records', async () => {
    const name = newName()
    const [reader, writer] = [JarStore.redis(redis, name), JarStore.redis(redis, name)]
    const all: string[] = []
    for (const size of [1, 1, 100, 1, 30, 2]) {
      for (let i = 0; i < size; i += 1) {
        all.push(`c${all.length}=1`)
        await writer.merge(jarWith(...all.slice(-1)))()
      }
      expect(await namesIn(reader)).toEqual([...all].sort())
    }
    await writer.merge(jarWith(...all.map((line) => line.replace('c', 'd'))))()
    expect(await namesIn(reader)).toHaveLength(180)
    expect(await redis.hstrlen(name, 'changes')).toBeLessThanOrEqual(2000)
  })
})

describe('a store in PostgreSQL', () => {
  it('has what was written by a transaction that began earlier and ended later', async () => {
    const name = newName()
    const early = new pg.Client(settings())
    await early.connect()
    try {
      const reader = JarStore.postgres(pool, name)
      await JarStore.postgres(pool, name).merge(jarWith('first=1', 'changed=1'))()
      await early.query('begin')
      await JarStore.postgres(early, name).merge(jarWith('early=1'))()
      await early.query('delete from requests_ts_jar where name = $1 and key like $2', [name, '%first%'])
      for (const line of ['late=1', 'later=1']) {
        await JarStore.postgres(pool, name).merge(jarWith(line))()
        await namesIn(reader)
      }
      expect(await namesIn(reader)).toEqual(['changed=1', 'first=1', 'late=1', 'later=1'])
      await early.query('commit')
      expect(await namesIn(reader)).toEqual(['changed=1', 'early=1', 'late=1', 'later=1'])
      expect(await namesIn(JarStore.postgres(pool, name))).toEqual(['changed=1', 'early=1', 'late=1', 'later=1'])
    } finally {
      await early.end()
    }
  })

  it('has what was written while many transactions ended in another order', async () => {
    const name = newName()
    const reader = JarStore.postgres(pool, name)
    await namesIn(reader)
    const clients = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const client = new pg.Client(settings())
        await client.connect()
        return client
      }),
    )
    const expected: string[] = []
    for (let round = 0; round < 25; round += 1) {
      const order = [...clients.keys()].sort(() => Math.random() - 0.5)
      for (const i of order) {
        await clients[i]?.query('begin')
        const client = clients[i] ?? expect.fail('no client')
        await JarStore.postgres(client, name).merge(jarWith(`c${round}x${i}=1`))()
      }
      for (const i of order.sort(() => Math.random() - 0.5)) {
        await clients[i]?.query('commit')
        expected.push(`c${round}x${i}=1`)
        expect(await namesIn(reader)).toEqual([...expected].sort())
      }
    }
    await Promise.all(clients.map((client) => client.end()))
  })

  it('has a token that ends between two milliseconds, of a server that shows 15 digits of a number', async () => {
    const name = newName()
    const client = new pg.Client({ ...settings(), options: '-c extra_float_digits=0' })
    await client.connect()
    try {
      const key = { name: 'api', endpoint: 'https://shop.example/token' }
      const token = Token.at(NOW)({ accessToken: 'a', expiresIn: 3600.1234567 })
      const store = JarStore.postgres(client, name, options)
      expect(await store.merge(Jar.withToken(key, token, NOW)(Jar.empty))()).toEqual(E.right(undefined))
      // Not the store that has written it, which does not parse it.
      expect(await JarStore.postgres(client, name, options).load()).toMatchObject({ _tag: 'Right' })
    } finally {
      await client.end()
    }
  })

  it('has what was written after a crash of one of its processes, by a transaction whose number was used before', async () => {
    const server = await startPostgres()
    const own = new pg.Pool({ host: '127.0.0.1', port: server.port, user: 'postgres' })
    own.on('error', () => {})
    try {
      const [reader, writer] = [JarStore.postgres(own, 'shop', options), JarStore.postgres(own, 'shop', options)]
      // What is rolled back stays in memory for longer than this test takes.
      await own.query("alter system set wal_writer_delay = '10s'")
      await own.query('select pg_reload_conf()')
      await delay(500)
      await writer.merge(jarWith('sid=1'))()
      const client = await own.connect()
      client.on('error', () => {})
      for (let i = 0; i < 5; i += 1) {
        await client.query('begin')
        await client.query("update requests_ts_jar set record = ''")
        await client.query('rollback')
      }
      expect(await namesIn(reader)).toEqual(['sid=1'])
      const { rows } = await client.query('select pg_backend_pid() as pid')
      process.kill(rows[0].pid, 'SIGKILL')
      client.release(true)
      const [later] = Jar.absorb(new URL('https://shop.example/'), ['sid=2'], new Date(NOW.getTime() + 1))(Jar.empty)
      await delay(500) // until the server has noticed it, and ended the others
      while (E.isLeft(await writer.merge(later)())) await delay(50)
      while (E.isLeft(await reader.load())) await delay(50)
      expect(await namesIn(reader)).toEqual(['sid=2'])
    } finally {
      await own.end()
      await server.kill()
    }
  })

  it('has what another table of the same name has', async () => {
    const name = newName()
    const reader = JarStore.postgres(pool, name, { table: 'swapped' })
    await JarStore.postgres(pool, name, { table: 'other' }).merge(jarWith('sid=2'))()
    await reader.merge(jarWith('sid=1'))()
    expect(await namesIn(reader)).toEqual(['sid=1'])
    await pool.query('alter table swapped rename to old')
    await pool.query('alter table other rename to swapped')
    expect(await namesIn(reader)).toEqual(['sid=2'])
  })
})
