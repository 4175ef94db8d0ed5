import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import type { Cookie } from '../../src/cookies/Cookie.js'
import * as DigestCache from '../../src/cookies/DigestCache.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as JarJson from '../../src/cookies/JarJson.js'
import * as Secret from '../../src/values/Secret.js'
import type * as Token from '../../src/values/Token.js'

const encoded = JarJson.encode({ reveal: true })
const read = (json: unknown): Jar.Jar =>
  pipe(
    JarJson.decode(json),
    E.getOrElse(({ message }): Jar.Jar => expect.fail(message)),
  )
const problems = (json: unknown) =>
  pipe(
    JarJson.decode(json),
    E.match(
      (error) => error.problems.join('; '),
      () => 'read',
    ),
  )

const COOKIE: Cookie = {
  name: 'sid',
  value: Secret.make('a=b'),
  domain: 'h.test',
  hostOnly: false,
  path: '/p',
  secure: true,
  httpOnly: true,
  sameSite: O.some('Lax'),
  expires: O.some(-5),
  created: { ms: 1, n: 2 },
  updated: { ms: 3, n: 4 },
  setBy: O.some('https://h.test/login'),
}
const BARE: Cookie = {
  ...COOKIE,
  name: '',
  value: Secret.make('bare'),
  domain: 'other.test',
  hostOnly: true,
  secure: false,
  httpOnly: false,
  sameSite: O.none,
  expires: O.none,
  created: { ms: 2, n: 0 },
  setBy: O.none,
}
const CHALLENGE: DigestCache.Challenge = {
  origin: 'https://h.test',
  realm: 'r',
  user: 'me',
  nonce: 'n',
  opaque: O.some('o'),
  algorithm: O.some('MD5'),
  qop: true,
  domain: ['/a', '/b?c'],
  count: 7,
  updated: { ms: 5, n: 6 },
}
const PLAIN: DigestCache.Challenge = {
  origin: 'https://h.test',
  realm: 'r',
  user: 'you',
  nonce: 'n',
  opaque: O.none,
  algorithm: O.none,
  qop: false,
  count: 0,
  updated: { ms: 5, n: 6 },
}

const FULL: Jar.Jar = {
  ...Jar.withRecords([COOKIE, BARE])(Jar.make({ nameless: true })),
  challenges: DigestCache.fromArray([CHALLENGE, PLAIN]),
  clock: { ms: 8, n: 9 },
}
const JSON_OF_FULL = {
  format: 'requests-ts/jar',
  version: 1,
  nameless: true,
  clock: [8, 9],
  cookies: [
    {
      name: 'sid',
      value: 'a=b',
      domain: 'h.test',
      hostOnly: false,
      path: '/p',
      secure: true,
      httpOnly: true,
      sameSite: 'Lax',
      expires: -5,
      created: [1, 2],
      updated: [3, 4],
      setBy: 'https://h.test/login',
    },
    {
      name: '',
      value: 'bare',
      domain: 'other.test',
      hostOnly: true,
      path: '/p',
      secure: false,
      httpOnly: false,
      sameSite: null,
      expires: null,
      created: [2, 0],
      updated: [3, 4],
      setBy: null,
    },
  ],
  challenges: [
    {
      origin: 'https://h.test',
      realm: 'r',
      user: 'you',
      nonce: 'n',
      opaque: null,
      algorithm: null,
      qop: false,
      count: 0,
      updated: [5, 6],
    },
    {
      origin: 'https://h.test',
      realm: 'r',
      user: 'me',
      nonce: 'n',
      opaque: 'o',
      algorithm: 'MD5',
      qop: true,
      domain: ['/a', '/b?c'],
      count: 7,
      updated: [5, 6],
    },
  ],
}

describe('a jar as JSON', () => {
  it('has the documented format', () => {
    expect(encoded(FULL)).toEqual(E.right(JSON_OF_FULL))
    expect(encoded(Jar.empty)).toEqual(
      E.right({ format: 'requests-ts/jar', version: 1, nameless: false, clock: [0, 0], cookies: [], challenges: [] }),
    )
  })
  it('decodes to an equal jar', () => {
    const again = read(JSON.parse(JSON.stringify(JSON_OF_FULL)))
    expect(Jar.Eq.equals(again, FULL)).toBe(true)
    expect(again.nameless).toBe(true)
    expect(Jar.records(again)).toEqual([COOKIE, BARE])
    expect(Jar.records(again).map(({ value }) => Secret.reveal(value))).toEqual(['a=b', 'bare'])
    expect(DigestCache.toArray(again.challenges)).toEqual([PLAIN, CHALLENGE])
  })
  it.each(['Strict', 'Lax', 'None'])('knows SameSite=%s', (sameSite) => {
    const [cookie] = JSON_OF_FULL.cookies
    const again = read({ ...JSON_OF_FULL, cookies: [{ ...cookie, sameSite }] })
    expect(Jar.records(again).map((one) => one.sameSite)).toEqual([O.some(sameSite)])
  })
  it('has a clock that is not before its cookies', () => {
    expect(read({ ...JSON_OF_FULL, clock: [0, 0] }).clock).toEqual({ ms: 3, n: 4 })
  })
  it('is refused with the paths of the secrets, without reveal', () => {
    const paths = ['cookies[0].value (sid)', 'cookies[1].value ()']
    expect(
      pipe(
        FULL,
        JarJson.encode(),
        E.mapLeft((error) => error.paths),
      ),
    ).toEqual(E.left(paths))
    expect(E.isRight(JarJson.encode()({ ...FULL, cookies: Jar.empty.cookies }))).toBe(true)
  })
  it.each<[string, Partial<Cookie>, string]>([
    ['an invalid expiry', { expires: O.some(Number.NaN) }, 'cookies.0.expires.0 is not a time'],
    [
      'an invalid path',
      { path: 'p' },
      'cookies.0, "sid", is not valid: its path must start with "/" and contain no control or non-Latin-1 characters',
    ],
    ['a time beyond what a Date can represent', { created: { ms: 9e15, n: 0 } }, 'cookies.0.created.0 is not a time'],
  ])('is not encoded with %s, because it could not be decoded', (_, odd, problem) => {
    const refused = encoded(Jar.withRecords([{ ...COOKIE, ...odd }])(Jar.empty))
    expect(E.isLeft(refused) && refused.left.paths).toContain(problem)
  })
})

const TOKEN: Token.Token = {
  accessToken: Secret.make('a1'),
  type: 'Bearer',
  refreshToken: O.some(Secret.make('r1')),
  scope: O.some('read write'),
  obtainedAt: 1000,
  expiresAt: O.some(61_000),
}
const BARE_TOKEN: Token.Token = { ...TOKEN, refreshToken: O.none, scope: O.none, expiresAt: O.none }
const ENDPOINT = 'https://auth.test/token'
const WITH_TOKENS: Jar.Jar = pipe(
  Jar.empty,
  Jar.withToken({ name: 'gone', endpoint: ENDPOINT }, TOKEN, new Date(500)),
  Jar.withoutTokens(),
  Jar.withToken({ name: 'api', endpoint: ENDPOINT }, TOKEN, new Date(1000)),
  Jar.withToken({ name: 'bare', endpoint: ENDPOINT }, BARE_TOKEN, new Date(1000)),
)
const JSON_WITH_TOKENS = {
  format: 'requests-ts/jar',
  version: 2,
  nameless: false,
  clock: [1000, 1],
  cookies: [],
  challenges: [],
  tokens: [
    { name: 'gone', endpoint: ENDPOINT, token: null, updated: [500, 1] },
    {
      name: 'api',
      endpoint: ENDPOINT,
      token: {
        accessToken: 'a1',
        type: 'Bearer',
        refreshToken: 'r1',
        scope: 'read write',
        obtainedAt: 1000,
        expiresAt: 61_000,
      },
      updated: [1000, 0],
    },
    {
      name: 'bare',
      endpoint: ENDPOINT,
      token: { accessToken: 'a1', type: 'Bearer', refreshToken: null, scope: null, obtainedAt: 1000, expiresAt: null },
      updated: [1000, 1],
    },
  ],
}

describe('a jar with tokens as JSON', () => {
  it('is version 2 with the tokens and removals', () => {
    expect(encoded(WITH_TOKENS)).toEqual(E.right(JSON_WITH_TOKENS))
    expect(Jar.Eq.equals(read(JSON.parse(JSON.stringify(JSON_WITH_TOKENS))), WITH_TOKENS)).toBe(true)
  })
  it('is version 2 if only removals are left, and version 1 after they were evicted', () => {
    const removed = Jar.withoutTokens()(WITH_TOKENS)
    const versionOf = (jar: Jar.Jar) =>
      pipe(
        encoded(jar),
        E.map(({ version }) => version),
      )
    expect([versionOf(removed), versionOf(Jar.evict(new Date(0))(removed))]).toEqual([E.right(2), E.right(1)])
  })
  it('needs reveal for each secret', () => {
    expect(JarJson.encode()(WITH_TOKENS)).toMatchObject({
      left: {
        _tag: 'Unwritable',
        paths: ['tokens[1].accessToken (api)', 'tokens[1].refreshToken (api)', 'tokens[2].accessToken (bare)'],
      },
    })
    expect(E.isRight(JarJson.encode()(Jar.withoutTokens()(WITH_TOKENS)))).toBe(true)
  })
  it('is written the same again if version 2 has no tokens', () => {
    const none = read({ ...JSON_WITH_TOKENS, tokens: [] })
    expect(E.map(({ version }: JarJson.JarJson) => version)(encoded(none))).toEqual(E.right(1))
  })
  it('ignores tokens in version 1, as older releases do', () => {
    expect(Jar.tokens(read({ ...JSON_WITH_TOKENS, version: 1 }))).toEqual([])
  })
  it('has a clock that is not before its tokens', () => {
    expect(read({ ...JSON_WITH_TOKENS, clock: [0, 0] }).clock).toEqual({ ms: 1000, n: 1 })
  })

  const edited = (patch: object, tokenPatch: object = {}) => {
    const [, api] = JSON_WITH_TOKENS.tokens
    return problems({ ...JSON_WITH_TOKENS, tokens: [{ ...api, token: { ...api?.token, ...tokenPatch }, ...patch }] })
  }
  it.each<[object, RegExp]>([
    [{ name: '' }, /^tokens\.0, "", is not valid: its name/],
    [{ name: 'a\n' }, /^tokens\.0\.name is not/],
    [{ name: 1 }, /^tokens\.0\.name is not/],
    [{ endpoint: 'auth.test/token' }, /"api", is not valid: its endpoint/],
    [{ endpoint: '/token' }, /"api", is not valid: its endpoint/],
    [{ endpoint: 'mailto:a@b.test' }, /"api", is not valid: its endpoint/],
    [{ endpoint: 'https://u:p@auth.test/token' }, /"api", is not valid: its endpoint/],
    [{ endpoint: `${ENDPOINT}?a=1` }, /"api", is not valid: its endpoint/],
    [{ endpoint: `${ENDPOINT}#a` }, /"api", is not valid: its endpoint/],
    [{ endpoint: 'https://AUTH.test/token' }, /"api", is not valid: its endpoint/],
    [{ endpoint: 'https://auth.test:443/token' }, /"api", is not valid: its endpoint/],
    [{ updated: [0] }, /^tokens\.0\.updated\.1 is not/],
    [{ token: 'a1' }, /^tokens\.0\.token\.0 is not/],
  ])('a record with %j is not read', (patch, problem) => expect(edited(patch)).toMatch(problem))
  it.each<[object, RegExp]>([
    [{ accessToken: '' }, /"api", is not valid: its access token/],
    [{ accessToken: ' a1' }, /"api", is not valid: its access token/],
    [{ accessToken: 'ä' }, /"api", is not valid: its access token/],
    [{ accessToken: 'a\r\nB: c' }, /^tokens\.0\.token\.0\.accessToken is not/],
    [{ accessToken: 5 }, /^tokens\.0\.token\.0\.accessToken is not/],
    [{ refreshToken: '' }, /"api", is not valid: its refresh token/],
    [{ refreshToken: 'a\n' }, /^tokens\.0\.token\.0\.refreshToken\.0 is not/],
    [{ type: '' }, /"api", is not valid: its type/],
    [{ type: 'a b' }, /"api", is not valid: its type/],
    [{ scope: '\t' }, /"api", is not valid: its scope/],
    [{ obtainedAt: '0' }, /^tokens\.0\.token\.0\.obtainedAt is not a time/],
    [{ expiresAt: 9e15 }, /^tokens\.0\.token\.0\.expiresAt\.0 is not a time/],
  ])('a token with %j is not read', (patch, problem) => expect(edited({}, patch)).toMatch(problem))
})

describe('a file that was edited', () => {
  const LINE = 'text without control characters'
  const edited = (list: 'cookies' | 'challenges', i: number, patch: object) => ({
    ...JSON_OF_FULL,
    [list]: JSON_OF_FULL[list].map((one, n) => (n === i ? { ...one, ...patch } : one)),
  })

  it.each<[object, string]>([
    [{ format: 'requests-ts/session' }, 'its format is "requests-ts/session", not requests-ts/jar'],
    [{ version: 3 }, 'its version is 3, but this release reads up to version 2; update requests-ts'],
    [{ version: 2 }, 'tokens is not of the expected type'],
    [{ nameless: 'no' }, 'nameless is not boolean'],
    [{ nameless: undefined }, 'nameless is not boolean'],
    [{ clock: undefined }, 'clock is not Readonly<[a time, finite number]>'],
    [{ clock: [9e15, 0] }, 'clock.0 is not a time'],
    [{ clock: [0, '0'] }, 'clock.1 is not finite number'],
    [{ clock: [0] }, 'clock.1 is not finite number'],
    [{ cookies: undefined }, 'cookies is not of the expected type'],
    [{ cookies: {} }, 'cookies is not of the expected type'],
    [{ challenges: undefined }, 'challenges is not of the expected type'],
    [{ challenges: [7] }, 'challenges.0 is not of the expected type'],
  ])('%j: %s', (patch, problem) => expect(problems({ ...JSON_OF_FULL, ...patch })).toBe(problem))

  it.each<[object, string]>([
    [{ name: 'a\n' }, `name is not ${LINE}`],
    [{ value: 'a\r\nB: c' }, `value is not ${LINE}`],
    [{ value: null }, `value is not ${LINE}`],
    [{ domain: 'h\0' }, `domain is not ${LINE}`],
    [{ hostOnly: 1 }, 'hostOnly is not boolean'],
    [{ path: '/\x7f' }, `path is not ${LINE}`],
    [{ secure: null }, 'secure is not boolean'],
    [{ httpOnly: 'true' }, 'httpOnly is not boolean'],
    [{ sameSite: 'lax' }, 'sameSite.0 is not "Strict" | "Lax" | "None"; cookies.1.sameSite.1 is not null'],
    [{ expires: 9e15 }, 'expires.0 is not a time; cookies.1.expires.1 is not null'],
    [{ created: null }, 'created is not Readonly<[a time, finite number]>'],
    [{ updated: ['1', 2] }, 'updated.0 is not a time'],
    [{ setBy: '\n' }, `setBy.0 is not ${LINE}; cookies.1.setBy.1 is not null`],
  ])('a cookie with %j', (patch, problem) => {
    expect(problems(edited('cookies', 1, patch))).toBe(`cookies.1.${problem}`)
  })

  it.each<[object, string]>([
    [{ origin: 1 }, `origin is not ${LINE}`],
    [{ realm: '\n' }, `realm is not ${LINE}`],
    [{ user: null }, `user is not ${LINE}`],
    [{ nonce: '\0' }, `nonce is not ${LINE}`],
    [{ opaque: 1 }, `opaque.0 is not ${LINE}; challenges.1.opaque.1 is not null`],
    [{ algorithm: 1 }, `algorithm.0 is not ${LINE}; challenges.1.algorithm.1 is not null`],
    [{ qop: 'auth' }, 'qop is not boolean'],
    [{ count: '1' }, 'count is not finite number'],
    [{ updated: 1 }, 'updated is not Readonly<[a time, finite number]>'],
  ])('a challenge with %j', (patch, problem) => {
    expect(problems(edited('challenges', 1, patch))).toBe(`challenges.1.${problem}`)
  })

  it.each<[object, string]>([
    [{ name: 'a;b' }, 'no'],
    [{ name: 'a=b' }, 'no'],
    [{ name: '=' }, 'no'],
    [{ value: 'a; admin=1' }, 'no'],
    [{ domain: 'h;x' }, 'no'],
    [{ domain: '' }, 'no'],
    [{ path: '' }, 'no'],
    [{ path: 'a/' }, 'no'],
    [{ value: '=a=' }, 'a'],
    [{ path: '/a;b' }, 'a'],
    [{ name: 'a,b' }, 'a'],
    [{ value: 'a\tb' }, 'a'],
    [{ value: ' a' }, 'no'],
    [{ value: '€' }, 'no'],
    [{ name: 'é€' }, 'no'],
    [{ value: 'v'.repeat(4097) }, 'no'],
    [{ name: '__Host-sid' }, 'no'],
    [{ name: '__SECURE-sid', secure: false }, 'no'],
    [{ name: '__Host-sid', hostOnly: true, path: '/', secure: true }, 'a'],
    [{ name: '', value: '__Host-sid=evil' }, 'no'],
    [{ name: '', value: '', expires: null }, 'no'],
    [{ name: '', value: '', expires: 0 }, 'a'],
    [{ domain: 'H.test' }, 'no'],
    [{ domain: '.h.test' }, 'no'],
    [{ domain: '[::1]' }, 'no'],
    [{ domain: '::1' }, 'a'],
    [{ domain: '0:0:0:0:0:0:0:1' }, 'no'],
    [{ domain: '::zz' }, 'no'],
    [{ domain: '127.0.0.1' }, 'a'],
    [{ domain: '127.1' }, 'no'],
    [{ domain: 'h.test:80' }, 'no'],
    [{ domain: 'co.uk', hostOnly: false }, 'no'],
    [{ domain: 'co.uk', hostOnly: true }, 'a'],
    [{ domain: 'xn--mnchen-3ya.de' }, 'a'],
    [{ domain: 'münchen.de' }, 'no'],
    [{ domain: '%2Frun%2Fa.sock', hostOnly: true }, 'a'],
    [{ domain: '%2Frun%2Fa.sock', hostOnly: false }, 'no'],
    [{ domain: 'run%2', hostOnly: true }, 'no'],
    [{ domain: 'run%2F%2', hostOnly: true }, 'no'],
    [{ domain: ' %2Frun', hostOnly: true }, 'no'],
    [{ domain: '%2Frun ', hostOnly: true }, 'no'],
  ])('with %j is %s cookie, wherever it stands', (patch, is) => {
    for (const i of [0, 1]) {
      const { name = JSON_OF_FULL.cookies[i]?.name } = patch as { readonly name?: string }
      const problem = problems(edited('cookies', i, patch))
      if (is === 'no') expect(problem).toMatch(`cookies.${i}, ${JSON.stringify(name)}, is not valid: `)
      else expect(problem).toBe('read')
    }
  })
})

describe('a field that is not an own one', () => {
  const withoutOwn = (list: 'cookies' | 'challenges', field: string): unknown => {
    const { [list]: records, ...rest } = JSON.parse(JSON.stringify(JSON_OF_FULL))
    return { ...rest, [list]: records.map((record: object) => ({ ...record, [field]: undefined })) }
  }
  const places = [
    ...Object.keys(JSON_OF_FULL.cookies[0] ?? {}).map((field) => ['cookies', field] as const),
    ...['origin', 'realm', 'user', 'nonce', 'qop', 'count'].map((field) => ['challenges', field] as const),
  ]
  it.each(places)('is not read: %s, %s', (list, field) => {
    const json = JSON.parse(JSON.stringify(withoutOwn(list, field)))
    const content = JSON_OF_FULL[list]?.[0]?.[field as never]
    Object.defineProperty(Object.prototype, field, { value: content, configurable: true, writable: true })
    const outcome = JarJson.decode(json)
    Reflect.deleteProperty(Object.prototype, field)
    expect(outcome).toMatchObject({ left: { _tag: 'Unreadable' } })
    // Of a class, or of an object that was made with `Object.create`.
    const inherited = json[list].map((record: object) => Object.assign(Object.create({ [field]: content }), record))
    expect(JarJson.decode({ ...json, [list]: inherited })).toMatchObject({ left: { _tag: 'Unreadable' } })
  })
})

it('encodes a delta of jars that accept cookies without a name', () => {
  const at = new URL('https://h.test/')
  const [since] = Jar.absorb(at, ['first'], new Date(1))(Jar.make({ nameless: true }))
  const [now] = Jar.absorb(at, ['second'], new Date(2))(since)
  const delta = Jar.delta(since)(now)
  expect(
    Jar.Eq.equals(
      pipe(
        encoded(delta),
        E.map(read),
        E.getOrElse(() => Jar.empty),
      ),
      delta,
    ),
  ).toBe(true)
  expect(Jar.Eq.equals(Jar.delta(now)(now), Jar.empty)).toBe(true)
})
