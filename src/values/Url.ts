/**
 * Parses and resolves URLs. A URL is split by RFC 3986 and quoted as requests quotes it. Its fields have the names and
 * forms of the WHATWG `URL`, but it is plain data and holds no userinfo.
 *
 * | step      | rule                                                                                        |
 * |-----------|---------------------------------------------------------------------------------------------|
 * | split     | RFC 3986 appendix B; a backslash in the authority is refused, because parsers disagree on it |
 * | host      | canonical form of the WHATWG parser: IDNA, lower case, one spelling for an IP (D19)         |
 * | blanks    | white space and controls at both ends are removed                                           |
 * | port      | kept as written, without leading zeros; `:` is dropped, `:0` is port 0                      |
 * | path      | dot segments removed (5.2.4), `//` kept, empty is `/`                                       |
 * | query     | `?` alone is kept (6.2.3); `#` alone is dropped                                             |
 * | quoting   | `%41` is `A`, `%2f` is `%2F`, a lone `%` is `%25`, what a component may not hold is UTF-8 %XX |
 * | `http+x:` | escapes keep their case, in host, path and query, as in requests                           |
 * | others    | a URL whose scheme does not begin with `http` is left as it is                              |
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
import * as O from 'fp-ts/lib/Option.js'
import {
  decodeComponent,
  LONE_SURROGATE,
  quotePath,
  quoteQuery,
  quoteUri,
  removeDotSegments,
  trimmed,
} from './PercentEncoding.js'
import * as Secret from './Secret.js'
import * as Tagged from './Tagged.js'
import { sentPathname, type Url, withHash } from './UrlRecord.js'
import { urlText } from './UserInput.js'

export { quoteQuery, removeDotSegments } from './PercentEncoding.js'
export type { InvalidTemplate } from './template/TemplateSyntax.js'
export type * as TemplateVariables from './template/TemplateVariables.js'
export type { Value, Variables } from './template/TemplateVariables.js'
export {
  type InvalidVariable,
  type MissingVariable,
  type Template,
  type TemplateError,
  template,
} from './template/UrlTemplate.js'
export * from './UrlRecord.js'

/** Credentials of a URL, percent-decoded: `user@` has no password, `user:@` has an empty one. */
export interface Userinfo {
  /** Decoded; may be empty. */
  readonly user: string
  /** Decoded; `none` if there is no colon after the user. */
  readonly pass: O.Option<Secret.Secret>
}

/** A URL without credentials, and the credentials that were removed from it. */
export interface Located {
  /** Without credentials. */
  readonly url: Url
  /** The credentials; `none` if the URL has none. */
  readonly userinfo: O.Option<Userinfo>
}

/** The text is not a valid URL. Its credentials are not shown. */
export type InvalidUrl = { readonly _tag: 'InvalidUrl'; readonly url: string; readonly message: string }
/** The URL has no scheme, such as `https:`, and there is no base URL. */
export type MissingScheme = { readonly _tag: 'MissingScheme'; readonly url: string; readonly message: string }
/** Why a text is not a URL. */
export type UrlError = InvalidUrl | MissingScheme

/**
 * Folds an error with one handler for each tag.
 * @since 0.2.0
 * @category destructors
 */
export const matchError = Tagged.match<UrlError>()

// A password that contains `/`, `?` or `#` looks like a port that is not a number. The scheme may be missing or followed
// by any number of slashes, as in the mistyped `http:/user:pass@host`.
const NO_PORT = /^(?:[^:/?#@]*:\/*|\/{2,})?[^/?#@]*:(?!\d*[/?#])/

/** Returns a URL text with its userinfo redacted, or without a valid authority, everything up to its last `@`. */
export const masked = (text: string): string => {
  const hasNoPort = NO_PORT.test(text)
  const [start = ''] = (hasNoPort ? /^(?:[^:/?#@]*:\/+|\/{2,})/ : /^(?:[^:/?#@]*:\/*|\/{2,})/).exec(text) ?? []
  const rest = text.slice(start.length)
  const authority = hasNoPort ? rest : rest.replace(/[/?#][\s\S]*/, '')
  // A regular expression that ends with `@` would take quadratic time.
  const at = authority.lastIndexOf('@')
  return at < 0 ? text : `${start}${Secret.REDACTED}${rest.slice(at)}`
}

/** Returns an error for a URL. The text is masked. */
export const invalidUrl = (text: string, problem: string): InvalidUrl => ({
  _tag: 'InvalidUrl',
  url: masked(text),
  message: `Invalid URL '${masked(text)}': ${problem}`,
})

/** Returns the URL that may have been meant, or what a path needs. */
const suggestion = (text: string): string => {
  if (text.startsWith('//')) return `Perhaps you meant https:${masked(text)}?`
  return text.startsWith('/')
    ? 'Write https:// and a host before it, or set a base URL'
    : `Perhaps you meant https://${masked(text)}?`
}

const missingScheme = (text: string): MissingScheme => ({
  _tag: 'MissingScheme',
  url: masked(text),
  message: `Invalid URL '${masked(text)}': no scheme supplied. ${suggestion(text)}`,
})

// Already canonical, so that the WHATWG parser is not needed: the last label begins with a letter, none with `xn--`.
const PLAIN_NAME = /^(?:[a-z\d_-]+\.)*[a-z][a-z\d_-]*\.?$/
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/
const HOST_AND_PORT = /^(\[[^\]]*\]|[^[\]:]*)(?::(\d*))?$/

const canonicalHost = (host: string): string | undefined => {
  if ((PLAIN_NAME.test(host) && !host.includes('xn--')) || IPV4.test(host)) return host
  // The WHATWG parser silently drops TAB, CR and LF. requests refuses a leading '*' or '.'.
  if (/^[*.]|[\s\\^]/.test(host)) return undefined
  try {
    return new URL(`http://${host}/`).hostname
  } catch {
    return undefined
  }
}

/** Returns whether the scheme is `http` or `https`, the two that the library sends itself. */
export const isHttp = (url: Pick<Url, 'protocol'>): boolean => url.protocol === 'https:' || url.protocol === 'http:'

/** Returns the default port of a scheme; empty if the scheme has none. */
export const defaultPort = (protocol: string): string =>
  protocol === 'https:' ? '443' : protocol === 'http:' ? '80' : ''

const assemble = ({ protocol, hostname, port, pathname, search, hash }: Omit<Url, 'href' | 'origin'>): Url => {
  const base = `${protocol}//${hostname}`
  const authority = port === '' ? base : `${base}:${port}`
  const origin = port === defaultPort(protocol) ? base : authority
  return { protocol, hostname, port, pathname, search, hash, href: authority + pathname + search + hash, origin }
}

const decoded = (text: string): string => decodeComponent(text) ?? text

const userinfoOf = (text: string): Userinfo => {
  const colon = text.indexOf(':')
  if (colon < 0) return { user: decoded(text), pass: O.none }
  return { user: decoded(text.slice(0, colon)), pass: O.some(Secret.make(decoded(text.slice(colon + 1)))) }
}

const SPLIT = /^([a-zA-Z][a-zA-Z0-9+.-]*):(?:\/\/([^\\/?#]*))?([^?#]*)(\?[^#]*)?(?:#([\s\S]*))?$/

const GENERIC =
  /^([^:]*:)(?:\/\/(?:([^/?#]*)@)?(\[[^\]]*\]|[^:/?#@]*)(?::(\d*))?(?=[/?#]|$))?([^?#]*)(\?[^#]*)?(#[\s\S]*)?$/

/** Splits a URL of another scheme, for mounts. Its origin is `null`. Its text loses only a userinfo with a password. */
const foreign = (text: string): Located => {
  const [, scheme = '', before, host = '', port = '', pathname = '', search = '', hash = ''] = GENERIC.exec(text) ?? []
  const isSecret = before?.includes(':') === true
  const href = isSecret ? text.replace(`//${before}@`, () => '//') : text
  const protocol = scheme.toLowerCase()
  const url = { protocol, hostname: host.toLowerCase(), port, pathname, search, hash, href, origin: 'null' }
  return { url, userinfo: isSecret ? O.some(userinfoOf(before)) : O.none }
}

// Fast path: most URLs have nothing to quote, no dot segment and no credentials.
const PLAIN = /^(https?:)\/\/([a-z\d_.-]+)(?::([1-9]\d{0,4}))?(\/[\w.~!$&'()*+,;=:@/-]*)?(\?[\w.~!$&'()*+,;=:@/?-]*)?$/

const parsePlain = (text: string): Located | undefined => {
  const parts = PLAIN.exec(text)
  if (parts === null) return undefined
  const [, protocol = '', host = '', port = '', pathname = '/', search = ''] = parts
  const hostname = canonicalHost(host)
  if (hostname === undefined || Number(port) > 65535 || pathname.includes('/.')) return undefined
  const url = assemble({ protocol, hostname, port, pathname, search, hash: '' })
  // The canonical form of an address such as 127.1 differs.
  if (hostname === host) remember(url)
  return { url, userinfo: O.none }
}

/** Scheme and authority of plain URLs that were parsed: most URLs of a program have one of a few. */
const plainOrigins = new Map<string, Pick<Url, 'protocol' | 'hostname' | 'port' | 'origin'>>()
const MAX_PLAIN_ORIGINS = 64

const remember = ({ protocol, hostname, port, origin, href, pathname, search }: Url): void => {
  // URLs may come from servers, so the cache is bounded.
  if (plainOrigins.size >= MAX_PLAIN_ORIGINS) plainOrigins.clear()
  plainOrigins.set(href.slice(0, href.length - pathname.length - search.length), { protocol, hostname, port, origin })
}

const PLAIN_TARGET = /^\/[\w.~!$&'()*+,;=:@/-]*(?:\?[\w.~!$&'()*+,;=:@/?-]*)?$/
/** The length of `http://`: a later slash begins the path. */
const MIN_SLASHES = 'http://'.length + 1

/** Parses a plain URL whose origin is known: only its path and query are read. */
const parseKnown = (text: string): Located | undefined => {
  const slash = text.indexOf('/', MIN_SLASHES)
  const known = slash < 0 ? undefined : plainOrigins.get(text.slice(0, slash))
  if (known === undefined) return undefined
  const target = text.slice(slash)
  if (!PLAIN_TARGET.test(target)) return undefined
  const query = target.indexOf('?')
  const pathname = query < 0 ? target : target.slice(0, query)
  if (pathname.includes('/.')) return undefined
  const { protocol, hostname, port, origin } = known
  const search = query < 0 ? '' : target.slice(query)
  return { url: { protocol, hostname, port, pathname, search, hash: '', href: text, origin }, userinfo: O.none }
}

const parseText = (text: string): E.Either<UrlError, Located> => {
  const plain = parseKnown(text) ?? parsePlain(text)
  return plain === undefined ? parseAny(trimmed(text)) : E.right(plain)
}

/** Parses an absolute URL as requests' `prepare_url` does. Errors: `MissingScheme`, `InvalidUrl`. */
export const parse = (given: string | URL): E.Either<UrlError, Located> => {
  const text: unknown = urlText(given)
  return typeof text === 'string'
    ? parseText(text)
    : E.left(invalidUrl(typeof given, 'it must be a string or a URL object'))
}

const parseAny = (text: string): E.Either<UrlError, Located> => {
  if (LONE_SURROGATE.test(text)) return E.left(invalidUrl(text, 'it contains a lone surrogate'))
  if (text.includes(':') && !/^http/i.test(text)) return E.right(foreign(text))
  const split = SPLIT.exec(text)
  if (split === null) return E.left(missingScheme(text))
  const [, scheme = '', authority = '', path = '', query, fragment = ''] = split
  if (path.startsWith('\\'))
    return E.left(invalidUrl(text, 'a backslash in the authority; write / between host and path'))
  const at = authority.lastIndexOf('@')
  const hostAndPort = HOST_AND_PORT.exec(authority.slice(at + 1))
  if (hostAndPort === null) return E.left(invalidUrl(text, 'its host and port are not valid'))
  const [, host = '', digits = ''] = hostAndPort
  const port = digits.replace(/^0+(?=\d)/, '')
  if (host === '') return E.left(invalidUrl(text, 'no host supplied'))
  if (Number(port) > 65535) return E.left(invalidUrl(text, `the port ${port} is greater than 65535`))
  const protocol = `${scheme.toLowerCase()}:`
  const isKnown = isHttp({ protocol })
  const hostname = isKnown ? canonicalHost(host.toLowerCase()) : quoteUri(host)
  if (hostname === undefined) return E.left(invalidUrl(text, `'${host}' is not a host name`))
  const pathname = isKnown ? removeDotSegments(quotePath(removeDotSegments(path))) : quoteUri(path)
  const quote = isKnown ? quoteQuery : quoteUri
  const search = query === undefined ? '' : `?${quote(query.slice(1))}`
  const hash = fragment === '' ? '' : `#${quoteQuery(fragment)}`
  const url = assemble({ protocol, hostname, port, pathname: pathname || '/', search, hash })
  return E.right({ url, userinfo: at < 0 ? O.none : O.some(userinfoOf(authority.slice(0, at))) })
}

const REFERENCE = /^([^?#]*)(\?[^#]*)?(#[\s\S]*)?$/
const ABSOLUTE = /^[a-zA-Z][a-zA-Z0-9+.-]*:/

/** Returns whether a reference has a scheme (RFC 3986 4.2). */
export const isAbsolute = (reference: string): boolean => ABSOLUTE.test(reference)

const authorityOf = (url: Url): string => (url.port === '' ? url.hostname : `${url.hostname}:${url.port}`)

/** RFC 3986 5.2.2 for a relative reference that has a path or a query. */
const transform = (base: Url, reference: string): string => {
  if (reference.startsWith('//')) return base.protocol + reference
  const [, path = '', query = '', fragment = ''] = REFERENCE.exec(reference) ?? []
  const root = base.hostname === '' ? base.protocol : `${base.protocol}//${authorityOf(base)}`
  if (path.startsWith('/')) return root + path + query + fragment
  const before = sentPathname(base)
  if (path === '') return root + before + query + fragment
  return root + before.slice(0, before.lastIndexOf('/') + 1) + path + query + fragment
}

/** Returns the base with the fragment of the reference. It is not parsed again, because its query may be sealed. */
const sameDocument = (base: Url, reference: string): E.Either<UrlError, Located> => {
  if (LONE_SURROGATE.test(reference)) return E.left(invalidUrl(reference, 'it contains a lone surrogate'))
  const fragment = reference.slice(1)
  const hash = base.protocol.startsWith('http') ? quoteQuery(fragment) : fragment
  return E.right({ url: withHash(hash === '' ? '' : `#${hash}`)(base), userinfo: O.none })
}

/** Removes a scheme without authority: `http:/x` and `http:x` are relative (RFC 3986 5.2.2, non-strict), as in requests. */
const withoutSameScheme = ({ protocol }: Url, reference: string): string => {
  const start = reference.slice(0, protocol.length)
  const isSame = start === protocol || start.toLowerCase() === protocol
  return isSame && !reference.startsWith('//', protocol.length) ? reference.slice(protocol.length) : reference
}

/** Resolves a reference, such as a Location, against the URL of the reply that contains it. */
export const resolve =
  (base: Url) =>
  (reference: string): E.Either<UrlError, Located> => {
    const relative = withoutSameScheme(base, reference)
    if (relative === reference && isAbsolute(reference)) return parse(reference)
    return relative === '' || relative.startsWith('#') ? sameDocument(base, relative) : parse(transform(base, relative))
  }
