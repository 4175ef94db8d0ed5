/**
 * Invalid requests and responses: each fails with a tag, a message that says what to do, and the jar in the error. No
 * socket stays open; `servers.ts` checks this after each test.
 */

import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import { Client, Environment, Http, HttpError, Jar, Request, Secret, Session } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { planned, right, tagOf } from '../conformance/upstream/setting.js'
import { always, ok, raw } from '../transport/servers.js'

const held = (jar: Jar.Jar) => Jar.toArray(jar).map(({ name, value }) => `${name}=${Secret.reveal(value)}`)

/** Gets a login cookie, then sends the request. Returns the error of the second request. */
const failing = async (request: Request.Request) => {
  const login = await always(ok('', 'Set-Cookie: login=1; Path=/\r\n'))
  const program = pipe(
    Http.get(login.url),
    SRTE.flatMap(() => Http.send(request)),
  )
  const outcome = await pipe(program, Client.use({ session: Session.empty, environment: Environment.empty }))()
  if (E.isRight(outcome)) throw new Error('it did not fail')
  return outcome.left
}
const jarIn = (error: unknown) => pipe(HttpError.jar(error), O.map(held), O.toUndefined)

const cyclic: { self?: unknown } = {}
cyclic.self = cyclic

describe('a request that cannot be sent', () => {
  it.each<[string, Request.Request, string, RegExp]>([
    ['a URL without scheme', Request.get('example.com/x'), 'MissingScheme', /https:\/\/example\.com\/x/],
    ['a space in the host', Request.get('http://exa mple.com/'), 'InvalidUrl', /exa mple\.com/],
    ['port 99999', Request.get('http://h:99999/'), 'InvalidUrl', /port/i],
    ['a backslash in the authority', Request.get('http://h\\@evil.test/'), 'InvalidUrl', /backslash|\\/],
    ['no host', Request.get('http:///x'), 'InvalidUrl', /host/],
    ['a line end in a header', Request.withHeader('X', 'a\r\nY: b')(Request.get('http://h/')), 'InvalidHeader', /"X"/],
    [
      'a line end in a header name',
      Request.withHeader('X\r\nY', 'a')(Request.get('http://h/')),
      'InvalidHeader',
      /token/,
    ],
    [
      'a line end in a cookie',
      Request.withCookie('a', 'b\r\nY: c')(Request.get('http://h/')),
      'InvalidHeader',
      /cookie/i,
    ],
    ['a line end in the method', Request.make('GET / HTTP/1.1\r\nX:', 'http://h/'), 'InvalidSettings', /token/],
    ['a cycle in JSON', Request.withJson(cyclic)(Request.post('http://h/')), 'InvalidBody', /JSON/],
    ['a BigInt in JSON', Request.withJson({ a: 1n })(Request.post('http://h/')), 'InvalidBody', /BigInt/],
    [
      'NaN in JSON',
      Request.withJson({ a: [Number.NaN] })(Request.post('http://h/')),
      'InvalidBody',
      /NaN \(at \$\.a\[0\]\)/,
    ],
    ['a function as JSON', Request.withJson(() => 1)(Request.post('http://h/')), 'InvalidBody', /function/],
    ['undefined as JSON', Request.withJson(undefined)(Request.post('http://h/')), 'InvalidBody', /undefined/],
    ['a file URL', Request.get('file:///etc/passwd'), 'UnsupportedScheme', /mount/],
    [
      'a redirect limit of NaN',
      Request.withMaxRedirects(Number.NaN)(Request.get('http://h/')),
      'InvalidSettings',
      /finite/,
    ],
  ])('fails if it has %s', async (_, request, tag, message) => {
    const error = await failing(request)
    expect(error._tag).toBe(tag)
    expect(error.message).toMatch(message)
    // Nothing was sent, so `orElse` continues with the jar from before the request.
    const program = pipe(
      Http.send(request),
      Http.orElse(() => Http.jar),
    )
    const [jar] = Jar.absorb(new URL('http://h/'), ['login=1'], new Date())(Jar.empty)
    const recovered = await pipe(program, Client.use({ session: Session.empty, environment: Environment.empty, jar }))()
    expect(
      pipe(
        recovered,
        E.map(([, after]) => held(after)),
      ),
    ).toEqual(E.right(['login=1']))
  })

  it('never throws for any URL, header or method, and never plans a header with a line end', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\r\n', '\0', '\\', '[', '%', '@', '\ud800', ' '),
    )
    fc.assert(
      fc.property(text, text, text, text, (method, url, name, content) => {
        for (const address of [url, `http://${url}`, `http://h/${url}`]) {
          const request = pipe(
            Request.make(method, address),
            Request.withHeader(name, content),
            Request.withCookie(name, content),
          )
          const made = planned(request)
          if (E.isLeft(made)) expect(made.left.message.length).toBeGreaterThan(10)
          else expect(JSON.stringify(made.right.headers)).not.toMatch(/\\r|\\n|\\u0000/)
        }
      }),
    )
  })
})

describe('an invalid response', () => {
  const CUT = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\nSet-Cookie: cut=1\r\n\r\nabc'
  it('fails with BodyCut if the body is cut, and the error has the cookies of its head', async () => {
    const server = await raw((socket) => socket.end(CUT))
    const error = await failing(Request.get(server.url))
    expect([error._tag, jarIn(error)?.includes('cut=1'), jarIn(error)?.includes('login=1')]).toEqual([
      'BodyCut',
      true,
      true,
    ])
    expect(error.message.length).toBeGreaterThan(10)
  })
  it('fails with TooManyRedirects in a redirect loop, and the error has the cookies', async () => {
    const server = await always('HTTP/1.1 302 F\r\nLocation: /\r\nSet-Cookie: loop=1\r\nContent-Length: 0\r\n\r\n')
    const error = await failing(Request.get(server.url))
    expect([error._tag, error.message, jarIn(error)?.includes('loop=1')]).toEqual([
      'TooManyRedirects',
      'Exceeded 30 redirects.',
      true,
    ])
  })
  it.each([
    'file:///etc/passwd',
    'ftp://h/',
    'javascript:alert(1)',
    'data:text/plain,x',
    'mailto:a@b',
    'gopher://h/',
    'unix:/run/x',
    'blob:http://h/',
  ])('fails with RedirectRefused if it redirects to %s, and the error has its cookie', async (location) => {
    const server = await always(
      `HTTP/1.1 302 F\r\nLocation: ${location}\r\nSet-Cookie: to=1\r\nContent-Length: 0\r\n\r\n`,
    )
    const error = await failing(Request.get(server.url))
    expect([error._tag, jarIn(error)?.includes('to=1')]).toEqual(['RedirectRefused', true])
    expect(error.message).toContain(server.url)
  })
  it.each(['http://h:99999/', 'http://a b/', 'http://\\\\evil', 'http://[', '//', 'http:///', 'http://%zz/'])(
    'fails if its Location is %j',
    async (location) => {
      const server = await raw((socket, head) =>
        socket.write(
          head.startsWith('GET / ') ? `HTTP/1.1 302 F\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n` : ok(),
        ),
      )
      const error = await failing(Request.get(server.url))
      expect(error._tag).toMatch(/InvalidRedirect|ConnectFailed|TooManyRedirects/)
    },
  )
  it('fails with ProtocolError if it is not HTTP, and the error has the earlier cookies', async () => {
    const server = await always('SSH-2.0-OpenSSH_9.6\r\n')
    const error = await failing(Request.get(server.url))
    expect([error._tag, jarIn(error)]).toEqual(['ProtocolError', ['login=1']])
  })
  it('fails with an error that prints on one line, without secrets', async () => {
    const server = await raw((socket) => socket.end(CUT))
    const error = await failing(pipe(Request.get(`${server.url}/`), Request.withBasicAuth('me', 'hunter2')))
    expect(HttpError.show(error)).not.toMatch(/hunter2|aHVudGVyMg|\n/)
    expect(JSON.stringify(error)).not.toMatch(/hunter2|bWU6aHVudGVyMg/)
    expect(tagOf(planned(Request.get(server.url)))).toBe('right')
    expect(right(planned(Request.get(server.url))).method).toBe('GET')
  })
})
