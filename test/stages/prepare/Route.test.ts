import { inspect } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Plan from '../../../src/Plan.js'
import * as Environment from '../../../src/session/Environment.js'
import * as Request from '../../../src/session/Request.js'
import * as Session from '../../../src/session/Session.js'
import * as Settings from '../../../src/session/Settings.js'
import * as Route from '../../../src/stages/prepare/Route.js'
import * as Override from '../../../src/values/Override.js'
import * as Proxy from '../../../src/values/Proxy.js'
import * as Secret from '../../../src/values/Secret.js'
import type { ClientCertificate } from '../../../src/wire/Plan.js'
import { untyped } from '../../untyped.js'
import { urlOf } from '../../urlOf.js'

// The route of a request: its proxy, TLS, timeouts and limits.

type Change = (session: Session.Session) => Session.Session

const trusting = Session.withAmbient({ proxies: true, certificates: true })
const routed = (change: Change, url = 'https://h/', environment = Environment.empty) =>
  pipe(
    Request.get(url),
    Plan.plan({ session: change(Session.empty), environment }),
    E.map(({ route }) => route),
  )
const routeOf = (change: Change, url?: string, environment?: Environment.Environment): Plan.Route => {
  const route = routed(change, url, environment)
  return E.isRight(route) ? route.right : expect.fail(route.left.message)
}

describe('the proxy of the settings', () => {
  const chosen = (proxies: Readonly<Record<string, string | null>>, url: string, environment = Environment.empty) =>
    pipe(
      routeOf((session) => pipe(session, Session.withProxy(proxies), trusting), url, environment).proxy,
      O.map(Proxy.show),
      O.toUndefined,
    )
  it.each([
    ['http://h/', 'http://one:80'],
    ['http://i/', 'http://two:80'],
    ['https://h/', 'http://three:80'],
    ['https://i/', 'http://four:80'],
    ['http://[::1]/', 'http://five:80'],
    ['https://[::1]:8443/', 'http://six:80'],
  ])('for %s is looked up in the order of requests: %s', (url, expected) => {
    const proxies = {
      all: 'four',
      'all://h': 'three',
      http: 'two',
      'http://h': 'one',
      'http://::1': 'five',
      'all://::1': 'six',
    }
    expect(chosen(proxies, url)).toBe(expected)
  })
  it('with the value null means a direct connection and ends the lookup', () => {
    const environment = Environment.make({ http_proxy: 'env', https_proxy: 'env' })
    expect(chosen({ http: null, all: 'four' }, 'http://h/', environment)).toBeUndefined()
    expect(chosen({ http: null, all: 'four' }, 'https://h/', environment)).toBe('http://four:80')
    expect(chosen({ http: null }, 'https://h/', environment)).toBe('http://env:80')
  })
  it('with an inherited key is looked up under the next key', () => {
    const proxies = new Map<string, Override.Override<Secret.Secret>>([
      ['http', Override.inherit],
      ['all', Override.set(Secret.make('four'))],
    ])
    const settings = { ...Settings.empty, proxies: Override.extend(proxies) }
    const { proxy } = routeOf((session) => Session.withSettings(settings)(session), 'http://h/')
    expect(pipe(proxy, O.map(Proxy.show))).toEqual(O.some('http://four:80'))
  })
  it('may have a no_proxy that replaces the variable for proxies of the environment', () => {
    const environment = Environment.make({ http_proxy: 'env', no_proxy: 'free' })
    expect(chosen({}, 'http://free/', environment)).toBeUndefined()
    expect(chosen({}, 'http://mine/', environment)).toBe('http://env:80')
    expect(chosen({ no_proxy: 'mine' }, 'http://mine/', environment)).toBeUndefined()
    expect(chosen({ no_proxy: 'mine' }, 'http://free/', environment)).toBe('http://env:80')
    expect(chosen({ no_proxy: null }, 'http://free/', environment)).toBeUndefined()
    expect(chosen({ no_proxy: 'mine', http: 'own' }, 'http://mine/', environment)).toBe('http://own:80')
  })
  it.each([
    ['http://', "'http://'"],
    ['ftp://p', "'ftp'"],
  ])('is rejected if its URL is %s', (proxy, named) => {
    const rejected = { left: { _tag: 'InvalidProxy', message: expect.stringContaining(named) } }
    expect(routed((session) => Session.withProxy(proxy)(session))).toMatchObject(rejected)
    expect(routed(trusting, 'https://h/', Environment.make({ https_proxy: proxy }))).toMatchObject(rejected)
  })
  it('is rejected if its URL is not a string', () => {
    const settings = {
      ...Settings.empty,
      proxies: Override.replace(new Map([['all', Override.set<Secret.Secret>(untyped(Secret.seal(7, 'seven')))]])),
    }
    expect(routed((session) => Session.withSettings(settings)(session))).toMatchObject({
      left: { _tag: 'InvalidProxy' },
    })
  })
  it('is the same object for the same setting', () => {
    const session = Session.withProxy('http://p')(Session.empty)
    const [one, other] = ['https://h/', 'https://i/'].map((url) => routeOf(() => session, url).proxy)
    expect(one).toBe(other)
  })
})

describe('keys of settings that were not made by withProxy', () => {
  const keyed = (...entries: ReadonlyArray<readonly [string, string]>) => ({
    ...Settings.empty,
    proxies: Override.replace(new Map(entries.map(([key, url]) => [key, Override.set(Secret.make(url))] as const))),
  })
  const proxyOf = (settings: Settings.Settings, url: string) =>
    pipe(
      Route.rebuildProxies(settings, { ...Session.empty.ambient, proxies: true }, Environment.empty, urlOf(url)),
      E.map(O.map(Proxy.show)),
    )
  it.each([
    ['HTTP', 'http://h/'],
    ['http_proxy', 'http://h/'],
    ['All://H', 'https://h/'],
    ['http://H:80/', 'http://h/'],
  ])('are read as withProxy reads them: %s', (key, url) => {
    // The other key is normal: that must not decide whether this one is normalised.
    expect(proxyOf(keyed(['ftp', 'http://other'], [key, 'http://p']), url)).toEqual(E.right(O.some('http://p:80')))
    expect(proxyOf(keyed([key, 'http://p'], ['ftp', 'http://other']), url)).toEqual(E.right(O.some('http://p:80')))
  })
  it.each(['htp', 'http://h/path', 'no_proxy://h', ''])('are refused if no URL can match them: %j', (key) => {
    for (const settings of [keyed([key, 'http://p']), keyed(['http', 'http://q'], [key, 'http://p'])]) {
      expect(proxyOf(settings, 'http://h/')).toMatchObject({
        left: { _tag: 'InvalidProxy', message: expect.stringContaining(JSON.stringify(key)) },
      })
    }
  })
  it('may name the scheme of a mounted transport, for its own URLs only', () => {
    expect(proxyOf(keyed(['app', 'http://p']), 'app://h/')).toEqual(E.right(O.some('http://p:80')))
    expect(proxyOf(keyed(['app', 'http://p']), 'http://h/')).toMatchObject({ left: { _tag: 'InvalidProxy' } })
  })
})

describe('Route.decide', () => {
  const variables = Environment.make({ http_proxy: 'http://env', no_proxy: 'free' })
  const decided = (proxies: Readonly<Record<string, string | null>>, url: string) =>
    Route.decide(
      Session.withProxy(proxies)(Session.empty).settings,
      trusting(Session.empty).ambient,
      variables,
      urlOf(url),
    )
  it.each<[Route.ProxySource, string, Readonly<Record<string, string | null>>, string]>([
    ['Setting', 'a proxy', { http: 'http://own' }, 'http://h/'],
    ['Setting', 'a direct connection', { http: null }, 'http://h/'],
    ['Variable', 'a variable', {}, 'http://h/'],
    ['Variable', 'an own no_proxy that does not match', { no_proxy: 'other' }, 'http://free/'],
    ['NoProxy', 'NO_PROXY', {}, 'http://free/'],
    ['OwnNoProxy', 'an own no_proxy', { no_proxy: 'h' }, 'http://h/'],
    ['None', 'nothing', {}, 'https://h/'],
  ])('names the source %s: %s', (source, _, proxies, url) => {
    expect(decided(proxies, url)).toMatchObject({ right: { proxy: source } })
  })
  it('names the source Ignored if the session does not allow the variable', () => {
    const { settings, ambient } = Session.empty
    expect(Route.decide(settings, ambient, variables, urlOf('http://h/'))).toMatchObject({
      right: { proxy: 'Ignored' },
    })
  })

  const { settings, ambient } = Session.withVerify(false)(Session.empty)
  const origins = Array.from({ length: 9 }, (_, i) => `http://h${i}/`)
  const all = (environment: Environment.Environment, urls: ReadonlyArray<string>) =>
    urls.map((url) => Route.decide(settings, ambient, environment, urlOf(url)))
  it('returns the same object for the last eight origins, and keeps no more', () => {
    const environment = Environment.make({})
    const first = all(environment, origins.slice(0, 8))
    const again = all(environment, origins.slice(0, 8))
    for (const [i, decision] of again.entries()) expect(decision).toBe(first[i])
    const [ninth] = all(environment, origins.slice(8))
    const [second, forgotten] = all(environment, [origins[1] ?? '', origins[0] ?? ''])
    expect(second).toBe(first[1])
    expect(forgotten).not.toBe(first[0])
    expect(all(environment, origins.slice(8))[0]).toBe(ninth)
  })
  it.each<[string, Partial<Settings.Settings>]>([
    ['proxies', Session.withProxy('http://other')(Session.empty).settings],
    ['TLS', { verify: Override.set(true) }],
    ['timeouts', Session.withTimeouts({ read: 7 })(Session.empty).settings],
    ['limits', Session.withLimits({ body: 7 })(Session.empty).settings],
  ])('decides again if the %s differ', (_, change) => {
    const environment = Environment.make({})
    const url = urlOf('http://h/')
    const one = Route.decide(settings, ambient, environment, url)
    const changed = { ...settings, ...change }
    expect(Route.decide(changed, ambient, environment, url)).not.toEqual(one)
    expect(Route.decide(changed, ambient, environment, url)).toEqual(
      Route.decide(changed, ambient, Environment.make({}), url),
    )
    expect(Route.decide({ ...settings, headers: new Map() }, ambient, environment, url)).toBe(one)
  })
  it.each(['https://h/', 'http://h:81/', 'http://i/'])('decides again for another origin: %s', (other) => {
    const environment = Environment.make({})
    const one = Route.decide(settings, ambient, environment, urlOf('http://h/'))
    expect(Route.decide(settings, ambient, environment, urlOf(other))).not.toBe(one)
    expect(Route.decide(settings, ambient, environment, urlOf('http://h/path?q=1'))).toBe(one)
  })
})

describe('selectProxy', () => {
  it('returns Inherit if no key matches', () => {
    const target = urlOf('http://h/')
    expect(Route.selectProxy(Settings.empty, target)).toEqual({ _tag: 'Inherit' })
    const { settings } = Session.withProxy({ https: 'p', 'http://other': 'p', no_proxy: 'x' })(Session.empty)
    expect(Route.selectProxy(settings, target)).toEqual({ _tag: 'Inherit' })
  })
})

describe('TLS', () => {
  const tlsOf = (change: Change, environment?: Environment.Environment) =>
    routeOf(change, 'https://h/', environment).tls
  const standard = { verify: true, ca: O.none, certificate: O.none }
  const certificate = { cert: 'cert.pem' }
  const ambient = Environment.make({ REQUESTS_CA_BUNDLE: '/ambient.pem' })
  const unset: Change = (session) => Session.withSettings({ ...Settings.empty, ca: Override.unset })(session)

  it.each<[string, Change, object, Environment.Environment?]>([
    ['no settings', (session) => session, standard],
    ['verify off', (session) => Session.withVerify(false)(session), { ...standard, verify: false }],
    ['verify on', (session) => Session.withVerify(true)(session), standard],
    ['a CA', (session) => Session.withCa('/own.pem')(session), { ...standard, ca: O.some('/own.pem') }],
    [
      'a client certificate',
      (session) => Session.withClientCertificate(certificate)(session),
      { ...standard, certificate: O.some(certificate) },
    ],
    ['a CA variable that the session trusts', trusting, { ...standard, ca: O.some('/ambient.pem') }, ambient],
    ['a CA variable that the session does not trust', (session) => session, standard, ambient],
    [
      'a CA and a CA variable',
      (session) => pipe(session, trusting, Session.withCa('/own.pem')),
      { ...standard, ca: O.some('/own.pem') },
      ambient,
    ],
    ['an unset CA and a CA variable', (session) => unset(trusting(session)), standard, ambient],
    [
      'all settings',
      (session) => pipe(session, trusting, Session.withVerify(false), Session.withClientCertificate(certificate)),
      { verify: false, ca: O.some('/ambient.pem'), certificate: O.some(certificate) },
      ambient,
    ],
  ])('is configured by %s', (_, change, expected, environment) => {
    expect(tlsOf(change, environment)).toEqual(expected)
  })

  const bytes = Buffer.from('-----BEGIN PRIVATE KEY-----')
  it.each<[string, unknown, string]>([
    ['no value', undefined, 'certificate'],
    ['null', null, 'certificate'],
    ['a text', 'me.pem', 'certificate'],
    ['nothing', {}, 'certificate'],
    ['a key alone', { key: 'me.key' }, 'certificate'],
    ['bytes as cert', { cert: bytes, key: 'me.key' }, 'certificate'],
    ['bytes as key', { cert: 'me.pem', key: bytes }, 'certificate'],
    ['secret bytes as key', { cert: 'me.pem', key: Secret.bytes(bytes) }, 'certificate'],
    ['a number as passphrase', { cert: 'me.pem', passphrase: 5 }, 'certificate'],
    ['a record as pfx', { pfx: {} }, 'certificate'],
    ['no CA', undefined, 'ca'],
    ['null as CA', null, 'ca'],
    ['bytes as CA', bytes, 'ca'],
    ['a list as CA', ['ca.pem'], 'ca'],
  ])('of a wrong type is an invalid setting: %s', (_, value, setting) => {
    const change = setting === 'ca' ? Session.withCa(untyped(value)) : Session.withClientCertificate(untyped(value))
    const session = change(Session.empty)
    const planned = Plan.plan({ session })(Request.get('https://h.test/'))
    expect(planned).toMatchObject({ left: { _tag: 'InvalidSettings', setting } })
    expect([inspect(session, { depth: null }), JSON.stringify(planned), JSON.stringify(session)].join()).not.toContain(
      'PRIVATE',
    )
  })
  it.each<[string, ClientCertificate]>([
    ['both', { cert: 'me.pem', key: Secret.make('key'), passphrase: 'x' }],
    ['one file', { cert: 'me.pem' }],
    ['bytes', { pfx: bytes }],
    ['the path of a bundle', { pfx: 'me.p12' }],
    ['secret bytes', { pfx: Secret.bytes(bytes) }],
  ])('has a certificate of %s', (_, given) => {
    expect(O.isSome(tlsOf(Session.withClientCertificate(given)).certificate)).toBe(true)
  })

  const common = pipe(
    trusting(Session.empty),
    Session.withVerify(false),
    Session.withCa('/own.pem'),
    Session.withClientCertificate(certificate),
  )
  const rootless = pipe(trusting(Session.empty), Session.withVerify(false))
  it('is the same object for equal settings and differs if one of them changes', () => {
    const tls = tlsOf(() => common)
    expect(tlsOf(() => common)).toBe(tls)
    expect(tlsOf(() => Session.withVerify(true)(common))).toEqual({ ...tls, verify: true })
    expect(tlsOf(() => common)).toEqual(tls)
    expect(tlsOf(() => Session.withCa('/other.pem')(common))).toEqual({ ...tls, ca: O.some('/other.pem') })
    expect(tlsOf(() => common)).toEqual(tls)
    expect(tlsOf(() => Session.withClientCertificate({ cert: 'other.pem' })(common))).toEqual({
      ...tls,
      certificate: O.some({ cert: 'other.pem' }),
    })
  })
  it('is the same object for empty settings, whatever is planned in between', () => {
    const tls = tlsOf((session) => session)
    expect(tlsOf(() => common)).not.toEqual(tls)
    expect(tlsOf((session) => session)).toBe(tls)
  })
  it('changes with the environment if the settings stay the same', () => {
    const cas = [ambient, Environment.make({ REQUESTS_CA_BUNDLE: '/other.pem' }), Environment.empty].map(
      (environment) => tlsOf(() => rootless, environment).ca,
    )
    expect(cas).toEqual([O.some('/ambient.pem'), O.some('/other.pem'), O.none])
  })
})

describe('timeouts', () => {
  const timeouts = (change: Change) =>
    pipe(
      routed(change),
      E.map((route) => ({ ...route.timeouts })),
    )
  it.each([0.5, 1, 2 ** 31 - 1])('may be %d ms', (read) => {
    expect(timeouts((session) => Session.withTimeouts({ read })(session))).toEqual(E.right({ read }))
  })
  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31 - 0.5, 2 ** 31])('must not be %d ms', (read) => {
    expect(timeouts((session) => Session.withTimeouts({ connect: 1, read })(session))).toMatchObject({
      left: { _tag: 'InvalidSettings', setting: 'timeouts', message: expect.stringContaining(`read is ${read};`) },
    })
  })
  it('must be numbers, not numeric strings', () => {
    // Cast because JavaScript callers may pass a string.
    expect(timeouts((session) => Session.withTimeouts({ read: '5' as never })(session))).toMatchObject({
      left: { _tag: 'InvalidSettings', setting: 'timeouts' },
    })
  })
  it('are empty by default and after withoutTimeouts', () => {
    expect(timeouts((session) => session)).toEqual(E.right({}))
    expect(timeouts((session) => pipe(session, Session.withTimeouts({ total: 5 }), Session.withoutTimeouts))).toEqual(
      E.right({}),
    )
  })
})

describe('the body limit', () => {
  const limits = (change: Change) =>
    pipe(
      routed(change),
      E.map((route) => route.limits),
    )
  it('is 256 MiB by default', () => {
    expect(limits((session) => session)).toEqual(E.right({ body: 268_435_456 }))
    const unset = Session.withSettings({ ...Settings.empty, limits: new Map([['body', Override.unset]]) })
    expect(limits((session) => unset(session))).toEqual(E.right({ body: 268_435_456 }))
    const other = Session.withSettings({ ...Settings.empty, limits: new Map([['other', Override.set(1)]]) })
    expect(limits((session) => other(session))).toEqual(E.right({ body: 268_435_456 }))
  })
  it.each([0, 1, Number.POSITIVE_INFINITY])('may be %d octets', (body) => {
    expect(limits((session) => Session.withLimits({ body })(session))).toEqual(E.right({ body }))
  })
  it.each([-1, -0.5, Number.NaN])('must not be %d octets', (body) => {
    expect(limits((session) => Session.withLimits({ body })(session))).toMatchObject({
      left: { _tag: 'InvalidSettings', setting: 'limits', message: expect.stringContaining(`body is ${body};`) },
    })
  })
  it('must be a number, not a numeric string', () => {
    // Cast because JavaScript callers may pass a string.
    expect(limits((session) => Session.withLimits({ body: '5' as never })(session))).toMatchObject({
      left: { _tag: 'InvalidSettings', setting: 'limits' },
    })
  })
})
