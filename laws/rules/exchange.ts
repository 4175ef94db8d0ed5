/** The laws of an exchange, as a rule set. */
import * as fc from 'fast-check'
import { chain } from '../arbitrary/Chain.js'
import * as Exchange from '../Exchange.js'
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
