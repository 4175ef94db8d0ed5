import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import type * as Cookie from '../../src/cookies/Cookie.js'
import * as CookiesTxt from '../../src/cookies/CookiesTxt.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as Secret from '../../src/values/Secret.js'

const NOW = new Date('2026-01-01T00:00:00Z')
const absorbed = (...setCookies: ReadonlyArray<string>) =>
  Jar.absorb(new URL('https://www.example.com/x/'), setCookies, NOW)(Jar.empty)[0]
const written = (jar: Jar.Jar, now = NOW, session = true) => CookiesTxt.write({ now, session })(jar).split('\n')
const HEAD = ['# Netscape HTTP Cookie File', '']

describe('writing', () => {
  it('has one cookie a line with seven fields separated by tabs', () => {
    const jar = absorbed(
      'a=1',
      'b=2; Domain=example.com; Path=/; Secure; HttpOnly; Max-Age=60',
      'c=; Path=/; HttpOnly',
      'd=4; Expires=Fri, 02 Jan 2026 00:00:00 GMT',
    )
    expect(written(jar)).toEqual([
      ...HEAD,
      'www.example.com\tFALSE\t/x\tFALSE\t0\ta\t1',
      '#HttpOnly_.example.com\tTRUE\t/\tTRUE\t1767225660\tb\t2',
      '#HttpOnly_www.example.com\tFALSE\t/\tFALSE\t0\tc\t',
      'www.example.com\tFALSE\t/x\tFALSE\t1767312000\td\t4',
      '',
    ])
    expect(written(Jar.empty)).toEqual([...HEAD, ''])
  })
  it('leaves out expired cookies, and session cookies on request', () => {
    const jar = absorbed('a=1', 'b=2; Max-Age=60', 'c=3; Max-Age=0')
    const namesAt = (seconds: number, session: boolean) =>
      written(jar, new Date(NOW.getTime() + seconds * 1000), session)
        .slice(2, -1)
        .map((line) => line.split('\t')[5])
    expect(namesAt(59, true)).toEqual(['a', 'b'])
    expect(namesAt(60, true)).toEqual(['a'])
    expect(namesAt(59, false)).toEqual(['b'])
    expect(namesAt(60, false)).toEqual([])
  })
  it('rounds the expiry down to seconds', () => {
    const [held] = Jar.records(absorbed('a=1; Max-Age=60'))
    if (held === undefined) return expect.fail('there is one')
    const later: Cookie.Cookie = { ...held, expires: O.some(NOW.getTime() + 1999) }
    expect(written(Jar.withRecords([later])(Jar.empty))[2]).toContain('\t1767225601\t')
  })
  it.each<[string, Partial<Cookie.Cookie>]>([
    ['a tab in the name', { name: 'a\tb' }],
    ['a tab in the value', { value: Secret.make('1\t2') }],
    ['a tab in the path', { path: '/\t' }],
    ['a line end in the value', { value: Secret.make('1\n') }],
    ['a return in the value', { value: Secret.make('\r1') }],
  ])('has no cookie with %s', (_, other) => {
    const [held] = Jar.records(absorbed('a=1'))
    if (held === undefined) return expect.fail('there is one')
    expect(written(Jar.withRecords([{ ...held, ...other }])(Jar.empty))).toEqual([...HEAD, ''])
  })
})

describe('reading', () => {
  const read = (...lines: ReadonlyArray<string>) => CookiesTxt.read(NOW)(lines.join('\n'))
  const only = (line: string): Cookie.Cookie | undefined => {
    const [first] = Jar.records(read(line).jar)
    return first
  }

  it('may expire within a second, to any part of it', () => {
    const expires = only('h.test\tFALSE\t/\tFALSE\t1893456000.125\tn\tv')?.expires
    expect(expires).toEqual(O.some(1893456000125))
  })
  it('is each field', () => {
    const { value, ...rest } = only('#HttpOnly_.example.com\tTRUE\t/a\tTRUE\t1893456000\tn\tv') ?? expect.fail('none')
    expect(Secret.reveal(value)).toBe('v')
    expect(rest).toEqual({
      name: 'n',
      domain: 'example.com',
      hostOnly: false,
      path: '/a',
      secure: true,
      httpOnly: true,
      sameSite: O.none,
      expires: O.some(1_893_456_000_000),
      created: { ms: NOW.getTime(), n: 1 },
      updated: { ms: NOW.getTime(), n: 1 },
      setBy: O.none,
    })
  })
  it.each<[string, Partial<Cookie.Cookie>]>([
    ['example.com\tFALSE\t/\tFALSE\t0\tn\tv', { hostOnly: true, secure: false, httpOnly: false, expires: O.none }],
    ['.example.com\tfalse\t\ttrue\t\tn\tv', { hostOnly: true, path: '/', secure: true, expires: O.none }],
    ['example.com\ttrue\t/\tfalse\t0\tn\tv', { domain: 'example.com', hostOnly: false, secure: false }],
    ['example.com\tTRUE\t/\tFALSE\t1893456000.5\tn\tv', { expires: O.some(1_893_456_000_500) }],
    ['example.com\tTRUE\t/\tFALSE\t.5\tn\tv', { expires: O.some(500) }],
    ['example.com\tTRUE\t/\tFALSE\t0.0\tn\tv', { expires: O.none }],
    ['localhost\tFALSE\t/\tFALSE\t0\tn\tv', { domain: 'localhost', hostOnly: true }],
  ])('of %j', (line, expected) => expect(only(line)).toMatchObject(expected))
  it.each([
    ['example.com\tTRUE\t/\tFALSE\t0\tn\t', ''],
    ['example.com\tTRUE\t/\tFALSE\t0\tn', ''],
    ['example.com\tTRUE\t/\tFALSE\t0\tn\ta b=c', 'a b=c'],
  ])('of %j, with the value %j', (line, value) => expect(Secret.reveal(only(line)?.value ?? 'none')).toBe(value))

  it.each([
    '\tTRUE\t/\tFALSE\t0\tn\tv',
    '.\tTRUE\t/\tFALSE\t0\tn\tv',
    'example.com\tTRUE',
    'example.com\tTRUE\t/\tFALSE\t0',
    'example.com\t\t/\tFALSE\t0\tn\tv',
    'example.com\tTRUE\t/\t\t0\tn\tv',
    'example.com\tTRUE\t/\tYES\t0\tn\tv',
    'example.com\tUNTRUE\t/\tFALSE\t0\tn\tv',
    'example.com\tTRUE\t/\tFALSEHOOD\t0\tn\tv',
    'example.com\tTRUE\t/\tFALSE\tsoon\tn\tv',
    'example.com\tTRUE\t/\tFALSE\t-1\tn\tv',
    'example.com\tTRUE\t/\tFALSE\t1.\tn\tv',
    'example.com\tTRUE\t/\tFALSE\t1.5.5\tn\tv',
    'example.com\tTRUE\t/\tFALSE\t 1\tn\tv',
    'example.com\tTRUE\t/\tFALSE\t0\t\tv',
    'example.com\tTRUE\t/\tFALSE\t0\tn\tv\t',
    'example.com\tTRUE\tx\tFALSE\t0\tn\tv',
    'com\tTRUE\t/\tFALSE\t0\tn\tv',
    '#httponly_example.com',
    ' # a comment that does not begin the line',
  ])('of %j is nothing, or a comment', (line) => {
    const { jar, badLines } = read(HEAD.join('\n'), line, '', '  \t', '# more')
    expect(Jar.records(jar)).toEqual([])
    expect(badLines).toEqual(line.startsWith('#') ? [] : [3])
  })
  it('is the last of two lines for one cookie, and all that stands around a bad one', () => {
    const line = (name: string, value: string) => `example.com\tTRUE\t/\tFALSE\t0\t${name}\t${value}`
    const { jar, badLines } = read(line('a', '1'), 'bad', line('b', '1'), line('a', '2'), 'worse')
    expect(Jar.toArray(jar).map(({ name, value }) => name + Secret.reveal(value))).toEqual(['a2', 'b1'])
    expect(badLines).toEqual([2, 5])
  })
  it('lists the lines of invalid cookies and other invalid lines in order', () => {
    const publicSuffix = 'com\tTRUE\t/\tFALSE\t0\tn\tv'
    const { badLines } = read(publicSuffix, 'bad', '# comment', publicSuffix, 'worse')
    expect(badLines).toEqual([1, 2, 4, 5])
  })
  it('of a file with either end of line', () => {
    const lines = [1, 2].map((i) => `example.com\tTRUE\t/\tFALSE\t0\tn${i}\tv`)
    for (const end of ['\n', '\r\n']) {
      const { jar, badLines } = CookiesTxt.read(NOW)(lines.join(end) + end)
      expect(Jar.toArray(jar).map(({ name, value }) => name + Secret.reveal(value))).toEqual(['n1v', 'n2v'])
      expect(badLines).toEqual([])
    }
  })
})
