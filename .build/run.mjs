// Builds the library, compiles the programs in `test/` and runs one of them: `node .build/run.mjs bench/main [args]`.
// `bench/peers@24` runs it with Node 24, which npm installs if this Node is another version.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runtime } from './runtime.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
const [wanted = '', ...args] = process.argv.slice(2)
const [program, major] = wanted.split('@')

const run = (node, ...command) => {
  const { status } = spawnSync(node, command, { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

run(process.execPath, join(here, 'build.mjs'))
run(process.execPath, tsc, '-p', join(here, 'tools.json'))
const node = major === undefined ? process.execPath : runtime(major)
run(node, join(here, '..', '.cache', 'tools', `${program}.js`), ...args)
