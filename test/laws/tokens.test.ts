import { describe, it } from 'vitest'
import * as RuleSet from '../../laws/RuleSet.js'
import { signing, tokenPrograms, tokens } from '../../laws/rules/tokens.js'
import * as Exchange from '../../src/stages/Exchange.js'
import { inParallel, inspected, lawful } from './breakers/tokens.js'
import { runs } from './effort.js'

const many = RuleSet.toTests(it, { numRuns: runs(500) })
const few = RuleSet.toTests(it, { numRuns: runs(100) })

describe('tokens', () => many(tokens(Exchange.simulate, inspected)))
describe('signatures', () => many(signing(Exchange.simulate)))
describe('programs of one client', () => few(tokenPrograms(lawful)))
describe('programs in parallel', () => few(tokenPrograms({ ...lawful, sendAll: inParallel })))
