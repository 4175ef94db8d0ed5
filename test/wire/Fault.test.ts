import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { assert, describe, expect, it } from 'vitest'
import * as Fault from '../../src/wire/Fault.js'

const CANARY = 'canary-of-the-cause'

/** Values that a program may throw or abort with. Only name, code and message may be kept. */
const thrown = fc.oneof(
  fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }),
  fc.string().map((message) => Object.assign(new Error(message), { code: 'ECODE', socket: { auth: CANARY } })),
  fc.string().map((message) => ({ message, name: 'Mine', code: 7, token: CANARY })),
  fc.constantFrom<unknown>(
    Symbol('s'),
    new DOMException('late', 'TimeoutError'),
    new AggregateError([new Error('one'), new Error('two')]),
    Object.create(null),
    {
      get message() {
        throw new Error(CANARY)
      },
    },
  ),
)

describe('the cause of a fault', () => {
  it('contains nothing except name, code and message', () => {
    fc.assert(
      fc.property(thrown, (value) => {
        const { cause } = Fault.make('Aborted', 'message', value)
        expect(cause === undefined).toBe(value === undefined)
        if (cause === undefined) return
        expect(Object.keys(cause)).toEqual(['name', 'code', 'message'])
        for (const text of Object.values(cause)) expect(typeof text).toBe('string')
        expect(inspect(cause, { depth: null, showHidden: true })).not.toContain(CANARY)
        expect(Fault.make('Aborted', 'message', cause).cause).toEqual(cause)
      }),
    )
  })
  it.each<readonly [unknown, Fault.ForeignError]>([
    [new TypeError('no'), { name: 'TypeError', code: '', message: 'no' }],
    ['text', { name: 'Error', code: '', message: 'text' }],
    [Object.assign(new Error('gone'), { code: 'EPIPE' }), { name: 'Error', code: 'EPIPE', message: 'gone' }],
    [new AggregateError([new Error('one'), 'two']), { name: 'AggregateError', code: '', message: 'one; two' }],
    [AbortSignal.abort().reason, { name: 'AbortError', code: '', message: 'This operation was aborted' }],
  ])('keeps name, code and message: %#', (value, cause) => expect(Fault.causeOf(value)).toEqual(cause))
})

describe('a fault', () => {
  const throwing = {
    get _tag(): never {
      throw new Error('mine')
    },
  }
  const proxy = new Proxy({}, { getOwnPropertyDescriptor: () => assert.fail('mine') })
  it.each([throwing, proxy, Object.create({ _tag: 'Aborted' }), null, 5, 'Aborted'])(
    'is not recognized in %#',
    (value) => {
      expect(Fault.is(value)).toBe(false)
      expect(Fault.ofAbort(value)._tag).toBe('Aborted')
    },
  )
})
