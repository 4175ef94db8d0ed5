import { getEventListeners } from 'node:events'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { flow, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Client, Clock, Environment, Http, Jar, Request, Response, Secret, Session, Transport } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { untyped } from './untyped.js'

/** A transport that counts how often it is closed. */
const closable = (inner: Transport.Transport) => {
  let closed = 0
  const close = async () => {
    closed += 1
  }
  const send: Transport.Transport = (plan, controls) => inner(plan, controls)
  return { transport: Object.assign(send, { close }), closed: () => closed }
}

/** A server that waits before it answers, so that programs overlap, and sets a cookie with the name of the path. */
const slow =
  (delay = 5): Transport.Transport =>
  (plan, controls) =>
  async () => {
    await new Promise((resolve) => setTimeout(resolve, delay))
    if (controls.signal?.aborted) return E.left(Transport.failed('Aborted', plan)(controls.signal.reason))
    const name = plan.url.pathname.slice(1)
    return E.right(
      Transport.reply({ status: name.startsWith('fail') ? 500 : 200, headers: { 'set-cookie': `${name}=1; Path=/` } }),
    )
  }

const options = (transport: Transport.Transport): Client.Options => ({
  session: Session.empty,
  transport,
  environment: Environment.empty,
})
const names = (jar: Jar.Jar) =>
  Jar.toArray(jar)
    .map(({ name }) => name)
    .sort()
const page = (name: string) => pipe(Http.get(`http://h.test/${name}`), Http.flatMapEither(Response.ok))

describe('a task of a client', () => {
  it('rejects, and does not throw, if a source of the user throws', async () => {
    const broken = (): never => {
      throw new Error('mine')
    }
    const transport = Transport.memory({ 'GET /': { status: 200 } })
    for (const source of [{ random: broken }, { clock: broken }]) {
      const client = Client.open({ session: Session.empty, environment: Environment.empty, transport, ...source })()
      for (const program of [Http.get('http://h.test/'), Http.attempt(Request.get('http://h.test/'))]) {
        const running: Promise<unknown> = program(Jar.empty)(client)()
        await expect(running).rejects.toThrow('mine')
      }
    }
  })
})

describe('a client and the transports it was given', () => {
  it('leaves them open on every path', async () => {
    const given = closable(Transport.memory(() => ({ status: 200 })))
    const mounted = closable(Transport.memory(() => ({ status: 200 })))
    const session = Session.mount('http://m/', mounted.transport)(Session.empty)
    const shared = { ...options(given.transport), session }
    await pipe(Http.get('http://h/'), Client.use(shared))()
    await pipe(Http.get('bad'), Client.runWith(shared))()
    const broken: Http.Http<never, never> = () => () => () => Promise.reject(new Error('mine'))
    await expect(pipe(broken, Client.use(shared))()).rejects.toThrow('mine')
    await pipe(
      Http.get('http://n/'),
      Http.locally(Session.mount('http://n/', mounted.transport)),
      Client.runWith(shared),
    )()
    const client = Client.open(shared)()
    await Client.close(client)()
    expect([given.closed(), mounted.closed()]).toEqual([0, 0])
    await Transport.close(given.transport)()
    expect(given.closed()).toBe(1)
  })
  it('closes the transport that it made, once for each client and on every path', async () => {
    const { transport, closed } = closable(Transport.memory(() => ({ status: 200 })))
    const own: Client.Options = { session: Session.empty, openTransport: () => transport }
    const broken: Http.Http<never, never> = () => () => () => Promise.reject(new Error('mine'))
    await pipe(Http.get('http://h/'), Client.runWith(own))()
    await pipe(Http.get('bad'), Client.runWith(own))()
    await expect(pipe(broken, Client.runWith(own))()).rejects.toThrow('mine')
    expect(closed()).toBe(3)
  })
  it('wraps the transport that it opens or is given, and closes only what it opened', async () => {
    const wrap = flow(Transport.withLimit({ concurrency: 2 }), Transport.withRetry({ attempts: 3, base: 0, jitter: 0 }))
    for (const key of ['transport', 'openTransport'] as const) {
      let calls = 0
      const flaky = Transport.memory(() => ({ status: ++calls < 3 ? 503 : 200 }))
      const { transport, closed } = closable(flaky)
      const source = key === 'transport' ? { transport } : { openTransport: () => transport }
      const outcome = await pipe(
        Http.get('http://h/'),
        Client.runWith({ session: Session.empty, ...source, wrapTransport: wrap }),
      )()
      expect(outcome).toMatchObject({ right: { status: 200 } })
      expect([calls, closed()]).toEqual([3, key === 'transport' ? 0 : 1])
    }
  })
  it('closes the transport that it opened once, also in a wrapper that has no close', async () => {
    for (const key of ['transport', 'openTransport'] as const) {
      const { transport, closed } = closable(Transport.memory({ 'GET /': { status: 200 } }))
      const source = key === 'transport' ? { transport } : { openTransport: () => transport }
      const wrapTransport =
        (inner: Transport.Transport): Transport.Transport =>
        (plan, controls) =>
          inner(plan, controls)
      const program = pipe(Http.get('http://h/'), Client.runWith({ session: Session.empty, ...source, wrapTransport }))
      expect(await program()).toMatchObject({ right: { status: 200 } })
      expect(closed()).toBe(key === 'transport' ? 0 : 1)
    }
  })
  it('calls the close of a transport as its method, of the wrapper or else of the transport inside it', async () => {
    const counted = () =>
      Object.assign(Transport.memory({}), {
        closed: 0,
        async close() {
          this.closed += 1
        },
      })
    const plain =
      (inner: Transport.Transport): Transport.Transport =>
      (plan, controls) =>
        inner(plan, controls)
    for (const wrap of [undefined, plain]) {
      const transport = counted()
      const wrapTransport = wrap === undefined ? {} : { wrapTransport: wrap }
      await pipe(Http.get('http://h/'), Client.runWith({ openTransport: () => transport, ...wrapTransport }))()
      expect(transport.closed).toBe(1)
    }
  })
  it('ends the waits of a wrapped transport with ClientClosed', async () => {
    for (const wrapTransport of [
      Transport.withRetry({ attempts: 3, base: 10_000 }),
      Transport.withLimit({ concurrency: 1, rate: { requests: 1, per: 60_000 } }),
    ]) {
      const shared = options(Transport.memory(() => ({ status: 503 })))
      const client = Client.open({ ...shared, wrapTransport })()
      const running = [page('a'), page('b')].map((program) => Client.runIn(client)(program)())
      await new Promise((resolve) => setTimeout(resolve, 30))
      await Client.close(client)()
      expect((await Promise.all(running))[1]).toMatchObject({ left: { _tag: 'ClientClosed' } })
    }
  })
  it('keeps other clients of a shared transport or mount working when it is closed', async () => {
    const through = { given: options(slow(20)), mounted: options(Transport.memory({})) }
    const session = Session.mount('http://h.test/', slow(20))(Session.empty)
    for (const shared of [through.given, { ...through.mounted, session }]) {
      const fast = pipe(Http.of('fast'), Client.runWith(shared))
      const outcomes = await Promise.all([pipe(page('slow'), Client.runWith(shared))(), fast()])
      expect(outcomes.map(({ _tag }) => _tag)).toEqual(['Right', 'Right'])
    }
  })
  it('ends its own requests through them with ClientClosed, and leaves those of other clients', async () => {
    const transport: Transport.Transport = (plan, controls) => () =>
      new Promise((resolve) => {
        const end = () => resolve(E.left(Transport.failed('Aborted', plan)(controls.signal?.reason)))
        controls.signal?.addEventListener('abort', end)
        setTimeout(() => resolve(E.right(Transport.reply({ status: 200 }))), 200)
      })
    const retried = pipe(transport, Transport.withRetry({ attempts: 3, base: 10_000, statuses: [200] }))
    const clients = [
      options(transport),
      options(retried),
      { ...options(retried), signal: new AbortController().signal },
    ]
    for (const shared of clients) {
      const [closing, staying] = [Client.open(shared)(), Client.open(options(transport))()]
      const running = [closing, staying].map((client) => pipe(Http.get('http://h.test/'), Client.runIn(client))())
      await new Promise((resolve) => setTimeout(resolve, 250))
      await Client.close(closing)()
      const after = await pipe(Http.get('http://h.test/'), Client.runIn(closing))()
      expect(after).toMatchObject({ left: { _tag: 'ClientClosed', unsent: true } })
      expect(await running[1]).toMatchObject({ _tag: 'Right' })
    }
  })
  it('ends its requests through a transport of the caller that closing does not end', async () => {
    const waiting: Transport.Transport =
      (plan, { signal }) =>
      () =>
        new Promise((resolve) => {
          signal?.addEventListener('abort', () => resolve(E.left(Transport.failed('Aborted', plan)(signal.reason))))
        })
    const hook = Session.withHook(
      (head) => () => new Promise((resolve) => setTimeout(() => resolve(E.right(head)), 300)),
    )
    const hooked = { ...options(slow(0)), session: hook(Session.empty) }
    const { transport: _, ...own } = options(waiting)
    for (const opening of [hooked, { ...own, openTransport: () => waiting }]) {
      const client = Client.open(opening)()
      const running = Client.runIn(client)(page('a'))()
      await new Promise((resolve) => setTimeout(resolve, 30))
      await Client.close(client)()
      const first = await Promise.race([running, new Promise((resolve) => setTimeout(() => resolve('late'), 100))])
      expect(first).toMatchObject({ _tag: 'Left' })
    }
  })
  it('makes no request after it was closed, not even through a transport that is mounted later', async () => {
    const client = Client.open(options(Transport.memory({})))()
    await Client.close(client)()
    const mounted = Http.locally(Session.mount('http://', Transport.memory({})))(Http.get('http://h/'))
    expect(await pipe(mounted, Client.runIn(client))()).toMatchObject({ left: { _tag: 'ClientClosed', unsent: true } })
  })
})

describe('runIn', () => {
  const kinds = ['of', 'get', 'fail', 'mapped', 'parallel'] as const
  const programOf = (kind: (typeof kinds)[number], i: number): Http.Http<unknown, unknown> => {
    if (kind === 'of') return Http.of(i)
    if (kind === 'fail') return page(`fail${i}`)
    if (kind === 'mapped')
      return pipe(
        page(`fail${i}`),
        Http.mapError(() => 'mine'),
      )
    if (kind === 'parallel') return pipe([page(`a${i}`), page(`b${i}`)], Http.parallel())
    return page(`get${i}`)
  }
  const cookiesOf = (kind: (typeof kinds)[number], i: number): ReadonlyArray<string> => {
    if (kind === 'of') return []
    if (kind === 'parallel') return [`a${i}`, `b${i}`]
    return [kind === 'get' ? `get${i}` : `fail${i}`]
  }
  it('keeps the cookies of all programs that run at the same time, whether they succeed or fail', async () => {
    const run = fc.array(fc.record({ kind: fc.constantFrom(...kinds), start: fc.nat(8) }), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(run, async (programs) => {
        const jar = await pipe(
          Client.scoped(options(slow(2)))((client) => async () => {
            await Promise.all(
              programs.map(async ({ kind, start }, i) => {
                await new Promise((resolve) => setTimeout(resolve, start))
                await pipe(programOf(kind, i), Client.runIn(client))()
              }),
            )
            return E.right(Client.jar(client)())
          }),
        )()
        const expected = programs.flatMap(({ kind }, i) => cookiesOf(kind, i)).sort()
        expect(pipe(jar, E.map(names))).toEqual(E.right(expected))
      }),
      { numRuns: 40 },
    )
  })
  it('starts with the jar of the options and passes it on from program to program', async () => {
    const seen: Transport.Transport = Transport.memory((plan) => ({
      status: 200,
      body: plan.headers.fields
        .filter(([name]) => name === 'Cookie')
        .map(([, value]) => (typeof value === 'string' ? value : Secret.reveal(value)))
        .join(),
      headers: { 'set-cookie': `${plan.url.pathname.slice(1)}=1` },
    }))
    const first = await pipe(page('a'), Client.use(options(seen)))()
    if (E.isLeft(first)) return expect.fail(first.left._tag)
    const client = Client.open({ ...options(seen), jar: first.right[1] })()
    const texts = pipe(
      TE.sequenceSeqArray(['b', 'c'].map((name) => pipe(page(name), Http.map(Response.text), Client.runIn(client)))),
    )
    expect(await texts()).toEqual(E.right(['a=1', 'a=1; b=1']))
  })
  it('gives the digest challenges to one program at a time, so that no nonce is counted twice', async () => {
    const counts: string[] = []
    let nonces = 0
    const answer = Transport.memory((plan) => {
      const header = plan.headers.fields.find(([name]) => name === 'Authorization')?.[1]
      const sent = header === undefined || typeof header === 'string' ? '' : Secret.reveal(header)
      const [, nc] = /nc=(\d+)/.exec(sent) ?? []
      if (nc === undefined)
        return {
          status: 401,
          headers: { 'www-authenticate': `Digest realm="r", nonce="n${nonces++}", qop="auth"` },
        }
      counts.push(`${/nonce="(\w+)"/.exec(sent)?.[1]} ${nc}`)
      return { status: 200 }
    })
    const guard: Transport.Transport = (plan, controls) => async () => {
      await new Promise((resolve) => setTimeout(resolve, 2))
      return answer(plan, controls)()
    }
    const session = pipe(Session.empty, Session.withDigestAuth('me', 'pw'))
    const get = pipe(Http.get('http://h.test/'), Http.flatMapEither(Response.ok))
    const client = Client.open({ ...options(guard), session })()
    const twice = pipe(
      get,
      Http.flatMap(() => get),
    )
    await Client.runIn(client)(get)()
    await Promise.all(
      [
        get,
        twice,
        pipe(
          twice,
          Http.flatMap(() => twice),
        ),
        get,
      ]
        .map(Client.runIn(client))
        .map((run) => run()),
    )
    await Client.runIn(client)(get)()
    expect(new Set(counts).size).toBe(counts.length)
  })
  it('keeps what modifyJar changed if the program fails later', async () => {
    const name = (value: string) =>
      Http.modifyJar((jar) => Jar.absorb(new URL('http://h.test/'), [`${value}=1`], new Date())(jar)[0])
    const client = Client.open(options(slow(1)))()
    const failing = [
      pipe(
        name('a'),
        Http.flatMap(() => page('fail')),
      ),
      pipe(
        name('b'),
        Http.flatMap(() => Http.left('mine')),
      ),
    ]
    for (const program of failing) await Client.runIn(client)<unknown, unknown>(program)()
    expect(names(Client.jar(client)())).toEqual(['a', 'b', 'fail'])
  })
  it('keeps a deletion by a program that started before the cookie was refreshed', async () => {
    const client = Client.open(options(slow(1)))()
    await Client.runIn(client)(page('sid'))()
    let refreshed = (): void => {}
    const untilRefreshed = new Promise<void>((resolve) => {
      refreshed = resolve
    })
    const logout = pipe(
      page('slow'),
      Http.tap(() => Http.fromTask(() => untilRefreshed)),
      Http.flatMap(() => Http.modifyJar(Jar.clear())),
    )
    const running = Client.runIn(client)(logout)()
    await Client.runIn(client)(page('sid'))()
    refreshed()
    await running
    expect(names(Client.jar(client)())).not.toContain('sid')
  })
  it('leaves no listener on a signal that outlives its programs', async () => {
    const { signal } = new AbortController()
    const client = Client.open({ ...options(slow(0)), signal })()
    const before = getEventListeners(signal, 'abort').length
    const each = pipe(
      [page('a'), page('b')],
      Http.parallel({ failFast: true }),
      Http.withSignal(signal),
      Http.locally(Session.mount('http://m.test/', slow(0))),
    )
    for (let i = 0; i < 20; i++) await Client.runIn(client)(each)()
    expect(getEventListeners(signal, 'abort').length).toBe(before)
    await Client.close(client)()
    expect(getEventListeners(signal, 'abort').length).toBe(0)
  })
  it('returns the challenges after a program that threw', async () => {
    const client = Client.open(options(Transport.memory(() => ({ status: 200 }))))()
    const broken: Http.Http<never, never> = () => () => () => Promise.reject(new Error('mine'))
    await expect(Client.runIn(client)(broken)()).rejects.toThrow('mine')
    const loans = [client.shared.borrow(), client.shared.borrow()]
    expect(loans.map(({ update }) => update === client.shared.update)).toEqual([true, false])
  })
  it('runs programs of a ReaderTaskEither with the client of its environment', async () => {
    const login = pipe(
      page('sid'),
      Http.toReaderTaskEither,
      RTE.flatMap(() => pipe(page('me'), Http.toReaderTaskEither)),
    )
    const jar = await Client.scoped(options(slow(1)))((http) =>
      pipe(
        login({ http }),
        TE.map(() => names(Client.jar(http)())),
      ),
    )()
    expect(jar).toEqual(E.right(['me', 'sid']))
  })
})

describe('options', () => {
  it('that are left out have the default session, transport and an empty jar', () => {
    const client = Client.open()()
    expect(client.session).toBe(Session.defaults)
    expect(Jar.isEmpty(Client.jar(client)())).toBe(true)
  })
  it('that return no transport, in plain JavaScript, are a Left', async () => {
    for (const none of [{ openTransport: () => undefined }, { wrapTransport: () => undefined }]) {
      const outcome = await pipe(Http.get('http://h/'), Client.runWith(untyped<Client.Options>(none)))()
      expect(outcome).toMatchObject({ left: { _tag: 'ProtocolError' } })
    }
  })
  it('leave no listener on the signal if opening fails', () => {
    const { signal } = new AbortController()
    const wrapTransport = (): never => {
      throw new Error('mine')
    }
    expect(Client.open({ signal, wrapTransport })).toThrow('mine')
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
  it('that are null have their defaults, for plain JavaScript', async () => {
    const nulls = untyped<Client.Options>({ transport: null, wrapTransport: null })
    const openTransport = () => Transport.memory({ 'GET /': { status: 200 } })
    const outcome = await pipe(Http.get('http://h/'), Client.runWith({ ...nulls, openTransport }))()
    expect(outcome).toMatchObject({ right: { status: 200 } })
  })
  it('stop every request of a client when their signal aborts', async () => {
    const controller = new AbortController()
    const client = Client.open({ ...options(slow(50)), signal: controller.signal, clock: Clock.system })()
    const running = pipe(page('a'), Client.runIn(client))()
    controller.abort()
    expect(
      pipe(
        await running,
        E.match(
          ({ _tag }) => O.some(_tag),
          () => O.none,
        ),
      ),
    ).toEqual(O.some('Aborted'))
  })
})
