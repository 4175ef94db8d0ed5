/** `Array.isArray` for readonly arrays, which the original does not narrow (microsoft/TypeScript#17002). */

/** Returns whether a value is an array. In the false branch no array type is left. */
export const isArray = <A>(value: A): value is Extract<A, ReadonlyArray<unknown>> => Array.isArray(value)
