/** Hooks and discarded bodies: neither delays an exchange beyond its signal and its total time. */
import { getEventListeners } from 'node:events'
import { inspect } from 'node:util'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as Client from '../../src/Client.js'
import * as Http from '../../src/Http.js'
import * as HttpError from '../../src/HttpError.js'
import * as Environment from '../../src/session/Environment.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import type { Hook } from '../../src/session/Settings.js'
import * as Transport from '../../src/Transport.js'
import * as Clock from '../../src/wire/Clock.js'
import type * as Reply from '../../src/wire/Reply.js'
import { untyped } from '../untyped.js'
import { type Virtual, virtual } from './virtual.js'

const server = Transport.memory({
  'GET /': { status: 302, headers: { location: '/next', 'set-cookie': 'a=1' } },
  'GET /next': { status: 200, body: 'there' },
})

const options = (clock: Clock.Clock, transport: Transport.Transport = server): Client.Options => ({
  session: Session.empty,
  environment: Environment.empty,
  transport,
  clock,
})

/** Sleeps, and then returns the head or another result. */
const slow =
  (clock: Virtual, ms: number, end: () => E.Either<unknown, never> | undefined = () => undefined): Hook =>
  (head) =>
  async () => {
    await clock.sleep(ms)()
    return end() ?? E.right(head)
  }

const never: Hook = () => () => new Promise(() => {})

const get = (url: string, hooks: ReadonlyArray<Hook>, total?: number) =>
  Http.get(url, Request.withHooks(hooks), total === undefined ? (r) => r : Request.withTimeouts({ total }))

const tagOf = <A>(outcome: E.Either<HttpError.HttpError, A>) => (E.isLeft(outcome) ? outcome.left._tag : 'Right')

describe('hooks', () => {
  const unhandled: unknown[] = []
  const note = (cause: unknown) => unhandled.push(cause)
  beforeEach(() => process.on('unhandledRejection', note))
  afterEach(async () => {
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    expect(unhandled.splice(0)).toEqual([])
  })

  test('end at the total time, which spans all hops', async () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(lengths, fc.integer({ min: 1, max: 600 }), async (lengths, total) => {
        const clock = virtual()
        const hooks = lengths.map((ms) => slow(clock, ms))
        const outcome = await clock.until(pipe(get('http://h/', hooks, total), Client.use(options(clock)))())
        const needed = 2 * lengths.reduce((sum, ms) => sum + ms, 0)
        expect(tagOf(outcome)).toBe(needed < total ? 'Right' : 'DeadlineExceeded')
        expect(clock.elapsed()).toBe(Math.min(needed, total))
      }),
      { numRuns: 60 },
    )
  })

  test('end at once on abort, and leave no listener or timer', async () => {
    const clock = virtual()
    const controller = new AbortController()
    const program = pipe(get('http://h/', [never], 60_000), Http.withSignal(controller.signal))
    const running = pipe(program, Client.use(options(clock)))()
    await clock.settle()
    expect(clock.asleep()).toBe(1)
    controller.abort(new Error('changed my mind'))
    const outcome = await running
    expect(outcome).toMatchObject({ left: { _tag: 'Aborted', cause: { message: 'changed my mind' } } })
    expect([clock.asleep(), getEventListeners(controller.signal, 'abort').length]).toEqual([0, 0])
  })

  test('end at the total time and on abort with the system clock', async () => {
    const start = performance.now()
    const late: Hook = (head) =>
      TE.fromTask(async () => new Promise((resolve) => setTimeout(resolve, 3000, head).unref()))
    const timed = pipe(get('http://h/', [late], 50), Client.use(options(Clock.system)))
    const aborted = pipe(
      get('http://h/', [late]),
      Http.withSignal(AbortSignal.timeout(50)),
      Client.use(options(Clock.system)),
    )
    expect([tagOf(await timed()), tagOf(await aborted())]).toEqual(['DeadlineExceeded', 'Aborted'])
    expect(performance.now() - start).toBeLessThan(2000)
  })

  test('do not start after the deadline; a late rejection is not unhandled', async () => {
    const clock = virtual()
    const begun: number[] = []
    const hooks: ReadonlyArray<Hook> = [
      slow(clock, 100, () => {
        throw new Error('much later')
      }),
      (head) => {
        begun.push(2)
        return TE.right(head)
      },
    ]
    const outcome = await clock.until(pipe(get('http://h/', hooks, 10), Client.use(options(clock)))())
    expect([tagOf(outcome), clock.elapsed()]).toEqual(['DeadlineExceeded', 10])
    await clock.advance(1000)
    expect(begun).toEqual([])
  })

  test('that abort or block synchronously end the exchange when they return', async () => {
    const controller = new AbortController()
    const abort: Hook = (head) => {
      controller.abort()
      return TE.right(head)
    }
    const program = pipe(get('http://h/next', [abort]), Http.withSignal(controller.signal))
    expect(tagOf(await pipe(program, Client.use(options(Clock.system)))())).toBe('Aborted')
    let now = 0
    const clock: Clock.Clock = { ...Clock.fixed(new Date(0)), monotonic: () => now }
    const busy: Hook = (head) => {
      now += 100
      return TE.right(head)
    }
    const outcome = await pipe(get('http://h/next', [busy], 50), Client.use(options(clock)))()
    expect(tagOf(outcome)).toBe('DeadlineExceeded')
  })

  test('complete under a fixed clock', async () => {
    const outcome = await pipe(
      get('http://h/', [(head) => TE.fromTask(async () => head)], 50),
      Client.use(options(Clock.fixed(new Date(0)))),
    )()
    expect(tagOf(outcome)).toBe('Right')
  })

  test('return an error with the jar and the plan of their hop', async () => {
    const clock = virtual()
    const hook: Hook = (head, plan) => slow(clock, head.status === 200 ? 100 : 0)(head, plan)
    const outcome = await clock.until(pipe(get('http://h/', [hook], 50), Client.use(options(clock)))())
    expect(outcome).toMatchObject({
      left: {
        _tag: 'DeadlineExceeded',
        plan: { url: { href: 'http://h/next' } },
        history: [{ head: { status: 302 } }],
      },
    })
    expect(E.isLeft(outcome) && inspect(HttpError.jar(outcome.left), { depth: null })).toContain("'a'")
  })
})

describe('discarding a body', () => {
  const stuck =
    (discard: () => Promise<void>): Transport.Transport =>
    (plan, limits) =>
    async () => {
      const sent = await server(plan, limits)()
      return E.isLeft(sent) ? sent : E.right({ ...sent.right, body: { ...sent.right.body, discard } })
    }

  test('delays a redirect at most until the total time or an abort', async () => {
    const clock = virtual()
    const transport = stuck(() => new Promise(() => {}))
    const timed = await clock.until(pipe(get('http://h/', [], 80), Client.use(options(clock, transport)))())
    expect([tagOf(timed), clock.elapsed()]).toEqual(['DeadlineExceeded', 80])
    const controller = new AbortController()
    const program = pipe(get('http://h/', []), Http.withSignal(controller.signal))
    const running = pipe(program, Client.use(options(clock, transport)))()
    await clock.settle()
    controller.abort()
    const aborted = await running
    expect(tagOf(aborted)).toBe('Aborted')
    expect(E.isLeft(aborted) && inspect(HttpError.jar(aborted.left), { depth: null })).toContain("'a'")
  })

  test('does not fail the exchange if it rejects', async () => {
    const broken = stuck(() => Promise.reject(new Error('no')))
    expect(tagOf(await pipe(get('http://h/', []), Client.use(options(Clock.system, broken)))())).toBe('Right')
  })

  test('happens also if the hook misses the deadline', async () => {
    let gone = 0
    const clock = virtual()
    const transport = stuck(async () => {
      gone += 1
    })
    await clock.until(pipe(get('http://h/', [never], 80), Client.use(options(clock, transport)))())
    expect(gone).toBe(1)
  })
})

describe('HookFailed', () => {
  const failing = async (hook: Hook) => {
    const outcome = await pipe(get('http://h/next', [hook]), Client.use(options(Clock.system)))()
    return E.isLeft(outcome) ? outcome.left : expect.fail('it passed')
  }

  test('names the hook and the reason', async () => {
    const isTeapot: Hook = () => TE.left(new Error('short and stout'))
    expect(await failing(isTeapot)).toMatchObject({
      _tag: 'HookFailed',
      hook: 'isTeapot',
      error: new Error('short and stout'),
      message: expect.stringContaining('GET http://h/next: short and stout'),
    })
    const typo: Hook = () => {
      throw new TypeError('undefined is not a function')
    }
    expect(await failing(typo)).toMatchObject({ _tag: 'HookFailed', hook: 'typo', error: expect.any(TypeError) })
    const rejecting: Hook = () => () => Promise.reject(new Error('gone'))
    expect(await failing(rejecting)).toMatchObject({ _tag: 'HookFailed', hook: 'rejecting', error: new Error('gone') })
    expect(await failing(() => TE.left({ _tag: 'Mine', message: 'no tea' }))).toMatchObject({
      hook: 'anonymous',
      message: expect.stringContaining('no tea'),
    })
  })

  test('may have a task that returns its result without a promise, in plain JavaScript', async () => {
    const immediate = (result: (head: Reply.Head) => unknown): Hook => untyped((head: Reply.Head) => () => result(head))
    const changed = immediate((head) => E.right({ ...head, status: 299 }))
    for (const total of [undefined, 1_000]) {
      const outcome = await pipe(get('http://h/next', [changed], total), Client.runWith(options(Clock.system)))()
      expect(outcome).toMatchObject({ right: { status: 299 } })
    }
    expect(await failing(immediate(() => E.left('no')))).toMatchObject({ _tag: 'HookFailed', error: 'no' })
  })

  test('does not print a value that is not an Error', async () => {
    for (const value of ['canary', { token: 'canary' }, ['canary'], () => 'canary']) {
      const failure = await failing(() => TE.left(value))
      expect(failure).toMatchObject({ _tag: 'HookFailed', hook: 'anonymous' })
      expect(failure.message).not.toContain('canary')
    }
  })
})
