/**
 * Many programs: one after the other (`traverse`, `unfold`), or at the same time (`parallel`).
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import { untilAborted } from '../client/Interpreter.js'
import * as SharedJar from '../client/SharedJar.js'
import * as Jar from '../cookies/Jar.js'
import * as HttpError from '../HttpError.js'
import * as UserInput from '../values/UserInput.js'
import type { ErrorOf, Http, ValueOf } from './Program.js'

/** Runs a program for each item, one after the other. Returns the values, or the first error. */
export const traverse =
  <A, E, B>(f: (item: A, index: number) => Http<E, B>) =>
  (items: ReadonlyArray<A>): Http<E, ReadonlyArray<B>> =>
  (from) =>
  (client) =>
  async () => {
    const values: B[] = []
    let jar = from
    for (const [index, item] of items.entries()) {
      const outcome = await f(item, index)(jar)(client)()
      if (E.isLeft(outcome)) return outcome
      values.push(outcome.right[0])
      jar = outcome.right[1]
    }
    return E.right([values, jar])
  }

/**
 * Runs a step again and again: it returns a value, and the state for the next step or `none` after the last. Returns the
 * values. Pages of a list, for example, where the state is the URL of the next page.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Client, Http, Response, Transport } from 'requests-ts'
 *
 * const transport = Transport.memory({
 *   'GET /1': { status: 200, headers: { link: '</2>; rel="next"' }, body: 'one' },
 *   'GET /2': { status: 200, body: 'two' } })
 * const pages = pipe(
 *   'http://h.test/1',
 *   Http.unfold((url) => pipe(
 *     Http.get(url),
 *     Http.map((response) => [Response.text(response), Response.link('next')(response)]))))
 * const outcome = await pipe(pages, Client.runWith({ transport }))()
 * assert.deepEqual(outcome, { _tag: 'Right', right: ['one', 'two'] })
 */
export const unfold =
  <S, E, A>(step: (state: S) => Http<E, readonly [value: A, next: O.Option<S>]>) =>
  (start: S): Http<E, ReadonlyArray<A>> =>
  (from) =>
  (client) =>
  async () => {
    const values: A[] = []
    let jar = from
    for (let state = O.some(start); O.isSome(state); ) {
      const outcome: E.Either<E, [readonly [A, O.Option<S>], Jar.Jar]> = await step(state.value)(jar)(client)()
      if (E.isLeft(outcome)) return outcome
      const [[value, next], after] = outcome.right
      values.push(value)
      jar = after
      state = next
    }
    return E.right([values, jar])
  }

/**
 * Options of `parallel`.
 *
 * @category model
 */
export interface Parallel {
  /**
   * The number of programs that run at a time: all by default. A fraction is rounded down; a value that is not at least 1,
   * such as `NaN`, counts as 1.
   */
  readonly concurrency?: number
  /** Ends after the first failure: aborts the requests that run and starts no more. By default all programs are run. */
  readonly failFast?: boolean
}

/** The values of a tuple or an array of programs. */
export type Values<T extends ReadonlyArray<Http<unknown, unknown>>> = { readonly [K in keyof T]: ValueOf<T[K]> }

/**
 * Runs programs at the same time, all from the same jar. Only the first gets the digest challenges, so that no nonce is
 * counted twice. Waits for all programs that it started. Returns the values in the order of the arguments and the joined
 * jar, or an error with the joined jar: the first in that order; with `failFast` the one that happened first.
 */
export const parallel =
  (options: Parallel = {}) =>
  <const T extends ReadonlyArray<Http<unknown, unknown>>>(programs: T): Http<ErrorOf<T[number]>, Values<T>> =>
  (from) =>
  (client) =>
  async () => {
    const { concurrency = Number.POSITIVE_INFINITY, failFast = false } = UserInput.own(options)
    const unchallenged = Jar.withoutChallenges(from)
    const failure = failFast ? new AbortController() : undefined
    const member = failure === undefined ? { client, release: () => {} } : untilAborted(failure.signal)(client)
    const tasks = programs.map(
      (program, i) => () => SharedJar.recover(program, i === 0 ? from : unchallenged, member.client),
    )
    const { settled, error } = await runAll(tasks, concurrency, failure).finally(member.release)
    const joined = settled.reduce((jar, [, after]) => Jar.join(jar, after), from)
    // The casts: each type is that of the program at the same index, which the type of a loop cannot express.
    if (error !== undefined) return E.left(HttpError.withJar(joined)(error.left as ErrorOf<T[number]>))
    const values: unknown = settled.map(([outcome]) => (E.isRight(outcome) ? outcome.right : undefined))
    return E.right([values as Values<T>, joined])
  }

type ProgramOutcome = SharedJar.Recovered<unknown, unknown>

interface Outcomes {
  /** The outcomes of all programs that were started. */
  readonly settled: ReadonlyArray<ProgramOutcome>
  readonly error: E.Left<unknown> | undefined
}

/** Runs tasks, at most `concurrency` at a time, and waits for all of them. Starts none after a failure that stops them. */
const runAll = async (
  tasks: ReadonlyArray<Task<ProgramOutcome>>,
  concurrency: number,
  failure: AbortController | undefined,
): Promise<Outcomes> => {
  const settled: PromiseSettledResult<ProgramOutcome>[] = []
  const queue = tasks.entries()
  let earliest: E.Left<unknown> | undefined
  const worker = async (): Promise<void> => {
    // All workers take their tasks from the same iterator.
    for (const [i, run] of queue) {
      if (failure?.signal.aborted === true) return
      const [result] = await Promise.allSettled([run()])
      settled[i] = result
      if (failure === undefined || (result.status === 'fulfilled' && E.isRight(result.value[0]))) continue
      if (result.status === 'fulfilled' && E.isLeft(result.value[0])) earliest ??= result.value[0]
      failure.abort(new Error('Another program of Http.parallel failed'))
    }
  }
  const workers = UserInput.atLeast(1, concurrency)
  await Promise.all(Array.from({ length: Math.min(workers, tasks.length) }, worker))
  const outcomes = settled.map((result) => {
    if (result.status === 'fulfilled') return result.value
    throw result.reason // an exception of the user's code, after all programs have ended
  })
  const started = outcomes.filter((outcome) => outcome !== undefined)
  return { settled: started, error: earliest ?? started.map(([outcome]) => outcome).find(E.isLeft) }
}
