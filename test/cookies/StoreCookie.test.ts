import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Jar from '../../src/cookies/Jar.js'
import * as StoreCookie from '../../src/cookies/StoreCookie.js'
import * as Secret from '../../src/values/Secret.js'

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

describe('the response that set a cookie', () => {
  it.each([
    [
      { protocol: 'https:', hostname: 'h.test', pathname: '/a', origin: 'https://h.test:8443' },
      'https://h.test:8443/a',
    ],
    [{ protocol: 'https:', hostname: 'h.test', pathname: '/a' }, 'https://h.test/a'],
    [{ protocol: 'x:', hostname: 'h.test', pathname: '/a', origin: 'null' }, 'x://h.test/a'],
    [{ protocol: 'x:', hostname: 'h.test', pathname: '' }, 'x://h.test'],
  ])('%j is %s', (place, expected) => expect(StoreCookie.setByOf(place)).toBe(expected))
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
