/** A `URL` object in every place that takes a URL, and objects that only look like one. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Plan from '../../src/Plan.js'
import * as Request from '../../src/Request.js'
import * as Mount from '../../src/session/Mount.js'
import * as Session from '../../src/session/Session.js'
import { memory } from '../../src/transport/Memory.js'
import * as Proxy_ from '../../src/values/Proxy.js'
import * as Secret from '../../src/values/Secret.js'
import * as Url from '../../src/values/Url.js'
import { untyped } from '../untyped.js'

const CONSTRUCTORS = [
  ['get', Request.get],
  ['options', Request.options],
  ['head', Request.head],
  ['post', Request.post],
  ['put', Request.put],
  ['patch', Request.patch],
  ['del', Request.del],
  ['make', (url: string | URL) => Request.make('PURGE', url)],
] as const

const plan = (request: Request.Request, session = Session.empty) => Plan.plan({ session })(request)
const planned = (request: Request.Request, session = Session.empty): Plan.Plan => {
  const made = plan(request, session)
  if (E.isLeft(made)) throw new Error(made.left.message)
  return made.right
}

const lying = Object.defineProperty(new URL('http://h.test/'), 'href', { value: 7 })

/** Objects that are not a `URL`, of which some fail in every use. */
const FOREIGN: ReadonlyArray<readonly [string, unknown]> = [
  ['an object with the prototype of URL', Object.create(URL.prototype)],
  ['an object without a prototype', Object.create(null)],
  ['a proxy of a URL', new Proxy(new URL('http://h.test/'), {})],
  [
    'a proxy that throws',
    new Proxy(new URL('http://h.test/'), {
      get: () => {
        throw new Error('get')
      },
      getPrototypeOf: () => {
        throw new Error('getPrototypeOf')
      },
    }),
  ],
  ['a URL with an href that is not a string', lying],
  ['a record with an href', { href: 'http://h.test/' }],
  ['a number', 7],
  ['null', null],
  ['undefined', undefined],
]

describe('a URL object', () => {
  it.each(CONSTRUCTORS)('is planned by Request.%s as its text is', (_, make) => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (text) => {
        const url = new URL(text)
        expect(make(url)).toEqual(make(url.href))
        expect(planned(make(url)).url).toEqual(planned(make(url.href)).url)
      }),
      { numRuns: 25 },
    )
  })
  it('does not change a request that was made with it, when it is changed', () => {
    const url = new URL('http://h.test/a')
    const request = Request.get(url)
    url.pathname = '/b'
    expect(request.url).toBe('http://h.test/a')
  })
  it('is a base URL, whose credentials are secret', () => {
    const base = new URL('http://user:hunter2@h.test/v1')
    const session = Session.withBaseUrl(base)(Session.empty)
    expect(Secret.is(untyped<{ value: unknown }>(session.settings.baseUrl).value)).toBe(true)
    expect(planned(Request.get('a'), session).url.href).toBe('http://h.test/v1/a')
  })
  it('is a proxy, alone and by key', () => {
    const shown = (proxy: Parameters<typeof Session.withProxy>[0]) =>
      pipe(
        planned(Request.get('http://h.test/'), Session.withProxy(proxy)(Session.empty)).route.proxy,
        O.map(Proxy_.show),
      )
    const url = new URL('http://user:p%20w@p.test:3128')
    expect(shown(url)).toEqual(shown(url.href))
    expect(shown({ http: url })).toEqual(shown(url.href))
    expect(shown(new URL('socks5://p.test:1080'))).toEqual(shown('socks5://p.test:1080'))
    expect(O.isSome(shown(url))).toBe(true)
  })
  it('is the prefix of a mount', () => {
    const session = Session.mount(new URL('https://h.test/v1'), memory({}))(Session.empty)
    expect(session.mounts.map(([prefix]) => prefix)).toEqual(['https://h.test/v1'])
    expect(O.isSome(Mount.find(new URL('https://h.test/v1/a'))(session))).toBe(true)
    expect(O.isSome(Mount.find(new URL('https://h.test/v10'))(session))).toBe(false)
  })
  it('is parsed by Url.parse', () => {
    expect(Url.parse(new URL('http://h.test/a?b'))).toEqual(Url.parse('http://h.test/a?b'))
  })
})

describe.each(FOREIGN)('%s', (_, given) => {
  const url = untyped<URL>(given)
  it.each(CONSTRUCTORS)('is an InvalidUrl when a request of Request.%s is planned', (_name, make) => {
    expect(plan(make(url))).toMatchObject({ left: { _tag: 'InvalidUrl' } })
  })
  it('is an InvalidUrl as a base URL and in Url.parse', () => {
    expect(plan(Request.get('/'), Session.withBaseUrl(url)(Session.empty))).toMatchObject({
      left: { _tag: 'InvalidUrl' },
    })
    expect(Url.parse(url)).toMatchObject({ left: { _tag: 'InvalidUrl' } })
  })
  it('is an InvalidProxy as a proxy by key', () => {
    const session = Session.withProxy({ http: url })(Session.empty)
    const isUnset = given === null || given === undefined
    expect(plan(Request.get('http://h.test/'), session)).toMatchObject(
      isUnset ? { _tag: 'Right' } : { left: { _tag: 'InvalidProxy' } },
    )
  })
  it('matches no URL as the prefix of a mount', () => {
    const session = Session.mount(url, memory({}))(Session.empty)
    expect(O.isNone(Mount.find(new URL('http://h.test/'))(session))).toBe(true)
    expect(Session.encode()(session)).toMatchObject({ _tag: 'Left' })
  })
})
