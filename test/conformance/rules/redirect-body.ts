/**
 * Differences of the body of a redirected request and of its header fields.
 *
 * | rule | Python                                         | here                                            |
 * |------|------------------------------------------------|-------------------------------------------------|
 * | D15  | its spelling of JSON and of values             | JavaScript's                                    |
 * | D41  | octets in pairs are percent-encoded            | octets in pairs are decoded as UTF-8            |
 * | D25  | an empty form is an empty chunked body         | an empty form                                   |
 * | D33  | Transfer-Encoding together with Content-Length | only Content-Length                             |
 * | D18  | Content-Length for any method, or the user's   | the length of the body, or 0 if one is expected |
 * | D4   | 301, 302 and 303 drop the body of any method   | it is kept if the method is                     |
 * | D37  | fields of the content stay without the body    | they are dropped with it (RFC 9110 15.4)        |
 * | D7   | a generator is sent again, empty               | `UnrewindableBody`                              |
 */
import type { Input } from '../families/redirect.js'
import { type HeaderPair, mergedHeaders } from '../models/plain-request.js'
import { formOctetsAsText, framedOnce, octetsAsText, ourSpelling, respelled, withEmptyForm } from './body.js'
import { answerTo, endedBefore, type Hop, hopsOf, mapHops, type R, rewriting, walk } from './chain.js'
import { isNamed, type Pairs } from './fields.js'
import { withoutIdleFraming } from './idle-length.js'

const SPELLING = rewriting('D15', (python, { input }) =>
  mapHops(python, (hop, i) => {
    const spelled = ourSpelling(input.request, hop)
    return i > 0 ? spelled : { ...spelled, url: respelled(spelled.url, input.session.params, input.request.params) }
  }),
)

const OCTETS = rewriting('D41', (python, { input }) =>
  mapHops(python, (hop, i) => {
    const read = formOctetsAsText(input.request, hop)
    return i > 0 ? read : { ...read, url: octetsAsText(read.url, input.session.params, input.request.params) }
  }),
)

const EMPTY_FORM = rewriting('D25', (python, { input: { session, request } }) =>
  mapHops(python, (hop) => withEmptyForm(request.data, mergedHeaders(session, request), hop)),
)

const ONE_FRAMING = rewriting('D33', (python) =>
  mapHops(python, (hop) => (hop.body === null ? hop : { ...hop, headers: framedOnce(hop.headers) })),
)

const NO_IDLE_FRAMING = rewriting('D18', (python) =>
  mapHops(python, (hop) => ({ ...hop, headers: withoutIdleFraming(hop.method, hop.body, hop.headers) })),
)

// --- kept with the method -------------------------------------------------------------------------------------------

const isContent = isNamed('content-length', 'content-type', 'transfer-encoding')

const has = (headers: Pairs, name: string): boolean => headers.some(isNamed(name.toLowerCase()))

/** Inserts a pair after its nearest predecessor that was kept. A new Cookie or Authorization does not count as kept. */
const insertAfterPredecessors = (before: Pairs, now: Pairs, pair: HeaderPair): Pairs => {
  const earlier = before.slice(0, before.indexOf(pair)).filter((other) => isKept(other, now))
  const at = Math.max(0, ...earlier.map(([name]) => now.findIndex(isNamed(name.toLowerCase())) + 1))
  return [...now.slice(0, at), pair, ...now.slice(at)]
}

const isKept = (pair: HeaderPair, now: Pairs): boolean =>
  !isNamed('cookie')(pair) &&
  (!isNamed('authorization')(pair) || now.some(([name, value]) => name === pair[0] && value === pair[1]))

/** Replaces the content headers with those of the hop before. */
const withContentOf = (before: Pairs, now: Pairs): Pairs =>
  before.filter(isContent).reduce<Pairs>(
    (held, pair) => insertAfterPredecessors(before, held, pair),
    now.filter((pair) => !isContent(pair)),
  )

const keeps = (hop: Hop, before: Hop): boolean => hop.method === before.method

/** Returns whether requests drops the body before the i-th hop. */
const isDropped = (input: Input, i: number): boolean =>
  Array.from({ length: i }, (_, n) => answerTo(input, n)?.status ?? 0).some((status) => ![307, 308].includes(status))

const BODY_WITH_METHOD = rewriting('D4', (python, { input }) =>
  walk(python, (hop, before, i) =>
    keeps(hop, before) && isDropped(input, i)
      ? { ...hop, body: before.body, headers: withContentOf(before.headers, hop.headers) }
      : hop,
  ),
)

/** Fields that were dropped are not sent on later hops. */
const FIELDS_WITH_BODY = rewriting('D37', (python) =>
  walk(python, (hop, before) => ({
    ...hop,
    headers: hop.headers.filter(([name]) => !isOfContent(name) || (keeps(hop, before) && has(before.headers, name))),
  })),
)

const isOfContent = (name: string): boolean =>
  /^(?:content-(?!length$|type$).*|digest|repr-digest|last-modified)$/i.test(name)

/** The first hop that would send a generator again. */
const firstAgain = (hops: ReadonlyArray<Hop>): number =>
  hops.findIndex((hop, i) => i > 0 && keeps(hop, hops[i - 1] ?? hop))

const READ_ONCE: R = {
  id: 'D7',
  when: ({ input }, python) => input.request.data?._tag === 'Iter' && firstAgain(hopsOf(python)) === 1,
  expect: ({ input }, python) => {
    if (input.request.allow_redirects !== false) return endedBefore(python, 1, 'UnrewindableBodyError')
    return python.final === undefined ? python : { ...python, final: { ...python.final, next: null } }
  },
}

export const all: ReadonlyArray<R> = [
  OCTETS,
  SPELLING,
  EMPTY_FORM,
  ONE_FRAMING,
  NO_IDLE_FRAMING,
  BODY_WITH_METHOD,
  FIELDS_WITH_BODY,
  READ_ONCE,
]
