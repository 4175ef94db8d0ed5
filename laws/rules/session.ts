/** The laws of merging, as a rule set. */
import * as fc from 'fast-check'
import { headerName, headerValue, request, session, settings } from '../arbitrary/Settings.js'
import type { RuleSet } from '../RuleSet.js'
import * as Laws from '../Session.js'

/** Returns the laws of merging, for an implementation of `Merge.merge`. */
export const merging = (merge: Laws.Merge): RuleSet => ({
  'merge is a monoid action': fc.property(session, settings, request, Laws.mergeActs(merge)),
  'a setting of the request has precedence': fc.property(
    session,
    request,
    headerName,
    headerValue,
    Laws.requestWins(merge),
  ),
  'a setting that the request removes is removed': fc.property(session, request, headerName, Laws.unsetRemoves(merge)),
})
