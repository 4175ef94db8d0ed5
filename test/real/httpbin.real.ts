/** httpbin: auth, cookies, redirects, content codings, and all kinds of bodies. */
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import * as t from 'io-ts'
import { Headers, Http, Jar, Request, Response } from 'requests-ts'
import { describe, expect, test } from 'vitest'
import { decoded, failure, get, http, value } from './rig.js'

const origin = http('httpbin')

const Seen = t.type({
  method: t.string,
  url: t.string,
  args: t.record(t.string, t.union([t.string, t.array(t.string)])),
  form: t.record(t.string, t.union([t.string, t.array(t.string)])),
  files: t.record(t.string, t.string),
  data: t.string,
  json: t.unknown,
  headers: t.record(t.string, t.string),
})
const seen = decoded(Seen)

type Build = ReadonlyArray<(request: Request.Request) => Request.Request>
const anything = async (method: string, ...build: Build): Promise<t.TypeOf<typeof Seen>> =>
  seen(await get(`${origin}/anything`, [(request) => ({ ...request, method }), ...build]))

describe('httpbin receives', () => {
  test.each(['GET', 'POST', 'PUT', 'DELETE', 'PATCH'])('%s', async (method) => {
    const query = Request.withQuery({ q: 'é b', n: [1, 2] })
    expect(await anything(method, query)).toMatchObject({ method, args: { q: 'é b', n: ['1', '2'] } })
  })

  test('a form, JSON, text, bytes', async () => {
    expect((await anything('POST', Request.withForm({ a: '1', b: ['ü', '+&'] }))).form).toEqual({
      a: '1',
      b: ['ü', '+&'],
    })
    expect((await anything('POST', Request.withJson({ deep: [1, 'ü', null] }))).json).toEqual({ deep: [1, 'ü', null] })
    expect((await anything('PUT', Request.withText('grüß'))).data).toBe('grüß')
    expect((await anything('PATCH', Request.withBytes(Buffer.from('octets')))).data).toBe('octets')
  })

  test('a multipart body with files', async () => {
    const { form, files } = await anything(
      'POST',
      Request.withMultipart({
        note: 'hello',
        upload: { content: Buffer.from('bytes of a file'), filename: 'ä.txt', contentType: 'text/plain' },
      }),
    )
    expect([form, files]).toEqual([{ note: 'hello' }, { upload: 'bytes of a file' }])
  })

  test('a stream with its length', async () => {
    async function* open(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 10; i++) yield Buffer.from(`piece ${i};`)
    }
    const { data, headers } = await anything('POST', Request.withStream(open, 80))
    expect(data).toBe(Array.from({ length: 10 }, (_, i) => `piece ${i};`).join(''))
    expect(headers['Content-Length']).toBe('80')
  })

  test('custom and default headers', async () => {
    const { headers } = await anything('GET', Request.withHeader('X-Mine', 'yes'))
    expect(headers).toMatchObject({ 'X-Mine': 'yes', Accept: '*/*' })
    expect(headers['User-Agent']).toMatch(/^requests-ts\//)
  })
})

describe('auth', () => {
  const Known = t.type({ authenticated: t.literal(true) })

  test('supports Basic and Bearer', async () => {
    const basic = [Request.withBasicAuth('user', 'pa:ss')]
    for (const path of ['basic-auth', 'hidden-basic-auth']) {
      decoded(Known)(await get(`${origin}/${path}/user/pa:ss`, basic))
      expect((await get(`${origin}/${path}/user/other`, basic)).status).toBeGreaterThanOrEqual(401)
    }
    decoded(Known)(await get(`${origin}/bearer`, [Request.withBearer('t0ken')]))
    expect((await get(`${origin}/bearer`)).status).toBe(401)
  })

  test('is not sent to another origin', async () => {
    const to = encodeURIComponent(`${http('nginxOther')}/`)
    const response = await get(`${origin}/redirect-to?url=${to}`, [Request.withBasicAuth('user', 'pass')])
    expect(Response.text(response)).toBe('GET auth= proxy= cookie= via=\n')
  })
})

describe('cookies', () => {
  const Cookies = t.type({ cookies: t.record(t.string, t.string) })
  const cookies = SRTE.map(decoded(Cookies))

  test('are set on a redirect, sent on its next hop, kept, and deleted', async () => {
    const program = pipe(
      Http.Do,
      SRTE.bind('set', () => cookies(Http.get(`${origin}/cookies/set?a=1&b=2`))),
      SRTE.bind('kept', () => cookies(Http.get(`${origin}/cookies`, Request.withCookie('c', '3')))),
      SRTE.bind('deleted', () => cookies(Http.get(`${origin}/cookies/delete?a`))),
      SRTE.bindW('jar', () => Http.jar),
    )
    const { set, kept, deleted, jar } = await value(program)
    expect(set.cookies).toEqual({ a: '1', b: '2' })
    expect(kept.cookies).toEqual({ a: '1', b: '2', c: '3' })
    expect(deleted.cookies).toEqual({ b: '2' })
    expect(Jar.toArray(jar).map(({ name }) => name)).toEqual(['b'])
  })

  test('set at the same time are all kept', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `n${i}`)
    const program = pipe(
      Http.parallel({ concurrency: 6 })(names.map((name) => Http.get(`${origin}/cookies/set/${name}/x`))),
      SRTE.flatMap(() => cookies(Http.get(`${origin}/cookies`))),
    )
    expect(Object.keys((await value(program)).cookies).sort()).toEqual([...names].sort())
  })
})

describe('redirects', () => {
  test.each(['redirect', 'relative-redirect', 'absolute-redirect'])('%s, five times', async (kind) => {
    const response = await get(`${origin}/${kind}/5`)
    expect([response.status, response.history.length, response.url]).toEqual([200, 5, `${origin}/get`])
  })

  test('fail above the limit, and are not followed with withoutRedirects', async () => {
    const tooMany = await failure(Http.get(`${origin}/redirect/6`, Request.withMaxRedirects(5)))
    expect(tooMany).toMatchObject({ _tag: 'TooManyRedirects' })
    const stopped = await get(`${origin}/redirect/3`, [Request.withoutRedirects])
    expect([stopped.status, Response.isRedirect(stopped), O.isSome(stopped.next)]).toEqual([302, true, true])
  })

  test.each([
    [301, 'GET', ''],
    [302, 'GET', ''],
    [303, 'GET', ''],
    [307, 'POST', 'body'],
    [308, 'POST', 'body'],
  ])('continue a POST after %i as %s', async (status, method, data) => {
    const url = `${origin}/redirect-to?url=%2Fanything&status_code=${status}`
    expect(seen(await value(Http.post(url, Request.withText('body'))))).toMatchObject({ method, data })
  })
})

describe('content codings', () => {
  test.each([
    ['gzip', 'gzipped'],
    ['deflate', 'deflated'],
    ['brotli', 'brotli'],
  ])('%s', async (path, key) => {
    const response = await get(`${origin}/${path}`)
    expect(Headers.has('Content-Encoding')(response.headers)).toBe(true)
    expect(decoded(t.record(t.string, t.unknown))(response)).toMatchObject({ [key]: true })
  })

  test('gzip from nginx', async () => {
    const response = await get(`${http('nginxOther')}/`)
    expect(pipe(response.headers, Headers.lookup('Content-Encoding'), O.isSome)).toBe(true)
    expect(Response.text(response)).toMatch(/^GET /)
  })
})

describe('statuses', () => {
  test.each([200, 204, 304, 404, 418, 500, 503])('%i', async (status) => {
    const response = await get(`${origin}/status/${status}`)
    expect(response.status).toBe(status)
    expect(Response.ok(response)._tag).toBe(status < 400 ? 'Right' : 'Left')
  })

  test('conditional requests, HEAD and OPTIONS', async () => {
    const build = [Request.withHeader('If-None-Match', 'abc')]
    expect((await get(`${origin}/etag/abc`, build)).status).toBe(304)
    expect((await value(Http.head(`${origin}/get`))).bytes.length).toBe(0)
    expect((await value(Http.options(`${origin}/get`))).status).toBe(200)
  })

  test('a slow response fails with ReadTimeout or DeadlineExceeded', async () => {
    const slow = (timeouts: object) => failure(Http.get(`${origin}/delay/3`, Request.withTimeouts(timeouts)))
    expect(await slow({ read: 200 })).toMatchObject({ _tag: 'ReadTimeout' })
    expect(await slow({ total: 200 })).toMatchObject({ _tag: 'DeadlineExceeded' })
  })
})
