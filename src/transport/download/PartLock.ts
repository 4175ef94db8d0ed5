/**
 * Says which download owns a part file: a lock file with the process that made it, beside the part.
 *
 * | a lock                                                         | is                                       |
 * |----------------------------------------------------------------|------------------------------------------|
 * | of a process of this host that runs                            | respected                                |
 * | of a process of this host that does not run                    | removed                                  |
 * | of this process id, older than this process                    | removed (containers start with one id)   |
 * | of another host, or unreadable, and not touched for ten minutes | removed                                  |
 *
 * A lock only decides who may go on with a part. Whoever begins anew writes to a new file, so that even a lock that was
 * removed in error never mixes two downloads.
 */
import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { type FileHandle, link, open, rename, rm } from 'node:fs/promises'
import { codeOf } from './FileSystem.js'
import * as LockOwner from './LockOwner.js'

/** Removes the lock. */
export type Release = () => Promise<void>

const SILENCE_MS = 600_000
const MAX_OCTETS = 4096
const ATTEMPTS = 3

interface Seen {
  readonly stats: Stats
  readonly owner: LockOwner.Owner | undefined
}

/** What stands there; `undefined` if it is gone, or no file to be read. */
const seen = async (path: string): Promise<Seen | undefined> => {
  let file: FileHandle | undefined
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const stats = await file.stat()
    if (!stats.isFile() || stats.size > MAX_OCTETS) return undefined
    return { stats, owner: LockOwner.read(await file.readFile('utf8')) }
  } catch {
    return undefined
  } finally {
    await file?.close()
  }
}

const isStale = ({ stats, owner }: Seen, lastWrite: number): boolean => {
  const state = LockOwner.stateOf(owner, stats.mtimeMs)
  if (state === 'Unknown') return Date.now() - Math.max(stats.mtimeMs, lastWrite) > SILENCE_MS
  return state === 'Ended'
}

/** Takes a stale lock away, and puts back one that somebody else has made meanwhile. */
const remove = async (path: string, stale: Seen, token: string): Promise<void> => {
  const aside = `${path}.${token}`
  try {
    await rename(path, aside)
  } catch {
    return // another download was first
  }
  const taken = await seen(aside)
  if (taken?.stats.ino !== stale.stats.ino) await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
}

const release =
  (path: string, token: string): Release =>
  async () => {
    LockOwner.release(token)
    const now = await seen(path)
    // A lock that cannot be removed is found stale later.
    if (now?.owner?.token === token) await rm(path, { force: true }).catch(() => undefined)
  }

/**
 * Takes the lock; `undefined` where another download holds it. `lastWrite` is when its part was written last, in
 * milliseconds since the epoch. Throws what the file system does.
 */
export const take = async (path: string, lastWrite: number): Promise<Release | undefined> => {
  const token = randomBytes(8).toString('hex')
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      const file = await open(path, 'wx', 0o600)
      try {
        await file.writeFile(LockOwner.write(token))
      } catch (cause) {
        LockOwner.release(token)
        await rm(path, { force: true })
        throw cause // a full disk: the caller makes a FileFailed of it
      } finally {
        await file.close()
      }
      return release(path, token)
    } catch (cause) {
      if (codeOf(cause) !== 'EEXIST') throw cause // the caller makes a FileFailed of it
    }
    const other = await seen(path)
    if (other === undefined || !isStale(other, lastWrite)) return undefined
    await remove(path, other, token)
  }
  return undefined
}
