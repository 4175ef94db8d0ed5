/** Observers: their events form the sequence that `Observer` promises, and no observer changes an exchange. */
import { inspect } from 'node:util'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import * as Webs from '../laws/arbitrary/Web.js'
import * as Client from '../src/Client.js'
import * as Http from '../src/Http.js'
import * as Environment from '../src/session/Environment.js'
import * as Observer from '../src/session/observation/Observer.js'
import * as Request from '../src/session/Request.js'
import * as Session from '../src/session/Session.js'
import * as Transport from '../src/Transport.js'
import * as Clock from '../src/wire/Clock.js'
import * as Fault from '../src/wire/Fault.js'
import { withPlan } from '../src/wire/Transport.js'
import { virtual } from './transport/virtual.js'
import { untyped } from './untyped.js'

type Recorded =
  | { readonly on: 'Send'; readonly event: Observer.SendEvent }
  | { readonly on: 'Reply'; readonly event: Observer.ReplyEvent }
  | { readonly on: 'Retry'; readonly event: Observer.RetryEvent }
  | { readonly on: 'Redirect'; readonly event: Observer.RedirectEvent }
  | { readonly on: 'Done'; readonly event: Observer.DoneEvent }

const recorder = () => {
  const events: Recorded[] = []
  const add = (one: Recorded) => () => void events.push(one)
  const observer: Observer.Observer = {
    onSend: (event) => add({ on: 'Send', event }),
    onReply: (event) => add({ on: 'Reply', event }),
    onRetry: (event) => add({ on: 'Retry', event }),
    onRedirect: (event) => add({ on: 'Redirect', event }),
    onDone: (event) => add({ on: 'Done', event }),
  }
  return { events, observer, names: () => events.map(({ on }) => on).join(' ') }
}

const GRAMMAR = /^(?:(?:Redirect )?(?:Send Reply (?:Retry (?=Send|Done))?)+)*Done$/

const SECRET = Webs.CANARY

const sessionWith = (observer: Observer.Observer): Session.Session =>
  pipe(Session.empty, Session.withDigestAuth('user', SECRET), Session.withObserver(observer))

const options = (transport: Transport.Transport, clock: Clock.Clock = Clock.fixed(new Date(0))): Client.Options => ({
  session: Session.empty,
  environment: Environment.empty,
  transport,
  clock,
  random: () => 'seed',
})

/** Fails the sends whose number is in the list, and answers the others with a server, some of them with 503. */
const flaky = (web: Webs.Web, faults: ReadonlyArray<'Fault' | '503' | 'Answer'>): Transport.Transport => {
  const inner = Transport.memory(Webs.serverOf(web))
  const busy = Transport.memory(() => ({ status: 503 }))
  let count = 0
  return (plan, controls) => {
    const fault = faults[count++] ?? 'Answer'
    if (fault === 'Fault') return TE.left(withPlan(plan, Fault.make('ConnectFailed', 'down')))
    return (fault === '503' ? busy : inner)(plan, controls)
  }
}

const run = fc.record({
  web: Webs.web,
  faults: fc.array(fc.constantFrom<'Fault' | '503' | 'Answer'>('Fault', '503', 'Answer', 'Answer'), { maxLength: 8 }),
  attempts: fc.integer({ min: 1, max: 4 }),
  abortAt: fc.option(fc.integer({ min: 1, max: 6 })),
  ends: fc.constantFrom('gather', 'hook fails', 'stream', 'stream throws'),
})

describe('the events of an exchange', () => {
  it('are well bracketed, and change no outcome', async () => {
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(run, async ({ web, faults, attempts, abortAt, ends }) => {
        const { events, observer, names } = recorder()
        const outcomeOf = async (given: Session.Session, sends: { count: number }): Promise<unknown> => {
          const controller = new AbortController()
          const clock = virtual()
          const inner = flaky(web, faults)
          const aborting: Transport.Transport = (plan, controls) => {
            sends.count += 1
            if (sends.count === abortAt)
              void clock
                .sleep(1)()
                .then(() => controller.abort(new Error('stop')))
            return inner(plan, controls)
          }
          const transport = Transport.withRetry({ attempts })(aborting)
          const session = ends === 'hook fails' ? Session.withHook(() => TE.left('no'))(given) : given
          const request = Request.get(Webs.entryOf(web))
          const use = ends === 'stream' ? TE.left({ _tag: 'Mine' }) : () => Promise.reject(new Error('thrown'))
          const program = ends.startsWith('stream') ? Http.stream(() => use)(request) : Http.send(request)
          const client = { ...options(transport, clock), session, signal: controller.signal }
          return clock.until(
            Client.runWith(client)(Http.map(() => 'ok')(program))()
              .then((outcome) => (E.isLeft(outcome) ? outcome.left._tag : outcome.right))
              .catch(String),
          )
        }
        const sends = { count: 0 }
        const observed = await outcomeOf(sessionWith(observer), sends)
        const alone = await outcomeOf(Session.withObservers([])(sessionWith(observer)), { count: 0 })
        expect(observed).toEqual(alone)
        expect(names()).toMatch(GRAMMAR)
        expect(events.filter(({ on }) => on === 'Send')).toHaveLength(sends.count)
        expect(new Set(events.map(({ event }) => event.exchange)).size).toBe(1)
        expect(`${inspect(events, { depth: 9 })}${JSON.stringify(events)}`).not.toContain(SECRET)
        for (const { on, event } of events) {
          seen.add(on)
          expect(Object.isFrozen(event)).toBe(true)
        }
        const last = events.at(-1)
        const isSuccess = last?.on === 'Done' && last.event.outcome._tag === 'Success'
        expect(isSuccess).toBe(observed === 'ok')
      }),
      { numRuns: 60 },
    )
    expect([...seen].sort()).toEqual(['Done', 'Redirect', 'Reply', 'Retry', 'Send'])
  }, 60_000)

  it('count hops, attempts and resends, and tell why and when', async () => {
    const { events, observer } = recorder()
    const clock = virtual()
    let calls = 0
    const memory = Transport.memory((plan) => {
      if (plan.url.pathname === '/a') return { status: 302, headers: { location: '/b' } }
      return { status: ++calls === 1 ? 503 : 200, body: 'there' }
    })
    const slow: Transport.Transport = (plan, controls) => async () => {
      await clock.sleep(5)()
      return memory(plan, controls)()
    }
    const client = options(Transport.withRetry()(slow), clock)
    await clock.until(Client.use(client)(Http.get('http://h.test/a?t=1#f', Request.withObserver(observer)))())
    const short = events.map(({ on, event: { hop, attempt, plan } }) => [on, hop, attempt, plan.cause])
    expect(short).toEqual([
      ['Send', 0, 1, 'Start'],
      ['Reply', 0, 1, 'Start'],
      ['Redirect', 1, 0, 'Follow'],
      ['Send', 1, 1, 'Follow'],
      ['Reply', 1, 1, 'Follow'],
      ['Retry', 1, 1, 'Follow'],
      ['Send', 1, 2, 'Follow'],
      ['Reply', 1, 2, 'Follow'],
      ['Done', 1, 2, 'Follow'],
    ])
    const redirect = events.find(({ on }) => on === 'Redirect')?.event
    expect(redirect).toMatchObject({ status: 302, from: 'http://h.test/a?t=1#f', to: 'http://h.test/b#f' })
    const [retry, , reply, done] = events.slice(5).map(({ event }) => event)
    const delay = retry !== undefined && 'delay' in retry ? retry.delay : undefined
    expect(retry).toMatchObject({ sinceStart: 10, result: { right: { status: 503 } } })
    expect(delay).toBeGreaterThan(0)
    expect(reply).toMatchObject({ sinceStart: 15 + Number(delay), sinceSend: 5, result: { right: { status: 200 } } })
    expect(done).toMatchObject({ outcome: { _tag: 'Success', status: 200 }, sinceReply: 0 })
    const counts = events.flatMap((one) => (one.on === 'Send' ? [one.event.resendCount] : []))
    expect(counts).toEqual([0, 1, 2])
  })

  it('are missing for an exchange that was not planned', async () => {
    const { events, observer } = recorder()
    const client = options(Transport.memory(() => ({ status: 200 })))
    await Client.use(client)(Http.get('no-scheme', Request.withObserver(observer)))()
    expect(events).toEqual([])
  })

  it('show no secret, also if a reply repeats it', async () => {
    const { events, observer } = recorder()
    const headers = { location: `/x?key=${SECRET}`, 'set-cookie': `a=${SECRET}`, 'x-echo': SECRET }
    let calls = 0
    // `withRetry` drops the first reply, so only the observer sees its head.
    const transport = Transport.withRetry()(Transport.memory(() => ({ status: ++calls === 1 ? 503 : 302, headers })))
    const request = pipe(
      Request.get(`http://user:${SECRET}@h.test/`),
      Request.withSecretQuery('key', SECRET),
      Request.withBearer(SECRET),
      Request.withSecretHeader('X-Key', SECRET),
      Request.withMaxRedirects(2),
      Request.withObserver(observer),
    )
    await Client.use(options(transport))(Http.send(request))()
    expect(events.length).toBeGreaterThan(5)
    const texts = [
      JSON.stringify(events),
      inspect(events, { depth: 20, showHidden: true }),
      `${events[0]?.event.plan.headers}`,
    ]
    expect(texts.join()).not.toContain(SECRET)
    expect(texts.join()).not.toContain('seed')
  })

  it.each([
    { _tag: 'Mine', message: SECRET },
    { _tag: 'Mine', history: [], message: SECRET },
    { _tag: 'Aborted', message: SECRET },
    new Error(SECRET),
    SECRET,
  ])('do not show the message of an error of the user (%#)', async (error) => {
    const seen: unknown[] = []
    const session = Session.withObserver({ onDone: (event) => () => seen.push(event.outcome) })(Session.empty)
    const failing = pipe(
      Request.get('http://h.test/'),
      Http.stream(() => TE.left(error)),
    )
    const transport = Transport.memory(() => ({ status: 200 }))
    await pipe(failing, Client.use({ session, transport, environment: Environment.empty }))()
    expect(seen).toMatchObject([{ _tag: 'Failure', error: { message: '' } }])
  })
  it('do not reach the exchange if an observer throws, rejects or is not an observer', async () => {
    const { names, observer } = recorder()
    const bad = [
      null,
      1,
      { onSend: 1 },
      {
        onSend: () => {
          throw new Error('x')
        },
      },
      { onDone: async () => Promise.reject(1) },
      {
        onReply: () => () => {
          throw new Error('y')
        },
      },
    ]
    const request = pipe(
      Request.get('http://h.test/'),
      Request.withObservers([...untyped<ReadonlyArray<Observer.Observer>>(bad), observer]),
    )
    const outcome = await Client.use(options(Transport.memory(() => ({ status: 200 }))))(Http.send(request))()
    expect(E.isRight(outcome)).toBe(true)
    expect(names()).toBe('Send Reply Done')
  })
})

describe('observers', () => {
  it('of a request are added to those of the session, and combined ones are called in order', async () => {
    const log: string[] = []
    const named = (name: string): Observer.Observer => ({ onDone: () => () => void log.push(name) })
    const failing: Observer.Observer = {
      onDone: () => () => {
        throw new Error('x')
      },
    }
    const combined = [named('b'), failing, named('c')].reduce(Observer.Monoid.concat, Observer.Monoid.empty)
    const session = Session.withObserver(named('a'))(Session.empty)
    const client = { ...options(Transport.memory(() => ({ status: 200 }))), session }
    await Client.use(client)(Http.get('http://h.test/', Request.withObserver(combined)))()
    expect(log).toEqual(['a', 'b', 'c'])
  })
  it('that are combined cannot end the process with the rejection of an async function', async () => {
    const rejections: unknown[] = []
    const onRejection = (reason: unknown): void => void rejections.push(reason)
    process.on('unhandledRejection', onRejection)
    try {
      const rejects = async () => Promise.reject(new Error('x'))
      for (const onSend of [() => rejects, rejects]) {
        const failing: Observer.Observer = untyped({ onSend })
        const { names, observer } = recorder()
        const combined = [failing, failing, observer].reduce(Observer.Monoid.concat, Observer.Monoid.empty)
        const session = Session.withObserver(combined)(Session.empty)
        const client = { ...options(Transport.memory(() => ({ status: 200 }))), session }
        expect(await Client.use(client)(Http.get('http://h.test/'))()).toMatchObject({ _tag: 'Right' })
        await new Promise((resolve) => setImmediate(resolve))
        expect(names()).toBe('Send Reply Done')
      }
      expect(rejections).toEqual([])
    } finally {
      process.off('unhandledRejection', onRejection)
    }
  })
  it('that are combined are called only by their own properties, whatever they are', async () => {
    const throwing = {
      get onSend() {
        throw new Error('x')
      },
    }
    const trap = new Proxy(
      {},
      {
        getOwnPropertyDescriptor: () => {
          throw new Error('x')
        },
      },
    )
    const { names, observer } = recorder()
    const given = untyped<ReadonlyArray<Observer.Observer>>([null, undefined, 5, throwing, trap, {}])
    const combined = [...given, observer].reduce(Observer.Monoid.concat)
    const session = Session.withObserver(combined)(Session.empty)
    const client = { ...options(Transport.memory(() => ({ status: 200 }))), session }
    let inherited = 0
    const value = () => () => {
      inherited += 1
    }
    Object.defineProperty(Object.prototype, 'onSend', { value, configurable: true })
    try {
      await Client.use(client)(Http.get('http://h.test/'))()
    } finally {
      Reflect.deleteProperty(Object.prototype, 'onSend')
    }
    expect(inherited).toBe(0)
    expect(names()).toBe('Send Reply Done')
  })
  it('cannot be saved', () => {
    const saved = Session.encode()(Session.withObserver({})(Session.empty))
    expect(saved).toMatchObject(E.left({ paths: ['observers[0]'] }))
    const none = Session.withObservers([])(Session.empty)
    expect(pipe(none, Session.encode(), E.flatMap(Session.decode))).toEqual(E.right(none))
  })
})
