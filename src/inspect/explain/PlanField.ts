/**
 * Splits a plan into its fields, each exactly once, and joins them again.
 *
 * | field                                 | one for                                                      |
 * |---------------------------------------|--------------------------------------------------------------|
 * | `Method`, `Place`, `Fragment`, `Body` | the plan; `Place` is the URL without query and fragment      |
 * | `Query`                               | each piece of the query between `&`, as it is written        |
 * | `Header`                              | each line except Cookie                                      |
 * | `Cookie`                              | each cookie of a Cookie line                                 |
 * | `Proxy`, `Verify`, `Ca`, `Certificate`, `Timeout`, `Limit` | the route                               |
 * | `Cause`                               | the reason why the plan is sent                              |
 *
 * Law: `join(split(plan))` equals the plan, except for its provenance.
 */
import type * as fpEq from 'fp-ts/lib/Eq.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as Body from '../../values/Body.js'
import * as HeaderSyntax from '../../values/HeaderSyntax.js'
import * as Headers from '../../values/Headers.js'
import * as Proxy from '../../values/Proxy.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import type { BodyLimit, Cause, ClientCertificate, Plan, Timeouts } from '../../wire/Plan.js'

// --- model ---------------------------------------------------------------------------------------------------------

export type PlanField =
  | { readonly _tag: 'Method'; readonly method: string }
  | { readonly _tag: 'Place'; readonly url: Url.Url }
  /** `text` is secret if it contains a value that `shown` hides. */
  | { readonly _tag: 'Query'; readonly text: string | Secret.Secret; readonly shown: string }
  | { readonly _tag: 'Fragment'; readonly text: string }
  | { readonly _tag: 'Header'; readonly name: string; readonly value: Headers.Value; readonly line: number }
  /** `name` is the header's, `pair` is `cookie=value`; `separator` precedes it, if it is not `; `. */
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

export type Of<Tag extends PlanField['_tag']> = Extract<PlanField, { readonly _tag: Tag }>

// --- splitting ------------------------------------------------------------------------------------------------------

const PHASES = ['connect', 'read', 'total'] as const

const placeOf = ({ sealedSearch: _, ...url }: Url.Url): Url.Url => ({
  ...url,
  search: '',
  hash: '',
  href: url.href.slice(0, url.href.length - url.search.length - url.hash.length),
})

const queryFields = (url: Url.Url): ReadonlyArray<PlanField> => {
  if (url.search === '') return []
  const sent = Url.sentSearch(url).slice(1).split('&')
  return url.search
    .slice(1)
    .split('&')
    .map((shown, i): PlanField => {
      const text = sent[i] ?? shown
      return { _tag: 'Query', text: text === shown ? text : Secret.make(text), shown }
    })
}

interface Pair {
  readonly text: string
  readonly separator: string
}

const SEPARATOR = '; '

/** Returns the pairs of a Cookie header, and what precedes each. Servers split at `;`, followed by a space or not. */
export const pairsOf = (value: string): ReadonlyArray<Pair> => {
  const [first = '', ...others] = value.split(';')
  const pairs: Pair[] = [{ text: first, separator: '' }]
  for (const other of others) {
    const start = HeaderSyntax.skipWhile(other, 0, (character) => character === ' ' || character === '\t')
    pairs.push({ text: other.slice(start), separator: `;${other.slice(0, start)}` })
  }
  return pairs
}

const cookiesOf = (name: string, value: Headers.Value, line: number): ReadonlyArray<PlanField> =>
  pairsOf(Secret.reveal(value)).map(({ text, separator }, i): PlanField => {
    const pair = Secret.is(value) ? Secret.make(text) : text
    const cookie = { _tag: 'Cookie', name, pair, line } as const
    return i === 0 || separator === SEPARATOR ? cookie : { ...cookie, separator }
  })

const headerFields = ({ fields }: Headers.Headers): ReadonlyArray<PlanField> =>
  fields.flatMap(
    ([name, value], line): ReadonlyArray<PlanField> =>
      Headers.sameName(name, 'Cookie') ? cookiesOf(name, value, line) : [{ _tag: 'Header', name, value, line }],
  )

/** Returns every field of a plan, in the order in which a request is written. */
export const split = ({ method, url, headers, body, route, cause }: Plan): ReadonlyArray<PlanField> => [
  { _tag: 'Method', method },
  { _tag: 'Place', url: placeOf(url) },
  ...queryFields(url),
  ...(url.hash === '' ? [] : [{ _tag: 'Fragment', text: url.hash.slice(1) } as const]),
  ...headerFields(headers),
  { _tag: 'Body', body },
  { _tag: 'Proxy', proxy: route.proxy },
  { _tag: 'Verify', verify: route.tls.verify },
  { _tag: 'Ca', ca: route.tls.ca },
  { _tag: 'Certificate', certificate: route.tls.certificate },
  ...PHASES.map((phase): PlanField => ({ _tag: 'Timeout', phase, ms: O.fromNullable(route.timeouts[phase]) })),
  { _tag: 'Limit', name: 'body', octets: route.limits.body },
  { _tag: 'Cause', cause },
]

// --- joining -------------------------------------------------------------------------------------------------------

const only = <Tag extends PlanField['_tag']>(fields: ReadonlyArray<PlanField>, tag: Tag): Of<Tag> | undefined => {
  const [found, ...others] = all(fields, tag)
  return others.length === 0 ? found : undefined
}

/** Returns the fields of a kind, in order. */
export const all = <Tag extends PlanField['_tag']>(
  fields: ReadonlyArray<PlanField>,
  tag: Tag,
): ReadonlyArray<Of<Tag>> => fields.filter((field): field is Of<Tag> => field._tag === tag)

const urlOf = ({ url }: Of<'Place'>, fields: ReadonlyArray<PlanField>): Url.Url => {
  const query = all(fields, 'Query')
  const joined = (pieces: ReadonlyArray<string>): string => (pieces.length === 0 ? '' : `?${pieces.join('&')}`)
  const search = joined(query.map(({ shown }) => shown))
  const sent = joined(query.map(({ text }) => Secret.reveal(text)))
  const hash = all(fields, 'Fragment')
    .map(({ text }) => `#${text}`)
    .join('')
  const shown = { ...url, search, hash, href: url.href + search + hash }
  return sent === search ? shown : { ...shown, sealedSearch: Secret.make(sent) }
}

const headersOf = (fields: ReadonlyArray<PlanField>): Headers.Headers => {
  const lines: Headers.Field[] = []
  const cookies = new Map<number, Array<Of<'Cookie'>>>()
  for (const field of fields) {
    if (field._tag === 'Header') lines[field.line] = [field.name, field.value]
    if (field._tag !== 'Cookie') continue
    const known = cookies.get(field.line)
    if (known === undefined) cookies.set(field.line, [field])
    else known.push(field)
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

const timeoutsOf = (fields: ReadonlyArray<PlanField>): Timeouts =>
  Object.fromEntries(
    all(fields, 'Timeout').flatMap(({ phase, ms }) => (O.isSome(ms) ? [[phase, ms.value] as const] : [])),
  )

/** Returns the plan that has these fields; `none` if one is missing or there are two. */
export const join = (fields: ReadonlyArray<PlanField>): O.Option<Plan> => {
  const method = only(fields, 'Method')
  const place = only(fields, 'Place')
  const body = only(fields, 'Body')
  const proxy = only(fields, 'Proxy')
  const verify = only(fields, 'Verify')
  const ca = only(fields, 'Ca')
  const certificate = only(fields, 'Certificate')
  const limit = only(fields, 'Limit')
  const cause = only(fields, 'Cause')
  if (method === undefined || place === undefined || body === undefined || cause === undefined) return O.none
  if (proxy === undefined || verify === undefined || ca === undefined) return O.none
  if (certificate === undefined || limit === undefined) return O.none
  return O.some({
    method: method.method,
    url: urlOf(place, fields),
    headers: headersOf(fields),
    body: body.body,
    route: {
      proxy: proxy.proxy,
      tls: { verify: verify.verify, ca: ca.ca, certificate: certificate.certificate },
      timeouts: timeoutsOf(fields),
      limits: { body: limit.octets },
    },
    cause: cause.cause,
  })
}

// --- equality ------------------------------------------------------------------------------------------------------

type Leaf = string | number | boolean | undefined | object

const proxyLeaves = (proxy: Proxy.Proxy): ReadonlyArray<Leaf> => [
  Proxy.show(proxy),
  ...(O.isSome(proxy.credentials)
    ? [Secret.reveal(proxy.credentials.value.user), Secret.reveal(proxy.credentials.value.pass)]
    : [undefined]),
  O.isSome(proxy.authorization) ? Secret.reveal(proxy.authorization.value) : undefined,
]

const octets = (content: Uint8Array): string => Buffer.from(content).toString('latin1')

/** The revealed content of a field, and whether it is secret, because that decides where it may be sent. */
const leaves = (field: PlanField): ReadonlyArray<Leaf> => {
  switch (field._tag) {
    case 'Method':
      return [field.method]
    case 'Place':
      return [field.url.href, Url.sentPathname(field.url)]
    case 'Query':
      return [Secret.reveal(field.text), Secret.is(field.text)]
    case 'Fragment':
      return [field.text]
    case 'Header':
      return [field.name.toLowerCase(), Secret.reveal(field.value), Secret.is(field.value)]
    case 'Cookie':
      return [Secret.reveal(field.pair), Secret.is(field.pair)]
    case 'Body':
      return bodyLeaves(field.body)
    case 'Proxy':
      return O.isSome(field.proxy) ? proxyLeaves(field.proxy.value) : []
    case 'Verify':
      return [field.verify]
    case 'Ca':
      return [O.toUndefined(field.ca)]
    case 'Certificate':
      return O.isSome(field.certificate) ? certificateLeaves(field.certificate.value) : []
    case 'Timeout':
      return [field.phase, O.toUndefined(field.ms)]
    case 'Limit':
      return [field.name, field.octets]
    case 'Cause':
      return [field.cause]
  }
}

const bodyLeaves = (body: Body.Payload): ReadonlyArray<Leaf> => {
  switch (body._tag) {
    case 'Empty':
      return [body._tag]
    case 'Bytes':
      return [body._tag, octets(Secret.open(body.bytes))]
    case 'Stream':
      return [body._tag, body.open]
    case 'Once':
      return [body._tag, body.source]
  }
}

const certificateLeaves = ({ cert, key, pfx, passphrase }: ClientCertificate): ReadonlyArray<Leaf> => {
  const text = (value: string | Secret.Secret | undefined): Leaf => (value === undefined ? value : Secret.reveal(value))
  const bundle =
    typeof pfx === 'string' || pfx === undefined ? pfx : octets(pfx instanceof Uint8Array ? pfx : Secret.open(pfx))
  return [text(cert), text(key), bundle, text(passphrase)]
}

/** Equal fields send the same. Two streams are equal if they are the same object. */
export const Eq: fpEq.Eq<PlanField> = {
  equals: (x, y) => {
    if (x._tag !== y._tag) return false
    if (x._tag === 'Body' && y._tag === 'Body' && x.body === y.body) return true
    const [a, b] = [leaves(x), leaves(y)]
    return a.length === b.length && a.every((leaf, i) => leaf === b[i])
  },
}
