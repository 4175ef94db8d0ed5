/**
 * RFC 6265bis as a list of cookies and two functions: a model independent of the library's jar (D13).
 *
 * The two share only the public suffix list, which is data.
 *
 * | a Set-Cookie is refused                                              | 6265bis      |
 * |----------------------------------------------------------------------|--------------|
 * | without a name; with a control character; name and value above 4,096 | 5.6          |
 * | its Domain does not cover the host, or is a public suffix            | 5.7, 7–10    |
 * | Secure from where it is not; overlaying a Secure one from there      | 5.7, 13, 16  |
 * | a prefix that it does not keep                                       | 5.7, 20–22   |
 */
import { getPublicSuffix } from 'tough-cookie'
import { cookieDate } from './cookie-date.js'
import { canonicalHost } from './parts.js'

export interface Stored {
  readonly name: string
  readonly value: string
  readonly domain: string
  readonly hostOnly: boolean
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  /** Epoch milliseconds. */
  readonly expires: number | null
  /** Whether a program set it, and no server. */
  readonly byHand: boolean
}

/** In the order of creation. */
export type Cookies = ReadonlyArray<Stored>

export interface Place {
  readonly isSecure: boolean
  /** Canonical, an IPv6 address without brackets. */
  readonly host: string
  readonly path: string
  /** Epoch milliseconds. */
  readonly now: number
}

const isIp = (host: string): boolean => host.includes(':') || /^\d+(\.\d+){3}$/.test(host)
const isLoopback = (host: string): boolean => host === '::1' || /^127\./.test(host) || /(^|\.)localhost\.?$/.test(host)

/** A URL that has been prepared, at a time. */
export const placeOf = (url: string, now: number): Place => {
  const [, scheme = '', authority = '', path = ''] = /^([^:]+):\/\/([^/?#]*)([^?#]*)/.exec(url) ?? []
  const host = authority
    .replace(/^.*@/, '')
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()
  return { isSecure: scheme.toLowerCase() === 'https' || isLoopback(host), host, path: path || '/', now }
}

/** The registrable domain of a host, by the list; a single label has none. */
const siteOf = (host: string): string | undefined => {
  const name = host.replace(/\.$/, '')
  if (isIp(host) || !name.includes('.')) return undefined
  const site = getPublicSuffix(name, { allowSpecialUseDomain: true, ignoreError: true })
  return site === undefined || !domainMatches(name, site) ? undefined : site + host.slice(name.length)
}

/** A host that others share: the list's, or a single label. */
const isShared = (host: string): boolean => !isIp(host) && siteOf(host) === undefined

const domainMatches = (host: string, domain: string): boolean =>
  host === domain || (!isIp(host) && host.endsWith(`.${domain}`))

const pathMatches = (path: string, cookiePath: string): boolean =>
  path === cookiePath ||
  (path.startsWith(cookiePath) && (cookiePath.endsWith('/') || path.charAt(cookiePath.length) === '/'))

const defaultPath = (path: string): string => {
  const slash = path.lastIndexOf('/')
  return slash <= 0 ? '/' : path.slice(0, slash)
}

export const isLive = ({ expires }: Stored, now: number): boolean => expires === null || expires > now

// --- parsing -------------------------------------------------------------------------------------------------------

const trimmed = (text: string): string => text.replace(/^[ \t]+|[ \t]+$/g, '')

interface Parsed {
  readonly name: string
  readonly value: string
  readonly domain: string
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly maxAge: number | undefined
  readonly expires: number | undefined
}

const withAttribute = (parsed: Parsed, attribute: string): Parsed => {
  const [, key = '', raw = ''] = /^([^=]*)=?([\s\S]*)$/.exec(attribute) ?? []
  const value = trimmed(raw)
  if (value.length > 1024) return parsed
  switch (trimmed(key).toLowerCase()) {
    case 'domain': {
      const domain = value.replace(/^\./, '')
      return domain === '' ? parsed : { ...parsed, domain }
    }
    case 'path':
      return { ...parsed, path: value.startsWith('/') ? value : '' }
    case 'secure':
      return { ...parsed, secure: true }
    case 'httponly':
      return { ...parsed, httpOnly: true }
    case 'max-age':
      return /^-?\d+$/.test(value) ? { ...parsed, maxAge: Number(value) } : parsed
    case 'expires':
      return { ...parsed, expires: cookieDate(value) ?? parsed.expires }
    default:
      return parsed
  }
}

const parse = (header: string): Parsed | undefined => {
  const text = header.split(/[\r\n\0]/, 1)[0] ?? ''
  const [pair = '', ...attributes] = text.split(';')
  const equals = pair.indexOf('=')
  const name = equals < 0 ? '' : trimmed(pair.slice(0, equals))
  const value = trimmed(pair.slice(equals + 1))
  if (name === '' || name.length + value.length > 4096 || /[\x01-\x08\x0a-\x1f\x7f]/.test(text)) return undefined
  const bare: Parsed = {
    name,
    value,
    domain: '',
    path: '',
    secure: false,
    httpOnly: false,
    maxAge: undefined,
    expires: undefined,
  }
  return attributes.reduce(withAttribute, bare)
}

// --- storing -------------------------------------------------------------------------------------------------------

const LONGEST_LIFE = 400 * 24 * 60 * 60 * 1000

const expiryOf = ({ maxAge, expires }: Parsed, now: number): number | null => {
  const at = maxAge === undefined ? expires : now + maxAge * 1000
  return at === undefined ? null : Math.min(at, now + LONGEST_LIFE)
}

const scopeOf = (domain: string, host: string): Pick<Stored, 'domain' | 'hostOnly'> | undefined => {
  if (domain === '') return { domain: host, hostOnly: true }
  const named = domain.startsWith('.') ? undefined : canonicalHost(domain.toLowerCase())
  if (named === undefined) return undefined
  if (named === host) return { domain: host, hostOnly: isShared(host) }
  const site = siteOf(host)
  // Never at or above a public suffix, not even at a parent that is not a suffix itself.
  const covers = site !== undefined && domainMatches(host, named) && domainMatches(named, site)
  return covers ? { domain: named, hostOnly: false } : undefined
}

const sameKey = (x: Stored, y: Stored): boolean =>
  x.name === y.name && x.domain === y.domain && x.hostOnly === y.hostOnly && x.path === y.path

const keepsPrefix = ({ name, secure, hostOnly, path }: Stored, hasPath: boolean): boolean => {
  const lower = name.toLowerCase()
  if (lower.startsWith('__host-')) return secure && hostOnly && hasPath && path === '/'
  return !lower.startsWith('__secure-') || secure
}

const overlays = (cookie: Stored, held: Cookies, now: number): boolean =>
  held.some(
    (other) =>
      other.secure &&
      other.name === cookie.name &&
      isLive(other, now) &&
      (domainMatches(other.domain, cookie.domain) || domainMatches(cookie.domain, other.domain)) &&
      pathMatches(cookie.path, other.path),
  )

/** Replaces the cookie with the same key in its place, or adds it last. */
export const put =
  (cookie: Stored) =>
  (held: Cookies): Cookies =>
    held.some((other) => sameKey(other, cookie))
      ? held.map((other) => (sameKey(other, cookie) ? cookie : other))
      : [...held, cookie]

const without = (held: Cookies, cookie: Stored): Cookies => held.filter((other) => !sameKey(other, cookie))

/** What one Set-Cookie leaves behind. */
export interface Taken {
  readonly held: Cookies
  /** The cookie that it set; none where it was refused or deleted one. */
  readonly set: Stored | undefined
}

export const take = (held: Cookies, place: Place, header: string): Taken => {
  const refused: Taken = { held, set: undefined }
  const parsed = parse(header)
  const scope = parsed === undefined || place.host === '' ? undefined : scopeOf(parsed.domain, place.host)
  if (parsed === undefined || scope === undefined) return refused
  const { name, value, secure, httpOnly, path } = parsed
  const cookie: Stored = {
    name,
    value,
    ...scope,
    path: path === '' ? defaultPath(place.path) : path,
    secure,
    httpOnly,
    expires: expiryOf(parsed, place.now),
    byHand: false,
  }
  if (!place.isSecure && (secure || overlays(cookie, held, place.now))) return refused
  if (!keepsPrefix(cookie, path !== '')) return refused
  const old = held.find((other) => sameKey(other, cookie))
  if (!isLive(cookie, place.now)) return { held: without(held, cookie), set: undefined }
  // What had expired by now was gone, and is created anew.
  const before = old === undefined || isLive(old, place.now) ? held : without(held, old)
  return { held: put(cookie)(before), set: cookie }
}

export const takeAll = (held: Cookies, place: Place, headers: ReadonlyArray<string>): Cookies =>
  headers.reduce((cookies, header) => take(cookies, place, header).held, held)

// --- sending -------------------------------------------------------------------------------------------------------

const isSent = (cookie: Stored, { host, path, isSecure, now }: Place): boolean =>
  (cookie.hostOnly ? host === cookie.domain : domainMatches(host, cookie.domain)) &&
  pathMatches(path, cookie.path) &&
  (!cookie.secure || isSecure) &&
  isLive(cookie, now)

/** The cookies for a place, longer paths first, then older ones. */
export const sentTo = (held: Cookies, place: Place): Cookies =>
  held.filter((cookie) => isSent(cookie, place)).sort((x, y) => y.path.length - x.path.length)

export const pairOf = ({ name, value }: Pick<Stored, 'name' | 'value'>): string => `${name}=${value}`
