import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Octets from '../../src/values/Octets.js'

// Node's `Buffer` is the reference: the library must give the same results where there is none.

const bytes = fc.uint8Array({ maxLength: 300 })
const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ unit: 'grapheme', maxLength: 200 }))
/** As a reader sees them: without the class. */
const list = (octets: Uint8Array): ReadonlyArray<number> => [...octets]

const check = <A>(arbitrary: fc.Arbitrary<A>, law: (value: A) => void): void =>
  fc.assert(fc.property(arbitrary, (value) => void law(value)))

describe('Octets', () => {
  it('encodes text as UTF-8', () => {
    check(text, (s) => expect(list(Octets.fromText(s))).toEqual(list(Buffer.from(s))))
  })
  it('encodes a lone surrogate as U+FFFD, in short and in long text', () => {
    for (const s of ['\ud800', `${'a'.repeat(100)}\udc00b`])
      expect(list(Octets.fromText(s))).toEqual(list(Buffer.from(s)))
  })
  it('decodes UTF-8 and keeps a byte order mark', () => {
    check(bytes, (octets) => expect(Octets.toText(octets)).toBe(Buffer.from(octets).toString()))
    expect(Octets.toText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa')
    expect(Octets.toValidText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa')
  })
  it('tells valid from invalid UTF-8', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, text.map(Octets.fromText)), (octets) => {
        const valid = Buffer.from(octets).toString()
        const isValid = Buffer.from(valid).equals(octets)
        expect(Octets.toValidText(octets)).toBe(isValid ? valid : undefined)
      }),
    )
  })
  it('converts one character for each octet, and not windows-1252', () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i)
    expect(Octets.toLatin1(all)).toBe(Buffer.from(all).toString('latin1'))
    check(bytes, (octets) => expect(list(Octets.fromLatin1(Octets.toLatin1(octets)))).toEqual(list(octets)))
    check(text, (s) => expect(list(Octets.fromLatin1(s))).toEqual(list(Buffer.from(s, 'latin1'))))
  })
  it('converts octets that are part of a larger buffer', () => {
    const part = Uint8Array.of(1, 2, 0xe9, 0x61, 5).subarray(2, 4)
    expect([Octets.toLatin1(part), Octets.toBase64(part)]).toEqual(['éa', '6WE='])
  })
  it('takes an invalid octet for itself, even if the lengths are equal', () => {
    // Each octet becomes one U+FFFD, so that the text has the length of ASCII.
    expect(Octets.toLatin1(Uint8Array.of(0xff, 0xfe))).toBe('ÿþ')
  })
  it('writes base64 and reads it, also in the alphabet for URLs and with white space', () => {
    fc.assert(
      fc.property(bytes, fc.constantFrom('base64', 'base64url'), (octets, alphabet) => {
        const written = Buffer.from(octets).toString('base64')
        expect(Octets.toBase64(octets)).toBe(written)
        const other = Buffer.from(octets).toString(alphabet)
        expect(list(Octets.fromBase64(other))).toEqual(list(octets))
        expect(list(Octets.fromBase64(other.replace(/.{5}/g, '$&\r\n ')))).toEqual(list(octets))
      }),
    )
  })
  it('never fails to read base64', () => {
    check(text, (s) => expect(Octets.fromBase64(s)).toBeInstanceOf(Uint8Array))
  })
  it('joins and compares', () => {
    check(fc.array(bytes), (chunks) => expect(list(Octets.concat(chunks))).toEqual(list(Buffer.concat(chunks))))
    fc.assert(
      fc.property(bytes, fc.oneof(bytes, fc.constant(undefined)), (x, other) => {
        const y = other ?? x.slice()
        expect(Octets.equals(x, y)).toBe(Buffer.compare(x, y) === 0)
      }),
    )
  })
  it.each([
    ['latin1', (n: number) => Octets.toLatin1(new Uint8Array(n).fill(0xe9)).length],
    ['base64', (n: number) => Octets.fromBase64(Octets.toBase64(new Uint8Array(n).fill(0xe9))).length],
  ])('converts a long %s text', (_, convert) => expect(convert(2_000_003)).toBe(2_000_003))
})
