/** Timeouts to the millisecond, nearly. */
import * as E from 'fp-ts/lib/Either.js'
import { beforeAll, describe, expect, test } from 'vitest'
import * as Body from '../../src/values/Body.js'
import type { Transport } from '../../src/wire/Transport.js'
import type { Changes } from './plans.js'
import { exchange, fault, head, plan, tag, text, timed } from './plans.js'
import { accept, always, deaf, gone, mute, ok, raw, silent, sleep, transport } from './servers.js'

/** So much later than said is still in time; beside it stands what the event loop was late by. */
const GRACE = 50

const expectAt = (took: number, ms: number): void => {
  expect(took).toBeGreaterThan(ms - 2)
  expect(took).toBeLessThan(ms + GRACE)
}

// The first request loads undici, which is nobody's timeout but a deadline's.
beforeAll(() => import('undici'))

const half = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'

const timesOut = async (client: Transport, url: string, changes: Changes, ms: number): Promise<string> => {
  const { result, took } = await timed(ms, () => fault(client, plan(url, changes)))
  expectAt(took, ms)
  return result._tag
}

describe('connect', () => {
  // [requests:transport-2]
  test.each([100, 300])('%i ms, TCP', async (connect) => {
    const client = transport()
    expect(await timesOut(client, await deaf(), { timeouts: { connect, read: 5000 } }, connect)).toBe('ConnectTimeout')
  })

  test('TLS', async () => {
    const server = await mute()
    const client = transport()
    const url = `https://localhost:${server.port}/`
    const { result, took } = await timed(150, () => fault(client, plan(url, { timeouts: { connect: 150 } })))
    expectAt(took, 150)
    expect(result._tag).toBe('ConnectTimeout')
    expect(result.message).toContain('TLS handshake')
    await gone(server)
  })

  test('is not about a server that answers late, nor about waiting for a connection that is in use', async () => {
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

describe('read', () => {
  test.each([80, 250])('%i ms to the head', async (read) => {
    const server = await silent()
    expect(await timesOut(transport(), server.url, { timeouts: { connect: 5000, read } }, read)).toBe('ReadTimeout')
    await gone(server)
  })

  test('within the body, though the head was in time', async () => {
    const server = await always(half)
    const client = transport()
    const { body } = await head(client, plan(server.url, { timeouts: { read: 150 } }))
    const { result, took } = await timed(150, body.gather(1000))
    expect(result).toMatchObject({ left: { _tag: 'ReadTimeout' } })
    expect(took).toBeLessThan(150 + GRACE)
    await gone(server)
  })

  test('is the longest silence, not the whole', async () => {
    const server = await raw(async (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n')
      for (let i = 0; i < 8; i++) {
        await sleep(60)
        socket.write('x')
      }
    })
    expect(await text(transport(), plan(server.url, { timeouts: { read: 150 } }))).toBe('xxxxxxxx')
  })

  test('does not run while the reader holds back', async () => {
    const server = await accept((socket) => {
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(3_000_000)}`))
    })
    const { body } = await head(transport(), plan(`http://${server.host}`, { timeouts: { read: 100 } }))
    await sleep(300)
    const all = await body.gather(1e7)()
    expect(E.isRight(all) && all.right.length).toBe(3_000_000)
  })

  test('does not run while the body of the request lets us wait', async () => {
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

  test('a server that stops reading the request is silent too', async () => {
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

describe('deadline', () => {
  const by = (ms: number): { readonly deadline: number } => ({ deadline: performance.now() + ms })

  test.each<readonly [string, () => Promise<string>]>([
    ['while connecting', deaf],
    ['in the TLS handshake', async () => `https://localhost:${(await mute()).port}/`],
    ['while the server is silent', async () => (await silent()).url],
    ['in the body', async () => (await always(half)).url],
  ])('%s', async (_, start) => {
    const url = await start()
    const client = transport()
    const sent = plan(url, { timeouts: { connect: 5000, read: 5000 } })
    const { result, took } = await timed(200, () => fault(client, sent, by(200)))
    expect(result._tag).toBe('DeadlineExceeded')
    expectAt(took, 200)
  })

  // [requests:transport-3]
  test('while waiting for a connection, and the next in line still gets it', async () => {
    const server = await raw(async (socket) => {
      await sleep(250)
      socket.write(ok())
    })
    const client = transport({ connections: 1 })
    const first = text(client, plan(server.url))
    const second = timed(100, () => tag(client, plan(server.url), by(100)))
    const third = text(client, plan(server.url))
    const { result, took } = await second
    expect(result).toBe('DeadlineExceeded')
    expectAt(took, 100)
    expect(await Promise.all([first, third])).toEqual(['ok', 'ok'])
    expect(server.received).toHaveLength(1)
  })

  test('that is over sends nothing', async () => {
    const server = await always(ok())
    expect(await tag(transport(), plan(server.url), by(-1))).toBe('DeadlineExceeded')
    expect(server.connections()).toBe(0)
  })

  test('is measured on the clock that is given', async () => {
    const server = await silent()
    const clock = { now: () => new Date(0), monotonic: () => 5000, sleep: () => async () => {} }
    const { result, took } = await timed(150, () => tag(transport(), plan(server.url), { clock, deadline: 5150 }))
    expect(result).toBe('DeadlineExceeded')
    expectAt(took, 150)
  })

  test('comes first where it is first, and so does the read timeout', async () => {
    const server = await silent()
    const client = transport()
    expect(await tag(client, plan(server.url, { timeouts: { read: 100 } }), by(200))).toBe('ReadTimeout')
    expect(await tag(client, plan(server.url, { timeouts: { read: 200 } }), by(100))).toBe('DeadlineExceeded')
  })
})

test('no timer outlives its request', async () => {
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
