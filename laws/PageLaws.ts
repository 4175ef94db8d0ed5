/**
 * The laws of reading a list that comes in pages (`Http.pages`), as predicates over any implementation.
 *
 * | law                 | a mistake that it finds                                                          |
 * |---------------------|----------------------------------------------------------------------------------|
 * | `collectsItems`     | items that are missing, or in another order                                      |
 * | `requestsEachOnce`  | a page that is requested twice, or after the limit, or not at all                |
 * | `endsAs`            | a list that ends without an error where it is incomplete                         |
 * | `keepsCookies`      | a page that does not get the cookies of those before, or a jar without them      |
 * | `keepsSecrets`      | credentials that a link takes to another origin, or back from one                |
 * | `sendsCredentials`  | a page that is requested without the credentials of the first one                |
 * | `ignoresLookAhead`  | an error of a page that is read ahead, or a jar without its cookies              |
 *
 * A `Book` has the pages of servers as data. A walk over it, which does not use the library, decides what is right.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Client from '../src/Client.js'
import * as Jar from '../src/cookies/Jar.js'
import type { Http, PagesOptions } from '../src/Http.js'
import * as HttpError from '../src/HttpError.js'
import * as Response from '../src/Response.js'
import * as Environment from '../src/session/Environment.js'
import * as Request from '../src/session/Request.js'
import * as Session from '../src/session/Session.js'
import { memory } from '../src/transport/Memory.js'
import * as Clock from '../src/wire/Clock.js'
import * as Plan from '../src/wire/Plan.js'
import type { Answer } from '../src/wire/Reply.js'
import type { Violations } from './Transport.js'

/**
 * Reads all pages of a list, like `Http.pages`. The errors of the laws have the tags of its errors.
 *
 * @since 0.2.0
 * @category model
 */
export type Read = <E, A>(options: PagesOptions<E, A>) => Http<unknown, ReadonlyArray<A>>

/**
 * A page. It sets a cookie of its own.
 *
 * @since 0.2.0
 * @category model
 */
export interface Page {
  /** Its items. */
  readonly items: ReadonlyArray<number>
  /** The origin of its URL. */
  readonly origin: string
  /** The index of the page that its Link names. A page that does not exist is a 404. Absent: the list ends. */
  readonly next?: number
  /** Its status. */
  readonly status: number
}

/**
 * The pages of a list, and how it is read.
 *
 * @since 0.2.0
 * @category model
 */
export interface Book {
  /** Its pages. The list begins with the first one, at `HOME`. */
  readonly pages: ReadonlyArray<Page>
  /** The option `limit`. */
  readonly limit: number
  /** The option `lookAhead`. */
  readonly lookAhead: number
  /** What has the credentials: the request, a session, or a session with a base URL. */
  readonly credentials: 'request' | 'session' | 'base'
}

/**
 * The origin of the first page.
 *
 * @since 0.2.0
 * @category model
 */
export const HOME = 'http://h.test'

const pageAt = ({ pages }: Book, at: number): Page => pages[at] ?? { items: [], origin: HOME, status: 404 }

const hostOf = (page: Page): string => new URL(page.origin).hostname

// --- what is right ---------------------------------------------------------------------------------------------------

/** A request of a page. */
interface Visit {
  readonly at: number
  /** Whether a link to another origin has led to it, here or on a page before. */
  readonly isForeign: boolean
}

type End = 'Right' | 'StatusError' | 'RepeatedPage' | 'TooManyPages'

interface Walk {
  readonly visits: ReadonlyArray<Visit>
  readonly end: End
}

const walk = (book: Book, isSame: (one: Visit, other: Visit) => boolean): Walk => {
  const visits: Visit[] = []
  let visit: Visit = { at: 0, isForeign: false }
  for (;;) {
    visits.push(visit)
    const { status, next: at } = pageAt(book, visit.at)
    if (status >= 400) return { visits, end: 'StatusError' }
    if (at === undefined) return { visits, end: 'Right' }
    const next = { at, isForeign: visit.isForeign || pageAt(book, at).origin !== HOME }
    if (visits.some((before) => isSame(before, next))) return { visits, end: 'RepeatedPage' }
    if (visits.length >= book.limit) return { visits, end: 'TooManyPages' }
    visit = next
  }
}

/** A page that is requested without the credentials may count as another page than with them. */
const walksOf = (book: Book): readonly [Walk, Walk] => [
  walk(book, (one, other) => one.at === other.at),
  walk(book, (one, other) => one.at === other.at && one.isForeign === other.isForeign),
]

// --- what happens ----------------------------------------------------------------------------------------------------

interface Run {
  readonly walk: Walk
  /** How the list may end, after the pages that were requested. */
  readonly ends: ReadonlyArray<End>
  readonly sent: ReadonlyArray<Plan.Wire>
  readonly items: ReadonlyArray<number>
  /** The tag of the error, or `Right`. */
  readonly end: string
  readonly message: string
  readonly jar: Jar.Jar
}

const SECRET = 'hunter2'

const credentials = pipe(
  Session.empty,
  Session.withBearer(SECRET),
  Session.withHeader('X-Api-Key', SECRET),
  Session.withCookie('sid', SECRET),
  Session.withSecretQuery('key', SECRET),
)
const first = Request.get(`${HOME}/0`)

const STARTS: Readonly<Record<Book['credentials'], readonly [Session.Session, Request.Request]>> = {
  request: [Session.empty, { ...first, settings: credentials.settings }],
  session: [credentials, first],
  base: [Session.withBaseUrl(HOME)(credentials), Request.get('0')],
}

/** An implementation that does not end gets no further pages. */
const MAX_REQUESTS = 40

const answerOf = (book: Book, at: number, count: number): Answer => {
  const { items, origin, status, next } = pageAt(book, at)
  const to = next === undefined ? undefined : pageAt(book, next).origin
  const link = to === undefined ? {} : { link: `<${to === origin ? '' : to}/${next}>; rel="next"` }
  if (count > MAX_REQUESTS) return { status: 503 }
  return { status, headers: { ...link, 'set-cookie': `c${at}=1; Path=/` }, body: items.join(' ') }
}

const itemsOf = (response: Response.Response): E.Either<never, ReadonlyArray<number>> =>
  E.right(Response.text(response).split(' ').filter(Boolean).map(Number))

const pathOf = ({ url }: Plan.Wire): string => url.replace(/\?.*/, '')

const urlsOf = (book: Book, { visits }: Walk): ReadonlyArray<string> =>
  visits.map(({ at }) => `${pageAt(book, at).origin}/${at}`)

const run = async (read: Read, book: Book): Promise<Run> => {
  const sent: Plan.Wire[] = []
  const transport = memory((plan) => answerOf(book, Number(plan.url.pathname.slice(1)), sent.push(Plan.wire(plan))))
  const [session, request] = STARTS[book.credentials]
  const client = Client.open({
    ...{ session, transport, environment: Environment.empty },
    ...{ clock: Clock.fixed(new Date(0)), random: () => '' },
  })()
  const { limit, lookAhead } = book
  const outcome = await read({ request, items: itemsOf, limit, lookAhead })(Jar.empty)(client)()
  const urls = JSON.stringify(sent.map(pathOf))
  const walks = walksOf(book)
  const found = walks.filter((one) => JSON.stringify(urlsOf(book, one)) === urls)
  const common = { sent, walk: found[0] ?? walks[0], ends: (found.length === 0 ? walks : found).map(({ end }) => end) }
  if (E.isRight(outcome))
    return { ...common, items: outcome.right[0], end: 'Right', message: '', jar: outcome.right[1] }
  const jar = O.getOrElse(() => Jar.empty)(HttpError.jar(outcome.left))
  const { _tag, message }: Readonly<Record<string, unknown>> = Object(outcome.left)
  return { ...common, items: [], end: String(_tag), message: String(message), jar }
}

/** Returns a law. An exception is a violation. */
const law =
  (holds: (run: Run, book: Book, read: Read) => Violations | Promise<Violations>) =>
  (read: Read) =>
  async (book: Book): Promise<Violations> => {
    try {
      return await holds(await run(read, book), book, read)
    } catch (error) {
      return [`it threw ${String(error)}`]
    }
  }

const differences = (what: string, found: unknown, expected: unknown): Violations => {
  const [one, other] = [JSON.stringify(found), JSON.stringify(expected)]
  return one === other ? [] : [`${what}: ${one}, and not ${other}`]
}

// --- laws ----------------------------------------------------------------------------------------------------------

/**
 * Returns whether a complete list has the items of its pages, in order.
 *
 * @since 0.2.0
 * @category combinators
 */
export const collectsItems = law(({ walk, end, items }, book) =>
  end !== 'Right' || walk.end !== 'Right'
    ? []
    : differences(
        'items',
        items,
        walk.visits.flatMap(({ at }) => pageAt(book, at).items),
      ),
)

/**
 * Returns whether each page is requested once, in order, up to the limit and the first page that fails.
 *
 * @since 0.2.0
 * @category combinators
 */
export const requestsEachOnce = law(({ walk, sent }, book) =>
  differences('requests', sent.map(pathOf), urlsOf(book, walk)),
)

/**
 * Returns whether a list that ends in one way, such as a page that repeats, is that error.
 *
 * @since 0.2.0
 * @category combinators
 */
export const endsAs = (expected: End) =>
  law(({ ends, end }) =>
    !ends.includes(expected) || ends.some((one) => one === end) ? [] : [`${end}, and not ${expected}`],
  )

/** Returns the names of the cookies that pages have set, for one host or all. */
const cookiesOf = (book: Book, visits: ReadonlyArray<Visit>, host?: string): ReadonlyArray<string> => {
  const setters = visits.map(({ at }) => ({ at, host: hostOf(pageAt(book, at)) }))
  return [...new Set(setters.flatMap((one) => (host === undefined || one.host === host ? [`c${one.at}`] : [])))].sort()
}

const fieldOf = ({ headers }: Plan.Wire, name: string): string =>
  headers.flatMap(([other, value]) => (other.toLowerCase() === name ? [value] : [])).join()

/**
 * Returns whether each page gets the cookies of those before, and the jar has all of them, also that of an error.
 *
 * @since 0.2.0
 * @category combinators
 */
export const keepsCookies = law(({ walk: { visits }, sent, jar }, book) => [
  ...visits.flatMap(({ at }, i) => {
    const cookies = sent[i] === undefined ? [] : fieldOf(sent[i], 'cookie').match(/\bc\d+/g)
    return differences(
      `the cookies of request ${i + 1}`,
      [...(cookies ?? [])].sort(),
      cookiesOf(book, visits.slice(0, i), hostOf(pageAt(book, at))),
    )
  }),
  ...differences(
    'the jar',
    Jar.toArray(jar)
      .map(({ name }) => name)
      .sort(),
    cookiesOf(book, visits),
  ),
])

/**
 * Returns whether the credentials of session and request are sent to the origin of the first page only, and not after a page of
 * another origin.
 *
 * @since 0.2.0
 * @category combinators
 */
export const keepsSecrets = law(({ walk: { visits }, sent }) =>
  sent.flatMap((wire, i) => {
    const isForeign = visits[i]?.isForeign ?? !wire.url.startsWith(`${HOME}/`)
    return isForeign && JSON.stringify(wire).includes(SECRET)
      ? [`request ${i + 1} to ${pathOf(wire)} has a secret`]
      : []
  }),
)

/**
 * Returns whether the credentials are sent to each other page.
 *
 * @since 0.2.0
 * @category combinators
 */
export const sendsCredentials = law(({ walk: { visits }, sent }) =>
  sent.flatMap((wire, i) => {
    const places = [...['authorization', 'x-api-key', 'cookie'].map((name) => fieldOf(wire, name)), wire.url]
    const isSent = visits[i]?.isForeign !== false || places.every((text) => text.includes(SECRET))
    return isSent ? [] : [`request ${i + 1} to ${pathOf(wire)} does not have all credentials`]
  }),
)

/**
 * Returns whether a list that is read ahead has the same items, error and jar.
 *
 * @since 0.2.0
 * @category combinators
 */
export const ignoresLookAhead = law(async (ahead, book, read) => {
  const other = await run(read, { ...book, lookAhead: 0 })
  return [
    ...differences('result', [ahead.end, ahead.message, ahead.items], [other.end, other.message, other.items]),
    ...(Jar.Eq.equals(ahead.jar, other.jar) ? [] : ['the jar is another one']),
  ]
})
