// Mutation testing: changes one expression at a time and runs the tests of the same layer. `npm run mutate [-- FILE …]`
// mutates the named files, or by default all of the layers below. A mutant is tested again only if the file or its tests
// have changed.
//
// Stryker requires Node 22 and 200 packages. The first run installs both into `.cache`.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { install, runtime } from './runtime.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = join(root, '.cache', 'mutate')
const STRYKER = { '@stryker-mutator/core': '~10.1.1', '@stryker-mutator/vitest-runner': '~10.1.1' }
const LAYERS = ['values', 'cookies', 'session', 'stages']

const files = process.argv.slice(2)
const unknown = files.filter((file) => !LAYERS.includes(file.split('/')[1]) || !existsSync(join(root, file)))
if (unknown.length > 0) {
  console.error(`Not a file of src/${LAYERS.join(', src/')}: ${unknown.join(', ')}`)
  process.exit(1)
}
install(folder, STRYKER)
mkdirSync(folder, { recursive: true })

const configOf = (layer, mutate) => ({
  plugins: [join(folder, 'node_modules', '@stryker-mutator', 'vitest-runner', 'dist', 'src', 'index.js')],
  testRunner: 'vitest',
  vitest: { configFile: 'test/vitest.mutate.config.ts', related: false },
  mutate,
  // TypeScript 7 has no JavaScript API, which Stryker uses to rewrite a tsconfig. Ours does not need it.
  tsconfigFile: '.cache/none.json',
  coverageAnalysis: 'perTest',
  // Code that runs only while a module loads would need all tests for each mutant.
  ignoreStatic: true,
  concurrency: Number(process.env.MUTATE_CONCURRENCY ?? 2),
  timeoutMS: 5_000,
  tempDirName: '.cache/mutate/sandbox',
  ignorePatterns: ['/dist', '/.cache', '/.git', '/test/bench', '/test/tour'],
  incremental: true,
  incrementalFile: join(folder, `${layer}.incremental.json`),
  reporters: ['json', 'progress-append-only'],
  jsonReporter: { fileName: join(folder, `${layer}.json`) },
  allowConsoleColors: false,
})

/** Mutates one layer. Returns the results for each file, or undefined if the run failed. */
const run = (layer) => {
  const named = files.filter((file) => file.startsWith(`src/${layer}/`))
  if (files.length > 0 && named.length === 0) return {}
  const config = configOf(layer, files.length > 0 ? named : [`src/${layer}/**/*.ts`])
  const configFile = join(folder, 'stryker.json')
  writeFileSync(configFile, JSON.stringify(config, null, 2))
  // A failed run must not show the results of an earlier one.
  rmSync(config.jsonReporter.fileName, { force: true })
  const stryker = join(folder, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js')
  const env = { ...process.env, MUTATE_LAYER: layer }
  const { status } = spawnSync(runtime(22), [stryker, 'run', configFile], { cwd: root, stdio: 'inherit', env })
  if (status !== 0 || !existsSync(config.jsonReporter.fileName)) return undefined
  return JSON.parse(readFileSync(config.jsonReporter.fileName, 'utf8')).files
}

const reports = LAYERS.map(run)

// --- report --------------------------------------------------------------------------------------------------

const KILLED = ['Killed', 'Timeout']
const ALIVE = ['Survived', 'NoCoverage']
const rate = (killed, all) => `${killed} of ${all} (${((100 * killed) / Math.max(1, all)).toFixed(1)} %)`

const lineOf = (source, { start, end }) => {
  const line = source.split('\n')[start.line - 1] ?? ''
  return line.slice(start.column - 1, end.line === start.line ? end.column - 1 : undefined)
}

let [killedOfAll, all] = [0, 0]
for (const [file, { source, mutants }] of reports.flatMap((report) => Object.entries(report ?? {}))) {
  const killed = mutants.filter((mutant) => KILLED.includes(mutant.status)).length
  const survivors = mutants.filter((mutant) => ALIVE.includes(mutant.status))
  console.log(`${file}: killed ${rate(killed, killed + survivors.length)}`)
  for (const { mutatorName, location, replacement = '', status } of survivors) {
    const change = `${lineOf(source, location)} -> ${replacement}`.replace(/\s+/g, ' ').slice(0, 160)
    console.log(`  ${location.start.line}:${location.start.column} ${status} ${mutatorName}: ${change}`)
  }
  killedOfAll += killed
  all += killed + survivors.length
}
console.log(`total: killed ${rate(killedOfAll, all)}`)
process.exit(reports.includes(undefined) ? 1 : 0)
