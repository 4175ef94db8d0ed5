/**
 * Applies an address policy to the plans and connections of a transport.
 *
 * | target                                           | checked                                     |
 * |--------------------------------------------------|---------------------------------------------|
 * | an address in a URL, also behind a proxy         | before sending, and by `Transport.refusal`  |
 * | a name that this process resolves                | after each lookup; only allowed addresses are connected to |
 * | a name that a proxy resolves                     | refused before sending, unless the policy allows it |
 * | a unix socket                                    | refused before sending: its path is not an IP address |
 * | the address of the proxy itself                  | no: it is your configuration                |
 *
 * A name is looked up once for each connection, and the connection goes to an address of that lookup. So a name that resolves to
 * another address a moment later (DNS rebinding) changes nothing.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as AddressPolicy from '../../values/AddressPolicy.js'
import { isIpv4, isIpv6, withoutBrackets } from '../../values/IpAddress.js'
import * as Proxy from '../../values/Proxy.js'
import * as Url from '../../values/Url.js'
import * as Fault from '../../wire/Fault.js'
import type { Plan } from '../../wire/Plan.js'
import type { LookupAddress, Resolve } from '../Lookup.js'
import { resolvesNames } from './Tunnel.js'

type Refusal = Exclude<AddressPolicy.AddressDecision, { readonly _tag: 'Allowed' }>

const reasonOf = (host: string, refusal: Refusal): string => {
  switch (refusal._tag) {
    case 'Refused':
      return `${refusal.address === host ? 'it' : refusal.address} is in ${refusal.network}, which the address policy refuses`
    case 'NotAnAddress':
      return `${JSON.stringify(refusal.address)} is not an IP address, so the address policy cannot be applied`
    case 'InvalidPolicy':
      return refusal.network === undefined
        ? 'the address policy is not an AddressPolicy'
        : `the address policy has the invalid network ${JSON.stringify(refusal.network)}: write an address, or address/length`
  }
}

const addressOf = (refusal: Refusal): ReadonlyArray<string> =>
  refusal._tag === 'InvalidPolicy' ? [] : [refusal.address]

const refused = (host: string, reason: string, addresses: ReadonlyArray<string>): Fault.Fault<'AddressRefused'> => ({
  ...Fault.make('AddressRefused', `Did not connect to ${host}: ${reason}`),
  addresses,
  unsent: true,
})

/** The host that a proxy gets. A plan that was edited by hand may have another one as `hostname`. */
const hostInTarget = (url: Url.Url): string => new URL(Url.sentHref(url)).hostname

/** Whether a proxy of the plan resolves the host name. */
const resolvesName = (proxy: Proxy.Proxy): boolean => !Proxy.isSocks(proxy) || resolvesNames(proxy)

/** A policy as a transport applies it. */
export interface AddressGuard {
  /** Returns why a plan is not sent, as far as this is known before a lookup. */
  readonly refusalOf: (plan: Plan) => Fault.Fault<'AddressRefused'> | undefined
  /** Returns why an address is not connected to, whatever the plan says; `undefined` for a name. */
  readonly refusalOfAddress: (host: string) => Fault.Fault<'AddressRefused'> | undefined
  /** Returns a resolver that finds only the addresses that may be connected to, or the fault if every address is refused. */
  readonly permitted: (resolve: Resolve) => Resolve
}

/** The most addresses of a host that a message names. */
const MAX_REASONS = 4

const VIA_PROXY =
  'a proxy would resolve this name, so the address policy cannot be applied; use AddressPolicy.allowNamesToProxies or no proxy'
const VIA_SOCKET = 'the path of a unix socket is not an IP address; leave out socketPath or addressPolicy'

/** Returns a guard. The policy is read once. */
export const make = (policy: AddressPolicy.AddressPolicy, socketPath: string | undefined): AddressGuard => {
  const decide = AddressPolicy.decide(policy)
  const mayPassNames = AddressPolicy.allowsNamesToProxies(policy)
  const problem = AddressPolicy.problem(policy)
  const refusalOfAddress = (host: string): Fault.Fault<'AddressRefused'> | undefined => {
    if (!isIpv4(host) && !isIpv6(host)) return undefined
    const decision = decide(host)
    return decision._tag === 'Allowed' ? undefined : refused(host, reasonOf(host, decision), addressOf(decision))
  }
  const permit = (host: string, found: ReadonlyArray<LookupAddress>): E.Either<Fault.Fault, typeof found> => {
    const addresses: LookupAddress[] = []
    const refusals: Refusal[] = []
    for (const address of found) {
      const decision = decide(address.address)
      if (decision._tag === 'Allowed') addresses.push(address)
      else refusals.push(decision)
    }
    if (addresses.length > 0 || refusals.length === 0) return E.right(addresses)
    const reason = refusals
      .slice(0, MAX_REASONS)
      .map((one) => reasonOf(host, one))
      .join('; ')
    return E.left(refused(host, reason, refusals.flatMap(addressOf)))
  }
  return {
    refusalOf: ({ url, route: { proxy } }) => {
      const host = withoutBrackets(O.isSome(proxy) ? hostInTarget(url) : url.hostname)
      if (socketPath !== undefined) return refused(host, VIA_SOCKET, [])
      if (problem !== undefined) return refused(host, reasonOf(host, problem), [])
      if (isIpv4(host) || isIpv6(host)) return refusalOfAddress(host)
      return O.isSome(proxy) && resolvesName(proxy.value) && !mayPassNames ? refused(host, VIA_PROXY, []) : undefined
    },
    refusalOfAddress,
    permitted: (resolve) => (host, onAddresses) =>
      resolve(host, (error, found) => {
        const permitted = error === undefined ? permit(host, found) : E.left(error)
        if (E.isLeft(permitted)) onAddresses(permitted.left, [])
        else onAddresses(undefined, permitted.right)
      }),
  }
}
