import * as E from 'fp-ts/lib/Either.js'
import { identity, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import type { Input } from '../../../src/cookies/DigestCache.js'
import * as Jar from '../../../src/cookies/Jar.js'
import * as Plan from '../../../src/Plan.js'
import * as Auth from '../../../src/session/auth/Auth.js'
import * as Environment from '../../../src/session/Environment.js'
import * as Request from '../../../src/session/Request.js'
import * as Session from '../../../src/session/Session.js'
import * as Exchange from '../../../src/stages/Exchange.js'
import * as Provenance from '../../../src/stages/prepare/Provenance.js'
import { memory } from '../../../src/transport/Memory.js'
import { untyped } from '../../untyped.js'

// Which credentials a plan has, and which are rejected before anything is sent.

/** Returns the unhandled rejections, which would end a process. */
const unhandled = async (act: () => unknown): Promise<ReadonlyArray<unknown>> => {
  const seen: unknown[] = []
  const note = (cause: unknown) => seen.push(cause)
  process.on('unhandledRejection', note)
  try {
    await act()
    await new Promise((resolve) => setImmediate(resolve))
    return seen
  } finally {
    process.off('unhandledRejection', note)
  }
}

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`
const now = new Date(0)

const authorizationOf = (url: string, session: Session.Session, given: Partial<Plan.World> = {}) =>
  pipe(
    Request.get(url),
    Plan.plan({ session, jar: Jar.empty, now, ...given }),
    E.map((plan) => new Map(Plan.wire(plan).headers).get('Authorization')),
  )
const planned = (auth: Auth.Auth) =>
  Plan.plan({ session: Session.withAuth(auth)(Session.empty) })(Request.get('http://h/'))

describe('auth of the settings', () => {
  it.each([
    ['none', Auth.none, undefined],
    ['basic', Auth.basic('me', 'pw'), basic('me:pw')],
    ['bearer', Auth.bearer('token'), 'Bearer token'],
    ['digest without a challenge', Auth.digest('me', 'pw'), undefined],
    ['a scheme that adds nothing', Auth.signer('mine', (plan) => plan), undefined],
  ])('with %s replaces the credentials of the URL and of netrc', (_, auth, expected) => {
    const environment = Environment.make({}, 'machine h login netrc password n')
    const session = pipe(Session.empty, Session.withAuth(auth), Session.withAmbient({ netrc: true }))
    expect(authorizationOf('http://url:u@h/', session, { environment })).toEqual(E.right(expected))
  })
})

describe('credentials in the URL', () => {
  const environment = Environment.make({}, 'machine h login netrc password n')
  const session = Session.withAmbient({ netrc: true })(Session.empty)
  it.each([
    ['http://u:p@h/', basic('u:p')],
    ['http://u:@h/', basic('u:')],
    ['http://:p@h/', basic(':p')],
    ['http://:@h/', undefined],
    ['http://netrc@h/', basic('netrc:n')],
    ['http://u@h/', basic('u:')],
    ['http://h/', basic('netrc:n')],
  ])('of %s: Authorization is %s', (url, expected) => {
    expect(authorizationOf(url, session, { environment })).toEqual(E.right(expected))
  })
})

it('netrc is used only for http and https', () => {
  const environment = Environment.make({}, 'machine h login netrc password n')
  const session = pipe(
    Session.withAmbient({ netrc: true })(Session.empty),
    Session.mount(
      'app://',
      memory(() => ({ status: 200 })),
    ),
  )
  expect(authorizationOf('https://h/', session, { environment })).toEqual(E.right(basic('netrc:n')))
  expect(authorizationOf('app://h/', session, { environment })).toEqual(E.right(undefined))
})

describe('the source of the credentials', () => {
  const environment = Environment.make({}, 'machine h login netrc password n')
  const netrc = Session.withAmbient({ netrc: true })(Session.empty)
  const sourceOf = (plan: Plan.Plan) =>
    pipe(
      Provenance.of(plan),
      O.map(({ credentials }) => credentials.source),
      O.toUndefined,
    )
  const token = Request.withHeader('Authorization', 'Token t')
  const digest = Request.withAuth(Auth.digest('me', 'pw'))
  const signer = Request.withAuth(Auth.signer('mine', (plan) => plan))
  const bearer = Request.withBearer('t')
  it.each<[string, string, string, (request: Request.Request) => Request.Request, Session.Session]>([
    ['Setting', 'basic', 'http://u:p@h/', Request.withAuth(Auth.basic('me', 'pw')), netrc],
    ['Setting', 'bearer', 'http://h/', bearer, Session.empty],
    ['Setting', 'a digest without a challenge', 'http://h/', digest, netrc],
    ['Setting', 'a signer', 'http://h/', signer, netrc],
    ['Disabled', 'auth none', 'http://u:p@h/', Request.withAuth(Auth.none), netrc],
    ['Disabled', 'withoutAuth', 'http://u:p@h/', Request.withoutAuth, netrc],
    ['Header', 'a header', 'http://u:p@h/', token, netrc],
    ['Url', 'no setting', 'http://u:p@h/', identity, netrc],
    ['Url', 'no setting', 'http://u:@h/', identity, netrc],
    ['UrlUser', 'no setting', 'http://u@h/', identity, netrc],
    ['Netrc', 'no setting', 'http://h/', identity, netrc],
    ['Netrc', 'no setting', 'http://netrc@h/', identity, netrc],
    ['None', 'no setting and no netrc', 'http://h/', identity, Session.empty],
    ['None', 'no setting', 'http://other/', identity, netrc],
  ])('is %s with %s for %s', (source, _, url, configure, session) => {
    const plan = Plan.plan({ session, environment, now })(configure(Request.get(url)))
    expect(pipe(plan, E.map(sourceOf))).toEqual(E.right(source))
  })
  it.each<[string, string, string, string, (request: Request.Request) => Request.Request, Session.Session]>([
    ['Header', 'bearer', 'http://h/', '/b', bearer, netrc],
    ['Header', 'a header', 'http://h/', '/b', token, netrc],
    ['Setting', 'a digest without a challenge', 'http://h/', '/b', digest, netrc],
    ['Disabled', 'withoutAuth', 'http://h/', '/b', Request.withoutAuth, netrc],
    ['Disabled', 'auth none', 'http://h/', '/b', Request.withAuth(Auth.none), netrc],
    ['Netrc', 'bearer', 'http://other/', 'http://h/', bearer, netrc],
    ['None', 'bearer', 'http://h/', 'http://other/', bearer, netrc],
    ['None', 'no setting and no netrc', 'http://h/', '/b', identity, Session.empty],
  ])('is %s with %s after a redirect from %s to %s', (source, _, url, location, configure, session) => {
    const { hops } = Exchange.simulate({ session, environment, now })((plan) =>
      plan.cause === 'Start' ? { status: 302, headers: { location } } : { status: 200 },
    )(configure(Request.get(url)))
    expect(hops.map(({ plan }) => sourceOf(plan)).at(-1)).toBe(source)
  })
})

describe('a digest with a known challenge', () => {
  const challenge: Input = {
    origin: 'http://h',
    user: 'me',
    realm: 'r',
    nonce: 'n',
    opaque: O.none,
    algorithm: O.none,
    qop: true,
  }
  const knowing = (...challenges: ReadonlyArray<Partial<Input>>) =>
    challenges.reduce<Jar.Jar>((jar, one) => Jar.remember({ ...challenge, ...one }, now)(jar), Jar.empty)
  const digest = Session.withDigestAuth('me', 'pw')(Session.empty)
  const signed = (jar: Jar.Jar, url = 'http://h/a?b=c', entropy = 'seed') => {
    const header = authorizationOf(url, digest, { jar, entropy })
    return E.isRight(header) ? header.right : header.left.message
  }
  const cnonceOf = (text: string | undefined) => /cnonce="([^"]*)"/.exec(text ?? '')?.[1] ?? ''

  it('signs the first request, for its path and query, with the next count', () => {
    expect(signed(knowing({}))).toMatch(
      /^Digest username="me", realm="r", nonce="n", uri="\/a\?b=c", response="[\da-f]{32}", qop=auth, nc=00000001, cnonce="[\da-f]{16}"$/,
    )
  })
  it.each([
    ['another origin', { origin: 'http://other.test' }],
    ['another port', { origin: 'http://h:81' }],
    ['another user', { user: 'you' }],
  ])('does not use a challenge of %s', (_, other) => {
    expect(signed(knowing(other))).toBeUndefined()
    expect(signed(knowing(other, { nonce: 'mine' }))).toContain('nonce="mine"')
  })
  it('derives the cnonce from nonce, count and entropy', () => {
    const jar = knowing({})
    const [first, again] = [signed(jar), signed(jar)]
    expect(cnonceOf(first)).toBe(cnonceOf(again))
    const used = pipe(
      Jar.challengeFor({ origin: 'http://h', user: 'me' })(jar),
      O.fold(
        () => jar,
        (known) => Jar.counted(known)(jar),
      ),
    )
    expect(signed(used)).toContain('nc=00000002')
    const cnonces = [first, signed(used), signed(knowing({ nonce: 'm' })), signed(jar, 'http://h/', 'other')].map(
      cnonceOf,
    )
    expect(new Set(cnonces).size).toBe(4)
  })
})

describe('invalid auth', () => {
  const ofType = (what: string) => ({
    _tag: 'InvalidSettings',
    setting: 'auth',
    message: expect.stringContaining(what),
  })
  const ofCharacters = (what: string) => ({
    _tag: 'InvalidHeader',
    name: 'Authorization',
    message: expect.stringContaining(what),
  })
  it.each([
    ['a token that is not a string', Auth.bearer(untyped(7)), ofType('token')],
    ['a basic user that is not a string', Auth.basic(untyped(7), 'pw'), ofType('user')],
    ['a digest user that is not a string', Auth.digest(untyped(7), 'pw'), ofType('user')],
    ['a basic password that is not a string', Auth.basic('me', untyped(7)), ofType('password')],
    ['a digest password that is not a string', Auth.digest('me', untyped(7)), ofType('password')],
    ['a token with a line end', Auth.bearer('token\n'), ofCharacters('token')],
    ['a token with a character above U+00FF', Auth.bearer('tok☃n'), ofCharacters('token')],
    ['a digest user with NUL', Auth.digest('m\0e', 'pw'), ofCharacters('user')],
    ['a digest user with a line end at its end', Auth.digest('me\n', 'pw'), ofCharacters('user')],
    ['a digest user with U+001F', Auth.digest('\x1fme', 'pw'), ofCharacters('user')],
    ['a digest user with DEL', Auth.digest('m\x7fe', 'pw'), ofCharacters('user')],
  ])('is rejected: %s', (_, auth, left) => expect(planned(auth)).toMatchObject({ left }))
  it.each([
    ['Auth.none', Auth.none],
    ['a token in Latin-1', Auth.bearer('tokén')],
    ['a digest user with a blank and non-Latin characters', Auth.digest('m e \x80 ☃', 'pw')],
    ['a basic user with a control character', Auth.basic('m\ne', 'p\nw')],
    ['an empty user and password', Auth.digest('', '')],
  ])('is not reported for %s', (_, auth) => expect(E.isRight(planned(auth))).toBe(true))
})

describe('a signer that fails', () => {
  const signedBy = (sign: () => unknown) => planned(Auth.signer('mine', untyped(sign)))
  const failure = (cause: string) => ({
    left: { _tag: 'SigningFailed', scheme: 'mine', plan: { method: 'GET' }, message: expect.stringContaining(cause) },
  })
  it.each<[string, () => unknown]>([
    ['undefined', () => undefined],
    ['null', () => null],
    ['a list', () => []],
    ['object', () => ({})],
    ['a promise', () => Promise.reject(new Error('late'))],
  ])('by returning %s is named in the error', (kind, sign) => {
    expect(signedBy(sign)).toMatchObject(failure(kind))
  })
  it('by returning a rejected promise causes no unhandled rejection', async () => {
    expect(await unhandled(() => signedBy(() => Promise.reject(new Error('late'))))).toEqual([])
  })
  it('by throwing is named in the error, with the message that it threw', () => {
    const thrown = () => {
      throw new Error('no key')
    }
    expect(signedBy(thrown)).toMatchObject(failure('no key'))
    expect(signedBy(thrown)).toMatchObject({ left: { error: new Error('no key') } })
  })
})
