/**
 * Checks `upstream.md`, the table of requests' own tests: each row cites one of our tests by its id, or gives a reason.
 *
 * | an id …           | must …                                                                          |
 * |-------------------|---------------------------------------------------------------------------------|
 * | in a test file    | begin a title, or be a comment on the line above a test: `// [requests:auth-1]` |
 * | in all test files | occur once                                                                      |
 * | in a row          | occur in a test file                                                            |
 * | in a test file    | be cited by a row                                                               |
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const tests = fileURLToPath(new URL('..', import.meta.url))

interface Row {
  readonly file: string
  readonly upstream: string
  readonly ours: string
}

/** The rows of a table with three columns, without its head. */
const rowsOf = (markdown: string): ReadonlyArray<Row> =>
  markdown.split('\n').flatMap((line) => {
    const [, file, upstream, ours] = /^\| `([^`]+)` \| `([^`]+)` \| (.*) \|$/.exec(line) ?? []
    return file === undefined || upstream === undefined || ours === undefined ? [] : [{ file, upstream, ours }]
  })

const matches = (text: string, pattern: RegExp): ReadonlyArray<string> =>
  [...text.matchAll(pattern)].map(([, id = '']) => id)

const ID = /\[(requests:[^\]\s]*)\]/g
/** An id at the beginning of a title, or in a comment on the line above a test. */
const ATTACHED = /(?:(?<=['"`])|(?<=^ *\/\/ )(?=\S+\n *(?:it|test)\b))\[(requests:[a-z]+-\d+)\]/gm

/** Returns what is wrong between the rows and the sources of the tests. */
const problemsOf = (rows: ReadonlyArray<Row>, sources: ReadonlyArray<string>): ReadonlyArray<string> => {
  const ids = sources.flatMap((source) => matches(source, ATTACHED))
  const loose = sources.flatMap((source) => matches(source.replace(ATTACHED, ''), ID))
  const cited = new Set<string>()
  const inRows = rows.flatMap(({ upstream, ours }) => {
    const [, reason] = /^not applicable: (.*)$/.exec(ours) ?? []
    if (reason !== undefined) return reason.length < 20 ? [`${upstream}: the reason is missing`] : []
    const [, id] = /^`(requests:[a-z]+-\d+)`$/.exec(ours) ?? []
    if (id === undefined) return [`${upstream}: there is neither an id nor a reason`]
    cited.add(id)
    return ids.includes(id) ? [] : [`${upstream}: no test has the id ${id}`]
  })
  return [
    ...inRows,
    ...loose.map((id) => `${id} is neither at the beginning of a title nor in a comment above a test`),
    ...new Set(ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `${id} belongs to several tests`)),
    ...ids.filter((id) => !cited.has(id)).map((id) => `${id} is in no row`),
  ]
}

const markdown = readFileSync(join(tests, 'conformance/upstream.md'), 'utf8')
const rows = rowsOf(markdown)

describe("the table of requests' own tests", () => {
  it('cites each of our ids, and each id belongs to one test', () => {
    const sources = readdirSync(tests, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.test.ts') && path !== join('conformance', 'upstream.test.ts'))
      .map((path) => readFileSync(join(tests, path), 'utf8'))
    expect(problemsOf(rows, sources)).toEqual([])
  })
  it('has a well-formed line for each test, and no test twice', () => {
    const lines = markdown.split('\n').filter((line) => line.startsWith('|')).length
    expect(rows).toHaveLength(lines - 2)
    expect(new Set(rows.map(({ file, upstream }) => `${file} ${upstream}`)).size).toBe(rows.length)
    expect(rows.length).toBeGreaterThan(300)
  })
  it('prints how many tests are covered', () => {
    const without = rows.filter(({ ours }) => ours.startsWith('not applicable'))
    const files = [...new Set(rows.map(({ file }) => file))]
    const count = (file: string, among: ReadonlyArray<Row>) => among.filter((row) => row.file === file).length
    const lines = files.map((file) => `${file}: ${count(file, rows)} tests, ${count(file, without)} not applicable`)
    const total = `all: ${rows.length} tests, ${rows.length - without.length} covered, ${without.length} not applicable`
    console.log([...lines, total].join('\n'))
    expect(without.length).toBeLessThan(rows.length / 4)
  })
})

describe('the check of the table', () => {
  const row = (ours: string): Row => ({ file: 'test_x.py', upstream: 'test_x', ours })
  const one = '`requests:x-1`'

  it.each([
    ['a title', "it('[requests:x-1] does', () => {})"],
    ['the title of a table', "it.each([\n  1,\n])('[requests:x-1] does %i', () => {})"],
    ['a comment above a test', "  // [requests:x-1]\n  test('does', () => {})"],
  ])('accepts an id in %s', (_, source) => expect(problemsOf([row(one)], [source])).toEqual([]))
  it.each([
    ['no test', [one], []],
    ['another id', [one], ["it('[requests:x-11] does', () => {})"]],
    ['two tests', [one], ["it('[requests:x-1] does')", "it('[requests:x-1] also does')"]],
    ['two tests of one file', [one], ["it('[requests:x-1] does')\n// [requests:x-1]\nit('also does')"]],
    ['the end of a title', [one], ["it('does [requests:x-1]')"]],
    ['a comment above something else', [one], ['// [requests:x-1]\nconst x = 1']],
    ['a test that no row cites', [one], ["it('[requests:x-1] does')", "it('[requests:x-2] does')"]],
    ['a malformed id', [one], ["it('[requests:x-1] does')", "it('[requests:x] does')"]],
    ['a reason that is too short', ['not applicable: no'], []],
    ['text without an id', ['does'], []],
    ['an empty cell', [''], []],
  ])('rejects %s', (_, ours, sources) => expect(problemsOf(ours.map(row), sources)).not.toEqual([]))
})
