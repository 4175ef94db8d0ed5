import { inspect } from 'node:util'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, test } from 'vitest'
import * as Cookie from '../../src/cookies/Cookie.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as LogicalTime from '../../src/cookies/LogicalTime.js'
import * as PublicSuffix from '../../src/cookies/PublicSuffix.js'
import * as Secret from '../../src/values/Secret.js'

const NOW = new Date('2026-01-01T00:00:00Z')
const DAY = 24 * 60 * 60 * 1000

const absorbed = (href: string, setCookies: string | ReadonlyArray<string>, jar = Jar.empty): Jar.Jar =>
  Jar.absorb(new URL(href), [setCookies].flat(), NOW)(jar)[0]

const rejection = (href: string, setCookie: string, jar = Jar.empty): Jar.Rejection | undefined =>
  Jar.absorb(new URL(href), [setCookie], NOW)(jar)[1][0]

const reason = (href: string, setCookie: string, jar = Jar.empty): string | undefined =>
  rejection(href, setCookie, jar)?._tag

const sent = (href: string, jar: Jar.Jar, now = NOW): string | undefined => {
  const header = Jar.header(new URL(href), now)(jar)
  return header === undefined ? undefined : Secret.reveal(header)
}

const only = (jar: Jar.Jar): Cookie.Cookie => {
  const [first, ...others] = Jar.records(jar)
  expect(others).toEqual([])
  return first ?? expect.fail('the jar is empty')
}

describe('a Set-Cookie', () => {
  test('is stored with all its attributes', () => {
    const jar = absorbed(
      'https://www.example.com:8443/a/b?secret=1',
      'id=7; Domain=.Example.COM; Path=/a; Secure; HttpOnly; SameSite=lax; Max-Age=60; Priority=High',
    )
    const { value, ...rest } = only(jar)
    expect(Secret.reveal(value)).toBe('7')
    expect(rest).toEqual({
      name: 'id',
      domain: 'example.com',
      hostOnly: false,
      path: '/a',
      secure: true,
      httpOnly: true,
      sameSite: O.some('Lax'),
      expires: O.some(NOW.getTime() + 60_000),
      created: { ms: NOW.getTime(), n: 0 },
      updated: { ms: NOW.getTime(), n: 0 },
      setBy: O.some('https://www.example.com:8443/a/b'),
    })
  })

  test('without attributes is a session cookie for its host and default path', () => {
    const { hostOnly, domain, path, expires, secure, sameSite } = only(absorbed('http://www.example.com/a/b', 'x=1'))
    expect({ hostOnly, domain, path, expires, secure, sameSite }).toEqual({
      hostOnly: true,
      domain: 'www.example.com',
      path: '/a',
      expires: O.none,
      secure: false,
      sameSite: O.none,
    })
  })

  test.each([
    ['a=b', 'a=b'],
    ['a = b c ; Path=/', 'a=b c'],
    ['a="b; c"', 'a="b'],
    ['a=b=c', 'a=b=c'],
    ['a=', 'a='],
    ['a=x\ty', 'a=x\ty'],
    ['\ta\t=\tb\t', 'a=b'],
    ['caf\u00c3\u00a9=\u00c3\u00a0', 'caf\u00c3\u00a9=\u00c3\u00a0'],
  ])('%j is sent back as %j', (setCookie, cookie) => {
    expect(sent('https://example.com/', absorbed('https://example.com/', setCookie))).toBe(cookie)
  })

  test('sends the received UTF-8 octets back, even if the last is 0xA0', () => {
    const value = Buffer.from('à', 'utf8').toString('latin1')
    expect(sent('https://example.com/', absorbed('https://example.com/', `a=${value}`))).toBe(`a=${value}`)
  })

  test('uses the last of several attributes of a kind, and ignores one that is too long', () => {
    const path = (...paths: ReadonlyArray<string>): string =>
      only(absorbed('https://example.com/x/y', ['a=1', ...paths.map((text) => `Path=${text}`)].join('; '))).path
    expect(path('/1', '/2')).toBe('/2')
    expect(path('/1', '')).toBe('/x')
    expect(path('/1', 'no-slash')).toBe('/x')
    expect(path('/1', `/${'2'.repeat(1024)}`)).toBe('/1')
    expect(path('/1', `/${'2'.repeat(1023)}   `)).toBe(`/${'2'.repeat(1023)}`)
  })
})

describe('the reasons of a rejection', () => {
  const example = 'https://example.com/'

  test.each([
    ['Nameless', 'foo'],
    ['Nameless', '=foo'],
    ['Nameless', ''],
    ['Nameless', ';;; Path=/'],
    ['ControlCharacter', 'a=1\x01'],
    ['ControlCharacter', 'a\x7f=1'],
    ['ControlCharacter', 'a=1; Path=/\x1b'],
    ['TooLong', `a=${'1'.repeat(4096)}`],
    ['TooLong', `${'n'.repeat(5000)}=1`],
    ['DomainMismatch', 'a=1; Domain=other.test'],
    ['DomainMismatch', 'a=1; Domain=sub.example.com'],
    ['DomainMismatch', 'a=1; Domain=xample.com'],
    ['DomainMismatch', 'a=1; Domain=..example.com'],
    ['DomainMismatch', 'a=1; Domain=. example.com'],
    ['DomainMismatch', 'a=1; Domain=example.com.'],
    ['DomainMismatch', 'a=1; Domain=http://example.com/'],
    ['DomainMismatch', 'a=1; Domain=[::'],
    ['PublicSuffix', 'a=1; Domain=com'],
    ['PrefixBroken', '__Secure-a=1'],
    ['PrefixBroken', '__SECURE-a=1'],
    ['PrefixBroken', '__Host-a=1; Path=/'],
    ['PrefixBroken', '__host-a=1; Secure'],
    ['PrefixBroken', '__Host-a=1; Secure; Path=/a'],
    ['PrefixBroken', '__HoSt-a=1; Secure; Path=/; Domain=example.com'],
  ])('%s: %j', (tag, setCookie) => {
    expect(reason(example, setCookie)).toBe(tag)
    expect(Jar.isEmpty(absorbed(example, setCookie))).toBe(true)
  })

  test('Insecure: a Secure cookie needs TLS or a loopback host', () => {
    expect(reason('http://example.com/', 'a=1; Secure')).toBe('Insecure')
    for (const host of [
      'https://example.com',
      'wss://example.com',
      'http://localhost',
      'http://a.localhost',
      'http://127.9.9.9',
      'http://[::1]',
    ]) {
      expect(reason(`${host}/`, 'a=1; Secure')).toBeUndefined()
      expect(sent(`${host}/`, absorbed(`${host}/`, 'a=1; Secure'))).toBe('a=1')
    }
    expect(reason('http://127.0.0.1.example.com/', 'a=1; Secure')).toBe('Insecure')
    expect(reason('http://notlocalhost/', 'a=1; Secure')).toBe('Insecure')
  })

  test('a cookie that meets the requirements of its prefix is stored', () => {
    expect(reason(example, '__Secure-a=1; Secure; Domain=example.com')).toBeUndefined()
    expect(reason(example, '__Host-a=1; Secure; Path=/')).toBeUndefined()
    expect(reason(example, '__Hosts=1')).toBeUndefined()
  })

  test('a nameless cookie is stored if the policy allows it, unless its value starts with a prefix', () => {
    const jar = Jar.make({ nameless: true })
    expect(sent(example, absorbed(example, ['foo', 'a=1'], jar))).toBe('foo; a=1')
    expect(sent(example, absorbed(example, ['foo', '=bar=1'], jar))).toBe('bar=1')
    expect(reason(example, '', jar)).toBe('Nameless')
    expect(reason(example, '=__Host-a=1', jar)).toBe('PrefixBroken')
    expect(reason(example, '__SECURE-a', jar)).toBe('PrefixBroken')
  })

  test('a rejection shows the name and never the value', () => {
    const hidden = 'hunter2'
    const refused = [
      rejection('http://example.com/', `sid=${hidden}; Secure`),
      rejection(example, hidden),
      rejection(example, `sid=${hidden}\x01`),
      rejection(example, `__Host-sid=${hidden}`),
      rejection(example, `sid=${hidden}; Domain=other.test`),
      rejection(example, `sid=${hidden.repeat(1000)}`),
      rejection(example, `=__Host-${hidden}`, Jar.make({ nameless: true })),
    ]
    expect(refused).not.toContain(undefined)
    expect(inspect(refused, { depth: null }) + JSON.stringify(refused)).not.toContain(hidden)
    expect(rejection(example, `sid=${hidden}; Domain=other.test`)?.message).toBe(
      'Cookie "sid" rejected: its Domain "other.test" does not cover example.com',
    )
    expect(rejection(example, `${'n'.repeat(5000)}=1`)?.message.length).toBeLessThan(200)
  })
})

describe('SecureHeld: over http, a cookie does not overlay a Secure one', () => {
  const secure = (href: string, domain: string, path = '/'): Jar.Jar =>
    absorbed(href, `a=good; Secure; Path=${path}${domain}`)

  test.each([
    ['its own', 'https://example.com/', '', 'http://example.com/', ''],
    ['one for its parent', 'https://example.com/', '; Domain=example.com', 'http://sub.example.com/', ''],
    [
      'one of a sibling for their parent',
      'https://a.example.com/',
      '; Domain=example.com',
      'http://b.example.com/',
      '; Domain=example.com',
    ],
    ['one for its parent host alone', 'https://example.com/', '', 'http://sub.example.com/', ''],
    ['one for a subdomain', 'https://sub.example.com/', '', 'http://example.com/', '; Domain=example.com'],
    ['one for a subdomain, by a cookie for its own host', 'https://sub.example.com/', '', 'http://example.com/', ''],
  ])('%s', (_, from, domain, href, evilDomain) => {
    const jar = secure(from, domain)
    expect(reason(href, `a=evil; Path=/${evilDomain}`, jar)).toBe('SecureHeld')
    expect(reason(href, `A=evil; Path=/${evilDomain}`, jar)).toBeUndefined()
    expect(reason(href.replace('http:', 'https:'), `a=evil; Path=/${evilDomain}`, jar)).toBeUndefined()
  })

  test('sibling hosts do not affect each other', () => {
    expect(reason('http://b.example.com/', 'a=1', secure('https://a.example.com/', ''))).toBeUndefined()
    expect(reason('http://xexample.com/', 'a=1', secure('https://example.com/', ''))).toBeUndefined()
  })

  test('applies only to its path and below', () => {
    const jar = secure('https://example.com/', '', '/login')
    expect(reason('http://example.com/', 'a=1; Path=/login', jar)).toBe('SecureHeld')
    expect(reason('http://example.com/', 'a=1; Path=/login/en', jar)).toBe('SecureHeld')
    expect(reason('http://example.com/', 'a=1; Path=/', jar)).toBeUndefined()
    expect(reason('http://example.com/', 'a=1; Path=/loginx', jar)).toBeUndefined()
  })

  test('applies only until it expires; and http cannot delete it', () => {
    const jar = absorbed('https://example.com/', 'a=good; Secure; Max-Age=60; Path=/')
    expect(reason('http://example.com/', 'a=; Max-Age=0; Path=/', jar)).toBe('SecureHeld')
    const later = new Date(NOW.getTime() + 60_000)
    expect(Jar.absorb(new URL('http://example.com/'), ['a=1; Path=/'], later)(jar)[1]).toEqual([])
    const gone = absorbed('https://example.com/', 'a=; Secure; Max-Age=0; Path=/', jar)
    expect(reason('http://example.com/', 'a=1; Path=/', gone)).toBeUndefined()
  })
})

describe('sites and public suffixes', () => {
  test.each([
    ['a.b.example.co.uk', 'example.co.uk', ['a.b.example.co.uk', 'b.example.co.uk', 'example.co.uk']],
    ['Sub.Example.COM', 'example.com', ['sub.example.com', 'example.com']],
    ['sub.example.com.', 'example.com.', ['sub.example.com.', 'example.com.']],
    ['me.github.io', 'me.github.io', ['me.github.io']],
    ['x.bucket.s3.amazonaws.com', 'bucket.s3.amazonaws.com', ['x.bucket.s3.amazonaws.com', 'bucket.s3.amazonaws.com']],
    ['a.b.test', 'b.test', ['a.b.test', 'b.test']],
    ['sub.localhost', 'sub.localhost', ['sub.localhost']],
    ['[::1]', '::1', ['::1']],
    ['10.0.0.1', '10.0.0.1', ['10.0.0.1']],
    ['intranet', 'intranet', ['intranet']],
    ['__proto__', '__proto__', ['__proto__']],
    ['', '', ['']],
  ])('%s belongs to %s', (hostname, name, domains) => {
    expect(PublicSuffix.siteOf(hostname)).toMatchObject({ name, domains })
    for (const domain of domains) expect(PublicSuffix.siteOf(domain).name).toBe(name)
  })

  test.each([
    'co.uk',
    'CO.UK',
    'co.uk.',
    'com',
    'github.io',
    'GitHub.io.',
    'localhost',
    'localhost.',
    'test',
    'local',
    'x.ck',
  ])('%s is a public suffix', (hostname) => expect(PublicSuffix.siteOf(hostname).isPublicSuffix).toBe(true))

  test.each(['example.co.uk', 'me.github.io', 'www.ck', '127.0.0.1', '[::1]', 'a.test', 'amazonaws.com'])(
    '%s is not a public suffix',
    (hostname) => expect(PublicSuffix.siteOf(hostname).isPublicSuffix).toBe(false),
  )

  test('no cookie is set for a public suffix, in capitals or with dots', () => {
    for (const domain of ['co.uk', 'CO.UK', '.Co.Uk', 'uk', 'UK']) {
      expect(reason('https://example.co.uk/', `a=1; Domain=${domain}`)).toBe('PublicSuffix')
    }
    expect(reason('https://example.co.uk./', 'a=1; Domain=co.uk.')).toBe('PublicSuffix')
    expect(reason('https://me.github.io/', 'a=1; Domain=github.io')).toBe('PublicSuffix')
    expect(reason('https://printer.local/', 'a=1; Domain=local')).toBe('PublicSuffix')
    expect(reason('https://sub.localhost/', 'a=1; Domain=localhost')).toBe('PublicSuffix')
  })

  test('a host that is a public suffix may set cookies only for itself', () => {
    for (const host of ['github.io', 'localhost', 'intranet']) {
      const jar = absorbed(`https://${host}/`, `a=1; Domain=${host.toUpperCase()}`)
      expect(only(jar)).toMatchObject({ domain: host, hostOnly: true })
      expect(sent(`https://${host}/`, jar)).toBe('a=1')
      expect(sent(`https://sub.${host}/`, jar)).toBeUndefined()
    }
  })

  test('no cookie crosses a public suffix, even to a parent that is not one', () => {
    expect(reason('https://bucket.s3.amazonaws.com/', 'a=1; Domain=amazonaws.com')).toBe('PublicSuffix')
    const jar = absorbed('https://amazonaws.com/', 'a=1; Domain=amazonaws.com')
    expect(sent('https://www.amazonaws.com/', jar)).toBe('a=1')
    expect(sent('https://bucket.s3.amazonaws.com/', jar)).toBeUndefined()
    expect(Jar.why(new URL('https://bucket.s3.amazonaws.com/'), NOW)(jar)[0]?.verdict).toBe('domain')
  })

  test('an IDN is one host in both spellings', () => {
    const jar = absorbed('https://www.münchen.de/', 'a=1; Domain=münchen.de')
    expect(only(jar).domain).toBe('xn--mnchen-3ya.de')
    expect(sent('https://xn--mnchen-3ya.de/', jar)).toBe('a=1')
  })
})

describe('addresses', () => {
  test.each([
    ['http://127.0.0.1/', '127.0.0.1'],
    ['http://[::1]/', '[::1]'],
    ['http://[::1]/', '::1'],
    ['http://[2001:DB8::0:1]/', '[2001:db8::1]'],
  ])('%s may name itself as %s', (href, domain) => {
    const jar = absorbed(href, `a=1; Domain=${domain}`)
    expect(sent(href, jar)).toBe('a=1')
  })

  test('have no parents and no subdomains', () => {
    expect(reason('http://127.0.0.1/', 'a=1; Domain=0.0.1')).toBe('DomainMismatch')
    expect(reason('http://127.0.0.1/', 'a=1; Domain=127.0.0.2')).toBe('DomainMismatch')
    expect(reason('http://[::1]/', 'a=1; Domain=[::2]')).toBe('DomainMismatch')
    expect(sent('http://10.0.0.2/', absorbed('http://10.0.0.1/', 'a=1'))).toBeUndefined()
  })

  test('a host with a trailing dot is a host of its own', () => {
    const jar = absorbed('https://www.example.com./', ['a=1', 'b=2; Domain=example.com.'])
    expect(sent('https://www.example.com./', jar)).toBe('a=1; b=2')
    expect(sent('https://www.example.com/', jar)).toBeUndefined()
    expect(reason('https://www.example.com./', 'a=1; Domain=example.com')).toBe('DomainMismatch')
  })

  test('the path of a socket keeps its case', () => {
    const place = (hostname: string) => ({ protocol: 'http+unix:', hostname, pathname: '/' })
    const [jar] = Jar.absorb(place('%2Frun%2FA.sock'), ['a=1'], NOW)(Jar.empty)
    expect(Jar.cookiesFor(place('%2Frun%2FA.sock'), NOW)(jar)).toHaveLength(1)
    expect(Jar.cookiesFor(place('%2Frun%2Fa.sock'), NOW)(jar)).toHaveLength(0)
    for (const held of [jar, absorbed('http+unix://%2Frun%2FA.sock/', 'a=1')]) {
      expect(only(held).setBy).toEqual(O.some('http+unix://%2Frun%2FA.sock/'))
    }
  })

  test('a URL without a host sets nothing', () => {
    expect(reason('data:text/plain,x', 'a=1')).toBe('DomainMismatch')
  })
})

describe('expiry', () => {
  const expiryOf = (attributes: string): O.Option<number> =>
    only(absorbed('https://example.com/', `a=1; ${attributes}`)).expires
  const fromNow = (ms: number): O.Option<number> => O.some(NOW.getTime() + ms)

  test('Max-Age takes precedence over Expires, in either order', () => {
    expect(expiryOf('Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT')).toEqual(fromNow(60_000))
    expect(expiryOf('Expires=Fri, 02 Jan 2026 00:00:00 GMT; Max-Age=60')).toEqual(fromNow(60_000))
    expect(expiryOf('Expires=Fri, 02 Jan 2026 00:00:00 GMT; Max-Age=soon')).toEqual(fromNow(DAY))
    expect(expiryOf('Expires=whenever')).toEqual(O.none)
  })

  test('is at most 400 days away', () => {
    expect(expiryOf('Expires=Fri, 01 Jan 2100 00:00:00 GMT')).toEqual(fromNow(400 * DAY))
    expect(expiryOf('Max-Age=99999999999')).toEqual(fromNow(400 * DAY))
    expect(expiryOf(`Max-Age=${'9'.repeat(400)}`)).toEqual(fromNow(400 * DAY))
    expect(expiryOf(`Max-Age=${400 * 24 * 60 * 60 - 1}`)).toEqual(fromNow(400 * DAY - 1000))
  })

  test('counts from the response, and reading does not extend it', () => {
    const jar = absorbed('https://example.com/', 'a=1; Max-Age=60')
    const at = (seconds: number): string | undefined =>
      sent('https://example.com/', jar, new Date(NOW.getTime() + seconds * 1000))
    expect([at(0), at(50), at(59.999), at(60), at(100), at(50)]).toEqual([
      'a=1',
      'a=1',
      'a=1',
      undefined,
      undefined,
      'a=1',
    ])
  })

  test.each(['Max-Age=0', 'Max-Age=-1', `Max-Age=-${'9'.repeat(400)}`, 'Expires=Thu, 01 Jan 1970 00:00:00 GMT'])(
    '%s leaves a tombstone without a value',
    (attributes) => {
      const held = absorbed('https://example.com/', `a=1; ${attributes}`, absorbed('https://example.com/', 'a=hunter2'))
      expect(Cookie.isTombstone(only(held))).toBe(true)
      expect(Secret.reveal(only(held).value)).toBe('')
      expect(Jar.toArray(held)).toEqual([])
    },
  )

  test('a cookie that is set again keeps its position, unless it had expired', () => {
    const jar = absorbed('https://example.com/', ['a=1', 'b=1', 'a=2'])
    expect(sent('https://example.com/', jar)).toBe('a=2; b=1')
    const again = absorbed('https://example.com/', ['a=; Max-Age=0', 'a=3'], jar)
    expect(sent('https://example.com/', again)).toBe('b=1; a=3')
  })
})

describe('hostile Set-Cookie', () => {
  const example = 'https://example.com/'

  test.each(['\r', '\n', '\0'])('what follows %j is cut off', (end) => {
    const jar = absorbed(example, `a=1${end}Set-Cookie: b=2; Domain=example.com`)
    expect(sent(example, jar)).toBe('a=1')
    expect(only(jar).hostOnly).toBe(true)
  })

  test('no control character but HTAB is ever sent', () => {
    for (let code = 0; code < 256; code += 1) {
      const character = String.fromCharCode(code)
      const text =
        sent(example, absorbed(example, [`a${character}b=1`, `c=2${character}3`, `d=4; Path=/${character}`])) ?? ''
      expect(text).not.toMatch(/[\0-\x08\x0a-\x1f\x7f]/)
    }
  })

  test('an unknown SameSite is ignored', () => {
    for (const value of ['__proto__', 'constructor', 'Laxer', '']) {
      const [jar] = Jar.absorb(new URL('https://example.com/'), [`a=1; SameSite=${value}`], new Date(0))(Jar.empty)
      expect(Jar.toArray(jar).map(({ sameSite }) => sameSite)).toEqual([O.none])
    }
  })
  test('names and domains called __proto__ are names and domains', () => {
    const jar = absorbed('https://__proto__/', ['__proto__=1', 'constructor=2; Domain=__proto__'])
    expect(sent('https://__proto__/', jar)).toBe('__proto__=1; constructor=2')
    expect(Object.getPrototypeOf({})).toBe(Object.prototype)
    expect(Jar.lookup('toString')(jar)).toEqual(E.right(O.none))
  })

  test('any text is accepted or rejected, and a sent cookie never contains a line end', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[ab=;,. \t]{0,12}(; ?(Domain|Path|Max-Age|Expires)=[\x00-\xff]{0,9}){0,3}$/),
    )
    const label = fc.stringMatching(/^[.a-z0-9:[\]%-]{0,9}(\.test|\.com\.?|\.local)?$/)
    const hostname = fc.oneof(fc.string({ unit: 'binary' }), label)
    fc.assert(
      fc.property(fc.array(text, { maxLength: 4 }), hostname, fc.boolean(), (fields, host, nameless) => {
        const place = { protocol: 'https:', hostname: host, pathname: '/' }
        const [jar, refused] = Jar.absorb(place, fields, NOW)(Jar.make({ nameless }))
        expect(Jar.records(jar).length + refused.length).toBeLessThanOrEqual(fields.length)
        expect(Secret.reveal(Jar.header(place, NOW)(jar) ?? '')).not.toMatch(/[\r\n\0]/)
      }),
      { numRuns: 2000 },
    )
  })

  test('no value is ever printed', () => {
    const jar = absorbed(example, 'sid=hunter2')
    expect(inspect(jar, { depth: null, showHidden: true })).not.toContain('hunter2')
    expect(JSON.stringify(jar) + String(jar.cookies) + inspect(Jar.why(new URL(example), NOW)(jar))).not.toContain(
      'hunter2',
    )
    expect(`${Jar.header(new URL(example), NOW)(jar)}`).toBe('‹secret›')
  })
})

describe('orders', () => {
  test('age is a total order', () => {
    const [x, y] = [absorbed('https://example.com/', 'a=1'), absorbed('https://example.com/', 'a=1')].map(only)
    if (x === undefined || y === undefined) return expect.fail('no cookies')
    expect(Cookie.Eq.equals(x, y)).toBe(true)
    const { value, setBy, ...rest } = y
    expect(Cookie.Eq.equals(x, { setBy, value, ...rest })).toBe(true)
    const others: ReadonlyArray<Partial<Cookie.Cookie>> = [
      { name: 'b' },
      { value: Secret.make('2') },
      { domain: 'x.test' },
      { hostOnly: false },
      { path: '/a' },
      { secure: true },
      { httpOnly: true },
      { sameSite: O.some('Lax') },
      { expires: O.some(1) },
      { created: LogicalTime.zero },
      { updated: LogicalTime.zero },
      { setBy: O.none },
    ]
    for (const other of others) {
      const changed = { ...y, ...other }
      expect(Math.sign(Cookie.compareAge(x, changed))).toBe(-Math.sign(Cookie.compareAge(changed, x)))
      expect(Cookie.Eq.equals(x, changed)).toBe(false)
    }
    expect(Cookie.compareAge(x, Cookie.toTombstone(x.updated)(x))).toBeLessThan(0)
  })
})
