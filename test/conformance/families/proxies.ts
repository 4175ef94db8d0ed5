/**
 * `proxies.json`: the proxy of a URL from session, request and environment, and the other arguments of the adapter.
 *
 * Python returns maps, but a plan has one proxy for its URL. So a map is converted to the proxy that requests'
 * `select_proxy` finds in it for the URL of the case.
 */
import * as t from 'io-ts'
import type { Json } from '../json.js'
import { mapOf, proxySide, select, spelled } from '../models/proxy.js'
import type { HeaderPairs } from '../observe/plan.js'
import { observe } from '../observe/proxies.js'
import { timeoutShown } from '../observe/route.js'
import * as rules from '../rules/proxies.js'
import {
  EnvironmentSpec,
  type Failure,
  HeaderTexts,
  RequestSpec,
  reading,
  readingOrFailure,
  SessionSpec,
} from '../shapes.js'
import type { Family } from '../subject.js'
import { type Py, Tagged, write } from '../tagged.js'

const WithEnvironment = t.partial({ env: EnvironmentSpec })
const WithNoProxy = t.partial({ env: EnvironmentSpec, no_proxy: t.union([t.string, t.null]) })

const Bypass = t.intersection([t.type({ kind: t.literal('bypass'), url: t.string }), WithNoProxy])
const Environ = t.intersection([t.type({ kind: t.literal('environ'), url: t.string }), WithNoProxy])
const Select = t.type({ kind: t.literal('select'), url: t.string, proxies: Tagged })
const Resolve = t.intersection([
  t.type({ kind: t.literal('resolve'), url: t.string, proxies: Tagged, trust_env: t.boolean }),
  WithEnvironment,
])
const Rebuild = t.intersection([
  t.type({
    kind: t.literal('rebuild'),
    url: t.string,
    proxies: Tagged,
    headers: HeaderTexts,
    trust_env: t.boolean,
  }),
  WithEnvironment,
])
const MergeEnv = t.intersection([
  t.type({
    kind: t.literal('merge_env'),
    session: SessionSpec,
    url: t.string,
    proxies: Tagged,
    verify: Tagged,
    cert: Tagged,
  }),
  WithEnvironment,
])
const Requested = t.intersection([
  t.type({
    kind: t.literal('request'),
    session: SessionSpec,
    request: RequestSpec,
  }),
  WithEnvironment,
])
const RequestUrl = t.type({ kind: t.literal('request_url'), url: t.string, proxies: Tagged })

const Input = t.union([Bypass, Environ, Select, Resolve, Rebuild, MergeEnv, Requested, RequestUrl])
export type Input = t.TypeOf<typeof Input>

/** The common form. Each kind has some of the fields. */
export interface Output {
  readonly bypass?: boolean
  readonly proxy?: string | null
  readonly headers?: HeaderPairs
  readonly authorization?: string | null
  readonly verify?: Json
  readonly cert?: Json
  readonly timeout?: Json
  readonly url?: string
  readonly target?: string
}

// --- Python's outputs -----------------------------------------------------------------------------------------------

const OfBypass = t.type({ result: t.boolean })
const OfText = t.type({ result: t.union([t.string, t.null]) })
const OfMap = t.type({ result: Tagged })
const OfRebuild = t.type({ proxies: Tagged, headers: HeaderTexts })
const OfMergeEnv = t.type({ result: t.type({ proxies: Tagged, verify: Tagged, cert: Tagged }) })
const OfRequest = t.type({
  url: t.string,
  headers: HeaderTexts,
  proxies: Tagged,
  verify: Tagged,
  cert: Tagged,
  timeout: Tagged,
})
const OfRequestUrl = t.type({
  request_url: t.string,
  selected: t.union([t.string, t.null]),
  proxy_headers: t.union([t.array(t.tuple([t.string, t.string])), t.null]),
  proxy_url: t.union([t.string, t.null]),
})
const chosen = (url: string, map: Py): string | null => spelled(select(url, mapOf(map)))

const isProxyAuthorization = ([name]: readonly [string, string]): boolean =>
  name.toLowerCase() === 'proxy-authorization'

const ofRebuild = (url: string, { proxies, headers }: t.TypeOf<typeof OfRebuild>): Output => {
  const selected = select(url, mapOf(proxies)) ?? null
  return { proxy: spelled(selected), ...proxySide(url, selected, headers) }
}

const tlsOf = ({ verify, cert }: { readonly verify: Py; readonly cert: Py }): Pick<Output, 'verify' | 'cert'> => ({
  verify: write(verify),
  cert: write(cert),
})

/** Converts Python's output to the common form, for the URL of the input. */
const output = (u: unknown, input: Input): t.Validation<Output | Failure> => {
  switch (input.kind) {
    case 'bypass':
      return readingOrFailure(OfBypass, ({ result }): Output => ({ bypass: result }))(u)
    case 'select':
      return readingOrFailure(OfText, ({ result }): Output => ({ proxy: result || null }))(u)
    case 'environ':
      return readingOrFailure(OfMap, ({ result }): Output => ({ proxy: select(input.url, mapOf(result)) ?? null }))(u)
    case 'resolve':
      return readingOrFailure(OfMap, ({ result }): Output => ({ proxy: chosen(input.url, result) }))(u)
    case 'rebuild':
      return readingOrFailure(OfRebuild, (raw) => ofRebuild(input.url, raw))(u)
    case 'merge_env': {
      const common = ({ result }: t.TypeOf<typeof OfMergeEnv>): Output => ({
        proxy: chosen(input.url, result.proxies),
        ...tlsOf(result),
      })
      return readingOrFailure(OfMergeEnv, common)(u)
    }
    case 'request': {
      const common = ({ url, headers, proxies, timeout, ...rest }: t.TypeOf<typeof OfRequest>): Output => ({
        url,
        headers,
        proxy: chosen(url, proxies),
        timeout: timeoutShown(timeout),
        ...tlsOf(rest),
      })
      return readingOrFailure(OfRequest, common)(u)
    }
    case 'request_url': {
      const common = ({ request_url, proxy_headers, proxy_url }: t.TypeOf<typeof OfRequestUrl>): Output => ({
        target: request_url,
        proxy: spelled(proxy_url),
        authorization: proxy_headers?.find(isProxyAuthorization)?.[1] ?? null,
      })
      return readingOrFailure(OfRequestUrl, common)(u)
    }
  }
}

export const family: Family<Input, Output | Failure> = {
  name: 'proxies',
  input: reading(Input, (input) => input),
  output,
  observe,
  rules: rules.all,
  excuses: [],
}
