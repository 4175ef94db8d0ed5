/**
 * A policy about the IP addresses that a transport may connect to, as a plain value. It protects a server that requests URLs of
 * its users (server-side request forgery): `Transport.undici({ addressPolicy: AddressPolicy.publicOnly })`.
 *
 * The last rule with the address decides. An address without a rule is allowed. So a later policy can make an exception of an
 * earlier one: `Monoid.concat(publicOnly, allow('10.1.2.0/24'))`.
 *
 * | address                                                  | is checked as                                       |
 * |----------------------------------------------------------|-----------------------------------------------------|
 * | IPv4                                                     | itself                                              |
 * | mapped: `::ffff:10.1.2.3`                                | the IPv4 address                                    |
 * | NAT64, 6to4, Teredo, ISATAP, IPv4-compatible, translated | itself and the IPv4 address: both must be allowed   |
 * | other IPv6, with or without a zone                       | itself                                              |
 * | a mapped network in a rule: `::ffff:10.0.0.0/104`        | the IPv4 network: `::ffff:0:0/96` is all of IPv4    |
 *
 * NAT64 with a prefix of your own network is not recognized: `deny` the prefix.
 *
 * Laws: `Monoid` is a monoid; the rules of the second argument of `concat` take precedence; all texts of one address, and its
 * mapped form, are decided alike; a policy with an invalid network refuses every address.
 *
 * @since 0.2.0
 * @example
 * import { AddressPolicy } from 'requests-ts'
 *
 * const policy = AddressPolicy.Monoid.concat(AddressPolicy.publicOnly, AddressPolicy.allow('10.1.2.0/24'))
 * const decide = AddressPolicy.decide(policy)
 * assert.deepEqual(decide('10.1.2.3'), { _tag: 'Allowed' })
 * assert.deepEqual(decide('::ffff:169.254.169.254'), {
 *   _tag: 'Refused', address: '::ffff:169.254.169.254', network: '169.254.0.0/16' })
 */
import * as Eq_ from 'fp-ts/lib/Eq.js'
import type { Monoid as MonoidOf } from 'fp-ts/lib/Monoid.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import * as S from 'fp-ts/lib/string.js'
import { same } from './Equality.js'
import * as Ip from './IpAddress.js'
import * as UserInput from './UserInput.js'

// --- model ---------------------------------------------------------------------------------------------------------

/**
 * One rule of a policy.
 *
 * @since 0.2.0
 * @category model
 */
export interface AddressRule {
  /** What the rule does with an address of its networks. */
  readonly effect: 'Allow' | 'Deny'
  /** Networks as `address/length` (CIDR), or single addresses. */
  readonly networks: ReadonlyArray<string>
  /** Networks about which the rule says nothing; none by default. */
  readonly except?: ReadonlyArray<string>
}

/**
 * A policy.
 *
 * @since 0.2.0
 * @category model
 */
export interface AddressPolicy {
  /** The last one with an address decides. */
  readonly rules: ReadonlyArray<AddressRule>
  /**
   * Whether a host name may be sent to a proxy that resolves it: an HTTP proxy, `socks4a`, `socks5h`. The address of such a name
   * cannot be checked. `Refuse` by default.
   */
  readonly namesToProxies?: 'Allow' | 'Refuse'
}

/**
 * What a policy decides about an address.
 *
 * @since 0.2.0
 * @category model
 */
export type AddressDecision =
  | { readonly _tag: 'Allowed' }
  /** `network` is that of the rule. */
  | { readonly _tag: 'Refused'; readonly address: string; readonly network: string }
  | { readonly _tag: 'NotAnAddress'; readonly address: string }
  /** No address is allowed. `network` is the text that is not a network; absent if the value is not a policy. */
  | { readonly _tag: 'InvalidPolicy'; readonly network?: string }

// --- constructors --------------------------------------------------------------------------------------------------

/** Allows every address, and refuses names that a proxy resolves. */
export const empty: AddressPolicy = { rules: [] }

/**
 * Allows networks: `allow('10.1.2.0/24', '2001:db8::1')`.
 *
 * @since 0.2.0
 * @category constructors
 */
export const allow = (...networks: ReadonlyArray<string>): AddressPolicy => ({
  rules: [{ effect: 'Allow', networks }],
})

/**
 * Refuses networks.
 *
 * @since 0.2.0
 * @category constructors
 */
export const deny = (...networks: ReadonlyArray<string>): AddressPolicy => ({ rules: [{ effect: 'Deny', networks }] })

/**
 * Refuses every address that is not in the networks.
 *
 * @since 0.2.0
 * @category constructors
 */
export const allowOnly = (...networks: ReadonlyArray<string>): AddressPolicy => ({
  rules: [
    { effect: 'Deny', networks: ['0.0.0.0/0', '::/0'] },
    { effect: 'Allow', networks },
  ],
})

/**
 * Allows that a proxy resolves host names. Only for a proxy that itself refuses private addresses. Addresses in URLs are
 * checked nevertheless.
 *
 * @since 0.2.0
 * @category constructors
 */
export const allowNamesToProxies: AddressPolicy = { rules: [], namesToProxies: 'Allow' }

/**
 * Refuses the addresses that are not public: private, loopback, link-local (with the metadata service of clouds), shared,
 * multicast, reserved and documentation addresses of the IANA registries for IPv4 and IPv6 (RFC 6890), addresses of transition
 * techniques, and the metadata address of Azure, which is in a public network.
 *
 * @since 0.2.0
 * @category constructors
 */
export const publicOnly: AddressPolicy = {
  rules: [
    {
      effect: 'Deny',
      networks: [
        '0.0.0.0/8', // this network
        '10.0.0.0/8', // private
        '100.64.0.0/10', // shared by the customers of a provider; metadata of Alibaba Cloud
        '127.0.0.0/8', // loopback
        '169.254.0.0/16', // link-local; metadata of AWS, Google Cloud, Azure and others
        '168.63.129.16', // the platform of Azure
        '172.16.0.0/12', // private
        '192.0.0.0/24', // protocol assignments; metadata of Oracle Cloud
        '192.0.2.0/24', // documentation
        '192.88.99.0/24', // 6to4 relays, deprecated
        '192.168.0.0/16', // private
        '198.18.0.0/15', // benchmarks
        '198.51.100.0/24', // documentation
        '203.0.113.0/24', // documentation
        '224.0.0.0/4', // multicast
        '240.0.0.0/4', // reserved, and the broadcast address
        '::1', // loopback
        'fc00::/7', // private; metadata of AWS
        'fe80::/10', // link-local
        'ff00::/8', // multicast
        '::/3', // what remains outside global unicast, 2000::/3
        '4000::/2',
        '8000::/1',
        '2001::/23', // protocol assignments, with Teredo
        '2001:db8::/32', // documentation
        '2002::/16', // 6to4
        '3fff::/20', // documentation
      ],
      except: ['64:ff9b::/96'], // NAT64: the IPv4 address decides
    },
  ],
}

// --- instances -----------------------------------------------------------------------------------------------------

/**
 * Joins policies. The rules of the second argument take precedence, and so does its `namesToProxies`.
 *
 * @since 0.2.0
 * @category instances
 */
export const Monoid: MonoidOf<AddressPolicy> = {
  empty,
  concat: (x, y) => {
    const namesToProxies = y.namesToProxies ?? x.namesToProxies
    const rules = [...x.rules, ...y.rules]
    return namesToProxies === undefined ? { rules } : { rules, namesToProxies }
  },
}

const EqTexts = RA.getEq(S.Eq)

const EqRule: Eq_.Eq<AddressRule> = {
  equals: (x, y) =>
    x.effect === y.effect && EqTexts.equals(x.networks, y.networks) && EqTexts.equals(x.except ?? [], y.except ?? []),
}

/**
 * Compares the rules, in order and as they are written, and `namesToProxies`.
 *
 * @since 0.2.0
 * @category instances
 */
export const Eq: Eq_.Eq<AddressPolicy> = Eq_.struct<AddressPolicy>({
  rules: RA.getEq(EqRule),
  namesToProxies: same,
})

// --- the decision --------------------------------------------------------------------------------------------------

interface CheckedNetwork {
  readonly text: string
  readonly has: (address: Ip.Address) => boolean
}

interface CheckedRule {
  readonly effect: AddressRule['effect']
  readonly networks: ReadonlyArray<CheckedNetwork>
  readonly except: ReadonlyArray<CheckedNetwork>
}

type Problem = Extract<AddressDecision, { readonly _tag: 'InvalidPolicy' }>

const NOT_A_POLICY: Problem = { _tag: 'InvalidPolicy' }
const ALLOWED: AddressDecision = { _tag: 'Allowed' }

/** The invalid text of a network, as it can be shown. */
const shown = (u: unknown): string => (typeof u === 'string' ? u.slice(0, 50) : typeof u)

/** The own properties of what plain JavaScript may pass instead of a policy or a rule. */
const propertiesOf = (u: unknown): Readonly<Record<string, unknown>> =>
  typeof u === 'object' && u !== null ? UserInput.own<Readonly<Record<string, unknown>>>({ ...u }) : {}

const checkNetworks = (given: unknown, checked: CheckedNetwork[]): Problem | undefined => {
  if (!Array.isArray(given)) return NOT_A_POLICY
  for (const text of given) {
    const network = typeof text === 'string' ? Ip.parseNetwork(text.trim()) : undefined
    if (network === undefined) return { _tag: 'InvalidPolicy', network: shown(text) }
    checked.push({ text, has: Ip.contains(network) })
  }
  return undefined
}

const checkRule = (given: unknown, checked: CheckedRule[]): Problem | undefined => {
  const { effect, networks: listed, except: excepted = [] } = propertiesOf(given)
  if (effect !== 'Allow' && effect !== 'Deny') return NOT_A_POLICY
  const networks: CheckedNetwork[] = []
  const except: CheckedNetwork[] = []
  checked.push({ effect, networks, except })
  return checkNetworks(listed, networks) ?? checkNetworks(excepted, except)
}

const checkRules = (given: unknown, checked: CheckedRule[]): Problem | undefined => {
  if (!Array.isArray(given)) return NOT_A_POLICY
  let problem: Problem | undefined
  for (const rule of given) problem ??= checkRule(rule, checked)
  return problem
}

/** Returns the network of the rule that refuses an address. */
const refusingNetwork = (rules: ReadonlyArray<CheckedRule>, address: Ip.Address): string | undefined => {
  for (let i = rules.length - 1; i >= 0; i -= 1) {
    const rule = rules[i]
    const network = rule?.networks.find(({ has }) => has(address))
    if (rule === undefined || network === undefined || rule.except.some(({ has }) => has(address))) continue
    return rule.effect === 'Allow' ? undefined : network.text
  }
  return undefined
}

/** Removes brackets and zone: the zone of `fe80::1%eth0` is an interface of this machine. */
const withoutZone = (text: string): string => {
  const bare = Ip.withoutBrackets(text)
  const percent = bare.indexOf('%')
  return percent > 0 && bare.includes(':') ? bare.slice(0, percent) : bare
}

/**
 * Returns what is wrong with a policy that plain JavaScript made, or that has an invalid network. Such a policy refuses every
 * address.
 *
 * @since 0.2.0
 * @category destructors
 */
export const problem = (policy: AddressPolicy): Problem | undefined => checkRules(propertiesOf(policy).rules, [])

/** Returns whether host names may be sent to proxies that resolve them. */
export const allowsNamesToProxies = (policy: AddressPolicy): boolean => propertiesOf(policy).namesToProxies === 'Allow'

/**
 * Decides about addresses. The rules are read once, when the first argument is given.
 *
 * @since 0.2.0
 * @category destructors
 */
export const decide = (policy: AddressPolicy): ((address: string) => AddressDecision) => {
  const rules: CheckedRule[] = []
  const invalid = checkRules(propertiesOf(policy).rules, rules)
  return (address) => {
    if (invalid !== undefined) return invalid
    const parsed = typeof address === 'string' ? Ip.parse(withoutZone(address)) : undefined
    if (parsed === undefined) return { _tag: 'NotAnAddress', address: shown(address) }
    for (const reached of Ip.reachable(parsed)) {
      const network = refusingNetwork(rules, reached)
      if (network !== undefined) return { _tag: 'Refused', address, network }
    }
    return ALLOWED
  }
}
