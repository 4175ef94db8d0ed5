/**
 * Resolves curl's URL globs, `[1-3]` and `{a,b}`, if they stand for exactly one URL.
 *
 * | written                          | means                                                        |
 * |----------------------------------|--------------------------------------------------------------|
 * | `\[ \] \{ \}`                    | the character, as Chrome writes it                            |
 * | `[]`, `[::1]`                    | unchanged: an empty range, and an IPv6 address                |
 * | `{a}`, `[3-3]`, `[a-a]`          | `a`, `3`, `a`: a set with one element                         |
 * | `{a,b}`, `[1-3]`, an odd bracket | an error: several URLs, or an invalid pattern                 |
 */
import * as E from 'fp-ts/lib/Either.js'
import { matchAt, runOf } from './Scanner.js'

const SEVERAL_URLS = 'its URL has [ ] or { }, which curl makes several URLs of; add -g if they are meant as they stand'

const PLAIN = /[^\\[\]{}]+/y
const BRACKETS = /\[([^[\]{}\\]*)\]/y
const BRACES = /\{((?:[^\\[\]{},]|\\[\s\S])+)\}/y
/** A range that could be one number; longer digit sequences would lose precision. */
const RANGE = /^(?:(\d{1,18})-(\d{1,18})|([a-zA-Z])-([a-zA-Z]))(?::1)?$/

/** An IPv6 address with an optional zone. */
const IPV6 = /^[\da-fA-F:.]*:[\da-fA-F.]*:[\da-fA-F:.]*(?:%.*)?$/

const unescaped = (text: string): string => text.replace(/\\([[\]{}\\,])/g, '$1')

/** The text that a pair of brackets stands for; `undefined` if there are several. */
const resolveBrackets = (inner: string): string | undefined => {
  if (inner === '' || IPV6.test(inner)) return `[${inner}]`
  const [, low, high, first, last] = RANGE.exec(inner) ?? []
  if (first !== undefined) return first === last ? first : undefined
  return low !== undefined && Number(low) === Number(high) ? low : undefined
}

/** Returns the only URL that the pattern matches, or an error message. */
export const singleUrl = (text: string): E.Either<string, string> => {
  let url = ''
  for (let at = 0; at < text.length; ) {
    const plain = runOf(PLAIN, text, at)
    if (plain !== '') {
      url += plain
      at += plain.length
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
    const one = brackets === null ? unescaped(braces?.[1] ?? '') : resolveBrackets(brackets[1] ?? '')
    if (one === undefined || one === '') return E.left(SEVERAL_URLS)
    url += one
    at += (brackets ?? braces)?.[0].length ?? 0
  }
  return E.right(url)
}
