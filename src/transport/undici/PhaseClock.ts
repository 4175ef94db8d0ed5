/**
 * Records when the phases of one attempt ended. An attempt has one only if its transport records timings.
 *
 * | mark         | when                                                              | the phase that it ends          |
 * |--------------|-------------------------------------------------------------------|---------------------------------|
 * | `connecting` | a connection begins to open for the attempt                       | `queue`                         |
 * | `resolved`   | the addresses of the host are known                               | `dns`                           |
 * | `connected`  | TCP is open, and the tunnel of a proxy                            | `connect`                       |
 * | `secured`    | the TLS handshake with the origin has ended                       | `tls`                           |
 * | `started`    | the request is written                                            | `queue`, on an open connection  |
 * | `sent`       | the connection has accepted the last chunk of a streamed body     | `send`                          |
 *
 * The last value of a mark counts: a connection to a proxy may be opened twice.
 *
 * The clock may be one of the caller. If it throws, or does not return a finite number, the time of the phase counts for the next one.
 * If it runs backwards, the phase takes no time.
 */
import type { Socket } from 'node:net'
import type * as Clock from '../../wire/Clock.js'
import type { Timings } from '../../wire/Timings.js'

export type Mark = 'connecting' | 'resolved' | 'connected' | 'secured' | 'started' | 'sent'

/** Where the phases of a connection that opens are recorded. */
export interface Marks {
  mark(name: Mark): void
}

type Connection = Pick<Timings, 'reused' | 'remoteAddress' | 'localPort'>

/** A dispatcher that the caller made does not report its connection. */
const connectionOf = (socket: Socket | undefined, reused: boolean): Connection => {
  if (socket === undefined) return {}
  const { remoteAddress, localPort } = socket
  if (remoteAddress === undefined || localPort === undefined) return { reused }
  return { reused, remoteAddress, localPort }
}

export class PhaseClock implements Marks {
  readonly #clock: Clock.Clock
  readonly #start: number
  #marks: Partial<Record<Mark, number>> = {}

  constructor(clock: Clock.Clock, start: number) {
    this.#clock = clock
    this.#start = start
  }

  mark(name: Mark): void {
    try {
      const now = this.#clock.monotonic()
      if (Number.isFinite(now)) this.#marks[name] = now
    } catch {
      // The time counts for the next phase.
    }
  }

  /** The request waits again, for another connection. */
  restart(): void {
    this.#marks = {}
  }

  /** Returns the phases of an attempt whose head arrived after `elapsed` milliseconds, if that is a finite number. */
  timings(elapsed: number, socket: Socket | undefined, isReused: boolean): Timings | undefined {
    const { connecting, resolved, connected, secured, started, sent } = this.#marks
    if (!Number.isFinite(this.#start + elapsed)) return undefined
    const end = this.#start + Math.max(elapsed, 0)
    let before = this.#start
    const until = (mark: number): number => {
      const at = Math.min(Math.max(mark, before), end)
      const ms = at - before
      before = at
      return ms
    }
    const queue = until(connecting ?? started ?? before)
    const opening = {
      ...(resolved === undefined ? {} : { dns: until(resolved) }),
      ...(connected === undefined ? {} : { connect: until(connected) }),
      ...(secured === undefined ? {} : { tls: until(secured) }),
    }
    // A server may respond before the body was sent.
    const send = until(sent ?? end)
    return { queue, ...opening, send, wait: end - before, ...connectionOf(socket, isReused) }
  }
}
