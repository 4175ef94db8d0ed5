/**
 * Compresses the body of a first plan as `withCompression` says, and decides Content-Encoding (RFC 9110 8.4).
 *
 * | body                                                       | result                                                |
 * |------------------------------------------------------------|-------------------------------------------------------|
 * | bytes                                                      | compressed when it is planned; its new length is known |
 * | a stream                                                   | compressed each time that it is sent; chunked         |
 * | a one-shot stream                                          | compressed while it is sent, once; chunked            |
 * | empty; shorter than the minimum; not smaller after it      | as it is                                              |
 * | the user has set Content-Encoding, or a digest or a range of the content | as it is                                |
 *
 * Law: decoding what is sent gives what would be sent without compression.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Compression from '../../session/sending/Compression.js'
import * as Body from '../../values/Body.js'
import * as Headers from '../../values/Headers.js'
import * as OneShot from '../../values/OneShot.js'
import * as Secret from '../../values/Secret.js'
import * as Compressor from '../../wire/coding/Compressor.js'
import { invalidSettings, type PlanError } from '../PlanError.js'
import type { CodingDecision } from './Provenance.js'

/** The body as it is sent, and what was decided. */
export interface Coded {
  readonly payload: Body.Payload
  readonly decision: CodingDecision
}

/** Fields that describe the bytes before compression: those of HTTP, and those of the storage of AWS, Google and Azure. */
const OF_CONTENT =
  /^(?:content-(?:encoding|digest|md5|range)|(?:repr-)?digest|x-amz-(?:content-|checksum-|decoded-|trailer).*|x-goog-hash|x-ms-(?:blob-)?content-(?:md5|crc64))$/i

type Decided = E.Either<PlanError, Coded>

const unchanged = (payload: Body.Payload, why: string): Decided =>
  E.right({ payload, decision: { _tag: 'Unchanged', why } })

type Open = () => AsyncIterable<Uint8Array>

/** Equal requests must have equal plans, and streams are compared by reference. */
const opens = new WeakMap<Open, Map<string, Open>>()

const opening = (coding: Compression.CompressionCoding, open: Open, length: number | undefined): Open => {
  const known = opens.get(open) ?? new Map<string, Open>()
  const key = `${coding} ${length}`
  const made = known.get(key) ?? (() => Compressor.compressStream(coding, open(), length))
  opens.set(open, known.set(key, made))
  return made
}

const compressed = (coding: Compression.CompressionCoding, payload: Body.Payload): Body.Payload => {
  switch (payload._tag) {
    case 'Empty':
      return payload
    case 'Bytes':
      return Body.bytes(Compressor.compress(coding, Secret.open(payload.bytes)))
    case 'Stream':
      return { ...payload, open: opening(coding, payload.open, O.toUndefined(payload.length)), length: O.none }
    case 'Once': {
      const length = O.toUndefined(payload.length)
      const read = (source: AsyncIterable<Uint8Array>) => Compressor.compressStream(coding, source, length)
      return { ...payload, source: OneShot.derive(`${coding} ${length}`, read)(payload.source), length: O.none }
    }
  }
}

/** Compresses a body, unless there is a reason not to. Error: `InvalidSettings`. */
export const encode = (setting: Compression.Compression, headers: Headers.Headers, payload: Body.Payload): Decided => {
  const { coding, minimumSize } = setting
  const problem = Compression.problemOf(setting)
  if (problem !== undefined) return E.left(invalidSettings('compression', problem))
  const size = O.toUndefined(Body.length(payload))
  if (payload._tag === 'Empty' || size === 0) return unchanged(payload, 'the body is empty')
  const given = headers.fields.find(([name]) => OF_CONTENT.test(name))
  if (given !== undefined) return unchanged(payload, `you set ${given[0]}`)
  if (size !== undefined && size < minimumSize)
    return unchanged(payload, `the body has fewer than ${minimumSize} bytes`)
  // Asked last: a body that is compressed already, or too small, needs no compressor.
  const missing = Compressor.missing(coding)
  if (missing !== undefined) return E.left(invalidSettings('compression', missing))
  const coded = compressed(coding, payload)
  const codedSize = O.toUndefined(Body.length(coded))
  if (size !== undefined && codedSize !== undefined && codedSize >= size) {
    return unchanged(payload, 'the body would not be smaller')
  }
  return E.right({ payload: coded, decision: { _tag: 'Compressed', coding, size } })
}

const LENGTH = ['Content-Length']

/** Removes the length that the user gave: it is that of the body before it was compressed. */
export const withoutLength = (decision: CodingDecision | undefined, headers: Headers.Headers): Headers.Headers =>
  decision?._tag === 'Compressed' ? Headers.without(headers, LENGTH) : headers

/** Writes Content-Encoding. */
export const withCoding = (decision: CodingDecision | undefined, headers: Headers.Headers): Headers.Headers =>
  decision?._tag === 'Compressed' ? Headers.append('Content-Encoding', decision.coding)(headers) : headers
