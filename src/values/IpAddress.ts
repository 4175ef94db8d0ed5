/**
 * IP addresses and networks as numbers. An IPv4 address and its mapped form (`::ffff:10.1.2.3`, RFC 4291 2.5.5.2) are
 * the same host, so both forms are considered.
 */
import { isIP } from 'node:net'

export interface Address {
  readonly version: 4 | 6
  readonly bits: bigint
}

export interface Network extends Address {
  /** The number of leading bits that identify the network. */
  readonly length: number
}

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
  if (text.includes('%')) return undefined
  const version = isIP(text)
  if (version === 4) return { version, bits: text.split('.').reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n) }
  return version === 6 ? { version, bits: ofGroups(text) } : undefined
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
