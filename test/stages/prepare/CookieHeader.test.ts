import { inspect } from 'node:util'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import * as Jar from '../../../src/cookies/Jar.js'
import * as Plan from '../../../src/Plan.js'
import * as Request from '../../../src/session/Request.js'
import * as Session from '../../../src/session/Session.js'
import * as Exchange from '../../../src/stages/Exchange.js'
import { memory } from '../../../src/transport/Memory.js'
import type { Server } from '../../../src/wire/Reply.js'
import { untyped } from '../../untyped.js'

// The Cookie header: cookies of the jar and of the settings, and both after a redirect.

const now = new Date(0)
const jarOf = (url: string, ...lines: ReadonlyArray<string>) => Jar.absorb(new URL(url), lines, now)(Jar.empty)[0]

const headersOf = (request: Request.Request, jar = Jar.empty, session = Session.empty) =>
  pipe(
    request,
    Plan.plan({ session, jar, now }),
    E.map((plan) => Plan.wire(plan).headers),
  )
const get = Request.get('http://h/')

describe('a cookie of the settings', () => {
  it.each([
    ['a', '1', 'a=1'],
    ['abc', 'xyz', 'abc=xyz'],
    ['a', '', 'a='],
    ['', 'x', '=x'],
    ['!~\x80\xff', '\t :<=,~\x80\xff', '!~\x80\xff=\t :<=,~\x80\xff'],
    ["a'b", '"q"', 'a\'b="q"'],
  ])('%j=%j is sent', (name, value, expected) => {
    expect(headersOf(Request.withCookie(name, value)(get))).toEqual(E.right([['Cookie', expected]]))
  })
  it.each([
    [';a', 'x'],
    ['a;', 'x'],
    ['a=b', 'x'],
    ['a,b', 'x'],
    ['a b', 'x'],
    ['\0a', 'x'],
    ['a\x1f', 'x'],
    ['a\x7fb', 'x'],
    ['☃', 'x'],
    ['a', ';x'],
    ['a', 'x;'],
    ['a', 'x\0'],
    ['a', '\x08x'],
    ['a', 'x\ny'],
    ['a', 'x\x1f'],
    ['a', 'x\x7f'],
    ['a', '☃'],
  ])('%j=%j is rejected', (name, value) => {
    expect(headersOf(Request.withCookie(name, value)(get))).toMatchObject({
      left: { _tag: 'InvalidHeader', name: 'Cookie', message: expect.stringContaining(JSON.stringify(name)) },
    })
  })
  it('is rejected if its value is not a string', () => {
    expect(headersOf(Request.withCookie('a', untyped(7))(get))).toMatchObject({
      left: { _tag: 'InvalidHeader', name: 'Cookie', message: expect.stringContaining('"a"') },
    })
  })
  it('keeps its position, and is omitted after withoutCookie', () => {
    const session = pipe(Session.empty, Session.withCookie('a', '1'), Session.withCookie('b', '2'))
    const own = (request: Request.Request) => headersOf(request, Jar.empty, session)
    expect(own(get)).toEqual(E.right([['Cookie', 'a=1; b=2']]))
    expect(own(Request.withoutCookie('a')(get))).toEqual(E.right([['Cookie', 'b=2']]))
    expect(own(pipe(get, Request.withoutCookie('a'), Request.withoutCookie('b')))).toEqual(E.right([]))
  })
})

describe('cookies of settings and jar', () => {
  it('are ordered: longer paths, then the settings, then the path /', () => {
    const jar = jarOf('http://h/d/e', 'top=1; Path=/', 'deep=2; Path=/d', 'deepest=3; Path=/d/e')
    const request = pipe(Request.get('http://h/d/e'), Request.withCookie('own', '9'))
    expect(headersOf(request, jar)).toEqual(E.right([['Cookie', 'deepest=3; deep=2; own=9; top=1']]))
    expect(headersOf(Request.get('http://h/d/e'), jar)).toEqual(E.right([['Cookie', 'deepest=3; deep=2; top=1']]))
    expect(headersOf(Request.get('http://h/d/e'))).toEqual(E.right([]))
  })
  it('are never printed', () => {
    const made = Plan.plan({ session: Session.empty, jar: jarOf('http://h/', 'a=canary'), now })(
      Request.withCookie('own', 'canary')(get),
    )
    expect(E.isRight(made)).toBe(true)
    expect(inspect(made, { depth: null, showHidden: true }) + JSON.stringify(made)).not.toContain('canary')
  })
  it('are those of the settings only, if one of the jar does not fit after them', () => {
    const stored = `a=${'x'.repeat(3_000)}`
    const own = (length: number) => Request.withCookie('own', 'y'.repeat(length - 'own='.length))(get)
    const longest = Jar.HEADER_LIMIT - stored.length - '; '.length
    const sent = (length: number) =>
      pipe(
        headersOf(own(length), jarOf('http://h/', stored)),
        E.map((fields) => fields.map(([, value]) => value.length)),
      )
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 5, max: Jar.HEADER_LIMIT * 2 }), fc.integer({ min: longest - 3, max: longest + 3 })),
        (length) => {
          const together = length + '; '.length + stored.length
          expect(sent(length)).toEqual(E.right([together <= Jar.HEADER_LIMIT ? together : length]))
        },
      ),
      { examples: [[longest], [longest + 1]] },
    )
  })
  it('for a mounted scheme come from the settings only', () => {
    const session = Session.mount(
      'app://',
      memory(() => ({ status: 200 })),
    )(Session.empty)
    const jar = jarOf('http://h/', 'a=1')
    const url = Request.get('app://h/')
    expect(headersOf(url, jar, session)).toEqual(E.right([]))
    expect(headersOf(Request.withCookie('own', '9')(url), jar, session)).toEqual(E.right([['Cookie', 'own=9']]))
  })
})

describe('the cookies of one jar', () => {
  it('are added to the headers of each session and request', () => {
    const now = new Date(0)
    const [jar] = Jar.absorb(new URL('https://h.test/'), ['id=1'], now)(Jar.empty)
    const lines = (session: string, own: string | undefined) =>
      pipe(
        Request.get('https://h.test/'),
        own === undefined ? (request: Request.Request) => request : Request.withHeader('X-Own', own),
        Plan.plan({ session: Session.withHeader('X-Session', session)(Session.empty), jar, now }),
        E.map((plan) => Plan.wire(plan).headers),
      )
    const value = fc.constantFrom('a', 'b', 'c')
    fc.assert(
      fc.property(fc.array(fc.tuple(value, fc.option(value, { nil: undefined })), { minLength: 2 }), (calls) => {
        for (const [session, own] of calls) {
          const given = own === undefined ? [] : [['X-Own', own]]
          expect(lines(session, own)).toEqual(E.right([['X-Session', session], ...given, ['Cookie', 'id=1']]))
        }
      }),
    )
  })
})

describe('the Cookie header after a redirect', () => {
  const server: Server = {
    'GET http://a.test/': { status: 302, headers: { location: '/b', 'set-cookie': 'sid=1' } },
    'GET http://a.test/b': { status: 302, headers: { location: 'http://c.test/' } },
    'GET http://c.test/': { status: 302, headers: { location: 'http://a.test/d' } },
    'GET http://a.test/d': { status: 200 },
  }
  const jar = jarOf('http://c.test/', 'theirs=3')
  const cookies = (configure: (request: Request.Request) => Request.Request) =>
    Exchange.simulate({ session: Session.empty, jar, now })(server)(configure(Request.get('http://a.test/'))).hops.map(
      ({ plan }) => Plan.wire(plan).headers.filter(([name]) => name.toLowerCase() === 'cookie'),
    )
  it.each<[string, (request: Request.Request) => Request.Request, ReadonlyArray<string | undefined>]>([
    ['no cookie', (request) => request, [undefined, 'sid=1', 'theirs=3', 'sid=1']],
    ['withCookie', Request.withCookie('own', '2'), ['own=2', 'own=2; sid=1', 'theirs=3', 'sid=1']],
    ['a Cookie header', Request.withHeader('Cookie', 'lit=4'), ['lit=4', 'lit=4', 'theirs=3', 'sid=1']],
    ['withoutHeader', Request.withoutHeader('Cookie'), [undefined, 'sid=1', 'theirs=3', 'sid=1']],
  ])('is rebuilt for each hop of a request with %s', (_, configure, expected) => {
    expect(cookies(configure)).toEqual(expected.map((value) => (value === undefined ? [] : [['Cookie', value]])))
  })
})
