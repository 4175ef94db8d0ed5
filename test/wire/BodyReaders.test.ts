/** Lines and pieces of a body, wherever its chunks are cut, and however long it is. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as BodyReaders from '../../src/wire/BodyReaders.js'

/** The text in chunks that begin at these places. */
async function* cutAt(text: string, places: ReadonlyArray<number>): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  const edges = [0, ...places.map((place) => place % (bytes.length + 1)).sort((x, y) => x - y), bytes.length]
  for (let i = 1; i < edges.length; i++) yield bytes.subarray(edges[i - 1], edges[i])
}

const gathered = async <A>(items: AsyncIterable<A>): Promise<ReadonlyArray<A>> => {
  const all: A[] = []
  for await (const item of items) all.push(item)
  return all
}

const caught = (items: AsyncIterable<unknown>): Promise<unknown> =>
  gathered(items).then(
    () => undefined,
    (cause: unknown) => cause,
  )

const places = fc.array(fc.nat({ max: 60 }), { maxLength: 12 })
const textOf = (...units: ReadonlyArray<string>) =>
  fc.array(fc.constantFrom(...units), { maxLength: 30 }).map((parts) => parts.join(''))

describe('lines', () => {
  it('are the same wherever the chunks are cut', () =>
    fc.assert(
      fc.asyncProperty(textOf('a', 'é', '\r', '\n', '\r\n', '😀', ''), places, async (text, at) => {
        const whole = text.split(/\r\n|\n|\r/)
        const expected = whole.at(-1) === '' ? whole.slice(0, -1) : whole
        expect(await gathered(BodyReaders.lines()(cutAt(text, at)))).toEqual(expected)
      }),
    ))
  it('are what a delimiter divides, though it lies across chunks, or overlaps itself', () =>
    fc.assert(
      fc.asyncProperty(
        textOf('a', 'b', 'ab', '\r'),
        fc.constantFrom('a', 'aa', 'ab', 'aba', 'aab', 'bbbb'),
        places,
        async (text, delimiter, at) => {
          const expected = text === '' ? [] : text.split(delimiter)
          expect(await gathered(BodyReaders.lines({ delimiter })(cutAt(text, at)))).toEqual(expected)
        },
      ),
    ))
  it('are divided by their ends where the delimiter is empty', async () => {
    expect(await gathered(BodyReaders.lines({ delimiter: '' })(cutAt('ab\ncd', [3])))).toEqual(['ab', 'cd'])
  })
  it('are BodyTooLarge above a length, wherever the chunks are cut', () =>
    fc.assert(
      fc.asyncProperty(fc.nat({ max: 12 }), fc.constantFrom('', '\n', '\r'), places, async (length, end, at) => {
        const lines = BodyReaders.lines({ maxLength: 8 })(cutAt(`ab\n${'x'.repeat(length)}${end}`, at))
        const cause = await caught(lines)
        if (length <= 8) expect(cause).toBeUndefined()
        else expect(cause).toMatchObject({ _tag: 'BodyTooLarge', message: expect.stringContaining('maxLength') })
      }),
    ))
})

/** Milliseconds for a line of so many chunks, the best of five; hopeless ones are not repeated. */
const time = async (chunks: number, options: BodyReaders.LinesOptions): Promise<number> => {
  const chunk = Buffer.alloc(1000, 'x')
  async function* body(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < chunks; i++) yield chunk
  }
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < 5; i++) {
    const start = performance.now()
    const [line = ''] = await gathered(BodyReaders.lines(options)(body()))
    best = Math.min(best, performance.now() - start)
    expect(line.length).toBe(chunks * 1000)
    if (best > 2000) return best
  }
  return best
}

describe('one line without end', () => {
  // What is quadratic needs 64 times as long for 8 times as much.
  it.each([{}, { delimiter: ';;' }])('takes a time that grows as it does (%j)', async (options) => {
    const little = await time(1000, options)
    expect(await time(8000, options)).toBeLessThan(30 * little)
  })
})

describe('pieces', () => {
  const content = Buffer.from('abcdefg')
  it.each([0, -1, 0.5, Number.NaN])('of the size %d are the chunks as they come', async (size) => {
    const pieces = await gathered(BodyReaders.pieces(size)(cutAt('abcdefg', [2, 2, 5])))
    expect(pieces.map(String)).toEqual(['ab', 'cde', 'fg'])
  })
  it('are of the size, rounded down, and all there', () =>
    fc.assert(
      fc.asyncProperty(fc.double({ min: 1, max: 9, noNaN: true }), places, async (size, at) => {
        const pieces = await gathered(BodyReaders.pieces(size)(cutAt('abcdefg', at)))
        expect(Buffer.concat(pieces)).toEqual(content)
        for (const piece of pieces.slice(0, -1)) expect(piece.length).toBe(Math.floor(size))
        expect(pieces.at(-1)?.length).toBeLessThanOrEqual(Math.floor(size))
      }),
    ))
})
