/**
 * Files that only this user can read and write. Another user may have placed a link, a FIFO or a writable file at the path
 * of a part file or its note; such a file is never opened as ours.
 */
import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, open } from 'node:fs/promises'
import { isOwn } from './FileTarget.js'

/** Whether this is a regular file of this user, with a single name, and without permissions for others. */
const isPrivate = (stats: Stats): boolean => {
  // Windows has no such modes.
  const isClosed = process.getuid === undefined || (stats.mode & 0o077) === 0
  return stats.isFile() && stats.nlink === 1 && isOwn(stats) && isClosed
}

/** Opens a private file. Returns undefined if the file is not private; throws if it cannot be opened. */
export const openPrivate = async (path: string, flags: number): Promise<readonly [FileHandle, Stats] | undefined> => {
  const file = await open(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  const stats = await file.stat().catch(() => undefined)
  if (stats !== undefined && isPrivate(stats)) return [file, stats]
  await file.close()
  return undefined
}

/** Creates a private file for writing. Throws if the path exists, even as a dangling link. */
export const createPrivate = (path: string): Promise<FileHandle> =>
  open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)

/** Returns the size of a private file in bytes; undefined if it does not exist or is not private. */
export const privateSize = async (path: string): Promise<number | undefined> => {
  const stats = await lstat(path).catch(() => undefined)
  return stats !== undefined && isPrivate(stats) ? stats.size : undefined
}
