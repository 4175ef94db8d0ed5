/**
 * Files as request bodies and as parts of a multipart body. A file is opened when its first octet is needed, and opened
 * again whenever the request is sent again, for a redirect, a challenge or a retry.
 *
 * | constructor                | reads the disk when | framing of the body                               |
 * |----------------------------|---------------------|---------------------------------------------------|
 * | `file(path)`               | it is sent          | `Transfer-Encoding: chunked`                      |
 * | `statFile(path)`           | the task runs       | `Content-Length`, if all parts have a known length |
 *
 * Making a request stays pure, and a plan contains its header fields before anything is sent, so the length must be known
 * before planning. Some servers, such as S3, refuse a chunked upload: use `statFile` for them.
 *
 * The functions of Node are looked up when they are used, so that this module can be loaded in a browser. There a file cannot
 * be read.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type * as Multipart from '../values/Multipart.js'
import * as Printable from '../values/Printable.js'
import { masked } from '../values/Url.js'
import * as UserInput from '../values/UserInput.js'
import * as NodeModules from '../wire/NodeModules.js'
import type { FileFailed } from './download/PartFile.js'

/** What describes a file to the server. */
export interface FileOptions {
  /** The last segment of the path by default. */
  readonly filename?: string | undefined
  /** `application/octet-stream` by default; an empty one is omitted. */
  readonly contentType?: string | undefined
  /** Further header fields of the part; none by default. */
  readonly headers?: Multipart.Part['headers'] | undefined
}

/** A file as a part of a multipart body, without the name of its field. */
export interface FilePart extends Omit<Multipart.Part, 'name'> {
  /** Opens the file each time it is sent. */
  readonly content: Multipart.PartStream
  readonly filename: string
  /** Empty if it is omitted. */
  readonly contentType: string
}

/** A URL that is not `file:` may contain a password. */
const shown = (path: string | URL): string =>
  Printable.escapeControls(typeof path === 'string' ? path : masked(UserInput.urlText(path)))

/** Node repeats the path at the end of its message: `ENOENT: no such file or directory, open '/a'`. */
const reasonOf = (cause: unknown): string =>
  Printable.messageOf(cause).replace(/, (?:open|stat|read|access)(?: '[^']*')?$/, '')

const cannotRead = (path: string | URL, cause: unknown): string =>
  `Cannot read the file ${shown(path)}: ${reasonOf(cause)}`

const fileSystem = () => {
  const fs = NodeModules.fs()
  if (fs === undefined) throw new Error(NodeModules.NO_FILE_SYSTEM) // becomes a Left below
  return fs
}

const sizeOf = async (path: string | URL): Promise<number> => {
  const stats = await fileSystem().promises.stat(path)
  if (stats.isFile()) return stats.size
  throw new Error('it is not a regular file; send a pipe or a device with Request.withOnce') // becomes a Left below
}

async function* read(path: string | URL, length: number | undefined): AsyncGenerator<Uint8Array> {
  try {
    await sizeOf(path)
    if (length === 0) return
    // A file that has grown since is sent up to its declared length.
    yield* fileSystem().createReadStream(path, length === undefined ? {} : { end: length - 1 })
  } catch (cause) {
    throw new Error(cannotRead(path, cause), { cause }) // the transport turns it into RequestBodyFailed
  }
}

const streamOf = (path: string | URL, length?: number): Multipart.PartStream => {
  const open = (): AsyncIterable<Uint8Array> => read(path, length)
  return length === undefined ? { open } : { open, length }
}

const isPath = (path: unknown): path is string | URL => typeof UserInput.urlText(path) === 'string'

/** Returns the text after the last separator, also after that of Windows; RFC 7578 4.2 forbids to send a folder. */
const baseName = (path: string | URL): string => {
  const text = typeof path === 'string' ? path : decoded(path.pathname)
  return text.slice(Math.max(text.lastIndexOf('/'), text.lastIndexOf('\\')) + 1)
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A part that planning reports as `InvalidBody`. The cast: plain JavaScript can pass a path or options of another type. */
const INVALID: FilePart = { content: null as unknown as Multipart.PartStream, filename: '', contentType: '' }

const partOf = (path: string | URL, options: FileOptions, length?: number): FilePart => {
  try {
    if (!isPath(path)) return INVALID
    const { filename, contentType = 'application/octet-stream', headers } = UserInput.own(options ?? {})
    return {
      content: streamOf(path, length),
      filename: filename ?? baseName(path),
      contentType,
      ...(headers === undefined ? {} : { headers }),
    }
  } catch {
    return INVALID // a getter of the options, or of a subclass of `URL`, throws
  }
}

/**
 * Returns a part that sends a file, which is opened each time the request is sent. The path is text or a `file:` URL. The
 * body is chunked, because its length is not known when it is planned; see `statFile`. Errors, when it is sent:
 * `RequestBodyFailed`, with the path, if the file cannot be read or is not a regular file.
 *
 * @since 0.2.0
 * @category constructors
 *
 * @example
 * import { Multipart, Request } from 'requests-ts'
 *
 * const upload = Request.withMultipart({ title: 'holiday', file: Multipart.file('/tmp/beach.jpg', { contentType: 'image/jpeg' }) })
 * assert.equal(Multipart.file('/tmp/beach.jpg').filename, 'beach.jpg')
 * assert.equal(upload(Request.post('https://example.com/')).body._tag, 'Multipart')
 */
export const file = (path: string | URL, options: FileOptions = {}): FilePart => partOf(path, options)

/**
 * Reads the size of a file, and returns a part with this length, so that the request is sent with `Content-Length`. If the
 * file becomes longer, its first octets are sent; if it becomes shorter, sending is `RequestBodyFailed`. Error:
 * `FileFailed`, if the file is missing or is not a regular file.
 *
 * @since 0.2.0
 * @category constructors
 *
 * @example
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Multipart, Request } from 'requests-ts'
 *
 * const upload = pipe(
 *   Multipart.statFile('/does/not/exist.bin'),
 *   TE.map((file) => pipe(Request.post('https://example.com/'), Request.withMultipart({ title: 'holiday', file }))))
 * const made = await upload()
 * assert.equal(made._tag === 'Left' && made.left._tag, 'FileFailed')
 */
export const statFile =
  (path: string | URL, options: FileOptions = {}): TaskEither<FileFailed, FilePart> =>
  async () => {
    try {
      return E.right(partOf(path, options, await sizeOf(path)))
    } catch (cause) {
      const text: unknown = UserInput.urlText(path)
      const known = typeof text === 'string' ? shown(path) : typeof path
      return E.left({ _tag: 'FileFailed', path: known, message: cannotRead(known, cause) })
    }
  }

/** Returns the stream of a file, given by its path or as the part of `statFile`. */
export const contentOf = (given: string | URL | FilePart): Multipart.PartStream => {
  if (isPath(given)) return streamOf(given)
  // Plain JavaScript can pass anything. Planning reports a stream without a function as `InvalidBody`.
  try {
    const content: unknown = typeof given === 'object' && given !== null ? UserInput.own(given).content : undefined
    return (content ?? {}) as Multipart.PartStream
  } catch {
    return {} as Multipart.PartStream // a getter throws
  }
}
