import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Setting from '../../laws/arbitrary/Settings.js'
import * as RuleSet from '../../laws/RuleSet.js'
import { monoid } from '../../laws/rules/monoids.js'
import { merging } from '../../laws/rules/session.js'
import * as RedirectPolicy from '../../src/session/RedirectPolicy.js'
import * as Settings from '../../src/session/Settings.js'
import * as Merge from '../../src/stages/Merge.js'
import * as Headers from '../../src/values/Headers.js'
import * as Override from '../../src/values/Override.js'
import * as Query from '../../src/values/Query.js'

const headers = fc
  .array(fc.tuple(Setting.headerName, Setting.headerValue), { maxLength: 3 })
  .map((fields) => Headers.fromPairs(fields))
const keyed = fc
  .array(fc.tuple(fc.constantFrom('a', 'b', '__proto__'), Setting.override), { maxLength: 3 })
  .map((entries): Override.Keyed<number> => new Map(entries))
const verdict = fc.constantFrom(
  RedirectPolicy.toFollow,
  RedirectPolicy.toStop,
  RedirectPolicy.toRefuse('a'),
  RedirectPolicy.toRefuse('b'),
)

describe('Override', () => RuleSet.toTests(it)(monoid(Override.getMonoid<number>(), Setting.override)))
describe('Override by key', () => RuleSet.toTests(it)(monoid(Override.getKeyedMonoid<number>(), keyed)))
describe('Layer', () => RuleSet.toTests(it)(monoid(Override.getLayerMonoid(Query.SourceSemigroup), Setting.queryLayer)))
describe('Headers', () => RuleSet.toTests(it)(monoid(Headers.Monoid, headers)))
describe('Settings', () => RuleSet.toTests(it)(monoid(Settings.Monoid, Setting.settings)))
describe('Verdict', () => RuleSet.toTests(it)(monoid(RedirectPolicy.VerdictMonoid, verdict)))
describe('merge', () => RuleSet.toTests(it)(merging(Merge.merge)))

describe('lawbreakers', () => {
  it('the first wins: no right identity that keeps the later', async () => {
    const broken = { ...Override.getMonoid<number>(), concat: <A>(x: A): A => x }
    expect([...(await RuleSet.refuted(monoid(broken, Setting.override))).keys()]).toEqual(['empty is a left identity'])
  })
  it('text and records merged by "the later wins, unless both are records" (merge_setting)', async () => {
    type Source = Override.Layer<Query.Source>
    const broken = {
      empty: Override.inherit,
      concat: (x: Source, y: Source): Source => {
        if (y._tag === 'Inherit') return x
        return x._tag === 'Inherit' ? y : Override.extend(Query.SourceSemigroup.concat(x.value, y.value))
      },
    }
    const found = await RuleSet.refuted(monoid(broken, Setting.queryLayer), { numRuns: 2000 })
    expect(found.has('concat is associative')).toBe(true)
  })
  it('a merge in which the session wins, as environment over session in requests (#3829)', async () => {
    const reversed: typeof Merge.merge = (session) => (request) => ({
      session,
      request,
      settings: Settings.Monoid.concat(request.settings, session.settings),
    })
    const found = await RuleSet.refuted(merging(reversed), { numRuns: 1000 })
    expect([...found.keys()]).toContain('what a request sets wins')
    expect([...found.keys()]).toContain('what a request unsets is gone')
  })
  it('a merge that looks up names with case (a record of headers)', async () => {
    const cased: typeof Merge.merge = (session) => (request) => {
      const merged = Merge.merge(session)(request)
      const [first] = session.settings.headers
      const doubled =
        first === undefined
          ? merged.settings.headers
          : new Map([...merged.settings.headers, [`${first[0]} `, first[1]]])
      return { ...merged, settings: { ...merged.settings, headers: doubled } }
    }
    expect((await RuleSet.refuted(merging(cased), { numRuns: 1000 })).size).toBeGreaterThan(0)
  })
  it('a policy monoid in which Stop beats Refuse', async () => {
    const broken = {
      empty: RedirectPolicy.toStop,
      concat: RedirectPolicy.VerdictMonoid.concat,
    }
    expect([...(await RuleSet.refuted(monoid(broken, verdict))).keys()]).toContain('empty is a left identity')
  })
})
