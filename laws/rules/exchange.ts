/** The laws of an exchange and of the operations of `Http`, as rule sets. */
import * as fc from 'fast-check'
import { chain } from '../arbitrary/Chain.js'
import * as Exchange from '../Exchange.js'
import * as Http from '../Http.js'
import type { RuleSet } from '../RuleSet.js'

/** Returns the laws of an exchange, for an implementation of `Exchange.simulate`. */
export const exchange = (simulate: Exchange.Machine): RuleSet => ({
  'an exchange ends within its limit': fc.property(chain, Exchange.endsWithinLimit(simulate)),
  'no secret crosses an origin, nor comes back': fc.property(chain, Exchange.keepsSecretsAtHome(simulate)),
  'no cookie is sent to a host that it does not match': fc.property(chain, Exchange.keepsCookiesAtHome(simulate)),
  'a cookie set on one hop is sent on the next': fc.property(chain, Exchange.carriesCookies(simulate)),
  'the body is kept iff the method is': fc.property(chain, Exchange.bodyIffMethod(simulate)),
  'a challenge is answered once': fc.property(chain, Exchange.answersOnce(simulate)),
  'history, jar and plan agree': fc.property(chain, Exchange.agreesWithHistory(simulate)),
})

/** Returns the laws of the operations of `Http`. */
export const http = (operations: Http.Operations): RuleSet => ({
  'attempt over memory is simulate': fc.asyncProperty(chain, Http.attemptIsSimulate(operations)),
  'send returns the outcome of attempt': fc.asyncProperty(chain, Http.sendIsAttempt(operations)),
  'send is start, then resume': fc.asyncProperty(chain, Http.sendIsResumed(operations)),
  'plan is the first plan of send': fc.asyncProperty(chain, Http.planIsFirst(operations)),
  'errors carry the jar': fc.asyncProperty(chain, Http.errorsCarryTheJar(operations)),
})
