import { describe, expect, it } from 'vitest'
import * as BodyReaders from '../../src/wire/BodyReaders.js'

const chunks = (...pieces: ReadonlyArray<string | Uint8Array>) =>
  async function* () {
    for (const piece of pieces) yield typeof piece === 'string' ? Buffer.from(piece) : piece
  }

const collect = async <A>(items: AsyncIterable<A>): Promise<ReadonlyArray<A>> => {
  const found: A[] = []
  for await (const item of items) found.push(item)
  return found
}

describe('lines that end in a lone CR', () => {
  it('are yielded before the next byte arrives', async () => {
    let release = (): void => {}
    const silent = new Promise<void>((resolve) => {
      release = resolve
    })
    const body = async function* () {
      yield Buffer.from('data: x\r\r')
      await silent
    }
    const lines = BodyReaders.lines()(body())
    expect((await lines.next()).value).toBe('data: x')
    expect((await lines.next()).value).toBe('')
    release()
    expect((await lines.next()).done).toBe(true)
  })
  it.each<[ReadonlyArray<string>, ReadonlyArray<string>]>([
    [
      ['a\r', '\nb\r', '\n'],
      ['a', 'b'],
    ],
    [
      ['a\r', '\n\n', 'b'],
      ['a', '', 'b'],
    ],
    [
      ['a\r', '\r', 'b'],
      ['a', '', 'b'],
    ],
  ])('%j is %j: a CRLF in two chunks is one line end', async (pieces, expected) => {
    expect(await collect(BodyReaders.lines()(chunks(...pieces)()))).toEqual(expected)
  })
})

describe('a byte order mark in a stream', () => {
  const text = 'Пé😀'
  const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le')
  const utf32 = (littleEndian: boolean): Buffer => {
    const points = [0xfeff, ...Array.from(text, (character) => character.codePointAt(0) ?? 0)]
    const octets = Buffer.alloc(points.length * 4)
    points.forEach((point, i) => {
      if (littleEndian) octets.writeUInt32LE(point, i * 4)
      else octets.writeUInt32BE(point, i * 4)
    })
    return octets
  }
  const encodings = [Buffer.from(`\ufeff${text}`), utf16, Buffer.from(utf16).swap16(), utf32(true), utf32(false)]
  it.each(['utf-8', 'utf-16', 'windows-1251', 'no-such-charset'])(
    'has precedence over %s for any chunks',
    async (label) => {
      for (const octets of encodings) {
        for (const size of [1, 2, 3, 5, 100]) {
          const pieces = Array.from({ length: Math.ceil(octets.length / size) }, (_, i) =>
            octets.subarray(i * size, (i + 1) * size),
          )
          expect((await collect(BodyReaders.text(label)(chunks(...pieces)()))).join('')).toBe(text)
        }
      }
    },
  )
  it('does not delay text that cannot start with one', async () => {
    expect(await collect(BodyReaders.text('latin1')(chunks('a', Uint8Array.of(0xe9), 'b')()))).toEqual(['a', 'é', 'b'])
  })
})
