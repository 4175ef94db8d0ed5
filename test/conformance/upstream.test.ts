/**
 * The table of requests' own tests holds: each test of ours that it cites is there, under the title that it cites.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Row {
  readonly file: string
  readonly upstream: string
  readonly ours: string
}

/** The rows of a table of three columns, without its head. */
const rowsOf = (markdown: string): ReadonlyArray<Row> =>
  markdown.split('\n').flatMap((line) => {
    const [, file, upstream, ours] = /^\| `([^`]+)` \| `([^`]+)` \| (.*) \|$/.exec(line) ?? []
    return file === undefined || upstream === undefined || ours === undefined ? [] : [{ file, upstream, ours }]
  })

/** What is wrong with a row, if anything is. */
const problemOf = ({ upstream, ours }: Row, read: (path: string) => string | undefined): string | undefined => {
  const reason = /^not applicable: (.*)$/.exec(ours)?.[1]
  if (reason !== undefined) return reason.length < 20 ? `${upstream}: no reason` : undefined
  const [, path, title] = /^`([^`]+)`: (.+)$/.exec(ours) ?? []
  if (path === undefined || title === undefined) return `${upstream}: neither a test nor a reason`
  const text = read(path)
  if (text === undefined) return `${upstream}: ${path} is not there`
  const spellings = [`'${title}'`, `'${title.replaceAll("'", "\\'")}'`, `"${title}"`]
  return spellings.some((spelling) => text.includes(spelling)) ? undefined : `${upstream}: ${path} has no '${title}'`
}

const texts = new Map<string, string | undefined>()
const readOnce = (path: string): string | undefined => {
  if (!texts.has(path)) {
    const full = join(root, path)
    texts.set(path, existsSync(full) ? readFileSync(full, 'utf8') : undefined)
  }
  return texts.get(path)
}

describe("the table of requests' own tests", () => {
  const markdown = readFileSync(join(root, 'test/conformance/upstream.md'), 'utf8')
  const rows = rowsOf(markdown)

  it('has a test of ours or a reason in each row, and says how many of each', () => {
    expect(rows.flatMap((row) => problemOf(row, readOnce) ?? [])).toEqual([])
    const without = rows.filter(({ ours }) => ours.startsWith('not applicable'))
    const files = [...new Set(rows.map(({ file }) => file))]
    const count = (file: string, among: ReadonlyArray<Row>) => among.filter((row) => row.file === file).length
    const lines = files.map((file) => `${file}: ${count(file, rows)} tests, ${count(file, without)} not applicable`)
    const total = `all: ${rows.length} tests, ${rows.length - without.length} covered, ${without.length} not applicable`
    console.log([...lines, total].join('\n'))
  })
  it('has every line in its form, and none twice', () => {
    const lines = markdown.split('\n').filter((line) => line.startsWith('|')).length
    expect(rows).toHaveLength(lines - 2)
    expect(new Set(rows.map(({ file, upstream }) => `${file} ${upstream}`)).size).toBe(rows.length)
    expect(rows.length).toBeGreaterThan(300)
  })
  it('is judged by what stands in the files', () => {
    const row = (ours: string): Row => ({ file: 'test_x.py', upstream: 'test_x', ours })
    const judged = (ours: string) => problemOf(row(ours), (path) => (path === 'a.ts' ? "it('does')" : undefined))
    expect(judged('`a.ts`: does')).toBeUndefined()
    for (const ours of ['`a.ts`: doe', '`b.ts`: does', 'not applicable: no', 'does', ''])
      expect(judged(ours)).toBeDefined()
  })
})
