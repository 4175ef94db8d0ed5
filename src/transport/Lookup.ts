/**
 * Finds the addresses of hosts for a transport, with any function that has the signature of Node's `dns.lookup`. A cache is optional.
 *
 * | a lookup that                                  | causes                                              |
 * |------------------------------------------------|-----------------------------------------------------|
 * | fails, throws, or returns something else than IP addresses | `ConnectFailed`                          |
 * | never calls back                               | `ConnectTimeout`; later requests look up again after 10 s |
 * | calls back twice                               | the second call is ignored                          |
 */
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { isIpv4, isIpv6 } from '../values/IpAddress.js'
import * as UserInput from '../values/UserInput.js'
import * as Fault from '../wire/Fault.js'

/**
 * An address of a host.
 *
 * @since 0.2.0
 * @category model
 */
export interface LookupAddress {
  /** IPv4 or IPv6. */
  readonly address: string
  /** 4 or 6. The library reads it from the address. */
  readonly family: number
}

/**
 * Receives the addresses: a list, or one text.
 *
 * @since 0.2.0
 * @category model
 */
export type LookupCallback = (
  error: Error | null,
  address: string | ReadonlyArray<LookupAddress>,
  family?: number,
) => void

/**
 * Finds the addresses of a host name, as `dns.lookup` of Node and the packages that replace it. `options` asks for all addresses
 * of both families.
 *
 * @since 0.2.0
 * @category model
 */
export type Lookup = (
  hostname: string,
  options: { readonly all: true; readonly family: 0; readonly hints: 0 },
  callback: LookupCallback,
) => void

/**
 * How long the result of a lookup is used again.
 *
 * @since 0.2.0
 * @category model
 */
export interface LookupCache {
  /** Milliseconds; 30,000 by default. With 0, only simultaneous lookups share a result. Failures are not kept. */
  readonly ttl?: number
  /** The most names that are kept; 256 by default. The one that was used least recently is removed first. */
  readonly maxEntries?: number
}

/**
 * Returns a lookup that runs a `TaskEither`.
 *
 * @since 0.2.0
 * @category constructors
 * @example
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import { Transport } from 'requests-ts'
 *
 * const hosts: Record<string, ReadonlyArray<string>> = { 'api.test': ['127.0.0.1'] }
 * const lookup = Transport.lookupFrom((hostname) => TE.fromNullable(`${hostname} is unknown`)(hosts[hostname]))
 * const transport = Transport.undici({ lookup })
 * assert.equal(typeof transport, 'function')
 */
export const lookupFrom =
  <E>(resolve: (hostname: string) => TaskEither<E, ReadonlyArray<string>>): Lookup =>
  (hostname, _options, callback) => {
    const fail = (cause: unknown): void =>
      callback(cause instanceof Error ? cause : new Error(Fault.messageOf(cause)), [])
    const run = async (): Promise<E.Either<unknown, ReadonlyArray<LookupAddress>>> => {
      // Plain JavaScript may return anything.
      const { _tag, left, right }: Readonly<Record<string, unknown>> = Object(await resolve(hostname)())
      return _tag === 'Left' ? E.left(left) : E.right(withFamilies(right))
    }
    run().then((outcome) => {
      if (E.isLeft(outcome)) fail(outcome.left)
      else callback(null, outcome.right)
    }, fail)
  }

/** Returns texts as records. The transport reports what is not an address. */
const withFamilies = (addresses: unknown): ReadonlyArray<LookupAddress> =>
  Array.isArray(addresses)
    ? addresses.map((address) => ({ address, family: isIpv4(address) ? 4 : 6 }))
    : [{ address: String(addresses), family: 0 }]

// --- reading the result ----------------------------------------------------------------------------------------------

/** Receives the addresses of a host, or why they were not found. Called once. */
export type OnAddresses = (error: unknown, addresses: ReadonlyArray<LookupAddress>) => void

/** Finds the addresses of a host name. Never throws. */
export type Resolve = (hostname: string, onAddresses: OnAddresses) => void

const NONE: ReadonlyArray<LookupAddress> = []

const familyOf = (address: string): 0 | 4 | 6 => {
  if (isIpv4(address)) return 4
  const [, host = '', zone] = /^([^%]*)(?:%(.*))?$/s.exec(address) ?? []
  // Node takes anything else for a name, and would look it up.
  return isIpv6(host) && (zone === undefined || /^[\da-z.:-]+$/i.test(zone)) ? 6 : 0
}

/** Returns the address of an item: plain JavaScript may return texts instead of records. */
const addressOf = (item: unknown): LookupAddress | undefined => {
  const address: unknown = typeof item === 'object' && item !== null ? Reflect.get(item, 'address') : item
  if (typeof address !== 'string') return undefined
  const family = familyOf(address)
  return family === 0 ? undefined : { address, family }
}

const notAddresses = (hostname: string): Error =>
  new Error(`the lookup of ${hostname} returned something else than IP addresses`)

/** Returns the addresses, or what is wrong with them. */
const readAddresses = (hostname: string, given: unknown): E.Either<Error, ReadonlyArray<LookupAddress>> => {
  try {
    const items: ReadonlyArray<unknown> = Array.isArray(given) ? given : [given]
    if (items.length === 0) return E.left(new Error(`the lookup found no address of ${hostname}`))
    const addresses = items.map(addressOf).filter((address) => address !== undefined)
    return addresses.length === items.length ? E.right(addresses) : E.left(notAddresses(hostname))
  } catch {
    return E.left(notAddresses(hostname)) // a proxy, or a getter that throws
  }
}

/** Returns how to find addresses with a lookup of the user. */
export const checked =
  (lookup: Lookup): Resolve =>
  (hostname, onAddresses) => {
    let isOver = false
    const settle = (error: unknown, given: unknown): void => {
      if (isOver) return
      isOver = true
      const read = error ? E.left(error) : readAddresses(hostname, given)
      if (E.isLeft(read)) onAddresses(read.left, NONE)
      else onAddresses(undefined, read.right)
    }
    const settleReturned = (): void =>
      settle(new Error('the lookup returned a result instead of calling back; use Transport.lookupFrom'), NONE)
    try {
      const returned: unknown = lookup(hostname, { all: true, family: 0, hints: 0 }, settle)
      // Plain JavaScript can pass an async function. One that calls back has done so when its promise is fulfilled, or does soon.
      if (returned instanceof Promise) {
        returned.then(
          (value) => (value === undefined ? undefined : settleReturned()),
          (error: unknown) => settle(error, NONE),
        )
      } else if (typeof returned === 'string' || Array.isArray(returned)) settleReturned()
    } catch (error) {
      settle(error, NONE)
    }
  }

// --- the cache -------------------------------------------------------------------------------------------------------

const DEFAULT_TTL_MS = 30_000
const DEFAULT_MAX_ENTRIES = 256
/** A lookup that did not call back for so long is not waited for by later requests. */
const MAX_SHARED_MS = 10_000

interface Found {
  readonly addresses: ReadonlyArray<LookupAddress>
  readonly expires: number
}

interface Pending {
  readonly waiting: OnAddresses[]
  readonly expires: number
}

/**
 * Returns a resolver that keeps what another one has found. Simultaneous lookups of one name share one call. The options are
 * valid: the transport has checked them.
 *
 * @param now - the time in milliseconds, of a clock that is never set back
 */
export const cached = (options: LookupCache, resolve: Resolve, now: () => number): Resolve => {
  const { ttl = DEFAULT_TTL_MS, maxEntries = DEFAULT_MAX_ENTRIES } = UserInput.own(options)
  const found = new Map<string, Found>()
  const pending = new Map<string, Pending>()

  const keep = (hostname: string, entry: Found): void => {
    found.delete(hostname)
    found.set(hostname, entry) // a Map iterates in the order of insertion
    for (const oldest of found.keys()) {
      if (found.size <= maxEntries) return
      found.delete(oldest)
    }
  }
  const start = (hostname: string, onAddresses: OnAddresses): void => {
    const shared: Pending = { waiting: [onAddresses], expires: now() + MAX_SHARED_MS }
    // The oldest first. Its requests are called back, but later ones look up again.
    for (const [oldest, { expires }] of pending) {
      if (pending.size < maxEntries && now() < expires) break
      pending.delete(oldest)
    }
    pending.set(hostname, shared)
    resolve(hostname, (error, addresses) => {
      if (pending.get(hostname) === shared) pending.delete(hostname)
      if (error === undefined) keep(hostname, { addresses, expires: now() + ttl })
      for (const waiting of shared.waiting) waiting(error, addresses)
    })
  }
  return (hostname, onAddresses) => {
    const known = found.get(hostname)
    if (known !== undefined && now() < known.expires) {
      keep(hostname, known)
      onAddresses(undefined, known.addresses)
      return
    }
    const shared = pending.get(hostname)
    if (shared !== undefined && now() < shared.expires) shared.waiting.push(onAddresses)
    else start(hostname, onAddresses)
  }
}
