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
import type { IO } from 'fp-ts/lib/IO.js'
import type * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type * as Client from '../Client.js'
import { begin, drive, gather } from '../client/Interpreter.js'
import type { Jar } from '../cookies/Jar.js'
import * as Pages from '../Pages.js'
import * as Readers from '../Response.js'
import * as Request from '../session/Request.js'
import type { SendError } from '../stages/Exchange.js'
import { invalidSettings } from '../stages/PlanError.js'
import * as UserInput from '../values/UserInput.js'
import * as Fault from '../wire/Fault.js'
import type { Response } from '../wire/Reply.js'
import type { StatusError } from '../wire/ResponseError.js'
import { readEmitted } from './Emission.js'
import { type RepeatedPage, repeatedPage, type TooManyPages, tooManyPages } from './PageError.js'
import {
  clientFor,
  concealed,
  isSeen,
  NO_SECRETS,
  type PageRequest,
  remember,
  requestOfLink,
  type Seen,
  type Start,
  startOf,
} from './PageRequest.js'
import type { Http } from './Program.js'
import type { StreamError } from './Streaming.js'

export type { RepeatedPage, TooManyPages } from './PageError.js'

/**
 * A list that comes in pages. `B` is what `next` takes as an item, so that it does not decide what `A` is: TypeScript looks at
 * `next` before it knows what `items` returns.
 *
 * @since 0.2.0
 * @category model
 */
export interface PagesOptions<E, A, B = A> {
  /** The first page: a request, or the URL of a GET request. */
  readonly request: Request.Request | string | URL
  /** Reads the items of a page whose status is below 400, such as `Response.json(decoder)`. */
  readonly items: (response: Response) => E.Either<E, ReadonlyArray<A>>
  /**
   * Finds the next page; `Pages.byLink` by default. The items of a function without types are `unknown` if `items` is a call, as in
   * `items: Response.json(decoder)`: write their type, `(response, items: ReadonlyArray<User>) =>`.
   */
  readonly next?: Pages.Next<B>
  /**
   * The most pages that are read: 1,000 by default. A longer list is `TooManyPages`. A fraction is rounded down, and a value that
   * is not at least 1 counts as 1.
   */
  readonly limit?: number
  /**
   * The most pages that are requested ahead while items are used: 0 by default. A fraction is rounded down. They are requested one
   * after the other, because a page names the next one.
   */
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

// --- the request of a page -------------------------------------------------------------------------------------------

const send = (client: Client.Client, jar: Jar, { request, secrets }: PageRequest) => {
  const plan = () => {
    const begun = begin(client, jar, request)
    return E.isLeft(begun) ? begun : E.right(concealed(secrets)(begun.right))
  }
  return drive(client, jar, request.body, plan, gather, (outcome, after) =>
    E.isLeft(outcome) ? outcome : E.right([outcome.right, after] as const),
  )
}

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
  /** What the first page has decided; `undefined` before it. */
  start: Start | undefined
}

/** Returns the request of what `next` has found, which may be anything in plain JavaScript. Planning reports what is not a URL. */
const requestOf = (found: unknown, response: Response, isForeign: boolean, start: Start): PageRequest => {
  if (Request.is(found)) return { request: found, secrets: NO_SECRETS, isForeign: false }
  const text: unknown = UserInput.urlText(found)
  if (typeof text === 'string') return requestOfLink(text, response, isForeign, start)
  // The cast: planning checks that the URL is a text.
  return { request: Request.get(text as string), secrets: NO_SECRETS, isForeign: true }
}

/** Returns what follows a page. */
const nextOf = <E, A>(
  reader: Reader<E, A>,
  start: Start,
  response: Response,
  items: ReadonlyArray<A>,
  isForeign: boolean,
): Page<A>['next'] => {
  const { options, first, seen, pages } = reader
  const found: Partial<O.Some<unknown>> = Object(
    options.next(response, items, { first, session: reader.client.session, pages }),
  )
  if (found._tag !== 'Some') return undefined
  const next = requestOf(found.value, response, isForeign, start)
  if (isSeen(seen, next.request)) return repeatedPage(response, next.request.url, pages)
  return pages >= options.limit ? tooManyPages(response, options.limit) : next
}

const readPage = async <E, A>(
  reader: Reader<E, A>,
  page: PageRequest,
  jar: Jar,
): Promise<E.Either<PagesError<E>, Page<A>>> => {
  remember(reader.seen, page.request)
  const { client, first, options, seen } = reader
  const sent = await send(clientFor(client, page, reader.start), jar, page)
  if (E.isLeft(sent)) return sent
  const [response, after] = sent.right
  const checked = Readers.ok(response)
  if (E.isLeft(checked)) return checked
  const items = options.items(response)
  if (E.isLeft(items)) return items
  reader.pages += 1
  let { start } = reader
  if (start === undefined) {
    const started = startOf(first, client.session, response)
    start = started.start
    reader.start = start
    // A page may link to the first one by its whole URL, or without what the session adds.
    for (const name of started.names) remember(seen, name)
  }
  const next = nextOf(reader, start, response, items.right, page.isForeign)
  return E.right({ items: items.right, next, jar: after })
}

/** What became of a page. An exception of the user's code is thrown when the turn of the page comes. */
type PageOutcome<E, A> = PromiseSettledResult<E.Either<PagesError<E>, Page<A>>>

const settledOf = async <E, A>(page: Promise<E.Either<PagesError<E>, Page<A>>>): Promise<PageOutcome<E, A>> => {
  const [outcome] = await Promise.allSettled([page])
  return outcome
}

/** Reads the page after another one. Returns `undefined` after the last page. */
const readAfter = <E, A>(reader: Reader<E, A>, outcome: PageOutcome<E, A>): Promise<PageOutcome<E, A>> | undefined => {
  if (outcome.status === 'rejected' || E.isLeft(outcome.value)) return undefined
  const { next, jar } = outcome.value.right
  if (next === undefined) return undefined
  return '_tag' in next
    ? Promise.resolve({ status: 'fulfilled', value: E.left(next) })
    : settledOf(readPage(reader, next, jar))
}

/** Pages that are read one after the other, the first of them is used. */
interface Queue<E, A> {
  /** The page whose turn it is, and those that are read before their turn. */
  readonly pages: Array<Promise<PageOutcome<E, A>>>
  /** Requests the next page if fewer than these pages are waiting and the one before it was read. */
  readonly fill: IO<void>
  readonly stop: IO<void>
}

const queueOf = <E, A>(reader: Reader<E, A>, size: number, first: Promise<PageOutcome<E, A>>): Queue<E, A> => {
  const pages: Array<Promise<PageOutcome<E, A>>> = []
  // The last page, after it was read and before the one after it is requested.
  let last: PageOutcome<E, A> | undefined
  let isStopped = false
  const add = (page: Promise<PageOutcome<E, A>>): void => {
    pages.push(page)
    void page.then((outcome) => {
      last = outcome
      fill()
    })
  }
  const fill = (): void => {
    if (last === undefined || isStopped || pages.length >= size) return
    const page = readAfter(reader, last)
    last = undefined
    if (page !== undefined) add(page)
  }
  const stop = (): void => {
    isStopped = true
  }
  add(first)
  return { pages, fill, stop }
}

/** Uses the items of a page. Returns whether the next page is needed. */
type UseItems<A> = (items: ReadonlyArray<A>) => Task<boolean>

/** The error of an option that is not a function, in untyped code. */
const notFunction = (name: 'items' | 'next', given: unknown, jar: Jar) => ({
  ...invalidSettings(`${name} of a list of pages`, `it must be a function, not ${Fault.kindOf(given)}`),
  history: [],
  jar,
})

/** Reads the pages one after the other, and `lookAhead` pages before their turn. */
const eachPage =
  <E, A>(options: PagesOptions<E, A>, use: UseItems<A>): Http<PagesError<E>, void> =>
  (from) =>
  (client) =>
  async () => {
    const given = UserInput.own(options ?? {}) // null in untyped code
    const { request, items, next = Pages.byLink, limit = DEFAULT_LIMIT, lookAhead = 0 } = given
    if (typeof items !== 'function') return E.left(notFunction('items', items, from))
    if (typeof next !== 'function') return E.left(notFunction('next', next, from))
    const first = Request.is(request) ? request : Request.get(request)
    const checked = { items, next, limit: UserInput.atLeast(1, limit), lookAhead: UserInput.atLeast(0, lookAhead) }
    const reader: Reader<E, A> = { options: checked, first, client, seen: new Map(), pages: 0, start: undefined }
    let jar = from
    const firstPage = { request: first, secrets: NO_SECRETS, isForeign: false }
    const { pages, fill, stop } = queueOf(reader, 1 + checked.lookAhead, settledOf(readPage(reader, firstPage, from)))
    const readAll = async (): Promise<E.Either<PagesError<E>, void>> => {
      for (let turn = pages[0]; turn !== undefined; turn = pages[0]) {
        const outcome = await turn
        if (outcome.status === 'rejected') throw outcome.reason // an exception of the user's code is not hidden
        const page = outcome.value
        if (E.isLeft(page)) return page
        jar = page.right.jar
        if (!(await use(page.right.items)())) return E.right(undefined)
        pages.shift()
        fill()
      }
      return E.right(undefined)
    }
    const ended = await readAll().finally(() => {
      stop()
      return Promise.all(pages)
    })
    if (E.isLeft(ended)) return ended
    for (const ahead of await Promise.all(pages))
      if (ahead.status === 'fulfilled' && E.isRight(ahead.value)) jar = ahead.value.right.jar
    return E.right([undefined, jar])
  }

/**
 * Reads all pages of a list, and returns their items. `Pages` has ways to find the next page. Errors: `SendError`,
 * `StatusError`, `RepeatedPage`, `TooManyPages`, those of `items`; `InvalidSettings` if `items` or `next` is not a function.
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
  <E, A extends B, B = A>(options: PagesOptions<E, A, B>): Http<PagesError<E>, ReadonlyArray<A>> =>
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
 * needed, or `lookAhead` pages before. A reader that stops, such as `Stream.take`, ends the requests. If a request fails, the
 * iterable throws a `Fault`, and the error is the result, whatever `use` makes of it. Errors: as those of `pages`, and those of
 * `use`.
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
 * const list = { request: 'http://h.test/1', items: Response.json(t.array(t.string).decode) }
 * const first = Http.streamPages(list)((words) => pipe(words, Stream.take(2), Stream.toArray))
 * const outcome = await pipe(first, Client.runWith({ transport }))()
 * assert.deepEqual(outcome, { _tag: 'Right', right: ['one', 'two'] })
 * assert.equal(sent().length, 1)
 */
export const streamPages = <E, A extends B, B = A>(
  options: PagesOptions<E, A, B>,
): (<E2, C>(use: (items: AsyncIterable<A>) => TaskEither<E2, C>) => Http<PagesError<E> | StreamError<E2>, C>) =>
  readEmitted<PagesError<E>, A>((emit) =>
    eachPage(options, (items) => async () => {
      for (const item of items) if (!(await emit(item)())) return false
      return true
    }),
  )
