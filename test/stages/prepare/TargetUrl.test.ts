import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Session from '../../../src/session/Session.js'
import { type BaseRelation, targetUrl, withQuery } from '../../../src/stages/prepare/TargetUrl.js'
import * as Secret from '../../../src/values/Secret.js'
import { untyped } from '../../untyped.js'

// The target URL of a request, and the errors for references that cannot be resolved.

const based = (base: string) => Session.withBaseUrl(base)(Session.empty)
const located = (session: Session.Session, reference: string) => targetUrl(session.settings, reference)
const href = (session: Session.Session, reference: string) =>
  pipe(
    located(session, reference),
    E.map(({ url }) => withQuery(session.settings)(url).href),
  )

describe('a reference relative to a base URL (specification)', () => {
  it.each([
    ['https://h/v1', 'login', 'https://h/v1/login'],
    ['https://h/v1', '/login', 'https://h/v1/login'],
    ['https://h/v1/', 'login', 'https://h/v1/login'],
    ['https://h/v1//', '/login', 'https://h/v1/login'],
    ['https://h', 'login', 'https://h/login'],
    ['https://h/v1', 'a/b', 'https://h/v1/a/b'],
    ['https://h/v1', '/a/b', 'https://h/v1/a/b'],
    ['https://h/v1', 'a//', 'https://h/v1/a//'],
    ['https://h/v1', '', 'https://h/v1'],
    ['https://h/v1', '?a=1', 'https://h/v1?a=1'],
    ['https://h/v1', '#f', 'https://h/v1#f'],
    ['https://h/v1', 'a/..', 'https://h/v1/'],
    ['https://h/v1', 'a/%2e%2E', 'https://h/v1/'],
    ['https://h/v1', 'a/../b', 'https://h/v1/b'],
    ['https://h/v1', 'a/b/../../c', 'https://h/v1/c'],
    ['https://h/v1', './a', 'https://h/v1/a'],
    ['https://h/v1', '..a', 'https://h/v1/..a'],
    ['https://h/v1', 'a?x=/../../y', 'https://h/v1/a?x=/../../y'],
    ['https://h/v1', 'a#/../../y', 'https://h/v1/a#/../../y'],
  ])('of base %s and reference %j resolves to %s', (base, reference, expected) =>
    expect(href(based(base), reference)).toEqual(E.right(expected)),
  )
  it.each(['..', '../x', '/../x', 'a/../../x', 'a//../../x', 'a/./../../x', './../x', '%2e%2e/x', 'a/%2E./.%2e/x'])(
    'is rejected if it leads above the base: %s',
    (reference) => {
      expect(located(based('https://h/v1'), reference)).toMatchObject({
        left: { _tag: 'InvalidUrl', url: reference, message: expect.stringContaining("'..'") },
      })
    },
  )
  it('is rejected if it starts with //', () => {
    expect(located(based('https://h/v1'), '//other.test/x')).toMatchObject({
      left: { _tag: 'InvalidUrl', url: '//other.test/x', message: expect.stringContaining('//') },
    })
  })
  it('is rejected if it contains a lone surrogate', () => {
    expect(located(based('https://h/v1'), 'a\ud800')).toMatchObject({
      left: { _tag: 'InvalidUrl', message: expect.stringContaining('surrogate') },
    })
  })
})

describe('credentials in a URL (specification)', () => {
  const user = (session: Session.Session, reference: string) =>
    pipe(
      located(session, reference),
      E.map(({ userinfo }) =>
        pipe(
          userinfo,
          O.map((one) => [one.user, pipe(one.pass, O.map(Secret.reveal))]),
        ),
      ),
    )
  it('of the base URL apply only to references that are joined to it', () => {
    const session = based('https://me:pw@h/v1')
    expect(user(session, 'x')).toEqual(E.right(O.some(['me', O.some('pw')])))
    expect(user(session, 'https://h/v1/x')).toEqual(E.right(O.none))
  })
  it('of an absolute URL are used with and without a base URL', () => {
    expect(user(based('https://me:pw@h/v1'), 'https://you@h/')).toEqual(E.right(O.some(['you', O.none])))
    expect(user(Session.empty, 'https://you:pw@h/')).toEqual(E.right(O.some(['you', O.some('pw')])))
  })
})

describe('an absolute URL (specification)', () => {
  const relationOf = (session: Session.Session, reference: string) =>
    pipe(
      located(session, reference),
      E.map(({ relation }) => relation),
    )
  it.each<[string, BaseRelation]>([
    ['https://h/other', 'SameOrigin'],
    ['https://h:443/other', 'SameOrigin'],
    ['http://h/v1', 'OtherOrigin'],
    ['https://h:8443/v1', 'OtherOrigin'],
    ['https://other.test/', 'OtherOrigin'],
    ['mailto:me@h', 'OtherOrigin'],
    ['x', 'Joined'],
    ['', 'Joined'],
  ])('%j has this relation to https://h/v1: %s', (reference, expected) =>
    expect(relationOf(based('https://h/v1'), reference)).toEqual(E.right(expected)),
  )
  it('has the relation NoBase without a base URL', () => {
    expect(relationOf(Session.empty, 'https://other.test/')).toEqual(E.right('NoBase'))
  })
})

describe('an invalid base URL (specification)', () => {
  it.each([
    ['https://h/?key=1', 'query'],
    ['https://h/#part', 'fragment'],
    ['https://', 'host'],
  ])('%s is rejected because of its %s, for relative and absolute references', (base, part) => {
    for (const reference of ['x', 'https://h/']) {
      expect(located(based(base), reference)).toMatchObject({
        left: { _tag: 'InvalidUrl', url: base, message: expect.stringContaining(part) },
      })
    }
  })
  it('is rejected without a scheme', () => {
    expect(located(based('api.test'), 'x')).toMatchObject({
      left: { _tag: 'MissingScheme', url: 'api.test', message: expect.stringContaining('https://api.test') },
    })
  })
  it('is rejected if it is not a string', () => {
    expect(located(based(untyped(7)), 'x')).toMatchObject({ left: { _tag: 'InvalidUrl' } })
  })
})

it('a URL without a scheme and without a base is rejected (specification)', () => {
  expect(located(Session.empty, 'h.test/x')).toMatchObject({
    left: { _tag: 'MissingScheme', url: 'h.test/x', message: expect.stringContaining('https://h.test/x') },
  })
})

it.each([
  [Session.empty, 7, 'number'],
  [based('https://h/'), undefined, 'undefined'],
])('a URL that is not a string is rejected: case %# (specification)', (session, reference, kind) => {
  expect(located(session, untyped(reference))).toMatchObject({ left: { _tag: 'InvalidUrl', url: kind } })
})

describe('the query of the settings (specification)', () => {
  const withSettings = Session.withQuery({ a: '1 2', b: 'ü' })(Session.empty)
  it.each([
    ['http://h/', 'http://h/?a=1+2&b=%C3%BC'],
    ['http://h/?x=y#f', 'http://h/?x=y&a=1+2&b=%C3%BC#f'],
    ['http+unix://h/x', 'http+unix://h/x?a=1+2&b=%C3%BC'],
    ['mailto:me@h', 'mailto:me@h'],
    ['x-http:me', 'x-http:me'],
  ])('is appended to %s: %s', (url, expected) => expect(href(withSettings, url)).toEqual(E.right(expected)))
  it('changes nothing if it is empty', () => {
    expect(href(Session.withQuery({})(Session.empty), 'http://h/')).toEqual(E.right('http://h/'))
    expect(href(Session.empty, 'http://h/')).toEqual(E.right('http://h/'))
  })
  it('is appended to a reference that was joined to a base', () => {
    expect(href(Session.withQuery({ a: 1 })(based('https://h/v1')), 'x')).toEqual(E.right('https://h/v1/x?a=1'))
  })
})
