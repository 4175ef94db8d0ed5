/**
 * A small signature scheme, and a verifier that does not use the code under test.
 *
 *     X-Signature = HMAC-SHA256(key, method ⏎ URL ⏎ host ⏎ date ⏎ nonce ⏎ SHA-256(body))
 *
 * The nonce is also in the query, so that a signature writes both header fields and the query. `Authorization` has
 * the token, if there is one.
 */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import * as O from 'fp-ts/lib/Option.js'
import type { SignContext } from '../../src/session/auth/Auth.js'
import * as Headers from '../../src/values/Headers.js'
import * as Secret from '../../src/values/Secret.js'
import * as Url from '../../src/values/Url.js'
import { type Plan, wire } from '../../src/wire/Plan.js'

/** The key of every signature. */
export const KEY = 'CANARY-key'

/** The names of fields that are not secret. */
export const PUBLIC: ReadonlyArray<string> = ['X-Date']

const macOf = (parts: ReadonlyArray<string>, body: Uint8Array): string =>
  bytesToHex(hmac(sha256, utf8ToBytes(KEY), utf8ToBytes([...parts, bytesToHex(sha256(body))].join('\n'))))

const bodyOf = (plan: Plan): Uint8Array => O.getOrElse((): Uint8Array => new Uint8Array())(wire(plan).body)

/** Signs a plan, with a bearer token if one is given. */
export const sign =
  (token?: Secret.Secret) =>
  (plan: Plan, { now, entropy }: SignContext): Plan => {
    const url = Url.appendQuery(`nonce=${encodeURIComponent(entropy)}`)(plan.url)
    const date = now.toISOString()
    const [host = ''] = Headers.valuesOf(plan.headers, 'Host').map(Secret.reveal)
    const parts = [plan.method, Url.sentHref(url), host, date, entropy]
    const add = (name: string, value: string) => Headers.upsertAt(name, value)
    const bearer = token === undefined ? [] : [add('Authorization', `Bearer ${Secret.reveal(token)}`)]
    const fields = [add('X-Date', date), add('X-Signature', macOf(parts, bodyOf(plan))), ...bearer]
    return { ...plan, url, headers: fields.reduce((headers, change) => change(headers), plan.headers) }
  }

/** The signature that a server finds in a request. */
export interface Found {
  readonly isValid: boolean
  readonly date: string
  readonly nonce: string
}

/** Verifies a plan as a server does. `undefined`: it has nothing of a signature. */
export const verify = (plan: Plan): Found | undefined => {
  const { method, url, headers } = wire(plan)
  const valuesOf = (name: string) => headers.flatMap(([key, value]) => (key.toLowerCase() === name ? [value] : []))
  const [dates, macs] = [valuesOf('x-date'), valuesOf('x-signature')]
  const nonces = new URL(url).searchParams.getAll('nonce')
  if (dates.length + macs.length + nonces.length === 0) return undefined
  const [date = '', mac = '', nonce = ''] = [dates[0], macs[0], nonces[0]]
  const { host, hash } = new URL(url)
  const sent = hash === '' ? url : url.slice(0, url.indexOf('#'))
  const isSingle = [dates, macs, nonces].every(({ length }) => length === 1)
  return { isValid: isSingle && mac === macOf([method, sent, host, date, nonce], bodyOf(plan)), date, nonce }
}
