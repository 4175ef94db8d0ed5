/** Incorrect logs of exchanges, and the laws that each of them breaks. */
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { log } from '../../../laws/rules/log.js'
import { failed, type Log, memory } from '../../../src/Log.js'
import type { Case } from './Lawbreaker.js'

interface Mistake {
  readonly history: string
  readonly open: () => Log
  readonly breaks: ReadonlyArray<string>
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const fenced = (id: string) =>
  failed({ operation: 'append', log: 'a log', id }, 'Fenced', 'another process has appended')

/** A log of lists. `append` returns the new list, or fails by returning nothing. */
const holding = (
  append: (
    held: ReadonlyArray<string>,
    seq: number,
    events: ReadonlyArray<string>,
  ) => ReadonlyArray<string> | undefined,
  {
    keyOf = (id: string) => id,
    pause = async () => {},
  }: { keyOf?: (id: string) => string; pause?: () => Promise<void> } = {},
): Log => {
  const lists = new Map<string, ReadonlyArray<string>>()
  return {
    read: (id) => async () => E.right(lists.get(keyOf(id)) ?? []),
    append: (id, seq, events) => async () => {
      const next = append(lists.get(keyOf(id)) ?? [], seq, events)
      await pause()
      if (next === undefined) return E.left(fenced(id))
      lists.set(keyOf(id), next)
      return E.right(undefined)
    },
    drop: (before) => async () => {
      const count = before.getTime() > Date.now() ? lists.size : 0
      if (count > 0) lists.clear()
      return E.right(count)
    },
    remove: (id) => async () => {
      lists.delete(keyOf(id))
      return E.right(undefined)
    },
  }
}

type Append = Parameters<typeof holding>[0]
const atEnd: Append = (held, seq, events) => (held.length === seq ? [...held, ...events] : undefined)

const mistakes: Readonly<Record<string, Mistake>> = {
  'no fence': {
    history: 'a list to which every worker appends: two workers continue one job',
    open: () => holding((held, _, events) => [...held, ...events]),
    breaks: [
      'an append at another place is fenced',
      'of appends at one place one succeeds',
      'an append that is sent again after another one is fenced',
    ],
  },
  'a fence that overwrites': {
    history: 'an upsert by (id, seq)',
    open: () => holding((held, seq, events) => [...held.slice(0, seq), ...events]),
    breaks: [
      'an append at another place is fenced',
      'of appends at one place one succeeds',
      'an append that is sent again after another one is fenced',
    ],
  },
  'a fence that a gap does not close': {
    history: 'a check that the number is not used yet, without one that the number before it is',
    open: () => holding((held, seq, events) => (seq < held.length ? undefined : [...held, ...events])),
    breaks: ['an append at another place is fenced'],
  },
  'an append that is acknowledged again': {
    history: 'a script that looks for the events at their place, because a client sends a command again',
    open: () =>
      holding((held, seq, events) => {
        if (held.length === seq) return [...held, ...events]
        return held.length > seq && events.every((event, i) => held[seq + i] === event) ? held : undefined
      }),
    breaks: ['an append that is sent again after another one is fenced'],
  },
  'the length is read, and then an append follows': {
    history: 'two statements without a transaction',
    open: () => holding(atEnd, { pause: turn }),
    breaks: ['of appends at one place one succeeds'],
  },
  'ids without their case': {
    history: 'a file for each id, on a file system that ignores case',
    open: () => holding(atEnd, { keyOf: (id) => id.toLowerCase() }),
    breaks: ['what was appended is in every later read'],
  },
  'only the first event of several': {
    history: 'a statement for each event, and a crash between them',
    open: () => holding((held, seq, events) => (held.length === seq ? [...held, ...events.slice(0, 1)] : undefined)),
    breaks: ['what was appended is in every later read'],
  },
  'one log for all names': {
    history: 'a key without the name of the log',
    open: (
      (common) => () =>
        common
    )(memory()),
    breaks: ['a new log is empty'],
  },
  'a removal by the start of the id': {
    history: 'a pattern of keys: `DEL log:a*`',
    open: () => {
      const { read, ...rest } = memory()
      const gone = new Set<string>()
      return {
        ...rest,
        read: (id) => ([...gone].some((start) => id.startsWith(start)) ? TE.right([]) : read(id)),
        remove: (id) => {
          gone.add(id)
          return rest.remove(id)
        },
      }
    },
    breaks: ['one exchange is removed'],
  },
  'a drop of the events that it has seen': {
    history: 'a statement of a database, which does not see the rows that were inserted since it has begun',
    open: () => {
      const lists = new Map<string, ReadonlyArray<string>>()
      const drop = async (before: Date): Promise<number> => {
        const seen = before.getTime() > 0 ? [...lists] : []
        await turn()
        for (const [id, events] of seen) lists.set(id, (lists.get(id) ?? []).slice(events.length))
        return seen.filter(([, events]) => events.length > 0).length
      }
      return {
        read: (id) => async () => E.right(lists.get(id) ?? []),
        append: (id, seq, events) => async () => {
          const next = atEnd(lists.get(id) ?? [], seq, events)
          if (next === undefined) return E.left(fenced(id))
          lists.set(id, next)
          return E.right(undefined)
        },
        drop: (before) => () => drop(before).then(E.right),
        remove: (id) => async () => {
          lists.delete(id)
          return E.right(undefined)
        },
      }
    },
    breaks: ['an append and a drop at the same time keep all events or none'],
  },
  'a drop of everything': {
    history: 'a time of seconds that is compared with one of milliseconds',
    open: () => {
      const { drop, ...rest } = memory()
      return { ...rest, drop: () => TE.map((count: number) => count)(drop(new Date(8.64e15))) }
    },
    breaks: ['what is old is dropped'],
  },
}

export const logs: Case = {
  set: 'log',
  lawful: log(memory),
  breakers: Object.entries(mistakes).map(([mistake, { open, ...rest }]) => ({ mistake, ...rest, rules: log(open) })),
}
