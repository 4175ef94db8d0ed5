/**
 * `multipart/form-data` (RFC 7578): parts in order, each a field or a file, from text, bytes or a stream.
 *
 *     --boundary
 *     Content-Disposition: form-data; name="avatar"; filename="me.png"
 *     Content-Type: image/png
 *     …the part's own headers…
 *
 *     …content…
 *     --boundary--
 *
 * Names are escaped as in HTML (`"` is `%22`, CR `%0D`, LF `%0A`) and otherwise written in UTF-8. A content type is
 * never guessed, and an empty one is omitted. Streamed parts are not buffered. The body has a length if all parts have.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { Multipart } from 'requests-ts'
 *
 * const parts = Multipart.fromInput({ note: 'hi', file: { content: new Uint8Array([1, 2]), filename: 'a.bin' } })
 * assert.deepEqual(parts.map(({ name }) => name), ['note', 'file'])
 * assert.equal(E.isRight(Multipart.encode('XX')(parts)), true)
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'
import { octets } from './Equality.js'
import * as HeaderSyntax from './HeaderSyntax.js'
import * as Headers from './Headers.js'
import * as Octets from './Octets.js'
import * as Tagged from './Tagged.js'
import * as UserInput from './UserInput.js'

/** Bytes that are produced again for each send. `length` is in octets, if it is known in advance. */
export interface PartStream {
  /** Called for each send. */
  readonly open: () => AsyncIterable<Uint8Array>
  /** Octets. Absent: unknown, and the whole body is chunked. */
  readonly length?: number
}

/** The content of a part. */
export type Content = string | Uint8Array | PartStream

/** One part of a form (RFC 7578). */
export interface Part {
  /** The name of the field. */
  readonly name: string
  /** Text is encoded as UTF-8. */
  readonly content: Content
  /** Makes the part a file. */
  readonly filename?: string
  /** None by default. */
  readonly contentType?: string
  /** Further header fields of the part; none by default. */
  readonly headers?: ReadonlyArray<readonly [name: string, value: string]>
}

/** The value of a record: a content, or a part without its name. `null` and `undefined` are omitted. */
type Given = Content | Omit<Part, 'name'> | null | undefined

/** Parts in order, or a record whose values are contents or parts without their names. */
export type Input = ReadonlyArray<Part> | Readonly<Record<string, Given>>

const isPart = (given: Content | Omit<Part, 'name'>): given is Omit<Part, 'name'> =>
  typeof given === 'object' && Object.hasOwn(given, 'content')

const named = (name: string, given: Given): ReadonlyArray<Part> => {
  if (given === null || given === undefined) return []
  return [isPart(given) ? { ...given, name } : { name, content: given }]
}

/** Returns the parts in order. In a record the keys are the names, and `null` and `undefined` are omitted. */
export const fromInput = (input: Input): ReadonlyArray<Part> =>
  UserInput.isArray(input) ? input : Object.entries(input).flatMap(([name, given]) => named(name, given))

/** An encoded body, either in memory or as a stream. */
export type Encoded =
  | { readonly _tag: 'Whole'; readonly bytes: Uint8Array }
  | { readonly _tag: 'Streamed'; readonly open: () => AsyncIterable<Uint8Array>; readonly length: number | undefined }

/**
 * Folds an encoded body with one handler for each tag.
 * @since 0.2.0
 * @category destructors
 */
export const matchEncoded = Tagged.match<Encoded>()

const escaped = (text: string): string => text.replace(/["\r\n]/g, (character) => encodeURIComponent(character))

const heading = (part: Part): E.Either<string, string> => {
  const { filename, contentType = '', headers } = UserInput.own(part)
  const file = filename === undefined ? '' : `; filename="${escaped(filename)}"`
  const given = [...(contentType === '' ? [] : [['Content-Type', contentType] as const]), ...(headers ?? [])]
  const invalid = given.find(([name, value]) => !Headers.isName(name) || !/^[^\0\r\n]*$/.test(value))
  if (invalid !== undefined) {
    const header = `the header ${JSON.stringify(invalid[0])} of the part ${JSON.stringify(part.name)}`
    return E.left(`${header} has an invalid name or value`)
  }
  const disposition = `Content-Disposition: form-data; name="${escaped(part.name)}"${file}\r\n`
  return E.right(disposition + given.map(([name, value]) => `${name}: ${value}\r\n`).join(''))
}

/** Plain JavaScript can pass a content that the type does not allow. */
const isContent = (content: Content): boolean =>
  typeof content === 'string' ||
  content instanceof Uint8Array ||
  (typeof content === 'object' && content !== null && typeof content.open === 'function')

/** Plain JavaScript can pass header fields that the type does not allow, for example a record. */
const areHeaders = (headers: unknown): boolean =>
  Array.isArray(headers) &&
  headers.every((field: unknown) => Array.isArray(field) && field.length === 2 && field.every(isText))

const isText = (value: unknown): boolean => typeof value === 'string'

/** Returns why a part is not valid, or `undefined`. */
const problemOf = (part: Part): string | undefined => {
  if (typeof part !== 'object' || part === null || typeof part.name !== 'string')
    return 'the name of each part must be a string'
  const { filename = '', contentType = '', headers = [] } = UserInput.own(part)
  if (typeof filename !== 'string' || typeof contentType !== 'string') {
    return `the filename and the content type of the part ${JSON.stringify(part.name)} must be strings`
  }
  if (!areHeaders(headers)) {
    return `the headers of the part ${JSON.stringify(part.name)} must be a list of pairs of name and value`
  }
  return isContent(part.content)
    ? undefined
    : `the content of the part ${JSON.stringify(part.name)} must be a string, a Uint8Array or a stream`
}

const isStream = (content: Content): content is PartStream =>
  typeof content === 'object' && !(content instanceof Uint8Array)

type Piece = Uint8Array | PartStream

/** Reads an own property of a stream, because a polluted `Object.prototype` may have a `length`. */
const pieceLength = (piece: Piece): number | undefined =>
  piece instanceof Uint8Array ? piece.length : UserInput.get(piece, 'length')

const octetsOf = (content: Content): unknown => (typeof content === 'string' ? Octets.fromText(content) : content)

const sameContent = (x: Content, y: Content): boolean =>
  isStream(x) && isStream(y)
    ? x.open === y.open && pieceLength(x) === pieceLength(y)
    : octets.equals(octetsOf(x), octetsOf(y))

const samePart = (x: Part, y: Part): boolean => {
  if (x === y) return true
  if (problemOf(x) !== undefined || problemOf(y) !== undefined) return false
  const [a, b] = [heading(x), heading(y)]
  return E.isRight(a) && E.isRight(b) && a.right === b.right && sameContent(x.content, y.content)
}

/**
 * Compares what the parts send: text by its octets, streams by reference. A part that is not valid equals only itself.
 * @since 0.2.0
 * @category instances
 */
export const Eq: EqOf<ReadonlyArray<Part>> = {
  equals: (x, y) =>
    x === y ||
    (Array.isArray(x) && Array.isArray(y) && x.length === y.length && x.every((part, i) => samePart(part, y[i]))),
}

const lengthOf = (pieces: ReadonlyArray<Piece>): number | undefined =>
  pieces.reduce<number | undefined>((total, piece) => {
    const length = pieceLength(piece)
    return total === undefined || length === undefined ? undefined : total + length
  }, 0)

async function* inTurn(pieces: ReadonlyArray<Piece>): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) yield piece
    else yield* piece.open()
  }
}

/** Encodes parts with a boundary. The left names the part that is not valid. */
export const encode =
  (boundary: string) =>
  (parts: ReadonlyArray<Part>): E.Either<string, Encoded> => {
    if (!Array.isArray(parts)) return E.left('the parts must be an array')
    const pieces: Piece[] = []
    // Encoded at once up to the next content that is not text.
    let text = ''
    for (const part of parts) {
      const problem = problemOf(part)
      if (problem !== undefined) return E.left(problem)
      const head = heading(part)
      if (E.isLeft(head)) return head
      const { content } = part
      text += `--${boundary}\r\n${head.right}\r\n`
      if (typeof content === 'string') text += content
      else {
        pieces.push(Octets.fromText(text), content)
        text = ''
      }
      text += '\r\n'
    }
    pieces.push(Octets.fromText(`${text}--${boundary}--\r\n`))
    const whole = pieces.filter((piece): piece is Uint8Array => piece instanceof Uint8Array)
    return E.right(
      whole.length === pieces.length
        ? { _tag: 'Whole', bytes: Octets.concat(whole) }
        : { _tag: 'Streamed', open: () => inTurn(pieces), length: lengthOf(pieces) },
    )
  }

/** Returns the boundary of a Content-Type (RFC 2046 5.1.1), or `undefined` if it has none. */
export const boundaryOf = (contentType: string): string | undefined => {
  const boundary = HeaderSyntax.parameter('boundary')(HeaderSyntax.parseMediaType(contentType))
  return boundary === '' ? undefined : boundary
}

/** Returns whether a Content-Type is `multipart/*` and so needs a boundary. */
export const isMultipart = (contentType: string): boolean =>
  HeaderSyntax.parseMediaType(contentType).essence.startsWith('multipart/')

const addBoundary = (contentType: string, boundary: string): string => {
  if (boundaryOf(contentType) !== undefined) return contentType
  const { essence, parameters } = HeaderSyntax.parseMediaType(contentType)
  const others = parameters.filter(([name]) => name !== 'boundary')
  const written = others.map(([name, value]) => `${name}=${HeaderSyntax.tokenOrQuoted(value)}`)
  return [essence, ...written, `boundary=${boundary}`].join('; ')
}

/**
 * Adds a boundary to a multipart Content-Type that has none.
 * @since 0.2.0
 * @category combinators
 */
export function withBoundary(boundary: string): (contentType: string) => string
/** @deprecated Use `withBoundary(boundary)(contentType)`. */
export function withBoundary(contentType: string, boundary: string): string
export function withBoundary(first: string, boundary?: string): string | ((contentType: string) => string) {
  return boundary === undefined ? (contentType) => addBoundary(contentType, first) : addBoundary(first, boundary)
}
