/**
 * bash's `$'…'` quotes with their escapes.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Shell from '../Shell.js'
import { positionOf, type Reading, read, runOf, unclosed } from './Scanner.js'

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

const NUMERIC = /^(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|c([\x20-\x7e]))/

const codePoint = (hex: string): string => {
  const code = Number.parseInt(hex, 16)
  // A lone surrogate has no UTF-8 form.
  return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? '\ufffd' : String.fromCodePoint(code)
}

/** The octets of the escape whose text follows a backslash, and the length of that text. */
const unescape = (rest: string): readonly [octets: Shell.Octets, length: number] => {
  const [whole = '', hex, u, long, octal, control] = NUMERIC.exec(rest) ?? []
  if (hex !== undefined) return [String.fromCharCode(Number.parseInt(hex, 16)), whole.length]
  if (u !== undefined || long !== undefined) return [Shell.ofText(codePoint(u ?? long ?? '')), whole.length]
  if (octal !== undefined) return [String.fromCharCode(Number.parseInt(octal, 8) & 0xff), whole.length]
  if (control !== undefined) return [String.fromCharCode(control.toUpperCase().charCodeAt(0) & 0x1f), whole.length]
  const [character = ''] = rest
  const known = LETTER_ESCAPES[character]
  return known === undefined ? [`\\${Shell.ofText(character)}`, character.length] : [known, 1]
}

// Chrome writes an emoji in $'…' as \uD83D\uDE00. bash would not join the two.
const SURROGATE_PAIR = /^u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})/

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
    if (text[at] !== '\\') {
      const run = runOf(/[^'\\]+/y, text, at)
      octets += Shell.ofText(run)
      at += run.length
      continue
    }
    const rest = text.slice(at + 1, at + 14)
    const pair = SURROGATE_PAIR.exec(rest)
    if (pair !== null) {
      const [whole, high = '', low = ''] = pair
      octets += Shell.ofText(String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16)))
      at += 1 + whole.length
      continue
    }
    const [piece, length] = unescape(rest)
    octets += piece
    at += 1 + length
  }
  return unclosed(text, start, "$'")
}
