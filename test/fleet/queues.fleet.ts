/**
 * Fleets on queues: the workers of the guide take orders from BullMQ or pg-boss, share one login, one limit and one log, and are
 * killed at random. No order is sent twice.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { Redis } from 'ioredis'
import pg from 'pg'
import { Durable, type Jar, JarStore, Log } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { startBoth } from './bothServers.js'

const ORDERS = 100
const WORKERS = 4
const KILLS = 25
/** Of the workers of the guide, for each second. */
const LIMIT = 40
const MAX_MS = 150_000

const servers = startBoth()

const programOf = (name: string): string => fileURLToPath(new URL(`example/${name}.mjs`, import.meta.url))

type Environment = Readonly<Record<string, string>>

const start = (name: string, environment: Environment): ChildProcess =>
  spawn(process.execPath, [programOf(name)], { env: { ...process.env, ...environment } })

/** Runs a program to its end. */
const run = async (name: string, environment: Environment): Promise<void> => {
  const child = start(name, environment)
  let errors = ''
  child.stderr?.on('data', (chunk) => {
    errors += String(chunk)
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(errors)
}

const isReady = (child: ChildProcess): Promise<boolean> =>
  new Promise((resolve) => {
    child.stdout?.once('data', () => resolve(true))
    child.once('exit', () => resolve(false))
  })

/** Kills the process, and waits until it has ended. */
const kill = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

interface Fleet {
  readonly killed: () => number
  readonly stop: () => Promise<void>
}

/** Starts workers, and kills one of them again and again. Each is replaced by another one. */
const startFleet = (name: string, environment: Environment): Fleet => {
  const all = new Set<ChildProcess>()
  const ready = new Set<ChildProcess>()
  let killed = 0
  let isOver = false
  const add = async (): Promise<void> => {
    const child = start(name, environment)
    all.add(child)
    child.once('exit', () => {
      all.delete(child)
      ready.delete(child)
      if (!isOver) add()
    })
    if (await isReady(child)) ready.add(child)
  }
  for (let i = 0; i < WORKERS; i += 1) add()
  const killer = setInterval(() => {
    const [victim] = [...ready].sort(() => Math.random() - 0.5)
    if (killed >= KILLS || victim === undefined) return
    killed += 1
    ready.delete(victim)
    victim.kill('SIGKILL')
  }, 300)
  const stop = async (): Promise<void> => {
    isOver = true
    clearInterval(killer)
    await Promise.all([...all].map(kill))
  }
  return { killed: () => killed, stop }
}

interface Counts {
  readonly counts: Readonly<Record<string, number>>
  readonly times: ReadonlyArray<number>
  readonly tokens: number
}

/** Returns the most requests within a second. */
const busiestSecond = (times: ReadonlyArray<number>): number => {
  let [most, first] = [0, 0]
  for (const [i, time] of times.entries()) {
    while ((times[first] ?? time) <= time - 1000) first += 1
    most = Math.max(most, i - first + 1)
  }
  return most
}

/** The queue, the log and the jar of a fleet. */
interface Place {
  readonly environment: Environment
  readonly log: Log.Log
  readonly jarStore: JarStore.JarStore
  /** Returns the number of jobs that have ended. */
  readonly ended: () => Promise<number>
  readonly close: () => Promise<unknown>
}

const onRedis = async (): Promise<Place> => {
  const client = new Redis({ port: servers.redis.port, host: '127.0.0.1' })
  const sizeOf = (name: string) => client.zcard(`bull:orders:${name}`)
  return {
    environment: { REDIS_URL: `redis://127.0.0.1:${servers.redis.port}`, LOCK_MS: '1000' },
    log: Log.redis(client, 'log:orders'),
    jarStore: JarStore.redis(client, 'jar:shop'),
    ended: async () => (await sizeOf('completed')) + (await sizeOf('failed')),
    close: async () => client.disconnect(),
  }
}

const onPostgres = async (): Promise<Place> => {
  const pool = new pg.Pool({ host: '127.0.0.1', port: servers.postgres.port, user: 'postgres', database: 'postgres' })
  const ENDED = `select count(*)::int as count from pgboss.job where name = 'orders' and state in ('completed', 'failed')`
  return {
    environment: {
      DATABASE_URL: `postgres://postgres@127.0.0.1:${servers.postgres.port}/postgres`,
      MAINTENANCE_S: '1',
      EXPIRE_S: '2',
    },
    log: Log.postgres(pool, 'orders'),
    jarStore: JarStore.postgres(pool, 'shop'),
    ended: async () => (await pool.query(ENDED)).rows[0]?.count ?? 0,
    close: () => pool.end(),
  }
}

const PLACES = { redis: onRedis, postgres: onPostgres }

const namesIn = (jar: Jar.Jar): ReadonlySet<string> =>
  new Set([...jar.cookies.values()].flatMap((site) => site.map(({ name }) => name)))

describe.each(['redis', 'postgres'] as const)('a fleet on %s', (kind) => {
  it(
    'sends no order twice, and loses none, although its workers are killed',
    async () => {
      const shop = start('shop', { PORT: '0' })
      const place = await PLACES[kind]()
      let fleet: Fleet | undefined
      try {
        const [line] = await once(shop.stdout ?? shop, 'data')
        const api = `http://127.0.0.1:${String(line).replace(/\D/g, '')}`
        await run(`orders-${kind}`, { ...place.environment, ORDERS: String(ORDERS) })
        fleet = startFleet(`worker-${kind}`, { ...place.environment, API_URL: api })
        const end = Date.now() + MAX_MS - 20_000
        while ((await place.ended()) < ORDERS && Date.now() < end) await new Promise((go) => setTimeout(go, 200))
        expect(await place.ended()).toBe(ORDERS)
        await fleet.stop()

        // The cast: it is what the shop of the guide returns.
        const { counts, times, tokens } = (await (await fetch(`${api}/counts`)).json()) as Counts
        expect(Object.values(counts).filter((count) => count !== 1)).toEqual([])
        const doubts: string[] = []
        const finished: string[] = []
        for (let i = 1; i <= ORDERS; i += 1) {
          const id = `order-${i}`
          const events = await Durable.read({ log: place.log, id })()
          const resumption = E.isRight(events) ? Durable.fold(events.right) : events
          const tag = E.isRight(resumption) ? resumption.right._tag : resumption.left._tag
          ;({ InDoubt: doubts, Finished: finished })[tag as 'InDoubt']?.push(id)
        }
        expect(doubts.length + finished.length).toBe(ORDERS)
        expect(fleet.killed()).toBe(KILLS)
        expect(doubts.length).toBeLessThanOrEqual(KILLS)
        expect(finished.filter((id) => counts[id] !== 1)).toEqual([])
        // A window of the limiter begins at any moment, so a second may have requests of two of them.
        expect(busiestSecond(times)).toBeLessThanOrEqual(2 * LIMIT)
        expect(tokens).toBeLessThanOrEqual(WORKERS + KILLS)
        const jar = await place.jarStore.load()
        const names = E.isRight(jar) ? namesIn(jar.right) : new Set()
        expect(finished.filter((id) => !names.has(`order-${id}`))).toEqual([])
        console.log(
          `${kind}: ${KILLS} kills, ${doubts.length} in doubt, ${tokens} token requests, ${busiestSecond(times)}/s`,
        )
      } finally {
        await fleet?.stop()
        await kill(shop)
        await place.close()
      }
    },
    MAX_MS,
  )
})
