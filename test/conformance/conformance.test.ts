/**
 * Runs the vectors, and checks that the comparison rejects wrong outputs.
 *
 * | subject    | requirement                                                                    |
 * |------------|--------------------------------------------------------------------------------|
 * | each file  | no case fails, and each case is counted once                                   |
 * | all files  | at least 67 % of the cases pass or are excused                                 |
 * | a rule     | an output that differs in one leaf from the computed one is `failed`           |
 * | the runner | a missing file is `SKIPPED`; an invalid file or an unreadable case is `failed` |
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { FAMILIES } from './families/index.js'
import { isRecord, type Json } from './json.js'
import { hasFailed, isReport, line, runFile, runFolder, runText, shares, show, sizeOf, total } from './runner.js'
import { AnswerSpec } from './shapes.js'
import { compare } from './verdict.js'

const vectors = fileURLToPath(new URL('./vectors', import.meta.url))

describe('the vectors', () => {
  test.each(FAMILIES.map((runner) => [runner.name, runner] as const))('%s', async (name, runner) => {
    const run = await runFile(vectors, runner)
    if (!isReport(run)) throw new Error(`${name}.json is missing`)
    const { cases } = JSON.parse(readFileSync(join(vectors, `${name}.json`), 'utf8'))
    expect(run.failed.map(show)).toEqual([])
    expect(sizeOf(run)).toBe(cases.length)
  })

  test('at least two thirds of the cases pass or are excused', async () => {
    const runs = await runFolder(vectors)
    console.log([...runs.map(line), total(runs)].join('\n'))
    expect(shares(runs).passedOrExcused).toBeGreaterThanOrEqual(67)
  })
})

/** Returns every value that differs in one leaf, or has one additional member. */
const nearMisses = (json: Json): ReadonlyArray<Json> => {
  if (typeof json === 'string') return [`${json}x`]
  if (typeof json === 'number') return [json + 1]
  if (typeof json === 'boolean') return [!json]
  if (json === null) return ['null']
  if (Array.isArray(json)) {
    return [
      [...json, 'one more'],
      ...json.flatMap((item, i) => nearMisses(item).map((other) => json.map((kept, n) => (n === i ? other : kept)))),
    ]
  }
  return [
    { ...json, 'one more': true },
    ...Object.entries(json).flatMap(([key, value]) => nearMisses(value).map((other) => ({ ...json, [key]: other }))),
  ]
}

describe('the comparison', () => {
  const subject = { input: 'in', tags: [], meta: { now: 0, boundary: '', default_headers: [] } }
  const family = {
    name: 'toy',
    input: () => ({ _tag: 'Right', right: 'in' }) as const,
    output: (u: unknown) => ({ _tag: 'Right', right: u as Json }) as const, // accepts any JSON
    observe: async () => null,
    rules: [{ id: 'D0', when: () => true, expect: () => ({ a: [1, { b: 'two' }], c: null }) }],
    excuses: [],
  }

  test('accepts the output of a rule, and rejects every output that differs in one leaf', () => {
    const python: Json = { a: [] }
    const ours: Json = { a: [1, { b: 'two' }], c: null }
    expect(compare(family, subject, python, ours)).toEqual({ _tag: 'deviates', rules: ['D0'] })
    for (const other of nearMisses(ours)) expect(compare(family, subject, python, other)._tag).toBe('failed')
  })

  test.each(FAMILIES.map((runner) => [runner.name, runner] as const))(
    '%s: rejects most cases if the output of Python is changed',
    async (name, runner) => {
      const file: unknown = JSON.parse(readFileSync(join(vectors, `${name}.json`), 'utf8'))
      if (!isRecord(file) || !Array.isArray(file['cases'])) throw new Error(`${name}.json cannot be read`)
      const passed = await runText(runner, JSON.stringify(file))
      const spoilt = file['cases'].map((raw) => ({ ...raw, out: spoil(raw.out) }))
      const report = await runText(runner, JSON.stringify({ ...file, cases: spoilt }))
      // A few cases pass: those in which the changed output of Python happens to equal ours.
      expect(report.passed).toBeLessThan(passed.passed / 8)
      expect(report.failed.length).toBeGreaterThan(passed.passed / 2)
    },
  )
})

/** Changes every leaf of Python's output. */
const spoil = (json: unknown): unknown => {
  if (typeof json === 'string') return `AAAA${json}` // a prefix, because trailing characters of base64 may be ignored
  if (typeof json === 'number') return json + 1
  if (typeof json === 'boolean') return !json
  if (json === null) return 'null'
  if (Array.isArray(json)) return json.length === 0 ? [['all', 'http://spoilt:1']] : json.map(spoil)
  if (!isRecord(json)) return json
  // A plain Python exception would match any error of ours.
  const spoilt = Object.entries(json).map(([key, value]) => [key, key === 'requests_error' ? true : spoil(value)])
  return Object.fromEntries(spoilt)
}

describe('the runner', () => {
  const [runner] = FAMILIES
  const inFolder = async (files: Readonly<Record<string, string>>, use: (folder: string) => Promise<void>) => {
    const folder = mkdtempSync(join(tmpdir(), 'vectors-'))
    try {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
      await use(folder)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  test('prints SKIPPED for a missing file', async () => {
    await inFolder({}, async (folder) => {
      const runs = await runFolder(folder)
      expect(runs.map(line)).toEqual(FAMILIES.map(({ name }) => `SKIPPED ${name}`))
      expect(hasFailed(runs)).toBe(false)
    })
  })

  test.each([
    ['invalid JSON', '{'],
    ['no cases', '{"meta":{"now":0,"boundary":"","default_headers":[]}}'],
    [
      'a case of an unknown kind',
      '{"meta":{"now":0,"boundary":"","default_headers":[]},"cases":[{"id":"x","in":{"kind":"?"},"out":{}}]}',
    ],
    ['a case that is not an object', '{"meta":{"now":0,"boundary":"","default_headers":[]},"cases":[7]}'],
  ])('fails for %s', async (_, text) => {
    await inFolder({ 'merge.json': text }, async (folder) => {
      const runs = await runFolder(folder)
      expect(hasFailed(runs)).toBe(true)
      expect(runs.filter(isReport).map(({ failed }) => failed.length)).toEqual([1])
    })
  })

  test('reads a response without headers', () => {
    const read = AnswerSpec.decode({ status: 200 })
    expect(read).toEqual({ _tag: 'Right', right: { status: 200, headers: [] } })
    expect(AnswerSpec.decode({ headers: [] })._tag).toBe('Left')
  })

  test('does not follow the redirect of a digest step with allow_redirects false', async () => {
    const digest = FAMILIES.find(({ name }) => name === 'digest')
    if (digest === undefined) throw new Error('there is no digest family')
    const url = 'http://a.example/'
    const script = [{ status: 302, headers: [['Location', '/x']] }, { status: 200 }]
    const requests = [{ method: 'GET', url, authorization: null, body: null }]
    const text = JSON.stringify({
      meta: { now: 0, boundary: '', default_headers: [] },
      cases: [
        {
          id: 'digest:stop',
          in: { auth: ['u', 'p'], steps: [{ method: 'GET', url, allow_redirects: false, script }] },
          out: { steps: [{ status: 302, history: [], requests }] },
        },
      ],
    })
    expect(await runText(digest, text)).toMatchObject({ passed: 1, failed: [] })
  })

  test('runs merge first', () => {
    expect(runner?.name).toBe('merge')
  })
})
