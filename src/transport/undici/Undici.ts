/**
 * The transport that sends over the network: HTTP/1.1, and HTTP/2 as an option, over undici and Node's sockets.
 *
 * undici is loaded with the first request. The body of a response must be read, iterated or discarded. Until then it
 * holds its connection, but it does not keep the process alive.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { AddressPolicy } from '../../values/AddressPolicy.js'
import type * as Headers from '../../values/Headers.js'
import { withoutBrackets } from '../../values/IpAddress.js'
import * as Url from '../../values/Url.js'
import * as UserInput from '../../values/UserInput.js'
import * as Fault from '../../wire/Fault.js'
import * as NodeModules from '../../wire/NodeModules.js'
import type { Plan } from '../../wire/Plan.js'
import { makeChecked, type SendNow, type Transport } from '../../wire/Transport.js'
import { clientClosed } from '../Cancellation.js'
import * as Lookup from '../Lookup.js'
import * as AddressGuard from './AddressGuard.js'
import type { Settings } from './Agent.js'
import { Agents } from './Agents.js'
import { SharedTimeout } from './AttemptTimer.js'
import { ChannelRequest } from './Channel.js'
import type { Dispatcher as Given } from './Dispatcher.js'
import * as Failure from './Failure.js'
import { GivenDispatcher } from './GivenDispatcher.js'
import { systemLookup } from './HappyEyeballs.js'
import * as Head from './Head.js'
import type { Library } from './Http1.js'
import { LinkedList } from './LinkedList.js'
import { type AttemptOwner, RequestAttempt } from './RequestAttempt.js'
import * as RequestBody from './RequestBody.js'

/** Options of `undici`. */
export interface Options {
  /** The most connections to one origin; further requests wait. 128 by default. */
  readonly connections?: number
  /** How long an idle connection is kept, in milliseconds, unless the server announces a time. 4,000 by default. */
  readonly keepAlive?: number
  /** The longest head of a response, in bytes. 65,536 by default. */
  readonly maxHeaderSize?: number
  /**
   * Offers HTTP/2 to https origins, which has no reason phrases. `false` by default. With `true`, a connection serves one request at a
   * time; `{ streams: 100 }` is the most requests that it serves at the same time, if the server allows so many. In Bun and Deno,
   * whose HTTP/2 loses parts of bodies, a request to an https origin is then `Unsupported`.
   */
  readonly http2?: boolean | { readonly streams: number }
  /** The path of a unix socket, which is used for every origin. */
  readonly socketPath?: string
  /** The local address to connect from. */
  readonly localAddress?: string
  /**
   * Which addresses may be connected to: `AddressPolicy.publicOnly` for URLs that users give. Every address by default. A request
   * to another address, on any hop, is `AddressRefused`, and nothing is sent.
   *
   * @since 0.2.0
   */
  readonly addressPolicy?: AddressPolicy
  /**
   * Finds the addresses of a host, with the signature of Node's `dns.lookup`, which is the default. For proxies too.
   *
   * @since 0.2.0
   */
  readonly lookup?: Lookup.Lookup
  /**
   * Keeps the addresses that were found. Off by default, because the resolver of most systems has a cache.
   *
   * @since 0.2.0
   */
  readonly lookupCache?: Lookup.LookupCache
  /**
   * Records how long each phase of an attempt takes: `Response.timings`, stories, HAR files, progress and observers. `false` by
   * default.
   *
   * @since 0.2.0
   */
  readonly timings?: boolean
  /**
   * A dispatcher of undici 7 or later, such as an `Agent`, a `ProxyAgent` or a `MockAgent`, to send through instead of own
   * connections. It is never closed. It decides about connections, proxy, TLS and the connect timeout, so the other options,
   * and a proxy or TLS settings of a plan, are an error when the request is sent. Without interceptors that follow
   * redirects, redirects are followed by this library. A body is passed as bytes, which a `MockAgent` matches by a RegExp.
   *
   * @since 0.2.0
   */
  readonly dispatcher?: Given
}

const resolverOf = ({ lookup, lookupCache }: Options): Lookup.Resolve => {
  const resolve = lookup === undefined ? systemLookup : Lookup.checked(lookup)
  return lookupCache === undefined ? resolve : Lookup.cached(lookupCache, resolve, () => performance.now())
}

const streamsOf = (http2: Options['http2']): number =>
  typeof http2 === 'object' && http2 !== null ? UserInput.atLeast(1, UserInput.get(http2, 'streams') ?? 1) : 1

const settingsOf = (options: Options): Settings => ({
  connections: options.connections ?? 128,
  keepAlive: options.keepAlive ?? 4_000,
  maxHeaderSize: options.maxHeaderSize ?? 65_536,
  http2: options.http2 !== undefined && options.http2 !== false,
  streams: streamsOf(options.http2),
  socketPath: options.socketPath,
  localAddress: options.localAddress,
  resolve: resolverOf(options),
  guard: options.addressPolicy === undefined ? undefined : AddressGuard.make(options.addressPolicy, options.socketPath),
})

/** The names of the options that are set. */
const namesOf = (options: object): ReadonlyArray<string> =>
  Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [name]))

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
  if (body instanceof RequestBody.BodyStream) attempt.upload = body
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
const refusalOf = (plan: Plan, settings: Settings): Fault.Fault | undefined => {
  if (!Url.isHttp(plan.url)) return unsupportedScheme(plan)
  return settings.guard?.refusalOf(plan) ?? unsupportedHttp2(plan, settings)
}

/** Sends the attempts of one transport, and ends those in flight when the transport is closed. */
class Dispatcher implements AttemptOwner {
  readonly timeout = new SharedTimeout()
  readonly #inFlight = new LinkedList<RequestAttempt>()
  readonly #recentHeaders = new RecentHeaders()
  #agents: Agents | undefined

  constructor(
    readonly settings: Settings,
    readonly recordsTimings: boolean,
  ) {}

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
    this.#agents ??= new Agents(loaded, this.settings)
    const refusal = refusalOf(plan, this.settings)
    const agent = refusal === undefined ? this.#agents.acquire(plan) : E.left(refusal)
    if (E.isLeft(agent)) {
      attempt.fail(agent.left)
      return
    }
    attempt.agent = agent.right
    try {
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

/** Returns the refusal of a transport that has an address policy. */
const refusalBy = (dispatcher: Dispatcher | GivenDispatcher): Pick<Transport, 'refusal'> => {
  const guard = dispatcher instanceof Dispatcher ? dispatcher.settings.guard : undefined
  if (guard === undefined) return {}
  return {
    refusal: (plan) => {
      const fault = guard.refusalOf(plan)
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
  const { dispatcher: given, timings, ...others } = UserInput.own(options)
  const recordsTimings = timings === true
  const dispatcher =
    given === undefined
      ? new Dispatcher(settingsOf(UserInput.own(others)), recordsTimings)
      : new GivenDispatcher(given, namesOf(others), recordsTimings)
  const send: SendNow = (plan, controls, listener) =>
    dispatcher.start(new RequestAttempt(plan, controls, dispatcher, listener))
  return makeChecked(send, () => dispatcher.close(), refusalBy(dispatcher))
}
