/** Proxies that work: forwarding, tunnels and SOCKS, with and without credentials. */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import * as Secret from '../../src/values/Secret.js'
import { exchange, fault, plan, tag, text } from './plans.js'
import { accept, ok, pki, pkiPath, proxy, raw, secure, transport, web } from './servers.js'
import { socks } from './socks.js'

test('CONNECT has the User-Agent of the plan, but no secrets', async () => {
  const server = await raw((socket) => socket.end('HTTP/1.1 403 No\r\n\r\n'))
  const headers = [
    ['User-Agent', 'MyApp/1.0'],
    ['Cookie', 'a=b'],
    ['Authorization', 'Bearer x'],
  ] as const
  await tag(transport(), plan('https://h.test/', { proxy: server.url, headers }))
  await tag(transport(), plan('https://h.test/', { proxy: server.url, headers: [['User-Agent', Secret.make('x')]] }))
  await tag(transport(), plan('https://h.test/', { proxy: server.url }))
  const bare = 'CONNECT h.test:443 HTTP/1.1\r\nHost: h.test:443\r\n\r\n'
  expect(server.received).toEqual([bare.replace(/\r\n$/, 'User-Agent: MyApp/1.0\r\n\r\n'), bare, bare])
})

describe('http through a forwarding proxy', () => {
  test('is sent in absolute form, with the Host of the origin, on one connection', async () => {
    const server = await raw((socket) => socket.write(ok()))
    const client = transport()
    const route = { proxy: server.url }
    const headers = [
      ['X-A', '1'],
      ['x-a', '2'],
    ] as const
    await text(client, plan('http://a.test:80/x?y#z', { ...route, headers }))
    await text(client, plan('http://b.test:8080/', route))
    await text(client, plan('http://c.test/', { ...route, headers: [['Host', 'other.test']] }))
    expect(server.received).toEqual([
      'GET http://a.test:80/x?y HTTP/1.1\r\nhost: a.test\r\nconnection: keep-alive\r\nX-A: 1\r\nx-a: 2\r\n\r\n' +
        'GET http://b.test:8080/ HTTP/1.1\r\nhost: b.test:8080\r\nconnection: keep-alive\r\n\r\n' +
        'GET http://c.test/ HTTP/1.1\r\nhost: other.test\r\nconnection: keep-alive\r\n\r\n',
    ])
  })

  test.each([false, true])('has credentials that the origin does not see (TLS with the proxy: %s)', async (overTls) => {
    const origin = await web((request, response) =>
      response.end(JSON.stringify(request.headers['proxy-authorization'] ?? null)),
    )
    const between = await proxy({ credentials: 'user:p@ss', tls: overTls })
    const url = between.url.replace('p@ss', 'p%40ss')
    expect(await text(transport(), plan(origin.url, { proxy: url }))).toBe('null')
    expect(between.requests).toEqual([`GET ${origin.url}/ Host=${origin.host}`])
  })

  test('uses one connection over TLS for several origins', async () => {
    const one = await web((request, response) => response.end(request.headers.host))
    const other = await web((request, response) => response.end(request.headers.host))
    const between = await proxy({ tls: true })
    const client = transport()
    for (const host of [one.host, `localhost:${other.port}`, one.host]) {
      expect(await text(client, plan(`http://${host}/`, { proxy: between.url }))).toBe(host)
      expect(await text(client, plan(`http://${host}/`, { proxy: between.url, headers: [['Host', 'x.test']] }))).toBe(
        'x.test',
      )
    }
    expect(between.connections()).toBe(1)
  })

  test('returns a 407 as a reply', async () => {
    const between = await proxy({ credentials: 'user:pass' })
    const reply = await exchange(transport(), plan('http://a.test', { proxy: `http://${between.host}` }))
    expect(reply).toMatchObject({ right: { status: 407, text: 'who are you?' } })
  })

  test('checks the certificate of an https proxy', async () => {
    const between = await proxy({ tls: true })
    const url = between.url.replace('localhost', '127.0.0.1')
    expect(await text(transport(), plan('http://127.0.0.1:1/', { proxy: url }))).toBe('')
    const failure = await fault(transport(), plan('http://a.test/', { proxy: url, ca: pkiPath('other-ca.pem') }))
    expect(failure).toMatchObject({ _tag: 'ProxyFailed', cause: { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' } })
    expect(failure.message).toContain(`proxy ${url}`)
  })
})

describe('https through a tunnel', () => {
  test.each([false, true])('uses one tunnel for several requests (TLS with the proxy: %s)', async (overTls) => {
    const origin = await secure((request, response) =>
      response.end(JSON.stringify(request.headers['proxy-authorization'] ?? null)),
    )
    const between = await proxy({ credentials: 'user:pass', tls: overTls })
    const client = transport()
    for (let i = 0; i < 3; i++) expect(await text(client, plan(origin.url, { proxy: between.url }))).toBe('null')
    expect(between.requests).toEqual([`CONNECT localhost:${origin.port} Host=localhost:${origin.port}`])
    expect(origin.connections()).toBe(1)
  })

  test('sends CONNECT with Host and Proxy-Authorization only', async () => {
    const server = await raw((socket) => socket.end('HTTP/1.1 502 No\r\n\r\n'))
    await tag(transport(), plan('https://a.test/', { proxy: `http://u:p@${server.host}`, headers: [['X', 'mine']] }))
    await tag(transport(), plan('https://[::1]:8443/', { proxy: server.url }))
    expect(server.received).toEqual([
      'CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nProxy-Authorization: Basic dTpw\r\n\r\n',
      'CONNECT [::1]:8443 HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n',
    ])
  })

  test('fails with ProxyFailed and the status 407, without showing the password', async () => {
    const between = await proxy({ credentials: 'user:pass' })
    const failure = await fault(
      transport(),
      plan('https://a.test', { proxy: `http://user:wrong-hunter2@${between.host}` }),
    )
    expect(failure).toMatchObject({ _tag: 'ProxyFailed', status: 407 })
    expect(failure.message).toContain('407 Proxy Authentication Required')
    expect(inspect(failure, { depth: 9 })).not.toContain('hunter2')
  })

  test('checks the certificate of the origin', async () => {
    const between = await proxy()
    const client = transport()
    for (const name of ['wrong-host', 'self-signed', 'untrusted']) {
      const origin = await secure(undefined, { name })
      expect(await tag(client, plan(origin.url, { proxy: between.url }))).toBe('TlsFailed')
      expect(await text(client, plan(origin.url, { proxy: between.url, verify: false }))).toBe('secure')
    }
  })

  test('sends the client certificate to the origin, but not to the proxy', async () => {
    const seen: string[] = []
    const record = (who: string) => (socket: Socket) => {
      seen.push(`${who} ${socket instanceof TLSSocket && socket.getPeerCertificate().subject ? 'has it' : 'has none'}`)
    }
    const asking = { ca: pki('ca.pem'), requestCert: true, rejectUnauthorized: false }
    const between = await proxy({ tls: true, onSecure: record('proxy') })
    const certificate = { cert: pkiPath('client.pem'), key: pkiPath('client.key') }
    const known = await secure(
      (request, response) =>
        response.end('authorized' in request.socket && request.socket.authorized ? 'known' : 'unknown'),
      asking,
    )
    expect(await text(transport(), plan(known.url, { proxy: between.url, certificate }))).toBe('known')
    await text(transport(), plan('http://127.0.0.1:1/', { proxy: between.url, certificate }))
    expect(seen).toEqual(['proxy has none', 'proxy has none'])
  })

  test('fails with ProxyFailed without the proxy, and does not bypass it', async () => {
    const origin = await secure()
    for (const url of [origin.url, 'http://127.0.0.1:9/']) {
      expect(await tag(transport(), plan(url, { proxy: 'http://127.0.0.1:1' }))).toBe('ProxyFailed')
    }
    expect(origin.connections()).toBe(0)
  })

  test('uses other connections for other credentials', async () => {
    const origin = await secure()
    const between = await proxy()
    const client = transport()
    for (const login of ['', 'a:1@', 'a:2@', 'b:1@', '', 'a:1@']) {
      await text(client, plan(origin.url, { proxy: `http://${login}${between.host}` }))
    }
    expect(between.requests).toHaveLength(4)
  })
})

describe('a SOCKS proxy', () => {
  const target = async (isSecure: boolean): Promise<{ readonly url: string; readonly port: number }> =>
    isSecure ? secure((_, response) => response.end('through')) : web((_, response) => response.end('through'))

  test.each([
    ['socks4', 'localhost', '4 127.0.0.1'],
    ['socks4a', 'localhost', '4a localhost'],
    ['socks5h', 'localhost', '5 name:localhost'],
    ['socks5', '127.0.0.1', '5 127.0.0.1'],
    ['socks5h', '127.0.0.1', '5 127.0.0.1'],
    ['socks4a', '127.0.0.1', '4 127.0.0.1'],
  ])('(%s) for %s receives %s', async (scheme, host, line) => {
    for (const isSecure of [false, true]) {
      const origin = await target(isSecure)
      const between = await socks()
      const client = transport()
      const url = origin.url.replace(/localhost|127\.0\.0\.1/, host)
      for (let i = 0; i < 3; i++)
        expect(await text(client, plan(url, { proxy: `${scheme}://${between.host}` }))).toBe('through')
      expect(between.requests).toHaveLength(1)
      expect(between.requests[0]).toMatch(new RegExp(`^${line}:${origin.port} `))
    }
  })

  test('(socks5) receives an address, resolved here', async () => {
    const origin = await target(false)
    const between = await socks()
    const result = await exchange(
      transport(),
      plan(`http://localhost:${origin.port}`, { proxy: `socks5://${between.host}` }),
    )
    // The system decides which address family comes first.
    expect(between.requests[0]).toMatch(/^5 (127\.0\.0\.1|0:0:0:0:0:0:0:1):/)
    expect(result._tag === 'Right' || between.requests[0]?.includes(':1:')).toBe(true)
  })

  test('can resolve a name that only it knows (socks4a, socks5h)', async () => {
    const origin = await target(false)
    const between = await socks()
    const client = transport()
    const url = `http://there.test:${origin.port}/`
    for (const scheme of ['socks4a', 'socks5h']) {
      expect(await text(client, plan(url, { proxy: `${scheme}://${between.host}` }))).toBe('through')
    }
    for (const scheme of ['socks4', 'socks5']) {
      expect(await tag(client, plan(url, { proxy: `${scheme}://${between.host}` }))).toBe('ConnectFailed')
    }
  })

  test('receives credentials, which errors do not show', async () => {
    const origin = await target(false)
    const between = await socks({ credentials: 'user:p@ss' })
    const client = transport()
    expect(await text(client, plan(origin.url, { proxy: `socks5h://user:p%40ss@${between.host}` }))).toBe('through')
    for (const login of ['', 'user:hunter2@']) {
      const failure = await fault(client, plan(origin.url, { proxy: `socks5h://${login}${between.host}` }))
      expect(failure._tag).toBe('ProxyFailed')
      expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain('hunter2')
    }
    const named = await socks()
    await text(client, plan(origin.url, { proxy: `socks4a://me:ignored@${named.host}` }))
    expect(named.requests[0]).toContain('user=me')
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('(5) that replies %i is ProxyFailed', async (refuse) => {
    const between = await socks({ refuse })
    expect(await tag(transport(), plan('http://a.test/', { proxy: `socks5h://${between.host}` }))).toBe('ProxyFailed')
  })

  test('(4) that refuses is ProxyFailed', async () => {
    const between = await socks({ refuse: 0x5b })
    expect(await tag(transport(), plan('http://a.test/', { proxy: `socks4a://${between.host}` }))).toBe('ProxyFailed')
  })

  test('cannot be used for values that SOCKS cannot transmit', async () => {
    const between = await accept((socket) => socket.resume())
    const long = 'x'.repeat(300)
    const client = transport()
    const name = `http://${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(60)}/`
    for (const [scheme, login, url] of [
      ['socks5h', '', name],
      ['socks5h', `${long}:p@`, 'http://a.test/'],
      ['socks5h', `u:${long}@`, 'http://a.test/'],
      ['socks4a', 'a%00b:p@', 'http://a.test/'],
      ['socks4a', '', 'http://[2001:db8::1]/'],
    ] as const) {
      expect(await tag(client, plan(url, { proxy: `${scheme}://${login}${between.host}` }))).toBe('ProxyFailed')
    }
  })

  test('keeps TLS settings and origins apart', async () => {
    const between = await socks()
    const client = transport()
    const bad = await secure(undefined, { name: 'self-signed' })
    const good = await secure()
    expect(await text(client, plan(bad.url, { proxy: `socks5h://${between.host}`, verify: false }))).toBe('secure')
    expect(await tag(client, plan(bad.url, { proxy: `socks5h://${between.host}` }))).toBe('TlsFailed')
    expect(await text(client, plan(good.url, { proxy: `socks5h://${between.host}` }))).toBe('secure')
    expect(good.connections()).toBe(1)
  })
})
