/** Response heads that are not valid HTTP: they fail with a tag, soon, and their connection is not used again. */
import { describe, expect, test } from 'vitest'
import { bytes } from '../../src/values/Body.js'
import * as Fault from '../../src/wire/Fault.js'
import { exchange, fault, plan, tag, text } from '../transport/plans.js'
import { accept, always, ok, raw, sleep, transport, until } from '../transport/servers.js'

/** Sends two requests: the first response is `bytes`, the second is valid, on a new connection. */
const once = async (
  bytes: string,
  timeouts = { read: 2000 },
): Promise<{ readonly tag: string; readonly elapsed: number }> => {
  const server = await raw((socket, _, count) => socket.write(Buffer.from(count === 1 ? bytes : ok('good'), 'latin1')))
  const client = transport()
  const start = performance.now()
  const first = await tag(client, plan(server.url, { timeouts }))
  const elapsed = performance.now() - start
  expect(await text(client, plan(server.url))).toBe('good')
  expect(server.connections()).toBe(2)
  return { tag: first, elapsed }
}

describe('a head that is not valid is a ProtocolError', () => {
  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['HTTP/0.9', '<html>hello</html>'],
    ['a status of letters', 'HTTP/1.1 abc OK\r\n\r\n'],
    ['a long status', 'HTTP/1.1 99999 OK\r\n\r\n'],
    ['status 099', 'HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n'],
    ['bare LF', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
    ['folding', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n'],
    ['NUL in a value', 'HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n'],
    ['bare CR in a value', 'HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n'],
    ['a space before the colon', 'HTTP/1.1 200 OK\r\nX : a\r\n\r\n'],
    ['a field without a colon', 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n'],
    ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
    ['a signed length', 'HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello'],
    ['a list of lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
    ['a length that is too large', 'HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n'],
    ['a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a transfer coding other than chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n'],
    ['an unexpected 101', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
    ['a head of 1 MB', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(1_000_000)}\r\n\r\n`],
    ['1,000 interim responses', 'HTTP/1.1 103 Hint\r\n\r\n'.repeat(1000) + ok()],
  ])('%s', async (_, bytes) => {
    const { tag, elapsed } = await once(bytes)
    expect(tag).toBe('ProtocolError')
    expect(elapsed).toBeLessThan(1_500)
  })

  test('whose message names the server, and whose cause contains no bytes of the response', async () => {
    const server = await always('HTTP/1.1 200 OK\r\nX : secret-of-the-reply\r\n\r\n')
    const failure = await fault(transport(), plan(server.url))
    expect(failure.message).toContain(server.host)
    expect(Object.keys(failure.cause ?? {})).toEqual(['name', 'code', 'message'])
    expect(JSON.stringify(failure)).not.toContain('secret-of')
  })

  test('if it accepts a CONNECT request of the user', async () => {
    const server = await always('HTTP/1.1 200 OK\r\n\r\n')
    expect(await tag(transport(), plan(server.url, { method: 'CONNECT' }))).toBe('ProtocolError')
    await until(() => server.sockets.size === 0)
    expect(server.sockets.size).toBe(0)
  })
})

describe('the size of a head', () => {
  const sized = (size: number): string => `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(size)}\r\nContent-Length: 2\r\n\r\nok`

  test('is limited to 64 KiB by default, or to maxHeaderSize', async () => {
    const small = await always(sized(60 * 1024))
    const large = await always(sized(70 * 1024))
    expect(await text(transport(), plan(small.url))).toBe('ok')
    expect(await tag(transport(), plan(large.url))).toBe('ProtocolError')
    expect(await text(transport({ maxHeaderSize: 100_000 }), plan(large.url))).toBe('ok')
    expect(await tag(transport({ maxHeaderSize: 1000 }), plan(small.url))).toBe('ProtocolError')
  })

  test('stops a head that never ends without using much memory', async () => {
    const server = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      const pump = (): void => {
        while (!socket.destroyed && socket.write('X-Header: and another one of these\r\n'.repeat(100)));
      }
      socket.on('drain', pump)
      pump()
    })
    const before = process.memoryUsage().rss
    expect(await tag(transport(), plan(server.url))).toBe('ProtocolError')
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * 1024 * 1024)
    await until(() => server.sockets.size === 0)
    expect(server.sockets.size).toBe(0)
  })

  test('does not include the reason phrase', async () => {
    const server = await always(`HTTP/1.1 200 ${'x'.repeat(1_000_000)}\r\nContent-Length: 2\r\n\r\nok`)
    expect(await text(transport(), plan(server.url))).toBe('ok')
  })

  test('may be white space without costing time', async () => {
    const server = await always(`HTTP/1.1 200 OK\r\nX: a${' \t'.repeat(30_000)}b \r\nContent-Length: 0\r\n\r\n`)
    const start = performance.now()
    expect(await exchange(transport(), plan(server.url))).toMatchObject({ right: { status: 200 } })
    expect(performance.now() - start).toBeLessThan(300)
  })
})

describe('a slow head', () => {
  test('does not time out while parts arrive', async () => {
    const server = await raw((socket) => {
      const parts = ['HTTP/1.1 200 OK\r\n', 'X: 1\r\n', 'Y: 2\r\n', 'Content-Length: 0\r\n', '\r\n']
      const timer = setInterval(() => socket.write(parts.shift() ?? ''), 90)
      socket.on('close', () => clearInterval(timer))
    })
    expect(await text(transport(), plan(server.url, { timeouts: { read: 200 } }))).toBe('')
  })

  test('fails with the read timeout if it stops', async () => {
    const server = await raw((socket) => socket.write('HTTP/1.1 200 OK\r\nX: '))
    const start = performance.now()
    expect(await tag(transport(), plan(server.url, { timeouts: { read: 200 } }))).toBe('ReadTimeout')
    expect(performance.now() - start).toBeLessThan(600)
  })

  test('fails at the deadline if it arrives byte by byte without end', async () => {
    const server = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nX: ')
      const timer = setInterval(() => socket.write('x'), 20)
      socket.on('close', () => clearInterval(timer))
    })
    const limits = { deadline: performance.now() + 500 }
    expect(await tag(transport(), plan(server.url, { timeouts: { read: 200 } }), limits)).toBe('DeadlineExceeded')
  })

  test('hints that drip keep it waiting no longer than the deadline', async () => {
    const server = await raw((socket) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 103 Hint\r\n\r\n'), 20)
      socket.on('close', () => clearInterval(timer))
    })
    const limits = { deadline: performance.now() + 200 }
    expect(await tag(transport(), plan(server.url, { timeouts: { read: 100 } }), limits)).toBe('DeadlineExceeded')
  })
})

describe('closed', () => {
  test.each<readonly [string, (socket: import('node:net').Socket) => void]>([
    ['at once', (socket) => socket.destroy()],
    ['at once, with a reset', (socket) => socket.resetAndDestroy()],
    ['after the request', (socket) => socket.once('data', () => socket.end())],
    ['after the request, with a reset', (socket) => socket.once('data', () => socket.resetAndDestroy())],
    ['within the head', (socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nX: '))],
  ])('%s fails with ConnectFailed after one attempt', async (_, use) => {
    const server = await accept(use)
    expect(await tag(transport(), plan(`http://${server.host}`))).toBe('ConnectFailed')
    await sleep(20)
    expect(server.connections()).toBe(1)
  })

  test('is not unsent after the server has read a POST', async () => {
    let read = ''
    const server = await accept((socket) =>
      socket.on('data', (chunk) => {
        read += chunk
        if (read.endsWith('all of it')) socket.destroy()
      }),
    )
    const sent = plan(`http://${server.host}`, { method: 'POST', body: bytes(Buffer.from('all of it')) })
    const failure = await fault(transport(), sent)
    expect([failure._tag, Fault.isUnsent(failure)]).toEqual(['ConnectFailed', false])
    expect(failure.message).toContain('may have processed the request')
    expect(read).toContain('\r\n\r\nall of it')
  })

  test('is unsent if there was no connection', async () => {
    const failure = await fault(transport(), plan('http://127.0.0.1:1/', { method: 'POST' }))
    expect([failure._tag, Fault.isUnsent(failure)]).toEqual(['ConnectFailed', true])
    expect(failure.message).not.toContain('processed')
  })

  test('names each address that refused the connection', async () => {
    const failure = await fault(transport(), plan('http://localhost:1/'))
    expect(failure._tag).toBe('ConnectFailed')
    expect(failure.message).toContain('Could not connect to localhost:1: connection refused (ECONNREFUSED)')
    expect(JSON.stringify(failure.cause)).toContain('127.0.0.1:1')
  })

  test('fails with ConnectFailed for an unknown host', async () => {
    const failure = await fault(transport(), plan('http://nothing.invalid/'))
    expect(failure).toMatchObject({
      _tag: 'ConnectFailed',
      unsent: true,
      cause: { code: expect.stringMatching(/^(?:ENOTFOUND|EAI_AGAIN)$/) },
    })
    expect(failure.message).toContain('nothing.invalid:80')
  })
})
