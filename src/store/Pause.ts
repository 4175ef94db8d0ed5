/** A pause before another attempt. Its length is random, so that two processes that conflict do not conflict again. */
import * as Clock from '../wire/Clock.js'

/** Waits at most so many milliseconds. */
export const pause = (maxMs: number): Promise<void> => Clock.system.sleep(Math.random() * maxMs)()
