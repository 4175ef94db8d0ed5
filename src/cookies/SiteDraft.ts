/**
 * The cookies of one site while a response sets several of them: writes each as `CookieStore.writeToSite` does, with one
 * copy of the list for all. A draft belongs to one response. Its `cookies` are read when everything was written.
 *
 * Law: a draft of `s` after `write(a)` and `write(b)` has the cookies `writeToSite(b, writeToSite(a, s))`.
 */
import * as Cookie from './Cookie.js'
import type { SiteCookies } from './CookieSelection.js'
import * as CookieStore from './CookieStore.js'
import * as LogicalTime from './LogicalTime.js'

/** The code of the last character; 0 for an empty text. */
const lastCode = (text: string): number => (text === '' ? 0 : text.charCodeAt(text.length - 1))

export class SiteDraft {
  #cookies: SiteCookies
  /** The list as a copy that may be changed; absent before the first write. */
  #copy: Cookie.Cookie[] | undefined
  /** Whether all records are Secure or none is. Then no key occurs twice. */
  #isUniform: boolean
  /** Where a search begins. A server mostly sets its cookies again in the order in which it set them before. */
  #start = 0
  /** The last key that was searched, and its index: a cookie is searched before it is written. */
  #lastKey: Cookie.Key | undefined
  #lastIndex = -1

  constructor(stored: SiteCookies) {
    this.#cookies = stored
    this.#isUniform = stored.every(({ secure }) => secure === stored[0]?.secure)
  }

  get cookies(): SiteCookies {
    return this.#cookies
  }

  /** Returns the live record with a key. */
  find(key: Cookie.Key, now: number): Cookie.Cookie | undefined {
    if (!this.#isUniform) return this.#cookies.find((other) => Cookie.sameKey(other, key) && Cookie.isLive(other, now))
    const found = this.#cookies[this.#indexOf(key)]
    return found !== undefined && Cookie.isLive(found, now) ? found : undefined
  }

  /** Writes a record, which must be newer than all records of the site. */
  write(cookie: Cookie.Cookie): void {
    const [first] = this.#cookies
    if (first !== undefined && first.secure !== cookie.secure) this.#isUniform = false
    if (this.#isUniform) {
      this.#put(cookie)
      return
    }
    this.#cookies = CookieStore.writeToSite(cookie, this.#cookies)
    this.#copy = undefined
  }

  #indexOf(key: Cookie.Key): number {
    if (this.#lastKey !== undefined && Cookie.sameKey(this.#lastKey, key)) return this.#lastIndex
    const found = this.#search(key, this.#start, this.#cookies.length)
    this.#lastIndex = found < 0 ? this.#search(key, 0, this.#start) : found
    this.#lastKey = key
    return this.#lastIndex
  }

  #search(key: Cookie.Key, start: number, end: number): number {
    const last = lastCode(key.name)
    for (let i = start; i < end; i += 1) {
      const other = this.#cookies[i]
      // Comparing two texts costs more than looking at their last characters, which mostly differ.
      if (other !== undefined && lastCode(other.name) === last && Cookie.sameKey(other, key)) return i
    }
    return -1
  }

  #put(cookie: Cookie.Cookie): void {
    const index = this.#indexOf(cookie)
    const copy = this.#copy ?? [...this.#cookies]
    const old = copy[index]
    this.#lastKey = undefined
    this.#start = index + 1
    // Keys that are equal are sent in the order of their creation.
    if (old !== undefined && LogicalTime.compare(old.created, cookie.created) === 0) copy[index] = cookie
    else {
      if (old !== undefined) copy.splice(index, 1)
      // Searches from the end, which is the usual position.
      let end = copy.length
      for (
        let last = copy[end - 1];
        last !== undefined && Cookie.compareSending(cookie, last) < 0;
        last = copy[end - 1]
      )
        end -= 1
      if (end === copy.length) copy.push(cookie)
      else copy.splice(end, 0, cookie)
    }
    this.#copy = copy
    this.#cookies = copy
    if (copy.length <= CookieStore.MAX_RECORDS) return
    this.#cookies = CookieStore.limitedAfterWrite(copy, cookie.secure)
    this.#copy = undefined
  }
}
