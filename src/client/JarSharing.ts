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
import { messageOf } from '../values/Printable.js'
import * as UserInput from '../values/UserInput.js'
import type { SendControls } from '../wire/Transport.js'
import type { Client } from './ClientModel.js'

type Operation = JarStoreFailed['operation']

/** The parts of a client that are needed. */
type Sharer = Pick<Client, 'session' | 'shared' | 'clock' | 'signal' | 'closing'>

/** A store of the user may fail in any way. */
const attempted = async <A>(
  operation: Operation,
  run: TaskEither<JarStoreFailed, A>,
): Promise<E.Either<JarStoreFailed, A>> => {
  try {
    const outcome: unknown = await run()
    const { _tag, left }: { readonly _tag?: unknown; readonly left?: unknown } = Object(outcome)
    // The cast: a Right of a store has the type that the store says, and nothing else is known of it.
    if (_tag === 'Right') return outcome as E.Right<A>
    const isOurs = _tag === 'Left' && Object(left)._tag === 'JarStoreFailed'
    return isOurs
      ? E.left(left as JarStoreFailed)
      : unavailable(operation, messageOf(left ?? 'its function must return an Either'))
  } catch (cause) {
    return unavailable(operation, messageOf(cause))
  }
}

const STORE = 'the jar of the client'

const unavailable = (operation: Operation, problem: string): E.Either<JarStoreFailed, never> =>
  E.left(failed(STORE, operation, 'Unavailable', problem))

/** The total timeout of the session limits each operation. */
const controlsOf = ({ session, clock }: Sharer): SendControls => {
  const total = session.settings.timeouts.get('total')
  return { clock, deadline: total?._tag === 'Set' ? clock.monotonic() + total.value : undefined }
}

const limited = async <A>(
  operation: Operation,
  controls: SendControls,
  run: TaskEither<JarStoreFailed, A>,
): Promise<E.Either<JarStoreFailed, A>> => {
  const raced = await raceDeadline(controls, attempted(operation, run))
  if (E.isRight(raced)) return raced.right
  const isLate = raced.left._tag === 'DeadlineExceeded'
  const problem = isLate ? 'it did not end before the total timeout of the session' : raced.left.message
  return E.left(failed(STORE, operation, isLate ? 'TimedOut' : 'Aborted', problem))
}

/** Adds how the program ended to the error of a merge. */
const withOutcome = <E, A>(
  error: JarStoreFailed,
  outcome: E.Either<E, A>,
  jar: Jar.Jar,
): E.Either<JarStoreFailed<E, A>, never> => {
  const end = E.isLeft(outcome) ? 'The program failed too' : 'The program succeeded'
  const advice = 'its result is in `outcome`, and the client saves the jar after its next program'
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
    const loaded = await limited(
      'load',
      { ...controlsOf(client), ...(signal === undefined ? {} : { signal }) },
      store.load,
    )
    if (E.isLeft(loaded)) return loaded
    shared.update(Jar.empty, loaded.right)
    let known = loaded.right
    const merge = async (delta: Jar.Jar): Promise<E.Either<JarStoreFailed, void>> => {
      if (!hasRecords(delta)) return E.right(undefined)
      const merged = await limited('merge', controlsOf(client), store.merge(delta))
      if (E.isRight(merged)) known = Jar.join(known, delta)
      return merged
    }
    const onToken = (jar: Jar.Jar) => async () => {
      await merge(jar)
    }
    const loadTokens = async (): Promise<Jar.Jar> => {
      const again = await limited('load', controlsOf(client), store.load)
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
