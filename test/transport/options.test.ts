/** Options of `Transport.undici` that are not valid, and sockets that Node refuses to open. */
import * as http2 from 'node:http2'
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, test } from 'vitest'
import type { Options } from '../../src/transport/undici/TransportOptions.js'
import { undici } from '../../src/transport/undici/Undici.js'
import * as Transport from '../../src/wire/Transport.js'
import { untyped } from '../untyped.js'
import { type Changes, fault, plan, text } from './plans.js'
import { always, listen, ok, pki, transport } from './servers.js'

const WRONG: Readonly<Partial<Record<keyof Options, ReadonlyArray<unknown>>>> = {
  connections: [0, -1, Number.NaN, '5', null, {}, 5n],
  keepAlive: [-1, Number.NaN, '5', null],
  maxHeaderSize: [0, Number.NaN, '5', null],
  http2: [
    null,
    'yes',
    1,
    {},
    { stream: 5 },
    { streams: 0 },
    { streams: -1 },
    { streams: undefined },
    { streams: 'x' },
    { streams: Number.NaN },
    { streams: 5n },
    [],
  ],
  socketPath: [null, '', 5, {}],
  localAddress: [null, '', 'localhost', '10.0.0.1/8', '999.1.1.1', 5],
  lookup: [null, 'dns', {}],
  lookupCache: [null, true, 5, { ttl: -1 }, { ttl: '5' }, { ttl: 5n }, { maxEntries: 0 }, { maxEntries: Number.NaN }],
  timings: [null, 1, 'yes'],
}
const wrong = fc
  .constantFrom(...Object.entries(WRONG))
  .chain(([name, values]) => fc.tuple(fc.constant(name), fc.constantFrom(...values)))

describe('an option that is not valid', () => {
  test('is named by each request, which is not sent, and by planning', () =>
    fc.assert(
      fc.asyncProperty(wrong, async ([name, value]) => {
        const client = undici(untyped({ connections: 2, [name]: value }))
        const sent = plan('http://127.0.0.1:1/')
        const expected = { _tag: 'Unsupported', unsupported: [name], unsent: true }
        expect(await fault(client, sent)).toMatchObject(expected)
        expect(Transport.refusal(client)(sent)).toMatchObject(O.some(expected))
        await client.close?.()
      }),
      { numRuns: 200 },
    ))

  const hostile = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('mine')
      },
    },
  )
  const throwing = (name: string): object =>
    Object.defineProperty({}, name, {
      enumerable: true,
      get: () => {
        throw new Error('mine')
      },
    })
  test.each([
    [throwing('connections'), 'options'],
    [hostile, 'options'],
    [{ http2: throwing('streams') }, 'http2'],
    [{ lookupCache: throwing('ttl') }, 'lookupCache'],
  ])('does not throw: %#', async (given, name) => {
    const client = undici(untyped(given))
    expect(await fault(client, plan('http://127.0.0.1:1/'))).toMatchObject({ _tag: 'Unsupported', unsupported: [name] })
  })

  test.each([{ addressPolicy: null }, { addressPolicy: 'publicOnly' }, { addressPolicy: throwing('rules') }])(
    'refuses every address if it is the policy: %#',
    async (given) => {
      const client = undici(untyped(given))
      expect(await fault(client, plan('http://127.0.0.1:1/'))).toMatchObject({ unsent: true })
    },
  )

  test.each([undefined, null, 5, 'x'])('is not set by %s', async (given) => {
    const server = await always(ok('fine'))
    const client = given === undefined ? transport() : undici(untyped(given))
    expect(await text(client, plan(server.url))).toBe('fine')
    await client.close?.()
  })
})

describe('an option with an extreme value', () => {
  const extreme = fc.record(
    {
      connections: fc.constantFrom(1, 1.5, Number.POSITIVE_INFINITY),
      keepAlive: fc.constantFrom(0, 0.5, 1e12, Number.POSITIVE_INFINITY),
      maxHeaderSize: fc.constantFrom(200.5, 65_536.5, 1e10, Number.POSITIVE_INFINITY),
    },
    { requiredKeys: [] },
  )
  test.each([false, true, { streams: 2 }, { streams: Number.POSITIVE_INFINITY }])(
    'sends, with http2: %j',
    async (version) => {
      const secured = http2.createSecureServer({ cert: pki('server.pem'), key: pki('server.key'), allowHTTP1: true })
      const { port } = await listen(
        secured.on('request', (_, response) => response.end('fine')),
        'connection',
      )
      await fc.assert(
        fc.asyncProperty(extreme, async (options) => {
          const client = transport({ ...options, http2: version })
          for (const _ of [1, 2]) expect(await text(client, plan(`https://localhost:${port}/`))).toBe('fine')
          await client.close?.()
        }),
        { numRuns: 30 },
      )
    },
  )
})

describe('a plan that was written by hand', () => {
  test.each<readonly [string, Changes]>([
    ['a number as CA', { ca: untyped(5) }],
    ['a number as cert', { certificate: { cert: untyped(5) } }],
    ['bytes as key', { certificate: { cert: 'me.pem', key: untyped(Buffer.from('PRIVATE')) } }],
    ['a symbol as passphrase', { certificate: { cert: 'me.pem', passphrase: untyped(Symbol('PRIVATE')) } }],
  ])('with %s fails, and its values are not shown', async (_, changes) => {
    const failed = await fault(transport(), plan('https://127.0.0.1:1/', changes))
    expect(failed).toMatchObject({ _tag: 'ConnectFailed' })
    expect(JSON.stringify(failed)).not.toContain('PRIVATE')
  })
})

describe('a socket that Node refuses to open', () => {
  // A plan that was written by hand: the parser of URLs refuses such a port.
  test('is a failure of its request, and keeps no place of the next one', async () => {
    const server = await always(ok('fine'))
    const client = transport({ connections: 1, lookup: (_, __, done) => done(null, '127.0.0.1') })
    for (const host of ['127.0.0.1', 'name.test']) {
      const sent = plan(`http://${host}:1/`)
      const impossible = { ...sent, url: { ...sent.url, port: '99999', origin: `http://${host}:99999` } }
      expect(await fault(client, impossible)).toMatchObject({ _tag: 'ConnectFailed' })
    }
    expect(await text(client, plan(server.url))).toBe('fine')
  })
})
