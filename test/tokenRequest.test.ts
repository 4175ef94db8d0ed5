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
  Exchange,
  Headers,
  Http,
  Jar,
  OAuth2,
  type Observer,
  Plan,
  Request,
  Response,
  Secret,
  Session,
  Story,
  Tape,
  Token,
  Transport,
} from '../src/index.js'
import * as Har from '../src/inspect/Har.js'
import type { Answer } from '../src/wire/Reply.js'
import { sleep } from './transport/servers.js'

// A token request: what it and its reply show, which programs share it, and how long it takes.

const NOW = new Date(1e12)
const ENDPOINT = 'https://auth.test/token'
const isToken = ({ cause }: Plan.Plan): boolean => cause === 'Token'
const TOKEN = { status: 200, json: { access_token: 't', expires_in: 3600 } }
const sessionOf = (auth: Auth.Auth) =>
  pipe(Session.empty, Session.withBaseUrl('https://api.test'), Session.withAuth(auth))

describe('the error of a token request', () => {
  const post = Request.post(ENDPOINT)
  const nested = Array.from({ length: 20 }).reduce<unknown>((inner) => [{ inner }], 'C4N4RY-in')
  it.each<[string, Request.Request]>([
    ['form', pipe(post, Request.withForm({ password: 'C4N4RY-in' }))],
    ['JSON object', pipe(post, Request.withJson({ password: 'C4N4RY-in' }))],
    ['JSON list', pipe(post, Request.withJson(['C4N4RY-in']))],
    ['JSON text', pipe(post, Request.withJson('C4N4RY-in'))],
    ['nested JSON', pipe(post, Request.withJson(nested))],
    ['number in JSON', pipe(post, Request.withJson({ pin: 987654321 }))],
    ['JSON after a line end', pipe(post, Request.withText('\n{"password":"C4N4RY-in"}'))],
    ['text', pipe(post, Request.withText('C4N4RY-in'))],
    ['multipart form', pipe(post, Request.withMultipart([{ name: 'password', content: 'C4N4RY-in' }]))],
    ['query', pipe(post, Request.withSecretQuery('password', 'C4N4RY-in'))],
    ['cookie', pipe(post, Request.withCookie('sid', 'C4N4RY-in'))],
    ['header', pipe(post, Request.withSecretHeader('X-Key', 'C4N4RY-in'))],
    ['Basic', pipe(post, Request.withAuth(Auth.basic('me', 'C4N4RY-in')))],
    ['Bearer', pipe(post, Request.withAuth(Auth.bearer('C4N4RY-in')))],
    [
      'form that is compressed',
      pipe(post, Request.withForm({ password: 'C4N4RY-in', pad: 'x'.repeat(4_000) }), Request.withCompression('gzip')),
    ],
  ])('does not repeat what a server repeats of its %s', (name, obtain) => {
    const secret = name === 'number in JSON' ? '987654321' : 'C4N4RY-in'
    const description = `not accepted: ${secret}`
    const { outcome } = pipe(
      Request.get('x'),
      Exchange.simulate({ session: sessionOf(Auth.renewable({ name: 'api', obtain })) })(() => ({
        status: 400,
        json: { error: 'invalid_grant', error_description: description },
      })),
    )
    if (E.isRight(outcome)) expect.fail('it did not fail')
    expect(outcome.left).toMatchObject({ _tag: 'TokenRefused', code: 'invalid_grant' })
    // What a text contains is not known, so that no text of the server is repeated.
    expect(outcome.left.message.includes('not accepted')).toBe(name !== 'text' && name !== 'form that is compressed')
    expect(JSON.stringify(outcome.left)).not.toContain(secret)
  })
})

it('a token in a header of its reply is shown nowhere', async () => {
  const tape = newIORef(Tape.empty)()
  const seen: unknown[] = []
  const obtain = Request.post(ENDPOINT)
  const read = ({ headers }: { readonly headers: Headers.Headers }) =>
    E.right({ accessToken: Secret.reveal(Headers.find(headers, 'X-Subject-Token') ?? ''), expiresIn: 60 })
  const auth = Auth.renewable({ name: 'api', obtain, read })
  const note = (event: unknown) => () => void seen.push(event)
  const session = pipe(
    sessionOf(auth),
    Session.withObserver({ onSend: note, onReply: note, onDone: note } satisfies Observer.Observer),
  )
  const transport = Transport.memory((plan) =>
    isToken(plan) ? { status: 201, headers: { 'X-Subject-Token': 'C4N4RY', Date: 'today' } } : { status: 200 },
  )
  const wrapTransport = Transport.record((entry) => tape.modify(Tape.append(entry)))
  const outcome = await pipe(Http.get('x'), Client.runWith({ session, transport, wrapTransport }))()
  if (E.isRight(outcome)) {
    const { plan, history } = outcome.right
    expect(Secret.reveal(Headers.find(plan.headers, 'Authorization') ?? '')).toBe('Bearer C4N4RY')
    const texts = [
      Tape.encode(tape.read()),
      Har.ofHops()(history),
      Story.render()(Story.ofOutcome(outcome)),
      outcome.right,
      seen,
    ]
    for (const text of texts.map((shown) => JSON.stringify(shown))) expect(text).not.toContain('C4N4RY')
    expect(JSON.stringify(Tape.encode(tape.read()))).toContain('today')
  } else expect.fail(outcome.left._tag)
})

describe('programs that make equal token requests', () => {
  const basic = Request.withAuth(Auth.basic('a', 'b'))
  const pfx = () => new Uint8Array([1, 2, 3])
  const signer = Auth.signer('key', Plan.withHeaders({ 'X-Key': 'a' }))
  const requests: Readonly<Record<string, () => Request.Request>> = {
    basic: () => pipe(Request.post(ENDPOINT), basic),
    digest: () => pipe(Request.post(ENDPOINT), Request.withAuth(Auth.digest('a', 'b'))),
    certificate: () => pipe(Request.post(ENDPOINT), Request.withClientCertificate({ cert: '/c.pem', key: '/k.pem' })),
    bundle: () => pipe(Request.post(ENDPOINT), Request.withClientCertificate({ pfx: pfx(), passphrase: 'p' })),
    signer: () => pipe(Request.post(ENDPOINT), Request.withAuth(signer)),
  }
  const tokensFor = async (obtain: (program: number) => Request.Request): Promise<number> => {
    let tokens = 0
    const transport: Transport.Transport = (plan) => async () => {
      await sleep(2)
      if (isToken(plan)) tokens += 1
      return E.right(Transport.reply(isToken(plan) ? TOKEN : { status: 200 }))
    }
    const client = Client.open({ session: Session.empty, transport })()
    const read = () => E.right({ accessToken: 't', expiresIn: 3600 })
    await Promise.all(
      [1, 2, 3, 4].map((program) => {
        const auth = Auth.renewable({ name: 'api', obtain: () => obtain(program), read })
        return Http.get('https://api.test/', Request.withAuth(auth))(Jar.empty)(client)()
      }),
    )
    return tokens
  }
  it.each(Object.keys(requests))('share one, if it is made anew each time: %s', async (name) => {
    expect(await tokensFor(() => requests[name]?.() ?? expect.fail())).toBe(1)
  })
  it.each<[string, (program: number) => Request.Request]>([
    ['digest', (program) => pipe(Request.post(ENDPOINT), Request.withAuth(Auth.digest('a', `b${program}`)))],
    [
      'certificate',
      (program) => pipe(Request.post(ENDPOINT), Request.withClientCertificate({ cert: `/${program}.pem` })),
    ],
    [
      'bundle',
      (program) => pipe(Request.post(ENDPOINT), Request.withClientCertificate({ pfx: new Uint8Array([program]) })),
    ],
    [
      'passphrase',
      (program) =>
        pipe(Request.post(ENDPOINT), Request.withClientCertificate({ pfx: pfx(), passphrase: `${program}` })),
    ],
  ])('share none, if their %s differs', async (_, obtain) => {
    expect(await tokensFor(obtain)).toBe(4)
  })
})

describe('the total timeout of a token request', () => {
  const never: Transport.Transport =
    (plan, { signal, deadline, clock = Clock.system }) =>
    async () => {
      if (!isToken(plan)) return E.right(Transport.reply({ status: 200 }))
      const left = (deadline ?? Number.POSITIVE_INFINITY) - clock.monotonic()
      await clock.sleep(Math.min(left, 60_000), signal)()
      return E.left(Transport.failed('DeadlineExceeded', plan)('too late'))
    }
  const within = (total: number, main: number | undefined) => {
    const obtain = pipe(Request.post(ENDPOINT), Request.withTimeouts({ total }))
    const session = sessionOf(Auth.renewable({ name: 'api', obtain }))
    const limited = main === undefined ? session : Session.withTimeouts({ total: main })(session)
    return { session: limited, transport: never }
  }
  it('ends it, and not the time of the request', async () => {
    const outcome = await pipe(Http.get('x'), Client.runWith(within(50, undefined)))()
    expect(outcome).toMatchObject({
      left: { _tag: 'TokenFailed', credential: 'api', error: { _tag: 'DeadlineExceeded' } },
    })
  })
  it('fails all programs that wait for it at once', async () => {
    const started = performance.now()
    const client = Client.open(within(50, 10_000))()
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => Http.get('x')(Jar.empty)(client)()))
    expect(outcomes.map((outcome) => E.isLeft(outcome) && outcome.left._tag)).toEqual(Array(20).fill('TokenFailed'))
    expect(performance.now() - started).toBeLessThan(900)
  })
  const slow =
    (ms: number): Transport.Transport =>
    (plan, { signal, deadline, clock = Clock.system }) =>
    async () => {
      if (!isToken(plan)) return E.right(Transport.reply({ status: 200 }))
      const left = (deadline ?? Number.POSITIVE_INFINITY) - clock.monotonic()
      await clock.sleep(Math.min(left, ms), signal)()
      return left < ms
        ? E.left(Transport.failed('DeadlineExceeded', plan)('too late'))
        : E.right(Transport.reply(TOKEN))
    }
  it('leaves the request to another program that has more time', async () => {
    const client = Client.open({ session: Session.empty, transport: slow(100) })()
    const read = () => E.right({ accessToken: 't', expiresIn: 3600 })
    const get = (total: number) => {
      const obtain = pipe(Request.post(ENDPOINT), Request.withTimeouts({ total }))
      const auth = Auth.renewable({ name: 'api', read, obtain })
      return Http.get('https://api.test/', Request.withAuth(auth))(Jar.empty)(client)()
    }
    const started = performance.now()
    const ends = await Promise.all([get(40), get(5_000), get(30)])
    expect(ends.map((end) => (E.isLeft(end) ? end.left._tag : 'Right'))).toEqual([
      'TokenFailed',
      'Right',
      'TokenFailed',
    ])
    expect(performance.now() - started).toBeLessThan(900)
  })
  it('ends a signature of it too', async () => {
    const hang = Auth.signerTask('key', () => () => new Promise(() => {}))
    const obtain = pipe(Request.post(ENDPOINT), Request.withTimeouts({ total: 30 }), Request.withAuth(hang))
    const session = sessionOf(Auth.renewable({ name: 'api', obtain }))
    const outcome = await pipe(Http.get('x'), Client.runWith({ session, transport: slow(0) }))()
    expect(outcome).toMatchObject({ left: { _tag: 'TokenFailed', error: { _tag: 'DeadlineExceeded' } } })
  })
  it('is not longer than that of the request', async () => {
    const outcome = await pipe(Http.get('x'), Client.runWith(within(5_000, 50)))()
    expect(outcome).toMatchObject({ left: { _tag: 'DeadlineExceeded' } })
  })
})

it.each([
  ['https://api.test', 'x'],
  ['https://api.test', 'https://me:pw@api.test/x'],
  ['https://me:pw@api.test', 'x'],
])('is joined to the base URL, if it is relative: %s, %s', async (base, url) => {
  const session = pipe(
    sessionOf(Auth.renewable({ name: 'api', obtain: Request.post('login') })),
    Session.withBaseUrl(base),
  )
  const { transport, sent } = Transport.mock((plan) => (isToken(plan) ? TOKEN : { status: 200 }))
  const twice = pipe(
    Http.get(url),
    Http.flatMap(() => Http.get(url)),
  )
  const outcome = await pipe(twice, Client.use({ session, transport, clock: Clock.fixed(NOW) }))()
  expect(sent().map((plan) => `${plan.cause} ${plan.url.href}`)).toEqual([
    'Token https://api.test/login',
    'Start https://api.test/x',
    'Start https://api.test/x',
  ])
  expect(E.isRight(outcome) ? Jar.tokens(outcome.right[1]).map(({ endpoint }) => endpoint) : outcome.left._tag).toEqual(
    ['https://api.test/login'],
  )
})

it('a reply whose body fails keeps its cookies', async () => {
  const cut = () => Promise.reject(new Error('cut'))
  const body = {
    gather: () => cut,
    discard: async () => {},
    [Symbol.asyncIterator]: () => ({ next: cut }),
  }
  const transport: Transport.Transport = () => async () => {
    const reply = Transport.reply({ status: 200, headers: { 'set-cookie': 'sid=1' } })
    return E.right({ ...reply, body: body as unknown as typeof reply.body }) // a source that the user wrote
  }
  const session = sessionOf(Auth.renewable({ name: 'api', obtain: Request.post(ENDPOINT) }))
  const outcome = await pipe(Http.get('x'), Client.runWith({ session, transport }))()
  expect(outcome).toMatchObject({ left: { _tag: 'TokenFailed' } })
  expect(E.isLeft(outcome) && Jar.toArray(outcome.left.jar).map(({ name }) => name)).toEqual(['sid'])
})

it.each(['https://a b', 'https://api.test:99999', 'https://[', 'https://api.test/x', 'ftp://api.test', 'api.test', 7])(
  'origins that are not those of URLs are refused: %s',
  async (origin) => {
    const auth = Auth.renewable({ name: 'api', obtain: Request.post(ENDPOINT), origins: [origin as string] })
    const outcome = await pipe(
      Http.get('x'),
      Client.runWith({ session: sessionOf(auth), transport: Transport.memory(() => TOKEN) }),
    )()
    if (origin === 'https://api.test/x') expect(E.isRight(outcome)).toBe(true)
    else expect(outcome).toMatchObject({ left: { _tag: 'InvalidSettings' } })
  },
)

describe('a `read` of the user', () => {
  // RFC 6749 has no lifetime as text.
  const read = (response: Response.Response): E.Either<unknown, Token.Input> => {
    const { key, seconds } = JSON.parse(Response.text(response)) as { readonly key: string; readonly seconds: string }
    return E.right({ accessToken: key, expiresIn: Number(seconds) })
  }
  const login = {
    ...{ name: 'api', tokenUrl: ENDPOINT, clientId: 'me', read },
    ...{
      authorizationUrl: 'https://auth.test/login',
      redirectUri: 'https://app.test/',
      deviceAuthorizationUrl: 'https://auth.test/device',
    },
  }
  const device = { device_code: 'd', user_code: 'U', verification_uri: 'https://auth.test/', expires_in: 600 }
  const run = async (program: Http.Http<unknown, unknown>, reply: object = { key: 'k3y', seconds: '60' }) => {
    let polls = 0
    const transport = Transport.memory(({ url: { pathname } }) => {
      if (pathname === '/device') return { status: 200, json: device }
      if (pathname !== '/token') return { status: 200 }
      polls += 1
      return polls === 1 && 'pending' in reply
        ? { status: 200, json: { error: 'authorization_pending' } }
        : { status: 200, json: reply }
    })
    const clock = { ...Clock.fixed(NOW), sleep: () => async () => {} }
    const outcome = await program(Jar.empty)(Client.open({ session: Session.empty, transport, clock })())()
    return E.isLeft(outcome)
      ? outcome.left
      : Jar.tokens(outcome.right[1]).map(({ token }) => [Secret.reveal(token.accessToken), token.expiresAt])
  }
  const pending = () => {
    const begun = OAuth2.AuthorizationCode.begin(login, 'e'.repeat(64))
    if (E.isLeft(begun)) return expect.fail(begun.left)
    const { url, pending } = begun.right
    return OAuth2.redeemCode(
      { ...login, grant: OAuth2.authorizationCode },
      pending,
    )(`https://app.test/?code=c&state=${new URL(url).searchParams.get('state')}`)
  }
  const programs: Readonly<Record<string, Http.Http<unknown, unknown>>> = {
    oauth2: Http.get('https://api.test/', Request.withAuth(Auth.oauth2({ ...login, grant: OAuth2.clientCredentials }))),
    loginWithDevice: OAuth2.loginWithDevice({ ...login, grant: OAuth2.deviceCode }, () => T.of(undefined)),
    redeemCode: pending(),
  }
  it.each(Object.keys(programs))('reads the token: %s', async (name) => {
    const expected = [['k3y', O.some(NOW.getTime() + 60_000)]]
    expect(await run(programs[name] ?? expect.fail())).toEqual(expected)
    if (name === 'loginWithDevice')
      expect(await run(programs[name] ?? expect.fail(), { key: 'k3y', seconds: '60', pending: 1 })).toEqual(expected)
  })
  it.each(Object.keys(programs))('that fails is TokenFailed without the reply: %s', async (name) => {
    const error = await run(programs[name] ?? expect.fail(), ['C4N4RY'])
    expect(error).toMatchObject({ _tag: 'TokenFailed', credential: 'api', status: 200 })
    expect(JSON.stringify(error)).not.toContain('C4N4RY')
  })
})

describe('a client that saves tokens', () => {
  const past = new Date(NOW.getTime() - 1e6)
  const held = Jar.withToken(
    { name: 'api', endpoint: ENDPOINT },
    Token.at(past)({ accessToken: 'a0', refreshToken: 'r0', expiresIn: 1 }),
    past,
  )(Jar.empty)
  const auth = Auth.oauth2({ name: 'api', tokenUrl: ENDPOINT, clientId: 'me', grant: OAuth2.clientCredentials })
  const refreshIn = (jar: Jar.Jar) =>
    Jar.tokens(jar).map(({ token }) => (O.isSome(token.refreshToken) ? Secret.reveal(token.refreshToken.value) : ''))
  const reply = (fields: object) => ({ status: 200, json: { access_token: 'a1', refresh_token: 'r1', ...fields } })
  const opened = (
    answer: Answer,
    onToken: (jar: Jar.Jar) => T.Task<void>,
    log: string[] = [],
    session = sessionOf(auth),
  ) => {
    const transport = Transport.memory((plan) => {
      log.push(`${plan.cause} ${plan.url.pathname}`)
      return isToken(plan) ? answer : { status: 200 }
    })
    return { ...Client.open({ session, transport, clock: { ...Clock.system, now: () => NOW } })(), onToken }
  }
  it('has saved it before any program uses it', async () => {
    const log: string[] = []
    const save = () => async () => {
      await sleep(30)
      log.push('saved')
    }
    const client = opened(reply({ expires_in: 60 }), save, log)
    await Promise.all(['a', 'b'].map((path) => Http.get(path)(held)(client)()))
    expect(log.slice(0, 2)).toEqual(['Token /token', 'saved'])
    expect(log.slice(2).sort()).toEqual(['Start /a', 'Start /b'])
  })
  it.each([{ expires_in: '60' }, { access_token: 7 }])(
    'saves the new refresh token of a reply that is not usable: %j',
    async (fields) => {
      const saved: string[] = []
      const client = opened(reply(fields), (jar) => async () => void saved.push(...refreshIn(jar)))
      const ends = await Promise.all([1, 2, 3].map(() => Http.get('x')(held)(client)()))
      expect(saved).toEqual(['r1'])
      expect(ends.map((end) => (E.isLeft(end) ? refreshIn(end.left.jar) : []))).toEqual([['r1'], ['r1'], ['r1']])
    },
  )
  it('is not kept waiting by it', async () => {
    const never = () => () => new Promise<void>(() => {})
    const limited = Session.withTimeouts({ total: 50 })(sessionOf(auth))
    const outcome = await Http.get('x')(held)(opened(reply({}), never, [], limited))()
    expect(outcome).toMatchObject({ left: { _tag: 'DeadlineExceeded' } })
    expect(E.isLeft(outcome) && refreshIn(outcome.left.jar)).toEqual(['r1'])
    const ending = new AbortController()
    setTimeout(() => ending.abort(), 20)
    const aborted = await Http.get('x')(held)({ ...opened(reply({}), never), signal: ending.signal })()
    expect(aborted).toMatchObject({ left: { _tag: 'Aborted' } })
  })
})

describe('the code of an error', () => {
  it.each(['invalid_client', 'invalid_grant', 'authorization_pending', 'slow_down'])(
    'is not changed by values that it contains: %s',
    (code) => {
      for (const word of code.split('_')) {
        const post = Request.post(ENDPOINT)
        for (const obtain of [
          pipe(post, Request.withCookie('kind', word)),
          pipe(post, Request.withForm({ kind: word })),
          pipe(post, Request.withText(word)),
          pipe(post, Request.withMultipart([{ name: 'kind', content: word }])),
        ]) {
          const { outcome } = pipe(
            Request.get('x'),
            Exchange.simulate({ session: sessionOf(Auth.renewable({ name: 'api', obtain })) })(() => ({
              status: 400,
              json: { error: code },
            })),
          )
          expect(outcome).toMatchObject({ left: { _tag: 'TokenRefused', code } })
        }
      }
    },
  )
  it('is hidden if it repeats a secret', () => {
    const obtain = pipe(Request.post(ENDPOINT), Request.withForm({ password: 'C4N4RY-in' }))
    const { outcome } = pipe(
      Request.get('x'),
      Exchange.simulate({ session: sessionOf(Auth.renewable({ name: 'api', obtain })) })(() => ({
        status: 400,
        json: { error: 'bad C4N4RY-in' },
      })),
    )
    expect(JSON.stringify(outcome)).not.toContain('C4N4RY')
  })
})

it.each([10, 1000, 100_000])('a description of %i secrets is cut without a part of one', (many) => {
  const secret = 'S3CR3T'.repeat(5)
  const obtain = pipe(Request.post(ENDPOINT), Request.withForm({ password: secret }))
  const { outcome } = pipe(
    Request.get('x'),
    Exchange.simulate({ session: sessionOf(Auth.renewable({ name: 'api', obtain })) })(() => ({
      status: 400,
      json: { error: 'invalid_grant', error_description: `${'a'.repeat(many % 29)}${secret.repeat(many)}` },
    })),
  )
  expect(JSON.stringify(outcome)).not.toContain('S3C')
})
