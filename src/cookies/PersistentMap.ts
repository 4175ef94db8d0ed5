/**
 * A persistent map by text, as a semilattice: what two maps have in common is met key by key, the rest is kept.
 *
 *     join(meet)(x, y)[k] = meet(x[k], y[k])   where both have k, else the one that is there
 *
 * Laws: `join(meet)` is a bounded semilattice where `meet` is a semilattice. A write copies one path of the map, and
 * what two maps share is passed over by its identity.
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
  ImmutableMap<string, A>().withMutations((trie) => {
    for (const [key, value] of entries) trie.set(key, value)
  })

/** Both maps as one; the very map that is given where it holds all. */
export const join =
  <A>(meet: (x: A, y: A) => A) =>
  (x: PersistentMap<A>, y: PersistentMap<A>): PersistentMap<A> => {
    if (x === y) return x
    const [large, small] = x.size >= y.size ? [x, y] : [y, x]
    return large.withMutations((joined) => {
      small.forEach((value, key) => {
        const held = large.get(key)
        if (held === value) return
        const met = held === undefined ? value : meet(held, value)
        if (met !== held) joined.set(key, met)
      })
    })
  }

export const equals =
  <A>(same: (x: A, y: A) => boolean) =>
  (x: PersistentMap<A>, y: PersistentMap<A>): boolean =>
    x === y ||
    (x.size === y.size &&
      x.every((value, key) => {
        const other = y.get(key)
        return other !== undefined && same(value, other)
      }))
