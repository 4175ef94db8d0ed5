/** Counterparts of requests' tests for Basic and Digest authentication and for netrc. */
import { createHash } from 'node:crypto'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import { Auth, Environment, Http, Jar, Netrc, Request, Response, Session } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { always, ok, raw } from '../../transport/servers.js'
import { ambientSession, error, headerOf, right, run, value } from './setting.js'

const basic = (pair: string, encoding: BufferEncoding = 'utf8') =>
  `Basic ${Buffer.from(pair, encoding).toString('base64')}`

const requireBasic = (socket: { readonly write: (text: string) => unknown }, request: string, wanted: string) =>
  socket.write(
    request.includes(`uthorization: ${wanted}\r\n`)
      ? ok('in')
      : 'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="r"\r\nContent-Length: 0\r\n\r\n',
  )

describe('Basic', () => {
  it('[requests:auth-1] authenticates with credentials of the request or the session', async () => {
    const server = await raw((socket, head) => requireBasic(socket, head, basic('user:pass')))
    expect((await value(Http.get(server.url))).status).toBe(401)
    expect((await value(Http.get(server.url, Request.withBasicAuth('user', 'pass')))).status).toBe(200)
    const session = Session.withBasicAuth('user', 'pass')(Session.empty)
    expect((await value(Http.get(server.url), { session })).status).toBe(200)
  })
  it.each<[string, string, string]>([
    ['user', 'pass', basic('user:pass')],
    [
      '\u0438\u043c\u044f',
      '\u043f\u0430\u0440\u043e\u043b\u044c',
      basic('\u0438\u043c\u044f:\u043f\u0430\u0440\u043e\u043b\u044c'),
    ],
    ['test', '\u00e9', basic('test:\u00e9')],
    ['', '', basic(':')],
  ])('[requests:auth-2] encodes the user "%s" and the password "%s" as UTF-8', (user, pass, expected) =>
    expect(headerOf(Request.withBasicAuth(user, pass)(Request.get('http://h/')), 'Authorization')).toBe(expected),
  )
  it.each([
    ['http://user:pass@h/', basic('user:pass')],
    ['http://user:pass%20pass@h/', basic('user:pass pass')],
    ['http://user:pass pass@h/', basic('user:pass pass')],
    ['http://user%25user:pass@h/', basic('user%user:pass')],
    ['http://user:pass%23pass@h/', basic('user:pass#pass')],
    ['http://complex.url.com/?q=a@b:c', undefined],
    ['http://user@h/', basic('user:')],
    ['http://h/', undefined],
  ])('[requests:auth-3] reads credentials from the URL %s', (url, expected) =>
    expect(headerOf(Request.get(url), 'Authorization')).toBe(expected),
  )
})

describe('netrc', () => {
  const netrc = (text: string) => ({ session: ambientSession, environment: Environment.make({}, text) })
  it('[requests:auth-4] supplies credentials unless the request or the session sets auth', async () => {
    const server = await raw((socket, head) => requireBasic(socket, head, basic('user:pass')))
    const right = netrc('machine 127.0.0.1 login user password pass')
    expect((await value(Http.get(server.url), right)).status).toBe(200)
    const wrong = Request.withBasicAuth('wronguser', 'wrongpass')
    expect((await value(Http.get(server.url, wrong), right)).status).toBe(401)
    const session = Session.withBasicAuth('wronguser', 'wrongpass')(ambientSession)
    expect((await value(Http.get(server.url), { ...right, session })).status).toBe(401)
  })
  it('[requests:auth-5] looks up the host of the URL, not the text before its @', () => {
    const context = netrc('machine example.com login user password hunter2')
    for (const url of [
      'http://example.com:@evil.com/',
      'http://example.com:80@evil.com/',
      'http://example.com@evil.com/',
    ]) {
      expect(headerOf(Request.get(url), 'Authorization', context) ?? '').not.toContain(
        Buffer.from('user:hunter2').toString('base64'),
      )
    }
    expect(headerOf(Request.get('http://example.com/thing'), 'Authorization', context)).toBe(basic('user:hunter2'))
  })
  it('[requests:auth-6] ignores an empty default entry', () => {
    const entries = right(Netrc.parse('machine example.com login user password pass\ndefault\nlogin ""\npassword ""\n'))
    expect(Netrc.lookup('httpbin.org')(entries)).toEqual(O.none)
    expect(O.isSome(Netrc.lookup('example.com')(entries))).toBe(true)
  })
})

const md5 = (text: string) => createHash('md5').update(text).digest('hex')

/** Starts a server that requires Digest with qop=auth and checks the response. `extra` is added to each head. */
const digestServer = (extra = '', pass = 'pass') =>
  raw((socket, head) => {
    const field = (name: string) =>
      new RegExp(`${name}="?([^",\\r]*)`).exec(/authorization: .*/i.exec(head)?.[0] ?? '')?.[1] ?? ''
    const target = head.split(' ')[1] ?? ''
    const [ha1, ha2] = [md5(`user:realm:${pass}`), md5(`${head.split(' ')[0]}:${target}`)]
    const expected = md5([ha1, field('nonce'), field('nc'), field('cnonce'), field('qop'), ha2].join(':'))
    const good = field('response') === expected
    socket.write(
      good
        ? ok('in', extra)
        : `HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="realm", nonce="n1", qop="auth", opaque="o"\r\nContent-Length: 0\r\n${extra}\r\n`,
    )
  })

const requests = (received: ReadonlyArray<string>) => received.join('').match(/^[A-Z]+ \//gm)?.length

describe('Digest', () => {
  const auth = Request.withDigestAuth('user', 'pass')
  it('[requests:auth-7] answers a challenge and records it in the history', async () => {
    const server = await digestServer()
    const response = await value(Http.get(`${server.url}/digest?a=1`, auth))
    expect([response.status, response.history.map(({ head }) => head.status)]).toEqual([200, [401]])
    const session = Session.withAuth(Auth.digest('user', 'pass'))(Session.empty)
    expect((await value(Http.get(server.url), { session })).status).toBe(200)
  })
  it('[requests:auth-8] stores cookies of the challenge and sends them with the answer', async () => {
    const server = await digestServer('Set-Cookie: fake=fake_value\r\n')
    const [response, jar] = right(await run(Http.get(server.url, auth)))
    expect(response.cookies.map(({ name }) => name)).toEqual(['fake'])
    expect(Jar.toArray(jar).map(({ name }) => name)).toEqual(['fake'])
    expect(server.received.join('').match(/cookie: fake=fake_value/gi)).toHaveLength(1)
  })
  it('[requests:auth-9] streams the body of the final response, not of the challenge', async () => {
    const server = await digestServer()
    const readBody = Http.stream((_, body) => body.gather(100))
    expect(Buffer.from(await value(readBody(auth(Request.get(server.url))))).toString()).toBe('in')
  })
  it('[requests:auth-10] tries a wrong password once and returns the 401', async () => {
    const server = await digestServer('', 'another')
    const response = await value(Http.get(server.url, auth))
    expect([response.status, response.history.length, requests(server.received)]).toEqual([401, 1, 2])
    expect((await error(pipe(Http.get(server.url, auth), SRTE.flatMapEither(Response.ok))))._tag).toBe('StatusError')
  })
  it('[requests:auth-11] ignores a challenge in a 200 response', async () => {
    const server = await always(ok('free', 'WWW-Authenticate: Digest nonce="n", realm="r", qop=auth\r\n'))
    const response = await value(Http.get(server.url, auth))
    expect([response.status, response.history.length, requests(server.received)]).toEqual([200, 0, 1])
  })
  it('[requests:auth-12] answers a new challenge after a redirect', async () => {
    const server = await raw((socket, head) => {
      const isSigned = /authorization: digest/i.test(head)
      const at = head.split(' ')[1]
      const challenge = `HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="r", nonce="n${at}", qop="auth"\r\nContent-Length: 0\r\n\r\n`
      if (at === '/')
        socket.write(isSigned ? 'HTTP/1.1 302 F\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n' : challenge)
      else socket.write(/nonce="n\/next"/.test(head) ? ok('in') : challenge)
    })
    const response = await value(Http.get(`${server.url}/`, auth))
    expect([response.status, response.history.map(({ head }) => head.status)]).toEqual([200, [401, 302, 401]])
  })
  it('[requests:auth-13] parses quoted parameters that contain commas and equals signs', async () => {
    const server = await raw((socket, head) =>
      socket.write(
        /authorization: /i.test(head)
          ? ok(/authorization: (.*)/i.exec(head)?.[1])
          : 'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="a, b=c", nonce="n==", qop=auth, opaque="x,y"\r\nContent-Length: 0\r\n\r\n',
      ),
    )
    const signed = Response.text(await value(Http.get(server.url, auth)))
    for (const part of ['realm="a, b=c"', 'nonce="n=="', 'opaque="x,y"', 'nc=00000001']) expect(signed).toContain(part)
  })
  it('[requests:auth-14] sends qop as a token, as RFC 7616 requires (D60)', async () => {
    const server = await digestServer()
    await value(Http.get(server.url, auth))
    expect(server.received.join('')).toContain(', qop=auth, nc=00000001, ')
  })
})
