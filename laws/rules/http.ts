/** The laws of the operations of `Http`, as a rule set. */
import * as fc from 'fast-check'
import { chain } from '../arbitrary/Chain.js'
import * as Http from '../Http.js'
import type { RuleSet } from '../RuleSet.js'

/** Returns the laws of the operations of `Http`. */
export const http = (operations: Http.Operations): RuleSet => ({
  'attempt over memory is simulate': fc.asyncProperty(chain, Http.attemptIsSimulate(operations)),
  'send returns the outcome of attempt': fc.asyncProperty(chain, Http.sendIsAttempt(operations)),
  'send is start, then resume': fc.asyncProperty(chain, Http.sendIsResumed(operations)),
  'plan is the first plan of send': fc.asyncProperty(chain, Http.planIsFirst(operations)),
  'errors carry the jar': fc.asyncProperty(chain, Http.errorsCarryTheJar(operations)),
})
