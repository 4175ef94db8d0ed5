/**
 * The URL of a curl line, as curl reads it, and the credentials that stand in it.
 *
 * | written                               | means                                                           |
 * |---------------------------------------|-----------------------------------------------------------------|
 * | no scheme                             | that of `--proto-default`, or `http://`                         |
 * | `ftp.…`, `dict.…`, `ldap.…` and others without scheme | refused: curl asks them by another protocol     |
 * | `http:/host`, `http:///host`          | `http://host`                                                   |
 * | `user@`, `@`                          | a password that is empty                                        |
 * | `-G -d`, `--url-query`                | more query, joined by one `&`                                   |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Shell from '../Shell.js'
import * as CurlBody from './CurlBody.js'
import * as Glob from './Glob.js'
import type { Left } from './HeaderLines.js'
import { isOn, last, type Option } from './Options.js'

/** Octets of a user and a password. */
export type Pair = readonly [user: Shell.Octets, pass: Shell.Octets]

export interface Address {
  /** Without credentials. */
  readonly url: string
  readonly userinfo: Pair | undefined
  readonly leftOut: ReadonlyArray<Left>
}

const decoded = (octets: Shell.Octets): Shell.Octets =>
  octets.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/** What stands before the `@`, percent-decoded: half of it is a user with an empty password. */
export const pairOf = (userinfo: string): Pair => {
  const octets = Shell.ofText(userinfo)
  const colon = octets.indexOf(':')
  return colon < 0 ? [decoded(octets), ''] : [decoded(octets.slice(0, colon)), decoded(octets.slice(colon + 1))]
}

/** A URL with two slashes behind its scheme, taken apart at its authority. */
export const atAuthority = (url: string): readonly [before: string, userinfo: string | undefined, rest: string] => {
  const start = url.indexOf('//') + 2
  const length = url.slice(start).search(/[/?#]/)
  const authority = length < 0 ? url.slice(start) : url.slice(start, start + length)
  const at = authority.lastIndexOf('@')
  return at < 0
    ? [url.slice(0, start), undefined, url.slice(start)]
    : [url.slice(0, start), authority.slice(0, at), url.slice(start + at + 1)]
}

/** A scheme with its slashes: one is enough for curl. */
export const SCHEME = /^([a-zA-Z][a-zA-Z0-9+.-]*):(\/+)/
/** Hosts that curl asks by another protocol, where no scheme is written. */
export const OTHER_HOSTS = /^(ftp|dict|ldap|imap|smtp|pop3)\./i

/** The URL with its scheme. */
const whole = (options: ReadonlyArray<Option>, text: string): E.Either<string, string> => {
  const [start = '', scheme = '', slashes = ''] = SCHEME.exec(text) ?? []
  if (start === '') {
    const [, other] = OTHER_HOSTS.exec(text.replace(/^[^/?#]*@/, '')) ?? []
    const scheme = last(options, 'proto-default')?.value
    if (other === undefined || scheme !== undefined) return E.right(`${scheme ?? 'http'}://${text}`)
    return E.left(`curl asks a host that begins with ${other}. by ${other.toLowerCase()}; write http:// before it`)
  }
  if (!/^https?$/i.test(scheme)) return E.right(text)
  if (slashes.length > 3)
    return E.left('its URL has more than three slashes behind the scheme, which curl does not read')
  return E.right(`${scheme}://${text.slice(start.length)}`)
}

/** With more query, joined by `&` but where there is nothing yet, or an `&` already. */
const withQuery = (url: string, query: string): string => {
  if (query === '') return url
  const hash = url.indexOf('#')
  const [rest, fragment] = hash < 0 ? [url, ''] : [url.slice(0, hash), url.slice(hash)]
  const sign = !rest.includes('?') ? '?' : /[?&]$/.test(rest.slice(-1)) ? '' : '&'
  return `${rest}${sign}${query}${fragment}`
}

/** `--url-query`: as `--data-urlencode`, and `+text` as it stands. */
const urlQuery = (option: Option): E.Either<string, Shell.Octets> =>
  option.value.startsWith('+')
    ? E.right(option.value.slice(1))
    : CurlBody.content({ ...option, name: 'data-urlencode' }, undefined)

const queryOf = (
  options: ReadonlyArray<Option>,
  data: Shell.Octets | undefined,
): E.Either<string, { readonly query: Shell.Octets; readonly leftOut: ReadonlyArray<Left> }> => {
  const given = options.filter(({ name }) => name === 'url-query')
  if (isOn(options, 'get') && data !== undefined) {
    const why = 'with -G and data, curl sends the data alone'
    return E.right({ query: data, leftOut: given.map(() => ({ option: '--url-query', why })) })
  }
  const pieces: Shell.Octets[] = []
  for (const option of given) {
    const piece = urlQuery(option)
    if (E.isLeft(piece)) return piece
    if (piece.right !== '') pieces.push(piece.right)
  }
  return E.right({ query: pieces.join('&'), leftOut: [] })
}

/** A blank that is copied from a web page divides no words: whoever copied it is told. */
const hint = (urls: ReadonlyArray<Option>): string =>
  urls.some(({ value }) => /^(?:\xc2\xa0|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe3\x80\x80|\xef\xbb\xbf|[\v\f])/.test(value))
    ? 'One begins with a blank that no shell takes for one, such as a no-break space; write a space'
    : 'Is a quote missing?'

const NETRC = ['netrc', 'netrc-optional', 'netrc-file']

/** Where a line leads. `data` is what `-G` moves into the query. The left says why it cannot be read. */
export const address = (options: ReadonlyArray<Option>, data: Shell.Octets | undefined): E.Either<string, Address> => {
  const urls = options.filter(({ name }) => name === 'url')
  const [first, ...others] = urls
  if (first === undefined) return E.left('the URL is missing')
  if (others.length > 0) return E.left(`it has ${urls.length} URLs; give each its own line. ${hint(urls)}`)
  const text = Shell.toText(first.value)
  if (text === undefined || text === '') return E.left('its URL is empty, or not UTF-8')
  const one = isOn(options, 'globoff') ? E.right(text) : Glob.single(text)
  if (E.isLeft(one)) return one
  const complete = whole(options, one.right)
  if (E.isLeft(complete)) return complete
  const more = queryOf(options, data)
  if (E.isLeft(more)) return more
  const query = Shell.toText(more.right.query)
  if (query === undefined) return E.left('the query that it adds is not UTF-8; write the octets as %XX')
  const url = withQuery(complete.right, query)
  const [before, userinfo, rest] = atAuthority(url)
  // A password that is missing is in netrc, where the line asks it: the session decides whether it is trusted.
  const isInNetrc = userinfo?.includes(':') === false && NETRC.some((name) => last(options, name)?.isOn === true)
  const pair = userinfo === undefined || isInNetrc ? undefined : pairOf(userinfo)
  return E.right({ url: isInNetrc ? url : before + rest, userinfo: pair, leftOut: more.right.leftOut })
}
