import { Console } from 'node:console'
import { Writable } from 'node:stream'
import { inspect } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import {
  Auth,
  Client,
  Diff,
  Environment,
  Exchange,
  Explain,
  Fault,
  Har,
  Headers,
  Http,
  HttpError,
  Jar,
  Lint,
  Plan,
  RedirectPolicy,
  Reply,
  Request,
  Response,
  Secret,
  Session,
  Story,
  Tape,
  Token,
  Transport,
  Why,
} from '../src/index.js'

// Every secret of these programs holds one word, and no printer may show it, in no value that the library gives.

const CANARY = 'c4nary'
// The same word as it stands in a Basic credential, whatever stands before it.
const BASIC = /YzRuYXJ5|M0bmFye|jNG5hcn|c4nary/i

const now = new Date('2026-01-01T00:00:00Z')

/** Everything that prints. */
const PRINTERS: Readonly<Record<string, (value: unknown) => string>> = {
  'console.log': (value) => {
    const lines: string[] = []
    const stdout = new Writable({
      write: (chunk, _, done) => {
        lines.push(String(chunk))
        done()
      },
    })
    const out = new Console({ stdout, stderr: stdout })
    out.log(value)
    out.error('%o %O %s %j', value, value, value, value)
    out.dir(value, { depth: null, showHidden: true })
    out.table(value)
    return lines.join('')
  },
  'util.inspect': (value) =>
    inspect(value, { depth: null, showHidden: true, getters: true, maxStringLength: null, maxArrayLength: null }),
  'JSON.stringify': (value) => JSON.stringify(value) ?? '',
  String: (value) => String(value),
  'a template': (value) => `${value}`,
  'an error that holds it': (value) =>
    inspect(new Error('failed', { cause: value }), { depth: null, showHidden: true }),
  vitest: (value) => {
    try {
      expect(value).toEqual({ nothing: 'like it' })
      return ''
    } catch (cause) {
      // The cast: vitest throws an AssertionError, whose diff is made of `actual` as its printer prints it.
      const { message, actual } = cause as { readonly message: string; readonly actual: unknown }
      return `${message} ${inspect(cause, { depth: null })} ${typeof actual === 'string' ? actual : ''}`
    }
  },
}

const leaks = (value: unknown): ReadonlyArray<string> =>
  Object.entries(PRINTERS).flatMap(([name, print]) => {
    const found = BASIC.exec(print(value))
    return found === null ? [] : [`${name}: …${print(value).slice(Math.max(0, found.index - 60), found.index + 20)}…`]
  })

const environment = Environment.make(
  { https_proxy: `http://u:${CANARY}@proxy.test:3128`, http_proxy: '' },
  `machine other.test login me password ${CANARY}`,
)

const session = pipe(
  Session.defaults,
  Session.withBasicAuth('me', CANARY),
  Session.withSecretHeader('X-Vendor', CANARY),
  Session.withHeader('X-Api-Key', CANARY),
  Session.withHeader('Proxy-Authorization', `Basic ${CANARY}`),
  Session.withCookie('mine', CANARY),
  Session.withProxy({ http: `http://u:${CANARY}@proxy.test:3128` }),
  Session.withClientCertificate({
    cert: '/c.pem',
    key: `-----BEGIN PRIVATE KEY-----\n${CANARY}\n`,
    passphrase: CANARY,
  }),
)

const secretive = pipe(
  session,
  Session.withBaseUrl(`https://me:${CANARY}@h.test/`),
  Session.withSecretQuery('key', CANARY),
  Session.mount(
    `http://me:${CANARY}@h.test/`,
    Transport.memory(() => ({ status: 200 })),
  ),
)

const token = Token.at(now)({ accessToken: `${CANARY}-access`, refreshToken: `${CANARY}-refresh`, scope: 'read' })
const [jar] = pipe(
  Jar.empty,
  Jar.withToken({ name: 'api', endpoint: 'https://auth.test/token' }, token, now),
  Jar.withToken({ name: 'other', endpoint: 'https://auth.test/token' }, token, now),
  Jar.absorb(new URL('http://h.test/'), [`sid=${CANARY}`, `gone=${CANARY}; Path=/x`], now),
)

const request = pipe(
  Request.post(`http://user:${CANARY}@h.test/`),
  Request.withForm({ user: 'me', pass: CANARY }),
  Request.withTimeouts({ total: 1000 }),
)

const planned = (one: Request.Request, from = session): Plan.Plan => {
  const plan = Plan.plan({ session: from, environment, jar, now })(one)
  if (E.isLeft(plan)) expect.fail(plan.left.message)
  return plan.right
}
const plan = planned(request)

const run = async (
  transport: Transport.Transport,
  one: Request.Request = request,
  from = session,
): Promise<E.Either<Exchange.SendError, Response.Response>> => {
  const ran = await pipe(
    Http.attempt(one),
    Client.use({ session: from, environment, jar, transport, clock: () => now, random: () => 'seed' }),
  )()
  return E.isRight(ran) ? ran.right[0] : expect.fail('attempt never fails')
}

const setsCookie = { 'set-cookie': [`sid=${CANARY}; Path=/`, `bad=${CANARY}; Domain=other.test`] }
const redirects: Transport.Server = {
  'POST http://h.test/': { status: 302, headers: { ...setsCookie, location: 'https://other.test/' } },
  'GET https://other.test/': { status: 200, headers: setsCookie, body: `{"token":"${CANARY}"}` },
}
const at =
  (status: number, headers = {}): Transport.Server =>
  () => ({ status, headers: { ...setsCookie, ...headers } })

/** A fault whose foreign error carries what such errors carry. */
const faulty =
  (tag: Parameters<typeof Transport.failed>[0]): Transport.Transport =>
  (sent) =>
  async () =>
    E.left(Transport.failed(tag, sent)(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })))

describe('no printer shows a secret of', () => {
  it('the printers themselves do print', () => {
    expect(leaks({ text: CANARY }).length).toBeGreaterThan(3)
    expect(leaks({ basic: Buffer.from(`u:${CANARY}`).toString('base64') }).length).toBeGreaterThan(3)
    expect(leaks({ basic: Buffer.from(`me:${CANARY}`).toString('base64') }).length).toBeGreaterThan(3)
    expect(leaks({ basic: Buffer.from(`me2:${CANARY}`).toString('base64') }).length).toBeGreaterThan(3)
  })

  it.each<readonly [string, () => unknown]>([
    ['a session', () => session],
    ['an environment', () => environment],
    ['a jar', () => jar],
    [
      'the tokens of a jar',
      () => [Jar.tokens(jar), Jar.token({ name: 'api', endpoint: 'https://auth.test/token' })(jar)],
    ],
    ['the problem of a token', () => Token.problemOf({ ...token, accessToken: Secret.make(`${CANARY}\n`) })],
    ['a plan', () => plan],
    ['a plan through a proxy of the environment', () => planned(Request.get('https://h.test/'))],
    [
      'a plan through a proxy whose user alone is the credential, and the error of its reply',
      () => [CANARY, `${CANARY}:`].map((key) => throughKey(`http://${key}@proxy.test:3128`)),
    ],
    ['a plan signed by digest', () => digested()],
    ['a plan signed by a scheme', () => planned(pipe(request, Request.withAuth(Auth.signer('sig', sign))))],
    [
      'a plan with a header that is named sensitive',
      () => [named(), Plan.explain(named()), Explain.render()(Plan.explain(named()))],
    ],
    [
      'a session and a request whose header is named sensitive before its value or after it',
      () => [
        pipe(Session.empty, Session.withSensitiveHeaders('x-mine'), Session.withHeader('X-Mine', CANARY)),
        pipe(Session.defaults, Session.withHeaders([['X-Mine', CANARY]]), Session.withSensitiveHeaders('X-Mine')),
        pipe(Request.get('/'), Request.withHeaders({ 'X-Mine': CANARY }), Request.withSensitiveHeaders('X-Mine')),
        pipe(Request.get('/'), Request.withSensitiveHeaders('X-Mine'), Request.withHeader('X-Mine', CANARY)),
      ],
    ],
    ['an exchange that names a header of its session', () => exchangeThatNames()],
    [
      'the lines of `Show`',
      () => [
        Session.Show.show(secretive),
        Request.Show.show(Request.withSettings(secretive.settings)(request)),
        Plan.Show.show(plan),
      ],
    ],
    ['an explanation', () => Plan.explain(plan)],
    ['an explanation as data', () => Explain.toData(Plan.explain(plan))],
    ['an explanation as text', () => Explain.render()(Plan.explain(plan))],
    ['the parts of an explanation', () => O.toNullable(Explain.rebuild(Plan.explain(plan)))],
    ['a curl line', () => Plan.toCurl()(plan)],
    ['an HTTP message', () => Plan.toHttp()(plan)],
    ['a HAR', () => Plan.toHar()(plan)],
    ['a canonical text', () => Plan.canonical()(plan)],
    ['findings', () => [Plan.lint(plan), Lint.render()(Plan.lint(plan))]],
    ['a difference', () => differences()],
    ['whys', () => Jar.why(new URL('http://h.test/'), now)(jar)],
    ['whys as text', () => Why.render()(Jar.why(new URL('http://h.test/'), now)(jar))],
    ['a trace', () => traced()],
    ['a story', () => Story.ofTrace(traced())],
    ['a story as text', () => Story.render()(Story.ofTrace(traced()))],
    ['a HAR of hops', () => Har.ofHops()(traced().hops)],
    ['an exchange', () => Exchange.start({ session, environment, jar, now })(request)],
    ['a session that was not saved', () => Session.encode()(session)],
    ['a jar that was not saved', () => Jar.encode()(jar)],
  ])('%s', (_, make) => {
    expect(leaks(make())).toEqual([])
  })
})

const sign = (unsigned: Plan.Plan): Plan.Plan => ({
  ...unsigned,
  headers: Headers.upsertAt('X-Signature', 'signed')(unsigned.headers),
})

const named = (): Plan.Plan =>
  planned(pipe(request, Request.withSensitiveHeaders('X-Mine'), Request.withHeader('X-Mine', CANARY)))

const throughKey = (proxy: string): ReadonlyArray<unknown> => {
  const keyed = Session.withProxy(proxy)(Session.empty)
  const made = planned(Request.get('http://h.test/'), keyed)
  const { outcome } = Exchange.simulate({ session: keyed })(at(500))(Request.get('http://h.test/'))
  const failed = E.isRight(outcome) ? Response.ok(outcome.right) : expect.fail(outcome.left.message)
  return [
    made,
    Plan.show(made),
    Plan.toCurl()(made),
    Plan.canonical()(made),
    Explain.toData(Plan.explain(made)),
    failed,
  ]
}

const exchangeThatNames = () => {
  const begun = Exchange.start({ session: Session.withHeader('X-Mine', CANARY)(Session.empty) })(
    Request.withSensitiveHeaders('X-Mine')(Request.get('http://h.test/')),
  )
  return E.isRight(begun) ? [begun.right.plan, begun.right.merged.settings] : expect.fail(begun.left.message)
}

const digested = (): ReadonlyArray<Plan.Plan> => {
  const signing = pipe(Session.empty, Session.withDigestAuth('me', CANARY))
  const ask = at(401, { 'www-authenticate': 'Digest realm="r", nonce="n", qop="auth"' })
  const { hops } = Exchange.simulate({ session: signing, jar, now })(ask)(Request.get('http://h.test/'))
  return hops.map((hop) => hop.plan)
}

const differences = (): unknown => {
  const other = planned(
    pipe(request, Request.withBasicAuth('you', `${CANARY}2`), Request.withCookie('mine', CANARY + 3)),
  )
  return [Plan.diff(plan)(other), Diff.render()(Plan.diff(plan)(other))]
}

/** The body of a reply is the user's data, and not kept in a trace; the response holds it. */
const traced = () => {
  const trace = Exchange.simulate({ session, environment, jar, now })({
    ...(redirects as Readonly<Record<string, { readonly status: number }>>),
    'GET https://other.test/': { status: 200, headers: setsCookie, body: 'nothing' },
  })(request)
  expect(trace.hops.length).toBe(2)
  return trace
}

describe('no printer shows a secret of an error', () => {
  const tagOf = (outcome: E.Either<HttpError.HttpError, unknown>): string =>
    E.isLeft(outcome) ? outcome.left._tag : 'none'

  const planError = (one: Request.Request): E.Either<HttpError.HttpError, unknown> =>
    Plan.plan({ session, environment })(one)
  it.each<readonly [string, Request.Request]>([
    ['InvalidUrl', Request.get(`http://u:${CANARY}@[bad/`)],
    ['MissingScheme', Request.get('h.test/')],
    ['UnsupportedScheme', Request.get(`ftp://u:${CANARY}@h.test/`)],
    ['UnsupportedScheme', Request.get(`u:${CANARY}@h.test/`)],
    ['UnsupportedScheme', Request.get('ftp://h.test/')],
    ['InvalidHeader', Request.withHeader('X-Api-Key', `${CANARY}\n`)(request)],
    ['InvalidHeader', Request.withCookie('mine', `${CANARY};`)(request)],
    ['InvalidProxy', Request.withProxy(`http://u:${CANARY}@[bad`)(request)],
    ['InvalidProxy', Request.withProxy(`gopher://u:${CANARY}@h`)(request)],
    ['InvalidBody', Request.withJson({ pass: CANARY, n: Number.NaN })(request)],
    ['InvalidBody', Request.withJson({ pass: CANARY, n: 1n })(request)],
    ['InvalidSettings', Request.withTimeouts({ read: -1 })(request)],
    ['SigningFailed', Request.withAuth(Auth.signer('sig', () => expect.fail('no')))(request)],
  ])('%s', (tag, one) => {
    const outcome = planError(one)
    expect(tagOf(outcome)).toBe(tag)
    expect(leaks(outcome)).toEqual([])
    expect(E.isLeft(outcome) ? HttpError.show(outcome.left) : '').not.toMatch(BASIC)
  })

  it.each(Fault.TAGS)('%s', async (tag) => {
    const outcome = await run(faulty(tag))
    expect(tagOf(outcome)).toBe(tag)
    expect(leaks(outcome)).toEqual([])
    expect(leaks(Story.render()(Story.ofOutcome(outcome)))).toEqual([])
  })

  const loop = at(302, { location: '/' })
  const once = Request.withOnce(
    (async function* () {
      yield Buffer.from(CANARY)
    })(),
  )
  const cases: ReadonlyArray<readonly [string, Transport.Server, Request.Request, Session.Session]> = [
    ['TooManyRedirects', loop, request, Session.withMaxRedirects(2)(session)],
    ['InvalidRedirect', at(302, { location: `http://u:${CANARY}@[bad/` }), request, session],
    ['RedirectRefused', loop, request, Session.withRedirectPolicy(() => RedirectPolicy.toRefuse('no'))(session)],
    ['UnrewindableBody', at(307, { location: '/x' }), once(request), session],
    ['HookFailed', at(200), request, Session.withHook(() => async () => E.left('no'))(session)],
  ]
  it.each(cases)('%s', async (tag, server, one, from) => {
    const outcome = await run(Transport.memory(server), one, from)
    expect(tagOf(outcome)).toBe(tag)
    expect(leaks(outcome)).toEqual([])
    expect(leaks(Story.render()(Story.ofOutcome(outcome)))).toEqual([])
  })

  it('of a response', async () => {
    const outcome = await run(Transport.memory(at(404)))
    expect(leaks(outcome)).toEqual([])
    expect(leaks(E.flatMap(Response.ok)(outcome))).toEqual([])
    expect(tagOf(pipe(outcome, E.flatMap(Response.ok)))).toBe('StatusError')
    const notJson = await run(Transport.memory(() => ({ status: 200, headers: setsCookie, body: 'x' })))
    expect(tagOf(pipe(notJson, E.flatMap(Response.json(E.right))))).toBe('NotJson')
    expect(leaks(pipe(notJson, E.flatMap(Response.json(E.right))))).toEqual([])
    const wrong = await run(Transport.memory(() => ({ status: 200, headers: setsCookie, body: '1' })))
    expect(tagOf(pipe(wrong, E.flatMap(Response.json(t.string.decode))))).toBe('InvalidPayload')
    expect(leaks(pipe(wrong, E.flatMap(Response.json(t.string.decode))))).toEqual([])
  })

  it('of a tape', async () => {
    const entries: Tape.Entry[] = []
    const recorded = Transport.record((entry) => () => void entries.push(entry))(Transport.memory(redirects))
    expect(E.isRight(await run(recorded))).toBe(true)
    const tape = entries.reduce((made, entry) => Tape.append(entry)(made), Tape.empty)
    expect(tape.entries.length).toBe(2)
    // The body of a reply is on the tape, as it says; all else is not.
    const heads = tape.entries.map(({ outcome, ...rest }) => [
      rest,
      E.map((answered: Tape.Answered) => answered.headers)(outcome),
    ])
    expect(leaks(heads)).toEqual([])
    expect(leaks(tape.entries[0])).toEqual([])
  })
  it('of a curl line that cannot be read', () => {
    const lines = [
      `curl -u me:${CANARY} 'https://h.test`,
      `curl -H 'Authorization: ${CANARY}' --nothing`,
      `curl -u me:${CANARY} a b`,
    ]
    for (const line of lines) expect(leaks(Request.fromCurl(line))).toEqual([])
  })
  it('of a request from a curl line', () => {
    const line = `curl https://u:p@h.test -u me:${CANARY} -x http://u:${CANARY}@p:1 --pass ${CANARY} -E c.pem`
    const made = Request.fromCurl(line)
    expect(E.isRight(made)).toBe(true)
    expect(leaks(made)).toEqual([])
  })
})

describe('no printer shows a sensitive header of a reply', () => {
  const names = [
    'X-Auth-Token',
    'X-API-KEY',
    'Authorization',
    'Proxy-Authorization',
    'Private-Token',
    'Cookie',
    'Set-Cookie',
    'Set-Cookie2',
    'Authentication-Info',
    'Proxy-Authentication-Info',
    'X-Named',
    'x-VENDOR',
  ]
  const naming = Session.withSensitiveHeaders('X-Named')(session)
  const get = Request.get('http://h.test/')
  const server: Transport.Server = (asked) => ({
    status: asked.url.pathname === '/' ? 302 : 404,
    headers: [...names.map((name) => [name, `x=${CANARY}`] as const), ['Location', '/next'] as const],
  })
  const printed = (hops: ReadonlyArray<Response.Hop>): ReadonlyArray<string> => [
    ...leaks(hops),
    ...leaks(Har.ofHops()(hops).log.entries.map(({ response }) => response)),
    ...hops.flatMap(({ head }) =>
      leaks([head, Headers.toPairs(head.headers), Headers.lookup('X-Named')(head.headers)]),
    ),
  ]

  it.each<readonly [string, Transport.Transport]>([
    ['of the memory transport', Transport.memory(server)],
    [
      'of a transport that hides nothing',
      (asked) => async () => {
        const { status, headers = [] } = typeof server === 'function' ? server(asked) : expect.fail('a function')
        const made = Reply.reply({ status, body: '' })
        // The cast: what `server` gives above are pairs.
        return E.right({ ...made, headers: { fields: headers as ReadonlyArray<readonly [string, string]> } })
      },
    ],
  ])('%s: response, history, error, story, tape', async (_, transport) => {
    const entries: Tape.Entry[] = []
    const outcome = await run(Transport.record((entry) => () => void entries.push(entry))(transport), get, naming)
    if (E.isLeft(outcome)) expect.fail(outcome.left.message)
    const { headers, history } = outcome.right
    expect(history).toHaveLength(1)
    expect(printed([...history, { plan: outcome.right.plan, head: outcome.right }])).toEqual([])
    expect(
      headers.fields.map(([, value]) => Secret.reveal(value)).filter((text) => text.includes(CANARY)),
    ).toHaveLength(names.length)
    expect(leaks(Headers.toPairs(headers))).toEqual([])
    const failed = Response.ok(outcome.right)
    expect(E.isLeft(failed) && leaks(failed)).toEqual([])
    expect(entries).toHaveLength(2)
    const answered = entries.map(({ outcome: one }) => (E.isRight(one) ? one.right.headers : expect.fail('no reply')))
    expect(leaks(answered)).toEqual([])
    expect(leaks(entries)).toEqual([])
  })
  it('of a simulation', () => {
    const { hops } = Exchange.simulate({ session: naming, environment, jar, now })(server)(get)
    expect(hops).toHaveLength(2)
    expect(printed(hops)).toEqual([])
  })
  it('of an archive made by hand', () => {
    const head = {
      status: 200,
      reason: '',
      elapsed: 0,
      headers: Headers.fromPairs(names.map((name) => [name, CANARY])),
    }
    expect(leaks(Har.ofHops()([{ plan: planned(get, naming), head }]))).toEqual([])
  })
  it('shows what is not sensitive', () => {
    const head = Reply.head({
      status: 200,
      headers: { 'X-Token-Count': '7', ETag: '"a"', 'WWW-Authenticate': 'Basic' },
    })
    expect(Headers.toPairs(head.headers).map(([, value]) => value)).toEqual(['7', '"a"', 'Basic'])
  })
})
