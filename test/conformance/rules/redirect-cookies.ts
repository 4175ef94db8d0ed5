/**
 * Differences of the cookies of an exchange: the Cookie header of each hop, the jar, the cookies of the last response.
 *
 * | rule | Python                                                   | here                                      |
 * |------|----------------------------------------------------------|-------------------------------------------|
 * | D6   | a literal Cookie header is lost on any redirect          | it is kept as long as credentials are     |
 * | D5   | cookies of the settings are sent to any target           | they are not sent to another origin       |
 * | D38  | the session's value replaces the request's on a redirect | the request's value is kept               |
 * | D13  | http.cookiejar                                           | RFC 6265bis (`models/cookie-jar.ts`)      |
 * | D30  | cookies without a domain keep the position of their dict | before the other cookies for the path `/` |
 */
import type { Input, Output } from '../families/redirect.js'
import { type Cookies, pairOf, placeOf, type Stored, sentTo, take } from '../models/cookie-jar.js'
import { cookiePairs, heldOf, pairsOf, type SettingCookies, settingCookiesIn } from '../models/given-cookies.js'
import { mergedHeaders, valueOf } from '../models/plain-request.js'
import { modelOf, pairsOf as shownPairs } from '../observe/jar.js'
import type { Subject } from '../subject.js'
import { answerTo, type Hop, hopsOf, isTrusted, mapHops, type R, rewriting, timeOf, walk } from './chain.js'
import { isNamed, type Pairs } from './fields.js'
import { mergedSettingCookies, withCookie } from './prepare-cookies.js'

const isCookie = isNamed('cookie')

// --- the model ------------------------------------------------------------------------------------------------------

interface Kept {
  /** The pairs of the jar for each hop. */
  readonly sent: ReadonlyArray<Cookies>
  readonly jar: Cookies
  /** The cookies of the last response. */
  readonly last: ReadonlyArray<Stored>
}

const setCookies = (input: Input, i: number): ReadonlyArray<string> =>
  (answerTo(input, i)?.headers ?? []).flatMap(([name, value]) =>
    name.toLowerCase() === 'set-cookie' && value._tag === 'Str' ? [value.text] : [],
  )

const sameCookie = (x: Stored, y: Stored): boolean =>
  x.name === y.name && x.domain === y.domain && x.hostOnly === y.hostOnly && x.path === y.path

/** Stores the cookies of one response. A later cookie replaces an earlier one of the same response. */
const received = (held: Cookies, url: string, now: number, headers: ReadonlyArray<string>) => {
  let jar = held
  let set: ReadonlyArray<Stored> = []
  for (const header of headers) {
    const taken = take(jar, placeOf(url, now), header)
    const { set: cookie } = taken
    if (cookie !== undefined) set = [...set.filter((other) => !sameCookie(other, cookie)), cookie]
    jar = taken.held
  }
  return { jar, set: set.filter((cookie) => jar.includes(cookie)) }
}

const keptBy = (subject: Subject<Input>, python: Output): Kept => {
  const { input } = subject
  const hops = hopsOf(python)
  const url = python.requests[0]?.url ?? ''
  let jar = heldOf(input.session.cookies ?? [], url)
  let last: ReadonlyArray<Stored> = []
  const sent: Cookies[] = []
  for (const [i, hop] of hops.entries()) {
    sent.push(sentTo(jar, placeOf(hop.url, timeOf(subject, i))))
    if (i >= python.requests.length) break
    const after = received(jar, hop.url, timeOf(subject, i + 1), setCookies(input, i))
    jar = after.jar
    last = after.set
  }
  return { sent, jar, last }
}

// --- the header -----------------------------------------------------------------------------------------------------

const literalOf = ({ session, request }: Input): string | undefined =>
  valueOf(mergedHeaders(session, request), 'Cookie')

/** Inserts the Cookie header at the position that it had before. */
const inPlaceOf = (before: Pairs, headers: Pairs): Pairs => {
  const at = before.findIndex(isCookie)
  const pair = before[at]
  if (pair === undefined) return headers
  const ahead = before.slice(0, at).filter(([name]) => headers.some(isNamed(name.toLowerCase()))).length
  const others = headers.filter((other) => !isCookie(other))
  return [...others.slice(0, ahead), pair, ...others.slice(ahead)]
}

const LITERAL = rewriting('D6', (python, { input }) => {
  if (literalOf(input) === undefined) return python
  const hops = hopsOf(python)
  return walk(python, (hop, before, i) =>
    isTrusted(hops, i) ? { ...hop, headers: inPlaceOf(before.headers, hop.headers) } : hop,
  )
})

const textOf = (hop: Hop): string => valueOf(hop.headers, 'Cookie') ?? ''
const pairsIn = (text: string): ReadonlyArray<string> => (text === '' ? [] : text.split('; '))

const withText = ({ session, request }: Input, hop: Hop, text: string, i: number): Hop => {
  if (text === textOf(hop)) return hop
  const isThere = hop.headers.some(isCookie)
  if (i === 0 || text === '' || isThere) return withCookie(hop, mergedHeaders(session, request), text)
  return { ...hop, headers: [...hop.headers, ['Cookie', text]] }
}

/** Maps each session pair that the request overrides to the pair of the request. */
const overridden = (input: Input): ReadonlyMap<string, string> => {
  const [session, both] = [settingCookiesIn(input.session.cookies ?? []), mergedSettingCookies(input)]
  const pairs = [...session].flatMap(([name, value]) => {
    const given = both.get(name)
    return given === undefined || given === value
      ? []
      : [[pairOf({ name, value }), pairOf({ name, value: given })] as const]
  })
  return new Map(pairs)
}

const REQUESTS_VALUE = rewriting('D38', (python, { input }) => {
  const changed = overridden(input)
  if (changed.size === 0 || literalOf(input) !== undefined) return python
  return mapHops(python, (hop, i) =>
    i === 0
      ? hop
      : withText(
          input,
          hop,
          pairsIn(textOf(hop))
            .map((pair) => changed.get(pair) ?? pair)
            .join('; '),
          i,
        ),
  )
})

const SETTING_COOKIES = rewriting('D5', (python, subject) => {
  const settingCookies = new Set(pairsOf(mergedSettingCookies(subject.input)))
  const hops = hopsOf(python)
  const { sent } = keptBy(subject, python)
  return mapHops(python, (hop, i) => {
    if (isTrusted(hops, i)) return hop
    const left = pairsIn(textOf(hop)).filter(
      (pair) => !settingCookies.has(pair) || sent[i]?.some((cookie) => pairOf(cookie) === pair) === true,
    )
    return withText(subject.input, hop, left.join('; '), i)
  })
})

/** Returns the Cookie header of each hop, from the jar and the settings. */
const expectedText = (
  subject: Subject<Input>,
  python: Output,
  settingCookies: SettingCookies,
): ReadonlyArray<string> => {
  const hops = hopsOf(python)
  const { sent } = keptBy(subject, python)
  return hops.map((_, i) => cookiePairs(sent[i] ?? [], isTrusted(hops, i) ? pairsOf(settingCookies) : []).join('; '))
}

const isLiteral = (input: Input, hops: ReadonlyArray<Hop>, i: number): boolean =>
  literalOf(input) !== undefined && isTrusted(hops, i)

const sorted = (text: string): string => [...pairsIn(text)].sort().join('; ')

const headerRule = (id: string, isSame: boolean): R =>
  rewriting(id, (python, subject) => {
    const hops = hopsOf(python)
    const texts = expectedText(subject, python, mergedSettingCookies(subject.input))
    return mapHops(python, (hop, i) => {
      const text = texts[i] ?? ''
      if (isLiteral(subject.input, hops, i) || (sorted(text) === sorted(textOf(hop))) !== isSame) return hop
      return withText(subject.input, hop, text, i)
    })
  })

// --- the jar --------------------------------------------------------------------------------------------------------

const JAR = rewriting('D13', (python, subject) => {
  const { jar, last } = keptBy(subject, python)
  const cookies = modelOf(jar, settingCookiesIn(subject.input.session.cookies ?? []))
  if (python.final === undefined) return { ...python, cookies }
  const response_cookies = shownPairs(last.map(({ name, value }) => [name, value] as const))
  return { ...python, cookies, final: { ...python.final, response_cookies } }
})

export const all: ReadonlyArray<R> = [
  LITERAL,
  REQUESTS_VALUE,
  SETTING_COOKIES,
  headerRule('D13', false),
  headerRule('D30', true),
  JAR,
]
