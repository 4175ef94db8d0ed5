// Runs all tests on each supported major version of Node and of undici: `npm run test:matrix [-- NODE/UNDICI …]`, for
// example `24/8`. Without arguments it runs every combination.
//
// The runtimes and undici 8 are installed from npm into `.cache`. undici 8 replaces undici 7 in a copy of the sources.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { install, runtime } from './runtime.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const place = join(root, '.cache', 'matrix')

/** undici 8 requires Node 22.19. */
const ALL = ['20/7', '22/7', '24/7', '22/8', '24/8']
const NOT_COPIED = new Set(['.git', '.cache', 'dist'])

const wanted = process.argv.slice(2)
const unknown = wanted.filter((line) => !ALL.includes(line))
if (unknown.length > 0) {
  console.error(`Not in the matrix: ${unknown.join(', ')}; it has ${ALL.join(', ')}`)
  process.exit(1)
}

/** Copies the sources and replaces undici 7 by undici 8 in the copy. */
const withUndici8 = () => {
  const [copy, newer] = [join(place, 'sources'), join(place, 'undici-8')]
  install(newer, { undici: '8' })
  rmSync(copy, { recursive: true, force: true })
  mkdirSync(copy, { recursive: true })
  for (const name of readdirSync(root).filter((entry) => !NOT_COPIED.has(entry))) {
    cpSync(join(root, name), join(copy, name), { recursive: true, verbatimSymlinks: true })
  }
  rmSync(join(copy, 'node_modules', 'undici'), { recursive: true })
  cpSync(join(newer, 'node_modules', 'undici'), join(copy, 'node_modules', 'undici'), { recursive: true })
  return copy
}

const versionIn = (folder) =>
  JSON.parse(readFileSync(join(folder, 'node_modules', 'undici', 'package.json'), 'utf8')).version

const results = (wanted.length > 0 ? wanted : ALL).map((line) => {
  const [node, undici] = line.split('/')
  const folder = undici === '8' ? withUndici8() : root
  const path = runtime(Number(node))
  const version = spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout?.trim()
  const title = `Node ${version ?? `${node} (does not start)`}, undici ${versionIn(folder)}`
  console.log(`\n=== ${title}`)
  const vitest = join(folder, 'node_modules', 'vitest', 'vitest.mjs')
  const { status } = spawnSync(path, [vitest, 'run', '--config', 'test/vitest.config.ts'], {
    cwd: folder,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${dirname(path)}${delimiter}${process.env.PATH}` },
  })
  return { title, passed: status === 0 }
})

console.log('')
for (const { title, passed } of results) console.log(`${passed ? 'passed' : 'FAILED'}  ${title}`)
process.exit(results.every(({ passed }) => passed) ? 0 : 1)
