/** TLS: good, bad in every way, with a client certificate; and settings that never share a connection. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import * as Secret from '../../src/values/Secret.js'
import type { Changes } from './plans.js'
import { fault, head, plan, tag, text } from './plans.js'
import { accept, pki, pkiPath, proxy, secure, sleep, transport } from './servers.js'

const LOCAL = ['https://localhost', 'https://127.0.0.1'] as const

const bad = async (name: string, changes: Changes = {}): Promise<string> => {
  const server = await secure(undefined, { name })
  const failure = await fault(transport(), plan(server.url, changes))
  expect(failure._tag).toBe('TlsFailed')
  expect(failure.message).toContain(`localhost:${server.port}`)
  return JSON.stringify(failure.cause)
}

describe('verification', () => {
  test.each(LOCAL)('a good certificate at %s', async (origin) => {
    const server = await secure()
    expect(await text(transport(), plan(`${origin}:${server.port}/`))).toBe('secure')
  })

  test.each([
    ['expired', 'CERT_HAS_EXPIRED'],
    ['not-yet-valid', 'CERT_NOT_YET_VALID'],
    ['wrong-host', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['untrusted', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ])('%s is refused: %s', async (name, code) => {
    expect(await bad(name)).toContain(code)
    const server = await secure(undefined, { name })
    expect(await text(transport(), plan(server.url, { verify: false }))).toBe('secure')
  })

  test('the built-in roots do not know the test CA; a CA given replaces them', async () => {
    const server = await secure()
    const { route, ...rest } = plan(server.url)
    const builtIn = { ...rest, route: { ...route, tls: { ...route.tls, ca: { _tag: 'None' } as const } } }
    expect(await tag(transport(), builtIn)).toBe('TlsFailed')
    expect(await tag(transport(), plan(server.url, { ca: pkiPath('other-ca.pem') }))).toBe('TlsFailed')
  })

  test('the name checked is that of the URL, whatever Host says', async () => {
    let name: string | false | undefined
    const server = await secure((request, response) => response.end(request.headers.host), {
      SNICallback: (servername, callback) => {
        name = servername
        callback(null)
      },
    })
    const client = transport()
    for (const host of ['wrong.test', 'other.test']) {
      expect(await text(client, plan(server.url, { headers: [['Host', host]] }))).toBe(host)
    }
    expect(name).toBe('localhost')
    expect(server.connections()).toBe(1)
  })

  test('a dot behind the name is no part of what is checked', async () => {
    const server = await secure()
    // Through a proxy, for not every system resolves it.
    const between = await proxy()
    expect(await text(transport(), plan(`https://localhost.:${server.port}/`, { proxy: between.url }))).toBe('secure')
  })

  test('a server that speaks no TLS, or hangs up', async () => {
    const plain = await accept((socket) => socket.on('data', () => socket.end('HTTP/1.1 400 Bad\r\n\r\n')))
    const rude = await accept((socket) => socket.on('data', () => socket.destroy()))
    for (const { port } of [plain, rude]) {
      expect(await tag(transport(), plan(`https://localhost:${port}/`))).toBe('TlsFailed')
    }
  })
})

test('a body that is held back comes whole', async () => {
  const server = await secure((_, response) => response.end('x'.repeat(3_000_000)))
  const { body } = await head(transport(), plan(server.url))
  await sleep(100)
  let read = 0
  for await (const piece of body) {
    read += piece.length
    if (read < 1_000_000) await sleep(1)
  }
  expect(read).toBe(3_000_000)
})

describe('where a CA may be', () => {
  test('PEM text, a file with several, a folder, a folder of links', async () => {
    const server = await secure()
    const client = transport()
    const folder = mkdtempSync(join(tmpdir(), 'requests-ts-'))
    symlinkSync(pkiPath('ca.pem'), join(folder, '0a1b2c3d.0'))
    symlinkSync(join(folder, 'nowhere'), join(folder, 'broken.pem'))
    writeFileSync(join(folder, 'notes.txt'), 'no certificate')
    writeFileSync(join(folder, 'both.pem'), `# two\n${pki('other-ca.pem')}\n${pki('ca.pem')}`)
    const given = [pki('ca.pem'), pki('other-ca.pem') + pki('ca.pem'), join(folder, 'both.pem'), folder, pkiPath('')]
    for (const ca of given) expect(await text(client, plan(server.url, { ca }))).toBe('secure')
    rmSync(folder, { recursive: true })
  })

  test('garbage is refused before anything is connected, and named', async () => {
    const server = await secure()
    const garbage = '-----BEGIN CERTIFICATE-----\nZ2FyYmFnZQ==\n-----END CERTIFICATE-----'
    for (const [ca, named] of [
      ['/nowhere/ca.pem', '/nowhere/ca.pem'],
      [pkiPath('README.md'), 'README.md'],
      [garbage, 'certificate'],
      [`${pki('ca.pem')}\n${garbage}`, 'certificate'],
      ['', 'CA'],
    ] as const) {
      const failure = await fault(transport(), plan(server.url, { ca }))
      expect(failure._tag).toBe('TlsFailed')
      expect(failure.message).toContain(named)
    }
    expect(server.connections()).toBe(0)
  })

  test('is looked at neither without verification nor for http', async () => {
    const server = await secure()
    expect(await text(transport(), plan(server.url, { ca: '/nowhere', verify: false }))).toBe('secure')
    expect(await tag(transport(), plan('http://127.0.0.1:1', { ca: '/nowhere' }))).toBe('ConnectFailed')
  })
})

describe('client certificates', () => {
  const asking = () =>
    secure((_, response) => response.end('welcome'), { ca: pki('ca.pem'), requestCert: true, rejectUnauthorized: true })

  test.each<readonly [string, Changes['certificate']]>([
    ['two files', { cert: pkiPath('client.pem'), key: pkiPath('client.key') }],
    ['one file', { cert: pkiPath('client-both.pem') }],
    ['text', { cert: pki('client.pem'), key: Secret.make(pki('client.key')) }],
    [
      'an encrypted key',
      { cert: pkiPath('client.pem'), key: pkiPath('client-encrypted.key'), passphrase: Secret.make('s3cret') },
    ],
    ['PKCS#12', { pfx: pkiPath('client.p12'), passphrase: 's3cret' }],
  ])('%s', async (_, certificate) => {
    const server = await asking()
    expect(await text(transport(), plan(server.url, certificate === undefined ? {} : { certificate }))).toBe('welcome')
  })

  test.each<readonly [string, Changes['certificate']]>([
    [
      'a wrong passphrase',
      { cert: pkiPath('client.pem'), key: pkiPath('client-encrypted.key'), passphrase: Secret.make('hunter2') },
    ],
    ['no passphrase', { cert: pkiPath('client.pem'), key: pkiPath('client-encrypted.key') }],
    ['a wrong PKCS#12 passphrase', { pfx: pkiPath('client.p12'), passphrase: Secret.make('hunter2') }],
    ['a key of another certificate', { cert: pkiPath('client.pem'), key: pkiPath('server.key') }],
    ['no such file', { cert: '/nowhere/client.pem' }],
    ['no such PKCS#12', { pfx: '/nowhere/client.p12' }],
    ['no certificate', { cert: pkiPath('README.md') }],
    ['a secret key that is no PEM', { cert: pkiPath('client.pem'), key: Secret.make('hunter2') }],
  ])('%s is refused before anything is connected, and shows no secret', async (_, certificate) => {
    const server = await asking()
    const failure = await fault(transport(), plan(server.url, certificate === undefined ? {} : { certificate }))
    expect(failure._tag).toBe('TlsFailed')
    expect(inspect(failure, { depth: 9 })).not.toMatch(/PRIVATE|'hunter2'|s3cret/)
    expect(failure.message).not.toContain('hunter2')
    expect(server.connections()).toBe(0)
  })

  test('none, or one of another authority: the server hangs up once the handshake is over (TLS 1.3)', async () => {
    const server = await asking()
    const certificate = { cert: pkiPath('other-client.pem'), key: pkiPath('other-client.key') }
    for (const changes of [{}, { certificate }]) {
      expect(await tag(transport(), plan(server.url, changes))).toBe('ConnectFailed')
    }
  })
})

describe('no setting borrows the connection of another', () => {
  const isolated = async (trusting: Changes, strict: Changes, name: string): Promise<void> => {
    const server = await secure((_, response) => response.end('secure'), { name })
    const client = transport()
    expect(await text(client, plan(server.url, trusting))).toBe('secure')
    expect(await tag(client, plan(server.url, strict))).toBe('TlsFailed')
    expect(await text(client, plan(server.url, trusting))).toBe('secure')
  }

  test('verify off, then on', () => isolated({ verify: false }, { verify: true }, 'self-signed'))
  test('one CA, then another', () => isolated({}, { ca: pkiPath('other-ca.pem') }, 'server'))

  // [requests:transport-4]
  test('a client certificate, then none', async () => {
    const server = await secure(
      (request, response) =>
        response.end('authorized' in request.socket && request.socket.authorized ? 'known' : 'unknown'),
      { ca: pki('ca.pem'), requestCert: true, rejectUnauthorized: false },
    )
    const client = transport()
    const known = { certificate: { cert: pkiPath('client.pem'), key: pkiPath('client.key') } }
    expect(await text(client, plan(server.url, known))).toBe('known')
    expect(await text(client, plan(server.url))).toBe('unknown')
    expect(await text(client, plan(server.url, known))).toBe('known')
    expect(server.connections()).toBe(2)
  })

  test('what is equal shares one, though it was written twice', async () => {
    const server = await secure()
    const client = transport()
    for (let i = 0; i < 5; i++) await text(client, plan(server.url))
    expect(server.connections()).toBe(1)
  })
})

test('a thousand failing handshakes leave nothing', async () => {
  const server = await secure(undefined, { name: 'self-signed' })
  const client = transport()
  for (let i = 0; i < 20; i++) {
    await Promise.all(Array.from({ length: 50 }, () => tag(client, plan(server.url))))
  }
  expect(server.connections()).toBe(1000)
})
