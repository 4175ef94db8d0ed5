/**
 * Opens one connection for one attempt: TCP or a unix socket, then a proxy and TLS if the plan needs them.
 *
 * | mode      | steps                                                                              |
 * |-----------|------------------------------------------------------------------------------------|
 * | `Direct`  | TCP, then TLS for https                                                            |
 * | `Forward` | TCP to the proxy, then TLS with an https proxy; http requests follow               |
 * | `Tunnel`  | the same, then CONNECT, then TLS with the origin; a digest challenge of the proxy is answered once, on another connection |
 * | `Socks`   | the host is resolved here (4, 5) or by the proxy (4a, 5h); TCP to the proxy, SOCKS, TLS |
 *
 * A failure is one fault with the tag of its step. The attempt can cancel at every step, which destroys the socket. A
 * name lookup cannot be cancelled; its result is ignored.
 */
import * as net from 'node:net'
import * as tls from 'node:tls'
import { constVoid } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Entropy from '../../values/Entropy.js'
import { withoutBrackets } from '../../values/IpAddress.js'
import * as Proxy from '../../values/Proxy.js'
import type * as Secret from '../../values/Secret.js'
import * as Fault from '../../wire/Fault.js'
import * as RandomSource from '../../wire/RandomSource.js'
import type { Resolve } from '../Lookup.js'
import type { AddressGuard } from './AddressGuard.js'
import * as Failure from './Failure.js'
import { HappyEyeballs } from './HappyEyeballs.js'
import type { Marks } from './PhaseClock.js'
import type { SecuritySource } from './Rotation.js'
import * as Tunnel from './Tunnel.js'

export type ProxyMode =
  | { readonly _tag: 'Direct' }
  | { readonly _tag: 'Forward' | 'Tunnel' | 'Socks'; readonly proxy: Proxy.Proxy }

export interface ConnectionOptions {
  readonly mode: ProxyMode
  /** Absent if nothing is encrypted. */
  readonly security: SecuritySource | undefined
  /** The security of a connection to a proxy: without the client certificate. */
  readonly proxySecurity: SecuritySource | undefined
  readonly socketPath: string | undefined
  readonly localAddress: string | undefined
  readonly http2: boolean
  readonly resolve: Resolve
  /** Absent: every address may be connected to. */
  readonly guard: AddressGuard | undefined
  /** The sockets that are open or opening, so that they can be destroyed. */
  readonly sockets: Set<net.Socket>
}

/** A connection that is being opened, as an attempt sees it. */
export interface Connecting {
  /** The event that the current step waits for. Part of the message of a timeout. */
  readonly waitingFor: string
  cancel(): void
}

export interface ConnectListener {
  readonly isOver: boolean
  readonly userAgent: string | undefined
  /** Absent if the phases are not recorded. */
  readonly phases: Marks | undefined
  onConnecting(connecting: Connecting): void
  onConnectSettled(): void
  /** The connection that was opened cannot serve the request: it waits for another one. */
  onQueued(): void
  fail(fault: Fault.Fault): void
}

/** The origin, or a proxy that forwards. */
export type Destination = Pick<URL, 'protocol' | 'hostname' | 'port'>

/** Called once: with the socket, or with `undefined` after a failure, which the listener has received. */
export type ConnectCallback = (socket: net.Socket | undefined) => void

const endpointOf = ({ hostname, protocol, port }: Destination): Tunnel.Endpoint => ({
  host: withoutBrackets(hostname),
  port: Number(port) || (protocol === 'https:' ? 443 : 80),
})

/** Returns the name for SNI and certificate checks. It must not be an address (RFC 6066 3). */
const serverName = (name: string): string => (net.isIP(name) === 0 ? name.replace(/\.$/, '') : '')

/** Explicitly absent: on a polluted `Object.prototype`, Node would find another destination or a timeout. */
const UNSET: object = {
  ...{ path: undefined, fd: undefined, handle: undefined, onread: undefined, lookup: undefined, signal: undefined },
  ...{ family: undefined, hints: undefined, localAddress: undefined, localPort: undefined, timeout: undefined },
  ...{ session: undefined, pskCallback: undefined, autoSelectFamily: undefined, objectMode: undefined },
}

type ToFault = (error: unknown) => Fault.Fault
type OnSocket = (socket: net.Socket) => void
/** Not a method, so that a connection in the pool does not keep its first attempt in memory. */
const track = (sockets: Set<net.Socket>, socket: net.Socket): void => {
  sockets.add(socket)
  socket.on('error', constVoid)
  socket.once('close', () => sockets.delete(socket))
}

/** A connection that is being opened. It calls its callback exactly once. */
export class ConnectAttempt implements Connecting {
  readonly #options: ConnectionOptions
  readonly #listener: ConnectListener
  readonly #destination: Destination
  readonly #callback: ConnectCallback
  readonly #endpoint: Tunnel.Endpoint
  /** Finds the addresses of the origin that may be connected to. */
  readonly #resolveOrigin: Resolve
  readonly #watched: net.Socket[] = []
  /** What an error means at the current step. */
  #toFault: ToFault
  #happyEyeballs: HappyEyeballs | undefined
  #isOver = false
  waitingFor = ''

  constructor(
    options: ConnectionOptions,
    listener: ConnectListener,
    destination: Destination,
    callback: ConnectCallback,
  ) {
    this.#options = options
    this.#listener = listener
    this.#destination = destination
    this.#callback = callback
    this.#endpoint = endpointOf(destination)
    const { resolve, guard } = options
    this.#resolveOrigin = guard === undefined ? resolve : guard.permitted(resolve)
    this.#toFault = this.#connectFailed
  }

  start(): void {
    const { mode, socketPath } = this.#options
    const endpoint = this.#endpoint
    const { guard } = this.#options
    const refusal = mode._tag === 'Forward' ? undefined : guard?.refusalOfAddress(endpoint.host)
    if (refusal !== undefined) {
      this.#fail(refusal)
      return
    }
    if (mode._tag === 'Direct') this.#tcp(endpoint, socketPath, this.#resolveOrigin, (socket) => this.#secure(socket))
    else if (mode._tag === 'Forward') this.#proxy(mode.proxy, (socket) => this.#finish(socket))
    else if (mode._tag === 'Tunnel') this.#proxy(mode.proxy, (socket) => this.#connect(mode.proxy, socket))
    else this.#resolve(mode.proxy, (resolved) => this.#socks(mode.proxy, resolved))
  }

  // --- the end -----------------------------------------------------------------------------------------------------

  cancel(): void {
    if (this.#isOver) return
    this.#settle()
    this.#happyEyeballs?.cancel()
    for (const socket of this.#watched) socket.destroy()
    // Later: inside the call that cancels, the pool would already open the next connection.
    queueMicrotask(() => this.#callback(undefined))
  }

  #fail(fault: Fault.Fault): void {
    if (this.#isOver) return
    this.cancel()
    this.#listener.fail(fault)
  }

  #finish(socket: net.Socket): void {
    if (socket.destroyed) {
      this.#onClose()
      return
    }
    this.#settle()
    this.#callback(socket)
  }

  #settle(): void {
    this.#isOver = true
    this.#listener.onConnectSettled()
    for (const socket of this.#watched) socket.off('error', this.#onError).off('close', this.#onClose)
  }

  readonly #connectFailed: ToFault = (error) => Failure.connectFailed(Tunnel.authority(this.#endpoint), error)
  readonly #onError = (error: unknown): void => this.#fail(Fault.is(error) ? error : this.#toFault(error))
  readonly #onClose = (): void => this.#fail(this.#toFault(new Error('the connection was closed')))

  // --- TCP and TLS -------------------------------------------------------------------------------------------------

  #watch(socket: net.Socket): void {
    this.#watched.push(socket)
    socket.on('error', this.#onError).on('close', this.#onClose)
  }

  #await(socket: net.Socket, event: 'connect' | 'secureConnect', next: OnSocket): void {
    track(this.#options.sockets, socket)
    this.#watch(socket)
    socket.once(event, () => {
      if (!this.#isOver) next(socket)
    })
  }

  #tcp(endpoint: Tunnel.Endpoint, socketPath: string | undefined, resolve: Resolve, next: OnSocket): void {
    const { localAddress, sockets } = this.#options
    this.waitingFor = `${socketPath ?? Tunnel.authority(endpoint)} to accept the connection`
    const common = { ...UNSET, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000, highWaterMark: 65_536 }
    if (socketPath !== undefined) {
      this.#await(net.connect({ ...common, path: socketPath }), 'connect', (socket) => {
        this.#listener.phases?.mark('connected')
        next(socket)
      })
      return
    }
    const options = localAddress === undefined ? common : { ...common, localAddress }
    this.#happyEyeballs = new HappyEyeballs(resolve, endpoint.port, options, {
      onResolved: () => this.#listener.phases?.mark('resolved'),
      onOpening: (socket) => track(sockets, socket),
      onFailed: this.#onError,
      onConnected: (socket) => {
        this.#listener.phases?.mark('connected')
        this.#watch(socket)
        next(socket)
      },
    })
    this.#happyEyeballs.start(endpoint.host)
  }

  #tls(
    socket: net.Socket,
    host: string,
    { current: security }: SecuritySource,
    protocols: string[],
    next: OnSocket,
  ): void {
    this.waitingFor = `the TLS handshake with ${host}`
    const secure = tls.connect({
      ...UNSET,
      socket,
      host,
      servername: serverName(host),
      secureContext: security.context,
      rejectUnauthorized: security.rejectUnauthorized,
      ALPNProtocols: protocols,
    })
    this.#await(secure, 'secureConnect', next)
  }

  #secure(socket: net.Socket): void {
    const { security, http2 } = this.#options
    if (this.#destination.protocol !== 'https:' || security === undefined) {
      this.#finish(socket)
      return
    }
    this.#toFault = (error) => Failure.tlsFailed(Tunnel.authority(this.#endpoint), error)
    const protocols = http2 ? ['h2', 'http/1.1'] : ['http/1.1']
    this.#tls(socket, this.#endpoint.host, security, protocols, (secure) => {
      this.#listener.phases?.mark('secured')
      this.#finish(secure)
    })
  }

  // --- proxies -----------------------------------------------------------------------------------------------------

  #proxy(proxy: Proxy.Proxy, next: OnSocket): void {
    const name = Proxy.show(proxy)
    const host = withoutBrackets(proxy.hostname)
    const { proxySecurity } = this.#options
    this.#toFault = (error) => Failure.proxyConnectFailed(name, error)
    this.#tcp({ host, port: proxy.port }, undefined, this.#options.resolve, (socket) => {
      if (proxy.protocol !== 'https:' || proxySecurity === undefined) return next(socket)
      this.#toFault = (error) => Failure.proxyTlsFailed(name, error)
      this.#tls(socket, host, proxySecurity, ['http/1.1'], next)
    })
  }

  #socks(proxy: Proxy.Proxy, endpoint: Tunnel.Endpoint): void {
    this.#proxy(proxy, (socket) => {
      this.#awaitTunnel(proxy, endpoint)
      Tunnel.socks(socket, proxy, endpoint, (fault) => this.#onTunnel(socket, fault))
    })
  }

  /** Opens a tunnel. A challenge of the proxy is answered once, on another connection, because this one may be closed. */
  #connect(proxy: Proxy.Proxy, socket: net.Socket, answer: O.Option<Secret.Secret> = O.none): void {
    this.#awaitTunnel(proxy, this.#endpoint)
    const { userAgent } = this.#listener
    const authorization = O.isSome(answer) ? answer : proxy.authorization
    Tunnel.connect(socket, proxy, this.#endpoint, { userAgent, authorization }, (fault, challenges = []) => {
      const cnonce = challenges.length === 0 ? '' : Entropy.draw(RandomSource.seed(), 'cnonce').slice(0, 16)
      const next = O.isSome(answer) ? O.none : Tunnel.answer(proxy, this.#endpoint, challenges, cnonce)
      if (this.#isOver || O.isNone(next)) {
        this.#onTunnel(socket, fault)
        return
      }
      this.#leaveSockets()
      this.#proxy(proxy, (other) => this.#connect(proxy, other, next))
    })
  }

  #awaitTunnel(proxy: Proxy.Proxy, endpoint: Tunnel.Endpoint): void {
    const name = Proxy.show(proxy)
    const target = Tunnel.authority(endpoint)
    this.waitingFor = `proxy ${name} to open a tunnel to ${target}`
    this.#toFault = (error) => Failure.tunnelClosed(name, target, error)
  }

  #onTunnel(socket: net.Socket, fault: Fault.Fault | undefined): void {
    if (fault !== undefined) this.#fail(fault)
    else if (!this.#isOver) {
      this.#listener.phases?.mark('connected')
      this.#secure(socket)
    }
  }

  #leaveSockets(): void {
    for (const socket of this.#watched.splice(0)) {
      socket.off('error', this.#onError).off('close', this.#onClose)
      socket.destroy()
    }
  }

  #resolve(proxy: Proxy.Proxy, next: (endpoint: Tunnel.Endpoint) => void): void {
    const { host, port } = this.#endpoint
    if (Tunnel.resolvesNames(proxy) || net.isIP(host) !== 0) {
      next(this.#endpoint)
      return
    }
    this.waitingFor = `the address of ${host}`
    this.#resolveOrigin(host, (error, addresses) => {
      this.#listener.phases?.mark('resolved')
      const found = addresses.find(({ family }) => family === 4 || !Tunnel.isSocks4(proxy))
      if (this.#isOver) return
      if (error !== undefined) this.#onError(error)
      else if (found === undefined) this.#onError(new Error(`${host} has only IPv6 addresses, and SOCKS 4 needs IPv4`))
      else next({ host: found.address, port })
    })
  }
}

export const openConnection = (
  options: ConnectionOptions,
  listener: ConnectListener,
  destination: Destination,
  callback: ConnectCallback,
): void => {
  const connecting = new ConnectAttempt(options, listener, destination, callback)
  if (listener.isOver) {
    connecting.cancel()
    return
  }
  listener.onConnecting(connecting)
  connecting.start()
}
