import { inspect } from 'node:util'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Grants from '../../src/session/auth/oauth2/Grants.js'
import * as TokenResponse from '../../src/session/auth/oauth2/TokenResponse.js'
import * as Request from '../../src/session/Request.js'
import * as Secret from '../../src/values/Secret.js'
import type * as Token from '../../src/values/Token.js'
import type * as Reply from '../../src/wire/Reply.js'
import { leftOf, replyTo, rightOf, withPrototype } from './oauth2Replies.js'

const CANARY = 'c4nary+/=s3cret'
const config = { tokenUrl: 'https://as.test/token?tenant=1', clientId: 'me', clientSecret: CANARY }
const request = rightOf(Grants.obtain(config, Grants.refreshToken(`r-${CANARY}`))(O.none))

const readReply = (answer: Reply.Answer) => TokenResponse.read(replyTo(request)(answer))
const readJson = (json: unknown, status = 200) => readReply({ status, json })

/** The token with its secrets as text. */
const revealed = ({ accessToken, refreshToken, ...rest }: Token.Input) => ({
  ...rest,
  accessToken: Secret.reveal(accessToken),
  ...(refreshToken === undefined ? {} : { refreshToken: Secret.reveal(refreshToken) }),
})

const printable = fc.string({ unit: fc.constantFrom(...'abcXYZ019-._~+/=|:'), minLength: 1, maxLength: 60 })
const lifetime = fc.integer({ min: 0, max: 100 * 365 * 24 * 3600 })
const words = fc.array(fc.stringMatching(/^[a-z:/.]{1,8}$/), { minLength: 1, maxLength: 4 })

describe('a token', () => {
  it('keeps all that the server sends', () => {
    fc.assert(
      fc.property(printable, lifetime, printable, words, (access_token, expires_in, refresh_token, scope) => {
        const json = { access_token, token_type: 'Bearer', expires_in, refresh_token, scope: scope.join(' ') }
        expect(pipe(readJson(json), E.map(revealed))).toEqual(
          E.right({
            accessToken: access_token,
            type: 'Bearer',
            expiresIn: expires_in,
            refreshToken: refresh_token,
            scope: scope.join(' '),
          }),
        )
      }),
    )
  })
  it('is read whatever the Content-Type and the other fields are', () => {
    fc.assert(
      fc.property(
        printable,
        fc.constantFrom('application/json', 'text/plain', 'text/javascript; charset=x', 'x'),
        fc.dictionary(
          fc.string().filter((name) => !/^(?:access_token|token_type|expires_in|refresh_token|scope)$/.test(name)),
          fc.jsonValue(),
        ),
        fc.constantFrom('', '\uFEFF', '\r\n '),
        (token, type, others, before) => {
          const body = before + JSON.stringify({ ...others, access_token: token })
          const read = readReply({ status: 200, headers: { 'content-type': type }, body })
          expect(pipe(read, E.map(revealed))).toEqual(E.right({ accessToken: token }))
        },
      ),
    )
  })
  it.each<[string, object, object]>([
    ['null', { token_type: null, expires_in: null, refresh_token: null, scope: null, error: null }, {}],
    ['empty', { token_type: '', refresh_token: '', scope: '' }, {}],
    ['a list of scopes', { scope: ['a', 'b:c'] }, { scope: 'a b:c' }],
    ['bearer in lower case', { token_type: 'bearer' }, { type: 'bearer' }],
    ['no lifetime', { expires_in: 0 }, { expiresIn: 0 }],
    ['an error code next to the token', { error: 'x' }, {}],
    ['the name of a prototype', JSON.parse('{"__proto__":{"expires_in":-1}}'), {}],
  ])('accepts fields that are %s', (_, fields, expected) => {
    expect(pipe(readJson({ access_token: 't', ...fields }), E.map(revealed))).toEqual(
      E.right({ accessToken: 't', ...expected }),
    )
  })
  it('has no field of a polluted prototype', () => {
    const read = withPrototype('refresh_token', 'polluted', () => readJson({ access_token: 't' }))
    expect(pipe(read, E.map(revealed))).toEqual(E.right({ accessToken: 't' }))
  })
  it('is a secret, and so is its refresh token', () => {
    const read = readJson({ access_token: CANARY, refresh_token: CANARY, scope: 'a' })
    expect(inspect(read, { depth: null, showHidden: true }) + JSON.stringify(read)).not.toContain(CANARY)
  })
})

describe('a reply without a usable token', () => {
  it.each<[string, Reply.Answer, RegExp]>([
    ['an empty body', { status: 200 }, /is empty/],
    ['HTML', { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<p>' }, /HTML/],
    ['HTML that is not declared', { status: 502, body: ' <!doctype html>' }, /HTML/],
    [
      'a form',
      { status: 200, headers: { 'content-type': 'text/plain' }, body: `access_token=${CANARY}` },
      /text\/plain/,
    ],
    ['half of an object', { status: 200, body: `{"access_token":"${CANARY}` }, /not valid JSON/],
    ['a list', { status: 200, json: [CANARY] }, /must be an object/],
    ['null', { status: 200, json: null }, /must be an object/],
    ['text', { status: 200, json: CANARY }, /must be an object/],
    ['an object without a token', { status: 200, json: { id: CANARY } }, /no access_token/],
    ['a redirect', { status: 302, headers: { location: `/x?${CANARY}` } }, /redirect/],
    ['an error without a code', { status: 403, json: { message: CANARY } }, /no error code/],
    ['JSON of a server that failed', { status: 500, json: { message: CANARY } }, /try again later/],
    ['text of a URL that does not exist', { status: 404, body: CANARY }, /check its URL/],
    ['a refusal because of many requests', { status: 429, body: CANARY }, /too many requests/],
    ['an error code that is an object', { status: 400, json: { error: { message: CANARY } } }, /no error code/],
    ['a token with the status of an error', { status: 400, json: { access_token: CANARY } }, /no error code/],
  ])('is unusable: %s', (_, answer, problem) => {
    const left = leftOf(readReply(answer))
    expect(left).toMatchObject({ _tag: 'TokenReplyUnusable', status: answer.status })
    expect(left._tag === 'TokenReplyUnusable' && left.problem).toMatch(problem)
    expect(left.message).toContain('https://as.test/token ')
    expect(left.message).not.toContain(CANARY)
  })
  it.each<[string, object, RegExp]>([
    ['a token that is a number', { access_token: 7 }, /access_token must be text/],
    ['an empty token', { access_token: '' }, /access_token is empty/],
    ['a line end in the token', { access_token: `${CANARY}\r\nX: y` }, /header cannot carry/],
    ['a space at the end of the token', { access_token: `${CANARY} ` }, /header cannot carry/],
    ['a letter outside ASCII in the token', { access_token: `${CANARY}é` }, /header cannot carry/],
    ['another type', { token_type: 'DPoP' }, /"DPoP" is not Bearer.*`read` and `apply`/],
    ['a type that repeats a secret', { token_type: `x ${CANARY}\n` }, /is not Bearer/],
    ['a type that is a list', { token_type: ['Bearer'] }, /token_type must be text/],
    ['a lifetime as text', { expires_in: '3600' }, /expires_in is text.*`read`/],
    ['a negative lifetime', { expires_in: -1 }, /negative/],
    ['a fraction', { expires_in: 0.5 }, /whole number/],
    ['a lifetime of more than a century', { expires_in: 3_153_600_001 }, /100 years/],
    ['a lifetime that is true', { expires_in: true }, /must be a number/],
    ['a refresh token that is a number', { refresh_token: 7 }, /refresh_token must be text/],
    ['a control in the refresh token', { refresh_token: `${CANARY}\0` }, /control/],
    ['half a surrogate pair in the refresh token', { refresh_token: `${CANARY}\ud800` }, /control/],
    ['a scope that is an object', { scope: {} }, /scope/],
    ['a scope with a line end', { scope: 'a\nb' }, /scope/],
  ])('is unusable: %s', (_, fields, problem) => {
    const left = leftOf(readJson({ access_token: CANARY, ...fields }))
    expect(left._tag === 'TokenReplyUnusable' && left.problem).toMatch(problem)
    expect(JSON.stringify(left)).not.toContain(CANARY)
  })
  it('is unusable: a lifetime that JSON reads as infinite', () => {
    expect(leftOf(readReply({ status: 200, body: '{"access_token":"t","expires_in":1e999}' }))._tag).toBe(
      'TokenReplyUnusable',
    )
  })
  it('never fails with an exception, and never has a message with more than one line', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.jsonValue().map((value) => JSON.stringify(value)),
        ),
        fc.integer({ min: 200, max: 599 }),
        (body, status) => {
          const read = readReply({ status, body })
          if (E.isLeft(read)) expect(read.left.message).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
        },
      ),
    )
  })
})

describe('an error object', () => {
  const CODES = ['invalid_request', 'invalid_client', 'invalid_grant', 'unauthorized_client', 'unsupported_grant_type']
  const MORE = ['invalid_scope', 'authorization_pending', 'slow_down', 'access_denied', 'expired_token']
  it.each([...CODES, ...MORE])('with %s is refused, with what to do', (error) => {
    const left = leftOf(readJson({ error, error_description: 'why', error_uri: 'https://as.test/e' }, 400))
    expect(left).toMatchObject({ _tag: 'TokenReplyRefused', status: 400, code: error })
    expect(left).toMatchObject({ description: O.some('why'), uri: O.some('https://as.test/e') })
    for (const part of [error, '"why"', TokenResponse.adviceFor(error), 'https://as.test/e']) {
      expect(left.message).toContain(part)
    }
    expect(TokenResponse.adviceFor(error)).not.toBe(TokenResponse.adviceFor('unknown'))
  })
  it('is recognized with each status that is not a redirect, with or without a description', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 599 }),
        fc.constantFrom({}, { error_description: null }),
        (status, more) => {
          fc.pre(![204, 205, 304].includes(status))
          expect(leftOf(readJson({ error: 'x', ...more }, status))).toMatchObject({
            ...{ _tag: 'TokenReplyRefused', status, code: 'x', description: O.none, uri: O.none },
          })
        },
      ),
    )
  })
  it('has texts of bounded length on one line', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 2000 }),
        fc.string({ unit: 'binary', maxLength: 2000 }),
        (error, error_description) => {
          const left = leftOf(readJson({ error, error_description }, 400))
          if (left._tag !== 'TokenReplyRefused') return expect.fail(left.message)
          const description = O.getOrElse(() => '')(left.description)
          expect(left.code.length).toBeLessThanOrEqual(64)
          expect(description.length).toBeLessThanOrEqual(300)
          expect(`${left.code}${description}${left.message}`).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Surrogate}]/u)
        },
      ),
    )
  })
  it.each([
    'javascript:alert(1)',
    '/e',
    'https://me:pw@as.test/',
    'https://as.test/\n',
    7,
    `https://a/${'x'.repeat(9999)}`,
  ])('has no page at %s', (error_uri) => {
    expect(leftOf(readJson({ error: 'x', error_uri }, 400))).toMatchObject({ uri: O.none })
  })
  const sent = (secret: string) => ({
    basic: rightOf(Grants.obtain({ ...config, clientSecret: secret }, Grants.clientCredentials)(O.none)),
    body: rightOf(
      Grants.obtain(
        { ...config, clientSecret: secret, clientAuthentication: 'body' },
        Grants.clientCredentials,
      )(O.none),
    ),
    refresh: rightOf(Grants.obtain(config, Grants.refreshToken(secret))(O.none)),
    json: pipe(Request.post('https://as.test/'), Request.withJson({ client_id: 'me', client_secret: secret })),
    bearer: pipe(Request.post('https://as.test/'), Request.withBearer('c4nary-bearer')),
  })
  it.each(['basic', 'body', 'refresh', 'json'] as const)('does not repeat a secret of the request: %s', (kind) => {
    const secret = fc.string({ unit: fc.constantFrom(...'abz019-+/=&% é'), minLength: 4, maxLength: 20 })
    fc.assert(
      fc.property(
        secret.filter((text) => text.trim() === text),
        fc.constantFrom((text: string) => text, encodeURIComponent),
        fc.string(),
        (text, spelled, around) => {
          const echo = `${around}<${spelled(text)}>${around}`
          const json = { error: echo, error_description: echo, error_uri: `https://as.test/?q=${spelled(text)}` }
          const left = leftOf(TokenResponse.read(replyTo(sent(text)[kind])({ status: 400, json })))
          if (left._tag !== 'TokenReplyRefused') return expect.fail(left.message)
          // `around` may contain the secret by chance in pieces: only the whole echo counts.
          for (const part of [left.code, O.toUndefined(left.description) ?? '', left.message]) {
            expect(part).not.toContain(`<${spelled(text)}>`)
          }
          expect(O.toUndefined(left.uri) ?? '').not.toContain(`q=${spelled(text)}`)
        },
      ),
    )
  })
  it('does not repeat the credentials of the Authorization header', () => {
    const left = (kind: 'basic' | 'bearer', error_description: string) =>
      leftOf(TokenResponse.read(replyTo(sent(CANARY)[kind])({ status: 401, json: { error: 'x', error_description } })))
    const encoded = btoa(`me:${encodeURIComponent(CANARY)}`)
    expect(left('basic', `bad header Basic ${encoded}`).message).not.toContain(encoded)
    expect(left('bearer', 'bad token c4nary-bearer').message).not.toContain('c4nary-bearer')
  })
  it('does not show the start of a secret at the end of a long description', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 320 }), fc.integer({ min: 1, max: 40 }), (before, count) => {
        const error_description = `${'x'.repeat(before)}${CANARY.repeat(count)}`
        const left = leftOf(readJson({ error: 'x', error_description }, 400))
        expect(left.message).not.toContain('c4n')
      }),
    )
  })
  it('keeps the id of the client and the scope readable', () => {
    const left = leftOf(readJson({ error: 'x', error_description: 'unknown client me, refresh_token' }, 400))
    expect(left).toMatchObject({ description: O.some('unknown client me, refresh_token') })
  })
})

describe('reading', () => {
  it('takes linear time', () => {
    const time = (size: number): number => {
      const bodies = ['<', ' ', '{"access_token":"a b', '{"error":"x","error_description":"'].map(
        (start) => start + 'a '.repeat(size) + (start.startsWith('{') ? '"}' : ''),
      )
      const begin = performance.now()
      for (const body of bodies) readReply({ status: 400, body })
      for (const body of bodies) readReply({ status: 200, body })
      return performance.now() - begin
    }
    time(1000)
    expect(time(400_000)).toBeLessThan(5000)
  })
})
