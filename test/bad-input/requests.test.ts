/**
 * Requests that cannot be sent and replies that cannot be taken: a tag, a message to act on, the jar in the error, and
 * no socket left (which `servers.ts` looks for after each test).
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

/** Logs in for a cookie, then sends: what the second request failed with, and the jar in its error. */
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
      'a line end in the name of one',
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
    ['a cycle', Request.withJson(cyclic)(Request.post('http://h/')), 'InvalidBody', /JSON/],
    ['a BigInt', Request.withJson({ a: 1n })(Request.post('http://h/')), 'InvalidBody', /BigInt/],
    ['NaN', Request.withJson({ a: [Number.NaN] })(Request.post('http://h/')), 'InvalidBody', /NaN \(at \$\.a\[0\]\)/],
    ['a function', Request.withJson(() => 1)(Request.post('http://h/')), 'InvalidBody', /function/],
    ['nothing at all as JSON', Request.withJson(undefined)(Request.post('http://h/')), 'InvalidBody', /undefined/],
    ['a file', Request.get('file:///etc/passwd'), 'UnsupportedScheme', /mount/],
    ['endless redirects', Request.withMaxRedirects(Number.NaN)(Request.get('http://h/')), 'InvalidSettings', /finite/],
  ])('%s', async (_, request, tag, message) => {
    const error = await failing(request)
    expect(error._tag).toBe(tag)
    expect(error.message).toMatch(message)
    // Nothing was sent, so the error carries the jar from before, which `attempt` and `orElse` use.
    const program = pipe(
      Http.send(request),
      Http.orElse(() => Http.jar),
    )
    const [jar] = Jar.absorb(new URL('http://h/'), ['login=1'], new Date())(Jar.empty)
    const went = await pipe(program, Client.use({ session: Session.empty, environment: Environment.empty, jar }))()
    expect(
      pipe(
        went,
        E.map(([, after]) => held(after)),
      ),
    ).toEqual(E.right(['login=1']))
  })

  it('no text for a URL, a header or a method throws, and no header of it holds a line end', () => {
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

describe('a reply that cannot be used', () => {
  const CUT = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\nSet-Cookie: cut=1\r\n\r\nabc'
  it('a reply cut in mid-body is BodyCut, with the cookies of its head', async () => {
    const server = await raw((socket) => socket.end(CUT))
    const error = await failing(Request.get(server.url))
    expect([error._tag, jarIn(error)?.includes('cut=1'), jarIn(error)?.includes('login=1')]).toEqual([
      'BodyCut',
      true,
      true,
    ])
    expect(error.message.length).toBeGreaterThan(10)
  })
  it('a redirect loop is TooManyRedirects, with the cookies on the way', async () => {
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
  ])('a redirect to %s is refused, with the cookie that came with it', async (location) => {
    const server = await always(
      `HTTP/1.1 302 F\r\nLocation: ${location}\r\nSet-Cookie: to=1\r\nContent-Length: 0\r\n\r\n`,
    )
    const error = await failing(Request.get(server.url))
    expect([error._tag, jarIn(error)?.includes('to=1')]).toEqual(['RedirectRefused', true])
    expect(error.message).toContain(server.url)
  })
  it.each(['http://h:99999/', 'http://a b/', 'http://\\\\evil', 'http://[', '//', 'http:///', 'http://%zz/'])(
    'a Location of %j ends in a tag or on the same host',
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
  it('a reply that is not HTTP is ProtocolError and keeps the jar', async () => {
    const server = await always('SSH-2.0-OpenSSH_9.6\r\n')
    const error = await failing(Request.get(server.url))
    expect([error._tag, jarIn(error)]).toEqual(['ProtocolError', ['login=1']])
  })
  it('an error that a program makes of it is shown in one line, without a secret', async () => {
    const server = await raw((socket) => socket.end(CUT))
    const error = await failing(pipe(Request.get(`${server.url}/`), Request.withBasicAuth('me', 'hunter2')))
    expect(HttpError.show(error)).not.toMatch(/hunter2|aHVudGVyMg|\n/)
    expect(JSON.stringify(error)).not.toMatch(/hunter2|bWU6aHVudGVyMg/)
    expect(tagOf(planned(Request.get(server.url)))).toBe('right')
    expect(right(planned(Request.get(server.url))).method).toBe('GET')
  })
})
