/**
 * `--session FILE`: a session and a jar that go on from one call to the next.
 *
 * A file that is not there is begun; one that cannot be read is bad input, and is left as it is. It is written once an
 * exchange has ended with a reply, whole or not at all, for its owner alone (see `Store`). What the command line says
 * is the request's and is not kept: what changes is the jar. Two commands at a time lose nothing: under the lock of the
 * file (`Store.update`) its jar and the jar after the exchange are joined. Deletions are kept for `HORIZON_MS`, so that a
 * command that began before a logout does not undo it.
 */
import { realpath } from 'node:fs/promises'
import * as E from 'fp-ts/lib/Either.js'
import { safe } from '../inspect/Layout.js'
import * as Jar from '../Jar.js'
import * as Store from '../Store.js'
import * as Session from '../session/Session.js'
import { orMissing } from '../transport/download/FileSystem.js'
import { type UsageError, usageError } from './Arguments.js'
import * as Files from './Files.js'

/** A session under way, and where it is kept, if it is. */
export interface Kept extends Store.Stored {
  readonly path: string | undefined
}

/** The file that a path leads to, links followed; undefined where there is none. */
const whereIs = async (path: string): Promise<E.Either<string, string | undefined>> => {
  try {
    return E.right(await orMissing(realpath(path)))
  } catch (cause) {
    return E.left(cause instanceof Error ? cause.message : String(cause))
  }
}

const unreadable = (path: string, problem: string): E.Either<UsageError, never> =>
  usageError(`The session in ${safe(path)} cannot be used, and is left as it is: ${safe(problem)}. Name another file`)

/** The session of the command line: the file's, or the library's own. */
export const load = async (path: string | undefined): Promise<E.Either<UsageError, Kept>> => {
  const fresh = { session: Session.defaults, jar: Jar.empty, path }
  if (path === undefined) return E.right(fresh)
  const place = await whereIs(path)
  if (E.isLeft(place)) return unreadable(path, place.left)
  if (place.right === undefined) return E.right(fresh)
  const loaded = await Store.load(place.right)()
  if (E.isLeft(loaded)) return unreadable(path, loaded.left.message)
  return E.right({ ...loaded.right, path: place.right })
}

/** Whether the session could be saved afterwards. */
export const savable = ({ path }: Kept): Promise<E.Either<UsageError, void>> =>
  path === undefined ? Promise.resolve(E.right(undefined)) : Files.writable(path)

/** Seven days: longer than a command runs, a machine that sleeps over a weekend included. */
const HORIZON_MS = 7 * 24 * 60 * 60 * 1000

/** Saves the jar after an exchange. The left is why it could not; the file is then as it was. */
export const save = async ({ path, session }: Kept, jar: Jar.Jar, now: Date): Promise<E.Either<string, void>> => {
  if (path === undefined) return E.right(undefined)
  const saved = await Store.update(path)((theirs) => ({
    session: theirs?.session ?? session,
    jar: Jar.compact(now, HORIZON_MS)(theirs === undefined ? jar : Jar.join(theirs.jar, jar)),
  }))()
  return E.isLeft(saved) ? E.left(saved.left.message) : saved
}
