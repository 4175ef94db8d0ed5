/** The stores with real servers and the real packages: their laws, and what they do if a server fails or has invalid records. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { Redis } from 'ioredis'
import pg from 'pg'
import { Cipher, Client, Clock, Http, Jar, JarStore, Secret, Transport } from 'requests-ts'
import { jarStore, RuleSet } from 'requests-ts/laws'
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
  return `Jar ${count}`
}

const cipherOf = (...octets: ReadonlyArray<number>): Cipher.Cipher =>
  pipe(
    octets.map((octet) => ({ name: `key-${octet}`, key: new Uint8Array(32).fill(octet) })),
    Cipher.aesGcm,
    E.getOrElse((): Cipher.Cipher => expect.fail('not a cipher')),
  )

const NOW = new Date(1_800_000_000_000)
const site = new URL('https://shop.example/')
const jarWith = (...lines: ReadonlyArray<string>): Jar.Jar => Jar.absorb(site, lines, NOW)(Jar.empty)[0]
const valuesIn = (loaded: E.Either<JarStore.JarStoreError, Jar.Jar>): unknown =>
  pipe(
    loaded,
    E.matchW(
      ({ reason }) => reason,
      (jar) => Jar.toArray(jar).map(({ name, value }) => `${name}=${Secret.reveal(value)}`),
    ),
  )

/** Waits until a store works again: its client connects in its own time. */
const whenUp = async (store: JarStore.JarStore): Promise<E.Either<JarStore.JarStoreError, Jar.Jar>> => {
  for (let i = 0; i < 100; i += 1) {
    const loaded = await store.load()
    if (E.isRight(loaded)) return loaded
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return store.load()
}

describe.each(KINDS)('a store with %s', (kind) => {
  let connection: Connection
  beforeAll(async () => {
    connection = await connect[kind](serverOf(kind).port)
  })
  afterAll(() => connection.close())

  const horizon = Number.POSITIVE_INFINITY
  const open = (options: JarStore.StoreOptions = {}) => connection.store(newName(), options)

  describe('obeys the laws', () => RuleSet.toTests(it, { numRuns: 50 })(jarStore(() => open({ horizon }))))
  describe('obeys the laws with a cipher', () =>
    RuleSet.toTests(it, { numRuns: 20 })(jarStore(() => open({ horizon, cipher: cipherOf(1) }))))

  it('keeps jars apart whose names differ in case, and are not plain', async () => {
    const names = ['shop', 'Shop', "sh'op", 'sh"op', 'sh\\op', 'shöp', '日本']
    for (const name of names) await connection.store(name).merge(jarWith(`name=${encodeURIComponent(name)}`))()
    for (const name of names)
      expect(valuesIn(await connection.store(name).load())).toEqual([`name=${encodeURIComponent(name)}`])
  })

  it('keeps values, names and paths of any octet, and keys longer than an index allows', async () => {
    const store = open()
    const long = `${'n'.repeat(3000)}=${'v'.repeat(1000)}; Path=/${'p'.repeat(900)}`
    const jar = jarWith('a="x\\y\'z"', 'b=\u00e9\u00ff', `c=1; Path=/${'%20'.repeat(300)}`, long)
    expect(Jar.records(jar)).toHaveLength(4)
    expect(E.isRight(await store.merge(jar)())).toBe(true)
    const loaded = await store.load()
    expect(E.isRight(loaded) && Jar.Eq.equals(loaded.right, jar)).toBe(true)
  })

  it('keeps 10,000 cookies of 100 sites', async () => {
    const store = open()
    const jar = Array.from({ length: 100 }, (_, i) => new URL(`https://s${i}.test/`)).reduce(
      (before, url) =>
        Jar.absorb(
          url,
          Array.from({ length: 100 }, (_, i) => `c${i}=${'v'.repeat(50)}`),
          NOW,
        )(before)[0],
      Jar.empty,
    )
    expect(E.isRight(await store.merge(jar)())).toBe(true)
    const loaded = await store.load()
    expect(E.isRight(loaded) && Jar.Eq.equals(loaded.right, jar)).toBe(true)
  })

  it('forgets deletions and expired cookies after the horizon, by the clock of the server', async () => {
    const store = open({ horizon: 400 })
    const at = new Date()
    const [before] = Jar.absorb(site, ['gone=1', 'short=1; Max-Age=1', 'kept=1'], at)(Jar.empty)
    await store.merge(Jar.remove({ name: 'gone' })(before))()
    const namesIn = async () =>
      pipe(
        await store.load(),
        E.matchW(
          () => 'not loaded',
          (jar) => Jar.records(jar).map((one) => one.name),
        ),
      )
    expect(await namesIn()).toEqual(['gone', 'short', 'kept'])
    await new Promise((resolve) => setTimeout(resolve, 1500))
    await store.load()
    // It does not wait until they are removed.
    for (let i = 0; i < 40 && (await namesIn()).length > 1; i += 1)
      await new Promise((resolve) => setTimeout(resolve, 25))
    expect(await namesIn()).toEqual(['kept'])
  })

  it('keeps a deletion whose logical time is older than the horizon', async () => {
    const store = open({ horizon: 60_000 })
    const [old] = Jar.absorb(site, ['sid=1'], new Date(Date.now() - 3_600_000))(Jar.empty)
    await store.merge(old)()
    await store.merge(Jar.remove({ name: 'sid' })(old))()
    for (let i = 0; i < 3; i += 1) expect(valuesIn(await store.load())).toEqual([])
  })

  it('removes records beyond the limit of a site, so that it does not grow, and what was evicted does not come back', async () => {
    const name = newName()
    const store = connection.store(name)
    for (let round = 0; round < 4; round += 1) {
      const lines = Array.from({ length: 200 }, (_, i) => `s${round}x${i}=1`)
      await store.merge(Jar.absorb(site, lines, new Date(NOW.getTime() + round))(Jar.empty)[0])()
      await store.load()
    }
    const countOf = async () => JSON.parse(await contentOf(kind, name)).length
    for (let i = 0; i < 40 && (await countOf()) > 360; i += 1) {
      await store.load()
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    expect(await countOf()).toBe(360)
  })

  it('decides many writes at one logical time as a join does, however many workers there are', async () => {
    const name = newName()
    const jars = Array.from({ length: 60 }, (_, i) => jarWith(`c=${String(i).padStart(3, '0')}`))
    const stores = [connection.store(name), connection.store(name, {})]
    const merged = await Promise.all(jars.map((jar, i) => stores[i % 2]?.merge(jar)()))
    expect(merged).toEqual(jars.map(() => E.right(undefined)))
    expect(valuesIn(await connection.store(name).load())).toEqual(['c=059'])
  })

  it('saves cookies without a name, again and again', async () => {
    const store = open()
    const client = (transport: Transport.Transport) =>
      Client.open({ jarStore: store, jar: Jar.make({ nameless: true }), transport })()
    const worker = client(
      Transport.memory((plan) => ({ status: 200, headers: { 'set-cookie': plan.url.pathname.slice(1) } })),
    )
    for (const line of ['token', 'other', 'a=1'])
      expect(await pipe(Http.get(`http://shop.example/${line}`), Client.runIn(worker))()).toMatchObject({
        _tag: 'Right',
      })
    expect(valuesIn(await store.load())).toEqual(['=other', 'a=1'])
  })

  it('hides secrets from the database with a cipher, and opens what older keys have sealed', async () => {
    const name = newName()
    await connection.store(name, { cipher: cipherOf(1) }).merge(jarWith('a=s3cr3t'))()
    await connection.store(name, { cipher: cipherOf(2, 1) }).merge(jarWith('b=s3cr3t'))()
    expect(valuesIn(await connection.store(name, { cipher: cipherOf(2, 1) }).load())).toEqual(['a=s3cr3t', 'b=s3cr3t'])
    expect(valuesIn(await connection.store(name, { cipher: cipherOf(2) }).load())).toBe('Unreadable')
    expect(valuesIn(await connection.store(name).load())).toBe('Unreadable')
    expect(await contentOf(kind, name)).not.toMatch('s3cr3t')
  })

  it('does not open a sealed record that was moved to another jar', async () => {
    const [from, to] = [newName(), newName()]
    const cipher = cipherOf(1)
    await connection.store(from, { cipher }).merge(jarWith('sid=1'))()
    await move(kind, from, to)
    expect(valuesIn(await connection.store(to, { cipher }).load())).toBe('Unreadable')
  })

  it.each([
    ['a newer format', (text: string) => text.replace('"version":1', '"version":2')],
    ['a value that was changed to an invalid one', (text: string) => text.replace('"sid"', '"s;d"')],
    ['a domain that was changed', (text: string) => text.replace('shop.example', 'evil.example')],
    ['a time that was changed', (text: string) => text.replace(/"updated":\[\d+/, '"updated":[1')],
    ['half of its text', (text: string) => text.slice(0, text.length / 2)],
    ['no text', () => ''],
  ])('returns an error for a record with %s, and does not lose it', async (_, edit) => {
    const name = newName()
    await connection.store(name).merge(jarWith('sid=1'))()
    await editRecord(kind, name, edit)
    const content = await contentOf(kind, name)
    const loaded = await connection.store(name).load()
    expect(loaded).toMatchObject({ left: { _tag: 'JarStoreFailed', operation: 'load', reason: 'Unreadable' } })
    expect(await contentOf(kind, name)).toBe(content)
  })

  it('saves tokens, and their removal', async () => {
    const store = open()
    const key = { name: 'api', endpoint: 'https://auth.test/token' }
    const token = {
      accessToken: Secret.make('t0k'),
      type: 'Bearer',
      refreshToken: O.some(Secret.make('r')),
      scope: O.none,
      obtainedAt: 1,
      expiresAt: O.none,
    }
    const jar = Jar.withToken(key, token, NOW)(Jar.empty)
    await store.merge(jar)()
    expect(
      pipe(
        await store.load(),
        E.match(() => O.none, Jar.token(key)),
      ),
    ).toEqual(O.some(token))
    await store.merge(Jar.withoutTokens()(jar))()
    expect(pipe(await store.load(), E.map(Jar.tokens))).toEqual(E.right([]))
  })
})

// --- the content of the databases ------------------------------------------------------------------------------------

const withRedis = async <A>(use: (client: Redis) => Promise<A>): Promise<A> => {
  const client = new Redis(servers.redis.port)
  return use(client).finally(() => client.disconnect())
}

const withPostgres = async <A>(use: (client: pg.Client) => Promise<A>): Promise<A> => {
  const client = new pg.Client({ host: '127.0.0.1', port: servers.postgres.port, user: 'postgres' })
  await client.connect()
  return use(client).finally(() => client.end())
}

/** The fields of a hash that are records. */
const fieldsOf = async (client: Redis, name: string): Promise<ReadonlyArray<[string, string]>> =>
  Object.entries(await client.hgetall(name))
    .filter(([field]) => field !== 'changes')
    .sort()

const rows = (
  client: pg.Client,
  name: string,
): Promise<ReadonlyArray<{ readonly key: string; readonly record: string }>> =>
  client
    .query('select key, record from requests_ts_jar where name = $1 order by key', [name])
    .then((found) => found.rows)

const contentOf = (kind: Kind, name: string): Promise<string> =>
  isRedis(kind)
    ? withRedis(async (client) => JSON.stringify(await fieldsOf(client, name)))
    : withPostgres(async (client) => JSON.stringify(await rows(client, name)))

const move = (kind: Kind, from: string, to: string): Promise<unknown> =>
  isRedis(kind)
    ? withRedis((client) => client.rename(from, to))
    : withPostgres((client) => client.query('update requests_ts_jar set name = $2 where name = $1', [from, to]))

/** Changes the text of the only record, as a person does. */
const editRecord = (kind: Kind, name: string, edit: (text: string) => string): Promise<unknown> =>
  isRedis(kind)
    ? withRedis(async (client) => {
        const [[field = '', value = ''] = []] = await fieldsOf(client, name)
        const start = value.indexOf('{')
        return client.hset(name, field, value.slice(0, start) + edit(value.slice(start)))
      })
    : withPostgres(async (client) => {
        const [row] = await rows(client, name)
        return client.query('update requests_ts_jar set record = $2 where name = $1', [name, edit(row?.record ?? '')])
      })

// --- failures --------------------------------------------------------------------------------------------------------

describe.each(KINDS)('a server that fails under a store with %s', (kind) => {
  it('is an error of the store, also in the middle, and the reply is not lost', async () => {
    const server = await (isRedis(kind) ? startRedis() : startPostgres())
    const connection = await connect[kind](server.port)
    const store = connection.store('shop', { timeout: 500 })
    const server204 = Transport.mock(() => ({ status: 204, headers: { 'set-cookie': 'sid=1' } }))
    const client = Client.open({ jarStore: store, transport: server204.transport, clock: Clock.system })()
    try {
      const program = pipe(
        Http.get('http://h.test/'),
        Http.map(({ status }) => status),
        Http.tap(() => Http.fromTask(server.kill)),
      )
      const outcome = await pipe(program, Client.runIn(client))()
      expect(outcome).toMatchObject({
        left: { _tag: 'JarStoreFailed', operation: 'merge', outcome: O.some(E.right(204)) },
      })
      // Nothing is sent while the jar cannot be loaded.
      const next = await pipe(program, Client.runIn(client))()
      expect(next).toMatchObject({ left: { _tag: 'JarStoreFailed', operation: 'load' } })
      expect(server204.sent()).toHaveLength(1)

      // A client of `pg` does not connect again: that is what a pool is for.
      if (kind === 'pg.Client') return
      await server.start()
      await whenUp(store)
      expect(await pipe(Http.of(0), Client.runIn(client))()).toEqual(E.right(0))
      expect(valuesIn(await store.load())).toEqual(['sid=1'])
    } finally {
      await connection.close()
      await server.kill()
    }
  })
})

it('a Redis that restarts without its data gets the jar again from the clients that have it', async () => {
  const server = await startRedis()
  const connection = await connect.redis(server.port)
  const store = connection.store('shop')
  const transport = Transport.memory({ 'GET /a': { status: 204, headers: { 'set-cookie': 'a=1' } } })
  const client = Client.open({ jarStore: store, transport })()
  try {
    expect(E.isRight(await pipe(Http.get('http://h.test/a'), Client.runIn(client))())).toBe(true)
    await server.kill()
    await server.start()
    expect(valuesIn(await whenUp(store))).toEqual([])
    await pipe(Http.of(0), Client.runIn(client))()
    expect(valuesIn(await store.load())).toEqual(['a=1'])
  } finally {
    await connection.close()
    await server.kill()
  }
})

it('PostgreSQL that restarts in the middle still has what was acknowledged', async () => {
  const server = await startPostgres()
  const connection = await connect['pg.Pool'](server.port)
  const store = connection.store('shop', { timeout: 2000 })
  try {
    expect(await store.merge(jarWith('sid=1'))()).toEqual(E.right(undefined))
    await server.kill()
    await server.start()
    expect(valuesIn(await whenUp(store))).toEqual(['sid=1'])
  } finally {
    await connection.close()
    await server.kill()
  }
})

it('PostgreSQL with serializable transactions decides as others do', async () => {
  const serializable = new pg.Pool({
    host: '127.0.0.1',
    port: servers.postgres.port,
    user: 'postgres',
    options: '-c default_transaction_isolation=serializable',
  })
  const store = JarStore.postgres(serializable, newName())
  const merged = await Promise.all(Array.from({ length: 30 }, (_, i) => store.merge(jarWith(`c=${i}`))()))
  expect(merged).toEqual(merged.map(() => E.right(undefined)))
  await serializable.end()
})

it('many workers that find no table create it together', async () => {
  const connections = await Promise.all(Array.from({ length: 6 }, () => connect['pg.Pool'](servers.postgres.port)))
  const { length } = await withPostgres(async (client) => {
    await client.query('create schema "My Schema"')
    return connections
  })
  const options = { table: 'My Schema.jars' } as JarStore.PostgresOptions
  const merged = await Promise.all(
    connections.map(({ store }, i) => store('shop', options).merge(jarWith(`c${i}=1`))()),
  )
  expect(merged).toEqual(Array.from({ length }, () => E.right(undefined)))
  const loaded = await connections[0]?.store('shop', options).load()
  expect(loaded !== undefined && E.isRight(loaded) && Jar.toArray(loaded.right)).toHaveLength(length)
  await Promise.all(connections.map(({ close }) => close()))
})

it('a file that cannot grow, as on a full disk, keeps its old content, and leaves no other file', () => {
  const folder = mkdtempSync(join(process.env['FLEET_DIR'] ?? tmpdir(), 'full-'))
  const path = join(folder, 'jar.json')
  const library = fileURLToPath(new URL('../../dist/esm/src/index.js', import.meta.url))
  const program = `
    const { Jar, JarStore } = await import(${JSON.stringify(library)})
    const jar = Jar.absorb(new URL('https://h.test/'), [process.argv[1] + '=' + 'v'.repeat(3000)], new Date())(Jar.empty)[0]
    const { _tag, left } = await JarStore.file(${JSON.stringify(path)}).merge(jar)()
    console.log(_tag, left?.reason, left?.message)`
  // The shell limits the size of each file that the program writes, in units of 1,024 octets.
  const merge = (name: string, limit: string): string =>
    execFileSync(
      'bash',
      ['-c', `ulimit -f ${limit}; exec "$@"`, 'bash', process.execPath, '--input-type=module', '-e', program, name],
      { encoding: 'utf8' },
    )
  expect(merge('first', 'unlimited')).toMatch(/^Right/)
  const before = readFileSync(path, 'utf8')
  expect(merge('second', '5')).toMatch(/^Left Unavailable .*EFBIG/)
  expect(readFileSync(path, 'utf8')).toBe(before)
  expect(readdirSync(folder)).toEqual(['jar.json'])
})
