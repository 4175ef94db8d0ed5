/**
 * Where a value came from: the layer that gave it, in words how, and what it took the place of.
 *
 * | layer         | means                                                                        |
 * |---------------|------------------------------------------------------------------------------|
 * | `defaults`    | `Session.defaults`, or what holds where nobody says anything                  |
 * | `environment` | proxy variables, CA variables, netrc                                         |
 * | `session`     | the session's settings                                                       |
 * | `request`     | the request: its method, URL, body, settings                                 |
 * | `jar`         | what servers told us to remember                                             |
 * | `prepare`, `redirect`, `challenge` | the stage that worked it out                            |
 * | `hand`        | nobody known: the plan was put together or edited by hand                    |
 *
 * A default is known by identity, so a session that says the same in its own words is not called a default.
 */
import * as Session from '../../session/Session.js'
import type { Settings } from '../../session/Settings.js'
import * as Override from '../../values/Override.js'

export type Layer =
  | 'defaults'
  | 'environment'
  | 'session'
  | 'request'
  | 'jar'
  | 'prepare'
  | 'redirect'
  | 'challenge'
  | 'hand'

/** What a layer said, and was not heard. Values are redacted. */
export interface Said {
  readonly layer: Layer
  readonly value: string
}

export interface Source {
  readonly layer: Layer
  /** How it came there, in words; empty where the layer says it all. */
  readonly how: string
  readonly overrode: ReadonlyArray<Said>
}

/** Something that was there to be used and was not. */
export interface Dropped {
  /** What it is: `header X-A`, `netrc entry for example.com`. */
  readonly what: string
  readonly layer: Layer
  readonly value: string
  readonly why: string
}

/** Where nobody looked. */
export interface Unasked {
  readonly input: string
  readonly why: string
}

export const from = (layer: Layer, how = '', overrode: ReadonlyArray<Said> = []): Source => ({ layer, how, overrode })

export const byHand: Source = from('hand', 'put together or edited by hand')

// --- settings ------------------------------------------------------------------------------------------------------

/** The settings of both, and what the session stands on. */
export interface Layers {
  readonly session: Settings
  readonly request: Settings
  /** The settings of `Session.defaults`, where the session is made of it; else none. */
  readonly base: Settings | undefined
}

const isMadeOf = (base: Settings, session: Settings): boolean =>
  [...base.headers].some(([key, override]) => session.headers.get(key) === override) ||
  [...base.timeouts].some(([key, override]) => session.timeouts.get(key) === override)

/** The layers of a session and a request. */
export const layers = (session: Settings, request: Settings): Layers => {
  const { settings } = Session.defaults
  return { session, request, base: isMadeOf(settings, session) ? settings : undefined }
}

type Pick<A> = (settings: Settings) => Override.Override<A>

/** The layer of the session's own word: `defaults`, where it is the very word of the defaults. */
export const sessionLayer = <A>({ session, base }: Layers, pick: Pick<A>): Layer =>
  base !== undefined && pick(base)._tag !== 'Inherit' && pick(base) === pick(session) ? 'defaults' : 'session'

const said = <A>(layer: Layer, override: Override.Override<A>, show: (value: A) => string): ReadonlyArray<Said> =>
  override._tag === 'Set' ? [{ layer, value: show(override.value) }] : []

/** Which layer has the last word on a setting, and over whom; none where all inherit. */
export const ofSetting = <A>(all: Layers, pick: Pick<A>, show: (value: A) => string, how = ''): Source | undefined => {
  const ofRequest = pick(all.request)
  const ofSession = pick(all.session)
  const ofBase = all.base === undefined ? Override.inherit : pick(all.base)
  const under = ofBase === ofSession ? [] : said('defaults', ofBase, show)
  const layer = sessionLayer(all, pick)
  if (ofRequest._tag !== 'Inherit') return from('request', how, [...said(layer, ofSession, show), ...under])
  return ofSession._tag === 'Inherit' ? undefined : from(layer, how, under)
}
