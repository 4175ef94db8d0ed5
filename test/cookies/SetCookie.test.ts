import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as SetCookie from '../../src/cookies/SetCookie.js'
import * as Secret from '../../src/values/Secret.js'

const parse = (header: string, nameless = false) => SetCookie.parse({ nameless })(header)

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

describe('foreign text in a message', () => {
  it.each([
    ['', '""'],
    ['a"b\n', '"a\\"b\\n"'],
    ['x'.repeat(64), `"${'x'.repeat(64)}"`],
    ['x'.repeat(65), `"${'x'.repeat(64)}…"`],
  ])('%j is quoted and truncated', (text, expected) => expect(SetCookie.quoted(text)).toBe(expected))
  it('quotes the name of the rejected cookie', () =>
    expect(SetCookie.rejection('TooLong', 'a"', 'why')).toEqual({
      _tag: 'TooLong',
      name: 'a"',
      message: 'Cookie "a\\"" rejected: why',
    }))
})
