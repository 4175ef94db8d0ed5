import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { AttemptTimer, NO_TIMEOUT, SharedTimeout, type TimerListener } from '../../src/transport/undici/AttemptTimer.js'

// Node may fire up to a millisecond early, and the timer allows for it.
const TOLERANCE_MS = 2

interface Recorded {
  readonly timer: AttemptTimer
  readonly ends: Array<readonly [how: 'Deadline' | 'Silence', at: number]>
}

const started = (shared: SharedTimeout, deadline: number, silence: number): Recorded => {
  const ends: Array<readonly ['Deadline' | 'Silence', number]> = []
  const end = (how: 'Deadline' | 'Silence') => (): void => {
    ends.push([how, performance.now()])
    timer.stop()
  }
  const listener: TimerListener = {
    silenceLimit: () => silence,
    hasUnseenActivity: () => false,
    onDeadline: end('Deadline'),
    onSilence: end('Silence'),
  }
  const timer = new AttemptTimer(shared, listener, performance.now() + deadline)
  timer.restart()
  return { timer, ends }
}

describe('AttemptTimer', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const limit = fc.oneof(fc.integer({ min: 1, max: 1_000 }), fc.constant(NO_TIMEOUT))
  const attempt = fc.record({
    start: fc.integer({ min: 0, max: 300 }),
    deadline: limit,
    silence: limit,
    touches: fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 3 }),
    stop: fc.option(fc.integer({ min: 1, max: 800 }), { nil: undefined }),
  })

  test('ends each attempt at its own limit, however many share the timeout', () => {
    fc.assert(
      fc.property(fc.array(attempt, { minLength: 1, maxLength: 8 }), (attempts) => {
        vi.clearAllTimers()
        const shared = new SharedTimeout()
        const zero = performance.now()
        const all: Array<Recorded & { readonly expected: number | undefined }> = []
        for (const { start, deadline, silence, touches, stop } of attempts) {
          setTimeout(() => {
            const one = started(shared, deadline, silence)
            const begun = performance.now() - zero
            for (const at of touches) setTimeout(() => one.timer.touch(), at)
            if (stop !== undefined) setTimeout(() => one.timer.stop(), stop)
            let last = 0
            for (const at of [...touches].sort((x, y) => x - y)) if (at < last + silence) last = at
            const due = Math.min(deadline, last + silence)
            const ends = due !== NO_TIMEOUT && !(stop !== undefined && stop < due - TOLERANCE_MS)
            const isClose = stop !== undefined && Math.abs(stop - due) <= TOLERANCE_MS
            if (!isClose && touches.every((at) => Math.abs(at - due) > TOLERANCE_MS)) {
              all.push({ ...one, expected: ends ? begun + due : undefined })
            }
          }, start)
        }
        vi.advanceTimersByTime(4_000)
        for (const { ends, expected } of all) {
          expect(ends.length).toBe(expected === undefined ? 0 : 1)
          if (expected !== undefined) expect(Math.abs((ends[0]?.[1] ?? 0) - zero - expected)).toBeLessThan(TOLERANCE_MS)
        }
      }),
    )
  })

  test('sets one timeout for any number of attempts', () => {
    const shared = new SharedTimeout()
    const timers = Array.from({ length: 50 }, () => started(shared, NO_TIMEOUT, 1_000).timer)
    expect(vi.getTimerCount()).toBe(1)
    for (const timer of timers) timer.stop()
    vi.advanceTimersByTime(5_000)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('sets no timeout without a limit', () => {
    started(new SharedTimeout(), NO_TIMEOUT, NO_TIMEOUT)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('notices activity that nothing reported', () => {
    const shared = new SharedTimeout()
    const ends: number[] = []
    let unseen = 2
    const timer: AttemptTimer = new AttemptTimer(
      shared,
      {
        silenceLimit: () => 100,
        hasUnseenActivity: () => {
          unseen -= 1
          return unseen >= 0
        },
        onDeadline: () => expect.unreachable(),
        onSilence: () => {
          ends.push(performance.now())
          timer.stop()
        },
      },
      NO_TIMEOUT,
    )
    const zero = performance.now()
    timer.restart()
    vi.advanceTimersByTime(1_000)
    expect(ends.map((at) => Math.round((at - zero) / 100))).toEqual([3])
  })

  test('lets an attempt start others when it ends', () => {
    const shared = new SharedTimeout()
    const ends: string[] = []
    const begin = (name: string, silence: number, then: () => void): void => {
      const timer = new AttemptTimer(
        shared,
        {
          silenceLimit: () => silence,
          hasUnseenActivity: () => false,
          onDeadline: () => expect.unreachable(),
          onSilence: () => {
            ends.push(name)
            timer.stop()
            then()
          },
        },
        NO_TIMEOUT,
      )
      timer.restart()
    }
    begin('first', 50, () => begin('second', 50, () => {}))
    vi.advanceTimersByTime(60)
    expect(ends).toEqual(['first'])
    vi.advanceTimersByTime(60)
    expect(ends).toEqual(['first', 'second'])
  })
})

describe('fake timers', () => {
  test('that were removed do not stop the timeouts of a transport', async () => {
    const shared = new SharedTimeout()
    vi.useFakeTimers({ now: 0 })
    started(shared, NO_TIMEOUT, 5).timer.stop()
    vi.useRealTimers()
    // The time of the fake timers began when they were installed.
    await vi.waitUntil(() => performance.now() > 1_100, { timeout: 5_000 })
    const { ends } = started(shared, NO_TIMEOUT, 20)
    await vi.waitUntil(() => ends.length === 1, { timeout: 2_000 })
    expect(ends.map(([how]) => how)).toEqual(['Silence'])
  })
})

describe('the process', () => {
  const timeouts = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

  test('stays alive for an attempt with a limit, unless its reader does not read', () => {
    const shared = new SharedTimeout()
    const before = timeouts()
    const one = started(shared, NO_TIMEOUT, 60_000).timer
    const other = started(shared, 60_000, NO_TIMEOUT).timer
    expect(timeouts()).toBe(before + 1)
    one.unref()
    expect(timeouts()).toBe(before + 1)
    other.unref()
    expect(timeouts()).toBe(before)
    one.ref()
    expect(timeouts()).toBe(before + 1)
    one.stop()
    expect(timeouts()).toBe(before)
    other.stop()
    expect(timeouts()).toBe(before)
  })
})
