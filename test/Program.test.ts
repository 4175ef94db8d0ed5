import * as fc from 'fast-check'
import { sequenceS, sequenceT } from 'fp-ts/lib/Apply.js'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { Client, Clock, Environment, Http, Jar, Response, Session, Transport } from 'requests-ts'
import { describe, expect, it } from 'vitest'

const transport = Transport.memory((plan) => {
  const name = plan.url.pathname.slice(1)
  return { status: name.startsWith('fail') ? 500 : 200, headers: { 'set-cookie': `${name}=1; Path=/` }, body: name }
})
const options: Client.Options = {
  session: Session.empty,
  transport,
  environment: Environment.empty,
  clock: Clock.fixed(new Date(0)),
  random: () => 'seed',
}

type Outcome = E.Either<unknown, readonly [value: unknown, cookies: ReadonlyArray<string>]>

/** The outcome of a program and the names of the cookies after it. */
const outcomeOf = async (program: Http.Http<unknown, unknown>): Promise<Outcome> =>
  pipe(
    await Client.use(options)(program)(),
    E.map(([value, jar]) => [value, Jar.toArray(jar).map(({ name }) => name)] as const),
  )
const page = (name: string) =>
  pipe(Http.get(`http://h.test/${name}`), Http.flatMapEither(Response.ok), Http.map(Response.text))

/** Programs of each kind: a value, an error with and without a jar, and requests. */
const kinds = {
  of: (n: number) => Http.of(n),
  left: (n: number) => Http.left(n),
  page: (n: number) => page(`page${n}`),
  fail: (n: number) => page(`fail${n}`),
  mapped: (n: number) =>
    pipe(
      page(`fail${n}`),
      Http.mapError(() => n),
    ),
  rejected: (n: number) =>
    pipe(
      page(`page${n}`),
      Http.flatMap(() => Http.left(n)),
    ),
}
const program: fc.Arbitrary<Http.Http<unknown, unknown>> = fc
  .tuple(fc.constantFrom(...Object.values(kinds)), fc.nat(2))
  .map(([make, n]) => make(n))

const agree = async (x: Http.Http<unknown, unknown>, y: Http.Http<unknown, unknown>): Promise<void> => {
  const [left, right] = [await outcomeOf(x), await outcomeOf(y)]
  const comparable = (outcome: Outcome) =>
    JSON.stringify(outcome, (key, value) => (key === 'timing' ? undefined : value))
  expect(comparable(left)).toBe(comparable(right))
}

describe('the combinators', () => {
  const next = (value: unknown) => page(`next${String(value).length}`)
  it('are those of StateReaderTaskEither', async () => {
    const pairs: ReadonlyArray<
      readonly [
        (p: Http.Http<unknown, unknown>) => Http.Http<unknown, unknown>,
        (p: Http.Http<unknown, unknown>) => Http.Http<unknown, unknown>,
      ]
    > = [
      [Http.map(String), SRTE.map(String)],
      [Http.flatMap(next), SRTE.flatMap(next)],
      [Http.tap(next), SRTE.tap(next)],
      [Http.flatMapEither(E.right), SRTE.flatMapEither(E.right)],
      [Http.flatMapEither(E.left), SRTE.flatMapEither(E.left)],
      [Http.tapEither(E.left), SRTE.tapEither(E.left)],
      [Http.flatMapTaskEither(TE.left), SRTE.flatMapTaskEither(TE.left)],
      [Http.flatMapOption(O.some, String), SRTE.flatMapOption(O.some, String)],
      [Http.flatMapOption(() => O.none, String), SRTE.flatMapOption(() => O.none, String)],
      [Http.bindTo('a'), SRTE.bindTo('a')],
    ]
    await fc.assert(
      fc.asyncProperty(program, fc.constantFrom(...pairs), (p, [ours, theirs]) => agree(ours(p), theirs(p))),
    )
  })
  it('are a monad whose instances agree with them', async () => {
    await fc.assert(
      fc.asyncProperty(program, program, async (p, q) => {
        await agree(Http.Monad.chain(Http.of(1), next), next(1))
        await agree(Http.Monad.chain(p, Http.of), p)
        await agree(
          Http.Monad.chain(p, () => Http.Monad.chain(q, next)),
          Http.Monad.chain(
            Http.Monad.chain(p, () => q),
            next,
          ),
        )
        await agree(Http.Functor.map(p, String), Http.map(String)(p))
        await agree(
          sequenceT(Http.Apply)(p, q),
          pipe(
            p,
            Http.flatMap((x) => Http.map((y) => [x, y])(q)),
          ),
        )
        await agree(Http.MonadThrow.throwError(1), Http.left(1))
        await agree(
          Http.MonadTask.fromTask(async () => 1),
          Http.of(1),
        )
        await agree(
          Http.MonadTask.fromIO(() => 1),
          Http.of(1),
        )
      }),
      { numRuns: 30 },
    )
  })
  it('work with the functions of fp-ts for every applicative', async () => {
    const both = sequenceS(Http.Applicative)({ a: page('a'), b: Http.of(2) })
    const all = pipe(['c', 'd'], RA.traverse(Http.Applicative)(page))
    expect(await outcomeOf(both)).toEqual(E.right([{ a: 'a', b: 2 }, ['a']]))
    expect(await outcomeOf(all)).toEqual(
      E.right([
        ['c', 'd'],
        ['c', 'd'],
      ]),
    )
  })
  it('start from any fp-ts value with its value or error', async () => {
    const values = [
      Http.of(1),
      Http.fromEither(E.right(1)),
      Http.fromOption(() => 'none')(O.some(1)),
      Http.fromIO(() => 1),
      Http.fromTask(async () => 1),
      Http.fromTaskEither(TE.right(1)),
      Http.fromIOEither(() => E.right(1)),
      Http.fromReaderTaskEither(() => TE.right(1)),
    ]
    for (const value of values) expect(await outcomeOf(value)).toEqual(E.right([1, []]))
    const errors = [
      Http.left(1),
      Http.fromEither(E.left(1)),
      Http.fromOption(() => 1)(O.none),
      Http.fromTaskEither(TE.left(1)),
      Http.fromIOEither(() => E.left(1)),
      Http.fromReaderTaskEither(() => TE.left(1)),
    ]
    for (const error of errors) expect(await outcomeOf(error)).toEqual(E.left(1))
  })
  it('give each bound step the values of the steps before it', async () => {
    const record = pipe(
      Http.Do,
      Http.bind('a', () => page('a')),
      Http.let('length', ({ a }) => a.length),
      Http.apS('b', Http.of('b')),
      Http.bind('c', ({ a, b }) => page(a + b)),
    )
    expect(await outcomeOf(record)).toEqual(E.right([{ a: 'a', length: 1, b: 'b', c: 'ab' }, ['a', 'ab']]))
  })
  it('send only the cookies that are left after modifyJar', async () => {
    const cleared = pipe(
      page('a'),
      Http.flatMap(() => Http.modifyJar(Jar.clear())),
      Http.flatMap(() => page('b')),
    )
    expect(await outcomeOf(cleared)).toEqual(E.right(['b', ['b']]))
  })
})

describe('responses', () => {
  const decode = t.type({ name: t.string }).decode
  const server = Transport.memory({
    'GET /user': { status: 200, body: '{"name":"Ada"}' },
    'GET /other': { status: 200, body: '{"name":1}' },
    'GET /text': { status: 200, body: 'Ada' },
    'GET /missing': { status: 404, body: '{"name":"Ada"}' },
  })
  const run = (path: string) =>
    pipe(
      Http.get(`http://h.test${path}`),
      Http.json(decode),
      Http.mapError(({ _tag }) => _tag),
      Client.runWith({ ...options, transport: server }),
    )()
  it('of an error status are not decoded', async () => {
    const outcomes = await Promise.all(['/user', '/other', '/text', '/missing'].map(run))
    const expected = [E.right({ name: 'Ada' }), E.left('InvalidPayload'), E.left('NotJson'), E.left('StatusError')]
    expect(outcomes).toEqual(expected)
    const status = pipe(
      Http.get('http://h.test/missing'),
      Http.ok,
      Http.match(
        ({ _tag }) => _tag,
        ({ status }) => status,
      ),
    )
    expect(await Client.runWith({ ...options, transport: server })(status)()).toEqual(E.right('StatusError'))
  })
})

describe('after a failure', () => {
  const recovered: ReadonlyArray<(p: Http.Http<unknown, unknown>) => Http.Http<unknown, unknown>> = [
    Http.orElse(() => page('next')),
    Http.match(String, String),
    Http.matchE(
      () => page('left'),
      () => page('right'),
    ),
  ]
  it('the jar has the cookies of every exchange, whatever the error is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(9), fc.constantFrom(...Object.keys(kinds)), async (n, kind) => {
        const make = kinds[kind as keyof typeof kinds]
        const started = pipe(
          page('first'),
          Http.flatMap((): Http.Http<unknown, unknown> => make(n)),
        )
        const own = kind === 'of' || kind === 'left' ? [] : [kind === 'mapped' ? `fail${n}` : `${kind}${n}`]
        for (const recover of recovered) {
          const outcome = await outcomeOf(recover(started))
          const cookies = E.isRight(outcome) ? outcome.right[1] : expect.fail('it fails')
          const expected = ['first', ...own.map((name) => name.replace('rejected', 'page'))]
          expect(cookies.filter((name) => !['next', 'left', 'right'].includes(name))).toEqual(expected)
        }
      }),
    )
  })
  it('the jar has the cookies of exchanges after an older error that is rethrown', async () => {
    const rethrown = pipe(
      page('fail'),
      Http.orElse((older) =>
        pipe(
          page('refresh'),
          Http.flatMap(() => Http.left(older)),
        ),
      ),
    )
    const recovered = pipe(
      rethrown,
      Http.orElse(() => Http.of('recovered')),
    )
    const members = pipe(
      [rethrown, page('other')],
      Http.parallel(),
      Http.orElse(() => Http.of('recovered')),
    )
    expect(await outcomeOf(recovered)).toEqual(E.right(['recovered', ['fail', 'refresh']]))
    expect(await outcomeOf(members)).toEqual(E.right(['recovered', ['fail', 'other', 'refresh']]))
  })
  it('an error whose getters throw is recovered from like any other', async () => {
    const hostile = {
      get jar(): never {
        throw new Error('mine')
      },
    }
    const failing = pipe(
      page('a'),
      Http.flatMap(() => Http.left(hostile)),
    )
    for (const program of [failing, Http.parallel()([failing])]) {
      expect(await outcomeOf(Http.orElse(() => Http.of('recovered'))(program))).toEqual(E.right(['recovered', ['a']]))
    }
  })
  it('tapError runs its program and keeps the error, with the jar after that program', async () => {
    const tapped = pipe(
      page('fail'),
      Http.tapError(() => page('report')),
      Http.match(
        (error) => error._tag,
        () => 'no error',
      ),
    )
    expect(await outcomeOf(tapped)).toEqual(E.right(['StatusError', ['fail', 'report']]))
  })
  it.each([
    ['succeeds', 'page', E.right(['page', ['acquire', 'page', 'release']])],
    ['fails', 'fail', E.right(['failed', ['acquire', 'fail', 'release']])],
  ])('bracket releases when its use %s', async (_, use, expected) => {
    const released: string[] = []
    const bracketed = pipe(
      Http.bracket(
        page('acquire'),
        () => page(use),
        (resource, outcome) =>
          pipe(
            page('release'),
            Http.tap(() => Http.fromIO(() => released.push(`${resource} ${outcome._tag}`))),
          ),
      ),
      Http.orElse(() => Http.of('failed')),
    )
    expect(await outcomeOf(bracketed)).toEqual(expected)
    expect(released).toEqual([`acquire ${use === 'page' ? 'Right' : 'Left'}`])
  })
  it('bracket fails with the error of its acquisition, or of its release', async () => {
    const none = Http.bracket(
      Http.left('acquire'),
      () => page('used'),
      () => page('released'),
    )
    const late = Http.bracket(
      page('a'),
      () => Http.left('use'),
      () => Http.left('release'),
    )
    expect([await outcomeOf(none), await outcomeOf(late)]).toEqual([E.left('acquire'), E.left('release')])
  })
})

describe('many programs', () => {
  it('run one after the other in traverse, and stop at the first error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('page', 'fail'), { maxLength: 6 }), async (names) => {
        const each = pipe(
          names,
          Http.traverse((name, i) => page(`${name}${i}`)),
          Http.match(
            () => 'failed',
            (values) => values.length,
          ),
        )
        const first = names.indexOf('fail')
        const ran = names.map((name, i) => `${name}${i}`).slice(0, first < 0 ? names.length : first + 1)
        expect(await outcomeOf(each)).toEqual(E.right([first < 0 ? names.length : 'failed', ran]))
      }),
    )
  })
  it('unfold ends with the last state, and at the first error', async () => {
    const count = (last: number) =>
      Http.unfold((n: number) =>
        pipe(
          page(n === 3 ? 'fail' : `p${n}`),
          Http.map((text) => [text, n < last ? O.some(n + 1) : O.none] as const),
        ),
      )
    expect(await outcomeOf(count(2)(0))).toEqual(
      E.right([
        ['p0', 'p1', 'p2'],
        ['p0', 'p1', 'p2'],
      ]),
    )
    expect(
      await outcomeOf(
        pipe(
          count(9)(0),
          Http.match(({ _tag }) => _tag, String),
        ),
      ),
    ).toEqual(E.right(['StatusError', ['p0', 'p1', 'p2', 'fail']]))
  })
  it('unfold does not grow the stack', async () => {
    const long = Http.unfold((n: number) => Http.of([n, n < 20_000 ? O.some(n + 1) : O.none] as const))(0)
    expect(
      pipe(
        await outcomeOf(long),
        E.map(([values]) => Array.isArray(values) && values.length),
      ),
    ).toEqual(E.right(20_001))
  })
})

describe('parallel with failFast', () => {
  const hanging: Transport.Transport = (plan, controls) => () =>
    new Promise((resolve) => {
      const { signal } = controls
      if (plan.url.pathname.startsWith('/fail')) return resolve(E.right(Transport.reply({ status: 500 })))
      if (plan.url.pathname.startsWith('/ok'))
        return resolve(E.right(Transport.reply({ status: 200, headers: { 'set-cookie': 'ok=1' } })))
      const end = () => resolve(E.left(Transport.failed('Aborted', plan)(signal?.reason)))
      if (signal?.aborted) end()
      else signal?.addEventListener('abort', end)
    })
  const run = (paths: ReadonlyArray<string>, parallel: Http.Parallel) => {
    const started: string[] = []
    const one = (path: string) =>
      pipe(
        Http.fromIO(() => started.push(path)),
        Http.flatMap(() => Http.get(`http://h.test/${path}`)),
        Http.flatMapEither(Response.ok),
      )
    const all = pipe(
      paths.map(one),
      Http.parallel(parallel),
      Http.match(
        ({ _tag }) => _tag,
        (values) => values.length,
      ),
    )
    return pipe(
      all,
      Client.use({ ...options, transport: hanging }),
      TE.map(([value, jar]) => ({ value, jar, started })),
    )()
  }
  it('ends the requests that run and starts no more', async () => {
    const outcome = await run(['hang', 'ok', 'fail', 'late'], { concurrency: 2, failFast: true })
    expect(outcome).toMatchObject({ right: { value: 'StatusError', started: ['hang', 'ok', 'fail'] } })
    expect(
      pipe(
        outcome,
        E.map(({ jar }) => Jar.toArray(jar).length),
      ),
    ).toEqual(E.right(1))
  })
  it('waits for the others if one throws before it returns a promise', async () => {
    let ended = false
    const slow = Http.fromTask(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      ended = true
    })
    const broken: Http.Http<never, never> = () => () => () => {
      throw new Error('mine')
    }
    await expect(outcomeOf(Http.parallel()([slow, broken]))).rejects.toThrow('mine')
    expect(ended).toBe(true)
  })
  it('returns all values if nothing fails, and runs everything without it', async () => {
    expect(await run(['ok', 'ok'], { failFast: true })).toMatchObject({ right: { value: 2 } })
    expect(await run(['fail', 'ok'], { concurrency: 1 })).toMatchObject({ right: { started: ['fail', 'ok'] } })
  })
  it('leaves the signal of the client alone', async () => {
    const client = Client.open({ ...options, transport: hanging })()
    const failing = pipe([Http.get('http://h/hang'), Http.left('no')], Http.parallel({ failFast: true }))
    expect(await Client.runIn(client)(failing)()).toEqual(E.left('no'))
    expect(await Client.runIn(client)(Http.get('http://h/ok'))()).toMatchObject({ _tag: 'Right' })
  })
})
