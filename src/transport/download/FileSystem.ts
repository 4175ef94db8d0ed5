/** File system operations shared by downloads and locks. */
import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { constants, dirname, lstat, open, rm } from './NodeFiles.js'

/** Returns the code of a file system error, such as `ENOENT`. */
export const codeOf = (cause: unknown): unknown =>
  typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined

/** Returns the result of an operation, or undefined if its file does not exist. Throws any other error. */
export const orMissing = async <A>(operation: Promise<A>): Promise<A | undefined> => {
  try {
    return await operation
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined
    throw cause // the public functions turn it into a Left
  }
}

export const withFile = async <A>(file: FileHandle, use: (file: FileHandle) => Promise<A>): Promise<A> => {
  try {
    return await use(file)
  } finally {
    await file.close()
  }
}

export const prepared = async (file: FileHandle, prepare: () => Promise<void>): Promise<FileHandle> => {
  try {
    await prepare()
    return file
  } catch (cause) {
    await file.close()
    throw cause // the public functions turn it into a Left
  }
}

/** Creates a file with mode 0600 and that content. Returns false if the path exists. Throws any other error. */
export const createExclusive = async (path: string, text: string): Promise<boolean> => {
  try {
    await withFile(await createPrivate(path), (file) =>
      file.writeFile(text).catch(async (cause) => {
        await rm(path, { force: true })
        throw cause // a full disk: the public functions turn it into a Left
      }),
    )
    return true
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false
    throw cause // the public functions turn it into a Left
  }
}

/** Syncs the folder of a path to the disk, so that a rename in it survives a crash. */
export const syncFolder = async (path: string): Promise<void> => {
  try {
    await withFile(await open(dirname(path), constants.O_RDONLY), (folder) => folder.sync())
  } catch {
    // Windows and some network file systems cannot sync a folder. The file itself is on the disk.
  }
}

// Only this user can read and write a private file. Another user may have placed a link, a FIFO or a writable file at the
// path of a part file or its note; such a file is never opened as ours.

/** Whether a file belongs to this user. Always true on Windows, which has no such owners. */
export const isOwn = ({ uid }: Stats): boolean => {
  const own = process.getuid?.()
  return own === undefined || uid === own
}

/** Whether this is a regular file of this user, with a single name, and without permissions for others. */
const isPrivate = (stats: Stats): boolean => {
  const isClosed = process.getuid === undefined || (stats.mode & 0o077) === 0 // Windows has no such modes.
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

/** Creates a private file for writing (`wx+`: reading too). Throws if the path exists, even as a dangling link. */
export const createPrivate = (path: string, flags: 'wx' | 'wx+' = 'wx'): Promise<FileHandle> => open(path, flags, 0o600)

/** Returns the size of a private file in bytes; undefined if it does not exist or is not private. */
export const privateSize = async (path: string): Promise<number | undefined> => {
  const stats = await lstat(path).catch(() => undefined)
  return stats !== undefined && isPrivate(stats) ? stats.size : undefined
}
