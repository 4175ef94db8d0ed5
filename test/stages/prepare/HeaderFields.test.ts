import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import * as Plan from '../../../src/Plan.js'
import * as Auth from '../../../src/session/Auth.js'
import * as Request from '../../../src/session/Request.js'
import * as Session from '../../../src/session/Session.js'
import * as Settings from '../../../src/session/Settings.js'
import * as HeaderFields from '../../../src/stages/prepare/HeaderFields.js'
import * as Headers from '../../../src/values/Headers.js'
import * as Override from '../../../src/values/Override.js'
import * as Secret from '../../../src/values/Secret.js'
import { untyped } from '../../untyped.js'

// Header fields: which are refused and why, which are secret, and how session and request go together.

const planned = (request: Request.Request, session = Session.empty) =>
  pipe(
    request,
    Plan.plan({ session }),
    E.mapLeft(({ _tag, message }) => `${_tag}: ${message}`),
  )
const headers = (request: Request.Request, session?: Session.Session) =>
  pipe(
    planned(request, session),
    E.map((plan) => Plan.wire(plan).headers),
  )
/** As a printer shows them. */
const shown = (request: Request.Request, session?: Session.Session) =>
  pipe(
    planned(request, session),
    E.map((plan) => Headers.toPairs(plan.headers)),
  )
const get = Request.get('http://h/')
const refused = (name: string, why: string) => E.left(`InvalidHeader: Invalid header ${JSON.stringify(name)}: ${why}`)

const TOKEN = 'its name is not a token (RFC 9110 5.6.2)'
const VALUE =
  'its value begins with white space, or holds a character that HTTP cannot carry (CR, LF, NUL, above U+00FF)'

describe('a header', () => {
  it.each([
    ['a b', 'x', TOKEN],
    ['', 'x', TOKEN],
    ['a:', 'x', TOKEN],
    ['é', 'x', TOKEN],
    ['X', 'a\nb', VALUE],
    ['X', '\tx', VALUE],
    ['X', '☃', VALUE],
    ['Expect', '100-continue', 'it is for the transport to say'],
    ['Upgrade', 'h2c', 'it is for the transport to say'],
    ['Keep-Alive', 'timeout=1', 'it is for the transport to say'],
    ['Connection', 'upgrade', 'only close and keep-alive can be asked for'],
    ['Connection', 'close, x', 'only close and keep-alive can be asked for'],
    ['Connection', 'x-close', 'only close and keep-alive can be asked for'],
    ['Connection', '', 'only close and keep-alive can be asked for'],
    ['Transfer-Encoding', 'gzip', 'only chunked is known'],
    ['Transfer-Encoding', 'gzip, chunked', 'only chunked is known'],
    ['Transfer-Encoding', 'chunked, gzip', 'only chunked is known'],
    ['Content-Length', '+5', 'it is not a number of octets'],
    ['Content-Length', '5, 5', 'it is not a number of octets'],
    ['Content-Length', '5.0', 'it is not a number of octets'],
    ['Content-Length', '', 'it is not a number of octets'],
  ])('%j: %j is refused', (name, value, why) => {
    expect(headers(Request.withHeader(name, value)(get))).toEqual(refused(name, why))
  })
  it('is refused where its value is no text', () => {
    expect(headers(Request.withHeader('X', untyped(7))(get))).toEqual(refused('X', 'its value is not text'))
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
  it.each(['Host', 'Content-Length', 'Transfer-Encoding', 'Content-Type'])('%s may stand only once', (name) => {
    const twice = Request.withHeaders([
      [name, '1'],
      [name, '1'],
    ])
    expect(headers(twice(get))).toEqual(refused(name, 'it may stand only once'))
  })
})

describe('what is not the user’s to say', () => {
  it.each([
    ['EXPECT', 'x', 'it is for the transport to say'],
    ['Connection', 'x', 'only close and keep-alive can be asked for'],
    ['Connection', 'KEEP-ALIVE', undefined],
    ['transfer-encoding', 'Chunked', undefined],
    ['Transfer-Encoding', 'x', 'only chunked is known'],
    ['content-length', '12', undefined],
    ['Content-Length', 'x', 'it is not a number of octets'],
    ['Accept', 'anything', undefined],
  ])('%s: %s: %s', (name, value, expected) => expect(HeaderFields.refusal(name, value)).toBe(expected))
})

describe('a sensitive header', () => {
  const named = Session.withSensitiveHeaders('X-Mine')(Session.empty)
  it('is printed by nobody, and sent as it is', () => {
    for (const give of [Request.withHeader('x-mine', 'canary'), Request.withSecretHeader('x-mine', 'canary')]) {
      expect(shown(give(get), named)).toEqual(E.right([['x-mine', '‹secret›']]))
      expect(headers(give(get), named)).toEqual(E.right([['x-mine', 'canary']]))
    }
    expect(shown(Request.withHeader('x-other', 'plain')(get), named)).toEqual(E.right([['x-other', 'plain']]))
  })
  it('is what the request names, for a header of the session too', () => {
    const session = Session.withHeader('X-Mine', 'canary')(Session.empty)
    expect(shown(get, session)).toEqual(E.right([['X-Mine', 'canary']]))
    expect(shown(Request.withSensitiveHeaders('x-mine')(get), session)).toEqual(E.right([['X-Mine', '‹secret›']]))
  })
  it('is plain again where a request says so', () => {
    const plain = Request.withSettings({ ...Settings.empty, sensitive: new Map([['x-mine', Override.unset]]) })
    expect(shown(pipe(get, Request.withHeader('X-Mine', 'plain'), plain), named)).toEqual(
      E.right([['X-Mine', 'plain']]),
    )
  })
  it('is one of the well-known too, where settings were put together by hand', () => {
    const setting = Override.set({ name: 'X-Api-Key', values: ['canary'] })
    const byHand = Request.withSettings({ ...Settings.empty, headers: new Map([['x-api-key', setting]]) })
    expect(shown(byHand(get))).toEqual(E.right([['X-Api-Key', '‹secret›']]))
  })
})

describe('session and request', () => {
  const session = pipe(
    Session.empty,
    Session.withHeaders({ A: 'session', B: 'session' }),
    Session.withHeader('C', 'session'),
  )
  it('stand in the session’s order, later values in earlier places', () => {
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
  it('go together the same where a name is sensitive', () => {
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
  it('lose what is taken away', () => {
    const without = Session.withoutHeader('C')(session)
    expect(headers(Request.withoutHeader('A')(get), without)).toEqual(E.right([['B', 'session']]))
    expect(headers(get, without)).toEqual(
      E.right([
        ['A', 'session'],
        ['B', 'session'],
      ]),
    )
  })
  it('a wrong header of the session does no harm where the request replaces it', () => {
    const wrong = Session.withHeader('Expect', 'x')(session)
    const why = refused('Expect', 'it is for the transport to say')
    expect(headers(get, wrong)).toEqual(why)
    expect(headers(Request.withHeader('D', 'x')(get), wrong)).toEqual(why)
    expect(headers(Request.withSensitiveHeaders('D')(get), wrong)).toEqual(why)
    expect(headers(Request.withoutHeader('Expect')(get), wrong)).toEqual(headers(get, session))
    expect(headers(pipe(get, Request.withHeader('Expect', 'y')), wrong)).toEqual(why)
  })
})

describe('what a scheme of auth leaves behind', () => {
  const given: ReadonlyArray<Headers.Field> = [
    ['A', '1'],
    ['B', '2'],
  ]
  const signed = (fields: ReadonlyArray<Headers.Field>) =>
    pipe(
      HeaderFields.signed({ fields: given }, { fields }),
      E.map(Headers.toPairs),
      E.mapLeft(({ message }) => message),
    )
  it('is secret where it wrote it, and as it was where it did not', () => {
    expect(
      signed([
        ['A', '1'],
        ['B', '3'],
        ['C', '2'],
        ['D', Secret.make('4')],
      ]),
    ).toEqual(
      E.right([
        ['A', '1'],
        ['B', '‹secret›'],
        ['C', '‹secret›'],
        ['D', '‹secret›'],
      ]),
    )
    const sealed = HeaderFields.signed({ fields: [] }, { fields: [['D', Secret.make('4')]] })
    expect(pipe(sealed, E.map(Headers.reveal))).toEqual(E.right([['D', '4']]))
  })
  it.each<[string, Headers.Field, string]>([
    ['another value', ['A', 'x\r\ny'], `Invalid header "A": ${VALUE}; the scheme of auth made it`],
    ['another name for a value', ['A B', '1'], `Invalid header "A B": ${TOKEN}; the scheme of auth made it`],
    [
      'a line of the transport’s',
      ['Expect', '1'],
      'Invalid header "Expect": it is for the transport to say; the scheme of auth made it',
    ],
  ])('is refused: %s', (_, field, message) => {
    expect(signed([...given, field])).toEqual(E.left(message))
  })
  it.each(['host', 'content-length', 'transfer-encoding', 'content-type'])('is refused: a second %s', (name) => {
    const value = name === 'transfer-encoding' ? 'chunked' : '1'
    const one: Headers.Field = [name, value]
    expect(E.isRight(signed([...given, one]))).toBe(true)
    expect(signed([one, ...given, [name.toUpperCase(), value]])).toEqual(
      E.left(`Invalid header "${name}": the scheme of auth made a second one`),
    )
  })
  it('and may hold any other line twice', () => {
    expect(E.isRight(signed([...given, ...given]))).toBe(true)
  })
  it('is counted anew where it gave another body', () => {
    const auth = Auth.custom('sig', (plan) => ({
      ...plan,
      body: { _tag: 'Bytes', bytes: Secret.bytes(Buffer.from('abc')) },
    }))
    expect(headers(pipe(Request.post('http://h/'), Request.withText('a'), Request.withAuth(auth)))).toEqual(
      E.right([['Content-Length', '3']]),
    )
  })
})
