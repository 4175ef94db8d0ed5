import type { RuleSet } from '../../../laws/RuleSet.js'

/** A wrong implementation: its mistake, a project that made it, and the laws that must refute it. */
export interface Lawbreaker {
  readonly mistake: string
  /** A library, an issue or a CVE; or the cause of the mistake. */
  readonly history: string
  readonly breaks: ReadonlyArray<string>
  /** The rule set of the wrong implementation. */
  readonly rules: RuleSet
  /** How many values a law may test. Default: 5,000. */
  readonly runs?: number
}

/** A rule set, an implementation that it must accept, and those that it must refute. */
export interface Case {
  readonly set: string
  readonly lawful: RuleSet
  readonly breakers: ReadonlyArray<Lawbreaker>
}
