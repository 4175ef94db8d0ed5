/**
 * Opens a tunnel through a proxy, on a connection that is already open.
 *
 * | proxy           | request                                                                     |
 * |-----------------|-----------------------------------------------------------------------------|
 * | http, https     | `CONNECT host:port`, Host, User-Agent, Proxy-Authorization (RFC 9110 9.3.6) |
 * | socks4, socks4a | a user name, no password; an IPv4 address, or a name with 4a                |
 * | socks5, socks5h | no authentication, or user and password (RFC 1928, RFC 1929)                |
 *
 * There is one request to the proxy. If the proxy refuses it or sends something else, the callback gets one fault, and the
 * digest challenges of a 407. If the proxy closes the connection or stays silent, the caller must notice: it watches the
 * socket and may destroy it.
 */
import type { Socket } from 'node:net'
import * as O from 'fp-ts/lib/Option.js'
import type { SocksProxy } from 'socks'
import { secretsInCredentials } from '../../session/auth/oauth2/RequestSecrets.js'
import { restrict } from '../../session/auth/oauth2/ServerText.js'
import * as Digest from '../../values/Digest.js'
import * as Proxy from '../../values/Proxy.js'
import * as Secret from '../../values/Secret.js'
import * as Fault from '../../wire/Fault.js'
import * as Failure from './Failure.js'

export interface Endpoint {
  /** A name or an address, without brackets. */
  readonly host: string
  readonly port: number
}

/** Called once: without a fault when the tunnel is open. `challenges` are the Proxy-Authenticate lines of a 407. */
export type TunnelCallback = (fault?: Fault.Fault, challenges?: ReadonlyArray<string>) => void

/** Returns `host:port`, as in CONNECT and in messages. */
export const authority = ({ host, port }: Endpoint): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

const MAX_HEAD_BYTES = 65_536
/** A reason phrase is the proxy's choice, so a message shows only its start. The fault escapes control characters. */
const MAX_REASON_LENGTH = 80
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})(?: ([^\r\n]*))?\r\n/
const CHALLENGE = /^proxy-authenticate:([^\r\n]*)/gim
const NO_CHALLENGES: ReadonlyArray<string> = []
const HTTP_START = 'HTTP/1.'

/** What a CONNECT request has besides its target. */
export interface ConnectFields {
  readonly userAgent: string | undefined
  /** Of Proxy-Authorization. */
  readonly authorization: O.Option<Secret.Secret>
}

const connectRequest = (endpoint: Endpoint, { userAgent, authorization }: ConnectFields): string => {
  const target = authority(endpoint)
  const credentials = O.isSome(authorization) ? `Proxy-Authorization: ${Secret.reveal(authorization.value)}\r\n` : ''
  const agent = userAgent === undefined ? '' : `User-Agent: ${userAgent}\r\n`
  return `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${agent}${credentials}\r\n`
}

/** Returns the start of a reason, without the credentials of the proxy, which it may repeat. */
const shownReason = ({ authorization }: ConnectFields, reason: string): string => {
  const secrets = O.isSome(authorization) ? secretsInCredentials(Secret.reveal(authorization.value)) : []
  return restrict(new Set(secrets), MAX_REASON_LENGTH)(reason)
}

/** Returns the header that answers a challenge for a tunnel, if the proxy has credentials (RFC 7616). */
export const answer = (
  { credentials }: Proxy.Proxy,
  endpoint: Endpoint,
  challenges: ReadonlyArray<string>,
  cnonce: string,
): O.Option<Secret.Secret> => {
  const challenge = Digest.select(challenges)
  if (O.isNone(challenge) || O.isNone(credentials)) return O.none
  const user = Secret.reveal(credentials.value.user)
  const { pass } = credentials.value
  const request = { method: 'CONNECT', target: authority(endpoint), count: 1, cnonce }
  return O.some(Digest.authorization({ user, pass, challenge: challenge.value, ...request }))
}

interface ConnectResponse {
  readonly _tag: 'Response'
  readonly status: number
  readonly reason: string
  /** The values of Proxy-Authenticate. */
  readonly challenges: ReadonlyArray<string>
  /** The bytes after the head. */
  readonly rest: Buffer
}

type Received = { readonly _tag: 'Incomplete' } | { readonly _tag: 'NotHttp' } | ConnectResponse

const parse = (received: Buffer): Received => {
  // A 1xx is an interim response: the final one follows.
  for (let rest = received; ; ) {
    const start = rest.toString('latin1', 0, HTTP_START.length)
    if (!HTTP_START.startsWith(start)) return { _tag: 'NotHttp' }
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return { _tag: 'Incomplete' }
    const head = rest.toString('latin1', 0, end + 2)
    const line = STATUS_LINE.exec(head)
    if (line === null) return { _tag: 'NotHttp' }
    rest = rest.subarray(end + 4)
    const status = Number(line[1])
    if (status < 200) continue
    const challenges = status === 407 ? Array.from(head.matchAll(CHALLENGE), ([, value = '']) => value) : NO_CHALLENGES
    return { _tag: 'Response', status, reason: line[2] ?? '', challenges, rest }
  }
}

export const connect = (
  socket: Socket,
  proxy: Proxy.Proxy,
  endpoint: Endpoint,
  fields: ConnectFields,
  callback: TunnelCallback,
): void => {
  const name = Proxy.show(proxy)
  let received: Buffer = Buffer.alloc(0)
  const settle = (fault?: Fault.Fault, challenges?: ReadonlyArray<string>): void => {
    socket.off('data', onData)
    callback(fault, challenges)
  }
  const onResponse = ({ status, reason, challenges, rest }: ConnectResponse): void => {
    if (status > 299) {
      settle(Failure.proxyRefused(name, authority(endpoint), status, shownReason(fields, reason)), challenges)
      return
    }
    // The bytes after the head of a 2xx belong to the tunnel (RFC 9110 9.3.6).
    socket.pause()
    if (rest.length > 0) socket.unshift(rest)
    settle()
  }
  const onData = (chunk: Buffer): void => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    const answer = parse(received)
    if (answer._tag === 'Response') onResponse(answer)
    else if (answer._tag === 'NotHttp') settle(Failure.proxyFailed(`Proxy ${name} did not respond with HTTP/1.1`))
    else if (received.length > MAX_HEAD_BYTES) {
      settle(Failure.proxyFailed(`Proxy ${name} sent a response head of more than ${MAX_HEAD_BYTES} bytes`))
    }
  }
  socket.on('data', onData)
  socket.write(connectRequest(endpoint, fields), 'latin1')
}

export const resolvesNames = ({ protocol }: Proxy.Proxy): boolean => protocol === 'socks4a:' || protocol === 'socks5h:'
export const isSocks4 = ({ protocol }: Proxy.Proxy): boolean => protocol === 'socks4:' || protocol === 'socks4a:'

type Login = Pick<SocksProxy, 'userId' | 'password'>

const loginOf = (proxy: Proxy.Proxy): Login => {
  if (O.isNone(proxy.credentials)) return {}
  const { user, pass } = proxy.credentials.value
  const userId = Secret.reveal(user)
  return isSocks4(proxy) ? { userId } : { userId, password: Secret.reveal(pass) }
}

/** Returns why SOCKS cannot transmit a value: a field has one byte for its length, or ends with a NUL. */
const limitation = (proxy: Proxy.Proxy, { host }: Endpoint, login: Login): string | undefined => {
  const { userId = '', password = '' } = login
  if (Buffer.byteLength(host) > 255) return `a host name must have at most 255 bytes, not ${host.length}`
  if (Buffer.byteLength(userId) > 255 || Buffer.byteLength(password) > 255) {
    return 'user name and password must have at most 255 bytes each'
  }
  if (!isSocks4(proxy)) return undefined
  if (userId.includes('\0')) return 'a user name must not contain NUL with SOCKS 4'
  return host.includes(':') ? `SOCKS 4 cannot connect to the IPv6 address ${host}` : undefined
}

/** The package keeps the connection until its own timer fires. Long, so that the timer of the attempt decides. */
const HANDSHAKE_TIMEOUT_MS = 120_000

/** Loads the package with the first tunnel, because most programs use no SOCKS proxy. */
const openSocks = async (socket: Socket, proxy: SocksProxy, destination: Endpoint): Promise<void> => {
  const { SocksClient } = await import('socks')
  // The package would wait for the end of a connection that was closed in the meantime.
  if (socket.destroyed) throw new Error('the connection was closed')
  await SocksClient.createConnection({
    command: 'connect',
    proxy,
    destination,
    existing_socket: socket,
    timeout: HANDSHAKE_TIMEOUT_MS,
  })
}

export const socks = (socket: Socket, proxy: Proxy.Proxy, endpoint: Endpoint, callback: TunnelCallback): void => {
  const name = Proxy.show(proxy)
  const login = loginOf(proxy)
  const problem = limitation(proxy, endpoint, login)
  if (problem !== undefined) {
    callback(Failure.proxyFailed(`Proxy ${name} cannot be used: ${problem}`))
    return
  }
  const server: SocksProxy = { host: proxy.hostname, port: proxy.port, type: isSocks4(proxy) ? 4 : 5, ...login }
  openSocks(socket, server, endpoint).then(
    () => callback(),
    (error: unknown) => {
      const message = `Proxy ${name} opened no tunnel to ${authority(endpoint)}: ${Fault.messageOf(error)}`
      // The fault keeps only name, code and message of the error, which holds the password.
      callback(Failure.proxyFailed(message, error))
    },
  )
}
