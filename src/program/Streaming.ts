/** Passes the body of a response to a function while it arrives: `Http.stream`, and what `Stream.ok` does with an error status. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Finish } from '../client/Finish.js'
import { failedBody, sendRequest } from '../client/Interpreter.js'
import type * as Jar from '../cookies/Jar.js'
import { statusError } from '../errors/StatusFailure.js'
import type * as Request from '../session/Request.js'
import * as Exchange from '../stages/Exchange.js'
import { pieces } from '../wire/BodyReaders.js'
import { NOTHING, observed } from '../wire/BodySource.js'
import * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import { discard, type Reply, type Source, type Unread } from '../wire/Reply.js'
import type { StatusError } from '../wire/ResponseError.js'
import { take, toArray } from '../wire/StreamItems.js'
import type { Http } from './Program.js'

/** Returns the jar with a value; an error has it already. */
const absolve = <E, A>(outcome: E.Either<E, A>, jar: Jar.Jar): E.Either<E, [A, Jar.Jar]> =>
  E.isLeft(outcome) ? outcome : E.right([outcome.right, jar])

/**
 * The errors of the function of `stream`, `streamPages` or `eventStream` that stay as they are. A `Fault` without a plan is that of the
 * body or of the items: the error of the program replaces it.
 *
 * @since 0.2.0
 * @category model
 */
export type StreamError<E> = E extends Fault.Fault ? (E extends { readonly plan: Plan } ? E : never) : E

/** Returns the fault of a reader of the body. An error that has a plan belongs to another exchange. */
const faultOf = (outcome: E.Either<unknown, unknown>): Fault.Fault | undefined =>
  E.isLeft(outcome) && Fault.is(outcome.left) && 'cause' in outcome.left && !('plan' in outcome.left)
    ? outcome.left
    : undefined

/**
 * Passes the final response's body to `use` and always releases the connection. The first argument of `use` is the
 * response without its bytes. `Stream` has functions that read the body. A body that fails is an error, whatever `use`
 * returns. A `Fault` of `use` becomes a `SendError` with plan, history and jar. Errors: `SendError`, those of `use`.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Client, Http, Request, Stream, Transport } from 'requests-ts'
 *
 * const transport = Transport.memory({ 'POST /chat': { status: 200, body: 'data: Hi\n\ndata: Ada\n\n' } })
 * const answer = pipe(
 *   Request.post('http://h.test/chat'),
 *   Request.withJson({ stream: true }),
 *   Http.stream(Stream.ok((_, body) => pipe(body, Stream.events(), Stream.toArray))),
 *   Http.map((events) => events.map(({ data }) => data)))
 * assert.deepEqual(await Client.runWith({ transport })(answer)(), { _tag: 'Right', right: ['Hi', 'Ada'] })
 */
export const stream =
  <E, A>(use: (head: Unread, body: Source) => TaskEither<E, A>) =>
  (request: Request.Request): Http<Exchange.SendError | StreamError<E>, A> =>
  (jar) =>
  (client) =>
  () => {
    const read = async (reply: Reply, done: Exchange.Done): Promise<Fault.Fault | E.Either<E, A>> => {
      await undefined // so that `use` does not run while undici parses the response
      const { source, fault, leave } = observed(reply.body)
      try {
        const { bytes: _, ...unread } = Exchange.respond(done, new Uint8Array())
        const used = await use(unread, source)()
        return fault() ?? faultOf(used) ?? used
      } finally {
        leave()
        await discard(reply.body)
      }
    }
    const finish: Finish<StreamError<E>, A> = {
      read: (reply, done, listener) => {
        read(reply, done).then(
          (used) => listener.onContent(used),
          (cause) => listener.onContentError(cause),
        )
      },
      // The cast: `read` returned it, and a fault without a plan was excluded.
      succeed: (used, done) => (Fault.is(used) ? failedBody(done, used) : (used as E.Either<StreamError<E>, A>)),
      fail: (cause, done) => {
        if (Fault.is(cause)) return failedBody(done, cause)
        throw cause // an exception of the user's code is not hidden
      },
    }
    return sendRequest(client, jar, request, finish, absolve)
  }

// --- status --------------------------------------------------------------------------------------------------------

/** The most octets of the body of a rejected response that are read. */
const MAX_ERROR_BODY = 1_048_576

/** Returns the error of a response whose status is 400 or above, with the start of its body. */
export const rejected = (head: Unread, body: Source): TaskEither<StatusError | Fault.Fault, never> =>
  pipe(
    body,
    pieces(MAX_ERROR_BODY),
    take(1),
    toArray,
    TE.flatMap(([bytes = NOTHING]) => TE.left(statusError({ ...head, bytes }))),
  )
