/**
 * Opening one connection for one attempt: TCP or a unix socket, a proxy where there is one, TLS where it is asked for.
 *
 * | way       | steps                                                                            |
 * |-----------|----------------------------------------------------------------------------------|
 * | `Direct`  | TCP, TLS for https                                                               |
 * | `Forward` | TCP to the proxy, TLS with it where it is an https proxy; http requests follow     |
 * | `Tunnel`  | the same, then CONNECT, then TLS with the origin                                  |
 * | `Socks`   | TCP to the proxy, the name resolved here (4, 5) or there (4a, 5h), SOCKS, TLS      |
 *
 * A failure is one fault with the tag of its step. At any step the attempt can call it off, which destroys the socket
 * (a name that is being looked up is left to the system).
 */
import dns from 'node:dns'
import * as net from 'node:net'
import * as tls from 'node:tls'
import * as Proxy from '../../values/Proxy.js'
import type * as Fault from '../../wire/Fault.js'
import * as Failure from './Failure.js'
import { HappyEyeballs } from './HappyEyeballs.js'
import type { Security } from './Tls.js'
import * as Tunnel from './Tunnel.js'

export type ProxyMode =
  | { readonly _tag: 'Direct' }
  | { readonly _tag: 'Forward'; readonly proxy: Proxy.Proxy }
  | { readonly _tag: 'Tunnel'; readonly proxy: Proxy.Proxy }
  | { readonly _tag: 'Socks'; readonly proxy: Proxy.Proxy }

/** What the connections of one agent have in common. */
export interface ConnectionOptions {
  readonly way: ProxyMode
  /** Absent where nothing is encrypted. */
  readonly security: Security | undefined
  /** The same without the client certificate, for a proxy. */
  readonly proxySecurity: Security | undefined
  readonly socketPath: string | undefined
  readonly localAddress: string | undefined
  readonly http2: boolean
  /** Those that are open or opening, so that they can be ended. */
  readonly sockets: Set<net.Socket>
}

/** Who needs the connection. */
export interface ConnectListener {
  readonly isOver: boolean
  /** Its User-Agent, for CONNECT. */
  readonly userAgent: string | undefined
  /** The connection that serves it. */
  carrier: net.Socket | undefined
  /** One is being opened: how to call it off. */
  dialling(dial: ConnectAttempt): void
  /** It is open, or never will be. */
  dialled(): void
  /** It could not be opened. */
  fail(fault: Fault.Fault): void
  /** A `100 Continue` came. */
  onInterim(): void
}

/** Where a connection leads: the origin, or a proxy that forwards. */
export type Destination = Pick<URL, 'protocol' | 'hostname' | 'port'>

/** Called once: with the socket, or with nothing when the caller was told of a failure. */
export type Dialled = (socket: net.Socket | undefined) => void

/** A host and port as a message names them, and as CONNECT does. */
const peerOf = ({ hostname, protocol, port }: Destination): Tunnel.Peer => ({
  host: bare(hostname),
  port: Number(port) || (protocol === 'https:' ? 443 : 80),
})

/** An IPv6 address without its brackets. */
export const bare = (hostname: string): string => (hostname.startsWith('[') ? hostname.slice(1, -1) : hostname)

const proxyPeer = ({ hostname, port }: Proxy.Proxy): Tunnel.Peer => ({ host: bare(hostname), port })

/** The name to verify and to send as SNI, which an address is not (RFC 6066 3). */
const serverName = (name: string): string => (net.isIP(name) === 0 ? name.replace(/\.$/, '') : '')

/** Said to be nothing, so that Node does not find it on a polluted prototype: it would go to another place, or end. */
const UNSAID: object = {
  ...{ path: undefined, fd: undefined, handle: undefined, onread: undefined, lookup: undefined, signal: undefined },
  ...{ family: undefined, hints: undefined, localAddress: undefined, localPort: undefined, timeout: undefined },
  ...{ session: undefined, pskCallback: undefined, autoSelectFamily: undefined, objectMode: undefined },
}

/** What an error means at the step that is under way. */
type Failed = (error: unknown) => Fault.Fault

const ignore = (): void => {}

/** Apart from the class, so that a connection in the pool keeps no attempt alive. */
const track = (sockets: Set<net.Socket>, socket: net.Socket): void => {
  sockets.add(socket)
  socket.on('error', ignore)
  socket.once('close', () => sockets.delete(socket))
}

/** A connection on its way. Whatever happens, `callback` is called once. */
export class ConnectAttempt {
  readonly #line: ConnectionOptions
  readonly #caller: ConnectListener
  readonly #destination: Destination
  readonly #callback: Dialled
  readonly #peer: Tunnel.Peer
  readonly #held: net.Socket[] = []
  #failed: Failed
  #race: HappyEyeballs | undefined
  #isOver = false
  /** What it is waiting for, for the message of a timeout. */
  waitingFor = ''

  constructor(line: ConnectionOptions, caller: ConnectListener, destination: Destination, callback: Dialled) {
    this.#line = line
    this.#caller = caller
    this.#destination = destination
    this.#callback = callback
    this.#peer = peerOf(destination)
    this.#failed = this.#connectFailed
  }

  start(): void {
    const { way, socketPath } = this.#line
    if (way._tag === 'Direct') this.#tcp(this.#peer, socketPath, (socket) => this.#origin(socket))
    else if (way._tag === 'Socks') this.#resolve(way.proxy, (peer) => this.#throughSocks(way.proxy, peer))
    else if (way._tag === 'Tunnel') this.#proxy(way.proxy, (socket) => this.#connect(socket, way.proxy))
    else this.#proxy(way.proxy, (socket) => this.#finish(socket))
  }

  /** Calls it off. */
  cancel(): void {
    if (this.#isOver) return
    this.#settle()
    this.#race?.cancel()
    for (const socket of this.#held) socket.destroy()
    // Not within the call of whoever gives up: the pool would open the next connection there.
    queueMicrotask(() => this.#callback(undefined))
  }

  #fail(fault: Fault.Fault): void {
    if (this.#isOver) return
    this.cancel()
    this.#caller.fail(fault)
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
    this.#caller.dialled()
    for (const socket of this.#held) socket.off('error', this.#onError).off('close', this.#onClose)
  }

  readonly #connectFailed: Failed = (error) => Failure.connectFailed(Tunnel.authority(this.#peer), error)
  readonly #onError = (error: unknown): void => this.#fail(this.#failed(error))
  readonly #onClose = (): void => this.#fail(this.#failed(new Error('the connection was closed')))

  #watch(socket: net.Socket): void {
    this.#held.push(socket)
    socket.on('error', this.#onError).on('close', this.#onClose)
  }

  #hold(socket: net.Socket, event: 'connect' | 'secureConnect', next: (socket: net.Socket) => void): void {
    track(this.#line.sockets, socket)
    this.#watch(socket)
    socket.once(event, () => {
      if (!this.#isOver) next(socket)
    })
  }

  #tcp(peer: Tunnel.Peer, socketPath: string | undefined, next: (socket: net.Socket) => void): void {
    const { localAddress } = this.#line
    this.waitingFor = `${socketPath ?? Tunnel.authority(peer)} to accept the connection`
    const common = { ...UNSAID, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000, highWaterMark: 65_536 }
    if (socketPath !== undefined) {
      this.#hold(net.connect({ ...common, path: socketPath }), 'connect', next)
      return
    }
    const options = localAddress === undefined ? common : { ...common, localAddress }
    this.#race = new HappyEyeballs(peer.port, options, {
      opening: (socket) => track(this.#line.sockets, socket),
      failed: this.#onError,
      connected: (socket) => {
        this.#watch(socket)
        next(socket)
      },
    })
    this.#race.start(peer.host)
  }

  #tls(
    socket: net.Socket,
    host: string,
    { context, rejectUnauthorized }: Security,
    protocols: ReadonlyArray<string>,
    next: (socket: net.Socket) => void,
  ): void {
    this.waitingFor = `the TLS handshake with ${host}`
    const ALPNProtocols = [...protocols]
    const servername = serverName(host)
    const asked = { socket, host, servername, secureContext: context, rejectUnauthorized, ALPNProtocols }
    const secure = tls.connect({ ...UNSAID, ...asked })
    this.#hold(secure, 'secureConnect', next)
  }

  /** TLS with the origin, if its scheme says so; else the connection is ready. */
  #origin(socket: net.Socket): void {
    const { security } = this.#line
    if (this.#destination.protocol === 'https:' && security !== undefined) this.#secure(socket, security)
    else this.#finish(socket)
  }

  #secure(socket: net.Socket, security: Security): void {
    this.#failed = (error) => Failure.tlsFailed(Tunnel.authority(this.#peer), error)
    const { host } = this.#peer
    const protocols = this.#line.http2 ? ['h2', 'http/1.1'] : ['http/1.1']
    this.#tls(socket, host, security, protocols, (secure) => this.#finish(secure))
  }

  #proxy(proxy: Proxy.Proxy, next: (socket: net.Socket) => void): void {
    const name = Proxy.show(proxy)
    const { proxySecurity } = this.#line
    this.#failed = (error) => Failure.proxyFailed(`Could not connect to proxy ${name}: ${Failure.why(error)}`, error)
    this.#tcp(proxyPeer(proxy), undefined, (socket) => {
      if (proxy.protocol !== 'https:' || proxySecurity === undefined) return next(socket)
      this.#failed = (error) => Failure.proxyFailed(`TLS with proxy ${name} failed: ${Failure.why(error)}`, error)
      this.#tls(socket, bare(proxy.hostname), proxySecurity, ['http/1.1'], next)
    })
  }

  #ask(proxy: Proxy.Proxy, peer: Tunnel.Peer): void {
    const name = Proxy.show(proxy)
    const target = Tunnel.authority(peer)
    this.waitingFor = `proxy ${name} to open a tunnel to ${target}`
    this.#failed = (error) =>
      Failure.proxyFailed(`Proxy ${name} hung up before the tunnel to ${target} stood: ${Failure.why(error)}`, error)
  }

  #connect(socket: net.Socket, proxy: Proxy.Proxy): void {
    this.#ask(proxy, this.#peer)
    Tunnel.connect(socket, proxy, this.#peer, this.#caller.userAgent, (fault) =>
      fault ? this.#fail(fault) : this.#origin(socket),
    )
  }

  #throughSocks(proxy: Proxy.Proxy, peer: Tunnel.Peer): void {
    this.#proxy(proxy, (socket) => {
      this.#ask(proxy, peer)
      Tunnel.socks(socket, proxy, peer, (fault) => {
        if (fault !== undefined) this.#fail(fault)
        else if (!this.#isOver) this.#origin(socket)
      })
    })
  }

  #resolve(proxy: Proxy.Proxy, next: (peer: Tunnel.Peer) => void): void {
    const { host, port } = this.#peer
    if (Tunnel.resolvesThere(proxy) || net.isIP(host) !== 0) {
      next(this.#peer)
      return
    }
    this.waitingFor = `the address of ${host}`
    dns.lookup(host, { family: Tunnel.isSocks4(proxy) ? 4 : 0, all: false, hints: 0 }, (error, address) => {
      if (error) this.#fail(this.#connectFailed(error))
      else if (!this.#isOver) next({ host: address, port })
    })
  }
}

/** Opens a connection for a caller that needs one. One that is no longer wanted is not opened. */
export const dial = (
  line: ConnectionOptions,
  caller: ConnectListener,
  destination: Destination,
  callback: Dialled,
): void => {
  const one = new ConnectAttempt(line, caller, destination, callback)
  if (caller.isOver) {
    one.cancel()
    return
  }
  caller.dialling(one)
  one.start()
}
