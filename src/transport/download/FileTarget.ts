/**
 * Finds out what a path names, and how a download writes to it.
 *
 * | path                                              | download                                                      |
 * |---------------------------------------------------|---------------------------------------------------------------|
 * | does not exist, or is a regular file              | is replaced when the download is complete; mode and owner stay |
 * | is a symbolic link                                | the file to which it points is replaced; the link stays       |
 * | is a link or FIFO of another user (except root)   | fails: in a shared folder, anybody may have placed it there   |
 * | is a device, a FIFO, or in `/dev` or `/proc`      | is written to directly, as `curl -o` does                     |
 * | is a folder, a socket, or a FIFO without a reader for five seconds | fails                                        |
 */
import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import * as NodeModules from '../../wire/NodeModules.js'
import { codeOf, isOwn, orMissing } from './FileSystem.js'
import { constants, delay, dirname, lstat, open, readlink, resolve, stat } from './NodeFiles.js'

/** A `Plain` file is replaced as a whole; a `Special` file is written to directly. */
export interface FileTarget {
  readonly _tag: 'Plain' | 'Special'
  readonly path: string
}

const MAX_LINKS = 40
const MAX_PAUSE_MS = 50
const READER_TIMEOUT_MS = 5000
// /dev/stdout and the like name open files and pipes, which cannot be replaced by a rename.
const SYSTEM_PATH = /^\/(?:dev|proc)\//
const isTrusted = (stats: Stats): boolean => isOwn(stats) || stats.uid === 0

const fail = (message: string): never => {
  throw new Error(message) // `PartFile.attempt` turns it into FileFailed
}

const targetOf = (stats: Stats, path: string): FileTarget => {
  if (stats.isFile()) return { _tag: 'Plain', path }
  if (stats.isDirectory()) return fail(`"${path}" is a folder: name a file in it`)
  if (stats.isFIFO() && !isTrusted(stats)) return fail(`The FIFO "${path}" belongs to another user`)
  return { _tag: 'Special', path }
}

export const find = async (given: string): Promise<FileTarget> => {
  let path = resolve(given)
  if (SYSTEM_PATH.test(path)) {
    const stats = await orMissing(stat(path))
    if (stats === undefined) return { _tag: 'Plain', path }
    if (stats.isDirectory()) return targetOf(stats, path)
    return path.startsWith('/dev/shm/') && stats.isFile() ? { _tag: 'Plain', path } : { _tag: 'Special', path }
  }
  for (let links = 0; links < MAX_LINKS; links++) {
    const stats = await orMissing(lstat(path))
    if (stats === undefined) return { _tag: 'Plain', path }
    if (!stats.isSymbolicLink()) return targetOf(stats, path)
    if (!isTrusted(stats)) return fail(`The symbolic link "${path}" belongs to another user`)
    const next = resolve(dirname(path), await readlink(path))
    if (SYSTEM_PATH.test(next)) return find(next)
    path = next
  }
  return fail(`"${given}" has more than ${MAX_LINKS} symbolic links`)
}

/**
 * The most bytes of one write, such as to a FIFO. Deno 2.9 may write a part of the bytes before it reports EAGAIN, and they
 * would be written twice. POSIX writes up to 512 bytes of a FIFO all or not at all, and Linux up to 4,096.
 */
const MAX_WRITE_BYTES = NodeModules.runtime === 'Deno' ? 512 : Number.POSITIVE_INFINITY

/** Writes a whole chunk. If a FIFO or terminal is full, tries again until its reader has read from it. */
export const writeAll = async (
  file: FileHandle,
  { _tag }: Pick<FileTarget, '_tag'>,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<void> => {
  const most = _tag === 'Special' ? MAX_WRITE_BYTES : bytes.length
  let pause = 1
  for (let at = 0; at < bytes.length; ) {
    try {
      at += (await file.write(bytes, at, Math.min(most, bytes.length - at), null)).bytesWritten
      pause = 1
    } catch (cause) {
      if (codeOf(cause) !== 'EAGAIN') throw cause // `PartFile.attempt` turns it into FileFailed
      await delay(pause, undefined, signal === undefined ? {} : { signal })
      pause = Math.min(2 * pause, MAX_PAUSE_MS)
    }
  }
}

/** Opens a special file for writing. Waits up to five seconds for the reader of a FIFO. */
export const openSpecial = async (path: string, signal?: AbortSignal): Promise<FileHandle> => {
  const end = Date.now() + READER_TIMEOUT_MS
  for (;;) {
    try {
      return await open(path, constants.O_WRONLY | constants.O_TRUNC | constants.O_NONBLOCK)
    } catch (cause) {
      if (codeOf(cause) !== 'ENXIO') throw cause // `PartFile.attempt` turns it into FileFailed
      if (!(await stat(path)).isFIFO()) return fail(`"${path}" cannot be opened for writing`)
      if (Date.now() > end)
        return fail(`No program opened the FIFO "${path}" for reading within ${READER_TIMEOUT_MS / 1000} s`)
      await delay(MAX_PAUSE_MS, undefined, signal === undefined ? {} : { signal })
    }
  }
}

/** Gives a finished file the mode and owner of the file that it replaces. A new file gets the default mode (umask). */
export const adoptPermissions = async (file: FileHandle, path: string): Promise<void> => {
  const old = await orMissing(lstat(path))
  if (old === undefined || !old.isFile()) return file.chmod(0o666 & ~process.umask())
  const stats = await file.stat()
  let mode = old.mode & 0o777
  if (stats.uid !== old.uid || stats.gid !== old.gid) {
    try {
      await file.chown(old.uid, old.gid)
    } catch {
      // Only root may change the owner. A different group must not gain the permissions of the old group.
      if (stats.gid !== old.gid) mode &= ~0o070
    }
  }
  await file.chmod(mode)
}
