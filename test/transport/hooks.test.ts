/** A hook, or a body that is let go of, holds no exchange up beyond its signal and its total time. */
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

/** Sleeps, and then lets the head pass, or does not. */
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

  test('end with the total time, however long they take; it spans all hops', async () => {
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

  test('end at once with the signal, and leave no listener and nobody asleep', async () => {
    const clock = virtual()
    const controller = new AbortController()
    const program = pipe(get('http://h/', [never], 60_000), Http.withSignal(controller.signal))
    const running = pipe(program, Client.use(options(clock)))()
    await clock.settle()
    expect(clock.asleep()).toBe(1)
    controller.abort(new Error('changed my mind'))
    const outcome = await running
    expect(E.isLeft(outcome) && HttpError.show(outcome.left)).toBe('Aborted: The request was aborted: changed my mind')
    expect([clock.asleep(), getEventListeners(controller.signal, 'abort').length]).toEqual([0, 0])
  })

  test('with the clock of the machine too', async () => {
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

  test('are not begun when it is over, and what one that is left behind rejects with is nobody’s', async () => {
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

  test('that abort or take too long without waiting are noticed when they are done', async () => {
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

  test('are waited for under a clock that stands still, where no time passes', async () => {
    const outcome = await pipe(
      get('http://h/', [(head) => TE.fromTask(async () => head)], 50),
      Client.use(options(Clock.fixed(new Date(0)))),
    )()
    expect(tagOf(outcome)).toBe('Right')
  })

  test('carry the jar and the plan of their hop in what they end with', async () => {
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

describe('a body that is not let go of', () => {
  const stuck =
    (discard: () => Promise<void>): Transport.Transport =>
    (plan, limits) =>
    async () => {
      const sent = await server(plan, limits)()
      return E.isLeft(sent) ? sent : E.right({ ...sent.right, body: { ...sent.right.body, discard } })
    }

  test('holds a redirect up to the total time and the signal, and no longer', async () => {
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

  test('and fails to be, is left', async () => {
    const broken = stuck(() => Promise.reject(new Error('no')))
    expect(tagOf(await pipe(get('http://h/', []), Client.use(options(Clock.system, broken)))())).toBe('Right')
  })

  test('is let go of also where the hook was too late', async () => {
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

  test('says which hook, whether it refused or threw, and why', async () => {
    const isTeapot: Hook = () => TE.left(new Error('short and stout'))
    expect(await failing(isTeapot)).toMatchObject({
      _tag: 'HookFailed',
      hook: 'isTeapot',
      error: new Error('short and stout'),
      message: "The hook 'isTeapot' refused the reply to GET http://h/next: short and stout",
    })
    const typo: Hook = () => {
      throw new TypeError('undefined is not a function')
    }
    expect((await failing(typo)).message).toBe(
      "The hook 'typo' failed on the reply to GET http://h/next: undefined is not a function",
    )
    const rejecting: Hook = () => () => Promise.reject(new Error('gone'))
    expect((await failing(rejecting)).message).toBe(
      "The hook 'rejecting' failed on the reply to GET http://h/next: gone",
    )
    expect((await failing(() => TE.left({ _tag: 'Mine', message: 'no tea' }))).message).toMatch(
      /'anonymous'.*: no tea$/,
    )
  })

  test('shows nothing of what is no error', async () => {
    for (const value of ['canary', { token: 'canary' }, ['canary'], () => 'canary']) {
      const failure = await failing(() => TE.left(value))
      expect(failure.message).toBe("The hook 'anonymous' refused the reply to GET http://h/next")
    }
  })
})
