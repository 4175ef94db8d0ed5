/**
 * Opens a TCP connection to a host with several addresses, in parallel (RFC 8305, "Happy Eyeballs").
 *
 * | event                     | result                                                                        |
 * |---------------------------|-------------------------------------------------------------------------------|
 * | the name is resolved      | addresses in the system's order, address families alternating (RFC 8305 4)    |
 * | 250 ms without a result   | the next address is tried, earlier ones may still connect (RFC 8305 5)        |
 * | an address fails          | the next one is tried at once                                                 |
 * | an address connects       | it is used, the other sockets are destroyed                                   |
 * | all fail                  | one error that names each address                                             |
 *
 * Node's own `autoSelectFamily` abandons an address after 250 ms, so that it can never reach a slow one.
 */
// The object instead of its members: programs replace `dns.lookup`, and Node's own connections use the replacement.
import dns from 'node:dns'
import * as net from 'node:net'
import { checked, type LookupAddress, type Resolve } from '../Lookup.js'

const ATTEMPT_DELAY_MS = 250

export type SocketOptions = Omit<net.TcpSocketConnectOpts, 'host' | 'port'>

export interface HappyEyeballsListener {
  /** The host is a name, and its addresses are known. */
  onResolved?(): void
  /** Called for each socket before it connects. */
  onOpening(socket: net.Socket): void
  onConnected(socket: net.Socket): void
  onFailed(error: unknown): void
}

/** Node would look up what is not an address. Only addresses that were found and checked may be connected to. */
const refuseLookup: net.LookupFunction = (hostname, _, callback) =>
  callback(new Error(`${hostname} is not an IP address`), '', 0)

/** Returns the addresses with alternating families, starting with the family of the first address. */
export const interleave = (addresses: ReadonlyArray<LookupAddress>): ReadonlyArray<LookupAddress> => {
  const [first] = addresses
  if (first === undefined) return []
  const same = addresses.filter(({ family }) => family === first.family)
  const other = addresses.filter(({ family }) => family !== first.family)
  return Array.from({ length: Math.max(same.length, other.length) }, (_, i) => [same[i], other[i]])
    .flat()
    .filter((address) => address !== undefined)
}

/** Returns the addresses of the family of the local address: the others cannot be reached from it. */
const reachable = (addresses: ReadonlyArray<LookupAddress>, localAddress: string | undefined) => {
  const family = localAddress === undefined ? 0 : net.isIP(localAddress)
  const found = addresses.filter((address) => family === 0 || address.family === family)
  return found.length > 0 ? found : addresses
}

/** Finds addresses as Node does. */
export const systemLookup: Resolve = checked((host, options, callback) =>
  dns.lookup(host, { ...options, order: undefined, verbatim: undefined }, callback),
)

export class HappyEyeballs {
  readonly #resolve: Resolve
  readonly #port: number
  readonly #options: SocketOptions
  readonly #listener: HappyEyeballsListener
  readonly #connecting = new Set<net.Socket>()
  readonly #errors: Error[] = []
  #addresses: ReadonlyArray<LookupAddress> = []
  #next = 0
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  constructor(resolve: Resolve, port: number, options: SocketOptions, listener: HappyEyeballsListener) {
    this.#resolve = resolve
    this.#port = port
    this.#options = options
    this.#listener = listener
  }

  start(host: string): void {
    const family = net.isIP(host)
    if (family !== 0) {
      this.#startWith([{ address: host, family }])
      return
    }
    this.#resolve(host, (error, addresses) => {
      if (this.#isOver) return
      this.#listener.onResolved?.()
      if (error !== undefined) this.#fail(error)
      else this.#startWith(interleave(reachable(addresses, this.#options.localAddress)))
    })
  }

  #startWith(addresses: ReadonlyArray<LookupAddress>): void {
    this.#addresses = addresses
    this.#tryNext()
  }

  #tryNext(): void {
    clearTimeout(this.#timer)
    const address = this.#addresses[this.#next]
    if (address === undefined) {
      if (this.#connecting.size === 0) this.#fail(this.#combinedError())
      return
    }
    this.#next += 1
    this.#connect(address)
    if (this.#next < this.#addresses.length && !this.#isOver) {
      this.#timer = setTimeout(() => this.#tryNext(), ATTEMPT_DELAY_MS)
    }
  }

  #connect({ address, family }: LookupAddress): void {
    const socket = this.#open(address, family)
    if (socket === undefined) return
    this.#connecting.add(socket)
    this.#listener.onOpening(socket)
    let failure: Error | undefined
    const onError = (error: Error): void => {
      failure = error
    }
    const onClose = (): void => this.#onClose(socket, failure ?? new Error(`${address} closed the connection`))
    socket.once('error', onError).once('close', onClose)
    socket.once('connect', () => {
      // Otherwise the connection would keep its first request, and the response, in memory.
      socket.off('error', onError).off('close', onClose)
      this.#onConnect(socket)
    })
  }

  /** Node throws for an option that it does not accept, such as a port. */
  #open(address: string, family: number): net.Socket | undefined {
    try {
      return net.connect({ ...this.#options, host: address, port: this.#port, family, lookup: refuseLookup })
    } catch (error) {
      this.#fail(error)
      return undefined
    }
  }

  #onConnect(socket: net.Socket): void {
    if (this.#isOver) return
    this.#connecting.delete(socket)
    this.cancel()
    this.#listener.onConnected(socket)
  }

  #onClose(socket: net.Socket, error: Error): void {
    this.#connecting.delete(socket)
    if (this.#isOver) return
    this.#errors.push(error)
    this.#tryNext()
  }

  #combinedError(): Error {
    const [first] = this.#errors
    if (first !== undefined && this.#errors.length === 1) return first
    const combined = new AggregateError(this.#errors, this.#errors.map(({ message }) => message).join('; '))
    return Object.assign(combined, first !== undefined && 'code' in first ? { code: first.code } : {})
  }

  #fail(error: unknown): void {
    this.cancel()
    this.#listener.onFailed(error)
  }

  cancel(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    for (const socket of this.#connecting) socket.destroy()
    this.#connecting.clear()
  }
}
