/** TLS: verification, CAs, client certificates, and connections that are not shared between settings. */
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

const codeOf = async (name: string, changes: Changes = {}): Promise<string> => {
  const server = await secure(undefined, { name })
  const failure = await fault(transport(), plan(server.url, changes))
  expect(failure._tag).toBe('TlsFailed')
  expect(failure.message).toContain(`localhost:${server.port}`)
  return JSON.stringify(failure.cause)
}

describe('verification', () => {
  test.each(LOCAL)('accepts a valid certificate at %s', async (origin) => {
    const server = await secure()
    expect(await text(transport(), plan(`${origin}:${server.port}/`))).toBe('secure')
  })

  test.each([
    ['expired', 'CERT_HAS_EXPIRED'],
    ['not-yet-valid', 'CERT_NOT_YET_VALID'],
    ['wrong-host', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['untrusted', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ])('rejects a certificate that is %s: %s', async (name, code) => {
    expect(await codeOf(name)).toContain(code)
    const server = await secure(undefined, { name })
    expect(await text(transport(), plan(server.url, { verify: false }))).toBe('secure')
  })

  test('uses the given CA instead of the built-in ones', async () => {
    const server = await secure()
    const { route, ...rest } = plan(server.url)
    const builtIn = { ...rest, route: { ...route, tls: { ...route.tls, ca: { _tag: 'None' } as const } } }
    expect(await tag(transport(), builtIn)).toBe('TlsFailed')
    expect(await tag(transport(), plan(server.url, { ca: pkiPath('other-ca.pem') }))).toBe('TlsFailed')
  })

  test('checks the name of the URL, not that of the Host header', async () => {
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

  test('ignores a dot at the end of the name', async () => {
    const server = await secure()
    // Through a proxy, because not every system resolves the name.
    const between = await proxy()
    expect(await text(transport(), plan(`https://localhost.:${server.port}/`, { proxy: between.url }))).toBe('secure')
  })

  test('fails with TlsFailed if the server closes or does not use TLS', async () => {
    const plain = await accept((socket) => socket.on('data', () => socket.end('HTTP/1.1 400 Bad\r\n\r\n')))
    const rude = await accept((socket) => socket.on('data', () => socket.destroy()))
    for (const { port } of [plain, rude]) {
      expect(await tag(transport(), plan(`https://localhost:${port}/`))).toBe('TlsFailed')
    }
  })
})

test('a slow reader gets the whole body over TLS', async () => {
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

describe('a CA', () => {
  test('can be PEM text, a file with several, a folder, or a folder of links', async () => {
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

  test('that is not valid is named, before a connection is opened', async () => {
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

  test('is not read without verification or for http', async () => {
    const server = await secure()
    expect(await text(transport(), plan(server.url, { ca: '/nowhere', verify: false }))).toBe('secure')
    expect(await tag(transport(), plan('http://127.0.0.1:1', { ca: '/nowhere' }))).toBe('ConnectFailed')
  })
})

describe('a client certificate', () => {
  const requiring = () =>
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
  ])('can be %s', async (_, certificate) => {
    const server = await requiring()
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
    ['a missing file', { cert: '/nowhere/client.pem' }],
    ['a missing PKCS#12 file', { pfx: '/nowhere/client.p12' }],
    ['a file without certificates', { cert: pkiPath('README.md') }],
    ['a secret key that is not PEM', { cert: pkiPath('client.pem'), key: Secret.make('hunter2') }],
  ])('with %s is rejected before a connection is opened, without showing a secret', async (_, certificate) => {
    const server = await requiring()
    const failure = await fault(transport(), plan(server.url, certificate === undefined ? {} : { certificate }))
    expect(failure._tag).toBe('TlsFailed')
    expect(inspect(failure, { depth: 9 })).not.toMatch(/PRIVATE|'hunter2'|s3cret/)
    expect(failure.message).not.toContain('hunter2')
    expect(server.connections()).toBe(0)
  })

  test('that is missing or of another CA is ConnectFailed: the server closes after the handshake (TLS 1.3)', async () => {
    const server = await requiring()
    const certificate = { cert: pkiPath('other-client.pem'), key: pkiPath('other-client.key') }
    for (const changes of [{}, { certificate }]) {
      expect(await tag(transport(), plan(server.url, changes))).toBe('ConnectFailed')
    }
  })
})

describe('a connection is not used with other settings', () => {
  const expectIsolated = async (trusting: Changes, strict: Changes, name: string): Promise<void> => {
    const server = await secure((_, response) => response.end('secure'), { name })
    const client = transport()
    expect(await text(client, plan(server.url, trusting))).toBe('secure')
    expect(await tag(client, plan(server.url, strict))).toBe('TlsFailed')
    expect(await text(client, plan(server.url, trusting))).toBe('secure')
  }

  test('with verify after without', () => expectIsolated({ verify: false }, { verify: true }, 'self-signed'))
  test('with another CA', () => expectIsolated({}, { ca: pkiPath('other-ca.pem') }, 'server'))

  // [requests:transport-4]
  test('without a client certificate after with one', async () => {
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

  test('but it is used with equal settings in other objects', async () => {
    const server = await secure()
    const client = transport()
    for (let i = 0; i < 5; i++) await text(client, plan(server.url))
    expect(server.connections()).toBe(1)
  })
})

test('1,000 failed handshakes leave no sockets', async () => {
  const server = await secure(undefined, { name: 'self-signed' })
  const client = transport()
  for (let i = 0; i < 20; i++) {
    await Promise.all(Array.from({ length: 50 }, () => tag(client, plan(server.url))))
  }
  expect(server.connections()).toBe(1000)
})
