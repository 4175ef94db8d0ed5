import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import * as RuleSet from '../../laws/RuleSet.js'
import { serving, type TransportLaw, transport } from '../../laws/rules/transport.js'
import { memory as memoryOf } from '../../src/transport/Memory.js'
import { type Reply, reply } from '../../src/wire/Reply.js'
import type { Transport } from '../../src/wire/Transport.js'

// Transports that break the port itself: a law must end in time, and its message must name it.

const PATIENCE = 150

/** A body that is given piece by piece, by a function of one's own. */
const withPieces = (next: () => Promise<IteratorResult<Uint8Array>>): Reply => ({
  ...reply({ status: 200 }),
  body: {
    gather: () => async () => {
      for (;;) {
        const piece = await next()
        if (piece.done) return E.right(new Uint8Array(0))
        await new Promise((resolve) => setTimeout(resolve, 5)) // it never ends, but the world goes on
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

// The casts: each of these breaks its type on purpose, as JavaScript can.
const hostile: Readonly<Record<string, readonly [transport: Transport, law: TransportLaw, says: RegExp]>> = {
  'throws synchronously when it is called': [
    () => {
      throw new Error('no such host')
    },
    'errors are Left',
    /the call threw synchronously: no such host/,
  ],
  'throws synchronously when its task is run': [
    () => () => {
      throw new Error('no such host')
    },
    'the request that arrives is the plan',
    /the call threw synchronously: no such host/,
  ],
  rejects: [
    () => () => Promise.reject(new TypeError('fetch failed')),
    'errors are Left',
    /the call rejected.*fetch failed/,
  ],
  'never settles': [() => () => new Promise(() => {}), 'an abort settles', /the call did not settle within 150 ms/],
  'settles twice': [
    () => () =>
      ({
        // biome-ignore lint/suspicious/noThenProperty: that is what a thenable that calls back twice is
        then: (resolve: (value: unknown) => void) => {
          resolve(E.right(reply({ status: 200 })))
          setTimeout(() => resolve(E.right(reply({ status: 500 }))), 5)
        },
      }) as unknown as ReturnType<ReturnType<Transport>>,
    'the reply is what was answered',
    /the call settled twice/,
  ],
  'gives no promise': [
    () => () => E.right(reply({ status: 200 })) as unknown as ReturnType<ReturnType<Transport>>,
    'the request that arrives is the plan',
    /the call did not return a promise/,
  ],
  'gives a Left without a tag': [
    () => async () => E.left(new Error('oops')) as unknown as Awaited<ReturnType<ReturnType<Transport>>>,
    'errors are Left',
    /the Left holds no fault with one of the known tags/,
  ],
  'gives a body that never ends': [
    answering(() => withPieces(async () => ({ done: false, value: Buffer.alloc(1000) }))),
    'the reply is what was answered',
    /the body did not end|reading the body did not settle within 150 ms/,
  ],
  'gives a body of empty pieces that never ends': [
    answering(() => withPieces(async () => ({ done: false, value: new Uint8Array(0) }))),
    'a coded body comes decoded',
    /the body did not end|reading the body did not settle within 150 ms/,
  ],
  'gives a body whose next piece never comes': [
    answering(() => withPieces(() => new Promise(() => {}))),
    'the reply is what was answered',
    /did not settle within 150 ms/,
  ],
  'never finishes its close': [
    Object.assign(
      answering(() => reply({ status: 200, body: 'ok' })),
      { close: () => new Promise<void>(() => {}) },
    ),
    'nothing leaks',
    /closing did not settle within 150 ms/,
  ],
}

describe.each(Object.entries(hostile))('a transport that %s', (_, [broken, law, says]) => {
  it(`fails "${law}" in time, and by name`, async () => {
    const { [law]: rule } = transport(() => broken, { patience: PATIENCE })
    const start = performance.now()
    const found = await RuleSet.refuted(rule === undefined ? {} : { [law]: rule })
    expect(found.get(law)).toContain(`The law "${law}" does not hold.`)
    expect(found.get(law)).toMatch(says)
    // Some steps of one value, and no shrinking by waiting: far below what a test framework gives to one test.
    expect(performance.now() - start).toBeLessThan(5_000)
  })
})

it('every law of the battery ends on a transport that never settles', async () => {
  const start = performance.now()
  const laws = transport(() => () => () => new Promise(() => {}), { patience: 50 })
  expect([...(await RuleSet.refuted(laws, { numRuns: 5 })).keys()]).toEqual(Object.keys(laws))
  expect(performance.now() - start).toBeLessThan(20_000)
}, 60_000)

it('a law that hung is tried again in earnest when it is run again', async () => {
  let isBroken = true
  const sulking = serving(
    (server) => (plan, limits) => () => (isBroken ? new Promise(() => {}) : memoryOf(server)(plan, limits)()),
    { patience: 50 },
  )
  expect((await RuleSet.refuted(sulking, { numRuns: 3 })).size).toBe(Object.keys(sulking).length)
  isBroken = false
  expect(await RuleSet.refuted(sulking, { numRuns: 20 })).toEqual(new Map())
})
