/**
 * Converts the headers of a curl line: those of `-H`, which override those of `-A`, `-e`, `-b` and `-r`.
 *
 * | written        | means                                    |
 * |----------------|------------------------------------------|
 * | `Name: value`  | a header line; names may repeat          |
 * | `Name;`        | a header line with an empty value        |
 * | `Name:`        | removes the header, also curl's own      |
 * | `Name; `, `Name;x` | the same; the line is named in `leftOut` |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Settings from '../../session/Settings.js'
import * as Shell from '../Shell.js'
import type { Content } from './CurlBody.js'
import type { UserAndPassword } from './CurlUrl.js'
import { type Converted, isOn, type LeftOut, last, type Option, settingsOf } from './Options.js'

/** Header settings, and the lower-case names of all headers that the line sets or removes. */
export interface ConvertedHeaders extends Converted {
  readonly names: ReadonlySet<string>
}

/** Completes a range without a dash, as curl does: it reads the leading digits and adds the dash. */
const rangeOf = (value: Shell.Octets): string => {
  const from = value.includes('-') ? undefined : /^\d+/.exec(value)?.[0]
  return from === undefined ? value : `${from.replace(/^0+(?=\d)/, '')}-`
}

const FORM_RANGE = { option: '--range', why: 'curl ignores it for a form' }

/** With data, `-r` describes the request body; without, the requested part of the response. */
const rangeHeader = (value: Shell.Octets, { data, parts, isInQuery }: Content): OptionHeader => {
  if (parts.length > 0) return { leftOut: FORM_RANGE }
  return data === undefined || isInQuery
    ? { header: ['Range', `bytes=${rangeOf(value)}`] }
    : { header: ['Content-Range', `bytes ${rangeOf(value)}/${data.length}`] }
}

/** The header of an option other than `-H`. */
interface OptionHeader {
  readonly header?: readonly [name: string, value: string]
  readonly leftOut?: LeftOut
}

const NO_HEADER: E.Either<string, OptionHeader> = E.right({})
const AUTO = { option: '--referer ;auto', why: 'redirects do not set a Referer; write a hook that does' }

const headerOf = ({ name, value }: Option, content: Content): E.Either<string, OptionHeader> => {
  switch (name) {
    case 'user-agent':
      return E.right({ header: ['User-Agent', value] })
    case 'referer': {
      // curl ignores everything after the first `;auto`.
      const auto = value.indexOf(';auto')
      if (auto < 0) return E.right({ header: ['Referer', value] })
      return E.right({ header: ['Referer', value.slice(0, auto)], leftOut: AUTO })
    }
    case 'range':
      return E.right(rangeHeader(value, content))
    case 'cookie':
      if (value.includes('=')) return E.right({ header: ['Cookie', value] })
      return E.left(
        `-b ${Shell.toText(value) ?? ''} names a file of cookies, and nothing is read here; write name=value`,
      )
    default:
      return NO_HEADER
  }
}

/**
 * Parses `Name: value`, `Name;` (an empty value) and `Name:` (`null`: removes the header). Text or blanks after the
 * semicolon remove the header too, as in curl. `undefined` if the line has neither a colon nor a name before a semicolon.
 */
export const parseLine = (line: string): readonly [name: string, value: string | null] | undefined => {
  const colon = line.indexOf(':')
  if (colon >= 0) {
    const value = line.slice(colon + 1).replace(/^[ \t]+/, '')
    return [line.slice(0, colon), value === '' ? null : value]
  }
  const end = line.indexOf(';')
  return end > 0 ? [line.slice(0, end), end === line.length - 1 ? '' : null] : undefined
}

interface OwnLines {
  readonly lines: Array<readonly [string, string]>
  readonly removed: string[]
  readonly leftOut: LeftOut[]
}

/** Collects the lines of `-H`. `refusal` says why a header belongs to the transport. */
const ownLines = (
  options: ReadonlyArray<Option>,
  refusal: (name: string, value: string) => string | undefined,
): E.Either<string, OwnLines> => {
  const found: OwnLines = { lines: [], removed: [], leftOut: [] }
  for (const { name, value } of options) {
    if (name !== 'header') continue
    if (value.startsWith('@')) return E.left(`-H ${Shell.toText(value) ?? ''} names a file, and nothing is read here`)
    const line = parseLine(value)
    if (line === undefined) {
      found.leftOut.push({ option: '--header', why: 'it has no colon, and curl does not send it' })
      continue
    }
    const [header, text] = line
    if (text === null && !value.includes(':')) {
      found.leftOut.push({
        option: `--header ${Shell.toText(header) ?? header}`,
        why: 'curl does not send a header with text or blanks after a semicolon',
      })
    }
    if (header === '') {
      found.leftOut.push({ option: '--header', why: 'it has no name, and curl does not send it' })
      continue
    }
    const why = text === null ? undefined : refusal(header, text)
    if (why !== undefined) found.leftOut.push({ option: `--header ${header}`, why })
    else if (text === null) found.removed.push(header)
    else found.lines.push([header, text])
  }
  return E.right(found)
}

/** Converts all options that set headers, or returns an error message. */
export const convert = (
  options: ReadonlyArray<Option>,
  content: Content,
  refusal: (name: string, value: string) => string | undefined,
): E.Either<string, ConvertedHeaders> => {
  const own = ownLines(options, refusal)
  if (E.isLeft(own)) return own
  const { lines, removed, leftOut } = own.right
  const names = new Set([...lines.map(([name]) => name), ...removed].map((name) => name.toLowerCase()))
  const others = new Map<string, string>()
  for (const option of options) {
    const converted = headerOf(option, content)
    if (E.isLeft(converted)) return converted
    const { header, leftOut: ignored } = converted.right
    // Only the last -e and -r have an effect.
    if (ignored !== undefined && last(options, option.name) === option) leftOut.push(ignored)
    if (header === undefined) continue
    const [name, value] = header
    const before = name === 'Cookie' ? others.get(name) : undefined
    others.set(name, before === undefined ? value : `${before}; ${value}`)
  }
  const added = [...others].filter(([name]) => !names.has(name.toLowerCase()))
  // An empty value removes the header, as in curl: `-A ''`.
  const empty = added.filter(([, value]) => value === '').map(([name]) => name)
  const written = new Set(lines.map(([name]) => name.toLowerCase()))
  const absent = [...removed, ...empty].filter((name) => !written.has(name.toLowerCase()))
  const settings = settingsOf(
    Settings.withHeaders([
      ...lines,
      // Blanks before a value are not part of it (RFC 9110 5.5).
      ...added.flatMap(([name, value]) => (value === '' ? [] : [[name, value.replace(/^[ \t]+/, '')] as const])),
    ]),
    Settings.withHeaders(Object.fromEntries(absent.map((name) => [name, null]))),
  )
  for (const [name] of added) names.add(name.toLowerCase())
  return E.right({ settings, names, leftOut })
}

// --- credentials ---

/**
 * Converts the credentials of a curl line. If there are several, the first of this table wins.
 *
 * | order | in the line                              | converted to                                 |
 * |-------|------------------------------------------|----------------------------------------------|
 * | 1     | `-H 'Authorization: …'`                  | the header; with `--digest`, until the first challenge |
 * | 2     | `--oauth2-bearer`                        | `withBearer`                                 |
 * | 3     | `-u`, else `user:pass@` in the URL       | `withDigestAuth` with `--digest`, else `withBasicAuth` |
 */
/** Decodes UTF-8, or Latin-1 if the octets are not UTF-8: curl sends octets unchanged. */
export const textOf = (octets: Shell.Octets): string => Shell.toText(octets) ?? octets

/** Parses the `user:password` of an option. */
export const parseUser = (option: string, octets: Shell.Octets): E.Either<string, UserAndPassword> => {
  const colon = octets.indexOf(':')
  if (colon < 0) return E.left(`${option} has no password, and curl would prompt for it; write user:password`)
  return E.right([octets.slice(0, colon), octets.slice(colon + 1)])
}

/** curl sends octets outside ASCII unchanged, in whatever encoding, so such credentials become a header. */
const basic = ([user, pass]: UserAndPassword): Settings.Settings => {
  if (/^[\0-\x7f]*$/.test(user + pass)) return settingsOf(Settings.withBasicAuth(user, pass))
  const value = `Basic ${Buffer.from(`${user}:${pass}`, 'latin1').toString('base64')}`
  return settingsOf(Settings.withSecretHeader('Authorization', value), Settings.withoutAuth)
}

const leftOutOf = (options: ReadonlyArray<Option>, names: ReadonlyArray<string>, why: string): ReadonlyArray<LeftOut> =>
  names.flatMap((name) => (last(options, name) === undefined ? [] : [{ option: `--${name}`, why }]))

/** Converts the credentials. `names` are the lower-case names of the line's headers. */
export const convertCredentials = (
  options: ReadonlyArray<Option>,
  userinfo: UserAndPassword | undefined,
  names: ReadonlySet<string>,
): E.Either<string, Converted> => {
  const user = last(options, 'user')
  const given = user === undefined ? E.right(userinfo) : parseUser('-u', user.value)
  if (E.isLeft(given)) return given
  const inUrl =
    userinfo !== undefined && user !== undefined
      ? [{ option: 'the credentials in the URL', why: '-u overrides them' }]
      : []
  const isDigest = isOn(options, 'digest') && given.right !== undefined
  const bearer = last(options, 'oauth2-bearer')
  if (names.has('authorization') && (!isDigest || bearer !== undefined)) {
    const why = 'the Authorization header of the line overrides it'
    const url = userinfo === undefined ? [] : [{ option: 'the credentials in the URL', why }]
    return E.right({
      settings: Settings.empty,
      leftOut: [...leftOutOf(options, ['user', 'oauth2-bearer'], why), ...url],
    })
  }
  const waitsForChallenge = bearer !== undefined && (isOn(options, 'digest') || isOn(options, 'basic'))
  if (bearer !== undefined && !waitsForChallenge) {
    const why = '--oauth2-bearer overrides it'
    return E.right({
      settings: settingsOf(Settings.withBearer(bearer.value)),
      leftOut: [...leftOutOf(options, ['user'], why), ...inUrl],
    })
  }
  const why = 'with --digest or --basic, curl waits for a challenge, and only digest challenges are supported'
  const unused = waitsForChallenge
    ? leftOutOf(options, isDigest ? ['oauth2-bearer'] : ['oauth2-bearer', 'user'], why)
    : []
  if (waitsForChallenge && !isDigest) return E.right({ settings: Settings.empty, leftOut: [...unused, ...inUrl] })
  if (given.right === undefined) return E.right({ settings: Settings.empty, leftOut: [] })
  const [name, pass] = given.right
  const settings = isDigest ? settingsOf(Settings.withDigestAuth(textOf(name), textOf(pass))) : basic(given.right)
  return E.right({ settings, leftOut: [...unused, ...inUrl] })
}
