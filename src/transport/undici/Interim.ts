/**
 * Takes each `100 Continue` out of what a connection receives before the head of a reply.
 *
 * A client must be able to parse interim replies that it does not expect (RFC 9110 15.2). undici 7.30 and 8.12 do so
 * for all but 100, which ends the connection (nodejs/undici#197), so their parser must not see it.
 *
 * | octets at the start of a head | become                                                        |
 * |-------------------------------|---------------------------------------------------------------|
 * | a whole 100                   | dropped, and told                                             |
 * | a part that may be of a 100   | held back until more comes                                    |
 * | another interim head          | given to undici; what follows is looked at again               |
 * | anything else                 | given to undici; nothing more is looked at before the next request |
 */
import type { Socket } from 'node:net'

const STATUS_LINE_START = 'HTTP/1.'
/** `HTTP/1.1 100`. */
const STATUS_LENGTH = 12
const EMPTY = Buffer.alloc(0)

type Start = 'Unknown' | 'Continue' | 'Interim' | 'Final'

/** What a head is, by its first octets. 101 ends HTTP/1.1 on the connection, so it is final here. */
const startOf = (octets: Buffer): Start => {
  const start = octets.toString('latin1', 0, STATUS_LENGTH)
  if (start.length < STATUS_LENGTH) {
    const isPossible = start.startsWith(STATUS_LINE_START) || STATUS_LINE_START.startsWith(start)
    return isPossible ? 'Unknown' : 'Final'
  }
  if (!/^HTTP\/1\.[01] 1\d\d$/.test(start)) return 'Final'
  const status = start.slice(9)
  return status === '100' ? 'Continue' : status === '101' ? 'Final' : 'Interim'
}

export interface Listener {
  /** A `100 Continue` came. */
  onInterim(): void
}

export class Interim {
  readonly #read: () => Buffer | null
  readonly #longest: number
  #held: Buffer = EMPTY
  #listener: Listener | undefined

  /** @param longest - octets of a head that is held back; a longer one is undici's to refuse */
  constructor(socket: Socket, longest: number) {
    // What is read is octets: no encoding is set on a socket of ours.
    const read = socket.read
    this.#read = () => read.call(socket) as Buffer | null
    this.#longest = longest
    socket.read = (size?: number) => (size === undefined ? this.#next() : read.call(socket, size))
  }

  /** From now on the head of a reply may come. */
  expect(listener: Listener): void {
    this.#listener = listener
  }

  #next(): Buffer | null {
    for (;;) {
      const chunk = this.#read()
      if (this.#listener === undefined || chunk === null) return chunk
      const passed = this.#pass(this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]))
      if (passed.length > 0) return passed
    }
  }

  /** What undici may see of it. */
  #pass(octets: Buffer): Buffer {
    const passed: Buffer[] = []
    let rest = octets
    this.#held = EMPTY
    while (this.#listener !== undefined && rest.length > 0) {
      const start = startOf(rest)
      const end = start === 'Final' ? -1 : rest.indexOf('\r\n\r\n')
      if (start === 'Final' || (end < 0 && rest.length > this.#longest)) {
        this.#listener = undefined
        break
      }
      if (end < 0) {
        this.#held = rest
        rest = EMPTY
        break
      }
      if (start === 'Continue') this.#listener.onInterim()
      else passed.push(rest.subarray(0, end + 4))
      rest = rest.subarray(end + 4)
    }
    // Most of what comes is one reply: it is not copied.
    return passed.length === 0 ? rest : Buffer.concat([...passed, rest])
  }
}
