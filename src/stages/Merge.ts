/**
 * The first stage: merges a session and a request. The settings of the request override those of the session.
 *
 * Law: for `settings`, merging is a monoid action: `merge(withSettings(t)(s))(r) = merge(s)(r with t <> its own)`.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Merge, Override, Request, Session } from 'requests-ts'
 *
 * const session = pipe(Session.empty, Session.withHeader('X-A', 'session'))
 * const { settings } = pipe(Request.get('/'), Request.withHeader('x-a', 'request'), Merge.merge(session))
 * assert.deepEqual(settings.headers.get('x-a'), Override.set({ name: 'x-a', values: ['request'] }))
 */
import type { Request } from '../session/Request.js'
import type { Session } from '../session/Session.js'
import * as Settings from '../session/Settings.js'

/** A session, a request, and the settings that result from both. */
export interface Merged {
  /** The session that was merged. */
  readonly session: Session
  /** The request that was merged. */
  readonly request: Request
  /** The settings of the session, overridden by those of the request. */
  readonly settings: Settings.Settings
}

/** Combines the settings of a session and a request. The settings of the request have precedence. */
export const merge =
  (session: Session) =>
  (request: Request): Merged => ({
    session,
    request,
    settings: Settings.Monoid.concat(session.settings, request.settings),
  })
