/** Digest and Basic with apache and httpbin: challenges, reused nonces and stale nonces. */
import { setTimeout as wait } from 'node:timers/promises'
import { pipe } from 'fp-ts/lib/function.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import { Headers, Http, Request, Response, Session } from 'requests-ts'
import { describe, expect, test } from 'vitest'
import { get, http, session, text, value } from './rig.js'

const alice = pipe(session, Session.withDigestAuth('alice', 'wonderland'))
/** Returns the status of each hop. */
const statuses = ({ history, status }: Response.Response): ReadonlyArray<number> => [
  ...history.map(({ head }) => head.status),
  status,
]

describe('apache', () => {
  const origin = http('apache')

  test('accepts Basic credentials of a request or a URL', async () => {
    const url = `${origin}/basic/index`
    expect(await text(url, [Request.withBasicAuth('alice', 'wonderland')])).toBe('basic\n')
    expect(await text(url.replace('//', '//alice:wonderland@'))).toBe('basic\n')
    expect((await get(url, [Request.withBasicAuth('alice', 'wrong')])).status).toBe(401)
  })

  test.each([
    ['alice', 'wonderland'],
    ['jäsøn', 'pässwörd'],
  ])('accepts Digest credentials of %s', async (user, pass) => {
    const response = await get(`${origin}/digest/index?q=a%20b`, [Request.withDigestAuth(user, pass)])
    expect(Response.text(response)).toBe('digest\n')
    expect(statuses(response)).toEqual([401, 200])
  })

  test('receives a wrong password once', async () => {
    const response = await get(`${origin}/digest/index`, [Request.withDigestAuth('alice', 'wrong')])
    expect(statuses(response)).toEqual([401, 401])
  })

  test('accepts a known nonce again, without another 401', async () => {
    const program = Http.get(`${origin}/digest/index`)
    const ten = Array.from({ length: 9 }).reduce<typeof program>(
      (before) =>
        pipe(
          before,
          SRTE.flatMap(() => program),
        ),
      program,
    )
    expect(statuses(await value(ten, { session: alice }))).toEqual([200])
  })

  test('sends a new challenge for a stale nonce, which is answered', async () => {
    const program = Http.get(`${origin}/digest-short/index`)
    const twice = pipe(
      program,
      SRTE.tap(() => SRTE.fromTask(() => wait(2100))),
      SRTE.flatMap((first) =>
        pipe(
          program,
          SRTE.map((second) => [statuses(first), statuses(second)] as const),
        ),
      ),
    )
    expect(await value(twice, { session: alice })).toEqual([
      [401, 200],
      [401, 200],
    ])
  })

  test('accepts Digest after a redirect, and for 40 requests with concurrency 8', async () => {
    expect(statuses(await get(`${origin}/to-digest`, [], { session: alice }))).toEqual([302, 401, 200])
    const many = Http.parallel({ concurrency: 8 })(Array.from({ length: 40 }, () => Http.get(`${origin}/digest/index`)))
    expect((await value(many, { session: alice })).map(({ status }) => status)).toEqual(Array(40).fill(200))
  })
})

describe('httpbin', () => {
  const url = (qop: string, algorithm: string, stale = 'never'): string =>
    `${http('httpbin')}/digest-auth/${qop}/alice/wonderland/${algorithm}/${stale}`

  test.each(['MD5', 'SHA-256', 'SHA-512'])('accepts %s with and without qop', async (algorithm) => {
    for (const qop of ['auth', 'none']) {
      const response = await get(url(qop, algorithm), [], { session: alice })
      expect([qop, ...statuses(response)]).toEqual([qop, 401, 200])
    }
  })

  test('gets no answer to a challenge with only auth-int', async () => {
    expect(statuses(await get(url('auth-int', 'MD5'), [], { session: alice }))).toEqual([401])
  })

  test('receives the cookies of a challenge with the answer', async () => {
    const { plan } = await get(url('auth', 'SHA-256'), [], { session: alice })
    expect([plan.cause, Headers.has('Cookie')(plan.headers)]).toEqual(['Authorize', true])
  })

  test('accepts the answer to a nonce that is stale after one use', async () => {
    const program = Http.get(url('auth', 'MD5', '1'))
    const twice = pipe(
      program,
      SRTE.flatMap(() => program),
    )
    expect(statuses(await value(twice, { session: alice }))).toEqual([401, 200])
  })

  test('rejects a wrong password and missing credentials', async () => {
    const wrong = await get(url('auth', 'MD5'), [Request.withDigestAuth('alice', 'wrong')])
    expect(statuses(wrong)).toEqual([401, 401])
    expect(statuses(await get(url('auth', 'MD5')))).toEqual([401])
  })
})
