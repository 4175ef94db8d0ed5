/** Verifies digest answers (RFC 7616) as strictly as a server may: each nonce count is the next one, and the URI is that of the request. */
import { createHash } from 'node:crypto'
import type { Answer } from '../src/wire/Reply.js'

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

export interface StrictDigest {
  /** Returns why an answer is not accepted, or undefined. */
  readonly problemOf: (sent: string, method: string, uri: string) => string | undefined
  /** The challenge with the current nonce. */
  readonly challenge: () => string
  /** Starts a new nonce, and returns it. */
  readonly nextNonce: () => string
  /** The nonces and counts that were accepted. */
  readonly accepted: () => ReadonlyArray<string>
}

/** For the user `me` with the password `pw`. */
export const strictDigest = (realm: string): StrictDigest => {
  let [nonce, count] = [0, 0]
  const accepted: string[] = []
  const problemOf = (sent: string, method: string, uri: string): string | undefined => {
    const part = (name: string): string => new RegExp(`\\b${name}="?([^",]*)`).exec(sent)?.[1] ?? ''
    if (part('nonce') !== `${realm}${nonce}` || part('realm') !== realm) return 'unknown nonce'
    if (Number.parseInt(part('nc'), 16) !== count + 1) return 'the count is not the next one'
    if (part('uri') !== uri) return `the URI ${part('uri')} is not ${uri}`
    const response = md5(
      [
        ...[md5(`me:${realm}:pw`), part('nonce'), part('nc'), part('cnonce'), 'auth'],
        md5(`${method}:${part('uri')}`),
      ].join(':'),
    )
    if (part('response') !== response) return 'the response is wrong'
    count += 1
    accepted.push(`${part('nonce')} ${part('nc')}`)
    return undefined
  }
  const nextNonce = (): string => {
    nonce += 1
    count = 0
    return `${realm}${nonce}`
  }
  return {
    problemOf,
    nextNonce,
    challenge: () => `Digest realm="${realm}", nonce="${realm}${nonce}", qop="auth", algorithm=MD5`,
    accepted: () => accepted,
  }
}

/** The reply that drops a request after it was accepted. */
export const BUSY: Answer = { status: 503 }
