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
import { TextDecoder } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import * as Charset from '../values/Charset.js'
import { concat } from './Reply.js'

/** Pieces of exactly `size` octets, and a last one of what remains. */
export const pieces = (size: number) =>
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

/** Text in a charset; UTF-8 unless said, and where nobody knows the charset. */
export const text = (charset = 'utf-8') =>
  async function* (body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
    const decoder = Charset.decoderOf(charset) ?? new TextDecoder()
    for await (const chunk of body) {
      const part = decoder.decode(chunk, { stream: true })
      if (part !== '') yield part
    }
    const last = decoder.decode()
    if (last !== '') yield last
  }

export interface LinesOptions {
  readonly charset?: string
  /** What divides, in place of the ends of lines. */
  readonly delimiter?: string
}

/** Lines without their ends; the end of the last line opens no empty one. */
export const lines = ({ charset, delimiter }: LinesOptions = {}) =>
  async function* (body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
    let rest = ''
    let isEmpty = true
    for await (const part of text(charset)(body)) {
      isEmpty = false
      // A CR at the very end may be the first half of a CRLF: it waits for what comes.
      const open = delimiter === undefined && part.endsWith('\r') ? part.length - 1 : part.length
      const [first = '', ...others] = split(rest + part.slice(0, open), delimiter)
      const tail = part.slice(open)
      if (others.length === 0) {
        rest = first + tail
        continue
      }
      yield first
      yield* others.slice(0, -1)
      rest = (others.at(-1) ?? '') + tail
    }
    if (isEmpty) return
    const last = split(rest, delimiter)
    if (delimiter === undefined && last.at(-1) === '') last.pop()
    yield* last
  }

const split = (text: string, delimiter: string | undefined): string[] =>
  delimiter === undefined ? text.split(/\r\n|\n|\r/) : text.split(delimiter)

/** A line that is no JSON. */
export interface NotJsonLine {
  readonly _tag: 'NotJsonLine'
  readonly line: string
  readonly message: string
}

const parse = (line: string): E.Either<NotJsonLine, unknown> => {
  try {
    return E.right(JSON.parse(line))
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    return E.left({ _tag: 'NotJsonLine', line, message })
  }
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
