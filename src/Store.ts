/**
 * Saves a session and its jar in a file, so that a later process can continue with the same login. The file holds secrets
 * in clear text: only its owner may read it (mode 0600). A new file replaces the old one atomically.
 *
 * | function  | writes                                                                                        |
 * |-----------|-----------------------------------------------------------------------------------------------|
 * | `save`    | the given session; the given jar, joined with the jar in the file (`Jar.join`)                |
 * | `update`  | the result of a function of the stored session; no other process writes in between            |
 * | `replace` | the given session and jar, whatever the file holds                                            |
 *
 * Each function holds `PATH.lock` while it reads and writes, so that no process overwrites the changes of another. `save`
 * keeps cookies that are only in the file. To remove one, use `Jar.remove` or `Jar.clear`, whose deletions are saved too.
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
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as Jar from './cookies/Jar.js'
import * as Session from './session/Session.js'
import type { StoreFailed } from './session/StoreError.js'
import { type LockHandle, withLock } from './transport/download/FileLock.js'
import { createPrivate, orMissing, syncFolder, withFile } from './transport/download/FileSystem.js'
import {
  basename,
  dirname,
  join,
  randomUUID,
  readFile,
  realpath,
  rename,
  rm,
  stat,
} from './transport/download/NodeFiles.js'
import * as Printable from './values/Printable.js'
import * as Serialization from './values/Serialization.js'

export type { StoreFailed } from './session/StoreError.js'

/** The content of the file. */
export interface Stored {
  /** Functions in it, such as hooks, mounts, signers and renewable tokens, cannot be saved. */
  readonly session: Session.Session
  /** Remembers deleted cookies, so that joining it with another jar does not restore them. */
  readonly jar: Jar.Jar
}

const FORMAT = 'requests-ts/store'
const VERSION = 1

const failed = (path: string, cause: unknown): StoreFailed => ({
  _tag: 'StoreFailed',
  path,
  message: Printable.messageOf(cause),
})

const textOf = ({ session, jar }: Stored): E.Either<Serialization.EncodeError, string> => {
  const sessionJson = Session.encode({ reveal: true })(session)
  if (E.isLeft(sessionJson)) return sessionJson
  const jarJson = Jar.encode({ reveal: true })(jar)
  if (E.isLeft(jarJson)) return jarJson
  const json = { format: FORMAT, version: VERSION, session: sessionJson.right, jar: jarJson.right }
  return E.right(`${JSON.stringify(json, null, 2)}\n`)
}

const write = async (path: string, text: string, { isHeld }: LockHandle): Promise<void> => {
  const temporary = `${path}.${randomUUID()}`
  try {
    await withFile(await createPrivate(temporary), async (file) => {
      await file.writeFile(text)
      await file.sync()
    })
    if (!(await isHeld()))
      throw new Error('Another process took over the lock of the file; nothing was written. Try again')
    await rename(temporary, path)
    await syncFolder(path)
  } catch (cause) {
    await rm(temporary, { force: true })
    throw cause // `transact` turns it into StoreFailed
  }
}

/** Resolves symbolic links, so that every name of the file has the same lock. */
const targetOf = async (path: string): Promise<string> =>
  (await orMissing(realpath(path))) ?? join(await realpath(dirname(path)), basename(path))

/** Reads the file; undefined if it does not exist. */
const current = async (path: string): Promise<E.Either<Serialization.DecodeError, Stored | undefined>> => {
  const text = await orMissing(readFile(path, 'utf8'))
  return text === undefined ? E.right(undefined) : decode(text)
}

/** Writes the result of `change` while holding the lock of the file. */
const transact =
  (path: string) =>
  <E1>(
    change: (target: string) => Promise<E.Either<E1, Stored>>,
  ): TaskEither<E1 | Serialization.EncodeError | StoreFailed, void> =>
  async () => {
    try {
      const target = await targetOf(path)
      const stats = await orMissing(stat(target))
      if (stats !== undefined && !stats.isFile()) return E.left(failed(path, `"${path}" is not a regular file`))
      const written = await withLock(target)(async (lock) => {
        const stored = await change(target)
        if (E.isLeft(stored)) return stored
        const text = textOf(stored.right)
        return E.isLeft(text) ? text : E.right(await write(target, text.right, lock))
      })
      return E.isLeft(written) ? E.left(failed(path, written.left)) : written.right
    } catch (cause) {
      return E.left(failed(path, cause))
    }
  }

/**
 * Replaces the content of the file with the result of `change`, as one transaction. `old` is undefined if the file does not
 * exist. Errors: `EncodeError` (tag `Unwritable`) if a setting is a function, `DecodeError` (tag `Unreadable`) if the file is
 * not a saved session, `StoreFailed`. The file is unchanged after an error.
 */
export const update =
  (path: string) =>
  (
    change: (old: Stored | undefined) => Stored,
  ): TaskEither<Serialization.EncodeError | Serialization.DecodeError | StoreFailed, void> =>
    transact(path)(async (target) => E.map(change)(await current(target)))

/** Saves a session and a jar with their secrets. Keeps cookies in the file, except those deleted in the jar. Errors: as `update`. */
export const save =
  (path: string) =>
  (stored: Stored): TaskEither<Serialization.EncodeError | Serialization.DecodeError | StoreFailed, void> =>
    update(path)((old) => (old === undefined ? stored : { ...stored, jar: Jar.join(old.jar, stored.jar) }))

/** Saves a session and a jar, and ignores the old content of the file. Errors: `EncodeError`, `StoreFailed`. */
export const replace =
  (path: string) =>
  (stored: Stored): TaskEither<Serialization.EncodeError | StoreFailed, void> =>
    transact(path)(async () => E.right(stored))

const isStore = (u: unknown): u is { readonly session?: unknown; readonly jar?: unknown } =>
  typeof u === 'object' && u !== null

/** Decodes the text of a saved file. Error: `Unreadable`. */
export const decode = (text: string): E.Either<Serialization.DecodeError, Stored> => {
  const json = Printable.parseJson(text)
  if (E.isLeft(json)) return E.left(Serialization.decodeError([json.left]))
  const envelope = Serialization.checkEnvelope(FORMAT, VERSION, json.right)
  if (E.isLeft(envelope)) return envelope
  if (!isStore(envelope.right)) return E.left(Serialization.decodeError(['the file is not a JSON object']))
  const session = Session.decode(envelope.right.session)
  if (E.isLeft(session)) return session
  const jar = Jar.decode(envelope.right.jar)
  return E.isLeft(jar) ? jar : E.right({ session: session.right, jar: jar.right })
}

/** Loads a saved session and jar. Errors: `StoreFailed` (for example if the file is missing), `Unreadable`. */
export const load =
  (path: string): TaskEither<StoreFailed | Serialization.DecodeError, Stored> =>
  async () => {
    try {
      return decode(await readFile(path, 'utf8'))
    } catch (cause) {
      return E.left(failed(path, cause))
    }
  }
