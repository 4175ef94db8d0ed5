/** The header fields of HTTP/2 requests and responses. */
import type * as http2 from 'node:http2'
import * as Headers from '../../values/Headers.js'
import type { ChannelRequest } from './Channel.js'

const CONNECTION_SPECIFIC: ReadonlySet<string> = new Set([
  'connection',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

const EXPECTS_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'QUERY'])

const isSent = (name: string, value: string): boolean =>
  !CONNECTION_SPECIFIC.has(name) && (name !== 'te' || value.trim().toLowerCase() === 'trailers')

/** Returns the first value of a field in a flat list of names and values. */
export const valueIn = (list: ReadonlyArray<string>, name: string): string | undefined =>
  list.find((_, i) => i % 2 === 1 && Headers.sameName(list[i - 1] ?? '', name))

/** Returns the fields of a request as Node expects them: lower-case names, each name once. */
export const headersOf = ({ headers, method, path, body, origin }: ChannelRequest): http2.OutgoingHttpHeaders => {
  const fields = new Map<string, string[]>()
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = (headers[i] ?? '').toLowerCase()
    const original = headers[i + 1] ?? ''
    if (!isSent(name, original)) continue
    // Node accepts TE only in lower case.
    const value = name === 'te' ? 'trailers' : original
    const values = fields.get(name)
    if (values === undefined) fields.set(name, [value])
    else values.push(value)
  }
  if (body === null && EXPECTS_BODY.has(method) && !fields.has('content-length')) fields.set('content-length', ['0'])
  const sent: http2.OutgoingHttpHeaders = Object.create(null)
  sent[':method'] = method
  sent[':path'] = path
  sent[':scheme'] = 'https'
  sent[':authority'] = valueIn(headers, 'host') ?? new URL(origin).host
  for (const [name, values] of fields) sent[name] = values.length === 1 ? values[0] : values
  return sent
}

export const receivedFields = (raw: unknown, headers: http2.IncomingHttpHeaders): ReadonlyArray<string> => {
  // Node passes the raw list as a third argument, which its types omit.
  const list: ReadonlyArray<unknown> = Array.isArray(raw) ? raw : Object.entries(headers).flat(2)
  const kept: string[] = []
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = String(list[i])
    if (!name.startsWith(':')) kept.push(name, String(list[i + 1]))
  }
  return kept
}
