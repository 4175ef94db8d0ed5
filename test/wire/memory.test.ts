/** The memory of readers that collect what a server has divided into many small parts: it grows with the content only. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as E from 'fp-ts/lib/Either.js'
import { Headers, Reply, Stream } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { ResponseBody } from '../../src/transport/undici/ResponseBody.js'

/** Returns the bytes in use, without what nothing refers to. */
const inUse = (): number => {
  setFlagsFromString('--expose-gc')
  // The cast: a new context has the function because of the flag.
  const gc = runInNewContext('gc') as () => void
  gc()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const PARTS = 200_000

interface Body {
  readonly parts: AsyncIterable<Uint8Array>
  /** The bytes that each octet needs when all of them have arrived. */
  readonly growth: () => number
}

/** Yields `start` and then parts, which have memory of their own or are views of larger buffers. */
const bodyOf = (start: string, part: string, repeated = 1): Body => {
  let growth = Number.NaN
  const parts = async function* (): AsyncGenerator<Uint8Array> {
    if (start !== '') yield Buffer.from(start)
    const text = part.repeat(repeated)
    const before = inUse()
    for (let i = 0; i < PARTS / repeated; i += 1) yield Buffer.from(text)
    growth = (inUse() - before) / (PARTS * Buffer.byteLength(part))
  }
  return { parts: parts(), growth: () => growth }
}

type Reader = (body: AsyncIterable<Uint8Array>) => AsyncIterable<unknown>
const drained = async (items: AsyncIterable<unknown>): Promise<number> => {
  let count = 0
  for await (const _ of items) count += 1
  return count
}

describe('the memory that each octet needs', () => {
  /** So many lines in a chunk. */
  const MANY = 10_000
  it.each<readonly [string, Reader, Body, number]>([
    ['of data lines with a character of three octets', Stream.events(), bodyOf('', 'data:漢\n', MANY), 1],
    ['of data lines with two letters', Stream.events(), bodyOf('', 'data:ab\n', MANY), 1],
    ['of data lines without a value', Stream.events(), bodyOf('', 'data\n', MANY), 1],
    ['of a line in chunks of one letter', Stream.lines(), bodyOf('', 'x'), 4],
    ['of a line in chunks of one character', Stream.lines(), bodyOf('', '漢'), 4],
    ['of a line in chunks of two characters', Stream.lines(), bodyOf('', '漢x'), 4],
    ['of a line before a delimiter', Stream.lines({ delimiter: '--' }), bodyOf('', '漢x'), 4],
    ['of an event in chunks of two characters', Stream.events(), bodyOf('data: ', '漢x'), 4],
    ['of an event with a data line in each chunk', Stream.events(), bodyOf('', 'data:漢\n'), 4],
    ['of pieces of chunks of one octet', Stream.pieces(1 << 26), bodyOf('', 'x'), 4],
  ])('%s does not depend on how the server divides them', async (_, read, { parts, growth }, most) => {
    await drained(read(parts))
    expect(growth()).toBeLessThan(most)
  })

  it('of comments between the lines of an event is given back', async () => {
    // A data line is a part of the text of its chunk, which is much larger.
    const parts = async function* (): AsyncGenerator<Uint8Array> {
      const text = `:${'x'.repeat(60_000)}\ndata: ${'y'.repeat(20)}\n`
      const before = inUse()
      for (let i = 0; i < 4_000; i += 1) yield Buffer.from(text)
      expect((inUse() - before) / (4_000 * text.length)).toBeLessThan(0.2)
    }
    expect(await drained(Stream.events()(parts()))).toBe(0)
  })

  it('of a body that is read as a whole does not depend on its chunks', async () => {
    const { parts, growth } = bodyOf('', 'x')
    const gathered = await Reply.fromIterable(parts).gather(PARTS)()
    expect(E.isRight(gathered) && gathered.right.length).toBe(PARTS)
    expect(growth()).toBeLessThan(4)
  })

  it('of a body of the network does not depend on its chunks, and not on the buffers of its connection', async () => {
    const { body, gathered } = collecting()
    const before = inUse()
    for (let i = 0; i < PARTS; i += 1) body.push(Buffer.from('x'))
    expect((inUse() - before) / PARTS).toBeLessThan(4)
    for (let i = 0; i < 4_000; i += 1) body.push(new Uint8Array(65_536).subarray(0, 1))
    expect((inUse() - before) / 4_000).toBeLessThan(8_192)
    body.end()
    expect(E.isRight(await gathered) && (await gathered)).toMatchObject({ right: { length: PARTS + 4_000 } })
  })
})

const collecting = () => {
  const connection = { pause: () => {}, resume: () => {}, drain: () => {}, fail: () => {} }
  const body = new ResponseBody(connection, 'Framing')
  return { body, gathered: body.source(Headers.empty).gather(1e9)() }
}
