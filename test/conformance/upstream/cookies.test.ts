/** Counterparts of requests' tests for cookies of the jar, the session and the request. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import { type Cookie, Http, Jar, Request, Secret, Session } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { raw } from '../../transport/servers.js'
import { headerOf, right, run, value } from './setting.js'

/** Starts a server that sets the cookies of the query, redirects `/to` and `/301`, and records each Cookie header. */
const site = async () => {
  const server = await raw((socket, head) => {
    const [, target = ''] = head.split(' ')
    const set = new URL(target, 'http://h').searchParams.getAll('set').map((line) => `Set-Cookie: ${line}\r\n`)
    const status = target.startsWith('/to')
      ? '302 Found\r\nLocation: /end'
      : target.startsWith('/301')
        ? '301 Moved\r\nLocation: /'
        : '200 OK'
    socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n${set.join('')}\r\n`)
  })
  const cookies = () =>
    server.received
      .join('')
      .split(/(?<=\r\n\r\n)/)
      .map((head) => /^cookie: (.*)$/im.exec(head)?.[1] ?? '')
  return {
    ...server,
    cookies,
    set: (...lines: ReadonlyArray<string>) => lines.map((line) => `set=${encodeURIComponent(line)}`).join('&'),
  }
}

const held = (jar: Jar.Jar) => Jar.toArray(jar).map(({ name, value }) => `${name}=${Secret.reveal(value)}`)
const jarOf = (...inputs: ReadonlyArray<Cookie.Input>): Jar.Jar =>
  inputs.reduce((jar, input) => right(Jar.set(input)(jar)), Jar.at(new Date('2026-01-01'))(Jar.empty))

describe('cookies of a response', () => {
  it('[requests:cookies-1] are sent with the next request', async () => {
    const { url, set, cookies } = await site()
    const [, jar] = right(
      await run(
        pipe(
          Http.get(`${url}/?${set('foo=bar')}`),
          SRTE.flatMap(() => Http.get(url)),
        ),
      ),
    )
    expect([held(jar), cookies()]).toEqual([['foo=bar'], ['', 'foo=bar']])
  })
  it('[requests:cookies-2] are stored and sent on the next hop if a redirect sets them', async () => {
    const { url, set, cookies } = await site()
    for (const path of ['/to', '/301']) {
      const [response, jar] = right(await run(Http.get(`${url}${path}?${set('foo=bar')}`)))
      expect([held(jar), response.history.length, response.cookies]).toEqual([['foo=bar'], 1, []])
      const again = await value(Http.send(Request.get(`${url}${path}?${set('foo=bar')}`)))
      expect(again.history[0]?.head.headers.fields.filter(([name]) => name === 'Set-Cookie')).toHaveLength(1)
    }
    expect(cookies().filter((line) => line === 'foo=bar')).toHaveLength(4)
  })
  it('[requests:cookies-3] are removed if a response expires them', async () => {
    const { url, set } = await site()
    const program = pipe(
      Http.get(`${url}/?${set('foo=bar; Max-Age=100')}`),
      SRTE.flatMap(() => Http.jar),
      SRTE.map(held),
      SRTE.bindTo('before'),
      SRTE.bindW('response', () => Http.get(`${url}/?${set('foo=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT')}`)),
    )
    const [{ before }, jar] = right(await run(program))
    expect([before, held(jar)]).toEqual([['foo=bar'], []])
  })
  it('[requests:cookies-4] keep quotes in their value', async () => {
    const { url, set, cookies } = await site()
    const [, jar] = right(
      await run(
        pipe(
          Http.get(`${url}/?${set('foo="bar:baz"')}`),
          SRTE.flatMap(() => Http.get(url)),
        ),
      ),
    )
    expect([held(jar), cookies()]).toEqual([['foo="bar:baz"'], ['', 'foo="bar:baz"']])
  })
  it('[requests:cookies-5] are sent from the given jar, also after a redirect', async () => {
    const { url, cookies } = await site()
    const jar = jarOf({ name: 'foo', value: 'bar', domain: '127.0.0.1', hostOnly: true })
    const [, after] = right(await run(Http.get(`${url}/to`), { jar }))
    expect(cookies()).toEqual(['foo=bar', 'foo=bar'])
    expect(Jar.Eq.equals(jar, after)).toBe(true)
  })
})

describe('cookies of a request', () => {
  it('[requests:cookies-6] are sent but not stored in the jar', async () => {
    const { url, cookies } = await site()
    const [, jar] = right(await run(Http.get(url, Request.withCookie('foo', 'baz'))))
    expect([held(jar), cookies()]).toEqual([[], ['foo=baz']])
  })
  it("[requests:cookies-7] override the session's cookie of the same name, or remove it", () => {
    const session = Session.withCookie('foo', 'bar')(Session.empty)
    expect(headerOf(pipe(Request.get('http://h/'), Request.withCookie('foo', 'baz')), 'Cookie', { session })).toBe(
      'foo=baz',
    )
    expect(headerOf(Request.get('http://h/'), 'Cookie', { session })).toBe('foo=bar')
    expect(headerOf(Request.withoutCookie('foo')(Request.get('http://h/')), 'Cookie', { session })).toBeUndefined()
  })
})

describe('a jar', () => {
  const two = jarOf(
    { name: 'some_cookie', value: 'some_value', domain: 'test.com', path: '/' },
    { name: 'some_cookie1', value: 'some_value1', domain: 'other.com', path: '/' },
  )
  it('[requests:cookies-8] keeps every attribute of a cookie that is set by hand', () => {
    const expires = new Date('2026-06-01')
    const jar = jarOf({
      name: 'c',
      value: 'v',
      domain: 'test.com',
      path: '/p',
      secure: true,
      httpOnly: true,
      expires,
      sameSite: 'Lax',
    })
    expect(Jar.toArray(jar)).toMatchObject([
      {
        name: 'c',
        domain: 'test.com',
        path: '/p',
        secure: true,
        httpOnly: true,
        expires: O.some(expires.getTime()),
        sameSite: O.some('Lax'),
      },
    ])
  })
  it('[requests:cookies-9] can be listed repeatedly as names, values and domains', () => {
    for (let i = 0; i < 2; i++) expect(held(two)).toEqual(['some_cookie=some_value', 'some_cookie1=some_value1'])
    const record = Object.fromEntries(Jar.toArray(two).map(({ name, value }) => [name, Secret.reveal(value)]))
    expect(record).toEqual({ some_cookie: 'some_value', some_cookie1: 'some_value1' })
    expect([...new Set(Jar.toArray(two).map(({ domain }) => domain))]).toEqual(['test.com', 'other.com'])
  })
  it('[requests:cookies-10] reports CookieConflict if a name exists for several domains', () => {
    const jar = jarOf(
      { name: 'key', value: 'a', domain: 'test1.com' },
      { name: 'key', value: 'b', domain: 'test2.com' },
    )
    const conflict = Jar.lookup('key')(jar)
    expect(E.isLeft(conflict) && conflict.left._tag).toBe('CookieConflict')
    const found = right(Jar.lookup('key', { domain: 'test1.com' })(jar))
    expect(O.isSome(found) && Secret.reveal(found.value.value)).toBe('a')
    expect(held(Jar.remove({ name: 'key', domain: 'test1.com' })(jar))).toEqual(['key=b'])
  })
  it('[requests:cookies-11] keeps its nameless policy when cookies are set or jars are joined', () => {
    const jar = right(Jar.set({ name: 'a', value: '1', domain: 'h.test' })(Jar.make({ nameless: true })))
    expect([jar.nameless, Jar.join(Jar.empty, jar).nameless]).toEqual([true, true])
  })
  it('[requests:cookies-12] rejects an invalid expiry date, and ignores one in Set-Cookie', () => {
    const made = Jar.set({ name: 'a', value: '1', domain: 'h.test', expires: new Date('woops') })(Jar.empty)
    expect(E.isLeft(made) && made.left._tag).toBe('InvalidCookie')
    const at = (line: string) => Jar.toArray(Jar.absorb(new URL('http://h.test/'), [line], new Date(0))(Jar.empty)[0])
    expect(at('a=1; Max-Age=woops').map(({ expires }) => expires)).toEqual([O.none])
    expect(at('a=1; Expires=100').map(({ expires }) => expires)).toEqual([O.none])
    expect(at('a=1; Max-Age=60').map(({ expires }) => expires)).toEqual([O.some(60_000)])
  })
})
