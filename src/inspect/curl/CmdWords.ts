/**
 * A line of the Windows command prompt taken apart into words: what browsers' "copy as cURL (cmd)" writes.
 *
 * | step                                  | rule                                                            |
 * |---------------------------------------|-----------------------------------------------------------------|
 * | the prompt's                          | `^x` is `x`, but not between quotes that have no caret; `^` at a line end continues the line, and the character that follows is taken as it is |
 * | the program's                         | words in `"…"`; `\"` and `""` are a quote, `\\` before a quote is one backslash |
 *
 * Words are octets, as in `Words`. Variables (`%NAME%`) are refused.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Shell from '../Shell.js'
import type { Token } from './Words.js'

/** Whether a line is written for the prompt: the first of its quotes has a caret before it, or a line ends in one. */
export const isCmd = (line: string): boolean => /^[^'"]*\^"|^[^']*\^\r?\n/.test(line)

interface Unescaped {
  readonly text: string
  /** Whether a character was escaped, so that a line end is one of the text. */
  readonly isKept: ReadonlyArray<boolean>
}

const unescape = (line: string): E.Either<string, Unescaped> => {
  let text = ''
  const isKept: boolean[] = []
  const source = line.replaceAll('\r\n', '\n')
  let isQuoted = false
  for (let at = 0; at < source.length; at += 1) {
    const character = source[at] ?? ''
    if (character === '%' && /^%\w+%/.test(source.slice(at))) {
      return E.left(`${/^%\w+%/.exec(source.slice(at))?.[0]} would have to be asked of the prompt; write its value`)
    }
    if (character === '"') isQuoted = !isQuoted
    // Between quotes of the prompt's own, a caret is a caret.
    if (character !== '^' || isQuoted) {
      text += character
      isKept.push(false)
      continue
    }
    at += 1
    // A caret at a line end eats it; the character behind is then taken as it is.
    if (source[at] === '\n') {
      if (source[at + 1] !== '\n') continue
      at += 1
    }
    text += source[at] ?? ''
    isKept.push(true)
  }
  return E.right({ text, isKept })
}

/** Backslashes before a quote are halved, elsewhere they stand. */
const split = ({ text, isKept }: Unescaped): E.Either<string, ReadonlyArray<Token>> => {
  const found: Token[] = []
  let word: string | undefined
  let isQuoted = false
  for (let at = 0; at < text.length; ) {
    const character = text[at] ?? ''
    const slashes = /^\\*/.exec(text.slice(at))?.[0].length ?? 0
    if (slashes > 0) {
      const beforeQuote = text[at + slashes] === '"'
      const count = beforeQuote ? Math.floor(slashes / 2) : slashes
      word = (word ?? '') + '\\'.repeat(count)
      at += slashes
      if (beforeQuote && slashes % 2 === 1) {
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
    const isEnd = character === '\n' && isKept[at] !== true
    if ((character === ' ' || character === '\t' || isEnd) && !isQuoted) {
      if (isEnd && text.slice(at).trim() !== '') {
        return E.left('a second command begins on another line; give one, with a ^ at the end of each line')
      }
      if (word !== undefined) found.push({ _tag: 'Word', octets: Shell.ofText(word), isFile: false })
      word = undefined
    } else {
      word = (word ?? '') + character
    }
    at += 1
  }
  if (isQuoted) return E.left('the last quote ^" is not closed; copy the whole line')
  if (word !== undefined) found.push({ _tag: 'Word', octets: Shell.ofText(word), isFile: false })
  return E.right(found)
}

/** The words of a line for the prompt. The left says what cannot be read. */
export const words = (line: string): E.Either<string, ReadonlyArray<Token>> => {
  const unescaped = unescape(line.trim())
  return E.isLeft(unescaped) ? unescaped : split(unescaped.right)
}
