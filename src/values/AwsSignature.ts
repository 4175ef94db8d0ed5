/**
 * The computations of AWS Signature Version 4, on strings: the canonical request, the string to sign and the signature.
 *
 * | part of the canonical request | rule                                                                      |
 * |-------------------------------|---------------------------------------------------------------------------|
 * | path                          | `PathForm`                                                                |
 * | query                         | escapes in normal form, sorted by name and value; a name alone gets a `=` |
 * | header fields                 | names in lower case and sorted, repeated values joined, blanks folded     |
 *
 * Source: "Create a signed AWS API request" in the IAM User Guide. The functions agree with the test suite of `aws-c-auth`.
 *
 * Law: the order of the query and of fields with different names does not change the canonical request.
 */
import * as Hash from './Hash.js'
import * as Octets from './Octets.js'
import * as PercentEncoding from './PercentEncoding.js'

export const ALGORITHM = 'AWS4-HMAC-SHA256'

/** How the path of a service is written in a canonical request. */
export interface PathForm {
  /** Whether dot segments and empty segments are removed. All services but S3 do it. */
  readonly segments: 'normalized' | 'unchanged'
  /** `twice`: the path as it is sent is encoded again, so that `%20` is `%2520`. All services but S3 do it. */
  readonly encoding: 'once' | 'twice'
}

/** What is signed. */
export interface Signable {
  /** As it is sent. */
  readonly method: string
  /** As it is sent, without query. */
  readonly path: string
  /** As it is sent, without `?`. A `+` is a plus sign, not a space. */
  readonly query: string
  /** The fields that are signed. Values have one character for each octet. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  /** The hash of the body, or `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string
  readonly pathForm: PathForm
}

/** Where and when a signature is valid. */
export interface Scope {
  /** `20150830T123600Z`, from `dateOf`. */
  readonly date: string
  readonly region: string
  readonly service: string
}

/** Returns a time as `20150830T123600Z`. Undefined for an invalid date, and for a year that has not four digits. */
export const dateOf = (now: Date): string | undefined => {
  const text = Number.isNaN(now.getTime()) ? '' : now.toISOString()
  return /^\d{4}-/.test(text) ? text.replace(/[:-]|\.\d{3}/g, '') : undefined
}

// --- percent-encoding ----------------------------------------------------------------------------------------------

const escape = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`

/** Encodes everything but the unreserved characters of RFC 3986 2.3, as UTF-8. */
export const encode = (text: string): string => PercentEncoding.encodeText(text).replace(/[!'()*]/g, escape)

const UNRESERVED = /^[\w.~-]$/

/** The normal form of an escape, or the escape of a reserved character. */
const normalPiece = (piece: string): string => {
  if (piece.length !== 3 || !piece.startsWith('%')) return encode(piece)
  const character = String.fromCharCode(Number.parseInt(piece.slice(1), 16))
  return UNRESERVED.test(character) ? character : piece.toUpperCase()
}

/** Encodes a text that may have escapes, octet by octet, so that it need not be valid UTF-8. */
const normalized = (text: string): string => text.replace(/%[\da-fA-F]{2}|[^\w.~-]/gu, normalPiece)

// --- the canonical request -------------------------------------------------------------------------------------------

/** Removes dot segments (RFC 3986 5.2.4) and empty segments. */
const withoutEmptySegments = (path: string): string => {
  const kept: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  return kept.length > 0 ? `/${kept.join('/')}${path.endsWith('/') ? '/' : ''}` : '/'
}

const canonicalPath = (path: string, { segments, encoding }: PathForm): string => {
  const kept = segments === 'normalized' ? withoutEmptySegments(path) : path || '/'
  return kept
    .split('/')
    .map(encoding === 'twice' ? encode : normalized)
    .join('/')
}

type Pair = readonly [name: string, value: string]

/** The texts are ASCII, so that the order of UTF-16 units is that of octets. */
const compare = (x: string, y: string): number => (x < y ? -1 : x > y ? 1 : 0)
const byNameAndValue = (x: Pair, y: Pair): number => compare(x[0], y[0]) || compare(x[1], y[1])

const pairOf = (piece: string): Pair => {
  const equals = piece.indexOf('=')
  return equals < 0 ? [piece, ''] : [piece.slice(0, equals), piece.slice(equals + 1)]
}

const canonicalQuery = (query: string): string =>
  query
    .split('&')
    .flatMap((piece): ReadonlyArray<Pair> => {
      const [name, value] = pairOf(piece)
      return piece === '' ? [] : [[normalized(name), normalized(value)]]
    })
    .sort(byNameAndValue)
    .map(([name, value]) => `${name}=${value}`)
    .join('&')

/** Removes blanks at both ends, and folds others to one space. Only those of HTTP: a no-break space is an octet. */
const folded = (value: string): string => value.replace(/[ \t\r\n]+/g, ' ').replace(/^ | $/g, '')

const canonicalHeaders = (headers: Signable['headers']): ReadonlyArray<Pair> => {
  const values = new Map<string, string[]>()
  for (const [written, value] of headers) {
    const name = written.toLowerCase()
    const list = values.get(name)
    if (list === undefined) values.set(name, [folded(value)])
    else list.push(folded(value))
  }
  return [...values].map(([name, list]): Pair => [name, list.join(',')]).sort((x, y) => compare(x[0], y[0]))
}

/** Returns the names of the signed fields, as a signature lists them. */
export const signedHeaders = (headers: Signable['headers']): string =>
  canonicalHeaders(headers)
    .map(([name]) => name)
    .join(';')

/** Returns the canonical request, with one character for each octet. */
export const canonicalRequest = ({ method, path, query, headers, payloadHash, pathForm }: Signable): string => {
  const fields = canonicalHeaders(headers)
  return [
    method,
    canonicalPath(path, pathForm),
    canonicalQuery(query),
    ...fields.map(([name, value]) => `${name}:${value}`),
    '',
    fields.map(([name]) => name).join(';'),
    payloadHash,
  ].join('\n')
}

// --- the signature ---------------------------------------------------------------------------------------------------

/** Returns the credential scope: date, region and service. */
export const scopeText = ({ date, region, service }: Scope): string =>
  `${date.slice(0, 8)}/${region}/${service}/aws4_request`

/** Returns the string to sign for a canonical request. */
export const stringToSign = (scope: Scope, request: string): string =>
  [ALGORITHM, scope.date, scopeText(scope), Hash.hex('sha256', Octets.fromLatin1(request))].join('\n')

/** Returns the signature of a string to sign, in lower-case hexadecimal. */
export const signature = (secretAccessKey: string, { date, region, service }: Scope, text: string): string => {
  let key: string | Uint8Array = `AWS4${secretAccessKey}`
  for (const part of [date.slice(0, 8), region, service, 'aws4_request']) key = Hash.hmac('sha256', key, part)
  return Hash.toHex(Hash.hmac('sha256', key, text))
}
