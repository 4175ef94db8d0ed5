/**
 * The files of a download: `PATH.part` holds the bytes received so far, `PATH.part.json` the note about them.
 *
 * | file             | during the download              | after a failure | after success                                       |
 * |------------------|----------------------------------|-----------------|-----------------------------------------------------|
 * | `PATH`           | the old file                     | the old file    | the new file, renamed atomically after fsync        |
 * | `PATH.part`      | bytes, readable only by its owner | kept           | removed                                             |
 * | `PATH.part.json` | note, if the download can resume | kept            | kept if `existing` is `Resume` and it could be written, so that the next download only checks for changes |
 * | `PATH.part.json.new` | with `parts`, the next note, until it is renamed | removed | removed                          |
 * | `PATH.part.lock` | lock of the owner                | removed         | removed                                             |
 *
 * What fails after the rename, such as the note on a full disk, does not make the download fail. A rename that reports a failure
 * is looked up: over a network it may have been done.
 *
 * A second download to the same path at the same time writes to `PATH.RANDOM.part`, which is removed if it fails. The
 * download that ends last wins. A new part is always a new file, so even a lock that was removed by mistake never mixes two
 * downloads.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as ByteRanges from './ByteRanges.js'
import * as FileDigest from './FileDigest.js'
import { type Release, tryLock } from './FileLock.js'
import { privateSize } from './FileSystem.js'
import * as FileTarget from './FileTarget.js'
import { lstat, randomBytes } from './NodeFiles.js'
import * as PartNote from './PartNote.js'
import type { PartialFile } from './Range.js'

/** A file system operation failed. */
export interface FileFailed {
  readonly _tag: 'FileFailed'
  /** The path that was given. */
  readonly path: string
  /** The operation of the file system that failed, and why. */
  readonly message: string
}

/** Runs a file system operation, and returns its exception as `FileFailed`. */
export const attempt = async <A>(path: string, operation: () => Promise<A>): Promise<E.Either<FileFailed, A>> => {
  try {
    return E.right(await operation())
  } catch (cause) {
    return E.left({ _tag: 'FileFailed', path, message: cause instanceof Error ? cause.message : String(cause) })
  }
}

// --- claiming a path -----------------------------------------------------------------------------------------------

export interface ClaimedPath {
  readonly given: string
  /** A `FileTarget`, written out so that the published types do not need those of Node. */
  readonly target: { readonly _tag: 'Plain' | 'Special'; readonly path: string }
  readonly part: string
  /** Whether this download may resume from an existing part, and keeps its own part after a failure. */
  readonly isOwner: boolean
  readonly release: Release
}

const noRelease = async (): Promise<void> => {}

/** Where a download is saved, and how. */
export interface Target {
  readonly claimed: ClaimedPath
  /** The identity of the requested resource (see `Resource.ts`); none if it cannot be known. */
  readonly resource: O.Option<string>
  /** Whether a finished file keeps its note, so that the next download can check it for changes. */
  readonly mayResume: boolean
  /** Ends waiting for the reader of a FIFO, and reading a file for its digest; its reason is thrown. */
  readonly signal: AbortSignal | undefined
  /** The digest that the user gave. It is verified instead of that of the server. */
  readonly digest: O.Option<FileDigest.FileDigest>
}

/** `attempt` that throws the reason of the signal instead, if it has aborted. */
export const attemptUntilAborted = async <A>(
  { claimed, signal }: Target,
  operation: () => Promise<A>,
): Promise<E.Either<FileFailed, A>> => {
  const outcome = await attempt(claimed.given, operation)
  if (E.isLeft(outcome)) signal?.throwIfAborted()
  return outcome
}

/** Claims a path for one download. The caller must call `release`. */
export const claimPath = (given: string): Promise<E.Either<FileFailed, ClaimedPath>> =>
  attempt(given, async () => {
    const target = await FileTarget.find(given)
    const part = `${target.path}.part`
    if (target._tag === 'Special') return { given, target, part, isOwner: false, release: noRelease }
    const lastWrite = (await lstat(part).catch(() => undefined))?.mtimeMs ?? 0
    const release = await tryLock(`${part}.lock`, lastWrite)
    if (release !== undefined) return { given, target, part, isOwner: true, release }
    const own = `${target.path}.${randomBytes(6).toString('hex')}.part`
    return { given, target, part: own, isOwner: false, release: noRelease }
  })

// --- existing files ------------------------------------------------------------------------------------------------

/** The result of an earlier download of the same resource: a part of the file, or the finished file. */
export interface ExistingFile {
  readonly part: PartialFile
  readonly isWhole: boolean
  /** Whether the part was written at several places, so that its size does not tell which bytes it has. */
  readonly isParted: boolean
  /** Whether it was downloaded from that location, so that a response from there may continue it. */
  readonly isFrom: (location: string) => boolean
  readonly identity: PartNote.PartIdentity
  /** The digest of the whole file that the server stated before. */
  readonly digest: O.Option<FileDigest.FileDigest>
  /** The bytes that a part has. */
  readonly received: ReadonlyArray<ByteRanges.ByteRange>
}

/** Returns the size of what an earlier download left; undefined if nothing can be continued or checked. */
const existingSize = async ({ part, target }: ClaimedPath, note: PartNote.PartNote): Promise<number | undefined> => {
  if (note.version === 3 || note.whole === null) return privateSize(part)
  // The part of a finished file was renamed. A part that exists now belongs to another program and is ignored.
  const { whole } = note
  const stats = await lstat(target.path).catch(() => undefined)
  const isUnchanged =
    stats?.isFile() && stats.size === whole.size && stats.mtimeMs === whole.modifiedAt && stats.ino === whole.inode
  return isUnchanged ? whole.size : undefined
}

/** Returns the bytes of a part of that size; undefined if the note does not belong to it. */
const receivedOf = (note: PartNote.PartNote, size: number): ReadonlyArray<ByteRanges.ByteRange> | undefined => {
  if (note.version === 2) return size === 0 ? undefined : [[0, size]]
  const { received, total } = note
  const end = received.at(-1)?.[1] ?? Number.POSITIVE_INFINITY
  return total !== null && end <= size && ByteRanges.areValid(received, total) ? received : undefined
}

/** Returns what an earlier download of a resource left. None if there is nothing, or if it cannot be trusted. */
export const findExisting = async (claimed: ClaimedPath, resource: string): Promise<O.Option<ExistingFile>> => {
  if (!claimed.isOwner) return O.none
  const read = await attempt(claimed.given, () => PartNote.read(claimed.part))
  if (E.isLeft(read) || O.isNone(read.right)) return O.none
  const note = read.right.value
  if (note.of !== PartNote.digest(note.salt, resource)) return O.none
  const size = await existingSize(claimed, note)
  const received = size === undefined ? undefined : receivedOf(note, size)
  if (size === undefined || received === undefined) return O.none
  const isWhole = note.version === 2 && note.whole !== null
  const [first, end] = received[0] ?? [0, 0]
  return O.some({
    part: {
      // The bytes from the first one on. A part may also have others.
      size: first === 0 ? end : 0,
      validator: O.some(note.validator),
      ...(note.modified === null ? {} : { modified: note.modified }),
      total: isWhole ? O.some(size) : O.fromNullable(note.total),
    },
    isWhole,
    isParted: note.version === 3,
    isFrom: (location) => note.place === PartNote.digest(note.salt, location),
    identity: note,
    digest: O.getRight(FileDigest.parse(note.digest)),
    received,
  })
}
