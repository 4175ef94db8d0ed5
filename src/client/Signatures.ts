/** Signs the plan of an exchange before it is sent, or before a transport sends it again. */
import * as E from 'fp-ts/lib/Either.js'
import type { SignerTask } from '../session/auth/Auth.js'
import { answeringProxy } from '../stages/Absorb.js'
import type { SigningFailed } from '../stages/AuthError.js'
import * as Authorize from '../stages/Authorize.js'
import * as Exchange from '../stages/Exchange.js'
import * as ProxyDigest from '../stages/prepare/ProxyDigest.js'
import { signLater } from '../stages/Signing.js'
import { raceDeadline } from '../transport/Cancellation.js'
import * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import { type SendControls, type TransportError, withPlan } from '../wire/Transport.js'

/** Signs the plan of an exchange with a task. The end of the exchange does not wait for the task. */
export const signed = async (
  x: Exchange.Exchange,
  scheme: SignerTask,
  controls: SendControls,
  now: Date,
  toError: (error: TransportError) => Exchange.ExchangeError,
): Promise<E.Either<Exchange.ExchangeError, Exchange.Exchange>> => {
  const { plan, entropy, history } = x
  const raced = await raceDeadline(controls, signLater(scheme, plan, { now, entropy, nth: String(history.length) })())
  if (E.isLeft(raced)) return E.left(toError(withPlan(plan, raced.left)))
  const outcome = raced.right
  if (E.isLeft(outcome)) return E.left(Exchange.failed(outcome.left)(x))
  return E.right(answeringProxy(now, { ...x, plan: outcome.right, signing: undefined }))
}

/** A plan that is sent again. */
export interface SignedAgain {
  /** With the plan that is sent, and the nonces that it uses counted. */
  readonly exchange: Exchange.Exchange
  /** What the transport sends, or the fault that it returns. */
  readonly sent: E.Either<TransportError, Plan>
  /** The error of the exchange, if signing failed: a transport knows only faults. */
  readonly error: SigningFailed | undefined
}

/** Why a plan is signed again: another attempt of its send, or it waited before its first one. */
export type SigningReason = 'Attempt' | 'Wait'

/** Signs a plan again. `count` differs for each call of the exchange. */
export const signedAgain = async (
  x: Exchange.Exchange,
  plan: Plan,
  controls: SendControls,
  now: Date,
  count: number,
  reason: SigningReason,
): Promise<SignedAgain> => {
  const nth = `${x.history.length}, attempt ${count}`
  const raced = await raceDeadline(controls, Authorize.signAgain(x, plan, now, nth)())
  if (E.isLeft(raced)) return { exchange: x, sent: E.left(withPlan(plan, raced.left)), error: undefined }
  const outcome = raced.right
  if (E.isLeft(outcome)) {
    const fault = Fault.unsent(Fault.make('Aborted', outcome.left.message))
    return { exchange: x, sent: E.left(withPlan(plan, fault)), error: outcome.left }
  }
  const signed = outcome.right === plan ? x : withSignature(x, outcome.right)
  const isSame = reason === 'Wait' && signed.plan.url === x.plan.url
  const exchange = isSame ? signed : answeringProxy(now, signed, reason === 'Wait' ? 'Same' : 'Next')
  const route = ProxyDigest.withAnswerOf(exchange.plan.route, plan.route)
  const sent = route === plan.route ? outcome.right : { ...outcome.right, route }
  return { exchange, sent: E.right(sent), error: undefined }
}

/** Body and route stay those of the exchange: a transport may have changed them. */
const withSignature = (x: Exchange.Exchange, signed: Plan): Exchange.Exchange => ({
  ...x,
  plan: { ...signed, body: x.plan.body, route: x.plan.route },
})
