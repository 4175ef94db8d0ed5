import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { newIORef } from 'fp-ts/lib/IORef.js'
import * as O from 'fp-ts/lib/Option.js'
import * as T from 'fp-ts/lib/Task.js'
import { describe, expect, it } from 'vitest'
import {
  Auth,
  Client,
  Clock,
  Headers,
  Http,
  Jar,
  OAuth2,
  Plan,
  RedirectPolicy,
  Request,
  Response,
  Secret,
  Session,
  Tape,
  Token,
  Transport,
} from '../src/index.js'
import * as Exchange from '../src/stages/Exchange.js'
import { unsigned } from '../src/stages/Unsigned.js'
import * as Url from '../src/values/Url.js'

// A token goes only where it belongs: not to another user of the client, not to another origin, not onto a tape.

const NOW = new Date(1e12)
const KEY = { name: 'api', endpoint: 'https://auth.test/token' }
const config = { name: 'api', tokenUrl: KEY.endpoint, clientId: 'me', clientSecret: 'hunter2' }
const held = (input: Token.Input, at = NOW) => Jar.withToken(KEY, Token.at(at)(input), at)(Jar.empty)
const sessionOf = (auth: Auth.Auth) =>
  pipe(Session.empty, Session.withBaseUrl('https://api.test'), Session.withAuth(auth))
const client = { ...config, grant: OAuth2.clientCredentials }
const fieldOf = ({ headers }: Plan.Plan, name: string): string => Secret.reveal(Headers.find(headers, name) ?? '')
const isToken = ({ url }: Plan.Plan): boolean => url.hostname === 'auth.test'
const failureOf = <A>(outcome: E.Either<{ readonly _tag: string }, A>): string =>
  E.isLeft(outcome) ? outcome.left._tag : 'none'

describe('programs of one client', () => {
  const schemes: Readonly<Record<string, (who: string) => Auth.Auth>> = {
    basic: (who) => Auth.basic(who, 'pw'),
    digest: (who) => Auth.digest(who, 'pw'),
    signer: (who) => Auth.signer('key', Plan.withHeaders({ 'X-Key': who })),
    signerTask: (who) => Auth.signerTask('key', (plan) => T.of(E.right(Plan.withHeaders({ 'X-Key': who })(plan)))),
  }
  const userOf = (plan: Plan.Plan): string => {
    const [authorization, key] = [fieldOf(plan, 'Authorization'), fieldOf(plan, 'X-Key')]
    return key || (/username="(\w+)"/.exec(authorization)?.[1] ?? atob(authorization.slice(6)).split(':')[0] ?? '')
  }
  const transport = Transport.memory((plan) => {
    if (!isToken(plan)) return { status: 200, body: fieldOf(plan, 'Authorization') }
    const isAsked = fieldOf(plan, 'Authorization') === '' && fieldOf(plan, 'X-Key') === ''
    return isAsked
      ? { status: 401, headers: { 'WWW-Authenticate': 'Digest realm="r", nonce="n", qop="auth"' } }
      : { status: 200, json: { access_token: `of-${userOf(plan)}`, expires_in: 3600 } }
  })
  const cases = Object.keys(schemes).flatMap((name) => [[name, 'at once'] as const, [name, 'in turn'] as const])
  it.each(cases)('never share tokens of different users: %s, %s', async (name, order) => {
    const open = Client.open({ session: Session.empty, transport, clock: Clock.fixed(NOW) })()
    const run = async (who: string) => {
      const obtain = pipe(Request.post(KEY.endpoint), Request.withAuth(schemes[name]?.(who) ?? Auth.none))
      const own = Client.withSession(() => sessionOf(Auth.renewable({ name: 'api', obtain })))(open)
      const outcome = await Http.get('me')(Jar.empty)(own)()
      return E.isRight(outcome) ? Response.text(outcome.right[0]) : outcome.left._tag
    }
    const users = ['alice', 'bob', 'carol']
    const tokens: string[] = []
    if (order === 'at once') tokens.push(...(await Promise.all(users.map(run))))
    else for (const user of users) tokens.push(await run(user))
    expect(tokens).toEqual(users.map((user) => `Bearer of-${user}`))
  })
  it('use the newest refresh token after the shared one has expired', async () => {
    const used: string[] = []
    let time = NOW.getTime()
    const rotating = Transport.memory((plan) => {
      if (!isToken(plan)) return { status: 200 }
      used.push(Plan.toHttp({ reveal: true })(plan).split('refresh_token=').at(-1)?.split('&')[0] ?? '')
      const fresh = { access_token: `a${used.length}`, refresh_token: `r${used.length}`, expires_in: 60 }
      return { status: 200, json: fresh }
    })
    const clock = { ...Clock.system, now: () => new Date(time) }
    const session = sessionOf(Auth.oauth2({ ...config, grant: OAuth2.refreshToken('r0') }))
    const open = Client.open({ session, transport: rotating, clock })()
    for (let i = 0; i < 3; i += 1) {
      await Http.get('x')(Jar.empty)(open)()
      time += 3_600_000
    }
    expect(used).toEqual(['r0', 'r1', 'r2'])
  })
})

describe('an API that rejects every token', () => {
  const cases = [0, 1, 3600, undefined].flatMap((lifetime) => [1, 10, 40].map((many) => [lifetime, many] as const))
  it.each(cases)('gets two requests for each program: lifetime %s s, %i programs', async (lifetime, many) => {
    let [tokens, requests, time] = [0, 0, NOW.getTime()]
    const transport = Transport.memory((plan) => {
      if (!isToken(plan)) {
        requests += 1
        return { status: 401 }
      }
      tokens += 1
      time += 5
      const expiry = lifetime === undefined ? {} : { expires_in: lifetime }
      return { status: 200, json: { access_token: `t${tokens}`, ...expiry } }
    })
    const clock = { ...Clock.system, now: () => new Date(time) }
    const open = Client.open({ session: sessionOf(Auth.oauth2(client)), transport, clock })()
    const outcomes = await Promise.all(Array.from({ length: many }, () => Http.get('x')(Jar.empty)(open)()))
    expect(outcomes.every((outcome) => E.isRight(outcome) && outcome.right[0].status === 401)).toBe(true)
    expect(requests).toBeLessThanOrEqual(2 * many)
    expect(tokens).toBeLessThanOrEqual(1 + many)
  })
})

describe('a token', () => {
  it('is not added by resume after a redirect to another origin', async () => {
    const context = {
      session: sessionOf(Auth.oauth2(client)),
      jar: held({ accessToken: 'CANARY', expiresIn: 3600 }),
      now: NOW,
    }
    const first = Exchange.start(context)(Request.get('x'))
    if (E.isLeft(first)) expect.fail(first.left._tag)
    const head = {
      status: 302,
      reason: '',
      headers: Headers.fromPairs([['Location', 'https://other.test/']]),
      elapsed: 0,
    }
    const step = Exchange.receive(NOW)(head)(first.right)
    if (step._tag !== 'Next') expect.fail(step._tag)
    const { transport, sent } = Transport.mock(() => ({ status: 200 }))
    await pipe(
      Http.resume(step.exchange),
      Client.use({ session: context.session, transport, clock: Clock.fixed(NOW) }),
    )()
    expect(sent().map((plan) => [plan.url.hostname, fieldOf(plan, 'Authorization')])).toEqual([['other.test', '']])
  })
  it('is renewed after a redirect of a renewed request', () => {
    let issued = 0
    const trace = pipe(
      Request.get('a'),
      Exchange.simulate({
        session: sessionOf(Auth.oauth2(client)),
        jar: held({ accessToken: 't0', expiresIn: 3600 }),
        now: NOW,
      })((plan) => {
        if (isToken(plan)) {
          issued += 1
          return { status: 200, json: { access_token: `t${issued}`, expires_in: 3600 } }
        }
        const isOld = fieldOf(plan, 'Authorization') !== (plan.url.pathname === '/a' ? 'Bearer t1' : 'Bearer t2')
        if (isOld) return { status: 401 }
        return plan.url.pathname === '/a' ? { status: 302, headers: { Location: '/b' } } : { status: 200 }
      }),
    )
    expect(E.isRight(trace.outcome) && trace.outcome.right.status).toBe(200)
    expect(issued).toBe(2)
  })
  it.each([
    ['a name that a jar cannot hold', { name: 'a\nb' }],
    ['origins that are not a list', { origins: 'https://api.test' }],
  ])('is refused with %s', async (_, change) => {
    const auth = Auth.oauth2({ ...client, ...(change as object) })
    const { transport, sent } = Transport.mock(() => ({ status: 200 }))
    const outcome = await pipe(Http.get('x'), Client.runWith({ session: sessionOf(auth), transport }))()
    expect([failureOf(outcome), sent().length]).toEqual(['InvalidSettings', 0])
  })
})

describe('a transport that sends again', () => {
  it('changes nothing with a signature that comes late', async () => {
    const sent: string[] = []
    const auth = Auth.signerTask('slow', (plan) => async () => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      return E.right(Plan.withHeaders({ 'X-Sig': 'S' })(plan))
    })
    const hedging: Transport.Transport = (plan, controls) => async () => {
      sent.push(`${plan.url.href} ${Headers.has('X-Sig')(plan.headers)}`)
      if (plan.url.href === 'https://b.test/') {
        await new Promise((resolve) => setTimeout(resolve, 20))
        return E.right(Transport.reply({ status: 302, headers: { Location: '/next', 'Set-Cookie': 'evil=1' } }))
      }
      if (plan.url.pathname !== '/a') return E.right(Transport.reply({ status: 200 }))
      controls?.signAgain?.(plan)()
      return E.right(Transport.reply({ status: 302, headers: { Location: 'https://b.test/' } }))
    }
    const wrapped = Transport.withRetry()(hedging)
    const program = Http.get('https://a.test/a', Request.withAuth(auth))
    const outcome = await pipe(program, Client.use({ session: Session.empty, transport: wrapped }))()
    expect(sent).toEqual(['https://a.test/a true', 'https://b.test/ false', 'https://b.test/next false'])
    expect(E.isRight(outcome) && Jar.toArray(outcome.right[1]).map(({ domain }) => domain)).toEqual(['b.test'])
  })
})

describe('a signature', () => {
  const pieces = fc.array(fc.constantFrom('a=1', 'a=2', 'b', 'sig=x', 'c=%20'), { maxLength: 5 })
  it('is removed from an edited plan with nothing else of the query', () => {
    fc.assert(
      fc.property(pieces, pieces, (before, after) => {
        const withQuery = (text: string) => (plan: Plan.Plan) => ({
          ...plan,
          url: Url.replaceQuery(text, text)(plan.url),
        })
        const signed = pipe(
          Request.get(`https://api.test/${before.length === 0 ? '' : `?${before.join('&')}`}`),
          Request.withAuth(Auth.signer('s', withQuery(after.join('&')))),
          Plan.plan({ session: Session.empty, now: NOW }),
        )
        if (E.isLeft(signed)) expect.fail(signed.left.message)
        const edited = { ...signed.right, url: Url.withHash('#edited')(signed.right.url) }
        const left = new URL(Plan.wire(unsigned(edited)).url).search.slice(1).split('&').filter(Boolean)
        expect(left.sort()).toEqual([...before].sort())
      }),
    )
  })
})

describe('a tape', () => {
  const recorded = async <E, A>(program: Http.Http<E, A>, answer: (plan: Plan.Plan) => object) => {
    const tape = newIORef(Tape.empty)()
    const wrapTransport = Transport.record((entry) => tape.modify(Tape.append(entry)))
    const transport = Transport.memory((plan) => ({ status: 200, json: answer(plan) }))
    const clock = { ...Clock.fixed(NOW), sleep: () => async () => {} }
    const outcome = await pipe(program, Client.runWith({ session: Session.empty, transport, wrapTransport, clock }))()
    expect(failureOf(outcome as E.Either<{ _tag: string }, A>)).toBe('none')
    return JSON.stringify(Tape.encode(tape.read()))
  }
  const token = { access_token: 'CANARY-a', refresh_token: 'CANARY-r', expires_in: 3600 }
  it('has no secret of a login', async () => {
    const device = { device_code: 'CANARY-d', user_code: 'U', verification_uri: 'https://auth.test/', expires_in: 600 }
    const login = { ...config, grant: OAuth2.deviceCode, deviceAuthorizationUrl: 'https://auth.test/device' }
    const text = await recorded(
      OAuth2.loginWithDevice(login, () => T.of(undefined)),
      ({ url }) => (url.pathname === '/device' ? device : token),
    )
    expect(text.includes('auth.test/token')).toBe(true)
    expect(text.includes('CANARY')).toBe(false)
  })
  it('has no text of a token reply but known fields', async () => {
    const canary = fc.constantFrom('CANARY', 271_828_182)
    const { reply } = fc.letrec<{ reply: unknown }>((tie) => ({
      reply: fc.oneof(
        { maxDepth: 3 },
        canary,
        fc.array(tie('reply'), { maxLength: 3 }),
        fc.dictionary(
          fc.constantFrom('access', 'session', 'apiKey', 'value', 'tokens', 'one_time_password', 'message'),
          tie('reply'),
        ),
      ),
    }))
    await fc.assert(
      fc.asyncProperty(reply, async (json) => {
        const auth = Auth.renewable({
          name: 'own',
          obtain: Request.post(KEY.endpoint),
          read: () => E.right({ accessToken: 'x', expiresIn: 60 }),
        })
        const program = Http.get('https://api.test/', Request.withAuth(auth))
        expect(
          (await recorded(program, (plan) => (isToken(plan) ? { json } : {}))).match(/CANARY|271828182/g) ?? [],
        ).toEqual([])
      }),
      { numRuns: 30 },
    )
  })
})

it.each(['tokens://Vault/token', 'tokens://vault:1/token?x=1', 'https://auth.test:443/token#f', 'http://auth.test'])(
  'a token is kept for each kind of endpoint: %s',
  async (url) => {
    const auth = Auth.renewable({ name: 'own', obtain: Request.post(url) })
    const mock = Transport.mock(({ cause }) =>
      cause === 'Token' ? { status: 200, json: { access_token: 'a', expires_in: 60 } } : { status: 200 },
    )
    const session = Session.mount('tokens://', mock.transport)(sessionOf(auth))
    const twice = pipe(
      Http.get('x'),
      Http.flatMap(() => Http.get('y')),
    )
    const clock = Clock.fixed(NOW)
    const outcome = await pipe(twice, Client.use({ session, transport: mock.transport, clock }))()
    expect(failureOf(outcome)).toBe('none')
    expect(mock.sent().map(({ cause }) => cause)).toEqual(['Token', 'Start', 'Start'])
    const jar = E.isRight(outcome) ? outcome.right[1] : Jar.empty
    const saved: E.Either<unknown, unknown> = Jar.encode({ reveal: true })(jar)
    expect(pipe(saved, E.flatMap(Jar.decode), E.map(Jar.tokens))).toEqual(E.right(Jar.tokens(jar)))
  },
)

it.each([10_000, 200_000])('a token reply that is nested %i times breaks no recording', async (depth) => {
  const nested = `${'['.repeat(depth)}"CANARY"${']'.repeat(depth)}`
  const tape = newIORef(Tape.empty)()
  const wrapTransport = Transport.record((entry) => tape.modify(Tape.append(entry)))
  const obtain = pipe(Request.post(KEY.endpoint), Request.withText(nested))
  const auth = Auth.renewable({ name: 'own', obtain, read: () => E.right({ accessToken: 'x', expiresIn: 60 }) })
  const transport = Transport.memory(() => ({ status: 200, body: nested }))
  const session = sessionOf(auth)
  const outcome = await pipe(Http.get('x'), Client.runWith({ session, transport, wrapTransport }))()
  expect(E.isRight(outcome) && outcome.right.status).toBe(200)
  const [first] = tape.read().entries
  expect(JSON.stringify(Tape.encode({ entries: first === undefined ? [] : [first] })).includes('CANARY')).toBe(false)
})

describe('a device login', () => {
  const device = { device_code: 'd', user_code: 'U', verification_uri: 'https://auth.test/', expires_in: 600 }
  const login = { ...config, grant: OAuth2.deviceCode, deviceAuthorizationUrl: 'https://auth.test/device' }
  const transport = Transport.memory(({ url }) =>
    url.pathname === '/device'
      ? { status: 200, json: device }
      : { status: 200, json: { access_token: 'a', expires_in: 60 } },
  )
  it('fails if its code cannot be shown', async () => {
    const show = () => async () => {
      throw new Error('no terminal')
    }
    const outcome = await pipe(
      OAuth2.loginWithDevice(login, show),
      Client.runWith({ session: Session.empty, transport }),
    )()
    expect(failureOf(outcome)).toBe('InvalidLogin')
  })
  it('ends with its client while the code is shown', async () => {
    const abort = new AbortController()
    const show = () => () => {
      setTimeout(() => abort.abort(), 5)
      return new Promise<void>(() => {})
    }
    const outcome = await pipe(
      OAuth2.loginWithDevice(login, show),
      Client.runWith({ session: Session.empty, transport, signal: abort.signal }),
    )()
    expect(failureOf(outcome)).toBe('Aborted')
  })
  it('reports its token to the client', async () => {
    const clock = { ...Clock.fixed(NOW), sleep: () => async () => {} }
    const open = Client.open({ session: Session.empty, transport, clock })()
    await Client.runIn(open)(OAuth2.loginWithDevice(login, () => T.of(undefined)))()
    expect(Jar.tokens(Client.jar(open)()).length).toBe(1)
  })
})

describe('a proxy with digest', () => {
  const challenge = { 'Proxy-Authenticate': 'Digest realm="p", nonce="n", qop="auth"' }
  const answerOf = ({ route: { proxy } }: Plan.Plan): string =>
    'value' in proxy && 'value' in proxy.value.authorization ? Secret.reveal(proxy.value.authorization.value) : ''
  const open = { tokenUrl: 'http://auth.test/token', clientId: 'me', clientSecret: 'hunter2' }
  const session = pipe(
    Session.empty,
    Session.withProxy('http://me:pw@proxy.test:1'),
    Session.withAuth(Auth.oauth2({ ...open, name: 'api', grant: OAuth2.refreshToken('r0') })),
  )
  const key = { name: 'api', endpoint: open.tokenUrl }
  it('is answered for the request and for the token that it needs meanwhile', async () => {
    let time = NOW.getTime()
    const sent: string[] = []
    const transport = Transport.memory((plan) => {
      const isAnswered = answerOf(plan).startsWith('Digest ')
      sent.push(`${plan.url.hostname} ${isAnswered ? /nc=(\w+)/.exec(answerOf(plan))?.[1] : 'Basic'}`)
      // The token expires while the first request is challenged.
      if (!isAnswered && !isToken(plan)) time += 3_600_000
      if (!isAnswered) return { status: 407, headers: challenge }
      return isToken(plan) ? { status: 200, json: { access_token: 't2', expires_in: 7200 } } : { status: 200 }
    })
    const jar = Jar.withToken(
      key,
      Token.at(NOW)({ accessToken: 't1', refreshToken: 'r1', expiresIn: 60 }),
      NOW,
    )(Jar.empty)
    const twice = pipe(
      Http.get('http://api.test/'),
      Http.flatMap(() => Http.get('http://api.test/')),
    )
    const clock = { ...Clock.system, now: () => new Date(time) }
    const outcome = await pipe(twice, Client.runWith({ session, transport, clock, jar }))()
    expect(E.isRight(outcome) && outcome.right.status).toBe(200)
    expect(sent.map((line) => line.replace(/ \d+$/, ' answered'))).toEqual([
      'api.test Basic',
      'auth.test Basic',
      'auth.test answered',
      'api.test answered',
      'api.test answered',
    ])
    const counts = sent.flatMap((line) => / (\d+)$/.exec(line)?.[1] ?? [])
    expect(new Set(counts).size).toBe(counts.length)
  })
  it('does not keep programs from sharing a token request', async () => {
    let tokens = 0
    const transport = Transport.memory((plan) => {
      if (!answerOf(plan).startsWith('Digest ')) return { status: 407, headers: challenge }
      if (!isToken(plan)) return { status: 200 }
      tokens += 1
      return { status: 200, json: { access_token: `t${tokens}`, refresh_token: `r${tokens}`, expires_in: 60 } }
    })
    let time = NOW.getTime()
    const clock = { ...Clock.system, now: () => new Date(time) }
    const running = Client.open({ session, transport, clock })()
    await Client.runIn(running)(Http.get('http://api.test/'))()
    time += 3_600_000
    await Promise.all([1, 2, 3, 4].map(() => Client.runIn(running)(Http.get('http://api.test/'))()))
    expect(tokens).toBe(2)
  })
})

describe('a proxy with Basic', () => {
  it('stays usable after an origin sent a digest challenge as the proxy', async () => {
    const transport: Transport.Transport =
      ({ url, route: { proxy } }) =>
      async () => {
        const sent = 'value' in proxy && 'value' in proxy.value.authorization ? proxy.value.authorization.value : ''
        const challenge = (value: string) =>
          E.right(Transport.reply({ status: 407, headers: { 'Proxy-Authenticate': value } }))
        if (!Secret.reveal(sent).startsWith('Basic ')) return challenge('Basic realm="corp"')
        return url.hostname === 'evil.test'
          ? challenge('Digest realm="x", nonce="evil", qop="auth"')
          : E.right(Transport.reply({ status: 200 }))
      }
    const session = Session.withProxy('http://me:pw@proxy.test:1')(Session.empty)
    const statuses = pipe(
      Http.get('http://evil.test/'),
      Http.flatMap((evil) =>
        pipe(
          Http.get('http://good.test/'),
          Http.map((good) => [evil.status, good.status]),
        ),
      ),
    )
    const outcome = await pipe(statuses, Client.runWith({ session, transport }))()
    expect(outcome).toEqual(E.right([407, 200]))
  })
})

describe('a token request that needs a token of its own', () => {
  const [inEndpoint, outEndpoint] = ['https://in.corp.test/token', 'https://out.corp.test/token']
  const follow = Request.withRedirectPolicy(() => RedirectPolicy.toFollow)
  const inner = Auth.renewable({ name: 'inner', obtain: pipe(Request.post(inEndpoint), follow) })
  const outer = Auth.renewable({
    name: 'outer',
    obtain: (current) =>
      pipe(
        Request.post(outEndpoint),
        Request.withForm({ current: O.isSome(current) ? Secret.reveal(current.value.accessToken) : '' }),
        Request.withAuth(inner),
        follow,
      ),
  })
  const session = pipe(Session.empty, Session.withAuth(outer))
  it('has a redirect limit of its own', () => {
    const trace = pipe(
      Request.get('https://api.corp.test/'),
      Exchange.simulate({ session: Session.withMaxRedirects(1)(session) })(({ url: { hostname, pathname } }) => {
        if (!pathname.endsWith('again')) return { status: 307, headers: { Location: `${pathname}again` } }
        return { status: 200, json: { access_token: hostname, expires_in: 60 } }
      }),
    )
    expect(trace.hops.map(({ plan, head }) => `${plan.url.hostname} ${head.status}`)).toEqual(
      ['in', 'out', 'api'].flatMap((host) => [`${host}.corp.test 307`, `${host}.corp.test 200`]),
    )
  })
  it('leaves its cookies in the request, also if the refresh token was known', async () => {
    let [time, asked] = [NOW.getTime(), 0]
    // The same inner token and cookies, so that the outer request is the same each time.
    const transport = Transport.memory(({ url: { hostname } }) => {
      if (hostname === 'api.corp.test') return { status: 200 }
      asked += 1
      if (hostname === 'out.corp.test')
        return { status: 200, json: { access_token: `t${asked}`, refresh_token: `r${asked}`, expires_in: 60 } }
      const headers = { 'Set-Cookie': `asked=${asked}; Domain=corp.test; Path=/me` }
      return { status: 200, headers, json: { access_token: 'same', expires_in: 60 } }
    })
    const clock = { ...Clock.system, now: () => new Date(time) }
    const open = Client.open({ session, transport, clock })()
    const cookies: string[] = []
    for (let i = 0; i < 3; i += 1) {
      const outcome = await Http.get('https://api.corp.test/me')(Jar.empty)(open)()
      cookies.push(E.isRight(outcome) ? fieldOf(outcome.right[0].plan, 'Cookie') : outcome.left._tag)
      time += 3_600_000
    }
    expect(cookies).toEqual(['asked=1', 'asked=3', 'asked=5'])
  })
})
