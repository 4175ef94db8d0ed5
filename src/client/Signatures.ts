/** Signs the plan of an exchange before it is sent, or before a transport sends it again. */
import * as E from 'fp-ts/lib/Either.js'
import type { SignerTask } from '../session/auth/Auth.js'
import type { SigningFailed } from '../stages/AuthError.js'
import * as Authorize from '../stages/Authorize.js'
import * as Exchange from '../stages/Exchange.js'
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
): Promise<E.Either<Exchange.ExchangeError, Exchange.Exchange>> => {
  const { plan, entropy, history } = x
  const raced = await raceDeadline(controls, signLater(scheme, plan, { now, entropy, nth: String(history.length) })())
  if (E.isLeft(raced)) return E.left(Exchange.errorOf(x, withPlan(plan, raced.left)))
  const outcome = raced.right
  if (E.isLeft(outcome)) return E.left(Exchange.failed(outcome.left)(x))
  return E.right({ ...x, plan: outcome.right, signing: undefined })
}

/** A plan that is sent again. */
export interface SignedAgain {
  /** The plan that is sent. */
  readonly plan: Plan
  /** What the transport sends, or the fault that it returns. */
  readonly sent: E.Either<TransportError, Plan>
  /** The error of the exchange, if signing failed: a transport knows only faults. */
  readonly error: SigningFailed | undefined
}

/** Signs a plan for another attempt. `attempt` counts the attempts of the exchange. */
export const signedAgain = async (
  x: Exchange.Exchange,
  plan: Plan,
  controls: SendControls,
  now: Date,
  attempt: number,
): Promise<SignedAgain> => {
  const nth = `${x.history.length}, attempt ${attempt}`
  const raced = await raceDeadline(controls, Authorize.signAgain(x, plan, now, nth)())
  if (E.isLeft(raced)) return { plan: x.plan, sent: E.left(withPlan(plan, raced.left)), error: undefined }
  const outcome = raced.right
  if (E.isLeft(outcome)) {
    const fault = Fault.unsent(Fault.make('Aborted', outcome.left.message))
    return { plan: x.plan, sent: E.left(withPlan(plan, fault)), error: outcome.left }
  }
  // The body stays that of the exchange: a transport may have wrapped it.
  return { plan: { ...outcome.right, body: x.plan.body }, sent: outcome, error: undefined }
}
