// Builds the library, compiles the programs in `test/` and runs one of them: `node .build/run.mjs bench/main [args]`.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
const [program, ...args] = process.argv.slice(2)

const run = (...command) => {
  const { status } = spawnSync(process.execPath, command, { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

run(join(here, 'build.mjs'))
run(tsc, '-p', join(here, 'tools.json'))
run(join(here, '..', '.cache', 'tools', `${program}.js`), ...args)
