/**
 * Parses words into options like curl: `-XPOST`, `-sSL`, `-H x`, `--header x`, `--no-location`.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Settings from '../../session/Settings.js'
import type { Octets } from '../Shell.js'
import { type KnownOption, SHORT, TABLE } from './OptionTable.js'
import type { Word } from './Words.js'

/** An option of a line, by its long name. */
export interface Option {
  readonly name: string
  readonly value: Octets
  /** Whether the value is the content of a file that the shell creates. */
  readonly isFile: boolean
  /** False for `--no-name`. */
  readonly isOn: boolean
}

const indexes = new WeakMap<ReadonlyArray<Option>, ReadonlyMap<string, Option>>()

/** Cached by line, because each line is searched for dozens of names. */
const indexOf = (options: ReadonlyArray<Option>): ReadonlyMap<string, Option> => {
  const known = indexes.get(options)
  if (known !== undefined) return known
  const index = new Map<string, Option>()
  for (const option of options) index.set(option.name, option)
  indexes.set(options, index)
  return index
}

/** Returns the last option with the name, which is the one that curl uses. */
export const last = (options: ReadonlyArray<Option>, name: string): Option | undefined => indexOf(options).get(name)

export const isOn = (options: ReadonlyArray<Option>, name: string): boolean => last(options, name)?.isOn === true

export const lookup = (name: string): KnownOption | undefined => TABLE.get(name)

interface Resolved {
  readonly name: string
  readonly isOn: boolean
  readonly known: KnownOption
}

const BY_NAME: ReadonlyMap<string, E.Either<string, Resolved>> = new Map(
  [...TABLE].map(([name, known]) => [name, E.right({ name, isOn: true, known })] as const),
)

/** Resolves the long name of an option, also after `no-`. */
const resolve = (written: string): E.Either<string, Resolved> => {
  const exact = BY_NAME.get(written)
  if (exact !== undefined) return exact
  const name = written.replace(/^no-/, '')
  const positive = TABLE.get(name)
  if (positive !== undefined && !positive.hasValue && name !== written)
    return E.right({ name, isOn: false, known: positive })
  const equals = written.indexOf('=')
  const hint =
    equals > 0 && TABLE.has(written.slice(0, equals)) ? 'curl takes its value after a blank, not after =' : HINT
  return E.left(`the option --${written.slice(0, 40)} is not known; ${hint}`)
}

const HINT = 'leave it out, or write what it does with Request.with…'

const missing = (name: string): E.Either<string, never> => E.left(`the option ${name} needs a value after it`)

/** The options of a word, and the number of words used: 2 if the next word is a value. */
interface Parsed {
  readonly options: Option[]
  readonly used: 1 | 2
}

const flag = ({ name, isOn }: Resolved): Option => ({ name, value: '', isFile: false, isOn })
const withValue = (name: string, { octets, isFile }: Pick<Word, 'octets' | 'isFile'>): Option => ({
  name,
  value: octets,
  isFile,
  isOn: true,
})

/** Parses `--name`, `--no-name`, `--name value`. */
const parseLong = ({ octets }: Word, next: Word | undefined): E.Either<string, Parsed> => {
  const resolved = resolve(octets.slice(2))
  if (E.isLeft(resolved)) return resolved
  const { name, known } = resolved.right
  if (!known.hasValue) return E.right({ options: [flag(resolved.right)], used: 1 })
  return next === undefined ? missing(octets) : E.right({ options: [withValue(name, next)], used: 2 })
}

/** Parses `-sXPOST`. The first letter that needs a value takes the rest of the word, or the next word. */
const parseShort = ({ octets }: Word, next: Word | undefined): E.Either<string, Parsed> => {
  const options: Option[] = []
  for (let at = 1; at < octets.length; at += 1) {
    const letter = octets[at] ?? ''
    const name = SHORT.get(letter)
    if (name === undefined) return E.left(`the option -${letter} is not known; ${HINT}`)
    const resolved = resolve(name)
    if (E.isLeft(resolved)) return resolved
    if (!resolved.right.known.hasValue) {
      options.push(flag(resolved.right))
      continue
    }
    const rest = octets.slice(at + 1)
    if (rest !== '')
      return E.right({ options: [...options, withValue(name, { octets: rest, isFile: false })], used: 1 })
    if (next === undefined) return missing(`-${letter} (--${name})`)
    return E.right({ options: [...options, withValue(name, next)], used: 2 })
  }
  return E.right({ options, used: 1 })
}

/** Parses words into options; a word that is not an option is a `url`. The error is a message with the wrong option. */
export const parse = (words: ReadonlyArray<Word>): E.Either<string, ReadonlyArray<Option>> => {
  const options: Option[] = []
  let isOnlyUrls = false
  let hasUrlFile = false
  for (let at = 0; at < words.length; ) {
    const word = words[at] ?? { _tag: 'Word', octets: '', isFile: false }
    const { octets } = word
    if (isOnlyUrls || !octets.startsWith('-') || octets === '-') {
      options.push(withValue('url', word))
      at += 1
      continue
    }
    if (octets === '--') {
      isOnlyUrls = true
      at += 1
      continue
    }
    const parsed = octets.startsWith('--') ? parseLong(word, words[at + 1]) : parseShort(word, words[at + 1])
    if (E.isLeft(parsed)) return parsed
    for (const option of parsed.right.options) {
      options.push(option)
      hasUrlFile ||= option.name === 'url' && option.value.startsWith('@')
    }
    at += parsed.right.used
  }
  return hasUrlFile
    ? E.left('--url @… names a file of URLs, and files are not read; write the URL itself')
    : E.right(options)
}

// --- converted options ---

/** An option that is valid for curl but not part of the request, and the reason. */
export interface LeftOut {
  readonly option: string
  readonly why: string
}

export interface Converted {
  readonly settings: Settings.Settings
  readonly leftOut: ReadonlyArray<LeftOut>
}

/** Applies changes, in order, to empty settings. */
export const settingsOf = (...changes: ReadonlyArray<Settings.Configure>): Settings.Settings =>
  changes.reduce<Settings.Configurable>((made, change) => change(made), { settings: Settings.empty }).settings
