/** What a transport that retries changes in its exchange: it drops a reply, and sends the plan again. */
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Headers from '../values/Headers.js'
import * as Secret from '../values/Secret.js'
import type { Head } from '../wire/Reply.js'
import { absorb, rebuildCookies } from './Absorb.js'
import type { Exchange } from './ExchangeState.js'
import * as Credentials from './prepare/Credentials.js'
import { refresh } from './prepare/Provenance.js'
import { hideSecretQuery } from './ReplyRedaction.js'

const hasSameCookies = (x: Headers.Headers, y: Headers.Headers): boolean =>
  Secret.Eq.equals(Headers.find(x, 'Cookie') ?? '', Headers.find(y, 'Cookie') ?? '')

/** An exchange after a reply that a retrying transport drops, and how to rebuild the header fields of its next attempt. */
export interface RetriedExchange {
  /** With the jar after the dropped reply. */
  readonly exchange: Exchange
  /** Replaces the Cookie header, and the answer to a digest challenge. */
  readonly headers: Endomorphism<Headers.Headers>
}

/**
 * Stores the cookies of a reply that a transport such as `withRetry` drops: `SendControls.superseded`. `none`: the attempt
 * failed. A retrying transport inside it may have dropped replies, so the Cookie header is rebuilt anyway. A nonce is counted
 * for each attempt, because a server may accept a count once (RFC 7616 3.4).
 */
export const absorbRetried =
  (now: Date) =>
  (reply: O.Option<Head>) =>
  (x: Exchange): RetriedExchange => {
    const exchange = O.isNone(reply) ? x : absorb(now, hideSecretQuery(reply.value, x.merged), x).exchange
    const { plan, jar } = exchange
    const rebuild = rebuildCookies(exchange, now)
    const answered = Credentials.answerAgain(exchange)
    const headers = (sent: Headers.Headers): Headers.Headers => {
      const made = rebuild(sent)
      if (answered !== undefined) return Headers.upsertAt('Authorization', answered.authorization)(made)
      return hasSameCookies(sent, made) ? sent : made
    }
    if (jar === x.jar && answered === undefined) return { exchange: x, headers }
    // The plan is made from the jar after this reply. The exchange keeps that jar with the use of the nonce counted.
    const next = refresh(jar, now)(headers)(plan)
    return { exchange: { ...exchange, plan: next, jar: answered?.jar ?? jar }, headers }
  }

// --- deprecated ----------------------------------------------------------------------------------------------------

/** @deprecated Use `RetriedExchange`. */
export type Superseded = RetriedExchange
/** @deprecated Use `absorbRetried`. */
export const superseded = absorbRetried
