/**
 * What the cookies of a host have in common, without the public suffix list: storing a cookie needs it (`PublicSuffix`),
 * sending one does not. A program that only plans requests therefore does not load the list, which has 120 kB.
 *
 * | site of a host     | is found                                                                          |
 * |--------------------|-----------------------------------------------------------------------------------|
 * | to store a cookie  | by the list                                                                       |
 * | to send cookies    | by the list, if this program has stored a cookie; else it is the longest parent of the host that has cookies |
 *
 * The second row matters only for jars of another copy of this library, because each cookie that this copy stores loads
 * the list. The two ways differ for a parent of a public suffix: a cookie of `amazonaws.com` is not for hosts below
 * `s3.amazonaws.com`, as in browsers, and only the list knows this.
 */

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

/** Returns whether a canonical host is an address. */
export const isIp = (host: string): boolean => host.includes(':') || IPV4.test(host)

// A host with an escape is not a DNS name. In `http+unix:` it is the path of a socket, so its case matters.
export const canonicalHost = (hostname: string): string => {
  if (hostname.startsWith('[')) return hostname.slice(1, -1)
  return hostname.includes('%') ? hostname : hostname.toLowerCase()
}

/** Returns the host and its parents, up to the site. */
export const domainsUpTo = (site: string, host: string): ReadonlyArray<string> => {
  const domains = [host]
  for (let dot = host.indexOf('.'); dot >= 0 && host.length - dot > site.length; dot = host.indexOf('.', dot + 1)) {
    domains.push(host.slice(dot + 1))
  }
  return domains
}

/** Returns whether a canonical host is a loopback host. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host)

/** Returns the site of the host in a URL. */
type Lookup = (hostname: string) => Site

let byList: Lookup | undefined

/** Keeps the lookup by the public suffix list. `PublicSuffix` calls this when the first cookie is stored. */
export const keepLookup = (lookup: Lookup): void => {
  byList = lookup
}

/** The sites that have cookies, by name. */
interface Sites {
  readonly has: (name: string) => boolean
}

/** Returns the longest parent of a host that has cookies, as its site. The site of an address or a socket is itself. */
export const ofParents = (hostname: string, sites: Sites): Site => {
  const host = canonicalHost(hostname)
  const parents = isIp(host) || host.includes('%') ? [host] : domainsUpTo('', host)
  const name = parents.find((parent) => sites.has(parent)) ?? host
  return { host, name, domains: domainsUpTo(name, host), isPublicSuffix: false, isLoopback: isLoopback(host) }
}

/** Returns the site of a host whose cookies are to be sent. */
export const toSend = (hostname: string, sites: Sites): Site =>
  byList === undefined ? ofParents(hostname, sites) : byList(hostname)

/** Tells whether a connection counts as secure (RFC 6265bis 5.8.3): with TLS, or to a loopback host. */
export const isSecure = (protocol: string, site: Site): boolean =>
  protocol === 'https:' || protocol === 'wss:' || site.isLoopback

/** Returns the parts of a URL that decide which cookies of its site match, and the time. An empty path means `/`. */
export const requestTo = (site: Site, url: CookieScope, now: Date) => ({
  site,
  path: url.pathname || '/',
  isSecure: isSecure(url.protocol, site),
  now: now.getTime(),
})
