import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import * as Jar from '../../src/cookies/Jar.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import type * as Settings from '../../src/session/Settings.js'
import * as Exchange from '../../src/stages/Exchange.js'
import type { Server } from '../../src/wire/Reply.js'

// A whole exchange against a pure server: its trace, its response, and how it can end.

const now = new Date(0)
const [jar] = Jar.absorb(new URL('http://h/'), ['old=1'], now)(Jar.empty)
const run = (server: Server, request = Request.get('http://h/'), session = Session.empty) =>
  Exchange.simulate({ session, jar, now })(server)(request)
const names = (held: Jar.Jar) => Jar.toArray(held).map(({ name }) => name)
const setting = (name: string) => ({ 'set-cookie': `${name}=1` })

describe('a response', () => {
  const server: Server = {
    'GET /': { status: 302, headers: { location: '/x', ...setting('first') } },
    'GET /x': {
      status: 203,
      reason: 'Perhaps',
      headers: { 'content-type': 'text/plain; charset=latin1', ...setting('second') },
      body: 'hello',
    },
  }
  const trace = run(server)
  const response = E.isRight(trace.outcome) ? trace.outcome.right : expect.fail('there is none')
  it('is the last reply, with its body', () => {
    const [, last] = trace.hops
    expect(response).toMatchObject({ status: 203, reason: 'Perhaps', elapsed: 0, url: 'http://h/x', next: O.none })
    expect(response.headers).toBe(last?.head.headers)
    expect(response.plan).toBe(last?.plan)
    expect(Buffer.from(response.bytes).toString()).toBe('hello')
  })
  it('has the hops before it, its own cookies, and the jar after it', () => {
    expect(response.history).toEqual(trace.hops.slice(0, 1).map(({ plan, head }) => ({ plan, head })))
    expect(response.cookies.map(({ name }) => name)).toEqual(['second'])
    expect(response.jar).toBe(trace.jar)
    expect(trace.hops.map((hop) => names(hop.jar))).toEqual([
      ['old', 'first'],
      ['old', 'first', 'second'],
    ])
  })
  it.each<[string, string | ReadonlyArray<string>, O.Option<string>]>([
    ['the charset of its Content-Type', 'text/html; charset=latin1', O.some('latin1')],
    ['none where it names none', 'text/html', O.none],
    ['the last of several lines', ['text/html; charset=a', 'text/html; charset=b'], O.some('b')],
  ])('is read as %s', (_, type, expected) => {
    const { outcome } = run({ 'GET /': { status: 200, headers: { 'content-type': type } } })
    expect(E.isRight(outcome) && outcome.right.encoding).toEqual(expected)
  })
  it('is read as nothing in particular where it has no Content-Type, and sets no cookie', () => {
    const { outcome } = run({ 'GET /': { status: 200 } })
    expect(E.isRight(outcome) && outcome.right).toMatchObject({ encoding: O.none, cookies: [], history: [] })
  })
})

describe('the hooks of a trace', () => {
  it('are named in their order, and not run', () => {
    const hook: Settings.Hook = () => expect.fail('it was run')
    const session = pipe(
      Session.empty,
      Session.withHook(Object.defineProperty((head) => TE.right(head), 'name', { value: '' })),
      Session.withHook(hook),
    )
    expect(run({ 'GET /': { status: 200 } }, undefined, session).hooks).toEqual(['anonymous', 'hook'])
    expect(run({ 'GET /': { status: 200 } }).hooks).toEqual([])
  })
})

describe('an exchange that fails', () => {
  it('before it is sent has no hop, and the jar as it was', () => {
    const { hops, hooks, jar: after, outcome } = run({}, Request.get('no-scheme'))
    expect({ hops, hooks }).toEqual({ hops: [], hooks: [] })
    expect(after).toBe(jar)
    expect(outcome).toMatchObject({ left: { _tag: 'MissingScheme', history: [], jar } })
  })
  it('by its server has the hops and the cookies until then', () => {
    const server: Server = {
      'GET /': { status: 302, headers: { location: '/x', ...setting('first') } },
      'GET /x': () => {
        throw new Error('oops')
      },
    }
    const { hops, hooks, jar: after, outcome } = run(server)
    expect(hops.map(({ head }) => head.status)).toEqual([302])
    expect(hooks).toEqual([])
    expect(names(after)).toEqual(['old', 'first'])
    expect(E.isLeft(outcome) && outcome.left).toMatchObject({
      _tag: 'ProtocolError',
      message: "The server's function failed: oops",
      plan: { url: { href: 'http://h/x' } },
    })
    expect(E.isLeft(outcome) && [outcome.left.history.length, outcome.left.jar]).toEqual([1, after])
  })
  it('by a refusal has the hop that was refused, and its cookies', () => {
    const server: Server = { 'GET /': { status: 302, headers: { location: 'ftp://h/', ...setting('first') } } }
    const { hops, jar: after, outcome } = run(server)
    expect(hops.map((hop) => [hop.head.status, names(hop.jar)])).toEqual([[302, ['old', 'first']]])
    expect(names(after)).toEqual(['old', 'first'])
    expect(E.isLeft(outcome) && [outcome.left._tag, outcome.left.jar]).toEqual(['RedirectRefused', after])
  })
  it('by a body above the limit has its hop, and its cookies', () => {
    const server: Server = { 'GET /': { status: 200, headers: setting('first'), body: '12345' } }
    const limited = (body: number) => run(server, pipe(Request.get('http://h/'), Request.withLimits({ body })))
    expect(E.isRight(limited(5).outcome)).toBe(true)
    const { hops, jar: after, outcome } = limited(4)
    expect(hops).toHaveLength(1)
    expect(names(after)).toEqual(['old', 'first'])
    expect(E.isLeft(outcome) && outcome.left).toMatchObject({
      _tag: 'BodyTooLarge',
      message: 'The body is larger than 4 octets; raise limits.body or use Http.stream',
      plan: { url: { href: 'http://h/' } },
      history: [],
    })
    expect(E.isLeft(outcome) && outcome.left.jar).toBe(after)
  })
})

it('a world that is left out is empty: no jar, no environment, the epoch, and the same chance each time', () => {
  const server: Server = () => ({
    status: 200,
    headers: { 'set-cookie': 'a=1; Expires=Thu, 01 Jan 1970 00:00:10 GMT' },
  })
  const trace = Exchange.simulate({ session: Session.empty })(server)(Request.get('http://h/'))
  expect(names(trace.jar)).toEqual(['a'])
  expect(trace.hops[0]?.plan.route.proxy).toEqual(O.none)
})
