/**
 * The lock that decides which download owns a part file. The lock file is next to the part and names its process.
 *
 * | lock                                                              | result                                     |
 * |-------------------------------------------------------------------|--------------------------------------------|
 * | of a running process on this host                                 | respected                                  |
 * | of a process on this host that has ended                          | removed                                    |
 * | of this process id, but older than this process                   | removed (containers often reuse ids)       |
 * | of another host, or unreadable; part unchanged for ten minutes    | removed                                    |
 *
 * The lock only decides who may resume a part. A new part is always a new file, so even a lock that was removed by mistake
 * never mixes two downloads.
 */
import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { type FileHandle, link, open, rename, rm } from 'node:fs/promises'
import { createExclusive } from './FileSystem.js'
import * as LockOwner from './LockOwner.js'

/** Removes the lock. */
export type Release = () => Promise<void>

const STALE_MS = 600_000
const MAX_BYTES = 4096
const MAX_ATTEMPTS = 3

interface LockFile {
  readonly stats: Stats
  readonly owner: LockOwner.Owner | undefined
}

/** Reads a lock file; undefined if it is missing or cannot be read. */
const readLock = async (path: string): Promise<LockFile | undefined> => {
  let file: FileHandle | undefined
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const stats = await file.stat()
    if (!stats.isFile() || stats.size > MAX_BYTES) return undefined
    return { stats, owner: LockOwner.read(await file.readFile('utf8')) }
  } catch {
    return undefined
  } finally {
    await file?.close()
  }
}

const isStale = ({ stats, owner }: LockFile, lastWrite: number): boolean => {
  const state = LockOwner.stateOf(owner, stats.mtimeMs)
  if (state === 'Unknown') return Date.now() - Math.max(stats.mtimeMs, lastWrite) > STALE_MS
  return state === 'Ended'
}

/** Removes a stale lock, and restores a new lock that another download has made in the meantime. */
const removeStale = async (path: string, stale: LockFile, token: string): Promise<void> => {
  const aside = `${path}.${token}`
  try {
    await rename(path, aside)
  } catch {
    return // another download removed it first
  }
  const moved = await readLock(aside)
  if (moved?.stats.ino !== stale.stats.ino) await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
}

const release =
  (path: string, token: string): Release =>
  async () => {
    LockOwner.release(token)
    const current = await readLock(path)
    // A lock that cannot be removed becomes stale.
    if (current?.owner?.token === token) await rm(path, { force: true }).catch(() => undefined)
  }

/**
 * Takes the lock. Returns undefined if another download holds it. `lastWrite` is the time of the last write to the part, in
 * milliseconds since the epoch. Throws the error of the file system.
 */
export const take = async (path: string, lastWrite: number): Promise<Release | undefined> => {
  const token = randomBytes(8).toString('hex')
  const text = LockOwner.write(token)
  let isTaken = false
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      isTaken = await createExclusive(path, text)
      if (isTaken) return release(path, token)
      const other = await readLock(path)
      if (other === undefined || !isStale(other, lastWrite)) return undefined
      await removeStale(path, other, token)
    }
    return undefined
  } finally {
    if (!isTaken) LockOwner.release(token)
  }
}
