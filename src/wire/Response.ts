/**
 * A reply that has been read to its end: data, with everything that led to it.
 */
import type * as O from 'fp-ts/lib/Option.js'
import type { Cookie } from '../cookies/Cookie.js'
import type { Jar } from '../cookies/Jar.js'
import type { Rejection } from '../cookies/SetCookie.js'
import type { Plan } from './Plan.js'
import type { Head, Hop } from './Reply.js'

/** All of a response but its body, which is still to be read, or was read elsewhere. */
export interface Unread extends Head {
  /** The URL that answered, with its fragment and without userinfo (D14). */
  readonly url: string
  /** The charset that the reply declares. */
  readonly encoding: O.Option<string>
  /** The cookies that this reply set; those of earlier hops are in the jar. */
  readonly cookies: ReadonlyArray<Cookie>
  /** The Set-Cookie lines of this reply that the jar rejected, and why; absent if there are none. */
  readonly rejected?: ReadonlyArray<Rejection>
  /** The hops before, oldest first: redirects and answered challenges, without their bodies (D20). */
  readonly history: ReadonlyArray<Hop>
  /** What was answered. */
  readonly plan: Plan
  /** What would have been sent next, where a policy stopped at a redirect. */
  readonly next: O.Option<Plan>
  /** The jar as it was after this reply. */
  readonly jar: Jar
}

export interface Response extends Unread {
  /** The body, decoded. */
  readonly bytes: Uint8Array
}
