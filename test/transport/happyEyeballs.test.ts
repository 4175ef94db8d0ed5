/** Hosts with several addresses, which are tried in parallel (RFC 8305). */
import dns from 'node:dns'
import type { AddressInfo, Socket } from 'node:net'
import * as net from 'node:net'
import * as fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { HappyEyeballs, interleave, systemLookup } from '../../src/transport/undici/HappyEyeballs.js'
import { exchange, fault, plan, text } from './plans.js'
import { always, ok, raw, transport, until } from './servers.js'

afterEach(() => {
  vi.restoreAllMocks()
})

/** Makes every name resolve to these addresses. */
const resolveTo = (...addresses: string[]): void => {
  const found = addresses.map((address) => ({ address, family: net.isIP(address) }))
  // The cast: one of several signatures of `lookup`, the only one that is used.
  const lookup = ((_: string, __: object, done: (error: null, all: typeof found) => void) =>
    setImmediate(done, null, found)) as unknown as typeof dns.lookup
  vi.spyOn(dns, 'lookup').mockImplementation(lookup)
}

/** Replaces `connect`: sockets connect after a delay, fail or never connect. The order of events needs no packets. */
const connecting = (delays: Readonly<Record<string, number | 'refused' | 'never'>>): Socket[] => {
  const opened: Socket[] = []
  vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...given: unknown[]) {
    const [[options]] = given as unknown as [[net.TcpSocketConnectOpts]] // the cast: `net.connect` passes its arguments as one array
    const delay = delays[options.host ?? ''] ?? 'never'
    opened.push(this)
    if (delay === 'refused') setImmediate(() => this.destroy(new Error(`refused by ${options.host}`)))
    else if (delay !== 'never') setTimeout(() => this.destroyed || this.emit('connect'), delay)
    return this
  })
  return opened
}

const race = (host: string): Promise<readonly [winner: number, error: unknown]> =>
  new Promise((resolve) => {
    const sockets: Socket[] = []
    const attempt = new HappyEyeballs(
      systemLookup,
      80,
      {},
      {
        onOpening: (socket) => {
          sockets.push(socket)
          socket.on('error', () => {})
        },
        onConnected: (socket) => {
          resolve([sockets.indexOf(socket), undefined])
          socket.destroy()
        },
        onFailed: (error) => resolve([-1, error]),
      },
    )
    attempt.start(host)
  })

describe('interleave (specification)', () => {
  test('alternates the address families, keeps the order of the system and all addresses', () => {
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
})

describe('HappyEyeballs (specification)', () => {
  test('keeps waiting for a slow address while the next one fails', async () => {
    resolveTo('192.0.2.1', '192.0.2.2')
    const opened = connecting({ '192.0.2.1': 600, '192.0.2.2': 'refused' })
    expect(await race('two.test')).toEqual([0, undefined])
    expect(opened).toHaveLength(2)
  })

  test('tries the next address after 250 ms and destroys the silent socket', async () => {
    resolveTo('192.0.2.1', '192.0.2.2')
    const opened = connecting({ '192.0.2.1': 'never', '192.0.2.2': 5 })
    const start = performance.now()
    expect(await race('two.test')).toEqual([1, undefined])
    expect(performance.now() - start).toBeGreaterThan(240)
    expect(opened.map(({ destroyed }) => destroyed)).toEqual([true, true])
  })

  test('tries the next address at once after a failure', async () => {
    resolveTo('192.0.2.1', '192.0.2.2', '192.0.2.3')
    connecting({ '192.0.2.1': 'refused', '192.0.2.2': 'refused', '192.0.2.3': 1 })
    const start = performance.now()
    expect(await race('three.test')).toEqual([2, undefined])
    expect(performance.now() - start).toBeLessThan(200)
  })

  test('names every address in the error if all fail', async () => {
    resolveTo('192.0.2.1', '192.0.2.2')
    connecting({ '192.0.2.1': 'refused', '192.0.2.2': 'refused' })
    const [, error] = await race('two.test')
    expect(String(error)).toContain('192.0.2.1')
    expect(String(error)).toContain('192.0.2.2')
  })
})

describe('a host with several addresses', () => {
  test('is reached if one address works', async () => {
    const server = await always(ok())
    resolveTo('127.0.0.3', '127.0.0.1')
    expect(await text(transport(), plan(`http://two.test:${server.port}/`))).toBe('ok')
  })

  test('fails with an unsent fault that names all addresses if none works', async () => {
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

  test('destroys all sockets on abort', async () => {
    resolveTo('192.0.2.1', '192.0.2.2')
    const opened = connecting({})
    const controller = new AbortController()
    const sent = exchange(transport(), plan('http://two.test/'), { signal: controller.signal })
    await until(() => opened.length === 2)
    controller.abort()
    expect(await sent).toMatchObject({ left: { _tag: 'Aborted', unsent: true } })
    expect(opened.map(({ destroyed }) => destroyed)).toEqual([true, true])
  })

  test('is only tried at addresses of the family of the local address', async () => {
    const server = await raw((socket) => socket.write(ok(socket.remoteAddress)))
    resolveTo('::1', '127.0.0.1')
    const client = transport({ localAddress: '127.0.0.9' })
    expect(await text(client, plan(`http://two.test:${server.port}/`))).toBe('127.0.0.9')
  })
})
