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
import type * as Exchange from '../stages/Exchange.js'
import * as Renewal from '../stages/Renewal.js'
import type { Log, LogFailed } from '../store/Log.js'
import { raceDeadline } from '../transport/Cancellation.js'
import * as Retry from '../transport/RetryPolicy.js'
import * as Headers from '../values/Headers.js'
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
  readonly log: Log
  readonly id: string
  /** The number of events in the log. */
  readonly seq: number
  /** An event that is stored with the first request. */
  readonly started: DurableEvent.Started | undefined
  readonly keep: Keep
  /** Epoch milliseconds. */
  readonly now: IO<number>
  /** Identifies this run. */
  readonly run: string
}

/** A journal whose failures can be read. */
export interface LogJournal extends Journal {
  /** Records the body of the response. */
  readonly finish: (bytes: Uint8Array) => Promise<void>
  /** Returns why the log has failed. */
  readonly failure: IO<LogFailed | undefined>
  /** Returns whether a request was sent. */
  readonly hasSent: IO<boolean>
}

/** Returns whether sending a plan twice has the effect of sending it once. */
export const isRepeatable = ({ method, headers }: Plan): boolean =>
  Retry.standard.methods.includes(method) || Headers.find(headers, 'Idempotency-Key') !== undefined

const NOT_SENT = 'The request was not sent: the log of its exchange failed'

/** The exchange can go on after these, so the step before them is recorded as if they had not happened. */
const isTemporary = (step: Exchange.Step): boolean =>
  step._tag === 'Refuse' && (step.error._tag === 'SigningFailed' || Renewal.isTokenError(step.error))

const afterOf = (step: Exchange.Step, origin: StepOrigin): DurableEvent.After => {
  if (step._tag === 'Done') return 'End'
  if (step._tag === 'Refuse' && !isTemporary(step)) return 'Refuse'
  return origin === 'Answer' ? 'Repeat' : 'Follow'
}

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
export const start = ({ log, id, seq: first, started, keep, now, run }: JournalTarget): LogJournal => {
  let seq = first
  let waiting: ReadonlyArray<DurableEvent.Event> = started === undefined ? [] : [started]
  let failure: LogFailed | undefined
  let hasSent = false
  let known = Jar.empty

  const append = async (...contents: ReadonlyArray<Content>): Promise<void> => {
    // The cast: each content with these two fields is an event.
    const events = [...waiting, ...contents.map((content) => ({ ...content, at: now(), run }) as DurableEvent.Event)]
    const stored = await DurableLog.append(log, id, seq, events)
    if (E.isLeft(stored)) {
      failure ??= stored.left
      return
    }
    seq += events.length
    waiting = []
  }

  /** Appends in order: an append of a wait that ended early may still run. */
  let last: Promise<void> = Promise.resolve()
  const enqueue = (...contents: ReadonlyArray<Content>): Promise<void> => {
    last = last.then(() => (failure === undefined ? append(...contents) : undefined))
    return last
  }

  /** Records that nothing was sent, if the log has stored the request of this run although it has failed. */
  const withdraw = async (unsent: Content): Promise<void> => {
    const events = await DurableLog.read(log, id)
    if (E.isLeft(events)) return
    const last = events.right.at(-1)
    // The cast: see `append`.
    const event = { ...unsent, at: now(), run } as DurableEvent.Event
    if (last?._tag === 'Sending' && last.run === run) await DurableLog.append(log, id, events.right.length, [event])
  }

  const recordSending = async (x: Exchange.Exchange, controls: SendControls): Promise<Fault.Fault | undefined> => {
    known = x.jar
    const { plan } = x
    const appending = enqueue({ _tag: 'Sending', ...targetOf(plan), isRepeatable: isRepeatable(plan) })
    const raced = await raceDeadline(controls, appending)
    if (E.isRight(raced) && failure === undefined) return undefined
    const fault = E.isLeft(raced) ? raced.left : Fault.make('Aborted', NOT_SENT)
    const unsent: Content = { _tag: 'Failed', error: fault._tag, reason: fault.message, isUnsent: true }
    if (failure === undefined)
      enqueue(unsent) // not waited for: the time is over
    else if (failure.reason === 'TimedOut') withdraw(unsent)
    else if (failure.reason !== 'Fenced') await raceDeadline(controls, withdraw(unsent))
    return fault
  }

  const recordFailed = async (error: Exchange.HookFailed | TransportError, controls: SendControls): Promise<void> => {
    const isUnsent = error._tag !== 'HookFailed' && Fault.isUnsent(error)
    await raceDeadline(controls, enqueue({ _tag: 'Failed', error: error._tag, reason: error.message, isUnsent }))
  }

  return {
    failure: () => failure,
    hasSent: () => hasSent,
    sending:
      (send: SendPlan, { exchange, controls }: Running): SendPlan =>
      async (plan) => {
        const x = exchange()
        if (x.waiting !== undefined) return send(plan)
        const fault = await recordSending(x, controls())
        if (fault !== undefined) return E.left(withPlan(plan, Fault.unsent(fault)))
        hasSent = true
        const sent = await send(plan)
        if (E.isLeft(sent)) await recordFailed(sent.left, controls())
        return sent
      },
    rejected: recordFailed,
    answered: async (step, origin, controls) => {
      await undefined // so that nothing is stored while undici parses the response
      const head = headOf(step)
      if (head === undefined) return // not reached: a step after a reply has its head
      const { jar } = step._tag === 'Refuse' ? step.error : step.exchange
      const delta = Jar.delta(known)(jar)
      known = jar
      const after = afterOf(step, origin)
      const answered: Content = { _tag: 'Answered', head, after, jar: delta }
      const isAll = after === 'End' && keep === 'head'
      const stored = isAll ? enqueue(answered, { _tag: 'Finished', body: { _tag: 'Discarded' } }) : enqueue(answered)
      const raced = await raceDeadline(controls, stored)
      if (E.isLeft(raced)) failure ??= DurableLog.late(id, raced.left)
    },
    finish: (bytes) => (keep === 'head' ? last : enqueue({ _tag: 'Finished', body: keptOf(keep, bytes) })),
  }
}
