/** The laws of the cookie jar, as a rule set for any implementation of its operations. */
import * as fc from 'fast-check'
import type * as JarOf from '../../src/cookies/Jar.js'
import * as Any from '../arbitrary/Cookie.js'
import * as Tokens from '../arbitrary/Token.js'
import * as Laws from '../Jar.js'
import * as JarTokenLaws from '../JarTokens.js'
import type { Property, RuleSet } from '../RuleSet.js'

type Jars = Laws.Operations
type Rule = (jars: Jars) => Property

const property =
  <T>(arbitrary: fc.Arbitrary<T>, holds: (jars: Jars) => (value: T) => boolean): Rule =>
  (jars) =>
    fc.property(arbitrary, holds(jars))

const { history, longHistory, arrival, url, moment, name } = Any
const histories = fc.tuple(longHistory, longHistory, longHistory, longHistory)
const start = (jars: Jars, past: Laws.History): JarOf.Jar => Laws.replay(jars)(past)(jars.empty)

/** Three jars with or without a common past. */
const forks = (
  jars: Jars,
  [past, ...ways]: ReadonlyArray<Laws.History>,
  isShared: boolean,
): ReadonlyArray<JarOf.Jar> => {
  const common = start(jars, past ?? [])
  return ways.map((way) => Laws.replay(jars)(way)(isShared ? common : jars.empty))
}

const onForks = (holds: (jars: Jars) => (x: JarOf.Jar, y: JarOf.Jar, z: JarOf.Jar) => boolean): Rule =>
  property(fc.tuple(histories, fc.boolean()), (jars) => ([ways, isShared]) => {
    const [x = jars.empty, y = jars.empty, z = jars.empty] = forks(jars, ways, isShared)
    return holds(jars)(x, y, z)
  })

const withoutSecure = (event: Laws.ReceivedCookies): Laws.ReceivedCookies => ({
  ...event,
  setCookies: event.setCookies.map((field) => field.replace(/; *secure/gi, '')),
})

/** Responses that change whether a cookie is Secure, or that exceed the limit of a site. */
const secureEvents = fc.oneof(
  { withCrossShrink: true },
  { weight: 3, arbitrary: fc.constant(Any.secureArrival) },
  {
    weight: 1,
    arbitrary: fc.constant(
      fc.oneof(
        { withCrossShrink: true },
        { weight: 3, arbitrary: Any.secureArrival.map(withoutSecure) },
        { weight: 1, arbitrary: Any.floodArrival },
      ),
    ),
  },
)

/** A past at 1 s, responses at 2 s and 3 s. All use TLS, so neither makes the other invalid. */
const increasing = secureEvents
  .chain((event) => fc.tuple(fc.array(event, { maxLength: 5 }), event, event))
  .map(([past, first, second]) => ({
    past: past.map((step) => ({ _tag: 'Absorb' as const, ...step, now: new Date(1000) })),
    first: { ...first, now: new Date(2000) },
    second: { ...second, now: new Date(3000) },
  }))

const rules = {
  'the empty jar is the identity of join': property(
    longHistory,
    (jars) => (past) => Laws.joinIdentity(jars)(start(jars, past)),
  ),
  'join is idempotent': property(longHistory, Laws.joinIdempotent),
  'join is commutative': onForks((jars) => (x, y) => Laws.joinCommutative(jars)(x, y)),
  'join is associative': onForks(Laws.joinAssociative),
  'join loses nothing that happened': property(
    fc.tuple(longHistory, longHistory),
    (jars) =>
      ([past, next]) =>
        Laws.joinInflates(jars)(start(jars, past), next),
  ),
  'what was deleted stays deleted in a join': property(
    fc.tuple(history, name),
    (jars) =>
      ([past, removed]) =>
        Laws.joinKeepsDeletions(jars)(start(jars, past), removed),
  ),
  'a delta has all that a join would add': onForks((jars) => (x, y) => Laws.deltaIsEnough(jars)(x, y)),
  'a delta has nothing that the older jar has': onForks((jars) => (x, y) => Laws.deltaIsNew(jars)(x, y)),
  'lists of Set-Cookie act on jars': property(
    fc.tuple(longHistory, arrival, fc.nat(4)),
    (jars) =>
      ([past, event, cut]) =>
        Laws.absorbActs(jars)(start(jars, past), event, cut),
  ),
  'a reply changes only what it sets': property(
    fc.tuple(history, arrival),
    (jars) =>
      ([past, event]) =>
        Laws.absorbChangesNoOther(jars)(start(jars, past), event),
  ),
  'old jars never change': property(
    fc.tuple(longHistory, longHistory, url, moment),
    (jars) =>
      ([past, next, at, now]) =>
        Laws.absorbKeepsOld(jars)(start(jars, past), next, at, now),
  ),
  'parallel is sequential for increasing times': property(
    increasing,
    (jars) =>
      ({ past, first, second }) =>
        Laws.parallelIsSequential(jars)(start(jars, past), first, second),
  ),
  'no cookie is sent to a URL that it does not match': property(
    fc.tuple(history, url, moment),
    (jars) =>
      ([past, at, now]) =>
        Laws.reachesOnlyItsPlaces(jars)(start(jars, past), at, now),
  ),
  'every cookie is sent to the URLs that it matches': property(
    fc.tuple(history, url, fc.array(moment, { minLength: 1, maxLength: 4 })),
    (jars) =>
      ([past, at, times]) => {
        const jar = start(jars, past)
        return times.every((now) => Laws.reachesAllItsPlaces(jars)(jar, at, now))
      },
  ),
  'longer paths and older cookies go first': property(
    fc.tuple(history, url, moment),
    (jars) =>
      ([past, at, now]) =>
        Laws.sendsInOrder(jars)(start(jars, past), at, now),
  ),
  'a lifetime is counted from the reply that set it': property(
    fc.tuple(fc.integer({ min: 1, max: 20 }), fc.array(fc.nat(30), { maxLength: 6 })),
    (jars) =>
      ([seconds, reads]) =>
        Laws.expiresOnTime(jars)(jars.empty, seconds, reads),
  ),
  'no site has more than 360 records of a kind': onForks(
    (jars) => (x, y) => Laws.holdsFewForEachSite(jars)(jars.join(x, y)),
  ),
  'no reply over http evicts a Secure cookie': property(
    fc.tuple(history, fc.array(Any.insecureFlood, { minLength: 1, maxLength: 2 })),
    (jars) =>
      ([past, replies]) =>
        Laws.insecureKeepsSecure(jars)(start(jars, past), replies),
  ),
  'a stored token is found unchanged': property(
    fc.tuple(history, Tokens.key, Tokens.token, moment),
    (jars) =>
      ([past, key, token, now]) =>
        JarTokenLaws.storedIsFound(jars)(start(jars, past), key, token, now),
  ),
  'a token that was removed stays removed in a join': property(
    fc.tuple(history, Tokens.key, Tokens.token, Tokens.selection),
    (jars) =>
      ([past, key, token, selection]) =>
        JarTokenLaws.joinKeepsRemovals(jars)(jars.withToken(key, token, new Date(0))(start(jars, past)), selection),
  ),
  'evict drops no token that can be used or renewed': property(
    fc.tuple(history, Tokens.key, Tokens.token, moment),
    (jars) =>
      ([past, key, token, now]) =>
        JarTokenLaws.evictKeepsUsable(jars)(jars.withToken(key, token, new Date(0))(start(jars, past)), now),
  ),
  'evict changes no later Cookie header': property(
    fc.tuple(longHistory, moment, url, moment),
    (jars) =>
      ([past, now, at, later]) =>
        Laws.evictIsUnobservable(jars)(start(jars, past), now, at, later),
  ),
} satisfies Readonly<Record<string, Rule>>

/** The names of the laws. */
export type JarLaw = keyof typeof rules

/** Returns the laws for an implementation of a cookie jar. */
export const jar = (jars: Jars): RuleSet =>
  Object.fromEntries(Object.entries(rules).map(([name, rule]) => [name, rule(jars)]))
