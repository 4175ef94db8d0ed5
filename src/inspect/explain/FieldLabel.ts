/**
 * The text of a plan's fields, for tables, messages and archives. No label shows a secret.
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Body from '../../values/Body.js'
import type * as Headers from '../../values/Headers.js'
import { decodeComponent } from '../../values/PercentEncoding.js'
import * as Proxy from '../../values/Proxy.js'
import * as Secret from '../../values/Secret.js'
import type { Cause, ClientCertificate } from '../../wire/Plan.js'
import type { PlanField } from './PlanField.js'

/** The text of a field: its kind, its name, and its value with every secret hidden. */
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

/** Shows only the kind of a PEM text, because it is long. */
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

/** Returns the label of a piece of a query. */
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
  Start: 'the first request',
  Follow: 'follows a redirect',
  Authorize: 'answers a challenge',
}

const text = <A>(value: O.Option<A>, show: (a: A) => string, otherwise: string): string =>
  O.isSome(value) ? show(value.value) : otherwise

/** Returns the label of a field. */
export const label = (field: PlanField): Label => {
  switch (field._tag) {
    case 'Method':
      return { field: 'method', name: '', value: field.method }
    case 'Place':
      return { field: 'url', name: '', value: field.url.href }
    case 'Query':
      return queryLabel(field.shown)
    case 'Fragment':
      return { field: 'fragment', name: '', value: field.text }
    case 'Header':
      return { field: 'header', name: field.name, value: Secret.show(field.value) }
    case 'Cookie':
      return cookieLabel(field.pair)
    case 'Body':
      return { field: 'body', name: '', value: sizeOf(field.body) }
    case 'Proxy':
      return { field: 'proxy', name: '', value: text(field.proxy, Proxy.show, 'none') }
    case 'Verify':
      return { field: 'tls', name: 'verify', value: field.verify ? 'certificates are verified' : 'off' }
    case 'Ca':
      return { field: 'tls', name: 'ca', value: text(field.ca, pem, 'the built-in roots') }
    case 'Certificate':
      return { field: 'tls', name: 'certificate', value: text(field.certificate, certificateText, 'none') }
    case 'Timeout':
      return { field: 'timeout', name: field.phase, value: text(field.ms, (ms) => `${ms} ms`, 'none') }
    case 'Limit':
      return { field: 'limit', name: field.name, value: `${field.octets} bytes` }
    case 'Cause':
      return { field: 'cause', name: '', value: CAUSES[field.cause] }
  }
}
