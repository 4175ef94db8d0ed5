import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Cookie from '../../src/cookies/Cookie.js'
import * as CookieSelection from '../../src/cookies/CookieSelection.js'
import * as CookieStore from '../../src/cookies/CookieStore.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as PublicSuffix from '../../src/cookies/PublicSuffix.js'
import * as Site from '../../src/cookies/Site.js'

// Sending needs no public suffix list. These tests compare it with the way of earlier versions: the site of the host by the
// list, then the records of this site.

const now = new Date(0)

/** Names below and at public suffixes, suffixes below other sites, rules with wildcards and exceptions, addresses, sockets. */
const END = fc.constantFrom(
  ...['example.com', 'com', 'co.uk', 'example.co.uk', 'github.io', 'a.github.io', 'amazonaws.com', 's3.amazonaws.com'],
  ...[
    'ck',
    'www.ck',
    'b.ck',
    'kawasaki.jp',
    'b.kawasaki.jp',
    'city.kawasaki.jp',
    'localhost',
    'intranet',
    'test',
    'a.test',
  ],
  ...['example.com.', 'example.com..', '%2Frun%2Fa.b.sock', '127.0.0.1', '1.2.3.4', '[::1]', '[2001:db8::1]', ''],
)
const label = fc.constantFrom('a', 'b', 'www', 'city', 'xn--bcher-kva', 'A')
const host = fc
  .tuple(fc.array(label, { maxLength: 3 }), END)
  .map(([labels, end]) => (/^\[|^%|^\d|^$/.test(end) ? end : [...labels, end].join('.')))

const scope = (hostname: string): Site.CookieScope => ({ protocol: 'http:', hostname, pathname: '/' })
const parentsOf = (name: string): ReadonlyArray<string> => Site.domainsUpTo('', name).filter((parent) => parent !== '')

/** A jar after responses of several hosts, each with a host-only cookie and one for each parent that it may set. */
const jar = fc.array(host, { maxLength: 6 }).map((hosts) =>
  hosts.reduce((before, hostname, i) => {
    const lines = parentsOf(hostname).map((parent, j) => `c${i}x${j}=1; Domain=${parent}`)
    return Jar.absorb(scope(hostname), [`h${i}=1`, ...lines], now)(before)[0]
  }, Jar.empty),
)

const namesOf = (cookies: ReadonlyArray<Cookie.Cookie>) => cookies.map(({ name, domain }) => `${name}@${domain}`)

const byList = (hostname: string, stored: Jar.Jar) => {
  const request = Cookie.requestContext(scope(hostname), now)
  return CookieSelection.sent(request, CookieStore.at(request.site, stored.cookies))
}
const byParents = (hostname: string, stored: Jar.Jar) => {
  const site = Site.ofParents(hostname, stored.cookies)
  return CookieSelection.sent(Site.requestTo(site, scope(hostname), now), CookieStore.at(site, stored.cookies))
}

describe('the cookies of a request', () => {
  it('are those of the site by the public suffix list', () => {
    fc.assert(
      fc.property(jar, host, (stored, hostname) => {
        expect(namesOf(Jar.cookiesFor(scope(hostname), now)(stored))).toEqual(namesOf(byList(hostname, stored)))
        const request = Cookie.requestContext(scope(hostname), now)
        const why = Jar.why(scope(hostname), now)(stored)
        expect(why.map(({ verdict }) => verdict)).toEqual(why.map(({ cookie }) => Cookie.verdict(cookie, request)))
      }),
      { numRuns: 500 },
    )
  })
  it('are found without the list too, except those of a parent of a public suffix', () => {
    fc.assert(
      fc.property(jar, host, (stored, hostname) => {
        const { name } = PublicSuffix.siteOf(hostname)
        const found = byParents(hostname, stored)
        const beyond = found.filter(({ domain }) => domain.length < name.length)
        expect(namesOf(found.filter((cookie) => !beyond.includes(cookie)))).toEqual(namesOf(byList(hostname, stored)))
        for (const cookie of beyond) {
          const between = parentsOf(name).filter((parent) => parent.length > cookie.domain.length)
          expect(between.some((parent) => PublicSuffix.siteOf(parent).isPublicSuffix)).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })
  it('do not cross a public suffix below their domain', () => {
    const [stored] = Jar.absorb(scope('www.amazonaws.com'), ['a=1; Domain=amazonaws.com'], now)(Jar.empty)
    expect(namesOf(Jar.cookiesFor(scope('b.amazonaws.com'), now)(stored))).toEqual(['a@amazonaws.com'])
    expect(Jar.cookiesFor(scope('bucket.s3.amazonaws.com'), now)(stored)).toEqual([])
  })
})

describe('Cookie.covers', () => {
  const path = fc
    .array(fc.constantFrom('/', 'a', 'b', '/a', '//'), { maxLength: 5 })
    .map((parts) => `/${parts.join('')}`)
  it('follows RFC 6265bis 5.1.4', () => {
    fc.assert(
      fc.property(path, path, (cookiePath, requestPath) => {
        const rest = requestPath.slice(cookiePath.length)
        const isPrefix = requestPath.indexOf(cookiePath) === 0
        const expected = isPrefix && (rest === '' || cookiePath.at(-1) === '/' || rest.at(0) === '/')
        expect(Cookie.covers(cookiePath, requestPath)).toBe(expected)
      }),
    )
  })
})
