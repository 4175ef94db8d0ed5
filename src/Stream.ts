/**
 * How a body is read while it comes (see `wire/Stream.ts`), and how it becomes a file.
 *
 * `toFile` writes to `PATH.part` and gives the file its name when all of it is there, so `PATH` is never half a file.
 * The name is yours; nothing of it is taken from the server. What broke off stays, and `{ existing: 'Resume' }` asks for
 * the rest with If-Range. It begins anew without a strong validator, and for another request: URL, method, body, header
 * fields and login must be the same. A finished download that may resume keeps `PATH.part.json`, so that the next one only
 * asks whether the file has changed. Two downloads to one path each write a whole file, and the last one stays.
 * What PATH may name, a device or a link, is said in `transport/FileTarget.ts`.
 *
 * | error              | when                                                                                   |
 * |--------------------|----------------------------------------------------------------------------------------|
 * | any `SendError`    | as ever; a body that was cut is `BodyCut`, and what came of it is kept                   |
 * | `UnexpectedStatus` | the reply is no file: a 404, a redirect that was not followed. Nothing is written        |
 * | `LengthMismatch`   | the body ended, and is not as long as it was said to be                                 |
 * | `RangeMismatch`    | the response is not the range that was asked for, or is longer than its Content-Range    |
 * |                    | says; or it is a range of a file of unknown length: resume once more                     |
 * | `FileFailed`       | the file system said no                                                                 |
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
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Http from './Http.js'
import * as Request from './session/Request.js'
import type { SendError } from './stages/Exchange.js'
import * as Send from './stages/Send.js'
import { stopSignal } from './transport/Cancellation.js'
import * as PartFile from './transport/download/PartFile.js'
import * as Range from './transport/download/Range.js'
import * as Resource from './transport/download/Resource.js'
import * as OwnProperty from './values/OwnProperty.js'
import * as Printable from './values/Printable.js'
import type { Source } from './wire/Reply.js'
import type { Unread } from './wire/Response.js'
import { notifyProgress, type OnProgress, type Progress } from './wire/Transport.js'

export type { FileFailed } from './transport/download/PartFile.js'
export * from './wire/BodyReaders.js'

export interface UnexpectedStatus {
  readonly _tag: 'UnexpectedStatus'
  readonly head: Unread
  readonly message: string
}
export interface LengthMismatch {
  readonly _tag: 'LengthMismatch'
  /** Octets, of the whole file. */
  readonly expected: number
  readonly received: number
  readonly message: string
}
export interface RangeMismatch {
  readonly _tag: 'RangeMismatch'
  readonly message: string
}
export type DownloadError = PartFile.FileFailed | UnexpectedStatus | LengthMismatch | RangeMismatch

/** A file that is all there. */
export interface Download {
  readonly path: string
  /** Octets. */
  readonly size: number
  /** Octets that were there already, from an earlier attempt. */
  readonly resumedAt: number
  /** The reply that brought the rest. */
  readonly head: Unread
}

export interface ToFile {
  /** What is done with what an earlier attempt left: begin anew, which is the default, or ask for the rest. */
  readonly existing?: 'Restart' | 'Resume'
}

type Outcome<A> = E.Either<DownloadError, A>

const mismatch = (expected: number, received: number): LengthMismatch => ({
  _tag: 'LengthMismatch',
  expected,
  received,
  message: `The file was to have ${expected} octets, and has ${received}`,
})

const rangeMismatch = (message: string): RangeMismatch => ({ _tag: 'RangeMismatch', message })

/** One download: the claimed path, what asks for what, and what is told of its progress. */
interface Target {
  readonly claim: PartFile.Claim
  readonly resource: O.Option<string>
  readonly mayResume: boolean
  readonly signal: AbortSignal | undefined
}

const aboutOf = (
  { resource }: Target,
  head: Unread,
  verdict: Extract<Range.RangeAnswer, { _tag: 'Begin' }>,
): O.Option<PartFile.About> => {
  const { length, validator, isResumable } = verdict
  if (!isResumable || O.isNone(resource) || O.isNone(validator)) return O.none
  return O.some({
    resource: resource.value,
    place: Resource.placeOf(head.plan),
    validator: validator.value,
    modified: Range.modifiedOf(head),
    total: length,
  })
}

/** How a body is written, and how long the whole and the body are. */
interface Start {
  readonly start: PartFile.Start
  readonly expected: O.Option<number>
  readonly length?: O.Option<number>
}

/** Writes a body, and says what has become of it. */
const receive = async (
  { claim, mayResume, signal }: Target,
  head: Unread,
  body: AsyncIterable<Uint8Array>,
  { start, expected, length = O.none }: Start,
): Promise<Outcome<Download>> => {
  const written = await PartFile.receive(claim, { start, expected, length, keepsNote: mayResume, signal })(body)
  if (E.isLeft(written)) return written
  const { _tag, size } = written.right
  const resumedAt = start._tag === 'Append' ? start.size : 0
  if (_tag === 'Whole') return E.right({ path: claim.given, size, resumedAt, head })
  if (O.isSome(expected) && size !== expected.value) return E.left(mismatch(expected.value, size))
  return E.left(
    _tag === 'TooLong'
      ? rangeMismatch(`The response has ${size - resumedAt} octets, which is more than its Content-Range says`)
      : rangeMismatch(`The response ends at octet ${size} and does not say how long the file is; resume once more`),
  )
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** What a 304 means: that the file of that place is unchanged, if it is of the version that was asked about. */
const unchanged = ({ part, isWhole }: PartFile.Found, head: Unread): Range.RangeAnswer => {
  if (!isWhole) return { _tag: 'Unexpected' }
  return { _tag: Range.isConfirmed(head, part) ? 'Complete' : 'Again' }
}

/** What an answer means for what is there: nothing goes on from another place than it came from. */
const judged = (found: O.Option<PartFile.Found>, head: Unread): Range.RangeAnswer => {
  if (O.isNone(found)) return Range.evaluate(O.none)(head)
  const { part, isWhole, isFrom } = found.value
  const verdict = head.status === 304 ? unchanged(found.value, head) : Range.evaluate(O.some(part))(head)
  if (verdict._tag === 'Append' && isWhole) return { _tag: 'Again' }
  const goesOn = verdict._tag === 'Append' || verdict._tag === 'Complete'
  return goesOn && !isFrom(Resource.placeOf(head.plan)) ? { _tag: 'Again' } : verdict
}

/** `undefined` asks for the whole again. */
const take = async (
  download: Target,
  found: O.Option<PartFile.Found>,
  shift: Shift,
  head: Unread,
  body: Source,
): Promise<Outcome<Download | undefined>> => {
  const verdict = judged(found, head)
  const size = O.isSome(found) ? found.value.part.size : 0
  switch (verdict._tag) {
    case 'Begin':
      shift(0, verdict.length)
      return receive(download, head, body, {
        start: { _tag: 'Begin', about: aboutOf(download, head, verdict) },
        expected: verdict.length,
      })
    case 'Append': {
      shift(size, verdict.length)
      const { total, length } = verdict
      return receive(download, head, body, { start: { _tag: 'Append', size }, expected: total, length })
    }
    case 'Complete': {
      if (O.isSome(found) && found.value.isWhole) {
        return E.right({ path: download.claim.given, size, resumedAt: size, head })
      }
      return receive(download, head, nothing(), { start: { _tag: 'Append', size }, expected: O.some(size) })
    }
    case 'Again':
      return E.right(undefined)
    case 'Mismatch':
      return E.left(rangeMismatch(`${verdict.message}; begin anew with { existing: 'Restart' }`))
    case 'Unexpected':
      return E.left({
        _tag: 'UnexpectedStatus',
        head,
        message: Printable.escapeControls(
          `${head.status} ${head.reason} is not a response to save: ${download.claim.given} was not touched`,
        ),
      })
  }
}

// --- progress ------------------------------------------------------------------------------------------------------

/** Says from which octet on the body counts, and how long it is. */
type Shift = (from: number, length: O.Option<number>) => void

interface Shifted {
  readonly onProgress: OnProgress
  readonly shift: Shift
}

/**
 * Progress of the whole file: what is there already counts. The transport may tell of the first piece before it gives the
 * head, so what comes down is held until it is known where it belongs; what came of earlier hops is not of the file.
 */
const shifted = (inner: OnProgress): Shifted => {
  let from: number | undefined
  let held: Progress | undefined
  const moved = (seen: Progress, by: number): Progress => {
    const total = seen.total === undefined ? {} : { total: by + seen.total }
    return { ...seen, bytes: by + seen.bytes, ...total }
  }
  return {
    onProgress: (seen) => () => {
      if (seen.direction === 'up') inner(seen)()
      else if (from === undefined) held = seen
      else inner(moved(seen, from))()
    },
    shift: (by, length) => {
      from = by
      if (held !== undefined && held.total === O.toUndefined(length)) notifyProgress(inner, moved(held, by))
      held = undefined
    },
  }
}

const noShift: Shift = () => {}

// --- downloads -----------------------------------------------------------------------------------------------------

/** The octets that are counted must be those that come. */
const identity = Request.withHeader('Accept-Encoding', 'identity')

const asking = ({ part, isWhole }: PartFile.Found): ReadonlyArray<readonly [string, string]> =>
  isWhole ? Range.checking(part) : Range.asking(part)

type Fetched = Http.Http<SendError | DownloadError, Download | undefined>

const whole = (download: Target, request: Request.Request): Fetched =>
  Http.stream((head, body) => () => take(download, O.none, noShift, head, body))(request)

const rest = (
  download: Target,
  request: Request.Request,
  found: PartFile.Found,
  progress: OnProgress | undefined,
): Fetched => {
  const counted = progress === undefined ? undefined : shifted(progress)
  const shift = counted?.shift ?? noShift
  const asked = pipe(
    request,
    Request.withHeaders(asking(found)),
    counted === undefined ? (same) => same : Request.withProgress(counted.onProgress),
  )
  return Http.stream((head, body) => () => take(download, O.some(found), shift, head, body))(asked)
}

/** Asks for the rest, and once more for the whole where the rest is of no use. */
const fetch =
  (
    download: Target,
    request: Request.Request,
    progress: OnProgress | undefined,
  ): Http.Http<SendError | DownloadError, Download> =>
  (jar) =>
  (client) =>
  async () => {
    const { claim, resource, mayResume } = download
    const found = mayResume && O.isSome(resource) ? await PartFile.look(claim, resource.value) : O.none
    const first = await (O.isSome(found) ? rest(download, request, found.value, progress) : whole(download, request))(
      jar,
    )(client)()
    if (E.isLeft(first)) return first
    const [done, after] = first.right
    if (done !== undefined) return E.right([done, after])
    const second = await whole(download, request)(after)(client)()
    if (E.isLeft(second)) return second
    const [again, last] = second.right
    // Nothing is left to go on with, so this is never undefined; the type cannot know.
    return again === undefined
      ? E.left(rangeMismatch('The whole was asked for, and did not come'))
      : E.right([again, last])
  }

/** Saves the body of a reply under that name. Errors: `SendError`, `DownloadError`. */
export const toFile =
  (path: string, options: ToFile = {}) =>
  (request: Request.Request): Http.Http<SendError | DownloadError, Download> =>
  (jar) =>
  (client) =>
  async () => {
    const asked = identity(request)
    const mayResume = OwnProperty.get(options, 'existing') === 'Resume'
    // Planned once more when it is sent: the plan says what resource this is before anything is asked for.
    const started = await Http.start(asked)(jar)(client)()
    if (E.isLeft(started)) return started
    const [exchange] = started.right
    const claimed = await PartFile.claim(path)
    if (E.isLeft(claimed)) return claimed
    const claim = claimed.right
    let stop: ReturnType<typeof stopSignal> | undefined
    try {
      const { progress } = exchange.merged.settings
      const told = progress._tag === 'Set' ? progress.value : undefined
      // Only what is written into, a FIFO, can make a download wait for somebody else.
      stop = claim.target._tag === 'Special' ? stopSignal(Send.limitsOf(client, exchange.plan)) : undefined
      const download = { claim, resource: Resource.of(exchange), mayResume, signal: stop?.signal }
      return await fetch(download, asked, told)(jar)(client)()
    } finally {
      stop?.release()
      await claim.release()
    }
  }
