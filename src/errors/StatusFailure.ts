/**
 * Makes the error of a response whose status is 400 or above. Its message repeats the reason and the problem details of the
 * server:
 *
 * | text of the server                                | in the message                                      |
 * |---------------------------------------------------|-----------------------------------------------------|
 * | `title`, `detail`                                 | at most 100 and 300 characters, on one line         |
 * | a `title` that repeats the reason of the status   | omitted                                             |
 * | the reason of the status                          | at most 100 characters; where a text is omitted below, the usual reason |
 * | a value that the request sent in its body, or as a secret: credentials, cookies, secret query | `‹secret›` |
 * | such a value of one to three characters           | `‹secret›` after `=`, `?`, `&`, `;` or `#`, elsewhere as it is |
 * | anything, if the body of the request has more than 65,536 octets or 1,000 values | omitted: it is not searched |
 * | anything, if the body of the request is compressed, a stream, or not a form, JSON or a multipart body of fields | omitted |
 * | a text that is long enough to contain a value of more than 400 characters that the request sent | omitted |
 */
import * as O from 'fp-ts/lib/Option.js'
import { searchedSecrets } from '../session/auth/oauth2/RequestSecrets.js'
import { MAX_DESCRIPTION, reasonOf, restricted } from '../session/auth/oauth2/ServerText.js'
import * as Printable from '../values/Printable.js'
import * as Status from '../values/Status.js'
import { type Problem, problem } from '../wire/Problem.js'
import type { Response } from '../wire/Reply.js'
import type { StatusError } from '../wire/ResponseError.js'

const MAX_TITLE = 100

/** Returns the title, unless it is only the reason of the status, and the detail. */
const textsOf = (
  { title, detail }: Problem,
  { status, reason }: Response,
): ReadonlyArray<readonly [string, number]> => {
  const known = [reason, Status.reason(status), ''].map((text) => text.toLowerCase())
  const isNews = (text: string): boolean => !known.includes(text.trim().toLowerCase())
  const texts = [
    [title, MAX_TITLE],
    [detail, MAX_DESCRIPTION],
  ] as const
  return texts.flatMap(([text, limit]) => (O.isSome(text) && isNews(text.value) ? [[text.value, limit] as const] : []))
}

type Secrets = () => ReadonlySet<string> | undefined

/** Finds the secrets of the request once, when a text is searched for them. */
const searchOnce = (response: Response): Secrets => {
  let found: { readonly secrets: ReadonlySet<string> | undefined } | undefined
  return () => {
    found ??= { secrets: searchedSecrets(response) }
    return found.secrets
  }
}

/** Returns what a server reports about a failure, for the end of a message; empty if it reports nothing. */
const reported = (response: Response, secrets: Secrets): string => {
  const found = problem(response)
  const texts = O.isSome(found) ? textsOf(found.value, response) : []
  const shown = texts.map(([text, limit]) => restricted(secrets(), limit)(text.trim()))
  return shown.map((text) => (text === undefined ? '' : `: ${text}`)).join('')
}

/** Returns the error of a response whose status is 400 or above. */
export const statusError = (response: Response): StatusError => {
  const { status, url, plan } = response
  const secrets = searchOnce(response)
  const kind = Status.isClientError(status) ? 'Client Error' : 'Server Error'
  const reason = reasonOf(response, secrets)
  // As requests writes it, also without a reason.
  const message = `${status} ${kind}: ${reason} for url: ${url} (${plan.method})${reported(response, secrets)}`
  return { _tag: 'StatusError', response, message: Printable.escapeControls(message) }
}
