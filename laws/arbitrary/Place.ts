/**
 * Generates hosts, paths, origins and URLs that are similar to a given one, because they reveal wrong comparisons.
 *
 * | for `api.example.com`       | why it is similar                               |
 * |-----------------------------|-------------------------------------------------|
 * | `example.com`               | its parent                                      |
 * | `sub.api.example.com`       | its subdomain                                   |
 * | `xapi.example.com`          | ends with it, but not at a label                |
 * | `api.example.com.evil.test` | begins with it                                  |
 * | `evil.test`                 | unrelated                                       |
 * | `API.EXAMPLE.COM`           | the same, in capitals                           |
 * | `api.example.com.`          | the same to DNS, but not to cookies             |
 *
 * All of them shrink towards the given value.
 *
 * @example
 * import * as fc from 'fast-check'
 * import { Places } from 'requests-ts/laws'
 *
 * const endsWith = fc.check(fc.property(Places.hostsAround('a.test'), (host) =>
 *   host.toLowerCase().endsWith('a.test') === (host.toLowerCase() === 'a.test' || host.endsWith('.a.test'))))
 * assert.deepEqual(endsWith.counterexample, ['xa.test'])
 */
import * as fc from 'fast-check'

const isAddress = (host: string): boolean => /^[\d.]+$|:/.test(host)

const parentOf = (host: string): string => host.slice(host.indexOf('.') + 1)

/** Returns hosts that are similar to a host, itself first; for an address, those that a careless comparison confuses. */
export const neighboursOfHost = (host: string): ReadonlyArray<string> =>
  isAddress(host)
    ? [
        host,
        host.replace(/\d(?=\]?$)/, (digit) => (digit === '1' ? '2' : '1')),
        `${host.replace(/[[\]:]/g, '')}.test`,
        'evil.test',
      ]
    : [
        host,
        ...(host.includes('.') ? [parentOf(host)] : []),
        `sub.${host}`,
        `x${host}`,
        `${host}.evil.test`,
        'evil.test',
        host.toUpperCase(),
        `${host}.`,
      ]

/** Generates hosts similar to a host. */
export const hostsAround = (host: string): fc.Arbitrary<string> => fc.constantFrom(...neighboursOfHost(host))

/** Returns paths similar to `/a/b`: itself, with and without a slash, children, parents, siblings, and paths with that prefix. */
export const neighboursOfPath = (path: string): ReadonlyArray<string> => {
  const bare = path.replace(/\/+$/, '')
  const above = bare.slice(0, bare.lastIndexOf('/')) || '/'
  const spellings = bare === '' ? ['/x', '/x/', '/X'] : [`${bare}/`, bare, `${bare}/x`, `${bare}x`, bare.toUpperCase()]
  return [...new Set([path, ...spellings, above, '/', '/other', `${bare}/%2e%2e`])]
}

/** Generates paths similar to a path. */
export const pathsAround = (path: string): fc.Arbitrary<string> => fc.constantFrom(...neighboursOfPath(path))

/** Returns origins similar to `https://h`: itself, the other scheme, other ports, an explicit default port, similar hosts. */
export const neighboursOfOrigin = (origin: string): ReadonlyArray<string> => {
  const { protocol, hostname, port } = new URL(origin)
  const other = protocol === 'https:' ? 'http:' : 'https:'
  const defaultPort = protocol === 'https:' ? '443' : '80'
  const end = port === '' ? '' : `:${port}`
  return [
    ...new Set([
      origin,
      `${protocol}//${hostname}:${port || defaultPort}`,
      `${other}//${hostname}${end}`,
      `${protocol}//${hostname}:8443`,
      `${other}//${hostname}:${defaultPort}`,
      ...neighboursOfHost(hostname).map((host) => `${protocol}//${host}${end}`),
    ]),
  ]
}

/** Generates origins similar to an origin. */
export const originsAround = (origin: string): fc.Arbitrary<string> => fc.constantFrom(...neighboursOfOrigin(origin))

/** Generates URLs similar to a URL: similar origins and paths, with and without query and fragment. */
export const urlsAround = (href: string): fc.Arbitrary<string> => {
  const { origin, pathname, search } = new URL(href)
  return fc
    .tuple(
      originsAround(origin),
      pathsAround(pathname),
      fc.constantFrom(search, '', '?a=1', '?a=1&a=%20'),
      fc.constantFrom('', '#f'),
    )
    .map((parts) => parts.join(''))
}

/** Generates a host, the simplest first. */
export const host: fc.Arbitrary<string> = fc.constantFrom('a.test', 'api.a.test', 'localhost', '127.0.0.1', '[::1]')

/** Generates origins with two schemes and two ports. */
export const origin: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom('http:', 'https:'), host, fc.constantFrom('', ':8080'))
  .map(([protocol, name, port]) => `${protocol}//${name}${port}`)

/** Generates paths with up to three segments, some of them percent-encoded. */
export const path: fc.Arbitrary<string> = fc
  .array(fc.constantFrom('a', 'b', 'A', 'a%20b', '~', '%7E', 'é'), { maxLength: 3 })
  .map((segments) => `/${segments.join('/')}`)

/** Generates URLs with an origin, a path and perhaps a query. */
export const url: fc.Arbitrary<string> = fc
  .tuple(origin, path, fc.constantFrom('', '?a=1', '?a=1&b=x%20y', '?'))
  .map((parts) => parts.join(''))

/** Generates two similar URLs, for rules that distinguish the same origin or path from another. */
export const neighbours: fc.Arbitrary<readonly [from: string, to: string]> = url.chain((from) =>
  fc.tuple(fc.constant(from), urlsAround(from)),
)
