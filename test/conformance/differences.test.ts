/**
 * Checks the table of differences in `README.md`: it has every number that is cited, in order, and no number twice.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const text = (path: string): string => readFileSync(join(root, path), 'utf8')

const sources = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') || path.endsWith('.md'))
    .map((path) => join(folder, path))

/** `D4`, but not `D0`, which the tests of the runner use, nor a percent-escape such as `%D1`. */
const cited = (source: string): ReadonlyArray<string> => source.match(/(?<![\w%\\])D[1-9]\d?\b/g) ?? []

const table = text('test/conformance/README.md')
const rows = [...table.matchAll(/^\| (D\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)].map(([, number = '']) => number)

const unknown = (paths: ReadonlyArray<string>): ReadonlyArray<string> =>
  paths.flatMap((path) =>
    cited(text(path))
      .filter((number) => !rows.includes(number))
      .map((number) => `${path}: ${number}`),
  )

describe('the table of differences', () => {
  it('numbers its rows from D1 without a gap or a repetition', () => {
    expect(rows).toEqual(rows.map((_, i) => `D${i + 1}`))
    expect(rows.length).toBeGreaterThanOrEqual(61)
  })
  it('has four cells in each row', () => {
    expect(table.match(/^\| D\d+ .*/gm)).toHaveLength(rows.length)
  })
  it.each(['src', 'laws', 'test'])('has every number that a file in %s cites', (folder) => {
    expect(unknown(sources(folder))).toEqual([])
  })
  it('has every number that the README and the vectors of this folder cite', () => {
    expect(unknown(['README.md', 'test/conformance/inputs.json', 'test/conformance/upstream.md'])).toEqual([])
  })
  it('finds the numbers in code, comments and titles', () => {
    expect(cited("{ id: 'D4', when } // see (D12), D61. '%D1' 'D0' '\\uD83D' D800")).toEqual(['D4', 'D12', 'D61'])
    expect(new Set(sources('test/conformance/rules').flatMap((path) => cited(text(path)))).size).toBeGreaterThan(30)
    expect(sources('src').flatMap((path) => cited(text(path))).length).toBeGreaterThan(5)
  })
})
