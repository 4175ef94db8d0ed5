/** Streamed bodies of httpbin and nginx: chunked, slow, in ranges, above the limit. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { Headers, Http, Request, type Response, Stream } from 'requests-ts'
import { describe, expect, test } from 'vitest'
import { failure, get, http, text, value } from './rig.js'

const origin = http('httpbin')

/** Collects the pieces that `pieces` reads from a streamed body. */
const collect = <A>(pieces: (body: AsyncIterable<Uint8Array>) => AsyncIterable<A>, url: string): Promise<A[]> =>
  pipe(
    Request.get(url),
    Http.stream((_: Response.Head, body) =>
      TE.fromTask(async () => {
        const all: A[] = []
        for await (const piece of pieces(body)) all.push(piece)
        return all
      }),
    ),
    value,
  )

const total = (pieces: ReadonlyArray<Uint8Array>): number => pieces.reduce((sum, { length }) => sum + length, 0)

describe('httpbin', () => {
  test('returns chunked bytes in pieces of one size, equal to the whole body', async () => {
    const url = `${origin}/stream-bytes/50000?seed=7&chunk_size=777`
    const pieces = await collect(Stream.pieces(4096), url)
    expect(pieces.slice(0, -1).every(({ length }) => length === 4096)).toBe(true)
    expect(total(pieces)).toBe(50_000)
    expect(Buffer.concat(pieces).equals((await get(url)).bytes)).toBe(true)
  })

  test('returns lines and JSON lines', async () => {
    const url = `${origin}/stream/20`
    expect((await collect(Stream.lines(), url)).length).toBe(20)
    const ids = await collect(Stream.jsonLines(t.type({ id: t.number }).decode), url)
    expect(ids.map((line) => (E.isRight(line) ? line.right.id : line.left))).toEqual(
      Array.from({ length: 20 }, (_, i) => i),
    )
  })

  test('delivers a slow body in pieces, and ReadTimeout ends a silent one', async () => {
    const url = `${origin}/drip?numbytes=5&duration=1`
    const pieces = await collect((body) => body, url)
    expect([total(pieces), pieces.length > 1]).toEqual([5, true])
    const slow = `${origin}/drip?numbytes=2&duration=6`
    expect(await failure(Http.get(slow, Request.withTimeouts({ read: 300 })))).toMatchObject({ _tag: 'ReadTimeout' })
  })

  test('returns a range, and 416 for an invalid one', async () => {
    const url = `${origin}/range/26`
    const part = await get(url, [Request.withHeader('Range', 'bytes=2-5')])
    expect([part.status, Buffer.from(part.bytes).toString()]).toEqual([206, 'cdef'])
    expect(Headers.reveal(part.headers)).toContainEqual(['Content-Range', 'bytes 2-5/26'])
    expect(await text(url)).toBe('abcdefghijklmnopqrstuvwxyz')
    expect((await get(url, [Request.withHeader('Range', 'bytes=30-40')])).status).toBe(416)
  })

  test('releases the connection of a body that is not read to its end', async () => {
    const first = await pipe(
      Request.get(`${origin}/drip?numbytes=1000&duration=100`),
      Http.stream((_, body) =>
        TE.fromTask(async () => {
          for await (const piece of body) return piece.length
          return 0
        }),
      ),
      value,
    )
    expect(first).toBeGreaterThan(0)
  })
})

describe('nginx', () => {
  test('returns the same 3,000,000 octets in pieces and in ranges', async () => {
    const url = `${http('nginx')}/three-million`
    const whole = Buffer.concat(await collect(Stream.pieces(65_536), url))
    expect(whole.length).toBe(3_000_000)
    const half = (range: string) => get(url, [Request.withHeader('Range', range)])
    const halves = [await half('bytes=0-1499999'), await half('bytes=1500000-')]
    expect(halves.map(({ status }) => status)).toEqual([206, 206])
    expect(Buffer.concat(halves.map(({ bytes }) => bytes)).equals(whole)).toBe(true)
  })

  test('returns a body above the limit, which fails with BodyTooLarge', async () => {
    const url = `${http('nginx')}/three-million`
    expect(await failure(Http.get(url, Request.withLimits({ body: 1_000_000 })))).toMatchObject({
      _tag: 'BodyTooLarge',
    })
  })
})

test.each(['nginx', 'apache'] as const)(
  '%s sends a file in four parts, and continues it part by part',
  async (server) => {
    const folder = mkdtempSync(join(tmpdir(), 'parts-'))
    try {
      const path = join(folder, 'file')
      const url = `${http(server)}/three-million`
      const whole = await get(url)
      const toFile = (options: Stream.ToFile, signal = new AbortController().signal) =>
        pipe(Request.get(url), Stream.toFile(path, options), Http.withSignal(signal))
      expect(await value(toFile({ parts: 4 }))).toMatchObject({ size: 3_000_000, resumedAt: 0, head: { status: 200 } })
      expect([readdirSync(folder), readFileSync(path).equals(whole.bytes)]).toEqual([['file'], true])
      rmSync(path)
      // Aborts after half of the bytes.
      const half = new AbortController()
      const counted = Request.withProgress(
        ({ bytes }) =>
          () =>
            void (bytes > 1_500_000 && half.abort()),
      )(Request.get(url))
      const aborted = pipe(counted, Stream.toFile(path, { parts: 4 }), Http.withSignal(half.signal))
      expect(await failure(aborted)).toMatchObject({ _tag: 'Aborted' })
      const rest = await value(toFile({ parts: 3, existing: 'Resume' }))
      expect(rest.resumedAt).toBeGreaterThan(1_500_000)
      expect([rest.head.status, readFileSync(path).equals(whole.bytes)]).toEqual([206, true])
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)
