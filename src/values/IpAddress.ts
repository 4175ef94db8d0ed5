/**
 * IP addresses and networks as numbers. An IPv4 address and its mapped form (`::ffff:10.1.2.3`, RFC 4291 2.5.5.2) are
 * the same host, so both forms are considered.
 */

export interface Address {
  readonly version: 4 | 6
  readonly bits: bigint
}

export interface Network extends Address {
  /** The number of leading bits that identify the network. */
  readonly length: number
}

const OCTET = '(?:\\d|[1-9]\\d|1\\d\\d|2[0-4]\\d|25[0-5])'
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`)

/** Returns whether a text is an IPv4 address: four decimal numbers up to 255, without leading zeros. */
export const isIpv4 = (text: string): boolean => IPV4.test(text)

/** The length of an IPv6 address whose last 32 bits are written as an IPv4 address. */
const MAX_LENGTH = 45

/** Returns whether a text is an IPv6 address without brackets and zone (RFC 4291 2.2), as the WHATWG parser reads it. */
export const isIpv6 = (text: string): boolean =>
  text.length <= MAX_LENGTH && text.includes(':') && /^[\da-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]/`)

const WIDTH = { 4: 32, 6: 128 } as const

/** Removes the brackets of an IPv6 host. */
export const withoutBrackets = (host: string): string =>
  host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host

const groups = (text: string): ReadonlyArray<bigint> =>
  text === '' ? [] : text.split(':').map((group) => BigInt(`0x${group}`))

/** Parses a valid IPv6 address. The WHATWG parser rewrites its last 32 bits if they are written as an IPv4 address. */
const ofGroups = (text: string): bigint => {
  const [start = '', end = ''] = new URL(`http://[${text}]/`).hostname.slice(1, -1).split('::')
  const [before, after] = [groups(start), groups(end)]
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0n)
  return [...before, ...zeros, ...after].reduce((bits, group) => (bits << 16n) | group, 0n)
}

/** Parses an address without brackets. Returns `undefined` if it is not valid or has a zone. */
export const parse = (text: string): Address | undefined => {
  if (isIpv6(text)) return { version: 6, bits: ofGroups(text) }
  if (!isIpv4(text)) return undefined
  return { version: 4, bits: text.split('.').reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n) }
}

const isMapped = ({ bits }: Address): boolean => bits >> 32n === 0xffffn
const toIpv4 = ({ bits }: Address): Address => ({ version: 4, bits: bits & 0xffffffffn })

/** IPv6 networks whose addresses contain an IPv4 address, which is followed by `after` bits. */
const EMBEDDINGS: ReadonlyArray<{ readonly network: Network; readonly after: bigint; readonly inverts?: true }> = [
  { network: { version: 6, bits: 0n, length: 96 }, after: 0n }, // ::/96, IPv4-compatible (RFC 4291 2.5.5.1)
  { network: { version: 6, bits: 0xffffn << 48n, length: 96 }, after: 0n }, // ::ffff:0:0:0/96, translated (RFC 2765)
  { network: { version: 6, bits: 0x64_ff9bn << 96n, length: 96 }, after: 0n }, // 64:ff9b::/96, NAT64 (RFC 6052)
  { network: { version: 6, bits: 0x64_ff9b_0001n << 80n, length: 48 }, after: 0n }, // 64:ff9b:1::/48, local NAT64 (RFC 8215)
  { network: { version: 6, bits: 0x2002n << 112n, length: 16 }, after: 80n }, // 2002::/16, 6to4 (RFC 3056)
  { network: { version: 6, bits: 0x2001n << 112n, length: 32 }, after: 64n }, // 2001::/32, the server of Teredo (RFC 4380)
  { network: { version: 6, bits: 0x2001n << 112n, length: 32 }, after: 0n, inverts: true }, // and its client
]

/** ISATAP (RFC 5214): the interface identifier is `0:5efe` or `200:5efe`, and then the IPv4 address. */
const isIsatap = (bits: bigint): boolean => ((bits >> 32n) & 0xfdffffffn) === 0x5efen

/**
 * Returns the addresses that a packet to an address can reach: the address, and the IPv4 addresses that it contains if a gateway
 * may translate it. A mapped address (`::ffff:10.1.2.3`) is only its IPv4 address.
 */
export const reachable = (address: Address): ReadonlyArray<Address> => {
  if (address.version === 4) return [address]
  if (isMapped(address)) return [toIpv4(address)]
  const found: Address[] = [address]
  for (const { network, after, inverts } of EMBEDDINGS) {
    // `::` and `::1` are not IPv4-compatible addresses.
    if (address.bits <= 1n || !contains(network)(address)) continue
    const bits = (address.bits >> after) & 0xffffffffn
    found.push({ version: 4, bits: inverts ? bits ^ 0xffffffffn : bits })
  }
  return isIsatap(address.bits) ? [...found, toIpv4(address)] : found
}

/** Returns the forms in which a list may contain an address; empty for a host name. */
export const parseForms = (text: string): ReadonlyArray<Address> => {
  const address = parse(text)
  if (address === undefined) return []
  return isMapped(address) ? [address, toIpv4(address)] : [address]
}

/** Parses `address/length`, or an address as a network of one address. A mapped IPv4 network becomes an IPv4 network. */
export const parseNetwork = (text: string): Network | undefined => {
  const [, host = '', digits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const address = parse(host)
  if (address === undefined) return undefined
  const length = Number(digits ?? WIDTH[address.version])
  if (length > WIDTH[address.version]) return undefined
  return isMapped(address) && length >= 96 ? { ...toIpv4(address), length: length - 96 } : { ...address, length }
}

export const contains =
  ({ version, bits, length }: Network) =>
  (address: Address): boolean => {
    const rest = BigInt(WIDTH[version] - length)
    return address.version === version && address.bits >> rest === bits >> rest
  }
