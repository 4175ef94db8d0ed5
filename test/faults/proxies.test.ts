/** Proxies that close, stay silent or send garbage: one attempt and one fault, within the connect timeout. */
import type * as net from 'node:net'
import { describe, expect, test } from 'vitest'
import { fault, plan, timed } from '../transport/plans.js'
import { accept, acceptTls, sleep, transport, until } from '../transport/servers.js'

const CONNECT = 250

type Use = (socket: net.Socket) => void

/** Responds to the first bytes with these. */
const responds =
  (bytes: string | Uint8Array, then?: Use): Use =>
  (socket) => {
    socket.once('data', () => {
      socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
      then?.(socket)
    })
  }

/** Resets a TCP connection; a TLS connection can only be closed. */
const reset: Use = (socket) => void ('encrypted' in socket ? socket.destroy() : socket.resetAndDestroy())

interface Outcome {
  readonly _tag: string
  readonly status: number | undefined
  readonly message: string
  readonly elapsed: number
}

const through = async (scheme: string, use: Use, url = 'https://origin.test/', login = ''): Promise<Outcome> => {
  const isTls = scheme === 'https'
  const serve: Use = (socket) => {
    use(socket)
    // A socket that is not read does not notice the end of the other side.
    socket.resume()
  }
  const server = await (isTls ? acceptTls(serve) : accept(serve))
  const sent = plan(url, {
    proxy: `${scheme}://${login}${isTls ? 'localhost' : '127.0.0.1'}:${server.port}`,
    timeouts: { connect: CONNECT },
  })
  const { result, elapsed } = await timed(CONNECT, () => fault(transport(), sent))
  const { _tag, status, message } = result
  await until(() => server.sockets.size === 0)
  expect(server.sockets.size).toBe(0)
  await sleep(30)
  expect(server.connections()).toBe(1)
  return { _tag, status, message, elapsed }
}

describe.each(['http', 'https'])('CONNECT through an %s proxy', (scheme) => {
  test.each<readonly [string, Use, string]>([
    ['closes at once', (socket) => socket.end(), 'ProxyFailed'],
    ['resets at once', reset, 'ProxyFailed'],
    ['closes after the request', (socket) => socket.once('data', () => socket.end()), 'ProxyFailed'],
    ['resets after the request', (socket) => socket.once('data', () => reset(socket)), 'ProxyFailed'],
    ['stays silent', () => {}, 'ConnectTimeout'],
    [
      'responds byte by byte',
      (socket) => void setInterval(() => socket.destroyed || socket.write('H'), 50).unref(),
      'ProxyFailed',
    ],
    ['stops inside its head', responds('HTTP/1.1 200 OK\r\nX: '), 'ConnectTimeout'],
    ['closes inside its head', responds('HTTP/1.1 200 OK\r\nX: ', (socket) => socket.end()), 'ProxyFailed'],
    ['responds with SSH', responds('SSH-2.0-OpenSSH\r\n'), 'ProxyFailed'],
    ['responds with a status of letters', responds('HTTP/1.1 abc\r\n\r\n'), 'ProxyFailed'],
    ['responds with a head of 1 MB', responds(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(1_000_000)}`), 'ProxyFailed'],
    ['responds with interim responses only', responds('HTTP/1.1 103 Hint\r\n\r\n'.repeat(10_000)), 'ProxyFailed'],
    ['redirects', responds('HTTP/1.1 302 Found\r\nLocation: http://evil.test/\r\n\r\n'), 'ProxyFailed 302'],
    ['forbids the tunnel', responds('HTTP/1.1 403 Forbidden\r\n\r\n'), 'ProxyFailed 403'],
    ['requires credentials', responds('HTTP/1.1 407 Who\r\nContent-Length: 99999999\r\n\r\nabc'), 'ProxyFailed 407'],
    ['cannot reach the origin', responds('HTTP/1.0 502 Bad Gateway\r\n\r\n'), 'ProxyFailed 502'],
    [
      'refuses after an interim response',
      responds('HTTP/1.1 103 Hint\r\n\r\nHTTP/1.1 503 No\r\n\r\n'),
      'ProxyFailed 503',
    ],
    ['accepts, then closes', responds('HTTP/1.1 200 OK\r\n\r\n', (socket) => socket.end()), 'TlsFailed'],
    ['accepts, then stays silent', responds('HTTP/1.1 200 OK\r\n\r\n'), 'ConnectTimeout'],
    ['accepts, then sends garbage', responds('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcdefgh'), 'TlsFailed'],
  ])('%s', async (_, use, expected) => {
    const { _tag, status, elapsed } = await through(scheme, use)
    expect(status === undefined ? _tag : `${_tag} ${status}`).toBe(expected)
    expect(elapsed).toBeLessThan(CONNECT + 60)
  })
  test.each([0, 60, 75])('never shows its credentials in its reason, from character %d on', async (before) => {
    const reason = `${'x'.repeat(before)} ${btoa('me:hunter2!')} hunter2! hunter2%21 me`
    const use = responds(`HTTP/1.1 403 ${reason}\r\n\r\n`)
    const { message } = await through(scheme, use, undefined, 'me:hunter2!@')
    expect(message).not.toMatch(/hunter|bWU6/)
    expect(message).toMatch(/: 403 x* ‹se/)
  })
})

describe('forwarding', () => {
  test.each<readonly [string, Use, string]>([
    ['closes after the request', (socket) => socket.once('data', () => socket.end()), 'ConnectFailed'],
    ['responds with SSH', responds('SSH-2.0-OpenSSH\r\n'), 'ProtocolError'],
  ])('a proxy that %s', async (_, use, tag) => {
    const failure = await through('http', use, 'http://origin.test/')
    expect(failure._tag).toBe(tag)
    // Not the origin: the proxy closed or responded.
    expect(failure.message).toMatch(/proxy http:\/\/\S+:\d+ \(forwarding to http:\/\/origin\.test\)/)
  })
})

describe.each(['socks4a', 'socks5h'])('%s', (scheme) => {
  const is5 = scheme === 'socks5h'
  const granted = is5 ? [5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0] : [0, 0x5a, 0, 0, 0, 0, 0, 0]

  test.each<readonly [string, Use, string]>([
    ['closes at once', (socket) => socket.end(), 'ProxyFailed'],
    ['resets after the request', (socket) => socket.once('data', () => reset(socket)), 'ProxyFailed'],
    ['stays silent', () => {}, 'ConnectTimeout'],
    ['responds with HTTP', responds('HTTP/1.1 400 Bad Request\r\n\r\n'), 'ProxyFailed'],
    ['accepts no method', responds(Uint8Array.from(is5 ? [5, 255] : [0, 0x5b, 0, 0, 0, 0, 0, 0])), 'ProxyFailed'],
    [
      'requires an unknown method',
      responds(Uint8Array.from(is5 ? [5, 7] : [0, 0x5c, 0, 0, 0, 0, 0, 0])),
      'ProxyFailed',
    ],
  ])('%s', async (_, use, tag) => {
    const { _tag, elapsed } = await through(scheme, use)
    expect(_tag).toBe(tag)
    expect(elapsed).toBeLessThan(CONNECT + 60)
  })

  test('closes after each byte of its response', async () => {
    for (let length = 1; length < granted.length; length++) {
      const answer = Uint8Array.from(granted.slice(0, length))
      expect([
        length,
        (
          await through(
            scheme,
            responds(answer, (socket) => socket.end()),
          )
        )._tag,
      ]).toEqual([length, 'ProxyFailed'])
    }
  })

  test('closes after its response: the handshake with the origin fails', async () => {
    const byteByByte: Use = (socket) => {
      socket.once('data', async () => {
        for (const byte of granted) {
          socket.write(Uint8Array.of(byte))
          await sleep(5)
        }
        socket.end()
      })
    }
    expect((await through(scheme, byteByByte))._tag).toBe('TlsFailed')
    expect((await through(scheme, byteByByte, 'http://origin.test/'))._tag).toBe('ConnectFailed')
  })
})
