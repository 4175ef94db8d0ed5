/**
 * HTTP programs: `StateReaderTaskEither` with the cookie jar as state and the client as reader. A program can start from
 * anything (`of`, `fromTaskEither`, …), and every combinator of `fp-ts/StateReaderTaskEither` works on it too.
 *
 * Laws: `send` is `attempt` with its outcome as the result; `send` is `start`, then `resume`; `attempt` keeps the jar on
 * every outcome, and every error after the start has it.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { Client, Http, Request, Response, Transport } from 'requests-ts'
 *
 * const transport = Transport.memory({
 *   'POST /login': { status: 200, headers: { 'set-cookie': 'sid=1' } },
 *   'GET /page': { status: 200, body: 'welcome' } })
 * const page = pipe(
 *   Http.post('http://h.test/login', Request.withForm({ user: 'me' })),
 *   Http.ok,
 *   Http.flatMap(() => Http.get('http://h.test/page')),
 *   Http.map(Response.text))
 * const outcome = await pipe(page, Client.use({ transport }))()
 * assert.deepEqual(pipe(outcome, E.map(([text]) => text)), E.right('welcome'))
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as Client from './Client.js'
import { begin, drive, gather, sendRequest, untilAborted } from './client/Interpreter.js'
import * as Jar from './cookies/Jar.js'
import { flatMap, flatMapEither, type Http } from './program/Program.js'
import { readWith } from './program/SchemaReading.js'
import * as Readers from './Response.js'
import * as Request from './session/Request.js'
import type { Session } from './session/Session.js'
import { isLast } from './stages/Authorize.js'
import * as Exchange from './stages/Exchange.js'
import { refusalOf } from './stages/Send.js'
import { type Decoder, isDecoder, type SchemaIssue, type StandardSchema } from './values/StandardSchema.js'
import type { Plan } from './wire/Plan.js'
import type { Response } from './wire/Reply.js'
import type { InvalidPayload, NotJson, SchemaFailed, StatusError } from './wire/ResponseError.js'
import type { Refusal } from './wire/Transport.js'

export * from './program/Concurrency.js'
export * from './program/EventStream.js'
export * from './program/PageReader.js'
export * from './program/Program.js'
export * from './program/Recovery.js'
export { type StreamError, stream } from './program/Streaming.js'

/** Returns the jar with a value; an error has it already. */
const absolve = <E, A>(outcome: E.Either<E, A>, jar: Jar.Jar): E.Either<E, [A, Jar.Jar]> =>
  E.isLeft(outcome) ? outcome : E.right([outcome.right, jar])

/** Returns the outcome as the value. */
const settled = <E, A>(outcome: E.Either<E, A>, jar: Jar.Jar): E.Either<never, [E.Either<E, A>, Jar.Jar]> =>
  E.right([outcome, jar])

// --- requests ------------------------------------------------------------------------------------------------------

/** Sends a request and follows redirects. It never fails: the outcome is a value, and the jar is kept either way. */
export const attempt =
  (request: Request.Request): Http<never, E.Either<Exchange.SendError, Response>> =>
  (jar) =>
  (client) =>
  () =>
    sendRequest(client, jar, request, gather, settled)

/** Sends a request, follows redirects and reads the body into memory. Errors: `SendError`. */
export const send =
  (request: Request.Request): Http<Exchange.SendError, Response> =>
  (jar) =>
  (client) =>
  () =>
    sendRequest(client, jar, request, gather, absolve)

/**
 * Plans a request without sending it. `resume` sends the exchange. If a token must be obtained first, the plan is that of the
 * token request. Errors: `PlanError`, `TokenFailed`.
 */
export const start =
  (request: Request.Request): Http<Exchange.StartError, Exchange.Exchange> =>
  (jar) =>
  (client) =>
  async () => {
    const begun = begin(client, jar, request)
    return E.isLeft(begun) ? begun : E.right([begun.right, jar])
  }

/**
 * Returns the first plan that `send` would send for the request. It has no token yet if `send` would obtain one first. Errors:
 * `PlanError`, `TokenFailed`, and `Unsupported` or `AddressRefused` if its transport will not send it.
 */
export const plan =
  (request: Request.Request): Http<Exchange.StartError | Exchange.WithHistory<Refusal>, Plan> =>
  (jar) =>
  (client) =>
  async () => {
    const begun = begin(client, jar, request)
    if (E.isLeft(begun)) return begun
    const { plan } = Exchange.mainOf(begun.right)
    const refused = refusalOf(client, plan)
    if (O.isSome(refused)) return E.left(Exchange.failed(refused.value)(begun.right))
    return E.right([plan, jar])
  }

/** Sends an exchange that `start` returned, edited or not. Its jar is joined with the current one. Errors: `ExchangeError`. */
export const resume =
  (exchange: Exchange.Exchange): Http<Exchange.ExchangeError, Response> =>
  (jar) =>
  (client) =>
  () => {
    const joined = { ...exchange, jar: Jar.join(jar, exchange.jar) }
    // The plan may have been edited after it was signed.
    const ready = () =>
      isLast(exchange.merged) ? Exchange.authorizedBeforeSending(client.clock.now(), joined) : E.right(joined)
    return drive(client, jar, Exchange.mainOf(exchange).plan.body, ready, gather, absolve)
  }

/** A URL, absolute or relative to the base URL of the session. */
export type Target = string | URL

const verb =
  (make: (url: Target) => Request.Request) =>
  (url: Target, ...build: ReadonlyArray<Endomorphism<Request.Request>>): Http<Exchange.SendError, Response> =>
    send(build.reduce((request, step) => step(request), make(url)))

/** Sends a GET request, changed by the given functions. */
export const get = verb(Request.get)
/** Sends a HEAD request, changed by the given functions. It follows no redirects unless a policy is set. */
export const head = verb(Request.head)
/** Sends an OPTIONS request, changed by the given functions. */
export const options = verb(Request.options)
/** Sends a POST request, changed by the given functions. */
export const post = verb(Request.post)
/** Sends a PUT request, changed by the given functions. */
export const put = verb(Request.put)
/** Sends a PATCH request, changed by the given functions. */
export const patch = verb(Request.patch)
/**
 * Sends a QUERY request (RFC 10008), changed by the given functions: it is safe and idempotent, and has a body.
 *
 * @since 0.2.0
 * @category constructors
 */
export const query = verb(Request.query)
/** Sends a DELETE request, changed by the given functions. Its other name is `delete`. */
export const del = verb(Request.del)
export { del as delete }

// --- responses ------------------------------------------------------------------------------------------------------

/**
 * Fails if the status of the response is 400 or above. Error: `StatusError`.
 *
 * @since 0.2.0
 * @category combinators
 */
export const ok: <E>(program: Http<E, Response>) => Http<E | StatusError, Response> = flatMapEither(Readers.ok)

/**
 * Returns the decoded JSON of a response whose status is below 400. Takes a decoder, such as one of io-ts, or a Standard Schema
 * (zod, valibot, arktype), which may be asynchronous: the signal and the closing of the client end the wait for it. Errors:
 * `StatusError`, `NotJson`, `InvalidPayload`, and for a schema `SchemaFailed` if it throws, and `SendError` (`Aborted`,
 * `ClientClosed`).
 *
 * @since 0.2.0
 * @category combinators
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as t from 'io-ts'
 * import { Client, Http, Transport } from 'requests-ts'
 *
 * const transport = Transport.memory({ 'GET /users/1': { status: 200, body: '{"name":"Ada"}' } })
 * const user = pipe(Http.get('http://h.test/users/1'), Http.json(t.type({ name: t.string }).decode))
 * assert.deepEqual(await Client.runWith({ transport })(user)(), { _tag: 'Right', right: { name: 'Ada' } })
 */
export function json<A>(
  schema: StandardSchema<A>,
): <E>(
  program: Http<E, Response>,
) => Http<E | Exchange.SendError | StatusError | NotJson | InvalidPayload<ReadonlyArray<SchemaIssue>> | SchemaFailed, A>
export function json<D, A>(
  decode: Decoder<D, A>,
): <E>(program: Http<E, Response>) => Http<E | StatusError | NotJson | InvalidPayload<D>, A>
export function json<D, A>(decoding: Decoder<D, A> | StandardSchema<A>) {
  if (isDecoder(decoding)) {
    const read = Readers.json(decoding)
    return flatMapEither((response: Response) => pipe(Readers.ok(response), E.flatMap(read)))
  }
  const read = readWith(Readers.schemaTask(decoding))
  return <E>(program: Http<E, Response>) => pipe(program, ok, flatMap(read))
}

// --- the client --------------------------------------------------------------------------------------------------------

/**
 * Runs a program with a changed session: `Http.locally(Session.withBearer(token))`. A transport that it mounts is not
 * closed with the client.
 */
export const locally =
  (change: Endomorphism<Session>) =>
  <E, A>(program: Http<E, A>): Http<E, A> =>
  (from) =>
  (client) =>
    program(from)(Client.withSession(change)(client))

/** Aborts the requests of a program, in any phase, when the signal aborts. Does not wait for a running hook. */
export const withSignal =
  (signal: AbortSignal) =>
  <E, A>(program: Http<E, A>): Http<E, A> =>
  (from) =>
  (outer) =>
  async () => {
    const { client, release } = untilAborted(signal)(outer)
    try {
      return await program(from)(client)()
    } finally {
      release()
    }
  }

/**
 * Returns the program as a `ReaderTaskEither`, for code whose environment has a client as `http`. It runs with the jar of
 * that client: see `Client.runIn`.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
 * import { Client, Http, Response, Transport } from 'requests-ts'
 *
 * interface Env { readonly http: Client.Client; readonly greeting: string }
 * const greet = pipe(
 *   Http.get('http://h.test/name'),
 *   Http.map(Response.text),
 *   Http.toReaderTaskEither,
 *   RTE.flatMap((name) => RTE.asks(({ greeting }: Env) => `${greeting}, ${name}`)))
 * const transport = Transport.memory({ 'GET /name': { status: 200, body: 'Ada' } })
 * const outcome = await Client.scoped({ transport })((http) => greet({ http, greeting: 'Hello' }))()
 * assert.deepEqual(outcome, { _tag: 'Right', right: 'Hello, Ada' })
 */
export const toReaderTaskEither =
  <E, A>(program: Http<E, A>): ReaderTaskEither<{ readonly http: Client.Client }, E, A> =>
  ({ http }) =>
    Client.runIn(http)(program)
