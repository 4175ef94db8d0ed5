/**
 * A line of a POSIX shell taken apart into words, as far as words alone go. Nothing is run and nothing is expanded:
 * where the shell would have to be asked, the line is refused, with what to write in its place.
 *
 * | understood                                                        | refused                          |
 * |-------------------------------------------------------------------|----------------------------------|
 * | `'…'`, `"…"`, `$'…'`, `\x`, a line end after `\`, `# …`, `\|`     | variables, `~`, `` ` ``, `{a,b}`, redirections, `;`, `&` |
 * | `$(printf '…')`, `<(printf '…')` with a fixed format              | any other command in `$(…)`, `<(…)` |
 *
 * Words are octets, as a command gets them.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Shell from '../Shell.js'
import { ANSI, ansiQuoted, type Reading, read, runOf, unclosed, where } from './AnsiQuote.js'
import { isExpanded, outlineOf } from './Braces.js'

export type Token =
  /** `isFile`: the octets are the content of a file that the shell makes, `<(…)`. */
  { readonly _tag: 'Word'; readonly octets: Shell.Octets; readonly isFile: boolean } | { readonly _tag: 'Pipe' }

/** The text that is read, and how many commands in brackets are open where reading stands. */
interface Source {
  readonly text: string
  readonly depth: number
}

// --- quotes --------------------------------------------------------------------------------------------------------

const singleQuoted = (text: string, start: number): Reading<Shell.Octets> => {
  const end = text.indexOf("'", start + 1)
  return end < 0 ? unclosed(text, start, "'") : read(Shell.ofText(text.slice(start + 1, end)), end + 1)
}

const doubleQuoted = (source: Source, start: number): Reading<Shell.Octets> => {
  const { text } = source
  let octets = ''
  for (let at = start + 1; at < text.length; ) {
    const character = text[at]
    if (character === '"') return read(octets, at + 1)
    if (character === '\\') {
      const next = text[at + 1] ?? ''
      const isEscaped = next !== '' && '$`"\\\n'.includes(next)
      octets += !isEscaped ? '\\' : next === '\n' ? '' : next
      at += isEscaped ? 2 : 1
      continue
    }
    if (character === '$' || character === '`') {
      const expanded = dollar(source, at)
      if (E.isLeft(expanded)) return expanded
      octets += expanded.right.value
      at = expanded.right.at
      continue
    }
    const run = runOf(/[^"\\$`]+/y, text, at)
    octets += Shell.ofText(run)
    at += run.length
  }
  return unclosed(text, start, '"')
}

// --- what a shell would expand -------------------------------------------------------------------------------------

const PRINTF_ESCAPES = /%%|\\([0-7]{1,3})|\\(x[0-9a-fA-F]{1,2})|\\([abfnrtv\\"'])|[%\\]/g

/** The octets that `printf FORMAT` writes; undefined where the format asks for more. */
export const printed = (format: Shell.Octets): Shell.Octets | undefined => {
  let isKnown = true
  const octets = format.replace(PRINTF_ESCAPES, (whole, octal?: string, hex?: string, letter?: string) => {
    if (whole === '%%') return '%'
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff)
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex.slice(1), 16))
    if (letter !== undefined) return ANSI[letter] ?? letter
    isKnown = false
    return ''
  })
  return isKnown ? octets : undefined
}

/** No line that somebody writes has more commands within each other. */
const MAX_DEPTH = 8

/** `(printf '…')` from its bracket on. */
const command = ({ text, depth }: Source, start: number): Reading<Shell.Octets> => {
  const refused = (): Reading<never> =>
    E.left(`the command in brackets at ${where(text, start)} would have to be run; write what it gives`)
  if (depth >= MAX_DEPTH) return refused()
  const inner = tokens({ text, depth: depth + 1 }, start + 1)
  if (E.isLeft(inner)) return inner
  const octets = printfOf(inner.right.value)
  return octets === undefined ? refused() : read(octets, inner.right.at)
}

/** What a `printf` command writes, if it is one with a fixed format. */
export const printfOf = (words: ReadonlyArray<Token>): Shell.Octets | undefined => {
  const [name, format, ...others] = words
  const isPrintf = name?._tag === 'Word' && name.octets === 'printf' && others.length === 0
  return isPrintf && format?._tag === 'Word' && !format.isFile ? printed(format.octets) : undefined
}

/** By hand, for an expression with an end looks for it behind each of the line ends. */
const withoutLineEnds = (octets: Shell.Octets): Shell.Octets => {
  let end = octets.length
  while (octets[end - 1] === '\n') end -= 1
  return octets.slice(0, end)
}

const dollar = (source: Source, at: number): Reading<Shell.Octets> => {
  const { text } = source
  if (text.startsWith('$(', at)) {
    const inner = command(source, at + 1)
    // A shell takes the line ends off what a command has written.
    return E.isLeft(inner) ? inner : read(withoutLineEnds(inner.right.value), inner.right.at)
  }
  const name = /^\$(?:\w+|\{[^}]*\}?|[*@#?$!-])|^`/.exec(text.slice(at, at + 80))?.[0]
  if (name === undefined) return read('$', at + 1)
  return E.left(
    `${name} at ${where(text, at)} would have to be asked of a shell; write its value, or quote it with '…'`,
  )
}

// --- words ---------------------------------------------------------------------------------------------------------

/** What stands for itself. A shell knows space and TAB as blanks; every other blank is a character of a word. */
const PLAIN = /[^ \t\n\r|&;()<>'"$`\\]+/y
const ENDS_WORD = /[ \t\n|&;()<>]|\r(?=\n|$)/y
const LINE_END = /\r?\n/y

/** A backslash: a line end behind it is nothing, and any other character itself. */
const escapedCharacter = (text: string, at: number): Reading<Shell.Octets> => {
  const end = runOf(LINE_END, text, at + 1)
  if (end !== '') return read('', at + 1 + end.length)
  const [character = ''] = text.slice(at + 1, at + 3)
  return read(Shell.ofText(character), at + 1 + character.length)
}

const piece = (source: Source, at: number): Reading<Shell.Octets> => {
  const { text } = source
  const run = runOf(PLAIN, text, at)
  if (run !== '') return read(Shell.ofText(run), at + run.length)
  switch (text[at]) {
    case "'":
      return singleQuoted(text, at)
    case '"':
      return doubleQuoted(source, at)
    case '\\':
      return escapedCharacter(text, at)
    case '\r':
      return read('\r', at + 1)
    default:
      if (text[at + 1] === "'" && text[at] === '$') return ansiQuoted(text, at)
      return text.startsWith('$"', at) ? doubleQuoted(source, at + 1) : dollar(source, at)
  }
}

/** One word, from its first character on. */
const word = (source: Source, start: number): Reading<Token> => {
  const { text } = source
  if (text.startsWith('<(', start)) {
    const content = command(source, start + 1)
    if (E.isLeft(content)) return content
    return read({ _tag: 'Word', octets: content.right.value, isFile: true }, content.right.at)
  }
  if (text[start] === '~' && /^~(?=[/\s]|$)/.test(text.slice(start, start + 2))) {
    return E.left(`~ at ${where(text, start)} stands for a folder of the shell's; write the whole path`)
  }
  let octets = ''
  let outline = ''
  let at = start
  while (at < text.length && runOf(ENDS_WORD, text, at) === '') {
    const next = piece(source, at)
    if (E.isLeft(next)) return next
    octets += next.right.value
    outline += outlineOf(text.slice(at, next.right.at))
    at = next.right.at
  }
  if (isExpanded(outline)) {
    return E.left(`bash would make several words of the {…} in the word at ${where(text, start)}; quote it with '…'`)
  }
  return read({ _tag: 'Word', octets, isFile: false }, at)
}

const OPERATOR: Readonly<Record<string, string>> = {
  '<': 'a redirection cannot be taken over; leave it out',
  '>': 'a redirection cannot be taken over; leave it out',
  '&': 'it begins another command; give one command only',
  ';': 'it begins another command; give one command only',
  '(': 'it begins another command; give one command only',
  ')': 'it closes a bracket that is not open',
}

/** What may stand before a word: blanks, continued lines, a comment. */
const SKIPPED = /(?:[ \t]|\\(?:\r?\n|\r?$))*(?:#[^\n]*)?/y

const skip = (text: string, at: number): number => at + runOf(SKIPPED, text, at).length

/** The words up to the end, or up to the bracket that closes the command. A line end ends the command. */
const tokens = (source: Source, start: number): Reading<ReadonlyArray<Token>> => {
  const { text, depth } = source
  const found: Token[] = []
  let end: number | undefined
  for (let at = skip(text, start); ; at = skip(text, at)) {
    const character = text[at]
    if (character === undefined) return depth === 0 ? read(found, at) : unclosed(text, start - 1, '(')
    if (character === ')' && depth > 0) return read(found, at + 1)
    const line = runOf(/\r?\n|\r$/y, text, at)
    if (line !== '') {
      if (found.length > 0 && found.at(-1)?._tag !== 'Pipe') end ??= at
      at += line.length
      continue
    }
    if (end !== undefined) {
      return E.left(`a second command begins after ${where(text, end)}; give one, with a \\ at the end of each line`)
    }
    if (character === '|' && text[at + 1] !== '|') {
      found.push({ _tag: 'Pipe' })
      at += 1
      continue
    }
    const reason = text.startsWith('<(', at) ? undefined : OPERATOR[character === '|' ? '&' : character]
    if (reason !== undefined) return E.left(`${character} at ${where(text, at)}: ${reason}`)
    const next = word(source, at)
    if (E.isLeft(next)) return next
    found.push(next.right.value)
    at = next.right.at
  }
}

/** The words of a line. The left says what cannot be read, and what to do. */
export const words = (text: string): E.Either<string, ReadonlyArray<Token>> => {
  const made = tokens({ text, depth: 0 }, 0)
  return E.isLeft(made) ? made : E.right(made.right.value)
}
