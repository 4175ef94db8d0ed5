/**
 * How a body is read while it comes (see `wire/Stream.ts`), and how it becomes a file.
 *
 * `toFile` writes to `PATH.part` and gives the file its name when all of it is there, so `PATH` is never half a file.
 * The name is yours; nothing of it is taken from the server. What broke off stays, and `{ existing: 'Resume' }` asks for
 * the rest (with If-Range, where there is a strong validator, so that two versions are never mixed).
 *
 * | error              | when                                                                                   |
 * |--------------------|----------------------------------------------------------------------------------------|
 * | any `SendError`    | as ever; a body that was cut is `BodyCut`, and what came of it is kept                   |
 * | `UnexpectedStatus` | the reply is no file: a 404, a redirect that was not followed. Nothing is written        |
 * | `LengthMismatch`   | the body ended, and is not as long as it was said to be                                 |
 * | `RangeMismatch`    | another part came than was asked for                                                    |
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
import * as PartFile from './transport/PartFile.js'
import * as Own from './values/Own.js'
import * as Range from './wire/Range.js'
import type { Source } from './wire/Reply.js'
import type { Unread } from './wire/Response.js'

export type { FileFailed } from './transport/PartFile.js'
export * from './wire/Stream.js'

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

interface Received {
  readonly path: string
  readonly head: Unread
  readonly resumedAt: number
  readonly expected: O.Option<number>
}

/** Gives the file its name, if it is as long as it is to be. */
const finished = async (
  { path, head, resumedAt, expected }: Received,
  written: E.Either<PartFile.FileFailed, number>,
): Promise<Outcome<Download>> => {
  if (E.isLeft(written)) return written
  const size = resumedAt + written.right
  if (O.isSome(expected) && size !== expected.value) {
    // Too much is no part of it.
    if (size > expected.value) await PartFile.forget(path)
    return E.left(mismatch(expected.value, size))
  }
  const done = await PartFile.finish(path)
  return E.isLeft(done) ? done : E.right({ path, size, resumedAt, head })
}

/** `undefined` asks for the whole again. */
const take = async (
  path: string,
  url: string,
  part: O.Option<Range.Part>,
  head: Unread,
  body: Source,
): Promise<Outcome<Download | undefined>> => {
  const verdict = Range.judge(part)(head)
  switch (verdict._tag) {
    case 'Begin': {
      const { length, validator, isResumable } = verdict
      const about = isResumable ? O.some({ validator, total: length }) : O.none
      const written = await PartFile.write(path, url, about)(body)
      return finished({ path, head, resumedAt: 0, expected: length }, written)
    }
    case 'Append': {
      if (O.isNone(part)) return E.right(undefined)
      const { size } = part.value
      const written = await PartFile.append(path, part.value)(body)
      const expected = O.isSome(verdict.total)
        ? verdict.total
        : O.map((length: number) => size + length)(verdict.length)
      return finished({ path, head, resumedAt: size, expected }, written)
    }
    case 'Complete': {
      const size = O.isSome(part) ? part.value.size : 0
      return finished({ path, head, resumedAt: size, expected: O.none }, E.right(0))
    }
    case 'Again':
      return E.right(undefined)
    case 'Mismatch':
      return E.left({ _tag: 'RangeMismatch', message: `${verdict.message}; begin anew with { existing: 'Restart' }` })
    case 'Unexpected':
      return E.left({
        _tag: 'UnexpectedStatus',
        head,
        message: `${head.status} ${head.reason} is no file to be saved: ${path} was not touched`,
      })
  }
}

/** The octets that are counted must be those that come. */
const asking =
  (part: O.Option<Range.Part>) =>
  (request: Request.Request): Request.Request =>
    pipe(
      request,
      Request.withHeader('Accept-Encoding', 'identity'),
      O.isSome(part) ? Request.withHeaders(Range.asking(part.value)) : (same) => same,
    )

/** Saves the body of a reply under that name. Errors: `SendError`, `DownloadError`. */
export const toFile =
  (path: string, options: ToFile = {}) =>
  (request: Request.Request): Http.Http<SendError | DownloadError, Download> =>
  (jar) =>
  (client) =>
  async () => {
    const fetch = (part: O.Option<Range.Part>) =>
      Http.stream((head, body) => () => take(path, request.url, part, head, body))(asking(part)(request))
    const part = Own.get(options, 'existing') === 'Resume' ? await PartFile.look(path, request.url) : O.none
    const first = await fetch(part)(jar)(client)()
    if (E.isLeft(first)) return first
    const [download, after] = first.right
    if (download !== undefined) return E.right([download, after])
    const second = await fetch(O.none)(after)(client)()
    if (E.isLeft(second)) return second
    const [whole, last] = second.right
    // Nothing is left to go on with, so this is never undefined; the type cannot know.
    return whole === undefined
      ? E.left({ _tag: 'RangeMismatch', message: 'The whole was asked for, and did not come' })
      : E.right([whole, last])
  }
