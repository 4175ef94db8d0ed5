/** The laws of tapes as a rule set for implementations of `Transport.record` and `Transport.replay`. */
import * as fc from 'fast-check'
import { calls } from '../arbitrary/Calls.js'
import { chain } from '../arbitrary/Chain.js'
import type { RuleSet } from '../RuleSet.js'
import * as Laws from '../Tape.js'

/** Returns the laws of tapes, for an implementation of `Transport.record` and `Transport.replay`. */
export const tape = (operations: Laws.Operations): RuleSet => ({
  'recording changes nothing': fc.asyncProperty(chain, Laws.recordIsSilent(operations)),
  'replaying a recording gives the same outcomes': fc.asyncProperty(chain, Laws.replayIsRecord(operations)),
  'each outcome is replayed once, in order': fc.asyncProperty(calls, Laws.replaysCalls(operations)),
  'a tape holds no secret': fc.asyncProperty(chain, Laws.holdsNoSecret(operations)),
})
