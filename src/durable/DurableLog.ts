/** Reads and appends the events of an exchange. A log may be one of the user, which can fail in any way. */
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { failed, type Log, type LogFailed, type LogReason } from '../store/Log.js'
import { attemptWith, problem } from '../store/StoreOptions.js'
import * as Printable from '../values/Printable.js'
import type { DecodeError } from '../values/Serialization.js'
import type * as Fault from '../wire/Fault.js'
import * as DurableEvent from './DurableEvent.js'

/** What the log is called in an error that a log of the user has not made. */
const LOG = 'its log'

/** A log of the user may never end. */
const MAX_MS = 30_000

const isFailure = (u: unknown): u is LogFailed =>
  Object(u)._tag === 'LogFailed' && typeof Object(u).message === 'string' && typeof Object(u).reason === 'string'

/** Makes the error of an operation, whatever the log has returned. */
export const error = (operation: LogFailed['operation'], id: string, reason: LogReason, message: string): LogFailed =>
  failed({ operation, log: LOG, id }, reason, message)

const checked = async <A>(
  operation: LogFailed['operation'],
  id: string,
  task: () => TaskEither<LogFailed, A>,
): Promise<E.Either<LogFailed, A>> => {
  const outcome = await attemptWith<LogReason, LogFailed>(MAX_MS, ({ reason, message }) =>
    error(operation, id, reason, message),
  )(async (): Promise<E.Either<{ readonly reason: LogReason; readonly message: string }, E.Either<LogFailed, A>>> => {
    const returned: E.Either<LogFailed, A> = await task()()
    const { _tag }: { readonly _tag?: unknown } = Object(returned)
    if (_tag === 'Right') return E.right(returned)
    if (_tag !== 'Left') return problem('Unavailable', 'its function must return an Either')
    const reason: unknown = E.isLeft(returned) ? returned.left : undefined
    return isFailure(reason) ? E.right(E.left(reason)) : problem('Unavailable', Printable.messageOf(reason))
  })()
  return E.isLeft(outcome) ? outcome : outcome.right
}

const unreadable = (id: string, { message }: DecodeError): LogFailed =>
  error('read', id, 'Unreadable', `${message}. Restore the log, or drop this exchange and give it another id`)

/** Returns the events of an exchange. Error: `LogFailed`. */
export const read = async (log: Log, id: string): Promise<E.Either<LogFailed, ReadonlyArray<DurableEvent.Event>>> => {
  const lines = await checked('read', id, () => log.read(id))
  if (E.isLeft(lines)) return lines
  if (!Array.isArray(lines.right))
    return E.left(error('read', id, 'Unavailable', 'its function read must return a list'))
  const events: DurableEvent.Event[] = []
  for (const line of lines.right) {
    if (typeof line !== 'string') return E.left(error('read', id, 'Unavailable', 'its events must be text'))
    const event = DurableEvent.decode(line)
    if (E.isLeft(event)) return E.left(unreadable(id, event.left))
    events.push(event.right)
  }
  return E.right(events)
}

/** Makes the error of events in an order that no run writes. */
export const outOfOrder = unreadable

/** Appends events. Error: `LogFailed`. */
export const append = async (
  log: Log,
  id: string,
  seq: number,
  events: ReadonlyArray<DurableEvent.Event>,
): Promise<E.Either<LogFailed, void>> => {
  const lines: string[] = []
  for (const event of events) {
    const line = DurableEvent.encode(event)
    if (E.isLeft(line)) return E.left(unwritable(id, line.left))
    lines.push(line.right)
  }
  return checked('append', id, () => log.append(id, seq, lines))
}

/** Makes the error of an event that cannot be stored. */
export const unwritable = (id: string, { message }: { readonly message: string }): LogFailed =>
  error('append', id, 'Unwritable', message)

/** Makes the error of a wait for the log that ended before it. */
export const late = (id: string, { message }: Fault.Fault): LogFailed =>
  error('append', id, 'TimedOut', `it did not end before the exchange: ${message}`)
