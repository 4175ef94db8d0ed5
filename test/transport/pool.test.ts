/** Connections: reused, limited, ended; unix sockets and local addresses. */
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

// First, for it is about the first request of a process.
test('closed while undici is being loaded', async () => {
  const server = await always(ok())
  const client = transport()
  const sent = exchange(client, plan(server.url))
  await client.close?.()
  expect(await sent).toMatchObject({ left: { _tag: 'ClientClosed' } })
  expect(server.connections()).toBe(0)
})

describe('reuse', () => {
  test.each(['GET', 'HEAD', 'POST', 'DELETE'])('twenty %s in a row use one connection', async (method) => {
    const server = await web((_, response) => response.end('ok'))
    const client = transport()
    for (let i = 0; i < 20; i++) await exchange(client, plan(server.url, { method }))
    expect(server.connections()).toBe(1)
  })

  test('twenty in a row over TLS, and by iterating, use one', async () => {
    const server = await secure()
    const client = transport()
    for (let i = 0; i < 20; i++) {
      for await (const _ of (await head(client, plan(server.url))).body);
    }
    expect(server.connections()).toBe(1)
  })

  test.each([3, 10])('a reply followed by %i requests at once opens none while others are idle', async (width) => {
    const server = await web((_, response) => response.end('ok'))
    const client = transport()
    const get = (): Promise<string> => text(client, plan(server.url))
    for (let i = 0; i < 20; i++) {
      await Promise.all(Array.from({ length: width }, get))
      await sleep(5)
      await get()
      // One waits for the connection that rests, the others take an idle one.
      await Promise.all(Array.from({ length: width }, get))
    }
    expect(server.connections()).toBe(width)
  })

  test('404 keeps it, Connection: close does not', async () => {
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

  test('timeouts are no part of what tells connections apart', async () => {
    const server = await always(ok())
    const client = transport()
    for (let read = 1000; read < 1010; read++)
      await text(client, plan(server.url, { timeouts: { read, connect: read } }))
    expect(server.connections()).toBe(1)
  })

  test('an idle connection is closed after its time', async () => {
    const server = await always(ok())
    await text(transport({ keepAlive: 100 }), plan(server.url))
    expect(server.sockets.size).toBe(1)
    await sleep(300)
    expect(server.sockets.size).toBe(0)
  })
})

describe('limits', () => {
  test('two hundred at once over ten connections', async () => {
    const server = await web((request, response) => setTimeout(() => response.end(request.url), 2))
    const client = transport({ connections: 10 })
    const texts = await Promise.all(Array.from({ length: 200 }, (_, i) => text(client, plan(`${server.url}/${i}`))))
    expect(texts).toEqual(Array.from({ length: 200 }, (_, i) => `/${i}`))
    expect(server.connections()).toBeLessThanOrEqual(10)
  })

  test('hold though the server closes every connection', async () => {
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
    // The server may see the next one come before it sees the last one go.
    expect(most).toBeLessThanOrEqual(2)
  })

  describe('hold however an attempt ends', () => {
    type Give = (client: Transport, url: string) => Promise<unknown>
    const ways: Readonly<Record<string, Give>> = {
      aborted: (client, url) => {
        const controller = new AbortController()
        setTimeout(() => controller.abort(), 10)
        return exchange(client, plan(`${url}/silent`), { signal: controller.signal })
      },
      'silent too long': (client, url) => exchange(client, plan(`${url}/silent`, { timeouts: { read: 10 } })),
      'left by its reader': async (client, url) => {
        const { body } = await head(client, plan(`${url}/long`))
        await body[Symbol.asyncIterator]().return?.()
      },
      'too large': async (client, url) => (await head(client, plan(`${url}/long`))).body.gather(2)(),
      'closed by the server': (client, url) => exchange(client, plan(`${url}/cut`)),
    }
    test.each(Object.keys(ways))('%s', async (way) => {
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
          await ways[way]?.(client, server.url)
          expect(await text(client, plan(server.url))).toBe('ok')
        }
      }
      await Promise.all(Array.from({ length: 6 }, one))
      // The server may see the next one come before it sees the last one go.
      expect(most).toBeLessThanOrEqual(4)
      await until(() => server.sockets.size <= 3)
      expect(server.sockets.size).toBeLessThanOrEqual(3)
    })
  })

  test('those who wait are served in order; those who gave up are passed over', async () => {
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

  test('the connection used last is used next', async () => {
    const server = await raw((socket, request, count) =>
      setTimeout(() => socket.write(ok(String(socket.remotePort))), request.includes('/slow') ? 30 : count),
    )
    const client = transport()
    const [, slow] = await Promise.all([text(client, plan(server.url)), text(client, plan(`${server.url}/slow`))])
    await sleep(5)
    for (let i = 0; i < 3; i++) expect(await text(client, plan(server.url))).toBe(slow)
  })

  test('a thousand who wait cost no more each than a few', async () => {
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

  test('128 unless told otherwise', async () => {
    const server = await web((_, response) => setTimeout(() => response.end('ok'), 20))
    const client = transport()
    await Promise.all(Array.from({ length: 300 }, () => text(client, plan(server.url))))
    expect(server.connections()).toBe(128)
  })

  test('those who wait are served though those before them fail', async () => {
    const server = await raw((socket, _, count) => (count % 2 === 1 ? socket.destroy() : socket.write(ok())))
    const client = transport({ connections: 2 })
    const results = await Promise.all(Array.from({ length: 20 }, () => exchange(client, plan(server.url))))
    expect(results.filter(E.isRight).length).toBe(10)
  })

  test('those who wait for one that cannot be reached all fail', async () => {
    const gone = await accept(() => {})
    const url = `http://127.0.0.1:1/${gone.port}`
    const client = transport({ connections: 2 })
    const tags = await Promise.all(Array.from({ length: 20 }, () => tag(client, plan(url))))
    expect(new Set(tags)).toEqual(new Set(['ConnectFailed']))
  })

  test.each([200_000, 262_000, 263_000, 280_000, 300_000, 320_000])(
    'an unread body of %i octets: what is wholly there holds no connection',
    async (size) => {
      const server = await raw((socket, request) =>
        socket.write(request.includes('/large') ? ok('x'.repeat(size)) : ok()),
      )
      const client = transport({ connections: 1 })
      const { body } = await head(client, plan(`${server.url}/large`))
      await sleep(30)
      // It waits for the connection or has it: in neither case is the server silent to it.
      const next = text(client, plan(server.url, { timeouts: { read: 200 } }))
      await sleep(300)
      const read = await body.gather(1e6)()
      expect(E.isRight(read) && read.right.length).toBe(size)
      expect(await next).toBe('ok')
      expect(server.connections()).toBe(1)
    },
  )

  test('an unread body holds its connection, and nobody else’s', async () => {
    const server = await raw((socket, request) => socket.write(request.includes('/long') ? half : ok()))
    const client = transport({ connections: 2 })
    const { body } = await head(client, plan(`${server.url}/long`))
    for (let i = 0; i < 5; i++) expect(await text(client, plan(server.url))).toBe('ok')
    expect(server.connections()).toBe(2)
    await body[Symbol.asyncIterator]().return?.()
  })
})

describe('a connection that died while it was idle', () => {
  /** A server in a thread of its own, so that its end arrives while this thread is busy. */
  const dying = (how: 'end' | 'resetAndDestroy'): Promise<readonly [port: number, stop: () => Promise<unknown>]> => {
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

  test.each(['end', 'resetAndDestroy'] as const)('by %s: its request goes over a new one', async (how) => {
    const [port, stop] = await dying(how)
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

  test('nothing is sent twice once it was written', async () => {
    const server = await raw((socket, _, count) => (count === 1 ? socket.write(ok()) : socket.destroy()))
    const client = transport()
    await text(client, plan(server.url))
    const sent = await exchange(client, plan(server.url, { method: 'POST' }))
    expect(sent).toMatchObject({ left: { _tag: 'ConnectFailed' } })
    expect(sent).not.toMatchObject({ left: { unsent: true } })
    expect(server.received.join('').match(/POST/g)).toHaveLength(1)
  })
})

describe('close', () => {
  // [requests:transport-1]
  test('ends idle connections; sending afterwards connects anew', async () => {
    const server = await always(ok())
    const client = transport()
    await text(client, plan(server.url))
    await client.close?.()
    await until(() => server.sockets.size === 0)
    expect(server.sockets.size).toBe(0)
    expect(await text(client, plan(server.url))).toBe('ok')
    expect(server.connections()).toBe(2)
  })

  test('what is under way ends with ClientClosed, in whatever phase', async () => {
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

  test('before anything was sent, twice, and at once with the first request', async () => {
    const server = await always(ok())
    const client = transport()
    await client.close?.()
    await client.close?.()
    const sent = exchange(client, plan(server.url))
    await client.close?.()
    expect(await sent).toMatchObject({ left: { _tag: 'ClientClosed' } })
  })
})

describe('places', () => {
  test('a unix socket, for whatever origin', async () => {
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

  test('a local address', async () => {
    const server = await web((request, response) => response.end(request.socket.remoteAddress))
    expect(await text(transport({ localAddress: '127.0.0.9' }), plan(server.url))).toBe('127.0.0.9')
    expect(await tag(transport({ localAddress: '192.0.2.1' }), plan(server.url))).toBe('ConnectFailed')
  })

  test('localhost by name, an IPv6 address by number', async () => {
    const server = await always(ok())
    expect(await text(transport(), plan(`http://localhost:${server.port}/`))).toBe('ok')
    expect(await tag(transport(), plan(`http://[::1]:${server.port}/`))).toBe('ConnectFailed')
    expect(server.received[0]).toContain(`host: localhost:${server.port}\r\n`)
  })
})

describe('agents', () => {
  test('a hundred ways to travel: the oldest idle ones are closed, those in use are not', async () => {
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
