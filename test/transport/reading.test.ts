/** Response bodies: decoded, limited, read as a whole, iterated or discarded. */
import * as zlib from 'node:zlib'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { exchange, head, plan, tag, text } from './plans.js'
import { accept, always, chunked, ok, raw, sleep, transport, until } from './servers.js'

const TEXT = 'The quick brown fox jumps over the lazy dog. '.repeat(200)

const coded = (coding: string, body: Uint8Array): Buffer =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n`),
    body,
  ])

describe('a content coding', () => {
  const raws = {
    gzip: zlib.gzipSync(TEXT),
    'X-GZIP': zlib.gzipSync(TEXT),
    deflate: zlib.deflateSync(TEXT),
    'deflate ': zlib.deflateRawSync(TEXT),
    br: zlib.brotliCompressSync(TEXT),
    'deflate, gzip , identity': zlib.gzipSync(zlib.deflateRawSync(TEXT)),
    compress: Buffer.from(TEXT),
    '': Buffer.from(TEXT),
  }
  test.each(Object.entries(raws))('%j is decoded, or passed if it is unknown', async (coding, body) => {
    const server = await always(coded(coding, body))
    const client = transport()
    const reply = await exchange(client, plan(server.url))
    expect(reply).toMatchObject({ right: { text: TEXT } })
    // The header is not changed.
    expect(E.isRight(reply) && reply.right.headers[0]).toEqual(['Content-Encoding', coding.trim()])
    let read = ''
    for await (const piece of (await head(client, plan(server.url))).body) read += Buffer.from(piece).toString()
    expect(read).toBe(TEXT)
    await text(client, plan(server.url))
    expect(server.connections()).toBe(1)
  })

  test.each([
    ['cut', zlib.gzipSync(TEXT).subarray(0, -20)],
    ['garbage', Buffer.from('never compressed')],
    ['damaged', Buffer.from(zlib.gzipSync(TEXT)).fill(7, 40, 44)],
  ])('that is %s is DecodingFailed', async (_, body) => {
    const server = await always(coded('gzip', body))
    const client = transport()
    expect(await tag(client, plan(server.url))).toBe('DecodingFailed')
    const { body: source } = await head(client, plan(server.url))
    const reading = async (): Promise<void> => {
      for await (const _ of source);
    }
    await expect(reading()).rejects.toMatchObject({ _tag: 'DecodingFailed' })
    await until(() => server.sockets.size < 2)
    expect(server.sockets.size).toBeLessThan(2)
  })

  test('nested six times is DecodingFailed, and the connection is closed', async () => {
    const server = await always(coded('gzip, gzip, gzip, gzip, gzip, gzip', Buffer.alloc(10)))
    const client = transport()
    expect(await tag(client, plan(server.url))).toBe('DecodingFailed')
    expect((await head(client, plan(server.url))).status).toBe(200)
  })

  test('of a large body is decoded as a stream', async () => {
    const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i.toString(36)).join(' '))
    const server = await always(coded('gzip', zlib.gzipSync(content)))
    expect(zlib.gzipSync(content).length).toBeGreaterThan(256 * 1024)
    expect(await text(transport(), plan(server.url))).toBe(content.toString())
  })

  test('of a small body can have a large result', async () => {
    const server = await always(coded('gzip', zlib.gzipSync(Buffer.alloc(20_000_000))))
    const body = await (await head(transport(), plan(server.url))).body.gather(20_000_000)()
    expect(E.isRight(body) && body.right.length).toBe(20_000_000)
  })
})

/** Reads a body and measures the longest block of the event loop meanwhile, and the total time, in milliseconds. */
const readMeasured = async (
  url: string,
  limit: number,
): Promise<{ readonly read: unknown; readonly longest: number; readonly total: number }> => {
  const { body } = await head(transport(), plan(url))
  let longest = 0
  const start = performance.now()
  let last = start
  const measure = (): void => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }
  const timer = setInterval(measure, 1)
  const read = await body.gather(limit)()
  measure()
  clearInterval(timer)
  return { read, longest, total: last - start }
}

test('decoding a large result does not block the event loop', async () => {
  const server = await always(coded('gzip, gzip', zlib.gzipSync(zlib.gzipSync(Buffer.alloc(300_000_000)))))
  const { read, longest } = await readMeasured(server.url, 250_000_000)
  expect(read).toMatchObject({ left: { _tag: 'BodyTooLarge' } })
  expect(longest).toBeLessThan(150)
})

test('decoding many gzip members does not block the event loop', async () => {
  const members = Array.from({ length: 50_000 }, () => zlib.gzipSync('a'))
  const content = Buffer.concat([...members, Buffer.from('garbage')])
  const server = await always(coded('gzip, gzip', zlib.gzipSync(content)))
  const { read, longest, total } = await readMeasured(server.url, 250_000_000)
  expect(read).toMatchObject({ right: { length: 50_000 } })
  expect(longest / total).toBeLessThan(0.5)
})

describe('the limit of a body', () => {
  test.each([
    ['a length', ok('x'.repeat(1000))],
    ['chunks', chunked('x'.repeat(500), 'x'.repeat(500))],
    ['a coding', coded('gzip', zlib.gzipSync('x'.repeat(1000)))],
  ])('holds with %s', async (_, bytes) => {
    const server = await always(bytes)
    const client = transport()
    const just = await (await head(client, plan(server.url))).body.gather(1000)()
    expect(E.isRight(just) && just.right.length).toBe(1000)
    expect(await (await head(client, plan(server.url))).body.gather(999)()).toMatchObject({
      left: { _tag: 'BodyTooLarge' },
    })
  })

  test('cuts an endless body and closes its connection', async () => {
    const server = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      const pump = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(10_000)));
      }
      socket.on('drain', pump)
      pump()
    })
    const reply = await head(transport(), plan(server.url))
    expect(await reply.body.gather(1_000_000)()).toMatchObject({ left: { _tag: 'BodyTooLarge' } })
    await until(() => server.sockets.size === 0)
    expect(server.sockets.size).toBe(0)
  })

  test.each([
    ['small on the wire', zlib.gzipSync(zlib.gzipSync(Buffer.alloc(400_000_000)))],
    ['large on the wire', zlib.gzipSync(Buffer.alloc(400_000_000))],
  ])('stops a bomb that is %s, with little memory', async (_, bomb) => {
    const coding = bomb.length > 256 * 1024 ? 'gzip' : 'gzip, gzip'
    const server = await always(coded(coding, bomb))
    const reply = await head(transport(), plan(server.url))
    const before = process.memoryUsage().rss
    expect(await reply.body.gather(10_000_000)()).toMatchObject({ left: { _tag: 'BodyTooLarge' } })
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024)
  })
})

describe('reading a body', () => {
  test('twice is BodyCut', async () => {
    const server = await always(ok())
    const { body } = await head(transport(), plan(server.url))
    expect(E.isRight(await body.gather(10)())).toBe(true)
    expect(await body.gather(10)()).toMatchObject({ left: { _tag: 'BodyCut' } })
    await expect(body[Symbol.asyncIterator]().next()).rejects.toMatchObject({ _tag: 'BodyCut' })
    await body.discard()
  })

  test('works with its functions passed separately', async () => {
    const server = await always(ok('abc'))
    const client = transport()
    const { gather } = (await head(client, plan(server.url))).body
    expect(E.isRight(await gather(10)())).toBe(true)
    const { discard } = (await head(client, plan(server.url))).body
    await discard()
    expect(server.connections()).toBe(1)
  })

  test('slowly slows down the server', async () => {
    let written = 0
    const server = await accept((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      const pump = (): void => {
        while (written < 100_000_000 && socket.write(Buffer.alloc(10_000, 'x'))) written += 10_000
        if (written >= 100_000_000) socket.end()
      }
      socket.on('drain', pump)
      socket.once('data', pump)
    })
    const { body } = await head(transport(), plan(`http://${server.host}`))
    // The system's buffers fill slowly: the server is slowed down if it wrote nothing for a while.
    let [held, quiet] = [-1, 0]
    for (let round = 0; round < 100 && quiet < 5; round++) {
      await sleep(40)
      quiet = written === held ? quiet + 1 : 0
      held = written
    }
    expect(quiet).toBe(5)
    expect(held).toBeLessThan(16_000_000)
    let read = 0
    for await (const piece of body) read += piece.length
    expect(read).toBeGreaterThan(99_000_000)
  })

  test('to its end keeps the connection, stopping early closes it', async () => {
    const server = await raw((socket, _, count) => {
      socket.write(count === 1 ? ok('abc') : 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nabc')
    })
    const client = transport()
    for await (const piece of (await head(client, plan(server.url))).body)
      expect(Buffer.from(piece).toString()).toBe('abc')
    for await (const _ of (await head(client, plan(server.url))).body) break
    await until(() => server.sockets.size === 0)
    expect([server.connections(), server.sockets.size]).toEqual([1, 0])
  })

  test('can be stopped while waiting for a chunk', async () => {
    const server = await always('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100\r\n\r\n')
    const iterator = (await head(transport(), plan(server.url))).body[Symbol.asyncIterator]()
    const next = iterator.next()
    next.catch(() => undefined)
    await iterator.return?.()
    await until(() => server.sockets.size === 0)
    expect(server.sockets.size).toBe(0)
    expect(await next).toEqual({ done: true, value: undefined })
  })

  test('yields what has arrived before the fault', async () => {
    const server = await raw((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'))
    const read: string[] = []
    const reading = async (): Promise<void> => {
      for await (const piece of (await head(transport(), plan(server.url))).body)
        read.push(Buffer.from(piece).toString())
    }
    await expect(reading()).rejects.toMatchObject({ _tag: 'BodyCut' })
    expect(read).toEqual(['abc'])
  })
})

describe('discarding a body', () => {
  test('with a short rest keeps the connection, without decoding', async () => {
    const server = await always(coded('gzip', Buffer.alloc(60_000, 'not gzip')))
    const client = transport()
    for (let i = 0; i < 3; i++) await (await head(client, plan(server.url))).body.discard()
    expect(server.connections()).toBe(1)
  })

  test('with a long rest closes the connection', async () => {
    const server = await always(ok('x'.repeat(70_000)))
    await (await head(transport(), plan(server.url))).body.discard()
    await until(() => server.sockets.size === 0)
    expect(server.sockets.size).toBe(0)
  })

  test.each([
    ['that ends with its connection', ''],
    ['whose connection closes anyway', 'Content-Length: 1000\r\nConnection: close\r\n'],
  ])('%s closes the connection at once', async (_, fields) => {
    const server = await always(`HTTP/1.1 200 OK\r\n${fields}\r\nabc`)
    const { body } = await head(transport(), plan(server.url, { timeouts: { read: 60_000 } }))
    await body.discard()
    // Well before the drain timeout of one second.
    await sleep(200)
    expect(server.sockets.size).toBe(0)
  })

  test('that arrives byte by byte ends with the read timeout at the latest', async () => {
    const server = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n')
      const timer = setInterval(() => socket.write('x'), 20)
      socket.on('close', () => clearInterval(timer))
    })
    const reply = await head(transport(), plan(server.url, { timeouts: { read: 200 } }))
    const start = performance.now()
    await reply.body.discard()
    expect(performance.now() - start).toBeLessThan(300)
    await until(() => server.sockets.size === 0)
    expect(server.sockets.size).toBe(0)
  })

  test('during another read closes the connection', async () => {
    const server = await always('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc')
    const { body } = await head(transport(), plan(server.url))
    const gathering = body.gather(1000)()
    await body.discard()
    expect(E.isLeft(await gathering)).toBe(true)
    await until(() => server.sockets.size === 0)
    expect(server.sockets.size).toBe(0)
  })
})
