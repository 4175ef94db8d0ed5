/**
 * Reading a response body while it arrives (`pieces`, `text`, `lines`, `jsonLines`, `events`), using its items (`take`,
 * `forEach`, `toArray`), and saving it as a file.
 *
 * `toFile` writes to `PATH.part` and renames it to `PATH` when the file is complete, so `PATH` never holds half a file.
 * The name of the file never comes from the server.
 *
 * A failed download keeps its part. With `{ existing: 'Resume' }` the next one requests the rest with If-Range. It starts
 * from the beginning if there is no strong validator, or if the URL, method, body, header fields or login differ. With
 * `Resume`, a finished download keeps `PATH.part.json`, so that the next one only checks whether the file has changed.
 * Of two simultaneous downloads to one path, each writes a whole file, and the one that ends last wins.
 * With `{ parts: 4 }` a file is requested in four parts at the same time, if the server has strong validators and accepts ranges.
 * The parts are resumed one by one, also with another number of parts. `{ digest }` verifies the file before it gets its name.
 * The table in `transport/download/FileTarget.ts` lists what happens if `PATH` is a link, a device or a folder.
 *
 * | error              | when                                                                                     |
 * |--------------------|------------------------------------------------------------------------------------------|
 * | any `SendError`    | a request failed; for a body that was cut (`BodyCut`) the received bytes are kept. `InvalidSettings`: the `digest` is not valid |
 * | `UnexpectedStatus` | the response has no file: a 404, a redirect that was not followed. Nothing is written. For one of several parts the others are kept |
 * | `LengthMismatch`   | the body ended normally, but the file does not have the expected length                   |
 * | `RangeMismatch`    | the response is not the requested range, is longer than its Content-Range states, or is a |
 * |                    | range of a file of unknown length: resume again                                           |
 * | `DigestMismatch`   | the complete file has another digest than the option or `Repr-Digest` states. It is removed |
 * | `FileFailed`       | a file system operation failed                                                           |
 *
 * @example
 * import { mkdtempSync, readFileSync } from 'node:fs'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Client, Request, Session, Stream, Transport } from 'requests-ts'
 *
 * const path = join(mkdtempSync(join(tmpdir(), 'download-')), 'big.iso')
 * const transport = Transport.memory(() => ({ status: 200, body: 'a big file' }))
 * const outcome = await pipe(
 *   Request.get('http://h.test/big.iso'),
 *   Stream.toFile(path, { existing: 'Resume' }),
 *   Client.use({ session: Session.defaults, transport }))()
 * assert.deepEqual(pipe(outcome, E.map(([{ size }]) => size)), E.right(10))
 * assert.equal(readFileSync(path, 'utf8'), 'a big file')
 */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { rejected } from './program/Streaming.js'
import type * as Fault from './wire/Fault.js'
import type { Source, Unread } from './wire/Reply.js'
import type { StatusError } from './wire/ResponseError.js'

export { type ToFile, toFile } from './program/SaveFile.js'
export {
  type DigestMismatch,
  type Download,
  type DownloadError,
  type LengthMismatch,
  matchDownloadError,
  type RangeMismatch,
  type UnexpectedStatus,
} from './transport/download/Download.js'
export type { DigestAlgorithm } from './transport/download/FileDigest.js'
export type { FileFailed } from './transport/download/PartFile.js'
export {
  type InLine,
  type InvalidPayload,
  jsonLines,
  type LinesOptions,
  lines,
  type NotJson,
  type NotJsonLine,
  pieces,
  type SchemaFailed,
  text,
} from './wire/BodyReaders.js'
export {
  type DecodedEvents,
  decodeEvents,
  type EventsOptions,
  events,
  type InEvent,
  type ServerSentEvent,
} from './wire/ServerSentEvents.js'
export * from './wire/StreamItems.js'

// --- status --------------------------------------------------------------------------------------------------------

/**
 * Checks the status before a stream is used: an argument of `Http.stream`. A status of 400 or above is a `StatusError`, whose
 * response has the first 1,048,576 octets of the body. Errors: `StatusError`, those of `use`.
 *
 * @since 0.2.0
 * @category combinators
 */
export const ok =
  <E, A>(use: (head: Unread, body: Source) => TaskEither<E, A>) =>
  (head: Unread, body: Source): TaskEither<E | StatusError | Fault.Fault, A> =>
    head.status < 400 ? use(head, body) : rejected(head, body)
