/**
 * A doubly linked list whose members hold their own links: adding and removing cost the same however long it is.
 *
 * A queue of requests and a stack of idle connections need this, since both lose members from the middle: a request that
 * is given up, a connection that the server closes.
 */

export interface Link<A> {
  previous: A | undefined
  next: A | undefined
  /** The list that it is in; a member is in one list at a time. */
  chain: object | undefined
}

export class Chain<A extends Link<A>> {
  #first: A | undefined
  #last: A | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Adds a member at the end. */
  push(member: A): void {
    this.#put(member, this.#last, undefined)
  }

  /** Adds a member at the front. */
  unshift(member: A): void {
    this.#put(member, undefined, this.#first)
  }

  #put(member: A, previous: A | undefined, next: A | undefined): void {
    member.chain = this
    member.previous = previous
    member.next = next
    if (previous === undefined) this.#first = member
    else previous.next = member
    if (next === undefined) this.#last = member
    else next.previous = member
    this.#size += 1
  }

  /** Removes and returns the first member. */
  shift(): A | undefined {
    const first = this.#first
    if (first !== undefined) this.remove(first)
    return first
  }

  /** Removes and returns the last member. */
  pop(): A | undefined {
    const last = this.#last
    if (last !== undefined) this.remove(last)
    return last
  }

  /** Removes a member; one of another list, or of none, is left alone. */
  remove(member: A): void {
    if (member.chain !== this) return
    const { previous, next } = member
    if (previous === undefined) this.#first = next
    else previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
    member.chain = undefined
    member.previous = undefined
    member.next = undefined
    this.#size -= 1
  }
}
