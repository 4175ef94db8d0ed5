/**
 * The transport over a fetch function: for browsers and their workers, Cloudflare Workers, edge runtimes, Deno, Bun, and
 * programs with a fetch of their own. It imports nothing from Node.
 *
 * What fetch cannot do is `Unsupported` before anything is sent: see `Fetch.restrictions`. A browser shows a redirect only
 * after it was sent, and without its Location: then the reply is `Unsupported`, unless `hiddenRedirects` is `follow`.
 *
 * The field `unsupported` of the fault has names of `Fetch.restrictions`, or `redirect` for a hidden redirect, or the name of an
 * option that is not valid, such as `fetch`.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as Headers from '../../values/Headers.js'
import * as Url from '../../values/Url.js'
import * as UserInput from '../../values/UserInput.js'
import * as Fault from '../../wire/Fault.js'
import { type Plan, urlWithoutQuery } from '../../wire/Plan.js'
import { makeChecked, type SendNow, type Transport, withPlan } from '../../wire/Transport.js'
import { clientClosed } from '../Cancellation.js'
import { LinkedList } from '../undici/LinkedList.js'
import { BodyStream } from '../undici/RequestBody.js'
import { type Capabilities, detect } from './Capabilities.js'
import { type AttemptOwner, FetchAttempt } from './FetchAttempt.js'
import * as FetchCoding from './FetchCoding.js'
import * as FetchFailure from './FetchFailure.js'
import * as FetchRequest from './FetchRequest.js'
import type * as FetchResponse from './FetchResponse.js'
import { type Refusal, refusals } from './Restrictions.js'

/**
 * Options of `Transport.fetch`.
 *
 * @since 0.2.0
 * @category model
 */
export interface FetchOptions {
  /** The global `fetch` by default, which is looked up for each request. It is called without `this`. */
  fetch?(url: string, init: object): PromiseLike<object>
  /** What the fetch can do, where it differs from `Fetch.detect()`. */
  readonly capabilities?: Partial<Capabilities>
  /**
   * What to do where redirects are hidden, as in browsers. `refuse`, the default, makes a redirect `Unsupported`. `follow`
   * lets fetch follow it: without redirect policies, history and cookies of the hops before the last.
   */
  readonly hiddenRedirects?: 'refuse' | 'follow'
  /**
   * More fields of the second argument of fetch, such as `credentials`, `mode`, `cache`, `referrerPolicy`, or `dispatcher` in
   * Node. In a browser `credentials` is `omit` and `cache` is `no-store` by default. Fields that the plan decides are ignored:
   * `method`, `headers`, `body`, `redirect`, `signal`, `duplex`.
   */
  readonly init?: Readonly<Record<string, unknown>>
}

type Unsupported = Fault.Fault<'Unsupported'>

const unsupported = (plan: Plan, reasons: ReadonlyArray<Refusal | OptionProblem>): Unsupported => {
  const what = reasons.map(({ problem, hint }) => `${problem}; ${hint}`).join('. Also, ')
  return {
    ...Fault.make('Unsupported', `fetch cannot send ${plan.method} ${urlWithoutQuery(plan)}: ${what}`),
    unsupported: reasons.map(({ name }) => name),
  }
}

/** An option that plain JavaScript has set to something else than its type. */
interface OptionProblem {
  readonly name: string
  readonly problem: string
  readonly hint: string
}

type FetchFunction = (url: string, init: object) => PromiseLike<object>

const isFetch = (u: unknown): u is FetchFunction => typeof u === 'function'

/** The valid values of each capability. */
const VALUES: Readonly<Record<string, ReadonlyArray<unknown>>> = {
  redirects: ['Shown', 'Hidden'],
  cookies: ['Plan', 'Browser'],
  headerValues: ['Latin1', 'Utf8'],
  requestStreams: ['Any', 'Https', 'None'],
  badPorts: ['Sent', 'Blocked'],
  severalCodings: ['Decoded', 'Kept'],
}

const isValid = (name: string, value: unknown): boolean => {
  const values = Object.hasOwn(VALUES, name) ? VALUES[name] : undefined
  if (values !== undefined) return values.includes(value)
  if (name === 'methods' && value === 'Standard') return true
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

const problemsOf = ({ fetch, capabilities = {} }: FetchOptions): ReadonlyArray<OptionProblem> => {
  const invalid = Object.entries(capabilities ?? {}).filter(
    ([name, value]) => value !== undefined && !isValid(name, value),
  )
  return [
    ...(fetch === undefined || isFetch(fetch)
      ? []
      : [
          {
            name: 'fetch',
            problem: `the option fetch must be a function, not ${Fault.kindOf(fetch)}`,
            hint: 'leave it out for the global fetch',
          },
        ]),
    ...invalid.map(([name]) => ({
      name: `capabilities.${name}`,
      problem: `the option capabilities.${name} is not valid`,
      hint: 'see Fetch.Capabilities',
    })),
  ]
}

const NO_FETCH: OptionProblem = {
  name: 'fetch',
  problem: 'this runtime has no global fetch',
  hint: 'pass the option fetch, or use Transport.undici',
}

const defined = <A extends object>(record: A): object =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))

/** Sends the attempts of one transport, and ends those in flight when the transport is closed. */
class FetchDispatcher implements AttemptOwner {
  readonly #options: FetchOptions
  readonly #problems: ReadonlyArray<OptionProblem>
  readonly #inFlight = new LinkedList<FetchAttempt>()
  #detected: Capabilities | undefined

  constructor(options: FetchOptions) {
    this.#options = options
    this.#problems = problemsOf(options)
  }

  /** Detected with the first plan, because a global may be replaced before. */
  get #capabilities(): Capabilities {
    this.#detected ??= { ...detect(), ...defined(this.#options.capabilities ?? {}) }
    return this.#detected
  }

  get #fetch(): FetchFunction | undefined {
    const given: unknown = this.#options.fetch ?? Reflect.get(globalThis, 'fetch')
    return isFetch(given) ? given : undefined
  }

  get #follows(): boolean {
    return this.#capabilities.redirects === 'Hidden' && this.#options.hiddenRedirects === 'follow'
  }

  refuse(plan: Plan): Unsupported | undefined {
    const problems = this.#problems.length === 0 && this.#fetch === undefined ? [NO_FETCH] : this.#problems
    const reasons = problems.length > 0 ? problems : refusals(this.#capabilities)(plan)
    return reasons.length === 0 ? undefined : { ...unsupported(plan, reasons), unsent: true }
  }

  start(attempt: FetchAttempt): void {
    this.#inFlight.push(attempt)
    attempt.begin()
  }

  call(attempt: FetchAttempt, signal: AbortSignal): PromiseLike<unknown> {
    const { plan } = attempt
    const fetch = this.#fetch
    if (fetch === undefined) throw unsupported(plan, [NO_FETCH])
    const body = FetchRequest.bodyOf(plan, attempt)
    if (body instanceof BodyStream) attempt.upload = body
    const init = FetchRequest.initOf(plan, this.#capabilities, body, {
      init: this.#options.init ?? {},
      redirect: this.#follows ? 'follow' : 'manual',
      signal,
      onFailed: (error) => attempt.fail(FetchFailure.classify(error, 'Sent', plan)),
    })
    return fetch(Url.sentHref(Url.withHash('')(plan.url)), init)
  }

  problemOf(plan: Plan, { type, status }: FetchResponse.Received): Fault.Fault | undefined {
    if (type === 'opaqueredirect') return hiddenRedirect(plan)
    if (type === 'error') return FetchFailure.notResponse(plan, 'fetch returned Response.error()')
    if (type === 'opaque') return FetchFailure.notResponse(plan, "fetch hides it, because init.mode is 'no-cors'")
    return status < 200 || status > 599 ? FetchFailure.notResponse(plan, `its status is ${status}`) : undefined
  }

  finalUrl({ url }: Plan, { redirectedTo }: FetchResponse.Received): string | undefined {
    if (redirectedTo === undefined || !URL.canParse(redirectedTo)) return undefined
    const final = new URL(redirectedTo)
    final.username = ''
    final.password = ''
    // A server may have repeated a secret query.
    if (Url.sentHref(url) !== url.href) final.search = ''
    return final.href
  }

  remaining(reader: FetchResponse.ChunkReader, headers: Headers.Headers): FetchCoding.CodedBody {
    return FetchCoding.remaining(reader, headers, this.#capabilities)
  }

  onOver(attempt: FetchAttempt): void {
    this.#inFlight.remove(attempt)
  }

  async close(): Promise<void> {
    for (let attempt = this.#inFlight.shift(); attempt !== undefined; attempt = this.#inFlight.shift()) {
      attempt.fail(clientClosed())
    }
  }
}

const hiddenRedirect = (plan: Plan): Fault.Fault => {
  const hint = "set hiddenRedirects: 'follow' to let fetch follow it, or send to the final URL"
  const message = `fetch hides the redirect that ${plan.method} ${urlWithoutQuery(plan)} was answered with; ${hint}`
  return { ...Fault.make('Unsupported', message), unsupported: ['redirect'] }
}

/**
 * Returns a transport over a fetch function. `close` ends its requests; connections belong to the runtime. Errors: those of
 * every transport, and `Unsupported` for a plan that fetch cannot send.
 *
 * @since 0.2.0
 * @category constructors
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Client, Http, Response, Session, Transport } from 'requests-ts'
 *
 * const transport = Transport.fetch({ fetch: async () => new globalThis.Response('hello') })
 * const run = Client.runWith({ session: Session.empty, transport })
 * const text = await pipe(Http.get('https://h.test/'), Http.map(Response.text), run)()
 * assert.deepEqual(text, { _tag: 'Right', right: 'hello' })
 */
export const fetch = (options: FetchOptions = {}): Transport => {
  const dispatcher = new FetchDispatcher(UserInput.own(options ?? {}))
  const refusal: Transport['refusal'] = (plan) => {
    const fault = dispatcher.refuse(plan)
    return fault === undefined ? O.none : O.some({ ...fault, plan })
  }
  const send: SendNow = (plan, controls, listener) => {
    const fault = dispatcher.refuse(plan)
    if (fault !== undefined) listener.onReply(E.left(withPlan(plan, fault)))
    else dispatcher.start(new FetchAttempt(plan, controls, dispatcher, listener))
  }
  return makeChecked(send, () => dispatcher.close(), { refusal })
}
