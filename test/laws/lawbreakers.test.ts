import { describe, expect, it, test } from 'vitest'
import * as RuleSet from '../../laws/RuleSet.js'
import { exchanges, https } from './breakers/exchanges.js'
import { integrations } from './breakers/integrations.js'
import { jars } from './breakers/jars.js'
import type { Case } from './breakers/Lawbreaker.js'
import { merges, monoids } from './breakers/monoids.js'
import { servings, transports } from './breakers/transports.js'

const cases: ReadonlyArray<Case> = [jars, exchanges, https, monoids, merges, transports, servings, integrations]

describe.each(cases)('$set', ({ lawful, breakers }) => {
  const told = breakers.flatMap(({ breaks, ...breaker }) => breaks.map((law) => ({ ...breaker, law })))

  test.each(told)('$mistake: refuted by "$law"', async ({ law, rules, runs = 5000 }) => {
    const { [law]: rule } = rules
    expect((await RuleSet.refuted(rule === undefined ? {} : { [law]: rule }, { numRuns: runs })).has(law)).toBe(true)
  })

  it('has a lawbreaker for every law', () => {
    const broken = new Set(breakers.flatMap(({ breaks }) => breaks))
    expect(Object.keys(lawful).filter((law) => !broken.has(law))).toEqual([])
  })
})
