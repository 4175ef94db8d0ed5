/** Content codings: decoding at once, as a stream and in chunks must agree. */
import * as zlib from 'node:zlib'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import * as Headers from '../../src/values/Headers.js'
import * as Coding from '../../src/wire/coding/Coding.js'
import * as Fault from '../../src/wire/Fault.js'

const TEXT = Buffer.from('All work and no play makes Jack a dull boy. '.repeat(400))
const LIMIT = 1_000_000

const encoders: Readonly<Record<string, (content: Uint8Array) => Buffer>> = {
  gzip: (content) => zlib.gzipSync(content),
  'deflate (zlib)': (content) => zlib.deflateSync(content),
  'deflate (raw)': (content) => zlib.deflateRawSync(content),
  br: (content) => zlib.brotliCompressSync(content),
}

/** Node has zstd from 22.15 on; the types of this project do not include it. */
const zstd: unknown = 'zstdCompressSync' in zlib ? zlib.zstdCompressSync : undefined
/** The zstd of Node 22, Bun and Deno is not used: it treats a cut as an end. */
const isNode = process.versions['bun'] === undefined && process.versions['deno'] === undefined
const hasZstd = 'zstdCompressSync' in zlib && isNode && Number(process.versions.node.split('.')[0]) >= 24
const isEncoder = (value: unknown): value is (content: Uint8Array) => Buffer => typeof value === 'function'
const all = hasZstd && isEncoder(zstd) ? { ...encoders, zstd } : encoders

const codingOf = (name: string): Coding.Coding =>
  name.startsWith('deflate') ? 'deflate' : name === 'br' || name === 'zstd' ? name : 'gzip'

const chunksOf = (content: Uint8Array, size: number): ReadonlyArray<Uint8Array> =>
  Array.from({ length: Math.ceil(content.length / size) }, (_, i) => content.subarray(i * size, (i + 1) * size))

async function* drip(chunks: ReadonlyArray<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield chunk
}

/** Decodes in all ways, which must agree: from memory, at once if zlib can, and from chunks of a size. */
const decodeInAllWays = async (
  codings: ReadonlyArray<Coding.Coding>,
  content: Uint8Array,
  size = 1000,
): Promise<Fault.FaultTag | Buffer> => {
  const whole = Coding.decode(codings, content, LIMIT)
  const inMemory = E.isLeft(whole) ? whole.left._tag : Buffer.from(whole.right)
  const streamed = await collect(Coding.decodeStream(codings, drip(chunksOf(content, size))))
  expect(streamed).toEqual(inMemory)
  const atOnce = Coding.decodeAtOnce(codings, content, LIMIT)
  if (atOnce !== undefined) expect(Buffer.from(atOnce)).toEqual(inMemory)
  return inMemory
}

const collect = async (source: AsyncIterable<Uint8Array>): Promise<Fault.FaultTag | Buffer> => {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of source) chunks.push(chunk)
    return Buffer.concat(chunks)
  } catch (error) {
    if (Fault.is(error)) return error._tag
    throw error
  }
}

const read = (...values: ReadonlyArray<string>): unknown => {
  const codings = Coding.codings(Headers.fromPairs(values.map((value) => ['Content-Encoding', value] as const)))
  return E.isLeft(codings) ? codings.left._tag : codings.right
}

describe('Content-Encoding', () => {
  test.each([
    [[], []],
    [['gzip'], ['gzip']],
    [['GZIP'], ['gzip']],
    [[' gzip '], ['gzip']],
    [['x-gzip'], ['gzip']],
    [['identity'], []],
    [[''], []],
    [['gzip, identity'], ['gzip']],
    [['deflate, gzip'], ['deflate', 'gzip']],
    [
      ['deflate,,', ' , br'],
      ['deflate', 'br'],
    ],
    [['compress'], []],
    [['gzip, compress'], []],
    [['gzip, gzip, gzip, gzip, gzip'], ['gzip', 'gzip', 'gzip', 'gzip', 'gzip']],
    [['gzip, gzip, gzip, gzip, gzip, gzip'], 'DecodingFailed'],
    [['gzip', 'gzip', 'gzip', 'gzip', 'gzip', 'gzip'], 'DecodingFailed'],
  ])('%j is decoded as %j', (values, codings) => expect(read(...values)).toEqual(codings))

  test('supports zstd if Node does', () => {
    expect(Coding.supported.startsWith('gzip, deflate, br')).toBe(true)
    expect(Coding.supported.includes('zstd')).toBe(hasZstd)
  })
})

describe.each(Object.entries(all))('%s', (name, encode) => {
  const codings = [codingOf(name)]
  test.each([1, 7, 1000, 1_000_000])('is decoded from chunks of %i bytes', async (size) => {
    expect(await decodeInAllWays(codings, encode(TEXT), size)).toEqual(TEXT)
  })
  test('without any bytes is an empty body', async () =>
    expect(await decodeInAllWays(codings, Buffer.alloc(0))).toEqual(Buffer.alloc(0)))
  test('of an empty body is empty', async () => {
    expect(await decodeInAllWays(codings, encode(Buffer.alloc(0)))).toEqual(Buffer.alloc(0))
  })
  test('is decoded at once if it is a single coding within the limit', () => {
    const content = encode(TEXT)
    expect(Coding.decodeAtOnce(codings, content, TEXT.length)).toEqual(TEXT)
    expect(Coding.decodeAtOnce(codings, content, TEXT.length - 1)).toBeUndefined()
    expect(Coding.decodeAtOnce([...codings, 'gzip'], zlib.gzipSync(content), LIMIT)).toBeUndefined()
  })
  test('that is cut anywhere is DecodingFailed', async () => {
    const content = encode(TEXT)
    for (const length of [1, 2, 5, 12, content.length >> 1, content.length - 1]) {
      expect([length, await decodeInAllWays(codings, content.subarray(0, length), 3)]).toEqual([
        length,
        'DecodingFailed',
      ])
    }
  })
  test('that is garbage is DecodingFailed', async () => {
    expect(await decodeInAllWays(codings, Buffer.from('this was never compressed'))).toBe('DecodingFailed')
  })
  test('ignores garbage after it', async () => {
    expect(await decodeInAllWays(codings, Buffer.concat([encode(TEXT), Buffer.from('garbage')]))).toEqual(TEXT)
  })
  test('above the limit is BodyTooLarge', () => {
    const content = encode(TEXT)
    expect(Coding.decode(codings, content, TEXT.length)).toEqual(E.right(TEXT))
    expect(Coding.decode(codings, content, TEXT.length - 1)).toMatchObject({ left: { _tag: 'BodyTooLarge' } })
    expect(Coding.decode(codings, content, Number.POSITIVE_INFINITY)).toEqual(E.right(TEXT))
    expect(Coding.decode(codings, content, 0)).toMatchObject({ left: { _tag: 'BodyTooLarge' } })
  })
})

describe('gzip', () => {
  const gz = zlib.gzipSync(TEXT)
  const twice = Buffer.concat([TEXT, TEXT])
  const named = (): Buffer => {
    const head = Buffer.from([0x1f, 0x8b, 8, 4 | 8 | 16 | 2, 0, 0, 0, 0, 0, 3, 3, 0, 1, 2, 3])
    return Buffer.concat([head, Buffer.from('file.txt\0a comment\0'), Buffer.from([9, 9]), gz.subarray(10)])
  }
  const changed = (at: number): Buffer => {
    const copy = Buffer.from(gz)
    copy[copy.length + at] = (copy[copy.length + at] ?? 0) ^ 1
    return copy
  }
  test.each<readonly [string, Buffer, Buffer | string]>([
    ['two members', Buffer.concat([gz, gz]), twice],
    ['two members, then garbage', Buffer.concat([gz, gz, Buffer.from('garbage')]), twice],
    ['zero padding', Buffer.concat([gz, Buffer.alloc(600)]), TEXT],
    ['garbage', Buffer.concat([gz, Buffer.from('garbage, and more of it')]), TEXT],
    ['one byte of garbage', Buffer.concat([gz, Buffer.from('g')]), TEXT],
    ['a byte like the first of another member', Buffer.concat([gz, Buffer.from([0x1f])]), TEXT],
    ['a second member cut in its header', Buffer.concat([gz, gz.subarray(0, 7)]), 'DecodingFailed'],
    ['a second member cut in its data', Buffer.concat([gz, gz.subarray(0, 30)]), 'DecodingFailed'],
    ['a second member cut in its trailer', Buffer.concat([gz, gz.subarray(0, -1)]), 'DecodingFailed'],
    ['a wrong checksum', changed(-8), 'DecodingFailed'],
    ['a wrong length', changed(-1), 'DecodingFailed'],
    ['damaged data', changed(-30), 'DecodingFailed'],
    ['a wrong checksum before garbage', Buffer.concat([changed(-8), Buffer.from('garbage')]), 'DecodingFailed'],
    // The checksum of the header is wrong too, which is not checked if garbage follows.
    ['a header with all its fields', Buffer.concat([named(), Buffer.from('garbage')]), TEXT],
  ])('with %s', async (_, content, expected) => {
    expect(await decodeInAllWays(['gzip'], content, 5)).toEqual(expected)
    expect(await decodeInAllWays(['gzip'], content)).toEqual(expected)
  })
})

/** Returns the lowest CPU time of three runs, in microseconds. */
const cpuOf = async (run: () => unknown): Promise<number> => {
  const all: number[] = []
  for (let i = 0; i < 3; i += 1) {
    const before = process.cpuUsage()
    await run()
    const { user, system } = process.cpuUsage(before)
    all.push(user + system)
  }
  return Math.min(...all)
}

/** Returns the CPU time of creating streams. Other costs are compared with it, since the machine may be busy. */
const streamsOf = (count: number): Promise<number> =>
  cpuOf(() => {
    for (let i = 0; i < count; i += 1) zlib.createInflateRaw({ chunkSize: 65_536 }).destroy()
  })

const framesOfZstd = async (encode: (content: Uint8Array) => Buffer): Promise<void> => {
  const frame = encode(TEXT)
  const skipped = Buffer.from([0x51, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7])
  for (const size of [1, 10, 10_000]) {
    expect(await decodeInAllWays(['zstd'], Buffer.concat([frame, skipped, frame]), size)).toEqual(
      Buffer.concat([TEXT, TEXT]),
    )
    expect(await decodeInAllWays(['zstd'], Buffer.concat([frame, frame.subarray(0, -5)]), size)).toBe('DecodingFailed')
    expect(await decodeInAllWays(['zstd'], Buffer.concat([frame, skipped.subarray(0, -1)]), size)).toBe(
      'DecodingFailed',
    )
    expect(await decodeInAllWays(['zstd'], Buffer.from('no frame at all'), size)).toBe('DecodingFailed')
  }
  const many = Buffer.concat(Array.from({ length: 2000 }, () => encode(Buffer.from('foo'))))
  expect(Coding.decodeAtOnce(['zstd'], many, LIMIT)).toBeUndefined()
  const frames = await cpuOf(() => collect(Coding.decodeStream(['zstd'], drip([many]))))
  // A zstd stream for each frame would cost about ten of these.
  expect(frames / (await streamsOf(2000))).toBeLessThan(6)
  expect(await collect(Coding.decodeStream(['zstd'], drip([many])))).toEqual(Buffer.alloc(6000, 'foo'))
  // Split anywhere, also at the end of a frame: what follows the frame is ignored.
  const small = encode(Buffer.from('foo'))
  for (const content of [small, frame]) {
    const followed = Buffer.concat([content, Buffer.from('\n')])
    const expected = content === small ? Buffer.from('foo') : TEXT
    for (let at = 1; at <= content.length; at += 1) {
      const cut = drip([followed.subarray(0, at), followed.subarray(at)])
      expect(await collect(Coding.decodeStream(['zstd'], cut))).toEqual(expected)
    }
  }
}
if (hasZstd && isEncoder(zstd)) test('zstd with several frames is one body', () => framesOfZstd(zstd))

const member = fc
  .tuple(fc.constantFrom(0, 1, 2, 3, 50, 20_000, 70_000), fc.constantFrom(0, 1, 9), fc.integer({ min: 0, max: 255 }))
  .map(([size, level, byte]) => {
    const plain = Buffer.alloc(size, Buffer.from([byte, 7, byte ^ 1]))
    return { plain, zipped: zlib.gzipSync(plain, { level }) }
  })

test('gzip members are one body, whatever follows them and however it is split', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(member, { minLength: 1, maxLength: 6 }),
      fc.constantFrom('', 'garbage', '\0\0', '\x1f', '\x1f\x8b\x07'),
      fc.constantFrom(1, 7, 20, 1000, 1_000_000),
      async (members, rest, size) => {
        const content = Buffer.concat([...members.map(({ zipped }) => zipped), Buffer.from(rest, 'latin1')])
        const whole = Buffer.concat(members.map(({ plain }) => plain))
        // At most 100 chunks, so that a large body does not take seconds.
        const step = Math.max(size, Math.ceil(content.length / 100))
        expect((await decodeInAllWays(['gzip'], content, step)).toString()).toBe(whole.toString())
      },
    ),
    { numRuns: 30 },
  ))

test.each([
  ['empty', zlib.gzipSync('')],
  ['stored and empty', zlib.gzipSync('', { level: 0 })],
  ['one byte long', zlib.gzipSync('y')],
])('thousands of gzip members that are %s cost less than a stream for each', async (_, one) => {
  const count = 3000
  const content = Buffer.concat([...Array.from({ length: count }, () => one), Buffer.from('x')])
  const streams = await streamsOf(count)
  const whole = await cpuOf(() => Coding.decode(['gzip'], content, LIMIT))
  const streamed = await cpuOf(() => collect(Coding.decodeStream(['gzip'], drip(chunksOf(content, 65_536)))))
  expect(whole / streams).toBeLessThan(1)
  expect(streamed / streams).toBeLessThan(1.3)
})

describe('nested codings', () => {
  test('are decoded in reverse order', async () => {
    const content = zlib.brotliCompressSync(zlib.gzipSync(zlib.deflateRawSync(TEXT)))
    expect(await decodeInAllWays(['deflate', 'gzip', 'br'], content, 10)).toEqual(TEXT)
    expect(await decodeInAllWays(['br', 'gzip', 'deflate'], content, 10)).toBe('DecodingFailed')
  })

  test('up to five are decoded, in memory and from chunks', async () => {
    const names = Object.keys(encoders)
    const body = fc.uint8Array({ maxLength: 3000 })
    const chain = fc.array(fc.constantFrom(...names), { maxLength: 5 })
    const property = fc.asyncProperty(body, chain, fc.integer({ min: 1, max: 500 }), async (content, chosen, size) => {
      const encoded = chosen.reduce<Uint8Array>((inner, name) => encoders[name]?.(inner) ?? inner, content)
      expect(await decodeInAllWays(chosen.map(codingOf), encoded, size)).toEqual(Buffer.from(content))
    })
    await fc.assert(property, { numRuns: 30 })
  })
})

describe('compression bombs', () => {
  const zeros = Buffer.alloc(128 * 1024 * 1024)
  const bomb = zlib.gzipSync(zlib.gzipSync(zeros))

  test('stop at the limit', () => {
    expect(Coding.decode(['gzip', 'gzip'], bomb, LIMIT)).toMatchObject({ left: { _tag: 'BodyTooLarge' } })
  })

  test('are inflated only as far as they are read', async () => {
    let pulled = 0
    let closed = false
    const source = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (const piece of chunksOf(zlib.gzipSync(zeros, { level: 1 }), 1000)) {
          pulled += 1
          yield piece
        }
      } finally {
        closed = true
      }
    }
    let seen = 0
    for await (const chunk of Coding.decodeStream(['gzip'], source())) {
      seen += chunk.length
      if (seen > 1_000_000) break
    }
    expect(closed).toBe(true)
    expect(pulled).toBeLessThan(30)
  })

  test('take little memory', async () => {
    let seen = 0
    let most = 0
    const before = process.memoryUsage().arrayBuffers
    for await (const chunk of Coding.decodeStream(['gzip', 'gzip'], drip([bomb]))) {
      seen += chunk.length
      most = Math.max(most, process.memoryUsage().arrayBuffers - before)
    }
    expect(seen).toBe(zeros.length)
    expect(most).toBeLessThan(64 * 1024 * 1024)
  })
})
