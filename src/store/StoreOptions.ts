/** What all stores share: their options, the time limit of an operation, and the error of what is not valid. */
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as Printable from '../values/Printable.js'
import * as UserInput from '../values/UserInput.js'
import * as Clock from '../wire/Clock.js'
import { type Cipher, failed as cipherFailed } from './Cipher.js'
import { failed, type JarStore, type JarStoreFailed } from './JarStore.js'

/**
 * Options of every store.
 *
 * @since 0.2.0
 * @category model
 */
export interface StoreOptions {
  /** Seals what is stored. By default it is stored in plain text. */
  readonly cipher?: Cipher
  /**
   * For how many milliseconds deletions are remembered: 30 days by default. A process that did not load the jar for longer may
   * bring back what others have deleted. The time is that of the database; a file has
   * the time of the deletion itself.
   */
  readonly horizon?: number
  /** The time limit of an operation, in milliseconds: 10,000 by default. */
  readonly timeout?: number
}

const DEFAULT_HORIZON_MS = 30 * 24 * 60 * 60 * 1000
const DEFAULT_TIMEOUT_MS = 10_000

/** The options with their defaults. */
export interface Settings {
  readonly cipher: Cipher | undefined
  readonly horizon: number
  readonly timeout: number
}

const isDuration = (ms: unknown): boolean => typeof ms === 'number' && ms >= 0

const isCipher = (cipher: unknown): boolean => {
  const { seal, open }: Partial<Cipher> = Object(cipher)
  return typeof seal === 'function' && typeof open === 'function'
}

/** A cipher in plain JavaScript may return anything: what is not text becomes an error. */
const checked = ({ seal, open }: Cipher): Cipher => {
  const textOnly =
    (run: Cipher['seal'], name: string): Cipher['seal'] =>
    (text, context) =>
    async () => {
      const outcome = await run(text, context)()
      if (E.isLeft(outcome) || typeof outcome.right === 'string') return outcome
      return E.left(cipherFailed(`the function ${name} of the cipher must return text`))
    }
  return { seal: textOnly(seal, 'seal'), open: textOnly(open, 'open') }
}

/** Reads the options once. The error says which one is not valid. */
export const settingsOf = (options: StoreOptions): E.Either<string, Settings> => {
  const { cipher, horizon = DEFAULT_HORIZON_MS, timeout = DEFAULT_TIMEOUT_MS } = UserInput.own(Object(options))
  if (!isDuration(horizon)) return E.left('the option horizon must be a number of milliseconds')
  if (!isDuration(timeout)) return E.left('the option timeout must be a number of milliseconds')
  if (cipher !== undefined && !isCipher(cipher))
    return E.left('the option cipher must have the functions seal and open')
  return E.right({ cipher: cipher === undefined ? undefined : checked(cipher), horizon, timeout })
}

/** Returns whether a value is well-formed text without control characters. */
export const isText = (text: unknown): text is string =>
  typeof text === 'string' && /^[^\0-\x1f\x7f\p{Surrogate}]+$/u.test(text)

/** PostgreSQL indexes at most 2,700 bytes of a name and a key together. */
const MAX_NAME = 255

/** Returns whether a value can be the name of a jar or of a table. */
export const isName = (text: unknown): text is string => isText(text) && text.length <= MAX_NAME

/** Returns a store whose operations fail, because what it was made of is not valid. */
export const invalid = (store: string, reason: string): JarStore => ({
  load: async () => E.left(failed(store, 'load', 'Invalid', reason)),
  merge: () => async () => E.left(failed(store, 'merge', 'Invalid', reason)),
})

/** Why an operation failed, if its promise did not reject. */
export interface Problem<R extends string = JarStoreFailed['reason']> {
  readonly reason: R
  readonly message: string
}

/** The outcome of an operation, whose promise may reject. */
export type Attempt<A, R extends string = Problem['reason']> = Promise<E.Either<Problem<R>, A>>

/** Returns the outcome of an operation that failed. */
export const problem = <R extends string>(reason: R, message: string): E.Either<Problem<R>, never> =>
  E.left({ reason, message })

const LATE = 'Late'

/** Waits for work at most some milliseconds. The work then continues, and its result is ignored. */
const within = async <A>(ms: number, running: Promise<A>): Promise<A | typeof LATE> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(resolve, Math.min(ms, Clock.MAX_DELAY_MS), LATE)
  })
  return Promise.race([running, late]).finally(() => clearTimeout(timer))
}

/** Runs an operation until its time limit. */
export const attempt = (
  store: string,
  operation: JarStoreFailed['operation'],
  timeout: number,
): (<A>(run: () => Attempt<A>) => TaskEither<JarStoreFailed, A>) =>
  attemptWith(timeout, ({ reason, message }) => failed(store, operation, reason, message))

/** Runs an operation until its time limit. The function makes its error. */
export const attemptWith =
  <R extends string, F>(timeout: number, toError: (problem: Problem<R | 'TimedOut' | 'Unavailable'>) => F) =>
  <A>(run: () => Attempt<A, R>): TaskEither<F, A> =>
  async () => {
    try {
      const outcome = await within(timeout, run())
      if (outcome !== LATE) return E.isLeft(outcome) ? E.left(toError(outcome.left)) : outcome
      const limit = `it did not end within ${Printable.grouped(timeout)} ms`
      const message = `${limit}; check that it can be reached, or set a longer timeout`
      return E.left(toError({ reason: 'TimedOut', message }))
    } catch (cause) {
      const message = `${Printable.messageOf(cause)}; check that it can be reached`
      return E.left(toError({ reason: 'Unavailable', message }))
    }
  }
