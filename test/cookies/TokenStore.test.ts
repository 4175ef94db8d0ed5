import fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Any from '../../laws/arbitrary/Token.js'
import * as SharedJar from '../../src/client/SharedJar.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as TokenStore from '../../src/cookies/TokenStore.js'
import * as Token from '../../src/values/Token.js'

const endpoint = 'https://auth.test/token'
const record = (name: string, ms: number, token: O.Option<Token.Token> = O.none): TokenStore.TokenRecord => ({
  name,
  endpoint,
  token,
  updated: { ms, n: 0 },
})
const token = Token.at(new Date(0))({ accessToken: 'a' })

/** Few keys and times, or so many records that the limit applies. Each key has two possible records for each time. */
const few = fc
  .array(fc.tuple(fc.nat(3), fc.nat(3), fc.option(Any.token)))
  .map((items) => items.map(([name, ms, given]) => record(`n${name}`, ms, O.fromNullable(given))))
const many = fc
  .tuple(fc.nat(150), fc.integer({ min: 100, max: 200 }), fc.nat(40), fc.boolean())
  .map(([start, count, ms, isRemoved]) =>
    Array.from({ length: count }, (_, i) => record(`n${start + i}`, ms + (i % 30), isRemoved ? O.none : O.some(token))),
  )
const store = fc.oneof(few, many).map(TokenStore.fromArray)

describe('joining tokens', () => {
  it('is a bounded semilattice, also at the limit', () => {
    fc.assert(
      fc.property(store, store, store, (x, y, z) => {
        const { join, equals, none } = TokenStore
        expect(equals(join(x, y), join(y, x))).toBe(true)
        expect(equals(join(join(x, y), z), join(x, join(y, z)))).toBe(true)
        expect(join(x, none)).toBe(x)
        expect(join(none, x)).toBe(x)
        expect(equals(join(x, TokenStore.fromArray(TokenStore.toArray(x))), x)).toBe(true)
        expect(join(x, y).size).toBeLessThanOrEqual(TokenStore.LIMIT)
      }),
      { numRuns: 300 },
    )
  })
  it('returns the larger map unchanged if it already has every record, from either side', () => {
    const [small, large] = [[record('a', 1)], [record('a', 1), record('b', 1)]].map(TokenStore.fromArray)
    if (small === undefined || large === undefined) return expect.fail()
    expect(TokenStore.join(small, large)).toBe(large)
    expect(TokenStore.join(large, small)).toBe(large)
    expect(TokenStore.join(TokenStore.none, TokenStore.none)).toBe(TokenStore.none)
  })
  it('prefers a removal to a token that was stored at the same time, from either side', () => {
    const [x, y] = [TokenStore.fromArray([record('a', 1)]), TokenStore.fromArray([record('a', 1, O.some(token))])]
    for (const joined of [TokenStore.join(x, y), TokenStore.join(y, x)])
      expect(TokenStore.toArray(joined)).toEqual([record('a', 1)])
  })
  it('keeps the newest 180, removals included, so that an old token does not come back', () => {
    const removed = TokenStore.fromArray([record('old', 5)])
    const live = Array.from({ length: 180 }, (_, i) => record(`n${i}`, 10 + i, O.some(token)))
    const joined = TokenStore.join(
      TokenStore.join(removed, TokenStore.fromArray(live)),
      TokenStore.fromArray([record('old', 4, O.some(token))]),
    )
    expect(TokenStore.toArray(joined)).toEqual(live)
  })
})

const now = new Date(10_000)
const key = { name: 'api', endpoint }
const jarWith = (input: Token.Input, at: Date = now) => Jar.withToken(key, Token.at(at)(input), at)(Jar.empty)
const names = (jar: Jar.Jar) => Jar.tokens(jar).map(({ name }) => name)

describe('the tokens of a jar', () => {
  it.each([
    `${endpoint}?x=1#y`,
    'https://AUTH.test:443/token',
    'https://me:pw@auth.test/token',
    'https://auth.test/a/../token',
  ])('are found by any URL with their origin and path: %s', (url) => {
    const jar = jarWith({ accessToken: 'a' })
    expect(O.isSome(Jar.token({ ...key, endpoint: url })(jar))).toBe(true)
    expect(names(Jar.withoutTokens({ endpoint: url })(jar))).toEqual([])
    const same = Jar.withToken({ ...key, endpoint: url }, Token.at(now)({ accessToken: 'b' }), now)(jar)
    expect(Jar.tokens(same).map((entry) => entry.endpoint)).toEqual([endpoint])
  })
  it.each([{ name: 'API' }, { endpoint: 'http://auth.test/token' }, { endpoint: `${endpoint}/` }, { endpoint: '' }])(
    'are not found with another key: %j',
    (other) => {
      const jar = jarWith({ accessToken: 'a' })
      expect(Jar.token({ ...key, ...other })(jar)).toEqual(O.none)
      expect(Jar.withoutTokens(other)(jar)).toBe(jar)
    },
  )
  it.each<[string, Jar.TokenKey, unknown]>([
    ['a relative endpoint', { ...key, endpoint: '/token' }, token],
    ['an endpoint without a host', { ...key, endpoint: 'mailto:a@b.test' }, token],
    ['a name with a line break', { ...key, name: 'a\nb' }, token],
    ['an empty name', { ...key, name: '' }, token],
    ['a token with a line break', key, Token.at(now)({ accessToken: 'a\nb' })],
    ['what a server sends instead of a token', key, { accessToken: 'a' }],
    ['no token', key, undefined],
  ])('are not changed by %s', (_, at, given) => {
    // The cast: plain JavaScript may pass anything.
    expect(Jar.withToken(at, given as Token.Token, now)(Jar.empty)).toBe(Jar.empty)
  })
  it('are listed in the order in which they were stored', () => {
    const jar = ['b', 'a', 'c', 'b'].reduce(
      (held, name) => Jar.withToken({ name, endpoint }, token, now)(held),
      Jar.empty,
    )
    expect(names(jar)).toEqual(['a', 'c', 'b'])
  })
  it('move the clock, so that a later write of an older fork does not win', () => {
    const jar = jarWith({ accessToken: 'a' })
    expect(jar.clock).toEqual({ ms: 10_000, n: 0 })
    const again = Jar.withToken(key, Token.at(new Date(1))({ accessToken: 'b' }), new Date(1))(jar)
    expect(Jar.Eq.equals(Jar.join(again, jar), again)).toBe(true)
    expect(Jar.Eq.equals(again, jar)).toBe(false)
  })
  it('are removed by a selection of name and endpoint', () => {
    const other = 'https://other.test/token'
    const jar = [key, { ...key, endpoint: other }, { name: 'mine', endpoint }].reduce(
      (held, at) => Jar.withToken(at, token, now)(held),
      Jar.empty,
    )
    const left = (selection: Jar.TokenSelection) => Jar.tokens(Jar.withoutTokens(selection)(jar)).length
    expect([{}, { name: 'api' }, { endpoint }, { name: 'api', endpoint: other }].map(left)).toEqual([0, 1, 1, 2])
    expect(Jar.withoutTokens()(Jar.empty)).toBe(Jar.empty)
  })
  it('are removed by clear without a selection only, and are kept by clearSession', () => {
    const jar = jarWith({ accessToken: 'a' })
    const cleared = Jar.clear()(jar)
    expect([names(cleared), names(Jar.join(jar, cleared))]).toEqual([[], []])
    for (const kept of [Jar.clear({ domain: 'auth.test' })(jar), Jar.clear({ path: '/' })(jar), Jar.clearSession(jar)])
      expect(names(kept)).toEqual(['api'])
  })
  it('make jars different', () => {
    const jar = jarWith({ accessToken: 'a' })
    for (const input of [{ accessToken: 'b' }, { accessToken: 'a', refreshToken: 'r' }])
      expect(Jar.Eq.equals(jar, { ...jarWith(input), clock: jar.clock })).toBe(false)
    expect(Jar.Eq.equals(jar, { ...Jar.empty, clock: jar.clock })).toBe(false)
    expect(Jar.Eq.equals(jar, jarWith({ accessToken: 'a' }))).toBe(true)
  })
  it('are passed to every program that shares the jar, and no update is lost', () => {
    const shared = SharedJar.make(jarWith({ accessToken: 'a' }))()
    const loans = [shared.borrow(), shared.borrow()]
    expect(loans.map((loan) => names(loan.jar))).toEqual([['api'], ['api']])
    loans.forEach((loan, i) => {
      loan.update(loan.jar, Jar.withToken({ name: `n${i}`, endpoint }, token, now)(loan.jar))
      loan.giveBack()
    })
    expect(names(shared.read()).sort()).toEqual(['api', 'n0', 'n1'])
  })
  it('count as content of the jar', () => {
    const jar = jarWith({ accessToken: 'a' })
    expect([jar, Jar.withoutTokens()(jar)].map(Jar.isEmpty)).toEqual([false, true])
  })
  it('stay when cookies are received', () => {
    const [jar] = Jar.absorb(new URL('https://h.test/'), ['a=1'], now)(jarWith({ accessToken: 'a' }))
    expect(names(jar)).toEqual(['api'])
  })
})

describe('old tokens', () => {
  const expired = jarWith({ accessToken: 'a', expiresIn: 5 })
  const renewable = jarWith({ accessToken: 'a', expiresIn: 5, refreshToken: 'r' })
  const removed = Jar.withoutTokens()(expired)

  it('are evicted if they expired and cannot be renewed', () => {
    const evictedAt = (ms: number) =>
      [expired, renewable, removed].map((jar) => Jar.evict(new Date(ms))(jar).tokens.size)
    expect([evictedAt(14_999), evictedAt(15_000)]).toEqual([
      [1, 1, 0],
      [0, 1, 0],
    ])
  })
  it('leave a tombstone until the horizon when the jar is compacted', () => {
    const compacted = (jar: Jar.Jar, ms: number) =>
      TokenStore.toArray(Jar.compact(new Date(ms), 10_000)(jar).tokens).map((one) => O.isSome(one.token))
    expect([expired, renewable, removed].map((jar) => compacted(jar, 14_999))).toEqual([[true], [true], [false]])
    expect([expired, renewable, removed].map((jar) => compacted(jar, 20_000))).toEqual([[false], [true], [false]])
    expect([expired, renewable, removed].map((jar) => compacted(jar, 20_001))).toEqual([[], [true], []])
  })
  it('do not come back if the older fork joins a compacted jar', () => {
    const compacted = Jar.compact(new Date(16_000), 10_000)(expired)
    expect([names(Jar.join(expired, compacted)), names(Jar.join(compacted, expired))]).toEqual([[], []])
  })
})
