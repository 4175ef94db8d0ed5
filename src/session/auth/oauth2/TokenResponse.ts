/**
 * Reads the reply of a token endpoint (RFC 6749 5).
 *
 * | reply                              | result                                          |
 * |------------------------------------|-------------------------------------------------|
 * | 2xx, JSON with `access_token`      | the token                                       |
 * | JSON with `error`, with any status | `TokenReplyRefused`; a 2xx with `access_token` is a token |
 * | anything else                      | `TokenReplyUnusable`                                      |
 *
 * | field           | must be                                        | if it is missing or null        |
 * |-----------------|------------------------------------------------|---------------------------------|
 * | `access_token`  | printable ASCII, no space at its ends          | `TokenReplyUnusable`                      |
 * | `token_type`    | `Bearer`, in any case                          | counts as `Bearer`              |
 * | `expires_in`    | seconds: a whole number up to 100 years        | the lifetime is unknown         |
 * | `refresh_token` | text without controls; empty counts as missing | the earlier refresh token stays |
 * | `scope`         | text, or a list of texts                       | not known                       |
 *
 * The Content-Type does not matter, because many servers send JSON as `text/plain`. A scheme that needs something else,
 * such as `expires_in` as text, reads the reply with a function of its own. Takes time linear in the length of the
 * reply.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Exchange, OAuth2, Request, Session } from 'requests-ts'
 *
 * const { outcome } = pipe(
 *   Request.post('https://as.example/token'),
 *   Exchange.simulate({ session: Session.empty })(() => ({ status: 400, json: { error: 'invalid_scope' } })),
 * )
 * const token = pipe(outcome, E.map(OAuth2.read))
 * assert.equal(E.isRight(token) && E.isLeft(token.right) && token.right.left._tag, 'TokenReplyRefused')
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { parseMediaType } from '../../../values/HeaderSyntax.js'
import * as Headers from '../../../values/Headers.js'
import * as Octets from '../../../values/Octets.js'
import * as Printable from '../../../values/Printable.js'
import * as Secret from '../../../values/Secret.js'
import type * as Token from '../../../values/Token.js'
import type { Response } from '../../../wire/Reply.js'
import * as RequestSecrets from './RequestSecrets.js'
import * as ServerText from './ServerText.js'
import { refused, type TokenProblem, unusable } from './TokenProblem.js'

export { adviceFor, match, type TokenProblem, type TokenReplyRefused, type TokenReplyUnusable } from './TokenProblem.js'

/** An object of JSON. Its fields have any type. */
export type JsonObject = Readonly<Record<string, unknown>>

const OWN_READ = 'to accept it, read the reply with a function of your own (`read`)'
const SERVER_FAULT = 'report it to the operator of the server'
/** 100 years, in seconds. */
export const MAX_LIFETIME = 100 * 365 * 24 * 3600

/** Returns the value of a field; `undefined` also for `null`. */
export const fieldOf = (object: JsonObject, name: string): unknown =>
  Object.hasOwn(object, name) ? (object[name] ?? undefined) : undefined

/** Returns the URL that sent a reply, without its query. */
export const endpointOf = ({ url }: Pick<Response, 'url'>): string => url.replace(/[?#][\s\S]*$/, '')

/** Returns the URL that sent a reply, its status and a problem as `TokenReplyUnusable`. */
export const unusableReply = (response: Response, problem: string): E.Either<TokenProblem, never> =>
  E.left(unusable(endpointOf(response), response.status, problem))

const isObject = (u: unknown): u is JsonObject => typeof u === 'object' && u !== null && !Array.isArray(u)

/** Quotes text of a server for a message. */
const quoterFor =
  (response: Response) =>
  (text: string): string =>
    JSON.stringify(ServerText.restrict(RequestSecrets.secretsOf(response), ServerText.MAX_CODE)(text))

const OTHER_FORM = `check the URL of the endpoint, or ${OWN_READ.slice('to accept it, '.length)}`

/** What the status alone says. The body is then of no interest. */
const adviceForStatus = (status: number): string | undefined => {
  if (status >= 300 && status < 400) return 'it is a redirect, which is not followed; use the URL that it redirects to'
  if (status === 404 || status === 405 || status === 410) return 'the endpoint does not exist; check its URL'
  if (status === 429) return 'there were too many requests; send fewer, and try again later'
  if (status >= 500) return 'the server failed; try again later'
  return undefined
}

const notJson = (response: Response, text: string, problem: string): string => {
  const { status, headers } = response
  const contentType = Headers.combined(headers, 'Content-Type') ?? ''
  if (/^text\/html|^application\/xhtml/i.test(contentType) || text.trimStart().startsWith('<')) {
    return 'it is an HTML page; check the URL of the endpoint, and that no proxy or login page answers instead'
  }
  const advice = adviceForStatus(status)
  if (advice !== undefined) return advice
  const type = parseMediaType(contentType).essence
  const sent = type === '' ? 'without a Content-Type' : `as ${quoterFor(response)(type)}`
  const found = text.trim() === '' ? 'its body is empty' : `its body is sent ${sent}, but ${problem}`
  return `${found}; ${OTHER_FORM}`
}

/** Returns the JSON object of a reply, of any status. */
export const objectOf = (response: Response): E.Either<TokenProblem, JsonObject> => {
  const text = Octets.toText(response.bytes).replace(/^\uFEFF/, '')
  const parsed = Printable.parseJson(text)
  if (E.isLeft(parsed)) return unusableReply(response, notJson(response, text, parsed.left))
  if (isObject(parsed.right)) return E.right(parsed.right)
  return unusableReply(response, adviceForStatus(response.status) ?? `its JSON must be an object; ${OTHER_FORM}`)
}

/** Returns the problem of an error object (RFC 6749 5.2). Undefined if the object has no `error`. */
export const refusalIn = (response: Response, object: JsonObject): TokenProblem | undefined => {
  const code = fieldOf(object, 'error')
  if (typeof code !== 'string' || code === '') return undefined
  const texts = { code, description: fieldOf(object, 'error_description'), uri: fieldOf(object, 'error_uri') }
  const error = ServerText.restrictError(RequestSecrets.secretsOf(response), texts)
  return refused(response.status, { endpoint: endpointOf(response), ...error })
}

/**
 * Returns the object of a reply of success. An error object is `TokenReplyRefused`, even in a reply of success without
 * `expected`.
 */
export const successOf =
  (expected: string) =>
  (response: Response): E.Either<TokenProblem, JsonObject> => {
    const object = objectOf(response)
    if (E.isLeft(object)) return object
    const isSuccess = response.status >= 200 && response.status < 300
    if (isSuccess && fieldOf(object.right, expected) !== undefined) return object
    const refusal = refusalIn(response, object.right)
    if (refusal !== undefined) return E.left(refusal)
    const advice = adviceForStatus(response.status) ?? 'its JSON has no error code; check the settings of the client'
    return unusableReply(response, isSuccess ? `its JSON has no ${expected}; ${OTHER_FORM}` : advice)
  }

// --- fields --------------------------------------------------------------------------------------------------------

const isAbsent = (value: unknown): value is undefined | '' => value === undefined || value === ''

/** Visible ASCII, with spaces inside: what a header can carry after `Bearer` (RFC 6749 A.12). */
const HEADER_TEXT = /^[\x21-\x7e]+(?: +[\x21-\x7e]+)*$/
const UNFIT = /[\p{Cc}\p{Surrogate}]/u

const problemOfToken = (value: unknown): string | undefined => {
  if (typeof value !== 'string') return `its access_token must be text; ${OWN_READ}`
  if (value === '') return `its access_token is empty; ${SERVER_FAULT}`
  return HEADER_TEXT.test(value)
    ? undefined
    : `its access_token has characters that a header cannot carry; ${SERVER_FAULT}`
}

const problemOfType = (value: unknown, quote: (text: string) => string): string | undefined => {
  if (isAbsent(value)) return undefined
  if (typeof value !== 'string') return `its token_type must be text; ${OWN_READ}`
  if (value.toLowerCase() === 'bearer') return undefined
  return `its token_type ${quote(value)} is not Bearer; to use it, give your own \`read\` and \`apply\``
}

const problemOfLifetime = (value: unknown): string | undefined => {
  if (value === undefined) return undefined
  if (typeof value === 'string') return `its expires_in is text and must be a number of seconds; ${OWN_READ}`
  if (typeof value !== 'number') return `its expires_in must be a number of seconds; ${OWN_READ}`
  if (value < 0) return `its expires_in is negative; ${OWN_READ}`
  if (value > MAX_LIFETIME) return `its expires_in is more than 100 years; ${OWN_READ}`
  return Number.isInteger(value) ? undefined : `its expires_in must be a whole number of seconds; ${OWN_READ}`
}

const problemOfRefreshToken = (value: unknown): string | undefined => {
  if (isAbsent(value)) return undefined
  if (typeof value !== 'string') return `its refresh_token must be text; ${OWN_READ}`
  return UNFIT.test(value) ? `its refresh_token has control characters; ${SERVER_FAULT}` : undefined
}

/** Returns a scope as text. Some servers send a list. Undefined if it is something else. */
const scopeOf = (value: unknown): string | undefined => {
  const words: ReadonlyArray<unknown> = Array.isArray(value) ? value : [value]
  const text = words.every((word) => typeof word === 'string') ? words.join(' ') : undefined
  return text === undefined || UNFIT.test(text) ? undefined : text
}

/** Returns the first problem of the fields of a token. It contains no value that may be a secret. */
const problemOf = (object: JsonObject, quote: (text: string) => string): string | undefined => {
  const scope = fieldOf(object, 'scope')
  return (
    problemOfToken(fieldOf(object, 'access_token')) ??
    problemOfType(fieldOf(object, 'token_type'), quote) ??
    problemOfLifetime(fieldOf(object, 'expires_in')) ??
    problemOfRefreshToken(fieldOf(object, 'refresh_token')) ??
    (scope === undefined || scopeOf(scope) !== undefined
      ? undefined
      : `its scope must be text without controls; ${OWN_READ}`)
  )
}

const tokenOf = (object: JsonObject): Token.Input => {
  const [type, refreshToken] = [fieldOf(object, 'token_type'), fieldOf(object, 'refresh_token')]
  const [expiresIn, scope] = [fieldOf(object, 'expires_in'), scopeOf(fieldOf(object, 'scope'))]
  return {
    accessToken: Secret.make(String(fieldOf(object, 'access_token'))),
    ...(typeof type === 'string' && type !== '' ? { type } : {}),
    ...(typeof refreshToken === 'string' && refreshToken !== '' ? { refreshToken: Secret.make(refreshToken) } : {}),
    ...(typeof expiresIn === 'number' ? { expiresIn } : {}),
    ...(isAbsent(scope) ? {} : { scope }),
  }
}

/**
 * Returns the token of a reply. Errors: `TokenReplyRefused`, `TokenReplyUnusable`.
 *
 * @since 0.2.0
 * @category destructors
 */
export const read = (response: Response): E.Either<TokenProblem, Token.Input> =>
  pipe(
    response,
    successOf('access_token'),
    E.flatMap((object): E.Either<TokenProblem, Token.Input> => {
      const problem = problemOf(object, quoterFor(response))
      return problem === undefined ? E.right(tokenOf(object)) : unusableReply(response, problem)
    }),
  )

/**
 * Returns the refresh token of a reply of success, also if `read` fails because of another field: the server may have replaced
 * the earlier one.
 */
export const refreshTokenOf = (response: Response): O.Option<Secret.Secret> => {
  if (response.status < 200 || response.status >= 300) return O.none
  const object = objectOf(response)
  const text = E.isLeft(object) ? undefined : fieldOf(object.right, 'refresh_token')
  return typeof text !== 'string' || isAbsent(text) || UNFIT.test(text) ? O.none : O.some(Secret.make(text))
}

/** Returns the problem of a token that was read and cannot be used. */
export const unusableToken = (response: Response, problem: string): TokenProblem =>
  unusable(endpointOf(response), response.status, problem)
