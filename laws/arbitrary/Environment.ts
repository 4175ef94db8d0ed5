/**
 * Generates environments: proxy variables in both spellings, NO_PROXY, netrc, CA bundles; few of each, so that they interact.
 *
 * An `Ambient` is the text that a user would write; `environmentOf` parses it with the library. Credentials contain the
 * canary, so that a test finds a leak by searching for one word.
 *
 * @example
 * import * as fc from 'fast-check'
 * import { Environments } from 'requests-ts/laws'
 *
 * fc.assert(fc.property(Environments.environment, (environment) => !JSON.stringify(environment).includes('CANARY')))
 */
import * as fc from 'fast-check'
import * as Environment from '../../src/session/Environment.js'
import { neighboursOfHost } from './Place.js'
import { CANARY } from './Web.js'

/** The variables and the netrc file of an environment, as plain text. */
export interface Ambient {
  readonly variables: Readonly<Record<string, string>>
  readonly netrc: string
}

const HOST = 'a.test'

const proxy: fc.Arbitrary<string> = fc.constantFrom(
  '',
  'http://proxy.test:3128',
  `http://user:${CANARY}@proxy.test:3128`,
  'proxy.test:3128',
  'socks5h://proxy.test:1080',
  'https://proxy.test',
)

/** Entries of NO_PROXY for a host: itself, with dots, stars and ports, similar hosts, networks. */
export const noProxyAround = (host: string): fc.Arbitrary<string> => {
  const spellings = [`.${host}`, `*.${host}`, `${host}:8080`, '127.0.0.0/8', '::1/128', '*']
  return fc
    .tuple(
      fc.array(fc.constantFrom(...neighboursOfHost(host), ...spellings), { maxLength: 3 }),
      fc.constantFrom(',', ', ', ' '),
    )
    .map(([entries, between]) => entries.join(between))
}

const variable: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  fc.tuple(fc.constantFrom('http_proxy', 'https_proxy', 'all_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'), proxy),
  fc.tuple(fc.constantFrom('no_proxy', 'NO_PROXY'), noProxyAround(HOST)),
  fc.constant(['REQUEST_METHOD', 'GET'] as const),
  fc.tuple(fc.constantFrom('REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'), fc.constantFrom('', '/etc/ssl/ca.pem')),
)

/** Entries of netrc for a host, for similar hosts and for all hosts, in several notations. */
export const netrcAround = (host: string): fc.Arbitrary<string> => {
  const machines = neighboursOfHost(host).map((name) => `machine ${name}`)
  const rests = [` login user password ${CANARY}`, `\n  login user\n  password "${CANARY}"\n`, ' login user password']
  return fc
    .tuple(fc.array(fc.constantFrom(...machines, 'default'), { maxLength: 3 }), fc.constantFrom(...rests))
    .map(([entries, rest]) => entries.map((entry) => `${entry}${rest}\n`).join(''))
}

/** Generates variables and netrc files. */
export const ambient: fc.Arbitrary<Ambient> = fc.record({
  variables: fc.array(variable, { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
  netrc: netrcAround(HOST),
})

/** Returns the environment with these variables and this netrc file. */
export const environmentOf = ({ variables, netrc }: Ambient): Environment.Environment =>
  Environment.make(variables, netrc)

/** Generates environments. */
export const environment: fc.Arbitrary<Environment.Environment> = ambient.map(environmentOf)
