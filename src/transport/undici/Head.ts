/**
 * Header fields from and for undici.
 *
 * | direction | rule                                                                                          |
 * |-----------|-----------------------------------------------------------------------------------------------|
 * | sent      | a flat list in order, case and duplicates kept, secrets opened                                |
 * | sent      | no Transfer-Encoding: undici writes it for a body of unknown length                           |
 * | sent      | a Content-Length for a body whose length is known                                             |
 * | sent      | to a forwarding proxy, Host is the origin's                                                   |
 * | received  | octets as latin-1, in order, with duplicates, without white space around a value               |
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Body from '../../values/Body.js'
import * as Headers from '../../values/Headers.js'
import * as Secret from '../../values/Secret.js'
import * as Plan from '../../wire/Plan.js'

export type Pair = readonly [name: string, value: string]

/** Host and port as a Host header has them. */
const hostOf = ({ origin, protocol }: Plan.Plan['url']): string => origin.slice(protocol.length + 2)

/** The headers of a plan as undici takes them. */
export const flat = (plan: Plan.Plan, isForwarded: boolean): string[] => {
  const { fields } = isForwarded ? Plan.wireHeaders(plan) : plan.headers
  const list: string[] = []
  let hasLength = false
  let hasHost = !isForwarded
  for (const [name, value] of fields) {
    if (name.length === 17 && Headers.sameName(name, 'transfer-encoding')) continue
    if (name.length === 14 && Headers.sameName(name, 'content-length')) hasLength = true
    else if (name.length === 4 && Headers.sameName(name, 'host')) hasHost = true
    list.push(name, Secret.reveal(value))
  }
  if (!hasHost) list.push('Host', hostOf(plan.url))
  if (!hasLength && plan.body._tag !== 'Empty') {
    const length = Body.length(plan.body)
    if (O.isSome(length)) list.push('Content-Length', String(length.value))
  }
  return list
}

/** White space at the end is no part of a value (RFC 9110 5.5); the parser removes only what stands before it. */
const trimmed = (value: string): string => {
  let end = value.length
  while (end > 0 && isBlank(value.charCodeAt(end - 1))) end -= 1
  return end === value.length ? value : value.slice(0, end)
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

/** Whether they are views of one buffer, in order: what the parser saw, unless the head came in several pieces. */
const areOneBuffer = (raw: ReadonlyArray<unknown>): raw is ReadonlyArray<Uint8Array> => {
  let buffer: ArrayBufferLike | undefined
  let at = 0
  for (const octets of raw) {
    if (!(octets instanceof Uint8Array) || octets.byteOffset < at) return false
    if (buffer !== undefined && octets.buffer !== buffer) return false
    buffer = octets.buffer
    at = octets.byteOffset
  }
  return buffer !== undefined
}

/** One look at the memory for all of them; each of them by itself would cost several times as much. */
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
    const from = name.byteOffset - start
    const then = value.byteOffset - start
    pairs.push([text.slice(from, from + name.byteLength), trimmed(text.slice(then, then + value.byteLength))])
  }
  return pairs
}

const textOf = (octets: unknown): string => {
  if (typeof octets === 'string') return octets
  return octets instanceof Uint8Array ? Buffer.from(octets).toString('latin1') : ''
}

const fromList = (raw: ReadonlyArray<unknown>): ReadonlyArray<Pair> => {
  const pairs: Pair[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) pairs.push([textOf(raw[i]), trimmed(textOf(raw[i + 1]))])
  return pairs
}

/** HTTP/2 in undici 8. */
const fromObject = (raw: object): ReadonlyArray<Pair> =>
  Object.entries(raw).flatMap(([name, value]): ReadonlyArray<Pair> => {
    if (name.startsWith(':')) return []
    const values: ReadonlyArray<unknown> = Array.isArray(value) ? value : [value]
    return values.map((one): Pair => [name, textOf(one)])
  })

/** The fields of a reply from undici's raw headers. */
export const fields = (raw: unknown): ReadonlyArray<Pair> => {
  if (!Array.isArray(raw)) return typeof raw === 'object' && raw !== null ? fromObject(raw) : []
  return areOneBuffer(raw) ? fromOneBuffer(raw) : fromList(raw)
}

/** We never say TE, so chunked is the only transfer coding a server may use (RFC 9112 7). */
export const hasForeignTransferEncoding = (received: ReadonlyArray<Pair>): boolean => {
  for (const [name, value] of received) {
    if (name.length !== 17 || name.toLowerCase() !== 'transfer-encoding') continue
    const coding = value.trim().toLowerCase()
    if (coding !== 'chunked' && coding !== 'identity') return true
  }
  return false
}

const isFraming = ([name]: Pair): boolean => /^(?:content-length|transfer-encoding)$/i.test(name)

/** Whether a head over HTTP/1 says where its body ends; else the close of the connection ends it (RFC 9112 6.3). */
export const hasFraming = (received: ReadonlyArray<Pair>): boolean => received.some(isFraming)
