/**
 * A log on top of a database that keeps lists of texts. It is the same for every database: ids are checked, events are sealed by
 * the cipher, and failures become errors. The database only compares the length of a list and appends.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as Printable from '../values/Printable.js'
import type { Cipher } from './Cipher.js'
import { failed, type Log, type LogFailed, type LogReason } from './Log.js'
import { type Attempt, attemptWith, isName, problem, settingsOf } from './StoreOptions.js'

/**
 * Options of every log.
 *
 * @since 0.2.0
 * @category model
 */
export interface LogOptions {
  /** Seals what is stored. By default it is stored in plain text. */
  readonly cipher?: Cipher
  /** The time limit of an operation, in milliseconds: 10,000 by default. `Durable` waits at most 30,000. */
  readonly timeout?: number
}

/** What a database does. Its promises may reject. */
export interface LogDatabase {
  /** Returns the texts of a list, oldest first. */
  readonly read: (id: string) => Promise<ReadonlyArray<string>>
  /**
   * Appends all texts if the list has `seq` of them, or none. Returns whether they are the last ones of the list. They may be there
   * already, because a client may send a command again when its connection was lost.
   */
  readonly append: (id: string, seq: number, texts: ReadonlyArray<string>) => Promise<boolean>
  /** Removes the lists whose last text was stored before a time, in epoch milliseconds. Returns their number. */
  readonly drop: (before: number) => Promise<number>
  /** Removes a list. */
  readonly remove: (id: string) => Promise<void>
}

const FENCED = 'another run has written to it, and continues the exchange; this run stores and sends nothing more'

const INVALID_ID = 'the id must be text of 1 to 255 characters, without control characters'

interface LogSettings {
  readonly cipher: Cipher | undefined
  readonly timeout: number
}

const make = (log: string, name: string, database: LogDatabase, { cipher, timeout }: LogSettings): Log => {
  const contextOf = (id: string, seq: number): string => `requests-ts/log\n${name}\n${id}\n${seq}`

  const run = <A>(operation: LogFailed['operation'], id: string | undefined, work: () => Attempt<A, LogReason>) => {
    const about = id === undefined ? { operation, log } : { operation, log, id }
    return attemptWith<LogReason, LogFailed>(timeout, ({ reason, message }) => failed(about, reason, message))(work)
  }

  const opened = async (id: string, texts: ReadonlyArray<string>): Attempt<ReadonlyArray<string>, LogReason> => {
    if (cipher === undefined) return E.right(texts)
    const events: string[] = []
    const results = await Promise.all(texts.map((text, seq) => cipher.open(text, contextOf(id, seq))()))
    for (const [seq, event] of results.entries()) {
      if (E.isLeft(event)) return problem('Unreadable', `event ${seq}: ${Printable.messageOf(event.left)}`)
      events.push(event.right)
    }
    return E.right(events)
  }

  const sealed = async (
    id: string,
    seq: number,
    events: ReadonlyArray<string>,
  ): Attempt<ReadonlyArray<string>, LogReason> => {
    if (cipher === undefined) return E.right(events)
    const texts: string[] = []
    const results = await Promise.all(events.map((event, i) => cipher.seal(event, contextOf(id, seq + i))()))
    for (const text of results) {
      if (E.isLeft(text)) return problem('Unwritable', Printable.messageOf(text.left))
      texts.push(text.right)
    }
    return E.right(texts)
  }

  return {
    name: log,
    read: (id) =>
      run('read', id, async () => (isName(id) ? opened(id, await database.read(id)) : problem('Invalid', INVALID_ID))),
    append: (id, seq, events) =>
      run('append', id, async () => {
        if (!isName(id)) return problem('Invalid', INVALID_ID)
        const texts = await sealed(id, seq, events)
        if (E.isLeft(texts)) return texts
        return (await database.append(id, seq, texts.right)) ? E.right(undefined) : problem('Fenced', FENCED)
      }),
    drop: (before) =>
      run('drop', undefined, async () => {
        const time = before instanceof Date ? before.getTime() : Number.NaN
        if (Number.isNaN(time)) return problem('Invalid', 'the time must be a valid Date')
        return E.right(await database.drop(time))
      }),
    remove: (id) =>
      run('remove', id, async () => (isName(id) ? E.right(await database.remove(id)) : problem('Invalid', INVALID_ID))),
  }
}

/** Returns a log whose operations fail, because what it was made of is not valid. */
export const invalid = (log: string, reason: string): Log => ({
  read: (id) => async () => E.left(failed({ operation: 'read', log, id }, 'Invalid', reason)),
  append: (id) => async () => E.left(failed({ operation: 'append', log, id }, 'Invalid', reason)),
  drop: () => async () => E.left(failed({ operation: 'drop', log }, 'Invalid', reason)),
  remove: (id) => async () => E.left(failed({ operation: 'remove', log, id }, 'Invalid', reason)),
})

/** Makes a log, unless what it is made of is not valid. The left of `database` says why. */
export const makeNamed = (
  place: string,
  name: string,
  options: LogOptions,
  database: E.Either<string, IO<LogDatabase>>,
): Log => {
  if (!isName(name))
    return invalid(`a log in ${place}`, 'its name must be text of at most 255 characters, without control characters')
  const log = `the log ${Printable.quoted(name)} in ${place}`
  return E.isLeft(database) ? invalid(log, database.left) : makeAt(log, name, options, database.right)
}

/** Makes a log, unless its options are not valid. `log` says what it is, in messages; `name` is what its events are sealed for. */
export const makeAt = (log: string, name: string, options: LogOptions, database: IO<LogDatabase>): Log => {
  const settings = settingsOf(options)
  return E.isLeft(settings) ? invalid(log, settings.left) : make(log, name, database(), settings.right)
}

/** Returns a database in the memory of this process. `now`: epoch milliseconds. */
export const inMemory = (now: IO<number>): LogDatabase => {
  const lists = new Map<string, { readonly texts: ReadonlyArray<string>; readonly storedAt: number }>()
  return {
    read: async (id) => lists.get(id)?.texts ?? [],
    append: async (id, seq, texts) => {
      const known = lists.get(id)?.texts ?? []
      if (known.length !== seq) return false
      lists.set(id, { texts: [...known, ...texts], storedAt: now() })
      return true
    },
    drop: async (before) => {
      const old = [...lists].filter(([, { storedAt }]) => storedAt < before)
      for (const [id] of old) lists.delete(id)
      return old.length
    },
    remove: async (id) => {
      lists.delete(id)
    },
  }
}
