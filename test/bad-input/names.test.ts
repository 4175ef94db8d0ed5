/**
 * Names of JavaScript's object members, such as `__proto__`. As a name from a user, a server or a file, each is treated
 * like any other name, and none changes `Object.prototype`.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { Environment, Headers, Http, Jar, Plan, Request, Response, Secret, Session, Transport } from 'requests-ts'
import { afterEach, describe, expect, it } from 'vitest'
import {
  ambientSession,
  bodyOf,
  headerOf,
  planned,
  right,
  run,
  tagOf,
  urlOf,
  value,
} from '../conformance/upstream/setting.js'
import { ok, raw } from '../transport/servers.js'

const before = Object.getOwnPropertyNames(Object.prototype)
afterEach(() => {
  expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
  expect(Object.keys({})).toEqual([])
})

/** Returns a record with an own key of this name. In a literal, `__proto__` would set the prototype. */
const own = <A>(name: string, content: A): Readonly<Record<string, A>> => Object.fromEntries([[name, content]])

describe.each(['__proto__', 'constructor', 'hasUserInput', 'toString', 'prototype', 'valueOf', 'then'])(
  '%s',
  (name) => {
    const get = Request.get('http://h/')
    const post = Request.post('http://h/')

    it('can be a header name, alone and in a record', () => {
      expect(headerOf(Request.withHeader(name, 'x')(get), name)).toBe('x')
      expect(headerOf(Request.withHeaders(own(name, 'x'))(get), name)).toBe('x')
      expect(headerOf(Request.withSecretHeader(name, 'x')(get), name)).toBe('x')
      const session = Session.withHeaders(own(name, 'x'))(Session.empty)
      expect(headerOf(Request.withoutHeader(name)(get), name, { session })).toBeUndefined()
      expect(headerOf(Request.withHeaders(own(name, null))(get), name, { session })).toBeUndefined()
      expect(Headers.lookup(name)(Headers.empty)).toEqual(O.none)
      expect(Headers.lookup(name)(Headers.fromRecord(own(name, 'x')))).toEqual(O.some('x'))
    })
    it('can be a key of the query and of a form', () => {
      expect(urlOf(Request.withQuery(own(name, 'x'))(get))).toBe(`http://h/?${name}=x`)
      expect(urlOf(Request.withQuery([[name, ['x', 'y']]])(get))).toBe(`http://h/?${name}=x&${name}=y`)
      const session = Session.withQuery(own(name, 'x'))(Session.empty)
      expect(urlOf(Request.withQuery(own(name, null))(get), { session })).toBe('http://h/')
      expect(bodyOf(Request.withForm(own(name, 'x'))(post))).toBe(`${name}=x`)
    })
    it('can be a field name and a filename of multipart', () => {
      expect(bodyOf(Request.withMultipart(own(name, 'x'))(post))).toContain(`name="${name}"\r\n\r\nx\r\n`)
      expect(bodyOf(Request.withMultipart(own(name, { content: 'x', filename: name }))(post))).toContain(
        `filename="${name}"`,
      )
    })
    it('can be a key of JSON, sent and received', async () => {
      expect(bodyOf(Request.withJson(own(name, { polluted: true }))(post))).toBe(`{"${name}":{"polluted":true}}`)
      const server = await raw((socket) => socket.write(ok(`{"${name}":{"polluted":true}}`)))
      const json = right(Response.json(E.right<never, unknown>)(await value(Http.get(server.url))))
      expect(JSON.stringify(json)).toBe(`{"${name}":{"polluted":true}}`)
      expect(Object.hasOwn(Object(json), name)).toBe(true)
    })
    it('can be a cookie name of a response, a request and a saved jar', async () => {
      const server = await raw((socket) => socket.write(ok('', `Set-Cookie: ${name}=x; Path=/\r\n`)))
      const [response, jar] = right(await run(Http.get(server.url)))
      expect(response.cookies.map((cookie) => [cookie.name, Secret.reveal(cookie.value)])).toEqual([[name, 'x']])
      const again = right(Jar.decode(JSON.parse(JSON.stringify(right(Jar.encode({ reveal: true })(jar))))))
      expect(Jar.Eq.equals(again, jar)).toBe(true)
      expect(headerOf(Request.get(server.url), 'Cookie', { jar: again })).toBe(`${name}=x`)
      expect(headerOf(Request.withCookie(name, 'x')(get), 'Cookie')).toBe(`${name}=x`)
      expect(right(Jar.lookup(name)(Jar.empty))).toEqual(O.none)
    })
    it('can be a host and a mount, and selects no other proxy', async () => {
      const host = name.toLowerCase().replaceAll('_', 'x')
      const session = Session.mount(`http://${host}`, Transport.memory({ 'GET /': { status: 204 } }))(Session.empty)
      expect((await value(Http.get(`http://${host}/`), { session })).status).toBe(204)
      expect(
        tagOf(planned(Request.get(`${name}:x`), { session: Session.mount(`${name}:`, Transport.memory({}))(session) })),
      ).toMatch(/right|MissingScheme|UnsupportedScheme|InvalidUrl/)
      const odd = Session.withProxy({ ...own(name, 'http://never.test:1'), http: 'http://p.test:1' })(ambientSession)
      expect(planned(get, { session: odd })).toMatchObject({ left: { _tag: 'InvalidProxy' } })
      const proxied = Session.withProxy({ ...own(`http://${host}`, 'http://never.test:1'), http: 'http://p.test:1' })(
        ambientSession,
      )
      const made = right(planned(get, { session: proxied }))
      expect(O.isSome(made.route.proxy) && made.route.proxy.value.hostname).toBe('p.test')
      const environment = Environment.make(own(`${name}_proxy`, 'http://never.test:1'))
      expect(right(planned(get, { session: ambientSession, environment })).route.proxy).toEqual(O.none)
    })
    it('matches no route of an empty Transport.memory', async () => {
      const session = Session.mount('http://', Transport.memory({}))(Session.empty)
      expect(
        (await value(Http.send(Request.make(name === '__proto__' ? 'GET' : name, `http://h/${name}`)), { session }))
          .status,
      ).toBe(404)
    })
    it('is kept in a saved session, and ignored as an unknown setting', () => {
      const session = pipe(
        Session.empty,
        Session.withHeader(name, 'h'),
        Session.withQuery(own(name, 'q')),
        Session.withCookie(name, 'c'),
        Session.withProxy(own(`http://${name.toLowerCase().replaceAll('_', 'x')}`, 'http://p:1')),
        Session.withSensitiveHeaders(name),
      )
      const json = JSON.stringify(right(Session.encode({ reveal: true })(session)))
      const again = right(Session.decode(JSON.parse(json)))
      expect(JSON.stringify(right(Session.encode({ reveal: true })(again)))).toBe(json)
      expect(Plan.wire(right(planned(get, { session: again })))).toEqual(Plan.wire(right(planned(get, { session }))))
      const edited = json.replace('"settings":{', `"settings":{"${name}":{"verify":{"set":false},"polluted":true},`)
      const read = right(Session.decode(JSON.parse(edited)))
      expect(right(planned(Request.get('https://h/'), { session: read })).route.tls.verify).toBe(true)
    })
  },
)
