import type { RuleSet } from '../../../laws/RuleSet.js'

/** A wrong implementation: what it does, who did it, and the laws that must refute it. */
export interface Lawbreaker {
  readonly mistake: string
  /** A library, an issue or a CVE; or how the mistake comes about. */
  readonly history: string
  readonly breaks: ReadonlyArray<string>
  /** The rule set, over the wrong implementation. */
  readonly rules: RuleSet
  /** How many values the laws may try; 5,000 unless said. */
  readonly runs?: number
}

/** One rule set, what it must accept, and what it must refute. */
export interface Case {
  readonly set: string
  readonly lawful: RuleSet
  readonly breakers: ReadonlyArray<Lawbreaker>
}
