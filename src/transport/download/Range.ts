/**
 * Resuming a download: which header fields to send, and what the response means (RFC 9110 13.1.5, 14, 15.3.7, 15.5.17).
 *
 * | range requested | response                                                             | answer                    |
 * |-----------------|----------------------------------------------------------------------|---------------------------|
 * | no              | 2xx except 206                                                       | `Begin`                   |
 * | yes             | 206 that starts at the end of the part, same version                 | `Append`                  |
 * | yes             | 206 with another total, another validator, or none                   | `Again`: the file changed |
 * | yes             | 2xx except 206: the file changed, or the server does not support ranges | `Begin`                |
 * | yes             | 416, and the part has the length of the whole file and its version   | `Complete`                |
 * | yes             | 416 otherwise                                                        | `Again`                   |
 * | yes or no       | 206 with another range, or with an invalid one                       | `Mismatch`                |
 * | yes or no       | any other status                                                     | `Unexpected`              |
 *
 * @example
 * import * as O from 'fp-ts/lib/Option.js'
 * import { Range, Reply } from 'requests-ts'
 *
 * const head = Reply.head({ status: 206, headers: { 'Content-Range': 'bytes 3-9/10', ETag: '"v1"' } })
 * const part = { size: 3, validator: O.some('"v1"'), total: O.some(10) }
 * assert.deepEqual(Range.resumeHeaders(part), [['Range', 'bytes=3-'], ['If-Range', '"v1"']])
 * assert.deepEqual(Range.evaluate(O.some(part))(head), { _tag: 'Append', length: O.some(7), total: O.some(10) })
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Headers from '../../values/Headers.js'
import * as Secret from '../../values/Secret.js'
import * as Tagged from '../../values/Tagged.js'
import { type Head, lengthOf } from '../../wire/Reply.js'

/** The bytes of a file that an earlier download received. */
export interface PartialFile {
  /** Bytes. */
  readonly size: number
  /** A strong ETag, or a strong Last-Modified. Without one the download cannot resume. */
  readonly validator: O.Option<string>
  /** The Last-Modified, if the validator is an ETag and there was one too. */
  readonly modified?: string
  /** Bytes of the whole file, if known. */
  readonly total: O.Option<number>
}

/** A Content-Range such as `bytes 3-9/10`: positions of the first and last byte, both included. */
export interface ContentRange {
  /** From 0. */
  readonly first: number
  /** Included. */
  readonly last: number
  /** The length of the whole file in bytes; `none` for `*`. */
  readonly total: O.Option<number>
}

/** What a response means for a download. The table of this module lists when each applies. */
export type RangeAnswer =
  /** The whole file. `length` is `O.none` if it is unknown, or if a content coding changes it. */
  | {
      readonly _tag: 'Begin'
      /** Bytes. */
      readonly length: O.Option<number>
      /** What identifies this version of the file: a strong ETag or a strong Last-Modified. */
      readonly validator: O.Option<string>
      /** Whether a later request can resume it. */
      readonly isResumable: boolean
    }
  /** The rest of the file. `length` is that of the rest, `total` that of the whole file. */
  | { readonly _tag: 'Append'; readonly length: O.Option<number>; readonly total: O.Option<number> }
  /** The part is the whole file. */
  | { readonly _tag: 'Complete' }
  /** The part cannot be used: request the whole file. */
  | { readonly _tag: 'Again' }
  | { readonly _tag: 'Mismatch'; readonly message: string }
  | { readonly _tag: 'Unexpected' }

/**
 * Folds an answer with one handler for each tag.
 * @since 0.2.0
 * @category destructors
 */
export const match = Tagged.match<RangeAnswer>()

/** Returns the value of a field; undefined if the field is absent or its lines differ. */
const text = (head: Head, name: string): string | undefined => {
  const [first, ...others] = Headers.valuesOf(head.headers, name).map((value) => Secret.reveal(value).trim())
  return others.every((other) => other === first) ? first : undefined
}

// A strong entity tag (RFC 9110 8.8.3), and the date form that senders must use (5.6.7).
const STRONG_ETAG = /^"[\x21\x23-\x7e\x80-\xff]*"$/
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/** Returns milliseconds since the epoch; NaN if the text is not an HTTP date. */
const instantOf = (date: string): number => (HTTP_DATE.test(date) ? Date.parse(date) : Number.NaN)

/**
 * Returns whether a text is a strong ETag or an HTTP date, which `If-Range` may have.
 * @internal
 */
export const isValidator = (text: string): boolean => STRONG_ETAG.test(text) || !Number.isNaN(instantOf(text))

/** Returns a strong ETag, or a Last-Modified that is at least one second older than the Date (RFC 9110 8.8.2.2). */
export const validator = (head: Head): O.Option<string> => {
  const etag = text(head, 'ETag')
  if (etag !== undefined && STRONG_ETAG.test(etag)) return O.some(etag)
  const [modified, date] = [text(head, 'Last-Modified'), text(head, 'Date')]
  if (Headers.has('ETag')(head.headers) || modified === undefined || date === undefined) return O.none
  return instantOf(date) - instantOf(modified) >= 1000 ? O.some(modified) : O.none
}

/** Returns the Last-Modified of a response, strong or weak. */
export const modifiedOf = (head: Head): string | undefined => text(head, 'Last-Modified')

const CONTENT_RANGE = /^bytes (?:(\d{1,15})-(\d{1,15})|\*)\/(\d{1,15}|\*)$/i

const totalOf = (digits: string | undefined): O.Option<number> =>
  digits === undefined || digits === '*' ? O.none : O.some(Number(digits))

/** Returns the range of a 206; none if the Content-Range is missing or invalid. */
export const contentRange = (head: Head): O.Option<ContentRange> => {
  const match = CONTENT_RANGE.exec(text(head, 'Content-Range') ?? '')
  if (match?.[1] === undefined) return O.none
  const range = { first: Number(match[1]), last: Number(match[2]), total: totalOf(match[3]) }
  const isValid = range.first <= range.last && (O.isNone(range.total) || range.last < range.total.value)
  return isValid ? O.some(range) : O.none
}

type Fields = ReadonlyArray<readonly [name: string, value: string]>

/** Returns the header fields that request the rest of an unchanged file. Empty without a validator. */
export const resumeHeaders = ({ size, validator }: PartialFile): Fields =>
  O.isNone(validator)
    ? []
    : [
        ['Range', `bytes=${size}-`],
        ['If-Range', validator.value],
      ]

/**
 * Returns the header fields that request an unchanged file from the end of the part to before a position.
 * @internal
 */
export const rangeHeaders = (part: PartialFile, end: number): Fields =>
  resumeHeaders(part).map(([name, value]) => [name, name === 'Range' ? `${value}${end - 1}` : value])

/** Returns the header fields that check whether a finished file has changed. An unchanged one is answered by 304 or 416. */
export const revalidateHeaders = (part: PartialFile): Fields => {
  if (O.isNone(part.validator)) return []
  const { value } = part.validator
  return [[value.startsWith('"') ? 'If-None-Match' : 'If-Modified-Since', value], ...resumeHeaders(part)]
}

/**
 * Returns whether the body is sent without a content coding. Ranges count the bytes after coding.
 * @internal
 */
export const isUncoded = (head: Head): boolean =>
  Headers.valuesOf(head.headers, 'Content-Encoding').every((value) =>
    /^(identity)?$/i.test(Secret.reveal(value).trim()),
  )

/**
 * Whether the server declares that it sends ranges of bytes (RFC 9110 14.3).
 * @internal
 */
export const acceptsRanges = (head: Head): boolean =>
  (text(head, 'Accept-Ranges') ?? '').split(',').some((unit) => unit.trim().toLowerCase() === 'bytes')

const differ = <A>(x: O.Option<A>, y: O.Option<A>): boolean => O.isSome(x) && O.isSome(y) && x.value !== y.value
const isEtag = (validator: O.Option<string>): boolean => O.isSome(validator) && validator.value.startsWith('"')

/** Whether the ETag (even a weak one) or the Last-Modified of a response shows another version than that of the part. */
const isOtherVersion = (head: Head, part: PartialFile): boolean => {
  const etag = text(head, 'ETag')
  const modified = modifiedOf(head)
  const known = part.modified ?? (isEtag(part.validator) ? undefined : O.toUndefined(part.validator))
  const isOtherEtag = Headers.has('ETag')(head.headers) && etag !== O.toUndefined(part.validator)
  return isOtherEtag || (modified !== undefined && known !== undefined && modified !== known)
}

/**
 * Whether a 304 confirms the version of the part. ETags are compared weakly, and precede dates (RFC 9110 13.1.2, 13.2.2).
 * @internal
 */
export const isConfirmed = (head: Head, part: PartialFile): boolean => {
  if (Headers.has('ETag')(head.headers) && isEtag(part.validator)) {
    return text(head, 'ETag')?.replace(/^W\//, '') === O.toUndefined(part.validator)
  }
  const [modified, known] = [modifiedOf(head), part.modified ?? O.toUndefined(part.validator)]
  return modified === undefined || isEtag(O.fromNullable(known)) || modified === known
}

/**
 * Whether a 206 has the validator of the part. It must repeat an ETag (RFC 9110 15.3.7). It may omit the Last-Modified, but a server
 * that ignores If-Range omits it too, and then its range may be that of another version.
 */
const repeatsValidator = (head: Head, { validator }: PartialFile): boolean =>
  isEtag(validator) ? Headers.has('ETag')(head.headers) : O.isSome(validator) && modifiedOf(head) === validator.value

const evaluatePartial = (part: PartialFile, head: Head): RangeAnswer => {
  const range = contentRange(head)
  if (O.isNone(range) || !isUncoded(head)) {
    const received = text(head, 'Content-Range') ?? text(head, 'Content-Type') ?? 'no Content-Range'
    return { _tag: 'Mismatch', message: `Requested the bytes from ${part.size} on, but the 206 has ${received}` }
  }
  const { first, last, total } = range.value
  if (differ(total, part.total) || isOtherVersion(head, part)) return { _tag: 'Again' }
  if (first !== part.size)
    return {
      _tag: 'Mismatch',
      message: `Requested the bytes from ${part.size} on, but the 206 starts at byte ${first}`,
    }
  if (!repeatsValidator(head, part)) return { _tag: 'Again' }
  return { _tag: 'Append', length: O.some(last - first + 1), total: O.isSome(total) ? total : part.total }
}

const isComplete = (part: PartialFile, head: Head): boolean => {
  const match = CONTENT_RANGE.exec(text(head, 'Content-Range') ?? '')
  const total = totalOf(match?.[3])
  return O.isSome(part.validator) && O.isSome(total) && total.value === part.size && !differ(total, part.total)
}

/** Evaluates a response. `part` is `O.none` if the whole file was requested. */
export const evaluate =
  (part: O.Option<PartialFile>) =>
  (head: Head): RangeAnswer => {
    const { status } = head
    if (status === 206) {
      return O.isSome(part)
        ? evaluatePartial(part.value, head)
        : { _tag: 'Mismatch', message: 'Requested the whole file, but received a 206; do not send Range with toFile' }
    }
    if (status === 416 && O.isSome(part)) {
      return { _tag: isComplete(part.value, head) && !isOtherVersion(head, part.value) ? 'Complete' : 'Again' }
    }
    if (status < 200 || status > 299) return { _tag: 'Unexpected' }
    const length = isUncoded(head) ? O.fromNullable(lengthOf(head.headers)) : O.none
    const version = validator(head)
    return { _tag: 'Begin', length, validator: version, isResumable: isUncoded(head) && O.isSome(version) }
  }

/** @deprecated Use `RangeAnswer`. */
export type Verdict = RangeAnswer
/** @deprecated Use `PartialFile`. */
export type Part = PartialFile
/** @deprecated Use `evaluate`. */
export const judge = evaluate
/** @deprecated Use `resumeHeaders`. */
export const asking = resumeHeaders
/** @deprecated Use `revalidateHeaders`. */
export const checking = revalidateHeaders
