/**
 * Words taken apart into options as curl does it: `-XPOST`, `-sSL`, `-H x`, `--header x`, `--no-location`.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Octets } from '../Shell.js'
import { type Known, SHORT, TABLE } from './OptionTable.js'
import type { Token } from './Words.js'

/** An option as it stands in a line. */
export interface Option {
  readonly name: string
  readonly value: Octets
  /** Whether the value is the content of a file that the shell makes. */
  readonly isFile: boolean
  /** False for `--no-name`. */
  readonly isOn: boolean
}

const indexes = new WeakMap<ReadonlyArray<Option>, ReadonlyMap<string, Option>>()

/** Made once for a line: it is asked for dozens of names. */
const indexOf = (options: ReadonlyArray<Option>): ReadonlyMap<string, Option> => {
  const known = indexes.get(options)
  if (known !== undefined) return known
  const made = new Map<string, Option>()
  for (const option of options) made.set(option.name, option)
  indexes.set(options, made)
  return made
}

/** The last option of that name: the one that counts. */
export const last = (options: ReadonlyArray<Option>, name: string): Option | undefined => indexOf(options).get(name)

export const isOn = (options: ReadonlyArray<Option>, name: string): boolean => last(options, name)?.isOn === true

/** What is known of an option by its long name. */
export const lookup = (name: string): Known | undefined => TABLE.get(name)

interface Named {
  readonly name: string
  readonly isOn: boolean
  readonly known: Known
}

const NAMED: ReadonlyMap<string, E.Either<string, Named>> = new Map(
  [...TABLE].map(([name, known]) => [name, E.right({ name, isOn: true, known })] as const),
)

const named = (written: string): E.Either<string, Named> => {
  const whole = NAMED.get(written)
  if (whole !== undefined) return whole
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

const missing = (name: string): E.Either<string, never> => E.left(`the option ${name} needs a value behind it`)

type Word = Extract<Token, { readonly _tag: 'Word' }>

/** Options as they are found, and how many words they took. */
interface Found {
  readonly options: Option[]
  readonly taken: 1 | 2
}

const flag = ({ name, isOn }: Named): Option => ({ name, value: '', isFile: false, isOn })
const valued = (name: string, { octets, isFile }: Pick<Word, 'octets' | 'isFile'>): Option => ({
  name,
  value: octets,
  isFile,
  isOn: true,
})

/** `--name`, `--no-name`, `--name value`. */
const long = ({ octets }: Word, next: Word | undefined): E.Either<string, Found> => {
  const found = named(octets.slice(2))
  if (E.isLeft(found)) return found
  const { name, known } = found.right
  if (!known.hasValue) return E.right({ options: [flag(found.right)], taken: 1 })
  return next === undefined ? missing(octets) : E.right({ options: [valued(name, next)], taken: 2 })
}

/** `-sXPOST`: letters, of which the first that takes a value has the rest of the word, or the next one. */
const short = ({ octets }: Word, next: Word | undefined): E.Either<string, Found> => {
  const options: Option[] = []
  for (let at = 1; at < octets.length; at += 1) {
    const letter = octets[at] ?? ''
    const name = SHORT.get(letter)
    if (name === undefined) return E.left(`the option -${letter} is not known; ${HINT}`)
    const found = named(name)
    if (E.isLeft(found)) return found
    if (!found.right.known.hasValue) {
      options.push(flag(found.right))
      continue
    }
    const glued = octets.slice(at + 1)
    if (glued !== '')
      return E.right({ options: [...options, valued(name, { octets: glued, isFile: false })], taken: 1 })
    if (next === undefined) return missing(`-${letter} (--${name})`)
    return E.right({ options: [...options, valued(name, next)], taken: 2 })
  }
  return E.right({ options, taken: 1 })
}

/** Reads words as curl reads them; a word that is no option is a `url`. The left names the option that is wrong. */
export const apart = (words: ReadonlyArray<Word>): E.Either<string, ReadonlyArray<Option>> => {
  const options: Option[] = []
  let isPlain = false
  let isListed = false
  for (let at = 0; at < words.length; ) {
    const word = words[at] ?? { _tag: 'Word', octets: '', isFile: false }
    const { octets } = word
    if (isPlain || !octets.startsWith('-') || octets === '-') {
      options.push(valued('url', word))
      at += 1
      continue
    }
    if (octets === '--') {
      isPlain = true
      at += 1
      continue
    }
    const found = octets.startsWith('--') ? long(word, words[at + 1]) : short(word, words[at + 1])
    if (E.isLeft(found)) return found
    for (const option of found.right.options) {
      options.push(option)
      isListed ||= option.name === 'url' && option.value.startsWith('@')
    }
    at += found.right.taken
  }
  return isListed ? E.left('--url @… names a file of URLs, and nothing is read here') : E.right(options)
}
