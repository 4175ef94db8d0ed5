import { inspect } from 'node:util'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as AuthorizationCode from '../../src/session/auth/oauth2/AuthorizationCode.js'
import * as Pkce from '../../src/session/auth/oauth2/Pkce.js'
import * as RedirectUri from '../../src/session/auth/oauth2/RedirectUri.js'
import * as Secret from '../../src/values/Secret.js'
import { untyped } from '../untyped.js'
import { leftOf, pairsOf, rightOf, sentBy } from './oauth2Replies.js'

// RFC 6749 4.1: the client of its examples.
const config: AuthorizationCode.Config = {
  authorizationUrl: 'https://server.example.com/authorize',
  tokenUrl: 'https://server.example.com/token',
  clientId: 's6BhdRkqt3',
  redirectUri: 'https://client.example.com/cb',
}
const ENTROPY = '0123456789abcdef0123456789abcdef'
const begin = (change: Partial<AuthorizationCode.Config> = {}, entropy = ENTROPY) =>
  rightOf(AuthorizationCode.begin({ ...config, ...change }, entropy))
const { pending } = begin()

const redeem = (query: string, change: Partial<AuthorizationCode.Config> = {}) =>
  AuthorizationCode.redeem({ ...config, ...change }, pending)(`/cb?${query}`)

const seed = fc.string({ minLength: 22, maxLength: 80 })

describe('PKCE', () => {
  it('has the challenge of RFC 7636 appendix B', () => {
    expect(Pkce.challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
      'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    )
  })
  it('has a challenge that Node computes too', async () => {
    const { createHash } = await import('node:crypto')
    fc.assert(
      fc.property(fc.stringMatching(/^[\w.~-]{43,128}$/), (verifier) => {
        expect(Pkce.challengeOf(verifier)).toBe(createHash('sha256').update(verifier).digest('base64url'))
      }),
    )
  })
})

describe('the page of a login', () => {
  it('has the parameters of RFC 6749 4.1.1 and RFC 7636 4.3', () => {
    fc.assert(
      fc.property(seed, fc.constantFrom('', '?tenant=1', '?'), (entropy, query) => {
        const begun = begin({ authorizationUrl: config.authorizationUrl + query, scope: ['a', 'b'] }, entropy)
        const { origin, pathname, searchParams } = new URL(begun.url)
        const verifier = Secret.reveal(begun.pending.verifier)
        expect(`${origin}${pathname}`).toBe(config.authorizationUrl)
        expect([...searchParams]).toEqual([
          ...(query === '?tenant=1' ? [['tenant', '1']] : []),
          ['response_type', 'code'],
          ['client_id', 's6BhdRkqt3'],
          ['redirect_uri', 'https://client.example.com/cb'],
          ['scope', 'a b'],
          ['state', begun.pending.state],
          ['code_challenge', Pkce.challengeOf(verifier)],
          ['code_challenge_method', 'S256'],
        ])
        expect(Pkce.isVerifier(verifier)).toBe(true)
        expect(begun.pending.state).toMatch(/^[\da-f]{32}$/)
        expect(begun.url).not.toContain(verifier)
        // No part of the verifier is known from the state.
        expect(verifier).not.toContain(begun.pending.state)
        expect(verifier.slice(0, 32)).not.toBe(verifier.slice(32))
      }),
    )
  })
  it('has another state and verifier for other entropy, and the same for the same', () => {
    fc.assert(
      fc.property(seed, seed, (x, y) => {
        const [a, b] = [begin({}, x), begin({}, y)]
        expect(a.url === b.url).toBe(x === y)
        expect(Secret.Eq.equals(a.pending.verifier, b.pending.verifier)).toBe(x === y)
      }),
    )
  })
  it('has the additional parameters, and not those of the token request', () => {
    const { url } = begin({ authorizationParameters: { prompt: 'login' }, parameters: { audience: 'x' } })
    expect(new URL(url).searchParams.get('prompt')).toBe('login')
    expect(new URL(url).searchParams.has('audience')).toBe(false)
  })
  it.each<[string, object, string, RegExp]>([
    ['short entropy', {}, 'x'.repeat(21), /entropy/],
    ['entropy that is a number', {}, untyped(7), /entropy/],
    ['no page', { authorizationUrl: undefined }, ENTROPY, /authorizationUrl/],
    ['a page with the client id', { authorizationUrl: 'https://a.test/?client_id=x' }, ENTROPY, /client_id/],
    ['a parameter of the library', { authorizationParameters: { state: 'x' } }, ENTROPY, /state/],
    ['an issuer that is a number', { issuer: 7 }, ENTROPY, /issuer/],
    ['no client id', { clientId: '' }, ENTROPY, /clientId/],
    ['a scope with a quote', { scope: '"' }, ENTROPY, /scope/],
    ['no redirect URI', { redirectUri: undefined }, ENTROPY, /redirectUri/],
  ])('is a left: %s', (_, change, entropy, expected) => {
    expect(leftOf(AuthorizationCode.begin(untyped({ ...config, ...change }), entropy))).toMatch(expected)
  })
})

describe('a redirect URI', () => {
  it.each([
    'https://client.example.com/cb',
    'https://client.example.com/cb?tenant=1',
    'http://127.0.0.1:51004/oauth2redirect/example-provider',
    'http://127.0.0.1',
    'http://[::1]:61023/oauth2redirect/example-provider',
    'http://localhost:8400/',
    'com.example.app:/oauth2redirect/example-provider',
  ])('may be %s, and is not changed', (uri) => {
    expect(RedirectUri.parse(uri)).toEqual(E.right(uri))
    expect(new URL(begin({ redirectUri: uri }).url).searchParams.get('redirect_uri')).toBe(uri)
  })
  it('may be a URL object', () => {
    expect(RedirectUri.parse(new URL('https://a.test'))).toEqual(E.right('https://a.test/'))
  })
  it.each([
    ...['http://client.example.com/cb', 'http://127.0.0.1.evil.test/', 'http://localhost.evil.test/', 'http://[::2]/'],
    ...['https://a.test/#', 'https://me@a.test/', 'https://a.test/ b', 'https://a.test/é', 'https://', '/cb', ''],
    ...['javascript:alert(1)', 'data:text/html,x', 'urn:ietf:wg:oauth:2.0:oob', 'app:/cb', 7, null],
  ])('may not be %s', (uri) => {
    expect(leftOf(RedirectUri.parse(uri))).toMatch(/^redirectUri/)
  })
})

describe('the token request', () => {
  it('has the parameters of RFC 6749 4.1.3, and the verifier', () => {
    const secret = { clientSecret: 'gX1fBat3bV' }
    const { method, url, headers, body } = sentBy(
      rightOf(redeem(`code=SplxlOBeZQQYbYS6WxSbIA&state=${pending.state}`, secret)),
    )
    expect([method, url]).toEqual(['POST', 'https://server.example.com/token'])
    expect(headers).toMatchObject({ Authorization: 'Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW' })
    expect(body).toBe(
      'grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA&redirect_uri=https%3A%2F%2Fclient.example.com%2Fcb' +
        `&code_verifier=${Secret.reveal(pending.verifier)}`,
    )
  })
  it('has the code of each form of the callback', () => {
    const query = fc.record({ code: fc.string({ unit: 'grapheme', minLength: 1 }), other: fc.string() })
    const forms = fc.constantFrom('https://client.example.com/cb?', '/cb?', '?', 'http://10.0.0.1:3000/x?')
    fc.assert(
      fc.property(seed, query, forms, fc.boolean(), (entropy, { code, other }, start, isUrl) => {
        const login = begin({}, entropy).pending
        const text = start + new URLSearchParams({ other, code, state: login.state }).toString()
        const callback = isUrl ? new URL(text, config.redirectUri) : text
        const { body } = sentBy(rightOf(AuthorizationCode.redeem(config, login)(callback)))
        expect(pairsOf(body)).toEqual([
          ['grant_type', 'authorization_code'],
          ['code', code],
          ['redirect_uri', 'https://client.example.com/cb'],
          ['code_verifier', Secret.reveal(login.verifier)],
          ['client_id', 's6BhdRkqt3'],
        ])
      }),
    )
  })
  it('has the redirect URI of the login, even if the config has another one now', () => {
    const request = rightOf(redeem(`code=c&state=${pending.state}`, { redirectUri: 'https://other.test/' }))
    expect(pairsOf(sentBy(request).body)).toContainEqual(['redirect_uri', 'https://client.example.com/cb'])
  })
  it('is made for an app with a scheme of its own', () => {
    const redirectUri = 'com.example.app:/cb'
    const login = begin({ redirectUri }).pending
    for (const callback of [`com.example.app:/cb?code=c&state=${login.state}`, `/cb?code=c&state=${login.state}`]) {
      expect(E.isRight(AuthorizationCode.redeem({ ...config, redirectUri }, login)(callback))).toBe(true)
    }
  })
  it('has no scope, but the additional parameters', () => {
    const request = rightOf(redeem(`code=c&state=${pending.state}`, { scope: 'a', parameters: { audience: 'x' } }))
    expect(pairsOf(sentBy(request).body).map(([name]) => name)).toEqual([
      ...['grant_type', 'code', 'redirect_uri', 'code_verifier', 'audience', 'client_id'],
    ])
  })
})

describe('a callback', () => {
  const CANARY = 'c4nary'
  const { state } = pending
  const issuer = 'https://as.test'
  it.each<[string, string, Partial<AuthorizationCode.Config>, string]>([
    ['without a state', `code=${CANARY}`, {}, 'StateMismatch'],
    ['with an empty state', `code=${CANARY}&state=`, {}, 'StateMismatch'],
    ['with the state of another login', `code=${CANARY}&state=${CANARY}`, {}, 'StateMismatch'],
    ['with the start of the state', `code=${CANARY}&state=${state.slice(1)}`, {}, 'StateMismatch'],
    ['with an error of another login', `error=access_denied&state=${CANARY}`, {}, 'StateMismatch'],
    ['with two states', `code=${CANARY}&state=${state}&state=${state}`, {}, 'InvalidCallback'],
    ['with two codes', `code=${CANARY}&code=${CANARY}&state=${state}`, {}, 'InvalidCallback'],
    ['with two issuers', `code=${CANARY}&iss=${issuer}&iss=x&state=${state}`, { issuer }, 'InvalidCallback'],
    ['without a code', `state=${state}`, {}, 'InvalidCallback'],
    ['with an empty code', `code=&state=${state}`, {}, 'InvalidCallback'],
    ['with its parameters in the fragment', `#code=${CANARY}&state=${state}`, {}, 'StateMismatch'],
    ['without the issuer', `code=${CANARY}&state=${state}`, { issuer }, 'IssuerMismatch'],
    ['of another issuer', `code=${CANARY}&state=${state}&iss=${issuer}/`, { issuer }, 'IssuerMismatch'],
    ['with an error of another issuer', `error=x&state=${state}&iss=x`, { issuer }, 'IssuerMismatch'],
    ['with a config that is not valid', `code=${CANARY}&state=${state}`, { tokenUrl: '' }, 'InvalidLogin'],
    ['with a client that is not valid', `code=${CANARY}&state=${state}`, { clientId: '' }, 'InvalidLogin'],
  ])('is rejected %s', (_, query, change, tag) => {
    const left = leftOf(redeem(query, change))
    expect(left._tag).toBe(tag)
    expect(JSON.stringify(left)).not.toMatch(new RegExp(`${CANARY}|${state}`))
  })
  it('is accepted with the issuer of the config, and with any issuer if the config has none', () => {
    expect(E.isRight(redeem(`code=c&state=${state}&iss=${issuer}`, { issuer }))).toBe(true)
    expect(E.isRight(redeem(`code=c&state=${state}&iss=${issuer}`))).toBe(true)
  })
  it('has the error of the server on one line, without the secret of the client', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.string({ unit: 'binary', maxLength: 900 }),
        (code, why) => {
          const description = `${why}${CANARY}`
          const query = new URLSearchParams({
            error: code,
            error_description: description,
            error_uri: 'https://as.test/',
            state,
          })
          const left = leftOf(redeem(query.toString(), { clientSecret: CANARY }))
          if (left._tag !== 'LoginRefused') return expect.fail(left.message)
          expect(left.uri).toEqual(O.some('https://as.test/'))
          const shown = O.getOrElse(() => '')(left.description)
          expect(shown.length).toBeLessThanOrEqual(300)
          expect(`${left.code}${shown}${left.message}`).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Surrogate}]|c4nary/u)
        },
      ),
    )
  })
  it('with access_denied has what to do', () => {
    const left = leftOf(redeem(`error=access_denied&state=${state}`))
    expect(left).toMatchObject({ _tag: 'LoginRefused', code: 'access_denied', description: O.none, uri: O.none })
    expect(left.message).toContain('https://server.example.com/authorize refused the login: access_denied;')
  })
  it('never fails with an exception', () => {
    const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl(), fc.anything({ withNullPrototype: true }))
    const logins = fc.oneof(
      fc.constant(pending),
      fc.record({ state: anything, verifier: anything, redirectUri: anything }, { requiredKeys: [] }),
      anything,
    )
    fc.assert(
      fc.property(anything, logins, fc.oneof(fc.constant(config), anything), (callback, login, client) => {
        const read = AuthorizationCode.redeem(untyped(client), untyped(login))(untyped(callback))
        if (E.isLeft(read)) expect(typeof read.left.message).toBe('string')
        expect(AuthorizationCode.begin(untyped(client), untyped(callback))).toHaveProperty('_tag')
      }),
    )
  })
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no state', { ...pending, state: '' }],
    ['a short verifier', { ...pending, verifier: Secret.make('x') }],
    ['a verifier with a space', { ...pending, verifier: Secret.make(' '.repeat(64)) }],
    ['no redirect URI', { ...pending, redirectUri: undefined }],
  ])('is rejected with a login that has %s', (_, login) => {
    const callback = `/?code=c&state=${pending.state}`
    expect(leftOf(AuthorizationCode.redeem(config, untyped(login))(callback))._tag).toBe('InvalidLogin')
  })
})

describe('a pending login', () => {
  it('is the same after it was saved', () => {
    fc.assert(
      fc.property(seed, (entropy) => {
        const login = begin({}, entropy).pending
        const saved = rightOf(AuthorizationCode.encode({ reveal: true })(login))
        const again = rightOf(AuthorizationCode.decode(JSON.parse(JSON.stringify(saved))))
        expect([again.state, Secret.reveal(again.verifier), again.redirectUri]).toEqual([
          ...[login.state, Secret.reveal(login.verifier), login.redirectUri],
        ])
      }),
    )
  })
  it('is not saved without its verifier, and never printed with it', () => {
    expect(leftOf(AuthorizationCode.encode()(pending)).paths).toEqual(['verifier'])
    const verifier = Secret.reveal(pending.verifier)
    expect(inspect(pending, { depth: null, showHidden: true }) + JSON.stringify(pending)).not.toContain(verifier)
  })
  it.each([
    null,
    {},
    { format: 'requests-ts/session', version: 1 },
    { format: 'requests-ts/pending-login', version: 2 },
  ])('is not read from %j', (json) => {
    expect(leftOf(AuthorizationCode.decode(json))._tag).toBe('Unreadable')
  })
  it('is not printed by the request that redeems it', () => {
    const request = pipe(redeem(`code=c4nary&state=${pending.state}`), rightOf)
    const printed = inspect(request, { depth: null, showHidden: true })
    expect(printed).not.toContain('c4nary')
    expect(printed).not.toContain(Secret.reveal(pending.verifier))
  })
})
