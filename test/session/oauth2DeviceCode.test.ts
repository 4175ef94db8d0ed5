import { inspect } from 'node:util'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as DeviceCode from '../../src/session/auth/oauth2/DeviceCode.js'
import * as Secret from '../../src/values/Secret.js'
import * as Fault from '../../src/wire/Fault.js'
import type * as Reply from '../../src/wire/Reply.js'
import { untyped } from '../untyped.js'
import { leftOf, pairsOf, replyTo, rightOf, sentBy } from './oauth2Replies.js'

// RFC 8628: the client of its examples.
const config: DeviceCode.Config = {
  deviceAuthorizationUrl: 'https://server.example.com/device_authorization',
  tokenUrl: 'https://server.example.com/token',
  clientId: '1406020730',
  scope: 'example_scope',
}
const DEVICE_CODE = 'GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS'
const example = {
  device_code: DEVICE_CODE,
  user_code: 'WDJB-MJHT',
  verification_uri: 'https://example.com/device',
  verification_uri_complete: 'https://example.com/device?user_code=WDJB-MJHT',
  expires_in: 1800,
  interval: 5,
}
const readReply = (answer: Reply.Answer) => DeviceCode.read(replyTo(rightOf(DeviceCode.request(config)))(answer))
const readJson = (change: object) => readReply({ status: 200, json: { ...example, ...change } })

const now = new Date('2026-01-01T00:00:00Z')
const started = DeviceCode.start(now)({ deviceCode: Secret.make(DEVICE_CODE), interval: 5, expiresIn: 1800 })

describe('the requests', () => {
  it('of a device code has the parameters of RFC 8628 3.1', () => {
    const { method, url, headers, body } = sentBy(rightOf(DeviceCode.request(config)))
    expect([method, url]).toEqual(['POST', 'https://server.example.com/device_authorization'])
    expect(headers).toMatchObject({ 'Content-Type': 'application/x-www-form-urlencoded' })
    expect(body.split('&').sort().join('&')).toBe('client_id=1406020730&scope=example_scope')
  })
  it('of a poll has the bytes of RFC 8628 3.4', () => {
    const { method, url, body } = sentBy(rightOf(DeviceCode.poll(config, started.state)))
    expect([method, url]).toEqual(['POST', 'https://server.example.com/token'])
    expect(body).toBe(
      'grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code' +
        '&device_code=GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS&client_id=1406020730',
    )
  })
  it('have the credentials of a confidential client, and the additional parameters', () => {
    const confidential = { ...config, clientSecret: 's', parameters: { audience: 'x' } }
    for (const request of [DeviceCode.request(confidential), DeviceCode.poll(confidential, started.state)]) {
      const { headers, body } = sentBy(rightOf(request))
      expect(headers).toMatchObject({ Authorization: `Basic ${btoa('1406020730:s')}` })
      expect(pairsOf(body)).toContainEqual(['audience', 'x'])
    }
  })
  it.each<[string, object, RegExp]>([
    ['no endpoint', { deviceAuthorizationUrl: undefined }, /deviceAuthorizationUrl/],
    ['no client id', { clientId: '' }, /clientId/],
    ['a scope that is not valid', { scope: '"' }, /scope/],
    ['a parameter of the library', { parameters: { client_id: 'x' } }, /client_id/],
  ])('are a left: %s', (_, change, expected) => {
    expect(leftOf(DeviceCode.request(untyped({ ...config, ...change })))).toMatch(expected)
  })
  it('never fail with an exception', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (given) => {
        expect(DeviceCode.request(untyped(given))).toHaveProperty('_tag')
        expect(DeviceCode.poll(untyped(given), started.state)).toHaveProperty('_tag')
      }),
    )
  })
})

describe('the reply with the codes', () => {
  it('is that of RFC 8628 3.2', () => {
    const { deviceCode, ...rest } = rightOf(readJson({}))
    expect(Secret.reveal(deviceCode)).toBe(DEVICE_CODE)
    expect(rest).toEqual({
      userCode: 'WDJB-MJHT',
      verificationUri: 'https://example.com/device',
      verificationUriComplete: O.some('https://example.com/device?user_code=WDJB-MJHT'),
      expiresIn: 1800,
      interval: 5,
    })
  })
  it.each<[string, object, object]>([
    ['no interval', { interval: undefined }, { interval: 5 }],
    ['an interval of null', { interval: null }, { interval: 5 }],
    ['an interval of 0', { interval: 0 }, { interval: 0 }],
    ['no complete URL', { verification_uri_complete: undefined }, { verificationUriComplete: O.none }],
    [
      'a complete URL that is a script',
      { verification_uri_complete: 'javascript:x' },
      { verificationUriComplete: O.none },
    ],
    [
      'the earlier name of the URL',
      { verification_uri: undefined, verification_url: 'https://a.test/d' },
      { verificationUri: 'https://a.test/d' },
    ],
  ])('may have %s', (_, change, expected) => {
    expect(rightOf(readJson(change))).toMatchObject(expected)
  })
  it.each<[string, object, RegExp]>([
    ['no device code', { device_code: undefined }, /no device_code/],
    ['a device code that is a number', { device_code: 7 }, /device_code/],
    ['no user code', { user_code: undefined }, /user_code/],
    ['an empty user code', { user_code: '' }, /user_code/],
    ['a user code that drives a terminal', { user_code: 'A\x1b[2J' }, /user_code/],
    ['a long user code', { user_code: 'A'.repeat(65) }, /user_code/],
    ['no URL', { verification_uri: undefined }, /verification_uri/],
    ['a script as URL', { verification_uri: 'javascript:alert(1)' }, /verification_uri/],
    ['a URL with a line end', { verification_uri: 'https://a.test/\nx' }, /verification_uri/],
    ['no lifetime', { expires_in: undefined }, /expires_in/],
    ['a lifetime of 0', { expires_in: 0 }, /expires_in/],
    ['a lifetime as text', { expires_in: '1800' }, /expires_in/],
    ['a negative interval', { interval: -1 }, /interval/],
    ['an interval of more than 10 minutes', { interval: 601 }, /interval/],
    ['an interval as text', { interval: '5' }, /interval/],
  ])('may not have %s', (_, change, problem) => {
    const left = leftOf(readJson(change))
    expect(left._tag === 'TokenReplyUnusable' && left.problem).toMatch(problem)
    expect(left.message).not.toContain(DEVICE_CODE)
  })
  it('may be an error', () => {
    expect(leftOf(readReply({ status: 401, json: { error: 'invalid_client' } }))).toMatchObject({
      _tag: 'TokenReplyRefused',
    })
    expect(leftOf(readReply({ status: 500, body: '<html>' }))).toMatchObject({ _tag: 'TokenReplyUnusable' })
  })
  it('does not print the device code', () => {
    const read = readJson({})
    const printed = inspect([read, started, DeviceCode.poll(config, started.state)], { depth: null, showHidden: true })
    expect(printed + JSON.stringify([read, started])).not.toContain(DEVICE_CODE)
  })
})

// --- polling -------------------------------------------------------------------------------------------------------

const poll = rightOf(DeviceCode.poll(config, started.state))
const replied = (answer: Reply.Answer): E.Either<Fault.Fault, Reply.Response> => E.right(replyTo(poll)(answer))
const errorOf = (error: string, status = 400) => replied({ status, json: { error } })
const TOKEN = replied({ status: 200, json: { access_token: 't', token_type: 'Bearer' } })
const faultOf = (tag: Fault.FaultTag): E.Either<Fault.Fault, never> => E.left(Fault.make(tag, 'x'))

const PENDING = errorOf('authorization_pending')
const SLOW_DOWN = errorOf('slow_down')
const LOST = faultOf('ReadTimeout')

describe('what follows a poll', () => {
  const nextFor = DeviceCode.next(started.state, now)
  it.each<[string, E.Either<Fault.Fault, Reply.Response>, number]>([
    ['authorization_pending', PENDING, 5000],
    ['authorization_pending with 200', errorOf('authorization_pending', 200), 5000],
    ['slow_down', SLOW_DOWN, 10_000],
    ['a timeout', LOST, 10_000],
    ['a lost connection', faultOf('ConnectFailed'), 10_000],
    ['a deadline', faultOf('DeadlineExceeded'), 10_000],
    ['a cut body', faultOf('BodyCut'), 10_000],
    ['a gateway without a server', replied({ status: 502, body: '<html>' }), 10_000],
    ['a server that is overloaded', replied({ status: 503 }), 10_000],
    ['too many requests', replied({ status: 429, body: 'slow' }), 10_000],
  ])('%s is a wait', (_, result, ms) => {
    expect(nextFor(result)).toMatchObject({ _tag: 'Wait', ms })
  })
  it.each<[string, E.Either<Fault.Fault, Reply.Response>, object]>([
    ['access_denied', errorOf('access_denied'), { _tag: 'TokenReplyRefused', code: 'access_denied' }],
    ['expired_token', errorOf('expired_token'), { _tag: 'TokenReplyRefused', code: 'expired_token' }],
    ['invalid_client', errorOf('invalid_client', 401), { _tag: 'TokenReplyRefused', code: 'invalid_client' }],
    ['an error of the server', replied({ status: 500 }), { _tag: 'TokenReplyUnusable', status: 500 }],
    ['a page', replied({ status: 200, body: '<html>' }), { _tag: 'TokenReplyUnusable', status: 200 }],
    ['a token that is not usable', replied({ status: 200, json: { access_token: 7 } }), { _tag: 'TokenReplyUnusable' }],
    ['a certificate', faultOf('TlsFailed'), { _tag: 'TlsFailed' }],
    ['an abort', faultOf('Aborted'), { _tag: 'Aborted' }],
    ['a closed client', faultOf('ClientClosed'), { _tag: 'ClientClosed' }],
  ])('%s is a failure', (_, result, problem) => {
    expect(nextFor(result)).toMatchObject({ _tag: 'Fail', problem })
  })
  it('a token is the end, even after the expiry', () => {
    const next = DeviceCode.next(started.state, new Date(now.getTime() + 9_999_999))(TOKEN)
    expect(next).toMatchObject({ _tag: 'Done', token: { type: 'Bearer' } })
    expect(next._tag === 'Done' && Secret.reveal(next.token.accessToken)).toBe('t')
  })
  it('is a failure for a clock that is not valid', () => {
    expect(DeviceCode.next(started.state, new Date(Number.NaN))(PENDING)).toMatchObject({ _tag: 'Fail' })
  })
  it('is folded by tag', () => {
    const fold = DeviceCode.match({ Wait: ({ ms }) => ms, Done: () => 'done', Fail: ({ problem }) => problem._tag })
    expect([PENDING, TOKEN, errorOf('access_denied')].map((result) => fold(nextFor(result)))).toEqual([
      5000,
      'done',
      'TokenReplyRefused',
    ])
  })
})

/** The rules of RFC 8628 3.5 that a server and the network hold a client to. */
interface Model {
  /** The interval that the server has asked for, in seconds. */
  readonly interval: number
  readonly lost: number
}

type Event = 'pending' | 'slow' | 'lost'
const RESULTS = { pending: PENDING, slow: SLOW_DOWN, lost: LOST } as const

const modelAfter = ({ interval, lost }: Model, event: Event): Model => {
  if (event === 'lost') return { interval, lost: lost + 1 }
  return { interval: event === 'slow' ? Math.min(interval + 5, 600) : interval, lost: 0 }
}

const events = fc.array(fc.constantFrom<Event>('pending', 'slow', 'lost'), { maxLength: 60 })

describe('polling', () => {
  it.each([
    [0, 1000],
    [0.5, 1000],
    [5, 5000],
    [600, 600_000],
    [9999, 600_000],
  ])('with an interval of %d seconds begins after %d ms', (interval, ms) => {
    const begun = DeviceCode.start(now)({ deviceCode: Secret.make('d'), interval, expiresIn: 1800 })
    expect([begun.ms, begun.state.interval]).toEqual([ms, ms])
  })
  it('waits as long as the server wants, twice as long for each lost poll, and never too long', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 600 }), events, (interval, sequence) => {
        let { state, ms } = DeviceCode.start(now)({ deviceCode: Secret.make('d'), interval, expiresIn: 1e9 })
        let model: Model = { interval: Math.max(interval, 1), lost: 0 }
        expect(ms).toBe(model.interval * 1000)
        for (const event of sequence) {
          const next = DeviceCode.next(state, now)(RESULTS[event])
          if (next._tag !== 'Wait') return expect.fail(next._tag)
          model = modelAfter(model, event)
          expect(next.ms).toBeGreaterThanOrEqual(model.interval * 1000)
          expect(next.ms).toBeLessThanOrEqual(600_000)
          if (model.lost === 0) expect(next.ms).toBe(model.interval * 1000)
          else expect(next.ms).toBe(Math.max(model.interval, Math.min(model.interval * 2 ** model.lost, 60)) * 1000)
          state = next.state
          ms = next.ms
        }
      }),
    )
  })
  it('ends at the latest when the device code expires, and polls never after it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 600 }),
        fc.integer({ min: 1, max: 3600 }),
        events,
        (interval, expiresIn, sequence) => {
          const begun = DeviceCode.start(now)({ deviceCode: Secret.make('d'), interval, expiresIn })
          let [time, state] = [now.getTime() + begun.ms, begun.state]
          for (const event of [...sequence, ...Array<Event>(3600).fill('pending')]) {
            const next = DeviceCode.next(state, new Date(time))(RESULTS[event])
            if (next._tag === 'Fail') {
              expect(next.problem._tag).toBe('LoginExpired')
              return
            }
            if (next._tag === 'Done') return expect.fail('there is no token')
            time += next.ms
            state = next.state
            expect(time).toBeLessThan(now.getTime() + expiresIn * 1000)
          }
          expect.fail('it did not end')
        },
      ),
    )
  })
  it('gets the token of a server that accepts it, whatever was lost before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 0, max: 200 }),
        fc.infiniteStream(fc.boolean()),
        (interval, approvedAfter, losses) => {
          // The server has its own interval, refuses earlier polls, and has a token once the user accepts.
          const expiresIn = 3600
          const server = { interval, last: 0 }
          const begun = DeviceCode.start(new Date(0))({ deviceCode: Secret.make('d'), interval, expiresIn })
          let [time, state] = [begun.ms, begun.state]
          for (const lost of losses) {
            const isEarly = time - server.last < server.interval * 1000
            expect(isEarly).toBe(false)
            server.last = time
            const isSlow = !lost && time / 1000 < approvedAfter && Math.floor(time / 1000) % 3 === 0
            if (isSlow) server.interval += 5
            const answered = time / 1000 >= approvedAfter ? TOKEN : isSlow ? SLOW_DOWN : PENDING
            const next = DeviceCode.next(state, new Date(time))(lost ? LOST : answered)
            if (next._tag === 'Done') {
              expect(time / 1000).toBeGreaterThanOrEqual(approvedAfter)
              return
            }
            // All polls of an hour may be lost, with a very small probability.
            if (next._tag === 'Fail') return expect(lost).toBe(true)
            time += next.ms
            state = next.state
          }
        },
      ),
    )
  })
})
