/**
 * A snapshot of what surrounds the process: proxy variables, CA bundle, netrc. Prepare asks it only for what neither
 * session nor request says (D1, D2), and each source only where the session trusts it.
 *
 * | source                                | used for                                             |
 * |---------------------------------------|------------------------------------------------------|
 * | `<scheme>_proxy`, `all_proxy`         | the proxy; lower case over upper, empty or blank means none   |
 * | `no_proxy`                            | hosts that are reached without those                 |
 * | `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE` | the roots of trust                                  |
 * | `NETRC`, `~/.netrc`, `~/_netrc`       | credentials                                          |
 * | `REQUEST_METHOD`                      | set by CGI: `HTTP_PROXY` is then a header of the client's (httpoxy) |
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
import { readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import { trimmed } from '../values/PercentEncoding.js'
import type { Credentials } from '../values/Proxy.js'
import * as Secret from '../values/Secret.js'
import * as Netrc from './Netrc.js'
import * as NoProxy from './NoProxy.js'

export interface Environment {
  /** The variables that matter, as they were; secret, for a proxy variable may hold a password. */
  readonly variables: ReadonlyMap<string, Secret.Secret>
  /** The text of the netrc file, empty where there is none. */
  readonly netrc: Secret.Secret
  /** What could not be read, for people. */
  readonly problems: ReadonlyArray<string>
}

const matters = (name: string): boolean =>
  /_proxy$/i.test(name) || /^(REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NETRC|REQUEST_METHOD)$/.test(name)

/** An environment of your own making, from variables and the text of a netrc file. */
export const make = (
  variables: Readonly<Record<string, string | undefined>>,
  netrc = '',
  problems: ReadonlyArray<string> = [],
): Environment => {
  const kept = new Map<string, Secret.Secret>()
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined && matters(name)) kept.set(name, Secret.make(value))
  }
  return { variables: kept, netrc: Secret.make(netrc), problems }
}

export const empty: Environment = make({})

// --- readers -------------------------------------------------------------------------------------------------------

/** What is worked out once for each snapshot. */
interface Derived {
  readonly proxies: ReadonlyMap<string, Variable>
  readonly bypass: NoProxy.Bypass
  readonly netrc: E.Either<string, Netrc.Entries>
  readonly caBundle: O.Option<string>
}

const derivations = new WeakMap<Environment, Derived>()

const derive = (environment: Environment): Derived => {
  const known = derivations.get(environment)
  if (known !== undefined) return known
  const suffixed = suffixedOf(environment.variables)
  // Python looks for these two first, then for the name in any case.
  const noProxy = variable(environment, 'no_proxy') || variable(environment, 'NO_PROXY')
  const derived: Derived = {
    proxies: new Map([...suffixed].filter(([key]) => key !== 'no')),
    bypass: NoProxy.parse(noProxy || Secret.reveal(suffixed.get('no')?.value ?? '')),
    netrc: Netrc.parse(Secret.reveal(environment.netrc)),
    caBundle: O.fromPredicate((path: string) => path !== '')(
      variable(environment, 'REQUESTS_CA_BUNDLE') || variable(environment, 'CURL_CA_BUNDLE'),
    ),
  }
  derivations.set(environment, derived)
  return derived
}

const variable = ({ variables }: Environment, name: string): string => Secret.reveal(variables.get(name) ?? '')

const isEmpty = (value: Secret.Secret): boolean => trimmed(Secret.reveal(value)) === ''

/**
 * The variables by their scheme, as in Python's `getproxies_environment`: names in any case are read first, then those
 * with a lower-case suffix replace them, or remove them if they are empty.
 */
const suffixedOf = (variables: Environment['variables']): ReadonlyMap<string, Variable> => {
  const values = new Map<string, Variable>()
  const named = [...variables].filter(([name]) => /_proxy$/i.test(name))
  const keyOf = (name: string): string => name.slice(0, -6).toLowerCase()
  for (const [name, value] of named) if (!isEmpty(value)) values.set(keyOf(name), { name, value })
  if (variables.has('REQUEST_METHOD')) values.delete('http')
  for (const [name, value] of named.filter(([name]) => name.endsWith('_proxy'))) {
    if (isEmpty(value)) values.delete(keyOf(name))
    else values.set(keyOf(name), { name, value })
  }
  return values
}

/** A variable by the name it was found under. */
export interface Variable {
  readonly name: string
  readonly value: Secret.Secret
}

/** Where a URL goes to. */
export interface Destination {
  readonly protocol: string
  readonly hostname: string
  readonly port: string
}

/** @deprecated Use `Destination`. */
export type Place = Destination

const variableOf = (proxies: Derived['proxies'], { protocol }: Pick<Destination, 'protocol'>): Variable | undefined =>
  proxies.get(protocol.slice(0, -1)) ?? proxies.get('all')

/** The environment's proxy for a URL, as text, NO_PROXY obeyed; `noProxy` stands in for the variable. */
export const proxyFor =
  (place: Destination, noProxy?: string) =>
  (environment: Environment): O.Option<Secret.Secret> => {
    const { proxies, bypass } = derive(environment)
    if (proxies.size === 0) return O.none
    const found = variableOf(proxies, place)
    if (found === undefined) return O.none
    const bypasses = noProxy === undefined ? bypass : NoProxy.parse(noProxy)
    return bypasses(place) ? O.none : O.some(found.value)
  }

/** The variable that names the proxy for a URL, whatever NO_PROXY says. */
export const proxyVariable =
  (place: Pick<Destination, 'protocol'>) =>
  (environment: Environment): O.Option<Variable> =>
    O.fromNullable(variableOf(derive(environment).proxies, place))

/** Whether NO_PROXY frees that host. */
export const bypasses =
  (place: Pick<Destination, 'hostname' | 'port'>) =>
  (environment: Environment): boolean =>
    derive(environment).bypass(place)

/**
 * The netrc entry for a host: the host's own, else the default. The port is no part of it. Where the user is known
 * already, only an entry for that user will do.
 */
export const credentialsFor =
  (hostname: string, user?: string) =>
  (environment: Environment): O.Option<Credentials> => {
    const { netrc } = derive(environment)
    return E.isLeft(netrc) ? O.none : Netrc.lookup(hostname, user)(netrc.right)
  }

/** The CA bundle: REQUESTS_CA_BUNDLE, else CURL_CA_BUNDLE; an empty variable is none. */
export const caBundle = (environment: Environment): O.Option<string> => derive(environment).caBundle

/** Everything that is wrong with the snapshot, for people. */
export const problems = (environment: Environment): ReadonlyArray<string> => {
  const { netrc } = derive(environment)
  const found = E.isLeft(netrc) ? [netrc.left] : netrc.right.problems
  return found.length === 0 ? environment.problems : [...environment.problems, ...found.map((one) => `netrc: ${one}`)]
}

// --- the process ---------------------------------------------------------------------------------------------------

const LARGEST_NETRC = 1_048_576

/** None if HOME is not set and the user is not in the table of users: a container may run under any user id. */
const home = (): O.Option<string> => O.tryCatch(homedir)

/** The paths to try in order. Left: why none can be determined. */
const netrcPaths = (): E.Either<string, ReadonlyArray<string>> => {
  const given = process.env['NETRC']
  if (given === '') return E.right([])
  if (given !== undefined && !/^~(?:\/|$)/.test(given)) return E.right([given])
  const folder = home()
  if (O.isNone(folder)) return E.left('netrc cannot be looked for: the system knows no home folder; set HOME or NETRC')
  if (given !== undefined) return E.right([`${folder.value}${given.slice(1)}`])
  return E.right([join(folder.value, '.netrc'), join(folder.value, '_netrc')])
}

const decodeText = (content: Buffer): string => {
  const text = content.toString('utf8')
  return text.includes('�') ? content.toString('latin1') : text
}

/** Not asked of `statSync`, for newer Nodes take a path below a file for an absent one too. */
const isAbsent = (cause: unknown): boolean => cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'

const readNetrc = (): {
  readonly text: string
  readonly problems: ReadonlyArray<string>
} => {
  const paths = netrcPaths()
  if (E.isLeft(paths)) return { text: '', problems: [paths.left] }
  for (const path of paths.right) {
    try {
      const stat = statSync(path)
      if (!stat.isFile()) return { text: '', problems: [`netrc ${path} is not a file`] }
      if (stat.size > LARGEST_NETRC) return { text: '', problems: [`netrc ${path} is larger than 1 MiB`] }
      return { text: decodeText(readFileSync(path)), problems: [] }
    } catch (cause) {
      if (isAbsent(cause)) continue
      return {
        text: '',
        problems: [`netrc ${path} cannot be read: ${cause instanceof Error ? cause.message : cause}`],
      }
    }
  }
  return { text: '', problems: [] }
}

/** The one reader of the process: its variables and its netrc file, now. */
export const read: IO<Environment> = () => {
  const { text, problems } = readNetrc()
  return make(process.env, text, problems)
}
