/**
 * The laws of merging a session and a request, as predicates over any implementation.
 *
 *     mergeActs        merge(withSettings(t)(s))(r) = merge(s)(r with t below its own settings)
 *     requestWins      a header that the request sets has the request's value
 *     unsetRemoves     a header that the request removes is not sent
 */

import * as E from 'fp-ts/lib/Either.js'
import type { Request } from '../src/session/Request.js'
import type { Session } from '../src/session/Session.js'
import * as Settings from '../src/session/Settings.js'
import type { Merged } from '../src/stages/Merge.js'
import * as Prepare from '../src/stages/Prepare.js'
import * as Headers from '../src/values/Headers.js'
import * as Secret from '../src/values/Secret.js'
import { Eq } from './Unsealed.js'

/** An implementation of merging. */
export type Merge = (session: Session) => (request: Request) => Merged

/** Returns the request with additional settings that its own settings override. */
const withDefaults = (settings: Settings.Settings, request: Request): Request => ({
  ...request,
  settings: Settings.Monoid.concat(settings, request.settings),
})

/** Merging is a monoid action of settings on sessions. */
export const mergeActs =
  (merge: Merge) =>
  (session: Session, settings: Settings.Settings, request: Request): boolean =>
    Eq.equals(
      merge(Settings.withSettings(settings)(session))(request).settings,
      merge(session)(withDefaults(settings, request)).settings,
    )

const sentHeaders = (merge: Merge, session: Session, request: Request): Headers.Headers | undefined => {
  const plan = Prepare.prepare({})(merge(session)(request))
  return E.isRight(plan) ? plan.right.headers : undefined
}

/** The request has precedence over the session. */
export const requestWins =
  (merge: Merge) =>
  (session: Session, request: Request, name: string, value: string): boolean => {
    const headers = sentHeaders(merge, session, Settings.withHeader(name, value)(request))
    return headers === undefined || Eq.equals(Headers.valuesOf(headers, name.toUpperCase()).map(Secret.reveal), [value])
  }

/** The request can remove a setting of the session. */
export const unsetRemoves =
  (merge: Merge) =>
  (session: Session, request: Request, name: string): boolean => {
    const headers = sentHeaders(merge, session, Settings.withoutHeader(name.toUpperCase())(request))
    return headers === undefined || !Headers.has(name)(headers)
  }
