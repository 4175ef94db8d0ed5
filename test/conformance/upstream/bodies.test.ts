/** Counterparts of requests' tests for request bodies: bytes, length and type. */

import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Body, Http, Request, Session } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { ok, raw } from '../../transport/servers.js'
import { bodyOf, chunks, error, headerOf, planned, tagOf, value, wire } from './setting.js'

const post = Request.post('http://h/')
const lengthOf = (request: Request.Request) => headerOf(request, 'Content-Length')
const typeOf = (request: Request.Request) => headerOf(request, 'Content-Type')

describe('JSON', () => {
  it.each([[{}], [[]], [0], [false], [''], [null], [{ life: 42 }]])(
    '[requests:bodies-1] encodes %j with the type application/json',
    (given) => {
      const request = Request.withJson(given)(post)
      expect([typeOf(request), bodyOf(request)]).toEqual(['application/json', JSON.stringify(given)])
    },
  )
  it('[requests:bodies-2] is encoded as UTF-8', () => {
    expect(bodyOf(Request.withJson({ a: '\u00e9\u4f60' })(post))).toBe('{"a":"\u00e9\u4f60"}')
    expect(lengthOf(Request.withJson('\u00e9')(post))).toBe('4')
  })
  it.each([Number.NaN, Number.POSITIVE_INFINITY, { a: [Number.NEGATIVE_INFINITY] }])(
    '[requests:bodies-3] rejects %j with InvalidBody',
    (given) => expect(tagOf(planned(Request.withJson(given)(post)))).toBe('InvalidBody'),
  )
  it('[requests:bodies-4] is replaced by a form that is set later', () => {
    const request = pipe(post, Request.withJson({ a: 1 }), Request.withForm({ b: 2 }))
    expect([typeOf(request), bodyOf(request)]).toEqual(['application/x-www-form-urlencoded', 'b=2'])
  })
  it('keeps a Content-Type set by the user', () => {
    const request = pipe(post, Request.withJson(1), Request.withHeader('content-type', 'application/vnd.api+json'))
    expect(typeOf(request)).toBe('application/vnd.api+json')
  })
})

describe('a form', () => {
  it.each<[Parameters<typeof Request.withForm>[0], string]>([
    [{ test: ['foo', 'baz'] }, 'test=foo&test=baz'],
    [{ stuff: '\u00eb\u00f6' }, 'stuff=%C3%AB%C3%B6'],
    [
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
      'a=b&c=d',
    ],
    [
      [
        ['c', 'd'],
        ['a', ['x', 'y']],
        ['c', 'e'],
      ],
      'c=d&a=x&a=y&c=e',
    ],
    [
      new (class {
        readonly foo = 'bar'
      })() as unknown as Record<string, string>,
      'foo=bar',
    ], // an object of any class
  ])('[requests:bodies-5] encodes %j as %s', (given, expected) => {
    const request = Request.withForm(given)(post)
    expect(bodyOf(request)).toBe(expected)
    expect(typeOf(request)).toBe('application/x-www-form-urlencoded')
    expect(lengthOf(request)).toBe(String(expected.length))
  })
})

const streamed = Request.withStream(() => chunks('test', 'data'))

describe('Content-Length', () => {
  it('[requests:bodies-6] counts octets, for text and for bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        expect(lengthOf(Request.withText(text)(post))).toBe(String(Buffer.byteLength(text)))
        expect(lengthOf(Request.withBytes(Buffer.from(text))(post))).toBe(String(Buffer.byteLength(text)))
      }),
    )
    expect(lengthOf(Request.withText('This is a string containing multi-byte UTF-8 \u2603\ufe0f')(post))).toBe('51')
  })
  it.each(['GET', 'HEAD'])('[requests:bodies-7] is not set on %s without a body', (method) =>
    expect(lengthOf(Request.make(method, 'http://h/'))).toBeUndefined(),
  )
  it.each(['POST', 'PUT', 'PATCH'])('[requests:bodies-8] is 0 on %s without a body or with an empty one', (method) => {
    expect(lengthOf(Request.make(method, 'http://h/'))).toBe('0')
    expect(lengthOf(pipe(Request.make(method, 'http://h/'), Request.withText('')))).toBe('0')
  })
  it('[requests:bodies-9] set by the user is used only for a stream of unknown length', () => {
    const own = Request.withHeader('Content-Length', 'not zero'.length.toString())
    expect(lengthOf(pipe(post, own, streamed))).toBe('8')
    // D18: requests keeps the user's value if there is no body.
    expect(lengthOf(own(post))).toBe('0')
    expect(lengthOf(pipe(post, own, Request.withText('abc')))).toBe('3')
  })
  it('[requests:bodies-10] is text, like every header value', () => {
    for (const [name, value] of wire(Request.withForm({ a: '1' })(post)).headers) {
      expect([typeof name, typeof value]).toEqual(['string', 'string'])
    }
  })
})

describe('a stream', () => {
  it('[requests:bodies-11] is sent chunked without Content-Length, with or without auth', () => {
    for (const request of [streamed(post), pipe(post, streamed, Request.withBasicAuth('user', 'pass'))]) {
      expect([lengthOf(request), headerOf(request, 'Transfer-Encoding'), typeOf(request)]).toEqual([
        undefined,
        'chunked',
        undefined,
      ])
    }
  })
  it('[requests:bodies-12] of known length is not chunked, with or without auth', () => {
    const known = Request.withStream(() => chunks('test data'), 9)
    for (const request of [known(post), pipe(post, known, Request.withBasicAuth('user', 'pass'))]) {
      expect([lengthOf(request), headerOf(request, 'Transfer-Encoding')]).toEqual(['9', undefined])
    }
  })
  it('[requests:bodies-13] is sent chunk by chunk; an empty chunk does not end it', async () => {
    const server = await raw((socket) => socket.write(ok()))
    await value(
      Http.post(
        server.url,
        Request.withStream(() => chunks('a', '', 'b')),
      ),
    )
    expect(server.received[0]?.split('\r\n\r\n').slice(1).join('\r\n\r\n')).toBe('1\r\na\r\n1\r\nb\r\n0\r\n\r\n')
  })
  it('[requests:bodies-14] is sent from its current position', async () => {
    const server = await raw((socket) => socket.write(ok()))
    const source = chunks('before ', 'after')
    await source.next()
    await value(Http.post(server.url, Request.withOnce(source)))
    expect(server.received[0]).toContain('5\r\nafter\r\n0\r\n\r\n')
    expect(server.received[0]).not.toContain('before')
  })
  it('fails with RequestBodyFailed if its source throws', async () => {
    const server = await raw(() => {})
    async function* failing() {
      yield Buffer.from('a')
      throw new Error('the disk is gone')
    }
    expect(await error(Http.post(server.url, Request.withStream(failing)))).toMatchObject({ _tag: 'RequestBodyFailed' })
  })
})

describe('multipart', () => {
  const parts = (input: Parameters<typeof Request.withMultipart>[0]) => {
    const request = Request.withMultipart(input)(post)
    const boundary = /boundary=(.*)$/.exec(typeOf(request) ?? '')?.[1] ?? ''
    return bodyOf(request).replaceAll(boundary, 'B').split('\r\n')
  }
  it('[requests:bodies-15] contains fields and files in order, with name, filename and type', () => {
    expect(
      parts([
        { name: 'stuff', content: '\u00eb' },
        { name: 'file', content: Buffer.from('x'), filename: 'test.txt', contentType: 'text/py-content-type' },
        { name: 'stuff', content: '', headers: [['X-A', '1']] },
      ]),
    ).toEqual([
      '--B',
      'Content-Disposition: form-data; name="stuff"',
      '',
      '\u00eb',
      '--B',
      'Content-Disposition: form-data; name="file"; filename="test.txt"',
      'Content-Type: text/py-content-type',
      '',
      'x',
      '--B',
      'Content-Disposition: form-data; name="stuff"',
      'X-A: 1',
      '',
      '',
      '--B--',
      '',
    ])
  })
  it('[requests:bodies-16] escapes quotes and line breaks in names and filenames, and keeps other text', () => {
    const [, disposition] = parts([{ name: '\u00ebl\u00efxr"\r\n', content: '', filename: '\u00e9"; x="' }])
    expect(disposition).toBe(
      'Content-Disposition: form-data; name="\u00ebl\u00efxr%22%0D%0A"; filename="\u00e9%22; x=%22"',
    )
  })
  it('[requests:bodies-17] sends its boundary and its length, also for streams', async () => {
    const server = await raw((socket) => socket.write(ok()))
    const file = { open: () => chunks('some ', 'data'), length: 9 }
    const input = { some: 'data', files: { content: file, filename: 'a.txt' } }
    await value(Http.post(server.url, Request.withMultipart(input)), { session: Session.defaults })
    const [head = '', ...rest] = server.received[0]?.split('\r\n\r\n') ?? []
    const boundary = /boundary=(\S+)/.exec(head)?.[1] ?? ''
    const sent = rest.join('\r\n\r\n')
    expect(boundary).toMatch(/^[0-9a-f]{32}$/)
    expect(sent.length).toBe(Number(/content-length: (\d+)/i.exec(head)?.[1]))
    expect(sent.split(`--${boundary}`)).toHaveLength(4)
    expect(sent).toContain('filename="a.txt"\r\n\r\nsome data\r\n')
  })
  it('uses the boundary of a Content-Type set by the user', () => {
    const own = Request.withHeader('Content-Type', 'multipart/form-data; boundary=mine')
    expect(bodyOf(pipe(post, own, Request.withMultipart({ a: 'b' })))).toMatch(/^--mine\r\n[\s\S]*--mine--\r\n$/)
  })
  it('[requests:bodies-18] replaces an earlier body', () => {
    const request = pipe(post, Request.withText('text'), Request.withMultipart({ a: 'b' }))
    expect(request.body._tag).toBe('Multipart')
    expect(E.isRight(Body.encode()(request.body))).toBe(true)
  })
  it('rejects a line break in the content type of a part', () => {
    const input = [{ name: 'a', content: 'b', contentType: 'text/plain\r\nX: y' }]
    expect(tagOf(planned(Request.withMultipart(input)(post)))).toBe('InvalidBody')
  })
})
