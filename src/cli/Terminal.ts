/**
 * What the command needs from outside, as one record: where it writes, what it reads, when it must stop. `Process` makes
 * one from the process; a test makes one of its own, which may call itself a terminal.
 */
import type { IO } from 'fp-ts/lib/IO.js'
import * as Layout from '../inspect/Layout.js'
import * as Paint from '../inspect/Paint.js'
import type { Environment } from '../session/Environment.js'
import type { Clock } from '../wire/Clock.js'
import type { Transport } from '../wire/Transport.js'

/** What became of a piece: `Closed` where the reader has left (`| head`), which is no failure. */
export type Written =
  | { readonly _tag: 'Written' }
  | { readonly _tag: 'Closed' }
  | { readonly _tag: 'Failed'; readonly message: string }

export interface Sink {
  readonly isTTY: boolean
  readonly columns: number
  /** Settles when the piece is gone. */
  readonly write: (content: string | Uint8Array) => Promise<Written>
}

export interface Terminal {
  readonly out: Sink
  readonly err: Sink
  /** The standard input; it is opened when it is read. */
  readonly input: () => AsyncIterable<Uint8Array>
  readonly NO_COLOR: string | undefined
  /** A variable of the environment that an option names. */
  readonly variable: (name: string) => string | undefined
  readonly environment: IO<Environment>
  readonly clock: Clock
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal
  /** The real one, unless said. */
  readonly transport?: Transport
}

/** How text looks there. */
export const lookOf = ({ NO_COLOR }: Terminal, { isTTY, columns }: Sink): Required<Paint.Look> => ({
  paint: Paint.forTerminal({ isTTY, NO_COLOR }),
  columns: isTTY ? columns : Layout.COLUMNS,
})

/** Text as a terminal may have it: lines and tabs, and every other control made visible. */
export const legible = (text: string): string =>
  text.replace(/\r(?=\n)/g, '').replace(/[^\n\t]+/g, (run) => Layout.safe(run))

/** Text for the standard output, which may be a terminal and then gets no control that it would obey. */
export const printed = ({ isTTY }: Sink, text: string): string => (isTTY ? legible(text) : text)

/** A line for the user, beside the output. */
export const say = async ({ err }: Terminal, text: string): Promise<void> => {
  await err.write(`${text}\n`)
}

/** A remark: something that the user may want to know, and that stops nothing. */
export const note = (terminal: Terminal, text: string): Promise<void> =>
  say(terminal, `${lookOf(terminal, terminal.err).paint.warning('note')} ${legible(text)}`)

/** What went wrong. */
export const complain = (terminal: Terminal, text: string): Promise<void> =>
  say(terminal, `${lookOf(terminal, terminal.err).paint.bad('error')} ${legible(text)}`)
