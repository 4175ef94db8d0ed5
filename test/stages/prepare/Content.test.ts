import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import * as Request from '../../../src/session/Request.js'
import * as Content from '../../../src/stages/prepare/Content.js'
import * as Headers from '../../../src/values/Headers.js'
import * as Secret from '../../../src/values/Secret.js'

// What decides Content-Type, and which bodies need a seed. framing.test.ts tests Content-Length and Transfer-Encoding.

const NAME = 'Content-Type'
const FORM = 'multipart/form-data; boundary=xyz'
const typed = (value: string | Secret.Secret) => Headers.fromPairs([[NAME, value]])

describe('Content-Type', () => {
  it.each<[string, Headers.Headers, string | undefined, Content.ContentType, ReadonlyArray<string>]>([
    ['nothing', Headers.empty, undefined, 'Absent', []],
    ['the body', Headers.empty, 'application/json', 'Body', ['application/json']],
    ['a multipart body', Headers.empty, FORM, 'Body', [FORM]],
    ['the user, without a type of the body', typed('text/csv'), undefined, 'Given', ['text/csv']],
    ['the user, instead of a multipart body', typed('text/csv'), FORM, 'Given', ['text/csv']],
    [
      'the user, without a boundary but for another body',
      typed('multipart/mixed'),
      'text/plain',
      'Given',
      ['multipart/mixed'],
    ],
    ['the user, with a boundary', typed('multipart/mixed; boundary=a'), FORM, 'Given', ['multipart/mixed; boundary=a']],
    ['the user, completed with the boundary of the body', typed('multipart/form-data'), FORM, 'BoundaryAdded', [FORM]],
  ])('is decided by %s', (_, headers, ofBody, decided, sent) => {
    expect(Content.decideContentType(headers, ofBody)).toBe(decided)
    expect(Headers.valuesOf(Content.withContentType(decided, ofBody, headers), NAME)).toEqual(sent)
  })
  it.each([
    ['a secret type', Secret.make('multipart/form-data'), true],
    ['a type that may be shown', 'multipart/form-data', false],
  ])('stays secret only if it was secret when the boundary is added: %s', (_, given, isSecret) => {
    const type = Headers.find(Content.withContentType('BoundaryAdded', FORM, typed(given)), NAME)
    expect([Secret.is(type), type === undefined ? type : Secret.reveal(type)]).toEqual([isSecret, FORM])
  })
})

describe('without entropy', () => {
  async function* chunks() {
    yield new Uint8Array(1)
  }
  const encoded = (configure: (request: Request.Request) => Request.Request, headers = Headers.empty) =>
    pipe(
      Content.encode(configure(Request.post('http://h/')).body, headers, ''),
      E.map(({ contentType }) => contentType),
    )
  const streamed = Request.withMultipart({ a: { filename: 'a', content: { open: chunks, length: 1 } } })

  it.each([
    ['no type', Headers.empty],
    ['a multipart type without a boundary', typed('multipart/form-data')],
    ['another type', typed('text/plain')],
  ])('a multipart body with a stream is refused if the user set %s', (_, headers) => {
    expect(encoded(streamed, headers)).toMatchObject({ left: { _tag: 'InvalidSettings', setting: 'entropy' } })
  })
  it('a multipart body with a stream uses the boundary that the user set', () => {
    expect(encoded(streamed, typed(FORM))).toEqual(E.right(FORM))
  })
  it('a multipart body without a stream gets a boundary', () => {
    expect(encoded(Request.withMultipart({ a: '1' }))).toEqual(
      E.right(expect.stringMatching(/^multipart\/form-data; boundary=./)),
    )
  })
  it.each<[string, (request: Request.Request) => Request.Request, string | undefined]>([
    ['text', Request.withText('a'), undefined],
    ['a form', Request.withForm({ a: '1' }), 'application/x-www-form-urlencoded'],
    ['JSON', Request.withJson({ a: 1 }), 'application/json'],
    ['a stream', Request.withStream(chunks), undefined],
  ])('%s keeps its own type, also if the user set a multipart type', (_, configure, type) => {
    expect(encoded(configure)).toEqual(E.right(type))
    expect(encoded(configure, typed('multipart/form-data'))).toEqual(E.right(type))
  })
})
