/** The monoid laws, as predicates over an instance and an equality. */
import type { Eq } from 'fp-ts/lib/Eq.js'
import type { Monoid } from 'fp-ts/lib/Monoid.js'

export const associative =
  <A>({ concat }: Monoid<A>, { equals }: Eq<A>) =>
  (x: A, y: A, z: A): boolean =>
    equals(concat(concat(x, y), z), concat(x, concat(y, z)))

export const leftIdentity =
  <A>({ concat, empty }: Monoid<A>, { equals }: Eq<A>) =>
  (x: A): boolean =>
    equals(concat(empty, x), x)

export const rightIdentity =
  <A>({ concat, empty }: Monoid<A>, { equals }: Eq<A>) =>
  (x: A): boolean =>
    equals(concat(x, empty), x)
