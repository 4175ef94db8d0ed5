/**
 * What the command says when it ends.
 *
 * | code | when                                                                                       |
 * |------|--------------------------------------------------------------------------------------------|
 * | 0    | done; for `send`, a reply below 400                                                        |
 * | 1    | a fault of the command itself                                                              |
 * | 2    | usage or bad input: nothing was sent, nothing was written                                  |
 * | 3    | no plan: URL, header, proxy, body or setting cannot be sent; nothing was sent              |
 * | 4    | transport: no connection, a timeout, TLS, a proxy, a body that was cut                     |
 * | 5    | redirect: too many, refused, or to nowhere                                                 |
 * | 6    | the reply's status is 400 or above                                                         |
 * | 7    | the reply came and could not be kept: file, output or session                              |
 * | 130  | interrupted (SIGINT; 143 for SIGTERM)                                                      |
 */
import type { PlanError, SendError } from '../HttpError.js'
import type { DownloadError } from '../Stream.js'

export const OK = 0
export const BROKEN = 1
export const MISUSE = 2
export const PLAN = 3
export const TRANSPORT = 4
export const REDIRECT = 5
export const STATUS = 6
export const KEEPING = 7
export const INTERRUPTED = 130

/** Standard output could not take what came. */
export interface OutputFailed {
  readonly _tag: 'OutputFailed'
  readonly message: string
}

export type Failure = PlanError | SendError | DownloadError | OutputFailed

const PHASES: Readonly<Record<Failure['_tag'], number>> = {
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
  TooManyRedirects: REDIRECT,
  InvalidRedirect: REDIRECT,
  RedirectRefused: REDIRECT,
  UnrewindableBody: REDIRECT,
  HookFailed: BROKEN,
  UnexpectedStatus: KEEPING,
  LengthMismatch: KEEPING,
  RangeMismatch: KEEPING,
  FileFailed: KEEPING,
  OutputFailed: KEEPING,
}

/** The code of a reply. */
export const ofStatus = (status: number): number => (status >= 400 ? STATUS : OK)

/** The code of a failure: by its phase. */
export const ofFailure = (failure: Failure): number =>
  failure._tag === 'UnexpectedStatus' && failure.head.status >= 400 ? STATUS : PHASES[failure._tag]
