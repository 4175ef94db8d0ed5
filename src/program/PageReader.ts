/**
 * Lists that come in pages: `pages` collects all items, `streamPages` passes them to a function while it reads them.
 *
 * | what happens                                     | result                                                        |
 * |--------------------------------------------------|---------------------------------------------------------------|
 * | a page has a status of 400 or above              | `StatusError`                                                 |
 * | the next page is one that was read               | `RepeatedPage`: an end would hide that the list is incomplete |
 * | the list goes on after `limit` pages             | `TooManyPages`                                                |
 * | the reader stops                                 | no further page is requested; a request in flight is aborted  |
 * | a page that is read ahead fails                  | the error counts when its turn comes, and not if the reader stops before |
 *
 * Pages are requested one after the other, each with the cookies of those before.
 */
import * as E from 'fp-ts/lib/Either.js'
import type * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as Client from '../Client.js'
import { gather, sendRequest } from '../client/Interpreter.js'
import type { Jar } from '../cookies/Jar.js'
import * as Pages from '../Pages.js'
import * as Readers from '../Response.js'
import * as Request from '../session/Request.js'
import * as Session from '../session/Session.js'
import type { SendError } from '../stages/Exchange.js'
import * as Override from '../values/Override.js'
import * as Secret from '../values/Secret.js'
import * as Url from '../values/Url.js'
import * as UserInput from '../values/UserInput.js'
import type { Plan } from '../wire/Plan.js'
import type { Response } from '../wire/Reply.js'
import type { StatusError } from '../wire/ResponseError.js'
import { type ReaderError, readEmitted } from './Emission.js'
import { type RepeatedPage, repeatedPage, type TooManyPages, tooManyPages } from './PageError.js'
import type { Http } from './Program.js'

export type { RepeatedPage, TooManyPages } from './PageError.js'

/**
 * A list that comes in pages.
 *
 * @since 0.2.0
 * @category model
 */
export interface PagesOptions<E, A> {
  /** The first page: a request, or the URL of a GET request. */
  readonly request: Request.Request | string | URL
  /** Reads the items of a page whose status is below 400, such as `Response.json(decoder)`. */
  readonly items: (response: Response) => E.Either<E, ReadonlyArray<A>>
  /** Finds the next page; `Pages.byLink` by default. */
  readonly next?: Pages.Next<A>
  /**
   * The most pages that are read: 1,000 by default. A longer list is `TooManyPages`. A fraction is rounded down, and a value that
   * is not at least 1 counts as 1.
   */
  readonly limit?: number
  /** The number of pages that are requested ahead while items are used: 0 by default. A fraction is rounded down. */
  readonly lookAhead?: number
}

/**
 * How reading a list can fail. `E` is the error of `items`.
 *
 * @since 0.2.0
 * @category errors
 */
export type PagesError<E> = SendError | StatusError | RepeatedPage | TooManyPages | E

const DEFAULT_LIMIT = 1_000

/** Rounds a number of the user down. A value that is not at least `least`, such as `NaN`, counts as `least`. */
const atLeast = (least: number, given: number): number => (given >= least ? Math.floor(given) : least)

// --- the request of a page -------------------------------------------------------------------------------------------

const send = (client: Client.Client, jar: Jar, request: Request.Request) =>
  sendRequest(client, jar, request, gather, (outcome, after) =>
    E.isLeft(outcome) ? outcome : E.right([outcome.right, after] as const),
  )

/** Returns the settings of the first request for a link to the same origin. A link has its query already. */
const settingsForLink = ({ settings }: Request.Request): Request.Request['settings'] => {
  const { query } = settings
  if (query._tag === 'Inherit' || query.value._tag !== 'Keys') return { ...settings, query: Override.inherit }
  const secret = [...query.value.keys].filter(([, key]) => key._tag === 'Set' && Secret.is(key.value))
  return { ...settings, query: Override.extend({ _tag: 'Keys', keys: new Map(secret) }) }
}

/** A request, and how it is recognized when it is named again. */
interface PageRequest {
  readonly request: Request.Request
  /** A URL that a server chose, at another origin than the first page. */
  readonly isForeign: boolean
}

const firstPlan = ({ history, plan }: Response): Plan => history[0]?.plan ?? plan

/** Returns the request of a URL that a page has. A URL that is not valid is left to planning, which reports it. */
const requestOfLink = (link: string, page: Response, first: Request.Request, origin: string): PageRequest => {
  const resolved = Url.resolve(page.plan.url)(link)
  const request = Request.get(E.isLeft(resolved) ? link : Url.sentHref(Url.withHash('')(resolved.right.url)))
  const isForeign = E.isLeft(resolved) || resolved.right.url.origin !== origin
  return { request: isForeign ? request : { ...request, settings: settingsForLink(first) }, isForeign }
}

/** Without a base URL, a session has its credentials for every URL. With that of the first page, only for its origin. */
const clientFor = (client: Client.Client, { isForeign }: PageRequest, origin: string): Client.Client =>
  isForeign && client.session.settings.baseUrl._tag !== 'Set'
    ? Client.withSession(Session.withBaseUrl(origin))(client)
    : client

// --- repeated pages --------------------------------------------------------------------------------------------------

/** The requests that were sent. Requests of the same method and URL are compared by body and settings. */
type Seen = Map<string, ReadonlyArray<Request.Request>>

const keyOf = ({ method, url }: Request.Request): string => `${method} ${url}`

const remember = (seen: Seen, request: Request.Request): void => {
  const key = keyOf(request)
  seen.set(key, [...(seen.get(key) ?? []), request])
}

const isSeen = (seen: Seen, request: Request.Request): boolean =>
  seen.get(keyOf(request))?.some((other) => Request.Eq.equals(other, request)) === true

// --- pages -----------------------------------------------------------------------------------------------------------

/** A page that was read, and the request of the next one. */
interface Page<A> {
  readonly items: ReadonlyArray<A>
  readonly next: PageRequest | RepeatedPage | TooManyPages | undefined
  readonly jar: Jar
}

interface Reader<E, A> {
  readonly options: Required<Omit<PagesOptions<E, A>, 'request'>>
  readonly first: Request.Request
  readonly client: Client.Client
  readonly seen: Seen
  /** The number of pages that were read. */
  pages: number
  /** The origin of the first page; empty before it. */
  origin: string
}

/** Returns what follows a page: `next` may return anything in plain JavaScript. */
const nextOf = <E, A>(reader: Reader<E, A>, response: Response, items: ReadonlyArray<A>): Page<A>['next'] => {
  const { options, first, seen, pages, origin } = reader
  const found: Partial<O.Some<unknown>> = Object(options.next(response, items, { first, pages }))
  if (found._tag !== 'Some') return undefined
  const { value } = found
  const next = Request.is(value)
    ? { request: value, isForeign: false }
    : requestOfLink(String(value), response, first, origin)
  if (isSeen(seen, next.request)) return repeatedPage(response, next.request.url, pages)
  return pages >= options.limit ? tooManyPages(response, options.limit) : next
}

const readPage = async <E, A>(
  reader: Reader<E, A>,
  page: PageRequest,
  jar: Jar,
): Promise<E.Either<PagesError<E>, Page<A>>> => {
  remember(reader.seen, page.request)
  const sent = await send(clientFor(reader.client, page, reader.origin), jar, page.request)
  if (E.isLeft(sent)) return sent
  const [response, after] = sent.right
  const checked = Readers.ok(response)
  if (E.isLeft(checked)) return checked
  const items = reader.options.items(response)
  if (E.isLeft(items)) return items
  reader.pages += 1
  if (reader.pages === 1) {
    const { url } = firstPlan(response)
    reader.origin = url.origin
    // A page may link to the first one by its whole URL.
    remember(reader.seen, {
      ...Request.get(Url.sentHref(Url.withHash('')(url))),
      settings: settingsForLink(reader.first),
    })
  }
  return E.right({ items: items.right, next: nextOf(reader, response, items.right), jar: after })
}

/** What became of a page. An exception of the user's code is thrown when the turn of the page comes. */
type PageOutcome<E, A> = PromiseSettledResult<E.Either<PagesError<E>, Page<A>> | undefined>

const settledOf = async <E, A>(page: Promise<E.Either<PagesError<E>, Page<A>>>): Promise<PageOutcome<E, A>> => {
  const [outcome] = await Promise.allSettled([page])
  return outcome
}

/** Reads the page after another one, if there is one. */
const readAfter = async <E, A>(
  reader: Reader<E, A>,
  previous: Promise<PageOutcome<E, A>>,
): Promise<PageOutcome<E, A>> => {
  const outcome = await previous
  const page = outcome.status === 'fulfilled' && outcome.value?._tag === 'Right' ? outcome.value.right : undefined
  if (page?.next === undefined) return { status: 'fulfilled', value: undefined }
  if ('_tag' in page.next) return { status: 'fulfilled', value: E.left(page.next) }
  return settledOf(readPage(reader, page.next, page.jar))
}

/** Uses the items of a page. Returns whether the next page is needed. */
type UseItems<A> = (items: ReadonlyArray<A>) => Task<boolean>

/** Reads the pages one after the other, and `lookAhead` pages before their turn. */
const eachPage =
  <E, A>(options: PagesOptions<E, A>, use: UseItems<A>): Http<PagesError<E>, void> =>
  (from) =>
  (client) =>
  async () => {
    const { request, items, next = Pages.byLink, limit = DEFAULT_LIMIT, lookAhead = 0 } = UserInput.own(options)
    const first = Request.is(request) ? request : Request.get(request)
    const checked = { items, next, limit: atLeast(1, limit), lookAhead: atLeast(0, lookAhead) }
    const reader: Reader<E, A> = { options: checked, first, client, seen: new Map(), pages: 0, origin: '' }
    let jar = from
    let last = settledOf(readPage(reader, { request: first, isForeign: false }, from))
    const queue = [last]
    const readAhead = (count: number): void => {
      while (queue.length < count) {
        last = readAfter(reader, last)
        queue.push(last)
      }
    }
    const readAll = async (): Promise<E.Either<PagesError<E>, void>> => {
      for (;;) {
        readAhead(1 + checked.lookAhead)
        const outcome = await queue.shift()
        if (outcome?.status === 'rejected') throw outcome.reason // an exception of the user's code is not hidden
        const page = outcome?.value
        if (page === undefined) return E.right(undefined)
        if (E.isLeft(page)) return page
        jar = page.right.jar
        if (!(await use(page.right.items)())) return E.right(undefined)
        readAhead(1)
      }
    }
    const ended = await readAll().finally(() => Promise.all(queue))
    if (E.isLeft(ended)) return ended
    for (const ahead of await Promise.all(queue))
      if (ahead.status === 'fulfilled' && ahead.value?._tag === 'Right') jar = ahead.value.right.jar
    return E.right([undefined, jar])
  }

/**
 * Reads all pages of a list, and returns their items. `Pages` has ways to find the next page. Errors: `SendError`,
 * `StatusError`, `RepeatedPage`, `TooManyPages`, those of `items`.
 *
 * @since 0.2.0
 * @category combinators
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as t from 'io-ts'
 * import { Client, Http, Response, Transport } from 'requests-ts'
 *
 * const transport = Transport.memory({
 *   'GET /1': { status: 200, headers: { link: '</2>; rel="next"' }, json: ['one', 'two'] },
 *   'GET /2': { status: 200, json: ['three'] } })
 * const words = Http.pages({ request: 'http://h.test/1', items: Response.json(t.array(t.string).decode) })
 * const outcome = await pipe(words, Client.runWith({ transport }))()
 * assert.deepEqual(outcome, { _tag: 'Right', right: ['one', 'two', 'three'] })
 */
export const pages =
  <E, A>(options: PagesOptions<E, A>): Http<PagesError<E>, ReadonlyArray<A>> =>
  (from) =>
  (client) =>
  async () => {
    const all: A[] = []
    const collect: UseItems<A> = (items) => async () => {
      for (const item of items) all.push(item)
      return true
    }
    const outcome = await eachPage(options, collect)(from)(client)()
    return E.isLeft(outcome) ? outcome : E.right([all, outcome.right[1]])
  }

/**
 * Passes the items of all pages to `use` as an iterable, which can be read once. Requests a page when its first item is
 * needed, or `lookAhead` pages before. A reader that stops, such as `Stream.take`, ends the requests. Errors: `SendError`,
 * `StatusError`, `RepeatedPage`, `TooManyPages`, those of `items` and of `use`.
 *
 * @since 0.2.0
 * @category combinators
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as t from 'io-ts'
 * import { Client, Http, Response, Stream, Transport } from 'requests-ts'
 *
 * const { transport, sent } = Transport.mock({
 *   'GET /1': { status: 200, headers: { link: '</2>; rel="next"' }, json: ['one', 'two'] } })
 * const first = pipe(
 *   (items: AsyncIterable<string>) => pipe(items, Stream.take(2), Stream.toArray),
 *   Http.streamPages({ request: 'http://h.test/1', items: Response.json(t.array(t.string).decode) }))
 * const outcome = await pipe(first, Client.runWith({ transport }))()
 * assert.deepEqual(outcome, { _tag: 'Right', right: ['one', 'two'] })
 * assert.equal(sent().length, 1)
 */
export const streamPages = <E, A>(
  options: PagesOptions<E, A>,
): (<E2, B>(use: (items: AsyncIterable<A>) => TaskEither<E2, B>) => Http<PagesError<E> | ReaderError<E2>, B>) =>
  readEmitted<PagesError<E>, A>((emit) =>
    eachPage(options, (items) => async () => {
      for (const item of items) if (!(await emit(item)())) return false
      return true
    }),
  )
