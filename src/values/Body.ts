/**
 * Request bodies, and their encoding into bytes or a stream.
 *
 * | body        | bytes                                  | default Content-Type                | repeatable |
 * |-------------|----------------------------------------|-------------------------------------|------------|
 * | `Empty`     | none                                   |                                     | yes        |
 * | `Bytes`     | as they are                            |                                     | yes        |
 * | `Text`      | UTF-8                                  |                                     | yes        |
 * | `Json`      | `JSON.stringify`, UTF-8                | `application/json`                  | yes        |
 * | `Form`      | `a=1&b=2`                              | `application/x-www-form-urlencoded` | yes        |
 * | `Multipart` | RFC 7578, parts in order               | `multipart/form-data; boundary=…`   | yes        |
 * | `Stream`    | from a factory, called for each send   |                                     | yes        |
 * | `Once`      | from one iterable that can be read once |                                    | **no**     |
 *
 * `Bytes` prints its length and never its content. A plan only holds `Empty`, `Bytes`, `Stream` and `Once`.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { Body } from 'requests-ts'
 *
 * assert.equal(E.isRight(Body.encode()(Body.json({ a: 1 }))), true)
 * assert.deepEqual(Body.encode()(Body.json({ a: Number.NaN })), E.left('JSON cannot represent NaN (at $.a)'))
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Entropy from './Entropy.js'
import { octets, shallow } from './Equality.js'
import * as JsonText from './JsonText.js'
import * as Parts from './Multipart.js'
import * as Octets from './Octets.js'
import * as OneShot from './OneShot.js'
import * as Query from './Query.js'
import * as Secret from './Secret.js'
import * as Tagged from './Tagged.js'
import * as UserInput from './UserInput.js'

/** A body without content. */
export type Empty = { readonly _tag: 'Empty' }
/** Octets, which are not copied and never printed. */
export type Bytes = { readonly _tag: 'Bytes'; readonly bytes: Secret.SealedBytes }
/** Text, sent as UTF-8. */
export type Text = { readonly _tag: 'Text'; readonly text: string }
/** `text` is the value as JSON. If present it is sent as it is, so that its numbers keep all their digits. */
export type Json = { readonly _tag: 'Json'; readonly value: unknown; readonly text?: string }
/** A form, sent as `application/x-www-form-urlencoded`. */
export type Form = { readonly _tag: 'Form'; readonly pairs: Query.Pairs }
/** A form, sent as `multipart/form-data` (RFC 7578). */
export type Multipart = { readonly _tag: 'Multipart'; readonly parts: ReadonlyArray<Parts.Part> }
/** Bytes that are produced again for each send. `length` is in octets, if it is known in advance. */
export interface Stream {
  readonly _tag: 'Stream'
  /** Called for each send. */
  readonly open: () => AsyncIterable<Uint8Array>
  /** Octets; `none` if it is unknown, and then the body is chunked. */
  readonly length: O.Option<number>
}
/** Bytes that can be read once. Sending them again, as for a redirect, challenge or retry, is refused beforehand. */
export interface Once {
  readonly _tag: 'Once'
  /** Read by the first send. */
  readonly source: AsyncIterable<Uint8Array>
  /** Octets; `none` if it is unknown, and then the body is chunked. */
  readonly length: O.Option<number>
}

/** The content of a request. */
export type Body = Empty | Bytes | Text | Json | Form | Multipart | Stream | Once

/** The body of a plan. */
export type Payload = Empty | Bytes | Stream | Once

/** Returns no octets, and sends no Content-Type. */
export const empty: Empty = { _tag: 'Empty' }
/** Returns a body of these octets. */
export const bytes = (content: Uint8Array): Bytes => ({ _tag: 'Bytes', bytes: Secret.bytes(content) })
/** Returns a body of this text, which is sent as UTF-8. */
export const text = (content: string): Text => ({ _tag: 'Text', text: content })
/** Returns a body of this value, which is sent as JSON. */
export const json = (value: unknown): Json => ({ _tag: 'Json', value })
/** JSON that is already text, which is sent as it is. */
export const jsonText = (text: string, value: unknown): Json => ({ _tag: 'Json', value, text })
/** Returns a body of these pairs, which are sent as `application/x-www-form-urlencoded`. */
export const form = (input: Query.Input): Form => ({ _tag: 'Form', pairs: Query.fromInput(input) })
/** Returns a body of these parts, which are sent as `multipart/form-data` (RFC 7578). */
export const multipart = (input: Parts.Input): Multipart => ({ _tag: 'Multipart', parts: Parts.fromInput(input) })
/** Returns a body that `open` produces again for each send. `length` is in octets. */
export const stream = (open: () => AsyncIterable<Uint8Array>, length?: number): Stream => ({
  _tag: 'Stream',
  open,
  length: O.fromNullable(length),
})
/** Returns a body that can be read only once, so it is not sent again. `length` is in octets. */
export const once = (source: AsyncIterable<Uint8Array>, length?: number): Once => ({
  _tag: 'Once',
  source: OneShot.guard(source),
  length: O.fromNullable(length),
})

/**
 * Folds a body with one handler for each tag.
 * @since 0.2.0
 * @category destructors
 */
export const match = Tagged.match<Body>()

/**
 * Folds the body of a plan with one handler for each tag.
 *
 * @since 0.2.0
 * @category destructors
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Body } from 'requests-ts'
 *
 * const kind = pipe(Body.empty, Body.matchPayload({
 *   Empty: () => 'no body',
 *   Bytes: ({ bytes }) => `${bytes}`,
 *   Stream: () => 'a stream',
 *   Once: () => 'a stream that can be read once',
 * }))
 * assert.equal(kind, 'no body')
 */
export const matchPayload = Tagged.match<Payload>()

/** Returns the number of octets that will be sent. None for an empty body, or if it is unknown. */
export const length = (body: Payload): O.Option<number> => {
  if (body._tag === 'Empty') return O.none
  return body._tag === 'Bytes' ? O.some(Secret.open(body.bytes).length) : body.length
}

/** An encoded body and its media type. */
export interface Encoded {
  /** What is sent. */
  readonly payload: Payload
  /** The Content-Type that the body implies; undefined if it implies none. */
  readonly contentType: string | undefined
}

const encoded = (payload: Payload, contentType?: string): E.Either<string, Encoded> => E.right({ payload, contentType })

const utf8 = (content: string): Bytes => bytes(Octets.fromText(content))

/** Options of `encode`. */
export interface Encoding {
  /** The Content-Type that the user set. Its boundary is used, if it has one. */
  readonly contentType?: string | undefined
  /** The seed of the boundary. */
  readonly entropy?: string
}

const isObject = (u: unknown): u is object => typeof u === 'object' && u !== null

/**
 * Encodes a body. The left is the reason why it cannot, such as a cycle, a BigInt, NaN or an invalid part.
 * @since 0.2.0
 * @category destructors
 */
export function encode(options?: Encoding): (body: Body) => E.Either<string, Encoded>
/** @deprecated Use `encode(options)(body)`. */
export function encode(body: Body, options?: Encoding): E.Either<string, Encoded>
export function encode(
  first: Body | Encoding = {},
  options?: Encoding,
): E.Either<string, Encoded> | ((body: Body) => E.Either<string, Encoded>) {
  return '_tag' in first ? encodeWith(first, options) : (body) => encodeWith(body, first)
}

/**
 * `encode` without a closure, because each request is encoded.
 * @internal
 */
export const encodeWith = (
  body: Body,
  { contentType = '', entropy = '' }: Encoding = {},
): E.Either<string, Encoded> => {
  switch (body._tag) {
    case 'Empty':
      return encoded(body)
    case 'Bytes':
      return Secret.open(body.bytes) instanceof Uint8Array ? encoded(body) : E.left('the bytes must be a Uint8Array')
    case 'Text':
      return typeof body.text === 'string' ? encoded(utf8(body.text)) : E.left('the text must be a string')
    case 'Json':
      return encodeJson(body)
    case 'Form':
      return encoded(utf8(Query.encode(body.pairs)), 'application/x-www-form-urlencoded')
    case 'Multipart':
      return encodeMultipart(body, contentType, entropy)
    case 'Stream':
      return typeof body.open === 'function'
        ? encoded(body)
        : E.left('a stream must be a function that returns an async iterable')
    case 'Once':
      // A user may have built it without `once`, so that it has no guard yet.
      return isObject(body.source) && Symbol.asyncIterator in body.source
        ? encoded({ ...body, source: OneShot.guard(body.source) })
        : E.left('a body that is sent once must be an async iterable')
  }
}

const lacksBoundary = (body: Body, contentType: string): boolean =>
  body._tag === 'Multipart' && Parts.boundaryOf(contentType) === undefined && hasStream(body.parts)

/**
 * Returns whether the boundary must be random: without streams a digest of the parts is as unpredictable.
 * @since 0.2.0
 * @category predicates
 */
export function needsEntropy(contentType?: string): (body: Body) => boolean
/** @deprecated Use `needsEntropy(contentType)(body)`. */
export function needsEntropy(body: Body, contentType?: string): boolean
export function needsEntropy(first: string | Body = '', contentType = ''): boolean | ((body: Body) => boolean) {
  return typeof first === 'string' ? (body) => lacksBoundary(body, first) : lacksBoundary(first, contentType)
}

/** Tolerates invalid parts and contents, which `encode` refuses. */
const hasStream = (parts: Multipart['parts']): boolean =>
  Array.isArray(parts) &&
  parts.some((part) => {
    const content: unknown = part?.content
    return isObject(content) && !(content instanceof Uint8Array) && 'open' in content
  })

/** Returns the given boundary, else a random one, else a digest of the parts, which none of them can contain. */
const boundaryFor = (parts: Multipart['parts'], contentType: string, entropy: string): E.Either<string, string> => {
  const given = Parts.boundaryOf(contentType)
  if (given !== undefined) return E.right(given)
  if (entropy !== '') return E.right(Entropy.draw(entropy, 'boundary'))
  const digestOf = (made: Parts.Encoded) => Entropy.draw(made._tag === 'Whole' ? made.bytes : '', 'boundary')
  return E.map(digestOf)(Parts.encode('')(parts))
}

const encodeMultipart = ({ parts }: Multipart, contentType: string, entropy: string): E.Either<string, Encoded> => {
  const boundary = boundaryFor(parts, contentType, entropy)
  if (E.isLeft(boundary)) return boundary
  const given = Parts.isMultipart(contentType) ? contentType : 'multipart/form-data'
  return E.map((made: Parts.Encoded) => ({
    payload: made._tag === 'Whole' ? bytes(made.bytes) : stream(made.open, made.length),
    contentType: Parts.withBoundary(boundary.right)(given),
  }))(Parts.encode(boundary.right)(parts))
}

const encodeJson = (body: Json): E.Either<string, Encoded> => {
  const text = UserInput.get(body, 'text')
  if (typeof text === 'string') return encoded(utf8(text), 'application/json')
  const written = JsonText.stringify(body.value)
  return E.isLeft(written) ? written : encoded(utf8(written.right), 'application/json')
}

// --- equality ------------------------------------------------------------------------------------------------------

const sameLength = (x: O.Option<number>, y: O.Option<number>): boolean => O.toUndefined(x) === O.toUndefined(y)

/**
 * Compares the body of a plan: bytes by their content, streams by reference and length.
 * @since 0.2.0
 * @category instances
 */
export const PayloadEq: EqOf<Payload> = {
  equals: (x, y) => {
    if (x === y) return true
    if (x._tag === 'Bytes') return y._tag === 'Bytes' && octets.equals(Secret.open(x.bytes), Secret.open(y.bytes))
    if (x._tag === 'Stream') return y._tag === 'Stream' && x.open === y.open && sameLength(x.length, y.length)
    if (x._tag === 'Once') return y._tag === 'Once' && x.source === y.source && sameLength(x.length, y.length)
    return x._tag === y._tag
  },
}

/**
 * Compares what bodies send: their bytes and default Content-Type. So a text equals its bytes, and JSON objects with the
 * same keys in another order differ. Streams are compared by reference, and so is the content of a body that
 * cannot be encoded. It encodes both bodies, which takes as long as planning them.
 *
 * @since 0.2.0
 * @category instances
 * @example
 * import { Body } from 'requests-ts'
 *
 * assert.equal(Body.Eq.equals(Body.form({ a: 1 }), Body.form([['a', '1']])), true)
 * assert.equal(Body.Eq.equals(Body.json({ a: 1 }), Body.json({ a: 2 })), false)
 */
export const Eq: EqOf<Body> = {
  equals: (x, y) => {
    if (x === y) return true
    if (x._tag === 'Multipart' && y._tag === 'Multipart') return Parts.Eq.equals(x.parts, y.parts)
    const [a, b] = [encodeWith(x), encodeWith(y)]
    if (E.isLeft(a) || E.isLeft(b)) return E.isLeft(a) && E.isLeft(b) && shallow.equals(x, y)
    return a.right.contentType === b.right.contentType && PayloadEq.equals(a.right.payload, b.right.payload)
  },
}
