/**
 * Splits a command line of the Windows command prompt (cmd.exe) into words: what browsers copy as "cURL (cmd)".
 *
 * | step                                  | rule                                                            |
 * |---------------------------------------|-----------------------------------------------------------------|
 * | of cmd.exe                            | `^x` is `x`, except inside quotes that have no caret; `^` at a line end continues the line, and the next character is literal |
 * | of curl.exe                           | words in `"…"`; `\"` and `""` are a quote, `\\` before a quote is one backslash |
 *
 * Words are octets, as in `Words`. Variables (`%NAME%`) are an error. `%5B%5D` is not: it is a URL escape, and cmd.exe
 * keeps a variable that is not set.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as Shell from '../Shell.js'
import { matchAt, runOf } from './Scanner.js'
import type { Commands, Word } from './Words.js'

const QUOTED = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y
const BARE = /[^'"\\\s]+/y

/**
 * Whether quotes are doubled, as Firefox writes them for Windows: `"{""a"":1}"`. A POSIX shell reads a single `""` as
 * joined words, so only pairs count, or `"%"`, which Firefox writes for a percent sign. A single quote or a backslash
 * shows that the line is for a POSIX shell.
 */
const hasDoubledQuotes = (line: string): boolean => {
  let doubled = 0
  let isCertain = false
  let hasPairs = false
  for (let at = 0; at < line.length; ) {
    const character = line[at]
    if (character === "'" || character === '\\') return false
    if (character === '"') {
      const { length } = runOf(QUOTED, line, at)
      if (length === 0) return false
      at += length
      if (line[at] === '"') doubled += 1
      if (line.startsWith('%"', at)) isCertain = true
      continue
    }
    const { length } = runOf(BARE, line, at)
    at += Math.max(length, 1)
    if (length > 0) continue
    // The character ends a word.
    if (doubled % 2 === 1 && !isCertain) return false
    hasPairs ||= doubled > 0
    doubled = 0
  }
  return isCertain || (doubled % 2 === 0 && (hasPairs || doubled > 0))
}

const UNMARKED = /[^'"\\^|]+/y
/** A caret before a quote or an operator, at a line end before another line, or alone at the end. */
const CARET = /\^(?:[&<>()]|\r?\n(?=\s*\S))|(?<!")\^"|(?<=[ \t])\^\s*$/y

/**
 * Whether there is a caret outside quotes at a position that only makes sense to cmd.exe. Quotes are those of bash. The
 * search ends at a closed single quote or a backslash before a line end, which only POSIX shells use, and at a pipe. An
 * unclosed single quote is an apostrophe: bash would reject the line.
 */
const hasCaret = (line: string): boolean => {
  for (let at = 0; at < line.length; ) {
    const character = line[at]
    if (runOf(CARET, line, at) !== '') return true
    if (character === '|' || /^\\\r?\n/.test(line.slice(at, at + 3))) return false
    if (character === "'" && line.includes("'", at + 1)) return false
    const { length } = runOf(character === '"' ? QUOTED : UNMARKED, line, at)
    if (character === '"' && length === 0) return false
    // The character after a caret or a backslash is literal.
    at += length > 0 ? length : character === "'" ? 1 : 2
  }
  return false
}

/** Whether a line is for cmd.exe: it has a caret outside quotes, or doubled quotes. */
export const isCmd = (line: string): boolean => hasCaret(line) || (line.includes('""') && hasDoubledQuotes(line))

interface Unescaped {
  readonly text: string
  /** 1 for each character that was escaped and is therefore literal. */
  readonly isLiteral: Uint8Array
}

const VARIABLE = /%(\w+)(?::[^%\n]*)?%/y

/** URL escapes such as `%5B` and `%AB`. `%CD%` is excluded: it is a variable that is always set. */
const isUrlEscape = (name: string): boolean => /^\d|^[a-f]\d|^(?!cd$)[a-f]{2}$/i.test(name)

const unescape = (line: string): E.Either<string, Unescaped> => {
  const source = line.replaceAll('\r\n', '\n')
  const isLiteral = new Uint8Array(source.length)
  let text = ''
  let isQuoted = false
  for (let at = 0; at < source.length; at += 1) {
    const character = source.charAt(at)
    const [variable, name = ''] = matchAt(VARIABLE, source, at) ?? []
    if (variable !== undefined && !isUrlEscape(name)) {
      return E.left(
        `${variable.slice(0, 40)} is a variable of the command prompt, and variables are not expanded; write its value`,
      )
    }
    if (character === '"') isQuoted = !isQuoted
    // Inside quotes without carets, a caret is literal.
    if (character !== '^' || isQuoted) {
      text += character
      continue
    }
    // A caret removes the line end after it, and the next character is literal.
    at += 1
    if (source[at] === '\n') {
      if (source[at + 1] !== '\n') continue
      at += 1
    }
    isLiteral[text.length] = 1
    text += source.charAt(at)
  }
  return E.right({ text, isLiteral })
}

const OPERATOR = /(?:\|\||&&|>>|[|&<>])(?=\s|$)/y

/** Backslashes before a quote are halved; others are literal. */
const split = ({ text, isLiteral }: Unescaped): E.Either<string, Commands> => {
  const commands: Word[][] = [[]]
  let word: string | undefined
  let isQuoted = false
  let isOver = false
  const endWord = (): void => {
    if (word !== undefined) commands.at(-1)?.push({ octets: Shell.ofText(word), isFile: false })
    word = undefined
  }
  for (let at = 0; at < text.length; ) {
    const character = text.charAt(at)
    const isEnd = character === '\n' && isLiteral[at] === 0
    if ((character === ' ' || character === '\t' || isEnd) && !isQuoted) {
      endWord()
      isOver ||= isEnd && (commands.length > 1 || commands[0]?.[0] !== undefined)
      at += 1
      continue
    }
    if (isOver)
      return E.left(
        'it has a second command on another line; give one command, with ^ at the end of each line but the last',
      )
    if (character === '\\') {
      const { length } = runOf(/\\+/y, text, at)
      at += length
      const isBeforeQuote = text[at] === '"'
      word = (word ?? '') + '\\'.repeat(isBeforeQuote ? Math.floor(length / 2) : length)
      if (isBeforeQuote && length % 2 === 1) {
        word += '"'
        at += 1
      }
      continue
    }
    if (character === '"') {
      const isDoubled = isQuoted && text[at + 1] === '"'
      word = (word ?? '') + (isDoubled ? '"' : '')
      if (!isDoubled) isQuoted = !isQuoted
      at += isDoubled ? 2 : 1
      continue
    }
    const operator = word === undefined && !isQuoted && isLiteral[at] === 0 ? runOf(OPERATOR, text, at) : ''
    if (operator !== '' && operator !== '|') {
      return E.left(`${operator} begins another command or a redirection; remove it`)
    }
    if (operator === '|') commands.push([])
    else word = (word ?? '') + character
    at += 1
  }
  if (isQuoted) return E.left('the last quote ^" is not closed; copy the whole line')
  endWord()
  return E.right(commands)
}

/** Returns the commands of a line for cmd.exe, or an error message. */
export const parse = (line: string): E.Either<string, Commands> => pipe(unescape(line), E.flatMap(split))
