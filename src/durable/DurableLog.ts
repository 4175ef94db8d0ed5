/** Reads and appends the events of an exchange. A log may be one of the user, which can fail in any way. */
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { failed, type Log, type LogFailed, type LogReason } from '../store/Log.js'
import { attemptWith, problem } from '../store/StoreOptions.js'
import * as Printable from '../values/Printable.js'
import type { DecodeError, EncodeError } from '../values/Serialization.js'
import type * as Fault from '../wire/Fault.js'
import * as DurableEvent from './DurableEvent.js'

/** A log, and an exchange in it. */
export interface LogPlace {
  readonly log: Log
  readonly id: string
}

/** What a log without a name is called in an error. */
const UNNAMED = 'its log'

/** A log of the user may never end. */
const MAX_MS = 30_000

const isFailure = (u: unknown): u is LogFailed =>
  Object(u)._tag === 'LogFailed' && typeof Object(u).message === 'string' && typeof Object(u).reason === 'string'

/** Makes the error of an operation, whatever the log has returned. In plain JavaScript, the log may be anything. */
export const error = (
  { log, id }: LogPlace,
  operation: LogFailed['operation'],
  reason: LogReason,
  message: string,
): LogFailed => {
  const { name }: Partial<Log> = Object(log)
  return failed({ operation, log: typeof name === 'string' ? name : UNNAMED, id }, reason, message)
}

const checked = async <A>(
  place: LogPlace,
  operation: LogFailed['operation'],
  task: () => TaskEither<LogFailed, A>,
): Promise<E.Either<LogFailed, A>> => {
  const outcome = await attemptWith<LogReason, LogFailed>(MAX_MS, ({ reason, message }) =>
    error(place, operation, reason, message),
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

/** Makes the error of events that cannot be read, or that no run writes in this order. */
export const unreadable = (place: LogPlace, problem: string): LogFailed =>
  error(
    place,
    'read',
    'Unreadable',
    `${problem}. Restore the log, or remove the exchange from it (remove), and find out what it has sent`,
  )

const SEALED = 'a sealed log needs its cipher'

const problemOf = (line: string, { problems }: DecodeError): string =>
  line.startsWith('{') ? problems.slice(0, 3).join('; ') : `it is not valid JSON; ${SEALED}`

/** Returns the events of an exchange. Error: `LogFailed`. */
export const read = async (place: LogPlace): Promise<E.Either<LogFailed, ReadonlyArray<DurableEvent.Event>>> => {
  const { log, id } = place
  const lines = await checked(place, 'read', () => log.read(id))
  if (E.isLeft(lines)) return lines
  if (!Array.isArray(lines.right))
    return E.left(error(place, 'read', 'Unavailable', 'its function read must return a list'))
  const events: DurableEvent.Event[] = []
  for (const [i, line] of lines.right.entries()) {
    if (typeof line !== 'string') return E.left(error(place, 'read', 'Unavailable', 'its events must be text'))
    const event = DurableEvent.decode(line)
    if (E.isLeft(event)) return E.left(unreadable(place, `event ${i}: ${problemOf(line, event.left)}`))
    events.push(event.right)
  }
  return E.right(events)
}

/** Appends events. Error: `LogFailed`. */
export const append = async (
  place: LogPlace,
  seq: number,
  events: ReadonlyArray<DurableEvent.Event>,
): Promise<E.Either<LogFailed, void>> => {
  const { log, id } = place
  const lines: string[] = []
  for (const event of events) {
    const line = DurableEvent.encode(event)
    if (E.isLeft(line)) return E.left(unwritable(place, line.left))
    lines.push(line.right)
  }
  return checked(place, 'append', () => log.append(id, seq, lines))
}

const NOT_STORED =
  'cannot be stored: give functions to the session, and use text or octets for a body that can be read once'

/** Makes the error of an event that cannot be stored. */
export const unwritable = (place: LogPlace, { paths }: EncodeError): LogFailed =>
  error(place, 'append', 'Unwritable', `${paths.join(', ')} ${NOT_STORED}`)

/** Makes the error of a wait for the log that ended before it. */
export const late = (place: LogPlace, { message }: Fault.Fault): LogFailed =>
  error(place, 'append', 'TimedOut', `it did not end before the exchange: ${message}`)
