/** Formats figures as the rows of one table. */
import type { Figure } from './figures.js'
import type { Costs, Measured } from './measure.js'
import { type Estimate, verdict } from './statistics.js'

const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(2))

/** Formats an interval as `[0.91..1.02]`. */
export const interval = ({ low, high }: Estimate): string => (low === high ? '' : `[${digits(low)}..${digits(high)}]`)

/** Three digits are enough for people. */
const amount = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3))
const costsOf = ({ base, candidate, unit }: Costs): string => `${amount(candidate)} / ${amount(base)} ${unit}`

const row = (cells: readonly [string, string, string, string, string, string, string, string]): string => {
  const [name, title, value, between, limits, judged, control, costs] = cells
  const left = `${name.padEnd(16)}${title.padEnd(36)}${value.padStart(6)} ${between.padEnd(15)}`
  return `${left}${limits.padEnd(14)}${judged.padEnd(11)}${control.padEnd(18)}${costs}`.trimEnd()
}

export const HEADER = row(['name', 'figure', 'value', '95 %', 'goal barrier', 'verdict', 'control', 'costs'])

/** Formats a figure. The control is the base compared with itself, and how often rounds were added because of it. */
export const figureRow = (name: string, figure: Figure, { estimate, control, repeats, costs }: Measured): string => {
  const { title, unit, goal, barrier } = figure
  const repeated = repeats === 0 ? '' : ` repeated ${repeats}×`
  return row([
    name,
    title,
    digits(estimate.median),
    interval(estimate),
    `${digits(goal)} ${digits(barrier)}`,
    verdict(estimate, figure, control),
    control === undefined ? '' : digits(control.median) + repeated,
    costs === undefined ? unit : costsOf(costs),
  ])
}
