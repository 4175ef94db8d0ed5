import { inspect } from 'node:util'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import {
  Auth,
  Client,
  Environment,
  Exchange,
  Http,
  Plan,
  Request,
  Secret,
  Session,
  Transport,
  Url,
} from '../../src/index.js'
import * as Signing from '../../src/stages/Signing.js'
import * as Headers from '../../src/values/Headers.js'
import type { Clock } from '../../src/wire/Clock.js'
import { untyped } from '../untyped.js'

// A signature is the last step of each plan, can be removed, and is secret.

const CANARY = 'c4n4ry'

const header =
  (name: string, value: string) =>
  (plan: Plan.Plan): Plan.Plan => ({ ...plan, headers: Headers.upsertAt(name, value)(plan.headers) })
const query =
  (name: string, value: string) =>
  (plan: Plan.Plan): Plan.Plan => {
    const url = new URL(Url.sentHref(plan.url))
    url.searchParams.append(name, value)
    const parsed = Url.parse(url.href)
    return E.isRight(parsed) ? { ...plan, url: parsed.right.url } : plan
  }

const planWith = (auth: Auth.Auth, request: Request.Request = Request.get('http://h.test/')) =>
  Plan.plan({ session: Session.empty, entropy: 'seed' })(Request.withAuth(auth)(request))
const signedWith = (auth: Auth.Auth, request?: Request.Request): Plan.Plan => {
  const plan = planWith(auth, request)
  return E.isRight(plan) ? plan.right : expect.fail(plan.left.message)
}
const sentHref = ({ url }: Plan.Plan): string => Url.sentHref(url)
const revealed = ({ headers }: Plan.Plan) => Headers.reveal(headers)

/** Time that passes only while the client waits or a transport adds some. */
const clockOf = () => {
  let ms = 0
  const clock: Clock = {
    now: () => new Date(ms),
    monotonic: () => ms,
    sleep: (delay) => async () => {
      ms += delay
    },
  }
  const pass = (more: number): void => {
    ms += more
  }
  return { clock, pass }
}

/** A signer that notes how it is called. */
const noting = () => {
  const calls: Array<{ readonly href: string; readonly now: number; readonly entropy: string }> = []
  const sign: Auth.Sign = (plan, { now, entropy }) => {
    calls.push({ href: sentHref(plan), now: now.getTime(), entropy })
    return header('X-Sig', `${calls.length}`)(plan)
  }
  return { calls, sign }
}

const run = <A>(program: Http.Http<unknown, A>, options: Partial<Client.Options>) =>
  pipe(program, Client.runWith({ session: Session.empty, environment: Environment.empty, ...options }))()

// --- removing a signature ------------------------------------------------------------------------------------------

const token = fc.stringMatching(/^[a-z]{1,6}$/)
const pair = fc.tuple(token, token)
/** Names of a signature begin with `s-`, so that an edit by the user is not one of them. */
const writes = fc.record({ headers: fc.array(pair, { maxLength: 3 }), query: fc.array(pair, { maxLength: 3 }) })

interface Writes {
  readonly headers: ReadonlyArray<readonly [string, string]>
  readonly query: ReadonlyArray<readonly [string, string]>
}
const writing =
  (prefix: string, { headers, query: parameters }: Writes) =>
  (plan: Plan.Plan): Plan.Plan => {
    const withFields = headers.reduce((made, [name, value]) => header(`${prefix}${name}`, value)(made), plan)
    return parameters.reduce((made, [name, value]) => query(`${prefix}${name}`, value)(made), withFields)
  }

describe('a plan without its signature', () => {
  const identity = Auth.signer('sig', (plan) => plan)
  const start = (given: Writes) => {
    const url = new URL('http://h.test/a?q=1')
    for (const [name, value] of given.query) url.searchParams.append(`u-${name}`, value)
    return given.headers.reduce(
      (made, [name, value]) => Request.withHeader(`u-${name}`, value)(made),
      Request.get(url.href),
    )
  }
  it('has the fields and the URL that it had before', () => {
    fc.assert(
      fc.property(writes, writes, (user, signature) => {
        const request = start(user)
        const plain = signedWith(identity, request)
        const bare = Signing.unsigned(signedWith(Auth.signer('sig', writing('s-', signature)), request))
        expect(revealed(bare)).toEqual(revealed(plain))
        expect(sentHref(bare)).toBe(sentHref(plain))
        expect(Signing.signatureOf(bare)).toBeUndefined()
      }),
    )
  })
  it('has the fields that a signature replaced', () => {
    fc.assert(
      fc.property(token, token, (before, after) => {
        const request = pipe(Request.get('http://h.test/'), Request.withHeader('X-Date', before))
        const signed = signedWith(Auth.signer('sig', header('X-Date', `s-${after}`)), request)
        expect(revealed(signed)).toEqual([['X-Date', `s-${after}`]])
        expect(revealed(Signing.unsigned(signed))).toEqual([['X-Date', before]])
      }),
    )
  })
  it('keeps edits of the plan, and nothing of the signature', () => {
    fc.assert(
      fc.property(writes, writes, writes, (user, signature, edits) => {
        const sign = Auth.signer('sig', writing('s-', signature))
        const edit = (plan: Plan.Plan) => writing('e-', edits)(header('Cookie', 'edited=1')(plan))
        const edited = Signing.unsigned(edit(signedWith(sign, start(user))))
        const plain = edit(signedWith(identity, start(user)))
        const sorted = (plan: Plan.Plan) => [...revealed(plan)].map((field) => field.join()).sort()
        expect(sorted(edited)).toEqual(sorted(plain))
        expect(sentHref(edited)).toBe(sentHref(plain))
      }),
    )
  })
  it('is a plan that was not signed, unchanged', () => {
    const plan = Plan.plan({ session: Session.empty })(Request.get('http://h.test/'))
    expect(E.isRight(plan) && Signing.unsigned(plan.right) === plan.right).toBe(true)
  })
})

// --- what a signer sees and may do ---------------------------------------------------------------------------------

describe('a signer', () => {
  it('sees Host and the exact bytes of the body, and Host is not in the plan twice', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), (bytes) => {
        const seen: unknown[] = []
        const sign = Auth.signer('sig', (plan) => {
          seen.push(Headers.valuesOf(plan.headers, 'Host'))
          seen.push(plan.body._tag === 'Bytes' && [...Secret.open(plan.body.bytes)])
          return header('X-Sig', '1')(plan)
        })
        const plan = signedWith(sign, pipe(Request.post('http://h.test:81/'), Request.withBytes(bytes)))
        expect(seen).toEqual([['h.test:81'], [...bytes]])
        expect(Headers.has('Host')(plan.headers)).toBe(false)
      }),
    )
  })
  it('sees the Host that the user set, and it stays', () => {
    const seen: unknown[] = []
    const sign = Auth.signer('sig', (plan) => {
      seen.push(Headers.valuesOf(plan.headers, 'host'))
      return plan
    })
    const plan = signedWith(sign, pipe(Request.get('http://h.test/'), Request.withHeader('Host', 'mine')))
    expect(seen).toEqual([['mine']])
    expect(Headers.valuesOf(plan.headers, 'host')).toEqual(['mine'])
  })
  it('gets the time 1970 from a plan without a time', () => {
    const sign = Auth.signer('sig', (plan, { now }) => header('X-Date', now.toISOString())(plan), {
      public: ['x-date'],
    })
    expect(Headers.toPairs(signedWith(sign).headers)).toEqual([['X-Date', '1970-01-01T00:00:00.000Z']])
  })
  it('writes what is secret, except public names', () => {
    const sign = Auth.signer(
      'sig',
      (plan) =>
        pipe(plan, header('X-Sig', CANARY), header('X-Date', 'today'), query('key', CANARY), query('at', 'noon')),
      { public: ['X-DATE', 'at'] },
    )
    const plan = signedWith(sign)
    expect(Headers.toPairs(plan.headers)).toEqual([
      ['X-Sig', '‹secret›'],
      ['X-Date', 'today'],
    ])
    expect(plan.url.search).toContain('at=noon')
    expect(sentHref(plan)).toBe(`http://h.test/?key=${CANARY}&at=noon`)
    const printed = [JSON.stringify(plan), inspect(plan, { depth: null, showHidden: true }), plan.url.href]
    expect([...printed, Plan.toCurl()(plan), JSON.stringify(Plan.explain(plan))].join()).not.toContain(CANARY)
  })
  const other = (href: string) => (plan: Plan.Plan) => ({ ...plan, url: signedWith(Auth.none, Request.get(href)).url })
  it.each<[string, (plan: Plan.Plan) => unknown]>([
    ['the method', (plan) => ({ ...plan, method: 'PUT' })],
    ['the body', (plan) => ({ ...plan, body: { _tag: 'Bytes', bytes: Secret.bytes(new Uint8Array(1)) } })],
    ['the route', (plan) => ({ ...plan, route: { ...plan.route } })],
    ['the host', other('http://evil.test/')],
    ['the port', other('http://h.test:81/')],
    ['the scheme of the URL', other('https://h.test/')],
    ['the path', other('http://h.test/b')],
    ['the fragment', other('http://h.test/#b')],
    ['a header with a line end', header('X', 'a\r\nb')],
    ['the Host to be there twice', (plan) => ({ ...plan, headers: Headers.append('Host', 'x')(plan.headers) })],
    ['nothing, and returns text', () => 'plan'],
    [
      'nothing, and throws',
      () => {
        throw new Error('no key')
      },
    ],
  ])('that changes %s is refused, and nothing is sent', async (_, sign) => {
    let sent = 0
    const transport = Transport.memory(() => {
      sent += 1
      return { status: 200 }
    })
    const later = (plan: Plan.Plan) => async () => E.right(sign(plan))
    for (const auth of [Auth.signer('sig', untyped(sign)), Auth.signerTask('sig', untyped(later))]) {
      const outcome = await run(Http.get('http://h.test/', Request.withAuth(auth)), { transport })
      expect(outcome).toMatchObject({ left: { _tag: 'SigningFailed', scheme: 'sig', plan: { method: 'GET' } } })
    }
    expect(sent).toBe(0)
  })
})

// --- each plan -----------------------------------------------------------------------------------------------------

describe.each<[string, (sign: Auth.Sign) => Auth.Auth]>([
  ['Auth.signer', (sign) => Auth.signer('sig', sign)],
  [
    'Auth.signerTask',
    (sign) =>
      Auth.signerTask('sig', (plan, context) => async () => {
        const signed = sign(plan, context)
        return '_tag' in signed ? signed : E.right(signed)
      }),
  ],
])('%s', (_, auth) => {
  it('signs each hop anew, and nothing for another origin', async () => {
    const { calls, sign } = noting()
    const received: Array<ReadonlyArray<string>> = []
    const transport = Transport.memory((plan) => {
      received.push(
        revealed(plan)
          .filter(([name]) => name === 'X-Sig')
          .map(([, value]) => value),
      )
      const location = { '/a': '/b', '/b': 'http://other.test/c' }[plan.url.pathname]
      return location === undefined ? { status: 200 } : { status: 302, headers: { location } }
    })
    const outcome = await run(Http.get('http://h.test/a', Request.withAuth(auth(sign))), { transport })
    expect(E.isRight(outcome) && outcome.right.status).toBe(200)
    expect(received).toEqual([['1'], ['2'], []])
    expect(calls.map(({ href }) => href)).toEqual(['http://h.test/a', 'http://h.test/b'])
    expect(new Set(calls.map(({ entropy }) => entropy)).size).toBe(2)
  })
  it('signs each attempt anew, with the current time', async () => {
    const { calls, sign } = noting()
    const { clock } = clockOf()
    const received: string[] = []
    const transport = Transport.memory((plan) => {
      received.push(...Headers.valuesOf(plan.headers, 'X-Sig').map((value) => String(Secret.textOf(value))))
      return { status: received.length < 3 ? 503 : 200 }
    })
    const outcome = await run(Http.get('http://h.test/', Request.withAuth(auth(sign))), {
      transport: Transport.withRetry({ base: 1_000, jitter: 0 })(transport),
      clock,
    })
    expect(E.isRight(outcome) && outcome.right.status).toBe(200)
    expect(received).toEqual(['1', '2', '3'])
    const [first, second, third] = calls.map(({ now }) => now)
    expect([first === 0, Number(second) > 0, Number(third) > Number(second)]).toEqual([true, true, true])
    expect(new Set(calls.map(({ entropy }) => entropy)).size).toBe(3)
  })
  it('signs again after a second in the queue of withLimit', async () => {
    const { calls, sign } = noting()
    const { clock, pass } = clockOf()
    const inner = Transport.memory(() => {
      pass(1_500)
      return { status: 200 }
    })
    const get = Http.get('http://h.test/', Request.withAuth(auth(sign)))
    await run(Http.parallel()([get, get]), { transport: Transport.withLimit({ concurrency: 1 })(inner), clock })
    expect(calls.map(({ now }) => now)).toEqual([0, 0, 1_500])
  })
})

describe('a plan that is edited before it is sent', () => {
  it('is signed as it was edited', async () => {
    const seen: string[] = []
    const auth = Auth.signer('sig', (plan) =>
      header('X-Sig', String(Secret.textOf(Headers.find(plan.headers, 'X-Mine') ?? '')))(plan),
    )
    const transport = Transport.memory((plan) => {
      seen.push(...Headers.valuesOf(plan.headers, 'X-Sig').map((value) => String(Secret.textOf(value))))
      return { status: 200 }
    })
    const program = pipe(
      Http.start(Request.withAuth(auth)(Request.get('http://h.test/'))),
      SRTE.map((exchange) => ({ ...exchange, plan: header('X-Mine', 'edited')(exchange.plan) })),
      SRTE.flatMap(Http.resume),
    )
    await run(program, { transport })
    expect(seen).toEqual(['edited'])
  })
})

// --- effects -------------------------------------------------------------------------------------------------------

describe('a signer with an effect', () => {
  const page = Transport.memory(() => ({ status: 200 }))
  const sentWith = (sign: unknown, ...steps: ReadonlyArray<(request: Request.Request) => Request.Request>) =>
    Http.get('http://h.test/', (request) =>
      steps.reduce((made, step) => step(made), Request.withAuth(Auth.signerTask('kms', untyped(sign)))(request)),
    )
  const never = () => () => new Promise(() => {})
  it.each<[string, unknown, unknown]>([
    ['a Left', () => TE.left('no key'), 'no key'],
    [
      'an exception',
      () => {
        throw new Error('no key')
      },
      new Error('no key'),
    ],
    ['a rejection', () => () => Promise.reject(new Error('no key')), new Error('no key')],
    ['no task', () => 5, undefined],
    ['a promise', () => Promise.reject(new Error('late')), undefined],
    ['no Either', () => async () => 5, undefined],
  ])('that ends with %s is SigningFailed', async (_, sign, error) => {
    const outcome = await run(sentWith(sign), { transport: page })
    expect(outcome).toMatchObject({ left: { _tag: 'SigningFailed', scheme: 'kms' } })
    expect(E.isLeft(outcome) && Object(outcome.left).error).toEqual(error)
  })
  it('ends with an abort', async () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 5)
    const program = Http.withSignal(controller.signal)(sentWith(never))
    expect(await run(program, { transport: page })).toMatchObject({ left: { _tag: 'Aborted' } })
  })
  it('ends with the total timeout', async () => {
    const program = sentWith(never, Request.withTimeouts({ total: 10 }))
    expect(await run(program, { transport: page })).toMatchObject({ left: { _tag: 'DeadlineExceeded' } })
  })
  it('is not run by a simulation', () => {
    const request = Request.withAuth(Auth.signerTask('kms', () => expect.fail('ran')))(Request.get('http://h.test/'))
    const { hops } = Exchange.simulate({ session: Session.empty })(() => ({ status: 200 }))(request)
    expect(hops).toHaveLength(1)
  })
})
