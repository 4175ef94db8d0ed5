/**
 * Every error of a program, by phase. Nothing throws, and no error shows a secret.
 *
 * | phase     | tags                                                                                            |
 * |-----------|-------------------------------------------------------------------------------------------------|
 * | plan      | `InvalidUrl` `MissingScheme` `UnsupportedScheme` `InvalidHeader` `InvalidProxy` `InvalidBody` `InvalidSettings` |
 * | transport | `ConnectFailed` `ConnectTimeout` `ReadTimeout` `DeadlineExceeded` `TlsFailed` `ProxyFailed` `ProtocolError` `BodyCut` `DecodingFailed` `BodyTooLarge` `Aborted` `ClientClosed` `RequestBodyFailed` |
 * | redirect  | `TooManyRedirects` `InvalidRedirect` `RedirectRefused` `UnrewindableBody`                       |
 * | hook      | `HookFailed`                                                                                    |
 * | response  | `StatusError` `NotJson` `InvalidPayload`                                                        |
 *
 * Every error of a started program has the jar, so that a program can recover with it: `HttpError.jar`, `Http.orElse`.
 */
import * as O from 'fp-ts/lib/Option.js'
import type { Jar } from './cookies/Jar.js'
import type { InvalidPayload, NotJson, StatusError } from './Response.js'
import type { SendError } from './stages/Exchange.js'
import type { PlanError } from './stages/PlanError.js'
import * as Printable from './values/Printable.js'
import * as Fault from './wire/Fault.js'

export type { InvalidPayload, NotJson, StatusError } from './Response.js'
export type { ExchangeError, HookFailed, SendError } from './stages/Exchange.js'
export type {
  InvalidBody,
  InvalidHeader,
  InvalidProxy,
  InvalidSettings,
  PlanError,
  UnsupportedScheme,
} from './stages/PlanError.js'
export type { RedirectError } from './stages/Redirect.js'
export type { TransportError } from './wire/Transport.js'

/** Every error that a program of this library can fail with. `E` is the type of the problems of an `InvalidPayload`. */
export type HttpError<E = unknown> = PlanError | SendError | StatusError | NotJson | InvalidPayload<E>

/** Prints an error in one line: its tag, what was wrong, and what to do. */
export const show = ({ _tag, message }: HttpError): string => Printable.escapeControls(`${_tag}: ${message}`)

const has = <K extends string>(u: unknown, key: K): u is Readonly<Record<K, unknown>> =>
  typeof u === 'object' && u !== null && Object.hasOwn(u, key)

const isJar = (u: unknown): u is Jar => has(u, 'cookies') && has(u, 'challenges') && has(u, 'clock')

/** Returns the jar at the time of the error, if the error has it. */
export const jar = (error: unknown): O.Option<Jar> => {
  if (has(error, 'jar') && isJar(error.jar)) return O.some(error.jar)
  return has(error, 'response') && has(error.response, 'jar') && isJar(error.response.jar)
    ? O.some(error.response.jar)
    : O.none
}

/** Every tag except those of faults. The type requires all of them. */
const TAGS: Readonly<Record<Exclude<HttpError['_tag'], Fault.FaultTag>, true>> = {
  InvalidUrl: true,
  MissingScheme: true,
  UnsupportedScheme: true,
  InvalidHeader: true,
  InvalidProxy: true,
  InvalidBody: true,
  InvalidSettings: true,
  TooManyRedirects: true,
  InvalidRedirect: true,
  RedirectRefused: true,
  UnrewindableBody: true,
  HookFailed: true,
  StatusError: true,
  NotJson: true,
  InvalidPayload: true,
}

/** Returns whether an error is plain data of this library. Other errors must not be copied. */
const isHttpError = (error: unknown): boolean =>
  has(error, '_tag') &&
  (Fault.is(error) || (typeof error._tag === 'string' && Object.hasOwn(TAGS, error._tag))) &&
  Object.getPrototypeOf(error) === Object.prototype

/** Replaces the jar of an error of this library. Any other error is returned unchanged. */
export const withJar =
  (other: Jar) =>
  <E>(error: E): E => {
    if (!isHttpError(error)) return error
    if (has(error, 'jar') && isJar(error.jar)) return { ...error, jar: other }
    if (!has(error, 'response') || !has(error.response, 'jar') || !isJar(error.response.jar)) return error
    return { ...error, response: { ...error.response, jar: other } }
  }
