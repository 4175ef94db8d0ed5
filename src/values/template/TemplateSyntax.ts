/**
 * Parses URI templates of all four levels (RFC 6570 2), in linear time. Stricter than most parsers: text that the grammar
 * does not allow is an error with its position, and never a literal.
 *
 * | text                                              | result                                                       |
 * |---------------------------------------------------|--------------------------------------------------------------|
 * | `{`, `}`, `{a`, `{}`, `{a{b}}`                     | `InvalidTemplate`                                            |
 * | `{=a}`, `{!a}`, `{@a}`, `{\|a}`                    | `InvalidTemplate`: operators that the RFC reserves           |
 * | `{a:0}`, `{a:10000}`, `{a:1*}`                     | `InvalidTemplate`: a prefix has 1 to 9,999 characters        |
 * | a space, a control, `"`, `%` alone, `<`, `>`, `\`, `^`, `` ` ``, `\|` | `InvalidTemplate`: not allowed in a URL (2.1) |
 * | `é` outside braces                                | percent-encoded as UTF-8 (3.1)                               |
 */
import * as E from 'fp-ts/lib/Either.js'
import { encodeText } from '../PercentEncoding.js'
import * as Printable from '../Printable.js'

/** The operator of an expression; empty for `{a}` (RFC 6570 2.2). */
export type Operator = '' | '+' | '#' | '.' | '/' | ';' | '?' | '&'

/** A variable with its modifier (RFC 6570 2.4). */
export interface VariableSpec {
  readonly name: string
  readonly isExploded: boolean
  /** The length of a prefix, in characters; absent if the whole value is used. */
  readonly prefix?: number
}

export interface Expression {
  readonly _tag: 'Expression'
  readonly operator: Operator
  readonly variables: ReadonlyArray<VariableSpec>
}

/** Literal text, percent-encoded, or an expression. */
export type Part = { readonly _tag: 'Literal'; readonly text: string } | Expression

/**
 * The text is not a URI template (RFC 6570).
 *
 * @since 0.2.0
 * @category errors
 */
export interface InvalidTemplate {
  readonly _tag: 'InvalidTemplate'
  /** Where the problem is: an index of the text, from 0, in UTF-16 code units. */
  readonly position: number
  /** The template, what is wrong with it, and where. */
  readonly message: string
}

export const invalidTemplate = (text: string, position: number, problem: string): InvalidTemplate => ({
  _tag: 'InvalidTemplate',
  position,
  message: Printable.escapeControls(
    `Invalid URL template ${Printable.quoted(text)} at position ${position}: ${problem}`,
  ),
})

// RFC 6570 2.1 with erratum 6937, which allows the apostrophe.
const LITERAL = /(?:[^\0- "%<>\\^`{|}\x7f-\x9f\p{Surrogate}]|%[\dA-Fa-f]{2})+/uy
const VARIABLE = /((?:\w|%[\dA-Fa-f]{2})(?:\.?(?:\w|%[\dA-Fa-f]{2}))*)(?:(\*)|:([1-9]\d{0,3}))?/y

const OPERATORS: ReadonlyArray<Operator> = ['+', '#', '.', '/', ';', '?', '&']

const operatorAt = (text: string, at: number): Operator => OPERATORS.find((one) => text.startsWith(one, at)) ?? ''

/** A problem, as an index and a description. */
type Problem = readonly [position: number, problem: string]

const characterAt = (text: string, at: number): string =>
  JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0xfffd))

const problemInLiteral = (text: string, at: number): Problem => {
  if (text.charAt(at) === '}') return [at, 'a } without a {']
  return [at, `the character ${characterAt(text, at)} is not allowed in a URL; percent-encode it`]
}

const RESERVED_OPERATOR = /[=,!@|]/
const isEnd = (text: string, at: number): boolean => text.charAt(at) === '}'

/** Describes what is wrong where a variable should begin. */
const problemInName = (text: string, at: number, open: number): Problem => {
  if (at >= text.length) return [open, 'the expression is not closed; add a }']
  if (isEnd(text, at)) return [at, 'the name of a variable is missing']
  if (at === open + 1 && RESERVED_OPERATOR.test(text.charAt(at)))
    return [at, `the operator ${characterAt(text, at)} is reserved`]
  return [at, `the character ${characterAt(text, at)} is not allowed in the name of a variable`]
}

/** Describes what is wrong after a variable. */
const problemAfterName = (text: string, at: number, open: number): Problem => {
  if (at >= text.length) return [open, 'the expression is not closed; add a }']
  const next = text.charAt(at)
  if (next === '{') return [at, 'expressions cannot be nested']
  if (next === ':' || next === '*' || /\d/.test(next))
    return [at, 'a variable has one modifier: *, or a prefix of 1 to 9999 characters']
  return [at, `the character ${characterAt(text, at)} is not allowed in the name of a variable`]
}

/** Parses the expression whose `{` is at `open`. Returns it and the index after it. */
const expressionAt = (
  text: string,
  open: number,
): Problem | { readonly expression: Expression; readonly end: number } => {
  const operator = operatorAt(text, open + 1)
  const variables: VariableSpec[] = []
  for (let at = open + 1 + operator.length; ; at += 1) {
    VARIABLE.lastIndex = at
    const found = VARIABLE.exec(text)
    if (found === null) return problemInName(text, at, open)
    const [whole, name = '', star, prefix] = found
    variables.push({ name, isExploded: star === '*', ...(prefix === undefined ? {} : { prefix: Number(prefix) }) })
    at += whole.length
    if (isEnd(text, at)) return { expression: { _tag: 'Expression', operator, variables }, end: at + 1 }
    if (text.charAt(at) !== ',') return problemAfterName(text, at, open)
  }
}

const encoded = (literal: string): string => literal.replace(/[^\0-\x7f]+/g, encodeText)

/** Parses a template. Error: `InvalidTemplate`. */
export const parse = (text: string): E.Either<InvalidTemplate, ReadonlyArray<Part>> => {
  const parts: Part[] = []
  for (let at = 0; at < text.length; ) {
    if (text.charAt(at) === '{') {
      const found = expressionAt(text, at)
      if (!('expression' in found)) return E.left(invalidTemplate(text, ...found))
      parts.push(found.expression)
      at = found.end
      continue
    }
    LITERAL.lastIndex = at
    const [literal = ''] = LITERAL.exec(text) ?? []
    if (literal === '') return E.left(invalidTemplate(text, ...problemInLiteral(text, at)))
    parts.push({ _tag: 'Literal', text: encoded(literal) })
    at += literal.length
  }
  return E.right(parts)
}
