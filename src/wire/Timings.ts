/** How long the phases of an attempt took. A transport records them if its user asks for it. */

/**
 * The phases of the attempt that received a head, in milliseconds of `clock.monotonic`. All phases before `receive` add up to
 * `elapsed`.
 *
 * @since 0.2.0
 * @category model
 */
export interface Timings {
  /** Waiting for a free connection, or until one began to open. */
  readonly queue: number
  /** Looking up the host name, or that of the proxy, whichever was last. Absent for an address, and for a connection that was open. */
  readonly dns?: number
  /** Opening the connection, with the proxy and its tunnel. Absent for a connection that was open. */
  readonly connect?: number
  /** The TLS handshake with the origin. Absent without one. */
  readonly tls?: number
  /** Writing the request. A body in memory of at most 262,144 bytes is written at once, so that its transfer counts as `wait`. */
  readonly send: number
  /** From the end of the request to the end of the head. */
  readonly wait: number
  /** Reading the body. Absent until it was read into memory. */
  readonly receive?: number
  /** Whether the connection had served an earlier request. Absent if the transport does not know. */
  readonly reused?: boolean
  /** The IP address that was connected to: that of the server, or of the proxy. Absent for a unix socket. */
  readonly remoteAddress?: string
  /** The port of this machine, which identifies the connection while it is open. Absent for a unix socket. */
  readonly localPort?: number
}

/** The names of the phases, in their order. */
export const PHASES = ['queue', 'dns', 'connect', 'tls', 'send', 'wait', 'receive'] as const

/** Returns the phases that took place, for people: `queue 1 ms, wait 23 ms`. */
export const show = (timings: Timings): string =>
  PHASES.flatMap((phase) => {
    const ms = timings[phase]
    return ms === undefined ? [] : [`${phase} ${Math.round(ms)} ms`]
  }).join(', ')
