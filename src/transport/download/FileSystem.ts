/** File system operations shared by downloads and locks: error codes, exclusive creation, and syncing a folder. */
import { constants } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

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

/** Creates a file with mode 0600 and that content. Returns false if the path exists. Throws any other error. */
export const createExclusive = async (path: string, text: string): Promise<boolean> => {
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(text)
    } catch (cause) {
      await rm(path, { force: true })
      throw cause // a full disk: the public functions turn it into a Left
    } finally {
      await file.close()
    }
    return true
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false
    throw cause // the public functions turn it into a Left
  }
}

/** Syncs the folder of a path to the disk, so that a rename in it survives a crash. */
export const syncFolder = async (path: string): Promise<void> => {
  try {
    const folder = await open(dirname(path), constants.O_RDONLY)
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  } catch {
    // Windows and some network file systems cannot sync a folder. The file itself is on the disk.
  }
}
