import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Auth, Client, Http, HttpError, Jar, JarStore, OAuth2, Response, Secret, Session, Transport } from 'requests-ts'
import { describe, expect, it } from 'vitest'

// A client with a store: it loads before a program, and saves after it on every path.

const server = Transport.memory((plan) => {
  const { pathname } = plan.url
  const sent = plan.headers.fields.some(([name]) => name.toLowerCase() === 'cookie')
  if (pathname === '/fail') return { status: 500, headers: { 'set-cookie': 'failed=1' } }
  return { status: 200, headers: { 'set-cookie': `${pathname.slice(1)}=1` }, body: sent ? 'known' : 'new' }
})

const DOWN = JarStore.failed('the jar of a test', 'merge', 'Unavailable', 'the server is down')

/** A store in memory that counts its calls, and fails while `isDown` returns true. */
const counting = (isDown: () => boolean = () => false) => {
  const store = JarStore.memory()
  const calls: string[] = []
  const guarded =
    <A>(call: string, run: TaskEither<JarStore.JarStoreError, A>): TaskEither<JarStore.JarStoreError, A> =>
    async () => {
      calls.push(call)
      return isDown() ? E.left({ ...DOWN, operation: call === 'load' ? 'load' : 'merge' }) : run()
    }
  const jarStore: JarStore.JarStore = {
    load: guarded('load', store.load),
    merge: (delta) =>
      guarded(
        `merge ${[...Jar.records(delta).map(({ name }) => name), ...Jar.tokens(delta).map(() => 'token')]}`,
        store.merge(delta),
      ),
  }
  return { jarStore, calls, stored: store }
}

const namesIn = async ({ load }: JarStore.JarStore): Promise<ReadonlyArray<string>> =>
  pipe(
    await load(),
    E.match(() => expect.fail('not loaded'), Jar.toArray),
  ).map(({ name }) => name)

const outcomeIn = (outcome: E.Either<object, unknown>): unknown =>
  E.isLeft(outcome) && 'outcome' in outcome.left ? outcome.left.outcome : undefined

const get = (path: string) => Http.get(`http://h.test/${path}`)
const text = (path: string) => pipe(get(path), Http.map(Response.text))

describe('a client with a store', () => {
  it('starts each program with what others have saved, and saves only what has changed', async () => {
    const { jarStore, calls } = counting()
    const [one, two] = [Client.open({ jarStore, transport: server })(), Client.open({ jarStore, transport: server })()]
    expect(await pipe(text('a'), Client.runIn(one))()).toEqual(E.right('new'))
    expect(await pipe(text('b'), Client.runIn(two))()).toEqual(E.right('known'))
    expect(await pipe(Http.of(1), Client.runIn(one))()).toEqual(E.right(1))
    expect(Jar.toArray(Client.jar(one)()).map(({ name }) => name)).toEqual(['a', 'b'])
    expect(calls).toEqual(['load', 'merge a', 'load', 'merge b', 'load'])
  })

  it('saves the cookies of a program that fails, or that changes the jar without a request', async () => {
    const { jarStore, stored } = counting()
    const client = Client.open({ jarStore, transport: server })()
    expect(await pipe(get('fail'), Http.ok, Client.runIn(client))()).toMatchObject({ left: { _tag: 'StatusError' } })
    expect(await namesIn(stored)).toEqual(['failed'])
    await pipe(Http.modifyJar(Jar.clear()), Client.runIn(client))()
    expect(await namesIn(stored)).toEqual([])
  })

  it('saves the cookies of a program that is aborted after its first reply', async () => {
    const { jarStore, stored } = counting()
    const client = Client.open({ jarStore, transport: server })()
    const controller = new AbortController()
    const program = pipe(
      get('a'),
      Http.tap(() => Http.fromTask(async () => controller.abort())),
      Http.flatMap(() => get('b')),
      Http.withSignal(controller.signal),
    )
    expect(await pipe(program, Client.runIn(client))()).toMatchObject({ left: { _tag: 'Aborted' } })
    expect(await namesIn(stored)).toEqual(['a'])
  })

  it('saves the cookies of a program that throws, and does not hide the exception', async () => {
    const { jarStore, stored } = counting()
    const client = Client.open({ jarStore, transport: server })()
    const program = pipe(
      get('a'),
      Http.map(() => {
        throw new Error('a mistake')
      }),
    )
    await expect(pipe(program, Client.runIn(client))()).rejects.toThrow('a mistake')
    expect(await namesIn(stored)).toEqual(['a'])
  })

  it('sends nothing if the jar cannot be loaded', async () => {
    const { transport, sent } = Transport.mock(() => ({ status: 200 }))
    const { jarStore } = counting(() => true)
    const outcome = await pipe(get('a'), Client.runIn(Client.open({ jarStore, transport })()))()
    expect(outcome).toMatchObject({ left: { _tag: 'JarStoreFailed', operation: 'load', outcome: O.none } })
    expect(sent()).toEqual([])
  })

  it('returns the result with the error if the jar cannot be saved, and saves it after the next program', async () => {
    let isDown = false
    const goDown = () => {
      isDown = true
    }
    const { jarStore, calls, stored } = counting(() => isDown)
    const client = Client.open({ jarStore, transport: server })()
    const program = pipe(
      text('a'),
      Http.tap(() => Http.fromIO(goDown)),
    )
    const outcome = await pipe(program, Client.runIn(client))()
    expect(outcome).toMatchObject({ left: { _tag: 'JarStoreFailed', operation: 'merge', reason: 'Unavailable' } })
    expect(outcomeIn(outcome)).toEqual(O.some(E.right('new')))
    expect(E.isLeft(outcome) && O.isSome(HttpError.jar(outcome.left))).toBe(true)
    isDown = false
    await pipe(Http.of(0), Client.runIn(client))()
    expect(await namesIn(stored)).toEqual(['a'])
    expect(calls).toEqual(['load', 'merge a', 'load', 'merge a'])
  })

  it('saves again what a store has lost', async () => {
    let store = JarStore.memory()
    const jarStore: JarStore.JarStore = {
      load: () => store.load(),
      merge: (delta) => () => store.merge(delta)(),
    }
    const client = Client.open({ jarStore, transport: server })()
    await pipe(get('a'), Client.runIn(client))()
    store = JarStore.memory()
    await pipe(get('b'), Client.runIn(client))()
    expect(await namesIn(store)).toEqual(['a', 'b'])
  })

  it.each<[string, unknown]>([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['returns something else', () => Promise.resolve({ broken: true })],
    ['returns an error of its own', () => Promise.resolve(E.left(new Error('broken')))],
  ])('returns the error of a store of the user that %s', async (_, run) => {
    // The cast: what plain JavaScript may pass.
    const broken = { load: run, merge: () => run } as JarStore.JarStore
    const whole = JarStore.memory()
    const posted = Transport.mock(() => ({ status: 200, headers: { 'set-cookie': 'a=1' } }))
    for (const [jarStore, operation] of [
      [broken, 'load'],
      [{ ...whole, merge: broken.merge }, 'merge'],
    ] as const) {
      const client = Client.open({ jarStore, transport: posted.transport })()
      const outcome = await pipe(
        get('a'),
        Http.map(({ status }) => status),
        Client.runIn(client),
      )()
      expect(outcome).toMatchObject({ left: { _tag: 'JarStoreFailed', operation, reason: 'Unavailable' } })
      expect(outcomeIn(outcome)).toEqual(operation === 'load' ? O.none : O.some(E.right(200)))
    }
    expect(posted.sent()).toHaveLength(1)
  })

  it.each<[string, unknown]>([
    [
      'throws at once',
      () => {
        throw new Error('broken')
      },
    ],
    ['is missing', undefined],
  ])('returns the result of a program whose store has a merge that %s', async (_, merge) => {
    // The cast: what plain JavaScript may pass.
    const jarStore = { ...JarStore.memory(), merge } as JarStore.JarStore
    const outcome = await pipe(text('a'), Client.runIn(Client.open({ jarStore, transport: server })()))()
    expect(outcome).toMatchObject({ left: { _tag: 'JarStoreFailed', operation: 'merge' } })
    expect(outcomeIn(outcome)).toEqual(O.some(E.right('new')))
  })

  it.each([undefined, {}, { cookies: new Map() }, 5])(
    'refuses a loaded value that is not a jar: %j',
    async (loaded) => {
      const jarStore = { ...JarStore.memory(), load: async () => E.right(loaded as never) }
      const outcome = await pipe(text('a'), Client.runIn(Client.open({ jarStore, transport: server })()))()
      expect(outcome).toMatchObject({ left: { _tag: 'JarStoreFailed', operation: 'load', reason: 'Unavailable' } })
    },
  )

  it('gives no digest challenge to a store, and takes none from it', async () => {
    let stored = Jar.empty
    const jarStore: JarStore.JarStore = {
      load: async () => E.right(stored),
      merge: (delta) => async () => {
        stored = Jar.join(stored, delta)
        return E.right(undefined)
      },
    }
    const counts: string[] = []
    const transport = Transport.memory((plan) => {
      const [, answer = ''] = plan.headers.fields.find(([name]) => name === 'Authorization') ?? []
      counts.push(/nc=(\w+)/.exec(Secret.reveal(answer))?.[1] ?? '')
      const challenge = { 'www-authenticate': 'Digest realm="r", nonce="N", qop="auth", algorithm=SHA-256' }
      return answer === '' ? { status: 401, headers: challenge } : { status: 200, headers: { 'set-cookie': 'a=1' } }
    })
    const session = Session.withAuth(Auth.digest('u', 'p'))(Session.empty)
    const worker = () => Client.open({ jarStore, transport, session })()
    for (const client of [worker(), worker()]) await pipe(get('a'), Client.runIn(client))()
    expect(counts).toEqual(['', '00000001', '', '00000001'])
    expect(stored.challenges.size).toBe(0)
  })

  it('does not take a store from a polluted prototype', async () => {
    const { jarStore, calls } = counting()
    const client = Client.open({ transport: server })()
    Object.defineProperty(Object.prototype, 'jarStore', { value: jarStore, configurable: true, writable: true })
    const outcome = await pipe(text('a'), Client.runIn(client))()
    Reflect.deleteProperty(Object.prototype, 'jarStore')
    expect([outcome, calls]).toEqual([E.right('new'), []])
  })

  it('ends a slow load and a slow merge at the total timeout of the session', async () => {
    const never = () => new Promise<never>(() => {})
    const session = pipe(Session.empty, Session.withTimeouts({ total: 30 }))
    const whole = JarStore.memory()
    const slow: ReadonlyArray<readonly [JarStore.JarStore, string]> = [
      [{ ...whole, load: never }, 'load'],
      [{ ...whole, merge: () => never }, 'merge'],
    ]
    for (const [jarStore, operation] of slow) {
      const outcome = await pipe(text('a'), Client.runIn(Client.open({ session, jarStore, transport: server })()))()
      expect(outcome).toMatchObject({ left: { _tag: 'JarStoreFailed', operation, reason: 'TimedOut' } })
      if (operation === 'merge') expect(outcomeIn(outcome)).toEqual(O.some(E.right('new')))
    }
  })

  it('ends a load when it is closed', async () => {
    const jarStore = { ...JarStore.memory(), load: () => new Promise<never>(() => {}) }
    const client = Client.open({ jarStore, transport: server })()
    const running = pipe(get('a'), Client.runIn(client))()
    await Client.close(client)()
    expect(await running).toMatchObject({ left: { _tag: 'JarStoreFailed', reason: 'Aborted' } })
  })

  it('saves a token before the request that needs it is sent', async () => {
    const { jarStore, calls } = counting()
    const seen: string[] = []
    const transport = Transport.memory((plan) => {
      seen.push(...calls.splice(0), plan.url.pathname)
      const json = { access_token: 't0k', token_type: 'Bearer', expires_in: 60 }
      return plan.url.pathname === '/token' ? { status: 200, json } : { status: 200 }
    })
    const auth = Auth.oauth2({
      name: 'api',
      tokenUrl: 'https://h.test/token',
      clientId: 'c',
      grant: OAuth2.clientCredentials,
    })
    const session = pipe(Session.empty, Session.withBaseUrl('https://h.test'), Session.withAuth(auth))
    const worker = () => Client.open({ jarStore, transport, session })()
    const me = pipe(Http.get('me'), Http.ok)
    expect(await pipe(me, Client.runIn(worker()))()).toMatchObject({ _tag: 'Right' })
    expect(await pipe(me, Client.runIn(worker()))()).toMatchObject({ _tag: 'Right' })
    expect(seen).toEqual(['load', 'load', '/token', 'merge token', '/me', 'load', '/me'])
  })

  it('uses a token that another process has renewed meanwhile, because a refresh token is accepted once', async () => {
    const { jarStore } = counting()
    let ms = 0
    let valid = 'r0'
    const requests: string[] = []
    const transport = Transport.memory((plan) => {
      const body = E.match(String, (bytes: Uint8Array) => new TextDecoder().decode(bytes))(
        plan.body._tag === 'Bytes' ? E.right(Secret.open(plan.body.bytes)) : E.left(''),
      )
      if (plan.url.pathname !== '/token') return { status: 200 }
      const given = new URLSearchParams(body).get('refresh_token')
      requests.push(given ?? 'none')
      if (given !== null && given !== valid) return { status: 400, json: { error: 'invalid_grant' } }
      valid = `r${requests.length}`
      const json = { access_token: `a${requests.length}`, token_type: 'Bearer', expires_in: 60, refresh_token: valid }
      return { status: 200, json }
    })
    const grant = OAuth2.refreshToken('r0')
    const auth = Auth.oauth2({ name: 'api', tokenUrl: 'https://h.test/token', clientId: 'c', grant })
    const session = pipe(Session.empty, Session.withBaseUrl('https://h.test'), Session.withAuth(auth))
    const worker = () => Client.open({ jarStore, transport, session, clock: () => new Date(ms) })()
    const me = pipe(Http.get('me'), Http.ok)
    const later = Http.fromIO(() => {
      ms += 3_600_000
    })
    const other = Http.fromTask(pipe(me, Client.runIn(worker())))
    const long = pipe(
      me,
      Http.tap(() => later),
      Http.tap(() => other),
      Http.flatMap(() => me),
    )
    expect(await pipe(long, Client.runIn(worker()))()).toMatchObject({ _tag: 'Right' })
    // The second program renews; the first one does not send a refresh token that was used already.
    expect(requests).toEqual(['r0', 'r1'])
  })

  it('gives its jar to programs of runWith, use and scoped', async () => {
    const { jarStore, stored } = counting()
    const options = { jarStore, transport: server, jar: Jar.empty }
    expect(await pipe(text('a'), Client.runWith(options))()).toEqual(E.right('new'))
    const used = await pipe(
      text('b'),
      Client.use(options),
      TE.map(([body, jar]) => [body, Jar.toArray(jar).length]),
    )()
    expect(used).toEqual(E.right(['known', 2]))
    const scoped = await Client.scoped(options)((client) => pipe(text('c'), Client.runIn(client)))()
    expect(scoped).toEqual(E.right('known'))
    expect(await namesIn(stored)).toEqual(['a', 'b', 'c'])
  })

  it('has a type of its own, so that the compiler asks for its error', () => {
    const jarStore = JarStore.memory()
    const storing = Client.open({ jarStore, transport: server })()
    // @ts-expect-error a program of this client can fail with JarStoreFailed
    const plain: Client.Client = storing
    const run: TaskEither<JarStore.JarStoreFailed<never, number>, number> = pipe(Http.of(1), Client.runIn(storing))
    // @ts-expect-error JarStoreFailed is missing
    const wrong: TaskEither<never, number> = pipe(Http.of(1), Client.runIn(storing))
    const simple: TaskEither<never, number> = pipe(Http.of(1), Client.runIn(Client.open({ transport: server })()))
    expect([plain, run, wrong, simple].every((one) => one !== undefined)).toBe(true)
  })
})
