/**
 * Readers of a streamed body: pieces of equal size, text, lines, and JSON lines. The results do not depend on how the body
 * is divided into chunks (D11). A reader that stops early closes the body.
 *
 * | reader      | yields                                                                      |
 * |-------------|-----------------------------------------------------------------------------|
 * | `pieces`    | bytes: `size` in each piece except the last                                 |
 * | `text`      | decoded text; a character is never split                                    |
 * | `lines`     | lines without their ends (`\n`, `\r\n`, `\r`), or text between delimiters   |
 * | `jsonLines` | one `Either` for each line that is not blank                                |
 *
 * Time grows linearly with the body, even if it is a single line, and so does memory, however the body is divided. A line longer
 * than `maxLength` is `BodyTooLarge`. Iterating throws the `Fault` of the body; `Http.stream` converts it to a `Left`.
 *
 * @example
 * import { Stream } from 'requests-ts'
 *
 * async function* body() { yield Buffer.from('a\r'); yield Buffer.from('\nb') }
 * const lines: Array<string> = []
 * for await (const line of Stream.lines()(body())) lines.push(line)
 * assert.deepEqual(lines, ['a', 'b'])
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Charset from '../values/Charset.js'
import * as Printable from '../values/Printable.js'
import type { Decoder, SchemaIssue, StandardSchema } from '../values/StandardSchema.js'
import * as UserInput from '../values/UserInput.js'
import { concat } from './BodySource.js'
import * as Fault from './Fault.js'
import { type Decoding, type DecodingError, decode, errorOf } from './JsonDecoding.js'
import { joinChunks, joinPieces } from './Parts.js'
import { type InLine, type InvalidPayload, type NotJson, notJson, type SchemaFailed } from './ResponseError.js'

export type { InLine, InvalidPayload, NotJson, SchemaFailed } from './ResponseError.js'

async function* nonEmptyChunks(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) if (chunk.length > 0) yield chunk
}

/** Yields pieces of `size` bytes; the last one may be shorter. If the size is less than 1, yields the chunks as received. */
export const pieces = (size: number): ((body: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array>) =>
  size >= 1 ? piecesOf(Math.floor(size)) : nonEmptyChunks

const piecesOf = (size: number) =>
  async function* (body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let buffered: Uint8Array[] = []
    let joined = 0
    let length = 0
    for await (const chunk of body) {
      buffered.push(chunk)
      joined = joinChunks(buffered, joined)
      length += chunk.length
      if (length < size) continue
      const bytes = concat(buffered)
      const end = length - (length % size)
      for (let at = 0; at < end; at += size) yield bytes.subarray(at, at + size)
      buffered = end === length ? [] : [bytes.subarray(end)]
      joined = 0
      length -= end
    }
    if (length > 0) yield concat(buffered)
  }

/** Yields decoded text. An unknown charset is read as UTF-8. A byte order mark has precedence over the charset (D10). */
export const text = (charset = 'utf-8') =>
  async function* (body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
    const decoder = Charset.streamDecoder(charset)
    for await (const chunk of body) {
      const part = decoder.decode(chunk, { stream: true })
      if (part !== '') yield part
    }
    const last = decoder.decode()
    if (last !== '') yield last
  }

/** Options of `lines` and `jsonLines`. */
export interface LinesOptions {
  /** UTF-8 by default. */
  readonly charset?: string
  /** Separates lines instead of the usual line ends. An empty string is ignored. */
  readonly delimiter?: string
  /** The maximal length of a line in UTF-16 code units; 64 Mi by default. A longer line is `BodyTooLarge`. */
  readonly maxLength?: number
}

const DEFAULT_MAX_LENGTH = 67_108_864

/** Returns the maximal length that a user gave, or the default. */
export const maxLengthOf = (given: number | undefined): number =>
  given !== undefined && given > 0 ? given : DEFAULT_MAX_LENGTH

const lineTooLong = (maxLength: number): Fault.Fault =>
  Fault.make('BodyTooLarge', `A line is longer than ${maxLength} characters; raise maxLength, or read pieces or text`)

const LINE_END = /\r\n|\n|\r/

/** Yields lines without their ends. The end of the last line does not start an empty one. Searches each character once. */
export const lines =
  (options: LinesOptions = {}) =>
  (body: AsyncIterable<Uint8Array>): AsyncGenerator<string> =>
    linesOf(options)(text(UserInput.own(options).charset)(body))

/** Yields the lines of a text, as `lines` does. */
export const linesOf = (options: LinesOptions) =>
  async function* (texts: AsyncIterable<string>): AsyncGenerator<string> {
    const { delimiter = '', maxLength } = UserInput.own(options)
    const limit = maxLengthOf(maxLength)
    const separator = delimiter === '' ? LINE_END : delimiter
    // So many characters at the end of a chunk may be the start of a delimiter.
    const overlap = Math.max(0, delimiter.length - 1)
    let parts: string[] = []
    let joined = 0
    let length = 0
    const add = (part: string): void => {
      length += part.length
      if (length > limit) throw lineTooLong(limit) // an iterable can only throw
      parts.push(part)
      joined = joinPieces(parts, joined)
    }
    const takeLine = (): string => {
      const line = parts.join('')
      parts = []
      joined = 0
      length = 0
      return line
    }
    let undecided = ''
    let isEmpty = true
    let isAfterReturn = false
    for await (const decoded of texts) {
      isEmpty = false
      // The CR at the end of the text before has already ended the line.
      const part = delimiter === '' && isAfterReturn && decoded.startsWith('\n') ? decoded.slice(1) : decoded
      isAfterReturn = decoded.endsWith('\r')
      const split = (undecided + part).split(separator)
      for (const line of split.slice(0, -1)) {
        add(line)
        yield takeLine()
      }
      const rest = split.at(-1) ?? ''
      const decidedLength = Math.max(0, rest.length - overlap)
      add(rest.slice(0, decidedLength))
      undecided = rest.slice(decidedLength)
    }
    if (isEmpty) return
    if (delimiter !== '') add(undecided)
    else if (length === 0) return
    yield takeLine()
  }

/**
 * Parses every line that is not blank as JSON and decodes the value with a decoder, such as one of io-ts, or with a Standard
 * Schema (zod, valibot, arktype), which may be asynchronous. A `Left` is `NotJson`, `InvalidPayload` or, of a schema,
 * `SchemaFailed`, as those of `Response.json`, with the number of the `line` instead of the response. A schema whose promise
 * never settles is awaited forever.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as t from 'io-ts'
 * import { HttpError, Stream } from 'requests-ts'
 *
 * async function* body() { yield Buffer.from('{"id":1}\n{"id":"x"}\n') }
 * const rows: Array<string> = []
 * for await (const row of Stream.jsonLines(t.type({ id: t.number }).decode)(body()))
 *   rows.push(E.isRight(row) ? `id ${row.right.id}` : HttpError.show(row.left))
 * assert.deepEqual(rows, ['id 1', 'InvalidPayload: Unexpected JSON in line 2: id: expected number, got string'])
 */
export function jsonLines<A>(
  schema: StandardSchema<A>,
  options?: LinesOptions,
): (
  body: AsyncIterable<Uint8Array>,
) => AsyncGenerator<
  E.Either<NotJson<InLine> | InvalidPayload<ReadonlyArray<SchemaIssue>, InLine> | SchemaFailed<InLine>, A>
>
export function jsonLines<E, A>(
  decode: Decoder<E, A>,
  options?: LinesOptions,
): (body: AsyncIterable<Uint8Array>) => AsyncGenerator<E.Either<NotJson<InLine> | InvalidPayload<E, InLine>, A>>
export function jsonLines<E, A>(decoder: Decoding<E, A>, options: LinesOptions = {}) {
  return async function* (
    body: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<E.Either<NotJson<InLine> | DecodingError<E, InLine>, A>> {
    let line = 0
    for await (const text of lines(options)(body)) {
      line += 1
      if (text.trim() === '') continue
      const json = Printable.parseJson(text)
      if (E.isLeft(json)) {
        yield E.left(notJson({ line }, `line ${line}`, json.left))
        continue
      }
      const decoding = decode(decoder, json.right)
      const decoded = decoding instanceof Promise ? await decoding : decoding
      yield E.isRight(decoded) ? decoded : E.left(errorOf({ line }, `line ${line}`, json.right, decoded.left))
    }
  }
}

/** @deprecated Use `NotJson<InLine>`. */
export type NotJsonLine = NotJson<InLine>
