/**
 * The set of attempts in flight: adding and removing take constant time, and removed members can be collected.
 *
 * Not a `Set`: when a `Set` outgrows its table, V8 links the old table to the new one, for iterators. If members come and
 * go, one table that reached the old generation keeps all later tables and their members from being collected as young
 * objects. With 64 concurrent requests the collector needed 6 µs for each request with a `Set`, and 1.2 µs with this list.
 */
export interface InFlightMember {
  /** The member's index in the list; -1 if it is in no list. */
  index: number
}

export class InFlight<A extends InFlightMember> {
  readonly #members: A[] = []

  add(member: A): void {
    member.index = this.#members.length
    this.#members.push(member)
  }

  /** Removes a member and moves the last one to its index. */
  remove(member: A): void {
    const { index } = member
    if (this.#members[index] !== member) return
    const last = this.#members.pop()
    if (last !== undefined && last !== member) {
      this.#members[index] = last
      last.index = index
    }
    member.index = -1
  }

  /** Returns a copy of the list. */
  all(): ReadonlyArray<A> {
    return [...this.#members]
  }
}
