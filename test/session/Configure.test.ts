import { describe, expect, it } from 'vitest'
import * as RedirectPolicy from '../../src/session/RedirectPolicy.js'
import * as Settings from '../../src/session/Settings.js'
import * as Override from '../../src/values/Override.js'
import * as Secret from '../../src/values/Secret.js'

// What each combinator writes down, in which layer, and what of it is secret.

const from = (...changes: ReadonlyArray<Settings.Configure>): Settings.Settings =>
  changes.reduce((given, change) => change(given), { settings: Settings.empty }).settings

/** Overrides as plain data; a secret as `secret:` and its text. */
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

  it('stand under their names in lower case, as they are written', () => {
    expect(headers(Settings.withHeader('X-A', '1'))).toEqual({ 'x-a': set('X-A', '1') })
  })
  it.each([...Settings.SENSITIVE])('%s is secret, however it is given', (name) => {
    expect(headers(Settings.withHeader(name.toUpperCase(), 'v'))).toEqual({
      [name]: set(name.toUpperCase(), 'secret:v'),
    })
    expect(headers(Settings.withHeaders({ [name]: 'v' }))).toEqual({ [name]: set(name, 'secret:v') })
  })
  it('that are secret already stay so, whatever their name', () => {
    const name = 'authorization'
    const before = Secret.make('v')
    const held = from(Settings.withSecretHeader(name, before)).headers.get(name)
    expect(held?._tag === 'Set' && held.value.values[0]).toBe(before)
    expect(headers(Settings.withSecretHeader('X', 'v'))).toEqual({ x: set('X', 'secret:v') })
    expect(headers(Settings.withSecretHeader(name, before))).toEqual({ [name]: set(name, 'secret:v') })
  })
  it('in pairs may repeat a name, and in a record the last one stands', () => {
    const pairs = [
      ['A', '1'],
      ['B', '2'],
      ['a', '3'],
    ] as const
    expect(headers(Settings.withHeaders(pairs))).toEqual({ a: set('a', '1', '3'), b: set('B', '2') })
    expect(headers(Settings.withHeaders(Object.fromEntries(pairs)))).toEqual({ a: set('a', '3'), b: set('B', '2') })
  })
  it('that are null are taken away', () => {
    expect(headers(Settings.withHeaders({ A: '1', a: null }))).toEqual({ a: { _tag: 'Unset' } })
    expect(headers(Settings.withoutHeader('A'))).toEqual({ a: { _tag: 'Unset' } })
  })
})

describe('query and cookies', () => {
  it('a record adds, pairs and text replace', () => {
    expect(from(Settings.withQuery({ a: 1 })).query).toMatchObject({ value: { _tag: 'Keys' } })
    expect(from(Settings.withQuery([['a', 1]])).query).toMatchObject({ value: { _tag: 'Pairs', pairs: [['a', 1]] } })
    expect(from(Settings.withQueryText('a b')).query).toEqual(Override.replace({ _tag: 'Text', text: 'a b' }))
  })
  it('a cookie is secret, also where it was one already', () => {
    const cookies = plain(from(Settings.withCookie('a', '1'), Settings.withCookie('b', Secret.make('2'))).cookies)
    expect(cookies).toEqual({ a: { _tag: 'Set', value: 'secret:1' }, b: { _tag: 'Set', value: 'secret:2' } })
  })
})

describe('where and how', () => {
  it('a base URL is secret where it holds credentials', () => {
    expect(plain(from(Settings.withBaseUrl('http://u:p@h/')).baseUrl)).toEqual({
      _tag: 'Set',
      value: 'secret:http://u:p@h/',
    })
    expect(from(Settings.withBaseUrl('http://h/')).baseUrl).toEqual(Override.set('http://h/'))
    // The cast: plain JavaScript may give what is no text.
    expect(from(Settings.withBaseUrl(7 as never)).baseUrl).toEqual(Override.set(7))
  })
  it('one proxy is for all URLs, in the place of those that were there', () => {
    expect(plain(from(Settings.withProxy('http://p/')).proxies)).toEqual({
      _tag: 'Replace',
      value: { all: { _tag: 'Set', value: 'secret:http://p/' } },
    })
  })
  it('a record of proxies is laid over the others; null and an empty text say directly', () => {
    expect(plain(from(Settings.withProxy({ http: 'p', https: null, ftp: '' })).proxies)).toEqual({
      _tag: 'Extend',
      value: { http: { _tag: 'Set', value: 'secret:p' }, https: { _tag: 'Unset' }, ftp: { _tag: 'Unset' } },
    })
  })
  it('no proxy is said for all', () => {
    expect(plain(from(Settings.withoutProxy).proxies)).toEqual({ _tag: 'Replace', value: { all: { _tag: 'Unset' } } })
  })
})

describe('redirects, hooks and progress', () => {
  const policy = RedirectPolicy.limit(3)
  const hook: Settings.Hook = () => async () => expect.fail('nobody runs it')

  it('a maximum', () => {
    expect(from(Settings.withMaxRedirects(3)).maxRedirects).toEqual(Override.set(3))
  })
  it('one policy replaces, a further one extends', () => {
    expect(from(Settings.withRedirectPolicy(policy)).redirects).toEqual(Override.replace([policy]))
    expect(from(Settings.andRedirectPolicy(policy)).redirects).toEqual(Override.extend([policy]))
    expect(from(Settings.withoutRedirects).redirects).toEqual(Override.replace([RedirectPolicy.none]))
  })
  it('one hook extends, several replace', () => {
    expect(from(Settings.withHook(hook)).hooks).toEqual(Override.extend([hook]))
    expect(from(Settings.withHooks([hook])).hooks).toEqual(Override.replace([hook]))
  })
  it('a watcher', () => {
    const watch = () => () => {}
    expect(from(Settings.withProgress(watch)).progress).toEqual(Override.set(watch))
  })
})
