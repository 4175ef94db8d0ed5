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

const operations: Operations = { record: (sink) => record(sink), replay }

describe('Tape', () => RuleSet.toTests(it, { numRuns: 500 })(tape(operations)))

// --- lawbreakers -----------------------------------------------------------------------------------------------------

const refutedBy = async (broken: Partial<Operations>): Promise<ReadonlyArray<string>> => [
  ...(await RuleSet.refuted(tape({ ...operations, ...broken }), { numRuns: 300, endOnFailure: true })).keys(),
]

/** Records, and changes each entry before it reaches the sink. */
const changing =
  (change: (entry: Tape.Entry, revealed: Tape.Pairs) => Tape.Entry): Operations['record'] =>
  (sink) =>
  (inner) =>
  (plan, controls) =>
    record((entry) => sink(change(entry, Headers.reveal(plan.headers))))(inner)(plan, controls)

describe('the laws refute', () => {
  it('recording headers as they were sent (vcrpy without filters)', async () => {
    const open = changing((entry, headers) => ({ ...entry, asked: { ...entry.asked, headers } }))
    expect(await refutedBy({ record: open })).toContain('a tape holds no secret')
  })
  it('comparing redacted recorded headers with the headers of the plan (pollyjs #251, betamax #173)', async () => {
    const literal: Operations['replay'] = (tape) => {
      const inner = replay(tape)
      return (plan, controls) => {
        const isKnown = tape.entries.some(
          ({ asked }) => JSON.stringify(asked.headers) === JSON.stringify(Headers.reveal(plan.headers)),
        )
        return isKnown ? inner(plan, controls) : replay(Tape.empty)(plan, controls)
      }
    }
    expect(await refutedBy({ replay: literal })).toContain('replaying a recording gives the same outcomes')
  })
  it('replaying the first reply to a URL every time', async () => {
    const stuck: Operations['replay'] = (tape) => (plan, controls) => replay(tape)(plan, controls)
    expect(await refutedBy({ replay: stuck })).toContain('each outcome is replayed once, in order')
  })
  it('omitting Set-Cookie from the tape, which loses the login', async () => {
    const cookieless = changing((entry) => {
      if (E.isLeft(entry.outcome)) return entry
      const headers = entry.outcome.right.headers.filter(([name]) => name.toLowerCase() !== 'set-cookie')
      return { ...entry, outcome: E.right({ ...entry.outcome.right, headers }) }
    })
    expect(await refutedBy({ record: cookieless })).toContain('replaying a recording gives the same outcomes')
  })
  it('consuming the body of the program for the tape', async () => {
    const greedy: Operations['record'] = (sink) => (inner) => {
      const recording = record(sink)(inner)
      const send: Transport = (plan, controls) => async () => {
        const sent = await recording(plan, controls)()
        if (E.isLeft(sent)) return sent
        await sent.right.body.gather(1e9)()
        return E.right(reply({ ...sent.right, headers: Headers.reveal(sent.right.headers), body: '' }))
      }
      return send
    }
    expect(await refutedBy({ record: greedy })).toContain('recording changes nothing')
  })
  it('recording bodies as text, or a cut body as complete', async () => {
    const textual = changing((entry) => {
      if (E.isLeft(entry.outcome)) return entry
      const { bytes } = entry.outcome.right
      const text = Buffer.from(Buffer.from(bytes).toString('utf8'))
      return { ...entry, outcome: E.right({ ...entry.outcome.right, bytes: new Uint8Array(text) }) }
    })
    expect(await refutedBy({ record: textual })).toEqual(['each outcome is replayed once, in order'])
    const whole = changing((entry) =>
      E.isLeft(entry.outcome) ? entry : { ...entry, outcome: E.right({ ...entry.outcome.right, end: 'Whole' }) },
    )
    expect(await refutedBy({ record: whole })).toEqual(['each outcome is replayed once, in order'])
  })
})
