/** Runs the command in the current process: connects its streams, signals and exit code. `dist/cli.js` calls `run`. */

import * as Environment from '../Environment.js'
import * as Layout from '../inspect/Layout.js'
import * as Clock from '../wire/Clock.js'
import * as Exit from './Exit.js'
import { main } from './Main.js'
import type { Sink, Terminal, WriteResult } from './Terminal.js'

/** Error codes of a write to a pipe whose reader has exited. */
const CLOSED: ReadonlySet<unknown> = new Set(['EPIPE', 'ERR_STREAM_DESTROYED', 'ECONNRESET'])

const failure = (error: NodeJS.ErrnoException): WriteResult =>
  CLOSED.has(error.code) ? { _tag: 'Closed' } : { _tag: 'Failed', message: error.message }

const sinkOf = (stream: NodeJS.WriteStream): Sink => {
  // The callback of each write reports its error. Without a listener, the `error` event would end the process.
  stream.on('error', () => {})
  return {
    isTTY: stream.isTTY === true,
    columns: stream.columns ?? Layout.COLUMNS,
    write: (content) =>
      new Promise((resolve) => {
        stream.write(content, (error) => resolve(error ? failure(error) : { _tag: 'Written' }))
      }),
  }
}

/** Runs the command and sets the exit code. The first signal aborts the exchange, a second one exits at once. */
export const run = async (): Promise<void> => {
  const interrupted = new AbortController()
  let signalCode: number | undefined
  const on = (signal: NodeJS.Signals, code: number): void => {
    process.on(signal, () => {
      if (interrupted.signal.aborted) process.exit(code)
      signalCode = code
      interrupted.abort()
    })
  }
  on('SIGINT', Exit.INTERRUPTED)
  on('SIGTERM', 143)
  const terminal: Terminal = {
    out: sinkOf(process.stdout),
    err: sinkOf(process.stderr),
    input: () => process.stdin,
    NO_COLOR: process.env['NO_COLOR'],
    variable: (name) => process.env[name],
    environment: Environment.read,
    clock: Clock.system,
    signal: interrupted.signal,
  }
  const code = await main(terminal)(process.argv.slice(2))
  process.exitCode = code === Exit.INTERRUPTED && signalCode !== undefined ? signalCode : code
}
