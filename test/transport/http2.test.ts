/** HTTP/2, which is an option. */
import * as http2 from 'node:http2'
import { afterEach, expect, test } from 'vitest'
import * as Body from '../../src/values/Body.js'
import { exchange, head, plan, tag, text } from './plans.js'
import { pki, secure, sleep, transport } from './servers.js'

const servers: http2.Http2SecureServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise<void>((resolve) => server.close(() => resolve()))
})

const h2 = async (): Promise<string> => {
  const server = http2.createSecureServer({ cert: pki('server.pem'), key: pki('server.key'), allowHTTP1: true })
  server.on('request', async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    response.setHeader('X-Version', request.httpVersion)
    if (request.url === '/reset' && 'stream' in response) response.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR)
    else if (request.url === '/large') response.end('x'.repeat(3_000_000))
    else if (request.url !== '/silent') response.end(`${request.method} ${body}`)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.address()
  return `https://localhost:${typeof address === 'object' && address !== null ? address.port : 0}`
}

test('uses HTTP/2 only with the option `http2`', async () => {
  const url = await h2()
  const version = async (http2: boolean): Promise<string | undefined> => {
    const client = transport({ http2 })
    const reply = await exchange(client, plan(url, { method: 'POST', body: Body.bytes(Buffer.from('hi')) }))
    await client.close?.()
    if (reply._tag === 'Left') throw new Error(reply.left.message)
    expect(reply.right).toMatchObject({ status: 200, text: 'POST hi' })
    return reply.right.headers.find(([name]) => name.toLowerCase() === 'x-version')?.[1]
  }
  expect(await version(true)).toBe('2.0')
  expect(await version(false)).toBe('1.1')
})

test('sends many requests at once, in turn, and with streamed bodies', async () => {
  const url = await h2()
  const client = transport({ http2: true })
  expect(await Promise.all(Array.from({ length: 20 }, () => text(client, plan(url))))).toEqual(Array(20).fill('GET '))
  for (let i = 0; i < 5; i++) expect(await text(client, plan(url))).toBe('GET ')
  const stream = Body.stream(async function* () {
    for (let i = 0; i < 3; i++) yield Buffer.from('piece ')
  })
  expect(await text(client, plan(url, { method: 'PUT', body: stream }))).toBe('PUT piece piece piece ')
  await client.close?.()
})

test('returns the whole body to a slow reader', async () => {
  const url = await h2()
  const client = transport({ http2: true })
  const { body } = await head(client, plan(`${url}/large`))
  await sleep(100)
  let read = 0
  for await (const piece of body) {
    read += piece.length
    if (read < 1_000_000) await sleep(1)
  }
  expect(read).toBe(3_000_000)
  await client.close?.()
})

test('falls back to HTTP/1.1, and converts errors to faults', async () => {
  const url = await h2()
  const client = transport({ http2: true })
  expect(await text(client, plan((await secure()).url))).toBe('secure')
  expect(await tag(client, plan(`${url}/silent`, { timeouts: { read: 100 } }))).toBe('ReadTimeout')
  expect(['ConnectFailed', 'ProtocolError']).toContain(await tag(client, plan(`${url}/reset`)))
  const reply = await head(client, plan(url))
  expect(reply.httpVersion).toBe('HTTP/2')
  const older = await head(client, plan((await secure()).url))
  expect(older.httpVersion).toBeUndefined()
  await older.body.discard()
  await reply.body.discard()
  await client.close?.()
})
