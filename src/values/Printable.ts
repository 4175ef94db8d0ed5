/**
 * Makes text from servers, proxies and foreign code safe for one line of a message or a log.
 *
 * Control characters could drive the terminal that shows them. A line break could forge a line of a log. A change of
 * direction could show the words in another order.
 */
import * as E from 'fp-ts/lib/Either.js'

/** Controls (C0, DEL, C1), line and paragraph separators, and all characters that change the direction of text. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

const escaped = (character: string): string => {
  const code = character.charCodeAt(0)
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}

/** Escapes each control character and each change of direction: ESC becomes `\x1b`. */
export const escapeControls = (text: string): string => text.replace(UNPRINTABLE, escaped)

/** Quotes foreign text for a message, and truncates it to 64 characters. */
export const quoted = (text: string): string => JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text)

/** Returns a function that reads the message of anything that was thrown, and never throws itself. */
export const reasonReader = (ifEmpty: string, ifUnreadable: string): ((thrown: unknown) => string) => {
  const messageIn = (thrown: unknown): string => {
    // Node throws an AggregateError without a message if it tried several addresses and all of them failed.
    if (thrown instanceof AggregateError && thrown.message === '') return thrown.errors.map(reason).join('; ')
    if (typeof thrown !== 'object' || thrown === null) return String(thrown)
    const message: unknown = Reflect.get(thrown, 'message')
    return typeof message === 'string' ? message : ''
  }
  const reason = (thrown: unknown): string => {
    try {
      return messageIn(thrown).trim() || ifEmpty
    } catch {
      return ifUnreadable
    }
  }
  return reason
}

/** Returns the message of anything that was thrown, as it is. Never throws. */
export const reasonOf = reasonReader('no reason was given', 'its reason cannot be read')

/** Returns the message of anything that was thrown, on one line and without control characters. Never throws. */
export const messageOf = (thrown: unknown): string => escapeControls(reasonOf(thrown))

/** Returns the position of the error if the engine reports one. A message with a double quote may quote the text. */
const positionOf = (cause: unknown): string => {
  const message = cause instanceof Error ? cause.message : ''
  if (message === 'Unexpected end of JSON input') return ': it ends too early'
  const [at] = (message.includes('"') ? null : /at position \d+/.exec(message)) ?? []
  return at === undefined ? '' : `, ${at}`
}

/**
 * Parses JSON without quoting it in the error, because the text may be a token or a saved session.
 *
 * | text      | result                                             |
 * |-----------|----------------------------------------------------|
 * | `{"a":1}` | `{ a: 1 }`                                         |
 * | `{"a":`   | the left `it is not valid JSON: it ends too early` |
 * | `{a:1}`   | the left `it is not valid JSON, at position 1`     |
 * | `hunter2` | the left `it is not valid JSON`                    |
 */
export const parseJson = (text: string): E.Either<string, unknown> => {
  try {
    return E.right(JSON.parse(text))
  } catch (cause) {
    return E.left(`it is not valid JSON${positionOf(cause)}`)
  }
}

const TOKENS = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"|[^\s"]+|\s+/g

const minified = (token: string): string => {
  if (token.startsWith('"')) return JSON.stringify(JSON.parse(token))
  return token.trim() === '' ? '' : token
}

/** Returns a JSON text as `JSON.stringify` writes it, but keeps its numbers as they are, with all digits. */
export const compactJson = (text: string): E.Either<string, string> =>
  E.map(() => text.replace(TOKENS, minified))(parseJson(text))

/** Returns a number with a comma for each thousand: `3,540`. `Intl` would need milliseconds to load. */
export const grouped = (n: number): string => {
  const [whole = '', fraction] = String(Math.round(n * 1000) / 1000).split('.')
  const groups = whole.replace(/\B(?=(?:\d{3})+$)/g, ',')
  return fraction === undefined ? groups : `${groups}.${fraction}`
}
