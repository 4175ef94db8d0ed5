/**
 * Every way a program can fail, by phase. Nothing throws, and no error shows a secret.
 *
 * | phase     | tags                                                                                            |
 * |-----------|-------------------------------------------------------------------------------------------------|
 * | plan      | `InvalidUrl` `MissingScheme` `UnsupportedScheme` `InvalidHeader` `InvalidProxy` `InvalidBody` `InvalidSettings` |
 * | transport | `ConnectFailed` `ConnectTimeout` `ReadTimeout` `DeadlineExceeded` `TlsFailed` `ProxyFailed` `ProtocolError` `BodyCut` `DecodingFailed` `BodyTooLarge` `Aborted` `ClientClosed` `RequestBodyFailed` |
 * | redirect  | `TooManyRedirects` `InvalidRedirect` `RedirectRefused` `UnrewindableBody`                       |
 * | hook      | `HookFailed`                                                                                    |
 * | response  | `StatusError` `NotJson` `InvalidPayload`                                                        |
 *
 * Every error carries the jar, so that a program can go on from it: `HttpError.jar`, `Http.orElse`.
 */
import * as O from 'fp-ts/lib/Option.js'
import type { Jar } from './cookies/Jar.js'
import type { InvalidPayload, NotJson, StatusError } from './Response.js'
import type { SendError } from './stages/Exchange.js'
import type { PlanError } from './stages/PlanError.js'
import * as Printable from './values/Printable.js'

export type { InvalidPayload, NotJson, StatusError } from './Response.js'
export type { ExchangeError, HookFailed, SendError } from './stages/Exchange.js'
export type { PlanError } from './stages/PlanError.js'
export type { RedirectError } from './stages/Redirect.js'
export type { TransportError } from './wire/Transport.js'

export type HttpError<E = unknown> = PlanError | SendError | StatusError | NotJson | InvalidPayload<E>

/** One line for people: what was wrong and what to do. */
export const show = ({ _tag, message }: HttpError): string => Printable.escapeControls(`${_tag}: ${message}`)

const has = <K extends string>(u: unknown, key: K): u is Readonly<Record<K, unknown>> =>
  typeof u === 'object' && u !== null && Object.hasOwn(u, key)

const isJar = (u: unknown): u is Jar => has(u, 'cookies') && has(u, 'challenges') && has(u, 'clock')

/** The jar as it was when the error came, where the error knows it. */
export const jar = (error: unknown): O.Option<Jar> => {
  if (has(error, 'jar') && isJar(error.jar)) return O.some(error.jar)
  return has(error, 'response') && has(error.response, 'jar') && isJar(error.response.jar)
    ? O.some(error.response.jar)
    : O.none
}

/** Every tag of ours; the compiler sees to it that none is missing. */
const OURS: Readonly<Record<HttpError['_tag'], true>> = {
  InvalidUrl: true,
  MissingScheme: true,
  UnsupportedScheme: true,
  InvalidHeader: true,
  InvalidProxy: true,
  InvalidBody: true,
  InvalidSettings: true,
  ConnectFailed: true,
  ConnectTimeout: true,
  ReadTimeout: true,
  DeadlineExceeded: true,
  TlsFailed: true,
  ProxyFailed: true,
  ProtocolError: true,
  BodyCut: true,
  DecodingFailed: true,
  BodyTooLarge: true,
  Aborted: true,
  ClientClosed: true,
  RequestBodyFailed: true,
  TooManyRedirects: true,
  InvalidRedirect: true,
  RedirectRefused: true,
  UnrewindableBody: true,
  HookFailed: true,
  StatusError: true,
  NotJson: true,
  InvalidPayload: true,
}

/** Whether an error is data of this library: one of a class, or with a tag of the user's own, is not ours to copy. */
const isOurs = (error: unknown): boolean =>
  has(error, '_tag') &&
  typeof error._tag === 'string' &&
  Object.hasOwn(OURS, error._tag) &&
  Object.getPrototypeOf(error) === Object.prototype

/** The same error with another jar, where it is one of this library's that carries one; any other as it is. */
export const withJar =
  (other: Jar) =>
  <E>(error: E): E => {
    if (!isOurs(error)) return error
    if (has(error, 'jar') && isJar(error.jar)) return { ...error, jar: other }
    if (!has(error, 'response') || !has(error.response, 'jar') || !isJar(error.response.jar)) return error
    return { ...error, response: { ...error.response, jar: other } }
  }
