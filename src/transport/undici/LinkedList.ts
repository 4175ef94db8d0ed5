/**
 * A doubly linked list whose members hold their own links: adding and removing take constant time.
 *
 * The pool keeps its waiting requests and its idle connections in such lists. Both lose members from the middle: a
 * request is aborted, a connection is closed by the server.
 */

export interface LinkedListNode<A> {
  previous: A | undefined
  next: A | undefined
  /** The list that contains this node; a node is in at most one list. */
  list: object | undefined
}

export class LinkedList<A extends LinkedListNode<A>> {
  #first: A | undefined
  #last: A | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Adds a member at the end. */
  push(member: A): void {
    this.#insert(member, this.#last, undefined)
  }

  /** Adds a member at the front. */
  unshift(member: A): void {
    this.#insert(member, undefined, this.#first)
  }

  #insert(member: A, previous: A | undefined, next: A | undefined): void {
    member.list = this
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

  /** Removes a member. Does nothing if the member is not in this list. */
  remove(member: A): void {
    if (member.list !== this) return
    const { previous, next } = member
    if (previous === undefined) this.#first = next
    else previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
    member.list = undefined
    member.previous = undefined
    member.next = undefined
    this.#size -= 1
  }
}
