// Checks the package before a release: `npm run release:check`. Builds it, packs it into a temporary folder, and checks
// the tarball with publint and Are The Types Wrong. Prints the size and every problem; exits with 1 if there is one.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const MAX_UNPACKED_BYTES = 2_200_000

/** Runs a program and returns its exit code and output, also where it fails. */
const run = (command, ...args) => {
  const shell = process.platform === 'win32' && command === 'npm'
  const options = { cwd: root, encoding: 'utf8', shell, maxBuffer: 2 ** 26 }
  const { status, stdout, stderr, error } = spawnSync(command, args, options)
  return { status, stdout: stdout ?? '', output: error?.message ?? `${stdout}${stderr}` }
}

/** Runs a program, or ends this one with its output. */
const must = (what, command, ...args) => {
  const result = run(command, ...args)
  if (result.status === 0) return result.stdout
  console.error(`${what} failed:\n${result.output}`)
  process.exit(1)
}

/** The path of a command of a dev dependency. Running it with this Node needs no network, which `npx` may use. */
const binOf = (name, command) => {
  const folder = join(root, 'node_modules', name)
  return join(folder, JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).bin[command])
}

// --- the checks: each returns the list of its problems -----------------------------------------------------------------

/** `--strict` turns warnings into errors; suggestions stay suggestions. */
const publint = (tarball) => {
  const { status, output } = run(process.execPath, binOf('publint', 'publint'), tarball, '--strict')
  return status === 0 ? [] : [output.trim()]
}

/** Checks every path in `exports`, also for `moduleResolution` node10, which reads `typesVersions` instead. */
const areTheTypesWrong = (tarball) => {
  const options = ['--profile', 'strict', '--format', 'ascii', '--no-emoji', '--no-color']
  const attw = binOf('@arethetypeswrong/cli', 'attw')
  const { status, output } = run(process.execPath, attw, tarball, ...options)
  return status === 0 ? [] : [output.trim()]
}

const size = ({ unpackedSize }) =>
  unpackedSize > MAX_UNPACKED_BYTES
    ? [`${megabytes(unpackedSize)} unpacked is more than the limit of ${megabytes(MAX_UNPACKED_BYTES)}`]
    : []

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`

// -----------------------------------------------------------------------------------------------------------------------

must('The build', process.execPath, join(root, '.build', 'build.mjs'))
const folder = mkdtempSync(join(tmpdir(), 'requests-ts-release-'))
try {
  const packed = must('npm pack', 'npm', 'pack', '--ignore-scripts', '--json', '--pack-destination', folder)
  const [tarball] = Object.values(JSON.parse(packed))
  const path = join(folder, tarball.filename)
  console.log(`${tarball.filename}: ${tarball.entryCount} files`)
  console.log(`packed ${megabytes(tarball.size)}, unpacked ${megabytes(tarball.unpackedSize)}`)

  const checks = { publint: publint(path), attw: areTheTypesWrong(path), size: size(tarball) }
  for (const [name, problems] of Object.entries(checks)) {
    console.log(`${name}: ${problems.length === 0 ? 'no problems' : 'FAILED'}`)
    for (const problem of problems) console.log(problem)
  }
  const failed = Object.keys(checks).filter((name) => checks[name].length > 0)
  console.log(failed.length === 0 ? 'failures: none' : `failures: ${failed.join(', ')}`)
  process.exitCode = failed.length === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
