/** The cost of a shared jar: its JSON, and loading and saving it, compared with one round trip to the same server. */
import { spawnSync } from 'node:child_process'
import * as E from 'fp-ts/lib/Either.js'
import pg from 'pg'
import { createClient } from 'redis'
import { Jar, JarStore } from 'requests-ts'
import { startPostgres, startRedis } from '../fleet/servers.js'
import { jarOf, NOW } from './cookies.js'
import { type Block, compare, cpu, type Measured, sampled, type Work, warmUp } from './measure.js'
import { median } from './statistics.js'

const COOKIES = 80
const TIMES = 200

/** Returns whether a program is installed, such as a server of Debian. */
export const isInstalled = (program: string): boolean =>
  spawnSync('sh', ['-c', `command -v ${program} || ls /usr/lib/postgresql/*/bin/${program}`]).status === 0

/** Returns the microseconds of CPU to write and read the JSON of 80 cookies. */
export const json = async (): Promise<Measured> => {
  const jar = jarOf(COOKIES)
  const work: Work = (times) => {
    for (let i = 0; i < times; i += 1) {
      const encoded = Jar.encode({ reveal: true })(jar)
      Jar.decode(JSON.parse(JSON.stringify(E.isRight(encoded) ? encoded.right : null)))
    }
  }
  await warmUp([work], 10 * TIMES)
  const costs: number[] = []
  for (let block = 0; block < 21; block += 1) costs.push(await cpu(work, TIMES)())
  return sampled(costs)
}

/** Returns a block that measures the median of the time of one operation, in milliseconds. */
const latency =
  (one: () => Promise<unknown>): Block =>
  async () => {
    const times: number[] = []
    for (let i = 0; i < TIMES; i += 1) {
      const start = performance.now()
      await one()
      times.push(performance.now() - start)
    }
    return median(times)
  }

const must = <A>(outcome: E.Either<{ readonly message: string }, A>): A => {
  if (E.isLeft(outcome)) throw new Error(outcome.left.message)
  return outcome.right
}

/** Returns an operation of a worker: loads the jar, receives a cookie, and saves what has changed. */
const turnOf = (store: JarStore.JarStore): (() => Promise<void>) => {
  let n = 0
  return async () => {
    n += 1
    const before = must(await store.load())
    const [after] = Jar.absorb(new URL('https://host0.site0.com/'), [`name1=value-${n}; Path=/`], NOW)(before)
    must(await store.merge(Jar.delta(before)(after))())
  }
}

const compared = async (store: JarStore.JarStore, roundTrip: () => Promise<unknown>): Promise<Measured> => {
  must(await store.merge(jarOf(COOKIES))())
  const [base, candidate] = [latency(roundTrip), latency(turnOf(store))]
  for (let i = 0; i < 10; i += 1) for (const block of [base, candidate]) await block()
  return compare({ base, candidate, rounds: 18, unit: 'ms' })
}

/** Compares load and merge with Redis with one round trip that reads the same records. */
export const onRedis = async (): Promise<Measured> => {
  const server = await startRedis()
  const client = await createClient({ socket: { host: '127.0.0.1', port: server.port } }).connect()
  try {
    return await compared(JarStore.redis(client, 'jar'), () => client.hGetAll('jar'))
  } finally {
    client.destroy()
    await server.kill()
  }
}

/** Compares load and merge with PostgreSQL with one round trip that writes a row, as saving anything does. */
export const onPostgres = async (): Promise<Measured> => {
  const server = await startPostgres()
  const pool = new pg.Pool({ host: '127.0.0.1', port: server.port, user: 'postgres', max: 4 })
  try {
    await pool.query('create table one (id int primary key, content text)')
    const write = 'insert into one values (1, $1) on conflict (id) do update set content = excluded.content'
    return await compared(JarStore.postgres(JarStore.prepared(pool), 'jar'), () =>
      pool.query(write, [String(Math.random())]),
    )
  } finally {
    await pool.end()
    await server.kill()
  }
}
