/** The monoid laws, as a rule set over an instance. */
import * as fc from 'fast-check'
import type { Eq } from 'fp-ts/lib/Eq.js'
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import * as Laws from '../Monoid.js'
import type { RuleSet } from '../RuleSet.js'
import { Eq as Everything } from '../Unsealed.js'

/** The monoid laws of an instance. By default values are compared including their secrets. */
export const monoid = <A>(instance: Monoid<A>, values: fc.Arbitrary<A>, eq: Eq<A> = Everything): RuleSet => ({
  'concat is associative': fc.property(values, values, values, Laws.associative(instance, eq)),
  'empty is a left identity': fc.property(values, Laws.leftIdentity(instance, eq)),
  'empty is a right identity': fc.property(values, Laws.rightIdentity(instance, eq)),
})
