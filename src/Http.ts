/**
 * Programs that talk HTTP: `StateReaderTaskEither`, with the jar as state and the client as reader.
 *
 * Every combinator of `fp-ts/StateReaderTaskEither` works on it; here are only the words that mean something in HTTP,
 * and the few that fp-ts lacks. This file holds the only loop of the library.
 *
 * Laws: `send` is `attempt`, then absolved; `send` is `start`, then `resume`; `attempt` keeps the jar on every
 * outcome, and every error after the start carries it.
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
import { identity } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import type { StateReaderTaskEither } from 'fp-ts/lib/StateReaderTaskEither.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as Client from './Client.js'
import * as Jar from './cookies/Jar.js'
import * as HttpError from './HttpError.js'
import * as Request from './session/Request.js'
import type { Session } from './session/Session.js'
import type { Hook } from './session/Settings.js'
import * as Exchange from './stages/Exchange.js'
import { respond } from './stages/Exchange.js'
import type { PlanError } from './stages/PlanError.js'
import * as Send from './stages/Send.js'
import * as Hooks from './transport/Hooks.js'
import type { Body } from './values/Body.js'
import * as OneShot from './values/OneShot.js'
import * as Override from './values/Override.js'
import * as OwnProperty from './values/OwnProperty.js'
import * as Fault from './wire/Fault.js'
import { observed } from './wire/ObservedBody.js'
import type { Plan } from './wire/Plan.js'
import { discard, readAll as gatherAll, headOf, type Reply, type Source } from './wire/Reply.js'
import type { Response, Unread } from './wire/Response.js'
import { at, type SendControls, type Superseded } from './wire/Transport.js'

/** A program that needs a client, threads a jar, and fails with `E` or gives an `A`. */
export interface Http<E, A> extends StateReaderTaskEither<Jar.Jar, Client.Client, E, A> {}

type Outcome<E, A> = readonly [outcome: E.Either<E, A>, jar: Jar.Jar]

// --- the loop ------------------------------------------------------------------------------------------------------

/** What is done with the body of the last reply. */
type Finish<E, A> = (reply: Reply, done: Exchange.Done) => Promise<E.Either<E | Exchange.ExchangeError, A>>

const hooksOf = (x: Exchange.Exchange): ReadonlyArray<Hook> =>
  Override.layerOrElse<ReadonlyArray<Hook>>([])(x.merged.settings.hooks)

const limitsOf = (
  client: Client.Client,
  { plan, entropy, merged }: Exchange.Exchange,
  superseded: Superseded,
): SendControls => {
  const { progress } = merged.settings
  const onProgress = progress._tag === 'Set' ? progress.value : undefined
  return Send.limitsOf(client, plan, { entropy, progress: onProgress, superseded })
}

/** What an exchange begins with: planned from a request, or given. */
type Begin<E> = IO<E.Either<E, Exchange.Exchange>>

/** The source of a body that exists once, unless another exchange has it. */
const ownedSource = (body: Body): AsyncIterable<Uint8Array> | undefined => {
  if (body._tag !== 'Once') return undefined
  const source = OneShot.guard(body.source)
  return OneShot.isConsumed(source) ? undefined : source
}

/** Runs an exchange and ends the source of its body on every path, also where nothing was sent. */
const drive = async <S, E, A>(
  client: Client.Client,
  jar: Jar.Jar,
  body: Body,
  begin: Begin<S>,
  finish: Finish<E, A>,
): Promise<Outcome<S | E | Exchange.ExchangeError, A>> => {
  const source = ownedSource(body)
  if (source === undefined) return run(client, jar, begin, finish)
  try {
    return await run(client, jar, begin, finish)
  } finally {
    OneShot.close(source)
  }
}

/** Begins, sends, takes in, follows, until a step is not `Next`. The jar comes back on every path. */
const run = async <S, E, A>(
  client: Client.Client,
  jar: Jar.Jar,
  begin: Begin<S>,
  finish: Finish<E, A>,
): Promise<Outcome<S | E | Exchange.ExchangeError, A>> => {
  const begun = begin()
  if (E.isLeft(begun)) return [begun, jar]
  let x = begun.right
  // A transport of the user's own may call it when its send is over: that changes nothing.
  let isUnderWay = false
  const superseded: Superseded = (reply) => {
    if (!isUnderWay) return identity
    const { exchange, headers } = Exchange.superseded(client.clock.now())(reply)(x)
    x = exchange
    return headers
  }
  const limits = limitsOf(client, x, superseded)
  const sendOne = Send.sendBy(client, limits)
  const hooks = hooksOf(x)
  for (;;) {
    if (Send.isBodyConsumed(x.plan)) return [E.left(Exchange.bodyConsumed(x)), x.jar]
    isUnderWay = true
    const sent = await sendOne(x.plan)()
    isUnderWay = false
    if (E.isLeft(sent)) return [E.left(Exchange.failed(sent.left)(x)), x.jar]
    const reply = sent.right
    const head = headOf(reply)
    const now = client.clock.now()
    const again = Exchange.challenge(now)(head)(x)
    const seen = O.isSome(again) || hooks.length === 0 ? E.right(head) : await Hooks.run(hooks, limits, head, x.plan)
    if (E.isLeft(seen)) {
      await Hooks.release(limits, reply.body)
      return [E.left(Exchange.failed(seen.left)(x)), x.jar]
    }
    const step: Exchange.Step = O.isSome(again)
      ? { _tag: 'Next', exchange: again.value }
      : Exchange.settle(now)(seen.right)(x)
    if (step._tag === 'Done') return [await finish(reply, step), step.exchange.jar]
    const stopped = await Hooks.release(limits, reply.body)
    if (step._tag === 'Refuse') return [E.left(step.error), step.error.jar]
    if (stopped !== undefined) return [E.left(Exchange.failed(at(x.plan, stopped))(step.exchange)), step.exchange.jar]
    x = step.exchange
  }
}

const failedBody = ({ exchange }: Exchange.Done, fault: Fault.Fault): E.Either<Exchange.ExchangeError, never> =>
  E.left(Exchange.failed(at(exchange.plan, fault))(exchange))

/** Reads the whole body, up to the limit. */
const gather: Finish<never, Response> = (reply, done) =>
  gatherAll(reply.body, done.exchange.plan.route.limits.body).then((bytes) =>
    E.isLeft(bytes) ? failedBody(done, bytes.left) : E.right(respond(done, bytes.right)),
  )

/** Starts from the program's jar and its client's world. */
const begin =
  (client: Client.Client, jar: Jar.Jar, request: Request.Request): Begin<Exchange.Started<PlanError>> =>
  () =>
    Exchange.start(Client.context(client)(jar)())(request)

/** Fails with the left, and lets a jar through with the right. */
const absolve = <E, A>([outcome, jar]: Outcome<E, A>): E.Either<E, [A, Jar.Jar]> =>
  E.isLeft(outcome) ? outcome : E.right([outcome.right, jar])

// --- requests ------------------------------------------------------------------------------------------------------

/** Sends a request and all that follows from it. Never fails: the outcome is a value, and the jar goes on. */
export const attempt =
  (request: Request.Request): Http<never, E.Either<Exchange.SendError, Response>> =>
  (jar) =>
  (client) =>
  async () => {
    const [outcome, after] = await drive(client, jar, request.body, begin(client, jar, request), gather)
    return E.right([outcome, after])
  }

/** Sends a request and all that follows from it, and reads the body. Errors: `SendError`. */
export const send =
  (request: Request.Request): Http<Exchange.SendError, Response> =>
  (jar) =>
  (client) =>
  () =>
    drive(client, jar, request.body, begin(client, jar, request), gather).then(absolve)

/** Plans without sending: the first plan that `send` would send, and what it needs to go on. */
export const start =
  (request: Request.Request): Http<Exchange.Started<PlanError>, Exchange.Exchange> =>
  (jar) =>
  (client) =>
  async () => {
    const begun = begin(client, jar, request)()
    return E.isLeft(begun) ? begun : E.right([begun.right, jar])
  }

/** The first plan that `send` would send. */
export const plan =
  (request: Request.Request): Http<Exchange.Started<PlanError>, Plan> =>
  (jar) =>
  (client) =>
  async () => {
    const begun = begin(client, jar, request)()
    return E.isLeft(begun) ? begun : E.right([begun.right.plan, jar])
  }

/** Sends an exchange that was started, inspected, edited perhaps, and goes on as usual; the jars are joined. */
export const resume =
  (exchange: Exchange.Exchange): Http<Exchange.ExchangeError, Response> =>
  (jar) =>
  (client) =>
  () =>
    drive(
      client,
      jar,
      exchange.plan.body,
      () => E.right({ ...exchange, jar: Jar.join(jar, exchange.jar) }),
      gather,
    ).then(absolve)

type Build = ReadonlyArray<Endomorphism<Request.Request>>
const verb =
  (make: (url: string) => Request.Request) =>
  (url: string, ...build: Build): Http<Exchange.SendError, Response> =>
    send(build.reduce((request, step) => step(request), make(url)))

export const get = verb(Request.get)
export const head = verb(Request.head)
export const options = verb(Request.options)
export const post = verb(Request.post)
export const put = verb(Request.put)
export const patch = verb(Request.patch)
export const del = verb(Request.del)

// --- streams -------------------------------------------------------------------------------------------------------

const unread = (done: Exchange.Done): Unread => {
  const { bytes: _, ...rest } = respond(done, new Uint8Array())
  return rest
}

/**
 * Lends the body of the last reply, and lets go of it on every path; `head` is the response but for its bytes. A body
 * that fails is an error, whatever `use` says.
 */
export const stream =
  <E, A>(use: (head: Unread, body: Source) => TaskEither<E, A>) =>
  (request: Request.Request): Http<Exchange.SendError | E, A> =>
  (jar) =>
  (client) =>
  async () => {
    const lend: Finish<E, A> = async (reply, done) => {
      const { source, fault, leave } = observed(reply.body)
      try {
        const used = await use(unread(done), source)()
        const failure = fault()
        return failure === undefined ? used : failedBody(done, failure)
      } catch (cause) {
        if (Fault.is(cause)) return failedBody(done, cause)
        throw cause // the user's own exception is not ours to hide
      } finally {
        leave()
        await discard(reply.body)
      }
    }
    return absolve(await drive(client, jar, request.body, begin(client, jar, request), lend))
  }

// --- programs ------------------------------------------------------------------------------------------------------

/** Where a do-notation begins. */
export const Do: Http<never, object> = (jar) => () => async () => E.right([{}, jar])

/** The jar as it is now. */
export const jar: Http<never, Jar.Jar> = (now) => () => async () => E.right([now, now])

/** Goes on after a failure, from the jar that the error carries. */
export const orElse =
  <E, E2, B>(onLeft: (error: E) => Http<E2, B>) =>
  <A>(program: Http<E, A>): Http<E2, A | B> =>
  (from) =>
  (client) =>
  async () => {
    const outcome = await program(from)(client)()
    if (E.isRight(outcome)) return outcome
    const after = HttpError.jar(outcome.left)
    return onLeft(outcome.left)(O.isSome(after) ? after.value : from)(client)()
  }

/**
 * Runs a program under a changed session: `Http.locally(Session.withBearer(token))`. What it mounts is the client's own
 * from then on, and closed with it.
 */
export const locally =
  (change: Endomorphism<Session>) =>
  <E, A>(program: Http<E, A>): Http<E, A> =>
  (from) =>
  (client) =>
    program(from)(Client.withSession(change)(client))

/** Runs a program that ends, at once and in any phase, when the signal aborts. A hook under way is waited for no longer. */
export const withSignal =
  (signal: AbortSignal) =>
  <E, A>(program: Http<E, A>): Http<E, A> =>
  (from) =>
  (client) => {
    const outer = OwnProperty.get(client, 'signal')
    return program(from)({ ...client, signal: outer === undefined ? signal : AbortSignal.any([outer, signal]) })
  }

type ErrorOf<H> = H extends Http<infer E, unknown> ? E : never
type ValueOf<H> = H extends Http<unknown, infer A> ? A : never

/**
 * Runs programs at the same time, all from the same jar; only the first inherits the digest challenges, so that no
 * nonce is counted twice. All settle; the results come in the order of the arguments, the jars are joined. The first
 * error in that order wins, with the joined jar. `concurrency` is how many run at a time: all, unless said; a fraction
 * is rounded down, and what is not at least 1, `NaN` too, is 1.
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
      // The casts: the tuple's types are those of the programs in the same places, which no loop can tell.
      if (E.isLeft(outcome)) return E.left(HttpError.withJar(joined)(outcome.left as ErrorOf<T[number]>))
      values.push(outcome.right[0])
    }
    return E.right([values as { readonly [K in keyof T]: ValueOf<T[K]> }, joined])
  }

type Ended = E.Either<unknown, [unknown, Jar.Jar]>

const jarAfter =
  (from: Jar.Jar) =>
  (outcome: Ended): Jar.Jar => {
    if (E.isRight(outcome)) return outcome.right[1]
    const known = HttpError.jar(outcome.left)
    return O.isSome(known) ? known.value : from
  }

/** Said so that what is no number is 1 too. */
const widthOf = (concurrency: number): number => (concurrency >= 1 ? Math.floor(concurrency) : 1)

/** Runs tasks, no more than `concurrency` at a time, and waits for all of them. */
const runAll = async (
  tasks: ReadonlyArray<TaskEither<unknown, [unknown, Jar.Jar]>>,
  concurrency: number,
): Promise<ReadonlyArray<Ended>> => {
  const settled: PromiseSettledResult<Ended>[] = []
  const queue = [...tasks.entries()]
  const worker = async (): Promise<void> => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
      const [i, run] = task
      const [result] = await Promise.allSettled([run()])
      settled[i] = result
    }
  }
  await Promise.all(Array.from({ length: Math.min(widthOf(concurrency), tasks.length) }, worker))
  return settled.map((result) => {
    if (result.status === 'fulfilled') return result.value
    throw result.reason // the user's own exception, once all have settled
  })
}
