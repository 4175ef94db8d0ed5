/** Saves a response to a claimed path: decides what the response means for the existing bytes, and writes its body. */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { reasonOf } from '../../session/auth/oauth2/ServerText.js'
import * as Printable from '../../values/Printable.js'
import * as Tagged from '../../values/Tagged.js'
import { lengthOf, type Source, type Unread } from '../../wire/Reply.js'
import { notifyProgress, type OnProgress, type Progress } from '../../wire/Transport.js'
import { verifyFinished } from './Completion.js'
import type { DigestAlgorithm } from './FileDigest.js'
import * as FileDigest from './FileDigest.js'
import type { ExistingFile, FileFailed, Target } from './PartFile.js'
import type { ResourceVersion } from './PartNote.js'
import { type WriteOptions, writeBody } from './PartWriter.js'
import * as Range from './Range.js'
import * as Resource from './Resource.js'

/** The response has no file to save, such as a 404 or a redirect that was not followed. Nothing was written. */
export interface UnexpectedStatus {
  readonly _tag: 'UnexpectedStatus'
  /** The response without its body. */
  readonly head: Unread
  /** The path and the status. */
  readonly message: string
}
/** The body ended normally, but the file does not have the expected length. */
export interface LengthMismatch {
  readonly _tag: 'LengthMismatch'
  /** Bytes of the whole file. */
  readonly expected: number
  /** Bytes, with those of earlier attempts. */
  readonly received: number
  /** The path, and both lengths. */
  readonly message: string
}
/** The response is not the requested range, or its body does not match its Content-Range. */
export interface RangeMismatch {
  readonly _tag: 'RangeMismatch'
  /** What is wrong with the response, and what to do. */
  readonly message: string
}
/**
 * The file is complete, but it does not have the digest that the user gave, or that the server stated in `Repr-Digest`. The
 * next download starts from the beginning. Where the wrong bytes are then:
 *
 * | file                                        | wrong bytes                                                      |
 * |---------------------------------------------|------------------------------------------------------------------|
 * | received by this download                   | removed; an older file at the path is unchanged                  |
 * | finished earlier, and confirmed by a 304 or 416 | at the path: the file stays there                            |
 * | a FIFO, a device or another special file    | delivered: its reader has received them                          |
 *
 * @since 0.2.0
 * @category errors
 */
export interface DigestMismatch {
  readonly _tag: 'DigestMismatch'
  /** The hash function. */
  readonly algorithm: DigestAlgorithm
  /** The digest that the file must have: lower-case hexadecimal digits, as `sha256sum` prints them. */
  readonly expected: string
  /** The digest of the received bytes, in the same form. */
  readonly actual: string
  /** The path, and both digests. */
  readonly message: string
}
/** Why a download did not complete, apart from the errors of its exchange. */
export type DownloadError = FileFailed | UnexpectedStatus | LengthMismatch | RangeMismatch | DigestMismatch

/**
 * Folds an error of saving a response with one handler for each tag.
 * @since 0.2.0
 * @category destructors
 */
export const matchDownloadError = Tagged.match<DownloadError>()

/** A complete file. */
export interface Download {
  /** The path of the file, as it was given. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** Bytes that were there already, from an earlier attempt. */
  readonly resumedAt: number
  /** The head of the final response. */
  readonly head: Unread
}

export const rangeMismatch = (message: string): RangeMismatch => ({ _tag: 'RangeMismatch', message })

export const lengthMismatch = (expected: number, received: number): LengthMismatch => {
  const message = `Expected a file of ${expected} bytes, but received ${received} bytes`
  return { _tag: 'LengthMismatch', expected, received, message }
}

export const unexpectedStatus = (path: string, head: Unread): UnexpectedStatus => {
  const status = `${head.status} ${reasonOf(head)}`.trim()
  const message = `Cannot save the response to ${path}: the status is ${status}. The path was not changed`
  return { _tag: 'UnexpectedStatus', head, message: Printable.escapeControls(message) }
}

/** Returns the error of a file with another digest. */
export const digestMismatch = (path: string, { expected, actual }: FileDigest.Corrupt): DigestMismatch => {
  const { algorithm, hex } = expected
  const message = `The file for ${path} must have the ${algorithm} digest ${hex}, but it has ${actual}; download it again or check the digest`
  return { _tag: 'DigestMismatch', algorithm, expected: hex, actual, message: Printable.escapeControls(message) }
}

/** Returns the digest that the server states for the bytes of a response or of the file that they are a range of. */
const statedDigest = (head: Unread): O.Option<FileDigest.FileDigest> =>
  Range.isUncoded(head) ? FileDigest.ofHead(head) : O.none

/**
 * Returns the digest to verify: that of the user, or else that of the server. A 206 may omit it, so that of the response which
 * began the part is used then.
 */
export const digestFor = (
  { digest }: Target,
  head: Unread,
  continued: O.Option<ExistingFile> = O.none,
): O.Option<FileDigest.FileDigest> => {
  if (O.isSome(digest)) return digest
  const stated = statedDigest(head)
  return O.isNone(stated) && O.isSome(continued) ? continued.value.digest : stated
}

/** Returns the version to note, if a later download can resume from it. */
export const versionOf = (
  { resource }: Target,
  head: Unread,
  { length, validator, isResumable }: Extract<Range.RangeAnswer, { _tag: 'Begin' }>,
): O.Option<ResourceVersion> => {
  if (!isResumable || O.isNone(resource) || O.isNone(validator)) return O.none
  return O.some({
    resource: resource.value,
    location: Resource.locationOf(head.plan),
    validator: validator.value,
    modified: Range.modifiedOf(head),
    total: length,
    digest: statedDigest(head),
  })
}

const writeFile = async (
  target: Target,
  head: Unread,
  body: AsyncIterable<Uint8Array>,
  options: WriteOptions,
): Promise<E.Either<DownloadError, Download>> => {
  const written = await writeBody(target, options, body)
  if (E.isLeft(written)) return written
  const { given } = target.claimed
  if (written.right._tag === 'Corrupt') return E.left(digestMismatch(given, written.right))
  const { _tag, size } = written.right
  const { mode, expected } = options
  const resumedAt = mode._tag === 'Append' ? mode.size : 0
  if (_tag === 'Whole') return E.right({ path: given, size, resumedAt, head })
  if (O.isSome(expected) && size !== expected.value) return E.left(lengthMismatch(expected.value, size))
  return E.left(
    rangeMismatch(
      _tag === 'TooLong'
        ? `The response body has ${size - resumedAt} bytes, which is more than its Content-Range states`
        : `The range ends at byte ${size}, and the server did not state the length of the file; resume again`,
    ),
  )
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}

/** The response confirms the finished file of an earlier download. */
const keepFinished = async (target: Target, head: Unread, size: number): Promise<E.Either<DownloadError, Download>> => {
  const { given } = target.claimed
  const corrupt = await verifyFinished(target, size)
  if (E.isLeft(corrupt)) return corrupt
  if (O.isSome(corrupt.right)) return E.left(digestMismatch(given, corrupt.right.value))
  return E.right({ path: given, size, resumedAt: size, head })
}

/** The response confirms that the part is the whole file. Its own digest is that of a 416, not of the file. */
const finishPart = (
  target: Target,
  head: Unread,
  { part: { size }, digest }: ExistingFile,
): Promise<E.Either<DownloadError, Download>> =>
  writeFile(target, head, emptyBody(), {
    mode: { _tag: 'Append', size },
    expected: O.some(size),
    digest: O.isSome(target.digest) ? target.digest : digest,
  })

/** Decides what a response means for the existing file. A response from another location never continues it. */
export const evaluate = (existing: O.Option<ExistingFile>, head: Unread): Range.RangeAnswer => {
  if (O.isNone(existing)) return Range.evaluate(O.none)(head)
  const { part, isWhole, isFrom } = existing.value
  const isFromThere = isFrom(Resource.locationOf(head.plan))
  if (head.status === 304 && isWhole)
    return { _tag: isFromThere && Range.isConfirmed(head, part) ? 'Complete' : 'Again' }
  const answer = Range.evaluate(O.some(part))(head)
  const isContinued = answer._tag === 'Complete' || answer._tag === 'Append'
  const isRejected = !isFromThere || (isWhole && answer._tag === 'Append')
  return isContinued && isRejected ? { _tag: 'Again' } : answer
}

/** Saves a response. Returns undefined if the whole file must be requested again. */
export const saveResponse = async (
  target: Target,
  existing: O.Option<ExistingFile>,
  setOffset: SetOffset,
  head: Unread,
  body: Source,
): Promise<E.Either<DownloadError, Download | undefined>> => {
  const answer = evaluate(existing, head)
  const size = O.isSome(existing) ? existing.value.part.size : 0
  switch (answer._tag) {
    case 'Begin': {
      setOffset(0, lengthOf(head.headers), answer.length)
      const mode = { _tag: 'Begin', version: versionOf(target, head, answer) } as const
      return writeFile(target, head, body, { mode, expected: answer.length, digest: digestFor(target, head) })
    }
    case 'Append': {
      const { total, length } = answer
      setOffset(size, lengthOf(head.headers), total)
      const mode = { _tag: 'Append', size } as const
      return writeFile(target, head, body, { mode, expected: total, length, digest: digestFor(target, head, existing) })
    }
    case 'Complete':
      if (O.isNone(existing)) return E.right(undefined) // only an existing file can be complete
      return existing.value.isWhole ? keepFinished(target, head, size) : finishPart(target, head, existing.value)
    case 'Again':
      return E.right(undefined)
    case 'Mismatch':
      return E.left(rangeMismatch(`${answer.message}; start again with { existing: 'Restart' }`))
    case 'Unexpected':
      return E.left(unexpectedStatus(target.claimed.given, head))
  }
}

// --- progress ------------------------------------------------------------------------------------------------------

/** Sets the position of the response body in the file, its Content-Length, and the length of the whole file, in bytes. */
export type SetOffset = (offset: number, length: number | undefined, whole: O.Option<number>) => void

/**
 * Adds the offset of the body to the progress of a transport. The total is that of the whole file, which a Content-Range tells
 * even if the length of the body is unknown, or if the body is not the whole rest. The transport may report the first chunk before it returns the
 * head, so that report is held until the offset is known. Reports of earlier hops are dropped.
 */
export const fileProgress = (inner: OnProgress): { readonly onProgress: OnProgress; readonly setOffset: SetOffset } => {
  let offset: number | undefined
  let total: number | undefined
  let held: Progress | undefined
  const shifted = (progress: Progress, by: number): Progress => {
    const sum = total ?? (progress.total === undefined ? undefined : by + progress.total)
    return { ...progress, bytes: by + progress.bytes, ...(sum === undefined ? {} : { total: sum }) }
  }
  return {
    onProgress: (progress) => () => {
      if (progress.direction === 'up') inner(progress)()
      else if (offset === undefined) held = progress
      else inner(shifted(progress, offset))()
    },
    setOffset: (by, length, whole) => {
      offset = by
      total = O.toUndefined(whole)
      if (held !== undefined && held.total === length) notifyProgress(inner, shifted(held, by))
      held = undefined
    },
  }
}

/** Holds reports of received bytes until they exceed all earlier ones: a file that is requested again starts at 0. */
export const risingProgress = (inner: OnProgress): OnProgress => {
  let most = -1
  return (progress) => () => {
    if (progress.direction === 'down') {
      if (progress.bytes <= most) return
      most = progress.bytes
    }
    inner(progress)()
  }
}
