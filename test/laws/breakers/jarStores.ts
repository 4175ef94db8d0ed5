/** Incorrect stores of a jar, and the laws that each of them breaks. */
import * as E from 'fp-ts/lib/Either.js'
import { jarStore } from '../../../laws/rules/jarStore.js'
import * as Jar from '../../../src/cookies/Jar.js'
import { type JarStore, memory } from '../../../src/JarStore.js'
import type { Case } from './Lawbreaker.js'

interface Mistake {
  readonly history: string
  readonly open: () => JarStore
  readonly breaks: ReadonlyArray<string>
}

const done = E.right(undefined)
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A store of one value, which `merge` changes. */
const holding = (merge: (stored: Jar.Jar, delta: Jar.Jar) => Jar.Jar): JarStore => {
  let stored = Jar.empty
  return {
    load: async () => E.right(stored),
    merge: (delta) => async () => {
      stored = merge(stored, Jar.withoutChallenges(delta))
      return done
    },
  }
}

const common = memory()

const mistakes: Readonly<Record<string, Mistake>> = {
  'one store for all names': {
    history: 'a key without the name of the jar',
    open: () => common,
    breaks: ['a new store is empty', 'merges have the effect of a join, in any order'],
  },
  'the jar that is saved last': {
    history: 'scrapy-redis, crawlee: a session is one document',
    open: () => holding((_, delta) => delta),
    breaks: ['merges have the effect of a join, in any order', 'what was merged is in every later load'],
  },
  'the order of arrival': {
    history: 'an upsert for each cookie without a condition',
    open: () =>
      holding((stored, delta) => {
        const keys = new Set(Jar.records(delta).map((one) => `${one.name} ${one.domain} ${one.path} ${one.hostOnly}`))
        const others = Jar.records(stored).filter(
          (one) => !keys.has(`${one.name} ${one.domain} ${one.path} ${one.hostOnly}`),
        )
        return Jar.withRecords([...others, ...Jar.records(delta)])(Jar.join(stored, delta))
      }),
    breaks: ['merges have the effect of a join, in any order'],
  },
  'what was read is written': {
    history: 'get, change and set: the write of another process in between is lost',
    open: () => {
      let stored = Jar.empty
      return {
        load: async () => E.right(stored),
        merge: (delta) => async () => {
          const read = stored
          await turn()
          stored = Jar.join(read, Jar.withoutChallenges(delta))
          return done
        },
      }
    },
    breaks: ['merges at one time have the effect of a join'],
  },
  'an acknowledgement before the write': {
    history: 'write-behind caches',
    open: () => {
      let stored = Jar.empty
      return {
        load: async () => E.right(stored),
        merge: (delta) => async () => {
          setImmediate(() => {
            stored = Jar.join(stored, Jar.withoutChallenges(delta))
          })
          return done
        },
      }
    },
    breaks: ['what was merged is in every later load'],
  },
  'a load from a cache': {
    history: 'a replica that is read, or a time to live in the client',
    open: () => {
      const inner = memory()
      let cached: Jar.Jar | undefined
      return {
        ...inner,
        load: async () => {
          const loaded = await inner.load()
          if (E.isRight(loaded)) cached ??= loaded.right
          return cached === undefined ? loaded : E.right(cached)
        },
      }
    },
    breaks: ['what was merged is in every later load', 'a later write survives a clock that is ahead'],
  },
  'writes in the order of the wall clock': {
    history: 'last-writer-wins by `updated_at`: a machine that is an hour ahead hides the writes of others',
    open: () => {
      const written = new Map<string, readonly [at: number, jar: Jar.Jar]>()
      return {
        load: async () => E.right([...written.values()].map(([, jar]) => jar).reduce(Jar.join, Jar.empty)),
        merge: (delta) => async () => {
          for (const cookie of Jar.records(delta)) {
            const key = `${cookie.name} ${cookie.domain} ${cookie.path} ${cookie.hostOnly} ${cookie.secure}`
            const [at] = written.get(key) ?? [Number.NEGATIVE_INFINITY]
            // The counter of the logical time is left out.
            if (cookie.updated.ms > at) written.set(key, [cookie.updated.ms, Jar.withRecords([cookie])(Jar.empty)])
          }
          return done
        },
      }
    },
    breaks: ['a later write survives a clock that is ahead'],
  },
}

export const jarStores: Case = {
  set: 'jarStore',
  lawful: jarStore(() => memory()),
  breakers: Object.entries(mistakes).map(([mistake, { open, ...rest }]) => ({
    mistake,
    ...rest,
    rules: jarStore(open),
  })),
}
