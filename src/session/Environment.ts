/**
 * A snapshot of the process environment: proxy variables, CA bundle and netrc. Planning uses it for what neither the
 * session nor the request sets (D1, D2), and only the sources that `Session.ambient` allows.
 *
 * | source                                 | used for                                                      |
 * |----------------------------------------|---------------------------------------------------------------|
 * | `<scheme>_proxy`, `all_proxy`          | the proxy; lower case has precedence; blank means no proxy    |
 * | `no_proxy`                             | hosts that are reached without these proxies                  |
 * | `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE` | root certificates                                             |
 * | `NETRC`, `~/.netrc`, `~/_netrc`        | credentials                                                   |
 * | `REQUEST_METHOD`                       | set by CGI, where `HTTP_PROXY` comes from the client and is ignored (httpoxy) |
 *
 * @example
 * import * as O from 'fp-ts/lib/Option.js'
 * import { Environment } from 'requests-ts'
 *
 * const environment = Environment.make({ https_proxy: 'http://proxy.test:3128', no_proxy: 'localhost' })
 * const proxyFor = (hostname: string) => Environment.proxyFor({ protocol: 'https:', hostname, port: '' })(environment)
 * assert.equal(O.isSome(proxyFor('example.com')), true)
 * assert.equal(O.isSome(proxyFor('localhost')), false)
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { trimmed } from '../values/PercentEncoding.js'
import type { Credentials } from '../values/Proxy.js'
import * as Secret from '../values/Secret.js'
import * as Netrc from './auth/Netrc.js'
import * as NoProxy from './NoProxy.js'

/** What the library uses from the environment of a program. It is immutable. */
export interface Environment {
  /** The relevant variables, unchanged. They are secret because a proxy URL may contain a password. */
  readonly variables: ReadonlyMap<string, Secret.Secret>
  /** The text of the netrc file; empty if there is none. */
  readonly netrc: Secret.Secret
  /** The path of the netrc file, if `read` found one. For `Plan.explain`. */
  readonly netrcPath?: string
  /** Messages about files that could not be read. */
  readonly problems: ReadonlyArray<string>
}

const isRelevant = (name: string): boolean =>
  /_proxy$/i.test(name) || /^(REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NETRC|REQUEST_METHOD)$/.test(name)

/** Returns an environment with the given variables and netrc text. */
export const make = (
  variables: Readonly<Record<string, string | undefined>>,
  netrc = '',
  problems: ReadonlyArray<string> = [],
): Environment => {
  const relevant = new Map<string, Secret.Secret>()
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined && isRelevant(name)) relevant.set(name, Secret.make(value))
  }
  return { variables: relevant, netrc: Secret.make(netrc), problems }
}

/** An environment without variables and netrc entries. */
export const empty: Environment = make({})

// --- lookup --------------------------------------------------------------------------------------------------------

/** An environment variable with its name as it is spelled. */
export interface Variable {
  /** In the spelling of the environment. */
  readonly name: string
  /** Secret, because a proxy URL may contain a password. */
  readonly value: Secret.Secret
}

/** The parts of a URL that select a proxy. */
export interface Destination {
  /** With its colon, such as `https:`. */
  readonly protocol: string
  /** Canonical. An IPv6 address has brackets. */
  readonly hostname: string
  /** Empty for the default port of the scheme. */
  readonly port: string
}

/** @deprecated Use `Destination`. */
export type Place = Destination

/** The parsed variables and files of a snapshot. */
interface Parsed {
  /** By scheme, without the colon. */
  readonly proxies: ReadonlyMap<string, Variable>
  readonly bypass: NoProxy.Bypass
  readonly netrc: E.Either<string, Netrc.Entries>
  readonly caBundle: O.Option<string>
}

/** Each snapshot is parsed once. */
const cache = new WeakMap<Environment, Parsed>()

const parsedOf = (environment: Environment): Parsed => {
  const cached = cache.get(environment)
  if (cached !== undefined) return cached
  const suffixed = suffixedOf(environment.variables)
  // Python reads these two names first, then the name in any case.
  const noProxy = variable(environment, 'no_proxy') || variable(environment, 'NO_PROXY')
  const caBundle = variable(environment, 'REQUESTS_CA_BUNDLE') || variable(environment, 'CURL_CA_BUNDLE')
  const parsed: Parsed = {
    proxies: new Map([...suffixed].filter(([key]) => key !== 'no')),
    bypass: NoProxy.parse(noProxy || Secret.reveal(suffixed.get('no')?.value ?? '')),
    netrc: Netrc.parse(Secret.reveal(environment.netrc)),
    caBundle: caBundle === '' ? O.none : O.some(caBundle),
  }
  cache.set(environment, parsed)
  return parsed
}

const variable = ({ variables }: Environment, name: string): string => Secret.reveal(variables.get(name) ?? '')

const isBlank = (value: Secret.Secret): boolean => trimmed(Secret.reveal(value)) === ''

/**
 * Returns the variables by the text before `_proxy`, as Python's `getproxies_environment` does: names in any case are read
 * first, then names with a lower-case suffix replace them, or remove them if they are blank.
 */
const suffixedOf = (variables: Environment['variables']): ReadonlyMap<string, Variable> => {
  const values = new Map<string, Variable>()
  const named = [...variables].filter(([name]) => /_proxy$/i.test(name))
  const keyOf = (name: string): string => name.slice(0, -6).toLowerCase()
  for (const [name, value] of named) if (!isBlank(value)) values.set(keyOf(name), { name, value })
  if (variables.has('REQUEST_METHOD')) values.delete('http')
  for (const [name, value] of named.filter(([name]) => name.endsWith('_proxy'))) {
    if (isBlank(value)) values.delete(keyOf(name))
    else values.set(keyOf(name), { name, value })
  }
  return values
}

const proxyVariableOf = ({ proxies }: Parsed, protocol: string): Variable | undefined =>
  proxies.get(protocol.slice(0, -1)) ?? proxies.get('all')

/** Returns the URL of the proxy for a destination, unless NO_PROXY matches. `noProxy` replaces the variable. */
export const proxyFor =
  (destination: Destination, noProxy?: string) =>
  (environment: Environment): O.Option<Secret.Secret> => {
    const parsed = parsedOf(environment)
    const found = proxyVariableOf(parsed, destination.protocol)
    if (found === undefined) return O.none
    const isBypassed = noProxy === undefined ? parsed.bypass : NoProxy.parse(noProxy)
    return isBypassed(destination) ? O.none : O.some(found.value)
  }

/** Returns the variable with the proxy for a scheme, ignoring NO_PROXY. */
export const proxyVariable =
  ({ protocol }: Pick<Destination, 'protocol'>) =>
  (environment: Environment): O.Option<Variable> =>
    O.fromNullable(proxyVariableOf(parsedOf(environment), protocol))

/** Returns whether NO_PROXY matches a destination. */
export const bypasses =
  (destination: Pick<Destination, 'hostname' | 'port'>) =>
  (environment: Environment): boolean =>
    parsedOf(environment).bypass(destination)

/** Returns the netrc credentials for a host name, or those of `default`; with a user, only those of its entries. */
export const credentialsFor =
  (hostname: string, user?: string) =>
  (environment: Environment): O.Option<Credentials> => {
    const { netrc } = parsedOf(environment)
    return E.isLeft(netrc) ? O.none : Netrc.lookup(hostname, user)(netrc.right)
  }

/** Returns the path of the CA bundle: REQUESTS_CA_BUNDLE, else CURL_CA_BUNDLE. An empty variable is ignored. */
export const caBundle = (environment: Environment): O.Option<string> => parsedOf(environment).caBundle

/** Returns messages about files that could not be read and about invalid netrc entries. */
export const problems = (environment: Environment): ReadonlyArray<string> => {
  const { netrc } = parsedOf(environment)
  const found = E.isLeft(netrc) ? [netrc.left] : netrc.right.problems
  return [...environment.problems, ...found.map((problem) => `netrc: ${problem}`)]
}
