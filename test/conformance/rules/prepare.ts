/**
 * Differences of a prepared request, except cookies (`rules/prepare-cookies.ts`) and refusals (`rules/refusals.ts`).
 *
 * | rule | Python                                              | here                                            |
 * |------|-----------------------------------------------------|-------------------------------------------------|
 * | D14  | userinfo stays in the URL                           | removed                                         |
 * | D32  | `#` in text for the query begins a fragment         | it is data, `%23`                               |
 * | D27  | urllib3 normalizes the URL when it sends            | the URL of the plan is sent                     |
 * | D19  | invalid hosts, older IDNA                           | the canonical host                              |
 * | D15  | Python's spelling of JSON and of values             | JavaScript's                                    |
 * | D41  | octets in pairs are percent-encoded                 | octets in pairs are decoded as UTF-8            |
 * | D25  | an empty form is an empty chunked body              | an empty form                                   |
 * | D33  | Transfer-Encoding together with Content-Length      | only Content-Length                             |
 * | D18  | Content-Length for any method, or the user's        | the length of the body, or 0 if one is expected |
 * | D22  | Proxy-Authorization goes to the origin              | it is not sent without a proxy                  |
 * | D29  | Basic in latin-1                                    | Basic in UTF-8                                  |
 * | D48  | `user@` is not a credential                         | Basic with an empty password                    |
 * | D49  | every method is written in upper case               | only those of RFC 9110, PATCH and QUERY         |
 * | D50  | unusual path, query and port                        | `models/own-url.ts`                             |
 * | D2   | netrc overrides a header, the URL and an empty auth | it replaces nothing                             |
 */
import type { Input, Output } from '../families/prepare.js'
import { onTheWire } from '../models/normal-url.js'
import { ownUrl, withoutTrailingBlanks } from '../models/own-url.js'
import { isHttpLike } from '../models/parts.js'
import { mergedHeaders, plainRequest } from '../models/plain-request.js'
import { isFailure, type Prepared, type RequestSpec } from '../shapes.js'
import type { Rule } from '../subject.js'
import { isTruthy } from '../tagged.js'
import { formOctetsAsText, framedOnce, octetsAsText, ourSpelling, respelled, withEmptyForm } from './body.js'
import { halfAuthorization, inUtf8Unless, ownAuthorization, withAuthorization } from './credentials.js'
import { isNamed } from './fields.js'
import { withoutIdleFraming } from './idle-length.js'
import * as cookies from './prepare-cookies.js'
import * as refusals from './refusals.js'
import { withCanonicalHost, withoutUserinfo } from './url.js'

type R = Rule<Input, Output>

/** Returns a rule that rewrites a prepared request. */
const rewriting = (id: string, rewrite: (python: Prepared, input: Input) => Prepared): R => ({
  id,
  when: (_, python) => !isFailure(python),
  expect: ({ input }, python) => (isFailure(python) ? python : rewrite(python, input)),
})

// --- the URL --------------------------------------------------------------------------------------------------------

export const urlText = ({ url }: RequestSpec): string => (url._tag === 'Str' ? url.text.trimStart() : '')

const USERINFO = rewriting('D14', (python) => ({ ...python, url: withoutUserinfo(python.url) }))

const textParams = ({ request: { params }, session }: Input): string | undefined => {
  const given = params === undefined || params._tag === 'None' ? session.params : params
  return given?._tag === 'Str' && isTruthy(given) ? given.text : undefined
}

const HASH_IN_PARAMS = rewriting('D32', (python, input) => {
  const text = textParams(input)
  if (text === undefined || !text.includes('#') || !isHttpLike(python.url)) return python
  return { ...python, url: python.url.replace(text, text.replaceAll('#', '%23')) }
})

const ON_THE_WIRE = rewriting('D27', (python) => ({ ...python, url: onTheWire(python.url) }))

const CANONICAL_HOST = rewriting('D19', (python) => ({ ...python, url: withCanonicalHost(python.url) }))

// --- the body -------------------------------------------------------------------------------------------------------

const SPELLING = rewriting('D15', (python, { request, session }) => ({
  ...ourSpelling(request, python),
  url: respelled(python.url, session.params, request.params),
}))

const OCTETS = rewriting('D41', (python, { request, session }) => ({
  ...formOctetsAsText(request, python),
  url: octetsAsText(python.url, session.params, request.params),
}))

const EMPTY_FORM = rewriting('D25', (python, { session, request }) =>
  withEmptyForm(request.data, mergedHeaders(session, request), python),
)

const ONE_FRAMING = rewriting('D33', (python) =>
  python.body === null ? python : { ...python, headers: framedOnce(python.headers) },
)

const NO_IDLE_FRAMING = rewriting('D18', (python) => ({
  ...python,
  headers: withoutIdleFraming(python.method, python.body, python.headers),
}))

// --- credentials ----------------------------------------------------------------------------------------------------

const NO_PROXY_NO_CREDENTIALS = rewriting('D22', (python) => ({
  ...python,
  headers: python.headers.filter((pair) => !isNamed('proxy-authorization')(pair)),
}))

const NETRC_IS_LAST = rewriting('D2', (python, { session, request }) => {
  const own = ownAuthorization(session, request)
  return own === undefined ? python : { ...python, headers: withAuthorization(python.headers, own) }
})

const UTF8 = rewriting('D29', (python, { session, request }) => ({
  ...python,
  headers: inUtf8Unless(mergedHeaders(session, request), python.headers),
}))

const HALF = rewriting('D48', (python, { session, request }) => {
  const half = halfAuthorization(session, request, python.headers)
  return half === undefined ? python : { ...python, headers: [...python.headers, half] }
})

// --- methods and ends of the URL ------------------------------------------------------------------------------------

const METHODS: ReadonlySet<string> = new Set('GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH QUERY'.split(' '))

/** Returns the method as we send it, if requests converted it to upper case. */
export const ownMethod = (written: string, python: string): string =>
  !METHODS.has(python) && written.toUpperCase() === python ? written : python

const AS_WRITTEN = rewriting('D49', (python, { request }) => ({
  ...python,
  method: ownMethod(request.method, python.method),
}))

const OWN_URL = rewriting('D50', (python, { request }) => ({ ...python, url: ownUrl(givenUrl(request), python.url) }))

const givenUrl = ({ url }: RequestSpec): string => (url._tag === 'Str' ? url.text : '')

/** A blank after the host. */
const BLANK_AFTER_HOST: R = {
  id: 'D50',
  when: ({ input: { request } }, python) => {
    const text = givenUrl(request)
    return isFailure(python) && isHttpLike(text) && withoutTrailingBlanks(text) !== text
  },
  expect: ({ input: { session, request } }, python) =>
    plainRequest(session, { ...request, url: { _tag: 'Str', text: withoutTrailingBlanks(givenUrl(request)) } }) ??
    python,
}

export const all: ReadonlyArray<R> = [
  UTF8,
  ...refusals.all,
  BLANK_AFTER_HOST,
  USERINFO,
  HASH_IN_PARAMS,
  ON_THE_WIRE,
  CANONICAL_HOST,
  OCTETS,
  SPELLING,
  EMPTY_FORM,
  ONE_FRAMING,
  NO_IDLE_FRAMING,
  NO_PROXY_NO_CREDENTIALS,
  NETRC_IS_LAST,
  HALF,
  AS_WRITTEN,
  OWN_URL,
  ...cookies.all,
]
