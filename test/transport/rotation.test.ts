/** Certificate files that change while a transport is open. */
import { execFileSync, spawn } from 'node:child_process'
import fs, { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import * as Secret from '../../src/values/Secret.js'
import { fault, plan, tag, text } from './plans.js'
import { pki, secure, sleep, transport, type Web } from './servers.js'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rotation-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const at = (name: string): string => join(folder, name)
const write = (name: string, content: string): void => writeFileSync(at(name), content)

const nameOf = (request: IncomingMessage): string =>
  String((request.socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'anonymous') // the cast: a server of https

/** Answers with the name of the client certificate. */
const naming = (answer?: (request: IncomingMessage, response: ServerResponse) => void): Promise<Web> =>
  secure(answer ?? ((request, response) => response.end(nameOf(request))), {
    ca: [pki('ca.pem'), pki('other-ca.pem')],
    requestCert: true,
    rejectUnauthorized: false,
  })

/** The same on a connection for each request. */
const namingOnce = (): Promise<Web> =>
  naming((request, response) => response.setHeader('Connection', 'close').end(nameOf(request)))

const identities = { client: 'a client', 'other-client': 'another client' } as const
type Identity = keyof typeof identities

const install = (name: Identity): void => {
  write('me.pem', pki(`${name}.pem`))
  write('me.key', pki(`${name}.key`))
}
const files = () => ({ certificate: { cert: at('me.pem'), key: at('me.key') } })

/** Longer than the time between two checks of existing connections. */
const untilChecked = (): Promise<void> => sleep(1100)

describe('a client certificate that is renewed', () => {
  test('is used by the next connection', async () => {
    const server = await namingOnce()
    const client = transport()
    install('client')
    expect(await text(client, plan(server.url, files()))).toBe('a client')
    install('other-client')
    expect(await text(client, plan(server.url, files()))).toBe('another client')
  })

  test('does not interrupt a request, whose connection is not used again', async () => {
    let release: (() => void) | undefined
    const server = await naming((request, response) => {
      if (request.url === '/slow') release = () => response.end(nameOf(request))
      else response.end(nameOf(request))
    })
    const client = transport()
    install('client')
    const slow = text(client, plan(`${server.url}/slow`, files()))
    while (release === undefined) await sleep(5)
    install('other-client')
    expect(await text(client, plan(server.url, files()))).toBe('another client')
    release()
    expect(await slow).toBe('a client')
    expect(await text(client, plan(server.url, files()))).toBe('another client')
    expect(server.connections()).toBe(2)
  })

  test('replaces idle connections within a second', async () => {
    const server = await naming()
    const client = transport()
    install('client')
    expect(await text(client, plan(server.url, files()))).toBe('a client')
    install('other-client')
    await untilChecked()
    expect(await text(client, plan(server.url, files()))).toBe('another client')
    expect(server.connections()).toBe(2)
  })

  test('keeps connections if the files are written again with the same content', async () => {
    const server = await naming()
    const client = transport()
    install('client')
    expect(await text(client, plan(server.url, files()))).toBe('a client')
    install('client')
    await untilChecked()
    expect(await text(client, plan(server.url, files()))).toBe('a client')
    expect(server.connections()).toBe(1)
  })

  test('shows the last pair of files that belong together, after any sequence of changes', async () => {
    const server = await namingOnce()
    const identity = fc.constantFrom<Identity>('client', 'other-client')
    const change = fc.oneof(
      fc.record({ _tag: fc.constant('Both' as const), identity }),
      fc.record({ _tag: fc.constant('Certificate' as const), identity }),
      fc.record({ _tag: fc.constant('Key' as const), identity }),
      fc.record({ _tag: fc.constantFrom('Broken' as const, 'Deleted' as const), identity }),
    )
    await fc.assert(
      fc.asyncProperty(identity, fc.array(change, { maxLength: 6 }), async (first, changes) => {
        const client = transport()
        install(first)
        let [certificate, key]: ReadonlyArray<Identity | undefined> = [first, first]
        let valid = first
        const check = async (): Promise<void> => {
          if (certificate !== undefined && certificate === key) valid = certificate
          expect(await text(client, plan(server.url, files()))).toBe(identities[valid])
        }
        await check()
        for (const { _tag, identity } of changes) {
          if (_tag === 'Both') install(identity)
          if (_tag === 'Certificate') write('me.pem', pki(`${identity}.pem`))
          if (_tag === 'Key') write('me.key', pki(`${identity}.key`))
          if (_tag === 'Broken') write('me.pem', '-----BEGIN CERTIFICATE-----\nAA')
          if (_tag === 'Deleted') rmSync(at('me.pem'), { force: true })
          if (_tag !== 'Key') certificate = _tag === 'Broken' || _tag === 'Deleted' ? undefined : identity
          if (_tag === 'Both' || _tag === 'Key') key = identity
          await check()
        }
      }),
      { numRuns: 15 },
    )
  })

  test('may be a link that is replaced, as Kubernetes does it', async () => {
    const server = await namingOnce()
    const client = transport()
    for (const name of ['client', 'other-client'] as const) {
      mkdirSync(at(name))
      write(`${name}/me.pem`, pki(`${name}.pem`))
      write(`${name}/me.key`, pki(`${name}.key`))
    }
    const point = (name: Identity): void => {
      symlinkSync(at(name), at('next'))
      renameSync(at('next'), at('current'))
    }
    const linked = { certificate: { cert: at('current/me.pem'), key: at('current/me.key') } }
    point('client')
    expect(await text(client, plan(server.url, linked))).toBe('a client')
    point('other-client')
    expect(await text(client, plan(server.url, linked))).toBe('another client')
  })

  test('is used although the CA is a folder, which is looked at less often', async () => {
    const server = await namingOnce()
    const client = transport()
    mkdirSync(at('roots'))
    write('roots/ca.pem', pki('ca.pem'))
    install('client')
    const both = { ca: at('roots'), ...files() }
    expect(await text(client, plan(server.url, both))).toBe('a client')
    install('other-client')
    expect(await text(client, plan(server.url, both))).toBe('another client')
  })

  test('given as text never changes', async () => {
    const server = await namingOnce()
    const client = transport()
    const given = { certificate: { cert: pki('client.pem'), key: pki('client.key') } }
    for (const _ of [1, 2]) expect(await text(client, plan(server.url, given))).toBe('a client')
  })
})

describe('a CA that is renewed', () => {
  test('is used by the next connection, whether it is trusted now or no longer', async () => {
    const server = await secure((_, response) => response.setHeader('Connection', 'close').end('secure'))
    const client = transport()
    const by = plan(server.url, { ca: at('ca.pem') })
    write('ca.pem', pki('other-ca.pem'))
    expect(await tag(client, by)).toBe('TlsFailed')
    write('ca.pem', pki('ca.pem'))
    expect(await text(client, by)).toBe('secure')
    write('ca.pem', pki('other-ca.pem'))
    expect(await tag(client, by)).toBe('TlsFailed')
  })

  test('may be a file in a folder, which is looked at once a second', async () => {
    const server = await secure((_, response) => response.setHeader('Connection', 'close').end('secure'))
    const client = transport()
    mkdirSync(at('roots'))
    write('roots/other.pem', pki('other-ca.pem'))
    const by = plan(server.url, { ca: at('roots') })
    expect(await tag(client, by)).toBe('TlsFailed')
    write('roots/ca.pem', pki('ca.pem'))
    await untilChecked()
    expect(await text(client, by)).toBe('secure')
  })

  test('is read again after it was missing when the transport was opened', async () => {
    const server = await secure()
    const client = transport()
    const by = plan(server.url, { ca: at('ca.pem') })
    expect(await tag(client, by)).toBe('TlsFailed')
    write('ca.pem', pki('ca.pem'))
    expect(await text(client, by)).toBe('secure')
  })
})

describe('a named pipe as a certificate', () => {
  test.skipIf(process.platform === 'win32')('is read once, and never waited for again', async () => {
    const server = await namingOnce()
    install('client')
    execFileSync('mkfifo', [at('pipe')])
    // It writes again for each reader, so that a second read is counted and does not hang.
    const loop = `while cp "${at('me.key')}" "${at('pipe')}"; do echo read >> "${at('log')}"; sleep 0.2; done`
    const writer = spawn('sh', ['-c', loop], { detached: true })
    const client = transport()
    const sent = plan(server.url, { certificate: { cert: at('me.pem'), key: at('pipe') } })
    for (const _ of [1, 2, 3]) expect(await text(client, sent)).toBe('a client')
    await untilChecked()
    expect(await text(client, sent)).toBe('a client')
    process.kill(-Number(writer.pid), 'SIGKILL')
    expect(readFileSync(at('log'), 'utf8')).toBe('read\n')
  })
})

describe('a file that changed a moment ago', () => {
  test('is not read again for each of many connections', async () => {
    const server = await namingOnce()
    install('client')
    const client = transport()
    await text(client, plan(server.url, files()))
    const reads = vi.spyOn(fs, 'readFileSync')
    syncBuiltinESMExports()
    const began = performance.now()
    await Promise.all(Array.from({ length: 50 }, () => text(client, plan(server.url, files()))))
    const turns = 1 + Math.ceil((performance.now() - began) / 100)
    expect(reads.mock.calls.length).toBeLessThanOrEqual(2 * turns)
    reads.mockRestore()
    syncBuiltinESMExports()
  })
})

describe('a key that is not PEM and not a path', () => {
  test.each([
    ['long', 'MIIEv'.repeat(1_000)],
    ['of several lines', 'MIIEv\nMIIEv'],
    ['with NUL', 'MIIEv\0'],
    ['under a file', `${import.meta.filename}/MIIEv`],
  ])('is TlsFailed and not shown: %s', async (_, key) => {
    const server = await namingOnce()
    install('client')
    const sent = plan(server.url, { certificate: { cert: at('me.pem'), key: Secret.make(key) } })
    const failed = await fault(transport(), sent)
    expect(failed).toMatchObject({ _tag: 'TlsFailed' })
    expect(JSON.stringify(failed)).not.toContain('MIIEv')
  })
})
