/**
 * A URL as data, in the form that is shown and the form that is sent.
 *
 * The two differ if the query has a value given with `withSecretQuery`, or if a redirect repeats one:
 *
 * | part    | as shown   | as sent                                     |
 * |---------|------------|---------------------------------------------|
 * | path    | `pathname` | `sentPathname(url)`, from `sealedPathname`  |
 * | query   | `search`   | `sentSearch(url)`, from `sealedSearch`      |
 * | the URL | `href`     | `sentHref(url)`                             |
 */
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'
import * as Redaction from './Redaction.js'
import * as Secret from './Secret.js'

/** A parsed URL. */
export interface Url {
  /** Lower case, with its colon: `https:`. */
  readonly protocol: string
  /** Canonical host; an IPv6 address is in brackets. Empty if the scheme has no host. */
  readonly hostname: string
  /** As written; empty if the URL names no port. */
  readonly port: string
  /** After a redirect a value given with `withSecretQuery` reads `‹secret›`, here and in `href`. */
  readonly pathname: string
  /** Empty or `?…`; a value given with `withSecretQuery` reads `‹secret›`, here and in `href`. */
  readonly search: string
  /** Empty or `#…`; never sent. */
  readonly hash: string
  /** The whole URL. Its secret parts are `‹secret›`. */
  readonly href: string
  /** Scheme, host and port, without a default port (RFC 6454). */
  readonly origin: string
  /** The query as it is sent. Present if `search` and `href` hide a value of it. */
  readonly sealedSearch?: Secret.Secret
  /** The path as it is sent. Present if `pathname` and `href` hide a value of it. */
  readonly sealedPathname?: Secret.Secret
}

/** Returns the query as it is sent, with its `?`. Use it to send, sign or reveal a URL. */
export const sentSearch = ({ search, sealedSearch }: Url): string =>
  sealedSearch === undefined ? search : Secret.reveal(sealedSearch)

/** Returns the path as it is sent. Use it to send, sign, reveal or compare a URL. */
export const sentPathname = ({ pathname, sealedPathname }: Url): string =>
  sealedPathname === undefined ? pathname : Secret.reveal(sealedPathname)

/** Returns the request target: path and query with every value shown (RFC 9112 3.2.1). */
export const target = (url: Url): string => sentPathname(url) + sentSearch(url)

const withPathname = (url: Url, pathname: string): Url => {
  const start = url.href.length - url.pathname.length - url.search.length - url.hash.length
  return { ...url, pathname, href: url.href.slice(0, start) + pathname + url.search + url.hash }
}

const hrefWithEnd = (url: Url, search: string, hash: string): string =>
  url.href.slice(0, url.href.length - url.search.length - url.hash.length) + search + hash

/** Replaces query and fragment. The start of `href` stays as it is written, also if the scheme is unknown. */
const withEnd = (url: Url, search: string, hash: string): Url => ({
  ...url,
  search,
  hash,
  href: hrefWithEnd(url, search, hash),
})

/** Replaces the fragment by another one, which is empty or `#…`. */
export const withHash =
  (hash: string) =>
  (url: Url): Url =>
    url.hash === hash ? url : withEnd(url, url.search, hash)

/** Returns the URL with its path as it is sent, for cookies, mounts and relative references. */
export const withSentPathname = (url: Url): Url => {
  if (url.sealedPathname === undefined) return url
  const { sealedPathname: _, ...rest } = withPathname(url, sentPathname(url))
  return rest
}

/** Returns `href` as it is sent, with its fragment and every value shown. Use it to send, sign or reveal a URL. */
export const sentHref = (url: Url): string => {
  if (url.sealedSearch === undefined && url.sealedPathname === undefined) return url.href
  return withEnd(withSentPathname(url), sentSearch(url), url.hash).href
}

const withSearch = (url: Url, sent: string, shown: string): Url => {
  if (sent !== shown) return { ...withEnd(url, shown, url.hash), sealedSearch: Secret.make(sent) }
  const { protocol, hostname, port, pathname, hash, origin, sealedPathname } = url
  // Field by field: leaving a field out of a spread costs as much as parsing a URL.
  const open = { protocol, hostname, port, pathname, search: shown, hash, href: hrefWithEnd(url, shown, hash), origin }
  return sealedPathname === undefined ? open : { ...open, sealedPathname }
}

/** Appends a query, shown as `shown`, which hides its secret values. A URL whose query is `?` alone gets no `&`. */
export const appendQuery =
  (query: string, shown: string = query) =>
  (url: Url): Url => {
    if (query === '') return url
    const joined = (search: string, more: string): string => (search.length < 2 ? `?${more}` : `${search}&${more}`)
    return withSearch(url, joined(sentSearch(url), query), joined(url.search, shown))
  }

/** Replaces the query, without its `?`; `shown` hides its secret values. An empty query is removed. */
export const replaceQuery =
  (sent: string, shown: string = sent) =>
  (url: Url): Url =>
    sent === '' ? withSearch(url, '', '') : withSearch(url, `?${sent}`, `?${shown}`)

const concealPathname = (url: Url, redact: (text: string) => string): Url => {
  const sent = sentPathname(url)
  const shown = redact(sent)
  return shown === sent ? url : { ...withPathname(url, shown), sealedPathname: Secret.make(sent) }
}

const concealSearch = (url: Url, redact: (text: string) => string): Url => {
  if (url.search.length < 2) return url
  const sent = sentSearch(url)
  const known = url.search.slice(1).split('&')
  const concealed = redact(sent).slice(1).split('&')
  const pieces = sent.slice(1).split('&')
  // A piece that is hidden already stays as it is, because it may hide an empty value.
  const shown = pieces.map((piece, i) => ((known[i] ?? piece) === piece ? (concealed[i] ?? piece) : known[i]))
  return withSearch(url, sent, `?${shown.join('&')}`)
}

/** Hides values that the URL repeats (`Redaction`), as a Location often does. The fragment loses them for good. */
export const concealing =
  (secrets: ReadonlySet<string>) =>
  (url: Url): Url => {
    if (secrets.size === 0) return url
    const redact = Redaction.redact(secrets)
    const concealed = concealSearch(concealPathname(url, Redaction.redact(secrets, Secret.REDACTED, '/')), redact)
    return withHash(redact(concealed.hash))(concealed)
  }

/** Returns whether two URLs have the same scheme, host and effective port (RFC 6454 5). */
export const sameOrigin = (x: Url, y: Url): boolean => x.origin === y.origin && x.origin !== 'null'

/**
 * Compares `href`, with its fragment, and the target as it is sent. Equal URLs also hide the same values.
 * @category instances
 */
export const Eq: EqOf<Url> = { equals: (x, y) => x.href === y.href && target(x) === target(y) }
