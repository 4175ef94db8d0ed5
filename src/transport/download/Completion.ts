/** Ends a download: gives a complete file its name, or makes sure that what is left is not resumed. */
import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import type * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as FileDigest from './FileDigest.js'
import { syncFolder, withFile } from './FileSystem.js'
import * as FileTarget from './FileTarget.js'
import { constants, lstat, open, rename, rm } from './NodeFiles.js'
import { attemptUntilAborted, type ClaimedPath, type FileFailed, type Target } from './PartFile.js'
import * as PartNote from './PartNote.js'

/** Makes sure that the next download does not resume: removes the note, or the part of a download that is not the owner. */
export const preventResume = async (claimed: ClaimedPath): Promise<void> => {
  if (claimed.target._tag !== 'Plain') return
  const removed = claimed.isOwner ? PartNote.remove(claimed.part) : rm(claimed.part, { force: true })
  await removed.catch(() => undefined) // A file that cannot be removed does no harm.
}

/** Removes a part whose bytes are wrong, and its note. */
export const removePart = async (claimed: ClaimedPath): Promise<void> => {
  if (claimed.target._tag !== 'Plain') return
  await preventResume(claimed)
  await rm(claimed.part, { force: true }).catch(() => undefined) // Without a note, it is not resumed.
}

const isSameFile = (x: Stats, y: Stats): boolean => x.isFile() && x.ino === y.ino && x.dev === y.dev

/** Returns whether the path of the part still names this open file. False if that is not known. */
export const isPart = async ({ part }: ClaimedPath, file: FileHandle): Promise<boolean> => {
  try {
    return isSameFile(await lstat(part), await file.stat())
  } catch {
    return false
  }
}

/** Renames a file. A rename over a network may be done although a failure is reported, because a reply was lost. */
const renameTo = async (path: string, part: string, stats: Stats): Promise<void> => {
  try {
    await rename(part, path)
  } catch (cause) {
    const named = await lstat(path).catch(() => undefined)
    if (named === undefined || !isSameFile(named, stats)) throw cause // `attempt` turns it into FileFailed
  }
}

/** Gives the part the name and the permissions of the target. */
const replaceTarget = async ({ part, target }: ClaimedPath, file: FileHandle): Promise<Stats> => {
  await FileTarget.adoptPermissions(file, target.path)
  await file.sync()
  const stats = await file.stat()
  if (!isSameFile(await lstat(part), stats)) throw new Error(`"${part}" was replaced by another program`)
  await renameTo(target.path, part, stats)
  return stats
}

/** Writes the note of a finished file. If that is not possible, the next download requests the file again. */
const noteFinished = async ({ claimed: { part }, mayResume }: Target, stats: Stats): Promise<void> => {
  try {
    if (mayResume) return await PartNote.finish(part, stats)
  } catch {
    // A full disk.
  }
  await PartNote.remove(part).catch(() => undefined) // A note without its part is not used.
}

/**
 * Gives a complete part the name of its target. Throws only if the target was not replaced, or if that is not known: what fails
 * after the rename does not make the download fail.
 */
export const finish = async (whole: Target, file: FileHandle): Promise<void> => {
  const { claimed } = whole
  let stats: Stats
  try {
    stats = await replaceTarget(claimed, file)
  } catch (cause) {
    await file.chmod(0o600).catch(() => undefined) // Otherwise the part could not be resumed.
    throw cause // `attempt` turns it into FileFailed
  }
  await syncFolder(claimed.target.path)
  if (claimed.isOwner) await noteFinished(whole, stats)
}

/** Verifies the digest of a finished file. If it is wrong, the next download does not start from this file. */
export const verifyFinished = (
  target: Target,
  size: number,
): Promise<E.Either<FileFailed, O.Option<FileDigest.Corrupt>>> =>
  attemptUntilAborted(target, async () => {
    const { claimed, digest, signal } = target
    if (O.isNone(digest)) return O.none
    const corrupt = await withFile(await open(claimed.target.path, constants.O_RDONLY), (file) =>
      FileDigest.verify(digest, file, size, signal),
    )
    if (O.isSome(corrupt)) await preventResume(claimed)
    return corrupt
  })
