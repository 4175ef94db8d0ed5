/** Parses words into options like curl: `-XPOST`, `-sSL`, `-H x`, `--header x`, `--no-location`. */
import * as E from 'fp-ts/lib/Either.js'
import * as Settings from '../../session/Settings.js'
import type { Octets } from '../Shell.js'
import { SHORT, TABLE } from './OptionTable.js'
import type { Word } from './Words.js'

/** An option of a line, by its long name. A word that is not an option is a `url`. */
export interface Option {
  readonly name: string
  readonly value: Octets
  /** Whether the value is the content of a file that the shell creates. */
  readonly isFile: boolean
  /** False for `--no-name`. */
  readonly isOn: boolean
}

/** The options of a line, in order, and the last one of each name: the one that curl uses. */
export interface Options {
  readonly all: ReadonlyArray<Option>
  readonly lastByName: ReadonlyMap<string, Option>
}

export const last = ({ lastByName }: Options, name: string): Option | undefined => lastByName.get(name)

export const isOn = (options: Options, name: string): boolean => last(options, name)?.isOn === true

/** An option that is valid for curl but not part of the request, and the reason. */
export interface LeftOut {
  /** The option as it was written, such as `--silent`. */
  readonly option: string
  /** Why it does not change the request. */
  readonly why: string
}

/** What converting some options returns: settings of the request, and what was left out. */
export interface Converted {
  readonly settings: Settings.Settings
  readonly leftOut: ReadonlyArray<LeftOut>
}

export const settingsOf = (...changes: ReadonlyArray<Settings.Configure>): Settings.Settings =>
  changes.reduce<Settings.Configurable>((made, change) => change(made), { settings: Settings.empty }).settings

const HINT = 'leave it out, or write what it does with Request.with…'

interface Resolved {
  readonly name: string
  readonly isOn: boolean
  readonly hasValue: boolean
}

/** Resolves the long name of an option, also after `no-`. */
const resolve = (written: string): E.Either<string, Resolved> => {
  const known = TABLE.get(written)
  if (known !== undefined) return E.right({ name: written, isOn: true, hasValue: known.hasValue })
  const name = written.replace(/^no-/, '')
  if (name !== written && TABLE.get(name)?.hasValue === false) return E.right({ name, isOn: false, hasValue: false })
  const hint = TABLE.has(written.replace(/=.*$/s, '')) ? 'curl takes its value after a blank, not after =' : HINT
  return E.left(`the option --${written.slice(0, 40)} is not known; ${hint}`)
}

/** An option that needs the next word as its value; `written` is its name in messages. */
interface Waiting {
  readonly name: string
  readonly written: string
}

interface Parsed {
  readonly options: ReadonlyArray<Option>
  readonly waiting?: Waiting
}

const flag = ({ name, isOn }: Resolved): Option => ({ name, value: '', isFile: false, isOn })
const withValue = (name: string, value: Octets, isFile = false): Option => ({ name, value, isFile, isOn: true })

const parseLong = (octets: Octets): E.Either<string, Parsed> => {
  const resolved = resolve(octets.slice(2))
  if (E.isLeft(resolved)) return resolved
  const { name, hasValue } = resolved.right
  return E.right(hasValue ? { options: [], waiting: { name, written: octets } } : { options: [flag(resolved.right)] })
}

/** Parses `-sXPOST`. The first letter that needs a value takes the rest of the word, or the next word. */
const parseShort = (octets: Octets): E.Either<string, Parsed> => {
  const options: Option[] = []
  for (let at = 1; at < octets.length; at += 1) {
    const letter = octets.charAt(at)
    const name = SHORT.get(letter)
    const resolved = name === undefined ? E.left(`the option -${letter} is not known; ${HINT}`) : resolve(name)
    if (E.isLeft(resolved)) return resolved
    if (!resolved.right.hasValue) {
      options.push(flag(resolved.right))
      continue
    }
    const option = resolved.right.name
    const rest = octets.slice(at + 1)
    return E.right(
      rest === ''
        ? { options, waiting: { name: option, written: `-${letter} (--${option})` } }
        : { options: [...options, withValue(option, rest)] },
    )
  }
  return E.right({ options })
}

/** Parses words into options. The error is a message with the wrong option. */
export const parse = (words: ReadonlyArray<Word>): E.Either<string, Options> => {
  const all: Option[] = []
  let waiting: Waiting | undefined
  let isOnlyUrls = false
  let hasUrlFile = false
  for (const { octets, isFile } of words) {
    if (waiting !== undefined) {
      hasUrlFile ||= waiting.name === 'url' && octets.startsWith('@')
      all.push(withValue(waiting.name, octets, isFile))
      waiting = undefined
    } else if (isOnlyUrls || !octets.startsWith('-') || octets === '-') {
      all.push(withValue('url', octets, isFile))
    } else if (octets === '--') {
      isOnlyUrls = true
    } else {
      const parsed = octets.startsWith('--') ? parseLong(octets) : parseShort(octets)
      if (E.isLeft(parsed)) return parsed
      for (const option of parsed.right.options) all.push(option)
      waiting = parsed.right.waiting
    }
  }
  if (waiting !== undefined) return E.left(`the option ${waiting.written} needs a value after it`)
  return hasUrlFile
    ? E.left('--url @… names a file of URLs, and files are not read; write the URL itself')
    : E.right({ all, lastByName: new Map(all.map((option) => [option.name, option])) })
}
