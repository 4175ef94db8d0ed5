/**
 * A logged-in session in a file: save it today, go on tomorrow. The file holds secrets in the clear, so only its owner
 * may read it (mode 0600), and it is never half written: it is made beside the old one and takes its place.
 *
 * | function  | writes to the file                                                                             |
 * |-----------|------------------------------------------------------------------------------------------------|
 * | `save`    | the session given; the jar given, joined with the jar that is there (`Jar.join`)               |
 * | `update`  | the result of a function of the stored session; no other process writes in between            |
 * | `replace` | the session given, whatever the file holds                                                     |
 *
 * Each holds `PATH.lock` from reading to writing, so that of several processes none undoes what another one saved.
 * `save` forgets no cookie: one that is to go is removed with `Jar.remove` or `Jar.clear`, whose tombstones are saved.
 *
 * @example
 * import { mkdtempSync, statSync } from 'node:fs'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { Jar, Session, Store } from 'requests-ts'
 *
 * const path = join(mkdtempSync(join(tmpdir(), 'store-')), 'session.json')
 * await Store.save(path)({ session: Session.withBearer('token')(Session.defaults), jar: Jar.empty })()
 * assert.equal(statSync(path).mode & 0o777, 0o600)
 * const loaded = await Store.load(path)()
 * assert.equal(E.isRight(loaded) && loaded.right.session.settings.auth._tag, 'Set')
 */
import { randomUUID } from 'node:crypto'
import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as Jar from './Jar.js'
import * as Session from './session/Session.js'
import { type Held, withLock } from './transport/download/FileLock.js'
import { orMissing, syncFolder } from './transport/download/FileSystem.js'
import * as JsonText from './values/JsonText.js'
import * as Serialization from './values/Serialization.js'

/** What is kept. */
export interface Stored {
  readonly session: Session.Session
  readonly jar: Jar.Jar
}

/** The file system said no. */
export interface StoreFailed {
  readonly _tag: 'StoreFailed'
  readonly path: string
  readonly message: string
}

const FORMAT = 'requests-ts/store'
const VERSION = 1

const failed = (path: string, cause: unknown): StoreFailed => ({
  _tag: 'StoreFailed',
  path,
  message: cause instanceof Error ? cause.message : String(cause),
})

const textOf = ({ session, jar }: Stored): E.Either<Serialization.EncodeError, string> => {
  const ours = Session.encode({ reveal: true })(session)
  if (E.isLeft(ours)) return ours
  const kept = Jar.encode({ reveal: true })(jar)
  if (E.isLeft(kept)) return kept
  return E.right(
    `${JSON.stringify({ format: FORMAT, version: VERSION, session: ours.right, jar: kept.right }, null, 2)}\n`,
  )
}

const write = async (path: string, text: string, { isHeld }: Held): Promise<void> => {
  const fresh = `${path}.${randomUUID()}`
  try {
    const file = await open(fresh, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    if (!(await isHeld())) throw new Error('its lock was taken over by another process: nothing was written')
    await rename(fresh, path)
    await syncFolder(path)
  } catch (cause) {
    await rm(fresh, { force: true })
    throw cause // to `transact`, which makes a Left of it
  }
}

/** The file that a path leads to, links followed, so that all who name it mean one lock. */
const targetOf = async (path: string): Promise<string> =>
  (await orMissing(realpath(path))) ?? join(await realpath(dirname(path)), basename(path))

/** What is in the file; undefined if it does not exist. */
const current = async (path: string): Promise<E.Either<Serialization.DecodeError, Stored | undefined>> => {
  const text = await orMissing(readFile(path, 'utf8'))
  return text === undefined ? E.right(undefined) : decode(text)
}

type Change<E1> = (target: string) => Promise<E.Either<E1, Stored>>

const transact =
  (path: string) =>
  <E1>(change: Change<E1>): TaskEither<E1 | Serialization.EncodeError | StoreFailed, void> =>
  async () => {
    try {
      const target = await targetOf(path)
      const found = await orMissing(stat(target))
      if (found !== undefined && !found.isFile()) return E.left(failed(path, 'it is not a regular file'))
      const done = await withLock(target)(async (held) => {
        const stored = await change(target)
        if (E.isLeft(stored)) return stored
        const text = textOf(stored.right)
        return E.isLeft(text) ? text : E.right(await write(target, text.right, held))
      })
      return E.isLeft(done) ? E.left(failed(path, done.left)) : done.right
    } catch (cause) {
      return E.left(failed(path, cause))
    }
  }

/**
 * Changes what is saved, as one transaction; `undefined` stands for a file that is not there. Errors: `Unwritable` for
 * functions, `Unreadable` for a file that is not a saved session, `StoreFailed`; the old file stays as it was.
 */
export const update =
  (path: string) =>
  (
    change: (old: Stored | undefined) => Stored,
  ): TaskEither<Serialization.EncodeError | Serialization.DecodeError | StoreFailed, void> =>
    transact(path)(async (target) => E.map(change)(await current(target)))

/** Saves, secrets and all; cookies that are in the file stay, unless the jar knows of their deletion. Errors as `update`. */
export const save =
  (path: string) =>
  (stored: Stored): TaskEither<Serialization.EncodeError | Serialization.DecodeError | StoreFailed, void> =>
    update(path)((old) => (old === undefined ? stored : { ...stored, jar: Jar.join(old.jar, stored.jar) }))

/** Saves in place of whatever is there. Errors: `Unwritable`, `StoreFailed`. */
export const replace =
  (path: string) =>
  (stored: Stored): TaskEither<Serialization.EncodeError | StoreFailed, void> =>
    transact(path)(async () => E.right(stored))

const parse = (text: string): E.Either<Serialization.DecodeError, unknown> =>
  E.mapLeft((problem: string) => Serialization.decodeError([problem]))(JsonText.parse(text))

const isStore = (u: unknown): u is { readonly session?: unknown; readonly jar?: unknown } =>
  typeof u === 'object' && u !== null

/** The text of a saved file to what was saved. Error: `Unreadable`. */
export const decode = (text: string): E.Either<Serialization.DecodeError, Stored> => {
  const json = parse(text)
  if (E.isLeft(json)) return json
  const known = Serialization.checkEnvelope(FORMAT, VERSION, json.right)
  if (E.isLeft(known)) return known
  if (!isStore(known.right)) return E.left(Serialization.decodeError(['it is no object']))
  const session = Session.decode(known.right.session)
  if (E.isLeft(session)) return session
  const jar = Jar.decode(known.right.jar)
  return E.isLeft(jar) ? jar : E.right({ session: session.right, jar: jar.right })
}

/** Loads what was saved. Errors: `StoreFailed`, `Unreadable`. */
export const load =
  (path: string): TaskEither<StoreFailed | Serialization.DecodeError, Stored> =>
  async () => {
    try {
      return decode(await readFile(path, 'utf8'))
    } catch (cause) {
      return E.left(failed(path, cause))
    }
  }
