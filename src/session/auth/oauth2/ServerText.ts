/**
 * Makes the text of an authorization server safe for messages, and finds the secrets that this text must not repeat.
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

// --- secrets of a request ------------------------------------------------------------------------------------------

/**
 * Parameters of a token request that are not secret. The values of all others are, such as `client_secret`, `code` and `refresh_token`.
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

type Named = ReadonlyArray<readonly [string, unknown]>

/** Returns name and text of each field of a multipart body (RFC 2046 5.1.1, 7578 4.2); `undefined` if it has files. */
const fieldsIn = (text: string, contentType: string): Named | undefined => {
  const boundary = parameter('boundary')(parseMediaType(contentType))
  if (boundary === undefined || boundary === '') return undefined
  const fields: Array<readonly [string, unknown]> = []
  for (const part of text.split(`--${boundary}`).slice(1)) {
    const start = part.indexOf('\r\n\r\n')
    if (start < 0) continue
    const head = part.slice(0, start)
    if (/\bfilename\*?=|^content-(?:type|transfer-encoding):(?! *text\/plain)/im.test(head)) return undefined
    fields.push([/\bname="([^"]*)"/.exec(head)?.[1] ?? '', part.slice(start + 4).replace(/\r\n$/, '')])
  }
  return fields
}

const isObject = (json: unknown): json is object => typeof json === 'object' && json !== null && !Array.isArray(json)

/** Returns the named values of a body; `undefined` if it is not a form, JSON, or a multipart body of fields. */
const namedIn = (text: string, contentType: string): Named | undefined => {
  const { essence } = parseMediaType(contentType)
  if (essence.startsWith('multipart/')) return fieldsIn(text, contentType)
  if (essence === 'application/x-www-form-urlencoded') return [...new URLSearchParams(text)]
  const json = essence === '' || /[/+]json$|^text\/plain$/.test(essence) ? Printable.parseJson(text) : undefined
  if (json?._tag !== 'Right') return undefined
  return isObject(json.right) ? Object.entries(json.right) : [['', json.right]]
}

/** Returns whether a value contains other values, such as JSON in JSON: a server may repeat one of them. */
const isStructured = (text: string): boolean => /^\s*[[{]/.test(text) && Printable.parseJson(text)._tag === 'Right'

/** Returns the secret values of a body; `undefined` if they are not known. */
const secretsInBody = ({ body, headers }: Plan, shown: ReadonlySet<string>): ReadonlyArray<string> | undefined => {
  if (body._tag === 'Empty') return []
  if (body._tag !== 'Bytes') return undefined
  const bytes = Secret.open(body.bytes)
  if (bytes.length === 0) return []
  if (Headers.has('Content-Encoding')(headers)) return undefined
  const named = namedIn(Octets.toText(bytes), Headers.combined(headers, 'Content-Type') ?? '')
  const values = named?.flatMap(([name, value]) => (shown.has(name) ? [] : textsIn(value)))
  return values?.some(isStructured) === true ? undefined : values
}

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

/**
 * Returns the secrets that the request of a response contained, so that its text can be redacted; `undefined` if the content of
 * its body is not known. In a token request, the values of some parameters are not secret.
 */
export const secretsOf = (
  { plan, history }: Pick<Response, 'plan' | 'history'>,
  kind: 'Token' | 'Other' = 'Token',
): ReadonlySet<string> | undefined => {
  const secrets = new Set<string>()
  for (const sent of [plan, ...history.map((hop) => hop.plan)]) {
    const inBody = secretsInBody(sent, kind === 'Token' ? PUBLIC : NONE)
    if (inBody === undefined) return undefined
    const all = [
      ...[inBody, secretsInQuery(sent), secretsInHeaders(sent)],
      ...[secretsInCookies(sent), secretsInAuthorization(sent)],
    ]
    for (const values of all) for (const value of values) if (value !== '') secrets.add(value)
  }
  return secrets
}

const NONE: ReadonlySet<string> = new Set()
