/** The laws of tapes, as a rule set for any pair of the types of `Transport.record` and `Transport.replay`. */
import * as fc from 'fast-check'
import { calls } from '../arbitrary/Calls.js'
import { chain } from '../arbitrary/Chain.js'
import type { RuleSet } from '../RuleSet.js'
import * as Laws from '../Tape.js'

export const tape = (operations: Laws.Operations): RuleSet => ({
  'recording changes nothing': fc.asyncProperty(chain, Laws.recordIsSilent(operations)),
  'replay after record is the identity': fc.asyncProperty(chain, Laws.replayIsRecord(operations)),
  'every outcome comes again, once, in order': fc.asyncProperty(calls, Laws.replaysCalls(operations)),
  'a tape holds no secret': fc.asyncProperty(chain, Laws.holdsNoSecret(operations)),
})
