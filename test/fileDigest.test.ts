/** The digest of a download: which spellings are accepted, and that a file with another digest never gets its name. */
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as Client from '../src/Client.js'
import * as Http from '../src/Http.js'
import * as Stream from '../src/Stream.js'
import * as Environment from '../src/session/Environment.js'
import * as Request from '../src/session/Request.js'
import * as Session from '../src/session/Session.js'
import * as FileDigest from '../src/transport/download/FileDigest.js'
import * as Fault from '../src/wire/Fault.js'
import { head, type ReplyInput, reply } from '../src/wire/Reply.js'
import type { Transport } from '../src/wire/Transport.js'

const NODE = { 'sha-256': 'sha256', 'sha-512': 'sha512' } as const
type Algorithm = keyof typeof NODE
const hexOf = (algorithm: Algorithm, content: string | Uint8Array): string =>
  createHash(NODE[algorithm]).update(content).digest('hex')
const base64Of = (algorithm: Algorithm, content: string | Uint8Array): string =>
  createHash(NODE[algorithm]).update(content).digest('base64')
const field = (algorithm: Algorithm, content: string | Uint8Array): string =>
  `${algorithm}=:${base64Of(algorithm, content)}:`

const algorithms = fc.constantFrom<Algorithm>('sha-256', 'sha-512')

describe('the digest of a user', () => {
  it('is read in each spelling', () => {
    fc.assert(
      fc.property(algorithms, fc.string(), (algorithm, content) => {
        const hex = hexOf(algorithm, content)
        for (const text of [
          field(algorithm, content),
          `${algorithm}=${base64Of(algorithm, content)}`,
          `${algorithm}=${hex}`,
          `${algorithm.toUpperCase()}=${hex.toUpperCase()}`,
          ` ${algorithm} = ${hex} `,
        ])
          expect(FileDigest.parse(text)).toEqual(E.right({ algorithm, hex }))
      }),
    )
  })
  it('is rejected if a character is missing, added or changed to one that does not belong to it', () => {
    fc.assert(
      fc.property(algorithms, fc.nat(200), fc.constantFrom('', 'A', '!', '\n', ':'), (algorithm, at, other) => {
        for (const value of [`:${base64Of(algorithm, 'x')}:`, hexOf(algorithm, 'x')]) {
          const cut = at % value.length
          const changed = value.slice(0, cut) + other + other + value.slice(cut + 1)
          expect(E.isLeft(FileDigest.parse(`${algorithm}=${changed}`))).toBe(true)
        }
      }),
    )
  })
  it.each<readonly [unknown]>([
    [''],
    ['sha-256'],
    ['sha-256='],
    ['sha-256=:'],
    ['sha-256=::'],
    [hexOf('sha-256', 'x')],
    [`md5=${'0'.repeat(32)}`],
    [`sha-512=${hexOf('sha-256', 'x')}`],
    [`__proto__=${hexOf('sha-256', 'x')}`],
    [null],
    [7],
    [{ toString: () => field('sha-256', 'x') }],
  ])('rejects %j', (text) => expect(E.isLeft(FileDigest.parse(text))).toBe(true))
})

describe('Repr-Digest', () => {
  const of = (...lines: ReadonlyArray<string>) =>
    FileDigest.ofHead(head({ status: 200, headers: lines.map((line) => ['Repr-Digest', line] as const) }))
  const [short, long] = [field('sha-256', 'x'), field('sha-512', 'x')]
  const some = (algorithm: Algorithm) => O.some({ algorithm, hex: hexOf(algorithm, 'x') })
  it.each<readonly [ReadonlyArray<string>, unknown]>([
    [[short], some('sha-256')],
    [[`${short}, ${long}`], some('sha-512')],
    [[long, short], some('sha-512')],
    [[`md5=:AAAA:,${short};q=1`], some('sha-256')],
    [[` ${short} \t, ${long} ; a; b=1 `], some('sha-512')],
    [[`${short} x`], O.none],
    [[`${short};a="b"`], O.none],
    [[`${field('sha-256', 'y')}, ${short}`], some('sha-256')],
    [[`sha-512=:AAAA:, ${short}`], some('sha-256')],
    [[], O.none],
    [[''], O.none],
    [['md5=:AAAA:'], O.none],
    [[short.replaceAll(':', '')], O.none],
    [[`x="a, ${short}`], O.none],
    [[`${short},`], O.none],
    [['sha-256=:AAAA:'], O.none],
    [[short.toUpperCase()], O.none],
  ])('%j', (lines, expected) => expect(of(...lines)).toEqual(expected))
})

// --- downloads -------------------------------------------------------------------------------------------------------

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'digest-'))
  path = join(folder, 'file.bin')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))
const files = (): ReadonlyArray<string> => readdirSync(folder).sort()

const download = (transport: Transport, options: Stream.ToFile = {}, to = path) =>
  pipe(
    Request.get('http://h.test/file'),
    Stream.toFile(to, options),
    Client.use({ session: Session.defaults, transport, environment: Environment.empty }),
  )()

const replies = (...inputs: ReadonlyArray<ReplyInput>): Transport & { readonly count: () => number } => {
  let count = 0
  const transport: Transport = () => async () => E.right(reply(inputs[count++] ?? { status: 500 }))
  return Object.assign(transport, { count: () => count })
}

async function* cut(...pieces: ReadonlyArray<string>) {
  for (const piece of pieces) yield Buffer.from(piece)
  throw Fault.make('BodyCut', 'cut')
}

const ETAGGED = { etag: '"v1"', 'content-length': '10' }
const CONTENT = 'abcdefghij'
const rest = { ...ETAGGED, 'content-length': '6', 'content-range': 'bytes 4-9/10' }

describe('a download with a digest', () => {
  it.each(['option', 'header'])('gets its name only with that digest, of the %s', async (source) => {
    await fc.assert(
      fc.asyncProperty(
        algorithms,
        fc.uint8Array({ maxLength: 5000 }),
        fc.option(fc.uint8Array({ maxLength: 50 })),
        async (algorithm, content, change) => {
          const other = change ?? content
          writeFileSync(path, 'old')
          const stated = field(algorithm, other)
          const isSame = Buffer.from(content).equals(Buffer.from(other))
          const answer = { status: 200, headers: { ...(source === 'header' ? { 'repr-digest': stated } : {}) } }
          const outcome = await download(
            replies({ ...answer, body: content }),
            source === 'option' ? { digest: stated } : {},
          )
          expect(files()).toEqual(['file.bin'])
          expect(E.isRight(outcome)).toBe(isSame)
          if (isSame) return
          const [expected, actual] = [hexOf(algorithm, other), hexOf(algorithm, content)]
          expect(outcome).toMatchObject({ left: { _tag: 'DigestMismatch', algorithm, expected, actual } })
          expect(readFileSync(path, 'utf8')).toBe('old')
        },
      ),
      { numRuns: 40 },
    )
  })
  it('reads the bytes of an earlier download too', async () => {
    for (const [digest, isRight] of [
      [field('sha-256', CONTENT), true],
      [field('sha-256', 'efghij'), false],
    ] as const) {
      for (const source of ['option', 'header']) {
        await download(replies({ status: 200, headers: ETAGGED, body: cut('abcd') }))
        const headers = source === 'header' ? { ...rest, 'repr-digest': digest } : rest
        const options = source === 'option' ? { digest } : {}
        const outcome = await download(replies({ status: 206, headers, body: 'efghij' }), {
          existing: 'Resume',
          ...options,
        })
        expect(E.isRight(outcome)).toBe(isRight)
        expect(files()).toEqual(isRight ? ['file.bin', 'file.bin.part.json'] : [])
        rmSync(path, { force: true })
      }
    }
  })
  it('is noted: the digest of a first response is verified after a 206 or a 416 that does not state one', async () => {
    for (const [content, isRight] of [
      [CONTENT, true],
      ['other', false],
    ] as const) {
      for (const [received, second] of [
        ['abcd', { status: 206, headers: rest, body: 'efghij' }],
        [CONTENT, { status: 416, headers: { etag: '"v1"', 'content-range': 'bytes */10' } }],
      ] as const) {
        const headers = { etag: '"v1"', 'repr-digest': field('sha-512', content) }
        await download(replies({ status: 200, headers, body: cut(received) }))
        const outcome = await download(replies(second), { existing: 'Resume' })
        expect(E.isRight(outcome)).toBe(isRight)
        if (!isRight) expect(outcome).toMatchObject({ left: { _tag: 'DigestMismatch', algorithm: 'sha-512' } })
        expect(files()).toEqual(isRight ? ['file.bin', 'file.bin.part.json'] : [])
        rmSync(path, { force: true })
      }
    }
  })
  it('is not that of the note if the file has changed', async () => {
    const headers = { ...ETAGGED, 'repr-digest': field('sha-512', 'other') }
    await download(replies({ status: 200, headers, body: cut('abcd') }))
    const changed = { status: 200, headers: { etag: '"v2"' }, body: CONTENT }
    expect(E.isRight(await download(replies(changed), { existing: 'Resume' }))).toBe(true)
  })
  it('starts from the beginning after a part on the disk was changed', async () => {
    await download(replies({ status: 200, headers: ETAGGED, body: cut('abcd') }))
    writeFileSync(`${path}.part`, 'abXd')
    const options = { existing: 'Resume', digest: field('sha-256', CONTENT) } as const
    expect(await download(replies({ status: 206, headers: rest, body: 'efghij' }), options)).toMatchObject({
      left: { _tag: 'DigestMismatch', actual: hexOf('sha-256', 'abXdefghij') },
    })
    expect(await download(replies({ status: 200, headers: ETAGGED, body: CONTENT }), options)).toMatchObject({
      right: [{ size: 10, resumedAt: 0 }, {}],
    })
  })
  it('verifies a part that a 416 completes, and ignores the digest of the 416', async () => {
    const headers = { etag: '"v1"', 'content-range': 'bytes */10', 'repr-digest': field('sha-256', 'no range') }
    const begin = async () => {
      await download(replies({ status: 200, headers: { etag: '"v1"' }, body: cut(CONTENT) }))
      expect(files()).toEqual(['file.bin.part', 'file.bin.part.json'])
    }
    await begin()
    const digest = field('sha-512', 'other')
    expect(await download(replies({ status: 416, headers }), { existing: 'Resume', digest })).toMatchObject({
      left: { _tag: 'DigestMismatch', algorithm: 'sha-512' },
    })
    expect(files()).toEqual([])
    await begin()
    expect(await download(replies({ status: 416, headers }), { existing: 'Resume' })).toMatchObject({
      right: [{ size: 10 }, {}],
    })
  })
  it('verifies a finished file that has not changed, keeps it, and requests it again next time', async () => {
    const options = { existing: 'Resume' } as const
    await download(replies({ status: 200, headers: ETAGGED, body: CONTENT }), options)
    const same = { ...options, digest: field('sha-256', CONTENT) }
    expect(await download(replies({ status: 304 }), same)).toMatchObject({ right: [{ resumedAt: 10 }, {}] })
    const other = { ...options, digest: field('sha-256', 'newer') }
    expect(await download(replies({ status: 304 }), other)).toMatchObject({ left: { _tag: 'DigestMismatch' } })
    expect([files(), readFileSync(path, 'utf8')]).toEqual([['file.bin'], CONTENT])
    expect(await download(replies({ status: 200, body: 'newer' }), other)).toMatchObject({ right: [{ size: 5 }, {}] })
  })
  it('is not verified to its end, and does not get its name, after an abort', async () => {
    const size = 20_000_000
    const big = Buffer.alloc(size)
    const digest = field('sha-512', big)
    const headers = { etag: '"v1"', 'accept-ranges': 'bytes', 'content-length': String(size) }
    const range = (from: number) => ({
      ...headers,
      'content-length': String(size - from),
      'content-range': `bytes ${from}-${size - 1}/${size}`,
    })
    async function* all() {
      yield big
      throw Fault.make('BodyCut', 'cut')
    }
    /** Replies, and aborts when the reply with that number is there. */
    const run = (abortAt: number, options: Stream.ToFile, ...inputs: ReadonlyArray<ReplyInput>) => {
      const stop = new AbortController()
      const server = replies(...inputs)
      const aborting: Transport = (plan, controls) => async () => {
        const outcome = await server(plan, controls)()
        if (server.count() === abortAt) stop.abort()
        return outcome
      }
      return pipe(
        Request.get('http://h.test/file'),
        Stream.toFile(path, { existing: 'Resume', digest, ...options }),
        Http.withSignal(stop.signal),
        Client.use({ session: Session.defaults, transport: aborting, environment: Environment.empty }),
      )()
    }
    const aborted = { left: { _tag: 'Aborted' } }
    // A part that has all its bytes: a 416 confirms that.
    const noLength = { etag: '"v1"' }
    await run(0, { digest: field('sha-512', 'x') }, { status: 200, headers: noLength, body: all() })
    const complete = { status: 416, headers: { ...noLength, 'content-range': `bytes */${size}` } }
    expect(await run(1, {}, complete)).toMatchObject(aborted)
    expect(files()).toEqual(['file.bin.part', 'file.bin.part.json'])
    expect(await run(0, {}, complete)).toMatchObject({ right: [{ resumedAt: size }, {}] })
    // The finished file.
    expect(await run(1, {}, { status: 304, headers })).toMatchObject(aborted)
    expect(await run(0, {}, { status: 304, headers })).toMatchObject({ right: [{ resumedAt: size }, {}] })
    rmSync(path)
    // Two parts: the abort comes with the last of them.
    const half = size / 2
    const parts = [
      { status: 200, headers, body: big.subarray(0, half) },
      { status: 206, headers: range(half), body: big.subarray(half) },
    ]
    expect(await run(2, { parts: 2 }, ...parts)).toMatchObject(aborted)
    expect(files()).toEqual(['file.bin.part', 'file.bin.part.json'])
  })
  it('prefers the digest of the user to that of the server', async () => {
    const headers = { 'repr-digest': field('sha-512', 'other') }
    expect(
      E.isRight(await download(replies({ status: 200, headers, body: 'x' }), { digest: field('sha-256', 'x') })),
    ).toBe(true)
  })
  it.each<readonly [string, Readonly<Record<string, string>>]>([
    ['Content-Digest, which is that of the content', { 'content-digest': field('sha-256', 'other') }],
    ['the digest of a coded representation', { 'content-encoding': 'x', 'repr-digest': field('sha-256', 'other') }],
    ['Digest of RFC 3230', { digest: `SHA-256=${base64Of('sha-256', 'other')}` }],
  ])('does not verify %s', async (_, headers) => {
    expect(E.isRight(await download(replies({ status: 200, headers, body: 'x' })))).toBe(true)
  })
  it('rejects a digest that is not valid before anything is sent or written', async () => {
    for (const digest of ['md5=AAAA', 'sha-256=AAAA', '', null, 5]) {
      const transport = replies({ status: 200, body: 'x' })
      // The cast: plain JavaScript may pass anything.
      const outcome = await download(transport, { digest: digest as string })
      expect(outcome).toMatchObject({ left: { _tag: 'InvalidSettings', setting: 'digest' } })
      expect([transport.count(), files()]).toEqual([0, []])
    }
  })
  it('ignores a digest of the prototype', async () => {
    const options: Stream.ToFile = Object.create({ digest: field('sha-256', 'other') })
    expect(E.isRight(await download(replies({ status: 200, body: 'x' }), options))).toBe(true)
  })
  it('reports the digest of what a device has received', async () => {
    if (!existsSync('/dev/null')) return
    const outcome = await download(replies({ status: 200, body: 'x' }), { digest: field('sha-256', 'y') }, '/dev/null')
    expect(outcome).toMatchObject({ left: { _tag: 'DigestMismatch', actual: hexOf('sha-256', 'x') } })
  })
})
