import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import * as RuleSet from '../../laws/RuleSet.js'
import { tape } from '../../laws/rules/tape.js'
import type { Operations } from '../../laws/Tape.js'
import { record } from '../../src/transport/Record.js'
import { replay } from '../../src/transport/Replay.js'
import * as Tape from '../../src/transport/Tape.js'
import * as Headers from '../../src/values/Headers.js'
import { reply } from '../../src/wire/Reply.js'
import type { Transport } from '../../src/wire/Transport.js'

const ours: Operations = { record: (sink) => record(sink), replay }

describe('Tape', () => RuleSet.toTests(it, { numRuns: 500 })(tape(ours)))

// --- lawbreakers -----------------------------------------------------------------------------------------------------

const refutedBy = async (broken: Partial<Operations>): Promise<ReadonlyArray<string>> => [
  ...(await RuleSet.refuted(tape({ ...ours, ...broken }), { numRuns: 300, endOnFailure: true })).keys(),
]

/** Our recording, each entry changed on its way to the sink by what its plan was. */
const changing =
  (change: (entry: Tape.Entry, revealed: Tape.Pairs) => Tape.Entry): Operations['record'] =>
  (sink) =>
  (inner) =>
  (plan, limits) =>
    record((entry) => sink(change(entry, Headers.reveal(plan.headers))))(inner)(plan, limits)

describe('lawbreakers', () => {
  it('headers kept as they were sent (vcrpy, unless told what to filter)', async () => {
    const open = changing((entry, headers) => ({ ...entry, asked: { ...entry.asked, headers } }))
    expect(await refutedBy({ record: open })).toContain('a tape holds no secret')
  })
  it('secrets hidden in the file and looked for in the plan (pollyjs #251, betamax #173)', async () => {
    const literal: Operations['replay'] = (tape) => {
      const inner = replay(tape)
      return (plan, limits) => {
        const isKnown = tape.entries.some(
          ({ asked }) => JSON.stringify(asked.headers) === JSON.stringify(Headers.reveal(plan.headers)),
        )
        return isKnown ? inner(plan, limits) : replay(Tape.empty)(plan, limits)
      }
    }
    expect(await refutedBy({ replay: literal })).toContain('replay after record is the identity')
  })
  it('the first reply to a URL given every time', async () => {
    const stuck: Operations['replay'] = (tape) => (plan, limits) => replay(tape)(plan, limits)
    expect(await refutedBy({ replay: stuck })).toContain('every outcome comes again, once, in order')
  })
  it('cookies left out of the tape: the login is lost', async () => {
    const cookieless = changing((entry) => {
      if (E.isLeft(entry.outcome)) return entry
      const headers = entry.outcome.right.headers.filter(([name]) => name.toLowerCase() !== 'set-cookie')
      return { ...entry, outcome: E.right({ ...entry.outcome.right, headers }) }
    })
    expect(await refutedBy({ record: cookieless })).toContain('replay after record is the identity')
  })
  it('a body read for the tape, and gone for the program', async () => {
    const greedy: Operations['record'] = (sink) => (inner) => {
      const recording = record(sink)(inner)
      const send: Transport = (plan, limits) => async () => {
        const sent = await recording(plan, limits)()
        if (E.isLeft(sent)) return sent
        await sent.right.body.gather(1e9)()
        return E.right(reply({ ...sent.right, headers: Headers.reveal(sent.right.headers), body: '' }))
      }
      return send
    }
    expect(await refutedBy({ record: greedy })).toContain('recording changes nothing')
  })
  it('bodies taken for text, and a cut taken for an end', async () => {
    const textual = changing((entry) => {
      if (E.isLeft(entry.outcome)) return entry
      const { bytes } = entry.outcome.right
      const text = Buffer.from(Buffer.from(bytes).toString('utf8'))
      return { ...entry, outcome: E.right({ ...entry.outcome.right, bytes: new Uint8Array(text) }) }
    })
    expect(await refutedBy({ record: textual })).toEqual(['every outcome comes again, once, in order'])
    const whole = changing((entry) =>
      E.isLeft(entry.outcome) ? entry : { ...entry, outcome: E.right({ ...entry.outcome.right, end: 'Whole' }) },
    )
    expect(await refutedBy({ record: whole })).toEqual(['every outcome comes again, once, in order'])
  })
})
