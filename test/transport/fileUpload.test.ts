/** Files as bodies and as parts: opened for each send, with a length if it was read first. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import {
  Client,
  Environment,
  Http,
  HttpError,
  Multipart,
  Plan,
  Request,
  type Response,
  Session,
  Transport,
} from 'requests-ts'
import { afterAll, describe, expect, test } from 'vitest'
import { openFilesIn } from '../openFiles.js'
import { untyped } from '../untyped.js'
import { until, web } from './servers.js'

const folder = mkdtempSync(join(tmpdir(), 'requests-ts-upload-'))
afterAll(() => rmSync(folder, { recursive: true }))

const LENGTH = 300_000
const content = Buffer.from(Array.from({ length: LENGTH }, (_, i) => i % 251))
const inFolder = (name: string, bytes: Uint8Array = content): string => {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}
const path = inFolder('bild ü.bin')

interface Received {
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** Records each request, redirects `/again` with 307, and answers the first request to `/busy` with 503. */
const recorder = async () => {
  const received: Received[] = []
  const server = await web((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { url = '', headers } = request
      received.push({ url, headers, body: Buffer.concat(chunks) })
      if (url === '/again') response.writeHead(307, { location: '/end' }).end()
      else response.writeHead(url === '/busy' && received.length === 1 ? 503 : 200).end('ok')
    })
  })
  return { url: server.url, received }
}

const options: Client.Options = { session: Session.empty, environment: Environment.empty }
const send = async (request: Request.Request, given: Client.Options = options) => {
  const outcome = await pipe(Http.send(request), Client.use(given))()
  return E.map(([{ status }]: readonly [Response.Response, unknown]) => status)(outcome)
}
const statted = async (name: string): Promise<Multipart.FilePart> => {
  const part = await Multipart.statFile(name)()
  if (E.isLeft(part)) throw new Error(part.left.message)
  return part.right
}
const has = (received: Received | undefined, bytes: Uint8Array): boolean =>
  received?.body.includes(Buffer.from(bytes)) === true

describe('Multipart.file', () => {
  test('describes the file by its base name and as a stream of octets', () => {
    expect(Multipart.file('/tmp/a/b.bin')).toMatchObject({ filename: 'b.bin', contentType: 'application/octet-stream' })
    expect(Multipart.file('C:\\folder\\b.bin').filename).toBe('b.bin')
    expect(Multipart.file('b').filename).toBe('b')
    expect(Multipart.file(new URL('file:///tmp/%C3%BC%20b.bin')).filename).toBe('ü b.bin')
    expect(Multipart.file('/a', { filename: 'c', contentType: 'text/plain', headers: [['X-A', '1']] })).toMatchObject({
      filename: 'c',
      contentType: 'text/plain',
      headers: [['X-A', '1']],
    })
    const unset = Multipart.file('/a', { filename: undefined, contentType: undefined })
    expect(unset).toMatchObject({ filename: 'a', contentType: 'application/octet-stream' })
  })
  test('reads nothing before it is sent', () => {
    const request = Request.withMultipart({ file: Multipart.file('/does/not/exist') })(Request.post('http://h.test/'))
    expect(E.isRight(Plan.plan({ session: Session.empty, entropy: 'seed' })(request))).toBe(true)
  })
  test.each([
    ['a path', path],
    ['a file: URL', pathToFileURL(path)],
  ])('sends the file of %s in chunks, with its name and type', async (_, given) => {
    const { url, received } = await recorder()
    const request = Request.withMultipart({ title: 'holiday', file: Multipart.file(given) })(Request.post(url))
    expect(await send(request)).toEqual(E.right(200))
    expect(received[0]?.headers['transfer-encoding']).toBe('chunked')
    expect(has(received[0], content)).toBe(true)
    expect(
      has(received[0], Buffer.from('name="file"; filename="bild ü.bin"\r\nContent-Type: application/octet-stream')),
    ).toBe(true)
    expect(openFilesIn(folder)).toEqual([])
  })
  test('sends the file again after a redirect and in a retry', async () => {
    const { url, received } = await recorder()
    const request = (target: string) =>
      Request.withMultipart({ file: Multipart.file(path) })(Request.put(`${url}${target}`))
    expect(await send(request('/again'))).toEqual(E.right(200))
    expect(received.map((one) => [one.url, has(one, content)])).toEqual([
      ['/again', true],
      ['/end', true],
    ])
    received.length = 0
    const openTransport = () => Transport.withRetry({ attempts: 2, base: 1 })(Transport.undici())
    expect(await send(request('/busy'), { ...options, openTransport })).toEqual(E.right(200))
    expect(received.map((one) => has(one, content))).toEqual([true, true])
  })
  test.each([
    ['is missing', join(folder, 'missing')],
    ['is a folder', folder],
    ['is a device', '/dev/zero'],
  ])('is RequestBodyFailed with the path if the file %s', async (_, name) => {
    const { url } = await recorder()
    const outcome = await send(Request.withMultipart({ file: Multipart.file(name) })(Request.post(url)))
    expect(outcome).toMatchObject({ left: { _tag: 'RequestBodyFailed', message: expect.stringContaining(name) } })
  })
  test('does not print the password of a URL that is not a file', async () => {
    const { url } = await recorder()
    const given = new URL('http://user:hunter2@h.test/a')
    const outcome = await send(Request.withMultipart({ file: Multipart.file(given) })(Request.post(url)))
    expect(outcome).toMatchObject({ left: { _tag: 'RequestBodyFailed' } })
    expect(E.isLeft(outcome) && HttpError.show(outcome.left)).not.toContain('hunter2')
    const failed = await Multipart.statFile(given)()
    expect(failed).toMatchObject({ left: { _tag: 'FileFailed' } })
    expect(JSON.stringify(failed)).not.toContain('hunter2')
  })
  test.each([undefined, null, 5, {}, [], Symbol('s'), Object.create(null)].map((one) => [one]))(
    'is InvalidBody for a path that is not text',
    async (given) => {
      const plan = (configure: (request: Request.Request) => Request.Request) =>
        Plan.plan({ session: Session.empty, entropy: 'seed' })(configure(Request.post('http://h.test/')))
      const part = Multipart.file(untyped(given), untyped(null))
      expect(plan(Request.withMultipart({ file: part }))).toMatchObject({ left: { _tag: 'InvalidBody' } })
      expect(plan(Request.withFile(untyped(given)))).toMatchObject({ left: { _tag: 'InvalidBody' } })
      expect(await Multipart.statFile(untyped(given))()).toMatchObject({ left: { _tag: 'FileFailed' } })
    },
  )
})

describe('Multipart.statFile', () => {
  test('sends the file with a Content-Length', async () => {
    const { url, received } = await recorder()
    const file = await statted(path)
    expect(await send(Request.withMultipart({ title: 'holiday', file })(Request.post(url)))).toEqual(E.right(200))
    expect(received[0]?.headers['content-length']).toBe(String(received[0]?.body.length))
    expect(has(received[0], content)).toBe(true)
  })
  test('sends the first octets of a file that has grown, and an empty file', async () => {
    const { url, received } = await recorder()
    const grown = inFolder('grown', Buffer.from('one'))
    const empty = inFolder('empty', Buffer.alloc(0))
    const parts = [await statted(grown), await statted(empty)]
    for (const name of [grown, empty]) writeFileSync(name, 'one and more')
    for (const part of parts) expect(await send(Request.withFile(part)(Request.put(url)))).toEqual(E.right(200))
    expect(received.map(({ body }) => body.toString())).toEqual(['one', ''])
  })
  test('is RequestBodyFailed if the file has become shorter', async () => {
    const { url } = await recorder()
    const shrunk = inFolder('shrunk')
    const file = await statted(shrunk)
    truncateSync(shrunk, 5)
    const outcome = await send(Request.withMultipart({ file })(Request.post(url)))
    expect(outcome).toMatchObject({ left: { _tag: 'RequestBodyFailed' } })
  })
  test.each([
    ['is missing', join(folder, 'missing')],
    ['is a folder', folder],
  ])('is FileFailed with the path if the file %s', async (_, name) => {
    expect(await Multipart.statFile(name)()).toMatchObject({
      left: { _tag: 'FileFailed', path: name, message: expect.stringContaining(name) },
    })
  })
})

describe('Request.withFile', () => {
  test('sends the file of a path in chunks, and that of statFile with a Content-Length', async () => {
    const { url, received } = await recorder()
    for (const file of [path, pathToFileURL(path), await statted(path)]) {
      expect(await send(Request.withFile(file)(Request.put(url)))).toEqual(E.right(200))
    }
    expect(received.map(({ headers }) => headers['content-length'])).toEqual([undefined, undefined, String(LENGTH)])
    expect(received.every(({ body }) => body.equals(content))).toBe(true)
    expect(received.every(({ headers }) => headers['content-type'] === undefined)).toBe(true)
  })
  test('closes the file if the request is aborted', async () => {
    const received: IncomingMessage[] = []
    const server = await web((request) => received.push(request))
    const big = inFolder('big', Buffer.alloc(40_000_000))
    const abort = new AbortController()
    const outcome = pipe(
      Http.send(Request.withFile(big)(Request.put(server.url))),
      Http.withSignal(abort.signal),
      Client.use(options),
    )()
    await until(() => openFilesIn(folder).length === 1)
    abort.abort()
    expect(await outcome).toMatchObject({ left: { _tag: 'Aborted' } })
    await until(() => openFilesIn(folder).length === 0)
    expect(openFilesIn(folder)).toEqual([])
    for (const request of received) request.resume() // a server that reads nothing does not see the end of the connection
  })
})
