/**
 * How a task of somebody else's ends: it may throw before it begins, reject, say nothing for ever, or answer twice.
 * Whatever it does, the one who asked goes on after `patience` milliseconds.
 *
 * | ended       | the task                                              |
 * |-------------|-------------------------------------------------------|
 * | `Settled`   | gave a value, once                                    |
 * | `Threw`     | threw before there was a promise                      |
 * | `Rejected`  | rejected its promise                                  |
 * | `NoPromise` | gave something that cannot be waited for              |
 * | `Hung`      | said nothing in time                                  |
 * | `Twice`     | called back again after it had settled                |
 */

export type Ended<A> =
  | { readonly _tag: 'Settled'; readonly value: A }
  | { readonly _tag: 'Threw' | 'Rejected'; readonly error: unknown }
  | { readonly _tag: 'NoPromise' | 'Hung' | 'Twice' }

/** How long a second answer of something that is no real promise is waited for, in milliseconds. */
const ECHO = 30

const isThenable = <A>(value: unknown): value is PromiseLike<A> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

/** A real promise keeps its first answer; anything else with a `then` may call back as often as it likes. */
const listen = <A>(promise: PromiseLike<A>, patience: number): Promise<Ended<A>> =>
  new Promise((resolve) => {
    let first: Ended<A> | undefined
    const hung = setTimeout(() => resolve({ _tag: 'Hung' }), patience)
    const hear = (ended: Ended<A>): void => {
      clearTimeout(hung)
      if (first !== undefined) {
        resolve({ _tag: 'Twice' })
        return
      }
      first = ended
      if (promise instanceof Promise) resolve(ended)
      else setTimeout(() => resolve(ended), ECHO)
    }
    promise.then(
      (value) => hear({ _tag: 'Settled', value }),
      (error: unknown) => hear({ _tag: 'Rejected', error }),
    )
  })

/** Starts a task and waits for its end, no longer than `patience` milliseconds. Never throws, never rejects. */
export const settle = async <A>(start: () => PromiseLike<A>, patience: number): Promise<Ended<A>> => {
  try {
    const promise: unknown = start()
    return isThenable<A>(promise) ? await listen(promise, patience) : { _tag: 'NoPromise' }
  } catch (error) {
    return { _tag: 'Threw', error }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : JSON.stringify(error))

/** What is wrong with an end, for people; nothing for a value. */
export const complaint = (what: string, ended: Ended<unknown>, patience: number): string | undefined => {
  switch (ended._tag) {
    case 'Settled':
      return undefined
    case 'Threw':
      return `${what} threw synchronously: ${messageOf(ended.error)}`
    case 'Rejected':
      return `${what} rejected, where it should give a Left: ${messageOf(ended.error)}`
    case 'NoPromise':
      return `${what} gave no promise`
    case 'Hung':
      return `${what} did not settle within ${patience} ms`
    case 'Twice':
      return `${what} settled twice`
  }
}
