/**
 * The site (registrable domain) of a host, and the domains that a cookie for this host may have.
 *
 * | host                  | site            | domains                                     | public suffix |
 * |-----------------------|-----------------|---------------------------------------------|---------------|
 * | `a.b.example.co.uk`   | `example.co.uk` | itself, `b.example.co.uk`, `example.co.uk`  | no            |
 * | `github.io`, `co.uk`  | itself          | itself                                      | yes           |
 * | `localhost`, `intranet` | itself        | itself                                      | yes, by the rule `*` of the list |
 * | `127.0.0.1`, `::1`    | itself          | itself                                      | no            |
 * | `www.example.com.`    | `example.com.`  | itself, `example.com.`                      | no            |
 *
 * Laws: all domains of a host have the same site; none of them, except the host, is a public suffix or its parent.
 * So a cookie never crosses a public suffix: `x.s3.amazonaws.com` cannot set a cookie for `amazonaws.com`, although
 * that is not a public suffix. Browsers do the same; RFC 6265bis 5.7 only looks at the Domain attribute.
 *
 * @example
 * import { Jar } from 'requests-ts'
 *
 * const now = new Date(0)
 * const [jar] = Jar.absorb(new URL('https://a.example.co.uk/'), ['a=1; Domain=example.co.uk'], now)(Jar.empty)
 * assert.deepEqual([...jar.cookies.keys()], ['example.co.uk'])
 * const [, refused] = Jar.absorb(new URL('https://example.co.uk/'), ['a=1; Domain=co.uk'], now)(Jar.empty)
 * assert.deepEqual(refused.map(({ _tag }) => _tag), ['PublicSuffix'])
 */
import { canonicalDomain, domainMatch, getPublicSuffix } from 'tough-cookie'

/** The parts of a URL that decide which cookies apply. Both our `Url` and the WHATWG `URL` have them. */
export interface CookieScope {
  /** With its colon, such as `https:`. */
  readonly protocol: string
  /** An IPv6 address has brackets. */
  readonly hostname: string
  /** An empty path means `/`. */
  readonly pathname: string
  /** For `setBy` of a cookie. Absent: made of protocol and host. */
  readonly origin?: string
  /** The path with its secret parts replaced; absent if no part is secret. */
  readonly shownPathname?: string
}

/** The registrable domain of a host. */
export interface Site {
  /** Canonical: lower case, A-labels, an IPv6 address without its brackets. */
  readonly host: string
  /** The registrable domain, or the host itself if it has none. */
  readonly name: string
  /** The domains of cookies for this host: the host, then its parents up to the site. */
  readonly domains: ReadonlyArray<string>
  /** Whether the host itself is a public suffix, such as `co.uk`. */
  readonly isPublicSuffix: boolean
  /** RFC 6265bis 5.8.3: loopback hosts count as secure without TLS. */
  readonly isLoopback: boolean
}

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|::1|(?:.+\.)?localhost\.?)$/

const isIp = (host: string): boolean => host.includes(':') || IPV4.test(host)

// A host with an escape is not a DNS name. In `http+unix:` it is the path of a socket, so its case matters.
const canonicalHost = (hostname: string): string => {
  if (hostname.startsWith('[')) return hostname.slice(1, -1)
  return hostname.includes('%') ? hostname : hostname.toLowerCase()
}

/** Returns the registrable domain by the public suffix list with its private suffixes; a single label has none. */
const registrable = (host: string): string | undefined => {
  if (isIp(host) || !host.includes('.')) return undefined
  const found = getPublicSuffix(host, { allowSpecialUseDomain: true })
  return found !== undefined && domainMatch(host, found, false) === true ? found : undefined
}

/** Returns the host and its parents, up to the site. */
const domainsUpTo = (site: string, host: string): ReadonlyArray<string> => {
  const domains = [host]
  for (let dot = host.indexOf('.'); dot >= 0 && host.length - dot > site.length; dot = host.indexOf('.', dot + 1)) {
    domains.push(host.slice(dot + 1))
  }
  return domains
}

const make = (host: string): Site => {
  const dot = host.endsWith('.') ? '.' : ''
  const found = registrable(dot === '' ? host : host.slice(0, -1))
  const name = found === undefined ? host : found + dot
  return {
    host,
    name,
    domains: domainsUpTo(name, host),
    isPublicSuffix: found === undefined && !isIp(host),
    isLoopback: LOOPBACK.test(host),
  }
}

const MEMO_SIZE = 4096
const memo = new Map<string, Site>()

/** Returns the site of a URL's host. Memoised for the last few thousand hosts. */
export const of = (hostname: string): Site => {
  const known = memo.get(hostname)
  if (known !== undefined) return known
  const site = make(canonicalHost(hostname))
  if (memo.size >= MEMO_SIZE) memo.clear()
  memo.set(hostname, site)
  return site
}

/** Returns a domain without a leading dot in canonical form, or undefined if it is not a valid host. */
export const canonical = (domain: string): string | undefined => {
  // tough-cookie's `canonicalDomain` trims and strips a dot, but `..a.com` and `. a.com` must not match a.com.
  if (domain === '' || domain.startsWith('.') || /\s/.test(domain)) return undefined
  try {
    return canonicalDomain(domain)
  } catch {
    return undefined
  }
}

/** Tells whether a connection counts as secure (RFC 6265bis 5.8.3): with TLS, or to a loopback host. */
export const isSecure = (protocol: string, site: Site): boolean =>
  protocol === 'https:' || protocol === 'wss:' || site.isLoopback
