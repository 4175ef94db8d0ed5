/**
 * The outcome of a task of unknown quality: it may throw, reject, never settle, or settle twice. `settle` always returns
 * after `patience` milliseconds.
 *
 * | outcome     | the task                                              |
 * |-------------|-------------------------------------------------------|
 * | `Settled`   | resolved to a value, once                             |
 * | `Threw`     | threw before it returned a promise                    |
 * | `Rejected`  | rejected its promise                                  |
 * | `NoPromise` | did not return a promise                              |
 * | `Hung`      | did not settle in time                                |
 * | `Twice`     | called back again after it had settled                |
 */
import { messageOf } from '../src/values/Printable.js'

export type TaskOutcome<A> =
  | { readonly _tag: 'Settled'; readonly value: A }
  | { readonly _tag: 'Threw' | 'Rejected'; readonly error: unknown }
  | { readonly _tag: 'NoPromise' | 'Hung' | 'Twice' }

/** How many milliseconds a thenable that is not a native promise has for a second callback. */
const SECOND_CALLBACK_MS = 30

const isThenable = <A>(value: unknown): value is PromiseLike<A> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

/** A native promise settles once; another thenable may call back several times. */
const listen = <A>(promise: PromiseLike<A>, patience: number): Promise<TaskOutcome<A>> =>
  new Promise((resolve) => {
    let first: TaskOutcome<A> | undefined
    const hung = setTimeout(() => resolve({ _tag: 'Hung' }), patience)
    const settled = (ended: TaskOutcome<A>): void => {
      clearTimeout(hung)
      if (first !== undefined) {
        resolve({ _tag: 'Twice' })
        return
      }
      first = ended
      if (promise instanceof Promise) resolve(ended)
      else setTimeout(() => resolve(ended), SECOND_CALLBACK_MS)
    }
    promise.then(
      (value) => settled({ _tag: 'Settled', value }),
      (error: unknown) => settled({ _tag: 'Rejected', error }),
    )
  })

/** Runs a task and waits for at most `patience` milliseconds. Never throws, never rejects. */
export const settle = async <A>(start: () => PromiseLike<A>, patience: number): Promise<TaskOutcome<A>> => {
  try {
    const promise: unknown = start()
    return isThenable<A>(promise) ? await listen(promise, patience) : { _tag: 'NoPromise' }
  } catch (error) {
    return { _tag: 'Threw', error }
  }
}

/** Describes what is wrong with an outcome; undefined for a value. */
export const violationOf = (what: string, ended: TaskOutcome<unknown>, patience: number): string | undefined => {
  switch (ended._tag) {
    case 'Settled':
      return undefined
    case 'Threw':
      return `${what} threw synchronously: ${messageOf(ended.error)}`
    case 'Rejected':
      return `${what} rejected instead of returning a Left: ${messageOf(ended.error)}`
    case 'NoPromise':
      return `${what} did not return a promise`
    case 'Hung':
      return `${what} did not settle within ${patience} ms`
    case 'Twice':
      return `${what} settled twice`
  }
}
