/**
 * What a download is to be written to, by the path that the user gave.
 *
 * | the path names                          | the download                                                          |
 * |-----------------------------------------|-----------------------------------------------------------------------|
 * | nothing, or a plain file                | takes its place when all of it is there; keeps its mode and owner       |
 * | a symbolic link                         | takes the place of the file that the link names; the link stays        |
 * | a link or FIFO of another user, not root | is refused: in a shared folder anybody may have put it there           |
 * | a device, a FIFO, anything in `/dev` and `/proc` | is written into it, as by `curl -o`             |
 * | a folder, a socket, a FIFO that nobody reads within five seconds | is refused                                    |
 */
import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, open, readlink, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { orMissing } from './FileSystem.js'

/** `Plain` is replaced as a whole; `Special` is written into. */
export interface FileTarget {
  readonly _tag: 'Plain' | 'Special'
  readonly path: string
}

const MAX_LINKS = 40
const MAX_PAUSE_MS = 50

/**
 * Whether a file belongs to this user. Windows has no owners of this kind.
 * @internal
 */
export const isOwn = ({ uid }: Stats): boolean => {
  const own = process.getuid?.()
  return own === undefined || uid === own
}

const isTrusted = (stats: Stats): boolean => isOwn(stats) || stats.uid === 0

const refuse = (why: string): never => {
  throw new Error(why) // the caller makes a FileFailed of it
}

const checked = (stats: Stats, path: string): FileTarget => {
  if (stats.isFile()) return { _tag: 'Plain', path }
  if (stats.isDirectory()) return refuse(`"${path}" is a folder: name a file in it`)
  if (stats.isFIFO() && !isTrusted(stats)) return refuse(`The FIFO "${path}" belongs to another user`)
  return { _tag: 'Special', path }
}

/**
 * Finds out what a path names. Throws what the file system does.
 * @internal
 */
export const find = async (given: string): Promise<FileTarget> => {
  let path = resolve(given)
  // What is open already has no name that could be replaced: /dev/stdout leads to a file, or to a pipe.
  if (/^\/(?:dev|proc)\//.test(path)) {
    const stats = await orMissing(stat(path))
    if (stats === undefined) return { _tag: 'Plain', path }
    if (stats.isDirectory()) return checked(stats, path)
    return path.startsWith('/dev/shm/') && stats.isFile() ? { _tag: 'Plain', path } : { _tag: 'Special', path }
  }
  for (let links = 0; links < MAX_LINKS; links++) {
    const stats = await orMissing(lstat(path))
    if (stats === undefined) return { _tag: 'Plain', path }
    if (!stats.isSymbolicLink()) return checked(stats, path)
    if (!isTrusted(stats)) return refuse(`The symbolic link "${path}" belongs to another user`)
    const next = resolve(dirname(path), await readlink(path))
    if (/^\/(?:dev|proc)\//.test(next)) return find(next)
    path = next
  }
  return refuse(`"${given}" leads through more than ${MAX_LINKS} symbolic links`)
}

const isFull = (cause: unknown): boolean => cause instanceof Error && 'code' in cause && cause.code === 'EAGAIN'

/**
 * Writes all of a piece. A FIFO or terminal that is full is tried again until its reader has made room.
 * @internal
 */
export const writeAll = async (file: FileHandle, bytes: Uint8Array, signal?: AbortSignal): Promise<void> => {
  let pause = 1
  for (let at = 0; at < bytes.length; ) {
    try {
      at += (await file.write(bytes, at, bytes.length - at, null)).bytesWritten
      pause = 1
    } catch (cause) {
      if (!isFull(cause)) throw cause // the caller makes a FileFailed of it
      await sleep(pause, undefined, signal === undefined ? {} : { signal })
      pause = Math.min(2 * pause, MAX_PAUSE_MS)
    }
  }
}

const READER_TIMEOUT_MS = 5000

const isUnread = (cause: unknown): boolean => cause instanceof Error && 'code' in cause && cause.code === 'ENXIO'

/**
 * Opens what is written into. The reader of a FIFO has five seconds to come.
 * @internal
 */
export const openSpecial = async (path: string, signal?: AbortSignal): Promise<FileHandle> => {
  const last = Date.now() + READER_TIMEOUT_MS
  for (;;) {
    try {
      return await open(path, constants.O_WRONLY | constants.O_TRUNC | constants.O_NONBLOCK)
    } catch (cause) {
      if (!isUnread(cause)) throw cause // the caller makes a FileFailed of it
      const isFifo = (await stat(path)).isFIFO()
      if (!isFifo) return refuse(`"${path}" cannot be written into`)
      if (Date.now() > last) return refuse(`Nobody reads the FIFO "${path}"`)
      await sleep(MAX_PAUSE_MS, undefined, signal === undefined ? {} : { signal })
    }
  }
}

const without = (mode: number, bits: number): number => mode & ~bits

/**
 * Gives a finished file the mode and the owner of the one whose place it takes; of a new one, the mode of the umask.
 * @internal
 */
export const adoptPermissions = async (file: FileHandle, path: string): Promise<void> => {
  const old = await orMissing(lstat(path))
  if (old === undefined || !old.isFile()) return file.chmod(without(0o666, process.umask()))
  const own = await file.stat()
  let mode = old.mode & 0o777
  if (own.uid !== old.uid || own.gid !== old.gid) {
    try {
      await file.chown(old.uid, old.gid)
    } catch {
      // Only root may give a file away. Another group must not read what the old one alone could.
      if (own.gid !== old.gid) mode = without(mode, 0o070)
    }
  }
  await file.chmod(mode)
}
