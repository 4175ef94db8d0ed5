/** Counterparts of requests' tests for responses: text, JSON, links, status, streams, decoding. */
import * as zlib from 'node:zlib'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Charset, Exchange, Http, Link, Request, Response, Session, Stream } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { always, ok, raw } from '../../transport/servers.js'
import { chunks, error, right, run, value } from './setting.js'

const reply = (
  bytes: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
  status = 200,
  reason?: string,
) =>
  right(
    Exchange.simulate({ session: Session.empty })(() => ({
      status,
      headers,
      body: bytes,
      ...(reason === undefined ? {} : { reason }),
    }))(Request.get('http://h.test/p')).outcome,
  )

const collect = async <A>(items: AsyncIterable<A>): Promise<ReadonlyArray<A>> => {
  const all: A[] = []
  for await (const item of items) all.push(item)
  return all
}

const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16()
const utf32 = (text: string, bigEndian: boolean) =>
  Buffer.concat(
    [...text].map((c) => {
      const unit = Buffer.alloc(4)
      if (bigEndian) unit.writeUInt32BE(c.codePointAt(0) ?? 0)
      else unit.writeUInt32LE(c.codePointAt(0) ?? 0)
      return unit
    }),
  )

describe('JSON', () => {
  const json = Response.json(E.right<never, unknown>)
  const TEXT = '{"success": true, "a": "\u00e9\ud83d\ude00"}'
  it.each<[string, (text: string) => Uint8Array]>([
    ['utf-8', (text) => Buffer.from(text)],
    ['utf-8 with a mark', (text) => Buffer.from(`\ufeff${text}`)],
    ['utf-16-le', (text) => Buffer.from(text, 'utf16le')],
    ['utf-16-be', utf16be],
    ['utf-16 with a mark', (text) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['utf-16-be with a mark', (text) => utf16be(`\ufeff${text}`)],
    ['utf-32-le', (text) => utf32(text, false)],
    ['utf-32-be', (text) => utf32(text, true)],
    ['utf-32-le with a mark', (text) => utf32(`\ufeff${text}`, false)],
    ['utf-32-be with a mark', (text) => utf32(`\ufeff${text}`, true)],
  ])('[requests:responses-1] is read in %s', (_, encode) =>
    expect(json(reply(encode(TEXT)))).toEqual(E.right(JSON.parse(TEXT))),
  )

  it('[requests:responses-2] fails with NotJson if it is invalid; the error has the URL and can be serialized', async () => {
    for (const bytes of ['', '{"life": ', '<html>', Buffer.from([0, 0, 0, 0x7b, 1])]) {
      const failure = json(reply(bytes))
      if (E.isRight(failure)) throw new Error('read as JSON')
      expect(failure.left).toMatchObject({ _tag: 'NotJson', message: expect.stringContaining('http://h.test/p') })
      expect(JSON.parse(JSON.stringify({ ...failure.left, response: undefined }))).toHaveProperty('_tag', 'NotJson')
    }
    const server = await always(ok('not json'))
    const failure = await error(pipe(Http.get(server.url), SRTE.flatMapEither(json)))
    expect(failure._tag).toBe('NotJson')
  })
  it('[requests:responses-3] fails with NotJson without a body', () => {
    expect(json(reply('', {}, 204))).toMatchObject({ left: { _tag: 'NotJson' } })
  })
})

describe('the charset', () => {
  it.each<[string, string | undefined]>([
    ['', undefined],
    ['application/json; charset=utf-8', 'utf-8'],
    ['text/html; charset="ISO-8859-1"', 'ISO-8859-1'],
    ["text/html; charset='utf-8'", 'utf-8'],
    ['text/html; foo=bar; Charset=x', 'x'],
    ['text/plain', undefined],
    ['application/json;charset', undefined],
    ['text/plain; ; =; charset=utf-8', 'utf-8'],
    ['multipart/form-data; boundary=something; boundary2="a;b"; no_equals; charset=koi8-r', 'koi8-r'],
  ])('[requests:responses-4] of the Content-Type %j is %s', (type, expected) =>
    expect(Charset.ofContentType(type)).toEqual(O.fromNullable(expected)),
  )

  it('is used to decode text; the default is UTF-8', () => {
    expect(Response.text(reply(Buffer.from([0xe9]), { 'content-type': 'text/plain; charset=latin1' }))).toBe('\u00e9')
    expect(Response.text(reply('\u00e9', { 'content-type': 'text/plain' }))).toBe('\u00e9')
    expect(Response.text(reply('\u00e9', { 'content-type': 'text/plain; charset=nonsense' }))).toBe('\u00e9')
  })
})

describe('the head of a response', () => {
  it('[requests:responses-5] is ok below 400; from 400 the error names status, reason and URL', () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), (status) => {
        expect(E.isRight(Response.ok(reply('', {}, status)))).toBe(status < 400)
      }),
    )
    const message = (status: number, reason: string) =>
      pipe(
        Response.ok(reply('', {}, status, reason)),
        E.mapLeft((e) => e.message),
      )
    expect(message(404, 'Komponenttia ei l\u00f6ydy')).toEqual(
      E.left('404 Client Error: Komponenttia ei l\u00f6ydy for url: http://h.test/p (GET)'),
    )
    expect(message(500, '')).toEqual(E.left('500 Server Error:  for url: http://h.test/p (GET)'))
  })
  it('[requests:responses-6] has the reason phrase of the wire, decoded as UTF-8', async () => {
    const server = await always(Buffer.from('HTTP/1.1 404 Komponenttia ei l\u00f6ydy\r\nContent-Length: 0\r\n\r\n'))
    const response = await value(Http.get(server.url))
    expect([response.status, response.reason]).toEqual([404, 'Komponenttia ei l\u00f6ydy'])
    const failure = await error(pipe(Http.get(server.url), SRTE.flatMapEither(Response.ok)))
    expect(failure).toMatchObject({ _tag: 'StatusError', response: { status: 404, plan: { method: 'GET' } } })
  })
  it('[requests:responses-7] has a positive elapsed time', async () => {
    const server = await always(ok())
    expect((await value(Http.get(server.url))).elapsed).toBeGreaterThan(0)
  })
})

describe('links', () => {
  it.each([
    ['<http:/.../front.jpeg>; rel=front; type="image/jpeg"', [['http:/.../front.jpeg', 'front', 'image/jpeg']]],
    ['<http:/.../front.jpeg>', [['http:/.../front.jpeg', '', undefined]]],
    ['<http:/.../front.jpeg>;', [['http:/.../front.jpeg', '', undefined]]],
    [
      '<http:/.../front.jpeg>; type="image/jpeg",<http://.../back.jpeg>; type=image/jpeg;',
      [
        ['http:/.../front.jpeg', '', 'image/jpeg'],
        ['http://.../back.jpeg', '', 'image/jpeg'],
      ],
    ],
    ['', []],
  ])('[requests:responses-8] are parsed from %j', (header, expected) =>
    expect(
      Link.parse(header).map(({ target, rels, parameters }) => [
        target,
        rels.join(' '),
        parameters.find(([n]) => n === 'type')?.[1],
      ]),
    ).toEqual(expected),
  )
  it('[requests:responses-9] of a response are found by relation', () => {
    const header =
      '<https://api.github.com/users/kennethreitz/repos?page=2&per_page=10>; rel="next", <https://api.github.com/users/kennethreitz/repos?page=7&per_page=10>; rel="last"'
    const response = reply('', { link: header })
    expect(Response.link('next')(response)).toEqual(
      O.some('https://api.github.com/users/kennethreitz/repos?page=2&per_page=10'),
    )
    expect(Response.links(response)).toHaveLength(2)
  })
})

describe('a stream', () => {
  const cut = fc.array(fc.nat(6), { maxLength: 8 })
  const pieces = (text: string, sizes: ReadonlyArray<number>) => {
    const parts: string[] = []
    let at = 0
    for (const size of sizes) {
      parts.push(text.slice(at, at + size))
      at += size
    }
    return chunks(...parts, text.slice(at))
  }
  it('[requests:responses-10] can be read in pieces of any size without losing octets', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.stringMatching(/^[a-z]{0,40}$/),
        cut,
        fc.integer({ min: 1, max: 50 }),
        async (text, sizes, size) => {
          const read = await collect(Stream.pieces(size)(pieces(text, sizes)))
          expect(Buffer.concat(read).toString()).toBe(text)
          expect(read.slice(0, -1).every(({ length }) => length === size)).toBe(true)
        },
      ),
    )
  })
  it('[requests:responses-11] has the same text and lines for any chunk boundaries', async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[ab\r\n]{0,30}$/), cut, async (text, sizes) => {
        expect((await collect(Stream.text()(pieces(text, sizes)))).join('')).toBe(text)
        const whole = Response.lines(reply(text))
        expect(await collect(Stream.lines()(pieces(text, sizes)))).toEqual(whole)
      }),
    )
  })
  it('[requests:responses-12] decodes a character that is split between chunks', async () => {
    const whole = Buffer.from('\u00e9\u20ac')
    async function* halves() {
      for (const octet of whole) yield Uint8Array.of(octet)
    }
    expect((await collect(Stream.text()(halves()))).join('')).toBe('\u00e9\u20ac')
  })
  const streaming = <A>(read: (body: AsyncIterable<Uint8Array>) => Promise<A>) =>
    Http.stream((_, body) =>
      TE.tryCatch(
        () => read(body),
        (cause) => cause,
      ),
    )

  it('[requests:responses-13] releases its connection if it is read, half read or not read', async () => {
    const server = await always(ok('x'.repeat(100)))
    for (const stop of [0, 1, 1000]) {
      const read = streaming(async (body) => {
        let seen = 0
        for await (const chunk of stop === 0 ? [] : body) {
          seen += chunk.length
          if (seen >= stop) break
        }
        return seen
      })
      expect(await value(read(Request.get(server.url)))).toBeGreaterThanOrEqual(0)
    }
  })
  it('[requests:responses-14] fails if its chunks are malformed, and with BodyCut if they end early', async () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
    const wrong = await always(`${head}ff9\r\n${'x'.repeat(10)}\r\nxyz\r\n`)
    expect((await error(Http.get(wrong.url, Request.withTimeouts({ read: 500 }))))._tag).toMatch(/BodyCut|ReadTimeout/)
    const short = await raw((socket) => socket.end(`${head}5\r\nab`))
    expect((await error(Http.get(short.url)))._tag).toBe('BodyCut')
    expect(await error(streaming(collect)(Request.get(short.url)))).toMatchObject({ _tag: 'BodyCut' })
  })
  it('[requests:responses-15] fails with DecodingFailed if its content coding is invalid', async () => {
    const server = await always('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc')
    for (const program of [Http.get(server.url), streaming(collect)(Request.get(server.url))]) {
      expect(await error<unknown, unknown>(program)).toMatchObject({ _tag: 'DecodingFailed' })
    }
  })
})

describe('a response over a socket', () => {
  it('[requests:responses-16] is decompressed, then read as text and JSON', async () => {
    const body = zlib.gzipSync('{"gzipped": "\u00e9"}')
    const server = await raw((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`)
      socket.write(body)
    })
    const response = await value(Http.get(server.url))
    expect(Response.text(response)).toBe('{"gzipped": "\u00e9"}')
    expect(Response.json(E.right<never, unknown>)(response)).toEqual(E.right({ gzipped: '\u00e9' }))
  })
  it('[requests:responses-17] with two different lengths fails with ProtocolError', async () => {
    const server = await always(
      'HTTP/1.1 200 OK\r\nContent-Length: 16\r\nContent-Length: 32\r\n\r\n-- Bad Response --\r\n',
    )
    expect((await error(Http.get(server.url)))._tag).toBe('ProtocolError')
  })
  it('[requests:responses-18] can be copied, and shows no secret as JSON', async () => {
    const server = await always(ok('page', 'Set-Cookie: sid=hunter2\r\n'))
    const [response] = right(await run(Http.get(server.url, Request.withBasicAuth('me', 'hunter2'))))
    const copy = { ...response }
    expect([Response.text(copy), JSON.stringify(copy).includes('hunter2')]).toEqual(['page', false])
    expect(Response.text(response)).toBe(Response.text(response))
  })
  it('[requests:responses-19] without a body has no octets', async () => {
    const server = await always('HTTP/1.1 204 No Content\r\n\r\n')
    expect((await value(Http.get(server.url))).bytes).toHaveLength(0)
  })
})
