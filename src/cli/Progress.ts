/**
 * How far a long body has gone, on one line that is written over itself: `↓ 12.0 MiB of 100.0 MiB, 12 %`.
 *
 * Only for a terminal, only for bodies that are known to be long or have turned out to be, and ten times a second.
 *
 * @example
 * import * as Progress from 'requests-ts/src/cli/Progress'
 *
 * assert.equal(Progress.line({ direction: 'up', bytes: 3_145_728, total: 6_291_456 }), '↑ 3.0 MiB of 6.0 MiB, 50 %')
 */
import type * as Settings from '../session/Settings.js'
import type { Clock } from '../wire/Clock.js'
import type { Sink } from './Terminal.js'

/** Octets: what comes at once needs no progress. */
export const LONG = 1_048_576
const EVERY_MS = 100

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** Octets for people. */
export const size = (octets: number): string => {
  const power = octets < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(octets) / 10))
  return power === 0 ? `${octets} bytes` : `${(octets / 1024 ** power).toFixed(1)} ${UNITS[power]}`
}

/** What is shown. */
export const line = ({ direction, bytes, total }: Settings.Progress): string => {
  const arrow = direction === 'up' ? '↑' : '↓'
  if (total === undefined || total === 0) return `${arrow} ${size(bytes)}`
  return `${arrow} ${size(bytes)} of ${size(total)}, ${Math.floor((100 * bytes) / total)} %`
}

const isLong = ({ bytes, total = bytes }: Settings.Progress): boolean => total >= LONG

export interface Watch {
  readonly onProgress: Settings.OnProgress
  /** Takes the line away. */
  readonly clear: () => Promise<void>
}

const CLEAR = '\r\u001b[K'

/** Shows progress on a terminal, of the directions that do not disturb what else is written there. */
export const watch = (
  sink: Sink,
  { monotonic }: Clock,
  directions: ReadonlyArray<Settings.Progress['direction']>,
): Watch => {
  let last = Number.NEGATIVE_INFINITY
  let isShown = false
  return {
    onProgress: (seen) => () => {
      const now = monotonic()
      if (!sink.isTTY || !directions.includes(seen.direction) || !isLong(seen) || now - last < EVERY_MS) return
      last = now
      isShown = true
      void sink.write(`${CLEAR}${line(seen).slice(0, sink.columns - 1)}`)
    },
    clear: async () => {
      if (isShown) await sink.write(CLEAR)
      isShown = false
    },
  }
}
