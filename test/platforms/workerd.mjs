// Bundles a worker with the installed package, and runs it in workerd: `node workerd.mjs FOLDER WORKERD`, where FOLDER has the
// package in `node_modules`, and WORKERD is the program. `npm run test:matrix -- workerd` calls it.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const [folder = '', workerd = ''] = process.argv.slice(2)

/** The settings of wrangler, which knows neither `module` nor `node`. */
const bundle = () =>
  build({
    entryPoints: [join(folder, 'workerProgram.mjs')],
    outfile: join(folder, 'worker.js'),
    // The folder may be in this repository, whose tsconfig.json names the sources.
    tsconfigRaw: {},
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['workerd', 'worker', 'browser'],
    target: 'es2022',
    logLevel: 'error',
  })

const config = (port) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker), (name = "internet", network = (allow = ["private"]))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const worker :Workerd.Worker = (modules = [(name = "worker", esModule = embed "worker.js")], compatibilityDate = "2026-01-01");
`

const answers = {
  '/': (_, response) => response.end('hello'),
  '/login': (_, response) => response.writeHead(302, { location: '/page', 'set-cookie': ['a=1; Path=/', 'b=2'] }).end(),
  '/page': (request, response) => response.end(request.headers.cookie ?? ''),
  '/echo': (request, response) => request.pipe(response),
  '/gzip': (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('plain')),
  '/lines': (_, response) => response.end('one\ntwo\n'),
  '/silent': () => {},
}

const listening = async (server) => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server.address().port
}

const freePort = async () => {
  const server = createServer()
  const port = await listening(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Asks the worker, which takes a moment to start. */
const findingsOf = async (port, origin) => {
  for (let attempt = 0; ; attempt++) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/?origin=${origin}`, {
        signal: AbortSignal.timeout(20_000),
      })
      return await response.json()
    } catch (error) {
      if (attempt === 50) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

const NO_FILES = 'this runtime has no file system'
const EXPECTED = {
  get: ['Right', 'hello'],
  cookies: ['Right', 'a=1; b=2'],
  post: ['Right', '{"a":"ü"}'],
  gzip: ['Right', 'plain'],
  deadline: ['DeadlineExceeded', /200 ms/],
  lines: ['Right', ['one', 'two']],
  undici: ['Unsupported', /sockets/],
  proxy: ['Unsupported', /proxy/],
  upload: ['RequestBodyFailed', /no file system/],
  download: ['FileFailed', NO_FILES],
  load: ['StoreFailed', NO_FILES],
  save: ['StoreFailed', NO_FILES],
  environment: [],
}

cpSync(fileURLToPath(new URL('workerProgram.mjs', import.meta.url)), join(folder, 'workerProgram.mjs'))
await bundle()
const port = await freePort()
writeFileSync(join(folder, 'workerd.capnp'), config(port))
const server = createServer((request, response) => answers[request.url](request, response))
const origin = `http://127.0.0.1:${await listening(server)}`
const worker = spawn(workerd, ['serve', join(folder, 'workerd.capnp')], { stdio: 'inherit' })
try {
  const found = await findingsOf(port, origin)
  for (const [name, expected] of Object.entries(EXPECTED)) {
    const [tag, detail] = expected
    const isPattern = detail instanceof RegExp
    assert.deepEqual(isPattern ? found[name][0] : found[name], isPattern ? tag : expected, name)
    if (isPattern) assert.match(found[name][1], detail, name)
  }
  const count = Object.keys(EXPECTED).length
  console.log(`${count} of ${count} checks passed`)
} finally {
  worker.kill()
  server.closeAllConnections()
  server.close()
}
