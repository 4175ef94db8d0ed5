/**
 * The content of a plan's fields with every secret revealed, to compare fields and to find those of one plan in another.
 */
import type * as fpEq from 'fp-ts/lib/Eq.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Body from '../../values/Body.js'
import * as Octets from '../../values/Octets.js'
import type * as Proxy from '../../values/Proxy.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import type { ClientCertificate } from '../../wire/Plan.js'
import { label } from './FieldLabel.js'
import type { Of, PlanField, Tag } from './PlanField.js'

type Revealed = Readonly<Record<string, string>>

const revealedProxy = ({ protocol, hostname, port, credentials, authorization }: Proxy.Proxy): Revealed => ({
  url: `${protocol}//${hostname}:${port}`,
  ...(O.isSome(credentials)
    ? { user: Secret.reveal(credentials.value.user), pass: Secret.reveal(credentials.value.pass) }
    : {}),
  ...(O.isSome(authorization) ? { authorization: Secret.reveal(authorization.value) } : {}),
})

const revealedCertificate = ({ cert, key, pfx, passphrase }: ClientCertificate): Revealed => {
  const bytes = pfx === undefined || typeof pfx === 'string' || pfx instanceof Uint8Array ? pfx : Secret.open(pfx)
  return {
    ...(cert === undefined ? {} : { cert: Secret.reveal(cert) }),
    ...(key === undefined ? {} : { key: Secret.reveal(key) }),
    ...(bytes === undefined ? {} : { pfx: typeof bytes === 'string' ? bytes : Octets.toBase64(bytes) }),
    ...(passphrase === undefined ? {} : { passphrase: Secret.reveal(passphrase) }),
  }
}

/** Returns a proxy with its credentials, or a client certificate with its key and passphrase; bytes as base64. */
export const revealed = (field: Of<'Proxy' | 'Certificate'>): Revealed | 'none' => {
  if (field._tag === 'Proxy') return O.isSome(field.proxy) ? revealedProxy(field.proxy.value) : 'none'
  return O.isSome(field.certificate) ? revealedCertificate(field.certificate.value) : 'none'
}

type Leaf = string | number | boolean | undefined | object

/** What a field sends, and whether it is secret, because that decides where it may be sent. */
const CONTENTS: { readonly [T in Tag]: (field: Of<T>) => ReadonlyArray<Leaf> } = {
  Method: ({ method }) => [method],
  Place: ({ url }) => [url.href, Url.sentPathname(url)],
  Query: ({ text }) => [Secret.reveal(text), Secret.is(text)],
  Fragment: ({ text }) => [text],
  Header: ({ name, value }) => [name.toLowerCase(), Secret.reveal(value), Secret.is(value)],
  Cookie: ({ pair }) => [Secret.reveal(pair), Secret.is(pair)],
  Body: ({ body }) => [body._tag, bodyContent(body), O.toUndefined(Body.length(body))],
  Proxy: (field) => [JSON.stringify(revealed(field))],
  Verify: ({ verify }) => [verify],
  Ca: ({ ca }) => [O.toUndefined(ca)],
  Certificate: (field) => [JSON.stringify(revealed(field))],
  Timeout: ({ phase, ms }) => [phase, O.toUndefined(ms)],
  Limit: ({ name, octets }) => [name, octets],
  Cause: ({ cause }) => [cause],
}

const bodyContent = (body: Body.Payload): Leaf => {
  switch (body._tag) {
    case 'Empty':
      return undefined
    case 'Bytes':
      return Octets.toLatin1(Secret.open(body.bytes))
    case 'Stream':
      return body.open
    case 'Once':
      return body.source
  }
}

const contentOf = <T extends Tag>(field: Of<T>): ReadonlyArray<Leaf> => CONTENTS[field._tag](field)

/** Equal fields send the same. Two streams are equal if they are the same object. */
export const Eq: fpEq.Eq<PlanField> = {
  equals: (x, y) => {
    if (x._tag !== y._tag) return false
    if (x._tag === 'Body' && y._tag === 'Body' && x.body === y.body) return true
    const [a, b] = [contentOf(x), contentOf(y)]
    return a.every((leaf, i) => leaf === b[i])
  },
}

/** The fields that consist of text. A signer may make it secret. */
const textOf = (field: PlanField): string | undefined => {
  switch (field._tag) {
    case 'Header':
      return `${field.name.toLowerCase()} ${Secret.reveal(field.value)}`
    case 'Cookie':
      return Secret.reveal(field.pair)
    case 'Query':
      return Secret.reveal(field.text)
    default:
      return undefined
  }
}

const keyOf = (field: PlanField): string => `${field._tag} ${textOf(field) ?? label(field).name}`

/**
 * Finds the fields of one plan among those of another, in linear time. A field that repeats is found as often as it
 * occurs. Pieces of a query and cookies are found in order; header lines may have been sorted.
 */
export const finder = <A extends { readonly part: PlanField }>(
  among: ReadonlyArray<A>,
): ((field: PlanField) => A | undefined) => {
  /** The positions of the fields with a key that were not found yet, the first one last. */
  const positions = new Map<string, number[]>()
  for (const [i, { part }] of [...among.entries()].reverse()) {
    const key = keyOf(part)
    const known = positions.get(key)
    if (known === undefined) positions.set(key, [i])
    else known.push(i)
  }
  const next = new Map<Tag, number>()
  return (field) => {
    const candidates = positions.get(keyOf(field)) ?? []
    const start = field._tag === 'Header' ? 0 : (next.get(field._tag) ?? 0)
    while ((candidates.at(-1) ?? start) < start) candidates.pop()
    const position = candidates.at(-1)
    const found = position === undefined ? undefined : among[position]
    if (position === undefined || found === undefined) return undefined
    if (textOf(field) === undefined && !Eq.equals(found.part, field)) return undefined
    candidates.pop()
    next.set(field._tag, position + 1)
    return found
  }
}
