import { describe, expect, it } from 'vitest'
import { opened } from '../../laws/Opened.js'
import * as RuleSet from '../../laws/RuleSet.js'
import { explaining } from '../../laws/rules/explain.js'
import * as Explain from '../../src/inspect/Explain.js'

describe('explain', () => RuleSet.toTests(it, { numRuns: 300 })(explaining(Explain.explain)))

describe('lawbreakers', () => {
  const refuted = async (broken: typeof Explain.explain) => [
    ...(await RuleSet.refuted(explaining(broken), { numRuns: 1000 })).keys(),
  ]

  it('one that leaves out the last cookie', async () => {
    const broken: typeof Explain.explain = (plan) => {
      const explained = Explain.explain(plan)
      const last = explained.entries.findLastIndex(({ part }) => part._tag === 'Cookie')
      return { ...explained, entries: explained.entries.filter((_, i) => i !== last) }
    }
    expect(await refuted(broken)).toContain('the entries rebuild the plan of every hop')
  })
  it('one that says everything is the session’s', async () => {
    const broken: typeof Explain.explain = (plan) => {
      const explained = Explain.explain(plan)
      return { ...explained, entries: explained.entries.map((entry) => ({ ...entry, layer: 'session' as const })) }
    }
    expect(await refuted(broken)).toEqual(['an entry names the layer that gave it'])
  })
  it('one that opens what it explains', async () => {
    const broken: typeof Explain.explain = (plan) => {
      const explained = Explain.explain(plan)
      return { ...explained, unasked: [{ input: 'all', why: JSON.stringify(opened(plan)) }] }
    }
    expect(await refuted(broken)).toEqual(['an explanation shows no secret'])
  })
})
