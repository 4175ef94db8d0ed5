/**
 * Detects words that bash's brace expansion turns into several words: `{a,b}` and `{1..3}`.
 *
 * | word                                | bash                                            |
 * |-------------------------------------|-------------------------------------------------|
 * | `x{a,b}`, `{"a":1,"b":2}`, `{,}`    | several words                                   |
 * | `{1..3}`, `{a..e..2}`               | several words                                   |
 * | `{a}`, `{}`, `{a`, `{a..3}`, `a,b`  | the word itself                                 |
 * | `'{a,b}'`, `{a\,b}`, `{"a,b"}`      | the word itself: quoted characters do not count |
 */

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
