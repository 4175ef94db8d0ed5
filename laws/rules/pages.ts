/**
 * The laws of reading a list that comes in pages, as a rule set for any implementation.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Http } from 'requests-ts'
 * import { RuleSet, pages } from 'requests-ts/laws'
 *
 * assert.deepEqual(await RuleSet.refutations()(pages(Http.pages)), new Map())
 *
 * const silent: typeof Http.pages = (options) => pipe(Http.pages(options), Http.orElse(() => Http.of([])))
 * const found = await RuleSet.refutations()(pages(silent))
 * assert.equal(found.has('a page that fails is an error'), true)
 */
import * as fc from 'fast-check'
import * as Laws from '../PageLaws.js'
import type { RuleSet } from '../RuleSet.js'
import type { Violations } from '../Transport.js'
import { report } from './reportingProperty.js'

/** The first origin, and others that differ from it in one part. */
const origin = fc.oneof(
  { weight: 3, arbitrary: fc.constant(Laws.HOME) },
  fc.constantFrom('http://xh.test', 'http://h.test:81', 'https://h.test'),
)

const page = fc.record({
  items: fc.array(fc.nat(9), { maxLength: 3 }),
  origin,
  status: fc.oneof({ weight: 12, arbitrary: fc.constant(200) }, fc.constantFrom(404, 500)),
  link: fc.oneof(
    { weight: 8, arbitrary: fc.constant('next' as const) },
    fc.constantFrom('none' as const, 'self' as const),
    fc.nat(5),
  ),
})

const linked = (list: ReadonlyArray<{ readonly link: 'next' | 'none' | 'self' | number } & Laws.Page>) =>
  list.map(({ link, ...one }, i): Laws.Page => {
    const place = i === 0 ? { ...one, origin: Laws.HOME } : one
    if (link === 'none' || (link === 'next' && i + 1 === list.length)) return place
    return { ...place, next: link === 'next' ? i + 1 : link === 'self' ? i : link }
  })

const book: fc.Arbitrary<Laws.Book> = fc.record({
  pages: fc.array(page, { minLength: 1, maxLength: 5 }).map(linked),
  limit: fc.integer({ min: 1, max: 6 }),
  lookAhead: fc.nat(3),
  credentials: fc.constantFrom('request', 'session', 'base'),
})

const property = (law: (book: Laws.Book) => Promise<Violations>) =>
  fc.asyncProperty(book, async (one) => report(await law(one)))

/**
 * Returns the laws of a function with the type of `Http.pages`, whose pages are found by their Link.
 *
 * @since 0.2.0
 * @category constructors
 */
export const pages = (read: Laws.Read): RuleSet => ({
  'a list has the items of its pages, in order': property(Laws.collectsItems(read)),
  'each page is requested once, up to the limit': property(Laws.requestsEachOnce(read)),
  'a list that ends is not an error': property(Laws.endsAs('Right')(read)),
  'a page that fails is an error': property(Laws.endsAs('StatusError')(read)),
  'a page that repeats is an error': property(Laws.endsAs('RepeatedPage')(read)),
  'a list that is longer than the limit is an error': property(Laws.endsAs('TooManyPages')(read)),
  'each page gets the cookies of those before, and the jar keeps them': property(Laws.keepsCookies(read)),
  'no secret reaches another origin, nor comes back': property(Laws.keepsSecrets(read)),
  'each page of the first origin gets the credentials': property(Laws.sendsCredentials(read)),
  'a look-ahead changes neither items, errors nor jar': property(Laws.ignoresLookAhead(read)),
})
