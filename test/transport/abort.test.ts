/** Aborting in every phase: the request ends at once with the reason, and leaves no listener or connection. */
import { getEventListeners } from 'node:events'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import * as Body from '../../src/values/Body.js'
import * as Fault from '../../src/wire/Fault.js'
import { exchange, head, plan, text } from './plans.js'
import { acceptTls, always, deaf, gone, mute, ok, raw, secure, silent, sleep, transport, until } from './servers.js'

const GRACE = 50
const half = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'

describe('aborting a request', () => {
  /** Aborts after a while, and expects the fault at once, with the reason, and no listener left. */
  const aborted = async (run: (signal: AbortSignal) => Promise<unknown>, after = 60): Promise<void> => {
    const controller = new AbortController()
    const reason = new Error('changed my mind')
    const running = run(controller.signal)
    await sleep(after)
    const start = performance.now()
    controller.abort(reason)
    const result = await running
    expect(performance.now() - start).toBeLessThan(GRACE)
    expect(result).toMatchObject({ left: { _tag: 'Aborted', cause: Fault.causeOf(reason) } })
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  }

  test('before it is sent', async () => {
    const server = await always(ok())
    // With a deadline, whose timer must not outlive the request: the check for leaks would find it.
    const limits = { signal: AbortSignal.abort('no'), deadline: performance.now() + 60_000 }
    const result = await exchange(transport(), plan(server.url), limits)
    expect(result).toMatchObject({ left: { _tag: 'Aborted', cause: { message: 'no' } } })
    expect(server.connections()).toBe(0)
  })

  test('in the same tick', async () => {
    const server = await always(ok())
    const controller = new AbortController()
    const running = exchange(transport(), plan(server.url), { signal: controller.signal })
    controller.abort()
    expect(await running).toMatchObject({ left: { _tag: 'Aborted' } })
    expect(server.received.join('')).toBe('')
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  test('while connecting', async () => {
    const url = await deaf()
    const client = transport()
    await aborted((signal) => exchange(client, plan(url), { signal }))
  })

  test('while it waits for a connection sends nothing', async () => {
    const server = await raw(async (socket) => {
      await sleep(150)
      socket.write(ok())
    })
    const client = transport({ connections: 1 })
    const first = text(client, plan(server.url))
    await aborted((signal) => exchange(client, plan(`${server.url}/never`), { signal }))
    await first
    await text(client, plan(server.url))
    expect(server.received.join('')).not.toContain('never')
  })

  test('during the TLS handshake', async () => {
    const server = await mute()
    const client = transport()
    await aborted((signal) => exchange(client, plan(`https://localhost:${server.port}`), { signal }))
    await gone(server)
  })

  test.each(['http', 'socks5h', 'socks4a'])('while an %s proxy is silent', async (scheme) => {
    const server = await mute()
    const client = transport()
    const sent = plan('https://origin.test/', { proxy: `${scheme}://${server.host}` })
    await aborted((signal) => exchange(client, sent, { signal }))
    await gone(server)
  })

  test('while a TLS proxy is silent', async () => {
    const server = await acceptTls((socket) => socket.resume())
    const client = transport()
    const sent = plan('https://origin.test/', { proxy: `https://localhost:${server.port}` })
    await aborted((signal) => exchange(client, sent, { signal }))
  })

  test('while the server is silent', async () => {
    const server = await silent()
    const client = transport()
    await aborted((signal) => exchange(client, plan(server.url), { signal }))
    await gone(server)
  })

  test('over TLS, while the server is silent', async () => {
    const server = await secure(() => {})
    const client = transport()
    await aborted((signal) => exchange(client, plan(server.url), { signal }))
    await gone(server)
  })

  test('during the upload closes the source', async () => {
    let closed = false
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          yield Buffer.alloc(10_000)
          await sleep(1)
        }
      } finally {
        closed = true
      }
    }
    const server = await silent()
    const client = transport()
    await aborted((signal) =>
      exchange(client, plan(server.url, { method: 'POST', body: Body.stream(endless) }), { signal }),
    )
    await gone(server)
    await until(() => closed)
    expect(closed).toBe(true)
  })

  test('while the source of the upload is silent calls its `return`', async () => {
    let returned = 0
    const source: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: async () => {
          returned += 1
          return { done: true, value: undefined }
        },
      }),
    }
    const server = await silent()
    const client = transport()
    await aborted((signal) =>
      exchange(client, plan(server.url, { method: 'POST', body: Body.once(source) }), { signal }),
    )
    await gone(server)
    expect(returned).toBe(1)
  })

  test('while its response is read as a whole', async () => {
    const server = await always(half)
    const client = transport()
    await aborted((signal) => exchange(client, plan(server.url), { signal }))
    await gone(server)
  })

  test('while its response is iterated', async () => {
    const server = await always(half)
    const client = transport()
    await aborted(async (signal) => {
      try {
        for await (const _ of (await head(client, plan(server.url), { signal })).body);
        return 'read'
      } catch (error) {
        return E.left(error)
      }
    })
    await gone(server)
  })

  test('and 49 others by one signal uses one listener, and leaves none', async () => {
    const server = await silent()
    const client = transport()
    const controller = new AbortController()
    const running = Array.from({ length: 50 }, () => exchange(client, plan(server.url), { signal: controller.signal }))
    await sleep(50)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
    controller.abort()
    const results = await Promise.all(running)
    expect(results.every((result) => E.isLeft(result) && result.left._tag === 'Aborted')).toBe(true)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    await gone(server)
  })

  test('after its end changes nothing', async () => {
    const server = await always(ok())
    const controller = new AbortController()
    const client = transport()
    const reply = await head(client, plan(server.url), { signal: controller.signal })
    const read = await reply.body.gather(10)()
    controller.abort()
    expect(E.isRight(read)).toBe(true)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    expect(await text(client, plan(server.url))).toBe('ok')
    expect(server.connections()).toBe(1)
  })
})
