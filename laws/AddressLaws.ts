/**
 * The laws of a decision about addresses, as predicates over any implementation. The model compares bits as text.
 *
 * | law                 | a mistake that it finds                                                  |
 * |---------------------|--------------------------------------------------------------------------|
 * | `lastRuleDecides`   | the first rule decides; networks are compared as text; families are mixed  |
 * | `readsAllSpellings` | an address is compared as it is written; a mapped one is another address |
 * | `checksEmbedded`    | a gateway or a tunnel leads to an IPv4 address that is refused           |
 * | `refusesOtherText`  | names, and numbers such as `127.1` and `0x7f.1`, are taken for public addresses |
 * | `refusesInvalid`    | an invalid network is left out                                           |
 * | `knowsSpecial`, `knowsPublic` | a network of the IANA registries is missing, or is too large   |
 */
import * as AddressPolicy from '../src/values/AddressPolicy.js'
import { type Bytes, isIn, type Network, show, showNetwork } from './arbitrary/Address.js'

/**
 * Decides about addresses: `AddressPolicy.decide`, or your own.
 *
 * @since 0.2.0
 * @category model
 */
export type Decide = typeof AddressPolicy.decide

/**
 * A rule, with its networks as bytes.
 *
 * @since 0.2.0
 * @category model
 */
export interface Rule {
  /** What the rule does with an address of its networks. */
  readonly effect: 'Allow' | 'Deny'
  /** The networks of the rule. */
  readonly networks: ReadonlyArray<Network>
  /** Networks about which the rule says nothing. */
  readonly except: ReadonlyArray<Network>
}

/**
 * Returns the policy of these rules.
 *
 * @since 0.2.0
 * @category constructors
 */
export const policyOf = (rules: ReadonlyArray<Rule>): AddressPolicy.AddressPolicy => ({
  rules: rules.map(({ effect, networks, except }) => ({
    effect,
    networks: networks.map(showNetwork),
    except: except.map(showNetwork),
  })),
})

const applies = ({ networks, except }: Rule, address: Bytes): boolean =>
  networks.some((one) => isIn(one, address)) && !except.some((one) => isIn(one, address))

const isAllowed = (decide: Decide, rules: ReadonlyArray<Rule>, text: string): boolean =>
  decide(policyOf(rules))(text)._tag === 'Allowed'

/**
 * States that the last rule with the address decides, and that the network of a refusal has the address.
 *
 * @since 0.2.0
 */
export const lastRuleDecides =
  (decide: Decide) =>
  (rules: ReadonlyArray<Rule>, address: Bytes): boolean => {
    const last = rules.filter((rule) => applies(rule, address)).at(-1)
    const decision = decide(policyOf(rules))(show(address))
    if (last?.effect !== 'Deny') return decision._tag === 'Allowed'
    const named = decision._tag === 'Refused' ? decision.network : undefined
    return last.networks.some((one) => showNetwork(one) === named && isIn(one, address))
  }

/**
 * States that an address is decided alike in all spellings.
 *
 * @since 0.2.0
 */
export const readsAllSpellings =
  (decide: Decide) =>
  (rules: ReadonlyArray<Rule>, [address, text]: readonly [Bytes, string]): boolean =>
    isAllowed(decide, rules, text) === isAllowed(decide, rules, show(address))

/**
 * States that an IPv6 address is refused if it leads to an IPv4 address that is refused.
 *
 * @since 0.2.0
 */
export const checksEmbedded =
  (decide: Decide) =>
  (rules: ReadonlyArray<Rule>, [ipv4, [, ipv6]]: readonly [Bytes, readonly [string, Bytes]]): boolean =>
    isAllowed(decide, rules, show(ipv4)) || !isAllowed(decide, rules, show(ipv6))

/**
 * States that text that is not an address is not allowed, whatever the rules are.
 *
 * @since 0.2.0
 */
export const refusesOtherText =
  (decide: Decide) =>
  (rules: ReadonlyArray<Rule>, text: string): boolean =>
    !isAllowed(decide, rules, text)

/**
 * States that a policy with an invalid network refuses every address, wherever it is.
 *
 * @since 0.2.0
 */
export const refusesInvalid =
  (decide: Decide) =>
  (
    before: ReadonlyArray<Rule>,
    invalid: AddressPolicy.AddressRule,
    after: ReadonlyArray<Rule>,
    address: Bytes,
  ): boolean =>
    decide({ rules: [...policyOf(before).rules, invalid, ...policyOf(after).rules] })(show(address))._tag !== 'Allowed'

const special =
  (size: number) =>
  ([length, ...prefix]: readonly [number, ...Bytes]): Network => ({
    bytes: Array.from({ length: size }, (_, i) => prefix[i] ?? 0),
    length,
  })

/**
 * Networks whose addresses are not public: those of the IANA registries of special-purpose addresses, what is outside global
 * unicast, and the platform address of Azure.
 *
 * @since 0.2.0
 */
export const specialNetworks: ReadonlyArray<Network> = [
  ...(
    [
      [8, 0],
      [8, 10],
      [10, 100, 64],
      [8, 127],
      [32, 168, 63, 129, 16],
      [16, 169, 254],
      [12, 172, 16],
      [24, 192, 0, 0],
      [24, 192, 0, 2],
      [24, 192, 88, 99],
      [16, 192, 168],
      [15, 198, 18],
      [24, 198, 51, 100],
      [24, 203, 0, 113],
      [3, 224],
    ] as const
  ).map(special(4)),
  ...(
    [
      [127, 0], // :: and ::1
      [48, 0, 0x64, 0xff, 0x9b, 0, 1],
      [64, 1],
      [23, 0x20, 1],
      [32, 0x20, 1, 0x0d, 0xb8],
      [16, 0x20, 2],
      [20, 0x3f, 0xff],
      [16, 0x5f],
      [7, 0xfc],
      [10, 0xfe, 0x80],
      [10, 0xfe, 0xc0],
      [8, 0xff],
    ] as const
  ).map(special(16)),
]

const publicOnly = (decide: Decide, address: Bytes): string => decide(AddressPolicy.publicOnly)(show(address))._tag

/**
 * States that `AddressPolicy.publicOnly` refuses an address of a special network.
 *
 * @since 0.2.0
 */
export const knowsSpecial =
  (decide: Decide) =>
  (address: Bytes): boolean =>
    publicOnly(decide, address) === 'Refused'

/**
 * States that `AddressPolicy.publicOnly` allows an address of another network.
 *
 * @since 0.2.0
 */
export const knowsPublic =
  (decide: Decide) =>
  (address: Bytes): boolean =>
    publicOnly(decide, address) === 'Allowed'
