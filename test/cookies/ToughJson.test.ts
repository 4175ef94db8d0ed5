import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import type { Cookie } from '../../src/cookies/Cookie.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as ToughJson from '../../src/cookies/ToughJson.js'
import * as Secret from '../../src/values/Secret.js'

const at = (ms: number): string => new Date(ms).toISOString()

const COOKIE: Cookie = {
  name: 'sid',
  value: Secret.make('hunter2'),
  domain: 'h.test',
  hostOnly: false,
  path: '/p',
  secure: true,
  httpOnly: true,
  sameSite: O.some('Strict'),
  expires: O.some(60_000),
  created: { ms: 1000, n: 0 },
  updated: { ms: 2000, n: 5 },
  setBy: O.none,
}
const BARE: Cookie = {
  ...COOKIE,
  name: 'bare',
  hostOnly: true,
  secure: false,
  httpOnly: false,
  sameSite: O.none,
  expires: O.none,
  created: { ms: 1001, n: 0 },
}
const jar = (...cookies: ReadonlyArray<Cookie>): Jar.Jar => Jar.withRecords(cookies)(Jar.empty)

describe('writing for tough-cookie', () => {
  it('has the format of SerializedCookieJar', () => {
    expect(ToughJson.write(new Date(0))(jar(COOKIE, BARE))).toEqual({
      version: 'tough-cookie@6.1.0',
      storeType: 'MemoryCookieStore',
      rejectPublicSuffixes: true,
      enableLooseMode: false,
      cookies: [
        {
          key: 'sid',
          value: 'hunter2',
          domain: 'h.test',
          path: '/p',
          hostOnly: false,
          creation: at(1000),
          lastAccessed: at(2000),
          expires: at(60_000),
          secure: true,
          httpOnly: true,
          sameSite: 'strict',
        },
        {
          key: 'bare',
          value: 'hunter2',
          domain: 'h.test',
          path: '/p',
          hostOnly: true,
          creation: at(1001),
          lastAccessed: at(2000),
        },
      ],
    })
  })
  it('enables loose mode if the jar allows nameless cookies', () => {
    expect(ToughJson.write(new Date(0))(Jar.make({ nameless: true })).enableLooseMode).toBe(true)
  })
  it('contains the live cookies in creation order', () => {
    const dead = { ...COOKIE, name: 'dead', domain: 'a.test', expires: O.some(0) }
    const keys = (now: number) => ToughJson.write(new Date(now))(jar(BARE, COOKIE, dead)).cookies.map(({ key }) => key)
    expect([keys(0), keys(59_999), keys(60_000)]).toEqual([['sid', 'bare'], ['sid', 'bare'], ['bare']])
  })
  it.each([
    [1e20, '+275760-09-13T00:00:00.000Z'],
    [8.64e15, '+275760-09-13T00:00:00.000Z'],
    [-1, '1969-12-31T23:59:59.999Z'],
    [-8.64e15, '-271821-04-20T00:00:00.000Z'],
    [-1e20, '-271821-04-20T00:00:00.000Z'],
    [Number.NaN, '1970-01-01T00:00:00.000Z'],
  ])('has %d as %s, a time that a Date can hold', (ms, creation) => {
    const [written] = ToughJson.write(new Date(0))(jar({ ...COOKIE, created: { ms, n: 0 } })).cookies
    expect(written).toMatchObject({ creation })
  })
})

const KEPT = { key: 'a', value: '1', domain: 'h.test', path: '/' }
const readAll = (...cookies: ReadonlyArray<unknown>) => pipe(ToughJson.read({ cookies }), E.map(Jar.toArray))
const readOne = (patch: object): Cookie => {
  const cookies = readAll({ ...KEPT, ...patch })
  const [cookie] = E.isRight(cookies) ? cookies.right : []
  return cookie ?? expect.fail(JSON.stringify(cookies))
}

describe('reading from tough-cookie', () => {
  it('restores what was written, except the logical times', () => {
    const written = JSON.parse(JSON.stringify(ToughJson.write(new Date(0))(jar(COOKIE, BARE))))
    const again = pipe(ToughJson.read(written), E.map(Jar.toArray))
    const stamps = { created: expect.anything(), updated: expect.anything() }
    expect(again).toEqual(
      E.right([
        { ...COOKIE, ...stamps },
        { ...BARE, ...stamps },
      ]),
    )
    expect(E.isRight(again) && again.right.map(({ value }) => Secret.reveal(value))).toEqual(['hunter2', 'hunter2'])
  })
  it('sets only the attributes in the JSON', () => {
    expect(readOne({})).toMatchObject({
      name: 'a',
      domain: 'h.test',
      path: '/',
      hostOnly: false,
      secure: false,
      httpOnly: false,
      sameSite: O.none,
      expires: O.none,
    })
    expect(
      readOne({ hostOnly: null, maxAge: null, expires: null, creation: null, lastAccessed: null, sameSite: null }),
    ).toMatchObject({ hostOnly: false, expires: O.none, sameSite: O.none })
    expect(readOne({ hostOnly: true, secure: true, httpOnly: true })).toMatchObject({
      hostOnly: true,
      secure: true,
      httpOnly: true,
    })
  })
  it.each<[string, Cookie['sameSite']]>([
    ['strict', O.some('Strict')],
    ['LAX', O.some('Lax')],
    ['None', O.some('None')],
    ['other', O.none],
    ['', O.none],
  ])('with sameSite %j', (sameSite, expected) => expect(readOne({ sameSite }).sameSite).toEqual(expected))

  it.each<[object, number | undefined]>([
    [{}, undefined],
    [{ expires: at(5000) }, 5000],
    [{ expires: 'Infinity' }, undefined],
    [{ expires: 'soon' }, undefined],
    [{ maxAge: 60 }, 60_000],
    [{ maxAge: 0.5, creation: 1000 }, 1500],
    [{ maxAge: 60, creation: at(1000) }, 61_000],
    [{ maxAge: 60, creation: at(1000), lastAccessed: at(3000) }, 63_000],
    [{ maxAge: 60, creation: at(1000), lastAccessed: 'never' }, 61_000],
    [{ maxAge: 60, lastAccessed: null, creation: null, expires: at(5000) }, 60_000],
    [{ maxAge: 'Infinity', expires: at(5000) }, 5000],
    [{ maxAge: 'Infinity' }, undefined],
    [{ maxAge: '60' }, undefined],
    [{ maxAge: null, expires: at(5000) }, 5000],
  ])('with %j expires at %s', (patch, expires) => {
    expect(O.toUndefined(readOne(patch).expires)).toBe(expires)
  })
  it.each([
    { maxAge: 0 },
    { maxAge: 0, lastAccessed: at(5000) },
    { maxAge: -1, expires: at(5000) },
    { maxAge: '-Infinity', expires: at(5000) },
  ])('with %j is deleted', (patch) => expect(readAll({ ...KEPT, ...patch })).toEqual(E.right([])))

  it('keeps the creation times and the order of the file', () => {
    const names = readAll(
      { ...KEPT, key: 'b', creation: at(2000) },
      { ...KEPT, key: 'a', creation: 1000 },
      { ...KEPT, key: 'c' },
    )
    expect(
      pipe(
        names,
        E.map((all) => all.map(({ name, created }) => [name, created.ms])),
      ),
    ).toEqual(
      E.right([
        ['b', 2000],
        ['a', 2000],
        ['c', 2000],
      ]),
    )
  })
  it('keeps the later of two cookies with one key', () => {
    const twice = readAll(KEPT, { ...KEPT, value: '2' })
    expect(
      pipe(
        twice,
        E.map((all) => all.map(({ value }) => Secret.reveal(value))),
      ),
    ).toEqual(E.right(['2']))
  })
})

describe('invalid tough-cookie JSON', () => {
  const problems = (json: unknown) =>
    pipe(
      ToughJson.read(json),
      E.match(
        (error) => error.problems.join('; '),
        () => 'read',
      ),
    )
  it.each<[object, string]>([
    [{ key: '' }, 'cookies.0: Cookie "" is not valid: it has no name'],
    [
      { path: 'p' },
      'cookies.0: Cookie "a" is not valid: its path must start with "/" and contain no control or non-Latin-1 characters',
    ],
    [{ domain: '' }, 'cookies.0: Cookie "a" is not valid: its domain "" is not a valid host'],
  ])('%j is reported with its index', (patch, problem) => {
    expect(problems({ cookies: [{ ...KEPT, ...patch }] })).toBe(problem)
    const second = problem.replace('cookies.0', 'cookies.1')
    expect(problems({ cookies: [KEPT, { ...KEPT, ...patch }, KEPT] })).toBe(second)
    expect(
      problems({
        cookies: [
          { ...KEPT, ...patch },
          { ...KEPT, ...patch },
        ],
      }),
    ).toBe(`${problem}; ${second}`)
  })
  const LINE = 'text without control characters'
  it.each<[object, string]>([
    [{ key: 'a\n' }, `0.key is not ${LINE}`],
    [{ value: 'hunter2\n' }, `0.value is not ${LINE}`],
    [{ domain: undefined }, `0.domain is not ${LINE}`],
    [{ path: 1 }, `0.path is not ${LINE}`],
    [{ expires: 1 }, '1.expires.0 is not string; cookies.0.1.expires.1 is not null'],
    [
      { maxAge: true },
      '1.maxAge.0 is not finite number; cookies.0.1.maxAge.1 is not string; cookies.0.1.maxAge.2 is not null',
    ],
    [{ secure: 1 }, '1.secure is not boolean'],
    [{ httpOnly: null }, '1.httpOnly is not boolean'],
    [{ hostOnly: 0 }, '1.hostOnly.0 is not boolean; cookies.0.1.hostOnly.1 is not null'],
    [{ sameSite: 1 }, '1.sameSite.0 is not string; cookies.0.1.sameSite.1 is not null'],
  ])('%j has a wrong type', (patch, problem) => {
    expect(problems({ cookies: [{ ...KEPT, ...patch }] })).toBe(`cookies.0.${problem}`)
  })
  it.each(['creation', 'lastAccessed'])('%s is a text, a number or null', (key) => {
    expect(problems({ cookies: [{ ...KEPT, [key]: true }] })).toContain(`cookies.0.1.${key}`)
  })
  it.each([{ cookies: undefined }, { cookies: {} }])('rejects %j as a jar', (json) =>
    expect(problems(json)).toBe('cookies is not of the expected type'),
  )
})
