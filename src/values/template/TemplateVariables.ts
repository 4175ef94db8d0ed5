/**
 * The variables of a URL template as types, which the compiler reads from its text.
 *
 * | expression                            | without a value                                                             |
 * |---------------------------------------|-----------------------------------------------------------------------------|
 * | `{a}` `{+a}` `{/a}` `{.a}`            | required: a URL without this part of its path or host is another resource   |
 * | `{?a}` `{&a}` `{;a}` `{#a}`           | optional: `undefined`, `null` or an empty list omit it (RFC 6570 2.3)       |
 */
import type { Scalar } from '../Query.js'

/** A value that may be omitted. Its items too. */
export type Omittable = Scalar | null | undefined

/**
 * A value of a variable: a text, a finite number, a boolean, or a list or a record of them.
 *
 * @since 0.2.0
 * @category model
 */
export type Value = Scalar | ReadonlyArray<Omittable> | Readonly<Record<string, Omittable>>

/** The operators of optional expressions. */
export type OptionalOperator = '?' | '&' | ';' | '#'
/** The operators of required expressions, in addition to none. */
export type RequiredOperator = '+' | '/' | '.'

/** The texts between braces. */
export type ExpressionsIn<T extends string, Found = never> = T extends `${string}{${infer Body}}${infer Rest}`
  ? ExpressionsIn<Rest, Found | Body>
  : Found

/** The variables of a list, with their modifiers. */
export type Split<Names extends string, Found = never> = Names extends `${infer First},${infer Rest}`
  ? Split<Rest, Found | First>
  : Found | Names

/** The variables of required expressions, with their modifiers. */
export type RequiredIn<Body> = Body extends `${OptionalOperator}${string}`
  ? never
  : Body extends `${RequiredOperator}${infer Names}`
    ? Split<Names>
    : Body extends string
      ? Split<Body>
      : never

/** The variables of optional expressions, with their modifiers. */
export type OptionalIn<Body> = Body extends `${OptionalOperator}${infer Names}` ? Split<Names> : never

/** The name of a variable without its modifier. */
export type NameOf<Spec> = Spec extends `${infer Name}:${string}` ? Name : Spec extends `${infer Name}*` ? Name : Spec

/** The names of variables with a prefix, such as `{name:3}`: a list has no prefix (RFC 6570 2.4.1). */
export type PrefixedIn<Spec> = Spec extends `${infer Name}:${string}` ? Name : never

/** The values that a variable can have. */
export type ValueOf<Name, Specs> = Name extends PrefixedIn<Specs> ? Scalar : Value

/** The variables by name. */
export type Named<Required, Optional> = {
  readonly [K in NameOf<Required> & string]: ValueOf<K, Required | Optional>
} & {
  readonly [K in Exclude<NameOf<Optional>, NameOf<Required>> & string]?:
    | ValueOf<K, Required | Optional>
    | null
    | undefined
}

/** Whether only the program knows the text: its type is `string`, or a pattern. */
export type IsUnknownText<T extends string> = NoVariables extends Readonly<Record<T, unknown>> ? true : false

/** A record without a variable: it can be passed if each variable is optional. */
export type NoVariables = Readonly<Record<never, never>>

/**
 * The variables of a template, read from its text. For a text that the compiler does not know, any record.
 *
 * @since 0.2.0
 * @category model
 */
export type Variables<T extends string> =
  IsUnknownText<T> extends true
    ? Readonly<Record<string, Value | null | undefined>>
    : Named<RequiredIn<ExpressionsIn<T>>, OptionalIn<ExpressionsIn<T>>>

/** A value that cannot exist. The compiler shows it for a name that the template does not have. */
export interface NotInTemplate<Name> {
  /** The name: it may be misspelled, or written as `:name` or `${name}` instead of `{name}`. */
  readonly nameOfNoVariable: Name
}

/** Refuses names that the template does not have. */
export type Exactly<V, T extends string> = V & {
  readonly [K in Exclude<keyof V, keyof Variables<T>>]: NotInTemplate<K>
}
