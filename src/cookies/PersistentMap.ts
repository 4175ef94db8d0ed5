/**
 * A persistent map with string keys that can be joined with another one.
 *
 *     join(combine)(x, y)[k] = combine(x[k], y[k])   if both have k; otherwise the existing value
 *
 * Law: if `combine` is a semilattice, `join(combine)` is a bounded one. A write copies one path of the map. A join
 * skips values that are identical in both maps.
 *
 * @example
 * import { Jar } from 'requests-ts'
 *
 * const at = (host: string) => Jar.absorb(new URL(`https://${host}/`), ['a=1'], new Date(0))(Jar.empty)[0]
 * const both = Jar.join(at('one.test'), at('two.test'))
 * assert.deepEqual([...both.cookies.keys()].sort(), ['one.test', 'two.test'])
 */
import { Map as ImmutableMap } from 'immutable'

export interface PersistentMap<A> extends ImmutableMap<string, A> {}

export const empty: PersistentMap<never> = ImmutableMap()

export const fromEntries = <A>(entries: Iterable<readonly [key: string, value: A]>): PersistentMap<A> =>
  ImmutableMap<string, A>().withMutations((map) => {
    for (const [key, value] of entries) map.set(key, value)
  })

/** Joins two maps. Returns the larger one itself if the other adds nothing. */
export const join =
  <A>(combine: (x: A, y: A) => A) =>
  (x: PersistentMap<A>, y: PersistentMap<A>): PersistentMap<A> => {
    if (x === y) return x
    const [large, small] = x.size >= y.size ? [x, y] : [y, x]
    return large.withMutations((joined) => {
      small.forEach((value, key) => {
        const old = large.get(key)
        if (old === value) return
        const combined = old === undefined ? value : combine(old, value)
        if (combined !== old) joined.set(key, combined)
      })
    })
  }

export const equals =
  <A>(areEqual: (x: A, y: A) => boolean) =>
  (x: PersistentMap<A>, y: PersistentMap<A>): boolean =>
    x === y ||
    (x.size === y.size &&
      x.every((value, key) => {
        const other = y.get(key)
        return other !== undefined && areEqual(value, other)
      }))
