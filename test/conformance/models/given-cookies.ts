/**
 * The cookies that a Python program sets by hand: those without attributes (`withCookie`), and those in a jar.
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

/** Returns whether a cookie has only a name and a value, like those of `withCookie`. */
export const isSettingCookie = (spec: CookieSpec): boolean => {
  const { domain = '', path = '/', secure = false, expires = null } = detailed(spec)
  return domain === '' && path === '/' && !secure && expires === null
}

/** Cookies by name. The value None removes a name. */
export type SettingCookies = ReadonlyMap<string, string>

export const settingCookiesOf = (
  entries: ReadonlyArray<readonly [name: string, value: Py]>,
  below: SettingCookies = new Map(),
): SettingCookies => {
  const settingCookies = new Map(below)
  for (const [name, value] of entries) {
    const text = textOf(value)
    if (text === undefined) settingCookies.delete(name)
    else settingCookies.set(name, text)
  }
  return settingCookies
}

export const settingCookiesIn = (specs: ReadonlyArray<CookieSpec>, below?: SettingCookies): SettingCookies =>
  settingCookiesOf(
    specs
      .filter(isSettingCookie)
      .map(detailed)
      .map(({ name, value }) => [name, value] as const),
    below,
  )

export const pairsOf = (settingCookies: SettingCookies): ReadonlyArray<string> =>
  [...settingCookies].map(([name, value]) => pairOf({ name, value }))

/** Orders the pairs: longer paths first. Cookies of the settings have the path `/` and count as the oldest. */
export const cookiePairs = (sent: Cookies, settingCookies: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...sent.filter(({ path }) => path.length > 1).map(pairOf),
  ...settingCookies,
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

/** Returns the initial cookies of the jar. The default domain is the host of the first URL. */
export const heldOf = (specs: ReadonlyArray<CookieSpec>, url: string, before: Cookies = []): Cookies => {
  const host = canonicalHost(partsOf(url.trimStart()).host) ?? ''
  return specs
    .filter((spec) => !isSettingCookie(spec))
    .map(detailed)
    .filter(({ value }) => textOf(value) !== undefined)
    .reduce((held, spec) => put(storedOf(spec, host))(held), before)
}
