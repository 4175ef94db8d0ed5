import { expect, it, vi } from 'vitest'
import * as Clock from '../../src/wire/Clock.js'

it.each([-1, -0.4, Number.NEGATIVE_INFINITY])(
  'does not pass a negative time to setTimeout, of which Node 24 warns: %d',
  async (ms) => {
    const timers = vi.spyOn(globalThis, 'setTimeout')
    await Clock.system.sleep(ms)()
    const times = timers.mock.calls.map(([, time]) => time)
    timers.mockRestore()
    expect(times).toEqual([0])
  },
)
