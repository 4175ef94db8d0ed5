/**
 * Generates access tokens and their keys for the laws of `Jar`: two names, two endpoints, few times, so that keys and times
 * are often equal.
 */
import * as fc from 'fast-check'
import type { TokenKey, TokenSelection } from '../../src/cookies/Jar.js'
import * as Token from '../../src/values/Token.js'

const NAMES = ['api', 'API', '__proto__'] as const
const ENDPOINTS = ['https://auth.test/token', 'https://auth.test/token/', 'https://auth.test:8443/token'] as const

const name: fc.Arbitrary<string> = fc.constantFrom(...NAMES)
const endpoint: fc.Arbitrary<string> = fc.constantFrom(...ENDPOINTS)

/** Generates one of a few similar keys. */
export const key: fc.Arbitrary<TokenKey> = fc.record({ name, endpoint })

/** Generates a selection by name, by endpoint, by both or of all tokens. */
export const selection: fc.Arbitrary<TokenSelection> = fc.record({ name, endpoint }, { requiredKeys: [] })

const input: fc.Arbitrary<Token.Input> = fc.record(
  {
    accessToken: fc.constantFrom('a1', 'a2'),
    type: fc.constantFrom('Bearer', 'bearer'),
    refreshToken: fc.constantFrom('r1', 'r2'),
    expiresIn: fc.constantFrom(0, 1, 3),
    scope: fc.constantFrom('read', 'read write'),
  },
  { requiredKeys: ['accessToken'] },
)

/** Generates a valid token that was received between 0 s and 5 s. Some have a refresh token, some expire. */
export const token: fc.Arbitrary<Token.Token> = fc
  .tuple(input, fc.integer({ min: 0, max: 5 }))
  .map(([given, second]) => Token.at(new Date(second * 1000))(given))
