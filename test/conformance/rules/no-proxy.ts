/**
 * Differences in whether NO_PROXY excludes a host from the environment's proxy.
 *
 * | rule | Python                     | here                                                  |
 * |------|----------------------------|-------------------------------------------------------|
 * | D19  | the host as it is written  | the canonical host                                    |
 * | D12  | its own rules for NO_PROXY | the rules of curl and requests (`models/no-proxy.ts`) |
 */
import type { Input, Output } from '../families/proxies.js'
import { bypasses, readsOtherwise } from '../models/no-proxy.js'
import { canonicalHost, isHttpLike, partsOf } from '../models/parts.js'
import { environmentMap, mapOf, type ProxyMap, proxySide, select, spelled } from '../models/proxy.js'
import { type Failure, isFailure } from '../shapes.js'
import type { Rule } from '../subject.js'
import { write } from '../tagged.js'

type Out = Output | Failure
type R = Rule<Input, Out>

export const urlOf = (input: Input): string => (input.kind === 'request' ? String(write(input.request.url)) : input.url)

/** Returns the proxies that are set in the request and the session. The request takes precedence. */
export const explicitOf = (input: Input): ProxyMap => {
  switch (input.kind) {
    case 'resolve':
    case 'rebuild':
      return mapOf(input.proxies)
    case 'merge_env':
      return [...mapOf(input.proxies), ...mapOf(input.session.proxies)]
    case 'request':
      return [...mapOf(input.request.proxies), ...mapOf(input.session.proxies)]
    default:
      return []
  }
}

const environmentOf = (input: Input): Readonly<Record<string, string>> => ('env' in input ? (input.env ?? {}) : {})

/** Returns the NO_PROXY list: the given one, or by default the environment's. */
const listOf = (input: Input): string => {
  const given =
    input.kind === 'bypass' || input.kind === 'environ'
      ? input.no_proxy
      : explicitOf(input).find(([key]) => key === 'no_proxy')?.[1]
  const env = environmentOf(input)
  return given ?? (env['no_proxy'] || (env['NO_PROXY'] ?? ''))
}

const isFree = (input: Input): boolean => {
  const { host, port } = partsOf(urlOf(input))
  return bypasses(listOf(input), canonicalHost(host) ?? host, port)
}

/** Sets or removes the proxy of the environment if the environment decides. */
const byEnvironment = (input: Input, python: Out): Out => {
  if (input.kind === 'bypass') return { bypass: isFree(input) }
  const url = urlOf(input)
  if (isFailure(python) || select(url, explicitOf(input)) !== undefined || !asksEnvironment(input)) return python
  const proxy = isFree(input) ? null : (select(url, environmentMap(environmentOf(input))) ?? null)
  if (input.kind === 'environ') return { ...python, proxy }
  const side = input.kind === 'rebuild' ? proxySide(url, proxy, python.headers ?? []) : {}
  return { ...python, proxy: spelled(proxy), ...side }
}

const asksEnvironment = (input: Input): boolean => {
  switch (input.kind) {
    case 'environ':
      return true
    case 'resolve':
    case 'rebuild':
      return input.trust_env
    case 'merge_env':
      return input.session.trust_env === true && input.proxies._tag !== 'None'
    case 'request':
      return input.session.trust_env === true
    default:
      return false
  }
}

const readsEnvironment = (input: Input, python: Out): boolean =>
  !isFailure(python) && isHttpLike(urlOf(input)) && (input.kind === 'bypass' || asksEnvironment(input))

const CANONICAL_HOST: R = {
  id: 'D19',
  when: ({ input }, python) => {
    const { host } = partsOf(urlOf(input))
    return readsEnvironment(input, python) && canonicalHost(host) !== undefined && canonicalHost(host) !== host
  },
  expect: ({ input }, python) => byEnvironment(input, python),
}

const CURL_RULES: R = {
  id: 'D12',
  when: ({ input }, python) =>
    readsEnvironment(input, python) && readsOtherwise(listOf(input), partsOf(urlOf(input)).host),
  expect: ({ input }, python) => byEnvironment(input, python),
}

export const all: ReadonlyArray<R> = [CANONICAL_HOST, CURL_RULES]
