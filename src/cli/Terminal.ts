/**
 * Everything the command needs from its process, as one record: output, input, environment, clock, signal. `Process`
 * makes one from the real process; tests make their own.
 */
import type { IO } from 'fp-ts/lib/IO.js'
import * as Layout from '../inspect/Layout.js'
import * as Paint from '../inspect/Paint.js'
import type { Environment } from '../session/Environment.js'
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

/** Prints a note to the standard error. */
export const printNote = (terminal: Terminal, text: string): Promise<void> =>
  printLine(terminal, `${styleOf(terminal, terminal.err).paint.warning('note')} ${printable(text)}`)

/** Prints an error to the standard error. */
export const printError = (terminal: Terminal, text: string): Promise<void> =>
  printLine(terminal, `${styleOf(terminal, terminal.err).paint.bad('error')} ${printable(text)}`)
