/**
 * Converts the headers of a curl line: those of `-H`, which override those of `-A`, `-e`, `-b` and `-r`.
 *
 * | written        | means                                    |
 * |----------------|------------------------------------------|
 * | `Name: value`  | a header line; names may repeat          |
 * | `Name;`        | a header line with an empty value        |
 * | `Name:`        | removes the header, also curl's own      |
 * | `Name; `, `Name;x` | the same; the line is named in `leftOut` |
 *
 * If a line has several credentials, the first of this table wins:
 *
 * | order | in the line                              | converted to                                 |
 * |-------|------------------------------------------|----------------------------------------------|
 * | 1     | `-H 'Authorization: …'`                  | the header; with `--digest`, until the first challenge |
 * | 2     | `--aws-sigv4`, with the user of 4        | `awsSigV4`                                   |
 * | 3     | `--oauth2-bearer`                        | `withBearer`                                 |
 * | 4     | `-u`, else `user:pass@` in the URL       | `withDigestAuth` with `--digest`, else `withBasicAuth` |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Settings from '../../session/Settings.js'
import { headerProblem } from '../../stages/prepare/HeaderFields.js'
import * as Headers from '../../values/Headers.js'
import * as Octets from '../../values/Octets.js'
import * as Shell from '../Shell.js'
import * as CurlAws from './CurlAws.js'
import type { Content } from './CurlBody.js'
import type { ParsedUrl, UserAndPassword } from './CurlUrl.js'
import { type Converted, isOn, type LeftOut, last, type Option, type Options, settingsOf } from './Options.js'

/** Decodes UTF-8, or Latin-1 if the octets are not UTF-8: curl sends octets unchanged. */
export const textOf = (octets: Shell.Octets): string => Shell.toText(octets) ?? octets

type Line = readonly [name: string, value: string]

// --- -H ------------------------------------------------------------------------------------------------------------

/** Parses the forms of the table; `null` removes. `undefined`: neither a colon nor a name before a semicolon. */
export const parseLine = (line: string): readonly [name: string, value: string | null] | undefined => {
  const colon = line.indexOf(':')
  if (colon >= 0) {
    const value = line.slice(colon + 1).replace(/^[ \t]+/, '')
    return [line.slice(0, colon), value === '' ? null : value]
  }
  const end = line.indexOf(';')
  return end > 0 ? [line.slice(0, end), end === line.length - 1 ? '' : null] : undefined
}

/** With `--aws-sigv4`, the session token is a part of the credentials. */
const isSessionToken = (options: Options, [name]: Line): boolean =>
  last(options, 'aws-sigv4') !== undefined && Headers.sameName(name, CurlAws.TOKEN)

const sessionToken = ({ all }: Options): string | undefined => {
  const lines = all.flatMap(({ name, value }) => (name === 'header' ? [parseLine(value)] : []))
  return lines.findLast((line) => line !== undefined && Headers.sameName(line[0], CurlAws.TOKEN))?.[1] ?? undefined
}

interface HeaderLines {
  readonly lines: Line[]
  readonly removed: string[]
  readonly leftOut: LeftOut[]
}

const headerLines = ({ all }: Options): E.Either<string, HeaderLines> => {
  const found: HeaderLines = { lines: [], removed: [], leftOut: [] }
  const leaveOut = (option: string, why: string): void => {
    found.leftOut.push({ option, why })
  }
  for (const { name: option, value: written } of all) {
    if (option !== 'header') continue
    if (written.startsWith('@'))
      return E.left(`-H ${Shell.toText(written) ?? ''} names a file, and nothing is read here`)
    const [name, value] = parseLine(written) ?? []
    if (name === undefined || value === undefined) {
      leaveOut('--header', 'it has no colon, and curl does not send it')
      continue
    }
    if (value === null && !written.includes(':')) {
      leaveOut(`--header ${textOf(name)}`, 'curl does not send a header with text or blanks after a semicolon')
    }
    const why = value === null ? undefined : headerProblem(name, value)
    if (name === '') leaveOut('--header', 'it has no name, and curl does not send it')
    else if (why !== undefined) leaveOut(`--header ${name}`, why)
    else if (value === null) found.removed.push(name)
    else found.lines.push([name, value])
  }
  return E.right(found)
}

// --- -A, -e, -b, -r ------------------------------------------------------------------------------------------------

/** Completes a range without a dash, as curl does: it reads the leading digits and adds the dash. */
const rangeOf = (value: Shell.Octets): string => {
  const from = value.includes('-') ? undefined : /^\d+/.exec(value)?.[0]
  return from === undefined ? value : `${from.replace(/^0+(?=\d)/, '')}-`
}

/** The header of an option other than `-H`. */
interface OptionHeader {
  readonly header?: Line
  readonly leftOut?: LeftOut
}

const AUTO = { option: '--referer ;auto', why: 'redirects do not set a Referer; write a hook that does' }

/** With data, `-r` describes the request body; without, the requested part of the response. */
const rangeHeader = (value: Shell.Octets, { data, parts, isInQuery }: Content): OptionHeader => {
  if (parts.length > 0) return { leftOut: { option: '--range', why: 'curl ignores it for a form' } }
  return data === undefined || isInQuery
    ? { header: ['Range', `bytes=${rangeOf(value)}`] }
    : { header: ['Content-Range', `bytes ${rangeOf(value)}/${data.length}`] }
}

const headerOf = ({ name, value }: Option, content: Content): E.Either<string, OptionHeader> => {
  switch (name) {
    case 'user-agent':
      return E.right({ header: ['User-Agent', value] })
    case 'referer': {
      // curl ignores everything after the first `;auto`.
      const [referer = ''] = value.split(';auto', 1)
      return E.right({ header: ['Referer', referer], ...(referer === value ? {} : { leftOut: AUTO }) })
    }
    case 'range':
      return E.right(rangeHeader(value, content))
    case 'cookie':
      return value.includes('=')
        ? E.right({ header: ['Cookie', value] })
        : E.left(`-b ${Shell.toText(value) ?? ''} names a file of cookies, and nothing is read here; write name=value`)
    default:
      return E.right({})
  }
}

// --- all headers ---------------------------------------------------------------------------------------------------

/** Header settings, and the lower-case names of all headers that the line sets or removes. */
export interface ConvertedHeaders extends Converted {
  readonly names: ReadonlySet<string>
}

export const convert = (options: Options, content: Content): E.Either<string, ConvertedHeaders> => {
  const own = headerLines(options)
  if (E.isLeft(own)) return own
  const { removed, leftOut } = own.right
  const lines = own.right.lines.filter((line) => !isSessionToken(options, line))
  const others = new Map<string, string>()
  for (const option of options.all) {
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
  const written = new Set(lines.map(([name]) => name.toLowerCase()))
  const names = new Set([...written, ...removed.map((name) => name.toLowerCase())])
  const added = [...others].filter(([name]) => !names.has(name.toLowerCase()))
  // An empty value removes the header, as in curl: `-A ''`.
  const empty = added.flatMap(([name, value]) => (value === '' ? [name] : []))
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

// --- credentials ---------------------------------------------------------------------------------------------------

export const parseUser = (option: string, octets: Shell.Octets): E.Either<string, UserAndPassword> => {
  const colon = octets.indexOf(':')
  return colon < 0
    ? E.left(`${option} has no password, and curl would prompt for it; write user:password`)
    : E.right([octets.slice(0, colon), octets.slice(colon + 1)])
}

/** curl sends octets outside ASCII unchanged, in whatever encoding, so such credentials become a header. */
const basic = ([user, pass]: UserAndPassword): Settings.Settings => {
  if (/^[\0-\x7f]*$/.test(user + pass)) return settingsOf(Settings.withBasicAuth(user, pass))
  const value = `Basic ${Octets.toBase64(Octets.fromLatin1(`${user}:${pass}`))}`
  return settingsOf(Settings.withSecretHeader('Authorization', value), Settings.withoutAuth)
}

/** Converts the credentials. `names` are the lower-case names of the line's headers. */
export const convertCredentials = (
  options: Options,
  { url, userinfo }: Pick<ParsedUrl, 'url' | 'userinfo'>,
  names: ReadonlySet<string>,
): E.Either<string, Converted> => {
  const user = last(options, 'user')
  const bearer = last(options, 'oauth2-bearer')
  const login = user === undefined ? E.right(userinfo) : parseUser('-u', user.value)
  if (E.isLeft(login)) return login
  const leftOutOf = (overridden: ReadonlyArray<string>, why: string): ReadonlyArray<LeftOut> =>
    overridden.flatMap((name) => (last(options, name) === undefined ? [] : [{ option: `--${name}`, why }]))
  const inUrl = (why: string): ReadonlyArray<LeftOut> =>
    userinfo === undefined ? [] : [{ option: 'the credentials in the URL', why }]
  const isDigest = isOn(options, 'digest') && login.right !== undefined
  if (names.has('authorization') && (!isDigest || bearer !== undefined)) {
    const why = 'the Authorization header of the line overrides it'
    return E.right({
      settings: Settings.empty,
      leftOut: [...leftOutOf(['user', 'oauth2-bearer', 'aws-sigv4'], why), ...inUrl(why)],
    })
  }
  const convertedTo = (settings: Settings.Settings, overridden: ReadonlyArray<string>, why: string) =>
    E.right({
      settings,
      leftOut: [...leftOutOf(overridden, why), ...(user === undefined ? [] : inUrl('-u overrides them'))],
    })
  const aws = last(options, 'aws-sigv4')
  if (aws !== undefined) {
    if (login.right === undefined) return E.left('--aws-sigv4 has no credentials; write them as -u ID:SECRET')
    const [id, key] = login.right
    const credentials = { accessKeyId: textOf(id), secretAccessKey: textOf(key) }
    const line = { written: textOf(aws.value), ...credentials, sessionToken: sessionToken(options), url }
    const auth = CurlAws.toAuth(line)
    if (E.isLeft(auth)) return auth
    const overridden = ['oauth2-bearer', 'digest', 'basic']
    return convertedTo(settingsOf(Settings.withAuth(auth.right)), overridden, '--aws-sigv4 overrides it')
  }
  const waitsForChallenge = bearer !== undefined && (isOn(options, 'digest') || isOn(options, 'basic'))
  if (bearer !== undefined && !waitsForChallenge) {
    return convertedTo(settingsOf(Settings.withBearer(bearer.value)), ['user'], '--oauth2-bearer overrides it')
  }
  const why = 'with --digest or --basic, curl waits for a challenge, and only digest challenges are supported'
  if (login.right === undefined || (waitsForChallenge && !isDigest)) {
    return convertedTo(Settings.empty, ['oauth2-bearer', 'user'], why)
  }
  const [name, pass] = login.right
  const settings = isDigest ? settingsOf(Settings.withDigestAuth(textOf(name), textOf(pass))) : basic(login.right)
  return convertedTo(settings, ['oauth2-bearer'], why)
}
