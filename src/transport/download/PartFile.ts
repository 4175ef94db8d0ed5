/**
 * The files of a download: `PATH.part` holds the bytes received so far, `PATH.part.json` the note about them.
 *
 * | file             | during the download              | after a failure | after success                                       |
 * |------------------|----------------------------------|-----------------|-----------------------------------------------------|
 * | `PATH`           | the old file                     | the old file    | the new file, renamed atomically after fsync        |
 * | `PATH.part`      | bytes, readable only by its owner | kept           | removed                                             |
 * | `PATH.part.json` | note, if the download can resume | kept            | kept if `existing` is `Resume`, so that the next download only checks for changes |
 * | `PATH.part.lock` | lock of the owner                | removed         | removed                                             |
 *
 * A second download to the same path at the same time writes to `PATH.RANDOM.part`, which is removed if it fails. The
 * download that ends last wins. A new part is always a new file, so even a lock that was removed by mistake never mixes two
 * downloads.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import * as Printable from '../../values/Printable.js'
import * as Serialization from '../../values/Serialization.js'
import type { FileDigest } from './FileDigest.js'
import { type Release, tryLock } from './FileLock.js'
import { createPrivate, openPrivate, privateSize, withFile } from './FileSystem.js'
import * as FileTarget from './FileTarget.js'
import { constants, createHmac, lstat, randomBytes, rm } from './NodeFiles.js'
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

/** Where a download is saved, and how. */
export interface Target {
  readonly claimed: ClaimedPath
  /** The identity of the requested resource (see `Resource.ts`); none if it cannot be known. */
  readonly resource: O.Option<string>
  /** Whether a finished file keeps its note, so that the next download can check it for changes. */
  readonly mayResume: boolean
  /** Ends waiting for the reader of a FIFO; its reason is thrown. */
  readonly signal: AbortSignal | undefined
  /** The digest that the user gave. It is verified instead of that of the server. */
  readonly digest: O.Option<FileDigest>
}

const noRelease = async (): Promise<void> => {}

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

// --- notes ---------------------------------------------------------------------------------------------------------

const FORMAT = 'requests-ts/part'
const VERSION = 2
const MAX_BYTES = 65_536
const orNull = <A>(type: t.Type<A, unknown>) => t.union([type, t.null])

const FinishedFile = t.readonly(
  t.type({ size: Serialization.Finite, modifiedAt: Serialization.Finite, inode: Serialization.Finite }),
)

/** Which resource and version a part belongs to. The request may hold secrets, so a note stores a salted digest of it. */
const PartNote = t.readonly(
  t.type({
    format: t.literal(FORMAT),
    version: t.literal(VERSION),
    salt: t.string,
    /** Salted digest of the request (see `Resource.ts`). */
    of: t.string,
    /** Salted digest of the location of the final response. */
    place: t.string,
    validator: Serialization.Line,
    modified: orNull(Serialization.Line),
    total: orNull(Serialization.Finite),
    /** Null while the download is incomplete. */
    whole: orNull(FinishedFile),
  }),
)
type PartNote = t.TypeOf<typeof PartNote>

export interface ResourceVersion {
  readonly resource: string
  readonly location: string
  readonly validator: string
  readonly modified: string | undefined
  /** Bytes of the whole file. */
  readonly total: O.Option<number>
}

const digest = (salt: string, text: string): string => createHmac('sha256', salt).update(text, 'utf8').digest('hex')
const notePath = ({ part }: ClaimedPath): string => `${part}.json`

/** Returns none if the note is missing, invalid, or not private; the download then starts from the beginning. */
const readNote = async (claimed: ClaimedPath): Promise<O.Option<PartNote>> => {
  const opened = await openPrivate(notePath(claimed), constants.O_RDONLY).catch(() => undefined)
  if (opened === undefined) return O.none
  const [file, { size }] = opened
  const json = await withFile(file, async () =>
    size > MAX_BYTES ? E.left('too long') : Printable.parseJson(await file.readFile('utf8')),
  )
  return E.isLeft(json) ? O.none : O.getRight(Serialization.read(PartNote, json.right))
}

const replaceNote = async (claimed: ClaimedPath, note: PartNote): Promise<void> => {
  await removeNote(claimed)
  await withFile(await createPrivate(notePath(claimed)), (file) => file.writeFile(JSON.stringify(note)))
}

export const removeNote = (claimed: ClaimedPath): Promise<void> => rm(notePath(claimed), { force: true })

export const writeNote = (
  claimed: ClaimedPath,
  { resource, location, validator, modified, total }: ResourceVersion,
): Promise<void> => {
  const salt = randomBytes(16).toString('hex')
  const digests = { salt, of: digest(salt, resource), place: digest(salt, location) }
  const version = { validator, modified: modified ?? null, total: O.toNullable(total), whole: null }
  return replaceNote(claimed, { format: FORMAT, version: VERSION, ...digests, ...version })
}

/** The properties of `fs.Stats` that identify a finished file. */
interface FinishedFile {
  readonly size: number
  readonly mtimeMs: number
  readonly ino: number
}

/** Adds the state of the finished file to its note, if there is one. */
export const finishNote = async (claimed: ClaimedPath, { size, mtimeMs, ino }: FinishedFile): Promise<void> => {
  const note = await readNote(claimed)
  if (O.isNone(note)) return removeNote(claimed)
  await replaceNote(claimed, { ...note.value, whole: { size, modifiedAt: mtimeMs, inode: ino } })
}

// --- existing files ------------------------------------------------------------------------------------------------

/** The result of an earlier download of the same resource: a part of the file, or the finished file. */
export interface ExistingFile {
  readonly part: PartialFile
  readonly isWhole: boolean
  /** Whether it was downloaded from that location, so that a response from there may continue it. */
  readonly isFrom: (location: string) => boolean
}

/** Returns the size of what an earlier download left; undefined if nothing can be continued or checked. */
const existingSize = async ({ part, target }: ClaimedPath, { whole }: PartNote): Promise<number | undefined> => {
  if (whole === null) return privateSize(part)
  // The part of a finished file was renamed. A part that exists now belongs to another program and is ignored.
  const stats = await lstat(target.path).catch(() => undefined)
  const isUnchanged =
    stats?.isFile() && stats.size === whole.size && stats.mtimeMs === whole.modifiedAt && stats.ino === whole.inode
  return isUnchanged ? whole.size : undefined
}

/** Returns what an earlier download of a resource left. None if there is nothing, or if it cannot be trusted. */
export const findExisting = async (claimed: ClaimedPath, resource: string): Promise<O.Option<ExistingFile>> => {
  if (!claimed.isOwner) return O.none
  const read = await attempt(claimed.given, () => readNote(claimed))
  if (E.isLeft(read) || O.isNone(read.right)) return O.none
  const note = read.right.value
  if (note.of !== digest(note.salt, resource)) return O.none
  const size = await existingSize(claimed, note)
  if (size === undefined || size === 0) return O.none
  const isWhole = note.whole !== null
  return O.some({
    part: {
      size,
      validator: O.some(note.validator),
      ...(note.modified === null ? {} : { modified: note.modified }),
      total: isWhole ? O.some(size) : O.fromNullable(note.total),
    },
    isWhole,
    isFrom: (location) => note.place === digest(note.salt, location),
  })
}
