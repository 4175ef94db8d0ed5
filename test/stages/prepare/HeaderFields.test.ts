import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import * as Plan from '../../../src/Plan.js'
import * as Auth from '../../../src/session/auth/Auth.js'
import * as Request from '../../../src/session/Request.js'
import * as Session from '../../../src/session/Session.js'
import * as Settings from '../../../src/session/Settings.js'
import * as HeaderFields from '../../../src/stages/prepare/HeaderFields.js'
import * as Headers from '../../../src/values/Headers.js'
import * as Override from '../../../src/values/Override.js'
import * as Secret from '../../../src/values/Secret.js'
import { untyped } from '../../untyped.js'

// Header fields: which are rejected, which are secret, and how session and request are merged.

const planned = (request: Request.Request, session = Session.empty) => Plan.plan({ session })(request)
const headers = (request: Request.Request, session?: Session.Session) =>
  pipe(
    planned(request, session),
    E.map((plan) => Plan.wire(plan).headers),
  )
/** The headers with redacted values. */
const shown = (request: Request.Request, session?: Session.Session) =>
  pipe(
    planned(request, session),
    E.map((plan) => Headers.toPairs(plan.headers)),
  )
const get = Request.get('http://h/')
const invalid = (name: string, detail = '') => ({
  left: { _tag: 'InvalidHeader', name, message: expect.stringContaining(detail) },
})

describe('a header', () => {
  it.each([
    ['a b', 'x', 'name'],
    ['', 'x', 'name'],
    ['a:', 'x', 'name'],
    ['é', 'x', 'name'],
    ['X', 'a\nb', 'value'],
    ['X', '\tx', 'value'],
    ['X', '☃', 'value'],
    ['Expect', '100-continue', 'transport'],
    ['Upgrade', 'h2c', 'transport'],
    ['Keep-Alive', 'timeout=1', 'transport'],
    ['Connection', 'upgrade', 'keep-alive'],
    ['Connection', 'close, x', 'keep-alive'],
    ['Connection', 'x-close', 'keep-alive'],
    ['Connection', '', 'keep-alive'],
    ['Transfer-Encoding', 'gzip', 'chunked'],
    ['Transfer-Encoding', 'gzip, chunked', 'chunked'],
    ['Transfer-Encoding', 'chunked, gzip', 'chunked'],
    ['Content-Length', '+5', 'number'],
    ['Content-Length', '5, 5', 'number'],
    ['Content-Length', '5.0', 'number'],
    ['Content-Length', '', 'number'],
  ])('%j: %j is rejected because of its %s', (name, value, detail) => {
    expect(headers(Request.withHeader(name, value)(get))).toMatchObject(invalid(name, detail))
  })
  it('is rejected if its value is not a string', () => {
    expect(headers(Request.withHeader('X', untyped(7))(get))).toMatchObject(invalid('X', 'value'))
  })
  it.each([
    ['Connection', 'close'],
    ['connection', 'Keep-Alive'],
    ['X', ''],
    ['X', 'é trailing '],
    ['X-Expect', 'x'],
  ])('%j: %j is sent', (name, value) => {
    expect(headers(Request.withHeader(name, value)(get))).toEqual(E.right([[name, value]]))
  })
  it.each(['Host', 'Content-Length', 'Transfer-Encoding', 'Content-Type'])(
    '%s is rejected if it occurs twice',
    (name) => {
      const twice = Request.withHeaders([
        [name, '1'],
        [name, '1'],
      ])
      expect(headers(twice(get))).toMatchObject(invalid(name, 'once'))
    },
  )
})

describe('HeaderFields.refusal (specification)', () => {
  it.each([
    ['EXPECT', 'x', true],
    ['Connection', 'x', true],
    ['Connection', 'KEEP-ALIVE', false],
    ['transfer-encoding', 'Chunked', false],
    ['Transfer-Encoding', 'x', true],
    ['content-length', '12', false],
    ['Content-Length', 'x', true],
    ['Accept', 'anything', false],
  ])('rejects %s: %s: %s', (name, value, rejects) => {
    expect(HeaderFields.headerProblem(name, value) !== undefined).toBe(rejects)
  })
})

describe('a sensitive header', () => {
  const named = Session.withSensitiveHeaders('X-Mine')(Session.empty)
  it('is never printed, and sent unchanged', () => {
    for (const set of [Request.withHeader('x-mine', 'canary'), Request.withSecretHeader('x-mine', 'canary')]) {
      expect(shown(set(get), named)).toEqual(E.right([['x-mine', '‹secret›']]))
      expect(headers(set(get), named)).toEqual(E.right([['x-mine', 'canary']]))
    }
    expect(shown(Request.withHeader('x-other', 'plain')(get), named)).toEqual(E.right([['x-other', 'plain']]))
  })
  it('may be named by the request, also for a header of the session', () => {
    const session = Session.withHeader('X-Mine', 'canary')(Session.empty)
    expect(shown(get, session)).toEqual(E.right([['X-Mine', 'canary']]))
    expect(shown(Request.withSensitiveHeaders('x-mine')(get), session)).toEqual(E.right([['X-Mine', '‹secret›']]))
  })
  it('is shown again if the request unsets the name', () => {
    const plain = Request.withSettings({ ...Settings.empty, sensitive: new Map([['x-mine', Override.unset]]) })
    expect(shown(pipe(get, Request.withHeader('X-Mine', 'plain'), plain), named)).toEqual(
      E.right([['X-Mine', 'plain']]),
    )
  })
  it('is recognized by its well-known name in settings that were built by hand', () => {
    const setting = Override.set({ name: 'X-Api-Key', values: ['canary'] })
    const byHand = Request.withSettings({ ...Settings.empty, headers: new Map([['x-api-key', setting]]) })
    expect(shown(byHand(get))).toEqual(E.right([['X-Api-Key', '‹secret›']]))
  })
})

describe('headers of session and request', () => {
  const session = pipe(
    Session.empty,
    Session.withHeaders({ A: 'session', B: 'session' }),
    Session.withHeader('C', 'session'),
  )
  it('keep the order of the session, with the values of the request', () => {
    expect(headers(pipe(get, Request.withHeader('b', 'request'), Request.withHeader('D', 'request')), session)).toEqual(
      E.right([
        ['A', 'session'],
        ['b', 'request'],
        ['C', 'session'],
        ['D', 'request'],
      ]),
    )
    expect(headers(get, session)).toEqual(
      E.right([
        ['A', 'session'],
        ['B', 'session'],
        ['C', 'session'],
      ]),
    )
  })
  it('are merged the same way if a name is sensitive', () => {
    const sensitive = Request.withSensitiveHeaders('X')
    expect(
      headers(pipe(get, sensitive, Request.withHeader('b', 'request'), Request.withoutHeader('C')), session),
    ).toEqual(
      E.right([
        ['A', 'session'],
        ['b', 'request'],
      ]),
    )
  })
  it('are omitted after withoutHeader', () => {
    const without = Session.withoutHeader('C')(session)
    expect(headers(Request.withoutHeader('A')(get), without)).toEqual(E.right([['B', 'session']]))
    expect(headers(get, without)).toEqual(
      E.right([
        ['A', 'session'],
        ['B', 'session'],
      ]),
    )
  })
  it('are rejected for an invalid header of the session, unless the request removes it', () => {
    const wrong = Session.withHeader('Expect', 'x')(session)
    const rejected = invalid('Expect')
    expect(headers(get, wrong)).toMatchObject(rejected)
    expect(headers(Request.withHeader('D', 'x')(get), wrong)).toMatchObject(rejected)
    expect(headers(Request.withSensitiveHeaders('D')(get), wrong)).toMatchObject(rejected)
    expect(headers(Request.withoutHeader('Expect')(get), wrong)).toEqual(headers(get, session))
    expect(headers(pipe(get, Request.withHeader('Expect', 'y')), wrong)).toMatchObject(rejected)
  })
})

describe('HeaderFields.signed (specification)', () => {
  const unsigned: ReadonlyArray<Headers.Field> = [
    ['A', '1'],
    ['B', '2'],
  ]
  const isPublic = (key: string) => key === 'x-date'
  const signed = (fields: ReadonlyArray<Headers.Field>) =>
    pipe(HeaderFields.validateSigned({ fields: unsigned }, { fields }, isPublic), E.map(Headers.toPairs))
  it('marks the headers that a signer wrote as secret, except public ones, and no others', () => {
    expect(
      signed([
        ['A', '1'],
        ['B', '3'],
        ['C', '2'],
        ['D', Secret.make('4')],
        ['X-Date', '5'],
      ]),
    ).toEqual(
      E.right([
        ['A', '1'],
        ['B', '‹secret›'],
        ['C', '‹secret›'],
        ['D', '‹secret›'],
        ['X-Date', '5'],
      ]),
    )
    const sealed = HeaderFields.validateSigned({ fields: [] }, { fields: [['D', Secret.make('4')]] }, isPublic)
    expect(pipe(sealed, E.map(Headers.reveal))).toEqual(E.right([['D', '4']]))
  })
  it.each<[string, Headers.Field, string]>([
    ['an invalid value', ['A', 'x\r\ny'], 'A'],
    ['an invalid name', ['A B', '1'], 'A B'],
    ['a header that belongs to the transport', ['Expect', '1'], 'Expect'],
  ])('rejects %s and names the header', (_, field, name) => {
    expect(signed([...unsigned, field])).toMatchObject({ left: expect.stringContaining(JSON.stringify(name)) })
  })
  it.each(['host', 'content-length', 'transfer-encoding', 'content-type'])('rejects a second %s', (name) => {
    const value = name === 'transfer-encoding' ? 'chunked' : '1'
    const one: Headers.Field = [name, value]
    expect(E.isRight(signed([...unsigned, one]))).toBe(true)
    expect(signed([one, ...unsigned, [name.toUpperCase(), value]])).toMatchObject({
      left: expect.stringContaining(JSON.stringify(name)),
    })
  })
  it('accepts any other header twice', () => {
    expect(E.isRight(signed([...unsigned, ...unsigned]))).toBe(true)
  })
  it('sends nothing if a signer replaced the body', () => {
    const auth = Auth.signer('sig', (plan) => ({
      ...plan,
      body: { _tag: 'Bytes', bytes: Secret.bytes(Buffer.from('abc')) },
    }))
    expect(headers(pipe(Request.post('http://h/'), Request.withText('a'), Request.withAuth(auth)))).toMatchObject({
      left: { _tag: 'SigningFailed', scheme: 'sig' },
    })
  })
})
