/**
 * Makes the text of an authorization server safe for messages, and finds the secrets that this text must not repeat.
 *
 * | step   | why                                                                                         |
 * |--------|---------------------------------------------------------------------------------------------|
 * | redact | a server may repeat the client secret, a code or a refresh token in its `error_description` |
 * | escape | a control character could drive a terminal, and a line end could forge a line of a log      |
 * | bound  | 300 characters are enough for a description                                                 |
 *
 * All functions take time linear in the length of the text, for secrets of a given length.
 */
import * as O from 'fp-ts/lib/Option.js'
import { parameter, parseMediaType } from '../../../values/HeaderSyntax.js'
import * as Headers from '../../../values/Headers.js'
import * as Octets from '../../../values/Octets.js'
import * as Printable from '../../../values/Printable.js'
import * as Redaction from '../../../values/Redaction.js'
import * as Secret from '../../../values/Secret.js'
import * as Url from '../../../values/Url.js'
import type { Plan } from '../../../wire/Plan.js'
import type { Response } from '../../../wire/Reply.js'
import { isKnownCode } from './TokenProblem.js'

/** The longest description that is kept, in UTF-16 code units. */
export const MAX_DESCRIPTION = 300
/** The longest error code that is kept. */
export const MAX_CODE = 64
/** The longest URL that is kept. */
export const MAX_URI = 2048

/** Truncates a text, marks that it did, and replaces half a surrogate pair. */
const truncated = (text: string, limit: number): string =>
  (text.length > limit ? `${text.slice(0, limit - 1)}…` : text).replace(/\p{Surrogate}/gu, '\uFFFD')

/** How much more of a text is searched for secrets than is shown, at least: more than any encoded form of a secret. */
const SEARCHED = 16_384

/** Returns a text of a server on one line, without these secrets, and of at most `limit` characters. */
export const restrict = (secrets: ReadonlySet<string>, limit: number) => {
  const redact = Redaction.redact(secrets)
  const longest = [...secrets].reduce((most, secret) => Math.max(most, secret.length), 0)
  const margin = SEARCHED + 9 * longest
  return (text: string): string => {
    // A secret that begins in what is shown must be found as a whole.
    const start = redact(text.slice(0, limit + 2 * margin))
    const redacted = text.length <= limit + 2 * margin || start.length >= limit + margin ? start : redact(text)
    return truncated(Printable.escapeControls(truncated(redacted, limit)), limit)
  }
}

/** Returns the URL of a page for people, which must be http or https. Redacts secrets in it. */
export const pageUrl =
  (secrets: ReadonlySet<string>) =>
  (text: string): O.Option<string> => {
    if (text.length > MAX_URI || !/^https?:\/\/[\x21-\x7e]+$/i.test(text) || !URL.canParse(text)) return O.none
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
  secrets: ReadonlySet<string>,
  { code, description, uri }: ErrorTexts,
): RestrictedError => {
  const isDescribed = typeof description === 'string' && description.trim() !== ''
  return {
    // A short value of the request may occur in a code of an RFC. Programs compare these codes.
    code: isKnownCode(code) ? code : restrict(secrets, MAX_CODE)(code),
    description: isDescribed ? O.some(restrict(secrets, MAX_DESCRIPTION)(description.trim())) : O.none,
    uri: typeof uri === 'string' ? pageUrl(secrets)(uri) : O.none,
  }
}

// --- secrets of a request ------------------------------------------------------------------------------------------

/**
 * Parameters that are not secret. The values of all others are, such as `client_secret`, `code` and `refresh_token`.
 */
const PUBLIC: ReadonlySet<string> = new Set([
  'audience',
  'client_id',
  'code_challenge_method',
  'grant_type',
  'redirect_uri',
  'resource',
  'response_type',
  'scope',
])

/** Returns name and text of each part of a multipart body (RFC 2046 5.1.1, 7578 4.2). */
const partsIn = (text: string, contentType: string): ReadonlyArray<readonly [string, unknown]> => {
  const boundary = parameter('boundary')(parseMediaType(contentType))
  if (boundary === undefined) return []
  return text.split(`--${boundary}`).flatMap((part): ReadonlyArray<readonly [string, unknown]> => {
    const start = part.indexOf('\r\n\r\n')
    const name = /\bname="([^"]*)"/.exec(part.slice(0, Math.max(start, 0)))?.[1] ?? ''
    return start < 0 ? [] : [[name, part.slice(start + 4).replace(/\r\n$/, '')]]
  })
}

/** Returns the secret values of a body: of a form, of JSON, of the parts of a multipart body, or the whole of another one. */
const secretsInBody = ({ body, headers }: Plan): ReadonlyArray<string> => {
  if (body._tag !== 'Bytes') return []
  const text = Octets.toText(Secret.open(body.bytes))
  const contentType = Headers.combined(headers, 'Content-Type') ?? ''
  const { essence } = parseMediaType(contentType)
  if (essence.startsWith('multipart/')) return valuesIn(partsIn(text, contentType))
  const json = /^\s*[[{"\d-]/.test(text) ? Printable.parseJson(text) : undefined
  if (json?._tag === 'Right') {
    const { right } = json
    const isObject = typeof right === 'object' && right !== null && !Array.isArray(right)
    return isObject ? valuesIn(Object.entries(right)) : textsIn(right)
  }
  const isForm = essence === 'application/x-www-form-urlencoded' || (essence === '' && text.includes('='))
  return [...(isForm ? [] : [text.trim()]), ...valuesIn([...new URLSearchParams(text)])]
}

const valuesIn = (pairs: ReadonlyArray<readonly [string, unknown]>): ReadonlyArray<string> =>
  pairs.flatMap(([name, value]) => (PUBLIC.has(name) ? [] : textsIn(value)))

/** Returns the texts and numbers of a JSON value. Not recursive: JSON may be nested deeper than the stack. */
const textsIn = (json: unknown): ReadonlyArray<string> => {
  const [texts, left]: [string[], unknown[]] = [[], [json]]
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    if (typeof value === 'string' || typeof value === 'number') texts.push(String(value))
    else if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) left.push(one)
  }
  return texts
}

/** Returns the values of the query that are sent and not shown, decoded. */
const secretsInQuery = ({ url }: Plan): ReadonlyArray<string> => {
  const [sent, shown] = [Url.sentSearch(url), url.search].map((search) => search.slice(1).split('&'))
  const hidden = (sent ?? []).filter((piece, i) => piece !== shown?.[i])
  return [...new URLSearchParams(hidden.join('&')).values()]
}

/** Returns the values of the cookies of a plan. */
const secretsInCookies = ({ headers }: Plan): ReadonlyArray<string> =>
  Headers.valuesOf(headers, 'Cookie').flatMap((value) =>
    Secret.reveal(value)
      .split(/; */)
      .map((pair) => pair.slice(pair.indexOf('=') + 1)),
  )

/** Returns the secret header values of a plan. */
const secretsInHeaders = ({ headers }: Plan): ReadonlyArray<string> =>
  headers.fields.flatMap(([, value]) => (Secret.is(value) ? [Secret.reveal(value)] : []))

/** Returns the credentials of an Authorization header: as they are sent, and for Basic also the password. */
const secretsInAuthorization = ({ headers }: Plan): ReadonlyArray<string> => {
  const sent = Headers.find(headers, 'Authorization')
  const [, scheme = '', credentials = ''] = sent === undefined ? [] : (/^(\S+) +(\S+)/.exec(Secret.reveal(sent)) ?? [])
  if (scheme.toLowerCase() !== 'basic') return credentials === '' ? [] : [credentials]
  const pair = Octets.toText(Octets.fromBase64(credentials))
  const password = pair.slice(pair.indexOf(':') + 1)
  return [credentials, password, ...new URLSearchParams(`=${password}`).values()]
}

/** Returns the secrets that the request of a response contained, so that its text can be redacted. */
export const secretsOf = ({ plan, history }: Pick<Response, 'plan' | 'history'>): ReadonlySet<string> =>
  new Set(
    [plan, ...history.map((hop) => hop.plan)]
      .flatMap((sent) => [
        ...[...secretsInBody(sent), ...secretsInQuery(sent)],
        ...[...secretsInHeaders(sent), ...secretsInCookies(sent), ...secretsInAuthorization(sent)],
      ])
      .filter((value) => value !== ''),
  )
