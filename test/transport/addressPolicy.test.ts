/** Address policies and lookups on real sockets. 127.0.0.2 stands for a public address, 127.0.0.1 for a private one. */
import * as dns from 'node:dns'
import * as http from 'node:http'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { AddressPolicy, Client, Environment, Http, Request, Session, Transport } from 'requests-ts'
import { describe, expect, test } from 'vitest'
import { untyped } from '../untyped.js'
import { exchange, fault, plan, text } from './plans.js'
import { accept, always, type Listening, listen, ok, proxy, sleep, transport, web } from './servers.js'
import { socks } from './socks.js'

const PRIVATE = '127.0.0.1'
const PUBLIC = '127.0.0.2'
const { publicOnly } = AddressPolicy
const policy = AddressPolicy.Monoid.concat(publicOnly, AddressPolicy.allow(PUBLIC))

/** A server at every address of this machine, which answers with the address that was connected to. */
const everywhere = (): Promise<Listening> =>
  listen(
    http.createServer((request, response) => response.end(request.socket.localAddress?.replace('::ffff:', ''))),
    'connection',
    undefined,
    '0.0.0.0',
  )

interface Names {
  readonly lookup: Transport.Lookup
  /** The names that were looked up. */
  readonly asked: string[]
}

/** Resolves `name.test`: each lookup returns the next list of addresses, and the last one again and again. */
const names = (...lists: ReadonlyArray<ReadonlyArray<string>>): Names => {
  const asked: string[] = []
  const lookup = Transport.lookupFrom((hostname) => {
    asked.push(hostname)
    return TE.right(lists[Math.min(asked.length, lists.length) - 1] ?? [])
  })
  return { lookup, asked }
}

const refused = (addresses: ReadonlyArray<string>) => ({ _tag: 'AddressRefused', unsent: true, addresses })

describe('a name', () => {
  test('that resolves to a private address is refused, and nothing is connected', async () => {
    const server = await everywhere()
    const { lookup } = names([PRIVATE])
    const client = transport({ addressPolicy: policy, lookup })
    expect(await fault(client, plan(`http://name.test:${server.port}/`))).toMatchObject(refused([PRIVATE]))
    expect(server.connections()).toBe(0)
  })

  test('with both kinds of addresses is reached at the public one, in whatever order they come', async () => {
    const server = await everywhere()
    for (const list of [
      [PRIVATE, PUBLIC],
      [PUBLIC, PRIVATE],
      ['::1', '10.0.0.1', PUBLIC],
    ]) {
      const client = transport({ addressPolicy: policy, lookup: names(list).lookup })
      expect(await text(client, plan(`http://name.test:${server.port}/`))).toBe(PUBLIC)
    }
  })

  test('that resolves to another address a moment later is connected to where it was checked', async () => {
    const server = await everywhere()
    const { lookup, asked } = names([PUBLIC], [PRIVATE])
    const client = transport({ addressPolicy: policy, lookup })
    const url = `http://name.test:${server.port}/`
    expect(await text(client, plan(url))).toBe(PUBLIC)
    expect(asked).toEqual(['name.test']) // one lookup for each connection
    expect(await text(client, plan(url))).toBe(PUBLIC) // on the same connection
    await client.close?.()
    expect(await fault(client, plan(url))).toMatchObject(refused([PRIVATE]))
  })

  test('is checked with the resolver of the system too', async () => {
    const server = await web((_, response) => response.end('private'))
    const client = transport({ addressPolicy: publicOnly })
    const outcome = await fault(client, plan(`http://localhost:${server.port}/`))
    expect(outcome).toMatchObject({ _tag: 'AddressRefused', unsent: true })
    expect(server.connections()).toBe(0)
  })
})

describe('an address in a URL', () => {
  const loopback =
    '127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.1 0177.0.0.1 017700000001 127.0.0.1. %31%32%37.0.0.1'
  const fullWidth =
    '１２７.０.０.１ 127。0。0。1 [::1] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] 0 0.0.0.0 [::]'
  const metadata =
    '169.254.169.254 2852039166 0xa9fea9fe 0xa9.0xfe.0xa9.0xfe 0251.0376.0251.0376 169.254.43518 169.16689662'
  const metadata6 =
    '[::ffff:169.254.169.254] [::ffff:a9fe:a9fe] [64:ff9b::a9fe:a9fe] [2002:a9fe:a9fe::] [fd00:ec2::254] [fe80::1]'
  const spellings = [loopback, fullWidth, metadata, metadata6].flatMap((list) => list.split(' '))

  test.each(spellings)('%s is refused before sending, however it is spelled', async (host) => {
    const client = transport({ addressPolicy: publicOnly })
    const planned = plan(`http://${host}/latest/meta-data/`)
    expect(O.toUndefined(Transport.refusal(client)(planned))).toMatchObject(refused([expect.any(String)]))
    expect(await fault(client, planned)).toMatchObject(refused([expect.any(String)]))
  })

  test('is refused when a program is planned, and the transport sends what the policy allows', async () => {
    const server = await everywhere()
    const options = {
      session: Session.empty,
      environment: Environment.empty,
      transport: transport({ addressPolicy: policy }),
    }
    const planned = await pipe(Http.plan(Request.get('http://169.254.169.254/')), Client.runWith(options))()
    expect(planned).toMatchObject({ _tag: 'Left', left: { ...refused(['169.254.169.254']), history: [] } })
    const sent = await pipe(Http.get(`http://${PUBLIC}:${server.port}/`), Client.runWith(options))()
    expect(sent).toMatchObject({ _tag: 'Right', right: { status: 200 } })
  })

  test.each([
    ['http://127.0.0.1/', 'a redirect to an address'],
    ['http://private.test/', 'a redirect to a name'],
  ])('is refused on a later hop: %s', async (location) => {
    let requests = 0
    const server = await listen(
      http.createServer((_, response) => {
        requests += 1
        response.writeHead(302, { location, 'set-cookie': 'a=1' }).end()
      }),
      'connection',
      undefined,
      PUBLIC,
    )
    const lookup = names([PRIVATE]).lookup
    const options = {
      session: Session.empty,
      environment: Environment.empty,
      transport: transport({ addressPolicy: policy, lookup }),
    }
    const outcome = await pipe(Http.get(`http://${PUBLIC}:${server.port}/`), Client.runWith(options))()
    expect(outcome).toMatchObject({ _tag: 'Left', left: refused([PRIVATE]) })
    if (E.isLeft(outcome)) expect(outcome.left.history.map(({ head }) => head.status)).toEqual([302])
    expect(requests).toBe(1)
  })

  test('is not tried again by a retry policy', async () => {
    const { lookup, asked } = names([PRIVATE])
    const client = pipe(transport({ addressPolicy: policy, lookup }), Transport.withRetry({ attempts: 5, base: 1 }))
    expect(await fault(client, plan('http://name.test/'))).toMatchObject(refused([PRIVATE]))
    expect(asked).toEqual(['name.test'])
  })
})

describe('a plan or a lookup that lies', () => {
  test('about the host does not reach another address', async () => {
    const server = await everywhere()
    const between = await proxy()
    const { url, ...rest } = plan(`http://${PRIVATE}:${server.port}/`)
    const lying = { ...rest, url: { ...url, hostname: '8.8.8.8' } }
    const allowing = AddressPolicy.Monoid.concat(policy, AddressPolicy.allowNamesToProxies)
    const client = transport({ addressPolicy: allowing })
    expect(await fault(client, lying)).toMatchObject(refused([PRIVATE]))
    const { route } = plan(`http://${PRIVATE}:${server.port}/`, { proxy: between.url })
    expect(await fault(client, { ...lying, route })).toMatchObject(refused([PRIVATE]))
    expect([server.connections(), between.connections()]).toEqual([0, 0])
  })

  test.each(['2606:4700::1111%a_b', '2606:4700::1111%', '2606:4700::1%evil host/', '127.0.0.1%lo'])(
    'with the address %j does not connect',
    async (given) => {
      const client = transport({ addressPolicy: policy, lookup: names([given]).lookup })
      expect(await fault(client, plan('http://name.test:1/'))).toMatchObject({ _tag: 'ConnectFailed', unsent: true })
    },
  )

  test('cannot allow names to proxies through the prototype of objects', async () => {
    const between = await proxy()
    const client = transport({ addressPolicy: Object.create({ ...policy, namesToProxies: 'Allow' }, {}) })
    const outcome = await fault(client, plan('http://name.test/', { proxy: between.url }))
    expect(outcome).toMatchObject(refused([]))
    expect(between.connections()).toBe(0)
  })
})

describe('with a proxy', () => {
  test('a name that the proxy resolves is refused, unless the policy allows it', async () => {
    const origin = await web((_, response) => response.end('behind the proxy'))
    const between = await proxy()
    const client = transport({ addressPolicy: policy })
    const planned = plan(`http://localhost:${origin.port}/`, { proxy: between.url })
    expect(O.isSome(Transport.refusal(client)(planned))).toBe(true)
    for (const scheme of ['http', 'https']) {
      const url = `${scheme}://name.test:${origin.port}/`
      expect(await fault(client, plan(url, { proxy: between.url }))).toMatchObject(refused([]))
    }
    const allowing = AddressPolicy.Monoid.concat(policy, AddressPolicy.allowNamesToProxies)
    expect(await text(transport({ addressPolicy: allowing }), planned)).toBe('behind the proxy')
    expect(between.connections()).toBe(1)
  })

  test('an address in the URL is checked nevertheless, and the address of the proxy is not', async () => {
    const server = await everywhere()
    const between = await proxy()
    const allowing = AddressPolicy.Monoid.concat(policy, AddressPolicy.allowNamesToProxies)
    const client = transport({ addressPolicy: allowing })
    const to = (host: string) => plan(`http://${host}:${server.port}/`, { proxy: between.url })
    expect(await fault(client, to(PRIVATE))).toMatchObject(refused([PRIVATE]))
    expect(await text(client, to(PUBLIC))).toBe(PUBLIC)
  })

  test.each(['socks5', 'socks4'])('%s gets the address that was checked', async (scheme) => {
    const server = await everywhere()
    const between = await socks()
    const by = (...list: ReadonlyArray<string>) => transport({ addressPolicy: policy, lookup: names(list).lookup })
    const planned = plan(`http://name.test:${server.port}/`, { proxy: `${scheme}://${between.host}` })
    expect(await fault(by(PRIVATE), planned)).toMatchObject(refused([PRIVATE]))
    expect(between.requests).toEqual([])
    expect(await text(by(PRIVATE, PUBLIC), planned)).toBe(PUBLIC)
    expect(between.requests).toEqual([expect.stringContaining(`${PUBLIC}:${server.port}`)])
  })

  test.each(['socks5h', 'socks4a'])('%s resolves names, so they are refused', async (scheme) => {
    const between = await socks()
    const client = transport({ addressPolicy: policy })
    expect(await fault(client, plan('http://there.test/', { proxy: `${scheme}://${between.host}` }))).toMatchObject(
      refused([]),
    )
    expect(between.connections()).toBe(0)
  })
})

describe('options that contradict a policy', () => {
  test('a unix socket', async () => {
    const client = transport({ addressPolicy: publicOnly, socketPath: '/run/some.sock' })
    expect(await fault(client, plan('http://8.8.8.8/'))).toMatchObject(refused([]))
  })
  test('a dispatcher', async () => {
    const client = transport({ addressPolicy: publicOnly, dispatcher: { dispatch: () => true } })
    expect(await fault(client, plan('http://8.8.8.8/'))).toMatchObject({ _tag: 'ConnectFailed' })
  })
  test.each([null, 'publicOnly', AddressPolicy.allow('10.0.0.0/33')])(
    'an invalid policy refuses everything: %j',
    async (given) => {
      const addressPolicy = given as AddressPolicy.AddressPolicy // the cast: plain JavaScript may pass anything
      const client = transport({ addressPolicy })
      for (const url of ['http://8.8.8.8/', 'http://name.test/']) {
        expect(await fault(client, plan(url))).toMatchObject({ _tag: 'AddressRefused', unsent: true })
      }
    },
  )
})

describe('a lookup of the user', () => {
  const bad: ReadonlyArray<readonly [string, Transport.Lookup]> = [
    ['fails', (_, __, done) => done(new Error('SERVFAIL'), [])],
    [
      'throws',
      () => {
        throw new Error('thrown')
      },
    ],
    ['finds nothing', (_, __, done) => done(null, [])],
    ['returns a name', (_, __, done) => done(null, 'localhost')],
    ['returns a wrong list', (_, __, done) => done(null, [{ address: '1.2.3', family: 4 }])],
    ['returns something else', (_, __, done) => done(null, null as unknown as string)], // the cast: plain JavaScript
    [
      'rejects',
      (async () => {
        throw new Error('rejected')
      }) as unknown as Transport.Lookup,
    ], // the cast: the same
  ]
  test.each(bad)('that %s is ConnectFailed', async (_, lookup) => {
    const outcome = await fault(transport({ lookup }), plan('http://name.test/'))
    expect(outcome).toMatchObject({ _tag: 'ConnectFailed', unsent: true })
  })

  test('that never calls back ends with the connect timeout', async () => {
    const outcome = await fault(
      transport({ lookup: () => {} }),
      plan('http://name.test/', { timeouts: { connect: 20 } }),
    )
    expect(outcome).toMatchObject({ _tag: 'ConnectTimeout' })
  })

  test('that returns a promise or addresses instead of calling back fails at once', async () => {
    const promises = [async () => [PRIVATE], () => Promise.resolve(PRIVATE), dns.promises.lookup, async () => null]
    const lookups = [...promises, () => PRIVATE, () => [PRIVATE]]
    for (const lookup of lookups) {
      const client = transport({ lookup: untyped(lookup) })
      const failed = await fault(client, plan('http://localhost:1/'))
      expect(failed).toMatchObject({ _tag: 'ConnectFailed', unsent: true })
      expect(failed.message).toContain('lookupFrom')
    }
  })

  test('that calls back later may return a promise of nothing', async () => {
    const server = await always(ok('fine'))
    const lookup: Transport.Lookup = async (_, __, done) => {
      setTimeout(done, 20, null, '127.0.0.1')
    }
    const url = server.url.replace('127.0.0.1', 'name.test')
    expect(await text(transport({ lookup }), plan(url))).toBe('fine')
  })

  const hostile = new Proxy([], {
    get: () => {
      throw new Error('mine')
    },
  })
  test.each([
    [() => async () => undefined],
    [() => async () => E.right('127.0.0.1 ')],
    [() => async () => E.right([5])],
    [() => async () => E.right(null)],
    [() => async () => E.left(undefined)],
    [() => async () => E.right(hostile)],
    [() => async () => Promise.reject(new Error('mine'))],
    [() => undefined],
    [
      () => {
        throw new Error('mine')
      },
    ],
  ])('made from a task that returns something else is a failure: %#', async (resolve) => {
    const client = transport({ lookup: Transport.lookupFrom(untyped(resolve)) })
    expect(await fault(client, plan('http://name.test:1/'))).toMatchObject({ _tag: 'ConnectFailed', unsent: true })
    const other = transport({ lookup: (_, __, done) => done(null, untyped(hostile)), lookupCache: {} })
    expect(await fault(other, plan('http://name.test:1/'))).toMatchObject({ _tag: 'ConnectFailed', unsent: true })
  })

  test('may return one text, texts, a wrong family, and may call back twice', async () => {
    const server = await everywhere()
    const lookups: ReadonlyArray<Transport.Lookup> = [
      (_, __, done) => done(null, PUBLIC, 4),
      (_, __, done) => done(null, [PUBLIC] as unknown as string), // the cast: plain JavaScript
      (_, __, done) => done(null, [{ address: PUBLIC, family: 6 }]),
      (_, __, done) => {
        done(null, PUBLIC)
        done(new Error('again'), [])
      },
    ]
    for (const lookup of lookups) {
      expect(await text(transport({ lookup }), plan(`http://name.test:${server.port}/`))).toBe(PUBLIC)
    }
  })

  test('is used for proxies too', async () => {
    const origin = await web((_, response) => response.end('ok'))
    const between = await proxy()
    const { lookup, asked } = names([PRIVATE])
    const url = between.url.replace('127.0.0.1', 'proxy.test')
    expect(await text(transport({ lookup }), plan(origin.url, { proxy: url }))).toBe('ok')
    expect(asked).toEqual(['proxy.test'])
  })
})

describe('the cache of lookups', () => {
  /** Closes each connection, so that the next request needs a lookup. */
  const closing = async (): Promise<string> => {
    const server = await accept((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n')),
    )
    return `http://name.test:${server.port}/`
  }

  test('keeps what was found for its time, and no failure', async () => {
    const url = await closing()
    const { lookup, asked } = names([], [PRIVATE])
    const client = transport({ lookup, lookupCache: { ttl: 60 } })
    expect(await fault(client, plan(url))).toMatchObject({ _tag: 'ConnectFailed' })
    for (const _ of [1, 2, 3]) await text(client, plan(url))
    expect(asked.length).toBe(2)
    await sleep(80)
    await text(client, plan(url))
    expect(asked.length).toBe(3)
  })

  test('shares one call between simultaneous requests, and checks each of them', async () => {
    const url = await closing()
    const { lookup, asked } = names([PRIVATE])
    const client = transport({ lookup, lookupCache: {} })
    await Promise.all([1, 2, 3].map(() => exchange(client, plan(url))))
    expect(asked).toEqual(['name.test'])
    const guarded = transport({ lookup, lookupCache: {}, addressPolicy: policy })
    const outcomes = await Promise.all([1, 2].map(() => fault(guarded, plan(url))))
    expect(outcomes).toMatchObject([refused([PRIVATE]), refused([PRIVATE])])
  })

  test('with a time of 0 shares only simultaneous lookups', async () => {
    const url = await closing()
    const { lookup, asked } = names([PRIVATE])
    const client = transport({ lookup, lookupCache: { ttl: 0 } })
    for (const _ of [1, 2]) await text(client, plan(url))
    expect(asked.length).toBe(2)
  })

  test('holds at most so many names', async () => {
    const url = await closing()
    const { lookup, asked } = names([PRIVATE])
    const client = transport({ lookup, lookupCache: { maxEntries: 2 } })
    for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) await text(client, plan(url.replace('name', name)))
    expect(asked).toEqual(['a.test', 'b.test', 'c.test', 'b.test'])
  })
})
