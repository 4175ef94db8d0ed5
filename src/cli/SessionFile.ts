/**
 * `--session FILE`: a session and a cookie jar that several calls of the command share.
 *
 * - A missing file is created. A file that cannot be read is a `UsageError`, and is not changed.
 * - The file is written after an exchange that ended with a reply: atomically, with mode 0600 (see `Store`).
 * - Only the jar changes. Options and items of the command line belong to the request and are not saved.
 * - Commands may run at the same time: the jar of the file and the new jar are joined under a lock (`Store.update`).
 * - Deleted cookies are remembered for `HORIZON_MS`, so that a slower command does not undo a logout.
 */
import { realpath } from 'node:fs/promises'
import * as E from 'fp-ts/lib/Either.js'
import * as Jar from '../cookies/Jar.js'
import * as Store from '../Store.js'
import * as Session from '../session/Session.js'
import { orMissing } from '../transport/download/FileSystem.js'
import { escapeControls, messageOf } from '../values/Printable.js'
import { type Checked, usageError } from './Arguments.js'

/** A session, its jar, and the file that they are saved to, if there is one. */
export interface SessionState extends Store.Stored {
  readonly path: string | undefined
}

/** Resolves symbolic links. `undefined` if the file does not exist. */
const resolvePath = async (path: string): Promise<E.Either<string, string | undefined>> => {
  try {
    return E.right(await orMissing(realpath(path)))
  } catch (cause) {
    return E.left(messageOf(cause))
  }
}

const unreadable = (path: string, problem: string): Checked<never> =>
  usageError(
    `Cannot read the session file ${escapeControls(path)}: ${escapeControls(problem)}. It was not changed: repair it or name another file`,
  )

/** Loads the session file; without a path, or if the file is missing, returns the default session. */
export const load = async (path: string | undefined): Promise<Checked<SessionState>> => {
  const initial = { session: Session.defaults, jar: Jar.empty, path }
  if (path === undefined) return E.right(initial)
  const resolved = await resolvePath(path)
  if (E.isLeft(resolved)) return unreadable(path, resolved.left)
  if (resolved.right === undefined) return E.right(initial)
  const loaded = await Store.load(resolved.right)()
  if (E.isLeft(loaded)) return unreadable(path, loaded.left.message)
  return E.right({ ...loaded.right, path: resolved.right })
}

/** Seven days: longer than any command runs, even if the machine sleeps over a weekend. */
const HORIZON_MS = 7 * 24 * 60 * 60 * 1000

/** Saves the jar after an exchange. On an error, which is a message, the file keeps its old content. */
export const save = async (
  { path, session }: SessionState,
  jar: Jar.Jar,
  now: Date,
): Promise<E.Either<string, void>> => {
  if (path === undefined) return E.right(undefined)
  const saved = await Store.update(path)((stored) => ({
    session: stored?.session ?? session,
    jar: Jar.compact(now, HORIZON_MS)(stored === undefined ? jar : Jar.join(stored.jar, jar)),
  }))()
  return E.isLeft(saved) ? E.left(saved.left.message) : saved
}
