/**
 * The transport that sends over the network: HTTP/1.1, and HTTP/2 as an option, over undici and Node's sockets.
 *
 * undici is loaded with the first request. The body of a response must be read, iterated or discarded. Until then it
 * holds its connection. Once 262,144 bytes or all of it have arrived, it does not keep the process alive.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as Headers from '../../values/Headers.js'
import { withoutBrackets } from '../../values/IpAddress.js'
import * as Url from '../../values/Url.js'
import * as Fault from '../../wire/Fault.js'
import * as NodeModules from '../../wire/NodeModules.js'
import type { Plan } from '../../wire/Plan.js'
import { makeChecked, type SendNow, type Transport } from '../../wire/Transport.js'
import { clientClosed } from '../Cancellation.js'
import type { Settings } from './Agent.js'
import { Agents } from './Agents.js'
import { SharedTimeout } from './AttemptTimer.js'
import { ChannelRequest } from './Channel.js'
import * as Failure from './Failure.js'
import { GivenDispatcher } from './GivenDispatcher.js'
import * as Head from './Head.js'
import type { Library } from './Http1.js'
import { LinkedList } from './LinkedList.js'
import * as OptionsReader from './OptionsReader.js'
import { type AttemptOwner, RequestAttempt } from './RequestAttempt.js'
import * as RequestBody from './RequestBody.js'
import type { Options } from './TransportOptions.js'

let library: Library | undefined

const load = async (): Promise<Library> => {
  // The path: Bun 1.4 replaces the name `undici` with a module of its own, whose `Client` does nothing.
  library ??= await import('undici/index.js')
  return library
}

/** The header fields that were sent last, as a list for undici: a session mostly sends the same to an origin. */
class RecentHeaders {
  #headers: Headers.Headers | undefined
  #list: string[] = []

  /** Returns the list of a plan. undici does not change it. */
  listOf(plan: Plan): string[] {
    // Otherwise the list depends on more than the header fields.
    if (plan.body._tag !== 'Empty' || Head.forwardingProxy(plan) !== undefined) return Head.flat(plan)
    if (plan.headers !== this.#headers) {
      this.#list = Head.flat(plan)
      this.#headers = plan.headers
    }
    return this.#list
  }
}

const channelRequest = (attempt: RequestAttempt, recent: RecentHeaders): ChannelRequest => {
  const { plan } = attempt
  const { url } = plan
  const proxy = Head.forwardingProxy(plan)
  const body = RequestBody.make(plan.body, attempt)
  if (body !== null && !(body instanceof Uint8Array)) attempt.upload = body
  return new ChannelRequest(
    attempt,
    proxy === undefined ? url.origin : `${proxy.protocol}//${proxy.hostname}:${proxy.port}`,
    plan.method,
    // A forwarding proxy needs the absolute form (RFC 9112 3.2.2).
    proxy === undefined ? Url.target(url) : Url.sentHref(Url.withHash('')(url)),
    recent.listOf(plan),
    body,
    withoutBrackets((proxy ?? url).hostname),
  )
}

const cannotLoad = (error: unknown): Fault.Fault =>
  Fault.make('ConnectFailed', `The undici package cannot be loaded: ${Failure.reasonOf(error)}`, error)

const unsupportedScheme = ({ url }: Plan): Fault.Fault =>
  Fault.make('ConnectFailed', `Cannot send to ${url.protocol} URLs: the scheme must be http: or https:`)

/**
 * The HTTP/2 of Bun 1.4 ends a body that the server has reset as if it were whole; that of Deno 2.9 loses whole bodies. A
 * wrong body is worse than a fault.
 */
const unsupportedHttp2 = (plan: Plan, { http2 }: Settings): Fault.Fault | undefined => {
  if (!http2 || NodeModules.runtime === 'Other' || plan.url.protocol !== 'https:') return undefined
  const message = `HTTP/2 loses parts of bodies in ${NodeModules.runtime}: open the transport without the option http2`
  return { ...Fault.make('Unsupported', message), unsupported: ['http2'], unsent: true }
}

/** Returns why a plan cannot be sent. */
const refusalOf = (plan: Plan, { settings, problem }: OptionsReader.Read): Fault.Fault | undefined => {
  if (problem !== undefined) return problem
  if (!Url.isHttp(plan.url)) return unsupportedScheme(plan)
  return settings.guard?.refusalOf(plan) ?? unsupportedHttp2(plan, settings)
}

/** Its settings contain keys and passwords, which a message of Node may repeat. */
const acquire = (agents: Agents, plan: Plan): ReturnType<Agents['acquire']> => {
  try {
    return agents.acquire(plan)
  } catch (error) {
    const { name, code } = Fault.causeOf(error)
    return E.left(Fault.make('ConnectFailed', `No connection can be opened with these settings (${code || name})`))
  }
}

/** Sends the attempts of one transport, and ends those in flight when the transport is closed. */
class Dispatcher implements AttemptOwner {
  readonly timeout = new SharedTimeout()
  readonly #inFlight = new LinkedList<RequestAttempt>()
  readonly #recentHeaders = new RecentHeaders()
  #agents: Agents | undefined

  readonly recordsTimings: boolean

  constructor(readonly options: OptionsReader.Read) {
    this.recordsTimings = options.recordsTimings
  }

  /** Starts an attempt. The attempt ends itself, through `onOver`. */
  start(attempt: RequestAttempt): void {
    this.#inFlight.push(attempt)
    if (!attempt.begin()) return
    if (library !== undefined) {
      this.#send(library, attempt)
      return
    }
    load().then(
      (loaded) => this.#send(loaded, attempt),
      (error: unknown) => attempt.fail(cannotLoad(error)),
    )
  }

  #send(loaded: Library, attempt: RequestAttempt): void {
    if (attempt.isOver) return
    const { plan } = attempt
    try {
      this.#agents ??= new Agents(loaded, this.options.settings)
      const refusal = refusalOf(plan, this.options)
      const agent = refusal === undefined ? acquire(this.#agents, plan) : E.left(refusal)
      if (E.isLeft(agent)) {
        attempt.fail(agent.left)
        return
      }
      attempt.agent = agent.right
      attempt.pooled = agent.right.pooled(channelRequest(attempt, this.#recentHeaders))
      attempt.pooled.dispatch()
    } catch (error) {
      attempt.fail(Failure.classify(error, 'Queued', plan.url.origin))
    }
  }

  onOver(attempt: RequestAttempt): void {
    this.#inFlight.remove(attempt)
    if (attempt.agent !== undefined) this.#agents?.release(attempt.agent)
    attempt.agent = undefined
  }

  async close(): Promise<void> {
    for (let attempt = this.#inFlight.shift(); attempt !== undefined; attempt = this.#inFlight.shift()) {
      attempt.fail(clientClosed())
    }
    await this.#agents?.close()
  }
}

/** Returns the refusal of a transport that has an address policy, or an invalid option. */
const refusalBy = ({ settings: { guard }, problem }: OptionsReader.Read): Pick<Transport, 'refusal'> => {
  if (guard === undefined && problem === undefined) return {}
  return {
    refusal: (plan) => {
      const fault = problem ?? guard?.refusalOf(plan)
      return fault === undefined ? O.none : O.some({ ...fault, plan })
    },
  }
}

/**
 * Returns a transport with its own connections. `close` ends its requests and connections. In a bundle for browsers or workers,
 * which have no sockets, each request is `Unsupported`.
 *
 * @example
 * import { Transport } from 'requests-ts'
 *
 * const transport = Transport.undici({ connections: 10 })
 * assert.equal(typeof transport.close, 'function')
 */
export const undici = (options: Options = {}): Transport => {
  const read = OptionsReader.read(options)
  const dispatcher =
    read.given === undefined ? new Dispatcher(read) : new GivenDispatcher(...read.given, read.recordsTimings)
  const send: SendNow = (plan, controls, listener) =>
    dispatcher.start(new RequestAttempt(plan, controls, dispatcher, listener))
  return makeChecked(send, () => dispatcher.close(), read.given === undefined ? refusalBy(read) : {})
}
