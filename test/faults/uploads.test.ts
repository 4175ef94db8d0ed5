/** Requests whose body meets resistance, or is not what it said. */
import type * as net from 'node:net'
import { describe, expect, test } from 'vitest'
import { Upload } from '../../src/transport/undici/RequestBody.js'
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

describe('an early reply is delivered, its connection not used again', () => {
  test.each<readonly [string, (socket: net.Socket) => unknown]>([
    ['the server reads on', () => undefined],
    ['the server closes', (socket) => socket.end()],
    ['the server resets', (socket) => setTimeout(() => socket.resetAndDestroy(), 20)],
    ['the server stops reading', (socket) => socket.pause()],
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

  test('also of 40 MB at hand', async () => {
    const server = await raw((socket, _, count) => socket.write(count === 1 ? TOO_LARGE : ok('good')))
    const client = transport()
    const body = Body.bytes(Buffer.alloc(40_000_000))
    expect(await exchange(client, plan(server.url, { method: 'PUT', body }))).toMatchObject({ right: { status: 413 } })
    expect(await text(client, plan(server.url))).toBe('good')
  })

  test('to a source that is silent: it is told to return', async () => {
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
    // Nothing is written before the first piece, so a piece comes first.
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

test('whoever waits for the next piece is let go when the request is over', async () => {
  const upload = new Upload(
    () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }),
    undefined,
    { isWatched: false, touch: () => {}, sent: () => {} },
  )
  const next = upload.next()
  expect(upload.isWaiting).toBe(true)
  upload.stop()
  await expect(next).rejects.toThrow('over')
  await expect(upload.next()).rejects.toThrow('over')
})

describe('a connection that breaks while sending', () => {
  test.each<readonly [string, (socket: net.Socket) => unknown]>([
    ['reset', (socket) => socket.resetAndDestroy()],
    ['closed', (socket) => socket.destroy()],
  ])('%s: ConnectFailed, the source is closed', async (_, end) => {
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

  test('a server that does not read holds the source back', async () => {
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
        // The cast: one of the tests gives what the types forbid.
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
    ['one that exists once and throws', Body.once(from(x, reason)())],
    ['one of known length that throws', Body.stream(from(x, reason), 10)],
  ])('%s: its error is the cause, in words', async (_, body) => {
    const server = await raw((socket, head) => head.startsWith('GET') && socket.write(ok('good')))
    const client = transport()
    const failure = await fault(client, plan(server.url, { method: 'POST', body }))
    expect(failure).toMatchObject({ _tag: 'RequestBodyFailed', cause: Fault.causeOf(reason) })
    expect(failure.message).toContain('the disk is gone')
    await until(() => server.sockets.size === 0)
    expect(server.sockets.size).toBe(0)
    expect(await text(client, plan(server.url))).toBe('good')
  })

  test.each<readonly [string, Payload, string]>([
    ['shorter than it said', Body.stream(from(x), 6), 'has 5 octets, not the 6'],
    ['longer than it said', Body.stream(from(x, x), 6), 'longer than the 6'],
    ['empty, though it said more', Body.stream(from(), 6), 'has 0 octets, not the 6'],
    ['longer than nothing', Body.stream(from(x), 0), 'longer than the 0'],
    ['text in place of octets', Body.stream(from('text')), 'gave string'],
    ['null in place of octets', Body.stream(from(null)), 'gave null'],
  ])('%s', async (_, body, message) => {
    const server = await raw(() => {})
    const failure = await fault(transport(), plan(server.url, { method: 'POST', body }))
    expect(failure._tag).toBe('RequestBodyFailed')
    expect(failure.message).toContain(message)
    await until(() => server.sockets.size === 0)
    expect(server.sockets.size).toBe(0)
    expect(server.received.join('')).not.toContain('xxxxxxxxxx')
  })

  test('a source is not opened where no connection comes about', async () => {
    let opened = false
    const body = Body.stream(() => {
      opened = true
      return from(x)()
    })
    expect(await tag(transport(), plan('http://127.0.0.1:1', { method: 'POST', body }))).toBe('ConnectFailed')
    expect(opened).toBe(false)
  })

  test('after the head has come, the reader of the reply learns of it', async () => {
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
