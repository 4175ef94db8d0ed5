/**
 * Exchanges that survive a crash: each step is in a log before the next one, so that another process continues where one was
 * killed.
 *
 *     run ─▶ Started, Sending ─▶ (send) ─▶ Answered ─┬─ redirect, challenge ─▶ Sending ─▶ …
 *                                                    └─ last reply ──▶ (body) ──▶ Finished
 *
 * | after a crash                                   | the next `run` with this id                             |
 * |-------------------------------------------------|---------------------------------------------------------|
 * | before a request was sent                       | sends it                                                |
 * | before its reply, of a request that may be repeated | sends it again                                      |
 * | before its reply, of any other                  | fails with `InDoubt`: it may have been processed         |
 * | after a redirect                                | continues with the redirect                             |
 * | after the response                              | returns the response, and sends nothing                  |
 *
 * A request may be repeated if its method is idempotent (RFC 9110 9.2.2), or if it has an `Idempotency-Key`. Law: at most one send
 * of each request that may not be repeated, whatever is killed, unless `resolve` permits another one.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Client, Durable, Http, Log, Request, Response, Transport } from 'requests-ts'
 *
 * let orders = 0
 * const transport = Transport.memory(() => ({ status: 201, body: `order ${(orders += 1)}` }))
 * const log = Log.memory()
 * const order = pipe(Request.post('http://h.test/orders'), Request.withJson({ item: 1 }))
 * const run = pipe(Durable.run({ log, id: 'job-1' })(order), Http.map(Response.text), Client.runWith({ transport }))
 * assert.deepEqual([await run(), await run()], [E.right('order 1'), E.right('order 1')])
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as Client from './Client.js'
import { drive, gather } from './client/Interpreter.js'
import * as Jar from './cookies/Jar.js'
import * as DurableEvent from './durable/DurableEvent.js'
import * as DurableLog from './durable/DurableLog.js'
import { type InDoubt, inDoubt } from './durable/InDoubt.js'
import * as LogJournal from './durable/LogJournal.js'
import { type Recorded, recorded } from './durable/RecordedExchange.js'
import { type Doubt, fold, type Progress, type Resumption } from './durable/Resumption.js'
import type { Http } from './program/Program.js'
import type { Request } from './session/Request.js'
import * as Exchange from './stages/Exchange.js'
import type { Log, LogFailed } from './store/Log.js'
import * as Body from './values/Body.js'
import * as OneShot from './values/OneShot.js'
import * as UserInput from './values/UserInput.js'
import * as RandomSource from './wire/RandomSource.js'
import type { Response } from './wire/Reply.js'

export type {
  After,
  Answered,
  Event,
  Failed,
  Finished,
  KeptBody,
  Recorded,
  Resolution,
  Resolved,
  Sending,
  Started,
} from './durable/DurableEvent.js'
export type { InDoubt } from './durable/InDoubt.js'
export type { Keep } from './durable/LogJournal.js'
export {
  type Doubt,
  type DoubtReason,
  fold,
  type Progress,
  type RecordedHop,
  type Resumption,
} from './durable/Resumption.js'

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

const DEFAULT_KEEP = 1024 * 1024

type Outcome = E.Either<RunError, Response>
type Ended = readonly [outcome: Outcome, jar: Jar.Jar]

// --- a run ---------------------------------------------------------------------------------------------------------

/** What one run works with. */
interface Run extends Identity {
  /** Identifies it in its events. */
  readonly name: string
  readonly keep: LogJournal.Keep
  readonly client: Client.Client
  readonly jar: Jar.Jar
  readonly request: Request
}

const isSameRequest = (x: Request, y: Request): boolean =>
  x.method === y.method && x.url === y.url && Body.Eq.equals(x.body, y.body)

const fail = ({ id, jar }: Run, error: LogFailed): Ended => [E.left({ ...error, id, jar }), jar]

/** Sends what is left of an exchange. */
const send = async (
  run: Run,
  seq: number,
  started: DurableEvent.Started | undefined,
  begin: () => E.Either<Exchange.StartError | Exchange.SendError, Exchange.Exchange>,
): Promise<Ended> => {
  const { client, jar, log, id, keep, request, name } = run
  const now = () => client.clock.now().getTime()
  const journal = LogJournal.start({ log, id, seq, started, keep, now, run: name })
  const [outcome, after] = await drive(
    { ...client, journal },
    jar,
    request.body,
    begin,
    gather,
    (outcome, after): readonly [E.Either<Exchange.SendError, Response>, Jar.Jar] => [outcome, after],
  )
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
  if (E.isLeft(line)) {
    if (request.body._tag === 'Once') OneShot.close(request.body.source)
    return Promise.resolve(fail(run, DurableLog.unwritable(run.id, line.left)))
  }
  return send(run, 0, started, () => Exchange.startIn(client.session, world, request))
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
    return Promise.resolve(fail(run, DurableLog.error('read', run.id, 'Diverged', `${error.problem}; ${ADVICE}`)))
  }
  const { exchange } = found.right
  if (found.right._tag === 'Done' && body !== undefined)
    return Promise.resolve([E.right(Exchange.responseOf(found.right, body)), all])
  return send(run, seq, undefined, () => E.right(exchange))
}

const ADVICE = 'use the session that started it, or give the exchange another id'

const CONFLICT = 'it was started with another method, URL or body; give each request an id of its own'

const continued = (run: Run, seq: number, resumption: Resumption): Promise<Ended> => {
  if (resumption._tag === 'Start') return startAnew(run)
  const { progress } = resumption
  if (!isSameRequest(progress.started.request, run.request))
    return Promise.resolve(fail(run, DurableLog.error('read', run.id, 'Conflict', CONFLICT)))
  if (resumption._tag !== 'InDoubt')
    return goOn(run, seq, progress, resumption._tag === 'Finished' ? resumption.body : undefined)
  const jar = Jar.join(run.jar, progress.jar)
  return Promise.resolve([E.left(inDoubt(run.id, resumption.doubt, jar)), jar])
}

/**
 * Sends a request, follows redirects and reads the body into memory, as `Http.send` does, and records each step in a log. A later
 * run with the same id, of any process, continues where this one ended: the request of the first run is sent, with the session of
 * the later one. Requests for a token are not recorded: the token is in the jar, or is obtained again.
 *
 * Of two runs at the same time, one fails with `LogFailed` (`Fenced`) before it sends. Errors: `SendError`; `LogFailed`, with the
 * outcome if a request was sent; `InDoubt`, if it is not known whether a request was processed: see `resolve`.
 *
 * @since 0.2.0
 * @category constructors
 */
export const run =
  (options: Options) =>
  (request: Request): Http<RunError, Response> =>
  (jar) =>
  (client) =>
  async () => {
    const { log, id, keep = DEFAULT_KEEP } = UserInput.own(options)
    const given: Run = { log, id, name: RandomSource.seed(), keep, client, jar, request }
    const problem = problemOf(given)
    const known = problem === undefined ? await resumptionOf(log, id) : E.left(problem)
    const [outcome, after] = E.isLeft(known)
      ? fail(given, known.left)
      : await continued(given, known.right.seq, known.right.resumption)
    return E.isLeft(outcome) ? outcome : E.right([outcome.right, after])
  }

/** In plain JavaScript, options may be anything. */
const problemOf = ({ log, id, keep }: Pick<Run, 'log' | 'id' | 'keep'>): LogFailed | undefined => {
  const { read, append }: Partial<Log> = Object(log)
  const invalid = (problem: string) => DurableLog.error('read', String(id), 'Invalid', problem)
  if (typeof read !== 'function' || typeof append !== 'function')
    return invalid('the option log must be a log, such as Log.redis(client, name)')
  const isKept = keep === 'head' || (typeof keep === 'number' && keep >= 0)
  return isKept ? undefined : invalid(`the option keep must be a number of octets, or 'head'`)
}

interface Known {
  readonly seq: number
  readonly last: DurableEvent.Event | undefined
  readonly resumption: Resumption
}

const resumptionOf = async (log: Log, id: string): Promise<E.Either<LogFailed, Known>> => {
  const events = await DurableLog.read(log, id)
  if (E.isLeft(events)) return events
  const resumption = fold(events.right)
  if (E.isLeft(resumption)) return E.left(DurableLog.outOfOrder(id, resumption.left))
  return E.right({ seq: events.right.length, last: events.right.at(-1), resumption: resumption.right })
}

// --- the log -------------------------------------------------------------------------------------------------------

/**
 * Returns the events of an exchange, oldest first: what `fold` takes. They have the secrets of the exchange. Error: `LogFailed`.
 *
 * @since 0.2.0
 * @category destructors
 */
export const read =
  ({ log, id }: Identity): TaskEither<LogFailed, ReadonlyArray<DurableEvent.Event>> =>
  () =>
    DurableLog.read(log, id)

const isResolved = (last: DurableEvent.Event | undefined, as: DurableEvent.Resolution, doubt: Doubt | undefined) =>
  (last?._tag === 'Resolved' && last.as === as) || (doubt?.reason === 'ResolvedAsSent' && as === 'sent')

/**
 * Decides about a request in doubt, when you have found out whether the server has processed it. After `'notSent'`, the next run
 * sends it. After `'sent'`, no run sends it: a run fails with `InDoubt` and the reason `ResolvedAsSent`. Errors: `LogFailed`, with the
 * reason `Conflict` if no request is in doubt.
 *
 * @since 0.2.0
 * @category combinators
 */
export const resolve =
  ({ log, id }: Identity, as: DurableEvent.Resolution): TaskEither<LogFailed, void> =>
  async () => {
    const known = await resumptionOf(log, id)
    if (E.isLeft(known)) return known
    const { seq, last, resumption } = known.right
    const doubt = resumption._tag === 'InDoubt' ? resumption.doubt : undefined
    if (isResolved(last, as, doubt)) return E.right(undefined)
    if (doubt === undefined) return E.left(DurableLog.error('append', id, 'Conflict', 'no request of it is in doubt'))
    const event = { _tag: 'Resolved', at: Date.now(), run: RandomSource.seed(), as } as const
    return DurableLog.append(log, id, seq, [event])
  }
