/**
 * A text file that several processes change. A change holds `PATH.lock` while it reads and writes. A new file replaces the old one
 * atomically, is on the disk when the change ends, and only its owner may read it (mode 0600).
 */
import * as E from 'fp-ts/lib/Either.js'
import type { StoreFailed } from '../session/StoreError.js'
import { type LockHandle, withLock } from '../transport/download/FileLock.js'
import { createPrivate, orMissing, syncFolder, withFile } from '../transport/download/FileSystem.js'
import {
  basename,
  dirname,
  join,
  randomUUID,
  readFile,
  realpath,
  rename,
  rm,
  stat,
} from '../transport/download/NodeFiles.js'
import * as Printable from '../values/Printable.js'

/** Makes the error of a file. */
export const failed = (path: string, cause: unknown): StoreFailed => ({
  _tag: 'StoreFailed',
  path,
  message: Printable.messageOf(cause),
})

const write = async (path: string, text: string, { isHeld }: LockHandle): Promise<void> => {
  const temporary = `${path}.${randomUUID()}`
  try {
    await withFile(await createPrivate(temporary), async (file) => {
      await file.writeFile(text)
      await file.sync()
    })
    if (!(await isHeld()))
      throw new Error('Another process took over the lock of the file; nothing was written. Try again')
    await rename(temporary, path)
    await syncFolder(path)
  } catch (cause) {
    await rm(temporary, { force: true })
    throw cause // `change` turns it into StoreFailed
  }
}

/** Resolves symbolic links, so that every name of the file has the same lock. */
const targetOf = async (path: string): Promise<string> =>
  (await orMissing(realpath(path))) ?? join(await realpath(dirname(path)), basename(path))

/** Returns the text of the file; `undefined` if it does not exist. */
export const read = async (path: string): Promise<E.Either<StoreFailed, string | undefined>> => {
  try {
    return E.right(await orMissing(readFile(path, 'utf8')))
  } catch (cause) {
    return E.left(failed(path, cause))
  }
}

/**
 * Replaces the text of the file by the result of a function, which gets the old text, or `undefined` if the file does not exist.
 * After an error, the file is unchanged.
 */
export const change = async <E1>(
  path: string,
  update: (old: string | undefined) => Promise<E.Either<E1, string>> | E.Either<E1, string>,
): Promise<E.Either<E1 | StoreFailed, void>> => {
  try {
    const target = await targetOf(path)
    const stats = await orMissing(stat(target))
    if (stats !== undefined && !stats.isFile()) return E.left(failed(path, `"${path}" is not a regular file`))
    const written = await withLock(target)(async (lock): Promise<E.Either<E1, void>> => {
      const text = await update(await orMissing(readFile(target, 'utf8')))
      return E.isLeft(text) ? text : E.right(await write(target, text.right, lock))
    })
    return E.isLeft(written) ? E.left(failed(path, written.left)) : written.right
  } catch (cause) {
    return E.left(failed(path, cause))
  }
}
