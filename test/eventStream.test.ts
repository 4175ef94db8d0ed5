/** Event streams over several connections, with a clock that the test advances and servers that are functions. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { flow, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import {
  Client,
  type Clock,
  Environment,
  Fault,
  Headers,
  Http,
  HttpError,
  Jar,
  type Plan,
  type Reply,
  Request,
  Retry,
  Secret,
  Session,
  Stream,
  Transport,
} from '../src/index.js'
import { virtual } from './transport/virtual.js'
import { untyped } from './untyped.js'

const URL_OF_EVENTS = 'http://h.test/events'
const TYPE = { 'content-type': 'text/event-stream' }

/** How a connection is answered: an answer of a server, with a fault after its body if it is cut. */
interface Connection extends Reply.Answer {
  readonly cut?: Fault.Fault
  /** The chunks start at these offsets. */
  readonly at?: ReadonlyArray<number>
}
const events = (body: string, rest: Partial<Connection> = {}): Connection => ({
  status: 200,
  headers: TYPE,
  body,
  ...rest,
})
const cutFault = Fault.make('BodyCut', 'The body ended too early')

const bodyOf = ({ body = '', cut, at = [] }: Connection): Reply.Source => ({
  gather: () => async () => E.right(Buffer.from(body)),
  discard: async () => {},
  async *[Symbol.asyncIterator]() {
    const bytes = Buffer.from(body)
    const edges = [0, ...at.map((offset) => offset % (bytes.length + 1)).sort((x, y) => x - y), bytes.length]
    for (let i = 1; i < edges.length; i++) yield bytes.subarray(edges[i - 1], edges[i])
    if (cut !== undefined) throw cut
  },
})

interface Sent {
  readonly transport: Transport.Transport
  readonly plans: Array<Plan.Plan>
  readonly times: number[]
}

const header = (name: string) => (plan: Plan.Plan) => {
  const value = Headers.find(plan.headers, name)
  return value === undefined ? undefined : Secret.reveal(value)
}

const failed = (plan: Plan.Plan, fault: Fault.Fault) => E.left({ ...fault, plan })

/** Answers each connection with a function, or fails with a fault. */
const serving = (clock: Clock.Clock, answer: (plan: Plan.Plan, count: number) => Connection | Fault.Fault): Sent => {
  const plans: Array<Plan.Plan> = []
  const times: number[] = []
  const transport: Transport.Transport = (plan, controls) => async () => {
    times.push(clock.monotonic())
    const answered = answer(plan, plans.push(plan))
    if (controls.signal?.aborted) return failed(plan, Fault.ofAbort(controls.signal.reason))
    if ('message' in answered) return failed(plan, answered)
    const replied = await Transport.memory(() => answered)(plan, controls)()
    return E.map((reply: Reply.Reply) => ({ ...reply, body: bodyOf(answered) }))(replied)
  }
  return { transport, plans, times }
}

const script =
  (...connections: ReadonlyArray<Connection | Fault.Fault>) =>
  (_: Plan.Plan, count: number): Connection | Fault.Fault =>
    connections[count - 1] ?? { status: 204 }

const optionsOf = (clock: Clock.Clock, transport: Transport.Transport): Client.Options => ({
  session: Session.defaults,
  environment: Environment.empty,
  transport,
  clock,
  random: () => 'seed',
})

const PATIENT: Retry.Retry = { attempts: 100, base: 10, factor: 1, jitter: 0 }

/** Reads a stream to its end, and returns the data, or the error. */
const readAll = async (
  answer: (plan: Plan.Plan, count: number) => Connection | Fault.Fault,
  options: Http.EventStreamOptions = {},
  request: Request.Request = Request.get(URL_OF_EVENTS),
) => {
  const clock = virtual()
  const { transport, plans, times } = serving(clock, answer)
  const program = Http.eventStream(request, options)((items) => pipe(items, Stream.toArray))
  const outcome = await clock.until(Client.use(optionsOf(clock, transport))(program)())
  const waits = times.slice(1).map((time, i) => time - (times[i] ?? 0))
  return {
    outcome,
    data: E.map(([all]: readonly [ReadonlyArray<Stream.ServerSentEvent>, Jar.Jar]) => all.map(({ data }) => data))(
      outcome,
    ),
    plans,
    waits,
  }
}

const lastIds = (plans: ReadonlyArray<Plan.Plan>) => plans.map(header('Last-Event-ID'))

describe('an event stream that is cut anywhere', () => {
  const cuts = fc.array(
    fc.record({
      offset: fc.nat({ max: 200 }),
      ends: fc.boolean(),
      at: fc.array(fc.nat({ max: 99 }), { maxLength: 3 }),
    }),
    { maxLength: 12 },
  )
  const lineEnd = fc.constantFrom('\n', '\r\n', '\r')
  it('yields each event once, in order, and continues after the last complete one (property)', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 8 }), cuts, lineEnd, async (count, all, end) => {
        const event = (n: number): string => `retry: 1${end}id: é${n}${end}data: ${n}${end}data: x${end}${end}`
        const served: number[] = []
        const answer = (plan: Plan.Plan, connection: number): Connection => {
          const id = header('Last-Event-ID')(plan)
          const after = id === undefined ? 0 : Number(Buffer.from(id, 'latin1').toString().slice(1))
          served.push(after)
          if (after === count) return { status: 204 }
          const body = Array.from({ length: count - after }, (_, i) => event(after + i + 1)).join('')
          const cut = all[connection - 1]
          if (cut === undefined) return events(body)
          const rest = cut.ends ? {} : { cut: cutFault }
          return events(Buffer.from(body).subarray(0, cut.offset).toString(), { ...rest, at: cut.at })
        }
        const { data } = await readAll(answer, { retry: PATIENT })
        expect(data).toEqual(E.right(Array.from({ length: count }, (_, i) => `${i + 1}\nx`)))
        expect(served).toEqual([...served].sort((x, y) => x - y))
      }),
    ))
  it('stops with the reader, after any number of events, and sends nothing more (property)', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 3 }), async (wanted, each) => {
        const clock = virtual()
        let next = 0
        const { transport, plans } = serving(clock, () =>
          events(Array.from({ length: each }, () => `data: ${next++}\n\n`).join('')),
        )
        const program = Http.eventStream(Request.get(URL_OF_EVENTS), { retry: PATIENT })((items) =>
          pipe(items, Stream.take(wanted), Stream.toArray),
        )
        const outcome = await clock.until(Client.runWith(optionsOf(clock, transport))(program)())
        expect(E.isRight(outcome) && outcome.right.map(({ data }) => Number(data))).toEqual(
          Array.from({ length: wanted }, (_, i) => i),
        )
        expect(plans.length).toBe(Math.ceil(wanted / each))
        expect(clock.asleep()).toBe(0)
      }),
    ))
})

describe('the requests of an event stream', () => {
  it('ask for events that no cache answers', async () => {
    const { plans } = await readAll(script())
    expect(plans.map((plan) => [header('Accept')(plan), header('Cache-Control')(plan)])).toEqual([
      ['text/event-stream', 'no-store'],
    ])
    expect(lastIds(plans)).toEqual([undefined])
  })
  it('keep what you set or remove, for the request or the session', async () => {
    const own = pipe(
      Request.get(URL_OF_EVENTS),
      Request.withHeader('accept', 'text/event-stream;q=0.9'),
      Request.withoutHeader('Cache-Control'),
    )
    const { plans } = await readAll(script(), {}, own)
    expect(plans.map((plan) => [header('Accept')(plan), header('Cache-Control')(plan)])).toEqual([
      ['text/event-stream;q=0.9', undefined],
    ])
    const clock = virtual()
    const sent = serving(clock, script())
    const session = Session.withHeaders({ Accept: 'text/x', 'cache-control': 'no-cache' })(Session.defaults)
    const program = Http.eventStream(Request.get(URL_OF_EVENTS))(Stream.toArray)
    await Client.runWith({ ...optionsOf(clock, sent.transport), session })(program)()
    expect(sent.plans.map((plan) => [header('Accept')(plan), header('Cache-Control')(plan)])).toEqual([
      ['text/x', 'no-cache'],
    ])
  })
  it('have the last id of a complete block, as bytes in UTF-8', async () => {
    const { plans } = await readAll(
      script(
        events('id: 1\ndata: a\n\nid: 2\n\ndata: b\nid: 3\n'),
        events('id: …é\n\n'),
        events('data: without an id\n\n'),
        events('id:  padded \ndata: c\n\n'),
        events('id: \u0001\ndata: d\n\n'),
        events('id\ndata: e\n\n'),
      ),
      { retry: PATIENT },
    )
    const utf8 = Buffer.from('…é').toString('latin1')
    expect(lastIds(plans)).toEqual([undefined, '2', utf8, utf8, 'padded', undefined, undefined])
  })
  it('start after the id that you have, until the server sends another or resets it', async () => {
    const answer = script(events('data: a\n\n'), events('id: 9\ndata: b\n\n'), events('id\n\n'))
    const given = await readAll(answer, { retry: PATIENT, lastEventId: '7' })
    expect(lastIds(given.plans)).toEqual(['7', '7', '9', undefined])
    const own = Request.withHeader('Last-Event-ID', '7')(Request.get(URL_OF_EVENTS))
    expect(lastIds((await readAll(answer, { retry: PATIENT }, own)).plans)).toEqual(['7', '7', '9', undefined])
    const reset = script(events('id\ndata: a\n\n'), events('data: b\n\n'))
    expect(lastIds((await readAll(reset, { retry: PATIENT }, own)).plans)).toEqual(['7', undefined, undefined])
    expect(lastIds((await readAll(reset, { retry: PATIENT, lastEventId: '7' })).plans)).toEqual([
      '7',
      undefined,
      undefined,
    ])
  })
  it('have no id that is longer than 8,192 bytes', async () => {
    const ids = ['x'.repeat(8192), 'x'.repeat(8193), 'é'.repeat(4096), 'é'.repeat(4097), 'x'.repeat(5_000_000), 'y']
    const { plans } = await readAll(script(...ids.map((id) => events(`id: ${id}\ndata: a\n\n`))), { retry: PATIENT })
    expect(lastIds(plans).map((id) => id?.length)).toEqual([undefined, 8192, undefined, 8192, undefined, undefined, 1])
  })
  it('ask for events also if the session hides Accept', async () => {
    for (const [change, expected] of [
      [Session.withSensitiveHeaders('Accept'), 'text/event-stream'],
      [flow(Session.withSensitiveHeaders('Accept'), Session.withHeader('Accept', 'text/x')), 'text/x'],
    ] as const) {
      const clock = virtual()
      const { transport, plans } = serving(clock, script())
      const program = Http.eventStream(Request.get(URL_OF_EVENTS))(Stream.toArray)
      await Client.runWith({ ...optionsOf(clock, transport), session: change(Session.defaults) })(program)()
      expect(plans.map(header('Accept'))).toEqual([expected])
    }
  })
  it('show ids and times of earlier connections in later events', async () => {
    const { outcome } = await readAll(script(events('retry: 5\nid: 1\ndata: a\n\n'), events('data: b\n\n')), {
      retry: PATIENT,
    })
    expect(E.isRight(outcome) && outcome.right[0]).toEqual([
      { event: 'message', data: 'a', id: '1', retry: 5 },
      { event: 'message', data: 'b', id: '1', retry: 5 },
    ])
  })
  it('are exchanges that observers see, with the jar of the one before', async () => {
    const seen: string[] = []
    const clock = virtual()
    const { transport, plans } = serving(clock, (_, count) =>
      count === 3 ? { status: 204 } : events('data: a\n\n', { headers: { ...TYPE, 'set-cookie': `n=${count}` } }),
    )
    const session = Session.withObserver({ onDone: () => () => void seen.push('done') })(Session.defaults)
    const program = Http.eventStream(Request.get(URL_OF_EVENTS), { retry: PATIENT })(Stream.toArray)
    const outcome = await clock.until(Client.use({ ...optionsOf(clock, transport), session })(program)())
    expect(plans.map(header('Cookie'))).toEqual([undefined, 'n=1', 'n=2'])
    expect(seen).toEqual(['done', 'done', 'done'])
    expect(E.isRight(outcome) && Jar.toArray(outcome.right[1]).map(({ name, value }) => [name, value])).toMatchObject([
      ['n', expect.anything()],
    ])
  })
  it('are sent to the given URL again after a redirect', async () => {
    const answer = (plan: Plan.Plan, count: number): Connection =>
      count === 4
        ? { status: 204 }
        : plan.url.pathname === '/events'
          ? { status: 307, headers: { location: '/moved' } }
          : events('data: a\n\n')
    const { data, plans } = await readAll(answer, { retry: PATIENT })
    expect(plans.map(({ url }) => url.pathname)).toEqual(['/events', '/moved', '/events', '/moved'])
    expect(data).toEqual(E.right(['a']))
  })
  it('are not sent before the first read', async () => {
    const clock = virtual()
    const { transport, plans } = serving(clock, script())
    const program = Http.eventStream(Request.get(URL_OF_EVENTS))(() => TE.right(5))
    expect(await Client.runWith(optionsOf(clock, transport))(program)()).toEqual(E.right(5))
    expect(plans).toEqual([])
  })
})

describe('the waits of an event stream', () => {
  it('are those of the server after a connection with events', async () => {
    const { waits } = await readAll(
      script(
        events('retry: 4000\ndata: a\n\n'),
        events('data: b\n\n'),
        events('retry: 0\ndata: c\n\n'),
        events('data: d\n\n'),
      ),
      { retry: PATIENT },
    )
    expect(waits).toEqual([4000, 4000, 10, 10]) // at least that of the policy
  })
  it('are those of the policy without a time of the server, and grow without events', async () => {
    const retry = { attempts: 4, base: 100, factor: 2, jitter: 0 }
    const { waits, data } = await readAll(() => events(''), { retry })
    expect(waits).toEqual([100, 200, 400])
    expect(data).toMatchObject({ left: { _tag: 'BodyCut' } })
  })
  it('start again after a connection with an event', async () => {
    const retry = { attempts: 3, base: 100, factor: 2, jitter: 0 }
    const none = events('')
    const { waits } = await readAll(script(none, none, events('data: a\n\n'), none, none, none), { retry })
    expect(waits).toEqual([100, 200, 100, 200])
  })
  it('are limited by retryAfter, whatever the server asks for', async () => {
    const { waits } = await readAll(script(events('retry: 99999999999\ndata: a\n\n')), { retry: { retryAfter: 7000 } })
    expect(waits).toEqual([7000])
    expect((await readAll(script(events('retry: 99999999999\ndata: a\n\n')))).waits).toEqual([60_000])
  })
  it('do not become none for a server that sends retry: 0 and no event', async () => {
    const retry = { attempts: 5, base: 100, factor: 2, jitter: 0 }
    const comments = Array.from({ length: 4 }, () => events('retry: 0\n\n'))
    expect((await readAll(script(...comments), { retry })).waits).toEqual([100, 100, 100, 100])
    const empty = Array.from({ length: 3 }, () => events(''))
    expect((await readAll(script(events('retry: 150\n\n'), ...empty), { retry })).waits).toEqual([150, 200, 400, 800])
  })
  it('are never none with one event for each connection and retry: 0 (property)', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 500 }),
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        async (base, jitter) => {
          const each = Array.from({ length: 5 }, (_, i) => events(`id: ${i}\nretry: 0\ndata: a\n\n`))
          const { waits } = await readAll(script(...each), { retry: { base, jitter } })
          expect(waits.length).toBe(5)
          for (const wait of waits) expect(wait).toBeGreaterThanOrEqual(Math.floor(base * (1 - jitter)))
        },
      ),
    ))
  it('start with that of the policy, if the first connection has no event and the server asks for less', async () => {
    const retry = { attempts: 2, base: 1000, jitter: 0, statuses: [503] }
    const busy: Connection = { status: 503, headers: { 'retry-after': '0' } }
    for (const first of [events('retry: 1\n\n'), events(': c\nretry: 0\n'), busy])
      expect((await readAll(script(first), { retry })).waits).toEqual([1000])
  })
  it('have the time of a last line that is complete', async () => {
    expect((await readAll(script(events('data: x\n\nretry: 5000\n')), { retry: PATIENT })).waits).toEqual([5000])
    expect((await readAll(script(events('data: x\n\nretry: 5000')), { retry: PATIENT })).waits).toEqual([10])
  })
  it('end at once when the signal aborts, with the jar and the last hop', async () => {
    const clock = virtual()
    const stop = new AbortController()
    const { transport, plans } = serving(clock, () =>
      events('data: a\n\n', { headers: { ...TYPE, 'set-cookie': 'sid=1' } }),
    )
    const program = pipe(
      Http.eventStream(Request.get(URL_OF_EVENTS), { retry: { base: 5000 } })(Stream.toArray),
      Http.withSignal(stop.signal),
    )
    const running = Client.runWith(optionsOf(clock, transport))(program)()
    await clock.settle()
    expect(clock.asleep()).toBe(1)
    stop.abort(new Error('enough'))
    const outcome = await running
    expect(outcome).toMatchObject({ left: { _tag: 'Aborted', unsent: true, history: [{ head: { status: 200 } }] } })
    expect(
      E.isLeft(outcome) &&
        pipe(
          HttpError.jar(outcome.left),
          O.map((jar) => Jar.toArray(jar).length),
        ),
    ).toEqual(O.some(1))
    expect([clock.asleep(), plans.length, clock.elapsed()]).toEqual([0, 1, 0])
  })
  it('end when the client is closed, or the reader stops', async () => {
    const clock = virtual()
    const { transport, plans } = serving(clock, () => events('data: a\n\n'))
    const client = Client.open(optionsOf(clock, transport))()
    const running = Client.runIn(client)(
      Http.eventStream(Request.get(URL_OF_EVENTS), { retry: { base: 5000 } })(Stream.toArray),
    )()
    await clock.settle()
    await Client.close(client)()
    expect(await running).toMatchObject({ left: { _tag: 'ClientClosed' } })
    const stopping = Http.eventStream(Request.get(URL_OF_EVENTS), { retry: { base: 5000 } })((items) => async () => {
      const iterator = items[Symbol.asyncIterator]()
      await iterator.next()
      const waiting = iterator.next()
      await clock.settle()
      expect(clock.asleep()).toBe(1)
      await iterator.return?.()
      return E.right(await waiting)
    })
    expect(await Client.runWith(optionsOf(clock, transport))(stopping)()).toEqual(
      E.right({ done: true, value: undefined }),
    )
    expect([clock.asleep(), plans.length]).toEqual([0, 2])
  })
})

describe('the end of an event stream', () => {
  it('is a 204, without another connection', async () => {
    const { data, plans } = await readAll(script(events('data: a\n\n'), { status: 204 }), { retry: PATIENT })
    expect(data).toEqual(E.right(['a']))
    expect(plans.length).toBe(2)
  })
  it('is the data of until, which is not yielded', async () => {
    const answer = () => events('data: a\n\ndata: [DONE]\n\ndata: b\n\n')
    const { data, plans } = await readAll(answer, { retry: PATIENT, until: '[DONE]' })
    expect(data).toEqual(E.right(['a']))
    expect(plans.length).toBe(1)
  })
  it('is the end of the only body with Retry.never, and the error of the only connection', async () => {
    expect((await readAll(() => events('data: a\n\n'), { retry: Retry.never })).data).toEqual(E.right(['a']))
    const cut = await readAll(() => events('data: a\n\n', { cut: cutFault }), { retry: Retry.never })
    expect(cut.data).toMatchObject({ left: { _tag: 'BodyCut', plan: {}, history: [] } })
    expect(cut.plans.length).toBe(1)
  })
  it('is BodyCut when the attempts are used up by connections without a byte, with plan, history and jar', async () => {
    const cookie = { ...TYPE, 'set-cookie': 'sid=1' }
    const answer = script(events(': ping', { headers: cookie }), events(''), events(''))
    const { data, plans } = await readAll(answer, { retry: { attempts: 3, jitter: 0 } })
    expect(plans.length).toBe(3)
    const left = {
      _tag: 'BodyCut',
      message: expect.stringContaining('3 attempts'),
      plan: { method: 'GET' },
      history: [],
    }
    expect(data).toMatchObject({ left })
    expect(
      E.isLeft(data) &&
        pipe(
          HttpError.jar(data.left),
          O.map((jar) => Jar.toArray(jar).length),
        ),
    ).toEqual(O.some(1))
  })
  it('does not come from any number of comments, each on a connection of its own', async () => {
    const pings = Array.from({ length: 20 }, () => events(': ping\n\n'))
    const { data, waits } = await readAll(script(...pings, events('data: b\n\n')), {
      retry: { attempts: 2, base: 10, jitter: 0 },
    })
    expect(data).toEqual(E.right(['b']))
    expect(waits).toEqual(Array(21).fill(10))
  })
  it.each<[string, ReadonlyArray<Connection>, Retry.Retry, number]>([
    ['one connection', [events('data: a\n\n')], Retry.never, 1],
    ['connections without a byte', [events('data: a\n\n'), events('')], { ...PATIENT, attempts: 2 }, 2],
    ['a 204', [events('data: a\n\n'), { status: 204 }], PATIENT, 2],
  ])('is BodyCut without the data of until, after %s', async (_, answers, retry, count) => {
    const { data, plans } = await readAll(script(...answers), { retry, until: '[DONE]' })
    expect(data).toMatchObject({ left: { _tag: 'BodyCut', message: expect.stringContaining('"[DONE]"'), plan: {} } })
    expect(plans.length).toBe(count)
  })
  it('is the data of until on a later connection', async () => {
    const answer = script(events('data: a\n\n'), events('data: b\n\ndata: [DONE]\n\n'))
    expect((await readAll(answer, { retry: PATIENT, until: '[DONE]' })).data).toEqual(E.right(['a', 'b']))
  })
  it('is the last error when the attempts are used up', async () => {
    const refused = Fault.unsent(Fault.make('ConnectFailed', 'refused'))
    const { data, plans } = await readAll(script(events('data: a\n\n'), refused, refused, refused, refused), {
      retry: { attempts: 3, jitter: 0 },
    })
    expect(data).toMatchObject({ left: { _tag: 'ConnectFailed' } })
    expect(plans.length).toBe(3)
  })
  it.each([
    [300, 'NotEventStream'],
    [304, 'NotEventStream'],
    [201, 'NotEventStream'],
    [206, 'NotEventStream'],
    [400, 'StatusError'],
    [500, 'StatusError'],
    [503, 'StatusError'],
  ])('is a status %i, as %s, without another connection', async (status, tag) => {
    const { data, plans } = await readAll(() => events('data: a\n\n', { status }), { retry: PATIENT })
    expect(data).toMatchObject({ left: { _tag: tag, response: { status } } })
    expect(plans.length).toBe(1)
  })
  it('has the body of a rejected request', async () => {
    const { data } = await readAll(() => ({ status: 401, body: '{"error":"no"}' }))
    if (!E.isLeft(data) || data.left._tag !== 'StatusError') throw new Error('it was not rejected')
    expect(Buffer.from(data.left.response.bytes).toString()).toBe('{"error":"no"}')
  })
  it('can be a status that the policy lists itself, after its Retry-After', async () => {
    const busy: Connection = { status: 503, headers: { 'retry-after': '2' } }
    const { data, waits } = await readAll(script(busy, events('data: a\n\n')), {
      retry: { ...PATIENT, statuses: [503] },
    })
    expect(data).toEqual(E.right(['a']))
    expect(waits).toEqual([2000, 10])
  })
  it.each([
    ['text/event-stream', true],
    ['Text/Event-Stream ; charset=utf-8', true],
    ['text/event-stream;', true],
    ['text/plain', false],
    ['text/event-streams', false],
    ['application/json', false],
    ['', false],
  ])('depends on the Content-Type: %s', async (type, isAccepted) => {
    const { data } = await readAll(script({ status: 200, headers: { 'content-type': type }, body: 'data: a\n\n' }))
    expect(data).toMatchObject(isAccepted ? E.right(['a']) : { left: { _tag: 'NotEventStream' } })
  })
  it('is NotEventStream without a Content-Type, and does not read the body', async () => {
    const body = (async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('x')
      throw new Error('it was read')
    })()
    const transport: Transport.Transport = () => async () =>
      E.right({
        ...Transport.reply({ status: 200 }),
        body: { ...bodyOf({ status: 200 }), [Symbol.asyncIterator]: () => body },
      })
    const program = Http.eventStream(Request.get(URL_OF_EVENTS))(Stream.toArray)
    expect(await Client.runWith(optionsOf(virtual(), transport))(program)()).toMatchObject({
      left: { _tag: 'NotEventStream', response: { status: 200 } },
    })
  })
  it('is BodyTooLarge for an endless event, line or comment', async () => {
    for (const body of ['data: '.padEnd(5000, 'x'), ':'.padEnd(5000, 'x'), 'data: x\n'.repeat(1000)]) {
      const { data, plans } = await readAll(() => events(body), { retry: PATIENT, maxLength: 1000 })
      expect(data).toMatchObject({ left: { _tag: 'BodyTooLarge' } })
      expect(plans.length).toBe(1)
    }
  })
  it('is an error of planning, before anything is sent', async () => {
    const { data, plans } = await readAll(script(), {}, Request.get('no scheme'))
    expect(data).toMatchObject({ left: { history: [] } })
    expect(plans).toEqual([])
  })
  it('is the error of the program, whatever the reader returns', async () => {
    const clock = virtual()
    const { transport } = serving(clock, () => ({ status: 500 }))
    const program = Http.eventStream(Request.get(URL_OF_EVENTS))((items) =>
      pipe(
        items,
        Stream.toArray,
        TE.orElseW(() => TE.right('ignored' as const)),
      ),
    )
    expect(await Client.runWith(optionsOf(clock, transport))(program)()).toMatchObject({
      left: { _tag: 'StatusError' },
    })
  })
})

describe('a POST', () => {
  const post = pipe(Request.post(URL_OF_EVENTS), Request.withJson({ stream: true }))
  const answer = script(events('data: a\n\n'), events('data: b\n\n'))
  it('is sent once, because it may not be repeated', async () => {
    const { data, plans } = await readAll(answer, { retry: PATIENT }, post)
    expect(data).toEqual(E.right(['a']))
    expect(plans.length).toBe(1)
    const early = await readAll(answer, { retry: PATIENT, until: 'end' }, post)
    expect(early.data).toMatchObject({ left: { _tag: 'BodyCut' } })
    const cut = await readAll(() => events('data: a\n\n', { cut: cutFault }), { retry: PATIENT }, post)
    expect(cut.data).toMatchObject({ left: { _tag: 'BodyCut' } })
  })
  it('is sent again if nothing was written, or if the policy allows it', async () => {
    const unsent = Fault.unsent(Fault.make('ConnectFailed', 'refused'))
    expect((await readAll(script(unsent, events('data: a\n\n')), { retry: PATIENT }, post)).plans.length).toBe(2)
    expect((await readAll(answer, { retry: { ...PATIENT, methods: 'any' } }, post)).data).toEqual(E.right(['a', 'b']))
  })
  it('with a body that can be sent once is sent once', async () => {
    const once = Request.withOnce(
      (async function* () {
        yield Buffer.from('x')
      })(),
    )(post)
    const { data, plans } = await readAll(answer, { retry: { ...PATIENT, methods: 'any' } }, once)
    expect(data).toEqual(E.right(['a']))
    expect(plans.length).toBe(1)
  })
})

describe('a stream that never succeeds', () => {
  const refused = (): Fault.Fault => Fault.unsent(Fault.make('ConnectFailed', 'refused'))
  it.each([
    [100, 100],
    [1_000, 100],
    [Number.POSITIVE_INFINITY, 100],
  ])('is given up after %d attempts, and at most 100', async (attempts, count) => {
    const { data, plans, waits } = await readAll(refused, { retry: { attempts, cap: 5_000 } })
    expect(data).toMatchObject({ left: { _tag: 'ConnectFailed' } })
    expect(plans.length).toBe(count)
    const minutes = waits.reduce((sum, wait) => sum + wait, 0) / 60_000
    // The guide promises this.
    expect(minutes).toBeGreaterThan(3.9)
    expect(minutes).toBeLessThan(8)
  })
  it('is given up in less than a second by default', async () => {
    const { waits } = await readAll(refused)
    expect(waits.length).toBe(2)
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThan(1_000)
  })
  it('is not repeated for an idempotency key: the server would send its first events again', async () => {
    const request = pipe(Request.post(URL_OF_EVENTS), Request.withIdempotencyKey())
    const once = await readAll(script(events('data: a\n\n'), events('data: b\n\n')), {}, request)
    expect(once.plans.length).toBe(1)
    expect(once.data).toEqual(E.right(['a']))
    const allowed = { retry: { methods: ['POST'] } }
    const again = await readAll(script(events('data: a\n\n'), events('data: b\n\n')), allowed, request)
    expect(again.plans.length).toBe(3)
    expect(again.data).toEqual(E.right(['a', 'b']))
  })
})

describe('wrong options', () => {
  it.each<[string, unknown]>([
    ['null', null],
    ['a policy that is null', { retry: null }],
    ['a policy of text', { retry: 'always' }],
    ['statuses that are text', { retry: { statuses: '503' } }],
    ['an id that is a number', { lastEventId: 5 }],
    ['an id that is null', { lastEventId: null }],
    ['an id with a line end', { lastEventId: 'a\r\nX: y' }],
    ['a length that is text', { maxLength: 'many' }],
    ['faults and methods that are not lists', { retry: { faults: 5, methods: 'GET' } }],
    ['until that is a number', { until: 5 }],
  ])('do not throw: %s', async (_, options) => {
    const { data } = await readAll(script(events('data: a\n\n')), untyped(options))
    expect(data).toEqual(E.right(['a']))
    expect((await readAll(() => ({ status: 503 }), untyped(options))).data).toMatchObject({
      left: { _tag: 'StatusError' },
    })
  })
})
