/** What the command needs from its process. `Process` makes one from the real process; tests make their own. */
import type { IO } from 'fp-ts/lib/IO.js'
import * as Layout from '../inspect/Layout.js'
import * as Paint from '../inspect/Paint.js'
import type { Environment } from '../session/Environment.js'
import type * as Settings from '../session/Settings.js'
import { escapeControls } from '../values/Printable.js'
import type { Clock } from '../wire/Clock.js'
import type { Transport } from '../wire/Transport.js'

/** The result of a write. `Closed`: the reader has exited, as in `| head`; this is not a failure. */
export type WriteResult =
  | { readonly _tag: 'Written' }
  | { readonly _tag: 'Closed' }
  | { readonly _tag: 'Failed'; readonly message: string }

export interface Sink {
  readonly isTTY: boolean
  readonly columns: number
  /** Settles when the content was flushed or the write failed. */
  readonly write: (content: string | Uint8Array) => Promise<WriteResult>
}

export interface Terminal {
  readonly out: Sink
  readonly err: Sink
  /** Opens the standard input; called only if it is read. */
  readonly input: () => AsyncIterable<Uint8Array>
  readonly NO_COLOR: string | undefined
  /** The value of an environment variable that an option names. */
  readonly variable: (name: string) => string | undefined
  readonly environment: IO<Environment>
  readonly clock: Clock
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal
  /** By default, the client's own transport. */
  readonly transport?: Transport
}

/** Colours and width for text that is written to a sink. */
export const styleOf = ({ NO_COLOR }: Terminal, { isTTY, columns }: Sink): Required<Paint.Look> => ({
  paint: Paint.forTerminal({ isTTY, NO_COLOR }),
  columns: isTTY ? columns : Layout.COLUMNS,
})

/** Escapes every control character except line ends and tabs. */
export const printable = (text: string): string =>
  text.replace(/\r(?=\n)/g, '').replace(/[^\n\t]+/g, (run) => escapeControls(run))

/** Writes a line of text to the standard error. */
export const printLine = async ({ err }: Terminal, text: string): Promise<void> => {
  await err.write(`${text}\n`)
}

export const printNote = (terminal: Terminal, text: string): Promise<void> =>
  printLine(terminal, `${styleOf(terminal, terminal.err).paint.warning('note')} ${printable(text)}`)

export const printError = (terminal: Terminal, text: string): Promise<void> =>
  printLine(terminal, `${styleOf(terminal, terminal.err).paint.bad('error')} ${printable(text)}`)

/** In bytes: shorter bodies have no progress line. */
export const MIN_PROGRESS_BYTES = 1_048_576
const INTERVAL_MS = 100

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const

const sizeText = (bytes: number): string => {
  const power = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10))
  return power === 0 ? `${bytes} bytes` : `${(bytes / 1024 ** power).toFixed(1)} ${UNITS[power]}`
}

/**
 * @example
 * import { progressLine } from './Terminal.js'
 *
 * assert.equal(progressLine({ direction: 'up', bytes: 3_145_728, total: 6_291_456 }), '↑ 3.0 MiB of 6.0 MiB, 50 %')
 */
export const progressLine = ({ direction, bytes, total }: Settings.Progress): string => {
  const arrow = direction === 'up' ? '↑' : '↓'
  if (total === undefined || total === 0) return `${arrow} ${sizeText(bytes)}`
  const percent = Math.floor((100 * bytes) / total)
  return `${arrow} ${sizeText(bytes)} of ${sizeText(total)}, ${percent} %`
}

export interface ProgressLine {
  readonly onProgress: Settings.OnProgress
  /** Removes the line from the terminal. */
  readonly clear: () => Promise<void>
}

const CLEAR = '\r\u001b[K'

/** Shows progress on a terminal, for bodies of at least `MIN_PROGRESS_BYTES`; changes at most ten times a second. */
export const startProgress = (
  sink: Sink,
  { monotonic }: Clock,
  directions: ReadonlyArray<Settings.Progress['direction']>,
): ProgressLine => {
  let lastShown = Number.NEGATIVE_INFINITY
  let isShown = false
  return {
    onProgress: (progress) => () => {
      const { direction, bytes, total = bytes } = progress
      const now = monotonic()
      if (!sink.isTTY || !directions.includes(direction) || total < MIN_PROGRESS_BYTES) return
      if (now - lastShown < INTERVAL_MS) return
      lastShown = now
      isShown = true
      void sink.write(`${CLEAR}${progressLine(progress).slice(0, sink.columns - 1)}`)
    },
    clear: async () => {
      if (isShown) await sink.write(CLEAR)
      isShown = false
    },
  }
}
