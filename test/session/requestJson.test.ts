import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Auth, Body, Environment, Head, Headers, Plan, Reply, Request, Secret, Session } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { environment } from '../../laws/arbitrary/Environment.js'
import { request as configured } from '../../laws/arbitrary/Settings.js'

const reveal = { reveal: true }
const paths = <A>(encoded: E.Either<{ readonly paths: ReadonlyArray<string> }, A>): unknown =>
  E.isLeft(encoded) ? encoded.left.paths : 'encoded'
const throughJson = (u: unknown): unknown => JSON.parse(JSON.stringify(u))

const anyText = fc.string({ unit: 'binary' })
const octets = fc.uint8Array({ maxLength: 20 })
const part = fc.record(
  {
    name: anyText,
    content: fc.oneof(anyText, octets),
    filename: anyText,
    contentType: fc.constantFrom('text/plain', 'image/png'),
    headers: fc.array(fc.tuple(fc.constantFrom('X-A', 'X-B'), fc.constantFrom('1', 'é')), { maxLength: 2 }),
  },
  { requiredKeys: ['name', 'content'] },
)
const body: fc.Arbitrary<Body.Body> = fc.oneof(
  fc.constant(Body.empty),
  octets.map(Body.bytes),
  anyText.map(Body.text),
  fc.jsonValue().map(Body.json),
  fc.jsonValue().map((value) => Body.jsonText(JSON.stringify(value, null, 1), value)),
  fc.array(fc.tuple(anyText, anyText), { maxLength: 4 }).map(Body.form),
  fc.array(part, { maxLength: 3 }).map(Body.multipart),
)

describe('a request as JSON', () => {
  it('decodes to an equal request, which plans the same', () =>
    fc.assert(
      fc.property(configured, body, (base, content) => {
        const request = Request.withBody(content)(base)
        const encoded = Request.encode(reveal)(request)
        // Settings may have functions.
        if (E.isLeft(encoded)) return
        const again = Request.decode(throughJson(encoded.right))
        if (E.isLeft(again)) expect.fail(again.left.message)
        expect(Request.Eq.equals(again.right, request)).toBe(true)
        const plan = Plan.plan({ session: Session.empty, entropy: 'seed' })
        const canonical = (one: Request.Request) => pipe(plan(one), E.map(Plan.canonical()))
        expect(canonical(again.right)).toEqual(canonical(request))
      }),
      { numRuns: 300 },
    ))
  it('lists functions, streams and secrets by their path', () => {
    const one = Request.post('https://h.test/')
    const open = async function* () {}
    const stream = { open, length: 1 }
    const hook = Request.withHook(() => async () => E.left('no'))
    const cases: ReadonlyArray<readonly [Request.Request, unknown]> = [
      [Request.withStream(open)(one), ['body']],
      [Request.withOnce(open())(one), ['body']],
      [Request.withBytes(new Uint8Array([1]))(one), ['body.bytes']],
      [Request.withJson(Number.NaN)(one), ['body']],
      [Request.withBody(Body.jsonText('{', {}))(one), ['body']],
      [Request.withMultipart({ a: 'text', f: stream })(one), ['body.parts[1].content (f)']],
      [pipe(one, Request.withBasicAuth('me', 'hunter2')), ['auth.pass']],
      [pipe(one, Request.withAuth(Auth.signer('mine', (plan) => plan))), ['auth (mine)']],
      [hook(one), ['hooks[0]']],
      [Request.make('A\nB', 'https://h.test/'), ['method']],
    ]
    for (const [request, expected] of cases) expect(paths(Request.encode()(request))).toEqual(expected)
  })
  it.each<[string, object, string]>([
    ['another format', { format: 'requests-ts/session' }, 'format'],
    ['a newer version', { version: 2 }, 'version'],
    ['no method', { method: undefined }, 'method'],
    ['a line break in the URL', { url: 'https://h.test/\r\nX: 1' }, 'url'],
    ['an unknown body', { body: { kind: 'Stream' } }, 'body'],
    ['base64 that is not one', { body: { kind: 'Bytes', base64: 'a' } }, 'body'],
    ['JSON that is not one', { body: { kind: 'Json', text: '{' } }, 'body'],
    [
      'a part with base64 that is not one',
      { body: { kind: 'Multipart', parts: [{ name: 'a', content: { base64: '!' } }] } },
      'body.parts.0',
    ],
  ])('is refused with %s', (_, change, place) => {
    const json = pipe(
      Request.get('https://h.test/'),
      Request.encode(),
      E.getOrElseW(() => expect.fail('not encoded')),
    )
    const decoded = Request.decode(throughJson({ ...json, ...change }))
    expect(decoded).toMatchObject({ left: { _tag: 'Unreadable' } })
    expect(E.isLeft(decoded) && decoded.left.problems.join()).toMatch(place)
  })
})

describe('an environment as JSON', () => {
  it('decodes to the same environment', () =>
    fc.assert(
      fc.property(environment, (one) => {
        const again = pipe(one, Environment.encode(reveal), E.map(throughJson), E.flatMap(Environment.decode))
        const opened = ({ variables, netrc, problems, netrcPath }: Environment.Environment) => [
          [...variables].map(([name, value]) => [name, Secret.reveal(value)]),
          Secret.reveal(netrc),
          problems,
          netrcPath,
        ]
        expect(pipe(again, E.map(opened))).toEqual(E.right(opened(one)))
      }),
    ))
  it('lists what is secret, and needs no permission for an empty one', () => {
    const hidden = Environment.make({ http_proxy: 'http://p.test', NO_PROXY: '' }, 'machine h login l password p')
    expect(paths(Environment.encode()(hidden))).toEqual(['variables.http_proxy', 'netrc'])
    expect(paths(Environment.encode()(Environment.empty))).toBe('encoded')
  })
})

describe('a head as JSON', () => {
  const value = fc.oneof(fc.constantFrom('', 'a', 'é', 'a\tb'), fc.constantFrom('s3cr3t').map(Secret.make))
  const ms = fc.nat(1000)
  const timings = fc.record(
    {
      queue: ms,
      dns: ms,
      connect: ms,
      send: ms,
      wait: ms,
      receive: ms,
      reused: fc.boolean(),
      remoteAddress: fc.ipV6(),
    },
    { requiredKeys: ['queue', 'send', 'wait'] },
  )
  const head: fc.Arbitrary<Head.Head> = fc
    .record({
      status: fc.integer({ min: 100, max: 599 }),
      reason: fc.constantFrom('', 'OK', 'Gefunden é'),
      fields: fc.array(fc.tuple(fc.constantFrom('Set-Cookie', 'x', 'X'), value), { maxLength: 5 }),
      elapsed: fc.double({ min: 0, max: 1e6, noNaN: true }),
      more: fc.oneof(
        fc.constantFrom({}, { httpVersion: 'HTTP/2' as const }, { finalUrl: 'https://h.test/b' }),
        fc.record({ timings }),
      ),
    })
    .map(({ fields, more, ...rest }) => ({ ...rest, headers: Headers.fromPairs(fields), ...more }))

  it('decodes to the same head', () =>
    fc.assert(
      fc.property(head, (one) => {
        const again = pipe(one, Head.encode(reveal), E.map(throughJson), E.flatMap(Head.decode))
        if (E.isLeft(again)) expect.fail('not decoded')
        expect(Headers.EqStrict.equals(again.right.headers, one.headers)).toBe(true)
        expect({ ...again.right, headers: 0 }).toEqual({ ...one, headers: 0, elapsed: one.elapsed + 0 })
      }),
    ))
  it('lists what is secret', () => {
    const secret = Reply.head({ status: 200, headers: { 'set-cookie': 'sid=1', etag: '"a"' } })
    expect(paths(Head.encode()(secret))).toEqual(['headers[0] (set-cookie)'])
  })
})
