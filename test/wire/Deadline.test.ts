import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import { Client, Clock, Environment, Fault, Http, Request, Session, Transport } from '../../src/index.js'
import * as Deadline from '../../src/wire/Deadline.js'
import type { Plan } from '../../src/wire/Plan.js'
import type { Reply } from '../../src/wire/Reply.js'
import { withPlan } from '../../src/wire/Transport.js'

const url = 'http://me:hunter2@h.test/x?api_key=hunter2#hunter2'
const timed = (total: number) => pipe(Request.get(url), Request.withTimeouts({ total }))

const run = (transport: Transport.Transport, request: Request.Request, clock: Clock.Clock = Clock.system) =>
  pipe(
    Http.send(request),
    Client.use({ session: Session.empty, transport, clock, environment: Environment.empty }),
    (task) => task(),
  )

const answering = (step: (plan: Plan, call: number) => E.Either<Fault.Fault, Reply>): Transport.Transport => {
  let calls = 0
  return (plan) => async () => {
    calls += 1
    return E.mapLeft((fault: Fault.Fault) => withPlan(plan, fault))(step(plan, calls))
  }
}

describe('a time in a message (specification)', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [5000, '5,000 ms'],
    [1234567.5, '1,234,567.5 ms'],
    [0.12345, '0.123 ms'],
  ])('has groups of three digits: %d', (ms, text) => {
    expect(Deadline.inMs(ms)).toBe(text)
  })
})

describe('a deadline that passed', () => {
  it('names method, URL and limit, but not the query, the fragment or the user', async () => {
    const outcome = await run(
      answering((plan) => E.left(Deadline.exceeded(plan))),
      timed(5000),
    )
    expect(outcome).toMatchObject({
      left: {
        _tag: 'DeadlineExceeded',
        message: 'GET http://h.test/x did not finish within 5,000 ms',
        limit: 5000,
        attempts: 1,
      },
    })
  })
  it('is named in the same way if a hook exceeds it', async () => {
    const transport = Transport.memory(() => ({ status: 200 }))
    const request = pipe(
      timed(20),
      Request.withHook(() => () => new Promise(() => {})),
    )
    expect(await run(transport, request)).toMatchObject({
      left: { _tag: 'DeadlineExceeded', message: 'GET http://h.test/x did not finish within 20 ms', limit: 20 },
    })
  })
  it('counts the attempts of withRetry', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), async (attempts) => {
        const transport = answering((plan, call) =>
          E.left(call < attempts ? Fault.make('ReadTimeout', 'silent') : Deadline.exceeded(plan)),
        )
        const retried = Transport.withRetry({ attempts: 9 })(transport)
        const outcome = await run(retried, timed(60_000), Clock.fixed(new Date(0)))
        expect(outcome).toMatchObject({ left: { _tag: 'DeadlineExceeded', attempts, limit: 60_000 } })
        const suffix = attempts === 1 ? 'ms' : `ms (${attempts} attempts)`
        expect(E.isLeft(outcome) && outcome.left.message.endsWith(suffix)).toBe(true)
      }),
    )
  })
  it('keeps the message of a custom transport', async () => {
    const outcome = await run(
      answering(() => E.left(Fault.make('DeadlineExceeded', 'mine'))),
      timed(5000),
    )
    expect(outcome).toMatchObject({ left: { _tag: 'DeadlineExceeded', message: 'mine' } })
  })
})
