import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// The tarball as its users get it: installed beside fp-ts and io-ts in a fresh ESM and a fresh CommonJS project.

const root = fileURLToPath(new URL('..', import.meta.url))
const tsc = join(dirname(fileURLToPath(import.meta.resolve('typescript/package.json'))), 'bin', 'tsc')
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
  it('has types for both', () => {
    const options = {
      target: 'es2022',
      module: 'nodenext',
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: false,
      types: [],
    }
    writeFileSync(
      join(esmProject, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...options, lib: ['es2023', 'dom'] }, include: ['*.ts'] }),
    )
    writeFileSync(join(esmProject, 'main.ts'), esm)
    writeFileSync(
      join(cjsProject, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...options, lib: ['es2023', 'dom'] }, include: ['*.cts'] }),
    )
    writeFileSync(join(cjsProject, 'main.cts'), esm)
    for (const place of [esmProject, cjsProject]) {
      run(place, 'npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', '@types/node@20')
      expect(run(place, process.execPath, tsc, '-p', '.')).toBe('')
    }
  }, 120_000)
  it('is one library, however it is loaded', () => {
    const both = `
import { createRequire } from 'node:module'
import { Secret } from 'requests-ts'
const other = createRequire(import.meta.url)('requests-ts')
console.log(other.Secret.reveal(Secret.make('x')), other.Secret.is(Secret.make('x')))`
    writeFileSync(join(esmProject, 'both.mjs'), both)
    expect(run(esmProject, process.execPath, 'both.mjs')).toBe('x true\n')
  })
  it('has every namespace at a path of its own', () => {
    const index = readFileSync(join(root, 'src', 'index.ts'), 'utf8')
    const names = [...index.matchAll(/^export \* as (\w+)/gm)].map(([, name = '']) => name)
    const check = names.map((name) => `import * as ${name} from 'requests-ts/${name}'`).join('\n')
    writeFileSync(
      join(esmProject, 'paths.mjs'),
      `${check}\nconsole.log([${names.join(', ')}].every((m) => typeof m === 'object'))`,
    )
    expect(names.length).toBeGreaterThan(20)
    expect(run(esmProject, process.execPath, 'paths.mjs')).toBe('true\n')
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
