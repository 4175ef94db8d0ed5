/**
 * Runs a program with a jar that other processes share.
 *
 * | step                        | if the store fails                                                        |
 * |-----------------------------|---------------------------------------------------------------------------|
 * | load, and join              | the program does not run: nothing is sent                                 |
 * | run                         |                                                                           |
 * | before a token is requested, look for a newer one | the token is requested                               |
 * | save a token that it obtained | the program continues; the token is saved after it                      |
 * | merge what `load` did not have | the error has the outcome; the jar stays in the client, and is saved after the next program |
 *
 * The load comes before the program sends anything, so its writes are later than all that was loaded, whatever the clock of this
 * machine shows: see `LogicalTime`.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as Jar from '../cookies/Jar.js'
import { failed, hasRecords, type JarStore, type JarStoreFailed } from '../store/JarStore.js'
import { raceDeadline } from '../transport/Cancellation.js'
import { grouped, messageOf } from '../values/Printable.js'
import * as UserInput from '../values/UserInput.js'
import type { Client } from './ClientModel.js'

type Operation = JarStoreFailed['operation']

/** The parts of a client that are needed. */
type Sharer = Pick<Client, 'session' | 'shared' | 'clock' | 'signal' | 'closing'>

const STORE = 'the jar of the client'

const unavailable = (operation: Operation, problem: string): E.Either<JarStoreFailed, never> =>
  E.left(failed(STORE, operation, 'Unavailable', problem))

const isFailure = (u: unknown): u is JarStoreFailed =>
  Object(u)._tag === 'JarStoreFailed' && typeof Object(u).message === 'string'

/** Returns the outcome of a store, which may be one of the user that fails in any way. */
const attempted = async <A>(
  operation: Operation,
  run: () => Promise<E.Either<JarStoreFailed, A>>,
  problemOf: (result: A) => string | undefined,
): Promise<E.Either<JarStoreFailed, A>> => {
  try {
    const outcome = await run()
    const { _tag }: { readonly _tag?: unknown } = Object(outcome)
    if (_tag !== 'Left' && _tag !== 'Right') return unavailable(operation, 'its function must return an Either')
    if (E.isLeft(outcome)) return isFailure(outcome.left) ? outcome : unavailable(operation, messageOf(outcome.left))
    const problem = problemOf(outcome.right)
    return problem === undefined ? outcome : unavailable(operation, problem)
  } catch (cause) {
    return unavailable(operation, messageOf(cause))
  }
}

const isMap = (u: unknown): boolean => typeof Object(u).mergeWith === 'function'

const problemOfJar = (jar: Jar.Jar): string | undefined => {
  const { cookies, tokens, challenges, clock }: Partial<Jar.Jar> = Object(jar)
  const isJar = [cookies, tokens, challenges].every(isMap) && typeof clock?.ms === 'number'
  return isJar ? undefined : 'its function load must return a jar'
}

/** A store of the user may never end. */
const MAX_MS = 30_000

/** The time limit of an operation: the total timeout of the session, if it is shorter than `MAX_MS`. */
const limitOf = ({ session }: Sharer): number => {
  const total = session.settings.timeouts.get('total')
  return total?._tag === 'Set' ? Math.min(total.value, MAX_MS) : MAX_MS
}

const limited = async <A>(
  operation: Operation,
  client: Sharer,
  signal: AbortSignal | undefined,
  running: Promise<E.Either<JarStoreFailed, A>>,
): Promise<E.Either<JarStoreFailed, A>> => {
  const { clock } = client
  const limit = limitOf(client)
  const raced = await raceDeadline({ clock, deadline: clock.monotonic() + limit, signal }, running)
  if (E.isRight(raced)) return raced.right
  if (raced.left._tag !== 'DeadlineExceeded') return E.left(failed(STORE, operation, 'Aborted', raced.left.message))
  return E.left(
    failed(STORE, operation, 'TimedOut', `it did not end within ${grouped(limit)} ms, the limit of the client`),
  )
}

const loadFrom = (store: JarStore, client: Sharer, signal?: AbortSignal): Promise<E.Either<JarStoreFailed, Jar.Jar>> =>
  limited(
    'load',
    client,
    signal,
    attempted('load', async () => store.load(), problemOfJar),
  ).then(E.map(Jar.withoutChallenges))

/** Not ended by a signal: what was received is saved after an abort too. */
const mergeInto = (store: JarStore, client: Sharer, delta: Jar.Jar): Promise<E.Either<JarStoreFailed, void>> => {
  const merge = async () => store.merge(Jar.withoutChallenges(delta))()
  return limited(
    'merge',
    client,
    undefined,
    attempted('merge', merge, () => undefined),
  )
}

/** Adds how the program ended to the error of a merge. */
const withOutcome = <E, A>(
  error: JarStoreFailed,
  outcome: E.Either<E, A>,
  jar: Jar.Jar,
): E.Either<JarStoreFailed<E, A>, never> => {
  const end = E.isLeft(outcome) ? 'The program failed too' : 'The program succeeded'
  const advice =
    'its result is in `outcome` and its jar in `jar`; a client that stays open saves it after its next program'
  return E.left({ ...error, message: `${error.message}. ${end}: ${advice}`, outcome: O.some(outcome), jar })
}

/** How a program shares its tokens before it ends. */
type SharedTokens = Required<Pick<Client, 'onToken' | 'loadTokens'>>

/** Loads the jar, runs a program with the jar of the client, and merges what has changed. */
export const withStore =
  <E, A>(
    store: JarStore,
    client: Sharer,
    run: (tokens: SharedTokens) => TaskEither<E, A>,
  ): TaskEither<E | JarStoreFailed<E, A>, A> =>
  async () => {
    const { shared } = client
    const signal = UserInput.get(client, 'signal') ?? UserInput.get(client, 'closing')
    const loaded = await loadFrom(store, client, signal)
    if (E.isLeft(loaded)) return loaded
    shared.update(Jar.empty, loaded.right)
    let known = loaded.right
    const merge = async (delta: Jar.Jar): Promise<E.Either<JarStoreFailed, void>> => {
      if (!hasRecords(delta)) return E.right(undefined)
      const merged = await mergeInto(store, client, delta)
      if (E.isRight(merged)) known = Jar.join(known, delta)
      return merged
    }
    const onToken = (jar: Jar.Jar) => async () => {
      await merge(jar)
    }
    const loadTokens = async (): Promise<Jar.Jar> => {
      const again = await loadFrom(store, client, signal)
      return E.isLeft(again) ? Jar.empty : { ...Jar.empty, tokens: again.right.tokens, clock: again.right.clock }
    }
    const save = () => merge(Jar.delta(known)(shared.read()))
    let outcome: E.Either<E, A>
    try {
      outcome = await run({ onToken, loadTokens })()
    } catch (cause) {
      await save()
      return Promise.reject(cause) // an exception of the user's code is not hidden
    }
    const saved = await save()
    return E.isLeft(saved) ? withOutcome(saved.left, outcome, shared.read()) : outcome
  }
