/**
 * An explanation as data.
 */
import type { FieldOrigin } from './Context.js'
import type { Decided } from './DecidedSettings.js'
import type { Dropped, Unasked } from './Origin.js'

export interface Explanation {
  /** The plan in one line. */
  readonly plan: string
  /** One for each field of the plan. */
  readonly entries: ReadonlyArray<FieldOrigin>
  /** The settings that decide about the exchange without being a field of the plan. */
  readonly settings: ReadonlyArray<Decided>
  /** The inputs that were available and are not in the plan. */
  readonly dropped: ReadonlyArray<Dropped>
  /** The inputs that were not read. */
  readonly unasked: ReadonlyArray<Unasked>
}
