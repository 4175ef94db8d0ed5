import { describe, expect, it } from 'vitest'
import * as RuleSet from '../../laws/RuleSet.js'
import { explaining } from '../../laws/rules/explain.js'
import { opened } from '../../laws/Unsealed.js'
import * as Explain from '../../src/inspect/Explain.js'
import type { PlanField } from '../../src/inspect/explain/PlanField.js'

describe('explain', () => RuleSet.toTests(it, { numRuns: 300 })(explaining(Explain.explain)))

describe('lawbreakers', () => {
  const refuted = async (broken: typeof Explain.explain) => [
    ...(await RuleSet.refuted(explaining(broken), { numRuns: 1000 })).keys(),
  ]

  it('one that omits the last cookie', async () => {
    const broken: typeof Explain.explain = (plan) => {
      const explained = Explain.explain(plan)
      const last = explained.entries.findLastIndex(({ part }) => part._tag === 'Cookie')
      return { ...explained, entries: explained.entries.filter((_, i) => i !== last) }
    }
    expect(await refuted(broken)).toContain('the entries rebuild the plan of every hop')
  })
  it('one that attributes everything to the session', async () => {
    const broken: typeof Explain.explain = (plan) => {
      const explained = Explain.explain(plan)
      return { ...explained, entries: explained.entries.map((entry) => ({ ...entry, layer: 'session' as const })) }
    }
    expect(await refuted(broken)).toEqual(['an entry names the layer that gave it'])
  })
  it('one that shows secrets', async () => {
    const broken: typeof Explain.explain = (plan) => {
      const explained = Explain.explain(plan)
      return { ...explained, unasked: [{ input: 'all', why: JSON.stringify(opened(plan)) }] }
    }
    expect(await refuted(broken)).toEqual(['an explanation shows no secret'])
  })
})

describe('lawbreakers that name a wrong layer', () => {
  const LAW = 'an entry names the layer that gave it'
  /** The layers that each kind of part can come from in a first plan. The type requires every kind. */
  const LAYERS: Readonly<Record<PlanField['_tag'], ReadonlyArray<Explain.Layer>>> = {
    // `prepare` in a first plan is a signer, which writes only header fields and the query.
    Method: ['request'],
    Place: ['request'],
    Query: ['request', 'session', 'prepare'],
    Fragment: ['request'],
    Header: ['request', 'session', 'defaults', 'environment', 'prepare'],
    Cookie: ['request', 'session', 'jar', 'prepare'],
    Body: ['request', 'defaults'],
    Proxy: ['request', 'session', 'environment', 'defaults'],
    Verify: ['request', 'session', 'defaults'],
    Ca: ['request', 'session', 'environment', 'defaults'],
    Certificate: ['request', 'session', 'defaults'],
    Timeout: ['request', 'session', 'defaults'],
    Limit: ['request', 'session', 'defaults'],
    Cause: ['prepare'],
  }

  const refutes = async (isWrong: (entry: Explain.Entry) => boolean): Promise<boolean> => {
    const broken: typeof Explain.explain = (plan) => {
      const explained = Explain.explain(plan)
      const other = (layer: Explain.Layer): Explain.Layer => (layer === 'request' ? 'session' : 'request')
      const entries = explained.entries.map((one) => (isWrong(one) ? { ...one, layer: other(one.layer) } : one))
      return { ...explained, entries }
    }
    const { [LAW]: rule } = explaining(broken)
    if (rule === undefined) expect.fail('no such law')
    const [verdict] = await RuleSet.check({ numRuns: 3000, endOnFailure: true })({ [LAW]: rule })
    return verdict?.holds === false
  }

  const kinds = Object.entries(LAYERS).flatMap(([tag, layers]) => layers.map((layer) => [tag, layer] as const))
  it.each(kinds)(
    '%s from %s',
    async (tag, layer) => {
      expect(await refutes((entry) => entry.part._tag === tag && entry.layer === layer)).toBe(true)
    },
    60_000,
  )
  it('Authorization from netrc', async () => {
    expect(
      await refutes(
        ({ part, layer }) => part._tag === 'Header' && part.name === 'Authorization' && layer === 'environment',
      ),
    ).toBe(true)
  }, 60_000)
})
