import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Jar from '../../src/cookies/Jar.js'
import * as SetCookie from '../../src/cookies/SetCookie.js'
import * as Secret from '../../src/values/Secret.js'

const parse = (header: string, nameless = false) => SetCookie.parse({ nameless }, header)

const PLAIN: Omit<SetCookie.SetCookie, 'name' | 'value'> = {
  domain: '',
  path: O.none,
  secure: false,
  httpOnly: false,
  sameSite: O.none,
  maxAge: O.none,
  expires: O.none,
}

/** What a field says beside name and value. */
const attributes = (header: string): unknown => {
  const parsed = parse(header)
  if (E.isLeft(parsed)) return parsed.left._tag
  const { name, value, ...rest } = parsed.right
  return rest
}

const pair = (header: string, nameless = false): unknown => {
  const parsed = parse(header, nameless)
  return E.isLeft(parsed) ? parsed.left._tag : [parsed.right.name, Secret.reveal(parsed.right.value)]
}

describe('name and value', () => {
  it.each([
    ['a=b', ['a', 'b']],
    ['a=b;', ['a', 'b']],
    ['a==b=', ['a', '=b=']],
    [' \ta \t= \tb \t; x', ['a', 'b']],
    ['\u00a0a\u00a0=\u00a0b\u00a0', ['\u00a0a\u00a0', '\u00a0b\u00a0']],
    ['a b=c d', ['a b', 'c d']],
    ['a=', ['a', '']],
    ['secure=1', ['secure', '1']],
    ['a', 'Nameless'],
    ['=', 'Nameless'],
    [' = ', 'Nameless'],
    [';a=b', 'Nameless'],
    ['\na=b', 'Nameless'],
  ])('of %j are %j', (header, expected) => expect(pair(header)).toEqual(expected))
  it.each([
    ['foo', ['', 'foo']],
    ['=foo', ['', 'foo']],
    [' = foo=bar ', ['', 'foo=bar']],
    ['', 'Nameless'],
    ['=', 'Nameless'],
    ['; Path=/', 'Nameless'],
  ])('of %j are %j, where a cookie needs no name', (header, expected) => expect(pair(header, true)).toEqual(expected))

  it('may have 4,096 octets together', () => {
    expect(pair(`a=${'1'.repeat(4095)}`)).toEqual(['a', '1'.repeat(4095)])
    expect(pair(`${'n'.repeat(4095)}=1`)).toEqual(['n'.repeat(4095), '1'])
    expect(pair(`a=${'1'.repeat(4096)}`)).toBe('TooLong')
    expect(pair(`${'n'.repeat(2048)}=${'1'.repeat(2049)}`)).toBe('TooLong')
    expect(pair(`a =  ${'1'.repeat(4095)}  ; Path=/${'x'.repeat(5000)}`)).toEqual(['a', '1'.repeat(4095)])
  })
  it.each([
    ['a=b\rc', ['a', 'b']],
    ['a=b\nc\r', ['a', 'b']],
    ['a=b\0\x01', ['a', 'b']],
    ['a=b; Path=/x\n; Secure', ['a', 'b']],
    ['a=b\x01\n', 'ControlCharacter'],
    ['a=b\x1f', 'ControlCharacter'],
    ['a=b; \x7f', 'ControlCharacter'],
    ['a=b\tc', ['a', 'b\tc']],
  ])('of %j, with a control character, are %j', (header, expected) => expect(pair(header)).toEqual(expected))
  it('end at a line end, and the rest is ignored', () =>
    expect(attributes('a=b; Path=/x\n; Secure')).toEqual({ ...PLAIN, path: O.some('/x') }))
})

describe('attributes', () => {
  const EPOCH = 'Thu, 01 Jan 1970 00:00:00 GMT'

  it.each<[string, Partial<SetCookie.SetCookie>]>([
    ['', {}],
    ['; ', {}],
    ['; Other=1; Secur; X-Secure', {}],
    ['; Secure', { secure: true }],
    [';SECURE=no', { secure: true }],
    ['; HttpOnly', { httpOnly: true }],
    ['; httponly=', { httpOnly: true }],
    ['; \tPath\t=\t/a b\t', { path: O.some('/a b') }],
    ['; Path=/a=b', { path: O.some('/a=b') }],
    ['; Path', {}],
    ['; Path=a/', {}],
    ['; Path=/a; Path=b', {}],
    ['; Domain=Example.COM', { domain: 'example.com' }],
    ['; Domain=.example.com', { domain: 'example.com' }],
    ['; Domain=..example.com', { domain: '.example.com' }],
    ['; Domain=example.com; Domain=', { domain: 'example.com' }],
    ['; Domain', {}],
    ['; Domain=example.com; Domain=.', { domain: 'example.com' }],
    ['; Domain=example.com; Domain=other.test', { domain: 'other.test' }],
    ['; Max-Age=0', { maxAge: O.some(0) }],
    ['; Max-Age=-12', { maxAge: O.some(-12) }],
    ['; Max-Age=007', { maxAge: O.some(7) }],
    [`; Max-Age=${'9'.repeat(400)}`, { maxAge: O.some(Number.POSITIVE_INFINITY) }],
    ['; Max-Age=', {}],
    ['; Max-Age=-', {}],
    ['; Max-Age=+1', {}],
    ['; Max-Age=1.5', {}],
    ['; Max-Age=1s', {}],
    ['; Max-Age=x1', {}],
    ['; Max-Age=1 2', {}],
    ['; Max-Age=5; Max-Age=never', { maxAge: O.some(5) }],
    ['; Max-Age=5; Max-Age=6', { maxAge: O.some(6) }],
    [`; Expires=${EPOCH}`, { expires: O.some(0) }],
    [`; expires=${EPOCH}; Expires=never`, { expires: O.some(0) }],
    ['; Expires=01 Jan 1970 00:00:07', { expires: O.some(7000) }],
    ['; Expires=never', {}],
    ['; Expires', {}],
    ['; SameSite=STRICT', { sameSite: O.some('Strict') }],
    ['; SameSite=lax', { sameSite: O.some('Lax') }],
    ['; samesite=None', { sameSite: O.some('None') }],
    ['; SameSite=Lax; SameSite=other', {}],
    ['; SameSite', {}],
    [
      `; Secure; HttpOnly; Path=/; Domain=h.test; Max-Age=1; Expires=${EPOCH}; SameSite=Lax`,
      {
        secure: true,
        httpOnly: true,
        path: O.some('/'),
        domain: 'h.test',
        maxAge: O.some(1),
        expires: O.some(0),
        sameSite: O.some('Lax'),
      },
    ],
  ])('%j', (text, said) => expect(attributes(`a=b${text}`)).toEqual({ ...PLAIN, ...said }))

  it('are parsed for each field independently', () => {
    for (const text of ['; Secure', '; Secure', '', '; HttpOnly', '; Secure']) {
      expect(attributes(`a=b${text}`)).toEqual({
        ...PLAIN,
        secure: text === '; Secure',
        httpOnly: text === '; HttpOnly',
      })
    }
  })
  it('are not read before the first semicolon', () => {
    for (const header of ['Path=/x', 'Domain=h.test', 'Max-Age=1', 'Secure=']) {
      expect(attributes(header)).toEqual(PLAIN)
      expect(attributes(`${header}; HttpOnly`)).toEqual({ ...PLAIN, httpOnly: true })
    }
  })
  it('are ignored if the trimmed value has more than 1,024 octets', () => {
    const long = `/${'x'.repeat(1023)}`
    expect(attributes(`a=b; ${' '.repeat(2000)}Path  =   ${long}  `)).toEqual({ ...PLAIN, path: O.some(long) })
    expect(attributes(`a=b; Path=/; Path=${long}x`)).toEqual({ ...PLAIN, path: O.some('/') })
    expect(attributes(`a=b; Secure=${long}x`)).toEqual(PLAIN)
  })
})

it('quotes the name in the message of a rejection', () =>
  expect(parse(`a"=${'1'.repeat(4096)}`)).toEqual(
    E.left({
      _tag: 'TooLong',
      name: 'a"',
      message: 'Cookie "a\\"" rejected: its name and value together are longer than 4096 octets',
    }),
  ))

const NOW = new Date('2026-01-01T00:00:00Z')
const later = (ms: number) => new Date(NOW.getTime() + ms)

const absorbed = (jar: Jar.Jar, setCookie: string, now = NOW, href = 'https://example.com/') =>
  Jar.absorb(new URL(href), [setCookie], now)(jar)[0]

describe('a rejected Set-Cookie names its reason', () => {
  const held = absorbed(Jar.make({ nameless: true }), 'held=1; Secure; Path=/')

  it.each([
    ['Nameless', 'https://example.com/', '='],
    ['ControlCharacter', 'https://example.com/', 'a=1\x07'],
    ['TooLong', 'https://example.com/', `a=${'1'.repeat(4096)}`],
    ['DomainMismatch', 'data:text/plain,x', 'a=1'],
    ['PublicSuffix', 'https://example.com/', 'a=1; Domain=.COM'],
    ['DomainMismatch', 'https://example.com/', 'a=1; Domain=B.test'],
    ['DomainMismatch', 'https://example.com/', 'a=1; Domain=..'],
    ['Insecure', 'http://example.com/', 'a=1; Secure'],
    ['SecureHeld', 'http://example.com/', 'held=2'],
    ['PrefixBroken', 'https://example.com/', '__secure-a=1'],
    ['PrefixBroken', 'https://example.com/', '__Host-a=1; Secure; Path=/; Domain=example.com'],
    ['PrefixBroken', 'https://example.com/', '__secure-a; Secure'],
    ['PrefixBroken', 'https://example.com/', '__HOST-a; Secure; Path=/'],
  ])('%s: at %s', (_tag, href, setCookie) => {
    const pair = setCookie.split(';', 1)[0] ?? ''
    const name = pair.includes('=') ? pair.slice(0, pair.indexOf('=')) : ''
    const [, rejected] = Jar.absorb(new URL(href), [setCookie], NOW)(held)
    expect(rejected).toMatchObject([{ _tag, name, message: expect.stringContaining(JSON.stringify(name)) }])
  })
})

describe('the response that set a cookie (specification)', () => {
  it.each([
    [
      { protocol: 'https:', hostname: 'h.test', pathname: '/a', origin: 'https://h.test:8443' },
      'https://h.test:8443/a',
    ],
    [{ protocol: 'https:', hostname: 'h.test', pathname: '/a' }, 'https://h.test/a'],
    [{ protocol: 'x:', hostname: 'h.test', pathname: '/a', origin: 'null' }, 'x://h.test/a'],
    [{ protocol: 'x:', hostname: 'h.test', pathname: '' }, 'x://h.test'],
  ])('%j is %s', (place, expected) => expect(SetCookie.setByOf(place)).toBe(expected))
})

describe('a cookie that is set again', () => {
  const first = absorbed(Jar.empty, 'a=1; Max-Age=10')
  const createdOf = (jar: Jar.Jar) => Jar.records(jar).map(({ created, updated }) => [created.ms, updated.ms])

  it.each([
    ['while it lives, was created when it first came', 9_999, 0],
    ['when it is over, is created anew', 10_000, 10_000],
  ])('%s', (_, ms, created) => {
    const again = absorbed(first, 'a=2', later(ms))
    expect(createdOf(again)).toEqual([[later(created).getTime(), later(ms).getTime()]])
  })
  it('is a different cookie if its host, path or name differs', () => {
    for (const setCookie of ['b=1', 'a=1; Path=/x', 'a=1; Domain=example.com']) {
      expect(Jar.records(absorbed(first, setCookie, later(1)))).toHaveLength(2)
    }
  })
})

describe('an expired Set-Cookie', () => {
  it.each([
    ['Expires=Thu, 01 Jan 2026 00:00:00 GMT', true],
    ['Expires=Wed, 31 Dec 2025 23:59:59 GMT', true],
    ['Expires=Thu, 01 Jan 2026 00:00:01 GMT', false],
    ['Max-Age=0; Expires=Fri, 02 Jan 2026 00:00:00 GMT', true],
    ['Max-Age=1; Expires=Wed, 31 Dec 2025 00:00:00 GMT', false],
  ])('%s: %s', (attribute, isOver) => {
    const [record] = Jar.records(absorbed(Jar.empty, `a=hunter2; ${attribute}`))
    expect(record?.expires).toEqual(O.some(isOver ? 0 : later(1000).getTime()))
    expect(Secret.reveal(record?.value ?? '')).toBe(isOver ? '' : 'hunter2')
  })
})
