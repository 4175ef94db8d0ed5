/**
 * Brings an exchange to where its log ends: starts its request again, and takes the steps that were recorded, without sending
 * anything.
 *
 * | part of the exchange | comes from                                                                             |
 * |----------------------|----------------------------------------------------------------------------------------|
 * | request, seed        | the log                                                                                |
 * | steps and history    | the heads in the log                                                                   |
 * | jar                  | the jar of now, joined with what the exchange has received before                      |
 * | session, environment | this process: they may have functions, secrets of the machine, and its proxies         |
 *
 * A cookie that was received before the crash keeps its logical time, so it does not replace a newer one of another process.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Jar from '../cookies/Jar.js'
import type { Session } from '../session/Session.js'
import { answeringProxy, appendToHistory, NO_COOKIES, rebuildCookies } from '../stages/Absorb.js'
import { isLast } from '../stages/Authorize.js'
import * as Exchange from '../stages/Exchange.js'
import type { World } from '../stages/Prepare.js'
import { refresh } from '../stages/prepare/Provenance.js'
import { unsigned } from '../stages/Signing.js'
import type { Plan } from '../wire/Plan.js'
import type { Sending } from './DurableEvent.js'
import type { Progress, RecordedHop } from './Resumption.js'

/** Why the recorded requests are not those of the session. */
export interface Diverged {
  readonly _tag: 'Diverged'
  readonly problem: string
}

/** The exchange after its recorded replies: `Done` if its response is known except for the body. */
export type Recorded = E.Either<Diverged | Exchange.SendError | Exchange.StartError, Exchange.Next | Exchange.Done>

const diverged = (problem: string): Diverged => ({ _tag: 'Diverged', problem })

/** What identifies a request of an exchange: without what a signer has written into its query, which differs in each run. */
export const targetOf = (plan: Plan): { readonly method: string; readonly url: string } => {
  const { method, url } = unsigned(plan)
  return { method, url: url.href }
}

const withJar = (x: Exchange.Exchange, jar: Jar.Jar): Exchange.Exchange => ({ ...Exchange.mainOf(x), jar })

const isTarget = (x: Exchange.Exchange, { method, url }: Sending): boolean => {
  const target = targetOf(x.plan)
  return target.method === method && target.url === url
}

const anotherThan = ({ method }: Sending): Diverged =>
  diverged(`the request ${method} was recorded, but the session leads to another one`)

/** Takes the step after one recorded reply. */
const stepOf = (x: Exchange.Exchange, { sending, answered }: RecordedHop): Exchange.Step | Diverged => {
  const { head, after, at } = answered
  if (!isTarget(x, sending)) return anotherThan(sending)
  if (after === 'Repeat')
    return { _tag: 'Next', exchange: appendToHistory(head, { exchange: x, cookies: NO_COOKIES, rejected: NO_COOKIES }) }
  const step = Exchange.decide(new Date(at), head, x)
  const expected = { Follow: 'Next', End: 'Done', Refuse: 'Refuse' } as const
  return step._tag === expected[after]
    ? step
    : diverged(
        `after the reply ${head.status} the step ${expected[after]} was recorded, but the session leads to ${step._tag}`,
      )
}

/** Adds the cookies and credentials of now to a plan that was made from an older jar. */
const readyNow = (
  now: Date,
  x: Exchange.Exchange,
): E.Either<Exchange.StartError | Exchange.ExchangeError, Exchange.Exchange> => {
  const plan = refresh(x.jar, now)(rebuildCookies(x, now))(x.plan)
  const current = { ...x, plan }
  return isLast(x.merged)
    ? Exchange.authorizedBeforeSending(now, current)
    : E.right(answeringProxy(now, current, 'Same'))
}

/** Returns the exchange after the recorded replies. */
export const recorded = (session: Session, given: World, progress: Progress): Recorded => {
  const { started, hops, jar: received } = progress
  const world = { ...given, jar: Jar.join(given.jar, received), entropy: started.entropy }
  const begun = Exchange.startIn(session, world, started.request)
  if (E.isLeft(begun)) return begun
  if (hops.length === 0) return next(begun.right, progress)
  const { jar } = begun.right
  let x = withJar(begun.right, jar)
  for (const hop of hops) {
    const step = stepOf(x, hop)
    if (step._tag === 'Diverged') return E.left(step)
    if (step._tag === 'Refuse') return E.left({ ...step.error, jar })
    x = withJar(step.exchange, jar)
    if (step._tag === 'Done') return E.right({ ...step, exchange: x })
  }
  const ready = readyNow(given.now, x)
  return E.isLeft(ready) ? ready : next(ready.right, progress)
}

/** What was sent once is not sent again to another place. */
const next = (exchange: Exchange.Exchange, { again }: Progress): Recorded =>
  O.isSome(again) && !isTarget(Exchange.mainOf(exchange), again.value.sending)
    ? E.left(anotherThan(again.value.sending))
    : E.right({ _tag: 'Next', exchange })
