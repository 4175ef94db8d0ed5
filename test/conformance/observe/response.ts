/**
 * Reads a response as a whole, in pieces and by lines, with `Response` and `Stream`.
 *
 * | Python                           | here                                                             |
 * |----------------------------------|------------------------------------------------------------------|
 * | `iter_content(n)`                | `Stream.pieces(n)`; None and n < 1: the chunks of the wire       |
 * | `iter_content(decode_unicode=…)` | `Stream.text` of those pieces                                    |
 * | `iter_lines`                     | `Stream.lines`; bytes are decoded and encoded as UTF-8           |
 * | a chunk size that is not an int  | no counterpart: the types reject it                              |
 * | a second read                    | `BodyCut`: `StreamConsumedError` in pieces, `RuntimeError` whole |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import {
  Charset,
  Client,
  Coding,
  Environment,
  Fault,
  Headers,
  Http,
  Jar,
  type Link,
  type Reply,
  Request,
  Response,
  Session,
  Stream,
  Transport,
} from 'requests-ts'
import {
  type Input,
  type Item,
  type Iteration,
  isCoded,
  joined,
  type Links,
  type Output,
} from '../families/response.js'
import { byRelation } from '../models/links.js'
import { failure } from '../shapes.js'
import type { Subject } from '../subject.js'
import { type Py, toBase64 } from '../tagged.js'
import { bytesOf, reasonOf, textOf } from '../translate/values.js'
import { failureOf } from './errors.js'

const DEFAULT_URL = 'http://example.com/'

const clientOf = (transport: Transport.Transport): Client.Client =>
  Client.open({ session: Session.empty, environment: Environment.empty, transport, random: () => 'seed' })()

const requestOf = ({ url = DEFAULT_URL }: Input): Request.Request => Request.withoutRedirects(Request.get(url))

// --- as a whole -----------------------------------------------------------------------------------------------------

const headersOf = (headers: Headers.Headers): ReadonlyArray<readonly [string, string]> => {
  const joinedLines = new Map<string, readonly [string, string]>()
  for (const [name, value] of Headers.reveal(headers)) {
    const before = joinedLines.get(name.toLowerCase())
    joinedLines.set(name.toLowerCase(), before === undefined ? [name, value] : [before[0], `${before[1]}, ${value}`])
  }
  return [...joinedLines.values()]
}

const linksOf = (response: Response.Response): Links =>
  byRelation(Response.links(response).map(({ target, parameters }: Link.Link) => ({ target, parameters })))

const jsonOf = (response: Response.Response): Pick<Output, 'json' | 'json_error'> => {
  const parsed = Response.json((u: unknown): E.Either<never, unknown> => E.right(u))(response)
  return E.isLeft(parsed) ? { json_error: failureOf(parsed.left).error } : { json: parsed.right }
}

const bodyOf = (response: Response.Response): Output => {
  const judged = Response.ok(response)
  return {
    status: response.status,
    reason: response.reason,
    encoding: O.isNone(response.encoding) ? null : response.encoding.value,
    content: toBase64(response.bytes),
    ok: E.isRight(judged),
    is_redirect: Response.isRedirect(response),
    is_permanent_redirect: Response.isPermanentRedirect(response),
    headers: headersOf(response.headers),
    text: Response.text(response),
    links: linksOf(response),
    raise_for_status: E.isLeft(judged) ? judged.left.message : null,
    ...jsonOf(response),
  }
}

const readWhole = async (input: Input): Promise<Output> => {
  const { status, headers, body, reason } = input
  const transport = Transport.memory(() => ({
    status,
    headers,
    body: bytesOf(body),
    ...(reason === undefined ? {} : { reason: reasonOf(reason) }),
  }))
  const ended = await Http.send(requestOf(input))(Jar.empty)(clientOf(transport))()
  return E.isLeft(ended) ? failureOf(ended.left) : bodyOf(ended.right[0])
}

// --- in pieces ------------------------------------------------------------------------------------------------------

/** Returns the size of a piece, or undefined for the chunks of the wire. */
const sizeOf = (chunk_size: Py | undefined, otherwise: number): E.Either<string, number | undefined> => {
  if (chunk_size === undefined) return E.right(otherwise)
  if (chunk_size._tag === 'None') return E.right(undefined)
  // A bool is an int in Python.
  if (chunk_size._tag === 'Bool') return E.right(chunk_size.value ? 1 : undefined)
  if (chunk_size._tag !== 'Int') return E.left('InvalidSettings')
  const size = Number(chunk_size.text)
  return E.right(size > 0 ? size : undefined)
}

async function* chunked(bytes: Uint8Array, size: number | undefined): AsyncGenerator<Uint8Array> {
  if (size === undefined) {
    if (bytes.length > 0) yield bytes
    return
  }
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** Replies with chunks of this size, and decodes the content codings. */
const replying =
  ({ status, headers, body }: Iteration, size: number | undefined): Transport.Transport =>
  (plan) =>
  async () => {
    const codings = Coding.codings(Headers.fromPairs(headers))
    if (E.isLeft(codings)) return E.left(Transport.failed(codings.left._tag, plan)(codings.left))
    const raw = chunked(bytesOf(body), size)
    const plain = codings.right.length === 0 ? raw : Coding.decodeStream(codings.right, raw)
    return E.right(Transport.reply({ status, headers, body: plain }))
  }

type Reader = (body: AsyncIterable<Uint8Array>) => AsyncIterable<Item>

async function* asBytes(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Item> {
  for await (const piece of pieces) yield { base64: toBase64(piece) }
}

async function* asUtf8(texts: AsyncIterable<string>): AsyncGenerator<Item> {
  for await (const text of texts) yield { base64: toBase64(Buffer.from(text, 'utf8')) }
}

const charsetOf = (head: Response.Head, { encoding }: Iteration): string | undefined => {
  const declared = Headers.combined(head.headers, 'Content-Type')
  return encoding ?? (declared === undefined ? undefined : O.toUndefined(Charset.ofContentType(declared)))
}

const contentReader = (input: Iteration, size: number | undefined, charset: string | undefined): Reader => {
  const cut = (body: AsyncIterable<Uint8Array>) => (size === undefined ? body : Stream.pieces(size)(body))
  return input.decode_unicode === true ? (body) => Stream.text(charset)(cut(body)) : (body) => asBytes(cut(body))
}

const lineReader = (input: Iteration, size: number | undefined, charset: string | undefined): Reader => {
  const cut = (body: AsyncIterable<Uint8Array>) => (size === undefined ? body : Stream.pieces(size)(body))
  const delimiter = input.delimiter === undefined || input.delimiter._tag === 'None' ? '' : textOf(input.delimiter)
  const options = delimiter === '' ? {} : { delimiter }
  if (input.decode_unicode !== true) return (body) => asUtf8(Stream.lines(options)(cut(body)))
  return (body) => Stream.lines({ ...options, ...(charset === undefined ? {} : { charset }) })(cut(body))
}

const PIECEWISE = ['iter_content', 'iter_lines']

const SECOND_READ_SIZE = 4

const read = async (source: AsyncIterable<Uint8Array>): Promise<ReadonlyArray<Uint8Array>> => {
  const pieces: Uint8Array[] = []
  for await (const piece of source) pieces.push(piece)
  return pieces
}

/** Reads a body readAgain that was read as a whole: its bytes, its text, or pieces of four bytes (FORMAT.md). */
const readWholeAgain = async (input: Iteration, charset: string | undefined): Promise<unknown> => {
  const codings = Coding.codings(Headers.fromPairs(input.headers))
  const raw = chunked(bytesOf(input.body), undefined)
  const isPlain = E.isLeft(codings) || codings.right.length === 0
  const content = Buffer.concat(await read(isPlain ? raw : Coding.decodeStream(codings.right, raw)))
  if (input.then === 'text') return Charset.decode(O.fromNullable(charset))(content)
  if (input.then === 'content') return { base64: toBase64(content) }
  return (await read(Stream.pieces(SECOND_READ_SIZE)(chunked(content, undefined)))).map(toBase64)
}

/** Reads a body readAgain after its end, as a whole or in pieces. */
const readAgain = async (source: Reply.Source, input: Iteration, charset: string | undefined): Promise<unknown> => {
  const { stream } = input
  const then = input.then ?? ''
  if (stream === false) return readWholeAgain(input, charset)
  const left: string[] = []
  const isPiecewise = PIECEWISE.includes(then)
  try {
    if (isPiecewise) for await (const piece of source) left.push(toBase64(piece))
    else {
      const whole = await source.gather(Number.POSITIVE_INFINITY)()
      if (E.isLeft(whole)) return secondReadError(whole.left, 'RuntimeError')
      left.push(toBase64(whole.right))
    }
    return left
  } catch (cause) {
    return secondReadError(cause, 'StreamConsumedError')
  }
}

const secondReadError = (cause: unknown, python: string): unknown =>
  Fault.is(cause) && cause._tag === 'BodyCut' ? failure(python) : cause

const readInPieces = async (input: Iteration): Promise<Output> => {
  const size = sizeOf(input.chunk_size, input.kind === 'iter_lines' ? 512 : 1)
  if (E.isLeft(size)) return { ...failure(size.left), items: [] }
  const items: Item[] = []
  let afterwards: unknown
  let isDone = false
  const use =
    (head: Response.Head, source: Reply.Source): TE.TaskEither<never, void> =>
    async () => {
      const charset = charsetOf(head, input)
      const reader = input.kind === 'iter_lines' ? lineReader : contentReader
      for await (const item of reader(input, size.right, charset)(source)) items.push(item)
      if (typeof input.then === 'string') afterwards = await readAgain(source, input, charset)
      isDone = true
      return E.right(undefined)
    }
  const ended = await Http.stream(use)(requestOf(input))(Jar.empty)(clientOf(replying(input, size.right)))()
  return {
    items: isCoded(input) ? joined(items) : items,
    ...(afterwards === undefined ? {} : { afterwards }),
    // An error after the first complete read is in `afterwards`.
    ...(E.isLeft(ended) && !isDone ? failureOf(ended.left) : {}),
  }
}

export const observe = async ({ input }: Subject<Input>): Promise<Output> =>
  input.kind === 'body' ? readWhole(input) : readInPieces(input)
