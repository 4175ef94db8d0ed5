/**
 * Tokens that a request obtains, and that are renewed: `renewable`, and `oauth2` for the grants of OAuth 2.0.
 *
 * | a plan                                         | happens                                                         |
 * |------------------------------------------------|-----------------------------------------------------------------|
 * | needs a token, and the jar has none            | the token request is sent first (`plan.cause` is `Token`)        |
 * | has a token that expires within the margin     | the token is renewed first                                       |
 * | has a reply that rejects the token             | the token is renewed once for each hop, and the plan is sent again |
 * | leads to an origin that the token is not for   | it has no token                                                  |
 *
 * The token is in the jar, under its name and the URL of its request. Programs of one client that need it at the same time share
 * one request.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Auth, Exchange, OAuth2, Request, Session } from 'requests-ts'
 *
 * const auth = Auth.oauth2({
 *   name: 'api', tokenUrl: 'https://auth.test/token', clientId: 'me', clientSecret: 'hunter2', grant: OAuth2.clientCredentials })
 * const session = pipe(Session.empty, Session.withBaseUrl('https://api.test'), Session.withAuth(auth))
 * const trace = pipe(
 *   Request.get('users'),
 *   Exchange.simulate({ session })({
 *     'POST https://auth.test/token': { status: 200, json: { access_token: 't0k3n', expires_in: 3600 } },
 *     'GET https://api.test/users': (plan) => ({ status: plan.headers.fields.length > 0 ? 200 : 401 }) }))
 * assert.deepEqual(trace.hops.map(({ plan, head }) => [plan.cause, head.status]), [['Token', 200], ['Start', 200]])
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Headers from '../../values/Headers.js'
import * as Secret from '../../values/Secret.js'
import * as Token from '../../values/Token.js'
import * as Url from '../../values/Url.js'
import * as UserInput from '../../values/UserInput.js'
import type { Head, Response } from '../../wire/Reply.js'
import type { Request } from '../Request.js'
import type { Auth, Renewable, Sign } from './Auth.js'
import * as Grants from './oauth2/Grants.js'
import * as TokenResponse from './oauth2/TokenResponse.js'

/** What all renewable tokens may set. */
export interface TokenOptions {
  /** Names the token in the jar, in errors and in explanations. In one jar, another credential needs another name. */
  readonly name: string
  /** Adds the token to a plan. By default it sets `Authorization: Bearer …` (RFC 6750 2.1). */
  readonly apply?: (token: Token.Token) => Sign
  /** Reads the token from a reply with a status below 400. By default as RFC 6749 5.1 says. */
  readonly read?: (response: Response) => E.Either<unknown, Token.Input>
  /** Returns whether a reply rejects the token. By default, its status is 401. */
  readonly isRejected?: (head: Head) => boolean
  /** How long before its expiry a token is renewed: 30,000 milliseconds by default, and at most half of its lifetime. */
  readonly margin?: number
  /**
   * The origins that may get the token, such as `https://api.test`. By default it goes where all credentials of the session or
   * request go: to the origin of the base URL, or without one to that of each request, and never further with a redirect.
   */
  readonly origins?: ReadonlyArray<string | URL>
}

/** How a token is obtained and used. */
export interface RenewableOptions extends TokenOptions {
  /** The request for a token, or a function that gets the token which expires and returns the request. */
  readonly obtain: Request | ((current: O.Option<Token.Token>) => Request)
}

/** A client of an authorization server, and its grant. */
export interface OAuth2Options extends TokenOptions, Grants.Config {
  /** How the token is obtained. */
  readonly grant: Grants.Grant
}

const bearer =
  ({ accessToken }: Token.Token): Sign =>
  (plan) => ({
    ...plan,
    headers: Headers.upsertAt('Authorization', Secret.make(`Bearer ${Secret.reveal(accessToken)}`))(plan.headers),
  })

const isUnauthorized = ({ status }: Head): boolean => status === 401

/** The origin of what is not a URL is empty, and planning reports it. */
const originOf = (given: string | URL): string => {
  const text: unknown = UserInput.urlText(given)
  const parsed = typeof text === 'string' ? Url.parse(text) : E.left(undefined)
  return E.isRight(parsed) ? parsed.right.url.origin : ''
}

const make = (options: TokenOptions, request: Pick<Renewable, 'method' | 'endpoint' | 'obtain'>): Auth => {
  const {
    name,
    read = TokenResponse.read,
    apply = bearer,
    isRejected = isUnauthorized,
    margin = Token.MARGIN,
    origins,
  } = UserInput.own(options ?? {})
  return {
    ...{ _tag: 'Renewable', name, read, apply, isRejected, margin },
    ...request,
    // Anything else than a list is reported when the scheme is used: it must not count as no rule.
    ...(origins === undefined ? {} : { origins: UserInput.isArray(origins) ? origins.map(originOf) : origins }),
  }
}

/**
 * Sends a token that a request of the session obtains. The default `read` and `apply` are those of OAuth 2.0.
 *
 * @since 0.2.0
 * @category constructors
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Auth, Client, Http, Plan, Request, Response, Secret, Transport } from 'requests-ts'
 *
 * const auth = Auth.renewable({
 *   name: 'ticket',
 *   obtain: pipe(Request.post('http://h.test/login'), Request.withJson({ user: 'me' })),
 *   read: (response) => E.right({ accessToken: Response.text(response), expiresIn: 60 }),
 *   apply: ({ accessToken }) => Plan.withHeaders({ 'X-Ticket': accessToken }),
 * })
 * const transport = Transport.memory({
 *   'POST /login': { status: 200, body: 'abc' },
 *   'GET /': ({ headers }) => ({ status: headers.fields.some(([name]) => name === 'X-Ticket') ? 200 : 401 }) })
 * const outcome = await pipe(Http.get('http://h.test/', Request.withAuth(auth)), Client.runWith({ transport }))()
 * assert.equal(E.isRight(outcome) && outcome.right.status, 200)
 */
export const renewable = (options: RenewableOptions): Auth => {
  const { obtain } = UserInput.own(options ?? {})
  const first = firstRequest(obtain)
  return make(options, {
    method: first?.method ?? 'POST',
    endpoint: first?.url ?? '',
    obtain: (current) => E.right(typeof obtain === 'function' ? obtain(current) : obtain),
  })
}

/** The request without a token decides the name of the token in the jar. A function that throws is reported when it is used. */
const firstRequest = (obtain: RenewableOptions['obtain']): Request | undefined => {
  try {
    return typeof obtain === 'function' ? obtain(O.none) : obtain
  } catch {
    return undefined
  }
}

/**
 * Sends a token of OAuth 2.0 (RFC 6749, 6750). Errors of a request: `TokenRefused` with the code of the server, `TokenFailed`.
 *
 * @since 0.2.0
 * @category constructors
 */
export const oauth2 = (options: OAuth2Options): Auth => {
  const { grant, tokenUrl } = UserInput.own(options ?? {})
  return make(options, {
    method: 'POST',
    endpoint: String(UserInput.urlText(tokenUrl)),
    obtain: Grants.obtain(options, grant),
  })
}
