/** Changes to header pairs and to a prepared request. */
import type { HeaderPair } from '../models/plain-request.js'
import type { Prepared } from '../shapes.js'
import { toBase64 } from '../tagged.js'

export type Pairs = ReadonlyArray<HeaderPair>

export const isNamed =
  (...names: ReadonlyArray<string>) =>
  ([name]: HeaderPair): boolean =>
    names.includes(name.toLowerCase())

/** Replaces the value of an existing header; keeps all other headers. */
export const replaced = (headers: Pairs, name: string, value: string): Pairs =>
  headers.map((pair): HeaderPair => (isNamed(name)(pair) ? [pair[0], value] : pair))

/** Inserts a header before the headers that requests adds to the given ones. */
export const added = (headers: Pairs, given: Pairs, pair: HeaderPair): Pairs => {
  const at = headers.findIndex(([name]) => !given.some(isNamed(name.toLowerCase())))
  const place = at < 0 ? headers.length : at
  return [...headers.slice(0, place), pair, ...headers.slice(place)]
}

export const bytesOf = ({ body }: Pick<Prepared, 'body'>): Buffer => Buffer.from(body ?? '', 'base64')

/** Replaces the body and its Content-Length. */
export const withBody = <P extends Prepared>(prepared: P, body: Uint8Array): P => ({
  ...prepared,
  body: toBase64(body),
  headers: replaced(prepared.headers, 'content-length', String(body.length)),
})
