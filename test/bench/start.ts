/**
 * The start of a program: the CPU of a process that imports the library, compared with one that imports undici. Both
 * without the CPU of an empty process, which runs directly before.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type Block, compare, type Measured } from './measure.js'

const run = promisify(execFile)
const ROUNDS = 12

/** Returns the CPU of a process that runs a program, user and system, in milliseconds. */
const cpuOf = async (program: string): Promise<number> => {
  const code = `${program}\nconst { user, system } = process.cpuUsage(); console.log((user + system) / 1_000)`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code])
  return Number(stdout)
}

const net =
  (program: string): Block =>
  async () => {
    const empty = await cpuOf('')
    return (await cpuOf(program)) - empty
  }

const UNDICI = `await import('undici')`

const startOf = async (program: string): Promise<Measured> => {
  // Fills the cache of the file system.
  for (const one of ['', UNDICI, program]) await cpuOf(one)
  return compare({ base: net(UNDICI), candidate: net(program), rounds: ROUNDS, unit: 'ms' })
}

/** Measures a program that imports a path of the package as an ES module. */
export const imported = (path: string): Promise<Measured> => startOf(`await import('${path}')`)

/** Measures a program that requires the package. */
export const required = (): Promise<Measured> =>
  startOf(`import { createRequire } from 'node:module'; createRequire('${process.cwd()}/x.js')('requests-ts')`)
