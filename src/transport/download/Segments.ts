/**
 * A download in several parts: which responses allow it, what the response of a part means, and how its body is written.
 *
 * | response of a part                                                          | means                                     |
 * |-----------------------------------------------------------------------------|-------------------------------------------|
 * | 206 that starts where the part does, same version and location              | its bytes                                 |
 * | such a 206 of a shorter range                                               | its bytes; the rest is requested later    |
 * | a body that is longer than its response states                              | `TooLong`: request the whole file         |
 * | 429, 503                                                                    | `Refused`: the server wants fewer requests |
 * | 200, 416, or a 206 with another range, version, total or location           | `Again`: request the whole file           |
 * | any other status                                                            | `UnexpectedStatus`                        |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Source, Unread } from '../../wire/Reply.js'
import type { OnProgress } from '../../wire/Transport.js'
import * as ByteRanges from './ByteRanges.js'
import { type DownloadError, digestFor, evaluate, lengthMismatch, unexpectedStatus, versionOf } from './Download.js'
import type { FileDigest } from './FileDigest.js'
import type { ExistingFile, FileFailed, Target } from './PartFile.js'
import * as PartNote from './PartNote.js'
import * as Range from './Range.js'
import * as SegmentWriter from './SegmentWriter.js'

/** How many parts a download may have, and who is notified of its progress. */
export interface Division {
  readonly parts: number
  readonly onProgress: OnProgress | undefined
}

/** The download that a first response began: its file, and how the other parts are requested. */
export interface Begun {
  readonly writer: SegmentWriter.SegmentWriter
  /** The segment of the first response. */
  readonly first: SegmentWriter.Segment
  /** The position in the file after the last byte of the first response. */
  readonly bodyEnd: number
  /** The digest that the file must have before it gets its name. */
  readonly digest: O.Option<FileDigest>
  /** Describes a part that starts at a position, so that its response can be evaluated. */
  readonly partAt: (position: number) => ExistingFile
}

/** Returns the ranges to fetch of an existing part in several requests; none if one request for its rest is enough. */
export const plannedFor = (existing: ExistingFile, parts: number): O.Option<ReadonlyArray<ByteRanges.ByteRange>> => {
  const { isWhole, isParted, received, part } = existing
  if (isWhole || O.isNone(part.total)) return O.none
  const gaps = ByteRanges.missing(received, part.total.value)
  const ranges = ByteRanges.split(gaps, parts)
  return ranges.length > (isParted ? 0 : 1) ? O.some(ranges) : O.none
}

type Base = Omit<ExistingFile, 'isWhole' | 'isParted'>

const begin = async (
  bodyEnd: number,
  base: Base,
  digest: O.Option<FileDigest>,
  opened: E.Either<FileFailed, SegmentWriter.SegmentWriter>,
): Promise<E.Either<FileFailed, O.Option<Begun>>> => {
  if (E.isLeft(opened)) return opened
  const writer = opened.right
  const [first] = writer.segments
  if (first === undefined) {
    await writer.keep()
    return E.right(O.none)
  }
  const partAt = (size: number): ExistingFile => ({
    ...base,
    isWhole: false,
    isParted: true,
    part: { ...base.part, size },
  })
  return E.right(O.some({ writer, first, bodyEnd, digest, partAt }))
}

/** Begins with the response for a whole file, if the server also sends ranges of this version. */
const beginWhole = async (
  target: Target,
  { parts, onProgress }: Division,
  head: Unread,
  answer: Extract<Range.RangeAnswer, { _tag: 'Begin' }>,
): Promise<E.Either<FileFailed, O.Option<Begun>>> => {
  const version = versionOf(target, head, answer)
  if (O.isNone(version) || O.isNone(answer.length) || head.status !== 200 || !Range.acceptsRanges(head)) {
    return E.right(O.none)
  }
  const total = answer.length.value
  if (ByteRanges.split([[0, total]], parts).length < 2) return E.right(O.none)
  const { location, validator, modified } = version.value
  const part = {
    size: 0,
    validator: O.some(validator),
    ...(modified === undefined ? {} : { modified }),
    total: answer.length,
  }
  const identity = PartNote.identityOf(version.value)
  const isFrom = (other: string): boolean => other === location
  const beginning = { identity, total, received: undefined, parts, onProgress }
  const opened = await SegmentWriter.open(target, beginning)
  const digest = digestFor(target, head)
  return begin(total, { part, isFrom, identity, digest: version.value.digest, received: [] }, digest, opened)
}

/** Begins a download in parts with its first response. None if this response cannot begin one. */
export const beginWith = async (
  target: Target,
  division: Division,
  existing: O.Option<ExistingFile>,
  head: Unread,
): Promise<E.Either<FileFailed, O.Option<Begun>>> => {
  const answer = evaluate(existing, head)
  if (answer._tag === 'Begin') return beginWhole(target, division, head, answer)
  if (answer._tag !== 'Append' || O.isNone(existing) || O.isNone(answer.total) || O.isNone(answer.length)) {
    return E.right(O.none)
  }
  if (O.isNone(plannedFor(existing.value, division.parts))) return E.right(O.none)
  const { identity, received, part } = existing.value
  const total = answer.total.value
  const beginning = { identity, total, received, ...division }
  const digest = digestFor(target, head, existing)
  return begin(part.size + answer.length.value, existing.value, digest, await SegmentWriter.open(target, beginning))
}

// --- the body of a part --------------------------------------------------------------------------------------------

/** How the response of a part ended. */
export type PartEnd =
  | { readonly _tag: 'Done' }
  | { readonly _tag: 'Again' }
  /** The body was longer than its response states, so its bytes cannot be trusted. */
  | { readonly _tag: 'TooLong' }
  /** The response was a shorter range than requested, which a server may choose. The rest of the segment is missing. */
  | { readonly _tag: 'Shorter'; readonly segment: SegmentWriter.Segment }
  | { readonly _tag: 'Refused'; readonly head: Unread }

/** Returns the next segment, if its first byte is at that position and another request does not fetch it. */
export type TakeAt = (position: number) => SegmentWriter.Segment | undefined

const DONE: E.Either<never, PartEnd> = E.right({ _tag: 'Done' })
const AGAIN: E.Either<never, PartEnd> = E.right({ _tag: 'Again' })
const TOO_LONG: E.Either<never, PartEnd> = E.right({ _tag: 'TooLong' })

/** A server whose ranges are even shorter would be sent too many requests. */
const SHORTEST_RANGE_BYTES = 16_384

/** Returns how a part ended that received that many bytes, and whose body ended before its segment. */
const incomplete = (
  { total, received }: SegmentWriter.SegmentWriter,
  segment: SegmentWriter.Segment,
  bodyEnd: number,
  size: number,
): E.Either<DownloadError, PartEnd> =>
  segment.at === bodyEnd && size >= SHORTEST_RANGE_BYTES
    ? E.right({ _tag: 'Shorter', segment })
    : E.left(lengthMismatch(total, received()))

/**
 * Writes a body to its segment, and to the segments after it that are not requested yet. Stops reading after them. */
export const receive = async (
  writer: SegmentWriter.SegmentWriter,
  first: SegmentWriter.Segment,
  bodyEnd: number,
  takeAt: TakeAt,
  body: AsyncIterable<Uint8Array>,
): Promise<E.Either<DownloadError, PartEnd>> => {
  const bodyStart = first.at
  let segment = first
  for await (const chunk of body) {
    for (let rest = chunk; rest.length > 0; ) {
      if (segment.at >= bodyEnd) return TOO_LONG
      const piece = rest.subarray(0, Math.min(segment.end, bodyEnd) - segment.at)
      const written = await writer.write(segment, piece)
      if (E.isLeft(written)) return written
      rest = rest.subarray(piece.length)
      if (segment.at < segment.end || segment.end >= bodyEnd) continue
      const next = takeAt(segment.end)
      if (next === undefined) return DONE
      segment = next
    }
  }
  return segment.at === segment.end ? DONE : incomplete(writer, segment, bodyEnd, segment.at - bodyStart)
}

const REFUSALS: ReadonlySet<number> = new Set([429, 503])

/** Saves the response of a part. */
export const saveSegment = async (
  { claimed }: Target,
  { writer, partAt }: Begun,
  segment: SegmentWriter.Segment,
  head: Unread,
  body: Source,
): Promise<E.Either<DownloadError, PartEnd>> => {
  const answer = evaluate(O.some(partAt(segment.at)), head)
  if (answer._tag === 'Unexpected') {
    return REFUSALS.has(head.status)
      ? E.right({ _tag: 'Refused', head })
      : E.left(unexpectedStatus(claimed.given, head))
  }
  if (answer._tag !== 'Append' || O.isNone(answer.length)) return AGAIN
  return receive(writer, segment, segment.at + answer.length.value, () => undefined, body)
}

/** Returns the header fields that request what a segment does not have yet. */
export const headersFor = (
  { partAt }: Begun,
  { at, end }: SegmentWriter.Segment,
): ReturnType<typeof Range.rangeHeaders> => Range.rangeHeaders(partAt(at).part, end)
