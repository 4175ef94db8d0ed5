/**
 * A line of the Windows command prompt taken apart into words: what browsers' "copy as cURL (cmd)" writes.
 *
 * | step                                  | rule                                                            |
 * |---------------------------------------|-----------------------------------------------------------------|
 * | the prompt's                          | `^x` is `x`, but not between quotes that have no caret; `^` at a line end continues the line, and the character that follows is taken as it is |
 * | the program's                         | words in `"…"`; `\"` and `""` are a quote, `\\` before a quote is one backslash |
 *
 * Words are octets, as in `Words`. Variables (`%NAME%`) are refused; `%5B%5D` are escapes of a URL, since a prompt leaves a variable
 * that is not set as it is written.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Shell from '../Shell.js'
import type { Token } from './Words.js'

const QUOTED = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y
const BARE = /[^'"\\\s]+/y

/** How long the match of a sticky pattern is. */
const matchAt = (pattern: RegExp, text: string, at: number): number => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0].length ?? 0
}

/**
 * Whether quotes are doubled, as Firefox writes them for Windows: `"{""a"":1}"`. A POSIX shell would read words that are joined, so
 * only pairs count, or `"%"`, which Firefox writes for a percent sign. A quote or a backslash of a POSIX shell settles it.
 */
const hasDoubledQuotes = (line: string): boolean => {
  let doubled = 0
  let isCertain = false
  let hasPairs = false
  for (let at = 0; at < line.length; ) {
    const character = line[at]
    if (character === "'" || character === '\\') return false
    if (character === '"') {
      QUOTED.lastIndex = at
      const length = QUOTED.exec(line)?.[0].length
      if (length === undefined) return false
      at += length
      if (line[at] === '"') doubled += 1
      if (line.startsWith('%"', at)) isCertain = true
      continue
    }
    BARE.lastIndex = at
    const length = BARE.exec(line)?.[0].length ?? 0
    at += Math.max(length, 1)
    if (length > 0) continue
    // A word has ended.
    if (doubled % 2 === 1 && !isCertain) return false
    hasPairs ||= doubled > 0
    doubled = 0
  }
  return isCertain || (doubled % 2 === 0 && (hasPairs || doubled > 0))
}

const UNMARKED = /[^'"\\^|]+/y
/** A caret before a quote or an operator, at a line end before another line, or alone at the end. */
const MARK = /\^(?:[&<>()]|\r?\n(?=\s*\S))|(?<!")\^"|(?<=[ \t])\^\s*$/y

/**
 * Whether a caret stands outside quotes where only cmd.exe expects one. Quotes are read as bash reads them. The search
 * ends at a closed single quote and at a backslash before a line end, which only a POSIX shell uses, and at a pipe,
 * which ends the curl command. A single quote that nothing closes is an apostrophe: bash would refuse the line.
 */
const hasCaret = (line: string): boolean => {
  for (let at = 0; at < line.length; ) {
    const character = line[at]
    if (matchAt(MARK, line, at) > 0) return true
    if (character === '|' || /^\\\r?\n/.test(line.slice(at, at + 3))) return false
    if (character === "'" && line.includes("'", at + 1)) return false
    const length = character === '"' ? matchAt(QUOTED, line, at) : matchAt(UNMARKED, line, at)
    if (character === '"' && length === 0) return false
    // After a caret or a backslash, any character is itself.
    at += length > 0 ? length : character === "'" ? 1 : 2
  }
  return false
}

/** Whether a line is written for the prompt: by a caret outside quotes, or by doubled quotes. */
export const isCmd = (line: string): boolean => hasCaret(line) || (line.includes('""') && hasDoubledQuotes(line))

// --- the prompt's step ---------------------------------------------------------------------------------------------

interface Unescaped {
  readonly text: string
  /** 1 where a character was escaped, so that it is one of the text. */
  readonly kept: Uint8Array
}

const VARIABLE = /%(\w+)(?::[^%\n]*)?%/y

/** Escapes such as `%5B` and `%AB`: common in URLs, and not names of variables, except the prompt's own `%CD%`. */
const isUrlEscape = (name: string): boolean => /^\d|^[a-f]\d|^(?!cd$)[a-f]{2}$/i.test(name)

const variableAt = (source: string, at: number): string | undefined => {
  VARIABLE.lastIndex = at
  const [whole, name = ''] = VARIABLE.exec(source) ?? []
  return whole === undefined || isUrlEscape(name) ? undefined : whole
}

const unescape = (line: string): E.Either<string, Unescaped> => {
  const source = line.replaceAll('\r\n', '\n')
  const kept = new Uint8Array(source.length)
  let text = ''
  let isQuoted = false
  for (let at = 0; at < source.length; at += 1) {
    const character = source[at] ?? ''
    const variable = character === '%' ? variableAt(source, at) : undefined
    if (variable !== undefined) {
      return E.left(`${variable.slice(0, 40)} would have to be asked of the prompt; write its value`)
    }
    if (character === '"') isQuoted = !isQuoted
    // Between quotes of the prompt's own, a caret is a caret.
    if (character !== '^' || isQuoted) {
      text += character
      continue
    }
    at += 1
    // A caret at a line end eats it; the character behind is then taken as it is.
    if (source[at] === '\n') {
      if (source[at + 1] !== '\n') continue
      at += 1
    }
    kept[text.length] = 1
    text += source[at] ?? ''
  }
  return E.right({ text, kept })
}

// --- the program's step --------------------------------------------------------------------------------------------

const OPERATOR = /(?:\|\||&&|>>|[|&<>])(?=\s|$)/y

/** Backslashes before a quote are halved, elsewhere they stand. */
const split = ({ text, kept }: Unescaped): E.Either<string, ReadonlyArray<Token>> => {
  const found: Token[] = []
  let word: string | undefined
  let isQuoted = false
  let isOver = false
  const close = (): void => {
    if (word !== undefined) found.push({ _tag: 'Word', octets: Shell.ofText(word), isFile: false })
    word = undefined
  }
  for (let at = 0; at < text.length; ) {
    const character = text[at] ?? ''
    const isEnd = character === '\n' && kept[at] === 0
    if ((character === ' ' || character === '\t' || isEnd) && !isQuoted) {
      close()
      isOver ||= isEnd && found.length > 0
      at += 1
      continue
    }
    if (isOver) return E.left('a second command begins on another line; give one, with a ^ at the end of each line')
    if (character === '\\') {
      let slashes = 1
      while (text[at + slashes] === '\\') slashes += 1
      at += slashes
      const isBeforeQuote = text[at] === '"'
      word = (word ?? '') + '\\'.repeat(isBeforeQuote ? Math.floor(slashes / 2) : slashes)
      if (isBeforeQuote && slashes % 2 === 1) {
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
    OPERATOR.lastIndex = at
    const operator = word === undefined && !isQuoted && kept[at] === 0 ? OPERATOR.exec(text)?.[0] : undefined
    if (operator !== undefined && operator !== '|') {
      return E.left(`${operator} begins another command or a redirection, which cannot be taken over; leave it out`)
    }
    if (operator === '|') found.push({ _tag: 'Pipe' })
    else word = (word ?? '') + character
    at += 1
  }
  if (isQuoted) return E.left('the last quote ^" is not closed; copy the whole line')
  close()
  return E.right(found)
}

/** The words of a line for the prompt. The left says what cannot be read. */
export const words = (line: string): E.Either<string, ReadonlyArray<Token>> => {
  const unescaped = unescape(line)
  return E.isLeft(unescaped) ? unescaped : split(unescaped.right)
}
