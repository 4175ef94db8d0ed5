/** What types would not let through, and plain JavaScript does. The cast: that is the point of it. */
export const untyped = <A>(value: unknown): A => value as A
