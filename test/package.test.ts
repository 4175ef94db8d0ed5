import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// The tarball as its users get it: installed beside fp-ts and io-ts in a fresh ESM and a fresh CommonJS project.

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'requests-ts-package-'))

const run = (cwd: string, command: string, ...args: ReadonlyArray<string>): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

const PROGRAM = `
const transport = Transport.memory({
  'POST /login': { status: 302, headers: { location: '/page', 'set-cookie': 'sid=1; Path=/' } },
  'GET /page': (plan) => ({ status: 200, body: JSON.stringify({ cookies: Plan.wire(plan).headers.filter(([name]) => name === 'Cookie').length }) }),
})
const program = pipe(
  Http.post('http://h.test/login', Request.withForm({ user: 'me' })),
  SRTE.flatMapEither(Response.ok),
  SRTE.flatMapEither(Response.json(t.type({ cookies: t.number }).decode)))
const main = pipe(program, Client.use({ session: Session.defaults, transport }))
void main().then((outcome) => console.log(JSON.stringify(E.isRight(outcome) ? outcome.right[0] : outcome.left)))
`
const NAMES = ['Client', 'Http', 'Plan', 'Request', 'Response', 'Session', 'Transport']
const LIBRARIES = [
  ['E', 'fp-ts/lib/Either.js'],
  ['SRTE', 'fp-ts/lib/StateReaderTaskEither.js'],
  ['t', 'io-ts'],
] as const

const esm = [
  `import { pipe } from 'fp-ts/lib/function.js'`,
  ...LIBRARIES.map(([name, path]) => `import * as ${name} from '${path}'`),
  `import { ${NAMES.join(', ')} } from 'requests-ts'`,
  PROGRAM,
].join('\n')

const cjs = [
  `const { pipe } = require('fp-ts/lib/function.js')`,
  ...LIBRARIES.map(([name, path]) => `const ${name} = require('${path}')`),
  `const { ${NAMES.join(', ')} } = require('requests-ts')`,
  PROGRAM,
].join('\n')

const project = (name: string, type: 'module' | 'commonjs', tarball: string): string => {
  const place = join(folder, name)
  mkdirSync(place)
  writeFileSync(join(place, 'package.json'), JSON.stringify({ name, type, private: true }))
  run(place, 'npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', tarball, 'fp-ts@2.16', 'io-ts@2.2')
  return place
}

let esmProject = ''
let cjsProject = ''

describe('the packed tarball', () => {
  beforeAll(() => {
    run(root, 'npm', 'pack', '--ignore-scripts', '--pack-destination', folder)
    const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
    esmProject = project('esm', 'module', join(folder, tarball))
    cjsProject = project('cjs', 'commonjs', join(folder, tarball))
  }, 180_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('runs as ESM', () => {
    writeFileSync(join(esmProject, 'main.mjs'), esm)
    expect(run(esmProject, process.execPath, 'main.mjs')).toBe('{"cookies":1}\n')
  })
  it('runs as CommonJS', () => {
    writeFileSync(join(cjsProject, 'main.cjs'), cjs)
    expect(run(cjsProject, process.execPath, 'main.cjs')).toBe('{"cookies":1}\n')
  })
  it('is one library, however it is loaded', () => {
    const both = `
import { createRequire } from 'node:module'
import * as esm from 'requests-ts'
import * as Http from 'requests-ts/Http'
const require = createRequire(import.meta.url)
const cjs = require('requests-ts')
const { Secret } = esm
console.log(cjs.Secret.reveal(Secret.make('x')), cjs.Secret.is(Secret.make('x')))
const differs = (x, y) => Object.keys(x).filter((name) => !Object.is(x[name], y[name]))
console.log(Object.keys(esm).length > 50, differs(esm, cjs), differs(Http, require('requests-ts/Http')), differs(esm.Http, Http))`
    writeFileSync(join(esmProject, 'both.mjs'), both)
    expect(run(esmProject, process.execPath, 'both.mjs')).toBe('x true\ntrue [] [] []\n')
  })
  // Authentication added 0.5 MB, shared jars and durable exchanges 0.2 MB, what today's APIs speak 0.4 MB.
  it('has at most 3 MB and 1,100 files', () => {
    const [packed] = Object.values<{ unpackedSize: number; entryCount: number }>(
      JSON.parse(run(root, 'npm', 'pack', '--ignore-scripts', '--dry-run', '--json')),
    )
    expect(packed?.unpackedSize).toBeLessThan(3_000_000)
    expect(packed?.entryCount).toBeLessThan(1100)
  })
  it.each([
    ['requests-ts', { packages: ['@noble', 'fp-ts', 'io-ts', 'requests-ts', 'tldts'], files: 20 }],
    ['requests-ts/Plan', { packages: ['@noble', 'fp-ts', 'io-ts', 'requests-ts', 'tldts'], files: 6 }],
    ['requests-ts/Link', { packages: ['@noble', 'fp-ts', 'io-ts', 'requests-ts', 'tldts'], files: 4 }],
  ])('loads few files for %s, and neither undici nor socks', (path, loaded) => {
    const code = `
import { createRequire } from 'node:module'
import '${path}'
const files = Object.keys(createRequire(import.meta.url).cache).map((file) => file.split(/[/\\\\]node_modules[/\\\\]/).pop())
const names = files.map((file) => file.split(/[/\\\\]/)[0])
console.log(JSON.stringify({
  packages: [...new Set(names)].sort(),
  files: names.filter((name) => name === 'requests-ts').length,
}))`
    const script = `loads-${path.replace('/', '-')}.mjs`
    writeFileSync(join(esmProject, script), code)
    const { packages, files } = JSON.parse(run(esmProject, process.execPath, script))
    expect(packages).toEqual(loaded.packages)
    expect(files).toBeLessThanOrEqual(loaded.files)
  })
  it('gives bundlers modules of which they keep only what a program uses', async () => {
    const input = join(esmProject, 'bundled.mjs')
    writeFileSync(
      input,
      `import { Link, Secret } from 'requests-ts'\nconsole.log(Link.parse('<a>; rel=next').length, Secret.show(Secret.make('x')))`,
    )
    const bundle = await rolldown({ input, cwd: esmProject, platform: 'browser', logLevel: 'silent' })
    const { output } = await bundle.write({ file: join(esmProject, 'bundle', 'main.js') })
    await bundle.close()
    expect(output.map(({ fileName }) => fileName)).toEqual(['main.js'])
    expect(output[0].code.length).toBeLessThan(30_000)
    const kept = output[0].moduleIds.map((id) => /requests-ts[/\\]dist[/\\](\w+)/.exec(id)?.[1] ?? 'fp-ts')
    expect([...new Set(kept)].sort()).toEqual(expect.arrayContaining(['modules']))
    expect(kept).not.toContain('cjs')
    expect(run(esmProject, process.execPath, join('bundle', 'main.js'))).toBe('1 ‹secret›\n')
  })
  // Conditions of the user replace `module`, which esbuild adds otherwise.
  it.each([
    ['a browser', 'browser', undefined, 'Browser'],
    ['Cloudflare', 'browser', ['workerd', 'worker', 'browser'], 'Browser'],
    ['workerd alone', 'neutral', ['workerd'], 'Browser'],
    ['a service worker', 'neutral', ['worker'], 'Browser'],
    ['an edge function', 'neutral', ['edge-light'], 'Browser'],
    ['Node', 'node', undefined, 'Node'],
  ] as const)('gives a bundler for %s the transport of that runtime', async (_, platform, conditions, system) => {
    const source = `import { Client, Http } from 'requests-ts'
      import * as Stream from 'requests-ts/Stream'
      console.log(typeof Client.run(Http.get('https://example.com/')), typeof Stream.toFile)`
    const { outputFiles, metafile } = await build({
      stdin: { contents: source, resolveDir: esmProject },
      platform,
      ...(conditions === undefined ? {} : { conditions: [...conditions] }),
      mainFields: ['module', 'main'],
      absWorkingDir: esmProject,
      bundle: true,
      format: 'esm',
      write: false,
      metafile: true,
      logLevel: 'silent',
    })
    const modules = Object.keys(metafile.inputs).filter((path) => path.includes('dist/modules/'))
    expect(modules.some((path) => path.endsWith('SystemTransport.browser.js'))).toBe(system === 'Browser')
    expect(modules.some((path) => path.endsWith('undici/Undici.js'))).toBe(system === 'Node')
    const [{ text = '' } = {}] = outputFiles
    expect(/from ["']node:|require\(["']node:/.test(text)).toBe(system === 'Node')
  })
  it('has every namespace at a path of its own, which package.json lists', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    // If this fails: `node .build/exports.mjs` writes the list.
    const { exports, imports } = manifest
    expect({ exports, imports }).toEqual(
      JSON.parse(run(root, process.execPath, join('.build', 'exports.mjs'), '--print')),
    )
    const names = Object.keys(manifest.exports).flatMap((path) => /^\.\/([A-Z]\w*)$/.exec(path)?.[1] ?? [])
    const check = names.map((name) => `import * as ${name} from 'requests-ts/${name}'`).join('\n')
    writeFileSync(
      join(esmProject, 'paths.mjs'),
      `${check}\nconsole.log([${names.join(', ')}].every((m) => typeof m === 'object'))`,
    )
    expect(names.length).toBeGreaterThan(20)
    expect(run(esmProject, process.execPath, 'paths.mjs')).toBe('true\n')
  })
  it('has no path to an internal module', () => {
    const internal = [
      'src/Http',
      'src/values/Url.js',
      'dist/esm/src/index.js',
      'dist/cjs/Http.js',
      'dist/modules/src/Http.js',
      'laws/Jar',
      'http',
    ]
    const paths = JSON.stringify(internal.map((path) => `requests-ts/${path}`))
    const code = `
import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)
const codes = new Set()
for (const path of ${paths}) {
  await import(path).then(() => codes.add(path), ({ code }) => codes.add(code))
  try { require(path); codes.add(path) } catch ({ code }) { codes.add(code) }
}
console.log([...codes].join())`
    writeFileSync(join(esmProject, 'internal.mjs'), code)
    expect(run(esmProject, process.execPath, 'internal.mjs')).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED\n')
  })
  it('has a command that says what it would send, and sends nothing', () => {
    const asked = ['plan', 'https://api.example.com/search', 'q==monoid', 'X-Api-Key:hunter2', '--auth=me:hunter2']
    const environment = { ...process.env, NETRC: '' }
    for (const place of [esmProject, cjsProject]) {
      const said = execFileSync('npx', ['requests-ts', ...asked], { cwd: place, encoding: 'utf8', env: environment })
      expect(said).toMatch(/^GET \/search\?q=monoid HTTP\/1\.1\nHost: api\.example\.com\n/)
      expect(said).toContain('X-Api-Key: ‹secret›\nAuthorization: ‹secret›\n')
    }
    expect(run(esmProject, join('node_modules', '.bin', 'requests-ts'), '--version')).toBe('requests-ts 0.1.0\n')
  })
  it('has a command that sends', async () => {
    const server = createServer((_, response) => response.end('welcome'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      const command = join('node_modules', '.bin', 'requests-ts')
      const { stdout } = await promisify(execFile)(command, ['send', `http://127.0.0.1:${port}/`], {
        cwd: cjsProject,
        env: { ...process.env, no_proxy: '*' },
      })
      expect(stdout).toBe('welcome')
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
  })
  it('keeps an idle program from waiting for nothing', () => {
    const idle = `import { Client, Session, Http } from 'requests-ts'
Client.open({ session: Session.defaults })()
console.log('done')`
    writeFileSync(join(esmProject, 'idle.mjs'), idle)
    const started = Date.now()
    run(esmProject, process.execPath, 'idle.mjs')
    expect(Date.now() - started).toBeLessThan(5_000)
  })
})
