/**
 * Where a value came from: the layer that decided it, the details, and what it overrode.
 *
 * | layer         | meaning                                                                      |
 * |---------------|------------------------------------------------------------------------------|
 * | `defaults`    | `Session.defaults`, or the built-in value if no layer sets one               |
 * | `environment` | proxy variables, CA variables, netrc                                         |
 * | `session`     | the session's settings                                                       |
 * | `request`     | the request: its method, URL, body, settings                                 |
 * | `jar`         | the cookie jar                                                               |
 * | `prepare`, `redirect`, `challenge` | the stage that computed it                              |
 * | `hand`        | not known, because the plan was built or edited by hand                      |
 *
 * A default is recognised by identity, so a session that sets an equal value itself does not count as a default.
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

/** A value that another layer overrode. Values are redacted. */
export interface Overridden {
  readonly layer: Layer
  readonly value: string
}

/** The layer that decided a value. */
export interface Origin {
  readonly layer: Layer
  /** The details, as text; empty if the layer is enough. */
  readonly how: string
  readonly overrode: ReadonlyArray<Overridden>
}

/** An input that was available and is not in the plan. */
export interface Dropped {
  /** A name such as `header X-A` or `netrc entry for example.com`. */
  readonly what: string
  readonly layer: Layer
  readonly value: string
  readonly why: string
}

/** An input that was not read. */
export interface Unasked {
  readonly input: string
  readonly why: string
}

export const from = (layer: Layer, how = '', overrode: ReadonlyArray<Overridden> = []): Origin => ({
  layer,
  how,
  overrode,
})

export const byHand: Origin = from('hand', 'built or edited by hand')

// --- settings ------------------------------------------------------------------------------------------------------

/** The settings of session and request, and those of `Session.defaults`. */
export interface Layers {
  readonly session: Settings
  readonly request: Settings
  /** The settings of `Session.defaults`, if the session is based on them. */
  readonly base: Settings | undefined
}

const isBasedOn = (base: Settings, session: Settings): boolean =>
  [...base.headers].some(([key, override]) => session.headers.get(key) === override) ||
  [...base.timeouts].some(([key, override]) => session.timeouts.get(key) === override)

/** Returns the layers of a session and a request. */
export const layers = (session: Settings, request: Settings): Layers => {
  const { settings } = Session.defaults
  return { session, request, base: isBasedOn(settings, session) ? settings : undefined }
}

type Select<A> = (settings: Settings) => Override.Override<A>

/** Returns `defaults` if the session has the very object of the defaults, else `session`. */
export const sessionLayer = <A>({ session, base }: Layers, pick: Select<A>): Layer =>
  base !== undefined && pick(base)._tag !== 'Inherit' && pick(base) === pick(session) ? 'defaults' : 'session'

const overridden = <A>(
  layer: Layer,
  override: Override.Override<A>,
  show: (value: A) => string,
): ReadonlyArray<Overridden> => (override._tag === 'Set' ? [{ layer, value: show(override.value) }] : [])

/** Returns the layer that decides a setting, and what it overrode; `undefined` if every layer inherits. */
export const ofSetting = <A>(
  all: Layers,
  pick: Select<A>,
  show: (value: A) => string,
  how = '',
): Origin | undefined => {
  const ofRequest = pick(all.request)
  const ofSession = pick(all.session)
  const ofBase = all.base === undefined ? Override.inherit : pick(all.base)
  const under = ofBase === ofSession ? [] : overridden('defaults', ofBase, show)
  const layer = sessionLayer(all, pick)
  if (ofRequest._tag !== 'Inherit') return from('request', how, [...overridden(layer, ofSession, show), ...under])
  return ofSession._tag === 'Inherit' ? undefined : from(layer, how, under)
}
