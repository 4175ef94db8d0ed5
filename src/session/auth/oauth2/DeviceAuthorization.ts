/**
 * Reads the reply of a device authorization endpoint (RFC 8628 3.2).
 *
 * | field                       | must be                                          | if it is missing |
 * |-----------------------------|--------------------------------------------------|------------------|
 * | `device_code`               | text that is not empty                           | `TokenReplyUnusable`       |
 * | `user_code`                 | printable, up to 64 characters                   | `TokenReplyUnusable`       |
 * | `verification_uri`          | an http or https URL; also as `verification_url` | `TokenReplyUnusable`       |
 * | `verification_uri_complete` | an http or https URL                             | none             |
 * | `expires_in`                | seconds: a number above 0, up to 100 years       | `TokenReplyUnusable`       |
 * | `interval`                  | seconds: 0 to 600                                | 5                |
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Secret from '../../../values/Secret.js'
import type { Response } from '../../../wire/Reply.js'
import * as ServerText from './ServerText.js'
import type { TokenProblem } from './TokenProblem.js'
import { fieldOf, type JsonObject, MAX_LIFETIME, successOf, unusableReply } from './TokenResponse.js'

/**
 * What a program shows to the user, and what it polls with.
 *
 * @since 0.2.0
 * @category model
 */
export interface DeviceAuthorization {
  /** Identifies the login. */
  readonly deviceCode: Secret.Secret
  /** What the user enters at the page. Printable, on one line. */
  readonly userCode: string
  /** The page that the user opens. */
  readonly verificationUri: string
  /**
   * The page with the user code, as for a QR code. Show the user code too, because the page asks to compare it (3.3.1).
   */
  readonly verificationUriComplete: O.Option<string>
  /** The lifetime of both codes, in seconds. */
  readonly expiresIn: number
  /** How long to wait between two polls, in seconds. */
  readonly interval: number
}

const DEFAULT_INTERVAL = 5
const MAX_INTERVAL = 600
const MAX_USER_CODE = 64

const NO_SECRETS: ReadonlySet<string> = new Set()

const pageAt = (object: JsonObject, name: string): O.Option<string> => {
  const value = fieldOf(object, name)
  return typeof value === 'string' ? ServerText.pageUrl(NO_SECRETS)(value) : O.none
}

const isSeconds = (value: unknown, max: number): value is number =>
  typeof value === 'number' && value >= 0 && value <= max

/** Returns the authorization of an object. The left is what is wrong. */
const authorizationOf = (object: JsonObject): E.Either<string, DeviceAuthorization> => {
  const [deviceCode, userCode] = [fieldOf(object, 'device_code'), fieldOf(object, 'user_code')]
  if (typeof deviceCode !== 'string' || deviceCode === '') return E.left('its device_code must be text')
  const isPrintable =
    typeof userCode === 'string' && ServerText.restrict(NO_SECRETS, MAX_USER_CODE)(userCode) === userCode
  if (!isPrintable || userCode === '') return E.left('its user_code must be text, of at most 64 printable characters')
  const page = O.getOrElse(() => O.toUndefined(pageAt(object, 'verification_url')))(pageAt(object, 'verification_uri'))
  if (page === undefined) return E.left('its verification_uri must be an http or https URL')
  const expiresIn = fieldOf(object, 'expires_in')
  if (!isSeconds(expiresIn, MAX_LIFETIME) || expiresIn === 0)
    return E.left('its expires_in must be a number of seconds')
  const interval = fieldOf(object, 'interval') ?? DEFAULT_INTERVAL
  if (!isSeconds(interval, MAX_INTERVAL)) return E.left('its interval must be a number of seconds, of at most 600')
  const verificationUriComplete = pageAt(object, 'verification_uri_complete')
  return E.right({
    ...{ deviceCode: Secret.make(deviceCode), userCode, verificationUri: page, verificationUriComplete },
    ...{ expiresIn, interval },
  })
}

/**
 * Returns the codes of a reply. Errors: `TokenReplyRefused`, `TokenReplyUnusable`.
 *
 * @since 0.2.0
 * @category destructors
 */
export const read = (response: Response): E.Either<TokenProblem, DeviceAuthorization> =>
  pipe(
    response,
    successOf('device_code'),
    E.flatMap((object): E.Either<TokenProblem, DeviceAuthorization> => {
      const authorization = authorizationOf(object)
      return E.isLeft(authorization) ? unusableReply(response, authorization.left) : authorization
    }),
  )
