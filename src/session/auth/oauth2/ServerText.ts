/**
 * Makes the text of a server safe for messages: the error of an authorization server, the problem and the reason of any other.
 *
 * | step   | why                                                                                         |
 * |--------|---------------------------------------------------------------------------------------------|
 * | redact | a server may repeat the client secret, a code or a refresh token in its `error_description` |
 * | escape | a control character could drive a terminal, and a line end could forge a line of a log      |
 * | bound  | 300 characters are enough for a description                                                 |
 * | omit   | the content of the request is not known: it is compressed, a stream, or not a form, JSON or plain fields; or a secret of more than 400 characters fits into the text |
 *
 * At most 4,096 characters of a text are searched.
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Printable from '../../../values/Printable.js'
import * as Redaction from '../../../values/Redaction.js'
import * as Secret from '../../../values/Secret.js'
import * as Status from '../../../values/Status.js'
import type { Plan } from '../../../wire/Plan.js'
import type { Unread } from '../../../wire/Reply.js'
import { searchedSecrets } from './RequestSecrets.js'
import { isKnownCode } from './TokenProblem.js'

/** The longest description that is kept, in UTF-16 code units. */
export const MAX_DESCRIPTION = 300
/** The longest error code that is kept. */
export const MAX_CODE = 64
/** The longest URL that is kept. */
export const MAX_URI = 2048

/** The longest reason of a status that is kept. */
const MAX_REASON = 100
/** The longest that is searched for secrets. */
const MAX_SEARCHED_REASON = 1_000

/** Truncates a text, marks that it did, and replaces half a surrogate pair. */
const truncated = (text: string, limit: number): string =>
  (text.length > limit ? `${text.slice(0, limit - 1)}…` : text).replace(/\p{Surrogate}/gu, '\uFFFD')

/** The longest text that is searched for secrets, which bounds the time that it takes. */
const SEARCHED = 4_096
/** The longest secret that is searched for. Its encoded forms, up to nine times as long, fit into the text that is searched. */
const MAX_SEARCHED_SECRET = 400

/** Returns whether a text may contain a secret that is too long to be searched for. */
const mayContainLong = (secrets: ReadonlySet<string>, { length }: string): boolean => {
  for (const secret of secrets) {
    if (secret.length <= MAX_SEARCHED_SECRET) continue
    // A URL shortens escapes, up to three times in a row, and leaves out tabs and line breaks.
    if (/[%\t\r\n]/.test(secret) || secret.length <= length) return true
  }
  return false
}

/**
 * Returns a text of a server on one line, without these secrets, and of at most `limit` characters; `undefined` if it may contain
 * a secret that cannot be searched for: the secrets are not known, or one of them is long.
 */
export const restricted = (secrets: ReadonlySet<string> | undefined, limit: number) => {
  if (secrets === undefined) return () => undefined
  const searched = new Set([...secrets].filter(({ length }) => length <= MAX_SEARCHED_SECRET))
  const redact = Redaction.redact(searched)
  const longest = [...searched].reduce((most, secret) => Math.max(most, secret.length), 0)
  return (text: string): string | undefined => {
    if (mayContainLong(secrets, text)) return undefined
    const redacted = redact(text.slice(0, SEARCHED))
    // A secret may begin before the end of what was searched.
    const whole = text.length <= SEARCHED ? redacted : redacted.slice(0, Math.max(0, redacted.length - 9 * longest))
    const shown = whole.length < limit && text.length > SEARCHED ? `${whole}…` : truncated(whole, limit)
    return truncated(Printable.escapeControls(shown), limit)
  }
}

/** Returns what `restricted` returns, or a mark instead of `undefined`. */
export const restrict = (secrets: ReadonlySet<string> | undefined, limit: number) => {
  const read = restricted(secrets, limit)
  return (text: string): string => read(text) ?? Secret.REDACTED
}

/** Returns the URL of a page for people, which must be http or https. Redacts secrets in it. */
export const pageUrl =
  (secrets: ReadonlySet<string>) =>
  (text: string): O.Option<string> => {
    if (
      mayContainLong(secrets, text) ||
      text.length > MAX_URI ||
      !/^https?:\/\/[\x21-\x7e]+$/i.test(text) ||
      !URL.canParse(text)
    )
      return O.none
    const { username, password, href } = new URL(text)
    return username === '' && password === '' ? O.some(Redaction.redactReference(secrets)(href)) : O.none
  }

/** An error as a server sends it. The last two may be anything. */
export interface ErrorTexts {
  readonly code: string
  readonly description: unknown
  readonly uri: unknown
}

/** An error whose texts are safe to print. */
export interface RestrictedError {
  readonly code: string
  readonly description: O.Option<string>
  readonly uri: O.Option<string>
}

/** Makes the texts of an error safe to print (RFC 6749 5.2). */
export const restrictError = (
  secrets: ReadonlySet<string> | undefined,
  { code, description, uri }: ErrorTexts,
): RestrictedError => {
  const describe = restricted(secrets, MAX_DESCRIPTION)
  const isDescribed = typeof description === 'string' && description.trim() !== ''
  return {
    // A short value of the request may occur in a code of an RFC. Programs compare these codes.
    code: isKnownCode(code) ? code : restrict(secrets, MAX_CODE)(code),
    description: isDescribed ? O.fromNullable(describe(description.trim())) : O.none,
    uri: typeof uri === 'string' && secrets !== undefined ? pageUrl(secrets)(uri) : O.none,
  }
}

/** The parts of a reply in which a reason can be read, and the request that it may repeat. */
type Replied = Pick<Unread, 'status' | 'reason' | 'plan' | 'history'>

/**
 * Returns the reason of a status without the secrets of its request: the one that the server sent, or the usual one if these
 * secrets are not known. They are searched for only if the reason is not the usual one.
 */
export const reasonOf = (
  head: Replied,
  secrets: () => ReadonlySet<string> | undefined = () => searchedSecrets(head),
): string => {
  const { status, reason } = head
  const usual = Status.reason(status)
  if (reason === '' || reason.toLowerCase() === usual.toLowerCase()) return reason
  if (reason.length > MAX_SEARCHED_REASON) return usual
  return restricted(secrets(), MAX_REASON)(reason) ?? usual
}

/** Returns the first line of a reply for people, without the secrets of its request: `404 Not Found`. */
export const statusLine = (plan: Plan, { status, reason }: Pick<Unread, 'status' | 'reason'>): string =>
  `${status} ${reasonOf({ status, reason, plan, history: [] })}`.trim()
