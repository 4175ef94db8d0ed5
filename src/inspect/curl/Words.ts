/**
 * A line of a POSIX shell taken apart into words, as far as words alone go. Nothing is run and nothing is expanded:
 * where the shell would have to be asked, the line is refused, with what to write in its place.
 *
 * | understood                                                        | refused                          |
 * |-------------------------------------------------------------------|----------------------------------|
 * | `'…'`, `"…"`, `$'…'`, `\x`, a line end after `\`, `# …`, `\|`     | variables, `~`, `` ` ``, redirections, `;`, `&` |
 * | `$(printf '…')`, `<(printf '…')` with a fixed format              | any other command in `$(…)`, `<(…)` |
 *
 * Words are octets, as a command gets them.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Shell from '../Shell.js'

export type Token =
  /** `isFile`: the octets are the content of a file that the shell makes, `<(…)`. */
  { readonly _tag: 'Word'; readonly octets: Shell.Octets; readonly isFile: boolean } | { readonly _tag: 'Pipe' }

/** Where reading stands: the text, and how far. */
interface Read<A> {
  readonly value: A
  readonly at: number
}
type Reading<A> = E.Either<string, Read<A>>

const read = <A>(value: A, at: number): Reading<A> => E.right({ value, at })

const where = (text: string, at: number): string => {
  const before = text.slice(0, at).split('\n')
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
}

const unclosed = (text: string, at: number, quote: string): Reading<never> =>
  E.left(`the quote ${quote} that opens at ${where(text, at)} is not closed; copy the whole line`)

// --- quotes --------------------------------------------------------------------------------------------------------

const ANSI: Readonly<Record<string, string>> = {
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

/** Halves of a pair that stand alone have no UTF-8. */
const surrogates = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd')

// Chrome writes an emoji in $'…' as a pair of \uD83D\uDE00, which bash itself would not join.
const PAIR = /^u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})/

const ansiQuoted = (text: string, start: number): Reading<Shell.Octets> => {
  let octets = ''
  for (let at = start + 2; at < text.length; ) {
    const [character = ''] = text.slice(at, at + 2)
    if (character === "'") {
      const problem = `the word $'…' at ${where(text, start)} holds NUL, which ends an argument; give the body by printf '…' |`
      return octets.includes('\0') ? E.left(problem) : read(octets, at + 1)
    }
    if (character !== '\\') {
      octets += Shell.ofText(character)
      at += character.length
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

const singleQuoted = (text: string, start: number): Reading<Shell.Octets> => {
  const end = text.indexOf("'", start + 1)
  return end < 0 ? unclosed(text, start, "'") : read(Shell.ofText(text.slice(start + 1, end)), end + 1)
}

const doubleQuoted = (text: string, start: number): Reading<Shell.Octets> => {
  let octets = ''
  for (let at = start + 1; at < text.length; ) {
    const [character = ''] = text.slice(at, at + 2)
    if (character === '"') return read(octets, at + 1)
    if (character === '\\') {
      const next = text[at + 1] ?? ''
      if (next !== '\n') octets += '$`"\\'.includes(next) ? next : `\\${Shell.ofText(next)}`
      at += 2
      continue
    }
    if (character === '$' || character === '`') {
      const expanded = dollar(text, at)
      if (E.isLeft(expanded)) return expanded
      octets += expanded.right.value
      at = expanded.right.at
      continue
    }
    octets += Shell.ofText(character)
    at += character.length
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

/** `(printf '…')` from its bracket on. */
const command = (text: string, start: number): Reading<Shell.Octets> => {
  const refused = E.left(`the command in brackets at ${where(text, start)} would have to be run; write what it gives`)
  const inner = tokens(text, start + 1, 'bracket')
  if (E.isLeft(inner)) return inner
  const octets = printfOf(inner.right.value)
  return octets === undefined ? refused : read(octets, inner.right.at)
}

/** What a `printf` command writes, if it is one with a fixed format. */
export const printfOf = (words: ReadonlyArray<Token>): Shell.Octets | undefined => {
  const [name, format, ...others] = words
  const isPrintf = name?._tag === 'Word' && name.octets === 'printf' && others.length === 0
  return isPrintf && format?._tag === 'Word' && !format.isFile ? printed(format.octets) : undefined
}

const dollar = (text: string, at: number): Reading<Shell.Octets> => {
  if (text.startsWith('$(', at)) {
    const inner = command(text, at + 1)
    // A shell takes the line ends off what a command has written.
    return E.isLeft(inner) ? inner : read(inner.right.value.replace(/\n+$/, ''), inner.right.at)
  }
  const name = /^\$(?:\w+|\{[^}]*\}?|[*@#?$!-])|^`/.exec(text.slice(at, at + 80))?.[0]
  if (name === undefined) return read('$', at + 1)
  return E.left(
    `${name} at ${where(text, at)} would have to be asked of a shell; write its value, or quote it with '…'`,
  )
}

// --- words ---------------------------------------------------------------------------------------------------------

const plainCharacter = (text: string, at: number): Reading<Shell.Octets> => {
  const [character = ''] = text.slice(at, at + 2)
  return read(Shell.ofText(surrogates(character)), at + character.length)
}

const piece = (text: string, at: number): Reading<Shell.Octets> => {
  const character = text[at] ?? ''
  if (character === "'") return singleQuoted(text, at)
  if (character === '"') return doubleQuoted(text, at)
  if (text.startsWith("$'", at)) return ansiQuoted(text, at)
  if (text.startsWith('$"', at)) return doubleQuoted(text, at + 1)
  if (character === '$' || character === '`') return dollar(text, at)
  if (character !== '\\') return plainCharacter(text, at)
  const end = /^\\\r?\n/.exec(text.slice(at, at + 3))?.[0]
  if (end !== undefined) return read('', at + end.length)
  return at + 1 < text.length ? plainCharacter(text, at + 1) : read('', at + 1)
}

/** One word, from its first character on. */
const word = (text: string, start: number): Reading<Token> => {
  if (text.startsWith('<(', start)) {
    const content = command(text, start + 1)
    if (E.isLeft(content)) return content
    return read({ _tag: 'Word', octets: content.right.value, isFile: true }, content.right.at)
  }
  if (/^~(?=[/\s]|$)/.test(text.slice(start, start + 2))) {
    return E.left(`~ at ${where(text, start)} stands for a folder of the shell's; write the whole path`)
  }
  let octets = ''
  let at = start
  while (at < text.length && !/[\s|&;()<>]/.test(text[at] ?? '')) {
    const next = piece(text, at)
    if (E.isLeft(next)) return next
    octets += next.right.value
    at = next.right.at
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

/** What may still come: blanks, continued lines, a comment. */
const skip = (text: string, start: number): number => {
  const blank = /^(?:[ \t]|\\\r?\n)+/.exec(text.slice(start))?.[0] ?? ''
  const at = start + blank.length
  const isComment = text[at] === '#' && (at === 0 || /\s/.test(text[at - 1] ?? ''))
  return isComment ? at + (/^[^\n]*/.exec(text.slice(at))?.[0].length ?? 0) : at
}

const tokens = (text: string, start: number, until: 'bracket' | 'end'): Reading<ReadonlyArray<Token>> => {
  const found: Token[] = []
  for (let at = skip(text, start); ; at = skip(text, at)) {
    const character = text[at]
    if (character === undefined) return until === 'end' ? read(found, at) : unclosed(text, start - 1, '(')
    if (character === ')' && until === 'bracket') return read(found, at + 1)
    if (character === '\n' || character === '\r') {
      const rest = text.slice(at).trim()
      if (until === 'end' && rest !== '') {
        return E.left(`a second command begins after ${where(text, at)}; give one, with a \\ at the end of each line`)
      }
      at += 1
      continue
    }
    if (character === '|' && text[at + 1] !== '|') {
      found.push({ _tag: 'Pipe' })
      at += 1
      continue
    }
    const reason = text.startsWith('<(', at) ? undefined : OPERATOR[character === '|' ? '&' : character]
    if (reason !== undefined) return E.left(`${character} at ${where(text, at)}: ${reason}`)
    const next = word(text, at)
    if (E.isLeft(next)) return next
    found.push(next.right.value)
    at = next.right.at
  }
}

/** The words of a line. The left says what cannot be read, and what to do. */
export const words = (line: string): E.Either<string, ReadonlyArray<Token>> => {
  const text = line.trim()
  const made = tokens(text, 0, 'end')
  return E.isLeft(made) ? made : E.right(made.right.value)
}
