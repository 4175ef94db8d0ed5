// Changes the sources one expression at a time and asks the tests of the same floor: `npm run mutate [-- file …]`, all of
// values, session and stages unless files are named. What was judged before is not judged again while neither it nor its
// tests changed.
//
// Stryker wants Node 22 and 200 packages, so both live in `.cache` and are fetched on the first run.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { install, runtime } from './runtime.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const place = join(root, '.cache', 'mutate')
const STRYKER = { '@stryker-mutator/core': '~10.1.1', '@stryker-mutator/vitest-runner': '~10.1.1' }
const FLOORS = ['values', 'session', 'stages']

const files = process.argv.slice(2)
const unknown = files.filter((file) => !FLOORS.includes(file.split('/')[1]) || !existsSync(join(root, file)))
if (unknown.length > 0) {
  console.error(`No file of src/${FLOORS.join(', src/')}: ${unknown.join(', ')}`)
  process.exit(1)
}
install(place, STRYKER)
mkdirSync(place, { recursive: true })

const configOf = (floor, mutate) => ({
  plugins: [join(place, 'node_modules', '@stryker-mutator', 'vitest-runner', 'dist', 'src', 'index.js')],
  testRunner: 'vitest',
  vitest: { configFile: 'test/vitest.mutate.config.ts', related: false },
  mutate,
  // TypeScript 7 has no compiler API for Stryker to rewrite a tsconfig with; there is nothing in ours to rewrite.
  tsconfigFile: '.cache/none.json',
  coverageAnalysis: 'perTest',
  // What runs only while a module loads would need every test for every mutant.
  ignoreStatic: true,
  concurrency: Number(process.env.MUTATE_CONCURRENCY ?? 2),
  timeoutMS: 5_000,
  tempDirName: '.cache/mutate/sandbox',
  ignorePatterns: ['/dist', '/.cache', '/.git', '/test/bench', '/test/tour'],
  incremental: true,
  incrementalFile: join(place, `${floor}.incremental.json`),
  reporters: ['json', 'progress-append-only'],
  jsonReporter: { fileName: join(place, `${floor}.json`) },
  allowConsoleColors: false,
})

/** Runs one floor; what it found, file by file, or nothing where the run failed. */
const run = (floor) => {
  const named = files.filter((file) => file.startsWith(`src/${floor}/`))
  if (files.length > 0 && named.length === 0) return {}
  const config = configOf(floor, files.length > 0 ? named : [`src/${floor}/**/*.ts`])
  const configFile = join(place, 'stryker.json')
  writeFileSync(configFile, JSON.stringify(config, null, 2))
  // A run that fails must not show what another one found.
  rmSync(config.jsonReporter.fileName, { force: true })
  const stryker = join(place, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js')
  const env = { ...process.env, MUTATE_FLOOR: floor }
  const { status } = spawnSync(runtime(22), [stryker, 'run', configFile], { cwd: root, stdio: 'inherit', env })
  if (status !== 0 || !existsSync(config.jsonReporter.fileName)) return undefined
  return JSON.parse(readFileSync(config.jsonReporter.fileName, 'utf8')).files
}

const reports = FLOORS.map(run)

// --- what was found --------------------------------------------------------------------------------------------------

const KILLED = ['Killed', 'Timeout']
const LIVES = ['Survived', 'NoCoverage']
const rate = (killed, all) => `${killed} of ${all} (${((100 * killed) / Math.max(1, all)).toFixed(1)} %)`

const lineOf = (source, { start, end }) => {
  const line = source.split('\n')[start.line - 1] ?? ''
  return line.slice(start.column - 1, end.line === start.line ? end.column - 1 : undefined)
}

let [killedOfAll, all] = [0, 0]
for (const [file, { source, mutants }] of reports.flatMap((report) => Object.entries(report ?? {}))) {
  const killed = mutants.filter((mutant) => KILLED.includes(mutant.status)).length
  const lives = mutants.filter((mutant) => LIVES.includes(mutant.status))
  console.log(`${file}: killed ${rate(killed, killed + lives.length)}`)
  for (const { mutatorName, location, replacement = '', status } of lives) {
    const change = `${lineOf(source, location)} -> ${replacement}`.replace(/\s+/g, ' ').slice(0, 160)
    console.log(`  ${location.start.line}:${location.start.column} ${status} ${mutatorName}: ${change}`)
  }
  killedOfAll += killed
  all += killed + lives.length
}
console.log(`total: killed ${rate(killedOfAll, all)}`)
process.exit(reports.includes(undefined) ? 1 : 0)
