/**
 * The agents of a transport: one for each set of connection properties, so that no connection is used with others.
 *
 * | part of the key                                  | why                                                  |
 * |--------------------------------------------------|------------------------------------------------------|
 * | proxy with its credentials, and the proxy mode   | a connection through a proxy serves only that proxy  |
 * | verify, CA, client certificate, key, passphrase  | they apply when a connection is opened               |
 * | timeouts                                         | not part of it: they belong to the attempt           |
 *
 * Unix socket, local address, HTTP/2 and the number of connections belong to the transport, which has its own agents.
 * If nothing is encrypted, the TLS settings are ignored. Agents are found by the identity of the proxy and TLS objects;
 * a key is computed only for objects that were not seen before. Certificate files are read when an agent is created, and again
 * when they change (`Rotation`).
 */
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Proxy from '../../values/Proxy.js'
import * as Secret from '../../values/Secret.js'
import type * as Fault from '../../wire/Fault.js'
import type * as Plan from '../../wire/Plan.js'
import { Agent, type Settings } from './Agent.js'
import type { ConnectionOptions, ProxyMode } from './Connector.js'
import type { Library } from './Http1.js'
import * as Rotation from './Rotation.js'
import * as Tls from './Tls.js'

const MAX_AGENTS = 64

const proxyModeOf = (plan: Plan.Plan): ProxyMode => {
  const { proxy } = plan.route
  if (O.isNone(proxy)) return { _tag: 'Direct' }
  if (Proxy.isSocks(proxy.value)) return { _tag: 'Socks', proxy: proxy.value }
  const forwards = Proxy.forwards(plan.url.protocol)(proxy.value)
  return { _tag: forwards ? 'Forward' : 'Tunnel', proxy: proxy.value }
}

const revealed = (value: string | Secret.Secret | undefined): string | null =>
  value === undefined ? null : Secret.reveal(value)

/** The answer to a digest challenge is another one for each request, and does not belong to the connection. */
const isDigest = (authorization: string | null): boolean => authorization !== null && /^digest /i.test(authorization)

const proxyKey = ({ protocol, hostname, port, credentials, authorization }: Proxy.Proxy): ReadonlyArray<unknown> => {
  const given = revealed(O.toUndefined(authorization))
  return [
    protocol,
    hostname,
    port,
    O.isSome(credentials) ? [revealed(credentials.value.user), revealed(credentials.value.pass)] : null,
    isDigest(given) ? null : given,
  ]
}

const tlsKey = ({ verify, ca, certificate }: Plan.Tls): ReadonlyArray<unknown> => {
  const { cert, key, pfx, passphrase } = O.isSome(certificate) ? certificate.value : {}
  const opened = pfx === undefined || typeof pfx === 'string' || pfx instanceof Uint8Array ? pfx : Secret.open(pfx)
  const bundle = opened instanceof Uint8Array ? Buffer.from(opened).toString('base64') : opened
  return [verify, O.toNullable(ca), revealed(cert), revealed(key), bundle ?? null, revealed(passphrase)]
}

/** A hash, because the parts of the key contain passwords. */
const keyOf = (mode: ProxyMode, tls: Plan.Tls | undefined): string => {
  const proxy = mode._tag === 'Direct' ? null : proxyKey(mode.proxy)
  const parts = [mode._tag, proxy, tls === undefined ? null : tlsKey(tls)]
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64')
}

const encrypts = (plan: Plan.Plan): boolean => {
  const { proxy } = plan.route
  return plan.url.protocol === 'https:' || (O.isSome(proxy) && proxy.value.protocol === 'https:')
}

/** The agents for one pair of proxy and TLS objects: one proxy forwards http and tunnels https. */
interface AgentsByScheme {
  http?: Agent
  https?: Agent
}

/** The keys of an absent proxy and of absent TLS settings. */
const NO_PROXY = {}
const NO_TLS = {}

export class Agents {
  readonly #library: Library
  readonly #settings: Settings
  readonly #byKey = new Map<string, Agent>()
  readonly #byIdentity = new WeakMap<object, WeakMap<object, AgentsByScheme>>()
  #requests = 0

  constructor(library: Library, settings: Settings) {
    this.#library = library
    this.#settings = settings
  }

  /** Returns the agent for a plan. It counts as used until `release`. Fails with `TlsFailed`. */
  acquire(plan: Plan.Plan): E.Either<Fault.Fault, Agent> {
    const tls = encrypts(plan) ? plan.route.tls : undefined
    const cached = this.#cached(plan, tls)
    const scheme = plan.url.protocol === 'https:' ? 'https' : 'http'
    let agent = cached[scheme]
    if (agent === undefined || agent.isDestroyed) {
      const found = this.#findOrCreate(proxyModeOf(plan), tls)
      if (E.isLeft(found)) return found
      agent = found.right
      cached[scheme] = agent
    }
    this.#requests += 1
    agent.lastUse = this.#requests
    if (agent.rotates) agent.checkFiles()
    agent.active += 1
    return E.right(agent)
  }

  release(agent: Agent): void {
    agent.active -= 1
    if (agent.active === 0 && this.#byKey.size > MAX_AGENTS) this.#evict()
  }

  #cached(plan: Plan.Plan, tls: Plan.Tls | undefined): AgentsByScheme {
    const { proxy } = plan.route
    const byTls = getOrCreate(this.#byIdentity, O.isSome(proxy) ? proxy.value : NO_PROXY, () => new WeakMap())
    return getOrCreate(byTls, tls ?? NO_TLS, (): AgentsByScheme => ({}))
  }

  #findOrCreate(mode: ProxyMode, tls: Plan.Tls | undefined): E.Either<Fault.Fault, Agent> {
    const key = keyOf(mode, tls)
    const known = this.#byKey.get(key)
    if (known !== undefined) return E.right(known)
    const options = this.#connectionOptions(mode, tls)
    if (E.isLeft(options)) return options
    const agent = new Agent(this.#library, this.#settings, options.right)
    this.#byKey.set(key, agent)
    return E.right(agent)
  }

  #connectionOptions(mode: ProxyMode, tls: Plan.Tls | undefined): E.Either<Fault.Fault, ConnectionOptions> {
    const { socketPath, localAddress, http2, resolve, guard } = this.#settings
    const sockets = new Set<Socket>()
    const shared = { socketPath, localAddress, http2, resolve, guard, sockets }
    const plain = { mode, security: undefined, proxySecurity: undefined, ...shared }
    if (tls === undefined) return E.right(plain)
    const security = Rotation.open(tls)
    if (E.isLeft(security)) return security
    const secured = { ...plain, security: security.right }
    if (mode._tag === 'Direct' || mode.proxy.protocol !== 'https:') return E.right(secured)
    const proxySecurity = Rotation.open(Tls.withoutCertificate(tls))
    return E.isLeft(proxySecurity) ? proxySecurity : E.right({ ...secured, proxySecurity: proxySecurity.right })
  }

  /** Closes the least recently used agent that is idle. */
  #evict(): void {
    let oldest: readonly [string, Agent] | undefined
    for (const [key, agent] of this.#byKey) {
      if (agent.active === 0 && (oldest === undefined || agent.lastUse < oldest[1].lastUse)) oldest = [key, agent]
    }
    if (oldest === undefined) return
    this.#byKey.delete(oldest[0])
    void oldest[1].destroy()
  }

  async close(): Promise<void> {
    const agents = [...this.#byKey.values()]
    this.#byKey.clear()
    await Promise.all(agents.map((agent) => agent.destroy()))
  }
}

const getOrCreate = <A>(map: WeakMap<object, A>, key: object, create: () => A): A => {
  const known = map.get(key)
  if (known !== undefined) return known
  const created = create()
  map.set(key, created)
  return created
}
