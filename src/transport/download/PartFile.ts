/**
 * The files of a download: `PATH.part` holds the bytes received so far, `PATH.part.json` the note about them.
 *
 * | file             | during the download             | after a failure | after success                                       |
 * |------------------|---------------------------------|-----------------|-----------------------------------------------------|
 * | `PATH`           | the old file                    | the old file    | the new file, renamed atomically after fsync        |
 * | `PATH.part`      | bytes, readable only by its owner | kept          | removed                                             |
 * | `PATH.part.json` | note, if the download can resume | kept           | kept if `existing` is `Resume`, so that the next download only checks for changes |
 * | `PATH.part.lock` | lock of the owner (`PartLock.ts`) | removed       | removed                                             |
 *
 * A second download to the same path at the same time writes to `PATH.RANDOM.part`, which is removed if it fails. The
 * download that ends last wins.
 */
import { randomBytes } from 'node:crypto'
import { lstat } from 'node:fs/promises'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as FileTarget from './FileTarget.js'
import * as PartLock from './PartLock.js'
import * as PartNote from './PartNote.js'
import { privateSize } from './PrivateFile.js'
import type { PartialFile } from './Range.js'

/** A file system operation failed. */
export interface FileFailed {
  readonly _tag: 'FileFailed'
  readonly path: string
  readonly message: string
}

/** Runs a file system operation, and returns its exception as `FileFailed`. */
export const attempt = async <A>(path: string, operation: () => Promise<A>): Promise<E.Either<FileFailed, A>> => {
  try {
    return E.right(await operation())
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    return E.left({ _tag: 'FileFailed', path, message })
  }
}

/** A path that a download has claimed. */
export interface ClaimedPath {
  /** The path that the user gave. */
  readonly given: string
  readonly target: FileTarget.FileTarget
  readonly part: string
  /** Whether this download may resume from an existing part, and keeps its own part after a failure. */
  readonly isOwner: boolean
  readonly release: PartLock.Release
}

/** The path of the note of a download. */
export const noteOf = ({ part }: ClaimedPath): string => `${part}.json`

const noRelease = async (): Promise<void> => {}

const lastWrite = async (path: string): Promise<number> => (await lstat(path).catch(() => undefined))?.mtimeMs ?? 0

/** Claims a path for one download. The caller must call `release`. */
export const claimPath = (given: string): Promise<E.Either<FileFailed, ClaimedPath>> =>
  attempt(given, async () => {
    const target = await FileTarget.find(given)
    const part = `${target.path}.part`
    if (target._tag === 'Special') return { given, target, part, isOwner: false, release: noRelease }
    const release = await PartLock.take(`${part}.lock`, await lastWrite(part))
    if (release !== undefined) return { given, target, part, isOwner: true, release }
    const own = `${target.path}.${randomBytes(6).toString('hex')}.part`
    return { given, target, part: own, isOwner: false, release: noRelease }
  })

/** The result of an earlier download of the same resource: a part of the file, or the finished file. */
export interface ExistingFile {
  readonly part: PartialFile
  readonly isWhole: boolean
  /** Whether it was downloaded from that location, so that a response from there may continue it. */
  readonly isFrom: (location: string) => boolean
}

/** Returns what an earlier download of a resource left. None if there is nothing, or if it cannot be trusted. */
export const findExisting = async (claimed: ClaimedPath, resource: string): Promise<O.Option<ExistingFile>> => {
  if (!claimed.isOwner) return O.none
  const read = await attempt(claimed.given, () => PartNote.read(noteOf(claimed)))
  if (E.isLeft(read) || O.isNone(read.right)) return O.none
  const note = read.right.value
  if (!PartNote.isOf(note, resource)) return O.none
  const isFrom = (location: string): boolean => PartNote.isFrom(note, location)
  const version = {
    validator: O.some(note.validator),
    ...(note.modified === null ? {} : { modified: note.modified }),
  }
  if (note.whole === null) {
    const size = await privateSize(claimed.part)
    if (size === undefined || size === 0) return O.none
    return O.some({ part: { size, ...version, total: O.fromNullable(note.total) }, isWhole: false, isFrom })
  }
  // The part of a finished file was renamed. A part that exists now belongs to another program and is ignored.
  const { size } = note.whole
  const stats = await lstat(claimed.target.path).catch(() => undefined)
  if (size === 0 || stats === undefined || !PartNote.isUnchanged(note.whole, stats)) return O.none
  return O.some({ part: { size, ...version, total: O.some(size) }, isWhole: true, isFrom })
}
