/** Incorrect decisions about addresses, and the laws that each of them breaks. */
import { addressPolicy } from '../../../laws/rules/addressPolicy.js'
import * as AddressPolicy from '../../../src/values/AddressPolicy.js'
import type { Case } from './Lawbreaker.js'

type Decide = typeof AddressPolicy.decide

interface Mistake {
  readonly history: string
  readonly decide: Decide
  readonly breaks: ReadonlyArray<string>
}

const ALLOWED: AddressPolicy.AddressDecision = { _tag: 'Allowed' }

/** Changes the rules before the correct decision. */
const withRules =
  (change: (rules: AddressPolicy.AddressPolicy['rules']) => AddressPolicy.AddressPolicy['rules']): Decide =>
  (policy) =>
    AddressPolicy.decide({ ...policy, rules: change(policy.rules) })

/** Allows addresses whose text a careless check does not know. */
const allowing =
  (isUnknown: (address: string) => boolean): Decide =>
  (policy) => {
    const decide = AddressPolicy.decide(policy)
    return (address) => (isUnknown(address) ? ALLOWED : decide(address))
  }

const isValid = (network: string): boolean => AddressPolicy.problem(AddressPolicy.deny(network)) === undefined

const mistakes: Readonly<Record<string, Mistake>> = {
  'the first rule with the address decides': {
    history: 'the order of firewalls',
    decide: withRules((rules) => [...rules].reverse()),
    breaks: ['the last rule with the address decides'],
  },
  'mapped addresses are other addresses': {
    history: 'CVE-2024-29415: ip takes ::fFFf:127.0.0.1 for public',
    decide: allowing((address) => /^\[?(?:::|0{1,4}:.*:)ffff:/i.test(address)),
    breaks: ['all spellings of an address are decided alike'],
  },
  'an IPv6 address is compared as text': {
    history: 'CVE-2024-29415: ip takes 000:0:0000::01 for public',
    decide: allowing((address) => /(?:^|:)\[?0\d/.test(address)),
    breaks: ['all spellings of an address are decided alike'],
  },
  'gateways are forgotten': {
    history: 'a list of private networks, behind NAT64 or 6to4',
    decide: allowing((address) => /^(?:64:ff9b:|2002:)/.test(address)),
    breaks: ['an address that leads to a refused address is refused'],
  },
  'what is not four numbers is public': {
    history: 'CVE-2023-42282: ip takes 0x7f.1 for public',
    decide: (policy) => {
      const decide = AddressPolicy.decide(policy)
      return (address) => (decide(address)._tag === 'NotAnAddress' ? ALLOWED : decide(address))
    },
    breaks: ['text that is not an address is not allowed'],
  },
  'a leading zero is dropped': {
    history: 'CVE-2021-28918: netmask reads 010.1.2.3 as 10.1.2.3, and others as 8.1.2.3',
    decide: (policy) => {
      const decide = AddressPolicy.decide(policy)
      return (address) => decide(address.replace(/(^|\.)0+(?=\d)/g, '$1'))
    },
    breaks: ['text that is not an address is not allowed'],
  },
  'a network with a typing error is left out': {
    history: 'a list that is read line by line, with a warning',
    decide: withRules((rules) => rules.map((rule) => ({ ...rule, networks: rule.networks.filter(isValid) }))),
    breaks: ['a policy with an invalid network refuses every address'],
  },
  'only the private networks of RFC 1918 are special': {
    history: 'the metadata service at 169.254.169.254: Capital One, 2019',
    decide: (policy) =>
      policy === AddressPolicy.publicOnly
        ? AddressPolicy.decide(AddressPolicy.deny('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '127.0.0.0/8'))
        : AddressPolicy.decide(policy),
    breaks: ['publicOnly refuses special addresses'],
  },
  'a network is too large': {
    history: '172.0.0.0/8 for 172.16.0.0/12',
    decide: (policy) => {
      const { concat } = AddressPolicy.Monoid
      return AddressPolicy.decide(
        policy === AddressPolicy.publicOnly ? concat(policy, AddressPolicy.deny('172.0.0.0/8')) : policy,
      )
    },
    breaks: ['publicOnly allows the others'],
  },
}

export const addressPolicies: Case = {
  set: 'addressPolicy',
  lawful: addressPolicy(AddressPolicy.decide),
  breakers: Object.entries(mistakes).map(([mistake, { decide, ...rest }]) => ({
    mistake,
    ...rest,
    rules: addressPolicy(decide),
  })),
}
