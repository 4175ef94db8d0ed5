/**
 * The cookies.txt format of Netscape, curl and wget: one cookie a line, seven fields separated by tabs.
 *
 *     .example.com  TRUE  /  TRUE  1893456000  name  value
 *     #HttpOnly_example.com  FALSE  /  FALSE  0  session  value
 *
 * | field   | written                               | read                                         |
 * |---------|---------------------------------------|----------------------------------------------|
 * | domain  | with a dot if it is for subdomains    | the dot is ignored; the second field decides |
 * | expiry  | `0` for a session cookie, like curl   | `0` or empty for a session cookie            |
 *
 * Not written: SameSite, creation times, fractions of a second, and cookies that contain a tab or a line end.
 *
 * @example
 * import { CookiesTxt, Jar } from 'requests-ts'
 *
 * const [jar] = Jar.absorb(new URL('https://h.test/'), ['sid=1; Secure'], new Date(0))(Jar.empty)
 * const text = CookiesTxt.write({ now: new Date(0), session: true })(jar)
 * assert.equal(text.split('\n')[2], 'h.test\tFALSE\t/\tTRUE\t0\tsid\t1')
 * const { jar: again, badLines } = CookiesTxt.read(new Date(0))(text)
 * assert.deepEqual([Jar.toArray(again).length, badLines], [1, []])
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Secret from '../values/Secret.js'
import * as Cookie from './Cookie.js'
import * as Jar from './Jar.js'

/** Options of `write`. */
export interface Options {
  /** Cookies that have expired by then are not written. */
  readonly now: Date
  /** Whether to write cookies without an expiry, as most login cookies are. */
  readonly session: boolean
}

const flag = (is: boolean): string => (is ? 'TRUE' : 'FALSE')

const lineOf = ({ name, value, domain, hostOnly, path, secure, httpOnly, expires }: Cookie.Cookie): string =>
  [
    `${httpOnly ? '#HttpOnly_' : ''}${hostOnly ? '' : '.'}${domain}`,
    flag(!hostOnly),
    path,
    flag(secure),
    O.isSome(expires) ? String(Math.floor(expires.value / 1000)) : '0',
    name,
    Secret.reveal(value),
  ].join('\t')

/** Returns the cookies as text, with their values in clear text: protect it like a password. */
export const write =
  ({ now, session }: Options) =>
  (jar: Jar.Jar): string => {
    const isWanted = (cookie: Cookie.Cookie): boolean =>
      (session || O.isSome(cookie.expires)) && Cookie.isLive(cookie, now.getTime())
    const isWritable = ({ name, value, path }: Cookie.Cookie): boolean =>
      !/[\t\r\n]/.test(name + Secret.reveal(value) + path)
    const lines = Jar.current(jar)
      .filter((cookie) => isWanted(cookie) && isWritable(cookie))
      .map(lineOf)
    return ['# Netscape HTTP Cookie File', '', ...lines, ''].join('\n')
  }

/** The result of reading a cookies.txt file. */
export interface Read {
  /** The jar with the cookies of all valid lines. */
  readonly jar: Jar.Jar
  /** The numbers of the invalid lines, from 1. */
  readonly badLines: ReadonlyArray<number>
}

const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
])

const inputOf = (line: string): Cookie.Input | undefined => {
  const httpOnly = line.startsWith('#HttpOnly_')
  const fields = (httpOnly ? line.slice(10) : line).split('\t')
  const [domain = '', subdomains = '', path = '', secure = '', expiry = '', name = '', value = '', ...more] = fields
  const isForSubdomains = FLAGS.get(subdomains.toLowerCase())
  const isSecure = FLAGS.get(secure.toLowerCase())
  if (isForSubdomains === undefined || isSecure === undefined) return undefined
  if (more.length > 0 || !/^\d*(\.\d+)?$/.test(expiry)) return undefined
  const seconds = Number(expiry)
  return {
    name,
    value,
    domain: domain.replace(/^\./, ''),
    hostOnly: !isForSubdomains,
    path: path === '' ? '/' : path,
    secure: isSecure,
    httpOnly,
    ...(seconds === 0 ? {} : { expires: new Date(seconds * 1000) }),
  }
}

const isComment = (line: string): boolean =>
  line.trim() === '' || (line.startsWith('#') && !line.startsWith('#HttpOnly_'))

/** Parses cookies.txt into a jar. Skips invalid lines and lists their numbers. */
export const read =
  (now: Date) =>
  (text: string): Read => {
    const entries: Array<Jar.CookieEntry & { readonly lineNumber: number }> = []
    const badLines: number[] = []
    for (const [i, line] of text.split(/\r?\n/).entries()) {
      if (isComment(line)) continue
      const input = inputOf(line)
      if (input === undefined) badLines.push(i + 1)
      else entries.push({ input, lineNumber: i + 1 })
    }
    const { jar, problems } = Jar.setAll(entries)(Jar.at(now)(Jar.empty))
    const invalid = entries.flatMap(({ lineNumber }, i) => (problems.has(i) ? lineNumber : []))
    return { jar, badLines: [...badLines, ...invalid].sort((x, y) => x - y) }
  }
