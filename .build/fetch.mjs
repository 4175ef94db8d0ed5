// Runs `Transport.fetch` in Chromium and in the runtimes that npm has: `npm run test:fetch`. With `-- --write` it also writes
// the tables of the guide.
//
// Deno, Bun and miniflare (with workerd) are installed from npm into `.cache/fetch`. Chromium is that of the system.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { install } from './runtime.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = join(root, '.cache', 'fetch')

install(folder, { deno: '2', bun: '1', miniflare: '4' })

const require = createRequire(join(folder, 'package.json'))
const programs = {
  deno: join(folder, 'node_modules', '.bin', 'deno'),
  bun: join(folder, 'node_modules', '.bin', 'bun'),
  miniflare: require.resolve('miniflare'),
}

/** Runs a Worker once, and prints what it answers with the version of workerd. */
const runWorker = async (path) => {
  const { Miniflare } = await import(pathToFileURL(programs.miniflare).href)
  const worker = new Miniflare({ modules: true, script: readFileSync(path, 'utf8'), compatibilityDate: '2026-01-01', host: '127.0.0.1' })
  try {
    const response = await worker.dispatchFetch('http://worker.test/')
    const found = await response.json()
    const manifest = createRequire(programs.miniflare).resolve('workerd/package.json')
    console.log(JSON.stringify({ version: JSON.parse(readFileSync(manifest, 'utf8')).version, found }))
  } finally {
    await worker.dispose()
  }
}

const [action, argument] = process.argv.slice(2)
if (action === 'programs') console.log(JSON.stringify(programs))
else if (action === 'workerd') await runWorker(argument)
else {
  const args = ['vitest', 'run', '--config', 'test/real/vitest.config.ts', 'test/real/fetch']
  const env = { ...process.env, ...(action === '--write' ? { FETCH_TABLES: 'write' } : {}) }
  process.exit(spawnSync('npx', args, { cwd: root, stdio: 'inherit', env }).status ?? 1)
}
