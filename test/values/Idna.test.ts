import { domainToASCII } from 'node:url'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { domainToAscii } from '../../src/values/Idna.js'

const reference = (name: string): string | undefined => domainToASCII(name) || undefined

describe('domainToAscii', () => {
  it.each([
    'bücher.example',
    'BÜCHER.Example',
    'x',
    'ｘ',
    'y',
    '日本語。ｊｐ',
    'xn--zzzzzz.test',
    'a\u00adb',
    'ß.test',
    '٣',
    '\u200d',
  ])('agrees with Node for %j', (name) => expect(domainToAscii(name)).toBe(reference(name)))
  it('agrees with Node for any name that is not ASCII, which is what NO_PROXY converts', () => {
    const character = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 3 }),
      fc.constantFrom('.', 'a', 'ü', '-', '例', 'xn--'),
    )
    const name = fc.array(character, { maxLength: 8 }).map((parts) => parts.join('').toLowerCase())
    fc.assert(
      fc.property(name, (text) => {
        fc.pre(/[^\0-\x7f]/.test(text) && !/[\s,:]/.test(text))
        expect(domainToAscii(text)).toBe(reference(text))
      }),
      { numRuns: 1000 },
    )
  })
})
