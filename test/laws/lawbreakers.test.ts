import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import * as Laws from '../../laws/index.js'
import * as RuleSet from '../../laws/RuleSet.js'
import { explain } from '../../src/inspect/Explain.js'
import { record } from '../../src/transport/Record.js'
import { replay } from '../../src/transport/Replay.js'
import { withRetry } from '../../src/transport/Retry.js'
import { addressPolicies } from './breakers/addressPolicies.js'
import { exchanges, https } from './breakers/exchanges.js'
import { integrations } from './breakers/integrations.js'
import { jarStores } from './breakers/jarStores.js'
import { jars } from './breakers/jars.js'
import type { Case } from './breakers/Lawbreaker.js'
import { logs } from './breakers/logs.js'
import { merges, monoids } from './breakers/monoids.js'
import { pageReaders } from './breakers/pages.js'
import { codecs, policies, schemes } from './breakers/parts.js'
import { templates } from './breakers/templates.js'
import { renewals, signatures, tokenHolders } from './breakers/tokens.js'
import { servings, transports } from './breakers/transports.js'

const cases: ReadonlyArray<Case> = [
  jars,
  jarStores,
  logs,
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
  templates,
  pageReaders,
  renewals,
  signatures,
  tokenHolders,
  addressPolicies,
]

/** A counterexample must have fewer characters, so that it is readable. */
const READABLE = 800

describe.each(cases)('$set', ({ lawful, breakers }) => {
  const refutations = breakers.flatMap(({ breaks, mistake, ...rest }) =>
    breaks.map((law) => [mistake, law, rest] as const),
  )

  test.each(refutations)(
    '%s: refuted by "%s"',
    async (_, law, { rules, runs = 5000 }) => {
      const { [law]: rule } = rules
      const sizes: number[] = []
      // Whether a counterexample shrinks to a short one depends on the seed.
      while (sizes.length < 4 && !sizes.some((size) => size < READABLE)) {
        const [verdict] = await RuleSet.check({ numRuns: runs })(rule === undefined ? {} : { [law]: rule })
        expect(verdict).toMatchObject({ law, holds: false })
        sizes.push(fc.stringify(verdict?.counterexample).length)
      }
      expect(Math.min(...sizes)).toBeLessThan(READABLE)
    },
    180_000,
  )

  it('has a lawbreaker for every law', () => {
    const broken = new Set(breakers.flatMap(({ breaks }) => breaks))
    expect(Object.keys(lawful).filter((law) => !broken.has(law))).toEqual([])
  })
})

/** Rule sets whose lawbreakers are in another test: the file that names the laws. */
const ELSEWHERE: Readonly<Record<string, readonly [file: string, lawful: RuleSet.RuleSet]>> = {
  retry: ['retry.test.ts', Laws.retry(withRetry)],
  tape: ['tape.test.ts', Laws.tape({ record: (sink) => record(sink), replay })],
  explaining: ['explain.test.ts', Laws.explaining(explain)],
}

describe('the published rule sets', () => {
  it('each have lawbreakers', () => {
    const known = [...cases.map(({ set }) => set), ...Object.keys(ELSEWHERE)]
    const published = Object.entries(Laws).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []))
    expect(published.sort()).toEqual(known.sort())
  })
  it.each(Object.entries(ELSEWHERE))('%s: the file with its lawbreakers names every law', (_, [file, lawful]) => {
    const text = readFileSync(new URL(file, import.meta.url), 'utf8')
    expect(Object.keys(lawful).filter((law) => !text.includes(law))).toEqual([])
  })
})
