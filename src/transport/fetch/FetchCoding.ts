/**
 * Content codings of a response of fetch, which decodes some of them and keeps the field Content-Encoding.
 *
 * | codings of the body                             | the body that fetch returns | then                              |
 * |-------------------------------------------------|-----------------------------|-----------------------------------|
 * | all known to fetch                              | is decoded                  | is passed on                      |
 * | several, for a fetch that decodes one at most   | is as it was sent           | is decoded by this library        |
 * | `zstd` alone, not in the list of fetch          | depends on the version      | its first octets decide           |
 * | another that fetch does not know                | is as it was sent           | is decoded by this library, if known |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Headers from '../../values/Headers.js'
import * as Secret from '../../values/Secret.js'
import * as Coding from '../../wire/coding/Coding.js'
import * as Fault from '../../wire/Fault.js'
import type { Capabilities } from './Capabilities.js'
import { type ChunkReader, octetsOf } from './FetchResponse.js'

/** A body, and the fields that describe its remaining codings. */
export interface CodedBody {
  readonly reader: ChunkReader
  readonly headers: Headers.Headers
}

const namesIn = (headers: Headers.Headers): ReadonlyArray<string> =>
  Headers.valuesOf(headers, 'content-encoding')
    .flatMap((value) => Secret.reveal(value).split(','))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity')

/** Returns the body with the codings that fetch has left. */
export const remaining = (reader: ChunkReader, headers: Headers.Headers, fetch: Capabilities): CodedBody => {
  const names = namesIn(headers)
  if (names.length === 0) return { reader, headers: Headers.empty }
  const isKnown = names.every((name) => fetch.decodes.includes(name))
  if (isKnown && (names.length === 1 || fetch.severalCodings === 'Decoded')) return { reader, headers: Headers.empty }
  return isZstd(headers) ? { reader: decodingZstd(reader), headers: Headers.empty } : { reader, headers }
}

/** Whether zstd is the only coding, and this library decodes it in this runtime. */
const isZstd = (headers: Headers.Headers): boolean => {
  const codings = Coding.codings(headers)
  return E.isRight(codings) && codings.right.length === 1 && codings.right[0] === 'zstd'
}

/** The start of a frame (RFC 8878 3.1.1). A body without it was decoded by fetch. */
const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd]

async function* octetsIn(reader: ChunkReader): AsyncGenerator<Uint8Array> {
  let isEnded = false
  try {
    for (;;) {
      const { done, value } = await reader.next()
      if (done === true) {
        isEnded = true
        return
      }
      const octets = octetsOf(value)
      // A body reports a fault as an exception.
      if (octets === undefined) throw Fault.make('ProtocolError', 'The body has chunks that are not octets')
      yield octets
    }
  } finally {
    if (!isEnded) await reader.cancel()
  }
}

async function* decodedIfCoded(reader: ChunkReader): AsyncGenerator<Uint8Array> {
  const source = octetsIn(reader)
  const start: Uint8Array[] = []
  let size = 0
  while (size < ZSTD_MAGIC.length) {
    const step = await source.next()
    if (step.done === true) break
    start.push(step.value)
    size += step.value.length
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield* start
    yield* source
  }
  const first = start.flatMap((chunk) => [...chunk.subarray(0, ZSTD_MAGIC.length)])
  const isCoded = ZSTD_MAGIC.every((octet, i) => first[i] === octet)
  yield* isCoded ? Coding.decodeStream(['zstd'], whole()) : whole()
}

const decodingZstd = (reader: ChunkReader): ChunkReader => {
  const chunks = decodedIfCoded(reader)
  return { next: () => chunks.next(), cancel: () => reader.cancel() }
}
