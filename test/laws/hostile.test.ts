import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import * as RuleSet from '../../laws/RuleSet.js'
import { serving, type TransportLaw, transport } from '../../laws/rules/transport.js'
import { memory as memoryOf } from '../../src/transport/Memory.js'
import { type Reply, reply } from '../../src/wire/Reply.js'
import type { Transport } from '../../src/wire/Transport.js'

// Transports that violate the type `Transport`: a law must end in time, and its report must name the violation.

const PATIENCE = 150

/** A reply whose body comes chunk by chunk from a function. */
const withPieces = (next: () => Promise<IteratorResult<Uint8Array>>): Reply => ({
  ...reply({ status: 200 }),
  body: {
    gather: () => async () => {
      for (;;) {
        const piece = await next()
        if (piece.done) return E.right(new Uint8Array(0))
        await new Promise((resolve) => setTimeout(resolve, 5)) // endless, but it does not block the event loop
      }
    },
    discard: async () => {},
    [Symbol.asyncIterator]: () => ({ next }),
  },
})

const answering =
  (make: () => Reply): Transport =>
  () =>
  async () =>
    E.right(make())

// The casts: each transport violates its type on purpose, as JavaScript can.
const hostile: Readonly<Record<string, readonly [transport: Transport, law: TransportLaw, report: RegExp]>> = {
  'throws synchronously when it is called': [
    () => {
      throw new Error('no such host')
    },
    'every error is a Left',
    /the call threw synchronously: no such host/,
  ],
  'throws synchronously when its task is run': [
    () => () => {
      throw new Error('no such host')
    },
    'the server receives the request of the plan',
    /the call threw synchronously: no such host/,
  ],
  rejects: [
    () => () => Promise.reject(new TypeError('fetch failed')),
    'every error is a Left',
    /the call rejected.*fetch failed/,
  ],
  'never settles': [() => () => new Promise(() => {}), 'an aborted send ends', /the call did not settle within 150 ms/],
  'settles twice': [
    () => () =>
      ({
        // biome-ignore lint/suspicious/noThenProperty: the test needs a thenable that calls back twice
        then: (resolve: (value: unknown) => void) => {
          resolve(E.right(reply({ status: 200 })))
          setTimeout(() => resolve(E.right(reply({ status: 500 }))), 5)
        },
      }) as unknown as ReturnType<ReturnType<Transport>>,
    'the reply is what the server answered',
    /the call settled twice/,
  ],
  'does not return a promise': [
    () => () => E.right(reply({ status: 200 })) as unknown as ReturnType<ReturnType<Transport>>,
    'the server receives the request of the plan',
    /the call did not return a promise/,
  ],
  'returns a Left without a tag': [
    () => async () => E.left(new Error('oops')) as unknown as Awaited<ReturnType<ReturnType<Transport>>>,
    'every error is a Left',
    /the Left is not a fault with a known tag/,
  ],
  'returns an endless body': [
    answering(() => withPieces(async () => ({ done: false, value: Buffer.alloc(1000) }))),
    'the reply is what the server answered',
    /the body did not end|reading the body did not settle within 150 ms/,
  ],
  'returns an endless body of empty chunks': [
    answering(() => withPieces(async () => ({ done: false, value: new Uint8Array(0) }))),
    'an encoded body is decoded',
    /the body did not end|reading the body did not settle within 150 ms/,
  ],
  'returns a body whose next chunk never arrives': [
    answering(() => withPieces(() => new Promise(() => {}))),
    'the reply is what the server answered',
    /did not settle within 150 ms/,
  ],
  'never finishes its close': [
    Object.assign(
      answering(() => reply({ status: 200, body: 'ok' })),
      { close: () => new Promise<void>(() => {}) },
    ),
    'no connection stays open',
    /closing did not settle within 150 ms/,
  ],
}

describe.each(Object.entries(hostile))('a transport that %s', (_, [broken, law, report]) => {
  it(`violates "${law}", which ends in time with a report`, async () => {
    const { [law]: rule } = transport(() => broken, { patience: PATIENCE })
    const start = performance.now()
    const found = await RuleSet.refuted(rule === undefined ? {} : { [law]: rule })
    expect(found.get(law)).toContain(`The law "${law}" does not hold.`)
    expect(found.get(law)).toMatch(report)
    // A few steps of one value, and no shrinking: far below the time limit of a test framework.
    expect(performance.now() - start).toBeLessThan(5_000)
  })
})

it('every law ends for a transport that never settles', async () => {
  const start = performance.now()
  const laws = transport(() => () => () => new Promise(() => {}), { patience: 50 })
  expect([...(await RuleSet.refuted(laws, { numRuns: 5 })).keys()]).toEqual(Object.keys(laws))
  expect(performance.now() - start).toBeLessThan(20_000)
}, 60_000)

it('a rule set runs again after a law timed out', async () => {
  let isBroken = true
  const unreliable = serving(
    (server) => (plan, limits) => () => (isBroken ? new Promise(() => {}) : memoryOf(server)(plan, limits)()),
    { patience: 50 },
  )
  expect((await RuleSet.refuted(unreliable, { numRuns: 3 })).size).toBe(Object.keys(unreliable).length)
  isBroken = false
  expect(await RuleSet.refuted(unreliable, { numRuns: 20 })).toEqual(new Map())
})
