/**
 * Loads or checks the files that the command line names, before anything is sent. A missing file is a `UsageError`.
 *
 * Bodies and uploads are streamed from the disk, and read again if a redirect sends them again. The standard input and
 * pipes can be read only once. Text and JSON are read into memory.
 *
 * `--session FILE` is a session and a cookie jar that several calls of the command share:
 *
 * - A missing file is created with the first cookie or token. A file that cannot be read is a `UsageError`, and is not changed.
 * - The file is written after an exchange that ended with a reply: atomically, with mode 0600 (see `JarStore.file`).
 * - A new token is written as soon as it was obtained, because the one before it may not be valid any more.
 * - Only the jar changes. Options and items of the command line belong to the request and are not saved.
 * - Commands may run at the same time: the jar of the file and the new jar are joined under a lock.
 * - Deleted cookies are remembered for `HORIZON_MS`, so that a slower command does not undo a logout.
 */
import { createReadStream, type Stats } from 'node:fs'
import { access, constants, readFile, realpath, stat } from 'node:fs/promises'
import { platform } from 'node:os'
import { basename, dirname } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as Jar from '../cookies/Jar.js'
import * as JarStore from '../JarStore.js'
import * as Store from '../Store.js'
import * as Session from '../session/Session.js'
import * as StoredSession from '../store/StoredSession.js'
import { orMissing } from '../transport/download/FileSystem.js'
import * as FileTarget from '../transport/download/FileTarget.js'
import * as Body from '../values/Body.js'
import { escapeControls, messageOf } from '../values/Printable.js'
import { type Checked, usageError } from './Arguments.js'
import type { LoadedItem } from './Assemble.js'
import type * as Items from './Items.js'
import { printable } from './Terminal.js'

type Input = () => AsyncIterable<Uint8Array>

const cannot = (verb: string, path: string, cause: unknown): Checked<never> =>
  usageError(`Cannot ${verb} ${printable(path)}: ${printable(messageOf(cause))}`)

const statReadable = async (path: string): Promise<Checked<Stats>> => {
  try {
    const stats = await stat(path)
    if (stats.isDirectory()) return usageError(`${printable(path)} is a folder: name a file in it`)
    await access(path, constants.R_OK)
    return E.right(stats)
  } catch (cause) {
    return cannot('read', path, cause)
  }
}

/** Checks that certificates and keys can be read later. A path may be a folder of certificates. */
export const checkReadable = async (paths: ReadonlyArray<string | undefined>): Promise<Checked<void>> => {
  for (const path of paths) {
    try {
      if (path !== undefined) await access(path, constants.R_OK)
    } catch (cause) {
      return cannot('read', path ?? '', cause)
    }
  }
  return E.right(undefined)
}

/** Checks that a download can be written later: to an existing device or pipe, or as a new file in its folder. */
export const checkWritable = async (path: string): Promise<Checked<void>> => {
  try {
    const target = await FileTarget.find(path)
    // A FIFO is accepted without a reader, because a reader may open it later.
    if (target._tag === 'Special') await access(target.path, constants.W_OK)
    else await access(dirname(target.path), constants.W_OK | constants.X_OK)
    return E.right(undefined)
  } catch (cause) {
    return cannot('write', path, cause)
  }
}

/** Returns the text of a UTF-8 file. */
export const readText = async (path: string): Promise<Checked<string>> => {
  const stats = await statReadable(path)
  if (E.isLeft(stats)) return stats
  try {
    return E.right(new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path)))
  } catch (cause) {
    return cannot('read the text of', path, cause)
  }
}

/** Group and others, in the mode of a file. */
const OTHERS = 0o077

/** Returns what to do about a file with secrets that other users may read, and `undefined` if only its owner may. */
export const exposureOf = async (path: string): Promise<string | undefined> => {
  try {
    const stats = await stat(path)
    // Windows does not have such a mode, so what Node reports is ignored.
    if (platform() === 'win32' || !stats.isFile() || (stats.mode & OTHERS) === 0) return undefined
    return `${path} contains a secret, and other users of this machine may read it: run chmod 600 ${path}`
  } catch {
    return undefined // The file was removed after it had been read.
  }
}

const once = (open: Input): Body.Body => Body.once({ [Symbol.asyncIterator]: () => open()[Symbol.asyncIterator]() })

const bodyOf = async (path: string, input: Input): Promise<Checked<Body.Body>> => {
  if (path === '-') return E.right(once(input))
  const stats = await statReadable(path)
  if (E.isLeft(stats)) return stats
  const open: Input = () => createReadStream(path)
  return E.right(stats.right.isFile() ? Body.stream(open, stats.right.size) : once(open))
}

const uploadOf = async ({ name, path, contentType }: Items.File): Promise<Checked<LoadedItem>> => {
  const stats = await statReadable(path)
  if (E.isLeft(stats)) return stats
  if (!stats.right.isFile()) return usageError(`Cannot upload ${printable(path)}: it must be a regular file`)
  const content = { open: () => createReadStream(path), length: stats.right.size }
  const type = contentType === undefined ? {} : { contentType }
  return E.right({ _tag: 'Upload', part: { name, content, filename: basename(path), ...type } })
}

const loadItem = async (item: Items.Item, input: Input): Promise<Checked<LoadedItem>> => {
  switch (item._tag) {
    case 'FieldFrom':
    case 'JsonFrom': {
      const tag = item._tag === 'FieldFrom' ? 'Field' : 'Json'
      const text = await readText(item.path)
      return E.isLeft(text) ? text : E.right({ _tag: tag, name: item.name, value: text.right })
    }
    case 'File':
      return uploadOf(item)
    case 'Content': {
      const body = await bodyOf(item.path, input)
      return E.isLeft(body) ? body : E.right({ _tag: 'WholeBody', body: body.right })
    }
    default:
      return E.right(item)
  }
}

/** Loads the files of the items, in order. The error is that of the first file that cannot be read. */
export const loadItems = async (
  items: ReadonlyArray<Items.Item>,
  input: Input,
): Promise<Checked<ReadonlyArray<LoadedItem>>> => {
  const loaded: LoadedItem[] = []
  for (const item of items) {
    const one = await loadItem(item, input)
    if (E.isLeft(one)) return one
    loaded.push(one.right)
  }
  return E.right(loaded)
}

/** A session, its jar, and the file that they are saved to, if there is one. */
export interface SessionState extends Store.Stored {
  readonly path: string | undefined
}

/** Loads the session file; without a path, or if the file is missing, returns the default session. */
export const loadSession = async (path: string | undefined): Promise<Checked<SessionState>> => {
  const initial = { session: Session.defaults, jar: Jar.empty, path }
  if (path === undefined) return E.right(initial)
  const unreadable = (problem: string): Checked<never> =>
    usageError(
      `Cannot read the session file ${escapeControls(path)}: ${escapeControls(problem)}. It was not changed: repair it or name another file`,
    )
  try {
    // `Store` replaces the file, so symbolic links are resolved here.
    const resolved = await orMissing(realpath(path))
    if (resolved === undefined) return E.right(initial)
    const loaded = StoredSession.decode(await readFile(resolved, 'utf8'))
    return E.isLeft(loaded) ? unreadable(loaded.left.message) : E.right({ ...loaded.right, path: resolved })
  } catch (cause) {
    return unreadable(messageOf(cause))
  }
}

/** Returns what to do about a session file with a token that other users may read. */
export const exposureOfTokens = async ({ path, jar }: SessionState): Promise<string | undefined> =>
  path === undefined || Jar.tokens(jar).length === 0 ? undefined : exposureOf(path)

/** Seven days: longer than any command runs, even if the machine sleeps over a weekend. */
const HORIZON_MS = 7 * 24 * 60 * 60 * 1000

const storeOf = (path: string, now: Date): JarStore.JarStore =>
  JarStore.file(path, { horizon: HORIZON_MS, clock: () => now })

const messageIn = <A>(outcome: E.Either<{ readonly message: string }, A>): E.Either<string, A> =>
  E.isLeft(outcome) ? E.left(outcome.left.message) : outcome

/** Saves the jar after an exchange, or a token before it is used. On an error, which is a message, the file keeps its old content. */
export const saveJar = async ({ path }: SessionState, jar: Jar.Jar, now: Date): Promise<E.Either<string, void>> =>
  path === undefined ? E.right(undefined) : messageIn(await storeOf(path, now).merge(jar)())

/** Returns the jar of the file as it is now; an empty one without a file. */
export const loadJar = async ({ path }: SessionState, now: Date): Promise<E.Either<string, Jar.Jar>> =>
  path === undefined ? E.right(Jar.empty) : messageIn(await storeOf(path, now).load())

/** Changes the jar of the file, in one transaction. */
export const updateJar = async (
  { path, session }: SessionState,
  change: (stored: Jar.Jar) => Jar.Jar,
): Promise<E.Either<string, void>> => {
  if (path === undefined) return E.right(undefined)
  const changed = Store.update(path)((stored) => ({
    session: stored?.session ?? session,
    jar: change(stored?.jar ?? Jar.empty),
  }))
  return messageIn(await changed())
}
