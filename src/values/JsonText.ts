/**
 * Text read as JSON. What is wrong with it is said without a word of it, for the engine's own message quotes the text,
 * and that may be a token or a saved session.
 *
 * | text          | read as                                 |
 * |---------------|-----------------------------------------|
 * | `{"a":1}`     | `{ a: 1 }`                              |
 * | `{"a":`       | the left `it is not JSON: it ends too early` |
 * | `{a:1}`       | the left `it is not JSON, at position 1` |
 * | `hunter2`     | the left `it is not JSON`               |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Json from 'fp-ts/lib/Json.js'

/** Where it broke, where the engine says so. A message with a double quote in it may quote the text. */
const whereOf = (cause: unknown): string => {
  const message = cause instanceof Error ? cause.message : ''
  if (message === 'Unexpected end of JSON input') return ': it ends too early'
  const [at] = (message.includes('"') ? null : /at position \d+/.exec(message)) ?? []
  return at === undefined ? '' : `, ${at}`
}

/** Reads a JSON text. The left is for people. */
export const parse = (text: string): E.Either<string, unknown> =>
  E.mapLeft((cause) => `it is not JSON${whereOf(cause)}`)(Json.parse(text))

const TOKENS = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"|[^\s"]+|\s+/g

const written = (token: string): string => {
  if (token.startsWith('"')) return JSON.stringify(JSON.parse(token))
  return token.trim() === '' ? '' : token
}

/** A JSON text as `JSON.stringify` writes it, but with its numbers as they are: no digit of a big one is lost. */
export const compact = (text: string): E.Either<string, string> =>
  E.map(() => text.replace(TOKENS, written))(parse(text))
