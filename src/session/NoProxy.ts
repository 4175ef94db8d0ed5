/**
 * NO_PROXY: which hosts are reached without the environment's proxy. curl's rules, and what requests adds to them.
 *
 * | entry                      | matches                                                        |
 * |----------------------------|----------------------------------------------------------------|
 * | `*`                        | every host                                                     |
 * | `example.com`, `.example.com` | `example.com` and all below it; a dot at the end is no difference |
 * | `*.example.com`            | all below `example.com`                                        |
 * | `example.com:8080`         | the same, for a URL that names this port                       |
 * | `10.0.0.0/8`, `fe80::/10`  | addresses of that network; `0.0.0.0/0` all of IPv4, `::/0` all of IPv6 |
 * | `10.1.2.3`, `::1`, `[::1]` | that address                                                   |
 * | `10.1.2.3:80`, `[::1]:80`  | that address, for a URL that names this port                   |
 *
 * An IPv4 address and its mapped form (`::ffff:10.1.2.3`) are the same, in the list and in the URL. Entries are divided by commas; what follows a blank inside an entry ends the list, as in curl.
 *
 * @example
 * import { NoProxy } from 'requests-ts'
 *
 * const bypasses = NoProxy.parse('.example.com, 10.0.0.0/8')
 * assert.equal(bypasses({ hostname: 'www.example.com', port: '' }), true)
 * assert.equal(bypasses({ hostname: 'nexample.com', port: '' }), false)
 * assert.equal(bypasses({ hostname: '10.9.8.7', port: '443' }), true)
 */
import { domainToASCII } from 'node:url'
import * as IpAddress from '../values/IpAddress.js'

/** Whether a host is reached directly; `hostname` is canonical, an IPv6 address in brackets or not. */
export type Bypass = (place: { readonly hostname: string; readonly port: string }) => boolean

const withoutDots = (name: string): string => name.replace(/^\.+/, '').replace(/\.$/, '')
const withoutBrackets = (host: string): string => host.replace(/^\[(.*)\]$/, '$1')

/** A host that is asked for: a name, or an address in all its forms. */
interface Host {
  readonly name: string
  readonly addresses: ReadonlyArray<IpAddress.Address>
  readonly port: string
}

type Matches = (host: Host) => boolean

const nothing: Matches = () => false

const ofName = (entry: string): Matches => {
  const below = entry.startsWith('*.')
  const name = withoutDots(below ? entry.slice(2) : entry)
  if (name === '') return nothing
  const suffix = `.${name}`
  return (host) => host.addresses.length === 0 && (host.name.endsWith(suffix) || (!below && host.name === name))
}

const ofNetwork = (network: IpAddress.Network): Matches => {
  const contains = IpAddress.contains(network)
  return ({ addresses }) => addresses.some(contains)
}

const ofPlace = (entry: string): Matches => {
  const network = IpAddress.parseNetwork(withoutBrackets(entry))
  return network === undefined ? ofName(entry) : ofNetwork(network)
}

/** `host:port`; the colons of a bare IPv6 address end in no port. */
const WITH_PORT = /^(\[[^\]]*\]|[^:]*):(\d+)$/

const matcher = (entry: string): Matches => {
  if (entry === '*') return () => true
  const [, place, port] = WITH_PORT.exec(entry) ?? []
  if (place === undefined) return ofPlace(entry)
  const matches = ofPlace(place)
  return (host) => host.port === port && matches(host)
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
    if (first !== '') entries.push(inAscii(first.toLowerCase()))
    if (others.length > 0) break
  }
  return entries
}

/** Reads the value of NO_PROXY. */
export const parse = (text: string): Bypass => {
  const entries = entriesOf(text).map(matcher)
  return ({ hostname, port }) => {
    if (hostname === '') return true
    const name = withoutDots(withoutBrackets(hostname.toLowerCase()))
    const host: Host = { name, addresses: IpAddress.parseForms(name), port }
    return entries.some((matches) => matches(host))
  }
}
