/**
 * Differences of the URLs of a redirect.
 *
 * | rule | Python                                                 | here                                            |
 * |------|--------------------------------------------------------|-------------------------------------------------|
 * | D21  | joins several Location fields                          | equal ones count as one, else `InvalidRedirect` |
 * | D36  | a blank Location leads to the URL itself               | the value is empty, so it is not a redirect     |
 * | D35  | `http:x` and `http:///x` lead to `/x` on the same host | a path relative to the base (RFC 3986 5.2.2); an empty host is invalid (RFC 9110 4.2.1) |
 * | D26  | a foreign scheme needs an adapter                      | `RedirectRefused`; without following, no `next` |
 * | D14  | userinfo stays in the URL                              | removed                                         |
 * | D14  | an invalid Location is an exception, even if it is not followed | no `next`                                       |
 * | D19  | any host                                               | the canonical host, or `InvalidRedirect`        |
 * | D49  | every method is written in upper case                  | only those of RFC 9110, PATCH and QUERY         |
 * | D50  | unusual path, query and port                           | `models/own-url.ts`                             |
 * | D51  | a Location that is not UTF-8 is an exception; `/x#` inherits a fragment | it is percent-encoded; `/x#` does not           |
 * | D27  | urllib3 normalizes the URL when it sends               | the URL of the plan is sent                     |
 */
import type { Input, Output } from '../families/redirect.js'
import { ANY_ERROR } from '../json.js'
import { onTheWire } from '../models/normal-url.js'
import { isUtf8, ownLocation, ownUrl, withoutTrailingBlanks } from '../models/own-url.js'
import { canonicalHost, partsOf } from '../models/parts.js'
import type { AnswerSpec } from '../shapes.js'
import { write } from '../tagged.js'
import { answerTo, endedBefore, type Hop, hopsOf, mapHops, type R, rewriting, walk } from './chain.js'
import { ownMethod } from './prepare.js'
import { withCanonicalHost, withoutUserinfo } from './url.js'

const locationsOf = (answer: AnswerSpec | undefined): ReadonlyArray<string> =>
  (answer?.headers ?? []).flatMap(([name, value]) =>
    name.toLowerCase() === 'location' && value._tag === 'Str' ? [value.text] : [],
  )

const isRedirect = (answer: AnswerSpec | undefined): boolean =>
  answer !== undefined && [301, 302, 303, 307, 308].includes(answer.status)

/** Returns the index of the first request that is redirected with a matching Location, or undefined. */
const firstWith = (
  { input, python }: { readonly input: Input; readonly python: Output },
  fits: (locations: ReadonlyArray<string>) => boolean,
): number | undefined => {
  const { requests, error } = python
  const followed = error === 'TooManyRedirects' ? requests.slice(0, -1) : requests
  const at = followed.findIndex((_, i) => {
    const answer = answerTo(input, i)
    return isRedirect(answer) && fits(locationsOf(answer))
  })
  return at < 0 ? undefined : at
}

const stops = ({ request }: Input): boolean => request.allow_redirects === false

/** Ends the exchange with an error, or removes `next` if redirects are not followed. */
const unfollowed = (python: Output, input: Input, at: number, error: string): Output => {
  if (!stops(input)) return endedBefore(python, at + 1, error)
  return python.final === undefined ? python : { ...python, final: { ...python.final, next: null } }
}

// --- Location -------------------------------------------------------------------------------------------------------

const SEVERAL_LOCATIONS = rewriting('D21', (python, { input }) => {
  const at = firstWith({ input, python }, (locations) => new Set(locations).size > 1)
  return at === undefined ? python : unfollowed(python, input, at, 'InvalidURL')
})

const EQUAL_LOCATIONS = rewriting('D21', (python, { input }) => {
  const at = firstWith({ input, python }, (locations) => locations.length > 1 && new Set(locations).size === 1)
  const hops = hopsOf(python)
  const [location = ''] = at === undefined ? [] : locationsOf(answerTo(input, at))
  // Only if no later hop was resolved against the joined value.
  if (at === undefined || hops.length !== at + 2) return python
  return mapHops(python, (hop, i) => (i === at + 1 ? { ...hop, url: new URL(location, hops[at]?.url).href } : hop))
})

const BLANK_LOCATION = rewriting('D36', (python, { input }) => {
  const at = firstWith({ input, python }, ([location = '']) => location !== '' && location.trim() === '')
  if (at === undefined || python.final === undefined) return python
  const answer = answerTo(input, at)
  const requests = python.requests.slice(0, at + 1)
  if (answer === undefined || stops(input)) return unfollowed(python, input, at, 'InvalidURL')
  return {
    ...python,
    requests,
    final: {
      ...python.final,
      status: answer.status,
      url: requests.at(-1)?.url ?? '',
      history: python.final.history.slice(0, at),
      history_urls: requests.slice(0, -1).map(({ url }) => url),
      body: answer.body?._tag === 'Str' ? Buffer.from(answer.body.text, 'utf8').toString('base64') : '',
    },
  }
})

/** A redirect that is not followed does not raise an exception. */
const INVALID_LOCATION = rewriting('D14', (python, { input }) => {
  const at = python.requests.length - 1
  const answer = answerTo(input, at)
  if (!stops(input) || python.error !== ANY_ERROR || answer === undefined || !isRedirect(answer)) return python
  const { error: _, ...rest } = python
  const content = answer.body?._tag === 'Str' ? Buffer.from(answer.body.text, 'utf8').toString('base64') : ''
  const { status } = answer
  const url = python.requests.at(-1)?.url ?? ''
  const final = { status, url, history: [], history_urls: [], body: content, response_cookies: [], next: null }
  return { ...rest, final }
})

const EMPTY_HOST = rewriting('D35', (python, { input }) => {
  const at = firstWith({ input, python }, ([location = '']) => /^(https?:)?\/\/([/?#:]|$)/i.test(location.trim()))
  return at === undefined ? python : unfollowed(python, input, at, 'InvalidURL')
})

const AUTHORITY = /^[^:/?#]+:\/\/[^/?#]*/

const BESIDE_ITS_BASE = rewriting('D35', (python, { input }) => {
  const hops = hopsOf(python)
  return walk(python, (hop, before, i) => {
    const [location = ''] = locationsOf(answerTo(input, i - 1))
    const scheme = /^[^:]+:/.exec(before.url)?.[0] ?? ''
    const rest = location.trim().toLowerCase().startsWith(scheme) ? location.trim().slice(scheme.length) : '/'
    if (rest.startsWith('/') || rest === '' || hops[i] !== hop) return hop
    const root = AUTHORITY.exec(before.url)?.[0] ?? ''
    const path = before.url.slice(root.length).replace(/[?#].*$/, '')
    const fragment = hop.url.includes('#') && !rest.includes('#') ? hop.url.slice(hop.url.indexOf('#')) : ''
    return { ...hop, url: `${root}${path.slice(0, path.lastIndexOf('/') + 1) || '/'}${rest}${fragment}` }
  })
})

// --- schemes and hosts ----------------------------------------------------------------------------------------------

const isHttp = ({ url }: Hop): boolean => /^https?:/i.test(url)

const FOREIGN_SCHEME: R = {
  id: 'D26',
  when: ({ input }, python) =>
    python.requests.length > 0 &&
    (python.error === 'InvalidSchema' || (stops(input) && hopsOf(python).some((hop) => !isHttp(hop)))),
  expect: ({ input }, python) =>
    python.error === 'InvalidSchema'
      ? { ...python, error: 'RedirectRefused' }
      : unfollowed(python, input, python.requests.length - 1, 'RedirectRefused'),
}

const USERINFO = rewriting('D14', (python) => mapHops(python, (hop) => ({ ...hop, url: withoutUserinfo(hop.url) })))

const isBadPort = ({ url }: Hop): boolean => {
  const { port } = partsOf(url)
  return !/^\d*$/.test(port) || Number(port) > 65535
}

const NO_HOST: R = {
  id: 'D19',
  when: (_, python) => hopsOf(python).some((hop) => isHttp(hop) && isNoPlace(hop)),
  expect: ({ input }, python) => unfollowed(python, input, hopsOf(python).findIndex(isNoPlace) - 1, 'InvalidURL'),
}

const isNoPlace = (hop: Hop): boolean => canonicalHost(partsOf(hop.url).host) === undefined || isBadPort(hop)

const CANONICAL_HOST = rewriting('D19', (python) =>
  mapHops(python, (hop) => ({ ...hop, url: withCanonicalHost(hop.url) })),
)

const planned = (url: string): string => {
  const lower = url.replace(/^([^/]*\/\/)(\[[^\]]*\]|[^:/?#]*)/, (authority) => authority.toLowerCase())
  return onTheWire(
    lower.replace(/^([^/]*\/\/(?:\[[^\]]*\]|[^:/?#[]*)):0*(\d*)/, (_, before, port) =>
      port === '' ? before : `${before}:${port}`,
    ),
  )
}

const ON_THE_WIRE = rewriting('D27', (python) => mapHops(python, (hop) => ({ ...hop, url: planned(hop.url) })))

// --- methods and ends of the URL ------------------------------------------------------------------------------------

const AS_WRITTEN = rewriting('D49', (python, { input: { request } }) =>
  mapHops(python, (hop) => ({ ...hop, method: ownMethod(request.method, hop.method) })),
)

const OWN_URL = rewriting('D50', (python, { input }) =>
  mapHops(python, (hop, i) => {
    if (i === 0) return { ...hop, url: ownUrl(String(write(input.request.url)), hop.url) }
    const [location = ''] = locationsOf(answerTo(input, i - 1))
    const scheme = partsOf(hop.url).scheme
    const whole = /^[a-z][a-z0-9+.-]*:/i.test(location.trim())
      ? location
      : `${scheme}://${partsOf(hop.url).host}/${location}`
    return { ...hop, url: ownUrl(whole, hop.url) }
  }),
)

const NO_FRAGMENT = rewriting('D51', (python, { input }) =>
  walk(python, (hop, _, i) => {
    const [location = ''] = locationsOf(answerTo(input, i - 1))
    return /^[^#]*#$/.test(withoutTrailingBlanks(location)) ? { ...hop, url: hop.url.replace(/#.*$/, '') } : hop
  }),
)

/** The exchange continues where Python's ends. Only for a GET on one origin that is followed by a final response. */
const OCTETS = rewriting('D51', (python, { input }) => {
  const at = python.requests.length - 1
  const last = python.requests[at]
  const [location = ''] = locationsOf(answerTo(input, at))
  const answer = answerTo(input, at + 1)
  if (python.error !== ANY_ERROR || last === undefined || isUtf8(location) || stops(input)) return python
  if (answer === undefined || isRedirect(answer) || last.method !== 'GET') return python
  const url = new URL(ownLocation(location), last.url).href
  const { error: _, ...rest } = python
  const requests = [...python.requests, { ...last, url }]
  const body = answer.body?._tag === 'Str' ? Buffer.from(answer.body.text, 'utf8').toString('base64') : ''
  const history = requests.slice(0, -1).map((_, i) => answerTo(input, i)?.status ?? 0)
  const history_urls = requests.slice(0, -1).map((one) => one.url)
  return { ...rest, requests, final: { status: answer.status, url, history, history_urls, body, response_cookies: [] } }
})

export const all: ReadonlyArray<R> = [
  OCTETS,
  SEVERAL_LOCATIONS,
  EQUAL_LOCATIONS,
  BLANK_LOCATION,
  INVALID_LOCATION,
  EMPTY_HOST,
  BESIDE_ITS_BASE,
  FOREIGN_SCHEME,
  USERINFO,
  NO_HOST,
  CANONICAL_HOST,
  ON_THE_WIRE,
  AS_WRITTEN,
  OWN_URL,
  NO_FRAGMENT,
]
