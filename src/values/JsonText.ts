/**
 * Parses JSON without quoting it in errors. The engine's own message quotes the text, which may be a token or a saved
 * session.
 *
 * | text          | result                                           |
 * |---------------|--------------------------------------------------|
 * | `{"a":1}`     | `{ a: 1 }`                                       |
 * | `{"a":`       | the left `it is not valid JSON: it ends too early` |
 * | `{a:1}`       | the left `it is not valid JSON, at position 1`   |
 * | `hunter2`     | the left `it is not valid JSON`                  |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Json from 'fp-ts/lib/Json.js'

/** Returns the position of the error if the engine reports one. A message with a double quote may quote the text. */
const positionOf = (cause: unknown): string => {
  const message = cause instanceof Error ? cause.message : ''
  if (message === 'Unexpected end of JSON input') return ': it ends too early'
  const [at] = (message.includes('"') ? null : /at position \d+/.exec(message)) ?? []
  return at === undefined ? '' : `, ${at}`
}

/** Parses a JSON text. The left is a message for display. */
export const parse = (text: string): E.Either<string, unknown> =>
  E.mapLeft((cause) => `it is not valid JSON${positionOf(cause)}`)(Json.parse(text))

const TOKENS = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"|[^\s"]+|\s+/g

const minified = (token: string): string => {
  if (token.startsWith('"')) return JSON.stringify(JSON.parse(token))
  return token.trim() === '' ? '' : token
}

/** Returns a JSON text as `JSON.stringify` writes it, but keeps its numbers as they are, with all digits. */
export const compact = (text: string): E.Either<string, string> =>
  E.map(() => text.replace(TOKENS, minified))(parse(text))
