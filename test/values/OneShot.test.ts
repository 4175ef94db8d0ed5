import { describe, expect, it } from 'vitest'
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
  })
})
