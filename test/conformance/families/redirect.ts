/**
 * `redirect.json`: a request and its redirects, against a scripted server.
 */
import * as t from 'io-ts'
import type { Json } from '../json.js'
import { mapOf, proxySide, select, spelled } from '../models/proxy.js'
import { type JarCookie, JarSpec, pairsOf, readJar } from '../observe/jar.js'
import { observe } from '../observe/redirect.js'
import { timeoutShown } from '../observe/route.js'
import * as rules from '../rules/redirect.js'
import {
  AnswerSpec,
  EnvironmentSpec,
  orElse,
  type Prepared,
  PreparedSpec,
  RawFailure,
  RequestSpec,
  readFailure,
  reading,
  readPrepared,
  SessionSpec,
} from '../shapes.js'
import type { Family } from '../subject.js'
import { NONE, Tagged, write } from '../tagged.js'

const Input = t.intersection([
  t.type({ session: SessionSpec, request: RequestSpec, script: t.array(AnswerSpec) }),
  t.partial({
    loop: t.boolean,
    env: EnvironmentSpec,
    netrc: t.union([t.string, t.null]),
    follow_next: t.boolean,
  }),
])
export type Input = t.TypeOf<typeof Input>

// --- the common form ------------------------------------------------------------------------------------------------

/** A request that reached the adapter, with the arguments of the adapter. */
export interface Sent extends Prepared {
  readonly proxy: string | null
  /** The Proxy-Authorization for the proxy. */
  readonly authorization: string | null
  readonly verify: Json
  readonly cert: Json
  readonly timeout: Json
}

export interface Final {
  readonly status: number
  readonly url: string
  readonly history: ReadonlyArray<number>
  readonly history_urls: ReadonlyArray<string>
  readonly body: string
  readonly response_cookies: Json
  readonly next?: Prepared | null
}

export interface Output {
  readonly requests: ReadonlyArray<Sent>
  readonly cookies: ReadonlyArray<JarCookie>
  readonly final?: Final
  readonly error?: string
  readonly error_response?: { readonly status: number; readonly url: string; readonly history: ReadonlyArray<number> }
}

// --- Python's outputs -----------------------------------------------------------------------------------------------

const SentSpec = t.intersection([
  PreparedSpec,
  t.partial({
    proxies: t.array(t.tuple([t.string, t.union([t.string, t.null])])),
    verify: Tagged,
    cert: Tagged,
    timeout: Tagged,
  }),
])

const FinalSpec = t.intersection([
  t.type({
    status: t.number,
    url: t.string,
    history: t.array(t.number),
    history_urls: t.array(t.string),
    body: orElse(t.string, ''), // null for a status of 0
    response_cookies: t.array(t.tuple([t.string, t.string])),
  }),
  t.partial({ next: t.union([PreparedSpec, t.null]) }),
])

const Raw = t.intersection([
  t.type({ requests: t.array(SentSpec), cookies: JarSpec }),
  t.partial({
    final: FinalSpec,
    error_response: t.type({ status: t.number, url: t.string, history: t.array(t.number) }),
  }),
])

const readSent = (raw: t.TypeOf<typeof SentSpec>): Sent => {
  const { proxies = [], verify = { _tag: 'Bool', value: true }, cert = NONE, timeout = NONE } = raw
  const prepared = readPrepared(raw)
  const entries = proxies.map(([key, value]) => [text(key), text(value)] as const)
  const selected = select(raw.url, mapOf({ _tag: 'Dict', entries })) ?? null
  return {
    ...prepared,
    ...proxySide(raw.url, selected, prepared.headers),
    proxy: spelled(selected),
    verify: write(verify),
    cert: write(cert),
    timeout: timeoutShown(timeout),
  }
}

const text = (value: string | null) => (value === null ? NONE : ({ _tag: 'Str', text: value } as const))

/** A response to HEAD, a 204 and a 304 have no body, even if the script has one (RFC 9112 6.3). */
const hasBody = (method: string | undefined, status: number): boolean =>
  method !== 'HEAD' && status !== 204 && status !== 304

const readFinal = (raw: t.TypeOf<typeof FinalSpec>, method: string | undefined): Final => {
  const { status, url, history, history_urls, body, response_cookies, next } = raw
  const final = {
    status,
    url,
    history,
    history_urls,
    body: hasBody(method, status) ? body : '',
    response_cookies: pairsOf(response_cookies),
  }
  return next === undefined ? final : { ...final, next: next === null ? null : readPrepared(next) }
}

const readOutput = (raw: t.TypeOf<typeof Raw>): Output => ({
  requests: raw.requests.map(readSent),
  cookies: readJar(raw.cookies),
  ...(raw.final === undefined ? {} : { final: readFinal(raw.final, raw.requests.at(-1)?.method) }),
  ...(raw.error_response === undefined ? {} : { error_response: raw.error_response }),
  ...(RawFailure.is(raw) ? readFailure(raw) : {}),
})

export const family: Family<Input, Output> = {
  name: 'redirect',
  input: reading(Input, (input) => input),
  output: reading(Raw, readOutput),
  observe,
  rules: rules.all,
  excuses: [],
}
