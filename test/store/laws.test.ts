import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { afterAll, describe, expect, it } from 'vitest'
import { jarStore } from '../../laws/index.js'
import * as RuleSet from '../../laws/RuleSet.js'
import * as JarStore from '../../src/JarStore.js'
import * as Cipher from '../../src/store/Cipher.js'
import type { JarRecord } from '../../src/store/JarRecord.js'
import { makeNamed, type RecordDatabase } from '../../src/store/RecordStore.js'
import { runs } from '../laws/effort.js'

const folder = await mkdtemp(join(tmpdir(), 'jar-store-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const cipher = E.getOrElse((): Cipher.Cipher => expect.fail('not a cipher'))(
  Cipher.aesGcm([{ name: 'k', key: new Uint8Array(32).fill(7) }]),
)

let count = 0
const pathOf = (): string => {
  count += 1
  return join(folder, `jar-${count}.json`)
}
const horizon = Number.POSITIVE_INFINITY

describe('a store in memory', () => RuleSet.toTests(it, { numRuns: runs(200) })(jarStore(() => JarStore.memory())))
describe('a store in a file', () =>
  RuleSet.toTests(it, { numRuns: runs(25) })(jarStore(() => JarStore.file(pathOf(), { horizon }))))
describe('a store in a sealed file', () =>
  RuleSet.toTests(it, { numRuns: runs(15) })(jarStore(() => JarStore.file(pathOf(), { horizon, cipher }))))

/** A database in memory with the rules of those that are real. A turn passes before each operation. */
const memoryDatabase = (): RecordDatabase => {
  const stored = new Map<string, JarRecord>()
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const compare = (x: JarRecord, y: JarRecord): number =>
    x.time.ms - y.time.ms || x.time.n - y.time.n || Number(x.isRemoved) - Number(y.isRemoved)
  return {
    read: async () => {
      await turn()
      return { records: [...stored.values()], now: 0 }
    },
    write: async (records) => {
      await turn()
      return records.flatMap((record) => {
        const old = stored.get(record.key)
        if (old === undefined || compare(old, record) < 0) stored.set(record.key, { ...record, storedAt: 0 })
        return old !== undefined && compare(old, record) === 0 && old.text !== record.text ? [old] : []
      })
    },
    replace: async (replacements) => {
      await turn()
      for (const { old, by } of replacements)
        if (stored.get(old.key)?.text === old.text) stored.set(old.key, { ...by, storedAt: 0 })
    },
    remove: async (records) => {
      for (const { key, text } of records) if (stored.get(key)?.text === text) stored.delete(key)
    },
  }
}

const inDatabase = (options: JarStore.StoreOptions): JarStore.JarStore => {
  const database = memoryDatabase()
  return makeNamed(
    'a test',
    'jar',
    options,
    E.right(() => database),
  )
}

describe('a store in a database of records', () =>
  RuleSet.toTests(it, { numRuns: runs(100) })(jarStore(() => inDatabase({ horizon }))))
describe('a store in a database of sealed records', () =>
  RuleSet.toTests(it, { numRuns: runs(50) })(jarStore(() => inDatabase({ horizon, cipher }))))
