/** The names of content codings in the header fields Accept-Encoding and Content-Encoding (RFC 9110 8.4). */
import * as E from 'fp-ts/lib/Either.js'
import * as Headers from '../../values/Headers.js'
import * as Secret from '../../values/Secret.js'
import * as Fault from '../Fault.js'
import { zstd } from './Zlib.js'

/** A content coding that this library decodes (RFC 9110 8.4.1, RFC 7932, RFC 8878). */
export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd'

const NAMES: ReadonlyMap<string, Coding> = new Map<string, Coding>([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['br', 'br'],
  ...(zstd === undefined ? [] : ([['zstd', 'zstd']] as const)),
])

/** The codings that can be decoded, as a value of Accept-Encoding. */
export const supported: string = [...NAMES.keys()].filter((name) => name !== 'x-gzip').join(', ')

/** Limits how far a small body can expand, because every coding multiplies its size. */
const MAX_CODINGS = 5

const NO_CODINGS: E.Either<Fault.Fault, ReadonlyArray<Coding>> = E.right([])

/** Returns the codings of a body in the order in which they were applied. More than five are `DecodingFailed`. */
export const codings = (headers: Headers.Headers): E.Either<Fault.Fault, ReadonlyArray<Coding>> => {
  if (Headers.find(headers, 'content-encoding') === undefined) return NO_CODINGS
  const names = Headers.valuesOf(headers, 'content-encoding')
    .flatMap((value) => Secret.reveal(value).split(','))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity')
  if (names.length > MAX_CODINGS) {
    const problem = `The body has ${names.length} content codings; at most ${MAX_CODINGS} are allowed`
    return E.left(Fault.make('DecodingFailed', problem))
  }
  const known = names.flatMap((name) => NAMES.get(name) ?? [])
  return known.length === names.length ? E.right(known) : NO_CODINGS
}
