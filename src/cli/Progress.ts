/**
 * Shows the progress of a long body on one line: `↓ 12.0 MiB of 100.0 MiB, 12 %`.
 *
 * The line appears only on a terminal, only for bodies of at least `MIN_BYTES`, and changes at most ten times a second.
 *
 * @example
 * import * as Progress from 'requests-ts/src/cli/Progress'
 *
 * assert.equal(Progress.line({ direction: 'up', bytes: 3_145_728, total: 6_291_456 }), '↑ 3.0 MiB of 6.0 MiB, 50 %')
 */
import type * as Settings from '../session/Settings.js'
import type { Clock } from '../wire/Clock.js'
import type { Sink } from './Terminal.js'

/** In bytes: shorter bodies have no progress line. */
export const MIN_BYTES = 1_048_576
const INTERVAL_MS = 100

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** Formats a number of bytes with a unit. */
export const size = (bytes: number): string => {
  const power = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10))
  return power === 0 ? `${bytes} bytes` : `${(bytes / 1024 ** power).toFixed(1)} ${UNITS[power]}`
}

/** Formats the progress line. */
export const line = ({ direction, bytes, total }: Settings.Progress): string => {
  const arrow = direction === 'up' ? '↑' : '↓'
  if (total === undefined || total === 0) return `${arrow} ${size(bytes)}`
  const percent = Math.floor((100 * bytes) / total)
  return `${arrow} ${size(bytes)} of ${size(total)}, ${percent} %`
}

const isLong = ({ bytes, total = bytes }: Settings.Progress): boolean => total >= MIN_BYTES

export interface ProgressLine {
  readonly onProgress: Settings.OnProgress
  /** Removes the line from the terminal. */
  readonly clear: () => Promise<void>
}

const CLEAR = '\r\u001b[K'

/** Starts a progress line for the given directions. */
export const start = (
  sink: Sink,
  { monotonic }: Clock,
  directions: ReadonlyArray<Settings.Progress['direction']>,
): ProgressLine => {
  let lastShown = Number.NEGATIVE_INFINITY
  let isShown = false
  return {
    onProgress: (progress) => () => {
      const now = monotonic()
      if (!sink.isTTY || !directions.includes(progress.direction) || !isLong(progress)) return
      if (now - lastShown < INTERVAL_MS) return
      lastShown = now
      isShown = true
      void sink.write(`${CLEAR}${line(progress).slice(0, sink.columns - 1)}`)
    },
    clear: async () => {
      if (isShown) await sink.write(CLEAR)
      isShown = false
    },
  }
}
