/**
 * Measures the start of a program: the CPU of a process that imports the library, in relation to one that imports undici.
 * Both without the CPU of an empty process.
 *
 * Each program is a process of its own, in turns, so that a change in the speed of the machine affects all. The control
 * imports undici again: its ratio shows the noise.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface StartRatio {
  readonly name: string
  /** Median of CPU, user and system, in milliseconds. */
  readonly cpu: number
  /** CPU without that of an empty process, in relation to undici. */
  readonly ratio: number
}

const DEFAULT_ROUNDS = 15

/** The key is the name in the table. */
const PROGRAMS = {
  empty: '',
  undici: `await import('undici')`,
  'undici (control)': `await import('undici')`,
  'requests-ts': `await import('requests-ts')`,
  'requests-ts/Plan': `await import('requests-ts/Plan')`,
  'requests-ts (CommonJS)': `import { createRequire } from 'node:module'; createRequire(import.meta.url)('requests-ts')`,
}

type Name = keyof typeof PROGRAMS

/** The working directory decides which packages `import()` finds. */
const root = fileURLToPath(new URL('../../..', import.meta.url))

const cpuOf = (program: string): number => {
  const code = `${program}\nconst { user, system } = process.cpuUsage(); console.log((user + system) / 1_000)`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: root,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return Number(stdout)
}

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((x, y) => x - y)[values.length >> 1] ?? Number.NaN

/** Returns the ratio of each program to undici: the median of the ratios of all rounds. */
export const measure = async (rounds = DEFAULT_ROUNDS): Promise<ReadonlyArray<StartRatio>> => {
  // Fills the cache of the file system.
  Object.values(PROGRAMS).forEach(cpuOf)
  const names = Object.keys(PROGRAMS) as ReadonlyArray<Name> // The keys of a constant.
  const runs = Array.from({ length: rounds }, () => new Map(names.map((name) => [name, cpuOf(PROGRAMS[name])])))
  const net = (run: ReadonlyMap<Name, number>, name: Name): number => (run.get(name) ?? 0) - (run.get('empty') ?? 0)
  return names.map((name) => ({
    name,
    cpu: median(runs.map((run) => run.get(name) ?? Number.NaN)),
    ratio: median(runs.map((run) => net(run, name) / net(run, 'undici'))),
  }))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { name, cpu, ratio } of await measure()) {
    console.log(`${name.padEnd(24)} ${cpu.toFixed(0).padStart(5)} ms  ${ratio.toFixed(2)}`)
  }
}
