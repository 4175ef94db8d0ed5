/**
 * The laws of a jar store, as predicates over any implementation.
 *
 * | law              | a mistake that it finds                                                    |
 * |------------------|----------------------------------------------------------------------------|
 * | `startsEmpty`    | a store that has something of another one                                  |
 * | `mergesAsJoin`   | a store that saves whole jars, or orders writes by when they arrive        |
 * | `mergesAtOnce`   | a store that reads, and then writes what it has read                       |
 * | `keepsMerged`    | a store that acknowledges before it writes, or whose `load` has a cache    |
 * | `survivesSkew`   | a store that stamps writes with the clock of a machine                     |
 *
 * A store must not drop what has expired while it is tested: these jars are of 1970. Stores of this library have the option
 * `horizon: Infinity` for this.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Cookie from '../src/cookies/Cookie.js'
import * as Jar from '../src/cookies/Jar.js'
import type { JarStore } from '../src/store/JarStore.js'
import * as Secret from '../src/values/Secret.js'
import { type History, replay } from './JarHistory.js'

/** Makes an empty store. Each call returns another one. */
export type OpenStore = () => JarStore | Promise<JarStore>

/** Returns the violations of a law. */
export type Violations = ReadonlyArray<string>

/** What a store keeps of a jar. */
const stored = (jar: Jar.Jar): Jar.Jar => ({ ...Jar.withoutChallenges(jar), clock: Jar.empty.clock })

const isStored = (x: Jar.Jar, y: Jar.Jar): boolean => Jar.Eq.equals(stored(x), stored(y))

const joinAll = (jars: ReadonlyArray<Jar.Jar>): Jar.Jar => jars.reduce(Jar.join, Jar.empty)

const namesOf = (jar: Jar.Jar): string =>
  JSON.stringify(Jar.records(jar).map((cookie) => [cookie.name, cookie.updated]))

const difference = (what: string, loaded: Jar.Jar, expected: Jar.Jar): Violations =>
  isStored(loaded, expected) ? [] : [`${what}: ${namesOf(loaded)} was loaded, not ${namesOf(expected)}`]

/** A promise that ends with the result of an operation. A failure is a violation. */
const run = async <A>(operation: () => Promise<E.Either<{ readonly message: string }, A>>): Promise<A> => {
  const outcome = await operation()
  if (E.isLeft(outcome)) throw new Error(outcome.left.message)
  return outcome.right
}

const load = (store: JarStore): Promise<Jar.Jar> => run(store.load)
const merge = (store: JarStore, delta: Jar.Jar): Promise<void> => run(store.merge(delta))

/** Returns jars that forked from one jar, or have nothing in common. */
export const forks = (
  past: History,
  ways: ReadonlyArray<History>,
  { isShared, nameless }: ForkOptions,
): ReadonlyArray<Jar.Jar> => {
  const empty = Jar.make({ nameless })
  const common = replay(Jar)(past)(empty)
  return ways.map((way) => replay(Jar)(way)(isShared ? common : empty))
}

/** How jars fork. */
export interface ForkOptions {
  /** Whether they have their past in common. */
  readonly isShared: boolean
  /** Whether they accept cookies without a name. */
  readonly nameless: boolean
}

/** Tells whether a new store is empty, also after others have got something. */
export const startsEmpty = async (open: OpenStore, jars: ReadonlyArray<Jar.Jar>): Promise<Violations> => {
  const other = await open()
  for (const jar of jars) await merge(other, jar)
  return difference('a new store', await load(await open()), Jar.empty)
}

/** Tells whether the order and the number of merges do not matter: the result is the join. `order` has each index once or more. */
export const mergesAsJoin = async (
  store: JarStore,
  jars: ReadonlyArray<Jar.Jar>,
  order: ReadonlyArray<number>,
): Promise<Violations> => {
  for (const i of [...order, ...jars.keys()]) {
    const jar = jars[i]
    if (jar !== undefined) await merge(store, jar)
  }
  return difference('after merges in turn', await load(store), joinAll(jars))
}

/** Tells the same for merges that run at one time. */
export const mergesAtOnce = async (store: JarStore, jars: ReadonlyArray<Jar.Jar>): Promise<Violations> => {
  await Promise.all(jars.map((jar) => merge(store, jar)))
  return difference('after merges at one time', await load(store), joinAll(jars))
}

/** Tells whether each merge is in the result of every later load. Each jar merges what it has since the load before. */
export const keepsMerged = async (store: JarStore, jars: ReadonlyArray<Jar.Jar>): Promise<Violations> => {
  let expected = Jar.empty
  for (const jar of jars) {
    const before = await load(store)
    await merge(store, Jar.delta(before)(Jar.join(before, jar)))
    expected = Jar.join(expected, jar)
    for (const after of [await load(store), await load(store)]) {
      const problems = difference('after a merge', after, expected)
      if (problems.length > 0) return problems
    }
  }
  return []
}

/** One turn of a worker. */
export interface Turn {
  /** By how many milliseconds its clock is ahead. */
  readonly skew: number
  /** Whether it removes the cookie, and does not set it. */
  readonly isRemoval: boolean
}

const valueOf = (jar: Jar.Jar): string | undefined => {
  const live = Jar.records(jar).filter((cookie) => !Cookie.isTombstone(cookie))
  const [cookie] = live
  return cookie === undefined ? undefined : Secret.reveal(cookie.value)
}

const URL_OF_SITE = new URL('https://h.test/')

/**
 * Tells whether the last write is found, although the clocks of the workers differ. Each one loads the jar, joins it with its own,
 * and writes then.
 */
export const survivesSkew = async (store: JarStore, turns: ReadonlyArray<Turn>): Promise<Violations> => {
  for (const [i, { skew, isRemoval }] of turns.entries()) {
    const before = await load(store)
    const now = new Date(1_000_000 + i + skew)
    const line = isRemoval ? 'sid=; Max-Age=0' : `sid=${i}`
    const [after] = Jar.absorb(URL_OF_SITE, [line], now)(before)
    await merge(store, Jar.delta(before)(after))
    const found = valueOf(await load(store))
    const expected = isRemoval ? undefined : String(i)
    if (found !== expected) return [`turn ${i}: the store has ${String(found)}, not ${String(expected)}`]
  }
  return []
}
