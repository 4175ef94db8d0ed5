/**
 * What bash adds to the words of a POSIX shell: `$'…'` quotes, and brace expansion, which is only detected.
 *
 * | word                                | braces in bash                                  |
 * |-------------------------------------|-------------------------------------------------|
 * | `x{a,b}`, `{"a":1,"b":2}`, `{,}`    | several words                                   |
 * | `{1..3}`, `{a..e..2}`               | several words                                   |
 * | `{a}`, `{}`, `{a`, `{a..3}`, `a,b`  | the word itself                                 |
 * | `'{a,b}'`, `{a\,b}`, `{"a,b"}`      | the word itself: quoted characters do not count |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Shell from '../Shell.js'
import { matchAt, positionOf, type Read, type Reading, read, runOf, unclosed } from './Scanner.js'

/** Escapes of one letter; `printf` has them too. */
export const LETTER_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '?': '?',
}

/** A number, a control character, or a surrogate pair: Chrome writes an emoji as `\uD83D\uDE00`, which bash would not join. */
const ESCAPE =
  /u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|c([\x20-\x7e])/y

const codePoint = (hex: string): string => {
  const code = Number.parseInt(hex, 16)
  // A lone surrogate has no UTF-8 form.
  return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? '\ufffd' : String.fromCodePoint(code)
}

/** Reads the escape whose backslash is before `at`. An unknown one is the backslash itself. */
const unescape = (text: string, at: number): Read<Shell.Octets> => {
  const [whole = '', high, low = '', hex, short, long, octal, control] = matchAt(ESCAPE, text, at) ?? []
  const found = (value: Shell.Octets): Read<Shell.Octets> => ({ value, at: at + whole.length })
  if (high !== undefined) {
    return found(Shell.ofText(String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16))))
  }
  if (hex !== undefined) return found(String.fromCharCode(Number.parseInt(hex, 16)))
  const code = short ?? long
  if (code !== undefined) return found(Shell.ofText(codePoint(code)))
  if (octal !== undefined) return found(String.fromCharCode(Number.parseInt(octal, 8) & 0xff))
  if (control !== undefined) return found(String.fromCharCode(control.toUpperCase().charCodeAt(0) & 0x1f))
  const letter = LETTER_ESCAPES[text.charAt(at)]
  return letter === undefined ? { value: '\\', at } : { value: letter, at: at + 1 }
}

/** Reads `$'…'`; `start` is the position of the `$`. */
export const ansiQuoted = (text: string, start: number): Reading<Shell.Octets> => {
  let octets = ''
  for (let at = start + 2; at < text.length; ) {
    if (text[at] === "'") {
      if (!octets.includes('\0')) return read(octets, at + 1)
      return E.left(
        `the word $'…' at ${positionOf(text, start)} contains NUL, which no argument can contain; write printf '…' | before curl`,
      )
    }
    const run = runOf(/[^'\\]+/y, text, at)
    const piece = run === '' ? unescape(text, at + 1) : { value: Shell.ofText(run), at: at + run.length }
    octets += piece.value
    at = piece.at
  }
  return unclosed(text, start, "$'")
}

const QUOTED = '\0'
const QUOTED_COMMA = '\x01'

/**
 * Returns the outline of a piece of a word: plain text unchanged, a quote or an escape as one character. A quoted comma
 * does not make braces a list. But if `..` made them a sequence, bash expands a quoted comma: `{..','}` is `..,`.
 */
export const outlineOf = (written: string): string => {
  if (/^\\\r?\n/.test(written)) return ''
  if (!/^['"$`\\]/.test(written)) return written
  return written.includes(',') && !written.startsWith('\\') ? QUOTED_COMMA : QUOTED
}

const SEQUENCE = /^(?:[+-]?\d+\.\.[+-]?\d+|[a-zA-Z]\.\.[a-zA-Z])(?:\.\.[+-]?\d+)?$/

/** Steps in addition to one for each character. A word that needs more counts as expanded, so that time stays linear. */
const EXTRA_STEPS = 20_000

/** The position of the brace that closes the one before `start`: the first on its level after a `,` or a `..`. */
const closingBrace = (outline: string, start: number): number | undefined => {
  let level = 0
  let hasSeparator = false
  for (let at = start; at < outline.length; at += 1) {
    const character = outline[at]
    if (character === '{') level += 1
    else if (character === '}') {
      if (level > 0) level -= 1
      else if (hasSeparator) return at
    } else if (level === 0) {
      hasSeparator ||= character === ',' || (outline.startsWith('..', at) && outline[at + 2] !== '}')
    }
  }
  return undefined
}

/** Whether bash expands the word that has this outline. */
export const isExpanded = (outline: string): boolean => {
  if (!/[^{]*\{/y.test(outline) || !outline.includes('}') || !/,|\.\./.test(outline)) return false
  let steps = 0
  // bash starts again after braces that it does not expand; `{}` at such a start is plain text.
  let beginning = 0
  const last = outline.lastIndexOf('}')
  for (let at = outline.indexOf('{'); at >= 0 && at < last; ) {
    const isText = at === beginning && outline[at + 1] === '}'
    const end = isText ? undefined : closingBrace(outline, at + 1)
    steps += (end ?? outline.length) - at
    if (steps > outline.length + EXTRA_STEPS) return true
    if (end === undefined) {
      at = outline.indexOf('{', at + 1)
      continue
    }
    const inner = outline.slice(at + 1, end)
    if (inner.includes(',') || inner.includes(QUOTED_COMMA) || SEQUENCE.test(inner)) return true
    beginning = end + 1
    at = outline.indexOf('{', beginning)
  }
  return false
}
