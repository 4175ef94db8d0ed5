/**
 * Requests that only one of the two libraries refuses to prepare.
 *
 * | rule | Python                                               | here                                             |
 * |------|------------------------------------------------------|--------------------------------------------------|
 * | D17  | any method; NUL, names with spaces, `Expect` …       | RFC 9110 tokens and field values, or an error    |
 * | D17  | refuses a value that begins with U+0085 or U+00A0    | accepts these octets (RFC 9110 5.5)              |
 * | D19  | accepts invalid ASCII hosts; refuses some IDNA names | the WHATWG host, or `InvalidUrl`                 |
 * | D34  | a scheme without an adapter fails when it is sent    | `UnsupportedScheme` when it is planned           |
 * | D29  | credentials beyond latin-1 are an exception          | UTF-8 (RFC 7617 2.1)                             |
 * | D14  | a form in a custom mapping is an exception           | a form                                           |
 * | D15  | an int of any size in JSON                           | `InvalidBody` for a number that JSON cannot hold |
 * | D13  | cookies with `;`, blanks in a name, any character    | RFC 6265bis, or `InvalidHeader`                  |
 */
import type { Input, Output } from '../families/prepare.js'
import { ANY_ERROR } from '../json.js'
import { canonicalHost, isHttpLike, partsOf } from '../models/parts.js'
import { type HeaderPair, mergedHeaders, plainRequest, valueOf } from '../models/plain-request.js'
import { jsonBody, stringified } from '../models/spelling.js'
import { failure, isFailure, type RequestSpec } from '../shapes.js'
import type { Rule, Subject } from '../subject.js'
import { mergedSettingCookies } from './prepare-cookies.js'

type R = Rule<Input, Output>

const TOKEN = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/
const VALUE = /^(?:[\x21-\x7e\x80-\xff][\t\x20-\x7e\x80-\xff]*)?$/

export const urlOf = ({ url }: RequestSpec): string => (url._tag === 'Str' ? url.text.trimStart() : '')

// --- D17 ------------------------------------------------------------------------------------------------------------

const METHOD: R = {
  id: 'D17',
  when: ({ input }) => !TOKEN.test(input.request.method),
  expect: () => failure('InvalidSettings'),
}

const ofConnection = (name: string, value: string): boolean => {
  switch (name) {
    case 'expect':
    case 'upgrade':
    case 'keep-alive':
      return true
    case 'connection':
      return !/^(close|keep-alive)$/i.test(value)
    case 'transfer-encoding':
      return !/^chunked$/i.test(value)
    case 'content-length':
      return !/^\d+$/.test(value)
    default:
      return false
  }
}

/** Returns whether RFC 9110 or the transport rejects a header that requests accepts. */
export const isRefused = ([name, value]: HeaderPair): boolean =>
  !TOKEN.test(name) || !VALUE.test(value) || ofConnection(name.toLowerCase(), value)

const FIELDS: R = {
  id: 'D17',
  when: ({ input: { session, request } }, python) =>
    (!isFailure(python) || python.error === ANY_ERROR) && mergedHeaders(session, request).some(isRefused),
  expect: () => failure('InvalidHeader'),
}

/** Python treats U+0085 and U+00A0 as white space. In a header they are ordinary octets. */
const OBSOLETE_TEXT: R = {
  id: 'D17',
  when: ({ input: { session, request } }, python) =>
    isFailure(python) &&
    python.error === 'InvalidHeader' &&
    !mergedHeaders(session, request).some(isRefused) &&
    mergedHeaders(session, request).some(([, value]) => /^[\x85\xa0]/.test(value)),
  expect: ({ input: { session, request } }, python) => plainRequest(session, request) ?? python,
}

// --- the URL --------------------------------------------------------------------------------------------------------

const SCHEME = /^[a-z][a-z\d+.-]*$/i

const NO_SCHEME: R = {
  id: 'D34',
  when: ({ input: { request } }, python) => {
    const url = urlOf(request)
    return !isFailure(python) && url.includes(':') && !isHttpLike(url) && !SCHEME.test(url.split(':')[0] ?? '')
  },
  expect: () => failure('InvalidSchema'),
}

const isHttp = (url: string): boolean => /^https?:\/\//i.test(url)

/** Returns the host as it was written, or a backslash if one follows, because URL parsers treat it differently. */
const writtenHost = (url: string): string => (/^https?:\/\/[^/?#]*\\/i.test(url) ? '\\' : partsOf(url).host)

const NO_HOST: R = {
  id: 'D19',
  when: ({ input: { request } }, python) => {
    const url = urlOf(request)
    return !isFailure(python) && isHttp(url) && canonicalHost(writtenHost(url)) === undefined
  },
  expect: () => failure('InvalidURL'),
}

const newerNames = ({ input: { request } }: Subject<Input>, python: Output): boolean => {
  const { host } = partsOf(urlOf(request))
  return isFailure(python) && python.error === 'InvalidURL' && isHttp(urlOf(request)) && /[^\0-\x7f]/.test(host)
}

const NEWER_IDNA: R = {
  id: 'D19',
  when: newerNames,
  expect: ({ input: { session, request } }, python) => plainRequest(session, request) ?? python,
}

// --- credentials, bodies, cookies -----------------------------------------------------------------------------------

const pairText = ({ auth, url }: RequestSpec): string => {
  if (auth?._tag !== 'Tuple') return partsOf(url._tag === 'Str' ? url.text : '').userinfo ?? ''
  return auth.items.map((item) => (item._tag === 'Str' ? item.text : '')).join(':')
}

const BEYOND_LATIN1: R = {
  id: 'D29',
  when: ({ input: { request } }, python) =>
    isFailure(python) && python.error === ANY_ERROR && /[^\0-\xff]/.test(pairText(request)),
  expect: ({ input: { session, request } }, python) => plainRequest(session, request) ?? python,
}

/** requests reads a custom mapping as a list of pairs and cannot unpack it. */
const OWN_MAPPING: R = {
  id: 'D14',
  when: ({ input: { request } }, python) =>
    isFailure(python) && python.error === ANY_ERROR && request.data?._tag === 'CiDict',
  expect: ({ input: { session, request } }, python) => plainRequest(session, request) ?? python,
}

const BIG_INTEGERS: R = {
  id: 'D15',
  when: ({ input: { request } }, python) => {
    const json = jsonBody(request)
    return !isFailure(python) && json !== undefined && stringified(json) === undefined
  },
  expect: () => failure('InvalidJSONError'),
}

const COOKIE_NAME = /^[^\0-\x20\x7f;=,\u0100-\uffff]*$/
const COOKIE_VALUE = /^[\t\x20-\x3a\x3c-\x7e\x80-\xff]*$/

const COOKIES: R = {
  id: 'D13',
  when: ({ input }, python) =>
    !isFailure(python) &&
    [...mergedSettingCookies(input)].some(([name, value]) => !COOKIE_NAME.test(name) || !COOKIE_VALUE.test(value)) &&
    valueOf(python.headers, 'Cookie') !== undefined,
  expect: () => failure('InvalidHeader'),
}

export const all: ReadonlyArray<R> = [
  METHOD,
  NO_SCHEME,
  NO_HOST,
  NEWER_IDNA,
  FIELDS,
  OBSOLETE_TEXT,
  COOKIES,
  BIG_INTEGERS,
  BEYOND_LATIN1,
  OWN_MAPPING,
]
