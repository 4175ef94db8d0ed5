/**
 * Errors of undici, Node and OpenSSL as faults, by the phase in which they came.
 *
 * | raised                                                              | phase         | fault               |
 * |---------------------------------------------------------------------|---------------|---------------------|
 * | ENOTFOUND, ECONNREFUSED, EHOSTUNREACH, ENOENT …                     | connecting    | `ConnectFailed`     |
 * | anything, once TLS has begun                                        | connecting    | `TlsFailed`         |
 * | anything between us and a proxy                                     | connecting    | `ProxyFailed`       |
 * | ERR_SSL_…, an alert after the handshake (TLS 1.3)                   | sent          | `TlsFailed`         |
 * | UND_ERR_SOCKET, ECONNRESET, EPIPE                                   | sent          | `ConnectFailed`     |
 * | HTTPParserError, UND_ERR_HEADERS_OVERFLOW, an unasked 101           | sent          | `ProtocolError`     |
 * | UND_ERR_INVALID_ARG, UND_ERR_NOT_SUPPORTED                          | before        | `ProtocolError`     |
 * | UND_ERR_REQ_CONTENT_LENGTH_MISMATCH                                 | before, sent  | `RequestBodyFailed` |
 * | UND_ERR_DESTROYED, UND_ERR_CLOSED                                   | any           | `ClientClosed`      |
 * | UND_ERR_SOCKET, ECONNRESET, HTTPParserError, a length that is wrong | receiving     | `BodyCut`           |
 *
 * What failed before `sent` is marked `unsent`. Behind it nobody knows what the server has done, and the message says so.
 *
 * Of a cause `Fault.make` keeps name, code and message: undici's errors hold raw octets of the reply, `socks`'s the
 * password of the proxy, Node's the socket.
 */
import * as Fault from '../../wire/Fault.js'
import { causeOf, type ForeignError, messageOf } from '../../wire/Fault.js'

export { causeOf, messageOf } from '../../wire/Fault.js'

/** How far an attempt has come. */
export type Phase = 'Queued' | 'Connecting' | 'Sent' | 'Receiving' | 'Over'

/**
 * A fault on its way through undici, which gives it back to the handler unread. It has no `code`: undici connects
 * again, and again, after some of its own.
 */
export class FaultError extends Error {
  readonly fault: Fault.Fault

  constructor(fault: Fault.Fault) {
    super(fault.message)
    this.fault = fault
  }
}

const PLAIN_WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EADDRNOTAVAIL: 'the local address is not of this machine',
  EAI_AGAIN: 'the name server does not answer',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ENOENT: 'there is no such socket',
  ENOTFOUND: 'no such host',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'the system gave up waiting',
}

const whyOne = (error: unknown): string => {
  const { code } = causeOf(error)
  const words = PLAIN_WORDS[code] ?? messageOf(error)
  return code === '' || words.includes(code) ? words : `${words} (${code})`
}

/** The address that Node writes into the error of a connection. */
const addressOf = (error: unknown): string =>
  error instanceof Error && 'address' in error && typeof error.address === 'string' ? `${error.address}: ` : ''

/** Why, in words a person can act on, with the code to search for. Of several addresses, each with its own reason. */
export const why = (error: unknown): string =>
  error instanceof AggregateError && error.errors.length > 1
    ? error.errors.map((one: unknown) => `${addressOf(one)}${whyOne(one)}`).join('; ')
    : whyOne(error)

export const connectFailed = (peer: string, error: unknown): Fault.Fault =>
  Fault.make('ConnectFailed', `Could not connect to ${peer}: ${why(error)}`, error)

/** A connection that was closed while it was idle. Nothing of the request was written. */
export const connectionClosed = (peer: string): Fault.Fault =>
  Fault.make('ConnectFailed', `The idle connection to ${peer} was closed before the request was written`)

/** The server said that it has not processed the request (RFC 9113 8.7). */
export const refusedStream = (peer: string): Fault.Fault =>
  Fault.unsent(Fault.make('ConnectFailed', `${peer} refused the stream and did not process the request`))

export const tlsFailed = (peer: string, error: unknown): Fault.Fault =>
  Fault.make('TlsFailed', `TLS with ${peer} failed: ${why(error)}`, error)

export const proxyFailed = (message: string, error?: unknown): Fault.Fault => Fault.make('ProxyFailed', message, error)

/** What a proxy answered to CONNECT when it did not open a tunnel. */
export const proxyRefused = (proxy: string, peer: string, status: number, reason: string): Fault.Fault => ({
  ...Fault.make('ProxyFailed', `Proxy ${proxy} refused the tunnel to ${peer}: ${status} ${reason}`.trimEnd()),
  status,
})

export const clientClosed = (): Fault.Fault => Fault.make('ClientClosed', 'The client was closed')

export const late = (method: string, peer: string): Fault.Fault =>
  Fault.make('DeadlineExceeded', `${method} ${peer} was not done in time`)

export const silent = (peer: string, ms: number | undefined): Fault.Fault =>
  Fault.make('ReadTimeout', `${peer} was silent for ${ms} ms`)

export const notConnected = (peer: string, ms: number | undefined, waitingFor: string | undefined): Fault.Fault =>
  Fault.make('ConnectTimeout', `No connection to ${peer} in ${ms} ms, waiting for ${waitingFor}`)

export const tooManyInterim = (peer: string, most: number): Fault.Fault =>
  Fault.make('ProtocolError', `${peer} sent more than ${most} interim replies`)

/** OpenSSL's alerts that come only once the handshake is over, such as a missing client certificate in TLS 1.3. */
const isTls = (code: string): boolean => /^(?:ERR_SSL|ERR_TLS|ERR_OSSL)/.test(code)

/** undici's word for a reply that HTTP/1.1 does not allow at that place. */
const isUnasked = (code: string, message: string): boolean => code === 'UND_ERR_SOCKET' && message.startsWith('bad ')

const NOT_HTTP: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'ERR_ASSERTION',
])

const sent = (peer: string, cause: ForeignError): Fault.Fault => {
  const { name, code, message } = cause
  if (isTls(code)) return Fault.make('TlsFailed', `TLS with ${peer} failed: ${message} (${code})`, cause)
  if (name === 'HTTPParserError' || NOT_HTTP.has(code) || isUnasked(code, message)) {
    return Fault.make('ProtocolError', `The reply of ${peer} is not HTTP/1.1: ${message}`, cause)
  }
  const what = `${peer} closed the connection before it answered (${message})`
  return Fault.make('ConnectFailed', `${what}; the request may have been processed`, cause)
}

/** An error that undici gave to the handler. */
export const classify = (error: unknown, phase: Phase, peer: string): Fault.Fault => {
  if (error instanceof FaultError) return error.fault
  const cause = causeOf(error)
  switch (cause.code) {
    case 'UND_ERR_DESTROYED':
    case 'UND_ERR_CLOSED':
      return clientClosed()
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_NOT_SUPPORTED':
      return Fault.make('ProtocolError', `The request cannot be sent: ${cause.message}`, cause)
    case 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH':
      return Fault.make('RequestBodyFailed', 'The request body is not as long as its Content-Length says', cause)
  }
  if (phase === 'Receiving') {
    return Fault.make('BodyCut', `The connection to ${peer} ended before the body did: ${cause.message}`, cause)
  }
  return phase === 'Sent' ? sent(peer, cause) : connectFailed(peer, error)
}
