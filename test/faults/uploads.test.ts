/** Request bodies that the server rejects, and bodies that fail or differ from their declared length. */
import type * as net from 'node:net'
import { describe, expect, test } from 'vitest'
import { BodyStream } from '../../src/transport/undici/RequestBody.js'
import type { Payload } from '../../src/values/Body.js'
import * as Body from '../../src/values/Body.js'
import * as Fault from '../../src/wire/Fault.js'
import { exchange, fault, plan, tag, text } from '../transport/plans.js'
import { accept, always, ok, raw, sleep, transport, until } from '../transport/servers.js'

const TOO_LARGE = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!'

interface Endless {
  readonly body: Payload
  readonly isClosed: () => boolean
}

const endless = (): Endless => {
  let closed = false
  const open = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        yield Buffer.alloc(30_000)
        await sleep(0)
      }
    } finally {
      closed = true
    }
  }
  return { body: Body.stream(open), isClosed: () => closed }
}

describe('a response before the end of the request body is delivered, and its connection not used again', () => {
  test.each<readonly [string, (socket: net.Socket) => unknown]>([
    ['if the server continues to read', () => undefined],
    ['if the server closes the connection', (socket) => socket.end()],
    ['if the server resets the connection', (socket) => setTimeout(() => socket.resetAndDestroy(), 20)],
    ['if the server stops reading', (socket) => socket.pause()],
  ])('%s', async (_, then) => {
    const server = await raw((socket, _, count) => {
      socket.write(count === 1 ? TOO_LARGE : ok('good'))
      if (count === 1) then(socket)
    })
    const client = transport()
    const { body, isClosed } = endless()
    const reply = await exchange(client, plan(server.url, { method: 'POST', body }))
    expect(reply).toMatchObject({ right: { status: 413, text: 'no!' } })
    await until(isClosed)
    expect(isClosed()).toBe(true)
    expect(await text(client, plan(server.url))).toBe('good')
    expect(server.connections()).toBe(2)
    for (const socket of server.sockets) socket.resume()
  })

  test('for a body of 40 MB in memory', async () => {
    const server = await raw((socket, _, count) => socket.write(count === 1 ? TOO_LARGE : ok('good')))
    const client = transport()
    const body = Body.bytes(Buffer.alloc(40_000_000))
    expect(await exchange(client, plan(server.url, { method: 'PUT', body }))).toMatchObject({ right: { status: 413 } })
    expect(await text(client, plan(server.url))).toBe('good')
  })

  test('for a silent source, whose `return` is called', async () => {
    let returned = false
    const source: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: async () => {
          returned = true
          return { done: true, value: undefined }
        },
      }),
    }
    // Nothing is written before the first chunk, so the source yields one.
    const begun = Body.once({
      [Symbol.asyncIterator]: () => {
        const inner = source[Symbol.asyncIterator]()
        let isFirst = true
        return {
          next: () => {
            if (!isFirst) return inner.next()
            isFirst = false
            return Promise.resolve({ done: false, value: Buffer.from('x') })
          },
          return: () => inner.return?.() ?? Promise.resolve({ done: true, value: undefined }),
        }
      },
    })
    const server = await always(TOO_LARGE)
    expect(await exchange(transport(), plan(server.url, { method: 'POST', body: begun }))).toMatchObject({
      right: { status: 413 },
    })
    await until(() => returned)
    expect(returned).toBe(true)
  })
})

describe('BodyStream (specification)', () => {
  test('rejects a pending chunk when the request is over', async () => {
    const stream = new BodyStream(
      () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }),
      undefined,
      { wantsProgress: false, onActivity: () => {}, onUploaded: () => {} },
    )
    const next = stream.next()
    expect(stream.isWaiting).toBe(true)
    stream.stop()
    const stopped = { fault: { _tag: 'RequestBodyFailed' } }
    await expect(next).rejects.toMatchObject(stopped)
    await expect(stream.next()).rejects.toMatchObject(stopped)
  })
})

describe('a connection that fails during the upload', () => {
  test.each<readonly [string, (socket: net.Socket) => unknown]>([
    ['reset', (socket) => socket.resetAndDestroy()],
    ['closed', (socket) => socket.destroy()],
  ])('%s: fails with ConnectFailed and closes the source', async (_, end) => {
    const server = await accept((socket) => {
      let size = 0
      socket.on('data', (chunk) => {
        size += chunk.length
        if (size > 200_000) end(socket)
      })
    })
    const { body, isClosed } = endless()
    expect(await tag(transport(), plan(`http://${server.host}`, { method: 'POST', body }))).toBe('ConnectFailed')
    await until(isClosed)
    expect(isClosed()).toBe(true)
    expect(server.connections()).toBe(1)
  })

  test('is not read ahead of a server that does not read', async () => {
    let pulled = 0
    const open = async function* (): AsyncGenerator<Uint8Array> {
      for (; pulled < 1000; pulled++) yield Buffer.alloc(100_000)
    }
    const server = await accept((socket) => void socket.pause())
    const controller = new AbortController()
    const sent = exchange(transport(), plan(`http://${server.host}`, { method: 'POST', body: Body.stream(open) }), {
      signal: controller.signal,
    })
    await sleep(200)
    expect(pulled).toBeLessThan(150)
    controller.abort()
    await sent
    for (const socket of server.sockets) socket.resume()
  })
})

describe('RequestBodyFailed', () => {
  const reason = new Error('the disk is gone')
  const from = (...pieces: ReadonlyArray<unknown>) =>
    async function* (): AsyncGenerator<Uint8Array> {
      for (const piece of pieces) {
        if (piece === reason) throw reason
        // The cast: some tests yield what the types forbid.
        yield piece as Uint8Array
      }
    }
  const x = Buffer.from('xxxxx')

  test.each<readonly [string, Payload]>([
    ['a source that throws first', Body.stream(from(reason))],
    ['a source that throws later', Body.stream(from(x, x, reason))],
    [
      'a source that cannot be opened',
      Body.stream(() => {
        throw reason
      }),
    ],
    ['a source that can be read once and throws', Body.once(from(x, reason)())],
    ['a source of known length that throws', Body.stream(from(x, reason), 10)],
  ])('%s: its error is the cause and part of the message', async (_, body) => {
    const server = await raw((socket, head) => head.startsWith('GET') && socket.write(ok('good')))
    const client = transport()
    const failure = await fault(client, plan(server.url, { method: 'POST', body }))
    expect(failure).toMatchObject({ _tag: 'RequestBodyFailed', cause: Fault.causeOf(reason) })
    expect(failure.message).toContain('the disk is gone')
    await until(() => server.sockets.size === 0)
    expect(server.sockets.size).toBe(0)
    expect(await text(client, plan(server.url))).toBe('good')
  })

  test.each<readonly [string, Payload, ReadonlyArray<string>]>([
    ['shorter than its length', Body.stream(from(x), 6), ['5 bytes', '6']],
    ['longer than its length', Body.stream(from(x, x), 6), ['longer', '6 bytes']],
    ['empty, with a length of 6', Body.stream(from(), 6), ['0 bytes', '6']],
    ['not empty, with a length of 0', Body.stream(from(x), 0), ['longer', '0 bytes']],
    ['text instead of bytes', Body.stream(from('text')), ['string']],
    ['null instead of bytes', Body.stream(from(null)), ['null']],
  ])('%s: the message names both lengths or the type', async (_, body, parts) => {
    const server = await raw(() => {})
    const failure = await fault(transport(), plan(server.url, { method: 'POST', body }))
    expect(failure._tag).toBe('RequestBodyFailed')
    for (const part of parts) expect(failure.message).toContain(part)
    await until(() => server.sockets.size === 0)
    expect(server.sockets.size).toBe(0)
    expect(server.received.join('')).not.toContain('xxxxxxxxxx')
  })

  test('does not open the source without a connection', async () => {
    let opened = false
    const body = Body.stream(() => {
      opened = true
      return from(x)()
    })
    expect(await tag(transport(), plan('http://127.0.0.1:1', { method: 'POST', body }))).toBe('ConnectFailed')
    expect(opened).toBe(false)
  })

  test('is passed to the reader of the response after its head', async () => {
    const open = async function* (): AsyncGenerator<Uint8Array> {
      yield x
      await sleep(100)
      throw reason
    }
    const server = await always('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc')
    const failure = await fault(transport(), plan(server.url, { method: 'POST', body: Body.stream(open) }))
    expect(failure).toMatchObject({ _tag: 'RequestBodyFailed', cause: Fault.causeOf(reason) })
  })
})
