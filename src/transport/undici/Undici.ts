/**
 * The transport that really sends: HTTP/1.1 (and HTTP/2 where it is asked for) over undici, on real sockets.
 *
 * | option          | default | is                                                                          |
 * |-----------------|---------|-----------------------------------------------------------------------------|
 * | `connections`   | 128     | the most that are open to one origin; what is beyond it waits               |
 * | `keepAlive`     | 4 000   | milliseconds an idle connection is kept, unless the server says otherwise     |
 * | `maxHeaderSize` | 65 536  | octets of a reply's head                                                    |
 * | `http2`         | false   | offer HTTP/2 to https origins; no reason phrases, one stream per connection    |
 * | `socketPath`    | none    | a unix socket in place of every origin                                      |
 * | `localAddress`  | none    | the address to connect from                                                 |
 *
 * undici is loaded with the first request. A body is to be read, iterated or discarded: until then it holds its
 * connection, though not the process.
 *
 * @example
 * import { Transport } from 'requests-ts'
 *
 * const transport = Transport.undici({ connections: 10 })
 * assert.equal(typeof transport.close, 'function')
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as OwnProperty from '../../values/OwnProperty.js'
import * as Proxy from '../../values/Proxy.js'
import * as Url from '../../values/Url.js'
import * as Clock from '../../wire/Clock.js'
import * as Fault from '../../wire/Fault.js'
import type { Plan } from '../../wire/Plan.js'
import type { Transport } from '../../wire/Transport.js'
import type { Agent } from './Agents.js'
import { Agents } from './Agents.js'
import type { Dispatch } from './Channel.js'
import { bare } from './Connector.js'
import * as Failure from './Failure.js'
import type { Owner } from './Handler.js'
import { RequestAttempt } from './Handler.js'
import * as Head from './Head.js'
import type { Library } from './Http1.js'
import { InFlight } from './InFlight.js'
import type { Settings } from './Pools.js'
import * as RequestBody from './RequestBody.js'

export interface Options {
  readonly connections?: number
  readonly keepAlive?: number
  readonly maxHeaderSize?: number
  readonly http2?: boolean
  readonly socketPath?: string
  readonly localAddress?: string
}

const settingsOf = (options: Options): Settings => ({
  connections: options.connections ?? 128,
  keepAlive: options.keepAlive ?? 4_000,
  maxHeaderSize: options.maxHeaderSize ?? 65_536,
  http2: options.http2 ?? false,
  socketPath: options.socketPath,
  localAddress: options.localAddress,
})

let library: Library | undefined

const load = async (): Promise<Library> => {
  library ??= await import('undici')
  return library
}

interface Target {
  readonly origin: string
  readonly path: string
  /** Whose certificate it is: undici would take the name from the Host header. Without brackets. */
  readonly servername: string
  readonly isForwarded: boolean
}

/** Where the request goes: to the origin, or in absolute form to a proxy that forwards it (RFC 9112 3.2). */
const target = ({ url, route: { proxy } }: Plan): Target => {
  if (O.isSome(proxy) && Proxy.forwards(proxy.value, url.protocol)) {
    const { protocol, hostname, port } = proxy.value
    const path = Url.sentHref(Url.withHash('')(url))
    return { origin: `${protocol}//${hostname}:${port}`, path, servername: bare(hostname), isForwarded: true }
  }
  return { origin: url.origin, path: Url.target(url), servername: bare(url.hostname), isForwarded: false }
}

const dispatchOf = (attempt: RequestAttempt): Dispatch => {
  const { plan } = attempt
  const { origin, path, servername, isForwarded } = target(plan)
  const body = RequestBody.make(plan.body, attempt)
  if (body instanceof RequestBody.Upload) attempt.upload = body
  return {
    caller: attempt,
    origin,
    path,
    method: plan.method,
    headers: Head.flat(plan, isForwarded),
    body,
    servername,
    // HEAD, and GET with a body, would else close their connection. `Connection: close` still does.
    reset: false,
  }
}

const notLoaded = (error: unknown): Fault.Fault =>
  Fault.make('ConnectFailed', `undici cannot be loaded: ${Failure.why(error)}`, error)

const noScheme = ({ url }: Plan): Fault.Fault =>
  Fault.make('ConnectFailed', `Only http: and https: can be sent to, not ${url.protocol}`)

/** The requests of one transport: those under way, and the agents they travel with. */
class Traffic implements Owner {
  readonly #settings: Settings
  readonly #underWay = new InFlight<RequestAttempt>()
  #agents: Agents | undefined

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** Starts an attempt; it ends by itself, through `over`. */
  start(attempt: RequestAttempt): void {
    this.#underWay.add(attempt)
    if (!attempt.begin()) return
    if (library !== undefined) this.#send(library, attempt)
    else this.#sendLater(attempt)
  }

  #sendLater(attempt: RequestAttempt): void {
    load().then(
      (loaded) => this.#send(loaded, attempt),
      (error: unknown) => attempt.fail(notLoaded(error)),
    )
  }

  #send(loaded: Library, attempt: RequestAttempt): void {
    if (attempt.isOver) return
    const agent = Url.isHttp(attempt.plan.url) ? this.#acquire(loaded, attempt.plan) : E.left(noScheme(attempt.plan))
    if (E.isLeft(agent)) {
      attempt.fail(agent.left)
      return
    }
    attempt.agent = agent.right
    try {
      agent.right.pools.dispatch(attempt, dispatchOf(attempt), attempt)
    } catch (error) {
      attempt.fail(Failure.classify(error, 'Queued', attempt.plan.url.origin))
    }
  }

  #acquire(loaded: Library, plan: Plan): E.Either<Fault.Fault, Agent> {
    this.#agents ??= new Agents(loaded, this.#settings)
    return this.#agents.acquire(plan)
  }

  over(attempt: RequestAttempt): void {
    this.#underWay.remove(attempt)
    if (attempt.agent !== undefined) this.#agents?.release(attempt.agent)
    attempt.agent = undefined
  }

  async close(): Promise<void> {
    for (const attempt of this.#underWay.all()) attempt.fail(Failure.clientClosed())
    await this.#agents?.close()
  }
}

/** A transport with connections of its own. */
export const undici = (options: Options = {}): Transport => {
  const traffic = new Traffic(settingsOf(OwnProperty.of(options)))
  const send: Transport = (plan, given) => () => {
    const limits = OwnProperty.of(given)
    const clock = limits.clock ?? Clock.system
    return new Promise((resolve) => traffic.start(new RequestAttempt(plan, limits, clock, traffic, resolve)))
  }
  return Object.assign(send, { close: () => traffic.close() })
}
