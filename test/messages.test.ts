import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { constVoid, identity, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import * as Arguments from '../src/cli/Arguments.js'
import {
  AddressPolicy,
  Auth,
  Body,
  Cipher,
  Client,
  Durable,
  Environment,
  Exchange,
  Fault,
  Fetch,
  Http,
  Jar,
  JarStore,
  type Lint,
  Log,
  Multipart,
  Netrc,
  OAuth2,
  Plan,
  RedirectPolicy,
  Reply,
  Request,
  Response,
  Secret,
  Session,
  Store,
  Stream,
  Tape,
  ToughJson,
  Transport,
  Url,
} from '../src/index.js'
import * as RedirectUri from '../src/session/auth/oauth2/RedirectUri.js'
import * as Failure from '../src/transport/undici/Failure.js'
import * as Token from '../src/values/Token.js'
import * as Deadline from '../src/wire/Deadline.js'
import { withPlan } from '../src/wire/Transport.js'
import { untyped } from './untyped.js'

// Every message of the library is in messages.txt. To change one, change its source, then run
// `npx vitest run --config test/vitest.config.ts test/messages.test.ts -u`.
// Other tests assert tags and fields only.

type Situation = readonly [situation: string, make: () => unknown]

// --- how a message is obtained -------------------------------------------------------------------------------------

const url = 'http://h.test/a?key=1'
const now = new Date(0)
const bytes = new Uint8Array([1])
async function* once(): AsyncGenerator<Uint8Array> {
  yield bytes
}
/** Fails while it is read. */
async function* failing(): AsyncGenerator<Uint8Array> {
  yield bytes
  throw new Error('disk gone')
}

/** A problem that has no `_tag`: a text, listed under the name of what reports it. */
const named =
  (_tag: string) =>
  (message: unknown): unknown => ({ _tag, message })

const leftOf = <L>(outcome: E.Either<L, unknown>): L => {
  if (E.isLeft(outcome)) return outcome.left
  throw new Error('this situation must fail')
}

const session = Session.empty
const planFor = (...steps: ReadonlyArray<(request: Request.Request) => Request.Request>): unknown =>
  leftOf(Plan.plan({ session, entropy: 'seed' })(steps.reduce((made, step) => step(made), Request.post(url))))
const planOf = (request: Request.Request, entropy = 'seed'): unknown => leftOf(Plan.plan({ session, entropy })(request))

const simulated = (
  server: Reply.Server,
  request = Request.get('http://h.test/'),
  change: (session: Session.Session) => Session.Session = (same) => same,
): unknown =>
  leftOf(Exchange.simulate({ session: change(session), jar: Jar.empty, now, entropy: 'seed' })(server)(request).outcome)
const redirectTo = (location: string, status = 302): Reply.Server => ({
  'GET /': { status, headers: { location } },
  'POST /': { status, headers: { location } },
})

const sentBy = async (transport: unknown, request = Request.get(url)): Promise<unknown> =>
  leftOf(
    await pipe(
      Http.send(request),
      Client.use({ session, transport: untyped(transport), environment: Environment.empty }),
    )(),
  )
const answering = (answer: Partial<Reply.Answer>): Transport.Transport =>
  Transport.memory(() => ({ status: 200, ...answer }))
const sentByGiven = (options: Transport.Options, request = Request.get(url)): Promise<unknown> =>
  sentBy(Transport.undici({ ...options, dispatcher: { dispatch: () => true } }), request)

const responseOf = async (answer: Partial<Reply.Answer>): Promise<Response.Response> => {
  const outcome = await pipe(
    Http.get(url),
    Client.use({ session, transport: answering(answer), environment: Environment.empty }),
  )()
  if (E.isLeft(outcome)) throw new Error(outcome.left.message)
  return outcome.right[0]
}

/** A download into a new folder, or to `path`. */
const downloaded = async (answer: Partial<Reply.Answer>, path?: string): Promise<unknown> => {
  const folder = mkdtempSync(join(tmpdir(), 'messages-'))
  try {
    const program = Stream.toFile(path ?? join(folder, 'file'))(Request.get(url))
    const outcome = await pipe(
      program,
      Client.use({ session, transport: answering(answer), environment: Environment.empty }),
    )()
    const { _tag, message } = leftOf(outcome)
    return { _tag, message: message.replaceAll(folder, '/folder') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const absorbed = (from: string, line: string): unknown =>
  Jar.absorb(
    new URL(from),
    [line],
    now,
  )(Jar.absorb(new URL('https://h.test/'), ['held=1; Secure'], now)(Jar.empty)[0])[1][0]
const setCookie = (input: object): unknown =>
  leftOf(Jar.set({ name: 'sid', value: 'v', domain: 'h.test', ...input })(Jar.empty))

const linted = (request: Request.Request, change: (session: Session.Session) => Session.Session = (same) => same) => {
  const plan = Plan.plan({ session: change(session), entropy: 'seed' })(request)
  if (E.isLeft(plan)) throw new Error(plan.left.message)
  return Plan.lint(plan.right)
}
const finding = (rule: Lint.Rule, ...args: Parameters<typeof linted>): Situation => [
  rule,
  () => pipe(linted(...args).find((one) => one.rule === rule)?.message, named('Lint')),
]

const templated = (template: string, variables: Readonly<Record<string, Url.Value | null>> = {}): unknown =>
  leftOf(Url.template(template)(variables))
const leftPages = async (server: Reply.Server): Promise<unknown> =>
  leftOf(
    await pipe(
      Http.pages({ request: url, items: () => E.right([]), limit: 2 }),
      Client.runWith({ session, transport: Transport.memory(server), environment: Environment.empty }),
    )(),
  )
const curl = (line: string): unknown => leftOf(Request.fromCurl(line))
const command = (...argv: ReadonlyArray<string>): unknown => leftOf(Arguments.parse(argv))
const decoded = async (encoding: string, body: Uint8Array): Promise<unknown> =>
  sentBy(answering({ headers: { 'content-encoding': encoding }, body }))
const foreign = (code: string, message: string): Error => Object.assign(new Error(message), { code })

// --- the situations ------------------------------------------------------------------------------------------------

const TEMPLATE: ReadonlyArray<Situation> = [
  ['an expression that is not closed', () => templated('/users/{id')],
  ['a } without a {', () => templated('/users/id}')],
  ['an expression without a variable', () => templated('/users/{}')],
  ['nested expressions', () => templated('/{a{b}}')],
  ['a reserved operator', () => templated('/{=a}')],
  ['a prefix of 0', () => templated('/{a:0}')],
  ['a name with a space', () => templated('/{a b}')],
  ['a literal that is not allowed', () => templated('/a b')],
  ['a scheme without a host', () => templated('https:{a}', { a: 'x' })],
  ['a template that is not text', () => templated(untyped(5))],
  ['a variable without a value', () => templated('/users/{id}')],
  ['a value of another type', () => templated('/users/{id}', { id: untyped(new Date(0)) })],
  ['an item of another type', () => templated('/users{/id*}', { id: [untyped({})] })],
  ['a key of another type', () => templated('/users{?id*}', { id: { '\ud800': 1 } })],
  ['a prefix of a list', () => templated('/users{?id:3}', { id: ['a'] })],
  ['an item without a value', () => templated('/users{/id*}', { id: ['a', null] })],
  ['a dot segment', () => templated('/users/{id}', { id: '..' })],
  ['an empty segment', () => templated('/users/{id}', { id: '' })],
  ['a ? in a reserved expansion', () => templated('/files/{+path}', { path: 'a?hunter2' })],
  ['a # in a reserved expansion of a query', () => templated('/files?a={+path}', { path: 'a#hunter2' })],
  ['a value that is read as a scheme', () => templated('{type}:{id}', { type: 'https', id: 'x' })],
  ['a value before :// that is not a scheme', () => templated('{a}://h.test', { a: '1' })],
  ['a value that is read as a host', () => templated('/{+path}', { path: '/evil.test' })],
  ['a value that extends a host', () => templated('https://h.test{a}', { a: '.evil.test' })],
  ['a value with another character in a host', () => templated('https://{a}.h.test', { a: 'b/c' })],
  ['a base whose host does not end', () => templated('{+base}users', { base: 'https://h.test' })],
  ['an empty value at the start', () => templated('{a}b', { a: '' })],
]

const PLAN: ReadonlyArray<Situation> = [
  ['the URL is not text', () => planOf(Request.get(untyped(5)))],
  ['no host', () => planOf(Request.get('http:///a'))],
  ['host that is not a name', () => planOf(Request.get('http://*.test/'))],
  ['port above the maximum', () => planOf(Request.get('http://h.test:65536/'))],
  ['host and port that cannot be parsed', () => planOf(Request.get('http://h.test:x/'))],
  ['a backslash in the authority', () => planOf(Request.get('http:\\\\h.test'))],
  ['half of a surrogate pair', () => planOf(Request.get('http://h.test/\ud800'))],
  ['a password in an invalid URL', () => planOf(Request.get('http://user:hunter2@:1/'))],
  ['no scheme', () => planOf(Request.get('h.test/a'))],
  ['a base URL with a query', () => planFor(Request.withBaseUrl('http://h.test/a?b=c'), relative('x'))],
  ['a reference to another host', () => planFor(Request.withBaseUrl('http://h.test/a/'), relative('//other.test/'))],
  ['a reference above the base URL', () => planFor(Request.withBaseUrl('http://h.test/a/'), relative('../../x'))],
  ['a scheme without a transport', () => planOf(Request.get('ftp://h.test/'))],
  ['a method that is not a token', () => planOf(Request.make('GE T', url))],
  ['a header name that is not a token', () => planFor(Request.withHeader('a b', 'c'))],
  ['a header value with a line end', () => planFor(Request.withHeader('X-A', 'hunter2\r\n'))],
  ['a header value that is not text', () => planFor(Request.withHeader('X-A', untyped(5)))],
  [
    'two values of a header that occurs once',
    () =>
      planFor(
        Request.withHeaders([
          ['Host', 'a'],
          ['Host', 'b'],
        ]),
      ),
  ],
  ['a Content-Length of the caller', () => planFor(Request.withHeader('Transfer-Encoding', 'gzip'))],
  ['a Connection header of the caller', () => planFor(Request.withHeader('Connection', 'upgrade'))],
  ['a cookie value that is not text', () => planFor(Request.withCookie('a', untyped(5)))],
  ['a cookie value with a semicolon', () => planFor(Request.withCookie('a', 'hunter2;'))],
  ['a proxy of an unknown scheme', () => planFor(Request.withProxy('ftp://proxy.test'))],
  ['a proxy with half a scheme', () => planFor(Request.withProxy('http:/proxy.test'))],
  ['a proxy without a host', () => planFor(Request.withProxy('http://:3128'))],
  ['a proxy for an unknown key', () => planFor(Request.withProxy({ 'h.test': 'http://proxy.test' }))],
  ['a proxy that is not text', () => planFor(Request.withProxy({ all: untyped(5) }))],
  ['a timeout of 0', () => planFor(Request.withTimeouts({ read: 0 }))],
  ['a timeout that is not a number', () => planFor(Request.withTimeouts({ total: untyped('5') }))],
  ['a negative limit', () => planFor(Request.withLimits({ body: -1 }))],
  ['an infinite number of redirects', () => planFor(Request.withMaxRedirects(Number.POSITIVE_INFINITY))],
  ['a token with a line end', () => planFor(Request.withBearer('hunter2\n'))],
  ['a token that is not text', () => planFor(Request.withBearer(untyped(5)))],
  ['a digest user with a control character', () => planFor(Request.withDigestAuth('a\nb', 'hunter2'))],
  ['a password that is not text', () => planFor(Request.withBasicAuth('a', untyped(5)))],
  ['a user that is not text', () => planFor(Request.withBasicAuth(untyped(5), 'p'))],
  ['a signer that throws', () => planFor(Request.withAuth(Auth.signer('hmac', () => thrown('no key'))))],
  ['a signer that returns text', () => planFor(Request.withAuth(Auth.signer('hmac', () => untyped('plan'))))],
  [
    'a signer that adds an invalid header',
    () => planFor(Request.withAuth(Auth.signer('hmac', (plan) => ({ ...plan, headers: { fields: [['a b', 'c']] } })))),
  ],
  [
    'a signer that repeats a header',
    () =>
      planFor(
        Request.withAuth(
          Auth.signer('hmac', (plan) => ({
            ...plan,
            headers: {
              fields: [
                ['Host', 'a'],
                ['Host', 'b'],
              ],
            },
          })),
        ),
      ),
  ],
  [
    'a signer that changes the body',
    () =>
      planFor(
        Request.withAuth(
          Auth.signer('hmac', (plan) => ({ ...plan, body: { _tag: 'Bytes', bytes: Secret.bytes(bytes) } })),
        ),
      ),
  ],
  [
    'a signer that changes the method',
    () => planFor(Request.withAuth(Auth.signer('hmac', (plan) => ({ ...plan, method: 'PUT' })))),
  ],
  ['digest auth without entropy', () => leftOf(Exchange.start({ session })(digestRequest))],
  [
    'a streamed multipart body without entropy',
    () => planOf(Request.withMultipart(streamedPart)(Request.post(url)), ''),
  ],
  ['an idempotency key without entropy', () => planOf(Request.withIdempotencyKey()(Request.post(url)), '')],
  ['an idempotency key in a header of the library', () => planFor(Request.withIdempotencyKey({ header: 'Host' }))],
  [
    'a compression that does not exist',
    () => planFor(Request.withText('a'), Request.withCompression(untyped<'gzip'>('deflate'))),
  ],
  ['JSON with a cycle', () => planFor(Request.withJson(cyclic()))],
  ['JSON with NaN', () => planFor(Request.withJson({ a: [Number.NaN] }))],
  ['JSON of undefined', () => planFor(Request.withJson(undefined))],
  ['a text body that is not text', () => planFor(Request.withText(untyped(5)))],
  ['a byte body that is not bytes', () => planFor(Request.withBytes(untyped('x')))],
  ['a stream that is not a function', () => planFor(Request.withStream(untyped(5)))],
  ['a multipart body that is not a list', () => planFor(Request.withBody({ _tag: 'Multipart', parts: untyped(5) }))],
  ['a part without a name', () => planFor(Request.withMultipart([{ name: untyped(5), content: 'a' }]))],
  ['a part whose content is a number', () => planFor(Request.withMultipart([{ name: 'a', content: untyped(5) }]))],
  ['a part whose file name is a number', () => planFor(partWith({ filename: untyped(5) }))],
  ['a part with an invalid header', () => planFor(partWith({ headers: [['a b', 'c']] }))],
]

const relative =
  (reference: string) =>
  (request: Request.Request): Request.Request => ({ ...request, url: reference })
const thrown = (message: string): never => {
  throw new Error(message)
}
const digestRequest = Request.withDigestAuth('me', 'p')(Request.get(url))
const streamedPart: Parameters<typeof Request.withMultipart>[0] = { a: { open: once, length: 1 } }
const partWith = (part: object) => Request.withMultipart([{ name: 'a', content: 'b', ...part }])
const cyclic = (): unknown => {
  const value: Record<string, unknown> = {}
  value['self'] = value
  return value
}

const REDIRECT: ReadonlyArray<Situation> = [
  ['too many redirects', () => simulated(redirectTo('/'), undefined, Session.withMaxRedirects(2))],
  ['a Location that is not a URL', () => simulated(redirectTo('http://*.test/'))],
  [
    'two Locations',
    () =>
      simulated(() => ({
        status: 302,
        headers: [
          ['Location', '/a'],
          ['Location', '/b'],
        ],
      })),
  ],
  [
    'a proxy of the target that is invalid',
    () =>
      simulated(
        redirectTo('https://other.test/'),
        Request.withProxy({ 'https://other.test': 'ftp://p' })(Request.get('http://h.test/')),
      ),
  ],
  ['a target with another scheme', () => simulated(redirectTo('ftp://h.test/'))],
  [
    'a policy: not https',
    () => simulated(redirectTo('/x'), undefined, Session.withRedirectPolicy(RedirectPolicy.httpsOnly)),
  ],
  ['a policy: limit', () => simulated(redirectTo('/'), undefined, Session.withRedirectPolicy(RedirectPolicy.limit(1)))],
  [
    'a policy that throws',
    () =>
      simulated(
        redirectTo('/x'),
        undefined,
        Session.withRedirectPolicy(() => thrown('no')),
      ),
  ],
  [
    'a 307 of a body that can be read once',
    () => simulated(redirectTo('/x', 307), Request.withOnce(once())(Request.post('http://h.test/'))),
  ],
]

const HOOK: ReadonlyArray<Situation> = [
  [
    'a hook that fails with an error',
    () =>
      sentBy(
        answering({}),
        withHook(function check() {
          return async () => E.left(new Error('no etag'))
        }),
      ),
  ],
  [
    'a hook that fails with another value',
    () =>
      sentBy(
        answering({}),
        withHook(() => async () => E.left(5)),
      ),
  ],
  [
    'a hook that throws',
    () =>
      sentBy(
        answering({}),
        withHook(function check() {
          return thrown('no etag')
        }),
      ),
  ],
]
const withHook = (hook: unknown): Request.Request => Request.withHook(untyped(hook))(Request.get(url))

const User = t.type({ id: t.number, name: t.string, tags: t.array(t.string) })
const schemaOf = (validate: (value: unknown) => unknown): Response.StandardSchema<unknown> =>
  untyped({ '~standard': { version: 1, vendor: 'valibot', validate } })
const firstLine = async (text: string): Promise<unknown> => {
  const body = (async function* () {
    yield Buffer.from(text)
  })()
  for await (const line of Stream.jsonLines(User.decode)(body)) return leftOf(line)
}
const firstEvent = async (text: string): Promise<unknown> => {
  const body = (async function* () {
    yield Buffer.from(text)
  })()
  for await (const event of Stream.events(User.decode)(body)) return leftOf(event)
}
const streamed = async (answer: Reply.Answer): Promise<unknown> =>
  leftOf(
    await Client.runWith({ session: Session.empty, transport: Transport.memory(() => answer) })(
      Http.eventStream(Request.get(url))(Stream.toArray),
    )(),
  )

const RESPONSE: ReadonlyArray<Situation> = [
  [
    'a page that was read before',
    () => leftPages(() => ({ status: 200, headers: { link: '</a?key=2>; rel="next"' }, json: [] })),
  ],
  [
    'a list of more pages than its limit',
    () => leftPages(({ url }) => ({ status: 200, headers: { link: `<${url.href}2>; rel="next"` }, json: [] })),
  ],
  ['status 404', async () => leftOf(Response.ok(await responseOf({ status: 404 })))],
  ['status 503', async () => leftOf(Response.ok(await responseOf({ status: 503 })))],
  [
    'status 403 with problem details',
    async () =>
      leftOf(
        Response.ok(
          await responseOf({
            status: 403,
            headers: { 'content-type': 'application/problem+json' },
            body: '{"title":"Not enough credit","detail":"Your balance is 30, but that costs 50."}',
          }),
        ),
      ),
  ],
  ['a body that is not JSON', async () => leftOf(Response.json(E.right)(await responseOf({ body: '{"a":' })))],
  ['an empty body', async () => leftOf(Response.json(E.right)(await responseOf({ body: '' })))],
  ['JSON of another shape', async () => leftOf(Response.json(t.string.decode)(await responseOf({ body: '1' })))],
  [
    'JSON with several wrong fields',
    async () => leftOf(Response.json(User.decode)(await responseOf({ body: '{"id":"hunter2","tags":[5]}' }))),
  ],
  [
    'JSON that a decoder rejects in its own way',
    async () => leftOf(Response.json(() => E.left('hunter2'))(await responseOf({ body: '1' }))),
  ],
  [
    'a schema that throws',
    async () => leftOf(Response.schema(schemaOf(() => thrown('hunter2')))(await responseOf({ body: '1' }))),
  ],
  [
    'a schema that returns text',
    async () => leftOf(Response.schema(schemaOf(() => 'hunter2'))(await responseOf({ body: '1' }))),
  ],
  [
    'an asynchronous schema, read at once',
    async () => leftOf(Response.schema(schemaOf(async () => ({ value: 1 })))(await responseOf({ body: '1' }))),
  ],
  [
    'an io-ts codec instead of a schema',
    async () =>
      leftOf(Response.schema(untyped<Response.StandardSchema<unknown>>(User))(await responseOf({ body: '1' }))),
  ],
  ['a line that is not JSON', () => firstLine('{"a":\n')],
  ['a stream of another type', () => streamed({ status: 200, headers: { 'content-type': 'text/\u001bhtml' } })],
  ['a stream without a type', () => streamed({ status: 200 })],
  ['a stream that is a redirect', () => streamed({ status: 304, headers: { 'content-type': 'text/event-stream' } })],
  ['an event whose data is not JSON', () => firstEvent('data: overloaded\n\n')],
  ['an event of another shape', () => firstEvent('data: {"id":"hunter2","name":"","tags":[]}\n\n')],
  ['a line of another shape', () => firstLine('{"id":1,"name":null,"tags":[]}\n')],
]

const closed = async (): Promise<unknown> => {
  const client = Client.open({ session, transport: answering({}), environment: Environment.empty })()
  await client.close()
  return leftOf(await Http.get(url)(Jar.empty)(client)())
}
const aborted = async (transport = answering({})): Promise<unknown> =>
  leftOf(
    await pipe(
      Http.get(url),
      Http.withSignal(AbortSignal.abort(new Error('no longer needed'))),
      Client.use({ session, transport, environment: Environment.empty }),
    )(),
  )
const sentTwice = async (): Promise<unknown> => {
  const request = Request.withOnce(once())(Request.post(url))
  const program = pipe(Http.send(request), (first) =>
    pipe(
      first,
      Http.orElse(() => first),
    ),
  )
  await pipe(program, Client.use({ session, transport: answering({}), environment: Environment.empty }))()
  return sentBy(answering({}), request)
}
const emptyTape = (): Transport.Transport => Transport.replay(Tape.empty)

const deadlineOf = (make: (plan: Plan.Plan) => Fault.Fault): Promise<unknown> => {
  const transport: Transport.Transport = (plan) => async () => E.left(withPlan(plan, make(plan)))
  return sentBy(transport, Request.withTimeouts({ total: 5000 })(Request.get(url)))
}
const permitting: Transport.SharedLimit['take'] = () => TE.right({ waitMs: 0 })
const sentWithin = (
  take: Transport.SharedLimit['take'] | undefined,
  options?: Transport.SharedLimitOptions,
): Promise<unknown> => sentBy(Transport.withSharedLimit(untyped({ take }), options)(answering({})))

const guarded = (
  to: string,
  options: Transport.Options = {},
  change: (request: Request.Request) => Request.Request = identity,
): Promise<unknown> =>
  sentBy(Transport.undici({ addressPolicy: AddressPolicy.publicOnly, ...options }), change(Request.get(to)))
const found = (...addresses: ReadonlyArray<string>): Transport.Options => ({
  lookup: Transport.lookupFrom(() => TE.right(addresses)),
})

const ADDRESS: ReadonlyArray<Situation> = [
  ['an address in the URL', () => guarded('http://0x7f.1/')],
  ['a name with private addresses', () => guarded('http://h.test/', found('10.0.0.5', '::1'))],
  ['a name that a proxy resolves', () => guarded('http://h.test/', {}, Request.withProxy('http://proxy.test:1'))],
  ['a unix socket', () => guarded('http://h.test/', { socketPath: '/run/a.sock' })],
  ['an invalid network', () => guarded('http://h.test/', { addressPolicy: AddressPolicy.allow('10.0.0.0/33') })],
  ['something else than a policy', () => guarded('http://h.test/', { addressPolicy: untyped('publicOnly') })],
  ['a lookup without result', () => guarded('http://h.test/', found())],
  ['a lookup that returns names', () => guarded('http://h.test/', found('localhost'))],
]

const FAULT: ReadonlyArray<Situation> = [
  ['a transport that throws', () => sentBy(() => thrown('socket gone'))],
  ['a transport that returns a promise', () => sentBy(async () => undefined)],
  ['a transport whose task returns text', () => sentBy(() => async () => 'x')],
  ['a transport whose Right is not a reply', () => sentBy(() => async () => E.right({ status: 200 }))],
  ['a transport whose Left is not a fault', () => sentBy(() => async () => E.left('x'))],
  [
    'a transport that throws a value without a message',
    () =>
      sentBy(() => {
        throw {}
      }),
  ],
  [
    'a body whose gather returns text',
    () =>
      sentBy(
        () => async () =>
          E.right({
            ...Reply.head({ status: 200 }),
            body: { gather: () => async () => 'x', discard: async () => {}, [Symbol.asyncIterator]: once },
          }),
      ),
  ],
  ['a body that fails', () => sentBy(() => async () => E.right(Reply.reply({ status: 200, body: failing() })))],
  ['a mock server that throws', () => sentBy(Transport.memory(() => thrown('no route')))],
  ['a mock server that returns text', () => sentBy(Transport.memory(() => untyped('x')))],
  ['a mock server with a status that is text', () => sentBy(Transport.memory(() => untyped({ status: '200' })))],
  [
    'a body above the limit',
    () => sentBy(answering({ body: 'abc' }), Request.withLimits({ body: 2 })(Request.get(url))),
  ],
  ['six content codings', () => decoded('gzip, gzip, gzip, gzip, gzip, gzip', bytes)],
  ['a gzip body that is not gzip', () => decoded('gzip', Buffer.from('plain text'))],
  ['a gzip body that is cut short', () => decoded('gzip', Buffer.from('1f8b0800', 'hex'))],
  ['a deflate body that is not deflate', () => decoded('deflate', Buffer.from('plain text'))],
  ['a br body that is cut short', () => decoded('br', Buffer.from([0x8b]))],
  ['a closed client', closed],
  ['a signal that is aborted before the request', () => aborted()],
  ['a body that is read once and was sent before', sentTwice],
  ['an empty tape', () => sentBy(emptyTape())],
  ['an empty tape and an aborted signal', () => aborted(emptyTape())],
  [
    'a line above its length',
    async () => {
      try {
        for await (const _ of Stream.lines({ maxLength: 2 })(
          (async function* () {
            yield Buffer.from('abc')
          })(),
        ))
          constVoid()
      } catch (fault) {
        return fault
      }
    },
  ],
  ['connection refused', () => Failure.connectFailed('h.test:80', foreign('ECONNREFUSED', 'connect ECONNREFUSED'))],
  ['no such host', () => Failure.connectFailed('h.test:80', foreign('ENOTFOUND', 'getaddrinfo ENOTFOUND h.test'))],
  ['an idle connection that was closed', () => Failure.connectionClosed('h.test:80')],
  ['a stream that the server refused', () => Failure.refusedStream('h.test:80')],
  [
    'a connection that ends before the reply',
    () => Failure.classify(foreign('UND_ERR_SOCKET', 'other side closed'), 'Sent', 'h.test:80'),
  ],
  [
    'a connection that ends in the body',
    () => Failure.classify(foreign('UND_ERR_SOCKET', 'other side closed'), 'Receiving', 'h.test:80'),
  ],
  [
    'a reply that is not HTTP',
    () =>
      Failure.classify(
        Object.assign(new Error('Response does not match the HTTP/1.1 protocol'), { name: 'HTTPParserError' }),
        'Sent',
        'h.test:80',
      ),
  ],
  [
    'a request that undici refuses',
    () => Failure.classify(foreign('UND_ERR_INVALID_ARG', 'invalid path'), 'Queued', 'h.test:80'),
  ],
  [
    'a request body of another length',
    () => Failure.classify(foreign('UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', 'x'), 'Sent', 'h.test:80'),
  ],
  [
    'a client that was closed meanwhile',
    () => Failure.classify(foreign('UND_ERR_DESTROYED', 'x'), 'Sent', 'h.test:80'),
  ],
  [
    'a TLS handshake that fails',
    () => Failure.tlsFailed('h.test:443', foreign('CERT_HAS_EXPIRED', 'certificate has expired')),
  ],
  ['a deadline', () => deadlineOf((plan) => Deadline.exceeded(plan))],
  [
    'a deadline in the queue of withLimit',
    () => deadlineOf((plan) => Deadline.exceeded(plan, 'it waited for withLimit')),
  ],
  [
    'a deadline in the queue of withSharedLimit',
    () => deadlineOf((plan) => Deadline.exceeded(plan, 'it waited for withSharedLimit')),
  ],
  ['a shared limit whose server is down', () => sentWithin(() => TE.left(new Error('ECONNREFUSED 127.0.0.1:6379')))],
  ['a shared limit that does not answer', () => sentWithin(() => () => new Promise(() => {}), { timeout: 1 })],
  ['a shared limit without a function take', () => sentWithin(undefined)],
  ['a shared limit that returns a number', () => sentWithin(() => untyped(5))],
  ['a shared limit with a negative wait', () => sentWithin(() => TE.right({ waitMs: -1 }))],
  ['a shared limit with a wait of text', () => sentWithin(() => TE.right(untyped({ waitMs: '5' })))],
  ['a key of a shared limit that throws', () => sentWithin(permitting, { key: () => thrown('no tenant') })],
  ['a key of a shared limit that is a number', () => sentWithin(permitting, { key: () => untyped(5) })],
  ['a timeout of a shared limit that is text', () => sentWithin(permitting, { timeout: untyped('5') })],
  ['a deadline after three attempts', () => deadlineOf((plan) => Deadline.withAttempts(3)(Deadline.exceeded(plan)))],
  ['a deadline while a hook runs', () => deadlineOf(() => Deadline.unnamed())],
  ['a server that is silent', () => Failure.silence('Sent', 'h.test:80', 5000, undefined)],
  ['a connection that takes too long', () => Failure.silence('Connecting', 'h.test:80', 5000, 'TCP')],
  [
    'a proxy that refuses the tunnel',
    () => Failure.proxyRefused('proxy.test:3128', 'h.test:443', 407, 'Proxy Authentication Required'),
  ],
  ['too many interim replies', () => Failure.tooManyInterim('h.test:80', 10)],
  [
    'a given dispatcher and a proxy',
    () => sentByGiven({}, Request.withProxy('http://u:hunter2@p.test')(Request.get(url))),
  ],
  ['a given dispatcher and a CA', () => sentByGiven({}, Request.withCa('/ca.pem')(Request.get('https://h.test/')))],
  ['a given dispatcher and another option', () => sentByGiven({ http2: true })],
  ['a dispatcher without dispatch', () => sentBy(Transport.undici({ dispatcher: untyped({}) }))],
  ['a part whose file is missing', async () => leftOf(await Multipart.statFile('/nonexistent/a.bin')())],
  ['a part whose file is a folder', async () => leftOf(await Multipart.statFile('/')())],
]

const DOWNLOAD: ReadonlyArray<Situation> = [
  ['a folder that does not exist', () => downloaded({ body: 'x' }, '/nonexistent/folder/file')],
  ['status 404', () => downloaded({ status: 404 })],
  ['a body that is shorter than Content-Length', () => downloaded({ headers: { 'content-length': '5' }, body: 'x' })],
  [
    'a file with another digest',
    () => downloaded({ headers: { 'repr-digest': `sha-256=:${'A'.repeat(43)}=:` }, body: 'x' }),
  ],
  ['a 206 for a whole file', () => downloaded({ status: 206, headers: { 'content-range': 'bytes 0-0/5' }, body: 'x' })],
]

const COOKIE: ReadonlyArray<Situation> = [
  ['no name', () => absorbed('https://h.test/', '=v')],
  ['a control character', () => absorbed('https://h.test/', 'sid=hunter2\u0001')],
  ['a pair that is too long', () => absorbed('https://h.test/', `sid=${'x'.repeat(4100)}`)],
  ['the Domain of another host', () => absorbed('https://h.test/', 'sid=v; Domain=other.test')],
  [
    'a URL without a host',
    () => Jar.absorb({ protocol: 'file:', hostname: '', pathname: '/' }, ['sid=v'], now)(Jar.empty)[1][0],
  ],
  ['the Domain is a public suffix', () => absorbed('https://h.co.uk/', 'sid=v; Domain=co.uk')],
  ['Secure over http', () => absorbed('http://h.test/', 'sid=hunter2; Secure')],
  ['a Secure cookie of that name exists', () => absorbed('http://h.test/', 'held=hunter2')],
  ['__Secure- without Secure', () => absorbed('https://h.test/', '__Secure-sid=v')],
  ['__Host- without Path', () => absorbed('https://h.test/', '__Host-sid=v; Secure; Path=/a')],
  ['a domain that is not one', () => setCookie({ domain: 'a b' })],
  ['a public suffix', () => setCookie({ domain: 'co.uk', hostOnly: false })],
  ['an empty name and value', () => setCookie({ name: '', value: '' })],
  ['a name with =', () => setCookie({ name: 'a=b' })],
  ['a value with ;', () => setCookie({ value: 'hunter2;' })],
  ['a value that is too long', () => setCookie({ value: 'x'.repeat(4100) })],
  ['a relative path', () => setCookie({ path: 'a' })],
  ['a tab', () => setCookie({ value: 'hunter2\t2' })],
  ['an expiry that is not a date', () => setCookie({ expires: new Date(Number.NaN) })],
  ['__Secure- without Secure, by a program', () => setCookie({ name: '__Secure-sid' })],
  ['__Host- with a domain', () => setCookie({ name: '__Host-sid', secure: true })],
  [
    'two cookies of one name',
    () => {
      const [jar] = Jar.absorb(new URL('https://h.test/'), ['sid=1; Path=/a', 'sid=2; Path=/b'], now)(Jar.empty)
      return leftOf(Jar.lookup('sid')(jar))
    },
  ],
]

const SAVED: ReadonlyArray<Situation> = [
  [
    'a jar with secrets',
    () => leftOf(Jar.encode()(Jar.absorb(new URL('https://h.test/'), ['sid=hunter2'], now)(Jar.empty)[0])),
  ],
  [
    'a session with a secret and a hook',
    () => leftOf(pipe(session, Session.withBearer('hunter2'), Session.withHook(untyped(constVoid)), Session.encode())),
  ],
  ['a jar that is a number', () => leftOf(Jar.decode(5))],
  [
    'a session of another version',
    () => leftOf(Session.decode({ format: 'requests-ts/session', version: 99, settings: {}, trust: {} })),
  ],
  ['a tape that is not one', () => leftOf(Tape.decode({ log: 5 }))],
  [
    'a tough-cookie jar with an invalid cookie',
    () => leftOf(ToughJson.read({ cookies: [{ key: 'a', value: 'b', domain: 'a b', path: '/' }] })),
  ],
  ['a file that is not there', async () => leftOf(await Store.load('/nonexistent/session.json')())],
  [
    'a folder that is not there',
    async () => leftOf(await Store.save('/nonexistent/folder/session.json')({ session, jar: Jar.empty })()),
  ],
]

const sid = Jar.absorb(new URL('https://h.test/'), ['sid=hunter2'], now)(Jar.empty)[0]
const octets = new Uint8Array(32)
const cipher = pipe(
  Cipher.aesGcm([{ name: 'k', key: octets }]),
  E.getOrElse((): Cipher.Cipher => untyped({})),
)

/** A client of Redis that answers with one record. */
const redisWith = (key: string, value: string) => ({ sendCommand: async () => ['0', 1, '', '0', [key, value]] })
const loadedFrom = async (client: JarStore.RedisClient, options: JarStore.StoreOptions = {}) =>
  leftOf(await JarStore.redis(client, 'shop', options).load())

/** The record of the cookie above, changed. */
const recordWith = (change: (text: string) => string): Promise<unknown> => {
  let written: ReadonlyArray<string> = []
  const recording = {
    sendCommand: async (command: ReadonlyArray<string>) => {
      written = command
      return []
    },
  }
  return JarStore.redis(recording, 'shop', { horizon: Number.POSITIVE_INFINITY })
    .merge(sid)()
    .then(() => {
      const [key = '', ms, n, removed, end, text = ''] = written.slice(5)
      return loadedFrom(redisWith(key, `${ms} ${n} ${removed} ${end} 0 ${change(text)}`))
    })
}

const never = () => new Promise<never>(() => {})
const storing = (jarStore: JarStore.JarStore, settings = session) =>
  pipe(
    Http.get('http://h.test/'),
    Client.runWith({
      jarStore,
      session: settings,
      transport: Transport.memory(() => ({ status: 200, headers: { 'set-cookie': 'a=1' } })),
    }),
  )

const STORES: ReadonlyArray<Situation> = [
  ['a client that is not one', () => loadedFrom(untyped({}))],
  ['a database that is not one', async () => leftOf(await JarStore.postgres(untyped({}), 'shop').load())],
  ['an empty name', async () => leftOf(await JarStore.redis(redisWith('', ''), '').load())],
  ['an option that is not a number', () => loadedFrom(redisWith('', ''), { timeout: untyped('1s') })],
  ['a cipher without functions', () => loadedFrom(redisWith('', ''), { cipher: untyped({}) })],
  ['a server that is down', () => loadedFrom({ sendCommand: () => Promise.reject(new Error('connect ECONNREFUSED')) })],
  ['a server that does not answer', () => loadedFrom({ sendCommand: never }, { timeout: 1 })],
  ['a record of a newer format', () => recordWith((text) => text.replace('"version":1', '"version":2'))],
  ['a record that was changed by hand', () => recordWith((text) => text.replace('h.test', 'evil.test'))],
  ['a record with an invalid cookie', () => recordWith((text) => text.replace('hunter2', ' hunter2'))],
  ['a record that is not JSON', () => recordWith((text) => text.slice(9))],
  ['a record that is not sealed', () => loadedFrom(redisWith('a', '1 0 0 - 0 {}'), { cipher: cipher })],
  [
    'a jar that was not loaded',
    async () => leftOf(await storing({ ...JarStore.memory(), load: untyped(async () => 7) })()),
  ],
  [
    'a jar that was not saved',
    async () =>
      leftOf(await storing({ ...JarStore.memory(), merge: () => () => Promise.reject(new Error('ECONNRESET')) })()),
  ],
  [
    'a store that is slower than the total timeout',
    async () =>
      leftOf(await storing({ ...JarStore.memory(), load: never }, Session.withTimeouts({ total: 1 })(session))()),
  ],
  [
    'a file that is not there, in a folder that is missing',
    async () => leftOf(await JarStore.file('/nonexistent/jar.json').merge(sid)()),
  ],
  ['no key', () => leftOf(Cipher.aesGcm([]))],
  ['a key of 16 octets', () => leftOf(Cipher.aesGcm([{ name: 'k', key: new Uint8Array(16) }]))],
  [
    'two keys with one name',
    () =>
      leftOf(
        Cipher.aesGcm([
          { name: 'k', key: octets },
          { name: 'k', key: octets },
        ]),
      ),
  ],
]

const order = pipe(Request.post('http://h.test/orders?key=1'), Request.withText('hunter2'))

/** Runs the order, with a log that has these lines or fails. */
const durably = async (log: Log.Log, request = order, settings = session): Promise<unknown> => {
  const transport = Transport.memory(() => ({ status: 201 }))
  return leftOf(
    await pipe(Durable.run({ log, id: 'job-1' })(request), Client.runWith({ transport, session: settings }))(),
  )
}
const logged = async (change: (lines: ReadonlyArray<string>) => ReadonlyArray<string>): Promise<Log.Log> => {
  const first = Log.memory()
  await pipe(
    Durable.run({ log: first, id: 'job-1' })(order),
    Client.runWith({ transport: Transport.memory(() => ({ status: 201 })), session }),
  )()
  const lines = await first.read('job-1')()
  const changed = Log.memory()
  await changed.append('job-1', 0, change(E.isRight(lines) ? lines.right : []))()
  return changed
}
const failingLog = (from: number): Log.Log => {
  const inner = Log.memory()
  let appends = 0
  return {
    ...inner,
    append: (...args) => {
      appends += 1
      return appends > from ? () => Promise.reject(new Error('ECONNRESET')) : inner.append(...args)
    },
  }
}

const DURABLE: ReadonlyArray<Situation> = [
  ['a log that is not one', () => durably(untyped({}))],
  ['an id that is not text', async () => leftOf(await Log.memory().read(untyped(1))())],
  ['a client that is not one', async () => leftOf(await Log.redis(untyped({}), 'orders').read('job-1')())],
  ['an empty name', async () => leftOf(await Log.redis(redisWith('', ''), '').drop(new Date(0))())],
  ['a time that is not one', async () => leftOf(await Log.memory().drop(untyped('now'))())],
  [
    'a server that is down',
    async () =>
      leftOf(await Log.redis({ sendCommand: () => Promise.reject(new Error('ECONNREFUSED')) }, 'orders').read('a')()),
  ],
  ['another worker', async () => leftOf(await Log.memory().append('job-1', 1, ['x'])())],
  ['a log that fails before the request', () => durably(failingLog(0))],
  ['a log that fails after the reply', () => durably(failingLog(1))],
  ['a body that can be read once', () => durably(Log.memory(), pipe(order, Request.withBody(Body.once(once()))))],
  ['another request', async () => durably(await logged((lines) => lines), Request.get('http://h.test/'))],
  ['another order of events', async () => durably(await logged((lines) => [...lines].reverse()))],
  [
    'an event of a newer format',
    async () => durably(await logged((lines) => lines.map((line) => line.replace('"version":1', '"version":2')))),
  ],
  [
    'another session',
    async () =>
      durably(await logged((lines) => lines.slice(0, 3).map((line) => line.replace('"End"', '"Follow"'))), order),
  ],
  ['no reply', async () => durably(await logged((lines) => lines.slice(0, 2)))],
  ['a body that is lost', async () => durably(await logged((lines) => lines.slice(0, 3)))],
  [
    'a request that was resolved as sent',
    async () => {
      const log = await logged((lines) => lines.slice(0, 2))
      await Durable.resolve({ log, id: 'job-1' }, 'sent')()
      return durably(log)
    },
  ],
  ['nothing to resolve', async () => leftOf(await Durable.resolve({ log: Log.memory(), id: 'job-1' }, 'sent')())],
]

const CURL: ReadonlyArray<Situation> = [
  ['another command', () => curl('wget http://h.test/')],
  ['secrets that are hidden', () => curl("curl http://h.test/ -H 'Authorization: ‹secret›'")],
  ['no URL', () => curl('curl -X POST')],
  ['two URLs', () => curl('curl http://a.test/ http://b.test/')],
  ['an unknown option', () => curl('curl --no-such-option http://h.test/')],
  ['an unknown letter', () => curl('curl -! http://h.test/')],
  ['an option without a value', () => curl('curl http://h.test/ -H')],
  ['an option that cannot be converted', () => curl('curl --ntlm http://h.test/')],
  ['a quote that is not closed', () => curl("curl 'http://h.test/")],
  ['a variable of the shell', () => curl('curl "http://h.test/$ID"')],
  ['a second command', () => curl('curl http://h.test/; ls')],
  ['a second line', () => curl('curl http://h.test/\nls')],
  ['a file as data', () => curl('curl http://h.test/ -d @file')],
  ['a file as a part', () => curl('curl http://h.test/ -F a=@file')],
  ['a file of cookies', () => curl('curl http://h.test/ -b cookies.txt')],
  ['data and a form', () => curl('curl http://h.test/ -d a -F b=c')],
  ['-I and data', () => curl('curl -I http://h.test/ -d a')],
  ['a user without a password', () => curl('curl -u me http://h.test/')],
  ['a time that is not a number', () => curl('curl -m x http://h.test/')],
  ['a number of redirects that is not one', () => curl('curl --max-redirs x http://h.test/')],
]

const SURROUNDINGS: ReadonlyArray<Situation> = [
  ['an unknown word', () => named('Netrc')(leftOf(Netrc.parse('hunter2')))],
  ['a machine without a name', () => named('Netrc')(leftOf(Netrc.parse('machine')))],
  ['a macro that does not end', () => named('Netrc')(leftOf(Netrc.parse('macdef x\nline')))],
  ['a quote that is not closed', () => named('Netrc')(leftOf(Netrc.parse('machine h.test password "hunter2')))],
  ['an entry of unknown words', () => named('Netrc')(leftOf(Netrc.parse('machine h.test one two')))],
  ['an unknown word without a value', () => named('Netrc')(leftOf(Netrc.parse('machine h.test login me unknown')))],
  [
    'a netrc file with a problem',
    () => named('Environment')(Environment.problems(Environment.make({}, 'hunter2')).join('; ')),
  ],
]

const tokenFrom = (tokenUrl: string): Auth.Auth =>
  Auth.oauth2({ name: 'api', tokenUrl, clientId: 'me', clientSecret: 'hunter2', grant: OAuth2.clientCredentials })

const LINT: ReadonlyArray<Situation> = [
  finding('credentials-over-http', Request.withBearer('hunter2')(Request.get(url))),
  finding('token-over-http', Request.withAuth(tokenFrom('http://auth.test/token'))(Request.get('https://h.test/'))),
  finding('proxy-credentials', Request.withProxy('http://u:hunter2@proxy.test')(Request.get(url))),
  finding('secret-in-url', Request.get('https://h.test/?api_key=hunter2')),
  finding('unmarked-secret', Request.withHeader('X-Session-Token', '1')(Request.get(url))),
  finding('body-on-get', Request.withText('x')(Request.get(url))),
  finding('no-content-type', Request.withText('x')(Request.post(url))),
  finding(
    'content-type',
    pipe(Request.post(url), Request.withText('{'), Request.withHeader('Content-Type', 'application/json')),
  ),
  finding(
    'header-overwritten',
    pipe(Request.get(url), Request.withBearer('hunter2'), Request.withHeader('Authorization', 'x')),
  ),
  finding(
    'unsigned-body',
    pipe(
      Request.post(url),
      Request.withStream(once),
      Request.withAuth(Auth.signer('hmac', Plan.withHeaders({ 'X-S': '1' }))),
    ),
  ),
  finding('one-shot-body', Request.withOnce(once())(Request.post(url))),
  finding('verify-off', Request.withVerify(false)(Request.get('https://h.test/'))),
  finding('no-timeout', Request.get(url), Session.withoutTimeouts),
  finding('long-url', Request.get(`http://h.test/${'x'.repeat(8001)}`)),
  finding('long-headers', Request.withHeader('X-A', 'x'.repeat(8001))(Request.get(url))),
]

const USAGE: ReadonlyArray<Situation> = [
  ['no command', () => command()],
  ['an unknown command', () => command('fetch', 'http://h.test/')],
  ['an unknown option', () => command('send', '--no-such-option', 'http://h.test/')],
  ['no URL', () => command('send')],
  ['a method and no URL', () => command('send', 'LOCALHOST')],
  ['two URLs', () => command('send', 'http://a.test/', 'http://b.test/')],
  ['a word that is not an item', () => command('send', 'http://h.test/', 'word')],
  ['a header without a name', () => command('send', 'http://h.test/', ':value')],
  ['an upload without a file', () => command('send', 'http://h.test/', 'name@')],
  ['an option of another command', () => command('explain', '--output', 'f', 'http://h.test/')],
  ['two options that contradict each other', () => command('send', '--follow', '--no-follow', 'http://h.test/')],
  ['a curl line and other words', () => command('send', '--curl', 'curl http://h.test/', 'http://h.test/')],
]

/** Sends with the fetch of a browser. */
const fetched = (request: Request.Request, options: Transport.FetchOptions = {}): Promise<unknown> =>
  sentBy(
    Transport.fetch({ fetch: async () => new globalThis.Response(), capabilities: Fetch.browser, ...options }),
    request,
  )
const returning = (response: unknown): Promise<unknown> =>
  fetched(Request.get(url), untyped({ fetch: async () => response }))
const rejecting = (error: unknown): Promise<unknown> =>
  fetched(Request.get(url), { fetch: async () => Promise.reject(error) })
const rejectingWith = (code: string, message: string): Promise<unknown> =>
  rejecting(new TypeError('fetch failed', { cause: foreign(code, message) }))

const FETCH: ReadonlyArray<Situation> = [
  ['fetch: a blocked port', () => fetched(Request.get('http://h.test:25/'))],
  ['fetch: a forbidden method', () => fetched(Request.make('TRACE', url))],
  ['fetch: a body with GET', () => fetched(Request.withText('a')(Request.get(url)))],
  ['fetch: a stream', () => fetched(Request.withStream(once)(Request.post(url)))],
  ['fetch: a cookie', () => fetched(Request.withCookie('sid', 'hunter2')(Request.get(url)))],
  ['fetch: a Host', () => fetched(Request.withHeader('Host', 'other.test')(Request.get(url)))],
  ['fetch: other fields', () => fetched(Request.withHeaders({ Referer: 'hunter2', TE: 'trailers' })(Request.get(url)))],
  ['fetch: a proxy', () => fetched(Request.withProxy('http://user:hunter2@proxy.test')(Request.get(url)))],
  ['fetch: verify', () => fetched(Request.withVerify(false)(Request.get('https://h.test/')))],
  ['fetch: a connect timeout', () => fetched(Request.withTimeouts({ connect: 5 })(Request.get(url)))],
  ['fetch: an option that is not a function', () => fetched(Request.get(url), untyped({ fetch: 5 }))],
  ['fetch: an invalid capability', () => fetched(Request.get(url), untyped({ capabilities: { redirects: 'No' } }))],
  ['fetch: a hidden redirect', () => returning({ type: 'opaqueredirect', status: 0, headers: [], body: null })],
  ['fetch: a hidden reply', () => returning({ type: 'opaque', status: 0, headers: [], body: null })],
  ['fetch: not a Response', () => returning(5)],
  ['fetch: an object that is not a Response', () => returning({})],
  ['fetch: headers that are not a list', () => returning({ status: 200, headers: 5 })],
  ['fetch: a body that is not a stream', () => returning({ status: 200, headers: [], body: {} })],
  ['fetch: an impossible status', () => returning({ status: 700, headers: [], body: null })],
  ['fetch: nothing listens', () => rejectingWith('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1')],
  ['fetch: connecting takes too long', () => rejectingWith('UND_ERR_CONNECT_TIMEOUT', 'Connect Timeout Error')],
  ['fetch: a certificate', () => rejectingWith('CERT_HAS_EXPIRED', 'certificate has expired')],
  ['fetch: a fault of TLS', () => rejectingWith('ERR_SSL_WRONG_VERSION_NUMBER', 'wrong version number')],
  ['fetch: not HTTP', () => rejectingWith('HPE_INVALID_CONSTANT', 'Expected HTTP/')],
  ['fetch: an argument', () => rejectingWith('UND_ERR_INVALID_ARG', 'invalid expect header')],
  ['fetch: a wrong length', () => rejectingWith('UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', 'Request body length')],
  ['fetch: a silent server', () => rejectingWith('UND_ERR_HEADERS_TIMEOUT', 'Headers Timeout Error')],
  ['fetch: the connection ends', () => rejectingWith('UND_ERR_SOCKET', 'other side closed')],
  ['fetch: a browser', () => rejecting(new TypeError('Failed to fetch'))],
  ['fetch: an abort of its own', () => rejecting(new DOMException('The operation was aborted', 'AbortError'))],
  ['fetch: an error of its own', () => rejecting(new RangeError('no key'))],
  ['fetch: the URL in an error', () => rejecting(new TypeError('error for url (http://h.test/a?key=hunter2)'))],
  [
    'fetch: a body that ends early',
    () => returning(new globalThis.Response(brokenStream(new TypeError('terminated')))),
  ],
  [
    'fetch: a damaged coding',
    () => returning(new globalThis.Response(brokenStream(foreign('Z_DATA_ERROR', 'incorrect header check')))),
  ],
]
const brokenStream = (error: Error): ReadableStream<Uint8Array> =>
  new ReadableStream({ pull: (controller) => controller.error(error) })

// --- OAuth 2.0 -----------------------------------------------------------------------------------------------------

const oauthConfig = {
  tokenUrl: 'http://h.test/token?tenant=1',
  authorizationUrl: 'http://h.test/authorize',
  deviceAuthorizationUrl: 'http://h.test/device',
  redirectUri: 'http://127.0.0.1:8400/callback',
  clientId: 'me',
  clientSecret: 'hunter2',
}
type OAuthChange = Readonly<Record<string, unknown>>
const rightOf = <A>(outcome: E.Either<unknown, A>): A => {
  if (E.isRight(outcome)) return outcome.right
  throw new Error(`this situation must not fail before: ${JSON.stringify(outcome.left)}`)
}
const granting = (grant: OAuth2.Grant, change: OAuthChange = {}): unknown =>
  named('OAuth2')(leftOf(OAuth2.obtain(untyped({ ...oauthConfig, ...change }), grant)(O.none)))
const configured = (change: OAuthChange): unknown => granting(OAuth2.clientCredentials, change)
const tokenReply = (answer: Reply.Answer): Response.Response => {
  const request = rightOf(OAuth2.obtain(oauthConfig, OAuth2.refreshToken('hunter2'))(O.none))
  return rightOf(Exchange.simulate({ session })(() => answer)(request).outcome)
}
const tokenOf = (json: OAuthChange, status = 200): unknown =>
  leftOf(OAuth2.read(tokenReply({ status, json: { ...(status === 200 ? { access_token: 'hunter2' } : {}), ...json } })))
const tokenText = (answer: Reply.Answer): unknown => leftOf(OAuth2.read(tokenReply(answer)))
const refusing = (error: string): Situation => [
  `OAuth 2.0: ${error}`,
  () => tokenOf({ error, error_description: 'not hunter2\u001b[2J\n', error_uri: 'http://h.test/help' }, 400),
]
const loggingIn = (change: OAuthChange, entropy: unknown = 'f'.repeat(32)): unknown =>
  named('OAuth2')(leftOf(OAuth2.AuthorizationCode.begin(untyped({ ...oauthConfig, ...change }), untyped(entropy))))
const { pending } = rightOf(OAuth2.AuthorizationCode.begin(oauthConfig, 'f'.repeat(32)))
const calledBack = (query: unknown, change: OAuthChange = {}, login: unknown = pending): unknown =>
  leftOf(OAuth2.AuthorizationCode.redeem({ ...oauthConfig, ...change }, untyped(login))(untyped(query)))
const deviceReply = (json: OAuthChange): unknown =>
  leftOf(
    OAuth2.DeviceCode.read(
      tokenReply({
        status: 200,
        json: {
          ...{ device_code: 'hunter2', user_code: 'A-B', verification_uri: 'http://h.test/', expires_in: 9 },
          ...json,
        },
      }),
    ),
  )
const expired = (): unknown => {
  const { state } = OAuth2.DeviceCode.start(now)({ deviceCode: Secret.make('hunter2'), interval: 5, expiresIn: 5 })
  const next = OAuth2.DeviceCode.next(state, now)(E.left(Fault.make('ReadTimeout', 'x')))
  return next._tag === 'Fail' ? next.problem : next
}
const redirectUri = (uri: unknown): unknown => named('OAuth2')(leftOf(RedirectUri.parse(uri)))

const OAUTH2: ReadonlyArray<Situation> = [
  ['OAuth 2.0: no record', () => named('OAuth2')(leftOf(OAuth2.obtain(untyped(5), OAuth2.clientCredentials)(O.none)))],
  ['OAuth 2.0: no client id', () => configured({ clientId: '' })],
  ['OAuth 2.0: an empty secret', () => configured({ clientSecret: '' })],
  ['OAuth 2.0: basic without a secret', () => configured({ clientSecret: undefined, clientAuthentication: 'basic' })],
  ['OAuth 2.0: another authentication', () => configured({ clientAuthentication: 'digest' })],
  ['OAuth 2.0: no URL', () => configured({ tokenUrl: 5 })],
  ['OAuth 2.0: a relative URL', () => configured({ tokenUrl: '/token' })],
  ['OAuth 2.0: another scheme', () => configured({ tokenUrl: 'ftp://h.test/' })],
  ['OAuth 2.0: credentials in the URL', () => configured({ tokenUrl: 'http://me:hunter2@h.test/' })],
  ['OAuth 2.0: a fragment', () => configured({ tokenUrl: 'http://h.test/#a' })],
  ['OAuth 2.0: a scope', () => configured({ scope: 'a\nb' })],
  ['OAuth 2.0: parameters as a list', () => configured({ parameters: [] })],
  ['OAuth 2.0: a parameter as a number', () => configured({ parameters: { audience: 5 } })],
  ['OAuth 2.0: a reserved parameter', () => configured({ parameters: { grant_type: 'x' } })],
  ['OAuth 2.0: not a grant', () => granting(untyped('password'))],
  ['OAuth 2.0: an empty refresh token', () => granting(OAuth2.refreshToken(''))],
  ['OAuth 2.0: no login', () => granting(OAuth2.authorizationCode)],
  [
    'OAuth 2.0: no refresh token',
    () => {
      const current = O.some(Token.at(now)({ accessToken: 'hunter2' }))
      return named('OAuth2')(leftOf(OAuth2.obtain(oauthConfig, OAuth2.deviceCode)(current)))
    },
  ],
  ...[
    ...['invalid_request', 'invalid_client', 'invalid_grant', 'unauthorized_client', 'unsupported_grant_type'],
    ...['invalid_scope', 'invalid_target', 'access_denied', 'server_error', 'temporarily_unavailable'],
    ...['authorization_pending', 'slow_down', 'expired_token', 'unsupported_response_type', 'another_code'],
  ].map(refusing),
  ['OAuth 2.0: an error without a description', () => tokenOf({ error: 'invalid_grant' }, 400)],
  ['OAuth 2.0: an empty reply', () => tokenText({ status: 200 })],
  ['OAuth 2.0: HTML', () => tokenText({ status: 502, body: '<html>' })],
  ['OAuth 2.0: a redirect', () => tokenText({ status: 307, headers: { location: '/other' } })],
  [
    'OAuth 2.0: not JSON',
    () => tokenText({ status: 200, headers: { 'content-type': 'text/plain' }, body: 'a=hunter2' }),
  ],
  ['OAuth 2.0: not JSON, without a type', () => tokenText({ status: 200, body: '{"access_token":"hunter2' })],
  ['OAuth 2.0: a list', () => tokenText({ status: 200, json: ['hunter2'] })],
  ['OAuth 2.0: no token', () => tokenText({ status: 200, json: {} })],
  ['OAuth 2.0: an error without a code', () => tokenOf({}, 500)],
  ['OAuth 2.0: a token as a number', () => tokenOf({ access_token: 5 })],
  ['OAuth 2.0: an empty token', () => tokenOf({ access_token: '' })],
  ['OAuth 2.0: a line break in the token', () => tokenOf({ access_token: 'hunter2\r\n' })],
  ['OAuth 2.0: another type', () => tokenOf({ token_type: 'DPoP' })],
  ['OAuth 2.0: a type as a list', () => tokenOf({ token_type: [] })],
  ['OAuth 2.0: a lifetime as text', () => tokenOf({ expires_in: '3600' })],
  ['OAuth 2.0: a lifetime as a list', () => tokenOf({ expires_in: [] })],
  ['OAuth 2.0: a negative lifetime', () => tokenOf({ expires_in: -1 })],
  ['OAuth 2.0: a fraction', () => tokenOf({ expires_in: 1.5 })],
  ['OAuth 2.0: a long lifetime', () => tokenOf({ expires_in: 1e12 })],
  ['OAuth 2.0: a refresh token as a number', () => tokenOf({ refresh_token: 5 })],
  ['OAuth 2.0: a control in the refresh token', () => tokenOf({ refresh_token: 'hunter2\0' })],
  ['OAuth 2.0: a scope in the reply', () => tokenOf({ scope: 5 })],
  ['OAuth 2.0: short entropy', () => loggingIn({}, 'x')],
  ['OAuth 2.0: an issuer', () => loggingIn({ issuer: 5 })],
  ['OAuth 2.0: a page with a parameter', () => loggingIn({ authorizationUrl: 'http://h.test/?state=1' })],
  ['OAuth 2.0: no redirect URI', () => redirectUri(undefined)],
  ['OAuth 2.0: a relative redirect URI', () => redirectUri('/callback')],
  ['OAuth 2.0: a redirect URI with a fragment', () => redirectUri('https://h.test/#')],
  ['OAuth 2.0: a redirect URI with credentials', () => redirectUri('https://me:hunter2@h.test/')],
  ['OAuth 2.0: a redirect URI without TLS', () => redirectUri('http://h.test/')],
  ['OAuth 2.0: a redirect URI with a scheme', () => redirectUri('app:/callback')],
  ['OAuth 2.0: a callback that is not a URL', () => calledBack(5)],
  ['OAuth 2.0: a callback without a state', () => calledBack('?code=hunter2')],
  ['OAuth 2.0: a callback with another state', () => calledBack('?code=hunter2&state=hunter2')],
  ['OAuth 2.0: a callback with two states', () => calledBack('?state=1&state=2')],
  ['OAuth 2.0: a callback without an issuer', () => calledBack(`?state=${pending.state}`, { issuer: 'http://h.test' })],
  ['OAuth 2.0: a callback with another issuer', () => calledBack(`?state=${pending.state}&iss=x`, { issuer: 'y' })],
  ['OAuth 2.0: a callback without a code', () => calledBack(`?state=${pending.state}`)],
  ['OAuth 2.0: a callback with an error', () => calledBack(`?state=${pending.state}&error=access_denied`)],
  ['OAuth 2.0: a callback with an invalid config', () => calledBack('?code=hunter2', { clientId: '' })],
  ['OAuth 2.0: a callback without a login', () => calledBack('?code=hunter2', {}, null)],
  ['OAuth 2.0: an empty device code', () => deviceReply({ device_code: '' })],
  ['OAuth 2.0: a user code', () => deviceReply({ user_code: '\u001b' })],
  ['OAuth 2.0: a page of a device', () => deviceReply({ verification_uri: 'javascript:a' })],
  ['OAuth 2.0: the lifetime of a device code', () => deviceReply({ expires_in: 0 })],
  ['OAuth 2.0: an interval', () => deviceReply({ interval: '5' })],
  ['OAuth 2.0: an expired login', expired],
]

const tokenAuth = tokenFrom('https://auth.test/token')
/** The error of a request that needs a token, if its endpoint answers with this. */
const tokenAnswer = (answer: Reply.Answer): unknown =>
  simulated(() => answer, Request.withAuth(tokenAuth)(Request.get('http://h.test/')))
/** The error if the token request fails in this way. */
const tokenFault = (fault: Fault.Fault): Promise<unknown> =>
  sentBy((plan: Plan.Plan) => async () => E.left(withPlan(plan, fault)), Request.withAuth(tokenAuth)(Request.get(url)))
const failingObtain = (obtain: unknown): unknown =>
  planOrSend(Auth.renewable({ name: 'api', obtain: untyped(obtain), read: () => E.left('unused') }))
const planOrSend = (auth: Auth.Auth): Promise<unknown> =>
  sentBy(answering({}), Request.withAuth(auth)(Request.get(url)))

const TOKEN: ReadonlyArray<Situation> = [
  [
    'a refused client',
    () => tokenAnswer({ status: 401, json: { error: 'invalid_client', error_description: 'unknown client' } }),
  ],
  ['a grant that is no longer valid', () => tokenAnswer({ status: 400, json: { error: 'invalid_grant' } })],
  ['a token request that throws', () => failingObtain(() => thrown('no key'))],
  ['a token request that is text', () => failingObtain(() => 'request')],
  ['a token endpoint that redirects', () => tokenAnswer({ status: 302, headers: { location: 'https://else.test/' } })],
  [
    'a token endpoint that answers with HTML',
    () => tokenAnswer({ status: 200, headers: { 'content-type': 'text/html' }, body: '<p>Log in</p>' }),
  ],
  ['a token endpoint that fails', () => tokenAnswer({ status: 500 })],
  ['a token endpoint that does not exist', () => tokenAnswer({ status: 404, body: 'not found' })],
  ['a token endpoint with too many requests', () => tokenAnswer({ status: 429, body: 'slow down' })],
  ['a token reply that is empty', () => tokenAnswer({ status: 200 })],
  ['a token reply that is a list', () => tokenAnswer({ status: 200, json: [] })],
  ['a token of two lines', () => tokenAnswer({ status: 200, json: { access_token: 'a\nb' } })],
  ['a negative lifetime', () => tokenAnswer({ status: 200, json: { access_token: 'a', expires_in: -1 } })],
  ['a token reply of 2 MB', () => tokenAnswer({ status: 200, body: 'x'.repeat(2_000_000) })],
  ['a reply without access_token', () => tokenAnswer({ status: 200, json: { token_type: 'Bearer' } })],
  ['a token endpoint without a connection', () => tokenFault(Fault.make('ConnectFailed', 'no route'))],
  ['a token endpoint that is too slow', () => tokenFault(Fault.make('ReadTimeout', 'no data for 5,000 ms'))],
]

const ALL = [
  PLAN,
  TEMPLATE,
  TOKEN,
  REDIRECT,
  HOOK,
  RESPONSE,
  FAULT,
  ADDRESS,
  FETCH,
  DOWNLOAD,
  COOKIE,
  SAVED,
  STORES,
  DURABLE,
  CURL,
  SURROUNDINGS,
  LINT,
  OAUTH2,
  USAGE,
].flat()

// --- the tests -----------------------------------------------------------------------------------------------------

interface Line {
  readonly tag: string
  readonly text: string
}

/** Without a tag if the situation no longer produces an error. */
const lineOf = async ([situation, make]: Situation): Promise<Line> => {
  const error: unknown = await (async () => make())().catch(named(''))
  const { _tag, message }: { readonly _tag?: unknown; readonly message?: unknown } = Object(error)
  const tag = typeof _tag === 'string' && typeof message === 'string' ? _tag : ''
  return { tag, text: `${tag} · ${situation} → ${message}`.replaceAll('\n', '⏎').replaceAll('\ud800', '\\ud800') }
}

const lines = Promise.all(ALL.map(lineOf))

const src = fileURLToPath(new URL('../src', import.meta.url))

/** The tags of every interface and type in `src` that has a `message`: a new kind of error has to be listed here. */
const errorTags = (): ReadonlyArray<string> =>
  readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) => [
      ...readFileSync(join(src, path), 'utf8').matchAll(/^(?:export )?(?:interface|type) [^{;]*\{([^}]*)\}/gm),
    ])
    .flatMap(([, body = '']) =>
      (/readonly message: string/.test(body) ? (/readonly _tag: '(\w+)'/.exec(body) ?? []) : []).slice(1),
    )

/** A tag whose message needs a terminal that fails, with the test that covers it. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  OutputFailed: 'test/cli/terminal.test.ts',
  // Inside TokenRefused and TokenFailed, whose messages repeat theirs.
  Refused: 'test/session/auth/oauth2',
  Unusable: 'test/session/auth/oauth2',
}

const REJECTIONS: Readonly<Record<Jar.Rejection['_tag'], true>> = {
  Nameless: true,
  ControlCharacter: true,
  TooLong: true,
  DomainMismatch: true,
  PublicSuffix: true,
  Insecure: true,
  SecureHeld: true,
  PrefixBroken: true,
}

describe('messages', () => {
  it('occur in every situation', async () => {
    expect((await lines).filter(({ tag }) => tag === '')).toEqual([])
  })
  it('are those of messages.txt', async () => {
    await expect(`${(await lines).map(({ text }) => text).join('\n')}\n`).toMatchFileSnapshot('messages.txt')
  })
  it('exist for every tag', async () => {
    const tags = new Set((await lines).map(({ tag }) => tag))
    const declared = [...errorTags(), ...Fault.TAGS, ...Object.keys(REJECTIONS)]
    expect(declared.length).toBeGreaterThan(40)
    expect(declared.filter((tag) => !tags.has(tag) && !Object.hasOwn(ELSEWHERE, tag))).toEqual([])
  })
  it('show no secret', async () => {
    expect((await lines).filter(({ text }) => /hunter2/.test(text))).toEqual([])
  })
})
