/**
 * What can go wrong between a plan and its reply, named by what the user can do about it.
 *
 * | tag                | when                                                     |
 * |--------------------|----------------------------------------------------------|
 * | `ConnectFailed`    | no connection, or it ended before an answer; `unsent` tells |
 * | `ConnectTimeout`   | no connection within `timeouts.connect`                  |
 * | `ReadTimeout`      | silence longer than `timeouts.read`                      |
 * | `DeadlineExceeded` | `timeouts.total` is over                                 |
 * | `TlsFailed`        | handshake or certificate                                 |
 * | `ProxyFailed`      | the proxy refused, failed or lied; `status` where it said one |
 * | `ProtocolError`    | the reply is not HTTP                                    |
 * | `BodyCut`          | the connection ended before the body did                 |
 * | `DecodingFailed`   | a content coding is broken, cut short or nested too deep |
 * | `BodyTooLarge`     | the body is larger than `limits.body`                    |
 * | `Aborted`          | the user's signal                                        |
 * | `ClientClosed`     | sent, or still under way, when the client was closed     |
 * | `RequestBodyFailed` | the request's own stream failed, or was not as long as it said |
 *
 * `unsent: true` says that nothing was written: no such host, connection refused, no turn in time. A fault without it
 * leaves open whether the request arrived and was processed, `ConnectFailed` too.
 */

import * as Printable from '../values/Printable.js'

/** Every tag, in the order of the table. */
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
] as const
export type FaultTag = (typeof TAGS)[number]

/** What is kept of a foreign error. It may hold anything: octets of a reply, a socket, the password of a proxy. */
export interface ForeignError {
  readonly name: string
  /** Empty where there is none. */
  readonly code: string
  readonly message: string
}

/** @deprecated Use `ForeignError`. */
export type Cause = ForeignError

/** A fault before it is known to which plan it belongs. */
export interface Fault<Tag extends FaultTag = FaultTag> {
  readonly _tag: Tag
  readonly message: string
  /** The foreign error, or the reason of an abort, without anything it carries beside its name, code and message. */
  readonly cause: ForeignError | undefined
  /** What a proxy answered, for `ProxyFailed`. */
  readonly status?: number
  /** Set if it is certain that no octet of the request was written. Any request may then be sent again. */
  readonly unsent?: true
}

const member = (u: unknown, name: 'name' | 'code' | 'message'): string | undefined => {
  if (typeof u !== 'object' || u === null) return undefined
  const value: unknown = Reflect.get(u, name)
  return typeof value === 'string' ? value : undefined
}

const inWords = (u: unknown): string => {
  if (u instanceof AggregateError && u.message === '') return u.errors.map(messageOf).join('; ')
  return member(u, 'message') ?? (typeof u === 'object' && u !== null ? '' : String(u))
}

/** What was thrown, in words, on one line. Several addresses were tried and each failed: such an error has no message of its own. */
export const messageOf = (u: unknown): string => {
  try {
    return Printable.escapeControls(inWords(u).trim()) || 'no reason was given'
  } catch {
    return 'its reason cannot be read'
  }
}

/** What was thrown, without all that it carries. */
export const causeOf = (u: unknown): ForeignError => {
  try {
    return { name: member(u, 'name') ?? 'Error', code: member(u, 'code') ?? '', message: messageOf(u) }
  } catch {
    return { name: 'Error', code: '', message: 'it cannot be read' }
  }
}

/** A fault; of its cause only name, code and message are kept. */
export const make = <Tag extends FaultTag>(_tag: Tag, message: string, cause?: unknown): Fault<Tag> => ({
  _tag,
  message: Printable.escapeControls(message),
  cause: cause === undefined ? undefined : causeOf(cause),
})

/** What something is, for a message about what it should have been. */
export const kindOf = (u: unknown): string =>
  u === null ? 'null' : u instanceof Promise ? 'a promise' : Array.isArray(u) ? 'a list' : typeof u

/** Leaves a value alone that has no place here: if it is a promise, its rejection must not end the process. */
export const ignoreRejection = (u: unknown): void => {
  Promise.resolve(u).catch(() => undefined)
}

/** @deprecated Use `ignoreRejection`. */
export const abandon = ignoreRejection

/** The same fault, met before anything was written. */
export const unsent = (fault: Fault): Fault => ({ ...fault, unsent: true })

/** Whether it is certain that no octet of the request was written. */
export const isUnsent = (fault: Fault): boolean => fault.unsent === true || fault._tag === 'ConnectTimeout'

const known: ReadonlySet<unknown> = new Set(TAGS)

/** Whether something that was thrown is a fault already. */
export const is = (u: unknown): u is Fault => typeof u === 'object' && u !== null && '_tag' in u && known.has(u._tag)
