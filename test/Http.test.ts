import { inspect } from 'node:util'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import * as Client from '../src/Client.js'
import type * as Cookie from '../src/cookies/Cookie.js'
import * as Jar from '../src/cookies/Jar.js'
import * as Http from '../src/Http.js'
import * as HttpError from '../src/HttpError.js'
import * as Response from '../src/Response.js'
import * as Environment from '../src/session/Environment.js'
import * as Request from '../src/session/Request.js'
import * as Session from '../src/session/Session.js'
import * as Transport from '../src/Transport.js'
import * as Secret from '../src/values/Secret.js'
import * as Clock from '../src/wire/Clock.js'
import type { Server } from '../src/wire/Reply.js'

const through = (transport: Transport.Transport, session = Session.empty): Client.Options => ({
  session,
  transport,
  environment: Environment.empty,
  clock: Clock.fixed(new Date(0)),
  random: () => 'seed',
})
const world = (server: Server, session = Session.empty): Client.Options => through(Transport.memory(server), session)

const cookieNames = (jar: Jar.Jar) => Jar.toArray(jar).map(({ name }) => name)
const valueOf = (name: string, jar: Jar.Jar) =>
  pipe(Jar.lookup(name)(jar), E.map(O.map((cookie: Cookie.Cookie) => Secret.reveal(cookie.value))))

const setting: Server = (plan) => ({
  status: plan.url.pathname === '/fail' ? 500 : 200,
  headers: { 'set-cookie': `${plan.url.pathname.slice(1)}=1; Path=/` },
  body: plan.url.pathname,
})

const breaking: Transport.Transport = (plan, limits) =>
  plan.url.pathname === '/cut'
    ? async () => E.left(Transport.failed('BodyCut', plan)('gone'))
    : Transport.memory(setting)(plan, limits)

describe('attempt and send', () => {
  it('attempt keeps the jar of every outcome', async () => {
    const program = pipe(
      Http.attempt(Request.get('http://h/a')),
      SRTE.flatMap(() => Http.attempt(Request.get('http://h/cut'))),
      SRTE.flatMap(() => Http.attempt(Request.get('bad url'))),
      SRTE.flatMap(() => Http.attempt(Request.get('http://h/b'))),
    )
    const outcome = await pipe(program, Client.use(through(breaking)))()
    expect(
      pipe(
        outcome,
        E.map(([, jar]) => cookieNames(jar)),
      ),
    ).toEqual(E.right(['a', 'b']))
  })
  it('send fails, and its error carries the jar', async () => {
    const program = pipe(
      Http.get('http://h/a'),
      SRTE.flatMap(() => Http.get('http://h/cut')),
    )
    const outcome = await pipe(program, Client.use(through(breaking)))()
    expect(E.isLeft(outcome) && outcome.left._tag).toBe('BodyCut')
    expect(E.isLeft(outcome) && pipe(HttpError.jar(outcome.left), O.map(cookieNames))).toEqual(O.some(['a']))
  })
  it('a status error and a decoding error carry the jar too', async () => {
    const status = await pipe(Http.get('http://h/fail'), SRTE.flatMapEither(Response.ok), Client.use(world(setting)))()
    expect(E.isLeft(status) && HttpError.show(status.left)).toBe(
      'StatusError: 500 Server Error: Internal Server Error for url: http://h/fail (GET)',
    )
    expect(E.isLeft(status) && pipe(HttpError.jar(status.left), O.map(cookieNames))).toEqual(O.some(['fail']))
    const json = await pipe(
      Http.get('http://h/a'),
      SRTE.flatMapEither(Response.json(t.string.decode)),
      Client.use(world(setting)),
    )()
    expect(E.isLeft(json) && json.left._tag).toBe('NotJson')
    expect(E.isLeft(json) && O.isSome(HttpError.jar(json.left))).toBe(true)
  })
  it('makes a Left of a transport that throws, rejects, or returns an invalid value', async () => {
    const bad: ReadonlyArray<Transport.Transport> = [
      () => {
        throw new Error('sync')
      },
      () => async () => Promise.reject(new Error('async')),
    ]
    for (const transport of bad) {
      const outcome = await pipe(Http.get('http://h/'), Client.use({ ...world(setting), transport }))()
      expect(E.isLeft(outcome) && outcome.left._tag).toBe('ProtocolError')
    }
  })
  it('makes a Left of a server that throws', async () => {
    const outcome = await pipe(
      Http.get('http://h/'),
      Client.use(
        world(() => {
          throw new Error('oops')
        }),
      ),
    )()
    expect(E.isLeft(outcome) && outcome.left._tag).toBe('ProtocolError')
  })
})

describe('orElse', () => {
  it('continues with the jar of the error', async () => {
    const program = pipe(
      Http.get('http://h/a'),
      SRTE.flatMap(() => Http.get('http://h/cut')),
      Http.orElse((error) => (error._tag === 'BodyCut' ? Http.get('http://h/mirror') : SRTE.left(error))),
      SRTE.map(Response.text),
    )
    const outcome = await pipe(program, Client.use(through(breaking)))()
    expect(
      pipe(
        outcome,
        E.map(([text, jar]) => [text, cookieNames(jar)]),
      ),
    ).toEqual(E.right(['/mirror', ['a', 'mirror']]))
  })
})

describe('locally', () => {
  it('changes the session for one program', async () => {
    const seen: Server = (plan) => ({ status: 200, body: String(plan.headers.fields.length) })
    const one = pipe(Http.get('http://h/'), SRTE.map(Response.text))
    const program = pipe(
      one,
      Http.locally(Session.withBearer('t')),
      SRTE.flatMap((inside) =>
        pipe(
          one,
          SRTE.map((outside) => [inside, outside]),
        ),
      ),
    )
    expect(
      pipe(
        await pipe(program, Client.use(world(seen)))(),
        E.map(([texts]) => texts),
      ),
    ).toEqual(E.right(['1', '0']))
  })
})

describe('parallel', () => {
  const item = (path: string) =>
    pipe(Http.get(`http://h/${path}`), SRTE.flatMapEither(Response.ok), SRTE.map(Response.text))

  it('returns the results in order and joins the jars', async () => {
    const outcome = await pipe(['a', 'b', 'c'].map(item), Http.parallel(), Client.use(world(setting)))()
    expect(
      pipe(
        outcome,
        E.map(([texts, jar]) => [texts, [...cookieNames(jar)].sort()]),
      ),
    ).toEqual(
      E.right([
        ['/a', '/b', '/c'],
        ['a', 'b', 'c'],
      ]),
    )
  })
  it('waits for all programs, then returns the first error with the joined jar', async () => {
    const outcome = await pipe(
      [item('a'), item('fail'), item('c'), item('fail')] as const,
      Http.parallel({ concurrency: 2 }),
      Client.use(world(setting)),
    )()
    expect(
      E.isLeft(outcome) &&
        pipe(
          HttpError.jar(outcome.left),
          O.map((jar) => [...cookieNames(jar)].sort()),
        ),
    ).toEqual(O.some(['a', 'c', 'fail']))
  })
  it('runs at most `limit` programs at a time', async () => {
    let running = 0
    let most = 0
    const slow: Transport.Transport = (_plan, _limits) => async () => {
      running += 1
      most = Math.max(most, running)
      await new Promise((resolve) => setTimeout(resolve, 2))
      running -= 1
      return E.right(Transport.reply({ status: 200 }))
    }
    const many = Array.from({ length: 20 }, (_, i) => Http.get(`http://h/${i}`))
    for (const concurrency of [1, 3, 0, 100]) {
      most = 0
      await pipe(many, Http.parallel({ concurrency }), Client.use(through(slow)))()
      expect(most).toBe(Math.min(20, Math.max(1, concurrency)))
    }
  })
  it('treats a limit below 1 or NaN as 1, and rounds a fraction down', async () => {
    const odd = fc.oneof(fc.constantFrom(Number.NaN, -1, 0, Number.NEGATIVE_INFINITY), fc.double({ max: 8 }))
    await fc.assert(
      fc.asyncProperty(odd, fc.integer({ min: 1, max: 6 }), async (concurrency, count) => {
        let [running, most] = [0, 0]
        const transport: Transport.Transport = (plan) => async () => {
          running += 1
          most = Math.max(most, running)
          await new Promise((resolve) => setImmediate(resolve))
          running -= 1
          return E.right(Transport.reply({ status: 200, body: plan.url.pathname }))
        }
        const paths = Array.from({ length: count }, (_, i) => `/${i}`)
        const programs = paths.map((path) => pipe(Http.get(`http://h${path}`), SRTE.map(Response.text)))
        const outcome = await pipe(programs, Http.parallel({ concurrency }), Client.use(through(transport)))()
        expect(
          pipe(
            outcome,
            E.map(([texts]) => texts),
          ),
        ).toEqual(E.right(paths))
        expect(most).toBe(Math.min(count, concurrency >= 1 ? Math.floor(concurrency) : 1))
      }),
      { numRuns: 50 },
    )
  })
  it('returns an empty list if there are no programs', async () => {
    expect(
      pipe(
        await pipe([], Http.parallel(), Client.use(world(setting)))(),
        E.map(([values]) => values),
      ),
    ).toEqual(E.right([]))
  })
  it('reuses a digest nonce only in the first program', async () => {
    const counts: string[] = []
    const guard: Server = (plan) => {
      const header = plan.headers.fields.find(([name]) => name === 'Authorization')?.[1]
      const nc = /nc=(\d+)/.exec(header === undefined ? '' : Secret.reveal(header))?.[1]
      if (nc === undefined)
        return { status: 401, headers: { 'www-authenticate': 'Digest realm="r", nonce="n", qop="auth"' } }
      counts.push(nc)
      return { status: 200 }
    }
    const session = pipe(Session.empty, Session.withDigestAuth('me', 'pw'))
    const program = pipe(
      Http.get('http://h/'),
      SRTE.flatMap(() => Http.parallel({ concurrency: 1 })([Http.get('http://h/1'), Http.get('http://h/2')])),
    )
    await pipe(program, Client.use(world(guard, session)))()
    // The second has no challenge in its jar: the server challenges it again, and it starts its own count.
    expect(counts).toEqual(['00000001', '00000002', '00000001'])
  })
})

describe('hooks', () => {
  it('see each head in order before its cookies are stored, and may change it', async () => {
    const seen: string[] = []
    const session = pipe(
      Session.empty,
      Session.withHook((head, plan) => {
        seen.push(`1 ${plan.url.pathname} ${head.status}`)
        return TE.right({ ...head, headers: { fields: [...head.headers.fields, ['Set-Cookie', 'hooked=1']] } })
      }),
      Session.withHook((head) => {
        seen.push(`2 ${head.headers.fields.length}`)
        return TE.right(head)
      }),
    )
    const server: Server = { 'GET /': { status: 302, headers: { location: '/x' } }, 'GET /x': { status: 200 } }
    const outcome = await pipe(Http.get('http://h/'), Client.use(world(server, session)))()
    expect(seen).toEqual(['1 / 302', '2 2', '1 /x 200', '2 1'])
    expect(
      pipe(
        outcome,
        E.map(([, jar]) => valueOf('hooked', jar)),
      ),
    ).toEqual(E.right(E.right(O.some('1'))))
  })
  it('that fail, throw or reject end the exchange with the jar', async () => {
    const hooks = [
      () => TE.left('teapot'),
      () => {
        throw new Error('teapot')
      },
      () => () => Promise.reject(new Error('teapot')),
    ]
    for (const hook of hooks) {
      const server: Server = {
        'GET /': { status: 302, headers: { location: '/x', 'set-cookie': 'a=1' } },
        'GET /x': { status: 418 },
      }
      const session = pipe(
        Session.empty,
        Session.withHook((head) => (head.status === 418 ? hook() : TE.right(head))),
      )
      const outcome = await pipe(Http.get('http://h/'), Client.use(world(server, session)))()
      expect(E.isLeft(outcome) && outcome.left._tag).toBe('HookFailed')
      expect(E.isLeft(outcome) && pipe(HttpError.jar(outcome.left), O.map(cookieNames))).toEqual(O.some(['a']))
    }
  })
  it("of a request replace the session's hooks if it uses withHooks", async () => {
    const seen: string[] = []
    const note = (name: string) => Session.withHook((head) => TE.fromIO(() => (seen.push(name) > 0 ? head : head)))
    const session = pipe(Session.empty, note('session'))
    await pipe(Http.get('http://h/', note('request')), Client.use(world(setting, session)))()
    await pipe(
      Http.get('http://h/', Request.withHooks([(head) => TE.fromIO(() => (seen.push('alone') > 0 ? head : head))])),
      Client.use(world(setting, session)),
    )()
    expect(seen).toEqual(['session', 'request', 'alone'])
  })
})

describe('stream', () => {
  it('passes the body to the callback', async () => {
    const program = pipe(
      Request.get('http://h/abc'),
      Http.stream((head, body) =>
        TE.tryCatch(
          async () => {
            let text = `${head.status} `
            for await (const chunk of body) text += Buffer.from(chunk).toString()
            return text
          },
          (cause) => cause,
        ),
      ),
    )
    expect(
      pipe(
        await pipe(program, Client.use(world(setting)))(),
        E.map(([text]) => text),
      ),
    ).toEqual(E.right('200 /abc'))
  })
  it('reports a truncated body as an error, whatever the callback returns', async () => {
    async function* cut() {
      yield Buffer.from('half')
      throw new Error('gone')
    }
    const transport: Transport.Transport = () => async () =>
      E.right(Transport.reply({ status: 200, body: cut(), headers: { 'set-cookie': 'a=1' } }))
    const swallow = Http.stream((_head, body) => async () => {
      try {
        for await (const _ of body);
      } catch {
        return E.right('whole')
      }
      return E.right('whole')
    })
    const outcome = await pipe(Request.get('http://h/'), swallow, Client.use({ ...world(setting), transport }))()
    expect(E.isLeft(outcome) && outcome.left._tag).toBe('BodyCut')
    expect(E.isLeft(outcome) && pipe(HttpError.jar(outcome.left), O.map(cookieNames))).toEqual(O.some(['a']))
  })
  it('releases the body on every path', async () => {
    let closed = 0
    const transport: Transport.Transport = () => async () => {
      const reply = Transport.reply({ status: 200, body: 'x' })
      return E.right({
        ...reply,
        body: {
          ...reply.body,
          [Symbol.asyncIterator]: reply.body[Symbol.asyncIterator],
          discard: async () => {
            closed += 1
          },
        },
      })
    }
    const options = { ...world(setting), transport }
    await pipe(
      Request.get('http://h/'),
      Http.stream(() => TE.right(1)),
      Client.use(options),
    )()
    await pipe(
      Request.get('http://h/'),
      Http.stream(() => TE.left('no')),
      Client.use(options),
    )()
    await expect(
      pipe(
        Request.get('http://h/'),
        Http.stream(() => {
          throw new Error('mine')
        }),
        Client.use(options),
      )(),
    ).rejects.toThrow('mine')
    expect(closed).toBe(3)
  })
})

describe('plan, start, resume', () => {
  it('sends an edited plan', async () => {
    const server: Server = (plan) => ({ status: 200, body: plan.method })
    const program = pipe(
      Http.start(Request.get('http://h/')),
      SRTE.flatMap((exchange) => Http.resume({ ...exchange, plan: { ...exchange.plan, method: 'QUERY' } })),
      SRTE.map(Response.text),
    )
    expect(
      pipe(
        await pipe(program, Client.use(world(server)))(),
        E.map(([text]) => text),
      ),
    ).toEqual(E.right('QUERY'))
  })
  it('joins the jar of the exchange with that of the program', async () => {
    const program = pipe(
      Http.start(Request.get('http://h/late')),
      SRTE.flatMap((exchange) =>
        pipe(
          Http.get('http://h/early'),
          SRTE.flatMap(() => Http.resume(exchange)),
        ),
      ),
    )
    expect(
      pipe(
        await pipe(program, Client.use(world(setting)))(),
        E.map(([, jar]) => [...cookieNames(jar)].sort()),
      ),
    ).toEqual(E.right(['early', 'late']))
  })
})

describe('Client', () => {
  it('sends nothing when it is closed', async () => {
    const client = Client.open(world(setting))()
    await Client.close(client)()
    const outcome = await Http.get('http://h/')(Jar.empty)(client)()
    expect(outcome).toMatchObject({ left: { _tag: 'ClientClosed', unsent: true } })
  })
  it('sends through a mounted transport', async () => {
    const session = Session.mount(
      'http://m/',
      Transport.memory(() => ({ status: 299 })),
    )(Session.empty)
    const outcome = await pipe(
      Http.parallel()([Http.get('http://m/x'), Http.get('http://h/')]),
      Client.use(world(setting, session)),
    )()
    expect(
      pipe(
        outcome,
        E.map(([responses]) => responses.map(({ status }) => status)),
      ),
    ).toEqual(E.right([299, 200]))
  })
  it('accepts a function as the wall clock', () => {
    const client = Client.open({ ...world(setting), clock: () => new Date(7) })()
    expect(client.clock.now().getTime()).toBe(7)
    expect(client.clock.monotonic()).toBeGreaterThan(0)
  })
  it('stops a request when its signal aborts', async () => {
    const controller = new AbortController()
    controller.abort()
    const outcome = await pipe(Http.get('http://h/'), Http.withSignal(controller.signal), Client.use(world(setting)))()
    expect(E.isLeft(outcome) && outcome.left._tag).toBe('Aborted')
  })
})

describe('a response', () => {
  it('has all its fields', async () => {
    const server: Server = {
      'GET /': { status: 302, headers: { location: '/x#f' } },
      'GET /x': {
        status: 201,
        reason: 'Made',
        headers: { 'content-type': 'text/plain; charset=latin1', 'set-cookie': 'a=1', link: '</next>; rel=next' },
        body: Buffer.from('h\xe9\r\nb\n', 'latin1'),
      },
    }
    const outcome = await pipe(Http.get('http://u:p@h/'), Client.use(world(server)))()
    if (E.isLeft(outcome)) return expect.fail(HttpError.show(outcome.left))
    const [response, jar] = outcome.right
    expect(response).toMatchObject({ status: 201, reason: 'Made', url: 'http://h/x#f', encoding: O.some('latin1') })
    expect(Response.text(response)).toBe('hé\r\nb\n')
    expect(Response.lines(response)).toEqual(['hé', 'b'])
    expect(Response.link('next')(response)).toEqual(O.some('http://h/next'))
    expect(response.history.map(({ head }) => head.status)).toEqual([302])
    expect(response.cookies.map(({ name }) => name)).toEqual(['a'])
    expect(response.jar).toBe(jar)
    expect(Response.isRedirect(response)).toBe(false)
  })
  it('hides cookie values from every printer', async () => {
    const server: Server = () => ({ status: 200, headers: { 'set-cookie': 'sid=canary' } })
    const outcome = await pipe(Http.get('http://h/'), Client.use(world(server)))()
    expect(inspect(outcome, { depth: null, showHidden: true })).not.toContain('canary')
    expect(JSON.stringify(outcome)).not.toContain('canary')
  })
})
