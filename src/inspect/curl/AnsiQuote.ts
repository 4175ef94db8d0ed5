/** `$'…'`, and what reading pieces of a line has in common. */
import * as E from 'fp-ts/lib/Either.js'
import * as Shell from '../Shell.js'

/** What was read, and where reading goes on. */
export interface Read<A> {
  readonly value: A
  readonly at: number
}
export type Reading<A> = E.Either<string, Read<A>>

export const read = <A>(value: A, at: number): Reading<A> => E.right({ value, at })

/** What a sticky pattern matches at a place; empty where it matches nothing. */
export const runOf = (pattern: RegExp, text: string, at: number): string => {
  pattern.lastIndex = at
  return pattern.test(text) ? text.slice(at, pattern.lastIndex) : ''
}

export const where = (text: string, at: number): string => {
  const before = text.slice(0, at).split('\n')
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
}

export const unclosed = (text: string, at: number, quote: string): Reading<never> =>
  E.left(`the quote ${quote} that opens at ${where(text, at)} is not closed; copy the whole line`)

// --- escapes -------------------------------------------------------------------------------------------------------

/** Escapes of one letter, which printf has too. */
export const ANSI: Readonly<Record<string, string>> = {
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
  return code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code)
}

/** The octets of an escape of `$'…'`, from behind its backslash, and its length. */
const ansiEscape = (rest: string): readonly [octets: Shell.Octets, length: number] => {
  const [whole = '', hex, u, long, octal, control] = NUMERIC.exec(rest) ?? []
  if (hex !== undefined) return [String.fromCharCode(Number.parseInt(hex, 16)), whole.length]
  if (u !== undefined || long !== undefined) return [Shell.ofText(surrogates(codePoint(u ?? long ?? ''))), whole.length]
  if (octal !== undefined) return [String.fromCharCode(Number.parseInt(octal, 8) & 0xff), whole.length]
  if (control !== undefined) return [String.fromCharCode(control.toUpperCase().charCodeAt(0) & 0x1f), whole.length]
  const [character = ''] = rest
  const known = ANSI[character]
  return known === undefined ? [`\\${Shell.ofText(character)}`, character.length] : [known, 1]
}

/** A lone surrogate has no UTF-8 form. */
const surrogates = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd')

// Chrome writes an emoji in $'…' as a pair of \uD83D\uDE00, which bash itself would not join.
const PAIR = /^u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})/

/** `$'…'` from its sign on. */
export const ansiQuoted = (text: string, start: number): Reading<Shell.Octets> => {
  let octets = ''
  for (let at = start + 2; at < text.length; ) {
    if (text[at] === "'") {
      if (!octets.includes('\0')) return read(octets, at + 1)
      return E.left(
        `the word $'…' at ${where(text, start)} holds NUL, which ends an argument; give the body by printf '…' |`,
      )
    }
    if (text[at] !== '\\') {
      const run = runOf(/[^'\\]+/y, text, at)
      octets += Shell.ofText(run)
      at += run.length
      continue
    }
    const rest = text.slice(at + 1, at + 14)
    const pair = PAIR.exec(rest)
    if (pair !== null) {
      const [whole, high = '', low = ''] = pair
      octets += Shell.ofText(String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16)))
      at += 1 + whole.length
      continue
    }
    const [piece, length] = ansiEscape(rest)
    octets += piece
    at += 1 + length
  }
  return unclosed(text, start, "$'")
}
