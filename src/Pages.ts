/**
 * How to find the next page of a list, for `Http.pages` and `Http.streamPages`.
 *
 * | value                   | the next page                                                  | ends                          |
 * |-------------------------|----------------------------------------------------------------|-------------------------------|
 * | `byLink`, the default   | the link `next` of the Link header (RFC 8288)                  | without this link             |
 * | `byCursor(name, read)`  | the first request with a cursor of the last page in its query  | without a cursor, or an empty one |
 * | `byNumber(name)`        | the first request with the next number in its query            | after a page without items    |
 * | a function              | a request, or the text of a URL                                | when it returns `none`        |
 *
 * A request is sent as it is. A text is a URL from a server, and is treated like a link: it is resolved against the URL of the
 * page, and requested with GET. It has the settings of the first request except its query, of which only secret parameters
 * are kept, and the fields that describe its body. A secret parameter that the link repeats is sent once, and not shown.
 *
 * A link to another origin is sent with the settings that a redirect to there keeps, such as proxies, timeouts, limits and plain
 * header fields: without credentials, secret headers, cookies and query of request and session. The same applies to all links of
 * its page, also if they lead back.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Request from './session/Request.js'
import type * as Session from './session/Session.js'
import * as Query from './values/Query.js'
import * as Url from './values/Url.js'
import { withoutParameterInQuery, withParameterInText } from './values/UrlQuery.js'
import * as UserInput from './values/UserInput.js'
import { ownLink } from './wire/OwnLink.js'
import type { Response } from './wire/Reply.js'

/**
 * What a function knows in addition to the page.
 *
 * @since 0.2.0
 * @category model
 */
export interface Progress {
  /** The request of the first page. */
  readonly first: Request.Request
  /** The session that plans the requests. */
  readonly session: Session.Session
  /** The number of pages that were read: 1 after the first one. */
  readonly pages: number
}

/**
 * Finds the next page: returns a request or a URL, or `none` after the last page.
 *
 * @since 0.2.0
 * @category model
 */
export type Next<A = unknown> = (
  response: Response,
  items: ReadonlyArray<A>,
  progress: Progress,
) => O.Option<Request.Request | string>

/**
 * Follows the link `next` of the Link header. A link that is not a URL is the error of its page, and not the end of the list.
 *
 * @since 0.2.0
 * @category constructors
 */
export const byLink: Next = (response) => {
  const found = ownLink('next', response)
  if (found === undefined) return O.none
  const { target, resolved } = found
  return O.some(E.isLeft(resolved) ? target : Url.sentHref(resolved.right.url))
}

/** Returns a request whose own query, in place of that of the session, does not have the parameter. */
const withoutOfSession = (request: Request.Request, name: string, sent: string, session: Session.Session) => {
  const { query } = session.settings
  if (query._tag === 'Inherit') return request
  const source = query.value
  if (source._tag === 'Keys') return source.keys.has(name) ? Request.withQuery({ [name]: null })(request) : request
  // The session has its query only for the origin of its base URL.
  const changed = withoutParameter(request, name, source)
  const { query: replaced } = changed.settings
  // The page was sent with the query of the session, or with what replaced it.
  const known = [source, ...(replaced._tag === 'Inherit' ? [] : [replaced.value])].map((one) => Query.write(one).sent)
  return known.some((text) => sent.endsWith(text)) ? changed : request
}

/** Sets the query of a request to a source, without a parameter. */
const withoutParameter = (request: Request.Request, name: string, source: Query.Source): Request.Request => {
  if (source._tag === 'Keys') return Request.withQuery({ [name]: null })(request)
  return source._tag === 'Text'
    ? Request.withQueryText(withoutParameterInQuery(name, source.text))(request)
    : Request.withQuery(source.pairs.filter(([other]) => other !== name))(request)
}

/** Replaces a query parameter, wherever the first request has it, by one in its URL. */
const withParameter = (
  response: Response,
  { first, session }: Progress,
  name: string,
  value: string,
): Request.Request => {
  const { query } = first.settings
  const request = { ...first, url: withParameterInText(name, value)(first.url) }
  const sent = Url.sentSearch((response.history[0]?.plan ?? response.plan).url)
  const isOwn = query._tag !== 'Inherit' && (query.value._tag !== 'Keys' || query.value.keys.has(name))
  return isOwn ? withoutParameter(request, name, query.value) : withoutOfSession(request, name, sent, session)
}

/**
 * Puts a cursor into the query of the first request. `read` returns the cursor that a page has, such as a field of its JSON.
 * `none` and an empty text end the list.
 *
 * @since 0.2.0
 * @category constructors
 * @example
 * import { flow, pipe } from 'fp-ts/lib/function.js'
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as O from 'fp-ts/lib/Option.js'
 * import * as t from 'io-ts'
 * import { Client, Http, Pages, Response, Transport } from 'requests-ts'
 *
 * const Page = t.type({ items: t.array(t.number), next: t.union([t.string, t.null]) })
 * const read = Response.json(Page.decode)
 * const numbers = Http.pages({
 *   request: 'https://h.test/numbers',
 *   items: flow(read, E.map(({ items }) => items)),
 *   next: Pages.byCursor('after', flow(read, O.fromEither, O.chainNullableK(({ next }) => next))) })
 * const transport = Transport.memory({
 *   'GET /numbers': { status: 200, json: { items: [1, 2], next: 'a b' } },
 *   'GET /numbers?after=a%20b': { status: 200, json: { items: [3], next: null } } })
 * assert.deepEqual(await pipe(numbers, Client.runWith({ transport }))(), E.right([1, 2, 3]))
 */
export const byCursor =
  (name: string, read: (response: Response) => O.Option<string | number>): Next =>
  (response, _, progress) => {
    const cursor = read(response)
    return O.isNone(cursor) || cursor.value === ''
      ? O.none
      : O.some(withParameter(response, progress, name, String(cursor.value)))
  }

/**
 * Options of `byNumber`.
 *
 * @since 0.2.0
 * @category model
 */
export interface ByNumber {
  /** The number of the first page; 1 by default. The first request is sent as it is. */
  readonly start?: number
}

/**
 * Puts the number of the page into the query of the first request: 2 for the second page. A page without items ends the list.
 *
 * @since 0.2.0
 * @category constructors
 */
export const byNumber = (name: string, options: ByNumber = {}): Next => {
  const { start = 1 } = UserInput.own(options ?? {}) // null in untyped code
  return (response, items, progress) =>
    items.length === 0 ? O.none : O.some(withParameter(response, progress, name, String(start + progress.pages)))
}
