/**
 * The login of a user on another device, such as a phone (RFC 8628).
 *
 *     request ──▶ read ──▶ (show the user code) ──▶ start ──▶ wait ──▶ poll ──▶ next ─┬─▶ Done
 *                                                              ▲                      ├─▶ Fail
 *                                                              └──────────────────────┘ Wait
 *
 * | result of a poll                                        | next                                               |
 * |---------------------------------------------------------|----------------------------------------------------|
 * | a token                                                 | `Done`                                             |
 * | `authorization_pending`                                 | `Wait` for the interval                            |
 * | `slow_down`                                             | `Wait`; all waits are 5 seconds longer from now on |
 * | a timeout, a lost connection, status 429, 502, 503, 504 | `Wait`, doubled for each in sequence, up to 60 s   |
 * | the code would expire during the wait                   | `Fail` with `LoginExpired`                         |
 * | anything else, such as `access_denied`                  | `Fail`                                             |
 *
 * Intervals are 1 second to 10 minutes. Nothing here waits or reads a clock.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { Fault, OAuth2, Secret } from 'requests-ts'
 *
 * const now = new Date(0)
 * const begun = OAuth2.DeviceCode.start(now)({ deviceCode: Secret.make('d'), expiresIn: 1800, interval: 5 })
 * const next = OAuth2.DeviceCode.next(begun.state, now)(E.left(Fault.make('ReadTimeout', 'no reply for 5 s')))
 * assert.equal(begun.ms, 5000)
 * assert.equal(next._tag === 'Wait' && next.ms, 10_000)
 */
import * as E from 'fp-ts/lib/Either.js'
import type * as Query from '../../../values/Query.js'
import * as Secret from '../../../values/Secret.js'
import * as Tagged from '../../../values/Tagged.js'
import type * as Token from '../../../values/Token.js'
import type { Fault, FaultTag } from '../../../wire/Fault.js'
import type { Response } from '../../../wire/Reply.js'
import type { Request } from '../../Request.js'
import * as ClientConfig from './ClientConfig.js'
import type { DeviceAuthorization } from './DeviceAuthorization.js'
import { tokenRequest } from './Grants.js'
import * as TokenResponse from './TokenResponse.js'

export { type DeviceAuthorization, read } from './DeviceAuthorization.js'

/**
 * A client whose users log in on another device.
 *
 * @since 0.2.0
 * @category model
 */
export interface Config extends ClientConfig.Config {
  /** The device authorization endpoint: an absolute http or https URL. */
  readonly deviceAuthorizationUrl: string | URL
}

/**
 * Returns the request for a device code and a user code (RFC 8628 3.1). `read` reads its reply. The left says which
 * setting is wrong.
 *
 * @since 0.2.0
 * @category constructors
 */
export const request = (config: Config): E.Either<string, Request> => {
  const client = ClientConfig.checked(config)
  if (E.isLeft(client)) return client
  const url = ClientConfig.endpoint('deviceAuthorizationUrl', client.right.deviceAuthorizationUrl)
  if (E.isLeft(url)) return url
  const scope = ClientConfig.scopeOf(client.right.scope)
  if (E.isLeft(scope)) return scope
  const additional = ClientConfig.pairsOf('parameters', client.right.parameters)
  if (E.isLeft(additional)) return additional
  const pairs: Query.Pairs = scope.right === undefined ? [] : [['scope', scope.right]]
  return E.right(ClientConfig.formRequest(client.right, url.right, [...pairs, ...additional.right]))
}

// --- polling -------------------------------------------------------------------------------------------------------

/**
 * What polling remembers.
 *
 * @since 0.2.0
 * @category model
 */
export interface Polling {
  /** Identifies the login. */
  readonly deviceCode: Secret.Secret
  /** How long to wait between two polls, in milliseconds. */
  readonly interval: number
  /** The number of polls in sequence that had no reply of the server. */
  readonly failures: number
  /** When the device code expires, in epoch milliseconds. */
  readonly expiresAt: number
}

/** Poll again after `ms` milliseconds, with `state`. */
export type Wait = { readonly _tag: 'Wait'; readonly ms: number; readonly state: Polling }
/** The user has logged in. */
export type Done = { readonly _tag: 'Done'; readonly token: Token.Input }
/** The login has failed. */
export type Fail<E = Fault> = { readonly _tag: 'Fail'; readonly problem: DeviceProblem<E> }
/** The user has not logged in in time. */
export type LoginExpired = { readonly _tag: 'LoginExpired'; readonly message: string }

/**
 * Why a login failed: an error of the server, its expiry, or an error of the request that polling again does not repair.
 *
 * @since 0.2.0
 * @category model
 */
export type DeviceProblem<E = Fault> = TokenResponse.TokenProblem | LoginExpired | E

/**
 * What to do after a poll.
 *
 * @since 0.2.0
 * @category model
 */
export type Next<E = Fault> = Wait | Done | Fail<E>

/**
 * Folds what to do with one handler for each tag.
 * @since 0.2.0
 * @category destructors
 */
export const match = Tagged.match<Next>()

const MIN_INTERVAL = 1000
const MAX_INTERVAL = 600_000
/** The longest wait after failures, unless the interval is longer. */
const MAX_BACKOFF = 60_000
/** RFC 8628 3.5. */
const SLOW_DOWN = 5000

const bounded = (ms: number): number => Math.min(Math.max(ms, MIN_INTERVAL), MAX_INTERVAL)

const waitFor = ({ interval, failures }: Polling): number =>
  Math.max(interval, Math.min(interval * 2 ** Math.min(failures, 16), MAX_BACKOFF))

/**
 * Returns how long to wait before the first poll. `now` is when the reply was received.
 *
 * @since 0.2.0
 * @category constructors
 */
export const start =
  (now: Date) =>
  ({ deviceCode, interval, expiresIn }: Pick<DeviceAuthorization, 'deviceCode' | 'interval' | 'expiresIn'>): Wait => {
    const expiresAt = now.getTime() + expiresIn * 1000
    const state: Polling = { deviceCode, interval: bounded(interval * 1000), failures: 0, expiresAt }
    return { _tag: 'Wait', ms: waitFor(state), state }
  }

/**
 * Returns the request of a poll (RFC 8628 3.4). The left says which setting is wrong.
 *
 * @since 0.2.0
 * @category constructors
 */
export const poll = (config: ClientConfig.Config, { deviceCode }: Polling): E.Either<string, Request> =>
  tokenRequest(config, [
    ['grant_type', 'urn:ietf:params:oauth:grant-type:device_code'],
    ['device_code', Secret.reveal(deviceCode)],
  ])

/** Faults that another poll may not have. */
const TRANSIENT: ReadonlySet<string> = new Set<FaultTag>([
  'ConnectFailed',
  'ConnectTimeout',
  'ReadTimeout',
  'DeadlineExceeded',
  'BodyCut',
])
const UNAVAILABLE: ReadonlySet<number> = new Set([429, 502, 503, 504])

const fail = <E>(problem: DeviceProblem<E>): Fail<E> => ({ _tag: 'Fail', problem })

const wait = (state: Polling, now: Date): Wait | Fail<never> => {
  const ms = waitFor(state)
  if (now.getTime() + ms < state.expiresAt) return { _tag: 'Wait', ms, state }
  return fail({
    _tag: 'LoginExpired',
    message: 'The user has not logged in before the device code expired; begin again',
  })
}

const failedOnce = (state: Polling): Polling => ({ ...state, failures: state.failures + 1 })

/**
 * Returns what to do after a poll that ended at this time, with the reply of the token endpoint or with an error.
 *
 * @since 0.2.0
 * @category destructors
 */
export const next =
  (state: Polling, now: Date) =>
  <E extends { readonly _tag: string }>(result: E.Either<E, Response>): Next<E> => {
    if (E.isLeft(result)) return TRANSIENT.has(result.left._tag) ? wait(failedOnce(state), now) : fail(result.left)
    const token = TokenResponse.read(result.right)
    if (E.isRight(token)) return { _tag: 'Done', token: token.right }
    const problem = token.left
    const code = problem._tag === 'TokenReplyRefused' ? problem.code : ''
    if (code === 'authorization_pending') return wait({ ...state, failures: 0 }, now)
    if (code === 'slow_down') {
      return wait({ ...state, failures: 0, interval: bounded(state.interval + SLOW_DOWN) }, now)
    }
    const isUnavailable = problem._tag === 'TokenReplyUnusable' && UNAVAILABLE.has(problem.status)
    return isUnavailable ? wait(failedOnce(state), now) : fail(problem)
  }
