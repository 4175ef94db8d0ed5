/**
 * Proof Key for Code Exchange (RFC 7636), with the method S256 only: `plain` would show the verifier to who reads the
 * URL.
 */
import * as Entropy from '../../../values/Entropy.js'
import * as Hash from '../../../values/Hash.js'
import * as Octets from '../../../values/Octets.js'

/** Returns 256 bits as 64 hexadecimal digits, which a verifier may contain (RFC 7636 4.1). */
export const verifierFrom = (entropy: string): string =>
  Entropy.draw(entropy, 'pkce verifier 1') + Entropy.draw(entropy, 'pkce verifier 2')

/** Returns whether a text is a verifier: 43 to 128 unreserved characters (RFC 7636 4.1). */
export const isVerifier = (text: string): boolean => /^[\w.~-]{43,128}$/.test(text)

const octetsOf = (hex: string): Uint8Array =>
  Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))

/** Encodes octets as base64url without padding (RFC 4648 5). */
const base64Url = (octets: Uint8Array): string =>
  Octets.toBase64(octets).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')

/** Returns the challenge of a verifier: its SHA-256 as base64url (RFC 7636 4.2). */
export const challengeOf = (verifier: string): string => base64Url(octetsOf(Hash.hex('sha256', verifier)))
