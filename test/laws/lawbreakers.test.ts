import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import * as RuleSet from '../../laws/RuleSet.js'
import { exchanges, https } from './breakers/exchanges.js'
import { integrations } from './breakers/integrations.js'
import { jars } from './breakers/jars.js'
import type { Case } from './breakers/Lawbreaker.js'
import { merges, monoids } from './breakers/monoids.js'
import { codecs, policies, schemes } from './breakers/parts.js'
import { servings, transports } from './breakers/transports.js'

const cases: ReadonlyArray<Case> = [
  jars,
  exchanges,
  https,
  monoids,
  merges,
  transports,
  servings,
  integrations,
  schemes,
  policies,
  codecs,
]

/** Characters: a counterexample is to be read by a person. */
const READABLE = 800

describe.each(cases)('$set', ({ lawful, breakers }) => {
  const told = breakers.flatMap(({ breaks, mistake, ...rest }) => breaks.map((law) => [mistake, law, rest] as const))

  test.each(told)('%s: refuted by "%s"', async (_, law, { rules, runs = 5000 }) => {
    const { [law]: rule } = rules
    const [verdict] = await RuleSet.check({ numRuns: runs })(rule === undefined ? {} : { [law]: rule })
    expect(verdict).toMatchObject({ law, holds: false })
    expect(fc.stringify(verdict?.counterexample).length).toBeLessThan(READABLE)
  })

  it('has a lawbreaker for every law', () => {
    const broken = new Set(breakers.flatMap(({ breaks }) => breaks))
    expect(Object.keys(lawful).filter((law) => !broken.has(law))).toEqual([])
  })
})
