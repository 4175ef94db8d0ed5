/**
 * One run of a durable exchange: starts it, continues it after what its log has, or returns what is recorded.
 *
 * | the log says | the run                                                                  |
 * |--------------|--------------------------------------------------------------------------|
 * | `Start`      | plans the request, and sends it                                          |
 * | `Continue`   | takes the recorded steps again without sending, and sends what is left; fails if its session would send a request again that may not be repeated |
 * | `Finished`, `Refused` | takes the recorded steps again, and returns their end           |
 * | `InDoubt`    | fails                                                                    |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Client from '../Client.js'
import { begin, drive, gather } from '../client/Interpreter.js'
import * as Jar from '../cookies/Jar.js'
import type { Request } from '../session/Request.js'
import * as Exchange from '../stages/Exchange.js'
import { merge } from '../stages/Merge.js'
import * as Send from '../stages/Send.js'
import type { Log, LogFailed } from '../store/Log.js'
import { raceDeadline } from '../transport/Cancellation.js'
import * as Body from '../values/Body.js'
import * as OneShot from '../values/OneShot.js'
import * as UserInput from '../values/UserInput.js'
import { type Fault, unsent } from '../wire/Fault.js'
import type { Response } from '../wire/Reply.js'
import { withPlan } from '../wire/Transport.js'
import * as DurableEvent from './DurableEvent.js'
import * as DurableLog from './DurableLog.js'
import { type InDoubt, inDoubt } from './InDoubt.js'
import * as LogJournal from './LogJournal.js'
import { type Recorded, recorded } from './RecordedExchange.js'
import type { Doubt, Progress, Resumption } from './Resumption.js'

/**
 * Identifies a durable exchange.
 *
 * @since 0.2.0
 * @category model
 */
export interface Identity {
  /** The log of the exchange. */
  readonly log: Log
  /** Identifies the exchange in the log, such as the id of a job: at most 255 characters. */
  readonly id: string
}

/**
 * Options of a durable exchange.
 *
 * @since 0.2.0
 * @category model
 */
export interface Options extends Identity {
  /**
   * How much of the body of the response is kept in the log, for a later run: at most so many octets, 1 MiB by default. With
   * `'head'`, a later run returns a response without its body. A body that is too long is not kept: then a later run sends a
   * request again that may be repeated, and fails with `InDoubt` for any other.
   */
  readonly keep?: LogJournal.Keep
}

/** The errors of a durable exchange. */
export type RunError = Exchange.SendError | LogFailed<Exchange.SendError, Response> | InDoubt

type Outcome = E.Either<RunError, Response>
/** How a run ends. */
export type Ended = readonly [outcome: Outcome, jar: Jar.Jar]

/** What one run works with. */
export interface Run extends Identity {
  /** Identifies it in its events. */
  readonly name: string
  readonly keep: LogJournal.Keep
  readonly client: Client.Client
  readonly jar: Jar.Jar
  readonly request: Request
  /** When it was started, by the monotonic clock of its client. */
  readonly startedAt: number
}

const isSameRequest = (x: Request, y: Request): boolean =>
  x.method === y.method && x.url === y.url && Body.Eq.equals(x.body, y.body)

/** Ends a run that sent nothing. */
export const fail = ({ id, jar }: Run, error: LogFailed): Ended => [E.left({ ...error, id, jar }), jar]

/** Sends what is left of an exchange. */
const send = async (
  run: Run,
  seq: number,
  started: DurableEvent.Started | undefined,
  again: O.Option<Doubt>,
  next: () => E.Either<Exchange.StartError | Exchange.SendError, Exchange.Exchange>,
): Promise<Ended> => {
  const { client, jar, keep, request, name, startedAt } = run
  const now = () => client.clock.now().getTime()
  const waited = client.clock.monotonic() - startedAt
  const journal = LogJournal.start({
    place: run,
    seq,
    started,
    keep,
    now,
    run: name,
    waited,
    isResend: O.isSome(again),
  })
  const [outcome, after] = await drive(
    { ...client, journal },
    jar,
    request.body,
    next,
    gather,
    (outcome, after): readonly [E.Either<Exchange.SendError, Response>, Jar.Jar] => [outcome, after],
  )
  if (O.isSome(again) && journal.isInDoubt()) return [E.left(inDoubt(run.id, again.value, after)), after]
  if (E.isRight(outcome)) await journal.finish(outcome.right.bytes)
  const failure = journal.failure()
  if (failure === undefined) return [outcome, after]
  return [E.left({ ...failure, outcome: journal.hasSent() ? O.some(outcome) : O.none, jar: after }), after]
}

const startAnew = (run: Run): Promise<Ended> => {
  const { client, jar, request } = run
  const world = Client.world(client, jar)
  const started: DurableEvent.Started = {
    _tag: 'Started',
    at: world.now.getTime(),
    run: run.name,
    request,
    entropy: world.entropy,
  }
  const line = DurableEvent.encode(started)
  if (E.isLeft(line)) return Promise.resolve(fail(run, DurableLog.unwritable(run, line.left)))
  return send(run, 0, started, O.none, () => Exchange.startIn(client.session, world, request))
}

/** Continues after the recorded replies. `body`: that of the response, if the log has it. */
const goOn = (run: Run, seq: number, progress: Progress, body: Uint8Array | undefined): Promise<Ended> => {
  const { client, jar } = run
  const world = Client.world(client, jar)
  const found: Recorded = recorded(client.session, world, progress)
  const all = Jar.join(jar, progress.jar)
  if (E.isLeft(found)) {
    const error = found.left
    if (error._tag !== 'Diverged') return Promise.resolve([E.left(error), all])
    return Promise.resolve(fail(run, DurableLog.error(run, 'read', 'Diverged', `${error.problem}; ${ADVICE}`)))
  }
  const { exchange } = found.right
  if (found.right._tag === 'Done' && body !== undefined)
    return Promise.resolve([E.right(Exchange.responseOf(found.right, body)), all])
  return send(run, seq, undefined, progress.again, () => E.right(exchange))
}

const ADVICE = 'use the session that started it, or give the exchange another id'

const CONFLICT = 'it was started with another method, URL or body; give each request an id of its own'

/** Continues an exchange from what its log says. */
export const continued = (run: Run, seq: number, resumption: Resumption): Promise<Ended> => {
  if (resumption._tag === 'Start') return startAnew(run)
  const { progress } = resumption
  if (!isSameRequest(progress.started.request, run.request))
    return Promise.resolve(fail(run, DurableLog.error(run, 'read', 'Conflict', CONFLICT)))
  if (resumption._tag !== 'InDoubt')
    return goOn(run, seq, progress, resumption._tag === 'Finished' ? resumption.body : undefined)
  const jar = Jar.join(run.jar, progress.jar)
  return Promise.resolve([E.left(inDoubt(run.id, resumption.doubt, jar)), jar])
}

/** Waits for the log before the exchange: until its total timeout, or until its signal aborts. */
export const waitForLog = <A>(
  { client, request, startedAt }: Run,
  reading: Promise<A>,
): Promise<E.Either<Fault, A>> => {
  const total = merge(client.session)(request).settings.timeouts.get('total')
  const isLimited = total?._tag === 'Set' && total.value >= 0 && Number.isFinite(total.value)
  const deadline = isLimited ? startedAt + total.value : undefined
  const controls = { clock: client.clock, signal: UserInput.get(client, 'signal'), deadline }
  return raceDeadline(Send.untilClosed(client, controls), reading)
}

/** Ends a run whose time was over before its log was read. Its error is that of the exchange. */
export const endEarly = ({ client, jar, request }: Run, fault: Fault): Ended => {
  const begun = begin(client, jar, request)
  if (E.isLeft(begun)) return [begun, jar]
  const x = Exchange.mainOf(begun.right)
  return [E.left(Exchange.errorOf({ ...x, jar }, withPlan(x.plan, unsent(fault)))), jar]
}

/** Closes a body that can be read once: a log cannot have it, so it is not sent. */
export const closeBody = ({ body }: Request): void => {
  if (body._tag === 'Once' && !OneShot.isConsumed(body.source)) OneShot.close(body.source)
}

/** In plain JavaScript, options may be anything. */
export const problemOf = ({ log, id, keep }: Pick<Run, 'log' | 'id' | 'keep'>): LogFailed | undefined => {
  const { read, append }: Partial<Log> = Object(log)
  const invalid = (problem: string) => DurableLog.error({ log, id: String(id) }, 'append', 'Invalid', problem)
  if (typeof read !== 'function' || typeof append !== 'function')
    return invalid('the option log must be a log, such as Log.redis(client, name)')
  const isKept = keep === 'head' || (typeof keep === 'number' && keep >= 0)
  return isKept ? undefined : invalid(`the option keep must be a number of octets, or 'head'`)
}
