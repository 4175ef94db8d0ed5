/**
 * The result of converting some options of a curl line: settings of a request, and what was left out.
 */
import * as Settings from '../../session/Settings.js'

/** An option that is valid for curl but not part of the request, and the reason. */
export interface LeftOut {
  readonly option: string
  readonly why: string
}

export interface Converted {
  readonly settings: Settings.Settings
  readonly leftOut: ReadonlyArray<LeftOut>
}

/** Applies changes, in order, to empty settings. */
export const settingsOf = (...changes: ReadonlyArray<Settings.Configure>): Settings.Settings =>
  changes.reduce<Settings.Configurable>((made, change) => change(made), { settings: Settings.empty }).settings
