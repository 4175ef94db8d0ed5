import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Cipher, Jar, JarStore, Session, Store } from 'requests-ts'
import { afterAll, describe, expect, it } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'file-store-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let count = 0
const newPath = (): string => {
  count += 1
  return join(folder, `jar-${count}.json`)
}

const site = new URL('https://shop.test/')
const now = new Date()
const jarWith = (...lines: ReadonlyArray<string>): Jar.Jar => Jar.absorb(site, lines, now)(Jar.empty)[0]
const namesIn = (loaded: E.Either<unknown, Jar.Jar>): unknown =>
  pipe(
    loaded,
    E.matchW(
      (error) => error,
      (jar) => Jar.toArray(jar).map(({ name }) => name),
    ),
  )

const cipher = pipe(
  Cipher.aesGcm([{ name: 'k', key: new Uint8Array(32).fill(1) }]),
  E.getOrElse((): Cipher.Cipher => expect.fail('not a cipher')),
)

const challenge = {
  origin: 'https://shop.test',
  user: 'u',
  realm: 'r',
  nonce: 'n',
  opaque: O.none,
  algorithm: O.none,
  qop: true,
}

describe('a jar in a file', () => {
  it('is made with the first record, and only its owner can read it', async () => {
    const path = newPath()
    const store = JarStore.file(path)
    expect(namesIn(await store.load())).toEqual([])
    await store.merge(Jar.empty)()
    expect(readdirSync(folder)).not.toContain(`jar-${count}.json`)
    expect(await store.merge(jarWith('a=1'))()).toEqual(E.right(undefined))
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(namesIn(await store.load())).toEqual(['a'])
    expect(readdirSync(folder).filter((name) => name.startsWith(`jar-${count}.json.`))).toEqual([])
  })

  it('leaves the session and the digest challenges of a saved session as they are, and returns no challenge', async () => {
    const path = newPath()
    const session = Session.withBearer('tok')(Session.at('https://shop.test'))
    await Store.replace(path)({ session, jar: Jar.remember(challenge, now)(jarWith('a=1')) })()
    const store = JarStore.file(path)
    await store.merge(Jar.remember({ ...challenge, nonce: 'other' }, now)(jarWith('b=1')))()
    const loaded = await store.load()
    expect(namesIn(loaded)).toEqual(['a', 'b'])
    expect(E.isRight(loaded) && O.isNone(Jar.challengeFor(challenge)(loaded.right))).toBe(true)
    const stored = await pipe(
      Store.load(path),
      TE.map((one) => [one.session.settings.auth, O.toUndefined(Jar.challengeFor(challenge)(one.jar))?.nonce]),
    )()
    expect(stored).toEqual(E.right([session.settings.auth, 'n']))
  })

  it('has nothing readable with a cipher', async () => {
    const path = newPath()
    await JarStore.file(path, { cipher }).merge(jarWith('sid=s3cr3t'))()
    expect(readFileSync(path, 'utf8')).not.toMatch(/s3cr3t|sid|shop/)
    expect(namesIn(await JarStore.file(path, { cipher }).load())).toEqual(['sid'])
    expect(await JarStore.file(path).load()).toMatchObject({ left: { reason: 'Unreadable' } })
  })

  it.each([
    [
      'a plain file, for a store with a cipher',
      async (path: string) => void (await JarStore.file(path).merge(jarWith('a=1'))()),
      { cipher },
    ],
    ['half of a file', async (path: string) => writeFileSync(path, '{"format":"requests-ts/st'), {}],
    ['a newer format', async (path: string) => writeFileSync(path, '{"format":"requests-ts/store","version":9}'), {}],
    ['another file', async (path: string) => writeFileSync(path, 'hello'), {}],
  ])('returns an error for %s, and does not change it', async (_, prepare, options) => {
    const path = newPath()
    await prepare(path)
    const before = readFileSync(path, 'utf8')
    const store = JarStore.file(path, options)
    expect(await store.load()).toMatchObject({ left: { operation: 'load', reason: 'Unreadable' } })
    expect(await store.merge(jarWith('b=1'))()).toMatchObject({ left: { operation: 'merge', reason: 'Unreadable' } })
    expect(readFileSync(path, 'utf8')).toBe(before)
  })

  it('returns an error for a folder that is missing, and for a folder in its place', async () => {
    const inMissing = JarStore.file(join(folder, 'missing', 'jar.json'))
    expect(await inMissing.merge(jarWith('a=1'))()).toMatchObject({ left: { reason: 'Unavailable' } })
    const path = newPath()
    mkdirSync(path)
    expect(await JarStore.file(path).load()).toMatchObject({ left: { reason: 'Unavailable' } })
    expect(await JarStore.file(path).merge(jarWith('a=1'))()).toMatchObject({ left: { reason: 'Unavailable' } })
  })

  it('returns an error for a device in its place', async () => {
    const store = JarStore.file('/dev/full')
    expect(await store.merge(jarWith('a=1'))()).toMatchObject({
      left: { _tag: 'JarStoreFailed', reason: 'Unavailable' },
    })
  })

  it('takes over the lock that a dead process has left, and waits for a living one only until its time limit', async () => {
    const path = newPath()
    const lock = (pid: number) => JSON.stringify({ pid, host: hostname(), token: 'other' })
    writeFileSync(`${path}.lock`, lock(2 ** 22 + 12345))
    expect(await JarStore.file(path).merge(jarWith('a=1'))()).toEqual(E.right(undefined))
    writeFileSync(`${path}.lock`, lock(process.ppid))
    const outcome = await JarStore.file(path, { timeout: 50 }).merge(jarWith('b=1'))()
    expect(outcome).toMatchObject({ left: { operation: 'merge', reason: 'TimedOut' } })
    rmSync(`${path}.lock`)
  })
})

describe('a store that cannot be made', () => {
  const sent: unknown[] = []
  const redis = { sendCommand: async (command: ReadonlyArray<string>) => sent.push(command) }
  const postgres = { query: async () => ({ rows: [] }) }
  it.each<[string, (...args: ReadonlyArray<never>) => unknown, ReadonlyArray<unknown>]>([
    ['no client of Redis', JarStore.redis, [undefined, 'shop']],
    ['another client of Redis', JarStore.redis, [{ get: () => '' }, 'shop']],
    ['no name', JarStore.redis, [redis, '']],
    ['a name that is not text', JarStore.redis, [redis, 7]],
    ['a name with NUL', JarStore.postgres, [postgres, 'a\0b']],
    ['a function that returns a client', JarStore.redis, [() => redis, 'shop']],
    ['a name without a text form', JarStore.redis, [redis, Object.create(null)]],
    ['a name with half of a character', JarStore.redis, [redis, 'a\ud800']],
    ['a name longer than an index allows', JarStore.postgres, [postgres, 'a'.repeat(256)]],
    ['a table without a name', JarStore.postgres, [postgres, 'shop', { table: 'a..b' }]],
    ['a path without a text form', JarStore.file, [Object.create(null)]],
    ['a clock that is not one', JarStore.file, [join(folder, 'x'), { clock: 7 }]],
    ['no client of PostgreSQL', JarStore.postgres, [null, 'shop']],
    ['a table that is not text', JarStore.postgres, [postgres, 'shop', { table: 7 }]],
    ['a time limit that is not a number', JarStore.redis, [redis, 'shop', { timeout: '5' }]],
    ['a negative horizon', JarStore.postgres, [postgres, 'shop', { horizon: -1 }]],
    ['a cipher without functions', JarStore.redis, [redis, 'shop', { cipher: {} }]],
    ['no path', JarStore.file, ['']],
    ['a path that is not text', JarStore.file, [undefined]],
    ['a horizon of NaN', JarStore.file, [join(folder, 'x'), { horizon: Number.NaN }]],
  ])('returns an error: %s', async (_, make, args) => {
    // The cast: what plain JavaScript may pass.
    const store = make(...(args as ReadonlyArray<never>)) as JarStore.JarStore
    expect(await store.load()).toMatchObject({ left: { _tag: 'JarStoreFailed', operation: 'load', reason: 'Invalid' } })
    expect(await store.merge(jarWith('a=1'))()).toMatchObject({ left: { operation: 'merge', reason: 'Invalid' } })
    expect(sent).toEqual([])
  })
})

describe('a reply that is not that of a server', () => {
  it.each([undefined, 7, 'OK', {}])('is an error: %j', async (reply) => {
    const store = JarStore.redis({ sendCommand: async () => reply }, 'shop')
    expect(await store.load()).toMatchObject({ left: { operation: 'load', reason: 'Unavailable' } })
    expect(await store.merge(jarWith('a=1'))()).toMatchObject({ left: { operation: 'merge', reason: 'Unavailable' } })
  })
  it.each([undefined, 7, { reading: 7 }, { reading: '' }])('is an error of PostgreSQL too: %j', async (row) => {
    const store = JarStore.postgres({ query: async () => ({ rows: [row] }) }, 'shop')
    expect(await store.load()).toMatchObject({ left: { operation: 'load', reason: 'Unavailable' } })
  })
  it('is an error of a cipher too', async () => {
    const wrong = { seal: () => async () => E.right(5), open: () => async () => E.right(5) }
    // The cast: what plain JavaScript may pass.
    const store = JarStore.redis({ sendCommand: async () => [] }, 'shop', { cipher: wrong as unknown as Cipher.Cipher })
    expect(await store.merge(jarWith('a=1'))()).toMatchObject({ left: { operation: 'merge', reason: 'Unwritable' } })
    const path = newPath()
    const file = JarStore.file(path, { cipher: wrong as unknown as Cipher.Cipher })
    expect(await file.merge(jarWith('a=1'))()).toMatchObject({ left: { operation: 'merge', reason: 'Unwritable' } })
    expect(namesIn(await JarStore.file(path).load())).toEqual([])
  })
  it('is an error if options are null', async () => {
    const rows = [{ reading: '[0, 0, 1, "2026-01-01", 1, null]' }]
    const made = JarStore.postgres({ query: async () => ({ rows }) }, 'shop', null as never)
    expect(await made.load()).toEqual(E.right(Jar.empty))
  })
})
