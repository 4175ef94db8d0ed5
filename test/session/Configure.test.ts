import { describe, expect, it } from 'vitest'
import * as Plan from '../../src/Plan.js'
import * as RedirectPolicy from '../../src/session/RedirectPolicy.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Settings from '../../src/session/Settings.js'
import * as Override from '../../src/values/Override.js'
import * as Secret from '../../src/values/Secret.js'
import { untyped } from '../untyped.js'

// Which override each function stores, and which values are secret.

const from = (...changes: ReadonlyArray<Settings.Configure>): Settings.Settings =>
  changes.reduce((configurable, change) => change(configurable), { settings: Settings.empty }).settings

/** Overrides as plain data; a secret becomes `secret:` and its text. */
const plain = (value: unknown): unknown => {
  if (Secret.is(value)) return `secret:${Secret.reveal(value)}`
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]))
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}

describe('headers', () => {
  const headers = (...changes: ReadonlyArray<Settings.Configure>) => plain(from(...changes).headers)
  const set = (name: string, ...values: ReadonlyArray<string>) => ({ _tag: 'Set', value: { name, values } })

  it('are keyed by lower-case name and keep their spelling', () => {
    expect(headers(Settings.withHeader('X-A', '1'))).toEqual({ 'x-a': set('X-A', '1') })
  })
  it.each([...Settings.SENSITIVE])('%s is secret in withHeader and withHeaders', (name) => {
    expect(headers(Settings.withHeader(name.toUpperCase(), 'v'))).toEqual({
      [name]: set(name.toUpperCase(), 'secret:v'),
    })
    expect(headers(Settings.withHeaders({ [name]: 'v' }))).toEqual({ [name]: set(name, 'secret:v') })
  })
  it.each([
    ['Headers', new Headers({ Accept: 'a', 'X-B': 'b' })],
    [
      'a Map',
      new Map([
        ['accept', 'a'],
        ['x-b', 'b'],
      ]),
    ],
    [
      'an iterator',
      [
        ['accept', 'a'],
        ['x-b', 'b'],
      ].values(),
    ],
  ])('are read from %s', (_, fields) => {
    const given = untyped<Iterable<readonly [string, string]>>(fields)
    expect(headers(Settings.withHeaders(given))).toEqual({ accept: set('accept', 'a'), 'x-b': set('x-b', 'b') })
  })
  it.each([
    ['a list of numbers', [1]],
    ['a set', new Set([1, 'a'])],
    ['bytes', Buffer.from('hello')],
    ['a symbol as name', new Map([[Symbol('a'), 'b']])],
    ['no pairs', [[], [undefined]]],
  ])('that are not pairs do not throw: %s', (_, given) => {
    for (const change of [Settings.withHeaders, Settings.withQuery]) {
      const session = change(untyped(given))(Session.empty)
      const planned = Plan.plan({ session })(Request.get('http://h.test/'))
      expect(['Left', 'Right']).toContain(planned._tag)
    }
    const form = Request.withForm(untyped(given))(Request.post('http://h.test/'))
    expect(Plan.plan({ session: Session.empty })(form)).toMatchObject({ _tag: 'Right' })
  })
  it.each([null, undefined])('are not set by %s', (fields) => {
    expect(headers(Settings.withHeaders(untyped(fields)))).toEqual({})
  })
  it('keep the same secret for any name', () => {
    const name = 'authorization'
    const secret = Secret.make('v')
    const header = from(Settings.withSecretHeader(name, secret)).headers.get(name)
    expect(header?._tag === 'Set' && header.value.values[0]).toBe(secret)
    expect(headers(Settings.withSecretHeader('X', 'v'))).toEqual({ x: set('X', 'secret:v') })
    expect(headers(Settings.withSecretHeader(name, secret))).toEqual({ [name]: set(name, 'secret:v') })
  })
  it('repeat a name in pairs, and use the last one in a record', () => {
    const pairs = [
      ['A', '1'],
      ['B', '2'],
      ['a', '3'],
    ] as const
    expect(headers(Settings.withHeaders(pairs))).toEqual({ a: set('a', '1', '3'), b: set('B', '2') })
    expect(headers(Settings.withHeaders(Object.fromEntries(pairs)))).toEqual({ a: set('a', '3'), b: set('B', '2') })
  })
  it('are removed by null', () => {
    expect(headers(Settings.withHeaders({ A: '1', a: null }))).toEqual({ a: { _tag: 'Unset' } })
    expect(headers(Settings.withoutHeader('A'))).toEqual({ a: { _tag: 'Unset' } })
    // The cast: plain JavaScript may also pass null in pairs.
    const pairs = [
      ['A', '1'],
      ['A', null as never],
      ['a', '2'],
    ] as const
    expect(headers(Settings.withHeaders(pairs))).toEqual({ a: set('a', '2') })
    expect(headers(Settings.withHeaders(pairs.slice(0, 2)))).toEqual({ a: { _tag: 'Unset' } })
  })
})

describe('query and cookies', () => {
  it('a record extends the query, pairs and text replace it', () => {
    expect(from(Settings.withQuery({ a: 1 })).query).toMatchObject({ value: { _tag: 'Keys' } })
    expect(from(Settings.withQuery([['a', 1]])).query).toMatchObject({ value: { _tag: 'Pairs', pairs: [['a', 1]] } })
    for (const pairs of [
      new URLSearchParams('a=1&b=2&a=3'),
      [
        ['a', '1'],
        ['b', '2'],
        ['a', '3'],
      ].values(),
    ]) {
      const given = untyped<Iterable<readonly [string, string]>>(pairs)
      expect(from(Settings.withQuery(given)).query).toMatchObject({
        value: {
          _tag: 'Pairs',
          pairs: [
            ['a', '1'],
            ['b', '2'],
            ['a', '3'],
          ],
        },
      })
    }
    for (const nothing of [null, undefined]) {
      expect(from(Settings.withQuery(untyped(nothing))).query).toMatchObject({
        value: { _tag: 'Keys', keys: new Map() },
      })
    }
    expect(from(Settings.withQueryText('a b')).query).toEqual(Override.replace({ _tag: 'Text', text: 'a b' }))
  })
  it('a secret parameter extends the query, given as a string or as a secret', () => {
    const query = from(Settings.withSecretQuery('a', '1'), Settings.withSecretQuery('b', Secret.make('2'))).query
    const keys = { a: { _tag: 'Set', value: 'secret:1' }, b: { _tag: 'Set', value: 'secret:2' } }
    expect(plain(query)).toEqual({ _tag: 'Extend', value: { _tag: 'Keys', keys } })
  })
  it('a cookie is secret, given as a string or as a secret', () => {
    const cookies = plain(from(Settings.withCookie('a', '1'), Settings.withCookie('b', Secret.make('2'))).cookies)
    expect(cookies).toEqual({ a: { _tag: 'Set', value: 'secret:1' }, b: { _tag: 'Set', value: 'secret:2' } })
  })
})

describe('base URL and proxies', () => {
  it('a base URL with credentials is secret', () => {
    expect(plain(from(Settings.withBaseUrl('http://u:p@h/')).baseUrl)).toEqual({
      _tag: 'Set',
      value: 'secret:http://u:p@h/',
    })
    expect(from(Settings.withBaseUrl('http://h/')).baseUrl).toEqual(Override.set('http://h/'))
    // The cast: plain JavaScript may pass a value that is not a string.
    expect(from(Settings.withBaseUrl(7 as never)).baseUrl).toEqual(Override.set(7))
  })
  it('a single proxy replaces all proxies', () => {
    expect(plain(from(Settings.withProxy('http://p/')).proxies)).toEqual({
      _tag: 'Replace',
      value: { all: { _tag: 'Set', value: 'secret:http://p/' } },
    })
  })
  it('a record of proxies extends them; null and an empty string disable a proxy', () => {
    expect(plain(from(Settings.withProxy({ http: 'p', https: null, ftp: '' })).proxies)).toEqual({
      _tag: 'Extend',
      value: { http: { _tag: 'Set', value: 'secret:p' }, https: { _tag: 'Unset' }, ftp: { _tag: 'Unset' } },
    })
  })
  it.each<[string, string | null, string, string | undefined]>([
    ['HTTP', 'p', 'http', 'secret:p'],
    ['https://A.test/', 'p', 'https://a.test', 'secret:p'],
    ['a b', 'p', 'a b', 'secret:p'],
    ['all', ' \t', 'all', undefined],
    ['no_proxy', '', 'no_proxy', 'secret:'],
    ['NO_PROXY', 'h', 'no_proxy', 'secret:h'],
    ['no_proxy', null, 'no_proxy', undefined],
    // The cast: planning reports a URL that is not a string.
    ['http', 7 as never, 'http', 'secret:7'],
  ])('the proxy %j: %j is stored as %j: %j', (given, url, key, expected) => {
    const stored = expected === undefined ? { _tag: 'Unset' } : { _tag: 'Set', value: expected }
    expect(plain(from(Settings.withProxy({ [given]: url })).proxies)).toEqual({
      _tag: 'Extend',
      value: { [key]: stored },
    })
  })
  it('withoutProxy disables all proxies', () => {
    expect(plain(from(Settings.withoutProxy).proxies)).toEqual({ _tag: 'Replace', value: { all: { _tag: 'Unset' } } })
  })
})

describe('redirects, hooks and progress', () => {
  const policy = RedirectPolicy.limit(3)
  const hook: Settings.Hook = () => async () => expect.fail('the hook must not run')

  it('withMaxRedirects stores the maximum', () => {
    expect(from(Settings.withMaxRedirects(3)).maxRedirects).toEqual(Override.set(3))
  })
  it('withRedirectPolicy replaces, andRedirectPolicy extends', () => {
    expect(from(Settings.withRedirectPolicy(policy)).redirects).toEqual(Override.replace([policy]))
    expect(from(Settings.andRedirectPolicy(policy)).redirects).toEqual(Override.extend([policy]))
    expect(from(Settings.withoutRedirects).redirects).toEqual(Override.replace([RedirectPolicy.none]))
  })
  it('withHook extends, withHooks replaces', () => {
    expect(from(Settings.withHook(hook)).hooks).toEqual(Override.extend([hook]))
    expect(from(Settings.withHooks([hook])).hooks).toEqual(Override.replace([hook]))
  })
  it('withProgress stores the function', () => {
    const onProgress = () => () => {}
    expect(from(Settings.withProgress(onProgress)).progress).toEqual(Override.set(onProgress))
  })
})
