import { BlockList } from 'node:net'
import fc from 'fast-check'
import { AddressPolicy } from 'requests-ts'
import { addressPolicy, monoid, RuleSet } from 'requests-ts/laws'
import { describe, expect, it } from 'vitest'
import { isIpv4 } from '../../src/values/IpAddress.js'

const { allow, allowNamesToProxies, allowOnly, decide, deny, Monoid, publicOnly } = AddressPolicy

const octet = fc.nat(255)
const ipv4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'))
/** Addresses of few networks, so that rules meet them. */
const near = fc.tuple(fc.constantFrom(10, 11), fc.nat(3), fc.constantFrom(0, 255), fc.nat(3)).map((o) => o.join('.'))
const group = fc.oneof(
  fc.constantFrom('0', '1', 'ffff', '64', 'ff9b', '2002', 'fe80'),
  fc.nat(0xffff).map((n) => n.toString(16)),
)
const ipv6 = fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(':'))
const network = fc.oneof(
  fc.tuple(near, fc.integer({ min: 0, max: 32 })).map(([address, length]) => `${address}/${length}`),
  fc.tuple(ipv6, fc.integer({ min: 0, max: 128 })).map(([address, length]) => `${address}/${length}`),
  near,
)
const networks = fc.array(network, { maxLength: 3 })
const policy: fc.Arbitrary<AddressPolicy.AddressPolicy> = fc
  .array(
    fc.oneof(
      networks.map((list) => allow(...list)),
      networks.map((list) => deny(...list)),
      networks.map((list) => allowOnly(...list)),
      fc.constantFrom(publicOnly, allowNamesToProxies, AddressPolicy.empty),
    ),
    { maxLength: 4 },
  )
  .map((policies) => policies.reduce(Monoid.concat, Monoid.empty))
const address = fc.oneof(
  near,
  ipv4,
  ipv6,
  near.map((text) => `::ffff:${text}`),
)

const isAllowed = (given: AddressPolicy.AddressPolicy, text: string): boolean => decide(given)(text)._tag === 'Allowed'

/** What Node's own list of networks decides about an address. */
const blockListHas = (list: ReadonlyArray<string>, text: string): boolean => {
  const blocked = new BlockList()
  for (const item of list) {
    const [host = '', length] = item.split('/')
    const family = isIpv4(host) ? 'ipv4' : 'ipv6'
    if (length === undefined) blocked.addAddress(host, family)
    else blocked.addSubnet(host, Number(length), family)
  }
  return blocked.check(text, isIpv4(text) ? 'ipv4' : 'ipv6')
}

describe('laws', () => {
  RuleSet.toTests(it)(monoid(Monoid, policy, AddressPolicy.Eq))
  RuleSet.toTests(it, { numRuns: 1000 })(addressPolicy(decide))

  it('decides about addresses of one family as net.BlockList does', () => {
    const v4 = fc.array(
      fc.tuple(near, fc.integer({ min: 1, max: 32 })).map(([host, n]) => `${host}/${n}`),
      { maxLength: 3 },
    )
    fc.assert(fc.property(v4, near, (list, text) => isAllowed(deny(...list), text) !== blockListHas(list, text)))
    const v6 = fc.array(
      fc.tuple(ipv6, fc.integer({ min: 1, max: 128 })).map(([host, n]) => `${host}/${n}`),
      { maxLength: 3 },
    )
    fc.assert(
      fc.property(v6, ipv6, (list, text) => {
        // A mapped address is its IPv4 address here, and an address of its own in the list of Node.
        fc.pre(!/^(?:0:){5}ffff:/.test(text) && decide(allowOnly('::/0'))(text)._tag === 'Allowed')
        return isAllowed(deny(...list), text) !== blockListHas(list, text)
      }),
    )
  })

  it('refuses every address if a network is invalid', () => {
    const invalid = fc.constantFrom(
      '',
      '10.0.0.0/33',
      '::/129',
      'example.com',
      '10.0.0.0/',
      '10.1',
      '1.2.3.4/-1',
      '::1%lo',
      '010.0.0.1',
    )
    fc.assert(
      fc.property(policy, invalid, policy, address, (before, text, after, host) => {
        const given = [before, allow(text), after].reduce(Monoid.concat)
        expect(decide(given)(host)).toEqual({ _tag: 'InvalidPolicy', network: text })
        expect(AddressPolicy.problem(given)).toEqual({ _tag: 'InvalidPolicy', network: text })
      }),
    )
  })
})

describe('publicOnly', () => {
  it.each([
    ['0.0.0.0', '10.255.255.255', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.255.255.254', '169.254.169.254'],
    ['172.16.0.1', '172.31.255.255', '192.0.0.192', '192.0.2.1', '192.168.1.1', '198.19.0.1', '198.51.100.1'],
    ['203.0.113.1', '224.0.0.1', '239.255.255.250', '255.255.255.255', '168.63.129.16', '192.88.99.1'],
    ['::', '::1', '::ffff:127.0.0.1', '::127.0.0.1', '64:ff9b::169.254.169.254', '64:ff9b:1::8.8.8.8', '100::1'],
    ['2001:db8::1', '2001::1', '2002:7f00:1::', '2002:808:808::', '3fff::1', '5f00::1', 'fc00::1', 'fd00:ec2::254'],
    ['fe80::1', 'fe80::1%eth0', 'fe80::1%2', 'fec0::1', 'ff02::1', 'ffff::', '4000::1', '8000::1'],
  ])('refuses %s, %s …', (...texts) => {
    expect(texts.filter((text) => decide(publicOnly)(text)._tag !== 'Refused')).toEqual([])
  })

  it.each([
    [
      '8.8.8.8',
      '1.1.1.1',
      '93.184.216.34',
      '172.15.255.255',
      '172.32.0.0',
      '100.63.255.255',
      '100.128.0.0',
      '192.0.1.0',
    ],
    ['198.17.255.255', '198.20.0.0', '223.255.255.255', '168.63.129.15', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8'],
    ['2606:4700:4700::1111', '2a00:1450:4001:80b::200e', '2001:4860:4860::8888', '2620:fe::fe', '[2606:4700::1]'],
  ])('allows %s, %s …', (...texts) => {
    expect(texts.filter((text) => decide(publicOnly)(text)._tag !== 'Allowed')).toEqual([])
  })

  it('can allow loopback addresses again', () => {
    for (const given of [Monoid.concat(publicOnly, allow('::1', '127.0.0.1')), allowOnly('::1', '127.0.0.1')]) {
      expect(['::1', '127.0.0.1', '::ffff:127.0.0.1'].map((text) => isAllowed(given, text))).toEqual([true, true, true])
      expect(['::', '::2', '127.0.0.2'].map((text) => isAllowed(given, text))).toEqual([false, false, false])
    }
  })

  it('takes exceptions after it, and adds to what was refused before it', () => {
    const exception = Monoid.concat(publicOnly, allow('10.1.2.0/24'))
    expect([isAllowed(exception, '10.1.2.3'), isAllowed(exception, '10.1.3.1')]).toEqual([true, false])
    const more = Monoid.concat(deny('8.8.8.0/24'), publicOnly)
    expect([isAllowed(more, '8.8.8.8'), isAllowed(more, '8.8.4.4')]).toEqual([false, true])
  })
})

describe('input that is not a policy or an address', () => {
  it.each([
    null,
    undefined,
    1,
    'publicOnly',
    {},
    { rules: 'x' },
    { rules: [null] },
    { rules: [{ effect: 'allow', networks: [] }] },
    { rules: [{ effect: 'Allow' }] },
  ])('refuses every address: %j', (given) => {
    const untyped = given as unknown as AddressPolicy.AddressPolicy // the cast: plain JavaScript may pass anything
    expect(decide(untyped)('8.8.8.8')).toEqual({ _tag: 'InvalidPolicy' })
  })
  it.each([
    '',
    'localhost',
    '127.1',
    '0x7f.0.0.1',
    '2130706433',
    '0177.0.0.1',
    '1.2.3.4.',
    '::1::',
    '8.8.8.8%eth0',
    '%',
  ])('does not take %j for an address', (text) => {
    expect(decide(AddressPolicy.empty)(text)._tag).toBe('NotAnAddress')
  })
  it('does not take anything else for an address', () => {
    const untyped = decide(publicOnly) as (address: unknown) => AddressPolicy.AddressDecision // the cast: the same
    expect([null, undefined, 1, {}, ['8.8.8.8']].map((given) => untyped(given)._tag)).toEqual(
      Array(5).fill('NotAnAddress'),
    )
  })
})
