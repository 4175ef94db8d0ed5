/** The laws of merging, as a rule set. */
import * as fc from 'fast-check'
import { headerName, headerValue, request, session, settings } from '../arbitrary/Settings.js'
import type { RuleSet } from '../RuleSet.js'
import * as Laws from '../Session.js'

export const merging = (merge: Laws.Merge): RuleSet => ({
  'merge is a monoid action': fc.property(session, settings, request, Laws.mergeActs(merge)),
  'what a request sets wins': fc.property(session, request, headerName, headerValue, Laws.requestWins(merge)),
  'what a request unsets is gone': fc.property(session, request, headerName, Laws.unsetRemoves(merge)),
})
