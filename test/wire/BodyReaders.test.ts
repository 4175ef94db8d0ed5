/** Lines and pieces of a body, for any division into chunks and any length. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as BodyReaders from '../../src/wire/BodyReaders.js'
import { collect, cutAt } from './chunks.js'

const caught = (items: AsyncIterable<unknown>): Promise<unknown> =>
  collect(items).then(
    () => undefined,
    (cause: unknown) => cause,
  )

const offsets = fc.array(fc.nat({ max: 60 }), { maxLength: 12 })
const textOf = (...units: ReadonlyArray<string>) =>
  fc.array(fc.constantFrom(...units), { maxLength: 30 }).map((parts) => parts.join(''))

describe('lines', () => {
  it('do not depend on the chunks', () =>
    fc.assert(
      fc.asyncProperty(textOf('a', 'é', '\r', '\n', '\r\n', '😀', ''), offsets, async (text, at) => {
        const whole = text.split(/\r\n|\n|\r/)
        const expected = whole.at(-1) === '' ? whole.slice(0, -1) : whole
        expect(await collect(BodyReaders.lines()(cutAt(text, at)))).toEqual(expected)
      }),
    ))
  it('are separated by a delimiter, even across chunks and if it overlaps itself', () =>
    fc.assert(
      fc.asyncProperty(
        textOf('a', 'b', 'ab', '\r'),
        fc.constantFrom('a', 'aa', 'ab', 'aba', 'aab', 'bbbb'),
        offsets,
        async (text, delimiter, at) => {
          const expected = text === '' ? [] : text.split(delimiter)
          expect(await collect(BodyReaders.lines({ delimiter })(cutAt(text, at)))).toEqual(expected)
        },
      ),
    ))
  it('are separated by line ends if the delimiter is empty', async () => {
    expect(await collect(BodyReaders.lines({ delimiter: '' })(cutAt('ab\ncd', [3])))).toEqual(['ab', 'cd'])
  })
  it('longer than maxLength are BodyTooLarge for any chunks', () =>
    fc.assert(
      fc.asyncProperty(fc.nat({ max: 12 }), fc.constantFrom('', '\n', '\r'), offsets, async (length, end, at) => {
        const lines = BodyReaders.lines({ maxLength: 8 })(cutAt(`ab\n${'x'.repeat(length)}${end}`, at))
        const cause = await caught(lines)
        if (length <= 8) expect(cause).toBeUndefined()
        else expect(cause).toMatchObject({ _tag: 'BodyTooLarge' })
      }),
    ))
})

/** Returns the milliseconds for a line of this many chunks: the best of five runs, or of one that takes too long. */
const time = async (chunks: number, options: BodyReaders.LinesOptions): Promise<number> => {
  const chunk = Buffer.alloc(1000, 'x')
  async function* body(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < chunks; i++) yield chunk
  }
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < 5; i++) {
    const start = performance.now()
    const [line = ''] = await collect(BodyReaders.lines(options)(body()))
    best = Math.min(best, performance.now() - start)
    expect(line.length).toBe(chunks * 1000)
    if (best > 2000) return best
  }
  return best
}

describe('a long line', () => {
  // Quadratic code takes 64 times as long for 8 times as much.
  it.each([{}, { delimiter: ';;' }])('takes linear time (%j)', async (options) => {
    const little = await time(1000, options)
    expect(await time(8000, options)).toBeLessThan(30 * little)
  })
})

describe('pieces', () => {
  const content = Buffer.from('abcdefg')
  it.each([0, -1, 0.5, Number.NaN])('of size %d are the chunks as received', async (size) => {
    const pieces = await collect(BodyReaders.pieces(size)(cutAt('abcdefg', [2, 2, 5])))
    expect(pieces.map(String)).toEqual(['ab', 'cde', 'fg'])
  })
  it('have the size, rounded down, and contain the whole body', () =>
    fc.assert(
      fc.asyncProperty(fc.double({ min: 1, max: 9, noNaN: true }), offsets, async (size, at) => {
        const pieces = await collect(BodyReaders.pieces(size)(cutAt('abcdefg', at)))
        expect(Buffer.concat(pieces)).toEqual(content)
        for (const piece of pieces.slice(0, -1)) expect(piece.length).toBe(Math.floor(size))
        expect(pieces.at(-1)?.length).toBeLessThanOrEqual(Math.floor(size))
      }),
    ))
})
