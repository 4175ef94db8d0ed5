import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Auth from '../../src/Auth.js'
import * as Client from '../../src/Client.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as Http from '../../src/Http.js'
import * as OAuth2 from '../../src/OAuth2.js'
import * as Request from '../../src/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Exchange from '../../src/stages/Exchange.js'
import * as Transport from '../../src/Transport.js'
import * as Headers from '../../src/values/Headers.js'
import * as Secret from '../../src/values/Secret.js'
import type { Plan } from '../../src/wire/Plan.js'

const auth = Auth.oauth2({
  name: 'api',
  tokenUrl: 'https://auth.test/token',
  clientId: 'me',
  clientSecret: 'hunter2',
  grant: OAuth2.clientCredentials,
})
const session = pipe(Session.empty, Session.withBaseUrl('https://api.test'), Session.withAuth(auth))

/** An authorization server and an API that accepts the newest token. */
const serverOf = () => {
  let issued = 0
  let valid = ''
  const bearer = (plan: Plan): string => Secret.reveal(Headers.find(plan.headers, 'Authorization') ?? '')
  const server = (plan: Plan) => {
    if (plan.url.origin === 'https://auth.test') {
      issued += 1
      valid = `t${issued}`
      return { status: 200, json: { access_token: valid, expires_in: 3600 } }
    }
    return bearer(plan) === `Bearer ${valid}` ? { status: 200, body: valid } : { status: 401 }
  }
  return {
    server,
    revoke: () => {
      valid = 'revoked'
    },
    issued: () => issued,
  }
}

describe('a renewable token', () => {
  it('is obtained first', () => {
    const { server } = serverOf()
    const trace = pipe(Request.get('users'), Exchange.simulate({ session, jar: Jar.empty, now: new Date(0) })(server))
    expect(trace.hops.map(({ plan, head }) => [plan.cause, plan.url.href, head.status])).toEqual([
      ['Token', 'https://auth.test/token', 200],
      ['Start', 'https://api.test/users', 200],
    ])
    expect(Jar.tokens(trace.jar).map(({ name }) => name)).toEqual(['api'])
  })
  it('is renewed once after a 401, and one request serves many', async () => {
    const { server, revoke, issued } = serverOf()
    const transport = Transport.memory(server)
    const ten = pipe(
      Array.from({ length: 10 }, (_, i) => Http.get(`item/${i}`)),
      Http.parallel(),
    )
    const outcome = await pipe(ten, Client.use({ session, transport }))()
    expect(E.isRight(outcome) && outcome.right[0].map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(issued()).toBe(1)
    revoke()
    const jar = E.isRight(outcome) ? outcome.right[1] : Jar.empty
    const again = await pipe(ten, Client.use({ session, transport, jar }))()
    expect(E.isRight(again) && again.right[0].map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(issued()).toBe(2)
    expect(O.isNone(O.none)).toBe(true)
  })
})
