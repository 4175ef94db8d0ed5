/**
 * The laws of URI templates (RFC 6570) whose values cannot leave their place, as a rule set for any implementation.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { Url } from 'requests-ts'
 * import { RuleSet, template } from 'requests-ts/laws'
 *
 * const rules = template((text) => Url.template(text))
 * assert.deepEqual(await RuleSet.refutations()(rules), new Map())
 *
 * const careless = template((text) => (variables) => E.right(text.replace(/\{(\w+)\}/g, (_, name) => String(variables[name]))))
 * const found = await RuleSet.refutations()(careless)
 * assert.equal(found.has('a value arrives as it was given'), true)
 */
import * as fc from 'fast-check'
import type { RuleSet } from '../RuleSet.js'
import * as Laws from '../TemplateLaws.js'
import { report } from './reportingProperty.js'

// --- places --------------------------------------------------------------------------------------------------------

/** Characters and words with which a value could leave its place. */
const fragment = fc.oneof(
  fc.constantFrom('.', '..', '/', '\\', '?', '#', '@', ':', '%', ';', '&a=1', '=', '+', ',', ' ', '\t', '\n', '\0'),
  fc.constantFrom('%2e', '%2F', '%5c', '//evil.test', 'https://evil.test/', 'javascript:', '\u2025', '\uff0e', 'é'),
  fc.string({ unit: 'binary', maxLength: 4 }),
)
const hostile = fc.array(fragment, { maxLength: 4 }).map((parts) => parts.join(''))

const hostileValues = fc.record({ a: hostile, b: hostile, c: hostile })

/** Templates without `{+a}` in which a value cannot choose the host. */
const start = fc.constantFrom('', 'x', '{a}', './{a}:{b}', 'https://api.test')
const segment = fc.oneof(
  fc.constantFrom('/users/{a}', '/{b}', '/x{a}y', '/{b,c}', '{/a}', '{/c,b}', '/r{.a}', '/m{;a,b}'),
  fc.constantFrom('/.{c}', '/{a}.', '/{a}{b}', '/{a}.{b}', '/{a:3}', '/{b:1}/z'),
)
const end = fc.constantFrom('', '{?c}', '{?a,b}', '?q={a}', '?x=1{&a,b}', '#{a}', '{#c}', '{?b}#{a}')
const shape = fc
  .tuple(start, fc.array(segment, { maxLength: 3 }), end)
  .map(([first, path, last]) => [first, ...path, last].join(''))

/** What is before an expression `{+a}`, and what is after it. */
const place = fc.constantFrom(
  ...([
    ['/files/', ''],
    ['/files/', '/meta'],
    ['x', ''],
    ['https://api.test/', ''],
    ['/', ''],
  ] as const),
)

// --- values --------------------------------------------------------------------------------------------------------

const text = fc.oneof(
  fc.constantFrom('.', '..', '.;', '...', ' ', '%', '%41', '+', '\ud800'),
  fc.string({ unit: 'grapheme' }),
  hostile,
)
const texts = fc.array(text, { maxLength: 3 })

const word = fc.stringMatching(/^[a-z][\w~-]{0,4}$/)

const variable = (isOptional: boolean) => {
  const empty = isOptional ? ['', undefined] : ['x']
  return fc.oneof(
    fc.record({
      modifier: fc.constantFrom('' as const, '*' as const, ':1' as const, ':3' as const),
      value: fc.oneof(word, fc.constantFrom(...empty)),
    }),
    fc.record({
      modifier: fc.constantFrom('' as const, '*' as const),
      value: fc.oneof(
        fc.array(word, { minLength: 1, maxLength: 3 }),
        fc.dictionary(word, word, { minKeys: 1, maxKeys: 2 }),
      ),
    }),
  )
}

const variables = (isOptional: boolean): fc.Arbitrary<ReadonlyArray<Laws.Variable>> =>
  fc
    .array(variable(isOptional), { minLength: 1, maxLength: 3 })
    .map((all) => all.map((one, i) => ({ ...one, name: `v${i}` })))

const expression = fc.oneof(
  fc.tuple(fc.constantFrom<Laws.Operator>('', '+', '.', '/'), variables(false)),
  fc.tuple(fc.constantFrom<Laws.Operator>('#', ';', '?', '&'), variables(true)),
)

// --- errors --------------------------------------------------------------------------------------------------------

/** Names that a record may inherit. */
const name = fc.constantFrom('id', 'toString', 'constructor', '__proto__')

const needing = fc
  .tuple(fc.constantFrom('/x/{N}', '/x{/N}', '/x{.N}', '/x/{+N}', '/{a,N}', '{+N}/x', '/x{/N*}', '/x/{N:3}'), name)
  .map(([template, one]): readonly [template: string, name: string] => [template.replace('N', one), one])

/** A record without the variable, or with one that is not defined (RFC 6570 2.3). */
const without = fc.oneof(
  fc.constant([]),
  fc.constantFrom(undefined, null, [], {}).map((value) => [value]),
)

const invalid = fc
  .tuple(
    fc.constantFrom('', '/x/', '/{b}/', 'https://h.test/'),
    fc.constantFrom(
      ...['{', '}', '{}', '{a', '{a,', '{,a}', '{a,}', '{=a}', '{|a}', '{!a}', '{?=a}', '{a b}', '{a.}', '{{a}}'],
      ...['{a{b}}', '{a:0}', '{a:10000}', '{a:}', '{a*:3}', '{a:3*}', '{%2}', 'a b', '100%', 'a\\b', 'a\n', '"', '<'],
    ),
    fc.constantFrom('', '/x', '/{b}'),
  )
  .map((parts) => parts.join(''))

const anyText = fc.oneof(
  fc.array(fc.constantFrom('{', '}', '{a}', '{+a}', '{?a*}', '{a:3}', '/', '\ud800', '%', ':'), { maxLength: 5 }),
  fc.array(fc.string({ unit: 'binary' }), { maxLength: 1 }),
)

const anyVariables = fc.oneof(
  fc.record({ a: fc.oneof(text, fc.anything({ withBigInt: true, withDate: true, withMap: true })) }),
  fc.constantFrom(undefined, null, 5, 'a', [], { a: Symbol('b') }, { a: () => 'b' }, { a: '\udc00' }),
)

/**
 * Returns the laws of a function that expands URI templates. Values are texts, and lists and records of texts. A package that
 * does not return an Either needs `E.tryCatch`.
 *
 * @since 0.2.0
 * @category constructors
 */
export const template = (expand: Laws.Expand): RuleSet => ({
  'a value stays in its place': fc.property(shape, hostileValues, (one, values) =>
    report(Laws.staysInPlace(expand)(one, values)),
  ),
  'a value of {+a} keeps host and path': fc.property(
    place,
    fc.oneof(fc.record({ a: hostile }), fc.record({ a: hostile, b: hostile })),
    ([before, after], values) => report(Laws.staysBelow(expand)(before, after, values)),
  ),
  'a value arrives as it was given': fc.property(text, (value) => report(Laws.arrives(expand)(value))),
  'each item of an exploded list is one segment or one parameter': fc.property(
    fc.array(text, { minLength: 1, maxLength: 3 }),
    texts,
    fc.dictionary(text, text, { maxKeys: 2 }),
    (path, tags, filter) => report(Laws.itemsArrive(expand)(path, tags, filter)),
  ),
  'an expression expands as RFC 6570 says': fc.property(expression, ([operator, all]) =>
    report(Laws.expands(expand)(operator, all)),
  ),
  'a variable of the path without a value is a Left': fc.property(needing, without, ([one, missing], values) =>
    report(Laws.refuses(expand)(one, Object.fromEntries([['a', 'a'], ...values.map((value) => [missing, value])]))),
  ),
  'text that is not a template is a Left': fc.property(invalid, (one) =>
    report(Laws.refuses(expand)(one, { a: 'a', b: 'b' })),
  ),
  'nothing throws': fc.property(anyText, anyVariables, (parts, values) =>
    report(Laws.throwsNothing(expand)(parts.join(''), values)),
  ),
})
