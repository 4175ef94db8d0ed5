import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Secret from '../../src/values/Secret.js'
import * as Url from '../../src/values/Url.js'

const href = (text: string) =>
  pipe(
    Url.parse(text),
    E.map(({ url }) => url.href),
  )
const tag = (text: string) =>
  pipe(
    Url.parse(text),
    E.match(
      (error) => error._tag,
      ({ url }) => url.href,
    ),
  )

describe('Url.parse', () => {
  it.each([
    ['http://example.com', 'http://example.com/'],
    ['HTTP://EXAMPLE.com:80/', 'http://example.com:80/'],
    ['https://example.com:/x', 'https://example.com/x'],
    ['https://example.com:0443/x', 'https://example.com:443/x'],
    ['http://example.com/a/./b/../c', 'http://example.com/a/c'],
    ['http://example.com/../../x', 'http://example.com/x'],
    ['http://example.com/%2e%2e/x', 'http://example.com/x'],
    ['http://example.com//double//', 'http://example.com//double//'],
    ['http://example.com/?', 'http://example.com/?'],
    ['http://example.com/?#f', 'http://example.com/?#f'],
    ['http://example.com/#', 'http://example.com/'],
    ['http://example.com:0/', 'http://example.com:0/'],
    ['http://example.com:000/', 'http://example.com:0/'],
    [' \t\n\u00a0http://example.com/p?q=1 \r\n\0', 'http://example.com/p?q=1'],
    ['http://example.com/..//x', 'http://example.com//x'],
    ['http://example.com/?a=b c#f g', 'http://example.com/?a=b%20c#f%20g'],
    ['http://example.com/%7euser/%2f', 'http://example.com/~user/%2F'],
    ['http://example.com/100%', 'http://example.com/100%25'],
    ['http://example.com/%41%zz', 'http://example.com/%2541%25zz'],
    ['http://example.com/a[b]|c', 'http://example.com/a%5Bb%5D%7Cc'],
    ['http://example.com/ü?é#ö', 'http://example.com/%C3%BC?%C3%A9#%C3%B6'],
    ['http://example.com/a;p=1,2', 'http://example.com/a;p=1,2'],
    ['  http://example.com/', 'http://example.com/'],
    ['http://example.com/a\r\nb', 'http://example.com/a%0D%0Ab'],
    ['http://straße.de/', 'http://xn--strae-oqa.de/'],
    ['http://127.1/', 'http://127.0.0.1/'],
    ['http://0x7f.1/', 'http://127.0.0.1/'],
    ['http://[0:0:0:0:0:0:0:1]:8080/', 'http://[::1]:8080/'],
    ['http://a_b.example.com./', 'http://a_b.example.com./'],
    ['http://u:p@example.com/', 'http://example.com/'],
    ['mailto:me@example.com?x=y z', 'mailto:me@example.com?x=y z'],
    ['http+unix://%2Fvar%2Frun%2Fx.sock/p?q', 'http+unix://%2Fvar%2Frun%2Fx.sock/p?q'],
    ['localhost:3128', 'localhost:3128'],
  ])('parses %s as %s', (given, expected) => expect(href(given)).toEqual(E.right(expected)))

  it.each([
    ['example.com', 'MissingScheme'],
    ['/path', 'MissingScheme'],
    ['//host/path', 'MissingScheme'],
    ['', 'MissingScheme'],
    ['http://', 'InvalidUrl'],
    ['http:///x', 'InvalidUrl'],
    ['http:x', 'InvalidUrl'],
    ['http://exa mple.com/', 'InvalidUrl'],
    ['http://example.com:99999/', 'InvalidUrl'],
    ['http://example.com:8x/', 'InvalidUrl'],
    ['http://example.com\\@evil.test/', 'InvalidUrl'],
    ['http://.example.com/', 'InvalidUrl'],
    ['http://*.example.com/', 'InvalidUrl'],
    ['http://[::1/', 'InvalidUrl'],
    ['http://[fe80::1%25eth0]/', 'InvalidUrl'],
    ['http://exa\nmple.com/', 'InvalidUrl'],
    ['http://☃.net:80:80/', 'InvalidUrl'],
    ['http://example.com/\ud800', 'InvalidUrl'],
  ])('refuses %j as %s', (given, expected) => expect(tag(given)).toBe(expected))

  it('removes the credentials from the URL and decodes them', () => {
    const located = Url.parse('https://us%40er:p%3Aw@example.com/')
    expect(E.isRight(located) && located.right.url.href).toBe('https://example.com/')
    const userinfo = E.isRight(located) ? located.right.userinfo : O.none
    expect(
      pipe(
        userinfo,
        O.map(({ user }) => user),
      ),
    ).toEqual(O.some('us@er'))
    expect(
      pipe(
        userinfo,
        O.chain(({ pass }) => pass),
        O.map(Secret.reveal),
      ),
    ).toEqual(O.some('p:w'))
  })

  it('hides a password in error messages', () => {
    const error = Url.parse('http://user:hunter2@exa mple.com/')
    expect(JSON.stringify(error)).not.toContain('hunter2')
  })

  it('is idempotent', () => {
    const piece = fc.oneof(
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
      fc.string({ unit: 'grapheme' }).map((s) => `http://h.test/${s}`),
    )
    fc.assert(
      fc.property(piece, (text) => {
        const once = href(text)
        if (E.isLeft(once)) return true
        expect(href(once.right)).toEqual(once)
        return true
      }),
    )
  })

  it('gives the same result on the fast path as on the general one', () => {
    const pieces = fc.constantFrom(
      'a',
      '.',
      '..',
      '/',
      '//',
      '-',
      '~',
      '1',
      ' ',
      '%41',
      '%zz',
      '?',
      ':',
      '@',
      'ü',
      ';',
      '=',
    )
    fc.assert(
      fc.property(
        fc.constantFrom('h.test', '1.2.3.4', '1.2.3', '0.0.0.0', 'xn--fa-hia.de', 'a_b', '256.1.1.1', '-a'),
        fc.array(pieces),
        (host, path) => {
          // A leading space disables the fast path.
          expect(href(`http://${host}/${path.join('')}`)).toEqual(href(` http://${host}/${path.join('')}`))
        },
      ),
    )
  })

  it('stays fast on hostile text', () => {
    for (const c of ['@', ':', '[', '%', '/', '?', '\\']) {
      const started = performance.now()
      Url.parse(`http://${c.repeat(100_000)}`)
      Url.parse(`http://h/${c.repeat(100_000)}`)
      expect(performance.now() - started).toBeLessThan(500)
    }
  })
})

interface Vectors {
  readonly base: string
  readonly cases: ReadonlyArray<{ readonly ref: string; readonly target: string }>
}

describe('Url.parse of an origin that it knows', () => {
  // A blank before the text leads to the general parser.
  const parsed = (text: string) => [Url.parse(text), Url.parse(` ${text}`)] as const
  const host = fc.constantFrom(
    'h.test',
    'H.test',
    '127.0.0.1',
    '127.1',
    'xn--nxasmq6b.test',
    'a_b.test',
    '[::1]',
    'h.test.',
  )
  const authority = fc
    .tuple(host, fc.constantFrom('', ':80', ':443', ':8080', ':080', ':99999'))
    .map((parts) => parts.join(''))
  const character = fc.constantFrom(
    ...'az09/.~!$&()*+,;=:@-_?#% "<>^`{|}\\é'.split(''),
    '%2e',
    '%2E',
    '..',
    '/./',
    '//',
  )
  const target = fc.array(character, { maxLength: 12 }).map((parts) => parts.join(''))

  it('returns what the general parser returns', () => {
    const scheme = fc.constantFrom('http://', 'https://', 'HTTP://')
    fc.assert(
      fc.property(scheme, authority, fc.array(target, { minLength: 1, maxLength: 3 }), (start, place, targets) => {
        Url.parse(`${start}${place}/`)
        for (const one of targets) {
          for (const text of [`${start}${place}/${one}`, `${start}${place}${one}`]) {
            const [known, general] = parsed(text)
            expect(E.isRight(known) ? known.right.url : known.left).toEqual(
              E.isRight(general) ? general.right.url : { ...general.left },
            )
          }
        }
      }),
      { numRuns: 1_000 },
    )
  })
  it('stays correct for more origins than it remembers', () => {
    const origins = Array.from({ length: 200 }, (_, i) => `http://h${i}.test:${8000 + i}`)
    for (const origin of [...origins, ...origins.toReversed()]) {
      expect(Url.parse(`${origin}/a?b=c`)).toMatchObject({ right: { url: { origin, href: `${origin}/a?b=c` } } })
    }
  })
})

describe('Url.resolve', () => {
  const vectors: Vectors = JSON.parse(readFileSync(new URL('../vectors/rfc3986-5.4.json', import.meta.url), 'utf8'))
  const base = Url.parse(vectors.base)

  // RFC 3986 5.4.2 allows reading `http:g` as relative, as requests does. An empty path is written as `/`.
  const ours: Readonly<Record<string, string>> = { 'http:g': 'http://a/b/c/g', '//g': 'http://g/' }

  it.each(vectors.cases)('resolves $ref to $target', ({ ref, target }) => {
    if (E.isLeft(base)) return expect.fail('the base of the table is a URL')
    const resolved = pipe(
      Url.resolve(base.right.url)(ref),
      E.map(({ url }) => url.href),
    )
    expect(resolved).toEqual(E.right(ours[ref] ?? target))
  })
})

describe('Url.origin', () => {
  const origin = (text: string) =>
    pipe(
      Url.parse(text),
      E.map(({ url }) => url.origin),
    )
  it('leaves a default port out', () => {
    expect(origin('https://h:443/')).toEqual(E.right('https://h'))
    expect(origin('https://h:8443/')).toEqual(E.right('https://h:8443'))
  })
})
