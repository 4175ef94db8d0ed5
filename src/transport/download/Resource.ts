/**
 * The identity of a downloaded resource: every part of the request that may select the representation.
 *
 * The text holds secrets and stays in memory. Only a salted digest of it is written (see `PartFile.ts`).
 */
import * as O from 'fp-ts/lib/Option.js'
import type { Exchange } from '../../stages/Exchange.js'
import type * as Headers from '../../values/Headers.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import type { ClientCertificate, Plan } from '../../wire/Plan.js'
import { createHash } from './NodeFiles.js'

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Returns a digest of the body; none for a stream, whose content is unknown before it is sent. */
const bodyOf = ({ body }: Plan): O.Option<string> => {
  if (body._tag === 'Empty') return O.some('')
  return body._tag === 'Bytes' ? O.some(digest(Secret.open(body.bytes))) : O.none
}

const textOf = (value: string | Uint8Array | Secret.Secret | Secret.SealedBytes | undefined): string | null => {
  if (value === undefined || typeof value === 'string') return value ?? null
  const open: string | Uint8Array = value instanceof Uint8Array ? value : Secret.open<string | Uint8Array>(value)
  return typeof open === 'string' ? open : digest(open)
}

const certificateOf = (certificate: O.Option<ClientCertificate>): ReadonlyArray<string | null> =>
  O.isSome(certificate) ? [certificate.value.cert, certificate.value.key, certificate.value.pfx].map(textOf) : []

/** Returns user and password of a Digest login, whose Authorization differs in each request. */
const loginOf = ({ merged }: Exchange): ReadonlyArray<string> => {
  const { auth } = merged.settings
  if (auth._tag !== 'Set' || auth.value._tag !== 'Digest') return []
  return [auth.value.user, Secret.reveal(auth.value.pass)]
}

/** Fields that do not select a representation, or that `toFile` sets. */
const UNRELATED: ReadonlySet<string> = new Set([
  'range',
  'if-range',
  'if-none-match',
  'if-modified-since',
  'user-agent',
])

const fieldsOf = (headers: Headers.Headers, hasDigestLogin: boolean): ReadonlyArray<readonly [string, string]> =>
  headers.fields
    .map(([name, value]): readonly [string, string] => [name.toLowerCase(), Secret.reveal(value)])
    .filter(([name]) => !UNRELATED.has(name) && !(hasDigestLogin && name === 'authorization'))
    .sort(([x], [y]) => (x < y ? -1 : x > y ? 1 : 0))

/** Returns the identity of a request: method, URL, header fields, body, login, certificate. None if its body is a stream. */
export const of = (exchange: Exchange): O.Option<string> => {
  const { plan } = exchange
  const body = bodyOf(plan)
  if (O.isNone(body)) return O.none
  const login = loginOf(exchange)
  return O.some(
    JSON.stringify([
      plan.method,
      `${plan.url.origin}${Url.target(plan.url)}`,
      fieldsOf(plan.headers, login.length > 0),
      body.value,
      login,
      certificateOf(plan.route.tls.certificate),
    ]),
  )
}

/** Returns the final URL of a response without its query, which often holds a signature that expires. */
export const locationOf = ({ url }: Plan): string => `${url.origin}${url.pathname}`
