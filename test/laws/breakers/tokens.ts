/**
 * Implementations of `simulate` and of concurrent programs with mistakes about tokens and signatures, and the correct
 * ones.
 */
import { inspect } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { identity, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Machine } from '../../../laws/Exchange.js'
import { signing, type TokenOperations, tokenPrograms, tokens } from '../../../laws/rules/tokens.js'
import type { Printers } from '../../../laws/SecretPrinting.js'
import type { Call, Outcome, SendAll } from '../../../laws/TokenSharing.js'
import * as Client from '../../../src/Client.js'
import * as SharedTokens from '../../../src/client/SharedTokens.js'
import * as Jar from '../../../src/cookies/Jar.js'
import * as Http from '../../../src/Http.js'
import type { TracedHop } from '../../../src/stages/Exchange.js'
import * as Exchange from '../../../src/stages/Exchange.js'
import * as Renewal from '../../../src/stages/Renewal.js'
import * as Headers from '../../../src/values/Headers.js'
import * as Secret from '../../../src/values/Secret.js'
import type { Token } from '../../../src/values/Token.js'
import * as Url from '../../../src/values/Url.js'
import * as MockServer from '../../../src/wire/MockServer.js'
import type { Plan } from '../../../src/wire/Plan.js'
import type { Head } from '../../../src/wire/Reply.js'
import { type Transport, withPlan } from '../../../src/wire/Transport.js'
import type { Case, Lawbreaker } from './Lawbreaker.js'

// --- the correct ones ------------------------------------------------------------------------------------------------

/** The printers of Node. */
export const inspected: Printers = {
  'console.log': (trace) => inspect(trace),
  'util.inspect': (trace) => inspect(trace, { depth: Number.POSITIVE_INFINITY, showHidden: true }),
}

const programOf = ({ request, signal, jar }: Call) => {
  const attempted = Http.attempt(request)
  const program: typeof attempted = (shared) => attempted(jar ?? shared)
  return signal === undefined ? program : Http.withSignal(signal)(program)
}

/** Separate programs of one client. */
export const apart: SendAll = (client, calls) =>
  Promise.all(calls.map(async (call) => pipe(await Client.runIn(client)(programOf(call))(), E.flatten)))

/** One program that sends them in parallel. */
export const inParallel: SendAll = async (client, calls) => {
  const sent = await pipe(calls.map(programOf), Http.parallel(), Client.runIn(client))()
  return E.isLeft(sent) ? [] : sent.right
}

export const lawful: TokenOperations = { attempt: Http.attempt, sendAll: apart }

// --- machines -------------------------------------------------------------------------------------------------------

type Step = Exchange.Step

/** The step after a reply, as the library makes it: a token is received from the body of its last reply. */
const stepOf = (now: Date, { head, content }: MockServer.Served, x: Exchange.Exchange): Step => {
  const step = Exchange.receive(now)(head)(x)
  if (step._tag !== 'Done' || step.exchange.waiting === undefined) return step
  return pipe(
    content(Number.POSITIVE_INFINITY),
    E.getOrElse((): Uint8Array => new Uint8Array()),
    (bytes) => Renewal.receiveToken(now, step, Exchange.responseOf(step, bytes)),
  )
}

/** What a wrong machine does in another way. */
export interface Mistake {
  /** Changes each exchange before its plan is sent. */
  readonly before?: (x: Exchange.Exchange) => Exchange.Exchange
  /** Changes each step. */
  readonly after?: (step: Step, x: Exchange.Exchange, head: Head) => Step
}

const MAX_HOPS = 40

/** `simulate` with a mistake. */
export const machineOf =
  ({ before = identity, after = identity }: Mistake): Machine =>
  (context) =>
  (server) =>
  (request) => {
    const now = context.now ?? new Date(0)
    const begun = Exchange.start(context)(request)
    const hops: TracedHop[] = []
    if (E.isLeft(begun)) return { hops, hooks: [], jar: Jar.empty, outcome: begun }
    for (let x = before(begun.right); ; ) {
      const served = MockServer.serve(server)(x.plan)
      if (E.isLeft(served)) {
        const error = Exchange.errorOf(x, withPlan(x.plan, served.left))
        return { hops, hooks: [], jar: error.jar, outcome: E.left(error) }
      }
      const { head } = served.right
      const step = after(stepOf(now, served.right, x), x, head)
      const jar = step._tag === 'Refuse' ? step.error.jar : step.exchange.jar
      hops.push({ plan: x.plan, head, jar })
      if (step._tag === 'Refuse') return { hops, hooks: [], jar, outcome: E.left(step.error) }
      if (step._tag === 'Done' || hops.length > MAX_HOPS) {
        const done: Exchange.Done =
          step._tag === 'Done' ? step : { ...step, _tag: 'Done', head, cookies: [], rejected: [], next: O.none }
        return { hops, hooks: [], jar, outcome: E.right(Exchange.responseOf(done, new Uint8Array())) }
      }
      x = before(step.exchange)
    }
  }

/** Changes the exchange of each `Next`. */
const onNext =
  (change: (next: Exchange.Exchange, before: Exchange.Exchange, head: Head) => Exchange.Exchange) =>
  (step: Step, x: Exchange.Exchange, head: Head): Step =>
    step._tag === 'Next' ? { ...step, exchange: change(step.exchange, x, head) } : step

const withPlanOf = (x: Exchange.Exchange, change: (plan: Plan) => Plan): Exchange.Exchange => ({
  ...x,
  plan: change(x.plan),
})

/** Copies header fields from one plan to another. */
const keeping =
  (from: Plan, names: ReadonlyArray<string>) =>
  (to: Plan): Plan => ({
    ...to,
    headers: names.reduce((headers, name) => {
      const value = Headers.find(from.headers, name)
      return value === undefined ? headers : Headers.upsertAt(name, value)(headers)
    }, to.headers),
  })

const isFollowing = ({ plan }: Exchange.Exchange): boolean => plan.cause === 'Follow'
const isObtaining = ({ waiting }: Exchange.Exchange): boolean => waiting !== undefined
const CREDENTIALS = ['Authorization', 'X-Ticket']
const SIGNATURE = ['X-Signature', 'X-Date']

const wrong = (mistake: string, history: string, breaks: ReadonlyArray<string>, found: Mistake): Lawbreaker => ({
  mistake,
  history,
  breaks,
  rules: tokens(machineOf(found), inspected),
})

/** Sends a refused main request anyway. */
const goOnWithout = (step: Step, { waiting }: Exchange.Exchange): Step =>
  step._tag === 'Refuse' && waiting !== undefined ? { _tag: 'Next', exchange: waiting.exchange } : step

/** Stores the token of a renewal as the reply has it. */
const withoutEarlier = (next: Exchange.Exchange, { waiting }: Exchange.Exchange): Exchange.Exchange => {
  if (waiting === undefined || isObtaining(next)) return next
  const renewed = Jar.token(waiting.key)(next.jar)
  const earlier = O.isSome(waiting.current) ? waiting.current.value.refreshToken : O.none
  if (O.isNone(renewed) || O.isNone(earlier)) return next
  const isKept = pipe(
    renewed.value.refreshToken,
    O.exists((kept) => Secret.reveal(kept) === Secret.reveal(earlier.value)),
  )
  const token: Token = { ...renewed.value, refreshToken: O.none }
  return isKept ? { ...next, jar: Jar.withToken(waiting.key, token, new Date(token.obtainedAt))(next.jar) } : next
}

/** Follows the redirect of a token request with the same request. */
const followed = (step: Step, x: Exchange.Exchange, head: Head): Step => {
  const target = Headers.combined(head.headers, 'Location')
  if (!isObtaining(x) || head.status < 300 || head.status >= 400 || target === undefined) return step
  const located = Url.resolve(x.plan.url)(target)
  return E.isLeft(located)
    ? step
    : { _tag: 'Next', exchange: withPlanOf(x, (plan) => ({ ...plan, url: located.right.url })) }
}

export const renewals: Case = {
  set: 'tokens',
  lawful: tokens(Exchange.simulate, inspected),
  breakers: [
    wrong(
      'the token is sent to the target of a redirect',
      'requests before 2.20, CVE-2018-18074',
      ['a token reaches only the origins that it is for'],
      { after: onNext((next, x) => (isFollowing(next) ? withPlanOf(next, keeping(x.plan, CREDENTIALS)) : next)) },
    ),
    wrong(
      'the token is sent again on a -> b -> a',
      'Go, CVE-2024-45336',
      ['a token reaches only the origins that it is for'],
      {
        after: onNext((next) => {
          const first = next.history.find(({ plan }) => plan.cause !== 'Token')
          const isBack = isFollowing(next) && first?.plan.url.origin === next.plan.url.origin
          return isBack && !next.credentialsAllowed ? withPlanOf(next, keeping(first.plan, CREDENTIALS)) : next
        }),
      },
    ),
    wrong(
      'the token request has the token that it replaces',
      'an interceptor that also runs for the token request',
      ['a token reaches only the origins that it is for'],
      { after: onNext((next, x) => (isObtaining(next) ? withPlanOf(next, keeping(x.plan, CREDENTIALS)) : next)) },
    ),
    wrong(
      'a token request follows redirects',
      'the default of every HTTP client: a 307 sends the body again',
      ['the secrets of a token request reach only its endpoint'],
      { after: followed },
    ),
    wrong(
      'the token request has the headers of the session',
      'a client with default headers that also obtains the token',
      ['a token request has nothing of the main request'],
      {
        before: (x) =>
          isObtaining(x) ? withPlanOf(x, keeping(Exchange.mainOf(x).plan, ['X-Vendor-Key', 'Cookie'])) : x,
      },
    ),
    wrong(
      'every 401 renews the token',
      'an interceptor that sends the request again, which the interceptor sees again',
      ['each hop obtains one token if it needs one'],
      { before: (x) => ({ ...x, hasRenewed: false }) },
    ),
    wrong(
      'a token that was rejected is not renewed',
      'renewal by a timer only',
      ['each hop obtains one token if it needs one'],
      { before: (x) => ({ ...x, hasRenewed: true }) },
    ),
    wrong(
      'the request is sent again with the token that was rejected',
      'a request whose headers were made before the renewal',
      ['a request has the newest token'],
      {
        after: onNext((next, { waiting }) => {
          const [rejected] = next.history.filter(({ head }) => head.status === 401)
          return waiting === undefined || rejected === undefined
            ? next
            : withPlanOf(next, keeping(rejected.plan, CREDENTIALS))
        }),
      },
    ),
    wrong(
      'the request is sent without its token if there is none',
      'an error of the renewal that is only logged',
      ['nothing is sent after a token that was not issued', 'a request has the newest token'],
      { after: goOnWithout },
    ),
    wrong(
      'the jar is lost if the token is refused',
      'an exception, which has no jar',
      ['no cookie and no refresh token is lost'],
      {
        after: (step, x) =>
          step._tag === 'Refuse' && isObtaining(x) ? { ...step, error: { ...step.error, jar: Jar.empty } } : step,
      },
    ),
    wrong(
      'a renewal that repeats no refresh token loses it',
      'RFC 6749 6: a server may issue a new one, and the old one stays otherwise',
      ['no cookie and no refresh token is lost', 'a renewal sends the newest refresh token'],
      { after: onNext(withoutEarlier) },
    ),
    wrong('the token is plain text', 'axios #2602: errors and logs leak secrets', ['nothing prints a token'], {
      before: (x) =>
        withPlanOf(x, (plan) => ({
          ...plan,
          headers: { fields: plan.headers.fields.map(([name, value]) => [name, Secret.reveal(value)]) },
        })),
    }),
  ],
}

// --- signatures -----------------------------------------------------------------------------------------------------

const missigned = (mistake: string, history: string, law: string, found: Mistake): Lawbreaker => ({
  mistake,
  history,
  breaks: [law],
  rules: signing(machineOf(found)),
})

export const signatures: Case = {
  set: 'signing',
  lawful: signing(Exchange.simulate),
  breakers: [
    missigned(
      'the signature of the first request is kept on a redirect',
      'a signature that is a header like any other',
      'each attempt has a valid signature of its own time',
      { after: onNext((next, x) => (isFollowing(next) ? withPlanOf(next, keeping(x.plan, SIGNATURE)) : next)) },
    ),
    missigned(
      'the query changes after the signature',
      'a signer that is not the last step',
      'each attempt has a valid signature of its own time',
      { before: (x) => withPlanOf(x, (plan) => ({ ...plan, url: Url.appendQuery('later=1')(plan.url) })) },
    ),
    {
      mistake: 'a signature of the time when the session was made',
      history: 'signatures that expire: 15 minutes for AWS Signature Version 4',
      breaks: ['each attempt has a valid signature of its own time'],
      rules: signing((context) => Exchange.simulate({ ...context, now: new Date(0) })),
    },
    missigned(
      'the answer to a 401 repeats the signed request',
      'a request that is signed once and sent twice; servers reject the nonce as a replay',
      'no two attempts have the same nonce',
      {
        after: onNext((next, x) => {
          const answered =
            next.plan.cause === 'Authorize' ? next.history.find(({ head }) => head.status === 401) : undefined
          const { headers, url } = answered?.plan ?? next.plan
          return isObtaining(next) || !isObtaining(x) ? next : withPlanOf(next, (plan) => ({ ...plan, headers, url }))
        }),
      },
    ),
    missigned(
      'the signature follows to another origin',
      'botocore before it signed each redirect: the signed headers are copied',
      'a signature does not leave its origin',
      { after: onNext((next, x) => (isFollowing(next) ? withPlanOf(next, keeping(x.plan, SIGNATURE)) : next)) },
    ),
  ],
}

// --- programs -------------------------------------------------------------------------------------------------------

const misused = (
  mistake: string,
  history: string,
  breaks: ReadonlyArray<string>,
  change: Partial<TokenOperations>,
): Lawbreaker => ({ mistake, history, breaks, rules: tokenPrograms({ ...lawful, ...change }), runs: 300 })

/** A client with its own token requests for each call. */
const unshared: SendAll = (client, calls) =>
  Promise.all(calls.map(async (call) => (await apart({ ...client, tokens: SharedTokens.make() }, [call]))[0] ?? lost))

const lost: Outcome = E.left({ _tag: 'InvalidSettings', setting: '', message: '', history: [], jar: Jar.empty })

/** One promise for all: its failure is that of everyone. */
const onePromise: SendAll = async (client, calls) => {
  const outcomes = await apart(client, calls)
  const [first = lost] = outcomes
  return E.isLeft(first) ? outcomes.map(() => first) : outcomes
}

/** Each program that fails asks once more. */
const insistent: SendAll = async (client, calls) => {
  const outcomes = await apart(client, calls)
  return E.isLeft(outcomes[0] ?? lost) ? apart(client, calls) : outcomes
}

const signedOnce: TokenOperations['attempt'] = (request) => (jar) => (client) => {
  const transport: Transport = (plan, { signAgain: _, ...controls }) => client.transport(plan, controls)
  return Http.attempt(request)(jar)({ ...client, transport })
}

export const tokenHolders: Case = {
  set: 'tokenPrograms',
  lawful: tokenPrograms(lawful),
  breakers: [
    misused(
      'each program renews the token by itself',
      'ofetch #355: as many refreshes as requests',
      ['programs share one token request', 'a refusal is shared'],
      { sendAll: unshared },
    ),
    misused(
      'all programs wait for one promise, which the abort of the first one rejects',
      'a module variable with the promise of the refresh',
      ['another program obtains the token if the first one is cut'],
      { sendAll: onePromise },
    ),
    misused('a refused token is requested again', 'ky #587: retries without a limit', ['a refusal is shared'], {
      sendAll: insistent,
    }),
    misused(
      'the retries of a request repeat its signature',
      'an interceptor that signs outside the retries',
      ['each retry is signed again'],
      { attempt: signedOnce },
    ),
    misused(
      'the token is not kept',
      'a token that is obtained for each request',
      ['attempt over memory is simulate, tokens included'],
      {
        attempt: (request) => (jar) => (client) => async () => {
          const made = await Http.attempt(request)(jar)(client)()
          return E.isLeft(made) ? made : E.right([made.right[0], Jar.withoutTokens()(made.right[1])])
        },
      },
    ),
  ],
}
