// Tests each supported runtime: `npm run test:matrix [-- ROW …]`, for example `24/8` or `bun`. Without arguments it runs every
// row, one after the other.
//
// | row           | tests                                                                             |
// |---------------|-----------------------------------------------------------------------------------|
// | `NODE/UNDICI` | all tests of this repository; undici 8 replaces undici 7 in a copy of the sources |
// | `bun`, `deno` | the tests that need no build; a failure must be in `test/platforms/known.mjs`     |
// | `workerd`     | `test/platforms/workerd.mjs`: a worker that imports the packed library            |
//
// Each other row also runs the battery, `test/platforms/battery.mjs`, with the packed library as a user installs it. The runtimes,
// undici 8 and the packed library are installed from npm into `.cache`.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { delimiter, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { reasonOf } from '../test/platforms/known.mjs'
import { bun, deno, install, runtime, workerd } from './runtime.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const place = join(root, '.cache', 'matrix')
const NOT_COPIED = new Set(['.git', '.cache', 'dist'])
/** The oldest version of `engines` in package.json. */
const OLDEST = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node.replace('>=', '')

/** undici 8 requires Node 22.19. */
const ALL = [`${OLDEST}/7`, '20/7', '22/7', '24/7', '26/7', '22/8', '24/8', '26/8', 'bun', 'deno', 'workerd']

const wanted = process.argv.slice(2)
const unknown = wanted.filter((row) => !ALL.includes(row))
if (unknown.length > 0) {
  console.error(`Not in the matrix: ${unknown.join(', ')}; it has ${ALL.join(', ')}`)
  process.exit(1)
}

/** Returns whether a command succeeds. It has the directory of its runtime first in PATH. */
const succeeds = (cwd, command, ...args) => {
  const env = { ...process.env, PATH: `${dirname(command)}${delimiter}${process.env.PATH}` }
  return spawnSync(command, args, { cwd, stdio: 'inherit', env }).status === 0
}

// --- the packed library ------------------------------------------------------------------------------------------------

const pack = () => {
  mkdirSync(place, { recursive: true })
  if (!succeeds(root, process.execPath, join('.build', 'build.mjs'))) process.exit(1)
  const options = ['pack', '--ignore-scripts', '--json', '--pack-destination', place]
  const { stdout } = spawnSync('npm', options, { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' })
  const [{ filename }] = Object.values(JSON.parse(stdout))
  return join(place, filename)
}

let tarball

/** Installs the packed library, and returns the folder. */
const installed = (undici) => {
  tarball ??= pack()
  const folder = join(place, `package-${undici}`)
  rmSync(folder, { recursive: true, force: true })
  const { peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  install(folder, { 'requests-ts': `file:${tarball}`, ...peerDependencies }, { undici })
  return folder
}

const passesBattery = (undici, command) => {
  const folder = installed(undici)
  cpSync(join(root, 'test', 'platforms', 'battery.mjs'), join(folder, 'battery.mjs'))
  return succeeds(folder, ...command, 'battery.mjs', join(root, 'test', 'pki'))
}

// --- Node --------------------------------------------------------------------------------------------------------------

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

const vitestOf = (folder) => [join(folder, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--config', 'test/vitest.config.ts']

const nodeRow = (version, undici) => {
  const path = runtime(version)
  const passes = () => {
    const folder = undici === '8' ? withUndici8() : root
    return succeeds(folder, path, ...vitestOf(folder))
  }
  return { command: [path], undici, passes }
}

// --- Bun and Deno ------------------------------------------------------------------------------------------------------

/** Prints the failed tests of a report, and returns the files of those that are not known. */
const unknownIn = (name, report) => {
  const { testResults, numTotalTests, numPassedTests } = JSON.parse(readFileSync(report, 'utf8'))
  const failed = testResults.flatMap(({ name: path, status, message, assertionResults }) => {
    const file = relative(join(root, 'test'), path).replaceAll('\\', '/')
    const titles = assertionResults.flatMap(({ fullName, status }) => (status === 'failed' ? [fullName] : []))
    // A file that cannot be loaded has no results.
    return (status === 'failed' && titles.length === 0 ? [message] : titles).map((title) => ({ file, title }))
  })
  const explained = failed.map((test) => ({ ...test, reason: reasonOf(name, test.file, test.title) }))
  const unknown = explained.filter(({ reason }) => reason === undefined)
  for (const reason of new Set(explained.map((test) => test.reason ?? ''))) {
    if (reason !== '') console.log(`known: ${reason} (${explained.filter((test) => test.reason === reason).length})`)
  }
  for (const { file, title } of unknown) console.log(`UNKNOWN FAILURE in ${file}: ${title}`)
  console.log(`${numPassedTests} of ${numTotalTests} tests passed`)
  return numPassedTests === 0 ? ['test'] : [...new Set(unknown.map(({ file }) => join('test', file)))]
}

const otherRow = (name, command) => {
  const failing = (files) => {
    const report = join(place, `${name}.json`)
    rmSync(report, { force: true })
    const options = ['--project', 'unit', '--project', 'integration', '--reporter=json', `--outputFile=${report}`]
    succeeds(root, ...command, ...vitestOf(root), ...options, ...files)
    return unknownIn(name, report)
  }
  const passes = () => {
    const files = failing([])
    // Some tests measure times, and may fail on a busy machine: they run once more, alone.
    return files.length === 0 || failing(files).length === 0
  }
  return { command, undici: '7', passes }
}

// --- workers -----------------------------------------------------------------------------------------------------------

const workerRow = () => {
  const program = workerd()
  const script = join(root, 'test', 'platforms', 'workerd.mjs')
  return { command: [program], passes: () => succeeds(root, process.execPath, script, installed('7'), program) }
}

// --- rows --------------------------------------------------------------------------------------------------------------

const rowOf = (row) => {
  // Without `--bun`, Bun would run the scripts of other packages with Node.
  if (row === 'bun') return otherRow(row, [bun(), '--bun'])
  if (row === 'deno') return otherRow(row, [deno(), 'run', '--allow-all'])
  if (row === 'workerd') return workerRow()
  return nodeRow(...row.split('/'))
}

const results = (wanted.length > 0 ? wanted : ALL).map((row) => {
  const { command, undici, passes } = rowOf(row)
  const version = spawnSync(command[0], ['--version'], { encoding: 'utf8' }).stdout?.split('\n')[0]
  const title = `${row.padEnd(10)} ${version || '(does not start)'}`
  console.log(`\n=== ${title}`)
  const results = [undici === undefined || passesBattery(undici, command), passes()]
  return { title, passed: !results.includes(false) }
})

console.log('')
for (const { title, passed } of results) console.log(`${passed ? 'passed' : 'FAILED'}  ${title}`)
process.exit(results.every(({ passed }) => passed) ? 0 : 1)
