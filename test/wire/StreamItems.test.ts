/** Using the items of a stream: how many are read, when the body is closed, and what a failure becomes. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import * as Client from '../../src/Client.js'
import * as Http from '../../src/Http.js'
import * as Stream from '../../src/Stream.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Transport from '../../src/Transport.js'
import * as Fault from '../../src/wire/Fault.js'

/** Counts from 1 without an end, and reports how far it was read and whether it was closed. */
const counting = (failAt = Number.POSITIVE_INFINITY) => {
  const state = { read: 0, closed: false }
  const items = async function* () {
    try {
      for (;;) {
        state.read += 1
        if (state.read >= failAt) throw Fault.make('BodyCut', 'cut')
        yield state.read
      }
    } finally {
      state.closed = true
    }
  }
  return { state, items: items() }
}

describe('take', () => {
  it.each([
    [3, [1, 2, 3], 3],
    [1, [1], 1],
    [2.5, [1, 2], 2],
  ])('of %d items reads no further and closes the body', async (count, expected, read) => {
    const { state, items } = counting()
    expect(await pipe(items, Stream.take(count), Stream.toArray)()).toEqual(E.right(expected))
    expect(state).toEqual({ read, closed: true })
  })
  it.each([0, -1, Number.NaN, 0.5])(
    'of %d items reads nothing, and closes an iterable that can be closed',
    async (count) => {
      let closed = 0
      const items = {
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.reject(new Error('read')),
          return: async () => {
            closed += 1
            return { done: true, value: undefined } as const
          },
        }),
      }
      expect(await pipe(items, Stream.take(count), Stream.toArray)()).toEqual(E.right([]))
      expect(closed).toBe(1)
    },
  )
})

describe('forEach', () => {
  it('runs one task after the other, and stops at the first Left', async () => {
    const { state, items } = counting()
    const running: Array<number> = []
    const use = (item: number) =>
      pipe(
        TE.fromTask(async () => running.push(item)),
        TE.tapTask(() => () => new Promise((resolve) => setTimeout(resolve, 1))),
        TE.filterOrElse(
          () => item < 3,
          () => 'enough',
        ),
      )
    expect(await pipe(items, Stream.forEach(use))()).toEqual(E.left('enough'))
    expect([running, state]).toEqual([[1, 2, 3], { read: 3, closed: true }])
  })
  it('returns a fault of the body as a Left, and does not hide an exception', async () => {
    expect(await pipe(counting(2).items, Stream.toArray)()).toMatchObject({ left: { _tag: 'BodyCut' } })
    const broken = () => {
      throw new Error('mine')
    }
    await expect(pipe(counting().items, Stream.forEach(broken))()).rejects.toThrow('mine')
  })
})

const session = Session.withBaseUrl('http://h.test')(Session.empty)
const events = (_: unknown, body: AsyncIterable<Uint8Array>) =>
  pipe(body, Stream.events({ maxLength: 20 }), Stream.toArray)
const outcomeOf = (transport: Transport.Transport) =>
  pipe(Request.get('/'), Http.stream(Stream.ok(events)), Client.runWith({ session, transport }))()

describe('a stream', () => {
  it('completes a fault of a reader with the plan, the history and the jar', async () => {
    const body = `data: ${'x'.repeat(30)}`
    const outcome = await outcomeOf(Transport.memory(() => ({ status: 200, headers: { 'set-cookie': 'sid=1' }, body })))
    expect(outcome).toMatchObject({
      left: { _tag: 'BodyTooLarge', plan: { method: 'GET' }, history: [], jar: expect.anything() },
    })
  })
  it('leaves an error of another exchange as it is', async () => {
    const other = pipe(
      Http.get('http://other.test/'),
      Client.runWith({ session, transport: (plan) => TE.left(Transport.failed('ConnectFailed', plan)('down')) }),
    )
    const outcome = await pipe(
      Request.get('/'),
      Http.stream(() => other),
      Client.runWith({ session, transport: Transport.memory({}) }),
    )()
    expect(E.isLeft(outcome) && [outcome.left._tag, 'plan' in outcome.left && outcome.left.plan.url.hostname]).toEqual([
      'ConnectFailed',
      'other.test',
    ])
  })
  it('turns a status of 400 or above into a StatusError with the start of the body', async () => {
    const bodies = ['', 'no', 'x'.repeat(2_000_000)]
    for (const body of bodies) {
      const outcome = await outcomeOf(Transport.memory(() => ({ status: 429, body })))
      expect(outcome).toMatchObject({ left: { _tag: 'StatusError', response: { status: 429 } } })
      if (E.isLeft(outcome) && outcome.left._tag === 'StatusError')
        expect(Buffer.from(outcome.left.response.bytes).toString()).toBe(body.slice(0, 1_048_576))
    }
    expect(await outcomeOf(Transport.memory(() => ({ status: 399, body: 'data: a\n\n' })))).toMatchObject({
      right: [{ data: 'a' }],
    })
  })
  it('fails with the fault if the body of a rejected response cannot be read', async () => {
    async function* body() {
      yield Buffer.from('half')
      throw Fault.make('ReadTimeout', 'slow')
    }
    const transport: Transport.Transport = () => TE.right(Transport.reply({ status: 500, body: body() }))
    expect(await outcomeOf(transport)).toMatchObject({ left: { _tag: 'ReadTimeout', plan: { method: 'GET' } } })
  })
})
