/** Counterparts of requests' tests for header maps, header values and methods. */

import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { Headers, Http, Override, Request, Session, Status } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { ok, raw } from '../../transport/servers.js'
import { chunks, headerOf, headLines, planned, tagOf, value, wire } from './setting.js'

const name = fc.stringMatching(/^[a-zA-Z-]{1,6}$/)
const cased = name.chain((text) => fc.constantFrom(text, text.toUpperCase(), text.toLowerCase()))
const fields = fc.array(fc.tuple(cased, fc.stringMatching(/^[a-z]{0,3}$/)))

describe('a header map', () => {
  it('[requests:headers-1] finds, replaces and removes fields by name without case', () => {
    fc.assert(
      fc.property(fields, cased, (pairs, name) => {
        const before = Headers.fromPairs(pairs)
        const swapped = name === name.toLowerCase() ? name.toUpperCase() : name.toLowerCase()
        const set = Headers.upsertAt(name, 'new')(before)
        expect(Headers.lookup(swapped)(set)).toEqual(O.some('new'))
        expect(Headers.lookupAll(swapped)(set)).toEqual(['new'])
        expect(Headers.has(swapped)(Headers.deleteAt(name)(set))).toBe(false)
        const others = pairs.filter(([other]) => other.toLowerCase() !== name.toLowerCase())
        expect(Headers.toPairs(Headers.deleteAt(swapped)(set))).toEqual(others)
      }),
    )
  })
  it('[requests:headers-2] keeps the position of a name that is set again, with its new spelling', () => {
    const headers = pipe(
      Headers.fromRecord({ 'Content-Type': 'a', Accept: 'b' }),
      Headers.upsertAt('CONTENT-TYPE', 'c'),
      Headers.upsertAt('X-New', 'd'),
    )
    expect(Headers.toPairs(headers)).toEqual([
      ['CONTENT-TYPE', 'c'],
      ['Accept', 'b'],
      ['X-New', 'd'],
    ])
  })
  it('[requests:headers-3] equals another map if only the case of names differs', () => {
    const headers = Headers.fromPairs([['Spam', 'x']])
    expect(Headers.Eq.equals(headers, Headers.fromPairs([['sPAM', 'x']]))).toBe(true)
    for (const other of [[['Spam', 'X']], [], [['Span', 'x']]] as const) {
      expect(Headers.Eq.equals(headers, Headers.fromPairs(other))).toBe(false)
    }
  })
  it('[requests:headers-4] is not changed by upsertAt, deleteAt and append', () => {
    const headers = Headers.fromPairs([['Accept', 'a']])
    Headers.upsertAt('accept', 'b')(headers)
    Headers.deleteAt('accept')(headers)
    Headers.append('accept', 'c')(headers)
    expect(Headers.toPairs(headers)).toEqual([['Accept', 'a']])
  })
  it('[requests:headers-5] returns nothing for a name that it does not contain', () => {
    expect(Headers.lookup('x')(Headers.empty)).toEqual(O.none)
    expect(Headers.lookupAll('x')(Headers.empty)).toEqual([])
    expect(Headers.lookup('toString')(Headers.empty)).toEqual(O.none)
  })
})

describe('status codes', () => {
  it('[requests:headers-6] have reason phrases, including 425', () => {
    expect([Status.reason(425), Status.reason(404), Status.reason(799)]).toEqual(['Too Early', 'Not Found', ''])
  })
})

describe('headers that are sent', () => {
  it('[requests:headers-7] keep the order in which session and request set them', async () => {
    const server = await raw((socket) => socket.write(ok()))
    const session = Session.withHeaders({ Zeta: '1', Alpha: '2' })(Session.empty)
    const given = Request.withHeaders({ Third: '3', Second: '4', ALPHA: '5' })
    await value(Http.get(server.url, given), { session })
    const own = headLines(server.received[0]).filter((line) => !/^(GET|host|connection)/i.test(line))
    expect(own).toEqual(['Zeta: 1', 'ALPHA: 5', 'Third: 3', 'Second: 4'])
  })
  it('[requests:headers-8] omit fields that the request removes or the session sets to null', () => {
    const session = Session.withHeaders({ foo: 'bar', 'X-None': null })(Session.empty)
    expect(wire(Request.get('http://h/'), { session }).headers).toEqual([['foo', 'bar']])
    expect(wire(Request.withoutHeader('FOO')(Request.get('http://h/')), { session }).headers).toEqual([])
    expect(wire(Request.withHeaders({ Foo: null })(Request.get('http://h/')), { session }).headers).toEqual([])
    expect(session.settings.headers.get('x-none')).toEqual(Override.unset)
  })
  it("[requests:headers-9] contain the user's User-Agent unchanged", async () => {
    const server = await raw((socket) => socket.write(ok()))
    const agent = 'Mozilla/5.0 (github.com/psf/requests)'
    await value(Http.get(server.url, Request.withHeader('user-agent', agent)), { session: Session.defaults })
    expect(server.received[0]?.match(/user-agent: .*/gi)).toEqual([`user-agent: ${agent}`])
  })
  it.each(['bar', 'fo\u00f6', '', 'a b', 'trailing '])('[requests:headers-10] may have the value %j', (text) =>
    expect(headerOf(Request.withHeader('foo', text)(Request.get('http://h/')), 'foo')).toBe(text),
  )
  it.each(['bar\r\nInjected: 1', 'bar\n', '\rbar', ' bar', '\tbar', '\nbar', '\u4f60\u597d', 'a\0b'])(
    '[requests:headers-11] reject the value %j with InvalidHeader',
    (text) => {
      const made = planned(Request.withHeader('foo', text)(Request.get('http://h/')))
      expect(tagOf(made)).toBe('InvalidHeader')
      expect(E.isLeft(made) && made.left.message).toContain('"foo"')
    },
  )
  it.each(['', ' foo', 'fo o', 'foo:', 'foo\r\n', 'f\u00f6\u00f6'])(
    '[requests:headers-12] reject the name %j with InvalidHeader',
    (name) => expect(tagOf(planned(Request.withHeader(name, 'x')(Request.get('http://h/'))))).toBe('InvalidHeader'),
  )
  it('[requests:headers-13] contain one Host, which the user can set, also with a chunked body', async () => {
    const server = await raw((socket) => socket.write(ok()))
    const body = Request.withStream(() => chunks('a', 'b'))
    await value(Http.post(server.url, body, Request.withHeader('Host', 'other.test')))
    await value(Http.post(server.url, body))
    expect(server.received.map((text) => text.match(/^host: .*$/gim))).toEqual([
      [expect.stringMatching(/^host: other\.test$/i)],
      [expect.stringMatching(new RegExp(`^host: ${server.host}$`, 'i'))],
    ])
  })
})

describe('methods', () => {
  it('[requests:headers-14] have a function each; other methods can be sent with Request.make', async () => {
    const server = await raw((socket) => socket.write(ok('')))
    const { get, head, options, post, put, patch, del } = Http
    for (const verb of [get, head, options, post, put, patch, del]) {
      expect((await value(verb(server.url))).status).toBe(200)
    }
    expect((await value(Http.send(Request.make('propfind', server.url)))).status).toBe(200)
    const methods = server.received.flatMap((text) => text.match(/^[A-Za-z]+(?= \/)/gm) ?? [])
    expect(methods).toEqual(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'propfind'])
  })
})
