/** Downloads into files: whole, broken off, gone on with; and what the disk holds after each. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import * as Client from '../src/Client.js'
import * as Session from '../src/Session.js'
import * as Stream from '../src/Stream.js'
import * as Environment from '../src/session/Environment.js'
import * as Request from '../src/session/Request.js'
import * as Fault from '../src/wire/Fault.js'
import { wire } from '../src/wire/Plan.js'
import * as Range from '../src/wire/Range.js'
import { type HeadInput, head as headFrom, reply } from '../src/wire/Reply.js'
import type { Transport } from '../src/wire/Transport.js'
import { transport as real, web } from './transport/servers.js'

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'download-'))
  path = join(folder, 'file.bin')
})
afterEach(() => {
  expect(openFiles()).toEqual([])
  rmSync(folder, { recursive: true, force: true })
})

/** The files of this test that are open, where the system tells. */
const openFiles = (): ReadonlyArray<string> => {
  if (!existsSync('/proc/self/fd')) return []
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`)
      return target.startsWith(folder) ? [target] : []
    } catch {
      return [] // closed since the folder was listed
    }
  })
}

const url = 'http://h.test/file?key=CANARY'

const download = (transport: Transport, options: Stream.ToFile = { existing: 'Resume' }, from = url, to = path) =>
  pipe(
    Request.get(from),
    Stream.toFile(to, options),
    Client.use({ session: Session.defaults, transport, environment: Environment.empty }),
  )()

// --- a server of one file --------------------------------------------------------------------------------------------

interface File {
  readonly content: string
  readonly headers?: Readonly<Record<string, string>>
}

interface Served {
  readonly transport: Transport
  readonly requests: Array<Readonly<Record<string, string>>>
}

const ETAGGED = { etag: '"v1"' }

/** Serves ranges as RFC 9110 says; the body of each reply is cut after so many octets. */
const serving = (file: (n: number) => File, cuts: ReadonlyArray<number> = []): Served => {
  const requests: Array<Readonly<Record<string, string>>> = []
  const transport: Transport = (plan) => async () => {
    const sent = Object.fromEntries(wire(plan).headers.map(([name, value]) => [name.toLowerCase(), value]))
    const { content, headers = {} } = file(requests.push(sent) - 1)
    const cut = cuts[requests.length - 1] ?? Number.POSITIVE_INFINITY
    const from = Number(/^bytes=(\d+)-$/.exec(sent['range'] ?? '')?.[1] ?? 0)
    const isSame =
      sent['if-range'] === undefined || [headers['etag'], headers['last-modified']].includes(sent['if-range'])
    const isPartial = sent['range'] !== undefined && isSame
    if (isPartial && from >= content.length) {
      return E.right(reply({ status: 416, headers: { 'content-range': `bytes */${content.length}` } }))
    }
    const bytes = Buffer.from(content).subarray(isPartial ? from : 0)
    async function* body() {
      for (let at = 0; at < Math.min(bytes.length, cut); at += 3) yield bytes.subarray(at, Math.min(at + 3, cut))
      if (cut < bytes.length) throw Fault.make('BodyCut', 'cut')
    }
    const range = { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }
    const length = { 'content-length': String(bytes.length) }
    return E.right(
      isPartial
        ? reply({ status: 206, headers: { ...headers, ...length, ...range }, body: body() })
        : reply({ status: 200, headers: { ...headers, ...length }, body: body() }),
    )
  }
  return { transport, requests }
}

const always =
  (given: {
    readonly status: number
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
  }): Transport =>
  () =>
  async () =>
    E.right(reply(given))

const files = (): ReadonlyArray<string> => readdirSync(folder).sort()
const written = (): string => readFileSync(path, 'utf8')

describe('a whole file', () => {
  it('has its name when it is all there, and nothing is beside it', async () => {
    const { transport, requests } = serving(() => ({ content: 'content' }))
    expect(await download(transport, {})).toMatchObject({
      right: [{ path, size: 7, resumedAt: 0, head: { status: 200 } }, {}],
    })
    expect([files(), written()]).toEqual([['file.bin'], 'content'])
    expect(requests).toMatchObject([{ 'accept-encoding': 'identity' }])
    expect(requests[0]).not.toHaveProperty('range')
  })
  it('takes the place of an old one, only when it is all there', async () => {
    writeFileSync(path, 'old')
    expect(await download(serving(() => ({ content: 'newer' }), [2]).transport, {})).toMatchObject({
      left: { _tag: 'BodyCut' },
    })
    expect(written()).toBe('old')
    await download(serving(() => ({ content: 'newer' })).transport, {})
    expect(written()).toBe('newer')
  })
  it('may be empty', async () => {
    expect(await download(always({ status: 200 }))).toMatchObject({ right: [{ size: 0 }, {}] })
    expect(written()).toBe('')
  })
  it('never has a name that the server gave', async () => {
    const headers = { 'content-disposition': 'attachment; filename="../../evil"' }
    await download(always({ status: 200, headers, body: 'x' }))
    expect(files()).toEqual(['file.bin'])
  })
})

describe('no file', () => {
  it.each([404, 500, 304, 416, 302])('%i: nothing is written, the old one stays', async (status) => {
    writeFileSync(path, 'old')
    expect(await download(always({ status, body: 'page' }))).toMatchObject({
      left: { _tag: 'UnexpectedStatus', head: { status } },
    })
    expect([files(), written()]).toEqual([['file.bin'], 'old'])
  })
  it('a 206 that nobody asked for', async () => {
    const headers = { 'content-range': 'bytes 0-1/9' }
    expect(await download(always({ status: 206, headers, body: 'ab' }))).toMatchObject({
      left: { _tag: 'RangeMismatch' },
    })
    expect(files()).toEqual([])
  })
  it('too short, and too long: said, and kept only where it can be gone on with', async () => {
    const short = always({ status: 200, headers: { ...ETAGGED, 'content-length': '9' }, body: 'abc' })
    expect(await download(short)).toMatchObject({ left: { _tag: 'LengthMismatch', expected: 9, received: 3 } })
    expect(files()).toEqual(['file.bin.part', 'file.bin.part.json'])
    const long = always({ status: 200, headers: { ...ETAGGED, 'content-length': '2' }, body: 'abc' })
    expect(await download(long, {})).toMatchObject({ left: { _tag: 'LengthMismatch', expected: 2, received: 3 } })
    expect(files()).toEqual(['file.bin.part'])
  })
  it('where the disk says no, the connection is let go', async () => {
    let closed = 0
    async function* body() {
      try {
        for (;;) yield Buffer.from('x')
      } finally {
        closed += 1
      }
    }
    const endless: Transport = () => async () => E.right(reply({ status: 200, body: body() }))
    const missing = join(folder, 'no', 'such', 'folder')
    expect(await download(endless, {}, url, missing)).toMatchObject({ left: { _tag: 'FileFailed', path: missing } })
    mkdirSync(`${path}.part`)
    expect(await download(endless)).toMatchObject({ left: { _tag: 'FileFailed' } })
    expect(closed).toBe(0) // it was never begun: discarding it is enough
    rmSync(`${path}.part`, { recursive: true })
    mkdirSync(path)
    expect(await download(always({ status: 200, body: 'x' }))).toMatchObject({ left: { _tag: 'FileFailed' } })
  })
})

describe('going on', () => {
  const broken = (file: File = { content: 'abcdefghij', headers: ETAGGED }) =>
    download(serving(() => file, [4]).transport)

  it('keeps what came, and asks for the rest of the same version', async () => {
    expect(await broken()).toMatchObject({ left: { _tag: 'BodyCut' } })
    expect(readFileSync(`${path}.part`, 'utf8')).toBe('abcd')
    const { transport, requests } = serving(() => ({ content: 'abcdefghij', headers: ETAGGED }))
    expect(await download(transport)).toMatchObject({ right: [{ size: 10, resumedAt: 4 }, {}] })
    expect(requests).toMatchObject([{ range: 'bytes=4-', 'if-range': '"v1"' }])
    expect([files(), written()]).toEqual([['file.bin'], 'abcdefghij'])
  })
  it('begins anew unless told to go on', async () => {
    await broken()
    const { transport, requests } = serving(() => ({ content: 'abcdefghij', headers: ETAGGED }))
    expect(await download(transport, {})).toMatchObject({ right: [{ size: 10, resumedAt: 0 }, {}] })
    expect(requests[0]).not.toHaveProperty('range')
  })
  it('takes the whole where it has changed (200)', async () => {
    await broken()
    const { transport } = serving(() => ({ content: 'ANOTHER ONE', headers: { etag: '"v2"' } }))
    expect(await download(transport)).toMatchObject({ right: [{ size: 11, resumedAt: 0 }, {}] })
    expect(written()).toBe('ANOTHER ONE')
  })
  it('takes the whole from a server that knows no ranges', async () => {
    await broken()
    await download(always({ status: 200, body: 'abcdefghij' }))
    expect(written()).toBe('abcdefghij')
  })
  it('knows by a 416 that all of it is there', async () => {
    await broken({ content: 'abcdefghij' })
    writeFileSync(`${path}.part`, 'abcdefghij')
    const { transport, requests } = serving(() => ({ content: 'abcdefghij' }))
    expect(await download(transport)).toMatchObject({ right: [{ size: 10, resumedAt: 10, head: { status: 416 } }, {}] })
    expect([requests.length, files(), written()]).toEqual([1, ['file.bin'], 'abcdefghij'])
  })
  it('asks for the whole once more where a 416 says that it has become shorter', async () => {
    await broken({ content: 'abcdefghij' })
    const { transport, requests } = serving(() => ({ content: 'abc' }))
    expect(await download(transport)).toMatchObject({ right: [{ size: 3, resumedAt: 0 }, {}] })
    expect([requests.length, written()]).toEqual([2, 'abc'])
  })
  it('does not take what is longer than the whole for the whole', async () => {
    await broken({ content: 'abcdefghij' })
    writeFileSync(`${path}.part`, 'abcdefghijEXTRA')
    const { transport, requests } = serving(() => ({ content: 'abcdefghij' }))
    expect(await download(transport)).toMatchObject({ right: [{ size: 10, resumedAt: 0 }, {}] })
    expect([requests.length, written()]).toEqual([2, 'abcdefghij'])
  })
  it.each([
    ['another beginning', { 'content-range': 'bytes 3-9/10' }],
    ['no range', {}],
    ['a range that makes no sense', { 'content-range': 'bytes 9-4/10' }],
    ['several ranges', { 'content-type': 'multipart/byteranges; boundary=b' }],
    ['a coded range', { 'content-range': 'bytes 4-9/10', 'content-encoding': 'br' }],
  ])('refuses a 206 with %s, and keeps what there is', async (_, headers) => {
    await broken()
    expect(await download(always({ status: 206, headers, body: 'efghij' }))).toMatchObject({
      left: { _tag: 'RangeMismatch' },
    })
    expect(readFileSync(`${path}.part`, 'utf8')).toBe('abcd')
  })
  it('asks for the whole once more where a 206 is of another version', async () => {
    await broken()
    let count = 0
    const headers = { etag: '"v2"', 'content-range': 'bytes 4-9/10' }
    const changed: Transport = () => async () =>
      E.right(
        ++count === 1 ? reply({ status: 206, headers, body: 'EFGHIJ' }) : reply({ status: 200, body: 'ABCDEFGHIJ' }),
      )
    expect(E.isRight(await download(changed))).toBe(true)
    expect(written()).toBe('ABCDEFGHIJ')
  })
  it('does not go on with the part of another URL, nor with one of which nothing is known', async () => {
    await broken()
    const first = serving(() => ({ content: 'other' }))
    await download(first.transport, { existing: 'Resume' }, 'http://h.test/other')
    expect(first.requests[0]).not.toHaveProperty('range')
    for (const note of ['no JSON', '{}', '[]', '{"format":"requests-ts/part","version":1,"of":1}']) {
      await broken()
      writeFileSync(`${path}.part.json`, note)
      const { transport, requests } = serving(() => ({ content: 'abcdefghij' }))
      await download(transport)
      expect([requests[0]?.['range'], written()]).toEqual([undefined, 'abcdefghij'])
    }
  })
  it('does not go on with what was decoded: its octets are not those of the server', async () => {
    const cut: Transport = () => async () => {
      async function* body() {
        yield Buffer.from('abcd')
        throw Fault.make('BodyCut', 'cut')
      }
      return E.right(
        reply({ status: 200, headers: { ...ETAGGED, 'content-encoding': 'br', 'content-length': '3' }, body: body() }),
      )
    }
    for (const before of [async () => {}, broken]) {
      await before()
      await download(cut)
      expect(files()).toEqual(['file.bin.part'])
    }
  })
  it('does not go on where nothing would tell one version from another', async () => {
    const cut: Transport = () => async () => {
      async function* body() {
        yield Buffer.from('abcd')
        throw Fault.make('BodyCut', 'cut')
      }
      return E.right(reply({ status: 200, body: body() }))
    }
    await download(cut)
    expect(files()).toEqual(['file.bin.part'])
  })
  it('writes no URL to the disk, and its note for its owner alone', async () => {
    await broken()
    expect(readFileSync(`${path}.part.json`, 'utf8')).not.toContain('CANARY')
    expect(statSync(`${path}.part.json`).mode & 0o777).toBe(0o600)
  })
  it('ends with the very file, however often it breaks off and whatever the server can do', async () => {
    const validators = [
      { etag: '"v"' },
      { etag: 'W/"v"' },
      {},
      { 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT', date: 'Thu, 01 Jan 2026 00:00:09 GMT' },
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme-ascii' }),
        fc.array(fc.nat(20), { maxLength: 8 }),
        fc.constantFrom(...validators),
        fc.nat(8),
        async (content, cuts, headers, changesAt) => {
          // From some request on it is another file: longer, and with a validator of its own.
          const version = (n: number): File => {
            const isNew = n >= changesAt
            const tag = headers.etag === undefined ? {} : { etag: headers.etag.replace('v', isNew ? 'new' : 'old') }
            const date =
              headers['last-modified'] === undefined || !isNew
                ? {}
                : { 'last-modified': 'Thu, 01 Jan 2026 00:00:05 GMT' }
            return { content: isNew ? `${content}+` : content, headers: { ...headers, ...tag, ...date } }
          }
          const server = serving(version, cuts)
          let outcome = await download(server.transport)
          for (let n = 0; n < 12 && E.isLeft(outcome); n++) {
            expect(outcome.left._tag).toBe('BodyCut')
            outcome = await download(server.transport)
          }
          expect(E.isRight(outcome)).toBe(true)
          expect([files(), written()]).toEqual([['file.bin'], version(server.requests.length - 1).content])
        },
      ),
      { numRuns: 150 },
    )
  })
})

describe('validators', () => {
  const of = (headers: HeadInput['headers']) =>
    Range.validator(headFrom({ status: 200, ...(headers === undefined ? {} : { headers }) }))
  const [noon, second] = ['Thu, 01 Jan 2026 12:00:00 GMT', 'Thu, 01 Jan 2026 12:00:01 GMT']
  it.each([
    [{ ETag: '"a"' }, O.some('"a"')],
    [{ ETag: 'W/"a"' }, O.none],
    [{ ETag: 'W/"a"', 'Last-Modified': noon, Date: second }, O.none],
    [{ 'Last-Modified': noon, Date: second }, O.some(noon)],
    [{ 'Last-Modified': noon, Date: noon }, O.none],
    [{ 'Last-Modified': noon }, O.none],
    [{}, O.none],
  ])('%j', (headers, expected) => expect(of(headers)).toEqual(expected))
})

test('on real sockets: broken off by the server, gone on with, and no socket or file is left open', async () => {
  const content = Buffer.alloc(3_000_000, 'abcdefghij')
  let count = 0
  const server = await web((request, response) => {
    count += 1
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const headers = { ETag: '"v1"', 'Content-Length': content.length - from }
    if (from > 0)
      response.writeHead(206, { ...headers, 'Content-Range': `bytes ${from}-${content.length - 1}/${content.length}` })
    else response.writeHead(200, headers)
    if (count === 3) response.end(content.subarray(from))
    else response.write(content.subarray(from, from + 1_000_000), () => response.destroy())
  })
  const transport = real()
  for (const _ of [1, 2])
    expect(await download(transport, { existing: 'Resume' }, server.url)).toMatchObject({ left: { _tag: 'BodyCut' } })
  const done = await download(transport, { existing: 'Resume' }, server.url)
  expect(E.isRight(done) && done.right[0].resumedAt > 0).toBe(true)
  expect(readFileSync(path).equals(content)).toBe(true)
  expect(existsSync(`${path}.part`)).toBe(false)
})
