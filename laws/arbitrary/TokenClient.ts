/** The session, the jar and the request that visit the servers of a `TokenWeb`. */
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as Auth from '../../src/session/auth/Auth.js'
import * as Grants from '../../src/session/auth/oauth2/Grants.js'
import * as Renewable from '../../src/session/auth/Renewable.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import type { Configure } from '../../src/session/Settings.js'
import type { Context } from '../../src/stages/Prepare.js'
import * as Secret from '../../src/values/Secret.js'
import * as Token from '../../src/values/Token.js'
import * as Signer from './Signer.js'
import {
  baseOf,
  CLIENT_SECRET,
  endpointOf,
  HELD,
  hrefOf,
  MAIN_BODY,
  MAIN_SECRET,
  NOW,
  originAt,
  type TokenWeb,
} from './TokenWeb.js'

const NAME = 'api'

/** A custom token request: a form with the client secret, or with the refresh token. */
const obtain =
  (web: TokenWeb) =>
  (current: O.Option<Token.Token>): Request.Request => {
    const refresh = pipe(
      current,
      O.flatMap(({ refreshToken }) => refreshToken),
    )
    const ticket = O.isSome(refresh) ? Secret.reveal(refresh.value) : CLIENT_SECRET
    return pipe(Request.post(endpointOf(web)), Request.withForm({ ticket }))
  }

const grantOf = ({ credential }: TokenWeb): Grants.Grant =>
  credential === 'refresh token' ? Grants.refreshToken(HELD.refresh) : Grants.clientCredentials

/** Returns the credential of a web. */
export const authOf = (web: TokenWeb): Auth.Auth => {
  const { credential, rejection, origins } = web
  const signerOptions = { public: Signer.PUBLIC }
  if (credential === 'signer') return Auth.signer(NAME, Signer.sign(), signerOptions)
  if (credential === 'signer task')
    return Auth.signerTask(NAME, (plan, context) => TE.right(Signer.sign()(plan, context)), signerOptions)
  const options: Renewable.TokenOptions = {
    name: NAME,
    isRejected: ({ status }) => status === rejection,
    ...(origins === undefined ? {} : { origins: origins.map(originAt) }),
  }
  if (credential === 'custom') {
    const header = (token: Token.Token) => Secret.make(`Ticket ${Secret.reveal(token.accessToken)}`)
    const apply: Renewable.TokenOptions['apply'] = (token) => (plan) => ({
      ...plan,
      headers: { fields: [...plan.headers.fields, ['X-Ticket', header(token)]] },
    })
    return Renewable.renewable({ ...options, obtain: obtain(web), apply })
  }
  const isSigned = credential === 'signed token'
  return Renewable.oauth2({
    ...options,
    ...(isSigned ? { apply: ({ accessToken }: Token.Token) => Signer.sign(accessToken) } : {}),
    tokenUrl: endpointOf(web),
    clientId: 'me',
    clientSecret: CLIENT_SECRET,
    clientAuthentication: credential === 'body' ? 'body' : 'basic',
    grant: grantOf(web),
  })
}

const HOUR = 3_600_000

/** When the token of the jar was stored, and when it expires, in milliseconds after `NOW`. */
const LIFETIMES: Readonly<Record<Exclude<TokenWeb['held'], 'none'>, readonly [from: number, to: number | undefined]>> =
  {
    fresh: [-60_000, HOUR],
    unlimited: [-HOUR, undefined],
    expiring: [-HOUR, 10_000],
    expired: [-HOUR, -1000],
    skewed: [HOUR, 2 * HOUR],
  }

/** Returns the jar before the request. `ahead`: how many milliseconds the clock is ahead that stored its token. */
export const jarOf = (web: TokenWeb, ahead = 0): Jar.Jar => {
  const { held, heldRefresh } = web
  if (held === 'none') return Jar.empty
  const [from, to] = LIFETIMES[held]
  const stored = new Date(NOW.getTime() + from)
  const token = Token.at(stored)({
    accessToken: HELD.access,
    ...(heldRefresh ? { refreshToken: HELD.refresh } : {}),
    ...(to === undefined ? {} : { expiresIn: (to - from) / 1000 }),
  })
  return Jar.withToken({ name: NAME, endpoint: endpointOf(web) }, token, new Date(stored.getTime() + ahead))(Jar.empty)
}

/** Returns the refresh token of a jar. */
export const refreshTokenIn = (web: TokenWeb, jar: Jar.Jar): string | undefined =>
  pipe(
    Jar.token({ name: NAME, endpoint: endpointOf(web) })(jar),
    O.flatMap(({ refreshToken }) => refreshToken),
    O.map(Secret.reveal),
    O.toUndefined,
  )

const only =
  (isWanted: boolean, configure: Configure): Configure =>
  (configurable) =>
    isWanted ? configure(configurable) : configurable

/** Returns the session, the jar, the time and the seed of a web. */
export const contextOf = (web: TokenWeb): Context => {
  const base = baseOf(web)
  return {
    session: pipe(
      Session.empty,
      base === undefined ? (session) => session : Session.withBaseUrl(base),
      only(!web.onRequest, Session.withAuth(authOf(web))),
      Session.withSecretHeader('X-Vendor-Key', MAIN_SECRET),
      Session.withSecretQuery('k', MAIN_SECRET),
      Session.withMaxRedirects(4),
    ),
    jar: jarOf(web),
    now: NOW,
    entropy: 'seed',
  }
}

/** Returns the request of a web. */
export const requestOf = (web: TokenWeb): Request.Request =>
  pipe(
    Request.make(web.method, hrefOf(web, 0)),
    only(web.onRequest, Request.withAuth(authOf(web))),
    Request.withCookie('mine', MAIN_SECRET),
    (request) => (web.method === 'POST' ? Request.withText(MAIN_BODY)(request) : request),
  )
