import { describe, expect, it } from 'vitest'
import { contextOf, requestOf } from '../../laws/arbitrary/TokenClient.js'
import { serve } from '../../laws/arbitrary/TokenServers.js'
import { NOW, simplest, type TokenWeb } from '../../laws/arbitrary/TokenWeb.js'
import * as RuleSet from '../../laws/RuleSet.js'
import { signing, tokenPrograms, tokens } from '../../laws/rules/tokens.js'
import { settle } from '../../laws/TaskOutcome.js'
import * as Client from '../../src/Client.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as Http from '../../src/Http.js'
import * as Environment from '../../src/session/Environment.js'
import * as Exchange from '../../src/stages/Exchange.js'
import { memory } from '../../src/transport/Memory.js'
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

it.each([1, 2, 3, 4, 5, 6, 7, 8, 9])(
  'no program waits without a limit if call %i of the clock throws',
  async (wrong) => {
    const web: TokenWeb = { ...simplest, endpoint: 3 }
    let calls = 0
    const now = (): Date => {
      calls += 1
      if (calls === wrong) throw new Error('no time')
      return NOW
    }
    const { session } = contextOf(web)
    const transport = memory(serve(web).server)
    const client = Client.open({
      session,
      transport,
      environment: Environment.empty,
      clock: now,
      random: () => 'seed',
    })()
    const attempted = [1, 2, 3].map(() => Http.attempt(requestOf(web))(Jar.empty)(client))
    const settled = await Promise.all(attempted.map((task) => settle(task, 1000)))
    expect(settled.map(({ _tag }) => _tag).filter((tag) => tag !== 'Rejected')).toEqual(['Settled', 'Settled'])
  },
)
