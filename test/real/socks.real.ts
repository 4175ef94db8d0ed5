/** SOCKS with dante (4, 4a, 5, 5h) and microsocks (5, 5h, with and without a password). */
import { Http, Request } from 'requests-ts'
import { describe, expect, test } from 'vitest'
import { failure, get, http, https, type Port, port, text, value } from './rig.js'

const through = (scheme: string, name: Port, user = '') => [
  Request.withProxy(`${scheme}://${user}127.0.0.1:${port(name)}`),
]
const GOOD = 'sockuser:sockpass@'

const WAYS: ReadonlyArray<readonly [scheme: string, name: Port, user: string]> = [
  ['socks4', 'dante', ''],
  ['socks4', 'dante', 'someone:@'],
  ['socks4a', 'dante', ''],
  ['socks5', 'dante', ''],
  ['socks5h', 'dante', ''],
  ['socks5', 'microsocks', ''],
  ['socks5h', 'microsocks', ''],
  ['socks5', 'microsocksAuth', GOOD],
  ['socks5h', 'microsocksAuth', GOOD],
]

describe.each(WAYS)('%s through %s as "%s"', (scheme, name, user) => {
  const build = through(scheme, name, user)
  // dante rejects `localhost` from a SOCKS4a client.
  const host = scheme === 'socks4a' ? '127.0.0.1' : 'localhost'

  test('reaches an http origin', async () => {
    expect(await text(`http://${host}:${port('nginxOther')}/`, build)).toBe('GET auth= proxy= cookie= via=\n')
  })

  test('reaches an https origin, with a large body and a redirect from http', async () => {
    const { bytes } = await get(`https://${host}:${port('nginxTls')}/three-million`, build)
    expect(bytes.length).toBe(3_000_000)
    // The redirect leads to `localhost`.
    if (scheme === 'socks4a') return
    expect((await get(`http://${host}:${port('nginx')}/to-tls`, build)).url).toBe(`${https('nginxTls')}/echo`)
  })

  test('handles 30 concurrent requests', async () => {
    const programs = Array.from({ length: 30 }, () => Http.get(`http://${host}:${port('nginxOther')}/`, ...build))
    expect((await value(Http.parallel()(programs))).map(({ status }) => status)).toEqual(Array(30).fill(200))
  })

  test('fails with ProxyFailed if the origin does not listen', async () => {
    const refused = await failure(Http.get(`http://${host}:9/`, ...build))
    expect(refused).toMatchObject({ _tag: 'ProxyFailed' })
    expect(JSON.stringify(refused)).not.toContain('sockpass')
  })
})

describe('a SOCKS proxy with a password', () => {
  test.each([
    ['no password', ''],
    ['a wrong password', 'sockuser:hunter2@'],
  ])('rejects %s', async (_, user) => {
    for (const scheme of ['socks5', 'socks5h']) {
      const refused = await failure(Http.get(http('nginxOther'), ...through(scheme, 'microsocksAuth', user)))
      expect(refused).toMatchObject({ _tag: 'ProxyFailed' })
      expect(JSON.stringify(refused)).not.toContain('hunter2')
    }
  })
})

test('the proxy resolves an unknown name with socks5h, the client with socks5', async () => {
  const url = 'http://unknown.invalid/'
  expect(await failure(Http.get(url, ...through('socks5h', 'microsocks')))).toMatchObject({ _tag: 'ProxyFailed' })
  expect(await failure(Http.get(url, ...through('socks5', 'microsocks')))).toMatchObject({ _tag: 'ConnectFailed' })
})
