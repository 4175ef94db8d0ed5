/** Counterparts of requests' tests for redirects. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import {
  Environment,
  Exchange,
  Headers,
  Http,
  HttpError,
  Jar,
  Plan,
  Redirect,
  Request,
  Response,
  Session,
  Url,
} from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { ok, pkiPath, raw, secure } from '../../transport/servers.js'
import { ambientSession, chunks, error, right, run, value } from './setting.js'

/** Starts a server that redirects `/302/path` to `/path` and returns a page for other paths. `extra` is added to the head of each redirect. */
const redirecting = (extra = '') =>
  raw((socket, head) => {
    const [, target = ''] = head.split(' ')
    const [, status, location] = /^\/(\d{3})(\/.*)$/.exec(target) ?? []
    socket.write(
      status === undefined
        ? ok(target)
        : Buffer.from(`HTTP/1.1 ${status} R\r\nLocation: ${location}\r\nContent-Length: 0\r\n${extra}\r\n`, 'latin1'),
    )
  })

const requestLines = (received: ReadonlyArray<string>) => received.join('').match(/^[A-Z]+ \/\S*/gm) ?? []
const statuses = (response: Response.Response) => response.history.map(({ head }) => head.status)

describe('methods', () => {
  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [301, 'GET', 'GET'],
    [302, 'GET', 'GET'],
    [307, 'POST', 'POST'],
    [308, 'PUT', 'PUT'],
    [301, 'HEAD', 'HEAD'],
    [302, 'HEAD', 'HEAD'],
    [303, 'HEAD', 'HEAD'],
  ])('[requests:redirects-1] after %i: %s continues as %s', async (status, method, expected) => {
    const server = await redirecting()
    const response = await value(Http.send(Request.make(method, `${server.url}/${status}/get`)))
    expect([response.status, statuses(response), response.plan.method]).toEqual([200, [status], expected])
    expect(requestLines(server.received)).toEqual([`${method} /${status}/get`, `${expected} /get`])
    expect([Response.isRedirect(response), response.history.length]).toEqual([false, 1])
  })
})

describe('bodies', () => {
  it('[requests:redirects-2] are dropped with their header fields if the method becomes GET', async () => {
    const server = await redirecting()
    for (const body of [Request.withForm({ test: 'data' }), Request.withStream(() => chunks('a', 'b'))]) {
      const response = await value(Http.post(`${server.url}/302/get`, body))
      const names = Plan.wire(response.plan).headers.map(([name]) => name.toLowerCase())
      expect(names.filter((name) => /^(content-|transfer-)/.test(name))).toEqual([])
      expect(response.plan.body).toEqual({ _tag: 'Empty' })
    }
    const heads = server.received.join('').match(/GET \/get [\s\S]*?\r\n\r\n/g) ?? []
    expect(heads).toHaveLength(2)
    expect(heads.join('')).not.toMatch(/content-|transfer-/i)
  })
  it('[requests:redirects-3] are sent again after a 307, as bytes or from the start of a stream', async () => {
    const server = await redirecting()
    await value(Http.post(`${server.url}/307/post`, Request.withText('test')))
    await value(
      Http.post(
        `${server.url}/307/post`,
        Request.withStream(() => chunks('te', 'st')),
      ),
    )
    expect(server.received.join('').match(/\r\n\r\ntest/g)).toHaveLength(2)
    expect(server.received.join('').match(/2\r\nte\r\n2\r\nst\r\n0\r\n/g)).toHaveLength(2)
  })
  it('[requests:redirects-4] that can be read only once fail before the second request', async () => {
    const server = await redirecting()
    const failure = await error(Http.post(`${server.url}/307/post`, Request.withOnce(chunks('the data'))))
    expect(failure._tag).toBe('UnrewindableBody')
    expect(requestLines(server.received)).toEqual(['POST /307/post'])
    const source = chunks('the data')
    const stopped = pipe(Request.post(`${server.url}/307/post`), Request.withOnce(source), Request.withoutRedirects)
    const response = await value(Http.send(stopped))
    expect([response.status, response.next]).toEqual([307, O.none])
  })
  it('[requests:redirects-5] of text can be replayed', () => {
    const made = right(Plan.plan({ session: Session.empty })(Request.withText('data')(Request.post('http://h/'))))
    expect([made.body._tag, Plan.isReplayable(made)]).toEqual(['Bytes', true])
  })
})

describe('following redirects', () => {
  it('[requests:redirects-6] returns a history with each hop once, oldest first', async () => {
    const server = await redirecting()
    const response = await value(Http.get(`${server.url}/302/301/303/get`))
    expect(statuses(response)).toEqual([302, 301, 303])
    expect(response.history.map(({ plan }) => Plan.show(plan))).toEqual(
      ['/302/301/303/get', '/301/303/get', '/303/get'].map((path) => `GET ${server.url}${path}`),
    )
    expect(response.history.some(({ plan }) => plan === response.plan)).toBe(false)
    expect((await value(Http.get(server.url))).history).toEqual([])
    const stopped = await value(Http.get(`${server.url}/302/get`, Request.withoutRedirects))
    expect([stopped.status, stopped.history, Response.isRedirect(stopped)]).toEqual([302, [], true])
  })
  it('[requests:redirects-7] keeps each plan in the history as it was sent', async () => {
    const server = await redirecting()
    const response = await value(Http.post(`${server.url}/302/get`, Request.withForm({ a: 'b' })))
    expect(response.history.map(({ plan }) => [plan.method, plan.body._tag])).toEqual([['POST', 'Bytes']])
    expect([response.plan.method, response.plan.body._tag]).toEqual(['GET', 'Empty'])
  })
  it.each([[30], [5]])(
    '[requests:redirects-8] fails with TooManyRedirects after %i redirects, with the history and the jar',
    async (limit) => {
      const server = await raw((socket, head) => {
        const n = Number(/\/(\d+)/.exec(head)?.[1])
        socket.write(
          n === 0 ? ok() : `HTTP/1.1 302 F\r\nLocation: /${n - 1}\r\nContent-Length: 0\r\nSet-Cookie: n${n}=1\r\n\r\n`,
        )
      })
      const session = limit === 30 ? Session.empty : Session.withMaxRedirects(limit)(Session.empty)
      const failure = await error(Http.get(`${server.url}/50`, Request.withQuery({ a: 'b' })), { session })
      if (failure._tag !== 'TooManyRedirects') throw new Error(failure._tag)
      expect([failure.message, failure.history.length]).toEqual([`Exceeded ${limit} redirects.`, limit + 1])
      const jar = HttpError.jar(failure)
      expect(O.isSome(jar) && Jar.toArray(jar.value).length).toBe(limit + 1)
      expect((await value(Http.get(`${server.url}/${limit}`), { session })).history).toHaveLength(limit)
    },
  )
  it('[requests:redirects-9] can be done by hand with Exchange.settle and Response.next', async () => {
    const start = Exchange.start({ session: Session.empty })(Request.get('http://h.test/302'))
    const step = Exchange.settle(new Date(0))({
      status: 302,
      reason: '',
      elapsed: 0,
      headers: { fields: [['Location', '/end']] },
    })(right(start))
    expect(step._tag === 'Next' && Plan.show(step.exchange.plan)).toBe('GET http://h.test/end')
    const server = await redirecting()
    const stopped = await value(Http.get(`${server.url}/302/get?x=1`, Request.withoutRedirects))
    expect(pipe(Response.next(stopped), O.map(Plan.show))).toEqual(O.some(`GET ${server.url}/get?x=1`))
  })
  it('[requests:redirects-10] uses a status and a Location that a hook sets', async () => {
    const server = await raw((socket, head) =>
      socket.write(head.startsWith('GET / ') ? ok('see X-To', 'X-To: /there\r\n') : ok('there')),
    )
    const session = Session.withHook((head) => async () => {
      const to = Headers.lookup('X-To')(head.headers)
      if (O.isNone(to)) return E.right(head)
      return E.right({ ...head, status: 302, headers: Headers.append('Location', to.value)(head.headers) })
    })(Session.empty)
    const response = await value(Http.get(server.url), { session })
    expect([Response.text(response), statuses(response)]).toEqual(['there', [302]])
  })
})

describe('a Location', () => {
  it.each([
    ['/%C5%A1', '/\u0161'],
    ['/%C5%A1', '/%C5%A1'],
  ])('[requests:redirects-11] leads to %s if it is %s', async (path, location) => {
    const server = await raw((socket, head) =>
      socket.write(
        head.startsWith('GET / ')
          ? Buffer.from(`HTTP/1.1 301 M\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`, 'utf8')
          : ok(),
      ),
    )
    const response = await value(Http.get(server.url))
    expect([response.url, requestLines(server.received).at(-1)]).toEqual([`${server.url}${path}`, `GET ${path}`])
  })
  it('[requests:redirects-12] inherits the last fragment unless it has its own', async () => {
    const server = await redirecting()
    expect((await value(Http.get(`${server.url}/302/get#view=edit`))).url).toBe(`${server.url}/get#view=edit`)
    const changing = await redirecting()
    const response = await value(Http.get(`${changing.url}/302/302/get#old`))
    expect(response.url).toBe(`${changing.url}/get#old`)
    const trace = Exchange.simulate({ session: Session.empty })({
      'GET /a': { status: 302, headers: { location: '/b#relevant' } },
      'GET /b': { status: 302, headers: { location: '/c' } },
      'GET /c': { status: 200 },
    })(Request.get('http://h/a#irrelevant'))
    expect(
      pipe(
        trace.outcome,
        E.map(({ url }) => url),
      ),
    ).toEqual(E.right('http://h/c#relevant'))
  })
  it('[requests:redirects-13] is followed if its scheme is in capital letters', async () => {
    const server = await raw((socket, head) =>
      socket.write(
        head.startsWith('GET / ')
          ? `HTTP/1.1 302 F\r\nLocation: ${server.url.replace('http', 'HTTP')}/get\r\nContent-Length: 0\r\n\r\n`
          : ok(),
      ),
    )
    expect((await value(Http.get(server.url))).url).toBe(`${server.url}/get`)
  })
  it.each(['http://:1', 'http://h:99999/', 'http://[bad', 'http://'])(
    '[requests:redirects-14] fails with InvalidRedirect if it is %j',
    async (location) => {
      const server = await raw((socket) =>
        socket.write(`HTTP/1.1 301 M\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`),
      )
      expect((await error(Http.get(server.url)))._tag).toBe('InvalidRedirect')
    },
  )
  it('[requests:redirects-15] is followed even if the body of the redirect cannot be decoded', async () => {
    const server = await raw((socket, head) =>
      socket.write(
        head.startsWith('GET / ')
          ? 'HTTP/1.1 302 F\r\nLocation: /get\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc'
          : ok('end'),
      ),
    )
    expect(Response.text(await value(Http.get(server.url)))).toBe('end')
  })
})

describe('credentials', () => {
  const url = (text: string) => right(Url.parse(text)).url
  it.each([
    ['http://example.com/foo', 'http://another.example.com/', true],
    ['https://example.com/foo', 'http://example.com/bar', true],
    ['http://example.com/foo', 'https://example.com/bar', false],
    ['http://example.com:1234/foo', 'https://example.com:4321/bar', true],
    ['http://example.com/foo', 'https://example.com:443/bar', false],
    ['https://example.com:443/foo', 'https://example.com/bar', false],
    ['http://example.com:80/foo', 'http://example.com/bar', false],
    ['https://example.com/foo', 'https://example.com:443/bar', false],
  ])('[requests:redirects-16] from %s to %s are removed: %s', (from, to, strips) =>
    expect(Redirect.shouldStripAuth(url(from), url(to))).toBe(strips),
  )

  it('[requests:redirects-17] are kept on the same host and removed from https to http', async () => {
    const plain = await redirecting()
    const auth = Request.withBasicAuth('user', 'pass')
    await value(Http.get(`${plain.url}/302/get`, auth))
    expect(plain.received.join('').match(/authorization: Basic dXNlcjpwYXNz/gi)).toHaveLength(2)
    const locked = await secure((request, response) => {
      expect(request.headers.authorization).toBe('Basic dXNlcjpwYXNz')
      response.writeHead(302, { location: `http://localhost:${plain.port}/get` }).end()
    })
    const before = plain.received.length
    const response = await value(Http.get(locked.url, auth, Request.withCa(pkiPath('ca.pem'))))
    expect(statuses(response)).toEqual([302])
    expect(plain.received.slice(before).join('')).not.toMatch(/authorization/i)
  })
  it('of netrc for another host are not sent', async () => {
    const server = await redirecting()
    const environment = Environment.make({}, 'machine elsewhere.test login user password hunter2')
    await run(Http.get(`${server.url}/302/get`), { session: ambientSession, environment })
    expect(server.received.join('')).not.toMatch(/authorization/i)
  })
})
