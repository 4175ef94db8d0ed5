import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import * as RuleSet from '../../laws/RuleSet.js'

const rules = {
  'addition is commutative': fc.property(fc.integer(), fc.integer(), (x, y) => x + y === y + x),
  'no number is above 100': fc.property(fc.nat(), (n) => n <= 100),
  'nothing is refused': fc.asyncProperty(fc.string(), async (text) => {
    if (text.length > 3) throw new Error(`refused: ${text.length} characters`)
  }),
}

describe('a rule set runs in vitest', () =>
  RuleSet.suite({ describe, test })('addition', { 'addition is commutative': rules['addition is commutative'] }))

describe('verdicts', () => {
  it('contain the law, the counterexample, its reason and the seed', async () => {
    const [first, second, third] = await RuleSet.check({ seed: 42 })(rules)
    expect(first).toMatchObject({ law: 'addition is commutative', holds: true, report: '', seed: 42, runs: 100 })
    expect(second).toMatchObject({ holds: false, counterexample: [101], seed: 42 })
    expect(second?.report).toContain('The law "no number is above 100" does not hold.')
    expect(second?.report).toMatch(/does not hold\.\nCounterexample \(run \d+, shrunk \d+ times\):\n {2}\[101\]\n/)
    expect(second?.report).toContain(`{ seed: 42, path: "${second?.path}", endOnFailure: true }`)
    expect(third?.report).toContain('refused: 4 characters')
  })
  it('are reproduced by seed and path', async () => {
    const [first] = await RuleSet.check()({ high: rules['no number is above 100'] })
    const [again] = await RuleSet.check({ seed: first?.seed ?? 0, path: first?.path ?? '', endOnFailure: true })({
      high: rules['no number is above 100'],
    })
    expect(again).toMatchObject({ counterexample: first?.counterexample, runs: 1 })
  })
  it('report a law that was never tested as not holding', async () => {
    const untried = { never: fc.property(fc.nat(), () => fc.pre(false)) }
    expect((await RuleSet.check()(untried))[0]).toMatchObject({ holds: false })
    expect((await RuleSet.check()(untried))[0]?.report).toContain('The law "never" was not tested')
  })
})

/** A test framework that records its calls, with the types of jest and node:test. */
const recorder = () => {
  const seen: Array<readonly [title: string, law: string, run: () => Promise<void>, limit: number | undefined]> = []
  let title = ''
  return {
    seen,
    describe: (name: string, body: () => void): void => {
      title = name
      body()
    },
    test: (name: string, run: () => Promise<void>, limit?: number): void => {
      seen.push([title, name, run, limit])
    },
  }
}

describe('any framework', () => {
  it('gets every law with its title and time limit, and the error of a law that fails', async () => {
    const framework = recorder()
    RuleSet.suite(framework, { limit: 1234 })('numbers', rules)
    expect(framework.seen.map(([title, law, , limit]) => [title, law, limit])).toEqual(
      Object.keys(rules).map((law) => ['numbers', law, 1234]),
    )
    await expect(framework.seen[0]?.[2]()).resolves.toBeUndefined()
    await expect(framework.seen[1]?.[2]()).rejects.toThrow('The law "no number is above 100" does not hold.')
  })

  const run = (name: string, code: string): string => {
    const folder = join(fileURLToPath(new URL('../..', import.meta.url)), '.cache', 'runners')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, name), code)
    // node:test inside another node:test prints nothing.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    return spawnSync(process.execPath, ['--test', '--test-reporter=tap', join(folder, name)], { encoding: 'utf8', env })
      .stdout
  }

  it('node:test runs one against the built package, as ESM', () => {
    const output = run(
      'laws.test.mjs',
      `import { describe, test } from 'node:test'
       import { Jar } from 'requests-ts'
       import { RuleSet, jar } from 'requests-ts/laws'
       RuleSet.suite({ describe, test }, { numRuns: 20 })('the jar', jar(Jar))
       RuleSet.suite({ describe, test })('a jar whose join forgets', jar({ ...Jar, join: (x) => x }))`,
    )
    expect(output).toMatch(/^ {4}ok \d+ - join is commutative$/m)
    expect(output).toMatch(/^ {4}not ok \d+ - join is commutative$/m)
    expect(output).toContain('The law "join is commutative" does not hold.')
    expect(output).toMatch(/Reproduce it with \{ seed: -?\d+/)
  })

  it('node:test runs one as CommonJS', () => {
    const output = run(
      'laws.test.cjs',
      `const { describe, test } = require('node:test')
       const { Merge } = require('requests-ts')
       const { RuleSet, merging } = require('requests-ts/laws')
       RuleSet.suite({ describe, test })('merging', merging(Merge.merge))`,
    )
    expect(output).toMatch(/^# fail 0$/m)
    expect(output).toMatch(/ok \d+ - merge is a monoid action/)
  })
})
