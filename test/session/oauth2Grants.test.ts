import { inspect } from 'node:util'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Explain from '../../src/inspect/Explain.js'
import * as Har from '../../src/inspect/Har.js'
import * as Plan from '../../src/Plan.js'
import * as Grants from '../../src/session/auth/oauth2/Grants.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Secret from '../../src/values/Secret.js'
import * as Token from '../../src/values/Token.js'
import { untyped } from '../untyped.js'
import { leftOf, pairsOf, replyTo, rightOf, sentBy, withPrototype } from './oauth2Replies.js'

// RFC 6749: the client of its examples.
const example = { tokenUrl: 'https://server.example.com/token', clientId: 's6BhdRkqt3' }
const confidential: Grants.Config = { ...example, clientSecret: 'gX1fBat3bV' }

const tokenWith = (refreshToken?: string): O.Option<Token.Token> =>
  O.some(Token.at(new Date(0))({ accessToken: 'old', ...(refreshToken === undefined ? {} : { refreshToken }) }))

const sent = (config: Grants.Config, grant: Grants.Grant, current: O.Option<Token.Token> = O.none) =>
  sentBy(rightOf(Grants.obtain(config, grant)(current)))

const FORM = { Accept: 'application/json', 'Content-Type': 'application/x-www-form-urlencoded' }

describe('the request of', () => {
  it('client credentials has the bytes of RFC 6749 4.4.2', () => {
    expect(sent(confidential, Grants.clientCredentials)).toMatchObject({
      method: 'POST',
      url: 'https://server.example.com/token',
      headers: { ...FORM, Authorization: 'Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW' },
      body: 'grant_type=client_credentials',
    })
  })
  it('a refresh token has the bytes of RFC 6749 6', () => {
    const grant = Grants.refreshToken('tGzv3JOkF0XG5Qx2TlKWIA')
    expect(sent(confidential, grant)).toMatchObject({
      headers: { ...FORM, Authorization: 'Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW' },
      body: 'grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA',
    })
  })
  it('a client with its secret in the body has the bytes of RFC 6749 2.3.1', () => {
    const config: Grants.Config = { ...example, clientSecret: '7Fjfp0ZBr1KtDRbnfVdmIw', clientAuthentication: 'body' }
    const { headers, body } = sent(config, Grants.refreshToken('tGzv3JOkF0XG5Qx2TlKWIA'))
    expect(headers).not.toHaveProperty('Authorization')
    expect(body).toBe(
      'grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA' +
        '&client_id=s6BhdRkqt3&client_secret=7Fjfp0ZBr1KtDRbnfVdmIw',
    )
  })
  it('a public client has its id in the body', () => {
    const { headers, body } = sent(example, Grants.refreshToken('r'))
    expect(headers).not.toHaveProperty('Authorization')
    expect(body).toBe('grant_type=refresh_token&refresh_token=r&client_id=s6BhdRkqt3')
  })
  it('any client has values that a server reads back', () => {
    const text = fc.string({ unit: fc.constantFrom(...'aZ09 +&=%:/~é€😀'), minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(
        text,
        text,
        text,
        fc.dictionary(fc.stringMatching(/^x[a-z]{0,5}$/), text),
        (id, secret, r, parameters) => {
          const config = { ...example, clientId: id, clientSecret: Secret.make(secret), parameters }
          const basic = sent(config, Grants.refreshToken(r))
          const [user = '', pass = ''] = atob(basic.headers['Authorization']?.slice(6) ?? '').split(':')
          const decoded = (value: string) => new URLSearchParams(`x=${value}`).get('x')
          expect([decoded(user), decoded(pass)]).toEqual([id, secret])
          const grant = [['grant_type', 'refresh_token'], ['refresh_token', r], ...Object.entries(parameters)]
          expect(pairsOf(basic.body)).toEqual(grant)
          const body = sent({ ...config, clientAuthentication: 'body' }, Grants.refreshToken(r))
          expect(pairsOf(body.body)).toEqual([...grant, ['client_id', id], ['client_secret', secret]])
        },
      ),
    )
  })
  it('a grant has the scope and each value of the parameters', () => {
    const config = { ...confidential, scope: ['a', 'b:c'], parameters: { resource: ['x', 'y'], audience: 'z' } }
    const more = '&scope=a+b%3Ac&resource=x&resource=y&audience=z'
    expect(sent(config, Grants.clientCredentials).body).toBe(`grant_type=client_credentials${more}`)
    expect(sent(config, Grants.refreshToken('r')).body).toBe(`grant_type=refresh_token&refresh_token=r${more}`)
    expect(sent({ ...config, scope: 'a b:c' }, Grants.clientCredentials).body).toContain('scope=a+b%3Ac')
  })
  it('a token endpoint keeps the query of its URL', () => {
    const tokenUrl = new URL('https://as.test/token?tenant=1')
    expect(sent({ ...confidential, tokenUrl }, Grants.clientCredentials).url).toBe('https://as.test/token?tenant=1')
  })
})

describe('what renews a token', () => {
  it('is the client itself for client credentials, even if the token has a refresh token', () => {
    const { body } = sent(confidential, Grants.clientCredentials, tokenWith('r'))
    expect(body).toBe('grant_type=client_credentials')
  })
  it('is the last refresh token, or else that of the grant', () => {
    const bodyFor = (current: O.Option<Token.Token>) => sent(confidential, Grants.refreshToken('seed'), current).body
    expect(bodyFor(O.none)).toContain('refresh_token=seed')
    expect(bodyFor(tokenWith())).toContain('refresh_token=seed')
    expect(bodyFor(tokenWith('rotated'))).toContain('refresh_token=rotated')
  })
  it.each([
    ['AuthorizationCode', Grants.authorizationCode],
    ['DeviceCode', Grants.deviceCode],
  ] as const)('is only the refresh token after a login: %s', (_, grant) => {
    const config = { ...example, scope: 'a' }
    expect(sent(config, grant, tokenWith('r')).body).toBe(
      'grant_type=refresh_token&refresh_token=r&client_id=s6BhdRkqt3',
    )
    expect(leftOf(Grants.obtain(config, grant)(O.none))).toMatch(/^log in first/)
    expect(leftOf(Grants.obtain(config, grant)(tokenWith()))).toMatch(/log in again/)
  })
})

describe('a redirect of the token endpoint', () => {
  it('does not get the secret', () => {
    const request = rightOf(
      Grants.obtain({ ...confidential, clientAuthentication: 'body' }, Grants.clientCredentials)(O.none),
    )
    expect(replyTo(request)({ status: 307, headers: { location: 'https://evil.test/' } }).status).toBe(307)
  })
})

describe('credentials of the session', () => {
  it('are not sent to the token endpoint', () => {
    const request = rightOf(Grants.obtain(example, Grants.refreshToken('r'))(O.none))
    const session = pipe(Session.empty, Session.withBearer('other'))
    expect(Plan.wire(rightOf(Plan.plan({ session })(request))).headers.map(([name]) => name)).not.toContain(
      'Authorization',
    )
  })
})

describe('nothing prints a secret', () => {
  const CANARY = 'c4nary'
  it.each(['basic', 'body'] as const)('of a client with its secret in: %s', (clientAuthentication) => {
    const config = { ...example, clientSecret: `x${CANARY}`, clientAuthentication }
    const request = rightOf(Grants.obtain(config, Grants.refreshToken(CANARY))(O.none))
    const plan = rightOf(Plan.plan({ session: Session.empty })(request))
    const printed = [
      inspect([request, plan, Grants.refreshToken(CANARY)], { depth: null, showHidden: true }),
      JSON.stringify([request, plan, Grants.refreshToken(CANARY)]),
      Request.Show.show(request),
      Plan.show(plan),
      Plan.toCurl()(plan),
      JSON.stringify(Har.ofHops()([{ plan, head: replyTo(request)({ status: 200 }) }])),
      Plan.toHttp()(plan),
      inspect(Explain.toData(Plan.explain(plan)), { depth: null }),
    ]
    expect(printed.slice(-1).join()).toContain('POST https://server.example.com/token')
    for (const text of printed) expect(text).not.toMatch(/c4nary|YzRuYXJ5|M0bmFye|jNG5hcn/)
  })
})

describe('a config that is not valid', () => {
  const CANARY = 'c4nary'
  it.each<[string, object, RegExp]>([
    ['no token endpoint', { tokenUrl: undefined }, /tokenUrl/],
    ['a relative token endpoint', { tokenUrl: '/token' }, /tokenUrl/],
    ['another scheme', { tokenUrl: 'ftp://as.test/' }, /http or https/],
    ['credentials in the URL', { tokenUrl: `https://me:${CANARY}@as.test/` }, /clientSecret/],
    ['a fragment in the URL', { tokenUrl: 'https://as.test/#x' }, /fragment/],
    ['no client id', { clientId: undefined }, /clientId/],
    ['an empty client id', { clientId: '' }, /clientId/],
    ['a control in the client id', { clientId: 'a\n' }, /clientId/],
    ['an empty secret', { clientSecret: '' }, /clientSecret/],
    ['a secret that is a number', { clientSecret: 7 }, /clientSecret/],
    ['basic without a secret', { clientSecret: undefined, clientAuthentication: 'basic' }, /needs a clientSecret/],
    ['another authentication', { clientAuthentication: 'digest' }, /clientAuthentication/],
    ['a scope that is a number', { scope: 7 }, /scope/],
    ['a line end in the scope', { scope: ['a\nb'] }, /scope/],
    ['parameters as a list', { parameters: [['a', 'b']] }, /parameters/],
    ['a parameter that is a number', { parameters: { a: 7 } }, /parameters."a"/],
    ['a parameter of the library', { parameters: { grant_type: CANARY } }, /grant_type/],
    ['the secret as a parameter', { parameters: { client_secret: CANARY } }, /client_secret/],
  ])('is a left: %s', (_, change, expected) => {
    const config = untyped<Grants.Config>({ ...confidential, clientSecret: CANARY, ...change })
    const left = leftOf(Grants.obtain(config, Grants.clientCredentials)(O.none))
    expect(left).toMatch(expected)
    expect(left).not.toContain(CANARY)
  })
  it('never fails with an exception', () => {
    const anything = fc.anything({ withNullPrototype: true, withSparseArray: true })
    const grants = fc.oneof(anything, fc.constantFrom(Grants.clientCredentials, Grants.refreshToken('r')))
    const changes = fc.record(
      { tokenUrl: anything, clientId: anything, clientSecret: anything, scope: anything, parameters: anything },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          anything,
          changes.map((change) => ({ ...confidential, ...change })),
        ),
        grants,
        (config, grant) => {
          const obtained = Grants.obtain(untyped(config), untyped(grant))(O.none)
          if (E.isLeft(obtained)) expect(typeof obtained.left).toBe('string')
        },
      ),
    )
  })
  it('does not read an inherited secret', () => {
    const publicly = () => sent(example, Grants.refreshToken('r')).body
    expect(withPrototype('clientSecret', 'polluted', publicly)).toBe(publicly())
    const config = untyped<Grants.Config>(Object.setPrototypeOf({ ...example }, null))
    expect(sent(config, Grants.refreshToken('r')).body).toContain('client_id=')
    const inherited = untyped<Grants.Config>(Object.create(confidential))
    expect(E.isLeft(Grants.obtain(inherited, Grants.clientCredentials)(O.none))).toBe(true)
  })
})
