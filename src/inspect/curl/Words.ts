/**
 * Splits a command line of a POSIX shell into words. Nothing is run or expanded: anything that needs a shell is an
 * error, whose message says what to write instead.
 *
 * | supported                                                         | an error                         |
 * |-------------------------------------------------------------------|----------------------------------|
 * | `'…'`, `"…"`, `$'…'`, `\x`, a line end after `\`, `# …`, `\|`     | variables, `~`, `` ` ``, `{a,b}`, redirections, `;`, `&` |
 * | `$(printf '…')`, `<(printf '…')` with a fixed format              | any other command in `$(…)`, `<(…)` |
 *
 * Words are octets, as a command receives them.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as Shell from '../Shell.js'
import { ansiQuoted, isExpanded, LETTER_ESCAPES, outlineOf } from './BashSyntax.js'
import { positionOf, type Reading, read, runOf, trimEnd, unclosed } from './Scanner.js'

export interface Word {
  readonly octets: Shell.Octets
  /** Whether the octets are the content of a file that the shell creates: `<(…)`. */
  readonly isFile: boolean
}

/** The words of each command in a line with pipes. */
export type Commands = ReadonlyArray<ReadonlyArray<Word>>

/** The text, and the number of open command substitutions. */
interface Source {
  readonly text: string
  readonly depth: number
}

// --- quotes --------------------------------------------------------------------------------------------------------

const singleQuoted = (text: string, start: number): Reading<Shell.Octets> => {
  const end = text.indexOf("'", start + 1)
  return end < 0 ? unclosed(text, start, "'") : read(Shell.ofText(text.slice(start + 1, end)), end + 1)
}

const doubleQuotedPiece = (source: Source, at: number): Reading<Shell.Octets> => {
  const { text } = source
  const run = runOf(/[^"\\$`]+/y, text, at)
  if (run !== '') return read(Shell.ofText(run), at + run.length)
  if (text[at] !== '\\') return expansion(source, at)
  const escaped = runOf(/[$`"\\\n]/y, text, at + 1)
  if (escaped === '') return read('\\', at + 1)
  return read(escaped === '\n' ? '' : escaped, at + 2)
}

const doubleQuoted = (source: Source, start: number): Reading<Shell.Octets> => {
  const { text } = source
  let octets = ''
  for (let at = start + 1; at < text.length; ) {
    if (text[at] === '"') return read(octets, at + 1)
    const next = doubleQuotedPiece(source, at)
    if (E.isLeft(next)) return next
    octets += next.right.value
    at = next.right.at
  }
  return unclosed(text, start, '"')
}

// --- substitutions -------------------------------------------------------------------------------------------------

const PRINTF_ESCAPES = /%%|\\([0-7]{1,3})|\\(x[0-9a-fA-F]{1,2})|\\([abfnrtv\\"'])|[%\\]/g

/** The output of `printf FORMAT`; `undefined` if the format has conversions or unknown escapes. */
const outputOfPrintf = (format: Shell.Octets): Shell.Octets | undefined => {
  let isKnown = true
  const octets = format.replace(PRINTF_ESCAPES, (whole, octal?: string, hex?: string, letter?: string) => {
    if (whole === '%%') return '%'
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff)
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex.slice(1), 16))
    if (letter !== undefined) return LETTER_ESCAPES[letter] ?? letter
    isKnown = false
    return ''
  })
  return isKnown ? octets : undefined
}

/** Limits the recursion on hostile input. */
const MAX_DEPTH = 8

/** The output of a command, if it is a `printf` with only a format. */
export const printfOf = ([name, format, ...others]: ReadonlyArray<Word>): Shell.Octets | undefined =>
  name?.octets !== 'printf' || format === undefined || format.isFile || others.length > 0
    ? undefined
    : outputOfPrintf(format.octets)

/** Reads `(printf '…')`; `start` is the position of the bracket. */
const substitution = ({ text, depth }: Source, start: number): Reading<Shell.Octets> => {
  const notRun = E.left(`the command at ${positionOf(text, start)} would have to be run; write its output instead`)
  if (depth >= MAX_DEPTH) return notRun
  const inner = readCommands({ text, depth: depth + 1 }, start + 1)
  if (E.isLeft(inner)) return inner
  const [command = [], ...others] = inner.right.value
  const octets = others.length > 0 ? undefined : printfOf(command)
  return octets === undefined ? notRun : read(octets, inner.right.at)
}

const expansion = (source: Source, at: number): Reading<Shell.Octets> => {
  const { text } = source
  if (text.startsWith('$(', at)) {
    const inner = substitution(source, at + 1)
    // A shell removes the line ends at the end of a command's output.
    return E.isLeft(inner) ? inner : read(trimEnd(inner.right.value, '\n'), inner.right.at)
  }
  const name = /^\$(?:\w+|\{[^}]*\}?|[*@#?$!-])|^`/.exec(text.slice(at, at + 80))?.[0]
  if (name === undefined) return read('$', at + 1)
  return E.left(
    `${name} at ${positionOf(text, at)} would have to be asked of a shell; write its value, or quote it with '…'`,
  )
}

// --- words ---------------------------------------------------------------------------------------------------------

/** Literal characters. For a shell, only space and TAB are blanks; other blanks are part of a word. */
const PLAIN = /[^ \t\n\r|&;()<>'"$`\\]+/y
const ENDS_WORD = /[ \t\n|&;()<>]|\r(?=\n|$)/y
const LINE_END = /\r?\n/y

/** A backslash removes the line end after it, and makes any other character literal. */
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
      return text.startsWith('$"', at) ? doubleQuoted(source, at + 1) : expansion(source, at)
  }
}

const readWord = (source: Source, start: number): Reading<Word> => {
  const { text } = source
  if (text.startsWith('<(', start)) {
    const content = substitution(source, start + 1)
    if (E.isLeft(content)) return content
    return read({ octets: content.right.value, isFile: true }, content.right.at)
  }
  if (text[start] === '~' && /^~(?=[/\s]|$)/.test(text.slice(start, start + 2))) {
    return E.left(`~ at ${positionOf(text, start)} would have to be expanded by a shell; write the whole path`)
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
    return E.left(
      `bash would expand the {…} in the word at ${positionOf(text, start)} to several words; quote it with '…'`,
    )
  }
  return read({ octets, isFile: false }, at)
}

const OPERATOR: Readonly<Record<string, string>> = {
  '<': 'it begins a redirection; remove it',
  '>': 'it begins a redirection; remove it',
  '&': 'it begins another command; give only one command',
  ';': 'it begins another command; give only one command',
  '(': 'it begins another command; give only one command',
  ')': 'it closes a bracket that is not open; remove it',
}

/** Text before a word: blanks, continued line ends, a comment. */
const SKIPPED = /(?:[ \t]|\\(?:\r?\n|\r?$))*(?:#[^\n]*)?/y

const skip = (text: string, at: number): number => at + runOf(SKIPPED, text, at).length

/** Reads commands up to the end of the text or of the substitution. A line end ends the last command. */
const readCommands = (source: Source, start: number): Reading<Commands> => {
  const { text, depth } = source
  let command: Word[] = []
  const commands = [command]
  let end: number | undefined
  for (let at = skip(text, start); ; at = skip(text, at)) {
    const character = text[at]
    if (character === undefined) return depth === 0 ? read(commands, at) : unclosed(text, start - 1, '(')
    if (character === ')' && depth > 0) return read(commands, at + 1)
    const line = runOf(/\r?\n|\r$/y, text, at)
    if (line !== '') {
      if (command.length > 0) end ??= at
      at += line.length
      continue
    }
    if (end !== undefined) {
      return E.left(
        `it has a second command after ${positionOf(text, end)}; give one command, with \\ at the end of each line but the last`,
      )
    }
    if (character === '|' && text[at + 1] !== '|') {
      command = []
      commands.push(command)
      at += 1
      continue
    }
    const reason = text.startsWith('<(', at) ? undefined : OPERATOR[character === '|' ? '&' : character]
    if (reason !== undefined) return E.left(`${character} at ${positionOf(text, at)}: ${reason}`)
    const next = readWord(source, at)
    if (E.isLeft(next)) return next
    command.push(next.right.value)
    at = next.right.at
  }
}

/** Returns the commands of a line for a POSIX shell, or an error message. */
export const parse = (text: string): E.Either<string, Commands> =>
  pipe(
    readCommands({ text, depth: 0 }, 0),
    E.map(({ value }) => value),
  )
