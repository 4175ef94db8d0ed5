import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import { Auth, Client, type Clock, Http, Jar, OAuth2, type Plan, type Reply, Session, Transport } from '../src/index.js'

// Logins of a user, which store a token where the session finds it.

const auth = 'https://auth.test'
const login = {
  name: 'api',
  clientId: 'me',
  tokenUrl: `${auth}/token`,
  authorizationUrl: `${auth}/authorize`,
  deviceAuthorizationUrl: `${auth}/device`,
  redirectUri: 'http://127.0.0.1:8400/callback',
}
const KEY = { name: 'api', endpoint: `${auth}/token` }

const sessionFor = (grant: OAuth2.Grant) =>
  pipe(
    Session.empty,
    Session.withBaseUrl('https://api.test'),
    Session.withAuth(Auth.oauth2({ ...login, grant })),
    Session.withSecretHeader('X-Main', 'CANARY'),
    Session.withHook((head) => async () => E.right(head)),
  )

/** A clock whose waits pass at once, and are counted. */
const clockFrom = (start: number) => {
  const waits: number[] = []
  let now = start
  const clock: Clock.Clock = {
    now: () => new Date(now),
    monotonic: () => now,
    sleep: (ms) => async () => {
      waits.push(ms)
      now += ms
    },
  }
  return { clock, waits }
}

const issued: Reply.Answer = { status: 200, json: { access_token: 't1', refresh_token: 'r1', expires_in: 3600 } }
const refused = (error: string): Reply.Answer => ({ status: 400, json: { error } })

describe('a login with a code', () => {
  const begun = OAuth2.AuthorizationCode.begin(login, 'seed-with-at-least-128-unpredictable-bits')
  const { pending } = E.isRight(begun) ? begun.right : expect.fail(begun.left)
  const options = { ...login, grant: OAuth2.authorizationCode }
  const session = sessionFor(OAuth2.authorizationCode)
  const run = (callback: string, token: Reply.Answer = issued) => {
    const { transport, sent } = Transport.mock({ 'POST /token': token, 'GET /me': { status: 200 } })
    const program = pipe(
      OAuth2.redeemCode(options, pending)(callback),
      Http.flatMap(() => Http.get('me')),
    )
    return pipe(program, Client.use({ session, transport }))().then((outcome) => ({ outcome, sent }))
  }
  it('stores the token that the session sends', async () => {
    const { outcome, sent } = await run(`/callback?code=c&state=${pending.state}`)
    expect(E.isRight(outcome) && outcome.right[0].status).toBe(200)
    expect(E.isRight(outcome) && O.isSome(Jar.token(KEY)(outcome.right[1]))).toBe(true)
    expect(sent().map(({ method, url }) => `${method} ${url.pathname}`)).toEqual(['POST /token', 'GET /me'])
    expect(sent().map(({ headers }) => headers.fields.map(([name]) => name))).toEqual([
      ['Accept', 'Content-Type', 'Content-Length'],
      ['X-Main', 'Authorization'],
    ])
  })
  it.each([
    ['/callback?code=c&state=other', 'StateMismatch'],
    [`/callback?error=access_denied&state=${pending.state}`, 'LoginRefused'],
    [`/callback?state=${pending.state}`, 'InvalidCallback'],
  ])('with the callback %s sends nothing', async (callback, _tag) => {
    const { outcome, sent } = await run(callback)
    expect(outcome).toMatchObject({ left: { _tag, history: [] } })
    expect(sent()).toEqual([])
  })
  it('that the server refuses has its code, the hop and the jar', async () => {
    const { outcome } = await run(`/callback?code=c&state=${pending.state}`, {
      ...refused('invalid_grant'),
      headers: { 'set-cookie': 'a=1' },
    })
    expect(outcome).toMatchObject({ left: { _tag: 'TokenRefused', credential: 'api', code: 'invalid_grant' } })
    const error = E.isLeft(outcome) ? outcome.left : expect.fail('it did not fail')
    expect('history' in error && error.history).toHaveLength(1)
    expect('jar' in error && Jar.toArray(error.jar).map(({ name }) => name)).toEqual(['a'])
  })
  it('that was never made fails without a request', async () => {
    const { transport, sent } = Transport.mock({})
    const outcome = await pipe(Http.get('me'), Client.use({ session, transport }))()
    expect(outcome).toMatchObject({ left: { _tag: 'TokenFailed', credential: 'api' } })
    expect(sent()).toEqual([])
  })
})

describe('a login on another device', () => {
  const options = { ...login, grant: OAuth2.deviceCode }
  const device: Reply.Answer = {
    status: 200,
    json: { device_code: 'd', user_code: 'ABCD-EFGH', verification_uri: `${auth}/go`, expires_in: 60, interval: 5 },
  }
  const run = (answers: ReadonlyArray<Reply.Answer>, first: Reply.Answer = device) => {
    const { clock, waits } = clockFrom(0)
    const shown: string[] = []
    let polls = 0
    const transport = Transport.memory((plan: Plan.Plan) => {
      if (plan.url.pathname === '/device') return first
      if (plan.url.pathname === '/me') return { status: 200 }
      polls += 1
      return answers[polls - 1] ?? refused('authorization_pending')
    })
    const program = pipe(
      OAuth2.loginWithDevice(options, ({ userCode, verificationUri }) => async () => {
        shown.push(`${userCode} ${verificationUri}`)
      }),
      Http.flatMap(() => Http.get('me')),
    )
    return pipe(program, Client.use({ session: sessionFor(OAuth2.deviceCode), transport, clock }))().then(
      (outcome) => ({
        outcome,
        waits,
        shown,
      }),
    )
  }
  it('shows the code, waits for the interval, and slows down', async () => {
    const pending = refused('authorization_pending')
    const { outcome, waits, shown } = await run([pending, refused('slow_down'), pending, issued])
    expect(E.isRight(outcome) && outcome.right[0].status).toBe(200)
    expect(waits).toEqual([5000, 5000, 10_000, 10_000])
    expect(shown).toEqual(['ABCD-EFGH https://auth.test/go'])
  })
  it('goes on after an error of the server', async () => {
    const { outcome, waits } = await run([{ status: 503 }, issued])
    expect(E.isRight(outcome)).toBe(true)
    expect(waits).toEqual([5000, 10_000])
  })
  it.each([
    ['denied', [refused('access_denied')], { _tag: 'TokenRefused', code: 'access_denied' }],
    ['answered with HTML', [{ status: 200, body: '<html>' }], { _tag: 'TokenFailed', credential: 'api' }],
    ['not made in time', [], { _tag: 'LoginExpired' }],
  ])('that is %s fails', async (_, answers, left) => {
    expect((await run(answers)).outcome).toMatchObject({ left })
  })
  it('whose server has no device codes fails', async () => {
    expect((await run([], refused('unauthorized_client'))).outcome).toMatchObject({
      left: { _tag: 'TokenRefused', code: 'unauthorized_client' },
    })
  })
  it('ends when it is aborted', async () => {
    const controller = new AbortController()
    const transport = Transport.memory((plan: Plan.Plan) =>
      plan.url.pathname === '/device' ? device : refused('authorization_pending'),
    )
    const program = pipe(
      OAuth2.loginWithDevice(options, () => async () => {
        setTimeout(() => controller.abort(), 20)
      }),
      Http.withSignal(controller.signal),
    )
    const outcome = await pipe(program, Client.use({ session: sessionFor(OAuth2.deviceCode), transport }))()
    expect(outcome).toMatchObject({ left: { _tag: 'Aborted' } })
  })
})
