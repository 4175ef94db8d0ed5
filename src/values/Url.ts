/**
 * A URL split by RFC 3986 and quoted as requests quotes it; its fields have the names and forms of the WHATWG `URL`,
 * but it is data and holds no userinfo.
 *
 * | step      | rule                                                                                        |
 * |-----------|---------------------------------------------------------------------------------------------|
 * | split     | RFC 3986 appendix B; a backslash in the authority is refused, for two parsers read it apart |
 * | host      | canonical form of the WHATWG parser: IDNA, lower case, one spelling for an IP (D19)         |
 * | blanks    | white space and controls at both ends are removed                                           |
 * | port      | kept as written, without leading zeros; `:` is dropped, `:0` is port 0                      |
 * | path      | dot segments removed (5.2.4), `//` kept, empty is `/`                                       |
 * | query     | `?` alone is kept (6.2.3); `#` alone is dropped                                             |
 * | quoting   | `%41` is `A`, `%2f` is `%2F`, a lone `%` is `%25`, what a component may not hold is UTF-8 %XX |
 * | `http+x:` | escapes keep their case, in host, path and query, as in requests                           |
 * | elsewhere | a scheme that does not begin with `http` is left as it is                                   |
 *
 * Law: `parse` is idempotent on `href`.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Url } from 'requests-ts'
 *
 * const href = (text: string) => pipe(Url.parse(text), E.map(({ url }) => url.href))
 * assert.deepEqual(href('HTTP://straße.de:080/a/../ü b'), E.right('http://xn--strae-oqa.de:80/%C3%BC%20b'))
 * assert.equal(E.isLeft(href('http://example.com\\@evil.test/')), true)
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Echo from './Echo.js'
import { LONE_SURROGATE, MARK, quotePath, quoteQuery, quoteUri, removeDotSegments, trimmed } from './PercentEncoding.js'
import * as Secret from './Secret.js'

export { quoteQuery, removeDotSegments } from './PercentEncoding.js'

export interface Url {
  /** Lower case, with its colon: `https:`. */
  readonly protocol: string
  /** Canonical host; an IPv6 address in brackets; empty where the scheme has none. */
  readonly hostname: string
  /** As written, empty where none was. */
  readonly port: string
  /** After a redirect a value given with `withSecretQuery` reads `‹secret›`, here and in `href`. */
  readonly pathname: string
  /** Empty or `?…`; a value given with `withSecretQuery` reads `‹secret›`, here and in `href`. */
  readonly search: string
  /** Empty or `#…`; never sent. */
  readonly hash: string
  readonly href: string
  /** Scheme, host and port, a default port left out: RFC 6454. */
  readonly origin: string
  /** The query as it is sent, where `search` and `href` hide values of it. */
  readonly sealedSearch?: Secret.Secret
  /** The path as it is sent, where `pathname` and `href` hide values of it. */
  readonly sealedPathname?: Secret.Secret
}

/** The credentials that stood in a URL, percent-decoded: `user@` has no password, `user:@` an empty one. */
export interface Userinfo {
  readonly user: string
  readonly pass: O.Option<Secret.Secret>
}

/** A URL and the credentials that were taken out of it. */
export interface Located {
  readonly url: Url
  readonly userinfo: O.Option<Userinfo>
}

export interface InvalidUrl {
  readonly _tag: 'InvalidUrl'
  readonly url: string
  readonly message: string
}
export interface MissingScheme {
  readonly _tag: 'MissingScheme'
  readonly url: string
  readonly message: string
}
export type UrlError = InvalidUrl | MissingScheme

// A password with `/`, `?` or `#` in it looks like a port that is no number. What stands for the scheme may be none, and
// have any number of slashes behind it: `http:/user:pass@host` is a mistake that somebody makes.
const NO_PORT = /^(?:[^:/?#@]*:\/*|\/{2,})?[^/?#@]*:(?!\d*[/?#])/

/**
 * The text of a URL without what stands before an `@` in its authority, or where one is missing: it may be a password.
 * By hand, for an expression with `@` at its end looks for it once for each slash.
 */
export const masked = (text: string): string => {
  const hasNoPort = NO_PORT.test(text)
  const [start = ''] = (hasNoPort ? /^(?:[^:/?#@]*:\/+|\/{2,})/ : /^(?:[^:/?#@]*:\/*|\/{2,})/).exec(text) ?? []
  const rest = text.slice(start.length)
  const authority = hasNoPort ? rest : rest.replace(/[/?#][\s\S]*$/, '')
  const at = authority.lastIndexOf('@')
  return at < 0 ? text : `${start}‹secret›${rest.slice(at)}`
}

export const invalidUrl = (text: string, problem: string): InvalidUrl => ({
  _tag: 'InvalidUrl',
  url: masked(text),
  message: `Invalid URL '${masked(text)}': ${problem}`,
})

const missingScheme = (text: string): MissingScheme => ({
  _tag: 'MissingScheme',
  url: masked(text),
  message: `Invalid URL '${masked(text)}': no scheme supplied. Perhaps you meant https://${masked(text)}?`,
})

// --- host and port -------------------------------------------------------------------------------------------------

// Already canonical, so the WHATWG parser need not look: a name whose last label begins with a letter, and no `xn--`.
const PLAIN_NAME = /^(?:[a-z\d_-]+\.)*[a-z][a-z\d_-]*\.?$/
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/
const HOST_AND_PORT = /^(\[[^\]]*\]|[^[\]:]*)(?::(\d*))?$/

const canonicalHost = (host: string): string | undefined => {
  if ((PLAIN_NAME.test(host) && !host.includes('xn--')) || IPV4.test(host)) return host
  // WHATWG drops TAB, CR and LF without a word, and requests refuses a leading '*' or '.'.
  if (host === '' || /^[*.]|[\s\\^]/.test(host)) return undefined
  try {
    return new URL(`http://${host}/`).hostname
  } catch {
    return undefined
  }
}

/** True for the hosts and schemes that this library sends to by itself. */
export const isHttp = (url: Pick<Url, 'protocol'>): boolean => url.protocol === 'https:' || url.protocol === 'http:'

/** The port of a scheme where a URL names none; empty for a scheme that has none. */
export const defaultPort = (protocol: string): string =>
  protocol === 'https:' ? '443' : protocol === 'http:' ? '80' : ''

// --- construction --------------------------------------------------------------------------------------------------

type Parts = Pick<Url, 'protocol' | 'hostname' | 'port' | 'pathname' | 'search' | 'hash'>

const assemble = ({ protocol, hostname, port, pathname, search, hash }: Parts): Url => {
  const base = `${protocol}//${hostname}`
  const authority = port === '' ? base : `${base}:${port}`
  const origin = port === defaultPort(protocol) ? base : authority
  return { protocol, hostname, port, pathname, search, hash, href: authority + pathname + search + hash, origin }
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const userinfoOf = (text: string): Userinfo => {
  const colon = text.indexOf(':')
  if (colon < 0) return { user: decoded(text), pass: O.none }
  return { user: decoded(text.slice(0, colon)), pass: O.some(Secret.make(decoded(text.slice(colon + 1)))) }
}

const SPLIT = /^([a-zA-Z][a-zA-Z0-9+.-]*):(?:\/\/([^\\/?#]*))?([^?#]*)(\?[^#]*)?(?:#([\s\S]*))?$/

const GENERIC =
  /^([^:]*:)(?:\/\/(?:([^/?#]*)@)?(\[[^\]]*\]|[^:/?#@]*)(?::(\d*))?(?=[/?#]|$))?([^?#]*)(\?[^#]*)?(#[\s\S]*)?$/

/** A foreign scheme: read as far as a mount has to know it, and written as it was but for a password. */
const foreign = (text: string): Located => {
  const [, scheme = '', before, host = '', port = '', pathname = '', search = '', hash = ''] = GENERIC.exec(text) ?? []
  const isSecret = before?.includes(':') === true
  const href = isSecret ? text.replace(`//${before}@`, () => '//') : text
  const protocol = scheme.toLowerCase()
  const url = { protocol, hostname: host.toLowerCase(), port, pathname, search, hash, href, origin: 'null' }
  return { url, userinfo: isSecret ? O.some(userinfoOf(before)) : O.none }
}

// Most URLs are plain: nothing to quote, no dot segment, no credentials. They are read at once.
const PLAIN = /^(https?:)\/\/([a-z\d_.-]+)(?::([1-9]\d{0,4}))?(\/[\w.~!$&'()*+,;=:@/-]*)?(\?[\w.~!$&'()*+,;=:@/?-]*)?$/

const parsePlain = (text: string): Located | undefined => {
  const parts = PLAIN.exec(text)
  if (parts === null) return undefined
  const [, protocol = '', host = '', port = '', pathname = '/', search = ''] = parts
  const hostname = canonicalHost(host)
  if (hostname === undefined || Number(port) > 65535 || pathname.includes('/.')) return undefined
  return { url: assemble({ protocol, hostname, port, pathname, search, hash: '' }), userinfo: O.none }
}

/**
 * Reads an absolute URL as requests' `prepare_url` does. Errors: `MissingScheme`, `InvalidUrl`.
 * A scheme that does not begin with `http` is split and left as it is written; its origin is `null`.
 */
export const parse = (given: string): E.Either<UrlError, Located> => {
  if (typeof given !== 'string') return E.left(invalidUrl(typeof given, 'it is not text'))
  const plain = parsePlain(given)
  return plain === undefined ? parseAny(trimmed(given)) : E.right(plain)
}

const parseAny = (text: string): E.Either<UrlError, Located> => {
  if (LONE_SURROGATE.test(text)) return E.left(invalidUrl(text, 'it holds half of a surrogate pair'))
  if (text.includes(':') && !/^http/i.test(text)) return E.right(foreign(text))
  const split = SPLIT.exec(text)
  if (split === null) return E.left(missingScheme(text))
  const [, scheme = '', authority = '', path = '', query, fragment = ''] = split
  if (path.startsWith('\\'))
    return E.left(invalidUrl(text, 'a backslash in the authority; write / between host and path'))
  const at = authority.lastIndexOf('@')
  const hostAndPort = HOST_AND_PORT.exec(authority.slice(at + 1))
  if (hostAndPort === null) return E.left(invalidUrl(text, 'its host and port cannot be read'))
  const [, host = '', digits = ''] = hostAndPort
  const port = digits.replace(/^0+(?=\d)/, '')
  if (host === '') return E.left(invalidUrl(text, 'no host supplied'))
  if (Number(port) > 65535) return E.left(invalidUrl(text, `the port ${port} is above 65535`))
  const protocol = `${scheme.toLowerCase()}:`
  const hostname = isHttp({ protocol }) ? canonicalHost(host.toLowerCase()) : quoteUri(host)
  if (hostname === undefined) return E.left(invalidUrl(text, `'${host}' is not a host name`))
  const url = assemble({
    protocol,
    hostname,
    port,
    pathname: isHttp({ protocol })
      ? removeDotSegments(quotePath(removeDotSegments(path))) || '/'
      : quoteUri(path) || '/',
    search:
      query === undefined ? '' : `?${isHttp({ protocol }) ? quoteQuery(query.slice(1)) : quoteUri(query.slice(1))}`,
    hash: fragment === '' ? '' : `#${quoteQuery(fragment)}`,
  })
  return E.right({ url, userinfo: at < 0 ? O.none : O.some(userinfoOf(authority.slice(0, at))) })
}

const REFERENCE = /^([^?#]*)(\?[^#]*)?(#[\s\S]*)?$/
const ABSOLUTE = /^[a-zA-Z][a-zA-Z0-9+.-]*:/

/** Whether a reference names its own scheme (RFC 3986 4.2). */
export const isAbsolute = (reference: string): boolean => ABSOLUTE.test(reference)

const authorityOf = (url: Url): string => (url.port === '' ? url.hostname : `${url.hostname}:${url.port}`)

/** RFC 3986 5.2.2 for a reference that is no absolute URL and has a path or a query. */
const transform = (base: Url, reference: string): string => {
  if (reference.startsWith('//')) return base.protocol + reference
  const [, path = '', query = '', fragment = ''] = REFERENCE.exec(reference) ?? []
  const root = base.hostname === '' ? base.protocol : `${base.protocol}//${authorityOf(base)}`
  if (path.startsWith('/')) return root + path + query + fragment
  const before = sentPathname(base)
  if (path === '') return root + before + query + fragment
  return root + before.slice(0, before.lastIndexOf('/') + 1) + path + query + fragment
}

/** The base itself with the fragment of the reference: its query may be sealed, so it is not read once more. */
const sameDocument = (base: Url, reference: string): E.Either<UrlError, Located> => {
  if (LONE_SURROGATE.test(reference)) return E.left(invalidUrl(reference, 'it holds half of a surrogate pair'))
  const fragment = reference.slice(1)
  const hash = base.protocol.startsWith('http') ? quoteQuery(fragment) : fragment
  return E.right({ url: withHash(hash === '' ? '' : `#${hash}`)(base), userinfo: O.none })
}

/** Resolves a reference, such as a Location, against the URL it came with. */
export const resolve =
  (base: Url) =>
  (reference: string): E.Either<UrlError, Located> => {
    // `http:/x` and `http:x` have no authority: RFC 3986 5.2.2's non-strict reading, which requests follows.
    const sameScheme = new RegExp(`^${base.protocol.replace(/[+.]/g, '\\$&')}(?!//)`, 'i')
    const relative = reference.replace(sameScheme, '')
    if (relative === reference && isAbsolute(reference)) return parse(reference)
    return relative === '' || relative.startsWith('#') ? sameDocument(base, relative) : parse(transform(base, relative))
  }

/** The same URL with another end. What stands before it stays as it is written, also under a foreign scheme. */
const withEnd = (url: Url, search: string, hash: string): Url => {
  const end = url.href.length - url.search.length - url.hash.length
  return { ...url, search, hash, href: url.href.slice(0, end) + search + hash }
}

// --- secrets in the query ------------------------------------------------------------------------------------------

/** The query as it is sent, and empty or `?…` as `search` is. For what sends, signs or reveals. */
export const sentSearch = ({ search, sealedSearch }: Url): string =>
  sealedSearch === undefined ? search : Secret.reveal(sealedSearch)

/** The path as it is sent. For what sends, signs, reveals or compares. */
export const sentPathname = ({ pathname, sealedPathname }: Url): string =>
  sealedPathname === undefined ? pathname : Secret.reveal(sealedPathname)

const withPathname = (url: Url, pathname: string): Url => {
  const start = url.href.length - url.pathname.length - url.search.length - url.hash.length
  return { ...url, pathname, href: url.href.slice(0, start) + pathname + url.search + url.hash }
}

/** The URL with its path as it is sent: for cookies, mounts and relative references. The same where nothing is hidden. */
export const withSentPathname = (url: Url): Url => {
  if (url.sealedPathname === undefined) return url
  const { sealedPathname: _, ...rest } = withPathname(url, sentPathname(url))
  return rest
}

/** The URL as it is sent, with its fragment and every value shown. For what sends, signs or reveals. */
export const sentHref = (url: Url): string => {
  if (url.sealedSearch === undefined && url.sealedPathname === undefined) return url.href
  return withEnd(withSentPathname(url), sentSearch(url), url.hash).href
}

const withSearch = (url: Url, sent: string, shown: string): Url => {
  const { sealedSearch: _, ...rest } = withEnd(url, shown, url.hash)
  return sent === shown ? rest : { ...rest, sealedSearch: Secret.make(sent) }
}

/**
 * The same URL with more query behind it, joined by `&`; `shown` is what of it may be seen, where that is not all.
 * A URL whose query is `?` alone gets no `&`.
 */
export const appendQuery =
  (query: string, shown: string = query) =>
  (url: Url): Url => {
    if (query === '') return url
    const joined = (search: string, more: string): string => (search.length < 2 ? `?${more}` : `${search}&${more}`)
    return withSearch(url, joined(sentSearch(url), query), joined(url.search, shown))
  }

const concealPathname = (url: Url, hidden: (text: string) => string): Url => {
  const sent = sentPathname(url)
  const shown = hidden(sent)
  return shown === sent ? url : { ...withPathname(url, shown), sealedPathname: Secret.make(sent) }
}

const concealSearch = (url: Url, hidden: (text: string) => string): Url => {
  if (url.search.length < 2) return url
  const sent = sentSearch(url)
  const known = url.search.slice(1).split('&')
  const concealed = hidden(sent).slice(1).split('&')
  const pieces = sent.slice(1).split('&')
  // A piece that is hidden already stays as it is: it may hide an empty value.
  const shown = pieces.map((piece, i) => ((known[i] ?? piece) === piece ? (concealed[i] ?? piece) : known[i]))
  return withSearch(url, sent, `?${shown.join('&')}`)
}

/**
 * The same URL with those values hidden wherever its path, query or fragment repeats one (`Echo`): a server that redirects
 * often writes the query that it was asked with into its Location. A fragment, which is not sent, loses them for good.
 */
export const concealing =
  (secrets: ReadonlySet<string>) =>
  (url: Url): Url => {
    if (secrets.size === 0) return url
    const hidden = Echo.hide(secrets)
    const concealed = concealSearch(concealPathname(url, Echo.hide(secrets, MARK, '/')), hidden)
    return concealed.hash === '' ? concealed : withHash(hidden(concealed.hash))(concealed)
  }

/** The same URL with another fragment, empty or `#…`. */
export const withHash =
  (hash: string) =>
  (url: Url): Url =>
    url.hash === hash ? url : withEnd(url, url.search, hash)

/** What goes on the request line, with every value shown: path and query (RFC 9112 3.2.1). */
export const target = (url: Url): string => sentPathname(url) + sentSearch(url)

/** Same scheme, host and effective port (RFC 6454 5). */
export const sameOrigin = (x: Url, y: Url): boolean => x.origin === y.origin && x.origin !== 'null'

export const Eq: EqOf<Url> = { equals: (x, y) => x.href === y.href && target(x) === target(y) }
