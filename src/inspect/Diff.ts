/**
 * What differs between two plans, field by field; values with every secret closed.
 *
 * Laws: a plan does not differ from itself; two plans without a difference are equal, but for what they were made from.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Diff, Plan, Request, Session } from 'requests-ts'
 *
 * const plan = Plan.plan({ session: Session.empty })
 * const request = Request.get('https://example.com/')
 * const [before, after] = [plan(request), plan(pipe(request, Request.withHeader('X-A', '1')))]
 * if (E.isLeft(before) || E.isLeft(after)) assert.fail()
 * assert.equal(Diff.render()(Plan.diff(before.right)(after.right)), '+ header X-A: 1')
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Proxy from '../values/Proxy.js'
import * as Secret from '../values/Secret.js'
import * as Url from '../values/Url.js'
import type { Plan } from '../wire/Plan.js'
import * as Part from './explain/Part.js'
import * as Layout from './Layout.js'
import * as Paint from './Paint.js'

export type Difference =
  | { readonly _tag: 'Added'; readonly field: string; readonly name: string; readonly after: string }
  | { readonly _tag: 'Removed'; readonly field: string; readonly name: string; readonly before: string }
  | {
      readonly _tag: 'Changed'
      readonly field: string
      readonly name: string
      readonly before: string
      readonly after: string
    }
  /** The same lines in another order. */
  | { readonly _tag: 'Moved'; readonly field: string; readonly name: string }

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

/** What a part is made of, opened, and whether it is secret, for that decides where it may go; two parts are equal when these are. Streams are equal when they are the same. */
const leaves = (part: Part.Part): ReadonlyArray<Leaf> => {
  switch (part._tag) {
    case 'Header':
      return [part.name.toLowerCase(), Secret.reveal(part.value), Secret.is(part.value)]
    case 'Cookie':
      return [Secret.reveal(part.pair), Secret.is(part.pair)]
    case 'Body':
      return part.body._tag === 'Bytes'
        ? ['Bytes', octets(Secret.open(part.body.bytes))]
        : [
            part.body._tag,
            part.body._tag === 'Stream' ? part.body.open : part.body._tag === 'Once' ? part.body.source : '',
          ]
    case 'Proxy':
      return O.isSome(part.proxy) ? proxyLeaves(part.proxy.value) : []
    case 'Certificate': {
      if (O.isNone(part.certificate)) return []
      const { cert, key, pfx, passphrase } = part.certificate.value
      const text = (value: string | Secret.Secret | undefined): Leaf =>
        value === undefined ? value : Secret.reveal(value)
      const bundle =
        typeof pfx === 'string' || pfx === undefined ? pfx : octets(pfx instanceof Uint8Array ? pfx : Secret.open(pfx))
      return [text(cert), text(key), bundle, text(passphrase)]
    }
    case 'Place':
      return [part.url.href, Url.sentPathname(part.url)]
    case 'Ca':
      return [O.isSome(part.ca) ? part.ca.value : undefined]
    default: {
      const { value } = Part.label(part)
      return [value, part._tag === 'Query' ? part.text : '']
    }
  }
}

const equal = (x: Part.Part, y: Part.Part): boolean => {
  const [a, b] = [leaves(x), leaves(y)]
  return a.length === b.length && a.every((leaf, i) => leaf === b[i])
}

// --- pairing -------------------------------------------------------------------------------------------------------

/** Parts by what they are called: lines of one name keep their order. */
const keyed = (plan: Plan): ReadonlyMap<string, ReadonlyArray<Part.Part>> => {
  const byKey = new Map<string, Part.Part[]>()
  for (const part of Part.split(plan)) {
    const { field, name } = Part.label(part)
    const key = `${field} ${field === 'header' ? name.toLowerCase() : name}`
    const held = byKey.get(key)
    if (held === undefined) byKey.set(key, [part])
    else held.push(part)
  }
  return byKey
}

const changed = (before: Part.Part, after: Part.Part): ReadonlyArray<Difference> => {
  if (equal(before, after)) return []
  const [old, fresh] = [Part.label(before), Part.label(after)]
  const value = fresh.value === old.value ? `another ${fresh.value}` : fresh.value
  return [{ _tag: 'Changed', field: fresh.field, name: fresh.name, before: old.value, after: value }]
}

const added = (part: Part.Part): Difference => {
  const { field, name, value } = Part.label(part)
  return { _tag: 'Added', field, name, after: value }
}

const removed = (part: Part.Part): Difference => {
  const { field, name, value } = Part.label(part)
  return { _tag: 'Removed', field, name, before: value }
}

const compared = (before: ReadonlyArray<Part.Part>, after: ReadonlyArray<Part.Part>): ReadonlyArray<Difference> => {
  const both = Math.min(before.length, after.length)
  return [
    ...before.slice(0, both).flatMap((part, i) => changed(part, after[i] ?? part)),
    ...before.slice(both).map(removed),
    ...after.slice(both).map(added),
  ]
}

/** Names of parts in order, and how header names are spelled. */
const order = (plan: Plan, field: string): ReadonlyArray<string> =>
  Part.split(plan).flatMap((part) => {
    const label = Part.label(part)
    if (label.field !== field && !(field === 'header' && label.field === 'cookie')) return []
    return [
      part._tag === 'Header'
        ? part.name
        : part._tag === 'Cookie'
          ? `${part.name} ${part.line} ${part.separator ?? ''}${label.name}`
          : label.name,
    ]
  })

const moved = (before: Plan, after: Plan): ReadonlyArray<Difference> =>
  ['query', 'header'].flatMap((field): ReadonlyArray<Difference> => {
    const [x, y] = [order(before, field), order(after, field)]
    const isSame = x.length === y.length && x.every((name, i) => name === y[i])
    return isSame ? [] : [{ _tag: 'Moved', field, name: 'order or spelling' }]
  })

/** What the second plan has other than the first. */
export const diff =
  (before: Plan) =>
  (after: Plan): ReadonlyArray<Difference> => {
    const [old, fresh] = [keyed(before), keyed(after)]
    const differences = [...new Set([...old.keys(), ...fresh.keys()])].flatMap((key) =>
      compared(old.get(key) ?? [], fresh.get(key) ?? []),
    )
    return differences.length > 0 ? differences : moved(before, after)
  }

// --- for a terminal ------------------------------------------------------------------------------------------------

const lineOf = (difference: Difference): readonly [sign: '+' | '-' | '~', text: string] => {
  const what = `${difference.field} ${difference.name}`.trim()
  switch (difference._tag) {
    case 'Added':
      return ['+', `${what}: ${difference.after}`]
    case 'Removed':
      return ['-', `${what}: ${difference.before}`]
    case 'Changed':
      return ['~', `${what}: ${difference.before} → ${difference.after}`]
    case 'Moved':
      return ['~', what]
  }
}

/** The differences as lines; one line that says so where there is none. */
export const render =
  ({ paint = Paint.plain, columns = Layout.COLUMNS }: Paint.Look = {}) =>
  (differences: ReadonlyArray<Difference>): string => {
    if (differences.length === 0) return 'no difference'
    const colour = { '+': paint.good, '-': paint.bad, '~': paint.warning }
    return differences
      .flatMap((difference) => {
        const [sign, text] = lineOf(difference)
        return Layout.wrap(text, columns - 2).map((line, i) => colour[sign](`${i === 0 ? sign : ' '} ${line}`))
      })
      .join('\n')
  }
