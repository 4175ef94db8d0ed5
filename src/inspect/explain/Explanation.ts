/**
 * An explanation as data: the fields of a plan and where each came from.
 */
import type { Entry } from './Ground.js'
import type { Decided } from './Settings.js'
import type { Dropped, Unasked } from './Source.js'

export interface Explanation {
  /** The plan in one line. */
  readonly plan: string
  /** One for each field of the plan. */
  readonly entries: ReadonlyArray<Entry>
  /** What decides over the exchange and stands in no plan. */
  readonly settings: ReadonlyArray<Decided>
  readonly dropped: ReadonlyArray<Dropped>
  /** The inputs that were not consulted. */
  readonly unasked: ReadonlyArray<Unasked>
}
