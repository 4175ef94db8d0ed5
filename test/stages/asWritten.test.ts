import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as L from '../../src/index.js'
import { rebuildMethod } from '../../src/stages/Redirect.js'

const plan = (request: L.Request.Request) => pipe(request, L.Plan.plan({ session: L.Session.empty }))

describe('a method', () => {
  it.each([
    ['get', 'GET'],
    ['Patch', 'PATCH'],
    ['Purge', 'Purge'],
    ['query', 'QUERY'],
    ['Search', 'Search'],
    ['M-SEARCH', 'M-SEARCH'],
  ])('%s is sent as %s', (given, sent) =>
    expect(
      pipe(
        plan(L.Request.make(given, 'http://h/')),
        E.map(({ method }) => method),
      ),
    ).toEqual(E.right(sent)),
  )
  it.each([
    [301, 'QUERY'],
    [302, 'QUERY'],
    [303, 'GET'],
    [307, 'QUERY'],
    [308, 'QUERY'],
  ])('QUERY after a %s becomes %s', (status, method) => expect(rebuildMethod(status, 'QUERY')).toBe(method))
})

describe('a value that is undefined', () => {
  it('is omitted from query and form', () => {
    const query = plan(L.Request.withQuery({ a: undefined, b: ['1', undefined] })(L.Request.get('http://h/')))
    expect(
      pipe(
        query,
        E.map(({ url }) => url.search),
      ),
    ).toEqual(E.right('?b=1'))
    const form = plan(L.Request.withForm({ a: undefined, b: 1 })(L.Request.post('http://h/')))
    expect(
      pipe(
        form,
        E.map((made) =>
          pipe(
            L.Plan.wire(made).body,
            O.map((bytes) => Buffer.from(bytes).toString()),
            O.toUndefined,
          ),
        ),
      ),
    ).toEqual(E.right('b=1'))
  })
})

describe('a Link header', () => {
  it.each([
    ['</2>; rel=next; anchor="/other"', undefined],
    ['</o>; rel=next; anchor="/other", </2>; rel=next', 'http://h.test/2'],
    ['</2>; rel=next; anchor="#part"', 'http://h.test/2'],
    ['</\xe9>; rel=next', 'http://h.test/%E9'],
    ['</\xc3\xa9>; rel=next', 'http://h.test/%C3%A9'],
  ])('%j has the next page %s', (link, next) => {
    const { outcome } = L.Exchange.simulate({ session: L.Session.empty })(() => ({ status: 200, headers: { link } }))(
      L.Request.get('http://h.test/p'),
    )
    expect(
      pipe(
        outcome,
        E.map((response) => pipe(response, L.Response.link('next'), O.toUndefined)),
      ),
    ).toEqual(E.right(next))
  })
})
