/**
 * `Stream.toFile` on a file system that fails: at each step of a download, once or from then on, before or after the
 * operation was done. The file at the path is always the complete old or the complete new one, and the result says which.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as Client from '../../src/Client.js'
import * as Stream from '../../src/Stream.js'
import * as Environment from '../../src/session/Environment.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import { MIN_PART_BYTES } from '../../src/transport/download/ByteRanges.js'
import * as Fault from '../../src/wire/Fault.js'
import { wire } from '../../src/wire/Plan.js'
import { reply } from '../../src/wire/Reply.js'
import type { Transport } from '../../src/wire/Transport.js'
import { openFilesIn } from '../openFiles.js'

// --- a file system that fails ------------------------------------------------------------------------------------------

/** Whether the operation is done although it reports a failure, as over a network. */
type Moment = 'before' | 'after'

const disk = vi.hoisted(() => ({
  steps: 0,
  fails: (_step: number, _operation: string): Moment | undefined => undefined,
}))

const OF_HANDLES = ['chmod', 'chown', 'read', 'readFile', 'stat', 'sync', 'truncate', 'write', 'writeFile'] as const

vi.mock('../../src/transport/download/NodeFiles.js', async (original) => {
  const real = await original<typeof import('../../src/transport/download/NodeFiles.js')>()
  type Operation = (...args: ReadonlyArray<unknown>) => unknown
  const failing =
    (name: string, run: Operation) =>
    async (...args: ReadonlyArray<unknown>) => {
      disk.steps += 1
      const moment = disk.fails(disk.steps, name)
      const failure = Object.assign(new Error(`ENOSPC: no space left on device, ${name}`), { code: 'ENOSPC' })
      if (moment === 'before') throw failure
      // What is not synced is not lost, because the machine does not stop. Tests are faster without it.
      const result = name === 'sync' ? undefined : await run(...args)
      if (moment === 'after') throw failure
      return result
    }
  const handle = (file: FileHandle): FileHandle => {
    for (const name of OF_HANDLES) {
      const run = Reflect.get(file, name)
      Object.defineProperty(file, name, { value: failing(name, (...args) => Reflect.apply(run, file, args)) })
    }
    const { close } = file
    // A descriptor is closed whatever its failure is.
    const closing = failing('close', () => undefined)
    Object.defineProperty(file, 'close', { value: () => Reflect.apply(close, file, []).then(() => closing()) })
    return file
  }
  const opening = failing('open', () => undefined)
  return {
    ...real,
    ...Object.fromEntries(
      (['lstat', 'readlink', 'rename', 'rm', 'stat'] as const).map((name) => [
        name,
        // The cast: the operations have different parameters, which are passed on as they are.
        failing(name, real[name] as Operation),
      ]),
    ),
    open: async (...args: Parameters<typeof real.open>) => {
      await opening()
      return handle(await real.open(...args))
    },
  }
})

const NEVER = (): undefined => undefined

const WRITES: ReadonlySet<string> = new Set(['write', 'writeFile', 'sync'])

/** Whether the operation was done cannot be found out. */
const UNKNOWN = 'after an operation, and then before any but truncating'

/** How the file system fails from a step on. */
const FAULTS: Readonly<Record<string, (from: number) => typeof disk.fails>> = {
  'once, before the operation': (from) => (step) => (step === from ? 'before' : undefined),
  'once, after the operation': (from) => (step) => (step === from ? 'after' : undefined),
  'from then on': (from) => (step) => (step >= from ? 'before' : undefined),
  'from then on, because the disk is full': (from) => (step, operation) =>
    step >= from && WRITES.has(operation) ? 'before' : undefined,
  [UNKNOWN]: (from) => (step, operation) =>
    step === from ? 'after' : step > from && operation !== 'truncate' ? 'before' : undefined,
}

// --- downloads ---------------------------------------------------------------------------------------------------------

const contentOf = (seed: string): Buffer => {
  const block = createHash('sha512').update(seed).digest()
  return Buffer.alloc(2 * MIN_PART_BYTES + 12_345, block)
}
const [OLD, NEW] = [contentOf('old'), contentOf('new')]
const DIGEST = `sha-256=${createHash('sha256').update(NEW).digest('hex')}`
const CHUNK = 300_000

/** Serves the new file and its ranges. `cut`: after how many bytes a body is cut. */
const serving =
  (cut = Number.POSITIVE_INFINITY): Transport =>
  (plan) =>
  async () => {
    const sent = new Map(wire(plan).headers.map(([name, value]) => [name.toLowerCase(), value]))
    const [, from, to = ''] = /^bytes=(\d+)-(\d*)$/.exec(sent.get('range') ?? '') ?? []
    const headers = { etag: '"v1"', 'accept-ranges': 'bytes' }
    const [start, end] = [Number(from ?? 0), to === '' ? NEW.length : Number(to) + 1]
    if (start >= NEW.length) {
      return E.right(reply({ status: 416, headers: { ...headers, 'content-range': `bytes */${NEW.length}` } }))
    }
    async function* body() {
      for (let at = start; at < end; at += CHUNK) {
        if (at - start >= cut) throw Fault.make('BodyCut', 'cut')
        yield NEW.subarray(at, Math.min(at + CHUNK, end))
      }
    }
    const length = { ...headers, 'content-length': String(end - start) }
    const range = { 'content-range': `bytes ${start}-${end - 1}/${NEW.length}` }
    return E.right(
      from === undefined
        ? reply({ status: 200, headers: length, body: body() })
        : reply({ status: 206, headers: { ...length, ...range }, body: body() }),
    )
  }

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'disk-'))
  path = join(folder, 'file.bin')
})
afterEach(() => {
  disk.fails = NEVER
  expect(openFilesIn(folder)).toEqual([])
  rmSync(folder, { recursive: true, force: true })
})

const download = (options: Stream.ToFile, transport = serving()) =>
  pipe(
    Request.get('http://h.test/file'),
    Stream.toFile(path, options),
    Client.runWith({ session: Session.empty, transport, environment: Environment.empty }),
  )()

const FINISHED = 'the finished file'

/** What is in the folder before the download that fails. */
const BEFORE: Readonly<Record<string, (parts: number) => Promise<unknown>>> = {
  'an old file': async () => writeFileSync(path, OLD),
  'an old file and a part': async (parts) => {
    writeFileSync(path, OLD)
    return download({ parts, existing: 'Resume' }, serving(CHUNK))
  },
  'an old file, and a download to the same path that runs': async () => {
    writeFileSync(path, OLD)
    writeFileSync(`${path}.part.lock`, 'of another host')
  },
  [FINISHED]: async (parts) => download({ parts, existing: 'Resume' }),
}

const contentAtPath = (): Buffer | undefined => (existsSync(path) ? readFileSync(path) : undefined)

const isSame = (found: Buffer | undefined, expected: Buffer | undefined): boolean =>
  found === undefined || expected === undefined ? found === expected : found.equals(expected)

/** Empties the folder, prepares it, and downloads while the file system fails. Returns how many steps there were. */
const failAt = async (before: string, options: Stream.ToFile, how = '', from = 0): Promise<number> => {
  rmSync(folder, { recursive: true, force: true })
  folder = mkdtempSync(join(tmpdir(), 'disk-'))
  path = join(folder, 'file.bin')
  await BEFORE[before]?.(options.parts ?? 1)
  const old = contentAtPath()
  disk.steps = 0
  disk.fails = FAULTS[how]?.(from) ?? NEVER
  const outcome = await download(options)
  const { steps } = disk
  disk.fails = NEVER
  if (E.isRight(outcome)) expect(outcome.right).toMatchObject({ size: NEW.length })
  else expect(outcome).toMatchObject({ left: { _tag: 'FileFailed', path } })
  const found = contentAtPath()
  const expected = E.isRight(outcome) || (how === UNKNOWN && isSame(found, NEW)) ? NEW : old
  expect([from, isSame(found, expected)]).toEqual([from, true])
  expect(openFilesIn(folder)).toEqual([])
  // Whatever the failure has left, the next download ends with the file.
  expect(E.isRight(await download({ ...options, existing: 'Resume' }))).toBe(true)
  expect([from, isSame(contentAtPath(), NEW)]).toEqual([from, true])
  return steps
}

const OPTIONS: ReadonlyArray<Stream.ToFile> = [
  { parts: 1, existing: 'Restart' },
  { parts: 1, existing: 'Resume', digest: DIGEST },
  { parts: 3, existing: 'Restart', digest: DIGEST },
  { parts: 3, existing: 'Resume' },
]

describe.each(Object.keys(FAULTS))('a file system that fails %s', (how) => {
  describe.each(OPTIONS)('during a download with %j', (options) => {
    // `Restart` downloads a finished file as it does any old one.
    const befores = Object.keys(BEFORE).filter((one) => one !== FINISHED || options.existing === 'Resume')
    it.each(befores)('leaves the old or the new file, as the result says, after %s', async (before) => {
      const steps = await failAt(before, options)
      expect(steps).toBeGreaterThan(10)
      for (let from = 1; from <= steps; from += 1) await failAt(before, options, how, from)
    })
  })
})
