/**
 * Parses the URL of a curl line like curl does, and the credentials in it.
 *
 * | written                               | means                                                           |
 * |---------------------------------------|-----------------------------------------------------------------|
 * | no scheme                             | the scheme of `--proto-default`, or `http://`                   |
 * | `ftp.…`, `dict.…`, `ldap.…` and others without scheme | an error: curl would use another protocol       |
 * | `http:/host`, `http:///host`          | `http://host`                                                   |
 * | `user@`, `@`                          | an empty password                                               |
 * | `-G -d`, `--url-query`                | appended to the query, joined by one `&`                        |
 * | `\[ \] \{ \}`, `[]`, `[::1]`          | the characters: escaped as by Chrome, an empty range, an IPv6 address |
 * | `{a}`, `[3-3]`, `[a-a]`               | `a`, `3`, `a`: globs with one element                           |
 * | `{a,b}`, `[1-3]`, an odd bracket      | an error: globs with several URLs, or invalid                   |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Shell from '../Shell.js'
import { type Content, urlEncoded } from './CurlBody.js'
import { isOn, type LeftOut, last, type Option, type Options } from './Options.js'

const SEVERAL_URLS = 'its URL has [ ] or { }, which curl makes several URLs of; add -g if they are meant as they stand'

/** An escape, a pair of brackets, a pair of braces without a comma, or an odd bracket. */
const GLOB = /\\([[\]{}])|\[([^[\]{}\\]*)\]|\{((?:[^\\[\]{},]|\\[\s\S])+)\}|[[\]{}]/g
/** A range that could be one number; longer digit sequences would lose precision. */
const RANGE = /^(?:(\d{1,18})-(\d{1,18})|([a-zA-Z])-([a-zA-Z]))(?::1)?$/
/** An IPv6 address with an optional zone. */
const IPV6 = /^[\da-fA-F:.]*:[\da-fA-F.]*:[\da-fA-F:.]*(?:%.*)?$/

/** The text that a pair of brackets stands for; empty if there are several. */
const resolveBrackets = (inner: string): string => {
  if (inner === '' || IPV6.test(inner)) return `[${inner}]`
  const [, low = '', high, first = '', last] = RANGE.exec(inner) ?? []
  if (first !== '') return first === last ? first : ''
  return Number(low) === Number(high) ? low : ''
}

/** Returns the only URL that a pattern matches, or an error message. */
const singleUrl = (text: string): E.Either<string, string> => {
  let isSingle = true
  const url = text.replace(GLOB, (_, escaped?: string, brackets?: string, braces = '') => {
    if (escaped !== undefined) return escaped
    const one = brackets === undefined ? braces.replace(/\\([[\]{}\\,])/g, '$1') : resolveBrackets(brackets)
    isSingle &&= one !== ''
    return one
  })
  return isSingle ? E.right(url) : E.left(SEVERAL_URLS)
}

export type UserAndPassword = readonly [user: Shell.Octets, pass: Shell.Octets]

const decoded = (octets: Shell.Octets): Shell.Octets =>
  octets.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/** Percent-decodes the user and password before the `@`. Without a colon, the password is empty. */
export const decodeUserinfo = (userinfo: string): UserAndPassword => {
  const octets = Shell.ofText(userinfo)
  const colon = octets.indexOf(':')
  return colon < 0 ? [decoded(octets), ''] : [decoded(octets.slice(0, colon)), decoded(octets.slice(colon + 1))]
}

/** Splits a URL that has two slashes after its scheme into scheme, userinfo and the rest. */
export const splitUserinfo = (url: string): readonly [before: string, userinfo: string | undefined, rest: string] => {
  const start = url.indexOf('//') + 2
  const [authority = ''] = url.slice(start).split(/[/?#]/, 1)
  const at = authority.lastIndexOf('@')
  return [url.slice(0, start), at < 0 ? undefined : authority.slice(0, at), url.slice(start + at + 1)]
}

/** A scheme with its slashes; curl accepts a single one. */
export const SCHEME = /^([a-zA-Z][a-zA-Z0-9+.-]*):(\/+)/
/** The protocol that curl derives from the host name of a URL without scheme, if it is not HTTP: `ftp.example.com`. */
export const protocolOfHost = (url: string): string | undefined =>
  /^(ftp|dict|ldap|imap|smtp|pop3)\./i.exec(url.replace(/^[^/?#]*@/, ''))?.[1]

/** Adds a missing scheme, and corrects the number of slashes after it. */
const withScheme = (options: Options, text: string): E.Either<string, string> => {
  const [start = '', scheme = '', slashes = ''] = SCHEME.exec(text) ?? []
  if (start === '') {
    const other = protocolOfHost(text)
    const byDefault = last(options, 'proto-default')?.value
    return other === undefined || byDefault !== undefined
      ? E.right(`${byDefault ?? 'http'}://${text}`)
      : E.left(`curl uses ${other.toLowerCase()} for a host that begins with ${other}.; write http:// before it`)
  }
  if (!/^https?$/i.test(scheme)) return E.right(text)
  return slashes.length > 3
    ? E.left('its URL has more than three slashes after the scheme, which curl rejects; write two')
    : E.right(`${scheme}://${text.slice(start.length)}`)
}

/** Appends to the query, after `?` or `&` unless the URL ends with one of them. */
const appendQuery = (url: string, query: string): string => {
  if (query === '') return url
  const hash = url.indexOf('#')
  const [rest, fragment] = hash < 0 ? [url, ''] : [url.slice(0, hash), url.slice(hash)]
  const separator = !rest.includes('?') ? '?' : /[?&]/.test(rest.slice(-1)) ? '' : '&'
  return `${rest}${separator}${query}${fragment}`
}

interface AddedQuery {
  readonly query: Shell.Octets
  readonly leftOut: ReadonlyArray<LeftOut>
}

const queryOf = ({ all }: Options, { data, isInQuery }: Content): E.Either<string, AddedQuery> => {
  const given = all.filter(({ name }) => name === 'url-query')
  if (isInQuery && data !== undefined) {
    const why = 'with -G and data, curl sends only the data'
    return E.right({ query: data, leftOut: given.map(() => ({ option: '--url-query', why })) })
  }
  const pieces: Shell.Octets[] = []
  for (const { value } of given) {
    // `--url-query` is like `--data-urlencode`, but `+text` is literal.
    const piece = value.startsWith('+') ? E.right(value.slice(1)) : urlEncoded(value)
    if (E.isLeft(piece)) return piece
    if (piece.right !== '') pieces.push(piece.right)
  }
  return E.right({ query: pieces.join('&'), leftOut: [] })
}

export interface ParsedUrl {
  /** Without credentials. */
  readonly url: string
  readonly userinfo: UserAndPassword | undefined
  readonly leftOut: ReadonlyArray<LeftOut>
}

/** The likely cause of several URLs. Shells do not split words at blanks such as U+00A0, which web pages contain. */
const severalUrlsHint = (urls: ReadonlyArray<Option>): string =>
  urls.some(({ value }) => /^(?:\xc2\xa0|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe3\x80\x80|\xef\xbb\xbf|[\v\f])/.test(value))
    ? 'One begins with a no-break space or a similar blank, which is not a separator; write a space'
    : 'Is a quote missing?'

const NETRC = ['netrc', 'netrc-optional', 'netrc-file']

/** Parses the URL of a line and appends the query of its options, or returns an error message. */
export const parse = (options: Options, content: Content): E.Either<string, ParsedUrl> => {
  const urls = options.all.filter(({ name }) => name === 'url')
  const [first] = urls
  if (first === undefined) return E.left('the URL is missing; add it')
  if (urls.length > 1) return E.left(`it has ${urls.length} URLs; give each its own line. ${severalUrlsHint(urls)}`)
  const text = Shell.toText(first.value)
  if (text === undefined || text === '') return E.left('its URL is empty, or not UTF-8; write it in UTF-8')
  const one = isOn(options, 'globoff') ? E.right(text) : singleUrl(text)
  if (E.isLeft(one)) return one
  const complete = withScheme(options, one.right)
  if (E.isLeft(complete)) return complete
  const added = queryOf(options, content)
  if (E.isLeft(added)) return added
  const { query: octets, leftOut } = added.right
  const query = Shell.toText(octets)
  if (query === undefined) return E.left('the query of -G or --url-query is not UTF-8; write its octets as %XX')
  const url = appendQuery(complete.right, query)
  const [before, userinfo, rest] = splitUserinfo(url)
  // With --netrc, a missing password comes from netrc when the request is planned, if the session allows netrc.
  const isInNetrc = userinfo?.includes(':') === false && NETRC.some((name) => isOn(options, name))
  if (userinfo === undefined || isInNetrc) return E.right({ url, userinfo: undefined, leftOut })
  return E.right({ url: before + rest, userinfo: decodeUserinfo(userinfo), leftOut })
}
