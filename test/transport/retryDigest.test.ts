/** Digest answers of attempts that `withRetry` repeats, with a server that accepts a nonce count once. */
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
import { BUSY, strictDigest } from '../strictDigest.js'

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
    const cookie: Answer = { status: 503, headers: { 'set-cookie': 'a=1' } }
    const drops = fc.array(fc.constantFrom<Answer | 'next nonce'>(BUSY, 'next nonce', cookie), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(drops, fc.boolean(), async (busy, nested) => {
        const strict = strictDigest('r')
        const answers = [...busy]
        const server = ({ headers, method, url }: Plan): Answer => {
          const sent = Secret.reveal(Headers.find(headers, 'Authorization') ?? '')
          const problem = strict.problemOf(sent, method, url.pathname)
          if (problem !== undefined) return { status: 401, headers: { 'WWW-Authenticate': strict.challenge() } }
          const next = answers.shift()
          if (next !== 'next nonce') return next ?? { status: 200 }
          return { status: 503, headers: { 'Authentication-Info': `nextnonce="${strict.nextNonce()}"` } }
        }
        const outcome = await run(server, 6, nested)
        expect(E.isRight(outcome) && outcome.right[0].status).toBe(200)
        expect(strict.accepted()).toHaveLength(busy.length + 2)
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
