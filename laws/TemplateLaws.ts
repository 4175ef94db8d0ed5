/**
 * The laws of URI templates (RFC 6570) whose values cannot leave their place, as predicates over any implementation.
 *
 * | law              | a mistake that it finds                                                          |
 * |------------------|----------------------------------------------------------------------------------|
 * | `staysInPlace`   | a value that makes a segment `..` or empty, or adds a segment or a parameter     |
 * | `staysBelow`     | a value of `{+a}` that chooses the host, leaves the path before it, or ends it   |
 * | `arrives`        | a value that is encoded twice, or as in a form, or is refused without a reason   |
 * | `itemsArrive`    | a list whose items share a segment or a parameter, or leave it                   |
 * | `expands`        | a wrong separator, name or prefix                                                |
 * | `refuses`        | a variable of the path that vanishes without a value; text that is not a template |
 * | `throwsNothing`  | an exception for a value of plain JavaScript                                     |
 */
import type { Either } from 'fp-ts/lib/Either.js'
import type { Violations } from './Transport.js'

/**
 * The value of a variable.
 *
 * @since 0.2.0
 * @category model
 */
export type Value = string | ReadonlyArray<string> | Readonly<Record<string, string>>

/**
 * The variables of a template.
 *
 * @since 0.2.0
 * @category model
 */
export type Variables = Readonly<Record<string, Value | null | undefined>>

/**
 * Expands a template. A template that cannot be expanded is a Left.
 *
 * @since 0.2.0
 * @category model
 */
export type Expand = (template: string) => (variables: Variables) => Either<unknown, string>

/** What an implementation did that is not an Either. */
interface Broken {
  readonly _tag: 'Broken'
  readonly violations: Violations
}

const broken = (violation: string): Broken => ({ _tag: 'Broken', violations: [violation] })

const run = (expand: Expand, template: string, variables: Variables): Either<unknown, string> | Broken => {
  try {
    const outcome = expand(template)(variables)
    if (outcome._tag === 'Left' || typeof outcome.right === 'string') return outcome
    return broken(`it returned ${typeof outcome.right}, and not a text`)
  } catch (error) {
    return broken(`it threw ${String(error)}`)
  }
}

const differences = (found: unknown, expected: unknown): Violations => {
  const [one, other] = [JSON.stringify(found), JSON.stringify(expected)]
  return one === other ? [] : [`${one}, and not ${other}`]
}

// --- places --------------------------------------------------------------------------------------------------------

const BASE = 'https://h.test/base/'

const namesOf = (search: string): ReadonlyArray<string | undefined> =>
  search === '' ? [] : [...search.slice(1).split('&')].map((parameter) => parameter.split('=')[0])

/** Returns host, number of segments, names of parameters, and fragment, as a browser reads them. */
const structureOf = (reference: string): unknown => {
  if (!URL.canParse(reference, BASE)) return 'not a URL'
  const { origin, username, pathname, search } = new URL(reference, BASE)
  return [origin, username, pathname.split('/').length, namesOf(search), reference.includes('#')]
}

/**
 * Returns whether a URL has the structure that plain values give it. A value may be refused.
 *
 * @since 0.2.0
 * @category combinators
 */
export const staysInPlace =
  (expand: Expand) =>
  (template: string, variables: Variables): Violations => {
    const plain = run(
      expand,
      template,
      Object.fromEntries(Object.keys(variables).map((name) => [name, name.repeat(3)])),
    )
    const outcome = run(expand, template, variables)
    if (plain._tag === 'Broken') return plain.violations
    if (outcome._tag === 'Broken') return outcome.violations
    if (plain._tag === 'Left') return ['plain values are refused']
    return outcome._tag === 'Left' ? [] : differences(structureOf(outcome.right), structureOf(plain.right))
  }

/**
 * Returns whether the values of `{+a}` keep the host, the path before the expression and after it, and end neither path nor
 * query. They may be refused.
 *
 * @since 0.2.0
 * @category combinators
 */
export const staysBelow =
  (expand: Expand) =>
  (before: string, after: string, variables: Variables): Violations => {
    const outcome = run(expand, `${before}{+${Object.keys(variables).join()}}${after}`, variables)
    if (outcome._tag === 'Broken') return outcome.violations
    if (outcome._tag === 'Left') return []
    if (!URL.canParse(outcome.right, BASE)) return [`${outcome.right} is not a URL`]
    const [found, above] = [new URL(outcome.right, BASE), new URL(before, BASE)]
    const isInside = found.pathname.startsWith(above.pathname) && found.pathname.endsWith(after)
    const place = [found.origin, found.username, found.search, found.hash]
    return isInside ? differences(place, [above.origin, '', '', '']) : [`${outcome.right} is another path`]
  }

// --- values --------------------------------------------------------------------------------------------------------

/** Returns whether a segment of the path can have this text. */
const isSegment = (text: string): boolean => !['', '.', '..'].includes(text)

const isText = (text: string): boolean => !/\p{Surrogate}/u.test(text)

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return `${text}, which cannot be decoded`
  }
}

/** Returns the decoded segments and parameters of a URL. */
const contentOf = (reference: string): unknown => {
  if (!URL.canParse(reference, BASE)) return `${reference}, which is not a URL`
  const { pathname, searchParams } = new URL(reference, BASE)
  return [pathname.split('/').slice(1).map(decoded), [...searchParams]]
}

/** Returns whether segments and parameters are as expected, or the values were refused for a reason. */
const hasContent = (
  outcome: Either<unknown, string> | Broken,
  segments: ReadonlyArray<string>,
  parameters: ReadonlyArray<readonly [name: string, value: string]>,
): Violations => {
  if (outcome._tag === 'Broken') return outcome.violations
  if (outcome._tag === 'Right') return differences(contentOf(outcome.right), [segments, parameters])
  const isFit = segments.every(isSegment) && [...segments, ...parameters.flat()].every(isText)
  return isFit ? ['values are refused that have a place'] : []
}

/**
 * Returns whether a segment and a parameter have exactly the text of a value. Only dot segments, empty segments and lone
 * surrogates may be refused.
 *
 * @since 0.2.0
 * @category combinators
 */
export const arrives =
  (expand: Expand) =>
  (a: string): Violations =>
    hasContent(run(expand, '/x/{a}/y{?a}', { a }), ['x', a, 'y'], [['a', a]])

/**
 * Returns whether each item of an exploded list is one segment or one parameter, and each pair of a record a parameter.
 *
 * @since 0.2.0
 * @category combinators
 */
export const itemsArrive =
  (expand: Expand) =>
  (path: ReadonlyArray<string>, tags: ReadonlyArray<string>, filter: Readonly<Record<string, string>>): Violations => {
    const parameters = [...tags.map((tag) => ['tags', tag] as const), ...Object.entries(filter)]
    return hasContent(run(expand, '/x{/path*}{?tags*,filter*}', { path, tags, filter }), ['x', ...path], parameters)
  }

// --- operators -----------------------------------------------------------------------------------------------------

/** What an expression begins with, and what is between two of its values (RFC 6570, appendix A). */
const OPERATORS = {
  ...{ '': ['', ','], '+': ['', ','], '#': ['#', ','], '.': ['.', '.'] },
  ...{ '/': ['/', '/'], ';': [';', ';'], '?': ['?', '&'], '&': ['&', '&'] },
} as const

/**
 * The operator of an expression; empty for `{a}`.
 *
 * @since 0.2.0
 * @category model
 */
export type Operator = keyof typeof OPERATORS

/**
 * A variable of an expression.
 *
 * @since 0.2.0
 * @category model
 */
export interface Variable {
  /** Its name. */
  readonly name: string
  /** What follows the name: `*`, or `:` with the length of a prefix, which only a text can have. */
  readonly modifier: '' | '*' | `:${number}`
  /** Its value, of unreserved characters. */
  readonly value: Value | undefined
}

const named = (operator: Operator, name: string, value: string): string =>
  operator === ';' && value === '' ? name : `${name}=${value}`

/** Returns what a variable contributes: one text, or one for each item. */
const itemsOf = (operator: Operator, { name, modifier, value }: Variable): ReadonlyArray<string> => {
  if (value === undefined) return []
  const one = (text: string): string => (/[;?&]/.test(operator) ? named(operator, name, text) : text)
  if (typeof value === 'string')
    return [one(modifier.startsWith(':') ? value.slice(0, Number(modifier.slice(1))) : value)]
  // The cast: `isArray` does not narrow a readonly array.
  if (Array.isArray(value)) return modifier === '*' ? (value as ReadonlyArray<string>).map(one) : [one(value.join())]
  const pairs = Object.entries(value)
  return modifier === '*' ? pairs.map(([key, text]) => named(operator, key, text)) : [one(pairs.join())]
}

/**
 * Returns whether an expression expands as RFC 6570 says, after `/x`.
 *
 * @since 0.2.0
 * @category combinators
 */
export const expands =
  (expand: Expand) =>
  (operator: Operator, variables: ReadonlyArray<Variable>): Violations => {
    const names = variables.map(({ name, modifier }) => `${name}${modifier}`)
    const values = Object.fromEntries(variables.map(({ name, value }) => [name, value]))
    const outcome = run(expand, `/x{${operator}${names.join()}}`, values)
    if (outcome._tag === 'Broken') return outcome.violations
    const [first, between] = OPERATORS[operator]
    const items = variables.flatMap((variable) => itemsOf(operator, variable))
    const expected = items.length === 0 ? '/x' : `/x${first}${items.join(between)}`
    return differences(outcome._tag === 'Left' ? 'a Left' : outcome.right, expected)
  }

// --- errors --------------------------------------------------------------------------------------------------------

/**
 * Returns whether the outcome is a Left: for text that is not a template, or a variable of the path without a value.
 *
 * @since 0.2.0
 * @category combinators
 */
export const refuses =
  (expand: Expand) =>
  (template: string, variables: Variables): Violations => {
    const outcome = run(expand, template, variables)
    if (outcome._tag === 'Broken') return outcome.violations
    return outcome._tag === 'Left' ? [] : [`${JSON.stringify(template)} became ${JSON.stringify(outcome.right)}`]
  }

/**
 * Returns whether an Either is returned for any text and any variables.
 *
 * @since 0.2.0
 * @category combinators
 */
export const throwsNothing =
  (expand: Expand) =>
  (text: string, variables: unknown): Violations => {
    // The cast: plain JavaScript can pass anything.
    const outcome = run(expand, text, variables as Variables)
    return outcome._tag === 'Broken' ? outcome.violations : []
  }
