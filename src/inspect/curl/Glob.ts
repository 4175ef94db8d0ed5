/**
 * What curl makes of `[ ] { }` in a URL, where it is one URL.
 *
 * | written                          | means                                                        |
 * |----------------------------------|--------------------------------------------------------------|
 * | `\[ \] \{ \}`                    | the character, as Chrome writes it                            |
 * | `[]`, `[::1]`                    | itself: nothing to count, and an IPv6 address                 |
 * | `{a}`, `[3-3]`, `[a-a]`          | `a`, `3`, `a`: a set of one                                   |
 * | `{a,b}`, `[1-3]`, an odd bracket | refused: several URLs, or none                                |
 */
import * as E from 'fp-ts/lib/Either.js'

const REFUSED = 'its URL has [ ] or { }, which curl makes several URLs of; add -g if they are meant as they stand'

const PLAIN = /[^\\[\]{}]+/y
const BRACKETS = /\[([^[\]{}\\]*)\]/y
const BRACES = /\{((?:[^\\[\]{},]|\\[\s\S])+)\}/y
/** Longer ranges are of several numbers, for none has so many digits. */
const RANGE = /^(?:(\d{1,18})-(\d{1,18})|([a-zA-Z])-([a-zA-Z]))(?::1)?$/

/** An IPv6 address, with its zone or without. */
const ADDRESS = /^[\da-fA-F:.]*:[\da-fA-F.]*:[\da-fA-F:.]*(?:%.*)?$/

const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at
  return pattern.exec(text)
}

const unescaped = (text: string): string => text.replace(/\\([[\]{}\\,])/g, '$1')

/** What stands for one pair of brackets; undefined where it is several things. */
const bracketed = (inner: string): string | undefined => {
  if (inner === '' || ADDRESS.test(inner)) return `[${inner}]`
  const [, low, high, first, last] = RANGE.exec(inner) ?? []
  if (first !== undefined) return first === last ? first : undefined
  return low !== undefined && Number(low) === Number(high) ? low : undefined
}

/** The one URL that a text is a pattern of. The left says that there are several. */
export const single = (text: string): E.Either<string, string> => {
  let url = ''
  for (let at = 0; at < text.length; ) {
    const plain = matchAt(PLAIN, text, at)
    if (plain !== null) {
      url += plain[0]
      at += plain[0].length
      continue
    }
    if (text[at] === '\\') {
      const isEscape = at + 1 < text.length && '[]{}'.includes(text[at + 1] ?? '')
      url += isEscape ? (text[at + 1] ?? '') : '\\'
      at += isEscape ? 2 : 1
      continue
    }
    const brackets = matchAt(BRACKETS, text, at)
    const braces = brackets === null ? matchAt(BRACES, text, at) : null
    const one = brackets === null ? unescaped(braces?.[1] ?? '') : bracketed(brackets[1] ?? '')
    if (one === undefined || one === '') return E.left(REFUSED)
    url += one
    at += (brackets ?? braces)?.[0].length ?? 0
  }
  return E.right(url)
}
