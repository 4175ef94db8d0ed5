/**
 * A doubly linked list whose members hold their own links: adding and removing take constant time.
 *
 * Not a `Set`: when a `Set` outgrows its table, V8 links the old table to the new one, for iterators. If members come and
 * go, one table that reached the old generation keeps all later tables and their members from being collected as young
 * objects. With 64 concurrent requests, the collector needed five times as long with a `Set`.
 */

/** A member of at most one list. */
export class LinkedListNode<A> {
  declare previous: A | undefined
  declare next: A | undefined
  declare list: object | undefined

  // Assigned, not defined as fields: V8 defines a field of more than four classes in its runtime, a microsecond for each.
  constructor() {
    this.previous = undefined
    this.next = undefined
    this.list = undefined
  }
}

export class LinkedList<A extends LinkedListNode<A>> {
  #first: A | undefined
  #last: A | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  push(member: A): void {
    this.#insert(member, this.#last, undefined)
  }

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

  shift(): A | undefined {
    const first = this.#first
    if (first !== undefined) this.remove(first)
    return first
  }

  pop(): A | undefined {
    const last = this.#last
    if (last !== undefined) this.remove(last)
    return last
  }

  toArray(): ReadonlyArray<A> {
    const members: A[] = []
    for (let member = this.#first; member !== undefined; member = member.next) members.push(member)
    return members
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
