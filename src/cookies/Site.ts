/**
 * A host as the cookie rules see it: the site it belongs to, and the domains that a cookie for it may name.
 *
 * | host                  | site            | domains                                     | public suffix |
 * |-----------------------|-----------------|---------------------------------------------|---------------|
 * | `a.b.example.co.uk`   | `example.co.uk` | itself, `b.example.co.uk`, `example.co.uk`  | no            |
 * | `github.io`, `co.uk`  | itself          | itself                                      | yes           |
 * | `localhost`, `intranet` | itself        | itself                                      | yes, by the list's rule `*` |
 * | `127.0.0.1`, `::1`    | itself          | itself                                      | no            |
 * | `www.example.com.`    | `example.com.`  | itself, `example.com.`                      | no            |
 *
 * Laws: the site of each of its domains is the site of the host; no domain lies at or above a public suffix, unless
 * it is the host. So no cookie crosses a public suffix, not even to a parent that is none: `x.s3.amazonaws.com` has
 * nothing to do with `amazonaws.com` (browsers agree; RFC 6265bis 5.7 looks at the named domain only).
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

/** What the rules ask of a URL: our `Url` and the WHATWG `URL` both fit. */
export interface CookieScope {
  readonly protocol: string
  readonly hostname: string
  readonly pathname: string
  readonly origin?: string
  /** What may be shown of the path, where that is not all of it. */
  readonly shownPathname?: string
}

export interface Site {
  /** Canonical: lower case, A-labels, an IPv6 address without its brackets. */
  readonly host: string
  /** The registrable domain, or the host itself where there is none. */
  readonly name: string
  /** What a cookie's domain may be to be sent to this host: the host, then its parents down to the site. */
  readonly domains: ReadonlyArray<string>
  readonly isPublicSuffix: boolean
  /** 6265bis 5.8.3: such hosts count as secure without TLS. */
  readonly isLoopback: boolean
}

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|::1|(?:.+\.)?localhost\.?)$/

const isIp = (host: string): boolean => host.includes(':') || IPV4.test(host)

// A host with an escape is no DNS name but, in `http+unix:`, the path of a socket: its case matters.
const canonicalHost = (hostname: string): string => {
  if (hostname.startsWith('[')) return hostname.slice(1, -1)
  return hostname.includes('%') ? hostname : hostname.toLowerCase()
}

/** The registrable domain by the public suffix list, private suffixes included; a single label has none. */
const registrable = (host: string): string | undefined => {
  if (isIp(host) || !host.includes('.')) return undefined
  const found = getPublicSuffix(host, { allowSpecialUseDomain: true })
  return found !== undefined && domainMatch(host, found, false) === true ? found : undefined
}

/** The host and what is left of it label by label, as long as the site is not passed. */
const domainsDownTo = (site: string, host: string): ReadonlyArray<string> => {
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
    domains: domainsDownTo(name, host),
    isPublicSuffix: found === undefined && !isIp(host),
    isLoopback: LOOPBACK.test(host),
  }
}

const MEMO_SIZE = 4096
const memo = new Map<string, Site>()

/** The site of a URL's host. The public suffix list is asked once for each host; the answers are kept, bounded. */
export const of = (hostname: string): Site => {
  const known = memo.get(hostname)
  if (known !== undefined) return known
  const site = make(canonicalHost(hostname))
  if (memo.size >= MEMO_SIZE) memo.clear()
  memo.set(hostname, site)
  return site
}

/** A domain as a server or a user wrote it, without the dot before it, in canonical form; none where it is no host. */
export const canonical = (domain: string): string | undefined => {
  // `canonicalDomain` would trim, and strip a dot: `..a.com` and `. a.com` must not match a.com.
  if (domain === '' || domain.startsWith('.') || /\s/.test(domain)) return undefined
  try {
    return canonicalDomain(domain)
  } catch {
    return undefined
  }
}

/** Whether a connection counts as secure (6265bis 5.8.3): TLS, or a host that is this machine. */
export const isSecure = (protocol: string, site: Site): boolean =>
  protocol === 'https:' || protocol === 'wss:' || site.isLoopback
