/**
 * Codes of file system errors, and writing a folder to the disk.
 */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The code of a file system error, such as `ENOENT`. */
export const codeOf = (cause: unknown): unknown =>
  typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined

/** The result of an operation; undefined if its file does not exist. Throws any other error. */
export const orMissing = async <A>(operation: Promise<A>): Promise<A | undefined> => {
  try {
    return await operation
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined
    throw cause // the callers of this layer make a Left of it
  }
}

/** Writes the folder of a path to the disk, so that a rename in it survives a crash. */
export const syncFolder = async (path: string): Promise<void> => {
  try {
    const folder = await open(dirname(path), constants.O_RDONLY)
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  } catch {
    // Windows and some network file systems cannot. The file itself is on the disk.
  }
}
