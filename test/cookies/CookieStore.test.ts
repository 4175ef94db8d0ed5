import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import * as Cookie from '../../src/cookies/Cookie.js'
import * as CookieStore from '../../src/cookies/CookieStore.js'
import * as Site from '../../src/cookies/Site.js'
import * as Secret from '../../src/values/Secret.js'

const cookie = (name: string, domain: string, ms: number, other: Partial<Cookie.Input> = {}): Cookie.Cookie => {
  const made = Cookie.make({ ms, n: 0 }, { nameless: false })({ name, value: '1', domain, ...other })
  return E.isRight(made) ? made.right : expect.fail(made.left.message)
}
const records = [
  cookie('a', 'one.test', 1),
  cookie('b', 'two.test', 2),
  cookie('c', 'www.one.test', 3),
  cookie('d', 'two.test', 4, { path: '/long' }),
  cookie('e', 'one.test', 5, { expires: new Date(50) }),
]
const shelf = CookieStore.fromRecords(records)
const names = (cookies: ReadonlyArray<Cookie.Cookie>) => cookies.map(({ name }) => name).join('')

describe('a shelf', () => {
  it('has a bucket for each site', () => {
    expect([...shelf.keys()].sort()).toEqual(['one.test', 'two.test'])
    expect(names(CookieStore.at(Site.of('www.two.test'))(shelf))).toBe('db')
    expect(CookieStore.at(Site.of('three.test'))(shelf)).toEqual([])
  })
  it('is what its records make of it, written one by one or all at once', () => {
    const written = records.reduce((held, one) => CookieStore.write(one)(held), CookieStore.empty)
    expect(CookieStore.equals(written, shelf)).toBe(true)
    expect(CookieStore.equals(CookieStore.write(cookie('f', 'one.test', 6))(shelf), shelf)).toBe(false)
    expect(CookieStore.equals(CookieStore.fromRecords([]), CookieStore.empty)).toBe(true)
  })
  it('gives the records that fit in the order of creation', () => {
    expect(names(CookieStore.filter(() => true)(shelf))).toBe('abcde')
    expect(names(CookieStore.filter(({ domain }) => domain !== 'one.test')(shelf))).toBe('bcd')
    expect(CookieStore.filter(() => false)(shelf)).toEqual([])
  })
  it('joins site by site', () => {
    const [one, two] = [CookieStore.fromRecords(records.slice(0, 3)), CookieStore.fromRecords(records.slice(1))]
    expect(CookieStore.equals(CookieStore.join(one, two), shelf)).toBe(true)
  })
})

describe('the Cookie header', () => {
  const at = (href: string, ms = 0, held = shelf) => CookieStore.header(new URL(href), new Date(ms))(held)
  const text = (href: string, ms = 0) => {
    const header = at(href, ms)
    return header === undefined ? undefined : Secret.reveal(header)
  }

  it('is that of the URL at that time, whatever was asked before', () => {
    for (let round = 0; round < 2; round += 1) {
      expect(text('http://one.test/')).toBe('a=1; e=1')
      expect(text('http://one.test/', 49)).toBe('a=1; e=1')
      expect(text('http://one.test/', 50)).toBe('a=1')
      expect(text('http://www.one.test/', 50)).toBe('a=1; c=1')
      expect(text('http://two.test/long')).toBe('d=1; b=1')
      expect(text('http://two.test/')).toBe('b=1')
      expect(text('http://three.test/')).toBeUndefined()
    }
  })
  it('of several URLs that are asked in turn is made once', () => {
    const fresh = CookieStore.fromRecords(records)
    const hrefs = ['http://one.test/', 'https://one.test/', 'http://two.test/', 'http://two.test/long']
    const first = hrefs.map((href) => at(href, 0, fresh))
    expect(new Set(first).size).toBe(4)
    for (const [i, href] of hrefs.entries()) expect(at(href, 49, fresh)).toBe(first[i])
  })
  it('is known again from the moment a cookie is over, and not when time goes back', () => {
    const fresh = CookieStore.fromRecords(records)
    const over = at('http://one.test/', 50, fresh)
    expect(at('http://one.test/', 50, fresh)).toBe(over)
    expect(at('http://one.test/', 99, fresh)).toBe(over)
    expect(Secret.reveal(over ?? '')).toBe('a=1')
    expect(Secret.reveal(at('http://one.test/', 49, fresh) ?? '')).toBe('a=1; e=1')
  })
  it('is forgotten after many others, and by another shelf', () => {
    const first = at('http://one.test/')
    expect(at('http://one.test/', 0, CookieStore.fromRecords(records))).not.toBe(first)
    for (let i = 0; i < 50; i += 1) at(`http://one.test/${i}`)
    expect(at('http://one.test/')).not.toBe(first)
    expect(text('http://one.test/')).toBe('a=1; e=1')
  })
})
