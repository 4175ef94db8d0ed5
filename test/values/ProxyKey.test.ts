import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as L from '../../src/index.js'
import * as ProxyKey from '../../src/values/ProxyKey.js'

const PROXY = 'http://proxy.test:3128'

const proxyFor = (key: string, url: string) =>
  pipe(
    L.Request.get(url),
    L.Request.withProxy({ [key]: PROXY }),
    L.Plan.plan({ session: L.Session.empty }),
    E.map(({ route }) => O.isSome(route.proxy)),
    E.mapLeft(({ _tag }) => _tag),
  )

describe('the keys of withProxy', () => {
  it.each([
    ['HTTP', 'http://a.test/', true],
    ['Http://A.test', 'http://a.test/', true],
    ['http://a.test/', 'http://a.test/x', true],
    ['http://a.test', 'http://b.test/', false],
    ['http://a.test:8080', 'http://a.test:8080/', true],
    ['http://a.test:8080', 'http://a.test/', false],
    ['https://a.test:443', 'https://a.test/', true],
    ['http://::1', 'http://[::1]/', true],
    ['http://[0:0::1]', 'http://[::1]/', true],
    ['http://straße.test', 'http://xn--strae-oqa.test/', true],
    ['ALL', 'https://a.test/', true],
    ['all://A.test', 'https://a.test/', true],
    ['HTTPS_PROXY', 'https://a.test/', true],
    ['http://', 'http://a.test/', true],
    [' http ', 'http://a.test/', true],
    ['ftp', 'http://a.test/', false],
  ])('uses the proxy of key %j for %s: %s', (key, url, isUsed) => expect(proxyFor(key, url)).toEqual(E.right(isUsed)))
  it.each([
    '',
    'htp',
    'a.test',
    'http://a.test/path',
    'http://a.test?x',
    'http://u:p@a.test',
    'http://*.a.test',
    'http://a b',
  ])('refuses the key %j instead of ignoring it', (key) =>
    expect(proxyFor(key, 'http://a.test/')).toEqual(E.left('InvalidProxy')),
  )
  it('shows no password of a key in an error', () => {
    const made = pipe(
      L.Request.get('http://a.test/'),
      L.Request.withProxy({ 'http://me:hunter2@a.test': null }),
      L.Plan.plan({ session: L.Session.empty }),
    )
    expect(E.isLeft(made) && !made.left.message.includes('hunter2')).toBe(true)
  })
  it('overrides a key of the session that is spelled differently', () => {
    const session = L.Session.withProxy({ HTTP: PROXY })(L.Session.empty)
    const made = pipe(L.Request.get('http://a.test/'), L.Request.withProxy({ http: null }), L.Plan.plan({ session }))
    expect(
      pipe(
        made,
        E.map(({ route }) => O.isNone(route.proxy)),
      ),
    ).toEqual(E.right(true))
  })
  it.each<[string, string | undefined]>([
    ['HTTP:', 'http'],
    ['wss', 'wss'],
    ['ftp_proxy', 'ftp'],
    ['HTTP+Unix', 'http+unix'],
    ['http+unix://A.test', 'http+unix://a.test'],
    ['all://', 'all'],
    ['https://A.test:0443', 'https://a.test:443'],
    ['http://FE80::12', 'http://[fe80::12]'],
    ['http://1:2:3:4:5:6:7:8', 'http://[1:2:3:4:5:6:7:8]'],
    ['http://::ffff:1.2.3.4', 'http://[::ffff:102:304]'],
    ['http://[::1]:80', 'http://[::1]:80'],
    ['http://1:2:3', undefined],
    ['http://fe80::1%eth0', undefined],
    ['http://::1/', undefined],
    [':http', undefined],
    ['http::', undefined],
    ['http_proxy+unix', undefined],
    ['http_proxy_', undefined],
    ['+unix', undefined],
    ['http+ü', undefined],
    ['no_proxy://', undefined],
    ['no://a.test', undefined],
    ['htp://a.test', undefined],
    ['htp://', undefined],
    ['://a.test', undefined],
    ['http://a.test/#x', undefined],
    ['http://me@a.test', undefined],
  ])('normalises %j to %j', (key, normal) => expect(ProxyKey.normalize(key)).toBe(normal))
  it.each(['HTTP://A.test:080/', 'no', 'NO_PROXY', 'all'])(
    'normalises %j to a key that stays the same when normalised again (specification)',
    (key) => {
      const once = ProxyKey.normalize(key)
      expect(once).toBeDefined()
      expect(ProxyKey.normalize(once ?? '')).toBe(once)
    },
  )
})
