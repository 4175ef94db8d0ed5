/**
 * A log in a folder, for the processes of one machine: a file for each exchange, with a line for each event. Its name is the
 * SHA-256 of the id, so that ids may have any characters and any case.
 *
 * An append replaces the file under a lock, and is on the disk when it ends: see `TextFile`.
 */
import * as E from 'fp-ts/lib/Either.js'
import { withLock } from '../transport/download/FileLock.js'
import { codeOf, orMissing } from '../transport/download/FileSystem.js'
import { join, mkdir, readdir, rm, stat } from '../transport/download/NodeFiles.js'
import * as Hash from '../values/Hash.js'
import * as Printable from '../values/Printable.js'
import type { Log } from './Log.js'
import { isText } from './StoreOptions.js'
import * as TextFile from './TextFile.js'
import { invalid, type LogDatabase, type LogOptions, makeAt } from './TextLog.js'

const EXTENSION = '.jsonl'
const FILE = /^[0-9a-f]{64}\.jsonl$/
/** What a process has left that was killed while it wrote. */
const TEMPORARY = /^([0-9a-f]{64}\.jsonl)\.[0-9a-f-]{36}$/

const linesOf = (text: string | undefined): ReadonlyArray<string> =>
  text === undefined ? [] : text.split('\n').slice(0, -1)

const isMissing = (cause: unknown): boolean => codeOf(cause) === 'ENOENT'

/** Makes the folder, if its parent exists. Only its owner may read it. */
const makeFolder = async (path: string): Promise<void> => {
  await mkdir(path, { mode: 0o700 }).catch((cause: unknown) =>
    codeOf(cause) === 'EEXIST' ? undefined : Promise.reject(cause),
  )
}

/** Removes a file that was not changed since a time, while it holds the lock of an exchange. */
const removeOld = async (path: string, before: number, exchange = path): Promise<boolean> => {
  const isOld = async (): Promise<boolean> => {
    const stats = await orMissing(stat(path))
    return stats !== undefined && stats.mtimeMs < before
  }
  if (!(await isOld())) return false
  const removed = await withLock(exchange)(async () => {
    if (!(await isOld())) return false
    await rm(path, { force: true })
    return true
  })
  return E.isRight(removed) ? removed.right : Promise.reject(new Error(removed.left))
}

const databaseOf = (folder: string): LogDatabase => {
  const pathOf = (id: string): string => join(folder, `${Hash.hex('sha256', id)}${EXTENSION}`)

  const appendTo = (path: string, seq: number, texts: ReadonlyArray<string>) =>
    TextFile.change<'Fenced'>(path, (old) => {
      const lines = linesOf(old)
      return lines.length === seq ? E.right([...lines, ...texts, ''].join('\n')) : E.left('Fenced')
    })

  return {
    read: async (id) => {
      const text = await TextFile.read(pathOf(id))
      return E.isRight(text) ? linesOf(text.right) : Promise.reject(new Error(text.left.message))
    },
    append: async (id, seq, texts) => {
      if (texts.some((text) => text.includes('\n')))
        return Promise.reject(new Error('an event must be one line; the cipher must not return line breaks'))
      if ((await stat(folder).catch((cause) => (isMissing(cause) ? undefined : Promise.reject(cause)))) === undefined)
        await makeFolder(folder)
      const changed = await appendTo(pathOf(id), seq, texts)
      if (E.isRight(changed)) return true
      return changed.left === 'Fenced' ? false : Promise.reject(new Error(changed.left.message))
    },
    drop: async (before) => {
      const names = (await orMissing(readdir(folder))) ?? []
      let removed = 0
      for (const name of names) {
        const [, exchange] = TEMPORARY.exec(name) ?? []
        if (exchange !== undefined) await removeOld(join(folder, name), before, join(folder, exchange))
        else if (FILE.test(name) && (await removeOld(join(folder, name), before))) removed += 1
      }
      return removed
    },
    remove: async (id) => {
      await removeOld(pathOf(id), Number.POSITIVE_INFINITY)
    },
  }
}

/**
 * Returns the log in a folder, which is made with the first event, in a folder that exists.
 *
 * @since 0.2.0
 * @category constructors
 */
export const file = (folder: string, options: LogOptions = {}): Log => {
  if (!isText(folder)) return invalid('a log in a folder', 'its path must be text without control characters')
  return makeAt(`the log in the folder ${Printable.quoted(folder)}`, 'file', options, () => databaseOf(folder))
}
