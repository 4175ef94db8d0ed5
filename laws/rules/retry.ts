/** The laws of retrying as a rule set for implementations of `Transport.withRetry`. */
import * as fc from 'fast-check'
import { script } from '../arbitrary/Script.js'
import * as Laws from '../Retry.js'
import type { RuleSet } from '../RuleSet.js'

/** Returns the laws of retrying, for an implementation of `Transport.withRetry`. */
export const retry = (withRetry: Laws.WithRetry): RuleSet => ({
  'attempts are bounded': fc.asyncProperty(script, Laws.boundsAttempts(withRetry)),
  'the deadline is kept': fc.asyncProperty(script, Laws.keepsDeadline(withRetry)),
  'a one-shot body is sent once': fc.asyncProperty(script, Laws.sendsOnceOnce(withRetry)),
  'only idempotent, keyed or unsent requests are retried': fc.asyncProperty(script, Laws.repeatsSafely(withRetry)),
  'every attempt has the same idempotency key': fc.asyncProperty(script, Laws.keepsKey(withRetry)),
  'only transient failures are retried': fc.asyncProperty(script, Laws.stopsAtLastWord(withRetry)),
  'delays follow the schedule and Retry-After': fc.asyncProperty(script, Laws.waitsAsAsked(withRetry)),
  'every reply except the last is discarded': fc.asyncProperty(script, Laws.discardsReplies(withRetry)),
  'the outcome is that of the last attempt': fc.asyncProperty(script, Laws.givesTheLast(withRetry)),
  'the cookies of a retried reply are sent with the next attempt': fc.asyncProperty(
    script,
    Laws.passesCookiesOn(withRetry),
  ),
})
