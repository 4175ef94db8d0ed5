/** Counterparts of requests' tests for proxies and NO_PROXY. */

import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import { Environment, Http, NoProxy, Plan, Proxy, Request, Response, Secret, Session, Transport } from 'requests-ts'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { always, ok, pkiPath, proxy, secure, web } from '../../transport/servers.js'
import { ambientSession, error, planned, right, tagOf, value } from './setting.js'

/** Returns the proxy of a URL without its credentials, `direct`, or the tag of the error. */
const proxyOf = (url: string, session = ambientSession, variables: Readonly<Record<string, string>> = {}) =>
  pipe(
    planned(Request.get(url), { session, environment: Environment.make(variables) }),
    E.match(
      ({ _tag }) => _tag,
      ({ route }) => (O.isSome(route.proxy) ? Proxy.show(route.proxy.value) : 'direct'),
    ),
  )

describe('NO_PROXY', () => {
  const bypasses = (url: string, noProxy: string) => {
    const { hostname, port } = new URL(url)
    return NoProxy.parse(noProxy)({ hostname, port })
  }
  const LIST = '192.168.0.0/24,127.0.0.1,localhost.localdomain,172.16.1.1,google.com:6000'
  it.each([
    ['http://192.168.0.1:5000/', true],
    ['http://192.168.0.1/', true],
    ['http://172.16.1.1/', true],
    ['http://172.16.1.1:5000/', true],
    ['http://localhost.localdomain:5000/v1.0/', true],
    ['http://google.com:6000/', true],
    ['http://172.16.1.12/', false],
    ['http://172.16.1.12:5000/', false],
    ['http://google.com:5000/v1.0/', false],
    ['http://192.168.1.1/', false],
  ])('[requests:proxies-1] matches hosts, ports and networks of a list (%s: %s)', (url, expected) =>
    expect(bypasses(url, LIST)).toBe(expected),
  )

  it.each([
    ['http://example.com/', 'example.com', true],
    ['http://sub.example.com/', 'example.com', true],
    ['http://notexample.com/', 'example.com', false],
    ['http://example.com.evil.test/', 'example.com', false],
    ['http://prelocalhost/', 'localhost', false],
    ['http://a.localhost/', '.localhost', true],
  ])('[requests:proxies-2] matches a domain only at a label boundary (%s with %s: %s)', (url, list, expected) =>
    expect(bypasses(url, list)).toBe(expected),
  )

  it.each([
    ['192.168.0.0/24', '192.168.0.255', true],
    ['192.168.0.0/24', '192.168.1.0', false],
    ['192.168.1.0/32', '192.168.1.0', true],
    ['192.168.1.0/32', '192.168.1.1', false],
    ['8.8.8.8/a', '8.8.8.8', false],
    ['192.168.1.0/128', '192.168.1.0', false],
    ['192.168.1.0/-1', '192.168.1.0', false],
    ['192.168.1.999/24', '192.168.1.9', false],
    ['8.8.8', '8.8.8.8', false],
    ['8.8.8.8.8', '8.8.8.8', false],
    ['localhost.localdomain', '8.8.8.8', false],
  ])('[requests:proxies-3] matches addresses and CIDR networks (%s with %s: %s)', (entry, host, expected) =>
    expect(NoProxy.parse(entry)({ hostname: host, port: '' })).toBe(expected),
  )

  it('returns a boolean for any text, and still matches if an entry is added', () => {
    const entry = fc.constantFrom('a.test', '.a.test', '*', '10.0.0.0/8', '[::1]', '%', '::/0', 'http://a.test', ' x ')
    fc.assert(
      fc.property(
        fc.array(entry),
        fc.string(),
        fc.constantFrom('a.test', '10.1.1.1', '[::1]', 'b.a.test'),
        (list, more, host) => {
          const origin = { hostname: host, port: '' }
          const alone = list.filter((one) => !/[* ]/.test(one)).join(',')
          expect(typeof NoProxy.parse(more)(origin)).toBe('boolean')
          if (NoProxy.parse(alone)(origin)) expect(NoProxy.parse(`zz.test,${alone}`)(origin)).toBe(true)
        },
      ),
    )
  })
  it("[requests:proxies-4] reads the variable in either case; the session's no_proxy key overrides it", () => {
    const proxies = { http_proxy: 'http://p:1' }
    expect(proxyOf('http://192.168.1.1:5000/', ambientSession, { ...proxies, NO_PROXY: '192.168.1.1' })).toBe('direct')
    expect(proxyOf('http://192.168.1.1:5000/', ambientSession, { ...proxies, no_proxy: '192.168.1.2' })).toBe(
      'http://p:1',
    )
    const own = Session.withProxy({ no_proxy: '192.168.0.0/24,127.0.0.1' })(ambientSession)
    expect(proxyOf('http://192.168.0.1:5000/', own, { ...proxies, no_proxy: '' })).toBe('direct')
    expect(proxyOf('http://192.168.1.1:5000/', own, { ...proxies, no_proxy: '192.168.1.1' })).toBe('http://p:1')
  })
  it('[requests:proxies-5] compares only the host of the URL, without credentials and port', () => {
    expect(proxyOf('http://user:pass@a.test:99/', ambientSession, { http_proxy: 'p:1', no_proxy: 'a.test' })).toBe(
      'direct',
    )
    expect(proxyOf('http://a.test:pass@b.test/', ambientSession, { http_proxy: 'p:1', no_proxy: 'a.test' })).toBe(
      'http://p:1',
    )
  })
})

describe('proxy selection', () => {
  const session = Session.withProxy({
    http: 'http://http.proxy:1',
    'http://some.host': 'http://some.host.proxy:1',
    'all://somehost.com': 'http://all.host.proxy:1',
    all: 'socks5://http.proxy:1',
  })(ambientSession)
  it.each([
    ['http://u:p@some.host/path', 'http://some.host.proxy:1'],
    ['hTTp://u:p@Some.Host/path', 'http://some.host.proxy:1'],
    ['http://u:p@Other.Host/path', 'http://http.proxy:1'],
    ['https://u:p@somehost.com/path', 'http://all.host.proxy:1'],
    ['https://other.com/', 'socks5://http.proxy:1'],
  ])('[requests:proxies-6] selects the most specific key for %s: %s', (url, expected) =>
    expect(proxyOf(url, session)).toBe(expected),
  )

  it.each([
    ['example.com/path', 'http://example.com:80'],
    ['http://example.com:8080', 'http://example.com:8080'],
    ['user:pass@example.com:3128', 'http://\u2039secret\u203a@example.com:3128'],
  ])('[requests:proxies-7] reads %s as %s', (url, expected) =>
    expect(proxyOf('http://h/', Session.withProxy(url)(ambientSession))).toBe(expected),
  )

  it.each(['http:/badproxyurl:3128', 'http://:8080', 'https://', 'http:///example.com:8080', 'ftp://p:1', ''])(
    '[requests:proxies-8] rejects the proxy URL %j with InvalidProxy',
    (url) =>
      expect(tagOf(planned(Request.get('http://h/'), { session: Session.withProxy(url)(ambientSession) }))).toBe(
        'InvalidProxy',
      ),
  )

  it('[requests:proxies-9] uses the environment only if the session sets no proxy and allows it', () => {
    const variables = { http_proxy: 'http://env:1', https_proxy: 'http://envs:1', ALL_PROXY: 'socks5://all:1' }
    expect(['http://h/', 'https://h/'].map((url) => proxyOf(url, ambientSession, variables))).toEqual([
      'http://env:1',
      'http://envs:1',
    ])
    expect(proxyOf('https://h/', ambientSession, { ALL_PROXY: 'socks5://all:1' })).toBe('socks5://all:1')
    expect(proxyOf('http://h/', Session.withProxy({ http: 'http://own:1' })(ambientSession), variables)).toBe(
      'http://own:1',
    )
    expect(proxyOf('http://h/', Session.withoutProxy(ambientSession), variables)).toBe('direct')
    expect(proxyOf('http://h/', Session.withAmbient({ proxies: false })(ambientSession), variables)).toBe('direct')
  })
})

describe('a request through a proxy', () => {
  afterEach(() => vi.unstubAllEnvs())

  it("[requests:proxies-10] uses the environment's proxy for get, send, resume and redirects", async () => {
    const proxyServer = await always('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    for (const name of Object.keys(process.env)) if (/_proxy$/i.test(name)) vi.stubEnv(name, '')
    vi.stubEnv('http_proxy', proxyServer.url)
    const environment = Environment.read()
    const context = { session: ambientSession, environment }
    await value(Http.get('http://example.com/a'), context)
    await value(Http.send(Request.get('http://example.com/b')), context)
    const resumed = pipe(Http.start(Request.get('http://example.com/c')), SRTE.flatMap(Http.resume))
    await value(resumed, context)
    expect(proxyServer.received.join('').match(/^GET \S+/gm)).toEqual(
      ['a', 'b', 'c'].map((path) => `GET http://example.com/${path}`),
    )
    const origin = await web((_, response) => response.writeHead(302, { location: 'http://example.com/d' }).end())
    const first = Environment.make({ http_proxy: proxyServer.url, no_proxy: '127.0.0.1' })
    const response = await value(Http.get(origin.url), { session: ambientSession, environment: first })
    expect([response.url, proxyServer.received.join('')]).toEqual([
      'http://example.com/d',
      expect.stringContaining('/d HTTP/1.1'),
    ])
  })
  it('[requests:proxies-11] omits userinfo and fragment from the request target', async () => {
    const proxyServer = await always(ok())
    const session = Session.withProxy(proxyServer.url)(Session.empty)
    await value(Http.get('http://u:p@example.com/path?q#fragment'), { session })
    expect(proxyServer.received[0]).toMatch(/^GET http:\/\/example\.com\/path\?q HTTP/)
  })
  it.each([
    ['user:pass@', 'user:pass'],
    ['user:@', 'user:'],
    ['user@', 'user:'],
    [':token@', ':token'],
    ['', undefined],
  ])('[requests:proxies-12] derives Proxy-Authorization from the proxy userinfo %j', async (userinfo, pair) => {
    const proxyServer = await always(ok())
    await value(Http.get('http://example.com/'), {
      session: Session.withProxy(`http://${userinfo}${proxyServer.host}`)(Session.empty),
    })
    const found = /^proxy-authorization: (.*)$/im.exec(proxyServer.received[0] ?? '')?.[1]
    expect(found).toBe(pair === undefined ? undefined : `Basic ${Buffer.from(pair).toString('base64')}`)
  })
  it('[requests:proxies-13] never sends Proxy-Authorization to the origin of a tunnel, even after a redirect', async () => {
    const origin = await secure((request, response) => response.end(String(request.headers['proxy-authorization'])))
    const proxyServer = await proxy({ credentials: 'user:pass' })
    const session = pipe(Session.empty, Session.withProxy(proxyServer.url), Session.withCa(pkiPath('ca.pem')))
    expect(Response.text(await value(Http.get(origin.url), { session }))).toBe('undefined')
    const plain = await web((_, response) => response.writeHead(302, { location: origin.url }).end())
    expect(Response.text(await value(Http.get(plain.url), { session }))).toBe('undefined')
    const made = right(planned(Request.get(origin.url), { session }))
    expect(Plan.wire(made).headers).toEqual([])
    const forwarded = right(planned(Request.get('http://h/'), { session }))
    expect(Plan.wire(forwarded).headers.map(([name]) => name)).toEqual(['Proxy-Authorization'])
  })
  it("[requests:proxies-14] sends the user's Proxy-Authorization only to a proxy, and drops it without one", () => {
    const own = Request.withHeader('Proxy-Authorization', 'Bearer mine')(Request.get('http://h/'))
    expect(Plan.wire(right(planned(own))).headers).toEqual([]) // D22
    const made = right(planned(own, { session: Session.withProxy('http://p:1')(Session.empty) }))
    expect(Plan.wire(made).headers).toEqual([['Proxy-Authorization', 'Bearer mine']])
  })
  it('[requests:proxies-15] fails with ProxyFailed if the proxy cannot be reached', async () => {
    const session = Session.withProxy('http://127.0.0.1:1')(Session.empty)
    for (const url of ['http://h.test/', 'https://h.test/']) {
      expect((await error(Http.get(url), { session }))._tag).toBe('ProxyFailed')
    }
  })
  it('[requests:proxies-16] closes proxy connections on close, and can be used again', async () => {
    const proxyServer = await always(ok())
    const transport = Transport.undici()
    const made = right(
      planned(Request.get('http://h.test/'), { session: Session.withProxy(proxyServer.url)(Session.empty) }),
    )
    for (let i = 0; i < 2; i++) {
      const reply = right(await transport(made, {})())
      expect(Buffer.from(right(await reply.body.gather(10)())).toString()).toBe('ok')
      await transport.close?.()
    }
    expect([proxyServer.connections(), Secret.is(Secret.make(''))]).toEqual([2, true])
  })
})
