/**
 * URLs from templates (RFC 6570), whose values cannot leave their place. `Url` exports it.
 *
 * It differs from the RFC, which writes whatever is left: a variable of the path must have a value, and a value that would
 * change the rest of the URL (`Containment`) is an error.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Printable from '../Printable.js'
import * as Containment from './Containment.js'
import * as Expansion from './Expansion.js'
import {
  type Expression,
  type InvalidTemplate,
  invalidTemplate,
  type Operator,
  type Part,
  parse,
  type VariableSpec,
} from './TemplateSyntax.js'
import type { Exactly, NoVariables, Variables } from './TemplateVariables.js'

/**
 * A variable of the path, or of the host, has no value.
 *
 * @since 0.2.0
 * @category errors
 */
export interface MissingVariable {
  readonly _tag: 'MissingVariable'
  /** Its name. */
  readonly variable: string
  /** The name and the template. */
  readonly message: string
}

/**
 * The value of a variable cannot be used, or would change the rest of the URL. It is not repeated.
 *
 * @since 0.2.0
 * @category errors
 */
export interface InvalidVariable {
  readonly _tag: 'InvalidVariable'
  /** Its name; the names of an expression with several variables are separated by commas. */
  readonly variable: string
  /** The name, the template, and what is wrong. */
  readonly message: string
}

/**
 * Why a template has no URL.
 *
 * @since 0.2.0
 * @category errors
 */
export type TemplateError = InvalidTemplate | MissingVariable | InvalidVariable

const missing = (text: string, variable: string): MissingVariable => ({
  _tag: 'MissingVariable',
  variable,
  message: Printable.escapeControls(
    `Missing variable ${Printable.quoted(variable)} of the URL template ${Printable.quoted(text)}: only {?a}, {&a}, {;a} and {#a} may be without a value`,
  ),
})

const invalid = (text: string, variable: string, problem: string): InvalidVariable => ({
  _tag: 'InvalidVariable',
  variable,
  message: Printable.escapeControls(
    `Invalid value of ${Printable.quoted(variable)} in the URL template ${Printable.quoted(text)}: ${problem}`,
  ),
})

const OPTIONAL: ReadonlySet<Operator> = new Set<Operator>(['?', '&', ';', '#'])

/** The most characters of all values of a URL, before they are encoded. A template may repeat a variable. */
const MAX_LENGTH = 1_048_576

/** The variables of one call, each read once. */
interface Reader {
  readonly variables: unknown
  readonly known: Map<string, E.Either<string, Expansion.Given>>
  /** The number of characters that were used. */
  length: number
}

/** Reads an own property. Foreign code may run, such as a getter that throws. */
const readOwn = (variables: unknown, name: string): E.Either<string, Expansion.Given> => {
  try {
    if (typeof variables !== 'object' || variables === null) return Expansion.read(undefined)
    const value: unknown = Object.hasOwn(variables, name) ? Reflect.get(variables, name) : undefined
    return Expansion.read(value)
  } catch {
    return E.left('it cannot be read')
  }
}

const readOnce = ({ variables, known }: Reader, name: string): E.Either<string, Expansion.Given> => {
  const found = known.get(name) ?? readOwn(variables, name)
  known.set(name, found)
  return found
}

/** Returns the value of a variable, if its expression may have it. */
const valueOf = (
  text: string,
  { operator }: Expression,
  { name, prefix }: VariableSpec,
  reader: Reader,
): E.Either<TemplateError, Expansion.Given> => {
  const given = readOnce(reader, name)
  if (E.isLeft(given)) return E.left(invalid(text, name, given.left))
  const { right: value } = given
  if (value._tag === 'Absent') return OPTIONAL.has(operator) ? given : E.left(missing(text, name))
  reader.length += value.length
  if (reader.length > MAX_LENGTH) return E.left(invalid(text, name, `a URL has at most ${MAX_LENGTH} characters`))
  if (value._tag === 'Text') return given
  if (prefix !== undefined) return E.left(invalid(text, name, `only a text can have the prefix :${prefix}`))
  if (value.skipped && !OPTIONAL.has(operator))
    return E.left(invalid(text, name, 'an item is undefined or null; only {?a}, {&a}, {;a} and {#a} may omit items'))
  return given
}

const expanded = (text: string, part: Part, reader: Reader): E.Either<TemplateError, Containment.Piece> => {
  if (part._tag === 'Literal') return E.right({ text: part.text })
  const values: Expansion.Given[] = []
  for (const variable of part.variables) {
    const value = valueOf(text, part, variable, reader)
    if (E.isLeft(value)) return value
    values.push(value.right)
  }
  const [only, ...more] = part.variables
  const isText = more.length === 0 && only?.isExploded === false && values[0]?._tag === 'Text'
  return E.right({ text: Expansion.write(part, values), operator: part.operator, isText })
}

const expand = (text: string, parts: ReadonlyArray<Part>, variables: unknown): E.Either<TemplateError, string> => {
  const reader: Reader = { variables, known: new Map(), length: 0 }
  const pieces: Containment.Piece[] = []
  for (const part of parts) {
    const piece = expanded(text, part, reader)
    if (E.isLeft(piece)) return piece
    pieces.push(piece.right)
  }
  const found = Containment.problemOf(pieces)
  if (found === undefined) return E.right(pieces.map((piece) => piece.text).join(''))
  const [index, problem] = found
  const part = parts[index]
  return part?._tag === 'Expression'
    ? E.left(invalid(text, part.variables.map(({ name }) => name).join(), problem))
    : E.left(invalidTemplate(text, 0, problem))
}

/** A text or a reference that `Http.get` takes, or why there is none. */
type Expanded = E.Either<TemplateError, string>

/**
 * Expands a template: takes the values of its variables. Names that the template does not have are type errors, and are
 * ignored at run time.
 *
 * @since 0.2.0
 * @category model
 */
export type Template<T extends string> =
  NoVariables extends Variables<T>
    ? <V extends Variables<T>>(variables?: Exactly<V, T>) => Expanded
    : <V extends Variables<T>>(variables: Exactly<V, T>) => Expanded

/**
 * Parses a URI template (RFC 6570, all levels) and returns a function from its variables to a URL, or to a reference
 * relative to the base URL. The compiler reads the names of the variables from the text.
 *
 * | expression                   | without a value                     | an empty text               |
 * |------------------------------|-------------------------------------|-----------------------------|
 * | `{a}` `{+a}` `{/a}` `{.a}`   | `MissingVariable`                   | `InvalidVariable` if the path segment would be empty |
 * | `{?a}` `{&a}` `{;a}` `{#a}`  | omitted: `undefined`, `null`, `[]`, `{}` | `?a=` `&a=` `;a` `#`   |
 *
 * Values are percent-encoded, so that they stay in their segment or parameter. `{+a}` and `{#a}` keep reserved characters, such
 * as `/`: a value of `{+a}` may add segments, and parameters in a query. It may not be a dot segment, end the path or the
 * query, or choose the host, except that a template that begins with `{+a}` takes scheme, host and query from it if it is one
 * text. Errors:
 * `InvalidTemplate`, `MissingVariable`, `InvalidVariable`.
 *
 * @since 0.2.0
 * @category constructors
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { Url } from 'requests-ts'
 *
 * const users = Url.template('/users/{id}{?page,fields*}')
 * assert.deepEqual(users({ id: 'a/b' }), E.right('/users/a%2Fb'))
 * assert.deepEqual(users({ id: 7, page: 2, fields: ['name', 'mail'] }), E.right('/users/7?page=2&fields=name&fields=mail'))
 * assert.equal(E.isLeft(users({ id: '..' })), true)
 */
export const template = <const T extends string>(text: T): Template<T> => {
  const parts =
    typeof text === 'string' ? parse(text) : E.left(invalidTemplate(typeof text, 0, 'a template must be a string'))
  const run = (variables?: unknown): Expanded => (E.isLeft(parts) ? parts : expand(text, parts.right, variables))
  // The cast: the types of the variables are those of the text, which the compiler cannot follow through the parser.
  return run as Template<T>
}
