/**
 * What can go wrong between sending a plan and reading its reply. The tags distinguish what a user can do about it.
 *
 * | tag                 | when                                                              |
 * |---------------------|-------------------------------------------------------------------|
 * | `ConnectFailed`     | connecting failed, the connection ended before a reply, or a shared limit failed; see `unsent` |
 * | `ConnectTimeout`    | no connection within `timeouts.connect`                           |
 * | `ReadTimeout`       | nothing was received for `timeouts.read`                          |
 * | `DeadlineExceeded`  | the exchange took longer than `timeouts.total`                    |
 * | `TlsFailed`         | the TLS handshake or the certificate is invalid                   |
 * | `ProxyFailed`       | the proxy failed or refused to connect; `status` is its status    |
 * | `ProtocolError`     | the reply is not valid HTTP                                       |
 * | `BodyCut`           | the connection ended before the body, or an event stream too early |
 * | `DecodingFailed`    | a content coding is damaged, truncated, or applied too many times |
 * | `BodyTooLarge`      | the body is larger than `limits.body`                             |
 * | `Aborted`           | the signal of the user aborted                                    |
 * | `ClientClosed`      | the client was closed before or during the exchange               |
 * | `RequestBodyFailed` | the stream of the request body failed, or has another length than declared |
 * | `Unsupported`       | the transport cannot do what the request needs; `unsupported` names it |
 * | `AddressRefused`    | the address policy of the transport refuses the host; `addresses` names its addresses |
 *
 * `unsent: true` means that nothing was written, for example because the host is unknown or refused the connection.
 * After any other fault, including `ConnectFailed`, the server may have processed the request.
 */
import * as Printable from '../values/Printable.js'
import * as Tagged from '../values/Tagged.js'

/** All tags, in the order of the table. */
export const TAGS = [
  'ConnectFailed',
  'ConnectTimeout',
  'ReadTimeout',
  'DeadlineExceeded',
  'TlsFailed',
  'ProxyFailed',
  'ProtocolError',
  'BodyCut',
  'DecodingFailed',
  'BodyTooLarge',
  'Aborted',
  'ClientClosed',
  'RequestBodyFailed',
  'Unsupported',
  'AddressRefused',
] as const
/** The tags of a fault, as in the table. */
export type FaultTag = (typeof TAGS)[number]

/** The safe part of an error of other code, which may also hold reply bytes, sockets or the password of a proxy. */
export interface ForeignError {
  /** `Error` if it has no name. */
  readonly name: string
  /** Empty if the error has no code. */
  readonly code: string
  /** On one line. */
  readonly message: string
}

/** @deprecated Use `ForeignError`. */
export type Cause = ForeignError

/** A fault without the plan that it belongs to. `TransportError` has both. */
export interface Fault<Tag extends FaultTag = FaultTag> {
  readonly _tag: Tag
  /** What was wrong, on one line, without secrets of the library. */
  readonly message: string
  /** Name, code and message of the original error or abort reason. */
  readonly cause: ForeignError | undefined
  /** The status that a proxy returned, for `ProxyFailed`, or that a given dispatcher rejected, for `ProtocolError`. */
  readonly status?: number
  /** The limit that passed, in milliseconds, for `DeadlineExceeded`, `ReadTimeout` and `ConnectTimeout`, if it is known. */
  readonly limit?: number
  /** The number of attempts that were started, for `DeadlineExceeded`: more than one only by `Transport.withRetry`. */
  readonly attempts?: number
  /**
   * The names of what the transport cannot do, for `Unsupported`. `Transport.fetch` uses those of `Fetch.restrictions`, the names
   * of its options, and `redirect` for a redirect that a browser hides. `Transport.undici` uses `sockets` in a browser or
   * worker, and `http2` in Bun and Deno.
   *
   * @since 0.2.0
   */
  readonly unsupported?: ReadonlyArray<string>
  /**
   * The addresses that the policy refused, for `AddressRefused`. Empty if no address was found yet, because a proxy would resolve the
   * name, or if the policy is invalid.
   *
   * @since 0.2.0
   */
  readonly addresses?: ReadonlyArray<string>
  /** Set if it is certain that nothing was written. Then any request can be sent again. */
  readonly unsent?: true
}

/**
 * Folds a fault with one handler for each tag.
 * @since 0.2.0
 * @category destructors
 */
export const match = Tagged.match<Fault>()

const stringProperty = (u: unknown, name: 'name' | 'code'): string | undefined => {
  if (typeof u !== 'object' || u === null) return undefined
  const value: unknown = Reflect.get(u, name)
  return typeof value === 'string' ? value : undefined
}

const reasonOf = Printable.reasonReader('no error message', 'the error message cannot be read')

/** Returns the message of anything that was thrown, on one line. Never throws. */
export const messageOf = (u: unknown): string => Printable.escapeControls(reasonOf(u))

/** Returns name, code and message of anything that was thrown. Never throws. */
export const causeOf = (u: unknown): ForeignError => {
  try {
    return { name: stringProperty(u, 'name') ?? 'Error', code: stringProperty(u, 'code') ?? '', message: messageOf(u) }
  } catch {
    return { name: 'Error', code: '', message: 'the error cannot be read' }
  }
}

/** Returns a fault. Keeps only name, code and message of the cause. */
export const make = <Tag extends FaultTag>(_tag: Tag, message: string, cause?: unknown): Fault<Tag> => ({
  _tag,
  message: Printable.escapeControls(message),
  cause: cause === undefined ? undefined : causeOf(cause),
})

/** Returns the type of a value for an error message: `null`, `a promise`, `a list`, or what `typeof` returns. */
export const kindOf = (u: unknown): string =>
  u === null ? 'null' : u instanceof Promise ? 'a promise' : Array.isArray(u) ? 'a list' : typeof u

/** Prevents that a promise in the wrong place ends the process with an unhandled rejection. */
export const ignoreRejection = (u: unknown): void => {
  Promise.resolve(u).catch(() => undefined)
}

/** @deprecated Use `ignoreRejection`. */
export const abandon = ignoreRejection

/** The message of a `ClientClosed` that does not know its request yet: `Transport.withPlan` completes it. */
export const CLIENT_CLOSED = 'The client was closed'

/** Marks a fault that happened before anything was written. */
export const unsent = (fault: Fault): Fault => ({ ...fault, unsent: true })

/** Returns whether it is certain that nothing was written. */
export const isUnsent = (fault: Fault): boolean => fault.unsent === true || fault._tag === 'ConnectTimeout'

const tags: ReadonlySet<unknown> = new Set(TAGS)

/** Checks whether something that was thrown is a fault. */
export const is = (u: unknown): u is Fault => {
  try {
    return typeof u === 'object' && u !== null && Object.hasOwn(u, '_tag') && '_tag' in u && tags.has(u._tag)
  } catch {
    return false // a getter or a proxy of the user
  }
}

/** Returns the fault of an aborted signal: `ClientClosed` if that is its reason, otherwise `Aborted`. */
export const ofAbort = (reason: unknown): Fault =>
  is(reason) && reason._tag === 'ClientClosed'
    ? reason
    : make('Aborted', `The request was aborted: ${messageOf(reason)}`, reason)
