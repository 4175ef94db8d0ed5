/** A response: the final reply of an exchange as data, with its history. */
import type * as O from 'fp-ts/lib/Option.js'
import type { Cookie } from '../cookies/Cookie.js'
import type { Jar } from '../cookies/Jar.js'
import type { Rejection } from '../cookies/SetCookie.js'
import type { Plan } from './Plan.js'
import type { Head, Hop } from './Reply.js'

/** A response without its body, which is read separately. */
export interface Unread extends Head {
  /** The URL of the final reply, with its fragment and without userinfo (D14). */
  readonly url: string
  /** The charset of the Content-Type. */
  readonly encoding: O.Option<string>
  /** The cookies that this reply set. The jar has the cookies of earlier hops. */
  readonly cookies: ReadonlyArray<Cookie>
  /** The Set-Cookie lines of this reply that the jar rejected, and why; absent if there are none. */
  readonly rejected?: ReadonlyArray<Rejection>
  /** The earlier hops, oldest first: redirects and answered challenges, without their bodies (D20). */
  readonly history: ReadonlyArray<Hop>
  /** The plan of the final reply. */
  readonly plan: Plan
  /** The plan that was not sent, if a policy stopped at a redirect. */
  readonly next: O.Option<Plan>
  /** The cookie jar after this reply. */
  readonly jar: Jar
}

/** A response with its body. */
export interface Response extends Unread {
  /** The decoded body. */
  readonly bytes: Uint8Array
}
