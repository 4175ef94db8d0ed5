import { inspect } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import { describe, expect, it } from 'vitest'
import * as Client from '../../src/Client.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as Http from '../../src/Http.js'
import * as HttpError from '../../src/HttpError.js'
import * as Plan from '../../src/Plan.js'
import * as Auth from '../../src/session/auth/Auth.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Exchange from '../../src/stages/Exchange.js'
import * as Transport from '../../src/Transport.js'
import * as Headers from '../../src/values/Headers.js'
import * as Proxy from '../../src/values/Proxy.js'
import * as Secret from '../../src/values/Secret.js'
import * as Url from '../../src/values/Url.js'
import type { Answer } from '../../src/wire/Reply.js'

// Credentials from any source stay on their origin, are valid in HTTP, and are never printed.

const to = (location: string): Answer => ({ status: 302, headers: { location } })

const signing = (...fields: ReadonlyArray<Headers.Field>) =>
  Auth.signer('vendor', (plan) => ({ ...plan, headers: { fields: [...plan.headers.fields, ...fields] } }))

const planned = (request: Request.Request, session = Session.empty) => Plan.plan({ session })(request)

describe('headers written by a signer', () => {
  const request = pipe(
    Request.get('http://a.test/'),
    Request.withAuth(signing(['Authorization', 'Token hunter2'], ['X-Vendor', 'hunter2'])),
  )
  it('are not sent to another origin', () => {
    const { hops } = Exchange.simulate({ session: Session.empty })({
      'GET http://a.test/': to('/again'),
      'GET http://a.test/again': to('http://evil.test/'),
      'GET http://evil.test/': { status: 200 },
    })(request)
    const sent = hops.map(({ plan }) => JSON.stringify(Plan.wire(plan).headers).includes('hunter2'))
    expect(sent).toEqual([true, true, false])
  })
  it('are never printed', () => {
    const plan = planned(request)
    expect(E.isRight(plan)).toBe(true)
    expect(JSON.stringify(plan) + inspect(plan, { depth: null, showHidden: true })).not.toContain('hunter2')
  })
  it.each<[string, ReadonlyArray<Headers.Field>]>([
    ['a line end', [['X-A', 'a\r\nX-Evil: 1']]],
    ['an invalid name', [['X A', 'a']]],
    ['a header that belongs to the transport', [['Expect', '100-continue']]],
    [
      'a second length',
      [
        ['Content-Length', '1'],
        ['content-length', '2'],
      ],
    ],
  ])('are rejected with %s', (_, fields) => {
    const plan = planned(pipe(Request.get('http://a.test/'), Request.withAuth(signing(...fields))))
    expect(E.isLeft(plan) ? plan.left._tag : plan).toBe('SigningFailed')
  })
})

it.each([
  ['a bearer token with a line end', Request.withBearer('hunter2\n')],
  ['a bearer token that would inject a header', Request.withBearer('hunter2\r\nX-Evil: 1')],
  ['a digest user that would inject a header', Request.withDigestAuth('me\r\nX-Evil: 1', 'pw')],
])('%s is rejected before anything is sent', (_, withAuth) => {
  const plan = planned(withAuth(Request.get('http://a.test/')))
  expect(E.isLeft(plan) ? plan.left._tag : plan).toBe('InvalidHeader')
  expect(JSON.stringify(plan)).not.toMatch(/hunter2|Evil/)
})

it('an Authorization header edited into a plan is not sent to another origin', async () => {
  const seen: Array<readonly [string, boolean]> = []
  const transport = Transport.memory((plan) => {
    seen.push([plan.url.hostname, Headers.has('Authorization')(plan.headers)])
    return plan.url.hostname === 'a.test' ? to('http://evil.test/') : { status: 200 }
  })
  const program = pipe(
    Http.start(Request.get('http://a.test/')),
    SRTE.map((x) => ({
      ...x,
      plan: { ...x.plan, headers: Headers.append('Authorization', 'by hand')(x.plan.headers) },
    })),
    SRTE.flatMap(Http.resume),
  )
  await pipe(program, Client.use({ session: Session.empty, transport }))()
  expect(seen).toEqual([
    ['a.test', true],
    ['evil.test', false],
  ])
})

describe('a password in a URL', () => {
  it.each([
    'http://me:hunt#er2@h/',
    'http://me:hunt/er2@h/',
    'http://me:hunter2?@h/',
    'me:hunter2@h/x',
    'ftp://me:hunter2@h/x',
    'http://me:hunter2@h:99999/',
    'http://me:hunter2@ho st/',
  ])('in %s is not in the error message', (url) => {
    const plan = planned(Request.get(url))
    expect(E.isLeft(plan)).toBe(true)
    expect(JSON.stringify(plan)).not.toMatch(/hunt|er2/)
    const proxy = Proxy.parse(url)
    expect(JSON.stringify(proxy)).not.toMatch(/hunt|er2/)
  })
  it('is removed from the URL of a plan for a mounted scheme', () => {
    const session = Session.mount(
      'ftp://',
      Transport.memory(() => ({ status: 200 })),
    )(Session.empty)
    const plan = planned(Request.get('ftp://me:hunter2@h:21/x'), session)
    expect(
      pipe(
        plan,
        E.map(({ url }) => [url.href, url.hostname, url.port, url.pathname]),
      ),
    ).toEqual(E.right(['ftp://h:21/x', 'h', '21', '/x']))
    expect(JSON.stringify(plan)).not.toContain('hunter2')
  })
  it('is not mistaken for text after the host that contains an @', () => {
    expect(Url.masked('http://h:80/ /x?mail=a@b')).toBe('http://h:80/ /x?mail=a@b')
    expect(Url.masked('http://h/ /x?mail=a@b')).toBe('http://h/ /x?mail=a@b')
  })
})

describe('encoding a session without its secrets', () => {
  it.each([
    ['a well-known secret header', Session.withHeader('Authorization', 'Bearer hunter2'), 'headers.Authorization'],
    ['a Cookie header', Session.withHeader('Cookie', 'sid=hunter2'), 'headers.Cookie'],
    ['a base URL with a password', Session.withBaseUrl('https://me:hunter2@h/'), 'baseUrl'],
  ])('reports %s, which is never printed', (_, withIt, path) => {
    const session = withIt(Session.empty)
    const saved = Session.encode()(session)
    expect(E.isLeft(saved) ? saved.left.paths : saved).toEqual([path])
    expect(inspect(session, { depth: null, showHidden: true }) + JSON.stringify(session)).not.toContain('hunter2')
    const revealed = pipe(Session.encode({ reveal: true })(session), E.flatMap(Session.decode))
    expect(E.isRight(revealed)).toBe(true)
  })
  it('reports a header named by withSensitiveHeaders', () => {
    const session = pipe(Session.empty, Session.withHeader('X-Key', 'hunter2'), Session.withSensitiveHeaders('X-Key'))
    const saved = Session.encode()(session)
    expect(E.isLeft(saved) ? saved.left.paths : saved).toEqual(['headers.X-Key'])
  })
  it('keeps the credentials of the base URL usable', () => {
    const plan = planned(Request.get('x'), Session.withBaseUrl('https://me:hunter2@h/v1')(Session.empty))
    const header = pipe(
      plan,
      E.map(({ url, headers }) => [url.href, Secret.reveal(Headers.find(headers, 'Authorization') ?? '')]),
    )
    expect(header).toEqual(E.right(['https://h/v1/x', `Basic ${Buffer.from('me:hunter2').toString('base64')}`]))
  })
})

it('an error before the first byte has the jar of the program', async () => {
  const sent: Array<string | undefined> = []
  const transport = Transport.memory((plan) => {
    const cookie = Headers.find(plan.headers, 'Cookie')
    sent.push(cookie === undefined ? undefined : Secret.reveal(cookie))
    return { status: 200, headers: { 'set-cookie': 'sid=1' } }
  })
  const jars: Array<number> = []
  const program = pipe(
    Http.get('http://a.test/login'),
    SRTE.flatMap(() => Http.get('no-scheme')),
    Http.orElse((error) => {
      jars.push(
        pipe(
          HttpError.jar(error),
          O.match(
            () => -1,
            (jar) => Jar.toArray(jar).length,
          ),
        ),
      )
      return Http.get('http://a.test/page')
    }),
  )
  await pipe(program, Client.use({ session: Session.empty, transport }))()
  expect(jars).toEqual([1])
  expect(sent).toEqual([undefined, 'sid=1'])
})
