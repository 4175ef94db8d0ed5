/**
 * Finds the secrets of a request, which the text of its server may repeat, so that they can be redacted in messages.
 *
 * | sent                                     | secret                                                                  |
 * |------------------------------------------|-------------------------------------------------------------------------|
 * | a form, JSON, or a multipart body of fields | all values; in a token request not those of `grant_type` and the like |
 * | a query                                  | the values that are not shown                                           |
 * | cookies                                  | their values, with and without quotes                                   |
 * | a secret header field                    | all of it, each word, and the values of parameters such as `token="…"`  |
 * | Basic                                    | the password; the user if the password is empty, because it may be a key |
 * | any of them with blanks at its ends      | also without these blanks                                               |
 */
import { parameter, parseMediaType, skipBlanks, skipWhile, trimBlanks, valueAt } from '../../../values/HeaderSyntax.js'
import * as Headers from '../../../values/Headers.js'
import * as JsonScalars from '../../../values/JsonScalars.js'
import * as Octets from '../../../values/Octets.js'
import * as Printable from '../../../values/Printable.js'
import * as Redaction from '../../../values/Redaction.js'
import * as Secret from '../../../values/Secret.js'
import * as Url from '../../../values/Url.js'
import { type Plan, wireHeaders } from '../../../wire/Plan.js'
import type { Unread } from '../../../wire/Reply.js'

// --- bodies ----------------------------------------------------------------------------------------------------------

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

const NONE: ReadonlySet<string> = new Set()

type Named = ReadonlyArray<readonly [name: string, value: string]>

/** Returns name and text of each field of a multipart body (RFC 2046 5.1.1, 7578 4.2); `undefined` if it has files. */
const fieldsIn = (text: string, contentType: string): Named | undefined => {
  const boundary = parameter('boundary')(parseMediaType(contentType))
  if (boundary === undefined || boundary === '') return undefined
  const fields: Array<readonly [string, string]> = []
  for (const part of text.split(`--${boundary}`).slice(1)) {
    const start = part.indexOf('\r\n\r\n')
    if (start < 0) continue
    const head = part.slice(0, start)
    if (/\bfilename\*?=|^content-(?:type|transfer-encoding):(?! *text\/plain)/im.test(head)) return undefined
    fields.push([/\bname="([^"]*)"/.exec(head)?.[1] ?? '', part.slice(start + 4).replace(/\r\n$/, '')])
  }
  return fields
}

const isJson = (text: string): boolean => Printable.parseJson(text)._tag === 'Right'

/** Returns the named values of a body; `undefined` if it is not a form, JSON, or a multipart body of fields. */
const namedIn = (text: string, contentType: string): Named | undefined => {
  const { essence } = parseMediaType(contentType)
  if (essence.startsWith('multipart/')) return fieldsIn(text, contentType)
  if (essence === 'application/x-www-form-urlencoded') return [...new URLSearchParams(text)]
  const mayBeJson = essence === '' || /[/+]json$|^text\/plain$/.test(essence)
  return mayBeJson && isJson(text) ? JsonScalars.named(text) : undefined
}

/** Returns whether a value contains other values, such as JSON in JSON: a server may repeat one of them. */
const isStructured = (text: string): boolean => /^\s*[[{]/.test(text) && isJson(text)

/** Returns the secret values of a body; `undefined` if they are not known. */
const secretsInBody = ({ body, headers }: Plan, shown: ReadonlySet<string>): ReadonlyArray<string> | undefined => {
  if (body._tag === 'Empty') return []
  if (body._tag !== 'Bytes') return undefined
  const bytes = Secret.open(body.bytes)
  if (bytes.length === 0) return []
  if (Headers.has('Content-Encoding')(headers)) return undefined
  const named = namedIn(Octets.toText(bytes), Headers.combined(headers, 'Content-Type') ?? '')
  const values = named?.flatMap(([name, value]) => (shown.has(name) ? [] : [value]))
  return values?.some(isStructured) === true ? undefined : values
}

// --- query and header fields -----------------------------------------------------------------------------------------

/** Returns the values of the query that are sent and not shown, decoded. */
const secretsInQuery = ({ url }: Plan): ReadonlyArray<string> => {
  const [sent, shown] = [Url.sentSearch(url), url.search].map((search) => search.slice(1).split('&'))
  const hidden = (sent ?? []).filter((piece, i) => piece !== shown?.[i])
  return [...new URLSearchParams(hidden.join('&')).values()]
}

const withoutQuotes = (text: string): string => /^"(.*)"$/.exec(text)?.[1] ?? text

/** Returns the values of the cookies of a field. */
const secretsInCookies = (field: string): ReadonlyArray<string> =>
  field.split(/; */).flatMap((pair) => {
    const value = pair.slice(pair.indexOf('=') + 1)
    return [value, withoutQuotes(value.trim())]
  })

/** Parameters of Digest, AWS Signature 4 and OAuth 1 whose values are not secret. */
const PUBLIC_PARAMETERS: ReadonlySet<string> = new Set([
  ...['algorithm', 'charset', 'nc', 'qop', 'realm', 'uri', 'userhash', 'username'],
  ...['oauth_signature_method', 'oauth_version', 'signedheaders'],
])

const isSeparator = (character: string): boolean => ' \t,;"'.includes(character)
const isInWord = (character: string): boolean => character !== '=' && !isSeparator(character)

/** Returns the words in the credentials of a field, and the values of its parameters: `name=value` or `name="value"`. */
const piecesIn = (credentials: string): ReadonlyArray<string> => {
  const pieces: string[] = []
  for (let at = 0; at < credentials.length; ) {
    const start = skipWhile(credentials, at, isSeparator)
    const end = skipWhile(credentials, start, isInWord)
    const equals = skipBlanks(credentials, end)
    const word = credentials.slice(start, end)
    if (credentials.charAt(equals) !== '=') {
      pieces.push(word)
      at = end
      continue
    }
    const isPublic = PUBLIC_PARAMETERS.has(word.toLowerCase())
    const parameter = valueAt(credentials, skipBlanks(credentials, equals + 1), isPublic ? /[^ \t,]*/y : /[^ \t,;]*/y)
    if (!isPublic) pieces.push(parameter.value, parameter.value.replace(/^"/, ''))
    if (/^=*$/.test(parameter.value)) pieces.push(credentials.slice(start, parameter.end)) // Base64 with its padding.
    at = parameter.end
  }
  return pieces
}

/** Returns the credentials of Basic (RFC 7617). */
const secretsInBasic = (credentials: string): ReadonlyArray<string> => {
  const pair = Octets.toText(Octets.fromBase64(credentials))
  const [user, password] = [pair.slice(0, Math.max(0, pair.indexOf(':'))), pair.slice(pair.indexOf(':') + 1)]
  const secret = password === '' ? user : password
  return [credentials, secret, ...new URLSearchParams(`=${secret}`).values()]
}

/** Returns the secrets in the value of a field such as Authorization: all of it, what follows its scheme, and the pieces of that. */
export const secretsInCredentials = (field: string): ReadonlyArray<string> => {
  const start = skipBlanks(field, 0)
  const end = skipWhile(field, start, isInWord)
  const credentials = trimBlanks(field.slice(end))
  if (field.slice(start, end).toLowerCase() === 'basic') return [field, ...secretsInBasic(credentials)]
  return [field, credentials, ...piecesIn(field.charAt(end) === ' ' ? credentials : field)]
}

/** Returns the values of the secret header fields that are sent, with those for a proxy that forwards the request. */
const secretsInHeaders = (plan: Plan): ReadonlyArray<string> =>
  wireHeaders(plan).fields.flatMap(([name, value]) => {
    const lower = name.toLowerCase()
    if (!Secret.is(value) && !Redaction.SENSITIVE.has(lower)) return []
    const field = Secret.reveal(value)
    return lower === 'cookie' ? [field, ...secretsInCookies(field)] : secretsInCredentials(field)
  })

// --- requests --------------------------------------------------------------------------------------------------------

/**
 * Returns the secrets that the request of a response contained, so that its text can be redacted; `undefined` if the content of
 * its body is not known. In a token request, the values of some parameters are not secret.
 */
export const secretsOf = (
  { plan, history }: Pick<Unread, 'plan' | 'history'>,
  kind: 'Token' | 'Other' = 'Token',
): ReadonlySet<string> | undefined => {
  const secrets = new Set<string>()
  for (const sent of [plan, ...history.map((hop) => hop.plan)]) {
    const inBody = secretsInBody(sent, kind === 'Token' ? PUBLIC : NONE)
    if (inBody === undefined) return undefined
    for (const values of [inBody, secretsInQuery(sent), secretsInHeaders(sent)]) {
      for (const value of values) for (const form of [value, value.trim()]) if (form !== '') secrets.add(form)
    }
  }
  return secrets
}

const MAX_SEARCHED_BODY = 65_536
const MAX_SECRETS = 1_000

const isSmall = ({ body }: Plan): boolean =>
  body._tag !== 'Bytes' || Secret.open(body.bytes).length <= MAX_SEARCHED_BODY

/**
 * Returns the secrets of a request and of those before it; `undefined` if they are not known, or if the body has more than 65,536
 * octets or 1,000 values, which would take too long to search for.
 */
export const searchedSecrets = (response: Pick<Unread, 'plan' | 'history'>): ReadonlySet<string> | undefined => {
  if (!isSmall(response.plan) || !response.history.every(({ plan }) => isSmall(plan))) return undefined
  const secrets = secretsOf(response, response.plan.cause === 'Token' ? 'Token' : 'Other')
  return secrets === undefined || secrets.size > MAX_SECRETS ? undefined : secrets
}
