/** Incorrect readers of lists that come in pages, and the laws that each of them breaks. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { HOME, type Read } from '../../../laws/PageLaws.js'
import { pages as rulesOf } from '../../../laws/rules/pages.js'
import * as Jar from '../../../src/cookies/Jar.js'
import * as Http from '../../../src/Http.js'
import * as HttpError from '../../../src/HttpError.js'
import * as Pages from '../../../src/Pages.js'
import * as Request from '../../../src/session/Request.js'
import type { Case } from './Lawbreaker.js'

interface Mistake {
  readonly history: string
  readonly read: Read
  readonly breaks: ReadonlyArray<string>
}

/** Ends a list without an error. */
const endingAt =
  (tag: string): Read =>
  <E, A>(options: Parameters<typeof Http.pages<E, A>>[0]) =>
  (jar) =>
  (client) =>
  async () => {
    const all: A[] = []
    const items: typeof options.items = (response) => {
      const found = options.items(response)
      if (E.isRight(found)) all.push(...found.right)
      return found
    }
    const outcome = await Http.pages({ ...options, items })(jar)(client)()
    if (E.isRight(outcome) || Object(outcome.left)._tag !== tag) return outcome
    return E.right([all, O.getOrElse(() => jar)(HttpError.jar(outcome.left))])
  }

/** Returns the jar that it was given. */
const withoutCookies: Read = (options) => (jar) => (client) => async () =>
  pipe(
    await Http.pages(options)(jar)(client)(),
    E.map(([items]) => [items, jar]),
  )

/** Requests a link with the settings of the first request, or as the library does. */
const following =
  (isOwn: (link: URL, page: URL) => boolean): Read =>
  (options) =>
    Http.pages({
      ...options,
      next: (response, items, progress) =>
        pipe(
          Pages.byLink(response, items, progress),
          O.map((link) =>
            typeof link === 'string' && isOwn(new URL(link), new URL(response.plan.url.href))
              ? { ...progress.first, url: link }
              : link,
          ),
        ),
    })

/** Requests a link without anything of the first request. */
const starting: Read = (options) =>
  Http.pages({
    ...options,
    next: (response, items, progress) =>
      pipe(
        Pages.byLink(response, items, progress),
        O.map((link) => (typeof link === 'string' ? Request.get(link) : link)),
      ),
  })

const limited =
  (more: number): Read =>
  (options) =>
    Http.pages({ ...options, limit: (options.limit ?? 1_000) + more })

const SECRETS = 'no secret reaches another origin, nor comes back'

const mistakes: Readonly<Record<string, Mistake>> = {
  'puts later pages before earlier ones': {
    history: 'items are added at the start of the list',
    read: (options) =>
      pipe(
        Http.pages(options),
        Http.map((items) => [...items].reverse()),
      ),
    breaks: ['a list has the items of its pages, in order'],
  },
  'requests the first page twice': {
    history: 'a request for the number of pages before the list',
    read: (options) => {
      const { request } = options
      return pipe(
        Http.send(Request.is(request) ? request : Request.get(request)),
        Http.flatMap(() => Http.pages(options)),
      )
    },
    breaks: ['each page is requested once, up to the limit'],
  },
  'requests one page more': {
    history: 'counts pages from 0',
    read: limited(1),
    breaks: ['each page is requested once, up to the limit', 'a list that is longer than the limit is an error'],
  },
  'fails for as many pages as the limit': {
    history: 'compares with >= before it looks for a link',
    read: limited(-1),
    breaks: ['a list that ends is not an error'],
  },
  'ends at a page that it has read': {
    history: 'Scrapy: its filter of duplicate requests drops them',
    read: endingAt('RepeatedPage'),
    breaks: ['a page that repeats is an error'],
  },
  'ends at the limit': {
    history: 'got: pagination.requestLimit',
    read: endingAt('TooManyPages'),
    breaks: ['a list that is longer than the limit is an error'],
  },
  'ends at a page that fails': {
    history: 'loops while the response is ok',
    read: endingAt('StatusError'),
    breaks: ['a page that fails is an error'],
  },
  'returns the jar of the first page': {
    history: 'each page is requested with a copy of the jar',
    read: withoutCookies,
    breaks: ['each page gets the cookies of those before, and the jar keeps them'],
  },
  'has no jar in an error': {
    history: 'a jar that is returned with a result only',
    read: (options) => (jar) => (client) => async () =>
      pipe(
        await Http.pages(options)(jar)(client)(),
        E.mapLeft((error) => HttpError.withJar(Jar.empty)(error)),
      ),
    breaks: ['each page gets the cookies of those before, and the jar keeps them'],
  },
  'sends the credentials to each link': {
    history: 'Scrapy CVE-2021-41125: credentials of a spider are sent with all its requests',
    read: following(() => true),
    breaks: [SECRETS],
  },
  'compares hosts without their ports': {
    history: 'curl CVE-2022-27776, for redirects',
    read: following(({ hostname }) => hostname === 'h.test'),
    breaks: [SECRETS],
  },
  'compares a link with its own page': {
    history: 'Go CVE-2024-45336, for redirects: from a.test to b.test/1 and b.test/2',
    read: following((link, page) => link.origin === page.origin),
    breaks: [SECRETS],
  },
  'compares a link with the first page only': {
    history: 'a server of another origin chooses which page is requested with credentials',
    read: following(({ origin }) => origin === HOME),
    breaks: [SECRETS],
  },
  'requests links without the settings of the first page': {
    history: 'fetch(link) without the options of the first request',
    read: starting,
    breaks: ['each page of the first origin gets the credentials'],
  },
  'aborts what is read ahead': {
    history: 'the error of a page that is read ahead is ignored, as if the page were not needed',
    read: (options) => ((options.lookAhead ?? 0) > 0 ? endingAt('StatusError') : Http.pages)(options),
    breaks: ['a look-ahead changes neither items, errors nor jar'],
  },
  'reads ahead with a copy of the jar': {
    history: 'a page that is read ahead does not change the jar, because it may not be needed',
    read: (options) => ((options.lookAhead ?? 0) > 0 ? withoutCookies : Http.pages)(options),
    breaks: ['a look-ahead changes neither items, errors nor jar'],
  },
}

export const pageReaders: Case = {
  set: 'pages',
  lawful: rulesOf(Http.pages),
  breakers: Object.entries(mistakes).map(([mistake, { read, ...rest }]) => ({
    mistake,
    ...rest,
    rules: rulesOf(read),
  })),
}
