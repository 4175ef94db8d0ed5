/** Runs each grant against an authorization server that other people wrote. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { Client, Environment, Http, HttpError, Request, type Response, Secret, Session } from 'requests-ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as OAuth2 from '../../src/session/auth/oauth2/OAuth2.js'
import * as Token from '../../src/values/Token.js'
import { type AuthorizationServer, CONFIDENTIAL, openAuthorizationServer, PUBLIC } from './authorizationServer.js'

let server: AuthorizationServer
beforeAll(async () => {
  server = await openAuthorizationServer()
})
afterAll(() => server.close())

const rightOf = <A>(either: E.Either<unknown, A>): A =>
  E.isRight(either) ? either.right : expect.fail(JSON.stringify(either.left))

const send = async (request: Request.Request): Promise<Response.Response> => {
  const outcome = await pipe(
    Http.send(request),
    Client.use({ session: Session.empty, environment: Environment.empty }),
  )()
  return E.isRight(outcome) ? outcome.right[0] : expect.fail(HttpError.show(outcome.left))
}

const tokenOf = async (request: E.Either<unknown, Request.Request>): Promise<Token.Token> =>
  Token.at(new Date())(rightOf(OAuth2.read(await send(rightOf(request)))))

const problemOf = async (request: E.Either<unknown, Request.Request>) => {
  const read = OAuth2.read(await send(rightOf(request)))
  return E.isLeft(read) ? read.left : expect.fail('the server issued a token')
}

/** What the resource answers to a token. */
const use = async ({ accessToken }: Token.Token) => {
  const response = await send(pipe(Request.get(server.resourceUrl), Request.withBearer(accessToken)))
  const body: unknown = response.status === 200 ? JSON.parse(new TextDecoder().decode(response.bytes)) : undefined
  return { status: response.status, body }
}

const confidential = (): OAuth2.Config => ({ ...CONFIDENTIAL, tokenUrl: server.tokenUrl, scope: 'read' })
const browser = (): OAuth2.AuthorizationCode.Config => ({
  ...PUBLIC,
  ...{ tokenUrl: server.tokenUrl, authorizationUrl: server.authorizationUrl, issuer: server.issuer },
  scope: ['openid', 'offline_access', 'read'],
  authorizationParameters: { prompt: 'consent' },
})
const device = (): OAuth2.DeviceCode.Config => ({
  ...{ clientId: PUBLIC.clientId, tokenUrl: server.tokenUrl, deviceAuthorizationUrl: server.deviceAuthorizationUrl },
  scope: ['openid', 'offline_access', 'read'],
})

const entropy = (): string => crypto.randomUUID() + crypto.randomUUID()

describe('client credentials', () => {
  it.each(['basic', 'body'] as const)('are accepted in: %s', async (clientAuthentication) => {
    const token = await tokenOf(
      OAuth2.obtain({ ...confidential(), clientAuthentication }, OAuth2.clientCredentials)(O.none),
    )
    expect(token).toMatchObject({ type: 'Bearer', scope: O.some('read'), refreshToken: O.none })
    expect(Token.isFresh(new Date())(token)).toBe(true)
    expect(await use(token)).toEqual({ status: 200, body: { clientId: 'confidential', accountId: '', scope: 'read' } })
  })
  it('are refused with another secret', async () => {
    const config = { ...confidential(), clientSecret: 'wrong' }
    const problem = await problemOf(OAuth2.obtain(config, OAuth2.clientCredentials)(O.none))
    expect(problem).toMatchObject({ _tag: 'TokenReplyRefused', status: 401, code: 'invalid_client' })
  })
  it('are refused for another scope', async () => {
    const problem = await problemOf(
      OAuth2.obtain({ ...confidential(), scope: 'write' }, OAuth2.clientCredentials)(O.none),
    )
    expect(problem).toMatchObject({ _tag: 'TokenReplyRefused', code: 'invalid_scope' })
  })
  it('give a token that stops working when it is revoked', async () => {
    const token = await tokenOf(OAuth2.obtain(confidential(), OAuth2.clientCredentials)(O.none))
    server.revokeAccessTokens()
    expect(await use(token)).toEqual({ status: 401, body: undefined })
  })
})

/** Logs in with a browser. */
const loggedIn = async (): Promise<Token.Token> => {
  const { url, pending } = rightOf(OAuth2.AuthorizationCode.begin(browser(), entropy()))
  return tokenOf(OAuth2.AuthorizationCode.redeem(browser(), pending)(await server.logIn(url)))
}

describe('a login in a browser', () => {
  it('gives a token, and a refresh token that can be used once', async () => {
    const first = await loggedIn()
    expect(await use(first)).toMatchObject({ status: 200, body: { clientId: 'public', accountId: 'ada' } })
    const renew = OAuth2.obtain(browser(), OAuth2.authorizationCode)
    const second = await tokenOf(renew(O.some(first)))
    expect(Secret.Eq.equals(second.accessToken, first.accessToken)).toBe(false)
    expect(await use(second)).toMatchObject({ status: 200, body: { accountId: 'ada' } })
    expect(await problemOf(renew(O.some(first)))).toMatchObject({ _tag: 'TokenReplyRefused', code: 'invalid_grant' })
    // Using it again has revoked all tokens of the login.
    expect(await use(second)).toMatchObject({ status: 401 })
    expect(await problemOf(renew(O.some(second)))).toMatchObject({ code: 'invalid_grant' })
  })
  it('gives a code that can be used once, and only with its verifier', async () => {
    const [mine, other] = [entropy(), entropy()].map((seed) => rightOf(OAuth2.AuthorizationCode.begin(browser(), seed)))
    if (mine === undefined || other === undefined) return expect.fail('there are two logins')
    const callback = await server.logIn(mine.url)
    const { verifier } = other.pending
    const stolen = OAuth2.AuthorizationCode.redeem(browser(), { ...mine.pending, verifier })(callback)
    expect(await problemOf(stolen)).toMatchObject({ _tag: 'TokenReplyRefused', code: 'invalid_grant' })
    const own = OAuth2.AuthorizationCode.redeem(browser(), mine.pending)(callback)
    expect(await use(await tokenOf(own))).toMatchObject({ status: 200 })
    expect(await problemOf(own)).toMatchObject({ code: 'invalid_grant' })
  })
  it('can be refused by the user', async () => {
    const { url, pending } = rightOf(OAuth2.AuthorizationCode.begin(browser(), entropy()))
    const redeemed = OAuth2.AuthorizationCode.redeem(browser(), pending)(await server.deny(url))
    expect(redeemed).toMatchObject({ left: { _tag: 'LoginRefused', code: 'access_denied' } })
  })
  it('ends when its refresh token is revoked', async () => {
    const token = await loggedIn()
    server.revokeRefreshTokens()
    const problem = await problemOf(OAuth2.obtain(browser(), OAuth2.authorizationCode)(O.some(token)))
    expect(problem).toMatchObject({ code: 'invalid_grant' })
  })
})

describe('a login on another device', () => {
  const begin = async () => {
    const authorization = rightOf(OAuth2.DeviceCode.read(await send(rightOf(OAuth2.DeviceCode.request(device())))))
    const page = O.getOrElse(() => authorization.verificationUri)(authorization.verificationUriComplete)
    const { state } = OAuth2.DeviceCode.start(new Date())(authorization)
    /** Polls without waiting: the server does not limit the frequency. */
    const poll = async () => {
      const response = await send(rightOf(OAuth2.DeviceCode.poll(device(), state)))
      return OAuth2.DeviceCode.next(state, new Date())(E.right(response))
    }
    return { authorization, page, poll }
  }
  it('waits for the user, and then gives a token and a refresh token', async () => {
    const { authorization, page, poll } = await begin()
    expect(authorization).toMatchObject({ interval: 5, expiresIn: 600 })
    expect(await poll()).toMatchObject({ _tag: 'Wait', ms: 5000 })
    expect(await server.logIn(page)).toContain('Sign-in Success')
    const next = await poll()
    if (next._tag !== 'Done') return expect.fail(next._tag)
    const token = Token.at(new Date())(next.token)
    expect(await use(token)).toMatchObject({ status: 200, body: { clientId: 'public', accountId: 'ada' } })
    const renewed = await tokenOf(OAuth2.obtain(device(), OAuth2.deviceCode)(O.some(token)))
    expect(await use(renewed)).toMatchObject({ status: 200 })
  })
  it('can be refused by the user', async () => {
    const { page, poll } = await begin()
    await server.deny(page)
    expect(await poll()).toMatchObject({ _tag: 'Fail', problem: { _tag: 'TokenReplyRefused', code: 'access_denied' } })
  })
})

describe('the server', () => {
  it('counts the requests to its token endpoint', async () => {
    const before = server.tokenRequests().length
    await tokenOf(OAuth2.obtain(confidential(), OAuth2.clientCredentials)(O.none))
    await problemOf(OAuth2.obtain(browser(), OAuth2.refreshToken('unknown'))(O.none))
    expect(server.tokenRequests().slice(before)).toEqual([
      { grantType: 'client_credentials', error: undefined },
      { grantType: 'refresh_token', error: 'invalid_grant' },
    ])
  })
})
