/**
 * Header fields to and from undici.
 *
 * | direction | rule                                                                                |
 * |-----------|-------------------------------------------------------------------------------------|
 * | sent      | a flat list in order, letter case and duplicates kept, secrets revealed             |
 * | sent      | no Transfer-Encoding: undici adds it to a body of unknown length                    |
 * | sent      | a Content-Length if the length of the body is known                                 |
 * | sent      | to a forwarding proxy, the Host of the origin                                       |
 * | received  | bytes as latin-1, in order, duplicates kept, values without surrounding blanks (RFC 9110 5.5) |
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Body from '../../values/Body.js'
import * as HeaderSyntax from '../../values/HeaderSyntax.js'
import * as Headers from '../../values/Headers.js'
import * as Proxy from '../../values/Proxy.js'
import * as Secret from '../../values/Secret.js'
import * as Plan from '../../wire/Plan.js'

export type Pair = readonly [name: string, value: string]

/** Returns the proxy of a plan if it forwards the request, so that errors are those of the proxy too. */
export const forwardingProxy = ({ url, route: { proxy } }: Plan.Plan): Proxy.Proxy | undefined =>
  O.isSome(proxy) && Proxy.forwards(url.protocol)(proxy.value) ? proxy.value : undefined

export const flat = (plan: Plan.Plan): string[] => {
  const { fields } = Plan.wireHeaders(plan)
  const list: string[] = []
  let hasLength = false
  let hasHost = forwardingProxy(plan) === undefined
  for (const [name, value] of fields) {
    if (name.length === 17 && Headers.sameName(name, 'transfer-encoding')) continue
    if (name.length === 14 && Headers.sameName(name, 'content-length')) hasLength = true
    else if (name.length === 4 && Headers.sameName(name, 'host')) hasHost = true
    list.push(name, Secret.reveal(value))
  }
  if (!hasHost) list.push('Host', plan.url.origin.slice(plan.url.protocol.length + 2))
  if (!hasLength && plan.body._tag !== 'Empty') {
    const length = Body.length(plan.body)
    if (O.isSome(length)) list.push('Content-Length', String(length.value))
  }
  return list
}

/** Returns the User-Agent to show a proxy, if it is not a secret: secrets are only for the origin. */
export const plainUserAgent = (plan: Plan.Plan): string | undefined => {
  const [value] = Headers.valuesOf(plan.headers, 'User-Agent')
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Whether all are views of one buffer, in order. They are, unless the head arrived in several pieces. */
const areOneBuffer = (raw: ReadonlyArray<unknown>): raw is ReadonlyArray<Uint8Array> => {
  let buffer: ArrayBufferLike | undefined
  let at = 0
  for (const bytes of raw) {
    if (!(bytes instanceof Uint8Array) || bytes.byteOffset < at) return false
    if (buffer !== undefined && bytes.buffer !== buffer) return false
    buffer = bytes.buffer
    at = bytes.byteOffset
  }
  return buffer !== undefined
}

/** Decodes the buffer once and slices the text. Decoding each view would cost several times as much. */
const fromOneBuffer = (raw: ReadonlyArray<Uint8Array>): ReadonlyArray<Pair> => {
  const [first] = raw
  const last = raw[raw.length - 1]
  if (first === undefined || last === undefined) return []
  const start = first.byteOffset
  const text = Buffer.from(first.buffer, start, last.byteOffset + last.byteLength - start).toString('latin1')
  const pairs: Pair[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]
    const value = raw[i + 1]
    if (name === undefined || value === undefined) continue
    pairs.push([textAt(name, text, start), HeaderSyntax.trimBlanks(textAt(value, text, start))])
  }
  return pairs
}

/** Returns the part of a text that a view covers, if the text was decoded from its buffer at `start`. */
const textAt = ({ byteOffset, byteLength }: Uint8Array, text: string, start: number): string =>
  text.slice(byteOffset - start, byteOffset - start + byteLength)

const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : ''
}

const fromList = (raw: ReadonlyArray<unknown>): ReadonlyArray<Pair> => {
  const pairs: Pair[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    pairs.push([textOf(raw[i]), HeaderSyntax.trimBlanks(textOf(raw[i + 1]))])
  }
  return pairs
}

/** Returns the fields of a response from the raw headers of a channel: a flat list of names and values. */
export const fields = (raw: unknown): ReadonlyArray<Pair> => {
  if (!Array.isArray(raw)) return []
  return areOneBuffer(raw) ? fromOneBuffer(raw) : fromList(raw)
}

/** Whether the server used a transfer coding other than chunked. We never send TE, so it must not (RFC 9112 7). */
export const hasForeignTransferEncoding = (received: ReadonlyArray<Pair>): boolean => {
  for (const [name, value] of received) {
    if (name.length !== 17 || name.toLowerCase() !== 'transfer-encoding') continue
    const coding = value.trim().toLowerCase()
    if (coding !== 'chunked' && coding !== 'identity') return true
  }
  return false
}

/** Whether an HTTP/1 head tells the end of its body. If not, the body ends with the connection (RFC 9112 6.3). */
export const hasFraming = (received: ReadonlyArray<Pair>): boolean =>
  received.some(([name]) => /^(?:content-length|transfer-encoding)$/i.test(name))
