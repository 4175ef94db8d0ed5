/** A client with wrapped transports: one deadline, one seed, one close. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import { expect, test } from 'vitest'
import * as Client from '../../src/Client.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as Http from '../../src/Http.js'
import * as Environment from '../../src/session/Environment.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import { withLimit } from '../../src/transport/Limit.js'
import { memory } from '../../src/transport/Memory.js'
import { withRetry } from '../../src/transport/Retry.js'
import * as RetryPolicy from '../../src/transport/RetryPolicy.js'
import type { Server } from '../../src/wire/Reply.js'
import type { Transport } from '../../src/wire/Transport.js'
import { raw, transport, until } from './servers.js'
import { virtual } from './virtual.js'

const defaults = { environment: Environment.empty, random: () => 'seed' }

test('the total timeout covers all hops, attempts and delays', async () => {
  const clock = virtual()
  const at: Array<readonly [string, number]> = []
  const server: Server = (plan) => {
    at.push([plan.url.pathname, clock.elapsed()])
    if (plan.url.pathname === '/') return at.length < 3 ? { status: 503 } : { status: 302, headers: { location: '/b' } }
    return { status: 503 }
  }
  const patient = pipe(memory(server), withRetry({ attempts: 9, base: 100, factor: 1, jitter: 0 }))
  const program = Http.get('http://h.test/', Request.withTimeouts({ total: 450 }))
  const session = Session.defaults
  const outcome = await clock.until(pipe(program, Client.use({ ...defaults, session, transport: patient, clock }))())
  expect(outcome).toMatchObject({ right: [{ status: 503, url: 'http://h.test/b' }, {}] })
  expect(at).toEqual([
    ['/', 0],
    ['/', 100],
    ['/', 200],
    ['/b', 200],
    ['/b', 300],
    ['/b', 400],
  ])
  expect(clock.elapsed()).toBe(400)
})

test('the jitter depends only on the seed of the exchange', async () => {
  const clock = virtual()
  const times: number[] = []
  const policy: RetryPolicy.Retry = { attempts: 5, jitter: 1 }
  const failing = memory(() => {
    times.push(clock.elapsed())
    return { status: 503 }
  })
  const options = { ...defaults, session: Session.defaults, transport: withRetry(policy)(failing), clock }
  await clock.until(pipe(Http.get('http://h.test/'), Client.use(options))())
  const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0))
  expect(gaps).toEqual(RetryPolicy.waits('seed')(policy))
})

test('withRetry returns the outcome of a one-shot body, and never sends an empty body', async () => {
  const bodies: string[] = []
  async function* source() {
    yield Buffer.from('content')
  }
  const server = await raw((socket, head) => {
    bodies.push(head)
    socket.end('HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n')
  })
  const options = { ...defaults, session: Session.defaults, transport: withRetry({ base: 1 })(transport()) }
  const outcome = await pipe(Http.put(server.url, Request.withOnce(source())), Client.use(options))()
  expect(outcome).toMatchObject({ right: [{ status: 503 }, {}] })
  expect(bodies.length).toBe(1)
})

test('closing the client ends waits and queues, and sends nothing more', async () => {
  const server = await raw((socket) => socket.write('HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n'))
  const decorate = (inner: Transport) => pipe(inner, withLimit({ concurrency: 1 }), withRetry({ base: 60_000 }))
  const client = Client.open({ ...defaults, session: Session.defaults, transport: decorate(transport()) })()
  const running = [1, 2, 3].map(() => Http.get(server.url)(Jar.empty)(client)())
  await until(() => server.received.join('').split('GET').length > 3)
  await client.close()
  const outcomes = await Promise.all(running)
  expect(outcomes.map((outcome) => E.isLeft(outcome) && outcome.left._tag)).toEqual(Array(3).fill('ClientClosed'))
  expect(server.received.join('').split('GET').length).toBe(4)
})

test('parallel requests with withLimit and withRetry all succeed', async () => {
  let calls = 0
  const flaky = memory((plan) => (++calls % 3 === 0 ? { status: 503 } : { status: 200, body: plan.url.pathname }))
  const sender = pipe(flaky, withLimit({ concurrency: 2 }), withRetry({ attempts: 4, base: 1 }))
  const paths = Array.from({ length: 20 }, (_, i) => `/${i}`)
  const program = pipe(
    Http.parallel()(paths.map((path) => Http.get(`http://h.test${path}`))),
    SRTE.map((responses) => responses.map(({ bytes }) => Buffer.from(bytes).toString())),
  )
  const outcome = await pipe(program, Client.use({ ...defaults, session: Session.defaults, transport: sender }))()
  expect(E.isRight(outcome) && outcome.right[0]).toEqual(paths)
})
