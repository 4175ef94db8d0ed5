/**
 * Sends through a dispatcher of undici that the caller made, such as an `Agent`, a `ProxyAgent` or a `MockAgent`.
 *
 * | subject                                        | decided by                                                    |
 * |------------------------------------------------|---------------------------------------------------------------|
 * | connections, TLS, proxy, `timeouts.connect`    | the dispatcher                                                |
 * | `timeouts.read`, `timeouts.total`, abort, progress | the attempt, as with connections of this library          |
 * | redirects, retries                             | this library; an interceptor that follows a redirect hides it: its cookies and its policy are skipped |
 * | closing                                        | whoever made the dispatcher                                   |
 *
 * A dispatcher does not give access to its connections. This has consequences:
 *
 * | not possible                                         | so                                                      |
 * |------------------------------------------------------|---------------------------------------------------------|
 * | to know whether a connection was used before         | a reply has no `connection`                             |
 * | to know the HTTP version                             | a reply has no `httpVersion`, and observers see `HTTP/1.1` |
 * | to see how a connection ended                        | a body without length that ends with a reset is complete |
 * | to send a streamed body again in an interceptor      | use `Transport.withRetry` instead of `RetryAgent`       |
 *
 * A setting that only connections of this library can apply is an error and is not ignored.
 */
import { isIP } from 'node:net'
import * as O from 'fp-ts/lib/Option.js'
import { withoutBrackets } from '../../values/IpAddress.js'
import * as Url from '../../values/Url.js'
import * as Fault from '../../wire/Fault.js'
import type { Plan } from '../../wire/Plan.js'
import { clientClosed } from '../Cancellation.js'
import { SharedTimeout } from './AttemptTimer.js'
import type { Controller, Handler } from './Channel.js'
import type { Dispatcher } from './Dispatcher.js'
import * as Failure from './Failure.js'
import * as Head from './Head.js'
import { LinkedList } from './LinkedList.js'
import type { AttemptOwner, RequestAttempt } from './RequestAttempt.js'
import * as RequestBody from './RequestBody.js'

const refused = (tag: Fault.FaultTag, problem: string): Fault.Fault => Fault.make(tag, `Cannot send: ${problem}`)

/** Returns why a plan cannot be sent through a given dispatcher, or `undefined`. */
const problemOf = ({ url, route: { proxy, tls } }: Plan): Fault.Fault | undefined => {
  if (!Url.isHttp(url)) return refused('ConnectFailed', `the scheme of ${url.protocol} URLs must be http: or https:`)
  if (O.isSome(proxy)) {
    const hint = 'use a ProxyAgent as the dispatcher and Session.withoutProxy, or leave out the dispatcher'
    return refused('ProxyFailed', `a given dispatcher does not use the proxy of the plan; ${hint}`)
  }
  const isDefault = tls.verify && O.isNone(tls.ca) && O.isNone(tls.certificate)
  if (isDefault || url.protocol === 'http:') return undefined
  const hint = 'set them on the dispatcher, or leave out the dispatcher'
  return refused('TlsFailed', `a given dispatcher does not use verify, CA and client certificate of the plan; ${hint}`)
}

/** The header fields as a list, for a dispatcher or an interceptor that has only a record of them. */
const listOf = (headers: unknown): ReadonlyArray<unknown> => {
  if (typeof headers !== 'object' || headers === null) return []
  return Object.entries(headers).flatMap(([name, value]) =>
    Array.isArray(value) ? value.flatMap((one: unknown) => [name, one]) : [name, value],
  )
}

/** Runs a function of the dispatcher's controller, which may be missing or throw. */
const guarded = (run: () => void): void => {
  try {
    run()
  } catch {
    // The attempt does not depend on it: it ends by its own timeouts.
  }
}

const safe = (controller: Controller): Controller => ({
  abort: (reason) => guarded(() => controller.abort(reason)),
  pause: () => guarded(() => controller.pause()),
  resume: () => guarded(() => controller.resume()),
})

const rawHeadersOf = (controller: unknown, headers: unknown): unknown => {
  const given =
    typeof controller === 'object' && controller !== null ? Reflect.get(controller, 'rawHeaders') : undefined
  return Array.isArray(given) ? given : listOf(headers)
}

const handlerOf = (attempt: RequestAttempt): Handler => ({
  onRequestStart: (controller) => attempt.onRequestStart(safe(controller)),
  onResponseStart: (controller, status, headers, reason) => {
    const read = { ...safe(controller), rawHeaders: rawHeadersOf(controller, headers) }
    attempt.onResponseStart(read, status, headers, reason)
  },
  onResponseData: (controller, chunk) => attempt.onResponseData(controller, chunk),
  onResponseEnd: () => attempt.onResponseEnd(),
  onResponseError: (controller, error) => attempt.onResponseError(controller, error),
})

/** Header fields that undici accepts only once, with one value. */
const SINGLE: ReadonlySet<string> = new Set(
  'host content-length connection transfer-encoding keep-alive upgrade expect'.split(' '),
)

/**
 * Returns a flat list in which a repeated name has all its values, because the `ProxyAgent` of undici 7.30 makes a record of
 * the list and keeps the last value of each name. undici sends such values as one line each.
 */
const grouped = (flat: ReadonlyArray<string>): ReadonlyArray<string | ReadonlyArray<string>> => {
  const fields = new Map<string, string[]>()
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const [name = '', value = ''] = flat.slice(i, i + 2)
    const values = fields.get(name)
    if (values === undefined) fields.set(name, [value])
    else if (SINGLE.has(name.toLowerCase()))
      return flat // undici reports the error
    else values.push(value)
  }
  if (fields.size * 2 === flat.length) return flat
  return [...fields].flatMap(([name, values]) => {
    const [value = ''] = values
    return [name, values.length === 1 ? value : values]
  })
}

/** The MockAgent of undici 7 converts a body to text with `String`, which gives a list of numbers for other bytes. */
const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const optionsOf = (attempt: RequestAttempt): object => {
  const { plan } = attempt
  const body = RequestBody.make(plan.body, attempt)
  if (body !== null && !(body instanceof Uint8Array)) attempt.upload = body
  const name = withoutBrackets(plan.url.hostname)
  return {
    origin: plan.url.origin,
    path: Url.target(plan.url),
    method: plan.method,
    headers: grouped(Head.flat(plan)),
    body: body instanceof Uint8Array ? bufferOf(body) : body,
    // The name that the certificate must have. undici would use the Host header.
    ...(isIP(name) === 0 ? { servername: name } : {}),
  }
}

/** Sends the attempts of one transport through a given dispatcher, and never closes it. */
export class GivenDispatcher implements AttemptOwner {
  readonly timeout = new SharedTimeout()
  readonly #inFlight = new LinkedList<RequestAttempt>()
  readonly #dispatcher: Dispatcher
  readonly #others: ReadonlyArray<string>

  /** @param others - the names of the other options, which cannot be combined with a dispatcher */
  constructor(
    dispatcher: Dispatcher,
    others: ReadonlyArray<string>,
    readonly recordsTimings: boolean,
  ) {
    this.#dispatcher = dispatcher
    this.#others = others
  }

  start(attempt: RequestAttempt): void {
    this.#inFlight.push(attempt)
    if (!attempt.begin()) return
    const problem = this.#problem() ?? problemOf(attempt.plan)
    if (problem !== undefined) {
      attempt.fail(problem)
      return
    }
    const failWith = (error: unknown): void => attempt.fail(Failure.classify(error, 'Queued', attempt.plan.url.origin))
    try {
      const returned: unknown = this.#dispatcher.dispatch(optionsOf(attempt), {
        ...handlerOf(attempt),
        onRequestUpgrade: attempt.onRequestUpgrade.bind(attempt),
      })
      // Plain JavaScript can pass an async function.
      if (typeof returned === 'object') Promise.resolve(returned).catch(failWith)
    } catch (error) {
      failWith(error)
    }
  }

  #problem(): Fault.Fault | undefined {
    if (this.#others.length > 0) {
      const names = this.#others.join(', ')
      return refused(
        'ConnectFailed',
        `the option dispatcher cannot be combined with ${names}; set it on the dispatcher`,
      )
    }
    const dispatcher: unknown = this.#dispatcher
    const isValid = typeof dispatcher === 'object' && dispatcher !== null && 'dispatch' in dispatcher
    return isValid && typeof dispatcher.dispatch === 'function'
      ? undefined
      : refused('ConnectFailed', 'the option dispatcher must be a Dispatcher of undici')
  }

  onOver(attempt: RequestAttempt): void {
    this.#inFlight.remove(attempt)
  }

  async close(): Promise<void> {
    for (let attempt = this.#inFlight.shift(); attempt !== undefined; attempt = this.#inFlight.shift()) {
      attempt.fail(clientClosed())
    }
  }
}
