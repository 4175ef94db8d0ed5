/**
 * The agents: one for each distinct way to travel, and never one for two different ones.
 *
 * | part of the key                                         | because                                          |
 * |---------------------------------------------------------|--------------------------------------------------|
 * | proxy with its credentials, and whether it forwards      | a connection through one is none to the other    |
 * | verify, CA, client certificate, key, passphrase          | a connection is as trusted as it was when opened |
 * | timeouts                                                | **no**: they are the attempt's                   |
 *
 * Unix socket, local address, HTTP/2 and the number of connections are the transport's, which has agents of its own.
 * http without an https proxy looks at no TLS setting and has one agent. A route is recognised by the identity of its
 * parts; only one not seen before is spelled out as a key. Files are read when an agent is made.
 */
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Proxy from '../../values/Proxy.js'
import * as Secret from '../../values/Secret.js'
import type * as Fault from '../../wire/Fault.js'
import type * as Plan from '../../wire/Plan.js'
import type { ConnectionOptions, ProxyMode } from './Connector.js'
import type { Library } from './Http1.js'
import type { Settings } from './Pools.js'
import { Pools } from './Pools.js'
import * as Tls from './Tls.js'

/** A set of pools and those who use it. */
export interface Agent {
  readonly pools: Pools
  isOpen: boolean
  /** Attempts under way: an agent in use is not evicted. */
  active: number
  /** When it was last asked for, in requests. */
  used: number
}

const MOST_AGENTS = 64

// --- keys ----------------------------------------------------------------------------------------------------------

const wayOf = (plan: Plan.Plan): ProxyMode => {
  const { proxy } = plan.route
  if (O.isNone(proxy)) return { _tag: 'Direct' }
  if (Proxy.isSocks(proxy.value)) return { _tag: 'Socks', proxy: proxy.value }
  const forwards = Proxy.forwards(proxy.value, plan.url.protocol)
  return { _tag: forwards ? 'Forward' : 'Tunnel', proxy: proxy.value }
}

const revealed = (value: string | Secret.Secret | undefined): string | null =>
  value === undefined ? null : Secret.reveal(value)

const proxyKey = ({ protocol, hostname, port, credentials, authorization }: Proxy.Proxy): ReadonlyArray<unknown> => [
  protocol,
  hostname,
  port,
  O.isSome(credentials) ? [Secret.reveal(credentials.value.user), Secret.reveal(credentials.value.pass)] : null,
  O.isSome(authorization) ? Secret.reveal(authorization.value) : null,
]

const tlsKey = ({ verify, ca, certificate }: Plan.Tls): ReadonlyArray<unknown> => {
  const { cert, key, pfx, passphrase } = O.isSome(certificate) ? certificate.value : {}
  const bundle = pfx === undefined || typeof pfx === 'string' ? pfx : pfx instanceof Uint8Array ? pfx : Secret.open(pfx)
  const content = bundle instanceof Uint8Array ? Buffer.from(bundle).toString('base64') : bundle
  return [verify, O.toNullable(ca), revealed(cert), revealed(key), content ?? null, revealed(passphrase)]
}

/** A digest, for the key holds passwords. */
const keyOf = (way: ProxyMode, tls: Plan.Tls | undefined): string => {
  const parts = [way._tag, way._tag === 'Direct' ? null : proxyKey(way.proxy), tls === undefined ? null : tlsKey(tls)]
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64')
}

/** Whether the route of a plan encrypts anything. */
const encrypts = (plan: Plan.Plan): boolean => {
  const { proxy } = plan.route
  return plan.url.protocol === 'https:' || (O.isSome(proxy) && proxy.value.protocol === 'https:')
}

// --- the cache -----------------------------------------------------------------------------------------------------

/** What is remembered of parts that were seen together: through one proxy http is forwarded, https tunnelled. */
interface Seen {
  clear?: Agent
  secure?: Agent
}

/** What stands for a part that is absent. */
const NO_PROXY = {}
const NO_TLS = {}

export class Agents {
  readonly #library: Library
  readonly #settings: Settings
  readonly #agents = new Map<string, Agent>()
  readonly #seen = new WeakMap<object, WeakMap<object, Seen>>()
  #clock = 0

  constructor(library: Library, settings: Settings) {
    this.#library = library
    this.#settings = settings
  }

  /** The agent for a plan, in use until it is released. */
  acquire(plan: Plan.Plan): E.Either<Fault.Fault, Agent> {
    const tls = encrypts(plan) ? plan.route.tls : undefined
    const seen = this.#recall(plan, tls)
    const scheme = plan.url.protocol === 'https:' ? 'secure' : 'clear'
    let agent = seen[scheme]
    if (agent === undefined || !agent.isOpen) {
      const found = this.#find(wayOf(plan), tls)
      if (E.isLeft(found)) return found
      agent = found.right
      seen[scheme] = agent
    }
    this.#clock += 1
    agent.used = this.#clock
    agent.active += 1
    return E.right(agent)
  }

  release(agent: Agent): void {
    agent.active -= 1
    if (agent.active === 0 && this.#agents.size > MOST_AGENTS) this.#evict()
  }

  #recall(plan: Plan.Plan, tls: Plan.Tls | undefined): Seen {
    const { proxy } = plan.route
    const byTls = within(this.#seen, O.isSome(proxy) ? proxy.value : NO_PROXY, () => new WeakMap())
    return within(byTls, tls ?? NO_TLS, (): Seen => ({}))
  }

  #find(way: ProxyMode, tls: Plan.Tls | undefined): E.Either<Fault.Fault, Agent> {
    const key = keyOf(way, tls)
    const known = this.#agents.get(key)
    if (known !== undefined) return E.right(known)
    const line = this.#line(way, tls)
    if (E.isLeft(line)) return line
    const pools = new Pools(this.#library, this.#settings, line.right)
    const agent: Agent = { pools, isOpen: true, active: 0, used: 0 }
    this.#agents.set(key, agent)
    return E.right(agent)
  }

  #line(way: ProxyMode, tls: Plan.Tls | undefined): E.Either<Fault.Fault, ConnectionOptions> {
    const { socketPath, localAddress, http2 } = this.#settings
    const sockets = new Set<Socket>()
    const plain = { way, security: undefined, proxySecurity: undefined, socketPath, localAddress, http2, sockets }
    if (tls === undefined) return E.right(plain)
    const security = Tls.security(tls)
    if (E.isLeft(security)) return security
    if (way._tag === 'Direct' || way.proxy.protocol !== 'https:') return E.right({ ...plain, security: security.right })
    const proxySecurity = Tls.security(Tls.withoutCertificate(tls))
    if (E.isLeft(proxySecurity)) return proxySecurity
    return E.right({ ...plain, security: security.right, proxySecurity: proxySecurity.right })
  }

  /** Closes the idle agent that was used longest ago. */
  #evict(): void {
    let oldest: readonly [string, Agent] | undefined
    for (const [key, agent] of this.#agents) {
      if (agent.active === 0 && (oldest === undefined || agent.used < oldest[1].used)) oldest = [key, agent]
    }
    if (oldest === undefined) return
    this.#agents.delete(oldest[0])
    void destroy(oldest[1])
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    const agents = [...this.#agents.values()]
    this.#agents.clear()
    await Promise.all(agents.map(destroy))
  }
}

const destroy = (agent: Agent): Promise<void> => {
  agent.isOpen = false
  return agent.pools.destroy()
}

/** What a map holds for a key, made where it holds nothing. */
const within = <A>(map: WeakMap<object, A>, key: object, make: () => A): A => {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
