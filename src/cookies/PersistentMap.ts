/**
 * A persistent map with text keys: `set` returns a map that shares almost everything with the old one. It is a `Map` of
 * `immutable`, whose own types are not part of ours because TypeScript needs ten seconds to check them.
 */
import { Map as ImmutableMap } from 'immutable'

export interface PersistentMap<A> extends Iterable<[string, A]> {
  readonly size: number
  get(key: string): A | undefined
  set(key: string, value: A): PersistentMap<A>
  keys(): IterableIterator<string>
  values(): IterableIterator<A>
  map<B>(f: (value: A) => B): PersistentMap<B>
  every(predicate: (value: A, key: string) => boolean): boolean
  some(predicate: (value: A, key: string) => boolean): boolean
  mergeWith(merge: (old: A, added: A) => A, other: Iterable<[string, A]>): PersistentMap<A>
}

export const make = <A>(entries: Iterable<readonly [string, A]> = []): PersistentMap<A> => ImmutableMap(entries)
