/**
 * A TCP connection to a host with several addresses: they are tried side by side (RFC 8305, "Happy Eyeballs").
 *
 * | event                    | becomes                                                                        |
 * |--------------------------|--------------------------------------------------------------------------------|
 * | the name is resolved     | addresses in the system's order, the families in turn (RFC 8305 4)               |
 * | 250 ms without an answer | the next address is tried, and those before it are still waited for (RFC 8305 5) |
 * | an address fails         | the next one is tried at once                                                   |
 * | an address connects      | it is used, the others are destroyed                                            |
 * | all fail                 | one error that names each address                                              |
 *
 * Node's own `autoSelectFamily` gives an address up after 250 ms, so that a slow one can never be reached.
 */
// The object, not its members: programs replace `dns.lookup`, and Node's own connections use what stands there.
import dns, { type LookupAddress } from 'node:dns'
import * as net from 'node:net'

const ATTEMPT_DELAY_MS = 250

/** Node and `localAddress` as the connector sets them, without host and port. */
export type SocketOptions = Omit<net.TcpSocketConnectOpts, 'host' | 'port'>

export interface Racer {
  /** Called for each socket before it connects. */
  opening(socket: net.Socket): void
  connected(socket: net.Socket): void
  failed(error: unknown): void
}

/** The addresses with their families in turn, beginning with that of the first. */
export const interleave = (addresses: ReadonlyArray<LookupAddress>): ReadonlyArray<LookupAddress> => {
  const [first] = addresses
  if (first === undefined) return []
  const same = addresses.filter(({ family }) => family === first.family)
  const other = addresses.filter(({ family }) => family !== first.family)
  return Array.from({ length: Math.max(same.length, other.length) }, (_, i) => [same[i], other[i]])
    .flat()
    .filter((address) => address !== undefined)
}

/** Only addresses of its own family can be reached from a local address. */
const reachable = (addresses: ReadonlyArray<LookupAddress>, localAddress: string | undefined) => {
  const family = localAddress === undefined ? 0 : net.isIP(localAddress)
  const found = addresses.filter((address) => family === 0 || address.family === family)
  return found.length > 0 ? found : addresses
}

export class HappyEyeballs {
  readonly #port: number
  readonly #options: SocketOptions
  readonly #racer: Racer
  readonly #running = new Set<net.Socket>()
  readonly #errors: Error[] = []
  #addresses: ReadonlyArray<LookupAddress> = []
  #next = 0
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  constructor(port: number, options: SocketOptions, racer: Racer) {
    this.#port = port
    this.#options = options
    this.#racer = racer
  }

  start(host: string): void {
    const family = net.isIP(host)
    if (family !== 0) {
      this.#run([{ address: host, family }])
      return
    }
    dns.lookup(host, { all: true, family: 0, hints: 0, order: undefined, verbatim: undefined }, (error, addresses) => {
      if (this.#isOver) return
      if (error) this.#end(error)
      else this.#run(interleave(reachable(addresses, this.#options.localAddress)))
    })
  }

  #run(addresses: ReadonlyArray<LookupAddress>): void {
    this.#addresses = addresses
    this.#try()
  }

  #try(): void {
    clearTimeout(this.#timer)
    const address = this.#addresses[this.#next]
    if (address === undefined) {
      if (this.#running.size === 0) this.#end(this.#whole())
      return
    }
    this.#next += 1
    this.#open(address)
    if (this.#next < this.#addresses.length && !this.#isOver) {
      this.#timer = setTimeout(() => this.#try(), ATTEMPT_DELAY_MS)
    }
  }

  #open({ address, family }: LookupAddress): void {
    const socket = net.connect({ ...this.#options, host: address, port: this.#port, family })
    this.#running.add(socket)
    this.#racer.opening(socket)
    let failure: Error | undefined
    socket.once('error', (error) => {
      failure = error
    })
    socket.once('close', () => this.#lost(socket, failure ?? new Error(`${address} closed the connection`)))
    socket.once('connect', () => this.#won(socket))
  }

  #won(socket: net.Socket): void {
    if (this.#isOver) return
    this.#running.delete(socket)
    this.cancel()
    this.#racer.connected(socket)
  }

  #lost(socket: net.Socket, error: Error): void {
    this.#running.delete(socket)
    if (this.#isOver) return
    this.#errors.push(error)
    this.#try()
  }

  /** The error of one address as it is; of several, one that names them all. */
  #whole(): Error {
    const [first] = this.#errors
    if (first !== undefined && this.#errors.length === 1) return first
    const whole = new AggregateError(this.#errors, this.#errors.map(({ message }) => message).join('; '))
    return Object.assign(whole, first !== undefined && 'code' in first ? { code: first.code } : {})
  }

  #end(error: unknown): void {
    this.cancel()
    this.#racer.failed(error)
  }

  /** Destroys what has not connected. */
  cancel(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    for (const socket of this.#running) socket.destroy()
    this.#running.clear()
  }
}
