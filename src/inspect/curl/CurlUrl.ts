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
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Shell from '../Shell.js'
import { type Content, urlEncoded } from './CurlBody.js'
import type { LeftOut } from './Options.js'
import { isOn, last, type Option } from './Options.js'
import { matchAt, runOf } from './Scanner.js'

// --- globs ---

/**
 * Resolves curl's URL globs, `[1-3]` and `{a,b}`, if they stand for exactly one URL.
 *
 * | written                          | means                                                        |
 * |----------------------------------|--------------------------------------------------------------|
 * | `\[ \] \{ \}`                    | the character, as Chrome writes it                            |
 * | `[]`, `[::1]`                    | unchanged: an empty range, and an IPv6 address                |
 * | `{a}`, `[3-3]`, `[a-a]`          | `a`, `3`, `a`: a set with one element                         |
 * | `{a,b}`, `[1-3]`, an odd bracket | an error: several URLs, or an invalid pattern                 |
 */
const SEVERAL_URLS = 'its URL has [ ] or { }, which curl makes several URLs of; add -g if they are meant as they stand'

const PLAIN = /[^\\[\]{}]+/y
const BRACKETS = /\[([^[\]{}\\]*)\]/y
const BRACES = /\{((?:[^\\[\]{},]|\\[\s\S])+)\}/y
/** A range that could be one number; longer digit sequences would lose precision. */
const RANGE = /^(?:(\d{1,18})-(\d{1,18})|([a-zA-Z])-([a-zA-Z]))(?::1)?$/

/** An IPv6 address with an optional zone. */
const IPV6 = /^[\da-fA-F:.]*:[\da-fA-F.]*:[\da-fA-F:.]*(?:%.*)?$/

const unescaped = (text: string): string => text.replace(/\\([[\]{}\\,])/g, '$1')

/** The text that a pair of brackets stands for; `undefined` if there are several. */
const resolveBrackets = (inner: string): string | undefined => {
  if (inner === '' || IPV6.test(inner)) return `[${inner}]`
  const [, low, high, first, last] = RANGE.exec(inner) ?? []
  if (first !== undefined) return first === last ? first : undefined
  return low !== undefined && Number(low) === Number(high) ? low : undefined
}

/** Returns the only URL that the pattern matches, or an error message. */
export const singleUrl = (text: string): E.Either<string, string> => {
  let url = ''
  for (let at = 0; at < text.length; ) {
    const plain = runOf(PLAIN, text, at)
    if (plain !== '') {
      url += plain
      at += plain.length
      continue
    }
    if (text[at] === '\\') {
      const isEscape = at + 1 < text.length && '[]{}'.includes(text[at + 1] ?? '')
      url += isEscape ? (text[at + 1] ?? '') : '\\'
      at += isEscape ? 2 : 1
      continue
    }
    const brackets = matchAt(BRACKETS, text, at)
    const braces = brackets === null ? matchAt(BRACES, text, at) : null
    const one = brackets === null ? unescaped(braces?.[1] ?? '') : resolveBrackets(brackets[1] ?? '')
    if (one === undefined || one === '') return E.left(SEVERAL_URLS)
    url += one
    at += (brackets ?? braces)?.[0].length ?? 0
  }
  return E.right(url)
}

// --- url ---

/** User and password, as octets. */
export type UserAndPassword = readonly [user: Shell.Octets, pass: Shell.Octets]

export interface ParsedUrl {
  /** Without credentials. */
  readonly url: string
  readonly userinfo: UserAndPassword | undefined
  readonly leftOut: ReadonlyArray<LeftOut>
}

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
  const length = url.slice(start).search(/[/?#]/)
  const authority = length < 0 ? url.slice(start) : url.slice(start, start + length)
  const at = authority.lastIndexOf('@')
  return at < 0
    ? [url.slice(0, start), undefined, url.slice(start)]
    : [url.slice(0, start), authority.slice(0, at), url.slice(start + at + 1)]
}

/** A scheme with its slashes; curl accepts a single one. */
export const SCHEME = /^([a-zA-Z][a-zA-Z0-9+.-]*):(\/+)/
/** The protocol that curl derives from the host name of a URL without scheme, if it is not HTTP: `ftp.example.com`. */
export const protocolOfHost = (url: string): string | undefined =>
  /^(ftp|dict|ldap|imap|smtp|pop3)\./i.exec(url.replace(/^[^/?#]*@/, ''))?.[1]

/** Adds a missing scheme, and corrects the number of slashes after it. */
const withScheme = (options: ReadonlyArray<Option>, text: string): E.Either<string, string> => {
  const [start = '', scheme = '', slashes = ''] = SCHEME.exec(text) ?? []
  if (start === '') {
    const other = protocolOfHost(text)
    const scheme = last(options, 'proto-default')?.value
    if (other === undefined || scheme !== undefined) return E.right(`${scheme ?? 'http'}://${text}`)
    return E.left(`curl uses ${other.toLowerCase()} for a host that begins with ${other}.; write http:// before it`)
  }
  if (!/^https?$/i.test(scheme)) return E.right(text)
  if (slashes.length > 3)
    return E.left('its URL has more than three slashes after the scheme, which curl rejects; write two')
  return E.right(`${scheme}://${text.slice(start.length)}`)
}

/** Appends to the query, after `?` or `&` unless the URL ends with one of them. */
const appendQuery = (url: string, query: string): string => {
  if (query === '') return url
  const hash = url.indexOf('#')
  const [rest, fragment] = hash < 0 ? [url, ''] : [url.slice(0, hash), url.slice(hash)]
  const separator = !rest.includes('?') ? '?' : /[?&]$/.test(rest.slice(-1)) ? '' : '&'
  return `${rest}${separator}${query}${fragment}`
}

/** The value of `--url-query`: like `--data-urlencode`, but `+text` is literal. */
const queryOfOption = ({ value }: Option): E.Either<string, Shell.Octets> =>
  value.startsWith('+') ? E.right(value.slice(1)) : urlEncoded(value)

const queryOf = (
  options: ReadonlyArray<Option>,
  { data, isInQuery }: Content,
): E.Either<string, { readonly query: Shell.Octets; readonly leftOut: ReadonlyArray<LeftOut> }> => {
  const given = options.filter(({ name }) => name === 'url-query')
  if (isInQuery && data !== undefined) {
    const why = 'with -G and data, curl sends only the data'
    return E.right({ query: data, leftOut: given.map(() => ({ option: '--url-query', why })) })
  }
  const pieces: Shell.Octets[] = []
  for (const option of given) {
    const piece = queryOfOption(option)
    if (E.isLeft(piece)) return piece
    if (piece.right !== '') pieces.push(piece.right)
  }
  return E.right({ query: pieces.join('&'), leftOut: [] })
}

/** The likely cause of several URLs. Shells do not split words at blanks such as U+00A0, which web pages contain. */
const severalUrlsHint = (urls: ReadonlyArray<Option>): string =>
  urls.some(({ value }) => /^(?:\xc2\xa0|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe3\x80\x80|\xef\xbb\xbf|[\v\f])/.test(value))
    ? 'One begins with a no-break space or a similar blank, which is not a separator; write a space'
    : 'Is a quote missing?'

const NETRC = ['netrc', 'netrc-optional', 'netrc-file']

/** Parses the URL of a line and appends the query of its options, or returns an error message. */
export const parse = (options: ReadonlyArray<Option>, content: Content): E.Either<string, ParsedUrl> => {
  const urls = options.filter(({ name }) => name === 'url')
  const [first, ...others] = urls
  if (first === undefined) return E.left('the URL is missing; add it')
  if (others.length > 0) return E.left(`it has ${urls.length} URLs; give each its own line. ${severalUrlsHint(urls)}`)
  const text = Shell.toText(first.value)
  if (text === undefined || text === '') return E.left('its URL is empty, or not UTF-8; write it in UTF-8')
  const one = isOn(options, 'globoff') ? E.right(text) : singleUrl(text)
  if (E.isLeft(one)) return one
  const complete = withScheme(options, one.right)
  if (E.isLeft(complete)) return complete
  const more = queryOf(options, content)
  if (E.isLeft(more)) return more
  const query = Shell.toText(more.right.query)
  if (query === undefined) return E.left('the query of -G or --url-query is not UTF-8; write its octets as %XX')
  const url = appendQuery(complete.right, query)
  const [before, userinfo, rest] = splitUserinfo(url)
  // With --netrc, a missing password comes from netrc when the request is planned, if the session allows netrc.
  const isInNetrc = userinfo?.includes(':') === false && NETRC.some((name) => last(options, name)?.isOn === true)
  const pair = userinfo === undefined || isInNetrc ? undefined : decodeUserinfo(userinfo)
  return E.right({ url: isInNetrc ? url : before + rest, userinfo: pair, leftOut: more.right.leftOut })
}
