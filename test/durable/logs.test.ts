import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { afterAll, describe, expect, it } from 'vitest'
import { log } from '../../laws/index.js'
import * as RuleSet from '../../laws/RuleSet.js'
import * as Log from '../../src/Log.js'
import * as Cipher from '../../src/store/Cipher.js'
import { runs } from '../laws/effort.js'
import { untyped } from '../untyped.js'

const folder = await mkdtemp(join(tmpdir(), 'logs-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const cipher = E.getOrElse((): Cipher.Cipher => expect.fail('not a cipher'))(
  Cipher.aesGcm([{ name: 'k', key: new Uint8Array(32).fill(7) }]),
)

let count = 0
const newFolder = (): string => {
  count += 1
  return join(folder, `log-${count}`)
}

describe('a log in memory', () => RuleSet.toTests(it, { numRuns: runs(200) })(log(Log.memory)))
describe('a log in a folder', () => RuleSet.toTests(it, { numRuns: runs(15) })(log(() => Log.file(newFolder()))))
describe('a sealed log in a folder', () =>
  RuleSet.toTests(it, { numRuns: runs(10) })(log(() => Log.file(newFolder(), { cipher }))))

const reasonOf = (outcome: E.Either<Log.LogError, unknown>): string =>
  E.isLeft(outcome) ? outcome.left.reason : 'Right'

describe('a log in a folder', () => {
  it('is for its owner only, with a line of JSON for each event', async () => {
    const path = newFolder()
    await Log.file(path).append('job', 0, ['{"a":1}', '{"b":2}'])()
    const [name = ''] = await readdir(path)
    expect(await readFile(join(path, name), 'utf8')).toBe('{"a":1}\n{"b":2}\n')
    expect([(await stat(path)).mode & 0o777, (await stat(join(path, name))).mode & 0o777]).toEqual([0o700, 0o600])
  })
  it('needs the folder in which it is made', async () => {
    const outcome = await Log.file(join(newFolder(), 'deeper')).append('job', 0, ['x'])()
    expect(reasonOf(outcome)).toBe('Unavailable')
  })
  it('refuses events of several lines, which a cipher of the user may return', async () => {
    const lines: Cipher.Cipher = {
      seal: (text) => async () => E.right(`${text}\n`),
      open: (text) => async () => E.right(text),
    }
    const path = newFolder()
    expect(reasonOf(await Log.file(path, { cipher: lines }).append('job', 0, ['x'])())).toBe('Unavailable')
    expect(await Log.file(path).read('job')()).toEqual(E.right([]))
  })
  it('drops what a process has left that was killed while it wrote, with its secrets', async () => {
    const path = newFolder()
    const own = Log.file(path)
    await own.append('job', 0, ['x'])()
    const [name] = await readdir(path)
    await writeFile(join(path, `${name}.${randomUUID()}`), 'a secret')
    expect(await own.drop(new Date(0))()).toEqual(E.right(0))
    expect(await readdir(path)).toHaveLength(2)
    expect(await own.drop(new Date(Date.now() + 60_000))()).toEqual(E.right(1))
    expect(await readdir(path)).toEqual([])
  })
  it('drops no file of others', async () => {
    const path = newFolder()
    const own = Log.file(path)
    await own.append('job', 0, ['x'])()
    await writeFile(join(path, 'notes.txt'), 'mine')
    expect(await own.drop(new Date(Date.now() + 60_000))()).toEqual(E.right(1))
    expect(await readdir(path)).toEqual(['notes.txt'])
  })
})

describe('a sealed log', () => {
  const path = newFolder()
  const sealed = Log.file(path, { cipher })
  const fileOf = async (): Promise<string> => join(path, (await readdir(path))[0] ?? '')

  it('does not show its events, and opens each one at its place only', async () => {
    await sealed.append('job', 0, ['first secret', 'second secret'])()
    const text = await readFile(await fileOf(), 'utf8')
    expect(text).not.toContain('secret')
    expect(await sealed.read('job')()).toEqual(E.right(['first secret', 'second secret']))
    const [first, second] = text.split('\n')
    await writeFile(await fileOf(), `${second}\n${first}\n`)
    expect(reasonOf(await sealed.read('job')())).toBe('Unreadable')
    await writeFile(await fileOf(), `${first}\n`)
    expect(await sealed.read('job')()).toEqual(E.right(['first secret']))
  })
})

describe('what a log is made of', () => {
  const broken: Cipher.Cipher = {
    seal: () => async () => E.left(Cipher.failed('no key')),
    open: () => async () => E.left(Cipher.failed('no key')),
  }
  it.each<[string, Log.Log]>([
    ['folder', Log.file('')],
    ['folder', Log.file(untyped(null))],
    ['timeout', Log.file('/tmp/x', { timeout: -1 })],
    ['cipher', Log.file('/tmp/x', { cipher: untyped({}) })],
    ['client', Log.redis(untyped({}), 'log')],
    ['client', Log.redis(untyped(null), 'log')],
    ['client', Log.postgres(untyped({}), 'log')],
    ['table', Log.postgres(untyped({ query: () => {} }), 'log', { table: 'a..b' })],
    ['name', Log.postgres(untyped({ query: () => {} }), '\n')],
  ])('is checked: %s', async (_, invalid) => {
    expect(reasonOf(await invalid.read('job')())).toBe('Invalid')
    expect(reasonOf(await invalid.append('job', 0, ['x'])())).toBe('Invalid')
    expect(reasonOf(await invalid.drop(new Date())())).toBe('Invalid')
  })
  it.each(['', '\n', 'a'.repeat(256), untyped<string>(1), '\ud800'])('refuses the id %j', async (id) => {
    const own = Log.memory()
    expect(reasonOf(await own.read(id)())).toBe('Invalid')
    expect(reasonOf(await own.append(id, 0, ['x'])())).toBe('Invalid')
  })
  it('refuses a time that is not one', async () => {
    expect(reasonOf(await Log.memory().drop(new Date(Number.NaN))())).toBe('Invalid')
    expect(reasonOf(await Log.memory().drop(untyped('2027'))())).toBe('Invalid')
  })
  it('returns the failure of a cipher', async () => {
    const path = newFolder()
    await Log.file(path).append('job', 0, ['x'])()
    const failing = Log.file(path, { cipher: broken })
    expect(reasonOf(await failing.append('job', 1, ['x'])())).toBe('Unwritable')
    expect(reasonOf(await failing.read('job')())).toBe('Unreadable')
  })
})
