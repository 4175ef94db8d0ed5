/**
 * Runs the reply hooks of an exchange, and releases bodies that are not needed. Both end with the exchange's signal and
 * deadline.
 *
 * | while a hook runs                                  | the exchange ends with                                       |
 * |----------------------------------------------------|--------------------------------------------------------------|
 * | it returns a Left, throws or rejects               | `HookFailed`                                                 |
 * | the signal aborts                                  | `Aborted`, at once; the hook continues, its result is ignored |
 * | the total time is exceeded                         | `DeadlineExceeded`, in the same way                          |
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Hook } from '../session/Settings.js'
import * as Exchange from '../stages/Exchange.js'
import * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import { discard, type Head, isHead, type Source } from '../wire/Reply.js'
import { at, type SendControls, type TransportError } from '../wire/Transport.js'
import { exchangeFault, raceDeadline } from './Cancellation.js'

type HookOutcome = E.Either<TransportError | Exchange.HookFailed, Head>

/** The failure of a hook whose result does not have the declared type, which plain JavaScript permits. */
const invalidResult = (hook: Hook, plan: Plan, message: string): HookOutcome =>
  E.left(Exchange.hookFailed(plan, hook, 'Threw', new TypeError(message)))

const runHook = async (hook: Hook, controls: SendControls, head: Head, plan: Plan): Promise<HookOutcome> => {
  const fault = exchangeFault(controls)
  if (fault !== undefined) return E.left(at(plan, fault))
  try {
    const task: unknown = hook(head, plan)
    if (typeof task !== 'function') {
      Fault.ignoreRejection(task)
      return invalidResult(hook, plan, `it must return a task, which is a function, but returned ${Fault.kindOf(task)}`)
    }
    const outcome = await raceDeadline<E.Either<unknown, Head>>(controls, task())
    if (E.isLeft(outcome)) return E.left(at(plan, outcome.left))
    const result = outcome.right
    if (E.isLeft(result)) return E.left(Exchange.hookFailed(plan, hook, 'Refused', result.left))
    return isHead(result.right)
      ? result
      : invalidResult(hook, plan, `its task must give a head, but gave ${Fault.kindOf(result.right)}`)
  } catch (cause) {
    return E.left(Exchange.hookFailed(plan, hook, 'Threw', cause))
  }
}

/** Passes a head through all hooks in order, and stops at the first failure. */
export const run = async (
  hooks: ReadonlyArray<Hook>,
  controls: SendControls,
  head: Head,
  plan: Plan,
): Promise<HookOutcome> => {
  let current = head
  for (const hook of hooks) {
    const outcome = await runHook(hook, controls, current, plan)
    if (E.isLeft(outcome)) return outcome
    current = outcome.right
  }
  return E.right(current)
}

/** Discards a body. Returns the fault that ends the exchange meanwhile, if any. */
export const release = async (controls: SendControls, body: Source): Promise<Fault.Fault | undefined> => {
  const discarded = await raceDeadline(controls, discard(body))
  return E.isLeft(discarded) ? discarded.left : undefined
}
