/**
 * Applies an address policy to the plans and connections of a transport.
 *
 * | target                                           | checked                                     |
 * |--------------------------------------------------|---------------------------------------------|
 * | an address in a URL, also behind a proxy         | before sending, and by `Transport.refusal`  |
 * | a name that this process resolves                | after each lookup; only allowed addresses are connected to |
 * | a name that a proxy resolves                     | refused before sending, unless the policy allows it |
 * | a unix socket                                    | refused before sending: it has no IP address |
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
import * as Fault from '../../wire/Fault.js'
import type { Plan } from '../../wire/Plan.js'
import type { LookupAddress } from '../Lookup.js'
import { resolvesNames } from './Tunnel.js'

type Refusal = Exclude<AddressPolicy.AddressDecision, { readonly _tag: 'Allowed' }>

const reasonOf = (refusal: Refusal): string => {
  switch (refusal._tag) {
    case 'Refused':
      return `${refusal.address} is in ${refusal.network}, which the address policy refuses`
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

/** Whether a proxy of the plan resolves the host name. */
const resolvesName = (proxy: Proxy.Proxy): boolean => !Proxy.isSocks(proxy) || resolvesNames(proxy)

/** A policy as a transport applies it. */
export interface AddressGuard {
  /** Returns why a plan is not sent, as far as this is known before a lookup. */
  readonly refusalOf: (plan: Plan) => Fault.Fault<'AddressRefused'> | undefined
  /** Returns the addresses of a host that may be connected to, or the fault if every address is refused. */
  readonly permit: (host: string, addresses: ReadonlyArray<LookupAddress>) => E.Either<Fault.Fault, typeof addresses>
}

/** The most addresses of a host that a message names. */
const MAX_REASONS = 4

const VIA_PROXY =
  'a proxy would resolve this name, so the address policy cannot be applied; use AddressPolicy.allowNamesToProxies or no proxy'
const VIA_SOCKET = 'a unix socket has no IP address; leave out socketPath or addressPolicy'

/** Returns a guard. The policy is read once. */
export const make = (policy: AddressPolicy.AddressPolicy, socketPath: string | undefined): AddressGuard => {
  const decide = AddressPolicy.decide(policy)
  const mayPassNames = policy?.namesToProxies === 'Allow'
  const problem = AddressPolicy.problem(policy)
  return {
    refusalOf: ({ url, route: { proxy } }) => {
      const host = withoutBrackets(url.hostname)
      if (socketPath !== undefined) return refused(host, VIA_SOCKET, [])
      if (isIpv4(host) || isIpv6(host)) {
        const decision = decide(host)
        return decision._tag === 'Allowed' ? undefined : refused(host, reasonOf(decision), addressOf(decision))
      }
      if (problem !== undefined) return refused(host, reasonOf(problem), [])
      return O.isSome(proxy) && resolvesName(proxy.value) && !mayPassNames ? refused(host, VIA_PROXY, []) : undefined
    },
    permit: (host, found) => {
      const addresses: LookupAddress[] = []
      const refusals: Refusal[] = []
      for (const address of found) {
        const decision = decide(address.address)
        if (decision._tag === 'Allowed') addresses.push(address)
        else refusals.push(decision)
      }
      if (addresses.length > 0 || refusals.length === 0) return E.right(addresses)
      const reason = refusals.slice(0, MAX_REASONS).map(reasonOf).join('; ')
      return E.left(refused(host, reason, refusals.flatMap(addressOf)))
    },
  }
}
