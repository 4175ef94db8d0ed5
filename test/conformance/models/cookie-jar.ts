/**
 * A model of RFC 6265bis that is independent of the library's jar (D13).
 *
 * Both use the same public suffix list.
 *
 * | a Set-Cookie is rejected if                                            | 6265bis     |
 * |------------------------------------------------------------------------|-------------|
 * | it has no name, a control character, or more than 4,096 octets         | 5.6         |
 * | its Domain does not cover the host, or is a public suffix              | 5.7, 7–10   |
 * | it is Secure or overlays a Secure cookie, and the origin is not secure | 5.7, 13, 16 |
 * | it violates the rules of its name prefix                               | 5.7, 20–22  |
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
  /** Whether a program set it, not a server. */
  readonly byHand: boolean
}

/** Cookies in order of creation. */
export type Cookies = ReadonlyArray<Stored>

export interface Place {
  readonly isSecure: boolean
  /** The canonical host. An IPv6 address has no brackets. */
  readonly host: string
  readonly path: string
  /** Epoch milliseconds. */
  readonly now: number
}

const isIp = (host: string): boolean => host.includes(':') || /^\d+(\.\d+){3}$/.test(host)
const isLoopback = (host: string): boolean => host === '::1' || /^127\./.test(host) || /(^|\.)localhost\.?$/.test(host)

/** Returns the host, path and security of a planned URL, with a time. */
export const placeOf = (url: string, now: number): Place => {
  const [, scheme = '', authority = '', path = ''] = /^([^:]+):\/\/([^/?#]*)([^?#]*)/.exec(url) ?? []
  const host = authority
    .replace(/^.*@/, '')
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()
  return { isSecure: scheme.toLowerCase() === 'https' || isLoopback(host), host, path: path || '/', now }
}

/** Returns the registrable domain of a host, or undefined for a single label. */
const siteOf = (host: string): string | undefined => {
  const name = host.replace(/\.$/, '')
  if (isIp(host) || !name.includes('.')) return undefined
  const site = getPublicSuffix(name, { allowSpecialUseDomain: true, ignoreError: true })
  return site === undefined || !domainMatches(name, site) ? undefined : site + host.slice(name.length)
}

/** Returns whether a host is a public suffix or a single label. */
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

// --- parsing --------------------------------------------------------------------------------------------------------

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

// --- storing --------------------------------------------------------------------------------------------------------

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

/** Replaces the cookie with the same key at its position, or appends it. */
export const put =
  (cookie: Stored) =>
  (held: Cookies): Cookies =>
    held.some((other) => sameKey(other, cookie))
      ? held.map((other) => (sameKey(other, cookie) ? cookie : other))
      : [...held, cookie]

const without = (held: Cookies, cookie: Stored): Cookies => held.filter((other) => !sameKey(other, cookie))

/** The result of one Set-Cookie. */
export interface Taken {
  readonly held: Cookies
  /** The new cookie. Undefined if it was rejected or deleted a cookie. */
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
  // An expired cookie does not exist any more, so its successor has a new position.
  const before = old === undefined || isLive(old, place.now) ? held : without(held, old)
  return { held: put(cookie)(before), set: cookie }
}

export const takeAll = (held: Cookies, place: Place, headers: ReadonlyArray<string>): Cookies =>
  headers.reduce((cookies, header) => take(cookies, place, header).held, held)

// --- sending --------------------------------------------------------------------------------------------------------

const isSent = (cookie: Stored, { host, path, isSecure, now }: Place): boolean =>
  (cookie.hostOnly ? host === cookie.domain : domainMatches(host, cookie.domain)) &&
  pathMatches(path, cookie.path) &&
  (!cookie.secure || isSecure) &&
  isLive(cookie, now)

/** Returns the cookies to send: longer paths first, then older cookies first. */
export const sentTo = (held: Cookies, place: Place): Cookies =>
  held.filter((cookie) => isSent(cookie, place)).sort((x, y) => y.path.length - x.path.length)

export const pairOf = ({ name, value }: Pick<Stored, 'name' | 'value'>): string => `${name}=${value}`
