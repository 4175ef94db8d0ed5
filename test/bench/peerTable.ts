/** Writes the comparison with other clients as Markdown, and replaces it in a page. */
import { replaceAfter } from '../writtenSection.js'
import type { Measured } from './measure.js'
import { interval } from './table.js'

/** A client with its figures, one for each concurrency. */
export interface Row {
  readonly title: string
  readonly version: string
  readonly figures: ReadonlyArray<Measured>
}

export interface Setting {
  readonly concurrencies: ReadonlyArray<number>
  readonly machine: string
  readonly node: string
  readonly date: string
}

const line = (cells: ReadonlyArray<string>): string => `| ${cells.join(' | ')} |`
const rule = (columns: number): string => `|${'---|'.repeat(columns)}`

const heading = (concurrency: number): string => (concurrency === 1 ? '1 at a time' : `${concurrency} at once`)

const times = (measured: Measured | undefined): string => measured?.estimate.median.toFixed(1) ?? ''

const named = ({ title, version }: Row): string => `${title} ${version}`.trim()

const setup = ({ machine, node, date }: Setting): string => `Node ${node}, ${machine}, ${date}`

/** One column for each client: what a newcomer wants to know. */
export const summary = (rows: ReadonlyArray<Row>, setting: Setting): string =>
  [
    `A GET with a small JSON body ([details](test/bench/README.md); ${setup(setting)}):`,
    '',
    line(['CPU, requests-ts = 1', ...rows.map(named)]),
    rule(1 + rows.length),
    ...setting.concurrencies.map((concurrency, i) =>
      line([heading(concurrency), ...rows.map(({ figures }) => times(figures[i]))]),
    ),
  ].join('\n')

/** The figure, its interval, both costs and the control. */
const details = ({ estimate, control, costs, repeats }: Measured): ReadonlyArray<string> => [
  `${estimate.median.toFixed(2)} ${interval(estimate)}`,
  costs === undefined ? '' : `${costs.candidate.toFixed(0)} / ${costs.base.toFixed(0)} µs`,
  control === undefined ? '' : `${control.median.toFixed(2)}${repeats === 0 ? '' : ` (repeated ${repeats}×)`}`,
]

/** One row for each client, with intervals and controls. */
export const complete = (rows: ReadonlyArray<Row>, setting: Setting): string =>
  [
    `${setup(setting)}:`,
    '',
    line(['client', ...setting.concurrencies.flatMap((concurrency) => [heading(concurrency), 'costs', 'control'])]),
    rule(1 + 3 * setting.concurrencies.length),
    ...rows.map((row) => line([named(row), ...row.figures.flatMap(details)])),
  ].join('\n')

const START = '<!-- npm run bench:peers writes what follows -->\n'

/** Replaces the written part of a page. */
export const replace = replaceAfter(START)
