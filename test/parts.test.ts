/** `Stream.toFile` with `parts`: what is requested, and that the file is that of the server after any failures. */
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest'
import * as Client from '../src/Client.js'
import * as Jar from '../src/cookies/Jar.js'
import * as Http from '../src/Http.js'
import * as Stream from '../src/Stream.js'
import * as Environment from '../src/session/Environment.js'
import * as Request from '../src/session/Request.js'
import * as Session from '../src/session/Session.js'
import * as ByteRanges from '../src/transport/download/ByteRanges.js'
import { withLimit } from '../src/transport/Limit.js'
import * as Fault from '../src/wire/Fault.js'
import { wire } from '../src/wire/Plan.js'
import { type ReplyInput, reply } from '../src/wire/Reply.js'
import type { Transport } from '../src/wire/Transport.js'
import { openFilesIn } from './openFiles.js'
import { gone, transport as real, web } from './transport/servers.js'

const MIN = ByteRanges.MIN_PART_BYTES

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parts-'))
  path = join(folder, 'file.bin')
})
afterEach(() => {
  vi.restoreAllMocks()
  expect(openFilesIn(folder)).toEqual([])
  rmSync(folder, { recursive: true, force: true })
})

const files = (): ReadonlyArray<string> => readdirSync(folder).sort()

// --- a server --------------------------------------------------------------------------------------------------------

/** Bytes that differ at each position, so that a byte at a wrong place is noticed. */
const contentOf = (size: number, seed = 'seed'): Buffer => {
  const block = createHash('sha512').update(seed).digest()
  const content = Buffer.alloc(size)
  for (let at = 0; at < size; at += 64) {
    block.copy(content, at)
    if (at + 4 <= size) content.writeUInt32LE(at, at)
  }
  return content
}

interface Version {
  readonly content: Buffer
  readonly headers?: Readonly<Record<string, string>> | undefined
}
interface Served {
  readonly range: string | undefined
  readonly ifRange: string | undefined
  readonly cookie: string | undefined
  /** Bytes of the body that were sent. */
  bytes: number
}
interface Behaviour {
  readonly chunk?: number
  /** After how many bytes the body of a request is cut. */
  readonly cut?: (request: number) => number | undefined
  /** A reply instead of the file. */
  readonly instead?: (request: number, range: string | undefined) => ReplyInput | undefined
  readonly onChunk?: () => void | Promise<void>
}
interface Server {
  readonly transport: Transport
  readonly requests: Array<Served>
}

const STRONG: Readonly<Record<string, string>> = { etag: '"v1"', 'accept-ranges': 'bytes' }
const RANGE = /^bytes=(\d+)-(\d*)$/

/** Serves ranges according to RFC 9110. */
const serving = (version: (request: number) => Version, behaviour: Behaviour = {}): Server => {
  const { chunk = 40_000, cut, instead, onChunk } = behaviour
  const requests: Array<Served> = []
  const transport: Transport =
    (plan, { signal }) =>
    async () => {
      const sent = Object.fromEntries(wire(plan).headers.map(([name, value]) => [name.toLowerCase(), value]))
      const [range, ifRange] = [sent['range'], sent['if-range']]
      const served: Served = { range, ifRange, cookie: sent['cookie'], bytes: 0 }
      const n = requests.push(served) - 1
      const other = instead?.(n, range)
      if (other !== undefined) return E.right(reply(other))
      const { content, headers = STRONG }: Version = version(n)
      const [, from, to] = RANGE.exec(range ?? '') ?? []
      const isSame = ifRange === undefined || [headers['etag'], headers['last-modified']].includes(ifRange)
      const isPartial = from !== undefined && isSame
      const start = isPartial ? Number(from) : 0
      if (isPartial && start >= content.length) {
        return E.right(reply({ status: 416, headers: { ...headers, 'content-range': `bytes */${content.length}` } }))
      }
      const end = isPartial && to !== '' ? Math.min(Number(to) + 1, content.length) : content.length
      const limit = cut?.(n) ?? Number.POSITIVE_INFINITY
      async function* body() {
        for (let at = start; at < end; at += chunk) {
          await onChunk?.()
          await new Promise((done) => setImmediate(done))
          if (signal?.aborted) throw Fault.make('Aborted', 'aborted')
          const piece = content.subarray(at, Math.min(at + chunk, end))
          const rest = limit - served.bytes
          served.bytes += Math.min(piece.length, rest)
          yield piece.subarray(0, Math.min(piece.length, rest))
          if (piece.length >= rest) throw Fault.make('BodyCut', 'cut')
        }
      }
      const length = { 'content-length': String(end - start) }
      const contentRange = { 'content-range': `bytes ${start}-${end - 1}/${content.length}` }
      return E.right(
        isPartial
          ? reply({ status: 206, headers: { ...headers, ...length, ...contentRange }, body: body() })
          : reply({ status: 200, headers: { ...headers, ...length }, body: body() }),
      )
    }
  return { transport, requests }
}

const bytesOf = (requests: ReadonlyArray<Served>): number => requests.reduce((sum, { bytes }) => sum + bytes, 0)

const download = (
  transport: Transport,
  options: Stream.ToFile = { parts: 4 },
  request = Request.get('http://h.test/file'),
  to = path,
) =>
  pipe(
    request,
    Stream.toFile(to, options),
    Client.use({ session: Session.defaults, transport, environment: Environment.empty }),
  )()

const BIG = contentOf(8 * MIN + 12_345)
const big = (): Version => ({ content: BIG })
const isComplete = (content = BIG): boolean => readFileSync(path).equals(content)

// --- ranges ----------------------------------------------------------------------------------------------------------

describe('ranges', () => {
  const total = 10 * MIN
  const someRanges = fc
    .uniqueArray(fc.nat(total), { maxLength: 12 })
    .map((positions) => [...positions].sort((x, y) => x - y))
    .map((positions) =>
      ByteRanges.joined(
        positions.flatMap((start, i): ReadonlyArray<ByteRanges.ByteRange> => {
          const end = positions[i + 1]
          return i % 2 === 0 && end !== undefined ? [[start, end]] : []
        }),
      ),
    )
  it('and what is missing are the file, whatever their order and division', () => {
    fc.assert(
      fc.property(someRanges, fc.integer({ min: 1, max: 20 }), (received, parts) => {
        expect(ByteRanges.areValid(received, total)).toBe(true)
        const missing = ByteRanges.missing(received, total)
        const divided = ByteRanges.split(missing, parts)
        expect(ByteRanges.joined([...divided].reverse())).toEqual(missing)
        expect(ByteRanges.joined([...divided, ...received])).toEqual([[0, total]])
        expect(divided.length).toBeLessThanOrEqual(Math.max(parts, missing.length))
        const tooSmall = divided.filter(
          (range) => ByteRanges.sizeOf([range]) < Math.floor(MIN) && !missing.some(([start]) => start === range[0]),
        )
        expect(tooSmall).toEqual([])
      }),
    )
  })
  it('of a note are rejected if they overlap, touch, are not in order, or are outside the file', () => {
    for (const ranges of [
      [[0, 0]],
      [[5, 3]],
      [[-1, 3]],
      [[0, 11]],
      [[0.5, 3]],
      [[Number.NaN, 3]],
      [[0, Number.NaN]],
      [
        [0, 5],
        [5, 7],
      ],
      [
        [0, 5],
        [4, 7],
      ],
      [
        [6, 7],
        [0, 5],
      ],
    ] as ReadonlyArray<ReadonlyArray<ByteRanges.ByteRange>>) {
      expect(ByteRanges.areValid(ranges, 10)).toBe(false)
    }
  })
})

// --- what is requested -----------------------------------------------------------------------------------------------

describe('parts', () => {
  it('are requested at the same time, each byte once', async () => {
    let running = 0
    let most = 0
    const { transport, requests } = serving(big)
    const counting: Transport = (plan, controls) => async () => {
      running += 1
      most = Math.max(most, running)
      const outcome = await transport(plan, controls)()
      setTimeout(() => {
        running -= 1
      }, 5)
      return outcome
    }
    expect(await download(counting)).toMatchObject({ right: [{ path, size: BIG.length, resumedAt: 0 }, {}] })
    expect([isComplete(), files()]).toEqual([true, ['file.bin']])
    const quarter = (i: number): number => Math.floor((BIG.length / 4) * i)
    expect(requests.map(({ range }) => range)).toEqual([
      undefined,
      `bytes=${quarter(1)}-${quarter(2) - 1}`,
      `bytes=${quarter(2)}-${quarter(3) - 1}`,
      `bytes=${quarter(3)}-${BIG.length - 1}`,
    ])
    expect(requests.map(({ ifRange }) => ifRange)).toEqual([undefined, '"v1"', '"v1"', '"v1"'])
    expect(most).toBeGreaterThanOrEqual(3)
    expect(bytesOf(requests) - BIG.length).toBeLessThan(40_000)
  })
  it('may be selected by a strong Last-Modified', async () => {
    const headers = {
      'accept-ranges': 'bytes',
      'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
      date: 'Thu, 01 Jan 2026 00:00:09 GMT',
    }
    const { transport, requests } = serving(() => ({ content: BIG, headers }))
    await download(transport, { parts: 2 })
    expect(requests.map(({ ifRange }) => ifRange)).toEqual([undefined, headers['last-modified']])
    expect(isComplete()).toBe(true)
  })
  it('selected by a Last-Modified are not used if their responses do not repeat it', async () => {
    const headers = {
      'accept-ranges': 'bytes',
      'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
      date: 'Thu, 01 Jan 2026 00:00:09 GMT',
    }
    const other = contentOf(BIG.length, 'other')
    const { transport } = serving(() => ({ content: BIG, headers }), {
      instead: (_, range) => {
        const [, from, to] = RANGE.exec(range ?? '') ?? []
        if (from === undefined) return undefined
        const contentRange = { 'content-range': `bytes ${from}-${to}/${BIG.length}` }
        return { status: 206, headers: contentRange, body: other.subarray(Number(from), Number(to) + 1) }
      },
    })
    expect(E.isRight(await download(transport))).toBe(true)
    expect(isComplete()).toBe(true)
  })
  it.each<readonly [string, Buffer, Readonly<Record<string, string>>]>([
    ['does not declare ranges', BIG, { etag: '"v1"' }],
    ['declares that it has no ranges', BIG, { etag: '"v1"', 'accept-ranges': 'none' }],
    ['has ranges of another unit', BIG, { etag: '"v1"', 'accept-ranges': 'lines' }],
    ['has a weak validator', BIG, { etag: 'W/"v1"', 'accept-ranges': 'bytes' }],
    ['has no validator', BIG, { 'accept-ranges': 'bytes' }],
    ['has a content coding', BIG, { ...STRONG, 'content-encoding': 'x' }],
    ['has a small file', contentOf(2 * MIN - 1), STRONG],
    ['has an empty file', contentOf(0), STRONG],
  ])('are not requested if the server %s', async (_, content, headers) => {
    const { transport, requests } = serving(() => ({ content, headers }))
    expect(E.isRight(await download(transport))).toBe(true)
    expect([requests.map(({ range }) => range), isComplete(content)]).toEqual([[undefined], true])
  })
  it('are not requested if the length is unknown', async () => {
    const { transport, requests } = serving(big, { instead: () => ({ status: 200, headers: STRONG, body: BIG }) })
    expect(E.isRight(await download(transport))).toBe(true)
    expect([requests.length, isComplete()]).toEqual([1, true])
  })
  it.each<readonly [string, Request.Request]>([
    ['POST', Request.post('http://h.test/file')],
    ['a GET with a body', Request.withText('x')(Request.get('http://h.test/file'))],
    ['a request that has a Range', Request.withHeader('Range', 'lines=1')(Request.get('http://h.test/file'))],
  ])('are not requested for %s', async (_, request) => {
    const { transport, requests } = serving(big)
    await download(transport, { parts: 4 }, request)
    expect([requests.length, isComplete()]).toEqual([1, true])
  })
  it.each<readonly [unknown, number]>([
    [undefined, 1],
    [1, 1],
    [0, 1],
    [-3, 1],
    [Number.NaN, 1],
    ['4', 1],
    [Symbol('4'), 1],
    [4n, 1],
    [null, 1],
    [2.9, 2],
    [16, 8],
    [Number.POSITIVE_INFINITY, 8],
  ])('%s: sends %d requests for a file that has eight parts', async (parts, expected) => {
    const { transport, requests } = serving(big)
    // The cast: plain JavaScript may pass anything.
    await download(transport, { parts: parts as number })
    expect([requests.length, isComplete()]).toEqual([expected, true])
  })
  it('are at most sixteen', async () => {
    const content = contentOf(20 * MIN)
    const { transport, requests } = serving(() => ({ content }))
    await download(transport, { parts: 1000 })
    expect([requests.length, isComplete(content)]).toEqual([16, true])
  })
  it('follow redirects of the same URL, and send and keep cookies', async () => {
    const { transport, requests } = serving(big)
    let redirects = 0
    const redirecting: Transport = (plan, controls) =>
      plan.url.pathname === '/file'
        ? async () => {
            redirects += 1
            const headers = { location: '/there', 'set-cookie': `c${redirects}=1; Path=/` }
            return E.right(reply({ status: 302, headers }))
          }
        : transport(plan, controls)
    const outcome = await download(redirecting, { parts: 3 })
    expect([redirects, requests.length, isComplete()]).toEqual([3, 3, true])
    expect(requests[0]?.cookie).toBe('c1=1')
    expect(requests[1]?.cookie).toContain('c1=1')
    expect(
      E.isRight(outcome) &&
        Jar.toArray(outcome.right[1])
          .map(({ name }) => name)
          .sort(),
    ).toEqual(['c1', 'c2', 'c3'])
  })
  it('never send a nonce count twice to a server with Digest', async () => {
    const { transport, requests } = serving(big)
    const used: string[] = []
    let nonces = 0
    const challenging: Transport = (plan, controls) => {
      const sent = wire(plan).headers.find(([name]) => name.toLowerCase() === 'authorization')?.[1]
      const [, nonce, count] = /nonce="(\w+)".*nc=(\w+)/.exec(sent ?? '') ?? []
      if (nonce !== undefined) {
        used.push(`${nonce} ${count}`)
        return transport(plan, controls)
      }
      nonces += 1
      const challenge = `Digest realm="r", nonce="n${nonces}", qop="auth"`
      return async () => E.right(reply({ status: 401, headers: { 'www-authenticate': challenge } }))
    }
    const outcome = await pipe(
      Request.get('http://h.test/file'),
      Request.withDigestAuth('me', 'secret'),
      Stream.toFile(path, { parts: 4 }),
      Client.use({ session: Session.defaults, transport: challenging, environment: Environment.empty }),
    )()
    expect([E.isRight(outcome), isComplete(), requests.length]).toEqual([true, true, 4])
    expect(new Set(used).size).toBe(used.length)
  })
  it('are requested of the new version of a finished file', async () => {
    await download(serving(() => ({ content: contentOf(4 * MIN, 'old') })).transport, { existing: 'Resume', parts: 2 })
    const same = serving(() => ({ content: contentOf(4 * MIN, 'old') }))
    expect(await download(same.transport, { existing: 'Resume', parts: 2 })).toMatchObject({
      right: [{ resumedAt: 4 * MIN }, {}],
    })
    const { transport, requests } = serving(() => ({ content: BIG, headers: { ...STRONG, etag: '"v2"' } }))
    expect(await download(transport, { existing: 'Resume', parts: 2 })).toMatchObject({ right: [{ resumedAt: 0 }, {}] })
    expect([same.requests.length, requests.length, isComplete()]).toEqual([1, 2, true])
  })
  it('wait for each other if only one request may run at a time', async () => {
    const { transport, requests } = serving(big)
    const limited = withLimit({ concurrency: 1 })(transport)
    expect(E.isRight(await download(limited))).toBe(true)
    expect([requests.length, isComplete()]).toEqual([4, true])
  })
  it('write to a FIFO with one request', async () => {
    execFileSync('mkfifo', [path])
    const reader = spawn('sh', ['-c', 'sha256sum < "$0"', path])
    let output = ''
    reader.stdout.on('data', (chunk) => {
      output += String(chunk)
    })
    const ended = new Promise((done) => reader.on('close', done))
    const { transport, requests } = serving(big)
    expect(E.isRight(await download(transport))).toBe(true)
    await ended
    expect([requests.length, output.slice(0, 64)]).toEqual([1, createHash('sha256').update(BIG).digest('hex')])
  })
  it('report the sum of their bytes, which only grows', async () => {
    const seen: Array<readonly [number, number | undefined]> = []
    const request = pipe(
      Request.get('http://h.test/file'),
      Request.withProgress(
        ({ bytes, total }) =>
          () =>
            void seen.push([bytes, total]),
      ),
    )
    await download(serving(big).transport, { parts: 4 }, request)
    expect(seen.every(([bytes, total], i) => bytes > (seen[i - 1]?.[0] ?? 0) && total === BIG.length)).toBe(true)
    expect(seen.at(-1)).toEqual([BIG.length, BIG.length])
  })
  it('report bytes that only grow also if the file is then requested as a whole', async () => {
    const seen: number[] = []
    const request = pipe(
      Request.get('http://h.test/file'),
      Request.withProgress(
        ({ bytes }) =>
          () =>
            void seen.push(bytes),
      ),
    )
    // The transport reports the body of a whole file, as that of sockets does.
    const { transport, requests } = serving(big, {
      instead: (n, range) => {
        const [, from, to] = RANGE.exec(range ?? '') ?? []
        const headers = { ...STRONG, 'content-range': `bytes ${from}-${to}/${BIG.length}` }
        return n === 2 ? { status: 206, headers, body: BIG.subarray(Number(from)) } : undefined
      },
    })
    const reporting: Transport = (plan, controls) => async () => {
      const outcome = await transport(plan, controls)()
      if (E.isLeft(outcome) || requests.length < 5) return outcome
      for (let bytes = 0; bytes <= BIG.length; bytes += BIG.length / 5) {
        controls.progress?.({ direction: 'down', bytes, total: BIG.length })()
      }
      return outcome
    }
    expect(E.isRight(await download(reporting, { parts: 4 }, request))).toBe(true)
    expect(seen).toEqual([...new Set(seen)].sort((x, y) => x - y))
    expect([requests.length, seen.at(-1)]).toEqual([5, BIG.length])
  })
  it('are verified together', async () => {
    const digest = `sha-256=${createHash('sha256').update(BIG).digest('hex')}`
    expect(E.isRight(await download(serving(big).transport, { parts: 4, digest }))).toBe(true)
    rmSync(path)
    const other = { ...STRONG, 'repr-digest': `sha-512=:${createHash('sha512').update('other').digest('base64')}:` }
    const outcome = await download(serving(() => ({ content: BIG, headers: other })).transport)
    expect(outcome).toMatchObject({ left: { _tag: 'DigestMismatch', algorithm: 'sha-512' } })
    expect(files()).toEqual([])
  })
  it('are verified with the digest that the first attempt received, whatever the number of parts later', async () => {
    const stated = { ...STRONG, 'repr-digest': `sha-256=:${createHash('sha256').update('other').digest('base64')}:` }
    for (const [before, after] of [
      [4, 3],
      [4, 1],
      [1, 4],
      [1, 1],
    ] as const) {
      const cut = (n: number) => (n === before - 1 ? 90_000 : undefined)
      const first = serving(() => ({ content: BIG, headers: stated }), { cut })
      expect(await download(first.transport, { parts: before })).toMatchObject({ left: { _tag: 'BodyCut' } })
      // A second failure keeps what the first one noted.
      await download(serving(big, { cut: () => 50_000 }).transport, { existing: 'Resume', parts: after })
      const outcome = await download(serving(big).transport, { existing: 'Resume', parts: after })
      expect(outcome).toMatchObject({ left: { _tag: 'DigestMismatch', algorithm: 'sha-256' } })
      expect(files()).toEqual([])
    }
  })
})

// --- servers that refuse, change or are wrong ------------------------------------------------------------------------

describe('a server that limits connections', () => {
  it.each([429, 503])('with %i is sent fewer requests, and no byte twice', async (status) => {
    const { transport, requests } = serving(big, { instead: (n) => (n > 0 ? { status } : undefined) })
    expect(E.isRight(await download(transport))).toBe(true)
    expect([requests.length, isComplete(), bytesOf(requests)]).toEqual([4, true, BIG.length])
  })
  it('to two gets the other parts when one has ended', async () => {
    let running = 0
    const { transport, requests } = serving(big)
    const limited: Transport = (plan, controls) => async () => {
      if (running === 2) return E.right(reply({ status: 503 }))
      running += 1
      const outcome = await transport(plan, controls)()
      if (E.isLeft(outcome)) return outcome
      const { body } = outcome.right
      async function* counted() {
        try {
          yield* body
        } finally {
          running -= 1
        }
      }
      return E.right({ ...outcome.right, body: reply({ status: 200, body: counted() }).body })
    }
    expect(E.isRight(await download(limited, { parts: 6 }))).toBe(true)
    expect([isComplete(), bytesOf(requests) - BIG.length < 80_000]).toEqual([true, true])
  })
  it('to none after a while is an error, and the rest is requested later', async () => {
    const { transport, requests } = serving(big, {
      cut: () => undefined,
      instead: (n) => (n > 0 ? { status: 503 } : undefined),
    })
    await download(serving(big, { cut: (n) => (n === 3 ? 5_000 : undefined) }).transport)
    expect(requests.length).toBe(0)
    const outcome = await download(transport, { parts: 2, existing: 'Resume' })
    expect(outcome).toMatchObject({ left: { _tag: 'UnexpectedStatus', head: { status: 503 } } })
    expect(E.isRight(await download(serving(big).transport, { existing: 'Resume' }))).toBe(true)
    expect(isComplete()).toBe(true)
  })
})

describe('a part that cannot be used', () => {
  it.each([404, 403, 500])('with status %i is an error after the others were stopped', async (status) => {
    const { transport, requests } = serving(big, { instead: (n) => (n === 2 ? { status } : undefined) })
    expect(await download(transport)).toMatchObject({ left: { _tag: 'UnexpectedStatus', head: { status } } })
    const sent = bytesOf(requests)
    expect(sent).toBeLessThan(BIG.length / 2)
    await new Promise((done) => setTimeout(done, 20))
    expect(bytesOf(requests)).toBe(sent)
    expect(files()).toEqual(['file.bin.part', 'file.bin.part.json'])
  })
  const third = (change: (range: readonly [number, number]) => ReplyInput): Behaviour => ({
    instead: (n, range) => {
      const [, start, end] = RANGE.exec(range ?? '') ?? []
      return n === 2 ? change([Number(start), Number(end)]) : undefined
    },
  })
  const headersOf = (from: number, to: number, more = {}) => ({
    ...STRONG,
    'content-range': `bytes ${from}-${to}/${BIG.length}`,
    ...more,
  })
  it.each<readonly [string, Behaviour]>([
    ['200', third(() => ({ status: 200, headers: STRONG, body: BIG }))],
    ['416', third(() => ({ status: 416, headers: { 'content-range': 'bytes */5' } }))],
    [
      'another version',
      third(([from, to]) => ({ status: 206, headers: headersOf(from, to, { etag: '"v2"' }), body: 'x' })),
    ],
    [
      'no validator',
      third(([from, to]) => ({ status: 206, headers: { ...headersOf(from, to), etag: 'W/"v1"' }, body: 'x' })),
    ],
    [
      'another total',
      third(([from, to]) => ({
        status: 206,
        headers: { ...STRONG, 'content-range': `bytes ${from}-${to}/9999999` },
        body: 'x',
      })),
    ],
    ['another start', third(([from, to]) => ({ status: 206, headers: headersOf(from + 1, to), body: 'x' }))],
    ['a missing range', third(() => ({ status: 206, headers: STRONG, body: 'x' }))],
    [
      'a hostile range',
      third(() => ({ status: 206, headers: { ...STRONG, 'content-range': 'bytes 9-1e9/1e99' }, body: 'x' })),
    ],
    [
      'several ranges',
      third(() => ({
        status: 206,
        headers: { ...STRONG, 'content-type': 'multipart/byteranges; boundary=b' },
        body: 'x',
      })),
    ],
    [
      'a coding',
      third(([from, to]) => ({ status: 206, headers: headersOf(from, to, { 'content-encoding': 'br' }), body: 'x' })),
    ],
    [
      'more bytes than its range',
      third(([from, to]) => ({ status: 206, headers: headersOf(from, to), body: BIG.subarray(from, to + 2) })),
    ],
  ])('(%s) makes the whole file be requested once more', async (_, behaviour) => {
    const { transport, requests } = serving(big, behaviour)
    expect(await download(transport)).toMatchObject({ right: [{ size: BIG.length, resumedAt: 0 }, {}] })
    expect([isComplete(), files()]).toEqual([true, ['file.bin']])
    expect(requests.at(-1)?.range).toBeUndefined()
    expect(requests.filter(({ range }) => range === undefined).length).toBe(2)
  })
  it('accepts a range that ends later, and reads only what it needs', async () => {
    const { transport, requests } = serving(
      big,
      third(([from]) => ({ status: 206, headers: headersOf(from, BIG.length - 1), body: BIG.subarray(from) })),
    )
    expect(E.isRight(await download(transport))).toBe(true)
    expect([requests.length, isComplete()]).toEqual([4, true])
  })
  it('of a file of a hostile length is an error, and the path stays as it is', async () => {
    const length = '999999999999999'
    const outcome = await download(
      serving(big, {
        instead: (_, range) => {
          const [, start] = RANGE.exec(range ?? '') ?? []
          const more =
            start === undefined ? {} : { 'content-range': `bytes ${start}-${Number(start) + 1e12}/${length}` }
          const headers = { ...STRONG, ...(start === undefined ? { 'content-length': length } : more) }
          return { status: start === undefined ? 200 : 206, headers, body: 'abc' }
        },
      }).transport,
    )
    expect(outcome).toMatchObject({ left: { _tag: expect.stringMatching(/^(?:FileFailed|LengthMismatch)$/) } })
    expect(existsSync(path)).toBe(false)
  })
  /** Serves ranges of at most that many bytes. */
  const shortened = (most: number): Behaviour => ({
    instead: (_, range) => {
      const [, from, to] = RANGE.exec(range ?? '') ?? []
      if (from === undefined) return undefined
      const start = Number(from)
      const end = Math.min(start + most, Number(to) + 1)
      return { status: 206, headers: headersOf(start, end - 1), body: BIG.subarray(start, end) }
    },
  })
  it('is requested in several ranges if the server sends shorter ones', async () => {
    const { transport, requests } = serving(big, shortened(100_000))
    expect(E.isRight(await download(transport))).toBe(true)
    expect([isComplete(), requests.length]).toEqual([true, 1 + 3 * Math.ceil(BIG.length / 4 / 100_000)])
    rmSync(path)
    await download(serving(big, { cut: (n) => (n === 0 ? 5_000 : undefined) }).transport)
    expect(E.isRight(await download(transport, { parts: 2, existing: 'Resume' }))).toBe(true)
    expect(isComplete()).toBe(true)
  })
  it.each([1, 10_000])('is a LengthMismatch if the server sends only %d bytes of a range', async (most) => {
    const { transport, requests } = serving(big, shortened(most))
    expect(await download(transport)).toMatchObject({ left: { _tag: 'LengthMismatch' } })
    expect(requests.length).toBeLessThanOrEqual(4)
  })
  it.each([200, 416])('(%i) does not remove what was received before the whole file begins', async (status) => {
    await download(serving(big, { cut: (n) => (n === 3 ? 90_000 : undefined) }).transport)
    const wrong = serving(big, {
      instead: (n) => {
        if (n === 0) return undefined
        return n === 1 ? { status, headers: STRONG, body: 'x' } : { status: 500 }
      },
    })
    const outcome = await download(wrong.transport, { parts: 2, existing: 'Resume' })
    expect(outcome).toMatchObject({ left: { _tag: 'UnexpectedStatus', head: { status: 500 } } })
    expect(wrong.requests.length).toBe(3)
    const resumed = await download(serving(big).transport, { parts: 2, existing: 'Resume' })
    expect(E.isRight(resumed) && resumed.right[0].resumedAt).toBeGreaterThan(90_000)
    expect(isComplete()).toBe(true)
  })
  it('with fewer bytes than its range is a LengthMismatch, and the rest is requested later', async () => {
    const { transport } = serving(
      big,
      third(([from, to]) => ({ status: 206, headers: headersOf(from, to), body: BIG.subarray(from, from + 10) })),
    )
    expect(await download(transport)).toMatchObject({ left: { _tag: 'LengthMismatch', expected: BIG.length } })
    expect(E.isRight(await download(serving(big).transport, { existing: 'Resume', parts: 3 }))).toBe(true)
    expect(isComplete()).toBe(true)
  })
  it('from another location makes the whole file be requested', async () => {
    const { transport, requests } = serving(big)
    let count = 0
    const mirrors: Transport = (plan, controls) =>
      plan.url.pathname === '/file'
        ? async () => E.right(reply({ status: 302, headers: { location: `/mirror/${count++ < 2 ? 0 : count}` } }))
        : transport(plan, controls)
    expect(E.isRight(await download(mirrors))).toBe(true)
    expect([isComplete(), requests.at(-1)?.range]).toEqual([true, undefined])
  })
})

// --- failures --------------------------------------------------------------------------------------------------------

describe('a download in parts that failed', () => {
  it('is continued with any number of parts, and no byte is sent twice, except the chunk that was lost', async () => {
    const chunk = 30_000
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 6 * MIN }),
        fc.array(
          fc.record({ parts: fc.integer({ min: 1, max: 6 }), cuts: fc.array(fc.nat(2 * MIN), { maxLength: 5 }) }),
          {
            minLength: 1,
            maxLength: 6,
          },
        ),
        async (size, attempts) => {
          const content = contentOf(size, String(size))
          let sent = 0
          let requests = 0
          let isDone = false
          for (const { parts, cuts } of [...attempts, { parts: 3, cuts: [] }]) {
            if (isDone) break
            const server = serving(() => ({ content }), { chunk, cut: (n) => cuts[n] })
            const outcome = await download(server.transport, { parts, existing: 'Resume' })
            sent += bytesOf(server.requests)
            requests += server.requests.length
            isDone = E.isRight(outcome)
            if (E.isLeft(outcome)) expect(outcome.left._tag).toBe('BodyCut')
            expect(existsSync(path)).toBe(isDone)
          }
          expect([isDone, readFileSync(path).equals(content)]).toEqual([true, true])
          expect(sent).toBeLessThanOrEqual(size + requests * chunk)
          expect(files()).toEqual(['file.bin', 'file.bin.part.json'])
          for (const name of files()) rmSync(join(folder, name))
        },
      ),
      { numRuns: 60 },
    )
  })
  const fileHandlePrototype = async (): Promise<FileHandle> => {
    const handle = await open(join(folder, 'handle'), 'w')
    await handle.close()
    rmSync(join(folder, 'handle'))
    return Object.getPrototypeOf(handle)
  }
  /** Makes writing to a file slow, so that a note is often written while bytes are not on the disk yet. */
  const slowWrites = async (): Promise<void> => {
    const prototype = await fileHandlePrototype()
    const { write } = prototype
    vi.spyOn(prototype, 'write').mockImplementation(async function (this: FileHandle, ...args: ReadonlyArray<unknown>) {
      await new Promise((done) => setTimeout(done, 3))
      return Reflect.apply(write, this, args)
    })
  }
  it('was killed: its note claims only bytes that are in the part, and the next download continues from there', async () => {
    vi.spyOn(performance, 'now').mockImplementation(() => Date.now() * 10_000) // a note after almost each chunk
    const copy = mkdtempSync(join(tmpdir(), 'parts-copy-'))
    await slowWrites()
    let most = 0
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2 * MIN, max: 5 * MIN }),
        fc.integer({ min: 2, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(30),
        async (size, parts, partsLater, moment) => {
          const content = contentOf(size, String(size))
          let chunks = 0
          let claimed = 0
          const killed = new AbortController()
          const onChunk = async () => {
            const number = ++chunks
            if (number % 3 === 0) await new Promise((done) => setTimeout(done, 1))
            if (number !== moment || !existsSync(`${path}.part.json`)) return
            for (const name of ['file.bin.part.json', 'file.bin.part'])
              copyFileSync(join(folder, name), join(copy, name))
            const { received } = JSON.parse(readFileSync(join(copy, 'file.bin.part.json'), 'utf8'))
            const part = readFileSync(join(copy, 'file.bin.part'))
            for (const [start, end] of received) {
              claimed += end - start
              expect(part.subarray(start, end).equals(content.subarray(start, end))).toBe(true)
            }
            killed.abort()
          }
          await pipe(
            Request.get('http://h.test/file'),
            Stream.toFile(path, { parts }),
            Http.withSignal(killed.signal),
            Client.use({
              session: Session.defaults,
              transport: serving(() => ({ content }), { onChunk }).transport,
              environment: Environment.empty,
            }),
          )()
          for (const name of files()) rmSync(join(folder, name))
          for (const name of readdirSync(copy)) copyFileSync(join(copy, name), join(folder, name))
          const server = serving(() => ({ content }))
          const outcome = await download(server.transport, { parts: partsLater, existing: 'Resume' })
          expect(outcome).toMatchObject({ right: [{ size, resumedAt: claimed }, {}] })
          expect(readFileSync(path).equals(content)).toBe(true)
          expect(bytesOf(server.requests)).toBeLessThanOrEqual(size - claimed + 40_000 * server.requests.length)
          most = Math.max(most, claimed)
          for (const where of [folder, copy]) for (const name of readdirSync(where)) rmSync(join(where, name))
        },
      ),
      { numRuns: 50 },
    )
    rmSync(copy, { recursive: true })
    expect(most).toBeGreaterThan(100_000) // so that notes were written while bytes arrived
  })
  it('never mixes versions, whenever the file changes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(9),
        fc.array(fc.nat(2 * MIN), { maxLength: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: -5, max: 5 }),
        async (changesAt, cuts, parts, longer) => {
          const versions = ['old', 'new'].map((name, i) => ({
            content: contentOf(4 * MIN + i * longer, name),
            headers: { ...STRONG, etag: `"${name}"` },
          }))
          let count = 0
          const cut = () => cuts[count]
          let outcome: Awaited<ReturnType<typeof download>> | undefined
          for (let attempt = 0; attempt < 9 && (outcome === undefined || E.isLeft(outcome)); attempt += 1) {
            const { transport } = serving(() => versions[count++ < changesAt ? 0 : 1] ?? { content: BIG }, { cut })
            outcome = await download(transport, { parts, existing: 'Resume' })
          }
          expect(outcome !== undefined && E.isRight(outcome)).toBe(true)
          expect(versions.some(({ content }) => readFileSync(path).equals(content))).toBe(true)
          for (const name of files()) rmSync(join(folder, name))
        },
      ),
      { numRuns: 60 },
    )
  })
  const cutOnce = () => download(serving(big, { cut: (n) => (n === 1 ? 90_000 : undefined) }).transport)
  it('fails each time if the first response is another range, until it starts again', async () => {
    await cutOnce()
    const shifted = (_: number, range: string | undefined): ReplyInput | undefined => {
      const [, from] = RANGE.exec(range ?? '') ?? []
      if (from === undefined) return undefined
      const headers = { ...STRONG, 'content-range': `bytes ${Number(from) - 10}-${BIG.length - 1}/${BIG.length}` }
      return { status: 206, headers, body: BIG.subarray(Number(from) - 10) }
    }
    for (let i = 0; i < 2; i += 1) {
      const outcome = await download(serving(big, { instead: shifted }).transport, { parts: 4, existing: 'Resume' })
      expect(outcome).toMatchObject({ left: { _tag: 'RangeMismatch' } })
    }
    expect(E.isRight(await download(serving(big).transport, { parts: 4, existing: 'Restart' }))).toBe(true)
    expect(isComplete()).toBe(true)
  })
  it('starts again with parts if the first response is another version', async () => {
    await cutOnce()
    const content = contentOf(BIG.length, 'other')
    const server = serving(() => ({ content, headers: { ...STRONG, etag: '"v2"' } }))
    const outcome = await download(server.transport, { parts: 4, existing: 'Resume' })
    expect(outcome).toMatchObject({ right: [{ resumedAt: 0 }, {}] })
    expect([isComplete(content), server.requests.length]).toEqual([true, 4])
  })
  it('starts from the beginning by default', async () => {
    await cutOnce()
    const { transport, requests } = serving(big)
    expect(await download(transport, {})).toMatchObject({ right: [{ resumedAt: 0 }, {}] })
    expect([requests.map(({ range }) => range), files(), isComplete()]).toEqual([[undefined], ['file.bin'], true])
  })
  it.each<readonly [string, () => void]>([
    ['was shortened', () => truncateSync(`${path}.part`, 100_000)],
    ['is missing', () => rmSync(`${path}.part`)],
    ['has a note with wrong ranges', () => changeNote((note) => ({ ...note, received: [[5, 3]] }))],
    ['has a note with too many bytes', () => changeNote((note) => ({ ...note, received: [[0, 1e15]] }))],
    ['has a note without a total', () => changeNote((note) => ({ ...note, total: null }))],
    ['has a note of an unknown version', () => changeNote((note) => ({ ...note, version: 4 }))],
    ['has a note of the other version', () => changeNote(({ received: _, ...note }) => ({ ...note, version: 2 }))],
  ])('starts from the beginning if the part %s', async (_, change) => {
    await cutOnce()
    change()
    const { transport } = serving(big)
    expect(await download(transport, { existing: 'Resume', parts: 2 })).toMatchObject({ right: [{ resumedAt: 0 }, {}] })
    expect(isComplete()).toBe(true)
  })
  const changeNote = (change: (note: Record<string, unknown>) => unknown): void =>
    writeFileSync(`${path}.part.json`, JSON.stringify(change(JSON.parse(readFileSync(`${path}.part.json`, 'utf8')))))
  it('does not keep bytes after the end of the file', async () => {
    await cutOnce()
    appendFileSync(`${path}.part`, 'x'.repeat(BIG.length))
    expect(await download(serving(big).transport, { existing: 'Resume', parts: 2 })).toMatchObject({
      right: [{ size: BIG.length }, {}],
    })
    expect(isComplete()).toBe(true)
  })
  it('continues a part of a download without parts, and the other way around', async () => {
    await download(serving(big, { cut: () => 100_000 }).transport, { parts: 1 })
    const { transport, requests } = serving(big)
    expect(await download(transport, { existing: 'Resume', parts: 3 })).toMatchObject({
      right: [{ resumedAt: 100_000 }, {}],
    })
    expect([requests.length, requests[0]?.range?.startsWith('bytes=100000-'), isComplete()]).toEqual([3, true, true])
    expect(bytesOf(requests)).toBe(BIG.length - 100_000)
  })
  it('keeps what it received if the file cannot get its name, and then only asks whether it is complete', async () => {
    const outcome = await download(
      serving(big, { onChunk: () => void (existsSync(path) || mkdirSync(path)) }).transport,
    )
    expect(outcome).toMatchObject({ left: { _tag: 'FileFailed' } })
    rmdirSync(path)
    const { transport, requests } = serving(big)
    expect(await download(transport, { existing: 'Resume', parts: 4 })).toMatchObject({
      right: [{ resumedAt: BIG.length }, {}],
    })
    expect([requests.length, bytesOf(requests), isComplete()]).toEqual([1, 0, true])
  })
  it('ends all requests if its signal aborts', async () => {
    const stop = new AbortController()
    const { transport } = serving(big, { onChunk: () => stop.abort() })
    const outcome = await pipe(
      Request.get('http://h.test/file'),
      Stream.toFile(path, { parts: 4 }),
      Http.withSignal(stop.signal),
      Client.use({ session: Session.defaults, transport, environment: Environment.empty }),
    )()
    expect(outcome).toMatchObject({ left: { _tag: 'Aborted' } })
  })
  it('does not get its name if its signal aborts with the last byte', async () => {
    const stop = new AbortController()
    const content = contentOf(40 * MIN)
    const request = pipe(
      Request.get('http://h.test/file'),
      Request.withProgress(
        ({ bytes }) =>
          () =>
            void (bytes === content.length && stop.abort()),
      ),
    )
    const server = serving(() => ({ content }), { chunk: 400_000 })
    const digest = `sha-256=${createHash('sha256').update(content).digest('hex')}`
    const outcome = await pipe(
      request,
      Stream.toFile(path, { parts: 4, digest }),
      Http.withSignal(stop.signal),
      Client.use({ session: Session.defaults, transport: server.transport, environment: Environment.empty }),
    )()
    expect(outcome).toMatchObject({ left: { _tag: 'Aborted', history: [], plan: { method: 'GET' } } })
    expect(files()).toEqual(['file.bin.part', 'file.bin.part.json'])
    const resumed = await download(server.transport, { parts: 4, digest, existing: 'Resume' })
    expect(resumed).toMatchObject({ right: [{ resumedAt: content.length }, {}] })
  })
  it('does not fail because a program changed its note', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 5 }),
      fc.constantFrom(' "v1"', '"v1" ', '"\u1234"', '"\x80"', 'W/"v1"', '"', '', 'x', 'Thu, 99 Jan 2026 00:00:00 GMT'),
      fc.string({ unit: 'binary', maxLength: 5 }).map((tag) => `"${tag}"`),
    )
    const number = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(BIG.length, BIG.length + 1, 0, 2 ** 53, 1e300))
    const ranges = fc.oneof(fc.constant([[0, BIG.length]]), fc.array(fc.array(number, { maxLength: 3 })))
    const change = fc.oneof(
      fc.record({ validator: text }),
      fc.record({ total: number }),
      fc.record({ received: ranges }),
      fc.record({ modified: text }),
      fc.record({ digest: text }),
      fc.record({ whole: fc.record({ size: number, modifiedAt: number, inode: number }) }),
      fc.record({ version: fc.constantFrom(1, 2, 3, 4) }),
    )
    await fc.assert(
      fc.asyncProperty(change, fc.constantFrom(1, 3), fc.boolean(), async (changed, parts, isFinished) => {
        for (const name of files()) rmSync(join(folder, name))
        const cut = isFinished ? {} : { cut: (n: number) => (n === 0 ? 600_000 : 0) }
        await download(serving(big, cut).transport, { parts, existing: 'Resume' })
        const note = `${path}.part.json`
        const before: object = JSON.parse(readFileSync(note, 'utf8'))
        writeFileSync(note, JSON.stringify({ ...before, ...changed }))
        const outcome = await download(serving(big).transport, { parts, existing: 'Resume' })
        expect(outcome).toMatchObject({ right: [{ size: BIG.length }, {}] })
        // Bytes that a note claims wrongly cannot be noticed.
        if (!('received' in changed)) expect(isComplete()).toBe(true)
      }),
      { numRuns: 60 },
    )
  })
  it('gives up a few bytes for its note if the disk is full', async () => {
    const prototype = await fileHandlePrototype()
    const { writeFile, truncate } = prototype
    let notes = 0
    let isFull = true
    vi.spyOn(prototype, 'writeFile').mockImplementation(async function (this: FileHandle, ...args) {
      // The lock and the first note are written before.
      if (isFull && String(args[0]).includes('"received"') && ++notes > 1) throw new Error('ENOSPC: no space left')
      return Reflect.apply(writeFile, this, args)
    })
    vi.spyOn(prototype, 'truncate').mockImplementation(async function (this: FileHandle, ...args) {
      isFull = false
      return Reflect.apply(truncate, this, args)
    })
    await download(serving(big, { cut: (n) => (n === 3 ? 400_000 : undefined) }).transport)
    expect([notes, isFull, files()]).toEqual([2, false, ['file.bin.part', 'file.bin.part.json']])
    vi.restoreAllMocks()
    const resumed = await download(serving(big).transport, { existing: 'Resume', parts: 3 })
    expect(E.isRight(resumed) && resumed.right[0].resumedAt).toBeGreaterThan(300_000)
    expect(isComplete()).toBe(true)
  })
  it('has files that only their owner can read', async () => {
    await cutOnce()
    expect(files().map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([0o600, 0o600])
  })
})

test('simultaneous downloads in parts to one path each succeed with a whole file, and the last one wins', async () => {
  const contents = ['a', 'b', 'c'].map((seed) => contentOf(4 * MIN, seed))
  const outcomes = await Promise.all(
    contents.map((content, i) =>
      download(
        serving(() => ({ content }), { cut: (n) => (i === 2 && n === 1 ? 5 : undefined) }).transport,
        { parts: 3, existing: 'Resume' },
        Request.get(`http://h.test/${i}`),
      ),
    ),
  )
  expect(outcomes.map(E.isRight)).toEqual([true, true, false])
  expect(contents.slice(0, 2).some((content) => readFileSync(path).equals(content))).toBe(true)
  expect(files().filter((name) => !/^file\.bin(\.part(\.json)?)?$/.test(name))).toEqual([])
})

test('over sockets, the other requests end when one fails, and no socket or file stays open', async () => {
  let count = 0
  let failing = true
  const server = await web((request, response) => {
    const number = ++count
    const [, from, to] = RANGE.exec(request.headers.range ?? '') ?? []
    const [start, end] = from === undefined ? [0, BIG.length] : [Number(from), Number(to) + 1]
    const range = from === undefined ? {} : { 'Content-Range': `bytes ${start}-${end - 1}/${BIG.length}` }
    response.writeHead(from === undefined ? 200 : 206, { ...STRONG, 'Content-Length': end - start, ...range })
    if (!failing) return void response.end(BIG.subarray(start, end))
    // The others would never end.
    response.write(BIG.subarray(start, start + 50_000), () => {
      if (number === 3) setTimeout(() => response.destroy(), 30)
    })
  })
  const run = (transport: Transport) =>
    download(transport, { parts: 4, existing: 'Resume' }, Request.get(`${server.url}/file`))
  const transport = real()
  expect(await run(transport)).toMatchObject({ left: { _tag: 'BodyCut' } })
  await gone(server)
  failing = false
  const rest = await run(transport)
  expect(rest).toMatchObject({ right: [{ size: BIG.length }, {}] })
  expect([E.isRight(rest) && rest.right[0].resumedAt >= 100_000, isComplete()]).toEqual([true, true])
})
