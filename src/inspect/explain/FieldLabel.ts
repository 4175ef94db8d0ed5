/** The text of a plan's fields, for tables, messages and archives. No label shows a secret. */
import * as O from 'fp-ts/lib/Option.js'
import * as Body from '../../values/Body.js'
import type * as Headers from '../../values/Headers.js'
import { decodeComponent } from '../../values/PercentEncoding.js'
import * as Proxy from '../../values/Proxy.js'
import * as Secret from '../../values/Secret.js'
import type { Cause, ClientCertificate } from '../../wire/Plan.js'
import type { Of, Tag } from './PlanField.js'

/** The text of a field: its kind, its name, and its value with every secret hidden. */
export interface Label {
  /** The kind of the field, such as `header`. */
  readonly field: string
  /** The name within its kind; empty if there is only one. */
  readonly name: string
  /** Redacted. */
  readonly value: string
}

/** Returns a number of bytes as text. */
export const bytesText = (size: number): string => (size === 1 ? '1 byte' : `${size} bytes`)

const sizeOf = (body: Body.Payload): string => {
  if (body._tag === 'Empty') return 'none'
  const size = Body.length(body)
  const octets = O.isSome(size) ? bytesText(size.value) : 'of unknown length'
  const kind = { Bytes: '', Stream: 'a stream, ', Once: 'a stream that can be read once, ' }[body._tag]
  return `${kind}${octets}`
}

/** Shows only the kind of a PEM text, because it is long. */
export const pem = (text: string): string => {
  const kind = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(text)?.[1]
  return kind === undefined ? text : `PEM text (${kind})`
}

const certificateText = ({ cert, key, pfx, passphrase }: ClientCertificate): string => {
  const bundle = pfx instanceof Uint8Array ? `‹${pfx.length} bytes›` : pfx
  return [
    ...(cert === undefined ? [] : [`cert ${pem(Secret.show(cert))}`]),
    ...(key === undefined ? [] : [`key ${pem(Secret.show(key))}`]),
    ...(bundle === undefined ? [] : [`pfx ${bundle}`]),
    ...(passphrase === undefined ? [] : ['with a passphrase']),
  ].join(', ')
}

const decoded = (text: string): string => decodeComponent(text.replaceAll('+', ' ')) ?? text

/** Returns the label of a piece of a query. */
export const queryLabel = (text: string): Label => {
  const equals = text.indexOf('=')
  const [name, value] = equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)]
  return { field: 'query', name: decoded(name), value: decoded(value) }
}

const cookieLabel = (pair: Headers.Value): Label => {
  const text = Secret.reveal(pair)
  const equals = text.indexOf('=')
  const value = Secret.is(pair) ? Secret.show(pair) : text.slice(equals + 1)
  return { field: 'cookie', name: text.slice(0, Math.max(0, equals)), value }
}

const CAUSES: Readonly<Record<Cause, string>> = {
  Start: 'the first request',
  Follow: 'follows a redirect',
  Authorize: 'answers a challenge',
  Token: 'obtains a token',
}

const text = <A>(value: O.Option<A>, show: (a: A) => string, otherwise: string): string =>
  O.isSome(value) ? show(value.value) : otherwise

const tls = (name: string, value: string): Label => ({ field: 'tls', name, value })

const LABELS: { readonly [T in Tag]: (field: Of<T>) => Label } = {
  Method: ({ method }) => ({ field: 'method', name: '', value: method }),
  Place: ({ url }) => ({ field: 'url', name: '', value: url.href }),
  Query: ({ shown }) => queryLabel(shown),
  Fragment: (field) => ({ field: 'fragment', name: '', value: field.text }),
  Header: ({ name, value }) => ({ field: 'header', name, value: Secret.show(value) }),
  Cookie: ({ pair }) => cookieLabel(pair),
  Body: ({ body }) => ({ field: 'body', name: '', value: sizeOf(body) }),
  Proxy: ({ proxy }) => ({ field: 'proxy', name: '', value: text(proxy, Proxy.show, 'none') }),
  Verify: ({ verify }) => tls('verify', verify ? 'certificates are verified' : 'off'),
  Ca: ({ ca }) => tls('ca', text(ca, pem, 'the built-in roots')),
  Certificate: ({ certificate }) => tls('certificate', text(certificate, certificateText, 'none')),
  Timeout: ({ phase, ms }) => ({ field: 'timeout', name: phase, value: text(ms, (n) => `${n} ms`, 'none') }),
  Limit: ({ name, octets }) => ({ field: 'limit', name, value: `${octets} bytes` }),
  Cause: ({ cause }) => ({ field: 'cause', name: '', value: CAUSES[cause] }),
}

/** Returns the label of a field. */
export const label = <T extends Tag>(field: Of<T>): Label => LABELS[field._tag](field)
