/**
 * What a plan was made from, and what the stages decided while they made it. A plan carries it sealed, so that
 * `inspect` finds the origin of each field without planning again. `ReplyRedaction` reads the settings in it, to know what a
 * reply must hide.
 *
 * Recording costs a few references for each plan: the values exist anyway, and sources are constants. A redirected plan
 * keeps its previous plans in memory.
 */
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Jar } from '../../cookies/Jar.js'
import type { Environment } from '../../session/Environment.js'
import type { CompressionCoding } from '../../session/sending/Compression.js'
import type * as Headers from '../../values/Headers.js'
import * as Secret from '../../values/Secret.js'
import type { Token } from '../../values/Token.js'
import type { Plan } from '../../wire/Plan.js'
import type { Head } from '../../wire/Reply.js'
import type { Merged } from '../Merge.js'
import type { ContentType, Framing } from './Content.js'
import type { CookieSource } from './CookieHeader.js'
import type { CredentialDecision } from './Credentials.js'
import type { RouteDecision } from './Route.js'
import type { TargetUrl } from './TargetUrl.js'

/** A token that a plan carries. */
export interface TokenUse {
  /** The name of the credential. */
  readonly name: string
  /** Origin and path of the token request. */
  readonly endpoint: string
  /** The method of the token request. */
  readonly method: string
  readonly token: Token
}

/** The token that a plan obtains. */
export interface TokenSought {
  /** The name of the credential. */
  readonly name: string
  readonly reason: TokenReason
}

/** Why a token is obtained: the jar has none, it expires, or a reply rejected it. */
export type TokenReason = 'Missing' | 'Expired' | 'Rejected'

/** What a scheme wrote as the last step: the header fields and the URL before and after it. */
export interface Signature {
  /** The name of the scheme. */
  readonly scheme: string
  readonly before: Pick<Plan, 'headers' | 'url'>
  readonly after: Pick<Plan, 'headers' | 'url'>
  /** The secret values that it wrote into the query, not encoded. A reply may repeat them. */
  readonly secrets: ReadonlySet<string>
  /** The token that was written, if the scheme is renewable. */
  readonly token?: TokenUse
}

/** An idempotency key that planning made. */
export interface MintedKey {
  /** The name of the header. */
  readonly name: string
  /** As it is sent; a secret if the header is sensitive. */
  readonly value: Headers.Value
  /** Who has the setting. */
  readonly layer: 'session' | 'request'
}

/** What `withCompression` did to a body. */
export type CodingDecision =
  | {
      readonly _tag: 'Compressed'
      readonly coding: CompressionCoding
      /** Octets before it was compressed; `undefined` if that is not known. */
      readonly size: number | undefined
    }
  | { readonly _tag: 'Unchanged'; readonly why: string }

/** The inputs and decisions that every plan has. */
interface Made extends Pick<Plan, 'method' | 'url' | 'headers' | 'body'> {
  /** First plan: what may be used at its URL. Redirected plan: what its exchange keeps, without body. */
  readonly merged: Merged
  readonly jar: Jar
  readonly environment: Environment
  readonly now: Date
  readonly routeDecision: RouteDecision
  /** The route that the stage chose. It may have a Proxy-Authorization that the settings of the proxy do not have. */
  readonly route: Plan['route']
  readonly credentials: CredentialDecision
  readonly cookies: CookieSource
  /** The idempotency key that the plan has; `undefined` if none was minted, or a redirect has dropped it. */
  readonly minted: MintedKey | undefined
  /** `undefined` if no compression is set, or a redirect has dropped the body. */
  readonly coding: CodingDecision | undefined
  /** Absent if nothing signed the plan. */
  readonly signature?: Signature
  /** The token that the plan obtains; absent if it obtains none. */
  readonly obtains?: TokenSought
}

/** The first plan of an exchange. */
export interface First extends Made {
  readonly _tag: 'First'
  /** Session and request as the user made them. */
  readonly given: Merged
  readonly target: TargetUrl
  readonly framing: Framing
  readonly contentType: ContentType
}

/** A plan that follows a redirect. */
export interface Redirected extends Made {
  readonly _tag: 'Redirected'
  readonly previous: Plan
  /** The reply that redirects. */
  readonly head: Head
  /** Whether the redirect, and all before it, stayed where the credentials may be sent. */
  readonly credentialsAllowed: boolean
  /** What signatures of earlier plans wrote into their queries: a Location may repeat it. Absent: nothing. */
  readonly signed?: ReadonlySet<string>
}

export type Provenance = First | Redirected

/** Hides a provenance from every printer. */
export const seal = (provenance: Provenance): Secret.Sealed<unknown> => Secret.seal(provenance, '‹provenance›')

/** Returns the provenance of a plan; `none` if the plan was built by hand. */
export const of = ({ provenance }: Plan): O.Option<Provenance> =>
  // The cast: the wire layer does not know the stages, and only `seal` makes this value.
  provenance === undefined ? O.none : O.some(Secret.open(provenance) as Provenance)

/** Returns what compression did to the body of a plan; `undefined` if nothing, or if the plan has another body now. */
export const codingOf = (plan: Plan): CodingDecision | undefined => {
  const provenance = O.toUndefined(of(plan))
  return provenance?.body === plan.body ? provenance.coding : undefined
}

/** Records the token that a plan obtains. */
export const obtaining =
  (obtains: TokenSought) =>
  (plan: Plan): Plan => {
    const provenance = of(plan)
    const sealed = O.isNone(provenance) ? {} : { provenance: seal({ ...provenance.value, obtains }) }
    return { ...plan, cause: 'Token', ...sealed }
  }

/** Returns the secret values that the signatures of a plan and of its previous plans wrote into their queries. */
export const signedOf = (plan: Plan): ReadonlySet<string> => {
  const provenance = O.toUndefined(of(plan))
  const own = provenance?.signature?.secrets ?? NONE
  const earlier = (provenance?._tag === 'Redirected' ? provenance.signed : undefined) ?? NONE
  if (own.size === 0 || earlier.size === 0) return own.size === 0 ? earlier : own
  return new Set([...earlier, ...own])
}

const NONE: ReadonlySet<string> = new Set()

/** Returns the token that a plan obtains. */
export const obtainsOf = (plan: Plan): TokenSought | undefined => O.toUndefined(of(plan))?.obtains

/** Returns whether a plan obtains a token: then its body and the body of its reply are secret. */
export const isForToken = (plan: Plan): boolean => plan.cause === 'Token' || obtainsOf(plan) !== undefined

/** Changes the header fields of a plan that is sent again, and of what its stage made, after a reply changed the jar. */
export const refresh =
  (jar: Jar, now: Date) =>
  (change: Endomorphism<Headers.Headers>) =>
  (plan: Plan): Plan => {
    const headers = change(plan.headers)
    const provenance = of(plan)
    if (O.isNone(provenance)) return { ...plan, headers }
    const { value } = provenance
    const made = value.headers === plan.headers ? headers : change(value.headers)
    return { ...plan, headers, provenance: seal({ ...value, jar, now, headers: made }) }
  }
