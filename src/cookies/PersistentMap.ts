/**
 * A persistent map with text keys: `set` returns a map that shares almost everything with the old one. It is a `Map` of
 * immutable 5, whose types the public types do not mention: without `skipLibCheck`, checking them takes seconds.
 */
import { Map as ImmutableMap } from 'immutable'

/** An immutable map. Its copies share what did not change. */
export interface PersistentMap<A> extends Iterable<[string, A]> {
  readonly size: number
  has(key: string): boolean
  get(key: string): A | undefined
  set(key: string, value: A): PersistentMap<A>
  delete(key: string): PersistentMap<A>
  keys(): IterableIterator<string>
  values(): IterableIterator<A>
  entries(): IterableIterator<[string, A]>
  map<B>(f: (value: A, key: string) => B): PersistentMap<B>
  every(predicate: (value: A, key: string) => boolean): boolean
  some(predicate: (value: A, key: string) => boolean): boolean
  mergeWith(merge: (old: A, added: A, key: string) => A, other: Iterable<[string, A]>): PersistentMap<A>
}

/** Makes a map. Of several entries with one key, the last one is kept. */
export const make = <A>(entries: Iterable<readonly [string, A]> = []): PersistentMap<A> => ImmutableMap(entries)
