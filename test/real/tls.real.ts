/** TLS with nginx: valid certificates, invalid ones, an obsolete version, and client certificates. */
import { pipe } from 'fp-ts/lib/function.js'
import { Http, Request, Session } from 'requests-ts'
import { describe, expect, test } from 'vitest'
import { failure, get, https, type Port, pki, port, session, text } from './rig.js'

describe('a valid certificate', () => {
  test.each(['localhost', '127.0.0.1'])('is accepted for %s over TLS 1.3', async (host) => {
    const url = `https://${host}:${port('nginxTls')}/protocol`
    expect(await text(url)).toBe(`HTTP/1.1 TLSv1.3 ${host === 'localhost' ? host : ''}\n`)
  })

  test('is rejected if the CA is not trusted', async () => {
    const otherCa = pipe(session, Session.withCa(pki('other-ca.pem')))
    expect(await failure(Http.get(https('nginxTls')), { session: otherCa })).toMatchObject({ _tag: 'TlsFailed' })
  })

  test('allows a response of 3,000,000 octets', async () => {
    const { bytes } = await get(`${https('nginxTls')}/three-million`)
    expect(bytes.length).toBe(3_000_000)
  })
})

describe('an invalid certificate', () => {
  test.each<readonly [Port, string]>([
    ['nginxExpired', 'CERT_HAS_EXPIRED'],
    ['nginxNotYetValid', 'CERT_NOT_YET_VALID'],
    ['nginxWrongHost', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['nginxSelfSigned', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['nginxUntrusted', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ])('of %s fails with %s, and is accepted without verification', async (name, code) => {
    const refused = await failure(Http.get(https(name)))
    expect(refused).toMatchObject({ _tag: 'TlsFailed', cause: { code } })
    expect(refused.message).toContain(`localhost:${port(name)}`)
    expect(await text(https(name), [Request.withVerify(false)])).toBe('reached\n')
  })

  test('does not matter for an obsolete TLS version, which always fails', async () => {
    for (const verify of [true, false]) {
      expect(await failure(Http.get(https('nginxOld'), Request.withVerify(verify)))).toMatchObject({
        _tag: 'TlsFailed',
      })
    }
  })

  test('fails a redirect from http to a server with an untrusted certificate', async () => {
    const otherCa = pipe(session, Session.withCa(pki('other-ca.pem')))
    const url = `http://127.0.0.1:${port('nginx')}/to-tls`
    expect(await failure(Http.get(url), { session: otherCa })).toMatchObject({ _tag: 'TlsFailed' })
  })
})

describe('a server that requires a client certificate', () => {
  const url = https('nginxMutual')

  test.each([
    ['two files', { cert: pki('client.pem'), key: pki('client.key') }],
    ['one file', { cert: pki('client-both.pem') }],
    ['an encrypted key', { cert: pki('client.pem'), key: pki('client-encrypted.key'), passphrase: 's3cret' }],
    ['PKCS#12', { pfx: pki('client.p12'), passphrase: 's3cret' }],
  ])('accepts %s', async (_, certificate) => {
    expect(await text(url, [Request.withClientCertificate(certificate)])).toMatch(/^SUCCESS CN=/)
  })

  test('receives no request if the passphrase is wrong', async () => {
    const certificate = { cert: pki('client.pem'), key: pki('client-encrypted.key'), passphrase: 'wrong' }
    const refused = await failure(Http.get(url, Request.withClientCertificate(certificate)))
    expect(refused).toMatchObject({ _tag: 'TlsFailed' })
    expect(refused.message).not.toContain('wrong')
  })

  // nginx keeps the connection open and responds with 400.
  test('responds with 400 without a certificate, and with one of another CA', async () => {
    const none = await get(url)
    expect([none.status, Buffer.from(none.bytes).toString()]).toEqual([400, expect.stringContaining('No required SSL')])
    const other = { cert: pki('other-client.pem'), key: pki('other-client.key') }
    const refused = await get(url, [Request.withClientCertificate(other)])
    expect([refused.status, Buffer.from(refused.bytes).toString()]).toEqual([
      400,
      expect.stringContaining('SSL certificate error'),
    ])
  })
})
