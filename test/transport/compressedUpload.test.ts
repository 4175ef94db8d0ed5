/** Request bodies that are compressed, over sockets: exact bytes, files, progress, retries, and what ends early. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as zlib from 'node:zlib'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Client, Environment, Http, Multipart, Request, Session, Transport } from 'requests-ts'
import { afterAll, describe, expect, test } from 'vitest'
import { raw, sleep, until, web } from './servers.js'

const folder = mkdtempSync(join(tmpdir(), 'requests-ts-compressed-'))
afterAll(() => rmSync(folder, { recursive: true }))

const TEXT = 'a line of a log\n'.repeat(40_000)
const path = join(folder, 'log.txt')
writeFileSync(path, TEXT)

interface Received {
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
  /** Decoded by the server, with zlib. */
  readonly text: string
}

/** The cast: the types of Node 20 do not have zstd, and Node 22.15 does. */
const { zstdCompressSync, zstdDecompressSync } = zlib as unknown as Readonly<
  Record<'zstdCompressSync' | 'zstdDecompressSync', ((content: string | Buffer) => Buffer) | undefined>
>
const CODINGS = zstdCompressSync === undefined ? (['gzip', 'br'] as const) : (['gzip', 'br', 'zstd'] as const)

const decode = (coding: unknown, body: Buffer): string => {
  if (coding === 'gzip') return zlib.gunzipSync(body).toString()
  if (coding === 'zstd') return zstdDecompressSync?.(body).toString() ?? ''
  return coding === 'br' ? zlib.brotliDecompressSync(body).toString() : body.toString()
}

const encode = (coding: string, content: string): Buffer => {
  if (coding === 'gzip') return zlib.gzipSync(content)
  if (coding === 'zstd') return zstdCompressSync?.(content) ?? Buffer.alloc(0)
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants
  const params = { [BROTLI_PARAM_QUALITY]: 5, [BROTLI_PARAM_SIZE_HINT]: content.length }
  return zlib.brotliCompressSync(content, { params })
}

/** Records each request, and answers the first one to `/busy` with 503, and `/again` with 307. */
const recorder = async () => {
  const received: Received[] = []
  const server = await web((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    // The global fetch would keep the connection open.
    if (request.url === '/fetch') response.setHeader('connection', 'close')
    request.on('end', () => {
      const { url = '', headers } = request
      const body = Buffer.concat(chunks)
      received.push({ url, headers, body, text: decode(headers['content-encoding'], body) })
      if (url === '/again') response.writeHead(307, { location: '/end' }).end()
      else response.writeHead(url === '/busy' && received.length === 1 ? 503 : 200).end('ok')
    })
  })
  return { url: server.url, received }
}

const options: Client.Options = { session: Session.empty, environment: Environment.empty }
const send = async (request: Request.Request, given: Client.Options = options) => {
  const outcome = await pipe(Http.send(request), Client.runWith(given))()
  return E.isLeft(outcome) ? `${outcome.left._tag}: ${outcome.left.message}` : outcome.right.status
}

async function* lines() {
  for (let i = 0; i < 400; i++) yield Buffer.from('a line of a log\n'.repeat(100))
}

describe.each(CODINGS)('a body that is compressed with %s', (coding) => {
  const compressed = Request.withCompression(coding)

  test('has exactly the compressed bytes on the wire', async () => {
    const server = await raw((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
    const content = 'x'.repeat(2_000)
    expect(await send(pipe(Request.post(server.url), Request.withText(content), compressed))).toBe(200)
    const body = encode(coding, content)
    expect(server.received.join('')).toBe(
      `POST / HTTP/1.1\r\nhost: ${server.host}\r\nconnection: keep-alive\r\nContent-Encoding: ${coding}\r\ncontent-length: ${body.length}\r\n\r\n${body.toString('latin1')}`,
    )
  })
  test.each<[string, () => (request: Request.Request) => Request.Request]>([
    ['text', () => Request.withText(TEXT)],
    ['a stream', () => Request.withStream(lines)],
    ['a stream of known length', () => Request.withStream(lines, TEXT.length)],
    ['a one-shot stream', () => Request.withOnce(lines())],
    ['a file', () => Request.withFile(path)],
  ])('is decoded by the server: %s', async (_, withBody) => {
    const { url, received } = await recorder()
    expect(await send(pipe(Request.post(url), withBody(), compressed))).toBe(200)
    expect(received[0]?.text === TEXT).toBe(true)
    expect(received[0]?.body.length).toBeLessThan(TEXT.length / 50)
  })
  test('is decoded by the server: a file with a length, alone and in a multipart body', async () => {
    const { url, received } = await recorder()
    const file = await Multipart.statFile(path)()
    if (E.isLeft(file)) throw new Error(file.left.message)
    expect(await send(pipe(Request.post(url), Request.withFile(file.right), compressed))).toBe(200)
    expect(await send(pipe(Request.post(url), Request.withMultipart({ a: 'é', file: file.right }), compressed))).toBe(
      200,
    )
    expect(received[0]?.text === TEXT).toBe(true)
    expect(received[1]?.text).toContain('name="a"\r\n\r\né\r\n')
    expect(received[1]?.text).toContain(TEXT)
    expect(received.map(({ headers }) => headers['transfer-encoding'])).toEqual(['chunked', 'chunked'])
    truncateSync(path, 100)
    const shorter = await send(pipe(Request.post(url), Request.withFile(file.right), compressed))
    writeFileSync(path, TEXT)
    expect(shorter).toMatch(/^RequestBodyFailed: .*100 bytes.*640000/)
    expect(received).toHaveLength(2)
  })
  test('is sent with the same bytes by a redirect and by a retry', async () => {
    for (const target of ['/again', '/busy']) {
      const { url, received } = await recorder()
      const request = pipe(Request.put(`${url}${target}`), Request.withStream(lines), compressed)
      expect(await send(request, { ...options, wrapTransport: Transport.withRetry({ base: 0 }) })).toBe(200)
      expect(received.map(({ headers }) => headers['content-encoding'])).toEqual([coding, coding])
      expect(received[1]?.body).toEqual(received[0]?.body)
      expect(received[1]?.text === TEXT).toBe(true)
    }
  })
  test('is sent by Transport.fetch too', async () => {
    const { url, received } = await recorder()
    for (const withBody of [Request.withText(TEXT), Request.withStream(lines)]) {
      const request = pipe(Request.post(`${url}/fetch`), withBody, compressed)
      expect(await send(request, { ...options, openTransport: () => Transport.fetch() })).toBe(200)
    }
    expect(received.map(({ headers, text }) => [headers['content-encoding'], text === TEXT])).toEqual([
      [coding, true],
      [coding, true],
    ])
  })
  test('reports the bytes as they are sent', async () => {
    const { url, received } = await recorder()
    const seen: number[] = []
    const observed = Request.withProgress(({ direction, bytes }) => () => {
      if (direction === 'up') seen.push(bytes)
    })
    expect(await send(pipe(Request.post(url), Request.withStream(lines), compressed, observed))).toBe(200)
    expect(seen.at(-1)).toBe(received[0]?.body.length)
  })
  test('that fails ends the request with its error', async () => {
    const { url, received } = await recorder()
    async function* failing() {
      yield Buffer.from(TEXT)
      throw new Error('the disk is gone')
    }
    expect(await send(pipe(Request.post(url), Request.withStream(failing), compressed))).toMatch(
      /^RequestBodyFailed: .*the disk is gone/,
    )
    await sleep(20)
    expect(received).toEqual([])
  })
  test('that never ends is closed when the request is aborted', async () => {
    const server = await raw(() => {})
    const controller = new AbortController()
    let isClosed = false
    async function* slow() {
      try {
        for (;;) {
          yield Buffer.from(TEXT)
          await sleep(5)
        }
      } finally {
        isClosed = true
      }
    }
    const request = pipe(Request.post(server.url), Request.withStream(slow), compressed)
    const running = pipe(Http.send(request), Http.withSignal(controller.signal), Client.runWith(options))()
    await sleep(60)
    controller.abort()
    expect(await running).toMatchObject({ left: { _tag: 'Aborted' } })
    await until(() => isClosed)
    expect(isClosed).toBe(true)
  })
})
