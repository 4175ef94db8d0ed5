/** squid, squid over TLS, and tinyproxy: forwarding and tunnels, with and without credentials. */
import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { pipe } from 'fp-ts/lib/function.js'
import { Http, Request, Session } from 'requests-ts'
import { describe, expect, test } from 'vitest'
import { failure, file, get, http, https, type Port, pki, port, session, text, value } from './rig.js'

interface Server {
  readonly scheme: 'http' | 'https'
  readonly name: Port
  readonly log: string
  readonly user?: string
  /** Status of the response to wrong credentials. Default: 407. */
  readonly wrong?: number
}

const SQUID_USER = 'proxyuser:p%3Ar%40xy'
const WITHOUT_AUTH: ReadonlyArray<Server> = [
  { scheme: 'http', name: 'squid', log: 'squid/access.log' },
  { scheme: 'https', name: 'squidTls', log: 'squid/access.log' },
  { scheme: 'http', name: 'tinyproxy', log: 'tinyproxy.access.log' },
]
const WITH_AUTH: ReadonlyArray<Server> = [
  { scheme: 'http', name: 'squidAuth', log: 'squid/access.log', user: SQUID_USER },
  { scheme: 'https', name: 'squidTlsAuth', log: 'squid/access.log', user: SQUID_USER },
  { scheme: 'http', name: 'tinyproxyAuth', log: 'tinyproxy-auth.access.log', user: 'proxyuser:pr0xypass', wrong: 401 },
]

const urlOf = ({ scheme, name }: Server, user?: string): string =>
  `${scheme}://${user === undefined ? '' : `${user}@`}localhost:${port(name)}`
const through = (server: Server, user?: string) => [Request.withProxy(urlOf(server, user))]

const ORIGIN = http('nginxOther')
const SECURE = https('nginxTls')

/** Waits until a log has the text. The proxies write it at the end of a request. */
const logged = async (server: Server, words: string): Promise<boolean> => {
  for (let i = 0; i < 50; i++) {
    if ((await readFile(file(server.log), 'utf8').catch(() => '')).includes(words)) return true
    await wait(100)
  }
  return false
}

const label = (servers: ReadonlyArray<Server>) => servers.map((server) => [server.name, server] as const)

describe.each(label([...WITHOUT_AUTH, ...WITH_AUTH]))('%s', (name, server) => {
  const build = through(server, server.user)

  test('forwards http without the proxy credentials', async () => {
    const mark = `/forwarded-by-${name}`
    const seen = await text(ORIGIN + mark, [...build, Request.withHeader('Authorization', 'Bearer of-the-origin')])
    expect(seen).toMatch(/^GET auth=Bearer of-the-origin proxy= cookie= via=1\.1 \S/)
    expect(await logged(server, mark)).toBe(true)
  })

  test('opens tunnels for https', async () => {
    expect(await text(`${SECURE}/protocol`, build)).toBe('HTTP/1.1 TLSv1.3 localhost\n')
    expect(await text(`${SECURE}/echo`, build)).toBe('GET auth= proxy= cookie= via=\n')
    expect(await logged(server, `CONNECT localhost:${port('nginxTls')}`)).toBe(true)
    expect((await get(`${SECURE}/three-million`, build)).bytes.length).toBe(3_000_000)
  })

  test('forwards a POST, and a redirect from http to https', async () => {
    const posted = await value(Http.post(`${ORIGIN}/`, ...build, Request.withText('x'.repeat(100_000))))
    expect(Buffer.from(posted.bytes).toString()).toMatch(/^POST /)
    const moved = await get(`${http('nginx')}/to-tls`, build)
    expect([moved.url, moved.status, moved.history.length]).toEqual([`${SECURE}/echo`, 200, 1])
  })

  test('opens a tunnel in which the certificate of the origin is verified', async () => {
    expect(await failure(Http.get(https('nginxSelfSigned'), ...build))).toMatchObject({
      _tag: 'TlsFailed',
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    })
  })

  test('opens a tunnel for a client certificate', async () => {
    const certificate = { cert: pki('client.pem'), key: pki('client.key') }
    expect(await text(https('nginxMutual'), [...build, Request.withClientCertificate(certificate)])).toMatch(/^SUCCESS/)
  })

  test('handles 40 forwarded and tunnelled requests with concurrency 20', async () => {
    // tinyproxy closes each forwarded connection without sending Connection: close.
    const plain = server.name.startsWith('tinyproxy') ? [...build, Request.withHeader('Connection', 'close')] : build
    const programs = Array.from({ length: 40 }, (_, i) =>
      i % 2 === 0 ? Http.get(`${ORIGIN}/`, ...plain) : Http.get(`${SECURE}/echo`, ...build),
    )
    const all = await value(Http.parallel({ concurrency: 20 })(programs))
    expect(all.map(({ status }) => status)).toEqual(Array(40).fill(200))
  })

  test('reports an origin that does not listen', async () => {
    const dead = '127.0.0.1:9'
    expect((await get(`http://${dead}/`, build)).status).toBeGreaterThanOrEqual(500)
    expect(await failure(Http.get(`https://${dead}/`, ...build))).toMatchObject({ _tag: 'ProxyFailed' })
  })
})

describe.each(label(WITH_AUTH))('%s', (_, server) => {
  test.each([
    ['no credentials', undefined, 407],
    ['wrong credentials', 'proxyuser:hunter2', server.wrong ?? 407],
  ])('refuses %s', async (_, user, status) => {
    const build = through(server, user)
    expect((await get(`${ORIGIN}/`, build)).status).toBe(status)
    const refused = await failure(Http.get(`${SECURE}/echo`, ...build))
    expect(refused).toMatchObject({ _tag: 'ProxyFailed', status })
    expect(JSON.stringify(refused)).not.toContain('hunter2')
  })
})

test('fails if the certificate of a TLS proxy is not trusted', async () => {
  const otherCa = pipe(
    session,
    Session.withCa(pki('other-ca.pem')),
    Session.withProxy(`https://localhost:${port('squidTls')}`),
  )
  for (const url of [ORIGIN, SECURE]) {
    expect(await failure(Http.get(url), { session: otherCa })).toMatchObject({ _tag: 'ProxyFailed' })
  }
})

test('fails if an https proxy does not support TLS', async () => {
  const build = [Request.withProxy(`https://localhost:${port('squid')}`)]
  for (const url of [ORIGIN, SECURE]) {
    expect(await failure(Http.get(url, ...build))).toMatchObject({ _tag: 'ProxyFailed' })
  }
})
