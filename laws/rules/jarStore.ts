/** The laws of a jar store, as a rule set for any implementation. */
import * as fc from 'fast-check'
import { history } from '../arbitrary/Cookie.js'
import * as Laws from '../JarStoreLaws.js'
import type { RuleSet } from '../RuleSet.js'
import { report } from './reportingProperty.js'

/** The histories of jars: what comes before their fork, their own ways, and whether they have it in common. */
const ways = fc.array(history, { minLength: 1, maxLength: 4 })

const options: fc.Arbitrary<Laws.ForkOptions> = fc.record({ isShared: fc.boolean(), nameless: fc.boolean() })

const order = fc.array(fc.nat(3), { maxLength: 4 })

const turn: fc.Arbitrary<Laws.Turn> = fc.record({
  skew: fc.constantFrom(0, 1, -1, 60_000, -60_000, 3_600_000),
  isRemoval: fc.boolean(),
})

/**
 * Returns the laws of a store. `open` is called for each example, and returns an empty store: for a database, one with a new
 * name.
 */
export const jarStore = (open: Laws.OpenStore): RuleSet => ({
  'a new store is empty': fc.asyncProperty(history, async (past) =>
    report(await Laws.startsEmpty(open, Laws.forks([], [past], { isShared: false, nameless: false }))),
  ),
  'merges have the effect of a join, in any order': fc.asyncProperty(
    history,
    ways,
    options,
    order,
    async (past, all, how, turns) => report(await Laws.mergesAsJoin(await open(), Laws.forks(past, all, how), turns)),
  ),
  'merges at one time have the effect of a join': fc.asyncProperty(history, ways, options, async (past, all, how) =>
    report(await Laws.mergesAtOnce(await open(), Laws.forks(past, all, how))),
  ),
  'what was merged is in every later load': fc.asyncProperty(history, ways, options, async (past, all, how) =>
    report(await Laws.keepsMerged(await open(), Laws.forks(past, all, how))),
  ),
  'a later write survives a clock that is ahead': fc.asyncProperty(
    fc.array(turn, { minLength: 1, maxLength: 6 }),
    async (turns) => report(await Laws.survivesSkew(await open(), turns)),
  ),
})
