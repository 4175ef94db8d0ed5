/**
 * What merging must do, as predicates over any implementation of the stage.
 *
 *     mergeActs        merge(withSettings(t)(s))(r) = merge(s)(r with t laid under its own)
 *     requestWins      what a request sets is what holds, whatever the session says
 *     unsetRemoves     what a request removes is gone, whatever the session says
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

export type Merge = (session: Session) => (request: Request) => Merged

/** The request with settings laid under its own. */
const under = (settings: Settings.Settings, request: Request): Request => ({
  ...request,
  settings: Settings.Monoid.concat(settings, request.settings),
})

export const mergeActs =
  (merge: Merge) =>
  (session: Session, settings: Settings.Settings, request: Request): boolean =>
    Eq.equals(
      merge(Settings.withSettings(settings)(session))(request).settings,
      merge(session)(under(settings, request)).settings,
    )

const sent = (merge: Merge, session: Session, request: Request): Headers.Headers | undefined => {
  const plan = Prepare.prepare({})(merge(session)(request))
  return E.isRight(plan) ? plan.right.headers : undefined
}

export const requestWins =
  (merge: Merge) =>
  (session: Session, request: Request, name: string, value: string): boolean => {
    const headers = sent(merge, session, Settings.withHeader(name, value)(request))
    return headers === undefined || Eq.equals(Headers.valuesOf(headers, name.toUpperCase()).map(Secret.reveal), [value])
  }

export const unsetRemoves =
  (merge: Merge) =>
  (session: Session, request: Request, name: string): boolean => {
    const headers = sent(merge, session, Settings.withoutHeader(name.toUpperCase())(request))
    return headers === undefined || !Headers.has(name)(headers)
  }
