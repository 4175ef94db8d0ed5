/** The exact bytes that are sent. */
import { Readable } from 'node:stream'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, test } from 'vitest'
import * as Jar from '../../src/cookies/Jar.js'
import * as Plan from '../../src/Plan.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Body from '../../src/values/Body.js'
import * as Secret from '../../src/values/Secret.js'
import { exchange, fault, plan, tag, text } from './plans.js'
import { always, ok, raw, transport, until } from './servers.js'

async function* chunks(...texts: ReadonlyArray<string>): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

const bytes = (content: string): Body.Bytes => Body.bytes(Buffer.from(content))

describe('the head of a request', () => {
  test('keeps order, letter case and duplicates, and reveals secrets', async () => {
    const server = await always(ok())
    const headers = [
      ['X-Foo', 'a'],
      ['x-foo', 'b'],
      ['AUTHORIZATION', Secret.make('Bearer t')],
      ['X-Latin', '\xe9'],
      ['X-Empty', ''],
      ['Accept', '*/*'],
    ] as const
    await text(transport(), plan(`${server.url}/a?b=c#never`, { headers }))
    expect(server.received).toEqual([
      `GET /a?b=c HTTP/1.1\r\nhost: ${server.host}\r\nconnection: keep-alive\r\nX-Foo: a\r\nx-foo: b\r\n` +
        'AUTHORIZATION: Bearer t\r\nX-Latin: \xe9\r\nX-Empty: \r\nAccept: */*\r\n\r\n',
    ])
  })

  test('has only Host and Connection by default', async () => {
    const server = await always(ok())
    await text(transport(), plan(server.url))
    expect(server.received).toEqual([`GET / HTTP/1.1\r\nhost: ${server.host}\r\nconnection: keep-alive\r\n\r\n`])
  })

  test.each(['GET', 'HEAD', 'DELETE', 'POST', 'PUT'])('%s: has the framing that Plan.wire shows', async (method) => {
    const server = await raw((socket, request) => socket.write(request.startsWith('HEAD') ? ok('') : ok()))
    const given = pipe(
      Request.make(method, server.url),
      Request.withHeader('Content-Length', '5'),
      Request.withHeader('Transfer-Encoding', 'chunked'),
    )
    const made = Plan.plan({ session: Session.empty })(given)
    if (E.isLeft(made)) return expect.fail(made.left.message)
    await exchange(transport(), made.right)
    const framing = /^(?:content-length|transfer-encoding): .*(?=\r)/gim
    const planned = Plan.wire(made.right).headers.map(([name, value]) => `${name}: ${value}\r\n`)
    expect(server.received.join('').toLowerCase().match(framing)).toEqual(planned.join('').toLowerCase().match(framing))
  })

  test('can have another Host, Connection: close and Connection: keep-alive', async () => {
    const server = await always(ok())
    const client = transport()
    await text(client, plan(server.url, { headers: [['Connection', 'keep-alive']] }))
    await text(client, plan(server.url, { headers: [['Host', 'other.test']] }))
    await text(client, plan(server.url, { headers: [['Connection', 'close']] }))
    await until(() => server.sockets.size === 0)
    await text(client, plan(server.url))
    expect(server.received).toEqual([
      `GET / HTTP/1.1\r\nhost: ${server.host}\r\nconnection: keep-alive\r\n\r\n` +
        'GET / HTTP/1.1\r\nhost: other.test\r\nconnection: keep-alive\r\n\r\n' +
        `GET / HTTP/1.1\r\nhost: ${server.host}\r\nconnection: close\r\n\r\n`,
      `GET / HTTP/1.1\r\nhost: ${server.host}\r\nconnection: keep-alive\r\n\r\n`,
    ])
  })

  test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'QUERY', 'get', 'X-MINE'])(
    '%s: has a length only if a body is expected, and its connection is used again',
    async (method) => {
      const server = await raw((socket, request) => socket.write(request.startsWith('HEAD') ? ok('') : ok()))
      const client = transport()
      await exchange(client, plan(server.url, { method }))
      await exchange(client, plan(server.url, { method }))
      const length = ['POST', 'PUT', 'PATCH', 'PROPFIND', 'QUERY'].includes(method) ? 'content-length: 0\r\n' : ''
      const one = `${method} / HTTP/1.1\r\nhost: ${server.host}\r\nconnection: keep-alive\r\n${length}\r\n`
      expect(server.received).toEqual([one + one])
    },
  )

  test('is a fault if undici does not accept it', async () => {
    const client = transport()
    const server = await always(ok())
    for (const headers of [
      [['X', 'a\r\nb: c']],
      [['Upgrade', 'x']],
      [['Expect', '100-continue']],
      [['', 'x']],
    ] as const) {
      expect(await tag(client, plan(server.url, { headers }))).toBe('ProtocolError')
    }
    expect(await tag(client, plan(server.url, { method: 'GE T' }))).toBe('ProtocolError')
    expect(await tag(client, plan('http+unix://x/'))).toBe('ConnectFailed')
    expect(server.received.join('')).toBe('')
  })
})

describe('the body of a request', () => {
  const head = (host: string, line: string): string => `${line} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`

  // [requests:transport-5]
  test('is sent with its length', async () => {
    const server = await always(ok())
    const headers = [
      ['Content-Type', 'text/plain'],
      ['Content-Length', '5'],
    ] as const
    await text(transport(), plan(server.url, { method: 'POST', headers, body: bytes('hello') }))
    expect(server.received).toEqual([
      `${head(server.host, 'POST /')}Content-Type: text/plain\r\ncontent-length: 5\r\n\r\nhello`,
    ])
  })

  test('can be sent with any method, and its connection is used again', async () => {
    const server = await always(ok())
    const client = transport()
    for (const method of ['GET', 'DELETE', 'GET']) {
      await text(client, plan(server.url, { method, body: bytes('x') }))
    }
    expect(server.connections()).toBe(1)
    expect(server.received[0]).toContain('GET / HTTP/1.1')
    expect(server.received[0]).toContain('content-length: 1\r\n\r\nxDELETE / HTTP/1.1')
  })

  test('is chunked if its length is not known', async () => {
    const server = await raw(() => {})
    const headers = [['Transfer-Encoding', 'chunked']] as const
    const body = Body.stream(() => chunks('hello', ', ', '', 'world'))
    const sent = text(transport(), plan(server.url, { method: 'PUT', headers, body }))
    const wanted = `${head(server.host, 'PUT /')}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n2\r\n, \r\n5\r\nworld\r\n0\r\n\r\n`
    await until(() => server.received[0] === wanted)
    for (const socket of server.sockets) socket.write(ok())
    await sent
    expect(server.received).toEqual([wanted])
  })

  test('is not chunked if its length is known, and its stream is opened for each request', async () => {
    let opened = 0
    const open = (): AsyncGenerator<Uint8Array> => {
      opened += 1
      return chunks('he', 'llo')
    }
    const server = await always(ok())
    const client = transport()
    const post = plan(server.url, { method: 'POST', headers: [['Content-Length', '5']], body: Body.stream(open, 5) })
    await text(client, post)
    await until(() => server.received[0]?.endsWith('hello') === true)
    await text(client, post)
    await until(() => server.received.join('').split('hello').length === 3)
    expect(opened).toBe(2)
    expect(server.received.join('')).toBe(`${head(server.host, 'POST /')}content-length: 5\r\n\r\nhello`.repeat(2))
  })

  test('can be a Node stream or an iterable that is read once', async () => {
    const server = await raw((socket) => socket.write(ok()))
    const client = transport()
    const readable = Readable.from([Buffer.from('from '), Buffer.from('node')])
    await text(client, plan(server.url, { method: 'POST', body: Body.once(readable, 9) }))
    await text(client, plan(server.url, { method: 'POST', body: Body.once(chunks('iter', 'able'), 8) }))
    expect(server.received.join('')).toContain('from node')
    expect(server.received.join('')).toContain('iterable')
    await until(() => readable.destroyed)
    expect(readable.destroyed).toBe(true)
  })

  test('has a length of 0 if its stream is empty', async () => {
    const server = await always(ok())
    await text(transport(), plan(server.url, { method: 'POST', body: Body.stream(() => chunks()) }))
    expect(server.received).toEqual([`${head(server.host, 'POST /')}content-length: 0\r\n\r\n`])
  })

  test('is complete if it is split into chunks', async () => {
    const content = Buffer.alloc(3_000_001, 'abcdefghij')
    let size = 0
    const server = await raw((socket) => {
      socket.on('data', () => {
        size = (server.received[0] ?? '').split('\r\n\r\n')[1]?.length ?? 0
        if (size === content.length) socket.write(ok(String(size)))
      })
    })
    const body = Body.bytes(content)
    expect(await text(transport(), plan(server.url, { method: 'POST', body }))).toBe('3000001')
    expect(server.received[0]).toContain('content-length: 3000001\r\n')
    expect(server.received[0]?.endsWith(content.subarray(-1000).toString())).toBe(true)
  })

  test('is not sent at all if its length differs from Content-Length', async () => {
    const server = await always(ok())
    const headers = [['Content-Length', '9']] as const
    const wrong = await fault(transport(), plan(server.url, { method: 'POST', headers, body: bytes('hello') }))
    expect(wrong._tag).toBe('RequestBodyFailed')
    expect(server.received.join('')).toBe('')
  })
})

describe('the heads of several requests of one transport', () => {
  test('do not depend on each other', async () => {
    const heads: string[] = []
    const server = await raw((socket, head) => {
      heads.push(head)
      socket.write(ok())
    })
    const now = new Date(0)
    const session = (value: string) => Session.withHeaders({ 'X-Session': value })(Session.empty)
    const [jar] = Jar.absorb(new URL(server.url), ['id=1', 'deep=2; Path=/deep'], now)(Jar.empty)
    const contexts = [
      { session: session('1') },
      { session: session('1'), jar, now },
      { session: session('2'), jar, now },
    ]
    const requests = [
      Request.get(`${server.url}/`),
      Request.get(`${server.url}/deep`),
      pipe(Request.get(`${server.url}/`), Request.withHeader('X-Own', 'a')),
      pipe(Request.post(`${server.url}/`), Request.withText('text')),
      Request.post(`${server.url}/`),
    ]
    const plans = contexts.flatMap((context) =>
      requests.flatMap((request) => {
        const made = Plan.plan(context)(request)
        return E.isRight(made) ? [made.right] : []
      }),
    )
    expect(plans.length).toBe(contexts.length * requests.length)
    const sent = [...plans, ...plans.toReversed(), ...plans.flatMap((one) => [one, ...plans.slice(0, 2), one])]
    const sender = transport({ connections: 1 })
    for (const one of sent) expect(await text(sender, one)).toBe('ok')
    const ofPlan = (line: string): boolean => !/^(?:host|connection|content-length):/i.test(line)
    expect(heads.map((head) => head.split('\r\n').slice(1, -2).filter(ofPlan))).toEqual(
      sent.map((one) =>
        Plan.wire(one)
          .headers.map(([name, value]) => `${name}: ${value}`)
          .filter(ofPlan),
      ),
    )
  })
})
