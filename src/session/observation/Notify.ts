/** Calls observers. They are the user's code, and nothing that goes wrong in them may change an exchange. */
import * as Fault from '../../wire/Fault.js'

/**
 * Calls one function of an observer with an event. Ignores a property that is inherited or not a function, what the
 * function throws, and the rejection of an async function. Types are checked again, because JavaScript permits anything.
 */
export const notify = (observer: unknown, name: string, event: unknown): void => {
  try {
    const given: object = Object(observer)
    const handler: unknown = Object.hasOwn(given, name) ? Reflect.get(given, name) : undefined
    if (typeof handler !== 'function') return
    const task: unknown = Reflect.apply(handler, observer, [event])
    Fault.ignoreRejection(typeof task === 'function' ? task() : task)
  } catch {
    // An error in the user's function must not change the exchange.
  }
}
