/** The monoid laws, as predicates over an instance and an equality. */
import type { Eq } from 'fp-ts/lib/Eq.js'
import type { Monoid } from 'fp-ts/lib/Monoid.js'

/** States that the grouping of three values does not change the result of `concat`. */
export const associative =
  <A>({ concat }: Monoid<A>, { equals }: Eq<A>) =>
  (x: A, y: A, z: A): boolean =>
    equals(concat(concat(x, y), z), concat(x, concat(y, z)))

/** States that `concat(empty, x)` is `x`. */
export const leftIdentity =
  <A>({ concat, empty }: Monoid<A>, { equals }: Eq<A>) =>
  (x: A): boolean =>
    equals(concat(empty, x), x)

/** States that `concat(x, empty)` is `x`. */
export const rightIdentity =
  <A>({ concat, empty }: Monoid<A>, { equals }: Eq<A>) =>
  (x: A): boolean =>
    equals(concat(x, empty), x)
