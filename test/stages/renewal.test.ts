import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Auth from '../../src/Auth.js'
import * as Client from '../../src/Client.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as Http from '../../src/Http.js'
import * as OAuth2 from '../../src/OAuth2.js'
import * as Plan from '../../src/Plan.js'
import * as Request from '../../src/Request.js'
import * as Session from '../../src/session/Session.js'
import type { Hook } from '../../src/session/Settings.js'
import * as Exchange from '../../src/stages/Exchange.js'
import * as Transport from '../../src/Transport.js'
import * as Headers from '../../src/values/Headers.js'
import * as Secret from '../../src/values/Secret.js'
import * as Token from '../../src/values/Token.js'
import type { Answer } from '../../src/wire/Reply.js'

// How a token is obtained, used and renewed, without a network.

const KEY = { name: 'api', endpoint: 'https://auth.test/token' }
const NOW = new Date('2026-01-01T00:00:00Z')

const client = { name: 'api', tokenUrl: KEY.endpoint, clientId: 'me', clientSecret: 'CANARY-secret' }
const auth = (change: Partial<Auth.OAuth2Options> = {}): Auth.Auth =>
  Auth.oauth2({ ...client, grant: OAuth2.clientCredentials, ...change })
const sessionWith = (given: Auth.Auth): Session.Session =>
  pipe(Session.empty, Session.withBaseUrl('https://api.test'), Session.withAuth(given))
const session = sessionWith(auth())

const issued = (accessToken: string, more: object = {}): Answer => ({
  status: 200,
  json: { access_token: accessToken, expires_in: 3600, ...more },
})

const holding = (input: Token.Input, at: Date = NOW): Jar.Jar => Jar.withToken(KEY, Token.at(at)(input), at)(Jar.empty)

interface Setup {
  readonly session?: Session.Session
  readonly jar?: Jar.Jar
  readonly now?: Date
  readonly token?: Answer | ((plan: Plan.Plan) => Answer)
  readonly api?: (plan: Plan.Plan) => Answer
  readonly request?: Request.Request
}

const sentToken = ({ headers }: Plan.Plan): string | undefined => {
  const value = Headers.find(headers, 'Authorization')
  return value === undefined ? undefined : Secret.reveal(value).replace('Bearer ', '')
}

const run = ({ session: given = session, jar = Jar.empty, now = NOW, token = issued('t1'), api, request }: Setup) =>
  pipe(
    request ?? Request.get('users'),
    Exchange.simulate({ session: given, jar, now })((plan) => {
      if (plan.url.hostname === 'auth.test') return typeof token === 'function' ? token(plan) : token
      return api === undefined ? { status: 200 } : api(plan)
    }),
  )

const causes = (trace: Exchange.Trace) => trace.hops.map(({ plan, head }) => [plan.cause, head.status])
const errorOf = ({ outcome }: Exchange.Trace) => (E.isLeft(outcome) ? outcome.left : expect.fail('it did not fail'))

describe('a token', () => {
  it('is obtained if the jar has none, and kept', () => {
    const trace = run({})
    expect(causes(trace)).toEqual([
      ['Token', 200],
      ['Start', 200],
    ])
    expect(trace.hops.map(({ plan }) => sentToken(plan)?.slice(0, 2))).toEqual(['Ba', 't1'])
    expect(
      pipe(
        Jar.token(KEY)(trace.jar),
        O.map(({ expiresAt }) => expiresAt),
      ),
    ).toEqual(O.some(O.some(NOW.getTime() + 3_600_000)))
    expect(causes(run({ jar: trace.jar }))).toEqual([['Start', 200]])
  })
  it.each([
    ['that expires in 31 s is used', 31, [['Start', 200]]],
    [
      'that expires in 30 s is renewed',
      30,
      [
        ['Token', 200],
        ['Start', 200],
      ],
    ],
  ])('%s', (_, seconds, expected) => {
    const obtained = new Date(NOW.getTime() - 3_600_000 + seconds * 1000)
    expect(causes(run({ jar: holding({ accessToken: 'old', expiresIn: 3600 }, obtained) }))).toEqual(expected)
  })
  it('of ten seconds is used for five', () => {
    const jar = holding({ accessToken: 'old', expiresIn: 10 })
    expect(causes(run({ jar, now: new Date(NOW.getTime() + 4_999) }))).toHaveLength(1)
    expect(causes(run({ jar, now: new Date(NOW.getTime() + 5_000) }))).toHaveLength(2)
  })
  it('that has expired when it arrives is sent once, and renewed for the next request', () => {
    const trace = run({ token: issued('t1', { expires_in: 0 }) })
    expect(causes(trace)).toEqual([
      ['Token', 200],
      ['Start', 200],
    ])
    expect(causes(run({ jar: trace.jar }))).toHaveLength(2)
  })
  it('without an expiry is used until it is rejected', () => {
    const jar = holding({ accessToken: 'old' })
    const api = (plan: Plan.Plan): Answer => ({ status: sentToken(plan) === 'old' ? 401 : 200 })
    const now = new Date(NOW.getTime() + 1e10)
    expect(causes(run({ jar, now }))).toEqual([['Start', 200]])
    expect(causes(run({ jar, now, api }))).toEqual([
      ['Start', 401],
      ['Token', 200],
      ['Authorize', 200],
    ])
  })
  it('is obtained once for a hop that always answers 401, and the reply is the response', () => {
    const api = (): Answer => ({ status: 401 })
    expect(causes(run({ api }))).toEqual([
      ['Token', 200],
      ['Start', 401],
    ])
    const rejected = run({ api, jar: holding({ accessToken: 'old' }) })
    expect(causes(rejected)).toEqual([
      ['Start', 401],
      ['Token', 200],
      ['Authorize', 401],
    ])
    expect(E.isRight(rejected.outcome) && rejected.outcome.right.status).toBe(401)
  })
  it('is obtained once for each hop of a redirect', () => {
    const api = (plan: Plan.Plan): Answer => {
      if (plan.cause !== 'Authorize') return { status: 401 }
      return plan.url.pathname === '/users' ? { status: 302, headers: { location: '/b' } } : { status: 200 }
    }
    expect(causes(run({ api, jar: holding({ accessToken: 'old' }) }))).toEqual([
      ['Start', 401],
      ['Token', 200],
      ['Authorize', 302],
      ['Follow', 401],
      ['Token', 200],
      ['Authorize', 200],
    ])
  })
  it('does not count as a redirect, and no policy sees its request', () => {
    const seen: string[][] = []
    const watched = pipe(
      session,
      Session.withMaxRedirects(1),
      Session.withRedirectPolicy(({ previous }) => {
        seen.push(previous.map(({ href }) => href))
        return { _tag: 'Follow' }
      }),
    )
    const api = ({ url }: Plan.Plan): Answer =>
      url.pathname === '/users' ? { status: 302, headers: { location: '/b' } } : { status: 200 }
    const trace = run({ session: watched, api })
    expect(causes(trace).map(([cause]) => cause)).toEqual(['Token', 'Start', 'Follow'])
    expect(seen).toEqual([['https://api.test/users']])
  })
  it('is rejected as `isRejected` says', () => {
    const custom = sessionWith(auth({ isRejected: ({ status }) => status === 403 }))
    const api = (plan: Plan.Plan): Answer => ({ status: sentToken(plan) === 't1' ? 200 : 403 })
    expect(causes(run({ session: custom, api, jar: holding({ accessToken: 'old' }) }))).toEqual([
      ['Start', 403],
      ['Token', 200],
      ['Authorize', 200],
    ])
  })
})

describe('where a token goes', () => {
  const redirecting =
    (location: string) =>
    (plan: Plan.Plan): Answer =>
      plan.url.href === 'https://api.test/users' ? { status: 307, headers: { location } } : { status: 200 }
  it.each([
    ['https://api.test/b', ['t1', 't1']],
    ['https://other.test/', ['t1', undefined]],
    ['https://api.test:8443/', ['t1', undefined]],
    ['http://api.test/', ['t1', undefined]],
  ])('a redirect to %s', (location, expected) => {
    const { hops } = run({ api: redirecting(location) })
    expect(hops.slice(1).map(({ plan }) => sentToken(plan))).toEqual(expected)
  })
  it('a redirect back does not get it again', () => {
    const api = ({ url, cause }: Plan.Plan): Answer => {
      if (url.hostname === 'other.test') return { status: 302, headers: { location: 'https://api.test/users' } }
      return cause === 'Start' ? { status: 302, headers: { location: 'https://other.test/' } } : { status: 401 }
    }
    const { hops } = run({ api })
    expect(hops.slice(1).map(({ plan }) => sentToken(plan))).toEqual(['t1', undefined, undefined])
  })
  it('another origin than the base URL does not get it', () => {
    const trace = run({ request: Request.get('https://other.test/') })
    expect(trace.hops.map(({ plan }) => [plan.cause, sentToken(plan)])).toEqual([['Start', undefined]])
  })
  it('only the origins that are listed get it', () => {
    const listed = pipe(Session.empty, Session.withAuth(auth({ origins: ['https://api.test/', 'https://two.test'] })))
    const at = (url: string) => run({ session: listed, request: Request.get(url) }).hops.map(({ plan }) => plan.cause)
    expect(at('https://api.test/x')).toEqual(['Token', 'Start'])
    expect(at('https://two.test/x')).toEqual(['Token', 'Start'])
    expect(at('https://three.test/x')).toEqual(['Start'])
    expect(at('http://api.test/x')).toEqual(['Start'])
  })
  it('an entry of the jar for another endpoint, or another name, is not used', () => {
    for (const key of [
      { ...KEY, name: 'other' },
      { ...KEY, endpoint: 'https://other.test/token' },
    ]) {
      const jar = Jar.withToken(key, Token.at(NOW)({ accessToken: 'theirs' }), NOW)(Jar.empty)
      const { hops } = run({ jar, session: sessionWith(auth({ grant: OAuth2.refreshToken('seed') })) })
      expect(hops.map(({ plan }) => plan.cause)).toEqual(['Token', 'Start'])
      expect(hops.some(({ plan }) => Plan.toHttp({ reveal: true })(plan).includes('theirs'))).toBe(false)
    }
  })
})

describe('a token request', () => {
  it('carries no secret of the session and of the request, and they carry none of its own', () => {
    const secrets = pipe(
      session,
      Session.withSecretHeader('X-Key', 'CANARY-main'),
      Session.withSecretQuery('key', 'CANARY-main'),
      Session.withCookie('sid', 'CANARY-main'),
      Session.withHeader('User-Agent', 'mine'),
    )
    const request = pipe(
      Request.post('users'),
      Request.withSecretHeader('X-Two', 'CANARY-main'),
      Request.withText('CANARY-main'),
    )
    const [token, main] = run({ session: secrets, request }).hops.map(({ plan }) => Plan.toHttp({ reveal: true })(plan))
    expect(token).not.toContain('CANARY-main')
    expect(token).toContain('User-Agent: mine')
    expect(main).not.toContain('CANARY-secret')
    expect(main).not.toContain(Buffer.from('me:CANARY-secret').toString('base64'))
  })
  it('sends and stores the cookies of its own host', () => {
    const [jar] = Jar.absorb(new URL(KEY.endpoint), ['idp=1'], NOW)(Jar.empty)
    const trace = run({ jar, token: { ...issued('t1'), headers: { 'set-cookie': 'more=2' } } })
    const [first] = trace.hops
    expect(first && Plan.toHttp({ reveal: true })(first.plan)).toContain('Cookie: idp=1')
    expect(Jar.toArray(trace.jar).map(({ name }) => name)).toEqual(['idp', 'more'])
  })
  it('runs no hooks', async () => {
    const seen: string[] = []
    const hook: Hook = (head, plan) => async () => {
      seen.push(plan.url.pathname)
      return E.right(head)
    }
    const transport = Transport.memory({ 'POST /token': issued('t1'), 'GET /users': { status: 200 } })
    await pipe(Http.get('users'), Client.use({ session: Session.withHook(hook)(session), transport }))()
    expect(seen).toEqual(['/users'])
  })
  it('obtains the tokens that it needs itself, but never its own', () => {
    const outer = Auth.renewable({
      name: 'outer',
      obtain: pipe(Request.post('https://exchange.test/token'), Request.withAuth(auth())),
    })
    const api = ({ url }: Plan.Plan): Answer => (url.hostname === 'exchange.test' ? issued('t2') : { status: 200 })
    const { hops } = run({ session: sessionWith(outer), api })
    expect(hops.map(({ plan }) => [plan.cause, plan.url.hostname, sentToken(plan)?.slice(0, 2)])).toEqual([
      ['Token', 'auth.test', 'Ba'],
      ['Token', 'exchange.test', 't1'],
      ['Start', 'api.test', 't2'],
    ])
    const endless: Auth.Auth = Auth.renewable({
      name: 'endless',
      obtain: () => pipe(Request.post('https://auth.test/token'), Request.withAuth(endless)),
    })
    expect(errorOf(run({ session: sessionWith(endless) }))).toMatchObject({
      _tag: 'TokenFailed',
      credential: 'endless',
    })
  })
  it('may have a digest of its own, and redirects of its own', () => {
    const digest = Auth.renewable({
      name: 'api',
      obtain: pipe(
        Request.post('https://auth.test/token'),
        Request.withDigestAuth('me', 'pw'),
        Request.withRedirectPolicy(() => ({ _tag: 'Follow' })),
      ),
    })
    const token = ({ url, headers }: Plan.Plan): Answer => {
      if (!Headers.has('Authorization')(headers)) {
        return { status: 401, headers: { 'www-authenticate': 'Digest realm="r", nonce="n", qop="auth"' } }
      }
      return url.pathname === '/token' ? { status: 307, headers: { location: '/v2' } } : issued('t1')
    }
    expect(causes(run({ session: sessionWith(digest), token }))).toEqual([
      ['Token', 401],
      ['Authorize', 307],
      ['Token', 200],
      ['Start', 200],
    ])
  })
})

describe('a refresh token', () => {
  const refreshing = sessionWith(auth({ grant: OAuth2.refreshToken('seed') }))
  const refreshOf = (jar: Jar.Jar) =>
    pipe(
      Jar.token(KEY)(jar),
      O.flatMap(({ refreshToken }) => refreshToken),
      O.map(Secret.reveal),
    )
  const grantOf = (plan: Plan.Plan): string =>
    new URLSearchParams(
      pipe(
        Plan.wire(plan).body,
        O.match(
          () => '',
          (bytes) => Buffer.from(bytes).toString(),
        ),
      ),
    ).get('refresh_token') ?? ''
  it('is replaced by the new one, and stays if there is none', () => {
    const asked: string[] = []
    const tokens = [issued('a1', { refresh_token: 'r1' }), issued('a2'), issued('a3', { refresh_token: 'r3' })]
    let jar = Jar.empty
    for (const [i, token] of tokens.entries()) {
      const now = new Date(NOW.getTime() + i * 3_600_000)
      const trace = run({
        session: refreshing,
        jar,
        now,
        token: (plan) => {
          asked.push(grantOf(plan))
          return token
        },
      })
      jar = trace.jar
    }
    expect(asked).toEqual(['seed', 'r1', 'r1'])
    expect(refreshOf(jar)).toEqual(O.some('r3'))
  })
  it.each<[string, Answer]>([
    ['refused', { status: 400, json: { error: 'invalid_grant' } }],
    ['answered with an error', { status: 503 }],
    ['answered with HTML', { status: 200, body: '<html>' }],
    ['redirected', { status: 302, headers: { location: '/login' } }],
  ])('survives a renewal that is %s', (_, token) => {
    const jar = holding({ accessToken: 'a1', refreshToken: 'r1', expiresIn: 1 }, new Date(0))
    const trace = run({ session: refreshing, jar, token })
    expect(refreshOf(errorOf(trace).jar)).toEqual(O.some('r1'))
    expect(refreshOf(trace.jar)).toEqual(O.some('r1'))
    expect(trace.hops.every(({ plan }) => plan.cause === 'Token')).toBe(true)
  })
  it.each<[string, object]>([
    ['no access token', {}],
    ['an access token with controls', { access_token: 'a\u0000b' }],
    ['a lifetime as text', { access_token: 'a', expires_in: '60' }],
    ['another type', { access_token: 'a', token_type: 'mac' }],
  ])('is replaced by a reply with %s, and renews the next time', (_, json) => {
    const asked: string[] = []
    const token = (reply: object) => (plan: Plan.Plan) => {
      asked.push(grantOf(plan))
      return { status: 200, json: reply }
    }
    // The token has not expired, but the API rejects it.
    const jar = holding({ accessToken: 'a1', refreshToken: 'r1', expiresIn: 3600 })
    const api = () => ({ status: 401 })
    const failed = run({ session: refreshing, jar, api, token: token({ ...json, refresh_token: 'r2' }) })
    expect(errorOf(failed)._tag).toBe('TokenFailed')
    expect(refreshOf(failed.jar)).toEqual(O.some('r2'))
    const next = run({ session: refreshing, jar: failed.jar, token: token({ access_token: 'a3' }) })
    expect(next.hops.map(({ plan }) => plan.cause)).toEqual(['Token', 'Start'])
    expect(asked).toEqual(['r1', 'r2'])
  })
  it('stays if that of an unusable reply cannot be one', () => {
    for (const refresh of ['', 'r\n2', 7, null]) {
      const jar = holding({ accessToken: 'a1', refreshToken: 'r1', expiresIn: 1 }, new Date(0))
      const trace = run({ session: refreshing, jar, token: { status: 200, json: { refresh_token: refresh } } })
      expect(refreshOf(trace.jar)).toEqual(O.some('r1'))
    }
  })
  it('is replaced if a `read` of the user returns it with an access token that cannot be used', () => {
    const read = () => E.right({ accessToken: 'a\nb', refreshToken: 'r2' })
    const given = Auth.renewable({ name: 'api', obtain: Request.post(KEY.endpoint), read })
    const jar = holding({ accessToken: 'a1', refreshToken: 'r1', expiresIn: 1 }, new Date(0))
    expect(refreshOf(run({ session: sessionWith(given), jar }).jar)).toEqual(O.some('r2'))
  })
})

describe('a token that cannot be obtained', () => {
  const codes = [
    'invalid_request',
    'invalid_client',
    'invalid_grant',
    'unauthorized_client',
    'unsupported_grant_type',
    'invalid_scope',
  ]
  it.each(codes)('because of %s is TokenRefused', (code) => {
    const trace = run({ token: { status: 400, json: { error: code, error_description: 'a reason' } } })
    expect(errorOf(trace)).toMatchObject({ _tag: 'TokenRefused', credential: 'api', code, status: 400 })
    expect(errorOf(trace).history).toHaveLength(1)
  })
  it.each<[string, object]>([
    ['no access_token', {}],
    ['expires_in as text', { access_token: 'a', expires_in: '3600' }],
    ['a negative expires_in', { access_token: 'a', expires_in: -1 }],
    ['a huge expires_in', { access_token: 'a', expires_in: 1e300 }],
    ['a control character in the token', { access_token: 'a\u0000b' }],
    ['a control character in the refresh token', { access_token: 'a', refresh_token: 'a\nb' }],
  ])('because of %s is TokenFailed', (_, json) => {
    const trace = run({ token: { status: 200, json } })
    expect(errorOf(trace)).toMatchObject({ _tag: 'TokenFailed', credential: 'api', plan: { cause: 'Token' } })
    expect(trace.hops.map(({ plan }) => plan.cause)).toEqual(['Token'])
  })
  it('because it must be planned wrongly, or a function throws, is TokenFailed before anything is sent', () => {
    const fail = (): never => {
      throw new Error('boom')
    }
    for (const given of [
      Auth.renewable({ name: 'api', obtain: fail }),
      Auth.renewable({ name: 'api', obtain: Request.post('http://') }),
      auth({ grant: OAuth2.authorizationCode }),
      auth({ clientId: '' }),
    ]) {
      const trace = run({ session: sessionWith(given) })
      expect(errorOf(trace)).toMatchObject({ _tag: 'TokenFailed', credential: 'api', plan: { cause: 'Start' } })
      expect(trace.hops).toEqual([])
    }
  })
  it('because `read` throws or its value is wrong is TokenFailed', () => {
    const obtain = Request.post(KEY.endpoint)
    for (const read of [
      () => E.left(new Error('no token')),
      () => E.right({ accessToken: '' }),
      () => E.right({ accessToken: 'a', expiresIn: Number.NaN }),
      (): never => {
        throw new Error('boom')
      },
    ]) {
      const trace = run({ session: sessionWith(Auth.renewable({ name: 'api', obtain, read })) })
      expect(errorOf(trace)).toMatchObject({ _tag: 'TokenFailed', credential: 'api' })
    }
  })
  it('because `apply` throws is SigningFailed, and the token is kept', () => {
    const given = Auth.renewable({
      name: 'api',
      obtain: Request.post(KEY.endpoint),
      apply: () => () => expect.fail('boom'),
    })
    const error = errorOf(run({ session: sessionWith(given) }))
    expect(error).toMatchObject({ _tag: 'SigningFailed', scheme: 'api' })
    expect(O.isSome(Jar.token(KEY)(error.jar))).toBe(true)
  })
  it('for a body that can be read once, after a 401, is UnrewindableBody', async () => {
    const transport = Transport.memory(({ url, headers }) =>
      url.hostname === 'auth.test'
        ? issued('t1')
        : { status: Headers.find(headers, 'Authorization') === undefined ? 401 : 401 },
    )
    const body = async function* () {
      yield new Uint8Array(3)
    }
    const jar = holding({ accessToken: 'old' }, new Date())
    const outcome = await pipe(Http.post('x', Request.withOnce(body())), Client.use({ session, transport, jar }))()
    expect(outcome).toMatchObject({ left: { _tag: 'UnrewindableBody' } })
    const first = await pipe(Http.post('x', Request.withOnce(body())), Client.use({ session, transport }))()
    expect(E.isRight(first) && first.right[0].status).toBe(401)
  })
})

it('a removed token is not used again, also if the client knows it', async () => {
  const transport = Transport.memory(({ url }) => (url.hostname === 'auth.test' ? issued('t1') : { status: 200 }))
  await Client.scoped({ session, transport })((one) => async () => {
    const causesOf = async (program: Http.Http<never, unknown>) => Client.runIn(one)(program)()
    await Client.runIn(one)(Http.get('users'))()
    await causesOf(Http.modifyJar(Jar.withoutTokens()))
    const again = await Client.runIn(one)(Http.get('users'))()
    expect(E.isRight(again) && again.right.history.map(({ plan }) => plan.cause)).toEqual(['Token'])
    return E.right(undefined)
  })()
})

it('a redirect that is not followed has its next plan with the token', () => {
  const stopping = Session.withoutRedirects(session)
  const trace = run({ session: stopping, api: () => ({ status: 302, headers: { location: '/b' } }) })
  const next = pipe(
    O.fromEither(trace.outcome),
    O.flatMap((response) => response.next),
  )
  expect(pipe(next, O.map(sentToken))).toEqual(O.some('t1'))
})

it('an exchange that starts with a token request can be resumed', async () => {
  const transport = Transport.memory(({ url }) => (url.hostname === 'auth.test' ? issued('t1') : { status: 200 }))
  const program = pipe(
    Http.start(Request.post('users')),
    Http.tap(({ plan, waiting }) =>
      Http.of(expect([plan.cause, waiting?.exchange.plan.method]).toEqual(['Token', 'POST'])),
    ),
    Http.flatMap(Http.resume),
  )
  const outcome = await pipe(program, Client.runWith({ session, transport }))()
  expect(E.isRight(outcome) && outcome.right.history.map(({ plan }) => plan.cause)).toEqual(['Token'])
})
