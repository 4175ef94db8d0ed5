/**
 * The errors of planning a request. Nothing was sent.
 *
 * | tag                 | when                                                                    |
 * |---------------------|-------------------------------------------------------------------------|
 * | `InvalidUrl`        | a URL or base URL that is not valid                                     |
 * | `MissingScheme`     | a relative URL without a base URL                                       |
 * | `UnsupportedScheme` | no transport is mounted for the scheme                                  |
 * | `InvalidHeader`     | a name, a value or a cookie that is not valid in HTTP, or that only the transport may set |
 * | `InvalidProxy`      | a proxy URL or key that is not valid                                    |
 * | `InvalidBody`       | a body that cannot be encoded                                           |
 * | `InvalidSettings`   | another setting that is not valid; or the entropy is missing             |
 * | `SigningFailed`     | a signer failed: see `AuthError`                                         |
 */
import * as Tagged from '../values/Tagged.js'
import { type InvalidUrl, type MissingScheme, masked } from '../values/Url.js'
import type { SigningFailed } from './AuthError.js'

/** The scheme of the URL is neither `http` nor `https`. */
export interface UnsupportedScheme {
  readonly _tag: 'UnsupportedScheme'
  /** Without credentials. */
  readonly url: string
  /** The scheme, and which ones can be sent. */
  readonly message: string
}
/** A header cannot be sent as it is. */
export interface InvalidHeader {
  readonly _tag: 'InvalidHeader'
  /** The header, or `Cookie` for a cookie. */
  readonly name: string
  /** The name and what is wrong with it. A value is not shown. */
  readonly message: string
}
/** The URL of a proxy is not valid. */
export interface InvalidProxy {
  readonly _tag: 'InvalidProxy'
  /** What is wrong with which proxy, without credentials. */
  readonly message: string
}
/** The body cannot be encoded or sent. */
export interface InvalidBody {
  readonly _tag: 'InvalidBody'
  /** What cannot be encoded, and what to do. */
  readonly message: string
}
/** A setting has a value that is not valid. */
export interface InvalidSettings {
  readonly _tag: 'InvalidSettings'
  /** The name of the setting. */
  readonly setting: string
  /** What is wrong, and what to do. */
  readonly message: string
}

/** An error of planning. Nothing was sent. */
export type PlanError =
  | InvalidUrl
  | MissingScheme
  | UnsupportedScheme
  | InvalidHeader
  | InvalidProxy
  | InvalidBody
  | InvalidSettings
  | SigningFailed

/**
 * Folds an error of planning with one handler for each tag.
 *
 * @since 0.2.0
 * @category destructors
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Plan, Request, Session } from 'requests-ts'
 *
 * const whatIsWrong = Plan.matchError({
 *   InvalidUrl: () => 'the URL',
 *   MissingScheme: () => 'the URL has no scheme',
 *   UnsupportedScheme: () => 'the scheme',
 *   InvalidHeader: ({ name }) => `the header ${name}`,
 *   InvalidProxy: () => 'the proxy',
 *   InvalidBody: () => 'the body',
 *   InvalidSettings: ({ setting }) => setting,
 *   SigningFailed: ({ scheme }) => scheme,
 * })
 * const planned = Plan.plan({ session: Session.empty })(Request.get('/search'))
 * assert.deepEqual(pipe(planned, E.mapLeft(whatIsWrong)), E.left('the URL has no scheme'))
 */
export const matchError = Tagged.match<PlanError>()

export const unsupportedScheme = (url: string, protocol: string): PlanError => ({
  _tag: 'UnsupportedScheme',
  url: masked(url),
  message: `No transport is mounted for '${masked(url)}': mount one for '${protocol}', or write http:// or https:// before it`,
})
export const invalidHeader = (name: string, problem: string): PlanError => ({
  _tag: 'InvalidHeader',
  name,
  message: `Invalid header ${JSON.stringify(name)}: ${problem}`,
})
export const invalidProxy = (problem: string): PlanError => ({
  _tag: 'InvalidProxy',
  message: `Invalid proxy: ${problem}`,
})
export const invalidBody = (problem: string): PlanError => ({
  _tag: 'InvalidBody',
  message: `Invalid body: ${problem}`,
})
/** The error of a random value that would be derived from an empty seed. */
export const noEntropy = (what: string): PlanError => ({
  _tag: 'InvalidSettings',
  setting: 'entropy',
  message: `Missing entropy: ${what} must be unpredictable; pass { entropy } with a random text, new for each request`,
})
export const invalidSettings = (setting: string, problem: string): PlanError => ({
  _tag: 'InvalidSettings',
  setting,
  message: `Invalid ${setting}: ${problem}`,
})
