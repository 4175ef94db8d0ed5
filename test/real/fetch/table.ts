/** Writes the findings of all runtimes as a table of the guide, and reads a column of it. */
import { restrictions } from '../../../src/transport/fetch/Restrictions.js'
import { replaceAfter } from '../../writtenSection.js'
import { DIFFERENCES, type Findings } from './probes.js'

/** The columns, in order. */
export const RUNTIMES = ['Node', 'Chromium', 'Deno', 'Bun', 'workerd'] as const
export type Runtime = (typeof RUNTIMES)[number]

export interface Column {
  readonly runtime: Runtime
  readonly version: string
  readonly found: Findings
}

const line = (cells: ReadonlyArray<string>): string => `| ${cells.join(' | ')} |`

const rowsOf = (
  names: ReadonlyArray<readonly [name: string, title: string]>,
  columns: ReadonlyArray<Column>,
): ReadonlyArray<string> =>
  names.map(([name, title]) => line([title, ...columns.map(({ found }) => found[name] ?? '')]))

const tableOf = (
  heading: string,
  names: ReadonlyArray<readonly [name: string, title: string]>,
  columns: ReadonlyArray<Column>,
): ReadonlyArray<string> => [
  line([heading, ...columns.map(({ runtime }) => runtime)]),
  `|${'---|'.repeat(1 + columns.length)}`,
  ...rowsOf(names, columns),
]

/** The two tables: what is refused, and what is different. */
export const tables = (columns: ReadonlyArray<Column>): string =>
  [
    `Found by \`npm run test:fetch\` with ${columns.map(({ runtime, version }) => `${runtime} ${version}`).join(', ')}.`,
    'A cell names what is refused, if it is not all of the row.',
    '',
    ...tableOf(
      'what a plan may need',
      restrictions.map(({ name, title }) => [name, `${title} (\`${name}\`)`]),
      columns,
    ),
    '',
    ...tableOf(
      'what fetch does in its own way',
      Object.keys(DIFFERENCES).map((name) => [name, name]),
      columns,
    ),
  ].join('\n')

const START = '<!-- npm run test:fetch -- --write writes what follows -->\n'

/** Replaces the written part of a page. */
export const replace = (page: string, written: string): string => replaceAfter(START)(page, `\n${written}`)

/** Returns the column of a runtime in a page, by the titles of the rows. */
export const columnOf = (page: string, runtime: Runtime): Readonly<Record<string, string>> => {
  const [tablesOnly = ''] = (page.split(START)[1] ?? '').split(/^## /m)
  const at = RUNTIMES.indexOf(runtime) + 1
  return Object.fromEntries(
    Array.from(tablesOnly.matchAll(/^\| (?!what)(.*) \|$/gm), ([, row = '']) => {
      const cells = row.split(' | ')
      const title = /\(`([^`]+)`\)$/.exec(cells[0] ?? '')?.[1] ?? cells[0] ?? ''
      return [title, cells[at] ?? '']
    }),
  )
}
