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
import { sequenceS } from 'fp-ts/lib/Apply.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as Body from '../../values/Body.js'
import * as Headers from '../../values/Headers.js'
import type * as Proxy from '../../values/Proxy.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import type { BodyLimit, Cause, ClientCertificate, Plan, Timeouts } from '../../wire/Plan.js'

/**
 * What a field holds, by its tag.
 *
 * @since 0.2.0
 * @category model
 */
export interface Contents {
  readonly Method: { readonly method: string }
  readonly Place: { readonly url: Url.Url }
  /** `text` is secret if it contains a value that `shown` hides. */
  readonly Query: { readonly text: string | Secret.Secret; readonly shown: string }
  readonly Fragment: { readonly text: string }
  readonly Header: { readonly name: string; readonly value: Headers.Value; readonly line: number }
  /** `name` is the header's, `pair` is `cookie=value`; `separator` precedes it, if it is not `; `. */
  readonly Cookie: {
    readonly name: string
    readonly pair: Headers.Value
    readonly line: number
    readonly separator?: string
  }
  readonly Body: { readonly body: Body.Payload }
  readonly Proxy: { readonly proxy: O.Option<Proxy.Proxy> }
  readonly Verify: { readonly verify: boolean }
  readonly Ca: { readonly ca: O.Option<string> }
  readonly Certificate: { readonly certificate: O.Option<ClientCertificate> }
  readonly Timeout: { readonly phase: keyof Timeouts; readonly ms: O.Option<number> }
  readonly Limit: { readonly name: keyof BodyLimit; readonly octets: number }
  readonly Cause: { readonly cause: Cause }
}

/** The tag of a field of a plan. */
export type Tag = keyof Contents
/** A field of a plan with this tag. */
export type Of<T extends Tag> = { readonly [K in T]: { readonly _tag: K } & Contents[K] }[T]
/** A field of a plan. */
export type PlanField = Of<Tag>

const PHASES = ['connect', 'read', 'total'] as const
const SEPARATOR = '; '

const placeOf = ({ sealedSearch: _, ...url }: Url.Url): Url.Url => ({
  ...url,
  search: '',
  hash: '',
  href: url.href.slice(0, url.href.length - url.search.length - url.hash.length),
})

const queryFields = (url: Url.Url): ReadonlyArray<PlanField> => {
  if (url.search === '') return []
  const sent = Url.sentSearch(url).slice(1).split('&')
  const pieces = url.search.slice(1).split('&')
  return pieces.map((shown, i): PlanField => {
    const text = sent[i] ?? shown
    return { _tag: 'Query', text: text === shown ? text : Secret.make(text), shown }
  })
}

/** Servers split a Cookie line at `;`, followed by blanks or not. */
const cookieFields = (name: string, value: Headers.Value, line: number): ReadonlyArray<PlanField> =>
  Secret.reveal(value)
    .split(';')
    .map((piece, i): PlanField => {
      const text = i === 0 ? piece : piece.replace(/^[ \t]+/, '')
      const pair = Secret.is(value) ? Secret.make(text) : text
      const separator = `;${piece.slice(0, piece.length - text.length)}`
      const cookie = { _tag: 'Cookie', name, pair, line } as const
      return i === 0 || separator === SEPARATOR ? cookie : { ...cookie, separator }
    })

const headerFields = ({ fields }: Headers.Headers): ReadonlyArray<PlanField> =>
  fields.flatMap(
    ([name, value], line): ReadonlyArray<PlanField> =>
      Headers.sameName(name, 'Cookie') ? cookieFields(name, value, line) : [{ _tag: 'Header', name, value, line }],
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

/** Returns the fields of a kind, in order. */
export const all = <T extends Tag>(fields: ReadonlyArray<PlanField>, tag: T): ReadonlyArray<Of<T>> =>
  fields.filter((field): field is Of<T> & PlanField => field._tag === tag)

const only = <T extends Tag>(fields: ReadonlyArray<PlanField>, tag: T): O.Option<Of<T>> => {
  const [found, ...others] = all(fields, tag)
  return others.length === 0 ? O.fromNullable(found) : O.none
}

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
  for (const field of fields) {
    if (field._tag === 'Header') lines[field.line] = [field.name, field.value]
    if (field._tag !== 'Cookie') continue
    const { name, pair, line, separator = SEPARATOR } = field
    const before = lines[line]
    const text = before === undefined ? Secret.reveal(pair) : Secret.reveal(before[1]) + separator + Secret.reveal(pair)
    lines[line] = [name, Secret.is(pair) || Secret.is(before?.[1]) ? Secret.make(text) : text]
  }
  return { fields: lines.filter((line) => line !== undefined) }
}

const timeoutsOf = (fields: ReadonlyArray<PlanField>): Timeouts =>
  Object.fromEntries(
    all(fields, 'Timeout').flatMap(({ phase, ms }) => (O.isSome(ms) ? [[phase, ms.value] as const] : [])),
  )

/** Returns the plan that has these fields; `none` if one is missing or there are two. */
export const join = (fields: ReadonlyArray<PlanField>): O.Option<Plan> =>
  pipe(
    sequenceS(O.Apply)({
      method: only(fields, 'Method'),
      place: only(fields, 'Place'),
      body: only(fields, 'Body'),
      proxy: only(fields, 'Proxy'),
      verify: only(fields, 'Verify'),
      ca: only(fields, 'Ca'),
      certificate: only(fields, 'Certificate'),
      limit: only(fields, 'Limit'),
      cause: only(fields, 'Cause'),
    }),
    O.map(({ method: { method }, place, body: { body }, proxy: { proxy }, verify, ca, certificate, limit, cause }) => ({
      method,
      url: urlOf(place, fields),
      headers: headersOf(fields),
      body,
      route: {
        proxy,
        tls: { verify: verify.verify, ca: ca.ca, certificate: certificate.certificate },
        timeouts: timeoutsOf(fields),
        limits: { body: limit.octets },
      },
      cause: cause.cause,
    })),
  )
