/**
 * How a lent body is read: in pieces of a size, as text, as lines, as JSON lines. Every reader is right at every edge
 * between two chunks (D11), and stops the body when it is left early.
 *
 * | reader      | gives                                                                              |
 * |-------------|------------------------------------------------------------------------------------|
 * | `pieces`    | bytes, `size` octets each but for the last                                          |
 * | `text`      | text as it comes; a character is never cut in two                                   |
 * | `lines`     | lines without their ends (`\n`, `\r\n`, `\r`), or what a delimiter divides          |
 * | `jsonLines` | one `Either` for each line that is not blank                                        |
 *
 * Time and memory grow as the body does, also for one line without end, which is `BodyTooLarge` beyond a length.
 * Iterating throws the `Fault` that the body meets; inside `Http.stream` that becomes a Left by itself.
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
import * as JsonText from '../values/JsonText.js'
import * as OwnProperty from '../values/OwnProperty.js'
import * as Fault from './Fault.js'
import { concat } from './Reply.js'

/** The chunks as they come, but for empty ones. */
async function* asTheyCome(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) if (chunk.length > 0) yield chunk
}

/** Pieces of exactly `size` octets, and a last one of what remains. A size below 1, or none, takes them as they come. */
export const pieces = (size: number) => (size >= 1 ? piecesOf(Math.floor(size)) : asTheyCome)

const piecesOf = (size: number) =>
  async function* (body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let held: Uint8Array[] = []
    let length = 0
    for await (const chunk of body) {
      held.push(chunk)
      length += chunk.length
      if (length < size) continue
      const whole = concat(held)
      const full = length - (length % size)
      for (let at = 0; at < full; at += size) yield whole.subarray(at, at + size)
      held = full === length ? [] : [whole.subarray(full)]
      length -= full
    }
    if (length > 0) yield concat(held)
  }

/** Text in a charset, UTF-8 by default and for an unknown charset. A byte order mark comes before the charset (D10). */
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

export interface LinesOptions {
  readonly charset?: string
  /** What divides, in place of the ends of lines; an empty text divides nothing more than they do. */
  readonly delimiter?: string
  /** The longest line that is held in memory, in UTF-16 units: 64 Mi unless said. A longer one is `BodyTooLarge`. */
  readonly maxLength?: number
}

const LONGEST_LINE = 67_108_864

const lineTooLong = (longest: number): Fault.Fault =>
  Fault.make('BodyTooLarge', `A line is longer than ${longest} characters; raise maxLength, or read pieces or text`)

/** How text is divided, and how much of the end of an open line may belong to a divider, and waits for what comes. */
interface Divider {
  readonly split: (text: string) => ReadonlyArray<string>
  readonly waits: (open: string) => number
}

const LINE_ENDS: Divider = { split: (text) => text.split(/\r\n|\n|\r/), waits: () => 0 }

/** The text after a CR that has ended a line already: an LF at its start belongs to that end. */
const withoutHalf = (text: string, isAfterReturn: boolean): string =>
  isAfterReturn && text.startsWith('\n') ? text.slice(1) : text

const dividerOf = (delimiter: string): Divider =>
  delimiter === ''
    ? LINE_ENDS
    : { split: (text) => text.split(delimiter), waits: (open) => Math.min(open.length, delimiter.length - 1) }

/** Lines without their ends; the end of the last line opens no empty one. Only what is new is looked at. */
export const lines = (options: LinesOptions = {}) =>
  async function* (body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
    const { charset, delimiter = '', maxLength = LONGEST_LINE } = OwnProperty.of(options)
    const longest = maxLength > 0 ? maxLength : LONGEST_LINE
    const divider = dividerOf(delimiter)
    let held: string[] = []
    let length = 0
    let waiting = ''
    const add = (part: string): void => {
      length += part.length
      if (length > longest) throw lineTooLong(longest) // an iterable has no other way to fail
      held.push(part)
    }
    const end = (): string => {
      const line = held.join('')
      held = []
      length = 0
      return line
    }
    let isEmpty = true
    let isAfterReturn = false
    for await (const decoded of text(charset)(body)) {
      isEmpty = false
      const part = delimiter === '' ? withoutHalf(decoded, isAfterReturn) : decoded
      isAfterReturn = decoded.endsWith('\r')
      const all = divider.split(waiting + part)
      for (const line of all.slice(0, -1)) {
        add(line)
        yield end()
      }
      const open = all.at(-1) ?? ''
      const from = open.length - divider.waits(open)
      add(open.slice(0, from))
      waiting = open.slice(from)
    }
    if (isEmpty) return
    if (delimiter !== '') add(waiting)
    else if (waiting === '' && length === 0) return
    yield end()
  }

/** A line that is no JSON. */
export interface NotJsonLine {
  readonly _tag: 'NotJsonLine'
  readonly line: string
  readonly message: string
}

const parse = (line: string): E.Either<NotJsonLine, unknown> => {
  const json = JsonText.parse(line)
  return E.isRight(json) ? json : E.left({ _tag: 'NotJsonLine', line, message: `A line cannot be read: ${json.left}` })
}

/** Each line that is not blank as JSON, through a decoder such as io-ts's. */
export const jsonLines = <E, A>(decode: (u: unknown) => E.Either<E, A>, options: LinesOptions = {}) =>
  async function* (body: AsyncIterable<Uint8Array>): AsyncGenerator<E.Either<NotJsonLine | E, A>> {
    for await (const line of lines(options)(body)) {
      if (line.trim() === '') continue
      const parsed = parse(line)
      yield E.isLeft(parsed) ? parsed : decode(parsed.right)
    }
  }
