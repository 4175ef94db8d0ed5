import { describe, expect, it } from 'vitest'
import * as RuleSet from '../../laws/RuleSet.js'
import { signing, tokenPrograms, tokens } from '../../laws/rules/tokens.js'
import * as Exchange from '../../src/stages/Exchange.js'
import { inParallel, inspected, lawful, machineOf } from './breakers/tokens.js'
import { runs } from './effort.js'

const many = RuleSet.toTests(it, { numRuns: runs(500) })
const few = RuleSet.toTests(it, { numRuns: runs(100) })

describe('tokens', () => many(tokens(Exchange.simulate, inspected)))
describe('signatures', () => many(signing(Exchange.simulate)))
describe('programs of one client', () => few(tokenPrograms(lawful)))
describe('programs in parallel', () => {
  const sharing = Object.entries(tokenPrograms({ ...lawful, sendAll: inParallel })).slice(-3)
  few(Object.fromEntries(sharing))
})

it('the machine of the lawbreakers makes no mistake of its own', async () => {
  const machine = machineOf({})
  const found = await RuleSet.refutations({ numRuns: runs(300) })({ ...tokens(machine), ...signing(machine) })
  expect(found).toEqual(new Map())
})
