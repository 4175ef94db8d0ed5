/** The types of a tape: one entry for each exchange with a server, redacted so that it may be printed. */
import type * as E from 'fp-ts/lib/Either.js'
import type * as O from 'fp-ts/lib/Option.js'
import type * as Fault from '../wire/Fault.js'

/** Header fields as names and values, in the order of the message. */
export type Pairs = ReadonlyArray<readonly [name: string, value: string]>

/** The body of a request. */
export interface Payload {
  /** Octets; none for a stream of unknown length. */
  readonly length: O.Option<number>
  /** None unless it was recorded with `requestBody: 'Content'` and sent completely. */
  readonly content: O.Option<Uint8Array>
}

/** A redacted plan. */
export interface Asked {
  readonly method: string
  /** Without userinfo and fragment. */
  readonly url: string
  readonly headers: Pairs
  readonly body: O.Option<Payload>
}

/** How a response body ended: `Whole` (read to its end), `Left` (its reader stopped early), or the fault that cut it. */
export type End = 'Whole' | 'Left' | Fault.Fault

/** A redacted reply. Content codings of its body are decoded. */
export interface Answered {
  readonly status: number
  readonly reason: string
  readonly headers: Pairs
  /** Milliseconds. */
  readonly elapsed: number
  /** Present if the reply did not use HTTP/1.1. */
  readonly httpVersion?: 'HTTP/2'
  readonly bytes: Uint8Array
  readonly end: End
}

/** One plan and its outcome. */
export interface Entry {
  readonly started: Date
  /** Numbers the entries of one recording in the order in which they began. */
  readonly order: number
  readonly asked: Asked
  readonly outcome: E.Either<Fault.Fault, Answered>
}

/** Entries in the order in which they began. */
export interface Tape {
  readonly entries: ReadonlyArray<Entry>
}
