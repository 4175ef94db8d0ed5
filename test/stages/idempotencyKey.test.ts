/** `withIdempotencyKey`: which requests get a key, what keeps it, and where it is shown. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { newIORef } from 'fp-ts/lib/IORef.js'
import * as O from 'fp-ts/lib/Option.js'
import {
  Auth,
  Client,
  Clock,
  Durable,
  Exchange,
  Headers,
  Http,
  Jar,
  Log,
  OAuth2,
  Plan,
  Request,
  Secret,
  Session,
  Settings,
  Story,
  Tape,
  Token,
  Transport,
} from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { strictDigest } from '../strictDigest.js'
import { untyped } from '../untyped.js'

const HREF = 'http://h.test/orders'
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const NAME = 'Idempotency-Key'

const valueOf = (plan: Plan.Plan, name = NAME): string | undefined => O.toUndefined(Headers.joined(name)(plan.headers))

const planned = (request: Request.Request, session = Session.empty, entropy = 'seed') =>
  Plan.plan({ session, entropy })(request)
const plan = (request: Request.Request, session = Session.empty, entropy = 'seed'): Plan.Plan => {
  const made = planned(request, session, entropy)
  if (E.isLeft(made)) throw new Error(made.left.message)
  return made.right
}
const keyOf = (...given: Parameters<typeof plan>): string | undefined => valueOf(plan(...given))

const order = pipe(Request.post(HREF), Request.withJson({ item: 7 }))
const keyed = Request.withIdempotencyKey()(order)

describe('a minted key', () => {
  it('is a UUID of version 4 that depends on the seed only', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (one, other) => {
        const [x, y] = [keyOf(keyed, Session.empty, one), keyOf(keyed, Session.empty, other)]
        expect(x).toMatch(UUID)
        expect(x).toBe(keyOf(Request.withIdempotencyKey()(Request.post('http://other.test/')), Session.empty, one))
        expect(x === y).toBe(one === other)
      }),
    )
  })
  it.each([
    ['POST', true],
    ['PATCH', true],
    ['post', true],
    ['PUT', false],
    ['DELETE', false],
    ['GET', false],
    ['QUERY', false],
    ['REPORT', false],
  ])('is for methods that are not idempotent: %s', (method, has) => {
    expect(keyOf(Request.withIdempotencyKey()(Request.make(method, HREF))) !== undefined).toBe(has)
  })
  it('has the header, the form and the methods of the options', () => {
    const header = pipe(order, Request.withIdempotencyKey({ header: 'PayPal-Request-Id' }), plan)
    expect([valueOf(header), valueOf(header, 'PayPal-Request-Id')]).toEqual([undefined, keyOf(keyed)])
    expect(keyOf(Request.withIdempotencyKey({ format: 'quoted' })(order))).toBe(`"${keyOf(keyed)}"`)
    const put = Request.withIdempotencyKey({ methods: ['put', 'REPORT'] })
    expect(keyOf(put(Request.put(HREF)))).toBe(keyOf(keyed))
    expect(keyOf(put(Request.make('REPORT', HREF)))).toBe(keyOf(keyed))
    expect(keyOf(put(order))).toBeUndefined()
    const undefinedOptions = { header: undefined, format: undefined, methods: undefined }
    expect(keyOf(Request.withIdempotencyKey(undefinedOptions)(order))).toBe(keyOf(keyed))
  })
  it('needs entropy, but only if a key is minted', () => {
    expect(planned(keyed, Session.empty, '')).toMatchObject({ left: { _tag: 'InvalidSettings', setting: 'entropy' } })
    const session = Session.withIdempotencyKey()(Session.empty)
    expect(E.isRight(planned(Request.get(HREF), session, ''))).toBe(true)
    expect(E.isRight(planned(Request.withHeader(NAME, 'own')(order), session, ''))).toBe(true)
  })
  it.each<[string, unknown]>([
    ['a header that is not a token', { header: 'a b' }],
    ['a header that the library writes', { header: 'Content-Length' }],
    ['a header that is not text', { header: 7 }],
    ['a header that JSON does not have', { header: 10n }],
    ['a header that is a list', { header: ['X-Key'] }],
    ['a format that does not exist', { format: 'base64' }],
    ['methods that are not a list', { methods: 'POST' }],
    ['methods that are not text', { methods: [1] }],
    ['options that are not a record', NAME],
    [
      'options whose getter throws',
      Object.defineProperty({}, 'header', {
        enumerable: true,
        get: () => {
          throw new Error('no')
        },
      }),
    ],
  ])('is an error of planning with %s', (_, options) => {
    const request = Request.withIdempotencyKey(untyped(options))(order)
    expect(planned(request)).toMatchObject({ left: { _tag: 'InvalidSettings', setting: 'idempotencyKey' } })
    expect(() => [
      Request.Show.show(request),
      Request.Eq.equals(request, { ...request }),
      Request.encode()(request),
    ]).not.toThrow()
  })
})

describe('the header of a key', () => {
  const made = (header: string) => planned(Request.withIdempotencyKey({ header })(order))
  const RESERVED = [
    ...['Accept', 'Accept-Encoding', 'Authorization', 'Connection', 'Content-Length', 'Content-Type', 'Cookie', 'Date'],
    ...['Digest', 'Expect', 'Host', 'If-Match', 'If-None-Match', 'Keep-Alive', 'Last-Event-ID', 'Origin', 'Prefer'],
    ...[
      'Proxy-Authorization',
      'Range',
      'Referer',
      'Sec-Fetch-Mode',
      'Set-Cookie',
      'TE',
      'Trailer',
      'Transfer-Encoding',
    ],
    ...['Upgrade', 'User-Agent', 'X-Amz-Content-Sha256', 'X-Amz-Date', 'X-Api-Key', 'X-Forwarded-For', 'traceparent'],
  ]
  const spelled = fc
    .constantFrom(...RESERVED)
    .chain((name) => fc.constantFrom(name, name.toLowerCase(), name.toUpperCase()))
  it('must not mean something else, in any case', () => {
    fc.assert(
      fc.property(spelled, (header) => {
        expect(made(header)).toMatchObject({ left: { _tag: 'InvalidSettings', setting: 'idempotencyKey' } })
      }),
    )
  })
  it('must not be one that a session or planning writes', () => {
    const session = pipe(Session.defaults, Session.withCookie('a', 'b'), Session.withBasicAuth('me', 'pw'))
    const request = pipe(order, Request.withCompression('gzip', { minimumSize: 0 }))
    for (const [header] of Plan.wire(plan(request, session)).headers)
      expect([header, made(header)._tag]).toEqual([header, 'Left'])
  })
  it.each([
    ...['X-Idempotency-Key', 'PayPal-Request-Id', 'Request-Id', 'X-Request-Id', 'Repeatability-Request-ID'],
    ...['Idempotence-Key', 'X-Correlation-Id', 'Iffy', 'Lasting-Key'],
  ])('may be %s', (header) => {
    expect(pipe(order, Request.withIdempotencyKey({ header }), plan, (one) => valueOf(one, header))).toMatch(UUID)
  })
  it.each([
    ['withSensitiveHeaders', NAME],
    ['withSensitiveHeaders, in another case', 'idempotency-KEY'],
  ])('is secret if it is named in %s', (_, named) => {
    const session = Session.withSensitiveHeaders(named)(Session.empty)
    const secret = plan(keyed, session)
    const key = keyOf(keyed)
    expect(valueOf(secret)).toBe(key)
    expect(Secret.is(Headers.find(secret.headers, NAME))).toBe(true)
    const story = pipe(simulated(keyed, { 'POST /orders': { status: 200 } }, session), Story.ofTrace, Story.render())
    expect(story).toContain(`${NAME}: ‹secret›`)
    const explained = Plan.explain(secret)
    expect(explained.entries.find(({ part }) => part._tag === 'Header' && part.name === NAME)).toMatchObject({
      layer: 'request',
      how: expect.stringContaining('minted'),
    })
    const shown = [Plan.show(secret), Plan.toHttp()(secret), Plan.toCurl()(secret), Plan.canonical()(secret), story]
    expect([...shown, JSON.stringify(explained)].join('\n')).not.toContain(key)
    // A redirect recognizes it.
    const { hops } = simulated(
      keyed,
      {
        'POST /orders': { status: 307, headers: { location: '/2' } },
        'POST /2': { status: 303, headers: { location: '/3' } },
        'GET /3': { status: 200 },
      },
      session,
    )
    const [first, second, third] = hops.map(({ plan: one }) => valueOf(one))
    expect([first, second, third]).toEqual([expect.stringMatching(UUID), first, undefined])
  })
})

describe('a key of the user', () => {
  const session = Session.withIdempotencyKey()(Session.empty)
  const own = Request.withHeader('idempotency-key', 'own')
  it('is sent instead of a minted one, whatever is set first', () => {
    expect(keyOf(own(order), session)).toBe('own')
    expect(keyOf(own(keyed))).toBe('own')
    expect(keyOf(Request.withIdempotencyKey()(own(order)))).toBe('own')
    expect(keyOf(order, Session.withHeader(NAME, 'own')(session))).toBe('own')
  })
  it('of the session does not replace that of a request', () => {
    expect(keyOf(keyed, Session.withHeader(NAME, 'own')(Session.empty))).toBe(keyOf(keyed))
  })
  it('can be removed, and so can the setting of a session', () => {
    expect(keyOf(Request.withoutIdempotencyKey(order), session)).toBeUndefined()
    expect(keyOf(pipe(order, Request.withoutIdempotencyKey, own), session)).toBe('own')
    const without = Request.withoutHeader('idempotency-key')
    expect(keyOf(without(order), session)).toBeUndefined()
    expect(keyOf(without(order), Session.withHeader(NAME, 'own')(session))).toBeUndefined()
    // The request removes the header of the session, and has a key of its own.
    expect(keyOf(without(keyed), Session.withHeader(NAME, 'own')(session))).toBe(keyOf(keyed))
  })
})

describe('the origin of a base URL', () => {
  it('is the only one that gets the key of a session', () => {
    const session = pipe(Session.at('https://api.test'), Session.withIdempotencyKey())
    expect(keyOf(Request.post('orders'), session)).toMatch(UUID)
    expect(keyOf(Request.post('https://other.test/orders'), session)).toBeUndefined()
    expect(keyOf(Request.withIdempotencyKey()(Request.post('https://other.test/orders')), session)).toMatch(UUID)
    const { dropped } = Plan.explain(plan(Request.post('https://other.test/orders'), session))
    expect(dropped.map(({ what }) => what)).toContain('idempotency key')
  })
})

const simulated = (request: Request.Request, server: Exchange.Server, session = Session.empty, jar = Jar.empty) =>
  Exchange.simulate({ session, jar, now: new Date(0) })(server)(request)

describe('a redirect', () => {
  const hop = fc.record({
    status: fc.constantFrom(301, 302, 303, 307, 308),
    to: fc.constantFrom('http://h.test/a', 'http://h.test/b', 'http://other.test/', 'http://h.test:81/'),
  })
  it('keeps the key while it stays at the origin and repeats the method, and no later hop gets it back', () => {
    fc.assert(
      fc.property(fc.array(hop, { maxLength: 5 }), fc.constantFrom('POST', 'PATCH'), (hops, method) => {
        const left = [...hops]
        const request = pipe(Request.make(method, HREF), Request.withText('x'), Request.withIdempotencyKey())
        const { hops: sent } = simulated(request, () => {
          const next = left.shift()
          return next === undefined ? { status: 200 } : { status: next.status, headers: { location: next.to } }
        })
        const keys = sent.map(({ plan: one }) => valueOf(one))
        let isKept = true
        sent.forEach(({ plan: one }, i) => {
          const before = sent[i - 1]?.plan
          isKept = isKept && one.method === method && (before === undefined || before.url.origin === one.url.origin)
          expect(keys[i]).toBe(isKept ? keys[0] : undefined)
        })
        expect(keys[0]).toMatch(UUID)
      }),
    )
  })
  it('keeps a header of withHeader at another origin, where a redirect drops a minted key', () => {
    const { hops } = simulated(Request.withHeader(NAME, 'own')(order), {
      'POST /orders': { status: 307, headers: { location: 'http://other.test/' } },
    })
    expect(hops.map(({ plan: one }) => valueOf(one))).toEqual(['own', 'own'])
  })
  it('is explained', () => {
    const trace = simulated(keyed, {
      'POST /orders': { status: 307, headers: { location: '/2' } },
      'POST /2': { status: 307, headers: { location: 'http://other.test/' } },
      'POST http://other.test/': { status: 200 },
    })
    const [first, second, third] = trace.hops.map(({ plan: one }) => Plan.explain(one))
    const origin = (one: ReturnType<typeof Plan.explain> | undefined) =>
      one?.entries.find(({ part }) => part._tag === 'Header' && part.name === NAME)
    expect(origin(first)).toMatchObject({ layer: 'request', how: expect.stringContaining('minted') })
    expect(origin(second)).toMatchObject({ layer: 'request', how: expect.stringContaining('minted') })
    expect(origin(third)).toBeUndefined()
    expect(third?.dropped.find(({ what }) => what === `header ${NAME}`)?.why).toContain('another origin')
    const key = valueOf(trace.hops[0]?.plan ?? plan(keyed))
    const story = pipe(trace, Story.ofTrace, Story.render())
    expect(story.split('\n').filter((line) => line.includes(`${NAME}: ${key}`))).toHaveLength(2)
    expect(story).toContain(`without header ${NAME}`)
  })
})

/** Asks for digest, and answers. */
const digestServer = (): Exchange.Server => {
  const strict = strictDigest('r')
  return ({ headers, method, url }) => {
    const sent = Secret.reveal(Headers.find(headers, 'Authorization') ?? '')
    return strict.problemOf(sent, method, url.pathname) === undefined
      ? { status: 200 }
      : { status: 401, headers: { 'WWW-Authenticate': strict.challenge() } }
  }
}

describe('an answer and a renewal', () => {
  it('keep the key: a digest challenge, and a token that is rejected', () => {
    const digest = Session.withDigestAuth('me', 'pw')(Session.empty)
    const answered = simulated(keyed, digestServer(), digest)
    expect(answered.hops.map(({ head }) => head.status)).toEqual([401, 200])
    expect(new Set(answered.hops.map(({ plan: one }) => valueOf(one)))).toEqual(
      new Set([valueOf(answered.hops[0]?.plan ?? plan(keyed))]),
    )
    expect(valueOf(answered.hops[0]?.plan ?? plan(order))).toMatch(UUID)
  })
  it('get none for the request of the token, which is a POST too', () => {
    const known = { name: 'api', endpoint: 'https://auth.test/token' }
    const old = Jar.withToken(known, Token.at(new Date(0))({ accessToken: 't1' }), new Date(0))(Jar.empty)
    const auth = Auth.oauth2({
      name: 'api',
      tokenUrl: 'https://auth.test/token',
      clientId: 'me',
      clientSecret: 's',
      grant: OAuth2.clientCredentials,
    })
    const session = pipe(Session.empty, Session.withAuth(auth), Session.withIdempotencyKey())
    const { hops } = simulated(
      Request.post('https://api.test/orders'),
      ({ url, headers }) => {
        if (url.hostname === 'auth.test') return { status: 200, json: { access_token: 't2', expires_in: 3600 } }
        const sent = Secret.reveal(Headers.find(headers, 'Authorization') ?? '')
        return {
          status: sent === 'Bearer t2' ? 200 : 401,
          headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
        }
      },
      session,
      old,
    )
    const [key] = hops.filter(({ plan: one }) => one.url.hostname === 'api.test').map(({ plan: one }) => valueOf(one))
    expect(key).toMatch(UUID)
    expect(hops.map(({ plan: one }) => [one.url.hostname, valueOf(one)])).toEqual([
      ['api.test', key],
      ['auth.test', undefined],
      ['api.test', key],
    ])
  })
})

/** Loses the first replies, after it has recorded the key. */
const losing =
  (count: number, sent: Array<string | undefined>, name = NAME): Transport.Transport =>
  (one) =>
  async () => {
    sent.push(valueOf(one, name))
    return sent.length <= count
      ? E.left(Transport.failed('ReadTimeout', one)('silent'))
      : E.right(Transport.reply({ status: 200 }))
  }

const sendWith = async (
  transport: Transport.Transport,
  session: Session.Session,
  ...requests: ReadonlyArray<Request.Request>
) => {
  const wrapped = Transport.withRetry({ base: 0 })(transport)
  const client = Client.open({ session, transport: wrapped, clock: Clock.fixed(new Date(0)) })()
  const outcomes = []
  for (const request of requests) outcomes.push((await Client.runIn(client)(Http.send(request))())._tag)
  await Client.close(client)()
  return outcomes
}

describe('withRetry', () => {
  it('repeats a POST with a key, always with the same one, and the next exchange has another', async () => {
    const sent: Array<string | undefined> = []
    const session = Session.withIdempotencyKey()(Session.empty)
    expect(await sendWith(losing(2, sent), session, order, order)).toEqual(['Right', 'Right'])
    expect(new Set(sent.slice(0, 3)).size).toBe(1)
    expect(sent).toHaveLength(4)
    expect(sent[3]).toMatch(UUID)
    expect(sent[3]).not.toBe(sent[0])
  })
  it.each<[string, Session.Session, Request.Request, number, string?]>([
    ['a POST without a key', Session.empty, order, 1],
    ['a key of the request', Session.empty, keyed, 2],
    ['a header of the request', Session.empty, Request.withHeader(NAME, 'own')(order), 2],
    ['a secret header', Session.empty, Request.withSecretHeader(NAME, 'own')(order), 2],
    ['a header of the session', Session.withHeader(NAME, 'own')(Session.empty), order, 2],
    ['an empty header', Session.empty, Request.withHeader(NAME, '')(order), 1],
    ['a key in another header', Session.empty, Request.withIdempotencyKey({ header: 'X-Key' })(order), 2, 'X-Key'],
    [
      'such a header, which is not known to have a key',
      Session.empty,
      Request.withHeader('X-Key', 'k')(order),
      1,
      'X-Key',
    ],
    [
      'a key that the request removes',
      Session.withIdempotencyKey()(Session.empty),
      Request.withoutIdempotencyKey(order),
      1,
    ],
  ])('decides by the plan: %s', async (_, session, request, attempts, name) => {
    const sent: Array<string | undefined> = []
    await sendWith(losing(1, sent, name), session, request)
    expect(sent).toHaveLength(attempts)
    expect(new Set(sent).size).toBe(1)
  })
  it.each<[string, ReadonlyArray<string> | 'any', boolean, number]>([
    ['PUT', ['GET'], true, 2],
    ['PUT', ['GET'], false, 1],
    ['DELETE', [], true, 2],
    ['GET', [], true, 2],
    ['POST', ['GET'], true, 2],
    ['POST', [], false, 1],
    ['POST', ['post'], false, 2],
    ['POST', 'any', false, 2],
  ])(
    'counts a key whatever the methods of the policy are: %s with %j, key %s',
    async (method, methods, has, attempts) => {
      const sent: Array<string | undefined> = []
      const request = Request.make(method, HREF)
      const transport = Transport.withRetry({ base: 0, methods })(losing(1, sent))
      await pipe(Http.send(has ? Request.withHeader(NAME, 'own')(request) : request), Client.runWith({ transport }))()
      expect(sent).toHaveLength(attempts)
    },
  )
  describe('does not trust a key at an origin for which it is not meant:', () => {
    /** The URLs that are sent, if each reply is a redirect to the next one, and the reply of the last one is lost once. */
    const attemptsOf = async (
      request: Request.Request,
      session: Session.Session,
      ...locations: ReadonlyArray<string>
    ) => {
      const sent: string[] = []
      const transport: Transport.Transport = (one) => async () => {
        expect(valueOf(one)).toBe('own')
        sent.push(one.url.href)
        const location = locations[sent.length - 1]
        if (location !== undefined) return E.right(Transport.reply({ status: 307, headers: { location } }))
        return sent.length === locations.length + 1
          ? E.left(Transport.failed('ReadTimeout', one)('silent'))
          : E.right(Transport.reply({ status: 200 }))
      }
      const wrapped = Transport.withRetry({ base: 0 })(transport)
      await pipe(Http.send(request), Client.runWith({ session, transport: wrapped }))()
      return sent.length - locations.length
    }
    const own = Request.withHeader(NAME, 'own')
    const based = pipe(Session.at('http://h.test'), Session.withHeader(NAME, 'own'))
    it.each<[string, Request.Request, Session.Session, ReadonlyArray<string>, number]>([
      ['a redirect inside the origin', own(order), Session.empty, ['/2'], 2],
      ['a redirect from http to https', own(order), Session.empty, ['https://h.test/'], 2],
      ['a redirect to another origin', own(order), Session.empty, ['http://other.test/'], 1],
      ['a redirect to another port', own(order), Session.empty, ['http://h.test:81/'], 1],
      ['a redirect that returns', own(order), Session.empty, ['http://other.test/', HREF], 1],
      ['a header of the session at its base URL', order, based, [], 2],
      ['a header of the session without a base URL', order, Session.withHeader(NAME, 'own')(Session.empty), [], 2],
      ['a header of the session at another origin', Request.post('http://other.test/'), based, [], 1],
      ['and after a redirect there', Request.post('http://other.test/'), based, ['/2'], 1],
      ['a header of the request at another origin', own(Request.post('http://other.test/')), based, ['/2'], 2],
    ])('%s', async (_, request, session, locations, attempts) => {
      expect(await attemptsOf(request, session, ...locations)).toBe(attempts)
    })
  })
  it('does not trust a key that a signer writes anew for each attempt', async () => {
    let count = 0
    const sign = (one: Plan.Plan): Plan.Plan => {
      count += 1
      return Plan.withHeaders({ [NAME]: `k${count}` })(one)
    }
    const signer = Auth.signer('key', sign, { public: [NAME] })
    const sent: Array<string | undefined> = []
    await sendWith(losing(1, sent), Session.withAuth(signer)(Session.empty), order)
    expect(sent).toEqual(['k1'])
    await sendWith(losing(1, sent), Session.withAuth(signer)(Session.empty), keyed)
    expect(sent).toEqual(['k1', 'k2'])
  })
})

describe('a durable exchange', () => {
  const twice = async (session: Session.Session, request: Request.Request, later = session) => {
    const sent: Array<string | undefined> = []
    const log = Log.memory()
    const run = (given: Session.Session) =>
      pipe(Durable.run({ log, id: 'a' })(request), Client.runWith({ session: given, transport: losing(1, sent) }))()
    await run(session)
    const outcome = await run(later)
    return [E.isLeft(outcome) ? outcome.left._tag : 'Right', new Set(sent).size, sent.length]
  }
  it('sends a request with a minted key again, with the same key, whatever the later session has', async () => {
    expect(await twice(Session.empty, keyed)).toEqual(['Right', 1, 2])
    expect(await twice(Session.empty, keyed, Session.withHeader(NAME, 'other')(Session.empty))).toEqual(['Right', 1, 2])
    const quoted = Session.withIdempotencyKey({ format: 'quoted' })(Session.empty)
    expect(await twice(quoted, keyed, Session.empty)).toEqual(['Right', 1, 2])
  })
  it('is in doubt if the session mints the key: a later run may not have it', async () => {
    expect(await twice(Session.withIdempotencyKey()(Session.empty), order)).toEqual(['InDoubt', 1, 1])
  })
  const writing = (value: string) => (one: Plan.Plan) => Plan.withHeaders({ [NAME]: value })(one)
  const signers: ReadonlyArray<[string, Session.Session]> = [
    ['a signer', Session.withAuth(Auth.signer('key', writing('other')))(Session.empty)],
    [
      'a signer that is a task',
      Session.withAuth(Auth.signerTask('key', (one) => async () => E.right(writing('other')(one))))(Session.empty),
    ],
  ]
  it('is in doubt after a redirect to another origin, whose server may not know keys', async () => {
    for (const [location, expected] of [
      ['http://other.test/', ['InDoubt', 2]],
      ['/2', ['Right', 3]],
    ] as const) {
      const [log, sent]: [Log.Log, string[]] = [Log.memory(), []]
      const transport: Transport.Transport = (one) => async () => {
        sent.push(one.url.href)
        if (sent.length === 1) return E.right(Transport.reply({ status: 307, headers: { location } }))
        if (sent.length === 2) return E.left(Transport.failed('ReadTimeout', one)('silent'))
        return E.right(Transport.reply({ status: 200 }))
      }
      const run = pipe(
        Durable.run({ log, id: 'a' })(Request.withHeader(NAME, 'own')(order)),
        Client.runWith({ session: Session.empty, transport }),
      )
      await run()
      const outcome = await run()
      expect([E.isLeft(outcome) ? outcome.left._tag : 'Right', sent.length]).toEqual(expected)
    }
  })
  it.each(signers)('is in doubt if the later session replaces the key that was sent: %s', async (_, later) => {
    const own = Request.withHeader(NAME, 'own')(order)
    for (const request of [keyed, own]) expect(await twice(Session.empty, request, later)).toEqual(['InDoubt', 1, 1])
    // A method that is idempotent needs no key.
    expect(await twice(Session.empty, Request.withIdempotencyKey()(Request.put(HREF)), later)).toEqual(['Right', 2, 2])
  })
  it.each(signers)('is in doubt until it is resolved, or a session keeps the key: %s', async (_, later) => {
    for (const as of ['sent', 'notSent', undefined] as const) {
      const [log, sent]: [Log.Log, Array<string | undefined>] = [Log.memory(), []]
      const run = async (session: Session.Session) => {
        const outcome = await pipe(
          Durable.run({ log, id: 'a' })(keyed),
          Client.runWith({ session, transport: losing(1, sent) }),
        )()
        return E.isLeft(outcome) ? outcome.left : 'Right'
      }
      await run(Session.empty)
      for (const _ of [1, 2])
        expect(await run(later)).toMatchObject({ _tag: 'InDoubt', reason: 'NoReply', method: 'POST' })
      expect(sent).toHaveLength(1)
      if (as !== undefined) expect(await Durable.resolve({ log, id: 'a' }, as)()).toEqual(E.right(undefined))
      const last = await run(as === undefined ? Session.empty : later)
      if (as === 'sent') expect(last).toMatchObject({ _tag: 'InDoubt', reason: 'ResolvedAsSent' })
      else expect(last).toBe('Right')
      expect(sent).toHaveLength(as === 'sent' ? 1 : 2)
    }
  })
  it('is in doubt with the head of its reply, if only the body was not stored', async () => {
    const log = Log.memory()
    const transport = Transport.memory({ 'POST /orders': { status: 201, body: 'too long' } })
    const run = (session: Session.Session) =>
      pipe(Durable.run({ log, id: 'a', keep: 2 })(keyed), Client.runWith({ session, transport }))()
    expect(await run(Session.empty)).toMatchObject({ right: { status: 201 } })
    for (const [, later] of signers)
      expect(await run(later)).toMatchObject({ left: { _tag: 'InDoubt', reason: 'BodyLost' } })
    expect(await run(Session.empty)).toMatchObject({ right: { status: 201 } })
  })
})

describe('what shows a key', () => {
  const made = plan(keyed)
  const key = valueOf(made) ?? ''
  it('has it: a curl line, the message, explain', () => {
    expect(Plan.toCurl()(made)).toContain(`-H 'Idempotency-Key: ${key}'`)
    expect(Plan.toHttp()(made)).toContain(`\r\nIdempotency-Key: ${key}\r\n`)
    const { entries, settings } = Plan.explain(made)
    expect(entries.find(({ part }) => part._tag === 'Header' && part.name === NAME)?.layer).toBe('request')
    expect(settings.find(({ name }) => name === 'idempotency key')).toMatchObject({
      layer: 'request',
      value: 'Idempotency-Key, for POST, PATCH',
    })
    expect(Plan.explain(plan(order)).settings.map(({ name }) => name)).not.toContain('idempotency key')
    const replaced = plan(keyed, Session.withHeader(NAME, 'own')(Session.empty))
    expect(
      Plan.explain(replaced).entries.find(({ part }) => part._tag === 'Header' && part.name === NAME),
    ).toMatchObject({
      layer: 'request',
      overrode: [{ layer: 'session', value: 'own' }],
    })
  })
  it('does not depend on it: canonical text, and the replay of a tape', async () => {
    const canonical = (entropy: string) => Plan.canonical({ reveal: true })(plan(keyed, Session.empty, entropy))
    expect(canonical('one')).toBe(canonical('two'))
    expect(canonical('one')).toContain('‹idempotency key›')
    const tape = newIORef(Tape.empty)()
    const send = (transport: Transport.Transport) =>
      pipe(Http.send(keyed), Client.runWith({ session: Session.empty, transport }))()
    const memory = Transport.memory({ 'POST /orders': { status: 201 } })
    await send(Transport.record((entry) => tape.modify(Tape.append(entry)))(memory))
    expect(JSON.stringify(Tape.encode(tape.read()))).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-4/)
    expect(await send(Transport.replay(tape.read()))).toMatchObject({ right: { status: 201 } })
  })
  it('prints and saves the setting', () => {
    expect(Settings.Show.show(keyed.settings)).toBe('idempotencyKey: Idempotency-Key')
    const again = pipe(keyed, Request.encode(), E.flatMap(Request.decode))
    expect(E.isRight(again) && Request.Eq.equals(again.right, keyed)).toBe(true)
    expect(Request.Eq.equals(keyed, order)).toBe(false)
  })
})
