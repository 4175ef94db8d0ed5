import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import { Eq } from '../../laws/Unsealed.js'
import * as Auth from '../../src/session/Auth.js'
import * as RedirectPolicy from '../../src/session/RedirectPolicy.js'
import * as Session from '../../src/session/Session.js'
import * as SessionJson from '../../src/session/SessionJson.js'
import * as Settings from '../../src/session/Settings.js'
import { memory } from '../../src/transport/Memory.js'
import * as Override from '../../src/values/Override.js'
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
    SessionJson.encode(options)(change(Session.empty)),
    E.match(
      (error) => error.paths,
      () => [],
    ),
  )
const problems = (json: unknown) =>
  pipe(
    SessionJson.decode(json),
    E.match(
      (error) => error.problems.join('; '),
      () => 'read',
    ),
  )

const PEM = '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----'
const hook: Settings.Hook = TE.right

describe('a setting as JSON, and read back', () => {
  it.each<[string, Settings.Configure, object]>([
    ['nothing', (session) => session, {}],
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
    ['a header that is removed', Settings.withoutHeader('X-A'), { headers: [['x-a', { unset: true }]] }],
    [
      'names of secret headers, and one of them',
      (session) => pipe(session, Settings.withHeader('X-Mine', 'hunter2'), Settings.withSensitiveHeaders('X-Mine')),
      {
        headers: [['x-mine', { set: { name: 'X-Mine', values: ['hunter2'] } }]],
        sensitive: [['x-mine', { set: true }]],
      },
    ],
    [
      'a query of keys',
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
      'a query of pairs',
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
    ['a query of text', Settings.withQueryText('a=\n'), { query: { replace: { text: 'a=\n' } } }],
    ['a cookie', Settings.withCookie('a', 'hunter2'), { cookies: [['a', { set: 'hunter2' }]] }],
    ['a cookie that is removed', Settings.withoutCookie('a'), { cookies: [['a', { unset: true }]] }],
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
    ['one proxy', Settings.withProxy('p:1'), { proxies: { replace: [['all', { set: 'p:1' }]] } }],
    ['no proxy', Settings.withoutProxy, { proxies: { replace: [['all', { unset: true }]] } }],
    ['no authentication at all', Settings.withoutAuth, { auth: { unset: true } }],
    ['the scheme of none', Settings.withAuth(Auth.none), { auth: { set: { scheme: 'None' } } }],
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
    ['a bearer', Settings.withBearer('hunter2'), { auth: { set: { scheme: 'Bearer', token: 'hunter2' } } }],
    ['a base URL', Settings.withBaseUrl('https://h/'), { baseUrl: { set: 'https://h/' } }],
    [
      'a base URL with credentials',
      Settings.withBaseUrl('https://u:hunter2@h/'),
      { baseUrl: { set: 'https://u:hunter2@h/' } },
    ],
    ['no check of certificates', Settings.withVerify(false), { verify: { set: false } }],
    ['a CA as text', Settings.withCa('a\nb'), { ca: { set: 'a\nb' } }],
    [
      'a certificate of texts',
      Settings.withClientCertificate({ cert: 'a\nb', key: PEM, passphrase: 'hunter2' }),
      { certificate: { set: { cert: 'a\nb', key: PEM, passphrase: 'hunter2' } } },
    ],
    [
      'a certificate of bytes',
      Settings.withClientCertificate({ pfx: Uint8Array.of(0, 255) }),
      { certificate: { set: { pfx: { base64: 'AP8=' } } } },
    ],
    [
      'a certificate of a path',
      Settings.withClientCertificate({ pfx: '/a.p12' }),
      { certificate: { set: { pfx: '/a.p12' } } },
    ],
    ['a certificate of nothing', Settings.withClientCertificate({}), { certificate: { set: {} } }],
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
      'policies by their names, in order',
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
    ['no hooks', Settings.withHooks([]), { hooks: { replace: [] } }],
    ['no more hooks', patch({ hooks: Override.extend([]) }), { hooks: { extend: [] } }],
    ['no progress', patch({ progress: Override.unset }), { progress: { unset: true } }],
    [
      'a header that is secret no more',
      patch({ sensitive: new Map([['a', Override.unset]]) }),
      { sensitive: [['a', { unset: true }]] },
    ],
  ])('%s', (_, change, settings) => {
    const session = change(Session.empty)
    expect(SessionJson.encode(reveal)(session)).toStrictEqual(E.right(file(settings)))
    const again = SessionJson.decode(JSON.parse(JSON.stringify(file(settings))))
    expect(Eq.equals(again, E.right(session))).toBe(true)
  })

  it.each([
    { proxies: true, netrc: false, certificates: false },
    { proxies: false, netrc: true, certificates: false },
    { proxies: false, netrc: false, certificates: true },
  ])('with trust of %j', (trust) => {
    const session = Session.withAmbient(trust)(Session.empty)
    expect(SessionJson.encode()(session)).toEqual(E.right(file({}, trust)))
    expect(SessionJson.decode(file({}, { ...trust, more: 1 }))).toEqual(E.right(session))
  })
  it('leaves out a key that says nothing', () => {
    const silent = new Map<string, Override.Override<never>>([['a', Override.inherit]])
    const session = patch({ cookies: silent, timeouts: silent, proxies: Override.extend(silent) })(Session.empty)
    expect(SessionJson.encode()(session)).toEqual(E.right(file({ proxies: { extend: [] } })))
  })
  it('takes bytes of a bundle that nobody has hidden yet', () => {
    const bare = patch({ certificate: Override.set({ pfx: Uint8Array.of(0, 255) }) })(Session.empty)
    expect(SessionJson.encode(reveal)(bare)).toEqual(
      E.right(file({ certificate: { set: { pfx: { base64: 'AP8=' } } } })),
    )
    expect(paths(patch({ certificate: Override.set({ pfx: Uint8Array.of(0, 255) }) }))).toEqual(['certificate.pfx'])
  })
  it('hides again what was secret', () => {
    const json = file({
      headers: [['x', { set: { name: 'X', values: [{ secret: 'hunter2' }] } }]],
      cookies: [['a', { set: 'hunter2' }]],
      proxies: { extend: [['http', { set: 'hunter2' }]] },
      auth: { set: { scheme: 'Bearer', token: 'hunter2' } },
      baseUrl: { set: 'http://u:hunter2@h/' },
      certificate: { set: { key: PEM, passphrase: 'hunter2', pfx: { base64: 'aHVudGVyMg==' } } },
    })
    const again = SessionJson.decode(json)
    const printed = JSON.stringify(
      E.map(({ settings }: Session.Session) =>
        Object.values(settings).map((one) => (one instanceof Map ? [...one] : one)),
      )(again),
    )
    expect(printed).toContain('‹secret›')
    expect(printed).not.toMatch(/hunter2|aHVudGVyMg|104,117/)
  })
})

describe('what is not written unasked', () => {
  it.each<[string, Settings.Configure]>([
    ['headers.X-Vendor', Settings.withSecretHeader('X-Vendor', 'hunter2')],
    ['headers.COOKIE', Settings.withHeader('COOKIE', 'hunter2')],
    [
      'headers.X-Mine',
      (s) => pipe(s, Settings.withHeader('X-Mine', 'hunter2'), Settings.withSensitiveHeaders('x-mine')),
    ],
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
    const refused = SessionJson.encode()(change(Session.empty))
    expect(E.isLeft(refused) && refused.left.paths).toEqual([path])
    expect(JSON.stringify(refused)).not.toContain('hunter2')
    expect(paths(change, reveal)).toEqual([])
  })
  it.each<[string, Settings.Configure]>([
    ['a header', Settings.withHeader('X-A', '1')],
    [
      'a header among those that are secret no more',
      patch({
        headers: new Map([['a', Override.set({ name: 'a', values: ['1'] })]]),
        sensitive: new Map([['a', Override.unset]]),
      }),
    ],
    [
      'a header beside one that is secret',
      (s) => pipe(s, Settings.withHeader('a', '1'), Settings.withSensitiveHeaders('b')),
    ],
    ['a proxy without credentials', Settings.withProxy('http://p:1')],
    ['a base URL without credentials', Settings.withBaseUrl('http://h/')],
    ['paths of a certificate', Settings.withClientCertificate({ cert: '/c.pem', key: '/k.pem', pfx: '/b.p12' })],
    ['no authentication', Settings.withoutAuth],
  ])('%s is no secret', (_, change) => expect(paths(change)).toEqual([]))
})

describe('what is never written', () => {
  it.each<[string, Settings.Configure, ReadonlyArray<string>]>([
    ['a scheme of your own', Settings.withAuth(Auth.custom('hmac', (plan) => plan)), ['auth (hmac)']],
    ['hooks', Settings.withHooks([hook, hook]), ['hooks[0]', 'hooks[1]']],
    ['a hook more', Settings.withHook(hook), ['hooks[0]']],
    ['progress', Settings.withProgress(() => () => {}), ['progress']],
    ['a policy of your own', Settings.withRedirectPolicy(RedirectPolicy.limit(3)), ['redirects[0]']],
    [
      'policies of your own among others',
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
    ['a control in the name of a header', Settings.withHeader('X\n', '1'), ['headers.X\\x0a', 'headers.x\\x0a']],
    ['a control in a secret header', Settings.withSecretHeader('X', '\n'), ['headers.X']],
    ['a control in the name of a cookie', Settings.withCookie('a\0', '1'), ['cookies.a\\x00']],
    ['a control in the name of a proxy', Settings.withProxy({ 'a\n': 'p' }), ['proxies.a\\x0a']],
    ['a control in the name of a time', patch({ timeouts: new Map([['\n', Override.set(1)]]) }), ['timeouts.\\x0a']],
    ['a control in the name of a limit', patch({ limits: new Map([['\n', Override.unset]]) }), ['limits.\\x0a']],
    ['a control in the name of a secret header', Settings.withSensitiveHeaders('\n'), ['sensitive.\\x0a']],
    ['a control in a user', Settings.withBasicAuth('\n', 'p'), ['auth.user']],
    ['NUL in a certificate', Settings.withClientCertificate({ cert: '\0' }), ['certificate.cert']],
    ['NUL in a key', Settings.withClientCertificate({ key: '\0' }), ['certificate.key']],
    ['NUL in the path of a bundle', Settings.withClientCertificate({ pfx: '\0' }), ['certificate.pfx']],
    ['a line end in a passphrase', Settings.withClientCertificate({ passphrase: '\n' }), ['certificate.passphrase']],
    ['NUL in a CA', Settings.withCa('\0'), ['ca']],
    // The casts: plain JavaScript may give anything.
    [
      'what is no number',
      Settings.withMaxRedirects('5' as never),
      [
        'settings.maxRedirects.0.set.0 is not finite number',
        'settings.maxRedirects.0.set.1 is not of the expected type',
        'settings.maxRedirects.1.unset is not true',
      ],
    ],
    [
      'what is no boolean',
      Settings.withVerify('no' as never),
      ['settings.verify.0.set is not boolean', 'settings.verify.1.unset is not true'],
    ],
  ])('%s', (_, change, expected) => expect(paths(change, reveal)).toEqual(expected))

  it('a transport of your own', () => {
    const session = pipe(Session.empty, Session.mount('https://a', memory({})), Session.mount('b:', memory({})))
    const refused = SessionJson.encode(reveal)(session)
    expect(E.isLeft(refused) && refused.left.paths).toEqual(['mounts (https://a)', 'mounts (b:)'])
  })
})

describe('a file that was edited', () => {
  const LINE = 'text without control characters'
  it.each<[object, string]>([
    [{ format: 'x' }, 'its format is "x", not requests-ts/session'],
    [{ version: 2 }, 'its version is 2, but this release reads up to version 1; update requests-ts'],
    [{ settings: undefined }, 'settings is not of the expected type'],
    [{ settings: 3 }, 'settings is not of the expected type'],
    [{ trust: undefined }, 'trust is not of the expected type'],
    [{ trust: { ...NONE, proxies: 'yes' } }, 'trust.proxies is not boolean'],
    [{ trust: { ...NONE, netrc: 1 } }, 'trust.netrc is not boolean'],
    [{ trust: { proxies: true, netrc: true } }, 'trust.certificates is not boolean'],
  ])('%j: %s', (edit, problem) => expect(problems({ ...file({}), ...edit })).toBe(problem))

  // Of the forms that a place may have, the one that comes nearest says what is wrong.
  it.each<[object, string]>([
    [{ headers: [['a\n', { unset: true }]] }, `headers.0.0 is not ${LINE}`],
    [{ headers: [['a', { set: { name: 'a\n', values: [] } }]] }, `headers.0.1.0.set.name is not ${LINE}`],
    [{ headers: [['a', { set: { name: 'a', values: ['\n'] } }]] }, `headers.0.1.0.set.values.0.0 is not ${LINE}`],
    [
      { headers: [['a', { set: { name: 'a', values: [{ secret: '\n' }] } }]] },
      `headers.0.1.0.set.values.0.1.secret is not ${LINE}`,
    ],
    [{ query: { extend: { text: 1 } } }, 'query.0.extend.2.text is not string'],
    [{ cookies: [['a', { set: '\n' }]] }, `cookies.0.1.0.set is not ${LINE}`],
    [{ cookies: [['a', { unset: false }]] }, 'cookies.0.1.1.unset is not true'],
    [{ auth: { set: { scheme: 'none' } } }, 'auth.0.set.0.scheme is not "None"'],
    [{ auth: { set: { scheme: 'basic' } } }, 'auth.0.set.1.scheme is not "Basic" | "Digest"'],
    [{ auth: { set: { scheme: 'Basic', pass: '' } } }, `auth.0.set.1.user is not ${LINE}`],
    [{ auth: { set: { scheme: 'Digest', user: '' } } }, `auth.0.set.1.pass is not ${LINE}`],
    [{ auth: { set: { scheme: 'bearer' } } }, 'auth.0.set.2.scheme is not "Bearer"'],
    [{ auth: { set: { scheme: 'Bearer' } } }, `auth.0.set.2.token is not ${LINE}`],
    [{ baseUrl: { set: '\n' } }, `baseUrl.0.set is not ${LINE}`],
    [{ verify: { set: 1 } }, 'verify.0.set is not boolean'],
    [{ ca: { set: '\0' } }, 'ca.0.set is not text without NUL'],
    [{ certificate: { set: { cert: 1 } } }, 'certificate.0.set.cert is not text without NUL'],
    [{ certificate: { set: { key: 1 } } }, 'certificate.0.set.key is not text without NUL'],
    [{ certificate: { set: { pfx: '\0' } } }, 'certificate.0.set.pfx.0 is not text without NUL'],
    [{ certificate: { set: { pfx: { base64: 1 } } } }, `certificate.0.set.pfx.1.base64 is not ${LINE}`],
    [{ certificate: { set: { passphrase: '\n' } } }, `certificate.0.set.passphrase is not ${LINE}`],
    [{ timeouts: [['read', { set: 'x' }]] }, 'timeouts.0.1.0.set.0 is not finite number'],
    [
      { redirects: { extend: ['limit'] } },
      'redirects.0.extend.0 is not "follow" | "none" | "sameOrigin" | "httpsOnly"',
    ],
    [{ hooks: { replace: [1] } }, 'hooks.1.replace is not an empty list'],
    [{ hooks: { extend: '' } }, 'hooks.0.extend is not an empty list'],
    [{ hooks: { extend: { length: 0 } } }, 'hooks.0.extend is not an empty list'],
    [{ progress: { unset: false } }, 'progress.unset is not true'],
    [{ sensitive: [['a', { set: false }]] }, 'sensitive.0.1.0.set is not true'],
  ])('%j', (settings, problem) => expect(problems(file(settings))).toContain(`settings.${problem}`))

  it.each(['limits', 'proxies', 'maxRedirects', 'query', 'redirects'])('%s has to be what it is', (setting) => {
    for (const odd of [1, 'text', null, [1], {}])
      expect(problems(file({ [setting]: odd }))).toContain(`settings.${setting}`)
  })
  it('is read for what it knows, and what it does not know is left', () => {
    const json = file({ verify: { set: false, more: 1 }, unheardOf: 1 })
    expect(SessionJson.decode(json)).toEqual(E.right(Settings.withVerify(false)(Session.empty)))
  })
})

describe('a session that is read', () => {
  it('has secrets that can be opened', () => {
    const again = SessionJson.decode(file({ cookies: [['a', { set: 'hunter2' }]] }))
    const cookie = E.isRight(again) ? again.right.settings.cookies.get('a') : undefined
    expect(cookie?._tag === 'Set' && Secret.reveal(cookie.value)).toBe('hunter2')
  })
})
