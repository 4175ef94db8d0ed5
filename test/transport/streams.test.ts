/** Several HTTP/2 streams on one connection. */
import * as http2 from 'node:http2'
import { type AddressInfo, connect, type Socket } from 'node:net'
import * as tls from 'node:tls'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Agent } from '../../src/transport/undici/Agent.js'
import type { Options } from '../../src/transport/undici/TransportOptions.js'
import * as Body from '../../src/values/Body.js'
import { type Changes, exchange, fault, head, plan, tag, text, timed } from './plans.js'
import { accept, type Listening, listen, pki, secure, sleep, transport, until } from './servers.js'

const servers: http2.Http2SecureServer[] = []
const sessions = new Set<http2.ServerHttp2Session>()
const sockets = new Set<Socket>()
const closeServers = async (): Promise<void> => {
  for (const session of sessions) session.destroy()
  sessions.clear()
  // Node 20 can leave the socket of a session open that was ended by a GOAWAY.
  for (const socket of sockets) socket.destroy()
  for (const server of servers.splice(0)) await new Promise<void>((resolve) => server.close(() => resolve()))
}
afterEach(async () => {
  vi.restoreAllMocks()
  await closeServers()
})

interface Served {
  readonly url: string
  /** The number of sessions so far. */
  readonly opened: () => number
  /** The most streams that were open at the same time, over all sessions. */
  readonly most: () => number
  /** The paths of all requests. */
  readonly paths: string[]
}

type Answer = (stream: http2.ServerHttp2Stream, path: string, session: http2.ServerHttp2Session) => void

const echo: Answer = (stream, path) => {
  if (stream.destroyed) return
  stream.respond({ ':status': 200 })
  stream.end(path)
}

const serving = async (answer: Answer = echo, settings: http2.Settings = {}): Promise<Served> => {
  const server = http2.createSecureServer({ cert: pki('server.pem'), key: pki('server.key'), settings })
  const paths: string[] = []
  let [opened, open, most] = [0, 0, 0]
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  })
  server.on('session', (session) => {
    opened += 1
    sessions.add(session)
    session.on('close', () => sessions.delete(session)).on('error', () => {})
  })
  server.on('stream', (stream, headers) => {
    open += 1
    most = Math.max(most, open)
    stream.on('close', () => {
      open -= 1
    })
    stream.on('error', () => {})
    const path = String(headers[':path'])
    paths.push(path)
    // The cast: a stream of a server belongs to a session of a server.
    if (stream.session !== undefined) answer(stream, path, stream.session as http2.ServerHttp2Session)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as AddressInfo // the cast: it listens on TCP
  return { url: `https://localhost:${port}`, opened: () => opened, most: () => most, paths }
}

/** A link to a server. Frozen, it passes nothing on its first connection, and does not close it. */
const freezable = async (server: Served) => {
  let isFrozen = false
  const freeze = (): void => {
    isFrozen = true
  }
  const between = await accept((socket) => {
    const onward = connect(Number(new URL(server.url).port), '127.0.0.1')
    const mayPass = () => !isFrozen || between.connections() > 1
    socket.on('data', (chunk) => mayPass() && onward.write(chunk)).on('close', () => onward.destroy())
    onward.on('data', (chunk) => mayPass() && socket.write(chunk)).on('error', () => {})
  })
  return { ...between, freeze }
}

const shared = (streams = 100, connections = 128) => transport({ http2: { streams }, connections })
const times = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => i)

/** Finds loopback for every name. */
const toLoopback: NonNullable<Options['lookup']> = (_host, _options, callback) => callback(null, '127.0.0.1', 4)

/** Starts a TLS server that chooses HTTP/2, and then does what it wants. */
const acceptHttp2 = async (use: (socket: Socket) => void): Promise<Listening & { readonly url: string }> => {
  const keys = { cert: pki('server.pem'), key: pki('server.key'), ALPNProtocols: ['h2'] }
  const server = tls.createServer(keys, (socket) => use(socket.on('error', () => {}).resume()))
  const listening = await listen(server, 'secureConnection')
  return { ...listening, url: `https://localhost:${listening.port}` }
}

/** Answers when so many requests have arrived, so that they must be open at the same time. */
const together = (count: number): Answer => {
  const waiting: Array<() => void> = []
  return (stream, path, session) => {
    waiting.push(() => echo(stream, path, session))
    if (waiting.length === count) for (const answer of waiting.splice(0)) answer()
  }
}

describe('one connection', () => {
  test('serves 100 simultaneous requests', async () => {
    const server = await serving(together(100))
    const client = shared()
    const texts = await Promise.all(times(100).map((i) => text(client, plan(`${server.url}/${i}`))))
    expect(texts).toEqual(times(100).map((i) => `/${i}`))
    expect([server.opened(), server.most()]).toEqual([1, 100])
  })

  test('serves any number of requests in turn and at once, each with its own response', async () => {
    const server = await serving()
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(12), { maxLength: 4 }),
        fc.integer({ min: 2, max: 8 }),
        async (bursts, streams) => {
          const client = shared(streams, 1)
          const before = server.opened()
          for (const burst of bursts) {
            const texts = await Promise.all(times(burst).map((i) => text(client, plan(`${server.url}/${i}`))))
            expect(texts).toEqual(times(burst).map((i) => `/${i}`))
          }
          expect(server.opened() - before).toBe(bursts.some((burst) => burst > 0) ? 1 : 0)
          await client.close?.()
        },
      ),
      { numRuns: 20 },
    )
  })

  test('has no more streams than the server allows, and others wait', async () => {
    const server = await serving((stream, path, session) => setTimeout(echo, 10, stream, path, session), {
      maxConcurrentStreams: 3,
    })
    const client = shared(100, 1)
    await Promise.all(times(10).map((i) => text(client, plan(`${server.url}/${i}`))))
    expect([server.opened(), server.most()]).toEqual([1, 3])
  })

  test('is followed by another one only when it is full', async () => {
    const server = await serving(together(4), { maxConcurrentStreams: 2 })
    const client = shared(100, 2)
    await Promise.all(times(4).map((i) => text(client, plan(`${server.url}/${i}`))))
    expect([server.opened(), server.most()]).toEqual([2, 4])
  })

  test('returns large bodies to readers of different speed, and sends large bodies at the same time', async () => {
    const size = 1_000_000
    const server = await serving((stream, path) => {
      stream.respond({ ':status': 200 })
      if (path === '/down') stream.end(Buffer.alloc(size, 'x'))
      else stream.pipe(stream)
    })
    const client = shared()
    const slow = await head(client, plan(`${server.url}/down`)) // is not read yet, and must not stop the others
    const body = Body.stream(async function* () {
      for (let i = 0; i < 10; i++) yield Buffer.alloc(size / 10, 'y')
    })
    const others = await Promise.all([
      ...times(8).map(() => text(client, plan(`${server.url}/down`))),
      ...times(8).map(() => text(client, plan(`${server.url}/up`, { method: 'POST', body }))),
    ])
    expect(others.map(({ length }) => length)).toEqual(Array(16).fill(size))
    const rest = await slow.body.gather(Number.POSITIVE_INFINITY)()
    expect(rest).toMatchObject({ _tag: 'Right' })
    if (rest._tag === 'Right') expect(rest.right.length).toBe(size)
    expect(server.opened()).toBe(1)
  })

  test('outlives a request that is aborted, reset or not read', async () => {
    const server = await serving((stream, path, session) => {
      if (path === '/reset') stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR)
      else if (path === '/large') {
        stream.respond({ ':status': 200 })
        stream.end(Buffer.alloc(3_000_000))
      } else if (path !== '/silent') setTimeout(echo, 60, stream, path, session)
    })
    const client = shared()
    const survivor = text(client, plan(`${server.url}/survivor`))
    await sleep(20)
    const abort = new AbortController()
    const aborted = exchange(client, plan(`${server.url}/silent`), { signal: abort.signal })
    const reset = tag(client, plan(`${server.url}/reset`))
    const large = await head(client, plan(`${server.url}/large`))
    await large.body.discard()
    abort.abort(new Error('no longer needed'))
    expect(await aborted).toMatchObject({ _tag: 'Left', left: { _tag: 'Aborted' } })
    expect(await reset).toBe('ConnectFailed')
    expect(await survivor).toBe('/survivor')
    expect(await text(client, plan(`${server.url}/next`))).toBe('/next')
    expect(server.opened()).toBe(1)
  })

  test('is used further after a timeout if its server still answers', async () => {
    const server = await serving((stream, path, session) =>
      setTimeout(echo, path === '/slow' ? 150 : 0, stream, path, session),
    )
    const client = shared()
    expect(await text(client, plan(`${server.url}/first`))).toBe('/first')
    const other = text(client, plan(`${server.url}/slow`))
    expect(await tag(client, plan(`${server.url}/slow`, { timeouts: { read: 40 } }))).toBe('ReadTimeout')
    await sleep(40)
    expect(await text(client, plan(`${server.url}/second`))).toBe('/second')
    expect(await other).toBe('/slow')
    expect(server.opened()).toBe(1)
  })

  test.each([0, 20])('is kept when its only request times out, if it answers a PING after %i ms', async (delay) => {
    const server = await serving((stream, path, session) =>
      setTimeout(echo, path === '/slow' ? 150 : 0, stream, path, session),
    )
    const between = await accept((socket) => {
      const onward = connect(Number(new URL(server.url).port), '127.0.0.1')
      socket.on('data', (chunk) => setTimeout(() => onward.write(chunk), delay)).on('close', () => onward.destroy())
      onward.on('data', (chunk) => socket.write(chunk)).on('error', () => {})
    })
    const client = shared()
    const url = `https://localhost:${between.port}`
    for (const i of times(5)) {
      expect(await tag(client, plan(`${url}/slow`, { timeouts: { read: 60 } }))).toBe('ReadTimeout')
      await sleep(60)
      expect(await text(client, plan(`${url}/${i}`))).toBe(`/${i}`)
    }
    expect(server.opened()).toBe(1)
  })

  test('that does not answer a PING is replaced, also at the limit', async () => {
    const server = await serving()
    const between = await freezable(server)
    const client = shared(100, 1)
    const url = `https://localhost:${between.port}`
    expect(await text(client, plan(`${url}/first`))).toBe('/first')
    between.freeze()
    expect(await tag(client, plan(`${url}/lost`, { timeouts: { read: 50 } }))).toBe('ReadTimeout')
    const next = await timed(2000, () => text(client, plan(`${url}/next`)))
    expect(next.result).toBe('/next')
    expect(next.elapsed).toBeLessThan(2000)
    expect(between.connections()).toBe(2)
  })

  test('gets no new requests if nothing arrives any more', async () => {
    const server = await serving()
    const between = await freezable(server)
    const client = shared()
    const url = `https://localhost:${between.port}`
    expect(await text(client, plan(`${url}/first`))).toBe('/first')
    between.freeze()
    const abort = new AbortController()
    const aborted = exchange(client, plan(`${url}/lost`), { signal: abort.signal })
    const lost = exchange(client, plan(`${url}/lost`, { timeouts: { read: 100 } }))
    await sleep(20)
    abort.abort(new Error('too slow'))
    expect(await aborted).toMatchObject({ left: { _tag: 'Aborted' } })
    expect(await text(client, plan(`${url}/next`))).toBe('/next')
    expect(await lost).toMatchObject({ left: { _tag: 'ReadTimeout' } })
    expect(between.connections()).toBe(2)
  })

  test('does not hold its place under the limit when it gets no new requests', async () => {
    const server = await serving((stream, path, session) => {
      stream.respond({ ':status': 200 })
      if (path === '/events') {
        stream.write('data: 1\n\n')
        session.goaway(http2.constants.NGHTTP2_NO_ERROR, stream.id)
      } else stream.end(path)
    })
    const client = shared(10, 1)
    const events = await head(client, plan(`${server.url}/events`))
    await sleep(20)
    expect(await text(client, plan(`${server.url}/next`))).toBe('/next')
    await events.body.discard()
    expect(server.opened()).toBe(2)
  })

  test.each<readonly [string, Answer, Changes]>([
    [
      'its server has ended it',
      (stream, _path, session) => session.goaway(http2.constants.NGHTTP2_NO_ERROR, stream.id),
      {},
    ],
    ['a request asks for its end', () => {}, { headers: [['Connection', 'close']] }],
  ])('does not hold up requests that wait, when %s and a stream stays open', async (_, end, changes) => {
    const server = await serving((stream, path, session) => {
      if (!path.startsWith('/hold')) return void setTimeout(echo, 30, stream, path, session)
      stream.respond({ ':status': 200 })
      stream.write('data: 1\n\n')
      if (path === '/hold-last') setTimeout(end, 30, stream, path, session)
    })
    const client = shared(2, 1)
    const first = await head(client, plan(`${server.url}/hold`))
    const brief = text(client, plan(`${server.url}/brief`))
    const last = head(client, plan(`${server.url}/hold-last`, changes))
    const limits = { deadline: performance.now() + 2000 }
    const waiting = times(3).map((i) => text(client, plan(`${server.url}/${i}`), limits))
    expect(await Promise.all([brief, ...waiting])).toEqual(['/brief', '/0', '/1', '/2'])
    for (const { body } of [first, await last]) await body.discard()
    expect(server.opened()).toBe(2)
  })

  test('is closed when it is idle and its server has ended it, so that the next request need not wait', async () => {
    const server = await serving((stream, path, session) => {
      echo(stream, path, session)
      setTimeout(() => session.goaway(http2.constants.NGHTTP2_NO_ERROR), 5)
    })
    const client = shared(10, 1)
    for (const i of times(3)) {
      const start = performance.now()
      expect(await text(client, plan(`${server.url}/${i}`))).toBe(`/${i}`)
      expect(performance.now() - start).toBeLessThan(1500)
      await sleep(20)
    }
    expect(server.opened()).toBe(3)
  })

  test('has a free stream again after a head without a body, and after an early response to a body', async () => {
    const server = await serving(
      (stream, path) => {
        if (path === '/open') stream.respond({ ':status': 204 }, { endStream: false })
        else {
          stream.respond({ ':status': 200 })
          stream.end('early')
        }
      },
      { maxConcurrentStreams: 1, initialWindowSize: 1000 },
    )
    const client = shared(10, 1)
    expect((await head(client, plan(`${server.url}/open`))).status).toBe(204)
    const body = Body.bytes(new Uint8Array(200_000))
    for (const _ of times(3)) {
      expect(await text(client, plan(`${server.url}/early`, { method: 'POST', body }))).toBe('early')
    }
    expect(server.opened()).toBe(1)
  })

  test('is closed after a request with Connection: close, when its other requests have ended', async () => {
    const server = await serving((stream, path, session) => setTimeout(echo, 30, stream, path, session))
    const client = shared()
    const first = text(client, plan(`${server.url}/first`))
    await sleep(10)
    await Promise.all([first, text(client, plan(`${server.url}/last`, { headers: [['Connection', 'close']] }))])
    await until(() => sessions.size === 0)
    expect(sessions.size).toBe(0)
    expect(await text(client, plan(`${server.url}/next`))).toBe('/next')
    expect(server.opened()).toBe(2)
  })
})

describe('GOAWAY', () => {
  test('lets the streams finish that the server processes, and sends the others on another connection', async () => {
    let isFirst = true
    const server = await serving((stream, path, session) => {
      if (isFirst) {
        isFirst = false
        // The requests that arrive after the first one are not processed.
        session.goaway(http2.constants.NGHTTP2_NO_ERROR, stream.id)
        setTimeout(echo, 30, stream, path, session)
      } else echo(stream, path, session)
    })
    const client = shared()
    const texts = await Promise.all(times(6).map((i) => text(client, plan(`${server.url}/${i}`))))
    expect(texts).toEqual(times(6).map((i) => `/${i}`))
    expect(server.opened()).toBe(2)
  })

  test('does not send a streamed body again, and says that the request was not processed', async () => {
    const server = await serving((_stream, _path, session) => {
      session.goaway(http2.constants.NGHTTP2_NO_ERROR, 0)
      setTimeout(() => session.destroy(), 10)
    })
    const body = Body.stream(async function* () {
      yield Buffer.from('body')
    })
    const failure = await fault(shared(), plan(server.url, { method: 'POST', body }))
    expect(failure).toMatchObject({ _tag: 'ConnectFailed' })
    expect(server.paths.length).toBe(1)
  })
})

type Behaviour = 'Answer' | 'Late' | 'Reset' | 'Cut' | 'Goaway' | 'Destroy'

const behave = (behaviour: Behaviour): Answer => {
  switch (behaviour) {
    case 'Answer':
      return echo
    case 'Late':
      return (...args) => setTimeout(echo, 15, ...args)
    case 'Reset':
      return (stream) => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR)
    case 'Cut':
      return (stream) => {
        stream.respond({ ':status': 200 })
        stream.write('pa')
        // Not `close`, which ends the body first.
        setTimeout(() => stream.destroy(new Error('cut')), 5)
      }
    case 'Goaway':
      return (stream, path, session) => {
        session.goaway(http2.constants.NGHTTP2_NO_ERROR, stream.id)
        echo(stream, path, session)
      }
    case 'Destroy':
      return (_stream, _path, session) => session.destroy()
  }
}

test('whatever a server does, each request gets its own response or a fault, and ends', async () => {
  const behaviour = fc.constantFrom<Behaviour>('Answer', 'Answer', 'Late', 'Reset', 'Cut', 'Goaway', 'Destroy')
  await fc.assert(
    fc.asyncProperty(
      fc.array(behaviour, { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 2, max: 10 }),
      fc.integer({ min: 1, max: 3 }),
      async (behaviours, streams, connections) => {
        const server = await serving((stream, path, session) => {
          behave(behaviours[Number(path.slice(1))] ?? 'Answer')(stream, path, session)
        })
        const client = shared(streams, connections)
        const outcomes = await Promise.all(
          behaviours.map((_, i) => exchange(client, plan(`${server.url}/${i}`, { timeouts: { read: 2000 } }))),
        )
        for (const [i, outcome] of outcomes.entries()) {
          if (outcome._tag === 'Right') expect(outcome.right.text).toBe(`/${i}`)
          else expect(['ConnectFailed', 'BodyCut']).toContain(outcome.left._tag)
        }
        const isCalm = behaviours.every((one) => one !== 'Goaway' && one !== 'Destroy')
        if (isCalm) {
          const isAnswered = (one: Behaviour) => one === 'Answer' || one === 'Late'
          expect(outcomes.map(({ _tag }) => _tag === 'Right')).toEqual(behaviours.map(isAnswered))
        }
        expect(await text(client, plan(`${server.url}/next`))).toBe('/next')
        await client.close?.()
        await closeServers()
      },
    ),
    { numRuns: 30 },
  )
})

test('requests that wait are served, although streams of connections without new requests stay open', async () => {
  const kind = fc.constantFrom(
    'answer' as const,
    'answer' as const,
    'goaway' as const,
    'leave' as const,
    'close' as const,
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(kind, { minLength: 1, maxLength: 15 }),
      fc.integer({ min: 2, max: 4 }),
      fc.integer({ min: 1, max: 2 }),
      async (kinds, streams, connections) => {
        const server = await serving((stream, path, session) => {
          if (path.startsWith('/answer')) return echo(stream, path, session)
          stream.respond({ ':status': 200 })
          stream.write('open')
          const lastStream = path.startsWith('/leave') ? 2 ** 31 - 1 : stream.id
          if (!path.startsWith('/close')) setTimeout(() => session.destroyed || session.goaway(0, lastStream), 10)
        })
        const client = shared(streams, connections)
        const heads = await Promise.all(
          kinds.map(async (one, i) => {
            const headers = one === 'close' ? ([['Connection', 'close']] as const) : []
            const sent = plan(`${server.url}/${one}${i}`, { headers })
            return client(sent, { deadline: performance.now() + 3000 })()
          }),
        )
        // A request whose second connection was ended too is not sent a third time.
        for (const one of heads)
          if (one._tag === 'Left') expect(one.left).toMatchObject({ unsent: true, _tag: 'ConnectFailed' })
        for (const one of heads) if (one._tag === 'Right') await one.right.body.discard()
        await client.close?.()
        await closeServers()
      },
    ),
    { numRuns: 20 },
  )
})

describe('an origin', () => {
  test('that does not speak HTTP/2 gets a connection for each request', async () => {
    let [open, most] = [0, 0]
    const server = await secure((request, response) => {
      open += 1
      most = Math.max(most, open)
      setTimeout(() => {
        open -= 1
        response.end(request.httpVersion)
      }, 20)
    })
    const client = shared(100, 4)
    const versions = await Promise.all(times(8).map(() => text(client, plan(server.url))))
    expect(versions).toEqual(Array(8).fill('1.1'))
    expect(most).toBe(4)
    expect(await text(client, plan(server.url))).toBe('1.1')
    expect(server.connections()).toBe(4)
  })

  test('that does not answer the handshake fails each request at its own connect timeout', async () => {
    const server = await accept((socket) => socket.resume())
    const client = shared()
    const start = performance.now()
    const tags = times(6).map(async (i) => {
      const outcome = await tag(client, plan(`https://${server.host}/`, { timeouts: { connect: 50 + 20 * i } }))
      return [outcome, performance.now() - start] as const
    })
    const outcomes = await Promise.all(tags)
    expect(outcomes.map(([outcome]) => outcome)).toEqual(Array(6).fill('ConnectTimeout'))
    expect(Math.max(...outcomes.map(([, ms]) => ms))).toBeLessThan(1000)
    expect(server.connections()).toBeLessThan(3)
  })

  test('that closes each connection before its settings fails each request at its own connect timeout', async () => {
    const server = await acceptHttp2((socket) => setTimeout(() => socket.destroy(), 150))
    const client = shared()
    const timeouts = { connect: 200 }
    const outcomes = await Promise.all(
      times(8).map(() => timed(400, () => tag(client, plan(server.url, { timeouts })))),
    )
    for (const { result } of outcomes) expect(['ConnectFailed', 'ConnectTimeout']).toContain(result)
    // The last one is sent before the timeout, and then waits until its connection is closed.
    expect(Math.max(...outcomes.map(({ elapsed }) => elapsed))).toBeLessThan(700)
    expect(server.connections()).toBeLessThan(5)
  })

  test('that never sends its settings fails each request at its own connect timeout, or when it was sent', async () => {
    const server = await acceptHttp2(() => {})
    const client = shared()
    const timeouts = { connect: 1400, read: 300 }
    const outcomes = await Promise.all(
      times(6).map(() => timed(1400, () => tag(client, plan(server.url, { timeouts })))),
    )
    const tags = outcomes.map(({ result }) => result)
    expect(tags).toEqual(['ReadTimeout', 'ReadTimeout', ...Array(4).fill('ConnectTimeout')])
    expect(Math.max(...outcomes.map(({ elapsed }) => elapsed))).toBeLessThan(1600)
    expect(server.connections()).toBe(2)
  })

  test('keeps the handshake for others when the request that began it is aborted', async () => {
    const server = await serving()
    const client = shared()
    const abort = new AbortController()
    const first = exchange(client, plan(`${server.url}/first`), { signal: abort.signal })
    const second = text(client, plan(`${server.url}/second`))
    abort.abort(new Error('no longer needed'))
    expect(await first).toMatchObject({ left: { _tag: 'Aborted' } })
    expect(await second).toBe('/second')
    expect(server.opened()).toBe(1)
  })

  test('that cannot be reached fails each request that waits', async () => {
    const client = shared()
    const tags = await Promise.all(times(3).map(() => tag(client, plan('https://localhost:1/'))))
    expect(tags).toEqual(Array(3).fill('ConnectFailed'))
  })

  test('gets no connection for requests that were aborted while they waited', async () => {
    const server = await serving()
    const client = shared()
    const aborts = times(3).map(() => new AbortController())
    const sent = aborts.map(({ signal }) => exchange(client, plan(server.url), { signal }))
    for (const abort of aborts) abort.abort(new Error('no longer needed'))
    expect(await Promise.all(sent)).toMatchObject(Array(3).fill({ left: { _tag: 'Aborted' } }))
    expect(await text(client, plan(`${server.url}/next`))).toBe('/next')
  })
})

describe('an origin without connections is forgotten', () => {
  const ways: ReadonlyArray<readonly [string, Changes, Answer]> = [
    [
      'after its server has ended the connection',
      {},
      (stream, path, session) => {
        stream.respond({ ':status': 200 })
        session.goaway(http2.constants.NGHTTP2_NO_ERROR, stream.id)
        setTimeout(() => stream.end(path), 5)
      },
    ],
    ['after Connection: close', { headers: [['Connection', 'close']] }, echo],
    ['after the last idle connection', {}, echo],
    ['after a request that failed', {}, (_stream, _path, session) => session.destroy()],
    ['after a timeout', { timeouts: { read: 30 } }, () => {}],
  ]
  test.each(ways)('%s', async (_, changes, answer) => {
    const forget = vi.spyOn(Agent.prototype, 'forget')
    const server = await serving(answer)
    const client = transport({ http2: { streams: 5 }, keepAlive: 30, lookup: toLoopback })
    const { port } = new URL(server.url)
    const origins = times(5).map((i) => `https://h${i}.test:${port}`)
    await Promise.all(origins.map((origin) => exchange(client, plan(origin, { ...changes, verify: false }))))
    const forgotten = () => new Set(forget.mock.calls.map(([origin]) => origin))
    await until(() => forgotten().size === origins.length)
    expect(forgotten()).toEqual(new Set(origins))
  })

  test('after a connection for requests that were served elsewhere chose HTTP/1.1', async () => {
    const forget = vi.spyOn(Agent.prototype, 'forget')
    const server = await serving((stream, path, session) => setTimeout(echo, 50, stream, path, session), {
      maxConcurrentStreams: 1,
    })
    let isFirst = true
    const plain = await secure()
    const between = await accept((socket) => {
      const { url } = isFirst ? server : plain
      const delay = isFirst ? 0 : 150
      isFirst = false
      const onward = connect(Number(new URL(url).port), '127.0.0.1')
      socket.on('data', (chunk) => setTimeout(() => onward.write(chunk), delay)).on('close', () => onward.destroy())
      onward.on('data', (chunk) => socket.write(chunk)).on('error', () => {})
    })
    const client = transport({ http2: { streams: 5 }, keepAlive: 30 })
    const origin = `https://localhost:${between.port}`
    const sent = times(2).map((i) => text(client, plan(`${origin}/${i}`)))
    expect(await Promise.all(sent)).toEqual(['/0', '/1'])
    await until(() => forget.mock.calls.length > 0)
    expect(forget.mock.calls.map(([name]) => name)).toContain(origin)
    expect(between.connections()).toBe(2)
  })
})

test.each([1, 1.9])('{ streams: %s } serves one request on each connection', async (streams) => {
  const server = await serving(together(2))
  const client = shared(streams)
  await Promise.all(times(2).map((i) => text(client, plan(`${server.url}/${i}`))))
  expect(server.opened()).toBe(2)
})

test.each([Number.POSITIVE_INFINITY, 2 ** 32, Number.MAX_SAFE_INTEGER])(
  '{ streams: %s } has no limit of its own',
  async (streams) => {
    const server = await serving(together(10))
    const client = shared(streams)
    await Promise.all(times(10).map((i) => text(client, plan(`${server.url}/${i}`))))
    expect(server.opened()).toBe(1)
  },
)

test('closing the transport ends the streams of each connection', async () => {
  const server = await serving(() => {})
  const client = shared()
  const sent = times(5).map(() => tag(client, plan(server.url)))
  await until(() => server.paths.length === 5)
  await client.close?.()
  expect(await Promise.all(sent)).toEqual(Array(5).fill('ClientClosed'))
  await until(() => sessions.size === 0)
  expect(sessions.size).toBe(0)
})
