/**
 * Folds a tagged union with one handler for each tag, which the compiler requires. Each public union has a `match` made
 * here.
 *
 *     Auth.match({ None: () => '', Basic: ({ user }) => user, … })(auth)
 *
 * The handlers may return different types, as in `matchW` of fp-ts: the result has the union of them.
 */

/** A value whose `_tag` selects the member of its union. */
export interface Tagged {
  readonly _tag: string
}

/** The member of a union that has a tag. A type that can have several tags is narrowed to this one. */
export type Member<A extends Tagged, Tag extends A['_tag']> = A extends Tagged
  ? Tag extends A['_tag']
    ? A['_tag'] extends Tag
      ? A
      : A & { readonly _tag: Tag }
    : never
  : never

/** One function for each tag of a union. */
export type Handlers<A extends Tagged> = {
  readonly [Tag in A['_tag']]: (member: Member<A, Tag>) => unknown
}

/** The given handlers, without any for a tag that the union does not have. */
export type Exact<H, Tag extends string> = H & { readonly [Other in Exclude<keyof H, Tag>]: never }

/** Anything that one of the handlers returns. */
export type Result<H extends Readonly<Record<Tag, (member: never) => unknown>>, Tag extends string> = ReturnType<H[Tag]>

/**
 * Returns the `match` of a union. It calls the handler of a value's tag, and returns its result. An inherited handler does
 * not count: a foreign value may have the tag `toString`.
 */
export const match =
  <A extends Tagged>() =>
  <H extends Handlers<A>>(handlers: Exact<H, A['_tag']>) =>
  (value: A): Result<H, A['_tag']> => {
    const tag: A['_tag'] = value._tag
    // The cast: TypeScript cannot relate the tag of a value to the handler that takes the value.
    const handler = Object.hasOwn(handlers, tag)
      ? (handlers[tag] as unknown as (member: A) => Result<H, A['_tag']>)
      : undefined
    // The cast: only a value that is not of the union has no handler.
    return handler?.(value) as Result<H, A['_tag']>
  }
