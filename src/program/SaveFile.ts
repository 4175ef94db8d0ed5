/** Saves the body of a response as a file: `Stream.toFile`. `transport/download` has the files, and what a response means. */
import * as E from 'fp-ts/lib/Either.js'
import { identity, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Http from '../Http.js'
import * as Request from '../session/Request.js'
import { type Exchange, failed, type SendError } from '../stages/Exchange.js'
import { invalidSettings } from '../stages/PlanError.js'
import * as Send from '../stages/Send.js'
import { faultSignal } from '../transport/Cancellation.js'
import {
  type Download,
  type DownloadError,
  fileProgress,
  rangeMismatch,
  saveResponse,
} from '../transport/download/Download.js'
import * as FileDigest from '../transport/download/FileDigest.js'
import { claimPath, type ExistingFile, findExisting, type Target } from '../transport/download/PartFile.js'
import * as Range from '../transport/download/Range.js'
import * as Resource from '../transport/download/Resource.js'
import * as UserInput from '../values/UserInput.js'
import type { OnProgress } from '../wire/Transport.js'

/** Options of `toFile`. */
export interface ToFile {
  /** What happens to the part of an earlier attempt: `Restart` (default) discards it, `Resume` requests the rest. */
  readonly existing?: 'Restart' | 'Resume'
  /**
   * The digest that the file must have before it gets its name: `sha-256=:BASE64:` as in a header field (RFC 9530),
   * `sha-256=BASE64` or `sha-256=HEX`; also with `sha-512`. By default the `Repr-Digest` of the response, if it has one of these.
   *
   * @since 0.2.0
   */
  readonly digest?: string
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
 */
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
    const digest = digestOf(options, exchange)
    if (E.isLeft(digest)) return digest
    const claim = await claimPath(path)
    if (E.isLeft(claim)) return claim
    const claimed = claim.right
    let stop: ReturnType<typeof faultSignal> | undefined
    try {
      const { progress } = exchange.merged.settings
      const onProgress = progress._tag === 'Set' ? progress.value : undefined
      // Only a special file, such as a FIFO, can make a download wait for another program.
      stop = claimed.target._tag === 'Special' ? faultSignal(Send.startControls(client, exchange.plan)) : undefined
      const resource = Resource.of(exchange)
      const target = { claimed, resource, mayResume, signal: stop?.signal, digest: digest.right }
      return await fetchFile(target, uncoded, onProgress)(jar)(client)()
    } finally {
      stop?.release()
      await claimed.release()
    }
  }
