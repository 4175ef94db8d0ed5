/**
 * Measures the library and compares each figure with its goal and its barrier: `npm run bench [-- NAME...]`. Prints one
 * table; the exit code is 1 if a figure is above its barrier.
 *
 * Each figure is measured in a process of its own, `main.js measure NAME`, so that no figure depends on the ones before.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { FIGURES, type Figure } from './figures.js'
import { verdict } from './statistics.js'
import { isInstalled } from './stores.js'
import * as Table from './table.js'

const Estimate = t.type({ median: t.number, low: t.number, high: t.number })
const Costs = t.type({ base: t.number, candidate: t.number, unit: t.string })
const Measured = t.intersection([
  t.type({ estimate: Estimate, repeats: t.number }),
  t.partial({ control: Estimate, costs: Costs }),
])
type Measured = t.TypeOf<typeof Measured>

const here = fileURLToPath(import.meta.url)

const measureInChild = (name: string, { flags = [] }: Figure): Measured => {
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  const args = ['--expose-gc', ...flags, here, 'measure', name]
  const output = execFileSync(process.execPath, args, { stdio: [...stdio], encoding: 'utf8' })
  const measured = Measured.decode(JSON.parse(output))
  if (E.isLeft(measured)) throw new Error(`The process that measures ${name} printed ${output}`)
  return measured.right
}

/** Measures and prints some figures, and returns the names of those that failed. */
const bench = (figures: ReadonlyArray<readonly [string, Figure]>): ReadonlyArray<string> => {
  console.log(Table.HEADER)
  return figures.flatMap(([name, figure]) => {
    if (figure.needs !== undefined && !isInstalled(figure.needs)) {
      console.log(
        `${name.padEnd(16)}SKIPPED: ${figure.needs} is not installed (npm run test:fleet installs it, on Debian as root)`,
      )
      return []
    }
    const measured = measureInChild(name, figure)
    console.log(Table.figureRow(name, figure, measured))
    return verdict(measured.estimate, figure, measured.control) === 'FAILED' ? [name] : []
  })
}

const all = Object.entries(FIGURES)
const names = new Set(all.map(([name]) => name))
const [, , ...args] = process.argv
if (args[0] === 'measure') {
  const [, measured = ''] = args
  console.log(JSON.stringify(await FIGURES[measured]?.measure()))
  process.exit(0)
}
const unknown = args.filter((name) => !names.has(name))
if (unknown.length > 0) {
  console.error(`Unknown figures: ${unknown.join(', ')}. Use some of:\n${[...names].join('\n')}`)
  process.exit(2)
}
const failed = bench(all.filter(([name]) => args.length === 0 || args.includes(name)))
console.log(failed.length === 0 ? '\nNo figure is above its barrier.' : `\nAbove the barrier: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
