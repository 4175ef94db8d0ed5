import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Hash from '../../src/values/Hash.js'

describe('Hash', () => {
  it.each(['md5', 'sha1', 'sha256', 'sha512', 'sha512-256'] as const)('%s agrees with OpenSSL', (algorithm) => {
    const input = fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 300 }))
    fc.assert(
      fc.property(input, input, (x, y) => {
        expect(Hash.hex(algorithm, x, y)).toBe(createHash(algorithm).update(x).update(y).digest('hex'))
      }),
    )
  })
})
