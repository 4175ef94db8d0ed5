/**
 * Runs the reply hooks of an exchange.
 *
 * | while a reply hook runs            | the exchange ends with                                        |
 * |------------------------------------|---------------------------------------------------------------|
 * | it returns a Left, throws, rejects | `HookFailed`                                                  |
 * | the signal aborts                  | `Aborted`, at once; the hook continues, its result is ignored |
 * | the total time is exceeded         | `DeadlineExceeded`, in the same way                           |
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Hook } from '../session/Settings.js'
import * as Exchange from '../stages/Exchange.js'
import { exchangeFault, raceDeadline } from '../transport/Cancellation.js'
import * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import { type Head, isHead } from '../wire/Reply.js'
import { type SendControls, type TransportError, withPlan } from '../wire/Transport.js'

type HookOutcome = E.Either<TransportError | Exchange.HookFailed, Head>

/** Passes a head through all hooks in order, and stops at the first failure. */
export const runHooks = async (
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

const runHook = async (hook: Hook, controls: SendControls, head: Head, plan: Plan): Promise<HookOutcome> => {
  const fault = exchangeFault(controls)
  if (fault !== undefined) return E.left(withPlan(plan, fault))
  const failed = (how: 'Refused' | 'Threw', error: unknown): HookOutcome =>
    E.left(Exchange.hookFailed(plan, hook, how, error))
  // The type of a hook is checked again, because plain JavaScript permits any result.
  try {
    const task: unknown = hook(head, plan)
    if (typeof task !== 'function') {
      Fault.ignoreRejection(task)
      const message = `it must return a task, which is a function, but returned ${Fault.kindOf(task)}`
      return failed('Threw', new TypeError(message))
    }
    const outcome = await raceDeadline<E.Either<unknown, Head>>(controls, task())
    if (E.isLeft(outcome)) return E.left(withPlan(plan, outcome.left))
    const result = outcome.right
    if (E.isLeft(result)) return failed('Refused', result.left)
    if (isHead(result.right)) return result
    return failed('Threw', new TypeError(`its task must give a head, but gave ${Fault.kindOf(result.right)}`))
  } catch (cause) {
    return failed('Threw', cause)
  }
}
