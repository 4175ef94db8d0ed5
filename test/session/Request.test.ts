import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Plan from '../../src/Plan.js'
import * as RedirectPolicy from '../../src/session/RedirectPolicy.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Settings from '../../src/session/Settings.js'
import * as Body from '../../src/values/Body.js'
import * as Override from '../../src/values/Override.js'

const HREF = 'https://h.test/x'

const planned = (request: Request.Request): Plan.Plan => {
  const plan = Plan.plan({ session: Session.empty })(request)
  if (E.isLeft(plan)) throw new Error(plan.left.message)
  return plan.right
}

/** Returns the headers by name and the text of the body that would be sent. */
const sent = (configure: (request: Request.Request) => Request.Request) => {
  const wire = Plan.wire(planned(configure(Request.post(HREF))))
  return {
    headers: Object.fromEntries(wire.headers),
    body: pipe(
      wire.body,
      O.map((bytes) => Buffer.from(bytes).toString('utf8')),
      O.toUndefined,
    ),
  }
}

async function* chunks() {
  yield new TextEncoder().encode('ab')
  yield new TextEncoder().encode('c')
}

describe('a constructor', () => {
  it.each([
    ['get', Request.get, 'GET'],
    ['options', Request.options, 'OPTIONS'],
    ['post', Request.post, 'POST'],
    ['put', Request.put, 'PUT'],
    ['patch', Request.patch, 'PATCH'],
    ['query', Request.query, 'QUERY'],
    ['del', Request.del, 'DELETE'],
    ['make', (url: string) => Request.make('PURGE', url), 'PURGE'],
  ])('%s returns a request with a method, a URL and no settings', (_, make, method) => {
    const request = make(HREF)
    expect(request).toEqual({ method, url: HREF, body: Body.empty, settings: Settings.empty })
    expect(Plan.wire(planned(request)).method).toBe(method)
  })
  it('head does not follow redirects by default', () => {
    expect(Request.head(HREF)).toEqual({
      method: 'HEAD',
      url: HREF,
      body: Body.empty,
      settings: { ...Settings.empty, redirects: Override.replace([RedirectPolicy.none]) },
    })
  })
})

describe('a body', () => {
  it.each([
    ['withJson', Request.withJson({ a: [1] }), 'application/json', '{"a":[1]}'],
    ['withForm of a record', Request.withForm({ a: 'b c', d: 1 }), 'application/x-www-form-urlencoded', 'a=b+c&d=1'],
    [
      'withForm of pairs',
      Request.withForm([
        ['a', 1],
        ['a', 2],
      ]),
      'application/x-www-form-urlencoded',
      'a=1&a=2',
    ],
    ['withText', Request.withText('é'), undefined, 'é'],
    ['withBytes', Request.withBytes(Buffer.from('é')), undefined, 'é'],
    ['withBody', Request.withBody(Body.text('t')), undefined, 't'],
  ])('%s is sent with its type and length', (_, configure, type, text) => {
    const { headers, body } = sent(configure)
    expect(headers['Content-Type']).toBe(type)
    expect(headers['Content-Length']).toBe(String(Buffer.byteLength(text)))
    expect(body).toBe(text)
  })
  it('withMultipart uses the boundary of the Content-Type header', () => {
    const form = (request: Request.Request) =>
      pipe(
        request,
        Request.withHeader('Content-Type', 'multipart/form-data; boundary=b'),
        Request.withMultipart({ a: '1' }),
      )
    expect(sent(form).body).toBe('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n')
  })
  it('replaces an earlier body', () => {
    const twice = (request: Request.Request) => pipe(request, Request.withJson({ a: 1 }), Request.withText('t'))
    expect(sent(twice)).toEqual({ headers: { 'Content-Length': '1' }, body: 't' })
  })
  it('keeps the rest of the request', () => {
    const request = pipe(Request.put(HREF), Request.withHeader('X', '1'))
    expect(Request.withText('t')(request)).toEqual({ ...request, body: Body.text('t') })
    expect(request.body).toEqual(Body.empty)
  })

  const collected = async (source: AsyncIterable<Uint8Array>): Promise<string> => {
    let text = ''
    for await (const chunk of source) text += Buffer.from(chunk).toString()
    return text
  }
  it.each([
    [undefined, { 'Transfer-Encoding': 'chunked' }],
    [3, { 'Content-Length': '3' }],
  ])('withStream is framed by the length %s and can be opened again', async (length, framing) => {
    expect(sent(Request.withStream(chunks, length)).headers).toEqual(framing)
    const { body } = planned(Request.withStream(chunks, length)(Request.post(HREF)))
    if (body._tag !== 'Stream') throw new Error(body._tag)
    expect([await collected(body.open()), await collected(body.open())]).toEqual(['abc', 'abc'])
  })
  it.each([
    [undefined, { 'Transfer-Encoding': 'chunked' }],
    [3, { 'Content-Length': '3' }],
  ])('withOnce is framed by the length %s and cannot be read again', async (length, framing) => {
    expect(sent(Request.withOnce(chunks(), length)).headers).toEqual(framing)
    const { body } = planned(Request.withOnce(chunks(), length)(Request.post(HREF)))
    if (body._tag !== 'Once') throw new Error(body._tag)
    expect(await collected(body.source)).toBe('abc')
    await expect(collected(body.source)).rejects.toThrow(/withStream/)
  })
})
