import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import { history as cookieHistory } from '../../laws/arbitrary/Cookie.js'
import { replay } from '../../laws/JarHistory.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as JarStore from '../../src/JarStore.js'
import * as JarRecord from '../../src/store/JarRecord.js'
import { makeNamed } from '../../src/store/RecordStore.js'
import * as Secret from '../../src/values/Secret.js'
import * as Token from '../../src/values/Token.js'
import { history, runHistory } from '../fleet/histories.js'
import { runs } from '../laws/effort.js'
import { type MemoryDatabase, memoryDatabase } from './memoryDatabase.js'

const horizon = Number.POSITIVE_INFINITY
const storeOf = (database: MemoryDatabase): JarStore.JarStore =>
  makeNamed(
    'a test',
    'jar',
    { horizon },
    E.right(() => database),
  )

const jarWith = (...lines: ReadonlyArray<string>): Jar.Jar =>
  Jar.absorb(new URL('https://h.test/'), lines, new Date(1000))(Jar.empty)[0]

const valuesIn = async (store: JarStore.JarStore): Promise<unknown> => {
  const loaded = await store.load()
  return E.isLeft(loaded) ? loaded.left : Jar.toArray(loaded.right).map(({ value }) => Secret.reveal(value))
}

describe('a store that reads only what has changed', () => {
  it('has what a new store reads, whatever others write, change by hand or lose', () =>
    fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const database = memoryDatabase()
        await runHistory(() => storeOf(database), database.hands, steps)
      }),
      { numRuns: runs(300) },
    ))

  it('reads everything only once if nothing is removed', async () => {
    const database = memoryDatabase()
    const store = storeOf(database)
    for (let i = 0; i < 5; i += 1) {
      await storeOf(database).merge(jarWith(`c${i}=1`))()
      await store.load()
    }
    expect(database.completeReadings()).toBe(1)
    expect(await valuesIn(store)).toEqual(['1', '1', '1', '1', '1'])
  })

  it.each([60_001, -1])('reads everything again after %i milliseconds of the database', async (ms) => {
    const database = memoryDatabase()
    const store = storeOf(database)
    await store.merge(jarWith('a=1'))()
    for (const now of [5000, 5000 + ms / 2]) {
      database.setNow(now)
      expect(await valuesIn(store)).toEqual(['1'])
    }
    const [[key, record] = expect.fail('no record')] = database.stored
    database.stored.set(key, { ...record, text: record.text.replace('"value":"1"', '"value":"2"') })
    database.setNow(5000 + ms)
    expect(await valuesIn(store)).toEqual(['2'])
  })

  it('knows the content of what it has written, as if it had parsed it', () =>
    fc.assert(
      fc.property(cookieHistory, fc.boolean(), (past, nameless) => {
        const jar = replay(Jar)(past)(Jar.make({ nameless }))
        const records = E.getOrElseW(() => [])(JarRecord.recordsOf(jar))
        const contents = JarRecord.contentsOf(jar)
        expect(records).toHaveLength(contents.length)
        for (const [i, record] of records.entries()) {
          const parsed = E.getOrElseW(() => expect.fail('not parsed'))(JarRecord.parse(record))
          expect(Jar.Eq.equals(JarRecord.jarOf([parsed]), JarRecord.jarOf(contents.slice(i, i + 1)))).toBe(true)
        }
      }),
    ))
})

/** A jar with a token and a cookie that end at a time. */
const jarUntil = (ms: number): Jar.Jar => {
  const key = { name: 'api', endpoint: 'https://h.test/token' }
  const token = { ...Token.at(new Date(0))({ accessToken: 'a' }), expiresAt: O.some(ms) }
  const [sid = expect.fail('no cookie')] = Jar.records(jarWith('sid=1'))
  return Jar.withRecords([{ ...sid, expires: O.some(ms) }])(Jar.withToken(key, token, new Date(0))(Jar.empty))
}

describe('the end of a record', () => {
  const times = fc.oneof(
    fc.double({ min: -8.64e15, max: 8.64e15, noNaN: true }),
    fc.double({ min: 0, max: 4e12, noNaN: true }),
    fc.constantFrom(-0, 0, 0.5, 8.64e15, 8.64e15 - 1, 1_800_000_003_599.123),
  )

  it('is not changed by a database that shows 15 digits of a number, and is never before that of its content', () =>
    fc.assert(
      fc.property(times, (ms) => {
        const records = E.getOrElseW(() => [])(JarRecord.recordsOf(jarUntil(ms)))
        expect(records).toHaveLength(2)
        for (const record of records) {
          const { endsAt = expect.fail('it does not end') } = record
          const stored = { ...record, endsAt: Number(endsAt.toPrecision(15)) }
          expect(JarRecord.parse(stored)).toMatchObject({ _tag: 'Right' })
          expect(endsAt).toBeGreaterThanOrEqual(Math.min(ms, 999_999_999_999_999))
        }
      }),
    ))
})

describe('a store in PostgreSQL', () => {
  const empty = { start: '2026-01-01T00:00:00Z', table: 5 }
  const readingWith = ({ start, table }: typeof empty): string => JSON.stringify([0, 0, 700, start, table, null])

  it.each([
    ['another start', { ...empty, start: '2026-01-02T00:00:00Z' }],
    ['another table', { ...empty, table: 6 }],
  ])('reads everything from a server with %s', async (_, other) => {
    const sent: unknown[] = []
    let place = empty
    const query = async (_text: string, [, xid]: ReadonlyArray<unknown>) => {
      sent.push(xid)
      return { rows: [{ reading: readingWith(place) }] }
    }
    const store = JarStore.postgres({ query }, 'shop')
    await store.load()
    await store.load()
    place = other
    await store.load()
    await store.load()
    expect(sent).toEqual([null, '700', '700', null, '700'])
  })

  it('names a transaction by its last 32 bits', async () => {
    const sent: unknown[] = []
    const query = async (_text: string, [, xid]: ReadonlyArray<unknown>) => {
      sent.push(xid)
      return { rows: [{ reading: JSON.stringify([0, 0, 2 ** 32 + 9, '', 5, null]) }] }
    }
    const store = JarStore.postgres({ query }, 'shop')
    await store.load()
    await store.load()
    expect(sent).toEqual([null, '9'])
  })
})
