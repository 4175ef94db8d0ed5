/**
 * A plan taken apart into its fields, each once, and put together again.
 *
 * | part                                  | one for                                                      |
 * |---------------------------------------|--------------------------------------------------------------|
 * | `Method`, `Place`, `Fragment`, `Body` | the plan; `Place` is the URL without query and fragment      |
 * | `Query`                               | each piece of the query between `&`, as it is written        |
 * | `Header`                              | each line but Cookie                                         |
 * | `Cookie`                              | each cookie of a Cookie line                                 |
 * | `Proxy`, `Verify`, `Ca`, `Certificate`, `Timeout`, `Limit` | what the route says                     |
 * | `Cause`                               | why it is sent                                               |
 *
 * Law: `join(split(plan))` is the plan, but for what it was made from.
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Body from '../../values/Body.js'
import * as Headers from '../../values/Headers.js'
import { decodeComponent } from '../../values/PercentEncoding.js'
import * as Proxy from '../../values/Proxy.js'
import * as Scan from '../../values/Scan.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import type { BodyLimit, Cause, ClientCertificate, Plan, Timeouts } from '../../wire/Plan.js'

// --- model ---------------------------------------------------------------------------------------------------------

export type Part =
  | { readonly _tag: 'Method'; readonly method: string }
  | { readonly _tag: 'Place'; readonly url: Url.Url }
  /** `text` is secret where it holds a value that `shown` hides. */
  | { readonly _tag: 'Query'; readonly text: string | Secret.Secret; readonly shown: string }
  | { readonly _tag: 'Fragment'; readonly text: string }
  | { readonly _tag: 'Header'; readonly name: string; readonly value: Headers.Value; readonly line: number }
  /** `name` is the header's, `pair` is `cookie=value`; `separator` stands before it, where that is not `; `. */
  | {
      readonly _tag: 'Cookie'
      readonly name: string
      readonly pair: Headers.Value
      readonly line: number
      readonly separator?: string
    }
  | { readonly _tag: 'Body'; readonly body: Body.Payload }
  | { readonly _tag: 'Proxy'; readonly proxy: O.Option<Proxy.Proxy> }
  | { readonly _tag: 'Verify'; readonly verify: boolean }
  | { readonly _tag: 'Ca'; readonly ca: O.Option<string> }
  | { readonly _tag: 'Certificate'; readonly certificate: O.Option<ClientCertificate> }
  | { readonly _tag: 'Timeout'; readonly phase: keyof Timeouts; readonly ms: O.Option<number> }
  | { readonly _tag: 'Limit'; readonly name: keyof BodyLimit; readonly octets: number }
  | { readonly _tag: 'Cause'; readonly cause: Cause }

export type Of<Tag extends Part['_tag']> = Extract<Part, { readonly _tag: Tag }>

// --- apart ---------------------------------------------------------------------------------------------------------

const PHASES = ['connect', 'read', 'total'] as const

const placeOf = ({ sealedSearch: _, ...url }: Url.Url): Url.Url => ({
  ...url,
  search: '',
  hash: '',
  href: url.href.slice(0, url.href.length - url.search.length - url.hash.length),
})

const queryParts = (url: Url.Url): ReadonlyArray<Part> => {
  if (url.search === '') return []
  const sent = Url.sentSearch(url).slice(1).split('&')
  return url.search
    .slice(1)
    .split('&')
    .map((shown, i): Part => {
      const text = sent[i] ?? shown
      return { _tag: 'Query', text: text === shown ? text : Secret.make(text), shown }
    })
}

interface Pair {
  readonly text: string
  readonly separator: string
}

const SEPARATOR = '; '

/** The pairs of a Cookie header, and what stands before each. Servers divide at `;`, with a blank behind it or without. */
export const pairsOf = (value: string): ReadonlyArray<Pair> => {
  const [first = '', ...others] = value.split(';')
  const pairs: Pair[] = [{ text: first, separator: '' }]
  for (const other of others) {
    const start = Scan.skipWhile(other, 0, (character) => character === ' ' || character === '\t')
    pairs.push({ text: other.slice(start), separator: `;${other.slice(0, start)}` })
  }
  return pairs
}

const cookiesOf = (name: string, value: Headers.Value, line: number): ReadonlyArray<Part> =>
  pairsOf(Secret.reveal(value)).map(({ text, separator }, i): Part => {
    const pair = Secret.is(value) ? Secret.make(text) : text
    const cookie = { _tag: 'Cookie', name, pair, line } as const
    return i === 0 || separator === SEPARATOR ? cookie : { ...cookie, separator }
  })

const headerParts = ({ fields }: Headers.Headers): ReadonlyArray<Part> =>
  fields.flatMap(
    ([name, value], line): ReadonlyArray<Part> =>
      Headers.sameName(name, 'Cookie') ? cookiesOf(name, value, line) : [{ _tag: 'Header', name, value, line }],
  )

/** Every field of a plan, in the order in which a request is written. */
export const split = ({ method, url, headers, body, route, cause }: Plan): ReadonlyArray<Part> => [
  { _tag: 'Method', method },
  { _tag: 'Place', url: placeOf(url) },
  ...queryParts(url),
  ...(url.hash === '' ? [] : [{ _tag: 'Fragment', text: url.hash.slice(1) } as const]),
  ...headerParts(headers),
  { _tag: 'Body', body },
  { _tag: 'Proxy', proxy: route.proxy },
  { _tag: 'Verify', verify: route.tls.verify },
  { _tag: 'Ca', ca: route.tls.ca },
  { _tag: 'Certificate', certificate: route.tls.certificate },
  ...PHASES.map((phase): Part => ({ _tag: 'Timeout', phase, ms: O.fromNullable(route.timeouts[phase]) })),
  { _tag: 'Limit', name: 'body', octets: route.limits.body },
  { _tag: 'Cause', cause },
]

// --- together ------------------------------------------------------------------------------------------------------

const only = <Tag extends Part['_tag']>(parts: ReadonlyArray<Part>, tag: Tag): Of<Tag> | undefined => {
  const [found, ...others] = all(parts, tag)
  return others.length === 0 ? found : undefined
}

/** The parts of a kind, in order. */
export const all = <Tag extends Part['_tag']>(parts: ReadonlyArray<Part>, tag: Tag): ReadonlyArray<Of<Tag>> =>
  parts.filter((part): part is Of<Tag> => part._tag === tag)

const urlOf = ({ url }: Of<'Place'>, parts: ReadonlyArray<Part>): Url.Url => {
  const query = all(parts, 'Query')
  const joined = (pieces: ReadonlyArray<string>): string => (pieces.length === 0 ? '' : `?${pieces.join('&')}`)
  const search = joined(query.map(({ shown }) => shown))
  const sent = joined(query.map(({ text }) => Secret.reveal(text)))
  const hash = all(parts, 'Fragment')
    .map(({ text }) => `#${text}`)
    .join('')
  const shown = { ...url, search, hash, href: url.href + search + hash }
  return sent === search ? shown : { ...shown, sealedSearch: Secret.make(sent) }
}

const headersOf = (parts: ReadonlyArray<Part>): Headers.Headers => {
  const lines: Headers.Field[] = []
  const cookies = new Map<number, Array<Of<'Cookie'>>>()
  for (const part of parts) {
    if (part._tag === 'Header') lines[part.line] = [part.name, part.value]
    if (part._tag !== 'Cookie') continue
    const known = cookies.get(part.line)
    if (known === undefined) cookies.set(part.line, [part])
    else known.push(part)
  }
  for (const [line, pairs] of cookies) {
    const [first, ...others] = pairs
    if (first === undefined) continue
    const rest = others.map(({ pair, separator = SEPARATOR }) => separator + Secret.reveal(pair))
    const text = Secret.reveal(first.pair) + rest.join('')
    lines[line] = [first.name, pairs.some(({ pair }) => Secret.is(pair)) ? Secret.make(text) : text]
  }
  return { fields: lines.filter((line) => line !== undefined) }
}

const timeoutsOf = (parts: ReadonlyArray<Part>): Timeouts =>
  Object.fromEntries(
    all(parts, 'Timeout').flatMap(({ phase, ms }) => (O.isSome(ms) ? [[phase, ms.value] as const] : [])),
  )

/** The plan that has these fields; none where one is missing or stands twice. */
export const join = (parts: ReadonlyArray<Part>): O.Option<Plan> => {
  const method = only(parts, 'Method')
  const place = only(parts, 'Place')
  const body = only(parts, 'Body')
  const proxy = only(parts, 'Proxy')
  const verify = only(parts, 'Verify')
  const ca = only(parts, 'Ca')
  const certificate = only(parts, 'Certificate')
  const limit = only(parts, 'Limit')
  const cause = only(parts, 'Cause')
  if (method === undefined || place === undefined || body === undefined || cause === undefined) return O.none
  if (proxy === undefined || verify === undefined || ca === undefined) return O.none
  if (certificate === undefined || limit === undefined) return O.none
  return O.some({
    method: method.method,
    url: urlOf(place, parts),
    headers: headersOf(parts),
    body: body.body,
    route: {
      proxy: proxy.proxy,
      tls: { verify: verify.verify, ca: ca.ca, certificate: certificate.certificate },
      timeouts: timeoutsOf(parts),
      limits: { body: limit.octets },
    },
    cause: cause.cause,
  })
}

// --- for people ----------------------------------------------------------------------------------------------------

/** A part in words: what it is, which one, and its value with every secret closed. */
export interface Label {
  readonly field: string
  readonly name: string
  readonly value: string
}

const sizeOf = (body: Body.Payload): string => {
  if (body._tag === 'Empty') return 'none'
  const size = Body.length(body)
  const octets = O.isSome(size) ? `${size.value} ${size.value === 1 ? 'byte' : 'bytes'}` : 'of unknown length'
  switch (body._tag) {
    case 'Bytes':
      return octets
    case 'Stream':
      return `a stream, ${octets}`
    case 'Once':
      return `a stream that can be read once, ${octets}`
  }
}

/** Text of PEM is long: only its kind is shown. */
export const pem = (text: string): string => {
  const kind = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(text)?.[1]
  return kind === undefined ? text : `PEM text (${kind})`
}

const certificateText = ({ cert, key, pfx, passphrase }: ClientCertificate): string =>
  [
    ...(cert === undefined ? [] : [`cert ${pem(Secret.show(cert))}`]),
    ...(key === undefined ? [] : [`key ${pem(Secret.show(key))}`]),
    ...(pfx === undefined ? [] : [`pfx ${typeof pfx === 'string' ? pfx : bytesLabel(pfx)}`]),
    ...(passphrase === undefined ? [] : ['with a passphrase']),
  ].join(', ')

const bytesLabel = (content: Uint8Array | Secret.SealedBytes): string =>
  content instanceof Uint8Array ? `‹${content.length} bytes›` : String(content)

/** A piece of a query in words. */
export const queryLabel = (text: string): Label => {
  const equals = text.indexOf('=')
  const [name, value] = equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)]
  return { field: 'query', name: decoded(name), value: decoded(value) }
}

const decoded = (text: string): string => decodeComponent(text.replaceAll('+', ' ')) ?? text

const cookieLabel = (pair: Headers.Value): Label => {
  const text = Secret.reveal(pair)
  const equals = text.indexOf('=')
  const value = Secret.is(pair) ? Secret.show(pair) : text.slice(equals + 1)
  return { field: 'cookie', name: equals < 0 ? '' : text.slice(0, equals), value }
}

const CAUSES: Readonly<Record<Cause, string>> = {
  Start: 'it is the first',
  Follow: 'it follows a redirect',
  Authorize: 'it answers a challenge',
}

const text = <A>(value: O.Option<A>, show: (a: A) => string, otherwise: string): string =>
  O.isSome(value) ? show(value.value) : otherwise

/** What a part says. */
export const label = (part: Part): Label => {
  switch (part._tag) {
    case 'Method':
      return { field: 'method', name: '', value: part.method }
    case 'Place':
      return { field: 'url', name: '', value: part.url.href }
    case 'Query':
      return queryLabel(part.shown)
    case 'Fragment':
      return { field: 'fragment', name: '', value: part.text }
    case 'Header':
      return { field: 'header', name: part.name, value: Secret.show(part.value) }
    case 'Cookie':
      return cookieLabel(part.pair)
    case 'Body':
      return { field: 'body', name: '', value: sizeOf(part.body) }
    case 'Proxy':
      return { field: 'proxy', name: '', value: text(part.proxy, Proxy.show, 'none') }
    case 'Verify':
      return { field: 'tls', name: 'verify', value: part.verify ? 'certificates are checked' : 'off' }
    case 'Ca':
      return { field: 'tls', name: 'ca', value: text(part.ca, pem, 'the built-in roots') }
    case 'Certificate':
      return { field: 'tls', name: 'certificate', value: text(part.certificate, certificateText, 'none') }
    case 'Timeout':
      return { field: 'timeout', name: part.phase, value: text(part.ms, (ms) => `${ms} ms`, 'none') }
    case 'Limit':
      return { field: 'limit', name: part.name, value: `${part.octets} bytes` }
    case 'Cause':
      return { field: 'cause', name: '', value: CAUSES[part.cause] }
  }
}
