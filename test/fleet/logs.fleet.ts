/** The logs with real servers and the real packages: their laws, and what they do if a server fails. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import pg from 'pg'
import { createClient } from 'redis'
import { Cipher, Client, Durable, Http, Log, Request, Response, Session, Transport } from 'requests-ts'
import { log, RuleSet } from 'requests-ts/laws'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBoth } from './bothServers.js'
import { type Connection, connect, type Kind } from './connections.js'
import { type Server, startPostgres, startRedis } from './servers.js'

const KINDS: ReadonlyArray<Kind> = ['redis', 'ioredis', 'pg.Pool', 'pg.Client', 'prepared']
const isRedis = (kind: Kind): boolean => kind.endsWith('redis')

const servers = startBoth()

const serverOf = (kind: Kind): Server => (isRedis(kind) ? servers.redis : servers.postgres)

let count = 0
const newName = (): string => {
  count += 1
  return `Log ${count}`
}

const cipher = pipe(
  Cipher.aesGcm([{ name: 'k', key: new Uint8Array(32).fill(7) }]),
  E.getOrElse((): Cipher.Cipher => expect.fail('not a cipher')),
)

const reasonOf = (outcome: E.Either<Log.LogError, unknown>): unknown =>
  E.isLeft(outcome) ? outcome.left.reason : outcome.right

const order = pipe(Request.post('http://shop.test/orders'), Request.withText('x'))

/** Runs the order with a server that counts. */
const durably = (own: Log.Log, transport: Transport.Transport) =>
  pipe(
    Durable.run({ log: own, id: 'job' })(order),
    Http.map(Response.text),
    Client.runWith({ transport, session: Session.empty }),
  )()

const counting = () => {
  let orders = 0
  const transport = Transport.memory(() => {
    orders += 1
    return { status: 201, body: `order ${orders}` }
  })
  return { transport, orders: () => orders }
}

/** Waits until a log works again: its client connects in its own time. */
const whenUp = async (own: Log.Log): Promise<void> => {
  for (let i = 0; i < 100 && E.isLeft(await own.read('job')()); i += 1)
    await new Promise((resolve) => setTimeout(resolve, 50))
}

describe.each(KINDS)('a log with %s', (kind) => {
  let connection: Connection
  beforeAll(async () => {
    connection = await connect[kind](serverOf(kind).port)
  })
  afterAll(() => connection.close())

  describe('obeys the laws', () => RuleSet.toTests(it, { numRuns: 40 })(log(() => connection.log(newName()))))
  describe('obeys the laws with a cipher', () =>
    RuleSet.toTests(it, { numRuns: 10 })(log(() => connection.log(newName(), { cipher }))))

  it('lets one of many runs send', async () => {
    const [own, server] = [connection.log(newName()), counting()]
    await Promise.all(Array.from({ length: 8 }, () => durably(own, server.transport)))
    expect(server.orders()).toBe(1)
    expect(await durably(own, server.transport)).toEqual(E.right('order 1'))
  })
  it('keeps a body of a megabyte', async () => {
    const own = connection.log(newName())
    const body = 'ä'.repeat(500_000)
    const transport = Transport.memory(() => ({
      status: 200,
      body,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    }))
    expect(await durably(own, transport)).toEqual(E.right(body))
    expect(await durably(own, transport)).toEqual(E.right(body))
  })
  it('acknowledges an append that was sent twice', async () => {
    const own = connection.log(newName())
    for (const seq of [0, 0, 2, 2]) expect(await own.append('job', seq, ['a', 'b'])()).toEqual(E.right(undefined))
    expect(await own.read('job')()).toEqual(E.right(['a', 'b', 'a', 'b']))
  })
  it('drops by the clock of the server', async () => {
    const own = connection.log(newName())
    await own.append('old', 0, ['x'])()
    await new Promise((resolve) => setTimeout(resolve, 30))
    const between = new Date()
    await new Promise((resolve) => setTimeout(resolve, 30))
    await own.append('new', 0, ['x'])()
    expect(await own.drop(between)()).toEqual(E.right(1))
    expect([await own.read('old')(), await own.read('new')()]).toEqual([E.right([]), E.right(['x'])])
  })
})

describe.each(['redis', 'ioredis', 'pg.Pool'] as const)('a server that is down, with %s', (kind) => {
  it('sends nothing before the log works, and loses no reply after it', async () => {
    const start = isRedis(kind) ? startRedis : startPostgres
    const down = await start()
    const connection = await connect[kind](down.port)
    try {
      const [own, server] = [connection.log('orders', { timeout: 300 }), counting()]
      await own.read('job')()
      await down.kill()
      const before = await durably(own, server.transport)
      expect(before).toMatchObject({ left: { _tag: 'LogFailed', outcome: { _tag: 'None' } } })
      expect(server.orders()).toBe(0)

      await down.start()
      await whenUp(own)
      // It ends while the shop works.
      const dying = Transport.memory(() => ({ status: 201, body: 'order' }))
      const killing: Transport.Transport = Object.assign(
        (...[plan, controls]: Parameters<Transport.Transport>) =>
          async () => {
            await down.kill()
            return dying(plan, controls)()
          },
        {},
      )
      const during = await durably(own, killing)
      const outcome = E.isLeft(during) && during.left._tag === 'LogFailed' ? during.left.outcome : undefined
      expect(outcome).toMatchObject({ _tag: 'Some', value: { _tag: 'Right', right: { status: 201 } } })
    } finally {
      await connection.close()
      await down.kill()
    }
  })
})

describe('a log with redis and RESP3 obeys the laws', () => {
  let client: ReturnType<typeof createClient>
  beforeAll(async () => {
    client = createClient({ url: `redis://127.0.0.1:${servers.redis.port}`, RESP: 3 })
    await client.connect()
  })
  afterAll(() => client.destroy())
  RuleSet.toTests(it, { numRuns: 10 })(log(() => Log.redis(client, `{${newName()}}`)))
})

describe('PostgreSQL', () => {
  const open = () =>
    new pg.Pool({ host: '127.0.0.1', port: servers.postgres.port, user: 'postgres', database: 'postgres' })
  it('that restarts still has what was acknowledged', async () => {
    const pool = open()
    pool.on('error', () => {})
    try {
      const [own, server] = [Log.postgres(pool, 'restart'), counting()]
      await durably(own, server.transport)
      await servers.postgres.kill()
      await servers.postgres.start()
      await whenUp(own)
      expect(await durably(own, server.transport)).toEqual(E.right('order 1'))
      expect(server.orders()).toBe(1)
    } finally {
      await pool.end()
    }
  })
  it('keeps a log in a table and a schema of the user', async () => {
    const pool = open()
    try {
      await pool.query('create schema if not exists app')
      const own = Log.postgres(pool, 'mine', { table: 'app.Logs' })
      await own.append('job', 0, ['x'])()
      expect((await pool.query('select log, id, seq, event from app."Logs"')).rows).toEqual([
        { log: 'mine', id: 'job', seq: 0, event: 'x' },
      ])
      await pool.query('delete from app."Logs"')
      await own.append('job', 0, ['x', 'y'])()
      await pool.query('delete from app."Logs" where seq = 0')
      expect(await own.read('job')()).toEqual(E.right(['', 'y']))
      expect(reasonOf(await Durable.read({ log: own, id: 'job' })())).toBe('Unreadable')
    } finally {
      await pool.end()
    }
  })
})
