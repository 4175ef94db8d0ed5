/**
 * The cookies that a Python program sets by hand, as the model's: those that go along, and those that a jar holds.
 */
import type { CookieSpec } from '../shapes.js'
import type { Py } from '../tagged.js'
import { type Cookies, pairOf, put, type Stored } from './cookie-jar.js'
import { canonicalHost, partsOf } from './parts.js'

interface Detailed {
  readonly name: string
  readonly value: Py
  readonly domain?: string
  readonly path?: string
  readonly secure?: boolean
  readonly expires?: number | null
}

const detailed = (spec: CookieSpec): Detailed => (Array.isArray(spec) ? { name: spec[0], value: spec[1] } : spec)

const textOf = (py: Py): string | undefined => (py._tag === 'Str' ? py.text : undefined)

/** Without a domain, a path of its own, Secure or an expiry. */
export const goesAlong = (spec: CookieSpec): boolean => {
  const { domain = '', path = '/', secure = false, expires = null } = detailed(spec)
  return domain === '' && path === '/' && !secure && expires === null
}

/** Names to values; None takes a name away. */
export type Along = ReadonlyMap<string, string>

export const alongOf = (
  entries: ReadonlyArray<readonly [name: string, value: Py]>,
  below: Along = new Map(),
): Along => {
  const along = new Map(below)
  for (const [name, value] of entries) {
    const text = textOf(value)
    if (text === undefined) along.delete(name)
    else along.set(name, text)
  }
  return along
}

export const alongOfSpecs = (specs: ReadonlyArray<CookieSpec>, below?: Along): Along =>
  alongOf(
    specs
      .filter(goesAlong)
      .map(detailed)
      .map(({ name, value }) => [name, value] as const),
    below,
  )

export const pairsOf = (along: Along): ReadonlyArray<string> =>
  [...along].map(([name, value]) => pairOf({ name, value }))

/** What is sent: longer paths first; those that go along have the path `/` and are older than the others. */
export const together = (sent: Cookies, along: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...sent.filter(({ path }) => path.length > 1).map(pairOf),
  ...along,
  ...sent.filter(({ path }) => path.length <= 1).map(pairOf),
]

const storedOf = (
  { name, value, domain = '', path = '/', secure = false, expires }: Detailed,
  host: string,
): Stored => ({
  name,
  value: textOf(value) ?? '',
  domain: domain === '' ? host : (canonicalHost(domain.replace(/^\.?\[?|\]$/g, '').toLowerCase()) ?? domain),
  hostOnly: !domain.startsWith('.'),
  path,
  secure,
  httpOnly: true,
  expires: expires === undefined || expires === null ? null : expires * 1000,
  byHand: true,
})

/** What the jar holds at first; one without a domain is for the host of the first URL. */
export const heldOf = (specs: ReadonlyArray<CookieSpec>, url: string, before: Cookies = []): Cookies => {
  const host = canonicalHost(partsOf(url.trimStart()).host) ?? ''
  return specs
    .filter((spec) => !goesAlong(spec))
    .map(detailed)
    .filter(({ value }) => textOf(value) !== undefined)
    .reduce((held, spec) => put(storedOf(spec, host))(held), before)
}
