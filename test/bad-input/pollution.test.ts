/**
 * A polluted `Object.prototype` must not change what is planned, sent, saved and read.
 *
 * Each scenario runs clean, then once for each hostile key. Assertions run after the prototype is clean again.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import {
  CookiesTxt,
  Environment,
  Exchange,
  Jar,
  Link,
  Multipart,
  Plan,
  Request,
  Response,
  Secret,
  Session,
  ToughJson,
} from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { right } from '../conformance/upstream/setting.js'
import { ok, raw } from '../transport/servers.js'

const KEYS = [
  ...['x-injected', 'Authorization', 'cookie', 'Host', 'http_proxy', 'https_proxy', 'all', 'http', 'no_proxy', 'NETRC'],
  ...['reveal', 'verify', 'ca', 'cert', 'key', 'pfx', 'passphrase', 'connect', 'read', 'total', 'body', 'limits'],
  ...[
    'set',
    'unset',
    'extend',
    'replace',
    'text',
    'pairs',
    'keys',
    'secret',
    'base64',
    'scheme',
    'user',
    'pass',
    'token',
  ],
  ...['content', 'open', 'length', 'filename', 'contentType', 'headers', 'name', 'value', 'domain', 'path', 'secure'],
  ...['httpOnly', 'hostOnly', 'expires', 'sameSite', 'nameless', 'session', 'proxies', 'netrc', 'certificates'],
  ...['status', 'reason', 'elapsed', 'jar', 'now', 'entropy', 'environment', 'version', 'format', 'settings', 'trust'],
  ...['GET /', 'POST /p', 'signal', 'toJSON', 'proxy', 'port', 'protocol', 'hostname', 'user', 'noProxy', 'inputs'],
]

/** Runs with the key on `Object.prototype`, and removes it before it returns. */
const withPolluted = <A>(key: string, content: unknown, run: () => A): A => {
  Object.defineProperty(Object.prototype, key, { value: content, configurable: true, enumerable: true, writable: true })
  try {
    return run()
  } finally {
    Reflect.deleteProperty(Object.prototype, key)
  }
}

const opened = (made: E.Either<Plan.PlanError, Plan.Plan>) => {
  if (E.isLeft(made)) return [made.left._tag]
  const { route } = made.right
  const { method, url, headers, body } = Plan.wire(made.right)
  const proxy = O.isSome(route.proxy) ? route.proxy.value.hostname : ''
  return [method, url, [...headers], O.isSome(body) ? Buffer.from(body.value).toString() : '', proxy, route.tls.verify]
}

/** The default is one complete object: destructured defaults of this file would be polluted too. */
const planned = (request: Request.Request, context: Plan.Context = { session: Session.empty }) =>
  Plan.plan(context)(request)

const session = () =>
  pipe(
    Session.defaults,
    Session.withHeaders({ A: '1', 'X-Api-Key': 'k' }),
    Session.withQuery({ s: '1' }),
    Session.withBasicAuth('me', 'pw'),
    Session.withTimeouts({ read: 5 }),
  )
const SAVED = JSON.stringify(right(Session.encode({ reveal: true })(session())))
const [jar] = Jar.absorb(new URL('https://h.test/'), ['sid=1; Path=/', '__proto__=2'], new Date(0))(Jar.empty)
const SAVED_JAR = JSON.stringify(right(Jar.encode({ reveal: true })(jar)))

const scenarios: Readonly<Record<string, () => unknown>> = {
  'a plan': () =>
    opened(
      planned(pipe(Request.post('http://h/p'), Request.withQuery({ q: ['1', '2'] }), Request.withJson({ a: 1 })), {
        session: session(),
      }),
    ),
  'a form, with cookies': () =>
    opened(
      planned(pipe(Request.post('https://h.test/p'), Request.withForm({ a: 'b' }), Request.withCookie('c', 'd')), {
        session: session(),
        jar,
        now: new Date(0),
      }),
    ),
  'multipart of text and bytes': () =>
    opened(
      planned(pipe(Request.post('http://h/p'), Request.withMultipart({ a: 'b', c: Buffer.from('d') })), {
        session: session(),
        entropy: 'seed',
      }),
    ),
  'multipart of a file': () =>
    opened(
      planned(pipe(Request.post('http://h/p'), Request.withMultipart({ a: Multipart.file('/tmp/a.bin') })), {
        session: session(),
        entropy: 'seed',
      }),
    ),
  'a file': () => opened(planned(pipe(Request.put('http://h/p'), Request.withFile('/tmp/a.bin')))),
  'an empty session': () => opened(planned(Request.get('http://h/'))),
  'an environment': () => {
    const environment = Environment.make({ https_proxy: 'http://p.test:1' }, 'machine h login u password p')
    const ambientSession = Session.withAmbient({ proxies: true, netrc: true, certificates: true })(Session.empty)
    return ['http://h/', 'https://h/'].map((url) =>
      opened(planned(Request.get(url), { session: ambientSession, environment })),
    )
  },
  'the renderings of a plan': () => {
    const made = right(planned(pipe(Request.post('http://h/p'), Request.withForm({ a: 'b' })), { session: session() }))
    return [Plan.toCurl()(made), Plan.toHttp()(made), Plan.canonical()(made), Plan.toHar()(made)]
  },
  'encoding secrets without reveal': () => [Session.encode()(session())._tag, Jar.encode()(jar)._tag],
  'a saved session': () =>
    opened(planned(Request.get('http://h/'), { session: right(Session.decode(JSON.parse(SAVED))) })),
  'a saved jar': () =>
    Secret.reveal(Jar.header(new URL('https://h.test/'), new Date(0))(right(Jar.decode(JSON.parse(SAVED_JAR)))) ?? ''),
  'decoding an empty object': () => [Session.decode({})._tag, Jar.decode({})._tag, ToughJson.read({})._tag],
  'cookies.txt': () => CookiesTxt.write({ now: new Date(0), session: true })(jar),
  'a simulated exchange': () => {
    const trace = Exchange.simulate({ session: session() })({
      'GET /a': { status: 302, headers: { location: '/b', 'set-cookie': 'x=1' } },
      'GET /b': { status: 200, body: '{"a":1}' },
    })(Request.get('http://h/a'))
    const json = pipe(
      trace.outcome,
      E.flatMap(Response.json(E.right<never, unknown>)),
      E.map((u) => Object.keys(Object(u))),
    )
    return [trace.hops.map(({ plan }) => plan.url.href), E.isRight(json) ? json.right : [], O.isSome(O.none)]
  },
  links: () => Link.parse('</2>; rel=next; title="x"').map(({ target, rels }) => [target, [...rels]]),
}

describe.each(Object.entries(scenarios))('%s', (_, run) => {
  const clean = JSON.stringify(run())
  it('is the same with text on Object.prototype', () => {
    const changed = KEYS.flatMap((key) => {
      const seen = withPolluted(key, 'polluted', () => {
        try {
          return run()
        } catch (cause) {
          return `thrown: ${cause instanceof Error ? cause.message : cause}`
        }
      })
      return JSON.stringify(seen) === clean ? [] : [`${key}: ${JSON.stringify(seen)}`]
    })
    expect(changed).toEqual([])
  })
  it('is the same with true on Object.prototype', () => {
    const changed = KEYS.flatMap((key) => {
      const seen = withPolluted(key, true, () => {
        try {
          return run()
        } catch (cause) {
          return `thrown: ${cause instanceof Error ? cause.message : cause}`
        }
      })
      return JSON.stringify(seen) === clean ? [] : [`${key}: ${JSON.stringify(seen)}`]
    })
    expect(changed).toEqual([])
  })
})

/** Node 24 cannot load node:crypto if `verify` is on `Object.prototype`, so the program loads it before. */
const FIRST = Number.parseInt(process.versions.node, 10) < 24 ? '' : "await import('node:crypto')"

/** Runs in its own process, to include Node and undici. It pollutes the prototype before it loads the library. */
const program = (url: string, keys: ReadonlyArray<string>) => `
  ${FIRST}
  for (const key of ${JSON.stringify(keys)}) Object.prototype[key] = 'polluted'
  const { Client, Environment, Http, Request, Response, Session } = await import('requests-ts')
  const session = Session.withHeader('X-A', '1')(Session.empty)
  const send = Http.post('${url}/p', Request.withQuery({ q: '1' }), Request.withJson(JSON.parse('{"__proto__":{"a":1}}')), Request.withCookie('c', 'd'))
  const outcome = await Client.use({ session, environment: Environment.read() })(send)()
  if (outcome._tag === 'Left') throw new Error(JSON.stringify(outcome.left.message))
  const [response, jar] = outcome.right
  process.stdout.write([response.status, Response.text(response), jar.cookies.size].join(' '))
`

it('a program with a polluted prototype sends the same octets and reads the same page', async () => {
  const server = await raw((socket) => socket.write(ok('page', 'Set-Cookie: x=1\r\n')))
  const keys = [
    'x-injected',
    'authorization',
    'cookie',
    'http_proxy',
    'all_proxy',
    'reveal',
    'verify',
    'jar',
    'now',
    'trust',
  ]
  const run = async (polluted: ReadonlyArray<string>) => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', program(server.url, polluted)],
      {
        cwd: fileURLToPath(new URL('../..', import.meta.url)),
        env: { PATH: process.env['PATH'] ?? '' },
      },
    )
    return stdout
  }
  const clean = await run([])
  expect(clean).toBe('200 page 1')
  expect(await run(keys)).toBe(clean)
  expect(server.received[1]).toBe(server.received[0])
  expect(server.received[0]).toContain('{"__proto__":{"a":1}}')
})

/**
 * Pollutes the prototype with values that would be harmful if they were used as options. The output is written directly
 * to the file descriptor, because Node's streams read such options too.
 */
const hostile = (url: string, path: string, isPolluted: boolean) => `
  import { writeSync } from 'node:fs'
  import * as E from 'fp-ts/lib/Either.js'
  const { Client, Environment, Http, Plan, Request, Response, Session, Stream, Transport } = await import('requests-ts')
  const { pipe } = await import('fp-ts/lib/function.js')
  const session = pipe(Session.empty, Session.withHeader('X-A', '1'), Session.withBearer('hunter2'))
  const client = { session, environment: Environment.empty }
  const seen = []
  const trap = () => async () => { seen.push('the trap'); return E.left(undefined) }
  const found = {
    socketPath: ${JSON.stringify(path)}, path: ${JSON.stringify(path)}, localAddress: '203.0.113.1',
    signal: AbortSignal.abort(), deadline: 0, total: 1, timeout: 1, transport: trap, reveal: true, progress: trap,
    jar: { cookies: 1, challenges: 2, clock: 3, nameless: true }, entropy: 'polluted', now: 'polluted',
    concurrency: 0, attempts: 0, existing: 'Resume', charset: 'utf-16le', delimiter: 'a', maxLength: 1,
  }
  // Node cannot load modules while \`path\` is on Object.prototype, and the first request loads undici.
  await pipe(Http.get('${url}/first'), Client.use(client))()
  if (${isPolluted}) Object.assign(Object.prototype, found)
  const drain = (head, body) => async () => {
    const all = []
    for await (const line of Stream.lines()(body)) all.push(line)
    return E.right([head.status, ...all].join())
  }
  const outcomes = [
    await pipe(Http.get('${url}/get'), Client.use(client))(),
    await pipe(Http.post('${url}/post', Request.withForm({ a: 'b' })), Client.use(client))(),
    await pipe(Http.stream(drain)(Request.get('${url}/stream')), Client.use(client))(),
    await pipe(Http.get('${url}/transport'), Client.use({ ...client, openTransport: () => Transport.undici({ connections: 2 }) }))(),
    await pipe(Http.get('${url}/signal'), Http.withSignal(new AbortController().signal), Client.use(client))(),
  ]
  for (const outcome of outcomes) seen.push(E.isLeft(outcome) ? outcome.left.message : outcome.right[0].status ?? outcome.right[0])
  const server = () => ({ status: 200, body: 'memory' })
  const memory = await pipe(Http.get('http://h/'), Client.use({ ...client, transport: Transport.memory(server) }))()
  seen.push(E.isRight(memory) && Response.text(memory.right[0]))
  seen.push(Session.encode()(session)._tag, Session.encode({})(session)._tag)
  seen.push(E.isRight(Plan.plan({ session })(Request.get('http://h/'))))
  for (const key of Object.keys(found)) delete Object.prototype[key]
  writeSync(1, seen.join(' '))
`

it('options on the prototype do not change the target, the timeouts or the secrets of a program', async () => {
  const server = await raw((socket) => socket.write(ok('page')))
  const folder = mkdtempSync(join(tmpdir(), 'requests-ts-'))
  const path = join(folder, 'trap.sock')
  let trapped = 0
  const trap = createServer((socket) => {
    trapped += 1
    socket.end(ok('trap'))
  })
  await new Promise<void>((resolve) => trap.listen(path, resolve))
  const run = async (isPolluted: boolean) => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', hostile(server.url, path, isPolluted)],
      { cwd: fileURLToPath(new URL('../..', import.meta.url)), env: { PATH: process.env['PATH'] ?? '' } },
    )
    return stdout
  }
  try {
    const clean = await run(false)
    expect(clean).toBe('200 200 200,page 200 200 memory Left Left true')
    expect(await run(true)).toBe(clean)
    expect(trapped).toBe(0)
    const count = server.received.length / 2
    expect(server.received.slice(count)).toEqual(server.received.slice(0, count))
  } finally {
    await new Promise((resolve) => trap.close(resolve))
    rmSync(folder, { recursive: true })
  }
})
