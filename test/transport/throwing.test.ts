/** A clock of the user that throws: the exchange ends, and the connection can be used again. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { expect, test } from 'vitest'
import * as Client from '../../src/Client.js'
import * as Http from '../../src/Http.js'
import * as Environment from '../../src/session/Environment.js'
import * as Session from '../../src/session/Session.js'
import * as Clock from '../../src/wire/Clock.js'
import { transport, web } from './servers.js'

type Reading = 'now' | 'monotonic'

const LARGE = Buffer.alloc(2_000_000)

/** Returns a clock that throws at its reading number `at` after `arm`, once. */
const throwing = (name: Reading, at: number) => {
  let left = 0
  const read = <A>(reading: Reading, value: () => A): A => {
    if (reading === name && left > 0) {
      left -= 1
      if (left === 0) throw new Error('no time')
    }
    return value()
  }
  const clock: Clock.Clock = {
    ...Clock.system,
    now: () => read('now', Clock.system.now),
    monotonic: () => read('monotonic', Clock.system.monotonic),
  }
  return {
    clock,
    arm: () => {
      left = at
    },
  }
}

const cases = (['now', 'monotonic'] as const).flatMap((name) =>
  [1, 2, 3].flatMap((at) => ['/small', '/large', '/redirect'].map((path) => [name, at, path] as const)),
)

test.each(cases)('%s, reading %i, at %s', async (name, at, path) => {
  const server = await web((request, response) => {
    if (request.url === '/redirect') response.writeHead(302, { location: '/small' }).end(LARGE)
    else response.end(request.url === '/large' ? LARGE : 'ok')
  })
  const { clock, arm } = throwing(name, at)
  const sender = transport({ connections: 1 })
  const options = { session: Session.empty, environment: Environment.empty, transport: sender, clock }
  const client = Client.open(options)()
  const get = (url: string): Promise<E.Either<unknown, number>> =>
    pipe(
      Http.get(url),
      Http.map(({ status }) => status),
      Client.runIn(client),
    )()
  expect(await get(`${server.url}/small`)).toEqual(E.right(200))
  arm()
  // A rejection for the programmer, or a Left: but an end.
  await get(`${server.url}${path}`).catch(() => undefined)
  expect(await get(`${server.url}/small`).catch(() => get(`${server.url}/small`))).toEqual(E.right(200))
  await client.close()
})
