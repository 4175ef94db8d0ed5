/** Writes a response body to a part file, and renames the part to the target when the file is complete. */
import type { FileHandle } from 'node:fs/promises'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { finish, preventResume, removePart } from './Completion.js'
import * as FileDigest from './FileDigest.js'
import { createPrivate, openPrivate, prepared } from './FileSystem.js'
import * as FileTarget from './FileTarget.js'
import { constants, rm } from './NodeFiles.js'
import type { ClaimedPath, FileFailed, Target } from './PartFile.js'
import * as PartFile from './PartFile.js'
import * as PartNote from './PartNote.js'

/** How a body is written: to a new part, which can be resumed if its version is known, or to the end of an existing one. */
type WriteMode =
  | { readonly _tag: 'Begin'; readonly version: O.Option<PartNote.ResourceVersion> }
  | { readonly _tag: 'Append'; readonly size: number }

export interface WriteOptions {
  readonly mode: WriteMode
  /** Bytes of the whole file, if known. */
  readonly expected: O.Option<number>
  /** Bytes of this body, if the response is a range. */
  readonly length?: O.Option<number>
  /** The digest that the file must have before it gets its name. */
  readonly digest: O.Option<FileDigest.FileDigest>
}

export type WriteResult =
  | {
      readonly _tag: 'Whole' | 'Part' | 'TooLong'
      /** Bytes of the file, including those of earlier downloads. */
      readonly size: number
    }
  | FileDigest.Corrupt

const beginPart = async (claimed: ClaimedPath, version: O.Option<PartNote.ResourceVersion>): Promise<FileHandle> => {
  if (claimed.isOwner) {
    await PartNote.remove(claimed.part)
    await rm(claimed.part, { force: true })
  }
  return prepared(await createPrivate(claimed.part), async () => {
    if (claimed.isOwner && O.isSome(version)) await PartNote.write(claimed.part, version.value)
  })
}

/** A part whose digest is verified is read too. */
const continuePart = async ({ part }: ClaimedPath, size: number, isRead: boolean): Promise<FileHandle> => {
  const access = isRead ? constants.O_RDWR : constants.O_WRONLY
  const opened = await openPrivate(part, access | constants.O_APPEND)
  if (opened === undefined) throw new Error(`"${part}" is not the part file of an earlier download`)
  const [file, stats] = opened
  return prepared(file, async () => {
    if (stats.size < size) throw new Error(`"${part}" was shortened to ${stats.size} bytes by another program`)
    await file.truncate(size)
  })
}

const openFor = ({ claimed, signal }: Target, { mode, digest }: WriteOptions): Promise<FileHandle> => {
  if (claimed.target._tag === 'Special') return FileTarget.openSpecial(claimed.target.path, signal)
  return mode._tag === 'Begin' ? beginPart(claimed, mode.version) : continuePart(claimed, mode.size, O.isSome(digest))
}

const writeChunks = async (
  { claimed, signal }: Target,
  file: FileHandle,
  body: AsyncIterable<Uint8Array>,
  digest: FileDigest.RunningDigest | undefined,
): Promise<E.Either<FileFailed, number>> => {
  let size = 0
  for await (const chunk of body) {
    const written = await PartFile.attempt(claimed.given, () =>
      FileTarget.writeAll(file, claimed.target, chunk, signal),
    )
    signal?.throwIfAborted()
    if (E.isLeft(written)) return written
    digest?.update(chunk)
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

/** Starts the digest of a file with what an earlier download received. Undefined if none is verified. */
const startDigest = async (
  target: Target,
  { digest, mode }: WriteOptions,
  file: FileHandle,
): Promise<E.Either<FileFailed, FileDigest.RunningDigest | undefined>> => {
  if (O.isNone(digest)) return E.right(undefined)
  const running = FileDigest.start(digest.value)
  if (mode._tag === 'Begin') return E.right(running)
  const added = await PartFile.attemptUntilAborted(target, () =>
    FileDigest.addFile(running, file, mode.size, target.signal),
  )
  return E.map(() => running)(added)
}

const writeAndFinish = async (
  target: Target,
  options: WriteOptions,
  file: FileHandle,
  body: AsyncIterable<Uint8Array>,
): Promise<E.Either<FileFailed, WriteResult>> => {
  const { given } = target.claimed
  const digest = await startDigest(target, options, file)
  if (E.isLeft(digest)) return digest
  const written = await writeChunks(target, file, body, digest.right)
  if (E.isLeft(written)) return written
  const result = resultOf(options, written.right)
  if (result._tag !== 'Whole') return E.right(result)
  if (O.isSome(options.digest) && digest.right !== undefined) {
    const corrupt = FileDigest.corruptionOf(options.digest.value, digest.right, result.size)
    if (O.isSome(corrupt)) return E.right(corrupt.value)
  }
  if (target.claimed.target._tag === 'Special') return E.right(result)
  return E.map(() => result)(await PartFile.attempt(given, () => finish(target, file)))
}

/** Whether closing the file cannot change the result any more. */
const hasEnded = ({ claimed }: Target, { _tag }: WriteResult): boolean =>
  _tag === 'Corrupt' || (_tag === 'Whole' && claimed.target._tag === 'Plain')

/** Renames the part if the file has the expected length. Throws what the body throws, and the reason of the signal. */
export const writeBody = async (
  target: Target,
  options: WriteOptions,
  body: AsyncIterable<Uint8Array>,
): Promise<E.Either<FileFailed, WriteResult>> => {
  const { given, isOwner } = target.claimed
  const opened = await PartFile.attempt(given, () => openFor(target, options))
  if (E.isLeft(opened)) {
    target.signal?.throwIfAborted()
    return opened
  }
  const file = opened.right
  let isKept = isOwner
  let isCorrupt = false
  let closed: E.Either<FileFailed, void>
  let outcome: E.Either<FileFailed, WriteResult>
  try {
    outcome = await writeAndFinish(target, options, file, body)
    if (E.isRight(outcome)) isKept = outcome.right._tag === 'Whole' || (outcome.right._tag === 'Part' && isOwner)
    isCorrupt = E.isRight(outcome) && outcome.right._tag === 'Corrupt'
  } finally {
    closed = await PartFile.attempt(given, () => file.close())
    if (!isKept) await preventResume(target.claimed)
    if (isCorrupt) await removePart(target.claimed)
  }
  // A file that has its name was synced before, and one with another digest is wrong in any case.
  const isSettled = E.isLeft(outcome) || hasEnded(target, outcome.right)
  return E.isLeft(closed) && !isSettled ? closed : outcome
}
