/** `withLimit`: concurrency, rate, cancelled waits, and the order of combinators. */
import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it, test } from 'vitest'
import { withLimit } from '../../src/transport/Limit.js'
import { memory } from '../../src/transport/Memory.js'
import { withRetry } from '../../src/transport/Retry.js'
import * as Clock from '../../src/wire/Clock.js'
import * as Fault from '../../src/wire/Fault.js'
import { type Reply, reply } from '../../src/wire/Reply.js'
import { type Transport, withPlan } from '../../src/wire/Transport.js'
import { exchange, plan, tag, text } from './plans.js'
import { ok, raw, sleep, transport } from './servers.js'
import { type Virtual, virtual } from './virtual.js'

const GET = plan('http://h.test/')

/** Returns the head after a delay. Counts requests in flight until their body is read or discarded. */
const slow = (clock: Virtual, ms: (n: number) => number, status: (n: number) => number = () => 200) => {
  const began: number[] = []
  let inFlight = 0
  let most = 0
  const send: Transport = (sent) => async () => {
    const n = began.push(clock.elapsed())
    inFlight += 1
    most = Math.max(most, inFlight)
    await clock.sleep(ms(n))()
    const made: Reply = reply({ status: status(n), body: `reply ${n}` })
    if (status(n) === 0) {
      inFlight -= 1
      return E.left(withPlan(sent, Fault.make('ReadTimeout', 'silent')))
    }
    const gather: Reply['body']['gather'] = (limit) => async () => {
      inFlight -= 1
      return made.body.gather(limit)()
    }
    const discard = async (): Promise<void> => {
      inFlight -= 1
    }
    return E.right({ ...made, body: { ...made.body, gather, discard } })
  }
  return { transport: send, began, most: () => most, inFlight: () => inFlight }
}

describe('concurrency', () => {
  it('never exceeds the limit, reaches it under load, and sends every request', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(fc.nat(50), { maxLength: 12 }), async (most, takes) => {
        const clock = virtual()
        const inner = slow(clock, (n) => takes[n - 1] ?? 0)
        const limited = withLimit({ concurrency: most })(inner.transport)
        const outcomes = await clock.until(Promise.all(takes.map(() => exchange(limited, GET, { clock }))))
        expect(outcomes.every(E.isRight)).toBe(true)
        expect(inner.most()).toBe(Math.min(most, takes.length))
        expect(inner.inFlight()).toBe(0)
      }),
      { numRuns: 30 },
    )
  })
  it('occupies a slot until the body is read, left or discarded', async () => {
    const clock = virtual()
    const inner = slow(clock, () => 0)
    const limited = withLimit({ concurrency: 1 })(inner.transport)
    const first = await clock.until(limited(GET, { clock })())
    const second = limited(GET, { clock })()
    await clock.settle()
    expect(inner.began.length).toBe(1)
    if (E.isRight(first)) for await (const _ of first.right.body) break
    const again = await clock.until(second)
    expect(inner.began.length).toBe(2)
    const third = limited(GET, { clock })()
    if (E.isRight(again)) await again.right.body.discard()
    expect(E.isRight(await clock.until(third))).toBe(true)
  })
  it('frees the slot after a failure, and after a transport throws', async () => {
    const clock = virtual()
    const limited = withLimit({ concurrency: 1 })(
      slow(
        clock,
        () => 5,
        (n) => (n < 3 ? 0 : 200),
      ).transport,
    )
    const running = [1, 2, 3].map(() => exchange(limited, GET, { clock }))
    expect((await clock.until(Promise.all(running))).map(({ _tag }) => _tag)).toEqual(['Left', 'Left', 'Right'])
    let calls = 0
    const throwing = withLimit({ concurrency: 1 })(() => {
      calls += 1
      throw new Error('mine')
    })
    await expect(throwing(GET, {})()).rejects.toThrow('mine')
    await expect(throwing(GET, {})()).rejects.toThrow('mine')
    expect(calls).toBe(2)
  })
  it('starts requests in the order in which they arrive', async () => {
    const clock = virtual()
    const inner = slow(clock, () => 10)
    const limited = withLimit({ concurrency: 2 })(inner.transport)
    const order: number[] = []
    const all = Array.from({ length: 7 }, (_, i) => exchange(limited, GET, { clock }).then(() => order.push(i)))
    await clock.until(Promise.all(all))
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(inner.began).toEqual([0, 0, 10, 10, 20, 20, 30])
  })
})

describe('rate', () => {
  it('starts at most `requests` in any period, and each as early as possible', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.nat(60), { maxLength: 12 }),
        async (requests, per, gaps) => {
          const clock = virtual()
          const inner = slow(clock, () => 0)
          const limited = withLimit({ rate: { requests, per } })(inner.transport)
          const arrived: number[] = []
          const running: Array<Promise<unknown>> = []
          for (const gap of gaps) {
            await clock.advance(gap)
            arrived.push(clock.elapsed())
            running.push(exchange(limited, GET, { clock }))
          }
          await clock.until(Promise.all(running))
          const { began } = inner
          began.forEach((start, i) => {
            const soonest = (began[i - requests] ?? Number.NEGATIVE_INFINITY) + per
            expect(start).toBe(Math.max(arrived[i] ?? 0, began[i - 1] ?? 0, soonest))
          })
          expect(began.length).toBe(gaps.length)
        },
      ),
      { numRuns: 30 },
    )
  })
})

test('a rate under a fixed clock does not block forever', async () => {
  const clock = Clock.fixed(new Date(0))
  const limited = withLimit({ rate: { requests: 2, per: 1000 } })(memory(() => ({ status: 200, body: 'x' })))
  const all = await Promise.all(Array.from({ length: 9 }, () => text(limited, GET, { clock })))
  expect(all.length).toBe(9)
})

describe('a waiting request', () => {
  it('ends at once on abort, uses no slot, and leaves no timer or listener', async () => {
    const clock = virtual()
    const inner = slow(clock, () => 1000)
    const limited = withLimit({ concurrency: 1, rate: { requests: 1, per: 5000 } })(inner.transport)
    const controller = new AbortController()
    const first = exchange(limited, GET, { clock })
    const waiting = tag(limited, GET, { clock, signal: controller.signal })
    const third = exchange(limited, GET, { clock })
    await clock.advance(2000)
    controller.abort()
    expect(await waiting).toBe('Aborted')
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    await clock.until(Promise.all([first, third]))
    expect(inner.began).toEqual([0, 5000])
    expect(clock.asleep()).toBe(0)
  })
  it('ends at the deadline', async () => {
    const clock = virtual()
    const inner = slow(clock, () => 1000)
    const limited = withLimit({ concurrency: 1 })(inner.transport)
    const first = exchange(limited, GET, { clock })
    const outcome = await clock.until(exchange(limited, GET, { clock, deadline: 300 }))
    expect(outcome).toMatchObject({ left: { _tag: 'DeadlineExceeded', unsent: true } })
    expect(clock.elapsed()).toBe(300)
    await clock.until(first)
    expect(inner.began).toEqual([0])
    expect(await clock.until(tag(limited, GET, { clock, deadline: 500 }))).toBe('DeadlineExceeded')
  })
  it('leaves no timer if it starts in time', async () => {
    const clock = virtual()
    const limited = withLimit({ concurrency: 1 })(slow(clock, () => 10).transport)
    const both = [1, 2].map(() => exchange(limited, GET, { clock, deadline: 9000 }))
    await clock.until(Promise.all(both))
    expect([clock.elapsed(), clock.asleep()]).toEqual([20, 0])
  })
  it('ends with ClientClosed on close, and the slots are free again', async () => {
    const clock = virtual()
    const inner = slow(clock, () => 1000)
    const limited = withLimit({ concurrency: 1 })(inner.transport)
    const first = exchange(limited, GET, { clock })
    const waiting = tag(limited, GET, { clock })
    await clock.advance(10)
    await limited.close?.()
    expect(await waiting).toBe('ClientClosed')
    const next = exchange(limited, GET, { clock })
    await clock.until(Promise.all([first, next]))
    expect(inner.began).toEqual([0, 10])
    expect(clock.asleep()).toBe(0)
  })
  it('shares one listener per signal, so that Node prints no leak warning', async () => {
    const clock = virtual()
    const { signal } = new AbortController()
    const limited = withLimit({ concurrency: 1 })(slow(clock, () => 1).transport)
    await clock.until(Promise.all(Array.from({ length: 30 }, () => exchange(limited, GET, { clock, signal }))))
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('withLimit and withRetry', () => {
  const later = (n: number): number => (n === 1 ? 503 : 200)
  const policy = { attempts: 2, base: 100, jitter: 0 }
  const both = async (decorate: (clock: Virtual, inner: Transport) => Transport) => {
    const clock = virtual()
    const inner = slow(clock, () => 10, later)
    const sender = decorate(clock, inner.transport)
    await clock.until(Promise.all([exchange(sender, GET, { clock }), exchange(sender, GET, { clock })]))
    return inner.began
  }
  it('with withRetry outside, a waiting retry does not occupy a slot', async () => {
    expect(await both((_, inner) => pipe(inner, withLimit({ concurrency: 1 }), withRetry(policy)))).toEqual([
      0, 10, 110,
    ])
  })
  it('with withLimit outside, an exchange keeps its slot between attempts', async () => {
    expect(await both((_, inner) => pipe(inner, withRetry(policy), withLimit({ concurrency: 1 })))).toEqual([
      0, 110, 120,
    ])
  })
  it('with withRetry outside, every attempt counts against the rate', async () => {
    const rate = { requests: 1, per: 1000 }
    expect(await both((_, inner) => pipe(inner, withLimit({ rate }), withRetry(policy)))).toEqual([0, 1000, 2000])
  })
  it('with withLimit outside, every exchange counts once against the rate', async () => {
    const rate = { requests: 1, per: 1000 }
    expect(await both((_, inner) => pipe(inner, withRetry(policy), withLimit({ rate })))).toEqual([0, 110, 1000])
  })
  it('close reaches the inner transport in either order', async () => {
    for (const decorate of [
      (inner: Transport) => pipe(inner, withRetry(policy), withLimit({})),
      (inner: Transport) => pipe(inner, withLimit({}), withRetry(policy)),
    ]) {
      let closed = 0
      const inner: Transport = Object.assign(slow(virtual(), () => 0).transport, {
        close: async () => {
          closed += 1
        },
      })
      await decorate(inner).close?.()
      expect(closed).toBe(1)
    }
  })
})

test('withLimit opens no more connections than its concurrency', async () => {
  const server = await raw(async (socket) => {
    await sleep(5)
    socket.write(ok())
  })
  const limited = withLimit({ concurrency: 3 })(transport())
  await Promise.all(Array.from({ length: 20 }, () => text(limited, plan(server.url))))
  expect(server.connections()).toBeLessThanOrEqual(3)
})
