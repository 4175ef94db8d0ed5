import { createHash, createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Hash from '../../src/values/Hash.js'
import * as Portable from '../../src/values/PortableHash.js'

const ALGORITHMS = ['md5', 'sha1', 'sha256', 'sha512', 'sha512-256'] as const
/** Includes halves of surrogate pairs, which become U+FFFD, each on its own. */
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\ud83d', '\ude00', 'a\ud83d', '\ude00b'))
const input = fc.oneof(text, fc.uint8Array({ maxLength: 300 }))

describe.each(ALGORITHMS)('%s', (algorithm) => {
  it('agrees with OpenSSL', () => {
    fc.assert(
      fc.property(input, input, (x, y) => {
        const expected = createHash(algorithm).update(x).update(y).digest('hex')
        expect(Hash.hex(algorithm, x, y)).toBe(expected)
        expect(Portable.hex(algorithm, x, y)).toBe(expected)
      }),
    )
  })
  it('is the same in Node and in browsers, for any number of inputs', () => {
    fc.assert(
      fc.property(fc.array(input, { maxLength: 4 }), (inputs) => {
        expect(Hash.hex(algorithm, ...inputs)).toBe(Portable.hex(algorithm, ...inputs))
      }),
    )
  })
  it('has the HMAC of OpenSSL, in Node and in browsers', () => {
    fc.assert(
      fc.property(input, input, (key, x) => {
        const expected = createHmac(algorithm, key).update(x).digest('hex')
        expect(Hash.toHex(Hash.hmac(algorithm, key, x))).toBe(expected)
        expect(Portable.toHex(Portable.hmac(algorithm, key, x))).toBe(expected)
      }),
    )
  })
})

describe('toHex', () => {
  it('writes each octet of a view with two digits', () => {
    const view = Uint8Array.of(9, 0, 1, 254, 255, 9).subarray(1, 5)
    expect([Hash.toHex(view), Portable.toHex(view)]).toEqual(['0001feff', '0001feff'])
  })
})
