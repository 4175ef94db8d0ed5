/**
 * Removes each `100 Continue` from what a connection receives before the head of a response.
 *
 * A client must be able to parse interim responses that it does not expect (RFC 9110 15.2). undici 7.30 and 8.12 close
 * the connection on a 100 (nodejs/undici#197), so their parser must not see it.
 *
 * | bytes at the start of a head | result                                                         |
 * |------------------------------|----------------------------------------------------------------|
 * | a whole 100                  | removed, and reported                                          |
 * | a part that may become a 100 | held back until more arrives                                   |
 * | another interim head         | passed to undici; the next head is checked                     |
 * | anything else                | passed to undici; nothing is checked before the next request   |
 */
import type { Socket } from 'node:net'

const STATUS_LINE_START = 'HTTP/1.'
/** The length of `HTTP/1.1 100`. */
const STATUS_LENGTH = 12
const EMPTY = Buffer.alloc(0)

type HeadKind = 'Unknown' | 'Continue' | 'Interim' | 'Final'

/** Returns what kind of head starts with these bytes. 101 ends HTTP/1.1 on the connection, so it is final here. */
const kindOf = (bytes: Buffer): HeadKind => {
  const start = bytes.toString('latin1', 0, STATUS_LENGTH)
  if (start.length < STATUS_LENGTH) {
    const isPossible = start.startsWith(STATUS_LINE_START) || STATUS_LINE_START.startsWith(start)
    return isPossible ? 'Unknown' : 'Final'
  }
  if (!/^HTTP\/1\.[01] 1\d\d$/.test(start)) return 'Final'
  const status = start.slice(9)
  return status === '100' ? 'Continue' : status === '101' ? 'Final' : 'Interim'
}

export interface InterimListener {
  /** A `100 Continue` arrived. */
  onInterim(): void
}

export class InterimFilter {
  readonly #read: () => Buffer | null
  readonly #maxHeld: number
  #held: Buffer = EMPTY
  #listener: InterimListener | undefined

  /** @param maxHeld - the longest head that is held back, in bytes; undici rejects a longer one */
  constructor(socket: Socket, maxHeld: number) {
    // The cast: our sockets have no encoding, so that they return buffers.
    const read = socket.read
    this.#read = () => read.call(socket) as Buffer | null
    this.#maxHeld = maxHeld
    socket.read = (size?: number) => (size === undefined ? this.#next() : read.call(socket, size))
  }

  /** Starts filtering: from now on the head of a response may arrive. */
  expectHead(listener: InterimListener): void {
    this.#listener = listener
  }

  #next(): Buffer | null {
    for (;;) {
      const chunk = this.#read()
      if (this.#listener === undefined || chunk === null) return chunk
      const passed = this.#filter(this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]))
      if (passed.length > 0) return passed
    }
  }

  /** Returns the part of the bytes that undici may see. */
  #filter(bytes: Buffer): Buffer {
    const passed: Buffer[] = []
    let rest = bytes
    this.#held = EMPTY
    while (this.#listener !== undefined && rest.length > 0) {
      const kind = kindOf(rest)
      const end = kind === 'Final' ? -1 : rest.indexOf('\r\n\r\n')
      if (kind === 'Final' || (end < 0 && rest.length > this.#maxHeld)) {
        this.#listener = undefined
        break
      }
      if (end < 0) {
        this.#held = rest
        rest = EMPTY
        break
      }
      if (kind === 'Continue') this.#listener.onInterim()
      else passed.push(rest.subarray(0, end + 4))
      rest = rest.subarray(end + 4)
    }
    // Usually there is one response, which is not copied.
    return passed.length === 0 ? rest : Buffer.concat([...passed, rest])
  }
}
