import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { CookieJar } from 'tough-cookie'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as Any from '../laws/arbitrary/Cookie.js'
import * as Setting from '../laws/arbitrary/Settings.js'
import * as Laws from '../laws/Jar.js'
import { Eq } from '../laws/Unsealed.js'
import * as CookiesTxt from '../src/cookies/CookiesTxt.js'
import * as Jar from '../src/cookies/Jar.js'
import * as ToughJson from '../src/cookies/ToughJson.js'
import * as Store from '../src/Store.js'
import * as Auth from '../src/session/auth/Auth.js'
import * as RedirectPolicy from '../src/session/RedirectPolicy.js'
import * as Session from '../src/session/Session.js'
import type { Configure } from '../src/session/Settings.js'
import { memory } from '../src/transport/Memory.js'
import * as Override from '../src/values/Override.js'
import * as Secret from '../src/values/Secret.js'
import * as Token from '../src/values/Token.js'

const reveal = { reveal: true }
const jars = Any.longHistory.map((history) => Laws.replay(Jar)(history)(Jar.empty))
const challenged = Jar.remember(
  { origin: 'https://h.test', user: 'me', realm: 'r', nonce: 'n', opaque: O.none, algorithm: O.some('MD5'), qop: true },
  new Date(5),
)(Jar.empty)

describe('Jar.encode and decode', () => {
  it('round-trip through text, which is written the same again', () => {
    fc.assert(
      fc.property(jars, (jar) => {
        const json = Jar.encode(reveal)(jar)
        if (E.isLeft(json)) return false
        const text = JSON.stringify(json.right)
        const again = Jar.decode(JSON.parse(text))
        if (E.isLeft(again) || !Jar.Eq.equals(again.right, jar)) return false
        return E.isRight(again) && JSON.stringify(pipe(again.right, Jar.encode(reveal), E.toUnion)) === text
      }),
    )
    expect(
      pipe(
        challenged,
        Jar.encode(reveal),
        E.flatMap(Jar.decode),
        E.map((jar) => Jar.Eq.equals(jar, challenged)),
      ),
    ).toEqual(E.right(true))
  })
  it('report the path of each secret that is not written', () => {
    const [jar] = Jar.absorb(new URL('https://h.test/'), ['a=canary', 'b=canary'], new Date(0))(Jar.empty)
    const refused = Jar.encode()(jar)
    expect(refused).toMatchObject({
      left: { _tag: 'Unwritable', paths: ['cookies[0].value (a)', 'cookies[1].value (b)'] },
    })
    expect(JSON.stringify(refused)).not.toContain('canary')
    expect(E.isRight(Jar.encode()(Jar.empty))).toBe(true)
  })
  const [jar] = Jar.absorb(new URL('https://h.test/'), ['a=1'], new Date(0))(Jar.empty)
  const saved = pipe(jar, Jar.encode(reveal), E.toUnion)
  const edited = (edit: (json: { cookies: Array<Record<string, unknown>>; [key: string]: unknown }) => void) => {
    const json = JSON.parse(JSON.stringify(saved))
    edit(json)
    return Jar.decode(json)
  }
  it.each<[string, Parameters<typeof edited>[0], RegExp]>([
    [
      'a newer version',
      (json) => {
        json['version'] = 3
      },
      /version/,
    ],
    [
      'another format',
      (json) => {
        json['format'] = 'x'
      },
      /"x"/,
    ],
    [
      'a line break in a value',
      (json) => {
        json.cookies = [{ ...json.cookies[0], value: 'a\r\nB: c' }]
      },
      /cookies\.0\.value/,
    ],
    [
      'a second cookie in a value',
      (json) => {
        json.cookies = [{ ...json.cookies[0], value: 'a; admin=1' }]
      },
      /cookies\.0.*"a"/,
    ],
    [
      'a missing field',
      (json) => {
        json.cookies = [{ name: 'a' }]
      },
      /cookies.0/,
    ],
    [
      'a clock that is not a number',
      (json) => {
        json['clock'] = ['a', 0]
      },
      /clock/,
    ],
  ])('refuse %s', (_, edit, problem) => {
    const read = edited(edit)
    expect(E.isLeft(read) && read.left.message).toMatch(problem)
  })
  it.each([null, undefined, 3, 'text', [], {}])('refuse %j', (u) => expect(E.isLeft(Jar.decode(u))).toBe(true))
})

/** Strings that a file must not contain, that JSON has to escape, or that have a meaning in JavaScript. */
const nastyText = fc.oneof(
  fc.constantFrom('', 'a', '\t', 'é', '☃', '\ud800', '__proto__', 'a=b', 'Infinity', 'NaN', 'http://u:p@h:1'),
  fc.constantFrom('a\x01b', '\r\n', '\0', '\x7f', 'a\nb: c', '\x1b[0m'),
  fc.string(),
)
/** Numbers that JSON cannot represent, and extreme ones that it can. */
const nastyNumber = fc.constantFrom(0, -0, Number.NaN, 1 / 0, -1 / 0, 1e308, 5e-324, 2 ** 53 + 2, 0.1, 30, 1e20)
const nastyScalar = fc.oneof(nastyText, nastyNumber, fc.boolean())
const pair = fc.tuple(nastyText, nastyText)

const nastyChange: fc.Arbitrary<Configure> = fc.oneof(
  nastyNumber.map((body) => Session.withLimits({ body })),
  nastyNumber.map((read) => Session.withTimeouts({ read })),
  nastyNumber.map(Session.withMaxRedirects),
  fc.tuple(nastyText, nastyScalar).map(([name, value]) => Session.withQuery({ [name]: value })),
  fc.tuple(nastyText, fc.array(nastyScalar)).map(([name, values]) => Session.withQuery([[name, values]])),
  nastyText.map(Session.withQueryText),
  pair.map(([name, value]) => Session.withHeader(name, value)),
  pair.map(([name, value]) => Session.withSecretHeader(name, value)),
  pair.map(([name, value]) => Session.withCookie(name, value)),
  pair.map(([user, pass]) => Session.withBasicAuth(user, pass)),
  nastyText.map(Session.withBearer),
  pair.map(([key, url]) => Session.withProxy({ [key]: url })),
  nastyText.map(Session.withBaseUrl),
  nastyText.map(Session.withCa),
  nastyText.map((name) => Session.withSensitiveHeaders(name)),
  pair.map(([cert, passphrase]) => Session.withClientCertificate({ cert, passphrase })),
  fc.oneof(nastyText, fc.uint8Array()).map((pfx) => Session.withClientCertificate({ pfx })),
  fc.constantFrom(Session.withHooks([]), Session.withoutAuth, Session.withoutProxy),
)
const nastySession = fc
  .array(nastyChange, { maxLength: 4 })
  .map((changes) => changes.reduce((session, change) => change(session), Session.defaults))

describe('a saved value', () => {
  it('is read back unchanged, or encoding is Unwritable', () => {
    fc.assert(
      fc.property(nastySession, (session) => {
        const json = Session.encode(reveal)(session)
        if (E.isLeft(json)) expect(json.left.paths).not.toEqual([])
        else expect(Eq.equals(Session.decode(JSON.parse(JSON.stringify(json.right))), E.right(session))).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })
  it.each<[string, Configure]>([
    ['limits', Session.withLimits({ body: Number.POSITIVE_INFINITY })],
    ['maxRedirects', Session.withMaxRedirects(Number.POSITIVE_INFINITY)],
    ['timeouts', Session.withTimeouts({ total: Number.NaN, read: -0 })],
    ['a query of keys', Session.withQuery({ a: Number.NaN, b: [1 / 0, null, -0], c: 'NaN' })],
    ['a query of pairs', Session.withQuery([['a', Number.NaN]])],
    ['no hooks', Session.withHooks([])],
  ])('contains %s', async (_, change) => {
    const session = change(Session.defaults)
    const again = pipe(
      Session.encode(reveal)(session),
      E.map((json) => JSON.parse(JSON.stringify(json))),
      E.flatMap(Session.decode),
    )
    expect(Eq.equals(again, E.right(session))).toBe(true)
  })
  it.each<[string, Configure]>([
    ['auth.pass', Session.withBasicAuth('me', 'a\x01')],
    ['auth.user', Session.withDigestAuth('a\nb', 'p')],
    ['auth.token', Session.withBearer('a\0')],
    ['headers.X-A', Session.withHeader('X-A', 'a\rb')],
    ['cookies.a', Session.withCookie('a', '\x7f')],
    ['cookies.a\\x0ab', Session.withCookie('a\nb', '')],
    ['proxies.http', Session.withProxy({ http: 'http://p\n' })],
    ['baseUrl', Session.withBaseUrl('\x02')],
    ['ca', Session.withCa('\0')],
    ['certificate.passphrase', Session.withClientCertificate({ passphrase: '\n' })],
    ['sensitive.\\x00', Session.withSensitiveHeaders('\0')],
  ])('is Unwritable with a control character in %s', (path, change) => {
    const refused = Session.encode(reveal)(change(Session.empty))
    expect(E.isLeft(refused) && [...new Set(refused.left.paths)]).toEqual([path])
  })
  it('of a jar is read back unchanged, or encoding is Unwritable', () => {
    const time = fc.constantFrom(0, -5, 1e12, 8.64e15, Number.NaN, 1e20, Number.POSITIVE_INFINITY)
    const nasty = fc.record({ realm: nastyText, nonce: nastyText, user: nastyText, ms: time, expires: time })
    fc.assert(
      fc.property(fc.array(nasty, { maxLength: 3 }), (items) => {
        const jar = items.reduce((held, { realm, nonce, user, ms, expires }) => {
          const challenge = { origin: 'https://h.test', opaque: O.none, algorithm: O.none, qop: true }
          const [absorbed] = Jar.absorb(new URL('https://h.test/'), ['a=1'], new Date(ms))(held)
          const records = Jar.toArray(absorbed).map((cookie) => ({ ...cookie, expires: O.some(expires) }))
          return Jar.remember({ ...challenge, realm, nonce, user }, new Date(ms))(Jar.withRecords(records)(absorbed))
        }, Jar.empty)
        const json = Jar.encode(reveal)(jar)
        if (E.isLeft(json)) return json.left.paths.length > 0
        const again = Jar.decode(JSON.parse(JSON.stringify(json.right)))
        return E.isRight(again) && Jar.Eq.equals(again.right, jar)
      }),
    )
  })
  it('of a jar has no time outside the range of Date', () => {
    const [jar] = Jar.absorb(new URL('https://h.test/'), ['a=1; Max-Age=5'], new Date(0))(Jar.empty)
    const late = Jar.withRecords(Jar.toArray(jar).map((cookie) => ({ ...cookie, expires: O.some(1e20) })))(jar)
    expect(Jar.encode(reveal)(late)).toMatchObject({ left: { _tag: 'Unwritable' } })
    const text = JSON.stringify(pipe(jar, Jar.encode(reveal), E.toUnion))
    expect(Jar.decode(JSON.parse(text.replace('"expires":5000', '"expires":1e20')))).toMatchObject({
      left: { _tag: 'Unreadable', message: expect.stringContaining('cookies.0.expires') },
    })
    expect(ToughJson.write(new Date(0))(late).cookies).toMatchObject([{ expires: '+275760-09-13T00:00:00.000Z' }])
  })
})

describe('Session.encode and decode', () => {
  const isPlain = ({ settings }: Session.Session) =>
    [settings.hooks, settings.observers].every(
      (functions) => Override.layerOrElse<ReadonlyArray<unknown>>([])(functions).length === 0,
    )
  it('round-trip through text', () => {
    fc.assert(
      fc.property(Setting.session.filter(isPlain), (session) => {
        const json = Session.encode(reveal)(session)
        if (E.isLeft(json)) return false
        return Eq.equals(Session.decode(JSON.parse(JSON.stringify(json.right))), E.right(session))
      }),
    )
  })
  it('report the path of every function and every secret', () => {
    const session = pipe(
      Session.defaults,
      Session.withDigestAuth('me', 'canary'),
      Session.withSecretHeader('X-Key', 'canary'),
      Session.withCookie('sid', 'canary'),
      Session.withProxy({ http: 'http://u:canary@p', https: 'http://plain' }),
      Session.withHook(TE.right),
      Session.andRedirectPolicy(RedirectPolicy.sameOrigin),
      Session.andRedirectPolicy(() => RedirectPolicy.toStop),
      Session.withProgress(() => () => {}),
      Session.mount('https://a', memory({})),
    )
    const refused = Session.encode()(session)
    expect(E.isLeft(refused) && refused.left.paths).toEqual([
      'headers.X-Key',
      'cookies.sid',
      'proxies.http',
      'auth.pass',
      'redirects[1]',
      'hooks[0]',
      'progress',
      'mounts (https://a)',
    ])
    expect(JSON.stringify(refused)).not.toContain('canary')
    expect(E.isLeft(Session.encode(reveal)(session))).toBe(true)
    const signed = Session.encode(reveal)(Session.withAuth(Auth.signer('hmac', (plan) => plan))(Session.empty))
    expect(E.isLeft(signed) && signed.left.paths).toEqual(['auth (hmac)'])
  })
  const saved = JSON.parse(JSON.stringify(pipe(Session.defaults, Session.encode(reveal), E.toUnion)))
  it.each<[string, object]>([
    ['a newer version', { version: 9 }],
    ['settings that are not an object', { settings: 3 }],
    ['a header with a line break', { settings: { headers: [['x', { set: { name: 'X', values: ['a\r\nb'] } }]] } }],
    ['trust that is not a boolean', { trust: { proxies: 'yes', netrc: true, certificates: true } }],
    ['an unknown policy', { settings: { redirects: { replace: ['mine'] } } }],
  ])('refuse %s', (_, patch) => {
    const read = Session.decode({ ...saved, ...patch })
    expect(E.isLeft(read) && read.left._tag).toBe('Unreadable')
  })
  it('treat __proto__ as an unknown field', () => {
    const text =
      '{"format":"requests-ts/session","version":1,"settings":{"__proto__":{"headers":1}},"trust":{"proxies":true,"netrc":true,"certificates":true}}'
    expect(E.isRight(Session.decode(JSON.parse(text)))).toBe(true)
    expect(Object.hasOwn(Object.prototype, 'headers')).toBe(false)
  })
})

describe('Store', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'requests-ts-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))
  const [jar] = Jar.absorb(new URL('https://h.test/'), ['sid=1'], new Date(0))(Jar.empty)

  it('saves and loads a session in a file that only its owner can read', async () => {
    const path = join(folder, 'session.json')
    const session = pipe(Session.defaults, Session.withBasicAuth('me', 'pw'))
    for (let i = 0; i < 2; i++) expect(E.isRight(await Store.save(path)({ session, jar })())).toBe(true)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['session.json'])
    const loaded = await Store.load(path)()
    expect(Eq.equals(loaded, E.right({ session, jar }))).toBe(true)
  })
  it('keeps tokens of other processes, and does not restore removed ones', async () => {
    const path = join(folder, 'tokens.json')
    const session = Session.defaults
    const endpoint = 'https://auth.test/token'
    const token = Token.at(new Date(0))({ accessToken: 'a', refreshToken: 'r' })
    const first = Jar.withToken({ name: 'first', endpoint }, token, new Date(0))(jar)
    await Store.save(path)({ session, jar: first })()
    await Store.save(path)({ session, jar: Jar.withoutTokens({ name: 'first' })(first) })()
    await Store.save(path)({ session, jar: Jar.withToken({ name: 'second', endpoint }, token, new Date(0))(first) })()
    const loaded = await Store.load(path)()
    const tokens = E.isRight(loaded) ? Jar.tokens(loaded.right.jar) : []
    expect(tokens.map(({ name }) => name)).toEqual(['second'])
    expect(tokens.every((entry) => Token.Eq.equals(entry.token, token))).toBe(true)
  })
  it('keeps the old file if the new one cannot be written', async () => {
    const path = join(folder, 'session.json')
    await Store.save(path)({ session: Session.defaults, jar })()
    const before = readFileSync(path, 'utf8')
    const refused = await Store.save(path)({ session: Session.withHook(TE.right)(Session.defaults), jar })()
    expect(E.isLeft(refused) && refused.left._tag).toBe('Unwritable')
    expect(readFileSync(path, 'utf8')).toBe(before)
    expect(await Store.save(join(folder, 'no', 'such'))({ session: Session.defaults, jar })()).toMatchObject({
      left: { _tag: 'StoreFailed' },
    })
    expect(readdirSync(folder)).toEqual(['session.json'])
  })
  it.each([
    '',
    'not json',
    '{}',
    '[]',
    'null',
    '{"format":"requests-ts/store","version":1}',
    '{"format":"requests-ts/store","version":7}',
  ])('does not read %j', async (text) => {
    writeFileSync(join(folder, 'x'), text)
    expect(await Store.load(join(folder, 'x'))()).toMatchObject({ left: { _tag: 'Unreadable' } })
  })
  it('fails with StoreFailed if there is no file', async () => {
    expect(await Store.load(join(folder, 'absent'))()).toMatchObject({ left: { _tag: 'StoreFailed' } })
    expect(await Store.load(folder)()).toMatchObject({ left: { _tag: 'StoreFailed' } })
  })
})

const now = new Date('2026-01-01T00:00:00Z')
const sent = (jar: Jar.Jar, url: string) =>
  pipe(Jar.header(new URL(url), now)(jar), (header) => (header === undefined ? '' : Secret.reveal(header)))
const URLS = [
  'https://example.com/',
  'https://sub.example.com/a/b',
  'http://example.com/a',
  'https://example.co.uk/',
  'http://127.0.0.1/a',
]

describe('cookies.txt', () => {
  it('round-trips the cookies that are sent, below the limit per site', () => {
    fc.assert(
      fc.property(jars, (jar) => {
        if (jar.cookies.some((bucket) => bucket.length > 180)) return
        const { jar: again, badLines } = CookiesTxt.read(now)(
          CookiesTxt.write({ now: new Date(0), session: true })(jar),
        )
        expect(badLines).toEqual([])
        const names = (text: string) => text.split('; ').sort()
        for (const url of URLS) expect(names(sent(again, url))).toEqual(names(sent(jar, url)))
      }),
    )
  })
  it('reads files of other programs and returns the numbers of invalid lines', () => {
    const text = [
      '# Netscape HTTP Cookie File',
      '.example.com\tTRUE\t/\tTRUE\t1893456000\ta\t1',
      '#HttpOnly_example.com\tFALSE\t/x\tFALSE\t\tb\t2',
      '# a comment',
      'example.com\tmaybe\t/\tFALSE\t0\tc\t3',
      'example.com\tFALSE\t/\tFALSE\t0\td\t4\textra',
      'example.com\tFALSE\t/\tFALSE\t0\te\t\u0007',
      'nonsense',
      '',
    ].join('\r\n')
    const { jar, badLines } = CookiesTxt.read(now)(text)
    expect(Jar.toArray(jar).map(({ name, hostOnly, httpOnly }) => [name, hostOnly, httpOnly])).toEqual([
      ['a', false, false],
      ['b', true, true],
    ])
    expect(badLines).toEqual([5, 6, 7, 8])
  })
  it('omits session cookies with { session: false }', () => {
    const [jar] = Jar.absorb(new URL('https://h.test/'), ['a=1', 'b=2; Max-Age=60', 'c=3; Max-Age=0'], now)(Jar.empty)
    expect(CookiesTxt.write({ now, session: false })(jar)).not.toContain('\ta\t')
    expect(CookiesTxt.write({ now, session: true })(jar)).not.toContain('\tc\t')
  })
})

describe('tough-cookie', () => {
  it('has the same cookies after reading our file', () => {
    const noClash = Any.history.map((history) => Laws.replay(Jar)(history)(Jar.empty))
    fc.assert(
      fc.property(noClash, (jar) => {
        const plain = Jar.toArray(jar).filter(
          ({ hostOnly, domain, name, path }, _, all) =>
            !all.some((o) => o.hostOnly !== hostOnly && o.domain === domain && o.name === name && o.path === path),
        )
        if (plain.length !== Jar.toArray(jar).length) return
        const tough = CookieJar.deserializeSync(JSON.stringify(ToughJson.write(new Date(0))(jar)))
        const held = tough.serializeSync()?.cookies ?? []
        expect(held.map(({ key }) => key).sort()).toEqual(
          Jar.toArray(jar)
            .filter(({ expires }) => O.isNone(expires) || expires.value > 0)
            .map(({ name }) => name)
            .sort(),
        )
      }),
    )
  })
  it('file with 6,000 cookies is read without recursion', () => {
    const many = Array.from({ length: 6000 }, (_, i) => ({
      key: `c${i}`,
      value: '1',
      domain: `h${i}.test`,
      path: '/',
      creation: now.toISOString(),
      hostOnly: true,
    }))
    const read = ToughJson.read({ cookies: many })
    expect(E.isRight(read) && Jar.toArray(read.right).length).toBe(6000)
  })
  it('file with Max-Age (counted from the last access) and Infinity is read', () => {
    const base = {
      value: '1',
      domain: 'h.test',
      path: '/',
      creation: '2026-01-01T00:00:00.000Z',
      lastAccessed: '2026-01-01T00:00:30.000Z',
    }
    const read = ToughJson.read({
      cookies: [
        { ...base, key: 'a', maxAge: 60 },
        { ...base, key: 'b', maxAge: '-Infinity' },
        { ...base, key: 'c', expires: 'Infinity' },
        { ...base, key: 'd', expires: '2030-01-01T00:00:00.000Z', sameSite: 'lax' },
      ],
    })
    const expiry = E.isRight(read)
      ? Jar.toArray(read.right).map(({ name, expires }) => [name, O.toUndefined(expires)])
      : []
    expect(expiry).toEqual([
      ['a', Date.parse('2026-01-01T00:01:30Z')],
      ['c', undefined],
      ['d', Date.parse('2030-01-01T00:00:00Z')],
    ])
  })
  it.each([
    null,
    {},
    { cookies: 3 },
    { cookies: [{ key: 'a' }] },
    { cookies: [{ key: 'a', value: 'x\ny', domain: 'h', path: '/' }] },
  ])('does not read %j', (u) => expect(E.isLeft(ToughJson.read(u))).toBe(true))
})
