/**
 * Converts errors of undici, Node and OpenSSL to faults, depending on the phase of the attempt.
 *
 * | error                                                                | phase        | fault               |
 * |----------------------------------------------------------------------|--------------|---------------------|
 * | ENOTFOUND, ECONNREFUSED, EHOSTUNREACH, ENOENT …                      | connecting   | `ConnectFailed`     |
 * | any error after TLS has started                                      | connecting   | `TlsFailed`         |
 * | any error between us and a proxy                                     | connecting   | `ProxyFailed`       |
 * | ERR_SSL_…, an alert after the handshake (TLS 1.3)                    | sent         | `TlsFailed`         |
 * | UND_ERR_SOCKET, ECONNRESET, EPIPE                                    | sent         | `ConnectFailed`     |
 * | HTTPParserError, UND_ERR_HEADERS_OVERFLOW, an unexpected 101         | sent         | `ProtocolError`     |
 * | UND_ERR_INVALID_ARG, UND_ERR_NOT_SUPPORTED                           | queued       | `ProtocolError`     |
 * | UND_ERR_RESPONSE, of the interceptor `responseError`                 | any          | `ProtocolError`     |
 * | UND_ERR_REQ_CONTENT_LENGTH_MISMATCH                                  | queued, sent | `RequestBodyFailed` |
 * | UND_ERR_DESTROYED, UND_ERR_CLOSED                                    | any          | `ClientClosed`      |
 * | UND_ERR_SOCKET, ECONNRESET, HTTPParserError, a wrong length          | receiving    | `BodyCut`           |
 *
 * Faults before `sent` are marked `unsent`. From then on the server may have processed the request, and the message
 * states this.
 *
 * `Fault.make` keeps only name, code and message of a cause. The errors themselves can hold secrets: undici's hold bytes
 * of the response, those of `socks` the password of the proxy, Node's the socket.
 */
import * as Proxy from '../../values/Proxy.js'
import { inMs } from '../../wire/Deadline.js'
import * as Fault from '../../wire/Fault.js'
import type { Plan } from '../../wire/Plan.js'
import { clientClosed } from '../Cancellation.js'
import { FaultError } from '../FaultError.js'
import { forwardingProxy } from './Head.js'

export type Phase = 'Queued' | 'Connecting' | 'Sent' | 'Receiving' | 'Over'

export { FaultError }

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EADDRNOTAVAIL: 'the local address does not belong to this machine',
  EAI_AGAIN: 'the name server does not respond',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ENOENT: 'the socket does not exist',
  ENOTFOUND: 'the host does not exist',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'the operating system timed out',
}

const reasonOfOne = (error: unknown): string => {
  const { code } = Fault.causeOf(error)
  const reason = REASONS[code] ?? Fault.messageOf(error)
  return code === '' || reason.includes(code) ? reason : `${reason} (${code})`
}

const addressOf = (error: unknown): string =>
  error instanceof Error && 'address' in error && typeof error.address === 'string' ? `${error.address}: ` : ''

/** Returns the reason of an error in plain words, with its code. If several addresses failed, each has its own reason. */
export const reasonOf = (error: unknown): string =>
  error instanceof AggregateError && error.errors.length > 1
    ? error.errors.map((one: unknown) => `${addressOf(one)}${reasonOfOne(one)}`).join('; ')
    : reasonOfOne(error)

/** Returns the name of the server for messages. If a proxy forwards the request, errors are those of the proxy. */
export const peerOf = (plan: Plan): string => {
  const proxy = forwardingProxy(plan)
  return proxy === undefined ? plan.url.origin : `proxy ${Proxy.show(proxy)} (forwarding to ${plan.url.origin})`
}

export const connectFailed = (peer: string, error: unknown): Fault.Fault =>
  Fault.make('ConnectFailed', `Could not connect to ${peer}: ${reasonOf(error)}`, error)
export const connectionClosed = (peer: string): Fault.Fault =>
  Fault.make('ConnectFailed', `The idle connection to ${peer} was closed before the request was written`)
/** The server reported that it has not processed the request (RFC 9113 8.7). */
export const refusedStream = (peer: string): Fault.Fault =>
  Fault.unsent(Fault.make('ConnectFailed', `${peer} refused the stream and did not process the request`))
/** Whether the server reported with GOAWAY or REFUSED_STREAM that it has not processed the request. */
export const isUnprocessed = (error: unknown): boolean => error instanceof FaultError && Fault.isUnsent(error.fault)
export const tlsFailed = (peer: string, error: unknown): Fault.Fault =>
  Fault.make('TlsFailed', `TLS handshake with ${peer} failed: ${reasonOf(error)}`, error)

export const proxyFailed = (message: string, error?: unknown): Fault.Fault => Fault.make('ProxyFailed', message, error)
export const proxyConnectFailed = (proxy: string, error: unknown): Fault.Fault =>
  proxyFailed(`Could not connect to proxy ${proxy}: ${reasonOf(error)}`, error)
export const proxyTlsFailed = (proxy: string, error: unknown): Fault.Fault =>
  proxyFailed(`TLS handshake with proxy ${proxy} failed: ${reasonOf(error)}`, error)
export const tunnelClosed = (proxy: string, peer: string, error: unknown): Fault.Fault =>
  proxyFailed(`Proxy ${proxy} did not open the tunnel to ${peer}: ${reasonOf(error)}`, error)
export const proxyRefused = (proxy: string, peer: string, status: number, reason: string): Fault.Fault => ({
  ...proxyFailed(`Proxy ${proxy} refused the tunnel to ${peer}: ${status} ${reason}`.trimEnd()),
  status,
})

const readTimeout = (peer: string, ms: number): Fault.Fault => ({
  ...Fault.make('ReadTimeout', `${peer} sent nothing for ${inMs(ms)}`),
  limit: ms,
})
const connectTimeout = (peer: string, ms: number, waitingFor: string | undefined): Fault.Fault => ({
  ...Fault.make('ConnectTimeout', `No connection to ${peer} after ${inMs(ms)} of waiting for ${waitingFor}`),
  limit: ms,
})
/** Nothing happened for so long in a phase. */
export const silence = (phase: Phase, peer: string, ms: number, waitingFor: string | undefined): Fault.Fault =>
  phase === 'Connecting' ? connectTimeout(peer, ms, waitingFor) : readTimeout(peer, ms)

export const tooManyInterim = (peer: string, limit: number): Fault.Fault =>
  Fault.make('ProtocolError', `${peer} sent more than ${limit} interim responses`)
export const foreignTransferEncoding = (peer: string): Fault.Fault =>
  Fault.make('ProtocolError', `${peer} used a transfer coding other than chunked`)
export const unexpectedUpgrade = (peer: string, status: number): Fault.Fault =>
  Fault.make('ProtocolError', `${peer} switched to another protocol (${status}), which is not supported`)

/** The codes of an alert that OpenSSL raised after the handshake, such as a missing client certificate in TLS 1.3. */
const TLS_ALERT = /^(?:ERR_SSL|ERR_TLS|ERR_OSSL)/
const NOT_HTTP = /^(?:UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|ERR_ASSERTION)$/

/** Whether undici received a response that HTTP/1.1 does not allow at this point. */
const isUnexpected = (code: string, message: string): boolean => code === 'UND_ERR_SOCKET' && message.startsWith('bad ')

const failedAfterSent = (peer: string, cause: Fault.ForeignError): Fault.Fault => {
  const { name, code, message } = cause
  if (TLS_ALERT.test(code)) return Fault.make('TlsFailed', `TLS with ${peer} failed: ${message} (${code})`, cause)
  if (name === 'HTTPParserError' || NOT_HTTP.test(code) || isUnexpected(code, message)) {
    return Fault.make('ProtocolError', `The response of ${peer} is not valid HTTP/1.1: ${message}`, cause)
  }
  const what = `${peer} closed the connection before it responded (${message})`
  return Fault.make('ConnectFailed', `${what}. It may have processed the request`, cause)
}

/** The `responseError` interceptor of a given dispatcher fails instead of passing a status of 400 or above. */
const responseRejected = (error: unknown, peer: string, cause: Fault.ForeignError): Fault.Fault => {
  const status: unknown = Reflect.get(Object(error), 'statusCode')
  const what = `The dispatcher rejected the response of ${peer}${typeof status === 'number' ? ` with status ${status}` : ''}`
  const fault = Fault.make('ProtocolError', `${what}; remove its responseError interceptor, and use Http.ok`, cause)
  return typeof status === 'number' ? { ...fault, status } : fault
}

export const classify = (error: unknown, phase: Phase, peer: string): Fault.Fault => {
  if (error instanceof FaultError) return error.fault
  const cause = Fault.causeOf(error)
  switch (cause.code) {
    case 'UND_ERR_DESTROYED':
    case 'UND_ERR_CLOSED':
      return clientClosed()
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_NOT_SUPPORTED':
      return Fault.make('ProtocolError', `The request cannot be sent: ${cause.message}`, cause)
    case 'UND_ERR_RESPONSE':
      return responseRejected(error, peer, cause)
    case 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH':
      return Fault.make('RequestBodyFailed', 'The length of the request body differs from its Content-Length', cause)
  }
  if (phase === 'Receiving') {
    return Fault.make('BodyCut', `The connection to ${peer} ended before the end of the body: ${cause.message}`, cause)
  }
  return phase === 'Sent' ? failedAfterSent(peer, cause) : connectFailed(peer, error)
}
