/** User code that returns invalid values: authentication schemes, hooks, transports, servers. Each fails with a tag. */
import { homedir } from 'node:os'
import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  Auth,
  Client,
  Environment,
  Exchange,
  Http,
  Multipart,
  Plan,
  type Reply,
  Request,
  type Response,
  Session,
  Transport,
} from 'requests-ts'
import { describe, expect, it, vi } from 'vitest'
import { Eq } from '../../laws/Unsealed.js'
import { untyped } from '../untyped.js'

const { home } = vi.hoisted(() => ({ home: { isKnown: true } }))
vi.mock('node:os', async (original) => {
  const os = await original<typeof import('node:os')>()
  const fails = (): string => {
    throw new Error('ENOENT: no such file or directory, uv_os_homedir')
  }
  return { ...os, homedir: () => (home.isKnown ? os.homedir() : fails()) }
})

const NONSENSE: ReadonlyArray<readonly [string, () => unknown]> = [
  ['undefined', () => undefined],
  ['null', () => null],
  ['text', () => 'text'],
  ['an empty object', () => ({})],
  ['a promise', () => Promise.resolve(1)],
  ['a promise that rejects', () => Promise.reject(new Error('rejected'))],
  ['a list', () => []],
  ['a Right of undefined', () => E.right(undefined)],
  ['a Left of undefined', () => E.left(undefined)],
  ['an object without a prototype', () => Object.create(null)],
]

const optionsOf = (session: Session.Session, transport: Transport.Transport) => ({
  session,
  transport,
  environment: Environment.empty,
  clock: () => new Date(0),
  random: () => 'seed',
})
const page = Transport.memory(() => ({ status: 200, body: 'page', headers: { 'set-cookie': 'a=1' } }))
const get = (session: Session.Session, transport = page) =>
  pipe(Http.get('http://h.test/'), Client.use(optionsOf(session, transport)), (task) => task())

describe('an authentication scheme', () => {
  const plan = (sign: (plan: Plan.Plan) => unknown) => {
    const auth = Auth.signer('mine', untyped(sign))
    return Plan.plan({ session: Session.withAuth(auth)(Session.empty) })(Request.get('http://h.test/'))
  }
  it.each(NONSENSE)('that returns %s fails with SigningFailed', (_, make) => {
    expect(plan(make)).toMatchObject({
      left: { _tag: 'SigningFailed', scheme: 'mine' },
    })
  })
  it.each<[string, (plan: Plan.Plan) => unknown]>([
    ['invalid headers', (one) => ({ ...one, headers: { fields: [['a', 5]] } })],
    ['a URL that is text', (one) => ({ ...one, url: 'http://h.test/' })],
    ['an unknown kind of body', (one) => ({ ...one, body: { _tag: 'Json', value: 1 } })],
    ['no route', (one) => ({ ...one, route: undefined })],
  ])('that returns %s fails with SigningFailed', (_, sign) => {
    expect(plan(sign)).toMatchObject({ left: { _tag: 'SigningFailed' } })
  })
  it('that is not a function fails with InvalidSettings', () => {
    expect(plan(untyped('sign'))).toMatchObject({ left: { _tag: 'InvalidSettings' } })
  })
})

describe('a hook', () => {
  const hooked = (hook: () => unknown) => get(Session.withHook(untyped(hook))(Session.empty))
  it.each(NONSENSE)('that returns %s fails with HookFailed', async (_, make) => {
    expect(await hooked(make)).toMatchObject({ left: { _tag: 'HookFailed' } })
    expect(await hooked(() => async () => make())).toMatchObject({ left: { _tag: 'HookFailed' } })
    expect(await hooked(() => TE.right(untyped(undefined)))).toMatchObject({ left: { _tag: 'HookFailed' } })
  })
  it.each([{ status: '200' }, { headers: { fields: [['a', 5]] } }, { reason: undefined }])(
    'that returns a head with %j fails with HookFailed',
    async (patch) => {
      const hook = (head: Response.Head) => async () => E.right({ ...head, ...patch })
      expect(await get(Session.withHook(untyped(hook))(Session.empty))).toMatchObject({ left: { _tag: 'HookFailed' } })
    },
  )
})

describe('a transport', () => {
  it.each(NONSENSE)('that returns %s fails with ProtocolError', async (_, make) => {
    for (const transport of [make, () => make, () => async () => make()]) {
      expect(await get(Session.empty, untyped(transport))).toMatchObject({ left: { _tag: 'ProtocolError' } })
    }
  })
  it.each(NONSENSE)('that throws %s fails with ProtocolError', async (_, make) => {
    const transport = () => async () => {
      const given = make()
      Promise.resolve(given).catch(() => undefined)
      throw given
    }
    expect(await get(Session.empty, untyped(transport))).toMatchObject({ left: { _tag: 'ProtocolError' } })
  })

  /** Returns a transport whose reply has one invalid member in its body. */
  const withBody = (
    patch: Readonly<Partial<Record<keyof Reply.Source, unknown>>>,
    status = 200,
  ): Transport.Transport => {
    const reply = Transport.reply({ status, headers: { location: '/x' }, body: 'page' })
    return untyped(() => TE.right({ ...reply, body: { ...reply.body, ...patch } }))
  }
  const rejects = () => Promise.reject(new Error('rejected'))
  it.each([...NONSENSE, ['a rejection', rejects] as const])(
    'whose body.gather returns %s fails with a fault',
    async (_, make) => {
      const outcome = await get(Session.empty, withBody({ gather: () => async () => make() }))
      expect(E.isLeft(outcome) && outcome.left._tag).toMatch(/^(?:ProtocolError|BodyCut)$/)
      const program = Http.stream((_, body) => body.gather(100))(Request.get('http://h.test/'))
      const streamed = await pipe(
        program,
        Client.use(optionsOf(Session.empty, withBody({ gather: () => async () => make() }))),
        (task) => task(),
      )
      expect(E.isLeft(streamed)).toBe(true)
    },
  )
  it('whose body.discard rejects does not change the outcome', async () => {
    let calls = 0
    const redirect = withBody({ discard: rejects }, 302)
    const transport: Transport.Transport = (plan, limits) => {
      calls += 1
      return calls === 1 ? redirect(plan, limits) : page(plan, limits)
    }
    expect(await get(Session.empty, transport)).toMatchObject({ right: [{ status: 200 }, {}] })
    const streamed = pipe(
      Http.stream((head) => TE.right(head.status))(Request.get('http://h.test/')),
      Client.use(optionsOf(Session.empty, withBody({ discard: rejects }))),
    )
    expect(await streamed()).toMatchObject({ right: [200, {}] })
    const retried = pipe(withBody({ discard: rejects }, 503), Transport.withRetry({ attempts: 2, base: 1, jitter: 0 }))
    expect(await get(Session.empty, retried)).toMatchObject({ right: [{ status: 503 }, {}] })
  })
  it('that fails to close does not change the outcome', async () => {
    const throws = (): never => {
      throw new Error('thrown')
    }
    for (const close of [rejects, untyped<() => Promise<void>>(throws)]) {
      const answer = Transport.memory(() => ({ status: 204 }))
      const openTransport = () => Object.assign(answer.bind(undefined), { close })
      const options = { session: Session.empty, environment: Environment.empty, openTransport }
      expect(await Client.use(options)(Http.get('http://h.test/'))()).toMatchObject({ right: [{ status: 204 }, {}] })
    }
  })
  it('whose body throws while it is read fails with BodyCut', async () => {
    const iterate = { [Symbol.asyncIterator]: () => ({ next: rejects, return: rejects }) }
    const drain = (_: Response.Head, body: Reply.Source) => async () => {
      for await (const _ of body);
      return E.right('drained')
    }
    const outcome = await pipe(
      Http.stream(drain)(Request.get('http://h.test/')),
      Client.use(optionsOf(Session.empty, withBody(iterate))),
      (task) => task(),
    )
    expect(outcome).toMatchObject({ left: { _tag: 'BodyCut' } })
  })
})

describe('a server', () => {
  const request = Request.get('http://h.test/')
  /** `simulate` and `Http` with a memory transport must agree. */
  const both = async (server: Reply.Server) => {
    const session = Session.empty
    const context = { session, environment: Environment.empty, now: new Date(0), entropy: 'seed' }
    const { outcome } = Exchange.simulate(context)(server)(request)
    const real = await pipe(Http.attempt(request), Client.use(optionsOf(session, Transport.memory(server))), (task) =>
      task(),
    )
    expect(E.isRight(real) && Eq.equals(real.right[0], outcome)).toBe(true)
    return outcome
  }
  it.each(NONSENSE)('that returns %s fails with ProtocolError in simulate and Http', async (_, make) => {
    expect(await both(untyped(make))).toMatchObject({ left: { _tag: 'ProtocolError' } })
    expect(await both(untyped({ 'GET /': make }))).toMatchObject({ left: { _tag: 'ProtocolError' } })
  })
  it.each([
    { status: '200' },
    { status: Number.NaN },
    { status: 200, body: 5 },
    { status: 200, headers: 'a: b' },
    { status: 200, headers: { a: 5 } },
    { status: 200, headers: [['a']] },
    { status: 200, headers: { a: ['b', null] } },
    { status: 200, reason: 5 },
  ])('that returns %j fails with ProtocolError in simulate and Http', async (answer) => {
    expect(await both(untyped(() => answer))).toMatchObject({ left: { _tag: 'ProtocolError' } })
  })
  it('that returns any value has the same outcome in simulate and Http', async () => {
    const field = fc.oneof(fc.string(), fc.integer(), fc.constant(undefined))
    const answer = fc.oneof(
      fc.anything(),
      fc.record(
        {
          status: fc.oneof(fc.constantFrom(200, 204, 302, 401, 0, 999), fc.anything()),
          reason: field,
          headers: fc.oneof(fc.dictionary(fc.string(), field), fc.array(fc.array(field)), fc.anything()),
          body: fc.oneof(field, fc.uint8Array(), fc.anything()),
        },
        { requiredKeys: ['status'] },
      ),
    )
    await fc.assert(
      fc.asyncProperty(answer, async (given) => void (await both(untyped(() => given)))),
      { numRuns: 300 },
    )
  })
})

describe('a system without a home folder', () => {
  it('gives an environment without netrc, and reports the reason', () => {
    vi.stubEnv('NETRC', undefined)
    home.isKnown = false
    try {
      expect(() => homedir()).toThrow('ENOENT')
      const environment = Environment.read()
      expect(Environment.problems(environment)).toEqual([expect.stringContaining('home folder')])
      vi.stubEnv('NETRC', '~/netrc')
      expect(Environment.problems(Environment.read())).toEqual([expect.stringContaining('home folder')])
      vi.stubEnv('NETRC', '/nowhere/netrc')
      expect(Environment.problems(Environment.read())).toEqual([])
    } finally {
      home.isKnown = true
      vi.unstubAllEnvs()
    }
  })
})

describe('a value of the wrong type', () => {
  const planned = (request: Request.Request, session = Session.empty) =>
    Plan.plan({ session, entropy: 'seed' })(request)
  const post = Request.post('http://h.test/')
  const VALUES = [undefined, null, 5, {}, [], true, Symbol('s'), () => 1]
  /** In a record these remove a key or leave it out. */
  const isAbsent = (value: unknown): boolean => value === null || value === undefined
  it('in a header or cookie fails with InvalidHeader', () => {
    for (const value of VALUES) {
      const text: string = untyped(value)
      for (const change of [
        Session.withHeader('X-A', text),
        Session.withHeader('Authorization', text),
        Session.withSecretHeader('X-A', text),
        Session.withCookie('a', text),
        Session.withHeader(text, 'a'),
        ...(isAbsent(value) ? [] : [Session.withHeaders({ 'X-A': text })]),
      ]) {
        expect(planned(post, change(Session.empty))).toMatchObject({ left: { _tag: 'InvalidHeader' } })
        expect(planned(change(post))).toMatchObject({ left: { _tag: 'InvalidHeader' } })
      }
    }
  })
  it('in credentials fails with InvalidSettings', () => {
    for (const value of VALUES) {
      const text: string = untyped(value)
      for (const change of [
        Session.withBasicAuth('me', text),
        Session.withBasicAuth(text, 'pass'),
        Session.withDigestAuth('me', text),
        Session.withBearer(text),
      ]) {
        expect(planned(post, change(Session.empty))).toMatchObject({ left: { _tag: 'InvalidSettings' } })
      }
    }
  })
  const withParts =
    (parts: unknown) =>
    (request: Request.Request): Request.Request => ({ ...request, body: untyped({ _tag: 'Multipart', parts }) })
  it('in a body fails with InvalidBody', () => {
    for (const value of VALUES) {
      for (const request of [
        ...(isAbsent(value) ? [] : [Request.withMultipart(untyped({ a: value }))]),
        Request.withMultipart(untyped([value])),
        Request.withMultipart(untyped([{ name: 'a', content: value }])),
        Request.withMultipart(untyped([{ name: value, content: 'a' }])),
        ...(Array.isArray(value) || value === undefined
          ? []
          : [Request.withMultipart([{ name: 'a', content: 'a', headers: untyped(value) }])]),
        Request.withMultipart([{ name: 'a', content: 'a', headers: untyped([value]) }]),
        Request.withMultipart([{ name: 'a', content: 'a', headers: untyped([['X-A', value]]) }]),
        Request.withText(untyped(value)),
        Request.withBytes(untyped(value)),
        Request.withOnce(untyped(value)),
        ...(typeof value === 'function' ? [] : [Request.withStream(untyped(value))]),
        ...(Array.isArray(value) ? [] : [withParts(value)]),
      ]) {
        expect(planned(request(post))).toMatchObject({ left: { _tag: 'InvalidBody' } })
      }
    }
  })
  it('as a file with getters that throw fails with InvalidBody', () => {
    const fails = () => {
      throw new Error('thrown by a getter')
    }
    const url = Object.defineProperty(new URL('file:///tmp/a'), 'pathname', { get: fails })
    const options = Object.defineProperty({}, 'filename', { get: fails, enumerable: true })
    const part = Object.defineProperty({}, 'content', { get: fails, enumerable: true })
    for (const change of [
      Request.withMultipart({ a: Multipart.file(url) }),
      Request.withMultipart({ a: Multipart.file('/tmp/a', options) }),
      Request.withFile(untyped(part)),
    ]) {
      expect(planned(change(post))).toMatchObject({ left: { _tag: 'InvalidBody' } })
    }
  })
  it('as a URL fails with InvalidUrl', () => {
    for (const value of VALUES) {
      expect(planned(Request.get(untyped(value)))).toMatchObject({ left: { _tag: 'InvalidUrl' } })
      const based = Session.withBaseUrl('http://h.test/v1')(Session.empty)
      expect(planned(Request.get(untyped(value)), based)).toMatchObject({ left: { _tag: 'InvalidUrl' } })
      expect(planned(post, Session.withBaseUrl(untyped(value))(Session.empty))).toMatchObject({
        left: { _tag: 'InvalidUrl' },
      })
    }
  })
  it('as a proxy fails with InvalidProxy', () => {
    for (const value of VALUES.filter((one) => !isAbsent(one))) {
      const session = Session.withProxy({ http: untyped(value) })(Session.empty)
      expect(planned(post, session)).toMatchObject({ left: { _tag: 'InvalidProxy' } })
    }
  })
  it('as all proxies fails with InvalidProxy, and never means a direct connection', () => {
    const url = new URL('http://p.test:1')
    const foreign = runInNewContext("new URL('http://p.test:1')", {
      URL: class {
        href = 'http://p.test:1'
      },
    })
    const throwing = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('x')
        },
      },
    )
    const isRecord = (value: unknown): boolean =>
      typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
    const others = [
      foreign,
      new Proxy(url, {}),
      Object.create(URL.prototype),
      new Map([['all', 'http://p:1']]),
      throwing,
    ]
    for (const value of [...VALUES.filter((one) => !isRecord(one)), ...others]) {
      const session = Session.withProxy(untyped(value))(Session.empty)
      expect(planned(post, session)).toMatchObject({ left: { _tag: 'InvalidProxy' } })
    }
    const bare = Object.assign(Object.create(null), { all: url })
    for (const record of [bare, runInNewContext("({ all: 'http://p.test:1' })")]) {
      expect(planned(post, Session.withProxy(untyped(record))(Session.empty))).toMatchObject({
        right: { route: { proxy: { _tag: 'Some', value: { hostname: 'p.test' } } } },
      })
    }
  })
  it('as a list of hooks or observers fails with InvalidSettings, and can be printed and compared', () => {
    const revoked = Proxy.revocable([], {})
    revoked.revoke()
    for (const value of [...VALUES.filter((one) => !Array.isArray(one)), new Set([{}]), { length: 2 }, revoked.proxy]) {
      const changes = [
        ['hooks', Session.withHooks(untyped(value)), Request.withHooks([])],
        ['observers', Session.withObservers(untyped(value)), Request.withObservers([])],
      ] as const
      for (const [setting, change, reset] of changes) {
        const session = change(Session.empty)
        const error = { left: { _tag: 'InvalidSettings', setting, message: `Invalid ${setting}: it must be a list` } }
        expect(planned(post, session)).toMatchObject(error)
        expect(planned(change(post))).toMatchObject(error)
        const added = pipe(post, Request.withObserver({}), Request.withHook(untyped(TE.right)))
        expect(planned(added, session)).toMatchObject(error)
        expect(Session.Show.show(session)).toContain(setting)
        expect(Session.Eq.equals(session, change(Session.empty))).toBe(true)
        expect(Session.encode()(session)).toMatchObject({ _tag: 'Left' })
        const plan = planned(reset(post), session)
        if (E.isLeft(plan)) expect.fail(plan.left.message)
        expect(Plan.explain(plan.right)).toEqual(expect.anything())
      }
    }
  })
  it('as a method fails with InvalidSettings', () => {
    for (const value of VALUES) {
      expect(planned(Request.make(untyped(value), 'http://h.test/'))).toMatchObject({
        left: { _tag: 'InvalidSettings' },
      })
    }
  })
})
