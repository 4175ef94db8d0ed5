// What a user of the installed package does, on any runtime: plans, sends, streams, and the published laws. It prints one
// line, and what failed. `npm run test:matrix` copies it next to the installed package: see `.build/matrix.mjs`.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import * as http from 'node:http'
import * as https from 'node:https'
import { createRequire } from 'node:module'
import * as net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import * as zlib from 'node:zlib'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/TaskEither.js'
import * as esm from 'requests-ts'
import * as laws from 'requests-ts/laws'

const { Client, Http, Jar, Multipart, Plan, Request, Response, Secret, Session, Store, Stream, Transport } = esm
const [pki = ''] = process.argv.slice(2)
const ca = join(pki, 'ca.pem')
const folder = mkdtempSync(join(tmpdir(), 'requests-ts-battery-'))

// --- servers -----------------------------------------------------------------------------------------------------------

const servers = []
const listen = async (server) => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push(server)
  return server.address().port
}

const bodyOf = async (request) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const CODINGS = { gzip: zlib.gzipSync, br: zlib.brotliCompressSync, deflate: zlib.deflateSync }
const answers = {
  '/': (_, response) => response.end('hello'),
  '/login': (_, response) => response.writeHead(302, { location: '/page', 'set-cookie': ['a=1; Path=/', 'b=2'] }).end(),
  '/page': (request, response) => response.end(request.headers.cookie ?? ''),
  '/silent': () => {},
  '/big': async (_, response) => {
    for (let i = 0; i < 64; i++)
      if (!response.write('x'.repeat(65_536))) await new Promise((done) => response.once('drain', done))
    response.end()
  },
  '/count': async (request, response) => response.end(String((await bodyOf(request)).length)),
  '/echo': async (request, response) => response.end(`${request.headers['content-type']}\n${await bodyOf(request)}`),
}
const answer = async (request, response) => {
  const coding = /^\/coded\/(\w+)$/.exec(request.url)?.[1]
  if (coding !== undefined) {
    response.writeHead(200, { 'content-encoding': coding }).end(CODINGS[coding]('plain '.repeat(1000)))
    return
  }
  await answers[request.url](request, response)
}

const web = await listen(http.createServer(answer))
const certificate = { cert: readFileSync(join(pki, 'server.pem')), key: readFileSync(join(pki, 'server.key')) }
const secure = await listen(https.createServer(certificate, answer))
const proxied = []
const tunnel = http.createServer((request, response) => {
  proxied.push(request.url)
  const onward = http.request(
    request.url,
    { method: request.method, headers: request.headers, agent: false },
    (reply) => {
      response.writeHead(reply.statusCode, reply.headers)
      reply.pipe(response)
    },
  )
  request.pipe(onward)
})
tunnel.on('connect', (request, socket) => {
  proxied.push(request.url)
  const onward = net.connect(Number(request.url.split(':')[1]), '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    socket.pipe(onward).pipe(socket)
  })
  onward.on('error', () => socket.destroy())
  socket.on('error', () => onward.destroy())
})
const proxy = await listen(tunnel)

// --- checks ------------------------------------------------------------------------------------------------------------

const session = Session.withBaseUrl(`http://127.0.0.1:${web}`)(Session.empty)
const overTls = Session.withBaseUrl(`https://localhost:${secure}`)(Session.empty)
const run = (program, change = (x) => x, options = {}) =>
  Client.runWith({ session: change(session), ...options })(program)()
const textOf = (outcome) =>
  E.isRight(outcome) ? Response.text(outcome.right) : `${outcome.left._tag}: ${outcome.left.message}`
const tagOf = (outcome) => (E.isLeft(outcome) ? outcome.left._tag : 'Right')
const length = (body) => async () => {
  let size = 0
  for await (const chunk of body) size += chunk.length
  return E.right(size)
}

async function* megabytes(count) {
  for (let i = 0; i < count; i++) yield new Uint8Array(1_000_000)
}

const lawsHold = async (rules, numRuns) => {
  const broken = await laws.RuleSet.refutations({ numRuns })(rules)
  // The server of this law runs in Bun too, whose node:http changes the response before it is sent: see `known.mjs`.
  if (process.versions.bun !== undefined) broken.delete('the reply is what the server answered')
  assert.deepEqual([...broken.values()], [])
}

const checks = {
  'plans without sending': () => {
    const plan = pipe(Request.get('/a b'), Plan.plan({ session }))
    assert.equal(E.isRight(plan) && plan.right.url.pathname, '/a%20b')
  },
  sends: async () => assert.equal(textOf(await run(Http.get('/'))), 'hello'),
  'sends from CommonJS, with the same classes': async () => {
    const cjs = createRequire(import.meta.url)('requests-ts')
    assert.equal(textOf(await cjs.Client.runWith({ session })(cjs.Http.get('/'))()), 'hello')
    assert.equal(cjs.Secret.is(Secret.make('x')), true)
  },
  'follows a redirect and keeps its cookies': async () =>
    assert.equal(textOf(await run(Http.post('/login'))), 'a=1; b=2'),
  'times out': async () => {
    assert.equal(tagOf(await run(Http.get('/silent'), Session.withTimeouts({ read: 100 }))), 'ReadTimeout')
    assert.equal(tagOf(await run(Http.get('/silent'), Session.withTimeouts({ total: 100 }))), 'DeadlineExceeded')
  },
  'ends on abort': async () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 50)
    assert.equal(tagOf(await run(Http.get('/silent'), undefined, { signal: controller.signal })), 'Aborted')
  },
  'streams down': async () => {
    const program = Http.stream((_, body) => length(body))(Request.get('/big'))
    assert.deepEqual(await run(program), E.right(64 * 65_536))
  },
  'streams up': async () => {
    const upload = pipe(
      Request.post('/count'),
      Request.withStream(() => megabytes(5)),
    )
    assert.equal(textOf(await run(Http.send(upload))), '5000000')
  },
  ...Object.fromEntries(
    Object.keys(CODINGS).map((coding) => [
      `decodes ${coding}`,
      async () => assert.equal(textOf(await run(Http.get(`/coded/${coding}`))), 'plain '.repeat(1000)),
    ]),
  ),
  'posts multipart with a file': async () => {
    const upload = Request.withMultipart({ title: 'ü', file: Multipart.file(ca) })
    const text = textOf(await run(Http.post('/echo', upload)))
    assert.match(text, /^multipart\/form-data; boundary=/)
    assert.match(text, /name="title"\r\n\r\nü\r\n[\s\S]*filename="ca\.pem"[\s\S]*BEGIN CERTIFICATE/)
  },
  'saves a body as a file': async () => {
    const download = await run(Stream.toFile(join(folder, 'big'))(Request.get('/big')))
    assert.equal(E.isRight(download) && download.right.size, 64 * 65_536)
  },
  'saves and loads a session': async () => {
    const path = join(folder, 'session.json')
    assert.deepEqual(await Store.save(path)({ session, jar: Jar.empty })(), E.right(undefined))
    assert.equal(tagOf(await Store.load(path)()), 'Right')
  },
  'uses a proxy for http and https': async () => {
    const through = Session.withProxy({ all: `http://127.0.0.1:${proxy}` })
    assert.equal(textOf(await run(Http.get('/'), through)), 'hello')
    assert.equal(textOf(await run(Http.get('/'), () => pipe(overTls, through, Session.withCa(ca)))), 'hello')
    assert.deepEqual(proxied, [`http://127.0.0.1:${web}/`, `localhost:${secure}`])
  },
  'verifies TLS with a private CA': async () => {
    assert.equal(textOf(await run(Http.get('/'), () => Session.withCa(ca)(overTls))), 'hello')
    assert.equal(tagOf(await run(Http.get('/'), () => overTls)), 'TlsFailed')
  },
  'sends over HTTP/2, or refuses it where bodies get lost': async () => {
    const transport = Transport.undici({ http2: true })
    const outcome = await run(Http.get('/'), () => Session.withCa(ca)(overTls), { transport })
    await Transport.close(transport)()
    const isNode = process.versions.bun === undefined && process.versions.deno === undefined
    assert.equal(tagOf(outcome), isNode ? 'Right' : 'Unsupported')
  },
  'sends 64 requests at once': async () => {
    const all = RTE.sequenceArray(Array.from({ length: 64 }, () => Client.runWith({ session })(Http.get('/'))))
    assert.equal(tagOf(await all()), 'Right')
  },
  'sends with Transport.fetch': async () =>
    assert.equal(textOf(await run(Http.get('/'), undefined, { transport: Transport.fetch() })), 'hello'),
  'prints no secret': () => {
    // What `console.log` of the runtime prints.
    const print = globalThis.Bun?.inspect ?? globalThis.Deno?.inspect ?? inspect
    const plan = pipe(Request.get('/'), Plan.plan({ session: Session.withBearer('c4nary')(session) }))
    for (const value of [Secret.make('c4nary'), Session.withBearer('c4nary')(session), plan, JSON.stringify(plan)]) {
      assert.doesNotMatch(print(value, { depth: 20, showHidden: true }), /c4nary/)
    }
  },
  'the laws of a cookie jar': () => lawsHold(laws.jar(Jar), 100),
  'the laws of a merge': () => lawsHold(laws.merging(esm.Merge.merge), 100),
  'the laws of explanations': () => lawsHold(laws.explaining(esm.Explain.explain), 50),
  'the laws of a transport': () =>
    lawsHold(
      laws.transport(() => Transport.undici()),
      20,
    ),
}

const failures = []
for (const [name, check] of Object.entries(checks)) {
  try {
    await check()
  } catch (error) {
    failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

// A connection that is still open for reuse must not keep the program alive: it ends without `process.exit`.
const open = Client.open({ session })()
await Client.runIn(open)(Http.get('/'))()
for (const server of servers) {
  server.close()
  server.closeAllConnections?.()
}
rmSync(folder, { recursive: true, force: true })
for (const failure of failures) console.log(`FAILED ${failure}`)
const count = Object.keys(checks).length
console.log(`${count - failures.length} of ${count} checks passed`)
process.exitCode = failures.length === 0 ? 0 : 1
