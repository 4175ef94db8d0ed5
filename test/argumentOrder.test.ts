import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import {
  Body,
  Cookie,
  Exchange,
  Headers,
  Jar,
  Multipart,
  Plan,
  Proxy,
  Reply,
  Request,
  Secret,
  Session,
  Story,
  Tape,
} from 'requests-ts'
import { FaultInjections, RuleSet } from 'requests-ts/laws'
import { describe, expect, it } from 'vitest'

// Functions take their data last, curried. The earlier form, with all arguments at once, returns the same.

const ok = <A>(either: E.Either<unknown, A>): A => (E.isRight(either) ? either.right : expect.fail('it is a left'))

const proxy = ok(Proxy.parse('http://proxy.test:3128'))
const plan = ok(Plan.plan({ session: Session.empty })(Request.get('http://h.test/')))
const now = new Date(1000)
const jar = Jar.absorb(new URL('http://h.test/'), ['a=1; Max-Age=60'], now)(Jar.empty)[0]
const head = Reply.head({ status: 200 })
const step = Exchange.receive(now)(head)(ok(Exchange.start({ session: Session.empty })(Request.get('http://h.test/'))))
const done = step._tag === 'Done' ? step : expect.fail(step._tag)
const bytes = Buffer.from('abc')
const streamed = Body.multipart([{ name: 'a', content: { open: async function* () {} } }])
const broken = [{ slot: FaultInjections.slotOf(plan), kind: 'Nonsense' as const }]

describe('the earlier form returns the same as the curried one:', () => {
  it.each<readonly [name: string, curried: unknown, earlier: unknown]>([
    ['Proxy.forwards', Proxy.forwards('http:')(proxy), Proxy.forwards(proxy, 'http:')],
    ['Proxy.forwards, through a tunnel', Proxy.forwards('https:')(proxy), Proxy.forwards(proxy, 'https:')],
    [
      'Multipart.withBoundary',
      Multipart.withBoundary('B')('multipart/form-data'),
      Multipart.withBoundary('multipart/form-data', 'B'),
    ],
    [
      'Body.encode',
      Body.encode({ contentType: 'multipart/form-data; boundary=B' })(Body.multipart({ a: 'b' })),
      Body.encode(Body.multipart({ a: 'b' }), { contentType: 'multipart/form-data; boundary=B' }),
    ],
    ['Body.encode without options', Body.encode()(Body.json(Number.NaN)), Body.encode(Body.json(Number.NaN))],
    ['Body.needsEntropy', Body.needsEntropy()(streamed), Body.needsEntropy(streamed)],
    [
      'Body.needsEntropy with a boundary',
      Body.needsEntropy('multipart/form-data; boundary=B')(streamed),
      Body.needsEntropy(streamed, 'multipart/form-data; boundary=B'),
    ],
    ['Story.changes', Story.changes(Jar.empty)(jar), Story.changes(Jar.empty, jar)],
    ['Exchange.respond', Exchange.respond(bytes)(done), Exchange.respond(done, bytes)],
    ['Tape.asked', Tape.asked(O.some(bytes))(plan), Tape.asked(plan, O.some(bytes))],
    ['Tape.asked without content', Tape.asked(O.none)(plan), Tape.asked(plan)],
  ])('%s', (_, curried, earlier) => {
    expect(curried).toEqual(earlier)
    expect(curried).not.toBeTypeOf('function')
  })
  it.each([2, 3])('Reply.readAll with a limit of %i', async (limit) => {
    const body = () => Reply.reply({ status: 200, body: 'abc' }).body
    const read = await Reply.readAll(limit)(body())
    expect(E.isRight(read)).toBe(limit === 3)
    expect(read).toEqual(await Reply.readAll(body(), limit))
  })
  it('FaultInjections.withFaults', () => {
    const server = () => ({ status: 200, body: 'well' })
    const answers = [FaultInjections.withFaults(broken)(server), FaultInjections.withFaults(server, broken)].map(
      (made) => Reply.answer(made)(plan),
    )
    expect(answers[0]).toEqual({ status: 200, body: '<not what you expect>' })
    expect(answers[1]).toEqual(answers[0])
  })
  it('RuleSet.refuted', async () => {
    const parameters = { numRuns: 1 }
    expect(await RuleSet.refutations(parameters)({})).toEqual(await RuleSet.refuted({}, parameters))
  })
})

describe('the curried form of a function of the hot path returns the same:', () => {
  const headers = Headers.fromPairs([
    ['A', '1'],
    ['a', Secret.make('2')],
  ])
  it('Headers.fieldAll and Headers.joined', () => {
    expect(Headers.fieldAll('a')(headers)).toEqual(Headers.valuesOf(headers, 'a'))
    expect(Headers.joined('a')(headers)).toEqual(O.some('1, 2'))
    expect(Headers.joined('b')(headers)).toEqual(O.none)
  })
  it.each([1000, 60_999, 61_000])('Cookie.isLiveAt and Cookie.statusFor at %i', (ms) => {
    const [cookie] = Jar.current(jar)
    if (cookie === undefined) expect.fail('the jar is empty')
    const request = Cookie.requestContext(new URL('http://h.test/'), new Date(ms))
    expect(Cookie.isLiveAt(new Date(ms))(cookie)).toBe(ms < 61_000)
    expect(Cookie.statusFor(request)(cookie)).toBe(Cookie.verdict(cookie, request))
  })
})
