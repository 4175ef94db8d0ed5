import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Any from '../../laws/arbitrary/Cookie.js'
import * as Laws from '../../laws/Jar.js'
import * as Bucket from '../../src/values/Bucket.js'
import * as Cookie from '../../src/values/Cookie.js'
import * as Jar from '../../src/values/Jar.js'
import * as Secret from '../../src/values/Secret.js'
import * as Shelf from '../../src/values/Shelf.js'

type Jars = Laws.Operations
/** A law on generated values: what refutes it, or nothing. */
type Rule = (jars: Jars, numRuns: number) => string | undefined

const property =
  <T>(arbitrary: fc.Arbitrary<T>, holds: (jars: Jars) => (value: T) => boolean): Rule =>
  (jars, numRuns) =>
    fc.defaultReportMessage(fc.check(fc.property(arbitrary, holds(jars)), { numRuns }))

const { history, longHistory, arrival, url, moment, name } = Any
const histories = fc.tuple(longHistory, longHistory, longHistory, longHistory)
const start = (jars: Jars, past: Laws.History): Jar.Jar => Laws.replay(jars)(past)(jars.empty)

/** Three jars that met at a common past, or never. */
const forks = (jars: Jars, [past, ...ways]: ReadonlyArray<Laws.History>, isShared: boolean): ReadonlyArray<Jar.Jar> => {
  const common = start(jars, past ?? [])
  return ways.map((way) => Laws.replay(jars)(way)(isShared ? common : jars.empty))
}

const onForks = (holds: (jars: Jars) => (x: Jar.Jar, y: Jar.Jar, z: Jar.Jar) => boolean): Rule =>
  property(fc.tuple(histories, fc.boolean()), (jars) => ([ways, isShared]) => {
    const [x = jars.empty, y = jars.empty, z = jars.empty] = forks(jars, ways, isShared)
    return holds(jars)(x, y, z)
  })

const secureEvent = fc.oneof({ weight: 9, arbitrary: Any.secureArrival }, { weight: 1, arbitrary: Any.floodArrival })

/** A past at 1 s, a reply at 2 s, another at 3 s, all over TLS, where one reply cannot forbid the other. */
const increasing = fc
  .tuple(fc.array(secureEvent, { maxLength: 5 }), secureEvent, secureEvent)
  .map(([past, first, second]) => ({
    past: past.map((step) => ({ _tag: 'Absorb' as const, ...step, now: new Date(1000) })),
    first: { ...first, now: new Date(2000) },
    second: { ...second, now: new Date(3000) },
  }))

const rules = {
  joinIdentity: property(longHistory, (jars) => (past) => Laws.joinIdentity(jars)(start(jars, past))),
  joinIdempotent: property(longHistory, Laws.joinIdempotent),
  joinCommutative: onForks((jars) => (x, y) => Laws.joinCommutative(jars)(x, y)),
  joinAssociative: onForks(Laws.joinAssociative),
  joinInflates: property(
    fc.tuple(longHistory, longHistory),
    (jars) =>
      ([past, next]) =>
        Laws.joinInflates(jars)(start(jars, past), next),
  ),
  joinKeepsDeletions: property(
    fc.tuple(history, name),
    (jars) =>
      ([past, removed]) =>
        Laws.joinKeepsDeletions(jars)(start(jars, past), removed),
  ),
  absorbActs: property(
    fc.tuple(longHistory, arrival, fc.nat(4)),
    (jars) =>
      ([past, event, cut]) =>
        Laws.absorbActs(jars)(start(jars, past), event, cut),
  ),
  absorbChangesNoOther: property(
    fc.tuple(history, arrival),
    (jars) =>
      ([past, event]) =>
        Laws.absorbChangesNoOther(jars)(start(jars, past), event),
  ),
  absorbKeepsOld: property(
    fc.tuple(longHistory, longHistory, url, moment),
    (jars) =>
      ([past, next, at, now]) =>
        Laws.absorbKeepsOld(jars)(start(jars, past), next, at, now),
  ),
  parallelIsSequential: property(
    increasing,
    (jars) =>
      ({ past, first, second }) =>
        Laws.parallelIsSequential(jars)(start(jars, past), first, second),
  ),
  reachesOnlyItsPlaces: property(
    fc.tuple(history, url, moment),
    (jars) =>
      ([past, at, now]) =>
        Laws.reachesOnlyItsPlaces(jars)(start(jars, past), at, now),
  ),
  reachesAllItsPlaces: property(
    fc.tuple(history, url, fc.array(moment, { minLength: 1, maxLength: 4 })),
    (jars) =>
      ([past, at, times]) => {
        const jar = start(jars, past)
        return times.every((now) => Laws.reachesAllItsPlaces(jars)(jar, at, now))
      },
  ),
  sendsInOrder: property(
    fc.tuple(history, url, moment),
    (jars) =>
      ([past, at, now]) =>
        Laws.sendsInOrder(jars)(start(jars, past), at, now),
  ),
  expiresOnTime: property(
    fc.tuple(fc.integer({ min: 1, max: 20 }), fc.array(fc.nat(30), { maxLength: 6 })),
    (jars) =>
      ([seconds, reads]) =>
        Laws.expiresOnTime(jars)(jars.empty, seconds, reads),
  ),
  holdsFewForEachSite: onForks((jars) => (x, y) => Laws.holdsFewForEachSite(jars)(jars.join(x, y))),
  evictIsUnobservable: property(
    fc.tuple(longHistory, moment, url, moment),
    (jars) =>
      ([past, now, at, later]) =>
        Laws.evictIsUnobservable(jars)(start(jars, past), now, at, later),
  ),
} satisfies Readonly<Record<string, Rule>>

describe('Jar', () => {
  test.each(Object.entries(rules))('%s', (_, rule) => {
    expect(rule(Jar, 400)).toBeUndefined()
  })
})

// --- lawbreakers ---------------------------------------------------------------------------------------------------

/** A jar that sends by a rule of its own. */
const sendingWhere = (isSent: (cookie: Cookie.Cookie, at: URL, visit: Cookie.Visit) => boolean): Jars => ({
  ...Jar,
  cookiesFor: (at, now) => (jar) =>
    Jar.records(jar).filter((cookie) => {
      const visit = Cookie.visit(at, now)
      return (
        Cookie.isLive(cookie, visit.now) &&
        isSent(cookie, new URL(`${at.protocol}//${at.hostname}${at.pathname}`), visit)
      )
    }),
})

const isRight = (part: 'domain' | 'path' | 'secure') => (cookie: Cookie.Cookie, visit: Cookie.Visit) => {
  const elsewhere = { domain: { domain: visit.site.host }, path: { path: '/' }, secure: { secure: false } }
  return Cookie.verdict({ ...cookie, ...elsewhere[part] }, visit) === 'sent'
}

const unlikeKeys = (jar: Jar.Jar, names: ReadonlySet<string>, keep: Jar.Jar): Jar.Jar =>
  Jar.withRecords(Jar.records(jar).filter((cookie) => !names.has(cookie.name) || !Jar.records(keep).includes(cookie)))(
    jar,
  )

const byRecords =
  (pick: (x: ReadonlyArray<Cookie.Cookie>, y: ReadonlyArray<Cookie.Cookie>) => ReadonlyArray<Cookie.Cookie>) =>
  (x: Jar.Jar, y: Jar.Jar): Jar.Jar => {
    const joined = Jar.join(x, y)
    return { ...joined, cookies: Shelf.fromRecords(pick(Jar.records(x), Jar.records(y))) }
  }

const slidingReads = new WeakMap<Jar.Jar, number>()

const lawbreakers: Readonly<
  Record<string, { readonly jars: Jars; readonly breaks: ReadonlyArray<keyof typeof rules> }>
> = {
  'a domain that is contained somewhere in the host (http4s)': {
    jars: sendingWhere((cookie, at, visit) => at.host.includes(cookie.domain) && isRight('domain')(cookie, visit)),
    breaks: ['reachesOnlyItsPlaces'],
  },
  'a domain that the host ends with, dot or no dot': {
    jars: sendingWhere((cookie, at, visit) => at.hostname.endsWith(cookie.domain) && isRight('domain')(cookie, visit)),
    breaks: ['reachesOnlyItsPlaces'],
  },
  'host-only cookies for subdomains (http.cookiejar)': {
    jars: sendingWhere((cookie, _, visit) => Cookie.verdict({ ...cookie, hostOnly: false }, visit) === 'sent'),
    breaks: ['reachesOnlyItsPlaces'],
  },
  'a path that is a prefix, without a border': {
    jars: sendingWhere((cookie, at, visit) => at.pathname.startsWith(cookie.path) && isRight('path')(cookie, visit)),
    breaks: ['reachesOnlyItsPlaces'],
  },
  'Secure cookies over http': {
    jars: sendingWhere((cookie, _, visit) => isRight('secure')(cookie, visit)),
    breaks: ['reachesOnlyItsPlaces'],
  },
  'domain cookies for their own host alone': {
    jars: sendingWhere(
      (cookie, _, visit) => cookie.domain === visit.site.host && Cookie.verdict(cookie, visit) === 'sent',
    ),
    breaks: ['reachesAllItsPlaces'],
  },
  'the order of creation, whatever the path': {
    jars: sendingWhere((cookie, _, visit) => Cookie.verdict(cookie, visit) === 'sent'),
    breaks: ['sendsInOrder'],
  },
  'cookies known by name alone': {
    jars: {
      ...Jar,
      absorb: (at, fields, now) => (jar) => {
        const [after, refused] = Jar.absorb(at, fields, now)(jar)
        const names = new Set(Jar.receive(at, fields, now)(jar).accepted.map((cookie) => cookie.name))
        return [unlikeKeys(after, names, jar), refused]
      },
    },
    breaks: ['absorbChangesNoOther'],
  },
  'Max-Age that slides on every read (tough-cookie)': {
    jars: {
      ...Jar,
      header: (at, now) => (jar) => {
        const last = slidingReads.get(jar) ?? now.getTime()
        const slid = Jar.header(at, new Date(now.getTime() - last))(jar)
        if (slid !== undefined) slidingReads.set(jar, now.getTime())
        return slid
      },
    },
    breaks: ['expiresOnTime'],
  },
  'an expiry rounded up to the next minute': {
    jars: { ...Jar, header: (at, now) => Jar.header(at, new Date(Math.floor(now.getTime() / 60000) * 60000)) },
    breaks: ['expiresOnTime', 'reachesAllItsPlaces'],
  },
  'a merge in which the left wins': {
    jars: {
      ...Jar,
      join: byRecords((x, y) => [...x, ...y.filter((cookie) => !x.some((other) => Cookie.sameKey(other, cookie)))]),
    },
    breaks: ['joinCommutative', 'joinInflates', 'joinKeepsDeletions', 'parallelIsSequential'],
  },
  'a merge that forgets tombstones': {
    jars: {
      ...Jar,
      join: byRecords((x, y) => [...x, ...y].filter((cookie) => !Cookie.isTombstone(cookie))),
    },
    breaks: ['joinIdentity', 'joinInflates', 'joinKeepsDeletions'],
  },
  'the wall clock as the judge of which is newer': {
    jars: {
      ...Jar,
      absorb: (at, fields, now) => (jar) => {
        const [after, refused] = Jar.absorb(at, fields, now)(jar)
        const wall = { ms: now.getTime(), n: 0 }
        const old = new Set(Jar.records(jar))
        const stamped = Jar.records(after).map((cookie) => (old.has(cookie) ? cookie : { ...cookie, updated: wall }))
        return [Jar.withRecords(stamped)({ ...after, clock: wall }), refused]
      },
    },
    breaks: ['joinInflates'],
  },
  'a limit that drops the newest': {
    jars: {
      ...Jar,
      join: (x, y) => {
        const joined = Jar.join(x, y)
        const union = new Map([...Jar.records(x), ...Jar.records(y)].map((cookie) => [JSON.stringify(cookie), cookie]))
        const eldest = [...union.values()].sort(Cookie.compareAge).slice(0, Bucket.LIMIT)
        return union.size <= Bucket.LIMIT ? joined : { ...joined, cookies: Shelf.fromRecords(eldest) }
      },
    },
    breaks: ['joinInflates'],
  },
  'a merge that keeps the challenges of the left': {
    jars: { ...Jar, join: (x, y) => ({ ...Jar.join(x, y), challenges: x.challenges }) },
    breaks: ['joinCommutative', 'joinInflates'],
  },
  'no limit in a merge': {
    jars: {
      ...Jar,
      join: (x, y) => ({
        ...Jar.join(x, y),
        cookies: x.cookies.mergeWith((mine, its) => [...mine, ...its], y.cookies),
      }),
    },
    breaks: ['holdsFewForEachSite', 'joinIdempotent'],
  },
  'an absorb that writes into the bucket it was given': {
    jars: {
      ...Jar,
      absorb: (at, fields, now) => (jar) => {
        const { jar: after, accepted, rejected } = Jar.receive(at, fields, now)(jar)
        // The cast is the crime: a readonly array is written to.
        for (const bucket of jar.cookies.values()) if (bucket.length < 9) (bucket as Cookie.Cookie[]).push(...accepted)
        return [after, rejected]
      },
    },
    breaks: ['absorbKeepsOld'],
  },
  'an absorb that reads a reply from its end': {
    jars: { ...Jar, absorb: (at, fields, now) => Jar.absorb(at, fields.toReversed(), now) },
    breaks: ['absorbActs'],
  },
  'an evict that takes session cookies along': {
    jars: {
      ...Jar,
      evict: (now) => (jar) => Jar.evict(now)(Jar.clearSession(jar)),
    },
    breaks: ['evictIsUnobservable'],
  },
}

describe('lawbreakers', () => {
  const cases = Object.entries(lawbreakers).flatMap(([title, { jars, breaks }]) =>
    breaks.map((law) => [title, law, jars] as const),
  )

  test.each(cases)('%s: refuted by %s', (_, law, jars) => {
    expect(rules[law](jars, 5000)).toBeDefined()
  })

  test('the sliding jar is told from an honest one only by reading', () => {
    const at = new URL('https://example.com/')
    const [jar] = Jar.absorb(at, ['a=1; Max-Age=60'], new Date(0))(Jar.empty)
    expect(Secret.reveal(Jar.header(at, new Date(59_999))(jar) ?? '')).toBe('a=1')
    expect(Jar.header(at, new Date(60_000))(jar)).toBeUndefined()
  })
})
