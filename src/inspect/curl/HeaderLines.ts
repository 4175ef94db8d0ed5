/**
 * The headers of a curl line: those of `-H`, over those that `-A`, `-e`, `-b` and `-r` stand for.
 *
 * | written        | means                                    |
 * |----------------|------------------------------------------|
 * | `Name: value`  | a line; a name that is repeated, several |
 * | `Name;`        | a line without a value                   |
 * | `Name:`        | no such line, not even curl's own        |
 * | `Name; `, `Name;x` | the same; the line is named in `leftOut` |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Settings from '../../session/Settings.js'
import * as Shell from '../Shell.js'
import { last, type Option } from './Options.js'

/** An option that is known and no part of the request, and why. */
export interface Left {
  readonly option: string
  readonly why: string
}

type All = ReadonlyArray<Option>

/** The settings that changes make. */
export const settingsOf = (...changes: ReadonlyArray<Settings.Configure>): Settings.Settings =>
  changes.reduce<Settings.Configurable>((made, change) => change(made), { settings: Settings.empty }).settings

/** Header settings, and the lower-case names that the line speaks of, if only to remove them. */
export interface HeaderLines {
  readonly settings: Settings.Settings
  readonly names: ReadonlySet<string>
  readonly leftOut: ReadonlyArray<Left>
}

/** What a line sends as its body: a range is of it, and not of the answer. */
export type Sending =
  | { readonly _tag: 'Nothing' }
  | { readonly _tag: 'Data'; readonly length: number }
  | { readonly _tag: 'Form' }

/** A range without a dash is one from there on: curl reads its first digits, and adds the dash. */
const rangeOf = (value: Shell.Octets): string => {
  const from = value.includes('-') ? undefined : /^\d+/.exec(value)?.[0]
  return from === undefined ? value : `${from.replace(/^0+(?=\d)/, '')}-`
}

const FORM_RANGE = { option: '--range', why: 'curl sends none with a form' }

const range = (value: Shell.Octets, sending: Sending): Stands => {
  switch (sending._tag) {
    case 'Nothing':
      return { header: ['Range', `bytes=${rangeOf(value)}`] }
    case 'Data':
      return { header: ['Content-Range', `bytes ${rangeOf(value)}/${sending.length}`] }
    case 'Form':
      return { leftOut: FORM_RANGE }
  }
}

/** What one option stands for: a header, where its value is not empty, and what of it is left out. */
interface Stands {
  readonly header?: readonly [name: string, value: string]
  readonly leftOut?: Left
}

const NOTHING: E.Either<string, Stands> = E.right({})
const AUTO = { option: '--referer ;auto', why: 'no redirect sets a Referer; write a hook that does' }

/** `-A`, `-e`, `-b`, `-r` as the headers they are. */
const ofOption = ({ name, value }: Option, sending: Sending): E.Either<string, Stands> => {
  switch (name) {
    case 'user-agent':
      return E.right({ header: ['User-Agent', value] })
    case 'referer': {
      // curl ignores everything from the first `;auto` on.
      const auto = value.indexOf(';auto')
      if (auto < 0) return E.right({ header: ['Referer', value] })
      return E.right({ header: ['Referer', value.slice(0, auto)], leftOut: AUTO })
    }
    case 'range':
      return E.right(range(value, sending))
    case 'cookie':
      if (value.includes('=')) return E.right({ header: ['Cookie', value] })
      return E.left(
        `-b ${Shell.toText(value) ?? ''} names a file of cookies, and nothing is read here; write name=value`,
      )
    default:
      return NOTHING
  }
}

/**
 * `Name: value`, `Name;` for an empty one, `Name:` to remove it. Text or blanks after the semicolon remove it too: curl
 * sends no such line, and not its own either.
 */
export const ofLine = (line: string): readonly [name: string, value: string | null] | undefined => {
  const colon = line.indexOf(':')
  if (colon >= 0) {
    const value = line.slice(colon + 1).replace(/^[ \t]+/, '')
    return [line.slice(0, colon), value === '' ? null : value]
  }
  const end = line.indexOf(';')
  return end > 0 ? [line.slice(0, end), end === line.length - 1 ? '' : null] : undefined
}

interface Gathered {
  readonly lines: Array<readonly [string, string]>
  readonly removed: string[]
  readonly leftOut: Left[]
}

const gather = (
  options: All,
  refusal: (name: string, value: string) => string | undefined,
): E.Either<string, Gathered> => {
  const found: Gathered = { lines: [], removed: [], leftOut: [] }
  for (const { name, value } of options) {
    if (name !== 'header') continue
    if (value.startsWith('@')) return E.left(`-H ${Shell.toText(value) ?? ''} names a file, and nothing is read here`)
    const line = ofLine(value)
    if (line === undefined) {
      found.leftOut.push({ option: '--header', why: 'it has no colon, and curl sends none such' })
      continue
    }
    const [header, text] = line
    if (text === null && !value.includes(':')) {
      found.leftOut.push({
        option: `--header ${Shell.toText(header) ?? header}`,
        why: 'curl sends no line with text or blanks after a semicolon',
      })
    }
    if (header === '') {
      found.leftOut.push({ option: '--header', why: 'it has no name, and curl sends none such' })
      continue
    }
    const why = text === null ? undefined : refusal(header, text)
    if (why !== undefined) found.leftOut.push({ option: `--header ${header}`, why })
    else if (text === null) found.removed.push(header)
    else found.lines.push([header, text])
  }
  return E.right(found)
}

/** The header lines of all options, those of `-H` over those that other options stand for. */
export const headers = (
  options: All,
  sending: Sending,
  refusal: (name: string, value: string) => string | undefined,
): E.Either<string, HeaderLines> => {
  const gathered = gather(options, refusal)
  if (E.isLeft(gathered)) return gathered
  const { lines, removed, leftOut } = gathered.right
  const names = new Set([...lines.map(([name]) => name), ...removed].map((name) => name.toLowerCase()))
  const extra = new Map<string, string>()
  for (const option of options) {
    const made = ofOption(option, sending)
    if (E.isLeft(made)) return made
    const { header, leftOut: left } = made.right
    // An earlier -e or -r has no effect at all.
    if (left !== undefined && last(options, option.name) === option) leftOut.push(left)
    if (header === undefined) continue
    const [name, value] = header
    const before = name === 'Cookie' ? extra.get(name) : undefined
    extra.set(name, before === undefined ? value : `${before}; ${value}`)
  }
  const own = [...extra].filter(([name]) => !names.has(name.toLowerCase()))
  // `-A ''` takes the header away, as curl does.
  const empty = own.filter(([, value]) => value === '').map(([name]) => name)
  const written = new Set(lines.map(([name]) => name.toLowerCase()))
  const gone = [...removed, ...empty].filter((name) => !written.has(name.toLowerCase()))
  const settings = settingsOf(
    Settings.withHeaders([
      ...lines,
      // Blanks before a value are none of it (RFC 9110 5.5).
      ...own.flatMap(([name, value]) => (value === '' ? [] : [[name, value.replace(/^[ \t]+/, '')] as const])),
    ]),
    Settings.withHeaders(Object.fromEntries(gone.map((name) => [name, null]))),
  )
  for (const [name] of own) names.add(name.toLowerCase())
  return E.right({ settings, names, leftOut })
}
