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
 * The table in `transport/download/FileTarget.ts` lists what happens if `PATH` is a link, a device or a folder.
 *
 * | error              | when                                                                                     |
 * |--------------------|------------------------------------------------------------------------------------------|
 * | any `SendError`    | the request failed; for a body that was cut (`BodyCut`) the received bytes are kept        |
 * | `UnexpectedStatus` | the response has no file: a 404, a redirect that was not followed. Nothing is written      |
 * | `LengthMismatch`   | the body ended normally, but the file does not have the expected length                   |
 * | `RangeMismatch`    | the response is not the requested range, is longer than its Content-Range states, or is a |
 * |                    | range of a file of unknown length: resume again                                           |
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
import * as E from 'fp-ts/lib/Either.js'
import { identity, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as Http from './Http.js'
import { rejected } from './program/Streaming.js'
import * as Request from './session/Request.js'
import type { SendError } from './stages/Exchange.js'
import * as Send from './stages/Send.js'
import { faultSignal } from './transport/Cancellation.js'
import {
  type Download,
  type DownloadError,
  fileProgress,
  rangeMismatch,
  saveResponse,
} from './transport/download/Download.js'
import { claimPath, type ExistingFile, findExisting } from './transport/download/PartFile.js'
import type { Target } from './transport/download/PartWriter.js'
import * as Range from './transport/download/Range.js'
import * as Resource from './transport/download/Resource.js'
import * as UserInput from './values/UserInput.js'
import type * as Fault from './wire/Fault.js'
import type { Source, Unread } from './wire/Reply.js'
import type { StatusError } from './wire/ResponseError.js'
import type { OnProgress } from './wire/Transport.js'

export {
  type Download,
  type DownloadError,
  type LengthMismatch,
  matchDownloadError,
  type RangeMismatch,
  type UnexpectedStatus,
} from './transport/download/Download.js'
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

// --- files ---------------------------------------------------------------------------------------------------------

/** Options of `toFile`. */
export interface ToFile {
  /** What happens to the part of an earlier attempt: `Restart` (default) discards it, `Resume` requests the rest. */
  readonly existing?: 'Restart' | 'Resume'
}

type Fetch = Http.Http<SendError | DownloadError, Download | undefined>

/** Requests the whole file. */
const fetchWhole = (target: Target, request: Request.Request): Fetch =>
  Http.stream((head, body) => () => saveResponse(target, O.none, () => {}, head, body))(request)

/** Requests what is missing, or whether a finished file has changed. */
const fetchRest = (
  target: Target,
  request: Request.Request,
  existing: ExistingFile,
  onProgress: OnProgress | undefined,
): Fetch => {
  const progress = onProgress === undefined ? undefined : fileProgress(onProgress)
  const { part, isWhole } = existing
  return pipe(
    request,
    Request.withHeaders(isWhole ? Range.revalidateHeaders(part) : Range.resumeHeaders(part)),
    progress === undefined ? identity : Request.withProgress(progress.onProgress),
    Http.stream(
      (head, body) => () => saveResponse(target, O.some(existing), progress?.setOffset ?? (() => {}), head, body),
    ),
  )
}

/** Requests the rest of an existing part, and then the whole file if the rest cannot be used. */
const fetchFile =
  (
    target: Target,
    request: Request.Request,
    onProgress: OnProgress | undefined,
  ): Http.Http<SendError | DownloadError, Download> =>
  (jar) =>
  (client) =>
  async () => {
    const { claimed, resource, mayResume } = target
    const existing = mayResume && O.isSome(resource) ? await findExisting(claimed, resource.value) : O.none
    const fetch = O.isSome(existing)
      ? fetchRest(target, request, existing.value, onProgress)
      : fetchWhole(target, request)
    const first = await fetch(jar)(client)()
    if (E.isLeft(first)) return first
    const [download, jarAfter] = first.right
    if (download !== undefined) return E.right([download, jarAfter])
    const second = await fetchWhole(target, request)(jarAfter)(client)()
    if (E.isLeft(second)) return second
    const [whole, jarAtEnd] = second.right
    // `undefined` means "request the whole file", and this was such a request. The type cannot express it.
    return whole === undefined
      ? E.left(rangeMismatch('The server did not send the whole file'))
      : E.right([whole, jarAtEnd])
  }

/** Saves the body of a response as a file, and returns its path and size. Errors: `SendError`, `DownloadError`. */
export const toFile =
  (path: string, options: ToFile = {}) =>
  (request: Request.Request): Http.Http<SendError | DownloadError, Download> =>
  (jar) =>
  (client) =>
  async () => {
    // A content coding would change the number of bytes that ranges count.
    const uncoded = Request.withHeader('Accept-Encoding', 'identity')(request)
    const mayResume = UserInput.get(options, 'existing') === 'Resume'
    // The plan tells which resource this is before anything is sent. Sending prepares the plan again.
    const started = await Http.start(uncoded)(jar)(client)()
    if (E.isLeft(started)) return started
    const [exchange] = started.right
    const claim = await claimPath(path)
    if (E.isLeft(claim)) return claim
    const claimed = claim.right
    let stop: ReturnType<typeof faultSignal> | undefined
    try {
      const { progress } = exchange.merged.settings
      const onProgress = progress._tag === 'Set' ? progress.value : undefined
      // Only a special file, such as a FIFO, can make a download wait for another program.
      stop = claimed.target._tag === 'Special' ? faultSignal(Send.startControls(client, exchange.plan)) : undefined
      const target = { claimed, resource: Resource.of(exchange), mayResume, signal: stop?.signal }
      return await fetchFile(target, uncoded, onProgress)(jar)(client)()
    } finally {
      stop?.release()
      await claimed.release()
    }
  }
