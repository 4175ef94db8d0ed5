/**
 * NO_PROXY: the hosts that are reached without the environment's proxy. The rules are those of curl and requests.
 *
 * | entry                         | matches                                                               |
 * |-------------------------------|-----------------------------------------------------------------------|
 * | `*`                           | every host                                                            |
 * | `example.com`, `.example.com` | `example.com` and its subdomains; a trailing dot is ignored           |
 * | `*.example.com`               | subdomains of `example.com`                                           |
 * | `example.com:8080`            | the same, for URLs with this port                                     |
 * | `10.0.0.0/8`, `fe80::/10`     | addresses in that network; `0.0.0.0/0` is all of IPv4, `::/0` all of IPv6 |
 * | `10.1.2.3`, `::1`, `[::1]`    | that address                                                          |
 * | `10.1.2.3:80`, `[::1]:80`     | that address, for URLs with this port                                 |
 *
 * An IPv4 address and its mapped form (`::ffff:10.1.2.3`) are equal, in the list and in the URL. Entries are separated by
 * commas. White space inside an entry ends the list, as in curl.
 *
 * @example
 * import { NoProxy } from 'requests-ts'
 *
 * const bypasses = NoProxy.parse('.example.com, 10.0.0.0/8')
 * assert.equal(bypasses({ hostname: 'www.example.com', port: '' }), true)
 * assert.equal(bypasses({ hostname: 'nexample.com', port: '' }), false)
 * assert.equal(bypasses({ hostname: '10.9.8.7', port: '443' }), true)
 */
import { domainToAscii } from '../values/Idna.js'
import * as IpAddress from '../values/IpAddress.js'

/** Returns whether a host is reached without a proxy. `hostname` is canonical; an IPv6 address may have brackets. */
export type Bypass = (destination: { readonly hostname: string; readonly port: string }) => boolean

/** The host of a URL. `addresses` is empty for a name, and has every form of an address. */
interface Host {
  readonly name: string
  readonly addresses: ReadonlyArray<IpAddress.Address>
  readonly port: string
}

type Matcher = (host: Host) => boolean

const withoutDots = (name: string): string => name.replace(/^\.+/, '').replace(/\.$/, '')

const nameMatcher = (entry: string): Matcher => {
  const isSubdomainOnly = entry.startsWith('*.')
  const name = withoutDots(isSubdomainOnly ? entry.slice(2) : entry)
  if (name === '') return () => false
  const suffix = `.${name}`
  return (host) =>
    host.addresses.length === 0 && (host.name.endsWith(suffix) || (!isSubdomainOnly && host.name === name))
}

const hostMatcher = (entry: string): Matcher => {
  const network = IpAddress.parseNetwork(IpAddress.withoutBrackets(entry))
  if (network === undefined) return nameMatcher(entry)
  const contains = IpAddress.contains(network)
  return ({ addresses }) => addresses.some(contains)
}

/** `host:port`. The last colon of an IPv6 address without brackets does not start a port. */
const WITH_PORT = /^(\[[^\]]*\]|[^:]*):(\d+)$/

const entryMatcher = (entry: string): Matcher => {
  if (entry === '*') return () => true
  const [, host, port] = WITH_PORT.exec(entry) ?? []
  if (host === undefined) return hostMatcher(entry)
  const matches = hostMatcher(host)
  return (candidate) => candidate.port === port && matches(candidate)
}

/** Converts the name of an entry to ASCII (IDNA), the form that host names have in URLs. */
const toAscii = (entry: string): string =>
  /^[\0-\x7f]*$/.test(entry)
    ? entry
    : entry.replace(/^(\*?\.*)(.*?)((?::\d+)?)$/, (_, dots: string, name: string, port: string) => {
        return dots + (domainToAscii(name) || name) + port
      })

/** Splits a list into entries. White space inside an entry ends the list. */
const entriesOf = (text: string): ReadonlyArray<string> => {
  const entries: string[] = []
  for (const item of text.split(',')) {
    const [first = '', ...others] = item.trim().split(/\s/)
    if (first !== '') entries.push(toAscii(first.toLowerCase()))
    if (others.length > 0) break
  }
  return entries
}

/** Parses the value of NO_PROXY. A URL without a host name never uses a proxy. */
export const parse = (text: string): Bypass => {
  const matchers = entriesOf(text).map(entryMatcher)
  return ({ hostname, port }) => {
    if (hostname === '') return true
    const name = withoutDots(IpAddress.withoutBrackets(hostname.toLowerCase()))
    const host: Host = { name, addresses: IpAddress.parseForms(name), port }
    return matchers.some((matches) => matches(host))
  }
}
