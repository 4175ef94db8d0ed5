/**
 * Neighbours of hosts, paths, origins and URLs: the near misses on which a wrong comparison gives itself away.
 *
 * | of `api.example.com`        | is a neighbour because                          |
 * |-----------------------------|-------------------------------------------------|
 * | `example.com`               | its parent                                      |
 * | `sub.api.example.com`       | below it                                        |
 * | `xapi.example.com`          | ends with it, and no border between             |
 * | `api.example.com.evil.test` | begins with it                                  |
 * | `evil.test`                 | has nothing to do with it                       |
 * | `API.EXAMPLE.COM`           | is the same, in capitals                        |
 * | `api.example.com.`          | is the same to DNS, and another to cookies      |
 *
 * All of them shrink towards the place itself.
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

/** What looks like a host, itself first. An address has the neighbours that a careless comparison gives it. */
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

export const hostsAround = (host: string): fc.Arbitrary<string> => fc.constantFrom(...neighboursOfHost(host))

/** Of `/a/b`: itself, with and without a slash, below, above, beside, and what only begins with it. */
export const neighboursOfPath = (path: string): ReadonlyArray<string> => {
  const bare = path.replace(/\/+$/, '')
  const above = bare.slice(0, bare.lastIndexOf('/')) || '/'
  const spellings = bare === '' ? ['/x', '/x/', '/X'] : [`${bare}/`, bare, `${bare}/x`, `${bare}x`, bare.toUpperCase()]
  return [...new Set([path, ...spellings, above, '/', '/other', `${bare}/%2e%2e`])]
}

export const pathsAround = (path: string): fc.Arbitrary<string> => fc.constantFrom(...neighboursOfPath(path))

/** Of `https://h`: itself, the other scheme, other ports, the default port spelled out, and the neighbours of its host. */
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

export const originsAround = (origin: string): fc.Arbitrary<string> => fc.constantFrom(...neighboursOfOrigin(origin))

/** URLs near a URL: origin and path from among the neighbours, with and without query and fragment. */
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

/** A host to begin with, simplest first. */
export const host: fc.Arbitrary<string> = fc.constantFrom('a.test', 'api.a.test', 'localhost', '127.0.0.1', '[::1]')

export const origin: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom('http:', 'https:'), host, fc.constantFrom('', ':8080'))
  .map(([protocol, name, port]) => `${protocol}//${name}${port}`)

export const path: fc.Arbitrary<string> = fc
  .array(fc.constantFrom('a', 'b', 'A', 'a%20b', '~', '%7E', 'é'), { maxLength: 3 })
  .map((segments) => `/${segments.join('/')}`)

export const url: fc.Arbitrary<string> = fc
  .tuple(origin, path, fc.constantFrom('', '?a=1', '?a=1&b=x%20y', '?'))
  .map((parts) => parts.join(''))

/** Two URLs that are neighbours: what every rule about "the same" and "another" place is to be tried on. */
export const neighbours: fc.Arbitrary<readonly [from: string, to: string]> = url.chain((from) =>
  fc.tuple(fc.constant(from), urlsAround(from)),
)
