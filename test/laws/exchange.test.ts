import { describe, it } from 'vitest'
import * as RuleSet from '../../laws/RuleSet.js'
import { exchange } from '../../laws/rules/exchange.js'
import { http } from '../../laws/rules/http.js'
import * as Http from '../../src/Http.js'
import * as Exchange from '../../src/stages/Exchange.js'
import { runs } from './effort.js'

describe('Exchange', () => RuleSet.toTests(it, { numRuns: runs(500) })(exchange(Exchange.simulate)))
describe('Http', () => RuleSet.toTests(it, { numRuns: runs(200) })(http(Http)))
