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

describe('what is wrong with a URL', () => {
  const error = (given: string) => {
    const parsed = Url.parse(given)
    return E.isLeft(parsed) ? parsed.left : parsed.right.url.href
  }
  it.each([
    ['http:x', 'http:x', 'no host supplied'],
    ['http://', 'http://', 'no host supplied'],
    ['http://:80/', 'http://:80/', 'no host supplied'],
    ['http://h/\ud800', 'http://h/\ud800', 'it holds half of a surrogate pair'],
    [
      'http://h\\@evil.test/',
      'http://‹secret›@evil.test/',
      'a backslash in the authority; write / between host and path',
    ],
    ['http://h:1:2/', 'http://h:1:2/', 'its host and port cannot be read'],
    ['http://[::1/', 'http://[::1/', 'its host and port cannot be read'],
    ['http://h:065536/', 'http://h:065536/', 'the port 65536 is above 65535'],
    ['http://u:p@a b/', 'http://‹secret›@a b/', "'a b' is not a host name"],
    ['http://*.H/', 'http://*.H/', "'*.H' is not a host name"],
  ])('%j is said of %j: %s', (given, url, problem) => {
    expect(error(given)).toEqual({ _tag: 'InvalidUrl', url, message: `Invalid URL '${url}': ${problem}` })
  })
  it.each([
    ['h.test/x', 'h.test/x'],
    ['/@scope/x', '/@scope/x'],
    ['//u@h', '//‹secret›@h'],
    ['', ''],
  ])('%j has no scheme', (given, url) => {
    const message = `Invalid URL '${url}': no scheme supplied. Perhaps you meant https://${url}?`
    expect(error(given)).toEqual({ _tag: 'MissingScheme', url, message })
  })
  it('is that it is no text', () => {
    // The cast: plain JavaScript may give anything.
    expect(Url.parse(7 as unknown as string)).toEqual(
      E.left({ _tag: 'InvalidUrl', url: 'number', message: "Invalid URL 'number': it is not text" }),
    )
  })
})

describe('the text of a URL that may be shown', () => {
  it.each([
    ['http://u:p@h/x', 'http://‹secret›@h/x'],
    ['http://token@h/x@y', 'http://‹secret›@h/x@y'],
    ['http://u:p/w@h', 'http://‹secret›@h'],
    ['http://u:p?w@h', 'http://‹secret›@h'],
    ['http://u:p#w@h', 'http://‹secret›@h'],
    ['http://u:p\n/w@h', 'http://‹secret›@h'],
    ['http://h:80@p/w@h', 'http://‹secret›@h'],
    ['x+1.-Y://u:p/w@h', 'x+1.-Y://‹secret›@h'],
    ['1x://u:p@h', '1x://‹secret›@h'],
    ['é://token@h', 'é://‹secret›@h'],
    ['//u:p@h', '//‹secret›@h'],
    ['//u:p/w@h', '//‹secret›@h'],
    ['//token@h/x', '//‹secret›@h/x'],
    ['http:/u:p@h', 'http:/‹secret›@h'],
    ['http:/token@h', 'http:/‹secret›@h'],
    ['http:///u:p/w@h', 'http:///‹secret›@h'],
    ['http:u@h', '‹secret›@h'],
    ['u:p@h', '‹secret›@h'],
    ['u:p/w@h', '‹secret›@h'],
    ['u@v@h/x', '‹secret›@h/x'],
  ])('%j is %j', (text, shown) => expect(Url.masked(text)).toBe(shown))

  it.each([
    'http://h/x',
    'http://h:80/x@y',
    'http://h:/x@y',
    'http://h:80?x@y',
    'http://h:80#x@y',
    'http://h:80',
    'http://h?x:y@z',
    'http:/h:80/x@y',
    'h:80/x@y',
    '/@scope/x',
    '/a:b@c',
    'a/b@c',
    '?a:b@c',
    '',
  ])('%j holds no password', (text) => expect(Url.masked(text)).toBe(text))
})

describe('dot segments', () => {
  it.each([
    ['', ''],
    ['/', '/'],
    ['a/../b', '/b'],
    ['a/./b', 'a/b'],
    ['../a', 'a'],
    ['./../a', 'a'],
    ['..', ''],
    ['../.', ''],
    ['/..//x', '//x'],
    ['/a/../..//x', '//x'],
    ['/.//..//x', '//x'],
    ['/a//../b', '/a/b'],
    ['/a/b/c/./../../g', '/a/g'],
    ['mid/content=5/../6', 'mid/6'],
    ['a/../../b', '/b'],
    ['a/b/..', 'a/'],
    ['a/b/.', 'a/b/'],
    ['/..', '/'],
    ['/./', '/'],
    ['/a/../..//b/..', '//'],
    ['/a.b/..c/d./...', '/a.b/..c/d./...'],
  ])('of %j leave %j', (path, left) => expect(Url.removeDotSegments(path)).toBe(left))
})

describe('quoting', () => {
  it.each([
    ['%2f%7e', '%2F~'],
    ['%2f%7e%zz', '%252F%257E%25zz'],
    ['%', '%25'],
    ['a b%41', 'a%20bA'],
    ['[x]?/', '%5Bx%5D?/'],
  ])('%j for a query is %j', (text, quoted) => {
    expect(Url.quoteQuery(text)).toBe(quoted)
    expect(Url.quoteQuery(quoted)).toBe(quoted)
  })
})

describe('a scheme that is not our own', () => {
  it('but begins with http has a path, and quotes', () => {
    expect(url('HTTP+Unix://A%2fb').href).toBe('http+unix://A%2fb/')
    expect(url('httpx://h/a/../b c').href).toBe('httpx://h/a/../b%20c')
  })
  it('keeps the case of escapes in http+unix, as requests does', () => {
    expect(url('http+unix://%2frun%2Fs/%2f%41?a=%2f').href).toBe('http+unix://%2frun%2Fs/%2fA?a=%2f')
    expect(url('http+unix://h/%2f%zz').href).toBe('http+unix://h/%252f%25zz')
  })
  it('is opaque, also with a query put on', () => {
    for (const href of ['mailto:me@h', 'app://h:1/p?x=y', 'ftp://me@h/x']) {
      const more = Url.appendQuery('a=1')(url(href))
      expect([more.href, more.origin]).toEqual([`${href}${href.includes('?') ? '&' : '?'}a=1`, 'null'])
    }
  })
  it('keeps its user where its end is changed', () => {
    const given = url('ftp://me@h/x?a=1#b')
    expect(Url.appendQuery('c=2')(given).href).toBe('ftp://me@h/x?a=1&c=2#b')
    expect(Url.withHash('')(given).href).toBe('ftp://me@h/x?a=1')
  })
})

describe('the authority of a foreign scheme', () => {
  it('is lower-cased, and the rest stays as it is written', () => {
    const { protocol, hostname, port, href } = url('APP://Host:8/Path')
    expect([protocol, hostname, port, href]).toEqual(['app:', 'host', '8', 'APP://Host:8/Path'])
  })
  it('loses a user with a password, which is told apart', () => {
    const { url: found, userinfo } = located('app://me:hunter2@h/x?y#z')
    expect([found.href, found.hostname, found.origin]).toEqual(['app://h/x?y#z', 'h', 'null'])
    expect(
      pipe(
        userinfo,
        O.map(({ user, pass }) => [user, O.map(Secret.reveal)(pass)]),
      ),
    ).toEqual(O.some(['me', O.some('hunter2')]))
  })
  it('keeps a user without one', () => {
    const { url: found, userinfo } = located('app://me@h/')
    expect([found.href, found.hostname, userinfo]).toEqual(['app://me@h/', 'h', O.none])
  })
  it('may be missing', () => {
    const { hostname, port, pathname, search, hash } = url('app:x')
    expect([hostname, port, pathname, search, hash]).toEqual(['', '', 'x', '', ''])
  })
  it('is foreign also where http stands further back', () => {
    expect(url('app://http/ b').href).toBe('app://http/ b')
  })
})

describe('origins and targets', () => {
  it.each([
    ['https://h:443/', 'https://h', 'https://h:443/'],
    ['https://h:80/', 'https://h:80', 'https://h:80/'],
    ['http://h:80/', 'http://h', 'http://h:80/'],
    ['http://h:00080/', 'http://h', 'http://h:80/'],
    ['httpx://h:1/', 'httpx://h:1', 'httpx://h:1/'],
    ['httpx://h/', 'httpx://h', 'httpx://h/'],
  ])('%s is of %s, and written %s', (href, origin, written) => {
    expect([url(href).origin, url(href).href]).toEqual([origin, written])
  })
  it('a target is path and query, without the fragment', () => {
    expect(Url.target(url('http://h/a?b=1#c'))).toBe('/a?b=1')
  })
  it('an empty user is one, and none is none', () => {
    expect(
      pipe(
        located('http://@h/').userinfo,
        O.map(({ user }) => user),
      ),
    ).toEqual(O.some(''))
    expect(located('http://h/').userinfo).toEqual(O.none)
  })
  it('a reference may repeat the scheme of its base, in any case', () => {
    expect(resolved('http+unix://h/a/b', 'http+unix:c')).toEqual(E.right('http+unix://h/a/c'))
    expect(resolved('http://h/a/b', 'HTTP:c')).toEqual(E.right('http://h/a/c'))
  })
})
