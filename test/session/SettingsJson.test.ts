import { inspect } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import { Eq } from '../../laws/Unsealed.js'
import * as Auth from '../../src/session/auth/Auth.js'
import * as RedirectPolicy from '../../src/session/RedirectPolicy.js'
import * as Session from '../../src/session/Session.js'
import * as Settings from '../../src/session/Settings.js'
import { memory } from '../../src/transport/Memory.js'
import * as Override from '../../src/values/Override.js'
import type * as Query from '../../src/values/Query.js'
import * as Secret from '../../src/values/Secret.js'

const reveal = { reveal: true }
const NONE = { proxies: false, netrc: false, certificates: false }
const file = (settings: unknown, trust: unknown = NONE) => ({
  format: 'requests-ts/session',
  version: 1,
  settings,
  trust,
})
const patch = (settings: Partial<Settings.Settings>) => Settings.withSettings({ ...Settings.empty, ...settings })
const paths = (change: Settings.Configure, options = {}) =>
  pipe(
    Session.encode(options)(change(Session.empty)),
    E.match(
      (error) => error.paths,
      () => [],
    ),
  )
const problems = (json: unknown) =>
  pipe(
    Session.decode(json),
    E.match(
      (error) => error.problems.join('; '),
      () => 'read',
    ),
  )

const PEM = '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----'
const hook: Settings.Hook = TE.right

describe('a setting is written as JSON and read back', () => {
  it.each<[string, Settings.Configure, object]>([
    ['no settings', (session) => session, {}],
    [
      'headers',
      Settings.withHeaders([
        ['X-A', '1'],
        ['x-a', '2\t'],
        ['Authorization', 'hunter2'],
      ]),
      {
        headers: [
          ['x-a', { set: { name: 'x-a', values: ['1', '2\t'] } }],
          ['authorization', { set: { name: 'Authorization', values: [{ secret: 'hunter2' }] } }],
        ],
      },
    ],
    ['a removed header', Settings.withoutHeader('X-A'), { headers: [['x-a', { unset: true }]] }],
    [
      'a sensitive header name and its header',
      (session) => pipe(session, Settings.withHeader('X-Mine', 'hunter2'), Settings.withSensitiveHeaders('X-Mine')),
      {
        headers: [['x-mine', { set: { name: 'X-Mine', values: ['hunter2'] } }]],
        sensitive: [['x-mine', { set: true }]],
      },
    ],
    [
      'a query given as a record',
      Settings.withQuery({ a: 'x', b: [1, null, true, -0], c: null, d: Number.NaN, e: 5, f: [] }),
      {
        query: {
          extend: {
            keys: [
              ['a', { set: 'x' }],
              ['b', { set: [1, null, true, { number: '-0' }] }],
              ['c', { unset: true }],
              ['d', { set: { number: 'NaN' } }],
              ['e', { set: 5 }],
              ['f', { set: [] }],
            ],
          },
        },
      },
    ],
    [
      'a query given as pairs',
      Settings.withQuery([
        ['a\n', 'x\0'],
        ['a\n', [2, Number.POSITIVE_INFINITY]],
      ]),
      {
        query: {
          replace: {
            pairs: [
              ['a\n', 'x\0'],
              ['a\n', [2, { number: 'Infinity' }]],
            ],
          },
        },
      },
    ],
    [
      'a secret query parameter',
      Settings.withSecretQuery('k', 'hunter2\n'),
      { query: { extend: { keys: [['k', { set: { secret: 'hunter2\n' } }]] } } },
    ],
    ['a query given as text', Settings.withQueryText('a=\n'), { query: { replace: { text: 'a=\n' } } }],
    ['a cookie', Settings.withCookie('a', 'hunter2'), { cookies: [['a', { set: 'hunter2' }]] }],
    ['a removed cookie', Settings.withoutCookie('a'), { cookies: [['a', { unset: true }]] }],
    [
      'proxies',
      Settings.withProxy({ http: 'http://u:hunter2@p', https: null }),
      {
        proxies: {
          extend: [
            ['http', { set: 'http://u:hunter2@p' }],
            ['https', { unset: true }],
          ],
        },
      },
    ],
    ['a single proxy', Settings.withProxy('p:1'), { proxies: { replace: [['all', { set: 'p:1' }]] } }],
    ['no proxy', Settings.withoutProxy, { proxies: { replace: [['all', { unset: true }]] } }],
    ['removed authentication', Settings.withoutAuth, { auth: { unset: true } }],
    ['Auth.none', Settings.withAuth(Auth.none), { auth: { set: { scheme: 'None' } } }],
    [
      'basic authentication',
      Settings.withBasicAuth('me', 'hunter2'),
      { auth: { set: { scheme: 'Basic', user: 'me', pass: 'hunter2' } } },
    ],
    [
      'digest authentication',
      Settings.withDigestAuth('me', 'hunter2'),
      { auth: { set: { scheme: 'Digest', user: 'me', pass: 'hunter2' } } },
    ],
    ['a bearer token', Settings.withBearer('hunter2'), { auth: { set: { scheme: 'Bearer', token: 'hunter2' } } }],
    ['a base URL', Settings.withBaseUrl('https://h/'), { baseUrl: { set: 'https://h/' } }],
    [
      'a base URL with credentials',
      Settings.withBaseUrl('https://u:hunter2@h/'),
      { baseUrl: { set: 'https://u:hunter2@h/' } },
    ],
    ['disabled certificate verification', Settings.withVerify(false), { verify: { set: false } }],
    ['a CA in PEM', Settings.withCa('a\nb'), { ca: { set: 'a\nb' } }],
    [
      'a certificate in PEM',
      Settings.withClientCertificate({ cert: 'a\nb', key: PEM, passphrase: 'hunter2' }),
      { certificate: { set: { cert: 'a\nb', key: PEM, passphrase: 'hunter2' } } },
    ],
    [
      'a certificate bundle as bytes',
      Settings.withClientCertificate({ pfx: Uint8Array.of(0, 255) }),
      { certificate: { set: { pfx: { base64: 'AP8=' } } } },
    ],
    [
      'the path of a certificate bundle',
      Settings.withClientCertificate({ pfx: '/a.p12' }),
      { certificate: { set: { pfx: '/a.p12' } } },
    ],
    ['an empty certificate', Settings.withClientCertificate({}), { certificate: { set: {} } }],
    [
      'timeouts',
      Settings.withTimeouts({ connect: 1, read: Number.POSITIVE_INFINITY }),
      {
        timeouts: [
          ['connect', { set: 1 }],
          ['read', { set: { number: 'Infinity' } }],
        ],
      },
    ],
    ['limits', Settings.withLimits({ body: 9 }), { limits: [['body', { set: 9 }]] }],
    ['a maximum of redirects', Settings.withMaxRedirects(0), { maxRedirects: { set: 0 } }],
    ['a policy', Settings.withoutRedirects, { redirects: { replace: ['none'] } }],
    [
      'several policies, by name and in order',
      (session) =>
        pipe(
          session,
          Settings.andRedirectPolicy(RedirectPolicy.httpsOnly),
          Settings.andRedirectPolicy(RedirectPolicy.sameOrigin),
          Settings.andRedirectPolicy(RedirectPolicy.none),
          Settings.andRedirectPolicy(RedirectPolicy.follow),
        ),
      { redirects: { extend: ['httpsOnly', 'sameOrigin', 'none', 'follow'] } },
    ],
    ['replaced hooks', Settings.withHooks([]), { hooks: { replace: [] } }],
    ['an empty list of additional hooks', patch({ hooks: Override.extend([]) }), { hooks: { extend: [] } }],
    ['removed progress', patch({ progress: Override.unset }), { progress: { unset: true } }],
    [
      'a name that is no longer sensitive',
      patch({ sensitive: new Map([['a', Override.unset]]) }),
      { sensitive: [['a', { unset: true }]] },
    ],
  ])('%s', (_, change, settings) => {
    const session = change(Session.empty)
    expect(Session.encode(reveal)(session)).toStrictEqual(E.right(file(settings)))
    const again = Session.decode(JSON.parse(JSON.stringify(file(settings))))
    expect(Eq.equals(again, E.right(session))).toBe(true)
  })

  it('without the absent values of a query', () => {
    const encoded = (query: Query.Input) => Session.encode()(Settings.withQuery(query)(Session.empty))
    const pairs = { replace: { pairs: [['c', [null, 1, null]]] } }
    expect(
      encoded([
        ['a', null],
        ['b', undefined],
        ['c', [undefined, 1, null]],
      ]),
    ).toStrictEqual(E.right(file({ query: pairs })))
    const keys = { extend: { keys: [['c', { set: [null, 1] }]] } }
    expect(encoded({ b: undefined, c: [undefined, 1] })).toStrictEqual(E.right(file({ query: keys })))
  })
  it('with the secret and the plain values of a sensitive header', () => {
    const json = file({
      headers: [['x', { set: { name: 'X', values: ['hunter1', { secret: 'hunter2' }] } }]],
      sensitive: [['x', { set: true }]],
    })
    const again = Session.decode(json)
    expect(inspect(again, { depth: null })).not.toContain('hunter')
    expect(pipe(again, E.flatMap(Session.encode(reveal)))).toStrictEqual(E.right(json))
  })

  it.each([
    { proxies: true, netrc: false, certificates: false },
    { proxies: false, netrc: true, certificates: false },
    { proxies: false, netrc: false, certificates: true },
  ])('ambient %j', (ambient) => {
    const session = Session.withAmbient(ambient)(Session.empty)
    expect(Session.encode()(session)).toEqual(E.right(file({}, ambient)))
    expect(Session.decode(file({}, { ...ambient, more: 1 }))).toEqual(E.right(session))
  })
  it('omits keys that inherit', () => {
    const inherited = new Map<string, Override.Override<never>>([['a', Override.inherit]])
    const session = patch({ cookies: inherited, timeouts: inherited, proxies: Override.extend(inherited) })(
      Session.empty,
    )
    expect(Session.encode()(session)).toEqual(E.right(file({ proxies: { extend: [] } })))
  })
  it('treats plain bytes of a bundle as a secret', () => {
    const bare = patch({ certificate: Override.set({ pfx: Uint8Array.of(0, 255) }) })(Session.empty)
    expect(Session.encode(reveal)(bare)).toEqual(E.right(file({ certificate: { set: { pfx: { base64: 'AP8=' } } } })))
    expect(paths(patch({ certificate: Override.set({ pfx: Uint8Array.of(0, 255) }) }))).toEqual(['certificate.pfx'])
  })
  it('reads secrets as secrets', () => {
    const json = file({
      headers: [['x', { set: { name: 'X', values: [{ secret: 'hunter2' }] } }]],
      cookies: [['a', { set: 'hunter2' }]],
      proxies: { extend: [['http', { set: 'hunter2' }]] },
      auth: { set: { scheme: 'Bearer', token: 'hunter2' } },
      baseUrl: { set: 'http://u:hunter2@h/' },
      certificate: { set: { key: PEM, passphrase: 'hunter2', pfx: { base64: 'aHVudGVyMg==' } } },
    })
    const again = Session.decode(json)
    const printed = JSON.stringify(
      E.map(({ settings }: Session.Session) =>
        Object.values(settings).map((one) => (one instanceof Map ? [...one] : one)),
      )(again),
    )
    expect(printed).toContain('‹secret›')
    expect(printed).not.toMatch(/hunter2|aHVudGVyMg|104,117/)
  })
})

describe('a secret that is written only with { reveal: true }', () => {
  it.each<[string, Settings.Configure]>([
    ['headers.X-Vendor', Settings.withSecretHeader('X-Vendor', 'hunter2')],
    ['headers.COOKIE', Settings.withHeader('COOKIE', 'hunter2')],
    [
      'headers.X-Mine',
      (s) => pipe(s, Settings.withHeader('X-Mine', 'hunter2'), Settings.withSensitiveHeaders('x-mine')),
    ],
    [
      'headers.X-Raw',
      patch({
        headers: new Map([['x-raw', Override.set({ name: 'X-Raw', values: ['hunter2'] })]]),
        sensitive: new Map([['x-raw', Override.set<true>(true)]]),
      }),
    ],
    ['query.k', Settings.withSecretQuery('k', 'hunter2')],
    ['cookies.a', Settings.withCookie('a', 'hunter2')],
    ['proxies.http', Settings.withProxy({ http: 'http://u:hunter2@p' })],
    ['proxies.all', Settings.withProxy('hunter2@p')],
    ['auth.pass', Settings.withBasicAuth('me', 'hunter2')],
    ['auth.pass', Settings.withDigestAuth('me', 'hunter2')],
    ['auth.token', Settings.withBearer('hunter2')],
    ['baseUrl', Settings.withBaseUrl('http://u:hunter2@h/')],
    ['certificate.cert', Settings.withClientCertificate({ cert: PEM })],
    ['certificate.key', Settings.withClientCertificate({ key: PEM })],
    ['certificate.pfx', Settings.withClientCertificate({ pfx: Buffer.from('hunter2') })],
    ['certificate.passphrase', Settings.withClientCertificate({ passphrase: 'hunter2' })],
  ])('%s', (path, change) => {
    const refused = Session.encode()(change(Session.empty))
    expect(E.isLeft(refused) && refused.left.paths).toEqual([path])
    expect(JSON.stringify(refused)).not.toContain('hunter2')
    expect(paths(change, reveal)).toEqual([])
  })
  it.each<[string, Settings.Configure]>([
    ['a header', Settings.withHeader('X-A', '1')],
    [
      'a header whose name is no longer sensitive',
      patch({
        headers: new Map([['a', Override.set({ name: 'a', values: ['1'] })]]),
        sensitive: new Map([['a', Override.unset]]),
      }),
    ],
    [
      'a header that is not the sensitive one',
      (s) => pipe(s, Settings.withHeader('a', '1'), Settings.withSensitiveHeaders('b')),
    ],
    ['a proxy without credentials', Settings.withProxy('http://p:1')],
    ['a base URL without credentials', Settings.withBaseUrl('http://h/')],
    ['the paths of a certificate', Settings.withClientCertificate({ cert: '/c.pem', key: '/k.pem', pfx: '/b.p12' })],
    ['no authentication', Settings.withoutAuth],
  ])('%s is written without reveal', (_, change) => expect(paths(change)).toEqual([]))
})

describe('a value that is never written', () => {
  it.each<[string, Settings.Configure, ReadonlyArray<unknown>]>([
    ['a signer', Settings.withAuth(Auth.signer('hmac', (plan) => plan)), ['auth (hmac)']],
    ['hooks', Settings.withHooks([hook, hook]), ['hooks[0]', 'hooks[1]']],
    ['an additional hook', Settings.withHook(hook), ['hooks[0]']],
    ['progress', Settings.withProgress(() => () => {}), ['progress']],
    ['a custom policy', Settings.withRedirectPolicy(RedirectPolicy.limit(3)), ['redirects[0]']],
    [
      'custom policies among others',
      (s) =>
        pipe(
          s,
          Settings.andRedirectPolicy(RedirectPolicy.none),
          Settings.andRedirectPolicy(() => RedirectPolicy.toStop),
          Settings.andRedirectPolicy(RedirectPolicy.follow),
          Settings.andRedirectPolicy(RedirectPolicy.limit(1)),
        ),
      ['redirects[1]', 'redirects[3]'],
    ],
    ['a control character in a header name', Settings.withHeader('X\n', '1'), ['headers.X\\x0a', 'headers.x\\x0a']],
    ['a control character in a secret header', Settings.withSecretHeader('X', '\n'), ['headers.X']],
    ['a control character in a cookie name', Settings.withCookie('a\0', '1'), ['cookies.a\\x00']],
    ['a control character in a proxy key', Settings.withProxy({ 'a\n': 'p' }), ['proxies.a\\x0a']],
    [
      'a control character in the key of a timeout',
      patch({ timeouts: new Map([['\n', Override.set(1)]]) }),
      ['timeouts.\\x0a'],
    ],
    [
      'a control character in the key of a limit',
      patch({ limits: new Map([['\n', Override.unset]]) }),
      ['limits.\\x0a'],
    ],
    ['a control character in a sensitive name', Settings.withSensitiveHeaders('\n'), ['sensitive.\\x0a']],
    ['a control character in a user name', Settings.withBasicAuth('\n', 'p'), ['auth.user']],
    ['NUL in a certificate', Settings.withClientCertificate({ cert: '\0' }), ['certificate.cert']],
    ['NUL in a key', Settings.withClientCertificate({ key: '\0' }), ['certificate.key']],
    ['NUL in the path of a bundle', Settings.withClientCertificate({ pfx: '\0' }), ['certificate.pfx']],
    ['a line break in a passphrase', Settings.withClientCertificate({ passphrase: '\n' }), ['certificate.passphrase']],
    ['NUL in a CA', Settings.withCa('\0'), ['ca']],
    // The casts: plain JavaScript may give anything.
    [
      'a number given as a string',
      Settings.withMaxRedirects('5' as never),
      [
        expect.stringContaining('settings.maxRedirects.0.set.0'),
        expect.stringContaining('settings.maxRedirects.0.set.1'),
        expect.stringContaining('settings.maxRedirects.1.unset'),
      ],
    ],
    [
      'a boolean given as a string',
      Settings.withVerify('no' as never),
      [expect.stringContaining('settings.verify.0.set'), expect.stringContaining('settings.verify.1.unset')],
    ],
  ])('%s', (_, change, expected) => expect(paths(change, reveal)).toEqual(expected))

  it('a mounted transport', () => {
    const session = pipe(Session.empty, Session.mount('https://a', memory({})), Session.mount('b:', memory({})))
    const refused = Session.encode(reveal)(session)
    expect(E.isLeft(refused) && refused.left.paths).toEqual(['mounts (https://a)', 'mounts (b:)'])
  })
})

describe('an invalid file', () => {
  it.each<[object, string]>([
    [{ format: 'x' }, 'format'],
    [{ version: 2 }, 'version'],
    [{ settings: undefined }, 'settings'],
    [{ settings: 3 }, 'settings'],
    [{ trust: undefined }, 'trust'],
    [{ trust: { ...NONE, proxies: 'yes' } }, 'trust.proxies'],
    [{ trust: { ...NONE, netrc: 1 } }, 'trust.netrc'],
    [{ trust: { proxies: true, netrc: true } }, 'trust.certificates'],
  ])('%j is a problem of %s', (edit, path) => expect(problems({ ...file({}), ...edit })).toContain(path))
  it('of a newer version has no other problems', () => {
    const found = Session.decode({ ...file(3), version: 2, trust: 'all' })
    expect(E.isLeft(found) && found.left.problems).toEqual([expect.stringContaining('version')])
  })

  it.each<[object, string]>([
    [{ headers: [['a\n', { unset: true }]] }, 'headers.0.0'],
    [{ headers: [['a', { set: { name: 'a\n', values: [] } }]] }, 'headers.0.1.0.set.name'],
    [{ headers: [['a', { set: { name: 'a', values: ['\n'] } }]] }, 'headers.0.1.0.set.values.0.0'],
    [{ headers: [['a', { set: { name: 'a', values: [{ secret: '\n' }] } }]] }, 'headers.0.1.0.set.values.0.1.secret'],
    [{ query: { extend: { text: 1 } } }, 'query.0.extend.2.text'],
    [{ cookies: [['a', { set: '\n' }]] }, 'cookies.0.1.0.set'],
    [{ cookies: [['a', { unset: false }]] }, 'cookies.0.1.1.unset'],
    [{ auth: { set: { scheme: 'none' } } }, 'auth.0.set.0.scheme'],
    [{ auth: { set: { scheme: 'basic' } } }, 'auth.0.set.1.scheme'],
    [{ auth: { set: { scheme: 'Basic', pass: '' } } }, 'auth.0.set.1.user'],
    [{ auth: { set: { scheme: 'Digest', user: '' } } }, 'auth.0.set.1.pass'],
    [{ auth: { set: { scheme: 'bearer' } } }, 'auth.0.set.2.scheme'],
    [{ auth: { set: { scheme: 'Bearer' } } }, 'auth.0.set.2.token'],
    [{ baseUrl: { set: '\n' } }, 'baseUrl.0.set'],
    [{ verify: { set: 1 } }, 'verify.0.set'],
    [{ ca: { set: '\0' } }, 'ca.0.set'],
    [{ certificate: { set: { cert: 1 } } }, 'certificate.0.set.cert'],
    [{ certificate: { set: { key: 1 } } }, 'certificate.0.set.key'],
    [{ certificate: { set: { pfx: '\0' } } }, 'certificate.0.set.pfx.0'],
    [{ certificate: { set: { pfx: { base64: 1 } } } }, 'certificate.0.set.pfx.1.base64'],
    [{ certificate: { set: { passphrase: '\n' } } }, 'certificate.0.set.passphrase'],
    [{ timeouts: [['read', { set: 'x' }]] }, 'timeouts.0.1.0.set.0'],
    [{ redirects: { extend: ['limit'] } }, 'redirects.0.extend.0'],
    [{ hooks: { replace: [1] } }, 'hooks.1.replace'],
    [{ hooks: { extend: '' } }, 'hooks.0.extend'],
    [{ hooks: { extend: { length: 0 } } }, 'hooks.0.extend'],
    [{ progress: { unset: false } }, 'progress.unset'],
    [{ sensitive: [['a', { set: false }]] }, 'sensitive.0.1.0.set'],
  ])('%j is a problem of %s', (settings, path) => expect(problems(file(settings))).toContain(`settings.${path}`))

  it.each(['limits', 'proxies', 'maxRedirects', 'query', 'redirects'])('%s must have its type', (setting) => {
    for (const odd of [1, 'text', null, [1], {}])
      expect(problems(file({ [setting]: odd }))).toContain(`settings.${setting}`)
  })
  it('is read, ignoring unknown fields', () => {
    const json = file({ verify: { set: false, more: 1 }, unknown: 1 })
    expect(Session.decode(json)).toEqual(E.right(Settings.withVerify(false)(Session.empty)))
  })
})

describe('a decoded session', () => {
  it('has secrets that can be revealed', () => {
    const again = Session.decode(file({ cookies: [['a', { set: 'hunter2' }]] }))
    const cookie = E.isRight(again) ? again.right.settings.cookies.get('a') : undefined
    expect(cookie?._tag === 'Set' && Secret.reveal(cookie.value)).toBe('hunter2')
  })
})
