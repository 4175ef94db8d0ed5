import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Secret from '../../src/values/Secret.js'
import * as Url from '../../src/values/Url.js'

const located = (href: string): Url.Located => {
  const parsed = Url.parse(href)
  if (E.isLeft(parsed)) throw new Error(parsed.left.message)
  return parsed.right
}
const url = (href: string): Url.Url => located(href).url
const resolved = (base: string, reference: string) =>
  pipe(
    Url.resolve(url(base))(reference),
    E.map((found) => found.url.href),
  )

describe('ports', () => {
  it('go up to 65535', () => {
    expect(url('http://h:65535/').port).toBe('65535')
    expect(url('http://h:65535/é').port).toBe('65535')
    expect(Url.parse('http://h:65536/')).toMatchObject({ _tag: 'Left' })
    expect(Url.parse('http://h:65536/é')).toMatchObject({ _tag: 'Left' })
  })
  it('have a default for http and https, and for nothing else', () => {
    expect(['http:', 'https:', 'ftp:'].map(Url.defaultPort)).toEqual(['80', '443', ''])
  })
  it('stay with what is resolved against them', () => {
    expect(resolved('http://h:8080/a/b', 'c')).toEqual(E.right('http://h:8080/a/c'))
    expect(resolved('http://h:8080/a/b', '/c')).toEqual(E.right('http://h:8080/c'))
    expect(resolved('http://h/a/b', 'c')).toEqual(E.right('http://h/a/c'))
    expect(resolved('http://h:8080/a', '//x/c')).toEqual(E.right('http://x/c'))
  })
})

describe('userinfo', () => {
  const read = (href: string) =>
    pipe(
      located(href).userinfo,
      O.map(({ user, pass }) => [user, pipe(pass, O.map(Secret.reveal), O.toUndefined)]),
      O.toUndefined,
    )
  it.each([
    ['http://user@h/', ['user', undefined]],
    ['http://user:@h/', ['user', '']],
    ['http://user:p:w@h/', ['user', 'p:w']],
    ['http://:pass@h/', ['', 'pass']],
    ['http://u%40s:p%2Fw@h/', ['u@s', 'p/w']],
    ['http://50%:p%@h/', ['50%', 'p%']],
  ])('of %s', (href, expected) => {
    expect(read(href)).toEqual(expected)
    expect(url(href).href).toBe('http://h/')
  })
})

describe('comparisons', () => {
  it('of URLs are those of their text', () => {
    expect(Url.Eq.equals(url('http://h/a'), url('http://h/a'))).toBe(true)
    expect(Url.Eq.equals(url('http://h/a'), url('http://h/a#f'))).toBe(false)
  })
  it('of origins never find two that are opaque the same', () => {
    expect(Url.sameOrigin(url('http://h/a'), url('http://h:80/b'))).toBe(true)
    expect(Url.sameOrigin(url('http://h/'), url('https://h/'))).toBe(false)
    expect(Url.sameOrigin(url('app://h/'), url('app://h/'))).toBe(false)
  })
})

describe('parts that are put on', () => {
  it('a query behind what is there, and none where there is none', () => {
    const appended = (href: string, query: string) => Url.appendQuery(query)(url(href)).href
    expect(appended('http://h/', 'a=1')).toBe('http://h/?a=1')
    expect(appended('http://h/?a=1', 'b=2')).toBe('http://h/?a=1&b=2')
    expect(appended('http://h/?a=1', '')).toBe('http://h/?a=1')
    expect(appended('http://h/', '')).toBe('http://h/')
  })
  it('a fragment in the place of another', () => {
    expect(Url.withHash('#b')(url('http://h/#a')).href).toBe('http://h/#b')
    expect(Url.withHash('')(url('http://h/#a')).href).toBe('http://h/')
  })
})

describe('hosts', () => {
  it.each([
    'http://',
    'http:///a',
    'http://:80/',
    'http://*.h/',
    'http://.h/',
    'http://a b/',
    'http://a^b/',
    'http://[::g]/',
  ])('%s has none that can be sent to', (href) => {
    expect(Url.parse(href)).toMatchObject({ _tag: 'Left' })
  })
})
