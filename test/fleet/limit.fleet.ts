/** Clients that share a rate limit of `rate-limiter-flexible`: together they never send more than it permits. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Redis } from 'ioredis'
import pg from 'pg'
import { RateLimiterPostgres, RateLimiterRedis } from 'rate-limiter-flexible'
import { createClient } from 'redis'
import { Client, Environment, Http, Session, Transport } from 'requests-ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBoth } from './bothServers.js'
import { startPostgres, startRedis } from './servers.js'

const CLIENTS = 4
const REQUESTS = 6
const POINTS = 5
const DURATION_MS = 1_000
/** The end of a period and the arrival of a request are measured by clocks of different processes. */
const TOLERANCE_MS = 20

const OPTIONS = { points: POINTS, duration: DURATION_MS / 1_000 }

const servers = startBoth()
let arrived: number[] = []
const api = createServer((_, response) => {
  arrived.push(performance.now())
  response.end('ok')
})

beforeAll(async () => {
  await once(api.listen(0, '127.0.0.1'), 'listening')
})
afterAll(async () => {
  api.closeAllConnections()
  api.close()
})

const apiUrl = (): string => {
  const address = api.address()
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`
}

/** A limiter with a connection of its own, as each process has. */
interface OpenLimiter {
  readonly limiter: Transport.FlexibleLimiter
  readonly close: () => Promise<unknown>
}

/** They wait for a server that is down. */
const ignored = (): void => {}

const onNodeRedis = async (port: number): Promise<OpenLimiter> => {
  const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: 50 } })
  client.on('error', ignored)
  await client.connect()
  const limiter = new RateLimiterRedis({ ...OPTIONS, storeClient: client, useRedisPackage: true, keyPrefix: 'node' })
  return { limiter, close: async () => client.destroy() }
}

const onIoRedis = async (port: number): Promise<OpenLimiter> => {
  const client = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 50, lazyConnect: true })
  client.on('error', ignored)
  await client.connect()
  const limiter = new RateLimiterRedis({ ...OPTIONS, storeClient: client, keyPrefix: 'io' })
  return { limiter, close: async () => client.disconnect() }
}

const onPostgres = async (port: number): Promise<OpenLimiter> => {
  const pool = new pg.Pool({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres', max: 2 })
  pool.on('error', ignored)
  const limiter = await new Promise<RateLimiterPostgres>((resolve, reject) => {
    const made = new RateLimiterPostgres({ ...OPTIONS, storeClient: pool, tableName: 'limits' }, (problem) =>
      problem === undefined ? resolve(made) : reject(problem),
    )
  })
  return { limiter, close: () => pool.end() }
}

const openers = {
  redis: () => onNodeRedis(servers.redis.port),
  ioredis: () => onIoRedis(servers.redis.port),
  pg: () => onPostgres(servers.postgres.port),
}

type Kind = keyof typeof openers
const KINDS: ReadonlyArray<Kind> = ['redis', 'ioredis', 'pg']

const openClient = (limiter: Transport.FlexibleLimiter, options?: Transport.SharedLimitOptions) =>
  Client.open({
    session: Session.at(apiUrl()),
    environment: Environment.empty,
    wrapTransport: Transport.withSharedLimit(Transport.rateLimiterFlexible(limiter), options),
  })()

/** Sends all requests of all clients at once. Returns their outcomes, and when the requests arrived. */
const sendAll = async (limiters: ReadonlyArray<OpenLimiter>) => {
  arrived = []
  const start = performance.now()
  const clients = limiters.map(({ limiter }) => openClient(limiter))
  const outcomes = await Promise.all(
    clients.flatMap((client) =>
      Array.from({ length: REQUESTS }, (_, i) => pipe(Http.get(`?n=${i}`), Http.ok, Client.runIn(client))()),
    ),
  )
  await Promise.all(clients.map((client) => Client.close(client)()))
  return { outcomes, times: arrived.map((time) => time - start) }
}

describe.each(KINDS)('clients that share a limit over %s', (kind) => {
  it('never send more than it permits in a period, and send every request', async () => {
    const limiters = await Promise.all(Array.from({ length: CLIENTS }, openers[kind]))
    try {
      const { outcomes, times } = await sendAll(limiters)
      expect(outcomes.filter(E.isLeft)).toEqual([])
      expect(times.length).toBe(CLIENTS * REQUESTS)
      // The request number i, from 0, is in the period `i / POINTS`, rounded down, or a later one; the first period begins after 0.
      const early = times.filter((time, i) => time < Math.floor(i / POINTS) * DURATION_MS - TOLERANCE_MS)
      expect(early).toEqual([])
      // And it is not slower than necessary: a wait ends soon after its period.
      const periods = Math.ceil((CLIENTS * REQUESTS) / POINTS)
      expect(times.at(-1)).toBeLessThan((periods + 2) * DURATION_MS)
    } finally {
      await Promise.all(limiters.map(({ close }) => close()))
    }
  })
})

describe.each(KINDS)('a limit over %s whose server fails', (kind) => {
  it('sends nothing, and sends again when the server is back', async () => {
    const server = await (kind === 'pg' ? startPostgres() : startRedis())
    const open = { redis: onNodeRedis, ioredis: onIoRedis, pg: onPostgres }[kind]
    const { limiter, close } = await open(server.port)
    const client = openClient(limiter, { timeout: 300 })
    const get = pipe(
      Http.get(''),
      Http.map(({ status }) => status),
      Client.runIn(client),
    )
    try {
      expect(await get()).toEqual(E.right(200))
      await server.kill()
      arrived = []
      expect(await get()).toMatchObject({ left: { _tag: 'ConnectFailed', unsent: true } })
      expect(arrived).toEqual([])
      await server.start()
      for (let i = 0; i < 40 && E.isLeft(await get()); i += 1) await new Promise((resolve) => setTimeout(resolve, 50))
      expect(await get()).toEqual(E.right(200))
    } finally {
      await Client.close(client)()
      await close()
      await server.kill()
    }
  })
})
