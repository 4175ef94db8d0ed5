/**
 * Converts what fetch throws or rejects with to a fault.
 *
 * | error                                                     | before the reply            | in a body        |
 * |-----------------------------------------------------------|-----------------------------|------------------|
 * | a fault, or one in its `cause`                            | itself                      | itself           |
 * | ECONNREFUSED, ENOTFOUND, `connect EHOSTUNREACH`, …         | `ConnectFailed`, unsent     |                  |
 * | the same in the text of Deno                              | `ConnectFailed`, unsent     |                  |
 * | UND_ERR_CONNECT_TIMEOUT                                   | `ConnectTimeout`            |                  |
 * | UND_ERR_HEADERS_TIMEOUT, UND_ERR_BODY_TIMEOUT, TimeoutError | `ReadTimeout`             | `ReadTimeout`    |
 * | a certificate                                             | `TlsFailed`, unsent         |                  |
 * | another code of TLS                                       | `TlsFailed`                 | `BodyCut`        |
 * | HTTPParserError, UND_ERR_HEADERS_OVERFLOW, …              | `ProtocolError`             | `BodyCut`        |
 * | UND_ERR_INVALID_ARG, UND_ERR_NOT_SUPPORTED                | `ProtocolError`, unsent     |                  |
 * | UND_ERR_REQ_CONTENT_LENGTH_MISMATCH                       | `RequestBodyFailed`         |                  |
 * | AbortError                                                | `Aborted`                   | `Aborted`        |
 * | an error of zlib                                          |                             | `DecodingFailed` |
 * | another error with a code, a `TypeError`, and those of workerd              | `ConnectFailed`             | `BodyCut`        |
 * | anything else                                             | `ProtocolError`             | `BodyCut`        |
 *
 * A browser gives no reason: `TypeError` is all that it shows of a refused connection, an invalid certificate, a reply that
 * is not HTTP, and a reply that CORS hides. Messages of a runtime may have the URL with its query. They are repeated with the
 * URL of the plan without its query instead, and without the values of `withSecretQuery`.
 */
import { secretsOf } from '../../stages/ReplyRedaction.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import { inMs } from '../../wire/Deadline.js'
import * as Fault from '../../wire/Fault.js'
import { type Plan, urlWithoutQuery } from '../../wire/Plan.js'
import { FaultError } from '../FaultError.js'

/** `Sent`: fetch was called, and has not returned a reply. `Receiving`: it has. */
export type Phase = 'Sent' | 'Receiving'

const NOT_CONNECTED = /^(?:ECONNREFUSED|ENOTFOUND|EAI_\w+|ConnectionRefused|FailedToOpenSocket)$/
/** An open connection can have the same codes. */
const NOT_REACHED = /^connect (?:EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|EHOSTDOWN)\b/
/** The errors of Deno lack a code. */
const NOT_CONNECTED_TEXT = /\(Connect\)|(?:tcp connect|dns) error|failed to lookup/i
const CERTIFICATE =
  /^(?:CERT_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+|HOSTNAME_MISMATCH|INVALID_CA|ERR_TLS_CERT_\w+)$/
const CERTIFICATE_TEXT = /invalid peer certificate|certificate (?:verify failed|has expired)/i
const TLS = /^(?:ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO)/
const NOT_HTTP = /^(?:HPE_\w+|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|Malformed_HTTP_Response)$/
const NOT_HTTP_TEXT = /invalid HTTP/i
/** workerd, which rejects with an `Error` without a code. */
const LOST_TEXT = /^(?:Network connection lost|internal error)/
const NOT_SENDABLE = /^(?:UND_ERR_INVALID_ARG|UND_ERR_NOT_SUPPORTED)$/
const SILENCE = /^(?:UND_ERR_HEADERS_TIMEOUT|UND_ERR_BODY_TIMEOUT)$/
const DECODING =
  /^(?:Z_\w+|ERR_BROTLI\w*|ERR__ERROR\w*|ZSTD_\w+|ERR_ZSTD\w*|\w*(?:Zlib|Brotli|Zstd|Decompression)Error)$/
/** Deno and workerd. */
const DECODING_TEXT = /gzip|brotli|unexpected end of file|decompress/i

const property = (u: unknown, name: 'cause' | 'fault'): unknown => {
  try {
    return typeof u === 'object' && u !== null ? Reflect.get(u, name) : undefined
  } catch {
    return undefined // a getter of a foreign error
  }
}

/** Returns the error that says most: the innermost `cause`, at most five levels deep. */
const innermost = (error: unknown): unknown => {
  let current = error
  for (let depth = 0; depth < 5; depth += 1) {
    const cause = property(current, 'cause')
    if (typeof cause !== 'object' || cause === null) return current
    current = cause
  }
  return current
}

const isFaultError = (u: unknown): u is FaultError => {
  try {
    return u instanceof FaultError
  } catch {
    return false // a proxy whose prototype cannot be read
  }
}

const faultIn = (error: unknown): Fault.Fault | undefined => {
  for (let current = error, depth = 0; depth < 5 && current !== undefined; depth += 1) {
    if (Fault.is(current)) return current
    if (isFaultError(current)) return current.fault
    current = property(current, 'cause')
  }
  return undefined
}

const URL_IN_TEXT = /\b[a-z][a-z\d+.-]*:\/\/[^\s"'<>]*/gi

/** Returns a text without a part, also where the part is percent-encoded as a whole. */
const withoutPart = (text: string, part: string, instead: string): string =>
  part === '' ? text : text.replaceAll(part, instead).replaceAll(encodeURIComponent(part), instead)

/** Returns a message with the URL of the plan instead of other URLs, without its query, and without its secrets. */
const withoutQuery = (plan: Plan, message: string): string => {
  // A URL may contain parentheses, and may stand in them.
  const withoutUrls = message.replace(URL_IN_TEXT, (url) => urlWithoutQuery(plan) + (url.endsWith(')') ? ')' : ''))
  const withoutSearch = withoutPart(withoutUrls, Url.sentSearch(plan.url), '')
  const withoutPath =
    plan.url.sealedPathname === undefined
      ? withoutSearch
      : withoutPart(withoutSearch, Url.sentPathname(plan.url), plan.url.pathname)
  return [...secretsOf(plan)].reduce((text, secret) => withoutPart(text, secret, Secret.REDACTED), withoutPath)
}

/** Returns name, code and message of an error. Its URLs may have a secret query. */
const causeOf = (plan: Plan, error: unknown): Fault.ForeignError => {
  const { name, code, message } = Fault.causeOf(error)
  return { name, code, message: withoutQuery(plan, message) }
}

const of = (tag: Fault.FaultTag, plan: Plan, what: string, cause: Fault.ForeignError): Fault.Fault =>
  Fault.make(tag, `${plan.method} ${urlWithoutQuery(plan)} ${what}: ${cause.message}`, cause)

const MAY_HAVE_RUN = '. The server may have processed the request'

const beforeReply = (plan: Plan, outerName: string, cause: Fault.ForeignError): Fault.Fault => {
  const { name, code, message } = cause
  // Before the text of Deno, which has `(Connect)` in both.
  if (CERTIFICATE.test(code) || CERTIFICATE_TEXT.test(message)) {
    return Fault.unsent(of('TlsFailed', plan, 'was not sent: the certificate of the server is not valid', cause))
  }
  const isTextOfDeno = code === '' && outerName === 'TypeError' && NOT_CONNECTED_TEXT.test(message)
  if (NOT_CONNECTED.test(code) || NOT_REACHED.test(message) || isTextOfDeno) {
    return Fault.unsent(of('ConnectFailed', plan, 'could not connect', cause))
  }
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return Fault.unsent(of('ConnectTimeout', plan, 'could not connect', cause))
  if (TLS.test(code)) return of('TlsFailed', plan, 'failed in TLS', cause)
  if (NOT_SENDABLE.test(code)) return Fault.unsent(of('ProtocolError', plan, 'cannot be sent by fetch', cause))
  if (code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH') {
    return of('RequestBodyFailed', plan, 'has a body of another length than its Content-Length', cause)
  }
  // The HTTPParserError of Node 24 lacks a code.
  const isNotHttp = name === 'HTTPParserError' || NOT_HTTP.test(code) || NOT_HTTP_TEXT.test(message)
  if (isNotHttp) return of('ProtocolError', plan, 'got an invalid reply', cause)
  const isNetwork = code !== '' || outerName === 'TypeError' || LOST_TEXT.test(message)
  if (!isNetwork) return of('ProtocolError', plan, 'failed in fetch', cause)
  const failed = of('ConnectFailed', plan, 'got no reply', cause)
  return { ...failed, message: `${failed.message.replace(/\.$/, '')}${MAY_HAVE_RUN}` }
}

/** Returns the fault of an error of fetch, or of its body. */
export const classify = (error: unknown, phase: Phase, plan: Plan): Fault.Fault => {
  const fault = faultIn(error)
  if (fault !== undefined) return fault
  const outer = Fault.causeOf(error)
  const cause = causeOf(plan, innermost(error))
  if (outer.name === 'AbortError') return of('Aborted', plan, 'was aborted by fetch', cause)
  if (outer.name === 'TimeoutError' || SILENCE.test(cause.code))
    return of('ReadTimeout', plan, 'timed out in fetch', cause)
  if (phase === 'Sent') return beforeReply(plan, outer.name, cause)
  return DECODING.test(cause.code) || DECODING_TEXT.test(cause.message)
    ? of('DecodingFailed', plan, 'has a body that cannot be decoded', cause)
    : of('BodyCut', plan, 'has a body that ended too early', cause)
}

export const readTimeout = (plan: Plan, ms: number): Fault.Fault => ({
  ...Fault.make('ReadTimeout', `${plan.url.origin} sent nothing for ${inMs(ms)}`),
  limit: ms,
})

/** Returns the fault of a value that is not a Response. */
export const notResponse = (plan: Plan, problem: string): Fault.Fault =>
  Fault.make('ProtocolError', `${plan.method} ${urlWithoutQuery(plan)} got an invalid reply: ${problem}`)
