import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Environment, Plan, Request, Session } from '../../src/index.js'
import { awsSigV4 } from '../../src/session/auth/AwsSigV4.js'
import { verify } from '../session/sigV4Verifier.js'
import { type Echo, echo, type Heard, tlsEcho } from './echo.js'
import { spec } from './requests.js'

const curl = spawnSync('curl', ['--version'], { encoding: 'utf8' })
const isThere = curl.status === 0
if (!isThere) console.log(`SKIPPED the runs of curl: ${curl.error?.message ?? 'curl does not run here'}`)

const scripts = mkdtempSync(join(tmpdir(), 'requests-ts-curl-'))
afterAll(() => rmSync(scripts, { recursive: true }))

const pki = fileURLToPath(new URL('../pki/', import.meta.url))
const path = (name: string): string => join(pki, name)
const pem = (name: string): string => readFileSync(path(name), 'utf8')

const planned = (request: Request.Request, session = Session.defaults, environment = Environment.empty): Plan.Plan => {
  const plan = Plan.plan({ session, environment, entropy: 'curl' })(request)
  if (E.isLeft(plan)) expect.fail(plan.left.message)
  return plan.right
}

/** Runs a line with the given variables, and without the machine's curlrc. */
const run = (line: string, shell = 'sh', variables: Readonly<Record<string, string>> = {}): Promise<string> =>
  new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', LC_ALL: 'C.UTF-8', ...variables }
    // A script file, because an argument is limited to 128 KiB.
    const script = join(scripts, 'line.sh')
    writeFileSync(script, line)
    execFile(shell, [script], { env, timeout: 20_000 }, (error, _, stderr) =>
      resolve(error === null ? '' : `${error.message}\n${stderr}`),
    )
  })

type Fields = ReadonlyArray<readonly [string, string]>
const sorted = (fields: Fields): ReadonlyArray<string> =>
  fields
    .map(([name, value]) => `${name.toLowerCase()}: ${value}`)
    .filter((line) => !line.startsWith('host: 127.'))
    .sort()

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

const receivedRequest = ({ method, target, headers, body }: Heard) => ({
  method,
  target,
  headers: sorted(headers),
  body: text(body),
})

const plannedRequest = (plan: Plan.Plan, target = plan.url.pathname + plan.url.search) => {
  const { method, headers, body } = Plan.wire(plan)
  return { method, target, headers: sorted(headers), body: O.isSome(body) ? text(body.value) : '' }
}

describe.skipIf(!isThere)('curl, run with the line,', () => {
  let server: Echo
  beforeAll(async () => {
    server = await echo()
  })
  afterAll(() => server.close())
  const url = (rest = '/'): string => `http://127.0.0.1:${server.port}${rest}`

  /** Runs the line of the plan and compares the received request with the planned one. */
  const sends = async (plan: Plan.Plan, shell?: string): Promise<void> => {
    const line = Plan.toCurl({ reveal: true })(plan)
    const before = server.heard.length
    const problem = await run(line, shell)
    const heard = server.heard[before]
    if (heard === undefined) expect.fail(`nothing arrived from ${line}\n${problem}`)
    expect(receivedRequest(heard), line).toEqual(plannedRequest(plan))
  }

  it.each(['s3', 'execute-api'])('signs for %s, and a server verifies it', async (service) => {
    const secretAccessKey = "wJalrXUtnFEMI/K7MDENG+bPx'Rf"
    const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey, sessionToken: 'AQoD//+=' }
    const auth = awsSigV4({ credentials, region: 'us-east-1', service })
    const request = pipe(Request.put(url('/a/b')), Request.withJson({ a: "it's" }), Request.withAuth(auth))
    const before = server.heard.length
    // curl 7.88 sorts two fields wrongly if one name is the start of the other, such as Accept and Accept-Encoding.
    const problem = await run(Plan.toCurl({ reveal: true })(planned(request, Session.empty)))
    const heard = server.heard[before] ?? expect.fail(problem)
    const rules = { path: service === 's3' ? 'decoded' : 'encoded twice' } as const
    const verdict = verify(heard, { secretOf: () => secretAccessKey, now: new Date(), ...rules })
    expect(verdict, JSON.stringify(heard.headers)).toEqual({ isValid: true })
  })

  const bare = Session.empty
  const octets = Uint8Array.from({ length: 256 }, (_, i) => i)
  it.each<readonly [name: string, make: (at: string) => Request.Request]>([
    ['a GET', (at) => Request.get(at)],
    ['a HEAD', (at) => Request.head(at)],
    ['a DELETE', (at) => Request.del(at)],
    ['a POST without a body', (at) => Request.post(at)],
    ['an extension method', (at) => Request.make("M'ETHOD", at)],
    ['a form', (at) => Request.withForm({ user: "o'brien", pass: 'a b&c=d%', ключ: '漢字' })(Request.post(at))],
    ['an empty form', (at) => Request.withForm({})(Request.post(at))],
    ['JSON', (at) => Request.withJson({ quote: '"\'`$HOME\\', lines: 'a\nb\r\n\t', emoji: '😀' })(Request.put(at))],
    ['JSON in a GET', (at) => Request.withJson({ a: 1 })(Request.get(at))],
    [
      'text with quotes and line ends',
      (at) => Request.withText('it\'s "so"\n$HOME `id` \\ ! !!\n\n')(Request.post(at)),
    ],
    ['text that begins with @', (at) => Request.withText('@/etc/passwd')(Request.post(at))],
    ['text that begins with -', (at) => Request.withText('--\r\n-n %s\\n')(Request.post(at))],
    ['every octet', (at) => Request.withBytes(octets)(Request.post(at))],
    ['octets that end in line ends', (at) => Request.withBytes(Buffer.from([255, 10, 13, 10, 10]))(Request.post(at))],
    ['200 kB', (at) => Request.withBytes(Buffer.alloc(200_000, 'x\0y'))(Request.post(at))],
    ['1.5 MB of text', (at) => Request.withText('é'.repeat(750_000))(Request.post(at))],
    [
      'multipart',
      (at) =>
        Request.withMultipart({ note: 'h"é', file: { content: octets, filename: 'a"b.bin', contentType: 'x/y' } })(
          Request.post(at),
        ),
    ],
    ['a QUERY', (at) => Request.withJson({ name: 'Ada' })(Request.query(at))],
    ['gzip', (at) => pipe(Request.post(at), Request.withText('é\n'.repeat(999)), Request.withCompression('gzip'))],
    ['Brotli', (at) => pipe(Request.post(at), Request.withJson([octets]), Request.withCompression('br'))],
    ['a minted key', (at) => Request.withIdempotencyKey({ format: 'quoted' })(Request.post(at))],
    ['a HEAD with a body', (at) => Request.withText('x')(Request.head(at))],
    [
      'headers with quotes and empty ones',
      (at) =>
        Request.withHeaders([
          ['X-Q', `'"\\$(id)\`id\`;`],
          ['X-E', ''],
          ['X-Q', '2'],
        ])(Request.get(at)),
    ],
    ['octets in a header', (at) => Request.withHeader('X-O', 'caf\xe9 \xff')(Request.get(at))],
    ['UTF-8 in a header', (at) => Request.withHeader('X-U', Buffer.from('漢').toString('latin1'))(Request.get(at))],
    ['a header that ends in blanks', (at) => Request.withHeader('X-B', 'b  ')(Request.get(at))],
    ['Host', (at) => Request.withHeader('Host', 'other.test')(Request.get(at))],
    [
      'cookies',
      (at) => pipe(Request.get(at), Request.withCookie('a', "'1'"), Request.withCookie('b', 'x;y'.slice(0, 1))),
    ],
    ['Basic', (at) => Request.withBasicAuth('us:er', 'pässwörd')(Request.get(at))],
    ['a query', (at) => Request.withQuery({ q: "[a]{b,c} 'é'&", e: '' })(Request.get(`${at}a/b;c=1/é'?x=[1-3]#frag`))],
  ])('sends %s', async (_, make) => {
    await sends(planned(make(url())))
    await sends(planned(make(url()), bare))
    await sends(planned(make(url()), bare), 'bash')
  })

  it('sends a stream from the standard input', async () => {
    const stream = Request.withStream(async function* () {
      yield Buffer.from('x')
    })
    const plan = planned(stream(Request.post(url())))
    const before = server.heard.length
    await run(`printf abc | ${Plan.toCurl({ reveal: true })(plan)}`)
    const heard = server.heard[before]
    expect(heard === undefined ? undefined : receivedRequest(heard)).toEqual({ ...plannedRequest(plan), body: 'abc' })
  })

  it('sends any planned request', async () => {
    await fc.assert(
      fc.asyncProperty(spec, async ([method, segment, changes, session]) => {
        const request = changes.reduce((made, step) => step(made), Request.make(method, url(`/${segment}`)))
        const plan = Plan.plan({ session, entropy: 'curl' })(request)
        if (E.isRight(plan)) await sends(plan.right)
      }),
      { numRuns: 150, interruptAfterTimeLimit: 20_000 },
    )
  }, 60_000)

  describe('through a proxy', () => {
    let proxy: Echo
    beforeEach(async () => {
      proxy = await echo()
      return () => proxy.close()
    })
    const viaProxy = async (plan: Plan.Plan, variables = {}) => {
      const problem = await run(Plan.toCurl({ reveal: true })(plan), 'sh', variables)
      const [heard] = proxy.heard
      if (heard === undefined) expect.fail(`nothing reached the proxy: ${problem}`)
      return receivedRequest(heard)
    }
    const targetOf = (plan: Plan.Plan): string => plan.url.href

    it.each([
      ['without credentials', ''],
      ['with credentials', "us%40er:p%3Aa'ss%20w%C3%B6rd@"],
      ['with a user alone', 'k3y@'],
    ])('%s', async (_, userinfo) => {
      const request = pipe(
        Request.get('http://far.test/x'),
        Request.withProxy(`http://${userinfo}127.0.0.1:${proxy.port}`),
      )
      const plan = planned(request)
      expect(await viaProxy(plan, { no_proxy: 'nothing' })).toEqual({
        ...plannedRequest(plan, targetOf(plan)),
        headers: ['host: far.test', ...plannedRequest(plan).headers].sort(),
      })
    })
    it('with its own Proxy-Authorization', async () => {
      const plan = planned(
        pipe(
          Request.get('http://far.test/x'),
          Request.withProxy(`http://127.0.0.1:${proxy.port}`),
          Request.withHeader('Proxy-Authorization', 'Custom t0ken'),
        ),
      )
      expect((await viaProxy(plan)).headers).toContain('proxy-authorization: Custom t0ken')
    })
    it('sends CONNECT for https', async () => {
      const plan = planned(
        pipe(Request.get('https://far.test/x'), Request.withProxy(`http://u:p@127.0.0.1:${proxy.port}`)),
      )
      const heard = await viaProxy(plan)
      expect(heard).toMatchObject({ method: 'CONNECT', target: 'far.test:443' })
      expect(heard.headers).toContain(`proxy-authorization: Basic ${Buffer.from('u:p').toString('base64')}`)
    })
    it('ignores a proxy of the environment that the plan does not use', async () => {
      const variables = { http_proxy: `http://127.0.0.1:${proxy.port}` }
      const plan = planned(Request.withoutProxy(Request.get(url())), Session.defaults, Environment.make(variables))
      const before = server.heard.length
      await run(Plan.toCurl({ reveal: true })(plan), 'sh', variables)
      expect([server.heard.length - before, proxy.heard.length]).toEqual([1, 0])
    })
    it('uses the proxy of the environment even if curl would apply NO_PROXY', async () => {
      const variables = { http_proxy: `http://127.0.0.1:${proxy.port}`, no_proxy: 'x' }
      const plan = planned(Request.get('http://far.test/'), Session.defaults, Environment.make(variables))
      expect((await viaProxy(plan, { ...variables, no_proxy: '*' })).target).toBe('http://far.test/')
    })
  })

  describe('over TLS', () => {
    let secure: Echo
    beforeAll(async () => {
      secure = await tlsEcho({
        cert: pem('server.pem'),
        key: pem('server.key'),
        ca: pem('ca.pem'),
        requestCert: true,
        rejectUnauthorized: false,
        ALPNProtocols: ['h2', 'http/1.1'],
      })
    })
    afterAll(() => secure.close())
    const overTls = async (change: (request: Request.Request) => Request.Request) => {
      const plan = planned(change(Request.get(`https://localhost:${secure.port}/`)))
      const before = secure.heard.length
      const problem = await run(Plan.toCurl({ reveal: true })(plan), 'bash')
      return secure.heard[before]?.client ?? `nothing arrived: ${problem}`
    }
    const trusted = Request.withCa(path('ca.pem'))

    it('rejects a server with an unknown CA', async () => {
      expect(await overTls((request) => request)).toMatch(/^nothing arrived/)
    })
    it('-k', async () => expect(await overTls(Request.withVerify(false))).toBe('undefined'))
    it('a CA as a path', async () => expect(await overTls(trusted)).toBe('undefined'))
    it('a CA as text', async () => expect(await overTls(Request.withCa(pem('ca.pem')))).toBe('undefined'))
    const subject = 'a client'
    it.each([
      ['paths', { cert: path('client.pem'), key: path('client.key') }],
      ['text', { cert: pem('client.pem'), key: pem('client.key') }],
      ['both in one', { cert: path('client-both.pem') }],
      ['PKCS#12', { pfx: path('client.p12'), passphrase: 's3cret' }],
      ['PKCS#12 as bytes', { pfx: readFileSync(path('client.p12')), passphrase: 's3cret' }],
      ['an encrypted key', { cert: path('client.pem'), key: path('client-encrypted.key'), passphrase: 's3cret' }],
    ])('a client certificate: %s', async (_, certificate) => {
      expect(await overTls((request) => pipe(request, trusted, Request.withClientCertificate(certificate)))).toBe(
        subject,
      )
    })
  })
})
