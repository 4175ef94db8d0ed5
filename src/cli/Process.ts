/**
 * The command as a process: its streams, its signals, its exit code. What `bin` starts.
 */
import * as Layout from '../inspect/Layout.js'
import * as Environment from '../session/Environment.js'
import * as Clock from '../wire/Clock.js'
import * as Exit from './Exit.js'
import { main } from './Main.js'
import type { Sink, Terminal, Written } from './Terminal.js'

/** A reader that has left. */
const GONE: ReadonlySet<unknown> = new Set(['EPIPE', 'ERR_STREAM_DESTROYED', 'ECONNRESET'])

const judged = (error: NodeJS.ErrnoException): Written =>
  GONE.has(error.code) ? { _tag: 'Closed' } : { _tag: 'Failed', message: error.message }

const sinkOf = (stream: NodeJS.WriteStream): Sink => {
  // The callback of each write tells what went wrong; the event, unheard, would end the process.
  stream.on('error', () => {})
  return {
    isTTY: stream.isTTY === true,
    columns: stream.columns ?? Layout.COLUMNS,
    write: (content) =>
      new Promise((resolve) => {
        stream.write(content, (error) => resolve(error ? judged(error) : { _tag: 'Written' }))
      }),
  }
}

const SIGTERM_CODE = 143

/** Runs the command in this process, and sets its exit code. A second signal ends it at once. */
export const run = async (): Promise<void> => {
  const interrupted = new AbortController()
  let code: number | undefined
  const on = (signal: NodeJS.Signals, itsCode: number): void => {
    process.on(signal, () => {
      if (interrupted.signal.aborted) process.exit(itsCode)
      code = itsCode
      interrupted.abort()
    })
  }
  on('SIGINT', Exit.INTERRUPTED)
  on('SIGTERM', SIGTERM_CODE)
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
  const ended = await main(terminal)(process.argv.slice(2))
  process.exitCode = ended === Exit.INTERRUPTED && code !== undefined ? code : ended
}
