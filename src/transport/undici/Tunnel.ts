/**
 * Asking a proxy for a tunnel, on a connection that is open already.
 *
 * | proxy           | asked with                                                             |
 * |-----------------|------------------------------------------------------------------------|
 * | http, https     | `CONNECT host:port`, Host, User-Agent, Proxy-Authorization (RFC 9110 9.3.6) |
 * | socks4, socks4a | a user name, no password; IPv4, or a name under 4a                      |
 * | socks5, socks5h | no authentication, or user and password (RFC 1928, RFC 1929)            |
 *
 * A proxy is asked once. That it refuses or talks something else ends in one fault; that it hangs up or stays silent is
 * for whoever waits to see, who watches the socket and may destroy it.
 */
import type { Socket } from 'node:net'
import * as O from 'fp-ts/lib/Option.js'
import { SocksClient } from 'socks'
import * as Proxy from '../../values/Proxy.js'
import * as Secret from '../../values/Secret.js'
import type * as Fault from '../../wire/Fault.js'
import * as Failure from './Failure.js'

/** Where the tunnel shall lead. */
export interface Peer {
  /** A name or an address, without brackets. */
  readonly host: string
  readonly port: number
}

/** Nothing when the tunnel stands. */
export type Opened = (fault?: Fault.Fault) => void

export const authority = ({ host, port }: Peer): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

// --- CONNECT -------------------------------------------------------------------------------------------------------

const LONGEST_HEAD = 65_536
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})(?: ([^\r\n]*))?\r\n/
const START = 'HTTP/1.'

const connectHead = (proxy: Proxy.Proxy, peer: Peer, userAgent: string | undefined): string => {
  const target = authority(peer)
  const authorization = O.isSome(proxy.authorization)
    ? `Proxy-Authorization: ${Secret.reveal(proxy.authorization.value)}\r\n`
    : ''
  const agent = userAgent === undefined ? '' : `User-Agent: ${userAgent}\r\n`
  return `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${agent}${authorization}\r\n`
}

interface Finished {
  readonly _tag: 'Finished'
  readonly status: number
  readonly reason: string
  /** What came behind the head. */
  readonly rest: Buffer
}

/** What a proxy has said so far. */
type Answer = { readonly _tag: 'Unfinished' } | { readonly _tag: 'Foreign'; readonly message: string } | Finished

const foreign = (message: string): Answer => ({ _tag: 'Foreign', message })

/** A reason phrase is the proxy's to choose, so it is shown short. The fault escapes its control characters. */
const tame = (reason: string): string => reason.slice(0, 80)

const readAnswer = (received: Buffer): Answer => {
  // 1xx is interim: the answer is still to come.
  for (let rest = received; ; ) {
    const start = rest.toString('latin1', 0, START.length)
    if (!START.startsWith(start)) return foreign('did not answer in HTTP')
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return { _tag: 'Unfinished' }
    const line = STATUS_LINE.exec(rest.toString('latin1', 0, end + 2))
    if (line === null) return foreign('did not answer in HTTP')
    rest = rest.subarray(end + 4)
    const status = Number(line[1])
    if (status >= 200) return { _tag: 'Finished', status, reason: tame(line[2] ?? ''), rest }
  }
}

/** What comes behind the head of a 2xx is the tunnel's (RFC 9110 9.3.6). */
const accepted = (
  { status, reason, rest }: Finished,
  name: string,
  peer: Peer,
  socket: Socket,
): Fault.Fault | undefined => {
  if (status > 299) return Failure.proxyRefused(name, authority(peer), status, reason)
  socket.pause()
  if (rest.length > 0) socket.unshift(rest)
  return undefined
}

/** Opens a tunnel with CONNECT. */
export const connect = (
  socket: Socket,
  proxy: Proxy.Proxy,
  peer: Peer,
  userAgent: string | undefined,
  opened: Opened,
): void => {
  const name = Proxy.show(proxy)
  let received: Buffer = Buffer.alloc(0)
  const settle = (fault?: Fault.Fault): void => {
    socket.off('data', onData)
    opened(fault)
  }
  const onData = (chunk: Buffer): void => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    const answer = readAnswer(received)
    if (answer._tag === 'Finished') settle(accepted(answer, name, peer, socket))
    else if (answer._tag === 'Foreign') settle(Failure.proxyFailed(`Proxy ${name} ${answer.message}`))
    else if (received.length > LONGEST_HEAD) settle(Failure.proxyFailed(`Proxy ${name} answered with an endless head`))
  }
  socket.on('data', onData)
  socket.write(connectHead(proxy, peer, userAgent), 'latin1')
}

// --- SOCKS ---------------------------------------------------------------------------------------------------------

/** Whether the proxy is to resolve names. */
export const resolvesThere = ({ protocol }: Proxy.Proxy): boolean => protocol === 'socks4a:' || protocol === 'socks5h:'

export const isSocks4 = ({ protocol }: Proxy.Proxy): boolean => protocol === 'socks4:' || protocol === 'socks4a:'

interface Login {
  readonly userId?: string
  readonly password?: string
}

const login = (proxy: Proxy.Proxy): Login => {
  if (O.isNone(proxy.credentials)) return {}
  const { pass } = proxy.credentials.value
  const user = Secret.reveal(proxy.credentials.value.user)
  return isSocks4(proxy) ? { userId: user } : { userId: user, password: Secret.reveal(pass) }
}

/** What the protocol cannot say: each of its fields has one octet for its length, or ends with a NUL. */
const unspeakable = (proxy: Proxy.Proxy, { host }: Peer, { userId = '', password = '' }: Login): string | undefined => {
  if (Buffer.byteLength(host) > 255) return `cannot be asked for a host name of ${host.length} characters`
  if (Buffer.byteLength(userId) > 255 || Buffer.byteLength(password) > 255)
    return 'takes no credentials above 255 octets'
  if (isSocks4(proxy) && userId.includes('\0')) return 'takes no user name with a NUL'
  return isSocks4(proxy) && host.includes(':') ? `cannot be asked for the IPv6 address ${host}` : undefined
}

/** The package keeps a timer of its own, and with it the connection, for so long: ours is the one that counts. */
const HANDSHAKE_MS = 120_000

/** Opens a tunnel with SOCKS. The package's errors hold the password, hence only their message goes on. */
export const socks = (socket: Socket, proxy: Proxy.Proxy, peer: Peer, opened: Opened): void => {
  const name = Proxy.show(proxy)
  const credentials = login(proxy)
  const problem = unspeakable(proxy, peer, credentials)
  if (problem !== undefined) {
    opened(Failure.proxyFailed(`Proxy ${name} ${problem}`))
    return
  }
  SocksClient.createConnection({
    command: 'connect',
    proxy: { host: proxy.hostname, port: proxy.port, type: isSocks4(proxy) ? 4 : 5, ...credentials },
    destination: peer,
    existing_socket: socket,
    timeout: HANDSHAKE_MS,
  }).then(
    () => opened(),
    (error: unknown) => {
      const { name: kind, code, message } = Failure.causeOf(error)
      opened({
        ...Failure.proxyFailed(`Proxy ${name} opened no tunnel to ${authority(peer)}: ${message}`),
        cause: { name: kind, code, message },
      })
    },
  )
}
