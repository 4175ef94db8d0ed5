/** How long the phases of an attempt take, on real sockets. */
import * as http2 from 'node:http2'
import { connect } from 'node:net'
import * as tls from 'node:tls'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  Body,
  Client,
  Clock,
  Environment,
  Har,
  Head,
  Http,
  Reply,
  Request,
  Response,
  Session,
  Story,
  Stream,
  Transport,
} from 'requests-ts'
import { describe, expect, test } from 'vitest'
import { PHASES } from '../../src/wire/Timings.js'
import { plan } from './plans.js'
import { accept, listen, ok, pki, pkiPath, proxy, secure, sleep, transport, type Web, web } from './servers.js'

type Timings = Response.Timings

const headOf = async (client: Transport.Transport, planned: ReturnType<typeof plan>) => {
  const outcome = await client(planned, {})()
  if (E.isLeft(outcome)) throw new Error(outcome.left.message)
  await outcome.right.body.discard()
  return outcome.right
}

/** The phases until the head add up to the time until the head. */
const expectWhole = ({ elapsed, timings }: { readonly elapsed: number; readonly timings?: Timings }): Timings => {
  if (timings === undefined) throw new Error('no timings')
  const { queue, dns = 0, connect = 0, tls = 0, send, wait } = timings
  const phases = [queue, dns, connect, tls, send, wait]
  expect(Math.min(...phases)).toBeGreaterThanOrEqual(0)
  expect(phases.reduce((x, y) => x + y)).toBeCloseTo(elapsed, 6)
  return timings
}

const recording = (options: Transport.Options = {}): Transport.Transport => transport({ timings: true, ...options })

/** Starts an HTTP/2 server. */
const h2 = async (): Promise<Web> => {
  const keys = { cert: pki('server.pem'), key: pki('server.key'), allowHTTP1: true }
  const server = http2.createSecureServer(keys, (_, response) => response.end('ok'))
  const listening = await listen(server, 'connection')
  return { ...listening, url: `https://localhost:${listening.port}` }
}

/** Starts a relay that chooses a port for each connection, and delays what the client sends. Returns its URL. */
const relay = async (choose: () => number, delay = 0): Promise<string> => {
  const { port } = await accept((socket) => {
    const onward = connect(choose(), '127.0.0.1')
    socket.on('data', (chunk) => setTimeout(() => onward.write(chunk), delay)).on('close', () => onward.destroy())
    onward.on('error', () => {}).on('close', () => socket.destroy())
    onward.on('data', (chunk) => socket.write(chunk))
  })
  return `https://localhost:${port}`
}

/** The phases of its HAR entry add up to its time, and `ssl` is part of `connect` (HAR 1.2). */
const expectHar = (head: Reply.Head): void => {
  const [entry] = Har.ofHops()([{ plan: plan('https://localhost/'), head }]).log.entries
  if (entry === undefined) throw new Error('no entry')
  const { blocked = 0, dns = 0, connect = 0, ssl = 0, send, wait, receive } = entry.timings
  expect([blocked, dns, connect, send, wait, receive].reduce((x, y) => x + y)).toBeCloseTo(entry.time, 6)
  expect(ssl).toBeLessThanOrEqual(connect)
}

async function* slowly() {
  yield Buffer.from('a')
  await sleep(60)
  yield Buffer.from('b')
}
const slowBody = Body.stream(slowly)

describe('the phases of an attempt', () => {
  test('add up to elapsed, on a new connection and on the same one again', async () => {
    const server = await web((_, response) => setTimeout(() => response.end('ok'), 30))
    const client = recording()
    const first = expectWhole(await headOf(client, plan(server.url)))
    expect(first).toMatchObject({ reused: false, remoteAddress: '127.0.0.1', connect: expect.any(Number) })
    expect([first.dns, first.tls]).toEqual([undefined, undefined])
    expect(first.wait).toBeGreaterThan(20)
    const second = expectWhole(await headOf(client, plan(server.url)))
    expect(second).toMatchObject({ reused: true, localPort: first.localPort })
    expect([second.dns, second.connect, second.tls]).toEqual([undefined, undefined, undefined])
  })

  test('have the lookup of a name, and TLS', async () => {
    const server = await secure()
    const lookup = Transport.lookupFrom(() => async () => {
      await sleep(30)
      return E.right(['127.0.0.1'])
    })
    for (const { url } of [server, await h2()]) {
      for (const http2 of [false, true, { streams: 10 }]) {
        const timings = expectWhole(await headOf(recording({ lookup, http2 }), plan(url)))
        expect(timings.dns).toBeGreaterThan(20)
        expect(timings.connect).toBeGreaterThan(0)
        expect(timings.tls).toBeGreaterThan(0)
      }
    }
  })

  test('have the wait for a free connection', async () => {
    const server = await web((_, response) => setTimeout(() => response.end('ok'), 50))
    const client = recording({ connections: 1 })
    const [, second] = await Promise.all([headOf(client, plan(server.url)), headOf(client, plan(server.url))])
    expect(expectWhole(second).queue).toBeGreaterThan(30)
  })

  test('have the time of a streamed body, and end with a head that comes before its end', async () => {
    const server = await web((request, response) => {
      if (request.url === '/early') response.writeHead(413).end('too large')
      else request.resume().on('end', () => response.end('ok'))
    })
    const sent = expectWhole(await headOf(recording(), plan(`${server.url}/`, { method: 'POST', body: slowBody })))
    expect(sent.send).toBeGreaterThan(40)
    expect(
      expectWhole(await headOf(recording(), plan(`${server.url}/early`, { method: 'POST', body: slowBody }))),
    ).toMatchObject({
      wait: 0,
    })
  })

  test('have the tunnel of a proxy in the time of connecting', async () => {
    const origin = await secure()
    const between = await proxy()
    const timings = expectWhole(await headOf(recording(), plan(origin.url, { proxy: between.url })))
    expect(timings).toMatchObject({ connect: expect.any(Number), tls: expect.any(Number), remoteAddress: '127.0.0.1' })
  })

  test('are those of the connection that was used, if an idle one was lost', async () => {
    const server = await accept((socket) =>
      socket.once('data', () => socket.write(ok(), () => setTimeout(() => socket.destroy(), 20))),
    )
    const client = recording()
    const url = `http://${server.host}/`
    await headOf(client, plan(url))
    await sleep(60)
    expect(expectWhole(await headOf(client, plan(url)))).toMatchObject({ reused: false, connect: expect.any(Number) })
  })

  test('of a connection that opens for several requests are those of the one that is sent first, whoever is aborted', async () => {
    const server = await h2()
    const url = await relay(() => server.port, 20)
    const lookup = Transport.lookupFrom(() => async () => {
      await sleep(20)
      return E.right(['127.0.0.1'])
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ startsAt: fc.nat(50), abortsAt: fc.option(fc.nat(50)) }), { minLength: 1, maxLength: 5 }),
        async (requests) => {
          const client = recording({ lookup, http2: { streams: 10 }, connections: 1 })
          const replies = await Promise.all(
            requests.map(async ({ startsAt, abortsAt }) => {
              await sleep(startsAt)
              const signal = abortsAt === null ? undefined : AbortSignal.timeout(abortsAt)
              const outcome = await client(plan(url), signal === undefined ? {} : { signal })()
              if (E.isRight(outcome)) await outcome.right.body.discard()
              return E.isRight(outcome) ? [outcome.right] : []
            }),
          )
          for (const reply of replies.flat()) {
            const { dns, connect, tls, reused } = expectWhole(reply)
            // All phases of the connection, or none.
            const isPresent = [dns, connect, tls].map((phase) => phase !== undefined)
            expect(isPresent).toEqual(Array(3).fill(reused === false))
            expectHar(reply)
          }
          await client.close?.()
        },
      ),
      { numRuns: 25 },
    )
  })

  test('are those of the next connection, if one was lost before the settings of its server', async () => {
    const keys = { cert: pki('server.pem'), key: pki('server.key'), ALPNProtocols: ['h2'] }
    const mute = await listen(
      tls.createServer(keys, (socket) => {
        socket.on('error', () => {}).resume()
        setTimeout(() => socket.destroy(), 60)
      }),
      'connection',
    )
    const server = await h2()
    let isFirst = true
    const between = await relay(() => {
      const { port } = isFirst ? mute : server
      isFirst = false
      return port
    })
    const client = recording({ http2: { streams: 10 } })
    const [first, second] = await Promise.all([1, 2].map(() => client(plan(between), {})()))
    expect(first).toMatchObject({ _tag: 'Left', left: { _tag: 'ConnectFailed' } })
    if (second === undefined || E.isLeft(second)) throw new Error('the second request was not sent')
    await second.right.body.discard()
    const { queue, connect, tls: handshake, reused } = expectWhole(second.right)
    expect(queue).toBeGreaterThan(50)
    expect([connect, handshake, reused]).toEqual([expect.any(Number), expect.any(Number), false])
  })

  test('are not recorded by default', async () => {
    const server = await web((_, response) => response.end('ok'))
    const reply = await headOf(transport(), plan(server.url))
    expect('timings' in reply).toBe(false)
  })

  test('are at least 0 and can be saved, whatever the clock of the caller returns', async () => {
    const server = await web((_, response) => response.end('ok'))
    const readings = fc.array(fc.oneof(fc.double({ min: -1e6, max: 1e6 }), fc.double()), { minLength: 1, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(readings, async (values) => {
        let calls = 0
        const monotonic = (): number => values[calls++ % values.length] ?? 0
        const clock = { ...Clock.system, monotonic }
        const options = { session: Session.empty, environment: Environment.empty, transport: recording(), clock }
        const outcome = await pipe(Http.get(server.url), Client.runWith(options))()
        if (E.isLeft(outcome)) throw new Error(outcome.left.message)
        const { timings } = outcome.right
        if (timings === undefined) return
        const phases = PHASES.map((phase) => timings[phase] ?? 0)
        expect(phases.every((ms) => Number.isFinite(ms) && ms >= 0)).toBe(true)
        const saved = pipe(outcome.right, Head.encode({ reveal: true }), E.flatMap(Head.decode))
        expect(E.map(Response.timings)(saved)).toEqual(E.right(O.some(timings)))
      }),
      { numRuns: 50 },
    )
  })

  test('do not depend on a clock of the caller that throws', async () => {
    const server = await web((_, response) => response.end('ok'))
    let calls = 0
    const monotonic = (): number => {
      calls += 1
      if (calls === 2) throw new Error('no clock')
      return performance.now()
    }
    const outcome = await recording()(plan(server.url), { clock: { ...Clock.system, monotonic } })()
    if (E.isLeft(outcome)) throw new Error(outcome.left.message)
    await outcome.right.body.discard()
    expectWhole(outcome.right)
  })
})

test('an entry of a HAR file has phases that add up to its time, whichever phases took place', () => {
  const ms = fc.nat(1000)
  const optional = { dns: ms, connect: ms, tls: ms, receive: ms }
  const recorded = fc.record(
    { queue: ms, send: ms, wait: ms, ...optional },
    { requiredKeys: ['queue', 'send', 'wait'] },
  )
  fc.assert(
    fc.property(recorded, (timings) => {
      const { receive: _, ...before } = timings
      const elapsed = Object.values(before).reduce((x, y) => x + y, 0)
      expectHar(Reply.head({ status: 200, elapsed, timings }))
    }),
  )
})

describe('an exchange whose transport records timings', () => {
  const options = () => ({
    session: pipe(Session.empty, Session.withCa(pkiPath('ca.pem'))),
    environment: Environment.empty,
    transport: recording(),
  })
  const redirecting = () =>
    web((request, response) => {
      if (request.url === '/a') response.writeHead(302, { location: '/b' }).end()
      else response.write('slow', () => setTimeout(() => response.end('ly'), 150))
    })

  test('has them in the response, with the time of the body, and in its history', async () => {
    const server = await redirecting()
    const outcome = await pipe(Http.get(`${server.url}/a`), Client.runWith(options()))()
    if (E.isLeft(outcome)) throw new Error(outcome.left.message)
    const response = outcome.right
    const last = O.toUndefined(Response.timings(response))
    expectWhole(response)
    expect(last?.receive).toBeGreaterThan(30)
    const [hop] = response.history
    if (hop === undefined) throw new Error('no history')
    expect(expectWhole(hop.head).receive).toBeUndefined()

    const har = Har.ofHops()([...response.history, { plan: response.plan, head: response }])
    const [first, second] = har.log.entries
    expect(first).toMatchObject({ serverIPAddress: '127.0.0.1', connection: String(hop.head.timings?.localPort) })
    for (const entry of har.log.entries) {
      const { blocked = 0, dns = 0, connect = 0, send, wait, receive } = entry.timings
      expect([blocked, dns, connect, send, wait, receive].reduce((x, y) => x + y)).toBeCloseTo(entry.time, 6)
    }
    expect(second?.timings.receive).toBe(last?.receive)
    expect(second?.timings.connect).toBeUndefined()

    const story = Story.render({ columns: 200 })(Story.ofOutcome(outcome))
    expect(story).toMatch(/queue \d+ ms, connect \d+ ms, send \d+ ms, wait \d+ ms, on a new connection to 127\.0\.0\.1/)
    expect(story).toMatch(/wait \d+ ms, receive \d+ ms, on an open connection to 127\.0\.0\.1/)
  })

  test('has them in progress after the head, in observers, and in the head of a stream', async () => {
    const server = await redirecting()
    const seen: Array<readonly [direction: string, hasTimings: boolean]> = []
    const observed: Array<Timings | undefined> = []
    const request = pipe(
      Request.post(`${server.url}/b`),
      Request.withText('body'),
      Request.withProgress(
        ({ direction, timings }) =>
          () =>
            seen.push([direction, timings !== undefined]),
      ),
      Request.withObserver({
        onReply:
          ({ result }) =>
          () =>
            observed.push(E.isRight(result) ? result.right.timings : undefined),
      }),
    )
    const outcome = await pipe(
      request,
      Http.stream((head, body) =>
        pipe(
          Stream.toArray(body),
          TE.map(() => head.timings),
        ),
      ),
      Client.runWith(options()),
    )()
    expect(outcome).toMatchObject({ _tag: 'Right', right: { wait: expect.any(Number) } })
    expect(seen).toContainEqual(['up', false])
    expect(seen.filter(([direction]) => direction === 'down').map(([, has]) => has)).toEqual([true, true])
    expect(observed).toMatchObject([{ wait: expect.any(Number) }])
    expect(Object.isFrozen(observed[0])).toBe(true)
  })

  test('has none with another transport', async () => {
    const memory = Transport.memory(() => ({ status: 200 }))
    const outcome = await pipe(Http.get('http://h.test/'), Client.runWith({ ...options(), transport: memory }))()
    expect(pipe(outcome, E.map(Response.timings))).toEqual(E.right(O.none))
  })
})
