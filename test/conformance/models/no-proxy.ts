/**
 * NO_PROXY with the rules of curl and requests, independent of the library's parser (D12).
 *
 * | entry                          | matches                           |
 * |--------------------------------|-----------------------------------|
 * | `*`                            | every host                        |
 * | `a.test`, `.a.test`, `a.test.` | that host and all its subdomains  |
 * | `*.a.test`                     | all subdomains                    |
 * | `a.test:8080`                  | the same, for URLs with this port |
 * | `10.0.0.0/8`, `fe80::/10`      | the addresses of this network     |
 * | `10.0.0.1`, `::1`, `[::1]`     | this address                      |
 *
 * A name that is not ASCII is compared in its canonical form.
 */
import { canonicalHost } from './parts.js'

const bitsOfIpv4 = (text: string): string | undefined => {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined
  const octets = text.split('.').map(Number)
  return octets.some((octet) => octet > 255)
    ? undefined
    : octets.map((octet) => octet.toString(2).padStart(8, '0')).join('')
}

const bitsOfIpv6 = (text: string): string | undefined => {
  if (!/^[\da-f:]+$/i.test(text) || !text.includes(':')) return undefined
  const [head = '', tail] = text.split('::')
  const groups = (part: string): ReadonlyArray<string> => (part === '' ? [] : part.split(':'))
  const [before, after] = [groups(head), groups(tail ?? '')]
  const missing = 8 - before.length - after.length
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined
  return [...before, ...Array.from({ length: missing }, () => '0'), ...after]
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0'))
    .join('')
}

const bitsOf = (text: string): string | undefined => bitsOfIpv4(text) ?? bitsOfIpv6(text)

const matchesAddress = (entry: string, address: string): boolean => {
  const bits = bitsOf(entry.replace(/^\[(.*)\]$/, '$1'))
  if (bits !== undefined) return bits === address
  const [base = '', length = '', ...others] = entry.split('/')
  const network = bitsOf(base)
  if (network === undefined || others.length > 0 || !/^\d+$/.test(length)) return false
  const n = Number(length)
  return n <= network.length && network.length === address.length && network.slice(0, n) === address.slice(0, n)
}

const MAPPED = `${'0'.repeat(80)}${'1'.repeat(16)}`

/** An IPv4 address also matches as an IPv4-mapped IPv6 address, and vice versa (RFC 4291 2.5.5.2). */
const formsOf = (address: string): ReadonlyArray<string> => {
  if (address.length === 32) return [address, MAPPED + address]
  return address.startsWith(MAPPED) ? [address, address.slice(96)] : [address]
}

const ascii = (name: string): string => (/^[\0-\x7f]*$/.test(name) ? name : (canonicalHost(name) ?? name))

const matchesName = (entry: string, host: string): boolean => {
  const isWild = entry.startsWith('*.')
  const name = ascii((isWild ? entry.slice(2) : entry).replace(/^\.+/, '').replace(/\.$/, ''))
  if (name === '') return false
  return host.endsWith(`.${name}`) || (!isWild && host === name)
}

/** Splits a list at commas. The first blank within an entry ends the list. */
const entriesOf = (list: string): ReadonlyArray<string> => {
  const entries: string[] = []
  for (const item of list.split(',')) {
    const words = item.trim().split(/\s+/)
    if (words[0] !== undefined && words[0] !== '') entries.push(words[0].toLowerCase())
    if (words.length > 1) return entries
  }
  return entries
}

/** Returns whether the list matches a canonical host. */
export const bypasses = (list: string, host: string, port: string): boolean => {
  const bare = host.replace(/\.$/, '')
  const address = bitsOf(bare)
  return entriesOf(list).some((entry) => {
    if (entry === '*') return true
    if (address !== undefined) {
      const [, place = entry, given] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(entry) ?? []
      if (given !== undefined && given !== port) return false
      return formsOf(address).some((form) => matchesAddress(place, form))
    }
    const [, name = '', wanted] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? []
    return (wanted === undefined || wanted === port) && matchesName(name, bare)
  })
}

/** Returns whether the rules of curl and of requests differ for a list or a host (D12). */
export const readsOtherwise = (list: string, host: string): boolean =>
  host.endsWith('.') ||
  list.split(',').some((item) => item.trim() === '*' || /:\d+$|\/0$/.test(item.trim())) ||
  list.split(',').some((item) => /^\*\./.test(item.trim()) || /\.$/.test(item.trim()) || /\S\s+\S/.test(item.trim())) ||
  (host.includes(':') && /[:[]/.test(list))
