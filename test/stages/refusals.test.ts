import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Jar from '../../src/cookies/Jar.js'
import * as Plan from '../../src/Plan.js'
import * as Auth from '../../src/session/auth/Auth.js'
import * as Environment from '../../src/session/Environment.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import { merge } from '../../src/stages/Merge.js'
import { prepare, withDefaults } from '../../src/stages/Prepare.js'
import { memory } from '../../src/transport/Memory.js'
import { untyped } from '../untyped.js'

// Why a request is rejected before anything is sent: the tag and the fields of the error.

const planned = (request: Request.Request, session = Session.empty) => Plan.plan({ session })(request)
const get = Request.get('http://h/')
const naming = (text: string) => expect.stringContaining(text)

describe('an error of prepare', () => {
  it.each<[Request.Request, object]>([
    [Request.make('', 'http://h/'), { _tag: 'InvalidSettings', setting: 'method', message: naming('""') }],
    [Request.make('GE\nT', 'http://h/'), { _tag: 'InvalidSettings', setting: 'method', message: naming('"GE\\nT"') }],
    [
      Request.get('ftp://me:canary@h/x'),
      {
        _tag: 'UnsupportedScheme',
        url: 'ftp://h/x',
        message: naming("'ftp:'"),
      },
    ],
    [
      Request.get('localhost:8080'),
      {
        _tag: 'UnsupportedScheme',
        url: 'localhost:8080',
        message: naming("'localhost:'"),
      },
    ],
    [Request.withHeader('Expect', 'x')(get), { _tag: 'InvalidHeader', name: 'Expect', message: naming('"Expect"') }],
    [Request.withProxy('http://')(get), { _tag: 'InvalidProxy', message: naming("'http://'") }],
    [Request.withJson(Number.NaN)(get), { _tag: 'InvalidBody', message: naming('NaN') }],
    [
      Request.withTimeouts({ read: 0 })(get),
      {
        _tag: 'InvalidSettings',
        setting: 'timeouts',
        message: naming('read is 0'),
      },
    ],
    [
      Request.withLimits({ body: -1 })(get),
      {
        _tag: 'InvalidSettings',
        setting: 'limits',
        message: naming('body is -1'),
      },
    ],
    [
      Request.withAuth(Auth.bearer(untyped(7)))(get),
      { _tag: 'InvalidSettings', setting: 'auth', message: naming('token') },
    ],
  ])('has the tag and fields of case %#, and a message that names the value', (request, expected) => {
    expect(planned(request)).toEqual(E.left(expected))
  })
  it.each([Number.NaN, Number.POSITIVE_INFINITY])('rejects maxRedirects of %d', (maximum) => {
    expect(planned(Request.withMaxRedirects(maximum)(get))).toEqual(
      E.left({
        _tag: 'InvalidSettings',
        setting: 'maxRedirects',
        message: naming('maxRedirects'),
      }),
    )
  })
  it('shows the value of a method that is not a string', () => {
    expect(planned(Request.make(untyped(7), 'http://h/'))).toMatchObject({
      left: { _tag: 'InvalidSettings', setting: 'method', message: naming('7') },
    })
  })
  it('reports the first problem in the order method, URL, maxRedirects, scheme, headers, cookies, auth, body, route', () => {
    const wrong: ReadonlyArray<(request: Request.Request) => Request.Request> = [
      (request) => ({ ...request, method: '' }),
      (request) => ({ ...request, url: 'no-scheme' }),
      Request.withMaxRedirects(Number.NaN),
      (request) => (request.url === 'http://h/' ? { ...request, url: 'ftp://h/' } : request),
      Request.withHeader('Expect', 'x'),
      Request.withCookie('a', ';'),
      Request.withBearer('\n'),
      Request.withJson(Number.NaN),
      Request.withProxy('http://'),
    ]
    const errors = wrong.map((_, i) => {
      const made = planned(wrong.slice(i).reduce((request, invalidate) => invalidate(request), get))
      return E.isLeft(made) ? made.left : expect.fail('planned')
    })
    expect(errors).toMatchObject([
      { _tag: 'InvalidSettings', setting: 'method' },
      { _tag: 'MissingScheme', url: 'no-scheme' },
      { _tag: 'InvalidSettings', setting: 'maxRedirects' },
      { _tag: 'UnsupportedScheme' },
      { _tag: 'InvalidHeader', name: 'Expect' },
      { _tag: 'InvalidHeader', name: 'Cookie' },
      { _tag: 'InvalidHeader', name: 'Authorization' },
      { _tag: 'InvalidBody' },
      { _tag: 'InvalidProxy' },
    ])
  })
})

describe('prepare accepts', () => {
  it.each([0, -1, 1.5])('maxRedirects of %d', (maximum) => {
    expect(E.isRight(planned(Request.withMaxRedirects(maximum)(get)))).toBe(true)
  })
  it('a URL scheme that is mounted, and no other', () => {
    const session = Session.mount(
      'app://',
      memory(() => ({ status: 200 })),
    )(Session.empty)
    expect(E.isRight(planned(Request.get('app://h/'), session))).toBe(true)
    expect(E.isRight(planned(Request.get('other://h/'), session))).toBe(false)
  })
  it('a non-standard method, in the case in which it was written', () => {
    expect(
      pipe(
        planned(Request.make('x-purge', 'http://h/')),
        E.map(({ method }) => method),
      ),
    ).toEqual(E.right('x-purge'))
  })
})

describe('the context of a plan', () => {
  it('is empty and at the epoch by default', () => {
    expect(withDefaults({})).toEqual({ jar: Jar.empty, environment: Environment.empty, now: new Date(0), entropy: '' })
  })
  it('keeps the values that are set', () => {
    const world = {
      jar: Jar.make({ nameless: true }),
      environment: Environment.make({ http_proxy: 'p' }),
      now: new Date(7),
      entropy: 'seed',
    }
    expect(withDefaults(world)).toEqual(world)
  })
  it('is used by prepare, which returns the same plan as Plan.plan', () => {
    const session = Session.withAmbient({ proxies: true })(Session.empty)
    const environment = Environment.make({ http_proxy: 'p' })
    const [jar] = Jar.absorb(new URL('http://h/'), ['a=1'], new Date(0))(Jar.empty)
    const plan = prepare({ jar, environment })(merge(session)(get))
    expect(plan).toEqual(Plan.plan({ session, jar, environment, now: new Date(0) })(get))
    expect(
      pipe(
        plan,
        E.map(({ route, headers }) => [O.isSome(route.proxy), headers.fields.length]),
      ),
    ).toEqual(E.right([true, 1]))
    expect(prepare({})(merge(session)(Request.get('x')))).toMatchObject({ left: { _tag: 'MissingScheme' } })
  })
})
