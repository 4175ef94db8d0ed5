import fc from 'fast-check'
import { describe, it } from 'vitest'
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
