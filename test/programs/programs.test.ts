import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { get, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { context, propagation, SpanKind, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import * as E from 'fp-ts/lib/Either.js'
import { Client, Response } from 'requests-ts'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import * as Abort from './abort.js'
import * as Caching from './caching.js'
import * as Download from './download.js'
import * as Errors from './errors.js'
import * as Events from './events.js'
import * as Feed from './feed.js'
import * as Login from './login.js'
import * as OAuth from './oauth.js'
import * as Pages from './pages.js'
import * as Retries from './retries.js'
import * as Saved from './saved.js'
import * as Servers from './servers.js'
import * as Services from './services.js'
import * as Signing from './signing.js'
import * as Simulation from './simulation.js'
import * as Tracing from './tracing.js'
import * as Upload from './upload.js'

const folder = mkdtempSync(join(tmpdir(), 'programs-'))
const opened: Array<Servers.Served> = []
const serve = async (listener: RequestListener): Promise<string> => {
  const served = await Servers.serve(listener)
  opened.push(served)
  return served.url
}
afterAll(() => {
  for (const { close } of opened) close()
  rmSync(folder, { recursive: true, force: true })
})

/** A file of 20 MB. The length of the pattern is a prime number, so that a wrong offset changes the content. */
const largeFile = (name: string): string => {
  const path = join(folder, name)
  writeFileSync(path, Buffer.alloc(20_000_000, 'a pattern of 23 octets,'))
  return path
}
const digest = (path: string): string => createHash('md5').update(readFileSync(path)).digest('hex')

describe('the programs of a user', () => {
  it('describe every error of a request', async () => {
    const base = await serve(Servers.users)
    const shown = await Promise.all(['1', '2', '3', '4', '5'].map((id) => Errors.run(base, id)()))
    expect(shown.map((line) => line.replace(/:.*/, ''))).toEqual([
      'user Ada',
      'InvalidPayload',
      'NotJson',
      'StatusError',
      'ConnectFailed',
    ])
    const bases = ['http://127.0.0.1:1', 'htp:/bad', 'localhost:3000']
    const failed = await Promise.all(bases.map((broken) => Errors.run(broken, '9')()))
    expect(failed.map((line) => line.replace(/:.*/, ''))).toEqual([
      'ConnectFailed',
      'UnsupportedScheme',
      'UnsupportedScheme',
    ])
    expect(await Errors.explain(base, '2')()).toBe('id,name')
    expect(await Errors.explain(base, '4')()).toBe('404: {"error":"no such user"}')
  })
  it('keep the cookies of a login', async () => {
    const base = await serve(Servers.login)
    const page = { text: 'hello at /account', cookies: ['sid', 'theme'] }
    expect(await Login.run(base, 'secret')()).toEqual(E.right(page))
    const refused = await Login.run(base, 'wrong')()
    expect(refused).toEqual(E.left(expect.stringMatching(/^StatusError: 403 .*login/)))
  })
  it('read all pages, and four details at a time', async () => {
    const { seen, listener } = Servers.repos()
    const outcome = await Pages.run(await serve(listener))()
    expect(E.isRight(outcome) && [outcome.right.length, outcome.right[19]]).toEqual([20, { id: 44, stars: 88 }])
    expect(seen.peak).toBe(4)
  })
  it('upload a file with its length and a progress bar', async () => {
    const { seen, listener } = Servers.upload()
    const url = `${await serve(listener)}/up`
    const path = largeFile('upload.bin')
    const lines: string[] = []
    expect(await Upload.run(url, path, (line) => lines.push(line))()).toEqual(E.right(200))
    expect(lines.slice(0, 2)).toEqual(['[                    ] 0%', '[####                ] 20%'])
    expect(lines.at(-1)).toBe('[####################] 100%')
    expect(lines.length).toBe(6)
    expect(seen.headers).toBe(`multipart/form-data length=${seen.size} coding=undefined`)
    expect(seen.size).toBeGreaterThan(20_000_000)
    expect(seen.start).toContain('filename="upload.bin"')
    const missing = await Upload.run(url, join(folder, 'missing'), () => {})()
    expect(missing).toMatchObject({ left: expect.stringContaining('FileFailed') })
  })
  it('resume a download that was interrupted, and only check a finished one', async () => {
    const source = largeFile('download.bin')
    const { state, listener } = Servers.download(source)
    const url = `${await serve(listener)}/big.iso`
    const target = join(folder, 'big.iso')
    const lines: string[] = []
    const run = Download.run(url, target, (line) => lines.push(line))
    state.cutAt = 8_000_000
    expect(await run()).toMatchObject({ left: { _tag: 'BodyCut' } })
    expect(readdirSync(folder)).toContain('big.iso.part')
    state.cutAt = Number.POSITIVE_INFINITY
    const resumed = await run()
    expect(resumed).toMatchObject({ right: { size: 20_000_000, status: 206 } })
    expect(E.isRight(resumed) && resumed.right.resumedAt).toBeGreaterThan(0)
    expect(digest(target)).toBe(digest(source))
    expect(lines.at(-1)).toBe('100% 20000000/20000000')
    expect(await run()).toMatchObject({ right: { size: 20_000_000 } })
    expect(state.log.map((line) => line.replace(/\d{2,}/, 'N'))).toEqual([
      'range=undefined if-range=undefined coding=identity',
      'range=bytes=N- if-range="v1" coding=identity',
      expect.stringContaining('coding=identity'),
    ])
  })
  it('share one token, and one new token after a 401', async () => {
    const { seen, listener } = Servers.tokens()
    const outcome = await OAuth.run(await serve(listener), () => {
      expect(seen).toMatchObject({ issued: 1, rejected: 0, accepted: 10 })
      seen.token = 'revoked'
    })()
    expect(outcome).toEqual(E.right(Array.from({ length: 10 }, () => 200)))
    expect(seen).toMatchObject({ issued: 2, rejected: 10, accepted: 20 })
  })
  it('stop a stream of events early, and report a rejected request', async () => {
    const { seen, listener } = Servers.events()
    const base = await serve(listener)
    const first = await Events.run(base, 'chat')()
    expect(first).toEqual(
      E.right([0, 1, 2].map((i) => ({ event: 'delta', id: `${i}`, data: `{"token":"w${i}",\n"ok":true}` }))),
    )
    await Servers.sleep(50)
    expect(seen.sent).toBeLessThan(10)
    const rejected = await Events.run(base, 'error')()
    expect(rejected).toMatchObject({ left: { _tag: 'StatusError', response: { status: 400 } } })
    expect(E.isLeft(rejected) && rejected.left._tag === 'StatusError' && Response.text(rejected.left.response)).toBe(
      '{"error":{"message":"bad model"}}',
    )
    expect(await Events.answer(base)()).toEqual(E.right('Hello Ada'))
    const feed = await Feed.run(base)()
    const ticks = E.isRight(feed) ? feed.right.map(E.map(({ id, data }) => [id, data.price])) : []
    expect(ticks).toEqual(['1', '2', '3', '4', '5'].map((id) => E.right([id, Number(id) % 2])))
    expect(seen.feeds).toBe(3)
    const rows = await Events.rows(base)()
    expect(rows).toMatchObject({
      right: [
        { right: { n: 0 } },
        { right: { n: 1 } },
        { left: { _tag: 'InvalidPayload', paths: ['n'] } },
        { left: { _tag: 'NotJson', line: 4 } },
        { right: { n: 9 } },
      ],
    })
  })
  it.concurrent('retry within a total of three seconds', async ({ expect }) => {
    const { counts, listener } = Servers.unreliable()
    const base = await serve(listener)
    const names = ['flaky', 'down', 'hang', 'post', 'impatient', 'keyed'] as const
    const outcomes = await Promise.all(names.map((name) => Retries.run(base, name)()))
    expect(outcomes.map((line) => line.replace(/:.*/, ''))).toEqual([
      '200',
      'StatusError',
      'DeadlineExceeded',
      'StatusError',
      'DeadlineExceeded',
      '200',
    ])
    expect(counts).toMatchObject({ 'GET /flaky': 3, 'GET /down': 3, 'POST /flaky': 1, 'POST /flaky k': 3 })
    expect(Retries.schedule).toMatchInlineSnapshot(`
      "5 attempts, at most 1500 ms of waiting
        attempt 2 after 100 ms
        attempt 3 after 200 ms
        attempt 4 after 400 ms
        attempt 5 after 800 ms
        methods: GET HEAD PUT DELETE OPTIONS TRACE QUERY; any with an idempotency key
        statuses: 408 429 502 503 504; Retry-After up to 60000 ms
        faults: ConnectFailed ConnectTimeout ReadTimeout ProxyFailed"
    `)
  })
  it.concurrent('sign requests for AWS', async ({ expect }) => {
    const received: string[] = []
    const other = await serve(({ headers }, response) => {
      received.push(JSON.stringify(headers))
      response.end('x')
    })
    const key = { id: 'AKIA', secret: 's3cr3t', region: 'eu-west-1', service: 's3' }
    const { dates, listener } = Servers.signatures(key.secret, other)
    const base = await serve(listener)
    const names = ['json', 'list', 'redirect', 'otherSite', 'flaky', 'multipart', 'stream'] as const
    const outcomes = await Promise.all(names.map((name) => Signing.run(base, key, name)()))
    expect(outcomes.map((outcome) => (E.isRight(outcome) ? outcome.right : outcome.left._tag))).toEqual([
      '200 true true',
      '200 true true',
      '200 true true',
      '200 x',
      '200 true true',
      '200 true true',
      '200 true true',
    ])
    expect(received.join()).not.toContain('AKIA')
    // Each of three attempts has its own date: a retry is signed again.
    expect([dates.length, new Set(dates).size]).toEqual([3, 3])
    expect(Signing.explain(base, key)).not.toContain(key.secret)
    expect(Signing.explain(base, key)).toContain('AWS Signature Version 4')
  })
  it('simulate redirects without a network', () => {
    // Node 24 and later also accept zstd.
    const simulated = (status: number): ReturnType<typeof Simulation.run> =>
      JSON.parse(JSON.stringify(Simulation.run(status)).replaceAll('deflate, br, zstd', 'deflate, br'))
    expect(simulated(307)).toMatchInlineSnapshot(`
      {
        "requests": [
          [
            "/a",
            [
              [
                "User-Agent",
                "requests-ts/0.1.0",
              ],
              [
                "Accept-Encoding",
                "gzip, deflate, br",
              ],
              [
                "Accept",
                "*/*",
              ],
              [
                "Connection",
                "keep-alive",
              ],
              [
                "Content-Length",
                "1",
              ],
              [
                "Authorization",
                "sig 1 of PUT /a",
              ],
            ],
          ],
          [
            "/b",
            [
              [
                "User-Agent",
                "requests-ts/0.1.0",
              ],
              [
                "Accept-Encoding",
                "gzip, deflate, br",
              ],
              [
                "Accept",
                "*/*",
              ],
              [
                "Connection",
                "keep-alive",
              ],
              [
                "Content-Length",
                "1",
              ],
              [
                "Authorization",
                "sig 2 of PUT /b",
              ],
            ],
          ],
        ],
        "story": "1  PUT http://h.test/a (1 bytes)
         307 Temporary Redirect
         → follows the redirect to http://h.test/b

      2  PUT http://h.test/b (1 bytes)
         200 OK
         → done: 2 bytes",
        "succeeded": true,
      }
    `)
    expect(simulated(303).requests).toMatchInlineSnapshot(`
      [
        [
          "/a",
          [
            [
              "User-Agent",
              "requests-ts/0.1.0",
            ],
            [
              "Accept-Encoding",
              "gzip, deflate, br",
            ],
            [
              "Accept",
              "*/*",
            ],
            [
              "Connection",
              "keep-alive",
            ],
            [
              "Content-Length",
              "1",
            ],
            [
              "Authorization",
              "sig 1 of PUT /a",
            ],
          ],
        ],
        [
          "/b",
          [
            [
              "User-Agent",
              "requests-ts/0.1.0",
            ],
            [
              "Accept-Encoding",
              "gzip, deflate, br",
            ],
            [
              "Accept",
              "*/*",
            ],
            [
              "Connection",
              "keep-alive",
            ],
            [
              "Authorization",
              "sig 2 of GET /b",
            ],
          ],
        ],
      ]
    `)
  })
  it('continue a saved session', async () => {
    const base = await serve(Servers.account)
    const path = join(folder, 'session.json')
    const page = 'cookie=sid=abc; remember=1 auth=Bearer tok x=1'
    expect(await Saved.run(base, path)()).toEqual(E.right(page))
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(await Saved.resume(path)()).toEqual(E.right(page))
    expect(await Saved.saveFunctions(join(folder, 'functions.json'))()).toMatchObject({ left: { _tag: 'Unwritable' } })
    writeFileSync(path, '{"nope":1}')
    expect(await Saved.resume(path)()).toMatchObject({ left: { _tag: 'Unreadable' } })
    expect(await Saved.resume(join(folder, 'missing'))()).toMatchObject({ left: { _tag: 'StoreFailed' } })
  })
  it('run in an application with its own environment and errors', async () => {
    const base = await serve(Servers.members)
    const lines: string[] = []
    const outcome = await Services.run(base, (line) => () => {
      lines.push(line)
    })()
    expect(outcome).toEqual(E.left({ kind: 'NotFound', message: `${base}/users/3` }))
    expect(lines).toEqual(['get 1', 'get 1', 'get 2', expect.stringContaining('InvalidPayload'), 'get 3'])
  })
  it('export a span for each attempt, whose context the server receives', async () => {
    onTestFinished(() => {
      for (const api of [trace, context, propagation]) api.disable()
    })
    const { seen, listener } = Servers.traced()
    const base = await serve(listener)
    const exporter = new InMemorySpanExporter()
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
    trace.setGlobalTracerProvider(provider)
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    propagation.setGlobalPropagator(new W3CTraceContextPropagator())
    const operation = trace.getTracer('test').startSpan('getStart')
    const outcome = await context.with(trace.setSpan(context.active(), operation), () => Tracing.run(base, 'start')())
    const refused = await Tracing.run('http://127.0.0.1:1', 'start')()

    expect(outcome).toEqual(E.right(200))
    expect(refused).toMatchObject({ left: { _tag: 'ConnectFailed' } })
    const spans = exporter.getFinishedSpans()
    const common = {
      'http.request.method': 'GET',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(base).port),
    }
    expect(spans.slice(0, 3).map(({ attributes }) => attributes)).toEqual([
      { ...common, 'url.full': `${base}/start?api_key=‹secret›`, 'http.response.status_code': 302 },
      {
        ...common,
        'url.full': `${base}/flaky`,
        'http.request.resend_count': 1,
        'http.response.status_code': 503,
        'error.type': '503',
      },
      { ...common, 'url.full': `${base}/flaky`, 'http.request.resend_count': 2, 'http.response.status_code': 200 },
    ])
    const { traceId, spanId } = operation.spanContext()
    for (const span of spans.slice(0, 3)) {
      const { name, kind, parentSpanContext } = span
      expect([name, kind, parentSpanContext?.spanId, span.spanContext().traceId]).toEqual([
        'GET',
        SpanKind.CLIENT,
        spanId,
        traceId,
      ])
    }
    expect(spans.map(({ status }) => status.code)).toEqual([0, 2, 0, ...spans.slice(3).map(() => 2)])
    expect(seen.headers).toEqual(spans.slice(0, 3).map((span) => `00-${traceId}-${span.spanContext().spanId}-01`))
    expect(spans.slice(3).map(({ attributes }) => attributes['error.type'])).toEqual(
      Array.from({ length: 3 }, () => 'ConnectFailed'),
    )
    expect(JSON.stringify(spans.map(({ attributes, events }) => [attributes, events]))).not.toMatch(
      /t0ken|secretcookie|QSECRET/,
    )
  })
  it('abort their requests when the client of the server goes away', async () => {
    const { seen, listener } = Servers.silent()
    const client = Abort.open(await serve(listener), { base: 5_000, jitter: 0 })()
    const outcomes: string[] = []
    const web = await serve(Abort.run(client, (outcome) => outcomes.push(outcome)))
    const visit = async (path: string) => {
      const request = get(web + path).on('error', () => {})
      await Servers.sleep(200)
      request.destroy()
      await Servers.sleep(100)
    }
    await visit('/pages')
    expect(seen).toEqual({ requests: 2, closed: 2 })
    await visit('/retry')
    expect(seen).toEqual({ requests: 4, closed: 2 })
    expect(outcomes.map((line) => line.replace(/:.*/, ''))).toEqual(['Aborted', 'Aborted'])
    const aborted = await Abort.withSignal(client, AbortSignal.abort())()
    expect(aborted).toMatchObject({ left: { _tag: 'Aborted' } })
    expect(seen.requests).toBe(4)
    expect(await Abort.withSignal(client, AbortSignal.timeout(100))()).toMatchObject({ left: { _tag: 'Aborted' } })
    await Client.close(client)()
    const closed = await Abort.withSignal(client, new AbortController().signal)()
    expect(closed).toMatchObject({ left: { _tag: 'ClientClosed' } })
  })
  it('cache replies in files', async () => {
    const { log, listener } = Servers.validators()
    const base = await serve(listener)
    const texts = []
    for (const path of ['etag', 'max', 'x', 'etag', 'max', 'x', 'etag', 'max', 'x'])
      texts.push(await Caching.run(`${base}/${path}`, join(folder, 'cache'))())
    expect(texts.slice(6)).toEqual(['etagged', 'maxed', 'x'].map(E.right))
    expect(log).toEqual(['/etag', '/max', '/x', '/etag "1"', '/x', '/etag "1"', '/x'])
  })
})
