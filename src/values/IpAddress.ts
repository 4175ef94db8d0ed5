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
const parse = (text: string): Address | undefined => {
  if (isIpv6(text)) return { version: 6, bits: ofGroups(text) }
  if (!isIpv4(text)) return undefined
  return { version: 4, bits: text.split('.').reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n) }
}

const isMapped = ({ bits }: Address): boolean => bits >> 32n === 0xffffn
const toIpv4 = ({ bits }: Address): Address => ({ version: 4, bits: bits & 0xffffffffn })

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
