/** HTTP/2 at the level of frames: streams that are reset or refused, sessions that end, fields that are not allowed. */
import * as http2 from 'node:http2'
import { connect, type Socket } from 'node:net'
import * as tls from 'node:tls'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { Transport } from 'requests-ts'
import { afterEach, describe, expect, test } from 'vitest'
import * as Body from '../../src/values/Body.js'
import type { SendControls } from '../../src/wire/Transport.js'
import { exchange, fault, head, plan, tag, text } from './plans.js'
import { accept, listen, pki, sleep, transport, until } from './servers.js'

const [DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY] = [0, 1, 3, 4, 7]
const [END_STREAM, END_HEADERS, ACK] = [1, 4, 1]
const OK = Buffer.from([0x88])
const LAST = 2 ** 31 - 1

const u32 = (...numbers: number[]): Buffer => {
  const bytes = Buffer.alloc(4 * numbers.length)
  for (const [i, value] of numbers.entries()) bytes.writeUInt32BE(value, 4 * i)
  return bytes
}

const frame = (type: number, flags: number, id: number, body: Uint8Array = Buffer.alloc(0)): Buffer => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(body.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(id, 5)
  return Buffer.concat([head, body])
}

/** The settings of a server whose streams may receive much at once. */
const WIDE = Buffer.concat([Buffer.from([0, 4]), u32(1_000_000)])

/** How a server responds to the request on this stream; `count` is over all connections. */
type Answer = (socket: Socket, id: number, count: number) => void

const open: Array<{ readonly server: tls.Server; readonly sockets: Set<Socket> }> = []
afterEach(async () => {
  for (const { server, sockets } of open.splice(0)) {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
})

const serveFrames = (socket: Socket, settings: Uint8Array, answer: (id: number) => void): void => {
  let rest = Buffer.alloc(0)
  let hasPreface = false
  socket.on('error', () => {}).write(frame(SETTINGS, 0, 0, settings))
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    if (!hasPreface && rest.length < 24) return
    if (!hasPreface) rest = rest.subarray(24)
    hasPreface = true
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const [length, type, flags, id] = [rest.readUIntBE(0, 3), rest[3], rest[4] ?? 0, rest.readUInt32BE(5) & LAST]
      rest = rest.subarray(9 + length)
      if (type === SETTINGS && (flags & ACK) === 0) socket.write(frame(SETTINGS, ACK, 0))
      if (type === HEADERS) answer(id)
    }
  })
}

interface FrameServer {
  readonly url: string
  readonly sockets: ReadonlySet<Socket>
  readonly connections: () => number
}

const frames = async (answer: Answer, settings: Uint8Array = Buffer.alloc(0)): Promise<FrameServer> => {
  const sockets = new Set<Socket>()
  let [count, connections] = [0, 0]
  const keys = { cert: pki('server.pem'), key: pki('server.key'), ALPNProtocols: ['h2'] }
  const server = tls.createServer(keys, (socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serveFrames(socket, settings, (id) => answer(socket, id, ++count))
  })
  open.push({ server, sockets })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `https://localhost:${port}`, sockets, connections: () => connections }
}

const respond = (socket: Socket, id: number): boolean =>
  socket.write(Buffer.concat([frame(HEADERS, END_HEADERS, id, OK), frame(DATA, END_STREAM, id, Buffer.from('ok'))]))

const CODES = [0, 1, 2, 3, 5, 7, 8, 11, 13]

describe('a stream that the server resets', () => {
  test.each(CODES)('with code %i inside its body fails with BodyCut', async (code) => {
    const server = await frames((socket, id) => {
      socket.write(frame(HEADERS, END_HEADERS, id, OK))
      socket.write(frame(DATA, 0, id, Buffer.from('{"balance": 1')))
      setTimeout(() => socket.write(frame(RST_STREAM, 0, id, u32(code))), 10)
    })
    expect(await tag(transport({ http2: true }), plan(server.url))).toBe('BodyCut')
  })

  test.each(CODES)('with code %i in the same write as its body is not a success', async (code) => {
    const server = await frames((socket, id) =>
      socket.write(
        Buffer.concat([
          frame(HEADERS, END_HEADERS, id, OK),
          frame(DATA, 0, id, Buffer.from('{"balance": 1')),
          frame(RST_STREAM, 0, id, u32(code)),
        ]),
      ),
    )
    expect(['BodyCut', 'ConnectFailed']).toContain(await tag(transport({ http2: true }), plan(server.url)))
  })

  test.each(CODES)('with code %i before its head is unsent only if it was refused', async (code) => {
    const server = await frames((socket, id) => socket.write(frame(RST_STREAM, 0, id, u32(code))))
    const { _tag, unsent } = await fault(transport({ http2: true }), plan(server.url))
    expect([_tag, unsent]).toEqual(['ConnectFailed', code === 7 ? true : undefined])
  })

  test('with NO_ERROR after a complete response is a success, even during the upload', async () => {
    const server = await frames((socket, id) => {
      respond(socket, id)
      socket.write(frame(RST_STREAM, 0, id, u32(0)))
    })
    const endless = Body.stream(async function* () {
      for (;;) {
        yield Buffer.from('piece')
        await sleep(5)
      }
    })
    expect(await text(transport({ http2: true }), plan(server.url, { method: 'POST', body: endless }))).toBe('ok')
  })
})

describe('GOAWAY', () => {
  test('allows the named stream to finish, and the next request uses a new connection', async () => {
    const server = await frames((socket, id, count) => {
      if (count > 1) return respond(socket, id)
      socket.write(frame(HEADERS, END_HEADERS, id, OK))
      socket.write(frame(GOAWAY, 0, 0, u32(id, 0)))
      return setTimeout(() => socket.write(frame(DATA, END_STREAM, id, Buffer.from('late'))), 50)
    })
    const client = transport({ http2: true })
    expect(await text(client, plan(server.url))).toBe('late')
    expect(await text(client, plan(server.url))).toBe('ok')
    expect(server.connections()).toBe(2)
  })

  test('below a stream makes its fault unsent', async () => {
    const server = await frames((socket) => socket.write(frame(GOAWAY, 0, 0, u32(0, 0))))
    expect(await fault(transport({ http2: true }), plan(server.url))).toMatchObject({
      _tag: 'ConnectFailed',
      unsent: true,
    })
  })

  test('with an error at a stream does not make its fault unsent', async () => {
    const server = await frames((socket, id) => socket.write(frame(GOAWAY, 0, 0, u32(id, 2))))
    const { _tag, unsent } = await fault(transport({ http2: true }), plan(server.url))
    expect([_tag, unsent]).toEqual(['ConnectFailed', undefined])
  })

  test('below a stream makes it be sent again on another connection, with all of its bytes', async () => {
    const echo = http2.createSecureServer({ cert: pki('server.pem'), key: pki('server.key') })
    echo.on('stream', (stream) => {
      stream.on('error', () => {})
      stream.respond({ ':status': 200 })
      stream.pipe(stream)
    })
    const { port } = await listen(echo, 'connection')
    const size = fc.oneof(fc.constantFrom(1, 262_143, 262_144, 262_145, 524_288), fc.nat(800_000))
    await fc.assert(
      fc.asyncProperty(
        size,
        fc.boolean(),
        fc.constantFrom(true, { streams: 5 }),
        fc.nat(20),
        async (length, hasProgress, option, delay) => {
          // It ends its first connection while the body arrives.
          const ending = await frames((socket) => {
            setTimeout(() => socket.write(frame(GOAWAY, 0, 0, u32(0, 0))), delay)
          }, WIDE)
          let isFirst = true
          const between = await accept((socket) => {
            const onward = connect(isFirst ? Number(new URL(ending.url).port) : port, '127.0.0.1')
            isFirst = false
            socket.pipe(onward).on('error', () => {})
            onward.pipe(socket).on('error', () => {})
            onward.on('close', () => socket.destroy())
            socket.on('close', () => onward.destroy())
          })
          const sent = Buffer.from(Array.from({ length }, (_, i) => i % 251))
          const uploaded: number[] = []
          const progress: SendControls['progress'] =
            ({ direction, bytes }) =>
            () => {
              if (direction === 'up') uploaded.push(bytes)
            }
          const client = transport({ http2: option })
          const request = plan(`https://localhost:${between.port}`, { method: 'POST', body: Body.bytes(sent) })
          const received = await text(client, request, hasProgress ? { progress } : {})
          expect(Buffer.from(received, 'latin1').equals(sent)).toBe(true)
          expect(between.connections()).toBe(2)
          if (hasProgress) expect(uploaded.at(-1)).toBe(length)
          await client.close?.()
        },
      ),
      { numRuns: 15 },
    )
  })

  test('moves a request to the connection that another one began to open, with the phases of that connection', async () => {
    const server = await frames((socket, id, count) => {
      if (count > 1) return respond(socket, id)
      // The connection gets no new requests. Later the server says that it does not process the one that it has.
      socket.write(frame(GOAWAY, 0, 0, u32(LAST, 0)))
      return setTimeout(() => socket.write(frame(GOAWAY, 0, 0, u32(0, 0))), 30)
    })
    const lookup = Transport.lookupFrom(() => async () => {
      await sleep(60)
      return E.right(['127.0.0.1'])
    })
    const client = transport({ http2: { streams: 10 }, timings: true, lookup })
    const returned = head(client, plan(server.url))
    await until(() => server.connections() === 1)
    await sleep(10)
    const other = head(client, plan(server.url))
    const isNumber = expect.any(Number)
    expect((await returned).timings).toMatchObject({ reused: false, dns: isNumber, connect: isNumber, tls: isNumber })
    expect(Object.keys((await other).timings ?? {})).toEqual(expect.not.arrayContaining(['dns', 'connect', 'tls']))
    for (const { body } of [await returned, await other]) await body.discard()
    expect(server.connections()).toBe(2)
  })

  test('on an idle connection makes the next request open another', async () => {
    const server = await frames(respond)
    const client = transport({ http2: true })
    expect(await text(client, plan(server.url))).toBe('ok')
    for (const socket of server.sockets) socket.write(frame(GOAWAY, 0, 0, u32(LAST, 0)))
    await until(() => server.sockets.size === 0)
    expect(await text(client, plan(server.url))).toBe('ok')
    expect(server.connections()).toBe(2)
  })
})

test('connection-specific fields are not sent (RFC 9113 8.2.2), and the connection is used again', async () => {
  const seen: http2.IncomingHttpHeaders[] = []
  const server = http2.createSecureServer({ cert: pki('server.pem'), key: pki('server.key') }, (request, response) => {
    seen.push(request.headers)
    response.end('ok')
  })
  let sessions = 0
  server.on('session', () => {
    sessions += 1
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.address()
  const url = `https://localhost:${typeof address === 'object' && address !== null ? address.port : 0}`
  const client = transport({ http2: true })
  const forbidden = ['Connection', 'Keep-Alive', 'Proxy-Connection', 'HTTP2-Settings', 'Upgrade', 'Transfer-Encoding']
  for (const name of forbidden) {
    expect(
      await text(
        client,
        plan(url, {
          headers: [
            [name, 'keep-alive'],
            ['X-A', '1'],
            ['x-a', '2'],
          ],
        }),
      ),
    ).toBe('ok')
  }
  expect(await text(client, plan(url, { headers: [['TE', 'gzip']] }))).toBe('ok')
  expect(
    await text(
      client,
      plan(url, {
        headers: [
          ['TE', 'Trailers'],
          ['Host', 'other.test'],
        ],
      }),
    ),
  ).toBe('ok')
  expect(seen.slice(0, 6).map((headers) => headers['x-a'])).toEqual(Array(6).fill('1, 2'))
  expect(seen.map(({ te }) => te)).toEqual([...Array(7).fill(undefined), 'trailers'])
  expect(seen.at(-1)?.[':authority']).toBe('other.test')
  for (const name of forbidden) expect(seen.every((headers) => !(name.toLowerCase() in headers))).toBe(true)
  expect(sessions).toBe(1)
  expect(await text(client, plan(url, { headers: [['Connection', 'close']] }))).toBe('ok')
  expect(await text(client, plan(url))).toBe('ok')
  expect(sessions).toBe(2)
  await client.close?.()
  await new Promise<void>((resolve) => server.close(() => resolve()))
})

test('each request ends with a reply or a fault whatever frames arrive, within the limit of connections', async () => {
  const id = fc.constantFrom(0, 1, 2, 3)
  const odd = fc
    .tuple(fc.nat({ max: 10 }), fc.nat({ max: 255 }), id, fc.uint8Array({ maxLength: 12 }))
    .map(([type, flags, stream, body]) => frame(type, flags, stream, body))
  const known = fc.constantFrom(
    frame(HEADERS, END_HEADERS, 1, OK),
    frame(DATA, 0, 1, Buffer.from('abc')),
    frame(DATA, END_STREAM, 1, Buffer.from('abc')),
    frame(GOAWAY, 0, 0, u32(1, 0)),
    frame(GOAWAY, 0, 0, u32(0, 2)),
    frame(RST_STREAM, 0, 1, u32(8)),
    frame(SETTINGS, 0, 0, Buffer.concat([Buffer.from([0, 3]), u32(0)])),
  )
  const act = fc.oneof(known, odd, fc.constantFrom('end' as const, 'destroy' as const))
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 6 }), async (acts) => {
      const server = await frames((socket) => {
        for (const one of acts) {
          if (socket.destroyed) return
          if (one === 'end' || one === 'destroy') socket[one]()
          else socket.write(one)
        }
      })
      const client = transport({ http2: true, connections: 2 })
      const send = () => exchange(client, plan(server.url, { timeouts: { read: 30, connect: 2_000 } }))
      const sent = await Promise.all([send(), send(), send()])
      for (const one of sent) if (E.isLeft(one)) expect(typeof one.left._tag).toBe('string')
      await client.close?.()
      expect(server.connections()).toBeLessThanOrEqual(6)
    }),
    { numRuns: 40 },
  )
})
