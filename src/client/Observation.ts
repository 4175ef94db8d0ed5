/** Calls the observers of one exchange (`Observer`). An exchange without observers does not use this module. */
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import { hasKnownTag, textIn } from '../errors/ErrorMatch.js'
import { notify } from '../session/observation/Notify.js'
import {
  type DoneEvent,
  exchangeOf,
  type ObservedError,
  type ObservedEvent,
  type ObservedHead,
  type ObservedHeaders,
  type ObservedPlan,
  type Observer,
} from '../session/observation/Observer.js'
import type { Exchange } from '../stages/Exchange.js'
import { hide, hideSecretQuery } from '../stages/ReplyRedaction.js'
import type { Headers } from '../values/Headers.js'
import type { Clock } from '../wire/Clock.js'
import type * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import type { Head, Reply } from '../wire/Reply.js'
import type { OnRetry, TransportError } from '../wire/Transport.js'

type Sent = E.Either<TransportError, Reply>
type Result = E.Either<ObservedError, ObservedHead>

/** The observed parts of one exchange. */
export interface Observation {
  /** Observes the sends of the exchange. */
  readonly sending: (send: (plan: Plan) => Promise<Sent>) => typeof send
  /** Observes the retries of a transport. */
  readonly retrying: (superseded: OnRetry) => OnRetry
  /** Observes that a transport sends again after a wait. */
  readonly resending: IO<void>
  /** Records the status of the response, which a hook may have changed. */
  readonly settled: (head: Head) => void
  /** Observes the end of the exchange. */
  readonly ending: <E, A, J>(running: Promise<[E.Either<E, A>, J]>) => Promise<[E.Either<E, A>, J]>
}

// --- views ---------------------------------------------------------------------------------------------------------

const viewHeaders = ({ fields }: Headers): ObservedHeaders =>
  Object.freeze(fields.map(([name, value]) => Object.freeze([name, String(value)] as const)))

const viewPlan = ({ method, url, headers, cause }: Plan): ObservedPlan =>
  Object.freeze({
    method,
    url: url.href,
    hostname: url.hostname,
    port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
    headers: viewHeaders(headers),
    cause,
  })

const viewHead = (
  { status, reason, headers, httpVersion, timings }: Head,
  connection: Reply['connection'],
): ObservedHead =>
  Object.freeze({
    ...{ status, reason, headers: viewHeaders(headers), httpVersion: httpVersion ?? 'HTTP/1.1' },
    ...(connection === undefined ? {} : { connection: Object.freeze({ ...connection }) }),
    ...(timings === undefined ? {} : { timings: Object.freeze({ ...timings }) }),
  })

/** Errors of an exchange have a tag of this library, and its history. */
const isOurs = (error: unknown): boolean => {
  try {
    return hasKnownTag(error) && Object.hasOwn(Object(error), 'history')
  } catch {
    return false // a proxy of the user
  }
}

/** The message of an error of the user may contain anything. */
const viewError = (error: unknown): ObservedError => {
  const _tag = textIn(error, '_tag') ?? textIn(error, 'name') ?? 'Error'
  const message = isOurs(error) ? textIn(error, 'message') : undefined
  return Object.freeze({ _tag, message: message ?? '' })
}

const viewFault = ({ _tag, message }: Fault.Fault): ObservedError => Object.freeze({ _tag, message })

// --- the exchange --------------------------------------------------------------------------------------------------

/** Starts to observe an exchange. Returns `undefined` without observers. */
export const start = (clock: Clock, exchange: Exchange): Observation | undefined => {
  const { observers } = exchange.merged.settings
  // Not in one function with the rest, whose closures would cost an allocation before the check.
  return observers._tag === 'Inherit' || observers.value.length === 0
    ? undefined
    : observe(clock, exchange, observers.value)
}

const observe = (
  clock: Clock,
  { merged, plan: first, entropy }: Exchange,
  observers: ReadonlyArray<Observer>,
): Observation => {
  const startedAt = clock.monotonic()
  const exchange = exchangeOf({ entropy })

  let [hop, attempt, resendCount] = [0, 0, 0]
  let plan = viewPlan(first)
  let sent: Plan | undefined
  let sentAt = startedAt
  let repliedAt: number | undefined
  let last: Result | undefined
  let status = 0
  // `Waiting`: between a reply that was dropped and the next attempt.
  let phase: 'Idle' | 'Sending' | 'Waiting' = 'Idle'

  const base = (now: number): ObservedEvent => ({ exchange, hop, attempt, sinceStart: now - startedAt, plan })

  const emit = <K extends keyof Observer>(name: K, event: Parameters<NonNullable<Observer[K]>>[0]): void => {
    const frozen = Object.freeze(event)
    for (const observer of observers) notify(observer, name, frozen)
  }

  const onSend = (): void => {
    attempt += 1
    phase = 'Sending'
    sentAt = clock.monotonic()
    repliedAt = undefined
    emit('onSend', { ...base(sentAt), resendCount })
    resendCount += 1
  }

  const onReply = (result: Result): void => {
    const now = clock.monotonic()
    last = result
    if (E.isRight(result)) {
      repliedAt = now
      status = result.right.status
    }
    emit('onReply', { ...base(now), result: Object.freeze(result), sinceSend: now - sentAt })
  }

  const headOf = (head: Head, connection: Reply['connection']): Result =>
    E.right(viewHead(hideSecretQuery(sent === undefined ? head : hide(sent, head), merged), connection))

  const onDone = (outcome: DoneEvent['outcome']): void => {
    const now = clock.monotonic()
    const sinceReply = repliedAt === undefined ? {} : { sinceReply: now - repliedAt }
    emit('onDone', { ...base(now), outcome: Object.freeze(outcome), ...sinceReply })
  }

  const onHop = (next: Plan): void => {
    const from = plan.url
    if (sent !== undefined) hop += 1
    attempt = 0
    sent = next
    plan = viewPlan(next)
    if (next.cause !== 'Follow' || hop === 0) return
    emit('onRedirect', { ...base(clock.monotonic()), status, from, to: plan.url })
  }

  return {
    sending: (send) => async (next) => {
      onHop(next)
      onSend()
      const outcome = await send(next)
      if (phase === 'Waiting' && E.isRight(outcome)) onSend()
      if (phase === 'Sending') {
        onReply(E.isLeft(outcome) ? E.left(viewFault(outcome.left)) : headOf(outcome.right, outcome.right.connection))
      }
      phase = 'Idle'
      return outcome
    },
    retrying: (superseded) => (reply, details) => {
      const headers = superseded(reply, details)
      if (phase === 'Idle') return headers
      if (phase === 'Waiting') onSend()
      const fault: ObservedError =
        details?.fault === undefined
          ? Object.freeze({ _tag: 'Unknown', message: 'The attempt failed' })
          : viewFault(details.fault)
      onReply(O.isSome(reply) ? headOf(reply.value, details?.connection) : E.left(fault))
      const now = clock.monotonic()
      const delay = details === undefined ? {} : { delay: details.delay }
      if (last !== undefined) emit('onRetry', { ...base(now), result: last, ...delay })
      phase = 'Waiting'
      // A transport that reports no wait sends again at once.
      if (details === undefined) onSend()
      return headers
    },
    resending: () => {
      if (phase === 'Waiting') onSend()
    },
    settled: (head) => {
      status = head.status
    },
    ending: (running) =>
      running.then(
        (outcome) => {
          const [result] = outcome
          onDone(E.isLeft(result) ? { _tag: 'Failure', error: viewError(result.left) } : { _tag: 'Success', status })
          return outcome
        },
        (cause) => {
          onDone({ _tag: 'Failure', error: viewError(cause) })
          return Promise.reject(cause) // an exception of the user's code is not hidden
        },
      ),
  }
}
