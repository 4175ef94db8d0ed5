/**
 * Hash functions of Node, synchronous. Bundles for browsers have `PortableHash` instead, which returns the same for every
 * input.
 */
import * as Crypto from 'node:crypto'
import * as Portable from './PortableHash.js'

export type { Algorithm } from './PortableHash.js'

/** Returns lower-case hexadecimal digits. */
export const toHex = (octets: Uint8Array): string =>
  Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('hex')

/** Not in every runtime that has `node:crypto`. In Node it is three times faster than a hash object. */
const oneShot: typeof Crypto.hash | undefined = Crypto.hash

const isLowSurrogate = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff

/** Returns texts as one. Undefined if an input is not text, or if joining would make one character of two halves. */
const joined = (inputs: ReadonlyArray<string | Uint8Array>): string | undefined => {
  let text = ''
  for (const input of inputs) {
    if (typeof input !== 'string' || isLowSurrogate(input.charCodeAt(0))) return undefined
    text += input
  }
  return text
}

/** Returns the hash of UTF-8 text or octets, one after another, in lower-case hexadecimal. */
export const hex = (algorithm: Portable.Algorithm, ...inputs: ReadonlyArray<string | Uint8Array>): string => {
  try {
    const single = inputs.length === 1 ? inputs[0] : joined(inputs)
    if (single !== undefined && oneShot !== undefined) return oneShot(algorithm, single, 'hex')
    const hash = Crypto.createHash(algorithm)
    for (const input of inputs) hash.update(input)
    return hash.digest('hex')
  } catch {
    // OpenSSL may lack an algorithm: MD5 in FIPS mode, SHA-512/256 in BoringSSL.
    return Portable.hex(algorithm, ...inputs)
  }
}

/**
 * Returns the HMAC (RFC 2104) of UTF-8 text or octets.
 * @since 0.2.0
 */
export const hmac = (
  algorithm: Portable.Algorithm,
  key: string | Uint8Array,
  input: string | Uint8Array,
): Uint8Array => {
  try {
    return Crypto.createHmac(algorithm, key).update(input).digest()
  } catch {
    return Portable.hmac(algorithm, key, input)
  }
}
