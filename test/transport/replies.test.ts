/** Response heads: status, reason, header fields, framing. */
import { inspect } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { fields } from '../../src/transport/undici/Head.js'
import * as Headers from '../../src/values/Headers.js'
import { exchange, head, plan, tag, text } from './plans.js'
import { always, chunked, ok, raw, sleep, transport } from './servers.js'

describe('the head of a response', () => {
  test('has status, reason and headers in order, with letter case, duplicates and latin-1', async () => {
    const server = await always(
      'HTTP/1.1 299 Quite Fine\r\nX-B: 1\r\nx-a: caf\xe9\r\nX-b:  2  \r\nEmpty:\r\n__proto__: x\r\nContent-Length: 0\r\n\r\n',
    )
    // The reason is ASCII, because undici reads it as UTF-8.
    const reply = await exchange(transport(), plan(server.url))
    expect(reply).toEqual(
      E.right({
        status: 299,
        reason: 'Quite Fine',
        headers: [
          ['X-B', '1'],
          ['x-a', 'caf\xe9'],
          ['X-b', '2'],
          ['Empty', ''],
          ['__proto__', 'x'],
          ['Content-Length', '0'],
        ],
        text: '',
      }),
    )
  })

  test('is read as latin-1 if it arrives byte by byte', async () => {
    const server = await raw(async (socket) => {
      for (const byte of Buffer.from(
        'HTTP/1.1 200 OK\r\nX-Latin: \xe9\xff\r\nX: y\r\nContent-Length: 2\r\n\r\nhi',
        'latin1',
      )) {
        socket.write(Uint8Array.of(byte))
        await sleep(1)
      }
    })
    const reply = await exchange(transport(), plan(server.url))
    expect(reply).toMatchObject({
      right: {
        text: 'hi',
        headers: [
          ['X-Latin', '\xe9\xff'],
          ['X', 'y'],
          ['Content-Length', '2'],
        ],
      },
    })
  })

  test.each([2, 7, 20, 33, 50])('can arrive in parts of %i bytes', async (size) => {
    const bytes = Buffer.from(
      `HTTP/1.1 200 OK\r\nX-First: one\r\nx-second: a second value\r\nX-Third: 3\r\n${'Fill: x\r\n'.repeat(5)}Content-Length: 0\r\n\r\n`,
    )
    const server = await raw(async (socket) => {
      for (let at = 0; at < bytes.length; at += size) {
        socket.write(bytes.subarray(at, at + size))
        await sleep(2)
      }
    })
    const reply = await exchange(transport(), plan(server.url))
    expect(E.isRight(reply) && reply.right.headers).toEqual([
      ['X-First', 'one'],
      ['x-second', 'a second value'],
      ['X-Third', '3'],
      ...Array(5).fill(['Fill', 'x']),
      ['Content-Length', '0'],
    ])
  })

  test('can be scattered buffers or text (specification of Head.fields)', () => {
    const wanted = [
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ]
    const slab = Buffer.from('b=2set-cookiea=1Set-Cookie')
    const [b, second, a, first] = [slab.subarray(0, 3), slab.subarray(3, 13), slab.subarray(13, 16), slab.subarray(16)]
    expect(fields([first, a, second, b])).toEqual(wanted)
    const [other, offset] = [Buffer.alloc(20), Buffer.from(new ArrayBuffer(60))]
    other.write('Set-Cookiea=1')
    offset.write('set-cookieb=2', 40)
    const apart = [other.subarray(0, 10), other.subarray(10, 13), offset.subarray(40, 50), offset.subarray(50, 53)]
    expect(fields(apart)).toEqual(wanted)
    expect(fields([Buffer.from('Set-Cookie'), Buffer.from('a=1 '), 'set-cookie', 'b=2\t'])).toEqual(wanted)
    expect(fields(undefined)).toEqual([])
  })

  test('does not show Set-Cookie when it is printed', async () => {
    const server = await always(ok('', 'Set-Cookie: session=hunter2\r\nset-cookie: b=hunter3\r\n'))
    const reply = await head(transport(), plan(server.url))
    expect(inspect(reply, { depth: 9, showHidden: true })).not.toContain('hunter')
    expect(JSON.stringify(reply)).not.toContain('hunter')
    expect(Headers.reveal(reply.headers).map(([, value]) => value)).toContain('session=hunter2')
    await reply.body.discard()
  })

  test('can have no reason, an unknown status and 1,000 headers', async () => {
    const many = Array.from({ length: 1000 }, (_, i) => `x-${i}: ${i}\r\n`).join('')
    const server = await always(`HTTP/1.1 799\r\n${many}Content-Length: 1\r\n\r\n!`)
    const reply = await exchange(transport(), plan(server.url))
    expect(reply).toMatchObject({ right: { status: 799, reason: '', text: '!' } })
    expect(E.isRight(reply) && reply.right.headers.slice(0, 1000)).toEqual(
      Array.from({ length: 1000 }, (_, i) => [`x-${i}`, `${i}`]),
    )
  })

  test('ends the elapsed time', async () => {
    const server = await raw(async (socket) => {
      await sleep(60)
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n')
      await sleep(100)
      socket.write('ok')
    })
    const client = transport()
    await text(client, plan(server.url))
    const reply = await head(client, plan(server.url))
    expect(reply.elapsed).toBeGreaterThan(55)
    expect(reply.elapsed).toBeLessThan(150)
    await reply.body.discard()
  })

  test('can follow up to 100 interim responses', async () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'
    const server = await raw((socket, _, count) =>
      socket.write((count === 1 ? interim.repeat(100) : interim.repeat(101)) + ok()),
    )
    const client = transport()
    expect(await text(client, plan(server.url))).toBe('ok')
    expect(await tag(client, plan(server.url))).toBe('ProtocolError')
  })
})

describe('a response without a body', () => {
  test.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n'],
    ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nContent-Encoding: gzip\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\n\r\n'],
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Encoding: br, br, br, br, br, br\r\nContent-Length: 9\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n'],
    ['DELETE', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['GET', 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n'],
  ])('(%s, %j) is complete, twice on one transport', async (method, bytes) => {
    const server = await always(bytes)
    const client = transport()
    for (let i = 0; i < 2; i++)
      expect(await exchange(client, plan(server.url, { method }))).toMatchObject({ right: { text: '' } })
  })

  test('with bytes after it does not poison the next response', async () => {
    const server = await raw((socket, _, count) => {
      socket.write(
        count === 1 ? 'HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison' : ok('mine'),
      )
    })
    const client = transport()
    await text(client, plan(server.url))
    await sleep(10)
    expect(await text(client, plan(server.url))).toBe('mine')
  })
})

describe('a body that is framed by', () => {
  test.each([
    ['a length', ok('hello')],
    ['chunks', chunked('he', 'llo')],
    ['chunks with trailers', chunked('hello').replace(/\r\n$/, 'X-Trailer: 1\r\n\r\n')],
    ['the end of the connection', 'HTTP/1.1 200 OK\r\n\r\nhello'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nhello'],
    ['a length that is too short', `${ok('hello')}and more`],
  ])('%s is complete', async (_, bytes) => {
    const server = await raw((socket) => socket.end(bytes))
    expect(await text(transport(), plan(server.url))).toBe('hello')
  })

  test('a transfer coding other than chunked is a ProtocolError', async () => {
    const server = await always('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n')
    expect(await tag(transport(), plan(server.url))).toBe('ProtocolError')
  })
})
