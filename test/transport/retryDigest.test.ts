/** Digest answers of attempts that `withRetry` repeats, with a server that accepts a nonce count once. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, test } from 'vitest'
import * as Auth from '../../src/Auth.js'
import * as Client from '../../src/Client.js'
import * as Http from '../../src/Http.js'
import * as Environment from '../../src/session/Environment.js'
import * as Session from '../../src/session/Session.js'
import * as Transport from '../../src/Transport.js'
import * as Headers from '../../src/values/Headers.js'
import * as Secret from '../../src/values/Secret.js'
import type { Plan } from '../../src/wire/Plan.js'
import type { Answer } from '../../src/wire/Reply.js'

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

/** The `response` of RFC 7616 3.4.1 for the user `me` with the password `pw`. */
const expected = (method: string, part: (name: string) => string): string =>
  md5([md5('me:r:pw'), part('nonce'), part('nc'), part('cnonce'), 'auth', md5(`${method}:${part('uri')}`)].join(':'))

/** A server that accepts an answer if its count is the next one. It fails `busy` times after each accepted answer. */
const strict = (busy: ReadonlyArray<Answer | 'next nonce'>) => {
  const state = { nonce: 'n0', count: 0, accepted: [] as string[], answers: [...busy] }
  const challenge = (): Answer => {
    const field = `Digest realm="r", nonce="${state.nonce}", qop="auth", algorithm=MD5`
    return { status: 401, headers: { 'WWW-Authenticate': field } }
  }
  const server = ({ headers, method }: Plan): Answer => {
    const sent = Secret.reveal(Headers.find(headers, 'Authorization') ?? '')
    const part = (name: string): string => new RegExp(`\\b${name}="?([^",]+)`).exec(sent)?.[1] ?? ''
    if (part('nonce') !== state.nonce || Number.parseInt(part('nc'), 16) !== state.count + 1) return challenge()
    if (part('response') !== expected(method, part)) return { status: 403 }
    state.count += 1
    state.accepted.push(`${part('nonce')} ${part('nc')}`)
    const next = state.answers.shift()
    if (next === undefined) return { status: 200 }
    if (next !== 'next nonce') return next
    state.nonce = `n${Number(state.nonce.slice(1)) + 1}`
    state.count = 0
    return { status: 503, headers: { 'Authentication-Info': `nextnonce="${state.nonce}"` } }
  }
  return { server, accepted: () => state.accepted }
}

const run = async (server: (plan: Plan) => Answer, attempts: number, nested: boolean) => {
  const once = Transport.withRetry({ base: 0, attempts })
  const memory = Transport.memory(server)
  const transport = nested ? once(once(memory)) : once(memory)
  const session = pipe(Session.empty, Session.withAuth(Auth.digest('me', 'pw')))
  const twice = pipe(
    Http.get('http://h.test/a'),
    Http.flatMap(() => Http.get('http://h.test/b')),
  )
  return pipe(twice, Client.use({ session, transport, environment: Environment.empty }))()
}

describe('an attempt that is sent again', () => {
  test('counts the nonce, also one that the dropped reply has replaced', async () => {
    const drops = fc.array(
      fc.constantFrom<Answer | 'next nonce'>({ status: 503 }, 'next nonce', {
        status: 503,
        headers: { 'set-cookie': 'a=1' },
      }),
      { maxLength: 4 },
    )
    await fc.assert(
      fc.asyncProperty(drops, fc.boolean(), async (busy, nested) => {
        const { server, accepted } = strict(busy)
        const outcome = await run(server, 6, nested)
        expect(E.isRight(outcome) && outcome.right[0].status).toBe(200)
        expect(accepted()).toHaveLength(busy.length + 2)
        expect(new Set(accepted()).size).toBe(busy.length + 2)
      }),
    )
  })

  test('does not sign a request that was not signed', async () => {
    let seen = ''
    let calls = 0
    const server = ({ headers }: Plan): Answer => {
      calls += 1
      seen += Headers.has('Authorization')(headers) ? 'signed' : 'bare '
      return { status: calls < 3 ? 503 : 200 }
    }
    await run(server, 3, false)
    expect(seen).toBe('bare bare bare bare ')
  })
})
