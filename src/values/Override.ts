/**
 * Combines an earlier setting with a later one: `Inherit | Set | Unset`, also by key and for collections.
 *
 * | earlier \ later | `Inherit` | `Set(b)` | `Unset` |
 * |-----------------|-----------|----------|---------|
 * | `Inherit`       | `Inherit` | `Set(b)` | `Unset` |
 * | `Set(a)`        | `Set(a)`  | `Set(b)` | `Unset` |
 * | `Unset`         | `Unset`   | `Set(b)` | `Unset` |
 *
 * Laws: a monoid with `inherit` as identity; the last value but `Inherit` wins. requests uses `None` for all three.
 *
 * @example
 * import { Override } from 'requests-ts'
 *
 * const { concat } = Override.getMonoid<number>()
 * assert.deepEqual(concat(Override.set(1), Override.set(2)), Override.set(2))
 * assert.deepEqual(concat(Override.set(1), Override.inherit), Override.set(1))
 * assert.deepEqual(concat(Override.set(1), Override.unset), Override.unset)
 */
import type { Eq } from 'fp-ts/lib/Eq.js'
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import type { Semigroup } from 'fp-ts/lib/Semigroup.js'
import * as Tagged from './Tagged.js'

/** Keeps the earlier setting. */
export type Inherit = { readonly _tag: 'Inherit' }
/** Replaces the earlier setting by a value. */
export type Set<A> = { readonly _tag: 'Set'; readonly value: A }
/** Removes the earlier setting. */
export type Unset = { readonly _tag: 'Unset' }
/** What a layer of settings does with a value: it keeps the value below, sets another, or removes it. */
export type Override<A> = Inherit | Set<A> | Unset

/** Keeps the value of the layer below. */
export const inherit: Inherit = { _tag: 'Inherit' }
/** Removes the value of the layer below. */
export const unset: Unset = { _tag: 'Unset' }
/** Replaces the value of the layer below. */
export const set = <A>(value: A): Override<A> => ({ _tag: 'Set', value })

/** Returns the monoid in which the second override wins, except if it is `Inherit`. */
export const getMonoid = <A>(): Monoid<Override<A>> => ({
  empty: inherit,
  concat: (x, y) => (y._tag === 'Inherit' ? x : y),
})

/**
 * Compares overrides by tag and value.
 * @since 0.2.0
 * @category instances
 */
export const getEq = <A>(E: Eq<A>): Eq<Override<A>> => ({
  equals: (x, y) => x === y || (x._tag === 'Set' ? y._tag === 'Set' && E.equals(x.value, y.value) : x._tag === y._tag),
})

/** Returns the value of a `Set`, or a default. */
export const getOrElse =
  <B>(otherwise: B) =>
  <A>(ma: Override<A>): A | B =>
    ma._tag === 'Set' ? ma.value : otherwise

/**
 * Folds an override with one handler for each tag.
 *
 * @since 0.2.0
 * @category destructors
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Override } from 'requests-ts'
 *
 * const show = (timeout: Override.Override<number>) =>
 *   pipe(timeout, Override.match({ Inherit: () => 'inherited', Set: ({ value }) => `${value} ms`, Unset: () => 'none' }))
 * assert.equal(show(Override.set(500)), '500 ms')
 */
export const match = <A, H extends Tagged.Handlers<Override<A>>>(
  handlers: Tagged.Exact<H, Override<A>['_tag']>,
): ((override: Override<A>) => Tagged.Result<H, Override<A>['_tag']>) => Tagged.match<Override<A>>()<H>(handlers)

/** Overrides by key. A key keeps the position of its first occurrence, as in requests' merged dictionaries. */
export type Keyed<A> = ReadonlyMap<string, Override<A>>

/** No overrides. */
export const noKeys: Keyed<never> = new Map()

/** Returns the monoid that combines overrides key by key. */
export const getKeyedMonoid = <A>(): Monoid<Keyed<A>> => ({
  empty: noKeys,
  concat: (x, y) => {
    if (y.size === 0) return x
    if (x.size === 0) return y
    const merged = new Map(x)
    for (const [key, override] of y) {
      if (override._tag !== 'Inherit' || !merged.has(key)) merged.set(key, override)
    }
    return merged
  },
})

/**
 * Compares overrides by key, in order: headers, cookies and query parameters are sent in the order of their keys.
 * @since 0.2.0
 * @category instances
 */
export const getKeyedEq = <A>(E: Eq<A>): Eq<Keyed<A>> => {
  const unordered = getUnorderedEq(E)
  return {
    equals: (x, y) => {
      if (x === y) return true
      const keys = y.keys()
      return unordered.equals(x, y) && [...x.keys()].every((key) => key === keys.next().value)
    },
  }
}

/**
 * Compares overrides by key, in any order.
 * @since 0.2.0
 * @category instances
 */
export const getUnorderedEq = <A>(E: Eq<A>): Eq<Keyed<A>> => {
  const { equals } = getEq(E)
  return {
    equals: (x, y) =>
      x === y ||
      (x.size === y.size &&
        [...x].every(([key, override]) => {
          const other = y.get(key)
          return other !== undefined && equals(override, other)
        })),
  }
}

/** Returns the keys that are set, in order. */
export const entries = <A>(keyed: Keyed<A>): ReadonlyArray<readonly [key: string, value: A]> => {
  const set: Array<readonly [string, A]> = []
  for (const [key, override] of keyed) if (override._tag === 'Set') set.push([key, override.value])
  return set
}

/**
 * A collection that extends the earlier one (`Extend`) or replaces it (`Replace`).
 *
 *     Extend(a)  <> Extend(b)  = Extend(a <> b)
 *     Replace(a) <> Extend(b)  = Replace(a <> b)
 *     anything   <> Replace(b) = Replace(b)
 *
 * requests' `merge_setting` has dictionaries as `Extend` and other values as `Replace`; `merge_hooks` is `Replace`.
 */
export type Layer<A> =
  | Inherit
  | { readonly _tag: 'Extend'; readonly value: A }
  | { readonly _tag: 'Replace'; readonly value: A }

/** Adds to the value of the layer below. */
export const extend = <A>(value: A): Layer<A> => ({ _tag: 'Extend', value })
/** Replaces the value of the layer below. */
export const replace = <A>(value: A): Layer<A> => ({ _tag: 'Replace', value })

/** Returns the monoid of layers. `Extend` uses the semigroup to combine the values. */
export const getLayerMonoid = <A>(S: Semigroup<A>): Monoid<Layer<A>> => ({
  empty: { _tag: 'Inherit' },
  concat: (x, y) => {
    if (y._tag === 'Inherit') return x
    if (x._tag === 'Inherit' || y._tag === 'Replace') return y
    return { _tag: x._tag, value: S.concat(x.value, y.value) }
  },
})

/**
 * Compares layers by tag and value.
 * @since 0.2.0
 * @category instances
 */
export const getLayerEq = <A>(E: Eq<A>): Eq<Layer<A>> => ({
  equals: (x, y) =>
    x === y ||
    (x._tag === 'Inherit' || y._tag === 'Inherit'
      ? x._tag === y._tag
      : x._tag === y._tag && E.equals(x.value, y.value)),
})

/** Returns the value of a layer, or a default if it inherits. */
export const layerOrElse =
  <A>(otherwise: A) =>
  (layer: Layer<A>): A =>
    layer._tag === 'Inherit' ? otherwise : layer.value

/**
 * Folds a layer with one handler for each tag.
 * @since 0.2.0
 * @category destructors
 */
export const matchLayer = <A, H extends Tagged.Handlers<Layer<A>>>(
  handlers: Tagged.Exact<H, Layer<A>['_tag']>,
): ((layer: Layer<A>) => Tagged.Result<H, Layer<A>['_tag']>) => Tagged.match<Layer<A>>()<H>(handlers)
