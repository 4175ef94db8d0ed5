/** Shared by the readers of shell words and of curl's small languages: matching at a position, positions in messages. */
import * as E from 'fp-ts/lib/Either.js'

/** A value, and the position after it. */
export interface Read<A> {
  readonly value: A
  readonly at: number
}
/** The error is a message. */
export type Reading<A> = E.Either<string, Read<A>>

export const read = <A>(value: A, at: number): Reading<A> => E.right({ value, at })

/** Matches a sticky pattern at a position. */
export const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at
  return pattern.exec(text)
}

/** Returns the text that a sticky pattern matches at a position; empty if it does not match. */
export const runOf = (pattern: RegExp, text: string, at: number): string => {
  // `test` and `slice` instead of `exec`: words consist of many runs, and a match array costs more than its text.
  pattern.lastIndex = at
  return pattern.test(text) ? text.slice(at, pattern.lastIndex) : ''
}

/** Removes the given characters from the end. A regular expression with `$` would take quadratic time. */
export const trimEnd = (text: string, characters: string): string => {
  let end = text.length
  while (end > 0 && characters.includes(text.charAt(end - 1))) end -= 1
  return text.slice(0, end)
}

/** Formats a position for a message: `line 1, column 6`. */
export const positionOf = (text: string, at: number): string => {
  const before = text.slice(0, at).split('\n')
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
}

export const unclosed = (text: string, at: number, quote: string): Reading<never> =>
  E.left(`the quote ${quote} at ${positionOf(text, at)} is not closed; copy the whole line`)
