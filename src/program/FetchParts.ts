/**
 * Downloads a file in several parts at the same time.
 *
 * The first request is that of any download. If its response shows that the server sends ranges of this version, the other parts
 * are requested while the first is read; otherwise the response is saved as it is. Each request is a program of its own: it
 * follows redirects, logs in and obtains tokens. All but the first start from the jar after the first response, without its
 * digest challenges, so that no nonce is counted twice. The jars are joined.
 *
 * | a part                                     | then                                                                   |
 * |--------------------------------------------|------------------------------------------------------------------------|
 * | fails                                      | the others are aborted, what was received is kept, and its error is returned |
 * | is a shorter range than requested          | another request fetches the rest of it                                 |
 * | is refused (429, 503)                      | another request fetches it later; the error is returned if none is left |
 * | shows another version, or a wrong range    | the others are aborted, and the whole file must be requested           |
 *
 * The part stays until a response for the whole file begins, because one server of several may have been wrong.
 */
import * as E from 'fp-ts/lib/Either.js'
import { identity, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Client } from '../Client.js'
import { untilAborted } from '../client/Interpreter.js'
import * as SharedJar from '../client/SharedJar.js'
import * as Jar from '../cookies/Jar.js'
import * as Http from '../Http.js'
import * as HttpError from '../HttpError.js'
import * as Request from '../session/Request.js'
import { failed, type SendError } from '../stages/Exchange.js'
import {
  type Download,
  type DownloadError,
  digestMismatch,
  fileProgress,
  lengthMismatch,
  saveResponse,
  unexpectedStatus,
} from '../transport/download/Download.js'
import type { ExistingFile, Target } from '../transport/download/PartFile.js'
import * as Range from '../transport/download/Range.js'
import * as Segments from '../transport/download/Segments.js'
import type { Segment } from '../transport/download/SegmentWriter.js'
import * as Fault from '../wire/Fault.js'
import type { Source, Unread } from '../wire/Reply.js'
import { withPlan } from '../wire/Transport.js'

type Failure = SendError | DownloadError
/** None if the whole file must be requested again. */
type Result = O.Option<Download>
type PartOutcome = E.Either<Failure, Segments.PartEnd>

/** How the first response ended: it was saved as it is, or it was the first part. */
type FirstEnd = { readonly _tag: 'Saved'; readonly saved: Result } | Segments.PartEnd

const SILENT = () => () => {}

/** Returns the header fields of the first request. */
const firstHeaders = (existing: O.Option<ExistingFile>, parts: number): ReturnType<typeof Range.resumeHeaders> => {
  if (O.isNone(existing)) return []
  const { part, isWhole } = existing.value
  if (isWhole) return Range.revalidateHeaders(part)
  const planned = Segments.plannedFor(existing.value, parts)
  const [, end] = O.isSome(planned) ? (planned.value[0] ?? []) : []
  return end === undefined ? Range.resumeHeaders(part) : Range.rangeHeaders(part, end)
}

/** The requests that run, and the segments that no request fetches yet. */
interface Transfer {
  readonly takeAt: Segments.TakeAt
  /** Fetches segments until none is left, after the outcome of the first response. Returns the result of the download. */
  readonly end: (first: E.Either<Failure, FirstEnd>, jar: Jar.Jar) => Promise<E.Either<Failure, [Result, Jar.Jar]>>
  /** Stops the requests, and keeps what was received. */
  readonly fail: () => Promise<void>
}

/** What each request of a transfer needs. */
interface Context {
  readonly target: Target
  readonly request: Request.Request
  readonly parts: number
  readonly stop: AbortController
  readonly client: Client
}

const fetchSegment = (
  { target, request }: Context,
  begun: Segments.Begun,
  segment: Segment,
): Http.Http<Failure, Segments.PartEnd> =>
  pipe(
    request,
    Request.withHeaders(Segments.headersFor(begun, segment)),
    Request.withProgress(SILENT), // The writer reports the sum of all parts.
    Http.stream((head, body) => () => Segments.saveSegment(target, begun, segment, head, body)),
  )

const startTransfer = (context: Context, begun: Segments.Begun, head: Unread): Transfer => {
  const { target, parts, stop, client } = context
  const { writer } = begun
  const queue = writer.segments.slice(1)
  let active = 1
  let earliest: { readonly error: Failure } | undefined
  let restart: 'Again' | 'TooLong' | undefined

  const take = (): Segment | undefined => (stop.signal.aborted ? undefined : queue.shift())
  const takeAt = (position: number): Segment | undefined => (queue[0]?.at === position ? take() : undefined)
  const stopAll = (): false => {
    stop.abort(new Error('Another part of the download failed'))
    return false
  }
  const failWith = (error: Failure): false => {
    if (!stop.signal.aborted) earliest = { error } // The others end because they were aborted.
    return stopAll()
  }
  const putBack = (segment: Segment): void => {
    queue.push(segment)
    queue.sort((x, y) => x.start - y.start)
  }
  /** Handles the end of a part that was not refused. Returns whether its worker may take another one. */
  const mayGoOn = (end: Exclude<Segments.PartEnd, { readonly _tag: 'Refused' }>): boolean => {
    if (end._tag === 'Done') return true
    if (end._tag === 'Shorter') {
      putBack(end.segment)
      return true
    }
    if (restart !== 'TooLong') restart = end._tag
    return stopAll()
  }
  /** Returns whether the worker of the segment may take another one. */
  const mayContinue = (segment: Segment, outcome: PartOutcome, wasAlone: boolean): boolean => {
    if (E.isLeft(outcome)) return failWith(outcome.left)
    if (outcome.right._tag !== 'Refused') return mayGoOn(outcome.right)
    if (wasAlone) return failWith(unexpectedStatus(target.claimed.given, outcome.right.head))
    putBack(segment)
    return active === 1
  }
  /** Fetches segments, one after the other. Returns the jar at the end. */
  const work = async (from: Jar.Jar): Promise<Jar.Jar> => {
    let jar = from
    try {
      for (let segment = take(); segment !== undefined; segment = take()) {
        const wasAlone = active === 1
        const [outcome, after] = await SharedJar.recover(fetchSegment(context, begun, segment), jar, client)
        jar = after
        if (!mayContinue(segment, outcome, wasAlone)) break
      }
      return jar
    } catch (cause) {
      stopAll()
      return Promise.reject(cause) // an exception of the user's code is not hidden
    } finally {
      active -= 1
    }
  }
  const follow = (): Promise<Jar.Jar> => {
    active += 1
    return work(Jar.withoutChallenges(head.jar))
  }
  const followers = Promise.allSettled(Array.from({ length: Math.min(parts - 1, queue.length) }, follow))

  /** Returns why the file did not get its name: the signal that aborted while it was read, or an operation that failed. */
  const abortOr = (failure: Failure, joined: Jar.Jar): Failure => {
    const { signal } = target
    if (!signal?.aborted || !Fault.is(signal.reason)) return failure
    return failed(withPlan(head.plan, signal.reason))({ history: head.history, jar: joined })
  }
  const conclude = async (joined: Jar.Jar): Promise<E.Either<Failure, [Result, Jar.Jar]>> => {
    if (earliest !== undefined) {
      await writer.keep()
      return E.left(HttpError.withJar(joined)(earliest.error))
    }
    if (restart !== undefined) {
      await (restart === 'Again' ? writer.keep() : writer.abandon())
      return E.right([O.none, joined])
    }
    if (writer.received() !== writer.total) {
      await writer.keep()
      return E.left(lengthMismatch(writer.total, writer.received()))
    }
    const { given } = target.claimed
    const finished = await writer.finish(begun.digest)
    if (E.isLeft(finished)) return E.left(abortOr(finished.left, joined))
    if (O.isSome(finished.right)) return E.left(digestMismatch(given, finished.right.value))
    return E.right([O.some({ path: given, size: writer.total, resumedAt: writer.resumedAt, head }), joined])
  }
  return {
    takeAt,
    fail: async () => {
      stopAll()
      await followers
      await writer.keep()
    },
    end: async (first, jarAfterFirst) => {
      if (E.isLeft(first)) failWith(first.left)
      else if (first.right._tag !== 'Saved' && first.right._tag !== 'Refused') mayGoOn(first.right)
      const own = Promise.allSettled([work(jarAfterFirst)])
      const jars: Jar.Jar[] = []
      for (const result of [...(await followers), ...(await own)]) {
        if (result.status === 'rejected') {
          await writer.keep()
          return Promise.reject(result.reason)
        }
        jars.push(result.value)
      }
      return conclude(jars.reduce((jar, after) => Jar.join(jar, after), jarAfterFirst))
    },
  }
}

/** Downloads a file in parts, if its server allows that, and otherwise as `saveResponse` does. */
export const fetchParts =
  (
    target: Target,
    request: Request.Request,
    existing: O.Option<ExistingFile>,
    division: Segments.Division,
  ): Http.Http<Failure, Result> =>
  (jar) =>
  (outer) =>
  async () => {
    const { parts, onProgress } = division
    const stop = new AbortController()
    const { client, release } = untilAborted(stop.signal)(outer)
    const progress = onProgress === undefined ? undefined : fileProgress(onProgress)
    let transfer: Transfer | undefined
    const use = async (head: Unread, body: Source): Promise<E.Either<DownloadError, FirstEnd>> => {
      const begun = await Segments.beginWith(target, division, existing, head)
      if (E.isLeft(begun)) return begun
      if (O.isNone(begun.right)) {
        const saved = await saveResponse(target, existing, progress?.setOffset ?? (() => {}), head, body)
        return E.map(
          (download: Download | undefined): FirstEnd => ({ _tag: 'Saved', saved: O.fromNullable(download) }),
        )(saved)
      }
      const { writer, first, bodyEnd } = begun.right.value
      transfer = startTransfer({ target, request, parts, stop, client }, begun.right.value, head)
      return Segments.receive(writer, first, bodyEnd, transfer.takeAt, body)
    }
    const sent = pipe(
      request,
      Request.withHeaders(firstHeaders(existing, parts)),
      progress === undefined ? identity : Request.withProgress(progress.onProgress),
      Http.stream((head, body) => () => use(head, body)),
    )
    try {
      const [outcome, after] = await SharedJar.recover(sent, jar, client)
      if (transfer !== undefined) return await transfer.end(outcome, after)
      if (E.isLeft(outcome)) return outcome
      return E.right([outcome.right._tag === 'Saved' ? outcome.right.saved : O.none, after])
    } catch (cause) {
      await transfer?.fail()
      return Promise.reject(cause) // an exception of the user's code is not hidden
    } finally {
      release()
    }
  }
