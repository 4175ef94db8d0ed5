/** The union of all errors of the library, and their tags. `HttpError` is its public name. */
import type { InvalidCookie } from '../cookies/Cookie.js'
import type { CookieConflict } from '../cookies/Jar.js'
import type { InDoubt } from '../durable/InDoubt.js'
import type { InvalidCurl } from '../inspect/FromCurl.js'
import type { RepeatedPage, TooManyPages } from '../program/PageError.js'
import type { CallbackError } from '../session/auth/oauth2/AuthorizationCode.js'
import type { LoginExpired } from '../session/auth/oauth2/DeviceCode.js'
import type { TokenProblem } from '../session/auth/oauth2/TokenProblem.js'
import type { StoreFailed } from '../session/StoreError.js'
import type { SigningFailed, TokenFailed, TokenRefused } from '../stages/AuthError.js'
import type { HookFailed, SendError } from '../stages/Exchange.js'
import type { PlanError } from '../stages/PlanError.js'
import type { RedirectError } from '../stages/Redirect.js'
import type { CipherFailed } from '../store/Cipher.js'
import type { JarStoreFailed } from '../store/JarStore.js'
import type { LogFailed } from '../store/Log.js'
import type { DownloadError } from '../transport/download/Download.js'
import type { DecodeError, EncodeError } from '../values/Serialization.js'
import type { TemplateError } from '../values/template/UrlTemplate.js'
import * as Fault from '../wire/Fault.js'
import type {
  InvalidPayload,
  JsonOrigin,
  NotEventStream,
  NotJson,
  SchemaFailed,
  StatusError,
} from '../wire/ResponseError.js'
import type { TransportError } from '../wire/Transport.js'

export type { InvalidCookie } from '../cookies/Cookie.js'
export type { CookieConflict } from '../cookies/Jar.js'
export type { InDoubt } from '../durable/InDoubt.js'
export type { InvalidCurl } from '../inspect/FromCurl.js'
export type { RepeatedPage, TooManyPages } from '../program/PageError.js'
export type { CallbackError } from '../session/auth/oauth2/AuthorizationCode.js'
export type { LoginExpired } from '../session/auth/oauth2/DeviceCode.js'
export type { TokenProblem } from '../session/auth/oauth2/TokenProblem.js'
export type { StoreFailed } from '../session/StoreError.js'
export type { AuthError, SigningFailed, TokenFailed, TokenRefused } from '../stages/AuthError.js'
export type { ExchangeError, HookFailed, SendError } from '../stages/Exchange.js'
export type {
  InvalidBody,
  InvalidHeader,
  InvalidProxy,
  InvalidSettings,
  PlanError,
  UnsupportedScheme,
} from '../stages/PlanError.js'
export type { RedirectError } from '../stages/Redirect.js'
export type { CipherFailed } from '../store/Cipher.js'
export type { JarStoreFailed } from '../store/JarStore.js'
export type { LogFailed } from '../store/Log.js'
export type { DownloadError } from '../transport/download/Download.js'
export type { DecodeError, EncodeError } from '../values/Serialization.js'
export type { TemplateError } from '../values/template/UrlTemplate.js'
export type {
  InEvent,
  InLine,
  InResponse,
  InvalidPayload,
  JsonOrigin,
  NotEventStream,
  NotJson,
  SchemaFailed,
  StatusError,
} from '../wire/ResponseError.js'
export type { TransportError } from '../wire/Transport.js'

/**
 * Any error of the library. An error of a program that ran has `jar` and `history`. A decoder fails with `E`.
 *
 * @category model
 */
export type HttpError<E = unknown> =
  | PlanError
  | SendError
  | TransportError
  | RedirectError
  | SigningFailed
  | TokenRefused
  | TokenFailed
  | CallbackError
  | LoginExpired
  | TokenProblem
  | HookFailed
  | StatusError
  | NotJson<JsonOrigin>
  | InvalidPayload<E, JsonOrigin>
  | SchemaFailed<JsonOrigin>
  | NotEventStream
  | DownloadError
  | StoreFailed
  | JarStoreFailed<unknown, unknown>
  | CipherFailed
  | LogFailed<unknown, unknown>
  | InDoubt
  | EncodeError
  | DecodeError
  | InvalidCookie
  | CookieConflict
  | InvalidCurl
  | TemplateError
  | RepeatedPage
  | TooManyPages

/**
 * The tag of an error.
 *
 * @since 0.2.0
 * @category model
 */
export type Tag = HttpError['_tag']

/**
 * All tags of the library, in the order of the table in `HttpError`, except that the tags of faults come first.
 *
 * @since 0.2.0
 * @category model
 */
export const TAGS = [
  ...Fault.TAGS,
  'InvalidUrl',
  'MissingScheme',
  'UnsupportedScheme',
  'InvalidHeader',
  'InvalidProxy',
  'InvalidBody',
  'InvalidSettings',
  'SigningFailed',
  'TokenRefused',
  'TokenFailed',
  'InvalidCallback',
  'StateMismatch',
  'IssuerMismatch',
  'LoginRefused',
  'InvalidLogin',
  'LoginExpired',
  'TokenReplyRefused',
  'TokenReplyUnusable',
  'TooManyRedirects',
  'InvalidRedirect',
  'RedirectRefused',
  'UnrewindableBody',
  'HookFailed',
  'StatusError',
  'RepeatedPage',
  'TooManyPages',
  'NotJson',
  'InvalidPayload',
  'SchemaFailed',
  'NotEventStream',
  'UnexpectedStatus',
  'LengthMismatch',
  'RangeMismatch',
  'DigestMismatch',
  'FileFailed',
  'StoreFailed',
  'JarStoreFailed',
  'CipherFailed',
  'LogFailed',
  'InDoubt',
  'Unwritable',
  'Unreadable',
  'InvalidCookie',
  'CookieConflict',
  'InvalidCurl',
  'InvalidTemplate',
  'MissingVariable',
  'InvalidVariable',
] as const satisfies ReadonlyArray<Tag>
