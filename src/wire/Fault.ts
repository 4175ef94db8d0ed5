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

export type FaultTag =
  | 'ConnectFailed'
  | 'ConnectTimeout'
  | 'ReadTimeout'
  | 'DeadlineExceeded'
  | 'TlsFailed'
  | 'ProxyFailed'
  | 'ProtocolError'
  | 'BodyCut'
  | 'DecodingFailed'
  | 'BodyTooLarge'
  | 'Aborted'
  | 'ClientClosed'
  | 'RequestBodyFailed'

/** A fault before it is known to which plan it belongs. */
export interface Fault<Tag extends FaultTag = FaultTag> {
  readonly _tag: Tag
  readonly message: string
  /** The foreign error, without anything it carries beside its name, code and message. */
  readonly cause: unknown
  /** What a proxy answered, for `ProxyFailed`. */
  readonly status?: number
  /** Said where it is certain that no octet of the request was written: any request may then be sent again. */
  readonly unsent?: true
}

export const make = <Tag extends FaultTag>(_tag: Tag, message: string, cause?: unknown): Fault<Tag> => ({
  _tag,
  message,
  cause,
})

/** The same fault, met before anything was written. */
export const unsent = (fault: Fault): Fault => ({ ...fault, unsent: true })

/** Whether it is certain that no octet of the request was written. */
export const isUnsent = (fault: Fault): boolean => fault.unsent === true || fault._tag === 'ConnectTimeout'

const TAGS: ReadonlySet<unknown> = new Set<FaultTag>([
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
])

/** Whether something that was thrown is a fault already. */
export const is = (u: unknown): u is Fault => typeof u === 'object' && u !== null && '_tag' in u && TAGS.has(u._tag)
