/** Writes a response body to a part file, and renames the part to the target when the file is complete. */
import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { createPrivate, openPrivate, prepared, syncFolder } from './FileSystem.js'
import * as FileTarget from './FileTarget.js'
import { constants, lstat, rename, rm } from './NodeFiles.js'
import type { ClaimedPath, FileFailed, ResourceVersion } from './PartFile.js'
import * as PartFile from './PartFile.js'

export interface Target {
  readonly claimed: ClaimedPath
  /** The identity of the requested resource (see `Resource.ts`); none if it cannot be known. */
  readonly resource: O.Option<string>
  /** Whether a finished file keeps its note, so that the next download can check it for changes. */
  readonly mayResume: boolean
  /** Ends waiting for the reader of a FIFO; its reason is thrown. */
  readonly signal: AbortSignal | undefined
}

/** How a body is written: to a new part, which can be resumed if its version is known, or to the end of an existing one. */
type WriteMode =
  | { readonly _tag: 'Begin'; readonly version: O.Option<ResourceVersion> }
  | { readonly _tag: 'Append'; readonly size: number }

export interface WriteOptions {
  readonly mode: WriteMode
  /** Bytes of the whole file, if known. */
  readonly expected: O.Option<number>
  /** Bytes of this body, if the response is a range. */
  readonly length?: O.Option<number>
}

interface WriteResult {
  readonly _tag: 'Whole' | 'Part' | 'TooLong'
  /** Bytes of the file, including those of earlier downloads. */
  readonly size: number
}

const beginPart = async (claimed: ClaimedPath, version: O.Option<ResourceVersion>): Promise<FileHandle> => {
  if (claimed.isOwner) {
    await PartFile.removeNote(claimed)
    await rm(claimed.part, { force: true })
  }
  return prepared(await createPrivate(claimed.part), async () => {
    if (claimed.isOwner && O.isSome(version)) await PartFile.writeNote(claimed, version.value)
  })
}

const continuePart = async ({ part }: ClaimedPath, size: number): Promise<FileHandle> => {
  const opened = await openPrivate(part, constants.O_WRONLY | constants.O_APPEND)
  if (opened === undefined) throw new Error(`"${part}" is not the part file of an earlier download`)
  const [file, stats] = opened
  return prepared(file, async () => {
    if (stats.size < size) throw new Error(`"${part}" was shortened to ${stats.size} bytes by another program`)
    await file.truncate(size)
  })
}

const openFor = ({ claimed, signal }: Target, mode: WriteMode): Promise<FileHandle> => {
  if (claimed.target._tag === 'Special') return FileTarget.openSpecial(claimed.target.path, signal)
  return mode._tag === 'Begin' ? beginPart(claimed, mode.version) : continuePart(claimed, mode.size)
}

/** Makes sure that the next download does not resume: removes the note, or the part of a download that is not the owner. */
const preventResume = async (claimed: ClaimedPath): Promise<void> => {
  if (claimed.target._tag !== 'Plain') return
  const removed = claimed.isOwner ? PartFile.removeNote(claimed) : rm(claimed.part, { force: true })
  await removed.catch(() => undefined) // A file that cannot be removed does no harm.
}

const isSameFile = (x: Stats, y: Stats): boolean => x.isFile() && x.ino === y.ino && x.dev === y.dev

const finish = async ({ claimed, mayResume }: Target, file: FileHandle): Promise<void> => {
  const { part, target } = claimed
  await FileTarget.adoptPermissions(file, target.path)
  await file.sync()
  const stats = await file.stat()
  if (!isSameFile(await lstat(part), stats)) throw new Error(`"${part}" was replaced by another program`)
  await rename(part, target.path)
  await syncFolder(target.path)
  if (claimed.isOwner) await (mayResume ? PartFile.finishNote(claimed, stats) : PartFile.removeNote(claimed))
}

const writeChunks = async (
  { claimed, signal }: Target,
  file: FileHandle,
  body: AsyncIterable<Uint8Array>,
): Promise<E.Either<FileFailed, number>> => {
  let size = 0
  for await (const chunk of body) {
    const written = await PartFile.attempt(claimed.given, () =>
      FileTarget.writeAll(file, claimed.target, chunk, signal),
    )
    signal?.throwIfAborted()
    if (E.isLeft(written)) return written
    size += chunk.length
  }
  return E.right(size)
}

/** A range ends the file only if the length of the file is known. */
const resultOf = ({ mode, expected, length = O.none }: WriteOptions, written: number): WriteResult => {
  const size = (mode._tag === 'Append' ? mode.size : 0) + written
  if (O.isSome(length) && written > length.value) return { _tag: 'TooLong', size }
  if (O.isNone(expected)) return { _tag: mode._tag === 'Begin' ? 'Whole' : 'Part', size }
  return { _tag: size === expected.value ? 'Whole' : size < expected.value ? 'Part' : 'TooLong', size }
}

const writeAndFinish = async (
  target: Target,
  options: WriteOptions,
  file: FileHandle,
  body: AsyncIterable<Uint8Array>,
): Promise<E.Either<FileFailed, WriteResult>> => {
  const written = await writeChunks(target, file, body)
  if (E.isLeft(written)) return written
  const result = resultOf(options, written.right)
  if (result._tag !== 'Whole' || target.claimed.target._tag === 'Special') return E.right(result)
  return E.map(() => result)(await PartFile.attempt(target.claimed.given, () => finish(target, file)))
}

/** Renames the part if the file has the expected length. Throws what the body throws, and the reason of the signal. */
export const writeBody = async (
  target: Target,
  options: WriteOptions,
  body: AsyncIterable<Uint8Array>,
): Promise<E.Either<FileFailed, WriteResult>> => {
  const { given, isOwner } = target.claimed
  const opened = await PartFile.attempt(given, () => openFor(target, options.mode))
  if (E.isLeft(opened)) {
    target.signal?.throwIfAborted()
    return opened
  }
  const file = opened.right
  let isKept = isOwner
  let closed: E.Either<FileFailed, void>
  let outcome: E.Either<FileFailed, WriteResult>
  try {
    outcome = await writeAndFinish(target, options, file, body)
    if (E.isRight(outcome)) isKept = outcome.right._tag === 'Whole' || (outcome.right._tag === 'Part' && isOwner)
  } finally {
    closed = await PartFile.attempt(given, () => file.close())
    if (!isKept) await preventResume(target.claimed)
  }
  return E.isRight(outcome) && E.isLeft(closed) ? closed : outcome
}
