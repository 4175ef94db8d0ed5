import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Mount from '../../src/session/Mount.js'
import * as Session from '../../src/session/Session.js'
import { memory } from '../../src/transport/Memory.js'
import * as Url from '../../src/values/Url.js'

const parts = (url: string) => {
  const { protocol, hostname, port, pathname } = new URL(url)
  return { protocol, hostname, port, pathname }
}

/** Returns the prefix whose transport is selected. */
const winner = (prefixes: ReadonlyArray<string>, url: Mount.UrlParts): string | undefined => {
  const named = prefixes.map((prefix) => [prefix, memory({})] as const)
  const session = named.reduce((s, [prefix, transport]) => Session.mount(prefix, transport)(s), Session.empty)
  const found = Mount.find(url)(session)
  return named.find(([, transport]) => O.isSome(found) && found.value === transport)?.[0]
}
const matches = (prefix: string, url: string): boolean => winner([prefix], parts(url)) === prefix

describe('a prefix', () => {
  it.each([
    ['https://', 'https://a.test/v1'],
    ['https:', 'https://a.test/v1'],
    ['HTTPS://', 'https://a.test:8443/'],
    ['http+unix://', 'http+unix://%2Frun%2Fsock/v1'],
    ['http+unix:', 'http+unix://%2Frun%2Fsock/v1'],
    ['x-y.z:', 'x-y.z://a/b'],
    ['mailto:', 'mailto:me@a.test'],
    ['https://a.test', 'https://a.test/'],
    ['https://a.test', 'https://a.test:8443/v1'],
    ['https://a.test/', 'https://a.test/v1'],
    ['https://A.Test/v1', 'https://a.test/v1'],
    ['https://a.test:8443', 'https://a.test:8443/v1'],
    ['https://a.test:443', 'https://a.test/v1'],
    ['http://a.test:80', 'http://a.test/v1'],
    ['https://a.test/v1', 'https://a.test/v1/'],
    ['https://a.test/v1/', 'https://a.test/v1'],
    ['https://a.test//v1', 'https://a.test/v1//x'],
    ['https://a.test/v1/x', 'https://a.test/v1/x/y'],
    ['https:///v1', 'https://a.test/v1/x'],
    ['https:///v1?x=1#y', 'https://a.test/v1/x'],
    ['https://:8443', 'https://a.test:8443/v1'],
    ['https://:443', 'https://a.test/v1'],
    ['https://:8443/v1', 'https://a.test:8443/v1'],
  ])('%s matches %s', (prefix, url) => expect(matches(prefix, url)).toBe(true))

  it.each([
    ['https://', 'http://a.test/'],
    ['http+unix://', 'http://a.test/'],
    ['https://a.test', 'http://a.test/'],
    ['https://a.test', 'https://b.test/'],
    ['https://a.test', 'https://a.test.evil.test/'],
    ['https://a.test', 'https://www.a.test/'],
    ['https://a.test:8443', 'https://a.test/'],
    ['https://a.test:443', 'https://a.test:8443/'],
    ['https://a.test:80', 'https://a.test/'],
    ['https://a.test/v1', 'https://a.test/'],
    ['https://a.test/v1', 'https://a.test/v10'],
    ['https://a.test/v1', 'https://a.test/x/v1'],
    ['https://a.test/v1/x', 'https://a.test/v1/y'],
    ['https:///v1', 'https://a.test/v2'],
    ['https://:8443', 'https://a.test:9443/'],
    ['https://:8443/v1', 'https://a.test:8443/v2'],
    // Not the beginning of a URL.
    ['', 'https://a.test/'],
    ['a.test', 'https://a.test/'],
    ['/v1', 'https://a.test/v1'],
    ['1https://', 'https://a.test/'],
    ['https://*.test', 'https://a.test/*.test'],
    ['https://*.test', 'https://a.test/'],
    ['https://a.test:99999', 'https://a.test/'],
    ['http://[', 'http://a.test/'],
  ])('%s does not match %s', (prefix, url) => expect(matches(prefix, url)).toBe(false))

  it('ignores the case of the host', () => {
    expect(winner(['https://a.test'], { ...parts('https://a.test/'), hostname: 'A.Test' })).toBe('https://a.test')
  })

  const host = fc.constantFrom('a.test', 'A.Test', 'straße.de', 'XN--strae-oqa.de', '[::1]', '[0:0::1]', '127.1', 'ü.h')
  const path = fc.constantFrom('', '/', '/v1', '/v1/', '/ü', '/%7Ea', '/a b/../c', '//x')
  const written = fc
    .tuple(fc.constantFrom('http://', 'HTTPS://', 'http+unix://', 'ftp://'), host, fc.constantFrom('', ':8080', ':080'))
    .chain(([scheme, name, port]) => path.map((rest) => `${scheme}${name}${port}${rest}`))
  it('matches itself, used as a URL', () => {
    fc.assert(
      fc.property(written, (text) => {
        const transport = memory({})
        const located = Url.parse(text)
        if (E.isLeft(located)) return
        expect(Mount.find(located.right.url)(Session.mount(text, transport)(Session.empty))).toEqual(O.some(transport))
      }),
    )
  })
})

describe('of several prefixes', () => {
  const all = [
    'https://',
    'https:///v1/x/y',
    'https://:8443',
    'https://a.test',
    'https://a.test/v1',
    'https://a.test/v1/x',
    'https://a.test:8443',
    'https://a.test:8443/v1',
    'mailto:',
  ]
  it.each([
    ['https://a.test/', 'https://a.test'],
    ['https://a.test/v1', 'https://a.test/v1'],
    ['https://a.test/v1/y', 'https://a.test/v1'],
    ['https://a.test/v1/x/y', 'https://a.test/v1/x'],
    ['https://a.test/v10', 'https://a.test'],
    ['https://a.test:8443/', 'https://a.test:8443'],
    ['https://a.test:8443/v1', 'https://a.test:8443/v1'],
    ['https://a.test:9443/v1/x', 'https://a.test/v1/x'],
    ['https://b.test/', 'https://'],
    ['https://b.test/v1/x/y/z', 'https:///v1/x/y'],
    ['https://b.test:8443/v1/x/y', 'https://:8443'],
    ['https://a.test.evil.test/v1', 'https://'],
    ['http://a.test/', undefined],
    ['mailto:me@a.test', 'mailto:'],
  ])('%s uses the most specific one: %s', (url, expected) => {
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (prefixes) => {
        expect(winner(prefixes, parts(url))).toBe(expected)
      }),
      { numRuns: 20 },
    )
  })
  it('finds none in a session without mounts', () => {
    expect(Mount.find(parts('https://a.test/'))(Session.empty)).toEqual(O.none)
  })
})

describe('mounting', () => {
  it('appends a prefix and keeps the others', () => {
    const [first, second, third] = [memory({}), memory({}), memory({})]
    const session = pipe(Session.empty, Session.mount('https://a.test', first), Session.mount('https://', second))
    expect(session.mounts).toEqual([
      ['https://a.test', first],
      ['https://', second],
    ])
    expect(Session.mount('https://a.test', third)(session).mounts).toEqual([
      ['https://', second],
      ['https://a.test', third],
    ])
    expect(session.mounts).toHaveLength(2)
  })
  it.each([
    ['https://a.test', 'https://a.test/'],
    ['https://a.test/v1', 'HTTPS://A.test/v1/'],
    ['https://a.test/v1', 'https://a.test//v1'],
    ['https://straße.de', 'https://xn--strae-oqa.de'],
    ['https://', 'https:'],
    ['https://', 'HTTPS:///'],
    ['https://:8443', 'https://:8443/'],
    ['http://[::1]', 'http://[0:0::1]'],
  ])('treats %s and %s as equal', (one, other) => {
    const [first, second] = [memory({}), memory({})]
    const both = pipe(Session.empty, Session.mount(one, first), Session.mount(other, second))
    expect(both.mounts).toEqual([[other, second]])
  })
  it.each([
    ['https://', 'http://'],
    ['https://a.test', 'http://a.test'],
    ['https://a.test', 'https://b.test'],
    ['https://a.test', 'https://'],
    ['https://a.test', 'https://a.test:443'],
    ['https://a.test:8443', 'https://a.test:9443'],
    ['https://a.test/v1', 'https://a.test/v10'],
    ['https://a.test/v1/x', 'https://a.test/v2/x'],
    ['https://a.test/v1/x', 'https://a.test/v1/y'],
    ['https://a.test/v1', 'https://a.test'],
  ])('treats %s and %s as different', (one, other) => {
    for (const [first, second] of [
      [one, other],
      [other, one],
    ] as const) {
      const both = pipe(Session.empty, Session.mount(first, memory({})), Session.mount(second, memory({})))
      expect(both.mounts.map(([prefix]) => prefix)).toEqual([first, second])
    }
  })
})
