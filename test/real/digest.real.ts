/** Digest and Basic of apache's modules and of httpbin: answered once, remembered, and answered anew when a nonce is old. */
import { setTimeout as wait } from 'node:timers/promises'
import { pipe } from 'fp-ts/lib/function.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import { Headers, Http, Request, Response, Session } from 'requests-ts'
import { describe, expect, test } from 'vitest'
import { get, http, session, text, value } from './rig.js'

const alice = pipe(session, Session.withDigestAuth('alice', 'wonderland'))
/** What answered, hop by hop. */
const statuses = ({ history, status }: Response.Response): ReadonlyArray<number> => [
  ...history.map(({ head }) => head.status),
  status,
]

describe('apache', () => {
  const origin = http('apache')

  test('Basic', async () => {
    const url = `${origin}/basic/index`
    expect(await text(url, [Request.withBasicAuth('alice', 'wonderland')])).toBe('basic\n')
    expect(await text(url.replace('//', '//alice:wonderland@'))).toBe('basic\n')
    expect((await get(url, [Request.withBasicAuth('alice', 'wrong')])).status).toBe(401)
  })

  test.each([
    ['alice', 'wonderland'],
    ['jäsøn', 'pässwörd'],
  ])('Digest for %s', async (user, pass) => {
    const response = await get(`${origin}/digest/index?q=a%20b`, [Request.withDigestAuth(user, pass)])
    expect(Response.text(response)).toBe('digest\n')
    expect(statuses(response)).toEqual([401, 200])
  })

  test('a wrong password is tried once', async () => {
    const response = await get(`${origin}/digest/index`, [Request.withDigestAuth('alice', 'wrong')])
    expect(statuses(response)).toEqual([401, 401])
  })

  test('a nonce that is known is used again, counted, without another 401', async () => {
    const ask = Http.get(`${origin}/digest/index`)
    const ten = Array.from({ length: 9 }).reduce<typeof ask>(
      (before) =>
        pipe(
          before,
          SRTE.flatMap(() => ask),
        ),
      ask,
    )
    expect(statuses(await value(ten, { session: alice }))).toEqual([200])
  })

  test('a nonce that is too old is answered anew', async () => {
    const ask = Http.get(`${origin}/digest-short/index`)
    const twice = pipe(
      ask,
      SRTE.tap(() => SRTE.fromTask(() => wait(2100))),
      SRTE.flatMap((first) =>
        pipe(
          ask,
          SRTE.map((second) => [statuses(first), statuses(second)] as const),
        ),
      ),
    )
    expect(await value(twice, { session: alice })).toEqual([
      [401, 200],
      [401, 200],
    ])
  })

  test('behind a redirect, and many at once', async () => {
    expect(statuses(await get(`${origin}/to-digest`, [], { session: alice }))).toEqual([302, 401, 200])
    const many = Http.parallel({ concurrency: 8 })(Array.from({ length: 40 }, () => Http.get(`${origin}/digest/index`)))
    expect((await value(many, { session: alice })).map(({ status }) => status)).toEqual(Array(40).fill(200))
  })
})

describe('httpbin', () => {
  const url = (qop: string, algorithm: string, stale = 'never'): string =>
    `${http('httpbin')}/digest-auth/${qop}/alice/wonderland/${algorithm}/${stale}`

  test.each(['MD5', 'SHA-256', 'SHA-512'])('%s with qop and without', async (algorithm) => {
    for (const qop of ['auth', 'none']) {
      const response = await get(url(qop, algorithm), [], { session: alice })
      expect([qop, ...statuses(response)]).toEqual([qop, 401, 200])
    }
  })

  test('does not respond to a challenge with only auth-int', async () => {
    expect(statuses(await get(url('auth-int', 'MD5'), [], { session: alice }))).toEqual([401])
  })

  test('the cookies of a challenge go with its answer', async () => {
    const { plan } = await get(url('auth', 'SHA-256'), [], { session: alice })
    expect([plan.cause, Headers.has('Cookie')(plan.headers)]).toEqual(['Authorize', true])
  })

  test('a nonce that turns stale after one use', async () => {
    const ask = Http.get(url('auth', 'MD5', '1'))
    const twice = pipe(
      ask,
      SRTE.flatMap(() => ask),
    )
    expect(statuses(await value(twice, { session: alice }))).toEqual([401, 200])
  })

  test('a wrong password, and none', async () => {
    const wrong = await get(url('auth', 'MD5'), [Request.withDigestAuth('alice', 'wrong')])
    expect(statuses(wrong)).toEqual([401, 401])
    expect(statuses(await get(url('auth', 'MD5')))).toEqual([401])
  })
})
