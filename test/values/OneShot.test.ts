import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import * as OneShot from '../../src/values/OneShot.js'

async function* content(): AsyncGenerator<Uint8Array> {
  yield Uint8Array.of(1)
  yield Uint8Array.of(2)
}
const read = async (source: AsyncIterable<Uint8Array>): Promise<ReadonlyArray<number>> => {
  const octets: number[] = []
  for await (const piece of source) octets.push(...piece)
  return octets
}
const REFUSED = 'it can be read only once'

describe('a source that can be read once (specification)', () => {
  it('yields its content once, and then fails instead of yielding nothing', async () => {
    const guarded = OneShot.guard(content())
    expect(OneShot.isConsumed(guarded)).toBe(false)
    expect(await read(guarded)).toEqual([1, 2])
    expect(OneShot.isConsumed(guarded)).toBe(true)
    await expect(read(guarded)).rejects.toThrow(REFUSED)
  })
  it('counts as consumed as soon as it is opened', async () => {
    const guarded = OneShot.guard(content())
    guarded[Symbol.asyncIterator]()
    expect(OneShot.isConsumed(guarded)).toBe(true)
    await expect(guarded[Symbol.asyncIterator]().next()).rejects.toThrow(REFUSED)
  })
  it('has one guard, however often it is guarded', async () => {
    const source = content()
    const guarded = OneShot.guard(source)
    expect(OneShot.guard(source)).toBe(guarded)
    expect(OneShot.guard(guarded)).toBe(guarded)
    expect(OneShot.guard(content())).not.toBe(guarded)
    await read(guarded)
    expect(OneShot.isConsumed(OneShot.guard(source))).toBe(true)
    await expect(read(OneShot.guard(source))).rejects.toThrow(REFUSED)
  })
  it('does not affect another source', async () => {
    const [one, other] = [OneShot.guard(content()), OneShot.guard(content())]
    OneShot.claim(one)
    await read(one)
    expect(OneShot.isConsumed(other)).toBe(false)
    expect(await read(other)).toEqual([1, 2])
  })
  it('may be a function with an iterator', async () => {
    const source = Object.assign(() => {}, { [Symbol.asyncIterator]: content })
    const guarded = OneShot.guard(source)
    expect(guarded).not.toBe(source)
    expect(await read(guarded)).toEqual([1, 2])
    await expect(read(guarded)).rejects.toThrow(REFUSED)
  })
})

describe('a source that is claimed by a send (specification)', () => {
  it('counts as consumed and can be read by that send', async () => {
    const guarded = OneShot.guard(content())
    OneShot.claim(guarded)
    expect(OneShot.isConsumed(guarded)).toBe(true)
    expect(await read(guarded)).toEqual([1, 2])
  })
  it('is like new when it is released unopened', async () => {
    const guarded = OneShot.guard(content())
    OneShot.claim(guarded)
    OneShot.release(guarded)
    expect(OneShot.isConsumed(guarded)).toBe(false)
    expect(await read(guarded)).toEqual([1, 2])
  })
  it('stays consumed when it was opened before its release', async () => {
    const guarded = OneShot.guard(content())
    OneShot.claim(guarded)
    await read(guarded)
    OneShot.release(guarded)
    expect(OneShot.isConsumed(guarded)).toBe(true)
  })
})

describe('a value that is not an async iterable (specification)', () => {
  it.each([null, undefined, 7, 'text', {}, [1], () => 1])('%s stays as it is, and nothing throws', (nonsense) => {
    // The cast: plain JavaScript can pass anything.
    const source = nonsense as unknown as AsyncIterable<Uint8Array>
    expect(OneShot.guard(source)).toBe(source)
    expect(() => OneShot.claim(source)).not.toThrow()
    expect(() => OneShot.release(source)).not.toThrow()
    expect(OneShot.isConsumed(source)).toBe(false)
    expect(() => OneShot.close(source)).not.toThrow()
  })
})

/** A source with more members than the iterator, such as those by which it is cancelled. */
const sourceWith = <A extends object>(members: A) => Object.assign({ [Symbol.asyncIterator]: content }, members)
const fail = (): never => {
  throw new Error('the source failed')
}

describe('a stream that fails', () => {
  it.each([
    ['it is read', OneShot.guard],
    ['it is cancelled', OneShot.cancel],
  ])('does not end the process before or after %s', (_, use) => {
    const stream = new PassThrough()
    expect(() => stream.emit('error', new Error())).toThrow()
    use(stream)
    expect(() => stream.emit('error', new Error())).not.toThrow()
  })
  it('still fails its reader', async () => {
    const guarded = OneShot.guard(Readable.from(content()).map(fail))
    await expect(read(guarded)).rejects.toThrow('the source failed')
  })
  it.each<[string, object, number]>([
    ['on and destroy', { destroy: () => {} }, 1],
    ['on alone', {}, 0],
    ['on and a property destroy', { destroy: true }, 0],
  ])('is an object with the methods %s: listeners added %j', (_, members, added) => {
    const on = vi.fn()
    OneShot.guard(sourceWith({ on, ...members }))
    expect(on.mock.calls.map(([name]) => name)).toEqual(added === 0 ? [] : ['error'])
  })
})

describe('leaving a source before its end', () => {
  it('cancels it at once, although it waits for data', async () => {
    const stream = new PassThrough()
    const iterator = OneShot.guard(stream)[Symbol.asyncIterator]()
    const pending = Promise.allSettled([iterator.next()])
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined })
    expect(stream.destroyed).toBe(true)
    await pending
  })
  it('runs the last steps of a generator', async () => {
    const steps: string[] = []
    const source = (async function* () {
      try {
        yield* content()
      } finally {
        steps.push('closed')
      }
    })()
    for await (const _ of OneShot.guard(source)) break
    expect(steps).toEqual(['closed'])
  })
  it('calls return of the iterator, which the source may lack', async () => {
    const end = vi.fn(async () => ({ done: true as const, value: undefined }))
    const next = async () => ({ done: false, value: Uint8Array.of(1) })
    for (const iterator of [{ next, return: end }, { next }]) {
      for await (const _ of OneShot.guard({ [Symbol.asyncIterator]: () => iterator })) break
    }
    expect(end).toHaveBeenCalledOnce()
  })
})

describe('closing a source after its exchange', () => {
  it.each([[['destroy']], [['return']], [['cancel']], [['destroy', 'return', 'cancel']], [['return', 'cancel']]])(
    'calls the first of its methods %j once, as a method',
    (names) => {
      const called: unknown[] = []
      const members = names.map((name) => [
        name,
        function (this: unknown) {
          called.push([name, this === source])
        },
      ])
      const source = sourceWith(Object.fromEntries(members))
      OneShot.close(OneShot.guard(source))
      expect(called).toEqual([[names[0], true]])
    },
  )
  it.each<[string, object]>([
    ['without methods', {}],
    ['whose method throws', { destroy: fail }],
    ['whose method rejects', { destroy: async () => fail() }],
    ['whose getter throws', Object.defineProperty({ [Symbol.asyncIterator]: content }, 'destroy', { get: fail })],
    ['whose listeners throw', { on: fail, destroy: () => {} }],
    ['whose method is not a function', { destroy: 1, return: 'text', cancel: null }],
  ])('marks a source %s as consumed, and does not throw', (_, members) => {
    const guarded = OneShot.guard(
      Symbol.asyncIterator in members ? (members as AsyncIterable<Uint8Array>) : sourceWith(members),
    )
    expect(() => OneShot.close(guarded)).not.toThrow()
    expect(OneShot.isConsumed(guarded)).toBe(true)
  })
  it('leaves a generator that was not started for another send', async () => {
    const guarded = OneShot.guard(content())
    OneShot.close(guarded)
    expect(OneShot.isConsumed(guarded)).toBe(false)
    expect(await read(guarded)).toEqual([1, 2])
  })
  it('cancels a generator that was started', async () => {
    const source = content()
    const guarded = OneShot.guard(source)
    await guarded[Symbol.asyncIterator]().next()
    OneShot.close(guarded)
    expect(await source.next()).toEqual({ done: true, value: undefined })
  })
  it('cancels a source that has no guard', () => {
    const stream = new PassThrough()
    OneShot.close(stream)
    expect([stream.destroyed, OneShot.isConsumed(stream)]).toEqual([true, true])
  })
})
