/** Timeouts and deadlines, to a few milliseconds. */
import * as E from 'fp-ts/lib/Either.js'
import { beforeAll, describe, expect, test } from 'vitest'
import * as Body from '../../src/values/Body.js'
import type { Transport } from '../../src/wire/Transport.js'
import type { Changes } from './plans.js'
import { exchange, fault, head, plan, tag, text, timed } from './plans.js'
import { accept, always, deaf, gone, mute, ok, raw, silent, sleep, transport } from './servers.js'

/** The tolerated delay, in milliseconds, in addition to the lag of the event loop, which `timed` subtracts. */
const GRACE = 50

const expectAt = (elapsed: number, ms: number): void => {
  expect(elapsed).toBeGreaterThan(ms - 2)
  expect(elapsed).toBeLessThan(ms + GRACE)
}

// The first request loads undici, which only a deadline includes.
beforeAll(() => import('undici/index.js'))

const half = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'

const timesOut = async (client: Transport, url: string, changes: Changes, ms: number): Promise<string> => {
  const { result, elapsed } = await timed(ms, () => fault(client, plan(url, changes)))
  expectAt(elapsed, ms)
  return result._tag
}

describe('the connect timeout', () => {
  // [requests:transport-2]
  test.each([100, 300])('of %i ms limits TCP', async (connect) => {
    const client = transport()
    expect(await timesOut(client, await deaf(), { timeouts: { connect, read: 5000 } }, connect)).toBe('ConnectTimeout')
  })

  test('includes the TLS handshake', async () => {
    const server = await mute()
    const client = transport()
    const url = `https://localhost:${server.port}/`
    const { result, elapsed } = await timed(150, () => fault(client, plan(url, { timeouts: { connect: 150 } })))
    expectAt(elapsed, 150)
    expect(result._tag).toBe('ConnectTimeout')
    expect(result.message).toContain('TLS handshake')
    await gone(server)
  })

  test('includes neither a late response nor the wait for a used connection', async () => {
    const server = await raw(async (socket) => {
      await sleep(150)
      socket.write(ok())
    })
    const client = transport({ connections: 1 })
    const patient = plan(server.url, { timeouts: { connect: 50 } })
    expect(await Promise.all([text(client, patient), text(client, patient)])).toEqual(['ok', 'ok'])
    expect(server.connections()).toBe(1)
  })
})

describe('the read timeout', () => {
  test.each([80, 250])('of %i ms limits the wait for the head', async (read) => {
    const server = await silent()
    expect(await timesOut(transport(), server.url, { timeouts: { connect: 5000, read } }, read)).toBe('ReadTimeout')
    await gone(server)
  })

  test('limits the wait for the body', async () => {
    const server = await always(half)
    const client = transport()
    const { body } = await head(client, plan(server.url, { timeouts: { read: 150 } }))
    const { result, elapsed } = await timed(150, body.gather(1000))
    expect(result).toMatchObject({ left: { _tag: 'ReadTimeout' } })
    expect(elapsed).toBeLessThan(150 + GRACE)
    await gone(server)
  })

  test('limits each silence, not the total time', async () => {
    const server = await raw(async (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n')
      for (let i = 0; i < 8; i++) {
        await sleep(60)
        socket.write('x')
      }
    })
    expect(await text(transport(), plan(server.url, { timeouts: { read: 150 } }))).toBe('xxxxxxxx')
  })

  test('does not run while the reader does not read', async () => {
    const server = await accept((socket) => {
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(3_000_000)}`))
    })
    const { body } = await head(transport(), plan(`http://${server.host}`, { timeouts: { read: 250 } }))
    await sleep(600)
    const all = await body.gather(1e7)()
    expect(E.isRight(all) && all.right.length).toBe(3_000_000)
  })

  test('does not run while the source of the request body is slow', async () => {
    const server = await raw((socket) =>
      socket.on('data', (chunk) => chunk.toString().endsWith('0\r\n\r\n') && socket.write(ok())),
    )
    const slow = async function* (): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 3; i++) {
        await sleep(200)
        yield Buffer.from('x')
      }
    }
    const post = plan(server.url, { method: 'POST', body: Body.stream(slow), timeouts: { read: 100 } })
    expect(await text(transport(), post)).toBe('ok')
  })

  test('limits how long the server does not read the request', async () => {
    const server = await accept((socket) => void socket.pause())
    const post = plan(`http://${server.host}`, {
      method: 'POST',
      body: Body.bytes(Buffer.alloc(40_000_000)),
      timeouts: { read: 200 },
    })
    expect(await tag(transport(), post)).toBe('ReadTimeout')
    for (const socket of server.sockets) socket.resume()
    await gone(server)
  })
})

describe('the deadline', () => {
  const by = (ms: number): { readonly deadline: number } => ({ deadline: performance.now() + ms })

  test.each<readonly [string, () => Promise<string>]>([
    ['ends a request while it connects', deaf],
    ['ends a request during the TLS handshake', async () => `https://localhost:${(await mute()).port}/`],
    ['ends a request while the server is silent', async () => (await silent()).url],
    ['ends a request inside the body', async () => (await always(half)).url],
  ])('%s', async (_, start) => {
    const url = await start()
    const client = transport()
    const sent = plan(url, { timeouts: { connect: 5000, read: 5000 } })
    const { result, elapsed } = await timed(200, () => fault(client, sent, by(200)))
    expect(result._tag).toBe('DeadlineExceeded')
    expectAt(elapsed, 200)
  })

  // [requests:transport-3]
  test('ends a request that waits for a connection, and the next one still gets it', async () => {
    const server = await raw(async (socket) => {
      await sleep(250)
      socket.write(ok())
    })
    const client = transport({ connections: 1 })
    const first = text(client, plan(server.url))
    const second = timed(100, () => tag(client, plan(server.url), by(100)))
    const third = text(client, plan(server.url))
    const { result, elapsed } = await second
    expect(result).toBe('DeadlineExceeded')
    expectAt(elapsed, 100)
    expect(await Promise.all([first, third])).toEqual(['ok', 'ok'])
    expect(server.received).toHaveLength(1)
  })

  test('sends nothing if it is over', async () => {
    const server = await always(ok())
    expect(await tag(transport(), plan(server.url), by(-1))).toBe('DeadlineExceeded')
    expect(server.connections()).toBe(0)
  })

  test('is measured with the given clock', async () => {
    const server = await silent()
    const clock = { now: () => new Date(0), monotonic: () => 5000, sleep: () => async () => {} }
    const { result, elapsed } = await timed(150, () => tag(transport(), plan(server.url), { clock, deadline: 5150 }))
    expect(result).toBe('DeadlineExceeded')
    expectAt(elapsed, 150)
  })

  test('decides if it is earlier than the read timeout, and the reverse', async () => {
    const server = await silent()
    const client = transport()
    expect(await tag(client, plan(server.url, { timeouts: { read: 100 } }), by(200))).toBe('ReadTimeout')
    expect(await tag(client, plan(server.url, { timeouts: { read: 200 } }), by(100))).toBe('DeadlineExceeded')
  })
})

test('no timer is left after its request', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const good = await always(ok())
  const bad = await accept((socket) => socket.destroy())
  const client = transport()
  const before = timers()
  const limits = { deadline: performance.now() + 60_000 }
  for (const url of [good.url, good.url, `http://${bad.host}`, 'http://127.0.0.1:1']) {
    await exchange(client, plan(url, { timeouts: { connect: 60_000, read: 60_000 } }), limits)
  }
  expect(timers()).toBe(before)
})
