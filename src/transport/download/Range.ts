/**
 * Going on with a download that broke off: what to ask for, and what the answer means (RFC 9110 13.1.5, 14, 15.3.7, 15.5.17).
 *
 * | asked for the rest | the answer                                            | is                                        |
 * |--------------------|-------------------------------------------------------|-------------------------------------------|
 * | no                 | 2xx but 206                                           | `Begin`                                   |
 * | yes                | 206 that begins where the part ends, of the same whole | `Append`                                  |
 * | yes                | 206 of another length, or with another or no validator | `Again`: it has changed                   |
 * | yes                | 2xx but 206: it has changed, or ranges are not known   | `Begin`                                   |
 * | yes                | 416, and the whole is as long as the part, of no other version | `Complete`                       |
 * | yes                | 416 otherwise                                         | `Again`                                   |
 * | either             | 206 of another range, or of none that can be read      | `Mismatch`                                |
 * | either             | any other status                                      | `Unexpected`                              |
 *
 * @example
 * import * as O from 'fp-ts/lib/Option.js'
 * import { Range, Reply } from 'requests-ts'
 *
 * const head = Reply.head({ status: 206, headers: { 'Content-Range': 'bytes 3-9/10', ETag: '"v1"' } })
 * const part = { size: 3, validator: O.some('"v1"'), total: O.some(10) }
 * assert.deepEqual(Range.asking(part), [['Range', 'bytes=3-'], ['If-Range', '"v1"']])
 * assert.deepEqual(Range.evaluate(O.some(part))(head), { _tag: 'Append', length: O.some(7), total: O.some(10) })
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Headers from '../../values/Headers.js'
import * as Secret from '../../values/Secret.js'
import { type Head, lengthOf } from '../../wire/Reply.js'

/** What is there of a download. */
export interface PartialFile {
  /** Octets. */
  readonly size: number
  /** What tells this version from others: a strong ETag, or a date. Without one nothing is gone on with. */
  readonly validator: O.Option<string>
  /** Its Last-Modified, where it has both. */
  readonly modified?: string
  readonly total: O.Option<number>
}

/** `bytes 3-9/10`; octets, both ends included. */
export interface ContentRange {
  readonly first: number
  readonly last: number
  readonly total: O.Option<number>
}

export type RangeAnswer =
  /** From the first octet on. `length` is what comes; none where it is not known, or the content is coded. */
  | {
      readonly _tag: 'Begin'
      readonly length: O.Option<number>
      readonly validator: O.Option<string>
      readonly isResumable: boolean
    }
  | { readonly _tag: 'Append'; readonly length: O.Option<number>; readonly total: O.Option<number> }
  | { readonly _tag: 'Complete' }
  | { readonly _tag: 'Again' }
  | { readonly _tag: 'Mismatch'; readonly message: string }
  | { readonly _tag: 'Unexpected' }

/** The one value of that name; none where there is none, or where lines contradict each other. */
const text = (head: Head, name: string): string | undefined => {
  const [first, ...others] = Headers.valuesOf(head.headers, name).map((value) => Secret.reveal(value).trim())
  return others.every((other) => other === first) ? first : undefined
}

// RFC 9110 8.8.3, without the weak ones; and 5.6.7, in the one form that is sent.
const STRONG_ETAG = /^"[\x21\x23-\x7e\x80-\xff]*"$/
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/** In milliseconds since the epoch; NaN for what is no date of HTTP. */
const instantOf = (date: string): number => (HTTP_DATE.test(date) ? Date.parse(date) : Number.NaN)

/** A strong ETag, else a Last-Modified that is strong since it is a second older than the reply (RFC 9110 8.8.2.2). */
export const validator = (head: Head): O.Option<string> => {
  const etag = text(head, 'ETag')
  if (etag !== undefined && STRONG_ETAG.test(etag)) return O.some(etag)
  const [modified, date] = [text(head, 'Last-Modified'), text(head, 'Date')]
  if (Headers.has('ETag')(head.headers) || modified === undefined || date === undefined) return O.none
  return instantOf(date) - instantOf(modified) >= 1000 ? O.some(modified) : O.none
}

/** The Last-Modified of a reply, whether it is strong or not. */
export const modifiedOf = (head: Head): string | undefined => text(head, 'Last-Modified')

const CONTENT_RANGE = /^bytes (?:(\d{1,15})-(\d{1,15})|\*)\/(\d{1,15}|\*)$/i

const totalOf = (digits: string | undefined): O.Option<number> =>
  digits === undefined || digits === '*' ? O.none : O.some(Number(digits))

/** The range that a 206 gives; none where there is none that makes sense. */
export const contentRange = (head: Head): O.Option<ContentRange> => {
  const match = CONTENT_RANGE.exec(text(head, 'Content-Range') ?? '')
  if (match?.[1] === undefined) return O.none
  const range = { first: Number(match[1]), last: Number(match[2]), total: totalOf(match[3]) }
  const isSane = range.first <= range.last && (O.isNone(range.total) || range.last < range.total.value)
  return isSane ? O.some(range) : O.none
}

type Fields = ReadonlyArray<readonly [name: string, value: string]>

/** The header fields that ask for what is missing, if it is still of the same version. None where nothing tells versions apart. */
export const asking = ({ size, validator }: PartialFile): Fields =>
  O.isNone(validator)
    ? []
    : [
        ['Range', `bytes=${size}-`],
        ['If-Range', validator.value],
      ]

/** The header fields that ask whether a whole file is still of the current version: answered by 304, or by 416. */
export const checking = (part: PartialFile): Fields => {
  if (O.isNone(part.validator)) return []
  const { value } = part.validator
  return [[value.startsWith('"') ? 'If-None-Match' : 'If-Modified-Since', value], ...asking(part)]
}

/** Whether the octets that arrive are those that the server counts. */
const isPlain = (head: Head): boolean => /^(identity)?$/i.test(text(head, 'Content-Encoding') ?? '')

const differ = <A>(x: O.Option<A>, y: O.Option<A>): boolean => O.isSome(x) && O.isSome(y) && x.value !== y.value

const isEtag = (validator: O.Option<string>): boolean => O.isSome(validator) && validator.value.startsWith('"')

/** Whether a reply says that it is of another version than the part: by its ETag, weak ones too, or its date. */
const isOther = (head: Head, part: PartialFile): boolean => {
  const etag = text(head, 'ETag')
  const modified = modifiedOf(head)
  const known = part.modified ?? (isEtag(part.validator) ? undefined : O.toUndefined(part.validator))
  const isOtherEtag = Headers.has('ETag')(head.headers) && etag !== O.toUndefined(part.validator)
  return isOtherEtag || (modified !== undefined && known !== undefined && modified !== known)
}

/**
 * Whether a 304 is of the part's version. It compares weakly, and an ETag comes before a date (RFC 9110 13.1.2, 13.2.2).
 * @internal
 */
export const isConfirmed = (head: Head, part: PartialFile): boolean => {
  if (Headers.has('ETag')(head.headers) && isEtag(part.validator)) {
    return text(head, 'ETag')?.replace(/^W\//, '') === O.toUndefined(part.validator)
  }
  const [modified, known] = [modifiedOf(head), part.modified ?? O.toUndefined(part.validator)]
  return modified === undefined || isEtag(O.fromNullable(known)) || modified === known
}

const ofPartial = (part: PartialFile, head: Head): RangeAnswer => {
  const range = contentRange(head)
  if (O.isNone(range) || !isPlain(head)) {
    const what = text(head, 'Content-Range') ?? text(head, 'Content-Type') ?? 'no Content-Range'
    return { _tag: 'Mismatch', message: `The rest from octet ${part.size} on was asked for, and ${what} came` }
  }
  const { first, last, total } = range.value
  if (differ(total, part.total) || isOther(head, part)) return { _tag: 'Again' }
  if (first !== part.size) {
    const message = `The rest from octet ${part.size} on was asked for, and that from ${first} on came`
    return { _tag: 'Mismatch', message }
  }
  // A 206 repeats the ETag that a 200 would have (RFC 9110 15.3.7), though not the date.
  const isProven = O.isSome(part.validator) && (!isEtag(part.validator) || Headers.has('ETag')(head.headers))
  if (!isProven) return { _tag: 'Again' }
  return { _tag: 'Append', length: O.some(last - first + 1), total: O.isSome(total) ? total : part.total }
}

const isWhole = (part: PartialFile, head: Head): boolean => {
  const match = CONTENT_RANGE.exec(text(head, 'Content-Range') ?? '')
  const total = totalOf(match?.[3])
  return O.isSome(part.validator) && O.isSome(total) && total.value === part.size && !differ(total, part.total)
}

/** What a reply means for what is there: none if nothing is, and the whole was asked for. */
export const evaluate =
  (part: O.Option<PartialFile>) =>
  (head: Head): RangeAnswer => {
    const { status } = head
    if (status === 206) {
      return O.isSome(part)
        ? ofPartial(part.value, head)
        : { _tag: 'Mismatch', message: 'The whole was asked for, and a part came: leave Range to toFile' }
    }
    if (status === 416 && O.isSome(part)) {
      return { _tag: isWhole(part.value, head) && !isOther(head, part.value) ? 'Complete' : 'Again' }
    }
    if (status < 200 || status > 299) return { _tag: 'Unexpected' }
    const length = isPlain(head) ? O.fromNullable(lengthOf(head.headers)) : O.none
    const version = validator(head)
    // Something must tell the rest of this version from that of another, and a length does not.
    const isResumable = isPlain(head) && O.isSome(version)
    return { _tag: 'Begin', length, validator: version, isResumable }
  }
