/** Wrong transports: the real one, with one mistake of another library. */
import { Buffer } from 'node:buffer'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as RuleSet from '../../../laws/RuleSet.js'
import { serving, type TransportLaw, transport } from '../../../laws/rules/transport.js'
import * as Transport from '../../../src/Transport.js'
import * as Body from '../../../src/values/Body.js'
import * as Headers from '../../../src/values/Headers.js'
import * as Secret from '../../../src/values/Secret.js'
import type { Plan } from '../../../src/wire/Plan.js'
import { answer, type Reply, type Server, type Source } from '../../../src/wire/Reply.js'
import type { Case, Lawbreaker } from './Lawbreaker.js'

type Sending = Transport.Transport
type Task = ReturnType<Sending>

/** The real transport with a wrapper around each call. */
const around = (change: (real: Sending) => Sending) => (): Sending => {
  const real = Transport.undici()
  return Object.assign(change(real), { close: real.close })
}

const withReply = (change: (reply: Reply) => Reply) =>
  around((real) => (plan, limits) => async () => {
    const called = await real(plan, limits)()
    return E.isLeft(called) ? called : E.right(change(called.right))
  })

const withBody = (change: (body: Source) => Partial<Source>) =>
  withReply((reply) => ({ ...reply, body: { ...reply.body, ...change(reply.body) } }))

const withPlan = (change: (plan: Plan) => Plan) =>
  around((real) => (plan, limits) => async () => {
    const called = await real(change(plan), limits)()
    return E.isLeft(called) ? E.left({ ...called.left, plan }) : called
  })

/** Sends the request again if the first reply asks for it. */
const again = (change: (plan: Plan, first: Awaited<ReturnType<Task>>) => O.Option<Plan>) =>
  around((real) => (plan, limits) => async () => {
    const first = await real(plan, limits)()
    const next = change(plan, first)
    if (O.isNone(next)) return first
    if (E.isRight(first)) await first.right.body.discard()
    return real(next.value, limits)()
  })

const joined = ({ headers }: Reply): Headers.Headers => {
  const lines = new Map<string, string>()
  for (const [name, value] of Headers.reveal(headers)) {
    const before = lines.get(name.toLowerCase())
    lines.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`)
  }
  return Headers.fromPairs([...lines].map(([name, text]) => [name, name === 'set-cookie' ? Secret.make(text) : text]))
}

const isAt = ({ status }: Reply, from: number, to: number): boolean => status >= from && status <= to

const moved = (plan: Plan, reply: Reply): O.Option<Plan> => {
  const location = O.toUndefined(Headers.lookup('Location')(reply.headers))
  if (location === undefined || !isAt(reply, 300, 308) || !location.startsWith('/e')) return O.none
  return O.some({ ...plan, url: { ...plan.url, pathname: location, search: '' } })
}

const cutSilently = (body: Source): Partial<Source> => ({
  gather: (limit) => async () => {
    const bytes = await body.gather(limit)()
    return E.isLeft(bytes) && bytes.left._tag === 'BodyCut' ? E.right(Buffer.from('ten octets')) : bytes
  },
})

async function* forgiving(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* source
  } catch {
    // The mistake: a body that failed seems complete.
  }
}

const undecoded =
  (server: Server): Sending =>
  (plan, { signal }) =>
  async () =>
    signal?.aborted
      ? E.left(Transport.failed('Aborted', plan)('aborted'))
      : E.right(Transport.reply({ headers: [], ...answer(server)(plan) }))

const rejecting = around((real) => (plan, limits) => async () => {
  const called = await real(plan, limits)()
  if (E.isLeft(called)) throw new Error(called.left.message)
  return called
})

interface Mistake {
  readonly mistake: string
  readonly history: string
  readonly law: TransportLaw
  readonly rules: RuleSet.RuleSet
}

const over = (make: () => Sending): RuleSet.RuleSet => transport(make, { patience: 400 })

const mistakes: ReadonlyArray<Mistake> = [
  {
    mistake: 'a path that is encoded again',
    history: 'requests #2701, httpx #2883, aiohttp #4307',
    law: 'the server receives the request of the plan',
    rules: over(
      withPlan((plan) => ({ ...plan, url: { ...plan.url, pathname: plan.url.pathname.replace('%', '%25') } })),
    ),
  },
  {
    mistake: 'a header that the transport adds',
    history: 'fetch: accept, accept-language, sec-fetch-mode, user-agent',
    law: 'no header is added, lost or moved',
    rules: over(withPlan((plan) => ({ ...plan, headers: Headers.append('User-Agent', 'node')(plan.headers) }))),
  },
  {
    mistake: 'a request that is sent when the task is made',
    history: 'a promise where fp-ts wants a task',
    law: 'a task is lazy, and each run of it sends once',
    rules: over(
      around((real) => (plan, limits) => {
        const promise = real(plan, limits)()
        return () => promise
      }),
    ),
  },
  {
    mistake: 'header lines joined with commas',
    history: 'fetch Headers; requests response.headers',
    law: 'the reply is what the server answered',
    rules: over(withReply((reply) => ({ ...reply, headers: joined(reply) }))),
  },
  {
    mistake: 'redirects that the transport follows',
    history: 'the default of fetch, axios, got: cookies of the hop are lost (undici #3784)',
    law: 'no redirect is followed',
    rules: over(again((plan, first) => (E.isRight(first) ? moved(plan, first.right) : O.none))),
  },
  {
    mistake: 'a 401 that the transport answers',
    history: 'java.net.HttpURLConnection, curl --anyauth',
    law: 'no challenge is answered',
    rules: over(again((plan, first) => (E.isRight(first) && first.right.status === 401 ? O.some(plan) : O.none))),
  },
  {
    mistake: 'a body that is not decoded',
    history: 'undici.request, node:http',
    law: 'an encoded body is decoded',
    rules: serving(undecoded),
  },
  {
    mistake: 'no limit',
    history: 'requests (D9), node-fetch #348',
    law: 'a body is read up to its limit',
    rules: over(withBody((body) => ({ gather: () => body.gather(1e9) }))),
  },
  {
    mistake: 'a retry after 421, 429 and 503',
    history: 'fetch (421, measured), got: two retries by default',
    law: 'nothing is sent again',
    rules: over(again((plan, first) => (E.isRight(first) && isAt(first.right, 421, 503) ? O.some(plan) : O.none))),
  },
  {
    mistake: 'a retry after a closed connection',
    history: 'Go net/http and browsers, for methods that they regard as idempotent',
    law: 'nothing is sent again',
    rules: over(again((plan, first) => (E.isLeft(first) ? O.some(plan) : O.none))),
  },
  {
    mistake: 'a signal that is read after the request was sent',
    history: 'wrappers that race a promise against a signal',
    law: 'an aborted request is not sent',
    rules: over(
      around(
        (real) =>
          (plan, { signal: _, ...limits }) =>
            real(plan, limits),
      ),
    ),
  },
  {
    mistake: 'errors that reject the promise',
    history: 'every promise client: TypeError: fetch failed (undici #1116)',
    law: 'every error is a Left',
    rules: over(rejecting),
  },
  {
    mistake: 'a truncated body that counts as complete',
    history: 'requests #4956, and truncated gzip (D9)',
    law: 'a body that is cut short is a fault',
    rules: over(withBody(cutSilently)),
  },
  {
    mistake: 'a signal that is dropped once the request is sent',
    history: 'adapters that pass no signal on',
    law: 'an aborted send ends',
    rules: over(
      around(
        (real) =>
          (plan, { signal, ...limits }) =>
            signal?.aborted ? real(plan, { ...limits, signal }) : real(plan, limits),
      ),
    ),
  },
  {
    mistake: 'no timeout',
    history: 'requests (D8), fetch',
    law: 'a silent server causes a timeout',
    rules: over(
      around(
        (real) =>
          (plan, { deadline: _, ...limits }) =>
            real({ ...plan, route: { ...plan.route, timeouts: {} } }, limits),
      ),
    ),
  },
  {
    mistake: 'a failed request body that is sent as a complete one',
    history: 'a stream piped without its errors',
    law: 'a request body that fails is a Left',
    rules: over(
      withPlan((plan) => {
        const { body } = plan
        return body._tag === 'Stream' ? { ...plan, body: Body.stream(() => forgiving(body.open())) } : plan
      }),
    ),
  },
  {
    mistake: 'a discard that does nothing',
    history: 'unread bodies of fetch and undici.request hold their connection',
    law: 'a discarded body releases its connection',
    rules: over(withBody(() => ({ discard: async () => {} }))),
  },
  {
    mistake: 'connections that outlive the client',
    history: 'fetch: its pool is global and cannot be closed',
    law: 'no connection stays open',
    rules: over(() => Object.assign(Transport.undici().bind(undefined), { close: async () => {} })),
  },
]

export const transports: Case = {
  set: 'transport',
  lawful: transport(() => Transport.undici()),
  breakers: mistakes.map(({ law, ...rest }): Lawbreaker => ({ ...rest, breaks: [law], runs: 150 })),
}

/** The rule set for transports that take a pure server has some of the same laws. */
export const servings: Case = {
  set: 'serving',
  lawful: serving(Transport.memory),
  breakers: transports.breakers,
}
