import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Body, Durable, Jar, Reply, Request } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { history } from '../../laws/arbitrary/Cookie.js'
import { replay } from '../../laws/JarHistory.js'
import { decode, encode } from '../../src/durable/DurableEvent.js'

const base = { at: fc.nat(), run: fc.constantFrom('r', 's') }

const request = fc.constantFrom(
  Request.get('http://h.test/'),
  pipe(Request.post('/orders'), Request.withJson({ item: 1 }), Request.withBearer('secret')),
  pipe(Request.put('http://h.test/a?b=ä'), Request.withText('text'), Request.withHeader('X-A', 'b')),
)
const head = fc.constantFrom(
  Reply.head({ status: 200 }),
  Reply.head({ status: 303, headers: { location: '/receipt', 'set-cookie': 'sid=1' } }),
)
const jar = fc
  .array(history, { maxLength: 2 })
  .map((ways) => ways.reduce((held, way) => replay(Jar)(way)(held), Jar.empty))

const event: fc.Arbitrary<Durable.Event> = fc.oneof(
  fc.record({
    _tag: fc.constant('Started' as const),
    ...base,
    request,
    entropy: fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
  }),
  fc.record({
    _tag: fc.constant('Sending' as const),
    ...base,
    method: fc.constantFrom('GET', 'POST'),
    url: fc.webUrl(),
    isRepeatable: fc.boolean(),
  }),
  fc.record({
    _tag: fc.constant('Failed' as const),
    ...base,
    error: fc.constantFrom('ReadTimeout', 'Aborted'),
    reason: fc.constantFrom('a', 'b\nc'),
    isUnsent: fc.boolean(),
  }),
  fc.record({
    _tag: fc.constant('Answered' as const),
    ...base,
    head,
    after: fc.constantFrom('Repeat', 'Follow', 'End', 'Refuse'),
    jar,
  }),
  fc.record({
    _tag: fc.constant('Finished' as const),
    ...base,
    body: fc.oneof(
      fc.record({ _tag: fc.constant('Kept' as const), bytes: fc.uint8Array() }),
      fc.record({ _tag: fc.constant('Discarded' as const) }),
      fc.record({ _tag: fc.constant('TooLong' as const), length: fc.nat() }),
    ),
  }),
  fc.record({ _tag: fc.constant('Resolved' as const), ...base, as: fc.constantFrom('sent', 'notSent') }),
)

const must = <A>(outcome: E.Either<{ readonly message: string }, A>): A => {
  if (E.isLeft(outcome)) throw new Error(outcome.left.message)
  return outcome.right
}

const at = { at: 0, run: 'r' }
const hop = {
  at,
  started: { _tag: 'Started', request: Request.get('http://h.test/'), entropy: '', ...at },
  sending: { _tag: 'Sending', method: 'GET', url: 'http://h.test/', isRepeatable: true, ...at },
  answered: (after: Durable.After): Durable.Answered => ({
    _tag: 'Answered',
    head: Reply.head({ status: 200 }),
    after,
    jar: Jar.empty,
    ...at,
  }),
} as const

describe('an event', () => {
  it('is one line, and the same after it was read', () => {
    fc.assert(
      fc.property(event, (one) => {
        const line = must(encode(one))
        expect(line).not.toMatch(/[\r\n]/)
        expect(must(encode(must(decode(line))))).toBe(line)
        const again = must(decode(line))
        expect(again._tag).toBe(one._tag)
        if (one._tag === 'Started' && again._tag === 'Started')
          expect(Request.Eq.equals(again.request, one.request)).toBe(true)
        else if (one._tag === 'Answered' && again._tag === 'Answered') {
          expect(Jar.Eq.equals(again.jar, one.jar)).toBe(true)
          expect(again.head).toEqual(one.head)
        } else expect(again).toEqual(one)
      }),
    )
  })
  it.each([0, 1, 2, 3, 1024, 2 ** 24 + 1])('may have bodies of %d octets', (length) => {
    const bytes = new Uint8Array(length).fill(255)
    const order = pipe(Request.post('http://h.test/'), Request.withBytes(bytes))
    const started = must(decode(must(encode({ ...hop.started, request: order }))))
    expect(started._tag === 'Started' && Body.Eq.equals(started.request.body, order.body)).toBe(true)
    const finished = must(decode(must(encode({ _tag: 'Finished', body: { _tag: 'Kept', bytes }, ...at }))))
    if (finished._tag !== 'Finished' || finished.body._tag !== 'Kept') throw new Error('another event')
    expect(Buffer.compare(finished.body.bytes, bytes)).toBe(0)
  })
  it.each(['!', 'YQ', 'YQ=', 'Y===', '====', 'YQ==YQ==', 'Y-_a'])(
    'is unreadable if its body was changed to %j',
    (kept) => {
      const line = must(encode({ _tag: 'Finished', body: { _tag: 'Kept', bytes: new Uint8Array(1) }, ...at }))
      expect(E.isLeft(decode(line.replace('AA==', kept)))).toBe(true)
    },
  )
  it('is unreadable if it is not one, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          event.map((one) => must(encode(one)).slice(0, -2)),
        ),
        (text) => {
          const read = decode(text)
          expect(E.isLeft(read) && read.left._tag).toBe('Unreadable')
        },
      ),
    )
  })
})

describe('fold', () => {
  it('is total, and never continues with a request that may have been processed and may not be repeated', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 8 }), (events) => {
        const resumption = Durable.fold(events)
        if (E.isLeft(resumption)) {
          expect(resumption.left._tag).toBe('Unreadable')
          return
        }
        if (resumption.right._tag !== 'Continue') return
        const last = events.findLastIndex(({ _tag }) => _tag === 'Sending')
        const sending = events[last]
        if (sending?._tag !== 'Sending' || sending.isRepeatable) return
        const isSettled = events
          .slice(last + 1)
          .some(
            (one) =>
              (one._tag === 'Failed' && one.isUnsent) ||
              (one._tag === 'Answered' && one.after !== 'End') ||
              (one._tag === 'Resolved' && one.as === 'notSent'),
          )
        expect(isSettled).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
  it('continues only with the hops that are not the last one', () => {
    const { started, sending, answered } = hop
    const tagOf = (...events: ReadonlyArray<Durable.Event>) =>
      pipe(
        Durable.fold(events),
        E.map((one) => (one._tag === 'Continue' ? `Continue ${one.progress.hops.length}` : one._tag)),
      )
    expect(tagOf()).toEqual(E.right('Start'))
    expect(tagOf(started)).toEqual(E.right('Continue 0'))
    expect(tagOf(started, sending)).toEqual(E.right('Continue 0'))
    expect(tagOf(started, sending, answered('Follow'))).toEqual(E.right('Continue 1'))
    expect(tagOf(started, sending, answered('End'))).toEqual(E.right('Continue 0'))
    expect(tagOf(started, sending, answered('Refuse'))).toEqual(E.right('Refused'))
    expect(tagOf(started, sending, answered('Follow'), sending, answered('End'), sending)).toEqual(
      E.right('Continue 1'),
    )
    expect(E.isLeft(Durable.fold([sending]))).toBe(true)
  })
  it('costs a time that is proportional to the number of events', () => {
    const timeOf = (count: number): number => {
      const hops = Array.from({ length: count }, () => [hop.sending, hop.answered('Follow')]).flat()
      const from = performance.now()
      expect(E.isRight(Durable.fold([hop.started, ...hops]))).toBe(true)
      return performance.now() - from
    }
    timeOf(1000)
    expect(timeOf(30_000)).toBeLessThan(3000)
  })
  it('forgets that a request was resolved as sent, when it is resolved as not sent', () => {
    const { at, started, sending, answered } = hop
    const order: Durable.Sending = { ...sending, method: 'POST', isRepeatable: false }
    const resolved = (as: Durable.Resolution): Durable.Resolved => ({ _tag: 'Resolved', as, ...at })
    const again = [started, order, resolved('sent'), resolved('notSent'), order]
    expect(Durable.fold(again)).toMatchObject({ right: { _tag: 'InDoubt', doubt: { reason: 'NoReply' } } })
    const receipt = [...again, answered('Follow'), sending]
    expect(Durable.fold(receipt)).toMatchObject({ right: { _tag: 'Continue' } })
  })
})
