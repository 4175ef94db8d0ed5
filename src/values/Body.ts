/**
 * What a request carries, as the user says it, and its encoding into bytes or a stream.
 *
 * | body        | bytes                                  | Content-Type, unless given          | sent again |
 * |-------------|----------------------------------------|-------------------------------------|------------|
 * | `Empty`     | none                                   |                                     | yes        |
 * | `Bytes`     | as they are                            |                                     | yes        |
 * | `Text`      | UTF-8                                  |                                     | yes        |
 * | `Json`      | `JSON.stringify`, UTF-8                | `application/json`                  | yes        |
 * | `Form`      | `a=1&b=2`                              | `application/x-www-form-urlencoded` | yes        |
 * | `Multipart` | RFC 7578, parts in order               | `multipart/form-data; boundary=…`   | yes        |
 * | `Stream`    | from a factory, opened for each send   |                                     | yes        |
 * | `Once`      | from one iterable that can be read once |                                    | **no**     |
 *
 * `Bytes` prints its length and never its content; a plan only holds `Empty`, `Bytes`, `Stream` and `Once`.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { Body } from 'requests-ts'
 *
 * assert.equal(E.isRight(Body.encode(Body.json({ a: 1 }))), true)
 * assert.deepEqual(Body.encode(Body.json({ a: Number.NaN })), E.left('JSON cannot hold NaN (at $.a)'))
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Entropy from './Entropy.js'
import {
  boundaryOf,
  encode as encodeParts,
  isMultipart,
  type Part,
  type Input as PartsInput,
  fromInput as partsFromInput,
  withBoundary,
} from './Multipart.js'
import * as OneShot from './OneShot.js'
import * as OwnProperty from './OwnProperty.js'
import { reasonOf } from './Printable.js'
import * as Query from './Query.js'
import * as Secret from './Secret.js'

export interface Empty {
  readonly _tag: 'Empty'
}
export interface Bytes {
  readonly _tag: 'Bytes'
  readonly bytes: Secret.SealedBytes
}
export interface Text {
  readonly _tag: 'Text'
  readonly text: string
}
export interface Json {
  readonly _tag: 'Json'
  readonly value: unknown
  /** The text of that value, where it is to go out with its numbers as they were written. */
  readonly text?: string
}
export interface Form {
  readonly _tag: 'Form'
  readonly pairs: Query.Pairs
}
export interface Multipart {
  readonly _tag: 'Multipart'
  readonly parts: ReadonlyArray<Part>
}
/** Bytes made anew for each send; `length` in octets where it is known beforehand. */
export interface Stream {
  readonly _tag: 'Stream'
  readonly open: () => AsyncIterable<Uint8Array>
  readonly length: O.Option<number>
}
/**
 * Bytes that exist once: a redirect, a challenge or a retry that needs them again is refused before it is sent, and so is
 * the same request sent a second time. `source` opens once; from then on it fails.
 */
export interface Once {
  readonly _tag: 'Once'
  readonly source: AsyncIterable<Uint8Array>
  readonly length: O.Option<number>
}

export type Body = Empty | Bytes | Text | Json | Form | Multipart | Stream | Once

/** What a plan holds. */
export type Payload = Empty | Bytes | Stream | Once

export const empty: Empty = { _tag: 'Empty' }
export const bytes = (content: Uint8Array): Bytes => ({ _tag: 'Bytes', bytes: Secret.bytes(content) })
export const text = (content: string): Text => ({ _tag: 'Text', text: content })
export const json = (value: unknown): Json => ({ _tag: 'Json', value })
/** JSON that is text already: it goes out as it is. */
export const jsonText = (text: string, value: unknown): Json => ({ _tag: 'Json', value, text })
export const form = (input: Query.Input): Form => ({ _tag: 'Form', pairs: Query.fromInput(input) })
export const multipart = (input: PartsInput): Multipart => ({
  _tag: 'Multipart',
  parts: partsFromInput(input),
})
export const stream = (open: () => AsyncIterable<Uint8Array>, length?: number): Stream => ({
  _tag: 'Stream',
  open,
  length: O.fromNullable(length),
})
export const once = (source: AsyncIterable<Uint8Array>, length?: number): Once => ({
  _tag: 'Once',
  source: OneShot.guard(source),
  length: O.fromNullable(length),
})

/** The octets that will be sent, where they are known: none for an empty body. */
export const length = (body: Payload): O.Option<number> => {
  switch (body._tag) {
    case 'Empty':
      return O.none
    case 'Bytes':
      return O.some(Secret.open(body.bytes).length)
    case 'Stream':
    case 'Once':
      return body.length
  }
}

/** A body made ready, and the media type it asks for. */
export interface Encoded {
  readonly payload: Payload
  readonly contentType: string | undefined
}

const encoded = (payload: Payload, contentType?: string): E.Either<string, Encoded> => E.right({ payload, contentType })

const utf8 = (content: string): Bytes => bytes(Buffer.from(content, 'utf8'))

/** What encoding reads beside the body. */
export interface Encoding {
  /** The Content-Type that the user has given: a boundary in it is used. */
  readonly contentType?: string | undefined
  /** Seed of the boundary. */
  readonly entropy?: string
}

const isIterable = (u: unknown): boolean => typeof u === 'object' && u !== null && Symbol.asyncIterator in u

/** Makes a body ready. The left is why it cannot be: a cycle, a BigInt, a number that is not finite, a bad part. */
export const encode = (body: Body, { contentType = '', entropy = '' }: Encoding = {}): E.Either<string, Encoded> => {
  switch (body._tag) {
    case 'Bytes':
      return Secret.open(body.bytes) instanceof Uint8Array ? encoded(body) : E.left('bytes are a Uint8Array')
    case 'Stream':
      return typeof body.open === 'function' ? encoded(body) : E.left('a stream is a function that opens it')
    case 'Empty':
      return encoded(body)
    case 'Once':
      // One that was put together by hand has no guard yet.
      return isIterable(body.source)
        ? encoded({ ...body, source: OneShot.guard(body.source) })
        : E.left('what is sent once is an async iterable')
    case 'Text':
      return typeof body.text === 'string' ? encoded(utf8(body.text)) : E.left('a text is a string')
    case 'Form':
      return encoded(utf8(Query.encode(body.pairs)), 'application/x-www-form-urlencoded')
    case 'Multipart':
      return encodeMultipart(body.parts, contentType, entropy)
    case 'Json':
      return encodeJson(body)
  }
}

/**
 * Whether encoding needs entropy: a boundary that can be foreseen lets the content of a part forge other parts. Without
 * entropy the boundary is a digest of all that the parts hold, so that no part can hold it; a stream is not known yet.
 */
export const needsEntropy = (body: Body, contentType = ''): boolean =>
  body._tag === 'Multipart' && boundaryOf(contentType) === undefined && hasStream(body.parts)

/** What is not a part or not a content is for `encode` to refuse. */
const hasStream = (parts: Multipart['parts']): boolean =>
  Array.isArray(parts) &&
  parts.some((part) => {
    const content: unknown = part?.content
    return typeof content === 'object' && content !== null && !(content instanceof Uint8Array) && 'open' in content
  })

/**
 * The boundary of a Content-Type, else one drawn from entropy, else a digest of the parts: whoever chooses a part changes
 * it, and cannot choose a part that holds its own digest.
 */
const boundaryFor = (parts: Multipart['parts'], contentType: string, entropy: string): E.Either<string, string> => {
  const given = boundaryOf(contentType)
  if (given !== undefined) return E.right(given)
  if (entropy !== '') return E.right(Entropy.draw(entropy, 'boundary'))
  const made = encodeParts('')(parts)
  if (E.isLeft(made)) return made
  return E.right(Entropy.draw(made.right._tag === 'Whole' ? made.right.bytes : '', 'boundary'))
}

const encodeMultipart = (
  parts: Multipart['parts'],
  contentType: string,
  entropy: string,
): E.Either<string, Encoded> => {
  const boundary = boundaryFor(parts, contentType, entropy)
  if (E.isLeft(boundary)) return boundary
  const made = encodeParts(boundary.right)(parts)
  if (E.isLeft(made)) return made
  const payload = made.right._tag === 'Whole' ? bytes(made.right.bytes) : stream(made.right.open, made.right.length)
  const given = isMultipart(contentType) ? contentType : 'multipart/form-data'
  return encoded(payload, withBoundary(given, boundary.right))
}

const encodeJson = (body: Json): E.Either<string, Encoded> => {
  const text = OwnProperty.get(body, 'text')
  if (typeof text === 'string') return encoded(utf8(text), 'application/json')
  const { value } = body
  try {
    const written: string | undefined = JSON.stringify(value)
    if (written === undefined)
      return E.left(`JSON cannot hold ${typeof value === 'symbol' ? 'a symbol' : typeof value}`)
    // JSON.stringify writes NaN and Infinity as null: look for them only where there is a null.
    const lost = written.includes('null') ? notFinite(value, '$') : undefined
    return lost === undefined ? encoded(utf8(written), 'application/json') : E.left(lost)
  } catch (cause) {
    // A cycle, a BigInt, a nesting deeper than the stack, or the user's own toJSON.
    const [why = ''] = reasonOf(cause).split('\n', 1)
    return E.left(`JSON cannot hold it: ${why}`)
  }
}

const notFinite = (value: unknown, path: string): string | undefined => {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `JSON cannot hold ${value} (at ${path})`
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return undefined
  for (const [key, item] of Object.entries(value)) {
    const found = notFinite(item, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`)
    if (found !== undefined) return found
  }
  return undefined
}
