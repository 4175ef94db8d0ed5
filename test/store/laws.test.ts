import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { afterAll, describe, expect, it } from 'vitest'
import { jarStore } from '../../laws/index.js'
import * as RuleSet from '../../laws/RuleSet.js'
import * as JarStore from '../../src/JarStore.js'
import * as Cipher from '../../src/store/Cipher.js'
import { makeNamed } from '../../src/store/RecordStore.js'
import { runs } from '../laws/effort.js'
import { memoryDatabase } from './memoryDatabase.js'

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
