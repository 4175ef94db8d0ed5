import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Environments from '../../laws/arbitrary/Environment.js'
import * as FaultInjection from '../../laws/arbitrary/FaultInjection.js'
import * as Place from '../../laws/arbitrary/Place.js'
import * as Plans from '../../laws/arbitrary/Plan.js'
import * as Setting from '../../laws/arbitrary/Settings.js'
import { type Received, textOf } from '../../laws/arbitrary/TokenServers.js'
import * as TokenWebs from '../../laws/arbitrary/TokenWeb.js'
import * as Web from '../../laws/arbitrary/Web.js'
import { model, run } from '../../laws/TokenLaws.js'
import * as Environment from '../../src/session/Environment.js'
import * as Exchange from '../../src/stages/Exchange.js'
import * as Redirect from '../../src/stages/Redirect.js'
import { wire } from '../../src/wire/Plan.js'
import { answer } from '../../src/wire/Reply.js'
import { urlOf } from '../urlOf.js'

/** Returns the counterexample of a property. */
const refuting = <T>(values: fc.Arbitrary<T>, holds: (value: T) => boolean): T | undefined =>
  fc.check(fc.property(values, holds), { numRuns: 3000 }).counterexample?.[0]

describe('hosts, paths and origins', () => {
  it('are all valid URLs', () => {
    fc.assert(fc.property(Place.neighbours, ([from, to]) => URL.canParse(from) && URL.canParse(to)))
  })
  it.each<[string, string, (host: string) => boolean]>([
    ['endsWith without a label boundary', 'xa.test', (host) => host.endsWith('a.test')],
    ['startsWith', 'a.test.evil.test', (host) => host.startsWith('a.test') && host !== 'a.test.'],
  ])('reveal a comparison of hosts by %s', (_, neighbour, isTaken) => {
    const isOurs = (host: string) => /^([^.]+\.)*a\.test$/i.test(host)
    expect(refuting(Place.hostsAround('a.test'), (host) => !isTaken(host) || isOurs(host))).toBe(neighbour)
  })
  it('reveal a comparison that ignores scheme or port', () => {
    const found = refuting(Place.originsAround('https://a.test'), (to) => {
      const [x, y] = [urlOf('https://a.test/'), urlOf(`${to}/`)]
      return x.hostname !== y.hostname || !Redirect.shouldStripAuth(x, y)
    })
    expect(['http://a.test', 'http://a.test:443', 'https://a.test:8443', 'http://a.test:80']).toContain(found)
  })
  it('reveal a comparison of paths by prefix', () => {
    expect(refuting(Place.pathsAround('/a'), (path) => !path.startsWith('/a') || /^\/a(\/|$)/.test(path))).toBe('/ax')
  })
})

describe('environments', () => {
  it('are parsed without an exception, and print no credentials', () => {
    fc.assert(
      fc.property(Environments.environment, Place.host, (environment, hostname) => {
        Environment.proxyFor({ protocol: 'http:', hostname, port: '' })(environment)
        Environment.credentialsFor(hostname)(environment)
        return !JSON.stringify(environment).includes(Web.CANARY)
      }),
    )
  })
  it('reveal a NO_PROXY that compares ends without a label boundary', () => {
    const found = refuting(
      fc.tuple(Environments.noProxyAround('a.test'), Place.hostsAround('a.test')),
      ([list, hostname]) => {
        const asked = Environment.make({ http_proxy: 'http://p.test:1', no_proxy: list })
        const isFree = O.isNone(Environment.proxyFor({ protocol: 'http:', hostname, port: '' })(asked))
        const entries = list.split(',').map((entry) => entry.trim())
        const isFreeByEnd = entries.some((entry) => entry !== '' && hostname.endsWith(entry))
        return isFree || !isFreeByEnd
      },
    )
    expect(found?.[0]).toMatch(/^[^ ,]+$/)
    expect(found?.join().length).toBeLessThan(40)
  })
})

describe('plans', () => {
  it('contain the request that they were made from', () => {
    fc.assert(
      fc.property(Plans.sent, (sent) => {
        const { method, url } = wire(Plans.planAt('http://a.test')(sent))
        return method === sent.method && url.startsWith('http://a.test/')
      }),
    )
  })
  it('have every kind of body, and exist for sessions', () => {
    const kinds = new Set(fc.sample(Plans.sent, 500).map(({ content }) => content._tag))
    expect(kinds).toEqual(new Set(['Empty', 'Bytes', 'Stream', 'Once']))
    expect(fc.sample(Plans.plan, 100)).toHaveLength(100)
  })
})

describe('sessions', () => {
  it('print as the calls that made them', () => {
    expect(refuting(Setting.session, ({ settings }) => settings.maxRedirects._tag !== 'Set')).toSatisfy(
      (found: unknown) => fc.stringify(found) === 'pipe(Session.empty, withMaxRedirects(0))',
    )
  })
})

describe('servers', () => {
  it('redirect, set cookies and send challenges, without state', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(Web.web, (web) => {
        const server = Web.serverOf(web)
        const plan = Plans.planAt(new URL(Web.entryOf(web)).origin)({
          method: 'GET',
          target: '/p0',
          headers: [],
          content: { _tag: 'Empty' },
        })
        const [first, second] = [answer(server)(plan), answer(server)(plan)]
        seen.add(String(first.status))
        for (const name of Object.keys(first.headers ?? {})) seen.add(name)
        return JSON.stringify(first) === JSON.stringify(second)
      }),
      { numRuns: 1000 },
    )
    expect([...seen]).toEqual(
      expect.arrayContaining(['301', '307', '401', '200', 'set-cookie', 'location', 'www-authenticate']),
    )
  })
  it('shrink to one or two pages if one is enough', () => {
    const isQuiet = ({ pages }: Web.Web) => pages.every(({ challenges }) => challenges !== 'always')
    expect(refuting(Web.web, isQuiet)?.pages.length).toBeLessThanOrEqual(2)
  })
  it('have faults by method and path only', () => {
    const at = (origin: string) => urlOf(`${origin}/items`)
    expect(FaultInjection.slotOf({ method: 'GET', url: at('http://a.test') })).toBe(
      FaultInjection.slotOf({ method: 'GET', url: at('https://evil.test') }),
    )
    const slots = ['/', '/a', '/b', '/c', '/d', '/e', '/f', '/items'].map((path) =>
      FaultInjection.slotOf({ method: 'GET', url: urlOf(`http://a.test${path}`) }),
    )
    expect(new Set(slots)).toEqual(new Set([0, 1, 2, 3]))
  })
})

describe('servers of tokens', () => {
  const simulated = (web: TokenWebs.TokenWeb) => run(Exchange.simulate)(web)
  const isSent = (web: TokenWebs.TokenWeb, text: string) =>
    simulated(web).received.some(({ plan }) => textOf(plan).includes(text))

  it.each<[string, (web: TokenWebs.TokenWeb) => boolean]>([
    ['a token that is obtained', (web) => isSent(web, 'CANARY-access-0')],
    ['a token of the jar', (web) => isSent(web, TokenWebs.HELD.access)],
    ['a refresh token', (web) => isSent(web, TokenWebs.HELD.refresh)],
    ['a refresh token that was rotated', (web) => simulated(web).received.some(sendsRotated)],
    ['a rejected token that is renewed', (web) => causes(web).includes('Start Token Authorize')],
    ['a token that expires on a redirect', (web) => causes(web).includes('Start Token Follow')],
    ['a token that is refused', (web) => endOf(web) === 'TokenRefused'],
    ['a token that fails', (web) => endOf(web) === 'TokenFailed'],
    [
      'a redirect that leaves with a token',
      (web) => model(web, simulated(web).received).some(({ isHome: stays, newest }) => !stays && newest !== undefined),
    ],
  ])('lead to %s', (_, happens) => {
    expect(refuting(TokenWebs.tokenWeb, (web) => !happens(web))).toBeDefined()
  })
  it('shrink to servers that fit into a few lines', () => {
    const found = refuting(TokenWebs.tokenWeb, (web) => !isSent(web, 'CANARY-access-0'))
    // A token that expires on a redirect needs a second page, and cannot shrink to one that is obtained at once.
    expect(found?.pages.length).toBeLessThanOrEqual(2)
    expect(fc.stringify(found).length).toBeLessThan(600)
  })
})

const causes = (web: TokenWebs.TokenWeb): string =>
  run(Exchange.simulate)(web)
    .trace.hops.map(({ plan }) => plan.cause)
    .join(' ')
const endOf = (web: TokenWebs.TokenWeb): string => {
  const { outcome } = run(Exchange.simulate)(web).trace
  return E.isLeft(outcome) ? outcome.left._tag : ''
}
const sendsRotated = ({ plan }: Received): boolean => /CANARY-refresh-\d/.test(textOf(plan))
