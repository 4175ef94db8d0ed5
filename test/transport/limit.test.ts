/** No more at a time than the limit; whoever waits is let go at once; and what order decorators stand in. */
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
import { at, type Transport } from '../../src/wire/Transport.js'
import { exchange, plan, tag, text } from './plans.js'
import { ok, raw, sleep, transport } from './servers.js'
import { type Virtual, virtual } from './virtual.js'

const GET = plan('http://h.test/')

/** Takes so long to the head; counts what is under way until the body was read. */
const slow = (clock: Virtual, ms: (n: number) => number, status: (n: number) => number = () => 200) => {
  const began: number[] = []
  let underWay = 0
  let most = 0
  const send: Transport = (sent) => async () => {
    const n = began.push(clock.elapsed())
    underWay += 1
    most = Math.max(most, underWay)
    await clock.sleep(ms(n))()
    const made: Reply = reply({ status: status(n), body: `reply ${n}` })
    if (status(n) === 0) {
      underWay -= 1
      return E.left(at(sent, Fault.make('ReadTimeout', 'silent')))
    }
    const gather: Reply['body']['gather'] = (limit) => async () => {
      underWay -= 1
      return made.body.gather(limit)()
    }
    const discard = async (): Promise<void> => {
      underWay -= 1
    }
    return E.right({ ...made, body: { ...made.body, gather, discard } })
  }
  return { transport: send, began, most: () => most, underWay: () => underWay }
}

describe('concurrency', () => {
  it('is never above the limit, and reached where enough wait; all get through', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(fc.nat(50), { maxLength: 12 }), async (most, takes) => {
        const clock = virtual()
        const inner = slow(clock, (n) => takes[n - 1] ?? 0)
        const limited = withLimit({ concurrency: most })(inner.transport)
        const outcomes = await clock.until(Promise.all(takes.map(() => exchange(limited, GET, { clock }))))
        expect(outcomes.every(E.isRight)).toBe(true)
        expect(inner.most()).toBe(Math.min(most, takes.length))
        expect(inner.underWay()).toBe(0)
      }),
      { numRuns: 30 },
    )
  })
  it('holds a place until the body was read, left or discarded', async () => {
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
  it('gives the place of a failure, and of a transport that throws, to the next', async () => {
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
  it('goes first come, first served', async () => {
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
  it('lets no more begin in any span, and wastes none', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.nat(60), { maxLength: 12 }),
        async (requests, per, gaps) => {
          const clock = virtual()
          const inner = slow(clock, () => 0)
          const limited = withLimit({ rate: { requests, per } })(inner.transport)
          const asked: number[] = []
          const running: Array<Promise<unknown>> = []
          for (const gap of gaps) {
            await clock.advance(gap)
            asked.push(clock.elapsed())
            running.push(exchange(limited, GET, { clock }))
          }
          await clock.until(Promise.all(running))
          const { began } = inner
          began.forEach((start, i) => {
            const soonest = (began[i - requests] ?? Number.NEGATIVE_INFINITY) + per
            expect(start).toBe(Math.max(asked[i] ?? 0, began[i - 1] ?? 0, soonest))
          })
          expect(began.length).toBe(gaps.length)
        },
      ),
      { numRuns: 30 },
    )
  })
})

test('a clock that stands still lets all through, one after the other', async () => {
  const clock = Clock.fixed(new Date(0))
  const limited = withLimit({ rate: { requests: 2, per: 1000 } })(memory(() => ({ status: 200, body: 'x' })))
  const all = await Promise.all(Array.from({ length: 9 }, () => text(limited, GET, { clock })))
  expect(all.length).toBe(9)
})

describe('waiting', () => {
  it('ends at once with an abort, takes no place, and leaves nothing', async () => {
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
  it('ends with the deadline', async () => {
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
  it('leaves no timer where the turn came in time', async () => {
    const clock = virtual()
    const limited = withLimit({ concurrency: 1 })(slow(clock, () => 10).transport)
    const both = [1, 2].map(() => exchange(limited, GET, { clock, deadline: 9000 }))
    await clock.until(Promise.all(both))
    expect([clock.elapsed(), clock.asleep()]).toEqual([20, 0])
  })
  it('ends with ClientClosed; afterwards places are free', async () => {
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
  it('of thirty on one signal warns of no leak', async () => {
    const clock = virtual()
    const { signal } = new AbortController()
    const limited = withLimit({ concurrency: 1 })(slow(clock, () => 1).transport)
    await clock.until(Promise.all(Array.from({ length: 30 }, () => exchange(limited, GET, { clock, signal }))))
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('order', () => {
  const later = (n: number): number => (n === 1 ? 503 : 200)
  const policy = { attempts: 2, base: 100, jitter: 0 }
  const both = async (decorate: (clock: Virtual, inner: Transport) => Transport) => {
    const clock = virtual()
    const inner = slow(clock, () => 10, later)
    const sender = decorate(clock, inner.transport)
    await clock.until(Promise.all([exchange(sender, GET, { clock }), exchange(sender, GET, { clock })]))
    return inner.began
  }
  it('retry around limit: a wait holds no place', async () => {
    expect(await both((_, inner) => pipe(inner, withLimit({ concurrency: 1 }), withRetry(policy)))).toEqual([
      0, 10, 110,
    ])
  })
  it('limit around retry: an exchange keeps its place through its waits', async () => {
    expect(await both((_, inner) => pipe(inner, withRetry(policy), withLimit({ concurrency: 1 })))).toEqual([
      0, 110, 120,
    ])
  })
  it('retry around rate: every attempt counts', async () => {
    const rate = { requests: 1, per: 1000 }
    expect(await both((_, inner) => pipe(inner, withLimit({ rate }), withRetry(policy)))).toEqual([0, 1000, 2000])
  })
  it('rate around retry: every exchange counts once', async () => {
    const rate = { requests: 1, per: 1000 }
    expect(await both((_, inner) => pipe(inner, withRetry(policy), withLimit({ rate })))).toEqual([0, 110, 1000])
  })
  it('close goes through both, whatever the order', async () => {
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

test('on real sockets: no more connections than places', async () => {
  const server = await raw(async (socket) => {
    await sleep(5)
    socket.write(ok())
  })
  const limited = withLimit({ concurrency: 3 })(transport())
  await Promise.all(Array.from({ length: 20 }, () => text(limited, plan(server.url))))
  expect(server.connections()).toBeLessThanOrEqual(3)
})
