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
import * as Table from './table.js'

const Estimate = t.type({ median: t.number, low: t.number, high: t.number })
const Measured = t.intersection([
  t.type({ estimate: Estimate, repeats: t.number }),
  t.partial({ control: Estimate, costs: t.string }),
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

/** Measures and prints some figures, and tells whether one of them failed. */
const bench = (names: ReadonlyArray<string>): boolean => {
  console.log(Table.HEADER)
  const verdicts = names.map((name) => {
    const figure = FIGURES[name]
    if (figure === undefined) throw new Error(`Unknown figure ${name}: use some of ${Object.keys(FIGURES).join(', ')}`)
    const measured = measureInChild(name, figure)
    console.log(Table.figureRow(name, figure, measured))
    return verdict(measured.estimate, figure, measured.control)
  })
  return verdicts.includes('FAILED')
}

const [, , ...args] = process.argv
const [program, measured = ''] = args
if (program === 'measure') {
  console.log(JSON.stringify(await FIGURES[measured]?.measure()))
  process.exit(0)
}
const unknown = args.filter((name) => FIGURES[name] === undefined)
if (unknown.length > 0) {
  console.error(`Unknown figures: ${unknown.join(', ')}. Use some of:\n${Object.keys(FIGURES).join('\n')}`)
  process.exit(2)
}
process.exitCode = bench(args.length > 0 ? args : Object.keys(FIGURES)) ? 1 : 0
