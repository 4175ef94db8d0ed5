/** `withSharedLimit`: what the port permits, the order of each key, every end of a wait, and ports that fail. */
import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { describe, expect, it, vi } from 'vitest'
import { rateLimiterFlexible } from '../../src/transport/RateLimiterFlexible.js'
import { withRetry } from '../../src/transport/Retry.js'
import { type Options, withSharedLimit } from '../../src/transport/SharedLimit.js'
import type { SharedLimit } from '../../src/transport/SharedLimitPort.js'
import * as Clock from '../../src/wire/Clock.js'
import type { Plan } from '../../src/wire/Plan.js'
import { reply } from '../../src/wire/Reply.js'
import { failed, type SendControls, type Transport } from '../../src/wire/Transport.js'
import { untyped } from '../untyped.js'
import { exchange, plan } from './plans.js'
import { type Virtual, virtual } from './virtual.js'

const GET = plan('http://h.test/')

interface Sent {
  readonly path: string
  readonly host: string
  readonly at: number
}

/** A transport that replies at once, and remembers what it has sent and when. */
const remembering = (clock: Clock.Clock = Clock.system) => {
  const start = clock.monotonic()
  const sent: Sent[] = []
  const transport: Transport =
    ({ url }) =>
    async () => {
      sent.push({ path: url.pathname, host: url.hostname, at: clock.monotonic() - start })
      return E.right(reply({ status: 200, body: 'done' }))
    }
  return { transport, sent, paths: () => sent.map(({ path }) => path) }
}

/** A window for each key: at most `points` grants in each period of `per` milliseconds. Its server takes `ms` for each call. */
const windows = (clock: Virtual, points: number, per: number, ms = 0) => {
  const counted = new Map<string, { end: number; n: number }>()
  const calls: string[] = []
  const inCall = new Map<string, number>()
  let most = 0
  const port: SharedLimit = {
    take: (key, now) => async () => {
      calls.push(key)
      inCall.set(key, (inCall.get(key) ?? 0) + 1)
      most = Math.max(most, inCall.get(key) ?? 0)
      await clock.sleep(ms)()
      inCall.set(key, (inCall.get(key) ?? 0) - 1)
      const time = now.getTime()
      const window = counted.get(key)
      if (window === undefined || time >= window.end) {
        counted.set(key, { end: time + per, n: 1 })
        return E.right({ waitMs: 0 })
      }
      if (window.n >= points) return E.right({ waitMs: window.end - time })
      window.n += 1
      return E.right({ waitMs: 0 })
    },
  }
  return { port, calls, most: () => most }
}

/** A port that returns one result after the other, and then permits everything. */
const scripted = (...results: ReadonlyArray<() => unknown>) => {
  const calls: Array<readonly [key: string, now: number]> = []
  const port: SharedLimit = {
    take: (key, now) => {
      const result = results[calls.length] ?? (() => TE.right({ waitMs: 0 }))
      calls.push([key, now.getTime()])
      return untyped(result())
    },
  }
  return { port, calls }
}

const waits = (waitMs: number) => () => TE.right({ waitMs })
const never = () => () => new Promise(() => {})

const pathOf = (n: number, host = 'h.test'): Plan => plan(`http://${host}/${n}`)

describe('what the port permits', () => {
  const requests = fc.array(fc.record({ host: fc.constantFrom('a.test', 'b.test', 'c.test'), gap: fc.nat(60) }), {
    maxLength: 12,
  })

  it('is never exceeded, in no period and for no key, and every request is sent in the order of its key', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 100 }),
        fc.nat(5),
        fc.integer({ min: 1, max: 3 }),
        requests,
        async (points, per, ms, processes, arriving) => {
          const clock = virtual()
          const server = windows(clock, points, per, ms)
          const inner = remembering(clock)
          const limited = Array.from({ length: processes }, () => withSharedLimit(server.port)(inner.transport))
          const running: Array<Promise<E.Either<unknown, unknown>>> = []
          for (const [i, { host, gap }] of arriving.entries()) {
            await clock.advance(gap)
            running.push(exchange(limited[i % processes] ?? inner.transport, pathOf(i, host), { clock }))
          }
          const outcomes = await clock.until(Promise.all(running))
          expect(outcomes.filter(E.isLeft)).toEqual([])
          for (const host of ['a.test', 'b.test', 'c.test']) {
            const sent = inner.sent.filter((one) => one.host === host)
            // The request `i` of a key starts at least `i / points` periods, rounded down, after the first.
            const first = sent[0]?.at ?? 0
            sent.forEach(({ at }, i) => {
              expect(at - first).toBeGreaterThanOrEqual(Math.floor(i / points) * per - ms)
            })
            for (let process = 0; process < processes; process += 1) {
              const numbers = sent.map(({ path }) => Number(path.slice(1))).filter((n) => n % processes === process)
              expect(numbers).toEqual([...numbers].sort((x, y) => x - y))
            }
          }
          expect(server.most()).toBeLessThanOrEqual(processes)
          expect(clock.asleep()).toBe(0)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('is asked by the first request of a key only, however many wait', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 5 }), async (count, points) => {
        const clock = virtual()
        const server = windows(clock, points, 1000)
        const inner = remembering(clock)
        const limited = withSharedLimit(server.port)(inner.transport)
        await clock.until(Promise.all(Array.from({ length: count }, (_, i) => exchange(limited, pathOf(i), { clock }))))
        const refusals = Math.floor((count - 1) / points)
        expect(server.calls.length).toBe(count + refusals)
        expect(server.most()).toBe(1)
        expect(inner.paths()).toEqual(Array.from({ length: count }, (_, i) => `/${i}`))
      }),
      { numRuns: 20 },
    )
  })

  it('is sent as early as possible, at once if nothing limits it', async () => {
    const clock = virtual()
    const inner = remembering(clock)
    const limited = withSharedLimit(windows(clock, 2, 1000).port)(inner.transport)
    await clock.until(Promise.all([0, 1, 2, 3, 4].map((i) => exchange(limited, pathOf(i), { clock }))))
    expect(inner.sent.map(({ at }) => at)).toEqual([0, 0, 1000, 1000, 2000])
  })

  it('counts each attempt of a retry that is outside', async () => {
    const clock = virtual()
    const statuses = [503, 503, 200]
    const times: number[] = []
    const flaky: Transport = () => async () => {
      times.push(clock.elapsed())
      return E.right(reply({ status: statuses[times.length - 1] ?? 200 }))
    }
    const { port } = windows(clock, 1, 1000)
    const sender = pipe(flaky, withSharedLimit(port), withRetry({ attempts: 3, base: 10, jitter: 0 }))
    await clock.until(exchange(sender, GET, { clock }))
    expect(times).toEqual([0, 1000, 2000])
  })
})

describe('a key', () => {
  it('does not wait for another one', async () => {
    const clock = virtual()
    const inner = remembering(clock)
    const { port } = windows(clock, 1, 1000)
    const limited = withSharedLimit(port)(inner.transport)
    const hosts = ['a.test', 'a.test', 'b.test']
    await clock.until(Promise.all(hosts.map((host, i) => exchange(limited, pathOf(i, host), { clock }))))
    expect(inner.sent.map(({ host, at }) => [host, at])).toEqual([
      ['a.test', 0],
      ['b.test', 0],
      ['a.test', 1000],
    ])
  })
  it('does not wait for another one whose port does not answer', async () => {
    const clock = virtual()
    const inner = remembering(clock)
    const port: SharedLimit = { take: (key) => (key === 'http://a.test' ? untyped(never()) : TE.right({ waitMs: 0 })) }
    const limited = withSharedLimit(port)(inner.transport)
    const hanging = exchange(limited, pathOf(0, 'a.test'), { clock })
    await clock.until(exchange(limited, pathOf(1, 'b.test'), { clock }))
    expect(inner.paths()).toEqual(['/1'])
    expect(clock.elapsed()).toBe(0)
    await clock.until(hanging)
  })
  it('is the origin of the URL by default, with a port if there is one', async () => {
    const { port, calls } = scripted()
    const limited = withSharedLimit(port)(remembering().transport)
    for (const url of ['http://h.test/a?b', 'https://h.test/', 'http://h.test:81/']) await exchange(limited, plan(url))
    expect(calls.map(([key]) => key)).toEqual(['http://h.test', 'https://h.test', 'http://h.test:81'])
  })
  it('is what the option returns', async () => {
    const { port, calls } = scripted()
    const limited = withSharedLimit(port, { key: ({ method }) => method })(remembering().transport)
    await exchange(limited, GET)
    await exchange(limited, plan('http://other.test/', { method: 'PUT' }))
    expect(calls.map(([key]) => key)).toEqual(['GET', 'PUT'])
  })
  it('is forgotten when nothing waits for it, also after a request that was not sent', async () => {
    const clock = virtual()
    const sets = vi.spyOn(Map.prototype, 'set')
    const deletes = vi.spyOn(Map.prototype, 'delete')
    const { port } = scripted(waits(5), () => TE.left('down'))
    const limited = withSharedLimit(port)(remembering(clock).transport)
    const keys = (spy: typeof sets | typeof deletes) => spy.mock.calls.filter(([key]) => key === 'http://h.test').length
    try {
      await clock.until(exchange(limited, GET, { clock }))
      expect([keys(sets), keys(deletes)]).toEqual([1, 1])
      const { signal } = new AbortController()
      await clock.until(exchange(limited, GET, { clock, signal }))
      await exchange(limited, GET, { clock, signal: AbortSignal.abort() })
      expect([keys(sets), keys(deletes)]).toEqual([2, 2])
      const stopped = new AbortController()
      const waiting = withSharedLimit(scripted(waits(500)).port)(remembering(clock).transport)
      const running = exchange(waiting, GET, { clock, signal: stopped.signal })
      stopped.abort()
      await running
      expect([keys(sets), keys(deletes)]).toEqual([3, 3])
    } finally {
      sets.mockRestore()
      deletes.mockRestore()
    }
  })
})

type End = (clock: Virtual, limited: Transport, stop: AbortController) => Promise<unknown>

const ENDS: ReadonlyArray<readonly [string, string, End, SendControls]> = [
  ['abort', 'Aborted', async (_, __, stop) => stop.abort(), {}],
  ['deadline', 'DeadlineExceeded', (clock) => clock.advance(400), { deadline: 300 }],
  ['close', 'ClientClosed', (_, limited) => limited.close?.() ?? Promise.resolve(), {}],
]

const MOMENTS: ReadonlyArray<readonly [string, () => unknown]> = [
  ['waits for its turn', waits(5000)],
  ['waits for the port', never],
]

describe.each(ENDS)('an end by %s', (_name, tag, end, more) => {
  it.each(MOMENTS)('fails a request that %s at once, and leaves no timer and no listener', async (_, first) => {
    const clock = virtual()
    const inner = remembering(clock)
    const { port } = scripted(first)
    const limited = withSharedLimit(port)(inner.transport)
    const stop = new AbortController()
    const running = exchange(limited, GET, { clock, signal: stop.signal, ...more })
    await clock.advance(100)
    await end(clock, limited, stop)
    expect(await running).toMatchObject({ left: { _tag: tag, unsent: true, plan: GET } })
    expect(inner.sent).toEqual([])
    expect(clock.elapsed()).toBeLessThanOrEqual(500)
    expect(clock.asleep()).toBe(0)
    expect(getEventListeners(stop.signal, 'abort')).toEqual([])
    // The next one starts anew.
    await clock.until(exchange(limited, GET, { clock }))
    expect(inner.sent.length).toBe(1)
  })
})

describe.each(ENDS.filter(([name]) => name !== 'close'))('an end by %s of the first request', (_, __, end, more) => {
  it('passes the turn to the next one, and the port is not called before the wait is over', async () => {
    const clock = virtual()
    const inner = remembering(clock)
    const { port, calls } = scripted(waits(5000))
    const limited = withSharedLimit(port)(inner.transport)
    const stop = new AbortController()
    const running = exchange(limited, pathOf(0), { clock, signal: stop.signal, ...more })
    const next = exchange(limited, pathOf(1), { clock })
    await clock.advance(100)
    await end(clock, limited, stop)
    await running
    expect(calls.length).toBe(1)
    await clock.until(next)
    expect(inner.sent).toEqual([{ path: '/1', host: 'h.test', at: 5000 }])
    expect([calls.length, clock.asleep()]).toEqual([2, 0])
  })
})

describe('a waiting request', () => {
  it('starts with what the port permits to a first one that was aborted meanwhile, so that nothing is lost', async () => {
    const clock = virtual()
    const inner = remembering(clock)
    const { port, calls } = scripted(() => async () => {
      await clock.sleep(50)()
      return E.right({ waitMs: 0 })
    })
    const limited = withSharedLimit(port)(inner.transport)
    const stop = new AbortController()
    const first = exchange(limited, pathOf(0), { clock, signal: stop.signal })
    const next = exchange(limited, pathOf(1), { clock })
    await clock.advance(10)
    stop.abort()
    await first
    await clock.until(next)
    expect([inner.paths(), calls.length]).toEqual([['/1'], 1])
  })
  it('is removed from the middle of the queue without a change of the others', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }), fc.nat(2500), async (kept, at) => {
        const clock = virtual()
        const inner = remembering(clock)
        const limited = withSharedLimit(windows(clock, 1, 1000).port)(inner.transport)
        const stop = new AbortController()
        const running = kept.map((isKept, i) =>
          exchange(limited, pathOf(i), isKept ? { clock } : { clock, signal: stop.signal }),
        )
        await clock.advance(at)
        const before = new Set(inner.paths())
        stop.abort()
        await clock.until(Promise.all(running))
        const wanted = kept.flatMap((isKept, i) => (isKept || before.has(`/${i}`) ? [`/${i}`] : []))
        expect(inner.paths()).toEqual(wanted)
        const gaps = inner.sent.slice(1).map((one, i) => one.at - (inner.sent[i]?.at ?? 0))
        expect(gaps.filter((gap) => gap < 1000)).toEqual([])
        expect(clock.asleep()).toBe(0)
        expect(getEventListeners(stop.signal, 'abort')).toEqual([])
      }),
      { numRuns: 30 },
    )
  })
  it('is not sent if it is aborted before, and the port is not called', async () => {
    const { port, calls } = scripted()
    const limited = withSharedLimit(port)(remembering().transport)
    const outcome = await exchange(limited, GET, { signal: AbortSignal.abort() })
    expect(outcome).toMatchObject({ left: { _tag: 'Aborted', unsent: true } })
    expect(await exchange(limited, GET, { deadline: 0 })).toMatchObject({
      left: { _tag: 'DeadlineExceeded', unsent: true },
    })
    expect(calls).toEqual([])
  })
  it.each([
    [999, 0],
    [1000, 1],
  ])('of %d ms is signed again %d times', async (ms, times) => {
    const clock = virtual()
    let signed = 0
    const signAgain: SendControls['signAgain'] = (given) => {
      signed += 1
      return TE.right({ ...given, url: pathOf(7).url })
    }
    const inner = remembering(clock)
    const limited = withSharedLimit(scripted(waits(ms)).port)(inner.transport)
    await clock.until(exchange(limited, GET, { clock, signAgain }))
    expect([signed, inner.paths()]).toEqual([times, [times === 0 ? '/' : '/7']])
  })
  it('ends with the error of the signer', async () => {
    const clock = virtual()
    const inner = remembering(clock)
    const limited = withSharedLimit(scripted(waits(1000)).port)(inner.transport)
    const left = failed('Aborted', GET)('no key')
    const outcome = await clock.until(exchange(limited, GET, { clock, signAgain: () => TE.left(left) }))
    expect(outcome).toEqual(E.left(left))
    expect(inner.sent).toEqual([])
  })
  it('gets the time of its clock, and a clock that stands still does not block it', async () => {
    const clock = Clock.fixed(new Date(1000))
    const { port, calls } = scripted(waits(200), waits(300))
    const limited = withSharedLimit(port)(remembering().transport)
    expect(await exchange(limited, GET, { clock, deadline: 2000 })).toMatchObject({ _tag: 'Right' })
    expect(await exchange(limited, GET, { clock })).toMatchObject({ _tag: 'Right' })
    expect(calls.map(([, now]) => now)).toEqual([1000, 1200, 1500, 1000])
  })
  it('can be aborted by a timer, although the sleep of its clock does not wait', async () => {
    const clock: Clock.Clock = { ...Clock.system, sleep: () => async () => {} }
    const end = Date.now() + 1000
    const port: SharedLimit = { take: (_, now) => TE.right({ waitMs: Math.max(0, end - now.getTime()) }) }
    const inner = remembering()
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 10)
    const outcome = await exchange(withSharedLimit(port)(inner.transport), GET, { clock, signal: stop.signal })
    expect([outcome, inner.sent]).toMatchObject([{ left: { _tag: 'Aborted', unsent: true } }, []])
  })
  it('leaves no timer of its deadline if it starts in time', async () => {
    const clock = virtual()
    const limited = withSharedLimit(windows(clock, 1, 10).port)(remembering(clock).transport)
    await clock.until(Promise.all([0, 1, 2].map((i) => exchange(limited, pathOf(i), { clock, deadline: 9000 }))))
    expect([clock.elapsed(), clock.asleep()]).toEqual([20, 0])
  })
  it('names in the message of its deadline what it waited for', async () => {
    const clock = virtual()
    const limited = withSharedLimit(scripted(waits(500)).port)(remembering(clock).transport)
    const outcome = await clock.until(exchange(limited, GET, { clock, deadline: 300 }))
    expect(outcome).toMatchObject({ left: { message: expect.stringMatching(/: it waited for withSharedLimit$/) } })
  })
  it('waits longer than a timer can', async () => {
    const clock = virtual()
    const sleeps: number[] = []
    const sleep: Clock.Clock['sleep'] = (ms, signal) => {
      sleeps.push(ms)
      return clock.sleep(ms, signal)
    }
    const spied: Clock.Clock = { ...clock, sleep }
    const stop = new AbortController()
    const limited = withSharedLimit(scripted(waits(Number.MAX_SAFE_INTEGER)).port)(remembering().transport)
    const running = exchange(limited, GET, { clock: spied, signal: stop.signal })
    await clock.settle()
    stop.abort()
    await running
    expect(Math.max(...sleeps)).toBe(Clock.MAX_DELAY_MS)
  })
})

// --- ports that fail -------------------------------------------------------------------------------------------------

const failureOf = async (result: () => unknown, options: Options = {}): Promise<Record<string, unknown>> => {
  const clock = virtual()
  const inner = remembering(clock)
  const limited = withSharedLimit(scripted(result).port, options)(inner.transport)
  const outcome = await clock.until(exchange(limited, GET, { clock }))
  expect(inner.sent).toEqual([])
  expect(clock.asleep()).toBe(0)
  return E.isLeft(outcome) ? { ...outcome.left, elapsed: clock.elapsed() } : {}
}

const thrown = (message: string): never => {
  throw new Error(message)
}

const BROKEN = {
  get _tag(): never {
    return thrown('a getter')
  },
}

const STORE_FAILURES: ReadonlyArray<readonly [string, () => unknown]> = [
  ['a Left', () => TE.left(new Error('down'))],
  ['a Left of text', () => TE.left('down')],
  ['an exception', () => thrown('down')],
  ['an exception of its task', () => () => thrown('down')],
  ['a rejection', () => () => Promise.reject(new Error('down'))],
]

const GARBAGE: ReadonlyArray<readonly [string, () => unknown]> = [
  ...[Number.NaN, Number.POSITIVE_INFINITY, -1, '5', null, new Date(0)].map(
    (waitMs) => [`a wait of ${waitMs}`, () => TE.right({ waitMs })] as const,
  ),
  ['no wait', () => TE.right({})],
  ['a Right of a number', () => TE.right(0)],
  ['a Right of null', () => TE.right(null)],
  ['no Either', () => async () => ({ waitMs: 0 })],
  ['nothing', () => async () => undefined],
  ['another tag', () => async () => ({ _tag: 'Maybe', right: { waitMs: 0 } })],
  ['a promise', () => Promise.resolve(E.right({ waitMs: 0 }))],
  ['undefined', () => undefined],
]

describe('a port that fails', () => {
  it.each(STORE_FAILURES)('with %s is an unsent ConnectFailed', async (_, result) => {
    const found = await failureOf(result)
    expect(found).toMatchObject({ _tag: 'ConnectFailed', unsent: true, plan: GET, elapsed: 0 })
    expect(found['message']).toMatch(/GET http:\/\/h\.test\/ was not sent: down; check/)
  })
  it('with a result that cannot be read is an unsent ConnectFailed', async () => {
    expect(await failureOf(() => async () => BROKEN)).toMatchObject({ _tag: 'ConnectFailed', unsent: true })
  })
  it.each(GARBAGE)('with %s is an unsent ProtocolError', async (_, result) => {
    expect(await failureOf(result)).toMatchObject({ _tag: 'ProtocolError', unsent: true, plan: GET, elapsed: 0 })
  })
  it('with a task that never ends is an unsent ConnectFailed after the timeout', async () => {
    expect(await failureOf(never)).toMatchObject({ _tag: 'ConnectFailed', unsent: true, elapsed: 10_000 })
    expect(await failureOf(never, { timeout: 70 })).toMatchObject({ _tag: 'ConnectFailed', unsent: true, elapsed: 70 })
  })
  it('without a function take is an unsent ProtocolError', async () => {
    for (const port of [undefined, null, {}, { take: 5 }]) {
      const limited = withSharedLimit(untyped(port))(remembering().transport)
      expect(await exchange(limited, GET)).toMatchObject({ left: { _tag: 'ProtocolError', unsent: true } })
    }
  })
  it('fails only the request that called it: the next one calls it again', async () => {
    for (const [, result] of [...STORE_FAILURES, ...GARBAGE, ['never', never] as const]) {
      const clock = virtual()
      const inner = remembering(clock)
      const { port, calls } = scripted(result)
      const limited = withSharedLimit(port)(inner.transport)
      const running = [0, 1, 2].map((i) => exchange(limited, pathOf(i), { clock }))
      const outcomes = await clock.until(Promise.all(running))
      expect(outcomes.map(({ _tag }) => _tag)).toEqual(['Left', 'Right', 'Right'])
      expect([inner.paths(), calls.length, clock.asleep()]).toEqual([['/1', '/2'], 3, 0])
    }
  })
  it('is called again by withRetry, for any method', async () => {
    const clock = virtual()
    const inner = remembering(clock)
    const { port, calls } = scripted(() => TE.left('down'))
    const sender = pipe(inner.transport, withSharedLimit(port), withRetry())
    const outcome = await clock.until(exchange(sender, plan('http://h.test/', { method: 'POST' }), { clock }))
    expect([outcome._tag, inner.sent.length, calls.length]).toEqual(['Right', 1, 2])
  })
  it('under a clock whose sleep fails is an unsent ConnectFailed', async () => {
    const clock: Clock.Clock = { ...Clock.system, sleep: () => () => Promise.reject(new Error('no timers')) }
    const limited = withSharedLimit(scripted(waits(5)).port)(remembering().transport)
    expect(await exchange(limited, GET, { clock })).toMatchObject({ left: { _tag: 'ConnectFailed', unsent: true } })
  })
})

describe('an option that is not valid is an unsent ProtocolError', () => {
  it.each<readonly [string, unknown]>([
    ['a key that throws', { key: () => thrown('mine') }],
    ['a key that returns a number', { key: () => 5 }],
    ['a key that returns a promise', { key: async () => thrown('mine') }],
    ['a key that is not a function', { key: 'h.test' }],
    ['a timeout of text', { timeout: '5' }],
    ['a timeout that is not a number', { timeout: Number.NaN }],
    ['a negative timeout', { timeout: -1 }],
  ])('%s', async (_, options) => {
    const { port, calls } = scripted()
    const inner = remembering()
    const limited = withSharedLimit(port, untyped(options))(inner.transport)
    expect(await exchange(limited, GET)).toMatchObject({ left: { _tag: 'ProtocolError', unsent: true, plan: GET } })
    expect([calls, inner.sent]).toEqual([[], []])
  })
  it('options of null are those by default', async () => {
    const limited = withSharedLimit(scripted().port, untyped(null))(remembering().transport)
    expect(await exchange(limited, GET)).toMatchObject({ _tag: 'Right' })
  })
})

describe('closing', () => {
  it('reaches the inner transport, and sending works again', async () => {
    let closed = 0
    const close = async (): Promise<void> => {
      closed += 1
    }
    const inner = remembering()
    const limited = withSharedLimit(scripted().port)(Object.assign(inner.transport, { close }))
    await limited.close?.()
    expect(await exchange(limited, GET)).toMatchObject({ _tag: 'Right' })
    expect(closed).toBe(1)
  })
})

// --- rate-limiter-flexible -------------------------------------------------------------------------------------------

describe('rateLimiterFlexible', () => {
  it('keeps the limit of the real package in memory', async () => {
    const inner = remembering()
    const limiter = new RateLimiterMemory({ points: 3, duration: 1 })
    const limited = withSharedLimit(rateLimiterFlexible(limiter))(inner.transport)
    const outcomes = await Promise.all(Array.from({ length: 8 }, (_, i) => exchange(limited, pathOf(i))))
    expect(outcomes.filter(E.isLeft)).toEqual([])
    expect(inner.paths()).toEqual(Array.from({ length: 8 }, (_, i) => `/${i}`))
    const first = inner.sent[0]?.at ?? 0
    // Its period is counted in milliseconds of the wall clock, which may have passed by one more.
    const early = inner.sent.filter(({ at }, i) => at - first < Math.floor(i / 3) * 1000 - 10)
    expect(early).toEqual([])
    expect(inner.sent.at(-1)?.at).toBeLessThan(5000)
  })
  it('does not block other work with the real package under a clock that stands still', async () => {
    const limiter = new RateLimiterMemory({ points: 1, duration: 1 })
    const limited = withSharedLimit(rateLimiterFlexible(limiter))(remembering().transport)
    const clock = Clock.fixed(new Date(0))
    await exchange(limited, GET, { clock })
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 20)
    expect(await exchange(limited, GET, { clock, signal: stop.signal })).toMatchObject({ left: { _tag: 'Aborted' } })
  })
  it.each([
    [250, 250],
    [1, 50],
    [0, 50],
    [-1, 50],
  ])(
    'turns msBeforeNext of %d into a wait of %d ms, so that it is not called again at once',
    async (msBeforeNext, waitMs) => {
      const limit = rateLimiterFlexible({ consume: () => Promise.reject({ msBeforeNext }) })
      expect(await limit.take('k', new Date())()).toEqual(E.right({ waitMs }))
    },
  )
  it.each<readonly [string, unknown]>([
    ['an error of the store', new Error('down')],
    ['a wait that is not a number', { msBeforeNext: 'soon' }],
    ['a wait without an end', { msBeforeNext: Number.POSITIVE_INFINITY }],
    ['nothing', undefined],
  ])('returns a Left for %s', async (_, rejected) => {
    const limit = rateLimiterFlexible({ consume: () => Promise.reject(rejected) })
    expect(await limit.take('k', new Date())()).toEqual(E.left(rejected))
  })
  it('returns a Left for a limiter that throws, or is missing', async () => {
    for (const limiter of [{ consume: () => thrown('down') }, undefined, {}]) {
      expect(E.isLeft(await rateLimiterFlexible(untyped(limiter)).take('k', new Date())())).toBe(true)
    }
  })
  it('consumes one point of the key', async () => {
    const consumed: unknown[] = []
    const limit = rateLimiterFlexible({ consume: async (...all) => consumed.push(all) })
    expect(await limit.take('k', new Date())()).toEqual(E.right({ waitMs: 0 }))
    expect(consumed).toEqual([['k', 1]])
  })
})
