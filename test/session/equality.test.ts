import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import type { Eq } from 'fp-ts/lib/Eq.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import {
  Auth,
  Body,
  Headers,
  Multipart,
  Plan,
  RedirectPolicy,
  Request,
  Secret,
  Session,
  Settings,
  Transport,
  Url,
} from 'requests-ts'
import { Plans, Sessions } from 'requests-ts/laws'
import { describe, expect, it } from 'vitest'
import { untyped } from '../untyped.js'
import { urlOf } from '../urlOf.js'

// Equal values send the same. The generators have few names and values, so that equal values are frequent.

const open = () => (async function* () {})()
const source = open()
const streamed = { open }

const text = fc.constantFrom('', '1', 'a', '{"a":1}')
const content = fc.oneof(
  text,
  text.map((one) => Buffer.from(one)),
  fc.constantFrom<Multipart.Content>(streamed, { open, length: 3 }),
)
const part: fc.Arbitrary<Multipart.Part> = fc.record(
  {
    name: fc.constantFrom('a', 'b'),
    content,
    filename: fc.constantFrom('f', 'g'),
    contentType: fc.constantFrom('', 'text/plain'),
  },
  { requiredKeys: ['name', 'content'] },
)

const body: fc.Arbitrary<Body.Body> = fc.oneof(
  fc.constant(Body.empty),
  text.map(Body.text),
  text.map((one) => Body.bytes(Buffer.from(one))),
  fc.constantFrom({ a: 1 }, { a: 2 }, Number.NaN, 1n, 'a', null).map(Body.json),
  text.map((one) => Body.jsonText(one, 1)),
  fc.dictionary(fc.constantFrom('a', 'b'), text, { maxKeys: 2 }).map(Body.form),
  fc.array(part, { maxLength: 2 }).map(Body.multipart),
  fc.constantFrom(undefined, 3).map((length) => Body.stream(open, length)),
  fc.constantFrom(undefined, 3).map((length) => Body.once(source, length)),
)

/** A few changes, so that two values are often equal. */
const changed = <C extends Settings.Configurable>(start: C): fc.Arbitrary<C> =>
  fc.array(Sessions.change, { maxLength: 2 }).map((changes) => changes.reduce((before, step) => step(before), start))

const settings = changed({ settings: Settings.empty }).map((made) => made.settings)
const request = fc
  .tuple(changed(Request.post('http://h.test/x')), body)
  .map(([made, content]) => Request.withBody(content)(made))

const sign = (plan: Plan.Plan) => plan
const auth: fc.Arbitrary<Auth.Auth> = fc.oneof(
  fc.constant(Auth.none),
  fc.tuple(text, text).map(([user, pass]) => Auth.basic(user, pass)),
  fc.tuple(text, text).map(([user, pass]) => Auth.digest(user, pass)),
  text.map((token) => Auth.bearer(token)),
  fc
    .tuple(
      text,
      fc.constantFrom(sign, (plan: Plan.Plan) => sign(plan)),
    )
    .map(([name, fn]) => Auth.signer(name, fn)),
)

const fields = fc.array(fc.tuple(fc.constantFrom('X-A', 'x-a', 'B'), fc.oneof(text, text.map(Secret.make))), {
  maxLength: 2,
})
const url = fc.constantFrom(
  urlOf('http://h.test/'),
  urlOf('http://h.test/#f'),
  Url.appendQuery('t=1')(urlOf('http://h.test/')),
  Url.appendQuery('t=1', 't=‹secret›')(urlOf('http://h.test/')),
  Url.appendQuery('t=2', 't=‹secret›')(urlOf('http://h.test/')),
)

const transports = [Transport.memory(() => ({ status: 200 })), Transport.memory(() => ({ status: 204 }))] as const
const session = fc
  .tuple(
    Sessions.session,
    fc.array(fc.tuple(fc.constantFrom('http://h.test', 'x:'), fc.constantFrom(...transports)), { maxLength: 2 }),
  )
  .map(([made, mounts]) =>
    mounts.reduce((before, [prefix, transport]) => Session.mount(prefix, transport)(before), made),
  )

const plan = fc.oneof(Plans.plan, Plans.sent.map(Plans.planAt('http://h.test')))
/** The generator makes a new stream for each plan. */
const planWithoutStream = plan.filter(({ body }) => body._tag === 'Empty' || body._tag === 'Bytes')

const INSTANCES: Readonly<Record<string, readonly [Eq<never>, fc.Arbitrary<unknown>]>> = {
  'Auth.Eq': [Auth.Eq, auth],
  'Body.Eq': [Body.Eq, body],
  'Headers.Eq': [Headers.Eq, fields.map(Headers.fromPairs)],
  'Headers.EqStrict': [Headers.EqStrict, fields.map(Headers.fromPairs)],
  'Multipart.Eq': [Multipart.Eq, fc.array(part, { maxLength: 2 })],
  'Plan.Eq': [Plan.Eq, planWithoutStream],
  'Request.Eq': [Request.Eq, request],
  'Session.Eq': [Session.Eq, session],
  'Settings.Eq': [Settings.Eq, settings],
  'Url.Eq': [Url.Eq, url],
}

/** Two values that are often equal, without being the same object. */
const pairOf = <A>(values: fc.Arbitrary<A>): fc.Arbitrary<readonly [A, A]> =>
  fc.oneof(fc.clone(values, 2), fc.tuple(values, values))

describe.each(Object.entries(INSTANCES))('%s', (_, [eq, values]) => {
  // The cast: the laws pass values only to the instance of their type.
  const { equals } = eq as Eq<unknown>
  it('is reflexive, also for a value that was built twice', () => {
    fc.assert(fc.property(fc.clone(values, 2), ([x, y]) => equals(x, x) && equals(x, y)))
  })
  it('is symmetric', () => {
    fc.assert(fc.property(values, values, (x, y) => equals(x, y) === equals(y, x)))
  })
  it('is transitive', () => {
    fc.assert(fc.property(values, values, values, (x, y, z) => !equals(x, y) || !equals(y, z) || equals(x, z)))
  })
})

describe('substitution', () => {
  const planned = E.getEq<Plan.PlanError, Plan.Plan>({ equals: (x, y) => x.message === y.message }, Plan.Eq)

  it('equal sessions and requests plan equal plans', () => {
    let equal = 0
    fc.assert(
      fc.property(pairOf(session), pairOf(request), ([s1, s2], [r1, r2]) => {
        if (!Session.Eq.equals(s1, s2) || !Request.Eq.equals(r1, r2)) return true
        equal += 1
        return planned.equals(Plan.plan({ session: s1 })(r1), Plan.plan({ session: s2 })(r2))
      }),
      { numRuns: 1000 },
    )
    expect(equal).toBeGreaterThan(100)
  })
  it('equal settings have equal effects on the settings they are laid over, and under', () => {
    const { concat } = Settings.Monoid
    fc.assert(
      fc.property(pairOf(settings), settings, ([x, y], other) => {
        if (!Settings.Eq.equals(x, y)) return true
        const over = Settings.Eq.equals(concat(other, x), concat(other, y))
        return over && Settings.Eq.equals(concat(x, other), concat(y, other))
      }),
      { numRuns: 1000 },
    )
  })
  it('plans are equal if they do not differ, and only then', () => {
    fc.assert(
      fc.property(pairOf(plan), ([x, y]) => Plan.Eq.equals(x, y) === (Plan.diff(x)(y).length === 0)),
      { numRuns: 1000 },
    )
  })
  it('equal plans are printed as the same text', () => {
    fc.assert(
      fc.property(pairOf(plan), ([x, y]) => !Plan.Eq.equals(x, y) || Plan.canonical()(x) === Plan.canonical()(y)),
    )
  })
  it('strictly equal headers are equal', () => {
    fc.assert(
      fc.property(
        pairOf(fields.map(Headers.fromPairs)),
        ([x, y]) => !Headers.EqStrict.equals(x, y) || Headers.Eq.equals(x, y),
      ),
    )
  })
})

const get = Request.get('http://h.test/')
const hook: Settings.Hook = (head) => async () => E.right(head)

describe('requests are', () => {
  it.each<readonly [why: string, x: Request.Request, y: Request.Request]>([
    [
      'timeouts were set in another order',
      pipe(get, Request.withTimeouts({ connect: 1 }), Request.withTimeouts({ read: 2 })),
      pipe(get, Request.withTimeouts({ read: 2 }), Request.withTimeouts({ connect: 1 })),
    ],
    ['passwords have the same content', Request.withBasicAuth('a', 'p')(get), Request.withBasicAuth('a', 'p')(get)],
    ['the hook is the same function', Request.withHook(hook)(get), Request.withHook(hook)(get)],
    ['a text has the bytes of the other', Request.withText('a')(get), Request.withBytes(Buffer.from('a'))(get)],
    [
      'JSON text is what the value would be',
      Request.withBody(Body.jsonText('{"a":1}', {}))(get),
      Request.withJson({ a: 1 })(get),
    ],
    ['the body cannot be encoded, and is the same value', Request.withJson(1n)(get), Request.withJson(1n)(get)],
    [
      'plain JavaScript passed the same invalid values',
      pipe(get, Request.withBearer(untyped(5)), Request.withHeader('a', untyped(5)), Request.withMultipart(untyped(5))),
      pipe(get, Request.withBearer(untyped(5)), Request.withHeader('a', untyped(5)), Request.withMultipart(untyped(5))),
    ],
  ])('equal if %s', (_, x, y) => {
    expect(Request.Eq.equals(x, y)).toBe(true)
  })
  it.each<readonly [why: string, x: Request.Request, y: Request.Request]>([
    ['passwords differ', Request.withBasicAuth('a', 'p')(get), Request.withBasicAuth('a', 'q')(get)],
    ['schemes differ', Request.withBasicAuth('a', 'p')(get), Request.withDigestAuth('a', 'p')(get)],
    ['header names are spelled differently', Request.withHeader('X-A', '1')(get), Request.withHeader('x-a', '1')(get)],
    ['one header is secret', Request.withHeader('X-A', '1')(get), Request.withSecretHeader('X-A', '1')(get)],
    ['one query is secret', Request.withQuery({ a: '1' })(get), Request.withSecretQuery('a', '1')(get)],
    [
      'headers are in another order',
      Request.withHeaders({ a: '1', b: '2' })(get),
      Request.withHeaders({ b: '2', a: '1' })(get),
    ],
    [
      'one adds the query and the other replaces it',
      Request.withQuery({ a: '1' })(get),
      Request.withQueryText('a=1')(get),
    ],
    [
      'hooks are different functions',
      Request.withHook(hook)(get),
      Request.withHook((head) => hook(head, untyped(0)))(get),
    ],
    ['keys of JSON are in another order', Request.withJson({ a: 1, b: 2 })(get), Request.withJson({ b: 2, a: 1 })(get)],
    ['streams are different functions', Request.withStream(open)(get), Request.withStream(() => open())(get)],
    ['one stream has a length', Request.withStream(open)(get), Request.withStream(open, 1)(get)],
    ['media types differ', Request.withText('{}')(get), Request.withJson({})(get)],
    [
      'private keys differ',
      Request.withClientCertificate({ pfx: Buffer.from('a') })(get),
      Request.withClientCertificate({ pfx: Buffer.from('b') })(get),
    ],
    ['one inherits what the other removes', get, Request.withoutAuth(get)],
    ['redirect policies differ', Request.withoutRedirects(get), Request.withRedirectPolicy(RedirectPolicy.follow)(get)],
    ['base URLs differ', Request.withBaseUrl('http://a')(get), Request.withBaseUrl('http://b')(get)],
    ['cookies differ', Request.withCookie('a', '1')(get), Request.withCookie('a', '2')(get)],
    ['proxies differ', Request.withProxy('http://a')(get), Request.withProxy('http://b')(get)],
    ['verification differs', Request.withVerify(true)(get), Request.withVerify(false)(get)],
    ['CA files differ', Request.withCa('/a')(get), Request.withCa('/b')(get)],
    ['timeouts differ', Request.withTimeouts({ read: 1 })(get), Request.withTimeouts({ read: 2 })(get)],
    ['limits differ', Request.withLimits({ body: 1 })(get), Request.withLimits({ body: 2 })(get)],
    ['maximum numbers of redirects differ', Request.withMaxRedirects(1)(get), Request.withMaxRedirects(2)(get)],
    ['sensitive names differ', Request.withSensitiveHeaders('a')(get), Request.withSensitiveHeaders('b')(get)],
    ['progress functions differ', Request.withProgress(() => () => {})(get), Request.withProgress(() => () => {})(get)],
    ['methods differ', get, Request.head(get.url)],
    ['URLs differ', get, Request.get('http://h.test/x')],
  ])('different if %s', (_, x, y) => {
    expect(Request.Eq.equals(x, y)).toBe(false)
  })
})

describe('a plan is different if', () => {
  const planned = Plan.plan({ session: Session.empty })(
    pipe(
      get,
      Request.withHeaders({ 'X-A': '1', 'X-B': '2' }),
      Request.withStream(open),
      Request.withProxy('http://a:b@p'),
    ),
  )
  const before = E.isRight(planned) ? planned.right : expect.fail(planned.left.message)
  const { headers, route } = before
  const [first, ...others] = headers.fields
  const withFirst = (...field: Headers.Field): Headers.Headers => ({ fields: [field, ...others] })
  const proxy = O.isSome(route.proxy) ? route.proxy.value : expect.fail('there is no proxy')

  it.each<readonly [why: string, change: Partial<Plan.Plan>]>([
    ['its method', { method: 'POST' }],
    ['its URL', { url: urlOf('http://h.test/b') }],
    ['its fragment', { url: urlOf('http://h.test/#b') }],
    ['the spelling of a header name', { headers: withFirst('x-a', '1') }],
    ['a header value', { headers: withFirst('X-A', '2') }],
    ['whether a header is secret', { headers: withFirst('X-A', Secret.make('1')) }],
    ['the order of headers', { headers: { fields: [...others, first ?? ['', '']] } }],
    ['its body', { body: Body.empty }],
    ['its stream', { body: Body.stream(() => open()) }],
    ['the length of its stream', { body: Body.stream(open, 1) }],
    ['its proxy', { route: { ...route, proxy: O.some({ ...proxy, port: 1 }) } }],
    ['the credentials of its proxy', { route: { ...route, proxy: O.some({ ...proxy, credentials: O.none }) } }],
    ['the verification of certificates', { route: { ...route, tls: { ...route.tls, verify: false } } }],
    ['its CA', { route: { ...route, tls: { ...route.tls, ca: O.some('/ca') } } }],
    ['its certificate', { route: { ...route, tls: { ...route.tls, certificate: O.some({ pfx: '/p' }) } } }],
    ['a timeout', { route: { ...route, timeouts: { read: 1 } } }],
    ['a limit', { route: { ...route, limits: { body: 1 } } }],
    ['its cause', { cause: 'Follow' }],
  ])('%s changes', (_, change) => {
    const after = { ...before, ...change }
    expect(Plan.Eq.equals(before, after)).toBe(false)
    expect(Plan.diff(before)(after)).not.toEqual([])
  })
  it('not if only its provenance is missing', () => {
    const { provenance: _, ...bare } = before
    expect(Plan.Eq.equals(before, bare)).toBe(true)
  })
})

describe('sessions are', () => {
  it('different if transports or environment sources differ', () => {
    const mounted = transports.map((transport) => Session.mount('http://h.test', transport)(Session.empty))
    expect(Session.Eq.equals(untyped(mounted[0]), untyped(mounted[1]))).toBe(false)
    expect(Session.Eq.equals(Session.empty, Session.withAmbient({ netrc: true })(Session.empty))).toBe(false)
  })
})

it('sessions stay equal with a polluted prototype', () => {
  Object.defineProperty(Object.prototype, 'injected', {
    value: 1,
    enumerable: true,
    configurable: true,
    writable: true,
  })
  try {
    if (!Session.Eq.equals(Session.defaults, { ...Session.defaults })) throw new Error('they are different')
  } finally {
    Reflect.deleteProperty(Object.prototype, 'injected')
  }
})
