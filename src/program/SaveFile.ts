/** Saves the body of a response as a file: `Stream.toFile`. `transport/download` has the files, and what a response means. */
import * as E from 'fp-ts/lib/Either.js'
import { identity, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Client } from '../Client.js'
import * as Http from '../Http.js'
import * as Request from '../session/Request.js'
import { type Exchange, failed, mainOf, type SendError } from '../stages/Exchange.js'
import { invalidSettings } from '../stages/PlanError.js'
import * as Send from '../stages/Send.js'
import { faultSignal } from '../transport/Cancellation.js'
import {
  type Download,
  type DownloadError,
  fileProgress,
  rangeMismatch,
  risingProgress,
  saveResponse,
} from '../transport/download/Download.js'
import * as FileDigest from '../transport/download/FileDigest.js'
import {
  type ClaimedPath,
  claimPath,
  type ExistingFile,
  findExisting,
  type Target,
} from '../transport/download/PartFile.js'
import * as Range from '../transport/download/Range.js'
import * as Resource from '../transport/download/Resource.js'
import { type Division, plannedFor } from '../transport/download/Segments.js'
import * as Headers from '../values/Headers.js'
import * as UserInput from '../values/UserInput.js'
import type { OnProgress, SendControls } from '../wire/Transport.js'
import { fetchParts } from './FetchParts.js'

/** Options of `toFile`. */
export interface ToFile {
  /** What happens to the part of an earlier attempt: `Restart` (default) discards it, `Resume` requests the rest. */
  readonly existing?: 'Restart' | 'Resume'
  /**
   * The digest that the file must have before it gets its name: `sha-256=:BASE64:` as in a header field (RFC 9530),
   * `sha-256=BASE64` or `sha-256=HEX`; also with `sha-512`. By default the `Repr-Digest` of the response, or else of the one that began the part.
   *
   * @since 0.2.0
   */
  readonly digest?: string
  /**
   * How many parts of the file are requested at the same time: 1 by default, 16 at most. A fraction is rounded down; a value
   * that is not at least 1, such as `NaN`, counts as 1. Only for GET, if the server has `Accept-Ranges: bytes`, a strong
   * validator and a Content-Length, and for parts of 262,144 bytes or more; otherwise the file is requested as a whole.
   *
   * @since 0.2.0
   */
  readonly parts?: number
}

const MAX_PARTS = 16

/** Returns the number of parts. A range of a file is only defined for GET, and a stream cannot be sent twice. */
const partsOf = (options: ToFile, exchange: Exchange, { target }: ClaimedPath): number => {
  const given = UserInput.get(options, 'parts') ?? 1
  const { method, body, headers } = mainOf(exchange).plan
  const isPlain = method === 'GET' && body._tag === 'Empty' && !Headers.has('Range')(headers) && target._tag === 'Plain'
  return isPlain && typeof given === 'number' && given >= 1 ? Math.min(Math.floor(given), MAX_PARTS) : 1 // the comparison is false for `NaN` too
}

type Fetch = Http.Http<SendError | DownloadError, Download | undefined>

/** Requests the whole file. */
const fetchWhole = (target: Target, request: Request.Request): Fetch =>
  Http.stream((head, body) => () => saveResponse(target, O.none, () => {}, head, body))(request)

/** Requests the whole file after another request. */
const fetchAgain = (target: Target, request: Request.Request, { onProgress }: Division): Fetch =>
  fetchWhole(target, onProgress === undefined ? request : Request.withProgress(onProgress)(request))

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

const fetchFirst = (
  target: Target,
  request: Request.Request,
  existing: O.Option<ExistingFile>,
  division: Division,
): Fetch => {
  const { parts, onProgress } = division
  const hasParts = parts > 1 || (O.isSome(existing) && O.isSome(plannedFor(existing.value, parts)))
  if (hasParts) return pipe(fetchParts(target, request, existing, division), Http.map(O.toUndefined))
  return O.isSome(existing) ? fetchRest(target, request, existing.value, onProgress) : fetchWhole(target, request)
}

/** Requests the rest of an existing part, or the parts of a file, and then the whole file if they cannot be used. */
const fetchFile =
  (target: Target, request: Request.Request, division: Division): Http.Http<SendError | DownloadError, Download> =>
  (jar) =>
  (client) =>
  async () => {
    const { claimed, resource, mayResume } = target
    const existing = mayResume && O.isSome(resource) ? await findExisting(claimed, resource.value) : O.none
    const first = await fetchFirst(target, request, existing, division)(jar)(client)()
    if (E.isLeft(first)) return first
    const [download, jarAfter] = first.right
    if (download !== undefined) return E.right([download, jarAfter])
    const second = await fetchAgain(target, request, division)(jarAfter)(client)()
    if (E.isLeft(second)) return second
    const [whole, jarAtEnd] = second.right
    // `undefined` means "request the whole file", and this was such a request. The type cannot express it.
    return whole === undefined
      ? E.left(rangeMismatch('The server did not send the whole file'))
      : E.right([whole, jarAtEnd])
  }

/** Returns what ends the work on the files. Each request has a deadline of its own. */
const controlsOf = (client: Client, { plan }: Exchange, { target }: ClaimedPath): SendControls =>
  // Only a special file, such as a FIFO, can make a download wait for another program.
  target._tag === 'Special'
    ? Send.startControls(client, plan)
    : Send.untilClosed(client, { signal: UserInput.get(client, 'signal') })

const digestOf = (options: ToFile, exchange: Exchange): E.Either<SendError, O.Option<FileDigest.FileDigest>> => {
  const given = UserInput.get(options, 'digest')
  if (given === undefined) return E.right(O.none)
  return pipe(
    FileDigest.parse(given),
    E.bimap((problem) => failed(invalidSettings('digest', problem))(exchange), O.some),
  )
}

/**
 * Saves the body of a response as a file, and returns its path and size. Errors: `SendError` (`InvalidSettings` for a digest that
 * is not valid), `DownloadError`.
 *
 * @example
 * import { createHash } from 'node:crypto'
 * import { mkdtempSync, readFileSync } from 'node:fs'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Client, Headers, Request, Stream, Transport } from 'requests-ts'
 *
 * const file = 'x'.repeat(1_000_000)
 * const requested: string[] = []
 * const transport = Transport.memory(({ headers }) => {
 *   const range = new Map(Headers.reveal(headers)).get('Range')
 *   requested.push(range ?? 'the whole file')
 *   const version = { ETag: '"v1"', 'Accept-Ranges': 'bytes' }
 *   const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? []
 *   if (from === undefined) return { status: 200, headers: { ...version, 'Content-Length': '1000000' }, body: file }
 *   const contentRange = { 'Content-Range': `bytes ${from}-${to}/1000000` }
 *   return { status: 206, headers: { ...version, ...contentRange }, body: file.slice(Number(from), Number(to) + 1) }
 * })
 * const path = join(mkdtempSync(join(tmpdir(), 'parts-')), 'big.iso')
 * const digest = `sha-256=${createHash('sha256').update(file).digest('hex')}`
 * const saved = pipe(Request.get('http://h.test/big.iso'), Stream.toFile(path, { parts: 2, digest }))
 * await Client.runWith({ transport })(saved)()
 * // The first request is for the whole file. Its response is read only up to the second part.
 * assert.deepEqual(requested, ['the whole file', 'bytes=500000-999999'])
 * assert.equal(readFileSync(path, 'utf8'), file)
 */
export const toFile =
  (path: string, options: ToFile = {}) =>
  (request: Request.Request): Http.Http<SendError | DownloadError, Download> =>
  (jar) =>
  (client) =>
  async () => {
    const given = options ?? {} // null in untyped code
    // A content coding would change the number of bytes that ranges count.
    const uncoded = Request.withHeader('Accept-Encoding', 'identity')(request)
    const mayResume = UserInput.get(given, 'existing') === 'Resume'
    // The plan tells which resource this is before anything is sent. Sending prepares the plan again.
    const started = await Http.start(uncoded)(jar)(client)()
    if (E.isLeft(started)) return started
    const [exchange] = started.right
    const digest = digestOf(given, exchange)
    if (E.isLeft(digest)) return digest
    const claim = await claimPath(path)
    if (E.isLeft(claim)) return claim
    const claimed = claim.right
    let stop: ReturnType<typeof faultSignal> | undefined
    try {
      const { progress } = exchange.merged.settings
      const onProgress = progress._tag === 'Set' ? risingProgress(progress.value) : undefined
      stop = faultSignal(controlsOf(client, exchange, claimed))
      const resource = Resource.of(exchange)
      const target = { claimed, resource, mayResume, signal: stop.signal, digest: digest.right }
      const division = { parts: partsOf(given, exchange, claimed), onProgress }
      return await fetchFile(target, uncoded, division)(jar)(client)()
    } finally {
      stop?.release()
      await claimed.release()
    }
  }
