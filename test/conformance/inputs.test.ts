/**
 * Inputs that FORMAT.md allows and that the files in `vectors` do not contain. `inputs.json` has the output of requests
 * 2.34.2 for each. A case fails if the runner cannot read it, or if neither the library nor a rule gives this output.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { FAMILIES } from './families/index.js'
import { runText } from './runner.js'

interface Case {
  readonly title: string
  readonly family: string
  readonly in: unknown
  readonly out: unknown
}

const META = { now: 1767225600, boundary: '0123456789abcdef0123456789abcdef', default_headers: [] }

const run = (family: string, input: unknown, out: unknown) => {
  const runner = FAMILIES.find(({ name }) => name === family)
  if (runner === undefined) throw new Error(`Unknown family ${family}`)
  return runText(runner, JSON.stringify({ meta: META, cases: [{ id: 'case', in: input, out }] }))
}

// The cast: the file is written by hand for this test.
const CASES: ReadonlyArray<Case> = JSON.parse(readFileSync(new URL('./inputs.json', import.meta.url), 'utf8'))

describe('the runner', () => {
  test.each(CASES.map((one) => [one.title, one] as const))('%s', async (_, { family, in: input, out }) => {
    expect((await run(family, input, out)).failed).toEqual([])
  })
})

describe('D61', () => {
  const url = 'http://u:p@a.example/'
  const outOf = (authorization: string) => ({ auth: ['n', 'q'], raise_errors: null, authorization })

  test('does not apply to a file that Python reads as we do', async () => {
    const wrong = { auth: ['x', 'y'], raise_errors: null, authorization: 'Basic eDp5' }
    const plain = 'machine a.example login n password q\n'
    expect((await run('netrc', { netrc: plain, url: 'http://a.example/' }, wrong)).failed).toHaveLength(1)
  })
  test('leaves credentials in the URL to D2', async () => {
    const plain = 'machine a.example login n password q\n'
    const report = await run('netrc', { netrc: plain, url }, outOf('Basic bjpx'))
    expect([...report.byRule.keys()]).toEqual(['D2'])
  })
  test.each([
    ['a byte order mark', '\uFEFFmachine a.example login n password q'],
    ['a word that Python does not know', 'machine a.example login n password q\nbogus'],
    ['an entry that comes twice', 'machine a.example login n password q machine a.example login x password y'],
    ['several defaults', 'default login n password q\ndefault login x password y'],
    ['a host in another spelling', 'machine A.example login n password q'],
    ['machine default', 'machine default login n password q'],
  ])('applies to %s', async (_, netrc) => {
    const python = { auth: null, raise_errors: 'NetrcParseError', authorization: null }
    const report = await run('netrc', { netrc, url: 'http://a.example/' }, python)
    expect(report.failed).toEqual([])
    expect(report.deviates + report.passed).toBe(1)
  })
})
