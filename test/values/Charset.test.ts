import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Charset from '../../src/values/Charset.js'

type Octets = ReadonlyArray<number>

const text = (octets: Octets, label?: string) => Charset.decode(O.fromNullable(label))(Uint8Array.from(octets))
const json = (octets: Octets, label?: string) => Charset.decodeJson(O.fromNullable(label))(Uint8Array.from(octets))

describe('Charset.ofContentType', () => {
  it('returns the charset of each of more types than it remembers', () => {
    const labels = Array.from({ length: 200 }, (_, i) => `label-${i}${i % 50 === 0 ? 'x'.repeat(300) : ''}`)
    for (const label of [...labels, ...labels.toReversed()]) {
      expect(Charset.ofContentType(`text/plain; charset=${label}`)).toEqual(O.some(label))
    }
  })
  it.each([
    ['text/html;charset=utf-8', 'utf-8'],
    ['text/html; a=b; charset=x; c=d', 'x'],
    ['text/html; CHARSET = x ', 'x'],
    ['text/html; charset=\t\'"utf-8"\' ', 'utf-8'],
    ['text/html; charset="a b"', 'a b'],
    ['text/html; charset=a=b', 'a=b'],
    ['text/html; charset=', ''],
    ['text/html; charset=""', ''],
    ['text/html; charset="\'"', ''],
    ['text/html; charset=x; charset', 'x'],
    ['text/html; charset=x; charset=y', 'x'],
    ['text/html; a="; charset=no"; charset=yes', 'yes'],
    ['text/html; charset="a\\"b"', 'a"b'],
    ['text/html; charset=gbk, text/html', 'gbk'],
    ['text/html, text/html; charset=gbk', 'gbk'],
    ['text/html; charset=gbk, text/plain', undefined],
    ['text/html; charset=gbk, */*; charset=x', 'gbk'],
    ['text/html; charset=gbk, none; charset=x', 'gbk'],
    ['text/html, */*; charset=x', 'x'],
    ['*/*; charset=x', 'x'],
    ['*/*; charset=x, text/html', undefined],
    ['charset=utf-8', undefined],
    ['text/html; charsets', undefined],
    ['text/html; xcharset=utf-8', undefined],
    ['text/html; =utf-8', undefined],
    ['', undefined],
  ])('finds in %j the charset %j', (contentType, charset) =>
    expect(O.toUndefined(Charset.ofContentType(contentType))).toBe(charset),
  )
})

describe('a byte order mark', () => {
  it.each<[string, Octets, string]>([
    ['UTF-8', [0xef, 0xbb, 0xbf, 0x41], 'A'],
    ['UTF-16, little-endian', [0xff, 0xfe, 0x41, 0], 'A'],
    ['UTF-16, little-endian, before NUL', [0xff, 0xfe, 0, 0x41], '\u4100'],
    ['UTF-16, big-endian', [0xfe, 0xff, 0, 0x41], 'A'],
    ['UTF-32, little-endian', [0xff, 0xfe, 0, 0, 0x41, 0, 0, 0], 'A'],
    ['UTF-32, big-endian', [0, 0, 0xfe, 0xff, 0, 0, 0, 0x41], 'A'],
    ['UTF-16, without text', [0xfe, 0xff], ''],
    ['UTF-32, without text', [0, 0, 0xfe, 0xff], ''],
  ])('selects %s', (_, octets, expected) => {
    expect(text(octets)).toBe(expected)
    expect(json(octets)).toBe(expected)
  })
  it.each<[Octets, string]>([
    [[0xff, 0x41], '\ufffdA'],
    [[0x41, 0xfe], 'A\ufffd'],
    [[0xfe, 0x41], '\ufffdA'],
    [[0x41, 0xff], 'A\ufffd'],
    [[0x41, 0, 0xfe, 0xff], 'A\0\ufffd\ufffd'],
    [[0, 0x41, 0xfe, 0xff], '\0A\ufffd\ufffd'],
    [[0, 0, 0x41, 0xff], '\0\0A\ufffd'],
    [[0, 0, 0xfe, 0x41], '\0\0\ufffdA'],
    [[], ''],
  ])('is ignored if it is incomplete: %j', (octets, expected) => expect(text(octets)).toBe(expected))
  it('takes precedence over the declared charset', () => {
    expect(text([0xff, 0xfe, 0x41, 0], 'no-such-charset')).toBe('A')
    expect(text([0xff, 0xfe, 0x41, 0], 'no-such-charset')).toBe('A')
    expect(text([0xff, 0xfe, 0x41, 0], 'utf-8')).toBe('A')
    expect(text([0xef, 0xbb, 0xbf, 0xc3, 0xa9], 'windows-1251')).toBe('é')
    expect(text([0xfe, 0xff, 0, 0x41], 'utf-16')).toBe('A')
  })
  it('is removed once', () => {
    expect(text([0xff, 0xfe, 0, 0, 0xff, 0xfe, 0, 0, 0x41, 0, 0, 0])).toBe('\ufeffA')
    expect(text([0, 0, 0xfe, 0xff, 0, 0, 0, 0x41, 0, 0, 0xfe, 0xff])).toBe('A\ufeff')
  })
})

describe('decoding UTF-32', () => {
  const big = (...points: ReadonlyArray<number>) =>
    text([0xfeff, ...points].flatMap((point) => [24, 16, 8, 0].map((bits) => (point >>> bits) & 0xff)))

  it.each([
    [0, '\0'],
    [0xd7ff, '\ud7ff'],
    [0xd800, '\ufffd'],
    [0xdfff, '\ufffd'],
    [0xe000, '\ue000'],
    [0x1f600, '😀'],
    [0x10ffff, '\u{10ffff}'],
    [0x110000, '\ufffd'],
    [0xffffffff, '\ufffd'],
  ])('decodes code point %i as %j', (point, expected) => expect(big(0x41, point, 0x42)).toBe(`A${expected}B`))
  it.each([1, 2, 3])('ignores %i octets at the end that are not a whole character', (count) =>
    expect(text([0xff, 0xfe, 0, 0, 0x41, 0, 0, 0, ...Array<number>(count).fill(0x42)])).toBe('A'),
  )
  it('reads from the middle of a buffer', () => {
    const octets = Uint8Array.from([9, 0xff, 0xfe, 0, 0, 0x41, 0, 0, 0, 9, 9, 9, 9])
    expect(Charset.decode(O.none)(octets.subarray(1, 9))).toBe('A')
  })
})

describe('Charset.decoderOf', () => {
  it('decodes windows-1252 from the middle of a buffer', () => {
    const octets = Uint8Array.from([0x39, 0x41, 0x7f, 0x80, 0x9f, 0xa0, 0xff, 0x39])
    expect(Charset.decoderOf('latin1')?.decode(octets.subarray(1, 7))).toBe('A\x7f€Ÿ\xa0ÿ')
    expect(Charset.decoderOf('latin1')?.decode()).toBe('')
  })
  it('decodes UTF-8 in pieces, and two decoders share no state', () => {
    const [one, two] = [Charset.decoderOf('UTF-8'), Charset.decoderOf('UTF-8')]
    expect(one?.decode(Uint8Array.of(0xc3), { stream: true })).toBe('')
    expect(two?.decode(Uint8Array.of(0xa9))).toBe('\ufffd')
    expect(one?.decode(Uint8Array.of(0xa9), { stream: true })).toBe('é')
    expect(one?.decode()).toBe('')
  })
  it.each(['', 'no-such-charset', '__proto__'])('returns undefined for the unknown label %j', (label) =>
    expect(Charset.decoderOf(label)).toBeUndefined(),
  )
  it('finds a decoder again after many unknown labels', () => {
    const labels = Array.from({ length: 200 }, (_, i) => `x-${i}`)
    for (const label of ['shift_jis', ...labels, 'shift_jis']) {
      expect(text([0x82, 0xa0], label)).toBe(label === 'shift_jis' ? 'あ' : '\ufffd\ufffd')
    }
  })
})

describe('Charset.streamDecoder', () => {
  const LABELS = ['utf-8', 'latin1', 'windows-1251', 'shift_jis', 'utf-16le', 'utf-16be', 'no-such-charset']

  it('decodes pieces to the same text as the whole', () => {
    const octet = fc.constantFrom(0, 0, 0x41, 0xa9, 0xbb, 0xbf, 0xc3, 0xd8, 0xef, 0xfe, 0xff)
    const mark = fc.constantFrom<Octets>(
      [],
      [0xef, 0xbb, 0xbf],
      [0xff, 0xfe],
      [0xfe, 0xff],
      [0xff, 0xfe, 0, 0, 0xff, 0xfe, 0, 0],
      [0, 0, 0xfe, 0xff, 0, 0, 0xfe, 0xff],
    )
    const pieces = fc.tuple(mark, fc.array(octet)).chain(([start, rest]) => {
      const octets = [...start, ...rest]
      return fc.array(fc.nat(octets.length), { maxLength: 6 }).map((cuts) => {
        const ends = [...cuts, octets.length].sort((x, y) => x - y)
        return ends.map((end, i) => octets.slice(ends[i - 1] ?? 0, end))
      })
    })
    fc.assert(
      fc.property(fc.constantFrom(...LABELS), pieces, (label, all) => {
        const decoder = Charset.streamDecoder(label)
        const texts = all.map((octets) => decoder.decode(Uint8Array.from(octets), { stream: true }))
        expect([...texts, decoder.decode()].join('')).toBe(text(all.flat(), label))
      }),
    )
  })

  it.each<[ReadonlyArray<Octets>, ReadonlyArray<string>]>([
    [
      [[0x41], [0xe9]],
      ['A', 'é'],
    ],
    [[[0xe9]], ['é']],
    [
      [[0xef], [0xbb], [0xbf, 0x41]],
      ['', '', 'A'],
    ],
    [
      [[0xef], [0x41]],
      ['', 'ïA'],
    ],
    [
      [
        [0xff, 0xfe],
        [0x41, 0],
      ],
      ['', 'A'],
    ],
    [
      [[0xff, 0xfe], [0, 0], [0x41, 0, 0], [0]],
      ['', '', '', 'A'],
    ],
    [
      [
        [0, 0],
        [0xfe, 0xff],
        [0, 0, 0xfe, 0xff],
      ],
      ['', '', '\ufeff'],
    ],
    [
      [[], [0x41]],
      ['', 'A'],
    ],
  ])('returns text as soon as %j cannot be a byte order mark', (pieces, texts) => {
    const decoder = Charset.streamDecoder('latin1')
    expect(pieces.map((octets) => decoder.decode(Uint8Array.from(octets), { stream: true }))).toEqual(texts)
    expect(decoder.decode()).toBe('')
  })
})

describe('Charset.decodeJson', () => {
  const [brace, end] = [0x7b, 0x7d]
  it.each<[string, Octets]>([
    ['UTF-16, big-endian', [0, brace, 0, end]],
    ['UTF-16, little-endian', [brace, 0, end, 0]],
    ['UTF-32, big-endian', [0, 0, 0, brace, 0, 0, 0, end]],
    ['UTF-32, little-endian', [brace, 0, 0, 0, end, 0, 0, 0]],
    ['UTF-8', [brace, end]],
  ])('detects %s by its zeros, whatever is declared', (_, octets) => {
    expect(json(octets)).toBe('{}')
    expect(json(octets, 'latin1')).toBe('{}')
  })
  it.each<[Octets]>([
    [[0, 0x41, 0, 0]],
    [[0, 0x41, 0x42, 0x43]],
    [[0, 0, 0, 0]],
    [[0, 0, 0x41, 0x42]],
    [[0x41, 0, 0x42, 0x43]],
    [[0x41, 0, 0, 0x42]],
    [[0x41, 0x42, 0, 0]],
    [[0x41, 0x42, 0, 0x43]],
    [[0x41, 0x42, 0x43, 0]],
    [[0x41, 0]],
    [[0, 0x41]],
    [[0x41, 0, 0]],
    [[0, 0x41, 0]],
    [[0, 0, 0]],
    [[]],
  ])('reads %j, whose zeros mean nothing, as UTF-8', (octets) =>
    expect(json(octets)).toBe(String.fromCharCode(...octets)),
  )
  it('keeps a mark that is not at the start', () =>
    expect(json([0x22, 0xfeff, 0x22].flatMap((point) => [0, 0, point >> 8, point & 0xff]))).toBe('"\ufeff"'))
  it('uses the declared charset if the text is neither UTF-16 nor UTF-32', () => {
    expect(json([0x22, 0xe9, 0x22], 'latin1')).toBe('"é"')
    expect(json([0x22, 0xc3, 0xa9, 0x22], 'no-such-charset')).toBe('"é"')
  })
})

describe('Charset.decode', () => {
  it('prefers a byte order mark to the declared charset, and that to UTF-8', () => {
    expect(text([0xe9], 'latin1')).toBe('é')
    expect(text([0xc3, 0xa9])).toBe('é')
    expect(text([0xff, 0xfe, 0x41, 0])).toBe('A')
    expect(text([0xff, 0xfe, 0, 0, 0x41, 0, 0, 0])).toBe('A')
    expect(text([0xe9])).toBe('�')
    expect(text([0xc3, 0xa9], 'no-such-charset')).toBe('é')
  })
  it.each(['windows-1252', 'latin1', 'us-ascii'])('decodes %s as windows-1252, as WHATWG requires', (label) => {
    expect(text([0x80, 0x81, 0x99, 0x9f, 0xe9], label)).toBe('€\x81™Ÿé')
  })
  it('decodes JSON in any Unicode encoding', () => {
    const json = '{"a":"é"}'
    const encodings = {
      'utf-8': Buffer.from(json),
      'utf-8 with a mark': Buffer.from(`\ufeff${json}`),
      'utf-16le': Buffer.from(json, 'utf16le'),
      'utf-16be': Buffer.from(json, 'utf16le').swap16(),
      'utf-32le': Buffer.from(new Uint32Array([...json].map((c) => c.codePointAt(0) ?? 0)).buffer),
    }
    for (const bytes of Object.values(encodings)) {
      expect(JSON.parse(Charset.decodeJson(O.none)(bytes))).toEqual({ a: 'é' })
    }
  })
  it.each([
    ['text/html; charset=utf-8', 'utf-8'],
    ['text/html; Charset="x"; charset=y', 'x'],
    ['text/html; charset', undefined],
    ['text/html', undefined],
  ])('finds in %s the charset %s', (contentType, charset) =>
    expect(O.toUndefined(Charset.ofContentType(contentType))).toBe(charset),
  )
})
