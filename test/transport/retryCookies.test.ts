/** Cookies of replies that `withRetry` does not return: they are sent with the next attempt and stored in the jar. */
import * as E from 'fp-ts/lib/Either.js'
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, test } from 'vitest'
import * as Client from '../../src/Client.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as Http from '../../src/Http.js'
import * as HttpError from '../../src/HttpError.js'
import * as Environment from '../../src/session/Environment.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Transport from '../../src/Transport.js'
import * as Headers from '../../src/values/Headers.js'
import * as Secret from '../../src/values/Secret.js'
import type { Plan } from '../../src/wire/Plan.js'
import type { Answer } from '../../src/wire/Reply.js'

const cookieOf = ({ headers }: Plan): string => Secret.reveal(Headers.find(headers, 'Cookie') ?? '')

interface Run {
  /** Host and Cookie header of each request. */
  readonly seen: ReadonlyArray<string>
  readonly jar: ReadonlyArray<string>
}

/** Sends one request to a server that returns the answers in order. */
const run = async (
  answers: ReadonlyArray<Answer>,
  build: Endomorphism<Request.Request>,
  retrying: Endomorphism<Transport.Transport> = Transport.withRetry({ base: 0, attempts: answers.length }),
): Promise<Run> => {
  const seen: string[] = []
  const server = (plan: Plan): Answer => {
    const answer = answers[Math.min(seen.length, answers.length - 1)]
    seen.push(`${plan.url.hostname} ${cookieOf(plan)}`)
    return answer ?? { status: 200 }
  }
  const transport = retrying(Transport.memory(server))
  const made = Jar.set({ name: 'own', value: '1', domain: 'h.test' })(Jar.empty)
  const jar = E.isRight(made) ? made.right : Jar.empty
  const options = { session: Session.defaults, transport, environment: Environment.empty, jar }
  const outcome = await pipe(Http.send(build(Request.get('http://h.test/'))), Client.use(options))()
  const after = E.isRight(outcome) ? O.some(outcome.right[1]) : HttpError.jar(outcome.left)
  return {
    seen,
    jar: O.isSome(after)
      ? Jar.toArray(after.value)
          .map(({ name }) => name)
          .sort()
      : [],
  }
}

const busy = (...cookies: ReadonlyArray<string>): Answer => ({ status: 503, headers: { 'set-cookie': cookies } })
const same = (request: Request.Request): Request.Request => request

describe('cookies of a retried reply', () => {
  test('are sent once with the next attempt, and stored in the jar', async () => {
    const { seen, jar } = await run([busy('pass=1'), busy('pass=2', 'second=2'), { status: 200 }], same)
    expect(seen).toEqual(['h.test own=1', 'h.test own=1; pass=1', 'h.test own=1; pass=2; second=2'])
    expect(jar).toEqual(['own', 'pass', 'second'])
  })

  test('are stored in the jar also if the exchange fails', async () => {
    const refused: Answer = { status: 302, headers: { location: '::', 'set-cookie': 'last=1' } }
    const { jar } = await run([busy('pass=1'), refused], same)
    expect(jar).toEqual(['last', 'own', 'pass'])
  })

  test('can delete a cookie', async () => {
    const { seen } = await run([busy('own=; Max-Age=0; Domain=h.test', 'b=1'), { status: 200 }], same)
    expect(seen[1]).toBe('h.test b=1')
  })

  test('do not change a Cookie header of the user, but join cookies of the request', async () => {
    const literal = await run([busy('pass=1'), { status: 200 }], Request.withHeader('Cookie', 'mine=1'))
    expect(literal.seen).toEqual(['h.test mine=1', 'h.test mine=1'])
    const added = await run([busy('pass=1'), { status: 200 }], Request.withCookie('mine', '1'))
    expect(added.seen[1]?.split(' ').slice(1).join(' ').split('; ').sort()).toEqual(['mine=1', 'own=1', 'pass=1'])
  })

  test('are sent with the attempts of an outer withRetry too', async () => {
    const twice = Transport.withRetry({ base: 0, attempts: 2 })
    const nested = (inner: Transport.Transport) => twice(twice(inner))
    const { seen } = await run([busy('pass=1'), busy(), { status: 200 }], same, nested)
    expect(seen).toEqual(['h.test own=1', 'h.test own=1; pass=1', 'h.test own=1; pass=1'])
  })

  test('are not sent to another origin', async () => {
    const away: Answer = { status: 302, headers: { location: 'http://other.test/' } }
    const { seen } = await run([busy('pass=1'), away, busy('theirs=1'), { status: 200 }], same)
    expect(seen).toEqual(['h.test own=1', 'h.test own=1; pass=1', 'other.test ', 'other.test theirs=1'])
  })
})
