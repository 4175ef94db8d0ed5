/** The type of a log that keeps what exchanges have done, and its error. `src/Log.ts` adds the implementations. */
import type * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Jar } from '../cookies/Jar.js'
import * as Printable from '../values/Printable.js'

/**
 * An append-only list of events for each exchange, which several processes share. An event is a line of text.
 *
 * | law     |                                                                                                  |
 * |---------|--------------------------------------------------------------------------------------------------|
 * | durable | what an `append` has acknowledged is in the result of every later `read`, in this order           |
 * | fence   | of two that append at one place, one fails with the reason `Fenced`, and its events are not stored |
 * | whole   | an `append` stores all of its events, or none                                                    |
 *
 * @since 0.2.0
 * @category model
 */
export interface Log {
  /** What it is, in messages, such as `the log "orders" in Redis`. */
  readonly name?: string
  /** Returns the events of an exchange, oldest first. One that was not started has an empty list. */
  readonly read: (id: string) => TaskEither<LogError, ReadonlyArray<string>>
  /** Appends events, if the exchange has exactly `seq` events: otherwise another process continues it. */
  readonly append: (id: string, seq: number, events: ReadonlyArray<string>) => TaskEither<LogError, void>
  /**
   * Removes the exchanges whose last event was stored before a time, by the clock of the log. Returns their number. After
   * that, the id of one starts a new exchange.
   */
  readonly drop: (before: Date) => TaskEither<LogError, number>
  /** Removes one exchange, if it is there. After that, its id starts a new one. */
  readonly remove: (id: string) => TaskEither<LogError, void>
}

/**
 * Why an operation of a log failed.
 *
 * | reason        | what happened                                                                                |
 * |---------------|----------------------------------------------------------------------------------------------|
 * | `Invalid`     | the client, a name, an id or an option is not valid                                           |
 * | `Unavailable` | the server or the file system failed                                                         |
 * | `TimedOut`    | the operation did not end in time; an `append` may still be stored later                      |
 * | `Unreadable`  | an event is damaged, was changed by hand, has a newer format, or the cipher cannot open it    |
 * | `Unwritable`  | the request has a function or a body that cannot be stored, or the cipher failed              |
 * | `Fenced`      | another process has appended: it continues the exchange, and this one stops before it sends  |
 * | `Conflict`    | the id belongs to another request, or the exchange is not in doubt                            |
 * | `Diverged`    | the session does not lead to the requests that were recorded                                 |
 *
 * @since 0.2.0
 * @category errors
 */
export type LogReason =
  | 'Invalid'
  | 'Unavailable'
  | 'TimedOut'
  | 'Unreadable'
  | 'Unwritable'
  | 'Fenced'
  | 'Conflict'
  | 'Diverged'

/**
 * An operation of a log failed. `Durable.run` returns it too: after it, nothing more was sent.
 *
 * @since 0.2.0
 * @category errors
 */
export interface LogFailed<E = never, A = never> {
  readonly _tag: 'LogFailed'
  /** What the log was doing. */
  readonly operation: 'read' | 'append' | 'drop' | 'remove'
  /** The kind of the problem. */
  readonly reason: LogReason
  /** What the log is, such as `the log "orders" in Redis`. */
  readonly log: string
  /** The exchange. Absent: the operation was `drop`. */
  readonly id?: string
  /** What failed, and what to do. */
  readonly message: string
  /** How the exchange ended whose end was not recorded. `none` if nothing was sent. */
  readonly outcome: O.Option<E.Either<E, A>>
  /** The jar of that exchange. */
  readonly jar?: Jar
}

/**
 * The error of the operations of a log.
 *
 * @since 0.2.0
 * @category errors
 */
export type LogError = LogFailed

const VERBS: Readonly<Record<LogFailed['operation'], string>> = {
  read: 'read',
  append: 'write',
  drop: 'drop',
  remove: 'remove',
}

const isOfRun = (reason: LogReason): boolean => reason === 'Conflict' || reason === 'Diverged'

const exchangeOf = (id: unknown): string => `the exchange ${Printable.quoted(String(id))}`

/** What an error is about. */
export type LogOperation = Pick<LogFailed, 'operation' | 'log' | 'id'>

/**
 * Makes the error of an operation, for logs of your own.
 *
 * @since 0.2.0
 * @category constructors
 */
export const failed = ({ operation, log, id }: LogOperation, reason: LogReason, problem: string): LogFailed => ({
  _tag: 'LogFailed',
  operation,
  reason,
  log,
  ...(id === undefined ? {} : { id }),
  message: `Cannot ${isOfRun(reason) ? 'continue' : VERBS[operation]} ${operation === 'drop' ? 'exchanges' : exchangeOf(id)} in ${log}: ${problem}`,
  outcome: O.none,
})
