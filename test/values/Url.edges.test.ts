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

describe('Url ports', () => {
  it('accepts a port up to 65535', () => {
    expect(url('http://h:65535/').port).toBe('65535')
    expect(url('http://h:65535/é').port).toBe('65535')
    expect(Url.parse('http://h:65536/')).toMatchObject({ _tag: 'Left' })
    expect(Url.parse('http://h:65536/é')).toMatchObject({ _tag: 'Left' })
  })
  it('has a default port for http and https only', () => {
    expect(['http:', 'https:', 'ftp:'].map(Url.defaultPort)).toEqual(['80', '443', ''])
  })
  it('keeps the port of the base when it resolves a reference', () => {
    expect(resolved('http://h:8080/a/b', 'c')).toEqual(E.right('http://h:8080/a/c'))
    expect(resolved('http://h:8080/a/b', '/c')).toEqual(E.right('http://h:8080/c'))
    expect(resolved('http://h/a/b', 'c')).toEqual(E.right('http://h/a/c'))
    expect(resolved('http://h:8080/a', '//x/c')).toEqual(E.right('http://x/c'))
  })
})

describe('Url userinfo', () => {
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
  ])('decodes the userinfo of %s and removes it from href', (href, expected) => {
    expect(read(href)).toEqual(expected)
    expect(url(href).href).toBe('http://h/')
  })
})

describe('comparing URLs', () => {
  it('compares URLs by their text', () => {
    expect(Url.Eq.equals(url('http://h/a'), url('http://h/a'))).toBe(true)
    expect(Url.Eq.equals(url('http://h/a'), url('http://h/a#f'))).toBe(false)
  })
  it('never finds two opaque origins equal', () => {
    expect(Url.sameOrigin(url('http://h/a'), url('http://h:80/b'))).toBe(true)
    expect(Url.sameOrigin(url('http://h/'), url('https://h/'))).toBe(false)
    expect(Url.sameOrigin(url('app://h/'), url('app://h/'))).toBe(false)
  })
})

describe('changing the end of a URL', () => {
  it('appends a query, and nothing if it is empty', () => {
    const appended = (href: string, query: string) => Url.appendQuery(query)(url(href)).href
    expect(appended('http://h/', 'a=1')).toBe('http://h/?a=1')
    expect(appended('http://h/?a=1', 'b=2')).toBe('http://h/?a=1&b=2')
    expect(appended('http://h/?a=1', '')).toBe('http://h/?a=1')
    expect(appended('http://h/', '')).toBe('http://h/')
  })
  it('replaces the fragment', () => {
    expect(Url.withHash('#b')(url('http://h/#a')).href).toBe('http://h/#b')
    expect(Url.withHash('')(url('http://h/#a')).href).toBe('http://h/')
  })
})

describe('Url hosts', () => {
  it.each([
    'http://',
    'http:///a',
    'http://:80/',
    'http://*.h/',
    'http://.h/',
    'http://a b/',
    'http://a^b/',
    'http://[::g]/',
  ])('refuses %s, which has no valid host', (href) => {
    expect(Url.parse(href)).toMatchObject({ _tag: 'Left' })
  })
  // Node 26 accepts them.
  it.each(['http://xn--/', 'http://xn--a.de/'])(
    'refuses the invalid Punycode of %s, if the URL of the runtime does',
    (href) => {
      expect(E.isRight(Url.parse(href))).toBe(globalThis.URL.canParse(href))
    },
  )
})

describe('Url errors', () => {
  const error = (given: string) => {
    const parsed = Url.parse(given)
    return E.isLeft(parsed) ? parsed.left : parsed.right.url.href
  }
  it.each([
    ['http:x', 'http:x', 'no host'],
    ['http://', 'http://', 'no host'],
    ['http://:80/', 'http://:80/', 'no host'],
    ['http://h/\ud800', 'http://h/\ud800', 'surrogate'],
    ['http://h\\@evil.test/', 'http://‹secret›@evil.test/', 'backslash'],
    ['http://h:1:2/', 'http://h:1:2/', 'host and port'],
    ['http://[::1/', 'http://[::1/', 'host and port'],
    ['http://h:065536/', 'http://h:065536/', 'port 65536'],
    ['http://u:p@a b/', 'http://‹secret›@a b/', "'a b' is not a host name"],
    ['http://*.H/', 'http://*.H/', "'*.H' is not a host name"],
  ])('refuses %j, shown as %j, and names the problem: %s', (given, url, problem) => {
    const message = expect.stringMatching(problem.replace('*.', '\\*\\.'))
    expect(error(given)).toEqual({ _tag: 'InvalidUrl', url, message })
  })
  it.each([
    ['h.test/x', 'h.test/x'],
    ['/@scope/x', '/@scope/x'],
    ['//u@h', '//‹secret›@h'],
    ['', ''],
  ])('reports that %j has no scheme, shown as %j', (given, url) => {
    expect(error(given)).toMatchObject({
      _tag: 'MissingScheme',
      url,
      message: expect.stringContaining(
        url.startsWith('//') ? `https:${url}?` : url.startsWith('/') ? 'base URL' : `https://${url}?`,
      ),
    })
  })
  it('refuses a value that is not a string', () => {
    // The cast: plain JavaScript can pass anything.
    const left = { _tag: 'InvalidUrl', url: 'number', message: expect.stringContaining('string') }
    expect(Url.parse(7 as unknown as string)).toEqual(E.left(left))
  })
})

describe('Url.masked', () => {
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
    ['u:p@h//x', '‹secret›@h//x'],
    ['u:p//w@h', '‹secret›@h'],
    ['http://@h', 'http://‹secret›@h'],
    ['@h', '‹secret›@h'],
  ])('shows %j as %j', (text, shown) => expect(Url.masked(text)).toBe(shown))

  it.each([
    'http://h/x',
    'http://h:80/x@y',
    'http://h:/x@y',
    'http://h:80?x@y',
    'http://h:80#x@y',
    'http://h:80',
    'http://h?x:y@z',
    'http:/h:80/x@y',
    'http://h/x\n@y',
    'h:80/x@y',
    '/@scope/x',
    '/a:b@c',
    'a/b@c',
    '?a:b@c',
    '',
  ])('leaves %j as it is, which has no password', (text) => expect(Url.masked(text)).toBe(text))
})

describe('Url.removeDotSegments', () => {
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
  ])('turns %j into %j', (path, left) => expect(Url.removeDotSegments(path)).toBe(left))
})

describe('Url.quoteQuery', () => {
  it.each([
    ['%2f%7e', '%2F~'],
    ['%2f%7e%zz', '%252F%257E%25zz'],
    ['%', '%25'],
    ['a b%41', 'a%20bA'],
    ['[x]?/', '%5Bx%5D?/'],
  ])('quotes %j as %j, once and for all', (text, quoted) => {
    expect(Url.quoteQuery(text)).toBe(quoted)
    expect(Url.quoteQuery(quoted)).toBe(quoted)
  })
})

describe('a URL of another scheme', () => {
  it('has a path and is quoted if the scheme begins with http', () => {
    expect(url('HTTP+Unix://A%2fb').href).toBe('http+unix://A%2fb/')
    expect(url('httpx://h/a/../b c').href).toBe('httpx://h/a/../b%20c')
  })
  it('keeps the case of escapes in http+unix, as requests does', () => {
    expect(url('http+unix://%2frun%2Fs/%2f%41?a=%2f').href).toBe('http+unix://%2frun%2Fs/%2fA?a=%2f')
    expect(url('http+unix://h/%2f%zz').href).toBe('http+unix://h/%252f%25zz')
  })
  it('stays opaque when a query is appended', () => {
    for (const href of ['mailto:me@h', 'app://h:1/p?x=y', 'ftp://me@h/x']) {
      const more = Url.appendQuery('a=1')(url(href))
      expect([more.href, more.origin]).toEqual([`${href}${href.includes('?') ? '&' : '?'}a=1`, 'null'])
    }
  })
  it('keeps its user when its query or fragment is changed', () => {
    const given = url('ftp://me@h/x?a=1#b')
    expect(Url.appendQuery('c=2')(given).href).toBe('ftp://me@h/x?a=1&c=2#b')
    expect(Url.withHash('')(given).href).toBe('ftp://me@h/x?a=1')
  })
})

describe('the authority of another scheme', () => {
  it('has a lower-case host, and href stays as it is written', () => {
    const { protocol, hostname, port, href } = url('APP://Host:8/Path')
    expect([protocol, hostname, port, href]).toEqual(['app:', 'host', '8', 'APP://Host:8/Path'])
  })
  it('returns a user with a password as userinfo, and removes both from href', () => {
    const { url: found, userinfo } = located('app://me:hunter2@h/x?y#z')
    expect([found.href, found.hostname, found.origin]).toEqual(['app://h/x?y#z', 'h', 'null'])
    expect(
      pipe(
        userinfo,
        O.map(({ user, pass }) => [user, O.map(Secret.reveal)(pass)]),
      ),
    ).toEqual(O.some(['me', O.some('hunter2')]))
  })
  it('keeps a user without a password in href', () => {
    const { url: found, userinfo } = located('app://me@h/')
    expect([found.href, found.hostname, userinfo]).toEqual(['app://me@h/', 'h', O.none])
  })
  it('is optional', () => {
    const { hostname, port, pathname, search, hash } = url('app:x')
    expect([hostname, port, pathname, search, hash]).toEqual(['', '', 'x', '', ''])
  })
  it('does not quote a URL whose host is called http', () => {
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
  ])('gives %s the origin %s and the href %s', (href, origin, written) => {
    expect([url(href).origin, url(href).href]).toEqual([origin, written])
  })
  it('makes the target from path and query, without the fragment', () => {
    expect(Url.target(url('http://h/a?b=1#c'))).toBe('/a?b=1')
  })
  it('tells an empty user from a missing one', () => {
    expect(
      pipe(
        located('http://@h/').userinfo,
        O.map(({ user }) => user),
      ),
    ).toEqual(O.some(''))
    expect(located('http://h/').userinfo).toEqual(O.none)
  })
  it('resolves a reference that repeats the scheme of its base, in upper or lower case', () => {
    expect(resolved('http+unix://h/a/b', 'http+unix:c')).toEqual(E.right('http+unix://h/a/c'))
    expect(resolved('http://h/a/b', 'HTTP:c')).toEqual(E.right('http://h/a/c'))
  })
  it.each([
    ['app://h/a', 'b', 'app://h/b'],
    ['app://h:1/a', '/b', 'app://h:1/b'],
    ['app:/a/b', 'c', 'app:/a/c'],
    ['app:/a', '#b c', 'app:/a#b c'],
    ['app:/a', '#', 'app:/a'],
    ['http://h/a#b', '', 'http://h/a'],
    ['http://h/a', '#b c', 'http://h/a#b%20c'],
    ['http+unix://h/a', '#b c', 'http+unix://h/a#b%20c'],
  ])('resolves, from %s, %j to %s', (base, reference, expected) => {
    expect(resolved(base, reference)).toEqual(E.right(expected))
  })
  it('refuses a fragment with a lone surrogate', () => {
    const left = { _tag: 'InvalidUrl', url: '#\ud800', message: expect.stringContaining('surrogate') }
    expect(resolved('http://h/', '#\ud800')).toEqual(E.left(left))
  })
})
