/**
 * Writes the parts of a file at their positions in one part file, and notes how far each is.
 *
 * A byte is noted only after it was written and synced to the disk, so that a note never claims a byte that a killed process, or
 * a machine that stopped, did not store. The note is replaced about once a second while bytes arrive, and when the download ends.
 */
import type { FileHandle } from 'node:fs/promises'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { notifyProgress, type OnProgress } from '../../wire/Transport.js'
import * as ByteRanges from './ByteRanges.js'
import * as Completion from './Completion.js'
import * as FileDigest from './FileDigest.js'
import { createPrivate, openPrivate, prepared } from './FileSystem.js'
import { constants, rm } from './NodeFiles.js'
import { attempt, type ClaimedPath, type FileFailed, type Target } from './PartFile.js'
import * as PartNote from './PartNote.js'

/** The time between two notes, in milliseconds. */
const NOTE_INTERVAL_MS = 1_000
/** How many bytes of the part are given up if the disk is too full for its note. */
const FREED_BYTES = 65_536

/** A range of the file that one request fetches. */
export interface Segment {
  readonly start: number
  readonly end: number
  /** The position of the next byte. It moves while bytes are written. */
  at: number
}

/** The file that is written at several places. */
export interface SegmentWriter {
  readonly segments: ReadonlyArray<Segment>
  /** Bytes of the whole file. */
  readonly total: number
  /** Bytes that were there already. */
  readonly resumedAt: number
  /** Returns the bytes of the file that have been written, with those of earlier downloads. */
  readonly received: () => number
  /** Writes the next bytes of a segment, which must not be more than it needs. */
  readonly write: (segment: Segment, bytes: Uint8Array) => Promise<E.Either<FileFailed, void>>
  /** Gives the complete file its name, unless the signal has aborted. Returns how its digest differs, if it does. */
  readonly finish: (
    digest: O.Option<FileDigest.FileDigest>,
  ) => Promise<E.Either<FileFailed, O.Option<FileDigest.Corrupt>>>
  /** Closes the file, so that a later download can continue it. */
  readonly keep: () => Promise<void>
  /** Closes the file, so that a later download starts from the beginning. */
  readonly abandon: () => Promise<void>
}

/** What is known about the part before the first byte is written. */
export interface Beginning {
  readonly identity: PartNote.PartIdentity
  readonly total: number
  /** The bytes of an earlier download; undefined if the file is new. */
  readonly received: ReadonlyArray<ByteRanges.ByteRange> | undefined
  readonly parts: number
  readonly onProgress: OnProgress | undefined
}

const openNew = async (claimed: ClaimedPath): Promise<FileHandle> => {
  if (claimed.isOwner) {
    await PartNote.remove(claimed.part)
    await rm(claimed.part, { force: true })
  }
  return createPrivate(claimed.part, 'wx+')
}

const openExisting = async (
  { part }: ClaimedPath,
  received: ReadonlyArray<ByteRanges.ByteRange>,
): Promise<FileHandle> => {
  const opened = await openPrivate(part, constants.O_RDWR)
  if (opened === undefined) throw new Error(`"${part}" is not the part file of an earlier download`)
  const [file, { size }] = opened
  return prepared(file, async () => {
    if (size < (received.at(-1)?.[1] ?? 0))
      throw new Error(`"${part}" was shortened to ${size} bytes by another program`)
  })
}

const openPart = async (claimed: ClaimedPath, { identity, received }: Beginning): Promise<FileHandle> => {
  const file = await (received === undefined ? openNew(claimed) : openExisting(claimed, received))
  return prepared(file, async () => {
    if (!claimed.isOwner) return
    // The size of the part no longer tells which bytes it has, so a note that assumes this must be replaced first.
    await file.sync()
    await PartNote.beginReceived(claimed.part, identity, received ?? [])
  })
}

const writeAt = async (file: FileHandle, bytes: Uint8Array, position: number): Promise<void> => {
  for (let at = 0; at < bytes.length; ) {
    at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten
  }
}

/** Replaces the note while bytes arrive, one at a time. */
const noting = (
  file: FileHandle,
  part: string,
  identity: PartNote.PartIdentity,
  ranges: () => ReadonlyArray<ByteRanges.ByteRange>,
) => {
  let notedAt = performance.now()
  let running: Promise<void> | undefined
  let failure: { readonly cause: unknown } | undefined
  const save = async (): Promise<void> => {
    const received = ranges()
    await file.sync()
    await PartNote.writeReceived(part, identity, received)
  }
  const run = async (): Promise<void> => {
    try {
      await save()
    } catch (cause) {
      failure ??= { cause }
    }
    notedAt = performance.now()
    running = undefined
  }
  return {
    save,
    /** Waits for the note that is being written. */
    settle: async (): Promise<void> => running,
    /** Starts to write a note if the last one is old. Throws if that one could not be written. */
    maySave: (): void => {
      if (failure !== undefined) throw failure.cause // `attempt` turns it into FileFailed
      if (running === undefined && performance.now() - notedAt >= NOTE_INTERVAL_MS) running = run()
    },
  }
}

const writerOf = (target: Target, file: FileHandle, beginning: Beginning): SegmentWriter => {
  const { claimed } = target
  const { identity, total, received = [], parts, onProgress } = beginning
  const segments = ByteRanges.split(ByteRanges.missing(received, total), parts).map(
    ([start, end]): Segment => ({ start, end, at: start }),
  )
  const resumedAt = ByteRanges.sizeOf(received)
  let size = resumedAt
  const ranges = () =>
    ByteRanges.joined([...received, ...segments.map(({ start, at }): ByteRanges.ByteRange => [start, at])])
  const note = noting(file, claimed.part, identity, ranges)
  const close = async (): Promise<void> => {
    await note.settle()
    await file.close()
  }
  /** Frees the last bytes of the part, for its note on a full disk. Never those of a file that has its name. */
  const makeSpace = async (): Promise<void> => {
    if (!(await Completion.isPart(claimed, file))) return
    const end = ranges().at(-1)?.[1]
    const last = segments.find(({ start, at }) => at === end && start < at)
    if (last !== undefined) last.at = Math.max(last.start, last.at - FREED_BYTES)
    await file.truncate(ranges().at(-1)?.[1] ?? 0)
  }
  const saveLast = async (): Promise<void> => {
    try {
      await note.save()
    } catch {
      await makeSpace()
      await note.save()
    }
  }
  const keep = async (): Promise<void> => {
    await note.settle()
    // The last note stays if this one cannot be written. It claims fewer bytes.
    if (claimed.isOwner) await saveLast().catch(() => undefined)
    else await Completion.removePart(claimed)
    await file.close().catch(() => undefined)
  }
  const complete = async (digest: O.Option<FileDigest.FileDigest>): Promise<O.Option<FileDigest.Corrupt>> => {
    await note.settle()
    await file.truncate(total) // An earlier part may have been longer.
    const corrupt = await FileDigest.verify(digest, file, total, target.signal)
    target.signal?.throwIfAborted()
    if (O.isNone(corrupt)) await Completion.finish(target, file)
    return corrupt
  }
  return {
    segments,
    total,
    resumedAt,
    received: () => size,
    write: async (segment, bytes) => {
      const written = await attempt(claimed.given, async () => {
        await writeAt(file, bytes, segment.at)
        segment.at += bytes.length
        size += bytes.length
        if (claimed.isOwner) note.maySave()
      })
      if (E.isRight(written)) notifyProgress(onProgress, { direction: 'down', bytes: size, total })
      return written
    },
    finish: async (digest) => {
      const outcome = await attempt(claimed.given, () => complete(digest))
      if (E.isLeft(outcome)) {
        await keep()
        return outcome
      }
      await close().catch(() => undefined) // The file has its name, and was synced before. Or it is wrong.
      if (O.isSome(outcome.right)) await Completion.removePart(claimed)
      return outcome
    },
    keep,
    abandon: async () => {
      await close().catch(() => undefined)
      await Completion.removePart(claimed)
    },
  }
}

/** Opens the part file. The caller must call `finish`, `keep` or `abandon`, once. */
export const open = async (target: Target, beginning: Beginning): Promise<E.Either<FileFailed, SegmentWriter>> => {
  const opened = await attempt(target.claimed.given, () => openPart(target.claimed, beginning))
  return E.map((file: FileHandle) => writerOf(target, file, beginning))(opened)
}
