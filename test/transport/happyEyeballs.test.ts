/** Several addresses of one host, tried side by side (RFC 8305). */
import dns from 'node:dns'
import type { AddressInfo, Socket } from 'node:net'
import * as net from 'node:net'
import * as fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { HappyEyeballs, interleave } from '../../src/transport/undici/HappyEyeballs.js'
import { exchange, fault, plan, text } from './plans.js'
import { always, ok, raw, transport, until } from './servers.js'

afterEach(() => {
  vi.restoreAllMocks()
})

/** Lets every name have these addresses. */
const resolveTo = (...addresses: string[]): void => {
  const found = addresses.map((address) => ({ address, family: net.isIP(address) }))
  // The cast: one of several signatures of `lookup`, the only one that is used here.
  const lookup = ((_: string, __: object, done: (error: null, all: typeof found) => void) =>
    setImmediate(done, null, found)) as unknown as typeof dns.lookup
  vi.spyOn(dns, 'lookup').mockImplementation(lookup)
}

/** A socket that never connects, and one that does after a time; no packets are needed for the order of events. */
const connecting = (delays: Readonly<Record<string, number | 'refused' | 'never'>>): Socket[] => {
  const opened: Socket[] = []
  vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...given: unknown[]) {
    const [[options]] = given as unknown as [[net.TcpSocketConnectOpts]] // the cast: how `net.connect` calls it
    const delay = delays[options.host ?? ''] ?? 'never'
    opened.push(this)
    if (delay === 'refused') setImmediate(() => this.destroy(new Error(`refused by ${options.host}`)))
    else if (delay !== 'never') setTimeout(() => this.destroyed || this.emit('connect'), delay)
    return this
  })
  return opened
}

const racing = (host: string): Promise<readonly [winner: number, error: unknown]> =>
  new Promise((resolve) => {
    const sockets: Socket[] = []
    const race = new HappyEyeballs(
      80,
      {},
      {
        opening: (socket) => {
          sockets.push(socket)
          socket.on('error', () => {})
        },
        connected: (socket) => {
          resolve([sockets.indexOf(socket), undefined])
          socket.destroy()
        },
        failed: (error) => resolve([-1, error]),
      },
    )
    race.start(host)
  })

test('the families take turns, in the order of the system, and none is lost', () => {
  const address = fc.record({ address: fc.string(), family: fc.constantFrom(4, 6) })
  fc.assert(
    fc.property(fc.array(address), (addresses) => {
      const mixed = interleave(addresses)
      for (const family of [4, 6]) {
        const of = (list: typeof mixed) => list.filter((one) => one.family === family)
        expect(of(mixed)).toEqual(of(addresses))
      }
      const pairs = Math.min(...[4, 6].map((family) => addresses.filter((one) => one.family === family).length))
      for (let i = 0; i + 1 < pairs * 2; i += 2) expect(mixed[i]?.family).not.toBe(mixed[i + 1]?.family)
      if (addresses.length > 0) expect(mixed[0]).toBe(addresses[0])
    }),
  )
})

describe('the first that connects is used', () => {
  test('a slow one is not given up while the next one fails', async () => {
    resolveTo('192.0.2.1', '192.0.2.2')
    const opened = connecting({ '192.0.2.1': 600, '192.0.2.2': 'refused' })
    expect(await racing('two.test')).toEqual([0, undefined])
    expect(opened).toHaveLength(2)
  })

  test('one that stays silent is overtaken and destroyed', async () => {
    resolveTo('192.0.2.1', '192.0.2.2')
    const opened = connecting({ '192.0.2.1': 'never', '192.0.2.2': 5 })
    const start = performance.now()
    expect(await racing('two.test')).toEqual([1, undefined])
    expect(performance.now() - start).toBeGreaterThan(240)
    expect(opened.map(({ destroyed }) => destroyed)).toEqual([true, true])
  })

  test('one that fails is followed at once', async () => {
    resolveTo('192.0.2.1', '192.0.2.2', '192.0.2.3')
    connecting({ '192.0.2.1': 'refused', '192.0.2.2': 'refused', '192.0.2.3': 1 })
    const start = performance.now()
    expect(await racing('three.test')).toEqual([2, undefined])
    expect(performance.now() - start).toBeLessThan(200)
  })

  test('the error of several names them all', async () => {
    resolveTo('192.0.2.1', '192.0.2.2')
    connecting({ '192.0.2.1': 'refused', '192.0.2.2': 'refused' })
    const [, error] = await racing('two.test')
    expect(String(error)).toContain('192.0.2.1')
    expect(String(error)).toContain('192.0.2.2')
  })
})

describe('on real sockets', () => {
  test('a name with a dead and a living address reaches the living one', async () => {
    const server = await always(ok())
    resolveTo('127.0.0.3', '127.0.0.1')
    expect(await text(transport(), plan(`http://two.test:${server.port}/`))).toBe('ok')
  })

  test('all dead: the fault is unsent and names both', async () => {
    const gone = net.createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => gone.once('listening', resolve))
    const { port } = gone.address() as AddressInfo // the cast: it listens on a port
    await new Promise((resolve) => gone.close(resolve))
    resolveTo('127.0.0.3', '127.0.0.1')
    const { message, ...rest } = await fault(transport(), plan(`http://two.test:${port}/`))
    expect(rest).toMatchObject({ _tag: 'ConnectFailed', unsent: true, cause: { code: 'ECONNREFUSED' } })
    expect(message).toContain('127.0.0.3')
    expect(message).toContain('127.0.0.1')
  })

  test('an abort destroys all of them', async () => {
    resolveTo('192.0.2.1', '192.0.2.2')
    const opened = connecting({})
    const controller = new AbortController()
    const sent = exchange(transport(), plan('http://two.test/'), { signal: controller.signal })
    await until(() => opened.length === 2)
    controller.abort()
    expect(await sent).toMatchObject({ left: { _tag: 'Aborted', unsent: true } })
    expect(opened.map(({ destroyed }) => destroyed)).toEqual([true, true])
  })

  test('only addresses of the family of the local address are tried', async () => {
    const server = await raw((socket) => socket.write(ok(socket.remoteAddress)))
    resolveTo('::1', '127.0.0.1')
    const client = transport({ localAddress: '127.0.0.9' })
    expect(await text(client, plan(`http://two.test:${server.port}/`))).toBe('127.0.0.9')
  })
})
