/** The error of an exchange whose request may have been processed, so that it must not be sent again. */
import * as O from 'fp-ts/lib/Option.js'
import type { Jar } from '../cookies/Jar.js'
import * as Printable from '../values/Printable.js'
import type { Head } from '../wire/Reply.js'
import type { Doubt, DoubtReason } from './Resumption.js'

/**
 * A request may have been processed, its reply is not known, and it may not be repeated: the key of a request whose session or
 * signer writes another one does not count. Find out at the server whether it was, and tell it with
 * `Durable.resolve`; or give the request an `Idempotency-Key`, if its server supports that.
 *
 * @since 0.2.0
 * @category errors
 */
export interface InDoubt {
  readonly _tag: 'InDoubt'
  /** The exchange. */
  readonly id: string
  /** What is known. */
  readonly reason: DoubtReason
  /** The method of the request. */
  readonly method: string
  /** The URL of the request. */
  readonly url: string
  /** When it was sent, by the clock of the process that sent it. */
  readonly sentAt: Date
  /** The head of the reply, if one came. */
  readonly head: O.Option<Head>
  /** The tag of the error of the run that sent it. `none`: that run was killed, could not write to the log, or still runs. */
  readonly failedWith: O.Option<string>
  /** What is known, and what to do. */
  readonly message: string
  /** The jar, with what the exchange has received. */
  readonly jar: Jar
}

const withoutQuery = (url: string): string => url.replace(/[?#].*$/s, '')

const knownOf = ({ reason, head, failure }: Doubt): string => {
  const status = O.isSome(head) ? `the server replied ${head.value.status}` : ''
  if (reason === 'ResolvedAsSent') return 'was sent, as you have resolved; its response is not known'
  if (reason === 'BodyLost') return `was processed: ${status}; only the body of the reply is not in the log`
  const failed = O.isSome(failure) ? ` (${failure.value.error})` : ''
  return `may have been processed: no reply was recorded${failed}`
}

const ADVICE: Readonly<Record<DoubtReason, string>> = {
  NoReply: 'Find out whether the server has processed it, and call Durable.resolve with sent or notSent',
  BodyLost: 'It is not sent again, unless you call Durable.resolve with notSent',
  ResolvedAsSent: 'It is not sent again',
}

/** Makes the error. */
export const inDoubt = (id: string, doubt: Doubt, jar: Jar): InDoubt => {
  const { reason, sending, head, failure } = doubt
  const { method, url, at } = sending
  return {
    _tag: 'InDoubt',
    id,
    reason,
    method,
    url,
    sentAt: new Date(at),
    head,
    failedWith: O.map(({ error }: { readonly error: string }) => error)(failure),
    message: `${method} ${withoutQuery(url)} of the exchange ${Printable.quoted(id)} ${knownOf(doubt)}. ${ADVICE[reason]}`,
    jar,
  }
}
