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
import type * as Reply from '../../wire/Reply.js'

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

/** The character codes between name and value, and at the end of a line. */
const COLON = 0x3a
const CARRIAGE_RETURN = 0x0d

/**
 * Decodes the memory from the first view to the last one at once, which costs a third of decoding each view, and cuts it
 * where the lengths say. Returns `undefined` if a line is not there: the head arrived in several pieces.
 */
const fromOneBuffer = (
  raw: ReadonlyArray<unknown>,
  first: Uint8Array,
  last: Uint8Array,
): ReadonlyArray<Pair> | undefined => {
  const { buffer, byteOffset } = first
  const length = last.byteOffset + last.length - byteOffset
  if (last.buffer !== buffer || length <= 0) return undefined
  const text = Buffer.from(buffer, byteOffset, length).toString('latin1')
  const pairs: Pair[] = []
  let start = 0
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name, value] = [raw[i], raw[i + 1]]
    if (!(name instanceof Uint8Array && value instanceof Uint8Array)) return undefined
    const colon = start + name.length
    if (text.charCodeAt(colon) !== COLON) return undefined
    const valueStart = HeaderSyntax.skipBlanks(text, colon + 1)
    const end = valueStart + value.length
    if (end !== length && text.charCodeAt(end) !== CARRIAGE_RETURN) return undefined
    pairs.push([text.slice(start, colon), HeaderSyntax.trimBlanks(text.slice(valueStart, end))])
    start = end + '\r\n'.length
  }
  return start === length + '\r\n'.length ? pairs : undefined
}

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
  const [first, last]: ReadonlyArray<unknown> = [raw[0], raw[raw.length - 1]]
  const isDecoded = !(first instanceof Uint8Array && last instanceof Uint8Array)
  return (isDecoded ? undefined : fromOneBuffer(raw, first, last)) ?? fromList(raw)
}

/**
 * What an HTTP/1 head says about the end of its body (RFC 9112 6.3).
 *
 * | framing   | the body ends                                                                                  |
 * |-----------|------------------------------------------------------------------------------------------------|
 * | `Framed`  | after its Content-Length, or with its last chunk                                               |
 * | `Close`   | with the connection                                                                            |
 * | `Foreign` | nowhere: it has a transfer coding other than chunked, but we never send TE (RFC 9112 7)        |
 */
export type Framing = 'Framed' | 'Close' | 'Foreign'

const isKnownCoding = (value: string): boolean => /^(?:chunked|identity)$/i.test(value.trim())

/** Returns what the fields of a head say about the end of its body. */
export const framingOf = (received: ReadonlyArray<Pair>): Framing => {
  let framing: Framing = 'Close'
  for (const [name, value] of received) {
    if (Headers.sameName(name, 'content-length')) framing = 'Framed'
    if (!Headers.sameName(name, 'transfer-encoding')) continue
    if (!isKnownCoding(value)) return 'Foreign'
    framing = 'Framed'
  }
  return framing
}

/** Shared, so that a reply costs no allocation more. */
const REUSED: Reply.Connection = { reused: true }
const NEW: Reply.Connection = { reused: false }

export const connection = (isReused: boolean): Reply.Connection => (isReused ? REUSED : NEW)

/** Returns a reply, field by field, because a spread takes a microsecond. HTTP/2 is only known with its connection. */
export const reply = (
  { status, reason, headers, elapsed }: Reply.Head,
  body: Reply.Source,
  connection: Reply.Connection | undefined,
  httpVersion: Reply.Head['httpVersion'],
): Reply.Reply => {
  if (connection === undefined) return { status, reason, headers, elapsed, body }
  return httpVersion === undefined
    ? { status, reason, headers, elapsed, body, connection }
    : { status, reason, headers, elapsed, body, connection, httpVersion }
}
