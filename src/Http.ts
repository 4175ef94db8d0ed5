/**
 * HTTP programs: `StateReaderTaskEither` with the cookie jar as state and the client as reader.
 *
 * Every combinator of `fp-ts/StateReaderTaskEither` works on them.
 *
 * Laws: `send` is `attempt` with its outcome as the result; `send` is `start`, then `resume`; `attempt` keeps the jar on
 * every outcome, and every error after the start has it.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
 * import { Client, Http, Request, Response, Session, Transport } from 'requests-ts'
 *
 * const transport = Transport.memory({
 *   'POST /login': { status: 200, headers: { 'set-cookie': 'sid=1' } },
 *   'GET /page': { status: 200, body: 'welcome' } })
 * const page = pipe(
 *   Http.post('http://h.test/login', Request.withForm({ user: 'me' })),
 *   SRTE.flatMapEither(Response.ok),
 *   SRTE.flatMap(() => Http.get('http://h.test/page')),
 *   SRTE.map(Response.text))
 * const outcome = await pipe(page, Client.use({ session: Session.defaults, transport }))()
 * assert.deepEqual(pipe(outcome, E.map(([text]) => text)), E.right('welcome'))
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import * as O from 'fp-ts/lib/Option.js'
import type { StateReaderTaskEither } from 'fp-ts/lib/StateReaderTaskEither.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as Client from './Client.js'
import * as Jar from './cookies/Jar.js'
import * as HttpError from './HttpError.js'
import { begin, drive, type Finish, failedBody, gather, type Outcome, sendRequest } from './Interpreter.js'
import * as Request from './session/Request.js'
import type { Session } from './session/Session.js'
import * as Exchange from './stages/Exchange.js'
import type { PlanError } from './stages/PlanError.js'
import * as UserInput from './values/UserInput.js'
import { observed } from './wire/BodySource.js'
import * as Fault from './wire/Fault.js'
import type { Plan } from './wire/Plan.js'
import { discard, type Response, type Source, type Unread } from './wire/Reply.js'

/** A program that needs a client, updates a jar, and fails with `E` or returns an `A`. */
export interface Http<E, A> extends StateReaderTaskEither<Jar.Jar, Client.Client, E, A> {}

/** Returns the jar with a value; an error has it already. */
const absolve = <E, A>([outcome, jar]: Outcome<E, A>): E.Either<E, [A, Jar.Jar]> =>
  E.isLeft(outcome) ? outcome : E.right([outcome.right, jar])

// --- requests ------------------------------------------------------------------------------------------------------

/** Sends a request and follows redirects. It never fails: the outcome is a value, and the jar is kept either way. */
export const attempt =
  (request: Request.Request): Http<never, E.Either<Exchange.SendError, Response>> =>
  (jar) =>
  (client) =>
  () =>
    sendRequest(client, jar, request, gather).then(E.right)

/** Sends a request, follows redirects and reads the body into memory. Errors: `SendError`. */
export const send =
  (request: Request.Request): Http<Exchange.SendError, Response> =>
  (jar) =>
  (client) =>
  () =>
    sendRequest(client, jar, request, gather).then(absolve)

/** Plans a request without sending it. `resume` sends the exchange. Errors: `PlanError`. */
export const start =
  (request: Request.Request): Http<Exchange.WithHistory<PlanError>, Exchange.Exchange> =>
  (jar) =>
  (client) =>
  async () => {
    const begun = begin(client, jar, request)
    return E.isLeft(begun) ? begun : E.right([begun.right, jar])
  }

/** Returns the first plan that `send` would send. Errors: `PlanError`. */
export const plan =
  (request: Request.Request): Http<Exchange.WithHistory<PlanError>, Plan> =>
  (jar) =>
  (client) =>
  async () => {
    const begun = begin(client, jar, request)
    return E.isLeft(begun) ? begun : E.right([begun.right.plan, jar])
  }

/** Sends an exchange that `start` returned, edited or not. Its jar is joined with the current one. Errors: `ExchangeError`. */
export const resume =
  (exchange: Exchange.Exchange): Http<Exchange.ExchangeError, Response> =>
  (jar) =>
  (client) =>
  () => {
    const joined = () => E.right({ ...exchange, jar: Jar.join(jar, exchange.jar) })
    return drive(client, jar, exchange.plan.body, joined, gather).then(absolve)
  }

const verb =
  (make: (url: string) => Request.Request) =>
  (url: string, ...build: ReadonlyArray<Endomorphism<Request.Request>>): Http<Exchange.SendError, Response> =>
    send(build.reduce((request, step) => step(request), make(url)))

export const get = verb(Request.get)
export const head = verb(Request.head)
export const options = verb(Request.options)
export const post = verb(Request.post)
export const put = verb(Request.put)
export const patch = verb(Request.patch)
export const del = verb(Request.del)

// --- streams -------------------------------------------------------------------------------------------------------

/**
 * Passes the final response's body to `use` and always releases the connection. The first argument of `use` is the
 * response without its bytes. A body that fails is an error, whatever `use` returns. Errors: `SendError`, those of `use`.
 */
export const stream =
  <E, A>(use: (head: Unread, body: Source) => TaskEither<E, A>) =>
  (request: Request.Request): Http<Exchange.SendError | E, A> =>
  (jar) =>
  (client) =>
  () => {
    const finish: Finish<E, A> = async (reply, done) => {
      const { source, fault, leave } = observed(reply.body)
      try {
        const { bytes: _, ...unread } = Exchange.respond(done, new Uint8Array())
        const used = await use(unread, source)()
        const failure = fault()
        return failure === undefined ? used : failedBody(done, failure)
      } catch (cause) {
        if (Fault.is(cause)) return failedBody(done, cause)
        throw cause // an exception of the user's code is not hidden
      } finally {
        leave()
        await discard(reply.body)
      }
    }
    return sendRequest(client, jar, request, finish).then(absolve)
  }

// --- programs ------------------------------------------------------------------------------------------------------

/** Starts a do-notation. */
export const Do: Http<never, object> = (jar) => () => async () => E.right([{}, jar])

/** Returns the current jar. */
export const jar: Http<never, Jar.Jar> = (now) => () => async () => E.right([now, now])

/** Recovers from a failure, with the jar of the error. */
export const orElse =
  <E, E2, B>(onLeft: (error: E) => Http<E2, B>) =>
  <A>(program: Http<E, A>): Http<E2, A | B> =>
  (from) =>
  (client) =>
  async () => {
    const outcome = await program(from)(client)()
    if (E.isRight(outcome)) return outcome
    return onLeft(outcome.left)(jarAfter(from)(outcome))(client)()
  }

/**
 * Runs a program with a changed session: `Http.locally(Session.withBearer(token))`. A transport that it mounts belongs to
 * the client from then on, and is closed with it.
 */
export const locally =
  (change: Endomorphism<Session>) =>
  <E, A>(program: Http<E, A>): Http<E, A> =>
  (from) =>
  (client) =>
    program(from)(Client.withSession(change)(client))

/** Runs a program until the signal aborts: then it fails at once, in any phase. Does not wait for a running hook. */
export const withSignal =
  (signal: AbortSignal) =>
  <E, A>(program: Http<E, A>): Http<E, A> =>
  (from) =>
  (client) => {
    const outer = UserInput.get(client, 'signal')
    return program(from)({ ...client, signal: outer === undefined ? signal : AbortSignal.any([outer, signal]) })
  }

type ErrorOf<H> = H extends Http<infer E, unknown> ? E : never
type ValueOf<H> = H extends Http<unknown, infer A> ? A : never

/**
 * Runs programs at the same time, all from the same jar. Only the first gets the digest challenges, so that no nonce is
 * counted twice. Waits for all programs. Returns the values in the order of the arguments and the joined jar, or the
 * first error in that order with the joined jar.
 *
 * `concurrency` is the number of programs that run at a time: all by default. A fraction is rounded down; a value that
 * is not at least 1, such as `NaN`, counts as 1.
 */
export const parallel =
  ({ concurrency = Number.POSITIVE_INFINITY }: { readonly concurrency?: number } = {}) =>
  <const T extends ReadonlyArray<Http<unknown, unknown>>>(
    programs: T,
  ): Http<ErrorOf<T[number]>, { readonly [K in keyof T]: ValueOf<T[K]> }> =>
  (from) =>
  (client) =>
  async () => {
    const unchallenged = Jar.withoutChallenges(from)
    const outcomes = await runAll(
      programs.map((program, i) => program(i === 0 ? from : unchallenged)(client)),
      concurrency,
    )
    const joined = outcomes.map(jarAfter(from)).reduce(Jar.join, from)
    const values: unknown[] = []
    for (const outcome of outcomes) {
      // The casts: each type is that of the program at the same index, which the type of a loop cannot express.
      if (E.isLeft(outcome)) return E.left(HttpError.withJar(joined)(outcome.left as ErrorOf<T[number]>))
      values.push(outcome.right[0])
    }
    return E.right([values as { readonly [K in keyof T]: ValueOf<T[K]> }, joined])
  }

type ProgramOutcome = E.Either<unknown, [unknown, Jar.Jar]>

const jarAfter =
  (from: Jar.Jar) =>
  (outcome: ProgramOutcome): Jar.Jar =>
    E.isRight(outcome) ? outcome.right[1] : O.getOrElse(() => from)(HttpError.jar(outcome.left))

/** Runs tasks, at most `concurrency` at a time, and waits for all of them. */
const runAll = async (
  tasks: ReadonlyArray<TaskEither<unknown, [unknown, Jar.Jar]>>,
  concurrency: number,
): Promise<ReadonlyArray<ProgramOutcome>> => {
  const settled: PromiseSettledResult<ProgramOutcome>[] = []
  const queue = tasks.entries()
  const worker = async (): Promise<void> => {
    // All workers take their tasks from the same iterator.
    for (const [i, run] of queue) [settled[i]] = await Promise.allSettled([run()])
  }
  const workers = concurrency >= 1 ? Math.floor(concurrency) : 1 // the comparison is false for `NaN` too
  await Promise.all(Array.from({ length: Math.min(workers, tasks.length) }, worker))
  return settled.map((result) => {
    if (result.status === 'fulfilled') return result.value
    throw result.reason // an exception of the user's code, after all programs have ended
  })
}
