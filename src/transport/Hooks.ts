/**
 * What happens to a reply between its head and the next step: the hooks see it, and a body that nobody wants is let go of.
 * Neither holds an exchange up beyond its signal and its deadline.
 *
 * | while it waits for a hook                | the exchange ends with                                       |
 * |------------------------------------------|--------------------------------------------------------------|
 * | the hook gives a left, throws or rejects | `HookFailed`                                                 |
 * | the signal aborts                        | `Aborted`, at once; the hook runs to its end, and nobody sees |
 * | the total time is over                   | `DeadlineExceeded`, likewise                                 |
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Hook } from '../session/Settings.js'
import * as Exchange from '../stages/Exchange.js'
import * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import { discard, type Head, isHead, type Source } from '../wire/Reply.js'
import { at, type SendControls, type TransportError } from '../wire/Transport.js'
import { ended, within } from './Cancellation.js'

type Seen = E.Either<TransportError | Exchange.HookFailed, Head>

/** What plain JavaScript may give and a type would not let through. */
const misled = (hook: Hook, plan: Plan, problem: string): Seen =>
  E.left(Exchange.hookFailed(plan, hook, 'Threw', new TypeError(problem)))

const show = async (hook: Hook, limits: SendControls, head: Head, plan: Plan): Promise<Seen> => {
  const fault = ended(limits)
  if (fault !== undefined) return E.left(at(plan, fault))
  try {
    const task: unknown = hook(head, plan)
    if (typeof task !== 'function') {
      Fault.ignoreRejection(task)
      return misled(hook, plan, `it gave ${Fault.kindOf(task)} in place of a task, which is a function`)
    }
    const passed = await within<E.Either<unknown, Head>>(limits, task())
    if (E.isLeft(passed)) return E.left(at(plan, passed.left))
    const judged = passed.right
    if (E.isLeft(judged)) return E.left(Exchange.hookFailed(plan, hook, 'Refused', judged.left))
    return isHead(judged.right) ? judged : misled(hook, plan, `it gave ${Fault.kindOf(judged.right)}, which is no head`)
  } catch (cause) {
    return E.left(Exchange.hookFailed(plan, hook, 'Threw', cause))
  }
}

/** Lets every hook see the head, in order, until one does not let it pass. */
export const run = async (hooks: ReadonlyArray<Hook>, limits: SendControls, head: Head, plan: Plan): Promise<Seen> => {
  let seen = head
  for (const hook of hooks) {
    const passed = await show(hook, limits, seen, plan)
    if (E.isLeft(passed)) return passed
    seen = passed.right
  }
  return E.right(seen)
}

/** Lets go of a body; why the exchange is not to go on after that, if so. */
export const release = async (limits: SendControls, body: Source): Promise<Fault.Fault | undefined> => {
  const gone = await within(limits, discard(body))
  return E.isLeft(gone) ? gone.left : undefined
}
