/**
 * Every error of the library, by what fails with it. The library does not throw, and no message shows a secret. The message of
 * `StatusError` has the URL of the response, with its query except for the values of `withSecretQuery`.
 *
 * | tags                                                                                  | fails                       |
 * |---------------------------------------------------------------------------------------|-----------------------------|
 * | `InvalidUrl` `MissingScheme` `UnsupportedScheme` `InvalidHeader` `InvalidProxy` `InvalidBody` `InvalidSettings` | planning: nothing was sent |
 * | `ConnectFailed` `ConnectTimeout` `ReadTimeout` `DeadlineExceeded` `TlsFailed` `ProxyFailed` `ProtocolError` `BodyCut` `DecodingFailed` `BodyTooLarge` `Aborted` `ClientClosed` `RequestBodyFailed` `Unsupported` `AddressRefused` | a transport, or reading a body: see `Fault` |
 * | `SigningFailed`                                                                       | the function of a signer    |
 * | `TokenRefused` `TokenFailed`                                                          | obtaining a token           |
 * | `InvalidCallback` `StateMismatch` `IssuerMismatch` `LoginRefused` `InvalidLogin` `LoginExpired` | a login: `OAuth2.redeemCode`, `OAuth2.loginWithDevice` |
 * | `TokenReplyRefused` `TokenReplyUnusable`                                              | `OAuth2.read`               |
 * | `TooManyRedirects` `InvalidRedirect` `RedirectRefused` `UnrewindableBody`             | following a redirect        |
 * | `HookFailed`                                                                          | a hook                      |
 * | `StatusError`                                                                         | `Response.ok`               |
 * | `RepeatedPage` `TooManyPages`                                                         | `Http.pages`, `Http.streamPages` |
 * | `NotJson` `InvalidPayload` `SchemaFailed`                                             | `Response.json`, `Stream.jsonLines`, `Stream.events` |
 * | `NotEventStream`                                                                      | `Http.eventStream`          |
 * | `UnexpectedStatus` `LengthMismatch` `RangeMismatch` `DigestMismatch` `FileFailed`     | `Stream.toFile`             |
 * | `StoreFailed`                                                                         | `Store`                     |
 * | `JarStoreFailed` `CipherFailed`                                                       | `JarStore` and clients with one, `Cipher` |
 * | `LogFailed` `InDoubt`                                                                 | `Log`, `Durable`            |
 * | `Unwritable` `Unreadable`                                                             | `encode` and `decode` of a jar, session, tape or store |
 * | `InvalidCookie` `CookieConflict`                                                      | `Jar.set`, `Jar.lookup`     |
 * | `InvalidCurl`                                                                         | `Request.fromCurl`          |
 * | `InvalidTemplate` `MissingVariable` `InvalidVariable`                                 | `Url.template`              |
 *
 * Every error of a started program has the jar, so that a program can recover with it: `HttpError.jar`, `Http.orElse`.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import { Client, Http, HttpError, Response, Session, Transport } from 'requests-ts'
 *
 * const transport = Transport.memory({ 'GET /': { status: 404 } })
 * const outcome = await pipe(
 *   Http.get('http://h.test/'),
 *   SRTE.flatMapEither(Response.ok),
 *   Client.use({ session: Session.defaults, transport }),
 *   TE.mapLeft(HttpError.matchOr({ StatusError: ({ response }) => `status ${response.status}` }, HttpError.show)))()
 * assert.deepEqual(outcome, E.left('status 404'))
 */
import * as O from 'fp-ts/lib/Option.js'
import type { Show as ShowInstance } from 'fp-ts/lib/Show.js'
import type { Jar } from './cookies/Jar.js'
import { hasKnownTag, textIn } from './errors/ErrorMatch.js'
import type { HttpError } from './errors/ErrorUnion.js'
import * as Printable from './values/Printable.js'
import type { Tagged } from './values/Tagged.js'

export { is, type Match, match, matchOr, type ResultOf } from './errors/ErrorMatch.js'
export * from './errors/ErrorUnion.js'

// --- printing ------------------------------------------------------------------------------------------------------

/**
 * Prints an error in one line: its tag, what was wrong, and what to do. Also takes errors of your own that have a tag.
 *
 * @category destructors
 */
export const show = (error: Tagged & { readonly message: string }): string => {
  const tag = textIn(error, '_tag')
  return tag === undefined
    ? Printable.messageOf(error)
    : Printable.escapeControls(`${tag}: ${textIn(error, 'message') ?? 'no message'}`)
}

/**
 * Prints an error in one line, as `show` does.
 *
 * @since 0.2.0
 * @category instances
 */
export const Show: ShowInstance<HttpError> = { show }

/**
 * An exception for an error, which is its `reason`. Printing the exception does not print the reason.
 *
 * @since 0.2.0
 * @category model
 */
export interface Exception<E> extends Error {
  /** The error, with its response or plan. */
  readonly reason: E
}

/**
 * Returns an `Error` with the tag as its name, for code that throws. This library does not throw it.
 *
 * @since 0.2.0
 * @category destructors
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { HttpError, Plan, Request, Session } from 'requests-ts'
 *
 * const exception = pipe(Request.get('bad'), Plan.plan({ session: Session.empty }), E.mapLeft(HttpError.toException))
 * assert(E.isLeft(exception) && exception.left instanceof Error)
 * assert.deepEqual([exception.left.name, exception.left.reason._tag], ['MissingScheme', 'MissingScheme'])
 */
export const toException = <E extends Tagged & { readonly message: string }>(error: E): Exception<E> => {
  const exception = new Error(Printable.escapeControls(textIn(error, 'message') ?? 'no message'))
  exception.name = textIn(error, '_tag') ?? 'Error'
  // The cast: the property was just defined.
  return Object.defineProperty(exception, 'reason', { value: error, enumerable: false }) as Exception<E>
}

// --- the jar -------------------------------------------------------------------------------------------------------

const has = <K extends string>(u: unknown, key: K): u is Readonly<Record<K, unknown>> =>
  typeof u === 'object' && u !== null && Object.hasOwn(u, key)

const isJar = (u: unknown): u is Jar => has(u, 'cookies') && has(u, 'challenges') && has(u, 'clock')

/** Returns the jar at the time of the error, if the error has it. */
export const jar = (error: unknown): O.Option<Jar> => {
  try {
    if (has(error, 'jar') && isJar(error.jar)) return O.some(error.jar)
    return has(error, 'response') && has(error.response, 'jar') && isJar(error.response.jar)
      ? O.some(error.response.jar)
      : O.none
  } catch {
    return O.none // a getter or a proxy of the user's error
  }
}

/** Returns whether an error is plain data of this library. Other errors must not be copied. */
const isHttpError = (error: unknown): boolean => {
  try {
    return has(error, '_tag') && hasKnownTag(error) && Object.getPrototypeOf(error) === Object.prototype
  } catch {
    return false
  }
}

/** Replaces the jar of an error of this library. Any other error is returned unchanged. */
export const withJar =
  (other: Jar) =>
  <E>(error: E): E => {
    if (!isHttpError(error)) return error
    if (has(error, 'jar') && isJar(error.jar)) return { ...error, jar: other }
    if (!has(error, 'response') || !has(error.response, 'jar') || !isJar(error.response.jar)) return error
    return { ...error, response: { ...error.response, jar: other } }
  }
