/** `Stream.toFile`: complete, failed and resumed downloads, and the files that each leaves. */
import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import * as Client from '../src/Client.js'
import * as Http from '../src/Http.js'
import * as Stream from '../src/Stream.js'
import * as Environment from '../src/session/Environment.js'
import * as Request from '../src/session/Request.js'
import * as Session from '../src/session/Session.js'
import * as Range from '../src/transport/download/Range.js'
import * as Fault from '../src/wire/Fault.js'
import { wire } from '../src/wire/Plan.js'
import { type HeadInput, head as headFrom, reply } from '../src/wire/Reply.js'
import type { Transport } from '../src/wire/Transport.js'
import { openFilesIn } from './openFiles.js'
import { transport as real, web } from './transport/servers.js'

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'download-'))
  path = join(folder, 'file.bin')
})
afterEach(() => {
  expect(openFilesIn(folder)).toEqual([])
  rmSync(folder, { recursive: true, force: true })
})

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

/** Serves ranges according to RFC 9110. Cuts the body of reply `i` after `cuts[i]` bytes. */
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
    readonly reason?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
  }): Transport =>
  () =>
  async () =>
    E.right(reply(given))

const files = (): ReadonlyArray<string> => readdirSync(folder).sort()
const written = (): string => readFileSync(path, 'utf8')

describe('a complete download', () => {
  it('leaves only the file', async () => {
    const { transport, requests } = serving(() => ({ content: 'content' }))
    expect(await download(transport, {})).toMatchObject({
      right: [{ path, size: 7, resumedAt: 0, head: { status: 200 } }, {}],
    })
    expect([files(), written()]).toEqual([['file.bin'], 'content'])
    expect(requests).toMatchObject([{ 'accept-encoding': 'identity' }])
    expect(requests[0]).not.toHaveProperty('range')
  })
  it('replaces an old file only when it is complete', async () => {
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
  it('ignores the file name of the server', async () => {
    const headers = { 'content-disposition': 'attachment; filename="../../evil"' }
    await download(always({ status: 200, headers, body: 'x' }))
    expect(files()).toEqual(['file.bin'])
  })
})

describe('untyped options', () => {
  it.each<readonly [unknown]>([
    ...[[null], [5], ['x'], [true], [[]], [{ existing: null }], [{ existing: 'x' }], [{ parts: null }]],
    ...[[{ parts: '3' }], [{ digest: undefined }], [Object.create({ existing: 'Resume', digest: 'x' })]],
  ] as const)('are those by default: %j', async (options) => {
    await download(serving(() => ({ content: 'abcdefghij', headers: ETAGGED }), [4]).transport)
    const { transport, requests } = serving(() => ({ content: 'abcdefghij', headers: ETAGGED }))
    // The cast: plain JavaScript may pass anything.
    expect(await download(transport, options as Stream.ToFile)).toMatchObject({ right: [{ size: 10 }, {}] })
    expect([requests[0]?.['range'], written()]).toEqual([undefined, 'abcdefghij'])
  })
  it.each<readonly [unknown]>([[{ digest: null }], [{ digest: 5 }], [{ digest: '' }], [{ digest: 'md5=x' }]])(
    'with a digest that is not valid are an error: %j',
    async (options) => {
      const outcome = await download(always({ status: 200, body: 'x' }), options as Stream.ToFile)
      expect(outcome).toMatchObject({ left: { _tag: 'InvalidSettings' } })
      expect(files()).toEqual([])
    },
  )
  it.each<readonly [unknown]>([[null], [5], [{}], [''], ['a\0b'], ['.'], [Symbol('x')]])(
    'with the path %o are FileFailed',
    async (to) => {
      const outcome = await download(always({ status: 200, body: 'x' }), {}, url, to as string)
      expect(outcome).toMatchObject({ left: { _tag: 'FileFailed' } })
    },
  )
})

describe('a failed download', () => {
  it.each([404, 500, 304, 416, 302])('with status %i writes nothing and keeps the old file', async (status) => {
    writeFileSync(path, 'old')
    expect(await download(always({ status, body: 'page' }))).toMatchObject({
      left: { _tag: 'UnexpectedStatus', head: { status } },
    })
    expect([files(), written()]).toEqual([['file.bin'], 'old'])
  })
  it('rejects a 206 without a range request', async () => {
    const headers = { 'content-range': 'bytes 0-1/9' }
    expect(await download(always({ status: 206, headers, body: 'ab' }))).toMatchObject({
      left: { _tag: 'RangeMismatch' },
    })
    expect(files()).toEqual([])
  })
  it('does not repeat a secret of the request in its message', async () => {
    const reply = { status: 403, reason: 'Bad hunter2! of me' }
    const outcome = await download(always(reply), {}, 'http://me:hunter2!@h.test/file')
    expect(outcome).toMatchObject({ left: { _tag: 'UnexpectedStatus', head: { reason: 'Bad hunter2! of me' } } })
    expect(E.isLeft(outcome) && outcome.left.message).toContain('the status is 403 Bad ‹secret› of me. The path')
  })
  it('reports a wrong length, and keeps the note only of a short part', async () => {
    const short = always({ status: 200, headers: { ...ETAGGED, 'content-length': '9' }, body: 'abc' })
    expect(await download(short)).toMatchObject({ left: { _tag: 'LengthMismatch', expected: 9, received: 3 } })
    expect(files()).toEqual(['file.bin.part', 'file.bin.part.json'])
    const long = always({ status: 200, headers: { ...ETAGGED, 'content-length': '2' }, body: 'abc' })
    expect(await download(long, {})).toMatchObject({ left: { _tag: 'LengthMismatch', expected: 2, received: 3 } })
    expect(files()).toEqual(['file.bin.part'])
  })
  it('releases the connection if a file system operation fails', async () => {
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
    expect(closed).toBe(0) // reading never started, so discarding the body is enough
    rmSync(`${path}.part`, { recursive: true })
    mkdirSync(path)
    expect(await download(always({ status: 200, body: 'x' }))).toMatchObject({ left: { _tag: 'FileFailed' } })
  })
})

describe('a resumed download', () => {
  const broken = (file: File = { content: 'abcdefghij', headers: ETAGGED }) =>
    download(serving(() => file, [4]).transport)

  it('keeps the received bytes, and requests the rest of the same version', async () => {
    expect(await broken()).toMatchObject({ left: { _tag: 'BodyCut' } })
    expect(readFileSync(`${path}.part`, 'utf8')).toBe('abcd')
    const { transport, requests } = serving(() => ({ content: 'abcdefghij', headers: ETAGGED }))
    expect(await download(transport)).toMatchObject({ right: [{ size: 10, resumedAt: 4 }, {}] })
    expect(requests).toMatchObject([{ range: 'bytes=4-', 'if-range': '"v1"' }])
    expect([files(), written()]).toEqual([['file.bin', 'file.bin.part.json'], 'abcdefghij'])
  })
  it('starts from the beginning by default', async () => {
    await broken()
    const { transport, requests } = serving(() => ({ content: 'abcdefghij', headers: ETAGGED }))
    expect(await download(transport, {})).toMatchObject({ right: [{ size: 10, resumedAt: 0 }, {}] })
    expect(requests[0]).not.toHaveProperty('range')
  })
  it('saves the whole file if it has changed (200)', async () => {
    await broken()
    const { transport } = serving(() => ({ content: 'ANOTHER ONE', headers: { etag: '"v2"' } }))
    expect(await download(transport)).toMatchObject({ right: [{ size: 11, resumedAt: 0 }, {}] })
    expect(written()).toBe('ANOTHER ONE')
  })
  it('saves the whole file if the server does not support ranges', async () => {
    await broken()
    await download(always({ status: 200, body: 'abcdefghij' }))
    expect(written()).toBe('abcdefghij')
  })
  it('is complete if a 416 confirms the length', async () => {
    await broken()
    writeFileSync(`${path}.part`, 'abcdefghij')
    const { transport, requests } = serving(() => ({ content: 'abcdefghij', headers: ETAGGED }))
    expect(await download(transport)).toMatchObject({ right: [{ size: 10, resumedAt: 10, head: { status: 416 } }, {}] })
    expect([requests.length, files(), written()]).toEqual([1, ['file.bin', 'file.bin.part.json'], 'abcdefghij'])
  })
  it('requests the whole file if a 416 states a shorter length', async () => {
    await broken()
    const { transport, requests } = serving(() => ({ content: 'abc', headers: ETAGGED }))
    expect(await download(transport)).toMatchObject({ right: [{ size: 3, resumedAt: 0 }, {}] })
    expect([requests.length, written()]).toEqual([2, 'abc'])
  })
  it('requests the whole file if the part is too long', async () => {
    await broken()
    writeFileSync(`${path}.part`, 'abcdefghijEXTRA')
    const { transport, requests } = serving(() => ({ content: 'abcdefghij', headers: ETAGGED }))
    expect(await download(transport)).toMatchObject({ right: [{ size: 10, resumedAt: 0 }, {}] })
    expect([requests.length, written()]).toEqual([2, 'abcdefghij'])
  })
  it.each([
    ['another start', { 'content-range': 'bytes 3-9/10' }],
    ['a missing range', {}],
    ['an invalid range', { 'content-range': 'bytes 9-4/10' }],
    ['several ranges', { 'content-type': 'multipart/byteranges; boundary=b' }],
    ['a coded range', { 'content-range': 'bytes 4-9/10', 'content-encoding': 'br' }],
  ])('rejects a 206 with %s, and keeps the part', async (_, headers) => {
    await broken()
    expect(await download(always({ status: 206, headers, body: 'efghij' }))).toMatchObject({
      left: { _tag: 'RangeMismatch' },
    })
    expect(readFileSync(`${path}.part`, 'utf8')).toBe('abcd')
  })
  it('rejects a 206 longer than its range, and starts from the beginning next time', async () => {
    await broken()
    const headers = { ...ETAGGED, 'content-range': 'bytes 4-6/10' }
    expect(await download(always({ status: 206, headers, body: 'efghij' }))).toMatchObject({
      left: { _tag: 'RangeMismatch' },
    })
    expect(existsSync(path)).toBe(false)
    const { transport, requests } = serving(() => ({ content: 'abcdefghij', headers: ETAGGED }))
    await download(transport)
    expect([requests[0]?.['range'], written()]).toEqual([undefined, 'abcdefghij'])
  })
  it('does not treat the end of a range as the end of a file of unknown length', async () => {
    const unknown = (body: string, range: string) =>
      always({ status: 206, headers: { ...ETAGGED, 'content-range': range }, body })
    const cut: Transport = () => async () =>
      E.right(
        reply({
          status: 200,
          headers: ETAGGED,
          body: (async function* () {
            yield Buffer.from('abcd')
            throw Fault.make('BodyCut', 'cut')
          })(),
        }),
      )
    await download(cut)
    expect(await download(unknown('efg', 'bytes 4-6/*'))).toMatchObject({ left: { _tag: 'RangeMismatch' } })
    expect([existsSync(path), readFileSync(`${path}.part`, 'utf8')]).toEqual([false, 'abcdefg'])
    const { transport, requests } = serving(() => ({ content: 'abcdefghij', headers: ETAGGED }))
    expect(await download(transport)).toMatchObject({ right: [{ size: 10, resumedAt: 7 }, {}] })
    expect([requests.length, written()]).toEqual([1, 'abcdefghij'])
  })
  it('requests the whole file if a 206 has another version', async () => {
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
  it('requests the whole file if a 206 does not repeat the Last-Modified that is the validator', async () => {
    const dated = { 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT', date: 'Thu, 01 Jan 2026 00:00:09 GMT' }
    await broken({ content: 'abcdefghij', headers: dated })
    const headers = { 'content-range': 'bytes 4-9/10' }
    const ignoring: Transport = (plan) => async () =>
      E.right(
        wire(plan).headers.some(([name]) => name.toLowerCase() === 'range')
          ? reply({ status: 206, headers, body: 'EFGHIJ' })
          : reply({ status: 200, headers: dated, body: 'ABCDEFGHIJ' }),
      )
    expect(await download(ignoring)).toMatchObject({ right: [{ size: 10, resumedAt: 0 }, {}] })
    expect(written()).toBe('ABCDEFGHIJ')
  })
  it('does not use the part of another URL, or a part with an invalid note', async () => {
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
  it('does not resume a response with a content coding', async () => {
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
  it('does not resume without a validator', async () => {
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
  it('stores no URL in its note, which only its owner can read', async () => {
    await broken()
    expect(readFileSync(`${path}.part.json`, 'utf8')).not.toContain('CANARY')
    expect(statSync(`${path}.part.json`).mode & 0o777).toBe(0o600)
  })
  it('ends with the exact file after any number of failures and changes', async () => {
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
          // From request `changesAt` on, the file is longer and has another validator.
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
          expect(files().filter((name) => !name.endsWith('.json'))).toEqual(['file.bin'])
          expect(written()).toBe(version(server.requests.length - 1).content)
          rmSync(path)
        },
      ),
      { numRuns: 150 },
    )
  })
})

/** Cuts the first download, and returns the outcome of the second. */
const twice = async (
  first: Request.Request,
  second: Request.Request,
  headers: Readonly<Record<string, string>> = ETAGGED,
  sessions: readonly [Session.Session, Session.Session] = [Session.defaults, Session.defaults],
) => {
  const run = (transport: Transport, request: Request.Request, session: Session.Session) =>
    pipe(
      request,
      Stream.toFile(path, { existing: 'Resume' }),
      Client.use({ session, transport, environment: Environment.empty, random: () => 'seed' }),
    )()
  await run(serving(() => ({ content: 'a'.repeat(10), headers }), [4]).transport, first, sessions[0])
  const served = serving(() => ({ content: 'b'.repeat(10), headers }))
  const outcome = await run(served.transport, second, sessions[1])
  return { outcome, range: served.requests[0]?.['range'], content: written() }
}

describe('a download never mixes versions or resources', () => {
  it.each([
    ['no field', {}],
    ['a weak ETag', { etag: 'W/"v"' }],
    ['a bare ETag', { etag: 'v1' }],
    ['an ETag with a blank', { etag: '"v 1"' }],
    [
      'a Last-Modified of the same second',
      { 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT', date: 'Thu, 01 Jan 2026 00:00:00 GMT' },
    ],
    ['an invalid Last-Modified', { 'last-modified': '2025', date: '2026' }],
    ['a Last-Modified without a Date', { 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' }],
  ])('starts from the beginning if %s is the only validator', async (_, headers) => {
    const get = Request.get(url)
    expect(await twice(get, get, headers)).toMatchObject({ range: undefined, content: 'b'.repeat(10) })
  })
  const get = Request.get(url)
  const base = (who: string) => Session.withBaseUrl(`http://h.test/${who}/`)(Session.defaults)
  const form = (pass: string) => pipe(Request.post(url), Request.withForm({ pass }))
  it.each<readonly [string, Request.Request, Request.Request]>([
    ['a query', get, Request.get('http://h.test/file?key=other')],
    ['a method', get, Request.make('REPORT', url)],
    ['a body', form('CANARY'), form('other')],
    ['a Basic login', Request.withBasicAuth('alice', 'CANARY')(get), Request.withBasicAuth('bob', 'x')(get)],
    ['a token', Request.withBearer('CANARY')(get), Request.withBearer('other')(get)],
    ['a digest login', Request.withDigestAuth('alice', 'CANARY')(get), Request.withDigestAuth('bob', 'x')(get)],
    ['a cookie', Request.withCookie('sid', 'CANARY')(get), Request.withCookie('sid', 'x')(get)],
    ['Accept', Request.withHeader('Accept', 'text/a')(get), Request.withHeader('Accept', 'text/b')(get)],
    ['a language', get, Request.withHeader('Accept-Language', 'de')(get)],
    ['a certificate', get, Request.withClientCertificate({ cert: '/a.pem', key: '/a.key' })(get)],
  ])('starts from the beginning if %s differs', async (_, first, second) => {
    expect(await twice(first, second)).toMatchObject({ range: undefined, content: 'b'.repeat(10) })
    expect(readFileSync(`${path}.part.json`, 'utf8')).not.toMatch(/CANARY|alice/)
  })
  it('starts from the beginning with another base URL', async () => {
    const report = Request.get('report')
    const made = await twice(report, report, ETAGGED, [base('alice'), base('bob')])
    expect(made).toMatchObject({ range: undefined, content: 'b'.repeat(10) })
  })
  it('resumes with the same login, form and cookie', async () => {
    for (const one of [form('x'), Request.withDigestAuth('me', 'x')(get), Request.withCookie('sid', 'x')(get)]) {
      expect(await twice(one, one)).toMatchObject({ range: 'bytes=4-' })
      rmSync(path)
    }
  })
  it.each<readonly [string, number, Readonly<Record<string, string>>]>([
    ['a 416 with another ETag', 416, { etag: '"v2"', 'content-range': 'bytes */4' }],
    ['a 416 of another length', 416, { etag: '"v1"', 'content-range': 'bytes */3' }],
    ['a 206 without the ETag', 206, { 'content-range': 'bytes 4-9/10' }],
    ['a 206 with its weak ETag', 206, { etag: 'W/"v1"', 'content-range': 'bytes 4-9/10' }],
    ['a 206 of another total', 206, { etag: '"v1"', 'content-range': 'bytes 4-10/11' }],
    [
      'a 206 with another date',
      206,
      { etag: '"v1"', 'content-range': 'bytes 4-9/10', 'last-modified': 'Fri, 02 Jan 2026 00:00:00 GMT' },
    ],
  ])('requests the whole file after %s', async (_, status, headers) => {
    const first = { ...ETAGGED, 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' }
    await download(serving(() => ({ content: 'a'.repeat(10), headers: first }), [4]).transport)
    let count = 0
    const changed: Transport = () => async () =>
      E.right(++count === 1 ? reply({ status, headers, body: 'bbbbbb' }) : reply({ status: 200, body: 'whole' }))
    expect(await download(changed)).toMatchObject({ right: [{ size: 5, resumedAt: 0 }, {}] })
    expect([count, written()]).toEqual([2, 'whole'])
  })
  it('starts from the beginning if a redirect leads to another location', async () => {
    const to =
      (place: string, served: Served): Transport =>
      (plan, limits) =>
        plan.url.pathname === '/latest'
          ? async () => E.right(reply({ status: 302, headers: { location: place } }))
          : served.transport(plan, limits)
    const first = serving(() => ({ content: 'a'.repeat(10), headers: ETAGGED }), [4])
    await download(to('/v1', first), { existing: 'Resume' }, 'http://h.test/latest')
    const second = serving(() => ({ content: 'b'.repeat(10), headers: ETAGGED }))
    await download(to('/v2', second), { existing: 'Resume' }, 'http://h.test/latest')
    expect([second.requests.length, written()]).toEqual([2, 'b'.repeat(10)])
  })
})

describe('a finished file', () => {
  const file: File = { content: 'abcdefghij', headers: ETAGGED }
  it('is not fetched again after a 416 or a 304', async () => {
    await download(serving(() => file).transport)
    const { transport, requests } = serving(() => file)
    expect(await download(transport)).toMatchObject({ right: [{ size: 10, resumedAt: 10, head: { status: 416 } }, {}] })
    expect(requests).toMatchObject([{ 'if-none-match': '"v1"', range: 'bytes=10-', 'if-range': '"v1"' }])
    expect(await download(always({ status: 304 }))).toMatchObject({ right: [{ size: 10, resumedAt: 10 }, {}] })
    expect(written()).toBe('abcdefghij')
  })
  it.each<readonly [string, () => void]>([
    ['has changed', () => writeFileSync(path, 'ABCDEFGHIJ')],
    ['was removed', () => rmSync(path)],
    ['has no note', () => rmSync(`${path}.part.json`)],
    ['has a note that others can write', () => chmodSync(`${path}.part.json`, 0o666)],
  ])('is fetched again if it %s', async (_, change) => {
    await download(serving(() => file).transport)
    await new Promise((done) => setTimeout(done, 5)) // so that a new file has another time
    change()
    const { transport, requests } = serving(() => file)
    expect(await download(transport)).toMatchObject({ right: [{ size: 10, resumedAt: 0 }, {}] })
    expect([requests[0]?.['if-none-match'], written()]).toEqual([undefined, 'abcdefghij'])
  })
  it.each<readonly [string, Readonly<Record<string, string>>, Readonly<Record<string, string>>]>([
    ['ETag', ETAGGED, { etag: '"v2"' }],
    ['weak ETag', ETAGGED, { etag: 'W/"v2"' }],
    [
      'Last-Modified',
      { 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT', date: 'Fri, 02 Jan 2026 00:00:00 GMT' },
      { 'last-modified': 'Fri, 02 Jan 2026 00:00:00 GMT' },
    ],
  ])('is fetched again if a 304 has another %s', async (_, headers, other) => {
    await download(always({ status: 200, headers, body: 'abcdefghij' }))
    let count = 0
    const changed: Transport = () => async () =>
      E.right(++count === 1 ? reply({ status: 304, headers: other }) : reply({ status: 200, body: 'whole' }))
    expect(await download(changed)).toMatchObject({ right: [{ size: 5, resumedAt: 0 }, {}] })
    expect([count, written()]).toEqual([2, 'whole'])
  })
  it.each([
    ['no ETag', {}],
    ['its ETag', ETAGGED],
    ['its ETag as a weak one', { etag: 'W/"v1"' }],
    ['its ETag and another date', { ...ETAGGED, 'last-modified': 'Fri, 02 Jan 2026 00:00:00 GMT' }],
  ])('is not fetched again if a 304 has %s', async (_, headers) => {
    const first = { ...ETAGGED, 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' }
    await download(always({ status: 200, headers: first, body: 'abcdefghij' }))
    expect(await download(always({ status: 304, headers }))).toMatchObject({ right: [{ size: 10, resumedAt: 10 }, {}] })
  })
  it('is fetched again if a 304 comes from another location', async () => {
    const to =
      (place: string, body: string): Transport =>
      (plan) =>
      async () => {
        if (plan.url.pathname !== place) return E.right(reply({ status: 302, headers: { location: place } }))
        const isKnown = wire(plan).headers.some(([name]) => name.toLowerCase() === 'if-none-match')
        return E.right(reply({ status: isKnown ? 304 : 200, headers: ETAGGED, ...(isKnown ? {} : { body }) }))
      }
    await download(to('/v1', 'a'.repeat(10)))
    expect(await download(to('/v1', 'b'.repeat(10)))).toMatchObject({ right: [{ resumedAt: 10 }, {}] })
    expect(await download(to('/v2', 'b'.repeat(10)))).toMatchObject({ right: [{ resumedAt: 0 }, {}] })
    expect(written()).toBe('b'.repeat(10))
  })
  it('ignores a part file of another program', async () => {
    await download(serving(() => file).transport)
    writeFileSync(`${path}.part`, 'XYZ', { mode: 0o600 })
    expect(await download(serving(() => file).transport)).toMatchObject({ right: [{ resumedAt: 10 }, {}] })
    expect(written()).toBe('abcdefghij')
  })
  it('is fetched again if it has changed on the server, or for another URL', async () => {
    await download(serving(() => file).transport)
    await download(serving(() => ({ content: 'ABCDEFGHIJ', headers: { etag: '"v2"' } })).transport)
    expect(written()).toBe('ABCDEFGHIJ')
    await download(serving(() => file).transport, { existing: 'Resume' }, 'http://h.test/file?key=bob')
    expect(written()).toBe('abcdefghij')
  })
})

describe('files of other users', () => {
  const victim = (): string => {
    const name = join(folder, 'victim')
    writeFileSync(name, 'precious', { mode: 0o600 })
    return name
  }
  const whole = serving(() => ({ content: 'content', headers: ETAGGED }))
  it.each(['.part', '.part.json', '.part.lock'])('are not overwritten through a link at %s', async (end) => {
    const name = victim()
    symlinkSync(name, path + end)
    await download(whole.transport)
    expect([readFileSync(name, 'utf8'), written()]).toEqual(['precious', 'content'])
  })
  it.each<readonly [string, (part: string) => void]>([
    ['a link', (part) => symlinkSync(victim(), part)],
    ['a hard link', (part) => linkSync(victim(), part)],
    [
      'a file that others can write',
      (part) => {
        writeFileSync(part, 'evil')
        chmodSync(part, 0o666)
      },
    ],
    ['a FIFO', (part) => execFileSync('mkfifo', [part])],
  ])('are not resumed if the part is %s', async (_, plant) => {
    await download(serving(() => ({ content: 'content', headers: ETAGGED }), [4]).transport)
    rmSync(`${path}.part`)
    plant(`${path}.part`)
    const { transport, requests } = serving(() => ({ content: 'content', headers: ETAGGED }))
    await download(transport)
    expect([requests[0]?.['range'], written()]).toEqual([undefined, 'content'])
    if (existsSync(join(folder, 'victim'))) expect(readFileSync(join(folder, 'victim'), 'utf8')).toBe('precious')
  })
  it('do not get access to the part (mode 0600)', async () => {
    await download(serving(() => ({ content: 'content', headers: ETAGGED }), [4]).transport)
    expect(statSync(`${path}.part`).mode & 0o777).toBe(0o600)
  })
})

describe('the target path', () => {
  const transport = always({ status: 200, body: 'content' })
  it.each([0o600, 0o640, 0o644, 0o755])('keeps the mode %o of the old file', async (mode) => {
    writeFileSync(path, 'old')
    chmodSync(path, mode)
    await download(transport, {})
    expect([statSync(path).mode & 0o777, written()]).toEqual([mode, 'content'])
  })
  it('gives a new file the default mode', async () => {
    await download(transport, {})
    writeFileSync(join(folder, 'other'), '')
    expect(statSync(path).mode).toBe(statSync(join(folder, 'other')).mode)
  })
  it('can be a link, which stays, to a file that may not exist', async () => {
    mkdirSync(join(folder, 'real'))
    symlinkSync(join('real', 'file'), path)
    for (const _ of ['not there', 'there']) {
      expect(await download(transport, {})).toMatchObject({ right: [{ path, size: 7 }, {}] })
      expect([lstatSync(path).isSymbolicLink(), written()]).toEqual([true, 'content'])
      expect(readdirSync(join(folder, 'real'))).toEqual(['file'])
    }
  })
  it('cannot be a link to itself', async () => {
    symlinkSync(path, path)
    expect(await download(transport, {})).toMatchObject({ left: { _tag: 'FileFailed', path } })
  })
  it('can be a device, whose errors are reported', async () => {
    symlinkSync('/dev/null', path)
    for (const to of ['/dev/null', path]) {
      expect(await download(transport, { existing: 'Resume' }, url, to)).toMatchObject({ right: [{ size: 7 }, {}] })
    }
    expect([lstatSync(path).isSymbolicLink(), statSync('/dev/null').isCharacterDevice()]).toEqual([true, true])
    if (!existsSync('/dev/full')) return
    expect(await download(transport, {}, url, '/dev/full')).toMatchObject({ left: { _tag: 'FileFailed' } })
  })
  it('can be a FIFO, and waits for its reader', async () => {
    execFileSync('mkfifo', [path])
    const reader = spawn('sh', ['-c', 'sleep 0.2; wc -c < "$0"', path])
    let output = ''
    reader.stdout.on('data', (chunk) => {
      output += String(chunk)
    })
    const ended = new Promise((done) => reader.on('exit', done))
    const big = always({ status: 200, body: 'x'.repeat(1_000_000) })
    expect(await download(big, {})).toMatchObject({ right: [{ size: 1_000_000 }, {}] })
    await ended
    expect([output.trim(), lstatSync(path).isFIFO(), files()]).toEqual(['1000000', true, ['file.bin']])
  })
})

describe('a FIFO whose reader does not read', () => {
  const big = always({ status: 200, body: 'x'.repeat(1_000_000) })
  const into = (request: Request.Request, signal?: AbortSignal) =>
    pipe(
      request,
      Stream.toFile(path),
      signal === undefined ? (same) => same : Http.withSignal(signal),
      Client.use({ session: Session.defaults, transport: big, environment: Environment.empty }),
    )()
  const get = Request.get(url)
  const withReader = async <A>(run: () => Promise<A>): Promise<A> => {
    execFileSync('mkfifo', [path])
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      return await run()
    } finally {
      closeSync(reader)
    }
  }
  it('ends the download at the total time', async () => {
    const outcome = await withReader(() => into(Request.withTimeouts({ total: 200 })(get)))
    expect(outcome).toMatchObject({ left: { _tag: 'DeadlineExceeded' } })
  })
  it('ends the download on abort', async () => {
    const outcome = await withReader(() => into(get, AbortSignal.timeout(100)))
    expect(outcome).toMatchObject({ left: { _tag: 'Aborted' } })
  })
  it('ends the download also while it waits for a reader', async () => {
    execFileSync('mkfifo', [path])
    expect(await into(Request.withTimeouts({ total: 200 })(get))).toMatchObject({ left: { _tag: 'DeadlineExceeded' } })
    expect(await into(get, AbortSignal.timeout(100))).toMatchObject({ left: { _tag: 'Aborted' } })
  })
})

describe('simultaneous downloads to one path', () => {
  it('each succeed with a whole file or fail, and the last one wins', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ pieces: fc.integer({ min: 1, max: 6 }), isCut: fc.boolean() }), {
          minLength: 2,
          maxLength: 5,
        }),
        fc.constantFrom<Stream.ToFile>({}, { existing: 'Resume' }),
        async (downloads, options) => {
          const slow =
            (letter: string, pieces: number, isCut: boolean): Transport =>
            () =>
            async () => {
              async function* body() {
                for (let i = 0; i < pieces; i++) {
                  await new Promise((done) => setImmediate(done))
                  yield Buffer.from(letter.repeat(3))
                }
                if (isCut) throw Fault.make('BodyCut', 'cut')
              }
              const length = { 'content-length': String(3 * pieces) }
              return E.right(reply({ status: 200, headers: { etag: `"${letter}"`, ...length }, body: body() }))
            }
          const letters = downloads.map((_, i) => String.fromCharCode(97 + i))
          const outcomes = await Promise.all(
            downloads.map(({ pieces, isCut }, i) =>
              download(slow(letters[i] ?? '', pieces, isCut), options, `http://h.test/${i}`),
            ),
          )
          const wholes = outcomes.flatMap((outcome, i) =>
            E.isRight(outcome) ? [(letters[i] ?? '').repeat(outcome.right[0].size)] : [],
          )
          if (wholes.length > 0) expect(wholes).toContain(written())
          else expect(existsSync(path)).toBe(false)
          expect(files().filter((name) => !/^file\.bin(\.part(\.json)?)?$/.test(name))).toEqual([])
          for (const name of files()) rmSync(join(folder, name))
        },
      ),
      { numRuns: 60 },
    )
  })
  const lock = (owner: unknown) => writeFileSync(`${path}.part.lock`, JSON.stringify(owner), { mode: 0o600 })
  const resumed = async () => {
    const { transport, requests } = serving(() => ({ content: 'abcdefghij', headers: ETAGGED }))
    expect(E.isRight(await download(transport))).toBe(true)
    expect(written()).toBe('abcdefghij')
    return requests[0]?.['range']
  }
  const broken = () => download(serving(() => ({ content: 'abcdefghij', headers: ETAGGED }), [4]).transport)
  it('respect the lock of a running process, and remove that of one that has ended', async () => {
    await broken()
    lock({ pid: process.ppid, host: hostname(), token: 'other' })
    expect(await resumed()).toBeUndefined()
    expect(readFileSync(`${path}.part`, 'utf8')).toBe('abcd')
    lock({ pid: 2 ** 22 + 1, host: hostname(), token: 'other' })
    expect(await resumed()).toBe('bytes=4-')
  })
  it.each([0, -1, 1.5, 2 ** 40])('remove an old lock with the invalid process id %d', async (pid) => {
    await broken()
    lock({ pid, host: hostname(), token: 'other' })
    utimesSync(`${path}.part.lock`, 1, 1)
    utimesSync(`${path}.part`, 1, 1)
    expect(await resumed()).toBe('bytes=4-')
  })
  it('remove a lock with their process id that is older than the process', async () => {
    await broken()
    lock({ pid: process.pid, host: hostname(), token: 'other' })
    expect(await resumed()).toBeUndefined()
    utimesSync(`${path}.part.lock`, 1, 1)
    expect(await resumed()).toBe('bytes=4-')
  })
})

describe('progress', () => {
  it.each([
    ['of known length', true],
    ['of unknown length', false],
  ])('includes the bytes of the earlier attempt, and the total of the file, for a rest %s', async (_, isKnown) => {
    const content = 'abcdefghij'.repeat(10_000)
    let count = 0
    const server = await web((request, response) => {
      count += 1
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
      const length = { ETag: '"v1"', 'Content-Length': content.length - from }
      const range = { 'Content-Range': `bytes ${from}-${content.length - 1}/${content.length}` }
      response.writeHead(
        from > 0 ? 206 : 200,
        from > 0 ? { ...(isKnown ? length : { ETag: '"v1"' }), ...range } : length,
      )
      if (count === 2) response.end(content.slice(from))
      else response.write(content.slice(0, 40_000), () => response.destroy())
    })
    const seen: Array<readonly [number, number | undefined]> = []
    const transport = real()
    const run = () =>
      pipe(
        Request.get(server.url),
        Request.withProgress(
          ({ bytes, total }) =>
            () =>
              void seen.push([bytes, total]),
        ),
        Stream.toFile(path, { existing: 'Resume' }),
        Client.use({ session: Session.defaults, transport, environment: Environment.empty }),
      )()
    await run()
    const from = statSync(`${path}.part`).size
    seen.length = 0
    expect(E.isRight(await run())).toBe(true)
    expect(seen.every(([bytes, total]) => bytes > from && total === content.length)).toBe(true)
    expect(seen.at(-1)).toEqual([content.length, content.length])
  })
})

describe('Range.validator', () => {
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

test('over sockets, resumes after the server closes the connection, and leaves no socket or file open', async () => {
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

describe('Range.isUncoded', () => {
  it.each<readonly [ReadonlyArray<string>, boolean]>([
    [[], true],
    [[''], true],
    [['identity', ' Identity '], true],
    [['gzip'], false],
    [['gzip', 'gzip'], false],
    [['gzip', 'br'], false],
    [['identity', 'br'], false],
  ])('of %j is %j', (lines, expected) => {
    const etag = ['ETag', '"v1"'] as const
    const coded = headFrom({
      status: 200,
      headers: [etag, ...lines.map((line) => ['Content-Encoding', line] as const)],
    })
    expect(Range.isUncoded(coded)).toBe(expected)
    expect(Range.evaluate(O.none)(coded)).toMatchObject({ _tag: 'Begin', isResumable: expected })
  })
})
