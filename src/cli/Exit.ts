/**
 * The exit codes of the command.
 *
 * | code | when                                                                                       |
 * |------|--------------------------------------------------------------------------------------------|
 * | 0    | done; for `send`, a reply with a status below 400                                          |
 * | 1    | an internal error of the command                                                           |
 * | 2    | invalid usage or input: nothing was sent, nothing was written                              |
 * | 3    | the URL, a header, proxy, body or setting cannot be sent; nothing was sent                 |
 * | 4    | transport: no connection, a timeout, TLS, a proxy, a truncated body                        |
 * | 5    | redirect: too many, refused, or without a valid target                                     |
 * | 6    | the reply has a status of 400 or above                                                     |
 * | 7    | a reply arrived, but the file, output or session could not be written                      |
 * | 8    | no token was obtained, the login failed, or the request could not be signed                |
 * | 130  | interrupted (SIGINT; 143 for SIGTERM)                                                      |
 */
import type { PlanError, SendError } from '../HttpError.js'
import type { LoginError } from '../OAuth2.js'
import type { DownloadError } from '../Stream.js'

export const OK = 0
export const INTERNAL = 1
export const USAGE = 2
export const PLAN = 3
export const TRANSPORT = 4
export const REDIRECT = 5
export const STATUS = 6
export const NOT_WRITTEN = 7
export const AUTH = 8
export const INTERRUPTED = 130

export interface OutputFailed {
  readonly _tag: 'OutputFailed'
  readonly message: string
}

interface Problem<T extends string> {
  readonly _tag: T
  readonly message: string
}

/** Why a login failed: besides the errors of the library, it cannot begin, no user logs in, or the user interrupts it. */
export type LoginFailure = LoginError | Problem<'LoginFailed' | 'LoginExpired' | 'Aborted'>

export type Failure = PlanError | SendError | DownloadError | OutputFailed | LoginFailure

const CODES: Readonly<Record<Failure['_tag'], number>> = {
  InvalidUrl: PLAN,
  MissingScheme: PLAN,
  UnsupportedScheme: PLAN,
  InvalidHeader: PLAN,
  InvalidProxy: PLAN,
  InvalidBody: PLAN,
  InvalidSettings: PLAN,
  ConnectFailed: TRANSPORT,
  ConnectTimeout: TRANSPORT,
  ReadTimeout: TRANSPORT,
  DeadlineExceeded: TRANSPORT,
  TlsFailed: TRANSPORT,
  ProxyFailed: TRANSPORT,
  ProtocolError: TRANSPORT,
  BodyCut: TRANSPORT,
  DecodingFailed: TRANSPORT,
  BodyTooLarge: TRANSPORT,
  Aborted: INTERRUPTED,
  ClientClosed: TRANSPORT,
  RequestBodyFailed: TRANSPORT,
  Unsupported: TRANSPORT,
  AddressRefused: TRANSPORT,
  TooManyRedirects: REDIRECT,
  InvalidRedirect: REDIRECT,
  RedirectRefused: REDIRECT,
  UnrewindableBody: REDIRECT,
  SigningFailed: AUTH,
  TokenRefused: AUTH,
  TokenFailed: AUTH,
  // The settings of a login are checked before it begins, so that each of these needs a server, a user or a free port.
  InvalidLogin: AUTH,
  InvalidCallback: AUTH,
  StateMismatch: AUTH,
  IssuerMismatch: AUTH,
  LoginRefused: AUTH,
  LoginExpired: AUTH,
  LoginFailed: AUTH,
  HookFailed: INTERNAL,
  UnexpectedStatus: NOT_WRITTEN,
  LengthMismatch: NOT_WRITTEN,
  RangeMismatch: NOT_WRITTEN,
  DigestMismatch: NOT_WRITTEN,
  FileFailed: NOT_WRITTEN,
  OutputFailed: NOT_WRITTEN,
}

export const ofStatus = (status: number): number => (status >= 400 ? STATUS : OK)

export const ofFailure = (failure: Failure): number =>
  failure._tag === 'UnexpectedStatus' && failure.head.status >= 400 ? STATUS : CODES[failure._tag]
