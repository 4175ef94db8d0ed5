/** The laws of a log of exchanges, as a rule set for any implementation. */
import * as fc from 'fast-check'
import * as Laws from '../LogLaws.js'
import type { RuleSet } from '../RuleSet.js'
import { report } from './reportingProperty.js'

/** Similar ids: other case, and characters that a key of a database could give a meaning. */
const id = fc.constantFrom('a', 'A', 'a:0', 'a b', '{a}', 'ä', '../a', '%61', 'b')

/** Events are lines of JSON. */
const event = fc.oneof(fc.constantFrom('x', '{"a":"ä"}', "'", '$1', '{}'), fc.json())

const events = fc.array(event, { minLength: 1, maxLength: 3 })

const appended: fc.Arbitrary<ReadonlyArray<Laws.Appended>> = fc.array(fc.record({ id, events }), {
  minLength: 1,
  maxLength: 5,
})

/** Returns the laws of a log. `open` is called for each example, and returns an empty log: for a database, one with a new name. */
export const log = (open: Laws.OpenLog): RuleSet => ({
  'a new log is empty': fc.asyncProperty(appended, async (all) => report(await Laws.startsEmpty(open, all))),
  'what was appended is in every later read': fc.asyncProperty(appended, async (all) =>
    report(await Laws.keepsEvents(await open(), all)),
  ),
  'an append at another place is fenced': fc.asyncProperty(
    appended,
    fc.integer({ min: -3, max: 3 }),
    async (all, distance) => report(await Laws.fences(await open(), all, distance)),
  ),
  'of appends at one place one succeeds': fc.asyncProperty(
    fc.oneof(fc.constant([]), events),
    fc.array(events, { minLength: 2, maxLength: 5 }),
    async (before, rivals) => report(await Laws.fencesAtOnce(await open(), before, rivals)),
  ),
  'one exchange is removed': fc.asyncProperty(appended, id, async (all, unknown) =>
    report(await Laws.removes(await open(), all, unknown)),
  ),
  'an append that is sent again after another one is fenced': fc.asyncProperty(events, events, async (first, next) =>
    report(await Laws.fencesAgain(await open(), first, next)),
  ),
  'an append and a drop at the same time keep all events or none': fc.asyncProperty(
    events,
    events,
    async (before, next) => report(await Laws.dropsWhole(await open(), before, next)),
  ),
  'what is old is dropped': fc.asyncProperty(appended, async (all) => report(await Laws.drops(await open(), all))),
})
