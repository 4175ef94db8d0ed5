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
 * A request may be repeated if its method is idempotent (RFC 9110 9.2.2), or if it has an `Idempotency-Key` or
 * `withIdempotencyKey` of its own: a later run may not have that of a session. The later run decides about this too, so that a
 * signer in its session that writes another key does not send the request twice. Law: at most one send of each request that may
 * not be repeated, whatever is killed, unless `resolve` permits another one.
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
import type * as DurableEvent from './durable/DurableEvent.js'
import * as DurableLog from './durable/DurableLog.js'
import * as DurableRun from './durable/DurableRun.js'
import { type Doubt, fold, type Resumption } from './durable/Resumption.js'
import type { Http } from './program/Program.js'
import type { Request } from './session/Request.js'
import type { Log, LogFailed } from './store/Log.js'
import * as UserInput from './values/UserInput.js'
import * as Clock from './wire/Clock.js'
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
export type { Identity, Options, RunError } from './durable/DurableRun.js'
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

const DEFAULT_KEEP = 1024 * 1024

/**
 * Sends a request, follows redirects and reads the body into memory, as `Http.send` does, and records each step in a log. A later
 * run with the same id, of any process, continues where this one ended: the request of the first run is sent, with the session of
 * the later one. Requests for a token are not recorded: the token is in the jar, or is obtained again.
 *
 * Of two runs at the same time, at most one sends a request that may not be repeated. The other one fails with `LogFailed`
 * (`Fenced`), or with `InDoubt` while the first one waits for a reply. Errors: `SendError`; `LogFailed`, with the outcome if a
 * request was sent; `InDoubt`, if it is not known whether a request was processed: see `resolve`.
 *
 * @since 0.2.0
 * @category constructors
 */
export const run =
  (options: DurableRun.Options) =>
  (request: Request): Http<DurableRun.RunError, Response> =>
  (jar) =>
  (client) =>
  async () => {
    const { log, id, keep = DEFAULT_KEEP }: DurableRun.Options = UserInput.own(Object(options))
    const startedAt = client.clock.monotonic()
    const given: DurableRun.Run = { log, id, name: RandomSource.seed(), keep, client, jar, request, startedAt }
    const [outcome, after] = await ended(given)
    DurableRun.closeBody(request)
    return E.isLeft(outcome) ? outcome : E.right([outcome.right, after])
  }

const ended = async (run: DurableRun.Run): Promise<DurableRun.Ended> => {
  const problem = DurableRun.problemOf(run)
  if (problem !== undefined) return DurableRun.fail(run, problem)
  const known = await DurableRun.waitForLog(run, resumptionOf(run.log, run.id))
  if (E.isLeft(known)) return DurableRun.endEarly(run, known.left)
  if (E.isLeft(known.right)) return DurableRun.fail(run, known.right.left)
  return DurableRun.continued(run, known.right.right.seq, known.right.right.resumption)
}

interface Known {
  readonly seq: number
  readonly last: DurableEvent.Event | undefined
  readonly resumption: Resumption
}

const resumptionOf = async (log: Log, id: string): Promise<E.Either<LogFailed, Known>> => {
  const events = await DurableLog.read({ log, id })
  if (E.isLeft(events)) return events
  const resumption = fold(events.right)
  if (E.isLeft(resumption)) return E.left(DurableLog.unreadable({ log, id }, resumption.left.problems.join('; ')))
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
  (identity: DurableRun.Identity): TaskEither<LogFailed, ReadonlyArray<DurableEvent.Event>> =>
  async () => {
    const { log, id }: DurableRun.Identity = UserInput.own(Object(identity))
    const problem = DurableRun.problemOf({ log, id, keep: 'head' })
    return problem === undefined ? DurableLog.read({ log, id }) : E.left(problem)
  }

const isResolved = (last: DurableEvent.Event | undefined, as: DurableEvent.Resolution, doubt: Doubt | undefined) =>
  (last?._tag === 'Resolved' && last.as === as) || (doubt?.reason === 'ResolvedAsSent' && as === 'sent')

/** A request that may be repeated is in doubt too: the session of a run may have another key for it. */
const unsettledOf = (resumption: Resumption): Doubt | undefined => {
  if (resumption._tag === 'InDoubt') return resumption.doubt
  return resumption._tag === 'Continue' ? O.toUndefined(resumption.progress.again) : undefined
}

const notInDoubt = ({ _tag }: Resumption): string =>
  _tag === 'Start' ? 'the log does not have it' : `it is not in doubt, but ${_tag}`

/**
 * Decides about a request in doubt, when you have found out whether the server has processed it. First make sure that the
 * run which has recorded it has ended: one that is paused before it sends would send it too. After `'notSent'`, the next run
 * sends it. After `'sent'`, no run sends it: a run fails with `InDoubt` and the reason `ResolvedAsSent`. The last answer counts. Errors:
 * `LogFailed`, with the reason `Conflict` if no request was sent whose response is not known.
 *
 * @since 0.2.0
 * @category combinators
 */
export const resolve =
  (identity: DurableRun.Identity, as: DurableEvent.Resolution): TaskEither<LogFailed, void> =>
  async () => {
    const { log, id }: DurableRun.Identity = UserInput.own(Object(identity))
    const problem = DurableRun.problemOf({ log, id, keep: 'head' })
    if (problem !== undefined) return E.left(problem)
    if (as !== 'sent' && as !== 'notSent')
      return E.left(DurableLog.error({ log, id }, 'append', 'Invalid', `the resolution must be 'sent' or 'notSent'`))
    const known = await resumptionOf(log, id)
    if (E.isLeft(known)) return known
    const { seq, last, resumption } = known.right
    const doubt = unsettledOf(resumption)
    if (isResolved(last, as, doubt)) return E.right(undefined)
    if (doubt === undefined) return E.left(DurableLog.error({ log, id }, 'append', 'Conflict', notInDoubt(resumption)))
    const event = { _tag: 'Resolved', at: Clock.system.now().getTime(), run: RandomSource.seed(), as } as const
    return DurableLog.append({ log, id }, seq, [event])
  }
