import { isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as IpAddress from '../../src/values/IpAddress.js'

const shown = ({ version, bits }: IpAddress.Address) => `IPv${version} ${bits.toString(16)}`
const forms = (text: string) => IpAddress.parseForms(text).map(shown)
const network = (text: string) => {
  const parsed = IpAddress.parseNetwork(text)
  return parsed === undefined ? undefined : `${shown(parsed)}/${parsed.length}`
}
const contains = (list: string, text: string): boolean | undefined => {
  const parsed = IpAddress.parseNetwork(list)
  return parsed === undefined ? undefined : IpAddress.parseForms(text).some(IpAddress.contains(parsed))
}

const WIDTH = { 4: 32, 6: 128 } as const
const pieces = (bits: bigint, count: number, size: number): ReadonlyArray<bigint> =>
  Array.from({ length: count }, (_, i) => BigInt.asUintN(size, bits >> BigInt((count - 1 - i) * size)))
const written = (version: 4 | 6, bits: bigint): string =>
  version === 4
    ? pieces(bits, 4, 8).join('.')
    : pieces(bits, 8, 16)
        .map((group) => group.toString(16))
        .join(':')

/** The bits of an IPv6 address that is not mapped: random bits, or random groups of which about half are zero. */
const bits6 = fc
  .oneof(
    fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
    fc
      .array(fc.constantFrom(0n, 0n, 1n, 0xffffn), { minLength: 8, maxLength: 8 })
      .map((groups) => groups.reduce<bigint>((bits, group) => (bits << 16n) | group, 0n)),
  )
  .filter((bits) => bits >> 32n !== 0xffffn)
const address = fc.oneof(
  fc.tuple(fc.constant(4 as const), fc.bigInt({ min: 0n, max: 0xffffffffn })),
  fc.tuple(fc.constant(6 as const), bits6),
)

describe('IpAddress.parseForms', () => {
  it.each([
    ['0.0.0.0', ['IPv4 0']],
    ['10.1.2.3', ['IPv4 a010203']],
    ['255.255.255.255', ['IPv4 ffffffff']],
    ['::', ['IPv6 0']],
    ['::1', ['IPv6 1']],
    ['1::', ['IPv6 10000000000000000000000000000']],
    ['FE80::1:2', ['IPv6 fe800000000000000000000000010002']],
    ['1:2:3:4:5:6:7:8', ['IPv6 10002000300040005000600070008']],
    ['64:ff9b::10.1.2.3', ['IPv6 64ff9b00000000000000000a010203']],
    ['::10.1.2.3', ['IPv6 a010203']],
    ['::ffff:10.1.2.3', ['IPv6 ffff0a010203', 'IPv4 a010203']],
    ['::ffff:a01:203', ['IPv6 ffff0a010203', 'IPv4 a010203']],
    ['0000:0000:0000:0000:0000:ffff:255.255.255.255', ['IPv6 ffffffffffff', 'IPv4 ffffffff']],
    ['::1:ffff:10.1.2.3', ['IPv6 1ffff0a010203']],
  ])('reads %s as %j', (text, expected) => expect(forms(text)).toEqual(expected))
  it.each([
    '',
    'h.test',
    '10.1.2',
    '010.1.2.3',
    '256.1.1.1',
    '[::1]',
    'fe80::1%eth0',
    '::1%',
    ':::',
    '::1/128',
    ' ::1',
  ])('finds no address in %j', (text) => expect(forms(text)).toEqual([]))
  it('accepts the IPv6 addresses that URLs may have, and every IPv4 address in decimal', () => {
    const text = fc.oneof(fc.ipV6(), fc.string({ unit: fc.constantFrom('0', '1', 'f', '.', ':', '::', '%') }))
    fc.assert(
      fc.property(fc.ipV4(), text, (ipv4, other) => {
        expect(forms(ipv4)).toHaveLength(1)
        if (other.includes(':')) expect(forms(other).length > 0).toBe(URL.canParse(`http://[${other}]/`))
      }),
    )
  })
  it('reads every bit of an address', () => {
    fc.assert(
      fc.property(address, ([version, bits]) => {
        expect(IpAddress.parseForms(written(version, bits))).toEqual([{ version, bits }])
      }),
    )
  })
})

describe('IpAddress.parseNetwork', () => {
  it.each([
    ['10.1.2.3', 'IPv4 a010203/32'],
    ['10.0.0.0/8', 'IPv4 a000000/8'],
    ['10.0.0.0/008', 'IPv4 a000000/8'],
    ['0.0.0.0/0', 'IPv4 0/0'],
    ['10.0.0.0/32', 'IPv4 a000000/32'],
    ['::1', 'IPv6 1/128'],
    ['::/0', 'IPv6 0/0'],
    ['fe80::/10', 'IPv6 fe800000000000000000000000000000/10'],
    ['::1/128', 'IPv6 1/128'],
    ['::1:0:0/96', 'IPv6 100000000/96'],
    ['::ffff:10.1.2.3', 'IPv4 a010203/32'],
    ['::ffff:10.0.0.0/104', 'IPv4 a000000/8'],
    ['::ffff:0:0/96', 'IPv4 0/0'],
    ['::ffff:0:0/95', 'IPv6 ffff00000000/95'],
  ])('reads %s as %s', (text, expected) => expect(network(text)).toBe(expected))
  it.each([
    '',
    '/8',
    'h.test/8',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/+8',
    '10.0.0.0/ 8',
    '10.0.0.0/8 ',
    '10.0.0.0/x8',
    '10.0.0.0/8x',
    '10.0.0.0/1e1',
    '10.0.0.0/0008',
    '10.0.0.0/8/8',
    '10.0.0.0/255.0.0.0',
    '::/129',
    'fe80::1%eth0/64',
  ])('refuses %j', (text) => expect(network(text)).toBeUndefined())
})

describe('IpAddress.contains', () => {
  it.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.1.2.3/8', '10.9.9.9', true],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::ffff:0:0/95', '::ffff:10.1.2.3', true],
    ['0.0.0.0/0', '1.2.3.4', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '1.2.3.4', false],
    ['::/0', 'ffff::', true],
    ['10.1.2.3', '10.1.2.3', true],
    ['::a01:203', '10.1.2.3', false],
  ])('%s contains %s: %s', (list, text, expected) => expect(contains(list, text)).toBe(expected))
  it('compares the leading bits of two addresses that differ in one bit, up to the length of the network', () => {
    const leading = (version: 4 | 6, bits: bigint, length: number) =>
      bits.toString(2).padStart(WIDTH[version], '0').slice(0, length)
    fc.assert(
      fc.property(address, fc.nat(128), fc.nat(127), ([version, bits], most, flipped) => {
        const length = Math.min(most, WIDTH[version])
        const other = bits ^ (1n << BigInt(flipped % WIDTH[version]))
        const isSame = leading(version, bits, length) === leading(version, other, length)
        expect(contains(`${written(version, bits)}/${length}`, written(version, other))).toBe(isSame)
      }),
    )
  })
})

describe('the form of an address', () => {
  const group = fc.oneof(
    fc.constantFrom(
      '',
      '0',
      '1',
      'ffff',
      '00000',
      'g',
      '1.2.3.4',
      '255',
      '256',
      '01',
      '[',
      ']',
      '%eth0',
      '/',
      '@',
      '?',
      '\n',
      ' ',
    ),
    fc.nat({ max: 0xffff }).map((n) => n.toString(16)),
    fc.nat({ max: 300 }).map(String),
  )
  const separated = (separator: string, maxLength: number) =>
    fc.array(group, { maxLength }).map((groups) => groups.join(separator))
  const text = fc.oneof(
    separated(':', 9),
    fc.tuple(separated(':', 5), separated(':', 5)).map((halves) => halves.join('::')),
    separated('.', 5),
    fc.ipV6(),
    fc.ipV4(),
  )
  it('agrees with Node, except for a zone', () => {
    fc.assert(
      fc.property(text, (address) => {
        expect([address, IpAddress.isIpv4(address)]).toEqual([address, isIPv4(address)])
        expect([address, IpAddress.isIpv6(address)]).toEqual([address, isIPv6(address) && !address.includes('%')])
      }),
      { numRuns: 5000 },
    )
  })
})
