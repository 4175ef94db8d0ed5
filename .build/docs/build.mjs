// `npm run docs`: builds the API reference into `.cache/site`. Exits with 1 if there is a warning.
//
// The tools have their own package and lock file in this folder, because typedoc needs TypeScript 5.9 and the library is
// checked with TypeScript 7. They are installed here if they are missing or if the lock file changed.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = import.meta.dirname
const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8')
const installed = join(folder, 'node_modules', '.installed')

if (!existsSync(installed) || readFileSync(installed, 'utf8') !== lock) {
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync('npm', ['ci', ...options], { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' })
  if (status !== 0) process.exit(status ?? 1)
  writeFileSync(installed, lock)
}

const { build } = await import('./site.mjs')
process.exitCode = (await build()) ? 0 : 1
