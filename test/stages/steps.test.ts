import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import type { Input } from '../../src/cookies/DigestCache.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as Plan from '../../src/Plan.js'
import type * as RedirectPolicy from '../../src/session/RedirectPolicy.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Exchange from '../../src/stages/Exchange.js'
import * as Headers from '../../src/values/Headers.js'
import * as Override from '../../src/values/Override.js'
import * as Secret from '../../src/values/Secret.js'
import { type HeadInput, head } from '../../src/wire/Reply.js'
import { untyped } from '../untyped.js'

// The state machine of an exchange, step by step: its start, the step after each kind of reply, and its errors.

const now = new Date(0)
const DIGEST = 'Digest realm="r", nonce="n", qop="auth"'
const challenge: Input = {
  origin: 'http://h',
  user: 'me',
  realm: 'r',
  nonce: 'n',
  opaque: O.none,
  algorithm: O.none,
  qop: true,
}
const digest = Session.withDigestAuth('me', 'pw')(Session.empty)
const remembering = (...origins: ReadonlyArray<string>) =>
  origins.reduce<Jar.Jar>((jar, origin) => Jar.remember({ ...challenge, origin }, now)(jar), Jar.empty)
const countOf = (jar: Jar.Jar, origin = 'http://h') =>
  pipe(
    Jar.challengeFor({ origin, user: 'me' })(jar),
    O.map(({ count }) => count),
    O.toUndefined,
  )

const started = (request = Request.get('http://h/'), session = Session.empty, jar = Jar.empty): Exchange.Exchange => {
  const begun = Exchange.start({ session, jar, now, entropy: 'seed' })(request)
  return E.isRight(begun) ? begun.right : expect.fail(begun.left.message)
}
const settled = (input: HeadInput, x = started()) => Exchange.settle(now)(head(input))(x)
const redirect: HeadInput = { status: 302, headers: { location: '/x' } }
const challenging: HeadInput = { status: 401, headers: { 'www-authenticate': DIGEST } }
const refusal = (step: Exchange.Step) => (step._tag === 'Refuse' ? step.error : step._tag)

async function* chunks() {
  yield new Uint8Array(1)
}
const once = pipe(Request.post('http://h/'), Request.withOnce(chunks()))

describe('the next nonce of a reply', () => {
  const INFO = { 'authentication-info': 'nextnonce="next"' }
  const nonceOf = (jar: Jar.Jar) =>
    pipe(
      Jar.challengeFor({ origin: 'http://h', user: 'me' })(jar),
      O.map(({ nonce }) => nonce),
      O.toUndefined,
    )
  const signed = started(undefined, digest, remembering('http://h'))
  const newer = Jar.remember({ ...challenge, nonce: 'newer' }, now)(signed.jar)
  const ofUser = (value: string) =>
    started(pipe(Request.get('http://h/'), Request.withHeader('Authorization', value)), Session.empty, signed.jar)
  it.each<[string, Exchange.Exchange, HeadInput['headers'], string | undefined]>([
    ['replaces the nonce that the plan used', signed, INFO, 'next'],
    ['is kept without Authentication-Info', signed, {}, 'n'],
    ['is ignored without a nextnonce', signed, { 'authentication-info': 'qop=auth' }, 'n'],
    ['does not replace a newer nonce', { ...signed, jar: newer }, INFO, 'newer'],
    ['is ignored by a jar that forgot the challenge', { ...signed, jar: Jar.empty }, INFO, undefined],
    ['is ignored if the plan was not signed', { ...started(undefined, digest), jar: signed.jar }, INFO, 'n'],
    ['is ignored without a digest', ofUser('Digest username="me", realm="r", nonce="n"'), INFO, 'n'],
    ['is ignored if the user signed', { ...ofUser('Token t'), merged: signed.merged }, INFO, 'n'],
  ])('%s', (_, x, headers, expected) => {
    const step = settled({ status: 200, ...(headers === undefined ? {} : { headers }) }, x)
    expect(step._tag === 'Done' && nonceOf(step.exchange.jar)).toBe(expected)
  })
})

describe('Exchange.start', () => {
  it('has no history, an unchanged jar, and allows credentials', () => {
    const [jar] = Jar.absorb(new URL('http://h/'), ['a=1'], now)(Jar.empty)
    const x = started(undefined, undefined, jar)
    expect(x).toMatchObject({ history: [], entropy: 'seed', credentialsAllowed: true })
    expect(x.jar).toBe(jar)
    expect(x.plan.cause).toBe('Start')
  })
  it('fails with an empty history and an unchanged jar', () => {
    const jar = remembering('http://h')
    const begun = Exchange.start({ session: Session.empty, jar, now })(Request.get('h'))
    expect(begun).toMatchObject({ left: { _tag: 'MissingScheme', history: [] } })
    expect(E.isLeft(begun) && begun.left.jar).toBe(jar)
  })
  it.each([
    ['a digest that signs the first request', 1, digest],
    ['a digest of another user', 0, Session.withDigestAuth('you', 'pw')(Session.empty)],
    ['basic', 0, Session.withBasicAuth('me', 'pw')(Session.empty)],
    ['no auth', 0, Session.empty],
    ['withoutAuth', 0, Session.withoutAuth(Session.empty)],
  ])('with %s sets the nonce count to %d', (_, count, session) => {
    expect(countOf(started(undefined, session, remembering('http://h')).jar)).toBe(count)
  })
  it('keeps neither the body nor the userinfo of URLs in its settings', () => {
    const session = Session.withBaseUrl('http://me:pw@h/v1')(Session.empty)
    const { merged } = started(pipe(Request.post('x'), Request.withText('abc')), session)
    expect(merged.request).toMatchObject({ url: 'http://h/v1/x', body: { _tag: 'Empty' } })
    expect([merged.session, merged.request, merged].map(({ settings }) => settings.baseUrl)).toEqual([
      { _tag: 'Set', value: 'http://h/v1' },
      { _tag: 'Inherit' },
      { _tag: 'Set', value: 'http://h/v1' },
    ])
    const own = started(Request.get('http://me:pw@h/x')).merged
    expect(own.request.url).toBe('http://h/x')
  })
  it('keeps everything else of the merged settings', () => {
    const session = Session.withBaseUrl('http://h/v1')(Session.empty)
    const { merged } = started(pipe(Request.post('x'), Request.withText('abc')), session)
    expect(merged.session).toBe(session)
    expect(merged.request).toMatchObject({ method: 'POST', url: 'x', body: { _tag: 'Empty' } })
    const request = Request.get('x')
    expect(started(request, session).merged.request).toBe(request)
  })
})

describe('an error of an exchange', () => {
  const hook = { name: 'mine' }
  const { plan } = started()
  it.each<[{ readonly name: string }, 'Refused' | 'Threw', unknown, RegExp]>([
    [hook, 'Refused', new Error('oops'), /'mine' .* GET http:\/\/h\/: oops$/],
    [hook, 'Threw', new Error('oops'), /'mine' .* GET http:\/\/h\/: oops$/],
    [hook, 'Refused', { message: 'no' }, /'mine' .* GET http:\/\/h\/: no$/],
    [hook, 'Refused', {}, /'mine' .* GET http:\/\/h\/$/],
    [hook, 'Refused', null, /'mine' .* GET http:\/\/h\/$/],
    [hook, 'Refused', undefined, /'mine' .* GET http:\/\/h\/$/],
    [hook, 'Refused', 'canary', /'mine' .* GET http:\/\/h\/$/],
    [{ name: '' }, 'Threw', 'canary', /'anonymous' .* GET http:\/\/h\/$/],
  ])('names the hook %j that %s with %j and shows only the message of an error', (by, how, error, message) => {
    const failed = Exchange.hookFailed(plan, by, how, error)
    const matching = expect.stringMatching(message)
    expect(failed).toEqual({ _tag: 'HookFailed', plan, hook: by.name || 'anonymous', error, message: matching })
  })
  it('distinguishes a hook that returned a Left from one that threw', () => {
    const messageOf = (how: 'Refused' | 'Threw') => Exchange.hookFailed(plan, hook, how, new Error('oops')).message
    expect(messageOf('Refused')).not.toBe(messageOf('Threw'))
  })
  it('for a one-shot body that would be sent twice names the request', () => {
    const x = started(once)
    expect(Exchange.bodyConsumedError(x)).toMatchObject({
      _tag: 'UnrewindableBody',
      message: expect.stringContaining('POST http://h/'),
      history: [],
    })
    expect(Exchange.bodyConsumedError(x).jar).toBe(x.jar)
  })
})

describe('a final reply', () => {
  it('ends the exchange, with its cookies in the jar', () => {
    const step = settled({ status: 200, headers: { 'set-cookie': ['a=1', 'b=2; Max-Age=0'] } })
    if (step._tag !== 'Done') return expect.fail(step._tag)
    expect(step.head.status).toBe(200)
    expect(step.cookies.map(({ name }) => name)).toEqual(['a'])
    expect(Jar.toArray(step.exchange.jar).map(({ name }) => name)).toEqual(['a'])
    expect(step.exchange.history).toEqual([])
    expect(step.next).toEqual(O.none)
  })
  it('returns the same jar if it sets no cookie', () => {
    const x = started()
    const step = settled({ status: 200 }, x)
    if (step._tag !== 'Done') return expect.fail(step._tag)
    expect(step.cookies).toEqual([])
    expect(step.exchange.jar).toBe(x.jar)
  })
})

describe('a digest challenge', () => {
  const challenged = (x: Exchange.Exchange, input = challenging, at = now) => Exchange.challenge(at)(head(input))(x)
  it('leads to the signed request, with the hop in its history', () => {
    const x = started(undefined, digest)
    const again = challenged(x)
    if (O.isNone(again)) return expect.fail('the challenge was not answered')
    expect(again.value.plan.cause).toBe('Authorize')
    expect(again.value.history.map(({ plan, head }) => [plan, head.status])).toEqual([[x.plan, 401]])
    expect(countOf(again.value.jar)).toBe(1)
    expect(again.value).toMatchObject({ credentialsAllowed: true, entropy: 'seed' })
  })
  it('keeps the order of the headers unless it sets a cookie', () => {
    const [jar] = Jar.absorb(new URL('http://h/'), ['old=1'], now)(Jar.empty)
    const x = started(pipe(Request.post('http://h/'), Request.withText('abc')), digest, jar)
    const namesAfter = (input: HeadInput) => {
      const again = challenged(x, input)
      return (
        O.isSome(again) && Plan.wire(again.value.plan).headers.map(([name, value]) => `${name}: ${value.slice(0, 12)}`)
      )
    }
    expect(namesAfter(challenging)).toEqual(['Cookie: old=1', 'Content-Length: 3', 'Authorization: Digest usern'])
    const setting = { status: 401, headers: { 'www-authenticate': DIGEST, 'set-cookie': 'new=2' } }
    expect(namesAfter(setting)).toEqual(['Content-Length: 3', 'Cookie: old=1; new=2', 'Authorization: Digest usern'])
  })
  it('keeps a Cookie header that was edited into the plan', () => {
    const x = started(undefined, digest)
    const edited = { ...x, plan: { ...x.plan, headers: Headers.append('Cookie', 'by=hand')(x.plan.headers) } }
    const again = challenged(edited)
    expect(O.isSome(again) && Plan.wire(again.value.plan).headers[0]).toEqual(['Cookie', 'by=hand'])
  })
  it.each([
    ['if credentials are not allowed', { ...started(undefined, digest), credentialsAllowed: false }],
    ['without digest auth', started()],
    ['with a one-shot body', started(once, digest)],
  ])('is not answered %s', (_, x) => expect(challenged(x)).toEqual(O.none))
  it('is not answered twice', () => {
    const again = challenged(started(undefined, digest))
    expect(
      pipe(
        again,
        O.flatMap((x) => challenged(x)),
      ),
    ).toEqual(O.none)
  })
  it('fails with UnrewindableBody if the body would have to be sent again', () => {
    const step = settled(
      { status: 401, headers: { 'www-authenticate': DIGEST, 'set-cookie': 'a=1' } },
      started(once, digest),
    )
    expect(refusal(step)).toMatchObject({
      _tag: 'UnrewindableBody',
      message: expect.stringMatching(/POST http:\/\/h\/.*challenge/),
    })
    if (step._tag !== 'Refuse') return
    expect(step.error.history.map((hop) => hop.head.status)).toEqual([401])
    expect(Jar.toArray(step.error.jar).map(({ name }) => name)).toEqual(['a'])
  })
  it('does not count as a redirect', () => {
    const session = Session.withMaxRedirects(1)(digest)
    const again = challenged(started(undefined, session))
    const step = O.isSome(again) ? settled(redirect, again.value) : expect.fail('the challenge was not answered')
    expect(step._tag).toBe('Next')
    expect(refusal(step._tag === 'Next' ? settled(redirect, step.exchange) : step)).toMatchObject({
      _tag: 'TooManyRedirects',
      limit: 1,
    })
  })
})

describe('a redirect', () => {
  it('leads to the next plan, with the hop in the history', () => {
    const x = started()
    const step = settled(redirect, x)
    if (step._tag !== 'Next') return expect.fail(step._tag)
    expect(step.exchange.plan.url.href).toBe('http://h/x')
    expect(step.exchange.history.map(({ plan, head }) => [plan, head.status])).toEqual([[x.plan, 302]])
  })
  it('increments the nonce count only if the digest is sent again', () => {
    const x = started(undefined, digest, remembering('http://h', 'http://other.test'))
    const followed = (location: string) => {
      const step = settled({ status: 302, headers: { location } }, x)
      return step._tag === 'Next' ? step.exchange : expect.fail(step._tag)
    }
    expect(countOf(x.jar)).toBe(1)
    expect(countOf(followed('/x').jar)).toBe(2)
    expect(followed('http://other.test/').credentialsAllowed).toBe(false)
    expect([
      countOf(followed('http://other.test/').jar),
      countOf(followed('http://other.test/').jar, 'http://other.test'),
    ]).toEqual([1, 0])
    expect(Headers.has('Authorization')(followed('http://other.test/').plan.headers)).toBe(false)
  })
  it('drops an invalid cookie that was edited into the exchange', () => {
    const cookies = new Map([['bad', Override.set(Secret.make('a;b'))]])
    const x = started(Request.withCookie('own', '1')(Request.get('http://h/')))
    const edited = { ...x, merged: { ...x.merged, settings: { ...x.merged.settings, cookies } } }
    const cookie = (step: Exchange.Step) =>
      step._tag === 'Next' ? Headers.valuesOf(step.exchange.plan.headers, 'Cookie').map(Secret.reveal) : step._tag
    expect(cookie(settled(redirect, x))).toEqual(['own=1'])
    expect(cookie(settled(redirect, edited))).toEqual([])
  })
  it('is followed 30 times by default', () => {
    const trace = Exchange.simulate({ session: Session.empty })(() => redirect)(Request.get('http://h/'))
    expect(trace.hops).toHaveLength(31)
    expect(E.isLeft(trace.outcome) && trace.outcome.left).toMatchObject({
      _tag: 'TooManyRedirects',
      limit: 30,
    })
  })
  it('fails with UnrewindableBody if it needs a one-shot body, with the hop and its cookies', () => {
    const step = settled({ status: 307, headers: { location: '/x', 'set-cookie': 'a=1' } }, started(once))
    expect(refusal(step)).toMatchObject({
      _tag: 'UnrewindableBody',
      message: expect.stringMatching(/POST http:\/\/h\/.*307/),
    })
    if (step._tag !== 'Refuse') return
    expect(step.error.history).toHaveLength(1)
    expect(Jar.toArray(step.error.jar)).toHaveLength(1)
  })
  it('is followed if it drops the one-shot body', () => {
    expect(settled({ status: 302, headers: { location: '/x' } }, started(once))._tag).toBe('Next')
  })

  const under = (policy: RedirectPolicy.RedirectPolicy, request = Request.get('http://h/')) =>
    started(Request.withRedirectPolicy(policy)(request))
  it('is the response if a policy stops, with the next plan', () => {
    const next = (input: HeadInput, x: Exchange.Exchange) => {
      const step = settled(input, x)
      return step._tag === 'Done' ? O.map(Plan.show)(step.next) : expect.fail(step._tag)
    }
    const stop: RedirectPolicy.RedirectPolicy = () => ({ _tag: 'Stop' })
    expect(next(redirect, under(stop))).toEqual(O.some('GET http://h/x'))
    expect(next({ status: 307, headers: { location: '/x' } }, under(stop, once))).toEqual(O.none)
    expect(next({ status: 302, headers: { location: 'http://[' } }, under(stop))).toEqual(O.none)
  })
  it('is refused with the reason of the policy', () => {
    const step = settled(
      redirect,
      under(() => ({ _tag: 'Refuse', reason: 'not today' })),
    )
    expect(refusal(step)).toMatchObject({ _tag: 'RedirectRefused', reason: 'not today' })
    expect(step._tag === 'Refuse' && step.error.history).toHaveLength(1)
  })
  it('is refused if a policy throws', () => {
    const thrower = under(() => {
      throw new Error('oops')
    })
    expect(refusal(settled(redirect, thrower))).toMatchObject({
      _tag: 'RedirectRefused',
      reason: expect.stringContaining('oops'),
    })
  })
  it.each([undefined, null, 'Follow', {}, { _tag: 'Continue' }])('is refused if a policy returns %j', (verdict) => {
    const step = settled(
      redirect,
      under(() => untyped(verdict)),
    )
    expect(refusal(step)).toMatchObject({ _tag: 'RedirectRefused' })
  })
  it('passes the previous URLs, the status and the next plan to a policy', () => {
    const seen: unknown[] = []
    const watch: RedirectPolicy.RedirectPolicy = ({ previous, status, next }) => {
      seen.push([previous.map(({ href }) => href), status, next.url.href])
      return { _tag: 'Follow' }
    }
    const first = settled(redirect, under(watch))
    if (first._tag === 'Next') settled({ status: 303, headers: { location: '/y' } }, first.exchange)
    settled({ status: 301, headers: { location: 'ftp://h/' } }, under(watch))
    expect(seen).toEqual([
      [['http://h/'], 302, 'http://h/x'],
      [['http://h/', 'http://h/x'], 303, 'http://h/y'],
      [['http://h/'], 301, 'http://h/'],
    ])
  })
})

it('Exchange.match has one case for each kind of step', () => {
  const name = Exchange.match(
    (x) => `next ${x.plan.url.href}`,
    (x, { status }) => `done ${x.plan.url.href} ${status}`,
    ({ message }) => `refused ${message}`,
  )
  expect(name(settled(redirect))).toBe('next http://h/x')
  expect(name(settled({ status: 204 }))).toBe('done http://h/ 204')
  expect(name(settled({ status: 302, headers: { location: 'ftp://h/' } }))).toMatch(/^refused .*http:\/\/h\//)
  expect(name(Exchange.receive(now)(head(challenging))(started(undefined, digest)))).toBe('next http://h/')
  expect(name(Exchange.receive(now)(head(challenging))(started()))).toBe('done http://h/ 401')
})

describe('Exchange.respond', () => {
  it('returns a response with the HTTP version of its head, if it is not 1.1', () => {
    const ended = (input: HeadInput) => {
      const step = settled(input)
      return step._tag === 'Done' ? Exchange.respond(new Uint8Array())(step) : expect.fail(step._tag)
    }
    expect(ended({ status: 200, httpVersion: 'HTTP/2' }).httpVersion).toBe('HTTP/2')
    expect('httpVersion' in ended({ status: 200 })).toBe(false)
  })
})
