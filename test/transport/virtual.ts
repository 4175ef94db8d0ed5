/** A clock that a test advances: sleepers wake in order, and no real time passes. */
import type { Clock } from '../../src/wire/Clock.js'

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

export interface Virtual extends Clock {
  /** Returns the milliseconds since the clock was created. */
  readonly elapsed: () => number
  /** Returns the number of sleepers. */
  readonly asleep: () => number
  /** Lets all promises settle that do not depend on time. */
  readonly settle: () => Promise<void>
  /** Advances the clock, and wakes the sleepers that are due, one after the other. */
  readonly advance: (ms: number) => Promise<void>
  /** Advances the clock until a promise settles. Throws after a day. */
  readonly until: <A>(running: Promise<A>) => Promise<A>
}

const START = Date.parse('2026-01-01T00:00:00Z')
const DAY = 86_400_000

export const virtual = (): Virtual => {
  let now = 0
  const sleepers = new Set<Sleeper>()
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  const first = (): Sleeper | undefined => [...sleepers].sort((x, y) => x.at - y.at)[0]
  const advance = async (ms: number): Promise<void> => {
    const end = now + ms
    await settle()
    for (let next = first(); next !== undefined && next.at <= end; next = first()) {
      now = Math.max(now, next.at)
      next.wake()
      await settle()
    }
    now = end
  }
  return {
    now: () => new Date(START + now),
    monotonic: () => now,
    sleep: (ms, signal) => () =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const wake = (): void => {
          sleepers.delete(sleeper)
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        const sleeper: Sleeper = { at: now + ms, wake }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', wake)
      }),
    elapsed: () => now,
    asleep: () => sleepers.size,
    settle,
    advance,
    until: async (running) => {
      let isOver = false
      const watched = running.finally(() => {
        isOver = true
      })
      watched.catch(() => {})
      await settle()
      for (let next = first(); !isOver && next !== undefined && now < DAY; next = first()) {
        await advance(Math.max(0, next.at - now))
      }
      if (!isOver) throw new Error(`the promise did not settle, and nothing sleeps after ${now} ms`)
      return watched
    },
  }
}
