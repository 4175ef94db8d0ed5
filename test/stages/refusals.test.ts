import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Jar from '../../src/cookies/Jar.js'
import * as Plan from '../../src/Plan.js'
import * as Auth from '../../src/session/Auth.js'
import * as Environment from '../../src/session/Environment.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import { merge } from '../../src/stages/Merge.js'
import { prepare, withDefaults } from '../../src/stages/Prepare.js'
import { memory } from '../../src/transport/Memory.js'
import { untyped } from '../untyped.js'

// Why there is no plan, word for word: what was wrong, and what to do.

const planned = (request: Request.Request, session = Session.empty) => Plan.plan({ session })(request)
const get = Request.get('http://h/')

describe('a refusal', () => {
  it.each<[Request.Request, object]>([
    [
      Request.make('', 'http://h/'),
      { _tag: 'InvalidSettings', setting: 'method', message: 'Invalid method: "" is not a token (RFC 9110 9.1)' },
    ],
    [
      Request.make('GE\nT', 'http://h/'),
      { _tag: 'InvalidSettings', setting: 'method', message: 'Invalid method: "GE\\nT" is not a token (RFC 9110 9.1)' },
    ],
    [
      Request.get('ftp://me:canary@h/x'),
      {
        _tag: 'UnsupportedScheme',
        url: 'ftp://h/x',
        message:
          "No transport is mounted for 'ftp://h/x': mount one for 'ftp:', or write http:// or https:// before it",
      },
    ],
    [
      Request.get('localhost:8080'),
      {
        _tag: 'UnsupportedScheme',
        url: 'localhost:8080',
        message:
          "No transport is mounted for 'localhost:8080': mount one for 'localhost:', or write http:// or https:// before it",
      },
    ],
    [
      Request.withHeader('Expect', 'x')(get),
      { _tag: 'InvalidHeader', name: 'Expect', message: 'Invalid header "Expect": it is for the transport to say' },
    ],
    [
      Request.withProxy('http://')(get),
      { _tag: 'InvalidProxy', message: "Invalid proxy: Invalid URL 'http://': no host supplied" },
    ],
    [
      Request.withJson(Number.NaN)(get),
      { _tag: 'InvalidBody', message: 'Invalid body: JSON cannot represent NaN (at $)' },
    ],
    [
      Request.withTimeouts({ read: 0 })(get),
      {
        _tag: 'InvalidSettings',
        setting: 'timeouts',
        message: 'Invalid timeouts: read is 0; it must be above 0 and below 2^31 milliseconds',
      },
    ],
    [
      Request.withLimits({ body: -1 })(get),
      {
        _tag: 'InvalidSettings',
        setting: 'limits',
        message: 'Invalid limits: body is -1; it must be 0 or more octets',
      },
    ],
    [
      Request.withAuth(Auth.bearer(untyped(7)))(get),
      { _tag: 'InvalidSettings', setting: 'auth', message: 'Invalid auth: its token is not text' },
    ],
  ])('%# says what was wrong', (request, expected) => {
    expect(planned(request)).toEqual(E.left(expected))
  })
  it.each([Number.NaN, Number.POSITIVE_INFINITY])('of a maximum of %d redirects says what it must be', (maximum) => {
    expect(planned(Request.withMaxRedirects(maximum)(get))).toEqual(
      E.left({
        _tag: 'InvalidSettings',
        setting: 'maxRedirects',
        message: 'Invalid maxRedirects: it must be a finite number',
      }),
    )
  })
  it('of a method that is no text says what it is', () => {
    expect(planned(Request.make(untyped(7), 'http://h/'))).toMatchObject({
      left: { message: 'Invalid method: 7 is not a token (RFC 9110 9.1)' },
    })
  })
  it('is of the method first, then of the URL, the maximum, the scheme, headers, cookies, auth, body and route', () => {
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
    const tags = wrong.map((_, i) => {
      const made = planned(wrong.slice(i).reduce((request, spoil) => spoil(request), get))
      return E.isLeft(made) ? made.left.message.split(/[ :]/).slice(0, 3).join(' ') : 'planned'
    })
    expect(tags).toEqual([
      'Invalid method ',
      "Invalid URL 'no-scheme'",
      'Invalid maxRedirects ',
      'No transport is',
      'Invalid header "Expect"',
      'Invalid header "Cookie"',
      'Invalid header "Authorization"',
      'Invalid body ',
      'Invalid proxy ',
    ])
  })
})

describe('what is no reason to refuse', () => {
  it.each([0, -1, 1.5])('a maximum of %d redirects', (maximum) => {
    expect(E.isRight(planned(Request.withMaxRedirects(maximum)(get)))).toBe(true)
  })
  it('a foreign scheme that is mounted', () => {
    const session = Session.mount(
      'app://',
      memory(() => ({ status: 200 })),
    )(Session.empty)
    expect(E.isRight(planned(Request.get('app://h/'), session))).toBe(true)
    expect(E.isRight(planned(Request.get('other://h/'), session))).toBe(false)
  })
  it('a method of its own, which is another one in another case', () => {
    expect(
      pipe(
        planned(Request.make('x-purge', 'http://h/')),
        E.map(({ method }) => method),
      ),
    ).toEqual(E.right('x-purge'))
  })
})

describe('the world that is left out', () => {
  it('is empty, at the epoch', () => {
    expect(withDefaults({})).toEqual({ jar: Jar.empty, environment: Environment.empty, now: new Date(0), entropy: '' })
  })
  it('is as it was given', () => {
    const world = {
      jar: Jar.make({ nameless: true }),
      environment: Environment.make({ http_proxy: 'p' }),
      now: new Date(7),
      entropy: 'seed',
    }
    expect(withDefaults(world)).toEqual(world)
  })
  it('is read by prepare, which gives what Plan.plan gives', () => {
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
