/**
 * NO_PROXY: which hosts are reached without the environment's proxy. curl's rules, and what requests adds to them.
 *
 * | entry                      | matches                                                        |
 * |----------------------------|----------------------------------------------------------------|
 * | `*` (the whole value)      | every host                                                     |
 * | `example.com`, `.example.com` | `example.com` and all below it; a dot at the end is no difference |
 * | `*.example.com`            | all below `example.com`                                        |
 * | `example.com:8080`         | the same, for a URL that names this port                       |
 * | `10.0.0.0/8`, `fe80::/10`  | addresses of that network                                      |
 * | `10.1.2.3`, `::1`, `[::1]` | that address                                                   |
 *
 * Entries are divided by commas; what follows a blank inside an entry ends the list, as in curl.
 *
 * @example
 * import { NoProxy } from 'requests-ts'
 *
 * const bypasses = NoProxy.parse('.example.com, 10.0.0.0/8')
 * assert.equal(bypasses({ hostname: 'www.example.com', port: '' }), true)
 * assert.equal(bypasses({ hostname: 'nexample.com', port: '' }), false)
 * assert.equal(bypasses({ hostname: '10.9.8.7', port: '443' }), true)
 */
import { BlockList, isIP } from 'node:net'
import { domainToASCII } from 'node:url'

/** Whether a host is reached directly; `hostname` is canonical, an IPv6 address in brackets or not. */
export type Bypass = (place: { readonly hostname: string; readonly port: string }) => boolean

const withoutDots = (name: string): string => name.replace(/^\.+/, '').replace(/\.$/, '')
const withoutBrackets = (host: string): string => host.replace(/^\[(.*)\]$/, '$1')
const family = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

const isBelow = (host: string, name: string): boolean => host.endsWith(`.${name}`)

/** `host` is an address, here and below. */
const matchesNetwork = (entry: string, host: string): boolean => {
  const [, address = '', digits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(entry) ?? []
  const bits = Number(digits)
  if (isIP(address) !== isIP(host)) return false
  if (bits > (isIP(address) === 6 ? 128 : 32) || bits === 0) return false
  const list = new BlockList()
  list.addSubnet(address, bits, family(address))
  return list.check(host, family(host))
}

const sameAddress = (entry: string, host: string): boolean => {
  if (isIP(entry) !== isIP(host)) return false
  const list = new BlockList()
  list.addAddress(entry, family(entry))
  return list.check(host, family(host))
}

const matchesName = (entry: string, host: string): boolean => {
  const below = entry.startsWith('*.')
  const name = withoutDots(below ? entry.slice(2) : entry)
  if (name === '') return false
  return isBelow(host, name) || (!below && host === name)
}

const matches = (entry: string, hostname: string, port: string): boolean => {
  const host = withoutDots(withoutBrackets(hostname.toLowerCase()))
  if (isIP(host) !== 0) return matchesNetwork(entry, host) || sameAddress(withoutBrackets(entry), host)
  const portOf = /^(.*):(\d+)$/.exec(entry)
  if (portOf === null) return matchesName(entry, host)
  return portOf[2] === port && matchesName(portOf[1] ?? '', host)
}

/** A name in the form that URLs give to hosts: IDNA's. */
const inAscii = (entry: string): string =>
  /^[\0-\x7f]*$/.test(entry)
    ? entry
    : entry.replace(/^(\*?\.*)(.*?)((?::\d+)?)$/, (_, dots: string, name: string, port: string) => {
        return dots + (domainToASCII(name) || name) + port
      })

/** The entries of a list; a blank inside one ends the list. */
const entriesOf = (text: string): ReadonlyArray<string> => {
  const entries: string[] = []
  for (const item of text.split(',')) {
    const [first = '', ...others] = item.trim().split(/\s/)
    entries.push(inAscii(first.toLowerCase()))
    if (others.length > 0) break
  }
  return entries
}

/** Reads the value of NO_PROXY. */
export const parse = (text: string): Bypass => {
  if (text === '*') return () => true
  const entries = entriesOf(text)
  return ({ hostname, port }) => hostname === '' || entries.some((entry) => matches(entry, hostname, port))
}
