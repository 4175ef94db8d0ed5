/**
 * Writes the events of one exchange while it runs.
 *
 * | when                     | events               | if they cannot be stored                                          |
 * |--------------------------|----------------------|-------------------------------------------------------------------|
 * | before a request is sent | `Started`, `Sending` | it is not sent, and the exchange ends                              |
 * | no reply came            | `Failed`             | the request is in doubt, if it may not be repeated                |
 * | after a reply            | `Answered`           | nothing more is sent; a response is returned with the error       |
 * | the body was read        | `Finished`           | the response is returned with the error                           |
 *
 * A wait for the log ends at the deadline of the exchange, and at once when its signal aborts.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type { Journal, Running, SendPlan, StepOrigin } from '../client/Journal.js'
import * as Jar from '../cookies/Jar.js'
import * as Exchange from '../stages/Exchange.js'
import * as KeyHeader from '../stages/prepare/KeyHeader.js'
import * as Renewal from '../stages/Renewal.js'
import type { LogFailed } from '../store/Log.js'
import { exchangeFault, raceDeadline } from '../transport/Cancellation.js'
import * as Retry from '../transport/RetryPolicy.js'
import * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import type { Head } from '../wire/Reply.js'
import { type SendControls, type TransportError, withPlan } from '../wire/Transport.js'
import type * as DurableEvent from './DurableEvent.js'
import * as DurableLog from './DurableLog.js'
import { targetOf } from './RecordedExchange.js'

/** How much of the body of a response is kept: octets, or its head only. */
export type Keep = number | 'head'

/** What a journal writes to. */
export interface JournalTarget {
  readonly place: DurableLog.LogPlace
  /** The number of events in the log. */
  readonly seq: number
  /** An event that is stored with the first request. */
  readonly started: DurableEvent.Started | undefined
  readonly keep: Keep
  /** Epoch milliseconds. */
  readonly now: IO<number>
  /** Identifies this run. */
  readonly run: string
  /** For how many milliseconds the run has waited for the log before the exchange. */
  readonly waited: number
  /** Whether an earlier run may have sent the first request already. */
  readonly isResend: boolean
}

/** A journal whose failures can be read. */
export interface LogJournal extends Journal {
  /** Records the body of the response. */
  readonly finish: (bytes: Uint8Array) => Promise<void>
  /** Returns why the log has failed. */
  readonly failure: IO<LogFailed | undefined>
  /** Returns whether a request was sent. */
  readonly hasSent: IO<boolean>
  /** Returns whether a request was not sent, because an earlier run may have sent it, and this one must not repeat it. */
  readonly isInDoubt: IO<boolean>
}

/**
 * Returns whether sending a plan twice has the effect of sending it once. A key of a session or a signer may differ in a later
 * run, so that a later run asks this again of its own plan.
 */
const isRepeatable = (plan: Plan): boolean =>
  Retry.standard.methods.includes(plan.method) || KeyHeader.scopeOf(plan) === 'Request'

const NOT_SENT = 'The request was not sent: the log of its exchange failed'
const NOT_REPEATED = 'The request was not sent: an earlier run may have sent it, without the same idempotency key'

/** The exchange can go on after these, so the step before them is recorded as if they had not happened. */
const isTemporary = (step: Exchange.Step): boolean =>
  step._tag === 'Refuse' && (step.error._tag === 'SigningFailed' || Renewal.isTokenError(step.error))

/** Whether a reply is a challenge that cannot be answered now, for example because a token cannot be obtained. */
const isUnanswered = (now: number, head: Head, x: Exchange.Exchange): boolean =>
  Exchange.answer(new Date(now), head, x)?._tag === 'Refuse'

const headOf = (step: Exchange.Step): Head | undefined => {
  if (step._tag === 'Done') return step.head
  return (step._tag === 'Refuse' ? step.error : step.exchange).history.at(-1)?.head
}

const keptOf = (keep: Keep, bytes: Uint8Array): DurableEvent.KeptBody => {
  if (keep === 'head') return { _tag: 'Discarded' }
  return bytes.length > keep ? { _tag: 'TooLong', length: bytes.length } : { _tag: 'Kept', bytes }
}

/** The fields that the journal adds to each event. */
type Content<A extends DurableEvent.Event = DurableEvent.Event> = A extends unknown ? Omit<A, 'at' | 'run'> : never

/** Starts a journal. */
export const start = (target: JournalTarget): LogJournal => {
  const { place, seq: first, started, keep, now, run, waited, isResend } = target
  let seq = first
  let waiting: ReadonlyArray<DurableEvent.Event> = started === undefined ? [] : [started]
  let failure: LogFailed | undefined
  let hasSent = false
  let isInDoubt = false
  let known = Jar.empty
  let sent: Running | undefined
  /** Of the last wait. */
  let ending: SendControls = {}

  /** The last event of the append that has failed, which may be stored nevertheless. */
  let uncertain: DurableEvent.Event | undefined

  const append = async (...contents: ReadonlyArray<Content>): Promise<void> => {
    // The cast: each content with these two fields is an event.
    const events = [...waiting, ...contents.map((content) => ({ ...content, at: now(), run }) as DurableEvent.Event)]
    const stored = await DurableLog.append(place, seq, events)
    seq += events.length
    waiting = []
    if (E.isRight(stored)) return
    failure ??= stored.left
    uncertain = events.at(-1)
  }

  /** Appends in order: an append of a wait that ended early may still run. */
  let last: Promise<void> = Promise.resolve()
  const enqueue = (...contents: ReadonlyArray<Content>): Promise<void> => {
    last = last.then(() => (failure === undefined ? append(...contents) : undefined))
    return last
  }

  /** Waits for an append until the exchange must end. */
  const waitFor = async (controls: SendControls, appending: Promise<void>): Promise<void> => {
    let isOver = false
    const noted = appending.then(() => {
      isOver = true
    })
    const raced = await raceDeadline(controls, noted)
    if (E.isLeft(raced) && !isOver) failure ??= DurableLog.late(place, raced.left)
  }

  /**
   * Records that nothing was sent, if the log has stored this request although it has failed. After any other append that has
   * failed, the last request of the log is an earlier one, which was sent.
   */
  const withdraw = async ({ _tag, message }: Fault.Fault): Promise<void> => {
    if (uncertain?._tag !== 'Sending') return
    const { at } = uncertain
    const events = await DurableLog.read(place)
    if (E.isLeft(events) || events.right.length !== seq || events.right.at(-1)?.run !== run) return
    await DurableLog.append(place, seq, [{ _tag: 'Failed', at, run, error: _tag, reason: message, isUnsent: true }])
  }

  const recordSending = async (x: Exchange.Exchange, controls: SendControls): Promise<Fault.Fault | undefined> => {
    const early = exchangeFault(controls)
    if (early !== undefined) return early
    known = x.jar
    const appending = enqueue({ _tag: 'Sending', ...targetOf(x.plan), isRepeatable: isRepeatable(x.plan) })
    const raced = await raceDeadline(controls, appending)
    if (E.isRight(raced) && failure === undefined) return undefined
    const fault = E.isLeft(raced) ? raced.left : Fault.make('Aborted', NOT_SENT)
    // Not waited for if the time is over.
    if (failure === undefined)
      Fault.ignoreRejection(enqueue({ _tag: 'Failed', error: fault._tag, reason: fault.message, isUnsent: true }))
    else if (failure.reason === 'TimedOut') withdraw(fault)
    else if (failure.reason !== 'Fenced') await raceDeadline(controls, withdraw(fault))
    return fault
  }

  const recordFailed = async (error: Exchange.HookFailed | TransportError, controls: SendControls): Promise<void> => {
    const isUnsent = error._tag !== 'HookFailed' && Fault.isUnsent(error)
    await raceDeadline(controls, enqueue({ _tag: 'Failed', error: error._tag, reason: error.message, isUnsent }))
  }

  const afterOf = (head: Head, step: Exchange.Step, origin: StepOrigin, x: Exchange.Exchange): DurableEvent.After => {
    if (step._tag === 'Done') return 'End'
    if (step._tag === 'Refuse' && !isTemporary(step)) return 'Refuse'
    if (origin === 'Answer' || (step._tag === 'Refuse' && isUnanswered(now(), head, x))) return 'Repeat'
    return 'Follow'
  }

  return {
    within: (controls) =>
      controls.deadline === undefined ? controls : { ...controls, deadline: controls.deadline - waited },
    failure: () => failure,
    hasSent: () => hasSent,
    isInDoubt: () => isInDoubt,
    sending:
      (send: SendPlan, running: Running): SendPlan =>
      async (plan) => {
        const { exchange: x } = running
        sent = running
        if (x.waiting !== undefined) return send(plan)
        isInDoubt = isResend && !hasSent && !isRepeatable(x.plan)
        if (isInDoubt) return E.left(withPlan(plan, Fault.unsent(Fault.make('Aborted', NOT_REPEATED))))
        const fault = await recordSending(x, running.waitControls)
        if (fault !== undefined) return E.left(withPlan(plan, Fault.unsent(fault)))
        hasSent = true
        const reply = await send(plan)
        if (E.isLeft(reply)) await recordFailed(reply.left, running.waitControls)
        return reply
      },
    rejected: recordFailed,
    answered: async (step, origin, controls) => {
      await undefined // so that nothing is stored while undici parses the response
      const head = headOf(step)
      if (head === undefined || sent === undefined) return // not reached: a step after a reply has its head
      const { jar } = step._tag === 'Refuse' ? step.error : step.exchange
      const delta = Jar.delta(known)(jar)
      known = jar
      const after = afterOf(head, step, origin, sent.exchange)
      const answered: Content = { _tag: 'Answered', head, after, jar: delta }
      const isAll = after === 'End' && keep === 'head'
      const stored = isAll ? enqueue(answered, { _tag: 'Finished', body: { _tag: 'Discarded' } }) : enqueue(answered)
      ending = controls
      await waitFor(controls, stored)
    },
    finish: (bytes) =>
      waitFor(ending, keep === 'head' ? last : enqueue({ _tag: 'Finished', body: keptOf(keep, bytes) })),
  }
}
