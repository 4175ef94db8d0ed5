/**
 * Generates IP addresses and networks as bytes, and writes them in every spelling. The addresses are of few networks, so that
 * rules meet them.
 *
 * @example
 * import * as fc from 'fast-check'
 * import { Addresses } from 'requests-ts/laws'
 *
 * const isPrivate = (text: string) => text.startsWith('10.')
 * const verdict = fc.check(fc.property(Addresses.spellings([10, 1, 2, 3]), isPrivate))
 * assert.equal(verdict.failed, true) // ::ffff:10.1.2.3 is the same address
 */
import * as fc from 'fast-check'

/**
 * The bytes of an address: 4 or 16.
 *
 * @since 0.2.0
 * @category model
 */
export type Bytes = ReadonlyArray<number>

/**
 * A network: the addresses whose first `length` bits are those of `bytes`.
 *
 * @since 0.2.0
 * @category model
 */
export interface Network {
  /** One of its addresses. */
  readonly bytes: Bytes
  /** The number of bits that its addresses have in common. */
  readonly length: number
}

const bitsOf = (bytes: Bytes): string => bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('')

/**
 * Returns whether an address is in a network.
 *
 * @since 0.2.0
 * @category destructors
 */
export const isIn = ({ bytes, length }: Network, address: Bytes): boolean =>
  bytes.length === address.length && bitsOf(address).startsWith(bitsOf(bytes).slice(0, length))

const groupsOf = (bytes: Bytes): ReadonlyArray<number> =>
  Array.from({ length: bytes.length / 2 }, (_, i) => (bytes[2 * i] ?? 0) * 256 + (bytes[2 * i + 1] ?? 0))

const hex = (bytes: Bytes): string =>
  groupsOf(bytes)
    .map((group) => group.toString(16))
    .join(':')

/**
 * Writes an address without abbreviations: `10.1.2.3`, `2600:0:0:0:0:0:0:1`.
 *
 * @since 0.2.0
 * @category destructors
 */
export const show = (bytes: Bytes): string => (bytes.length === 4 ? bytes.join('.') : hex(bytes))

/**
 * Writes a network as `address/length`.
 *
 * @since 0.2.0
 * @category destructors
 */
export const showNetwork = ({ bytes, length }: Network): string => `${show(bytes)}/${length}`

const compressed = (text: string): string => text.replace(/(?:^|:)0(?::0)+(?::|$)/, '::')

const padded = (bytes: Bytes): string =>
  groupsOf(bytes)
    .map((group) => group.toString(16).padStart(4, '0'))
    .join(':')

const mapped = (ipv4: Bytes): Bytes => [...Array<number>(10).fill(0), 255, 255, ...ipv4]

const ipv6Spellings = (bytes: Bytes): ReadonlyArray<string> => {
  const dotted = `${hex(bytes.slice(0, 12))}:${show(bytes.slice(12))}`
  const written = [hex(bytes), compressed(hex(bytes)), padded(bytes), dotted, compressed(dotted)]
  return [...new Set(written.flatMap((text) => [`[${text}]`, text, text.toUpperCase()]))]
}

/**
 * Generates the texts of one address. An IPv4 address has also those of its mapped form, `::ffff:10.1.2.3`.
 *
 * @since 0.2.0
 * @category constructors
 */
export const spellings = (bytes: Bytes): fc.Arbitrary<string> =>
  fc.constantFrom(...(bytes.length === 4 ? [show(bytes), ...ipv6Spellings(mapped(bytes))] : ipv6Spellings(bytes)))

const near = fc.constantFrom(0, 1, 2, 255)
const octet = fc.nat(255)

/**
 * Generates IPv4 addresses, most of them in two networks.
 *
 * @since 0.2.0
 * @category constructors
 */
export const ipv4: fc.Arbitrary<Bytes> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom(10, 11), near, near, near) },
  fc.tuple(octet, octet, octet, octet),
)

/** IPv6 addresses that contain no IPv4 address. */
const ipv6: fc.Arbitrary<Bytes> = fc
  .tuple(fc.constantFrom(0, 1), fc.array(near, { minLength: 12, maxLength: 12 }), near)
  .map(([third, middle, last]) => [0x26, 0, third, ...middle, last])

/**
 * Generates addresses of both families. No IPv6 address contains an IPv4 address.
 *
 * @since 0.2.0
 * @category constructors
 */
export const address: fc.Arbitrary<Bytes> = fc.oneof(ipv4, ipv6)

/**
 * Generates networks that have some of the addresses.
 *
 * @since 0.2.0
 * @category constructors
 */
export const network: fc.Arbitrary<Network> = address.chain((bytes) =>
  fc.integer({ min: 0, max: bytes.length * 8 }).map((length) => ({ bytes, length })),
)

const FIRST = [0x26, 6, 0, 0, 0, 0, 0, 0]

/** Ways to write an IPv4 address into an IPv6 address, from which a gateway or a tunnel reads it. */
const EMBEDDED: Readonly<Record<string, (ipv4: Bytes) => Bytes>> = {
  'NAT64 (RFC 6052)': (ip) => [0, 0x64, 0xff, 0x9b, ...Array<number>(8).fill(0), ...ip],
  'local NAT64 (RFC 8215)': (ip) => [0, 0x64, 0xff, 0x9b, 0, 1, ...Array<number>(6).fill(0), ...ip],
  '6to4 (RFC 3056)': (ip) => [0x20, 2, ...ip, ...Array<number>(9).fill(0), 1],
  'the server of Teredo (RFC 4380)': (ip) => [0x20, 1, 0, 0, ...ip, ...Array<number>(8).fill(1)],
  'the client of Teredo (RFC 4380)': (ip) => [
    0x20,
    1,
    0,
    0,
    ...Array<number>(8).fill(1),
    ...ip.map((byte) => 255 - byte),
  ],
  'translated (RFC 2765)': (ip) => [...Array<number>(8).fill(0), 255, 255, 0, 0, ...ip],
  'compatible (RFC 4291)': (ip) => [...Array<number>(12).fill(0), ...ip],
  'ISATAP (RFC 5214)': (ip) => [...FIRST, 0, 0, 0x5e, 0xfe, ...ip],
}

/**
 * Generates IPv6 addresses that contain an IPv4 address, with the technique that reads it: NAT64, 6to4, Teredo, ISATAP.
 *
 * @since 0.2.0
 * @category constructors
 */
export const embeddings = (ipv4: Bytes): fc.Arbitrary<readonly [technique: string, address: Bytes]> =>
  fc.constantFrom(...Object.entries(EMBEDDED).map(([technique, write]) => [technique, write(ipv4)] as const))
