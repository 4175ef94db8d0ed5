/**
 * Items that a program emits while another function reads them: the pages of a list, the events of several connections.
 *
 * | what happens                             | result                                                                     |
 * |------------------------------------------|----------------------------------------------------------------------------|
 * | the reader asks for the first item       | the program starts; before that, nothing is sent                           |
 * | the program has emitted an item          | it waits until the reader asks for another one                             |
 * | the program ends                         | the iterable ends                                                          |
 * | the program fails                        | the iterable throws a `Fault`; the error is the result, whatever `use` returns, also if it throws this fault |
 * | the reader stops, or `use` has returned  | the request in flight is aborted; a later failure of the program is ignored |
 *
 * The jar is that of the program at its end, on every path.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { untilAborted } from '../client/Interpreter.js'
import * as SharedJar from '../client/SharedJar.js'
import * as HttpError from '../HttpError.js'
import * as Fault from '../wire/Fault.js'
import type { Http } from './Program.js'
import type { StreamError } from './Streaming.js'

/** Passes an item to the reader. Returns whether the reader asks for another one; `false` means that it has stopped. */
export type Emit<A> = (item: A) => Task<boolean>

/** The iterable of a reader and what fills it. */
interface Handoff<A> {
  readonly emit: Emit<A>
  readonly items: AsyncIterableIterator<A>
  /** No more items: pending reads end, or throw the cause. */
  readonly end: (failure?: { readonly cause: unknown }) => void
  readonly hasStopped: IO<boolean>
  /** The reader needs no more items. */
  readonly stop: IO<void>
}

/** How a program has failed. */
interface Failure<E> {
  readonly error: E
  /** What the iterable has thrown. */
  readonly cause: Fault.Fault
}

interface PendingRead<A> {
  readonly resolve: (result: IteratorResult<A>) => void
  readonly reject: (cause: unknown) => void
}

interface PendingItem<A> {
  readonly item: A
  readonly resolve: (isWanted: boolean) => void
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** Returns a handoff without a buffer. `begin` is called by the first read. */
const makeHandoff = <A>(begin: IO<void>, onStop: IO<void>): Handoff<A> => {
  const reads: PendingRead<A>[] = []
  const offered: PendingItem<A>[] = []
  let delivered: PendingItem<A> | undefined
  let isStarted = false
  let hasStopped = false
  let ended: { readonly failure: { readonly cause: unknown } | undefined } | undefined

  const deliver = (read: PendingRead<A>, pending: PendingItem<A>): void => {
    read.resolve({ done: false, value: pending.item })
    // Another pending read asks for the next item already.
    if (reads.length > 0) pending.resolve(true)
    else delivered = pending
  }
  const finish = (read: PendingRead<A>): void => {
    const failure = hasStopped ? undefined : ended?.failure
    if (failure === undefined) {
      read.resolve(DONE)
      return
    }
    ended = { failure: undefined } // as a generator, which throws once
    read.reject(failure.cause)
  }
  const stop = (): void => {
    if (hasStopped) return
    hasStopped = true
    delivered?.resolve(false)
    delivered = undefined
    for (const { resolve } of offered.splice(0)) resolve(false)
    for (const read of reads.splice(0)) finish(read)
    onStop()
  }
  return {
    emit: (item) => () =>
      new Promise((resolve) => {
        const pending = { item, resolve }
        const read = reads.shift()
        if (hasStopped || ended !== undefined) resolve(false)
        else if (read === undefined) offered.push(pending)
        else deliver(read, pending)
      }),
    items: {
      next: () =>
        new Promise((resolve, reject) => {
          const read = { resolve, reject }
          if (hasStopped || ended !== undefined) return finish(read)
          const pending = offered.shift()
          const before = delivered
          delivered = undefined
          if (pending === undefined) reads.push(read)
          else deliver(read, pending)
          before?.resolve(true)
          if (isStarted) return
          isStarted = true
          begin()
        }),
      return: async () => {
        stop()
        return DONE
      },
      [Symbol.asyncIterator]() {
        return this
      },
    },
    end: (failure) => {
      ended = { failure }
      for (const read of reads.splice(0)) finish(read)
    },
    hasStopped: () => hasStopped,
    stop,
  }
}

const interrupted = (): Fault.Fault =>
  Fault.make('BodyCut', 'The items ended too early, because a request failed: the error of the program tells why')

/**
 * Runs a program that emits items, while `use` reads them as an iterable that can be read once. Errors: those of the program, and
 * those of `use`.
 */
export const readEmitted =
  <E, A>(program: (emit: Emit<A>) => Http<E, void>) =>
  <E2, B>(use: (items: AsyncIterable<A>) => TaskEither<E2, B>): Http<E | StreamError<E2>, B> =>
  (from) =>
  (outer) =>
  async () => {
    const stopping = new AbortController()
    const { client, release } = untilAborted(stopping.signal)(outer)
    let failure: Failure<E> | undefined
    let running: Promise<SharedJar.Recovered<E, void>> | undefined
    const handoff = makeHandoff<A>(
      () => {
        running = SharedJar.recover(program(handoff.emit), from, client)
        running.then(
          ([outcome]) => {
            if (E.isRight(outcome)) return handoff.end()
            const cause = interrupted()
            if (!handoff.hasStopped()) failure = { error: outcome.left, cause }
            handoff.end({ cause })
          },
          (cause: unknown) => handoff.end({ cause }), // an exception of the user's code
        )
      },
      () => stopping.abort(new Error('The reader of the items has stopped')),
    )
    const stopAndWait = async (): Promise<SharedJar.Recovered<E, void> | undefined> => {
      handoff.stop()
      try {
        return await running
      } finally {
        release()
      }
    }
    const read = async (): Promise<E.Either<E2, B>> => use(handoff.items)()
    const [used] = await Promise.allSettled([read()])
    const ended = await stopAndWait()
    const jar = ended === undefined ? from : ended[1]
    // A loop over the items throws what the iterable has thrown.
    if (failure !== undefined && (used.status === 'fulfilled' || used.reason === failure.cause))
      return E.left(HttpError.withJar(jar)(failure.error))
    if (used.status === 'rejected') throw used.reason // an exception of the user's code is not hidden
    const outcome = used.value
    // The cast: a fault without a plan is that of the iterable, which throws it only after a failure.
    return E.isLeft(outcome)
      ? E.left(HttpError.withJar(jar)(outcome.left as StreamError<E2>))
      : E.right([outcome.right, jar])
  }
