/** Histories of a shared jar: what workers save at any time, what a person changes in the database, and data that are lost. */
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { Jar, type JarStore } from 'requests-ts'

/** What a person, or a failover, does to a database. The records are counted from 0. */
export interface Hands {
  /** Changes the text of a record. */
  readonly edit: (index: number, change: (text: string) => string) => Promise<unknown>
  readonly remove: (index: number) => Promise<unknown>
  /** Removes everything. */
  readonly clear: () => Promise<unknown>
  /** Keeps a copy. */
  readonly copy: () => Promise<unknown>
  /** Puts the last copy back, as a replica does that becomes the primary without the last writes. */
  readonly restore: () => Promise<unknown>
}

const WORKERS = 3

const visit = fc.record({
  worker: fc.nat(WORKERS - 1),
  line: fc.constantFrom('a=1', 'a=2', 'b=1', 'b=; Max-Age=0', 'c=1; Path=/p', 'd=1; Secure', 'd=2', 'd=; Max-Age=0'),
  site: fc.constantFrom('https://a.test/', 'https://b.test/'),
  skew: fc.constantFrom(0, 1, -1, 60_000),
})
type Visit = typeof visit extends fc.Arbitrary<infer A> ? A : never

/** Visits at one time, or a change by hand. */
export type Step = ReadonlyArray<Visit> | keyof Hands

/** Most steps are visits. */
export const history: fc.Arbitrary<ReadonlyArray<Step>> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.array(visit, { minLength: 1, maxLength: 3 }) },
    { weight: 3, arbitrary: fc.constantFrom<Step>('edit', 'remove', 'clear', 'copy', 'restore') },
  ),
  { minLength: 1, maxLength: 12 },
)

const NOW = 1_800_000_000_000

const save = async (store: JarStore.JarStore, { line, site, skew }: Visit): Promise<void> => {
  const loaded = await store.load()
  if (E.isLeft(loaded)) return
  const [after] = Jar.absorb(new URL(site), [line], new Date(NOW + skew))(loaded.right)
  const merged = await store.merge(Jar.delta(loaded.right)(after))()
  if (E.isLeft(merged)) throw new Error(merged.left.message)
}

const shown = (loaded: E.Either<JarStore.JarStoreError, Jar.Jar>): string =>
  JSON.stringify(E.isLeft(loaded) ? loaded.left.message : Jar.encode({ reveal: true })(loaded.right))

/**
 * Runs a history with stores that live as long as it does. After each step, they load what a new store loads, which reads
 * everything. `open` returns a new store of the same jar.
 */
export const runHistory = async (
  open: () => JarStore.JarStore,
  hands: Hands,
  steps: ReadonlyArray<Step>,
): Promise<void> => {
  const stores = Array.from({ length: WORKERS }, open)
  for (const [i, step] of steps.entries()) {
    const isByHand = typeof step === 'string'
    if (!isByHand) await Promise.all(step.map((one) => save(stores[one.worker] ?? open(), one)))
    else if (step === 'edit') await hands.edit(i, (text) => text.replace(/"value":"[^"]*"/, '"value":"by-hand"'))
    else if (step === 'remove') await hands.remove(i)
    else await hands[step]()
    const expected = shown(await open().load())
    // A worker may also not load for some time. Changes by hand are read at once, because only their number is noticed then.
    for (const store of isByHand ? stores : stores.slice(i % WORKERS)) {
      const found = shown(await store.load())
      if (found !== expected) throw new Error(`after step ${i}, a store has ${found}, not ${expected}`)
    }
  }
}
