/** The laws of sending again, as a rule set for any decorator of the type of `Transport.withRetry`. */
import * as fc from 'fast-check'
import { script } from '../arbitrary/Script.js'
import * as Laws from '../Retry.js'
import type { RuleSet } from '../RuleSet.js'

export const retry = (withRetry: Laws.WithRetry): RuleSet => ({
  'attempts are bounded': fc.asyncProperty(script, Laws.boundsAttempts(withRetry)),
  'the deadline is kept': fc.asyncProperty(script, Laws.keepsDeadline(withRetry)),
  'a one-shot body is sent once': fc.asyncProperty(script, Laws.sendsOnceOnce(withRetry)),
  'only what is safe is repeated': fc.asyncProperty(script, Laws.repeatsSafely(withRetry)),
  'only a passing failure is repeated': fc.asyncProperty(script, Laws.stopsAtLastWord(withRetry)),
  'it waits as scheduled and as asked': fc.asyncProperty(script, Laws.waitsAsAsked(withRetry)),
  'every reply but the last is discarded': fc.asyncProperty(script, Laws.discardsReplies(withRetry)),
  'the outcome is that of the last attempt': fc.asyncProperty(script, Laws.givesTheLast(withRetry)),
  'the cookies of a reply that is sent again are passed on': fc.asyncProperty(script, Laws.passesCookiesOn(withRetry)),
})
