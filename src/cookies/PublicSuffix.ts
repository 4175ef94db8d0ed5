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
import * as Site from './Site.js'

/** Returns the registrable domain by the public suffix list with its private suffixes; `undefined` for a single label. */
const registrable = (host: string): string | undefined => {
  if (Site.isIp(host) || !host.includes('.')) return undefined
  const found = getPublicSuffix(host, { allowSpecialUseDomain: true })
  return found !== undefined && domainMatch(host, found, false) === true ? found : undefined
}

const make = (host: string): Site.Site => {
  const dot = host.endsWith('.') ? '.' : ''
  const found = registrable(dot === '' ? host : host.slice(0, -1))
  const name = found === undefined ? host : found + dot
  return {
    host,
    name,
    domains: Site.domainsUpTo(name, host),
    isPublicSuffix: found === undefined && !Site.isIp(host),
    isLoopback: Site.isLoopback(host),
  }
}

const MEMO_SIZE = 4096
const memo = new Map<string, Site.Site>()

/** Returns the site of a URL's host. Memoised for the last few thousand hosts. */
export const siteOf = (hostname: string): Site.Site => {
  const known = memo.get(hostname)
  if (known !== undefined) return known
  Site.keepLookup(siteOf)
  const site = make(Site.canonicalHost(hostname))
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
