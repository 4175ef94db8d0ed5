import { expect, it, vi } from 'vitest'
import * as Clock from '../../src/wire/Clock.js'

it.each([-1, -0.4, Number.NEGATIVE_INFINITY])(
  'does not pass a negative time to setTimeout, of which Node 24 warns: %d',
  async (ms) => {
    const timers = vi.spyOn(globalThis, 'setTimeout')
    await Clock.system.sleep(ms)()
    // The runner of the tests sets timers too, at any moment.
    const times = timers.mock.calls.map(([, time]) => time ?? 0)
    timers.mockRestore()
    expect(times).toContain(0)
    expect(times.filter((time) => time < 0)).toEqual([])
  },
)
