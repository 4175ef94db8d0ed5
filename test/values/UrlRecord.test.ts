import { inspect } from 'node:util'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import * as Redaction from '../../src/values/Redaction.js'
import * as Url from '../../src/values/Url.js'

const url = (text: string): Url.Url =>
  pipe(
    Url.parse(text),
    E.match(
      ({ message }) => expect.fail(message),
      (located) => located.url,
    ),
  )
const concealed = (text: string, ...secrets: ReadonlyArray<string>) => Url.concealing(new Set(secrets))(url(text))
const fields = ({ pathname, search, hash }: Url.Url) => pathname + search + hash
const withSecret = Url.appendQuery('k=S3CRET', 'k=‹secret›')

describe('Url.concealing', () => {
  it.each<[string, ReadonlyArray<string>, string]>([
    ['http://h:8080/x/S3CRET?k=S3CRET&b#S3CRET', ['S3CRET'], 'http://h:8080/x/‹secret›?k=‹secret›&b#‹secret›'],
    ['http://h/S3CRET', ['S3CRET'], 'http://h/‹secret›'],
    ['http://h/S3CRET?a=1#b', ['S3CRET'], 'http://h/‹secret›?a=1#b'],
    ['http://h/?S3CRET', ['S3CRET'], 'http://h/?‹secret›'],
    ['http://h/?a&k=S3CRET&b', ['S3CRET', 'other'], 'http://h/?a&k=‹secret›&b'],
    ['http://h/#S3CRET', ['S3CRET'], 'http://h/#‹secret›'],
    ['http://S3CRET/', ['S3CRET'], 'http://s3cret/'],
    ['http://h/t/ab/cd/x', ['ab/cd'], 'http://h/t/‹secret›/‹secret›/x'],
    ['http://h/?k=ab&cd', ['ab&cd'], 'http://h/?k=‹secret›&‹secret›'],
    ['http://h/?7', ['7'], 'http://h/?‹secret›'],
    ['http://h/?', ['S3CRET'], 'http://h/?'],
    ['http://h/', ['S3CRET'], 'http://h/'],
    ['http://h/S3CRET?S3CRET', [], 'http://h/S3CRET?S3CRET'],
    ['App:S3CRET/x?S3CRET', ['S3CRET'], 'App:‹secret›/x?‹secret›'],
  ])('shows %s without %j as %s, and sends the same', (text, secrets, shown) => {
    const [given, hidden] = [url(text), concealed(text, ...secrets)]
    expect(hidden.href).toBe(shown)
    expect(hidden.href.endsWith(fields(hidden))).toBe(true)
    expect([Url.sentPathname(hidden), Url.sentSearch(hidden)]).toEqual([given.pathname, given.search])
    expect(Url.target(hidden)).toBe(Url.target(given))
    expect(Url.sentHref(hidden)).toBe(Url.withHash(hidden.hash)(given).href)
    expect('sealedPathname' in hidden).toBe(hidden.pathname !== given.pathname)
    expect('sealedSearch' in hidden).toBe(hidden.search !== given.search)
    for (const secret of secrets) expect(inspect(hidden.sealedSearch)).not.toContain(secret)
  })
  it('leaves no secret in any URL, keeps what is sent, and changes nothing the second time', () => {
    const piece = fc.constantFrom('S3CRET', 'S3%43RET', 'k3y', '7', 'a', '/', '?', '#', '&', '=')
    const secrets = fc.subarray(['S3CRET', 'k3y', '7', 'a&k3y', 'a/S3CRET'])
    fc.assert(
      fc.property(fc.array(piece), secrets, (pieces, chosen) => {
        const [given, hidden] = [
          url(`http://h/${pieces.join('')}`),
          concealed(`http://h/${pieces.join('')}`, ...chosen),
        ]
        const long = new Set(chosen.filter(({ length }) => length > 3))
        for (const part of [hidden.pathname, hidden.search, hidden.hash, hidden.href]) {
          expect(Redaction.containsAny(long)(part)).toBe(false)
        }
        expect(Url.sentHref(hidden)).toBe(Url.withHash(hidden.hash)(given).href)
        expect(Url.Eq.equals(Url.concealing(new Set(chosen))(hidden), hidden)).toBe(true)
      }),
    )
  })
  it.each([
    ['k=', 'k=‹secret›', '?k=‹secret›&b=‹secret›'],
    ['k=1', 'k=‹secret›', '?k=‹secret›&b=‹secret›'],
    ['k=S3CRET', 'k=S3CRET', '?k=‹secret›&b=‹secret›'],
    ['k=1', 'k=1', '?k=1&b=‹secret›'],
  ])('keeps the query %j hidden that was appended as %j', (query, shown, search) => {
    const hidden = pipe(
      url('http://h/'),
      Url.appendQuery(query, shown),
      Url.appendQuery('b=S3CRET'),
      Url.concealing(new Set(['S3CRET'])),
    )
    expect([hidden.search, Url.sentSearch(hidden)]).toEqual([search, `?${query}&b=S3CRET`])
  })
  it('hides another secret in a path that already hides one', () => {
    const hidden = Url.concealing(new Set(['S3CRET', 'hunter2']))(concealed('http://h/S3CRET/hunter2', 'S3CRET'))
    expect([hidden.pathname, Url.sentPathname(hidden)]).toEqual(['/‹secret›/‹secret›', '/S3CRET/hunter2'])
  })
})

describe('a URL that hides a value', () => {
  it.each([
    ['http://h/', 'http://h/?k=‹secret›', 'http://h/?k=S3CRET'],
    ['http://h/?', 'http://h/?k=‹secret›', 'http://h/?k=S3CRET'],
    ['http://h/?a', 'http://h/?a&k=‹secret›', 'http://h/?a&k=S3CRET'],
    ['http://h/?a=1#b', 'http://h/?a=1&k=‹secret›#b', 'http://h/?a=1&k=S3CRET#b'],
    ['ftp://me@h/x', 'ftp://me@h/x?k=‹secret›', 'ftp://me@h/x?k=S3CRET'],
  ])('shows %s with a secret query as %s and sends %s', (text, shown, sent) => {
    const hidden = withSecret(url(text))
    expect([hidden.href, Url.sentHref(hidden)]).toEqual([shown, sent])
    expect(inspect(hidden) + JSON.stringify(hidden)).not.toContain('S3CRET')
  })
  it('sends the secret also after another query or fragment', () => {
    const hidden = pipe(url('http://h/'), withSecret, Url.appendQuery('b=2'), Url.withHash('#c'))
    expect([hidden.href, Url.sentHref(hidden)]).toEqual(['http://h/?k=‹secret›&b=2#c', 'http://h/?k=S3CRET&b=2#c'])
  })
  it('has no sealed query if all of it is shown', () => {
    expect(Url.appendQuery('a=1')(url('http://h/'))).not.toHaveProperty('sealedSearch')
  })
  it('shows the path as it is sent, and only the path', () => {
    const shown = Url.withSentPathname(concealed('http://h:1/S3CRET/x?S3CRET#y', 'S3CRET'))
    expect([shown.pathname, shown.href]).toEqual(['/S3CRET/x', 'http://h:1/S3CRET/x?‹secret›#y'])
    expect([Url.sentSearch(shown), 'sealedPathname' in shown]).toEqual(['?S3CRET', false])
    const plain = url('http://h:1/x?y#z')
    expect(Url.withSentPathname(plain)).toEqual(plain)
  })
  it.each([
    ['http://h/x?k=S3CRET', 'http://h/x?k=S3CRET', true],
    ['http://h/x?k=S3CRET', 'http://h/x?k=hunter2', false],
    ['http://h/S3CRET', 'http://h/hunter2', false],
    ['http://h/S3CRET', 'http://i/S3CRET', false],
  ])('compares %s with %s as they are sent: %s', (x, y, isEqual) => {
    const [one, other] = [concealed(x, 'S3CRET', 'hunter2'), concealed(y, 'S3CRET', 'hunter2')]
    expect(Url.Eq.equals(one, other)).toBe(isEqual)
  })
  it('resolves a relative reference against the path as it is sent', () => {
    const base = concealed('http://h/S3CRET/x?S3CRET', 'S3CRET')
    const resolved = (reference: string) =>
      pipe(
        Url.resolve(base)(reference),
        E.map((located) => Url.sentHref(located.url)),
      )
    expect(resolved('y')).toEqual(E.right('http://h/S3CRET/y'))
    expect(resolved('?z')).toEqual(E.right('http://h/S3CRET/x?z'))
    expect(resolved('#f')).toEqual(E.right('http://h/S3CRET/x?S3CRET#f'))
  })
})
