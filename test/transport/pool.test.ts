/** Connections: reuse, limits, closing; unix sockets and local addresses. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import * as Body from '../../src/values/Body.js'
import type { Transport } from '../../src/wire/Transport.js'
import { exchange, head, plan, tag, text } from './plans.js'
import { accept, always, ok, raw, secure, sleep, transport, until, web } from './servers.js'

const half = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'

// First in the file, because it is about the first request of a process.
test('closing the transport while undici is loaded ends the request', async () => {
  const server = await always(ok())
  const client = transport()
  const sent = exchange(client, plan(server.url))
  await client.close?.()
  expect(await sent).toMatchObject({ left: { _tag: 'ClientClosed' } })
  expect(server.connections()).toBe(0)
})

describe('a connection is used again', () => {
  test.each(['GET', 'HEAD', 'POST', 'DELETE'])('for 20 %s requests in turn', async (method) => {
    const server = await web((_, response) => response.end('ok'))
    const client = transport()
    for (let i = 0; i < 20; i++) await exchange(client, plan(server.url, { method }))
    expect(server.connections()).toBe(1)
  })

  test('for 20 requests in turn over TLS whose bodies are iterated', async () => {
    const server = await secure()
    const client = transport()
    for (let i = 0; i < 20; i++) {
      for await (const _ of (await head(client, plan(server.url))).body);
    }
    expect(server.connections()).toBe(1)
  })

  test.each([3, 10])('for %i concurrent requests right after a response, while others are idle', async (width) => {
    const server = await web((_, response) => response.end('ok'))
    const client = transport()
    const get = (): Promise<string> => text(client, plan(server.url))
    for (let i = 0; i < 20; i++) {
      await Promise.all(Array.from({ length: width }, get))
      await sleep(5)
      await get()
      // One waits for the resting connection, the others use an idle one.
      await Promise.all(Array.from({ length: width }, get))
    }
    expect(server.connections()).toBe(width)
  })

  test('after a 404, but not after Connection: close', async () => {
    const server = await raw((socket, request) =>
      socket.write(
        request.includes('/last') ? ok('', 'Connection: close\r\n') : 'HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n',
      ),
    )
    const client = transport()
    for (const path of ['/', '/', '/last']) await text(client, plan(server.url + path))
    await until(() => server.sockets.size === 0)
    await text(client, plan(server.url))
    expect(server.connections()).toBe(2)
  })

  test('for requests with other timeouts', async () => {
    const server = await always(ok())
    const client = transport()
    for (let read = 1000; read < 1010; read++)
      await text(client, plan(server.url, { timeouts: { read, connect: read } }))
    expect(server.connections()).toBe(1)
  })

  test('until it was idle for `keepAlive`', async () => {
    const server = await always(ok())
    await text(transport({ keepAlive: 100 }), plan(server.url))
    expect(server.sockets.size).toBe(1)
    await sleep(300)
    expect(server.sockets.size).toBe(0)
  })
})

describe('the limit of connections', () => {
  test('holds for 200 concurrent requests', async () => {
    const server = await web((request, response) => setTimeout(() => response.end(request.url), 2))
    const client = transport({ connections: 10 })
    const texts = await Promise.all(Array.from({ length: 200 }, (_, i) => text(client, plan(`${server.url}/${i}`))))
    expect(texts).toEqual(Array.from({ length: 200 }, (_, i) => `/${i}`))
    expect(server.connections()).toBeLessThanOrEqual(10)
  })

  test('holds if the server closes every connection', async () => {
    let most = 0
    const server = await raw((socket) => {
      most = Math.max(most, server.sockets.size)
      socket.end(ok('', 'Connection: close\r\n'))
    })
    const client = transport({ connections: 1 })
    const some = async (): Promise<void> => {
      for (let i = 0; i < 10; i++) await text(client, plan(server.url))
    }
    await Promise.all(Array.from({ length: 10 }, some))
    // The server may notice the next connection before the end of the last one.
    expect(most).toBeLessThanOrEqual(2)
  })

  describe('holds if a request', () => {
    type SendOne = (client: Transport, url: string) => Promise<unknown>
    const endings: Readonly<Record<string, SendOne>> = {
      'is aborted': (client, url) => {
        const controller = new AbortController()
        setTimeout(() => controller.abort(), 10)
        return exchange(client, plan(`${url}/silent`), { signal: controller.signal })
      },
      'times out': (client, url) => exchange(client, plan(`${url}/silent`, { timeouts: { read: 10 } })),
      'loses its reader': async (client, url) => {
        const { body } = await head(client, plan(`${url}/long`))
        await body[Symbol.asyncIterator]().return?.()
      },
      'has a response that is too large': async (client, url) =>
        (await head(client, plan(`${url}/long`))).body.gather(2)(),
      'loses its connection': (client, url) => exchange(client, plan(`${url}/cut`)),
    }
    test.each(Object.keys(endings))('%s', async (ending) => {
      let most = 0
      const server = await raw((socket, request) => {
        most = Math.max(most, server.sockets.size)
        if (request.includes('/silent')) return
        if (request.includes('/cut')) socket.destroy()
        else socket.write(request.includes('/long') ? half : ok())
      })
      const client = transport({ connections: 3 })
      const one = async (): Promise<void> => {
        for (let i = 0; i < 8; i++) {
          await endings[ending]?.(client, server.url)
          expect(await text(client, plan(server.url))).toBe('ok')
        }
      }
      await Promise.all(Array.from({ length: 6 }, one))
      // The server may notice the next connection before the end of the last one.
      expect(most).toBeLessThanOrEqual(4)
      await until(() => server.sockets.size <= 3)
      expect(server.sockets.size).toBeLessThanOrEqual(3)
    })
  })

  test('serves waiting requests in order, without those that were aborted', async () => {
    const server = await raw((socket, request) => setTimeout(() => socket.write(ok(request.split(' ')[1])), 2))
    const client = transport({ connections: 1 })
    const controller = new AbortController()
    const seen: string[] = []
    const sent = Array.from({ length: 30 }, async (_, i) => {
      const limits = i % 3 === 1 ? { signal: controller.signal } : {}
      const reply = await exchange(client, plan(`${server.url}/${i}`), limits)
      if (E.isRight(reply)) seen.push(reply.right.text)
    })
    controller.abort()
    await Promise.all(sent)
    expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => `/${i}`).filter((_, i) => i % 3 !== 1))
    expect(server.connections()).toBe(1)
  })

  test('prefers the most recently used connection', async () => {
    const server = await raw((socket, request, count) =>
      setTimeout(() => socket.write(ok(String(socket.remotePort))), request.includes('/slow') ? 30 : count),
    )
    const client = transport()
    const [, slow] = await Promise.all([text(client, plan(server.url)), text(client, plan(`${server.url}/slow`))])
    await sleep(5)
    for (let i = 0; i < 3; i++) expect(await text(client, plan(server.url))).toBe(slow)
  })

  test('makes a request no slower if thousands wait', async () => {
    const server = await web((_, response) => response.end('ok'))
    const client = transport({ connections: 8 })
    const cost = async (count: number): Promise<number> => {
      const start = performance.now()
      await Promise.all(Array.from({ length: count }, () => text(client, plan(server.url))))
      return (performance.now() - start) / count
    }
    await cost(1_000)
    const few = await cost(500)
    expect(await cost(4_000)).toBeLessThan(few * 4)
  })

  test('is 128 by default', async () => {
    const server = await web((_, response) => setTimeout(() => response.end('ok'), 20))
    const client = transport()
    await Promise.all(Array.from({ length: 300 }, () => text(client, plan(server.url))))
    expect(server.connections()).toBe(128)
  })

  test('serves waiting requests if earlier ones fail', async () => {
    const server = await raw((socket, _, count) => (count % 2 === 1 ? socket.destroy() : socket.write(ok())))
    const client = transport({ connections: 2 })
    const results = await Promise.all(Array.from({ length: 20 }, () => exchange(client, plan(server.url))))
    expect(results.filter(E.isRight).length).toBe(10)
  })

  test('fails all waiting requests if the server cannot be reached', async () => {
    const gone = await accept(() => {})
    const url = `http://127.0.0.1:1/${gone.port}`
    const client = transport({ connections: 2 })
    const tags = await Promise.all(Array.from({ length: 20 }, () => tag(client, plan(url))))
    expect(new Set(tags)).toEqual(new Set(['ConnectFailed']))
  })

  test.each([200_000, 262_000, 263_000, 280_000, 300_000, 320_000])(
    'does not count a connection whose body of %i bytes has arrived, even unread',
    async (size) => {
      const server = await raw((socket, request) =>
        socket.write(request.includes('/large') ? ok('x'.repeat(size)) : ok()),
      )
      const client = transport({ connections: 1 })
      const { body } = await head(client, plan(`${server.url}/large`))
      await sleep(30)
      // The request waits for the connection or has it. In both cases its read timeout must not fire.
      const next = text(client, plan(server.url, { timeouts: { read: 200 } }))
      await sleep(300)
      const read = await body.gather(1e6)()
      expect(E.isRight(read) && read.right.length).toBe(size)
      expect(await next).toBe('ok')
      expect(server.connections()).toBe(1)
    },
  )

  test('counts the connection of an unread body, and only that one', async () => {
    const server = await raw((socket, request) => socket.write(request.includes('/long') ? half : ok()))
    const client = transport({ connections: 2 })
    const { body } = await head(client, plan(`${server.url}/long`))
    for (let i = 0; i < 5; i++) expect(await text(client, plan(server.url))).toBe('ok')
    expect(server.connections()).toBe(2)
    await body[Symbol.asyncIterator]().return?.()
  })
})

describe('a connection that was closed while it was idle', () => {
  /** Starts a server in another thread, so that it closes connections while this thread is busy. */
  const closingServer = (
    how: 'end' | 'resetAndDestroy',
  ): Promise<readonly [port: number, stop: () => Promise<unknown>]> => {
    const worker = new Worker(
      `const net = require('node:net')
       const { parentPort } = require('node:worker_threads')
       const server = net.createServer((socket) => socket.on('error', () => {}).on('data', () => {
         socket.write('HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok')
         setTimeout(() => socket.${how}(), 20)
       })).listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`,
      { eval: true },
    )
    return new Promise((resolve) => worker.once('message', (port: number) => resolve([port, () => worker.terminate()])))
  }
  const busy = (ms: number): void => {
    for (const end = performance.now() + ms; performance.now() < end; );
  }

  test.each(['end', 'resetAndDestroy'] as const)('by %s: its request is sent on a new one', async (how) => {
    const [port, stop] = await closingServer(how)
    const client = transport({ keepAlive: 60_000 })
    const bytes = Body.bytes(Buffer.from('x'))
    for (const changes of [{}, { method: 'POST', body: bytes }]) {
      expect(await text(client, plan(`http://127.0.0.1:${port}/`, changes))).toBe('ok')
      busy(100)
    }
    expect(await text(client, plan(`http://127.0.0.1:${port}/`))).toBe('ok')
    await client.close?.()
    await stop()
  })

  test('after the request was written: it is not sent again', async () => {
    const server = await raw((socket, _, count) => (count === 1 ? socket.write(ok()) : socket.destroy()))
    const client = transport()
    await text(client, plan(server.url))
    const sent = await exchange(client, plan(server.url, { method: 'POST' }))
    expect(sent).toMatchObject({ left: { _tag: 'ConnectFailed' } })
    expect(sent).not.toMatchObject({ left: { unsent: true } })
    expect(server.received.join('').match(/POST/g)).toHaveLength(1)
  })
})

describe('closing the transport', () => {
  // [requests:transport-1]
  test('closes idle connections; later requests open new ones', async () => {
    const server = await always(ok())
    const client = transport()
    await text(client, plan(server.url))
    await client.close?.()
    await until(() => server.sockets.size === 0)
    expect(server.sockets.size).toBe(0)
    expect(await text(client, plan(server.url))).toBe('ok')
    expect(server.connections()).toBe(2)
  })

  test('ends requests in every phase with ClientClosed', async () => {
    const silent = await raw(() => {})
    const stuck = await accept((socket) => socket.resume())
    const short = await always(half)
    const client = transport({ connections: 1 })
    const running = [
      exchange(client, plan(silent.url)),
      exchange(client, plan(`${silent.url}/queued`)),
      exchange(client, plan(`https://localhost:${stuck.port}`)),
      exchange(client, plan('https://origin.test', { proxy: `http://${stuck.host}` })),
      exchange(client, plan(short.url)),
    ]
    const iterator = (await head(client, plan(`http://localhost:${short.port}`))).body[Symbol.asyncIterator]()
    await iterator.next()
    await sleep(50)
    const next = iterator.next()
    next.catch(() => undefined)
    const start = performance.now()
    await client.close?.()
    expect(performance.now() - start).toBeLessThan(100)
    const closed = { left: { _tag: 'ClientClosed' } }
    expect(await Promise.all(running)).toMatchObject(running.map(() => closed))
    await expect(next).rejects.toMatchObject({ _tag: 'ClientClosed' })
    for (const server of [silent, stuck, short]) {
      await until(() => server.sockets.size === 0)
      expect(server.sockets.size).toBe(0)
    }
  })

  test('works before the first request, twice, and during the first request', async () => {
    const server = await always(ok())
    const client = transport()
    await client.close?.()
    await client.close?.()
    const sent = exchange(client, plan(server.url))
    await client.close?.()
    expect(await sent).toMatchObject({ left: { _tag: 'ClientClosed' } })
  })
})

describe('a connection', () => {
  test('can use a unix socket, for every origin', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'requests-ts-'))
    const socketPath = join(folder, 'socket')
    const server = await accept(
      (socket) => socket.on('data', (chunk) => socket.write(ok(String(chunk).split('\r\n')[1]))),
      socketPath,
    )
    const client = transport({ socketPath })
    expect(await text(client, plan('http://docker.test/info'))).toBe('host: docker.test')
    expect(await text(client, plan('http://docker.test/info'))).toBe('host: docker.test')
    expect(server.connections()).toBe(1)
    const missing = transport({ socketPath: join(folder, 'none') })
    expect(await exchange(missing, plan('http://x.test'))).toMatchObject({ left: { _tag: 'ConnectFailed' } })
    rmSync(folder, { recursive: true })
  })

  test('can have a local address', async () => {
    const server = await web((request, response) => response.end(request.socket.remoteAddress))
    expect(await text(transport({ localAddress: '127.0.0.9' }), plan(server.url))).toBe('127.0.0.9')
    expect(await tag(transport({ localAddress: '192.0.2.1' }), plan(server.url))).toBe('ConnectFailed')
  })

  test('can be opened to a name or an IPv6 address', async () => {
    const server = await always(ok())
    expect(await text(transport(), plan(`http://localhost:${server.port}/`))).toBe('ok')
    expect(await tag(transport(), plan(`http://[::1]:${server.port}/`))).toBe('ConnectFailed')
    expect(server.received[0]).toContain(`host: localhost:${server.port}\r\n`)
  })
})

describe('agents', () => {
  test('100 proxies: the least recently used idle agents are closed, those in use are not', async () => {
    const server = await always(ok())
    const slow = await raw(async (socket) => {
      await sleep(600)
      socket.write(ok('slow'))
    })
    const client = transport()
    const proxied = (user: number, url: string): Promise<string> =>
      text(client, plan('http://origin.test/', { proxy: `http://u:${user}@${new URL(url).host}` }))
    const first = proxied(-1, slow.url)
    for (let user = 0; user < 100; user++) await proxied(user, server.url)
    await sleep(20)
    expect(server.sockets.size).toBeLessThanOrEqual(64)
    expect(server.sockets.size).toBeGreaterThan(50)
    expect(await first).toBe('slow')
    await proxied(0, server.url)
    const before = server.connections()
    await proxied(99, server.url)
    expect(server.connections()).toBe(before)
  })
})
