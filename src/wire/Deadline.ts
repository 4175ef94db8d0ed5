/**
 * The fault of an exchange that took longer than `timeouts.total`. Its message has the method, the URL without query, the
 * limit and the number of attempts, but no measured time, so that it is the same in every run.
 *
 * | made by                                  | the plan is                                            |
 * |------------------------------------------|--------------------------------------------------------|
 * | a transport, `withRetry`, `withLimit`    | known: `exceeded`                                      |
 * | a wait that does not know what it is for | added by `withPlan`, which calls `complete`: `unnamed` |
 */
import * as Printable from '../values/Printable.js'
import * as UserInput from '../values/UserInput.js'
import * as Fault from './Fault.js'
import { type Plan, urlWithoutQuery } from './Plan.js'

type DeadlineExceeded = Fault.Fault<'DeadlineExceeded'>

/** Returns a time for messages: `5,000 ms`. */
export const inMs = (ms: number): string => `${Printable.grouped(ms)} ms`

/** Returns the fault of a plan. `reason` says what the request waited for. */
export const exceeded = (plan: Plan, reason = ''): DeadlineExceeded => {
  const limit = UserInput.get(plan.route.timeouts, 'total')
  const when = limit === undefined ? 'before its deadline' : `within ${inMs(limit)}`
  const message = `${plan.method} ${urlWithoutQuery(plan)} did not finish ${when}${reason === '' ? '' : `: ${reason}`}`
  const fault = { ...Fault.make('DeadlineExceeded', message), attempts: 1 }
  return limit === undefined ? fault : { ...fault, limit }
}

const UNNAMED = 'The exchange did not finish before its deadline'

/** Returns the fault of a plan that is not known yet. */
export const unnamed = (): DeadlineExceeded => ({
  ...Fault.make('DeadlineExceeded', UNNAMED),
  attempts: 1,
})

/** Adds method, URL and limit to an `unnamed` fault. Any other fault is returned unchanged. */
export const complete = (plan: Plan, fault: Fault.Fault): Fault.Fault =>
  fault._tag === 'DeadlineExceeded' && fault.message === UNNAMED ? exceeded(plan) : fault

const ATTEMPTS = / \(\d+ attempts\)$/

/** Sets the number of attempts of a `DeadlineExceeded`. Any other fault is returned unchanged. */
export const withAttempts =
  (attempts: number) =>
  <F extends Fault.Fault>(fault: F): F =>
    fault._tag === 'DeadlineExceeded' && attempts > 1
      ? { ...fault, attempts, message: `${fault.message.replace(ATTEMPTS, '')} (${attempts} attempts)` }
      : fault
