/** Hash functions in plain JavaScript, so that they are synchronous in a browser too. */
import { hmac as keyed } from '@noble/hashes/hmac.js'
import { md5, sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha512, sha512_256 } from '@noble/hashes/sha2.js'
import * as Octets from './Octets.js'

const FUNCTIONS = { md5, sha1, sha256, sha512, 'sha512-256': sha512_256 } as const

/** The hash functions that digest authentication and signatures need. */
export type Algorithm = keyof typeof FUNCTIONS

const DIGITS: ReadonlyArray<string> = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'))

/** Returns lower-case hexadecimal digits. */
export const toHex = (octets: Uint8Array): string => {
  let text = ''
  for (const octet of octets) text += DIGITS[octet]
  return text
}

const octetsOf = (input: string | Uint8Array): Uint8Array =>
  typeof input === 'string' ? Octets.fromText(input) : input

/** Returns the hash of UTF-8 text or octets, one after another, in lower-case hexadecimal. */
export const hex = (algorithm: Algorithm, ...inputs: ReadonlyArray<string | Uint8Array>): string => {
  const hash = FUNCTIONS[algorithm].create()
  for (const input of inputs) hash.update(octetsOf(input))
  return toHex(hash.digest())
}

/** Returns the HMAC (RFC 2104) of UTF-8 text or octets. */
export const hmac = (algorithm: Algorithm, key: string | Uint8Array, input: string | Uint8Array): Uint8Array =>
  keyed(FUNCTIONS[algorithm], octetsOf(key), octetsOf(input))
